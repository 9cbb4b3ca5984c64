//! Facts of the best prices: spread, moves, lives, volatility by horizon, size, what imbalance says.
//!
//! In: the best prices in order of blocks. Out: named figures. Cold path.

use super::found::Facts;
use super::stats::{bps, correlation, mean, quantile, share, sorted, weighted};
use super::tape::Touch;
use crate::units::{Mid2, Px};

/// Longest gap in ms between two best prices of one stretch.
pub(super) const HOLE: i64 = 5_000;
/// Fewest best prices of a stretch that counts.
const STRETCH: usize = 21;
/// Horizons of volatility in ms, and their names.
const HORIZONS: [(i64, &str); 6] =
    [(100, "0.1"), (500, "0.5"), (1_000, "1"), (5_000, "5"), (30_000, "30"), (300_000, "300")];
/// Longest step of overlapping returns, ms.
const STEP: i64 = 5_000;

/// The best prices of one coin in order of blocks, and the stretches without holes.
#[derive(Debug)]
pub(super) struct Series {
    pub rows: Vec<Touch>,
    /// First and last block of each stretch, ms.
    pub stretches: Vec<(i64, i64)>,
    /// Price step, USD.
    pub tick: f64,
    pub seconds: f64,
}

impl Touch {
    /// Mean of both prices, USD.
    pub(super) fn mid(&self) -> f64 {
        f64::midpoint(self.px[0].to_f64(), self.px[1].to_f64())
    }

    /// Twice the mid, exact.
    fn twice(&self) -> Mid2 {
        Mid2(self.px[0].0 + self.px[1].0)
    }

    /// Value at the best price of a side, USD.
    pub(super) fn usd(&self, side: usize) -> f64 {
        self.px[side].to_f64() * self.sz[side].to_f64()
    }
}

impl Series {
    /// `None` where no stretch is long enough.
    pub(super) fn new(mut rows: Vec<Touch>, tick: impl Fn(Px) -> i64) -> Option<Series> {
        rows.sort_by_key(|r| r.ms);
        let first = rows.first()?;
        let tick = Px(tick(Px(first.twice().0 / 2))).to_f64();
        let stretches: Vec<(i64, i64)> = rows
            .chunk_by(|a, b| b.ms - a.ms <= HOLE)
            .filter(|s| s.len() >= STRETCH)
            .map(|s| (s[0].ms, s[s.len() - 1].ms))
            .collect();
        let ms: i64 = stretches.iter().map(|(from, to)| to - from).sum();
        (ms > 0).then(|| Series { rows, stretches, tick, seconds: ms as f64 / 1e3 })
    }

    /// The state after all blocks up to `ms`.
    pub(super) fn at(&self, ms: i64) -> Option<&Touch> {
        let behind = self.rows.partition_point(|r| r.ms <= ms);
        behind.checked_sub(1).map(|i| &self.rows[i])
    }

    /// Whether a stretch holds all of `from..=to`, ms.
    pub(super) fn holds(&self, from: i64, to: i64) -> bool {
        self.stretches.iter().any(|s| s.0 <= from && to <= s.1)
    }

    /// Neighbours of one stretch.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&Touch, &Touch)> {
        let pairs = self.rows.windows(2).map(|w| (&w[0], &w[1]));
        pairs.filter(|(a, b)| b.ms - a.ms <= HOLE)
    }

    /// How long each state stood, s; none before a hole and at the end.
    fn stood(&self) -> impl Iterator<Item = (&Touch, f64)> {
        self.steps().map(|(a, b)| (a, (b.ms - a.ms) as f64 / 1e3))
    }

    /// Returns over `horizon` ms from a grid of steps of `step` ms, bps.
    fn returns(&self, horizon: i64, step: i64) -> Vec<f64> {
        let mut out = Vec::new();
        for (from, to) in &self.stretches {
            let n = (to - horizon - from + step - 1).div_euclid(step);
            if n < 3 {
                continue;
            }
            let mid = |ms| self.at(ms).map_or(f64::NAN, Touch::mid);
            out.extend((0..n).map(|i| bps(mid(from + i * step), mid(from + i * step + horizon))));
        }
        out
    }
}

/// All facts of the best prices.
pub(super) fn facts(s: &Series, out: &mut Facts) {
    let mid = s.rows[0].mid();
    out.add("seconds", s.seconds);
    out.add("px", mid);
    out.add("tick_bps", s.tick / mid * 1e4);
    spread(s, out);
    moves(s, out);
    volatility(s, out);
    sizes(s, out);
    imbalance(s, out);
}

fn spread(s: &Series, out: &mut Facts) {
    let ticks = |t: &Touch| (t.px[1].to_f64() - t.px[0].to_f64()) / s.tick;
    let all: Vec<(f64, f64)> = s.stood().map(|(t, dt)| (ticks(t), dt)).collect();
    let total: f64 = all.iter().map(|v| v.1).sum();
    let ticks_mean = all.iter().map(|v| v.0 * v.1).sum::<f64>() / total;
    out.add("spread_ticks_mean", ticks_mean);
    let one = all.iter().filter(|v| v.0 < 1.5).map(|v| v.1).sum::<f64>() / total;
    let [p10, p50, p90, p99] = weighted(all, [0.1, 0.5, 0.9, 0.99]);
    out.add("spread_ticks_p10", p10);
    out.add("spread_ticks_p50", p50);
    out.add("spread_ticks_p90", p90);
    out.add("spread_ticks_p99", p99);
    out.add("spread_1tick_share", one);
    out.add("spread_bps_mean", ticks_mean * s.tick / s.rows[0].mid() * 1e4);
}

