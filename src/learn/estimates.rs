//! What is known of one coin beside its curve, as plain numbers for strategies and for the records.
//!
//! In: filled once a second by [`super::Learners`]. Out: [`Estimates`], `Copy`. Hot path.
//!
//! 1. Kappas are per unit of relative price (8000 = 0.8 per bps); everything named `_bps` is in basis
//!    points of the mid.

use serde::{Deserialize, Serialize};

use super::regime::REGIMES;
use crate::units::Ns;

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

/// One regime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regime {
    /// Probability.
    pub p: f64,
    /// Volatility the filter ascribes to it, bps per square root of a second.
    pub sigma_bps: f64,
}

/// What is known of one coin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimates {
    /// When this was computed.
    pub at: Ns,
    /// How fast the rate of takers decays with depth.
    pub kappa: Kappa,
    /// Volatility, bps per square root of a second.
    pub sigma_bps: f64,
    /// Per regime: quiet, normal, volatile, cascade.
    pub regime: [Regime; REGIMES],
    /// Inputs refused (not finite, not positive) so far.
    pub refused: u64,
}

impl Estimates {
    /// The regimes' probabilities.
    #[must_use]
    pub fn p(&self) -> [f64; REGIMES] {
        self.regime.map(|r| r.p)
    }
}
