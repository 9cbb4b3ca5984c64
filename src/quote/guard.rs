//! Every reason not to quote, first obstacle first.
//!
//! In: the state of link, book, journal and account. Out: a [`Guard`] a side. Hot path.
//!
//! 1. The order is the one of [`Guard`]'s codes: what makes the others moot comes first.
//! 2. Latches stay until they are reset by hand; the inventory limit holds a side only as long as
//!    the position is beyond it, the loss limit for good.

use serde::{Deserialize, Serialize};

use crate::record::{Guard, Health};

/// What quoting depends on besides estimates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Health of the book.
    pub health: Health,
    /// The logging thread is behind.
    pub behind: bool,
    /// The loss limit latched.
    pub loss: bool,
    /// The run is ending.
    pub stopping: bool,
}

/// The first obstacle of a side; `full`: the position is at its limit on this side.
#[must_use]
pub fn first(s: &State, full: bool) -> Guard {
    match s.health {
        Health::Down => return Guard::LinkDown,
        Health::Empty | Health::OneSided => return Guard::NoBook,
        Health::Stale => return Guard::BookStale,
        Health::Crossed => return Guard::BookCrossed,
        Health::Gapped => return Guard::Gap,
        Health::Fresh => {}
    }
    if s.behind {
        Guard::JournalBehind
    } else if s.loss {
        Guard::LossLimit
    } else if full {
        Guard::InventoryLimit
    } else if s.stopping {
        Guard::Stopping
    } else {
        Guard::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_obstacle_is_named() {
        let ok = State { health: Health::Fresh, behind: false, loss: false, stopping: false };
        assert_eq!(first(&ok, false), Guard::None);
        assert_eq!(first(&ok, true), Guard::InventoryLimit);
        assert_eq!(first(&State { loss: true, ..ok }, true), Guard::LossLimit);
        let all = State { health: Health::Stale, behind: true, loss: true, stopping: true };
        assert_eq!(first(&all, true), Guard::BookStale);
        assert_eq!(first(&State { health: Health::Fresh, ..all }, true), Guard::JournalBehind);
        for (health, guard) in [
            (Health::Down, Guard::LinkDown),
            (Health::Empty, Guard::NoBook),
            (Health::OneSided, Guard::NoBook),
            (Health::Crossed, Guard::BookCrossed),
            (Health::Gapped, Guard::Gap),
        ] {
            assert_eq!(first(&State { health, ..all }, true), guard);
        }
    }
}
