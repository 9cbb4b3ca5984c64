//! What happened of late: counters now less what they were some minutes ago.
//!
//! In: the counters, every now and then. Out: [`Recent`]. Cold path: the logging thread.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::counters::{Counter, Counters};
use crate::limits::{RECENT_NS, RECENT_STEP_NS};
use crate::units::Ns;

/// Counts of the last minutes, as many as `RECENT_NS` has, or since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// Session nanoseconds that they are of.
    pub span_ns: i64,
    /// Frames received.
    pub frames: u64,
    /// Frames rejected.
    pub rejects: u64,
    /// Links lost.
    pub lost: u64,
    /// Records and raw frames that found their queue full.
    pub dropped: u64,
}

/// Samples of the counters, oldest first.
#[derive(Debug, Default)]
pub struct Window(VecDeque<(Ns, [u64; 4])>);

impl Window {
    /// Takes the counters at `now`; gives what was counted of late.
    pub fn take(&mut self, now: Ns, c: &Counters) -> Recent {
        let sum = |list: &[Counter]| list.iter().map(|x| c.value(*x)).sum();
        let counts: [u64; 4] = [
            c.value(Counter::Frames),
            sum(&[
                Counter::RejectsJson,
                Counter::RejectsShape,
                Counter::RejectsValue,
                Counter::RejectsOther,
            ]),
            c.value(Counter::LinkDown),
            sum(&[Counter::RecordsDropped, Counter::RawDropped]),
        ];
        match self.0.back() {
            Some((at, _)) if now.since(*at) < RECENT_STEP_NS => {}
            Some(_) => self.0.push_back((now, counts)),
            // What was counted before the first look happened of late, too.
            None => self.0.push_back((now, [0; 4])),
        }
        while self.0.len() > 1 && self.0.front().is_some_and(|(at, _)| now.since(*at) > RECENT_NS) {
            self.0.pop_front();
        }
        let (at, was) = self.0.front().copied().unwrap_or((now, counts));
        let [frames, rejects, lost, dropped] =
            std::array::from_fn(|i| counts[i].saturating_sub(was[i]));
        Recent { span_ns: now.since(at), frames, rejects, lost, dropped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_the_window_no_longer_counts() {
        let (mut window, mut c) = (Window::default(), Counters::default());
        for minute in 0..30i64 {
            for counter in [Counter::Frames, Counter::RejectsShape, Counter::LinkDown] {
                c.add(counter, if minute == 5 { 100 } else { 1 });
            }
            let recent = window.take(Ns(minute * 60 * Ns::SEC), &c);
            // Up to minute 10 since the start: with what came before the first look.
            let counted = if minute <= 10 { minute + 1 } else { 10 };
            let burst = if (5..15).contains(&minute) { 99 } else { 0 };
            let counted = u64::try_from(counted + burst).expect("positive");
            assert_eq!([recent.frames, recent.rejects, recent.lost], [counted; 3], "{minute}");
            assert_eq!(recent.span_ns, minute.min(10) * 60 * Ns::SEC);
        }
    }
}
