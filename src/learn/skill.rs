//! Scores of probability forecasts on a ring of blocks.
//!
//! In: blocks (probability, outcome, compensator). Out: calibration ratio with interval, Brier
//! score, skill with interval. Hot path at 1 Hz:
//! sums over the ring and its batches are differences of running sums, in integers that neither
//! round nor drift.
//!
//! 1. Skill is against the base rate: 1 - Brier / (y (1 - y)). Its interval comes from 20 batches
//!    of consecutive blocks, because levels of a ladder fill together and are not independent.
//! 2. The ratio's interval is the exact gamma interval of a Poisson count, with fills counted in
//!    clusters: variance of the count is the compensator times E\[c^2\]/E\[c\] for clusters of c.
//! 3. "Information ratio" here is resolution over uncertainty: never above 1, and biased up by
//!    (bins - 1) / blocks; no threshold near 1 can be met.

use serde::{Deserialize, Serialize};

#[cfg(test)]
use crate::math::det;
use crate::math::gamma;
use crate::units::{Ns, Side};

/// Blocks kept.
pub const BLOCKS: usize = 2_000;
/// Batches of the skill's interval, and the 97.5 % quantile of Student's t for them.
const BATCHES: usize = 20;
const T_BATCHES: f64 = 2.093;
/// One forecast and its outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Forecast probability of a fill.
    pub p: f64,
    /// Outcome.
    pub filled: bool,
    /// Compensator reached, before correction.
    pub predicted: f64,
}

/// Scores of what is in the ring. Neutral values where there are too few blocks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Blocks.
    pub blocks: u32,
    /// Fills.
    pub fills: f64,
    /// Predicted fills, before correction.
    pub predicted: f64,
    /// Variance of the number of fills relative to a Poisson one; >= 1.
    pub dispersion: f64,
    /// Fills over predicted, and its 95 % interval.
    pub ratio: f64,
    /// See `ratio`.
    pub ratio_lo: f64,
    /// See `ratio`.
    pub ratio_hi: f64,
    /// (fills - predicted) / sd.
    pub z: f64,
    /// Mean squared error of the probabilities.
    pub brier: f64,
    /// Brier skill against the base rate, and its 95 % interval.
    pub skill: f64,
    /// See `skill`.
    pub skill_lo: f64,
    /// See `skill`.
    pub skill_hi: f64,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            blocks: 0,
            fills: 0.0,
            predicted: 0.0,
            dispersion: 1.0,
            ratio: 1.0,
            ratio_lo: 0.0,
            ratio_hi: 1e9,
            z: 0.0,
            brier: 0.0,
            skill: 0.0,
            skill_lo: -1.0,
            skill_hi: 1.0,
        }
    }
}

/// Sums over all blocks up to some point, modulo 2^64; only differences mean anything.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sums {
    fills: u64,
    /// In units of 1 / [`UNIT`].
    predicted: u64,
    /// Squared errors, in units of 1 / [`UNIT`].
    errors: u64,
}

/// Fixed point of the running sums: 2^-40 is far below what a score shows.
const UNIT: f64 = (1u64 << 40) as f64;

impl Sums {
    fn add(self, b: &Block) -> Sums {
        let miss = b.p - f64::from(u8::from(b.filled));
        Sums {
            fills: self.fills.wrapping_add(u64::from(b.filled)),
            predicted: self.predicted.wrapping_add(fixed(b.predicted)),
            errors: self.errors.wrapping_add(fixed(miss * miss)),
        }
    }

    /// Fills, predicted fills and squared errors since `before`.
    fn since(self, before: Sums) -> (f64, f64, f64) {
        let diff = |a: u64, b: u64| a.wrapping_sub(b) as f64;
        (
            diff(self.fills, before.fills),
            diff(self.predicted, before.predicted) / UNIT,
            diff(self.errors, before.errors) / UNIT,
        )
    }
}

/// `x` in units of 1 / [`UNIT`]; what is not between 0 and 2^20 counts as the nearest that is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 2^60")]
fn fixed(x: f64) -> u64 {
    (x.clamp(0.0, 1_048_576.0) * UNIT + 0.5) as u64
}

/// The ring.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Skill {
    ring: Box<[Block]>,
    /// The sums before each block of the ring, and before the next one.
    before: Box<[Sums]>,
    sums: Sums,
    pushed: usize,
    cluster: Option<(Ns, Side)>,
    size: f64,
    first: f64,
    second: f64,
    cached: (usize, Metrics),
}

