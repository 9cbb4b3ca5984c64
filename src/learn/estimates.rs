//! Everything learned about one coin, as plain numbers for quoting and for the records.
//!
//! In: filled once a second by [`super::Learners`]. Out: [`Estimates`], `Copy`. Hot path.
//!
//! 1. `kappa` is the local slope of the regime mixture's intensity at `depth_bps`, so
//!    cost + 1/kappa is the mixture's optimum: one number carries four regimes.
//! 2. Kappas are per unit of relative price (8000 = 0.8 per bps); everything else named `_bps` is
//!    in basis points of the mid.
//! 3. Rates are of the book side that is reached: index with the own quote's side.

use serde::{Deserialize, Serialize};

use super::fill_rate::Counted;
use super::kappa::regime::Reach;
use super::kappa::regime::efold;
use super::markout::HORIZONS;
use super::regime::REGIMES;
use super::skill::Metrics;
use super::{original, warmup};
use crate::math::det;
use crate::units::{Ns, Side};

/// Most steps to the depth of a rate.
const RATE_STEPS: u32 = 24;

/// A mean with its central 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Mean.
    pub mean: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

impl From<[f64; 3]> for Span {
    fn from([mean, lo, hi]: [f64; 3]) -> Span {
        Span { mean, lo, hi }
    }
}

/// Kappa of one estimator, per unit of relative price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kappa {
    /// Mean and interval; all zero where the estimator has nothing to say.
    pub span: Span,
    /// Effective observations.
    pub n_eff: f64,
}

/// One regime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regime {
    /// Probability.
    pub p: f64,
    /// Kappa in the quoting window, per unit of relative price.
    pub kappa: f64,
    /// Sweeps per second and side, extrapolated to depth 0.
    pub rate: f64,
    /// Expected adverse move at the primary horizon, bps.
    pub adverse_bps: f64,
    /// Volatility the filter ascribes to it, bps per square root of a second.
    pub sigma_bps: f64,
}

/// Expected adverse move at one horizon, bps; positive: against us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Adverse {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the estimate.
    pub sd: f64,
}

/// The gate on fill predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Weight of the predictions, 0..1.
    pub weight: f64,
    /// False: predictions are worse than none; do not quote on them.
    pub open: bool,
}

/// What is known of one coin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimates {
    /// When this was computed.
    pub at: Ns,
    /// The kappa that quotes (the configured estimator).
    pub kappa: Kappa,
    /// From the tape, mixed over regimes.
    pub kappa_tape: Kappa,
    /// From own quotes and fills.
    pub kappa_own: Kappa,
    /// From the book's shape.
    pub kappa_book: Kappa,
    /// Precision-weighted blend of the three.
    pub kappa_blend: Kappa,
    /// Best distance from the mid without inventory (mixture optimum, cost included), bps.
    pub depth_bps: f64,
    /// Sweeps per second reaching `depth_bps`, by own quote side.
    pub reach: [Span; 2],
    /// The same extrapolated along kappa to depth 0, by own quote side.
    pub rate: [Span; 2],
    /// Sweeps per second by depth, counted.
    pub table: Reach,
    /// Per regime: quiet, normal, volatile, cascade.
    pub regime: [Regime; REGIMES],
    /// Volatility, bps per square root of a second.
    pub sigma_bps: f64,
    /// Adverse move after a fill at `depth_bps`, by horizon (.5, 1, 5, 30 s).
    pub adverse: [Adverse; HORIZONS.len()],
    /// Move against a quote at `depth_bps` between its reference mid and its fill, mixed over
    /// regimes as the depth is, bps.
    pub drift_bps: f64,
    /// Adverse move in all, before the fill and to the primary horizon after it, mixed likewise,
    /// bps.
    pub adverse_bps: f64,
    /// Its standard deviation.
    pub adverse_sd: f64,
    /// Local line of the adverse move in all: `alpha0 + alpha1 d`, bps and 1.
    pub alpha0: f64,
    /// See `alpha0`.
    pub alpha1: f64,
    /// Confidence in kappa, 0..1: 0 without data.
    pub confidence: f64,
    /// Warm-up.
    pub warmup: warmup::Score,
    /// Probability of a fill when a sweep ends at the own price.
    pub phi_level: Span,
    /// And when it goes through.
    pub phi_through: Span,
    /// Share of the sweeps behind `kappa` that ended nearer than its window, sweeps.
    pub near: f64,
    /// The window that kappa is read in, bps; its end may be infinite.
    pub window_bps: [f64; 2],
    /// Depth up to which takers only meet the touch, bps.
    pub touch_bps: f64,
    /// How long a position is held, seconds.
    pub hold_s: f64,
    /// Expected move of the mid in the next second as of now, bps, already weighted.
    pub signal_bps: f64,
    /// Weight of the signals, 0..1.
    pub signal_weight: f64,
    /// Own fills by depth, and how many fills the prediction is worth beside them.
    pub counted: Counted,
    /// See `counted`.
    pub trust: f64,
    /// Half a price step, bps, as last seen.
    pub half_tick_bps: f64,
    /// Distance below which fills lose money on average, bps.
    pub floor_bps: f64,
    /// Gate.
    pub gate: Gate,
    /// Scores of fill predictions.
    pub calibration: Metrics,
    /// Factor on predicted intensities in force.
    pub scale: f64,
    /// Own fills in the last half hour of seeing the market.
    pub fills_30m: u32,
    /// Own fills ever.
    pub fills: u64,
    /// Seconds of seeing the market since the last fill, or since the start.
    pub since_fill_s: f64,
    /// Inputs refused (not finite, not positive) and marks dropped.
    pub refused: u64,
    /// The original's numbers; zero outside its profile.
    pub original: original::Estimates,
}

