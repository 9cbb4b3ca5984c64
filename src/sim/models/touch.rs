//! `touch`: any print at the price or beyond fills; the optimistic bracket.
//!
//! In: prints. Out: the volume that reaches an order. Hot path.

use serde::{Deserialize, Serialize};

use crate::event::own::FillReason;
use crate::sim::level::Level;
use crate::sim::model::{FillModel, Moment, NoSettings, Orders, Taker};

/// Nobody is ahead of an order.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Touch;

impl FillModel for Touch {
    const NAME: &'static str = "touch";
    const VERSION: u32 = 1;
    type Config = NoSettings;
    type Queue = ();

    fn new(_: &NoSettings, _: u64) -> Touch {
        Touch
    }

    fn on_live(&mut self, _: &NoSettings, _: &Moment, _: u64, _: &Level) {}

    fn on_level(&mut self, _: &NoSettings, _: &Moment, _: &mut Orders<'_, ()>, _: i64) {}

    fn on_taker(
        &mut self,
        _: &NoSettings,
        _: &Moment,
        orders: &mut Orders<'_, ()>,
        taker: &mut Taker,
    ) {
        taker.share_as(FillReason::Touch, orders, |_, left| left.at + left.beyond);
    }
}
