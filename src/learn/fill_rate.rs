//! Own fills over time and depth.
//!
//! In: exposure of own quotes, own fills. Out: fills in the last half hour, time since the last,
//! rate by depth, the time a position is held. Hot path.
//!
//! 1. Time counts only while the market is seen.
//! 2. A rate by depth is fills over exposure, unfilled quotes included.
//! 3. The prediction from the tape is the prior of the counted rate, as strong as it has earned.

use serde::{Deserialize, Serialize};

use crate::math::det;
use crate::settings::settings;

/// Depth slots: 0.25 * 2^k bps.
pub const SLOTS: usize = 8;
const MINUTES: usize = 30;

settings! {
    /// Settings of own fills by depth.
    pub struct Config: Copy {
        /// Fills that an unproved prediction is worth.
        strength_min: f64 = 2.0, 1e-3..=1e9, "fills";
        /// Fills that a proved one is worth.
        strength_max: f64 = 20.0, 1e-3..=1e9, "fills";
        /// Memory of fills and exposure by depth.
        memory_s: f64 = 1_800.0, 1.0..=1e9, "s";
        /// Longest holding time assumed for the variance of a fill.
        hold_max_s: f64 = 600.0, 1e-3..=1e9, "s";
        /// Shortest holding time assumed.
        hold_min_s: f64 = 5.0, 1e-3..=1e9, "s";
    }
    where {
        [strength_min, strength_max] |c| c.strength_min <= c.strength_max,
            "`strength_min` must be at most `strength_max`";
        [hold_min_s, hold_max_s] |c| c.hold_min_s <= c.hold_max_s,
            "`hold_min_s` must be at most `hold_max_s`";
    }
}

impl Config {
    /// Fills that a prediction of the given weight (0..1) is worth.
    #[must_use]
    pub fn strength(&self, weight: f64) -> f64 {
        self.strength_min + weight * (self.strength_max - self.strength_min)
    }

    /// How long a position is held at `fills_per_s` own fills of both sides, seconds.
    #[must_use]
    pub fn hold_s(&self, fills_per_s: f64) -> f64 {
        (1.0 / fills_per_s.max(1e-9)).clamp(self.hold_min_s, self.hold_max_s)
    }
}

/// Fills and exposure.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FillRate {
    minute: [u32; MINUTES],
    at: usize,
    into_minute_s: f64,
    since_s: f64,
    total: u64,
    fills: [f64; SLOTS],
    exposure_s: [f64; SLOTS],
}

impl Default for FillRate {
    /// Nothing yet.
    fn default() -> FillRate {
        FillRate {
            minute: [0; MINUTES],
            at: 0,
            into_minute_s: 0.0,
            since_s: 0.0,
            total: 0,
            fills: [0.0; SLOTS],
            exposure_s: [0.0; SLOTS],
        }
    }
}

impl FillRate {
    /// `dt_s` (>= 0) seconds of seeing the market pass.
    pub fn advance(&mut self, cfg: &Config, dt_s: f64) {
        self.since_s += dt_s;
        self.into_minute_s += dt_s;
        let mut left = MINUTES;
        while self.into_minute_s >= 60.0 && left > 0 {
            self.into_minute_s -= 60.0;
            let keep = det::exp(-60.0 / cfg.memory_s);
            self.fills.iter_mut().chain(&mut self.exposure_s).for_each(|x| *x *= keep);
            self.at = (self.at + 1) % MINUTES;
            self.minute[self.at] = 0;
            left -= 1;
        }
        self.into_minute_s = self.into_minute_s.min(60.0);
    }

    /// An own quote stood at a depth for a while, and was filled at its end or not.
    pub fn exposed(&mut self, depth_bps: f64, dt_s: f64, filled: bool) {
        let i = slot(depth_bps);
        self.exposure_s[i] += dt_s;
        self.fills[i] += f64::from(u8::from(filled));
    }

    /// An own order was filled.
    pub fn fill(&mut self) {
        self.minute[self.at] = self.minute[self.at].saturating_add(1);
        self.since_s = 0.0;
        self.total += 1;
    }

    /// Fills in the last 29 to 30 minutes.
    #[must_use]
    pub fn last_half_hour(&self) -> u32 {
        self.minute.iter().fold(0, |a, b| a.saturating_add(*b))
    }

    /// Seconds since the last fill, or since the start.
    #[must_use]
    pub fn since_s(&self) -> f64 {
        self.since_s
    }

    /// Fills ever.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What was counted by depth.
    #[must_use]
    pub fn counted(&self) -> Counted {
        Counted { fills: self.fills, exposure_s: self.exposure_s }
    }
}

/// Own fills and exposure of single orders by depth slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    fills: [f64; SLOTS],
    exposure_s: [f64; SLOTS],
}

impl Counted {
    /// Rate of fills of an order at `depth_bps`, 1/s: the prediction `rate` (>= 0), worth
    /// `strength` (> 0) fills, corrected by what was counted near that depth.
    #[must_use]
    pub fn correct(&self, depth_bps: f64, rate: f64, strength: f64) -> f64 {
        let i = slot(depth_bps);
        rate * (strength + self.fills[i]) / (strength + rate * self.exposure_s[i])
    }
}

fn slot(depth_bps: f64) -> usize {
    let mut edge = 0.5;
    let mut i = 0;
    while i + 1 < SLOTS && depth_bps >= edge {
        edge *= 2.0;
        i += 1;
    }
    i
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::draw::Draw;

    #[test]
    fn counts_half_an_hour() {
        let mut f = FillRate::default();
        for s in 0..7_200 {
            f.advance(&Config::default(), 1.0);
            if s % 60 == 0 {
                f.fill();
            }
        }
        assert!((29..=30).contains(&f.last_half_hour()), "{}", f.last_half_hour());
        assert!((f.since_s() - 59.0).abs() < 1e-9);
        f.advance(&Config::default(), 1e7);
        assert_eq!(f.last_half_hour(), 0);
    }

    #[test]
    fn what_is_counted_corrects_what_is_predicted() {
        // The truth is .02 per second at 3 bps; the prediction says .1.
        let mut d = Draw::new(8);
        let (mut weak, mut strong, mut blind) = (0.0, 0.0, 0.0);
        for _ in 0..200 {
            let mut f = FillRate::default();
            let mut fills_only = FillRate::default();
            for _ in 0..200 {
                let wait = d.exp(0.02);
                f.exposed(3.0, wait.min(10.0), wait < 10.0);
                if wait < 10.0 {
                    fills_only.exposed(3.0, wait, true);
                }
            }
            let at = |f: &FillRate, w: f64| {
                f.counted().correct(3.0, 0.1, Config::default().strength(w)) / 200.0
            };
            weak += at(&f, 0.0);
            strong += at(&f, 1.0);
            blind += at(&fills_only, 0.0);
        }
        assert!((weak / 0.02 - 1.0).abs() < 0.1, "unproved: {weak}");
        assert!(strong > 1.2 * weak && strong < 0.05, "proved: {strong}");
        assert!(blind > 0.15, "control: without the unfilled time, {blind}");
        let none = FillRate::default().counted().correct(3.0, 0.1, 2.0);
        assert!((none - 0.1).abs() < 1e-12, "nothing counted: the prediction");
    }
}
