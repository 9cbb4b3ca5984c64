//! The simulated executor's state: own orders of one coin, what the models hold of them, what is held
//! back.
//!
//! In: orders and their places. Out: [`Sim`], which the files beside this one drive. Hot path: fixed
//! capacity, integers.

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use crate::event::own::{LANES, OrderReason, OrderState};
use crate::math::seed::mix;
use crate::sim::config::{Model, Settings};
use crate::sim::latency::Action;
use crate::sim::level::Level;
use crate::sim::model::FillModel;
use crate::sim::models::AnyQueues;
use crate::sim::models::skellam::Skellam;
use crate::sim::order::{NEVER, SimEvent, SimOrder};
use crate::sim::room::{Full, Room};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side};

/// The best level of a side, which models may learn from.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Best {
    pub(super) px: Px,
    pub(super) level: Level,
    /// Size displayed since and when, held back until the prints of the block are in.
    pub(super) held: Option<(Ns, i64)>,
}

/// The executor. `F` is the fill model the program was built with, which runs in the lanes that
/// choose [`Model::Own`]; the others run what they choose among the models of the engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Sim<F: FillModel = Skellam> {
    pub(super) rules: Rules,
    /// Each order is judged as if it were the only one.
    pub(super) alone: bool,
    pub(super) orders: Room<SimOrder>,
    /// The configured model, and its brackets where there are any.
    pub(super) lanes: ArrayVec<AnyQueues<F>, { LANES.len() }>,
    pub(super) next_id: u64,
    #[serde(with = "crate::math::seed")]
    pub(super) rng: fastrand::Rng,
    /// The newest actions: of orders, of cancels.
    pub(super) actions: [Action; 2],
    /// The next request is refused.
    #[serde(skip)]
    pub(super) refuses: bool,
    /// Round trip to the venue, ns, where one was timed.
    pub(super) ping: Option<i64>,
    pub(super) best: [Best; 2],
    /// Taken of the crossing side in each lane, while the book crosses own orders of a side.
    pub(super) crossed: [[i64; 3]; 2],
    /// Prints up to then may confirm a crossing.
    pub(super) until: Ns,
    /// Of what is drawn of crossings.
    pub(super) seed: u64,
    /// Something is held back for the prints of its block.
    pub(super) holding: bool,
    /// By side: what a message says behind the best own price changes nothing.
    #[serde(skip)]
    pub(super) calm: [bool; 2],
    /// Block time of the newest book, and its mid.
    pub(super) mid: (Ns, Option<Mid2>),
    pub(super) mid_before: Option<Mid2>,
    /// Earliest arrival or cancel that is still to take effect.
    pub(super) next: Ns,
}

impl<F: FillModel> Sim<F> {
    /// An executor with room for `places` orders, live or on their way.
    #[must_use]
    pub fn new(set: Settings<'_, F>, rules: Rules, places: usize, seed: u64) -> Sim<F> {
        let models = [set.sim.model, set.sim.pessimistic, set.sim.optimistic];
        let lane = |model: Model| AnyQueues::new(set.models(), model, places, seed);
        Sim {
            rules,
            alone: false,
            orders: Room::new(places),
            lanes: models.into_iter().take(set.sim.lanes()).map(lane).collect(),
            next_id: 1,
            rng: fastrand::Rng::with_seed(seed),
            actions: [Action::NONE; 2],
            refuses: false,
            ping: None,
            best: [Best::default(); 2],
            crossed: [[0; 3]; 2],
            until: Ns(i64::MIN),
            seed: mix(seed),
            holding: false,
            calm: [false; 2],
            mid: (Ns(i64::MIN), None),
            mid_before: None,
            next: NEVER,
        }
    }

    /// Judges each order as if it were the only one of ours: orders do not share printed volume.
    /// For schedules of orders that measure a model.
    #[must_use]
    pub fn each_alone(self) -> Sim<F> {
        Sim { alone: true, ..self }
    }

    pub(super) fn insert(&mut self, own: SimOrder) -> Result<(), Full> {
        let at = self.orders.partition_point(|o| o.key() < own.key());
        self.orders.insert(at, own)?;
        for lane in &mut self.lanes {
            lane.insert(at)?;
        }
        self.next = Ns(self.next.0.min(own.arrive.0));
        Ok(())
    }

    pub(super) fn remove(&mut self, i: usize) -> SimOrder {
        self.lanes.iter_mut().for_each(|l| l.remove(i));
        self.orders.remove(i)
    }

    pub(super) fn drop_filled(&mut self, t: Ns, out: &mut impl FnMut(SimEvent)) {
        let mut i = 0;
        while let Some(o) = self.orders.get(i) {
            if o.is_done() {
                out(SimEvent::Order(o.state(OrderState::Filled, OrderReason::None, t)));
                self.remove(i);
            } else {
                i += 1;
            }
        }
    }

    /// Own orders of a side, as places in the list.
    pub(super) fn range(&self, side: Side) -> std::ops::Range<usize> {
        let asks = self.orders.partition_point(|o| o.req.side == Side::Buy);
        match side {
            Side::Buy => 0..asks,
            Side::Sell => asks..self.orders.len(),
        }
    }
}
