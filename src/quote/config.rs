//! Settings of the quotes.
//!
//! In: the configuration file. Out: plain values. Cold path.

use serde::{Deserialize, Serialize};

use crate::limits::LADDER_MAX;

/// Settings of the quotes of one coin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Levels a side, 1 to 8.
    pub levels: usize,
    /// Value of one lot, the unit that inventory is counted in, USD.
    pub unit_usd: f64,
    /// Largest position, lots.
    pub max_lots: f64,
    /// Target standard deviation of the position as a share of the largest.
    pub std_share: f64,
    /// Scale of the ladder's sizes against the optimal one: smaller fills, steadier inventory.
    pub phi: f64,
    /// Maker fee, bps; negative is a rebate.
    pub fee_bps: f64,
    /// Largest distance from mid, bps.
    pub d_max_bps: f64,
    /// Loss at which quoting ends for good, USD.
    pub loss_limit_usd: f64,
    /// How far a working order may be from where it is wanted before it is replaced, as a share of
    /// 1/kappa. Keeping it keeps its place in the queue.
    pub requote_share: f64,
    /// Least time between two changes of a side's ladder, ms.
    pub requote_ms: i64,
    /// Exploration.
    pub explore: Explore,
}

/// Exploration: quoting closer than optimal to learn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Explore {
    /// Whether at all.
    pub on: bool,
    /// Seconds per own fill to aim at.
    pub seconds_per_fill: f64,
    /// What it may cost in all, USD.
    pub budget_usd: f64,
    /// Own fills in half an hour that make it unnecessary.
    pub fills_enough: f64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            levels: 5,
            unit_usd: 250.0,
            max_lots: 10.0,
            std_share: 1.0 / 3.0,
            phi: 0.25,
            fee_bps: 1.5,
            d_max_bps: 60.0,
            loss_limit_usd: 100.0,
            requote_share: 0.2,
            requote_ms: 250,
            explore: Explore::default(),
        }
    }
}

impl Default for Explore {
    fn default() -> Explore {
        Explore { on: true, seconds_per_fill: 30.0, budget_usd: 1.0, fills_enough: 20.0 }
    }
}

impl Config {
    /// Levels in use, at least 1.
    #[must_use]
    pub fn levels_used(&self) -> usize {
        self.levels.clamp(1, LADDER_MAX)
    }
}
