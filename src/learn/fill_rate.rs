//! Own fills over time and depth, and the Kelly fraction of a depth.
//!
//! In: exposure of own quotes, own fills. Out: fills in the last half hour, time since the last,
//! rate by depth with its interval, Kelly fractions. Hot path.
//!
//! 1. Time counts only while the market is seen.
//! 2. A rate by depth is fills over exposure, unfilled quotes included.
//! 3. Kelly of one level: the fill probability cancels (no fill, no change of wealth), so
//!    f = edge / variance per unit of notional; `fraction` of it, capped.

use serde::{Deserialize, Serialize};

use super::kappa::tape::Gamma;

/// Depth slots: 0.25 * 2^k bps.
pub const SLOTS: usize = 8;
const MINUTES: usize = 30;

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Prior of a slot's rate: shape, events; > 0.
    pub shape: f64,
    /// Prior of a slot's rate: exposure, seconds; > 0.
    pub exposure_s: f64,
    /// Longest holding time assumed for the variance of a fill, seconds; > 0.
    pub hold_max_s: f64,
    /// Shortest holding time assumed, seconds; > 0.
    pub hold_min_s: f64,
    /// Largest Kelly fraction, multiples of wealth.
    pub kelly_max: f64,
}

impl Default for Config {
    fn default() -> Config {
        Config { shape: 0.5, exposure_s: 30.0, hold_max_s: 600.0, hold_min_s: 5.0, kelly_max: 1.0 }
    }
}

/// Fills and exposure.
#[derive(Clone, Copy, Debug)]
pub struct FillRate {
    cfg: Config,
    minute: [u32; MINUTES],
    at: usize,
    into_minute_s: f64,
    since_s: f64,
    total: u64,
    fills: [f64; SLOTS],
    exposure_s: [f64; SLOTS],
}

impl FillRate {
    /// Nothing yet.
    #[must_use]
    pub fn new(cfg: Config) -> FillRate {
        FillRate {
            cfg,
            minute: [0; MINUTES],
            at: 0,
            into_minute_s: 0.0,
            since_s: 0.0,
            total: 0,
            fills: [0.0; SLOTS],
            exposure_s: [0.0; SLOTS],
        }
    }

    /// `dt_s` (>= 0) seconds of seeing the market pass.
    pub fn advance(&mut self, dt_s: f64) {
        self.since_s += dt_s;
        self.into_minute_s += dt_s;
        let mut left = MINUTES;
        while self.into_minute_s >= 60.0 && left > 0 {
            self.into_minute_s -= 60.0;
            self.at = (self.at + 1) % MINUTES;
            self.minute[self.at] = 0;
            left -= 1;
        }
        self.into_minute_s = self.into_minute_s.min(60.0);
    }

    /// An own quote stood at a depth for a while.
    pub fn exposed(&mut self, depth_bps: f64, dt_s: f64) {
        self.exposure_s[slot(depth_bps)] += dt_s;
    }

    /// An own order was filled.
    pub fn fill(&mut self, depth_bps: f64) {
        self.minute[self.at] = self.minute[self.at].saturating_add(1);
        self.since_s = 0.0;
        self.total += 1;
        self.fills[slot(depth_bps)] += 1.0;
    }

    /// Fills in the last 29 to 30 minutes.
    #[must_use]
    pub fn last_half_hour(&self) -> u32 {
        self.minute.iter().fold(0, |a, b| a.saturating_add(*b))
    }

    /// Seconds since the last fill, or since the start.
    #[must_use]
    pub fn since_s(&self) -> f64 {
        self.since_s
    }

    /// Fills ever.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Posterior of the fill rate of a quote at that depth, 1/s.
    #[must_use]
    pub fn rate(&self, depth_bps: f64) -> Gamma {
        let i = slot(depth_bps);
        Gamma {
            shape: self.cfg.shape + self.fills[i],
            rate: self.cfg.exposure_s + self.exposure_s[i],
        }
    }

    /// Kelly fraction (multiples of wealth) of a level with `edge_bps` after costs; the position
    /// is held for about the time between fills at `fills_per_s`.
    #[must_use]
    pub fn kelly(&self, edge_bps: f64, sigma_bps: f64, fills_per_s: f64, fraction: f64) -> f64 {
        let hold = (1.0 / fills_per_s.max(1e-9)).clamp(self.cfg.hold_min_s, self.cfg.hold_max_s);
        let variance = (sigma_bps * sigma_bps * hold).max(1e-9);
        // Edge in 1e-4, variance in 1e-8.
        (fraction * edge_bps.max(0.0) / variance * 1e4).min(self.cfg.kelly_max)
    }
}

fn slot(depth_bps: f64) -> usize {
    let mut edge = 0.5;
    let mut i = 0;
    while i + 1 < SLOTS && depth_bps >= edge {
        edge *= 2.0;
        i += 1;
    }
    i
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{draw::Draw, gamma};

    #[test]
    fn counts_half_an_hour() {
        let mut f = FillRate::new(Config::default());
        for s in 0..7_200 {
            f.advance(1.0);
            if s % 60 == 0 {
                f.fill(3.0);
            }
        }
        assert!((29..=30).contains(&f.last_half_hour()), "{}", f.last_half_hour());
        assert!((f.since_s() - 59.0).abs() < 1e-9);
        f.advance(1e7);
        assert_eq!(f.last_half_hour(), 0);
    }

    #[test]
    fn rate_by_depth_needs_the_unfilled_time() {
        let mut d = Draw::new(8);
        let (mut inside, mut naive) = (0.0, 0.0);
        for _ in 0..500 {
            let mut f = FillRate::new(Config::default());
            let mut blind = FillRate::new(Config::default());
            for _ in 0..200 {
                let wait = d.exp(0.02);
                f.exposed(3.0, wait.min(10.0));
                if wait < 10.0 {
                    f.fill(3.0);
                    blind.fill(3.0);
                    blind.exposed(3.0, wait);
                }
            }
            let covers = |g: Gamma| {
                let [_, lo, hi] = gamma::interval95(g.shape, g.rate);
                f64::from(u8::from(lo <= 0.02 && 0.02 <= hi)) / 500.0
            };
            inside += covers(f.rate(3.0));
            naive += covers(blind.rate(3.0));
        }
        assert!((0.916..=0.978).contains(&inside), "{inside}");
        assert!(naive < 0.01, "control: fills alone never cover, {naive}");
    }

    #[test]
    fn kelly_grows_with_edge_and_falls_with_variance() {
        let f = FillRate::new(Config { kelly_max: 1e9, ..Config::default() });
        let k = f.kelly(1.0, 1.0, 0.1, 0.25);
        assert!((k - 0.25 * 1.0 / 10.0 * 1e4).abs() < 1e-9);
        assert!(f.kelly(2.0, 1.0, 0.1, 0.25) > k && f.kelly(1.0, 2.0, 0.1, 0.25) < k);
        assert!(f.kelly(-1.0, 1.0, 0.1, 0.25) < 1e-12);
    }
}
