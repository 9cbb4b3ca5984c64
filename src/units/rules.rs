//! The venue's rules for prices and sizes: price-dependent tick, lot, minimum value.
//!
//! In: a coin's `szDecimals`. Out: ticks and outward roundings, in integers. Hot path.
//!
//! 1. A price has at most five significant figures and at most `6 - szDecimals` decimals; an
//!    integer price is always allowed (Hyperliquid documentation, "Tick and lot size").
//! 2. Rounding is outward: a bid down, an ask up; rounding up across a power of ten stays valid.

use serde::{Deserialize, Serialize};

use super::{Cash, ONE, Px, Side, Sz};

const POW10: [i64; 19] = {
    let mut t = [1i64; 19];
    let mut i = 1;
    while i < 19 {
        t[i] = t[i - 1] * 10;
        i += 1;
    }
    t
};

/// How the fees of a coin follow from the account's rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Billing {
    /// A coin of the venue's own: the account's rates.
    #[default]
    Venue,
    /// A coin of a builder's dex (HIP-3), on the terms of the dex's list.
    Builder {
        /// What the builder takes besides the venue, of the account's rate, in 1e-4.
        scale_e4: u32,
        /// In growth mode, which costs a tenth.
        growth: bool,
    },
    /// A coin of a builder's dex whose terms no list gave.
    Unlisted,
}

/// Rules of one perpetual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Decimal places of a size, `0..=6`.
    pub sz_decimals: u8,
    /// Smallest order value, in whole USD; reduce-only closes are exempt at the venue.
    pub min_value_usd: u32,
    /// Whose coin it is, as far as fees go.
    pub billing: Billing,
}

impl Rules {
    /// Rules of a perpetual with the venue's minimum value of 10 USD. `sz_decimals` above 6 is
    /// taken as 6: the venue allows no more decimals in all.
    #[must_use]
    pub fn perp(sz_decimals: u8) -> Rules {
        let sz_decimals = if sz_decimals > 6 { 6 } else { sz_decimals };
        Rules { sz_decimals, min_value_usd: 10, billing: Billing::Venue }
    }

    /// The price step that applies at price `px` (> 0), in price units: one unit of the fifth
    /// significant figure, not finer than `6 - szDecimals` decimals, not coarser than 1 USD.
    #[must_use]
    pub fn tick(self, px: Px) -> i64 {
        let finest = POW10[usize::from(2 + self.sz_decimals)];
        // The logarithm to ten by that to two: 1233 / 4096 is log10(2), and one too much is seen.
        let px = px.0.max(1);
        let most = ((px.ilog2() as usize + 1) * 1_233) >> 12;
        let figures = most - usize::from(px < POW10[most]);
        let five = if figures > 4 { POW10[figures - 4] } else { 1 };
        five.max(finest).min(ONE)
    }

    /// The same for many prices, most of them close to each other.
    #[must_use]
    pub fn steps(self) -> Steps {
        Steps { rules: self, tick: 0, from: 0, to: 0 }
    }

    /// The smallest size step, in size units.
    #[must_use]
    pub fn lot(self) -> i64 {
        POW10[usize::from(8 - self.sz_decimals)]
    }

    /// `px` moved outward (bid down, ask up) to a valid price. A bid below the finest tick gives
    /// `Px(0)`, which is no valid order price.
    #[must_use]
    pub fn round_outward(self, side: Side, px: Px) -> Px {
        outward(side, px, self.tick(px))
    }

    /// The next valid price above `px`, a valid price.
    #[must_use]
    pub fn next_up(self, px: Px) -> Px {
        Px(px.0 + self.tick(px))
    }

    /// The next valid price below `px`, a valid price: the tick is the one of the prices below.
    #[must_use]
    pub fn next_down(self, px: Px) -> Px {
        Px(px.0 - self.tick(Px(px.0 - 1)))
    }

    /// `sz` floored to the lot.
    #[must_use]
    pub fn floor_lot(self, sz: Sz) -> Sz {
        Sz(sz.0 - sz.0.rem_euclid(self.lot()))
    }

    /// The smallest size on the lot grid whose value at `px` reaches the minimum order value.
    #[must_use]
    pub fn min_size(self, px: Px) -> Sz {
        let lot = self.lot();
        let need = u128::from(self.min_value_usd) * (ONE as u128) * (ONE as u128);
        let per_lot = u128::from(px.0.max(1).unsigned_abs()) * u128::from(lot.unsigned_abs());
        // A division of 64 bits is a tenth of one of 128, and what is usual fits.
        let lots = match (u64::try_from(need), u64::try_from(per_lot)) {
            (Ok(need), Ok(per_lot)) => u128::from(need.div_ceil(per_lot)),
            _ => need.div_ceil(per_lot),
        };
        let size = lots.checked_mul(u128::from(lot.unsigned_abs()));
        Sz(size.and_then(|s| i64::try_from(s).ok()).unwrap_or(i64::MAX))
    }

