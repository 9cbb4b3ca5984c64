//! Means, medians, shares and ratios with their 95 % intervals.
//!
//! In: results of independent runs. Out: estimates with intervals. Cold path.

use crate::math::beta;

/// An estimate with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Point.
    pub at: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// A count as a float.
#[expect(clippy::cast_precision_loss, reason = "counts of runs")]
#[must_use]
pub fn float(n: usize) -> f64 {
    n as f64
}

/// Two-sided 97.5 % quantile of Student's t, by the expansion of Cornish and Fisher; within 1 % from
/// three degrees of freedom on.
fn t975(df: f64) -> f64 {
    let z = 1.959_964f64;
    let z3 = z * z * z;
    let (z5, z7) = (z3 * z * z, z3 * z3 * z);
    z + (z3 + z) / (4.0 * df)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * df * df)
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * df * df * df)
}

/// Mean with the t interval. NaN of nothing.
#[must_use]
pub fn mean(x: &[f64]) -> Estimate {
    let n = float(x.len());
    let at = x.iter().sum::<f64>() / n;
    let var = x.iter().map(|v| (v - at) * (v - at)).sum::<f64>() / (n - 1.0);
    let half = if x.len() > 1 { t975(n - 1.0) * (var / n).sqrt() } else { f64::NAN };
    Estimate { at, lo: at - half, hi: at + half }
}

/// Median, with the interval that order statistics give (normal approximation of the rank).
#[must_use]
pub fn median(x: &[f64]) -> Estimate {
    let mut x = x.to_vec();
    x.sort_by(f64::total_cmp);
    let n = float(x.len());
    let rank = |r: f64| {
        let top = n - 1.0;
        let r = r.clamp(0.0, top);
        let below = r.floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let i = below as usize;
        let (a, b) = (x[i], x[(i + 1).min(x.len() - 1)]);
        a + (r - below) * (b - a)
    };
    if x.is_empty() {
        return Estimate { at: f64::NAN, lo: f64::NAN, hi: f64::NAN };
    }
    let (middle, half) = ((n - 1.0) / 2.0, 0.98 * n.sqrt());
    Estimate {
        at: rank(middle),
        lo: rank((middle - half).floor()),
        hi: rank((middle + half).ceil()),
    }
}

/// A share `hit` of `of` with the exact interval of Clopper and Pearson.
#[must_use]
pub fn share(hit: usize, of: usize) -> Estimate {
    let (k, n) = (float(hit), float(of));
    let lo = if hit == 0 { 0.0 } else { beta::quantile(0.025, k, n - k + 1.0) };
    let hi = if hit == of { 1.0 } else { beta::quantile(0.975, k + 1.0, n - k) };
    Estimate { at: k / n, lo, hi }
}

/// Ratio of the means of paired results, with the jackknife's interval.
#[must_use]
pub fn ratio(top: &[f64], bottom: &[f64]) -> Estimate {
    let n = float(top.len());
    let (t, b) = (top.iter().sum::<f64>(), bottom.iter().sum::<f64>());
    let at = t / b;
    let parts: Vec<f64> =
        top.iter().zip(bottom).map(|(x, y)| n * at - (n - 1.0) * (t - x) / (b - y)).collect();
    let m = mean(&parts);
    Estimate { at, lo: at - (m.at - m.lo), hi: at + (m.hi - m.at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::draw::Draw;

    #[test]
    fn quantiles_of_t_are_the_tabled_ones() {
        for (df, t) in [(3.0, 3.182), (5.0, 2.571), (10.0, 2.228), (30.0, 2.042)] {
            assert!((t975(df) / t - 1.0).abs() < 0.01, "{df}: {}", t975(df));
        }
    }

    #[test]
    fn intervals_cover_as_often_as_they_say() {
        let mut d = Draw::new(7);
        let mut hit = [0.0; 4];
        for _ in 0..2_000 {
            let x: Vec<f64> = (0..12).map(|_| d.exp(1.0)).collect();
            let y: Vec<f64> = x.iter().map(|x| 1.0 + x + 0.3 * d.normal()).collect();
            let k = (0..60).filter(|_| d.chance(0.9)).count();
            let is = |e: Estimate, v: f64| f64::from(u8::from(e.lo <= v && v <= e.hi)) / 2_000.0;
            let noise: Vec<f64> = (0..12).map(|_| d.normal()).collect();
            hit[0] += is(mean(&noise), 0.0);
            hit[1] += is(median(&x), std::f64::consts::LN_2);
            hit[2] += is(share(k, 60), 0.9);
            hit[3] += is(ratio(&y, &x), 2.0);
        }
        assert!((hit[0] - 0.95).abs() < 0.02, "{hit:?}");
        assert!(hit[1] > 0.94 && hit[2] > 0.94, "conservative by construction: {hit:?}");
        assert!((hit[3] - 0.93).abs() < 0.05, "{hit:?}");
    }
}
