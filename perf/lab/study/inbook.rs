//! An executor whose orders really stand in the book of a simulated market.
//!
//! In: orders of an engine; what happened to the orders of the book. Out: states and fills, once they are
//! heard of. Cold path.
//!
//! 1. Engine and market of a thread meet at its [`WIRE`], as over a socket: requests one way, news the other.
//! 2. A request arrives after the delay that the paper executor draws from the same settings, and is in the
//!    book from the next block on. What replaces an order that is gone is refused, as at the venue.
//! 3. News are heard [`HEARD_NS`] after their block: later than the block's best prices, as at the venue.

use std::cell::RefCell;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::engine::Components;
use crate::event::own::{Fill, FillReason, LANES, OrderReason, OrderState, OrderUpdate};
use crate::event::{Bbo, Snapshot, Trade};
use crate::limits::ORDERS_MAX;
use crate::math::seed::mix;
use crate::quote::AnyStrategy;
use crate::sim::config::{Latency, Settings};
use crate::sim::executor::Executor;
use crate::sim::fees::fee_e8;
use crate::sim::models::skellam::Skellam;
use crate::sim::orders::{Full, NewOrder, SimEvent, View};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Side, Sz};
use crate::venue::agents::Agents;
use crate::venue::agents::book::{Book, Did};
use crate::venue::matching::OrderId;

/// From a block to its news.
const HEARD_NS: i64 = 400 * Ns::MS;

/// The engine as shipped, but for where its orders go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Twin;

impl Components for Twin {
    type Strategy = AnyStrategy;
    type Fills = Skellam;
    type Executor = InBook;
}

thread_local! {
    /// What is on its way between the engine and the market of this thread.
    static WIRE: RefCell<Wire> = const { RefCell::new(Wire::new()) };
}

#[derive(Debug)]
struct Wire {
    requests: Vec<Request>,
    news: VecDeque<News>,
}

impl Wire {
    const fn new() -> Wire {
        Wire { requests: Vec::new(), news: VecDeque::new() }
    }
}

#[derive(Clone, Copy, Debug)]
struct Request {
    arrive: Ns,
    id: u64,
    /// Order and what it replaces (0: nothing); `None`: a cancel.
    order: Option<(NewOrder, u64)>,
    /// The account had no request left for it.
    refused: bool,
    why: OrderReason,
}

#[derive(Clone, Copy, Debug)]
struct News {
    id: u64,
    time: Ns,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    State(OrderState, OrderReason),
    Fill { sz: i64, tid: u64, mid: Mid2 },
}

/// The market's side of the wire.
#[derive(Debug, Default)]
pub struct Floor {
    /// Own orders in the book.
    own: Vec<(u64, OrderId)>,
}

impl Floor {
    /// The floor of a new market on this thread; nothing is on its way.
    #[must_use]
    pub fn open() -> Floor {
        WIRE.with_borrow_mut(|w| *w = Wire::new());
        Floor::default()
    }

    /// What arrives before the block at `next` is done to the book.
    pub fn arrive(&mut self, next: Ns, book: &mut Book) {
        let mut due = WIRE.with_borrow_mut(|w| {
            let (due, later) = w.requests.drain(..).partition::<Vec<_>, _>(|r| r.arrive <= next);
            w.requests = later;
            due
        });
        due.sort_by_key(|r| (r.arrive, r.id));
        due.iter().for_each(|r| self.take(r, book));
    }

    fn take(&mut self, r: &Request, book: &mut Book) {
        let tell = |id, state, why| {
            let news = News { id, time: r.arrive, what: What::State(state, why) };
            WIRE.with_borrow_mut(|w| w.news.push_back(news));
        };
        let place = |own: &[(u64, OrderId)], id: u64| own.iter().position(|(own, _)| *own == id);
        let Some((new, replaces)) = r.order else {
            if let Some(i) = place(&self.own, r.id) {
                if r.refused {
                    return tell(r.id, OrderState::Live, OrderReason::Requests);
                }
                book.cancel(self.own.swap_remove(i).1);
                tell(r.id, OrderState::Cancelled, r.why);
            }
            return;
        };
        if r.refused {
            return tell(r.id, OrderState::Rejected, OrderReason::Requests);
        }
        if replaces != 0 {
            let Some(i) = place(&self.own, replaces) else {
                return tell(r.id, OrderState::Rejected, OrderReason::Gone);
            };
            book.cancel(self.own.swap_remove(i).1);
            tell(replaces, OrderState::Cancelled, OrderReason::Replaced);
        }
        match book.rest(new.side, book.grid().floor(new.px), new.sz) {
            Some(resting) => {
                self.own.push((r.id, resting));
                tell(r.id, OrderState::Live, OrderReason::None);
            }
            None => tell(r.id, OrderState::Rejected, OrderReason::PostOnly),
        }
    }

