//! The inventory term: how far one lot of position moves the quotes.
//!
//! In: kappa, rate, volatility, cost. Out: theta from an inventory target and from fractional
//! Kelly, bps per lot. Hot path at 1 Hz: pure functions.
//!
//! 1. Target: under unit-lot fills and linear skew theta the position is distributed as
//!    e^(-kappa theta n^2); for the optimal ladder scaled by phi its standard deviation is
//!    sqrt(phi) / (kappa theta), so theta = sqrt(phi) / (kappa n_std), n_std = n_max / 3.
//! 2. Kelly: a fraction f of the Kelly bet on wealth W is CARA with g = lot / (f W) (relative to
//!    one lot), theta = sigma sqrt(g / (2 A kappa) (1 + g/kappa)^(kappa/g + 1)): Gueant, Lehalle
//!    and Fernandez-Tapia (2013), with a cost c per fill A becomes A e^(-kappa c).

use serde::{Deserialize, Serialize};

use crate::math::det;

/// Settings of the inventory term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Scale of ladder sizes relative to the optimal ladder; > 0.
    pub phi: f64,
    /// Largest position, lots; > 0.
    pub lots_max: f64,
    /// Fraction of the Kelly bet, 0..1.
    pub kelly_fraction: f64,
    /// Value of one lot, USD; > 0.
    pub lot_usd: f64,
    /// Wealth, USD; > 0.
    pub wealth_usd: f64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            phi: 0.25,
            lots_max: 10.0,
            kelly_fraction: 0.25,
            lot_usd: 20.0,
            wealth_usd: 1_000.0,
        }
    }
}

/// Theta from the inventory target, bps per lot, at `kappa` per bps (> 0).
#[must_use]
pub fn theta_target(kappa_bps: f64, cfg: &Config) -> f64 {
    3.0 * cfg.phi.sqrt() / (kappa_bps * cfg.lots_max)
}

/// Theta from fractional Kelly, bps per lot. `kappa_bps` per bps and `rate` per second and side at
/// depth 0 (both > 0), `sigma_bps` per square root of a second, `cost_bps` per fill.
#[must_use]
pub fn theta_kelly(kappa_bps: f64, rate: f64, sigma_bps: f64, cost_bps: f64, cfg: &Config) -> f64 {
    if cfg.kelly_fraction <= 0.0 {
        return 0.0;
    }
    // In bps: g per bps is 1e-4 of g per unit of relative price.
    let g = 1e-4 * cfg.lot_usd / (cfg.kelly_fraction * cfg.wealth_usd);
    let u = g / kappa_bps;
    let power = if u < 1e-6 {
        std::f64::consts::E * (1.0 + 0.5 * u)
    } else {
        det::exp((1.0 / u + 1.0) * det::ln_1p(u))
    };
    let a = rate * det::exp(-kappa_bps * cost_bps);
    sigma_bps * (g / (2.0 * a * kappa_bps) * power).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::draw::Draw;

    #[test]
    fn target_gives_the_tabled_theta() {
        // kappa 8000 per unit, ten lots: 0.1875 bps per lot.
        assert!((theta_target(0.8, &Config::default()) - 0.1875).abs() < 1e-12);
    }

    #[test]
    fn kelly_agrees_with_published_parameters() {
        // hftbacktest's tutorial (fit up to 70 ticks), a tick standing for a basis point, gamma .05:
        // c2 = .913308573460.
        let cfg =
            Config { kelly_fraction: 1.0, wealth_usd: 1.0, lot_usd: 0.05e4, ..Config::default() };
        let c2 = theta_kelly(0.042_357_411_150_840_49, 2.986_162_360_812_285, 1.0, 0.0, &cfg);
        assert!((c2 - 0.913_308_573_46).abs() < 1e-10, "{c2}");
        let small = theta_kelly(0.8, 1.0, 1.0, 0.0, &Config { lot_usd: 1e-3, ..cfg });
        let near = theta_kelly(0.8, 1.0, 1.0, 0.0, &Config { lot_usd: 1.001e-3, ..cfg });
        assert!((near / small - f64::sqrt(1.001)).abs() < 1e-9, "no step between the branches");
    }

    #[test]
    fn position_spreads_as_the_target_says() {
        // Unit lots: std = 1 / sqrt(2 kappa theta).
        let (kappa, theta) = (0.8, 0.05);
        let mut d = Draw::new(3);
        let (mut n, mut time, mut sum) = (0.0f64, 0.0, 0.0);
        for _ in 0..200_000 {
            let (up, down) = (det::exp(-kappa * theta * n), det::exp(kappa * theta * n));
            let wait = d.exp(up + down);
            time += wait;
            sum += wait * n * n;
            n += if d.chance(up / (up + down)) { 1.0 } else { -1.0 };
        }
        let std = (sum / time).sqrt();
        let want = 1.0 / f64::sqrt(2.0 * kappa * theta);
        assert!((std / want - 1.0).abs() < 0.03, "{std} {want}");
    }
}
