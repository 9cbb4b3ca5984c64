//! Kappa and rate from the tape: how deep each taker order reached, whatever we quoted.
//!
//! In: sweep depths with regime weights, elapsed time. Out: counts, censored excess and exposure
//! over any window of depths, and their conjugate posteriors. Hot path: one bin per sweep and
//! regime; no allocation.
//!
//! 1. State is per side and regime, on a grid of geometric edges plus one bin below the first.
//! 2. Forgetting runs in regime time (the integral of the regime's probability), so a rare regime
//!    keeps what it learned. Increments are scaled by G = e^(u/tau) instead of decaying the past.
//! 3. kappa | data ~ Gamma(alpha0 + n_u, beta0 + E) for an exponential censored at the window's
//!    top; M = rate(D >= lo) ~ Gamma(a0 + n_u + n_c, b0 + T), independent of kappa.
//! 4. The counts are sums of forgotten weights. Under steady flow that posterior is wider than
//!    the sampling error by sqrt(2): the price of following a market that drifts.

use serde::{Deserialize, Serialize};

use crate::learn::regime::REGIMES;
use crate::math::det;
use crate::units::Side;

/// Edges of the depth grid: 0, then 24 geometric ones from 0.25 to 64 bps.
pub const EDGES: usize = 25;
/// First geometric edge, bps.
pub const EDGE_MIN_BPS: f64 = 0.25;
/// Last geometric edge, bps.
pub const EDGE_MAX_BPS: f64 = 64.0;

/// Settings of the tape learner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Prior mean of kappa, per unit of relative price (6000 = 0.6 per bps); > 0.
    pub kappa: f64,
    /// Strength of that prior in sweeps; > 0.
    pub kappa_strength: f64,
    /// Shape of the rate's prior, events; > 0.
    pub rate_shape: f64,
    /// Exposure of the rate's prior, seconds; > 0.
    pub rate_exposure_s: f64,
    /// Memory in regime time, seconds; > 0.
    pub memory_s: f64,
    /// Adds half a price step to each depth: prices are on a grid, so a depth is floored to it.
    pub half_tick: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            kappa: 6_000.0,
            kappa_strength: 1.0,
            rate_shape: 0.5,
            rate_exposure_s: 1.0,
            memory_s: 1_800.0,
            half_tick: true,
        }
    }
}

/// A range of grid edges: depths in `[edge[lo], edge[hi])`; `hi == EDGES` is unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Index of the lower edge, `1..EDGES`.
    pub lo: usize,
    /// Index of the upper edge, `lo + 1..=EDGES`.
    pub hi: usize,
}

/// What the tape says about one window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Sweeps that ended inside the window (forgotten weights).
    pub inside: f64,
    /// Sweeps that went beyond it.
    pub beyond: f64,
    /// Sum of depths above the window's foot, capped at its height, bps.
    pub excess: f64,
    /// Time over which they were counted, seconds.
    pub exposure: f64,
}

/// Shape and rate of a gamma distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gamma {
    /// Shape, > 0.
    pub shape: f64,
    /// Rate, > 0, in the inverse unit of the variable.
    pub rate: f64,
}

impl Gamma {
    /// Mean.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.shape / self.rate
    }

    /// The gamma law with the given mean and variance (both > 0).
    #[must_use]
    pub fn matching(mean: f64, var: f64) -> Gamma {
        Gamma { shape: mean * mean / var, rate: mean / var }
    }
}

impl Tally {
    /// Both sides of a regime, or several regimes, as one. Exposure is of the first: two sides
    /// are watched at the same time.
    #[must_use]
    pub fn join(self, other: Tally) -> Tally {
        Tally {
            inside: self.inside + other.inside,
            beyond: self.beyond + other.beyond,
            excess: self.excess + other.excess,
            exposure: self.exposure,
        }
    }

    /// Posterior of kappa per bps under a Gamma prior.
    #[must_use]
    pub fn kappa(self, prior: Gamma) -> Gamma {
        Gamma { shape: prior.shape + self.inside, rate: prior.rate + self.excess }
    }

