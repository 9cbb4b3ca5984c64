//! All scenarios of a plan, on several threads.
//!
//! In: a plan. Out: outcomes in the order of the scenarios. Cold path.

use std::sync::atomic::{AtomicU32, Ordering};

use super::watch;
use super::{Outcome, Plan};
use crate::sys::jobs;
use crate::venue::cst::{Depth, SCENARIOS, Scenario};

/// What a worker reports.
enum News {
    /// So many shadows of all are done.
    Shadows(u32),
    Scenario(Outcome),
}

/// Runs the plan; `tell` hears again and again, on this thread, how many shadows are done, and what is known.
/// Outcomes are in the order of [`SCENARIOS`].
pub fn run(plan: &Plan, tell: &mut impl FnMut(u32, &[Outcome])) -> Vec<Outcome> {
    // Those with the most snapshots first, so that no thread is left with a long one at the end.
    let mut order: Vec<&Scenario> = SCENARIOS.iter().collect();
    order.sort_by_key(|s| (s.snapshot_ns, s.depth == Depth::Shallow));
    let done = AtomicU32::new(0);
    let work = |_, scenario: &&Scenario, report: &mut dyn FnMut(News)| {
        let outcome = watch::watch(plan, scenario, &mut || {
            let n = done.fetch_add(1, Ordering::Relaxed) + 1;
            if n.is_multiple_of(500) {
                report(News::Shadows(n));
            }
        });
        report(News::Scenario(outcome));
    };
    let (mut shadows, mut known) = (0, Vec::new());
    jobs::reporting(&order, plan.jobs, work, |news| {
        match news {
            Some(News::Shadows(n)) => shadows = n.max(shadows),
            Some(News::Scenario(outcome)) => {
                known.push(outcome);
                known.sort_by_key(|o: &Outcome| o.scenario.number);
            }
            None => {}
        }
        tell(shadows, &known);
    });
    known
}
