//! What the embedded venue simulates: coins, regimes, flow, cadences of the clock, faults.
//!
//! In: a configuration file or defaults. Out: plain values. Cold path.

use super::feed::Feed;
use crate::limits::{COIN_NAME_MAX, COINS_MAX};
use crate::settings::{Form, choices, settings};
use crate::units::{ONE, Px};

choices! {
    /// The four regimes of the market, calm to wild.
    pub enum Regime: PartialOrd, Ord, Hash = Normal {
        /// Few takers, shallow reach.
        Quiet = "quiet",
        /// The usual.
        Normal = "normal",
        /// Many takers, deep reach.
        Volatile = "volatile",
        /// A rush.
        Cascade = "cascade",
    }
}

choices! {
    /// Which market the coins have.
    pub enum Named = ByCoin {
        /// Poisson takers of exponential reach in four regimes, a refilled book: closed forms.
        Simple = "simple",
        /// As BTC at the venue: agents around a latent price.
        Btc = "btc",
        /// As ETH at the venue.
        Eth = "eth",
        /// As SOL at the venue.
        Sol = "sol",
        /// As a thin coin at the venue.
        Thin = "thin",
        /// A thin coin whose takers know nothing: a maker earns.
        Paying = "paying",
        /// BTC, ETH, SOL and PAYS have their own, others are thin.
        ByCoin = "by-coin",
    }
}

impl Regime {
    /// All regimes in order of [`Regime::index`].
    pub const ALL: [Regime; 4] = [Regime::Quiet, Regime::Normal, Regime::Volatile, Regime::Cascade];

    /// 0 for quiet to 3 for cascade.
    pub fn index(self) -> usize {
        self as usize
    }
}

settings! {
    /// The law of one regime.
    pub struct Law: Copy {
        /// Takers per side, A.
        rate_per_s: f64 = 0.5, 0.0..=50.0, "per second";
        /// Decay of their reach with the distance from the mid, k_b: P(reach >= d) = e^(-k_b d).
        decay_per_bps: f64 = 0.6, 0.02..=20.0, "per bps";
        /// Long-run volatility of the efficient price, the takers' impact included.
        sigma_bps: f64 = 1.0, 0.0..=100.0, "bps per square root of a second";
        /// Distance of best bid and best ask.
        spread_ticks: u32 = 1, 1..=100, "ticks";
        /// Mean stay; 0 never leaves.
        dwell_s: f64 = 1_800.0, 0.0..=1e9, "s";
        /// Weights of the next regime, quiet to cascade; the own one is ignored.
        next: [f64; 4] = [0.5, 0.0, 0.5, 0.0], 0.0..=1e9;
    }
}

settings! {
    /// The embedded exchange: two unlike coins, one as BTC at the venue, one in which a maker earns.
    pub struct Config {
        /// Names of the coins. BTC, ETH, SOL and HYPE have plausible prices, others 100 USD.
        coins: Vec<String> = vec!["BTC".to_owned(), "PAYS".to_owned()], COINS;
        /// The market of the coins. Regimes, their laws and what follows them here are those of
        /// `simple`.
        world: Named = Named::ByCoin;
        /// Seed of everything random.
        seed: u64 = 1, 0..=i64::MAX;
        /// Venue time of the first block since 1970; without it the clock's time at the start.
        epoch_ms: Option<i64> = None, 86_400_000..=4_102_444_800_000, "ms";
        /// Time simulated before the first block, so that there is a history to send; not counted
        /// in the truth.
        prerun_s: f64 = 30.0, 0.0..=3600.0, "s";
        /// Median time between blocks. Times are log-normal, spread 0.36.
        block_ms: f64 = 74.0, 10.0..=10_000.0, "ms";
        /// The regime every coin starts in.
        start: Regime = Regime::Normal;
        /// Law of the quiet regime.
        quiet: Law = law(0.15, 1.2, 0.3, 1, 600.0, [0.0, 1.0, 0.0, 0.0]);
        /// Law of the normal regime.
        normal: Law = Law::default();
        /// Law of the volatile regime.
        volatile: Law = law(2.0, 0.25, 3.0, 2, 300.0, [0.0, 0.9, 0.0, 0.1]);
        /// Law of the cascade.
        cascade: Law = law(6.0, 0.08, 12.0, 4, 60.0, [0.0, 0.0, 1.0, 0.0]);
        /// Permanent impact of a taker that trades. It is the adverse selection a maker suffers.
        impact_share: f64 = 0.25, 0.0..=2.0, "1/k_b bps";
        /// Time constant tau of the impact: after h seconds 1 - e^(-h/tau) of it is in the price.
        impact_tau_s: f64 = 1.5, 0.0..=60.0, "s";
        /// Share of the takers whose hash is all zeros.
        zero_hash_share: f64 = 0.1, 0.0..=1.0;
        /// Mean number of orders at the touch; levels behind have fewer.
        touch_orders: f64 = 5.0, 1.0..=100.0, "orders";
        /// Mean value of a resting order.
        order_usd: f64 = 4_000.0, 10.0..=1e7, "USD";
        /// Cancels per resting order, matched by arrivals.
        churn_per_s: f64 = 0.5, 0.0..=20.0, "per second";
        /// The feed on its way to clients, and its faults.
        feed: Feed = Feed::default();
    }
}

