//! What fills came to.
//!
//! In: a record a fill and horizon. Out: the edge by horizon, side and distance quoted at, with intervals.
//! Cold path.
//!
//! Of a fill (sign s, size z, price p) of a quote made at mid m0, with mid m before its block and m' at the
//! horizon:
//! ```text
//! edge = s z (m' - p) - fee = spread s z (m - p) + move s z (m' - m) - fee
//! ```
//! 1. Amounts are summed as integers: at the primary horizon all edges together are the account's spread,
//!    adverse move and fees.
//! 2. In bps an amount is a share of the value traded, so large fills count for what they are.
//! 3. The distance quoted at is counted from m0 and nothing but a label: it is added to no move. How far the
//!    market came before the fill is distance less spread, and shown.

use serde::{Deserialize, Serialize, Serializer};

use super::money::exact;
use super::stats::{Blocks, Interval, bootstrap, mean};
use crate::limits::SAMPLES_MAX;
use crate::record::Edge;
use crate::units::{Cash, Mid2, Ns, Side};

/// Horizon by which fills are judged, ms.
pub const PRIMARY_MS: u32 = 5_000;
/// Depth bins.
const BINS: usize = 4;
/// Fewest fills of a depth bin.
const IN_BIN: usize = 5;

/// Amounts of fills, exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Value traded.
    pub value: Cash,
    /// Distance quoted at, from the mid of the quote.
    pub quoted: Cash,
    /// Captured against the mid before the block.
    pub spread: Cash,
    /// Move in our favour from there to the horizon.
    pub moved: Cash,
    /// Fees, negative when paid.
    pub fees: Cash,
}

impl Amounts {
    /// Those of one fill.
    pub fn of(e: &Edge) -> Amounts {
        let z = i128::from(e.side.sign() * e.sz.0);
        let times = |from: Mid2, to: Mid2| Cash((i128::from(to.0) - i128::from(from.0)) * z);
        let own = Mid2::of(e.px);
        Amounts {
            value: Cash::of(e.px, e.sz),
            quoted: times(own, e.from),
            spread: times(own, e.mid),
            moved: times(e.mid, e.after),
            fees: Cash(-i128::from(e.fee_e8) * (Cash::USD / 100_000_000)),
        }
    }

    /// What is left.
    pub fn edge(&self) -> Cash {
        self.spread + self.moved + self.fees
    }

    /// An amount as a share of the value, bps; 0 where nothing was traded.
    fn bps(&self, amount: Cash) -> f64 {
        let usd = self.value.to_f64();
        if usd > 0.0 { amount.to_f64() / usd * 1e4 } else { 0.0 }
    }
}

impl std::ops::AddAssign for Amounts {
    fn add_assign(&mut self, o: Amounts) {
        self.value += o.value;
        self.quoted += o.quoted;
        self.spread += o.spread;
        self.moved += o.moved;
        self.fees += o.fees;
    }
}

/// Fills that share something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Fills.
    pub n: u64,
    /// Their amounts, exact; of them the edge stands in JSON, as text in USD.
    #[serde(rename = "exact_edge_usd", serialize_with = "exact_edge")]
    pub amounts: Amounts,
    /// Value traded, USD.
    pub usd: f64,
    /// Mean distance quoted at, bps of the value.
    pub depth_bps: f64,
    /// How far the market had come against the quote before the fill's block, bps.
    pub before_bps: f64,
    /// Captured against the mid before the block, bps.
    pub spread_bps: f64,
    /// Fees, bps; negative: rebates.
    pub fee_bps: f64,
    /// Move in our favour after the block, bps.
    pub move_bps: Interval,
    /// Edge after fees, bps.
    pub edge_bps: Interval,
    /// The same, USD.
    pub edge_usd: f64,
}

fn exact_edge<S: Serializer>(a: &Amounts, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&exact(a.edge()))
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

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Sample {
    at: Ns,
    horizon_ms: u32,
    side: Side,
    is: Amounts,
    /// Fills that it is of.
    n: u64,
}

