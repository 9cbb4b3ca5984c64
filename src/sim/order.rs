//! One own order: what was sent, what is open of it in each lane, and how it is recorded.
//!
//! In: the executor's decisions. Out: views and records. Hot path: plain values.

use serde::{Deserialize, Serialize};

use super::fees::{Fees, fee_e8};
use super::level::Level;
use crate::event::own::{Fill, FillReason, LANES, OrderReason, OrderState, OrderUpdate};
use crate::units::rules::Billing;
use crate::units::{Mid2, Ns, Px, Side, Sz};

/// What happened to an own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimEvent {
    /// A fill under one of the three models.
    Fill(Fill),
    /// A new state.
    Order(OrderUpdate),
    /// Everything that happened to own orders up to this block was said.
    Known(Ns),
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

/// An own order as the engine sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A cancel or a change is on its way, or what it was to replace is gone, so that it will be refused.
    pub cancelling: bool,
}

/// Never, as a time.
pub(super) const NEVER: Ns = Ns(i64::MAX);

/// An own order in one lane.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct LaneState {
    /// Size still open.
    pub open: i64,
    /// Taken from the crossing side since the book crossed the order.
    pub crossed: i64,
    /// Prints up to then confirm a crossing.
    pub until: Ns,
    /// Taken of the taker at work.
    #[serde(skip)]
    pub taken: i64,
    /// Filled and not booked yet; 0 between calls.
    #[serde(skip)]
    pub pending: i64,
    /// Why.
    #[serde(skip)]
    pub reason: FillReason,
}

/// An own order: in its first lines of the cache what is looked at with each message.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub(super) struct SimOrder {
    pub req: NewOrder,
    pub id: u64,
    pub arrive: Ns,
    pub cancel_at: Ns,
    pub live: bool,
    /// A change of this order is on its way, or it will be refused.
    pub changing: bool,
    /// The account had no request left for it.
    pub refused: bool,
    pub unknown: bool,
    pub reason: OrderReason,
    pub level: Level,
    pub lanes: [LaneState; 3],
    /// Block since which the book crosses it.
    pub crossed_since: Option<Ns>,
    /// Number of the order this one is a change of; 0: none.
    pub replaces: u64,
    /// Names what is drawn of it.
    pub name: u64,
    pub sent: Ns,
    pub ahead: i64,
    /// Age of the display the queue started from; -1: the price had never been displayed.
    pub sight_age: i64,
}

impl LaneState {
    /// Takes `size` of what is open, in whole steps of `lot`, to be booked: what is less than a step
    /// stays in the queue. An order that is no whole number of steps ends with its rest. Gives what
    /// was taken.
    pub(super) fn take(&mut self, size: i64, lot: i64, reason: FillReason) -> i64 {
        let open = self.open - self.pending;
        let got = if size < open { size.max(0) / lot * lot } else { open };
        self.pending += got;
        self.taken += got;
        self.reason = reason;
        got
    }
}

impl SimOrder {
    pub(super) fn new(id: u64, req: NewOrder, sent: Ns, arrive: Ns) -> SimOrder {
        SimOrder {
            id,
            name: id,
            req,
            live: false,
            sent,
            arrive,
            cancel_at: NEVER,
            replaces: 0,
            changing: false,
            refused: false,
            reason: OrderReason::None,
            ahead: 0,
            unknown: false,
            sight_age: 0,
            level: Level::default(),
            lanes: [LaneState { open: req.sz.0, ..LaneState::default() }; 3],
            crossed_since: None,
        }
    }

    /// Place among the orders: bids first, best price first, earliest first.
    pub(super) fn key(&self) -> (Side, i64, Ns, u64) {
        (self.req.side, -self.req.side.sign() * self.req.px.0, self.arrive, self.id)
    }

    /// When its next change is due.
    pub(super) fn due(&self) -> Ns {
        if self.live { self.cancel_at } else { self.arrive }
    }

    pub(super) fn view(&self) -> View {
        View {
            id: self.id,
            side: self.req.side,
            px: self.req.px,
            open: Sz(self.lanes[0].open),
            level: self.req.level,
            live: self.live,
            cancelling: self.cancel_at != NEVER || self.changing,
        }
    }

    pub(super) fn state(
        &self,
        state: OrderState,
        reason: OrderReason,
        effective: Ns,
    ) -> OrderUpdate {
        OrderUpdate {
            id: self.id,
            state,
            reason,
            side: self.req.side,
            level: self.req.level,
            px: self.req.px,
            sz: self.req.sz,
            open: Sz(self.lanes[0].open),
            ahead: Sz(self.ahead),
            effective,
        }
    }

    /// Its level may change unseen from `known_until` on.
    #[inline]
    pub(super) fn sees(&mut self, known_until: Ns) {
        self.level.known_until = self.level.known_until.min(known_until);
    }

    /// The other side is displayed at its price or better no more.
    pub(super) fn uncross(&mut self) {
        self.lanes.iter_mut().for_each(|l| l.crossed = 0);
        self.crossed_since = None;
    }

    /// Whether it was in the book in block `t`; later blocks may have come first.
    pub(super) fn rests_at(&self, t: Ns) -> bool {
        self.live && self.arrive <= t
    }

    /// Whether nothing is open in the lane that decides.
    pub(super) fn is_done(&self) -> bool {
        self.lanes[0].open == 0
    }

    /// Books what is pending in a lane, if anything; gives whether the order is done by it.
    pub(super) fn book(
        &mut self,
        lane: usize,
        by: &Cause<'_>,
        out: &mut impl FnMut(SimEvent),
    ) -> bool {
        let state = &mut self.lanes[lane];
        let got = std::mem::take(&mut state.pending);
        if got <= 0 {
            return false;
        }
        state.open -= got;
        out(SimEvent::Fill(Fill {
            id: self.id,
            lane: LANES[lane],
            reason: state.reason,
            side: self.req.side,
            unknown_queue: self.unknown,
            level: self.req.level,
            px: self.req.px,
            sz: Sz(got),
            open: Sz(state.open),
            ahead: Sz(self.ahead),
            age: by.time.since(self.arrive),
            time: by.time,
            tid: by.tid,
            mid: by.mid,
            fee_e8: fee_e8(self.req.px, Sz(got), by.fees.0.maker(by.fees.1)),
            sight_age: self.sight_age,
        }));
        self.is_done()
    }
}

/// What fills are booked by.
#[derive(Clone, Copy)]
pub(super) struct Cause<'a> {
    /// Block time.
    pub time: Ns,
    /// The print; 0: none.
    pub tid: u64,
    /// The mid before the block.
    pub mid: Mid2,
    /// What decides the maker fee.
    pub fees: (&'a Fees, Billing),
}

/// The mid before block `t`.
pub(super) fn mid_at(t: Ns, newest: (Ns, Option<Mid2>), before: Option<Mid2>) -> Mid2 {
    let known = if newest.0 >= t { before.or(newest.1) } else { newest.1 };
    known.unwrap_or_default()
}
