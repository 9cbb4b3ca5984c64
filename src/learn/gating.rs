//! The gate: whether fill predictions are good enough to act on.
//!
//! In: skill with its interval, calibration z, number of blocks, fills that were to be expected. Out: a weight, and open or shut.
//! Hot path at 1 Hz.
//!
//! 1. Weight = clip(lower end of the skill's 95 % interval / 0.02, 0, 1), 0 while |z| >= 4.
//! 2. Shut only on evidence: at least 500 blocks in which 30 fills were to be expected, and the upper
//!    end below -0.02, which is what probabilities off by a quarter bring. A right forecast that hardly
//!    varies has a skill of just below zero and is looked at each second: without the margin it was
//!    shut every few hours. The interval comes from batches, and where most of them hold no fill at
//!    all it is far too narrow: without the count a right forecast was shut about twice a day in a
//!    market of a fill in four minutes.
//! 3. It changes at most once in `hold_s`. Shut, nothing is quoted and nothing is learned, so it
//!    opens again after `hold_s` with a clean sheet ([`Verdict::Reopen`]).

use crate::settings::settings;
use serde::{Deserialize, Serialize};

settings! {
    /// Settings of the gate.
    pub struct Config: Copy {
        /// Blocks before a verdict.
        blocks_min: u32 = 500, 0..=1_000_000_000, "blocks";
        /// Fills to be expected in them before a verdict, those of one moment as one.
        fills_min: f64 = 30.0, 0.0..=1e9, "fills";
        /// Skill (lower end) that earns full weight, and (upper end, negative) that shuts.
        skill_full: f64 = 0.02, 1e-6..=1.0;
        /// Calibration z beyond which the weight is 0.
        z_max: f64 = 4.0, 0.1..=1e3;
        /// Least time between changes.
        hold_s: f64 = 600.0, 0.0..=1e9, "s";
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
    /// Fills predicted in them, over the mean number of one moment.
    pub expected: f64,
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
    open: bool,
    weight: f64,
    held_s: f64,
}

impl Default for Gate {
    /// Open, without weight.
    fn default() -> Gate {
        Gate { open: true, weight: 0.0, held_s: f64::INFINITY }
    }
}

impl Gate {
    /// `dt_s` seconds later, judges again.
    pub fn judge(&mut self, cfg: &Config, dt_s: f64, e: Evidence) -> Verdict {
        self.held_s += dt_s;
        let calm = e.z.abs() < cfg.z_max;
        self.weight = if calm { (e.skill_lo / cfg.skill_full).clamp(0.0, 1.0) } else { 0.0 };
        if self.held_s < cfg.hold_s {
            return Verdict::Keep;
        }
        let known = e.blocks >= cfg.blocks_min && e.expected >= cfg.fills_min;
        if self.open && known && e.skill_hi < -cfg.skill_full {
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
    use crate::learn::skill::{Block, Skill};
    use crate::math::det;
    use crate::math::draw::Draw;
    use crate::units::{Ns, Side};

    const BAD: Evidence =
        Evidence { blocks: 600, expected: 60.0, skill_lo: -0.3, skill_hi: -0.1, z: 1.0 };

    #[test]
    fn shuts_on_evidence_only_and_holds() {
        let mut g = Gate::default();
        assert_eq!(
            g.judge(&Config::default(), 1.0, Evidence { blocks: 499, ..BAD }),
            Verdict::Keep
        );
        assert_eq!(
            g.judge(&Config::default(), 1.0, Evidence { expected: 29.0, ..BAD }),
            Verdict::Keep
        );
        assert_eq!(
            g.judge(&Config::default(), 1.0, Evidence { skill_hi: -0.01, ..BAD }),
            Verdict::Keep
        );
        assert_eq!(g.judge(&Config::default(), 1.0, BAD), Verdict::Shut);
        assert!(!g.open());
        for _ in 0..599 {
            assert_eq!(
                g.judge(&Config::default(), 1.0, Evidence { skill_hi: 1.0, ..BAD }),
                Verdict::Keep
            );
        }
        assert_eq!(g.judge(&Config::default(), 1.0, BAD), Verdict::Reopen, "with a clean sheet");
        assert_eq!(
            g.judge(&Config::default(), 1.0, BAD),
            Verdict::Keep,
            "at most once in ten minutes"
        );
    }

    #[test]
    fn weight_follows_the_lower_end_and_calibration() {
        let mut g = Gate::default();
        let good = Evidence { blocks: 600, expected: 60.0, skill_lo: 0.01, skill_hi: 0.05, z: 0.0 };
        g.judge(&Config::default(), 1.0, good);
        assert!((g.weight() - 0.5).abs() < 1e-12);
        g.judge(&Config::default(), 1.0, Evidence { z: -4.1, ..good });
        assert!(g.weight() < 1e-12);
        g.judge(&Config::default(), 1.0, Evidence { skill_lo: 0.5, ..good });
        assert!((g.weight() - 1.0).abs() < 1e-12);
    }

    /// A day of five levels a side in blocks of 5 s: takers reach so many levels at once. What the
    /// gate makes of it: mean weight, and how often it shut.
    fn day(seed: u64, per_s: f64, wrong: f64, informed: bool, cfg: Config) -> (f64, f64) {
        let mut d = Draw::new(seed);
        let mut skill = Skill::new();
        let mut gate = Gate::default();
        let (mut weight, mut shut, mut n) = (0.0, 0.0, 0.0);
        for step in 0..17_280i64 {
            // What is known: whether the market is slow or fast for these 5 s.
            let pace = if d.chance(0.5) { 0.2 } else { 1.8 };
            let comes = d.chance(-det::exp_m1(-5.0 * per_s * pace));
            let reached = if comes { d.exp(0.5) } else { -1.0 };
            for level in 0..5u8 {
                let depth = f64::from(level);
                // The mean of all levels and paces, or this one's.
                let share = if informed { pace * det::exp(-0.5 * depth) } else { 0.4666 };
                let predicted = 5.0 * per_s * share;
                let filled = reached >= depth;
                let p = -det::exp_m1(-predicted * wrong);
                skill.push(Block { p, filled, predicted: predicted * wrong });
                if filled {
                    skill.cluster(Ns(step), Side::Buy);
                }
            }
            let m = skill.metrics();
            let (blocks, expected) = (m.blocks, m.predicted / m.dispersion);
            let e =
                Evidence { blocks, expected, skill_lo: m.skill_lo, skill_hi: m.skill_hi, z: m.z };
            match gate.judge(&cfg, 5.0, e) {
                Verdict::Shut => shut += 1.0,
                Verdict::Reopen => skill.clear(),
                Verdict::Keep => {}
            }
            weight += gate.weight();
            n += 1.0;
        }
        (weight / n, shut)
    }

    fn days(per_s: f64, wrong: f64, informed: bool, cfg: Config) -> (f64, f64) {
        let all: Vec<(f64, f64)> =
            (0..8).map(|seed| day(seed, per_s, wrong, informed, cfg)).collect();
        let mean = |f: fn(&(f64, f64)) -> f64| all.iter().map(f).sum::<f64>() / 8.0;
        (mean(|x| x.0), mean(|x| x.1))
    }

    #[test]
    fn what_knows_nothing_is_neither_shut_nor_trusted() {
        let cfg = Config::default();
        // From a taker in five minutes to one in twenty seconds.
        for per_s in [0.003, 0.01, 0.05] {
            let (weight, shut) = days(per_s, 1.0, false, cfg);
            assert!(shut < 0.3, "{per_s}: a constant forecast was shut {shut} times a day");
            assert!(weight < 0.1, "{per_s}: a constant forecast has weight {weight}");
            assert!(days(per_s, 1.0, true, cfg).1 < 0.3, "{per_s}: nor is a good one shut");
        }
        // Controls: one that knows has weight; one that claims four times as much is shut.
        assert!(days(0.05, 1.0, true, cfg).0 > 0.5, "{:?}", days(0.05, 1.0, true, cfg));
        assert!(days(0.05, 4.0, false, cfg).1 > 10.0, "{:?}", days(0.05, 4.0, false, cfg));
    }
}
