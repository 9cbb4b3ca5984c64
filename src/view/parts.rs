//! What the screen and the pane of a coin both draw.
//!
//! In: numbers. Out: text, a meaning, a line across. Cold path.

use super::canvas::{Canvas, Ink};

/// A line across with a title.
pub(super) fn rule(c: &mut Canvas, y: usize, from: usize, to: usize, title: &str) {
    let line = "─".repeat(to.saturating_sub(from));
    c.put_within(from, y, to, Ink::Dim, &line);
    c.put_within(from + 1, y, to, Ink::Bold, &format!(" {title} "));
}

pub(super) fn gain(x: f64) -> Ink {
    if x > 0.0 {
        Ink::Good
    } else if x < 0.0 {
        Ink::Bad
    } else {
        Ink::Plain
    }
}

/// A time span in two units at most.
pub(super) fn span(s: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "for display; saturates")]
    let whole = s.max(0.0) as i64;
    match whole {
        0 if (0.0..1.0).contains(&s) => format!("{:.0} ms", s * 1e3),
        0..=119 => format!("{whole} s"),
        120..=7_199 => format!("{} m {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} m", whole / 3_600, whole / 60 % 60),
    }
}
