//! Applies what a book message shows at the prices of own orders.
//!
//! In: the book after a message. Out: states of the fill models, fills where the book crosses own
//! orders. Hot path: integers.
//!
//! 1. What a message shows is held back until the prints of its block are in, and applied once: straight
//!    from the book, which still is as the message left it, or, where another message or order comes
//!    first, from notes beside the orders.
//! 2. A side is calm when nothing of it is crossed and the orders at whose price every change is pushed
//!    stand before all others: what a message does not reach of the others stays as it is, and is not looked
//!    at.

use super::state::Sim;
use crate::book::{Book, Known, Shown};
use crate::event::own::LANES;
use crate::sim::config::Settings;
use crate::sim::level::Level;
use crate::sim::model::{FillModel, Moment};
use crate::sim::order::{Crosses, Held, NEVER, NewOrder, SimEvent};
use crate::sim::queues::Run;
use crate::units::{Ns, Px, Side};

/// What a message showed of a side, looked up at prices that go outward.
struct Sight<'a> {
    side: Side,
    block: Ns,
    /// The worst price down to which it showed the side whole; none where it did nowhere.
    whole_to: Option<Px>,
    /// The price at which every change is pushed.
    pushed: Option<Px>,
    /// The levels that are not better than the last price.
    levels: &'a [Known],
}

impl Sight<'_> {
    fn new(book: &Book, side: Side, block: Ns) -> Sight<'_> {
        let (whole_to, pushed) = (book.complete_to(side, block), book.pushed(side));
        Sight { side, block, whole_to, pushed, levels: book.levels(side) }
    }

    fn reaches(&self, px: Px) -> bool {
        self.whole_to.is_none_or(|worst| !self.side.better(worst, px))
    }

    /// No unseen change at a price is possible before this time.
    fn known_until(&self, px: Px) -> Ns {
        if self.pushed == Some(px) { NEVER } else { self.block }
    }

    /// Displayed size and order count, where it showed a price that it reaches.
    fn level(&mut self, px: Px) -> Option<(i64, u32)> {
        while let [k, rest @ ..] = self.levels
            && self.side.better(k.level.px, px)
        {
            self.levels = rest;
        }
        match self.levels.first() {
            Some(k) if k.level.px == px => {
                (k.seen == self.block).then_some((k.level.sz.0, k.level.n))
            }
            _ => self.whole_to.map(|_| (0, 0)),
        }
    }
}

impl<F: FillModel> Sim<F> {
    /// What the messages of a block show, up to the newest, waits to be applied: `book` is as they left it.
    /// Notes it beside the orders, since another message or order comes first.
    pub(super) fn note_unread(&mut self, book: &Book) {
        if let Some(block) = self.unread.take() {
            self.holding = true;
            Side::BOTH.into_iter().for_each(|side| self.note(side, block, book));
        }
    }

