//! What the embedded venue simulates: coins, regimes, flow, cadences of the clock, faults.
//!
//! In: a configuration file or defaults. Out: checked parameters. Cold path.
//!
//! 1. Unknown fields are refused; every field but those of a regime has a default.

use serde::{Deserialize, Serialize};

use crate::limits::{COIN_NAME_MAX, COINS_MAX};
use crate::units::{ONE, Px};

/// The four regimes of the market, calm to wild.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Regime {
    /// Few takers, shallow reach.
    Quiet,
    /// The usual.
    #[default]
    Normal,
    /// Many takers, deep reach.
    Volatile,
    /// A rush.
    Cascade,
}

impl Regime {
    /// All regimes in order of [`Regime::index`].
    pub const ALL: [Regime; 4] = [Regime::Quiet, Regime::Normal, Regime::Volatile, Regime::Cascade];

    /// 0 for quiet to 3 for cascade.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// The law of one regime. In a configuration file all fields of a regime are given together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// Takers per second and side, A; `0..=50`.
    pub rate_per_s: f64,
    /// Decay of their reach per bps from the mid, k_b: P(reach >= d) = e^(-k_b d); `0.02..=20`.
    pub decay_per_bps: f64,
    /// Long-run volatility of the efficient price in bps per square root of a second, the takers'
    /// impact included; `0..=100`.
    pub sigma_bps: f64,
    /// Ticks between best bid and best ask, `1..=100`.
    pub spread_ticks: u32,
    /// Mean stay in seconds; 0 never leaves.
    pub dwell_s: f64,
    /// Weights of the next regime, quiet to cascade; the own one is ignored.
    pub next: [f64; 4],
}

/// The embedded venue's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Names of the coins, `1..=16`. BTC, ETH, SOL and HYPE have plausible prices, others 100 USD.
    pub coins: Vec<String>,
    /// Seed of everything random.
    pub seed: u64,
    /// Venue time of the first block in ms since 1970; without it the clock's time at the start.
    pub epoch_ms: Option<i64>,
    /// Seconds simulated before the first block, so that there is a history to send; not counted
    /// in the truth. `0..=3600`.
    pub prerun_s: f64,
    /// Median time between blocks in ms, `10..=10_000`. Times are log-normal, spread 0.36.
    pub block_ms: f64,
    /// The regime every coin starts in.
    pub start: Regime,
    /// Law of the quiet regime.
    pub quiet: Law,
    /// Law of the normal regime.
    pub normal: Law,
    /// Law of the volatile regime.
    pub volatile: Law,
    /// Law of the cascade.
    pub cascade: Law,
    /// Permanent impact of a taker that trades, in units of 1/k_b bps; `0..=2`. It is the adverse
    /// selection a maker suffers.
    pub impact_share: f64,
    /// Time constant of the impact in seconds: after h seconds 1 - e^(-h/tau) of it is in the
    /// price. `0..=60`.
    pub impact_tau_s: f64,
    /// Share of the takers whose hash is all zeros, `0..=1`.
    pub zero_hash_share: f64,
    /// Mean number of orders at the touch, `1..=100`; levels behind have fewer.
    pub touch_orders: f64,
    /// Mean value of a resting order in USD, `10..=1e7`.
    pub order_usd: f64,
    /// Cancels per second and resting order, matched by arrivals; `0..=20`.
    pub churn_per_s: f64,
    /// Fault: every connection is cut this many seconds of venue time after it opened; 0 never.
    pub drop_every_s: f64,
}

impl Default for Config {
    /// Two coins, mostly `normal`, with visits to the other regimes.
    fn default() -> Config {
        let law = |rate_per_s, decay_per_bps, sigma_bps, spread_ticks, dwell_s, next| Law {
            rate_per_s,
            decay_per_bps,
            sigma_bps,
            spread_ticks,
            dwell_s,
            next,
        };
        Config {
            coins: vec!["BTC".to_owned(), "ETH".to_owned()],
            seed: 1,
            epoch_ms: None,
            prerun_s: 30.0,
            block_ms: 74.0,
            start: Regime::Normal,
            quiet: law(0.15, 1.2, 0.3, 1, 600.0, [0.0, 1.0, 0.0, 0.0]),
            normal: law(0.5, 0.6, 1.0, 1, 1800.0, [0.5, 0.0, 0.5, 0.0]),
            volatile: law(2.0, 0.25, 3.0, 2, 300.0, [0.0, 0.9, 0.0, 0.1]),
            cascade: law(6.0, 0.08, 12.0, 4, 60.0, [0.0, 0.0, 1.0, 0.0]),
            impact_share: 0.25,
            impact_tau_s: 1.5,
            zero_hash_share: 0.1,
            touch_orders: 5.0,
            order_usd: 4_000.0,
            churn_per_s: 0.5,
            drop_every_s: 0.0,
        }
    }
}

/// What is wrong with a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadConfig {
    /// No coin, more than `COINS_MAX`, one twice, or a name that is empty or too long.
    Coins,
    /// A field, by name, is outside the range its documentation states.
    Range(&'static str),
}

impl Config {
    /// The default flow of one coin in one regime that never ends.
    #[must_use]
    pub fn stationary(coin: &str, regime: Regime) -> Config {
        let mut config =
            Config { coins: vec![coin.to_owned()], start: regime, ..Config::default() };
        for law in config.laws_mut() {
            law.dwell_s = 0.0;
        }
        config
    }

