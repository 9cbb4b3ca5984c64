//! The closed forms of optimal quoting: half-spread and inventory term.
//!
//! In: plain numbers in one consistent unit of distance (dollars, ticks, relative price or basis
//! points; `k` is per that unit). Out: distances in the same unit. Hot path: free functions of
//! primitives, no state, no allocation.
//!
//! 1. A quote at distance d from mid is hit at the rate `a e^{-k d}` per second.
//! 2. `u` is the dimensionless risk aversion per trade, `xi delta / k`; where it vanishes, every
//!    function tends to its risk-neutral limit without loss of digits.
//! 3. A cost c per fill is additive in the distance and scales the rate to `a e^{-k c}`, exactly:
//!    the rate at distance c + d' is `a e^{-k c} e^{-k d'}`.
//!
//! Sources: Guéant, Lehalle, Fernandez-Tapia, "Dealing with the inventory risk" (2013), eq. (1.3);
//! Guéant, "Optimal market making" (2017), eq. (4.6)-(4.7), with sizes in lots.

use crate::math::det::{exp, ln_1p};

/// Below this `u` a series replaces the logarithm; its error is below 1e-18.
const U_SMALL: f64 = 1e-6;

/// The market maker's constant half-spread c1 = (1/g) ln(1 + g/k): `g` is risk aversion times
/// trade size (1/distance, like `k`), `k > 0`. Tends to 1/k for g -> 0.
#[must_use]
pub fn c1(k: f64, g: f64) -> f64 {
    let u = g / k;
    if u < U_SMALL { (1.0 - u / 2.0 + u * u / 3.0) / k } else { ln_1p(u) / g }
}

/// (1 + u)^(1/u + 1) for u >= 0: e at u = 0, rising.
#[must_use]
pub fn power(u: f64) -> f64 {
    if u < U_SMALL {
        std::f64::consts::E * (1.0 + u / 2.0)
    } else {
        exp((1.0 / u + 1.0) * ln_1p(u))
    }
}

/// The inventory term per lot: sigma sqrt(g/(2 a k) (1 + g/k)^(k/g + 1)), a distance.
///
/// `sigma` is distance per square root of a second, `a` the rate at zero distance per second and
/// side (see [`rate_after_cost`]), `g` risk aversion times lot. Equals sigma c2 delta of the
/// papers. Zero where `a` or `k` is not positive.
#[must_use]
pub fn theta(sigma: f64, a: f64, k: f64, g: f64) -> f64 {
    if a > 0.0 && k > 0.0 && g > 0.0 {
        sigma * (g / (2.0 * a * k) * power(g / k)).sqrt()
    } else {
        0.0
    }
}

/// The rate at zero distance that the inventory term sees under a cost `c` per fill: a e^{-k c}.
#[must_use]
pub fn rate_after_cost(a: f64, k: f64, c: f64) -> f64 {
    a * exp(-k * c)
}

/// Closed-form distance of the bid (first) and the ask at inventory `n` lots:
/// c1 + (n + 1/2) theta and c1 - (n - 1/2) theta.
#[must_use]
#[cfg(any(test, feature = "lab"))]
pub fn closed_form(c1: f64, theta: f64, n: f64) -> (f64, f64) {
    (c1 + (n + 0.5) * theta, c1 - (n - 0.5) * theta)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, rel: f64) {
        assert!((a - b).abs() <= rel * b.abs(), "{a} is not {b}");
    }

    #[test]
    fn half_spread_is_one_over_kappa_for_any_plausible_lot() {
        // kappa 8000 per unit of relative price; g = .4, 40, 4000.
        for (g, bps) in [(0.4, 1.24997), (40.0, 1.24689), (4000.0, 1.01366)] {
            assert!((c1(8000.0, g) * 1e4 - bps).abs() < 5e-6, "g {g}");
        }
        assert!((c1(8000.0, 0.0) * 1e4 - 1.25).abs() < 1e-12, "one over 8000 is 1.25 bps");
    }

    #[test]
    fn series_and_formula_meet() {
        let k = 0.3;
        for u in [0.999e-6, 1.001e-6] {
            close(c1(k, u * k), (1.0 - u / 2.0) / k, 1e-11);
            close(power(u), std::f64::consts::E * (1.0 + u / 2.0), 1e-9);
        }
        close(power(1.0), 4.0, 1e-14);
    }

    #[test]
    fn half_spread_falls_in_kappa_and_in_risk_aversion() {
        let mut last = f64::INFINITY;
        for i in 1..400 {
            let d = c1(f64::from(i) * 50.0, 0.4);
            assert!(d < last);
            last = d;
        }
        assert!(c1(0.3, 0.02) < c1(0.3, 0.01));
        // The negative control: adding the fee does not change the sign.
        assert!(c1(8000.0, 0.4) < c1(4000.0, 0.4) && c1(4000.0, 0.4) < c1(3000.0, 0.4));
    }

    #[test]
    fn a_cost_is_additive_with_the_rate_scaled() {
        // (d - c) a e^{-k d} peaks at c + 1/k; checked on a grid against the shifted problem.
        let (a, k, c) = (0.8, 0.6, 1.5);
        let best = c + c1(k, 0.0);
        let value = |d: f64| (d - c) * a * exp(-k * d);
        for step in [-0.01, 0.01] {
            assert!(value(best) > value(best + step));
        }
        close(rate_after_cost(a, k, c) * exp(-k * 0.7), a * exp(-k * (c + 0.7)), 1e-14);
        assert!(theta(1.0, rate_after_cost(a, k, c), k, 0.01) > theta(1.0, a, k, 0.01));
    }
}
