//! Settings of the fill simulation.
//!
//! In: the configuration file. Out: plain values. Cold path.

use serde::{Deserialize, Serialize};

/// How an order's place in the queue advances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Optimistic bracket: any print at the price or beyond fills.
    Touch,
    /// Pessimistic bracket: only prints strictly beyond the price fill.
    Through,
    /// Every cancel happens behind us; only prints, and the displayed size as a cap, advance us.
    RiskAverse,
    /// Every cancel happens ahead of us.
    Front,
    /// Net decreases are shared in proportion to the volume ahead and behind.
    Linear,
    /// Net decreases are shared with the cubes of the volume ahead and behind.
    Power,
    /// Gross cancels estimated from net changes (Skellam), with decay between snapshots.
    #[default]
    Skellam,
}

/// Which order of events inside a block the queue is advanced by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Prints of a block before its best prices and snapshots, whatever arrived first: the
    /// venue's own order, since it publishes the state after the block.
    #[default]
    Block,
    /// As the messages arrived: for tapes that are written in the order of matching.
    Arrival,
}

/// A delay between decision and effect.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Latency {
    /// Always the same.
    Constant {
        /// Delay, ms.
        ms: u32,
    },
    /// A floor plus an exponential tail.
    ShiftedExponential {
        /// Floor, ms.
        base_ms: u32,
        /// Mean of the tail, ms.
        mean_ms: u32,
    },
}

/// Settings of the fill simulation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Fill model that decides and learns.
    pub model: Model,
    /// The lower of the two brackets reported beside it.
    pub pessimistic: Model,
    /// The upper one.
    pub optimistic: Model,
    /// Order of events inside a block.
    pub order: Order,
    /// Delay of a new order. The venue's own figures: median 0.2 s, p99 0.9 s co-located.
    pub entry: Latency,
    /// Delay of a cancel.
    pub cancel: Latency,
    /// Maker fee in 1e-8 of the value: 15,000 is 1.5 bps, the base tier; negative is a rebate.
    pub maker_fee_e8: i64,
    /// Whether the venue's tick, lot and minimum-value rules are enforced.
    pub venue_rules: bool,
    /// Largest share of a taker's printed volume that own orders may take, percent: own orders are
    /// not in the real book, so what they take in numbers would have moved it.
    pub participation_pct: u8,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            model: Model::Skellam,
            pessimistic: Model::Through,
            optimistic: Model::Touch,
            order: Order::Block,
            entry: Latency::ShiftedExponential { base_ms: 150, mean_ms: 100 },
            cancel: Latency::ShiftedExponential { base_ms: 150, mean_ms: 100 },
            maker_fee_e8: 15_000,
            venue_rules: true,
            participation_pct: 100,
        }
    }
}
