//! The order-by-order book in ticks: the matching engine under the venue's rules for prices and sizes.
//!
//! In: prices as indices of the grid, sizes in USD. Out: orders, the touch, fills, on request everything that
//! happened to orders. Cold path.

use crate::units::rules::Rules;
use crate::units::{ONE, Side, Sz};
use crate::venue::draw::{float, floor};
use crate::venue::grid::Grid;
use crate::venue::matching::{Fill, Matching, OrderId, Tif};

/// What happened to the orders of a book. Prices are indices of the grid, sizes in 1e-8; `arrival` is the
/// number of an order's arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// A post-only order came to rest.
    Came {
        /// Its side.
        side: Side,
        /// Its price.
        at: i64,
        /// Its size.
        sz: i64,
        /// Its number.
        arrival: u64,
    },
    /// An order was cancelled, or moved away.
    Left {
        /// Its side.
        side: Side,
        /// Its price.
        at: i64,
        /// What was left of it.
        sz: i64,
        /// Its number.
        arrival: u64,
    },
    /// A taker came; the orders it met follow.
    Took {
        /// Its side.
        side: Side,
        /// The worst price it takes.
        limit: i64,
        /// What it wants.
        sz: i64,
    },
    /// The taker met a resting order.
    Met {
        /// The order's price.
        at: i64,
        /// What was exchanged.
        sz: i64,
        /// The order's number.
        arrival: u64,
    },
}

/// A book and how its prices are counted.
#[derive(Clone, Debug)]
pub struct Book {
    grid: Grid,
    rules: Rules,
    matching: Matching,
    /// The best bid and ask; those of a side that is empty stay as they were.
    touch: [i64; 2],
    fills: Vec<Fill>,
    /// What happened, where somebody wants to know.
    log: Option<Vec<Did>>,
}

impl Book {
    /// An empty book whose touch is around index `at`.
    pub fn new(rules: Rules, at: i64) -> Book {
        let (grid, matching) = (Grid::new(rules), Matching::default());
        Book { grid, rules, matching, touch: [at, at + 1], fills: Vec::new(), log: None }
    }

    /// The matching engine.
    pub fn matching(&self) -> &Matching {
        &self.matching
    }

    /// The price grid.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Best bid and best ask.
    pub fn touch(&self) -> [i64; 2] {
        self.touch
    }

    /// Mean of both, ticks.
    pub fn mid(&self) -> f64 {
        0.5 * float(self.touch[0] + self.touch[1])
    }

    /// Where an order rests; `None` when it is gone.
    pub fn ticks(&self, id: OrderId) -> Option<i64> {
        self.matching.order(id).map(|o| self.grid.floor(o.px))
    }

    /// A post-only order of about `usd`, at least the venue's least; `None` where it would trade.
    pub fn place(&mut self, side: Side, at: i64, usd: f64) -> Option<OrderId> {
        let sz = self.size(at, usd);
        self.rest(side, at, sz)
    }

    /// A post-only order of a size; `None` where it would trade.
    pub fn rest(&mut self, side: Side, at: i64, sz: Sz) -> Option<OrderId> {
        let placed =
            self.matching.limit(side, self.grid.px(at), sz, Tif::PostOnly, &mut self.fills);
        let id = placed.ok()?.resting?;
        self.follow(side);
        self.note(Did::Came { side, at, sz: sz.0, arrival: id.arrival });
        Some(id)
    }

    /// Cancels an order, if it still rests.
    pub fn cancel(&mut self, id: OrderId) {
        if let Some(order) = self.matching.order(id) {
            self.matching.cancel(id);
            self.follow(order.side);
            let at = self.grid.floor(order.px);
            self.note(Did::Left { side: order.side, at, sz: order.sz.0, arrival: id.arrival });
        }
    }

    /// A taker of about `usd` at index `limit` or better. What it could not take lapses.
    pub fn take(&mut self, side: Side, limit: i64, usd: f64) -> &[Fill] {
        let touch = self.touch[side.opposite().index()];
        let sz = self.size(touch, usd);
        self.fills.clear();
        self.matching.ioc(side, self.grid.px(limit), sz, &mut self.fills);
        self.follow(side.opposite());
        self.note(Did::Took { side, limit, sz: sz.0 });
        if let Some(log) = &mut self.log {
            let grid = self.grid;
            let met =
                |f: &Fill| Did::Met { at: grid.floor(f.px), sz: f.sz.0, arrival: f.maker.arrival };
            log.extend(self.fills.iter().map(met));
        }
        &self.fills
    }

    /// Hands out what happened since the last time; from the first time on it is written down.
    pub fn log(&mut self, into: &mut Vec<Did>) {
        into.clear();
        std::mem::swap(self.log.get_or_insert_default(), into);
    }

    fn note(&mut self, did: Did) {
        if let Some(log) = &mut self.log {
            log.push(did);
        }
    }

    /// Whole lots nearest below `usd`, of at least the venue's least value.
    fn size(&self, at: i64, usd: f64) -> Sz {
        let px = self.grid.px(at);
        let coins = Sz(floor(usd / px.to_f64() * float(ONE)));
        Sz(self.rules.floor_lot(coins).0.max(self.rules.min_size(px).0))
    }

    fn follow(&mut self, side: Side) {
        if let Some(best) = self.matching.best(side) {
            self.touch[side.index()] = self.grid.floor(best.px);
        }
    }
}
