//! Order statistics and moments of rows of numbers.
//!
//! In: slices of floats. Out: floats; NaN where there is nothing to sum up. Cold path.

use std::collections::BTreeMap;

use crate::math::det;

/// The largest whole number at or below `x`, as an index: 0 for what is negative or no number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates at zero")]
pub(super) fn index(x: f64) -> usize {
    x as usize
}

/// Mean; NaN of none.
pub(super) fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// Standard deviation about the mean, over `n - less`.
pub(super) fn deviation(x: &[f64], less: usize) -> f64 {
    let m = mean(x);
    let squares: f64 = x.iter().map(|v| (v - m) * (v - m)).sum();
    (squares / (x.len() - less.min(x.len())) as f64).sqrt()
}

/// The share of the values for which it holds.
pub(super) fn share<T>(of: &[T], holds: impl Fn(&T) -> bool) -> f64 {
    of.iter().filter(|v| holds(v)).count() as f64 / of.len() as f64
}

/// Sorts the values, smallest first.
pub(super) fn sorted(mut x: Vec<f64>) -> Vec<f64> {
    x.sort_by(f64::total_cmp);
    x
}

/// The quantile `q` in 0..=1 of sorted values, between two of them in proportion.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = q * last as f64;
    let i = index(at);
    let next = sorted[(i + 1).min(last)];
    sorted[i] + (next - sorted[i]) * (at - i as f64)
}

/// The quantiles of values by weight: the first value at which the weights so far reach the share.
pub(super) fn weighted<const N: usize>(mut x: Vec<(f64, f64)>, q: [f64; N]) -> [f64; N] {
    x.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = x.iter().map(|v| v.1).sum();
    q.map(|q| {
        let mut sum = 0.0;
        let reached = x.iter().find(|v| {
            sum += v.1;
            sum / total >= q
        });
        reached.or(x.last()).map_or(f64::NAN, |v| v.0)
    })
}

/// Correlation of pairs.
pub(super) fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (a, b) = (mean(|p| p.0), mean(|p| p.1));
    let sum =
        |of: &dyn Fn(f64, f64) -> f64| -> f64 { pairs.iter().map(|p| of(p.0 - a, p.1 - b)).sum() };
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

/// The move from one price to another, bps.
pub(super) fn bps(from: f64, to: f64) -> f64 {
    det::ln(to / from) * 1e4
}

/// Counts of durations in tenths of a millisecond: bounded by their range, not by their number.
#[derive(Clone, Debug, Default)]
pub(super) struct Durations {
    counts: BTreeMap<i64, u64>,
    n: u64,
}

/// A step, ns.
const STEP: i64 = 100_000;

impl Durations {
    /// Counts a duration, ns.
    pub(super) fn take(&mut self, ns: i64) {
        *self.counts.entry(ns.div_euclid(STEP)).or_default() += 1;
        self.n += 1;
    }

    /// How many there were.
    pub(super) fn len(&self) -> u64 {
        self.n
    }

    /// The quantile `q` in ms, to a tenth; NaN of none.
    pub(super) fn quantile_ms(&self, q: f64) -> f64 {
        let want = index(q * self.n.saturating_sub(1) as f64 + 0.5) as u64;
        let mut below = 0;
        let found = self.counts.iter().find(|(_, n)| {
            below += **n;
            below > want
        });
        found.map_or(f64::NAN, |(step, _)| *step as f64 / 10.0)
    }

    /// The mean in ms.
    pub(super) fn mean_ms(&self) -> f64 {
        let sum: f64 = self.counts.iter().map(|(step, n)| *step as f64 * *n as f64).sum();
        sum / self.n as f64 / 10.0
    }

    /// How many were longer than `ns`.
    pub(super) fn above(&self, ns: i64) -> u64 {
        self.counts.range(ns / STEP + 1..).map(|(_, n)| n).sum()
    }
}
