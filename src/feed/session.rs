//! The feed's state machine over its connections, and over one after another in each place.
//!
//! In: what the link does, its messages, the session clock. Out: [`Input`]s for the engine, texts to
//! send, a [`Verdict`] on the link, waits before reconnects. Hot path: no allocation, no clock.
//!
//! 1. Every message has exactly one outcome, and is counted under it.
//! 2. The first trades message of a coin on a connection is history (see `history`). So is one whose
//!    oldest print is more than `HISTORY_NS` behind its own newest print, or, as long as a history
//!    is, behind the newest block shown: the recorder subscribed again and wrote no acknowledgement.
//! 3. A verdict to close stands until the link is gone; what still arrives is processed as ever.
//! 4. Deadlines are judged on the session clock; block times of the venue decide nothing here.
//! 5. A message came over the connection of the coin that it names; one that names none over the one
//!    that was said last ([`Feed::from`]).

use serde::{Deserialize, Serialize};

use super::cadence::{self, Ages, Cadence, Pace, Stale};
use super::coins::{BadCoin, CoinSpec, Coins};
use super::decode::Decoder;
use super::history::{Dropped, Joiner};
use super::link::Link;
use super::outcome::{Decoded, Stream};
use super::plan::Plan;
use super::refusal::Refusals;
use super::reject::{Counters, Reject};
use super::retry::Retry;
use super::streams::Config;
use super::verdict::{Input, Loss, Verdict};
use crate::event::{Event, Joint};
use crate::limits::{DATE_MAX_NS, HISTORY_NS, HISTORY_PRINTS, SOCKETS};
use crate::units::{CoinId, Ns};

/// A message that was read and not yet taken.
#[derive(Clone, Copy, Debug)]
pub struct Read(Result<Decoded, Reject>);

impl Read {
    /// The same, turned away for its date.
    pub fn out_of_range(self) -> Read {
        Read(self.0.and(Err(Reject::OutOfRange)))
    }
}

/// The feed of a run.
#[derive(Debug)]
pub struct Feed {
    decoder: Decoder,
    plan: Plan,
    retry: [Retry; SOCKETS],
    joiners: Box<[Joiner]>,
    paces: Box<[[Pace; Stream::ALL.len()]]>,
    /// Receive time less block time of the newest message of each coin.
    lags: Box<[Option<i64>]>,
    /// Block of the newest state of each coin on this connection.
    shown: Box<[Option<Ns>]>,
    /// Lot of each coin, in size units.
    lots: Box<[i64]>,
    links: [Option<Link>; SOCKETS],
    /// Connection of messages that name no coin.
    from: u8,
    rtt_ns: Option<i64>,
    refusals: Refusals,
    counters: Counters,
}

/// What a feed has to know to go on with the same link: not buffers, subscriptions, attempts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionState {
    joiners: Box<[Joiner]>,
    paces: Box<[[Pace; Stream::ALL.len()]]>,
    lags: Box<[Option<i64>]>,
    shown: Box<[Option<Ns>]>,
    links: [Option<Link>; SOCKETS],
    from: u8,
    /// The connection of each coin.
    connections: Box<[u8]>,
    rtt_ns: Option<i64>,
    /// Coins set aside.
    aside: Vec<CoinId>,
    counters: Counters,
}

/// The heartbeat, as it is sent.
pub const PING: &[u8] = b"{\"method\":\"ping\"}";

impl Feed {
    /// A feed for the given coins, numbered in their order. `seed` draws the waits before
    /// reconnects and nothing else that shows.
    ///
    /// # Errors
    /// [`BadCoin`] when the list of coins is empty, too long, or has a coin twice.
    pub fn new(config: &Config, specs: &[CoinSpec], seed: u64) -> Result<Feed, BadCoin> {
        let coins = Coins::new(specs)?;
        let mut plan = Plan::new(&coins, Stream::ALL.map(|s| config.streams.has(s)));
        let mut refusals = Refusals::of(specs.len());
        refusals.leave_out(&config.most.map_or_else(Vec::new, |most| plan.fit(most)));
        Ok(Feed {
            plan,
            retry: std::array::from_fn(|i| Retry::new(seed.wrapping_add(i as u64))),
            joiners: specs.iter().map(|_| Joiner::new(seed)).collect(),
            paces: specs.iter().map(|_| Default::default()).collect(),
            lags: specs.iter().map(|_| None).collect(),
            shown: specs.iter().map(|_| None).collect(),
            lots: specs.iter().map(|s| s.rules().lot()).collect(),
            links: [None; SOCKETS],
            from: 0,
            rtt_ns: None,
            refusals,
            counters: Counters::default(),
            decoder: Decoder::new(coins, config.parser),
        })
    }

