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
    let mut left = b.max_lots - sign * x.lots();
    let mut q = SideQuote::empty((Guard::None, 0));
    for (px, sz) in ladder.levels(side) {
        // Twice the mid is beyond any quote, and keeps sums in range.
        if px.0 <= 0 || px.0 > x.mid().0 || sz.0 < 0 {
            continue;
        }
        let px = b.rules.round_outward(side, *px);
        let px = if side.better(px, edge) { edge } else { px };
        let last = q.levels.last().map(|(last, _)| *last);
        if px.0 <= beyond.0 || last.is_some_and(|last| !side.better(last, px)) {
            continue;
        }
        let most = rounding::size(b.rules, left * b.unit_usd / value);
        let wanted = b.rules.floor_lot(*sz).min(most);
        // A level too small on its own goes out at the least valid size.
        let valid = b.rules.valid_value(px, wanted);
        let sz = if valid { wanted } else { b.rules.min_size(px) };
        let lots = sz.to_f64() * value / b.unit_usd;
        if lots > left {
            break;
        }
        left -= lots;
        q.levels.push((px, sz));
    }
    if q.levels.is_empty() {
        let none = ladder.levels(side).is_empty();
        q.guard = if none { Guard::NoEdge } else { Guard::TooSmall };
    }
    q
}
