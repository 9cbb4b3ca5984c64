//! The working orders of one coin: moves them to where the ladder wants them.
//!
//! In: the wanted ladder of a side, or the guard that holds it back. Out: orders, changes and cancels
//! to the executor; a ladder record. Hot path: no allocation.
//!
//! 1. A side is changed at most once per message, and not sooner than the least time after its last
//!    change; a guard that is new takes it down at once.
//! 2. An order that stands close enough to where it is wanted keeps its place in the queue.

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::components::Components;
use super::convert::e8;
use super::cx::Cx;
use super::publish::Publish;
use super::requests::{Pace, Request};
use super::requote::{Basis, Spot, Standing};
use crate::limits::{LADDER_MAX, ORDERS_MAX};
use crate::quote::SideQuote;
use crate::record::{self, Guard, OrderReason};
use crate::sim::executor::{Execute, Executor};
use crate::sim::hold::{Batch, Hold};
use crate::sim::orders::{NewOrder, View};
use crate::units::{Ns, Px, Side, Sz};

/// Own orders and what each side shows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Working<C: Components> {
    pub exec: C::Executor,
    pub sides: [Shown; 2],
}

/// What a side shows, or why it does not, as published last.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Shown {
    /// The guard, and the strategy's own reason.
    pub guard: (Guard, u8),
    /// When it changed.
    pub changed: Ns,
    /// What it was made from; none where an order is missing.
    pub standing: Option<Standing>,
}

/// What became of a side's orders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reconciled {
    pub changed: bool,
    /// How far wanted prices may go until an order has to be changed, price units; none where an
    /// order is missing.
    pub slack: Option<i64>,
}

/// A side as it is wanted, and by how much its orders may stand off, bps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub side: Side,
    pub quote: &'a SideQuote,
    pub tolerance_bps: f64,
    /// What the budget of requests allows.
    pub pace: Pace,
}

/// How far an order may be from where it is wanted, price units. The wait for requests is the longer
/// the closer it is to the market, where it costs.
#[derive(Clone, Copy, Debug)]
struct Tolerance {
    side: Side,
    closer: i64,
    farther: i64,
    /// How many times smaller than wanted an order may be.
    smaller: f64,
}

impl Tolerance {
    fn of(w: &Wanted<'_>, px: Px) -> Tolerance {
        let wide = |times: f64| e8(px.to_f64() * w.tolerance_bps * 1e-4 * times).max(0);
        let patience = w.pace.patience;
        let (closer, farther) = (wide(1.0), wide(patience));
        Tolerance { side: w.side, closer, farther, smaller: 2.0 * patience }
    }

    /// How much closer to the market than `px` an order is.
    fn by(&self, v: &View, px: Px) -> i64 {
        self.side.sign() * (v.px.0 - px.0)
    }

    /// Whether an order may stand for a level.
    fn holds(&self, v: &View, (px, sz): (Px, Sz)) -> bool {
        self.left(v, px) >= 0
            && v.open.0 <= sz.0 * 2
            && v.open.to_f64() * self.smaller >= sz.to_f64()
    }

    /// How far the wanted price may move, either way, until it may not.
    fn left(&self, v: &View, px: Px) -> i64 {
        let by = self.by(v, px);
        (self.closer - by).min(self.farther + by)
    }

    /// Whether an order is closer to the market than any that is wanted.
    fn dares(&self, v: &View, first: Option<Px>) -> bool {
        first.is_none_or(|px| self.by(v, px) > self.closer)
    }
}

impl<C: Components> Working<C> {
    pub(super) fn new(exec: C::Executor) -> Working<C> {
        let none = Shown { guard: (Guard::LinkDown, 0), changed: Ns(i64::MIN), standing: None };
        Working { exec, sides: [none; 2] }
    }

