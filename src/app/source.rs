//! The feed with the map of the clocks and the grid of time: what reaches it becomes what the
//! engine is given.
//!
//! In: signals with their receive stamps, live or from a recording. Out: items at session time.
//! Hot path: no I/O, no clock.
//!
//! 1. What the feed says of itself depends on what was received and when, never on what was sent:
//!    a replay sends nothing. Pings alone are timed, so a recording says when one was sent.
//! 2. Points of the grid up to an item's time come before the item.
//! 3. A run begins with its first block, and a link is up from its first block on: before it, no
//!    stamp can be placed in the venue's time. While there is no link, no time passes.
//! 4. A run may have several links, each with its own coins, and one clock: the first of them that comes
//!    up starts it, the last that goes down stops it. The engine hears of a link coin by coin, or of
//!    all at once where it has them all.

use serde::{Deserialize, Serialize};

use crate::engine::grid::{Grid, is_second};
use crate::event::{Event, Joint, Link};
use crate::feed::{
    self, BadCoin, ClockMap, CoinSpec, Decoded, Feed, Input, Loss, Read, Seen, SessionState,
    Stream, Verdict,
};
use crate::limits::{CLOCK_SAID_NS, SOCKETS};
use crate::record::{self, FeedState};
use crate::units::{CoinId, Ns};

/// What happens on the link, or around it.
#[derive(Clone, Copy, Debug)]
pub enum Signal<'a> {
    /// One of the run's connections came up.
    Up(u8),
    /// It went down.
    Down(u8, Loss),
    /// A coin is followed on this connection from its next link on.
    On(&'a str, u8),
    /// The next messages that name no coin come over this connection.
    From(u8),
    /// A coin was set aside, its subscription ending link after link, or is tried again.
    Aside(&'a str, bool),
    /// The logging thread fell behind, or caught up.
    Behind(bool),
    /// One message.
    Message(&'a [u8]),
    /// A ping was sent on a connection, as a recording says.
    Pinged(u8),
    /// Nothing but the passing of time.
    Time,
    /// The run is about to end.
    Stop,
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
    /// How the clocks stand.
    Clocks(record::Clocks),
}

/// The feed, the map of the clocks, and the points of time at which the feed looks at itself.
#[derive(Debug)]
pub struct Source {
    feed: Feed,
    verdicts: [Verdict; SOCKETS],
    ticks: u64,
    /// The stream of the newest message; none where it named no coin.
    stream: Option<Stream>,
    time: Time,
}

/// How time goes on, and what waits for it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Time {
    clock: ClockMap,
    grid: Grid,
    started: bool,
    /// The engine knows that there is such a link.
    linked: [bool; SOCKETS],
    /// What was last said of the clocks.
    said: (i64, [u32; 2]),
}

/// Everything that changes in it and decides: what a checkpoint holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct SourceState {
    feed: SessionState,
    time: Time,
}

impl Source {
    /// A feed of the given coins. `seed` draws the waits before reconnects.
    ///
    /// # Errors
    /// [`BadCoin`] where the list of coins cannot be followed.
    pub fn new(
        wanted: impl Into<feed::Config>,
        coins: &[CoinSpec],
        seed: u64,
    ) -> Result<Source, BadCoin> {
        let feed = Feed::new(&wanted.into(), coins, seed)?;
        let verdicts = [Verdict::Keep; SOCKETS];
        Ok(Source { feed, verdicts, ticks: 0, stream: None, time: Time::default() })
    }

    /// What it knows, for a checkpoint.
    pub fn state(&self) -> SourceState {
        SourceState { feed: self.feed.state(), time: self.time.clone() }
    }

    /// Goes on where another one of the same coins stood; false where it had other coins.
    pub fn restore(&mut self, state: SourceState) -> bool {
        self.time = state.time;
        self.feed.restore(state.feed)
    }

    /// Session time at the receive stamp `stamp`.
    pub fn time(&self, stamp: Ns) -> Ns {
        self.time.clock.at(stamp)
    }

    /// Whether the engine knows of a link.
    pub fn is_linked(&self) -> bool {
        self.time.linked.contains(&true)
    }

