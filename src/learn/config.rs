//! Settings of the learners: one table per component, and a switch for each.
//!
//! In: the configuration file's `[engine.learn]` table. Out: [`Config`]. Cold path.

use super::{
    calibration, curve, drift, fill_rate, floor, gating, kappa, markout, original, regime, sigma,
    signal, warmup,
};
use crate::settings::{choices, settings};

choices! {
    /// Which learner's numbers the estimates carry.
    pub enum Profile = Default {
        /// The learners of this module.
        Default = "default",
        /// The same, and beside them the model of the original paper trader, faults included, for
        /// comparison.
        Original = "original",
    }
}

choices! {
    /// Which kappa quotes.
    pub enum Estimator = Tape {
        /// The tape, mixed over regimes.
        Tape = "tape",
        /// Own quotes and fills with their exposure.
        Own = "own",
        /// The book's shape.
        Book = "book",
        /// All three, weighted by precision.
        Blend = "blend",
    }
}

settings! {
    /// A switch per component, all on. Switched off, a component hands out its neutral value: its
    /// worth is measured by a run without it.
    pub struct Use: Copy, Eq {
        /// Four regimes; off: everything is `normal`.
        regimes: bool = true;
        /// Learned adverse move; off: its prior mean.
        markout: bool = true;
        /// Markouts of virtual orders from the tape; off: own fills alone.
        shadows: bool = true;
        /// Adverse move by regime; off: one for all.
        markout_by_regime: bool = true;
        /// Adverse move by depth; off: flat.
        markout_by_depth: bool = true;
        /// Volatility; off: its prior.
        sigma: bool = true;
        /// Thinning of own fills; off: every sweep that reaches a price fills it.
        thinning: bool = true;
        /// Confidence in kappa; off: 1.
        confidence: bool = true;
        /// Move of the mid before a fill; off: none.
        drift: bool = true;
        /// Kappa from depths between touch and window; off: the window alone.
        near: bool = true;
        /// Short-term signals; off: no move is expected.
        signal: bool = true;
        /// Own fills counted by depth; off: the prediction alone.
        counted: bool = true;
        /// Learned floor; off: the fee.
        floor: bool = true;
        /// Correction of predicted intensities by the calibration ratio; off: 1.
        controller: bool = true;
        /// Gate on the skill of fill predictions; off: open, weight 1.
        gating: bool = true;
        /// Warm-up; off: complete.
        warmup: bool = true;
    }
}

settings! {
    /// Settings of the learners of one coin.
    pub struct Config: Copy {
        /// Which learners run.
        profile: Profile = Profile::default();
        /// Which kappa quotes.
        estimator: Estimator = Estimator::default();
        /// Switches of the learners' components.
        on as "use": Use = Use::default();
        /// Kappa from the tape.
        tape: kappa::tape::Config = kappa::tape::Config::default();
        /// Kappa by regime, and the mixture's depth.
        regimes: kappa::regime::Config = kappa::regime::Config::default();
        /// Kappa from own quotes and fills.
        own: kappa::own::Config = kappa::own::Config::default();
        /// Kappa from the book's shape.
        book: kappa::book::Config = kappa::book::Config::default();
        /// The regime filter.
        filter: regime::Config = regime::Config::default();
        /// Volatility.
        sigma: sigma::Config = sigma::Config::default();
        /// Adverse moves.
        markout: markout::Config = markout::Config::default();
        /// Moves of the mid before fills.
        drift: drift::Config = drift::Config::default();
        /// Short-term signals.
        signal: signal::Config = signal::Config::default();
        /// Own fills by depth.
        fill_rate: fill_rate::Config = fill_rate::Config::default();
        /// The learned floor.
        floor: floor::Config = floor::Config::default();
        /// Warm-up.
        warmup: warmup::Config = warmup::Config::default();
        /// Fill predictions against outcomes.
        calibration: calibration::Config = calibration::Config::default();
        /// The gate on fill predictions.
        gating: gating::Config = gating::Config::default();
        /// The curve of the shadow ladder.
        curve: curve::Config = curve::Config::default();
        /// The original's model; used in its profile only.
        original: original::Config = original::Config::default();
    }
}
