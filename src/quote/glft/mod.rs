//! The default strategy: the optimal ladder of Guéant, Lehalle and Fernandez-Tapia at what was learned.
//!
//! In: estimates, the market, the position. Out: up to five levels a side. Hot path: no allocation;
//! the curve is worked out once a second, a ladder is read off it.
//!
//! 1. Distances are basis points of mid, decays 1/bps: kappa per unit of price over 1e4.
//! 2. No kappa is clamped; the only clamps are the touch (post-only), the learned floor and
//!    `d_max_bps`.
//! 3. Sizes follow from the prices really quoted: the closed form is evaluated after rounding and
//!    clamping.

pub mod config;
pub mod curve;
pub mod formula;
pub mod inventory;
pub mod optimal;
#[cfg(test)]
mod tests;

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

pub use config::Config;
pub use curve::{Beliefs, Curve};

use super::rounding::{self, clamp};
use super::strategy::{Band, Bounds, Decline, Inputs, Ladder, OwnFill, Sizing, Stands, Strategy};
use crate::learn::Estimates;
use crate::limits::TICK_NS;
use crate::math::det::exp;
use crate::record::{Named, StrategyInfo};
use crate::units::{Ns, Px, Side, Sz};

/// Levels a side at most.
const LEVELS_MAX: usize = optimal::DEPTHS.len();

/// What glft keeps of one coin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Glft {
    explored_usd: f64,
    /// What follows from the newest estimates.
    curve: Curve,
}

/// The first level, bps, and how much exploration moved it.
#[derive(Clone, Copy, Debug)]
struct First {
    at: f64,
    explore: f64,
}

/// What both sides of one ladder share.
#[derive(Clone, Copy, Debug)]
struct View<'a> {
    cfg: &'a Config,
    x: &'a Inputs,
    first: First,
    /// Mid with the signal in it, USD.
    centre: f64,
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

impl Strategy for Glft {
    type Config = Config;

    fn info(_cfg: &Config) -> StrategyInfo {
        StrategyInfo { name: "glft", version: 1, terms: TERMS, reasons: &[] }
    }

    fn new(cfg: &Config, bounds: &Bounds, e: &Estimates) -> Glft {
        Glft::believing(&Beliefs::of(e, cfg), cfg, bounds)
    }

    fn on_estimates(&mut self, cfg: &Config, bounds: &Bounds, e: &Estimates) {
        self.believe(&Beliefs::of(e, cfg), cfg, bounds);
    }

    /// What the first level costs beyond its distance while exploration puts it there is booked on
    /// the budget.
    fn on_fill(&mut self, cfg: &Config, _bounds: &Bounds, f: &OwnFill) {
        let short = self.curve.cost_at(f.depth_bps) - f.depth_bps;
        if f.level == 0 && short > 0.0 && self.explores(cfg) {
            self.explored_usd += short * 1e-4 * (f.px.to_f64() * f.sz.to_f64());
        }
    }

    fn decline(&self, _cfg: &Config, _x: &Inputs) -> Option<Decline> {
        if !self.curve.sound() {
            Some(Decline::NoEstimate)
        } else if !self.curve.open {
            Some(Decline::Gated)
        } else {
            None
        }
    }

    fn ladder(&self, cfg: &Config, x: &Inputs, out: &mut Ladder) {
        let mid = x.mid().to_f64();
        let lots = x.lots();
        let first = self.first(cfg, x);
        let signal = if cfg.on.signal { f64::from(x.signal) * 0.01 } else { 0.0 };
        let centre = mid * (1.0 + signal * 1e-4);
        if !(first.at.is_finite() && centre > 0.0) {
            out.decline(Side::Buy, Decline::NoEstimate);
            out.decline(Side::Sell, Decline::NoEstimate);
            return;
        }
        let skew = self.curve.skew(lots, cfg);
        let v = View { cfg, x, first, centre, skew };
        for side in Side::BOTH.into_iter().filter(|side| !x.held[side.index()]) {
            self.side(side, &v, out);
        }
        out.valued_at = Some(centre);
        out.tolerance_bps = cfg.requote_share * self.curve.c1;
        out.stands = Stands {
            touch: Band::Follows,
            until: self.ramp_at(cfg, x),
            estimates: true,
            prints: false,
            curve: false,
        };
        self.terms(signal, lots, &v, out);
    }

