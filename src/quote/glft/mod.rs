//! The optimal ladder of Guéant, Lehalle and Fernandez-Tapia at what the curve says: for comparison.
//!
//! In: the curve of the shadow ladder, the position. Out: up to five levels a side. Hot path: no allocation;
//! what follows from beliefs is worked out once a window of evidence, a ladder is read off it.
//!
//! 1. Distances are basis points of mid, decays 1/bps: kappa per unit of price over 1e4.
//! 2. Kappa is clamped where it is read of the curve alone; the other clamps are the touch (post-only), the fee
//!    and `d_max_bps`.
//! 3. Sizes follow from the prices really quoted: the closed form is evaluated after rounding and
//!    clamping.

mod beliefs;
pub mod config;
pub mod curve;
pub mod formula;
pub mod inventory;
pub mod optimal;
#[cfg(test)]
mod tests;

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

pub use beliefs::Beliefs;
pub use config::Config;
pub use curve::Curve;

use super::rounding::{self, clamp};
use super::strategy::{Bounds, Decline, Inputs, Ladder, Stands, Strategy};
use crate::learn::{self, Estimates};
use crate::math::det::exp;
use crate::record::{Named, StrategyInfo};
use crate::units::{Px, Side, Sz};

/// Levels a side at most.
const LEVELS_MAX: usize = optimal::DEPTHS.len();

/// What glft keeps of one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Glft {
    sigma_bps: f64,
    /// What follows from the newest beliefs.
    curve: Curve,
}

/// What both sides of one ladder share.
#[derive(Clone, Copy, Debug)]
struct View<'a> {
    cfg: &'a Config,
    x: &'a Inputs,
    mid: f64,
    /// How far the position moves the bid out and the ask in, bps.
    skew: f64,
}

/// A level that has a price, and its distance from the mid.
#[derive(Clone, Copy, Debug)]
struct Priced {
    px: Px,
    d: f64,
}

impl Strategy for Glft {
    type Config = Config;

    fn info(_cfg: &Config) -> StrategyInfo {
        StrategyInfo { name: "glft", version: 3, terms: TERMS, reasons: &[] }
    }

    fn new(cfg: &Config, bounds: &Bounds, e: &Estimates) -> Glft {
        // Nothing was seen: what a curve says before anything was.
        let said = learn::curve::Curve::new(bounds.fee_bps);
        let beliefs = Beliefs::of(&said, bounds.fee_bps, e.sigma_bps);
        Glft { sigma_bps: e.sigma_bps, curve: Curve::new(&beliefs, cfg, bounds) }
    }

    fn on_estimates(&mut self, _cfg: &Config, _bounds: &Bounds, e: &Estimates) {
        self.sigma_bps = e.sigma_bps;
    }

    fn on_curve(&mut self, cfg: &Config, bounds: &Bounds, c: &learn::curve::Curve) {
        let beliefs = Beliefs::of(c, bounds.fee_bps, self.sigma_bps);
        self.curve = Curve::new(&beliefs, cfg, bounds);
    }

    fn decline(&self, _cfg: &Config, _x: &Inputs) -> Option<(Decline, Stands)> {
        (!self.curve.sound()).then_some((Decline::NoEstimate, Stands::BY_CURVE))
    }

    fn ladder(&self, cfg: &Config, x: &Inputs, out: &mut Ladder) {
        let (mid, lots) = (x.mid().to_f64(), x.lots());
        if !(self.curve.wanted.is_finite() && mid > 0.0) {
            out.decline(Side::Buy, Decline::NoEstimate);
            out.decline(Side::Sell, Decline::NoEstimate);
            return;
        }
        let v = View { cfg, x, mid, skew: self.curve.skew(lots) };
        for side in Side::BOTH.into_iter().filter(|side| !x.held[side.index()]) {
            self.side(side, &v, out);
        }
        out.tolerance_bps = cfg.requote_share * self.curve.c1;
        out.stands = Stands::FOLLOWS;
        self.terms(lots, &v, out);
    }
}

impl Glft {
    /// One that believes `b` until it hears of a curve.
    #[must_use]
    pub fn believing(b: &Beliefs, cfg: &Config, bounds: &Bounds) -> Glft {
        Glft { sigma_bps: b.sigma_bps, curve: Curve::new(b, cfg, bounds) }
    }

    /// What follows from what it believes.
    #[must_use]
    pub fn curve(&self) -> &Curve {
        &self.curve
    }

    fn side(&self, side: Side, v: &View<'_>, out: &mut Ladder) {
        let levels = self.priced(side, v);
        let lots = self.sizes(side, v, &levels);
        for (l, lots) in levels.iter().zip(lots) {
            if lots > 0.0 {
                let coins = lots * v.x.bounds.unit_usd / v.mid;
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
            let d = if i == 0 {
                c.wanted
            } else {
                let d = c.cost + optimal::DEPTHS[n - 1][i] * c.c1;
                if d < c.floor { c.floor } else { d }
            };
            let d = clamp(d + skew, -v.cfg.d_max_bps, v.cfg.d_max_bps);
            let Some(px) = rounding::price(rules, side, v.mid, d, edge) else { continue };
            if out.last().is_some_and(|last| !side.better(last.px, px)) {
                continue;
            }
            let d = sign * (v.mid - px.to_f64()) / v.mid * 1e4;
            out.push(Priced { px, d });
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
        for (i, size) in out.iter_mut().enumerate().take(levels.len()) {
            let (p, e) = next;
            next = levels.get(i + 1).map_or((0.0, 0.0), at);
            let f = (p * e - next.0 * next.1) / (c.theta * (p - next.0));
            let f = if f > before { f } else { before };
            let lots = cfg.phi * (f - before) * c.size_factor * c.certainty(e);
            before = f;
            // Without Kelly any size is allowed where there is an edge, and none where there is not.
            let most = if e > 0.0 { c.kelly_lots * e } else { 0.0 };
            // No confidence yet: as small as can be, but there.
            let least = if e > 0.0 { 1e-9 } else { 0.0 };
            let most = if lots < most { lots } else { most };
            *size = clamp(most, least, v.x.bounds.max_lots);
        }
        out
    }

    fn terms(&self, lots: f64, v: &View<'_>, out: &mut Ladder) {
        let c = &self.curve;
        let moved = |side: Side, wanted: f64| {
            let sign = if side == Side::Buy { 1.0 } else { -1.0 };
            let at = |(px, _): &(Px, Sz)| sign * (v.mid - px.to_f64()) / v.mid * 1e4;
            out.levels(side).first().map_or(0.0, |l| at(l) - wanted)
        };
        let (bid, ask) =
            (moved(Side::Buy, c.wanted + v.skew), moved(Side::Sell, c.wanted - v.skew));
        let fee = v.x.bounds.fee_bps;
        let terms = [
            c.wanted,
            c.c1,
            fee,
            c.adverse,
            c.theta,
            lots,
            v.skew,
            bid,
            ask,
            c.cost,
            c.size_factor,
        ];
        out.terms[..terms.len()].copy_from_slice(&terms);
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
    term("clamp_bid", "bps", "How much clamps and rounding move the first bid."),
    term("clamp_ask", "bps", "How much clamps and rounding move the first ask."),
    // The first level is this, its share of 1/kappa, a floor's lift.
    term("cost", "bps", "Distance at which a fill just pays: fee and adverse move."),
    term("size", "", "Share of the sizes that confidence in kappa leaves."),
];