    /// What is let go of the market goes to the executor.
    pub(super) fn take(
        &mut self,
        cx: &mut Cx<'_, C, impl Publish>,
        account: &mut Account<C>,
        (hold, batch): (&Hold, Batch<'_>),
    ) {
        let (set, out) = (cx.sim(), |e| account.on_sim(cx, e));
        hold.show(batch, &mut Execute { exec: &mut self.exec, set, out });
    }

    /// Sides whose orders may have to change, as far as their ladders said.
    pub(super) fn stale(&self, now: Ns, basis: &Basis, spot: &Spot) -> [bool; 2] {
        let holds = |s: &Standing| s.holds(now, basis, spot);
        self.sides.each_ref().map(|side| !side.standing.as_ref().is_some_and(holds))
    }

    /// How long no side is stale, where none is now.
    pub(super) fn rest(&self, basis: Basis) -> Option<Standing> {
        let [bids, asks] = self.sides.each_ref().map(|side| side.standing.as_ref());
        bids.zip(asks).and_then(|(bids, asks)| Standing::both([bids, asks], basis))
    }

    /// Whether a side may change now.
    pub(super) fn is_due(&self, now: Ns, side: Side, guard: (Guard, u8), wait_ns: i64) -> bool {
        let shown = &self.sides[side.index()];
        match guard.0 {
            Guard::None if shown.guard.0 == Guard::None => now.since(shown.changed) >= wait_ns,
            Guard::None => true,
            _ => shown.guard != guard,
        }
    }

    /// Whether orders of a side stand that are not on their way out.
    pub(super) fn stands(&self, side: Side) -> bool {
        self.exec.open(side).any(|v| !v.cancelling)
    }

    /// Moves the orders of one side to where they are wanted, as far as requests are left for it.
    pub(super) fn reconcile_side(
        &mut self,
        cx: &mut Cx<'_, C, impl Publish>,
        account: &mut Account<C>,
        w: &Wanted<'_>,
    ) -> Reconciled {
        let (side, levels) = (w.side, &w.quote.levels);
        let guard = (w.quote.guard, w.quote.declined);
        let down = guard.0 != Guard::None;
        if down && self.sides[side.index()].guard == guard && !self.stands(side) {
            return Reconciled { changed: false, slack: Some(0) };
        }
        let first = levels.first().map(|(px, _)| *px);
        let band = Tolerance::of(w, first.unwrap_or_default());
        // Rounding may move a price by another tick.
        let tick = first.map_or(0, |px| account.rules.tick(px));
        let mut slack = Some(band.closer - tick);
        let mut kept = [false; LADDER_MAX];
        let mut loose: ArrayVec<View, ORDERS_MAX> = ArrayVec::new();
        let mut first_free = 0;
        for v in self.exec.open(side).filter(|v| !v.cancelling) {
            while kept.get(first_free) == Some(&true) {
                first_free += 1;
            }
            // Levels go outward: behind one that the order is too close in for, it is so for all.
            let near = levels.iter().enumerate().skip(first_free);
            let mut near = near.take_while(|(_, (px, _))| band.by(&v, *px) <= band.closer);
            if let Some((i, (px, _))) = near.find(|(i, level)| !kept[*i] && band.holds(&v, **level))
            {
                kept[i] = true;
                slack = slack.map(|s| s.min(band.left(&v, *px) - tick));
            } else {
                // There is room for every order there can be.
                let _ = loose.try_push(v);
            }
        }
        let mut stand = kept.iter().filter(|kept| **kept).count();
        let (mut room, mut placed) = (w.pace.room, 0);
        let mut loose = loose.iter();
        for (i, (px, sz)) in levels.iter().enumerate().filter(|(i, _)| !kept[*i]) {
            if room == 0 {
                slack = None;
                break;
            }
            (room, placed, stand) = (room - 1, placed + 1, stand + 1);
            let level = u8::try_from(i).unwrap_or(u8::MAX);
            let new = NewOrder { side, px: *px, sz: *sz, level };
            if !self.place(cx, account, new, loose.next().map(|v| v.id)) {
                slack = None;
            }
        }
        let why = if down { OrderReason::Withdrawn } else { OrderReason::Replaced };
        let mut cancels = 0;
        for v in loose {
            // Where requests are short, what is no closer than wanted costs nothing by standing.
            if slack.is_none() && stand < levels.len() && !band.dares(v, first) {
                stand += 1;
                continue;
            }
            cancels += 1;
            self.cancel(cx, account, v.id, why);
        }
        cx.requests.message(placed);
        cx.requests.message(cancels);
        let changed = placed + cancels > 0 || (down && self.sides[side.index()].guard != guard);
        if changed {
            self.publish(cx, side, w.quote);
        }
        Reconciled { changed, slack }
    }

    fn cancel(
        &mut self,
        cx: &mut Cx<'_, C, impl Publish>,
        account: &mut Account<C>,
        id: u64,
        why: OrderReason,
    ) {
        if !cx.requests.send(&cx.cfg.requests, cx.now, Request::Cancel) {
            self.exec.refuse_next();
        }
        let leaves = cx.leaves();
        self.exec.cancel(cx.sim(), leaves, id, why, &mut |e| account.on_sim(cx, e));
    }

    /// Puts an order at a level: the order `instead` is changed into it, or it is a new one. False
    /// where there was no room.
    fn place(
        &mut self,
        cx: &mut Cx<'_, C, impl Publish>,
        account: &mut Account<C>,
        new: NewOrder,
        instead: Option<u64>,
    ) -> bool {
        if !cx.requests.send(&cx.cfg.requests, cx.now, Request::Order) {
            self.exec.refuse_next();
        }
        let leaves = cx.leaves();
        let set = cx.sim();
        let to = &mut |e| account.on_sim(cx, e);
        let sent = match instead {
            Some(old) => self.exec.modify(set, leaves, old, new, to),
            None => self.exec.submit(set, leaves, new, to),
        };
        sent.is_ok()
    }

    fn publish(&mut self, cx: &mut Cx<'_, C, impl Publish>, side: Side, quote: &SideQuote) {
        for part in record::ladder_records(side, quote.guard, quote.declined, &quote.levels) {
            cx.publish(part);
        }
        let shown = &mut self.sides[side.index()];
        (shown.guard, shown.changed) = ((quote.guard, quote.declined), cx.now);
    }
}
