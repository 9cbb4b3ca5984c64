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

use super::config::Config;
use super::inventory::Lean;
use super::{formula, optimal};
use crate::learn::Estimates;
use crate::quote::Bounds;
use crate::quote::rounding::clamp;

/// What is believed of the market, plain numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beliefs {
    /// Decay of the intensity around the best distance, 1/unit of relative price.
    pub kappa: f64,
    /// Best distance of a small quote, costs included, bps.
    pub depth_bps: f64,
    /// Expected adverse move of a fill there, before and after it, bps.
    pub adverse_bps: f64,
    /// Its standard deviation, bps.
    pub adverse_sd: f64,
    /// How fast it grows with distance, bps per bps, below 1.
    pub alpha1: f64,
    /// Own fills per second and side expected there.
    pub fill_rate: f64,
    /// The distance at which own fills come as often as exploration asks for, bps.
    pub rate_depth_bps: f64,
    /// How often that is, seconds per fill.
    pub fill_s: f64,
    /// Volatility, bps per square root of a second.
    pub sigma_bps: f64,
    /// How long a position is held, seconds.
    pub hold_s: f64,
    /// Confidence in kappa from data alone, 0..1.
    pub confidence: f64,
    /// Warm-up, 0..1.
    pub warmup: f64,
    /// Whether fill predictions may be acted on.
    pub open: bool,
    /// Least distance learned from markouts, bps.
    pub floor_bps: f64,
}

impl Beliefs {
    /// What is taken from the estimates.
    #[must_use]
    pub fn of(e: &Estimates, cfg: &Config) -> Beliefs {
        let fills = |d: f64| e.fill_rates(d).iter().sum::<f64>();
        // A fill that comes soon at break-even is not paid for.
        let break_even = fills(e.depth_bps - 1e4 / e.kappa.span.mean);
        let (least, most) = (cfg.explore.seconds_per_fill, cfg.explore.seconds_most);
        let fill_s = (1.0 / break_even.max(1e-9)).min(most).max(least);
        Beliefs {
            kappa: e.kappa.span.mean,
            depth_bps: e.depth_bps,
            adverse_bps: e.adverse_bps,
            adverse_sd: e.adverse_sd,
            alpha1: e.alpha1,
            fill_rate: fills(e.depth_bps) / 2.0,
            // Looked for while it is explored only: nothing else asks.
            rate_depth_bps: if e.warmup.score >= 1.0 {
                e.depth_bps
            } else {
                e.depth_of_rate(1.0 / fill_s, 0.0, cfg.d_max_bps)
            },
            fill_s,
            sigma_bps: e.sigma_bps,
            hold_s: e.hold_s,
            confidence: e.confidence,
            warmup: e.warmup.score,
            open: e.gate.open,
            floor_bps: e.floor_bps,
        }
    }

    /// Full knowledge of a market: decay `kappa` per unit of relative price, `rate` own fills per
    /// second and side at distance 0, adverse move `adverse_bps`, volatility `sigma_bps`.
    #[must_use]
    pub fn known(kappa: f64, rate: f64, adverse_bps: f64, fee_bps: f64, sigma_bps: f64) -> Beliefs {
        let k = kappa * 1e-4;
        let depth_bps = fee_bps + adverse_bps + 1.0 / k;
        let fill_rate = formula::rate_after_cost(rate, k, depth_bps);
        Beliefs {
            kappa,
            depth_bps,
            adverse_bps,
            adverse_sd: 0.0,
            alpha1: 0.0,
            fill_rate,
            rate_depth_bps: depth_bps,
            fill_s: 1.0 / (2.0 * fill_rate).max(1e-9),
            sigma_bps,
            hold_s: 1.0 / (2.0 * fill_rate).max(1e-9),
            confidence: 1.0,
            warmup: 1.0,
            open: true,
            floor_bps: 0.0,
        }
    }
}

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
    /// Inventory term per lot: the larger of the next two.
    pub theta: f64,
    /// Asked for by the inventory target.
    pub theta_target: f64,
    /// Asked for by fractional Kelly.
    pub theta_kelly: f64,
    /// Largest size of a level by fractional Kelly, lots per bps of edge.
    pub kelly_lots: f64,
    /// Kelly fraction of the first level, multiples of wealth.
    pub kelly: f64,
    /// The inventory term's table.
    pub lean: Lean,
    /// Least distance of any level.
    pub floor: f64,
    /// The first level without exploration.
    pub wanted: f64,
    /// Where own fills come as often as exploration asks for.
    pub rate_depth: f64,
    /// How often that is, seconds per fill.
    pub fill_s: f64,
    /// Share of the sizes that confidence in kappa leaves.
    pub size_factor: f64,
    /// Nothing is left to explore.
    pub known: bool,
    /// Fill predictions may be acted on.
    pub open: bool,
}

impl Curve {
    /// What follows from `b` under the settings and the limits.
    #[must_use]
    pub fn new(b: &Beliefs, cfg: &Config, bounds: &Bounds) -> Curve {
        let k = b.kappa * 1e-4;
        // Fractional Kelly on wealth W is constant absolute risk aversion, per lot and bps:
        let on = cfg.on.kelly && cfg.kelly_fraction > 0.0;
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
        let kelly =
            if on { kelly_lots * earned * x1 * c1 * bounds.unit_usd / cfg.wealth_usd } else { 0.0 };
        let floor = if cfg.on.floor { b.floor_bps } else { f64::NEG_INFINITY };
        Curve {
            k,
            c1,
            cost,
            earned,
            adverse: b.adverse_bps,
            adverse_sd: b.adverse_sd,
            theta,
            theta_target,
            theta_kelly,
            kelly_lots,
            kelly,
            lean: Lean::new(k * theta, bounds.max_lots),
            floor,
            wanted: clamp(cost + x1 * c1, floor, cfg.d_max_bps),
            rate_depth: b.rate_depth_bps,
            fill_s: b.fill_s,
            size_factor: b.confidence * b.confidence,
            known: b.warmup >= 1.0,
            open: b.open,
        }
    }

    /// How far `n` lots move the bid out and the ask in, bps.
    #[must_use]
    pub fn skew(&self, n: f64, cfg: &Config) -> f64 {
        if cfg.on.table { self.lean.at(n) / self.k } else { self.theta * n }
    }

    /// What a fill at distance `d` costs in all, bps: fee and adverse move.
    #[must_use]
    pub fn cost_at(&self, d: f64) -> f64 {
        d - self.earned * (d - self.cost)
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
