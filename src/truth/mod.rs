//! What is true of a simulated market: what quotes and orders really meet there, how far takers reach,
//! what the price does after them, each with its Monte-Carlo error.
//!
//! In: a world, a length, a seed, how quotes are made. Out: [`Truth`]. Cold path.
//!
//! 1. Time is simulated in parts that know nothing of each other, each from an empty book on: the result
//!    does not depend on the number of threads.
//! 2. Quotes and orders are shadows: they are not in the book ([`queue`]).
//! 3. Errors are of stretches of ten minutes, each one observation.

pub mod course;
mod figures;
mod ladder;
mod part;
mod plan;
mod queue;
pub mod stretch;
#[cfg(test)]
mod tests;
pub mod tried;

pub use figures::Truth;
pub use ladder::Pace;
pub use plan::{Plan, SHARES};
pub use stretch::Estimate;

use crate::sys::jobs;
use crate::units::Ns;

/// Most market time of a part.
const PART_NS: i64 = 2 * Ns::HOUR;

/// What is known so far of a market that is simulated as long as there is time for it.
#[derive(Debug)]
pub struct Sample {
    plan: Plan,
    parts: Vec<part::Part>,
}

impl Sample {
    /// Nothing is known yet. Of the plan's length and threads nothing is made use of.
    pub fn new(plan: Plan) -> Sample {
        Sample { plan, parts: Vec::new() }
    }

    /// Another half hour of the market, unless `goes_on` says no meanwhile.
    pub fn grow(&mut self, goes_on: &impl Fn() -> bool) {
        let number = self.parts.len() as u64;
        let part = part::run(&self.plan, number, Ns::HOUR / 2, &mut |_| goes_on());
        self.parts.extend(part.filter(|_| goes_on()));
    }

    /// What is known; `None` before the first half hour.
    pub fn truth(&self) -> Option<Truth> {
        (!self.parts.is_empty()).then(|| figures::of(&self.plan, &self.parts))
    }
}

/// Finds it out, or what is known of it once `goes_on` says no; `None` where that is nothing. `tell` hears how
/// much market time is done, ns, on this thread.
pub fn run(
    plan: &Plan,
    goes_on: &(impl Fn() -> bool + Sync),
    tell: &mut impl FnMut(i64),
) -> Option<Truth> {
    let parts = usize::try_from((plan.length_ns - 1) / PART_NS + 1).unwrap_or(1).max(1);
    let each = plan.length_ns / i64::try_from(parts).unwrap_or(1);
    let numbers: Vec<u64> = (0..parts as u64).collect();
    let work = |_, number: &u64, report: &mut dyn FnMut(i64)| {
        if !goes_on() {
            return None;
        }
        part::run(plan, *number, each, &mut |ns| {
            report(ns);
            goes_on()
        })
    };
    let mut done = 0;
    let found = jobs::reporting(&numbers, plan.jobs, work, |ns| {
        done += ns.unwrap_or(0);
        tell(done);
    });
    let parts: Vec<part::Part> = found.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| figures::of(plan, &parts))
}
