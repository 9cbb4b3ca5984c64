//! Rates of adds and cancels at a side's best level, learned from its changes.
//!
//! In: displayed sizes of an unchanged best price, the time between, what printed there. Out: the
//! share that cancels and the size that is added within a time. Hot path: integers, O(1).
//!
//! ```text
//! dX = (a - theta X) dt, least squares with weights 1/dt
//! ```
//! 1. Before enough observations nothing is thought to cancel or to be added.

use serde::{Deserialize, Serialize};

use crate::math::fixed::{Q32, exp_neg};
#[cfg(test)]
use crate::units::Ns;

/// Observations of a side's best level before its cancel rate is used.
const SAMPLES_MIN: u32 = 200;
/// Observations after which the sums are halved: the memory of the rates.
const SAMPLES_MAX: u32 = 4_096;

/// Running regression of a best level's change on its size: `dX = (a - theta X) dt`.
///
/// Sizes are scaled to about 22 bits and times are in µs, so that all sums fit 128 bits.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::sim) struct Rates {
    shift: Option<u32>,
    n: u32,
    t: i128,
    x: i128,
    xx: i128,
    y: i128,
    xy: i128,
    /// Cancels per µs and unit, Q64 (a rate of one per second is 2^64 / 10^6).
    theta: u128,
    /// Adds per µs, in size units, Q32.
    adds: u128,
    /// A time in µs and the share that survives it, worked out last.
    #[serde(skip)]
    last: Option<(u64, u64)>,
}

impl Rates {
    /// A best level of size `was` became `now` after `dt` ns during which `traded` printed there.
    pub(super) fn observe(&mut self, was: i64, now: i64, traded: i64, dt: i64) {
        let us = (dt / 1_000).clamp(0, 30_000_000);
        if us == 0 || was <= 0 {
            return;
        }
        let shift = *self
            .shift
            .get_or_insert_with(|| (64 - was.unsigned_abs().leading_zeros()).saturating_sub(22));
        let clip = 1i64 << 26;
        let x = (was >> shift).min(clip);
        let y = ((now - was + traded) >> shift).clamp(-clip, clip);
        // Below 2^25, 2^51, 2^77, 2^26 and 2^52.
        self.t += i128::from(us);
        self.x += i128::from(x * us);
        self.xx += i128::from(x * x) * i128::from(us);
        self.y += i128::from(y);
        self.xy += i128::from(x * y);
        self.n += 1;
        if self.n >= SAMPLES_MAX {
            for s in [&mut self.t, &mut self.x, &mut self.xx, &mut self.y, &mut self.xy] {
                *s /= 2;
            }
            self.n /= 2;
        }
        if self.n >= SAMPLES_MIN && self.n.is_multiple_of(16) {
            self.solve(shift);
        }
    }

    /// Whether cancels have been seen to happen at a rate.
    pub(super) fn known(&self) -> bool {
        self.theta > 0
    }

    /// The share of a level that cancels within `dt` ns, Q32.
    pub(super) fn cancelled(&mut self, dt: i64) -> u64 {
        Q32 - self.survives(dt)
    }

    /// The share of a level that survives `dt` ns, Q32.
    pub(super) fn survives(&mut self, dt: i64) -> u64 {
        let us = u64::try_from(dt / 1_000).unwrap_or(0).min(1 << 32);
        // The levels of a snapshot were all seen at one time before.
        if let Some((at, share)) = self.last
            && at == us
        {
            return share;
        }
        let exponent = (self.theta * u128::from(us)) >> 32;
        let share = exp_neg(u64::try_from(exponent).unwrap_or(u64::MAX));
        self.last = Some((us, share));
        share
    }

    /// Expected adds within `dt` ns, in size units.
    pub(super) fn added(&self, dt: i64) -> i64 {
        let us = u128::from(u64::try_from(dt / 1_000).unwrap_or(0).min(1 << 32));
        i64::try_from((self.adds * us) >> 32).unwrap_or(i64::MAX)
    }

    fn solve(&mut self, shift: u32) {
        self.last = None;
        // Normal equations of weighted least squares with weights 1/dt.
        let det = self.t * self.xx - self.x * self.x;
        let num = self.x * self.y - self.t * self.xy;
        if det <= 0 || num <= 0 {
            self.theta = 0;
            self.adds = 0;
            return;
        }
        // At most 50 cancels per second and unit: 50e-6 per µs.
        let cap = (50u128 << 64) / 1_000_000;
        let (num, det) = (num.unsigned_abs(), det.unsigned_abs());
        let spare = num.leading_zeros().min(64);
        let theta = ((num << spare) / (det >> (64 - spare)).max(1)).min(cap);
        self.theta = theta;
        let theta_x = i128::try_from((theta >> 32) * self.x.unsigned_abs()).unwrap_or(i128::MAX);
        let adds = (self.y << 32).saturating_add(theta_x) / self.t.max(1);
        self.adds = u128::try_from(adds.max(0)).unwrap_or(0) << shift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_find_the_truth_of_a_birth_and_death_level() {
        // Adds 2 per second of size 1000, each unit of size cancels at 0.5 per second.
        let mut rng = fastrand::Rng::with_seed(3);
        let mut r = Rates::default();
        let mut x = 4_000i64;
        for _ in 0..4_000 {
            let was = x;
            for _ in 0..50 {
                if rng.u32(..1_000) < 20 {
                    x += 1_000;
                }
                let orders = x / 1_000;
                for _ in 0..orders {
                    if rng.u32(..1_000) < 5 {
                        x -= 1_000;
                    }
                }
            }
            r.observe(was, x, 0, 500 * Ns::MS);
        }
        let second = r.cancelled(Ns::SEC);
        let want = Q32 - exp_neg(Q32 / 2);
        assert!(second.abs_diff(want) < want / 5, "{second} {want}");
        let adds = r.added(Ns::SEC);
        assert!((1_600..2_400).contains(&adds), "{adds}");
    }

    #[test]
    fn without_observations_nothing_is_thought_to_cancel() {
        let mut r = Rates::default();
        assert_eq!((r.cancelled(Ns::SEC), r.added(Ns::SEC)), (0, 0));
    }
}
