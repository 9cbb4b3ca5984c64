//! Draws by name: each follows from a key and from whose draw it is, not from how many came before.
//!
//! In: a key, a purpose, who, when. Out: uniform, normal, exponential, Poisson, Student numbers, the
//! same on every machine. Cold path.
//!
//! 1. A row of draws is SplitMix64 (Steele, Lea and Flood 2014) from a hash of its name: rows do not
//!    depend on each other, nor on the order in which they are asked for.

use super::det;
use super::seed::mix;

/// Step of the counter: the golden ratio in 64 bits.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A row of draws.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    at: u64,
}

impl Draws {
    /// The row of one purpose, of one that draws, at one time.
    pub fn of(key: u64, purpose: u64, who: u64, when: u64) -> Draws {
        let at = [purpose, who, when].iter().fold(mix(key), |sum, part| mix(sum ^ part));
        Draws { at }
    }

    /// 64 even bits.
    pub fn bits(&mut self) -> u64 {
        self.at = self.at.wrapping_add(STEP);
        mix(self.at)
    }

    /// Uniform on the open interval (0, 1).
    pub fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Uniform below `n`; 0 for `n` = 0.
    pub fn below(&mut self, n: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(n);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// True if an event of this rate happens within `dt`.
    pub fn event(&mut self, rate_dt: f64) -> bool {
        rate_dt > 0.0 && self.unit() < -det::exp_m1(-rate_dt)
    }

    /// Exponential of the given mean (>= 0).
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * det::ln(self.unit())
    }

    /// Standard normal, by the polar method (Marsaglia and Bray 1964).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * det::ln(s) / s).sqrt();
            }
        }
    }

    /// Log-normal: its median, the spread of its logarithm.
    pub fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        median * det::exp(spread * self.normal())
    }

    /// Pareto from 1 on: P(X > x) = x^-a.
    pub fn pareto(&mut self, a: f64) -> f64 {
        det::pow(self.unit(), -1.0 / a)
    }

    /// Student's t with `nu` degrees of freedom, by Bailey's polar method (1994).
    pub fn student(&mut self, nu: f64) -> f64 {
        loop {
            let (u, v) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (nu * (det::pow(s, -2.0 / nu) - 1.0) / s).sqrt();
            }
        }
    }

    /// Poisson of the given mean, by products of uniforms; exact for means up to some hundreds.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        let floor = det::exp(-mean);
        let (mut product, mut count) = (self.unit(), 0);
        while product > floor {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(mut f: impl FnMut(&mut Draws) -> f64) -> (f64, f64) {
        let n = 100_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for i in 0..n {
            let x = f(&mut Draws::of(7, 1, i, 3));
            sum += x;
            squares += x * x;
        }
        let mean = sum / n as f64;
        (mean, squares / n as f64 - mean * mean)
    }

    #[test]
    fn means_and_variances_of_rows_that_are_used_once() {
        for (what, (mean, var), want_mean, want_var) in [
            ("unit", moments(Draws::unit), 0.5, 1.0 / 12.0),
            ("exponential", moments(|d| d.exponential(3.0)), 3.0, 9.0),
            ("normal", moments(Draws::normal), 0.0, 1.0),
            ("poisson", moments(|d| f64::from(d.poisson(2.5))), 2.5, 2.5),
            ("student", moments(|d| d.student(9.0)), 0.0, 9.0 / 7.0),
            ("below", moments(|d| d.below(6) as f64), 2.5, 35.0 / 12.0),
            ("pareto", moments(|d| d.pareto(6.0)), 1.2, 0.06),
            ("event", moments(|d| f64::from(u8::from(d.event(0.2)))), 0.181_27, 0.148_41),
        ] {
            let se: f64 = (want_var / 1e5f64).sqrt();
            assert!((mean - want_mean).abs() < 4.5 * se, "{what}: mean {mean}");
            assert!((var / want_var - 1.0).abs() < 0.08, "{what}: variance {var}");
        }
    }

    #[test]
    fn a_row_is_of_its_name_alone() {
        let first = |k, p, a, t| Draws::of(k, p, a, t).bits();
        assert_eq!(first(1, 2, 3, 4), first(1, 2, 3, 4));
        let all = [first(1, 2, 3, 4), first(2, 2, 3, 4), first(1, 3, 3, 4), first(1, 2, 4, 4)];
        let more = [first(1, 2, 4, 3), first(1, 2, 3, 5), first(2, 1, 3, 4), first(4, 3, 2, 1)];
        let mut seen: Vec<u64> = all.into_iter().chain(more).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 8);
    }
}
