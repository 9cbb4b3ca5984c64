//! The normal distribution: distribution function and quantile.
//!
//! In: floats. Out: floats. Hot path: no allocation, no iteration.

use super::det;

/// P(Z <= x) of a standard normal.
pub fn lower(x: f64) -> f64 {
    0.5 * det::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The standard normal quantile of `p` in (0, 1); infinite at the ends, NaN outside.
///
/// Rational approximation of Acklam (2003), relative error below 1.2e-9, then one step of
/// Halley's method against [`lower`], which brings it to rounding error.
pub fn quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    // The right half by symmetry, so that the correction works in the accurate tail.
    let (tail, sign) = if p > 0.5 { (1.0 - p, -1.0) } else { (p, 1.0) };
    let x = acklam(tail);
    let pdf = det::exp(-0.5 * x * x) * 0.398_942_280_401_432_7;
    let u = (lower(x) - tail) / pdf;
    sign * (x - u / (1.0 + 0.5 * x * u))
}

/// Acklam's approximation for `p` in (0, 0.5].
fn acklam(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
    ];
    let horner = |c: &[f64], x: f64| c.iter().fold(0.0, |acc, k| acc * x + k);
    if p < 0.024_25 {
        let q = (-2.0 * det::ln(p)).sqrt();
        horner(&C, q) / (horner(&D, q) * q + 1.0)
    } else {
        let q = p - 0.5;
        let r = q * q;
        horner(&A, r) * q / (horner(&B, r) * r + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantile_inverts_the_distribution() {
        // Values from mpmath with 30 digits.
        for (p, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.025, -1.959_963_984_540_054),
            (0.999, 3.090_232_306_167_813_5),
            (1e-10, -6.361_340_902_404_056),
        ] {
            assert!((quantile(p) - z).abs() < 1e-12, "{p}: {}", quantile(p));
        }
        for i in 1..200 {
            let p = f64::from(i) / 200.0;
            assert!((lower(quantile(p)) - p).abs() < 1e-14);
        }
        assert!(quantile(-0.1).is_nan() && quantile(f64::NAN).is_nan());
        assert!(quantile(0.0) < -1e300 && quantile(1.0) > 1e300);
    }
}
