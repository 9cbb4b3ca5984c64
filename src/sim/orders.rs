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

use super::config::{Config, Latency, Model, Order};
use super::fees::{Rate, fee_e8};
use super::queue::{Place, Rates, Reach, Sight};
use crate::book::{Book, Shown};
use crate::event::Trade;
use crate::math::fixed::exponential;
use crate::record::{self, FillReason, Lane, OrderReason, OrderState};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side, Sz};

/// The three results of one pass.
pub const LANES: [Lane; 3] = [Lane::Configured, Lane::Pessimistic, Lane::Optimistic];

/// No room for another order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// What happened to an own order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SimEvent {
    /// A fill under one of the three models.
    Fill(record::Fill),
    /// A new state.
    Order(record::Order),
}

/// An order to place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Side.
    pub side: Side,
    /// Price.
    pub px: Px,
    /// Size.
    pub sz: Sz,
    /// Level of the ladder, 0 nearest.
    pub level: u8,
}

/// An own order as the strategy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Number.
    pub id: u64,
    /// Side.
    pub side: Side,
    /// Price.
    pub px: Px,
    /// Size open under the configured model.
    pub open: Sz,
    /// Level of the ladder.
    pub level: u8,
    /// In the book.
    pub live: bool,
    /// A cancel is on its way.
    pub cancelling: bool,
}

const NEVER: Ns = Ns(i64::MAX);

#[derive(Clone, Copy, Debug)]
struct Held {
    at: Ns,
    /// Displayed size and order count, when the message told of this price.
    level: Option<(i64, u32)>,
    /// Displayed on the other side at our price or better.
    crossing: i64,
}

#[derive(Clone, Copy, Debug)]
struct Own {
    id: u64,
    new: NewOrder,
    live: bool,
    arrive: Ns,
    cancel_at: Ns,
    reason: OrderReason,
    ahead: i64,
    unknown: bool,
    sight: Sight,
    places: [Place; 3],
    held: Option<Held>,
}

/// The best level of a side, watched for the rates of adds and cancels.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    px: Px,
    sight: Sight,
    held: Option<(Ns, i64)>,
}

/// The executor.
#[derive(Clone, Debug)]
pub struct Sim {
    cfg: Config,
    rules: Rules,
    models: [Model; 3],
    orders: Vec<Own>,
    capacity: usize,
    next_id: u64,
    rng: fastrand::Rng,
    rates: [Rates; 2],
    watch: [Watch; 2],
    /// Block time of the newest trades, and of the newest book.
    traded: Ns,
    mid: (Ns, Option<Mid2>),
    mid_before: Option<Mid2>,
    /// Earliest arrival or cancel that is still to take effect.
    next: Ns,
}

impl Sim {
    /// An executor with room for `capacity` orders, live or on their way.
    #[must_use]
    pub fn new(cfg: Config, rules: Rules, capacity: usize, seed: u64) -> Sim {
        Sim {
            cfg,
            rules,
            models: [cfg.model, cfg.pessimistic, cfg.optimistic],
            orders: Vec::with_capacity(capacity),
            capacity,
            next_id: 1,
            rng: fastrand::Rng::with_seed(seed),
            rates: [Rates::default(), Rates::default()],
            watch: [Watch::default(); 2],
            traded: Ns(i64::MIN),
            mid: (Ns(i64::MIN), None),
            mid_before: None,
            next: NEVER,
        }
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
        let arrive = now.plus(self.draw(self.cfg.entry));
        let id = self.next_id;
        self.submit_at(id, new, arrive)?;
        self.next_id += 1;
        if let Some(o) = self.orders.iter().find(|o| o.id == id) {
            out(SimEvent::Order(state_of(o, OrderState::Sent, OrderReason::None, now)));
        }
        Ok(id)
    }

