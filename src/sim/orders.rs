//! The simulated executor of one coin: own orders on their way, in the book, and out of it.
//!
//! In: decisions on the session clock, the book before and after each block, prints. Out: fills
//! and order states, under three fill models at once. Hot path: fixed capacity, integers.
//!
//! 1. An order fills only in blocks at or after its arrival and before its cancel takes effect.
//! 2. Orders are kept in price-time order; a taker's volume is shared out in that order once.
//! 3. All three models see the same orders at the same times; the configured one decides when an
//!    order is done, and what the others have left of it is taken out then.
//! 4. Prints of a block act on the queue as it was before the block ([`Order::Block`]): what states of
//!    it show is held back until the block is over.
//! 5. Delays and places in a queue are drawn by the message that an action answers.
//! 6. What a later block showed first is not undone by prints that come late; they fill no order that
//!    arrived after them.

mod cross;
mod observe;
mod state;

use super::config::{Order, Settings};
use super::latency::{Latency, Way};
use super::level::{Level, Reach};
use super::model::{FillModel, Moment, Taker};
use super::order::{Cause, NEVER, SimOrder, mid_at};
use super::queues::Run;
use super::refusal::refusal;
use crate::book::Book;
use crate::event::Trade;
use crate::event::own::{LANES, OrderReason, OrderState};
use crate::math::seed::mix;
use crate::units::{Mid2, Ns, Side, add_volume};

pub use super::order::{NewOrder, SimEvent, View};
pub use super::room::Full;
use state::Best;
pub use state::Sim;

impl<F: FillModel> Sim<F> {
    /// Sends an order at `now`; it arrives after a drawn latency, which all that is sent at one time
    /// shares. Gives its number.
    ///
    /// # Errors
    /// [`Full`] when there is no room; nothing was sent.
    pub fn submit(
        &mut self,
        set: Settings<'_, F>,
        now: Ns,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        self.send(set, now, new, None, out)
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
        set: Settings<'_, F>,
        now: Ns,
        id: u64,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        if self.orders.is_full() {
            self.refuses = false;
            return Err(Full);
        }
        let mut arrived = now;
        if let Some(slot) = self.slot(id) {
            let old = &mut self.orders[slot];
            old.changing = true;
            arrived = old.arrive;
        }
        self.send(set, now, new, Some((id, arrived)), out)
    }

    /// Sends an order that replaces another, which arrives or arrived at the given time.
    fn send(
        &mut self,
        set: Settings<'_, F>,
        now: Ns,
        new: NewOrder,
        old: Option<(u64, Ns)>,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        let delay = self.delay(set, now, 0, set.sim.entry);
        let id = self.next_id;
        let (replaces, after) = old.unwrap_or((0, Ns(i64::MIN)));
        let arrive = now.plus(delay).max(Ns(after.0.saturating_add(1)));
        let refused = std::mem::take(&mut self.refuses);
        let name = self.heard << 9 | u64::from(new.level) << 1 | new.side.index() as u64;
        let own = SimOrder { replaces, refused, name, ..SimOrder::new(id, new, now, arrive) };
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
        self.insert(SimOrder::new(id, new, arrive, arrive))
    }

    /// Sends a cancel at `now`. It never overtakes its order. Unknown numbers are ignored.
    pub fn cancel(
        &mut self,
        set: Settings<'_, F>,
        now: Ns,
        id: u64,
        why: OrderReason,
        out: &mut impl FnMut(SimEvent),
    ) {
        let delay = self.delay(set, now, 1, set.sim.cancel);
        self.cancel_at(now, id, now.plus(delay), why, out);
        if std::mem::take(&mut self.refuses)
            && let Some(slot) = self.slot(id)
        {
            self.orders[slot].reason = OrderReason::Requests;
        }
    }

    /// The account has no request left for the next one: it is refused when it arrives.
    pub fn refuse_next(&mut self) {
        self.refuses = true;
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
        let Some(slot) = self.slot(id) else { return };
        let o = &mut self.orders[slot];
        if o.cancel_at != NEVER {
            return;
        }
        o.cancel_at = at.max(o.arrive);
        o.reason = why;
        out(SimEvent::Order(o.state(OrderState::CancelSent, why, now)));
        if o.live {
            self.expect(slot);
        }
    }

    /// The link is down or trades were lost: every order that arrived up to `upto` is out at once,
    /// nothing fills across.
    pub fn void(&mut self, now: Ns, upto: Ns, out: &mut impl FnMut(SimEvent)) {
        for s in 0..2 {
            let mut i = 0;
            while let Some(slot) = self.open[s].get(i).copied() {
                if self.orders[slot].arrive > upto {
                    i += 1;
                    continue;
                }
                let o = self.end(slot);
                out(SimEvent::Order(o.state(OrderState::Cancelled, OrderReason::LinkLost, now)));
            }
        }
        self.best = [Best::default(); 2];
        (self.crosses, self.crossed) = ([false; 2], [[0; 3]; 2]);
        self.until = Ns(i64::MIN);
        self.mid = (Ns(i64::MIN), None);
        self.mid_before = None;
    }

