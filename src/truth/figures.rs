//! The figures of the truth, from what was seen of all parts.
//!
//! In: parts. Out: curves, fill probabilities, takers' reach, moves after them, volatility. Cold path.

use serde::Serialize;

use super::ladder::Pace;
use super::part::{Part, Swept};
use super::plan::{PLACES, Plan, SHARES};
use super::stretch::{Estimate, ratio};
use super::tried::Tried;
use crate::event::shadow::{DISTANCES_E2, IMPROVE, JOIN};
use crate::learn::curve::MARK_S;
use crate::units::Ns;
use crate::venue::draw::floor;

/// Horizons of fills of orders, s.
pub const FILLED_S: [i64; 3] = [1, 10, 60];
/// Depths of takers' reach, bps.
const DEPTHS: [f64; 8] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0];
/// Ends of the bins of reach whose moves are shown, bps.
const BINS: [f64; 6] = [0.0, 0.1, 0.3, 1.0, 3.0, 99.0];
/// Horizons of those moves, ms.
const AFTER_MS: [i64; 4] = [500, 1_000, 5_000, 30_000];
/// Horizons of volatility, s.
const SIGMA_S: [i64; 4] = [1, 5, 30, 300];

/// What quotes at one place meet. Rates per second and side, moves and costs in bps.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its distance, bps, or `join`, `improve`.
    pub place: String,
    /// Time in the book, both sides, s.
    pub live_s: f64,
    /// Fills.
    pub fills: i64,
    /// Fills per second in the book.
    pub rate: Estimate,
    /// Distance of the fills as rounded, from the mid that was known.
    pub gets: Estimate,
    /// Fee, and the move against the quote from that mid to the mark.
    pub costs: Estimate,
    /// What a fill earns.
    pub edge: Estimate,
    /// What a second and side earns, bps of the size quoted.
    pub value: Estimate,
}

/// The curve where a share of resting orders is not post-only.
#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    /// That share.
    pub share: f64,
    /// Time from a fill to its mark, s.
    pub mark_s: u8,
    /// By place.
    pub rows: Vec<Row>,
}

/// Orders at one place that are filled in time.
#[derive(Clone, Debug, Serialize)]
pub struct Orders {
    /// Share of resting orders that are not post-only.
    pub share: f64,
    /// Ticks behind the touch; null for all together.
    pub behind: Option<i64>,
    /// How many.
    pub orders: i64,
    /// Filled whole within each of 1, 10, 60 s, per cent.
    pub filled_pct: [Estimate; 3],
}

/// Moves after takers of about one reach.
#[derive(Clone, Debug, Serialize)]
pub struct Moves {
    /// Least and greatest reach, bps.
    pub reach_bps: [f64; 2],
    /// Takers.
    pub takers: i64,
    /// Move with the taker from the mid before it, .5, 1, 5, 30 s after, bps.
    pub moves_bps: [Estimate; 4],
}

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    /// The world.
    pub world: String,
    /// The coin.
    pub coin: String,
    /// Market time, h.
    pub hours: f64,
    /// Parts it was simulated in.
    pub parts: usize,
    /// Seed.
    pub seed: u64,
    /// Blocks.
    pub blocks: u64,
    /// How quotes were made.
    pub pace: Pace,
    /// The maker fee, bps.
    pub fee_bps: f64,
    /// Value of an order that was tried, USD.
    pub order_usd: f64,
    /// By share and mark.
    pub curves: Vec<Curve>,
    /// By share and place.
    pub orders: Vec<Orders>,
    /// Takers per second and side that reach so many bps from the mid before their block.
    pub reach: Vec<(f64, Estimate)>,
    /// By reach.
    pub moves: Vec<Moves>,
    /// Horizon in s; volatility of the mid and of the latent price, bps per square root of a second.
    pub sigma: Vec<(i64, Estimate, Estimate)>,
}

