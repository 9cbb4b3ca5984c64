//! What the book tells of the prices of own orders.
//!
//! In: the book after a message. Out: places in the queues, fills where the book crosses own orders.
//! Hot path: integers.
//!
//! 1. What a message tells is held back until the prints of its block are in, and applied once.
//! 2. A side is calm when nothing of it is crossed and every change of it would be told: a message that
//!    ends ahead of its best own order changes nothing there, and no order is looked at.

use super::{LANES, Sim, SimEvent};
use crate::book::{Book, Shown};
use crate::record::FillReason;
use crate::sim::config::Model;
use crate::sim::own::{Held, Made, NEVER, mid_at};
use crate::sim::queue::{Sight, mix};
use crate::units::{Ns, Side};

impl Sim {
    /// Notes what the message of block `t` tells of the prices of own orders.
    pub(super) fn look(&mut self, side: Side, t: Ns, book: &Book) {
        let (told, pushed) = (book.told(side, t), book.pushed(side));
        let range = self.range(side);
        let own = self.orders.get(range.clone());
        if let Some(best) = own.and_then(|o| o.first()).map(|o| o.new.px)
            && self.calm[side.index()]
            && told.is_some_and(|worst| side.better(worst, best))
            && book.size_to(side.opposite(), best).0 == 0
        {
            self.crossed[side.index()] = [0; 3];
            return;
        }
        let mut calm = true;
        let mut levels = book.levels(side).iter().peekable();
        let (mut crosses, mut crossed) = (true, false);
        for i in range {
            let o = &mut self.orders[i];
            let px = o.new.px;
            // Best price first: where one is not crossed, those behind it are not.
            let crossing = if crosses { book.size_to(side.opposite(), px).0 } else { 0 };
            crosses &= crossing > 0;
            while levels.next_if(|k| side.better(k.level.px, px)).is_some() {}
            crossed |= o.live && crossing > 0;
            // A late snapshot tells nothing of what was told since.
            if !o.live || t < o.held.map_or(o.sight.at, |h| h.at.max(o.sight.at)) {
                calm &= !o.live;
                continue;
            }
            let still = if pushed == Some(px) { NEVER } else { t };
            o.sight.still = o.sight.still.min(still);
            let level = match levels.peek() {
                Some(k) if k.level.px == px => (k.seen == t).then_some((k.level.sz.0, k.level.n)),
                _ => told.is_some_and(|worst| !side.better(worst, px)).then_some((0, 0)),
            };
            let none = crossing == 0;
            o.places.iter_mut().filter(|_| none).for_each(|p| p.crossed = 0);
            if level.is_some() || !none {
                let level = level.or(o.held.and_then(|h| h.level));
                o.held = Some(Held { at: t, level, crossing, still });
                self.holding = true;
            }
            calm &= none && o.sight.still != NEVER;
        }
        self.calm[side.index()] = calm;
        if !crossed {
            self.crossed[side.index()] = [0; 3];
        }
    }

    pub(super) fn go_live(&mut self, i: usize, book: &Book) {
        let (side, px) = (self.orders[i].new.side, self.orders[i].new.px);
        let (size, n, sight_age) = match book.shown(side, px) {
            Shown::Size(l) => (l.sz.0, l.n, None),
            Shown::Empty => (0, 0, None),
            Shown::Unknown { last: Some(last), age_ns } => (last.0, 0, Some(age_ns)),
            // Never seen: as much as the largest level in sight, which is on the safe side.
            Shown::Unknown { last: None, .. } => {
                let most = book.levels(side).iter().map(|k| k.level.sz.0).max();
                (most.unwrap_or(0), 0, Some(-1))
            }
        };
        let mine = self.orders[..i].iter().rev().take_while(|o| o.new.px == px);
        let mine = mine.filter(|o| o.live && o.new.side == side && !self.alone);
        let mine: i64 = mine.map(|o| o.places[0].open).sum();
        self.calm[side.index()] = false;
        let o = &mut self.orders[i];
        o.live = true;
        o.ahead = size.saturating_add(mine);
        o.unknown = sight_age.is_some();
        o.sight_age = sight_age.unwrap_or(0);
        let still = if book.pushed(side) == Some(px) { NEVER } else { o.arrive };
        o.sight = Sight::new((size, n), o.arrive, still);
        let seed = mix(o.id);
        for p in &mut o.places {
            (p.front, p.lump, p.seed) = (size, o.sight.lump(), seed);
        }
    }

    /// Applies what is held back of blocks before `t`, and of `t` itself where `inclusive`.
    pub(super) fn flush(&mut self, t: Ns, inclusive: bool, out: &mut impl FnMut(SimEvent)) {
        if !self.holding {
            return;
        }
        self.holding = false;
        let due = |at: Ns| at < t || (inclusive && at == t);
        for (w, rates) in self.watch.iter_mut().zip(&mut self.rates) {
            let Some((at, size)) = w.held else { continue };
            if due(at) {
                rates.observe(w.sight.size, size, w.sight.traded, at.since(w.sight.at));
                w.sight = Sight { size, at, traded: 0, ..w.sight };
                w.held = None;
            } else {
                self.holding = true;
            }
        }
        let mut filled = false;
        for i in 0..self.orders.len() {
            let Some(h) = self.orders[i].held else { continue };
            if due(h.at) {
                filled |= self.settle(i, h, out);
            } else {
                self.holding = true;
            }
        }
        if filled {
            self.drop_filled(t, out);
        }
    }

    /// Applies what a message told of one order's price; gives whether the order is done.
    fn settle(&mut self, i: usize, h: Held, out: &mut impl FnMut(SimEvent)) -> bool {
        let mid = mid_at(h.at, self.mid, self.mid_before);
        let o = &mut self.orders[i];
        o.held = None;
        let side = o.new.side.index();
        self.calm[side] = false;
        if let Some(level) = h.level {
            for (place, rule) in o.places.iter_mut().zip(&self.lanes) {
                place.seen(rule, &o.sight, level.0, h.at, &self.rates[side]);
            }
            o.sight = Sight::new(level, h.at, h.still);
        }
        for (lane, rule) in self.lanes.iter().enumerate() {
            let place = &mut o.places[lane];
            let taken = if self.alone { place.crossed } else { self.crossed[side][lane] };
            let got = (h.crossing - taken).clamp(0, place.open);
            if got == 0 || rule.model == Model::Original {
                continue;
            }
            self.crossed[side][lane] += got;
            place.crossed += got;
            let reason = FillReason::Crossed;
            let made = Made { lane: LANES[lane], reason, got, t: h.at, tid: 0, mid };
            out(SimEvent::Fill(o.fill(&made, self.fee)));
        }
        o.places[0].open == 0
    }
}
