//! Matches the orders of one coin by price, then time: the embedded venue's book.
//!
//! In: limit orders (post-only or good till cancelled), immediate-or-cancel orders, cancels.
//! Out: fills by resting order, levels with their number of orders, exact queue positions.
//! Cold path: it may allocate.
//!
//! 1. The book is never crossed or locked: best bid < best ask whenever both sides have orders.
//! 2. A level's orders trade in order of arrival; a partial fill keeps the place, a new order goes
//!    to the back.
//! 3. Size is conserved: what rests = what was placed - filled - cancelled, and a level's displayed
//!    size and count are those of its queue.

#![deny(clippy::float_arithmetic)]

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use crate::event::Level;
use crate::units::{Px, Side, Sz};

/// Name of a resting order; never given twice by one book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderId {
    /// The number of its arrival, from 1: of two orders of a level the lower one trades first.
    pub arrival: u64,
    side: Side,
    px: Px,
}

/// What becomes of a limit order that could trade at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tif {
    /// Refused: it may only make.
    PostOnly,
    /// Trades what it can, rests the remainder.
    #[cfg_attr(not(feature = "lab"), expect(dead_code, reason = "the flow takes by `ioc` alone"))]
    Gtc,
}

/// Why an order was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The price or the size is not positive. The caller's fault.
    #[error("price or size is not positive")]
    NotPositive,
    /// A post-only order that would have matched at once.
    #[error("a post-only order would trade at once")]
    WouldCross,
    /// The level's size would not fit in 63 bits.
    #[error("the size of the level would not fit")]
    TooLarge,
}

/// What a limit order did on arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The resting remainder, if any.
    pub resting: Option<OrderId>,
    /// Size traded on arrival; 0 for a post-only order.
    pub filled: Sz,
}

/// One resting order met by a taker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The resting order.
    pub maker: OrderId,
    /// Its price.
    pub px: Px,
    /// Size exchanged, positive.
    pub sz: Sz,
    /// What the resting order has left; 0 when it is gone.
    pub left: Sz,
}

/// A resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Its side.
    pub side: Side,
    /// Its price.
    pub px: Px,
    /// Size left.
    pub sz: Sz,
}

/// Where an order stands in the queue of its level.
#[cfg(any(test, feature = "lab"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Size of the orders of the level that trade before it.
    pub ahead: Sz,
    /// Number of these orders.
    pub orders_ahead: u32,
}

/// A level: its orders by arrival, with what each has left, in the order they trade.
#[derive(Clone, Debug, Default)]
struct Queue {
    orders: VecDeque<(u64, Sz)>,
    sz: i64,
}

/// The order-by-order book of one coin.
#[derive(Clone, Debug, Default)]
pub struct Matching {
    /// Levels by [`key`]: the best of either side comes first.
    levels: [BTreeMap<i64, Queue>; 2],
    resting: usize,
    /// Orders that came to rest so far.
    arrivals: u64,
}

/// Sort key of a price on a side: smaller is better.
fn key(side: Side, px: Px) -> i64 {
    match side {
        Side::Buy => -px.0,
        Side::Sell => px.0,
    }
}

impl Matching {
    /// Places a limit order; what it trades at once is appended to `fills`.
    ///
    /// # Errors
    /// [`Refused`]; the book is unchanged then, except that a good-till-cancelled order that is
    /// `TooLarge` for its level has traded.
    pub fn limit(
        &mut self,
        side: Side,
        px: Px,
        sz: Sz,
        tif: Tif,
        fills: &mut Vec<Fill>,
    ) -> Result<Placed, Refused> {
        if px.0 <= 0 || sz.0 <= 0 {
            return Err(Refused::NotPositive);
        }
        let mut filled = Sz(0);
        if self.crosses(side, px) {
            match tif {
                Tif::PostOnly => return Err(Refused::WouldCross),
                Tif::Gtc => filled = self.ioc(side, px, sz, fills),
            }
        }
        let left = sz.0 - filled.0;
        if left == 0 {
            return Ok(Placed { resting: None, filled });
        }
        let id = self.rest(Resting { side, px, sz: Sz(left) }).ok_or(Refused::TooLarge)?;
        Ok(Placed { resting: Some(id), filled })
    }

