//! Applies what a book message shows at the prices of own orders.
//!
//! In: the book after a message. Out: states of the fill models, fills where the book crosses own
//! orders. Hot path: integers.
//!
//! 1. What a message shows is held back until the prints of its block are in, and applied once.
//! 2. A side is calm when nothing of it is crossed and the orders at whose price every change is pushed
//!    stand before all others: what a message does not reach of the others stays as it is, and is not looked
//!    at.

use std::ops::Range;

use super::state::Sim;
use crate::book::{Book, Shown};

use crate::sim::config::Settings;
use crate::sim::level::Level;
use crate::sim::model::{FillModel, Moment};
use crate::sim::order::{Cause, Held, NEVER, SimEvent, SimOrder, mid_at};
use crate::sim::queues::Run;
use crate::units::{Ns, Side};

impl<F: FillModel> Sim<F> {
    /// Notes what the message of block `t` shows at the prices of own orders.
    pub(super) fn note(&mut self, side: Side, t: Ns, book: &Book) {
        let (whole_to, pushed) = (book.complete_to(side, t), book.pushed(side));
        let range = self.range(side);
        let own = self.orders.get(range.clone());
        let best = own.and_then(|o| o.first()).map(|o| o.req.px);
        let reached = |px| whole_to.is_none_or(|worst| !side.better(worst, px));
        // What comes late reaches back behind what is known of the others.
        let quiet = self.calm[side.index()]
            && best.is_none_or(|best| {
                let late = t < self.mid.0 && reached(best);
                !late && book.size_to(side.opposite(), best).0 == 0
            });
        let (mut calm, mut others) = (true, false);
        let mut levels = book.levels(side).iter().peekable();
        let (mut crosses, mut crossed) = (true, false);
        for o in &mut self.orders[range] {
            let px = o.req.px;
            if quiet && o.live && !reached(px) && o.level.known_until != NEVER {
                break;
            }
            // Best price first: where one is not crossed, those behind it are not.
            let crossing = if crosses { book.size_to(side.opposite(), px).0 } else { 0 };
            crosses &= crossing > 0;
            while levels.next_if(|k| side.better(k.level.px, px)).is_some() {}
            crossed |= o.live && crossing > 0;
            // A late snapshot shows nothing newer than what was shown since.
            if !o.live || t < o.held.map_or(o.level.at, |h| h.at.max(o.level.at)) {
                calm &= !o.live;
                continue;
            }
            let known_until = if pushed == Some(px) { NEVER } else { t };
            o.level.known_until = o.level.known_until.min(known_until);
            let level = match levels.peek() {
                Some(k) if k.level.px == px => (k.seen == t).then_some((k.level.sz.0, k.level.n)),
                _ => whole_to.is_some_and(|worst| !side.better(worst, px)).then_some((0, 0)),
            };
            let none = crossing == 0;
            if none {
                o.lanes.iter_mut().for_each(|l| l.crossed = 0);
                o.crossed_since = None;
            }
            let crossers = if none { 0 } else { book.orders_to(side.opposite(), px) };
            if level.is_some() || !none {
                let level = level.or(o.held.and_then(|h| h.level));
                o.held = Some(Held { at: t, level, crossing, crossers, known_until });
                self.holding = true;
            }
            let is_pushed = o.level.known_until == NEVER;
            calm &= none && !(is_pushed && others);
            others |= !is_pushed;
        }
        self.calm[side.index()] = calm;
        if !crossed {
            self.crossed[side.index()] = [0; 3];
        }
    }

