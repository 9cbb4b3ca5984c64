//! The hot thread of a live run: sockets, WebSocket, feed, engine, queue, in one loop.
//!
//! In: links from the connector, the clock, the stop flag. Out: records, raw frames and laps into
//! their rings. Hot path: waits only in `poll`; connecting and dropping links is the connector's.
//!
//! 1. A run begins with its first link: what is published before would have no place in a replay. One
//!    that is resumed has started: its clock goes on with the link down.
//! 2. Everything that reaches the engine is recorded with the stamp it had there.
//! 3. A readable socket is read until it would block, a bounded number of reads a turn; one that is not
//!    is left alone: a read would wait for the lock under which the system is about to fill it.
//! 4. A frame is copied for the recording, and for the rehearsal, after its records are queued, and
//!    acknowledged after all that.
//! 5. Each connection has its own coins and goes down and up by itself. All together make no more
//!    attempts a minute than the venue allows an address.

use std::sync::Arc;
use std::time::Duration;

use arrayvec::ArrayVec;
use mio::{Events, Interest, Poll, Token, Waker};
use rustls::ClientConfig;

use super::count;
use super::notes::{Note, Notes};
use super::publish::Rings;
use super::rehearsal::Rehearsal;
use super::sockets::{Sockets, State, counter_of, loss_of, number};
use super::source::Signal;
use super::staged::Stage;
use super::step::step;
use super::turn::Turn;
use crate::engine::{Components, Shipped};
use crate::feed::{self, CoinSpec, Control, Loss, Verdict};
use crate::limits::{
    ASIDE_LINE_MAX, COINS_MAX, CONNECT_MS, CONTROL_LINE_MAX, HOT_WAIT, READS_PER_TURN, SOCKETS,
    SOCKETS_MAX, STAMP_LEAP_NS, STATUS_NS, TICK_NS,
};
use crate::record::StopReason;
use crate::sys::clock::SessionClock;
use crate::sys::connector::{Answer, Connector, Failures};
use crate::sys::dial::{self, ConnectError};
use crate::sys::link::{FlushOutcome, Link, ReadOutcome};
use crate::sys::pin::{Pin, Pinned, pin};
use crate::sys::signal::Stop;
use crate::sys::url::Url;
use crate::telemetry::counters::{Counter, Counters};
use crate::telemetry::latency::Lap;
use crate::units::{CoinId, Ns};
use crate::ws::conn::Message;

/// Below it are the connections.
const WAKER: Token = Token(SOCKETS);

/// Where the loop connects to and when it ends.
#[derive(Debug)]
pub struct Plan<C: Components = Shipped> {
    /// The venue.
    pub url: Arc<Url>,
    /// Connections to it, 1 to `SOCKETS_MAX`.
    pub sockets: u8,
    /// TLS for `wss`.
    pub tls: Arc<ClientConfig>,
    /// Session clock.
    pub clock: SessionClock,
    /// Session nanoseconds after the first link at which the run ends; `None`: never by itself.
    /// Without a link it ends so long after its start.
    pub length_ns: Option<i64>,
    /// Core to run on.
    pub pin: Pin,
    /// How it waits for the socket.
    pub idle: Idle<C>,
    /// Masking keys of the WebSocket.
    pub mask_seed: u64,
    /// Where failed attempts to connect are noted for other threads.
    pub failures: Arc<Failures>,
    /// Where is noted for another thread what people are to know.
    pub notes: Notes,
    /// The run began before, and goes on.
    pub resumed: bool,
    /// The market is a simulated one, which the recording says.
    pub simulated: bool,
}

/// How the loop waits for the socket.
#[derive(Debug)]
pub enum Idle<C: Components = Shipped> {
    /// In `poll`.
    Sleeps,
    /// Looks again at once; what to rehearse with meanwhile.
    Polls(Option<Box<Rehearsal<C>>>),
}

impl<C: Components> Idle<C> {
    /// Polls, and rehearses with `turn`.
    pub fn rehearsing(turn: Turn<C>) -> Idle<C> {
        Idle::Polls(Some(Box::new(Rehearsal::new(turn))))
    }

    fn rehearsal(&mut self) -> Option<&mut Rehearsal<C>> {
        match self {
            Idle::Sleeps => None,
            Idle::Polls(rehearsal) => rehearsal.as_deref_mut(),
        }
    }
}

/// How the loop ended.
#[derive(Debug)]
pub struct LiveEnd<C: Components = Shipped> {
    /// Why.
    pub reason: StopReason,
    /// Whether a link ever came about.
    pub began: bool,
    /// Times a link was lost.
    pub lost: u64,
    /// What came of the wish for a core.
    pub pinned: Pinned,
    /// The rings' ends, for their counts.
    pub rings: Rings,
    /// Feed and engine, for their counts.
    pub turn: Turn<C>,
    /// How often the path was rehearsed.
    pub rehearsed: u64,
}

