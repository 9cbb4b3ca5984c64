//! What the market did after the fills.
//!
//! In: markouts as they come due, fees. Out: mean move in our favour by horizon, side and depth,
//! and the edge left after fees, with intervals. Cold path.
//!
//! 1. Every fill of the configured model counts once a horizon, whatever its size.
//! 2. Edge = distance quoted at + move in our favour - fee, bps of mid.

use serde::Serialize;

use super::stats::{Blocks, Interval, bootstrap, float, mean};
use crate::record::Markout;
use crate::units::{Ns, Side};

/// Horizon by which fills are judged, ms.
pub const PRIMARY_MS: u32 = 5_000;
/// Depth bins.
const BINS: usize = 4;
/// Fewest fills of a depth bin.
const IN_BIN: usize = 5;

/// Fills that share something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Fills.
    pub n: u64,
    /// Mean distance quoted at, bps.
    pub depth_bps: f64,
    /// Mean move in our favour, bps.
    pub move_bps: Interval,
    /// Mean edge after fees, bps.
    pub edge_bps: Interval,
}

/// A horizon.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Horizon {
    /// Length, ms.
    pub horizon_ms: u32,
    /// All fills.
    pub all: Group,
    /// Fills of bids.
    pub bids: Option<Group>,
    /// Fills of asks.
    pub asks: Option<Group>,
}

/// Everything by group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// By horizon, shortest first.
    pub horizons: Vec<Horizon>,
    /// By depth at the primary horizon, nearest first, equally many fills each.
    pub depths: Vec<Group>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Ns,
    horizon_ms: u32,
    side: Side,
    depth: f64,
    bps: f64,
}

/// Markouts as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Markouts {
    all: Vec<Sample>,
}

impl Markouts {
    pub(super) fn push(&mut self, at: Ns, m: &Markout) {
        let (horizon_ms, side, depth, bps) = (m.horizon_ms, m.side, m.depth_bps, m.bps);
        self.all.push(Sample { at, horizon_ms, side, depth, bps });
    }

    pub(super) fn summary(&self, blocks: &Blocks, fee_bps: f64) -> Summary {
        let group = |x: &[Sample]| group(x, blocks, fee_bps);
        let mut lengths: Vec<u32> = self.all.iter().map(|s| s.horizon_ms).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let of = |ms: u32| -> Vec<Sample> {
            self.all.iter().filter(|s| s.horizon_ms == ms).copied().collect()
        };
        let horizons = lengths.iter().filter_map(|ms| {
            let all = of(*ms);
            let side =
                |side| all.iter().filter(|s| s.side == side).copied().collect::<Vec<Sample>>();
            Some(Horizon {
                horizon_ms: *ms,
                bids: group(&side(Side::Buy)),
                asks: group(&side(Side::Sell)),
                all: group(&all)?,
            })
        });
        let mut primary = of(PRIMARY_MS);
        primary.sort_by(|a, b| a.depth.total_cmp(&b.depth));
        let bins = (primary.len() / IN_BIN).min(BINS);
        let edge = |i: usize| i * primary.len() / bins.max(1);
        let depths = (0..bins).filter_map(|i| group(&primary[edge(i)..edge(i + 1)])).collect();
        Summary { horizons: horizons.collect(), depths }
    }
}

fn group(x: &[Sample], blocks: &Blocks, fee_bps: f64) -> Option<Group> {
    let sums = |f: &dyn Fn(&Sample) -> f64| blocks.sums(x.iter().map(|s| (s.at, [f(s), 1.0])));
    Some(Group {
        n: x.len() as u64,
        depth_bps: x.iter().map(|s| s.depth).sum::<f64>() / float(x.len()),
        move_bps: bootstrap(&sums(&|s| s.bps), mean)?,
        edge_bps: bootstrap(&sums(&|s| s.depth + s.bps - fee_bps), mean)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_by_horizon_side_and_depth() {
        let mut m = Markouts::default();
        for i in 0..400i64 {
            let side = if i % 2 == 0 { Side::Buy } else { Side::Sell };
            let depth_bps = if i % 4 < 2 { 1.0 } else { 3.0 };
            let bps =
                if side == Side::Buy { -1.0 } else { -2.0 } + if i % 8 < 4 { 0.2 } else { -0.2 };
            for horizon_ms in [1_000, PRIMARY_MS] {
                let body = Markout { id: 1, horizon_ms, bps, depth_bps, side };
                m.push(Ns(i * Ns::SEC), &body);
            }
        }
        let s = m.summary(&Blocks::of(Ns(0), Ns(400 * Ns::SEC)), 1.5);
        assert_eq!(s.horizons.len(), 2);
        let h = &s.horizons[1];
        assert_eq!((h.horizon_ms, h.all.n), (PRIMARY_MS, 400));
        assert!((h.all.move_bps.value + 1.5).abs() < 1e-9);
        assert!((h.all.edge_bps.value - (2.0 - 1.5 - 1.5)).abs() < 1e-9);
        let bids = h.bids.expect("bids").move_bps;
        assert!((bids.value + 1.0).abs() < 1e-9);
        assert!(bids.lo.is_some_and(|lo| lo <= -1.0) && bids.hi.is_some_and(|hi| hi >= -1.0));
        assert_eq!(s.depths.len(), 4);
        assert!((s.depths[0].depth_bps - 1.0).abs() < 1e-9);
        assert!((s.depths[3].depth_bps - 3.0).abs() < 1e-9);
    }
}
