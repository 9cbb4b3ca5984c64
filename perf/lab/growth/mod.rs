//! How costs grow: with own orders, levels, coins, frames, hours, and the size of the journal.
//!
//! In: which subjects, the configuration. Out: a [`Curve`] each question, with the [`Shape`] it was
//! found to have beside the one it should have. Cold path around the hot one.
//!
//! ```text
//!  ln cost = a + e ln n      e of all points, and e of those within a factor of four of the largest n
//!  larger e    below 0.15    below 1.25    else
//!  shape       flat          linear        more than linear
//! ```
//! 1. A point is the median of several repetitions. They go round: all n once, then all again, so that
//!    what the machine does meanwhile happens to all of them. Hours and the journal's sizes follow each
//!    other, and memory is read once.
//! 2. The exponent is that of the whole cost. Growth that is small beside a fixed cost is not seen
//!    before it is large: hence the second fit, at the end where it shows first.
//! 3. A cost that falls is flat.

mod curve;
mod journal;
mod market;
mod scenes;

use std::io;

use crate::app::config::Config;
pub use curve::{BOUNDS, Curve, Fit, Point, Shape, Step, Subject};

/// Measures one subject. Memory is judged rightly in a process that has done nothing before: what
/// other work has given back hides as much growth.
///
/// # Errors
/// The disk, or its space, for the journal's curves; those of `step`.
pub fn run(subject: Subject, config: &Config, step: &mut Step<'_>) -> io::Result<Vec<Curve>> {
    match subject {
        Subject::Orders => scenes::orders(step),
        Subject::Levels => scenes::levels(step),
        Subject::Coins => market::coins(config, step),
        Subject::Replay => market::replay(config, step),
        Subject::Hours => market::hours(config, step),
        Subject::Journal => journal::curves(step),
    }
}

/// Parts of the work of a subject.
#[must_use]
pub fn steps(subject: Subject) -> usize {
    match subject {
        Subject::Orders => scenes::ORDERS_STEPS,
        Subject::Levels => scenes::LEVELS_STEPS,
        Subject::Coins => market::COINS_STEPS,
        Subject::Replay => market::REPLAY_STEPS,
        Subject::Hours => market::HOURS_STEPS,
        Subject::Journal => journal::STEPS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_has_its_name_and_its_work() {
        for s in Subject::ALL {
            assert_eq!(Subject::of(s.name()), Some(s));
            assert!(steps(s) > 0);
            let text = serde_json::to_value(s).expect("plain");
            assert_eq!(text, s.name(), "one name everywhere");
        }
        assert_eq!(Subject::of("order"), None);
        let more = serde_json::to_value(Shape::More).expect("plain");
        assert_eq!(more, Shape::More.name());
    }
}