/// Sums of one stretch at one place.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    live_s: f64,
    fills: f64,
    gets: f64,
    moved: f64,
}

/// The figures of a plan's parts.
pub(super) fn of(plan: &Plan, parts: &[Part]) -> Truth {
    let curves = (0..SHARES.len()).flat_map(|g| MARK_S.map(|m| curve(plan.fee_bps, parts, g, m)));
    let places = [None, Some(0), Some(1), Some(3)];
    let seconds: f64 = parts.iter().map(|p| stretch_s(p) * p.stretches as f64).sum();
    Truth {
        world: plan.world.clone(),
        coin: plan.coin.clone(),
        hours: seconds / 3_600.0,
        parts: parts.len(),
        seed: plan.seed,
        blocks: parts.iter().map(|p| p.blocks).sum(),
        pace: plan.pace,
        fee_bps: plan.fee_bps,
        order_usd: plan.order_usd,
        curves: curves.collect(),
        orders: (0..SHARES.len())
            .flat_map(|g| places.map(|behind| orders(parts, g, behind)))
            .collect(),
        reach: DEPTHS.iter().map(|d| (*d, reach(parts, *d))).collect(),
        moves: BINS.windows(2).map(|b| moves(parts, [b[0], b[1]])).collect(),
        sigma: SIGMA_S.iter().map(|h| sigma(parts, *h)).collect(),
    }
}

fn stretch_s(p: &Part) -> f64 {
    Ns::seconds(p.stretch_ns)
}

/// The name of a place of the ladder.
fn place_name(place: usize) -> String {
    match place {
        JOIN => "join".to_owned(),
        IMPROVE => "improve".to_owned(),
        #[expect(clippy::cast_precision_loss, reason = "hundredths of 15")]
        _ => format!("{}", DISTANCES_E2[place] as f64 / 100.0),
    }
}

fn curve(fee_bps: f64, parts: &[Part], g: usize, mark_s: u8) -> Curve {
    let mut sums: Vec<[Sums; PLACES]> = Vec::new();
    for p in parts {
        let first = sums.len();
        sums.extend(
            p.live_s[g]
                .iter()
                .map(|live| std::array::from_fn(|j| Sums { live_s: live[j], ..Sums::default() })),
        );
        for f in &p.fills[g] {
            let Some(i) = p.stretch(f.time) else { continue };
            let at = &mut sums[first + i][f.place];
            let (from, sign) = (f.from.to_f64(), f.side.sign() as f64);
            let marked = p.path.mid(f.time.plus(i64::from(mark_s) * Ns::SEC));
            at.fills += 1.0;
            at.gets += sign * (from - f.px.to_f64()) / from * 1e4;
            at.moved -= sign * (marked - from) / from * 1e4;
        }
    }
    let row = |j: usize| {
        let of = |a: fn(&Sums, f64) -> f64, b: fn(&Sums) -> f64| {
            ratio(sums.iter().map(move |s| (a(&s[j], fee_bps), b(&s[j]))))
        };
        let total = |a: fn(&Sums) -> f64| sums.iter().map(|s| a(&s[j])).sum::<f64>();
        Row {
            place: place_name(j),
            live_s: total(|s| s.live_s),
            fills: floor(total(|s| s.fills)),
            rate: of(|s, _| s.fills, |s| s.live_s),
            gets: of(|s, _| s.gets, |s| s.fills),
            costs: of(|s, fee| s.moved + fee * s.fills, |s| s.fills),
            edge: of(|s, fee| s.gets - s.moved - fee * s.fills, |s| s.fills),
            value: of(|s, fee| s.gets - s.moved - fee * s.fills, |s| s.live_s),
        }
    };
    Curve { share: SHARES[g], mark_s, rows: (0..PLACES).map(row).collect() }
}

