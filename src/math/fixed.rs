//! Fixed-point helpers of the fill models: e^-x, integer ratios, and exponential draws.
//!
//! In: integers. Out: integers, the same on every machine. Hot path: no allocation.

use super::det;

/// One in the Q32 format: 32 fractional bits.
pub const Q32: u64 = 1 << 32;

/// ln 2 in Q32.
const LN2: u64 = 2_977_044_472;

/// e^-x, `x` and the result in Q32. Within 4 units of the last place of the true value.
#[must_use]
pub fn exp_neg(x: u64) -> u64 {
    let halvings = x / LN2;
    if halvings >= 33 {
        return 0;
    }
    // 1 - r (1 - r/2 (1 - r/3 ...)) in Q48; r < ln 2, so 13 terms suffice for Q32.
    let r = u128::from(x % LN2);
    let mut sum: u64 = 1 << 48;
    for n in (1..=13u64).rev() {
        let part = u64::try_from((u128::from(sum) * r) >> 32).unwrap_or(0);
        sum = (1 << 48) - part / n;
    }
    ((sum + (1 << 15)) >> 16) >> halvings
}

/// The whole part of the square root.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "corrected")]
#[expect(clippy::cast_sign_loss, reason = "positive")]
pub fn isqrt(x: u128) -> u128 {
    if x >> 104 != 0 {
        return x.isqrt();
    }
    // Below 2^52 a root in floating point is off by one at most, and costs a fifth.
    let near = u128::from((x as f64).sqrt() as u64);
    if near * near > x { near - 1 } else { near + u128::from((near + 1) * (near + 1) <= x) }
}

/// log2 of `x` in Q16, towards zero; 0 where `x` is 0.
#[must_use]
pub fn log2(x: u64) -> u64 {
    let Some(whole) = x.checked_ilog2() else { return 0 };
    // Squaring the mantissa shifts one more bit of the logarithm before the point.
    let mut m = (x << (63 - whole)) >> 32;
    let mut out = u64::from(whole);
    for _ in 0..16 {
        m = (m * m) >> 31;
        let carry = m >> 32;
        m >>= carry;
        out = (out << 1) | carry;
    }
    out
}

/// `a * b / c` without overflow for `a`, `b`, `c` below 2^63, towards zero; 0 where `c` is 0.
#[must_use]
pub fn mul_div(a: i64, b: i64, c: i64) -> i64 {
    if c == 0 {
        return 0;
    }
    // A division of 64 bits is a tenth of one of 128, and what is usual fits.
    if let Some(q) = a.checked_mul(b).and_then(|product| product.checked_div(c)) {
        return q;
    }
    let q = i128::from(a) * i128::from(b) / i128::from(c);
    i64::try_from(q).unwrap_or(if q < 0 { i64::MIN } else { i64::MAX })
}

/// `a * b / c` for the largest sums of money and sizes, towards zero; `b` is from 0 to `c`, so that the
/// result is never beyond `a`. 0 where `c` is 0.
#[must_use]
pub fn share_of(a: i128, b: i128, c: i128) -> i128 {
    if let Some(product) = a.checked_mul(b) {
        return product.checked_div(c).unwrap_or(0);
    }
    let (whole, times) = (a.unsigned_abs(), b.unsigned_abs());
    let c = c.unsigned_abs().max(1);
    // Long division of the part of `a` below `c`, bit by bit of `b`: all stays below twice `c`.
    let (mut part, mut over) = (0u128, 0u128);
    for bit in (0..u128::BITS - times.leading_zeros()).rev() {
        (part, over) = (part << 1, over << 1);
        if over >= c {
            (part, over) = (part + 1, over - c);
        }
        if times >> bit & 1 == 1 {
            over += whole % c;
            if over >= c {
                (part, over) = (part + 1, over - c);
            }
        }
    }
    let size = (whole / c).saturating_mul(times).saturating_add(part);
    let size = i128::try_from(size).unwrap_or(i128::MAX);
    if a < 0 { -size } else { size }
}

/// `value` times a Q32 factor not above one.
#[must_use]
pub fn scale(value: i64, factor: u64) -> i64 {
    let v = (i128::from(value) * i128::from(factor.min(Q32))) >> 32;
    i64::try_from(v).unwrap_or(i64::MAX)
}

