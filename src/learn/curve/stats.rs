//! Rate and cost by distance, and how sure they are.
//!
//! In: windows of shadow fills whose marks are due. Out: [`Reading`]s. Hot path: once a window.
//!
//! 1. Rate: a chain in depth. A distance believes the nearer one and the decay seen so far, worth four
//!    fills; beside it a fast layer whose prior is the slow one.
//! 2. Adverse move: a line in distance with slope prior one (a limit price is reached mostly by the mid
//!    coming to it, so the distance is gone when the fill comes), plus each distance's own mean, weighed by
//!    their variances.
//! 3. A cluster is one observation: dispersion of counts and variance of means are the largest over
//!    windows of 10, 30 and 60 s. Effective fills are fills over dispersion.
//! 4. Of what a window holds residuals are taken with the estimates before it, then it is added.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::window::{Places, Window, distance};
use crate::event::shadow::JOIN;
use crate::limits::{CURVE, DISTANCES};
use crate::math::{beta, det, gamma};

/// Lengths of the cluster scales, windows.
const SCALES: [u32; 3] = [1, 3, 6];
/// Rate at the mid before anything was seen, 1/s, worth one fill.
const RATE: f64 = 0.1;
/// Decay of the rate with distance before anything was seen, 1/bps, and its bounds.
const DECAY: (f64, f64, f64) = (0.7, 0.02, 3.0);
/// Fills that the nearer distance is worth.
const CHAIN: f64 = 4.0;
/// Fills that the slow rate is worth to the fast one.
const FAST: f64 = 5.0;
/// Line before anything was seen: value and standard deviation at distance 0, bps, and of the slope.
const LINE: [(f64, f64); 2] = [(1.2, 1.0), (1.0, 0.3)];
/// Misfit of the line, bps: at distance 0 and per bps.
const MISFIT: (f64, f64) = (0.5, 0.25);
/// Deviation of a move before anything was seen, bps: at distance 0 and per bps; worth so many fills.
const SPREAD: (f64, f64, f64) = (3.0, 0.5, 3.0);
/// Dispersion before anything was seen, worth so many fills.
const CLUSTER: (f64, f64) = (3.0, 6.0);

/// What is read at a place; rates per second and side, moves and costs in bps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Seconds in the book, and fills, both with what is forgotten.
    pub live_s: f64,
    /// See `live_s`.
    pub fills: f64,
    /// Effective fills.
    pub n_eff: f64,
    /// Fills that come together, at least 1: fills over effective fills.
    pub burst: f64,
    /// Rate of fills; the ends of its interval are worked out where they are shown.
    pub rate: f64,
    /// Rate quotes go by: the fast layer's, or the slow one's while the fast one forecasts worse.
    pub fast: f64,
    /// Distance as rounded to the venue's prices.
    pub quoted: f64,
    /// Fee and adverse move.
    pub cost: f64,
    /// Standard deviation of the cost.
    pub deviation: f64,
    /// Half of its 95 % interval over the deviation.
    pub t: f64,
}

impl Reading {
    /// What a fill earns, bps.
    #[must_use]
    pub fn edge(&self) -> f64 {
        self.quoted - self.cost
    }

    /// The ends of the edge's 95 % interval, bps.
    #[must_use]
    pub fn edge_ends(&self) -> [f64; 2] {
        let half = self.t * self.deviation;
        [self.edge() - half, self.edge() + half]
    }

    /// What a second and side earns, bps of the size quoted.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.rate * self.edge()
    }

    /// The ends of its interval, given the rate's: products of ends, signed as the edge's.
    #[must_use]
    pub fn value_ends(&self, [rate_lo, rate_hi]: [f64; 2]) -> [f64; 2] {
        let [lo, hi] = self.edge_ends();
        let rate = |worse: bool| if worse { rate_hi } else { rate_lo };
        [rate(lo < 0.0) * lo, rate(hi > 0.0) * hi]
    }
}

/// The ends of the 95 % intervals of the rates at the places `of`: no distance fills more often than a
/// nearer one. Asked for by who shows them; nothing is decided by them.
pub fn rate_ends(
    all: &[Reading; CURVE],
    of: RangeInclusive<usize>,
) -> impl Iterator<Item = [f64; 2]> {
    let per = |r: &Reading| r.burst / (r.live_s + 1.0);
    let upper = move |r: &Reading| gamma::upper95(r.n_eff + 1.0) * per(r);
    let nearer = all[..*of.start().min(&JOIN)].iter();
    let mut bound = nearer.map(upper).fold(f64::INFINITY, f64::min);
    of.map(move |j| {
        let r = &all[j];
        bound = if j < JOIN { upper(r).min(bound) } else { upper(r) };
        [r.rate.min(gamma::lower95(r.n_eff + 0.5) * per(r)), r.rate.max(bound)]
    })
}

/// Sums over fills with what is forgotten.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sums {
    fills: Places,
    live: Places,
    quoted: Places,
    moved: Places,
}

