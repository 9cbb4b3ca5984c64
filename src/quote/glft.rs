//! The closed forms of optimal quoting: half-spread, inventory term, uncertainty, mixtures.
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

/// Regimes a mixture is made of.
pub const REGIMES: usize = 4;

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

/// The risk aversion per lot that the inventory term `theta` implies for g << k:
/// g = 2 a k theta^2 / (e sigma^2).
#[must_use]
pub fn implied_g(sigma: f64, a: f64, k: f64, theta: f64) -> f64 {
    2.0 * a * k * theta * theta / (std::f64::consts::E * sigma * sigma)
}

/// The rate at zero distance that the inventory term sees under a cost `c` per fill: a e^{-k c}.
#[must_use]
pub fn rate_after_cost(a: f64, k: f64, c: f64) -> f64 {
    a * exp(-k * c)
}

/// Closed-form distance of the bid (first) and the ask at inventory `n` lots:
/// c1 + (n + 1/2) theta and c1 - (n - 1/2) theta.
#[must_use]
pub fn closed_form(c1: f64, theta: f64, n: f64) -> (f64, f64) {
    (c1 + (n + 0.5) * theta, c1 - (n - 0.5) * theta)
}

/// Distance that maximises (d - c) E\[a e^{-kappa d}\] when kappa ~ Gamma(alpha, beta): the
/// predictive intensity is Lomax, a (beta/(beta + d))^alpha, its optimum c + (beta + c)/(alpha - 1).
/// `None` for alpha <= 1: the tail is so heavy that there is no optimum.
#[must_use]
pub fn lomax_optimum(c: f64, alpha: f64, beta: f64) -> Option<f64> {
    (alpha > 1.0).then(|| c + (beta + c) / (alpha - 1.0))
}

/// A fixed mixture of exponential intensities, one component a regime.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture {
    /// Weights: regime probability times rate at zero distance (1/s), not negative.
    pub w: [f64; REGIMES],
    /// Decay, 1/distance, positive.
    pub k: [f64; REGIMES],
}

impl Mixture {
    /// The mixture of regime probabilities `p`, rates `a` and decays `k`.
    #[must_use]
    pub fn new(p: &[f64; REGIMES], a: &[f64; REGIMES], k: &[f64; REGIMES]) -> Mixture {
        Mixture { w: std::array::from_fn(|r| p[r] * a[r]), k: *k }
    }

    /// Rate at distance `d` per second.
    #[must_use]
    pub fn rate(&self, d: f64) -> f64 {
        (0..REGIMES).map(|r| self.w[r] * exp(-self.k[r] * d)).sum()
    }

    /// Rate and local decay -d ln(rate)/dd at distance `d`.
    #[must_use]
    pub fn local(&self, d: f64) -> (f64, f64) {
        let (mut s, mut sk) = (0.0, 0.0);
        for r in 0..REGIMES {
            let x = self.w[r] * exp(-self.k[r] * d);
            s += x;
            sk += x * self.k[r];
        }
        (s, sk / s)
    }

    /// The distance that maximises sum w_r e^{-k_r d} (d - c_r), with a cost `c` per regime.
    ///
    /// Fixed point d = (sum x_r + sum x_r k_r c_r) / sum x_r k_r with x_r = w_r e^{-k_r d}, damped
    /// by one half, 25 steps. A mixture may have two local optima, one among the steep components
    /// and one among the flat ones: it is started from both ends and the better one is taken.
    #[must_use]
    pub fn optimum(&self, c: &[f64; REGIMES]) -> f64 {
        let (mut near, mut far) = (f64::INFINITY, 0.0);
        for ((&w, &k), &c) in self.w.iter().zip(&self.k).zip(c) {
            if w > 0.0 {
                let d = c + 1.0 / k;
                near = if d < near { d } else { near };
                far = if d > far { d } else { far };
            }
        }
        let (a, b) = (self.settle(near, c), self.settle(far, c));
        if self.value(a, c) >= self.value(b, c) { a } else { b }
    }

    fn value(&self, d: f64, c: &[f64; REGIMES]) -> f64 {
        (0..REGIMES).map(|r| self.w[r] * exp(-self.k[r] * d) * (d - c[r])).sum()
    }

    fn settle(&self, start: f64, c: &[f64; REGIMES]) -> f64 {
        let mut d = start;
        for _ in 0..25 {
            let (mut top, mut bottom) = (0.0, 0.0);
            for ((&w, &k), &c) in self.w.iter().zip(&self.k).zip(c) {
                // The common factor keeps far distances from underflowing.
                let x = w * exp(-k * (d - start));
                let x = x * exp(-(k - self.k[REGIMES - 1]) * start);
                top += x * (1.0 + k * c);
                bottom += x * k;
            }
            let next = top / bottom;
            let step = 0.5 * (next - d);
            d += step;
            if step.abs() < 1e-10 * d.abs() {
                break;
            }
        }
        d
    }
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

    #[test]
    fn uncertainty_widens() {
        let d = lomax_optimum(1.5, 5.0, 6.25).expect("alpha above one");
        assert!((d - 3.4375).abs() < 1e-12 && d > 1.5 + 6.25 / 5.0);
        assert_eq!(lomax_optimum(1.5, 1.0, 6.25), None);
        // Numerically: the predictive value peaks there.
        let value = |d: f64| (d - 1.5) * crate::math::det::pow(6.25 / (6.25 + d), 5.0);
        assert!(value(d) > value(d + 1e-4) && value(d) > value(d - 1e-4));
    }

    #[test]
    fn mixture_optimum_is_the_best_of_a_grid() {
        let mut rng = fastrand::Rng::with_seed(3);
        for case in 0..200 {
            let mut p = [0.0; 4];
            p.iter_mut().for_each(|x| *x = rng.f64() * rng.f64());
            let total: f64 = p.iter().sum();
            p.iter_mut().for_each(|x| *x /= total);
            let a = [0.15, 0.5, 2.0, 6.0].map(|x| x * (0.5 + rng.f64()));
            let k = [1.2, 0.6, 0.25, 0.08].map(|x| x * (0.5 + rng.f64()));
            let c: [f64; 4] = std::array::from_fn(|_| 1.5 + rng.f64());
            let m = Mixture::new(&p, &a, &k);
            let d = m.optimum(&c);
            let best = (1..4000).map(|i| m.value(f64::from(i) * 0.015, &c)).fold(0.0, f64::max);
            assert!(m.value(d, &c) > best * (1.0 - 1e-4), "case {case}: {d}");
        }
    }

    #[test]
    fn mixture_of_one_is_the_plug_in() {
        let m = Mixture::new(&[0.0, 1.0, 0.0, 0.0], &[1.0; 4], &[1.2, 0.6, 0.25, 0.08]);
        close(m.optimum(&[2.0; 4]), 2.0 + 1.0 / 0.6, 1e-9);
        let (rate, k) = m.local(3.0);
        close(rate, exp(-1.8), 1e-14);
        close(k, 0.6, 1e-14);
        // Not the arithmetic blend: the mixture of steep and flat quotes for the flat one.
        let m =
            Mixture::new(&[0.9, 0.0, 0.0, 0.1], &[0.15, 0.5, 2.0, 6.0], &[1.2, 0.6, 0.25, 0.08]);
        let blend = 1.5 + 1.0 / (0.9 * 1.2 + 0.1 * 0.08);
        assert!(m.optimum(&[1.5; 4]) > 4.0 * blend);
    }
}
