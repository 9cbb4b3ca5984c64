//! The book crosses own orders: what fills by it, which is an assumption of each lane.
//!
//! In: what is displayed on the other side at an order's price or better, prints that follow. Out:
//! fills. Hot path: integers.
//!
//! 1. What is displayed fills each of its units once, best price first, earliest first.
//! 2. What of an order is more than is displayed gets no more than prints confirm.
//! 3. Of a taker own orders get no more than it printed, by its own right or by confirming.

use super::state::Sim;
use crate::book::Book;
use crate::event::Trade;
use crate::event::own::{FillReason, LANES};
use crate::math::fixed::Q32;
use crate::math::seed::mix;
use crate::sim::config::{Crossing, Settings};
use crate::sim::model::FillModel;
use crate::sim::order::{Cause, SimEvent, mid_at};
use crate::units::{Ns, Side, add_volume};

/// Orders displayed beyond which one more changes nothing.
const ORDERS_COUNTED: u32 = 256;

/// The chance that one of `n` orders is not post-only where `share` of all are not, Q32.
#[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "0 to 1")]
#[expect(clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "0 to 1")]
fn chance(share: f64, n: u32) -> u64 {
    let stays = ((1.0 - share.clamp(0.0, 1.0)) * Q32 as f64) as u64;
    let all = |left: u128, _| (left * u128::from(stays)) >> 32;
    let none = (0..n.min(ORDERS_COUNTED)).fold(u128::from(Q32), all);
    Q32 - u64::try_from(none).unwrap_or(Q32)
}

impl<F: FillModel> Sim<F> {
    /// Whether the book shows the other side at the price of a side's best order or better.
    #[inline]
    pub(super) fn is_crossed(&self, side: Side, book: &Book) -> bool {
        let best = self.live[side.index()].first().map(|slot| self.orders[*slot].req.px);
        let other = book.best(side.opposite());
        best.zip(other).is_some_and(|(px, other)| !side.better(other.px, px))
    }

    /// Nothing crosses orders of a side any more.
    #[inline]
    pub(super) fn uncross(&mut self, side: Side) {
        let s = side.index();
        if std::mem::take(&mut self.crosses[s]) {
            self.crossed[s] = [0; LANES.len()];
            self.live[s].iter().for_each(|slot| self.orders[*slot].uncross());
        }
    }

    /// The book shows after `block` what crosses orders of a side. Gives whether one is done.
    #[inline(never)]
    pub(super) fn cross_side(
        &mut self,
        set: Settings<'_, F>,
        side: Side,
        block: Ns,
        book: &Book,
        out: &mut impl FnMut(SimEvent),
    ) -> bool {
        let (s, other) = (side.index(), side.opposite());
        (self.crosses[s], self.calm[s]) = (true, false);
        let mut done = false;
        for i in 0..self.live[s].len() {
            let slot = self.live[s][i];
            let o = &mut self.orders[slot];
            if block < o.level.at {
                continue;
            }
            let (size, px) = (book.size_to(other, o.req.px).0, o.req.px);
            if size == 0 {
                o.uncross();
            } else {
                let orders = || book.orders_to(other, px);
                done |= self.cross(set, slot, (block, size, orders), out);
            }
        }
        done
    }

    /// So much, in so many orders, is displayed on the other side after block `t` at the price of an order
    /// or better. Gives whether it is done.
    fn cross(
        &mut self,
        set: Settings<'_, F>,
        slot: usize,
        (t, size, orders): (Ns, i64, impl Fn() -> u32),
        out: &mut impl FnMut(SimEvent),
    ) -> bool {
        let mid = mid_at(t, self.mid, self.mid_before);
        let by = &Cause { time: t, tid: 0, mid, fees: (&set.sim.fees, self.rules.billing) };
        let lot = self.rules.lot();
        let mut crosses = [false; LANES.len()];
        crosses.iter_mut().zip(&self.lanes).for_each(|(crosses, lane)| *crosses = lane.crosses());
        let o = &mut self.orders[slot];
        let side = o.req.side;
        let since = *o.crossed_since.get_or_insert(t);
        let draw = mix(self.seed ^ mix(o.id) ^ since.0.cast_unsigned()) >> 32;
        let until = t.plus(i64::from(set.sim.crossing_ms) * Ns::MS);
        let mut done = false;
        for (lane, how) in
            set.crossings().into_iter().enumerate().filter(|(lane, _)| crosses[*lane])
        {
            let state = &mut o.lanes[lane];
            let stands = match how {
                Crossing::None => continue,
                Crossing::Displayed => true,
                Crossing::UntilPrint => false,
                Crossing::Mixed => draw < chance(set.sim.gtc_share, orders().max(1)),
            };
            if how != Crossing::Displayed {
                state.until = until;
                self.until = self.until.max(until);
            }
            if !stands {
                continue;
            }
            let crossed = &mut self.crossed[side.index()][lane];
            let taken = if self.alone { state.crossed } else { *crossed };
            let got = state.take(size - taken, lot, FillReason::Crossed);
            *crossed += got;
            state.crossed += got;
            done |= o.book(lane, by, out);
        }
        done
    }

    /// A taker is at work: nothing was taken of it yet.
    pub(super) fn begin(&mut self, time: Ns) {
        if self.until >= time {
            for slot in self.live.iter().flat_map(|side| side.iter()) {
                self.orders[*slot].lanes.iter_mut().for_each(|l| l.taken = 0);
            }
        }
    }

    /// Prints of one taker confirm crossings of orders at their prices or worse, whoever was the
    /// aggressor: the market trades there. Gives whether an order is done.
    pub(super) fn confirm(
        &mut self,
        prints: &[Trade],
        by: Cause<'_>,
        out: &mut impl FnMut(SimEvent),
    ) -> bool {
        if self.until < by.time {
            return false;
        }
        let (mut done, lot) = (false, self.rules.lot());
        for side in Side::BOTH {
            let live = &self.live[side.index()];
            for lane in 0..self.lanes.len() {
                let mut used: i64 = live.iter().map(|s| self.orders[*s].lanes[lane].taken).sum();
                for slot in live.iter() {
                    let o = &mut self.orders[*slot];
                    let px = o.req.px;
                    // A print that comes late may be of before the crossing, or the order.
                    let from = o.crossed_since.unwrap_or(o.arrive);
                    let state = &mut o.lanes[lane];
                    if !(from..=state.until).contains(&by.time) {
                        continue;
                    }
                    let there = |p: &&Trade| !side.better(p.px, px);
                    let printed = prints.iter().filter(there);
                    let printed = printed.fold(0, |sum, p| add_volume(sum, p.sz.0));
                    let taken = if self.alone { state.taken } else { used };
                    used += state.take(printed - taken, lot, FillReason::Crossed);
                    let last = prints.iter().rev().find(|p| !side.better(p.px, px));
                    let by = Cause { tid: last.map_or(by.tid, |p| p.tid), ..by };
                    done |= o.book(lane, &by, out);
                }
            }
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_is_likelier_not_post_only() {
        let near = |share, n, want: f64| {
            #[expect(clippy::cast_precision_loss, reason = "a comparison with a tolerance")]
            let got = chance(share, n) as f64 / Q32 as f64;
            assert!((got - want).abs() < 1e-6, "{share} {n}: {got}");
        };
        near(0.05, 1, 0.05);
        near(0.05, 10, 0.401_263_06);
        near(0.0, 100, 0.0);
        near(1.0, 1, 1.0);
    }
}
