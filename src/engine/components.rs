//! What an engine is made of where users may choose: one bundle of types.
//!
//! In: nothing. Out: types. Hot path: no box,
//! an engine is compiled for each bundle.

use std::fmt::Debug;

use crate::quote::{AnyStrategy, Strategy};
use crate::sim::executor::Executor;
use crate::sim::model::FillModel;
use crate::sim::models::skellam::Skellam;
use crate::sim::paper::Paper;

/// The parts of an engine that a program can bring along.
///
/// The whole of a program of one's own:
/// `papermaker::main_with::<MyComponents>()`.
pub trait Components: Copy + Debug + Default + PartialEq + Send + Sync + 'static {
    /// What decides the ladder.
    type Strategy: Strategy;
    /// The fill model that a lane runs where the configuration says `own`, beside those that come
    /// with the engine.
    type Fills: FillModel;
    /// Who executes the orders: [`Paper`] simulates them.
    type Executor: Executor<Self::Fills>;
}

/// What this program ships: every part chosen by the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shipped;

impl Components for Shipped {
    type Strategy = AnyStrategy;
    type Fills = Skellam;
    type Executor = Paper<Skellam>;
}

/// The settings of a bundle's strategy.
pub type StrategyConfig<C> = <<C as Components>::Strategy as Strategy>::Config;

/// The settings of a bundle's fill model.
pub type FillsConfig<C> = <<C as Components>::Fills as FillModel>::Config;
