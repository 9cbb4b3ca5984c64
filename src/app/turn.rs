//! One message through feed and engine, with the clock's grid: what live, replay and tests share.
//!
//! In: stamped messages and link changes. Out: records. Hot path: no I/O, no clock.
//!
//! 1. Points of the tick grid up to `now` are stepped before anything stamped `now`, whoever
//!    drives; so a replay steps exactly as the run did.
//! 2. What the feed says of itself depends on what was received and when, never on what was sent:
//!    a replay sends nothing.

use crate::engine::publish::Publish;
use crate::engine::{Coin, Components, ConfigOf, Engine, EngineState, is_second};
use crate::event::{Event, Link};
use crate::feed::{self, BadCoin, CoinSpec, Feed, Input, Loss, Parser, SessionState, Verdict};
use crate::limits::COIN_NAME_MAX;
use crate::record::{FeedState, StopReason};
use crate::units::{CoinId, Ns};

/// What a turn drives: the engine, or what stands in its place to note what it would be given.
pub trait Decide {
    /// The run begins.
    fn start(&mut self, now: Ns, out: &mut impl Publish);
    /// The next point of the tick grid up to `now`, if one is due.
    fn due(&mut self, now: Ns) -> Option<Ns>;
    /// One event.
    fn step(&mut self, now: Ns, event: Event<'_>, out: &mut impl Publish);
    /// What the feed says of itself and a coin, after the tick at `now`.
    fn feed(&mut self, now: Ns, coin: CoinId, state: FeedState, out: &mut impl Publish);
    /// The run is about to end.
    fn stopping(&mut self, now: Ns, out: &mut impl Publish);
    /// The run ends; `records` were produced so far.
    fn stop(&mut self, now: Ns, why: StopReason, records: u64, out: &mut impl Publish);
}

impl<C: Components> Decide for Engine<C> {
    fn start(&mut self, now: Ns, out: &mut impl Publish) {
        Engine::start(self, now, out);
    }
    fn due(&mut self, now: Ns) -> Option<Ns> {
        Engine::due(self, now)
    }
    fn step(&mut self, now: Ns, event: Event<'_>, out: &mut impl Publish) {
        Engine::step(self, now, event, out);
    }
    fn feed(&mut self, now: Ns, coin: CoinId, state: FeedState, out: &mut impl Publish) {
        out.publish(now, coin, state);
    }
    fn stopping(&mut self, now: Ns, out: &mut impl Publish) {
        Engine::stopping(self, now, out);
    }
    fn stop(&mut self, now: Ns, why: StopReason, records: u64, out: &mut impl Publish) {
        Engine::stop(self, now, why, records, out);
    }
}

/// Feed and engine, joined.
#[derive(Debug)]
pub struct Turn<E = Engine> {
    feed: Feed,
    engine: E,
    verdict: Verdict,
    ticks: u64,
}

impl<C: Components> Turn<Engine<C>> {
    /// Feed and engine for the given coins.
    ///
    /// # Errors
    /// [`BadCoin`] where the list of coins cannot be followed.
    pub fn new(
        cfg: &ConfigOf<C>,
        coins: &[CoinSpec],
        hash: [u64; 2],
    ) -> Result<Turn<Engine<C>>, BadCoin> {
        Turn::reading(Parser::default(), cfg, coins, hash)
    }

    /// The same with the parser that reads first, which changes the speed only.
    ///
    /// # Errors
    /// As [`Turn::new`].
    pub fn reading(
        parser: Parser,
        cfg: &ConfigOf<C>,
        coins: &[CoinSpec],
        hash: [u64; 2],
    ) -> Result<Turn<Engine<C>>, BadCoin> {
        Turn::with(engine(cfg, coins, hash), parser, coins, cfg.seed)
    }

    /// A feed alone: the engine knows no coin and decides nothing.
    ///
    /// # Errors
    /// As [`Turn::new`].
    pub fn listening(cfg: &ConfigOf<C>, coins: &[CoinSpec]) -> Result<Turn<Engine<C>>, BadCoin> {
        let feed = Feed::new(&feed::Config::default(), coins, cfg.seed)?;
        Ok(Turn { feed, engine: Engine::new(cfg, &[], [0; 2]), verdict: Verdict::Keep, ticks: 0 })
    }

    /// What it knows, for a checkpoint.
    #[must_use]
    pub fn state(&self) -> (SessionState, &EngineState<C>) {
        (self.feed.state(), self.engine.state())
    }

    /// Touches the state that the next decision reads; no effect. The `n`th time.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn prefetch(&self, now: Ns, n: u64) {
        self.engine.prefetch(now, n);
    }

    /// Goes on where another one of the same coins stood; false where it had other coins.
    pub fn restore(&mut self, feed: SessionState, engine: EngineState<C>) -> bool {
        self.engine.restore(engine);
        self.feed.restore(feed)
    }
}

