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
        /// How long, ns, by place: of [`DISTANCES_E2`], [`JOIN`], [`IMPROVE`]; 0: it was not.
        ns: [i64; CURVE],
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

/// The price of the quote at a place, rounded outward.
#[must_use]
pub fn quote_px(rules: Rules, side: Side, place: usize, bid: Px, ask: Px) -> Px {
    let own = if side == Side::Buy { bid } else { ask };
    match (side, place) {
        (_, JOIN) => own,
        (Side::Buy, IMPROVE) => Some(rules.next_up(bid)).filter(|p| *p < ask).unwrap_or(bid),
        (Side::Sell, IMPROVE) => Some(rules.next_down(ask)).filter(|p| *p > bid).unwrap_or(ask),
        _ => {
            let (twice, of) = (bid.0 + ask.0, 2_000_000);
            let share = 1_000_000 - side.sign() * DISTANCES_E2[place];
            // The product of both may not fit: first what is whole, then the rest.
            let rest = twice % of * share;
            let up = i64::from(side == Side::Sell && rest % of > 0);
            rules.round_outward(side, Px(twice / of * share + rest / of + up))
        }
    }
}
