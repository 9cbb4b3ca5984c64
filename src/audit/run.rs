//! All scenarios of a plan, on several threads.
//!
//! In: a plan. Out: outcomes in the order of the scenarios. Cold path.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc;

use super::watch;
use super::{Outcome, Plan, Progress};
use crate::venue::cst::{Depth, SCENARIOS, Scenario};

/// Runs the plan; `tell` hears how far it is, on this thread. Outcomes are in the order of
/// [`SCENARIOS`].
pub fn run(plan: &Plan, tell: &mut impl FnMut(Progress)) -> Vec<Outcome> {
    // Those with the most snapshots first, so that no thread is left with a long one at the end.
    let mut order: Vec<&Scenario> = SCENARIOS.iter().collect();
    order.sort_by_key(|s| (s.snapshot_ns, s.depth == Depth::Shallow));
    let (next, done) = (AtomicUsize::new(0), AtomicU32::new(0));
    let mut out = Vec::with_capacity(SCENARIOS.len());
    std::thread::scope(|scope| {
        let (tx, rx) = mpsc::channel();
        for _ in 0..plan.jobs.clamp(1, order.len()) {
            let (tx, order, next, done) = (tx.clone(), &order, &next, &done);
            scope.spawn(move || {
                while let Some(scenario) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = watch::watch(plan, scenario, &mut || {
                        let n = done.fetch_add(1, Ordering::Relaxed) + 1;
                        if n.is_multiple_of(500) {
                            let _ = tx.send(Err(Progress::Shadows(n)));
                        }
                    });
                    let _ = tx.send(Ok(outcome));
                }
            });
        }
        drop(tx);
        for message in rx {
            match message {
                Ok(outcome) => {
                    tell(Progress::Scenario);
                    out.push(outcome);
                }
                Err(progress) => tell(progress),
            }
        }
    });
    out.sort_by_key(|o: &Outcome| o.scenario.number);
    out
}
