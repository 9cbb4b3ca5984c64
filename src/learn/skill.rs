//! Scores of probability forecasts on a ring of blocks.
//!
//! In: blocks (probability, outcome, compensator). Out: calibration ratio with interval, Brier
//! score, skill with interval, reliability. Hot path at 1 Hz: two passes over the ring.
//!
//! 1. Skill is against the base rate: 1 - Brier / (y (1 - y)). Its interval comes from 20 batches
//!    of consecutive blocks, because levels of a ladder fill together and are not independent.
//! 2. The ratio's interval is the exact gamma interval of a Poisson count, with fills counted in
//!    clusters: variance of the count is the compensator times E\[c^2\]/E\[c\] for clusters of c.
//! 3. "Information ratio" here is resolution over uncertainty: never above 1, and biased up by
//!    (bins - 1) / blocks; no threshold near 1 can be met.

use crate::math::{det, gamma};
use crate::units::{Ns, Side};

/// Blocks kept.
pub const BLOCKS: usize = 2_000;
/// Bins of the reliability table.
pub const BINS: usize = 10;
/// Batches of the skill's interval, and the 97.5 % quantile of Student's t for them.
const BATCHES: usize = 20;
const T_BATCHES: f64 = 2.093;
/// Cells of the counting sort that makes bins of equal mass.
const CELLS: usize = 256;

/// One forecast and its outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Block {
    /// Forecast probability of a fill.
    pub p: f64,
    /// Outcome.
    pub filled: bool,
    /// Compensator reached, before correction.
    pub predicted: f64,
}

/// Scores of what is in the ring. Neutral values where there are too few blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// Mean negative log-likelihood, probabilities clipped to [1e-6, 1 - 1e-6].
    pub log_loss: f64,
    /// Brier skill against the base rate, and its 95 % interval.
    pub skill: f64,
    /// See `skill`.
    pub skill_lo: f64,
    /// See `skill`.
    pub skill_hi: f64,
    /// Expected calibration error over bins of equal mass.
    pub ece: f64,
    /// Resolution over uncertainty, less its value under no information.
    pub information: f64,
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
            log_loss: 0.0,
            skill: 0.0,
            skill_lo: -1.0,
            skill_hi: 1.0,
            ece: 0.0,
            information: 0.0,
        }
    }
}

/// One bin of the reliability table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Blocks.
    pub n: f64,
    /// Sum of forecasts.
    pub p: f64,
    /// Fills.
    pub fills: f64,
}

/// The ring.
#[derive(Clone, Debug)]
pub struct Skill {
    ring: Box<[Block]>,
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
        self.ring[self.pushed % BLOCKS] = b;
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

    /// The scores.
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

    /// Reliability in bins of (nearly) equal mass, lowest forecasts first.
    #[must_use]
    pub fn reliability(&self) -> [Bin; BINS] {
        let blocks = self.blocks();
        let top = blocks.iter().fold(1e-12, |m: f64, b| m.max(b.p));
        let mut cells = [Bin::default(); CELLS];
        for b in blocks {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=255")]
            let c = &mut cells[(b.p / top * (CELLS - 1) as f64) as usize];
            c.n += 1.0;
            c.p += b.p;
            c.fills += f64::from(u8::from(b.filled));
        }
        let mut bins = [Bin::default(); BINS];
        let (mut at, mut seen) = (0, 0.0);
        let share = blocks.len() as f64 / BINS as f64;
        for c in cells {
            let bin = &mut bins[at];
            bin.n += c.n;
            bin.p += c.p;
            bin.fills += c.fills;
            seen += c.n;
            while at + 1 < BINS && seen >= share * (at + 1) as f64 {
                at += 1;
            }
        }
        bins
    }

    /// Blocks in the ring, oldest first only while it has not wrapped.
    fn blocks(&self) -> &[Block] {
        &self.ring[..self.pushed.min(BLOCKS)]
    }

    fn compute(&self) -> Metrics {
        let n = self.pushed.min(BLOCKS);
        let nf = n as f64;
        let mut m = Metrics { blocks: u32::try_from(n).unwrap_or(u32::MAX), ..Metrics::default() };
        if n == 0 {
            return m;
        }
        for b in self.blocks() {
            let y = f64::from(u8::from(b.filled));
            m.fills += y;
            m.predicted += b.predicted;
            m.brier += (b.p - y) * (b.p - y);
            let p = b.p.clamp(1e-6, 1.0 - 1e-6);
            m.log_loss -= det::ln(if b.filled { p } else { 1.0 - p });
        }
        m.brier /= nf;
        m.log_loss /= nf;
        let (c1, c2) = (self.first + self.size, self.second + self.size * self.size);
        m.dispersion = ((c2 + 10.0) / (c1 + 10.0)).max(1.0);
        if m.predicted > 0.0 {
            let per = m.dispersion / m.predicted;
            m.ratio = m.fills / m.predicted;
            let events = m.fills / m.dispersion;
            m.ratio_lo = if events > 0.0 { gamma::quantile(0.025, events) * per } else { 0.0 };
            m.ratio_hi = gamma::quantile(0.975, events + 1.0) * per;
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
        let blocks = self.pushed.min(BLOCKS);
        // Batches in order of time: the ring starts at its oldest block.
        let start = if self.pushed > BLOCKS { self.pushed % BLOCKS } else { 0 };
        let per = blocks / BATCHES;
        if per >= 5 {
            let mut means = [0.0; BATCHES];
            for (k, mean) in means.iter_mut().enumerate() {
                for i in 0..per {
                    let b = self.ring[(start + k * per + i) % BLOCKS];
                    let y = f64::from(u8::from(b.filled));
                    *mean += (base - y) * (base - y) - (b.p - y) * (b.p - y);
                }
                *mean /= per as f64;
            }
            let k = BATCHES as f64;
            let mean = means.iter().sum::<f64>() / k;
            let var = means.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (k - 1.0);
            let half = T_BATCHES * (var / k).sqrt() / unc;
            (m.skill_lo, m.skill_hi) = (m.skill - half, m.skill + half);
        }
        let mut resolution = 0.0;
        for bin in self.reliability().iter().filter(|b| b.n > 0.0) {
            let (p, y) = (bin.p / bin.n, bin.fills / bin.n);
            m.ece += bin.n / n * (p - y).abs();
            resolution += bin.n / n * (y - base) * (y - base);
        }
        m.information = resolution / unc - (BINS - 1) as f64 / n;
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
            let m = ring(seed, 1_000, 1.0).metrics();
            assert!(m.ece < 0.05, "beyond chance at 1000 blocks: {}", m.ece);
            // The truth's skill: Var p / (m (1 - m)) of Beta(1, 6).
            cover += u32::from(m.skill_lo <= 0.125 && 0.125 <= m.skill_hi);
            shut += u32::from(m.skill_hi < 0.0);
            assert!(m.information.abs() < 0.4);
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

    #[test]
    fn bins_have_equal_mass_and_hold_everything() {
        let s = ring(3, 2_500, 1.0);
        let bins = s.reliability();
        let n: f64 = bins.iter().map(|b| b.n).sum();
        assert!((n - BLOCKS as f64).abs() < 1e-9);
        assert!(bins.iter().all(|b| (100.0..=300.0).contains(&b.n)), "{bins:?}");
        assert!(bins.windows(2).all(|w| w[0].p / w[0].n <= w[1].p / w[1].n));
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
