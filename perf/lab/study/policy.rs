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
use crate::learn::curve::Curve;
use crate::learn::{self, Estimates, Learners, Sample};
use crate::limits::LADDER_MAX;
use crate::quote::glft::Beliefs;
use crate::quote::{
    self, AnyConfig, AnyStrategy, Bounds, Decline, Glft, Inputs, Name, OwnFill, Strategy, fit,
    original,
};
use crate::record::Guard;
use crate::units::rules::{Billing, Rules};
use crate::units::{Ns, ONE, Px, Side, Sz};

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
const RULES: Rules = Rules { sz_decimals: 5, min_value_usd: 10, billing: Billing::Venue };

/// Settings of a trial: those of the engine.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Learners.
    pub learn: learn::Config,
    /// Strategies.
    pub strategy: AnyConfig,
    /// Rules, fee and limits.
    pub bounds: Bounds,
}

impl Default for Settings {
    fn default() -> Settings {
        // The study's markets have laws, not books: there is no tape that a curve could be read of.
        let strategy = AnyConfig { name: Name::Glft, ..AnyConfig::default() };
        let learn = learn::Config::default();
        Settings { learn, strategy, bounds: BOUNDS }
    }
}

/// A level: distance from the mid in bps, size in lots.
pub type Level = (f64, f64);

/// The two sides of a ladder, nearest level first.
pub type Ladder = [ArrayVec<Level, LADDER_MAX>; 2];

/// The policies of the comparisons, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// This program as it comes, on what is learned.
    Default,
    /// The original, or one of its analysis's, on what is learned.
    Original(original::Policy),
    /// The default one, knowing the truth.
    Oracle,
}

/// What all of them are compared with.
pub const NAMED: [Named; 8] = [
    Named::Original(original::Policy::Original),
    Named::Original(original::Policy::Floor8000),
    Named::Original(original::Policy::Floor8000Realised),
    Named::Original(original::Policy::Analysis1),
    Named::Original(original::Policy::Analysis1Fixed),
    Named::Original(original::Policy::Analysis2),
    Named::Original(original::Policy::Analysis3),
    Named::Default,
];

impl Named {
    /// The name in tables and in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Named::Original(original::Policy::Floor8000) => "floor-8000",
            Named::Original(original::Policy::Floor8000Realised) => "floor-8000-realised",
            Named::Original(original::Policy::Analysis1) => "analysis-1",
            Named::Original(original::Policy::Analysis1Fixed) => "analysis-1-fixed",
            Named::Original(original::Policy::Analysis2) => "analysis-2",
            Named::Original(original::Policy::Analysis3) => "analysis-3",
            Named::Original(original::Policy::Original) => "original",
            Named::Default => "default",
            Named::Oracle => "oracle",
        }
    }

    /// The policy and its settings. Those of the original trade lots of one coin: its estimator counts
    /// volume, and so volume counts fills.
    #[must_use]
    pub fn setup(self) -> (Policy, Settings) {
        let mut s = Settings::default();
        match self {
            Named::Oracle => (Policy::Oracle, s),
            Named::Default => (Policy::Learned(None), s),
            Named::Original(policy) => {
                s.strategy.name = Name::Original;
                s.strategy.original.policy = policy;
                s.bounds.unit_usd = COIN_USD;
                (Policy::Learned(None), s)
            }
        }
    }
}

/// Rules, fee and limits of the trials.
pub const BOUNDS: Bounds =
    Bounds { rules: RULES, fee_bps: FEE_BPS, unit_usd: 250.0, max_lots: 10.0, anyway: false };

