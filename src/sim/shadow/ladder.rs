//! Quotes that are nobody's: what a small post-only quote at each distance would have met.
//!
//! In: decisions, prints and states in the venue's order. Out: for how long each quote was in the book, its
//! fills, the mids between. Hot path: fixed arrays, integers.
//!
//! 1. A print of a hostile taker beyond the price fills; at the price it fills what is not ahead in the
//!    queue. A print of either aggressor at or through the price fills, too: the market trades there. A
//!    display at or through it does not: a post-only quote would have been refused, not traded.
//! 2. Ahead: nothing inside the spread, what is displayed at the touch and behind it; nothing at an empty
//!    level within sight; everything out of sight. Only prints and smaller displays at the touch shorten it.
//! 3. A decision at the same price confirms the quote: it keeps its place, and its reference is new.
//! 4. A fill ends the quote; it is placed again by the first decision that could know of it.
//! 5. Sizes are small: nothing is rationed, nothing is taken from others.

use std::array::from_fn;

use serde::{Deserialize, Serialize};

use crate::event::shadow::{ALL, JOIN, Seen, places, quote_pxs, take_first};
use crate::event::{Level, Snapshot, Trade};
use crate::limits::{CURVE, SHADOW_AFTER_HOLE_NS, SHADOW_SIGHT_NS};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side};

/// Behind everybody: the price is out of sight.
const UNSEEN: i64 = i64::MAX;
/// The places that are not ordered by their distance: at the touch.
const NOT_FARTHER: u32 = !0 << JOIN;

/// What was known when a decision was made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Decision {
    /// Block time at which it takes effect.
    pub arrive: Ns,
    /// Best prices; `None`: not known well enough to quote.
    pub touch: Option<[Px; 2]>,
    /// How long a fill takes to be known, ns.
    pub lag: i64,
}

/// The quotes of a side: which stand, what is ahead of each, and when it filled last.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Quotes {
    /// A bit for each place.
    live: u32,
    ahead: [i64; CURVE],
    filled: [Ns; CURVE],
}

/// The quotes of both sides, and the market as the venue had it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ladder {
    rules: Rules,
    quotes: [Quotes; 2],
    /// Best prices, and the prices of the quotes made from them: of all that stand.
    prices: ([Px; 2], [[Px; CURVE]; 2]),
    /// The mid of the decision that placed or confirmed all that stands, and when it took effect.
    from: Mid2,
    since: Ns,
    /// Best levels: bid, ask.
    touch: Option<[Level; 2]>,
    time: Ns,
    /// First block since the last hole.
    started: Ns,
    /// Newest snapshots: five levels, all.
    books: [Snapshot; 2],
}

impl Ladder {
    pub(super) fn new(rules: Rules) -> Ladder {
        let never = Ns(i64::MIN / 2);
        let none = Quotes { live: 0, ahead: [0; CURVE], filled: [never; CURVE] };
        Ladder {
            rules,
            quotes: [none; 2],
            prices: <_>::default(),
            from: Mid2(0),
            since: never,
            touch: None,
            time: never,
            started: never,
            books: [0; 2].map(|_| Snapshot { time: never, ..Snapshot::default() }),
        }
    }

    /// Works out the prices of all quotes, where the best prices are others than before. Gives the
    /// places of each side whose price is another one.
    fn price(&mut self, touch: [Px; 2]) -> [u32; 2] {
        if self.prices.0 == touch {
            return [0; 2];
        }
        let [bid, ask] = touch;
        let of = |side| quote_pxs(self.rules, side, bid, ask);
        let was = std::mem::replace(&mut self.prices, (touch, Side::BOTH.map(of)));
        from_fn(|side| {
            let both = was.1[side].iter().zip(&self.prices.1[side]).enumerate();
            both.fold(0, |set, (place, (was, is))| set | u32::from(was != is) << place)
        })
    }

    /// Places, confirms and moves all quotes.
    pub(super) fn decide(&mut self, d: &Decision, out: &mut impl FnMut(Seen)) {
        let Some(touch) = self.touch else { return };
        let fresh = d.arrive.since(self.started) > SHADOW_AFTER_HOLE_NS;
        let from = d.touch.filter(|_| fresh);
        let moved = from.map(|touch| self.price(touch));
        let Ladder { quotes, prices, books, .. } = self;
        let mut was = [0; 2];
        for side in Side::BOTH {
            let (own, other) = (touch[side.index()], touch[side.opposite().index()].px);
            let (q, prices) = (&mut quotes[side.index()], &prices.1[side.index()]);
            was[side.index()] = q.live;
            let Some(moved) = moved else {
                q.live = 0;
                continue;
            };
            let mut sight = None;
            for place in places(ALL & (!q.live | moved[side.index()])) {
                let (px, bit) = (prices[place], 1 << place);
                if q.live & bit == 0 && d.arrive.since(q.filled[place]) < d.lag {
                    continue;
                }
                q.live &= !bit;
                if px.0 > 0 && px != other && !side.better(px, other) {
                    q.live |= bit;
                    q.ahead[place] = if side.better(px, own.px) {
                        0
                    } else if px == own.px {
                        own.sz.0
                    } else {
                        let new = || Sight::new(books, side, d.arrive);
                        sight.get_or_insert_with(new).displayed(px)
                    };
                }
            }
        }
        let ns = d.arrive.since(self.since);
        (self.from, self.since) = (from.map_or(self.from, |[b, a]| Mid2(b.0 + a.0)), d.arrive);
        for side in Side::BOTH {
            out(Seen::Live { side, until: d.arrive, places: was[side.index()], ns });
        }
    }

