//! Settings of the learners: one table per component, and a switch for each.
//!
//! In: the configuration file's `[learn]` table. Out: [`Config`]. Cold path.

use serde::{Deserialize, Serialize};

use super::{
    calibration, fill_rate, floor, gamma, gating, kappa, markout, original, regime, sigma, warmup,
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
    /// Inventory term from fractional Kelly; off: 0.
    pub kelly: bool,
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
            kelly: true,
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
    /// Maker fee, bps of notional; negative: a rebate.
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
    /// Fill rates and Kelly fractions.
    pub fill_rate: fill_rate::Config,
    /// Inventory terms.
    pub gamma: gamma::Config,
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
            fill_rate: fill_rate::Config::default(),
            gamma: gamma::Config::default(),
            floor: floor::Config::default(),
            warmup: warmup::Config::default(),
            calibration: calibration::Config::default(),
            gating: gating::Config::default(),
            original: original::Config::default(),
        }
    }
}
