//! The `original` model: one Bernoulli draw per print and resting order, faults included.
//!
//! In: a print, an order's price, size and age. Out: the size filled. Hot path where configured;
//! integers, seeded.
//!
//! ```text
//! p = clamp(touch x price x size x queue, 0, 0.95)
//!   price: 1.5 strictly through the price, else 1
//!   size:  print / open, within [0.5, 2]
//!   queue: factor x age; age: 0.7 up to 1 s, 1 up to 10 s, 1.3 beyond
//! a print of the wrong aggressor: p = 0.3 touch, whatever else
//! filled: min(open, print x factor)
//! ```
//! 1. Nothing is shared: every order draws for the whole print.
//! 2. A factor described as "higher: worse place in the queue" makes fills likelier and larger.

use serde::{Deserialize, Serialize};

use super::config::Preset;
use crate::event::Trade;
use crate::units::{Ns, Px, Side};

/// Probability one in the scale of the draws.
const ONE: u128 = 1 << 32;

/// The two factors of a preset, percent: touch, queue.
fn factors(preset: Preset) -> (u32, u32) {
    match preset {
        Preset::Paper => (50, 60),
        Preset::Default => (30, 50),
        Preset::Aggressive => (90, 90),
    }
}

/// A resting order as the model sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resting {
    pub side: Side,
    pub px: Px,
    pub open: i64,
    /// Time since it was sent, ns.
    pub age: i64,
}

/// The model: its factors and its source of draws.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Original {
    preset: Preset,
    #[serde(with = "crate::math::seed")]
    rng: fastrand::Rng,
}

impl Original {
    pub(super) fn new(preset: Preset, seed: u64) -> Original {
        // Its own stream: draws of latencies do not change with the model.
        Original { preset, rng: fastrand::Rng::with_seed(seed ^ 0x0f11_5eed_0f11_5eed) }
    }

    /// The size of `o` that a print fills; 0 where it is not eligible or the draw fails.
    pub(super) fn filled(&mut self, o: &Resting, print: &Trade) -> i64 {
        let p = chance(self.preset, o, print);
        if p == 0 || u128::from(self.rng.u32(..)) >= p {
            return 0;
        }
        let (_, queue) = factors(self.preset);
        let part = i128::from(print.sz.0) * i128::from(queue) / 100;
        i64::try_from(part).unwrap_or(i64::MAX).min(o.open)
    }
}

/// Probability that a print fills an order, in units of 2^-32.
fn chance(preset: Preset, o: &Resting, print: &Trade) -> u128 {
    let (touch, queue) = factors(preset);
    if o.side.better(print.px, o.px) || o.open <= 0 {
        return 0;
    }
    if print.aggressor == o.side {
        return ONE * u128::from(touch) * 3 / 1_000;
    }
    let through = o.side.better(o.px, print.px);
    // Twice the price factor, the size factor in 2^-16, ten times the age factor.
    let price: u128 = if through { 3 } else { 2 };
    let ratio = (i128::from(print.sz.0) << 16) / i128::from(o.open);
    let size = ratio.clamp(1 << 15, 1 << 17).unsigned_abs();
    let age: u128 = match o.age {
        a if a > 10 * Ns::SEC => 13,
        a if a > Ns::SEC => 10,
        _ => 7,
    };
    let top = u128::from(touch) * price * size * u128::from(queue) * age;
    let p = (top << 32) / (100 * 2 * (1 << 16) * 100 * 10);
    p.min(ONE * 95 / 100)
}

#[cfg(test)]
#[path = "original_tests.rs"]
mod tests;