/// Edges as they come; of too many, every two of a kind are one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Markouts {
    all: Vec<Sample>,
}

impl Markouts {
    pub(super) fn push(&mut self, at: Ns, e: &Edge) {
        let (horizon_ms, side) = (e.horizon_ms, e.side);
        self.all.push(Sample { at, horizon_ms, side, is: Amounts::of(e), n: 1 });
        if self.all.len() >= SAMPLES_MAX {
            self.halve();
        }
    }

    /// Joins every two of a horizon and side that follow each other.
    fn halve(&mut self) {
        let (mut kept, mut alone) = (Vec::<Sample>::new(), Vec::<((u32, Side), usize)>::new());
        for s in std::mem::take(&mut self.all) {
            let kind = (s.horizon_ms, s.side);
            match alone.iter().position(|a| a.0 == kind) {
                Some(i) => {
                    let first = &mut kept[alone.swap_remove(i).1];
                    first.is += s.is;
                    first.n += s.n;
                }
                None => {
                    alone.push((kind, kept.len()));
                    kept.push(s);
                }
            }
        }
        self.all = kept;
    }

    /// Edges at the primary horizon by block, USD.
    pub(super) fn value(&self, blocks: &Blocks) -> Vec<[f64; 1]> {
        let primary = self.all.iter().filter(|s| s.horizon_ms == PRIMARY_MS);
        blocks.sums(primary.map(|s| (s.at, [s.is.edge().to_f64()])))
    }

    pub(super) fn summary(&self, blocks: &Blocks) -> Summary {
        let group = |x: &[Sample]| group(x, blocks);
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
        let depth = |s: &Sample| s.is.bps(s.is.quoted);
        primary.sort_by(|a, b| depth(a).total_cmp(&depth(b)));
        let bins = (primary.len() / IN_BIN).min(BINS);
        let edge = |i: usize| i * primary.len() / bins.max(1);
        let depths = (0..bins).filter_map(|i| group(&primary[edge(i)..edge(i + 1)])).collect();
        Summary { horizons: horizons.collect(), depths }
    }
}

impl Summary {
    /// The horizon by which fills are judged.
    pub fn primary(&self) -> Option<&Horizon> {
        self.horizons.iter().find(|h| h.horizon_ms == PRIMARY_MS)
    }
}