    /// Notes what the message of block `t` shows at the prices of own orders.
    pub(super) fn note(&mut self, side: Side, t: Ns, book: &Book) {
        let mut sight = Sight::new(book, side, t);
        let (mut crosses, mut crossed, mut shown) = (true, false, 0);
        for (k, slot) in self.live[side.index()].iter().enumerate() {
            let o = &mut self.orders[*slot];
            let px = o.req.px;
            // Best price first: where one is not crossed, those behind it are not.
            let size = if crosses { book.size_to(side.opposite(), px).0 } else { 0 };
            crosses = size > 0;
            crossed |= crosses;
            // A late snapshot shows nothing newer than what was shown since.
            if t < o.held.map_or(o.level.at, |h| h.at.max(o.level.at)) {
                continue;
            }
            let known_until = sight.known_until(px);
            o.sees(crosses, known_until);
            let level = if sight.reaches(px) { sight.level(px) } else { None };
            if level.is_some() || crosses {
                let orders = if crosses { book.orders_to(side.opposite(), px) } else { 0 };
                let level = level.or(o.held.and_then(|h| h.level));
                o.held =
                    Some(Held { at: t, level, crossing: Crosses { size, orders }, known_until });
                shown = k + 1;
            }
        }
        self.calm[side.index()] = false;
        if shown > 0 {
            self.shown[side.index()] = shown.max(self.shown[side.index()]);
        }
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
    #[inline]
    pub(super) fn flush(
        &mut self,
        set: Settings<'_, F>,
        (t, inclusive): (Ns, bool),
        book: &Book,
        out: &mut impl FnMut(SimEvent),
    ) {
        if !self.holding && self.unread.is_none() {
            return;
        }
        let upto = if inclusive { t } else { Ns(t.0.saturating_sub(1)) };
        let mut filled = false;
        if let Some(block) = self.unread.filter(|block| *block <= upto) {
            self.unread = None;
            self.flush_best(set, block);
            for side in Side::BOTH {
                self.read(set, side, block, book);
            }
        }
        if self.holding {
            filled |= self.flush_noted(set, upto, out);
        }
        if filled {
            self.drop_filled(t, out);
        }
    }

    /// Applies what is noted of blocks up to `upto`; gives whether an order is done.
    fn flush_noted(
        &mut self,
        set: Settings<'_, F>,
        upto: Ns,
        out: &mut impl FnMut(SimEvent),
    ) -> bool {
        self.holding = false;
        let (biases, lot) = (set.biases(), self.rules.lot());
        self.flush_best(set, upto);
        let mut filled = false;
        for side in Side::BOTH {
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
                    filled |= self.apply(set, self.live[side.index()][i], out);
                }
                i += n;
            }
        }
        filled
    }

    /// Applies what `book` shows of a side after `block` to the orders there; notes it where the book
    /// crosses them.
    fn read(&mut self, set: Settings<'_, F>, side: Side, block: Ns, book: &Book) {
        let s = side.index();
        let best = self.live[s].first().map(|slot| self.orders[*slot].req.px);
        let crosses = best.is_some_and(|best| book.size_to(side.opposite(), best).0 > 0);
        if crosses {
            self.holding = true;
            return self.note(side, block, book);
        }
        self.crossed[s] = [0; LANES.len()];
        if best.is_none() {
            return;
        }
        let mut sight = Sight::new(book, side, block);
        let (lot, biases, quiet) = (self.rules.lot(), set.biases(), self.calm[s]);
        let (mut calm, mut others, mut i) = (true, false, 0);
        let (live, rows) = (&*self.live[s], &mut *self.orders);
        while let Some(slot) = live.get(i) {
            let o = &mut rows[*slot];
            let px = o.req.px;
            let reached = sight.reaches(px);
            if quiet && !reached && o.level.known_until != NEVER {
                break;
            }
            i += 1;
            if block < o.level.at {
                calm = false;
                continue;
            }
            let known_until = sight.known_until(px);
            o.sees(false, known_until);
            let mut pushed = o.level.known_until == NEVER;
            if reached && let Some(level) = sight.level(px) {
                let from = i - 1;
                while let Some(slot) = live.get(i)
                    && let o = &mut rows[*slot]
                    && o.req.px == px
                    && block >= o.level.at
                {
                    o.sees(false, known_until);
                    i += 1;
                }
                let order = &live[from..i];
                for (lane, (queues, bias)) in self.lanes.iter_mut().zip(biases).enumerate() {
                    let at = Moment { side, time: block, lot, bias };
                    let run = Run { lane, time: NEVER, order, rows };
                    queues.on_level(set.models(), &at, run, level.0);
                }
                let level = Level::new(level, block, known_until);
                order.iter().for_each(|slot| rows[*slot].level = level);
                pushed = known_until == NEVER;
            }
            calm &= !(pushed && others);
            others |= !pushed;
        }
        self.calm[s] = calm;
    }

    /// Shows the models what is held back of the best levels, where it is due.
    fn flush_best(&mut self, set: Settings<'_, F>, upto: Ns) {
        let lot = self.rules.lot();
        for side in Side::BOTH {
            let best = &mut self.best[side.index()];
            let Some((time, size)) = best.held else { continue };
            if time > upto {
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

    /// What is noted of an order holds from now on; gives whether it is done.
    fn apply(&mut self, set: Settings<'_, F>, slot: usize, out: &mut impl FnMut(SimEvent)) -> bool {
        let o = &mut self.orders[slot];
        let Some(h) = o.held.take() else { return false };
        if let Some(level) = h.level {
            o.level = Level::new(level, h.at, h.known_until);
        }
        self.cross(set, slot, (h.at, h.crossing), out)
    }
}
