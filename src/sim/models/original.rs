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

use crate::event::Trade;
use crate::settings::{choices, settings};
use crate::sim::level::Level;
use crate::sim::model::{FillModel, Moment, Order, Orders, Taker};
use crate::units::{Ns, Px, Side};

/// Probability one in the scale of the draws.
const ONE: u128 = 1 << 32;

choices! {
    /// The factors of the `original` model.
    pub enum Preset = Paper {
        /// Touch 0.5, queue 0.6.
        Paper = "paper",
        /// Touch 0.3, queue 0.5.
        Default = "default",
        /// Touch 0.9, queue 0.9.
        Aggressive = "aggressive",
    }
}

settings! {
    /// Settings of the `original` model.
    pub struct Factors: Copy {
        /// Which factors it takes.
        preset: Preset = Preset::Paper;
    }
}

/// The two factors of a preset, percent: touch, queue.
fn factors(preset: Preset) -> (u32, u32) {
    match preset {
        Preset::Paper => (50, 60),
        Preset::Default => (30, 50),
        Preset::Aggressive => (90, 90),
    }
}

/// What the model looks at in a resting order.
#[derive(Clone, Copy, Debug)]
struct Resting {
    side: Side,
    px: Px,
    open: i64,
    /// Time since it was sent, ns.
    age: i64,
}

/// The source of draws.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Original {
    #[serde(with = "crate::math::seed")]
    rng: fastrand::Rng,
}

impl FillModel for Original {
    const NAME: &'static str = "original";
    const VERSION: u32 = 1;
    const CROSSES: bool = false;
    const EACH_PRINT: bool = true;
    type Config = Factors;
    type Queue = ();

    fn new(_: &Factors, seed: u64) -> Original {
        // Its own stream: draws of latencies do not change with the model.
        Original { rng: fastrand::Rng::with_seed(seed ^ 0x0f11_5eed_0f11_5eed) }
    }

    fn on_live(&mut self, _: &Factors, _: &Moment, _: u64, _: &Level) {}

    fn on_level(&mut self, _: &Factors, _: &Moment, _: &mut Orders<'_, ()>, _: i64) {}

    fn on_taker(&mut self, _: &Factors, _: &Moment, _: &mut Orders<'_, ()>, _: &mut Taker) {}

    fn on_print(&mut self, cfg: &Factors, print: &Trade, o: &mut Order<'_, ()>) -> i64 {
        let age = print.time.since(o.sent);
        let resting = Resting { side: o.side, px: o.px, open: o.open, age };
        self.filled(cfg.preset, &resting, print)
    }
}

impl Original {
    /// The size of `o` that a print fills; 0 where it is not eligible or the draw fails.
    fn filled(&mut self, preset: Preset, o: &Resting, print: &Trade) -> i64 {
        let p = chance(preset, o, print);
        if p == 0 || u128::from(self.rng.u32(..)) >= p {
            return 0;
        }
        let (_, queue) = factors(preset);
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
