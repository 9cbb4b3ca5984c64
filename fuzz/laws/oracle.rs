//! The fill rules written a second time, naively: what tests compare the executor with.
//!
//! In: the same book, prints, orders and cancels. Out: the fills of the three lanes. Cold path.
//!
//! 1. Nothing here is shared with the executor but the book and the words.
//! 2. Every lane stands on its own; every sum is computed from the start.
//! 3. The Skellam model is as it is before any rate is known: net changes only.

use std::collections::BTreeMap;

use crate::book::{Book, Shown};
use crate::event::Trade;
use crate::sim::config::{Config, Model, Order};
use crate::sim::orders::NewOrder;
use crate::units::{Ns, Px, Side};

/// Filled size by order, lane and time.
pub type Fills = BTreeMap<(u64, usize, Ns), i64>;

/// An own order, from sending to the end.
#[derive(Clone, Debug)]
struct Mine {
    id: u64,
    new: NewOrder,
    arrive: Ns,
    cancel: Option<Ns>,
    live: bool,
    out: bool,
    /// What the level showed last, when, and what printed there since.
    size: i64,
    seen: Ns,
    traded: i64,
    lanes: [Lane; 3],
    waiting: Option<Observed>,
}

/// Where an order stands under one model.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    open: i64,
    front: i64,
    printed: i64,
    /// What the last message took off the front beyond prints.
    unexplained: i64,
}

/// What a message showed at an order's price, until the prints of its block are in.
#[derive(Clone, Copy, Debug)]
struct Observed {
    at: Ns,
    level: Option<i64>,
    crossing: i64,
}

/// The rules.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    cfg: Config,
    models: [Model; 3],
    lot: i64,
    orders: Vec<Mine>,
    /// What own orders of a side took of the crossing size, by lane.
    crossed: [[i64; 3]; 2],
    /// What was filled.
    pub fills: Fills,
}

impl Oracle {
    /// Rules without orders.
    #[must_use]
    pub fn new(cfg: Config, lot: i64) -> Oracle {
        let models = [cfg.model, cfg.pessimistic, cfg.optimistic];
        Oracle { cfg, models, lot, ..Oracle::default() }
    }

    /// An order is live from the first message of a block at or after `arrive`.
    pub fn send(&mut self, id: u64, new: NewOrder, arrive: Ns) {
        let lanes = [Lane { open: new.sz.0, ..Lane::default() }; 3];
        let (cancel, waiting, seen) = (None, None, Ns(arrive.0 - 1));
        let (live, out, size, traded) = (false, false, 0, 0);
        let mine = Mine { id, new, arrive, cancel, live, out, size, seen, traded, lanes, waiting };
        self.orders.push(mine);
    }

    /// The first cancel counts; it never overtakes its order.
    pub fn cancel(&mut self, id: u64, at: Ns) {
        for o in &mut self.orders {
            if o.id == id && !o.out && o.cancel.is_none() {
                o.cancel = Some(at.max(o.arrive));
            }
        }
    }

    /// Orders that are not out, by number.
    #[must_use]
    pub fn open(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.orders.iter().filter(|o| !o.out).map(|o| o.id).collect();
        ids.sort_unstable();
        ids
    }

    /// A message of block `t` is about to be applied to `book`.
    pub fn before(&mut self, t: Ns, book: &Book) {
        self.apply(|at| at < t);
        for o in self.orders.iter_mut().filter(|o| !o.out) {
            if !o.live && o.arrive <= t {
                let other = book.best(o.new.side.opposite());
                o.out = other.is_some_and(|l| !o.new.side.better(l.px, o.new.px));
                o.live = !o.out;
                o.size = match book.shown(&crate::book::Config::default(), o.new.side, o.new.px) {
                    Shown::Size(l) => l.sz.0,
                    Shown::Empty => 0,
                    Shown::Unknown { last: Some(last), .. } => last.0,
                    Shown::Unknown { last: None, .. } => {
                        let sizes = book.levels(o.new.side).iter().map(|k| k.level.sz.0);
                        sizes.max().unwrap_or(0)
                    }
                };
                o.lanes.iter_mut().for_each(|lane| lane.front = o.size);
            }
            if o.live && o.cancel.is_some_and(|c| c <= t) {
                o.live = false;
                o.out = true;
            }
        }
    }

