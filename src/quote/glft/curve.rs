//! What follows from beliefs alone: costs, decay, inventory term, sizes, the distance wanted.
//!
//! In: [`Beliefs`], plain numbers. Out: a [`Curve`] that quotes are read off until the beliefs
//! change. Hot path at 1 Hz.
//!
//! 1. Distances are basis points of mid, decays 1/bps. Kappa is not clamped.
//! 2. A quote at distance d costs fee + alpha0 + alpha1 d, so it earns (1 - alpha1) (d - c) with
//!    c = (fee + alpha0) / (1 - alpha1), and c + 1/kappa is the best distance of a small one.
//! 3. The inventory term sees fills at the rate a e^{-k c}: at the best distance c + 1/k that is e
//!    times the rate there, so no extrapolation to distance 0 is needed.

use serde::{Deserialize, Serialize};

use super::beliefs::Beliefs;
use super::config::Config;
use super::inventory::Lean;
use super::{formula, optimal};
use crate::quote::Bounds;
use crate::quote::rounding::clamp;

/// What follows from beliefs, distances in bps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Decay around the best distance, 1/bps.
    pub k: f64,
    /// The half-spread beyond the cost, (1/g) ln(1 + g/k): 1/k for any plausible lot.
    pub c1: f64,
    /// The distance at which a fill just pays.
    pub cost: f64,
    /// How much of a step in distance is earned: 1 - alpha1.
    pub earned: f64,
    /// Expected adverse move at the best distance, and its standard deviation.
    pub adverse: f64,
    /// See `adverse`.
    pub adverse_sd: f64,
    /// Inventory term per lot: the larger of what the inventory target and fractional Kelly ask for.
    pub theta: f64,
    /// Largest size of a level by fractional Kelly, lots per bps of edge.
    pub kelly_lots: f64,
    /// The inventory term's table.
    pub lean: Lean,
    /// Least distance of any level.
    pub floor: f64,
    /// The first level.
    pub wanted: f64,
    /// Share of the sizes that confidence in kappa leaves.
    pub size_factor: f64,
}

impl Curve {
    /// What follows from `b` under the settings and the limits.
    #[must_use]
    pub fn new(b: &Beliefs, cfg: &Config, bounds: &Bounds) -> Curve {
        let k = b.kappa * 1e-4;
        // Fractional Kelly on wealth W is constant absolute risk aversion, per lot and bps:
        let on = cfg.kelly_fraction > 0.0;
        let bet_usd = cfg.kelly_fraction * cfg.wealth_usd;
        let g = if on { 1e-4 * bounds.unit_usd / bet_usd } else { 0.0 };
        let cost = b.depth_bps - 1.0 / k;
        let theta_target = cfg.phi.sqrt() / (k * bounds.max_lots * cfg.std_share);
        let a_after_cost = b.fill_rate * std::f64::consts::E;
        let theta_kelly = formula::theta(b.sigma_bps, a_after_cost, k, g);
        let theta = if theta_target > theta_kelly { theta_target } else { theta_kelly };
        let c1 = formula::c1(k, g);
        let x1 = optimal::DEPTHS[cfg.levels_used() - 1][0];
        let variance = (b.sigma_bps * b.sigma_bps * b.hold_s).max(1e-9);
        // Edge in 1e-4 over variance in 1e-8, of the bet, in lots.
        let kelly_lots =
            if on { 1e4 / variance * bet_usd / bounds.unit_usd } else { f64::INFINITY };
        let earned = 1.0 - b.alpha1;
        Curve {
            k,
            c1,
            cost,
            earned,
            adverse: b.adverse_bps,
            adverse_sd: b.adverse_sd,
            theta,
            kelly_lots,
            lean: Lean::new(k * theta, bounds.max_lots),
            floor: b.floor_bps,
            wanted: clamp(cost + x1 * c1, b.floor_bps, cfg.d_max_bps),
            size_factor: b.confidence * b.confidence,
        }
    }

    /// How far `n` lots move the bid out and the ask in, bps.
    #[must_use]
    pub fn skew(&self, n: f64) -> f64 {
        self.lean.at(n) / self.k
    }

    /// How sure it is that a level of edge `e` (bps) earns: e^2 / (e^2 + sd^2), the share of the
    /// Kelly bet that is left when the edge itself is only known to `sd`.
    #[must_use]
    pub fn certainty(&self, e: f64) -> f64 {
        let e2 = e * e;
        if e <= 0.0 { 0.0 } else { e2 / (e2 + self.adverse_sd * self.adverse_sd) }
    }

    /// Whether a quote can be made at all.
    #[must_use]
    pub fn sound(&self) -> bool {
        let finite = [self.k, self.cost, self.theta, self.wanted, self.earned, self.size_factor];
        self.k > 0.0 && self.earned > 0.0 && finite.iter().all(|x| x.is_finite())
    }
}
