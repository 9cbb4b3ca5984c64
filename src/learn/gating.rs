//! The gate: whether fill predictions are good enough to act on.
//!
//! In: skill with its interval, calibration z, number of blocks. Out: a weight, and open or shut.
//! Hot path at 1 Hz.
//!
//! 1. Weight = clip(lower end of the skill's 95 % interval / 0.02, 0, 1), 0 while |z| >= 4.
//! 2. Shut only on evidence: at least 500 blocks and the upper end below -0.02, which is what
//!    probabilities off by a quarter bring. A right forecast that hardly varies has a skill of just
//!    below zero and is looked at each second: without the margin it was shut every few hours.
//! 3. It changes at most once in `hold_s`. Shut, nothing is quoted and nothing is learned, so it
//!    opens again after `hold_s` with a clean sheet ([`Verdict::Reopen`]).

use serde::{Deserialize, Serialize};

/// Settings of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Blocks before a verdict.
    pub blocks_min: u32,
    /// Skill (lower end) that earns full weight, and (upper end, negative) that shuts; > 0.
    pub skill_full: f64,
    /// Calibration z beyond which the weight is 0.
    pub z_max: f64,
    /// Seconds between changes.
    pub hold_s: f64,
}

impl Default for Config {
    fn default() -> Config {
        Config { blocks_min: 500, skill_full: 0.02, z_max: 4.0, hold_s: 600.0 }
    }
}

/// What the gate asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing changed.
    Keep,
    /// It shut now.
    Shut,
    /// It opened now; predictions start over.
    Reopen,
}

/// What it judges.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Blocks in the ring.
    pub blocks: u32,
    /// Lower end of the skill's interval.
    pub skill_lo: f64,
    /// Upper end.
    pub skill_hi: f64,
    /// Calibration z.
    pub z: f64,
}

/// The gate.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Gate {
    cfg: Config,
    open: bool,
    weight: f64,
    held_s: f64,
}

impl Gate {
    /// Open, without weight.
    #[must_use]
    pub fn new(cfg: Config) -> Gate {
        Gate { cfg, open: true, weight: 0.0, held_s: f64::INFINITY }
    }

    /// `dt_s` seconds later, judges again.
    pub fn judge(&mut self, dt_s: f64, e: Evidence) -> Verdict {
        self.held_s += dt_s;
        let calm = e.z.abs() < self.cfg.z_max;
        self.weight = if calm { (e.skill_lo / self.cfg.skill_full).clamp(0.0, 1.0) } else { 0.0 };
        if self.held_s < self.cfg.hold_s {
            return Verdict::Keep;
        }
        if self.open && e.blocks >= self.cfg.blocks_min && e.skill_hi < -self.cfg.skill_full {
            (self.open, self.held_s) = (false, 0.0);
            Verdict::Shut
        } else if !self.open {
            (self.open, self.held_s) = (true, 0.0);
            Verdict::Reopen
        } else {
            Verdict::Keep
        }
    }

    /// Whether quoting on predictions is allowed.
    #[must_use]
    pub fn open(&self) -> bool {
        self.open
    }

    /// Weight of the predictions, 0..1.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: Evidence = Evidence { blocks: 600, skill_lo: -0.3, skill_hi: -0.1, z: 1.0 };

    #[test]
    fn shuts_on_evidence_only_and_holds() {
        let mut g = Gate::new(Config::default());
        assert_eq!(g.judge(1.0, Evidence { blocks: 499, ..BAD }), Verdict::Keep);
        assert_eq!(g.judge(1.0, Evidence { skill_hi: -0.01, ..BAD }), Verdict::Keep);
        assert_eq!(g.judge(1.0, BAD), Verdict::Shut);
        assert!(!g.open());
        for _ in 0..599 {
            assert_eq!(g.judge(1.0, Evidence { skill_hi: 1.0, ..BAD }), Verdict::Keep);
        }
        assert_eq!(g.judge(1.0, BAD), Verdict::Reopen, "with a clean sheet");
        assert_eq!(g.judge(1.0, BAD), Verdict::Keep, "at most once in ten minutes");
    }

    #[test]
    fn weight_follows_the_lower_end_and_calibration() {
        let mut g = Gate::new(Config::default());
        let good = Evidence { blocks: 600, skill_lo: 0.01, skill_hi: 0.05, z: 0.0 };
        g.judge(1.0, good);
        assert!((g.weight() - 0.5).abs() < 1e-12);
        g.judge(1.0, Evidence { z: -4.1, ..good });
        assert!(g.weight() < 1e-12);
        g.judge(1.0, Evidence { skill_lo: 0.5, ..good });
        assert!((g.weight() - 1.0).abs() < 1e-12);
    }
}
