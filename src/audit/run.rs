//! All scenarios of a plan, on several threads.
//!
//! In: a plan. Out: outcomes in the order of the scenarios. Cold path.

use std::sync::atomic::{AtomicU32, Ordering};

use super::watch;
use super::{Outcome, Plan, Progress};
use crate::sys::jobs;
use crate::venue::cst::{Depth, SCENARIOS, Scenario};

/// Runs the plan; `tell` hears how far it is, on this thread. Outcomes are in the order of
/// [`SCENARIOS`].
pub fn run(plan: &Plan, tell: &mut impl FnMut(Progress)) -> Vec<Outcome> {
    // Those with the most snapshots first, so that no thread is left with a long one at the end.
    let mut order: Vec<&Scenario> = SCENARIOS.iter().collect();
    order.sort_by_key(|s| (s.snapshot_ns, s.depth == Depth::Shallow));
    let done = AtomicU32::new(0);
    let work = |_, scenario: &&Scenario, report: &mut dyn FnMut(Progress)| {
        let outcome = watch::watch(plan, scenario, &mut || {
            let n = done.fetch_add(1, Ordering::Relaxed) + 1;
            if n.is_multiple_of(500) {
                report(Progress::Shadows(n));
            }
        });
        report(Progress::Scenario);
        outcome
    };
    let mut out = jobs::reporting(&order, plan.jobs, work, tell);
    out.sort_by_key(|o: &Outcome| o.scenario.number);
    out
}
