//! Fill models against known truth: worlds in which the fate of every own order is known, what a
//! model makes of what it may see of them, and how far it is off.
//!
//! In: fill models, a seed, a number of orders. Out: outcomes order by order, their scores, a
//! plot. Cold path.
//!
//! 1. Every model sees the same worlds, so that differences between models are of the models.
//! 2. Equal plan, equal outcome, whatever the number of threads.

pub mod grid;
mod run;
pub mod score;
mod watch;

pub use run::run;

use crate::sim::config::{Config, Crossing, Model};
use crate::units::Ns;
use crate::venue::cst::{Cancels, Depth, SCENARIOS, Scenario, Shadow};

/// Largest root mean square bias of the default model, in percentage points, over the twelve
/// scenarios and five horizons at the default number of shadows.
pub const BOUND_PP: f64 = 2.0;
/// Shadows a scenario by default.
pub const SHADOWS: u32 = 20_000;

/// A fill model that is judged.
#[derive(Clone, Debug)]
pub struct Contender {
    /// Its name in tables.
    pub name: String,
    /// The settings it runs under; all three lanes are the model.
    pub cfg: Config,
}

/// What the models may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Prints, snapshots at the scenario's interval, and the displayed queue when an order is
    /// placed.
    Snapshots,
    /// Prints, snapshots at the scenario's interval, and every change of best bid and offer.
    Bbo,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The models.
    pub contenders: Vec<Contender>,
    /// Shadows of each scenario.
    pub shadows: u32,
    /// Seed of the worlds.
    pub seed: u64,
    /// What the models may see.
    pub view: View,
    /// Threads.
    pub jobs: usize,
}

/// One scenario, order by order.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The scenario.
    pub scenario: Scenario,
    /// The orders and what became of them.
    pub truth: Vec<Shadow>,
    /// For each model, when it thinks each order was filled completely.
    pub filled: Vec<Vec<Option<Ns>>>,
    /// For each model, orders it refused: none in a sound world.
    pub refused: Vec<u32>,
}

impl Contender {
    /// Every model under the settings `base`, the configured one first.
    pub fn all(base: &Config) -> Vec<Contender> {
        let others = Model::ALL.into_iter().filter(|m| *m != base.model);
        std::iter::once(base.model).chain(others).map(|m| Contender::new(base, m)).collect()
    }

    /// `model` under the settings `base`; only the configured one leans. Venue rules are off: a shadow
    /// of one lot is worth less than the venue's least order. In this world nobody is post-only: an
    /// order that arrives at a shadow's price trades with it ([`crate::venue::cst`], rule 2), so
    /// crossings are as displayed.
    pub fn new(base: &Config, model: Model) -> Contender {
        let cfg = Config {
            model,
            pessimistic: model,
            optimistic: model,
            crossing: Crossing::Displayed,
            crossing_pessimistic: Crossing::Displayed,
            crossing_optimistic: Crossing::Displayed,
            venue_rules: false,
            participation_pct: 100,
            conservatism: if model == base.model { base.conservatism } else { 0.5 },
            ..*base
        };
        Contender { name: model.name().to_owned(), cfg }
    }
}

/// Whether a scenario's book is deep or shallow, as a word.
pub fn depth(number: u8) -> &'static str {
    let deep = SCENARIOS.iter().any(|s| s.number == number && s.depth == Depth::Deep);
    if deep { "deep" } else { "shallow" }
}

/// What a scenario is, in a few words.
pub fn describe(s: &Scenario) -> String {
    let depth = depth(s.number);
    let place = if s.behind == 0 { "at best".into() } else { format!("best - {}", s.behind) };
    let cancels = if s.cancels == Cancels::Uniform { "" } else { ", cancels at the back" };
    let ms = s.snapshot_ns / Ns::MS;
    format!("{depth}, {place}, size {}, snapshot {ms} ms{cancels}", s.size)
}

#[cfg(test)]
mod tests;