fn group(x: &[Sample], blocks: &Blocks) -> Option<Group> {
    let mut amounts = Amounts::default();
    x.iter().for_each(|s| amounts += s.is);
    let share = |f: fn(&Amounts) -> Cash| {
        let sums = x.iter().map(|s| (s.at, [f(&s.is).to_f64() * 1e4, s.is.value.to_f64()]));
        bootstrap(&blocks.sums(sums), mean)
    };
    Some(Group {
        n: x.iter().map(|s| s.n).sum(),
        amounts,
        usd: amounts.value.to_f64(),
        depth_bps: amounts.bps(amounts.quoted),
        before_bps: amounts.bps(amounts.quoted - amounts.spread),
        spread_bps: amounts.bps(amounts.spread),
        fee_bps: -amounts.bps(amounts.fees),
        move_bps: share(|a| a.moved)?,
        edge_bps: share(Amounts::edge)?,
        edge_usd: amounts.edge().to_f64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FillReason;
    use crate::units::{ONE, Px, Sz};

    /// A fill of a unit at 10,000, so that a USD is a basis point: quoted `depth` away, of which the
    /// market came `before` to it, and moved `bps` in its favour after it.
    fn edge(side: Side, horizon_ms: u32, depth: i64, before: i64, bps: i64) -> Edge {
        let s = side.sign();
        let px = Px(10_000 * ONE);
        let up = |x: i64| Mid2(2 * (px.0 + s * x * ONE / 10));
        Edge {
            id: 1,
            horizon_ms,
            reason: FillReason::Queue,
            side,
            px,
            sz: Sz(ONE),
            fee_e8: 3 * ONE / 2,
            time: Ns(0),
            from: up(depth),
            mid: up(depth - before),
            after: up(depth - before + bps),
        }
    }

    #[test]
    fn of_too_many_edges_neighbours_are_one_and_sums_stay() {
        let mut m = Markouts::default();
        let fills = i64::try_from(SAMPLES_MAX).expect("small");
        for i in 0..fills {
            let side = if i % 3 == 0 { Side::Buy } else { Side::Sell };
            for horizon_ms in [1_000, PRIMARY_MS] {
                m.push(Ns(i * Ns::SEC), &edge(side, horizon_ms, 10 + i % 5, 5, i % 7));
            }
        }
        assert!(m.all.len() < SAMPLES_MAX && m.all.is_sorted_by_key(|s| s.at), "{}", m.all.len());
        let blocks = Blocks::of(Ns(0), Ns(fills * Ns::SEC), &[]);
        let found = m.summary(&blocks);
        let all = &found.primary().expect("the primary one").all;
        let each = (0..fills).map(|i| Amounts::of(&edge(Side::Buy, 0, 10 + i % 5, 5, i % 7)));
        let want = each.fold(0.0, |sum, a| sum + a.edge().to_f64());
        assert_eq!(all.n, fills.unsigned_abs());
        assert!((all.edge_usd / want - 1.0).abs() < 1e-9, "{} {want}", all.edge_usd);
        assert!(found.depths[0].depth_bps < found.depths[3].depth_bps);
    }

    #[test]
    fn means_by_horizon_side_and_depth() {
        let mut m = Markouts::default();
        for i in 0..400i64 {
            let side = if i % 2 == 0 { Side::Buy } else { Side::Sell };
            let depth = if i % 4 < 2 { 10 } else { 30 };
            let bps = if side == Side::Buy { -10 } else { -20 } + if i % 8 < 4 { 2 } else { -2 };
            for horizon_ms in [1_000, PRIMARY_MS] {
                m.push(Ns(i * Ns::SEC), &edge(side, horizon_ms, depth, 5, bps));
            }
        }
        let s = m.summary(&Blocks::of(Ns(0), Ns(400 * Ns::SEC), &[]));
        assert_eq!(s.horizons.len(), 2);
        let h = s.primary().expect("the primary one");
        assert_eq!((h.horizon_ms, h.all.n), (PRIMARY_MS, 400));
        assert!((h.all.move_bps.value + 1.5).abs() < 1e-9);
        // Quoted at 2, of which the market came half a basis point; a fee of 1.5.
        assert!((h.all.depth_bps - 2.0).abs() < 1e-9 && (h.all.before_bps - 0.5).abs() < 1e-9);
        assert!((h.all.edge_bps.value - (1.5 - 1.5 - 1.5)).abs() < 1e-9, "the move before counts");
        assert!((h.all.edge_usd + 600.0).abs() < 1e-6);
        let bids = h.bids.expect("bids").move_bps;
        assert!((bids.value + 1.0).abs() < 1e-9);
        assert!(bids.lo.is_some_and(|lo| lo <= -1.0) && bids.hi.is_some_and(|hi| hi >= -1.0));
        assert_eq!(s.depths.len(), 4);
        assert!((s.depths[0].depth_bps - 1.0).abs() < 1e-9);
        assert!((s.depths[3].depth_bps - 3.0).abs() < 1e-9);
    }

    #[test]
    fn large_fills_count_for_what_they_are() {
        let mut m = Markouts::default();
        m.push(Ns(0), &edge(Side::Buy, PRIMARY_MS, 10, 0, 0));
        let large = Edge {
            sz: Sz(9 * ONE),
            fee_e8: 9 * 3 * ONE / 2,
            ..edge(Side::Sell, PRIMARY_MS, 30, 0, 0)
        };
        m.push(Ns(0), &large);
        let s = m.summary(&Blocks::of(Ns(0), Ns(Ns::SEC), &[]));
        let all = s.primary().expect("the primary one").all;
        assert!((all.edge_bps.value - (0.1 + 0.9 * 3.0 - 1.5)).abs() < 1e-9, "{all:?}");
    }
}
