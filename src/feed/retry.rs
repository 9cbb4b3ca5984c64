//! When to connect again.
//!
//! In: how the last connection went. Out: a wait. Cold path, but free of allocation and clocks.
//!
//! 1. Waits grow twofold from `RETRY_FIRST_NS` to `RETRY_MAX_NS` with full jitter (Brooker,
//!    "Exponential backoff and jitter", 2015): drawn evenly between `RETRY_MIN_NS` and the bound.
//! 2. They start over only after a connection that talked for `RETRY_RESET_NS`: one that is
//!    accepted and dropped at once does not count as success.
//! 3. A refusal by policy waits from `REFUSED_FIRST_NS` to `REFUSED_MAX_NS`, never less than the
//!    half of its bound.

use crate::limits::{
    REFUSED_FIRST_NS, REFUSED_MAX_NS, RETRY_FIRST_NS, RETRY_MAX_NS, RETRY_MIN_NS, RETRY_RESET_NS,
};

/// Draws the waits before reconnects from a seed.
#[derive(Clone, Debug)]
pub(super) struct Retry {
    rng: fastrand::Rng,
    losses: u32,
    refusals: u32,
    refused: bool,
}

impl Retry {
    pub(super) fn new(seed: u64) -> Retry {
        Retry { rng: fastrand::Rng::with_seed(seed), losses: 0, refusals: 0, refused: false }
    }

    /// A connection ended, or none came about, after `talked_ns` of market data.
    pub(super) fn ended(&mut self, refused: bool, talked_ns: i64) {
        if talked_ns >= RETRY_RESET_NS {
            self.losses = 0;
            self.refusals = 0;
        }
        self.refused = refused;
    }

    /// Nanoseconds to wait before the next attempt.
    pub(super) fn delay(&mut self) -> i64 {
        if self.refused {
            let bound = bound(REFUSED_FIRST_NS, REFUSED_MAX_NS, &mut self.refusals);
            return self.rng.i64(bound / 2..=bound);
        }
        let bound = bound(RETRY_FIRST_NS, RETRY_MAX_NS, &mut self.losses);
        self.rng.i64(RETRY_MIN_NS..=bound)
    }
}

/// `first` doubled `times` times, at most `max`; counts one more time.
fn bound(first: i64, max: i64, times: &mut u32) -> i64 {
    let bound = first.saturating_mul(1i64 << (*times).min(32)).min(max);
    *times = times.saturating_add(1);
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(seed: u64, refused: bool, n: usize) -> Vec<i64> {
        let mut retry = Retry::new(seed);
        (0..n)
            .map(|_| {
                retry.ended(refused, 0);
                retry.delay()
            })
            .collect()
    }

    #[test]
    fn waits_double_to_the_limit_with_jitter_over_the_whole_range() {
        let mut largest = [0; 10];
        let mut smallest = [i64::MAX; 10];
        for seed in 0..2_000 {
            for (i, d) in bounds(seed, false, 10).into_iter().enumerate() {
                largest[i] = largest[i].max(d);
                smallest[i] = smallest[i].min(d);
            }
        }
        for i in 0..10 {
            let bound = (RETRY_FIRST_NS << i).min(RETRY_MAX_NS);
            assert!(largest[i] <= bound && largest[i] > bound - bound / 50, "wait {i}");
            assert!(smallest[i] >= RETRY_MIN_NS);
            assert!(smallest[i] < RETRY_MIN_NS + bound / 50, "wait {i}");
        }
    }

    #[test]
    fn a_refusal_by_policy_waits_in_the_slow_lane() {
        for seed in 0..100 {
            let waits = bounds(seed, true, 6);
            assert!(waits[0] >= REFUSED_FIRST_NS / 2 && waits[0] <= REFUSED_FIRST_NS);
            assert!(waits[5] >= REFUSED_MAX_NS / 2 && waits[5] <= REFUSED_MAX_NS);
        }
    }

    #[test]
    fn only_a_connection_that_talked_long_enough_starts_over() {
        let after = |talked: i64| {
            (0..200u64)
                .map(|seed| {
                    let mut retry = Retry::new(seed);
                    for _ in 0..8 {
                        retry.ended(false, 0);
                        retry.delay();
                    }
                    retry.ended(false, talked);
                    retry.delay()
                })
                .max()
                .expect("waits")
        };
        assert!(after(RETRY_RESET_NS) <= RETRY_FIRST_NS);
        assert!(after(RETRY_RESET_NS - 1) > RETRY_MAX_NS / 2);
    }

    #[test]
    fn the_same_seed_draws_the_same_waits() {
        assert_eq!(bounds(7, false, 20), bounds(7, false, 20));
        assert_ne!(bounds(7, false, 20), bounds(8, false, 20));
    }

    #[test]
    fn counters_do_not_overflow() {
        let waits = bounds(1, false, 100);
        assert!(waits.iter().all(|&w| w <= RETRY_MAX_NS));
    }
}
