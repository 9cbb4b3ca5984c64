//! The simulated executor of one coin: own orders on their way, in the book, and out of it.
//!
//! In: decisions on the session clock, the book before and after each block, prints. Out: fills
//! and order states, under three fill models at once. Hot path: fixed capacity, integers.
//!
//! 1. An order fills only in blocks at or after its arrival and before its cancel takes effect.
//! 2. Orders are kept in price-time order; a taker's volume is shared out in that order once.
//! 3. All three models see the same orders at the same times; the configured one decides when an
//!    order is done, and what the others have left of it is taken out then.
//! 4. Prints of a block act on the queue as it was before the block ([`Order::Block`]).

mod told;

use super::config::{Config, Model, Order};
use super::fees::Rate;
use super::latency::Latency;
use super::original::{Original, Resting};
use super::own::{Made, NEVER, Own, mid_at};
use super::queue::{Reach, Rule, Sight};
use super::rates::Rates;
use super::refusal::refusal;
use crate::book::Book;
use crate::event::Trade;
use crate::record::{FillReason, Lane, OrderReason, OrderState};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side, add_volume};
use serde::{Deserialize, Serialize};

pub use super::own::{NewOrder, SimEvent, View};

/// The three results of one pass.
pub const LANES: [Lane; 3] = [Lane::Configured, Lane::Pessimistic, Lane::Optimistic];

/// No room for another order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The best level of a side, watched for the rates of adds and cancels.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Watch {
    px: Px,
    sight: Sight,
    held: Option<(Ns, i64)>,
}

/// The executor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sim {
    #[serde(skip)]
    cfg: Config,
    rules: Rules,
    fee: Rate,
    lanes: [Rule; 3],
    original: Original,
    /// Each order is judged as if it were the only one.
    alone: bool,
    orders: Vec<Own>,
    capacity: usize,
    next_id: u64,
    #[serde(with = "crate::math::seed")]
    rng: fastrand::Rng,
    rates: [Rates; 2],
    watch: [Watch; 2],
    /// Taken of the crossing side under each model, while the book crosses own orders of a side.
    crossed: [[i64; 3]; 2],
    /// Something is held back for the prints of its block.
    holding: bool,
    /// By side: what a message says behind the best own price changes nothing.
    #[serde(skip)]
    calm: [bool; 2],
    /// Block time of the newest trades, and of the newest book.
    traded: Ns,
    mid: (Ns, Option<Mid2>),
    mid_before: Option<Mid2>,
    /// Earliest arrival or cancel that is still to take effect.
    next: Ns,
}

impl Sim {
    /// Gives an executor read from a file its settings and room: what follows allocates nothing.
    pub fn recall(&mut self, cfg: Config) {
        self.cfg = cfg;
        self.orders.reserve_exact(self.capacity.saturating_sub(self.orders.len()));
    }

    /// An executor with room for `capacity` orders, live or on their way.
    #[must_use]
    pub fn new(cfg: Config, rules: Rules, capacity: usize, seed: u64) -> Sim {
        let lot = rules.lot();
        Sim {
            cfg,
            rules,
            fee: cfg.fees.maker(),
            lanes: [
                Rule::configured(&cfg, lot),
                Rule::plain(cfg.pessimistic, lot),
                Rule::plain(cfg.optimistic, lot),
            ],
            original: Original::new(cfg.original, seed),
            alone: false,
            orders: Vec::with_capacity(capacity),
            capacity,
            next_id: 1,
            rng: fastrand::Rng::with_seed(seed),
            rates: [Rates::default(), Rates::default()],
            watch: [Watch::default(); 2],
            crossed: [[0; 3]; 2],
            holding: false,
            calm: [false; 2],
            traded: Ns(i64::MIN),
            mid: (Ns(i64::MIN), None),
            mid_before: None,
            next: NEVER,
        }
    }

    /// Judges each order as if it were the only one of ours: orders do not share printed volume.
    /// For schedules of orders that measure a model.
    #[must_use]
    pub fn each_alone(self) -> Sim {
        Sim { alone: true, ..self }
    }

    /// Sends an order at `now`; it arrives after a drawn latency. Gives its number.
    ///
    /// # Errors
    /// [`Full`] when there is no room; nothing was sent.
    pub fn submit(
        &mut self,
        now: Ns,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        self.send(now, new, None, out)
    }

