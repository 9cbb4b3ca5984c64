//! How long warm-up takes, by policy and market.
//!
//! In: seeds. Out: the time to a score of exactly 1, and the share of runs that are not there after
//! eight hours. Cold path.
//!
//! 1. A policy is stuck in a run that does not finish within [`CAP_S`].
//! 2. The original's policies warm up by its rule: own fills and own markouts, targets 20 and 10.

use super::market::{Market, Scenario};
use super::policy::{NAMED, Named};
use super::stats::{Estimate, float, mean, median};
use super::table::{Cell, Table};
use super::trial::Trial;
use super::{Effort, Outcome, jobs};
use crate::lab::plot::study::{Chart, Series};

/// Seconds after which a run counts as stuck.
pub const CAP_S: f64 = 28_800.0;
/// Policies compared.
const POLICIES: [Named; NAMED.len()] = NAMED;

/// One run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// Seconds to a full score, `CAP_S` if stuck.
    pub seconds: f64,
    /// Whether it got there.
    pub done: bool,
    /// Mean distance of the nearest quotes until then, bps.
    pub depth_bps: f64,
    /// Mean edge of a fill until then, bps; NaN without fills.
    pub edge_bps: f64,
}

/// Runs of the experiment.
#[must_use]
pub fn runs(effort: &Effort) -> usize {
    Scenario::ALL.len() * POLICIES.len() * effort.seeds
}

/// One run of a policy in a market.
#[must_use]
pub fn trial(scenario: Scenario, policy: Named, seed: u64) -> Run {
    let (policy, settings) = policy.setup();
    let mut t = Trial::new(Market::new(scenario, seed), policy, settings);
    let mut seconds = 0.0;
    let mut done = false;
    while !done && seconds < CAP_S {
        t.second();
        seconds += 1.0;
        done = t.estimates().is_some_and(|e| e.warmup.score >= 1.0);
    }
    let x = t.totals();
    Run { seconds, done, depth_bps: x.single_bps / x.quoted_s, edge_bps: x.edge_bps / x.fills }
}

/// The experiment.
#[must_use]
pub fn run(effort: &Effort, done: &(dyn Fn() + Sync)) -> Outcome {
    let cell = |k: usize| (Scenario::ALL[k / POLICIES.len()], POLICIES[k % POLICIES.len()]);
    // Long runs first, so that no thread is left with one at the end: the last cells are the slow.
    let all = jobs::run(runs(effort), effort.jobs, done, |i| {
        let (scenario, policy) = cell(i / effort.seeds);
        trial(scenario, policy, effort.seed(i))
    });
    let mut rows = Vec::new();
    let mut series: Vec<Series> = POLICIES.iter().map(|p| Series::new(p.name())).collect();
    for (k, runs) in all.chunks(effort.seeds).enumerate() {
        let (scenario, policy) = cell(k);
        let seconds: Vec<f64> = runs.iter().map(|r| r.seconds).collect();
        let edges: Vec<f64> = runs.iter().map(|r| r.edge_bps).filter(|e| !e.is_nan()).collect();
        let stuck = float(runs.iter().filter(|r| !r.done).count()) / float(runs.len());
        let middle = median(&seconds);
        series[k % POLICIES.len()].push(k / POLICIES.len(), middle);
        let depth = runs.iter().map(|r| r.depth_bps).sum::<f64>() / float(runs.len());
        rows.push(vec![
            Cell::Text(scenario.name()),
            Cell::Text(policy.name()),
            Cell::Span(middle, 0),
            Cell::Span(mean(&seconds), 0),
            Cell::Number(100.0 * stuck, 1),
            Cell::Number(depth, 2),
            Cell::Number(if edges.is_empty() { f64::NAN } else { mean(&edges).at }, 2),
        ]);
    }
    let table = Table {
        title: format!("Seconds to a complete warm-up, {} runs a cell", effort.seeds),
        columns: vec![
            "market", "policy", "median_s", "mean_s", "stuck_percent", "depth_bps", "edge_bps",
        ],
        rows,
        notes: vec![
            format!("stuck: not complete after {:.0} hours (counted as that long).", CAP_S / 3_600.0),
            "depth: mean distance of the nearest quote; edge: mean of a fill less fee and adverse move."
                .into(),
        ],
    };
    let chart = Chart {
        title: "Time to a complete warm-up".into(),
        y: "seconds, median with 95 % interval".into(),
        log: true,
        names: Scenario::ALL.map(|s| s.name().to_owned()).to_vec(),
        series,
        band: None,
    };
    Outcome { table, chart }
}

/// How many times faster the default's median is than another's.
#[must_use]
pub fn speedup(slow: &[Run], fast: &[Run]) -> f64 {
    let at = |r: &[Run]| -> Estimate { median(&r.iter().map(|r| r.seconds).collect::<Vec<_>>()) };
    at(slow).at / at(fast).at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::original::Policy;

    fn runs_of(scenario: Scenario, policy: Named, seeds: u64) -> Vec<Run> {
        (1..=seeds).map(|seed| trial(scenario, policy, seed)).collect()
    }

    #[test]
    fn the_default_is_never_stuck_and_within_its_bound() {
        for scenario in Scenario::ALL {
            // Ten fills on average every tau0 + tau_h log2(kappa d) + e / rate at the touch, twenty
            // markouts, a minute of returns; three times that for the slowest of a few.
            let t = Market::new(scenario, 1).truth();
            let fill =
                60.0 + 60.0 + std::f64::consts::E / (2.0 * t.rate * super::super::market::PHI);
            let most = 3.0 * (10.0 * fill).max(20.0 / (2.0 * t.rate)).max(60.0);
            for seed in 1..=6 {
                let r = trial(scenario, Named::Default, seed);
                assert!(r.done && r.seconds <= most, "{}: {r:?} > {most}", scenario.name());
            }
        }
    }

    #[test]
    fn in_a_quiet_market_the_default_is_five_times_faster_and_the_spread_floor_never_done() {
        let default = runs_of(Scenario::Quiet, Named::Default, 11);
        let floor = runs_of(Scenario::Quiet, Named::Original(Policy::Floor8000), 5);
        assert!(floor.iter().all(|r| r.done), "the floor on kappa is not what starves it");
        let times = speedup(&floor, &default);
        assert!(times >= 5.0, "{times}");
        // The control, and the original's fault: a least spread of 5 bps.
        let realised = runs_of(Scenario::Quiet, Named::Original(Policy::Floor8000Realised), 2);
        assert!(realised.iter().all(|r| !r.done), "{realised:?}");
    }
}
