//! The paper executor: own orders against the market as it was published.
//!
//! In: decisions, the market. Out: fills and order states of the fill simulation. Hot path.
//!
//! 1. The market is taken in the order in which the venue did it, block by block, with a book of the
//!    executor's own ([`super::hold`]); orders arrive, cancel and fill in that order. Quotes are made
//!    from the newest book and do not wait.
//! 2. What could not be taken in that order is counted: prints that came too late, blocks that had to
//!    be taken early for want of room.

use serde::{Deserialize, Serialize};

use super::config::{Order, Settings};
use super::executor::Executor;
use super::hold::{Hold, Takes};
use super::model::FillModel;
use super::order::NEVER;
use super::orders::{Full, NewOrder, Sim, SimEvent, View};
use crate::book::Book;
use crate::event::own::{Late, OrderReason};
use crate::event::{Bbo, Snapshot, Trade};
use crate::limits::ORDERS_MAX;
use crate::units::Ns;
use crate::units::rules::Rules;

/// The simulator, a book in the venue's order, and what waits for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Paper<F: FillModel> {
    sim: Sim<F>,
    book: Book,
    hold: Hold,
    late: Late,
}

impl<F: FillModel> Paper<F> {
    /// An executor around a simulator, on a link that is up.
    #[must_use]
    pub fn around(sim: Sim<F>) -> Paper<F> {
        let mut book = Book::default();
        book.on_up();
        Paper { sim, book, hold: Hold::new(), late: Late::default() }
    }

    /// The simulator: for orders of a fixed schedule.
    pub fn sim(&mut self) -> &mut Sim<F> {
        &mut self.sim
    }

    /// How long messages wait, ns; none where they are taken as they come.
    fn wait_ns(set: Settings<'_, F>) -> Option<i64> {
        let waits = set.sim.order == Order::Block && set.sim.hold_ms > 0;
        waits.then_some(set.sim.hold_ms * Ns::MS)
    }

    /// Takes what has waited long enough.
    fn go_on(&mut self, set: Settings<'_, F>, now: Ns, out: &mut impl FnMut(SimEvent)) {
        if let Some(upto) = Self::wait_ns(set).and_then(|wait| self.hold.due(now, wait)) {
            self.take(set, upto, out);
        }
    }

    /// Takes the oldest block that waits before its time; false where none does.
    fn take_early(&mut self, set: Settings<'_, F>, out: &mut impl FnMut(SimEvent)) -> bool {
        let Some(oldest) = self.hold.next() else { return false };
        self.late.blocks += 1;
        self.take(set, oldest, out);
        true
    }

    /// Takes all that waits of blocks up to `upto`, in the venue's order.
    fn take(&mut self, set: Settings<'_, F>, upto: Ns, out: &mut impl FnMut(SimEvent)) {
        let Paper { sim, book, hold, late } = self;
        hold.take(upto, &mut Taking { sim, book, late, set, out });
    }
}

/// What is let go goes to the simulator and to its book.
struct Taking<'a, F: FillModel, O> {
    sim: &'a mut Sim<F>,
    book: &'a mut Book,
    late: &'a mut Late,
    set: Settings<'a, F>,
    out: &'a mut O,
}

impl<F: FillModel, O: FnMut(SimEvent)> Takes for Taking<'_, F, O> {
    fn prints(&mut self, prints: &[Trade]) {
        // Within a block prints come first: what shows their block was not to be taken before them.
        if self.book.time().is_some_and(|newest| prints.iter().any(|p| p.time <= newest)) {
            self.late.prints += prints.len() as u64;
        }
        self.sim.on_prints(self.set, prints, self.book, self.out);
    }

    fn bbo(&mut self, bbo: &Bbo) {
        on_bbo(self.sim, self.book, self.set, bbo, self.out);
    }

    fn book(&mut self, book: &Snapshot) {
        on_book(self.sim, self.book, self.set, book, self.out);
    }

    fn over(&mut self, block: Ns) {
        self.sim.block_over(self.set, block, self.book, self.out);
        (self.out)(SimEvent::Known(block));
    }
}

