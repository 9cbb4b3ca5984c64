//! Intervals: how far a figure of this run would scatter over runs like it.
//!
//! In: sums by block of time. Out: 95 % intervals. Cold path.
//!
//! 1. Blocks are stretches of equal length, at least [`BLOCK_NS`] and so many times longer than the
//!    horizon that links neighbouring fills; they are resampled whole, sums and counts together.
//! 2. The percentile interval is widened by t(G-1)/1.96 x sqrt(G/(G-1)) for G blocks, since few
//!    blocks make it too narrow (Hesterberg, "What teachers should know about the bootstrap", 2015).
//! 3. Fewer than [`BLOCKS_MIN`] blocks give no interval. The seed is fixed: same run, same interval.

use serde::{Deserialize, Serialize};

use crate::math::beta;
use crate::units::Ns;

/// Shortest block.
pub const BLOCK_NS: i64 = 30 * Ns::SEC;
/// Most blocks; a longer run has longer ones.
const BLOCKS_MAX: i64 = 120;
/// Fewest blocks that give an interval.
pub const BLOCKS_MIN: usize = 10;
/// Resamples.
pub const RESAMPLES: usize = 2_000;
const SEED: u64 = 20_150_401;

/// A figure and its 95 % interval, where there are blocks enough for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The figure.
    pub value: f64,
    /// Lower end.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
}

impl Interval {
    /// A figure alone.
    pub fn one(value: f64) -> Interval {
        Interval { value, lo: None, hi: None }
    }

    /// For people, with four decimals.
    pub fn text(&self) -> String {
        let ends = self.lo.zip(self.hi).map(|(lo, hi)| format!(" [{lo:+.4}, {hi:+.4}]"));
        format!("{:+.4}{}", self.value, ends.unwrap_or_default())
    }

    /// All of it so many times.
    pub fn times(&self, by: f64) -> Interval {
        let end = |x: Option<f64>| x.map(|x| x * by);
        Interval { value: self.value * by, lo: end(self.lo), hi: end(self.hi) }
    }
}

/// A run cut into blocks of equal length, times without a link left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    ends: Vec<Ns>,
    /// Length of a block, ns.
    pub width_ns: i64,
    /// How many.
    pub count: usize,
}

/// Time from `start` to `end` outside `holes`, ns.
pub fn seen_ns(start: Ns, end: Ns, holes: &[(Ns, Ns)]) -> i64 {
    end.since(start) - holes.iter().map(|(from, to)| to.since(*from)).sum::<i64>()
}

impl Blocks {
    /// Blocks of the run from `start` to `end`; `holes` are in order.
    pub fn of(start: Ns, end: Ns, holes: &[(Ns, Ns)]) -> Blocks {
        let length = seen_ns(start, end, holes).max(1);
        let count = (length / BLOCK_NS).clamp(1, BLOCKS_MAX);
        Blocks::wide((start, end), holes, (length + count - 1) / count)
    }

    /// Blocks of a given length; the last one may be shorter.
    pub fn wide((start, end): (Ns, Ns), holes: &[(Ns, Ns)], width_ns: i64) -> Blocks {
        let width_ns = width_ns.max(1);
        let (mut ends, mut at, mut left) = (Vec::new(), start, width_ns);
        for (from, to) in holes.iter().chain([&(end, end)]) {
            while at.plus(left) < *from {
                at = at.plus(left);
                ends.push(at);
                left = width_ns;
            }
            left -= from.since(at);
            at = *to;
        }
        // What happens at the very end is of the last one.
        ends.push(end.plus(1));
        Blocks { count: ends.len(), ends, width_ns }
    }

    /// The block of a time.
    pub fn index(&self, at: Ns) -> usize {
        self.ends.partition_point(|end| *end <= at).min(self.count - 1)
    }

    /// The end of block `i`.
    pub fn end(&self, i: usize) -> Ns {
        self.ends[i]
    }

    /// Sums of `K` quantities by block.
    pub fn sums<const K: usize>(
        &self,
        items: impl IntoIterator<Item = (Ns, [f64; K])>,
    ) -> Vec<[f64; K]> {
        let mut out = vec![[0.0; K]; self.count];
        for (at, x) in items {
            add(&mut out[self.index(at)], &x);
        }
        out
    }
}

