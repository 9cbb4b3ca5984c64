//! Holds a strategy's ladder to what may go out: venue rules, post-only, the position limit.
//!
//! In: any [`Ladder`] whatever, the market, the guards. Out: two sides that the venue would take, or
//! the reason why there is none. Hot path: integers but for the position limit.
//!
//! 1. Prices are valid, strictly ordered, and on the own side of the market; the best bid is below the
//!    best ask.
//! 2. Sizes are whole lots of at least the least value; those of a side together, on top of the
//!    position, stay within the limit.
//! 3. A ladder that is valid comes through as it is.

use arrayvec::ArrayVec;

use super::rounding;
use super::strategy::{Inputs, Ladder};
use crate::limits::LADDER_MAX;
use crate::record::Guard;
use crate::units::{Px, Side, Sz};

/// How far off the mid sizes may be valued, as a share of it.
const VALUE_OFF: f64 = 0.01;

/// A size below this share of what is left is within it whatever way it is rounded.
const WITHIN: f64 = 1.0 - 1e-9;

/// One side of a ladder that may go out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SideQuote {
    /// Levels, nearest first.
    pub levels: ArrayVec<(Px, Sz), LADDER_MAX>,
    /// First obstacle; `None` where there are levels.
    pub guard: Guard,
    /// Where the guard is `Declined`: the strategy's own reason.
    pub declined: u8,
}

impl SideQuote {
    /// No levels, and why.
    #[must_use]
    pub fn empty((guard, declined): (Guard, u8)) -> SideQuote {
        SideQuote { levels: ArrayVec::new(), guard, declined }
    }
}

/// Both sides by [`Side::index`]. `guards` hold back whatever is wanted.
#[must_use]
pub fn fit(ladder: &Ladder, x: &Inputs, guards: [(Guard, u8); 2]) -> [SideQuote; 2] {
    let mid = x.mid().to_f64();
    let sane = |at: &f64| (mid * (1.0 - VALUE_OFF)..=mid * (1.0 + VALUE_OFF)).contains(at);
    let value = ladder.valued_at.filter(sane).unwrap_or(mid);
    let [buy, sell] = guards;
    let bids = side(Side::Buy, ladder, x, (buy, value), Px(0));
    let best = bids.levels.first().map_or(Px(0), |(px, _)| *px);
    let asks = side(Side::Sell, ladder, x, (sell, value), best);
    [bids, asks]
}

