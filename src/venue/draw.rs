//! Seeded draws: exponential, normal, Poisson, and streams of them by name.
//!
//! In: a seed, a name. Out: numbers, the same on every machine. Cold path.
//!
//! 1. Transcendental functions come from `math::det` only.
//! 2. Streams of different names or numbers do not depend on how often the others are drawn from.

use fastrand::Rng;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::math::det;

/// The stream `number` of `name` under `seed`.
pub fn stream(seed: u64, name: &str, number: u64) -> Rng {
    Rng::with_seed(xxh3_64_with_seed(name.as_bytes(), seed.wrapping_add(number << 32)))
}

/// Uniform in (0, 1].
pub fn unit(rng: &mut Rng) -> f64 {
    1.0 - rng.f64()
}

/// Exponential of the given mean (>= 0).
pub fn exponential(rng: &mut Rng, mean: f64) -> f64 {
    -mean * det::ln(unit(rng))
}

/// Standard normal, by the polar method (Marsaglia and Bray 1964).
pub fn normal(rng: &mut Rng) -> f64 {
    loop {
        let (u, v) = (2.0 * rng.f64() - 1.0, 2.0 * rng.f64() - 1.0);
        let s = u * u + v * v;
        if s > 0.0 && s < 1.0 {
            return u * (-2.0 * det::ln(s) / s).sqrt();
        }
    }
}

/// Poisson of the given mean, exact: products of uniforms, in pieces so that they stay above zero.
pub fn poisson(rng: &mut Rng, mean: f64) -> u32 {
    let (mut left, mut count) = (mean, 0);
    while left > 0.0 {
        let piece = left.min(16.0);
        left -= piece;
        let floor = det::exp(-piece);
        let mut product = unit(rng);
        while product > floor {
            product *= unit(rng);
            count += 1;
        }
    }
    count
}

/// The largest integer at or below `x`, saturating; 0 for a NaN.
#[expect(clippy::cast_possible_truncation, reason = "saturates by definition of `as`")]
pub fn floor(x: f64) -> i64 {
    x.floor() as i64
}

/// An integer as a float; exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "the simulator's integers stay below 2^53")]
pub fn float(x: i64) -> f64 {
    x as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(mut f: impl FnMut() -> f64) -> (f64, f64) {
        let n = 100_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let x = f();
            sum += x;
            squares += x * x;
        }
        let mean = sum / f64::from(n);
        (mean, squares / f64::from(n) - mean * mean)
    }

    #[test]
    fn means_and_variances() {
        let mut rng = stream(1, "draw", 0);
        for (what, (mean, var), want_mean, want_var) in [
            ("exponential", moments(|| exponential(&mut rng, 3.0)), 3.0, 9.0),
            ("normal", moments(|| normal(&mut rng)), 0.0, 1.0),
            ("poisson", moments(|| f64::from(poisson(&mut rng, 2.5))), 2.5, 2.5),
            ("poisson in pieces", moments(|| f64::from(poisson(&mut rng, 40.0))), 40.0, 40.0),
        ] {
            let se: f64 = (want_var / 1e5f64).sqrt();
            assert!((mean - want_mean).abs() < 4.5 * se, "{what}: mean {mean}");
            assert!((var / want_var - 1.0).abs() < 0.06, "{what}: variance {var}");
        }
        assert_eq!(poisson(&mut rng, 0.0), 0);
    }

    #[test]
    fn streams_differ_by_name_number_and_seed() {
        let first = |s, n, k| stream(s, n, k).u64(..);
        assert_eq!(first(1, "BTC", 0), first(1, "BTC", 0));
        for other in [first(2, "BTC", 0), first(1, "ETH", 0), first(1, "BTC", 1)] {
            assert_ne!(first(1, "BTC", 0), other);
        }
    }
}
