//! An order's place in its queue under one fill model, and the rates of adds and cancels.
//!
//! In: prints at and beyond the price, displayed sizes with their times. Out: the volume that
//! reaches the order. Hot path: integers, O(1) per event and order.
//!
//! 1. The volume ahead never grows and is never more than what is displayed.
//! 2. Prints advance every model alike; models differ in whom a cancel is credited to.
//! 3. Printed volume is counted once: what an own order took, nobody behind it gets.

use super::config::Model;
use crate::math::fixed::{Q32, exp_neg, mul_div, scale};
use crate::units::Ns;

/// Observations of a side's best level before its cancel rate is used.
const SAMPLES_MIN: u32 = 200;
/// Observations after which the sums are halved: the memory of the rates.
const SAMPLES_MAX: u32 = 4_096;

/// A taker's printed volume as one price sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Printed at the price.
    pub at: i64,
    /// Printed strictly beyond it.
    pub beyond: i64,
}

/// State of one order under one model.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// Volume ahead as of the last sight of the level.
    pub front: i64,
    /// Volume printed at the price since then, less what own orders before us took.
    pub printed: i64,
    /// Size still open.
    pub open: i64,
    /// Taken from the crossing side since the book crossed us.
    pub crossed: i64,
}

/// What the level showed last, shared by the models of one order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sight {
    /// Displayed size.
    pub size: i64,
    /// Mean order size at the level.
    pub mean: i64,
    /// Venue time.
    pub at: Ns,
    /// Volume printed at the price since, own orders not deducted.
    pub traded: i64,
}

/// Running regression of a best level's change on its size: `dX = (a - theta X) dt`.
///
/// Sizes are scaled to about 22 bits and times are in µs, so that all sums fit 128 bits.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates {
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
}

