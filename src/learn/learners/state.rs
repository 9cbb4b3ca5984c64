//! What the learners of one coin know, and what is read off it in more than one place.
//!
//! In: the parts' own states. Out: [`Learners`], moves by regime, the slope of the adverse move. Hot
//! path: plain values.

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use crate::learn::calibration::Calibration;
use crate::learn::config::Config;
use crate::learn::drift::Drift;
use crate::learn::estimates::Estimates;
use crate::learn::fill_rate::FillRate;
use crate::learn::gating;
use crate::learn::kappa::book::Book;
use crate::learn::kappa::own::{Adf, Thinning};
use crate::learn::kappa::regime::Mixture;
use crate::learn::kappa::tape::Tape;
use crate::learn::markout::{Markout, PRIMARY};
use crate::learn::original::Original;
use crate::learn::reference::Reference;
use crate::learn::regime::{Filter, NORMAL, REGIMES, only};
use crate::learn::sigma::Sigma;
use crate::learn::signal::Signal;
use crate::learn::warmup::Warmup;
use crate::math::ewma::Ewma;
use crate::units::{Ns, Side};

/// Slopes are taken between a depth over this factor and a depth times it.
const SLOPE_SPAN: f64 = 1.5;
/// Bounds of the adverse move's slope: a quote farther out is never worth less for being farther,
/// and its edge is never taken to grow more than half again as fast as its distance.
const SLOPE: [f64; 2] = [-0.5, 0.8];

/// Sweeps that wait for the end of their second; more than the busiest second has had (185).
const WAITING: usize = 256;

/// The learners of one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Learners {
    pub(super) tape: Tape,
    pub(super) filter: Filter,
    pub(super) sigma: Sigma,
    pub(super) reference: Reference,
    pub(super) drift: Drift,
    pub(super) signal: Signal,
    pub(super) half_spread: Ewma,
    pub(super) markout: Markout,
    pub(super) level: Thinning,
    pub(super) through: Thinning,
    pub(super) adf: Adf,
    pub(super) book: Book,
    pub(super) fill_rate: FillRate,
    pub(super) calibration: Calibration,
    pub(super) gate: gating::Gate,
    pub(super) warmup: Warmup,
    pub(super) original: Original,
    pub(super) mixture: Mixture,
    pub(super) estimates: Estimates,
    /// The market is seen.
    pub(super) live: bool,
    pub(super) last: Ns,
    /// Block up to which own orders are known, while the market is seen.
    pub(super) known: Option<Ns>,
    pub(super) mid: Option<f64>,
    pub(super) second: Option<(Ns, f64)>,
    pub(super) sweeps: f64,
    pub(super) half_tick_bps: f64,
    /// Half the spread now.
    pub(super) touch: Option<f64>,
    pub(super) refused: u64,
    /// Fill predictions count since warm-up.
    pub(super) judged: bool,
    /// Sweeps, and seconds, that are not yet booked on a regime.
    pub(super) waiting: ArrayVec<(Side, f64), WAITING>,
    pub(super) waiting_s: f64,
}

impl Learners {
    /// Expected move of the mid in the next second, bps, as far as earlier forecasts earned trust.
    #[must_use]
    pub fn signal_bps(&self, cfg: &Config) -> f64 {
        if cfg.on.signal { self.signal.move_bps(self.sigma_bps(cfg)) } else { 0.0 }
    }

    pub(super) fn p(&self, cfg: &Config) -> [f64; REGIMES] {
        if cfg.on.regimes { self.filter.p() } else { only(NORMAL) }
    }

    pub(super) fn sigma_bps(&self, cfg: &Config) -> f64 {
        if cfg.on.sigma { self.sigma.bps() } else { cfg.sigma.prior_bps }
    }

    pub(super) fn phi(&self, cfg: &Config) -> (f64, f64) {
        if cfg.on.thinning { (self.level.mean(), self.through.mean()) } else { (1.0, 1.0) }
    }

    /// Expected adverse move after a fill by regime at a depth.
    pub(super) fn after_by_regime(&self, cfg: &Config, depth_bps: f64) -> [f64; REGIMES] {
        let on = &cfg.on;
        if !on.markout {
            return [cfg.markout.mean * self.sigma_bps(cfg); REGIMES];
        }
        let at = if on.markout_by_depth { depth_bps } else { 1.0 };
        if on.markout_by_regime && on.regimes {
            self.markout.by_regime(&cfg.markout, at)
        } else {
            [self.markout.adverse(PRIMARY, at).0; REGIMES]
        }
    }

    /// Expected move against a quote before its fill by regime at a depth.
    pub(super) fn drift_by_regime(&self, cfg: &Config, depth_bps: f64) -> [f64; REGIMES] {
        if !cfg.on.drift {
            return [0.0; REGIMES];
        }
        let kappa = self.mixture.regime.map(|r| r.kappa.mean());
        let sigma =
            if cfg.on.regimes { self.filter.sigma_bps() } else { [self.sigma_bps(cfg); REGIMES] };
        self.drift.against(&cfg.drift, depth_bps, &kappa, &sigma)
    }

    /// Slope of the whole adverse move in depth, mixed over regimes by `share`.
    pub(super) fn slope(&self, cfg: &Config, depth_bps: f64, share: &[f64; REGIMES]) -> f64 {
        let on = &cfg.on;
        if !on.markout_by_depth {
            return 0.0;
        }
        let after = if on.markout { self.markout.slope(&cfg.markout, depth_bps) } else { 0.0 };
        let (near, far) = (depth_bps / SLOPE_SPAN, depth_bps * SLOPE_SPAN);
        let mixed = |d: f64| dot(&self.drift_by_regime(cfg, d), share);
        let before = (mixed(far) - mixed(near)) / (far - near).max(1e-9);
        (after + before).clamp(SLOPE[0], SLOPE[1])
    }
}

/// Sum of products.
pub(super) fn dot(a: &[f64; REGIMES], b: &[f64; REGIMES]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
