//! The grid of valid prices of a perpetual as consecutive integers.
//!
//! In: the venue's price-dependent tick. Out: index of a price, price of an index. Cold path.
//!
//! 1. Indices of neighbouring valid prices differ by one, across changes of the tick too.
//! 2. `px(floor(p))` is the highest valid price at or below `p`.

#![deny(clippy::float_arithmetic)]

use crate::units::rules::Rules;
use crate::units::{ONE, Px};

/// Ticks of the finest size before the price has five significant figures.
const FIRST: i64 = 100_000;
/// Ticks of every later size: from 10,000 to 99,999 of its unit.
const NEXT: i64 = 90_000;

/// The valid prices of one perpetual, numbered from 0 (price 0, itself not valid).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    finest: i64,
}

impl Grid {
    /// The grid under `rules`.
    pub fn new(rules: Rules) -> Grid {
        Grid { finest: rules.tick(Px(1)) }
    }

    /// The price of index `k` (>= 0; smaller is taken as 0).
    pub fn px(self, k: i64) -> Px {
        let mut left = k.max(0);
        let (mut base, mut tick, mut span) = (0, self.finest, FIRST);
        while left >= span && tick < ONE {
            base += span * tick;
            left -= span;
            tick *= 10;
            span = NEXT;
        }
        Px(base + left * tick)
    }

    /// The index of the highest valid price at or below `px`.
    pub fn floor(self, px: Px) -> i64 {
        let mut left = px.0.max(0);
        let (mut base, mut tick, mut span) = (0, self.finest, FIRST);
        while left >= span * tick && tick < ONE {
            base += span;
            left -= span * tick;
            tick *= 10;
            span = NEXT;
        }
        base + left / tick
    }

    /// The index of the lowest valid price at or above `px`.
    pub fn ceil(self, px: Px) -> i64 {
        let k = self.floor(px);
        if self.px(k) < px { k + 1 } else { k }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn neighbours_are_the_venues(decimals in 0u8..=6, px in 1i64..1_000_000_000_000_000) {
            let rules = Rules::perp(decimals);
            let grid = Grid::new(rules);
            let k = grid.floor(Px(px)).max(2);
            let p = grid.px(k);
            prop_assert!(rules.valid_px(p));
            prop_assert_eq!(grid.floor(p), k);
            prop_assert_eq!(grid.ceil(p), k);
            prop_assert_eq!(grid.px(k + 1), rules.next_up(p));
            prop_assert_eq!(grid.px(k - 1), rules.next_down(p));
            prop_assert_eq!(grid.floor(Px(p.0 + 1)), k);
            prop_assert_eq!(grid.ceil(Px(p.0 + 1)), k + 1);
        }
    }

    #[test]
    fn crosses_powers_of_ten() {
        let rules = Rules::perp(2);
        let grid = Grid::new(rules);
        let hundred = grid.floor(Px(100 * ONE));
        assert_eq!(grid.px(hundred), Px(100 * ONE));
        assert_eq!(grid.px(hundred + 1), Px(10_001_000_000), "100.01");
        assert_eq!(grid.px(hundred - 1), Px(9_999_900_000), "99.999");
    }
}
