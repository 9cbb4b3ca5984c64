//! Limits of the quotes that the engine holds every strategy to.
//!
//! In: the configuration file. Out: plain values. Cold path.

use crate::settings::settings;

settings! {
    /// Limits of the quotes of one coin.
    pub struct Config: Copy {
        /// Value of one lot, the unit that inventory is counted in; the least order is worth 10.
        unit_usd: f64 = 250.0, 10.0..=1e7, "USD";
        /// Largest position.
        max_lots: f64 = 10.0, 1.0..=1e4, "lots";
        /// Loss at which quoting ends permanently.
        loss_limit_usd: f64 = 100.0, 0.01..=1e12, "USD";
        /// Least time between two changes of a side's ladder.
        requote_ms: i64 = 250, 0..=3_600_000, "ms";
        /// Whether to quote where nothing seems to pay, too: for runs that compare.
        anyway: bool = false;
    }
}
