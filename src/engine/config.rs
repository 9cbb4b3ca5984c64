//! The configuration that decides: everything a replay must share to give the same records.
//!
//! In: the configuration file. Out: plain values. Cold path.

use serde::{Deserialize, Serialize};

use super::components::{Components, FillsConfig, StrategyConfig};
use super::requests;
use crate::limits::COIN_NAME_MAX;
use crate::quote::{Bounds, Strategy};
use crate::settings::settings;
use crate::sim::config::Model;
use crate::units::rules::{Billing, Rules};
use crate::{book, learn, quote, sim};

/// A coin of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coin {
    /// Name, zero padded.
    pub name: [u8; COIN_NAME_MAX],
    /// Venue rules.
    pub rules: Rules,
}

settings! {
    /// What decides: the same for every coin.
    pub struct ConfigOf<C: Components> {
        /// Seed of every random choice: latencies, draws.
        seed: u64 = 0, 0..=i64::MAX;
        /// When a book is too old.
        book: book::Config = book::Config::default();
        /// Fills.
        sim: sim::config::Config = sim::config::Config::default();
        /// Learning.
        learn: learn::Config = learn::Config::default();
        /// The account's budget of requests at the venue, all coins together.
        requests: requests::Config = requests::Config::default();
        /// Limits of the quotes that hold for every strategy.
        quote: quote::Config = quote::Config::default();
        /// The strategy.
        strategy: StrategyConfig<C> = StrategyConfig::<C>::default();
        /// The fill model the program was built with: for lanes that run `own`.
        fills: FillsConfig<C> = FillsConfig::<C>::default();
    }
}

impl<C: Components> Copy for ConfigOf<C> where StrategyConfig<C>: Copy {}

/// The settings of the engine that this program ships.
#[cfg(any(test, feature = "lab"))]
pub type Config = ConfigOf<super::components::Shipped>;

impl<C: Components> ConfigOf<C> {
    /// What the account pays to make with a coin, bps; negative is a rebate.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate is small")]
    pub fn maker_fee_bps(&self, billing: Billing) -> f64 {
        self.sim.fees.maker(billing).0 as f64 / 1e4
    }

    /// Names and versions of what the settings choose, for the hash of the configuration: the
    /// strategy, then the fill models of the three lanes.
    #[must_use]
    pub fn identities(&self) -> [(&'static str, u32); 4] {
        let strategy = C::Strategy::info(&self.strategy);
        let fills = |m: Model| m.identity::<C::Fills>();
        let sim = &self.sim;
        [
            (strategy.name, strategy.version),
            fills(sim.model),
            fills(sim.pessimistic),
            fills(sim.optimistic),
        ]
    }

    /// What a coin's ladders are held to, under its rules and the maker fee.
    #[must_use]
    pub fn bounds(&self, rules: Rules) -> Bounds {
        let fee_bps = self.maker_fee_bps(rules.billing);
        let quote::Config { unit_usd, max_lots, anyway, .. } = self.quote;
        Bounds { rules, fee_bps, unit_usd, max_lots, anyway }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_named_with_its_version() {
        let mut c: Config = Config::default();
        c.sim.pessimistic = Model::RiskAverse;
        c.sim.optimistic = Model::Own;
        let names = c.identities().map(|(name, _)| name);
        assert_eq!(names, ["earn", "skellam", "risk-averse", "skellam"]);
        assert!(c.identities().iter().all(|(_, version)| *version > 0));
    }

    #[test]
    fn the_fee_is_the_accounts() {
        let mut c = Config::default();
        assert!((c.maker_fee_bps(Billing::Venue) - 1.5).abs() < 1e-12);
        assert!((c.maker_fee_bps(Billing::Unlisted) - 3.0).abs() < 1e-12);
        c.sim.fees.maker_share_bps = 200;
        assert!((c.maker_fee_bps(Billing::Venue) + 0.2).abs() < 1e-12);
    }
}
