//! Whether quotes filled as often as predicted.
//!
//! In: a predicted probability and an outcome for each block of each quote. Out: reliability by
//! bins, Brier score and skill with intervals. Cold path.
//!
//! 1. Skill is 1 - BS / (y (1 - y)), y the share that filled: 0 is a constant forecast of y.
//! 2. Bins hold equally many predictions.

use serde::{Deserialize, Serialize};

use super::stats::{self, Blocks, Interval, bootstrap, float};
use crate::record::Outcome;
use crate::units::Ns;

/// Bins of the reliability diagram.
const BINS: usize = 10;
/// Fewest predictions in a bin.
const IN_BIN: usize = 20;

/// One bin of the reliability diagram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Predictions in it.
    pub n: u64,
    /// Mean prediction.
    pub predicted: f64,
    /// Share that filled, with Wilson's interval.
    pub filled: Interval,
}

/// What is known of the predictions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// Predictions.
    pub n: u64,
    /// Of these, filled.
    pub filled: u64,
    /// Mean squared error.
    pub brier: Option<Interval>,
    /// Skill against a constant forecast.
    pub skill: Option<Interval>,
    /// Fills over the sum of predictions: 1 is calibrated on the whole.
    pub ratio: Option<Interval>,
    /// Reliability.
    pub bins: Vec<Bin>,
}

/// Predictions as they come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Outcomes {
    all: Vec<(Ns, f64, bool)>,
}

impl Outcomes {
    pub(super) fn push(&mut self, at: Ns, o: &Outcome) {
        self.all.push((at, o.p, o.filled));
    }

    pub(super) fn summary(&self, blocks: &Blocks) -> Calibration {
        let y = |filled: bool| f64::from(u8::from(filled));
        let sums = blocks.sums(self.all.iter().map(|&(at, p, filled)| {
            let miss = p - y(filled);
            (at, [miss * miss, y(filled), p, 1.0])
        }));
        let mean = |s: &[f64; 4], i: usize| (s[3] > 0.0).then(|| s[i] / s[3]);
        let skill = |s: &[f64; 4]| {
            let share = mean(s, 1)?;
            let unsure = share * (1.0 - share);
            (unsure > 0.0).then_some(1.0 - mean(s, 0)? / unsure)
        };
        let filled = self.all.iter().filter(|o| o.2).count();
        Calibration {
            n: self.all.len() as u64,
            filled: filled as u64,
            brier: bootstrap(&sums, |s| mean(s, 0)),
            skill: bootstrap(&sums, skill),
            ratio: bootstrap(&sums, |s| (s[2] > 0.0).then(|| s[1] / s[2])),
            bins: self.bins(),
        }
    }

    fn bins(&self) -> Vec<Bin> {
        let mut sorted: Vec<(f64, bool)> = self.all.iter().map(|o| (o.1, o.2)).collect();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let count = (sorted.len() / IN_BIN).min(BINS);
        let edge = |i: usize| i * sorted.len() / count.max(1);
        (0..count)
            .map(|i| {
                let bin = &sorted[edge(i)..edge(i + 1)];
                let n = bin.len() as u64;
                let hits = bin.iter().filter(|b| b.1).count() as u64;
                let predicted = bin.iter().map(|b| b.0).sum::<f64>() / float(bin.len());
                Bin { n, predicted, filled: stats::wilson(hits, n) }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3000 predictions over 600 s; `bent` raises what is claimed over what is true.
    fn drawn(bent: f64) -> Calibration {
        let mut rng = fastrand::Rng::with_seed(9);
        let mut o = Outcomes::default();
        for i in 0..3_000i64 {
            let truth = rng.f64() * 0.4;
            let filled = rng.f64() < truth;
            o.all.push((Ns(i * 200 * Ns::MS), (truth * bent).min(1.0), filled));
        }
        o.summary(&Blocks::of(Ns(0), Ns(600 * Ns::SEC)))
    }

    #[test]
    fn true_probabilities_pass_and_bent_ones_fail() {
        let good = drawn(1.0);
        let (skill, ratio) = (good.skill.expect("skill"), good.ratio.expect("ratio"));
        assert!(skill.lo.is_some_and(|lo| lo > 0.0), "{skill:?}");
        assert!(ratio.lo.is_some_and(|lo| lo < 1.0) && ratio.hi.is_some_and(|hi| hi > 1.0));
        assert_eq!(good.bins.len(), 10);
        let inside = |b: &&Bin| {
            b.filled.lo.is_some_and(|lo| lo <= b.predicted)
                && b.filled.hi.is_some_and(|hi| b.predicted <= hi)
        };
        assert!(good.bins.iter().filter(inside).count() >= 9);
        let bent = drawn(2.0);
        let (skill, ratio) = (bent.skill.expect("skill"), bent.ratio.expect("ratio"));
        assert!(skill.hi.is_some_and(|hi| hi < 0.0), "{skill:?}");
        assert!(ratio.hi.is_some_and(|hi| hi < 0.7), "{ratio:?}");
        assert!(bent.bins.iter().filter(inside).count() <= 3);
    }

    #[test]
    fn without_outcomes_there_is_nothing() {
        let none = Outcomes::default().summary(&Blocks::of(Ns(0), Ns(Ns::SEC)));
        assert_eq!(none, Calibration::default());
    }
}
