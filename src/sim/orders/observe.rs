//! Applies what a book message shows at the prices of own orders.
//!
//! In: the book after a message. Out: states of the fill models, fills where the book crosses own
//! orders. Hot path: integers.
//!
//! 1. What the messages of a block show is held back until the prints of the block are in, and applied once,
//!    from the book as they left it. A message of another block ends the wait.
//! 2. A side is calm when nothing of it is crossed and the orders at whose price every change is pushed
//!    stand before all others: what a message does not reach of the others stays as it is, and is not looked
//!    at.

use super::state::Sim;
use crate::book::{Book, Known, Shown};
use crate::sim::config::Settings;
use crate::sim::level::Level;
use crate::sim::model::{FillModel, Moment};
use crate::sim::order::{NEVER, NewOrder, SimEvent};
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
        let Some(block) = self.unread.filter(|b| *b < t || (inclusive && *b == t)) else { return };
        self.unread = None;
        self.see_best(set);
        let mut filled = false;
        for side in Side::BOTH {
            self.read(set, side, block, book);
            if self.is_crossed(side, book) {
                filled |= self.cross_side(set, side, block, book, out);
            } else {
                self.uncross(side);
            }
        }
        if filled {
            self.drop_filled(t, out);
        }
    }

    /// Applies what `book` shows of a side after `block` to the orders there.
    fn read(&mut self, set: Settings<'_, F>, side: Side, block: Ns, book: &Book) {
        let s = side.index();
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
            // A snapshot that comes late shows nothing newer than what was shown since.
            if block < o.level.at {
                calm = false;
                continue;
            }
            let known_until = sight.known_until(px);
            o.sees(known_until);
            let mut pushed = o.level.known_until == NEVER;
            if reached && let Some(level) = sight.level(px) {
                let from = i - 1;
                while let Some(slot) = live.get(i)
                    && let o = &mut rows[*slot]
                    && o.req.px == px
                    && block >= o.level.at
                {
                    o.sees(known_until);
                    i += 1;
                }
                let order = &live[from..i];
                for (lane, queues) in self.lanes.iter_mut().enumerate() {
                    let at = Moment { side, time: block, lot, bias: biases[lane] };
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

    /// Shows the models what is held back of the best levels.
    fn see_best(&mut self, set: Settings<'_, F>) {
        let lot = self.rules.lot();
        for side in Side::BOTH {
            let best = &mut self.best[side.index()];
            let Some((time, size)) = best.held.take() else { continue };
            for (lane, bias) in self.lanes.iter_mut().zip(set.biases()) {
                lane.on_best(set.models(), &Moment { side, time, lot, bias }, &best.level, size);
            }
            best.level = Level { size, at: time, traded: 0, ..best.level };
        }
    }
}
