//! One own order: what was sent, where it stands under each model, and how it is recorded.
//!
//! In: the executor's decisions. Out: views and records. Hot path: plain values.

use serde::{Deserialize, Serialize};

use super::fees::{Rate, fee_e8};
use super::queue::{Place, Sight};
use crate::record::{self, FillReason, Lane, OrderReason, OrderState};
use crate::units::{Mid2, Ns, Px, Side, Sz};

/// What happened to an own order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SimEvent {
    /// A fill under one of the three models.
    Fill(record::Fill),
    /// A new state.
    Order(record::Order),
}

/// An order to place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// Side.
    pub side: Side,
    /// Price.
    pub px: Px,
    /// Size.
    pub sz: Sz,
    /// Level of the ladder, 0 nearest.
    pub level: u8,
}

/// An own order as the strategy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Number.
    pub id: u64,
    /// Side.
    pub side: Side,
    /// Price.
    pub px: Px,
    /// Size open under the configured model.
    pub open: Sz,
    /// Level of the ladder.
    pub level: u8,
    /// In the book.
    pub live: bool,
    /// A cancel or a change is on its way.
    pub cancelling: bool,
}

/// Never, as a time.
pub(super) const NEVER: Ns = Ns(i64::MAX);

/// What a message told of an order's price, held back until the prints of its block are in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Held {
    pub at: Ns,
    /// Displayed size and order count, when the message told of this price.
    pub level: Option<(i64, u32)>,
    /// Displayed on the other side at our price or better.
    pub crossing: i64,
    /// Up to when nothing can have changed untold.
    pub still: Ns,
}

/// An own order.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Own {
    pub id: u64,
    pub new: NewOrder,
    pub live: bool,
    pub sent: Ns,
    pub arrive: Ns,
    pub cancel_at: Ns,
    /// Number of the order this one is a change of; 0: none.
    pub replaces: u64,
    /// A change of this order is on its way.
    pub changing: bool,
    pub reason: OrderReason,
    pub ahead: i64,
    pub unknown: bool,
    /// Age of the sight the queue started from; -1: the price had never been seen.
    pub sight_age: i64,
    pub sight: Sight,
    pub places: [Place; 3],
    pub held: Option<Held>,
}

impl Own {
    pub(super) fn new(id: u64, new: NewOrder, sent: Ns, arrive: Ns) -> Own {
        Own {
            id,
            new,
            live: false,
            sent,
            arrive,
            cancel_at: NEVER,
            replaces: 0,
            changing: false,
            reason: OrderReason::None,
            ahead: 0,
            unknown: false,
            sight_age: 0,
            sight: Sight::default(),
            places: [Place { open: new.sz.0, ..Place::default() }; 3],
            held: None,
        }
    }

    /// Place in the executor's list: bids first, best price first, earliest first.
    pub(super) fn key(&self) -> (u8, i64, Ns, u64) {
        let rank = -self.new.side.sign() * self.new.px.0;
        (self.new.side as u8, rank, self.arrive, self.id)
    }

    /// When its next change is due.
    pub(super) fn due(&self) -> Ns {
        if self.live { self.cancel_at } else { self.arrive }
    }

    pub(super) fn view(&self) -> View {
        View {
            id: self.id,
            side: self.new.side,
            px: self.new.px,
            open: Sz(self.places[0].open),
            level: self.new.level,
            live: self.live,
            cancelling: self.cancel_at != NEVER || self.changing,
        }
    }

    pub(super) fn state(
        &self,
        state: OrderState,
        reason: OrderReason,
        effective: Ns,
    ) -> record::Order {
        record::Order {
            id: self.id,
            state,
            reason,
            side: self.new.side,
            level: self.new.level,
            px: self.new.px,
            sz: self.new.sz,
            open: Sz(self.places[0].open),
            ahead: Sz(self.ahead),
            effective,
        }
    }

    /// Books a fill in its lane and gives its record.
    pub(super) fn fill(&mut self, made: &Made, fee: Rate) -> record::Fill {
        let place = &mut self.places[made.lane as usize];
        place.open -= made.got;
        record::Fill {
            id: self.id,
            lane: made.lane,
            reason: made.reason,
            side: self.new.side,
            unknown_queue: self.unknown,
            level: self.new.level,
            px: self.new.px,
            sz: Sz(made.got),
            open: Sz(place.open),
            ahead: Sz(self.ahead),
            age: made.t.since(self.arrive),
            time: made.t,
            tid: made.tid,
            mid: made.mid,
            fee_e8: fee_e8(self.new.px, Sz(made.got), fee),
            sight_age: self.sight_age,
        }
    }
}

/// A fill about to be booked.
pub(super) struct Made {
    pub lane: Lane,
    pub reason: FillReason,
    pub got: i64,
    pub t: Ns,
    pub tid: u64,
    pub mid: Mid2,
}

/// The mid before block `t`.
pub(super) fn mid_at(t: Ns, newest: (Ns, Option<Mid2>), before: Option<Mid2>) -> Mid2 {
    let known = if newest.0 >= t { before.or(newest.1) } else { newest.1 };
    known.unwrap_or_default()
}