    /// The default flow of one coin, every regime lasting `dwell_s` on average and followed by any
    /// other with equal chance.
    #[must_use]
    pub fn switching(coin: &str, dwell_s: f64) -> Config {
        let mut config = Config { coins: vec![coin.to_owned()], ..Config::default() };
        for law in config.laws_mut() {
            law.dwell_s = dwell_s;
            law.next = [1.0; 4];
        }
        config
    }

    /// The law of a regime.
    #[must_use]
    pub fn law(&self, regime: Regime) -> Law {
        match regime {
            Regime::Quiet => self.quiet,
            Regime::Normal => self.normal,
            Regime::Volatile => self.volatile,
            Regime::Cascade => self.cascade,
        }
    }

    fn laws_mut(&mut self) -> [&mut Law; 4] {
        [&mut self.quiet, &mut self.normal, &mut self.volatile, &mut self.cascade]
    }

    /// Checks every range.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn check(&self) -> Result<(), BadConfig> {
        let count = self.coins.len();
        let named = |name: &String| !name.is_empty() && name.len() <= COIN_NAME_MAX;
        let twice = (0..count).any(|i| self.coins[..i].contains(&self.coins[i]));
        if count == 0 || count > COINS_MAX || twice || !self.coins.iter().all(named) {
            return Err(BadConfig::Coins);
        }
        let within = |name, x: f64, lo: f64, hi: f64| {
            if x >= lo && x <= hi { Ok(()) } else { Err(BadConfig::Range(name)) }
        };
        within("prerun_s", self.prerun_s, 0.0, 3600.0)?;
        within("block_ms", self.block_ms, 10.0, 10_000.0)?;
        within("impact_share", self.impact_share, 0.0, 2.0)?;
        within("impact_tau_s", self.impact_tau_s, 0.0, 60.0)?;
        within("zero_hash_share", self.zero_hash_share, 0.0, 1.0)?;
        within("touch_orders", self.touch_orders, 1.0, 100.0)?;
        within("order_usd", self.order_usd, 10.0, 1e7)?;
        within("churn_per_s", self.churn_per_s, 0.0, 20.0)?;
        within("drop_every_s", self.drop_every_s, 0.0, 1e9)?;
        if let Some(ms) = self.epoch_ms
            && !(86_400_000..=4_102_444_800_000).contains(&ms)
        {
            return Err(BadConfig::Range("epoch_ms"));
        }
        for law in Regime::ALL.map(|r| self.law(r)) {
            within("rate_per_s", law.rate_per_s, 0.0, 50.0)?;
            within("decay_per_bps", law.decay_per_bps, 0.02, 20.0)?;
            within("sigma_bps", law.sigma_bps, 0.0, 100.0)?;
            within("spread_ticks", f64::from(law.spread_ticks), 1.0, 100.0)?;
            within("dwell_s", law.dwell_s, 0.0, 1e9)?;
            for weight in law.next {
                within("next", weight, 0.0, 1e9)?;
            }
        }
        Ok(())
    }
}

/// What the venue's universe says of a coin, and where its price starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Price at the start.
    pub start: Px,
    /// Decimal places of a size.
    pub sz_decimals: u8,
    /// Highest leverage.
    pub max_leverage: u32,
}

impl Listing {
    /// The listing of a coin by name.
    #[must_use]
    pub fn of(coin: &str) -> Listing {
        let (usd, sz_decimals, max_leverage) = match coin {
            "BTC" => (97_000, 5, 40),
            "ETH" => (3_400, 4, 25),
            "SOL" => (200, 2, 20),
            "HYPE" => (35, 2, 10),
            _ => (100, 2, 10),
        };
        Listing { start: Px(usd * ONE), sz_decimals, max_leverage }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range_and_survive_a_round_trip() {
        let config = Config::default();
        assert_eq!(config.check(), Ok(()));
        assert_eq!(Config::switching("SOL", 600.0).check(), Ok(()));
        assert_eq!(Config::stationary("X", Regime::Cascade).check(), Ok(()));
        let text = toml::to_string(&config).expect("serialises");
        assert_eq!(toml::from_str::<Config>(&text), Ok(config));
        assert_eq!(toml::from_str::<Config>(""), Ok(Config::default()));
        assert!(toml::from_str::<Config>("sede = 1").is_err(), "unknown fields are refused");
    }

    #[test]
    fn names_what_is_out_of_range() {
        let bad = |f: fn(&mut Config)| {
            let mut config = Config::default();
            f(&mut config);
            config.check()
        };
        assert_eq!(bad(|c| c.coins.clear()), Err(BadConfig::Coins));
        assert_eq!(bad(|c| c.coins = vec!["A".into(), "A".into()]), Err(BadConfig::Coins));
        assert_eq!(bad(|c| c.block_ms = f64::NAN), Err(BadConfig::Range("block_ms")));
        assert_eq!(bad(|c| c.quiet.decay_per_bps = 0.0), Err(BadConfig::Range("decay_per_bps")));
        assert_eq!(bad(|c| c.epoch_ms = Some(-1)), Err(BadConfig::Range("epoch_ms")));
    }
}
