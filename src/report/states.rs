//! Which of several named states held when, and for how long.
//!
//! In: changes in order of time. Out: time in each state, and the state of each column. Cold path.

use crate::units::Ns;
use serde::{Deserialize, Serialize};

/// States over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct States<T> {
    changes: Vec<(Ns, T)>,
    end: Ns,
}

impl<T: Copy + PartialEq> States<T> {
    /// `first` holds from `start`.
    pub fn new(start: Ns, first: T) -> States<T> {
        States { changes: vec![(start, first)], end: start }
    }

    /// `state` holds from `at` on.
    pub fn push(&mut self, at: Ns, state: T) {
        if self.changes.last().is_none_or(|l| l.1 != state) {
            self.changes.push((at, state));
        }
        self.end = at.max(self.end);
    }

    /// The last state holds until `end`.
    pub fn finish(&mut self, end: Ns) {
        self.end = end.max(self.end);
    }

    /// The state at the end.
    pub fn last(&self) -> Option<T> {
        self.changes.last().map(|c| c.1)
    }

    /// Stretches `(from, to, state)` in order, those without length left out.
    pub fn stretches(&self) -> impl Iterator<Item = (Ns, Ns, T)> + '_ {
        let ends = self.changes.iter().skip(1).map(|c| c.0).chain([self.end]);
        self.changes.iter().zip(ends).map(|(c, to)| (c.0, to, c.1)).filter(|s| s.1 > s.0)
    }

    /// Seconds in each of `all` states, as they are listed.
    pub fn seconds(&self, all: &[T]) -> Vec<f64> {
        let of = |state: &T| {
            let held = self.stretches().filter(|s| s.2 == *state);
            held.map(|(from, to, _)| Ns::seconds(to.since(from))).sum()
        };
        all.iter().map(of).collect()
    }

    /// Share of the time in `state`; 0 for a run without length.
    pub fn share(&self, state: T) -> f64 {
        let all: f64 = self.stretches().map(|(from, to, _)| Ns::seconds(to.since(from))).sum();
        let held: f64 = self.seconds(&[state])[0];
        // An empty sum is -0.
        if held > 0.0 && all > 0.0 { held / all } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_adds_up() {
        let s = |n: i64| Ns(n * Ns::SEC);
        let mut x = States::new(s(0), 'a');
        x.push(s(2), 'b');
        x.push(s(2), 'c');
        x.push(s(5), 'c');
        x.push(s(6), 'a');
        x.finish(s(10));
        assert_eq!(x.seconds(&['a', 'b', 'c']), vec![6.0, 0.0, 4.0]);
        assert!((x.share('c') - 0.4).abs() < 1e-12);
        assert_eq!(x.stretches().count(), 3);
        assert_eq!(x.last(), Some('a'));
    }
}
