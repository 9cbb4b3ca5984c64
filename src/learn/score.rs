//! How good forecasts of fills are, in numbers that nothing about the outcome leaks into.
//!
//! In: windows of fills and of what was forecast of them before. Out: [`Rating`]. Hot path: once a window.
//!
//! 1. A forecast is a rate of fills per second, known before. With N fills, T seconds in the book,
//!    L the integral of the rate and S the sum of its logarithms at the fills:
//!    discrimination D = S/N - ln(L/T), nats a fill; calibration r = N/L. Any constant forecast has
//!    D = 0 exactly, whatever it is, however long orders live; a scale changes r alone.
//! 2. The gain over the rate N/T known in hindsight is D - (1/r - 1 + ln r), exactly.
//! 3. A cluster is one observation: the interval of r takes the largest dispersion over windows of
//!    10, 30 and 60 s, the error of D sums its influence over blocks of 60 s.
//! 4. It is there from the first second: without a fill it says how many were expected, and how few
//!    that may really have been.

use serde::{Deserialize, Serialize};

use crate::math::{det, gamma};

/// Forecasts beside each other: the slow rates, the fast ones, the one that the gate chose.
pub const LAYERS: usize = 3;
/// The one that is used.
pub const USED: usize = 2;
/// Lengths of the cluster scales, windows.
const SCALES: [u32; 3] = [1, 3, 6];
/// Dispersion before anything was seen, worth so many fills.
const CLUSTER: (f64, f64) = (3.0, 6.0);
/// Standard errors by which the fast forecast has to be worse before it is left.
const WORSE: f64 = 1.64;

/// What happened, and what was forecast of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Fills.
    pub fills: f64,
    /// Seconds in the book.
    pub live_s: f64,
    /// Fills expected, by layer.
    pub expected: [f64; LAYERS],
    /// Sum over fills of the logarithm of the rate, by layer.
    pub logs: [f64; LAYERS],
}

impl Tally {
    /// `live_s` seconds in the book and `fills` fills at the given rates (> 0), 1/s.
    pub fn add(&mut self, live_s: f64, fills: f64, rates: [f64; LAYERS]) {
        self.fills += fills;
        self.live_s += live_s;
        for (i, rate) in rates.into_iter().enumerate() {
            self.expected[i] += rate * live_s;
            if fills > 0.0 {
                self.logs[i] += fills * det::ln(rate.max(1e-12));
            }
        }
    }

    /// The same as [`Tally::add`] for another tally.
    pub fn join(&mut self, o: &Tally) {
        self.fills += o.fills;
        self.live_s += o.live_s;
        for i in 0..LAYERS {
            self.expected[i] += o.expected[i];
            self.logs[i] += o.logs[i];
        }
    }

    /// Discrimination of a layer, nats a fill; 0 without a fill.
    #[must_use]
    pub fn gain(&self, layer: usize) -> f64 {
        if self.fills <= 0.0 || self.expected[layer] <= 0.0 {
            return 0.0;
        }
        self.logs[layer] / self.fills - det::ln(self.expected[layer] / self.live_s)
    }
}

/// Products of the four parts of a block, of which an error is made.
type Products = [[f64; 4]; 4];

/// A block's parts into its products.
fn add(to: &mut Products, x: [f64; 4]) {
    for (row, a) in to.iter_mut().zip(x) {
        row.iter_mut().zip(x).for_each(|(t, b)| *t += a * b);
    }
}

/// The sum of squares of `by . x` over all blocks.
fn squares(of: &Products, by: [f64; 4]) -> f64 {
    let row = |(row, a): (&[f64; 4], f64)| a * row.iter().zip(by).map(|(x, b)| x * b).sum::<f64>();
    of.iter().zip(by).map(row).sum::<f64>().max(0.0)
}

/// One length of windows: those so far, and sums of products of fills and expected ones.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Scale {
    windows: u32,
    open: Tally,
    fills2: f64,
    both: f64,
    expected2: f64,
}

/// Scores of forecasts over a run.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Score {
    all: Tally,
    scales: [Scale; 3],
    /// Products of a block's logarithms, fills, expected fills and seconds, of what was used.
    used: Products,
    /// Products of a block's difference of logarithms, fills, and expected fills of fast and slow.
    paired: Products,
}

