//! `through`: only prints strictly beyond the price fill; the pessimistic bracket.
//!
//! In: prints. Out: the volume that reaches an order. Hot path.

use serde::{Deserialize, Serialize};

use crate::sim::level::Level;
use crate::sim::model::{FillModel, Moment, NoSettings, Orders, Taker};

/// Everybody at the price is ahead of an order.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Through;

impl FillModel for Through {
    const NAME: &'static str = "through";
    const VERSION: u32 = 1;
    type Config = NoSettings;
    type Queue = ();

    fn new(_: &NoSettings, _: u64) -> Through {
        Through
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
        taker.share(orders, |_, left| left.beyond);
    }
}