    /// Places an order that is live from `arrive` on, for a fixed schedule.
    ///
    /// # Errors
    /// [`Full`] when there is no room.
    pub fn submit_at(&mut self, id: u64, new: NewOrder, arrive: Ns) -> Result<(), Full> {
        if self.orders.len() >= self.capacity {
            return Err(Full);
        }
        let place = Place { open: new.sz.0, ..Place::default() };
        let own = Own {
            id,
            new,
            live: false,
            arrive,
            cancel_at: NEVER,
            reason: OrderReason::None,
            ahead: 0,
            unknown: false,
            sight: Sight::default(),
            places: [place; 3],
            held: None,
        };
        let before = |o: &Own| {
            (o.new.side as u8, std::cmp::Reverse(rank(o.new.side, o.new.px)), o.arrive, o.id)
        };
        let at = self.orders.partition_point(|o| before(o) < before(&own));
        self.orders.insert(at, own);
        self.next = Ns(self.next.0.min(arrive.0));
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
        out(SimEvent::Order(state_of(o, OrderState::CancelSent, why, now)));
    }

    /// Cancels every order.
    pub fn cancel_all(&mut self, now: Ns, why: OrderReason, out: &mut impl FnMut(SimEvent)) {
        for i in 0..self.orders.len() {
            let (id, open) = (self.orders[i].id, self.orders[i].cancel_at == NEVER);
            if open {
                self.cancel(now, id, why, out);
            }
        }
    }

    /// The link is down or trades were lost: every order is out at once, nothing fills across.
    pub fn void(&mut self, now: Ns, out: &mut impl FnMut(SimEvent)) {
        for o in self.orders.drain(..) {
            out(SimEvent::Order(state_of(&o, OrderState::Cancelled, OrderReason::LinkLost, now)));
        }
        self.watch = [Watch::default(); 2];
        self.traded = Ns(i64::MIN);
        self.mid = (Ns(i64::MIN), None);
        self.mid_before = None;
        self.next = NEVER;
    }