fn orders(parts: &[Part], g: usize, behind: Option<i64>) -> Orders {
    let mut by: Vec<(f64, [f64; 3])> = Vec::new();
    for p in parts {
        let first = by.len();
        by.resize(first + p.stretches, (0.0, [0.0; 3]));
        for o in p.orders.iter().filter(|o| behind.is_none_or(|b| b == o.behind)) {
            let Some(i) = p.stretch(o.placed) else { continue };
            let (n, filled) = &mut by[first + i];
            *n += 1.0;
            for (sum, h) in filled.iter_mut().zip(FILLED_S) {
                *sum += if within(o, g, h) { 100.0 } else { 0.0 };
            }
        }
    }
    let filled_pct = std::array::from_fn(|h| ratio(by.iter().map(move |(n, f)| (f[h], *n))));
    let orders = floor(by.iter().map(|(n, _)| n).sum());
    Orders { share: SHARES[g], behind, orders, filled_pct }
}

/// Whether an order was filled within `h` seconds.
fn within(o: &Tried, g: usize, h: i64) -> bool {
    o.filled[g].is_some_and(|t| t.since(o.placed) <= h * Ns::SEC)
}

/// Sums by stretch of what `of` makes of each taker.
fn by_stretch<'a>(
    parts: &'a [Part],
    of: impl Fn(&Part, &Swept) -> Option<f64> + Copy + 'a,
) -> Vec<(f64, f64)> {
    let mut out = Vec::new();
    for p in parts {
        let first = out.len();
        out.resize(first + p.stretches, (0.0, 0.0));
        for t in &p.takers {
            if let (Some(i), Some(x)) = (p.stretch(t.time), of(p, t)) {
                out[first + i].0 += x;
                out[first + i].1 += 1.0;
            }
        }
    }
    out
}

fn reach(parts: &[Part], depth: f64) -> Estimate {
    let sums = by_stretch(parts, |_, t| (t.depth_bps >= depth).then_some(1.0));
    let seconds = parts.iter().flat_map(|p| std::iter::repeat_n(2.0 * stretch_s(p), p.stretches));
    ratio(sums.iter().map(|s| s.0).zip(seconds))
}

fn moves(parts: &[Part], [least, most]: [f64; 2]) -> Moves {
    let of = |ms: i64| {
        by_stretch(parts, move |p, t| {
            let moved = p.path.mid(t.time.plus(ms * Ns::MS)) - t.mid;
            let bps = t.side.sign() as f64 * moved / t.mid * 1e4;
            (t.depth_bps >= least && t.depth_bps < most).then_some(bps)
        })
    };
    let all = AFTER_MS.map(of);
    Moves {
        reach_bps: [least, most],
        takers: floor(all[0].iter().map(|s| s.1).sum()),
        moves_bps: all.each_ref().map(|sums| ratio(sums.iter().copied())),
    }
}

fn sigma(parts: &[Part], horizon_s: i64) -> (i64, Estimate, Estimate) {
    let horizon = horizon_s * Ns::SEC;
    let mut by: Vec<[f64; 3]> = Vec::new();
    for p in parts {
        for i in 0..p.stretches {
            let from = p.from.plus(i as i64 * p.stretch_ns);
            let mut sums = [0.0; 3];
            let steps = ((p.stretch_ns - horizon) / horizon.min(5 * Ns::SEC)).max(1);
            for k in 0..steps {
                let (a, b) = (from.plus(k * horizon.min(5 * Ns::SEC)), horizon);
                let square = |price: f64, later: f64| {
                    let bps = (later - price) / price * 1e4;
                    bps * bps / horizon_s as f64
                };
                sums[0] += square(p.path.mid(a), p.path.mid(a.plus(b)));
                sums[1] += square(p.path.latent(a), p.path.latent(a.plus(b)));
                sums[2] += 1.0;
            }
            by.push(sums);
        }
    }
    let of = |k: usize| ratio(by.iter().map(move |s| (s[k], s[2]))).root();
    (horizon_s, of(0), of(1))
}
