//! Figures with their errors, from stretches of time.
//!
//! In: sums by stretch. Out: means, ratios, roots with 95 % intervals. Cold path.

use serde::Serialize;

use crate::math::beta;
use crate::units::Ns;

/// Length of a stretch: one observation.
pub const STRETCH_NS: i64 = 10 * Ns::MINUTE;

/// A figure and the half-width of its 95 % interval; null where nothing was seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Half-width.
    pub ci95: f64,
}

impl Estimate {
    /// The figure times `by`.
    pub fn times(self, by: f64) -> Estimate {
        Estimate { value: self.value * by, ci95: self.ci95 * by.abs() }
    }

    /// The root of the figure, its error by the slope there.
    pub fn root(self) -> Estimate {
        let value = self.value.sqrt();
        Estimate { value, ci95: self.ci95 / 2.0 / value }
    }
}

/// The sum of the first over the sum of the second, each pair a stretch.
pub fn ratio(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Estimate {
    let (mut n, mut above, mut below) = (0.0, 0.0, 0.0);
    // Stretches in which there was nothing to count are no observations.
    for (a, b) in pairs.clone().filter(|(_, b)| *b > 0.0) {
        (n, above, below) = (n + 1.0, above + a, below + b);
    }
    let value = above / below;
    let squares: f64 = pairs.map(|(a, b)| (a - value * b) * (a - value * b)).sum();
    let error = (n / (n - 1.0) * squares).sqrt() / below;
    let t = if n > 1.0 { beta::student(0.975, n - 1.0) } else { f64::NAN };
    Estimate { value, ci95: t * error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::counter::Draws;

    /// Intervals of ratios of unequal, dependent sums hold in about 95 of 100 cases; errors that take each
    /// single event for an observation do not.
    #[test]
    fn intervals_cover_what_they_promise() {
        let (mut hits, mut naive, cases) = (0, 0, 400);
        for case in 0..cases {
            let mut draws = Draws::of(5, 1, case, 0);
            let pairs: Vec<(f64, f64)> = (0..40)
                .map(|_| {
                    // Events come in bursts that share what happens to them.
                    let bursts = draws.poisson(6.0);
                    let all = (0..bursts).map(|_| (3.0 + draws.normal() * 2.0, 8.0));
                    all.fold((0.0, 0.0), |s, (x, n)| (s.0 + x * n, s.1 + n))
                })
                .collect();
            let e = ratio(pairs.iter().copied());
            hits += i32::from((e.value - 3.0).abs() <= e.ci95);
            let events: f64 = pairs.iter().map(|p| p.1).sum();
            naive += i32::from((e.value - 3.0).abs() <= 1.96 * 2.0 / events.sqrt());
        }
        assert!((365..=397).contains(&hits), "{hits} of {cases}");
        assert!(naive < 280, "control: {naive} of {cases} by single events");
    }
}
