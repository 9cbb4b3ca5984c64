//! Who quotes: fixed depths, the production quoter on what is learned, or the one that knows.
//!
//! In: estimates or the truth. Out: distances and sizes of a ladder. Cold path.
//!
//! 1. The oracle is the production quoter fed with the truth of the regime the market is in: what
//!    it earns more is what learning costs.
//! 2. Quotes keep their distance from the mid, and the position is always flat: every fill is taken
//!    off at once. What carrying it would cost is in the score ([`super::trial`]).

use arrayvec::ArrayVec;

use super::market::{PHI, Truth};
use super::trial::Settings;
use crate::engine::beliefs;
use crate::learn::{self, Estimates, Learners};
use crate::limits::LADDER_MAX;
use crate::quote::guard::State;
use crate::quote::{self, Beliefs, Curve, Inputs, Quoter};
use crate::record::Health;
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, ONE, Px, Side, Sz};

/// The book that quotes are made in: a quarter of a basis point either side of the mid, in steps of
/// a ninth. What the mid does meanwhile is the market's.
const BID: Px = Px(89_998 * ONE);
const ASK: Px = Px(90_002 * ONE);
/// Half its spread, bps.
pub const HALF_SPREAD_BPS: f64 = 2e4 / 90_000.0;
/// Maker fee that everybody pays, bps: what learners and quotes take it to be.
pub const FEE_BPS: f64 = 1.5;
/// Value of a coin, USD.
pub const COIN_USD: f64 = 90_000.0;
const RULES: Rules = Rules { sz_decimals: 5, min_value_usd: 10 };

/// A level: distance from the mid in bps, size in lots.
pub type Level = (f64, f64);

/// The two sides of a ladder, nearest level first.
pub type Ladder = [ArrayVec<Level, LADDER_MAX>; 2];

/// The policies of the comparisons, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// One of the quoter's, on what is learned.
    Quoter(quote::Policy),
    /// The default one, knowing the truth.
    Oracle,
}

/// What all of them are compared with.
pub const NAMED: [Named; 6] = [
    Named::Quoter(quote::Policy::Floor8000),
    Named::Quoter(quote::Policy::Floor8000Realised),
    Named::Quoter(quote::Policy::Analysis1),
    Named::Quoter(quote::Policy::Analysis1Fixed),
    Named::Quoter(quote::Policy::Analysis2),
    Named::Quoter(quote::Policy::Default),
];

/// This program as it comes.
pub const DEFAULT: Named = Named::Quoter(quote::Policy::Default);

impl Named {
    /// The name in tables and in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Named::Quoter(quote::Policy::Floor8000) => "floor-8000",
            Named::Quoter(quote::Policy::Floor8000Realised) => "floor-8000-realised",
            Named::Quoter(quote::Policy::Analysis1) => "analysis-1",
            Named::Quoter(quote::Policy::Analysis1Fixed) => "analysis-1-fixed",
            Named::Quoter(quote::Policy::Analysis2) => "analysis-2",
            Named::Quoter(quote::Policy::Original) => "original",
            Named::Quoter(quote::Policy::Default) => "default",
            Named::Oracle => "oracle",
        }
    }

    /// The policy and its settings. Those of the original warm up by its rule, own fills alone, and
    /// trade lots of one coin: its estimator counts volume, and so volume counts fills.
    #[must_use]
    pub fn setup(self) -> (Policy, Settings) {
        let mut s = Settings::default();
        match self {
            Named::Oracle => (Policy::Oracle(Box::new(Quoter::new(RULES))), s),
            Named::Quoter(policy) => {
                s.quote.policy = policy;
                if policy != quote::Policy::Default {
                    s.learn.on.shadows = false;
                    s.learn.warmup.sweeps_target = 1e12;
                    s.quote.unit_usd = COIN_USD;
                }
                (Policy::Learned(Box::new(Quoter::new(RULES))), s)
            }
        }
    }
}

