//! The feed with the grid of time: what reaches it becomes what the engine is given.
//!
//! In: stamped signals, live or from a recording. Out: stamped items. Hot path: no I/O, no clock.
//!
//! 1. What the feed says of itself depends on what was received and when, never on what was sent:
//!    a replay sends nothing.
//! 2. Points of the grid up to a signal's stamp come before the signal.

use serde::{Deserialize, Serialize};

use crate::engine::grid::{Grid, is_second};
use crate::event::{Event, Link};
use crate::feed::{self, BadCoin, CoinSpec, Feed, Input, Loss, Parser, SessionState, Verdict};
use crate::record::FeedState;
use crate::units::{CoinId, Ns};

/// What happens on the link, or around it.
#[derive(Clone, Copy, Debug)]
pub enum Signal<'a> {
    /// The run begins.
    Start,
    /// The link came up.
    Up,
    /// The link went down.
    Down(Loss),
    /// A coin was set aside, as a recording says: its subscription ended link after link.
    Aside(&'a str),
    /// The logging thread fell behind, or caught up.
    Behind(bool),
    /// One message.
    Message(&'a [u8]),
    /// Nothing but the passing of time.
    Time,
}

/// What the engine is given.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// The run begins.
    Start,
    /// An event.
    Event(Event<'a>),
    /// What the feed says of itself, at a point of the grid.
    Feed(CoinId, FeedState),
}

/// The feed, and the points of time at which it looks at itself.
#[derive(Debug)]
pub struct Source {
    feed: Feed,
    grid: Grid,
    verdict: Verdict,
    ticks: u64,
}

/// Everything that changes in it and decides: what a checkpoint holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct SourceState {
    feed: SessionState,
    grid: Grid,
}

impl Source {
    /// A feed of the given coins. `seed` draws the waits before reconnects.
    ///
    /// # Errors
    /// [`BadCoin`] where the list of coins cannot be followed.
    pub fn new(parser: Parser, coins: &[CoinSpec], seed: u64) -> Result<Source, BadCoin> {
        let wanted = feed::Config { parser, ..feed::Config::default() };
        let feed = Feed::new(&wanted, coins, seed)?;
        Ok(Source { feed, grid: Grid::default(), verdict: Verdict::Keep, ticks: 0 })
    }

    /// What it knows, for a checkpoint.
    #[must_use]
    pub fn state(&self) -> SourceState {
        SourceState { feed: self.feed.state(), grid: self.grid }
    }

    /// Goes on where another one of the same coins stood; false where it had other coins.
    pub fn restore(&mut self, state: SourceState) -> bool {
        self.grid = state.grid;
        self.feed.restore(state.feed)
    }

    /// Takes one signal, stamped `now`; `to` is given what follows from it, in order.
    pub fn take(&mut self, now: Ns, signal: Signal<'_>, to: &mut impl FnMut(Ns, Item<'_>)) {
        if !matches!(signal, Signal::Start) {
            self.advance(now, to);
        }
        let item = match signal {
            Signal::Start => Item::Start,
            Signal::Up => {
                self.feed.connected(now);
                self.verdict = Verdict::Keep;
                Item::Event(Event::Link(Link::Up))
            }
            Signal::Down(loss) => {
                self.feed.disconnected(now, loss);
                Item::Event(Event::Link(Link::Down))
            }
            Signal::Aside(coin) => {
                if let Some(coin) = self.feed.coins().find(coin.as_bytes()) {
                    self.feed.put_aside(coin);
                }
                return;
            }
            Signal::Behind(behind) => Item::Event(Event::Behind(behind)),
            Signal::Message(text) => {
                let Input::Event(event) = self.feed.message(now, text) else { return };
                Item::Event(event)
            }
            Signal::Time => return,
        };
        to(now, item);
    }

    fn advance(&mut self, now: Ns, to: &mut impl FnMut(Ns, Item<'_>)) {
        while let Some(tick) = self.grid.due(now) {
            if self.feed.is_up() {
                self.verdict = self.feed.tick(tick);
            }
            self.ticks += 1;
            if is_second(tick) {
                for coin in self.feed.ids() {
                    to(tick, Item::Feed(coin, feed_state(&self.feed, coin, tick)));
                }
            }
        }
    }

    /// What the feed thinks of the link since the last point of the grid.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Points of the grid passed.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// The feed: its counters, ages and cadences.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The feed, to send what it wants sent and to note what failed.
    pub fn feed_mut(&mut self) -> &mut Feed {
        &mut self.feed
    }
}

fn feed_state(feed: &Feed, coin: CoinId, now: Ns) -> FeedState {
    let (counters, ages, stale) = (feed.counters(), feed.ages(coin, now), feed.stale(coin, now));
    let age = |ns: Option<i64>| ns.unwrap_or(-1);
    FeedState {
        frames: counters.messages,
        rejects: counters.rejects(),
        ages: [ages.bbo_ns, ages.fast_ns, ages.slow_ns, ages.any_ns].map(age),
        duplicates: counters.duplicates,
        lag: age(feed.lag_ns(coin)),
        stale_bbo: stale.bbo,
        stale_fast: stale.fast,
        stale_slow: stale.slow,
        stale_ctx: stale.ctx,
        silent: stale.any,
        set_aside: feed.set_aside(coin),
    }
}
