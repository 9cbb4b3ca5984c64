//! The seam where a strategy plugs in: estimates, market and position in; a ladder and its terms out.
//!
//! In: [`Estimates`] once a second, own fills, an [`Inputs`] when the engine wants a ladder. Out: a
//! [`Ladder`], or a [`Decline`]. Hot path: an implementation allocates nothing, reads no clock, and
//! draws nothing at random, so that a replay decides the same.
//!
//! 1. A value of a [`Strategy`] is the state of one coin, and part of the checkpoint; settings are no
//!    state: they come as an argument to every call.
//! 2. The engine owns guards, rounding, venue rules, the position limit and orders. Whatever a strategy
//!    says, what goes out is valid: see [`super::fit`].
//! 3. The same calls with the same arguments give the same answers.

use std::fmt::Debug;

use arrayvec::ArrayVec;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::rounding;
use crate::learn::curve::Curve;
use crate::learn::{Estimates, Sample};
use crate::limits::LADDER_MAX;
use crate::record::{Guard, StrategyInfo, TERMS_MAX};
use crate::settings::Setting;
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side, Sz};

/// Decides what to quote for one coin. The value itself is what it remembers of that coin.
///
/// A strategy of one's own is this trait, a type of settings, and a name for its numbers; see
/// `tests/plug/` for three whole ones.
pub trait Strategy: Clone + Debug + Serialize + DeserializeOwned + Send + 'static {
    /// Settings: the table `[engine.strategy]` of the configuration, written with `settings!`. Its
    /// default is what a run without that table takes; keys that it does not have, and values beyond
    /// their range, are refused with a sentence.
    type Config: Setting<Limits = ()>
        + Clone
        + Debug
        + PartialEq
        + Default
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static;

    /// Name, version, and the names of terms and reasons, for the records.
    fn info(cfg: &Self::Config) -> StrategyInfo;

    /// A strategy that knows `e`, the priors, and nothing else.
    fn new(cfg: &Self::Config, bounds: &Bounds, e: &Estimates) -> Self;

    /// Once a second, after everything was learned.
    fn on_estimates(&mut self, _cfg: &Self::Config, _bounds: &Bounds, _e: &Estimates) {}

    /// Something of the market, as it happens: for a strategy that estimates by itself. What the
    /// program learns comes by the other calls.
    fn on_sample(&mut self, _cfg: &Self::Config, _now: Ns, _sample: &Sample) {}

    /// A window of evidence of the shadow ladder closed: some ten seconds, at a point of the tick grid.
    fn on_curve(&mut self, _cfg: &Self::Config, _bounds: &Bounds, _c: &Curve) {}

    /// An own order was filled, whole or in part, under the configured fill model.
    fn on_fill(&mut self, _cfg: &Self::Config, _bounds: &Bounds, _fill: &OwnFill) {}

    /// A reason not to quote at all now, and how long it stands. Asked before [`Strategy::ladder`], and
    /// cheap: a reason that is new takes the orders down at once, without the least time between two
    /// changes.
    fn decline(&self, _cfg: &Self::Config, _x: &Inputs) -> Option<(Decline, Stands)> {
        None
    }

    /// The ladder wanted now, put into `out`, which comes empty. Called on a fresh book only.
    fn ladder(&self, cfg: &Self::Config, x: &Inputs, out: &mut Ladder);
}

/// What is fixed during a run: rules of the venue, the fee, the limits a ladder is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Ticks, lots and the least value of an order.
    pub rules: Rules,
    /// What a maker pays, bps of the value; negative is a rebate.
    pub fee_bps: f64,
    /// Value of one lot, the unit that positions are counted in, USD.
    pub unit_usd: f64,
    /// Largest position either way, lots.
    pub max_lots: f64,
    /// Orders are wanted whether they seem to pay or not, for comparison.
    pub anyway: bool,
}

/// What a ladder is made from, besides what the strategy knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Session time.
    pub now: Ns,
    /// Best bid price.
    pub bid: Px,
    /// Size there.
    pub bid_sz: Sz,
    /// Best ask price.
    pub ask: Px,
    /// Size there.
    pub ask_sz: Sz,
    /// Position, signed.
    pub position: Sz,
    /// Session time of the last own fill, or of the first fresh book.
    pub last_fill: Ns,
    /// Sides that the engine holds back whatever is wanted, by [`Side::index`]: no need to fill them.
    pub held: [bool; 2],
    /// What is fixed during the run.
    pub bounds: Bounds,
}

impl Inputs {
    /// A market at the start, with one coin at each of the best prices and no position.
    #[cfg(test)]
    pub(crate) fn at([bid, ask]: [Px; 2], bounds: Bounds) -> Inputs {
        Inputs {
            now: Ns(0),
            bid,
            bid_sz: Sz(crate::units::ONE),
            ask,
            ask_sz: Sz(crate::units::ONE),
            position: Sz(0),
            last_fill: Ns(0),
            held: [false; 2],
            bounds,
        }
    }

    /// The mid.
    #[must_use]
    pub fn mid(&self) -> Mid2 {
        Mid2(self.bid.0.saturating_add(self.ask.0))
    }

    /// Position in lots at the mid, signed.
    #[must_use]
    pub fn lots(&self) -> f64 {
        self.position.to_f64() * self.mid().to_f64() / self.bounds.unit_usd
    }

    /// Half the spread, bps of the mid.
    #[must_use]
    pub fn half_spread_bps(&self) -> f64 {
        (self.ask.to_f64() - self.bid.to_f64()) / 2.0 / self.mid().to_f64() * 1e4
    }
}

