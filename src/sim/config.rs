//! Settings of the fill simulation.
//!
//! In: the configuration file. Out: plain values. Cold path.

use super::fees::Fees;
pub use super::latency::Latency;
use crate::settings::{Choice, choices, settings};

choices! {
    /// How an order's place in the queue advances.
    pub enum Model = Skellam {
        /// Optimistic bracket: any print at the price or beyond fills.
        Touch = "touch",
        /// Pessimistic bracket: only prints strictly beyond the price fill.
        Through = "through",
        /// Every cancel happens behind us; only prints, and the displayed size as a cap, advance us.
        RiskAverse = "risk-averse",
        /// Every cancel happens ahead of us.
        Front = "front",
        /// Net decreases are shared in proportion to the volume ahead and behind.
        Linear = "linear",
        /// Net decreases are shared by the `power_n`-th powers of the volume ahead and behind.
        Power = "power",
        /// Net decreases are shared by ln(1 + lots) of the volume ahead and behind.
        Log = "log",
        /// Gross cancels estimated from net changes (Skellam), with decay between snapshots.
        Skellam = "skellam",
        /// Independent draws per print and order, faults included: kept for comparison.
        Original = "original",
    }
}

impl Model {
    /// Every model.
    pub const ALL: [Model; Model::LIST.len()] = {
        let mut all = [Model::Touch; Model::LIST.len()];
        let mut i = 0;
        while i < all.len() {
            all[i] = Model::LIST[i].1;
            i += 1;
        }
        all
    };

    /// The name in the configuration and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        Choice::name(self)
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

choices! {
    /// The factors of the `original` model.
    pub enum Preset = Paper {
        /// Touch 0.5, queue 0.6.
        Paper = "paper",
        /// Touch 0.3, queue 0.5.
        Default = "default",
        /// Touch 0.9, queue 0.9.
        Aggressive = "aggressive",
    }
}

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

settings! {
    /// Settings of the fill simulation.
    pub struct Config: Copy {
        /// Fill model that decides and learns.
        model: Model = Model::Skellam;
        /// Exponent of the `power` model.
        power_n: u8 = 3, 1..=8;
        /// Where the model stands between its brackets: 0: every cancel is ahead of us, 0.5: the
        /// model itself, 1: every cancel is behind us. Between them it leans in proportion.
        conservatism: f64 = 0.5, 0.0..=1.0;
        /// Factors of the `original` model.
        original: Preset = Preset::Paper;
        /// The lower of the two brackets reported beside it.
        pessimistic: Model = Model::Through;
        /// The upper one.
        optimistic: Model = Model::Touch;
        /// Order of events inside a block.
        order: Order = Order::Block;
        /// Delay of a new order. The venue's own figures: median 0.2 s, p99 0.9 s co-located.
        entry: Latency = Latency::ShiftedExponential { base_ms: 150, mean_ms: 100 };
        /// Delay of a cancel.
        cancel: Latency = Latency::ShiftedExponential { base_ms: 150, mean_ms: 100 };
        /// What decides the account's fees.
        fees: Fees = Fees::default();
        /// Whether the venue's tick, lot and minimum-value rules are enforced.
        venue_rules: bool = true;
        /// Largest share of a taker's printed volume that own orders may take: own orders are not
        /// in the real book, so what they take in numbers would have moved it.
        participation_pct: u8 = 100, 0..=100, "percent";
    }
}
