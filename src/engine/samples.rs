//! Samples for the learners: what they are shown of touch, book, own orders and takers.
//!
//! In: the book, own orders, prints. Out: calls of the learners. Hot path: no allocation.
//!
//! 1. Own orders that a taker reached are those that rested before it: the caller gathers them first.

use arrayvec::ArrayVec;

use super::components::Components;
use super::convert::{depth_bps, depth_of, e8, sweep_of, worst_on};
use super::cx::Cx;
use super::mids::Mids;
use super::publish::Publish;
use crate::book::Book;
use crate::event::Trade;
use crate::learn::{BookSample, Learners, QuoteSample, Touch};
use crate::limits::ORDERS_MAX;
use crate::record::Lane;
use crate::sim::config::Order;
use crate::sim::executor::Executor;
use crate::sim::model::FillModel;
use crate::sim::orders::{SimEvent, View};
use crate::units::rules::Rules;
use crate::units::{Mid2, Px, Side};

/// Distance within which the displayed size is sampled, bps.
const BOOK_BPS: f64 = 5.0;

/// Own orders that prints reached, and which of them were filled under the configured model.
#[derive(Debug, Default)]
pub(super) struct Reached {
    orders: ArrayVec<View, ORDERS_MAX>,
    filled: ArrayVec<u64, ORDERS_MAX>,
}

impl Reached {
    /// The own orders that these prints reach, before they fill.
    pub(super) fn before<F: FillModel>(exec: &impl Executor<F>, prints: &[Trade]) -> Reached {
        let mut r = Reached::default();
        for side in Side::BOTH {
            let Some(worst) = worst_on(side, prints) else { continue };
            // There is room for every order there can be.
            for v in exec.reached(side, worst) {
                let _ = r.orders.try_push(v);
            }
        }
        r
    }

    pub(super) fn note(&mut self, event: &SimEvent) {
        if let SimEvent::Fill(f) = event
            && f.lane == Lane::Configured
            && !self.filled.contains(&f.id)
        {
            let _ = self.filled.try_push(f.id);
        }
    }
}

/// The best bid and ask.
pub(super) fn touch(learners: &mut Learners, book: &Book, mid: Mid2) {
    if let Some((bid, ask)) = book.best_bid().zip(book.best_ask()) {
        let m = mid.to_f64();
        learners.on_touch(Touch {
            half_spread_bps: (ask.px.to_f64() - bid.px.to_f64()) / 2.0 / m * 1e4,
            bid: bid.sz.to_f64(),
            ask: ask.sz.to_f64(),
        });
    }
}

/// How far own orders are from the mid by now.
pub(super) fn distances<C: Components>(
    cx: &mut Cx<'_, C, impl Publish>,
    learners: &mut Learners,
    exec: &C::Executor,
    mid: Mid2,
) {
    for v in exec.open().filter(|v| v.live) {
        let depth_bps = depth_bps(v.side, v.px, mid);
        let sample = QuoteSample { id: v.id, side: v.side, depth_bps, level: v.level };
        learners.on_distance(&cx.cfg.learn, cx.now, sample, &mut |e| cx.learned(e));
    }
}

/// How much is displayed within a bps range of the mid, both sides.
pub(super) fn displayed(learners: &mut Learners, book: &Book, mid: Mid2) {
    for side in Side::BOTH {
        let sign = if side == Side::Buy { -1.0 } else { 1.0 };
        let far = e8(mid.to_f64() * (1.0 + sign * BOOK_BPS * 1e-4));
        let size = book.size_to(side, Px(far)).to_f64();
        learners.on_book(BookSample { within_bps: BOOK_BPS, size });
    }
}

/// Each taker is a sample of how deep takers reach, and a trial for every own order it reached.
pub(super) fn takers<C: Components>(
    cx: &mut Cx<'_, C, impl Publish>,
    learners: &mut Learners,
    (mids, rules): (&Mids, Rules),
    prints: &[Trade],
    reached: &Reached,
) {
    let mut rest = prints;
    while let Some(first) = rest.first() {
        let same = |p: &&Trade| {
            p.time == first.time && p.aggressor == first.aggressor && p.taker == first.taker
        };
        let (taker, tail) = rest.split_at(rest.iter().take_while(same).count());
        rest = tail;
        let mid = match cx.cfg.sim.order {
            Order::Block => mids.before(first.time),
            Order::Arrival => mids.newest(),
        };
        if mid.0 <= 0 {
            continue;
        }
        let from = learners.reference(&cx.cfg.learn, first.time).unwrap_or_else(|| mid.to_f64());
        let sweep = sweep_of(taker, mid, from, rules);
        learners.on_sweep(&cx.cfg.learn, cx.now, sweep, &mut |e| cx.learned(e));
        let passive = first.aggressor.opposite();
        let worst = worst_on(passive, taker).unwrap_or(first.px);
        let met = |v: &&View| v.side == passive && !passive.better(worst, v.px);
        for v in reached.orders.iter().filter(met) {
            let through = passive.better(v.px, worst);
            let depth = depth_of(passive, v.px, from);
            let filled = reached.filled.contains(&v.id);
            learners.on_reached(&cx.cfg.learn, depth, filled, through);
        }
    }
}