    /// One print.
    pub(super) fn on_print(&mut self, p: &Trade, out: &mut impl FnMut(Seen)) {
        let Some(touch) = self.touch else { return };
        let mid = Mid2(touch[0].px.0 + touch[1].px.0);
        for side in Side::BOTH {
            let hostile = p.aggressor != side;
            let (q, prices) = (&mut self.quotes[side.index()], &self.prices.1[side.index()]);
            let mut rest = q.live;
            while let Some(place) = take_first(&mut rest) {
                let px = prices[place];
                if side.better(p.px, px) {
                    // Those farther out are not reached either.
                    rest &= NOT_FARTHER;
                    continue;
                }
                let ahead = &mut q.ahead[place];
                if hostile && p.px == px && *ahead >= p.sz.0 {
                    *ahead -= if *ahead == UNSEEN { 0 } else { p.sz.0 };
                    continue;
                }
                q.live &= !(1 << place);
                q.filled[place] = p.time;
                let (from, time) = (self.from, p.time);
                let ns = time.since(self.since);
                out(Seen::Live { side, until: time, places: 1 << place, ns });
                out(Seen::Fill { side, place, px, from, mid, time });
            }
        }
    }

    /// The best levels after block `t`.
    pub(super) fn on_state(&mut self, t: Ns, bid: Level, ask: Level, out: &mut impl FnMut(Seen)) {
        if t < self.time || bid.px >= ask.px {
            return;
        }
        let touch = [bid, ask];
        let was = self.touch.replace(touch);
        if was.is_none() {
            self.started = t;
        }
        self.time = t;
        for side in Side::BOTH {
            let own = touch[side.index()];
            // More at the same price shortens no queue.
            if was.is_some_and(|was| {
                let was = was[side.index()];
                was.px == own.px && was.sz <= own.sz
            }) {
                continue;
            }
            let (q, prices) = (&mut self.quotes[side.index()], &self.prices.1[side.index()]);
            let mut rest = q.live;
            while let Some(place) = take_first(&mut rest) {
                let px = prices[place];
                if side.better(own.px, px) {
                    // Those farther out are behind the touch, too.
                    rest &= NOT_FARTHER;
                    continue;
                }
                let ahead = &mut q.ahead[place];
                *ahead = if px == own.px { own.sz.0.min(*ahead) } else { 0 };
            }
        }
        out(Seen::State { time: t, mid: Mid2(bid.px.0 + ask.px.0) });
    }

    pub(super) fn on_book(&mut self, book: &Snapshot, out: &mut impl FnMut(Seen)) {
        let kept = &mut self.books[usize::from(!book.fast)];
        if book.time >= kept.time {
            kept.clone_from(book);
        }
        if let (Some(bid), Some(ask)) = (book.bids.first(), book.asks.first()) {
            self.on_state(book.time, *bid, *ask, out);
        }
    }

    /// The market is lost from sight: nothing stands across a hole. A silence is none: what was displayed
    /// last still is, for as long as the session says that it would hear.
    pub(super) fn hole(&mut self, out: &mut impl FnMut(Seen)) {
        self.quotes.iter_mut().for_each(|q| q.live = 0);
        if self.touch.take().is_some() {
            out(Seen::Hole { from: self.time });
        }
    }
}

/// Looks up what is displayed behind the touch, at prices that go outward.
struct Sight<'a> {
    side: Side,
    /// The newest snapshot, then the one beside it; empty where it is too old.
    books: [&'a [Level]; 2],
    /// The last price asked for.
    last: Px,
    /// The same books from the first level that is not better than it.
    rest: [&'a [Level]; 2],
}

impl<'a> Sight<'a> {
    fn new(books: &'a [Snapshot; 2], side: Side, at: Ns) -> Sight<'a> {
        let newest = usize::from(books[1].time > books[0].time);
        let books = [&books[newest], &books[1 - newest]].map(|book| {
            let levels = if side == Side::Buy { &book.bids } else { &book.asks };
            let fresh = at.since(book.time) < SHADOW_SIGHT_NS;
            if fresh { levels.as_slice() } else { &[] }
        });
        Sight { side, books, last: Px(0), rest: books }
    }

    /// Size displayed at a price behind the touch.
    fn displayed(&mut self, px: Px) -> i64 {
        if self.side.better(px, self.last) {
            self.rest = self.books;
        }
        self.last = px;
        for levels in &mut self.rest {
            let better = levels.iter().take_while(|l| self.side.better(l.px, px)).count();
            *levels = &levels[better..];
            // The first level at the price or behind it.
            if let Some(l) = levels.first() {
                return if l.px == px { l.sz.0 } else { 0 };
            }
        }
        UNSEEN
    }
}
