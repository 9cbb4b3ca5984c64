//! Settings of the quotes.
//!
//! In: the configuration file. Out: plain values. Cold path.

use serde::{Deserialize, Serialize};

use crate::limits::LADDER_MAX;

/// How the half-spread is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The optimal ladder at what was learned.
    #[default]
    Default,
    /// The original paper trader's own pipeline.
    Original,
    /// Kappa 8000 for ever: 1/kappa + fee = 2.75 bps.
    #[serde(rename = "floor-8000")]
    Floor8000,
    /// The same, but never closer than 5 bps, as it came out in the original.
    #[serde(rename = "floor-8000-realised")]
    Floor8000Realised,
    /// First advice of the original's analysis, as it is written there.
    #[serde(rename = "analysis-1")]
    Analysis1,
    /// The same with its two branches in the order that reaches both.
    #[serde(rename = "analysis-1-fixed")]
    Analysis1Fixed,
    /// Its second advice.
    #[serde(rename = "analysis-2")]
    Analysis2,
}

/// A switch per component of the default policy, all on: its worth is measured by a run without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, one per component")]
pub struct Use {
    /// The exact table of the inventory term; off: linear in the position.
    pub table: bool,
    /// Sizes by the closed form at the prices really quoted; off: the universal ones.
    pub sizes: bool,
    /// Sizes shrink with the uncertainty of the cost; off: they do not.
    pub certainty: bool,
    /// Inventory term and largest size of a level from fractional Kelly; off: neither.
    pub kelly: bool,
    /// Learned floor; off: none.
    pub floor: bool,
    /// Shift of both sides by the signals; off: none.
    pub signal: bool,
}

/// Settings of the quotes of one coin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How the half-spread is made.
    pub policy: Policy,
    /// Levels a side, 1 to 5 (there is room for 8).
    pub levels: usize,
    /// Value of one lot, the unit that inventory is counted in, USD.
    pub unit_usd: f64,
    /// Largest position, lots.
    pub max_lots: f64,
    /// Target standard deviation of the position as a share of the largest.
    pub std_share: f64,
    /// Scale of the ladder's sizes against the optimal one: smaller fills, steadier inventory.
    pub phi: f64,
    /// Wealth that Kelly fractions are of, USD.
    pub wealth_usd: f64,
    /// Fraction of the Kelly bet, 0..1.
    pub kelly_fraction: f64,
    /// Largest distance from mid, bps.
    pub d_max_bps: f64,
    /// Loss at which quoting ends for good, USD.
    pub loss_limit_usd: f64,
    /// How far a working order may be from where it is wanted before it is changed, as a share of
    /// 1/kappa. Keeping it keeps its place in the queue and saves requests, which the venue rations.
    /// On the simulated markets half earns 3 to 8 % more than a fifth, with half the requests.
    pub requote_share: f64,
    /// Least time between two changes of a side's ladder, ms.
    pub requote_ms: i64,
    /// Exploration.
    pub explore: Explore,
    /// Switches.
    #[serde(rename = "use")]
    pub on: Use,
}

/// Exploration: quoting closer than optimal to learn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Explore {
    /// Whether at all.
    pub on: bool,
    /// Seconds per own fill to aim at, where break-even gives fills as often.
    pub seconds_per_fill: f64,
    /// Most seconds per own fill that are waited at break-even; where fills are rarer there, one is
    /// paid for.
    pub seconds_most: f64,
    /// What it may cost in all, USD.
    pub budget_usd: f64,
}

impl Default for Use {
    fn default() -> Use {
        Use { table: true, sizes: true, certainty: true, kelly: true, floor: true, signal: true }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            policy: Policy::Default,
            levels: 5,
            unit_usd: 250.0,
            max_lots: 10.0,
            std_share: 1.0 / 3.0,
            phi: 0.25,
            wealth_usd: 2_500.0,
            kelly_fraction: 0.25,
            d_max_bps: 60.0,
            loss_limit_usd: 100.0,
            requote_share: 0.5,
            requote_ms: 250,
            explore: Explore::default(),
            on: Use::default(),
        }
    }
}

impl Default for Explore {
    fn default() -> Explore {
        Explore { on: true, seconds_per_fill: 30.0, seconds_most: 120.0, budget_usd: 1.0 }
    }
}

impl Config {
    /// Levels in use, at least 1.
    #[must_use]
    pub fn levels_used(&self) -> usize {
        self.levels.clamp(1, LADDER_MAX)
    }
}