/// One side; its prices are beyond `beyond`.
fn side(
    side: Side,
    ladder: &Ladder,
    x: &Inputs,
    (guard, value): ((Guard, u8), f64),
    beyond: Px,
) -> SideQuote {
    if guard.0 != Guard::None {
        return SideQuote::empty(guard);
    }
    if let Some(why) = ladder.declined(side) {
        return SideQuote::empty(why.guard());
    }
    let b = &x.bounds;
    let other = if side == Side::Buy { x.ask } else { x.bid };
    let edge = rounding::edge(b.rules, side, other);
    let sign = if side == Side::Buy { 1.0 } else { -1.0 };
    // A billion coins at most: what any fill model makes of them stays in 63 bits.
    let mut left = b.max_lots.min(1e9 * value / b.unit_usd) - sign * x.lots();
    let (twice_mid, mut steps) = (x.mid().0, b.rules.steps());
    let lots = |sz: Sz| sz.to_f64() * value / b.unit_usd;
    // Most ladders have one size: what it rounds to, and its lots, are known from the level before.
    let (mut asked, mut floored, mut needs) = (Sz(0), Sz(0), 0.0);
    let mut q = SideQuote::empty((Guard::None, 0));
    let mut last = None;
    for (px, sz) in ladder.levels(side) {
        // Twice the mid is beyond any quote, and keeps sums in range.
        if px.0 <= 0 || px.0 > twice_mid || sz.0 < 0 {
            continue;
        }
        let px = steps.round_outward(side, *px);
        let px = if side.better(px, edge) { edge } else { px };
        if px.0 <= beyond.0 || last.is_some_and(|last| !side.better(last, px)) {
            continue;
        }
        if *sz != asked {
            (asked, floored) = (*sz, b.rules.floor_lot(*sz));
            needs = lots(floored);
        }
        let most = || rounding::size(b.rules, left * b.unit_usd / value);
        let wanted = if needs < left * WITHIN { floored } else { floored.min(most()) };
        // A level too small on its own goes out at the least valid size.
        let valid = b.rules.valid_value(px, wanted);
        let sz = if valid { wanted } else { b.rules.min_size(px) };
        let lots = if sz == floored { needs } else { lots(sz) };
        if lots > left {
            break;
        }
        left -= lots;
        last = Some(px);
        q.levels.push((px, sz));
    }
    if q.levels.is_empty() {
        let none = ladder.levels(side).is_empty();
        q.guard = if none { Guard::NoEdge } else { Guard::TooSmall };
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::{Bounds, Decline};
    use crate::units::ONE;
    use crate::units::rules::Rules;

    const FREE: [(Guard, u8); 2] = [(Guard::None, 0); 2];

    fn inputs() -> Inputs {
        let rules = Rules::perp(5);
        Inputs::at(
            [Px(97_123 * ONE), Px(97_125 * ONE)],
            Bounds { rules, fee_bps: 1.5, unit_usd: 250.0, max_lots: 10.0, anyway: false },
        )
    }

    #[test]
    fn twenty_valid_levels_come_through_as_they_are() {
        let (x, mut ladder) = (inputs(), Ladder::default());
        for i in 0..25 {
            ladder.push(Side::Buy, Px((97_123 - i) * ONE), Sz(ONE / 5_000));
            ladder.push(Side::Sell, Px((97_125 + i) * ONE), Sz(ONE / 5_000));
        }
        let sides = fit(&ladder, &x, FREE);
        for side in Side::BOTH {
            assert_eq!(sides[side.index()].levels.as_slice(), ladder.levels(side));
            assert_eq!(sides[side.index()].levels.len(), LADDER_MAX);
        }
    }

    #[test]
    fn what_is_wanted_wrongly_is_put_right_or_left_out() {
        let x = inputs();
        let one = |side, px, sz| {
            let mut l = Ladder::default();
            l.push(side, Px(px), Sz(sz));
            fit(&l, &x, FREE)[side.index()].clone()
        };
        let lot = ONE / 100;
        assert_eq!(one(Side::Buy, 97_130 * ONE, lot).levels[0].0, Px(97_124 * ONE), "post-only");
        assert_eq!(one(Side::Buy, 97_122 * ONE + 7, lot).levels[0].0, Px(97_122 * ONE), "off tick");
        assert_eq!(one(Side::Sell, 97_126 * ONE + 7, lot).levels[0].0, Px(97_127 * ONE));
        let least = x.bounds.rules.min_size(Px(97_122 * ONE));
        assert_eq!(one(Side::Buy, 97_122 * ONE, 0).levels[0].1, least);
        let most = one(Side::Buy, 97_122 * ONE, i64::MAX).levels[0].1;
        assert!((most.to_f64() * 97_124.0 / 250.0 - 10.0).abs() < 0.01, "the limit: {most:?}");
        for (px, sz) in [(0, lot), (-5, lot), (i64::MAX, lot), (97_122 * ONE, -1)] {
            assert_eq!(one(Side::Buy, px, sz).guard, Guard::TooSmall, "{px} {sz}");
        }
        let cheap = Bounds { rules: Rules::perp(0), unit_usd: 1e7, max_lots: 1e4, ..x.bounds };
        let (x, mut l) = (Inputs::at([Px(12_500), Px(12_600)], cheap), Ladder::default());
        l.push(Side::Buy, Px(12_400), Sz(i64::MAX / 2));
        let most = fit(&l, &x, FREE)[0].levels[0].1.to_f64();
        assert!((0.9e9..=1e9).contains(&most), "of a cheap coin: {most}");
    }

    #[test]
    fn own_sides_never_cross_and_reasons_are_named() {
        let (x, mut l) = (inputs(), Ladder::default());
        l.push(Side::Buy, Px(97_124 * ONE), Sz(ONE / 100));
        l.push(Side::Sell, Px(97_124 * ONE), Sz(ONE / 100));
        l.push(Side::Sell, Px(97_126 * ONE), Sz(ONE / 100));
        let [bids, asks] = fit(&l, &x, FREE);
        assert_eq!((bids.levels.len(), asks.levels[0].0), (1, Px(97_126 * ONE)));
        l.decline(Side::Buy, Decline::Own(3));
        let [bids, asks] = fit(&l, &x, [(Guard::None, 0), (Guard::LossLimit, 0)]);
        assert_eq!((bids.guard, bids.declined), (Guard::Declined, 3));
        assert_eq!(asks.guard, Guard::LossLimit);
        assert_eq!(fit(&Ladder::default(), &x, FREE)[0].guard, Guard::NoEdge);
    }

    #[test]
    fn no_number_becomes_no_level() {
        let mut l = Ladder::default();
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            l.push_bps(Side::Buy, bad, 1.0, 250.0);
            l.push_bps(Side::Buy, 97_124.0, bad, 250.0);
            l.push_bps(Side::Buy, 97_124.0, 1.0, bad);
        }
        assert!(l.levels(Side::Buy).is_empty());
        l.valued_at = Some(f64::NAN);
        l.push_bps(Side::Buy, 97_124.0, 2.0, 250.0);
        let (px, sz) = fit(&l, &inputs(), FREE)[0].levels[0];
        assert_eq!(px, Px(97_104 * ONE));
        assert!((sz.to_f64() * px.to_f64() - 250.0).abs() < 1.0);
    }
}
