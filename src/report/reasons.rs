//! What fills came to by the reason of the fill.
//!
//! In: fills of the three models, edges of the configured one. Out: fills, value, captured spread and
//! fees a reason and model; for the configured one the edge at the primary horizon. Cold path.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::markouts::{Amounts, PRIMARY_MS};
use crate::record::{Edge, Fill, FillReason, Lane};
use crate::units::{Cash, Px};

/// Number of reasons.
const REASONS: usize = FillReason::ALL.len();

/// Fills of one reason under one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Fills.
    pub fills: u64,
    /// Their value, USD.
    pub usd: f64,
    /// Spread captured against the mid before the block, USD.
    pub spread_usd: f64,
    /// Fees, USD; negative: rebates.
    pub fees_usd: f64,
    /// Amounts of the fills that reached the primary horizon.
    pub at_horizon: Amounts,
}

impl Reason {
    /// What a fill earns until the primary horizon after fees, bps of its value; `None` before any.
    pub fn edge_bps(&self) -> Option<f64> {
        let usd = self.at_horizon.value.to_f64();
        (usd > 0.0).then(|| self.at_horizon.edge().to_f64() / usd * 1e4)
    }
}

/// Fills by model and reason, as [`Lane`] and [`FillReason`] count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reasons {
    /// The table.
    pub by: [[Reason; REASONS]; 3],
}

impl Reasons {
    pub(super) fn on_fill(&mut self, f: &Fill) {
        let r = &mut self.by[f.lane as usize][f.reason as usize];
        r.fills += 1;
        r.usd += Cash::of(f.px, f.sz).to_f64();
        let z = i128::from(f.side.sign() * f.sz.0);
        r.spread_usd += Cash(z * (i128::from(f.mid.0) - 2 * i128::from(f.px.0))).to_f64();
        r.fees_usd += Px(f.fee_e8).to_f64();
    }

    pub(super) fn on_edge(&mut self, e: &Edge) {
        if e.horizon_ms == PRIMARY_MS {
            let lane = &mut self.by[Lane::Configured as usize];
            lane[e.reason as usize].at_horizon += Amounts::of(e);
        }
    }

    /// Reasons of a model that filled something.
    pub fn of_lane(&self, lane: Lane) -> impl Iterator<Item = (FillReason, &Reason)> {
        let all = FillReason::ALL.iter().copied().zip(&self.by[lane as usize]);
        all.filter(|(_, r)| r.fills > 0)
    }

    /// A line for people: the configured model.
    pub(super) fn text(&self) -> String {
        let each: Vec<String> = self
            .of_lane(Lane::Configured)
            .map(|(reason, r)| {
                let edge =
                    r.edge_bps().map_or_else(String::new, |x| format!(", {x:+.2} bps after 5 s"));
                format!("{} {} ({:.0} USD{edge})", reason.text(), r.fills, r.usd)
            })
            .collect();
        each.join(", ")
    }

    /// The table for programs.
    pub(super) fn json(&self) -> Value {
        let lane = |l: &Lane| {
            let row = |(reason, r): (FillReason, &Reason)| {
                let row = json!({
                    "fills": r.fills, "usd": r.usd, "spread_usd": r.spread_usd,
                    "fees_usd": r.fees_usd, "edge_bps": r.edge_bps(),
                    "edge_usd": r.at_horizon.edge().to_f64(),
                });
                (reason.text(), row)
            };
            (l.text(), self.of_lane(*l).map(row).collect::<Value>())
        };
        Lane::ALL.iter().map(lane).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Mid2, Ns, ONE, Side, Sz};

    #[test]
    fn money_and_moves_go_to_the_reason_of_the_fill() {
        let fill = |id, lane, reason, side, usd: i64| Fill {
            id,
            lane,
            reason,
            side,
            unknown_queue: false,
            level: 0,
            px: Px(usd * ONE),
            sz: Sz(2 * ONE),
            open: Sz(0),
            ahead: Sz(0),
            age: 0,
            time: Ns(0),
            tid: 1,
            mid: Mid2(2 * 100 * ONE),
            fee_e8: ONE / 100,
            sight_age: 0,
        };
        let mut all = Reasons::default();
        all.on_fill(&fill(1, Lane::Configured, FillReason::Crossed, Side::Buy, 101));
        all.on_fill(&fill(2, Lane::Configured, FillReason::Queue, Side::Sell, 102));
        all.on_fill(&fill(2, Lane::Optimistic, FillReason::Touch, Side::Sell, 102));
        let edge = |f: Fill, horizon_ms, bps: i64| Edge {
            id: f.id,
            horizon_ms,
            reason: f.reason,
            side: f.side,
            px: f.px,
            sz: f.sz,
            fee_e8: f.fee_e8,
            time: f.time,
            from: f.mid,
            mid: f.mid,
            after: Mid2(f.mid.0 + f.side.sign() * bps * 2 * ONE / 100),
        };
        let bought = fill(1, Lane::Configured, FillReason::Crossed, Side::Buy, 101);
        let sold = fill(2, Lane::Configured, FillReason::Queue, Side::Sell, 102);
        for (f, bps, horizon_ms) in [(bought, -5, 5_000), (sold, 3, 5_000), (bought, 70, 1_000)] {
            all.on_edge(&edge(f, horizon_ms, bps));
        }
        let of = |r: FillReason| all.by[0][r as usize];
        let (crossed, queue) = (of(FillReason::Crossed), of(FillReason::Queue));
        assert_eq!((crossed.fills, queue.fills), (1, 1));
        assert!((crossed.spread_usd + 2.0).abs() < 1e-9 && (queue.spread_usd - 4.0).abs() < 1e-9);
        // Of 202 USD: 2 from the mid, 0.1 after it, a fee of 0.01.
        assert!((crossed.edge_bps().expect("marked") + 2.11 / 202.0 * 1e4).abs() < 1e-9);
        assert_eq!(all.of_lane(Lane::Optimistic).count(), 1);
        assert!(all.text().starts_with("queue 1 (204 USD, +"), "{}", all.text());
        assert_eq!(all.json()["optimistic"]["touch"]["fills"], 1);
        assert!(all.json()["optimistic"]["touch"]["edge_bps"].is_null());
    }
}