struct Hot<C: Components> {
    plan: Plan<C>,
    rings: Rings,
    turn: Turn<C>,
    stage: Stage,
    sockets: Sockets,
    started: Ns,
    began: Option<Ns>,
    lost: u64,
    /// Connection that the recording says messages without a coin came over.
    said: u8,
    counters: Counters,
    /// When the turn began, and when the counters were shown last.
    turned: (u64, Ns),
    /// Up to when time has passed in the run.
    advanced: Ns,
    /// The longest turn since then, ns.
    longest: u64,
    /// Streams given up that were shown.
    refused: usize,
    /// What a recording says of its market and its coins, a line each.
    coins: Vec<Vec<u8>>,
}

/// Runs until the stop flag, the end of the time, or a lasting refusal of the first attempt.
///
/// # Errors
/// The operating system gives no poll, waker or thread.
pub fn run<C: Components>(
    plan: Plan<C>,
    turn: Turn<C>,
    rings: Rings,
    stop: &Stop,
) -> std::io::Result<LiveEnd<C>> {
    let mut poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
    let failures = Arc::clone(&plan.failures);
    let connector = Connector::start(Arc::clone(&plan.tls), waker, CONNECT_MS, failures)?;
    // Last, since threads inherit it.
    let pinned = pin(plan.pin);
    let mut events = Events::with_capacity(2 * SOCKETS);
    let mut hot = Hot::new(plan, turn, rings);
    let reason = loop {
        let now = hot.plan.clock.now();
        hot.advance(now);
        if stop.is_asked() {
            let failed = hot.rings.records.has_failed();
            break if failed { StopReason::Failed } else { StopReason::Signal };
        }
        if hot.is_over(now) {
            break if hot.began.is_some() { StopReason::Finished } else { StopReason::Venue };
        }
        if !hot.turn_links(now, &connector, &poll)? {
            break StopReason::Venue;
        }
        hot.count(now);
        let polls = matches!(hot.plan.idle, Idle::Polls(_));
        let more = hot.sockets.each.iter().any(|s| s.more);
        let wait = if more || polls { Duration::ZERO } else { HOT_WAIT };
        match poll.poll(&mut events, Some(wait)) {
            Err(e) if e.kind() != std::io::ErrorKind::Interrupted => return Err(e),
            _ => {
                for event in &events {
                    // The waker's is beyond them.
                    if let Some(socket) = hot.sockets.each.get_mut(event.token().0) {
                        socket.more = true;
                    }
                }
            }
        }
    };
    hot.stop(reason);
    hot.sockets.close(&connector, hot.plan.clock, (&mut poll, &mut events));
    let rehearsed = hot.plan.idle.rehearsal().map_or(0, |r| r.times());
    let Hot { rings, turn, lost, began, .. } = hot;
    Ok(LiveEnd { reason, began: began.is_some(), lost, pinned, rings, turn, rehearsed })
}

impl<C: Components> Hot<C> {
    fn new(plan: Plan<C>, mut turn: Turn<C>, rings: Rings) -> Hot<C> {
        let count = plan.sockets.clamp(1, SOCKETS_MAX);
        turn.share_out(count);
        let feed = turn.feed();
        let says = plan.simulated.then(|| feed::SIMULATED.to_vec());
        let coins = (0u8..).zip(feed.coins().as_slice());
        let coins = coins.map(|(i, c)| feed::coin_line(c, i % count));
        let now = plan.clock.now();
        Hot {
            coins: says.into_iter().chain(coins).collect(),
            sockets: Sockets::new(count, plan.mask_seed),
            said: feed.said(),
            rings,
            turn,
            stage: Stage::default(),
            started: now,
            began: plan.resumed.then_some(now),
            lost: 0,
            counters: Counters::default(),
            turned: (0, Ns(0)),
            advanced: Ns(i64::MAX),
            longest: 0,
            refused: 0,
            plan,
        }
    }

    fn is_over(&self, now: Ns) -> bool {
        let from = self.began.unwrap_or(self.started);
        self.plan.length_ns.is_some_and(|l| now.since(from) >= l)
    }

