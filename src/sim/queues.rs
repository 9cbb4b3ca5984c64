//! One lane of the executor: a fill model with its state of every own order.
//!
//! In: what happens to orders, by place. Out: sizes filled, left in the orders. Hot path.
//!
//! 1. The states stand in the order of the executor's list, one for each order.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::level::Level;
use super::model::{FillModel, Moment, Orders, Taker};
use super::order::SimOrder;
use super::room::{Full, Room};
use crate::event::Trade;
use crate::event::own::FillReason;
use crate::units::Ns;

/// A model and its state of every own order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Queues<F: FillModel> {
    pub model: F,
    pub queues: Room<F::Queue>,
}

/// Orders `range` of the list, for one lane.
pub(super) struct Run<'a> {
    pub lane: usize,
    pub orders: &'a mut [SimOrder],
    pub range: Range<usize>,
    /// Those that are in the book in this block.
    pub time: Ns,
}

impl<F: FillModel> Queues<F> {
    pub(super) fn new(cfg: &F::Config, places: usize, seed: u64) -> Queues<F> {
        Queues { model: F::new(cfg, seed), queues: Room::new(places) }
    }

    pub(super) fn insert(&mut self, i: usize) -> Result<(), Full> {
        self.queues.insert(i, F::Queue::default())
    }

    pub(super) fn remove(&mut self, i: usize) {
        self.queues.remove(i);
    }

    pub(super) fn on_live(
        &mut self,
        cfg: &F::Config,
        at: &Moment,
        i: usize,
        (id, level): (u64, &Level),
    ) {
        self.queues[i] = self.model.on_live(cfg, at, id, level);
    }

    pub(super) fn on_level(&mut self, cfg: &F::Config, at: &Moment, run: Run<'_>, size: i64) {
        let mut orders = lend(&mut self.queues, run);
        self.model.on_level(cfg, at, &mut orders, size);
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
        for mut o in lend(&mut self.queues, run).iter_mut() {
            let size = self.model.on_print(cfg, print, &mut o);
            o.fill(size, lot, FillReason::Drawn);
        }
    }

    pub(super) fn on_best(&mut self, cfg: &F::Config, at: &Moment, was: &Level, size: i64) {
        self.model.on_best(cfg, at, was, size);
    }
}

fn lend<'a, Q>(queues: &'a mut Room<Q>, run: Run<'a>) -> Orders<'a, Q> {
    let Run { lane, orders, range, time } = run;
    Orders { lane, time, orders: &mut orders[range.clone()], queues: &mut queues[range] }
}