/// An own fill under the configured fill model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OwnFill {
    /// Session time.
    pub now: Ns,
    /// Side of the own order.
    pub side: Side,
    /// Price.
    pub px: Px,
    /// Size of this fill.
    pub sz: Sz,
    /// Level in the ladder, 0 nearest.
    pub level: u8,
    /// Distance from the mid it was quoted from, bps; positive is behind it.
    pub depth_bps: f64,
    /// Mid before the block of the fill.
    pub mid: Mid2,
}

/// Why a side is not quoted, as far as that is the strategy's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// Estimates are missing or not finite.
    NoEstimate,
    /// No distance is worth a quote.
    NoEdge,
    /// A reason of its own, by its code from 1 in [`StrategyInfo::reasons`].
    Own(u8),
}

impl Decline {
    /// As records have it: the guard, and the code of an own reason (0 where it is none).
    #[must_use]
    pub fn guard(self) -> (Guard, u8) {
        match self {
            Decline::NoEstimate => (Guard::NoEstimate, 0),
            Decline::NoEdge => (Guard::NoEdge, 0),
            Decline::Own(code) => (Guard::Declined, code),
        }
    }
}

/// How long a ladder, or a reason for none, stands: until the first of what is named here the strategy is not asked again.
/// An own fill, a refused order, and a change of what the engine guards always end it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stands {
    /// How far the market may move.
    pub touch: Band,
    /// It is asked again at this session time.
    pub until: Ns,
    /// New estimates, once a second, end it.
    pub estimates: bool,
    /// A print and a point of the tick grid (ten a second) end it.
    pub prints: bool,
    /// A window of evidence that closes ends it.
    pub curve: bool,
}

impl Stands {
    /// Moves with the market alone, and is asked again when a window of evidence closes.
    pub const FOLLOWS: Stands = Stands {
        touch: Band::Follows,
        until: Ns(i64::MAX),
        estimates: false,
        prints: false,
        curve: true,
    };

    /// Whatever the market does, until a window of evidence closes.
    pub const BY_CURVE: Stands = Stands { touch: Band::ALL, ..Stands::FOLLOWS };

    /// Moves with the market alone, and is asked again when there are new estimates.
    pub const BY_ESTIMATES: Stands = Stands { estimates: true, curve: false, ..Stands::FOLLOWS };
}

impl Default for Stands {
    /// Not at all: asked on every change of the touch, every print and every tick.
    fn default() -> Stands {
        let until = Ns(i64::MAX);
        Stands { touch: Band::Still, until, estimates: true, prints: true, curve: true }
    }
}

/// How far the market may move while a ladder stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Band {
    /// Not at all: best prices and their sizes stay as they are.
    Still,
    /// Best bid and best ask stay within these prices, ends included.
    Within {
        /// Least and most of the best bid.
        bid: [Px; 2],
        /// Least and most of the best ask.
        ask: [Px; 2],
    },
    /// Wanted prices move by no more than best prices do, but for rounding: the ladder
    /// stands while the orders that show it would stay where they are.
    Follows,
}

impl Band {
    /// Wherever the market goes.
    pub const ALL: Band =
        Band::Within { bid: [Px(i64::MIN), Px(i64::MAX)], ask: [Px(i64::MIN), Px(i64::MAX)] };
}

/// A ladder as a strategy wants it. Levels beyond the twentieth of a side are left out.
#[derive(Clone, Debug)]
pub struct Ladder {
    sides: [ArrayVec<(Px, Sz), LADDER_MAX>; 2],
    declined: [Option<Decline>; 2],
    /// What it is made of, in the order of [`StrategyInfo::terms`].
    pub terms: [f64; TERMS_MAX],
    /// How far a working order may stand off its wanted price, bps: kept, it keeps its place.
    pub tolerance_bps: f64,
    /// Price that sizes are held against the position limit at, USD; the mid where nothing is said,
    /// and never more than a hundredth off it.
    pub valued_at: Option<f64>,
    /// How long it stands.
    pub stands: Stands,
}

impl Default for Ladder {
    fn default() -> Ladder {
        Ladder {
            sides: [ArrayVec::new_const(), ArrayVec::new_const()],
            declined: [None; 2],
            terms: [0.0; TERMS_MAX],
            tolerance_bps: 0.0,
            valued_at: None,
            stands: Stands::default(),
        }
    }
}

impl Ladder {
    /// Adds a level behind those of its side: the engine rounds the price outward, keeps it on the own
    /// side of the market, floors the size to the lot and raises it to the least the venue takes.
    pub fn push(&mut self, side: Side, px: Px, sz: Sz) {
        let _ = self.sides[side.index()].try_push((px, sz));
    }

    /// The same at a distance from `mid` (USD) in bps, positive behind it, worth `usd`. What is no
    /// number or no price is left out.
    pub fn push_bps(&mut self, side: Side, mid: f64, bps: f64, usd: f64) {
        let sign = if side == Side::Buy { -1.0 } else { 1.0 };
        let price = mid * (1.0 + sign * bps * 1e-4);
        if let (Some(px), Some(sz)) = (rounding::to_units(price), rounding::to_units(usd / price)) {
            self.push(side, Px(px), Sz(sz));
        }
    }

    /// No quote on a side, and why. Levels of that side are left out.
    pub fn decline(&mut self, side: Side, why: Decline) {
        self.declined[side.index()] = Some(why);
    }

    /// Levels of a side so far, in the order they were added.
    #[must_use]
    pub fn levels(&self, side: Side) -> &[(Px, Sz)] {
        &self.sides[side.index()]
    }

    /// Why a side is not quoted.
    #[must_use]
    pub fn declined(&self, side: Side) -> Option<Decline> {
        self.declined[side.index()]
    }
}