/// An exponential draw with the given mean, in the mean's unit, from 64 random bits: the inverse
/// of the distribution function. At most 45 means.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "at most 45 means, checked by the clamp")]
#[expect(clippy::cast_precision_loss, reason = "53 random bits are enough")]
pub fn exponential(bits: u64, mean: i64) -> i64 {
    let u = ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    (-det::ln(u) * mean as f64).clamp(0.0, 9.0e18) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "a comparison with a tolerance")]
    fn exp_neg_is_within_four_units() {
        for i in 0..4_000u64 {
            let x = i * 17_179_869;
            let want = det::exp(-(x as f64) / Q32 as f64) * Q32 as f64;
            let got = exp_neg(x) as f64;
            assert!((got - want).abs() <= 4.0, "{i}: {got} {want}");
        }
        assert_eq!(exp_neg(0), Q32);
        assert_eq!(exp_neg(u64::MAX), 0);
    }

    #[test]
    fn roots_are_exact() {
        let mut rng = fastrand::Rng::with_seed(9);
        for bits in 0..128 {
            for _ in 0..200 {
                let root = rng.u128(..) >> (64 + bits / 2);
                let about = [root * root, (root * root).saturating_sub(1), rng.u128(..) >> bits];
                assert_eq!(about.map(isqrt), about.map(u128::isqrt), "{about:?}");
            }
        }
        assert_eq!(isqrt(u128::MAX), u128::from(u64::MAX));
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "a comparison with a tolerance")]
    fn log2_is_right_to_its_last_places() {
        assert_eq!((log2(0), log2(1), log2(2), log2(1 << 40)), (0, 0, 1 << 16, 40 << 16));
        for x in (1..4_000u64).map(|i| i * i * i + i) {
            let want = det::ln(x as f64) / det::ln(2.0) * 65_536.0;
            assert!((log2(x) as f64 - want).abs() < 3.0, "{x}");
        }
    }

    #[test]
    fn exponential_draws_have_their_mean() {
        let mut rng = fastrand::Rng::with_seed(5);
        let n = 200_000;
        let sum: i64 = (0..n).map(|_| exponential(rng.u64(..), 1_000_000)).sum();
        // Four standard errors.
        assert!((sum / n - 1_000_000).abs() < 4 * 1_000_000 / 447, "{}", sum / n);
    }

    #[test]
    fn a_share_of_the_largest_sum_is_exact() {
        // Sizes that are known otherwise: `a = k c + r` has the share `k b + r b / c`.
        let (c, b) = ((1i128 << 90) + 7, (1i128 << 89) + 3);
        for k in [1i128 << 30, 12_345, 0] {
            for r in [0, 1, c / 2, c - 1] {
                let a = k * c + r;
                // `r b / c` by halves: b = c / 2, rounded down, plus 0.
                let part = mul_div_slow(r, b, c);
                assert_eq!(share_of(a, b, c), k * b + part, "{k} {r}");
                assert_eq!(share_of(-a, b, c), -(k * b + part), "{k} {r}");
            }
        }
        assert_eq!(share_of(i128::MAX, 1 << 100, 1 << 100), i128::MAX);
        assert_eq!((share_of(100, 1, 3), share_of(-100, 1, 3), share_of(5, 0, 0)), (33, -33, 0));
    }

    /// By subtraction from the remainder, one doubling of `b` at a time: an independent way.
    fn mul_div_slow(r: i128, b: i128, c: i128) -> i128 {
        if b == 0 {
            return 0;
        }
        let half = mul_div_slow(r, b / 2, c);
        // r (b / 2) = half c + rest; rest is found modulo 2^127, which is enough as it is below c.
        let rest = r.wrapping_mul(b / 2).wrapping_sub(half.wrapping_mul(c));
        let twice = 2 * rest + if b % 2 == 1 { r } else { 0 };
        2 * half + twice / c
    }

    #[test]
    fn ratios_do_not_overflow() {
        assert_eq!(mul_div(i64::MAX, i64::MAX, i64::MAX), i64::MAX);
        assert_eq!(mul_div(7, 3, 0), 0);
        assert_eq!(scale(1_000, Q32 / 2), 500);
    }
}