/// Ages of the executor's book are those of blocks: when a message came is nothing to it.
fn on_bbo<F: FillModel>(
    sim: &mut Sim<F>,
    book: &mut Book,
    set: Settings<'_, F>,
    bbo: &Bbo,
    out: &mut impl FnMut(SimEvent),
) {
    sim.before(set, bbo.time, book, out);
    if book.on_bbo(bbo.time, bbo) {
        sim.after(set, bbo.time, book, out);
    }
}

fn on_book<F: FillModel>(
    sim: &mut Sim<F>,
    book: &mut Book,
    set: Settings<'_, F>,
    snapshot: &Snapshot,
    out: &mut impl FnMut(SimEvent),
) {
    sim.before(set, snapshot.time, book, out);
    book.on_snapshot(snapshot.time, snapshot);
    sim.after(set, snapshot.time, book, out);
}

impl<F: FillModel> Executor<F> for Paper<F> {
    fn new(set: Settings<'_, F>, rules: Rules, seed: u64) -> Paper<F> {
        Paper::around(Sim::new(set, rules, ORDERS_MAX, seed))
    }

    fn submit(
        &mut self,
        set: Settings<'_, F>,
        leaves: Ns,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        self.sim.submit(set, leaves, new, out)
    }

    fn modify(
        &mut self,
        set: Settings<'_, F>,
        leaves: Ns,
        id: u64,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full> {
        self.sim.modify(set, leaves, id, new, out)
    }

    fn cancel(
        &mut self,
        set: Settings<'_, F>,
        leaves: Ns,
        id: u64,
        why: OrderReason,
        out: &mut impl FnMut(SimEvent),
    ) {
        self.sim.cancel(set, leaves, id, why, out);
    }

    fn refuse_next(&mut self) {
        self.sim.refuse_next();
    }

    fn open(&self) -> impl Iterator<Item = View> + '_ {
        self.sim.open()
    }

    fn late(&self) -> Late {
        self.late
    }

    fn on_up(&mut self) {
        self.book.on_up();
        self.hold.clear();
    }

    fn on_gap(&mut self, set: Settings<'_, F>, now: Ns, upto: Ns, out: &mut impl FnMut(SimEvent)) {
        // What is of a block after it happened to no order of ours.
        self.take(set, upto, out);
        self.sim.void(now, upto, out);
    }

    fn on_end(&mut self, set: Settings<'_, F>, out: &mut impl FnMut(SimEvent)) {
        self.take(set, NEVER, out);
    }

    fn on_bbo(&mut self, set: Settings<'_, F>, now: Ns, bbo: &Bbo, out: &mut impl FnMut(SimEvent)) {
        self.sim.hear();
        if Self::wait_ns(set).is_none() {
            on_bbo(&mut self.sim, &mut self.book, set, bbo, out);
            return out(SimEvent::Known(bbo.time));
        }
        while self.hold.push_bbo(now, bbo).is_err() && self.take_early(set, out) {}
        self.go_on(set, now, out);
    }

    fn on_book(
        &mut self,
        set: Settings<'_, F>,
        now: Ns,
        book: &Snapshot,
        out: &mut impl FnMut(SimEvent),
    ) {
        self.sim.hear();
        if Self::wait_ns(set).is_none() {
            on_book(&mut self.sim, &mut self.book, set, book, out);
            return out(SimEvent::Known(book.time));
        }
        while self.hold.push_book(now, book).is_err() && self.take_early(set, out) {}
        self.go_on(set, now, out);
    }

    fn on_prints(
        &mut self,
        set: Settings<'_, F>,
        now: Ns,
        prints: &[Trade],
        out: &mut impl FnMut(SimEvent),
    ) {
        self.sim.hear();
        if Self::wait_ns(set).is_none() {
            return self.sim.on_prints(set, prints, &self.book, out);
        }
        for block in prints.chunk_by(|a, b| a.time == b.time) {
            while self.hold.push_prints(now, block).is_err() && self.take_early(set, out) {}
        }
        self.go_on(set, now, out);
    }

    fn on_ping(&mut self, ns: i64) {
        self.sim.pinged(ns);
    }

    fn on_time(&mut self, set: Settings<'_, F>, now: Ns, out: &mut impl FnMut(SimEvent)) {
        self.go_on(set, now, out);
    }
}
