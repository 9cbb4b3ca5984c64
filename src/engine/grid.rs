//! The grid of time on which what happens without a message happens.
//!
//! In: the time. Out: the points of the grid that it has passed. Hot path.

use serde::{Deserialize, Serialize};

use crate::limits::{GRID_CUT_NS, TICK_NS};
use crate::units::Ns;

/// Points every [`TICK_NS`], from the first time that is asked about on.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grid {
    /// Next point; `None` before the first question.
    next: Option<Ns>,
}

impl Grid {
    /// The next point at or before `now`, each once, in order; of a pause of more than
    /// [`GRID_CUT_NS`], only those of its last second.
    pub fn due(&mut self, now: Ns) -> Option<Ns> {
        let after = |t: Ns| Ns(t.0 - t.0.rem_euclid(TICK_NS) + TICK_NS);
        let mut tick = *self.next.get_or_insert_with(|| after(now));
        if now.since(tick) > GRID_CUT_NS {
            tick = after(now.plus(-Ns::SEC));
        }
        if tick > now {
            return None;
        }
        self.next = Some(tick.plus(TICK_NS));
        Some(tick)
    }
}

/// Whether a point of the grid is one of those at which what is learned is read off: once a
/// second.
#[must_use]
pub fn is_second(tick: Ns) -> bool {
    tick.0.rem_euclid(Ns::SEC) == 0
}
