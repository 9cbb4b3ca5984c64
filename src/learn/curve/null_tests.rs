//! The control of the verdict: tapes on which the best distance earns nothing.
//!
//! In: what the ladder saw of a tape. Out: how often it is said to pay. Test only.
//!
//! 1. Truth is the tape itself: the fee is the one at which the best of the places with ten fills or more
//!    earns exactly nothing; fills of others are taken out.
//! 2. A pseudo-tape is made of minutes of it, drawn with replacement: what belongs together stays together.

use super::marks::Marks;
use super::stats::Stats;
use super::verdict::{SEEN, Verdict};
use super::window::Window;
use crate::event::shadow::Seen;
use crate::limits::CURVE;
use crate::math::det;
use crate::record::Outlook;
use crate::units::Ns;

/// Windows of a minute.
const MINUTE: usize = 6;
/// Minutes of a pseudo-tape.
const MINUTES: usize = 120;

/// How often it was said to pay: by the verdict, and by an interval alone, looked at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    /// Share of minutes.
    pub(crate) minutes: [f64; 2],
    /// Share of runs with such a minute.
    pub(crate) runs: [f64; 2],
}

/// The closed windows of a tape.
fn windows(seen: &[Seen]) -> Vec<Window> {
    let (mut marks, mut out) = (Marks::new(5 * Ns::SEC, 0), Vec::new());
    for s in seen {
        match *s {
            Seen::Live { until, places, ns, .. } => marks.on_live(until, places, ns),
            Seen::Fill { side, place, px, from, time, .. } => {
                marks.on_fill(side, place, px, from, time);
            }
            Seen::State { time, mid } => marks.on_state(time, mid, &mut |_, w| out.push(*w)),
            Seen::Hole { .. } => marks.on_hole(),
        }
    }
    out
}

/// What is said on `runs` pseudo-tapes of two hours, with `more` added to the fee at which nothing is earned.
pub(crate) fn said(seen: &[Seen], runs: u32, more: f64) -> Said {
    let mut all = windows(seen);
    all.truncate(all.len() / MINUTE * MINUTE);
    let sum = |f: &dyn Fn(&Window) -> f64| all.iter().map(f).sum::<f64>();
    let mut fee = f64::MIN;
    let mut thin = [false; CURVE];
    for (j, thin) in thin.iter_mut().enumerate() {
        let n = sum(&|w| w.fills[j]);
        *thin = n < 10.0;
        if !*thin {
            fee = fee.max(sum(&|w| w.quoted[j] - w.moved[j]) / n);
        }
    }
    let fee = fee + more;
    for w in &mut all {
        for j in (0..CURVE).filter(|j| thin[*j]) {
            (w.fills[j], w.quoted[j], w.moved[j]) = (0.0, 0.0, 0.0);
        }
    }
    let mut rng = fastrand::Rng::with_seed(11);
    let keep = |memory_s: f64| det::exp(-10.0 / memory_s);
    let (mut said, n) = (Said::default(), f64::from(runs));
    for _ in 0..runs {
        let (mut stats, mut verdict, mut ever) = (Stats::new(), Verdict::default(), [false; 2]);
        for _ in 0..MINUTES {
            let at = MINUTE * rng.usize(..all.len() / MINUTE);
            let mut interval = false;
            for w in &all[at..at + MINUTE] {
                stats.take(w, keep(1_800.0), keep(60.0));
                let readings = stats.read(fee);
                verdict.take(fee, &readings);
                interval = readings.iter().any(|r| r.n_eff >= SEEN && r.edge_ends()[0] > 0.0);
            }
            for (i, pays) in [verdict.word() == Outlook::Pays, interval].into_iter().enumerate() {
                said.minutes[i] += f64::from(u8::from(pays)) / n / MINUTES as f64;
                ever[i] |= pays;
            }
        }
        (0..2).for_each(|i| said.runs[i] += f64::from(u8::from(ever[i])) / n);
    }
    said
}