    /// Whether `px` is a price the venue accepts.
    #[must_use]
    pub fn valid_px(self, px: Px) -> bool {
        px.0 > 0 && px.0 % self.tick(px) == 0
    }

    /// Whether `sz` is a positive multiple of the lot.
    #[must_use]
    pub fn valid_sz(self, sz: Sz) -> bool {
        sz.0 > 0 && sz.0 % self.lot() == 0
    }

    /// Whether an order of `sz` at `px` reaches the minimum value.
    #[must_use]
    pub fn valid_value(self, px: Px, sz: Sz) -> bool {
        Cash::of(px, sz).0 >= i128::from(self.min_value_usd) * Cash::USD
    }
}

/// `px` moved outward to a multiple of `t`, the price step there.
fn outward(side: Side, px: Px, t: i64) -> Px {
    let down = px.0 - px.0.rem_euclid(t);
    match side {
        Side::Buy => Px(down),
        Side::Sell if down == px.0 => px,
        Side::Sell => Px(down + t),
    }
}

/// The price step of many prices, looked up once for those of a power of ten.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    rules: Rules,
    tick: i64,
    /// The prices it applies to.
    from: i64,
    to: i64,
}

impl Steps {
    /// As [`Rules::tick`].
    #[inline]
    #[must_use]
    pub fn tick(&mut self, px: Px) -> i64 {
        if !(self.from..self.to).contains(&px.0) {
            self.tick = self.rules.tick(px);
            let above = POW10.partition_point(|p| *p <= px.0);
            self.from = above.checked_sub(1).map_or(i64::MIN, |i| POW10[i]);
            self.to = POW10.get(above).copied().unwrap_or(i64::MAX);
        }
        self.tick
    }

    /// As [`Rules::round_outward`].
    #[inline]
    #[must_use]
    pub fn round_outward(&mut self, side: Side, px: Px) -> Px {
        outward(side, px, self.tick(px))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::decimal;

    fn px(s: &str) -> Px {
        Px(decimal::parse(s.as_bytes()).expect("a decimal"))
    }

    #[test]
    fn golden_roundings() {
        // Value / szDecimals -> bid | ask.
        for (v, d, bid, ask) in [
            ("97123.4567", 5, "97123", "97124"),
            ("123456.7", 5, "123456", "123457"),
            ("99999.5", 5, "99999", "100000"),
            ("3456.789", 4, "3456.7", "3456.8"),
            ("1.234567", 0, "1.2345", "1.2346"),
            ("0.01234567", 1, "0.01234", "0.01235"),
            ("9.99996", 2, "9.9999", "10"),
        ] {
            let r = Rules::perp(d);
            assert_eq!(r.round_outward(Side::Buy, px(v)), px(bid), "{v} bid");
            assert_eq!(r.round_outward(Side::Sell, px(v)), px(ask), "{v} ask");
            assert!(r.valid_px(px(bid)) && r.valid_px(px(ask)), "{v} stays valid");
        }
    }

    #[test]
    fn sdk_examples_of_valid_prices() {
        let ok = |v: &str, d: u8| Rules::perp(d).valid_px(px(v));
        assert!(ok("1234.5", 1) && !ok("1234.56", 1));
        assert!(ok("0.001234", 0) && !ok("0.0012345", 0));
        assert!(ok("123456", 1) && !ok("12345.6", 1));
    }

    #[test]
    fn the_step_is_a_unit_of_the_fifth_figure_at_any_price() {
        let near = |p: i64| [p.saturating_sub(1), p, p.saturating_add(1)];
        let twos = (0..63).flat_map(|i| near(1 << i));
        let mut known = [0, 3, 6].map(|d| Rules::perp(d).steps());
        for px in twos.chain(POW10.into_iter().flat_map(near)) {
            let five = 10i64.pow(px.max(1).ilog10().saturating_sub(4));
            let steps = [0u8, 3, 6].map(|d| five.max(10i64.pow(2 + u32::from(d))).min(ONE));
            assert_eq!([0, 3, 6].map(|d| Rules::perp(d).tick(Px(px))), steps, "{px}");
            known.iter_mut().zip(steps).for_each(|(k, want)| assert_eq!(k.tick(Px(px)), want));
        }
    }

    #[test]
    fn steps_cross_powers_of_ten() {
        let r = Rules::perp(2);
        assert_eq!(r.next_up(px("9.9999")), px("10"));
        assert_eq!(r.next_down(px("10")), px("9.9999"));
        assert_eq!(r.next_up(px("10")), px("10.001"));
    }

    #[test]
    fn minimum_value_and_lot() {
        let r = Rules::perp(5);
        assert_eq!(r.lot(), 1_000);
        let s = r.min_size(px("97123"));
        assert_eq!(s, Sz(11_000));
        assert!(r.valid_value(px("97123"), s));
        assert!(!r.valid_value(px("97123"), Sz(10_000)));
        assert_eq!(r.floor_lot(Sz(11_999)), Sz(11_000));
    }
}
