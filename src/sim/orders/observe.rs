//! Applies what a book message shows at the prices of own orders.
//!
//! In: the book after a message. Out: states of the fill models, fills where the book crosses own
//! orders. Hot path: integers.
//!
//! 1. What a message shows is held back until the prints of its block are in, and applied once.
//! 2. A side is calm when nothing of it is crossed and the orders at whose price every change is pushed
//!    stand before all others: what a message does not reach of the others stays as it is, and is not looked
//!    at.

use super::state::Sim;
use crate::book::{Book, Shown};
use crate::event::own::LANES;
use crate::sim::config::Settings;
use crate::sim::level::Level;
use crate::sim::model::{Bias, FillModel, Moment};
use crate::sim::order::{Cause, Held, NEVER, NewOrder, SimEvent, mid_at};
use crate::sim::queues::Run;
use crate::units::{Ns, Side};

impl<F: FillModel> Sim<F> {
    /// Notes what the message of block `t` shows at the prices of own orders.
    pub(super) fn note(&mut self, side: Side, t: Ns, book: &Book) {
        let (whole_to, pushed) = (book.complete_to(side, t), book.pushed(side));
        let live = &self.live[side.index()];
        let best = live.first().map(|slot| self.orders[*slot].req.px);
        let reached = |px| whole_to.is_none_or(|worst| !side.better(worst, px));
        // What comes late reaches back behind what is known of the others.
        let quiet = self.calm[side.index()]
            && best.is_none_or(|best| {
                let late = t < self.mid.0 && reached(best);
                !late && book.size_to(side.opposite(), best).0 == 0
            });
        let (mut calm, mut others) = (true, false);
        let (mut levels, rows) = (book.levels(side).iter().peekable(), &mut *self.orders);
        let (mut crosses, mut crossed, mut shown) = (!quiet, false, 0);
        for (k, slot) in live.iter().enumerate() {
            let o = &mut rows[*slot];
            let px = o.req.px;
            let reached = reached(px);
            if quiet && !reached && o.level.known_until != NEVER {
                break;
            }
            // Best price first: where one is not crossed, those behind it are not.
            let crossing = if crosses { book.size_to(side.opposite(), px).0 } else { 0 };
            crosses &= crossing > 0;
            crossed |= crossing > 0;
            // A late snapshot shows nothing newer than what was shown since.
            if t < o.held.map_or(o.level.at, |h| h.at.max(o.level.at)) {
                calm = false;
                continue;
            }
            let known_until = if pushed == Some(px) { NEVER } else { t };
            o.level.known_until = o.level.known_until.min(known_until);
            let level = if reached {
                while levels.next_if(|k| side.better(k.level.px, px)).is_some() {}
                match levels.peek() {
                    Some(k) if k.level.px == px => {
                        (k.seen == t).then_some((k.level.sz.0, k.level.n))
                    }
                    _ => whole_to.map(|_| (0, 0)),
                }
            } else {
                None
            };
            let none = crossing == 0;
            if none && o.crossed_since.is_some() {
                o.lanes.iter_mut().for_each(|l| l.crossed = 0);
                o.crossed_since = None;
            }
            let crossers = if none { 0 } else { book.orders_to(side.opposite(), px) };
            if level.is_some() || !none {
                let level = level.or(o.held.and_then(|h| h.level));
                o.held = Some(Held { at: t, level, crossing, crossers, known_until });
                shown = k + 1;
            }
            let is_pushed = o.level.known_until == NEVER;
            calm &= none && !(is_pushed && others);
            others |= !is_pushed;
        }
        if shown > 0 {
            self.holding = true;
            self.shown[side.index()] = shown.max(self.shown[side.index()]);
        }
        self.calm[side.index()] = calm;
        if !crossed {
            self.crossed[side.index()] = [0; 3];
        }
    }

