//! From values to places in a drawing, and the round numbers beside it.
//!
//! In: a range. Out: integers 0..=[`SPAN`], ticks. Cold path.

use crate::math::det;

/// Height of every drawing in its own units, top 0.
pub const SPAN: f64 = 10_000.0;

/// A vertical scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Value at the bottom.
    pub lo: f64,
    /// Value at the top.
    pub hi: f64,
    /// Whether equal ratios are equally far apart.
    pub log: bool,
}

impl Scale {
    /// A scale that holds all ranges with some air; never without height. `None` where all is zero.
    pub fn over(ranges: impl IntoIterator<Item = (f64, f64)>) -> Option<Scale> {
        let all = ranges.into_iter().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        let (lo, hi) = all;
        if lo == 0.0 && hi == 0.0 {
            return None;
        }
        let air = if hi > lo { (hi - lo) * 0.04 } else { (hi.abs() * 0.01).max(1e-9) };
        Some(Scale { lo: lo - air, hi: hi + air, log: false })
    }

    /// As [`Scale::over`], in equal ratios; values that are not positive are left out.
    pub fn log_over(ranges: impl IntoIterator<Item = (f64, f64)>) -> Option<Scale> {
        let ranges = ranges.into_iter().filter(|r| r.1 > 0.0);
        let (lo, hi) = ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        // Three decades at most: an interval that begins near zero must not flatten the rest.
        let lo = lo.max(hi / 1_000.0);
        Some(Scale { lo: lo / 1.1, hi: hi * 1.1, log: true })
    }

    /// From `lo` to `hi` as they are.
    pub fn fixed(lo: f64, hi: f64) -> Scale {
        Scale { lo, hi, log: false }
    }

    /// Height of a value from the bottom, 0 to 1 within the range.
    pub fn share(&self, v: f64) -> f64 {
        if self.log {
            let v = v.max(self.lo);
            det::ln(v / self.lo) / det::ln(self.hi / self.lo)
        } else {
            (v - self.lo) / (self.hi - self.lo)
        }
    }

    /// Place of a value in the drawing.
    #[expect(clippy::cast_possible_truncation, reason = "clamped")]
    pub fn y(&self, v: f64) -> i64 {
        ((1.0 - self.share(v)) * SPAN).round().clamp(-SPAN, 2.0 * SPAN) as i64
    }

    /// Round values within the range, about `n`, and the decimals they need.
    pub fn ticks(&self, n: f64) -> (Vec<f64>, usize) {
        if self.log {
            return self.log_ticks();
        }
        // Two labels at least: one says nothing of the scale.
        let finer = [1.0, 0.5, 0.25, 0.1].map(|by| nice((self.hi - self.lo) / n * by));
        let inside = |s: &f64| (self.hi / s).floor() - (self.lo / s).ceil() >= 1.0;
        let step = finer.into_iter().find(inside).unwrap_or(finer[3]);
        let decimals = decimals_of(step);
        let first = (self.lo / step).ceil();
        let mut out = Vec::new();
        let mut i = 0.0;
        while (first + i) * step <= self.hi && out.len() < 20 {
            out.push((first + i) * step);
            i += 1.0;
        }
        (out, decimals)
    }

    fn log_ticks(&self) -> (Vec<f64>, usize) {
        let mut out = Vec::new();
        for v in (-12..=15).flat_map(|e| [1.0, 2.0, 5.0].map(|m| decade(m, e))) {
            out.extend(Some(v).filter(|v| (self.lo..=self.hi).contains(v)));
        }
        if out.len() > 6 {
            out = out.into_iter().step_by(2).collect();
        }
        let least = out.iter().copied().fold(f64::INFINITY, f64::min);
        (out, decimals_of(least))
    }
}

/// 1, 2 or 5 times a power of ten, at least about `x`.
pub fn nice(x: f64) -> f64 {
    let steps = (-12..=15).flat_map(|e| [1.0, 2.0, 5.0].map(|m| decade(m, e)));
    steps.into_iter().find(|s| *s >= x * (1.0 - 1e-9)).unwrap_or(x)
}

/// `m` times ten to the `e`, rounded once.
fn decade(m: f64, e: i32) -> f64 {
    let mut p = 1.0f64;
    for _ in 0..e.abs() {
        p *= 10.0;
    }
    if e < 0 { m / p } else { m * p }
}

fn decimals_of(step: f64) -> usize {
    let mut d = 0;
    let mut s = step;
    while s < 0.999 && d < 9 {
        s *= 10.0;
        d += 1;
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_ticks() {
        let s = Scale::fixed(0.0, 10.0);
        assert_eq!((s.y(0.0), s.y(10.0), s.y(2.5)), (10_000, 0, 7_500));
        let (ticks, decimals) = s.ticks(5.0);
        assert_eq!((ticks, decimals), (vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0], 0));
        let s = Scale::log_over([(1_000.0, 9_000.0)]).expect("a scale");
        assert_eq!(s.ticks(5.0).0, vec![1_000.0, 2_000.0, 5_000.0]);
        assert!((s.share(3_000.0) - 0.5).abs() < 1e-9);
        let flat = Scale::over([(5.0, 5.0)]).expect("a scale");
        assert!(flat.hi > flat.lo);
        assert_eq!(Scale::over([]), None);
    }
}