/// An engine for the given coins.
#[must_use]
pub fn engine<C: Components>(cfg: &ConfigOf<C>, coins: &[CoinSpec], hash: [u64; 2]) -> Engine<C> {
    let coins: Vec<Coin> = coins.iter().map(coin).collect();
    Engine::new(cfg, &coins, hash)
}

impl<E: Decide> Turn<E> {
    /// A feed in front of `engine`. `seed` draws the waits before reconnects.
    ///
    /// # Errors
    /// [`BadCoin`] where the list of coins cannot be followed.
    pub fn with(
        engine: E,
        parser: Parser,
        coins: &[CoinSpec],
        seed: u64,
    ) -> Result<Turn<E>, BadCoin> {
        let wanted = feed::Config { parser, ..feed::Config::default() };
        let feed = Feed::new(&wanted, coins, seed)?;
        Ok(Turn { feed, engine, verdict: Verdict::Keep, ticks: 0 })
    }

    /// The run begins.
    pub fn start(&mut self, now: Ns, out: &mut impl Publish) {
        self.engine.start(now, out);
    }

    /// The clock is at `now`: every point of the grid up to it is stepped.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn advance(&mut self, now: Ns, out: &mut impl Publish) {
        while let Some(tick) = self.engine.due(now) {
            if self.feed.is_up() {
                self.verdict = self.feed.tick(tick);
            }
            self.ticks += 1;
            self.engine.step(tick, Event::Tick, out);
            if is_second(tick) {
                self.publish_feed(tick, out);
            }
        }
    }

    /// The feed at work: a record a coin.
    fn publish_feed(&mut self, now: Ns, out: &mut impl Publish) {
        for coin in self.feed.ids() {
            self.engine.feed(now, coin, feed_state(&self.feed, coin, now), out);
        }
    }

    /// The link came up.
    pub fn up(&mut self, now: Ns, out: &mut impl Publish) {
        self.advance(now, out);
        self.feed.connected(now);
        self.verdict = Verdict::Keep;
        self.engine.step(now, Event::Link(Link::Up), out);
    }

    /// The link went down.
    pub fn down(&mut self, now: Ns, loss: Loss, out: &mut impl Publish) {
        self.advance(now, out);
        self.feed.disconnected(now, loss);
        self.engine.step(now, Event::Link(Link::Down), out);
    }

    /// A coin was set aside, as the recording says: its subscription ended link after link.
    pub fn put_aside(&mut self, now: Ns, coin: &str, out: &mut impl Publish) {
        self.advance(now, out);
        if let Some(coin) = self.feed.coins().find(coin.as_bytes()) {
            self.feed.put_aside(coin);
        }
    }

    /// One message.
    pub fn message(&mut self, now: Ns, text: &[u8], out: &mut impl Publish) {
        self.message_marked(now, text, out, || ());
    }

    /// One message; `parsed` is called between its reading and its decision.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn message_marked(
        &mut self,
        now: Ns,
        text: &[u8],
        out: &mut impl Publish,
        parsed: impl FnOnce(),
    ) {
        self.advance(now, out);
        let input = self.feed.message(now, text);
        parsed();
        if let Input::Event(event) = input {
            self.engine.step(now, event, out);
        }
    }

    /// The logging thread fell behind or caught up.
    pub fn behind(&mut self, now: Ns, behind: bool, out: &mut impl Publish) {
        self.advance(now, out);
        self.engine.step(now, Event::Behind(behind), out);
    }

    /// The run is about to end: quotes are taken down.
    pub fn stopping(&mut self, now: Ns, out: &mut impl Publish) {
        self.advance(now, out);
        self.engine.stopping(now, out);
    }

    /// The run ends; `records` were produced so far.
    pub fn stop(&mut self, now: Ns, why: StopReason, records: u64, out: &mut impl Publish) {
        self.engine.stop(now, why, records, out);
    }

    /// What the feed thinks of the link since the last point of the grid.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The next text to send at `now`, if one is due.
    pub fn next_send(&mut self, now: Ns) -> Option<&[u8]> {
        self.feed.next_send(now)
    }

    /// Nanoseconds of session time to wait before the next attempt to connect.
    pub fn retry_delay(&mut self) -> i64 {
        self.feed.retry_delay()
    }

    /// An attempt to connect failed.
    pub fn failed(&mut self, now: Ns, loss: Loss) {
        self.feed.disconnected(now, loss);
    }

    /// Points of the engine's own clock stepped.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// The feed: its counters, ages and cadences.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// What is behind the feed.
    #[must_use]
    pub fn into_engine(self) -> E {
        self.engine
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

fn coin(spec: &CoinSpec) -> Coin {
    let mut name = [0u8; COIN_NAME_MAX];
    for (to, from) in name.iter_mut().zip(spec.name.bytes()) {
        *to = from;
    }
    Coin { name, rules: spec.rules() }
}
