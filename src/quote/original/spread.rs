//! The half-spreads and the levels of the original paper trader, and of the advice its analysis gives.
//!
//! In: the original's own estimates. Out: a half-spread in bps, distances of three levels. Hot path:
//! pure.
//!
//! 1. half = 1/kappa + fee, so a floor on kappa is a cap on the spread: that is kept as it is.
//! 2. Levels at once, 1.5 and 2.25 times the half-spread, at most five times it; equal sizes; the
//!    position does not move them.

use serde::{Deserialize, Serialize};

use crate::settings::choices;

choices! {
    /// How the half-spread is made.
    pub enum Policy = Original {
        /// The original paper trader's own pipeline.
        Original = "original",
        /// Kappa 8000 always: 1/kappa + fee = 2.75 bps.
        Floor8000 = "floor-8000",
        /// The same, but never closer than 5 bps, as it came out in the original.
        Floor8000Realised = "floor-8000-realised",
        /// First advice of the original's analysis, as it is written there.
        Analysis1 = "analysis-1",
        /// The same with its two branches in the order that reaches both.
        Analysis1Fixed = "analysis-1-fixed",
        /// Its second advice.
        Analysis2 = "analysis-2",
        /// Its third advice: no floor overrides the blend.
        Analysis3 = "analysis-3",
    }
}

/// What the original believes. Kappas per unit of relative price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beliefs {
    /// Half-spread of its whole pipeline, bps.
    pub half_bps: f64,
    /// Kappa learned from own fills and blended, before any floor.
    pub kappa: f64,
    /// Its confidence, 0..1.
    pub confidence: f64,
    /// Own fills per minute so far.
    pub fills_per_min: f64,
}

/// Kappa while it knows too little, per unit.
const FLOOR: f64 = 8_000.0;
/// Confidence from which it trusts what it learned.
const TRUSTED: f64 = 0.75;
/// The spread floor that its realised quotes had, bps.
const REALISED_BPS: f64 = 5.0;
/// Each level's distance over the one before.
const RATIO: f64 = 1.5;
/// Farthest level over the nearest.
const SPAN: f64 = 5.0;

/// Half-spread of a policy, bps.
#[must_use]
pub fn half_bps(policy: Policy, b: &Beliefs, fee_bps: f64) -> f64 {
    let of = |kappa: f64| 1e4 / kappa + fee_bps;
    let (rate, sure) = (b.fills_per_min, b.confidence);
    // As its analysis has it: the floor holds while confidence is low, then slides.
    let floored = |floor: f64| {
        let slid = (FLOOR * (1.0 - sure) + b.kappa * sure).max(2_000.0);
        of(b.kappa.max(if sure < TRUSTED { floor } else { slid }))
    };
    match policy {
        Policy::Original => b.half_bps,
        Policy::Floor8000 => of(FLOOR),
        Policy::Floor8000Realised => of(FLOOR).max(REALISED_BPS),
        // The second branch cannot be reached: it is written that way.
        Policy::Analysis1 => floored(match rate {
            r if r < 0.2 => 4_000.0,
            r if r < 0.05 => 3_000.0,
            _ => FLOOR,
        }),
        Policy::Analysis1Fixed => floored(match rate {
            r if r < 0.05 => 3_000.0,
            r if r < 0.2 => 4_000.0,
            _ => FLOOR,
        }),
        Policy::Analysis2 => match sure {
            c if c < 0.3 => of(b.kappa.max(4_000.0)),
            c if c < TRUSTED => of(b.kappa.max(6_000.0)),
            _ => of(b.kappa),
        },
        Policy::Analysis3 => of(b.kappa),
    }
}

/// Distance of level `i`, bps.
#[must_use]
pub fn level_bps(half_bps: f64, i: usize) -> f64 {
    let far = (0..i).fold(half_bps, |d, _| d * RATIO);
    far.min(SPAN * half_bps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(policy: Policy, kappa: f64, confidence: f64, fills_per_min: f64) -> f64 {
        let b = Beliefs { half_bps: 2.75, kappa, confidence, fills_per_min };
        half_bps(policy, &b, 1.5)
    }

    #[test]
    fn the_advice_moves_quotes_as_its_arithmetic_says() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 5e-3, "{a} {b}");
        near(at(Policy::Floor8000, 2_500.0, 0.7, 0.0), 2.75);
        near(at(Policy::Floor8000Realised, 2_500.0, 0.7, 0.0), 5.0);
        // A relaxed floor widens what it was to tighten; its second branch is never reached.
        near(at(Policy::Analysis1, 2_500.0, 0.7, 0.01), 4.0);
        near(at(Policy::Analysis1, 2_500.0, 0.7, 0.1), 4.0);
        near(at(Policy::Analysis1, 2_500.0, 0.7, 1.0), 2.75);
        near(at(Policy::Analysis1Fixed, 2_500.0, 0.7, 0.01), 4.833);
        // Wide, tight, wide.
        near(at(Policy::Analysis2, 2_500.0, 0.2, 0.0), 4.0);
        near(at(Policy::Analysis2, 2_500.0, 0.5, 0.0), 3.167);
        near(at(Policy::Analysis2, 2_500.0, 0.8, 0.0), 5.5);
        // Wide from the start: the floor that it removes is a cap on the spread.
        near(at(Policy::Analysis3, 2_350.0, 0.7, 0.0), 5.755);
        // The slide is a step: at .75 the floor falls from 8000 to 3875.
        near(at(Policy::Analysis1, 2_500.0, 0.75, 1.0), 1e4 / 3_875.0 + 1.5);
    }

    #[test]
    fn levels_are_geometric_and_bounded() {
        let d: Vec<f64> = (0..6).map(|i| level_bps(2.0, i)).collect();
        assert!((d[0] - 2.0).abs() + (d[1] - 3.0).abs() + (d[2] - 4.5).abs() < 1e-12);
        assert!((d[5] - 10.0).abs() < 1e-12);
    }
}
