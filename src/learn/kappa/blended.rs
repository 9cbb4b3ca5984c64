//! One kappa from several beliefs, weighted by precision in the logarithm.
//!
//! In: beliefs of kappa. Out: one belief. Hot path at 1 Hz: pure.
//!
//! 1. The tape quotes by default; a blend is a choice of the configuration, for comparison. With a
//!    running tape the precision weights come to the same thing.
//! 2. A belief without data has no weight.

use super::tape::Gamma;
use crate::math::{det, gamma, normal};

/// A belief of kappa per bps: log-normal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Belief {
    /// Centre, per bps.
    pub kappa: f64,
    /// Standard deviation of ln kappa.
    pub ln_sd: f64,
    /// Effective observations.
    pub n: f64,
}

impl Belief {
    /// From a gamma posterior with `n` effective observations.
    #[must_use]
    pub fn of(g: Gamma, n: f64) -> Belief {
        Belief { kappa: g.mean(), ln_sd: 1.0 / g.shape.sqrt(), n }
    }

    /// From mean and standard deviation; `None` where kappa may be zero or below.
    #[must_use]
    pub fn normal((mean, sd): (f64, f64), n: f64) -> Option<Belief> {
        (mean > 0.0 && sd < mean).then(|| Belief { kappa: mean, ln_sd: sd / mean, n })
    }

    /// The gamma law of the same mean and relative error.
    #[must_use]
    pub fn gamma(self) -> Gamma {
        let shape = 1.0 / (self.ln_sd * self.ln_sd);
        Gamma { shape, rate: shape / self.kappa }
    }

    /// Mean and 95 % interval.
    #[must_use]
    pub fn interval95(self) -> [f64; 3] {
        let factor = det::exp(normal::Z_975 * self.ln_sd);
        [self.kappa, self.kappa / factor, self.kappa * factor]
    }
}

/// Mean and 95 % interval of a gamma law, per unit of relative price instead of per bps.
#[must_use]
pub fn per_unit(g: Gamma) -> [f64; 3] {
    gamma::interval95(g.shape, g.rate).map(|x| x * 1e4)
}

/// The precision-weighted belief; `None` of none.
#[must_use]
pub fn blend(parts: &[Option<Belief>]) -> Option<Belief> {
    let (mut w, mut s, mut n) = (0.0, 0.0, 0.0);
    for b in parts.iter().flatten() {
        if b.kappa > 0.0 && b.ln_sd > 0.0 {
            let precision = 1.0 / (b.ln_sd * b.ln_sd);
            w += precision;
            s += precision * det::ln(b.kappa);
            n += b.n;
        }
    }
    (w > 0.0).then(|| Belief { kappa: det::exp(s / w), ln_sd: 1.0 / w.sqrt(), n })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_precise_one_carries_the_blend() {
        let tape = Belief::of(Gamma { shape: 400.0, rate: 800.0 }, 400.0);
        let book = Belief { kappa: 2.0, ln_sd: 0.7, n: 500.0 };
        let b = blend(&[Some(tape), None, Some(book)]).expect("beliefs");
        assert!((b.kappa / tape.kappa - 1.0).abs() < 0.01, "{b:?}");
        assert!(b.ln_sd < tape.ln_sd);
        let even = blend(&[Some(Belief { kappa: 0.5, ln_sd: 0.7, n: 0.0 }), Some(book)]);
        assert!((even.expect("two").kappa - 1.0).abs() < 1e-9, "the geometric mean");
        assert!(blend(&[None, None]).is_none());
    }
}