impl Rates {
    /// A best level of size `was` became `now` after `dt` ns during which `traded` printed there.
    pub(super) fn observe(&mut self, was: i64, now: i64, traded: i64, dt: i64) {
        let us = i128::from((dt / 1_000).clamp(0, 30_000_000));
        if us == 0 || was <= 0 {
            return;
        }
        let shift = *self
            .shift
            .get_or_insert_with(|| (64 - was.unsigned_abs().leading_zeros()).saturating_sub(22));
        let clip = 1i64 << 26;
        let x = i128::from((was >> shift).min(clip));
        let y = i128::from(((now - was + traded) >> shift).clamp(-clip, clip));
        self.t += us;
        self.x += x * us;
        self.xx += x * x * us;
        self.y += y;
        self.xy += x * y;
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

    /// The share of a level that cancels within `dt` ns, Q32.
    pub(super) fn cancelled(&self, dt: i64) -> u64 {
        Q32 - self.survives(dt)
    }

    /// The share of a level that survives `dt` ns, Q32.
    pub(super) fn survives(&self, dt: i64) -> u64 {
        let us = u128::from(u64::try_from(dt / 1_000).unwrap_or(0).min(1 << 32));
        let exponent = (self.theta * us) >> 32;
        exp_neg(u64::try_from(exponent).unwrap_or(u64::MAX))
    }

    /// Expected adds within `dt` ns, in size units.
    pub(super) fn added(&self, dt: i64) -> i64 {
        let us = u128::from(u64::try_from(dt / 1_000).unwrap_or(0).min(1 << 32));
        i64::try_from((self.adds * us) >> 32).unwrap_or(i64::MAX)
    }

    fn solve(&mut self, shift: u32) {
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

impl Place {
    /// Volume of a taker that reaches the order; `used` is what own orders before this one took of
    /// the same taker, deducted from the prints furthest beyond, for those would not have happened.
    /// `survives` is the share of the queue that has not cancelled since the last sight, Q32.
    pub(super) fn reached(&mut self, model: Model, r: Reach, used: i64, survives: u64) -> i64 {
        let beyond = (r.beyond - used).max(0);
        let at = (r.at - (used - r.beyond).max(0)).max(0);
        let volume = match model {
            Model::Touch => at + beyond,
            Model::Through => beyond,
            _ => {
                self.printed += at;
                let front = match model {
                    Model::Skellam => scale(self.front, survives),
                    _ => self.front,
                };
                let past = (self.printed - front).max(0);
                if r.beyond > 0 || past > 0 {
                    self.front = 0;
                    self.printed = 0;
                }
                past.min(at) + beyond
            }
        };
        volume.min(self.open)
    }

    /// The level shows `new` at `at`: cancels are credited, the volume ahead capped.
    pub(super) fn seen(&mut self, model: Model, was: &Sight, new: i64, at: Ns, rates: &Rates) {
        let net = new - was.size + was.traded;
        let gone = match model {
            Model::Touch | Model::Through | Model::RiskAverse => 0,
            Model::Front => (-net).max(0),
            Model::Linear => self.share(was, net, 1),
            Model::Power => self.share(was, net, 3),
            Model::Skellam => {
                let gross = gross_cancels(was, net, at, rates);
                mul_div(self.front, gross.min(was.size), was.size.max(1))
            }
        };
        self.front = (self.front - gone - self.printed).clamp(0, new.max(0));
        self.printed = 0;
    }

    /// The part of a net decrease that happened ahead: the volumes ahead and behind to the power
    /// `n` (the hftbacktest family of queue models).
    fn share(&self, was: &Sight, net: i64, n: u32) -> i64 {
        let drop = (-net).max(0);
        let ahead = (self.front - self.printed).max(0);
        let back = (was.size - was.traded - ahead).max(0);
        if drop == 0 || ahead == 0 {
            return 0;
        }
        // Scale to 30 bits so that cubes fit.
        let top = ahead.max(back).unsigned_abs();
        let shift = (64 - top.leading_zeros()).saturating_sub(30);
        let (a, b) = (i128::from(ahead >> shift).pow(n), i128::from(back >> shift).pow(n));
        let part = i128::from(drop) * a / (a + b).max(1);
        i64::try_from(part).unwrap_or(0).min(ahead)
    }
}

/// Expected gross cancels given the net change: E[C | A - C = N] of two Poisson counts, with the
/// Amos bound for the ratio of Bessel functions, in size units.
fn gross_cancels(was: &Sight, net: i64, at: Ns, rates: &Rates) -> i64 {
    let dt = at.since(was.at).max(0);
    let adds = i128::from(rates.added(dt));
    let cancels = i128::from(scale(was.size, rates.cancelled(dt)));
    let mean = i128::from(was.mean.max(1));
    let n = i128::from(net.unsigned_abs());
    let four_ac = 4 * adds * cancels;
    let root = {
        let m = n + 3 * mean / 2;
        i128::try_from((four_ac + m * m).unsigned_abs().isqrt()).unwrap_or(i128::MAX)
    };
    let paired = (four_ac / 2) / (n + mean / 2 + root).max(1);
    let gross = paired + i128::from((-net).max(0));
    i64::try_from(gross).unwrap_or(i64::MAX)
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
        let r = Rates::default();
        assert_eq!((r.cancelled(Ns::SEC), r.added(Ns::SEC)), (0, 0));
    }

    #[test]
    fn models_order_by_whom_a_cancel_is_credited_to() {
        let was = Sight { size: 100, mean: 10, at: Ns(0), traded: 0 };
        let left = |m| {
            let mut p = Place { front: 60, printed: 0, open: 1, crossed: 0 };
            p.seen(m, &was, 80, Ns(Ns::SEC), &Rates::default());
            p.front
        };
        assert_eq!(left(Model::RiskAverse), 60);
        assert_eq!(left(Model::Linear), 48);
        assert_eq!(left(Model::Skellam), 48, "net only, before any rate is known");
        assert_eq!(left(Model::Front), 40);
        assert!(left(Model::Power) < 48 && left(Model::Power) > 40);
    }

    #[test]
    fn the_displayed_size_caps_the_volume_ahead() {
        let was = Sight { size: 100, mean: 10, at: Ns(0), traded: 0 };
        let mut p = Place { front: 60, printed: 0, open: 1, crossed: 0 };
        p.seen(Model::RiskAverse, &was, 5, Ns(1), &Rates::default());
        assert_eq!(p.front, 5);
    }
}
