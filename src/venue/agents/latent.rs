//! The price that makers and informed takers follow: regimes, a random walk with jumps, impact.
//!
//! In: a set, the time passed, draws. Out: the latent price in ticks, now and some time ago. Cold path.
//!
//! 1. Jumps excite each other: the rate of jumps decays to its own, and a jump raises it.
//! 2. Impact of takers decays in parts of different speed; one part stays.

use std::collections::VecDeque;

use super::sets::{Price, REGIMES};
use crate::math::counter::Draws;
use crate::math::det;

/// Largest jump, ticks.
const JUMP_MAX: f64 = 150.0;
/// Shares of a taker's impact in the decaying parts, and of the one that stays.
const PARTS: [f64; 2] = [0.4, 0.4];
const STAYS: f64 = 0.2;
/// How fast the decaying parts of the impact go, per second.
const DECAYS: [f64; 2] = [1.0, 0.1];
/// Longest time back that anyone looks, s.
const PAST_S: f64 = 1.0;
/// Lowest price, ticks: far above zero, where a tick is a large share of the price.
const LOWEST: f64 = 4_000.0;

/// The latent price of one coin.
#[derive(Clone, Debug)]
pub struct Latent {
    free: f64,
    impact: [f64; 2],
    excited: f64,
    /// Quiet, normal, busy.
    pub regime: usize,
    left_s: f64,
    now_s: f64,
    past: VecDeque<(f64, f64)>,
}

impl Latent {
    /// At `ticks`, in the normal regime for `left_s`.
    pub fn new(ticks: f64, left_s: f64) -> Latent {
        Latent {
            free: ticks,
            impact: [0.0; 2],
            excited: 0.0,
            regime: 1,
            left_s,
            now_s: 0.0,
            past: VecDeque::from([(0.0, ticks)]),
        }
    }

    /// Goes on by `dt` seconds with `market`, the draws that all coins share; the jump in ticks, if there
    /// was one.
    pub fn step(
        &mut self,
        p: &Price,
        dt: f64,
        mut market: Draws,
        draws: &mut Draws,
    ) -> Option<f64> {
        self.now_s += dt;
        self.left_s -= dt;
        if self.left_s <= 0.0 {
            self.regime = match self.regime {
                1 if draws.chance(0.5) => 0,
                1 => REGIMES - 1,
                _ => 1,
            };
            self.left_s = draws.exponential(p.dwell_s[self.regime]);
        }
        let activity = p.activity[self.regime];
        let (excites, forgets) = p.excites;
        self.excited *= det::exp(-forgets * dt);
        let walk = (1.0 - p.market * p.market).sqrt() * draws.normal() + p.market * market.normal();
        self.free += p.sigma * (activity * dt).sqrt() * walk;
        // Alike in law whichever row it is.
        let draws = if draws.chance(p.market) { &mut market } else { draws };
        let jumps = draws.event((activity * p.jump_rate + self.excited) * dt);
        let jump = jumps.then(|| (p.jump.0 * draws.student(p.jump.1)).clamp(-JUMP_MAX, JUMP_MAX));
        if let Some(ticks) = jump {
            self.free += ticks;
            self.excited += excites * forgets;
        }
        for (part, decay) in self.impact.iter_mut().zip(DECAYS) {
            *part *= det::exp(-decay * dt);
        }
        self.free = self.free.max(LOWEST);
        self.past.push_back((self.now_s, self.ticks()));
        while self.past.len() > 2 && self.past[1].0 <= self.now_s - PAST_S {
            self.past.pop_front();
        }
        jump
    }

    /// The price now.
    pub fn ticks(&self) -> f64 {
        self.free + self.impact.iter().sum::<f64>()
    }

    /// The price as it was `lag_s` ago.
    pub fn ago(&self, lag_s: f64) -> f64 {
        let at = self.now_s - lag_s;
        let known = self.past.iter().rev().find(|(t, _)| *t <= at);
        known.or(self.past.front()).map_or(self.free, |(_, x)| *x)
    }

    /// A taker moves the price by `ticks` in all.
    pub fn hit(&mut self, ticks: f64) {
        for (sum, part) in self.impact.iter_mut().zip(PARTS) {
            *sum += part * ticks;
        }
        self.free += STAYS * ticks;
    }
}