/// What the list of coins must be: `COINS_MAX` names of `COIN_NAME_MAX` bytes at most.
const COINS: Form = Form {
    text: "1 to 200 names of coins, each 1 to 24 bytes and given once",
    holds: |v| v.clone().try_into::<Vec<String>>().is_ok_and(|list| are_coins(&list)),
    inside: &["[\"A\"]", "[\"BTC\", \"ETH\", \"SOL\", \"kPEPE\", \"a-name-of-24-bytes-right\"]"],
    beyond: &["[]", "[\"\"]", "[\"A\", \"A\"]", "[\"a-name-that-has-25-bytes!!\"]", "[1]"],
};

fn are_coins(list: &[String]) -> bool {
    let named = |name: &String| !name.is_empty() && name.len() <= COIN_NAME_MAX;
    let twice = (0..list.len()).any(|i| list[..i].contains(&list[i]));
    !list.is_empty() && list.len() <= COINS_MAX && !twice && list.iter().all(named)
}

fn law(
    rate_per_s: f64,
    decay_per_bps: f64,
    sigma_bps: f64,
    spread_ticks: u32,
    dwell_s: f64,
    next: [f64; 4],
) -> Law {
    Law { rate_per_s, decay_per_bps, sigma_bps, spread_ticks, dwell_s, next }
}

impl Config {
    /// The world of closed forms: BTC and ETH, mostly `normal`; its feed is at once and in order.
    pub fn simple() -> Config {
        let coins = ["BTC", "ETH"].map(str::to_owned).to_vec();
        Config { coins, world: Named::Simple, feed: Feed::venue(), ..Config::default() }
    }

    /// The law of a regime.
    pub fn law(&self, regime: Regime) -> Law {
        match regime {
            Regime::Quiet => self.quiet,
            Regime::Normal => self.normal,
            Regime::Volatile => self.volatile,
            Regime::Cascade => self.cascade,
        }
    }
}

#[cfg(any(test, feature = "lab"))]
impl Config {
    /// The default flow of one coin in one regime that never ends.
    pub fn stationary(coin: &str, regime: Regime) -> Config {
        let mut config = Config { coins: vec![coin.to_owned()], start: regime, ..Config::simple() };
        for law in config.laws_mut() {
            law.dwell_s = 0.0;
        }
        config
    }

    /// The default flow of one coin; regimes last `dwell_s` on average, any other follows.
    pub fn switching(coin: &str, dwell_s: f64) -> Config {
        let mut config = Config { coins: vec![coin.to_owned()], ..Config::simple() };
        for law in config.laws_mut() {
            law.dwell_s = dwell_s;
            law.next = [1.0; 4];
        }
        config
    }

    fn laws_mut(&mut self) -> [&mut Law; 4] {
        [&mut self.quiet, &mut self.normal, &mut self.volatile, &mut self.cascade]
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
    use crate::settings::Room as _;

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
}
