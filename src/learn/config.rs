//! Settings of the learners: one table per component, and a switch for each.
//!
//! In: the configuration file's `[engine.learn]` table. Out: [`Config`]. Cold path.

use serde::{Deserialize, Serialize};

use super::{
    calibration, drift, fill_rate, floor, gating, kappa, markout, original, regime, sigma, signal,
    warmup,
};

/// Which learner's numbers the estimates carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// The learners of this module.
    #[default]
    Default,
    /// The same, and beside them the model of the original paper trader, faults included, for
    /// comparison.
    Original,
}

/// Which kappa quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// The tape, mixed over regimes.
    #[default]
    Tape,
    /// Own quotes and fills with their exposure.
    Own,
    /// The book's shape.
    Book,
    /// All three, weighted by precision.
    Blend,
}

/// A switch per component, all on. Switched off, a component hands out its neutral value: its
/// worth is measured by a run without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, one per component")]
pub struct Use {
    /// Four regimes; off: everything is `normal`.
    pub regimes: bool,
    /// Learned adverse move; off: its prior mean.
    pub markout: bool,
    /// Markouts of virtual orders from the tape; off: own fills alone.
    pub shadows: bool,
    /// Adverse move by regime; off: one for all.
    pub markout_by_regime: bool,
    /// Adverse move by depth; off: flat.
    pub markout_by_depth: bool,
    /// Volatility; off: its prior.
    pub sigma: bool,
    /// Thinning of own fills; off: every sweep that reaches a price fills it.
    pub thinning: bool,
    /// Confidence in kappa; off: 1.
    pub confidence: bool,
    /// Move of the mid before a fill; off: none.
    pub drift: bool,
    /// Kappa from depths between touch and window; off: the window alone.
    pub near: bool,
    /// Short-term signals; off: no move is expected.
    pub signal: bool,
    /// Own fills counted by depth; off: the prediction alone.
    pub counted: bool,
    /// Learned floor; off: the fee.
    pub floor: bool,
    /// Correction of predicted intensities by the calibration ratio; off: 1.
    pub controller: bool,
    /// Gate on the skill of fill predictions; off: open, weight 1.
    pub gating: bool,
    /// Warm-up; off: complete.
    pub warmup: bool,
}

impl Default for Use {
    fn default() -> Use {
        Use {
            regimes: true,
            markout: true,
            shadows: true,
            markout_by_regime: true,
            markout_by_depth: true,
            sigma: true,
            thinning: true,
            confidence: true,
            drift: true,
            near: true,
            signal: true,
            counted: true,
            floor: true,
            controller: true,
            gating: true,
            warmup: true,
        }
    }
}

/// Settings of the learners of one coin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which learners run.
    pub profile: Profile,
    /// Which kappa quotes.
    pub estimator: Estimator,
    /// Maker fee, bps of notional; negative: a rebate. No setting of its own: the engine takes it
    /// from the account's fees.
    #[serde(skip)]
    pub fee_bps: f64,
    /// Switches.
    #[serde(rename = "use")]
    pub on: Use,
    /// Kappa from the tape.
    pub tape: kappa::tape::Config,
    /// Kappa by regime, and the mixture's depth.
    pub regimes: kappa::regime::Config,
    /// Own quotes and fills.
    pub own: kappa::own::Config,
    /// Book shape.
    pub book: kappa::book::Config,
    /// Regime filter.
    pub filter: regime::Config,
    /// Volatility.
    pub sigma: sigma::Config,
    /// Adverse moves.
    pub markout: markout::Config,
    /// Moves of the mid before fills.
    pub drift: drift::Config,
    /// Short-term signals.
    pub signal: signal::Config,
    /// Own fills by depth.
    pub fill_rate: fill_rate::Config,
    /// Learned floor.
    pub floor: floor::Config,
    /// Warm-up.
    pub warmup: warmup::Config,
    /// Fill predictions against outcomes.
    pub calibration: calibration::Config,
    /// Gate on them.
    pub gating: gating::Config,
    /// The original's model; used in its profile only.
    pub original: original::Config,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            profile: Profile::Default,
            estimator: Estimator::Tape,
            fee_bps: 1.5,
            on: Use::default(),
            tape: kappa::tape::Config::default(),
            regimes: kappa::regime::Config::default(),
            own: kappa::own::Config::default(),
            book: kappa::book::Config::default(),
            filter: regime::Config::default(),
            sigma: sigma::Config::default(),
            markout: markout::Config::default(),
            drift: drift::Config::default(),
            signal: signal::Config::default(),
            fill_rate: fill_rate::Config::default(),
            floor: floor::Config::default(),
            warmup: warmup::Config::default(),
            calibration: calibration::Config::default(),
            gating: gating::Config::default(),
            original: original::Config::default(),
        }
    }
}

/// A setting outside its range: its path below `[learn]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange(pub &'static str);

