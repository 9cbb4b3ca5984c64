//! The configuration that decides: everything a replay must share to give the same records.
//!
//! In: the configuration file. Out: plain values. Cold path.

use serde::{Deserialize, Serialize};

use crate::{book, learn, quote, sim};

/// Settings of the engine, the same for every coin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Seed of every random choice: latencies, draws.
    pub seed: u64,
    /// When a book is too old.
    pub book: book::Config,
    /// Fills.
    pub sim: sim::config::Config,
    /// Learning.
    pub learn: learn::Config,
    /// Quotes.
    pub quote: quote::Config,
}