fn add<const K: usize>(to: &mut [f64; K], x: &[f64; K]) {
    for (t, x) in to.iter_mut().zip(x) {
        *t += x;
    }
}

/// The statistic of the whole and its interval; `None` where the whole has none.
pub fn bootstrap<const K: usize>(
    blocks: &[[f64; K]],
    stat: impl Fn(&[f64; K]) -> Option<f64>,
) -> Option<Interval> {
    let mut whole = [0.0; K];
    for b in blocks {
        add(&mut whole, b);
    }
    let value = stat(&whole).filter(|v| v.is_finite())?;
    let mut out = Interval::one(value);
    let g = blocks.len();
    let busy = blocks.iter().filter(|b| b.iter().any(|x| *x != 0.0)).count();
    if !enough(g, busy) {
        return Some(out);
    }
    let mut rng = fastrand::Rng::with_seed(SEED);
    let mut drawn: Vec<f64> = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let mut sum = [0.0; K];
        for _ in 0..g {
            add(&mut sum, &blocks[rng.usize(0..g)]);
        }
        drawn.extend(stat(&sum).filter(|v| v.is_finite()));
    }
    if drawn.len() >= RESAMPLES * 9 / 10 {
        out = ends(value, &mut drawn, g);
    }
    Some(out)
}

/// Whether blocks, so many with something in them, give an interval: three busy ones do not.
pub(super) fn enough(blocks: usize, busy: usize) -> bool {
    blocks >= BLOCKS_MIN && busy >= BLOCKS_MIN / 2
}

/// The interval of a figure from resampled ones of so many blocks.
pub(super) fn ends(value: f64, drawn: &mut [f64], blocks: usize) -> Interval {
    drawn.sort_unstable_by(f64::total_cmp);
    let n = float(blocks);
    let wider = t975(blocks - 1) / 1.96 * (n / (n - 1.0)).sqrt();
    let end = |q| Some(value + wider * (quantile(drawn, q) - value));
    Interval { value, lo: end(0.025), hi: end(0.975) }
}

/// An interval over time that holds the spread of seeds, too: `interval` is one seed's.
pub fn with_seeds(interval: Interval, seeds: &[f64]) -> Interval {
    out_by(interval, seeds_half(seeds))
}

/// Half the 95 % interval of one more seed like these, by Student's t; 0 of a single one.
pub(super) fn seeds_half(seeds: &[f64]) -> f64 {
    if seeds.len() < 2 {
        return 0.0;
    }
    let n = float(seeds.len());
    let mean = seeds.iter().sum::<f64>() / n;
    let variance = seeds.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    beta::student(0.975, n - 1.0) * variance.sqrt()
}

/// An interval whose ends are moved out by `half`, in quadrature.
pub(super) fn out_by(i: Interval, half: f64) -> Interval {
    let lo = i.lo.map(|lo| i.value - (i.value - lo).hypot(half));
    let hi = i.hi.map(|hi| i.value + (hi - i.value).hypot(half));
    Interval { value: i.value, lo, hi }
}

/// A mean: statistic of sums `[sum, count]`.
pub fn mean(s: &[f64; 2]) -> Option<f64> {
    (s[1] > 0.0).then(|| s[0] / s[1])
}

/// A sum: statistic of sums `[sum]`.
pub fn total(s: &[f64; 1]) -> Option<f64> {
    Some(s[0])
}

/// The quantile `q` of sorted values, between neighbours in proportion. NaN where there are none.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = q.clamp(0.0, 1.0) * float(last);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the list")]
    let i = at.floor() as usize;
    let next = sorted[(i + 1).min(last)];
    sorted[i] + (at - at.floor()) * (next - sorted[i])
}

/// The 97.5 % quantile of Student's t: Cornish-Fisher to the third order, for 9 or more degrees of
/// freedom within 1e-3 (Abramowitz and Stegun 26.7.5).
fn t975(freedom: usize) -> f64 {
    let (v, z) = (float(freedom), 1.959_964f64);
    let (z3, z5) = (z * z * z, z * z * z * z * z);
    let z7 = z5 * z * z;
    z + (z3 + z) / (4.0 * v)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * v * v)
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * v * v * v)
}

/// A count as a float.
pub fn float(n: usize) -> f64 {
    count(n as u64)
}

