//! How wrong estimators of kappa are, and whether their intervals say so.
//!
//! In: seeds. Out: bias, error and coverage of the tape's kappa, of the one from own quotes and
//! fills, and of the one from distances of own fills alone. Cold path.
//!
//! 1. The last one is the original paper trader's, in the reading that is kindest to it: fills of
//!    one coin each, so that its volume counts fills.
//! 2. Everything is read off the production estimates after so many takers.

use super::market::{Market, Scenario};
use super::policy::{COIN_USD, Policy, Settings};
use super::stats::{Estimate, float, mean, share};
use super::table::{Cell, Table};
use super::trial::Trial;
use super::{Effort, Outcome, jobs};
use crate::lab::plot::study::{Chart, Series};
use crate::learn::estimates::{Estimates, Span};
use crate::math::gamma::interval95;

/// Estimates are read when so many takers are expected: at a time, not at a taker, since the regime
/// filter is at its most excited right after one.
pub const TAKERS: [f64; 6] = [25.0, 50.0, 100.0, 200.0, 400.0, 800.0];
/// From so many takers on the tape's interval is to cover as it says.
pub const TAKERS_ENOUGH: f64 = 50.0;
/// Markets with one kappa.
const SCENARIOS: [Scenario; 4] =
    [Scenario::Quiet, Scenario::Normal, Scenario::Volatile, Scenario::Cascade];
/// Ways to quote, one lot a level.
const DESIGNS: [(&str, Design); 3] = [
    ("fixed 2.75", Design::Depths(&[2.75])),
    ("ladder", Design::Depths(&[1.5, 2.25, 3.25, 4.75, 7.0])),
    ("cycling", Design::Cycle(&[1.0, 2.0, 3.0, 4.0])),
];