    /// `book` shows the state after block `t`.
    pub fn after(&mut self, t: Ns, book: &Book) {
        for side in Side::BOTH {
            let mut any = false;
            for o in self.orders.iter_mut().filter(|o| o.live && o.new.side == side) {
                let px = o.new.px;
                let crossing = book.size_to(side.opposite(), px).0;
                any |= crossing > 0;
                // What is late tells nothing.
                if t < o.seen || o.waiting.is_some_and(|w| t < w.at) {
                    continue;
                }
                let known = book.levels(side).iter().find(|k| k.level.px == px);
                let whole = book.complete_to(side, t).is_some_and(|worst| !side.better(worst, px));
                let level = match known {
                    Some(k) => (k.seen == t).then_some(k.level.sz.0),
                    None => whole.then_some(0),
                };
                if level.is_some() || crossing > 0 {
                    let level = level.or(o.waiting.and_then(|w| w.level));
                    o.waiting = Some(Observed { at: t, level, crossing });
                }
            }
            if !any {
                self.crossed[side.index()] = [0; 3];
            }
        }
        if self.cfg.order == Order::Arrival {
            self.apply(|at| at <= t);
        }
    }

    /// Nothing more of blocks up to `t` is to come.
    pub fn over(&mut self, t: Ns) {
        self.apply(|at| at <= t);
    }

    /// The prints of one frame.
    pub fn prints(&mut self, prints: &[Trade], book: &Book) {
        for (i, first) in prints.iter().enumerate() {
            let key = |p: &Trade| (p.time, p.aggressor, p.taker);
            if i > 0 && key(&prints[i - 1]) == key(first) {
                continue;
            }
            let taker: Vec<&Trade> =
                prints[i..].iter().take_while(|p| key(p) == key(first)).collect();
            self.before(first.time, book);
            for lane in 0..3 {
                self.taker(lane, &taker);
            }
            for o in self.orders.iter_mut().filter(|o| o.live) {
                let new = |p: &&&Trade| p.aggressor != o.new.side && p.time > o.seen;
                let at = taker.iter().filter(|p| new(p) && p.px == o.new.px);
                o.traded += at.map(|p| p.sz.0).sum::<i64>();
                o.out = o.lanes[0].open == 0;
                o.live = !o.out;
            }
            if prints.get(i + taker.len()).is_none_or(|p| p.time > first.time) {
                self.apply(|at| at <= first.time);
            }
        }
    }

    /// One taker meets the orders of one lane, in price-time order.
    fn taker(&mut self, lane: usize, prints: &[&Trade]) {
        let side = prints[0].aggressor.opposite();
        let model = self.models[lane];
        let (mut taken, mut stopped) = (0, false);
        for i in self.ranked(side) {
            let o = &mut self.orders[i];
            let sum = |f: &dyn Fn(Px) -> bool| -> i64 {
                prints.iter().filter(|p| f(p.px)).map(|p| p.sz.0).sum()
            };
            let at = sum(&|px| px == o.new.px);
            let beyond = sum(&|px| side.better(o.new.px, px));
            // What own orders before this one took did not go on: first not beyond, then not here.
            let left_beyond = (beyond - taken).max(0);
            let left_at = at - (taken - beyond).clamp(0, at);
            let mine = &mut o.lanes[lane];
            if mine.open == 0 {
                continue;
            }
            let reaches = match model {
                Model::Touch => left_at + left_beyond,
                Model::Through => left_beyond,
                _ => {
                    let late = prints[0].time <= o.seen;
                    let known = if late { left_at.min(mine.unexplained) } else { 0 };
                    mine.unexplained -= known;
                    mine.printed += left_at - known;
                    let past = (mine.printed - mine.front).max(0);
                    if past > 0 || beyond > 0 {
                        (mine.front, mine.printed, mine.unexplained) = (0, 0, 0);
                    }
                    past.min(left_at) + left_beyond
                }
            };
            let mut got = reaches.min(mine.open);
            if self.cfg.participation_pct < 100 {
                let cap = (at + beyond) / 100 * i64::from(self.cfg.participation_pct);
                got = got.min((cap - taken).max(0));
            }
            got = whole(got, mine.open, self.lot);
            // A taker goes on only past orders it has filled.
            let goes_on = !stopped;
            stopped |= mine.open > got;
            if got > 0 && goes_on {
                mine.open -= got;
                taken += got;
                *self.fills.entry((o.id, lane, prints[0].time)).or_default() += got;
            }
        }
    }

