//! Samples for the learners: what they are shown of touch, book, own orders and takers.
//!
//! In: the book, own orders, prints. Out: calls of the learners. Hot path: no allocation.
//!
//! 1. A taker is a sample as soon as it is seen, with the mid before its block, however late it comes.

use super::account::Account;
use super::components::Components;
use super::convert::{depth_bps, e8, sweep_of};
use super::cx::Cx;
use super::publish::Publish;
use crate::book::Book;
use crate::event::Trade;
use crate::learn::{BookSample, Learners, QuoteSample, Touch};
use crate::sim::config::Order;
use crate::sim::executor::Executor;
use crate::units::{Mid2, Px, Side};

/// Distance within which the displayed size is sampled, bps.
const BOOK_BPS: f64 = 5.0;

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
        learners.on_distance(&cx.cfg.learn, sample, &mut |e| cx.learned(e));
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

/// Each taker is a sample of how deep takers reach.
pub(super) fn takers<C: Components>(
    cx: &mut Cx<'_, C, impl Publish>,
    account: &mut Account<C>,
    prints: &[Trade],
) {
    let mut rest = prints;
    while let Some(first) = rest.first() {
        let same = |p: &&Trade| {
            p.time == first.time && p.aggressor == first.aggressor && p.taker == first.taker
        };
        let (taker, tail) = rest.split_at(rest.iter().take_while(same).count());
        rest = tail;
        let Account { mids, rules, learners, .. } = &mut *account;
        let mid = match cx.cfg.sim.order {
            Order::Block => mids.before(first.time),
            Order::Arrival => mids.newest(),
        };
        if mid.0 <= 0 {
            continue;
        }
        let from = learners.reference(&cx.cfg.learn, first.time).unwrap_or_else(|| mid.to_f64());
        let sweep = sweep_of(taker, mid, from, *rules);
        learners.on_sweep(&cx.cfg.learn, cx.now, sweep);
    }
}
