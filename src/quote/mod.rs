//! What to quote: estimates and position become a ladder, or the reason why there is none.
//!
//! In: plain numbers (beliefs, touch, position, state of feed and account). Out: a ladder a side
//! in valid prices and sizes, its terms in basis points, the guard. Hot path: no allocation;
//! floats end here, in an outward rounding.
//!
//! 1. Distances are basis points of mid, decays 1/bps: kappa per unit of price over 1e4.
//! 2. No kappa is clamped; the only clamps are the touch (post-only), the learned floor and
//!    `d_max_bps`.
//! 3. Prices of a side are strictly ordered; the best bid is below the best ask.
//! 4. Sizes follow from the prices really quoted: the closed form is evaluated after rounding and
//!    clamping.

pub mod config;
pub mod curve;
pub mod glft;
pub mod guard;
pub mod inventory;
pub mod ladder;
pub mod original;
pub mod terms;

use serde::{Deserialize, Serialize};

use arrayvec::ArrayVec;

use crate::limits::LADDER_MAX;
use crate::math::det::exp;
use crate::record::Guard;
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side, Sz};

pub use config::{Config, Policy};
pub use curve::{Beliefs, Curve};
pub use terms::{GLFT, Terms};
use guard::State;

/// Everything a quote depends on at one instant, besides beliefs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Session time.
    pub now: Ns,
    /// Best bid price.
    pub bid: Px,
    /// Best ask price.
    pub ask: Px,
    /// Position, signed.
    pub position: Sz,
    /// Session time of the last own fill, or of the start.
    pub last_fill: Ns,
    /// Move of the mid that is expected shortly, hundredths of a bps.
    pub signal: i32,
    /// State of feed, journal and account.
    pub state: State,
}

/// One side of a ladder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideQuote {
    /// Levels, nearest first.
    pub levels: ArrayVec<(Px, Sz), LADDER_MAX>,
    /// First obstacle; `None` where there are levels.
    pub guard: Guard,
}

/// A quote.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// Bid and ask side, indexed by [`Side::index`].
    pub sides: [SideQuote; 2],
    /// Mid it was made at.
    pub mid: Mid2,
    /// What it is made of.
    pub terms: Terms,
}

/// Makes quotes for one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Quoter {
    rules: Rules,
    explored_usd: f64,
}

/// The first level, bps, and how much exploration moved it.
#[derive(Clone, Copy, Debug)]
struct First {
    at: f64,
    explore: f64,
}

/// What both sides of one quote share.
#[derive(Clone, Copy, Debug)]
struct View<'a> {
    cfg: &'a Config,
    x: &'a Inputs,
    curve: &'a Curve,
    first: First,
    /// Mid with the signal in it, USD.
    centre: f64,
    /// Position, lots.
    lots: f64,
    /// How far the position moves the bid out and the ask in, bps.
    skew: f64,
}

/// A level that has a price: its distance from the centre, whether it is there to learn.
#[derive(Clone, Copy, Debug)]
struct Priced {
    px: Px,
    d: f64,
    explores: bool,
    /// Size of the universal table, S = kappa theta s.
    size: f64,
}

impl Quoter {
    /// A quoter.
    #[must_use]
    pub fn new(rules: Rules) -> Quoter {
        Quoter { rules, explored_usd: 0.0 }
    }

    /// USD spent so far on quoting inside the break-even distance.
    #[must_use]
    pub fn explored_usd(&self) -> f64 {
        self.explored_usd
    }

    /// A fill of `usd` at `depth_bps` from the mid it was quoted from: what the first level costs
    /// beyond its distance while exploration puts it there is booked on the budget.
    pub fn on_fill(&mut self, cfg: &Config, level: u8, depth_bps: f64, usd: f64, curve: &Curve) {
        let short = curve.cost_at(depth_bps) - depth_bps;
        if level == 0 && short > 0.0 && self.explores(cfg, curve) {
            self.explored_usd += short * 1e-4 * usd;
        }
    }

    /// The first obstacle of each side, as far as it can be told without making a ladder.
    #[must_use]
    pub fn guards(&self, cfg: &Config, x: &Inputs, curve: &Curve) -> [Guard; 2] {
        let lots = lots(cfg, x.position, Mid2(x.bid.0 + x.ask.0));
        let limit = cfg.max_lots;
        let unknown = match curve.original {
            Some(_) => Guard::None,
            None if !curve.sound() => Guard::NoEstimate,
            None if !curve.open => Guard::Gated,
            None => Guard::None,
        };
        Side::BOTH.map(|side| {
            let grows = if side == Side::Buy { lots } else { -lots };
            match guard::first(&x.state, grows >= limit) {
                Guard::None => unknown,
                g => g,
            }
        })
    }

