//! What to quote: estimates and position become a ladder, or the reason why there is none.
//!
//! In: plain numbers (beliefs, touch, position, state of feed and account). Out: a ladder a side
//! in valid prices and sizes, its terms in basis points, the guard. Hot path: no allocation;
//! floats end here, in an outward rounding.
//!
//! 1. Distances are basis points of mid, decays 1/bps: kappa per unit of price over 1e4.
//! 2. No kappa is clamped; the only clamps are the touch (post-only) and `d_max_bps`.
//! 3. Prices of a side are strictly ordered; the best bid is below the best ask.
//! 4. What depends on beliefs alone is worked out once for each of them ([`Curve`]); a quote on it
//!    needs no transcendental function, unless exploration comes closer with time.

pub mod config;
pub mod glft;
pub mod guard;
pub mod ladder;

use arrayvec::ArrayVec;

use crate::limits::LADDER_MAX;
use crate::math::det::{exp, ln};
use crate::record::{Guard, Terms};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side, Sz};

pub use config::Config;
use glft::{Mixture, REGIMES};
use guard::State;

/// What is believed of the market, plain numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beliefs {
    /// Regime probabilities.
    pub p: [f64; REGIMES],
    /// Decay per regime, 1/unit of relative price.
    pub kappa: [f64; REGIMES],
    /// Taker orders per second and side at distance 0, per regime.
    pub rate: [f64; REGIMES],
    /// Volatility, bps per square root of a second.
    pub sigma_bps: f64,
    /// Expected adverse move after a fill, bps (positive: against us), per regime.
    pub adverse_bps: [f64; REGIMES],
    /// Share of takers reaching a price that fill an order there.
    pub phi: f64,
    /// Confidence in kappa from data alone, 0..1.
    pub confidence: f64,
    /// Warm-up, 0..1.
    pub warmup: f64,
    /// Own fills in the last half hour.
    pub recent_fills: f64,
    /// Weight of the fill predictions, 0..1; 0 gates quoting off.
    pub gate: f64,
    /// Least distance learned from markouts, bps.
    pub floor_bps: f64,
    /// Inventory term that fractional Kelly asks for, bps per lot.
    pub theta_kelly_bps: f64,
}

/// What a quote depends on besides beliefs.
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
    /// State of feed, journal and account.
    pub state: State,
}

/// What follows from beliefs alone, distances in bps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Local decay of the intensity at the optimum, 1/bps.
    k: f64,
    /// The distance at which a fill just pays.
    c: f64,
    /// Inventory term per lot.
    theta: f64,
    /// The first level without exploration.
    wanted: f64,
    /// Where the intensity gives the target rate of fills; `None`: nowhere.
    rho: Option<f64>,
    /// Expected adverse move, mixed over regimes.
    adverse: f64,
    confidence: f64,
    /// Nothing is left to explore.
    known: bool,
    gated: bool,
}

/// One side of a ladder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// What it is made of.
    pub terms: Terms,
}

/// Makes quotes for one coin.
#[derive(Clone, Debug)]
pub struct Quoter {
    cfg: Config,
    rules: Rules,
    explored_usd: f64,
}

/// The first level, bps, and how much exploration moved it.
#[derive(Clone, Copy, Debug)]
struct First {
    at: f64,
    explore: f64,
}

impl Quoter {
    /// A quoter.
    #[must_use]
    pub fn new(cfg: Config, rules: Rules) -> Quoter {
        Quoter { cfg, rules, explored_usd: 0.0 }
    }

    /// USD spent so far on quoting inside the break-even distance.
    #[must_use]
    pub fn explored_usd(&self) -> f64 {
        self.explored_usd
    }

    /// A fill at `depth_bps` of `usd`: what it cost of the exploration budget is booked.
    pub fn on_fill(&mut self, depth_bps: f64, usd: f64, break_even_bps: f64) {
        let short = break_even_bps - depth_bps;
        if short > 0.0 {
            self.explored_usd += short * 1e-4 * usd;
        }
    }

