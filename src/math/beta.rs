//! The beta distribution: incomplete integral and quantile.
//!
//! In: shapes and argument. Out: probabilities and quantiles. Hot path at 1 Hz: no allocation,
//! bounded iteration.

use std::sync::LazyLock;

use super::{det, normal};

/// Steps of the continued fraction.
const TERMS_MAX: u32 = 400;

/// Regularised incomplete beta function I_x(a, b) for `a, b > 0`, `x` in [0, 1], by the continued
/// fraction (Press et al., Numerical Recipes, 6.4).
#[cfg(test)]
pub fn lower(a: f64, b: f64, x: f64) -> f64 {
    if a.is_nan() || b.is_nan() || x.is_nan() || a <= 0.0 || b <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    inside(ln_front(a, b), (a, b), x)
}

/// -ln B(a, b).
fn ln_front(a: f64, b: f64) -> f64 {
    det::ln_gamma(a + b) - det::ln_gamma(a) - det::ln_gamma(b)
}

/// I_x(a, b) for 0 < x < 1.
fn inside(ln_front: f64, (a, b): (f64, f64), x: f64) -> f64 {
    let front = det::exp(ln_front + a * det::ln(x) + b * det::ln_1p(-x));
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..TERMS_MAX {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h
}

/// The `p` quantile (0 < p < 1) of Beta(a, b), by Newton steps within a bracket from the normal
/// approximation; 60 at most, good to 1e-12. NaN for bad arguments.
pub fn quantile(p: f64, a: f64, b: f64) -> f64 {
    if p.is_nan() || a.is_nan() || b.is_nan() || p <= 0.0 || p >= 1.0 || a <= 0.0 || b <= 0.0 {
        return f64::NAN;
    }
    let (mut lo, mut hi) = (0.0f64, 1.0f64);
    let mean = a / (a + b);
    let sd = (mean * (1.0 - mean) / (a + b + 1.0)).sqrt();
    let mut x = (mean + normal::quantile(p) * sd).clamp(0.25 * mean, 0.75 + 0.25 * mean);
    let ln_front = ln_front(a, b);
    for _ in 0..60 {
        let err = inside(ln_front, (a, b), x) - p;
        if err > 0.0 {
            hi = x;
        } else {
            lo = x;
        }
        let pdf = det::exp(ln_front + (a - 1.0) * det::ln(x) + (b - 1.0) * det::ln_1p(-x));
        let step = err / pdf;
        if step.abs() <= 1e-14 {
            break;
        }
        let mut next = x - step;
        if !(next > lo && next < hi) {
            next = 0.5 * (lo + hi);
        }
        x = next;
    }
    x
}

/// The `p` quantile (0.5 < p < 1) of Student's t with `nu` > 0 degrees of freedom.
pub fn student(p: f64, nu: f64) -> f64 {
    let x = quantile(2.0 * (1.0 - p), 0.5 * nu, 0.5);
    (nu * (1.0 / x - 1.0)).sqrt()
}

/// Half the central 95 % interval of Student's t with `nu` > 0 degrees of freedom.
///
/// # Cost
/// A few dozen instructions from 2.5 degrees on, a thousand times that below.
pub fn student95(nu: f64) -> f64 {
    if nu < STUDENT_FROM { student(0.975, nu) } else { STUDENT.at(1.0 / nu) }
}

/// Least degrees of freedom of the table.
const STUDENT_FROM: f64 = 2.5;
/// Steps of the table from none to the largest inverse of the degrees of freedom, a node beyond each end.
const STEPS: usize = 64;

static STUDENT: LazyLock<Student> = LazyLock::new(Student::new);

/// Quantiles at equal steps of 1/nu, in which they are smooth.
struct Student([f64; STEPS + 3]);

impl Student {
    #[cold]
    fn new() -> Student {
        let node = |i: usize| {
            let inverse = (i as f64 - 1.0) / (STEPS as f64 * STUDENT_FROM);
            if inverse > 0.0 { student(0.975, 1.0 / inverse) } else { normal::quantile(0.975) }
        };
        let mut nodes = std::array::from_fn(node);
        // Below none: what the next four continue to.
        nodes[0] = 4.0 * nodes[1] - 6.0 * nodes[2] + 4.0 * nodes[3] - nodes[4];
        Student(nodes)
    }

    /// A cubic through four nodes.
    fn at(&self, inverse: f64) -> f64 {
        let x = inverse * (STEPS as f64 * STUDENT_FROM);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=64")]
        let i = (x as usize).min(STEPS - 1);
        let u = x - i as f64;
        let (m, n, o) = (u + 1.0, u - 1.0, u - 2.0);
        let w = [-u * n * o / 6.0, m * n * o / 2.0, -m * u * o / 2.0, m * u * n / 6.0];
        self.0[i..].iter().zip(w).map(|(y, w)| y * w).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_multi_precision_oracle() {
        for (a, b, x, p) in [
            (1.0, 1.0, 0.3, 0.3),
            (2.0, 5.0, 0.2, 0.344_64),
            (0.5, 0.5, 0.9, 0.795_167_235_300_866_6),
            (400.0, 100.0, 0.82, 0.869_697_887_295_413_3),
            (3.0, 1.0, 0.99, 0.970_299),
        ] {
            let got: f64 = lower(a, b, x);
            assert!((got - p).abs() < 1e-12, "I({a}, {b}, {x}) = {got}");
        }
    }

    #[test]
    fn quantile_inverts() {
        for (a, b) in [(1.0, 1.0), (0.5, 3.0), (12.0, 4.0), (900.0, 300.0)] {
            for p in [0.001, 0.025, 0.5, 0.975] {
                let x = quantile(p, a, b);
                assert!((lower(a, b, x) - p).abs() < 1e-10, "{a} {b} {p}: {x}");
            }
        }
        assert!(quantile(0.5, 0.0, 1.0).is_nan());
    }

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        for (p, nu, t) in [(0.975, 2.5, 3.574_65), (0.975, 10.0, 2.228_14), (0.9, 5.0, 1.475_88)] {
            assert!((student(p, nu) - t).abs() < 1e-4, "{p} {nu}: {}", student(p, nu));
        }
        assert!((student(0.975, 1e5) - 1.96).abs() < 1e-3);
    }

    #[test]
    fn the_table_gives_students_quantiles() {
        let of = |i: i32| 1.0 / (f64::from(i) * 0.4 / 3_000.0);
        let off = |nu: f64| (student95(nu) / student(0.975, nu) - 1.0).abs();
        let worst = (1..=3_000).map(of).map(off).fold(0.0, f64::max);
        assert!(worst < 1e-6, "{worst:e}");
        assert!((student95(f64::INFINITY) - normal::quantile(0.975)).abs() < 1e-12);
        assert!((student95(1.5) - student(0.975, 1.5)).abs() < 1e-12);
    }
}
