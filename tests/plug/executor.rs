//! Executors of one's own: one that notes what another says, and one that plays what was noted, as
//! if the orders were executed elsewhere.

use std::cell::RefCell;

use papermaker::{
    Bbo, Components, Executor, FillModel, Full, Lane, NewOrder, Ns, OrderReason, OrderState, Paper,
    Rules, Shipped, Side, SimEvent, SimSettings, Skellam, Snapshot, Trade, View,
};
use serde::{Deserialize, Serialize};

/// What an executor said, each with the number of the call it was said in.
pub type Script = Vec<(u64, SimEvent)>;

thread_local! {
    /// What was noted, or is to be played.
    pub static SCRIPT: RefCell<Script> = const { RefCell::new(Vec::new()) };
}

/// The shipped engine with an executor that is noted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WithNoted;

/// The shipped engine with one that plays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WithScripted;

impl Components for WithNoted {
    type Strategy = <Shipped as Components>::Strategy;
    type Fills = Skellam;
    type Executor = Noted<Skellam>;
}

impl Components for WithScripted {
    type Strategy = <Shipped as Components>::Strategy;
    type Fills = Skellam;
    type Executor = Scripted;
}

/// The paper executor, noted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Noted<F: FillModel> {
    paper: Paper<F>,
    calls: u64,
}

/// What happens to orders stands in the script, whatever the market does.
#[derive(Debug, Serialize, Deserialize)]
pub struct Scripted {
    orders: Vec<View>,
    /// Orders and what is to replace them.
    changes: Vec<(u64, u64)>,
    /// Numbers given out.
    sent: u64,
    calls: u64,
    /// Place in the script.
    at: usize,
}

impl<F: FillModel> Noted<F> {
    /// The paper executor for one call, and where what it says goes.
    fn call<'a>(
        &'a mut self,
        out: &'a mut impl FnMut(SimEvent),
    ) -> (&'a mut Paper<F>, impl FnMut(SimEvent) + 'a) {
        self.calls += 1;
        let call = self.calls;
        let note = move |e| {
            SCRIPT.with_borrow_mut(|s| s.push((call, e)));
            out(e);
        };
        (&mut self.paper, note)
    }
}

impl Scripted {
    /// Says what the script has for this call.
    fn play(&mut self, out: &mut impl FnMut(SimEvent)) {
        self.calls += 1;
        SCRIPT.with_borrow(|script| {
            while let Some((_, event)) = script.get(self.at).filter(|(call, _)| *call <= self.calls)
            {
                self.at += 1;
                self.follow(event);
                out(*event);
            }
        });
    }

    /// Keeps the list of open orders.
    fn follow(&mut self, event: &SimEvent) {
        let order = |id| move |v: &&mut View| v.id == id;
        match event {
            SimEvent::Fill(f) if f.lane == Lane::Configured => {
                self.orders.iter_mut().find(order(f.id)).expect("an open order").open = f.open;
            }
            SimEvent::Fill(_) | SimEvent::Known(_) => {}
            SimEvent::Order(o) => match o.state {
                OrderState::Sent => {
                    let (id, side, px, open, level) = (o.id, o.side, o.px, o.open, o.level);
                    let view = View { id, side, px, open, level, live: false, cancelling: false };
                    let rank = |v: &View| (v.side as u8, -v.side.sign() * v.px.0, v.id);
                    let at = self.orders.partition_point(|v| rank(v) < rank(&view));
                    self.orders.insert(at, view);
                }
                OrderState::Live => {
                    self.orders.iter_mut().find(order(o.id)).expect("sent before").live = true;
                }
                OrderState::CancelSent => {
                    let known = self.orders.iter_mut().find(order(o.id));
                    known.expect("sent before").cancelling = true;
                }
                _ => {
                    self.orders.retain(|v| v.id != o.id);
                    let mut gone = (o.reason != OrderReason::Replaced).then_some(o.id);
                    while let Some(id) = gone {
                        // What is to replace an order that is gone will be refused.
                        let next = self.changes.iter().rev().find(|c| c.0 == id).map(|c| c.1);
                        let next = self.orders.iter_mut().find(|v| Some(v.id) == next);
                        gone = next.map(|v| {
                            v.cancelling = true;
                            v.id
                        });
                    }
                }
            },
        }
    }

    fn send(&mut self, out: &mut impl FnMut(SimEvent)) -> Result<u64, Full> {
        self.play(out);
        self.sent += 1;
        Ok(self.sent)
    }
}

impl<F: FillModel> Executor<F> for Noted<F> {
    fn new(set: SimSettings<'_, F>, rules: Rules, seed: u64) -> Noted<F> {
        SCRIPT.with_borrow_mut(Vec::clear);
        Noted { paper: Paper::new(set, rules, seed), calls: 0 }
    }

    fn submit(
        &mut self,
        set: SimSettings<'_, F>,
        leaves: Ns,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        let (paper, mut out) = self.call(out);
        paper.submit(set, leaves, new, &mut out)
    }