    /// An order is in the book from its arrival on.
    pub(super) fn go_live(&mut self, set: Settings<'_, F>, slot: usize, book: &Book) {
        let NewOrder { side, px, .. } = self.orders[slot].req;
        let (size, n, sight_age) = match book.shown(set.book, side, px) {
            Shown::Size(l) => (l.sz.0, l.n, None),
            Shown::Empty => (0, 0, None),
            Shown::Unknown { last: Some(last), age_ns } => (last.0, 0, Some(age_ns)),
            // Never seen: as much as the largest level in sight, which is on the safe side.
            Shown::Unknown { last: None, .. } => {
                let most = book.levels(side).iter().map(|k| k.level.sz.0).max();
                (most.unwrap_or(0), 0, Some(-1))
            }
        };
        let live = &self.live[side.index()];
        let rank = self.rank(live, &self.orders[slot]);
        let mine = live[..rank].iter().rev().map(|slot| &self.orders[*slot]);
        let mine = mine.take_while(|o| o.req.px == px && !self.alone);
        let mine: i64 = mine.map(|o| o.lanes[0].open).sum();
        self.calm[side.index()] = false;
        self.live[side.index()].insert(rank, slot);
        self.moved(side);
        let o = &mut self.orders[slot];
        o.live = true;
        o.ahead = size.saturating_add(mine);
        o.unknown = sight_age.is_some();
        o.sight_age = sight_age.unwrap_or(0);
        let known_until = if book.pushed(side) == Some(px) { NEVER } else { o.arrive };
        o.level = Level::new((size, n), Ns(o.arrive.0.saturating_sub(1)), known_until);
        let at = |bias| Moment { side, time: o.arrive, lot: self.rules.lot(), bias };
        for (lane, bias) in self.lanes.iter_mut().zip(set.biases()) {
            lane.on_live(set.models(), &at(bias), slot, (o.name, &o.level));
        }
    }

    /// Applies what is held back of blocks before `t`, and of `t` itself where `inclusive`.
    pub(super) fn flush(
        &mut self,
        set: Settings<'_, F>,
        t: Ns,
        inclusive: bool,
        out: &mut impl FnMut(SimEvent),
    ) {
        if !self.holding {
            return;
        }
        self.holding = false;
        let upto = if inclusive { t } else { Ns(t.0.saturating_sub(1)) };
        let (biases, lot) = (set.biases(), self.rules.lot());
        self.flush_best(set, biases, upto);
        let mut filled = false;
        for side in [Side::Buy, Side::Sell] {
            let shown = std::mem::take(&mut self.shown[side.index()]);
            let end = self.live[side.index()].len().min(shown);
            let mut i = 0;
            while i < end {
                let o = &self.orders[self.live[side.index()][i]];
                let Some(h) = &o.held else {
                    i += 1;
                    continue;
                };
                if h.at > upto {
                    self.holding = true;
                    i += 1;
                    self.shown[side.index()] = i;
                    continue;
                }
                let order = &self.live[side.index()][i..end];
                let alike = |slot: &&usize| self.orders[**slot].shows_as(o);
                let n = 1 + order[1..].iter().take_while(alike).count();
                if let Some((size, _)) = h.level {
                    let order = &order[..n];
                    let time = h.at;
                    for (lane, (queues, bias)) in self.lanes.iter_mut().zip(biases).enumerate() {
                        let at = Moment { side, time, lot, bias };
                        let run = Run { lane, time: NEVER, order, rows: &mut self.orders };
                        queues.on_level(set.models(), &at, run, size);
                    }
                }
                for i in i..i + n {
                    filled |= self.apply(set, (side, i), out);
                }
                i += n;
            }
        }
        if filled {
            self.drop_filled(t, out);
        }
    }

    /// Shows the models what is held back of the best levels, where it is due.
    fn flush_best(&mut self, set: Settings<'_, F>, biases: [Bias; LANES.len()], upto: Ns) {
        let lot = self.rules.lot();
        for side in Side::BOTH {
            let best = &mut self.best[side.index()];
            let Some((time, size)) = best.held else { continue };
            if time > upto {
                self.holding = true;
                continue;
            }
            for (lane, bias) in self.lanes.iter_mut().zip(biases) {
                lane.on_best(set.models(), &Moment { side, time, lot, bias }, &best.level, size);
            }
            best.level = Level { size, at: time, traded: 0, ..best.level };
            best.held = None;
        }
    }

    /// What a message showed at the price of the `i`th order of a side holds from now on; gives whether it
    /// is done.
    fn apply(
        &mut self,
        set: Settings<'_, F>,
        (side, i): (Side, usize),
        out: &mut impl FnMut(SimEvent),
    ) -> bool {
        let live = &self.live[side.index()];
        let slot = live[i];
        let o = &mut self.orders[slot];
        let Some(h) = o.held.take() else { return false };
        if let Some(level) = h.level {
            o.level = Level::new(level, h.at, h.known_until);
        }
        let is_pushed = o.level.known_until == NEVER;
        if is_pushed && i > 0 {
            let others = self.orders[live[i - 1]].level.known_until != NEVER;
            self.calm[side.index()] &= !others;
        }
        if h.crossing == 0 {
            return false;
        }
        self.calm[side.index()] = false;
        let mid = mid_at(h.at, self.mid, self.mid_before);
        let fees = (&set.sim.fees, self.rules.billing);
        self.cross(set, slot, h, &Cause { time: h.at, tid: 0, mid, fees }, out)
    }
}