    /// Changes price and size of the open order `id`: one message to the venue, which takes the
    /// old order out and puts a new one, at the end of the queue, in its place. It never overtakes
    /// its order. Gives the number of the new one; it is refused when the old one is gone by the
    /// time the change arrives.
    ///
    /// # Errors
    /// [`Full`] when there is no room; nothing was sent.
    pub fn modify(
        &mut self,
        now: Ns,
        id: u64,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        if self.orders.len() >= self.capacity {
            return Err(Full);
        }
        let mut arrived = now;
        if let Some(old) = self.orders.iter_mut().find(|o| o.id == id) {
            old.changing = true;
            arrived = old.arrive;
        }
        self.send(now, new, Some((id, arrived)), out)
    }

    /// Sends an order that replaces another, which arrives or arrived at the given time.
    fn send(
        &mut self,
        now: Ns,
        new: NewOrder,
        old: Option<(u64, Ns)>,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        let delay = self.draw(self.cfg.entry);
        let id = self.next_id;
        let (replaces, after) = old.unwrap_or((0, Ns(i64::MIN)));
        let arrive = now.plus(delay).max(Ns(after.0.saturating_add(1)));
        let own = Own { replaces, ..Own::new(id, new, now, arrive) };
        self.insert(own)?;
        self.next_id += 1;
        out(SimEvent::Order(own.state(OrderState::Sent, OrderReason::None, now)));
        Ok(id)
    }

    /// Places an order that is live from `arrive` on, for a fixed schedule.
    ///
    /// # Errors
    /// [`Full`] when there is no room.
    pub fn submit_at(&mut self, id: u64, new: NewOrder, arrive: Ns) -> Result<(), Full> {
        self.insert(Own::new(id, new, arrive, arrive))
    }

    fn insert(&mut self, own: Own) -> Result<(), Full> {
        if self.orders.len() >= self.capacity {
            return Err(Full);
        }
        let at = self.orders.partition_point(|o| o.key() < own.key());
        self.orders.insert(at, own);
        self.next = Ns(self.next.0.min(own.arrive.0));
        Ok(())
    }

    /// Sends a cancel at `now`. It never overtakes its order. Unknown numbers are ignored.
    pub fn cancel(&mut self, now: Ns, id: u64, why: OrderReason, out: &mut impl FnMut(SimEvent)) {
        let delay = self.draw(self.cfg.cancel);
        self.cancel_at(now, id, now.plus(delay), why, out);
    }

    /// Lets a cancel take effect at `at`, for a fixed schedule.
    pub fn cancel_at(
        &mut self,
        now: Ns,
        id: u64,
        at: Ns,
        why: OrderReason,
        out: &mut impl FnMut(SimEvent),
    ) {
        let Some(o) = self.orders.iter_mut().find(|o| o.id == id && o.cancel_at == NEVER) else {
            return;
        };
        o.cancel_at = at.max(o.arrive);
        o.reason = why;
        self.next = Ns(self.next.0.min(o.cancel_at.0));
        out(SimEvent::Order(o.state(OrderState::CancelSent, why, now)));
    }

    /// The link is down or trades were lost: every order is out at once, nothing fills across.
    pub fn void(&mut self, now: Ns, out: &mut impl FnMut(SimEvent)) {
        for o in self.orders.drain(..) {
            out(SimEvent::Order(o.state(OrderState::Cancelled, OrderReason::LinkLost, now)));
        }
        self.watch = [Watch::default(); 2];
        self.crossed = [[0; 3]; 2];
        self.holding = false;
        self.traded = Ns(i64::MIN);
        self.mid = (Ns(i64::MIN), None);
        self.mid_before = None;
        self.next = NEVER;
    }

