//! Volatility of the mid: basis points per square root of a second.
//!
//! In: returns with the time they took. Out: sigma. Hot path at 1 Hz: no allocation.
//!
//! 1. A squared return is scaled by its own duration before it is averaged, so uneven sampling
//!    does not change the unit.
//! 2. One return moves the average by at most `clip`^2 times itself: a bad print is no regime.

use serde::{Deserialize, Serialize};

use crate::math::ewma::Ewma;
use crate::settings::settings;

settings! {
    /// Settings of the volatility.
    pub struct Config: Copy {
        /// Volatility without data, which is forgotten like data.
        prior_bps: f64 = 1.0, 1e-3..=1e3, "bps per square root of a second";
        /// Strength of that prior.
        strength: f64 = 2.0, 1e-3..=1e6, "returns";
        /// Memory.
        memory_s: f64 = 300.0, 1.0..=1e9, "s";
        /// Largest return counted in full.
        clip: f64 = 5.0, 1.0..=1e9, "sigmas";
    }
}

/// The estimate.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Sigma {
    variance: Ewma,
}

impl Sigma {
    /// Knows nothing but the prior.
    #[must_use]
    pub fn new(cfg: &Config) -> Sigma {
        let mut variance = Ewma::default();
        variance.add(cfg.prior_bps * cfg.prior_bps, cfg.strength);
        Sigma { variance }
    }

    /// Counts a return of `bps` over `dt_s` (> 0) seconds.
    pub fn on_return(&mut self, cfg: &Config, bps: f64, dt_s: f64) {
        if dt_s <= 0.0 {
            return;
        }
        let top = cfg.clip * cfg.clip * self.variance();
        self.variance.decay(dt_s, cfg.memory_s);
        self.variance.add((bps * bps / dt_s).min(top), 1.0);
    }

    /// Sigma, bps per square root of a second; > 0.
    #[must_use]
    pub fn bps(&self) -> f64 {
        self.variance().sqrt()
    }

    fn variance(&self) -> f64 {
        self.variance.mean(1.0, 0.0).max(1e-6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::draw::Draw;

    fn run(seed: u64, sigma: f64, outliers: bool, clip: f64) -> f64 {
        let mut d = Draw::new(seed);
        let cfg = Config { clip, ..Config::default() };
        let mut s = Sigma::new(&cfg);
        for i in 0..1_500 {
            let dt = if i % 3 == 0 { 0.25 } else { 1.0 };
            s.on_return(&cfg, sigma * f64::sqrt(dt) * d.normal(), dt);
            if outliers && i % 300 == 0 {
                s.on_return(&cfg, 200.0 * sigma, 1.0);
            }
        }
        s.bps() / sigma
    }

    #[test]
    fn finds_sigma_from_uneven_samples_and_any_prior() {
        for (seed, sigma) in [(1, 0.1), (2, 1.0), (3, 20.0)] {
            let ratio = run(seed, sigma, false, 5.0);
            assert!((ratio - 1.0).abs() < 0.15, "{sigma}: {ratio}");
        }
    }

    #[test]
    fn a_bad_print_is_no_regime() {
        assert!(run(4, 1.0, true, 5.0) < 1.3);
        assert!(run(4, 1.0, true, 1e9) > 3.0, "control: without the clip it would be one");
    }
}