    /// Whether exploration moves the first level at `x` with time alone.
    #[must_use]
    pub fn ramps(&self, cfg: &Config, x: &Inputs, curve: &Curve) -> bool {
        self.explores(cfg, curve) && Quoter::waited(x, curve) > 0.0
    }

    /// The ladder wanted now.
    #[must_use]
    pub fn quote(&self, cfg: &Config, x: &Inputs, curve: &Curve) -> Quote {
        let mid = Mid2(x.bid.0 + x.ask.0);
        let lots = lots(cfg, x.position, mid);
        let first = self.first(cfg, x, curve, half_spread_bps(x, mid));
        let signal = if cfg.on.signal && curve.original.is_none() {
            f64::from(x.signal) * 0.01
        } else {
            0.0
        };
        let centre = mid.to_f64() * (1.0 + signal * 1e-4);
        let skew = if curve.original.is_some() { 0.0 } else { curve.skew(lots, cfg) };
        let v = View { cfg, x, curve, first, centre, lots, skew };
        let guards = self.guards(cfg, x, curve).map(|g| match g {
            Guard::None if !(first.at.is_finite() && centre > 0.0) => Guard::NoEstimate,
            g => g,
        });
        let sides = Side::BOTH.map(|side| self.side(side, guards[side.index()], &v));
        let terms = terms(signal, &v, &sides);
        Quote { sides, mid, terms }
    }

    fn explores(&self, cfg: &Config, curve: &Curve) -> bool {
        let e = &cfg.explore;
        e.on && !curve.known && curve.original.is_none() && self.explored_usd < e.budget_usd
    }

    /// Seconds without a fill beyond twice the wanted time between fills.
    fn waited(x: &Inputs, curve: &Curve) -> f64 {
        seconds(x.now.since(x.last_fill)) - 2.0 * curve.fill_s
    }

    /// Rate-target exploration with a ramp: while not warmed up, the first level comes close enough
    /// for a target rate of fills (no closer than break-even where that gives them often enough), and
    /// closer the longer none came; bounded by a budget.
    fn first(&self, cfg: &Config, x: &Inputs, curve: &Curve, touch: f64) -> First {
        if let Some(half) = curve.original {
            return First { at: half, explore: 0.0 };
        }
        let wanted = curve.wanted;
        if !self.explores(cfg, curve) {
            return First { at: wanted, explore: 0.0 };
        }
        let rho = curve.rate_depth;
        let near = clamp(if rho < wanted { rho } else { wanted }, touch, cfg.d_max_bps);
        let waited = Quoter::waited(x, curve);
        let at = if waited <= 0.0 {
            near
        } else {
            let halvings = waited / curve.fill_s;
            touch + (near - touch) * exp(-halvings * std::f64::consts::LN_2)
        };
        First { at, explore: at - wanted }
    }

    fn side(&self, side: Side, guard: Guard, v: &View<'_>) -> SideQuote {
        let mut q = SideQuote { levels: ArrayVec::new(), guard };
        if guard != Guard::None {
            return q;
        }
        let levels = self.priced(side, v);
        let lots = self.sizes(side, v, &levels);
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        let room = v.cfg.max_lots - sign * v.lots;
        let mut left = room;
        for (l, lots) in levels.iter().zip(lots) {
            if lots <= 0.0 && !l.explores {
                continue;
            }
            let coins = clamp(lots, 0.0, left) * v.cfg.unit_usd / v.centre;
            let wanted = ladder::size(self.rules, coins);
            // A level too small on its own goes out at the least valid size.
            let sz = if self.rules.valid_value(l.px, wanted) {
                wanted
            } else {
                self.rules.min_size(l.px)
            };
            let sz_lots = sz.to_f64() * v.centre / v.cfg.unit_usd;
            if sz_lots > left {
                break;
            }
            left -= sz_lots;
            q.levels.push((l.px, sz));
        }
        if q.levels.is_empty() {
            q.guard = if left < room || levels.iter().any(|l| l.explores) {
                Guard::TooSmall
            } else {
                Guard::NoEdge
            };
        }
        q
    }

