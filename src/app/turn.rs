//! One signal through feed and engine: what live, replay and tests share.
//!
//! In: stamped messages and link changes. Out: records. Hot path: no I/O, no clock.

use super::source::{Item, Signal, Source, SourceState};
use crate::engine::publish::Publish;
use crate::engine::{Coin, Components, ConfigOf, Engine, EngineState, Shipped};
use crate::feed::{self, BadCoin, CoinSpec, Feed, Loss, Stream, Verdict};
use crate::limits::COIN_NAME_MAX;
use crate::record::{NO_COIN, StopReason};
use crate::units::{CoinId, Ns};

/// Feed and engine, joined.
#[derive(Debug)]
pub struct Turn<C: Components = Shipped> {
    source: Source,
    engine: Engine<C>,
}

/// An engine for the given coins.
pub fn engine<C: Components>(cfg: &ConfigOf<C>, coins: &[CoinSpec], hash: [u64; 2]) -> Engine<C> {
    let coins: Vec<Coin> = coins.iter().map(coin).collect();
    Engine::new(cfg, &coins, hash)
}

/// Gives the engine what a source, or a file of events, has for it.
pub fn give<C: Components>(engine: &mut Engine<C>, at: Ns, item: Item<'_>, out: &mut impl Publish) {
    match item {
        Item::Start => engine.start(at, out),
        Item::Event(event) => engine.step(at, event, out),
        Item::Feed(coin, state) => {
            engine.advance(at, out);
            out.publish(at, coin, state);
        }
        Item::Clocks(clocks) => {
            engine.advance(at, out);
            out.publish(at, NO_COIN, clocks);
        }
    }
}

impl<C: Components> Turn<C> {
    /// As [`Turn::reading`] with the default parser and all streams.
    ///
    /// # Errors
    /// As [`Turn::reading`].
    #[cfg(any(test, feature = "lab"))]
    pub fn new(cfg: &ConfigOf<C>, coins: &[CoinSpec], hash: [u64; 2]) -> Result<Turn<C>, BadCoin> {
        Turn::reading(feed::Parser::default(), cfg, coins, hash)
    }

    /// Feed and engine for the given coins, with the parser that reads first, which changes speed only, and
    /// the streams.
    ///
    /// # Errors
    /// [`BadCoin`] where the list of coins cannot be followed.
    pub fn reading(
        wanted: impl Into<feed::Config>,
        cfg: &ConfigOf<C>,
        coins: &[CoinSpec],
        hash: [u64; 2],
    ) -> Result<Turn<C>, BadCoin> {
        let source = Source::new(wanted, coins, cfg.seed)?;
        Ok(Turn { source, engine: engine(cfg, coins, hash) })
    }

    /// A feed alone: the engine knows no coin and decides nothing.
    ///
    /// # Errors
    /// As [`Turn::reading`].
    pub fn listening(
        wanted: impl Into<feed::Config>,
        cfg: &ConfigOf<C>,
        coins: &[CoinSpec],
    ) -> Result<Turn<C>, BadCoin> {
        let source = Source::new(wanted, coins, cfg.seed)?;
        Ok(Turn { source, engine: Engine::new(cfg, &[], [0; 2]) })
    }

    /// What it knows, for a checkpoint.
    pub fn state(&self) -> (SourceState, &EngineState<C>) {
        (self.source.state(), self.engine.state())
    }

    /// Goes on where another one of the same coins stood; false where it had other coins.
    pub fn restore(&mut self, source: SourceState, engine: EngineState<C>) -> bool {
        self.engine.restore(engine);
        self.source.restore(source)
    }