    /// What happened to own orders in the block at `time`, as `log` says; `mid` was the mid before it.
    pub fn block(&mut self, time: Ns, log: &[Did], agents: &Agents, mid: Mid2) {
        let mut prints = agents.prints().iter();
        for did in log {
            let Did::Met { sz, arrival, .. } = *did else { continue };
            let tid = prints.next().map_or(0, |p| p.tid);
            let own = self.own.iter().find(|(_, order)| order.arrival == arrival);
            if let Some((id, _)) = own {
                let news = News { id: *id, time, what: What::Fill { sz, tid, mid } };
                WIRE.with_borrow_mut(|w| w.news.push_back(news));
            }
        }
        self.own.retain(|(_, order)| agents.book().ticks(*order).is_some());
    }

    /// Own orders in the book.
    pub fn own(&self) -> impl Iterator<Item = OrderId> {
        self.own.iter().map(|(_, order)| *order)
    }
}

/// An own order as far as the engine has heard.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Own {
    id: u64,
    req: NewOrder,
    open: i64,
    live: bool,
    arrive: Ns,
    replaces: u64,
    leaving: bool,
}

/// The engine's side of the wire.
#[derive(Debug, Serialize, Deserialize)]
pub struct InBook {
    rules: Rules,
    seed: u64,
    next: u64,
    heard: u64,
    refuses: bool,
    orders: Vec<Own>,
}

impl Own {
    fn state(&self, state: OrderState, reason: OrderReason, effective: Ns) -> OrderUpdate {
        let NewOrder { side, px, sz, level } = self.req;
        let (open, ahead) = (Sz(self.open), Sz(0));
        OrderUpdate { id: self.id, state, reason, side, level, px, sz, open, ahead, effective }
    }

    fn key(&self) -> (u8, i64, Ns, u64) {
        (self.req.side as u8, -self.req.side.sign() * self.req.px.0, self.arrive, self.id)
    }
}

type With<'a> = Settings<'a, Skellam>;

impl InBook {
    fn delay(&self, set: With<'_>, latency: Latency, kind: u64) -> i64 {
        let bits = mix(self.seed ^ mix(self.heard << 1 | kind));
        let whole = latency.draw(bits) + i64::from(set.sim.ping_ms) * Ns::MS / 2;
        whole * i64::from(set.sim.latency_pct) / 100
    }

    fn order(&mut self, id: u64) -> Option<&mut Own> {
        self.orders.iter_mut().find(|o| o.id == id)
    }

    fn send(
        &mut self,
        set: With<'_>,
        now: Ns,
        (req, replaces, after): (NewOrder, u64, Ns),
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        if self.orders.len() >= ORDERS_MAX {
            self.refuses = false;
            return Err(Full);
        }
        self.next += 1;
        let arrive = now.plus(self.delay(set, set.sim.entry, 0)).max(after);
        let (id, open) = (self.next, req.sz.0);
        let own = Own { id, req, open, live: false, arrive, replaces, leaving: false };
        let refused = std::mem::take(&mut self.refuses);
        let why = OrderReason::None;
        let request = Request { arrive, id, order: Some((req, replaces)), refused, why };
        WIRE.with_borrow_mut(|w| w.requests.push(request));
        let at = self.orders.partition_point(|o| o.key() < own.key());
        self.orders.insert(at, own);
        out(SimEvent::Order(own.state(OrderState::Sent, OrderReason::None, now)));
        Ok(id)
    }

    /// Says what has been heard of by `now`.
    fn hear_of_orders(&mut self, set: With<'_>, now: Ns, out: &mut impl FnMut(SimEvent)) {
        let known = now.plus(-HEARD_NS);
        while let Some(news) = WIRE.with_borrow_mut(|w| w.news.pop_front_if(|n| n.time <= known)) {
            self.say(set, news, out);
        }
        out(SimEvent::Known(known));
    }

