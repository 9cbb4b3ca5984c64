//! One order's place in the queue, exact.
//!
//! In: what happened to the orders of a book ([`Did`]). Out: what would have reached an order that is not
//! in it. Cold path.
//!
//! 1. An order waits behind all that stood at its price when it came, and before all that came later;
//!    cancels and fills of the former bring it forward.
//! 2. A taker that reaches the price has for it what better prices and those ahead leave, also where the
//!    taker found nothing more and no print shows it.
//! 3. An order that comes to rest at its price or beyond from the other side trades with it where it is not
//!    post-only. Which are, is drawn by the order's number: whatever share is looked at, the same ones first.
//! 4. It moves nothing: the market is the same with and without it.

use crate::math::counter::Draws;
use crate::units::Side;
use crate::venue::agents::book::{Book, Did};

/// What a draw is for.
const MEETS: u64 = 77;

/// A place in the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its side.
    pub side: Side,
    /// Its price, an index of the grid.
    pub at: i64,
    /// Size ahead of it, in 1e-8.
    pub ahead: i64,
    /// Number of the newest order that came before it.
    after: u64,
}

/// Something reached the place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// Size that is left for it, positive.
    pub sz: i64,
    /// It trades where more than this share of resting orders is not post-only; below zero for a taker.
    pub above: f64,
}

impl Place {
    /// Behind all that rest at a price now.
    pub fn last(book: &Book, side: Side, at: i64) -> Place {
        let level = book.matching().level(side, book.grid().px(at));
        let ahead = level.map_or(0, |l| l.sz.0);
        Place { side, at, ahead, after: book.matching().arrivals() }
    }

    /// The same before everybody.
    #[cfg(test)]
    pub fn first(self) -> Place {
        Place { ahead: 0, after: 0, ..self }
    }

    /// Goes through entry `i` of a log. `key` names the draws.
    pub fn step(&mut self, key: u64, log: &[Did], i: usize) -> Option<Reached> {
        match log[i] {
            Did::Came { side, at, sz, arrival } => {
                let crosses = side != self.side && side.sign() * (at - self.at) >= 0;
                let above = || Draws::of(key, MEETS, 0, arrival).unit();
                crosses.then(|| Reached { sz, above: above() })
            }
            Did::Left { side, at, sz, arrival } => {
                if side == self.side && at == self.at && arrival <= self.after {
                    self.ahead -= sz;
                }
                None
            }
            Did::Took { side, limit, sz } if side != self.side => {
                self.taken(side.sign(), limit, sz, &log[i + 1..])
            }
            Did::Took { .. } | Did::Met { .. } => None,
        }
    }

    fn taken(&mut self, sign: i64, limit: i64, sz: i64, then: &[Did]) -> Option<Reached> {
        let (mut left, mut gone) = (sz, 0);
        for did in then {
            let Did::Met { at, sz, arrival } = *did else { break };
            if sign * (self.at - at) > 0 {
                left -= sz;
            } else if at == self.at && arrival <= self.after {
                gone += sz;
            }
        }
        let room = left - self.ahead;
        self.ahead -= gone;
        (room > 0 && sign * (limit - self.at) >= 0).then_some(Reached { sz: room, above: -1.0 })
    }
}
