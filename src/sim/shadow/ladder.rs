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

use crate::event::shadow::{JOIN, Seen, quote_px};
use crate::event::{Level, Snapshot, Trade};
use crate::limits::{CURVE, SHADOW_AFTER_HOLE_NS, SHADOW_HOLE_NS, SHADOW_SIGHT_NS};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side};

/// Behind everybody: the price is out of sight.
const UNSEEN: i64 = i64::MAX;

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

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Quote {
    live: bool,
    px: i64,
    ahead: i64,
    from: Mid2,
    since: Ns,
    filled: Ns,
}

/// The quotes of both sides, and the market as the venue had it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ladder {
    rules: Rules,
    quotes: [[Quote; CURVE]; 2],
    /// Best levels: bid, ask.
    touch: Option<[Level; 2]>,
    time: Ns,
    /// First block since the last hole.
    started: Ns,
    /// Newest snapshots: five levels, all.
    books: [Snapshot; 2],
    /// Best prices, and the prices of the quotes that are made from them.
    #[serde(skip)]
    prices: ([Px; 2], [[Px; CURVE]; 2]),
}

impl Ladder {
    pub(super) fn new(rules: Rules) -> Ladder {
        let never = Ns(i64::MIN / 2);
        let quote = Quote { filled: never, ..Quote::default() };
        let books = [0; 2].map(|_| Snapshot { time: never, ..Snapshot::default() });
        Ladder {
            rules,
            quotes: [[quote; CURVE]; 2],
            touch: None,
            time: never,
            started: never,
            books,
            prices: <_>::default(),
        }
    }

    /// Works out the prices of all quotes, where the best prices are others than before.
    fn price(&mut self, touch: [Px; 2]) {
        if self.prices.0 == touch {
            return;
        }
        let [bid, ask] = touch;
        let of = |side, place| quote_px(self.rules, side, place, bid, ask);
        self.prices = (touch, Side::BOTH.map(|side| from_fn(|place| of(side, place))));
    }

    /// Places, confirms and moves all quotes.
    pub(super) fn decide(&mut self, d: &Decision, out: &mut impl FnMut(Seen)) {
        let Some(touch) = self.touch else { return };
        let fresh = d.arrive.since(self.started) > SHADOW_AFTER_HOLE_NS;
        let from = d.touch.filter(|_| fresh);
        from.iter().for_each(|touch| self.price(*touch));
        for side in Side::BOTH {
            let (own, other) = (touch[side.index()], touch[side.opposite().index()].px);
            let prices = &self.prices.1[side.index()];
            let mut ns = [0; CURVE];
            for (place, (q, px)) in self.quotes[side.index()].iter_mut().zip(prices).enumerate() {
                if q.live {
                    ns[place] = d.arrive.since(q.since);
                    q.since = d.arrive;
                } else if d.arrive.since(q.filled) < d.lag {
                    continue;
                }
                let Some([bid, ask]) = from else {
                    q.live = false;
                    continue;
                };
                q.from = Mid2(bid.0 + ask.0);
                if q.live && q.px == px.0 {
                    continue;
                }
                q.live = px.0 > 0 && *px != other && !side.better(*px, other);
                (q.px, q.since) = (px.0, d.arrive);
                if q.live {
                    q.ahead = if side.better(*px, own.px) {
                        0
                    } else if *px == own.px {
                        own.sz.0
                    } else {
                        displayed(&self.books, side, *px, d.arrive)
                    };
                }
            }
            out(Seen::Live { side, until: d.arrive, ns });
        }
    }

    /// One print.
    pub(super) fn on_print(&mut self, p: &Trade, out: &mut impl FnMut(Seen)) {
        let Some(touch) = self.touch else { return };
        let mid = Mid2(touch[0].px.0 + touch[1].px.0);
        for side in Side::BOTH {
            let hostile = p.aggressor != side;
            let mut place = 0;
            while place < CURVE {
                let at = place;
                place += 1;
                let q = &mut self.quotes[side.index()][at];
                let px = Px(q.px);
                if !q.live {
                    continue;
                }
                if side.better(p.px, px) {
                    // Those farther out are not reached either.
                    place = if at < JOIN { JOIN } else { place };
                    continue;
                }
                if hostile && p.px == px && q.ahead >= p.sz.0 {
                    q.ahead -= if q.ahead == UNSEEN { 0 } else { p.sz.0 };
                    continue;
                }
                (q.live, q.filled) = (false, p.time);
                let (from, time, mut ns) = (q.from, p.time, [0; CURVE]);
                ns[at] = time.since(q.since);
                out(Seen::Live { side, until: time, ns });
                out(Seen::Fill { side, place: at, px, from, mid, time });
            }
        }
    }

    /// The best levels after block `t`.
    pub(super) fn on_state(&mut self, t: Ns, bid: Level, ask: Level, out: &mut impl FnMut(Seen)) {
        if t < self.time || bid.px >= ask.px {
            return;
        }
        if self.touch.is_none() || t.since(self.time) > SHADOW_HOLE_NS {
            self.hole(out);
            self.started = t;
        }
        self.time = t;
        let touch = [bid, ask];
        self.touch = Some(touch);
        for side in Side::BOTH {
            let own = touch[side.index()];
            for q in self.quotes[side.index()].iter_mut().filter(|q| q.live) {
                let px = Px(q.px);
                if side.better(px, own.px) {
                    q.ahead = 0;
                } else if px == own.px {
                    q.ahead = q.ahead.min(own.sz.0);
                }
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

    /// The market is lost from sight: nothing stands across a hole.
    pub(super) fn hole(&mut self, out: &mut impl FnMut(Seen)) {
        self.quotes.iter_mut().flatten().for_each(|q| q.live = false);
        if self.touch.take().is_some() {
            out(Seen::Hole { from: self.time });
        }
    }
}

/// Size displayed at a price behind the touch.
fn displayed(books: &[Snapshot; 2], side: Side, px: Px, at: Ns) -> i64 {
    let newest = usize::from(books[1].time > books[0].time);
    for book in [&books[newest], &books[1 - newest]] {
        if at.since(book.time) >= SHADOW_SIGHT_NS {
            continue;
        }
        let levels = if side == Side::Buy { &book.bids } else { &book.asks };
        // The first level at the price or behind it.
        if let Some(l) = levels.iter().find(|l| !side.better(l.px, px)) {
            return if l.px == px { l.sz.0 } else { 0 };
        }
    }
    UNSEEN
}
