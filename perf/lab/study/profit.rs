//! What a policy earns of what it could.
//!
//! In: seeds. Out: profit as a share of the oracle's, by market. Cold path.
//!
//! 1. The oracle quotes with the true kappa, rate and cost of the regime the market is in.
//! 2. Profit is the expected one of the quotes that stood, second by second: which takers happened to
//!    come is left out, so few runs tell policies apart.
//! 3. `single` is a quote of no size at the policy's best distance, as the theory has it; `ladder`
//!    is all that is quoted, sizes and all, less what carrying the fills costs.
//! 4. Both are of the whole run; `single_warm` and `ladder_warm` are without its first ten minutes.

use super::market::{Market, Scenario};
use super::policy::{NAMED, Named};
use super::stats::{Estimate, float, ratio};
use super::table::{Cell, Table};
use super::trial::{Totals, Trial};
use super::{Effort, Outcome};
use crate::lab::plot::study::{Chart, Series};
use crate::sys::jobs;

/// Policies compared; the last one knows.
const POLICIES: [Named; NAMED.len() + 1] = {
    let mut all = [Named::Oracle; NAMED.len() + 1];
    let mut i = 0;
    while i < NAMED.len() {
        all[i] = NAMED[i];
        i += 1;
    }
    all
};

/// Beginning of a run that is left out of a second figure, s.
const COLD_S: f64 = 600.0;

/// One run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// What came of all of it.
    pub whole: Totals,
    /// What came of its first ten minutes.
    pub cold: Totals,
}

/// Runs of the experiment.
#[must_use]
pub fn runs(effort: &Effort) -> usize {
    Scenario::ALL.len() * POLICIES.len() * effort.seeds
}

/// One run of a policy in a market.
#[must_use]
pub fn trial(scenario: Scenario, policy: Named, seed: u64, hours: f64) -> Run {
    let (policy, settings) = policy.setup();
    let mut t = Trial::new(Market::new(scenario, seed), policy, settings);
    let mut run = Run { whole: *t.totals(), cold: *t.totals() };
    let mut seconds = 0.0;
    while seconds < hours * 3_600.0 {
        t.second();
        seconds += 1.0;
        if seconds <= COLD_S {
            run.cold = *t.totals();
        }
    }
    run.whole = *t.totals();
    run
}

/// Shares of what could be had, single and ladder: of all, and after the first ten minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Whole run.
    pub whole: [Estimate; 2],
    /// After its first ten minutes; NaN where it has no more.
    pub warm: [Estimate; 2],
}

/// The shares that some runs came to.
#[must_use]
pub fn shares(runs: &[Run]) -> Shares {
    let of = |f: &dyn Fn(&Run) -> f64| runs.iter().map(f).collect::<Vec<_>>();
    type Part = fn(&Totals) -> f64;
    let parts: [[Part; 2]; 2] =
        [[|t| t.single, |t| t.single_best], [|t| t.expected, |t| t.expected_best]];
    let share = |cold: f64| {
        parts.map(|[got, best]| {
            let over = |f: Part| of(&|r: &Run| f(&r.whole) - cold * f(&r.cold));
            ratio(&over(got), &over(best))
        })
    };
    Shares { whole: share(0.0), warm: share(1.0) }
}

