//! The step from distances to valid prices and sizes.
//!
//! In: distances in bps, sizes in coins. Out: prices rounded outward and sizes floored to the lot.
//! Hot path: a few operations.

use crate::units::rules::Rules;
use crate::units::{ONE, Px, Side, Sz};

/// The nearest valid price of a side that does not cross `other`, the best price of the other side.
#[must_use]
pub fn edge(rules: Rules, side: Side, other: Px) -> Px {
    farther(rules, side, other)
}

/// The next valid price beyond `px`, a valid price, away from the market.
#[must_use]
pub fn farther(rules: Rules, side: Side, px: Px) -> Px {
    match side {
        Side::Buy => rules.next_down(px),
        Side::Sell => rules.next_up(px),
    }
}

/// The valid price at distance `d` bps of `mid` (USD), rounded outward and no nearer than `edge`.
/// `None` where no valid price is left.
#[must_use]
pub fn price(rules: Rules, side: Side, mid: f64, d: f64, edge: Px) -> Option<Px> {
    let sign = if side == Side::Buy { -1.0 } else { 1.0 };
    let raw = to_units(mid * (1.0 + sign * d * 1e-4))?;
    let px = rules.round_outward(side, Px(raw));
    let px = if side.better(px, edge) { edge } else { px };
    (px.0 > 0).then_some(px)
}

/// `coins` floored to the lot; zero where it is not a positive number.
#[must_use]
pub fn size(rules: Rules, coins: f64) -> Sz {
    rules.floor_lot(Sz(to_units(coins).unwrap_or(0)))
}

/// A positive number in units of 1e-8, cut; `None` where it is none or too large.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
#[expect(clippy::cast_precision_loss, reason = "ONE is exact")]
pub fn to_units(x: f64) -> Option<i64> {
    let units = x * ONE as f64;
    (units > 0.0 && units < 9.0e18).then_some(units as i64)
}

/// `x` within `lo..=hi`; `lo` wins where they cross. NaN stays NaN.
#[must_use]
pub fn clamp(x: f64, lo: f64, hi: f64) -> f64 {
    let y = if x > hi { hi } else { x };
    if y < lo { lo } else { y }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_outward_and_never_cross() {
        let r = Rules::perp(5);
        let px = |usd: f64| Px(to_units(usd).expect("positive"));
        let under = edge(r, Side::Buy, px(97_124.0));
        assert_eq!(price(r, Side::Buy, 97_123.5, 1.0, under), Some(px(97_113.0)));
        assert_eq!(price(r, Side::Buy, 97_123.5, -5.0, under), Some(px(97_123.0)), "post-only");
        let over = edge(r, Side::Sell, px(97_123.0));
        assert_eq!(price(r, Side::Sell, 97_123.5, 1.0, over), Some(px(97_134.0)));
        assert_eq!(price(r, Side::Sell, 97_123.5, -5.0, over), Some(px(97_124.0)), "post-only");
        assert_eq!(price(r, Side::Buy, 97_123.5, f64::NAN, under), None);
        assert_eq!(size(r, 0.000_019), Sz(1_000));
        assert_eq!(size(r, f64::NAN), Sz(0));
    }
}
