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
    /// The same with the account's maker fee known to learners and quotes.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate is small")]
    pub(super) fn priced(self) -> Config {
        let fee_bps = self.sim.fees.maker().0 as f64 / 1e4;
        Config {
            learn: learn::Config { fee_bps, ..self.learn },
            quote: quote::Config { fee_bps, ..self.quote },
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_ask_for_the_fee_that_is_paid() {
        let mut c = Config::default();
        assert_eq!(c, c.priced());
        c.sim.fees.maker_share_bps = 200;
        let priced = c.priced();
        for fee_bps in [priced.quote.fee_bps, priced.learn.fee_bps] {
            assert!((fee_bps + 0.2).abs() < 1e-12, "{fee_bps}");
        }
    }
}
