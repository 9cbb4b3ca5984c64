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

impl Config {
    /// What the account pays to make, bps; negative is a rebate.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate is small")]
    pub fn maker_fee_bps(&self) -> f64 {
        self.sim.fees.maker().0 as f64 / 1e4
    }

    /// Settings of the learners, with the fee that is paid.
    #[must_use]
    pub(super) fn learning(&self) -> learn::Config {
        learn::Config { fee_bps: self.maker_fee_bps(), ..self.learn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learners_count_the_fee_that_is_paid() {
        let mut c = Config::default();
        assert_eq!(c.learn, c.learning());
        c.sim.fees.maker_share_bps = 200;
        for fee_bps in [c.maker_fee_bps(), c.learning().fee_bps] {
            assert!((fee_bps + 0.2).abs() < 1e-12, "{fee_bps}");
        }
    }
}