    /// Takes up to `sz` at `limit` or better and forgets the remainder; fills are appended in
    /// match order. Returns the size traded. Nothing trades for a size that is not positive.
    pub fn ioc(&mut self, side: Side, limit: Px, sz: Sz, fills: &mut Vec<Fill>) -> Sz {
        let makers = side.opposite();
        let worst = key(makers, limit);
        let mut left = sz.0.max(0);
        while left > 0 {
            let Some(mut level) = self.levels[makers.index()].first_entry() else { break };
            if *level.key() > worst {
                break;
            }
            let px = Px(level.key().abs());
            let queue = level.get_mut();
            let Some((arrival, rests)) = queue.orders.front_mut() else { break };
            let take = left.min(rests.0);
            left -= take;
            rests.0 -= take;
            queue.sz -= take;
            let maker = OrderId { arrival: *arrival, side: makers, px };
            fills.push(Fill { maker, px, sz: Sz(take), left: *rests });
            if rests.0 == 0 {
                queue.orders.pop_front();
                self.resting -= 1;
                if queue.orders.is_empty() {
                    level.remove();
                }
            }
        }
        Sz(sz.0.max(0) - left)
    }

    /// Cancels a resting order; its size, or `None` when it no longer rests.
    pub fn cancel(&mut self, id: OrderId) -> Option<Sz> {
        let at = self.find(id)?.1;
        let level = self.levels[id.side.index()].entry(key(id.side, id.px));
        let Entry::Occupied(mut level) = level else { return None };
        let queue = level.get_mut();
        let (_, sz) = queue.orders.remove(at)?;
        queue.sz -= sz.0;
        self.resting -= 1;
        if queue.orders.is_empty() {
            level.remove();
        }
        Some(sz)
    }

    /// The resting order, or `None` when it is gone.
    pub fn order(&self, id: OrderId) -> Option<Resting> {
        let (queue, at) = self.find(id)?;
        Some(Resting { side: id.side, px: id.px, sz: queue.orders[at].1 })
    }

    /// The level of a resting order, and its place there.
    fn find(&self, id: OrderId) -> Option<(&Queue, usize)> {
        let queue = self.levels[id.side.index()].get(&key(id.side, id.px))?;
        let at = queue.orders.binary_search_by_key(&id.arrival, |o| o.0).ok()?;
        Some((queue, at))
    }

    /// How many orders have come to rest: the number of the newest.
    pub fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// The exact queue position of a resting order.
    #[cfg(any(test, feature = "lab"))]
    pub fn place(&self, id: OrderId) -> Option<Place> {
        let (queue, at) = self.find(id)?;
        let ahead = Sz(queue.orders.iter().take(at).map(|o| o.1.0).sum());
        Some(Place { ahead, orders_ahead: u32::try_from(at).unwrap_or(u32::MAX) })
    }

    /// The best level of a side.
    pub fn best(&self, side: Side) -> Option<Level> {
        self.levels(side).next()
    }

    /// The level at a price, if it has orders.
    pub fn level(&self, side: Side, px: Px) -> Option<Level> {
        let queue = self.levels[side.index()].get(&key(side, px))?;
        Some(queue.level(px))
    }

    /// All levels of a side, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        self.levels[side.index()].iter().map(|(k, queue)| queue.level(Px(k.abs())))
    }

    /// The orders of a level in the order they trade.
    pub fn queue(&self, side: Side, px: Px) -> impl Iterator<Item = OrderId> {
        let level = self.levels[side.index()].get(&key(side, px));
        let orders = level.into_iter().flat_map(|queue| &queue.orders);
        orders.map(move |(arrival, _)| OrderId { arrival: *arrival, side, px })
    }

    /// Number of resting orders.
    pub fn resting(&self) -> usize {
        self.resting
    }

    /// Whether no order rests.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.resting() == 0
    }

    /// Whether an order of `side` at `px` would trade at once.
    pub fn crosses(&self, side: Side, px: Px) -> bool {
        let makers = side.opposite();
        let best = self.levels[makers.index()].first_key_value();
        best.is_some_and(|(k, _)| *k <= key(makers, px))
    }

    /// Appends an order to its level; `None` when the level's size would overflow.
    fn rest(&mut self, order: Resting) -> Option<OrderId> {
        let queue = self.levels[order.side.index()].entry(key(order.side, order.px)).or_default();
        queue.sz = queue.sz.checked_add(order.sz.0)?;
        self.arrivals += 1;
        self.resting += 1;
        queue.orders.push_back((self.arrivals, order.sz));
        Some(OrderId { arrival: self.arrivals, side: order.side, px: order.px })
    }
}