/// A count as a float.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub fn count(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_quantile() {
        for (v, want) in [(9, 2.262), (19, 2.093), (29, 2.045), (120, 1.980)] {
            assert!((t975(v) - want).abs() < 1e-3, "{v}: {}", t975(v));
        }
    }

    #[test]
    fn the_spread_of_seeds_widens_an_interval() {
        let i = Interval { value: 1.0, lo: Some(0.0), hi: Some(3.0) };
        assert_eq!(with_seeds(i, &[1.0]), i);
        assert_eq!(with_seeds(i, &[2.0; 8]), i, "seeds that agree");
        let wide = with_seeds(i, &[0.0, 2.0, 0.0, 2.0, 0.0, 2.0, 0.0, 2.0]);
        let half = 2.364_6 * (8.0f64 / 7.0).sqrt();
        assert!((wide.lo.expect("low") - (1.0 - 1.0f64.hypot(half))).abs() < 1e-3, "{wide:?}");
        assert!((wide.hi.expect("high") - (1.0 + 2.0f64.hypot(half))).abs() < 1e-3, "{wide:?}");
        let none = Interval::one(1.0);
        assert_eq!(with_seeds(none, &[0.0, 9.0]), none);
    }

    #[test]
    fn quantiles() {
        let x = [1.0, 2.0, 3.0, 5.0];
        assert_eq!((quantile(&x, 0.0), quantile(&x, 0.5), quantile(&x, 1.0)), (1.0, 2.5, 5.0));
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn blocks_cover_the_run() {
        let b = Blocks::of(Ns(0), Ns(600 * Ns::SEC), &[]);
        assert_eq!((b.count, b.width_ns), (20, 30 * Ns::SEC));
        assert_eq!(b.index(Ns(600 * Ns::SEC)), 19);
        let long = Blocks::of(Ns(0), Ns(86_400 * Ns::SEC), &[]);
        assert_eq!((long.count, long.width_ns), (120, 720 * Ns::SEC));
        assert_eq!(Blocks::of(Ns(0), Ns(0), &[]).count, 1);
        let few = Blocks::of(Ns(0), Ns(200 * Ns::SEC), &[]);
        let i = bootstrap(&few.sums([(Ns(5), [1.0, 1.0])]), mean).expect("a mean");
        assert_eq!((i.value, i.lo), (1.0, None));
    }

    #[test]
    fn time_without_a_link_makes_no_block() {
        let s = |s: i64| Ns(s * Ns::SEC);
        let holes = [(s(300), s(86_400)), (s(86_415), s(172_800))];
        let b = Blocks::of(s(0), s(173_085), &holes);
        assert_eq!((b.count, b.width_ns), (20, 30 * Ns::SEC));
        let at = [s(299), s(86_399), s(86_414), s(172_814), s(172_815), s(173_085)];
        assert_eq!(at.map(|t| b.index(t)), [9, 9, 10, 10, 11, 19]);
    }

    /// Share of 400 runs whose interval covers the mean of the law. Increments are a moving average
    /// over `memory` steps of 1 s; blocks of `block` steps.
    fn coverage(memory: usize, block: usize) -> f64 {
        let mut rng = fastrand::Rng::with_seed(11);
        let steps = 600;
        let covered = (0..400)
            .filter(|_| {
                let noise: Vec<f64> = (0..steps + memory).map(|_| rng.f64() - 0.5).collect();
                let x = |i: usize| 0.02 + noise[i..i + memory].iter().sum::<f64>();
                let blocks: Vec<[f64; 1]> = (0..steps / block)
                    .map(|b| [(b * block..(b + 1) * block).map(x).sum()])
                    .collect();
                let i = bootstrap(&blocks, total).expect("a sum");
                let truth = 0.02 * float(steps);
                i.lo.is_some_and(|lo| lo < truth) && i.hi.is_some_and(|hi| truth < hi)
            })
            .count();
        float(covered) / 400.0
    }

    #[test]
    fn intervals_cover_what_they_should_and_short_blocks_do_not() {
        let long = coverage(5, 30);
        assert!((0.92..=0.98).contains(&long), "{long}");
        // Blocks shorter than the memory: the control that must fail.
        let short = coverage(5, 1);
        assert!(short < 0.8, "{short}");
    }
}