    /// The position in lots of the quoting unit at a mid.
    #[must_use]
    pub fn lots(&self, position: Sz, mid: Mid2) -> f64 {
        position.to_f64() * mid.to_f64() / self.cfg.unit_usd
    }

    /// What follows from beliefs.
    #[must_use]
    pub fn curve(&self, b: &Beliefs) -> Curve {
        let k = b.kappa.map(|k| k * 1e-4);
        let mix = Mixture::new(&b.p, &b.rate, &k);
        let costs = b.adverse_bps.map(|a| self.cfg.fee_bps + a);
        let best = mix.optimum(&costs);
        let (_, k) = mix.local(best);
        // The distance at which a fill just pays, as the local decay implies it.
        let c = best - 1.0 / k;
        let target = self.cfg.phi.sqrt() / (k * self.cfg.max_lots * self.cfg.std_share);
        let x1 = ladder::DEPTHS[self.cfg.levels_used() - 1][0];
        let e = &self.cfg.explore;
        let rate = 2.0 * mix.rate(0.0) * b.phi;
        let asked = 1.0 / e.seconds_per_fill;
        Curve {
            k,
            c,
            theta: if target > b.theta_kelly_bps { target } else { b.theta_kelly_bps },
            wanted: clamp(c + x1 / k, b.floor_bps, self.cfg.d_max_bps),
            rho: (rate > 0.0).then(|| ln(rate / asked) / k),
            adverse: b.p.iter().zip(b.adverse_bps).map(|(p, a)| p * a).sum(),
            confidence: b.confidence,
            known: b.warmup >= 1.0 && b.recent_fills >= e.fills_enough,
            gated: b.gate <= 0.0,
        }
    }

    /// The first obstacle of each side, as far as it can be told without making a ladder.
    #[must_use]
    pub fn guards(&self, x: &Inputs, curve: &Curve) -> [Guard; 2] {
        let lots = self.lots(x.position, Mid2(x.bid.0 + x.ask.0));
        let limit = self.cfg.max_lots;
        let sound = curve.k.is_finite() && curve.c.is_finite() && curve.theta.is_finite();
        let sound = sound && curve.k > 0.0;
        Side::BOTH.map(|side| {
            let grows = if side == Side::Buy { lots } else { -lots };
            match guard::first(&x.state, grows >= limit) {
                Guard::None if !sound => Guard::NoEstimate,
                Guard::None if curve.gated => Guard::Gated,
                g => g,
            }
        })
    }

    /// Whether exploration moves the first level at `x` with time alone.
    #[must_use]
    pub fn ramps(&self, x: &Inputs, curve: &Curve) -> bool {
        self.explores(curve) && self.waited(x) > 0.0
    }

    /// The ladder wanted now.
    #[must_use]
    pub fn quote(&self, x: &Inputs, curve: &Curve) -> Quote {
        let mid = Mid2(x.bid.0 + x.ask.0);
        let lots = self.lots(x.position, mid);
        let first = self.first(x, curve, half_spread_bps(x, mid));
        let guards = self.guards(x, curve).map(|g| match g {
            Guard::None if !first.at.is_finite() => Guard::NoEstimate,
            g => g,
        });
        let sides = Side::BOTH
            .map(|side| self.side((side, guards[side.index()]), x, (curve, &first), lots));
        let terms = self.terms(mid, lots, (curve, &first), &sides);
        Quote { sides, terms }
    }

    fn explores(&self, curve: &Curve) -> bool {
        let e = &self.cfg.explore;
        e.on && !curve.known && self.explored_usd < e.budget_usd
    }

    /// Seconds without a fill beyond twice the wanted time between fills.
    fn waited(&self, x: &Inputs) -> f64 {
        seconds(x.now.since(x.last_fill)) - 2.0 * self.cfg.explore.seconds_per_fill
    }

