//! The truth behind the simulated feed: what an estimator should find, and what really happened.
//!
//! In: the flow, block by block. Out: totals per coin and regime, and one record per block. Cold
//! path.
//!
//! 1. Depths are bps of the mid of the book published before the block.
//! 2. Time and takers of the prerun are not counted.

use serde::Serialize;

use super::config::{Config, Regime};
use crate::math::det;
use crate::units::{Mid2, Px, Side, Sz};

/// A market order of the flow, traded or not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Taker {
    /// Its side.
    pub side: Side,
    /// How far it reached, in bps from the mid before the block.
    pub depth_bps: f64,
    /// The worst price it traded at; `None` when its reach ended before the touch.
    pub worst: Option<Px>,
    /// Size it took.
    pub sz: Sz,
}

/// What happened to one coin in one block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoinBlock {
    /// The regime during the block.
    pub regime: Regime,
    /// Twice the mid of the book published before the block.
    pub mid_before: Mid2,
    /// Twice the mid of the book published after it.
    pub mid_after: Mid2,
    /// Twice the efficient price after it, on the half-tick grid.
    pub efficient: Mid2,
    /// Its takers in match order.
    pub takers: Vec<Taker>,
}

/// One block of the venue, all coins in the configured order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BlockTruth {
    /// Block time in ms.
    pub time_ms: i64,
    /// Per coin.
    pub coins: Vec<CoinBlock>,
}

/// Law and record of one regime of one coin. Arrays are takers who buy, takers who sell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct RegimeTruth {
    /// The regime.
    pub regime: Regime,
    /// Takers per second and side, A, those who reach no order included.
    pub rate_per_s: f64,
    /// Decay of their reach per bps.
    pub decay_per_bps: f64,
    /// The same per unit of relative price: 1e4 times the former.
    pub kappa: f64,
    /// Long-run volatility of the efficient price, bps per square root of a second.
    pub sigma_bps: f64,
    /// Its part that takers do not cause.
    pub sigma_news_bps: f64,
    /// Permanent impact of a taker that trades, bps: a maker's adverse selection in the end.
    pub impact_bps: f64,
    /// Seconds spent in the regime.
    pub seconds: f64,
    /// Mean half-spread of the published book, bps; 0 without time.
    pub half_spread_bps: f64,
    /// Takers that came.
    pub arrivals: [u64; 2],
    /// Takers that traded: sweeps.
    pub sweeps: [u64; 2],
    /// Sum of the depths of all that came, bps.
    pub depth_sum_bps: [f64; 2],
    /// Prints of the sweeps.
    pub prints: [u64; 2],
}

/// Law and record of one coin.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CoinTruth {
    /// Its name.
    pub coin: String,
    /// Seconds counted.
    pub seconds: f64,
    /// Takers per second and side over that time: what an estimate that knows no regimes finds.
    pub rate_per_s: f64,
    /// What an estimate of kappa from all takers that knows no regimes should find: one over the
    /// mean depth, each regime weighing by its takers.
    pub kappa: f64,
    /// Time constant of the impact in seconds.
    pub impact_tau_s: f64,
    /// By regime.
    pub regimes: [RegimeTruth; 4],
}

/// Law and record of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// Time of the last block in ms.
    pub time_ms: i64,
    /// Blocks counted.
    pub blocks: u64,
    /// Per coin.
    pub coins: Vec<CoinTruth>,
}

impl CoinTruth {
    /// The law of `coin` under `config`, nothing counted yet. `half_spread_bps` by regime is that
    /// of the published book: takers that reach less leave no impact.
    pub fn new(coin: &str, config: &Config, half_spread_bps: [f64; 4]) -> CoinTruth {
        let mut truth = CoinTruth::counted(coin);
        truth.impact_tau_s = config.impact_tau_s;
        for r in &mut truth.regimes {
            let law = config.law(r.regime);
            let impact = config.impact_share / law.decay_per_bps;
            let reached = det::exp(-law.decay_per_bps * half_spread_bps[r.regime.index()]);
            let caused = 2.0 * law.rate_per_s * reached * impact * impact;
            r.rate_per_s = law.rate_per_s;
            r.decay_per_bps = law.decay_per_bps;
            r.kappa = 1e4 * law.decay_per_bps;
            r.sigma_bps = (law.sigma_bps * law.sigma_bps).max(caused).sqrt();
            r.sigma_news_bps = (law.sigma_bps * law.sigma_bps - caused).max(0.0).sqrt();
            r.impact_bps = impact;
        }
        truth
    }

    /// A coin without a law, whose figures follow what is counted ([`CoinTruth::measure`]).
    pub fn counted(coin: &str) -> CoinTruth {
        let regimes = Regime::ALL.map(|regime| RegimeTruth { regime, ..RegimeTruth::default() });
        CoinTruth { coin: coin.to_owned(), regimes, ..CoinTruth::default() }
    }