/// The experiment.
#[must_use]
pub fn run(effort: &Effort, done: &(dyn Fn() + Sync)) -> Outcome {
    let trials: Vec<usize> = (0..runs(effort)).collect();
    let cell = |k: usize| (Scenario::ALL[k / POLICIES.len()], POLICIES[k % POLICIES.len()]);
    let all = jobs::done(&trials, effort.jobs, |i, _| {
        let (scenario, policy) = cell(i / effort.seeds);
        let run = trial(scenario, policy, effort.seed(i), effort.hours);
        done();
        run
    });
    let mut rows = Vec::new();
    let known = POLICIES.len() - 1;
    let mut series: Vec<Series> = POLICIES[..known].iter().map(|p| Series::new(p.name())).collect();
    for (k, runs) in all.chunks(effort.seeds).enumerate() {
        let (scenario, policy) = cell(k);
        let sum = |f: fn(&Totals) -> f64| runs.iter().map(|r| f(&r.whole)).sum::<f64>();
        let s = shares(runs);
        if k % POLICIES.len() < known {
            series[k % POLICIES.len()].push(k / POLICIES.len(), s.whole[0]);
        }
        rows.push(vec![
            Cell::Text(scenario.name()),
            Cell::Text(policy.name()),
            Cell::Span(s.whole[0], 3),
            Cell::Span(s.warm[0], 3),
            Cell::Span(s.whole[1], 3),
            Cell::Span(s.warm[1], 3),
            Cell::Number(sum(|t| t.single_bps) / sum(|t| t.quoted_s), 2),
            Cell::Number(sum(|t| t.fills) / float(runs.len()) / effort.hours, 1),
            Cell::Number(sum(|t| t.edge_bps) / sum(|t| t.fills), 2),
        ]);
    }
    let table = Table {
        title: format!(
            "Profit as a share of the oracle's, {} runs of {} h a cell",
            effort.seeds, effort.hours
        ),
        columns: vec![
            "market",
            "policy",
            "single",
            "single_warm",
            "ladder",
            "ladder_warm",
            "depth_bps",
            "fills_per_h",
            "edge_bps",
        ],
        rows,
        notes: vec![
            "single: a quote of no size at the policy's best distance, against the best distance;"
                .into(),
            "ladder: all that was quoted less the cost of carrying it, against the oracle's ladder:"
                .into(),
            "both over the whole run; single_warm, ladder_warm: without the first ten minutes.".into(),
            "In brackets 95 % intervals over runs.".into(),
        ],
    };
    let chart = Chart {
        title: "Profit as a share of what knowing the truth would earn".into(),
        y: "share of a single quote over the whole run, with 95 % interval".into(),
        log: false,
        names: Scenario::ALL.map(|s| s.name().to_owned()).to_vec(),
        series,
        band: Some((0.95, 1.0)),
    };
    Outcome { table, chart }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::study::policy::FEE_BPS;
    use crate::quote::original::Policy;

    fn of(scenario: Scenario, policy: Named, hours: f64) -> Shares {
        let runs: Vec<Run> = (1..=3).map(|s| trial(scenario, policy, s, hours)).collect();
        shares(&runs)
    }

    /// Share of the best single quote's profit, over seeds.
    fn share(scenario: Scenario, policy: Named, hours: f64) -> f64 {
        of(scenario, policy, hours).whole[0].at
    }

    #[test]
    fn learning_costs_little_over_a_quiet_day_and_less_after_ten_minutes() {
        let s = of(Scenario::Quiet, Named::Default, 3.0);
        assert!(s.whole[0].at >= 0.94 && s.warm[0].at >= 0.95, "{s:?}");
        // The oracle is what it is measured by, at any time.
        let known = of(Scenario::Switching, Named::Oracle, 0.2);
        for e in known.whole.iter().chain(&known.warm) {
            assert!((e.at - 1.0).abs() < 1e-9, "{known:?}");
        }
    }

    #[test]
    fn the_default_earns_nearly_what_an_oracle_earns() {
        for scenario in [Scenario::Normal, Scenario::Volatile, Scenario::Cascade] {
            let s = share(scenario, Named::Default, 1.0);
            assert!(s >= 0.95, "{}: {s}", scenario.name());
        }
        // Controls: a fixed 2.75 bps is far off in a cascade, and the spiral of own distances is.
        let floor = Named::Original(Policy::Floor8000);
        assert!(share(Scenario::Cascade, floor, 0.2) < 0.2);
        assert!(share(Scenario::Normal, Named::Original(Policy::Analysis2), 1.0) < 0.8);
    }

    #[test]
    fn the_oracle_ladder_reaches_the_share_of_the_continuum_that_theory_gives() {
        // .9694 of e^(-1 - kappa c) / (kappa^2 theta) per taker, theta of invariant 2 in `trial`;
        // prices are rounded outward to a ninth of a basis point.
        let (policy, cfg) = Named::Oracle.setup();
        let market = Market::new(Scenario::Normal, 1);
        let truth = market.truth();
        let mut t = Trial::new(market, policy, cfg);
        (0..600).for_each(|_| t.second());
        let q = cfg.strategy.glft;
        let n = cfg.bounds.max_lots * q.std_share;
        let theta = 1.0 / (truth.kappa * q.phi.sqrt() * n);
        let c = FEE_BPS + truth.adverse();
        let best =
            crate::math::det::exp(-1.0 - truth.kappa * c) / (truth.kappa * truth.kappa * theta);
        let rate = 2.0 * truth.rate * crate::lab::study::market::PHI;
        let share = t.totals().expected / (600.0 * rate * best);
        assert!((0.95..0.9695).contains(&share), "{share}");
        let realised = t.totals().score / t.totals().expected;
        assert!((0.6..1.4).contains(&realised), "the score of takers that came: {realised}");
    }
}
