//! Settings of the fill simulation.
//!
//! In: the configuration file. Out: plain values. Cold path.

use serde::{Deserialize, Serialize};

use super::fees::Fees;
pub use super::latency::Latency;

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
    /// Net decreases are shared by the `power_n`-th powers of the volume ahead and behind.
    Power,
    /// Net decreases are shared by ln(1 + lots) of the volume ahead and behind.
    Log,
    /// Gross cancels estimated from net changes (Skellam), with decay between snapshots.
    #[default]
    Skellam,
    /// Independent draws per print and order, faults included: kept for comparison (`original`).
    Original,
}

impl Model {
    /// Every model.
    pub const ALL: [Model; 9] = [
        Model::Touch,
        Model::Through,
        Model::RiskAverse,
        Model::Front,
        Model::Linear,
        Model::Power,
        Model::Log,
        Model::Skellam,
        Model::Original,
    ];

    /// The name in the configuration and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Model::Touch => "touch",
            Model::Through => "through",
            Model::RiskAverse => "risk-averse",
            Model::Front => "front",
            Model::Linear => "linear",
            Model::Power => "power",
            Model::Log => "log",
            Model::Skellam => "skellam",
            Model::Original => "original",
        }
    }
}

impl std::str::FromStr for Model {
    type Err = String;

    fn from_str(text: &str) -> Result<Model, String> {
        Model::ALL.into_iter().find(|m| m.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Model::ALL.iter().map(|m| m.name()).collect();
            format!("no fill model `{text}`; there are {}", names.join(", "))
        })
    }
}

/// The factors of the `original` model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Touch 0.5, queue 0.6.
    #[default]
    Paper,
    /// Touch 0.3, queue 0.5.
    Default,
    /// Touch 0.9, queue 0.9.
    Aggressive,
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

/// Settings of the fill simulation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Fill model that decides and learns.
    pub model: Model,
    /// Exponent of the `power` model, 1 to 8.
    pub power_n: u8,
    /// Where the model stands between its brackets: 0: every cancel is ahead of us, 0.5: the model
    /// itself, 1: every cancel is behind us. Between them it leans in proportion.
    pub conservatism: f64,
    /// Factors of the `original` model.
    pub original: Preset,
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
    /// What fees the account pays.
    pub fees: Fees,
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
            power_n: 3,
            conservatism: 0.5,
            original: Preset::Paper,
            pessimistic: Model::Through,
            optimistic: Model::Touch,
            order: Order::Block,
            entry: Latency::ShiftedExponential { base_ms: 150, mean_ms: 100 },
            cancel: Latency::ShiftedExponential { base_ms: 150, mean_ms: 100 },
            fees: Fees::default(),
            venue_rules: true,
            participation_pct: 100,
        }
    }
}

impl Config {
    /// What is wrong with the settings, if anything: one line that says what to do.
    ///
    /// # Errors
    /// The first setting outside its range.
    pub fn check(&self) -> Result<(), String> {
        let rule = |ok: bool, text: &str| if ok { Ok(()) } else { Err(text.to_owned()) };
        rule((1..=8).contains(&self.power_n), "`power_n` must be 1 to 8")?;
        rule((0.0..=1.0).contains(&self.conservatism), "`conservatism` must be 0 to 1")?;
        rule(self.participation_pct <= 100, "`participation_pct` must be 0 to 100")?;
        self.fees.check()
    }
}