    /// From its next connection on, a coin is followed on this one of the run's, below `SOCKETS_MAX`.
    pub fn put_on(&mut self, coin: CoinId, socket: u8) {
        if usize::from(socket) < SOCKETS {
            self.plan.put_on(coin, socket);
        }
    }

    /// The connection of a coin.
    #[inline]
    pub fn socket(&self, coin: CoinId) -> usize {
        self.plan.socket(coin)
    }

    /// The coins of a connection.
    pub fn on(&self, socket: usize) -> impl Iterator<Item = CoinId> + '_ {
        self.ids().filter(move |c| self.socket(*c) == socket)
    }

    /// The next messages that name no coin come over this connection.
    #[inline]
    pub fn from(&mut self, socket: u8) {
        if usize::from(socket) < SOCKETS {
            self.from = socket;
        }
    }

    /// The connection that was said last.
    pub fn said(&self) -> u8 {
        self.from
    }

    /// The connection of the message and its stream; none where it names no coin.
    #[inline]
    pub fn source(&self, read: &Read) -> (usize, Option<Stream>) {
        let (coin, stream) = match read.0 {
            Ok(Decoded::Bbo { coin }) => (coin, Stream::Bbo),
            Ok(Decoded::Book { coin }) => (coin, Stream::book(self.decoder.book().fast)),
            Ok(Decoded::Trades { coin }) => (coin, Stream::Trades),
            Ok(Decoded::Ctx { coin }) => (coin, Stream::Ctx),
            _ => return (usize::from(self.from), None),
        };
        (self.socket(coin), Some(stream))
    }

    /// A WebSocket is open: subscriptions are due, and a history of each of its coins is to come.
    pub fn connected(&mut self, socket: usize, now: Ns) {
        self.counters.ups += 1;
        self.renew(socket, now);
    }

    /// A connection is gone, or an attempt to make it failed.
    pub fn disconnected(&mut self, socket: usize, now: Ns, loss: Loss) {
        let talked = match self.links[socket].take() {
            Some(link) => {
                self.counters.downs += 1;
                self.plan.lost(socket, now);
                link.data.map_or(0, |data| data.since(link.since))
            }
            None => 0,
        };
        self.retry[socket].ended(loss == Loss::Refused, talked);
    }

    /// A recording shows that its recorder reconnected here, though it has no line saying so: all
    /// streams start again, with a history of each coin.
    #[cfg(test)]
    pub(super) fn resubscribed(&mut self, now: Ns) {
        self.counters.ups += 1;
        self.counters.downs += u64::from(self.is_up());
        self.renew(0, now);
    }

    /// Reads one message and takes it as received at `now`, session time.
    pub fn message(&mut self, now: Ns, message: &[u8]) -> Input<'_> {
        let read = self.read(message);
        self.take(now, read, message)
    }

    /// Reads one message: its block says what time it is, and then it is to be taken.
    #[inline]
    pub fn read(&mut self, message: &[u8]) -> Read {
        self.counters.messages += 1;
        self.counters.bytes += message.len() as u64;
        let read = Read(self.decoder.decode(message));
        match self.block(&read) {
            Some(block) if block.0 > DATE_MAX_NS => read.out_of_range(),
            _ => read,
        }
    }

    /// The newest block time of what was read last.
    #[inline]
    pub fn block(&self, read: &Read) -> Option<Ns> {
        match read.0 {
            Ok(Decoded::Bbo { .. }) => Some(self.decoder.bbo().time),
            Ok(Decoded::Book { .. }) => Some(self.decoder.book().time),
            Ok(Decoded::Trades { .. }) => self.decoder.prints().iter().map(|p| p.time).max(),
            _ => None,
        }
    }

    /// Adds to the block times of what was read last.
    #[cold]
    pub fn shift(&mut self, by: i64) {
        self.decoder.shift(by);
    }

    /// Takes what was read last, from `message`, as received at session time `now`.
    #[inline]
    pub fn take(&mut self, now: Ns, read: Read, message: &[u8]) -> Input<'_> {
        if let Some(link) = &mut self.links[self.source(&read).0] {
            link.any = now;
        }
        match read.0 {
            Ok(Decoded::Bbo { coin }) => {
                self.counters.bbos += 1;
                self.data(now, coin, Stream::Bbo, Some(self.decoder.bbo().time));
                Input::Event(Event::Bbo { coin, bbo: self.decoder.bbo() })
            }
            Ok(Decoded::Trades { coin }) => self.trades(now, coin),
            Ok(Decoded::Book { coin }) => {
                let fast = self.decoder.book().fast;
                self.counters.fast_books += u64::from(fast);
                self.counters.slow_books += u64::from(!fast);
                self.data(now, coin, Stream::book(fast), Some(self.decoder.book().time));
                Input::Event(Event::Book { coin, book: self.decoder.book() })
            }
            Ok(Decoded::Ctx { coin }) => {
                self.counters.ctxs += 1;
                self.data(now, coin, Stream::Ctx, None);
                Input::Event(Event::Ctx { coin, ctx: self.decoder.ctx() })
            }
            Ok(Decoded::EmptyTrades) => self.empty_trades(now),
            Ok(error @ Decoded::Error { kind, stream, coin }) => {
                self.counters.venue_errors += 1;
                self.refusals.error(&mut self.plan, kind, stream.zip(coin), message);
                Input::Nothing(error)
            }
            Ok(other) => {
                self.quiet(now, other);
                Input::Nothing(other)
            }
            Err(reject) => self.reject(now, reject, message),
        }
    }

    /// The clocks jumped against each other: silence counts from `now`.
    pub fn jumped(&mut self, now: Ns) {
        self.links.iter_mut().flatten().for_each(|l| l.jumped(now));
        self.plan.jumped(now);
    }

    /// Judges a connection at `now`. To be called on every point of the tick grid.
    pub fn tick(&mut self, socket: usize, now: Ns) -> Verdict {
        let Some(link) = &self.links[socket] else { return Verdict::Keep };
        if self.refusals.needed().is_some() {
            return Verdict::Refused;
        }
        let unanswered = || self.refusals.are_needed(&mut self.plan, socket, now);
        link.close(now, unanswered).map_or(Verdict::Keep, Verdict::Close)
    }

    /// The next text to send on a connection at `now`, until `None`: subscriptions, then pings.
    pub fn next_send(&mut self, socket: usize, now: Ns) -> Option<&[u8]> {
        let link = self.links[socket].as_mut()?;
        if let Some(text) = self.plan.next(socket, now) {
            self.counters.subscribes += 1;
            return Some(text);
        }
        if !link.wants_ping(now) {
            return None;
        }
        link.ping_at(now);
        self.counters.pings += 1;
        Some(PING)
    }

    /// A ping was sent on a connection, or a recording says so.
    pub fn pinged(&mut self, socket: usize, now: Ns) {
        if let Some(link) = self.links[socket].as_mut() {
            link.ping_at(now);
            self.counters.pings += 1;
        }
    }

    /// Nanoseconds to wait before the next attempt at a connection. Each call counts as an attempt.
    pub fn retry_delay(&mut self, socket: usize) -> i64 {
        self.retry[socket].delay()
    }

    /// Whether any connection is open.
    pub fn is_up(&self) -> bool {
        self.links.iter().any(Option::is_some)
    }

    /// Whether a connection is open.
    pub fn is_open(&self, socket: usize) -> bool {
        self.links.get(socket).is_some_and(Option::is_some)
    }

    /// When the last message of a coin's connection came, ns before `now`.
    fn quiet_ns(&self, coin: CoinId, now: Ns) -> Option<i64> {
        self.links[self.socket(coin)].map(|link| now.since(link.any))
    }

    /// The coins of the run.
    pub fn coins(&self) -> &Coins {
        self.decoder.coins()
    }

    /// The numbers of the coins of the run.
    pub fn ids(&self) -> impl Iterator<Item = CoinId> {
        (0..u8::try_from(self.lags.len()).unwrap_or(u8::MAX)).map(CoinId)
    }

    /// Ages of a coin's streams at `now`.
    pub fn ages(&self, coin: CoinId, now: Ns) -> Ages {
        let any_ns = self.quiet_ns(coin, now);
        let Some(paces) = self.paces.get(coin.index()) else {
            return Ages { any_ns, ..Ages::default() };
        };
        let [bbo_ns, fast_ns, slow_ns, ..] = paces.each_ref().map(|p| p.age(now));
        Ages { bbo_ns, fast_ns, slow_ns, any_ns }
    }

    /// What it knows.
    pub fn state(&self) -> SessionState {
        SessionState {
            joiners: self.joiners.clone(),
            paces: self.paces.clone(),
            lags: self.lags.clone(),
            shown: self.shown.clone(),
            links: self.links,
            from: self.from,
            connections: self.ids().map(|c| u8::try_from(self.socket(c)).unwrap_or(0)).collect(),
            rtt_ns: self.rtt_ns,
            aside: self.ids().filter(|c| self.set_aside(*c)).collect(),
            counters: self.counters,
        }
    }

    /// Goes on with what another feed of the same coins knew; false where it had other coins.
    pub fn restore(&mut self, m: SessionState) -> bool {
        let fits = m.joiners.len() == self.joiners.len();
        if fits {
            (self.joiners, self.paces, self.lags) = (m.joiners, m.paces, m.lags);
            self.shown = m.shown;
            (self.links, self.from) = (m.links, m.from);
            (self.rtt_ns, self.counters) = (m.rtt_ns, m.counters);
            (0u8..).zip(m.connections).for_each(|(c, s)| self.plan.put_on(CoinId(c), s));
            m.aside.into_iter().for_each(|c| self.put_aside(c, true));
        }
        fits
    }

    /// Which of a coin's streams are stale at `now`. A stream that is followed goes stale once it
    /// has come: recordings have what they have, and a subscription that brings nothing is the
    /// acknowledgement deadline's to judge.
    pub fn stale(&self, coin: CoinId, now: Ns) -> Stale {
        let any = cadence::silent(self.quiet_ns(coin, now));
        let Some(paces) = self.paces.get(coin.index()) else {
            return Stale { any, ..Stale::default() };
        };
        let [bbo, fast, slow, _, ctx] = Stream::ALL.map(|stream| {
            let pace = &paces[stream.index()];
            pace.heard() && cadence::stale(stream, pace.age(now))
        });
        Stale { bbo, fast, slow, ctx, any }
    }

    /// Receive time less block time of a coin's newest message that has one, in nanoseconds.
    pub fn lag_ns(&self, coin: CoinId) -> Option<i64> {
        *self.lags.get(coin.index())?
    }

    /// Measured cadence of a coin's stream since the start of the run.
    pub fn cadence(&self, coin: CoinId, stream: Stream) -> Cadence {
        self.paces.get(coin.index()).map_or(Cadence::default(), |p| p[stream.index()].cadence())
    }

    /// Round trip of the last answered ping, in nanoseconds.
    pub fn rtt_ns(&self) -> Option<i64> {
        self.rtt_ns
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        Counters { handed_over: self.decoder.handed_over(), ..self.counters }
    }

    /// Whether a coin is set aside: its subscription kills the link, the venue does not know it.
    pub fn set_aside(&self, coin: CoinId) -> bool {
        self.plan.set_aside(coin)
    }

    /// Sets a coin aside, or tries it again, as a recording says that its recorder did.
    pub fn put_aside(&mut self, coin: CoinId, aside: bool) {
        self.plan.put_aside(coin, aside);
    }

    /// A coin of a connection that is open, which was set aside long enough to be tried again.
    pub fn due_back(&self, socket: usize, now: Ns) -> Option<CoinId> {
        self.links[socket].and_then(|_| self.plan.due_back(socket, now))
    }

    /// Whether the prints at hand are too old to be live. Held against the block shown last, not the
    /// newest ever: one wrong time must not make history of all that follows.
    #[inline]
    fn is_old(&self, coin: CoinId) -> bool {
        let times = self.decoder.prints().iter().map(|p| p.time);
        let shown = self.shown[coin.index()].filter(|_| times.len() >= HISTORY_PRINTS);
        let newest = times.clone().max().max(shown);
        newest.zip(times.min()).is_some_and(|(new, old)| new.since(old) > HISTORY_NS)
    }

    fn trades(&mut self, now: Ns, coin: CoinId) -> Input<'_> {
        let newest = self.decoder.prints().last().map(|p| p.time);
        self.data(now, coin, Stream::Trades, newest);
        let unannounced = !self.joiners[coin.index()].waiting() && self.is_old(coin);
        self.counters.unannounced += u64::from(unannounced);
        if unannounced || self.joiners[coin.index()].waiting() {
            return self.history(now, coin);
        }
        let dropped = self.joiners[coin.index()].live(self.decoder.prints_mut());
        self.counters.trades += 1;
        self.count(coin, dropped);
        self.counters.prints += self.decoder.prints().len() as u64;
        Input::Event(Event::Trades { coin, prints: self.decoder.prints() })
    }

    #[cold]
    fn history(&mut self, now: Ns, coin: CoinId) -> Input<'_> {
        let prints = self.decoder.prints_mut();
        let (joint, dropped) = self.joiners[coin.index()].history(now, prints);
        self.counters.histories += 1;
        self.count(coin, dropped);
        self.counters.history_prints += self.decoder.prints().len() as u64;
        match joint {
            Joint::First => {}
            Joint::Contiguous { .. } => self.counters.contiguous += 1,
            Joint::Gap { .. } => self.counters.gaps += 1,
        }
        Input::Event(Event::History { coin, prints: self.decoder.prints(), joint })
    }

    /// An empty list names no coin. It is the history of the coin of its connection that has waited longest
    /// since its acknowledgement: the venue answers in the order it was asked.
    #[cold]
    fn empty_trades(&mut self, now: Ns) -> Input<'_> {
        let turns = self.joiners.iter().enumerate();
        let turns = turns.filter_map(|(i, j)| Some((j.turn()?, CoinId(u8::try_from(i).ok()?))));
        let turn = turns.filter(|(_, c)| self.socket(*c) == usize::from(self.from)).min();
        match turn {
            Some((_, coin)) => {
                self.data(now, coin, Stream::Trades, None);
                self.history(now, coin)
            }
            None => {
                self.counters.empty_trades += 1;
                Input::Nothing(Decoded::EmptyTrades)
            }
        }
    }

    fn quiet(&mut self, now: Ns, decoded: Decoded) {
        let c = &mut self.counters;
        match decoded {
            Decoded::Ack { stream, coin, subscribed } => {
                c.acks += 1;
                if let (Some(stream), Some(coin), true) = (stream, coin, subscribed) {
                    self.acknowledged(coin, stream);
                }
            }
            Decoded::Pong => {
                c.pongs += 1;
                if let Some(sent) =
                    self.links[usize::from(self.from)].as_mut().and_then(|l| l.ping.take())
                {
                    let ns = now.since(sent);
                    self.rtt_ns = Some(ns);
                    let ns = ns.unsigned_abs();
                    (c.timed_pings, c.ping_ns) = (c.timed_pings + 1, c.ping_ns + ns);
                    c.ping_ns_longest = c.ping_ns_longest.max(ns);
                }
            }
            Decoded::Greeting => c.greetings += 1,
            Decoded::Foreign => c.foreign += 1,
            Decoded::Aggregated => c.aggregated += 1,
            _ => c.unknown += 1,
        }
    }

    /// Streams that the venue refused or left unanswered.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    fn acknowledged(&mut self, coin: CoinId, stream: Stream) {
        self.plan.answer(coin, stream);
        if stream == Stream::Trades {
            let place = match &mut self.links[self.plan.socket(coin)] {
                Some(link) => {
                    link.acks = link.acks.saturating_add(1);
                    link.acks
                }
                None => 0,
            };
            self.joiners[coin.index()].acknowledge(place);
        }
    }

    #[cold]
    fn reject(&mut self, now: Ns, reject: Reject, message: &[u8]) -> Input<'_> {
        self.counters.rejected[reject.index()] += 1;
        // A context of another shape costs the funding, not the link.
        let optional = message.starts_with(b"{\"channel\":\"activeAssetCtx\"");
        if let (Some(link), false) = (&mut self.links[usize::from(self.from)], optional) {
            link.reject(now);
        }
        Input::Rejected(reject)
    }

    /// Market data of a stream came, of the block at `time`.
    #[inline]
    fn data(&mut self, now: Ns, coin: CoinId, stream: Stream, time: Option<Ns>) {
        if let Some(time) = time {
            self.lags[coin.index()] = Some(now.since(time));
            if stream != Stream::Trades {
                self.shown[coin.index()] = Some(time);
            }
        }
        self.paces[coin.index()][stream.index()].note(now);
        self.plan.answer(coin, stream);
        if let Some(link) = &mut self.links[self.plan.socket(coin)] {
            link.data = Some(now);
        }
    }

    /// Counts what was dropped of a trades message and what its kept prints tell of the lot.
    #[inline]
    fn count(&mut self, coin: CoinId, dropped: Dropped) {
        self.counters.duplicates += dropped.duplicates;
        self.counters.too_old += dropped.too_old;
        let lot = self.lots[coin.index()];
        let off = self.decoder.prints().iter().filter(|p| p.sz.0 % lot != 0).count();
        self.counters.off_lot += off as u64;
    }

    fn renew(&mut self, socket: usize, now: Ns) {
        self.links[socket] = Some(Link::new(now));
        self.plan.renew(socket, now);
        for coin in (0u8..).take(self.lags.len()).map(CoinId) {
            if self.plan.socket(coin) != socket {
                continue;
            }
            let i = coin.index();
            self.joiners[i].renew();
            self.shown[i] = None;
            self.paces[i].iter_mut().for_each(Pace::cut);
        }
    }
}