    /// Touches the state that the next decision reads; no effect. The `n`th time.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn prefetch(&self, now: Ns, n: u64) {
        self.engine.prefetch(self.source.time(now), n);
    }

    /// One signal, received at `stamp`.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn take(&mut self, stamp: Ns, signal: Signal<'_>, out: &mut impl Publish) {
        self.take_marked(stamp, signal, out, || ());
    }

    /// One signal; `read` is called before each event it brings, which is when it was read.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn take_marked(
        &mut self,
        stamp: Ns,
        signal: Signal<'_>,
        out: &mut impl Publish,
        mut read: impl FnMut(),
    ) {
        let Turn { source, engine } = self;
        let now = source.take(stamp, signal, &mut |at, item| {
            if let Item::Event(_) = item {
                read();
            }
            give(engine, at, item, out);
        });
        // Without a link, time passes with the items alone: a file of events has no others.
        if source.is_linked() {
            engine.advance(now, out);
        }
    }

    /// Time passes up to `now`.
    pub fn advance(&mut self, now: Ns, out: &mut impl Publish) {
        self.take(now, Signal::Time, out);
    }

    /// A connection came up.
    pub fn up(&mut self, socket: u8, now: Ns, out: &mut impl Publish) {
        self.take(now, Signal::Up(socket), out);
    }

    /// A connection went down.
    pub fn down(&mut self, socket: u8, now: Ns, loss: Loss, out: &mut impl Publish) {
        self.take(now, Signal::Down(socket, loss), out);
    }

    /// The next messages come over this connection.
    pub fn from(&mut self, socket: u8) {
        self.source.feed_mut().from(socket);
    }

    /// Shares the coins out over so many connections, in turns: busy ones stand together in most lists.
    /// Where none is open.
    pub fn share_out(&mut self, sockets: u8) {
        let feed = self.source.feed_mut();
        for coin in 0..u8::try_from(feed.coins().as_slice().len()).unwrap_or(u8::MAX) {
            feed.put_on(CoinId(coin), coin % sockets.max(1));
        }
    }

    /// The stream of the newest message; none where it named no coin.
    pub fn stream(&self) -> Option<Stream> {
        self.source.stream()
    }

    /// One message.
    pub fn message(&mut self, now: Ns, text: &[u8], out: &mut impl Publish) {
        self.take(now, Signal::Message(text), out);
    }

    /// The logging thread fell behind or caught up.
    pub fn behind(&mut self, now: Ns, behind: bool, out: &mut impl Publish) {
        self.take(now, Signal::Behind(behind), out);
    }

    /// The run is about to end: quotes are taken down.
    pub fn stopping(&mut self, stamp: Ns, out: &mut impl Publish) {
        self.take(stamp, Signal::Stop, out);
        self.engine.stopping(self.source.time(stamp), out);
    }

    /// The run ends; `records` were produced so far.
    pub fn stop(&mut self, stamp: Ns, why: StopReason, records: u64, out: &mut impl Publish) {
        self.engine.stop(self.source.time(stamp), why, records, out);
    }

    /// What the feed thinks of a connection since the last point of the grid.
    pub fn verdict(&self, socket: u8) -> Verdict {
        self.source.verdict(socket)
    }

    /// The next text to send on a connection at `now`, if one is due.
    pub fn next_send(&mut self, socket: u8, now: Ns) -> Option<&[u8]> {
        let now = self.source.time(now);
        self.source.feed_mut().next_send(socket.into(), now)
    }

    /// A coin of a connection that was set aside long enough to be tried again, by [`Signal::Aside`].
    pub fn due_back(&self, socket: u8, now: Ns) -> Option<CoinSpec> {
        let feed = self.source.feed();
        feed.coins().get(feed.due_back(socket.into(), self.source.time(now))?).copied()
    }

    /// Nanoseconds of session time to wait before the next attempt at a connection.
    pub fn retry_delay(&mut self, socket: u8) -> i64 {
        self.source.feed_mut().retry_delay(socket.into())
    }

    /// An attempt at a connection failed.
    pub fn failed(&mut self, socket: u8, now: Ns, loss: Loss) {
        self.source.feed_mut().disconnected(socket.into(), now, loss);
    }

    /// Points of the grid passed.
    pub fn ticks(&self) -> u64 {
        self.source.ticks()
    }

    /// The feed: its counters, ages and cadences.
    pub fn feed(&self) -> &Feed {
        self.source.feed()
    }

    /// The engine alone.
    pub fn into_engine(self) -> Engine<C> {
        self.engine
    }
}

fn coin(spec: &CoinSpec) -> Coin {
    let mut name = [0u8; COIN_NAME_MAX];
    for (to, from) in name.iter_mut().zip(spec.name.bytes()) {
        *to = from;
    }
    Coin { name, rules: spec.rules() }
}