    /// Takes one signal, received at `stamp`; `to` is given what follows from it, in order, at
    /// session time. Gives session time.
    pub fn take(&mut self, stamp: Ns, signal: Signal<'_>, to: &mut impl FnMut(Ns, Item<'_>)) -> Ns {
        match signal {
            Signal::Message(text) => return self.message(stamp, text, to),
            Signal::Up(socket) if !self.feed.is_up() => {
                let now = self.time.clock.link(stamp);
                self.up(socket, now);
                return now;
            }
            _ => {}
        }
        let now = match signal {
            Signal::Down(socket, _) if self.is_last(socket) => self.time.clock.unlink(stamp),
            _ => self.time.clock.pass(stamp),
        };
        self.advance(now, to);
        match signal {
            Signal::Up(socket) => self.up(socket, now),
            Signal::Down(socket, loss) => {
                let socket = usize::from(socket);
                self.feed.disconnected(socket, now, loss);
                if std::mem::take(&mut self.time.linked[socket]) {
                    self.link(now, Link::Down, socket, to);
                }
            }
            Signal::On(coin, socket) => {
                if let Some(coin) = self.feed.coins().find(coin.as_bytes()) {
                    self.feed.put_on(coin, socket);
                }
            }
            Signal::From(socket) => self.feed.from(socket),
            Signal::Aside(coin, aside) => {
                if let Some(coin) = self.feed.coins().find(coin.as_bytes()) {
                    self.feed.put_aside(coin, aside);
                }
            }
            Signal::Behind(behind) if self.time.started => {
                to(now, Item::Event(Event::Behind(behind)));
            }
            Signal::Pinged(socket) => self.feed.pinged(socket.into(), now),
            Signal::Stop => self.start(now, to),
            _ => {}
        }
        now
    }

    /// A connection came up.
    fn up(&mut self, socket: u8, now: Ns) {
        let socket = usize::from(socket);
        self.feed.connected(socket, now);
        self.verdicts[socket] = Verdict::Keep;
    }

    /// Whether no other connection than this one is open.
    fn is_last(&self, socket: u8) -> bool {
        !(0..SOCKETS).any(|s| s != usize::from(socket) && self.feed.is_open(s))
    }

    /// The engine hears of a link: coin by coin, or of all at once.
    fn link(&self, now: Ns, link: Link, socket: usize, to: &mut impl FnMut(Ns, Item<'_>)) {
        if self.feed.ids().all(|c| self.feed.socket(c) == socket) {
            return to(now, Item::Event(Event::Link(link)));
        }
        for coin in self.feed.on(socket) {
            to(now, Item::Event(Event::Line { coin, link }));
        }
    }

    fn message(&mut self, stamp: Ns, text: &[u8], to: &mut impl FnMut(Ns, Item<'_>)) -> Ns {
        // A live run looks at the time before it reads, so a replay does.
        let before = self.time.clock.pass(stamp);
        self.advance(before, to);
        let mut read = self.feed.read(text);
        let (socket, stream) = self.feed.source(&read);
        self.stream = stream;
        let Some(block) = self.feed.block(&read) else {
            self.event(before, socket, (read, text), to);
            return before;
        };
        let (now, seen) = self.time.clock.see(stamp, block);
        match seen {
            Seen::Known => {}
            Seen::Ahead => read = read.out_of_range(),
            Seen::Jump => self.jump(before, now, to),
        }
        match self.time.clock.shift() {
            0 => {}
            shift => self.feed.shift(shift),
        }
        self.start(now, to);
        if !self.is_linked() {
            // Time stood still until this block: what came up meanwhile was not silent for so long.
            self.feed.jumped(now);
        }
        self.advance(now, to);
        self.note_clocks(now, to);
        if !std::mem::replace(&mut self.time.linked[socket], true) {
            self.link(now, Link::Up, socket, to);
        }
        self.event(now, socket, (read, text), to);
        now
    }

    fn event(
        &mut self,
        now: Ns,
        socket: usize,
        (read, text): (Read, &[u8]),
        to: &mut impl FnMut(Ns, Item<'_>),
    ) {
        let linked = self.time.linked[socket];
        match self.feed.take(now, read, text) {
            Input::Event(event) if linked => to(now, Item::Event(event)),
            Input::Nothing(Decoded::Pong) if linked => {
                if let Some(ns) = self.feed.rtt_ns() {
                    to(now, Item::Event(Event::Ping(ns)));
                }
            }
            _ => {}
        }
    }

    /// The run begins with its first block.
    fn start(&mut self, now: Ns, to: &mut impl FnMut(Ns, Item<'_>)) {
        if !std::mem::replace(&mut self.time.started, true) {
            self.time.grid = Grid::default();
            to(now, Item::Start);
        }
    }

    /// The clocks jumped against each other: nobody knows how much time passed. Orders end, and
    /// what was learned of a moment ago no longer is of one.
    #[cold]
    fn jump(&mut self, from: Ns, now: Ns, to: &mut impl FnMut(Ns, Item<'_>)) {
        let linked = std::mem::take(&mut self.time.linked);
        let all = || (0..SOCKETS).filter(|s| linked[*s]);
        if all().next().is_none() {
            return;
        }
        all().for_each(|s| self.link(from, Link::Down, s, to));
        // The message that shows the jump has just come: the link was not silent meanwhile.
        self.feed.jumped(now);
        self.advance(now, to);
        self.time.linked = linked;
        self.note_clocks(now, to);
        all().for_each(|s| self.link(now, Link::Up, s, to));
        for coin in self.feed.ids().filter(|c| linked[self.feed.socket(*c)]) {
            let joint = Joint::Gap { from, to: now };
            to(now, Item::Event(Event::History { coin, prints: &[], joint }));
        }
    }

    /// Says how the clocks stand, where that has changed by more than a few milliseconds.
    fn note_clocks(&mut self, now: Ns, to: &mut impl FnMut(Ns, Item<'_>)) {
        let Some(offset) = self.time.clock.offset_ns(now) else { return };
        let breaks = self.time.clock.breaks();
        let (was, broken) = self.time.said;
        if was.abs_diff(offset) > CLOCK_SAID_NS || broken != breaks {
            self.time.said = (offset, breaks);
            let [steps, jumps] = breaks;
            to(now, Item::Clocks(record::Clocks { offset, steps, jumps }));
        }
    }

    fn advance(&mut self, now: Ns, to: &mut impl FnMut(Ns, Item<'_>)) {
        while let Some(tick) = self.time.grid.due(now) {
            for (socket, verdict) in self.verdicts.iter_mut().enumerate() {
                if self.feed.is_open(socket) {
                    *verdict = self.feed.tick(socket, tick);
                }
            }
            self.ticks += 1;
            if is_second(tick) && self.time.started {
                for coin in self.feed.ids() {
                    let mut state = feed_state(&self.feed, coin, tick);
                    if !self.time.linked[self.feed.socket(coin)] {
                        // Of a link that has had no block yet, nobody has heard.
                        (state.silent, state.ages[3]) = (true, -1);
                    }
                    to(tick, Item::Feed(coin, state));
                }
            }
        }
    }

    /// What the feed thinks of a connection since the last point of the grid.
    pub fn verdict(&self, socket: u8) -> Verdict {
        self.verdicts[usize::from(socket)]
    }

    /// The stream of the newest message. None: it named no coin, and a recording has to say over which
    /// connection it came.
    pub fn stream(&self) -> Option<Stream> {
        self.stream
    }

    /// Points of the grid passed.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// The feed: its counters, ages and cadences.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_after_hours_without_one_is_not_taken_for_silent() {
        let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
        let mut source = Source::new(feed::Config::default(), &coins, 1).expect("a feed");
        let block = |s: i64| {
            let ms = 1_756_944_000_000 + s * 1_000;
            let side = |px: i64| format!(r#"{{"px":"{px}","sz":"1.0","n":1}}"#);
            let sides = format!("[{},{}]", side(100), side(101));
            let text =
                format!(r#"{{"channel":"bbo","data":{{"coin":"BTC","time":{ms},"bbo":{sides}}}}}"#);
            (Ns(ms * Ns::MS), text)
        };
        let mut downs = 0;
        let mut take = |source: &mut Source, at: Ns, signal: Signal<'_>| {
            source.take(at, signal, &mut |_, item| {
                downs += u32::from(matches!(item, Item::Event(Event::Link(Link::Down))));
            });
        };
        for hour in 0..3 {
            let (at, text) = block(hour * 3_600);
            take(&mut source, at, Signal::Up(0));
            while source.feed.next_send(0, source.time(at)).is_some() {}
            take(&mut source, at.plus(Ns::MS), Signal::Message(text.as_bytes()));
            take(&mut source, at.plus(Ns::SEC), Signal::Time);
            assert_eq!(source.verdict(0), Verdict::Keep, "{hour}");
            take(&mut source, at.plus(11 * Ns::SEC + Ns::MS), Signal::Time);
            assert_ne!(source.verdict(0), Verdict::Keep, "the control: silence, {hour}");
            take(&mut source, at.plus(12 * Ns::SEC), Signal::Down(0, Loss::Lost));
        }
        assert_eq!(downs, 3);
    }
}
