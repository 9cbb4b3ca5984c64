//! Samples for learners and strategy: what they are shown of takers.
//!
//! In: prints. Out: calls of both. Hot path: no allocation.
//!
//! 1. A taker is a sample as soon as it is seen, with the mid before its block, however late it comes.

use super::account::Account;
use super::components::Components;
use super::convert::sweep_of;
use super::cx::Cx;
use super::publish::Publish;
use crate::event::Trade;
use crate::learn::Sample;
use crate::sim::config::Order;

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
        let mid = match cx.cfg.sim.order {
            Order::Block => account.mids.before(first.time),
            Order::Arrival => account.mids.newest(),
        };
        if mid.0 <= 0 {
            continue;
        }
        let from = account.learners.reference(&cx.cfg.learn, first.time);
        let sweep = sweep_of(taker, mid, from.unwrap_or_else(|| mid.to_f64()), account.rules);
        if account.learners.on_sweep(&cx.cfg.learn, &sweep) {
            account.sample(cx, &Sample::Sweep(sweep));
        }
    }
}
