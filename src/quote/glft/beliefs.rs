//! What glft believes of the market, as plain numbers.
//!
//! In: the curve of the shadow ladder, or the truth where that is known. Out: [`Beliefs`]. Hot path: once a
//! window of evidence.
//!
//! 1. Of the curve it takes the intensity of fills and no cost but the fee: the closed form as it is published
//!    knows no adverse moves. That is what `earn` is compared with.
//! 2. Its law is exponential: the one that touches the curve's rates where rate times (distance - fee) is
//!    largest, which has 1/kappa = distance - fee there.

use super::formula;
use crate::learn::curve::{Curve, distance};
use crate::limits::DISTANCES;

/// Bounds of kappa, 1/bps.
const KAPPA: [f64; 2] = [0.05, 3.0];
/// Shortest and longest time a position is taken to be held, seconds.
const HOLD_S: [f64; 2] = [5.0, 600.0];

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
    /// Volatility, bps per square root of a second.
    pub sigma_bps: f64,
    /// How long a position is held, seconds.
    pub hold_s: f64,
    /// Confidence in kappa from data alone, 0..1.
    pub confidence: f64,
    /// Least distance learned from markouts, bps.
    pub floor_bps: f64,
}

impl Beliefs {
    /// What the curve says to an account that pays `fee_bps` to make.
    #[must_use]
    pub fn of(c: &Curve, fee_bps: f64, sigma_bps: f64) -> Beliefs {
        let all = &c.at(0)[..DISTANCES];
        let earned = |j: usize| all[j].rate * (distance(j) - fee_bps);
        let best =
            (1..DISTANCES).fold(0, |best, j| if earned(j) > earned(best) { j } else { best });
        let k = (1.0 / (distance(best) - fee_bps)).clamp(KAPPA[0], KAPPA[1]);
        let rate = all[best].rate;
        let root = all[best].n_eff.max(0.0).sqrt();
        Beliefs {
            fill_rate: rate,
            hold_s: (0.5 / rate.max(1e-9)).clamp(HOLD_S[0], HOLD_S[1]),
            confidence: root / (1.0 + root),
            floor_bps: fee_bps,
            ..Beliefs::known(k * 1e4, rate, 0.0, fee_bps, sigma_bps)
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
            sigma_bps,
            hold_s: 1.0 / (2.0 * fill_rate).max(1e-9),
            confidence: 1.0,
            floor_bps: 0.0,
        }
    }
}
