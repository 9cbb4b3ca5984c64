//! The grid of time on which what happens without a message happens.
//!
//! In: the time. Out: the points of the grid that it has passed. Hot path.

use serde::{Deserialize, Serialize};

use crate::limits::{GRID_CUT_NS, TICK_NS};
use crate::math::seed::named;
use crate::units::Ns;

/// Points of the grid in a second.
const TURNS: u64 = (Ns::SEC / TICK_NS).unsigned_abs();

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
    #[inline]
    pub fn due(&mut self, now: Ns) -> Option<Ns> {
        if self.next.is_some_and(|next| now < next) { None } else { self.pass(now) }
    }

    #[inline(never)]
    fn pass(&mut self, now: Ns) -> Option<Ns> {
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

/// Whether a point of the grid is one of those at which accounts and feed are looked at: once a second.
#[must_use]
pub fn is_second(tick: Ns) -> bool {
    tick.0.rem_euclid(Ns::SEC) == 0
}

/// Whose turn a coin's is among those of a second, by its name: the same whatever coins are beside it. Coins
/// take turns, so that no point of the grid has the work of all.
#[must_use]
pub fn turn_of(name: &[u8]) -> i64 {
    i64::try_from(named(0, name) % TURNS).unwrap_or_default()
}

/// How much before the others' that come `every` so many ns a coin's are, by its turn.
#[must_use]
pub fn early_ns(turn: i64, every: i64) -> i64 {
    turn * (every / TURNS.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_come_once_in_order_and_not_across_years() {
        let mut grid = Grid::default();
        let mut points = |now: i64| std::iter::from_fn(|| grid.due(Ns(now))).collect::<Vec<_>>();
        assert_eq!(points(TICK_NS + 1), []);
        assert_eq!(points(3 * TICK_NS), [Ns(2 * TICK_NS), Ns(3 * TICK_NS)]);
        assert_eq!(points(2 * TICK_NS), []);
        // A minute is stepped through; of a longer pause its last second.
        let minute = i64::try_from(points(4 * TICK_NS + GRID_CUT_NS).len()).expect("small");
        assert_eq!(minute, GRID_CUT_NS / TICK_NS + 1);
        let later = 6 * TICK_NS + 3 * GRID_CUT_NS;
        assert_eq!(points(later).len(), 10);
        assert_eq!(points(later + TICK_NS), [Ns(later + TICK_NS)]);
        assert_eq!(points(i64::MAX - Ns::MINUTE).len(), 10);
    }
}