    /// Valid prices of a side, nearest first, each once.
    fn priced(&self, side: Side, v: &View<'_>) -> ArrayVec<Priced, LADDER_MAX> {
        let mut out: ArrayVec<Priced, LADDER_MAX> = ArrayVec::new();
        let c = v.curve;
        let other = if side == Side::Buy { v.x.ask } else { v.x.bid };
        let edge = ladder::edge(self.rules, side, other);
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        let n = v.cfg.levels_used();
        let skew = sign * v.skew;
        let count = if c.original.is_some() { original::LEVELS.min(n) } else { n };
        for i in 0..count {
            let explores = i == 0 && v.first.explore < 0.0;
            let d = match c.original {
                Some(half) => original::level_bps(half, i),
                None if i == 0 => v.first.at,
                None => {
                    let d = c.cost + ladder::DEPTHS[n - 1][i] * c.c1;
                    if d < c.floor { c.floor } else { d }
                }
            };
            let d = clamp(d + skew, -v.cfg.d_max_bps, v.cfg.d_max_bps);
            let Some(px) = ladder::price(self.rules, side, v.centre, d, edge) else { continue };
            if out.last().is_some_and(|last| !side.better(last.px, px)) {
                continue;
            }
            let d = sign * (v.centre - px.to_f64()) / v.centre * 1e4;
            out.push(Priced { px, d, explores, size: ladder::SIZES[n - 1][i] });
        }
        out
    }

    /// Sizes in lots of the levels at their prices, zero where a level is worth nothing.
    fn sizes(&self, side: Side, v: &View<'_>, levels: &[Priced]) -> [f64; LADDER_MAX] {
        let c = v.curve;
        let mut out = [0.0; LADDER_MAX];
        if c.original.is_some() {
            out[..levels.len()].fill(1.0);
            return out;
        }
        let skew = if side == Side::Buy { v.skew } else { -v.skew };
        // The intensity at each price, relative to the first level's, and the edge there.
        let first = levels.first().map_or(0.0, |l| l.d);
        let at = |l: &Priced| (exp(-c.k * (l.d - first)), c.earned * (l.d - c.cost - skew));
        let mut next = levels.first().map_or((0.0, 0.0), at);
        let mut before = 0.0;
        for (i, l) in levels.iter().enumerate() {
            let (p, e) = next;
            next = levels.get(i + 1).map_or((0.0, 0.0), at);
            let lots = if v.cfg.on.sizes {
                let f = (p * e - next.0 * next.1) / (c.theta * (p - next.0));
                let f = if f > before { f } else { before };
                let step = f - before;
                before = f;
                v.cfg.phi * step
            } else {
                v.cfg.phi * l.size * c.earned / (c.k * c.theta)
            };
            let sure = if v.cfg.on.certainty { c.certainty(e) } else { 1.0 };
            let lots = lots * c.size_factor * sure;
            // Without Kelly any size is allowed where there is an edge, and none where there is not.
            let most = if e > 0.0 { c.kelly_lots * e } else { 0.0 };
            // No confidence yet: as small as can be, but there.
            let least = if e > 0.0 || !v.cfg.on.sizes { 1e-9 } else { 0.0 };
            out[i] = clamp(if lots < most { lots } else { most }, least, v.cfg.max_lots);
        }
        out
    }
}

fn terms(signal: f64, v: &View<'_>, s: &[SideQuote; 2]) -> Terms {
    let c = v.curve;
    let skew = v.skew;
    let at = |q: &SideQuote, sign: f64| {
        q.levels.first().map_or(0.0, |l| sign * (v.centre - l.0.to_f64()) / v.centre * 1e4)
    };
    let clamped = |d: f64, wanted: f64| if d == 0.0 { 0.0 } else { d - wanted };
    Terms {
        half_bps: v.first.at,
        c1_bps: c.c1,
        fee_bps: c.fee,
        markout_bps: c.adverse,
        theta_bps: c.theta,
        lots: v.lots,
        skew_bps: skew,
        explore_bps: v.first.explore,
        clamp_bid_bps: clamped(at(&s[0], 1.0), v.first.at + skew),
        clamp_ask_bps: clamped(at(&s[1], -1.0), v.first.at - skew),
        cost_bps: c.cost,
        signal_bps: signal,
    }
}

/// A position in lots of the quoting unit at a mid.
fn lots(cfg: &Config, position: Sz, mid: Mid2) -> f64 {
    position.to_f64() * mid.to_f64() / cfg.unit_usd
}

fn half_spread_bps(x: &Inputs, mid: Mid2) -> f64 {
    (x.ask.to_f64() - x.bid.to_f64()) / 2.0 / mid.to_f64() * 1e4
}

#[expect(clippy::cast_precision_loss, reason = "a duration in seconds")]
fn seconds(ns: i64) -> f64 {
    ns as f64 * 1e-9
}

/// `x` within `lo..=hi`; `lo` wins where they cross. NaN stays NaN.
fn clamp(x: f64, lo: f64, hi: f64) -> f64 {
    let y = if x > hi { hi } else { x };
    if y < lo { lo } else { y }
}

#[cfg(test)]
mod tests;