impl Queue {
    fn level(&self, px: Px) -> Level {
        let n = u32::try_from(self.orders.len()).unwrap_or(u32::MAX);
        Level { px, sz: Sz(self.sz), n }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same rules, one list of orders and `for`.
    #[derive(Default)]
    struct Naive {
        orders: Vec<(usize, Side, i64, i64)>,
        next: usize,
    }

    impl Naive {
        fn take(&mut self, side: Side, limit: i64, mut left: i64) -> Vec<(usize, i64, i64)> {
            let mut fills = Vec::new();
            while left > 0 {
                let mut best: Option<usize> = None;
                for (i, o) in self.orders.iter().enumerate() {
                    let reachable = o.1 != side && side.sign() * (limit - o.2) >= 0;
                    if reachable && best.is_none_or(|b| o.1.better(Px(o.2), Px(self.orders[b].2))) {
                        best = Some(i);
                    }
                }
                let Some(b) = best else { break };
                let take = left.min(self.orders[b].3);
                left -= take;
                self.orders[b].3 -= take;
                fills.push((self.orders[b].0, self.orders[b].2, take));
                if self.orders[b].3 == 0 {
                    self.orders.remove(b);
                }
            }
            fills
        }

        fn crosses(&self, side: Side, px: i64) -> bool {
            self.orders.iter().any(|o| o.1 != side && side.sign() * (px - o.2) >= 0)
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Op {
        Limit(bool, i64, i64, bool),
        Ioc(bool, i64, i64),
        Cancel(usize),
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let op = prop_oneof![
            4 => (any::<bool>(), 1..12i64, 1..9i64, any::<bool>())
                .prop_map(|(b, p, s, t)| Op::Limit(b, p, s, t)),
            2 => (any::<bool>(), 1..12i64, 1..30i64).prop_map(|(b, p, s)| Op::Ioc(b, p, s)),
            2 => (0..60usize).prop_map(Op::Cancel),
        ];
        proptest::collection::vec(op, 0..120)
    }

    fn side(buy: bool) -> Side {
        if buy { Side::Buy } else { Side::Sell }
    }

    fn agree(book: &Matching, naive: &Naive, ids: &[OrderId]) {
        assert_eq!(book.resting(), naive.orders.len());
        for s in Side::BOTH {
            let mut want: BTreeMap<i64, (i64, u32)> = BTreeMap::new();
            for o in naive.orders.iter().filter(|o| o.1 == s) {
                let level = want.entry(key(s, Px(o.2))).or_default();
                level.0 += o.3;
                level.1 += 1;
            }
            let want: Vec<Level> = want
                .iter()
                .map(|(k, (sz, n))| Level { px: Px(k.abs()), sz: Sz(*sz), n: *n })
                .collect();
            assert_eq!(book.levels(s).collect::<Vec<_>>(), want);
            for level in want {
                let queue: Vec<OrderId> = book.queue(s, level.px).collect();
                let naive: Vec<OrderId> = naive
                    .orders
                    .iter()
                    .filter(|o| o.1 == s && o.2 == level.px.0)
                    .map(|o| ids[o.0])
                    .collect();
                assert_eq!(queue, naive, "arrival order of a level");
                let mut ahead = 0;
                for (i, id) in queue.iter().enumerate() {
                    let place = book.place(*id).expect("rests");
                    assert_eq!((place.ahead.0, place.orders_ahead as usize), (ahead, i));
                    ahead += book.order(*id).expect("rests").sz.0;
                }
            }
        }
        if let (Some(b), Some(a)) = (book.best(Side::Buy), book.best(Side::Sell)) {
            assert!(b.px < a.px, "never crossed or locked");
        }
    }

    proptest! {
        #[test]
        fn equals_a_naive_book(ops in ops()) {
            let (mut book, mut naive) = (Matching::default(), Naive::default());
            let mut ids: Vec<OrderId> = Vec::new();
            let (mut placed, mut gone) = (0, 0);
            for op in ops {
                let mut fills = Vec::new();
                let want = match op {
                    Op::Limit(buy, px, sz, post) => {
                        let s = side(buy);
                        let tif = if post { Tif::PostOnly } else { Tif::Gtc };
                        let got = book.limit(s, Px(px), Sz(sz), tif, &mut fills);
                        if post && naive.crosses(s, px) {
                            prop_assert_eq!(got, Err(Refused::WouldCross));
                            Vec::new()
                        } else {
                            let got = got.expect("taken");
                            let want = naive.take(s, px, sz);
                            let left = sz - want.iter().map(|f| f.2).sum::<i64>();
                            prop_assert_eq!(got.filled, Sz(sz - left));
                            prop_assert_eq!(got.resting.is_some(), left > 0);
                            if let Some(id) = got.resting {
                                prop_assert!(!ids.contains(&id), "a name is given once");
                                naive.orders.push((naive.next, s, px, left));
                                naive.next += 1;
                                ids.push(id);
                                placed += left;
                            }
                            want
                        }
                    }
                    Op::Ioc(buy, px, sz) => {
                        let got = book.ioc(side(buy), Px(px), Sz(sz), &mut fills);
                        let want = naive.take(side(buy), px, sz);
                        prop_assert_eq!(got.0, want.iter().map(|f| f.2).sum::<i64>());
                        want
                    }
                    Op::Cancel(which) => {
                        if let Some(id) = ids.get(which) {
                            let found = naive.orders.iter().position(|o| o.0 == which);
                            let want = found.map(|i| Sz(naive.orders.remove(i).3));
                            prop_assert_eq!(book.cancel(*id), want);
                            gone += want.map_or(0, |s| s.0);
                        }
                        Vec::new()
                    }
                };
                let got: Vec<_> = fills.iter().map(|f| (f.maker, f.px.0, f.sz.0)).collect();
                let want: Vec<_> = want.iter().map(|f| (ids[f.0], f.1, f.2)).collect();
                prop_assert_eq!(got, want);
                gone += fills.iter().map(|f| f.sz.0).sum::<i64>();
                agree(&book, &naive, &ids);
            }
            let rests: i64 = Side::BOTH.iter().flat_map(|s| book.levels(*s)).map(|l| l.sz.0).sum();
            prop_assert_eq!(placed - gone, rests, "size is conserved");
        }
    }

    #[test]
    fn refuses_what_is_not_positive_or_too_large() {
        let mut book = Matching::default();
        let mut fills = Vec::new();
        for (px, sz) in [(0, 1), (1, 0), (-1, 1), (1, -1)] {
            let got = book.limit(Side::Buy, Px(px), Sz(sz), Tif::Gtc, &mut fills);
            assert_eq!(got, Err(Refused::NotPositive));
        }
        book.limit(Side::Buy, Px(1), Sz(i64::MAX), Tif::Gtc, &mut fills).expect("fits");
        let got = book.limit(Side::Buy, Px(1), Sz(1), Tif::PostOnly, &mut fills);
        assert_eq!(got, Err(Refused::TooLarge));
        assert_eq!(book.best(Side::Buy), Some(Level { px: Px(1), sz: Sz(i64::MAX), n: 1 }));
        assert_eq!(book.ioc(Side::Sell, Px(1), Sz(-5), &mut fills), Sz(0));
    }

    #[test]
    fn a_cancelled_name_stays_dead_when_its_slot_lives_again() {
        let mut book = Matching::default();
        let mut fills = Vec::new();
        let mut place = |book: &mut Matching| {
            let placed = book.limit(Side::Buy, Px(5), Sz(1), Tif::PostOnly, &mut fills);
            placed.expect("rests").resting.expect("rests")
        };
        let first = place(&mut book);
        assert_eq!(book.cancel(first), Some(Sz(1)));
        let second = place(&mut book);
        assert_ne!(first, second);
        assert_eq!((book.cancel(first), book.order(first), book.place(first)), (None, None, None));
        assert_eq!(book.cancel(second), Some(Sz(1)));
        assert!(book.is_empty());
    }
}
