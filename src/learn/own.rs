//! Own orders against what was forecast of their fills.
//!
//! In: own orders while they are in the book, their fills, the curve's rates, the mid that quotes in the
//! book were made from. Out: a [`Score`]. Hot path: O(1) as time passes, a pass over the live orders where
//! that mid or one of them changes.
//!
//! 1. An order counts from when it is in the book until its first fill or its end, on the venue's
//!    clock. Its forecast is the curve's rate at its distance, as known before.
//! 2. Its distance is counted as those of shadow quotes are: from the mid that a maker knew when he last
//!    could move it, and on the scale of the prices at which the shadow quotes really stood. A newer mid
//!    would look ahead of the fills, and nominal distances call a rounded order farther than its equal.
//! 3. Windows are ten seconds in which an own order stood.

use serde::{Deserialize, Serialize};
use serde_big_array::BigArray;

use super::curve::Rates;
use super::inputs::QuoteSample;
use super::score::{LAYERS, Score, Tally};
use crate::limits::ORDERS_MAX;

/// Length of a window, s.
const WINDOW_S: f64 = 10.0;
/// Longest time that passes at once, s: what is longer was not seen.
const STEP_MAX_S: f64 = 600.0;

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Live {
    order: QuoteSample,
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
    /// The mid that quotes in the book were made from, USD; 0 before the first.
    reference: f64,
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
            reference: 0.0,
            window: Tally::default(),
            passed_s: 0.0,
            score: Score::default(),
            refused: 0,
        }
    }

    /// What is forecast from now on.
    pub fn on_rates(&mut self, rates: Rates) {
        self.rates = rates;
        self.forecast();
    }

    /// Quotes in the book were made from `mid` (> 0), USD.
    pub fn on_reference(&mut self, mid: f64) {
        if mid.to_bits() != self.reference.to_bits() {
            self.reference = mid;
            self.forecast();
        }
    }

    /// Whether an order is in the book.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.count > 0
    }

    /// Forecasts of all live orders.
    fn forecast(&mut self) {
        for q in &mut self.live[..self.count] {
            q.rates = self.rates.at(q.order.depth_bps(self.reference));
        }
        self.add_up();
    }

    fn add_up(&mut self) {
        self.sum = [0.0; LAYERS];
        for q in &self.live[..self.count] {
            self.sum.iter_mut().zip(q.rates).for_each(|(s, r)| *s += r);
        }
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

    /// An order is in the book, made from the mid `mid` (> 0), USD.
    pub fn on_quote(&mut self, order: QuoteSample, mid: f64) {
        let i = match self.find(order.id) {
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
        self.live[i] = Live { order, rates: self.rates.at(order.depth_bps(mid)) };
        if mid.to_bits() == self.reference.to_bits() {
            self.add_up();
        } else {
            self.on_reference(mid);
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
            self.add_up();
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
        self.live[..self.count].iter().position(|q| q.order.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::curve::distance;
    use crate::limits::DISTANCES;
    use crate::math::det;
    use crate::units::{ONE, Px, Side};

    /// Places that stand `off` bps beyond their distances.
    fn rates(off: f64) -> Rates {
        let rate = std::array::from_fn(|j| 0.1 * det::exp(-0.5 * (distance(j) + off)));
        Rates { stood: std::array::from_fn(|j| distance(j) + off), by_layer: [rate; LAYERS] }
    }

    /// A bid `bps` below the mid of 10,000.
    fn bid(id: u64, bps: f64) -> QuoteSample {
        #[expect(clippy::cast_possible_truncation, reason = "a price")]
        QuoteSample { id, side: Side::Buy, px: Px(((10_000.0 - bps) * ONE as f64) as i64) }
    }

    #[test]
    fn an_order_counts_from_the_book_to_its_first_fill() {
        let mut own = Own::new(rates(0.0));
        own.advance(100.0);
        own.on_quote(bid(1, 1.2), 10_000.0);
        own.advance(4.0);
        own.on_quote(bid(2, 0.0), 10_000.0);
        own.advance(3.0);
        own.on_fill(1);
        own.on_fill(1);
        own.advance(50.0);
        own.on_end(2);
        own.on_end(2);
        own.advance(50.0);
        own.on_reference(10_001.0);
        own.advance(50.0);
        let t = *own.score().all();
        let near = 0.1 * det::exp(-0.6);
        let expected = 7.0 * near + 53.0 * 0.1;
        assert!((t.fills, t.live_s) == (1.0, 60.0), "{t:?}");
        assert!((t.expected[0] - expected).abs() < 1e-6, "{t:?} {expected}");
        assert!((t.logs[0] - det::ln(near)).abs() < 1e-6);
        // Time from sending instead of from the book, and after the fill, would be expected, too.
        assert!(expected < 0.9 * (57.0 * near + 57.0 * 0.1), "control");
    }

    #[test]
    fn an_order_is_as_far_as_the_mid_it_could_be_moved_by_says() {
        let mut own = Own::new(rates(0.0));
        own.on_quote(bid(1, 2.0), 10_000.0);
        own.advance(5.0);
        own.on_reference(9_999.0);
        own.advance(5.0);
        let t = *own.score().all();
        let want = 0.5 * (det::exp(-1.0) + det::exp(-0.5 * 1.000_1));
        assert!((t.expected[0] - want).abs() < 1e-4, "{t:?} {want}");
    }

    #[test]
    fn rounded_places_are_as_far_as_they_stood() {
        let r = rates(0.4);
        assert!((r.at(1.4)[0] - 0.1 * det::exp(-0.7)).abs() < 1e-12, "of the place of 1 bps");
        // The control: by nominal distances it is one of 1.4 and is forecast too seldom.
        let nominal = Rates { stood: std::array::from_fn(distance), ..r };
        assert!(nominal.at(1.4)[0] < 0.85 * r.at(1.4)[0]);
    }

    #[test]
    fn a_distance_beyond_the_curve_has_the_rate_of_its_end() {
        let r = rates(0.0);
        assert!((r.at(-3.0)[0] - 0.1).abs() < 1e-12);
        assert!((r.at(90.0)[0] - r.by_layer[0][DISTANCES - 1]).abs() < 1e-12);
        assert!((r.at(3.7)[0] - 0.1 * det::exp(-0.5 * 3.7)).abs() < 1e-9);
        let coarse = Rates { stood: [0.5; DISTANCES], ..r };
        assert!(coarse.at(0.5)[0].is_finite() && coarse.at(0.7)[0].is_finite());
    }
}