    /// Rate-target exploration with a ramp: while not warmed up, the first level comes close enough
    /// for a target rate of fills, and closer the longer none came; bounded by a budget.
    fn first(&self, x: &Inputs, curve: &Curve, touch: f64) -> First {
        let wanted = curve.wanted;
        if !self.explores(curve) {
            return First { at: wanted, explore: 0.0 };
        }
        let rho = curve.rho.unwrap_or(touch);
        let near = clamp(if rho < wanted { rho } else { wanted }, touch, self.cfg.d_max_bps);
        let waited = self.waited(x);
        let at = if waited <= 0.0 {
            near
        } else {
            let halvings = waited / self.cfg.explore.seconds_per_fill;
            touch + (near - touch) * exp(-halvings * std::f64::consts::LN_2)
        };
        First { at, explore: at - wanted }
    }

    fn side(
        &self,
        (side, guard): (Side, Guard),
        x: &Inputs,
        (curve, first): (&Curve, &First),
        lots: f64,
    ) -> SideQuote {
        let mut q = SideQuote { levels: ArrayVec::new(), guard };
        if guard != Guard::None {
            return q;
        }
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        let skew = sign * lots * curve.theta;
        let n_max = self.cfg.max_lots;
        let room = n_max - sign * lots;
        let n = self.cfg.levels_used();
        let depths = ladder::DEPTHS[n - 1];
        let scale = self.cfg.phi.sqrt() * n_max * self.cfg.std_share;
        let factor = size_factor(curve.confidence);
        let mid = (x.bid.to_f64() + x.ask.to_f64()) / 2.0;
        let other = if side == Side::Buy { x.ask } else { x.bid };
        let mut left = room;
        for (i, (depth, size)) in depths.iter().zip(ladder::SIZES[n - 1]).enumerate() {
            let d = if i == 0 { first.at } else { curve.c + depth / curve.k };
            let d = clamp(d + skew, -self.cfg.d_max_bps, self.cfg.d_max_bps);
            let Some(px) = ladder::price(self.rules, side, mid, d, other) else { continue };
            let lots = clamp(size * scale * factor, 0.0, left);
            let exploring = i == 0 && first.explore < 0.0;
            let least = self.rules.min_size(px);
            let wanted = ladder::size(self.rules, lots * self.cfg.unit_usd / mid);
            // Exploration, and a level too small on its own, go out at the least valid size.
            let sz = if exploring || wanted < least { least } else { wanted };
            let sz_lots = sz.to_f64() * mid / self.cfg.unit_usd;
            if sz_lots > left {
                break;
            }
            left -= sz_lots;
            match q.levels.last_mut() {
                Some(last) if last.0 == px => last.1 = Sz(last.1.0 + sz.0),
                Some(last) if !side.better(last.0, px) => {}
                _ => q.levels.push((px, sz)),
            }
        }
        if q.levels.is_empty() {
            q.guard = if left < n_max { Guard::TooSmall } else { Guard::NoEdge };
        }
        q
    }

    fn terms(
        &self,
        mid: Mid2,
        lots: f64,
        (curve, first): (&Curve, &First),
        s: &[SideQuote; 2],
    ) -> Terms {
        let m = mid.to_f64();
        let skew = lots * curve.theta;
        let at = |q: &SideQuote, sign: f64| {
            q.levels.first().map_or(0.0, |l| sign * (m - l.0.to_f64()) / m * 1e4)
        };
        let clamped = |d: f64, wanted: f64| if d == 0.0 { 0.0 } else { d - wanted };
        Terms {
            mid: m,
            half_bps: first.at,
            c1_bps: 1.0 / curve.k,
            fee_bps: self.cfg.fee_bps,
            markout_bps: curve.adverse,
            theta_bps: curve.theta,
            lots,
            skew_bps: skew,
            explore_bps: first.explore,
            clamp_bid_bps: clamped(at(&s[0], 1.0), first.at + skew),
            clamp_ask_bps: clamped(at(&s[1], -1.0), first.at - skew),
        }
    }
}

/// What confidence in kappa leaves of a ladder's sizes: its square.
#[must_use]
pub fn size_factor(confidence: f64) -> f64 {
    confidence * confidence
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
