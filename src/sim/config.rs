//! Settings of the fill simulation.
//!
//! In: the configuration file. Out: plain values. Cold path.

use super::fees::Fees;
pub use super::latency::Latency;
use super::model::{Bias, FillModel, NoSettings};
pub use super::models::Model;
use super::models::skellam::Skellam;
use super::models::{Configs, ModelConfigs};
use crate::book;
use crate::event::own::LANES;
use crate::settings::{choices, settings};
use crate::units::Ns;

choices! {
    /// Which order of events inside a block the queue is advanced by.
    pub enum Order = Block {
        /// Prints of a block before its best prices and snapshots, whatever arrived first: the
        /// venue's own order, since it publishes the state after the block.
        Block = "block",
        /// As the messages arrived: for tapes that are written in the order of matching.
        Arrival = "arrival",
    }
}

choices! {
    /// What becomes of an own order where the other side is displayed at its price or better. With the
    /// order in the book an arriving one trades with it, unless it is post-only: then the venue
    /// refuses it, and what is displayed could not stand there.
    pub enum Crossing = Mixed {
        /// It fills up to what is displayed: nobody is post-only.
        Displayed = "displayed",
        /// It fills by prints at its price or beyond, of either aggressor, that follow within
        /// `crossing_ms`: everybody is post-only.
        UntilPrint = "until-print",
        /// It does not fill by that.
        None = "none",
        /// `displayed` with the chance that one of the orders displayed is not post-only, given that
        /// `gtc_share` of all are not; else `until-print`.
        Mixed = "mixed",
    }
}

settings! {
    /// Settings of the fill simulation.
    pub struct Config: Copy {
        /// Fill model that decides and learns.
        model: Model = Model::Skellam;
        /// Where the model stands between its brackets: 0: every cancel is ahead of us, 0.5: the
        /// model itself, 1: every cancel is behind us. Between them it leans in proportion.
        conservatism: f64 = 0.5, 0.0..=1.0;
        /// Whether the two brackets are run beside it; without them a run costs less.
        brackets: bool = true;
        /// The lower of the two brackets reported beside it.
        pessimistic: Model = Model::Through;
        /// The upper one.
        optimistic: Model = Model::Touch;
        /// What a displayed opposite side does to own orders under the configured model.
        crossing: Crossing = Crossing::Mixed;
        /// The same in the lower bracket: by prints that follow, orders are filled too often where everybody is
        /// post-only.
        crossing_pessimistic: Crossing = Crossing::None;
        /// The same in the upper one.
        crossing_optimistic: Crossing = Crossing::Displayed;
        /// Share of resting orders that are not post-only. No public data tell it.
        gtc_share: f64 = 0.05, 0.0..=1.0;
        /// Time within which prints have to follow.
        crossing_ms: u32 = 5_000, 0..=600_000, "ms";
        /// Settings of the models that have any, whichever lane runs them.
        models: ModelConfigs = ModelConfigs::default();
        /// Order of events inside a block.
        order: Order = Order::Block;
        /// Least time from a block's stamp to its receipt here. No feed tells it apart from an
        /// offset of the clocks, so it is assumed; every order and cancel takes as much longer.
        feed_ms: u32 = 200, 0..=10_000, "ms";
        /// How long a message waits for those of earlier blocks, and prints for no longer than that, in
        /// the order `block`: 0: not at all. Of the recorded prints, 16 to 23 of a hundred come after
        /// a state of a later block; after half a second 2 to 60 of ten thousand still do.
        hold_ms: i64 = 500, 0..=5_000, "ms";
        /// Delay of new and changed orders at the venue; all that is sent at one time is one action and
        /// has one delay. The venue's own figures: median 0.2 s, p99 0.9 s co-located.
        entry: Latency = Latency::ShiftedExponential { base_ms: 150, mean_ms: 100 };
        /// The same of cancels, which the venue takes first where they ask for it (`f`). Nobody has
        /// published a measurement: the same floor and half the tail are assumed.
        cancel: Latency = Latency::ShiftedExponential { base_ms: 150, mean_ms: 50 };
        /// Round trip to the venue until one was timed on the link, or for good where a recording
        /// has none: half of it comes on top of every delay.
        ping_ms: u32 = 100, 0..=60_000, "ms";
        /// Scale of all these delays: what the result would be closer to the venue, or farther off.
        latency_pct: u32 = 100, 0..=1_000, "percent";
        /// What decides the account's fees.
        fees: Fees = Fees::default();
        /// Whether the venue's tick, lot and minimum-value rules are enforced.
        venue_rules: bool = true;
        /// Largest share of a taker's printed volume that own orders may take: own orders are not
        /// in the real book, so what they take in numbers would have moved it.
        participation_pct: u8 = 100, 0..=100, "percent";
    }
}

/// Settings lent to a simulator for one call.
#[derive(Debug)]
pub struct Settings<'a, F: FillModel> {
    /// Those of the executor and of the models that come with the engine.
    pub sim: &'a Config,
    /// When a book is too old.
    pub book: &'a book::Config,
    /// Those of the model the program was built with.
    pub own: &'a F::Config,
}

impl<F: FillModel> Clone for Settings<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: FillModel> Copy for Settings<'_, F> {}

impl<'a, F: FillModel> Settings<'a, F> {
    /// What the models get of them.
    pub(super) fn models(self) -> Configs<'a, F> {
        Configs { shipped: &self.sim.models, own: self.own }
    }

    /// What a displayed opposite side does in each lane.
    pub(super) fn crossings(self) -> [Crossing; 3] {
        [self.sim.crossing, self.sim.crossing_pessimistic, self.sim.crossing_optimistic]
    }

    /// The bias of each lane: the brackets are their models as they are.
    pub(super) fn biases(self) -> [Bias; 3] {
        [Bias::of(self.sim.conservatism), Bias::NONE, Bias::NONE]
    }
}

impl Config {
    /// Lanes at work, the configured one first.
    #[must_use]
    pub fn lanes(&self) -> usize {
        if self.brackets { LANES.len() } else { 1 }
    }

    /// How long messages wait to be taken in the venue's order, ns; none where they are taken as they come.
    #[must_use]
    pub fn wait_ns(&self) -> Option<i64> {
        let waits = self.order == Order::Block && self.hold_ms > 0;
        waits.then_some(self.hold_ms * Ns::MS)
    }

    /// The settings of a simulator that is built with no model beside those that come with the
    /// engine, on a book that is too old as `book` says.
    #[must_use]
    pub fn shipped<'a>(&'a self, book: &'a book::Config) -> Settings<'a, Skellam> {
        Settings { sim: self, book, own: &NoSettings {} }
    }
}
