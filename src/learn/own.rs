//! Own orders against what was forecast of their fills.
//!
//! In: own orders while they are in the book, their fills, the curve's rates. Out: a [`Score`]. Hot path:
//! O(1) as time passes, a pass over the live orders where one changes.
//!
//! 1. An order counts from when it is in the book until its first fill or its end, on the venue's
//!    clock. Its forecast is the curve's rate at its distance, as known before.
//! 2. Windows are ten seconds in which an own order stood.

use serde::{Deserialize, Serialize};
use serde_big_array::BigArray;

use super::curve::{Rates, distance};
use super::score::{LAYERS, Score, Tally};
use crate::limits::{DISTANCES, ORDERS_MAX};
use crate::math::det;

/// Length of a window, s.
const WINDOW_S: f64 = 10.0;
/// Longest time that passes at once, s: what is longer was not seen.
const STEP_MAX_S: f64 = 600.0;

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Live {
    id: u64,
    depth_bps: f64,
    rates: [f64; LAYERS],
}

/// Own orders of one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Own {
    #[serde(with = "BigArray")]
    live: [Live; ORDERS_MAX],
    count: usize,
    /// Sum of the live orders' rates.
    sum: [f64; LAYERS],
    rates: Rates,
    window: Tally,
    passed_s: f64,
    score: Score,
    refused: u64,
}

impl Own {
    /// No orders; forecasts by `rates`.
    #[must_use]
    pub fn new(rates: Rates) -> Own {
        Own {
            live: [Live::default(); ORDERS_MAX],
            count: 0,
            sum: [0.0; LAYERS],
            rates,
            window: Tally::default(),
            passed_s: 0.0,
            score: Score::default(),
            refused: 0,
        }
    }

    /// What is forecast from now on.
    pub fn on_rates(&mut self, rates: Rates) {
        self.rates = rates;
        for q in &mut self.live[..self.count] {
            q.rates = at(&self.rates, q.depth_bps);
        }
        self.total();
    }

    /// `dt_s` seconds pass, in which the market was seen.
    pub fn advance(&mut self, dt_s: f64) {
        if self.count == 0 {
            return;
        }
        let mut left = dt_s.clamp(0.0, STEP_MAX_S);
        while left > 0.0 {
            let step = left.min(WINDOW_S - self.passed_s);
            #[expect(clippy::cast_precision_loss, reason = "a few orders")]
            let live_s = self.count as f64 * step;
            self.window.live_s += live_s;
            for (e, rate) in self.window.expected.iter_mut().zip(self.sum) {
                *e += rate * step;
            }
            left -= step;
            self.passed_s += step;
            if self.passed_s >= WINDOW_S {
                self.score.take(&std::mem::take(&mut self.window));
                self.passed_s = 0.0;
            }
        }
    }

    /// An order is in the book, or stands at another distance.
    pub fn on_quote(&mut self, id: u64, depth_bps: f64) {
        let i = match self.find(id) {
            Some(i) => i,
            None if self.count < ORDERS_MAX => {
                self.count += 1;
                self.count - 1
            }
            None => {
                self.refused += 1;
                return;
            }
        };
        self.live[i] = Live { id, depth_bps, rates: at(&self.rates, depth_bps) };
        self.total();
    }

    /// A live order stands at another distance; one that has filled or ended is none.
    pub fn on_distance(&mut self, id: u64, depth_bps: f64) {
        if self.find(id).is_some() {
            self.on_quote(id, depth_bps);
        }
    }

    /// An order was filled, whole or in part: its first fill counts.
    pub fn on_fill(&mut self, id: u64) {
        if let Some(i) = self.find(id) {
            self.window.add(0.0, 1.0, self.live[i].rates);
            self.on_end(id);
        }
    }

    /// An order is gone.
    pub fn on_end(&mut self, id: u64) {
        if let Some(i) = self.find(id) {
            self.count -= 1;
            self.live[i] = self.live[self.count];
            self.live[self.count] = Live::default();
            self.total();
        }
    }

    /// The scores, the open window included.
    #[must_use]
    pub fn score(&self) -> Score {
        let mut all = self.score;
        if self.window != Tally::default() {
            all.take(&self.window);
        }
        all
    }

    /// Orders that did not fit the table.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    fn find(&self, id: u64) -> Option<usize> {
        self.live[..self.count].iter().position(|q| q.id == id)
    }

    fn total(&mut self) {
        self.sum = [0.0; LAYERS];
        for q in &self.live[..self.count] {
            self.sum.iter_mut().zip(q.rates).for_each(|(s, r)| *s += r);
        }
    }
}

/// Rates at a distance: those of the nearest places, log-linear between them.
fn at(rates: &Rates, depth_bps: f64) -> [f64; LAYERS] {
    let above = (1..DISTANCES).find(|j| distance(*j) > depth_bps);
    let j = above.unwrap_or(DISTANCES - 1);
    let (near, far) = (distance(j - 1), distance(j));
    let t = ((depth_bps - near) / (far - near)).clamp(0.0, 1.0);
    rates.each_ref().map(|r| r[j - 1] * det::exp(t * det::ln(r[j] / r[j - 1])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::CURVE;

    fn rates() -> Rates {
        let mut r = [[0.0; CURVE]; LAYERS];
        for layer in &mut r {
            for (j, x) in layer.iter_mut().enumerate() {
                *x = 0.1 * det::exp(-0.5 * distance(j));
            }
        }
        r
    }

    #[test]
    fn an_order_counts_from_the_book_to_its_first_fill() {
        let mut own = Own::new(rates());
        own.advance(100.0);
        own.on_quote(1, 1.2);
        own.advance(4.0);
        own.on_quote(2, 0.0);
        own.advance(3.0);
        own.on_fill(1);
        own.on_fill(1);
        own.advance(50.0);
        own.on_end(2);
        own.on_end(2);
        own.advance(50.0);
        own.on_distance(1, 0.0);
        own.advance(50.0);
        let t = *own.score().all();
        let near = 0.1 * det::exp(-0.6);
        let expected = 7.0 * near + 53.0 * 0.1;
        assert!((t.fills, t.live_s) == (1.0, 60.0), "{t:?}");
        assert!((t.expected[0] - expected).abs() < 1e-9, "{t:?} {expected}");
        assert!((t.logs[0] - det::ln(near)).abs() < 1e-9);
        // Time from sending instead of from the book, and after the fill, would be expected, too.
        assert!(expected < 0.9 * (57.0 * near + 57.0 * 0.1), "control");
    }

    #[test]
    fn a_distance_beyond_the_curve_has_the_rate_of_its_end() {
        let r = rates();
        assert!((at(&r, -3.0)[0] - 0.1).abs() < 1e-12);
        assert!((at(&r, 90.0)[0] - r[0][DISTANCES - 1]).abs() < 1e-12);
        assert!((at(&r, 3.7)[0] - 0.1 * det::exp(-0.5 * 3.7)).abs() < 1e-9);
    }
}