    fn modify(
        &mut self,
        set: SimSettings<'_, F>,
        leaves: Ns,
        id: u64,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        let (paper, mut out) = self.call(out);
        paper.modify(set, leaves, id, new, &mut out)
    }

    fn cancel(
        &mut self,
        set: SimSettings<'_, F>,
        leaves: Ns,
        id: u64,
        why: OrderReason,
        out: &mut impl FnMut(SimEvent),
    ) {
        let (paper, mut out) = self.call(out);
        paper.cancel(set, leaves, id, why, &mut out);
    }

    fn open(&self, side: Side) -> impl Iterator<Item = View> + '_ {
        self.paper.open(side)
    }

    fn on_up(&mut self) {
        self.paper.on_up();
    }

    fn on_gap(
        &mut self,
        set: SimSettings<'_, F>,
        now: Ns,
        upto: Ns,
        out: &mut impl FnMut(SimEvent),
    ) {
        let (paper, mut out) = self.call(out);
        paper.on_gap(set, now, upto, &mut out);
    }

    fn on_end(&mut self, set: SimSettings<'_, F>, out: &mut impl FnMut(SimEvent)) {
        let (paper, mut out) = self.call(out);
        paper.on_end(set, &mut out);
    }

    fn hear(&mut self, set: SimSettings<'_, F>, now: Ns, out: &mut impl FnMut(SimEvent)) {
        let (paper, mut out) = self.call(out);
        paper.hear(set, now, &mut out);
    }

    fn on_bbo(&mut self, set: SimSettings<'_, F>, bbo: &Bbo, out: &mut impl FnMut(SimEvent)) {
        let (paper, mut out) = self.call(out);
        paper.on_bbo(set, bbo, &mut out);
    }

    fn on_book(
        &mut self,
        set: SimSettings<'_, F>,
        book: &Snapshot,
        out: &mut impl FnMut(SimEvent),
    ) {
        let (paper, mut out) = self.call(out);
        paper.on_book(set, book, &mut out);
    }

    fn on_prints(
        &mut self,
        set: SimSettings<'_, F>,
        prints: &[Trade],
        out: &mut impl FnMut(SimEvent),
    ) {
        let (paper, mut out) = self.call(out);
        paper.on_prints(set, prints, &mut out);
    }

    fn on_over(&mut self, set: SimSettings<'_, F>, block: Ns, out: &mut impl FnMut(SimEvent)) {
        let (paper, mut out) = self.call(out);
        paper.on_over(set, block, &mut out);
    }
}

impl<F: FillModel> Executor<F> for Scripted {
    fn new(_: SimSettings<'_, F>, _: Rules, _: u64) -> Scripted {
        Scripted { orders: Vec::new(), changes: Vec::new(), sent: 0, calls: 0, at: 0 }
    }

    fn submit(
        &mut self,
        _: SimSettings<'_, F>,
        _: Ns,
        _: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        self.send(out)
    }

    fn modify(
        &mut self,
        _: SimSettings<'_, F>,
        _: Ns,
        id: u64,
        _: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        if let Some(old) = self.orders.iter_mut().find(|v| v.id == id) {
            old.cancelling = true;
        }
        let new = self.send(out)?;
        self.changes.push((id, new));
        Ok(new)
    }

    fn cancel(
        &mut self,
        _: SimSettings<'_, F>,
        _: Ns,
        _: u64,
        _: OrderReason,
        out: &mut impl FnMut(SimEvent),
    ) {
        self.play(out);
    }

    fn open(&self, side: Side) -> impl Iterator<Item = View> + '_ {
        self.orders.iter().copied().filter(move |v| v.side == side)
    }

    fn on_up(&mut self) {}

    fn on_gap(&mut self, _: SimSettings<'_, F>, _: Ns, _: Ns, out: &mut impl FnMut(SimEvent)) {
        self.play(out);
    }

    fn on_end(&mut self, _: SimSettings<'_, F>, out: &mut impl FnMut(SimEvent)) {
        self.play(out);
    }

    fn hear(&mut self, _: SimSettings<'_, F>, _: Ns, out: &mut impl FnMut(SimEvent)) {
        self.play(out);
    }

    fn on_bbo(&mut self, _: SimSettings<'_, F>, _: &Bbo, out: &mut impl FnMut(SimEvent)) {
        self.play(out);
    }

    fn on_book(&mut self, _: SimSettings<'_, F>, _: &Snapshot, out: &mut impl FnMut(SimEvent)) {
        self.play(out);
    }

    fn on_prints(&mut self, _: SimSettings<'_, F>, _: &[Trade], out: &mut impl FnMut(SimEvent)) {
        self.play(out);
    }

    fn on_over(&mut self, _: SimSettings<'_, F>, _: Ns, out: &mut impl FnMut(SimEvent)) {
        self.play(out);
    }
}
