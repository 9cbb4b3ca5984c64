//! A fill model of one's own: prints shorten the queue ahead, and a fixed share of every cancel does.

use papermaker::{Components, FillModel, Level, Moment, Orders, Paper, Taker, settings};
use serde::{Deserialize, Serialize};

use super::fixed::Fixed;

settings! {
    /// Whom a cancel is credited to.
    pub struct Settings: Copy {
        /// Share of what cancels that was ahead.
        ahead_pct: i64 = 50, 0..=100, "%";
    }
}

/// It keeps nothing beside the orders.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Share;

/// The engine with it; where the configuration says `engine.sim.model = "own"` it decides the fills.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WithShare;

impl Components for WithShare {
    type Strategy = Fixed;
    type Fills = Share;
    type Executor = Paper<Share>;
}

impl FillModel for Share {
    const NAME: &'static str = "share";
    const VERSION: u32 = 1;
    type Config = Settings;
    /// Volume ahead, in units of size.
    type Queue = i64;

    fn new(_: &Settings, _: u64) -> Share {
        Share
    }

    fn on_live(&mut self, _: &Settings, _: &Moment, _: u64, level: &Level) -> i64 {
        level.size
    }

    fn on_level(&mut self, s: &Settings, _: &Moment, orders: &mut Orders<'_, i64>, size: i64) {
        orders.each(|o| {
            let cancelled = -o.level.net_change(size).min(0);
            *o.queue = (*o.queue - cancelled / 100 * s.ahead_pct).clamp(0, size.max(0));
        });
    }

    fn on_taker(&mut self, _: &Settings, _: &Moment, orders: &mut Orders<'_, i64>, t: &mut Taker) {
        t.share(orders, |o, left| {
            let past = (left.at - *o.queue).max(0);
            *o.queue = (*o.queue - left.at).max(0);
            past + left.beyond
        });
    }
}
