//! What the mid does against a resting quote before the fill: the price of being slow.
//!
//! In: sweeps with their depth from the reference mid and the mid's move since then. Out: the
//! expected move against a quote of a given depth, by regime. Hot path: one bucket table per sweep.
//!
//! 1. A quote stands where the mid of half a second ago had it. Takers reach it more often after
//!    the mid has come to it, so a fill is worth less than its distance, before any markout. The
//!    move is known when the sweep comes: it is learned from far fewer fills than a markout.
//! 2. A virtual order at each depth bucket is filled by every sweep that reaches it.
//! 3. Without data: depths are exponential with kappa and the mid a Brownian motion, so fills tilt
//!    the move by e^(kappa x) and its mean is kappa sigma^2 lag, at most the whole depth.

use serde::{Deserialize, Serialize};

use super::markout::{BUCKETS, bucket_of, deep};
use crate::learn::regime::REGIMES;
use crate::math::det;
use crate::math::ewma::Ewma;
use crate::settings::settings;

settings! {
    /// Settings of the moves before fills.
    pub struct Config: Copy {
        /// How old the mid is that quotes in the book were made from: the delay to the venue plus
        /// the pause between two quotes; 0: no older than the book.
        lag_ms: u32 = 500, 0..=1_900, "ms";
        /// Strength of the formula's value.
        strength: f64 = 3.0, 1e-3..=1e9, "sweeps";
        /// Strength with which a regime believes the mean over regimes.
        borrow: f64 = 10.0, 1e-3..=1e9, "sweeps";
        /// Memory.
        memory_s: f64 = 1_800.0, 1.0..=1e9, "s";
    }
}

/// The learner.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Drift {
    pooled: [Ewma; BUCKETS],
    regime: [[Ewma; BUCKETS]; REGIMES],
}

impl Default for Drift {
    /// Knows the formula only.
    fn default() -> Drift {
        Drift { pooled: [Ewma::default(); BUCKETS], regime: [[Ewma::default(); BUCKETS]; REGIMES] }
    }
}

impl Drift {
    /// `dt_s` (>= 0) seconds pass.
    pub fn advance(&mut self, cfg: &Config, dt_s: f64) {
        let keep = det::exp(-dt_s / cfg.memory_s);
        self.pooled.iter_mut().for_each(|e| e.scale(keep));
    }

    /// A sweep reached `depth_bps` from the reference mid after the mid had moved by `against_bps`
    /// towards the quotes it reached; `dt_s` is the time since the last second under `p`.
    pub fn sweep(&mut self, depth_bps: f64, against_bps: f64, p: &[f64; REGIMES]) {
        for b in 0..BUCKETS {
            if depth_bps < deep(b) {
                break;
            }
            self.pooled[b].add(against_bps, 1.0);
            for (r, p) in self.regime.iter_mut().zip(p) {
                // A rare regime keeps what it learned: its memory is counted in its own sweeps.
                r[b].scale(1.0 - 0.002 * p);
                r[b].add(against_bps, *p);
            }
        }
    }

    /// Expected move against a fill at `depth_bps` in each regime of decay `kappa` (1/bps) and
    /// volatility `sigma_bps`.
    #[must_use]
    pub fn against(
        &self,
        cfg: &Config,
        depth_bps: f64,
        kappa: &[f64; REGIMES],
        sigma_bps: &[f64; REGIMES],
    ) -> [f64; REGIMES] {
        let lag_s = f64::from(cfg.lag_ms) * 1e-3;
        let (i, t) = bucket_of(depth_bps);
        std::array::from_fn(|r| {
            let prior = (kappa[r] * sigma_bps[r] * sigma_bps[r] * lag_s).min(depth_bps.max(0.0));
            let at = |b: usize| {
                let all = self.pooled[b].mean(prior, cfg.strength);
                self.regime[r][b].mean(all, cfg.borrow)
            };
            at(i) + t * (at(i + 1) - at(i))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::regime::{NORMAL, only};
    use crate::math::draw::Draw;

    #[test]
    fn the_formula_holds_where_its_assumptions_do() {
        // Depths X ~ Exp(.6) from a mid that moved by N(0, sigma^2 lag) meanwhile.
        let (kappa, sigma, lag) = (0.6, 2.0, 0.5);
        let mut d = Draw::new(5);
        let cfg = Config { strength: 1e-9, ..Config::default() };
        let mut x = Drift::default();
        for _ in 0..400_000 {
            let moved = sigma * f64::sqrt(lag) * d.normal();
            x.sweep(d.exp(kappa) + moved, moved, &only(NORMAL));
        }
        let got = x.against(&cfg, 8.0, &[kappa; 4], &[sigma; 4])[NORMAL];
        let formula = kappa * sigma * sigma * lag;
        assert!((got / formula - 1.0).abs() < 0.1, "{got} {formula}");
        let none = Drift::default().against(&Config::default(), 8.0, &[kappa; 4], &[sigma; 4]);
        assert!((none[0] - formula).abs() < 1e-12, "before any sweep");
        let near = Drift::default().against(&Config::default(), 0.5, &[kappa; 4], &[sigma; 4]);
        assert!((near[0] - 0.5).abs() < 1e-12, "at most the whole depth");
    }

    #[test]
    fn regimes_are_distinguished() {
        let mut x = Drift::default();
        for _ in 0..300 {
            x.sweep(5.0, 0.5, &only(1));
            x.sweep(5.0, 4.0, &only(3));
        }
        let a = x.against(&Config::default(), 3.0, &[0.6; 4], &[1.0; 4]);
        assert!((a[1] - 0.5).abs() < 0.2 && (a[3] - 4.0).abs() < 0.2, "{a:?}");
        assert!((a[0] - 2.25).abs() < 0.1, "unseen: the mean of all, {a:?}");
    }
}
