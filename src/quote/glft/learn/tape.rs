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
//! 4. Forgotten sums w are worth (sum w)^2 / (sum w^2) sweeps (Kish 1965), which under steady flow
//!    is 2 / (1 + e^(-u/tau)) times the sum of w, u the regime's time. A tally is scaled by that, so
//!    that the posterior is as wide as the sampling error, neither at the start nor later wider.

use serde::{Deserialize, Serialize};

use crate::learn::regime::REGIMES;
use crate::math::det;
use crate::settings::settings;
use crate::units::Side;

/// Edges of the depth grid: 0, then 24 geometric ones from 0.25 to 64 bps.
pub const EDGES: usize = 25;
/// First geometric edge, bps.
pub const EDGE_MIN_BPS: f64 = 0.25;
/// Last geometric edge, bps.
pub const EDGE_MAX_BPS: f64 = 64.0;

settings! {
    /// Settings of kappa from the tape.
    pub struct Config: Copy {
        /// Prior mean of kappa; 6000 is 0.6 per bps.
        kappa: f64 = 6_000.0, 10.0..=1e5, "per unit of relative price";
        /// Strength of that prior.
        kappa_strength: f64 = 1.0, 0.01..=1e4, "sweeps";
        /// Shape of the rate's prior.
        rate_shape: f64 = 0.5, 0.01..=1e4, "sweeps";
        /// Exposure of the rate's prior.
        rate_exposure_s: f64 = 1.0, 0.01..=1e6, "s";
        /// Memory in time of a regime.
        memory_s: f64 = 1_800.0, 1.0..=1e9, "s";
        /// Adds half a price step to each depth. Prices are on a grid, so a depth is floored to it
        /// and rates by depth come out low by about kappa h / 2 for a step h (-25 % at 1 bps and
        /// kappa .6 per bps); kappa itself is unbiased either way.
        half_tick: bool = true;
    }
}

/// A range of grid edges: depths in `[edge[lo], edge[hi])`; `hi == EDGES` is unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
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

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Bins {
    count: [f64; EDGES],
    excess: [f64; EDGES],
}

/// The tape's memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tape {
    bins: [[Bins; 2]; REGIMES],
    exposure: [f64; REGIMES],
    gain: [f64; REGIMES],
    edge: [f64; EDGES],
}

impl Default for Tape {
    /// An empty memory.
    fn default() -> Tape {
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
        }
    }
}