    /// One look at each connection. False: the venue refuses for good, or refuses what is needed.
    fn turn_links(&mut self, now: Ns, connector: &Connector, poll: &Poll) -> std::io::Result<bool> {
        while let Some(answer) = connector.answer() {
            if !self.answered(now, answer, connector, poll) {
                return Ok(false);
            }
        }
        self.show_refusals();
        let (mut reads, mut open) = (0, false);
        for i in 0..self.sockets.each.len() {
            let state = std::mem::replace(&mut self.sockets.each[i].state, State::Asked);
            self.sockets.each[i].state = match state {
                State::Wait(at) if now >= at => {
                    let mono = self.plan.clock.mono_ns();
                    self.sockets.ask(i, connector, &self.plan.url, mono).unwrap_or(State::Wait(at))
                }
                State::Up(link) => match self.turn_link(i, link, &mut reads, connector, poll) {
                    Some(state) => state,
                    None => return Ok(false),
                },
                state => state,
            };
            open |= matches!(self.sockets.each[i].state, State::Up(_));
        }
        self.counters.add(Counter::TurnsBusy, u64::from(reads > 0));
        if reads == 0
            && open
            && let Some(rehearsal) = self.plan.idle.rehearsal()
        {
            let mono = self.plan.clock.mono_ns();
            rehearsal.rehearse(self.plan.clock, mono, (&self.turn, &mut self.stage));
        }
        Ok(true)
    }

    /// A wish for a link was answered. False: it was the first, and refused for good.
    fn answered(&mut self, now: Ns, answer: Answer, connector: &Connector, poll: &Poll) -> bool {
        let Answer { attempt, result } = answer;
        let Some(i) = self.sockets.each.iter().position(|s| s.attempt == attempt) else {
            return true;
        };
        self.sockets.each[i].state = match result {
            Ok(mut link) => {
                let interest = Interest::READABLE | Interest::WRITABLE;
                if let Err(e) = poll.registry().register(link.source(), Token(i), interest) {
                    let wait = self.failed(i, now, &ConnectError::from_io(&e, dial::Stage::Tcp));
                    let _ = connector.give_back(Answer { attempt, result: Ok(link) });
                    State::Wait(wait)
                } else {
                    link.acknowledge();
                    self.up(i, now);
                    self.sockets.each[i].more = true;
                    State::Up(link)
                }
            }
            Err(e) => {
                if self.began.is_none() && !e.may_pass() {
                    return false;
                }
                let wait = self.failed(i, now, &e);
                let _ = connector.give_back(Answer { attempt, result: Err(e) });
                State::Wait(wait)
            }
        };
        true
    }

    /// One look at an open link. `None`: the venue refuses what is needed.
    fn turn_link(
        &mut self,
        i: usize,
        mut link: Link,
        reads: &mut u64,
        connector: &Connector,
        poll: &Poll,
    ) -> Option<State> {
        let attempt = self.sockets.each[i].attempt;
        let verdict = self.turn.verdict(number(i));
        if verdict == Verdict::Refused {
            let _ = poll.registry().deregister(link.source());
            let _ = connector.give_back(Answer { attempt, result: Ok(link) });
            return None;
        }
        if let Verdict::Close(close) = verdict {
            self.counters.bump(counter_of(close));
        }
        let closing = verdict != Verdict::Keep;
        match if closing { Err(Loss::Lost) } else { self.pump(i, &mut link, reads) } {
            Ok(()) => Some(State::Up(link)),
            Err(loss) => {
                let now = self.plan.clock.now();
                // Closing takes it out of the poll, too.
                let _ = poll.registry().deregister(link.source());
                let _ = connector.give_back(Answer { attempt, result: Ok(link) });
                self.down(i, now, loss);
                self.sockets.each[i].more = false;
                Some(State::Wait(self.again(i, now)))
            }
        }
    }

    /// When to connect again after link `i` was lost at `now`.
    fn again(&mut self, i: usize, now: Ns) -> Ns {
        let wait = self.turn.retry_delay(number(i));
        let _ = self.plan.notes.push(Note::Again(wait));
        now.plus(wait)
    }

    /// Streams given up since the last look, for those who watch.
    fn show_refusals(&mut self) {
        let list = self.turn.feed().refusals().list();
        while let Some(r) = list.get(self.refused)
            && self.plan.notes.push(Note::GivenUp(*r)).is_ok()
        {
            self.refused += 1;
        }
    }

    /// An attempt at connection `i` failed at `now`; gives when to try again.
    fn failed(&mut self, i: usize, now: Ns, e: &ConnectError) -> Ns {
        self.counters.bump(Counter::ConnectFailed);
        let asked = i64::from(e.retry_after_s()) * Ns::SEC;
        let refused = e.is_lasting() || asked > 0;
        self.counters.add(Counter::ConnectRefused, u64::from(refused));
        self.turn.failed(number(i), now, if refused { Loss::Refused } else { Loss::Lost });
        let wait = self.turn.retry_delay(number(i)).max(asked);
        let _ = self.plan.notes.push(Note::Again(wait));
        now.plus(wait)
    }