#[derive(Clone, Copy, Debug)]
enum Design {
    Depths(&'static [f64]),
    Cycle(&'static [f64]),
}

/// One estimator at one time.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    span: Span,
    n: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Read {
    tape: Reading,
    own: Reading,
    original: Reading,
    confidence: f64,
}

/// Trials of the experiment.
#[must_use]
pub fn runs(effort: &Effort) -> usize {
    SCENARIOS.len() * DESIGNS.len() * effort.seeds
}

/// The experiment.
#[must_use]
pub fn run(effort: &Effort, done: &(dyn Fn() + Sync)) -> Outcome {
    let cell = |k: usize| (SCENARIOS[k / DESIGNS.len()], DESIGNS[k % DESIGNS.len()]);
    let reads = jobs::run(runs(effort), effort.jobs, done, |i| {
        let (scenario, (_, design)) = cell(i / effort.seeds);
        // Each cell its own markets: what does not depend on the quotes is pooled over them.
        trial(scenario, design, 1 + i as u64)
    });
    let mut rows = Vec::new();
    let mut series: Vec<Series> = SCENARIOS.iter().map(|s| Series::new(s.name())).collect();
    for (k, own) in reads.chunks(effort.seeds).enumerate() {
        let (scenario, (design, _)) = cell(k);
        let truth = scenario.truths()[Market::new(scenario, 0).regime()].kappa * 1e4;
        for (t, takers) in TAKERS.iter().enumerate() {
            let at: Vec<Read> = own.iter().map(|r| r[t]).collect();
            let market = k / DESIGNS.len() * DESIGNS.len() * effort.seeds;
            let pool = &reads[market..market + DESIGNS.len() * effort.seeds];
            let tape: Vec<Reading> = pool.iter().map(|r| r[t].tape).collect();
            if k % DESIGNS.len() == 0 {
                series[k / DESIGNS.len()].push(t, score(truth, &tape).2);
            }
            rows.push(row((scenario.name(), design), *takers, truth, &at, &tape));
        }
    }
    let table = Table {
        title: format!("Estimators of kappa, {} runs a cell", effort.seeds),
        columns: vec![
            "market", "quotes", "takers", "fills", "tape_n", "tape_bias", "tape_rmse",
            "tape_cover", "own_bias", "own_cover", "orig_bias", "orig_cover", "orig_confidence",
        ],
        rows,
        notes: vec![
            "bias and rmse relative to the true kappa; cover: share of 95 % intervals that hold it."
                .into(),
            "tape: every taker, over the runs of all ways to quote, on which it does not depend;".into(),
            "own: own quotes and fills with exposure; orig: distances of own fills, as the original."
                .into(),
        ],
    };
    let chart = Chart {
        title: "Coverage of the tape's 95 % interval of kappa".into(),
        y: "share of runs, with 95 % interval".into(),
        log: false,
        names: TAKERS.map(|t| format!("{t:.0} takers")).to_vec(),
        series,
        band: Some((0.93, 0.97)),
    };
    Outcome { table, chart }
}

fn trial(scenario: Scenario, design: Design, seed: u64) -> [Read; TAKERS.len()] {
    let policy = match design {
        Design::Depths(d) => Policy::Depths(d),
        Design::Cycle(d) => Policy::Cycle(d),
    };
    // Lots of one coin.
    let mut cfg = Settings::default();
    cfg.bounds.unit_usd = COIN_USD;
    let mut t = Trial::new(Market::new(scenario, seed), policy, cfg);
    let rate = 2.0 * t.market().truth().rate;
    let mut seconds = 0.0;
    TAKERS.map(|takers| {
        while seconds < takers / rate {
            t.second();
            seconds += 1.0;
        }
        t.estimates().map_or_else(Read::default, |e| read(e, t.totals().fills))
    })
}

fn read(e: &Estimates, fills: f64) -> Read {
    let o = &e.original;
    // Its posterior is Gamma(alpha, alpha / mean), and confidence = 1 / (1 + 1 / sqrt(alpha)).
    let root = o.confidence / (1.0 - o.confidence);
    let alpha = root * root;
    Read {
        tape: Reading { span: e.kappa_tape.span, n: e.kappa_tape.n_eff },
        own: Reading { span: e.kappa_own.span, n: e.kappa_own.n_eff },
        original: Reading { span: interval95(alpha, alpha / o.kappa_learned).into(), n: fills },
        confidence: o.confidence,
    }
}

/// Bias, root mean square error and coverage.
fn score(truth: f64, x: &[Reading]) -> (Estimate, f64, Estimate) {
    let spoke: Vec<&Reading> = x.iter().filter(|r| r.span.hi > 0.0).collect();
    let err: Vec<f64> = spoke.iter().map(|r| r.span.mean / truth - 1.0).collect();
    let square = err.iter().map(|e| e * e).sum::<f64>() / float(err.len());
    let hit = spoke.iter().filter(|r| r.span.lo <= truth && truth <= r.span.hi).count();
    (mean(&err), square.sqrt(), share(hit, spoke.len()))
}

fn row(
    (market, design): (&'static str, &'static str),
    takers: f64,
    truth: f64,
    at: &[Read],
    tape: &[Reading],
) -> Vec<Cell> {
    let n = tape.iter().map(|r| r.n).sum::<f64>() / float(tape.len());
    let of = |f: fn(&Read) -> Reading| at.iter().map(f).collect::<Vec<_>>();
    let average = |f: fn(&Read) -> f64| at.iter().map(f).sum::<f64>() / float(at.len());
    let (tape, own, original) =
        (score(truth, tape), score(truth, &of(|r| r.own)), score(truth, &of(|r| r.original)));
    vec![
        Cell::Text(market),
        Cell::Text(design),
        Cell::Number(takers, 0),
        Cell::Number(average(|r| r.original.n), 1),
        Cell::Number(n, 0),
        Cell::Number(tape.0.at, 3),
        Cell::Number(tape.1, 3),
        Cell::Span(tape.2, 3),
        Cell::Number(own.0.at, 2),
        Cell::Number(own.2.at, 2),
        Cell::Number(original.0.at, 2),
        Cell::Number(original.2.at, 2),
        Cell::Number(average(|r| r.confidence), 2),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_of_the_tape_cover_and_those_of_own_distances_do_not() {
        let (mut tape, mut original, mut of) = (0, 0, 0);
        for scenario in [Scenario::Normal, Scenario::Volatile, Scenario::Cascade] {
            let truth = Market::new(scenario, 0).truth().kappa * 1e4;
            let holds = |s: Span| usize::from(s.lo <= truth && truth <= s.hi);
            for seed in 0..150 {
                // After 200 takers.
                let r = trial(scenario, Design::Depths(&[2.75]), seed)[3];
                tape += holds(r.tape.span);
                original += holds(r.original.span);
                of += 1;
            }
        }
        let (tape, original) = (share(tape, of), share(original, of));
        assert!((0.92..=0.975).contains(&tape.at), "{tape:?}");
        assert!(original.at < 0.4, "control: the original's own-fill estimator, {original:?}");
    }

    #[test]
    fn results_do_not_depend_on_the_threads() {
        let table = |jobs: usize| {
            let effort = Effort { seeds: 2, hours: 0.0, jobs };
            run(&effort, &|| {}).table.csv()
        };
        assert_eq!(table(1), table(3));
    }
}
