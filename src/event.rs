//! The input alphabet: everything that can happen to the engine.
//!
//! In: the feed's decoded frames, the link's state, the clock. Out: `Event`, borrowed from the
//! decoder's fixed storage. Hot path: no allocation.
//!
//! 1. `now` is not in an event; it is an argument of `Engine::step` and never goes back.
//! 2. Prices and sizes of trades and levels are positive; the feed has rejected everything else.
//! 3. Prints of one frame are in match order and belong to one coin.

pub mod own;
pub mod shadow;

use serde::{Deserialize, Serialize};

use arrayvec::ArrayVec;

use crate::limits::LEVELS_MAX;
use crate::units::{CoinId, Ns, Px, Side, Sz};

/// One print: a taker met one resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The taker's side.
    pub aggressor: Side,
    /// Price of the resting order.
    pub px: Px,
    /// Size exchanged.
    pub sz: Sz,
    /// Block time on the venue's clock (whole milliseconds).
    pub time: Ns,
    /// The taker's transaction: the first 64 bits of its hash; 0 when the venue gave none.
    pub taker: u64,
    /// The venue's trade id, a 50-bit hash; unique with (coin, time).
    pub tid: u64,
}

/// One price level of a book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Price.
    pub px: Px,
    /// Displayed size.
    pub sz: Sz,
    /// Number of orders; at least 1 on a real feed, 0 when unknown.
    pub n: u32,
}

/// The levels of one side, best first.
pub type Levels = ArrayVec<Level, LEVELS_MAX>;

/// A book snapshot: the state after its block; replaces what was known down to its depth.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Block time on the venue's clock.
    pub time: Ns,
    /// True for the five-level stream sent every half second.
    pub fast: bool,
    /// Bids, highest first.
    pub bids: Levels,
    /// Asks, lowest first.
    pub asks: Levels,
}

impl Clone for Snapshot {
    fn clone(&self) -> Snapshot {
        let mut new = Snapshot::default();
        new.clone_from(self);
        new
    }

    /// Copies the levels there are, not their places.
    fn clone_from(&mut self, from: &Snapshot) {
        (self.time, self.fast) = (from.time, from.fast);
        for (to, from) in [(&mut self.bids, &from.bids), (&mut self.asks, &from.asks)] {
            to.clear();
            // Both have the same places.
            let _ = to.try_extend_from_slice(from);
        }
    }
}

/// Best bid and offer after a block. A side may be empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bbo {
    /// Block time on the venue's clock.
    pub time: Ns,
    /// Best bid.
    pub bid: Option<Level>,
    /// Best ask.
    pub ask: Option<Level>,
}

/// A coin's context: what funding needs. Carries no time of its own on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ctx {
    /// Hourly funding rate in units of 1e-10; positive: longs pay.
    pub funding_e10: i64,
    /// Oracle price.
    pub oracle: Px,
}

/// What the link to the venue does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// A WebSocket is open and the subscriptions are being sent.
    Up,
    /// The socket is gone; everything known of the market is stale from here on.
    Down,
}

/// How the trades of a reconnected stream join what was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// First subscription of the run: nothing before it.
    First,
    /// The history overlaps what was seen: nothing was lost. `recovered` prints are new.
    Contiguous {
        /// Prints of the history that had not been seen before.
        recovered: u32,
    },
    /// No overlap: trades between `from` and `to` (venue time) may be lost.
    Gap {
        /// Time of the last print seen before.
        from: Ns,
        /// Time of the oldest print of the history, or of its arrival where it is empty.
        to: Ns,
    },
}

/// Everything that can happen to the engine.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The link changed.
    Link(Link),
    /// The link of one coin among several changed.
    Line {
        /// Coin.
        coin: CoinId,
        /// How.
        link: Link,
    },
    /// New prints of one frame, in match order, duplicates removed. May be empty of news.
    Trades {
        /// Coin.
        coin: CoinId,
        /// The prints.
        prints: &'a [Trade],
    },
    /// The history frame of a (re)subscription. Its prints never fill an order.
    History {
        /// Coin.
        coin: CoinId,
        /// Prints not seen before, oldest first.
        prints: &'a [Trade],
        /// How it joins what was seen.
        joint: Joint,
    },
    /// Best bid and offer.
    Bbo {
        /// Coin.
        coin: CoinId,
        /// Content.
        bbo: &'a Bbo,
    },
    /// A book snapshot, fast or full.
    Book {
        /// Coin.
        coin: CoinId,
        /// Content.
        book: &'a Snapshot,
    },
    /// Funding and oracle price.
    Ctx {
        /// Coin.
        coin: CoinId,
        /// Content.
        ctx: &'a Ctx,
    },
    /// The logging thread fell behind (`true`) or caught up (`false`).
    Behind(bool),
    /// A round trip to the venue took so long, ns.
    Ping(i64),
}