    /// The orders that are not out yet.
    pub fn open(&self) -> impl Iterator<Item = View> + '_ {
        self.orders.iter().map(Own::view)
    }

    /// The live orders of a side that a taker reaching `worst` meets, best price first.
    pub fn reached(&self, side: Side, worst: Px) -> impl Iterator<Item = View> + '_ {
        let met = move |o: &&Own| !side.better(worst, o.new.px);
        let own = self.orders.get(self.range(side)).unwrap_or_default();
        own.iter().take_while(met).filter(|o| o.live).map(Own::view)
    }

    /// A message of block `t` is about to be applied: arrivals and cancels up to `t` take effect
    /// against `book`, the state before it; what was held back of earlier blocks is applied.
    #[inline]
    pub fn before(&mut self, t: Ns, book: &Book, out: &mut impl FnMut(SimEvent)) {
        self.flush(t, false, out);
        while self.next <= t && self.next != NEVER {
            self.take_effect(t, book, out);
        }
    }

    /// `book` now shows the state after block `t`.
    pub fn after(&mut self, t: Ns, book: &Book, out: &mut impl FnMut(SimEvent)) {
        // A snapshot that comes late changes no best price and tells nothing of the one before its block.
        let late = t < self.mid.0;
        if t > self.mid.0 {
            self.mid_before = self.mid.1;
        }
        if !late {
            self.mid = (t, book.mid());
        }
        for side in Side::BOTH {
            self.look(side, t, book);
            if late {
                continue;
            }
            let w = &mut self.watch[side.index()];
            match book.best(side) {
                Some(l) if l.px == w.px => {
                    w.held = Some((t, l.sz.0));
                    self.holding = true;
                }
                Some(l) => {
                    let sight = Sight::new((l.sz.0, l.n), t, t);
                    *w = Watch { px: l.px, sight, held: None };
                }
                None => *w = Watch::default(),
            }
        }
        if self.cfg.order == Order::Arrival || self.traded >= t {
            self.flush(t, true, out);
        }
    }

    /// Prints of one frame, in match order. `book` is whatever is known now.
    pub fn on_prints(&mut self, prints: &[Trade], book: &Book, out: &mut impl FnMut(SimEvent)) {
        let mut rest = prints;
        while let Some(first) = rest.first() {
            let same = |p: &&Trade| {
                p.time == first.time && p.aggressor == first.aggressor && p.taker == first.taker
            };
            let n = rest.iter().take_while(same).count();
            let (taker, tail) = rest.split_at(n);
            self.before(first.time, book, out);
            self.on_taker(taker, out);
            self.traded = self.traded.max(first.time);
            rest = tail;
            if rest.first().is_none_or(|p| p.time > first.time) {
                self.flush(first.time, true, out);
            }
        }
    }

    fn on_taker(&mut self, prints: &[Trade], out: &mut impl FnMut(SimEvent)) {
        let Some(first) = prints.first() else { return };
        let side = first.aggressor.opposite();
        let t = first.time;
        let mid = self.mid_for(t);
        let watch = &mut self.watch[side.index()];
        let at_best = prints.iter().filter(|p| p.px == watch.px);
        watch.sight.traded = at_best.fold(watch.sight.traded, |sum, p| add_volume(sum, p.sz.0));
        let (mut used, mut stopped) = ([0i64; 3], [false; 3]);
        let mut filled = self.draw_prints(prints, mid, out);
        let mut at = (Px(0), Reach::default());
        for i in self.range(side) {
            let o = &mut self.orders[i];
            if o.new.px != at.0 {
                at = (o.new.px, Reach::of(prints, side, o.new.px));
            }
            let reach = at.1;
            if reach == Reach::default() {
                break;
            }
            if !o.live {
                continue;
            }
            let since = o.sight.untold(t);
            for (lane, rule) in self.lanes.iter().enumerate() {
                if self.alone {
                    used[lane] = 0;
                }
                let rates = &self.rates[side.index()];
                let got = o.places[lane].reached(rule, reach, used[lane], rates, since);
                let got = match self.cfg.participation_pct {
                    100.. => got,
                    pct => {
                        let cap = (reach.at + reach.beyond) / 100 * i64::from(pct);
                        got.min((cap - used[lane]).max(0))
                    }
                };
                // A taker goes on only past orders it has filled.
                let past = stopped[lane] && !self.alone;
                stopped[lane] |= o.places[lane].open > got;
                if got <= 0 || past {
                    continue;
                }
                used[lane] += got;
                let reason = match rule.model {
                    Model::Touch => FillReason::Touch,
                    _ if reach.beyond > 0 => FillReason::Through,
                    _ => FillReason::Queue,
                };
                let last = prints.iter().rev().find(|p| !side.better(p.px, o.new.px));
                let tid = last.map_or(first.tid, |p| p.tid);
                let made = Made { lane: LANES[lane], reason, got, t, tid, mid };
                out(SimEvent::Fill(o.fill(&made, self.fee)));
                filled |= o.places[0].open == 0;
            }
            o.sight.traded = add_volume(o.sight.traded, reach.at);
        }
        if filled {
            self.drop_filled(t, out);
        }
    }

    /// The draws of lanes that run the original model; gives whether an order is done.
    fn draw_prints(&mut self, prints: &[Trade], mid: Mid2, out: &mut impl FnMut(SimEvent)) -> bool {
        let mut done = false;
        for (lane, rule) in self.lanes.iter().enumerate() {
            if rule.model != Model::Original {
                continue;
            }
            for print in prints {
                for o in self.orders.iter_mut().filter(|o| o.live) {
                    let age = print.time.since(o.sent);
                    let open = o.places[lane].open;
                    let resting = Resting { side: o.new.side, px: o.new.px, open, age };
                    let got = self.original.filled(&resting, print);
                    if got <= 0 {
                        continue;
                    }
                    let (reason, t, tid) = (FillReason::Drawn, print.time, print.tid);
                    let made = Made { lane: LANES[lane], reason, got, t, tid, mid };
                    out(SimEvent::Fill(o.fill(&made, self.fee)));
                    done |= o.places[0].open == 0;
                }
            }
        }
        done
    }

    fn take_effect(&mut self, t: Ns, book: &Book, out: &mut impl FnMut(SimEvent)) {
        // The first one due, and when the next one after it is.
        let (mut i, mut at, mut then) = (0, NEVER, NEVER);
        for (k, o) in self.orders.iter().enumerate() {
            let due = o.due();
            if due < at {
                (i, at, then) = (k, due, at);
            } else {
                then = then.min(due);
            }
        }
        if at > t || at == NEVER {
            // What was due has filled in the meantime.
            self.next = at;
            return;
        }
        self.next = then;
        if self.orders[i].live {
            let o = self.orders.remove(i);
            out(SimEvent::Order(o.state(OrderState::Cancelled, o.reason, at)));
        } else if let Some(cancel) = self.arrive(i, at, book, out) {
            self.next = then.min(cancel);
        }
    }

    /// An order reaches the venue: what it replaces goes, then it is judged. Gives when its cancel
    /// is due if it rests.
    fn arrive(
        &mut self,
        mut i: usize,
        at: Ns,
        book: &Book,
        out: &mut impl FnMut(SimEvent),
    ) -> Option<Ns> {
        let replaces = self.orders[i].replaces;
        let mut gone = false;
        if replaces != 0 {
            match self.orders.iter().position(|o| o.id == replaces && o.live) {
                Some(old) => {
                    let o = self.orders.remove(old);
                    i -= usize::from(old < i);
                    out(SimEvent::Order(o.state(OrderState::Cancelled, OrderReason::Replaced, at)));
                }
                None => gone = true,
            }
        }
        let refused = if gone {
            Some(OrderReason::Gone)
        } else {
            refusal(&self.orders[i].new, book, self.cfg.venue_rules.then_some(self.rules))
        };
        if let Some(why) = refused {
            let o = self.orders.remove(i);
            out(SimEvent::Order(o.state(OrderState::Rejected, why, at)));
            return None;
        }
        self.go_live(i, book);
        let o = &self.orders[i];
        out(SimEvent::Order(o.state(OrderState::Live, OrderReason::None, at)));
        Some(o.cancel_at)
    }

    fn drop_filled(&mut self, t: Ns, out: &mut impl FnMut(SimEvent)) {
        self.orders.retain(|o| {
            let done = o.places[0].open == 0;
            if done {
                out(SimEvent::Order(o.state(OrderState::Filled, OrderReason::None, t)));
            }
            !done
        });
    }

    /// The mid before block `t`, as far as it is known; 0 before the first.
    #[must_use]
    pub fn mid_for(&self, t: Ns) -> Mid2 {
        match self.cfg.order {
            Order::Block => mid_at(t, self.mid, self.mid_before),
            Order::Arrival => self.mid.1.unwrap_or_default(),
        }
    }

    /// Own orders of a side, as places in the list.
    fn range(&self, side: Side) -> std::ops::Range<usize> {
        let asks = self.orders.partition_point(|o| o.new.side == Side::Buy);
        match side {
            Side::Buy => 0..asks,
            Side::Sell => asks..self.orders.len(),
        }
    }

    fn draw(&mut self, latency: Latency) -> i64 {
        latency.draw(&mut self.rng)
    }
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