    /// Order `i` is in the book from its arrival on.
    pub(super) fn go_live(&mut self, set: Settings<'_, F>, i: usize, book: &Book) {
        let (side, px) = (self.orders[i].req.side, self.orders[i].req.px);
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
        let mine = self.orders[..i].iter().rev().take_while(|o| o.req.px == px);
        let mine = mine.filter(|o| o.live && o.req.side == side && !self.alone);
        let mine: i64 = mine.map(|o| o.lanes[0].open).sum();
        self.calm[side.index()] = false;
        let o = &mut self.orders[i];
        o.live = true;
        o.ahead = size.saturating_add(mine);
        o.unknown = sight_age.is_some();
        o.sight_age = sight_age.unwrap_or(0);
        let known_until = if book.pushed(side) == Some(px) { NEVER } else { o.arrive };
        o.level = Level::new((size, n), o.arrive, known_until);
        let at = |bias| Moment { side, time: o.arrive, lot: self.rules.lot(), bias };
        for (lane, bias) in self.lanes.iter_mut().zip(set.biases()) {
            lane.on_live(set.models(), &at(bias), i, (o.id, &o.level));
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
        let due = |at: Ns| at < t || (inclusive && at == t);
        self.flush_best(set, due);
        let mut filled = false;
        let mut i = 0;
        while i < self.orders.len() {
            let Some(h) = self.orders[i].held else {
                i += 1;
                continue;
            };
            if !due(h.at) {
                self.holding = true;
                i += 1;
                continue;
            }
            // The orders of a level that were shown the same.
            let (side, px) = (self.orders[i].req.side, self.orders[i].req.px);
            let same = |o: &&SimOrder| {
                let there = (o.req.px, o.req.side) == (px, side);
                there && o.held.is_some_and(|o| (o.at, o.level) == (h.at, h.level))
            };
            let n = 1 + self.orders[i + 1..].iter().take_while(same).count();
            filled |= self.apply(set, i..i + n, h, out);
            i += n;
        }
        if filled {
            self.drop_filled(t, out);
        }
    }

    /// Shows the models what is held back of the best levels, where it is due.
    fn flush_best(&mut self, set: Settings<'_, F>, due: impl Fn(Ns) -> bool) {
        let lot = self.rules.lot();
        for side in Side::BOTH {
            let best = &mut self.best[side.index()];
            let Some((time, size)) = best.held else { continue };
            if !due(time) {
                self.holding = true;
                continue;
            }
            for (lane, bias) in self.lanes.iter_mut().zip(set.biases()) {
                lane.on_best(set.models(), &Moment { side, time, lot, bias }, &best.level, size);
            }
            best.level = Level { size, at: time, traded: 0, ..best.level };
            best.held = None;
        }
    }

    /// Applies what a message showed of the level of orders `range`; gives whether one is done.
    fn apply(
        &mut self,
        set: Settings<'_, F>,
        range: Range<usize>,
        held: Held,
        out: &mut impl FnMut(SimEvent),
    ) -> bool {
        let side = self.orders[range.start].req.side;
        let before = range.start.checked_sub(1).and_then(|i| self.orders.get(i));
        let mut others = before.is_some_and(|o| o.req.side == side);
        if let Some((size, _)) = held.level {
            let lot = self.rules.lot();
            let lanes = self.lanes.iter_mut().zip(set.biases()).enumerate();
            for (lane, (queues, bias)) in lanes {
                let at = Moment { side, time: held.at, lot, bias };
                let run = Run { lane, time: NEVER, orders: &mut self.orders, range: range.clone() };
                queues.on_level(set.models(), &at, run, size);
            }
        }
        let mid = mid_at(held.at, self.mid, self.mid_before);
        let by = Cause { time: held.at, tid: 0, mid, fee: set.sim.fees.maker(self.rules.billing) };
        let mut done = false;
        for i in range {
            let Some(h) = self.orders[i].held.take() else { continue };
            if let Some(level) = h.level {
                self.orders[i].level = Level::new(level, h.at, h.known_until);
            }
            let is_pushed = self.orders[i].level.known_until == NEVER;
            self.calm[side.index()] &= h.crossing == 0 && !(is_pushed && others);
            others |= !is_pushed;
            if h.crossing > 0 {
                done |= self.cross(set, i, h, &by, out);
            }
        }
        done
    }
}
