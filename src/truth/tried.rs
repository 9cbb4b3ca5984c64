//! Orders of a given value, placed on a schedule and watched: when each is really filled.
//!
//! In: what happened to the orders of the book. Out: orders with the time of their fill. Cold path.

use super::plan::SHARES;
use super::queue::Place;
use crate::units::rules::Rules;
use crate::units::{Ns, ONE, Px, Side, Sz};
use crate::venue::agents::book::{Book, Did};
use crate::venue::draw::{float, floor};

/// Time between two orders.
const EVERY_NS: i64 = 2 * Ns::SEC;
/// How long an order is watched.
pub const WATCHED_NS: i64 = 60 * Ns::SEC;
/// Ticks behind the own touch at which orders are placed in turn: as often at it as behind it.
const BEHIND: [i64; 4] = [0, 1, 0, 3];

/// An order, and when it was filled.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    /// When it was placed.
    pub placed: Ns,
    /// Ticks behind the touch that was known.
    pub behind: i64,
    /// Side.
    pub side: Side,
    /// Price.
    pub px: Px,
    /// Size.
    pub sz: Sz,
    /// It was decided on a latency earlier.
    pub late: bool,
    /// When it was filled whole, by share of resting orders that are not post-only ([`SHARES`]).
    pub filled: [Option<Ns>; SHARES.len()],
}

#[derive(Clone, Copy, Debug)]
struct Live {
    order: usize,
    queue: Place,
    left: [i64; SHARES.len()],
}

/// All orders of a schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    usd: f64,
    key: u64,
    next: Ns,
    orders: Vec<Tried>,
    live: Vec<Live>,
}

impl Schedule {
    /// Orders of about `usd`, the first at `from`; `key` names the draws.
    pub fn new(usd: f64, key: u64, from: Ns) -> Schedule {
        Schedule { usd, key, next: from, orders: Vec::new(), live: Vec::new() }
    }

    /// All orders in the order of their time.
    pub fn orders(&self) -> &[Tried] {
        &self.orders
    }

    /// Places the order that is due by `time` in the book as it is; every other eight were decided on when the
    /// best prices were those of `late`. One that would trade at once is refused, and the next is due.
    pub fn place(&mut self, time: Ns, rules: Rules, book: &Book, late: Option<[Px; 2]>) {
        if time < self.next {
            return;
        }
        self.next = self.next.plus(EVERY_NS);
        let n = self.orders.len();
        let side = Side::BOTH[n % 2];
        let behind = BEHIND[n / 2 % BEHIND.len()];
        let stale = late.filter(|_| n / 8 % 2 == 1);
        let touch =
            stale.map_or(book.touch()[side.index()], |t| book.grid().floor(t[side.index()]));
        let at = touch - side.sign() * behind;
        let px = book.grid().px(at);
        if book.matching().crosses(side, px) {
            return;
        }
        let coins = Sz(floor(self.usd / px.to_f64() * float(ONE)));
        let sz = Sz(rules.floor_lot(coins).0.max(rules.min_size(px).0));
        let queue = Place::last(book, side, at);
        let (late, filled) = (stale.is_some(), [None; SHARES.len()]);
        self.orders.push(Tried { placed: time, behind, side, px, sz, late, filled });
        self.live.push(Live { order: n, queue, left: [sz.0; SHARES.len()] });
    }

    /// What happened in the block of `time`.
    pub fn on_block(&mut self, time: Ns, log: &[Did]) {
        let Schedule { orders, live, key, .. } = self;
        live.retain_mut(|l| {
            let order = &mut orders[l.order];
            for i in 0..log.len() {
                let Some(reached) = l.queue.step(*key, log, i) else { continue };
                for (g, share) in SHARES.iter().enumerate() {
                    if reached.above < *share && l.left[g] > 0 {
                        l.left[g] -= reached.sz.min(l.left[g]);
                        order.filled[g] = (l.left[g] == 0).then_some(time);
                    }
                }
            }
            l.left.iter().any(|left| *left > 0) && time.since(order.placed) < WATCHED_NS
        });
    }
}
