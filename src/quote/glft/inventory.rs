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
//! 3. Ratios of neighbours are made from the far end inward, where every sum is of positive terms
//!    and no digit is lost.

use serde::{Deserialize, Serialize};
use serde_big_array::BigArray;

use crate::math::det::ln;

/// Largest bound, steps of inventory either way.
pub const STEPS_MAX: usize = 32;
/// Newton steps at most; four or five are the rule.
const NEWTON_MAX: usize = 40;
/// Change of the eigenvalue, relative to it, at which it is taken.
const PRECISION: f64 = 1e-14;

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
        let rho = ground(r * r, steps);
        let mut ln_ratio = [0.0; 2 * STEPS_MAX];
        // The vector is even in q, so its ratios are each other's inverse.
        for (q, rho) in rho.iter().take(steps).enumerate() {
            let x = -ln(*rho);
            (ln_ratio[steps + q], ln_ratio[steps - 1 - q]) = (x, -x);
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
    #[cfg(any(test, feature = "lab"))]
    pub fn bid(&self, q: i32) -> f64 {
        let i = usize::try_from(i64::from(q) + self.steps as i64).unwrap_or(usize::MAX);
        if i < 2 * self.steps { self.ln_ratio[i] } else { 0.0 }
    }
}

/// f_(q+1) / f_q for q = 0 to `steps` - 1, f being the positive eigenvector of the smallest
/// eigenvalue of diag(a q^2) with -1 beside it, q from `-steps` to `steps`.
///
/// The rows of q >= 1, from the outside in, give the ratios for any eigenvalue; the one of q = 0
/// says by how much it is off, and Newton's method finds it.
fn ground(a: f64, steps: usize) -> [f64; STEPS_MAX] {
    // The eigenvalue plus two is between these: 2 is the middle element of the diagonal plus two.
    let (mut lo, mut hi) = (0.0, 2.0);
    // That of an unbounded inventory with small steps.
    let mut x = if a < 4.0 { a.sqrt() } else { 2.0 };
    let mut rho = [1.0; STEPS_MAX];
    for _ in 0..NEWTON_MAX {
        // `slope` is the derivative of the outer ratio in x.
        let (mut outer, mut slope) = (0.0, 0.0);
        for q in (0..steps).rev() {
            let diagonal = a * ((q + 1) * (q + 1)) as f64 + 2.0;
            outer = 1.0 / (diagonal - x - outer);
            if outer <= 0.0 {
                break;
            }
            slope = outer * outer * (1.0 + slope);
            rho[q] = outer;
        }
        // A ratio that is not positive: x is beyond the smallest eigenvalue.
        let off = if outer > 0.0 { 2.0 - x - 2.0 * outer } else { f64::NEG_INFINITY };
        if off > 0.0 {
            lo = x;
        } else {
            hi = x;
        }
        let newton = x + off / (1.0 + 2.0 * slope);
        let next = if newton >= lo && newton <= hi { newton } else { 0.5 * (lo + hi) };
        let step = next - x;
        x = next;
        if outer > 0.0 && step.abs() <= PRECISION * x {
            break;
        }
    }
    rho
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::glft::formula;

    /// Bid distances at the given inventories: exact and closed form.
    fn bids(sigma: f64, a: f64, k: f64, g: f64, q_max: f64, at: &[i32]) -> Vec<(f64, f64)> {
        let (c1, theta) = (formula::c1(k, g), formula::theta(sigma, a, k, g));
        let table = Lean::new(k * theta, q_max);
        let closed = |q: i32| formula::closed_form(c1, theta, f64::from(q)).0;
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
            assert!((formula::c1(k, g) / c1 - 1.0).abs() < 1e-6, "{}", formula::c1(k, g));
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
