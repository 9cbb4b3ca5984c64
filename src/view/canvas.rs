//! A grid of characters, each with a meaning that becomes a colour.
//!
//! In: texts at places. Out: plain text, or the escape sequences that change one grid into the
//! next. Cold path.
//!
//! 1. What lies outside is cut, never an error.
//! 2. Control characters become `?`: names come from a venue.

use std::fmt::Write as _;

/// What a text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// Nothing special.
    #[default]
    Plain,
    /// Labels and what matters less.
    Dim,
    /// Titles.
    Bold,
    /// Well, or a gain.
    Good,
    /// To be looked at.
    Warn,
    /// Wrong, or a loss.
    Bad,
    /// Bids.
    Bid,
    /// Asks.
    Ask,
}

impl Ink {
    /// Parameters of the escape sequence "select graphic rendition".
    fn code(self) -> &'static str {
        match self {
            Ink::Plain => "0",
            Ink::Dim => "0;2",
            Ink::Bold => "0;1",
            Ink::Good => "0;32",
            Ink::Warn => "0;33",
            Ink::Bad => "0;1;31",
            Ink::Bid => "0;36",
            Ink::Ask => "0;35",
        }
    }
}

/// The grid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canvas {
    width: usize,
    height: usize,
    cells: Vec<(char, Ink)>,
}

impl Canvas {
    /// An empty grid.
    pub fn new(width: usize, height: usize) -> Canvas {
        Canvas { width, height, cells: vec![(' ', Ink::Plain); width * height] }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Lines.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Puts a text at column `x` of line `y` and gives the column after it.
    pub fn put(&mut self, x: usize, y: usize, ink: Ink, text: &str) -> usize {
        self.put_within(x, y, usize::MAX, ink, text)
    }

    /// As [`Canvas::put`], cut before column `end`.
    pub fn put_within(&mut self, x: usize, y: usize, end: usize, ink: Ink, text: &str) -> usize {
        let mut x = x;
        for c in text.chars() {
            if x >= self.width.min(end) || y >= self.height {
                return x;
            }
            let c = if c.is_control() { '?' } else { c };
            self.cells[y * self.width + x] = (c, ink);
            x += 1;
        }
        x
    }

    /// The grid without its inks, blanks at the ends of lines removed.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for line in self.lines() {
            let text: String = line.iter().map(|(c, _)| c).collect();
            out.push_str(text.trim_end());
            out.push('\n');
        }
        out
    }

    /// What brings a terminal that shows `before` to this one; all of it where sizes differ.
    pub fn change_from(&self, before: &Canvas, colours: bool) -> String {
        let same_size = (self.width, self.height) == (before.width, before.height);
        let mut out = String::new();
        if !same_size {
            out.push_str("\x1b[0m\x1b[2J");
        }
        for (y, line) in self.lines().enumerate() {
            if same_size && before.lines().nth(y) == Some(line) {
                continue;
            }
            let _ = write!(out, "\x1b[{};1H", y + 1);
            let mut ink = None;
            for (c, i) in line {
                if colours && ink != Some(*i) {
                    let _ = write!(out, "\x1b[{}m", i.code());
                    ink = Some(*i);
                }
                out.push(*c);
            }
            if colours {
                out.push_str("\x1b[0m");
            }
        }
        out
    }

    fn lines(&self) -> impl Iterator<Item = &[(char, Ink)]> {
        self.cells.chunks(self.width.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_every_edge() {
        let mut c = Canvas::new(4, 2);
        assert_eq!(c.put(2, 0, Ink::Plain, "abc"), 4);
        c.put(9, 0, Ink::Plain, "x");
        c.put(0, 9, Ink::Plain, "x");
        c.put_within(0, 1, 2, Ink::Plain, "a\x1bcd");
        assert_eq!(c.text(), "  ab\na?\n");
        assert_eq!(Canvas::new(0, 3).text(), "");
    }

    #[test]
    fn only_lines_that_changed_are_sent() {
        let (mut a, mut b) = (Canvas::new(3, 2), Canvas::new(3, 2));
        a.put(0, 0, Ink::Plain, "one");
        b.put(0, 0, Ink::Plain, "one");
        b.put(0, 1, Ink::Good, "two");
        assert_eq!(b.change_from(&a, true), "\x1b[2;1H\x1b[0;32mtwo\x1b[0m");
        assert_eq!(b.change_from(&a, false), "\x1b[2;1Htwo");
        assert_eq!(b.change_from(&b, true), "");
        let other = Canvas::new(2, 1);
        assert!(other.change_from(&b, true).starts_with("\x1b[0m\x1b[2J\x1b[1;1H"));
    }
}
