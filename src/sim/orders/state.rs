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
use crate::sim::order::{NEVER, NewOrder, SimEvent, SimOrder};
use crate::sim::room::{Full, List, Slots};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side, Sz};

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
    pub(super) orders: Slots<SimOrder>,
    /// By side, the slots of all that are not out: best price first, earliest first.
    pub(super) open: [List<usize>; 2],
    /// By side, the slots of those in the book, in the same order.
    pub(super) live: [List<usize>; 2],
    /// The slots of the newest orders, by the last bits of their numbers; none once they are out.
    by_id: Vec<usize>,
    /// What is still to arrive or to be cancelled, by slot: soonest first, then in the same order.
    pub(super) due: List<(Ns, usize)>,
    /// The configured model, and its brackets where there are any.
    pub(super) lanes: ArrayVec<AnyQueues<F>, { LANES.len() }>,
    pub(super) next_id: u64,
    /// Messages of the market so far, which name what is drawn of an action.
    pub(super) heard: u64,
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
    /// Of what is drawn of actions and crossings.
    pub(super) seed: u64,
    /// By side: the book crosses own orders.
    pub(super) crosses: [bool; 2],
    /// The block whose messages are applied once its prints are in: the book is as they left it.
    pub(super) unread: Option<Ns>,
    /// By side: what a message says behind the best own price changes nothing.
    #[serde(skip)]
    pub(super) calm: [bool; 2],
    /// Block time of the newest book, and its mid.
    pub(super) mid: (Ns, Option<Mid2>),
    pub(super) mid_before: Option<Mid2>,
}

impl<F: FillModel> Sim<F> {
    /// An executor with room for `places` orders, live or on their way.
    #[must_use]
    pub fn new(set: Settings<'_, F>, rules: Rules, places: usize, seed: u64) -> Sim<F> {
        let models = [set.sim.model, set.sim.pessimistic, set.sim.optimistic];
        let none = NewOrder { side: Side::Buy, px: Px(0), sz: Sz(0), level: 0 };
        let lane = |model: Model| AnyQueues::new(set.models(), model, places, seed);
        Sim {
            rules,
            alone: false,
            orders: Slots::new(places, SimOrder::new(0, none, Ns(0), Ns(0))),
            open: [List::new(places), List::new(places)],
            live: [List::new(places), List::new(places)],
            by_id: vec![usize::MAX; places.next_power_of_two()],
            due: List::new(places),
            lanes: models.into_iter().take(set.sim.lanes()).map(lane).collect(),
            next_id: 1,
            heard: 0,
            actions: [Action::NONE; 2],
            refuses: false,
            ping: None,
            best: [Best::default(); 2],
            crossed: [[0; 3]; 2],
            until: Ns(i64::MIN),
            seed: mix(seed),
            crosses: [false; 2],
            unread: None,
            calm: [false; 2],
            mid: (Ns(i64::MIN), None),
            mid_before: None,
        }
    }

    /// Judges each order as if it were the only one of ours: orders do not share printed volume.
    /// For schedules of orders that measure a model.
    #[must_use]
    pub fn each_alone(self) -> Sim<F> {
        Sim { alone: true, ..self }
    }

    pub(super) fn insert(&mut self, own: SimOrder) -> Result<(), Full> {
        let slot = self.orders.insert(own)?;
        let s = own.req.side.index();
        let at = self.rank(&self.open[s], &own);
        self.open[s].insert(at, slot);
        let place = self.place(own.id);
        self.by_id[place] = slot;
        self.lanes.iter_mut().for_each(|lane| lane.put(slot));
        self.expect(slot);
        Ok(())
    }

    /// Where the slot of an order is looked for first.
    fn place(&self, id: u64) -> usize {
        usize::try_from(id % self.by_id.len() as u64).unwrap_or(0)
    }

    /// How many of the orders in these slots, all of its side, come before `own`.
    pub(super) fn rank(&self, slots: &[usize], own: &SimOrder) -> usize {
        let key = own.key();
        slots.partition_point(|slot| self.orders[*slot].key() < key)
    }

    /// Notes when an order's next change is due, if it is.
    pub(super) fn expect(&mut self, slot: usize) {
        let o = &self.orders[slot];
        let (due, key) = (o.due(), o.key());
        let after = |(at, other): &&(Ns, usize)| {
            *at > due || (*at == due && self.orders[*other].key() > key)
        };
        let at = self.due.len() - self.due.iter().rev().take_while(after).count();
        if due != NEVER {
            self.due.insert(at, (due, slot));
        }
    }

    pub(super) fn remove(&mut self, slot: usize) -> &SimOrder {
        let SimOrder { id, live, req, .. } = self.orders[slot];
        let (s, place) = (req.side.index(), self.place(id));
        if self.by_id[place] == slot {
            self.by_id[place] = usize::MAX;
        }
        if live {
            self.live[s].take(|s| *s == slot);
        }
        self.open[s].take(|s| *s == slot);
        self.due.take(|(_, s)| *s == slot);
        self.orders.remove(slot)
    }

    /// Takes out an order that nothing replaced: what was to replace it will be refused, and nothing is to
    /// count on it.
    pub(super) fn end(&mut self, slot: usize) -> &SimOrder {
        let mut gone = slot;
        while self.orders[gone].changing {
            let id = self.orders[gone].id;
            let follows = |slot: &usize| {
                let o = &self.orders[*slot];
                o.replaces == id && !o.live
            };
            let Some(next) = self.slots().find(follows) else { break };
            self.orders[next].changing = true;
            gone = next;
        }
        self.remove(slot)
    }

    /// The slots of the orders that are not out: bids first, best price first, earliest first.
    pub(super) fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        self.open.iter().flat_map(|side| side.iter().copied())
    }

    /// The slot of the order with this number.
    pub(super) fn slot(&self, id: u64) -> Option<usize> {
        let first = self.by_id[self.place(id)];
        if self.orders.get(first).is_some_and(|o| o.id == id) {
            return Some(first);
        }
        self.slots().find(|slot| self.orders[*slot].id == id)
    }

    pub(super) fn drop_filled(&mut self, t: Ns, out: &mut impl FnMut(SimEvent)) {
        for side in 0..2 {
            let mut i = 0;
            while let Some(slot) = self.live[side].get(i).copied() {
                if self.orders[slot].is_done() {
                    let o = self.end(slot);
                    out(SimEvent::Order(o.state(OrderState::Filled, OrderReason::None, t)));
                } else {
                    i += 1;
                }
            }
        }
    }
}