    /// The orders of a side that are not out yet: best price first, earliest first.
    pub fn open(&self, side: Side) -> impl Iterator<Item = View> + '_ {
        self.open[side.index()].iter().map(|slot| self.orders[*slot].view())
    }

    /// A message of block `t` is about to be applied: arrivals and cancels up to `t` take effect
    /// against `book`, the state before it; what was held back of earlier blocks is applied.
    #[inline]
    pub fn before(
        &mut self,
        set: Settings<'_, F>,
        t: Ns,
        book: &Book,
        out: &mut impl FnMut(SimEvent),
    ) {
        if let Some(newer) = self.unread.filter(|newer| *newer > t) {
            self.flush(set, (newer, true), book, out);
        }
        self.pass(set, t, book, out);
    }

    /// Time on the venue's clock is at block `t`.
    #[inline]
    fn pass(&mut self, set: Settings<'_, F>, t: Ns, book: &Book, out: &mut impl FnMut(SimEvent)) {
        self.flush(set, (t, false), book, out);
        while let Some((at, slot)) = self.due.first().copied().filter(|(at, _)| *at <= t) {
            self.take_effect(set, (at, slot), book, out);
        }
    }

    /// `book` now shows the state after block `t`.
    pub fn after(
        &mut self,
        set: Settings<'_, F>,
        t: Ns,
        book: &Book,
        out: &mut impl FnMut(SimEvent),
    ) {
        // A snapshot that comes late changes no best price and says nothing of the one before its
        // block.
        let late = t < self.mid.0;
        if t > self.mid.0 {
            self.mid_before = self.mid.1;
        }
        if !late {
            // While one side is empty the mid is the last there was.
            self.mid = (t, book.mid().or(self.mid.1));
        }
        self.unread = Some(t);
        for side in Side::BOTH.into_iter().filter(|_| !late) {
            let best = &mut self.best[side.index()];
            match book.best(side) {
                Some(l) if l.px == best.px => {
                    best.held = Some((t, l.sz.0));
                }
                Some(l) => {
                    let level = Level::new((l.sz.0, l.n), t, t);
                    *best = Best { px: l.px, level, held: None };
                }
                None => *best = Best::default(),
            }
        }
        if set.sim.order == Order::Arrival {
            self.flush(set, (t, true), book, out);
        }
    }

    /// Blocks up to `t` are over: nothing more of them is expected.
    pub fn block_over(
        &mut self,
        set: Settings<'_, F>,
        t: Ns,
        book: &Book,
        out: &mut impl FnMut(SimEvent),
    ) {
        self.flush(set, (t, true), book, out);
    }

    /// Prints of one frame, in match order. `book` is whatever is known now.
    pub fn on_prints(
        &mut self,
        set: Settings<'_, F>,
        prints: &[Trade],
        book: &Book,
        out: &mut impl FnMut(SimEvent),
    ) {
        let mut rest = prints;
        while let Some(first) = rest.first() {
            let same = |p: &&Trade| {
                p.time == first.time && p.aggressor == first.aggressor && p.taker == first.taker
            };
            let n = rest.iter().take_while(same).count();
            let (taker, tail) = rest.split_at(n);
            self.pass(set, first.time, book, out);
            self.on_taker(set, taker, out);
            rest = tail;
            if rest.first().is_none_or(|p| p.time > first.time) {
                self.flush(set, (first.time, true), book, out);
            }
        }
    }

    fn on_taker(&mut self, set: Settings<'_, F>, prints: &[Trade], out: &mut impl FnMut(SimEvent)) {
        let Some(first) = prints.first() else { return };
        let (side, time) = (first.aggressor.opposite(), first.time);
        let best = &mut self.best[side.index()];
        let at_best = prints.iter().filter(|p| p.px == best.px && !best.level.shows(time));
        best.level.traded = at_best.fold(best.level.traded, |sum, p| add_volume(sum, p.sz.0));
        let mid = self.mid_for(set, time);
        let by = Cause { time, tid: first.tid, mid, fees: (&set.sim.fees, self.rules.billing) };
        self.begin(time);
        let mut filled = self.each_print(set, prints, by, out);
        let taker = Taker::new(self.alone, set.sim.participation_pct, self.rules.lot());
        let mut takers = [taker; LANES.len()];
        let (biases, lot, lanes) = (set.biases(), self.rules.lot(), self.lanes.len());
        let mut next = 0;
        while let Some(slot) = self.live[side.index()].get(next) {
            let px = self.orders[*slot].req.px;
            let reach = Reach::of(prints, side, px);
            if reach == Reach::default() {
                break;
            }
            let mut level = &self.live[side.index()][next..];
            let n = level.iter().take_while(|slot| self.orders[**slot].req.px == px).count();
            (next, level) = (next + n, &level[..n]);
            for (lane, queues) in self.lanes.iter_mut().enumerate() {
                let at = Moment { side, time, lot, bias: biases[lane] };
                let run = Run { lane, time, order: level, rows: &mut self.orders };
                takers[lane].reach = reach;
                queues.on_taker(set.models(), &at, run, &mut takers[lane]);
            }
            let last = prints.iter().rev().find(|p| !side.better(p.px, px));
            let by = Cause { tid: last.map_or(first.tid, |p| p.tid), ..by };
            for slot in level {
                let o = &mut self.orders[*slot];
                if !o.rests_at(time) {
                    continue;
                }
                for lane in 0..lanes {
                    filled |= o.book(lane, &by, out);
                }
                // What the level displays is already less by prints that come after their block.
                if !o.level.shows(time) {
                    o.level.traded = add_volume(o.level.traded, reach.at);
                }
            }
        }
        filled |= self.confirm(prints, by, out);
        if filled {
            self.drop_filled(time, out);
        }
    }

    /// Shows every print by itself to the models that ask for it; gives whether an order is done.
    fn each_print(
        &mut self,
        set: Settings<'_, F>,
        prints: &[Trade],
        by: Cause<'_>,
        out: &mut impl FnMut(SimEvent),
    ) -> bool {
        let (mut done, lot) = (false, self.rules.lot());
        for (lane, queues) in self.lanes.iter_mut().enumerate().filter(|(_, q)| q.each_print()) {
            for print in prints {
                let by = Cause { tid: print.tid, ..by };
                for order in &self.live {
                    let run = Run { lane, time: print.time, order, rows: &mut self.orders };
                    queues.on_print(set.models(), print, lot, run);
                }
                for slot in self.live.iter().flat_map(|live| live.iter()) {
                    done |= self.orders[*slot].book(lane, &by, out);
                }
            }
        }
        done
    }

    /// What is due of an order happens: it arrives, or its cancel does.
    fn take_effect(
        &mut self,
        set: Settings<'_, F>,
        (at, slot): (Ns, usize),
        book: &Book,
        out: &mut impl FnMut(SimEvent),
    ) {
        self.due.take(|(_, s)| *s == slot);
        let o = &mut self.orders[slot];
        if !o.live {
            self.arrive(set, (slot, at), book, out);
        } else if o.reason == OrderReason::Requests {
            // The cancel is refused, the order stays.
            (o.cancel_at, o.reason) = (NEVER, OrderReason::None);
            out(SimEvent::Order(o.state(OrderState::Live, OrderReason::Requests, at)));
        } else {
            let o = self.end(slot);
            out(SimEvent::Order(o.state(OrderState::Cancelled, o.reason, at)));
        }
    }

    /// An order reaches the venue: what it replaces goes, then it is judged.
    fn arrive(
        &mut self,
        set: Settings<'_, F>,
        (slot, at): (usize, Ns),
        book: &Book,
        out: &mut impl FnMut(SimEvent),
    ) {
        let SimOrder { replaces, refused, .. } = self.orders[slot];
        let old = if replaces == 0 { None } else { self.slot(replaces) };
        let refused = if refused {
            // What it was to replace stays, and may be changed again.
            if let Some(old) = old {
                self.orders[old].changing = false;
            }
            Some(OrderReason::Requests)
        } else if let Some(old) = old.filter(|old| self.orders[*old].live) {
            let o = self.remove(old);
            out(SimEvent::Order(o.state(OrderState::Cancelled, OrderReason::Replaced, at)));
            None
        } else {
            (replaces != 0).then_some(OrderReason::Gone)
        };
        let rules = set.sim.venue_rules.then_some(self.rules);
        let refused = refused.or_else(|| refusal(&self.orders[slot].req, book, rules));
        if let Some(why) = refused {
            let o = self.end(slot);
            out(SimEvent::Order(o.state(OrderState::Rejected, why, at)));
            return;
        }
        self.go_live(set, slot, book);
        let o = &self.orders[slot];
        out(SimEvent::Order(o.state(OrderState::Live, OrderReason::None, at)));
        self.expect(slot);
    }

    /// A message of the market came, on whatever it is.
    pub(super) fn hear(&mut self) {
        self.heard += 1;
    }

    /// The delay of an action of a kind, drawn by the message it answers: an action more or less changes no
    /// other, and strategies that act at the same time meet the same delay.
    fn delay(&mut self, set: Settings<'_, F>, now: Ns, kind: u8, latency: Latency) -> i64 {
        let way = self.way(set);
        let bits = mix(self.seed ^ mix(self.heard << 1 | u64::from(kind)));
        self.actions[usize::from(kind)].delay(now, latency, way, bits)
    }

    /// The mid before block `t`, as far as it is known; 0 before the first.
    fn mid_for(&self, set: Settings<'_, F>, t: Ns) -> Mid2 {
        match set.sim.order {
            Order::Block => mid_at(t, self.mid, self.mid_before),
            Order::Arrival => self.mid.1.unwrap_or_default(),
        }
    }

    /// The way to the venue.
    fn way(&self, set: Settings<'_, F>) -> Way {
        let ping = self.ping.unwrap_or(i64::from(set.sim.ping_ms) * Ns::MS);
        Way { ping, pct: set.sim.latency_pct }
    }

    /// A round trip to the venue took `ns`.
    pub fn pinged(&mut self, ns: i64) {
        self.ping = Some(ns.max(0));
    }
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