    /// What was shown of the blocks `due` becomes what is known.
    fn apply(&mut self, due: impl Fn(Ns) -> bool) {
        for side in Side::BOTH {
            for i in self.ranked(side) {
                let o = &mut self.orders[i];
                let Some(shown) = o.waiting.filter(|w| due(w.at)) else { continue };
                o.waiting = None;
                if let Some(now) = shown.level {
                    for (lane, model) in o.lanes.iter_mut().zip(self.models) {
                        let gone = cancelled_ahead(model, &self.cfg, lane, (o.size, o.traded, now));
                        let was = (lane.front - lane.printed).max(0);
                        lane.front = (was - gone).clamp(0, now);
                        (lane.printed, lane.unexplained) = (0, was - lane.front);
                    }
                    (o.size, o.seen, o.traded) = (now, shown.at, 0);
                }
                for (lane, mine) in o.lanes.iter_mut().enumerate() {
                    let left = shown.crossing - self.crossed[side.index()][lane];
                    let got = whole(left.clamp(0, mine.open), mine.open, self.lot);
                    if got > 0 {
                        self.crossed[side.index()][lane] += got;
                        mine.open -= got;
                        *self.fills.entry((o.id, lane, shown.at)).or_default() += got;
                    }
                }
                if o.lanes[0].open == 0 {
                    (o.live, o.out) = (false, true);
                }
            }
        }
    }

    /// Live orders of a side, best price first, then earliest, then by number.
    fn ranked(&self, side: Side) -> Vec<usize> {
        let mut of: Vec<usize> = (0..self.orders.len()).collect();
        of.retain(|i| self.orders[*i].live && self.orders[*i].new.side == side);
        of.sort_by_key(|i| {
            let o = &self.orders[*i];
            (-side.sign() * o.new.px.0, o.arrive, o.id)
        });
        of
    }
}

/// Whole lots of what reaches an order, or all that is open of it.
fn whole(got: i64, open: i64, lot: i64) -> i64 {
    if got == open { open } else { got - got % lot }
}

/// How much of a net decrease was ahead: `was` displayed, `traded` since, `now` displayed.
fn cancelled_ahead(
    model: Model,
    cfg: &Config,
    l: &Lane,
    (was, traded, now): (i64, i64, i64),
) -> i64 {
    let drop = (was - traded - now).max(0);
    let ahead = (l.front - l.printed).max(0);
    let behind = (was - traded - ahead).max(0);
    let n = match model {
        Model::Front => return if l.front > 0 { drop } else { 0 },
        Model::Skellam => return if was > 0 { l.front * drop.min(was) / was } else { 0 },
        Model::Linear => 1,
        Model::Power => u32::from(cfg.models.power.n),
        _ => return 0,
    };
    let (a, b) = (i128::from(ahead).pow(n), i128::from(behind).pow(n));
    if drop == 0 || ahead == 0 {
        return 0;
    }
    i64::try_from(i128::from(drop) * a / (a + b)).unwrap_or(0).min(ahead)
}