/// Residuals of one scale: those of the windows so far, and sums of what is forgotten.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Scale {
    windows: u32,
    fills: Places,
    expected: Places,
    moved: Places,
    line: f64,
    /// Squares of count residuals, and expected counts.
    count2: Places,
    count: Places,
    /// Squares and fourth powers of residuals of moves.
    moved2: Places,
    moved4: Places,
    line2: f64,
}

/// Everything the estimates are made of.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Stats {
    sums: Sums,
    fast: [Places; 2],
    /// Weighted sums of one, distance, its square, move, distance times move, square of the move.
    line: [f64; 6],
    residual2: f64,
    weight: f64,
    scales: [Scale; 3],
    theta: [f64; 2],
    /// Covariance of theta: of the first, of both, of the second.
    cov: [f64; 3],
    /// Line before anything was seen, and how far the cost of each place is expected off it.
    prior: [f64; 2],
    off: Places,
    /// Slow rates and costs as read last, while they are those.
    #[serde(skip)]
    known: Option<(Places, Places)>,
}

fn each(f: impl FnMut(usize) -> f64) -> Places {
    std::array::from_fn(f)
}

fn scale(x: &mut Places, by: f64) {
    x.iter_mut().for_each(|x| *x *= by);
}

fn add(to: &mut Places, x: &Places) {
    to.iter_mut().zip(x).for_each(|(t, x)| *t += x);
}

impl Stats {
    pub(super) fn new() -> Stats {
        Stats {
            theta: LINE.map(|(mean, _)| mean),
            cov: [LINE[0].1 * LINE[0].1, 0.0, LINE[1].1 * LINE[1].1],
            prior: LINE.map(|(mean, _)| mean),
            ..Stats::default()
        }
    }

    /// Costs are expected to be those that `other` has come to.
    pub(super) fn expect(&mut self, other: &Stats) {
        let ([a, b], (cost, _)) = (other.theta, other.cost());
        self.prior = other.theta;
        self.off = each(|j| cost[j] - a - b * other.depth(j));
        self.fit();
    }

    /// Time passed: what was seen counts `slow` and `fast` of what it did.
    pub(super) fn forget(&mut self, slow: f64, fast: f64) {
        self.known = None;
        let Sums { fills, live, quoted, moved } = &mut self.sums;
        [fills, live, quoted, moved].into_iter().for_each(|x| scale(x, slow));
        self.fast.iter_mut().for_each(|x| scale(x, fast));
        self.line.iter_mut().for_each(|x| *x *= slow);
        self.residual2 *= slow;
        self.weight *= slow;
        for s in &mut self.scales {
            let all = [&mut s.count2, &mut s.count, &mut s.moved2, &mut s.moved4];
            all.into_iter().for_each(|x| scale(x, slow));
            s.line2 *= slow;
        }
    }

    /// Adds a window, after forgetting what time has passed since the one before it.
    pub(super) fn take(&mut self, w: &Window, slow: f64, fast: f64) {
        let (rate, cost) = self.known.unwrap_or_else(|| (self.slow(), self.cost().0));
        let [a, b] = self.theta;
        self.forget(slow, fast);
        let l = &w.line;
        let mean = l[3] - a * l[0] - b * l[1];
        let square = l[5] - 2.0 * a * l[3] - 2.0 * b * l[4]
            + a * a * l[0]
            + 2.0 * a * b * l[1]
            + b * b * l[2];
        self.residual2 += square.max(0.0);
        self.weight += l[0];
        for (s, length) in self.scales.iter_mut().zip(SCALES) {
            s.add(w, &rate, &cost, mean);
            if s.windows >= length {
                s.close();
            }
        }
        add(&mut self.sums.fills, &w.fills);
        add(&mut self.sums.live, &w.live);
        add(&mut self.sums.quoted, &w.quoted);
        add(&mut self.sums.moved, &w.moved);
        add(&mut self.fast[0], &w.fills);
        add(&mut self.fast[1], &w.live);
        self.line.iter_mut().zip(l).for_each(|(t, x)| *t += x);
        self.fit();
    }

    /// The line, given all rows.
    fn fit(&mut self) {
        self.known = None;
        let s2 = (self.residual2 + 9.0 * 4.0) / (self.weight + 4.0);
        let over = |s: &Scale| (s.line2 + 3.0 * 8.0 * s2) / (self.residual2 + 8.0 * s2);
        let noise = s2 * self.scales.iter().map(over).fold(1.0, f64::max);
        let l = &self.line;
        let [sure_a, sure_b] = LINE.map(|(_, sd)| 1.0 / (sd * sd));
        let (p, q, r) = (sure_a + l[0] / noise, l[1] / noise, sure_b + l[2] / noise);
        let [a, b] = self.prior;
        let (u, v) = (sure_a * a + l[3] / noise, sure_b * b + l[4] / noise);
        let det = p * r - q * q;
        self.cov = [r / det, -q / det, p / det];
        self.theta = [(r * u - q * v) / det, (p * v - q * u) / det];
    }