    /// Makes the figures of a regime those counted so far, its last block of `dt` seconds among them,
    /// in which the price that the market follows moved by `moved_bps`: takers that traded, one over
    /// their mean depth, volatility from block to block.
    pub fn measure(&mut self, regime: Regime, dt: f64, moved_bps: f64) {
        let r = &mut self.regimes[regime.index()];
        let squares = r.sigma_bps * r.sigma_bps * (r.seconds - dt) + moved_bps * moved_bps;
        r.sigma_bps = (squares / r.seconds).sqrt();
        r.sigma_news_bps = r.sigma_bps;
        let sweeps = r.sweeps.iter().sum::<u64>() as f64;
        r.rate_per_s = sweeps / 2.0 / r.seconds;
        let depths: f64 = r.depth_sum_bps.iter().sum();
        r.decay_per_bps = if depths > 0.0 { sweeps / depths } else { 0.0 };
        r.kappa = 1e4 * r.decay_per_bps;
    }

    /// Forgets what was counted; the law stays.
    pub fn reset(&mut self) {
        for r in &mut self.regimes {
            r.seconds = 0.0;
            r.half_spread_bps = 0.0;
            (r.arrivals, r.sweeps, r.prints) = ([0; 2], [0; 2], [0; 2]);
            r.depth_sum_bps = [0.0; 2];
        }
    }

    /// Counts `dt` seconds of `regime` under a book of the given half-spread.
    pub fn pass(&mut self, regime: Regime, dt: f64, half_spread_bps: f64) {
        let r = &mut self.regimes[regime.index()];
        r.seconds += dt;
        r.half_spread_bps += (half_spread_bps - r.half_spread_bps) * dt / r.seconds;
    }

    /// Counts a taker and its prints.
    pub fn count(&mut self, regime: Regime, taker: &Taker, prints: usize) {
        let (r, side) = (&mut self.regimes[regime.index()], taker.side.index());
        r.arrivals[side] += 1;
        r.sweeps[side] += u64::from(taker.worst.is_some());
        r.depth_sum_bps[side] += taker.depth_bps;
        r.prints[side] += u64::try_from(prints).unwrap_or(0);
    }

    /// Takers per second and side that reach `depth_bps` or more, averaged over the time counted:
    /// the mixture sum of w_r A_r e^(-k_r d), w_r the share of time.
    pub fn intensity(&self, depth_bps: f64) -> f64 {
        let total: f64 = self.regimes.iter().map(|r| r.seconds).sum();
        let reach =
            |r: &RegimeTruth| r.seconds * r.rate_per_s * det::exp(-r.decay_per_bps * depth_bps);
        if total > 0.0 { self.regimes.iter().map(reach).sum::<f64>() / total } else { 0.0 }
    }

    /// Markout against a maker `h_s` seconds after a fill, bps: impact x (1 - e^(-h/tau)).
    #[cfg(test)]
    pub fn markout_bps(&self, regime: Regime, h_s: f64) -> f64 {
        let impact = self.regimes[regime.index()].impact_bps;
        let tau = self.impact_tau_s;
        if tau > 0.0 { -impact * det::exp_m1(-h_s / tau) } else { impact }
    }

    /// The coin with its averages over regimes filled in.
    pub fn averaged(&self) -> CoinTruth {
        let mut out = self.clone();
        out.seconds = self.regimes.iter().map(|r| r.seconds).sum();
        out.rate_per_s = self.intensity(0.0);
        let takers: f64 = self.regimes.iter().map(|r| r.seconds * r.rate_per_s).sum();
        let known = self.regimes.iter().filter(|r| r.kappa > 0.0);
        let depths: f64 = known.map(|r| r.seconds * r.rate_per_s / r.kappa).sum();
        out.kappa = if depths > 0.0 { takers / depths } else { 0.0 };
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_weigh_by_time_and_takers() {
        let config = Config::simple();
        let mut truth = CoinTruth::new("BTC", &config, [0.0; 4]);
        truth.pass(Regime::Quiet, 300.0, 0.1);
        truth.pass(Regime::Volatile, 100.0, 0.2);
        truth.pass(Regime::Volatile, 100.0, 0.4);
        let got = truth.averaged();
        assert!((got.seconds - 500.0).abs() < 1e-9);
        assert!((got.rate_per_s - (0.6 * 0.15 + 0.4 * 2.0)).abs() < 1e-12);
        let mean_depth = (45.0 / 12_000.0 + 400.0 / 2_500.0) / 445.0;
        assert!((got.kappa - 1.0 / mean_depth).abs() < 1e-6);
        assert!((got.regimes[2].half_spread_bps - 0.3).abs() < 1e-12);
        assert!(
            (truth.intensity(2.0) - (0.09 * det::exp(-2.4) + 0.8 * det::exp(-0.5))).abs() < 1e-12
        );
        assert!((truth.markout_bps(Regime::Normal, 5.0) - 0.4018).abs() < 1e-3);
        truth.reset();
        assert_eq!(truth, CoinTruth::new("BTC", &config, [0.0; 4]));
    }

    #[test]
    fn volatility_contains_the_takers_part() {
        let truth = CoinTruth::new("BTC", &Config::simple(), [0.0; 4]);
        for r in truth.regimes {
            let caused = 2.0 * r.rate_per_s * r.impact_bps * r.impact_bps;
            let total = r.sigma_news_bps * r.sigma_news_bps + caused;
            assert!((total.sqrt() - r.sigma_bps).abs() < 1e-9, "{r:?}");
            assert!(r.sigma_news_bps > 0.0, "defaults leave room for news: {r:?}");
        }
    }
}
