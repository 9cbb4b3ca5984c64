//! Seeded draws for statistical tests: exponential, normal, gamma, Poisson. Tests only.
//!
//! In: a seed. Out: draws. Cold path: never compiled into the product.

use super::{det, normal};

/// A seeded source of draws.
#[derive(Debug)]
pub struct Draw(fastrand::Rng);

impl Draw {
    /// A source with the given seed.
    pub fn new(seed: u64) -> Draw {
        Draw(fastrand::Rng::with_seed(seed))
    }

    /// Uniform on the open interval (0, 1).
    pub fn unit(&mut self) -> f64 {
        loop {
            let u = self.0.f64();
            if u > 0.0 {
                return u;
            }
        }
    }

    /// Uniform index below `n` (> 0).
    pub fn below(&mut self, n: usize) -> usize {
        self.0.usize(0..n)
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Exponential with the given rate (> 0).
    pub fn exp(&mut self, rate: f64) -> f64 {
        -det::ln(self.unit()) / rate
    }

    /// Standard normal, by inversion.
    pub fn normal(&mut self) -> f64 {
        normal::quantile(self.unit())
    }

    /// Gamma with shape `a` (> 0) and rate 1 (Marsaglia and Tsang 2000).
    pub fn gamma(&mut self, a: f64) -> f64 {
        if a < 1.0 {
            let boost = det::pow(self.unit(), 1.0 / a);
            return self.gamma(a + 1.0) * boost;
        }
        let d = a - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
            if v > 0.0 && det::ln(self.unit()) < 0.5 * x * x + d - d * v + d * det::ln(v) {
                return d * v;
            }
        }
    }

    /// Student's t with `nu` degrees of freedom.
    pub fn student(&mut self, nu: f64) -> f64 {
        let z = self.normal();
        z / (2.0 * self.gamma(nu / 2.0) / nu).sqrt()
    }

    /// Poisson with the given mean, by counting exponential gaps in chunks.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let mut left = mean;
        let mut n = 0;
        loop {
            left -= self.exp(1.0);
            if left < 0.0 {
                return n;
            }
            n += 1;
        }
    }
}

/// Kolmogorov-Smirnov distance of `x` (sorted in place) from the uniform law, times sqrt(n).
pub fn ks_uniform(x: &mut [f64]) -> f64 {
    x.sort_by(f64::total_cmp);
    let n = x.len() as f64;
    let d = x.iter().enumerate().fold(0.0f64, |d, (i, u)| {
        let i = i as f64;
        d.max((u - i / n).abs()).max(((i + 1.0) / n - u).abs())
    });
    d * n.sqrt()
}

/// P-value of a chi-squared test that the `u` are uniform over `bins` equal bins.
pub fn uniform_p(u: &[f64], bins: usize) -> f64 {
    let mut count = vec![0.0f64; bins];
    for x in u {
        let at = (x * bins as f64).floor().clamp(0.0, bins as f64 - 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let at = at as usize;
        count[at] += 1.0;
    }
    let want = u.len() as f64 / bins as f64;
    let chi: f64 = count.iter().map(|c| (c - want) * (c - want) / want).sum();
    1.0 - super::gamma::lower((bins - 1) as f64 / 2.0, chi / 2.0)
}