    fn sizing(&self) -> Sizing {
        Sizing {
            theta_target_bps: self.curve.theta_target,
            theta_kelly_bps: self.curve.theta_kelly,
            kelly: self.curve.kelly,
            explored_usd: self.explored_usd,
            size_factor: self.curve.size_factor,
        }
    }
}

impl Glft {
    /// One that believes `b` from the start.
    #[must_use]
    pub fn believing(b: &Beliefs, cfg: &Config, bounds: &Bounds) -> Glft {
        Glft { explored_usd: 0.0, curve: Curve::new(b, cfg, bounds) }
    }

    /// Works out what follows from new beliefs.
    pub fn believe(&mut self, b: &Beliefs, cfg: &Config, bounds: &Bounds) {
        self.curve = Curve::new(b, cfg, bounds);
    }

    fn explores(&self, cfg: &Config) -> bool {
        let e = &cfg.explore;
        e.on && !self.curve.known && self.explored_usd < e.budget_usd
    }

    /// Seconds without a fill beyond twice the wanted time between fills.
    fn waited(&self, now: Ns, x: &Inputs) -> f64 {
        Ns::seconds(now.since(x.last_fill)) - 2.0 * self.curve.fill_s
    }

    /// When exploration next moves the first level with time alone: while it comes closer, each point
    /// of the tick grid.
    fn ramp_at(&self, cfg: &Config, x: &Inputs) -> Ns {
        if !self.explores(cfg) {
            return Ns(i64::MAX);
        }
        if self.waited(x.now, x) > 0.0 {
            return Ns(x.now.0 - x.now.0.rem_euclid(TICK_NS)).plus(TICK_NS);
        }
        // The first nanosecond at which it has waited long enough; rounding may be off by one.
        let due = x.last_fill.plus(nanoseconds(2.0 * self.curve.fill_s));
        let near = [due.plus(-1), due, due.plus(1)];
        near.into_iter().find(|at| self.waited(*at, x) > 0.0).unwrap_or(due.plus(2))
    }

    /// Rate-target exploration with a ramp: while not warmed up, the first level comes close enough
    /// for a target rate of fills (no closer than break-even where that gives them often enough), and
    /// closer the longer none came; bounded by a budget.
    fn first(&self, cfg: &Config, x: &Inputs) -> First {
        let wanted = self.curve.wanted;
        if !self.explores(cfg) {
            return First { at: wanted, explore: 0.0 };
        }
        let touch = x.half_spread_bps();
        let rho = self.curve.rate_depth;
        let near = clamp(if rho < wanted { rho } else { wanted }, touch, cfg.d_max_bps);
        let waited = self.waited(x.now, x);
        let at = if waited <= 0.0 {
            near
        } else {
            let halvings = waited / self.curve.fill_s;
            touch + (near - touch) * exp(-halvings * std::f64::consts::LN_2)
        };
        First { at, explore: at - wanted }
    }

    fn side(&self, side: Side, v: &View<'_>, out: &mut Ladder) {
        let levels = self.priced(side, v);
        let lots = self.sizes(side, v, &levels);
        for (l, lots) in levels.iter().zip(lots) {
            if lots > 0.0 || l.explores {
                let coins = lots * v.x.bounds.unit_usd / v.centre;
                out.push(side, l.px, Sz(rounding::to_units(coins).unwrap_or(0)));
            }
        }
    }

    /// Valid prices of a side, nearest first, each once.
    fn priced(&self, side: Side, v: &View<'_>) -> ArrayVec<Priced, LEVELS_MAX> {
        let mut out: ArrayVec<Priced, LEVELS_MAX> = ArrayVec::new();
        let c = &self.curve;
        let rules = v.x.bounds.rules;
        let other = if side == Side::Buy { v.x.ask } else { v.x.bid };
        let edge = rounding::edge(rules, side, other);
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        let n = v.cfg.levels_used();
        let skew = sign * v.skew;
        for i in 0..n {
            let explores = i == 0 && v.first.explore < 0.0;
            let d = if i == 0 {
                v.first.at
            } else {
                let d = c.cost + optimal::DEPTHS[n - 1][i] * c.c1;
                if d < c.floor { c.floor } else { d }
            };
            let d = clamp(d + skew, -v.cfg.d_max_bps, v.cfg.d_max_bps);
            let Some(px) = rounding::price(rules, side, v.centre, d, edge) else { continue };
            if out.last().is_some_and(|last| !side.better(last.px, px)) {
                continue;
            }
            let d = sign * (v.centre - px.to_f64()) / v.centre * 1e4;
            out.push(Priced { px, d, explores, size: optimal::SIZES[n - 1][i] });
        }
        out
    }