    /// Rates of the slow layer.
    fn slow(&self) -> Places {
        let Sums { fills, live, .. } = &self.sums;
        let mut rate = each(|j| (fills[j] + 1.0) / (live[j] + 1.0 / RATE));
        let mut decay = DECAY.0;
        for j in 1..DISTANCES {
            let step = distance(j) - distance(j - 1);
            let before = rate[j - 1];
            let expected = before * det::exp(-decay * step);
            rate[j] = before.min((fills[j] + CHAIN) / (live[j] + CHAIN / expected));
            let seen = det::ln(before / rate[j]) / step;
            decay = (0.7 * decay + 0.3 * seen).clamp(DECAY.1, DECAY.2);
        }
        rate
    }

    /// Rates of the fast layer.
    fn fast(&self, slow: &Places) -> Places {
        let [fills, live] = &self.fast;
        let mut rate = each(|j| (fills[j] + FAST) / (live[j] + FAST / slow[j]));
        for j in 1..DISTANCES {
            rate[j] = rate[j].min(rate[j - 1]);
        }
        rate
    }

    /// How far out a place is, bps; the touch is where it was seen.
    fn depth(&self, j: usize) -> f64 {
        let Sums { fills, quoted, .. } = &self.sums;
        if j >= JOIN && fills[j] > 0.0 { (quoted[j] / fills[j]).max(0.0) } else { distance(j) }
    }

    /// Adverse moves and their variances.
    fn cost(&self) -> (Places, Places) {
        let Sums { fills, moved, .. } = &self.sums;
        let [a, b] = self.theta;
        let mut variance = [0.0; CURVE];
        let cost = each(|j| {
            let (n, d) = (fills[j], self.depth(j));
            let misfit = MISFIT.0 + MISFIT.1 * d;
            let line = a + b * d + self.off[j];
            let var_line =
                self.cov[0] + 2.0 * d * self.cov[1] + d * d * self.cov[2] + misfit * misfit;
            if n <= 0.0 {
                variance[j] = var_line;
                return line;
            }
            let sd = SPREAD.0 + SPREAD.1 * d;
            let seen = self.scales.iter().map(|s| s.moved2[j]).fold(0.0, f64::max);
            let prior = sd * sd * CLUSTER.0 * SPREAD.2;
            let var_own = (seen + prior) / (n + SPREAD.2) / n;
            variance[j] = 1.0 / (1.0 / var_own + 1.0 / var_line);
            (moved[j] / n / var_own + line / var_line) * variance[j]
        });
        (cost, variance)
    }

    /// Dispersions of counts.
    fn dispersion(&self) -> Places {
        let of = |j: usize, prior: f64| {
            let seen = |s: &Scale| (s.count2[j] + prior * CLUSTER.1) / (s.count[j] + CLUSTER.1);
            self.scales.iter().map(seen).fold(1.0, f64::max)
        };
        let mut phi = each(|j| of(j, CLUSTER.0));
        for j in 1..DISTANCES {
            phi[j] = of(j, phi[j - 1]);
        }
        phi
    }

    /// All places.
    pub(super) fn read(&mut self, fee_bps: f64) -> [Reading; CURVE] {
        let Sums { fills, live, quoted, .. } = &self.sums;
        let (rate, phi) = (self.slow(), self.dispersion());
        let fast = self.fast(&rate);
        let (cost, variance) = self.cost();
        let readings = std::array::from_fn(|j| Reading {
            live_s: live[j],
            fills: fills[j],
            n_eff: fills[j] / phi[j],
            burst: phi[j],
            rate: rate[j],
            fast: fast[j],
            quoted: (quoted[j] + 2.0 * (distance(j) + 0.15)) / (fills[j] + 2.0),
            cost: fee_bps + cost[j],
            deviation: variance[j].sqrt(),
            t: beta::student95(self.freedom(j)),
        });
        self.known = Some((rate, cost));
        readings
    }

    /// Degrees of freedom of the cost: one burst is one observation.
    fn freedom(&self, j: usize) -> f64 {
        let mut worst = &self.scales[0];
        for s in &self.scales[1..] {
            if s.moved2[j] > worst.moved2[j] {
                worst = s;
            }
        }
        2.5 + 2.0 * worst.moved2[j] * worst.moved2[j] / worst.moved4[j].max(1e-12)
    }
}

impl Scale {
    fn add(&mut self, w: &Window, rate: &Places, cost: &Places, line: f64) {
        self.windows += 1;
        for j in 0..CURVE {
            self.fills[j] += w.fills[j];
            self.expected[j] += rate[j] * w.live[j];
            self.moved[j] += w.moved[j] - cost[j] * w.fills[j];
        }
        self.line += line;
    }

    fn close(&mut self) {
        for j in 0..CURVE {
            let (count, moved) = (self.fills[j] - self.expected[j], self.moved[j] * self.moved[j]);
            self.count2[j] += count * count;
            self.count[j] += self.expected[j];
            self.moved2[j] += moved;
            self.moved4[j] += moved * moved;
        }
        self.line2 += self.line * self.line;
        (self.windows, self.line) = (0, 0.0);
        (self.fills, self.expected, self.moved) = ([0.0; CURVE], [0.0; CURVE], [0.0; CURVE]);
    }
}
