//! What a result's way there was like: how much it gave back, how much was held.
//!
//! In: results and positions in order of time. Out: drawdown, largest position. Cold path.

use serde::{Deserialize, Serialize};

/// Of a result over time, USD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Path {
    high: f64,
    /// The most that was lost from a high, marked at mid.
    pub drawdown_usd: f64,
    /// Value of the position now.
    pub held_usd: f64,
    /// The largest value of the position.
    pub largest_usd: f64,
}

impl Path {
    /// The result and the value of the position from now on.
    pub(super) fn take(&mut self, profit: f64, held: f64) {
        self.high = self.high.max(profit);
        self.drawdown_usd = self.drawdown_usd.max(self.high - profit);
        self.held_usd = held;
        self.largest_usd = self.largest_usd.max(held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawdown_is_counted_from_the_high_before_it() {
        let mut path = Path::default();
        for (profit, held) in [(-1.0, 5.0), (3.0, 9.0), (0.5, 2.0), (2.0, 0.0), (1.0, 1.0)] {
            path.take(profit, held);
        }
        assert_eq!((path.drawdown_usd, path.largest_usd, path.held_usd), (2.5, 9.0, 1.0));
    }
}