impl Estimates {
    /// Sweeps per second that reach a quote of `side` at `depth_bps`, as the tape counted.
    #[must_use]
    pub fn reach_at(&self, side: Side, depth_bps: f64) -> f64 {
        self.table.at(side, depth_bps)
    }

    /// Expected fills per second of a small quote of `side` at `depth_bps`: the tape, thinned,
    /// corrected as a whole and by what was counted near that depth.
    #[must_use]
    pub fn fill_rate(&self, side: Side, depth_bps: f64) -> f64 {
        self.fill_rates(depth_bps)[side.index()]
    }

    /// The same of both sides.
    #[must_use]
    pub fn fill_rates(&self, depth_bps: f64) -> [f64; 2] {
        let phi = (self.phi_level.mean, self.phi_through.mean);
        let beyond = self.table.both(depth_bps + 2.0 * self.half_tick_bps);
        let reach = self.table.both(depth_bps);
        Side::BOTH.map(|s| {
            let tape = self.scale * thinned(reach[s.index()], beyond[s.index()], phi);
            self.counted.correct(depth_bps, tape, self.trust)
        })
    }

    /// The distance at which own quotes of both sides fill `per_s` times a second together, within
    /// `near..=far` bps, to a thousandth of a bps. By the Illinois rule on the logarithm of the rate,
    /// which is nearly straight in depth; steps in it are met by halving.
    #[must_use]
    pub fn depth_of_rate(&self, per_s: f64, near: f64, far: f64) -> f64 {
        let above = |d: f64| det::ln((self.fill_rates(d).iter().sum::<f64>() / per_s).max(1e-300));
        let (mut lo, mut hi) = ((near, above(near)), (far, above(far)));
        if lo.1 <= 0.0 || hi.1 >= 0.0 {
            return if lo.1 <= 0.0 { near } else { far };
        }
        let mut was = 0.0;
        for step in 1..=RATE_STEPS {
            let straight = lo.0 + (hi.0 - lo.0) * lo.1 / (lo.1 - hi.1);
            let d = if step % 4 == 0 { 0.5 * (lo.0 + hi.0) } else { straight };
            let f = above(d);
            // An end that stays twice counts half, so that the other one comes closer, too.
            let again = if f * was > 0.0 { 0.5 } else { 1.0 };
            if f > 0.0 {
                (lo, hi.1) = ((d, f), hi.1 * again);
            } else {
                (hi, lo.1) = ((d, f), lo.1 * again);
            }
            was = f;
            if hi.0 - lo.0 < 1e-3 || f.abs() < 1e-4 {
                return d;
            }
        }
        0.5 * (lo.0 + hi.0)
    }

    /// Intensity at any depth along the local slope: exact at `depth_bps`.
    #[must_use]
    pub fn local_reach(&self, side: Side, depth_bps: f64) -> f64 {
        let k = self.kappa.span.mean * 1e-4;
        self.reach[side.index()].mean * efold(-k * (depth_bps - self.depth_bps))
    }
}

/// Intensity of fills: sweeps through the price, and sweeps that end at it, each thinned.
#[must_use]
pub(super) fn own_rate(
    table: &Reach,
    side: Side,
    depth_bps: f64,
    half_tick_bps: f64,
    phi: (f64, f64),
) -> f64 {
    let beyond = table.at(side, depth_bps + 2.0 * half_tick_bps);
    thinned(table.at(side, depth_bps), beyond, phi)
}

/// Fills of an order that `reach` sweeps reach, `beyond` of them beyond its price.
fn thinned(reach: f64, beyond: f64, (level, through): (f64, f64)) -> f64 {
    beyond * through + (reach - beyond).max(0.0) * level
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::{Config, Learners, Sweep};

    #[test]
    fn the_depth_of_a_rate_has_that_rate() {
        let cfg = Config::default();
        let mut learners = Learners::new(&cfg, 1.5);
        let mut rng = fastrand::Rng::with_seed(9);
        let mut now = Ns(0);
        learners.on_resume(&cfg, now);
        for s in 0..1_200i64 {
            now = Ns(s * Ns::SEC);
            learners.on_mid(&cfg, now, 100.0, &mut |_| ());
            if s % 2 == 0 {
                let side = if rng.bool() { Side::Buy } else { Side::Sell };
                let depth_bps = 0.3 - det::ln(rng.f64()) / 0.6;
                let sweep = Sweep {
                    side,
                    depth_bps,
                    drift_bps: 0.0,
                    half_tick_bps: 0.05,
                    size: 5.0,
                    notional: 500.0,
                    prints: 1,
                    mid: 100.0,
                };
                learners.on_sweep(&cfg, now, sweep);
            }
            learners.on_second(&cfg, 1.5, now, &mut |_| ());
        }
        let e = learners.estimates();
        let rate = |d: f64| e.fill_rates(d).iter().sum::<f64>();
        let mut last = f64::INFINITY;
        for per_s in [1e-3, 0.01, 0.03, 0.1, 0.2] {
            let d = e.depth_of_rate(per_s, 0.0, 60.0);
            let (before, after) = (rate(d - 2e-3), rate(d + 2e-3));
            assert!(before >= per_s && after <= per_s, "{per_s}: {before} {after} at {d}");
            assert!(d <= last, "more often is nearer");
            last = d;
        }
        assert!(last < 5.0 && last > 0.0, "{last}");
        assert_eq!(e.depth_of_rate(1e9, 0.5, 60.0).to_bits(), 0.5f64.to_bits());
        assert_eq!(e.depth_of_rate(1e-12, 0.5, 2.0).to_bits(), 2.0f64.to_bits());
    }
}