impl Config {
    /// Looks at the range of every setting.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let rising = |x: &[f64]| x[0] > 0.0 && x.windows(2).all(|w| w[1] > w[0]);
        let positive = |x: &[f64]| x.iter().all(|v| v.is_finite() && *v > 0.0);
        let range = |x: f64, lo: f64, hi: f64| (lo..=hi).contains(&x);
        let rules = [
            (range(self.fee_bps, -100.0, 100.0), "fee_bps"),
            (positive(&[self.tape.kappa]), "tape.kappa"),
            (positive(&[self.tape.kappa_strength]), "tape.kappa_strength"),
            (positive(&[self.tape.rate_shape]), "tape.rate_shape"),
            (positive(&[self.tape.rate_exposure_s]), "tape.rate_exposure_s"),
            (range(self.tape.memory_s, 1.0, 1e15), "tape.memory_s"),
            (positive(&self.regimes.multiplier), "regimes.multiplier"),
            (positive(&[self.regimes.borrow]), "regimes.borrow"),
            (range(self.regimes.near, 0.0, 1e9), "regimes.near"),
            (range(self.regimes.depth_min_bps, 0.01, 60.0), "regimes.depth_min_bps"),
            (range(self.regimes.depth_max_bps, 1.0, 1e3), "regimes.depth_max_bps"),
            (self.regimes.depth_min_bps < self.regimes.depth_max_bps, "regimes.depth_max_bps"),
            (positive(&self.own.prior), "own.prior"),
            (range(self.own.trials, 2.0, 1e9), "own.trials"),
            (positive(&[self.own.rate]), "own.rate"),
            (positive(&[self.own.rate_ln_sd]), "own.rate_ln_sd"),
            (positive(&[self.own.kappa_sd]), "own.kappa_sd"),
            (range(self.own.kappa, 0.0, 1e9), "own.kappa"),
            (range(self.own.depth_ref_bps, 0.0, 1e3), "own.depth_ref_bps"),
            (range(self.own.memory_s, 0.0, 1e15), "own.memory_s"),
            (positive(&[self.book.memory_s]), "book.memory_s"),
            (positive(&[self.book.model_ln_sd]), "book.model_ln_sd"),
            (rising(&self.filter.sigma_bps), "filter.sigma_bps"),
            (rising(&self.filter.sweeps), "filter.sweeps"),
            (range(self.filter.dwell_s, 2.0, 1e9), "filter.dwell_s"),
            (range(self.filter.anchor_s, 0.0, 1e6), "filter.anchor_s"),
            (range(self.filter.memory_s, 0.0, 1e15), "filter.memory_s"),
            (range(self.filter.ratio_min, 1.01, 10.0), "filter.ratio_min"),
        ];
        first(&rules)?;
        self.check_risk()
    }

    fn check_risk(&self) -> Result<(), OutOfRange> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let range = |x: f64, lo: f64, hi: f64| (lo..=hi).contains(&x);
        let (b, o) = (self.calibration.bounds, &self.original);
        first(&[
            (positive(self.sigma.prior_bps), "sigma.prior_bps"),
            (positive(self.sigma.strength), "sigma.strength"),
            (positive(self.sigma.memory_s), "sigma.memory_s"),
            (range(self.sigma.clip, 1.0, 1e9), "sigma.clip"),
            (range(self.markout.mean, -100.0, 100.0), "markout.mean"),
            (positive(self.markout.sd), "markout.sd"),
            (positive(self.markout.memory_s), "markout.memory_s"),
            (range(self.markout.own_sd, 0.0, 100.0), "markout.own_sd"),
            (range(self.markout.slope_sd, 0.0, 10.0), "markout.slope_sd"),
            (range(self.markout.borrow, 0.0, 1e9), "markout.borrow"),
            (self.drift.lag_ms <= 1_900, "drift.lag_ms"),
            (positive(self.drift.strength), "drift.strength"),
            (positive(self.drift.borrow), "drift.borrow"),
            (positive(self.drift.memory_s), "drift.memory_s"),
            (positive(self.signal.flow_s), "signal.flow_s"),
            (positive(self.signal.memory_s), "signal.memory_s"),
            (positive(self.signal.prior_sd), "signal.prior_sd"),
            (positive(self.signal.skill_full), "signal.skill_full"),
            (positive(self.fill_rate.strength_min), "fill_rate.strength_min"),
            (self.fill_rate.strength_max >= self.fill_rate.strength_min, "fill_rate.strength_max"),
            (positive(self.fill_rate.memory_s), "fill_rate.memory_s"),
            (positive(self.fill_rate.hold_min_s), "fill_rate.hold_min_s"),
            (self.fill_rate.hold_max_s >= self.fill_rate.hold_min_s, "fill_rate.hold_max_s"),
            (range(self.floor.sd_factor, 0.0, 100.0), "floor.sd_factor"),
            (range(self.floor.adverse_min_bps, -100.0, 100.0), "floor.adverse_min_bps"),
            (positive(self.warmup.floor_target), "warmup.floor_target"),
            (positive(self.warmup.fills_target), "warmup.fills_target"),
            (positive(self.warmup.sweeps_target), "warmup.sweeps_target"),
            (positive(self.warmup.seconds_target), "warmup.seconds_target"),
            (range(self.calibration.block, 1e-3, 10.0), "calibration.block"),
            (positive(self.calibration.block_s), "calibration.block_s"),
            (positive(self.calibration.strength), "calibration.strength"),
            (b[0] > 0.0 && b[0] <= 1.0 && range(b[1], 1.0, 1e3), "calibration.bounds"),
            (positive(self.gating.skill_full), "gating.skill_full"),
            (positive(self.gating.z_max), "gating.z_max"),
            (range(self.gating.hold_s, 0.0, 1e9), "gating.hold_s"),
            (positive(o.kappa), "original.kappa"),
            (positive(o.strength), "original.strength"),
            (o.regime_kappa.iter().all(|k| positive(*k)), "original.regime_kappa"),
            (positive(o.regime_strength), "original.regime_strength"),
            (range(o.regime_weight, 0.0, 1.0), "original.regime_weight"),
            (positive(o.kappa_floor), "original.kappa_floor"),
        ])
    }
}

fn first(rules: &[(bool, &'static str)]) -> Result<(), OutOfRange> {
    rules.iter().find(|(ok, _)| !ok).map_or(Ok(()), |(_, name)| Err(OutOfRange(name)))
}
