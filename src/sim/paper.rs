//! The paper executor: own orders against the market as it was published.
//!
//! In: decisions, the market. Out: fills and order states of the fill simulation. Hot path.
//!
//! 1. The market is taken in the order in which the venue did it, block by block, with a book of the
//!    executor's own ([`super::hold`]); orders arrive, cancel and fill in that order. Quotes are made
//!    from the newest book and do not wait.
//! 2. Prints that came too late to be taken in that order are counted.

use serde::{Deserialize, Serialize};

use super::config::Settings;
use super::executor::{Execute, Executor};
use super::hold::{Batch, Came, Hold};
use super::model::FillModel;
use super::order::NEVER;
use super::orders::{Full, NewOrder, Sim, SimEvent, View};
use crate::book::Book;
use crate::event::own::{Late, OrderReason};
use crate::event::{Bbo, Snapshot, Trade};
use crate::limits::ORDERS_MAX;
use crate::units::rules::Rules;
use crate::units::{Ns, Side};

/// The simulator and a book in the venue's order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Paper<F: FillModel> {
    sim: Sim<F>,
    book: Book,
    late: u64,
}

impl<F: FillModel> Paper<F> {
    /// An executor around a simulator, on a link that is up.
    #[must_use]
    pub fn around(sim: Sim<F>) -> Paper<F> {
        let mut book = Book::default();
        book.on_up();
        Paper { sim, book, late: 0 }
    }

    /// The simulator: for orders of a fixed schedule.
    pub fn sim(&mut self) -> &mut Sim<F> {
        &mut self.sim
    }
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

    fn open(&self, side: Side) -> impl Iterator<Item = View> + '_ {
        self.sim.open(side)
    }

    fn late(&self) -> u64 {
        self.late
    }

    fn on_up(&mut self) {
        self.book.on_up();
    }

    fn on_gap(&mut self, _: Settings<'_, F>, now: Ns, upto: Ns, out: &mut impl FnMut(SimEvent)) {
        self.sim.void(now, upto, out);
    }

    fn hear(&mut self, _: Settings<'_, F>, _: Ns, _: &mut impl FnMut(SimEvent)) {
        self.sim.hear();
    }

    /// Ages of its book are those of blocks: when a message came is nothing to it.
    fn on_bbo(&mut self, set: Settings<'_, F>, bbo: &Bbo, out: &mut impl FnMut(SimEvent)) {
        let Paper { sim, book, .. } = self;
        sim.before(set, bbo.time, book, out);
        if book.on_bbo(bbo.time, bbo) {
            sim.after(set, bbo.time, book, out);
        }
        if set.sim.wait_ns().is_none() {
            out(SimEvent::Known(bbo.time));
        }
    }

    fn on_book(&mut self, set: Settings<'_, F>, shown: &Snapshot, out: &mut impl FnMut(SimEvent)) {
        let Paper { sim, book, .. } = self;
        sim.before(set, shown.time, book, out);
        book.on_snapshot(shown.time, shown);
        sim.after(set, shown.time, book, out);
        if set.sim.wait_ns().is_none() {
            out(SimEvent::Known(shown.time));
        }
    }

    fn on_prints(
        &mut self,
        set: Settings<'_, F>,
        prints: &[Trade],
        out: &mut impl FnMut(SimEvent),
    ) {
        // Within a block prints come first: what shows their block was not to be taken before them.
        let shown = self.book.time().filter(|_| set.sim.wait_ns().is_some());
        if shown.is_some_and(|newest| prints.iter().any(|p| p.time <= newest)) {
            self.late += prints.len() as u64;
        }
        self.sim.on_prints(set, prints, &self.book, out);
    }

    fn on_over(&mut self, set: Settings<'_, F>, block: Ns, out: &mut impl FnMut(SimEvent)) {
        self.sim.block_over(set, block, &self.book, out);
        out(SimEvent::Known(block));
    }

    fn on_ping(&mut self, ns: i64) {
        self.sim.pinged(ns);
    }
}

/// A paper executor with what waits for it: for tapes without an engine.
#[derive(Clone, Debug)]
pub struct InOrder<F: FillModel> {
    /// The executor.
    pub paper: Paper<F>,
    hold: Hold,
    early: u64,
}

impl<F: FillModel> InOrder<F> {
    /// An executor around a simulator, on a link that is up.
    #[must_use]
    pub fn around(sim: Sim<F>) -> InOrder<F> {
        InOrder { paper: Paper::around(sim), hold: Hold::default(), early: 0 }
    }

    /// A message of the market came at `now`, on the session clock.
    pub fn on(
        &mut self,
        set: Settings<'_, F>,
        now: Ns,
        came: Came<'_>,
        out: &mut impl FnMut(SimEvent),
    ) {
        let InOrder { paper, hold, early } = self;
        paper.hear(set, now, out);
        let mut execute = Execute { exec: paper, set, out };
        let batch = hold.on(now, set.sim.wait_ns(), came, |hold, oldest| {
            *early += 1;
            hold.show(oldest, &mut execute);
        });
        hold.show(batch, &mut execute);
        hold.drop(batch);
    }

    /// The session clock is at `now`.
    #[cfg(any(test, feature = "lab"))]
    pub fn on_time(&mut self, set: Settings<'_, F>, now: Ns, out: &mut impl FnMut(SimEvent)) {
        let batch = self.hold.due(now, set.sim.wait_ns());
        self.take(set, batch, out);
    }

    /// Trades up to block `upto` were lost.
    pub fn on_gap(&mut self, set: Settings<'_, F>, upto: Ns, out: &mut impl FnMut(SimEvent)) {
        self.take(set, Batch::Upto(upto), out);
        self.paper.on_gap(set, upto, upto, out);
    }

    /// Nothing more comes.
    pub fn on_end(&mut self, set: Settings<'_, F>, out: &mut impl FnMut(SimEvent)) {
        self.take(set, Batch::Upto(NEVER), out);
    }

    /// What could not be taken in the venue's order.
    #[must_use]
    pub fn late(&self) -> Late {
        Late { prints: self.paper.late, blocks: self.early }
    }

    fn take(&mut self, set: Settings<'_, F>, batch: Batch<'_>, out: &mut impl FnMut(SimEvent)) {
        self.hold.show(batch, &mut Execute { exec: &mut self.paper, set, out });
        self.hold.drop(batch);
    }
}
