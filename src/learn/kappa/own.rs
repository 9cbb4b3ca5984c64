//! What own quotes and fills say: thinning of the tape, and a filter that needs no tape.
//!
//! In: whether a reached price filled; depth, exposure and fill of own quotes. Out: the
//! probability that a reached price fills; a Gaussian belief of (ln rate, kappa). Hot path.
//!
//! 1. Own fills alone do not identify kappa unless the time spent unfilled at each depth counts:
//!    the mean distance of fills is the distance quoted, whatever the market does.
//! 2. The thinning learns one Bernoulli trial per sweep that reached an own price, apart for
//!    sweeps that ended at the price (a queue decides) and that went through it (nearly certain).
//! 3. The filter is an assumed-density filter for Poisson counts with intensity
//!    exp(x' theta), x = (1, -(d - d_ref)); one exact mode per update by Lambert's W.

use serde::{Deserialize, Serialize};

use crate::math::lambert;
use crate::math::{beta, det};
use crate::settings::settings;

settings! {
    /// Settings of kappa from own quotes and fills.
    pub struct Config: Copy {
        /// Prior of a fill at a price that was reached: pseudo-counts filled and missed.
        prior: [f64; 2] = [1.0, 1.0], 0.01..=1e4, "trials";
        /// Trials remembered.
        trials: f64 = 2_000.0, 2.0..=1e9, "trials";
        /// Prior mean of the own-fill rate at the reference depth.
        rate: f64 = 0.05, 1e-9..=1e3, "per second";
        /// Prior standard deviation of its logarithm.
        rate_ln_sd: f64 = 2.0, 1e-3..=10.0;
        /// Prior mean of kappa.
        kappa: f64 = 6_000.0, 0.0..=1e5, "per unit of relative price";
        /// Prior standard deviation of kappa, wide enough to hold a quiet market.
        kappa_sd: f64 = 4_000.0, 1.0..=1e5, "per unit of relative price";
        /// Reference depth.
        depth_ref_bps: f64 = 3.0, 0.0..=100.0, "bps";
        /// Memory in time of quoting: the belief widens by e per memory, up to the prior; 0: none.
        memory_s: f64 = 14_400.0, 0.0..=1e9, "s";
    }
}

impl Config {
    /// Prior variances of the logarithm of the rate, and of kappa per bps.
    fn prior_variances(&self) -> [f64; 2] {
        let sd = self.kappa_sd * 1e-4;
        [self.rate_ln_sd * self.rate_ln_sd, sd * sd]
    }
}

/// Beta-Bernoulli learner of one kind of trial.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Thinning {
    filled: f64,
    missed: f64,
    /// The interval, and whether a trial came since it was worked out.
    interval: (f64, f64),
    stale: bool,
}

impl Thinning {
    /// The prior.
    #[must_use]
    pub fn new(cfg: &Config) -> Thinning {
        let mut t = Thinning {
            filled: cfg.prior[0],
            missed: cfg.prior[1],
            interval: (0.0, 1.0),
            stale: true,
        };
        t.refresh();
        t
    }

    /// A sweep reached an own price; did it fill?
    pub fn trial(&mut self, cfg: &Config, filled: bool) {
        let n = self.filled + self.missed;
        if n > cfg.trials {
            self.filled *= cfg.trials / n;
            self.missed *= cfg.trials / n;
        }
        *(if filled { &mut self.filled } else { &mut self.missed }) += 1.0;
        self.stale = true;
    }

    /// Works the interval out again if there was a trial. Once a second is enough.
    pub fn refresh(&mut self) {
        if self.stale {
            let q = |p| beta::quantile(p, self.filled, self.missed);
            (self.interval, self.stale) = ((q(0.025), q(0.975)), false);
        }
    }

    /// Mean probability of a fill.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.filled / (self.filled + self.missed)
    }

    /// Central 95 % interval, as of the last [`Thinning::refresh`].
    #[must_use]
    pub fn interval95(&self) -> (f64, f64) {
        self.interval
    }
}

/// The filter on theta = (ln rate at the reference depth, kappa per bps).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Adf {
    mean: [f64; 2],
    cov: [f64; 3],
    fills: f64,
}

impl Adf {
    /// The prior.
    #[must_use]
    pub fn new(cfg: &Config) -> Adf {
        let prior = cfg.prior_variances();
        Adf {
            mean: [det::ln(cfg.rate), cfg.kappa * 1e-4],
            cov: [prior[0], 0.0, prior[1]],
            fills: 0.0,
        }
    }

    /// A quote stood at `depth_bps` for `exposure_s` (> 0) seconds and had `fills` fills.
    pub fn observe(&mut self, cfg: &Config, depth_bps: f64, exposure_s: f64, fills: f64) {
        if exposure_s <= 0.0 || !depth_bps.is_finite() {
            return;
        }
        self.widen(cfg, exposure_s);
        self.fills += fills;
        let x1 = -(depth_bps - cfg.depth_ref_bps);
        let [a, b, c] = self.cov;
        // P x, v = x' P x, s0 = x' m.
        let px = [a + b * x1, b + c * x1];
        let v = px[0] + px[1] * x1;
        let s0 = self.mean[0] + self.mean[1] * x1;
        // Mode of n s - T e^s - (s - s0)^2 / 2v: s = s0 + v n - W0(v T e^(s0 + v n)).
        let y = det::ln(v * exposure_s) + s0 + v * fills;
        let w = lambert::w0_exp(y);
        let s = s0 + v * fills - w;
        // T e^s = W / v, the curvature at the mode.
        let mu = w / v;
        let step = (s - s0) / v;
        self.mean[0] += px[0] * step;
        self.mean[1] += px[1] * step;
        let shrink = mu / (1.0 + v * mu);
        self.cov =
            [a - px[0] * px[0] * shrink, b - px[0] * px[1] * shrink, c - px[1] * px[1] * shrink];
    }