    /// Ticks that are due, and the state of the queue.
    fn advance(&mut self, now: Ns) {
        self.turned.0 = self.plan.clock.mono_ns();
        if self.began.is_none() {
            return;
        }
        // A replay knows no turns: where a leap of the clock may follow, up to which one time passed.
        if now.since(self.advanced) >= STAMP_LEAP_NS / 2 {
            self.note(self.advanced, Control::Still.line());
        }
        self.advanced = now;
        self.turn.advance(now, &mut self.rings.records);
        if let Some(behind) = self.rings.records.behind() {
            self.counters.add(Counter::Behind, u64::from(behind));
            self.note(now, if behind { Control::Behind } else { Control::Drained }.line());
            self.turn.behind(now, behind, &mut self.rings.records);
        }
    }

    /// Ends a turn that began at `now`.
    fn count(&mut self, now: Ns) {
        let took = self.plan.clock.mono_ns() - self.turned.0;
        self.counters.bump(Counter::Turns);
        self.longest = self.longest.max(took);
        self.counters.add(Counter::TurnsSlow, u64::from(took > TICK_NS.unsigned_abs()));
        if now.since(self.turned.1) >= STATUS_NS {
            self.turned.1 = now;
            self.show_counters();
        }
    }

    fn show_counters(&mut self) {
        // Turns since the last show belong to what a reader has not seen: none is left out.
        let longest = std::mem::take(&mut self.longest);
        if self.rings.board.was_reset() {
            self.counters.set(Counter::TurnNsMax, longest);
        } else {
            self.counters.max(Counter::TurnNsMax, longest);
        }
        count::gather(&mut self.counters, &self.turn, &self.rings);
        self.counters.show(&self.rings.board);
    }

    fn note(&mut self, now: Ns, line: &[u8]) {
        if let Some(raw) = &mut self.rings.raw {
            raw.offer(now, line);
        }
    }

    /// What the recording says of connection `i`.
    fn note_of(&mut self, now: Ns, i: usize, what: Control) {
        let line: ArrayVec<u8, CONTROL_LINE_MAX> = what.line_of(number(i)).collect();
        self.note(now, &line);
    }

    fn up(&mut self, i: usize, now: Ns) {
        if self.began.is_none() {
            self.began = Some(now);
        }
        // Coins before the link: whoever reads has to know which are its own.
        if let Some(raw) = &mut self.rings.raw {
            for line in &self.coins {
                raw.offer(now, line);
            }
        }
        self.note_of(now, i, Control::Up);
        self.sockets.each[i].conn.restart();
        let first = !self.turn.feed().is_up();
        self.turn.up(number(i), now, &mut self.rings.records);
        if let (true, Some(rehearsal)) = (first, self.plan.idle.rehearsal()) {
            rehearsal.up(now);
        }
    }

    fn down(&mut self, i: usize, now: Ns, loss: Loss) {
        self.lost += 1;
        self.note_of(now, i, Control::Down);
        // Who hears of it can say why.
        self.show_counters();
        let before = self.set_aside();
        self.turn.down(number(i), now, loss, &mut self.rings.records);
        for coin in self.set_aside().into_iter().filter(|c| !before.contains(c)) {
            if let Some(coin) = self.turn.feed().coins().get(coin).copied() {
                self.note_aside(now, &coin, true);
            }
        }
        if let (false, Some(rehearsal)) = (self.turn.feed().is_up(), self.plan.idle.rehearsal()) {
            rehearsal.down(now);
        }
    }

    /// Coins that are no longer subscribed.
    fn set_aside(&self) -> ArrayVec<CoinId, COINS_MAX> {
        let feed = self.turn.feed();
        feed.ids().filter(|c| feed.set_aside(*c)).collect()
    }

    /// A replay cannot find out by itself: it subscribes to nothing.
    fn note_aside(&mut self, now: Ns, coin: &CoinSpec, aside: bool) {
        let line: ArrayVec<u8, ASIDE_LINE_MAX> = feed::aside_line(&coin.name, aside).collect();
        self.note(now, &line);
    }

    fn stop(&mut self, reason: StopReason) {
        if self.began.is_none() {
            return;
        }
        let now = self.plan.clock.now();
        self.turn.stopping(now, &mut self.rings.records);
        self.note(now, Control::Stop.line());
        let records = self.rings.records.next_seq();
        self.turn.stop(now, reason, records, &mut self.rings.records);
        self.rings.flush_lost_markers();
        self.show_counters();
    }

