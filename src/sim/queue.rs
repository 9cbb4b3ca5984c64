//! Queue models: prints and cancels shorten the volume ahead; they differ in whom a cancel is
//! credited to.
//!
//! In: prints at and beyond the price, displayed sizes. Out: the volume that reaches an order. Hot
//! path: integers, O(1) per event and order.
//!
//! 1. The volume ahead never grows and is never more than what is displayed.
//! 2. Prints advance every queue model alike.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::level::{Level, Reach};
use super::model::{Bias, FillModel, Moment, Orders, Taker};
use crate::settings::Setting;

/// A queue model without state beyond its orders: one that says whom a cancel is credited to.
/// Every such model is a [`FillModel`].
pub trait Credit: Copy + Debug + Default + Serialize + DeserializeOwned + Send + 'static {
    /// As [`FillModel::NAME`].
    const NAME: &'static str;
    /// As [`FillModel::VERSION`].
    const VERSION: u32;
    /// As [`FillModel::Config`].
    type Config: Setting<Limits = ()>
        + Copy
        + Debug
        + Default
        + PartialEq
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static;

    /// How much of a net decrease `drop` of the level cancelled ahead of the order. What is more
    /// than there was ahead counts for nothing.
    fn ahead(cfg: &Self::Config, at: &Moment, queue: &Split, drop: i64) -> i64;
}

/// A level's displayed size, less what printed since, as an order divides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Volume ahead of the order.
    pub ahead: i64,
    /// Volume behind it.
    pub behind: i64,
}

impl Split {
    /// The part of `drop` that falls on the volume ahead when it is divided in the ratio of two
    /// weights, of what is ahead and of what is behind.
    #[must_use]
    pub fn part(&self, drop: i64, weigh: impl Fn(&Split) -> (u64, u64)) -> i64 {
        if drop == 0 || self.ahead == 0 {
            return 0;
        }
        let (a, b) = weigh(self);
        let part = u128::from(drop.unsigned_abs()) * u128::from(a) / u128::from(a + b).max(1);
        i64::try_from(part).unwrap_or(self.ahead).min(self.ahead)
    }
}

/// Position of an order in the queue of its level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePos {
    /// Volume ahead when the level was displayed last.
    pub front: i64,
    /// Printed at the price since then, less what own orders before this one took.
    pub printed: i64,
    /// What that display took off the volume ahead that no print had: cancels, or prints still to come.
    pub unexplained: i64,
}

impl QueuePos {
    /// The position of an order that goes live behind `level`.
    #[must_use]
    pub fn behind(level: &Level) -> QueuePos {
        QueuePos { front: level.size, ..QueuePos::default() }
    }

    /// How the order divides its level.
    #[must_use]
    pub fn split(&self, level: &Level) -> Split {
        let ahead = (self.front - self.printed).max(0);
        Split { ahead, behind: (level.size - level.traded - ahead).max(0) }
    }

    /// Takes a taker in, of which `left` comes to this order; `front` is the volume thought to be
    /// ahead by now. Gives the volume that reaches the order. A taker that comes after a display of
    /// its own block (`late`) advances it by what that display has not taken off already.
    pub fn advance(&mut self, left: Reach, front: i64, late: bool) -> i64 {
        let known = if late { self.unexplained.min(left.at) } else { 0 };
        self.unexplained -= known;
        self.printed = crate::units::add_volume(self.printed, left.at - known);
        let past = (self.printed - front).max(0);
        if left.through || past > 0 {
            *self = QueuePos::default();
        }
        past.min(left.at) + left.beyond
    }

    /// The level displays `size` now; `cancelled` of the volume ahead is gone without a print.
    pub fn displayed(&mut self, cancelled: i64, size: i64) {
        let ahead = (self.front - self.printed).max(0);
        let front = (ahead - cancelled).clamp(0, size.max(0));
        *self = QueuePos { front, printed: 0, unexplained: (ahead - front).max(0) };
    }
}

/// What cancelled ahead when `level` displays `size` now: what `model` says of the net decrease,
/// with the lane's bias.
pub(super) fn cancelled(
    pos: &QueuePos,
    level: &Level,
    size: i64,
    bias: Bias,
    model: impl FnOnce(i64) -> i64,
) -> i64 {
    if pos.front == 0 {
        return 0;
    }
    let drop = (-level.net_change(size)).max(0);
    bias.of_cancels(model(drop), drop)
}

impl<C: Credit> FillModel for C {
    const NAME: &'static str = C::NAME;
    const VERSION: u32 = C::VERSION;
    type Config = C::Config;
    type Queue = QueuePos;

    fn new(_: &C::Config, _: u64) -> C {
        C::default()
    }

    fn on_live(&mut self, _: &C::Config, _: &Moment, _: u64, level: &Level) -> QueuePos {
        QueuePos::behind(level)
    }

    fn on_level(
        &mut self,
        cfg: &C::Config,
        at: &Moment,
        orders: &mut Orders<'_, QueuePos>,
        size: i64,
    ) {
        orders.each(|o| {
            let split = o.queue.split(o.level);
            let model = |drop| C::ahead(cfg, at, &split, drop);
            let gone = cancelled(o.queue, o.level, size, at.bias, model);
            o.queue.displayed(gone, size);
        });
    }

    fn on_taker(
        &mut self,
        _: &C::Config,
        at: &Moment,
        orders: &mut Orders<'_, QueuePos>,
        taker: &mut Taker,
    ) {
        taker.share(orders, |o, left| {
            let front = o.queue.front;
            o.queue.advance(left, front, o.level.shows(at.time))
        });
    }
}
