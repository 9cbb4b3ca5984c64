//! The mid that quotes in the book were made from.
//!
//! In: mids with their time. Out: the mid in force at a moment that lies a little back. Hot path:
//! a ring, no allocation.
//!
//! 1. A resting order was placed at a distance from the mid that was known before the delay of
//!    messages to the venue and the pause between two quotes. Depths of takers are counted from
//!    that mid, because that is how a resting quote meets them.
//! 2. Entries closer together than `STEP_NS` share a place: the newest stands.

use serde::{Deserialize, Serialize};
use serde_big_array::BigArray;

use crate::units::Ns;

/// Places of the ring.
const PLACES: usize = 128;
/// Least time between two entries.
const STEP_NS: i64 = 20 * Ns::MS;
/// No reference is older than this before the newest mid.
const OLDEST_NS: i64 = 2 * Ns::SEC;

/// Mids of the last two seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Reference {
    #[serde(with = "BigArray")]
    ring: [(Ns, f64); PLACES],
    pushed: usize,
    /// Number of the entry that was in force last.
    last: usize,
}

impl Default for Reference {
    fn default() -> Reference {
        Reference { ring: [(Ns(i64::MIN), 0.0); PLACES], pushed: 0, last: 0 }
    }
}

impl Reference {
    /// The mid is `mid` (> 0) from `now` on.
    pub fn on_mid(&mut self, now: Ns, mid: f64) {
        let last = self.pushed.checked_sub(1).map(|i| i % PLACES);
        match last {
            Some(i) if now.since(self.ring[i].0) < STEP_NS => self.ring[i].1 = mid,
            _ => {
                self.ring[self.pushed % PLACES] = (now, mid);
                self.pushed += 1;
            }
        }
    }

    /// The mid in force at `t`: the newest entry not after it, but none older than two seconds
    /// before the newest. `None` before the first mid.
    #[must_use]
    pub fn at(&self, t: Ns) -> Option<f64> {
        let newest = self.ring[self.pushed.checked_sub(1)? % PLACES];
        let mut best = newest.1;
        for back in 1..=self.pushed.min(PLACES) {
            let (at, mid) = self.ring[(self.pushed - back) % PLACES];
            if newest.0.since(at) > OLDEST_NS {
                break;
            }
            best = mid;
            if at <= t {
                break;
            }
        }
        Some(best)
    }

    /// The same for moments that mostly go on: looked for from the entry that was in force last.
    pub fn follow(&mut self, t: Ns) -> Option<f64> {
        let newest = self.pushed.checked_sub(1)?;
        let at = |i: usize| self.ring[i % PLACES].0;
        let mut i = self.last.max(self.pushed.saturating_sub(PLACES));
        if at(i) > t {
            return self.at(t);
        }
        while i < newest && (at(i + 1) <= t || at(newest).since(at(i)) > OLDEST_NS) {
            i += 1;
        }
        self.last = i;
        Some(self.ring[i % PLACES].1)
    }

    /// Forgets all: the market was lost from sight.
    pub fn clear(&mut self) {
        (self.pushed, self.last) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_mid_in_force() {
        let mut r = Reference::default();
        assert_eq!(r.at(Ns(0)), None);
        for i in 0..1_000 {
            r.on_mid(Ns(i * 25 * Ns::MS), 100.0 + i as f64);
        }
        let now = 999 * 25 * Ns::MS;
        assert_eq!(r.at(Ns(now)), Some(1_099.0));
        assert_eq!(r.at(Ns(now - 500 * Ns::MS)), Some(1_079.0));
        assert_eq!(r.at(Ns(now - 490 * Ns::MS)), Some(1_079.0), "in force since 500 ms");
        assert_eq!(r.at(Ns(0)), Some(1_019.0), "not older than two seconds");
        assert_eq!(r.at(Ns(now + 1)), Some(1_099.0));
        r.on_mid(Ns(now + 5 * Ns::MS), 7.0);
        assert_eq!(r.at(Ns(now)), Some(7.0), "too close together to be distinguished");
        r.clear();
        assert_eq!(r.at(Ns(now)), None);
    }

    #[test]
    fn followed_it_says_the_same() {
        let (mut r, mut rng) = (Reference::default(), fastrand::Rng::with_seed(2));
        let (mut now, mut t, mut found) = (0, 0, 0);
        for i in 0..20_000 {
            if rng.u8(..) == 0 {
                r.clear();
            }
            now += [1, 15, 30, 900, 5_000][rng.usize(..5)] * Ns::MS * i64::from(rng.bool());
            r.on_mid(Ns(now), f64::from(i));
            // Mostly on, now and then back, never ahead of the newest for long.
            t = now - rng.i64(0..3_000) * Ns::MS + 50 * Ns::MS;
            let (at, followed) = (r.at(Ns(t)), r.follow(Ns(t)));
            assert_eq!(at, followed, "at {t} of {now}");
            found += usize::from(at.is_some_and(|mid| mid < f64::from(i)));
        }
        assert!(found > 5_000 && t > 0, "older ones are asked for: {found}");
    }
}