/// What a score comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rating {
    /// Fills.
    pub fills: f64,
    /// Seconds in the book.
    pub live_s: f64,
    /// Fills expected.
    pub expected: f64,
    /// Ends of the 95 % interval of fills over expected; infinite above where none was expected.
    pub ratio: [f64; 2],
    /// Fills that count as independent.
    pub bursts: f64,
    /// Discrimination, nats a fill: 0 is a constant rate.
    pub gain: f64,
    /// Its standard error.
    pub gain_se: f64,
}

impl Score {
    /// A window closed.
    pub fn take(&mut self, w: &Tally) {
        self.all.join(w);
        for (s, length) in self.scales.iter_mut().zip(SCALES) {
            s.open.join(w);
            s.windows += 1;
            if s.windows < length {
                continue;
            }
            let (t, l) = (s.open, s.open.expected[USED]);
            s.fills2 += t.fills * t.fills;
            s.both += t.fills * l;
            s.expected2 += l * l;
            if length == SCALES[2] {
                add(&mut self.used, [t.logs[USED], t.fills, l, t.live_s]);
                let logs = t.logs[1] - t.logs[0];
                add(&mut self.paired, [logs, t.fills, t.expected[1], t.expected[0]]);
            }
            (s.windows, s.open) = (0, Tally::default());
        }
    }

    /// Everything so far.
    #[cfg(test)]
    pub(super) fn all(&self) -> &Tally {
        &self.all
    }

    /// Whether the fast forecast may be used: unless it tells fills apart worse than the slow one, in
    /// windows paired, by more than chance.
    #[must_use]
    pub fn fast(&self) -> bool {
        let (t, [slow, fast, _]) = (&self.all, self.all.expected);
        if t.fills <= 0.0 || slow <= 0.0 || fast <= 0.0 {
            return true;
        }
        let logs = (t.logs[1] - t.logs[0]) / t.fills;
        let better = logs - det::ln(fast / slow);
        let by = [1.0 / t.fills, -logs / t.fills, -1.0 / fast, 1.0 / slow];
        better >= -WORSE * squares(&self.paired, by).sqrt()
    }

    /// Fills over independent bursts, given fills over expected.
    fn dispersion(&self, ratio: f64) -> f64 {
        let expected = ratio * self.all.expected[USED] + CLUSTER.1;
        let over = |s: &Scale| {
            let square = s.fills2 - 2.0 * ratio * s.both + ratio * ratio * s.expected2;
            (square.max(0.0) + CLUSTER.0 * CLUSTER.1) / expected
        };
        self.scales.iter().map(over).fold(1.0, f64::max)
    }

    /// What it comes to.
    #[must_use]
    pub fn rating(&self) -> Rating {
        let (t, expected) = (&self.all, self.all.expected[USED]);
        if expected <= 0.0 {
            let ratio = [0.0, f64::INFINITY];
            return Rating { fills: t.fills, live_s: t.live_s, ratio, ..Rating::default() };
        }
        let phi = self.dispersion(t.fills / expected);
        let bursts = t.fills / phi;
        let per = phi / expected;
        let lo = if t.fills > 0.0 { gamma::lower95(bursts + 0.5) * per } else { 0.0 };
        let hi = gamma::upper95(bursts + 1.0) * per;
        let (gain, gain_se) = self.gain();
        let Tally { fills, live_s, .. } = *t;
        Rating { fills, live_s, expected, ratio: [lo, hi], bursts, gain, gain_se }
    }

    /// Fills so far.
    pub(super) fn fills(&self) -> f64 {
        self.all.fills
    }

    /// Discrimination of what was used, nats a fill, and its standard error; 0 without a fill.
    pub(super) fn gain(&self) -> (f64, f64) {
        let (t, expected) = (&self.all, self.all.expected[USED]);
        if t.fills <= 0.0 || expected <= 0.0 {
            return (0.0, 0.0);
        }
        let mean = t.logs[USED] / t.fills;
        let by = [1.0 / t.fills, -mean / t.fills, -1.0 / expected, 1.0 / t.live_s];
        (t.gain(USED), squares(&self.used, by).sqrt())
    }
}

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;