/// Someone who quotes.
#[derive(Clone, Debug)]
pub enum Policy {
    /// The same depths always, one lot each.
    Depths(&'static [f64]),
    /// One lot at one of these depths, a minute each.
    Cycle(&'static [f64]),
    /// A strategy of the program on the learners' estimates; made when the first are there.
    Learned(Option<Box<AnyStrategy>>),
    /// The default one on the truth.
    Oracle,
}

impl Policy {
    /// Learners to go with it; the oracle needs none.
    #[must_use]
    pub fn learners(&self, cfg: &learn::Config) -> Option<Learners> {
        (!matches!(self, Policy::Oracle)).then(|| Learners::new(cfg, Curve::new(FEE_BPS).rates()))
    }

    /// The ladder wanted now. `truth` is what only the oracle looks at.
    #[must_use]
    pub fn ladder(
        &mut self,
        now: Ns,
        last_fill: Ns,
        known: Option<&Estimates>,
        truth: &Truth,
        cfg: &Settings,
    ) -> Ladder {
        let flat = |d: &[f64]| Side::BOTH.map(|_| d.iter().map(|d| (*d, 1.0)).collect());
        match self {
            Policy::Depths(d) => flat(d),
            Policy::Cycle(d) => {
                let minute = usize::try_from(now.0 / (60 * Ns::SEC)).unwrap_or(0);
                flat(&d[minute % d.len()..=minute % d.len()])
            }
            Policy::Learned(own) => {
                let Some(e) = known else { return Ladder::default() };
                let (with, bounds) = (&cfg.strategy, &cfg.bounds);
                let strategy =
                    own.get_or_insert_with(|| Box::new(AnyStrategy::new(with, bounds, e)));
                strategy.on_estimates(with, bounds, e);
                quoted(&**strategy, with, now, last_fill, bounds)
            }
            Policy::Oracle => knowing_ladder(now, truth, cfg),
        }
    }

    /// Where a single quote of no size would stand, given the distance of the nearest quote that does;
    /// the ladder's first level is farther out than that.
    #[must_use]
    pub fn single(&self, nearest: Option<f64>, truth: &Truth) -> Option<f64> {
        let nearest = nearest?;
        Some(match self {
            Policy::Depths(_) | Policy::Cycle(_) => nearest,
            Policy::Learned(Some(s)) => match &**s {
                AnyStrategy::Glft(g) => nearest.min(g.curve().cost + 1.0 / g.curve().k),
                _ => nearest,
            },
            Policy::Learned(None) => nearest,
            Policy::Oracle => best(truth),
        })
    }

    /// Something of the market.
    pub fn on_sample(&mut self, now: Ns, sample: &Sample, cfg: &Settings) {
        if let Policy::Learned(Some(s)) = self {
            s.on_sample(&cfg.strategy, now, sample);
        }
    }

    /// An own fill.
    pub fn on_fill(&mut self, fill: &OwnFill, cfg: &Settings) {
        if let Policy::Learned(Some(s)) = self {
            s.on_fill(&cfg.strategy, &cfg.bounds, fill);
        }
    }
}

/// The distance at which a quote of no size expects most: c + 1/kappa.
#[must_use]
pub fn best(t: &Truth) -> f64 {
    FEE_BPS + t.adverse() + 1.0 / t.kappa
}

/// The ladder of the default strategy that knows the truth, under the same settings.
#[must_use]
pub fn knowing_ladder(now: Ns, truth: &Truth, cfg: &Settings) -> Ladder {
    let glft = Glft::believing(&knowing(truth), &cfg.strategy.glft, &cfg.bounds);
    quoted(&glft, &cfg.strategy.glft, now, now, &cfg.bounds)
}

fn quoted<S: Strategy>(s: &S, cfg: &S::Config, now: Ns, last_fill: Ns, bounds: &Bounds) -> Ladder {
    let x = Inputs {
        now,
        bid: BID,
        bid_sz: Sz(ONE),
        ask: ASK,
        ask_sz: Sz(ONE),
        position: Sz(0),
        last_fill,
        held: [false; 2],
        bounds: *bounds,
    };
    let mut ladder = quote::Ladder::default();
    s.ladder(cfg, &x, &mut ladder);
    let why = s.decline(cfg, &x).map_or((Guard::None, 0), Decline::guard);
    let sides = fit(&ladder, &x, [why; 2]);
    let mid = x.mid().to_f64();
    Side::BOTH.map(|side| {
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        let level = |(px, sz): &(Px, Sz)| {
            let depth = sign * (mid - px.to_f64()) / mid * 1e4;
            (depth, sz.to_f64() * px.to_f64() / bounds.unit_usd)
        };
        sides[side.index()].levels.iter().map(level).collect()
    })
}

fn knowing(t: &Truth) -> Beliefs {
    Beliefs::known(t.kappa * 1e4, t.rate * PHI, t.adverse(), FEE_BPS, t.sigma)
}
