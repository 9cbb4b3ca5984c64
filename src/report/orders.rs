//! What became of the orders: how they ended, how much was ahead of them, how long they waited.
//!
//! In: order and fill records. Out: counts and histograms. Cold path.

use serde::{Deserialize, Serialize};

use crate::limits::SAMPLES_MAX;
use crate::record::{Fill, FillReason, Lane, Order, OrderReason, OrderState};
use crate::units::{Ns, Px, Sz};

/// Lower edges of the bins of volume ahead, USD.
pub const AHEAD_USD: [f64; 8] =
    [0.0, 100.0, 1_000.0, 3_000.0, 10_000.0, 30_000.0, 100_000.0, 1_000_000.0];
/// Lower edges of the bins of time to a fill, s.
pub const AGE_S: [f64; 8] = [0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];

/// Orders and fills of one coin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Orders {
    /// Orders that reached each state, as `OrderState` counts.
    pub states: [u64; 6],
    /// Refused and cancelled orders by reason, as `OrderReason` counts.
    pub reasons: [u64; 11],
    /// Fills of the three models by reason, as `FillReason` counts.
    pub fills: [[u64; 5]; 3],
    /// Orders that went live, by volume ahead of them.
    pub live_by_ahead: [u64; 8],
    /// Of these, filled at least in part.
    pub filled_by_ahead: [u64; 8],
    /// Fills by the age of the order.
    pub fills_by_age: [u64; 8],
    /// Fills whose order was placed outside the visible book: volume ahead unknown.
    pub unknown_queue: u64,
    /// Traded value of the configured fills, USD.
    pub traded_usd: f64,
    /// Fees of the configured fills in bps of that.
    pub fee_bps: f64,
    /// Median age of an order at its fill, s.
    pub median_age_s: Option<f64>,
    /// Ages of one fill in `every`.
    ages: Vec<f64>,
    every: u64,
    fees_usd: f64,
}

impl Orders {
    pub(super) fn on_order(&mut self, o: &Order) {
        self.states[o.state as usize] += 1;
        let ended = matches!(o.state, OrderState::Rejected | OrderState::Cancelled);
        if ended {
            self.reasons[o.reason as usize] += 1;
        }
        let bin = bin(&AHEAD_USD, usd(o.px, o.ahead));
        if o.state == OrderState::Live {
            self.live_by_ahead[bin] += 1;
        }
        let is_over = ended || o.state == OrderState::Filled;
        if is_over && o.open < o.sz && o.state != OrderState::Rejected {
            self.filled_by_ahead[bin] += 1;
        }
    }

    pub(super) fn on_fill(&mut self, f: &Fill) {
        self.fills[f.lane as usize][f.reason as usize] += 1;
        if f.lane != Lane::Configured {
            return;
        }
        let age = Ns::seconds(f.age);
        if self.fills_by_age.iter().sum::<u64>().is_multiple_of(self.every.max(1)) {
            self.ages.push(age);
        }
        self.fills_by_age[bin(&AGE_S, age)] += 1;
        if self.ages.len() >= SAMPLES_MAX {
            self.every = 2 * self.every.max(1);
            halve(&mut self.ages);
        }
        self.unknown_queue += u64::from(f.unknown_queue);
        self.traded_usd += usd(f.px, f.sz);
        self.fees_usd += Px(f.fee_e8).to_f64();
    }

    pub(super) fn finish(&mut self) {
        self.ages.sort_unstable_by(f64::total_cmp);
        let median = super::stats::quantile(&self.ages, 0.5);
        self.median_age_s = Some(median).filter(|m| m.is_finite());
        if self.traded_usd > 0.0 {
            self.fee_bps = self.fees_usd / self.traded_usd * 1e4;
        }
    }

    /// Orders that reached a state.
    pub fn count(&self, state: OrderState) -> u64 {
        self.states[state as usize]
    }
}

// The arrays above are as long as the codes they count.
const _: () = assert!(OrderState::ALL.len() == 6 && OrderReason::ALL.len() == 11);
const _: () = assert!(FillReason::ALL.len() == 5 && Lane::ALL.len() == 3);

/// Keeps every second one, from the first.
pub(super) fn halve<T>(list: &mut Vec<T>) {
    let mut stays = false;
    list.retain(|_| {
        stays = !stays;
        stays
    });
}

fn usd(px: Px, sz: Sz) -> f64 {
    px.to_f64() * sz.to_f64()
}

/// The bin of `x` among lower edges.
fn bin(edges: &[f64; 8], x: f64) -> usize {
    edges.iter().rposition(|e| x >= *e).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_by_lower_edge() {
        assert_eq!(
            [-1.0, 0.0, 0.29, 0.3, 299.0, 300.0, 1e9].map(|x| bin(&AGE_S, x)),
            [0, 0, 0, 1, 6, 7, 7]
        );
    }
}
