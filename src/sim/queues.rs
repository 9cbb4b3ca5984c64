//! One lane of the executor: a fill model with its state of every own order.
//!
//! In: what happens to orders, by slot. Out: sizes filled, left in the orders. Hot path.
//!
//! 1. The state of an order has the slot of the order.

use serde::{Deserialize, Serialize};

use super::level::Level;
use super::model::{FillModel, Moment, Orders, Taker};
use super::order::SimOrder;
use crate::event::Trade;
use crate::event::own::FillReason;
use crate::units::Ns;

/// A model and its state of every own order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Queues<F: FillModel> {
    pub model: F,
    pub queues: Vec<F::Queue>,
}

/// The orders in the slots `order`, for one lane.
pub(super) struct Run<'a> {
    pub lane: usize,
    pub order: &'a [usize],
    /// All orders, by slot.
    pub rows: &'a mut [SimOrder],
    /// Those that are in the book in this block.
    pub time: Ns,
}

impl<F: FillModel> Queues<F> {
    pub(super) fn new(cfg: &F::Config, places: usize, seed: u64) -> Queues<F> {
        Queues { model: F::new(cfg, seed), queues: vec![F::Queue::default(); places] }
    }

    /// An order has come into a slot.
    pub(super) fn put(&mut self, slot: usize) {
        self.queues[slot] = F::Queue::default();
    }

    pub(super) fn on_live(
        &mut self,
        cfg: &F::Config,
        at: &Moment,
        slot: usize,
        (name, level): (u64, &Level),
    ) {
        self.queues[slot] = self.model.on_live(cfg, at, name, level);
    }

    /// The level of the orders in `run` displays `size` now.
    pub(super) fn on_level(&mut self, cfg: &F::Config, at: &Moment, run: Run<'_>, size: i64) {
        self.model.on_level(cfg, at, &mut lend(&mut self.queues, run), size);
    }

    pub(super) fn on_taker(
        &mut self,
        cfg: &F::Config,
        at: &Moment,
        run: Run<'_>,
        taker: &mut Taker,
    ) {
        let mut orders = lend(&mut self.queues, run);
        self.model.on_taker(cfg, at, &mut orders, taker);
    }

    pub(super) fn on_print(&mut self, cfg: &F::Config, print: &Trade, lot: i64, run: Run<'_>) {
        let model = &mut self.model;
        lend(&mut self.queues, run).each(|mut o| {
            let size = model.on_print(cfg, print, &mut o);
            o.fill(size, lot, FillReason::Drawn);
        });
    }

    pub(super) fn on_best(&mut self, cfg: &F::Config, at: &Moment, was: &Level, size: i64) {
        self.model.on_best(cfg, at, was, size);
    }
}

fn lend<'a, Q>(queues: &'a mut [Q], run: Run<'a>) -> Orders<'a, Q> {
    let Run { lane, order, rows, time } = run;
    Orders { lane, time, order, rows, queues }
}
