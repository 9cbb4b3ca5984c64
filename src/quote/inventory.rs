//! The exact inventory term under a bounded position: how far quotes lean at each inventory.
//!
//! In: kappa times theta, the bound in lots. Out: the lean in units of 1/kappa. Hot path at 1 Hz:
//! fixed arrays, bounded loops.
//!
//! 1. Guéant, Lehalle, Fernandez-Tapia (2013): with f the eigenvector of the smallest eigenvalue of
//!    the tridiagonal M, `M_qq = a q^2`, `M_q,q+-1 = -h`, the bid at inventory q is
//!    c1 + (1/k) ln(f_q / f_q+1). a/h = (k theta)^2, theta the closed form's term per lot: the table
//!    depends on that product and the bound alone.
//! 2. Where |n| k theta is small it equals the closed form's theta n; near the bound it leans more.
//! 3. M + 2 h is a symmetric positive definite M-matrix: its inverse iteration from a positive
//!    vector keeps every digit of every component.

use serde::{Deserialize, Serialize};
use serde_big_array::BigArray;

use crate::math::det::ln;

/// Largest bound, steps of inventory either way.
pub const STEPS_MAX: usize = 32;
const SIZE: usize = 2 * STEPS_MAX + 1;
/// Iterations; the second even eigenvalue is at least five times the first, so errors fall by five.
const ITERATIONS: usize = 30;

/// The lean of quotes at each inventory.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lean {
    /// Bound in steps, and lots a step.
    steps: usize,
    lots: f64,
    /// ln(f_q / f_q+1) for q = -steps to steps - 1.
    #[serde(with = "BigArray")]
    ln_ratio: [f64; 2 * STEPS_MAX],
}

