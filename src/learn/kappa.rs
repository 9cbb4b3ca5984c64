//! How fast the rate of takers decays with depth, with an interval that counts a cluster once.
//!
//! In: depths of takers, seconds. Out: [`Kappa`]. Hot path: O(1) a taker, a little more once a window.
//!
//! 1. An exponential law seen from `from_bps` on and censored at `to_bps`: with n takers that ended
//!    between, and E the sum of their depths beyond the first, capped, kappa = (n + 1)/(E + 1/.6) per bps.
//! 2. Scores u = n - kappa E of windows of 10, 30 and 60 s give the dispersion (the largest counts)
//!    and, by the sum of their fourth powers, degrees of freedom: one burst is one observation. The
//!    interval is kappa exp(+- t sqrt(dispersion/(n + 1))).
//! 3. It is shown, and no input of a quote: what quotes earn by distance is read of the curve.

use serde::{Deserialize, Serialize};

use crate::math::{beta, det};
use crate::settings::settings;

/// Length of a window, s.
const WINDOW_S: f64 = 10.0;
/// Lengths of the cluster scales, windows.
const SCALES: [u32; 3] = [1, 3, 6];
/// Sum of depths that the prior's taker is worth, bps.
const PRIOR: f64 = 1.0 / 0.6;

settings! {
    /// How deep takers reach, for display.
    pub struct Config: Copy {
        /// Takers that end nearer tell nothing of it: they meet the touch.
        from_bps: f64 = 1.0, 0.0..=1e3, "bps";
        /// Takers that go farther are known to do so, no more.
        to_bps: f64 = 4.0, 0.01..=1e4, "bps";
        /// Memory.
        memory_s: f64 = 1_800.0, 10.0..=1e9, "s";
    }
    where {
        [from_bps, to_bps] |c| c.from_bps < c.to_bps, "`from_bps` must be below `to_bps`";
    }
}

/// How fast the rate of takers decays with depth, per unit of relative price. No input of a quote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kappa {
    /// Mean.
    pub mean: f64,
    /// Lower end of the 95 % interval.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Takers that count as independent.
    pub n_eff: f64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Scale {
    windows: u32,
    open: f64,
    square: f64,
    fourth: f64,
}

/// The estimate.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Decay {
    /// Takers and depths of the open window, and what is remembered.
    open: (f64, f64),
    all: (f64, f64),
    scales: [Scale; 3],
    passed_s: f64,
}

impl Decay {
    /// A taker reached `depth_bps`.
    pub fn sweep(&mut self, cfg: &Config, depth_bps: f64) {
        if depth_bps >= cfg.from_bps {
            self.open.0 += f64::from(u8::from(depth_bps < cfg.to_bps));
            self.open.1 += depth_bps.min(cfg.to_bps) - cfg.from_bps;
        }
    }

    /// `dt_s` seconds of seeing the market pass. Gives what is known where a window closed.
    pub fn advance(&mut self, cfg: &Config, dt_s: f64) -> Option<Kappa> {
        self.passed_s += dt_s;
        if self.passed_s < WINDOW_S {
            return None;
        }
        let keep = det::exp(-self.passed_s / cfg.memory_s);
        self.passed_s = 0.0;
        let (n, excess) = std::mem::take(&mut self.open);
        let score = n - self.mean() * excess;
        self.all = (self.all.0 * keep + n, self.all.1 * keep + excess);
        for (s, length) in self.scales.iter_mut().zip(SCALES) {
            (s.square, s.fourth) = (s.square * keep, s.fourth * keep);
            s.open += score;
            s.windows += 1;
            if s.windows >= length {
                let square = s.open * s.open;
                s.square += square;
                s.fourth += square * square;
                (s.windows, s.open) = (0, 0.0);
            }
        }
        Some(self.read())
    }

    /// Per bps.
    fn mean(&self) -> f64 {
        (self.all.0 + 1.0) / (self.all.1 + PRIOR)
    }

    /// What is known.
    #[must_use]
    pub fn read(&self) -> Kappa {
        let n = self.all.0;
        let over = |s: &Scale| (s.square + 18.0) / (n + 6.0);
        let (mut worst, mut phi) = (&self.scales[0], f64::MIN);
        for s in &self.scales {
            if over(s) > phi {
                (worst, phi) = (s, over(s));
            }
        }
        let phi = phi.max(1.0);
        let freedom = 2.5 + 2.0 * worst.square * worst.square / worst.fourth.max(1e-9);
        let half = beta::student95(freedom) * (phi / (n + 1.0)).sqrt();
        let mean = self.mean() * 1e4;
        Kappa { mean, lo: mean * det::exp(-half), hi: mean * det::exp(half), n_eff: n / phi }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::draw::Draw;
    use crate::math::gamma;

    /// Share of ten minutes whose interval holds .6 per bps: takers come in bursts of `size` that share
    /// a depth but for a little; as it is, or as if each were an observation.
    fn coverage(size: u32, single: bool) -> f64 {
        let (cfg, d) = (Config { memory_s: 1e9, ..Config::default() }, &mut Draw::new(7));
        let inside = (0..400).filter(|_| {
            let mut k = Decay::default();
            for _ in 0..60 {
                for _ in 0..d.poisson(4.0 / f64::from(size)) {
                    let depth = d.exp(0.6);
                    (0..size).for_each(|_| k.sweep(&cfg, depth));
                }
                k.advance(&cfg, 10.0);
            }
            let (n, e) = k.all;
            let seen = k.read();
            let [lo, hi] = if single {
                [0.025, 0.975].map(|p| 1e4 * gamma::quantile(p, n + 1.0) / (e + PRIOR))
            } else {
                [seen.lo, seen.hi]
            };
            (lo..=hi).contains(&6_000.0)
        });
        inside.count() as f64 / 400.0
    }

    #[test]
    fn the_interval_counts_a_burst_once() {
        assert!(coverage(1, false) > 0.93, "{}", coverage(1, false));
        assert!(coverage(8, false) > 0.85, "{}", coverage(8, false));
        assert!(coverage(8, true) < 0.70, "control: a taker is none: {}", coverage(8, true));
    }

    #[test]
    fn takers_that_meet_the_touch_tell_nothing() {
        let cfg = Config::default();
        let mut k = Decay::default();
        (0..500).for_each(|_| k.sweep(&cfg, 0.2));
        let seen = k.advance(&cfg, 10.0).expect("a window");
        assert!((seen.mean - 6_000.0).abs() < 1e-9 && seen.n_eff == 0.0, "{seen:?}");
        assert!(seen.lo < 1_500.0 && seen.hi > 20_000.0, "the prior is wide: {seen:?}");
    }
}
