//! Exponentially forgotten sums, and the mean they make.
//!
//! In: values with elapsed time. Out: weight and mean. Hot path: no allocation.
//!
//! 1. Weights are at most 1 and decay with elapsed time, so the mean is a plain mean while the
//!    data is younger than the memory and an exponential one after it.

use serde::{Deserialize, Serialize};

use super::det;

/// A mean with exponential forgetting in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ewma {
    weight: f64,
    sum: f64,
}

impl Ewma {
    /// Lets `dt_s` (>= 0) seconds pass with memory `tau_s` (> 0) seconds.
    pub fn decay(&mut self, dt_s: f64, tau_s: f64) {
        if dt_s > 0.0 {
            self.scale(det::exp(-dt_s / tau_s));
        }
    }

    /// Multiplies the weight of all that was seen by `keep` in [0, 1].
    pub fn scale(&mut self, keep: f64) {
        self.weight *= keep;
        self.sum *= keep;
    }

    /// Adds a value with a weight (>= 0).
    pub fn add(&mut self, x: f64, weight: f64) {
        self.weight += weight;
        self.sum += weight * x;
    }

    /// Mean shrunk to `prior` held with `strength` (>= 0) pseudo-values; `prior` without data.
    pub fn mean(&self, prior: f64, strength: f64) -> f64 {
        let n = self.weight + strength;
        if n > 0.0 { (self.sum + strength * prior) / n } else { prior }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_mean_first_and_forgetting_later() {
        let mut e = Ewma::default();
        assert!((e.mean(3.0, 0.0) - 3.0).abs() < 1e-15);
        e.add(1.0, 1.0);
        e.add(2.0, 1.0);
        assert!((e.mean(0.0, 0.0) - 1.5).abs() < 1e-15);
        e.decay(1e9, 10.0);
        e.add(7.0, 1.0);
        assert!((e.mean(0.0, 0.0) - 7.0).abs() < 1e-12);
        assert!((e.mean(1.0, 1.0) - 4.0).abs() < 1e-12);
    }
}