    /// Posterior of the rate of sweeps at or beyond the window's foot, per second.
    #[must_use]
    pub fn reach(self, prior: Gamma) -> Gamma {
        Gamma { shape: prior.shape + self.inside + self.beyond, rate: prior.rate + self.exposure }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Bins {
    count: [f64; EDGES],
    excess: [f64; EDGES],
}

/// The tape's memory.
#[derive(Clone, Debug)]
pub struct Tape {
    bins: [[Bins; 2]; REGIMES],
    exposure: [f64; REGIMES],
    gain: [f64; REGIMES],
    edge: [f64; EDGES],
    memory_s: f64,
}

impl Tape {
    /// An empty memory with the given length in seconds of regime time.
    #[must_use]
    pub fn new(memory_s: f64) -> Tape {
        let mut edge = [0.0; EDGES];
        let ratio = EDGE_MAX_BPS / EDGE_MIN_BPS;
        for (k, e) in (0u32..).zip(edge[1..].iter_mut()) {
            *e = EDGE_MIN_BPS * det::pow(ratio, f64::from(k) / 23.0);
        }
        Tape {
            bins: [[Bins::default(); 2]; REGIMES],
            exposure: [0.0; REGIMES],
            gain: [1.0; REGIMES],
            edge,
            memory_s,
        }
    }

    /// Lets `dt_s` (>= 0) seconds of watching pass under regime probabilities `p`.
    pub fn advance(&mut self, dt_s: f64, p: &[f64; REGIMES]) {
        for (r, p) in p.iter().enumerate() {
            let grown = det::exp_m1(p * dt_s / self.memory_s);
            self.exposure[r] += self.memory_s * self.gain[r] * grown;
            self.gain[r] *= 1.0 + grown;
            if self.gain[r] > 1e100 {
                self.rescale(r);
            }
        }
    }

    /// Counts a sweep that reached `depth_bps` (>= 0) on the book side `side`.
    pub fn sweep(&mut self, side: Side, depth_bps: f64, p: &[f64; REGIMES]) {
        let b = self.bin(depth_bps);
        let over = depth_bps - self.edge[b];
        for (r, p) in p.iter().enumerate() {
            let w = p * self.gain[r];
            let bins = &mut self.bins[r][side.index()];
            bins.count[b] += w;
            bins.excess[b] += w * over;
        }
    }

    /// The depth of edge `i`, bps; infinite at `EDGES`.
    #[must_use]
    pub fn edge(&self, i: usize) -> f64 {
        self.edge.get(i).copied().unwrap_or(f64::INFINITY)
    }

    /// The window `[d/2, 2d]` widened to the grid.
    #[must_use]
    pub fn window(&self, depth_bps: f64) -> Window {
        let lo = self.bin(0.5 * depth_bps).clamp(1, EDGES - 2);
        let above = self.edge.partition_point(|e| *e < 2.0 * depth_bps);
        Window { lo, hi: above.clamp(lo + 1, EDGES) }
    }

    /// What is remembered of a window, for one side and regime.
    #[must_use]
    pub fn tally(&self, side: Side, regime: usize, w: Window) -> Tally {
        let bins = &self.bins[regime][side.index()];
        let foot = self.edge[w.lo];
        let mut t = Tally::default();
        for b in w.lo..w.hi {
            t.inside += bins.count[b];
            t.excess += bins.excess[b] + bins.count[b] * (self.edge[b] - foot);
        }
        for count in &bins.count[w.hi..] {
            t.beyond += count;
        }
        if w.hi < EDGES {
            t.excess += t.beyond * (self.edge[w.hi] - foot);
        }
        let g = self.gain[regime];
        Tally {
            inside: t.inside / g,
            beyond: t.beyond / g,
            excess: t.excess / g,
            exposure: self.exposure[regime] / g,
        }
    }

    /// For each edge the remembered sweeps at or beyond it, for one side and regime.
    #[must_use]
    pub fn survivors(&self, side: Side, regime: usize) -> [f64; EDGES] {
        let mut out = self.bins[regime][side.index()].count;
        let mut sum = 0.0;
        for x in out.iter_mut().rev() {
            sum += *x;
            *x = sum / self.gain[regime];
        }
        out
    }

    /// Seconds watched under a regime, forgotten like the counts.
    #[must_use]
    pub fn exposure(&self, regime: usize) -> f64 {
        self.exposure[regime] / self.gain[regime]
    }

    fn bin(&self, depth_bps: f64) -> usize {
        self.edge.partition_point(|e| *e <= depth_bps).saturating_sub(1)
    }

    #[cold]
    fn rescale(&mut self, r: usize) {
        let k = 1.0 / self.gain[r];
        for bins in &mut self.bins[r] {
            bins.count.iter_mut().chain(&mut bins.excess).for_each(|x| *x *= k);
        }
        self.exposure[r] *= k;
        self.gain[r] = 1.0;
    }
}