    fn say(&mut self, set: With<'_>, news: News, out: &mut impl FnMut(SimEvent)) {
        let rate = set.sim.fees.maker(self.rules.billing);
        let Some(o) = self.order(news.id) else { return };
        match news.what {
            What::State(state, why) => {
                (o.live, o.leaving) =
                    (state == OrderState::Live, o.leaving && why != OrderReason::Requests);
                let known = o.state(state, why, news.time);
                if state == OrderState::Rejected && why == OrderReason::Requests {
                    let replaces = o.replaces;
                    self.order(replaces).into_iter().for_each(|o| o.leaving = false);
                }
                if state != OrderState::Live {
                    self.end(news.id, why == OrderReason::Replaced);
                }
                out(SimEvent::Order(known));
            }
            What::Fill { sz, tid, mid } => {
                o.open -= sz;
                let NewOrder { side, px, level, .. } = o.req;
                out(SimEvent::Fill(Fill {
                    id: o.id,
                    lane: LANES[0],
                    reason: FillReason::Queue,
                    side,
                    unknown_queue: false,
                    level,
                    px,
                    sz: Sz(sz),
                    open: Sz(o.open),
                    ahead: Sz(0),
                    age: news.time.since(o.arrive),
                    time: news.time,
                    tid,
                    mid,
                    fee_e8: fee_e8(px, Sz(sz), rate),
                    sight_age: 0,
                }));
                if o.open <= 0 {
                    let known = o.state(OrderState::Filled, OrderReason::None, news.time);
                    self.end(news.id, false);
                    out(SimEvent::Order(known));
                }
            }
        }
    }

    /// An order is out; unless it was replaced, what is to replace it will be refused.
    fn end(&mut self, id: u64, replaced: bool) {
        self.orders.retain(|o| o.id != id);
        let mut gone = (!replaced).then_some(id);
        while let Some(id) = gone {
            let next = self.orders.iter_mut().find(|o| o.replaces == id && !o.live);
            gone = next.map(|o| {
                o.leaving = true;
                o.id
            });
        }
    }
}

impl Executor<Skellam> for InBook {
    fn new(_: With<'_>, rules: Rules, seed: u64) -> InBook {
        InBook { rules, seed: mix(seed), next: 0, heard: 0, refuses: false, orders: Vec::new() }
    }

    fn submit(
        &mut self,
        set: With<'_>,
        leaves: Ns,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        self.send(set, leaves, (new, 0, leaves), out)
    }

    fn modify(
        &mut self,
        set: With<'_>,
        leaves: Ns,
        id: u64,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        let old = self.order(id).map_or(leaves, |o| o.arrive);
        let sent = self.send(set, leaves, (new, id, old.plus(1)), out)?;
        self.order(id).into_iter().for_each(|o| o.leaving = true);
        Ok(sent)
    }

    fn cancel(
        &mut self,
        set: With<'_>,
        leaves: Ns,
        id: u64,
        why: OrderReason,
        out: &mut impl FnMut(SimEvent),
    ) {
        let (refused, delay) =
            (std::mem::take(&mut self.refuses), self.delay(set, set.sim.cancel, 1));
        let Some(o) = self.order(id).filter(|o| !o.leaving) else { return };
        o.leaving = true;
        let arrive = leaves.plus(delay).max(o.arrive.plus(1));
        WIRE.with_borrow_mut(|w| {
            w.requests.push(Request { arrive, id, order: None, refused, why })
        });
        out(SimEvent::Order(o.state(OrderState::CancelSent, why, leaves)));
    }

    fn refuse_next(&mut self) {
        self.refuses = true;
    }