    /// The orders that are not out yet.
    pub fn open(&self) -> impl Iterator<Item = View> + '_ {
        self.orders.iter().map(|o| View {
            id: o.id,
            side: o.new.side,
            px: o.new.px,
            open: Sz(o.places[0].open),
            level: o.new.level,
            live: o.live,
            cancelling: o.cancel_at != NEVER,
        })
    }

    /// A message of block `t` is about to be applied: arrivals and cancels up to `t` take effect
    /// against `book`, the state before it; what was held back of earlier blocks is applied.
    pub fn before(&mut self, t: Ns, book: &Book, out: &mut impl FnMut(SimEvent)) {
        self.flush(t, false, out);
        while self.next <= t {
            self.take_effect(book, out);
        }
    }

    /// `book` now shows the state after block `t`.
    pub fn after(&mut self, t: Ns, book: &Book, out: &mut impl FnMut(SimEvent)) {
        if t > self.mid.0 {
            self.mid_before = self.mid.1;
        }
        self.mid = (t, book.mid());
        for o in self.orders.iter_mut().filter(|o| o.live) {
            let side = o.new.side;
            let crossing = book.size_to(side.opposite(), o.new.px).0;
            let level = match book.known(side, o.new.px) {
                Some(k) if k.seen == t => Some((k.level.sz.0, k.level.n)),
                Some(_) => None,
                None => (book.shown(side, o.new.px) == Shown::Empty).then_some((0, 0)),
            };
            if level.is_some() || crossing > 0 || o.places.iter().any(|p| p.crossed > 0) {
                o.held = Some(Held { at: t, level, crossing });
            }
        }
        for side in Side::BOTH {
            let w = &mut self.watch[side.index()];
            match book.best(side) {
                Some(l) if l.px == w.px => w.held = Some((t, l.sz.0)),
                Some(l) => {
                    let mean = mean_size(l.sz.0, l.n);
                    let sight = Sight { size: l.sz.0, mean, at: t, traded: 0 };
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
        watch.sight.traded +=
            prints.iter().filter(|p| p.px == watch.px).map(|p| p.sz.0).sum::<i64>();
        let mut used = [0i64; 3];
        for i in 0..self.orders.len() {
            let o = &mut self.orders[i];
            if o.new.side != side || !o.live {
                continue;
            }
            let reach = reach_of(prints, side, o.new.px);
            if reach == Reach::default() {
                break;
            }
            let survives = self.rates[side.index()].survives(t.since(o.sight.at).max(0));
            let last = prints.iter().rev().find(|p| !side.better(p.px, o.new.px)).unwrap_or(first);
            for (lane, model) in self.models.into_iter().enumerate() {
                let place = &mut o.places[lane];
                let cap = (reach.at + reach.beyond) / 100 * i64::from(self.cfg.participation_pct);
                let cap = if self.cfg.participation_pct >= 100 { i64::MAX } else { cap };
                let got = place.reached(model, reach, used[lane], survives);
                let got = got.min((cap - used[lane]).max(0));
                if got <= 0 {
                    continue;
                }
                used[lane] += got;
                place.open -= got;
                let reason = match model {
                    Model::Touch => FillReason::Touch,
                    _ if reach.beyond > 0 => FillReason::Through,
                    _ => FillReason::Queue,
                };
                let made = Made { lane: LANES[lane], reason, got, t, tid: last.tid, mid };
                out(SimEvent::Fill(fill_of(o, &made, self.cfg.maker_fee_e8)));
            }
            o.sight.traded += reach.at;
        }
        self.drop_filled(t, out);
    }

    fn take_effect(&mut self, book: &Book, out: &mut impl FnMut(SimEvent)) {
        let when = |o: &Own| if o.live { o.cancel_at } else { o.arrive };
        let Some(i) = (0..self.orders.len()).min_by_key(|i| (when(&self.orders[*i]), *i)) else {
            self.next = NEVER;
            return;
        };
        let at = when(&self.orders[i]);
        if self.orders[i].live {
            let o = self.orders.remove(i);
            out(SimEvent::Order(state_of(&o, OrderState::Cancelled, o.reason, at)));
        } else {
            let reject = self.refusal(&self.orders[i].new, book);
            if let Some(why) = reject {
                let o = self.orders.remove(i);
                out(SimEvent::Order(state_of(&o, OrderState::Rejected, why, at)));
            } else {
                self.go_live(i, book);
                out(SimEvent::Order(state_of(
                    &self.orders[i],
                    OrderState::Live,
                    OrderReason::None,
                    at,
                )));
            }
        }
        self.next = self.orders.iter().map(when).min().unwrap_or(NEVER);
    }

    /// The venue's own checks, against the book as it is when the order arrives.
    fn refusal(&self, new: &NewOrder, book: &Book) -> Option<OrderReason> {
        if let Some(other) = book.best(new.side.opposite())
            && !new.side.better(other.px, new.px)
        {
            return Some(OrderReason::PostOnly);
        }
        if !self.cfg.venue_rules {
            return None;
        }
        if !self.rules.valid_px(new.px) {
            return Some(OrderReason::Tick);
        }
        if !self.rules.valid_sz(new.sz) {
            return Some(OrderReason::Lot);
        }
        if !self.rules.valid_value(new.px, new.sz) {
            return Some(OrderReason::MinValue);
        }
        let far = book.mid().is_some_and(|m| {
            let (p, m) = (2 * i128::from(new.px.0), i128::from(m.0));
            (p - m).abs() * 100 > m * 95
        });
        far.then_some(OrderReason::TooFar)
    }

    fn go_live(&mut self, i: usize, book: &Book) {
        let o = &mut self.orders[i];
        let (size, n, unknown) = match book.shown(o.new.side, o.new.px) {
            Shown::Size(l) => (l.sz.0, l.n, false),
            Shown::Empty => (0, 0, false),
            Shown::Unknown { last: Some(last), .. } => (last.0, 0, true),
            // Never seen: as much as the largest level in sight, which is on the safe side.
            Shown::Unknown { last: None, .. } => {
                let most = book.levels(o.new.side).iter().map(|k| k.level.sz.0).max();
                (most.unwrap_or(0), 0, true)
            }
        };
        o.live = true;
        o.ahead = size;
        o.unknown = unknown;
        o.sight = Sight { size, mean: mean_size(size, n), at: o.arrive, traded: 0 };
        for p in &mut o.places {
            p.front = size;
        }
    }

    /// Applies what is held back of blocks before `t`, and of `t` itself where `inclusive`.
    fn flush(&mut self, t: Ns, inclusive: bool, out: &mut impl FnMut(SimEvent)) {
        let due = |at: Ns| at < t || (inclusive && at == t);
        for (w, rates) in self.watch.iter_mut().zip(&mut self.rates) {
            if let Some((at, size)) = w.held.filter(|h| due(h.0)) {
                rates.observe(w.sight.size, size, w.sight.traded, at.since(w.sight.at));
                w.sight = Sight { size, at, traded: 0, ..w.sight };
                w.held = None;
            }
        }
        let mut filled = false;
        let mut used = [[0i64; 3]; 2];
        for i in 0..self.orders.len() {
            let o = &mut self.orders[i];
            let Some(h) = o.held.filter(|h| due(h.at)) else { continue };
            o.held = None;
            let side = o.new.side.index();
            if let Some((size, n)) = h.level {
                for (place, model) in o.places.iter_mut().zip(self.models) {
                    place.seen(model, &o.sight, size, h.at, &self.rates[side]);
                }
                o.sight = Sight { size, mean: mean_size(size, n), at: h.at, traded: 0 };
            }
            let mid = mid_at(h.at, self.mid, self.mid_before);
            for lane in 0..3 {
                let place = &mut o.places[lane];
                if h.crossing == 0 {
                    place.crossed = 0;
                    continue;
                }
                let room = h.crossing - used[side][lane] - place.crossed;
                let got = room.clamp(0, place.open);
                if got == 0 {
                    continue;
                }
                used[side][lane] += got;
                place.crossed += got;
                place.open -= got;
                filled = true;
                let reason = FillReason::Crossed;
                let made = Made { lane: LANES[lane], reason, got, t: h.at, tid: 0, mid };
                out(SimEvent::Fill(fill_of(o, &made, self.cfg.maker_fee_e8)));
            }
        }
        if filled {
            self.drop_filled(t, out);
        }
    }

    fn drop_filled(&mut self, t: Ns, out: &mut impl FnMut(SimEvent)) {
        self.orders.retain(|o| {
            let done = o.places[0].open == 0;
            if done {
                out(SimEvent::Order(state_of(o, OrderState::Filled, OrderReason::None, t)));
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

    fn draw(&mut self, latency: Latency) -> i64 {
        match latency {
            Latency::Constant { ms } => i64::from(ms) * Ns::MS,
            Latency::ShiftedExponential { base_ms, mean_ms } => {
                let tail = exponential(self.rng.u64(..), i64::from(mean_ms) * Ns::MS);
                i64::from(base_ms) * Ns::MS + tail
            }
        }
    }
}

struct Made {
    lane: Lane,
    reason: FillReason,
    got: i64,
    t: Ns,
    tid: u64,
    mid: Mid2,
}

/// The mid before block `t`.
fn mid_at(t: Ns, newest: (Ns, Option<Mid2>), before: Option<Mid2>) -> Mid2 {
    let known = if newest.0 >= t { before.or(newest.1) } else { newest.1 };
    known.unwrap_or_default()
}

fn rank(side: Side, px: Px) -> i64 {
    side.sign() * px.0
}

fn mean_size(size: i64, n: u32) -> i64 {
    size / i64::from(n.max(1))
}

fn reach_of(prints: &[Trade], side: Side, px: Px) -> Reach {
    let mut r = Reach::default();
    for p in prints {
        if p.px == px {
            r.at += p.sz.0;
        } else if side.better(px, p.px) {
            r.beyond += p.sz.0;
        }
    }
    r
}

fn fill_of(o: &Own, made: &Made, fee: i64) -> record::Fill {
    let lane = made.lane as usize;
    record::Fill {
        id: o.id,
        lane: made.lane,
        reason: made.reason,
        side: o.new.side,
        unknown_queue: o.unknown,
        level: o.new.level,
        px: o.new.px,
        sz: Sz(made.got),
        open: Sz(o.places[lane].open),
        ahead: Sz(o.ahead),
        age: made.t.since(o.arrive),
        time: made.t,
        tid: made.tid,
        mid: made.mid,
        fee_e8: fee_e8(o.new.px, Sz(made.got), Rate(fee)),
    }
}

fn state_of(o: &Own, state: OrderState, reason: OrderReason, effective: Ns) -> record::Order {
    record::Order {
        id: o.id,
        state,
        reason,
        side: o.new.side,
        level: o.new.level,
        px: o.new.px,
        sz: o.new.sz,
        open: Sz(o.places[0].open),
        ahead: Sz(o.ahead),
        effective,
    }
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