impl Skill {
    /// Allocates the ring.
    #[must_use]
    pub fn new() -> Skill {
        Skill {
            ring: vec![Block::default(); BLOCKS].into_boxed_slice(),
            before: vec![Sums::default(); BLOCKS].into_boxed_slice(),
            sums: Sums::default(),
            pushed: 0,
            cluster: None,
            size: 0.0,
            first: 0.0,
            second: 0.0,
            cached: (0, Metrics::default()),
        }
    }

    /// Adds a block; the oldest makes room.
    pub fn push(&mut self, b: Block) {
        let at = self.pushed % BLOCKS;
        self.ring[at] = b;
        self.before[at] = self.sums;
        self.sums = self.sums.add(&b);
        self.pushed += 1;
    }

    /// A fill at `now` on `side`: those of one moment and side are one cluster.
    pub fn cluster(&mut self, now: Ns, side: Side) {
        if self.cluster != Some((now, side)) {
            self.first = 0.995 * self.first + self.size;
            self.second = 0.995 * self.second + self.size * self.size;
            self.size = 0.0;
            self.cluster = Some((now, side));
        }
        self.size += 1.0;
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.pushed = 0;
        (self.cluster, self.size, self.first, self.second) = (None, 0.0, 0.0, 0.0);
        self.cached = (0, Metrics::default());
    }

    /// The scores as of now.
    pub fn metrics(&mut self) -> Metrics {
        if self.cached.0 != self.pushed {
            self.cached = (self.pushed, self.compute());
        }
        self.cached.1
    }

    /// The scores as of the last [`Skill::metrics`].
    #[must_use]
    pub fn cached(&self) -> Metrics {
        self.cached.1
    }

    fn compute(&self) -> Metrics {
        let n = self.pushed.min(BLOCKS);
        let nf = n as f64;
        let mut m = Metrics { blocks: u32::try_from(n).unwrap_or(u32::MAX), ..Metrics::default() };
        if n == 0 {
            return m;
        }
        let (fills, predicted, errors) = self.sums.since(self.sums_before(0));
        (m.fills, m.predicted, m.brier) = (fills, predicted, errors / nf);
        let (c1, c2) = (self.first + self.size, self.second + self.size * self.size);
        m.dispersion = ((c2 + 10.0) / (c1 + 10.0)).max(1.0);
        if m.predicted > 0.0 {
            let per = m.dispersion / m.predicted;
            m.ratio = m.fills / m.predicted;
            let events = m.fills / m.dispersion;
            m.ratio_lo = if events > 0.0 { gamma::ends95(events)[0] * per } else { 0.0 };
            m.ratio_hi = gamma::ends95(events + 1.0)[1] * per;
            m.z = (m.fills - m.predicted) / (m.predicted * m.dispersion).sqrt();
        }
        self.score(&mut m, nf);
        m
    }

    fn score(&self, m: &mut Metrics, n: f64) {
        let base = m.fills / n;
        let unc = base * (1.0 - base);
        if unc <= 0.0 {
            return;
        }
        m.skill = 1.0 - m.brier / unc;
        // Batches in order of time.
        let per = self.pushed.min(BLOCKS) / BATCHES;
        if per >= 5 {
            let each = per as f64;
            let mut from = self.sums_before(0);
            let means: [f64; BATCHES] = std::array::from_fn(|k| {
                let to = self.sums_before((k + 1) * per);
                let (fills, _, errors) = to.since(from);
                from = to;
                // The sum of (base - y)^2 - (p - y)^2, y being 0 or 1.
                (base * base * each - 2.0 * base * fills + fills - errors) / each
            });
            let k = BATCHES as f64;
            let mean = means.iter().sum::<f64>() / k;
            let var = means.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (k - 1.0);
            let half = T_BATCHES * (var / k).sqrt() / unc;
            (m.skill_lo, m.skill_hi) = (m.skill - half, m.skill + half);
        }
    }

    /// The sums before the `i`-th block of those kept, in order of time; of all where there are
    /// only `i`.
    fn sums_before(&self, i: usize) -> Sums {
        let kept = self.pushed.min(BLOCKS);
        if i >= kept { self.sums } else { self.before[(self.pushed - kept + i) % BLOCKS] }
    }
}

