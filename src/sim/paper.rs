//! The paper executor: own orders against the market as it was published.
//!
//! In: decisions, the market. Out: fills and order states of the fill simulation. Hot path.

use serde::{Deserialize, Serialize};

use super::config::Settings;
use super::executor::Executor;
use super::model::FillModel;
use super::orders::{Full, NewOrder, Sim, SimEvent, View};
use crate::book::Book;
use crate::event::own::OrderReason;
use crate::event::{Bbo, Snapshot, Trade};
use crate::limits::ORDERS_MAX;
use crate::units::rules::Rules;
use crate::units::{Ns, Px, Side};

/// The simulator with a book of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Paper<F: FillModel> {
    sim: Sim<F>,
    book: Book,
}

impl<F: FillModel> Executor<F> for Paper<F> {
    fn new(set: Settings<'_, F>, rules: Rules, seed: u64) -> Paper<F> {
        Paper { sim: Sim::new(set, rules, ORDERS_MAX, seed), book: Book::default() }
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

    fn open(&self) -> impl Iterator<Item = View> + '_ {
        self.sim.open()
    }

    fn reached(&self, side: Side, worst: Px) -> impl Iterator<Item = View> + '_ {
        self.sim.reached(side, worst)
    }

    fn on_up(&mut self) {
        self.book.on_up();
    }

    fn on_gap(&mut self, _set: Settings<'_, F>, now: Ns, out: &mut impl FnMut(SimEvent)) {
        self.sim.void(now, out);
    }

    fn on_bbo(&mut self, set: Settings<'_, F>, now: Ns, bbo: &Bbo, out: &mut impl FnMut(SimEvent)) {
        self.sim.before(set, bbo.time, &self.book, out);
        if self.book.on_bbo(now, bbo) {
            self.sim.after(set, bbo.time, &self.book, out);
        }
    }

    fn on_book(
        &mut self,
        set: Settings<'_, F>,
        now: Ns,
        book: &Snapshot,
        out: &mut impl FnMut(SimEvent),
    ) {
        self.sim.before(set, book.time, &self.book, out);
        self.book.on_snapshot(now, book);
        self.sim.after(set, book.time, &self.book, out);
    }

    fn on_prints(
        &mut self,
        set: Settings<'_, F>,
        _now: Ns,
        prints: &[Trade],
        out: &mut impl FnMut(SimEvent),
    ) {
        self.sim.on_prints(set, prints, &self.book, out);
    }

    fn on_ping(&mut self, ns: i64) {
        self.sim.pinged(ns);
    }

    fn on_time(&mut self, _set: Settings<'_, F>, _now: Ns, _out: &mut impl FnMut(SimEvent)) {}
}