    /// Mean and standard deviation of kappa, per bps. The mean may be negative where quotes have
    /// not varied in depth.
    #[must_use]
    pub fn kappa(&self) -> (f64, f64) {
        (self.mean[1], self.cov[2].max(0.0).sqrt())
    }

    /// Expected own-fill rate at a depth, 1/s (at the mode).
    #[must_use]
    #[cfg(any(test, feature = "lab"))]
    pub fn rate(&self, cfg: &Config, depth_bps: f64) -> f64 {
        det::exp(self.mean[0] - self.mean[1] * (depth_bps - cfg.depth_ref_bps))
    }

    /// Fills taken in.
    #[must_use]
    pub fn fills(&self) -> f64 {
        self.fills
    }

    fn widen(&mut self, cfg: &Config, dt_s: f64) {
        if cfg.memory_s <= 0.0 {
            return;
        }
        let k = det::exp(dt_s / cfg.memory_s);
        let prior = cfg.prior_variances();
        let room = (prior[0] / self.cov[0]).min(prior[1] / self.cov[2]).max(1.0);
        let k = k.min(room);
        self.cov.iter_mut().for_each(|p| *p *= k);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::draw::{Draw, uniform_p};

    /// Coverage of the 95 % interval, mean and sd of z over draws from the prior.
    fn calibrate(seed: u64, draws: usize, exposure_wrong: f64) -> (f64, f64, f64) {
        let cfg = Config { memory_s: 0.0, rate_ln_sd: 0.7, kappa_sd: 2_000.0, ..Config::default() };
        let mut d = Draw::new(seed);
        let (mut sum, mut sq, mut inside) = (0.0, 0.0, 0.0);
        for _ in 0..draws {
            let ln_rate = det::ln(cfg.rate) + cfg.rate_ln_sd * d.normal();
            let kappa = cfg.kappa * 1e-4 + cfg.kappa_sd * 1e-4 * d.normal();
            let mut f = Adf::new(&cfg);
            for _ in 0..20 {
                for depth in [1.5, 2.5, 3.5, 5.0, 7.0] {
                    let rate = det::exp(ln_rate - kappa * (depth - cfg.depth_ref_bps));
                    let n = f64::from(d.poisson(rate * 30.0));
                    f.observe(&cfg, depth, 30.0 * (1.0 + exposure_wrong * (depth - 3.0)), n);
                }
            }
            let (m, sd) = f.kappa();
            let z = (kappa - m) / sd;
            sum += z;
            sq += z * z;
            inside += f64::from(u8::from(z.abs() < 1.96));
        }
        let n = draws as f64;
        (inside / n, sum / n, (sq / n - sum * sum / n / n).sqrt())
    }

    #[test]
    fn the_filter_is_calibrated_over_its_prior() {
        let (cover, mean, sd) = calibrate(1, 2_000, 0.0);
        assert!((0.93..=0.97).contains(&cover), "{cover}");
        assert!(mean.abs() < 0.15 && (0.9..=1.1).contains(&sd), "{mean} {sd}");
        let (wrong, ..) = calibrate(1, 500, 0.1);
        assert!(wrong < 0.85, "control: wrong exposures are found out, {wrong}");
    }

    #[test]
    fn one_depth_leaves_kappa_at_its_prior() {
        let cfg = Config { memory_s: 0.0, ..Config::default() };
        let mut f = Adf::new(&cfg);
        for _ in 0..500 {
            f.observe(&cfg, cfg.depth_ref_bps, 10.0, 1.0);
        }
        let (m, sd) = f.kappa();
        assert!((m - 0.6).abs() < 1e-9 && (sd - 0.4).abs() < 1e-9);
        assert!((f.rate(&cfg, cfg.depth_ref_bps) / 0.1 - 1.0).abs() < 0.15);
    }

    #[test]
    fn thinning_ranks_are_uniform() {
        let cfg = Config::default();
        let pit = |spoil: f64| -> Vec<f64> {
            let mut d = Draw::new(9);
            (0..2_000)
                .map(|_| {
                    let phi = d.unit();
                    let mut t = Thinning::new(&cfg);
                    (0..40).for_each(|_| t.trial(&cfg, d.chance(phi * spoil)));
                    beta::lower(t.filled, t.missed, phi)
                })
                .collect()
        };
        assert!(uniform_p(&pit(1.0), 20) > 1e-4);
        assert!(uniform_p(&pit(0.9), 20) < 1e-6, "control");
    }

    #[test]
    fn extremes_stay_finite() {
        let mut f = Adf::new(&Config::default());
        for (d, t, n) in [(60.0, 1e6, 0.0), (0.0, 1e-9, 50.0), (500.0, 1.0, 3.0), (1.0, 1e9, 0.0)] {
            f.observe(&Config::default(), d, t, n);
            let (m, sd) = f.kappa();
            assert!(
                m.is_finite() && sd.is_finite() && f.rate(&Config::default(), 3.0).is_finite(),
                "{d} {t} {n}"
            );
        }
    }
}