impl Tape {
    /// Lets `dt_s` (>= 0) seconds of watching pass under regime probabilities `p`, with a memory of
    /// `memory_s` (> 0) seconds of regime time.
    pub fn advance(&mut self, memory_s: f64, dt_s: f64, p: &[f64; REGIMES]) {
        for (r, p) in p.iter().enumerate() {
            let grown = det::exp_m1(p * dt_s / memory_s);
            self.exposure[r] += memory_s * self.gain[r] * grown;
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

    /// What was booked under one regime is another's, and the other way round.
    pub fn swap(&mut self, a: usize, b: usize) {
        self.bins.swap(a, b);
        self.exposure.swap(a, b);
        self.gain.swap(a, b);
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

    /// What is remembered of a window, for one side and regime, in sweeps that it is worth under a
    /// memory of `memory_s` seconds.
    #[must_use]
    pub fn tally(&self, memory_s: f64, side: Side, regime: usize, w: Window) -> Tally {
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
        let scale = self.worth(memory_s, regime) / self.gain[regime];
        Tally {
            inside: t.inside * scale,
            beyond: t.beyond * scale,
            excess: t.excess * scale,
            exposure: self.exposure[regime] * scale,
        }
    }

    /// Sweeps that a weight of one is worth: 1 while nothing is forgotten, 2 in the long run. The
    /// remembered exposure is tau (1 - e^(-u/tau)).
    fn worth(&self, memory_s: f64, regime: usize) -> f64 {
        2.0 / (2.0 - self.exposure(regime) / memory_s)
    }

    /// For each edge the remembered sweeps at or beyond it, for one side and regime.
    #[must_use]
    pub fn survivors(&self, side: Side, regime: usize) -> [f64; EDGES] {
        let mut out = self.bins[regime][side.index()].count;
        let k = 1.0 / self.gain[regime];
        let mut sum = 0.0;
        for x in out.iter_mut().rev() {
            sum += *x;
            *x = sum * k;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::regime::{NORMAL, only};
    use crate::math::draw::{Draw, uniform_p};
    use crate::math::gamma;

    const W: Window = Window { lo: 6, hi: 14 };
    const PRIOR_KAPPA: Gamma = Gamma { shape: 1.0, rate: 1.0 / 0.6 };
    const PRIOR_RATE: Gamma = Gamma { shape: 0.5, rate: 1.0 };

    /// A tape of `n` exponential depths from the window's foot in `seconds`, steady regime.
    fn watch(d: &mut Draw, kappa: f64, n: u32, seconds: f64, memory_s: f64) -> Tally {
        let mut t = Tape::default();
        let p = only(NORMAL);
        for _ in 0..n {
            t.advance(memory_s, seconds / f64::from(n.max(1)), &p);
            let depth = t.edge(W.lo) + d.exp(kappa);
            t.sweep(Side::Sell, depth, &p);
        }
        if n == 0 {
            t.advance(memory_s, seconds, &p);
        }
        t.tally(memory_s, Side::Sell, NORMAL, W)
    }

    /// Posterior ranks of the truth over draws from the prior, for kappa and for the rate.
    fn ranks(draws: usize, spoil: fn(Tally) -> (f64, f64)) -> (Vec<f64>, Vec<f64>) {
        let mut d = Draw::new(21);
        (0..draws)
            .map(|_| {
                let kappa = d.gamma(PRIOR_KAPPA.shape) / PRIOR_KAPPA.rate;
                let rate = d.gamma(PRIOR_RATE.shape) / PRIOR_RATE.rate;
                let n = d.poisson(rate * 60.0);
                let t = watch(&mut d, kappa, n, 60.0, 1e12);
                let (more_kappa, more_rate) = spoil(t);
                let (k, m) = (t.kappa(PRIOR_KAPPA), t.reach(PRIOR_RATE));
                (
                    gamma::lower(k.shape + more_kappa, k.rate * kappa),
                    gamma::lower(m.shape + more_rate, m.rate * rate),
                )
            })
            .unzip()
    }

    #[test]
    fn ranks_of_kappa_and_rate_are_uniform() {
        let (k, m) = ranks(2_000, |_| (0.0, 0.0));
        assert!(uniform_p(&k, 20) > 1e-4, "kappa {}", uniform_p(&k, 20));
        assert!(uniform_p(&m, 20) > 1e-4, "rate {}", uniform_p(&m, 20));
        // Controls: censored sweeps taken as complete ones, and counts off by one.
        let (k, m) = ranks(2_000, |t| (t.beyond, 1.0));
        assert!(uniform_p(&k, 20) < 1e-6 && uniform_p(&m, 20) < 1e-6);
    }

    #[test]
    fn intervals_cover_whatever_is_forgotten() {
        let cover = |memory_s: f64, worth: f64| {
            let mut d = Draw::new(5);
            let hit = (0..2_000)
                .filter(|_| {
                    let t = watch(&mut d, 0.6, 800, 2_000.0, memory_s);
                    let (shape, rate) = (worth * t.inside, worth * t.excess);
                    let [lo, hi] = [0.025, 0.975]
                        .map(|p| gamma::quantile(p, 1.0 + shape) / (1.0 / 0.6 + rate));
                    lo <= 0.6 && 0.6 <= hi
                })
                .count();
            hit as f64 / 2_000.0
        };
        for memory_s in [1e12, 2_000.0, 300.0] {
            let all = cover(memory_s, 1.0);
            assert!((0.9335..=0.9655).contains(&all), "{memory_s}: {all}");
        }
        // Controls: weights taken for whole sweeps, and for twice what they are worth.
        assert!(cover(300.0, 0.5) > 0.98 && cover(300.0, 2.0) < 0.89);
    }

    /// Mean relative errors of kappa and of the rate at the window's foot when depths are floored
    /// to a grid of `step` bps, over 64 positions of the grid (one a tape), with `add` added.
    fn grid_bias(step: f64, add: f64) -> (f64, f64) {
        let (mut kappa, mut rate) = (0.0, 0.0);
        let mut d = Draw::new(31);
        for k in 0..64 {
            let phase = step * (f64::from(k) + 0.5) / 64.0;
            let mut t = Tape::default();
            let p = only(NORMAL);
            for _ in 0..2_000 {
                t.advance(1e12, 1.0, &p);
                let floored = ((d.exp(0.6) - phase) / step).floor() * step + phase;
                t.sweep(Side::Buy, (floored + add).max(0.0), &p);
            }
            let w = Window { lo: 8, hi: 16 };
            let x = t.tally(1e12, Side::Buy, NORMAL, w);
            kappa += x.kappa(PRIOR_KAPPA).mean() / 0.6 - 1.0;
            rate += x.reach(PRIOR_RATE).mean() / det::exp(-0.6 * t.edge(w.lo)) - 1.0;
        }
        (kappa / 64.0, rate / 64.0)
    }

    #[test]
    fn depths_on_a_price_grid_need_half_a_step() {
        // Floored depths leave the slope alone (the exponential has no memory) but lower the rate
        // at every depth by about kappa h / 2: -13 %, -25 %, -42 % for steps of .5, 1 and 2 bps at
        // kappa = .6 per bps; with half a step added +1 %, +1 %, +7 %.
        for (step, least) in [(0.5, 0.1), (1.0, 0.2), (2.0, 0.35)] {
            let (with, without) = (grid_bias(step, 0.5 * step), grid_bias(step, 0.0));
            assert!(with.1.abs() < 0.08, "step {step}: {with:?}");
            assert!(without.1 < -least, "control: step {step}: {without:?}");
            assert!(with.0.abs() < 0.1 && without.0.abs() < 0.1, "{with:?} {without:?}");
        }
    }

    #[test]
    fn a_rare_regime_keeps_what_it_learned() {
        let mut t = Tape::default();
        let wild = only(3);
        for _ in 0..100 {
            t.advance(600.0, 1.0, &wild);
            t.sweep(Side::Buy, 10.0, &wild);
        }
        let w = t.window(10.0);
        let before = t.tally(600.0, Side::Buy, 3, w);
        t.advance(600.0, 86_400.0, &only(NORMAL));
        assert!((t.tally(600.0, Side::Buy, 3, w).inside - before.inside).abs() < 1e-9);
        assert!((t.exposure(NORMAL) - 600.0).abs() < 1e-6, "and a common one forgets");
    }

    #[test]
    fn a_month_changes_nothing_but_the_scale() {
        // The gain is rescaled many times; the tally must be that of a fresh steady state.
        let mut t = Tape::default();
        let p = only(NORMAL);
        for _ in 0..100_000 {
            t.advance(60.0, 30.0, &p);
            t.sweep(Side::Buy, 1.0, &p);
        }
        let x = t.tally(60.0, Side::Buy, NORMAL, t.window(1.0));
        let want = 2.0 / (1.0 - det::exp(-0.5));
        assert!((x.inside - want).abs() < 1e-9 && (x.exposure - 120.0).abs() < 1e-6, "{x:?}");
    }

    #[test]
    fn windows_hold_their_depth_at_every_depth() {
        let t = Tape::default();
        for i in 0..2_000 {
            let d = 0.05 * f64::from(i);
            let w = t.window(d);
            assert!(w.lo >= 1 && w.lo < w.hi && w.hi <= EDGES, "{d}");
            if (1.0..64.0).contains(&d) {
                assert!(t.edge(w.lo) <= 0.5 * d && t.edge(w.hi) >= 2.0 * d, "{d} {w:?}");
            }
        }
        assert!((t.edge(1) - 0.25).abs() < 1e-12 && (t.edge(24) - 64.0).abs() < 1e-9);
    }
}