fn moves(s: &Series, out: &mut Facts) {
    let rate = |moved: fn(&Touch, &Touch) -> bool| {
        s.steps().filter(|(a, b)| moved(a, b)).count() as f64 / s.seconds
    };
    out.add("touch_moves_s", rate(|a, b| a.px != b.px));
    out.add("mid_moves_s", rate(|a, b| a.twice() != b.twice()));
    let (mut lives, mut since) = (Vec::new(), s.rows[0].ms);
    for w in s.rows.windows(2) {
        if w[1].ms - w[0].ms > HOLE {
            since = w[1].ms;
        } else if w[1].px[0] != w[0].px[0] {
            lives.push((w[1].ms - since) as f64 / 1e3);
            since = w[1].ms;
        }
    }
    let lives = sorted(lives);
    out.add("bid_life_med_s", quantile(&lives, 0.5));
    out.add("bid_life_mean_s", mean(&lives));
    let bids = s.rows.windows(2).map(|w| (w[1].px[0].to_f64() - w[0].px[0].to_f64()).abs());
    let moved: Vec<f64> = bids.filter(|d| *d > 0.0).map(|d| d / s.tick).collect();
    out.add("bid_move_ticks_mean", mean(&moved));
}

fn volatility(s: &Series, out: &mut Facts) {
    for (ms, name) in HORIZONS {
        let r = s.returns(ms, ms.min(STEP));
        let power = |k: i32| {
            let product = |x: &f64| (0..k).map(|_| *x).product::<f64>();
            r.iter().map(product).sum::<f64>() / r.len() as f64
        };
        let enough = r.len() >= 8;
        let vol = (power(2) / (ms as f64 / 1e3)).sqrt();
        out.add(&format!("vol_{name}s"), if enough { vol } else { f64::NAN });
        if name == "1" || name == "5" {
            out.add(&format!("kurt_{name}s"), power(4) / (power(2) * power(2)));
        }
    }
    // Clustering: autocorrelation of the size of 1-s returns.
    let mut sizes = Vec::new();
    for (from, to) in &s.stretches {
        let mids: Vec<f64> = (0..(to - from + 999).div_euclid(1_000))
            .filter_map(|i| s.at(from + i * 1_000).map(Touch::mid))
            .collect();
        if mids.len() > 60 {
            sizes.extend(mids.windows(2).map(|w| bps(w[0], w[1]).abs()));
        }
    }
    let m = mean(&sizes);
    let x: Vec<f64> = sizes.iter().map(|v| v - m).collect();
    let variance = x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64;
    for lag in [1, 10] {
        let products: Vec<f64> = x.iter().zip(x.iter().skip(lag)).map(|(a, b)| a * b).collect();
        out.add(&format!("absret_ac_{lag}s"), mean(&products) / variance);
    }
}

fn sizes(s: &Series, out: &mut Facts) {
    // All bids, then all asks, as the reference sums them.
    let of = |side: usize| s.stood().map(move |(t, dt)| (t.usd(side), dt));
    let all: Vec<(f64, f64)> = of(0).chain(of(1)).collect();
    let total: f64 = all.iter().map(|v| v.1).sum();
    let usd_mean = all.iter().map(|v| v.0 * v.1).sum::<f64>() / total;
    let [p10, p50, p90] = weighted(all, [0.1, 0.5, 0.9]);
    out.add("best_usd_p10", p10);
    out.add("best_usd_p50", p50);
    out.add("best_usd_p90", p90);
    out.add("best_usd_mean", usd_mean);
    if s.rows.iter().any(|t| t.n[0] > 1) {
        let n: u64 = s.rows.iter().map(|t| u64::from(t.n[0]) + u64::from(t.n[1])).sum();
        out.add("best_orders_mean", n as f64 / (2 * s.rows.len()) as f64);
    }
}

/// The direction of the next move of the mid, by the imbalance of the best sizes.
fn imbalance(s: &Series, out: &mut Facts) {
    let mut pairs = Vec::new();
    let mut next = None;
    for w in s.rows.windows(2).rev() {
        let (now, then) = (&w[0], &w[1]);
        if then.ms - now.ms > HOLE {
            next = None;
        } else if then.twice() != now.twice() {
            next = Some(if then.twice() > now.twice() { 1.0 } else { -1.0 });
        }
        if let Some(next) = next {
            let [bid, ask] = now.sz.map(|z| z.to_f64());
            pairs.push(((bid - ask) / (bid + ask), next));
        }
    }
    if pairs.len() <= 100 {
        return;
    }
    let bins = [("lo", -1.01, -0.6), ("ml", -0.6, -0.2), ("mm", -0.2, 0.2), ("mh", 0.2, 0.6)];
    for (name, from, to) in bins.into_iter().chain([("hi", 0.6, 1.01)]) {
        let inside: Vec<f64> =
            pairs.iter().filter(|p| p.0 >= from && p.0 < to).map(|p| p.1).collect();
        let up = if inside.len() > 10 { share(&inside, |n| *n > 0.0) } else { f64::NAN };
        out.add(&format!("pup_{name}"), up);
    }
    out.add("imb_auc", correlation(&pairs));
}
