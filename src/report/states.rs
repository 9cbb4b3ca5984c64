//! Which of several named states held when, and for how long.
//!
//! In: changes in order of time. Out: time in each state, and the state of each column. Cold path.
//!
//! Times in states are exact. Of more changes than [`CHANGES_MAX`] the shortest stretches are forgotten.

use crate::limits::CHANGES_MAX;
use crate::units::Ns;
use serde::{Deserialize, Serialize};

/// States over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct States<T> {
    changes: Vec<(Ns, T)>,
    end: Ns,
    /// Time in each state up to the last change, and when that was.
    held: Vec<(T, i64)>,
    changed: Ns,
}

impl<T: Copy + PartialEq> States<T> {
    /// `first` holds from `start`.
    pub fn new(start: Ns, first: T) -> States<T> {
        States { changes: vec![(start, first)], end: start, held: Vec::new(), changed: start }
    }

    /// `state` holds from `at` on.
    pub fn push(&mut self, at: Ns, state: T) {
        self.end = at.max(self.end);
        match self.changes.last() {
            Some(last) if last.1 == state => return,
            Some(&(_, before)) => add(&mut self.held, before, at.since(self.changed)),
            None => {}
        }
        self.changed = at;
        self.changes.push((at, state));
        if self.changes.len() >= CHANGES_MAX {
            self.thin(CHANGES_MAX / 4);
        }
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
    fn stretches(&self) -> impl Iterator<Item = (Ns, Ns, T)> + '_ {
        let ends = self.changes.iter().skip(1).map(|c| c.0).chain([self.end]);
        self.changes.iter().zip(ends).map(|(c, to)| (c.0, to, c.1)).filter(|s| s.1 > s.0)
    }

    /// The state that held longest in each of `n` columns of `width` ns from `from` on.
    pub fn columns(&self, from: Ns, width: i64, n: usize) -> Vec<Option<T>> {
        let mut held: Vec<Vec<(T, i64)>> = vec![Vec::new(); n];
        let column = |at: Ns| usize::try_from(at.since(from) / width).unwrap_or(0);
        for (begin, end, state) in self.stretches() {
            let last = column(Ns(end.0 - 1)).min(n - 1);
            for (i, held) in held.iter_mut().enumerate().take(last + 1).skip(column(begin)) {
                let edge = from.plus(i64::try_from(i).unwrap_or(0) * width);
                add(held, state, end.0.min(edge.0 + width) - begin.0.max(edge.0));
            }
        }
        // The first of those that held as long.
        let longest = |h: Vec<(T, i64)>| h.into_iter().rev().max_by_key(|h| h.1).map(|h| h.0);
        held.into_iter().map(longest).collect()
    }

    /// Keeps what held longest in each of `n` columns.
    fn thin(&mut self, n: usize) {
        let (Some(&(from, _)), Some(&last)) = (self.changes.first(), self.changes.last()) else {
            return;
        };
        let width = last.0.since(from) / i64::try_from(n).unwrap_or(i64::MAX) + 1;
        let columns = self.columns(from, width, n);
        let begins = (0..).map(|i: i64| from.plus(i * width));
        self.changes = begins.zip(columns).filter_map(|(at, s)| Some((at, s?))).collect();
        self.changes.push(last);
        self.changes.dedup_by_key(|c| c.1);
    }

    /// Seconds in each of `all` states, as they are listed.
    pub fn seconds(&self, all: &[T]) -> Vec<f64> {
        let mut held = self.held.clone();
        if let Some(state) = self.last() {
            add(&mut held, state, self.end.since(self.changed));
        }
        let of = |state: &T| held.iter().find(|h| h.0 == *state).map_or(0, |h| h.1);
        all.iter().map(|state| Ns::seconds(of(state))).collect()
    }

    /// Share of the time in `state`; 0 for a run without length.
    pub fn share(&self, state: T) -> f64 {
        let Some(&(from, _)) = self.changes.first() else { return 0.0 };
        let all = Ns::seconds(self.end.since(from));
        if all > 0.0 { self.seconds(&[state])[0] / all } else { 0.0 }
    }
}

/// `ns` more in `state`.
fn add<T: PartialEq>(held: &mut Vec<(T, i64)>, state: T, ns: i64) {
    let ns = ns.max(0);
    match held.iter_mut().find(|h| h.0 == state) {
        Some(h) => h.1 += ns,
        None => held.push((state, ns)),
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
        assert_eq!(x.columns(s(0), 5 * Ns::SEC, 3), [Some('c'), Some('a'), None]);
    }

    #[test]
    fn a_column_shows_what_held_longest() {
        let ms = |n: i64| Ns(n * Ns::MS);
        let mut s = States::new(ms(0), 'a');
        for (at, state) in [(30, 'b'), (240, 'c'), (260, 'b'), (400, 'c')] {
            s.push(ms(at), state);
        }
        assert_eq!(s.columns(ms(0), 100 * Ns::MS, 4), vec![Some('b'); 4]);
    }

    #[test]
    fn weeks_of_changes_take_bounded_room_and_keep_their_times() {
        let mut rng = fastrand::Rng::with_seed(5);
        let mut x = States::new(Ns(0), 0);
        let (mut now, mut held) = (0, [0i64; 3]);
        let mut state = 0;
        let mut days = [[0i64; 3]; 100];
        for i in 0..10 * CHANGES_MAX {
            let day = i * 100 / (10 * CHANGES_MAX);
            // One state in three of four hundredths, another now and then.
            let ns = if state == day % 4 % 3 { 1_000_000 } else { 1_000 };
            now += ns;
            held[state] += ns;
            days[day][state] += ns;
            state = (state + rng.usize(1..3)) % 3;
            x.push(Ns(now), state);
            assert!(x.changes.len() < CHANGES_MAX);
        }
        x.finish(Ns(now));
        let want: Vec<f64> = held.iter().map(|ns| Ns::seconds(*ns)).collect();
        assert_eq!(x.seconds(&[0, 1, 2]), want);
        let (mut from, mut right) = (0, 0);
        for day in days {
            let ns: i64 = day.iter().sum();
            let shown = x.columns(Ns(from), ns, 1)[0].expect("a state");
            right += usize::from(day[shown] == *day.iter().max().expect("three"));
            from += ns;
        }
        assert_eq!(right, 100);
    }
}
