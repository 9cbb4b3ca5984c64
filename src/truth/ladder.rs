//! The shadow ladder with exact queues: what a small post-only quote at each distance really meets.
//!
//! In: decisions, what happened to the orders of the book. Out: time in the book and fills by place. Cold
//! path.
//!
//! 1. Distances, prices, decisions, references, live time are those of [`crate::sim::shadow`], which learns
//!    the same from the feed alone: what differs is what cannot be seen there.
//! 2. Ahead of a quote is what really is; takers of the other side fill it, and resting orders of the
//!    other side that come to its price, in the share that is not post-only.

use super::queue::Place;
use crate::event::shadow::quote_px;
use crate::limits::CURVE;
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side};
use crate::venue::agents::book::{Book, Did};

/// How quotes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Pace {
    /// Time between decisions, ns (> 0).
    pub every_ns: i64,
    /// From a decision to its effect, ns.
    pub latency_ns: i64,
    /// From a block to its receipt, ns.
    pub feed_ns: i64,
}

/// A fill of a quote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    /// Block time.
    pub time: Ns,
    /// Side of the quote.
    pub side: Side,
    /// Place of the quote.
    pub place: usize,
    /// Its price.
    pub px: Px,
    /// Mid of the decision that placed or confirmed it.
    pub from: Mid2,
}

#[derive(Clone, Copy, Debug, Default)]
struct Quote {
    live: bool,
    px: Px,
    queue: Place,
    from: Mid2,
    since: Ns,
    filled: Option<Ns>,
}

/// The quotes of both sides where a share `gtc` of resting orders is not post-only.
#[derive(Clone, Debug)]
pub struct Ladder {
    rules: Rules,
    key: u64,
    gtc: f64,
    quotes: [[Quote; CURVE]; 2],
    fills: Vec<Fill>,
    /// Nanoseconds in the book since the last time asked, by place.
    live_ns: [i64; CURVE],
}

impl Ladder {
    /// No quotes yet; `key` names the draws.
    pub fn new(rules: Rules, key: u64, gtc: f64) -> Ladder {
        let quotes = [[Quote::default(); CURVE]; 2];
        Ladder { rules, key, gtc, quotes, fills: Vec::new(), live_ns: [0; CURVE] }
    }

    /// Fills so far, in order.
    pub fn fills(&self) -> &[Fill] {
        &self.fills
    }

    /// Hands out the time in the book, by place, both sides together, ns.
    pub fn live_ns(&mut self) -> [i64; CURVE] {
        std::mem::take(&mut self.live_ns)
    }

    /// Places, confirms and moves all quotes at `arrive`, from the best prices that were known.
    pub fn decide(&mut self, pace: &Pace, arrive: Ns, touch: [Px; 2], book: &Book) {
        let [bid, ask] = touch;
        for side in Side::BOTH {
            for place in 0..CURVE {
                let q = &mut self.quotes[side.index()][place];
                if q.live {
                    self.live_ns[place] += arrive.since(q.since);
                    q.since = arrive;
                } else if q.filled.is_some_and(|t| arrive.since(t) < pace.feed_ns) {
                    continue;
                }
                let px = quote_px(self.rules, side, place, bid, ask);
                q.from = Mid2(bid.0 + ask.0);
                if q.live && q.px == px {
                    continue;
                }
                q.live = px.0 > 0 && !book.matching().crosses(side, px);
                (q.px, q.since) = (px, arrive);
                if q.live {
                    q.queue = Place::last(book, side, book.grid().floor(px));
                }
            }
        }
    }

    /// What happened in the block of `time`.
    pub fn on_block(&mut self, time: Ns, log: &[Did]) {
        for side in Side::BOTH {
            for place in 0..CURVE {
                let q = &mut self.quotes[side.index()][place];
                for i in 0..log.len() {
                    if !q.live {
                        break;
                    }
                    let reached = q.queue.step(self.key, log, i);
                    if reached.is_some_and(|r| r.above < self.gtc) {
                        (q.live, q.filled) = (false, Some(time));
                        self.live_ns[place] += time.since(q.since);
                        let Quote { px, from, .. } = *q;
                        self.fills.push(Fill { time, side, place, px, from });
                    }
                }
            }
        }
    }
}
