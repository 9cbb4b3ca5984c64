//! The seam of executors: where own orders go, and what comes back of them.
//!
//! In: orders, changes, cancels; the market, the time and the link. Out: states and fills of own
//! orders. Hot path: no allocation, no clock.
//!
//! 1. An executor says what happened to an order when it knows of it: in any call that has `out`. What
//!    the engine wants next follows from the market and from what was said, whoever says it.
//! 2. Of every order it says `Sent` when it takes it, then how it got on, then one end: `Rejected`,
//!    `Cancelled` or `Filled`; fills of the configured lane only between `Live` and the end.
//! 3. States and fills come in the order of their times on the venue's clock; now and then it says up to
//!    which block all of them were said (`Known`).
//! 4. Settings are lent to each call and are no part of an executor's state.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::config::Settings;
use super::hold::Takes;
use super::model::FillModel;
use super::order::{NewOrder, SimEvent, View};
use super::room::Full;
use crate::event::own::OrderReason;
use crate::event::{Bbo, Snapshot, Trade};
use crate::units::rules::Rules;
use crate::units::{Ns, Side};

/// Executes the own orders of one coin. Its value is part of a checkpoint. `F` is the fill model that
/// the program was built with; executors that do not simulate ignore it.
///
/// Times `leaves` are on the venue's clock, times `now` on the session clock.
pub trait Executor<F: FillModel>: Debug + Serialize + DeserializeOwned + Send + 'static {
    /// An executor without orders; `seed` decides all its draws.
    fn new(set: Settings<'_, F>, rules: Rules, seed: u64) -> Self;

    /// Sends an order. Gives its number, above those of all before it.
    ///
    /// # Errors
    /// [`Full`] when there is no room; nothing was sent.
    fn submit(
        &mut self,
        set: Settings<'_, F>,
        leaves: Ns,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full>;

    /// Changes the open order `id` into another one. Gives the number of the new one, which is
    /// refused when the old one is gone by then.
    ///
    /// # Errors
    /// [`Full`] when there is no room; nothing was sent.
    fn modify(
        &mut self,
        set: Settings<'_, F>,
        leaves: Ns,
        id: u64,
        new: NewOrder,
        out: &mut impl FnMut(SimEvent),
    ) -> Result<u64, Full>;

    /// Sends a cancel. Unknown numbers are ignored.
    fn cancel(
        &mut self,
        set: Settings<'_, F>,
        leaves: Ns,
        id: u64,
        why: OrderReason,
        out: &mut impl FnMut(SimEvent),
    );

    /// The account has no request left for the next order, change or cancel: the venue will refuse
    /// it. For executors that simulate; others hear it from the venue.
    fn refuse_next(&mut self) {}

    /// The orders of a side that are not out, as far as it knows: best price first, earliest first.
    fn open(&self, side: Side) -> impl Iterator<Item = View> + '_;

    /// Prints so far that came too late to be taken in the venue's order.
    fn late(&self) -> u64 {
        0
    }

    /// The link came up.
    fn on_up(&mut self);

    /// Trades up to block `upto` were lost: the orders that were out there by then no longer are. The
    /// link went down: the same without end, as [`Ns`] of the largest value.
    fn on_gap(&mut self, set: Settings<'_, F>, now: Ns, upto: Ns, out: &mut impl FnMut(SimEvent));

    /// Nothing more comes: what still waits for anything happens now.
    fn on_end(&mut self, _set: Settings<'_, F>, _out: &mut impl FnMut(SimEvent)) {}

    /// A message of the market came, which is shown in the venue's order once it has waited for that.
    fn hear(&mut self, _set: Settings<'_, F>, _now: Ns, _out: &mut impl FnMut(SimEvent)) {}

    /// Best prices, in the venue's order.
    fn on_bbo(&mut self, set: Settings<'_, F>, bbo: &Bbo, out: &mut impl FnMut(SimEvent));

    /// A snapshot, in the venue's order.
    fn on_book(&mut self, set: Settings<'_, F>, book: &Snapshot, out: &mut impl FnMut(SimEvent));

    /// Prints of one block, in the venue's order; where messages do not wait, of one frame.
    fn on_prints(&mut self, set: Settings<'_, F>, prints: &[Trade], out: &mut impl FnMut(SimEvent));

    /// Nothing more of the block comes; not said where messages do not wait.
    fn on_over(&mut self, _set: Settings<'_, F>, _block: Ns, _out: &mut impl FnMut(SimEvent)) {}

    /// A round trip to the venue took `ns`.
    fn on_ping(&mut self, _ns: i64) {}

    /// The session clock is at `now`: a point of the tick grid.
    fn on_time(&mut self, _set: Settings<'_, F>, _now: Ns, _out: &mut impl FnMut(SimEvent)) {}
}

/// What is let go goes to an executor.
#[derive(Debug)]
pub struct Execute<'a, 's, F: FillModel, E, O> {
    /// The executor.
    pub exec: &'a mut E,
    /// Settings, lent.
    pub set: Settings<'s, F>,
    /// What it says.
    pub out: O,
}

impl<F: FillModel, E: Executor<F>, O: FnMut(SimEvent)> Takes for Execute<'_, '_, F, E, O> {
    fn prints(&mut self, prints: &[Trade]) {
        self.exec.on_prints(self.set, prints, &mut self.out);
    }

    fn bbo(&mut self, bbo: &Bbo) {
        self.exec.on_bbo(self.set, bbo, &mut self.out);
    }

    fn book(&mut self, book: &Snapshot) {
        self.exec.on_book(self.set, book, &mut self.out);
    }

    fn over(&mut self, block: Ns) {
        self.exec.on_over(self.set, block, &mut self.out);
    }
}
