//! Whether a side's ladder has to be worked out again.
//!
//! In: what it was worked out from last, and what holds now. Out: yes or no. Hot path.
//!
//! 1. A ladder moves with the mid, by no more than the touch moved and the signal shifts it.
//! 2. Its orders may stand off by a tolerance: a move that stays within what is left of it is taken to
//!    change no order. Sizes that follow from rounded prices may. Everything else must be as it was.

use serde::{Deserialize, Serialize};

use crate::quote::guard::State;
use crate::units::Px;

/// Everything that a side's ladder and the orders that should show it depend on, besides where the
/// market is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Basis {
    pub state: State,
    /// Number of the estimates.
    pub curve: u64,
    /// Own orders changed so often.
    pub moves: u64,
    /// Point of the tick grid, while exploration comes closer with time.
    pub ramp: i64,
}

/// Where the market is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spot {
    pub bid: Px,
    pub ask: Px,
    /// Expected move of the mid, hundredths of a bps.
    pub signal: i32,
}

impl Spot {
    /// No wanted price is farther from where it would be at `other`, but for rounding; price units.
    fn away(self, other: Spot) -> i64 {
        let touch = (self.bid.0 - other.bid.0).abs().max((self.ask.0 - other.ask.0).abs());
        let signal = i64::from(self.signal.abs_diff(other.signal));
        touch + self.bid.0.max(self.ask.0).saturating_mul(signal) / 1_000_000
    }
}

/// A side that stands as it is wanted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Settled {
    pub basis: Basis,
    pub spot: Spot,
    /// How far wanted prices may go before an order has to be changed, price units.
    pub slack: i64,
}

impl Settled {
    pub(super) fn holds(&self, basis: Basis, spot: Spot) -> bool {
        self.basis == basis && (self.spot == spot || self.spot.away(spot) <= self.slack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Health;

    #[test]
    fn a_side_holds_until_touch_and_signal_use_up_its_slack() {
        let state = State { health: Health::Fresh, behind: false, loss: false, stopping: false };
        let basis = Basis { state, curve: 1, moves: 2, ramp: 0 };
        let spot = |bid, ask, signal| Spot { bid: Px(bid), ask: Px(ask), signal };
        let at = spot(100_000_000, 100_000_100, 0);
        let s = Settled { basis, spot: at, slack: 1_000 };
        assert!(s.holds(basis, spot(100_001_000, 100_000_100, 0)));
        assert!(!s.holds(basis, spot(100_001_001, 100_000_100, 0)));
        assert!(!s.holds(basis, spot(100_000_000, 99_999_099, 0)));
        // A hundredth of a bps is a millionth of the price.
        assert!(s.holds(basis, spot(100_000_000, 100_000_100, -10)));
        assert!(!s.holds(basis, spot(100_000_500, 100_000_100, -6)));
        assert!(!s.holds(Basis { curve: 2, ..basis }, at));
        assert!(!s.holds(Basis { state: State { loss: true, ..state }, ..basis }, at));
        // Without slack only the same market is good enough.
        let tight = Settled { slack: -1, ..s };
        assert!(tight.holds(basis, at) && !tight.holds(basis, spot(100_000_001, 100_000_100, 0)));
    }
}