    fn open(&self, side: Side) -> impl Iterator<Item = View> + '_ {
        self.orders.iter().filter(move |o| o.req.side == side).map(|o| {
            let Own { id, req: NewOrder { side, px, level, .. }, open, live, leaving, .. } = *o;
            View { id, side, px, open: Sz(open), level, live, cancelling: leaving }
        })
    }

    fn on_up(&mut self) {}

    /// The market goes on without us: nothing is lost by it.
    fn on_gap(&mut self, set: With<'_>, now: Ns, _: Ns, out: &mut impl FnMut(SimEvent)) {
        self.hear_of_orders(set, now, out);
    }

    fn on_end(&mut self, set: With<'_>, out: &mut impl FnMut(SimEvent)) {
        self.hear_of_orders(set, Ns(i64::MAX), out);
    }

    fn hear(&mut self, set: With<'_>, now: Ns, out: &mut impl FnMut(SimEvent)) {
        self.heard += 1;
        self.hear_of_orders(set, now, out);
    }

    fn on_bbo(&mut self, _: With<'_>, _: &Bbo, _: &mut impl FnMut(SimEvent)) {}

    fn on_book(&mut self, _: With<'_>, _: &Snapshot, _: &mut impl FnMut(SimEvent)) {}

    fn on_prints(&mut self, _: With<'_>, _: &[Trade], _: &mut impl FnMut(SimEvent)) {}

    fn on_time(&mut self, set: With<'_>, now: Ns, out: &mut impl FnMut(SimEvent)) {
        self.hear_of_orders(set, now, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::config::{Config as Venue, Named};
    use crate::venue::tape::Recorder;

    /// Two minutes of a thin market with one own order, `behind` ticks behind the best bid; what is received,
    /// and the news of the order.
    fn received(behind: i64, hides: bool) -> (String, Vec<What>) {
        let venue = Venue { coins: vec!["A".into()], world: Named::Thin, ..Venue::default() };
        let (mut market, mut floor) = (Recorder::new(&venue).expect("defaults"), Floor::open());
        let (mut text, mut log) = (String::new(), Vec::new());
        let agents = market.world().agents(0).expect("agents");
        let at = agents.book().touch()[0] - behind;
        let (px, sz) = (agents.book().grid().px(at), Sz(1_000 * crate::units::ONE));
        let order = Some((NewOrder { side: Side::Buy, px, sz, level: 0 }, 0));
        let (arrive, why) = (market.time(), OrderReason::None);
        let request = Request { arrive, id: 1, order, refused: false, why };
        WIRE.with_borrow_mut(|w| w.requests.push(request));
        for _ in 0..1_500 {
            let heard = market.hear(&mut |_, frame| {
                text.push_str(frame);
                Ok(())
            });
            heard.expect("nothing is written");
            let next = market.next();
            floor.arrive(next, market.world().agents(0).expect("agents").book_mut());
            if hides {
                market.world().hide(0, floor.own());
            }
            market.step();
            let agents = market.world().agents(0).expect("agents");
            agents.log(&mut log);
            floor.block(next, &log, agents, Mid2(2));
        }
        (text, WIRE.with_borrow_mut(|w| w.news.drain(..).map(|n| n.what).collect()))
    }

    #[test]
    fn an_order_that_nobody_reaches_changes_nothing_and_one_at_the_touch_does() {
        let live = What::State(OrderState::Live, OrderReason::None);
        let is_live = |news: &[What]| matches!(news.first(), Some(What::State(s, _)) if *s == OrderState::Live);
        let (far, news) = received(3_000, true);
        assert!(is_live(&news) && news.len() == 1, "{news:?}, not {live:?}");
        let (farther, _) = received(3_001, true);
        assert!(far == farther && far.len() > 100_000);
        let (touched, news) = received(0, true);
        assert!(touched != far, "takers had less of the others");
        let filled = news.iter().map(|what| if let What::Fill { sz, .. } = what { *sz } else { 0 });
        assert!(filled.sum::<i64>() > 0, "{news:?}");
        assert!(received(0, false).0 != touched, "control: shown with one's own order");
    }

    #[test]
    fn what_replaces_an_order_that_is_gone_is_refused_and_what_would_trade_too() {
        let venue = Venue { coins: vec!["A".into()], world: Named::Thin, ..Venue::default() };
        let (mut market, mut floor) = (Recorder::new(&venue).expect("defaults"), Floor::open());
        let now = market.time();
        let book = market.world().agents(0).expect("agents").book_mut();
        let [bid, ask] = book.touch().map(|at| book.grid().px(at));
        let order = |px, replaces| {
            let sz = Sz(1_000 * crate::units::ONE);
            Some((NewOrder { side: Side::Buy, px, sz, level: 0 }, replaces))
        };
        let asked = [order(bid, 0), order(bid, 1), order(bid, 1), order(ask, 0), None];
        for (id, order) in (1u64..).zip(asked) {
            let (id, why) =
                if order.is_none() { (2, OrderReason::Withdrawn) } else { (id, OrderReason::None) };
            let request =
                Request { arrive: now.plus(id.cast_signed()), id, order, refused: false, why };
            WIRE.with_borrow_mut(|w| w.requests.push(request));
        }
        floor.arrive(now.plus(9), book);
        let said =
            WIRE.with_borrow_mut(|w| w.news.drain(..).map(|n| (n.id, n.what)).collect::<Vec<_>>());
        let said = said.into_iter().map(|(id, what)| match what {
            What::State(state, why) => (id, state, why),
            What::Fill { .. } => (id, OrderState::Filled, OrderReason::None),
        });
        use OrderReason as Why;
        use OrderState::{Cancelled, Live, Rejected};
        let want = [
            (1, Live, Why::None),
            (1, Cancelled, Why::Replaced),
            (2, Live, Why::None),
            (2, Cancelled, Why::Withdrawn),
            (3, Rejected, Why::Gone),
            (4, Rejected, Why::PostOnly),
        ];
        assert_eq!(said.collect::<Vec<_>>(), want);
    }
}