    /// Reads on connection `i` and sends, counting reads; or how the link was lost.
    fn pump(&mut self, i: usize, link: &mut Link, all: &mut u64) -> Result<(), Loss> {
        let mut reads = 0;
        self.turn.from(number(i));
        while self.sockets.each[i].more && reads < READS_PER_TURN {
            let asked = self.plan.clock.mono_ns();
            match link.read_into(&mut self.sockets.each[i].conn) {
                ReadOutcome::Bytes(n) => {
                    reads += 1;
                    self.counters.add(Counter::ReadBytes, n as u64);
                    if let Err(loss) = self.take(i, asked) {
                        // The answer to a close frame, if it fits at once.
                        let _ = link.flush(&mut self.sockets.each[i].conn);
                        return Err(loss);
                    }
                }
                ReadOutcome::WouldBlock => self.sockets.each[i].more = false,
                ReadOutcome::Eof | ReadOutcome::Truncated => {
                    self.counters.bump(Counter::EndedUncleanly);
                    return Err(Loss::Lost);
                }
                ReadOutcome::Lost(_) | ReadOutcome::Tls => {
                    self.counters.bump(Counter::Reset);
                    return Err(Loss::Lost);
                }
            }
        }
        if reads > 0 {
            link.acknowledge();
        }
        self.counters.add(Counter::Reads, reads);
        *all += reads;
        let now = self.plan.clock.now();
        if let Some(coin) = self.turn.due_back(number(i), now) {
            self.turn.take(now, Signal::Aside(&coin.name, false), &mut self.rings.records);
            self.note_aside(now, &coin, false);
        }
        let mut pinged = false;
        while let Some(text) = self.turn.next_send(number(i), now) {
            pinged |= text == feed::PING;
            self.sockets.each[i].conn.send_text(text).map_err(|_| Loss::Lost)?;
        }
        if pinged {
            self.note_of(now, i, Control::Ping);
        }
        match link.flush(&mut self.sockets.each[i].conn) {
            FlushOutcome::Lost(_) => Err(Loss::Lost),
            FlushOutcome::Done | FlushOutcome::WouldBlock => Ok(()),
        }
    }

    /// The messages of one read on connection `i` that began at `asked`.
    fn take(&mut self, i: usize, asked: u64) -> Result<(), Loss> {
        let clock = self.plan.clock;
        let read = clock.mono_ns();
        let now = clock.at(read);
        self.turn.advance(now, &mut self.rings.records);
        loop {
            let started = clock.mono_ns();
            let message = match self.sockets.each[i].conn.poll() {
                Ok(Some(m)) => m,
                Ok(None) => return Ok(()),
                Err(_) => {
                    self.counters.bump(Counter::ProtocolErrors);
                    return Err(Loss::Lost);
                }
            };
            let text = match message {
                Message::Text(text) => text,
                Message::Close { code, reason } => {
                    self.counters.bump(Counter::ClosedByVenue);
                    let _ = self.plan.notes.push(Note::Closed(code, feed::printable(reason)));
                    let loss = loss_of(code);
                    let by_policy = u64::from(loss == Loss::Refused);
                    self.counters.add(Counter::ClosedByPolicy, by_policy);
                    return Err(loss);
                }
                Message::Binary(_) => {
                    self.counters.bump(Counter::Binary);
                    continue;
                }
                Message::Pong => continue,
            };
            if feed::is_ours(text) {
                // A venue message on our reserved channel would be obeyed on replay: drop the link.
                self.counters.bump(Counter::ProtocolErrors);
                return Err(Loss::Lost);
            }
            let framed = clock.mono_ns();
            let to = (&mut self.stage, &mut self.rings.records);
            let [parsed, decided, published] = step(&mut self.turn, to, clock, now, text);
            let short = |from: u64, to: u64| u32::try_from(to - from).unwrap_or(u32::MAX);
            self.rings.laps.push(Lap {
                read: short(asked, read),
                wait: short(read, started),
                frame: short(started, framed),
                parse: short(framed, parsed),
                engine: short(parsed, decided),
                publish: short(decided, published),
            });
            self.advanced = now;
            if let Some(raw) = &mut self.rings.raw {
                if self.said != number(i) && self.turn.stream().is_none() {
                    self.said = number(i);
                    let from: ArrayVec<u8, CONTROL_LINE_MAX> =
                        Control::From.line_of(self.said).collect();
                    raw.offer(now, &from);
                }
                raw.offer(now, text);
            }
            if let Some(rehearsal) = self.plan.idle.rehearsal() {
                rehearsal.heard(published, self.turn.stream(), text);
            }
        }
    }
}
