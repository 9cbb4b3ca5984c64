//! What shadow quotes met: small post-only quotes at fixed distances that are nobody's.
//!
//! In: a ladder's doings. Out: plain values. Hot path.

use crate::limits::{CURVE, DISTANCES};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side};

/// Distances quoted at, in hundredths of a basis point; then come the touch and one tick inside it.
pub const DISTANCES_E2: [i64; DISTANCES] =
    [0, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 600, 700, 800, 1_000, 1_200, 1_500];
/// Place of the quote that joins the touch.
pub const JOIN: usize = DISTANCES;
/// Place of the one that improves it by a tick, where there is room.
pub const IMPROVE: usize = DISTANCES + 1;

/// What the ladder saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Quotes of a side were in the book up to `until`.
    Live {
        /// Side.
        side: Side,
        /// Block time of the end.
        until: Ns,
        /// Which, a bit for each place: of [`DISTANCES_E2`], [`JOIN`], [`IMPROVE`].
        places: u32,
        /// How long, ns.
        ns: i64,
    },
    /// It filled.
    Fill {
        /// Side.
        side: Side,
        /// Place.
        place: usize,
        /// Price.
        px: Px,
        /// Mid of the decision that placed or confirmed it.
        from: Mid2,
        /// Mid before the print's block.
        mid: Mid2,
        /// Block time.
        time: Ns,
    },
    /// The mid is this from a block on.
    State {
        /// Block time.
        time: Ns,
        /// Mid.
        mid: Mid2,
    },
    /// The market was lost from sight after a block.
    Hole {
        /// The last block before it.
        from: Ns,
    },
}

/// All places, a bit for each.
pub const ALL: u32 = (1 << CURVE) - 1;

/// Takes the nearest place out of a set.
#[inline]
pub fn take_first(set: &mut u32) -> Option<usize> {
    let place = (*set != 0).then(|| set.trailing_zeros() as usize);
    *set &= set.wrapping_sub(1);
    place
}

/// The places of a set, nearest first.
#[inline]
pub fn places(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || take_first(&mut set))
}

/// The prices of a side's quotes: [`quote_px`] at every place.
#[must_use]
pub fn quote_pxs(rules: Rules, side: Side, bid: Px, ask: Px) -> [Px; CURVE] {
    let at = |place| quote_px(rules, side, place, bid, ask);
    let off = Off::new(side, bid, ask);
    let mut all = [Px(0); CURVE];
    (all[JOIN], all[IMPROVE]) = (at(JOIN), at(IMPROVE));
    let mut steps = rules.steps();
    for (place, px) in all[..DISTANCES].iter_mut().enumerate() {
        *px = steps.round_outward(side, off.mid(place));
    }
    all
}

/// Prices at a distance from the mid, not rounded to valid ones.
struct Off {
    side: Side,
    /// The mid in whole millionths and a rest in two millionths: mid times distance may not fit.
    whole: u64,
    rest: u64,
}

impl Off {
    const OF: u64 = 2_000_000;

    fn new(side: Side, bid: Px, ask: Px) -> Off {
        let twice = (bid.0 + ask.0).max(0).cast_unsigned();
        Off { side, whole: twice / Off::OF, rest: twice % Off::OF }
    }

    /// The mid less the distance of a place, or more.
    #[inline]
    fn mid(&self, place: usize) -> Px {
        let share = (1_000_000 - self.side.sign() * DISTANCES_E2[place]).cast_unsigned();
        let rest = self.rest * share;
        let up = self.side == Side::Sell && !rest.is_multiple_of(Off::OF);
        Px((self.whole * share + rest / Off::OF + u64::from(up)).cast_signed())
    }
}

/// The price of the quote at a place, rounded outward.
#[must_use]
pub fn quote_px(rules: Rules, side: Side, place: usize, bid: Px, ask: Px) -> Px {
    let own = if side == Side::Buy { bid } else { ask };
    match (side, place) {
        (_, JOIN) => own,
        (Side::Buy, IMPROVE) => Some(rules.next_up(bid)).filter(|p| *p < ask).unwrap_or(bid),
        (Side::Sell, IMPROVE) => Some(rules.next_down(ask)).filter(|p| *p > bid).unwrap_or(ask),
        _ => rules.round_outward(side, Off::new(side, bid, ask).mid(place)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prices_of_a_side_are_those_of_its_places() {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut steps = [0; 2];
        for i in 0..20_000 {
            let rules = Rules::perp(rng.u8(0..=6));
            // Around powers of ten the price step changes between two places.
            let about =
                if i % 2 == 0 { 10i64.pow(rng.u32(5..14)) } else { rng.i64(1_000..1 << 44) };
            let bid =
                rules.round_outward(Side::Buy, Px(about - rng.i64(-about / 800..=about / 800)));
            let ask = (0..=rng.u8(0..4)).fold(bid, |px, _| rules.next_up(px));
            for side in Side::BOTH {
                let all = quote_pxs(rules, side, bid, ask);
                let each: [Px; CURVE] = std::array::from_fn(|j| quote_px(rules, side, j, bid, ask));
                assert_eq!(all, each, "{rules:?} {side:?} {bid:?} {ask:?}");
                let far = rules.tick(all[DISTANCES - 1]) == rules.tick(all[0]);
                steps[usize::from(far)] += 1;
            }
        }
        assert!(steps.iter().all(|n| *n > 1_000), "{steps:?}");
        assert_eq!(places(0b1010_0001).collect::<Vec<_>>(), [0, 5, 7]);
    }
}