impl Default for Skill {
    fn default() -> Skill {
        Skill::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::draw::Draw;

    /// A ring of forecasts p ~ Beta(1, 6) whose outcomes have probability p * `wrong`.
    fn ring(seed: u64, n: usize, wrong: f64) -> Skill {
        let mut d = Draw::new(seed);
        let mut s = Skill::new();
        for _ in 0..n {
            let p = 1.0 - det::pow(d.unit(), 1.0 / 6.0);
            let filled = d.chance((p * wrong).min(1.0));
            s.push(Block { p, filled, predicted: -det::ln_1p(-p) });
        }
        s
    }

    #[test]
    fn a_right_model_passes_and_a_doubled_one_fails_by_five_hundred() {
        let (mut cover, mut shut) = (0, 0);
        for seed in 0..200 {
            let mut ring = ring(seed, 1_000, 1.0);
            let m = ring.metrics();
            // The truth's skill: Var p / (m (1 - m)) of Beta(1, 6).
            cover += u32::from(m.skill_lo <= 0.125 && 0.125 <= m.skill_hi);
            shut += u32::from(m.skill_hi < 0.0);
        }
        assert_eq!(shut, 0, "a right model is never shut out");
        assert!((175..=200).contains(&cover), "{cover} of 200");
        let m = ring(1, 500, 0.4).metrics();
        assert!(m.skill_hi < 0.0 && m.z < -4.0, "control: {m:?}");
    }

    #[test]
    fn the_ratio_covers_and_clusters_widen_it() {
        let cover = |clusters: usize| {
            let mut hit = 0;
            for seed in 0..300 {
                let mut d = Draw::new(seed);
                let mut s = Skill::new();
                for i in 0..400 {
                    let filled = d.chance(0.2);
                    for _ in 0..clusters {
                        s.push(Block { p: 0.2, filled, predicted: -det::ln_1p(-0.2f64) });
                        if filled {
                            s.cluster(Ns(i), Side::Buy);
                        }
                    }
                }
                let m = s.metrics();
                let truth = 0.2 / -det::ln_1p(-0.2);
                hit += u32::from(m.ratio_lo <= truth && truth <= m.ratio_hi);
            }
            f64::from(hit) / 300.0
        };
        assert!(cover(1) > 0.91, "{}", cover(1));
        assert!(cover(5) > 0.9, "{}", cover(5));
    }

    /// The scores again, by passes over what the ring holds.
    fn plain(blocks: &[Block]) -> (f64, f64, f64, f64) {
        let y = |b: &Block| f64::from(u8::from(b.filled));
        let n = blocks.len() as f64;
        let base = blocks.iter().map(y).sum::<f64>() / n;
        let brier = blocks.iter().map(|b| (b.p - y(b)) * (b.p - y(b))).sum::<f64>() / n;
        let unc = base * (1.0 - base);
        let per = blocks.len() / BATCHES;
        let gain = |b: &Block| (base - y(b)) * (base - y(b)) - (b.p - y(b)) * (b.p - y(b));
        let means: Vec<f64> = (0..BATCHES)
            .map(|k| blocks[k * per..(k + 1) * per].iter().map(gain).sum::<f64>() / per as f64)
            .collect();
        let mean = means.iter().sum::<f64>() / 20.0;
        let var = means.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 19.0;
        let half = T_BATCHES * (var / 20.0).sqrt() / unc;
        (blocks.iter().map(|b| b.predicted).sum(), brier, 1.0 - brier / unc, half)
    }

    #[test]
    fn running_sums_give_what_passes_over_the_ring_give() {
        for n in [130, 1_999, 2_000, 2_001, 5_437] {
            let mut s = ring(9, n, 0.9);
            let m = s.metrics();
            let start = if n > BLOCKS { n % BLOCKS } else { 0 };
            let mut blocks = s.ring[..n.min(BLOCKS)].to_vec();
            blocks.rotate_left(start);
            let (predicted, brier, skill, half) = plain(&blocks);
            assert!((m.predicted - predicted).abs() < 1e-6, "{n}");
            assert!((m.brier - brier).abs() < 1e-9 && (m.skill - skill).abs() < 1e-8, "{n}");
            assert!((m.skill_hi - m.skill - half).abs() < 1e-8, "{n}: {} {half}", m.skill_hi);
        }
    }

    #[test]
    fn nothing_and_one_sided_outcomes_are_neutral() {
        let mut s = Skill::new();
        assert!((s.metrics().ratio - 1.0).abs() < 1e-12);
        (0..50).for_each(|_| s.push(Block { p: 0.1, filled: false, predicted: 0.1 }));
        let m = s.metrics();
        assert!(m.skill.abs() < 1e-12 && m.skill_hi > 0.0 && m.ratio_hi.is_finite(), "{m:?}");
        s.clear();
        assert_eq!(s.metrics().blocks, 0);
    }
}
