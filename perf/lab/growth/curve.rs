//! The answer to one question of growth: costs by n, and the shape they have.
//!
//! In: repetitions of each n. Out: [`Curve`], [`Fit`], [`Shape`]. Cold path.

use std::io;

use serde::{Deserialize, Serialize};

use crate::bench::law::median;
use crate::lab::slope::slope;
use crate::math::det;

/// Exponents below which a cost is flat, and linear.
pub const BOUNDS: (f64, f64) = (0.15, 1.25);
/// The second fit takes the points from the largest n divided by this on.
const END: f64 = 4.0;

/// What costs are measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A print against own orders.
    Orders,
    /// A quote by levels of the ladder.
    Levels,
    /// A message and a tick by coins.
    Coins,
    /// A replay by its frames.
    Replay,
    /// A frame by hours of the run.
    Hours,
    /// A record, and the reading of all, by the size of the journal.
    Journal,
}

impl Subject {
    /// All subjects in order.
    pub const ALL: [Subject; 6] = [
        Subject::Orders,
        Subject::Levels,
        Subject::Coins,
        Subject::Replay,
        Subject::Hours,
        Subject::Journal,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        ["orders", "levels", "coins", "replay", "hours", "journal"][self as usize]
    }

    /// The subject of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Subject> {
        Subject::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// How a cost grows, from the slowest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Not, or hardly.
    Flat,
    /// At most in proportion.
    Linear,
    /// Faster than that.
    #[serde(rename = "more than linear")]
    More,
}

impl Shape {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        ["flat", "linear", "more than linear"][self as usize]
    }
}

/// One n.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// How many.
    pub n: f64,
    /// Median of the repetitions.
    #[serde(rename = "median")]
    pub at: f64,
    /// The lowest of them.
    #[serde(rename = "lowest")]
    pub lo: f64,
    /// The highest of them.
    #[serde(rename = "highest")]
    pub hi: f64,
}

/// Exponents of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Of all points.
    pub all: f64,
    /// Of those within a factor of four of the largest n.
    pub end: f64,
}

impl Fit {
    /// The shape by the larger exponent.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self.all.max(self.end) {
            e if e < BOUNDS.0 => Shape::Flat,
            e if e < BOUNDS.1 => Shape::Linear,
            _ => Shape::More,
        }
    }
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What it belongs to.
    pub subject: Subject,
    /// What was measured.
    pub title: String,
    /// What n counts.
    pub of: String,
    /// Unit of the cost.
    pub unit: String,
    /// The shape it should have at most.
    pub stated: Shape,
    /// By n, ascending.
    pub points: Vec<Point>,
}

impl Curve {
    /// A curve from the repetitions of each n; an n without any is left out.
    pub(super) fn new(
        subject: Subject,
        (title, of, unit): (&str, &str, &str),
        stated: Shape,
        repeated: Vec<(f64, Vec<f64>)>,
    ) -> Curve {
        let point = |(n, mut costs): (f64, Vec<f64>)| {
            let at = median(&mut costs)?;
            Some(Point { n, at, lo: *costs.first()?, hi: *costs.last()? })
        };
        let points = repeated.into_iter().filter_map(point).collect();
        let [title, of, unit] = [title, of, unit].map(str::to_owned);
        Curve { subject, title, of, unit, stated, points }
    }

    /// Its exponents; `None` with fewer than two points whose cost is above 0.
    #[must_use]
    pub fn fit(&self) -> Option<Fit> {
        let usable = self.points.iter().filter(|p| p.n > 0.0 && p.at > 0.0);
        let logs: Vec<(f64, f64)> = usable.map(|p| (det::ln(p.n), det::ln(p.at))).collect();
        let from = logs.last()?.0 - det::ln(END) - 1e-9;
        let end: Vec<_> = logs.iter().copied().filter(|p| p.0 >= from).collect();
        let all = slope(&logs)?;
        Some(Fit { all, end: slope(&end).unwrap_or(all) })
    }
}

/// Called after each of [`super::steps`] parts of the work; an error ends it.
pub type Step<'a> = dyn FnMut() -> io::Result<()> + 'a;

/// An n, and nothing measured for it yet.
pub(super) fn each(n: &[u32]) -> Vec<(f64, Vec<f64>)> {
    n.iter().map(|n| (f64::from(*n), Vec::new())).collect()
}

/// Time over a count of things.
#[expect(clippy::cast_precision_loss, reason = "times and counts of a measurement")]
pub(super) fn each_ns(ns: u64, count: u64) -> f64 {
    ns as f64 / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(n: &[u32], cost: impl Fn(f64) -> f64) -> Fit {
        let at = |n: &u32| (f64::from(*n), vec![cost(f64::from(*n))]);
        let names = ("x", "things", "ns");
        let c = Curve::new(Subject::Orders, names, Shape::Flat, n.iter().map(at).collect());
        c.fit().expect("two points")
    }

    const N: [u32; 8] = [1, 2, 5, 10, 20, 50, 100, 200];

    #[test]
    fn the_shape_is_that_of_the_law() {
        // Up to four percent of noise, the same each time.
        let noise = |n: f64| 1.0 + 0.04 * ((n * 7.3).fract() - 0.5);
        for (law, shape) in [
            ((|_| 80.0) as fn(f64) -> f64, Shape::Flat),
            (|n| 400.0 / n, Shape::Flat),
            (|n| 3.0 * n, Shape::Linear),
            (|n| 60.0 + 5.0 * n, Shape::Linear),
            (|n| 9.0 * n * n, Shape::More),
            (|n| n * n * n.sqrt(), Shape::More),
        ] {
            let fit = curve(&N, |n| law(n) * noise(n));
            assert_eq!(fit.shape(), shape, "{fit:?} of 4 things cost {}", law(4.0));
        }
    }

    #[test]
    fn growth_behind_a_fixed_cost_shows_at_the_end_first() {
        let fit = curve(&N, |n| 500.0 + n * n);
        assert!(fit.all < BOUNDS.1 && fit.end > BOUNDS.1, "{fit:?}");
        assert_eq!(fit.shape(), Shape::More);
    }

    #[test]
    fn points_are_medians_with_their_range() {
        let repeated = vec![(1.0, vec![5.0, 9.0, 1.0]), (2.0, vec![]), (4.0, vec![2.0])];
        let c = Curve::new(Subject::Levels, ("x", "y", "z"), Shape::Flat, repeated);
        assert_eq!(c.points[0], Point { n: 1.0, at: 5.0, lo: 1.0, hi: 9.0 });
        assert_eq!(c.points.len(), 2, "nothing was measured at 2");
        assert_eq!(Curve { points: Vec::new(), ..c }.fit(), None);
    }
}