    /// Sizes in lots of the levels at their prices, zero where a level is worth nothing.
    fn sizes(&self, side: Side, v: &View<'_>, levels: &[Priced]) -> [f64; LEVELS_MAX] {
        let (c, cfg) = (&self.curve, v.cfg);
        let mut out = [0.0; LEVELS_MAX];
        let skew = if side == Side::Buy { v.skew } else { -v.skew };
        // The intensity at each price, relative to the first level's, and the edge there.
        let first = levels.first().map_or(0.0, |l| l.d);
        let at = |l: &Priced| (exp(-c.k * (l.d - first)), c.earned * (l.d - c.cost - skew));
        let mut next = levels.first().map_or((0.0, 0.0), at);
        let mut before = 0.0;
        for (i, l) in levels.iter().enumerate() {
            let (p, e) = next;
            next = levels.get(i + 1).map_or((0.0, 0.0), at);
            let lots = if cfg.on.sizes {
                let f = (p * e - next.0 * next.1) / (c.theta * (p - next.0));
                let f = if f > before { f } else { before };
                let step = f - before;
                before = f;
                cfg.phi * step
            } else {
                cfg.phi * l.size * c.earned / (c.k * c.theta)
            };
            let sure = if cfg.on.certainty { c.certainty(e) } else { 1.0 };
            let lots = lots * c.size_factor * sure;
            // Without Kelly any size is allowed where there is an edge, and none where there is not.
            let most = if e > 0.0 { c.kelly_lots * e } else { 0.0 };
            // No confidence yet: as small as can be, but there.
            let least = if e > 0.0 || !cfg.on.sizes { 1e-9 } else { 0.0 };
            let most = if lots < most { lots } else { most };
            out[i] = clamp(most, least, v.x.bounds.max_lots);
        }
        out
    }

    fn terms(&self, signal: f64, lots: f64, v: &View<'_>, out: &mut Ladder) {
        let c = &self.curve;
        let moved = |side: Side, wanted: f64| {
            let sign = if side == Side::Buy { 1.0 } else { -1.0 };
            let at = |(px, _): &(Px, Sz)| sign * (v.centre - px.to_f64()) / v.centre * 1e4;
            out.levels(side).first().map_or(0.0, |l| at(l) - wanted)
        };
        out.terms = [
            v.first.at,
            c.c1,
            v.x.bounds.fee_bps,
            c.adverse,
            c.theta,
            lots,
            v.skew,
            v.first.explore,
            moved(Side::Buy, v.first.at + v.skew),
            moved(Side::Sell, v.first.at - v.skew),
            c.cost,
            signal,
        ];
    }
}

const fn term(name: &'static str, unit: &'static str, sentence: &'static str) -> Named {
    Named { name, unit, sentence }
}

/// The terms in the order of [`Glft::terms`].
const TERMS: &[Named] = &[
    term("half", "bps", "Half-spread wanted at the first level, all terms."),
    term("c1", "bps", "The closed form's distance beyond the costs at the local kappa."),
    term("fee", "bps", "Fee per side."),
    term("markout", "bps", "Expected adverse move."),
    term("theta", "bps", "Inventory term per lot."),
    term("lots", "", "Position in lots of the quoting unit."),
    term("skew", "bps", "Shift of the bid by inventory; negative is closer."),
    term("explore", "bps", "How much exploration moves the first level; negative is closer."),
    term("clamp_bid", "bps", "How much clamps and rounding move the first bid."),
    term("clamp_ask", "bps", "How much clamps and rounding move the first ask."),
    // The first level is this, its share of 1/kappa, a floor's lift, exploration.
    term("cost", "bps", "Distance at which a fill just pays: fee and adverse move."),
    term("signal", "bps", "Shift of both sides by the signals; positive is up."),
];

#[expect(clippy::cast_possible_truncation, reason = "cut to a range that fits")]
fn nanoseconds(s: f64) -> i64 {
    clamp(s * 1e9, 0.0, 1e18) as i64
}
