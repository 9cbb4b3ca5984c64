//! Warm-up: how much has been learned, as a latched score of three parts.
//!
//! In: counts of markouts, own fills, effective sweeps, seconds of standardisers. Out: the parts
//! and the score. Hot path at 1 Hz.
//!
//! 1. Score = 0.4 floor + 0.4 kappa + 0.2 gamma, each part in 0..1 and latched: nothing learned
//!    later lowers it, and the score is exactly 1 once all parts are 1.
//! 2. Targets are fixed. (Targets that grow with the fill rate made the score fall when fills came.)
//! 3. The markout part counts shadow markouts from the tape, so it finishes without own fills.

use crate::settings::settings;
use serde::{Deserialize, Serialize};

settings! {
    /// Settings of the warm-up.
    pub struct Config: Copy {
        /// Markouts at the primary horizon, own or virtual, that finish the floor's part.
        floor_target: f64 = 20.0, 1e-3..=1e9, "markouts";
        /// Own fills that finish the part of kappa.
        fills_target: f64 = 10.0, 1e-3..=1e9, "fills";
        /// Effective sweeps that finish the part of kappa.
        sweeps_target: f64 = 81.0, 1e-3..=1e9, "sweeps";
        /// Time with returns that finishes the standardisers' part.
        seconds_target: f64 = 60.0, 1e-3..=1e9, "s";
    }
}

/// What has been learned so far, in the units of the targets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Markouts seen at the primary horizon.
    pub markouts: f64,
    /// Own fills.
    pub fills: f64,
    /// Effective sweeps in the quoting window.
    pub sweeps: f64,
    /// Seconds of returns.
    pub seconds: f64,
}

/// The score and its parts, each 0..1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Weighted sum, latched.
    pub score: f64,
    /// Markouts (weight 0.4).
    pub floor: f64,
    /// Kappa (weight 0.4).
    pub kappa: f64,
    /// Standardisers (weight 0.2): one half until they have their seconds.
    pub gamma: f64,
}

/// The latch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Warmup {
    best: Score,
}

impl Default for Warmup {
    /// Cold.
    fn default() -> Warmup {
        Warmup { best: Score { score: 0.1, gamma: 0.5, ..Score::default() } }
    }
}

impl Warmup {
    /// Takes the evidence in and raises the parts it raises.
    pub fn update(&mut self, c: &Config, e: Evidence) {
        let part = |x: f64, of: f64| if x >= of { 1.0 } else { (x / of).max(0.0) };
        let gamma = if e.seconds >= c.seconds_target { 1.0 } else { 0.5 };
        let b = &mut self.best;
        b.floor = b.floor.max(part(e.markouts, c.floor_target));
        b.kappa = b.kappa.max(part(e.fills, c.fills_target)).max(part(e.sweeps, c.sweeps_target));
        b.gamma = b.gamma.max(gamma);
        let done = b.floor >= 1.0 && b.kappa >= 1.0 && b.gamma >= 1.0;
        let sum = 0.4 * b.floor + 0.4 * b.kappa + 0.2 * b.gamma;
        b.score = if done { 1.0 } else { b.score.max(sum.min(0.999_999)) };
    }

    /// The score now.
    #[must_use]
    pub fn score(&self) -> Score {
        self.best
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the latch is exact by contract")]
mod tests {
    use super::*;

    fn evidence(markouts: f64, fills: f64, sweeps: f64, seconds: f64) -> Evidence {
        Evidence { markouts, fills, sweeps, seconds }
    }

    #[test]
    fn latches_at_exactly_one() {
        let mut w = Warmup::default();
        assert!((w.score().score - 0.1).abs() < 1e-15);
        w.update(&Config::default(), evidence(10.0, 0.0, 40.5, 30.0));
        assert!((w.score().score - (0.2 + 0.2 + 0.1)).abs() < 1e-12);
        w.update(&Config::default(), evidence(20.0, 10.0, 0.0, 59.0));
        assert!(w.score().score < 1.0);
        w.update(&Config::default(), evidence(0.0, 0.0, 0.0, 60.0));
        assert_eq!(w.score().score, 1.0);
        w.update(&Config::default(), Evidence::default());
        assert_eq!(w.score().score, 1.0);
    }

    #[test]
    fn never_falls_whatever_comes() {
        let mut d = crate::math::draw::Draw::new(5);
        let mut w = Warmup::default();
        let mut last = 0.0;
        for _ in 0..2_000 {
            let (m, f, s) = (25.0 * d.unit(), 12.0 * d.unit(), 90.0 * d.unit());
            w.update(&Config::default(), evidence(m, f, s, 70.0 * d.unit()));
            assert!(w.score().score >= last);
            last = w.score().score;
        }
        assert_eq!(last, 1.0);
    }

    #[test]
    fn sweeps_alone_finish_the_kappa_part() {
        let mut w = Warmup::default();
        w.update(&Config::default(), evidence(20.0, 0.0, 81.0, 60.0));
        assert_eq!(w.score().score, 1.0);
    }
}