/// Someone who quotes.
#[derive(Clone, Debug)]
pub enum Policy {
    /// The same depths always, one lot each.
    Depths(&'static [f64]),
    /// One lot at one of these depths, a minute each.
    Cycle(&'static [f64]),
    /// The production quoter on the learners' estimates.
    Learned(Box<Quoter>),
    /// The production quoter on the truth.
    Oracle(Box<Quoter>),
}

impl Policy {
    /// Learners to go with it; the oracle needs none.
    #[must_use]
    pub fn learners(&self, cfg: &learn::Config) -> Option<Learners> {
        (!matches!(self, Policy::Oracle(_))).then(|| Learners::new(cfg, FEE_BPS))
    }

    /// The ladder wanted now. `truth` is what only the oracle looks at.
    #[must_use]
    pub fn ladder(
        &self,
        now: Ns,
        last_fill: Ns,
        known: Option<&Estimates>,
        truth: &Truth,
        cfg: &quote::Config,
    ) -> Ladder {
        let flat = |d: &[f64]| Side::BOTH.map(|_| d.iter().map(|d| (*d, 1.0)).collect());
        match self {
            Policy::Depths(d) => flat(d),
            Policy::Cycle(d) => {
                let minute = usize::try_from(now.0 / (60 * Ns::SEC)).unwrap_or(0);
                flat(&d[minute % d.len()..=minute % d.len()])
            }
            Policy::Learned(q) => known
                .map_or_else(Ladder::default, |e| quoted(q, now, last_fill, &beliefs(e, cfg), cfg)),
            Policy::Oracle(q) => quoted(q, now, last_fill, &knowing(truth), cfg),
        }
    }

    /// Where a single quote of no size would stand, given the distance of the nearest quote that does;
    /// the ladder's first level is farther out than that unless it explores.
    #[must_use]
    pub fn single(
        &self,
        nearest: Option<f64>,
        known: Option<&Estimates>,
        truth: &Truth,
        cfg: &quote::Config,
    ) -> Option<f64> {
        let nearest = nearest?;
        Some(match self {
            Policy::Depths(_) | Policy::Cycle(_) => nearest,
            Policy::Learned(_) if cfg.policy == quote::Policy::Default => {
                known.map_or(nearest, |e| nearest.min(e.depth_bps))
            }
            Policy::Learned(_) => nearest,
            Policy::Oracle(_) => best(truth),
        })
    }

    /// A fill of `usd` at a depth: exploration books what it cost.
    pub fn on_fill(
        &mut self,
        level: u8,
        depth_bps: f64,
        usd: f64,
        known: &Estimates,
        cfg: &quote::Config,
    ) {
        if let Policy::Learned(q) = self {
            let curve = Curve::new(&beliefs(known, cfg), cfg, FEE_BPS);
            q.on_fill(cfg, level, depth_bps, usd, &curve);
        }
    }
}

/// The distance at which a quote of no size expects most: c + 1/kappa.
#[must_use]
pub fn best(t: &Truth) -> f64 {
    FEE_BPS + t.adverse() + 1.0 / t.kappa
}

/// The ladder of a quoter that knows the truth, under the same settings but the default policy.
#[must_use]
pub fn knowing_ladder(now: Ns, truth: &Truth, cfg: &quote::Config) -> Ladder {
    let cfg = quote::Config { policy: quote::Policy::Default, ..*cfg };
    quoted(&Quoter::new(RULES), now, now, &knowing(truth), &cfg)
}

fn quoted(q: &Quoter, now: Ns, last_fill: Ns, beliefs: &Beliefs, cfg: &quote::Config) -> Ladder {
    let state = State { health: Health::Fresh, behind: false, loss: false, stopping: false };
    let x = Inputs { now, bid: BID, ask: ASK, position: Sz(0), last_fill, signal: 0, state };
    let mid = Mid2(BID.0 + ASK.0).to_f64();
    let quote = q.quote(cfg, &x, &Curve::new(beliefs, cfg, FEE_BPS));
    Side::BOTH.map(|side| {
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        let levels = &quote.sides[side.index()].levels;
        let level = |(px, sz): &(Px, Sz)| {
            let depth = sign * (mid - px.to_f64()) / mid * 1e4;
            (depth, sz.to_f64() * px.to_f64() / cfg.unit_usd)
        };
        levels.iter().map(level).collect()
    })
}

fn knowing(t: &Truth) -> Beliefs {
    Beliefs::known(t.kappa * 1e4, t.rate * PHI, t.adverse(), FEE_BPS, t.sigma)
}