impl Lean {
    /// The table for `k_theta`, kappa times the inventory term per lot (> 0), and a bound of
    /// `lots_max` lots (>= 1). Bounds beyond [`STEPS_MAX`] are counted in coarser steps.
    #[must_use]
    pub fn new(k_theta: f64, lots_max: f64) -> Lean {
        let bounded = lots_max.clamp(1.0, STEPS_MAX as f64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1..=32")]
        let steps = bounded as usize;
        let lots = lots_max.max(1.0) / steps as f64;
        // The term per step grows with the step.
        let r = (k_theta * lots).clamp(1e-6, 1e3);
        let f = ground(r * r, steps);
        let mut ln_ratio = [0.0; 2 * STEPS_MAX];
        for (q, x) in ln_ratio.iter_mut().take(2 * steps).enumerate() {
            *x = ln(f[q] / f[q + 1]);
        }
        Lean { steps, lots, ln_ratio }
    }

    /// Lean at `n` lots, in units of 1/kappa: the bid goes out and the ask comes in by it. Linear
    /// between the table's places, which are half way between whole steps.
    #[must_use]
    pub fn at(&self, n: f64) -> f64 {
        let top = 2 * self.steps - 1;
        let x = n / self.lots + self.steps as f64 - 0.5;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let i = (x.clamp(0.0, top as f64) as usize).min(top.saturating_sub(1));
        let (a, b) = (self.ln_ratio[i], self.ln_ratio[(i + 1).min(top)]);
        // Beyond the ends the last slope goes on for half a step, then it is level.
        a + (b - a) * (x - i as f64).clamp(-0.5, 1.5)
    }

    /// ln(f_q / f_q+1) at whole inventory `q`, -steps to steps - 1; 0 outside.
    #[must_use]
    pub fn bid(&self, q: i32) -> f64 {
        let i = usize::try_from(i64::from(q) + self.steps as i64).unwrap_or(usize::MAX);
        if i < 2 * self.steps { self.ln_ratio[i] } else { 0.0 }
    }
}

/// The positive eigenvector of the smallest eigenvalue of diag(a q^2) with -1 beside it, q from
/// `-steps` to `steps`.
fn ground(a: f64, steps: usize) -> [f64; SIZE] {
    let n = 2 * steps + 1;
    // Pivots of the factorised M + 2.
    let mut pivot = [0.0; SIZE];
    for i in 0..n {
        let q = i as f64 - steps as f64;
        let diagonal = a * q * q + 2.0;
        pivot[i] = if i == 0 { diagonal } else { diagonal - 1.0 / pivot[i - 1] };
    }
    let mut f = [1.0; SIZE];
    for _ in 0..ITERATIONS {
        for i in 1..n {
            f[i] += f[i - 1] / pivot[i - 1];
        }
        f[n - 1] /= pivot[n - 1];
        for i in (0..n - 1).rev() {
            f[i] = (f[i] + f[i + 1]) / pivot[i];
        }
        let scale = 1.0 / f[steps];
        f[..n].iter_mut().for_each(|x| *x *= scale);
    }
    f
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::glft;

    /// Bid distances at the given inventories: exact and closed form.
    fn bids(sigma: f64, a: f64, k: f64, g: f64, q_max: f64, at: &[i32]) -> Vec<(f64, f64)> {
        let (c1, theta) = (glft::c1(k, g), glft::theta(sigma, a, k, g));
        let table = Lean::new(k * theta, q_max);
        let closed = |q: i32| glft::closed_form(c1, theta, f64::from(q)).0;
        at.iter().map(|q| (c1 + table.bid(*q) / k, closed(*q))).collect()
    }

    #[test]
    fn the_papers_parameter_sets() {
        // sigma, A, k; exact bids at -10, -1, 0, 1, 10 and the closed form's at -10, 0, 10.
        let sets = [
            (
                [0.3, 0.9, 0.3],
                [2.632_801_83, 3.244_919_15, 3.313_045_42, 3.381_168_10, 3.992_932_75],
                [2.634_256_87, 3.312_915_20, 3.991_573_52],
            ),
            (
                [0.4, 0.9, 0.3],
                [2.417_367_05, 3.233_506_49, 3.324_458_08, 3.415_401_10, 4.230_703_79],
                [2.419_348_40, 3.324_226_17, 4.229_103_94],
            ),
            (
                [1.0, 0.2, 0.3],
                [-1.072_184_82, 3.032_313_46, 3.525_651_11, 4.017_545_53, 8.022_747_42],
                [-1.279_914_81, 3.518_924_23, 8.317_763_27],
            ),
            (
                [0.6, 0.9, 0.9],
                [0.368_629_87, 1.065_493_25, 1.144_473_98, 1.223_403_18, 1.915_623_94],
                [0.364_583_43, 1.143_952_05, 1.923_320_67],
            ),
        ];
        for ([sigma, a, k], exact, closed) in sets {
            let got = bids(sigma, a, k, 0.01, 30.0, &[-10, -1, 0, 1, 10]);
            for (g, want) in got.iter().zip(exact) {
                assert!((g.0 - want).abs() < 1e-8, "sigma {sigma}: {} for {want}", g.0);
            }
            for (i, want) in [0, 2, 4].into_iter().zip(closed) {
                assert!((got[i].1 - want).abs() < 1e-8, "sigma {sigma}: {} {want}", got[i].1);
            }
        }
        // Control: at the far end of the wild set the closed form is off by more than a tick.
        let far = bids(1.0, 0.2, 0.3, 0.01, 30.0, &[20])[0];
        assert!((far.0 - far.1).abs() > 1.0, "{far:?}");
    }

    #[test]
    fn credit_indices_at_a_bound_of_four() {
        // Guéant (2017): investment grade and high yield, sizes of 50 and 10 million, gamma 6e-5.
        let sets = [
            (
                [5.83e-6, 9.10e-4, 1.79e4, 50e6],
                5.164_948e-5,
                [
                    -1.643_9e-4,
                    -1.327_3e-4,
                    -8.877_4e-5,
                    -1.753_7e-5,
                    1.208_4e-4,
                    1.920_7e-4,
                    2.360_3e-4,
                    2.676_9e-4,
                ],
            ),
            (
                [2.15e-5, 1.06e-3, 5.47e3, 10e6],
                1.734_666e-4,
                [
                    -4.688_3e-4,
                    -3.664_9e-4,
                    -2.261_2e-4,
                    -7.015_9e-6,
                    3.539_5e-4,
                    5.730_5e-4,
                    7.134_3e-4,
                    8.157_7e-4,
                ],
            ),
        ];
        for ([sigma, a, k, size], c1, bid) in sets {
            let g = 6e-5 * size;
            assert!((glft::c1(k, g) / c1 - 1.0).abs() < 1e-6, "{}", glft::c1(k, g));
            let at: Vec<i32> = (-4..4).collect();
            let got = bids(sigma, a, k, g, 4.0, &at);
            for (g, want) in got.iter().zip(bid) {
                assert!((g.0 - want).abs() < 6e-5 * 2e-4, "{} for {want}", g.0);
            }
            let (exact, closed) = got[7];
            assert!((closed / exact - 1.0).abs() > 0.3, "control: {closed} against {exact}");
        }
    }

    #[test]
    fn it_is_odd_rises_and_is_the_closed_form_near_zero() {
        for r in [0.02, 0.15, 0.5, 2.0] {
            let t = Lean::new(r, 10.0);
            let mut last = f64::NEG_INFINITY;
            for i in -100..=100 {
                let n = f64::from(i) * 0.1;
                assert!((t.at(n) + t.at(-n)).abs() < 1e-9, "r {r} n {n}");
                assert!(t.at(n) >= last);
                last = t.at(n);
            }
            if (0.1..0.2).contains(&r) {
                assert!((t.at(1.0) / r - 1.0).abs() < 0.04, "{r}: {}", t.at(1.0));
            }
            assert!(Lean::new(r, 100.0).at(90.0).is_finite());
        }
        // Positions spread by 1/sqrt(2 r) lots: a bound of ten is felt at 5 and not at 1.8.
        for (r, least, most) in [(0.02, 2.0, f64::MAX), (0.15, 1.0, 1.05)] {
            let (free, bound) = (Lean::new(r, 30.0).at(9.0), Lean::new(r, 10.0).at(9.0));
            let times = bound / free;
            assert!(least < times && times < most, "r {r}: {bound} {free}");
        }
    }
}
