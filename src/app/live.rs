//! The hot thread of a live run: socket, WebSocket, feed, engine, queue, in one loop.
//!
//! In: links from the connector, the clock, the stop flag. Out: records, raw frames and laps into
//! their rings. Hot path: waits only in `poll`; connecting and dropping links is the connector's.
//!
//! 1. A run begins with its first link: what is published before would have no place in a replay.
//! 2. Everything that reaches the engine is recorded with the stamp it had there.
//! 3. A readable socket is read until it would block, a bounded number of reads a turn.
//! 4. A frame is copied for the recording after its records are queued.

use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Interest, Poll, Token, Waker};
use rustls::ClientConfig;

use super::publish::{Laps, Publisher, RawTap};
use super::recording::control;
use super::staged::Stage;
use super::turn::Turn;
use crate::feed::{Loss, Verdict};
use crate::limits::CONNECT_MS;
use crate::record::StopReason;
use crate::sys::clock::SessionClock;
use crate::sys::connector::{Answer, Connector};
use crate::sys::dial::ConnectError;
use crate::sys::link::{FlushOutcome, Link, ReadOutcome};
use crate::sys::signal::Stop;
use crate::sys::url::Url;
use crate::telemetry::latency::Lap;
use crate::units::Ns;
use crate::ws::conn::{Conn, Message};

const SOCKET: Token = Token(0);
const WAKER: Token = Token(1);
/// Reads of a turn, so that ticks and signals are served under a flood.
const READS_PER_TURN: u32 = 16;
/// Longest wait without a look at the clock.
const WAIT: Duration = Duration::from_millis(5);

/// Where the loop connects to and when it ends.
#[derive(Debug)]
pub struct Plan {
    /// The venue.
    pub url: Arc<Url>,
    /// TLS for `wss`.
    pub tls: Arc<ClientConfig>,
    /// Session clock.
    pub clock: SessionClock,
    /// Session nanoseconds after the first link at which the run ends; `None`: never by itself.
    pub length_ns: Option<i64>,
    /// Spin instead of waiting in `poll`.
    pub busy: bool,
    /// Masking keys of the WebSocket.
    pub mask_seed: u64,
}

/// The rings' hot ends.
#[derive(Debug)]
pub struct Rings {
    /// Records.
    pub records: Publisher,
    /// Raw frames, where they are recorded.
    pub raw: Option<RawTap>,
    /// Laps.
    pub laps: Laps,
}

/// How the loop ended.
#[derive(Debug)]
pub struct LiveEnd {
    /// Why.
    pub reason: StopReason,
    /// The error of the first attempt, where no link ever came about.
    pub refused: Option<ConnectError>,
    /// Times a link was lost.
    pub lost: u64,
    /// The rings' ends, for their counts.
    pub rings: Rings,
    /// Feed and engine, for their counts.
    pub turn: Turn,
}

enum State {
    Wait(Ns),
    Asked,
    Up(Link),
}

struct Hot {
    plan: Plan,
    rings: Rings,
    turn: Turn,
    stage: Stage,
    conn: Conn,
    began: Option<Ns>,
    lost: u64,
}

/// Runs until the stop flag, the end of the time, or a lasting refusal of the first attempt.
///
/// # Errors
/// The operating system gives no poll, waker or thread.
pub fn run(plan: Plan, turn: Turn, rings: Rings, stop: &Stop) -> std::io::Result<LiveEnd> {
    let mut poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
    let connector = Connector::start(Arc::clone(&plan.tls), waker, CONNECT_MS)?;
    let mut events = Events::with_capacity(8);
    let conn = Conn::new(plan.mask_seed);
    let mut hot = Hot { conn, rings, turn, stage: Stage::default(), began: None, lost: 0, plan };
    let mut state = State::Wait(Ns(i64::MIN));
    let mut attempt = 0;
    let mut refused = None;
    let mut more = false;
    let reason = loop {
        let now = hot.plan.clock.now();
        hot.settle(now);
        if stop.is_asked() {
            break StopReason::Signal;
        }
        if hot.is_over(now) {
            break StopReason::Finished;
        }
        state = match state {
            State::Wait(at) if now >= at => {
                attempt += 1;
                if connector.ask(&hot.plan.url, attempt) { State::Asked } else { State::Wait(at) }
            }
            State::Asked => match connector.answer() {
                Some(Answer { result: Ok(mut link), .. }) => {
                    poll.registry().register(
                        link.source(),
                        SOCKET,
                        Interest::READABLE | Interest::WRITABLE,
                    )?;
                    hot.up(now);
                    more = true;
                    State::Up(link)
                }
                Some(Answer { result: Err(e), attempt }) => {
                    if hot.began.is_none() && e.is_lasting() {
                        refused = Some(e);
                        break StopReason::Venue;
                    }
                    let _ = connector.give_back(Answer { attempt, result: Err(e) });
                    hot.turn.failed(now, Loss::Lost);
                    State::Wait(now.plus(hot.turn.retry_delay()))
                }
                None => State::Asked,
            },
            State::Up(mut link) => {
                let closing = hot.turn.verdict() != Verdict::Keep;
                match if closing { None } else { hot.pump(&mut link) } {
                    Some(unread) => {
                        more = unread;
                        State::Up(link)
                    }
                    None => {
                        let now = hot.plan.clock.now();
                        poll.registry().deregister(link.source())?;
                        let _ = connector.give_back(Answer { attempt, result: Ok(link) });
                        hot.down(now);
                        State::Wait(now.plus(hot.turn.retry_delay()))
                    }
                }
            }
            State::Wait(at) => State::Wait(at),
        };
        let wait = if more || hot.plan.busy { Duration::ZERO } else { WAIT };
        match poll.poll(&mut events, Some(wait)) {
            Err(e) if e.kind() != std::io::ErrorKind::Interrupted => return Err(e),
            _ => {}
        }
    };
    hot.stop(reason);
    let Hot { rings, turn, lost, .. } = hot;
    Ok(LiveEnd { reason, refused, lost, rings, turn })
}

impl Hot {
    fn is_over(&self, now: Ns) -> bool {
        self.began.zip(self.plan.length_ns).is_some_and(|(b, l)| now.since(b) >= l)
    }

    /// Ticks that are due, and the state of the queue.
    fn settle(&mut self, now: Ns) {
        if self.began.is_none() {
            return;
        }
        self.turn.advance(now, &mut self.rings.records);
        if let Some(behind) = self.rings.records.behind() {
            self.note(now, if behind { control::BEHIND } else { control::DRAINED });
            self.turn.behind(now, behind, &mut self.rings.records);
        }
    }

    fn note(&mut self, now: Ns, line: &[u8]) {
        if let Some(raw) = &mut self.rings.raw {
            raw.offer(now, line);
        }
    }

    fn up(&mut self, now: Ns) {
        if self.began.is_none() {
            self.began = Some(now);
            self.turn.start(now, &mut self.rings.records);
        }
        self.note(now, control::UP);
        self.conn.restart();
        self.turn.up(now, &mut self.rings.records);
    }

    fn down(&mut self, now: Ns) {
        self.lost += 1;
        self.note(now, control::DOWN);
        self.turn.down(now, Loss::Lost, &mut self.rings.records);
    }

    fn stop(&mut self, reason: StopReason) {
        if self.began.is_none() {
            return;
        }
        let now = self.plan.clock.now();
        self.turn.advance(now, &mut self.rings.records);
        self.note(now, control::STOP);
        let records = self.rings.records.next_seq();
        self.turn.stop(now, reason, records, &mut self.rings.records);
        if let Some(raw) = &mut self.rings.raw {
            raw.settle();
        }
        self.rings.records.settle();
    }

    /// Reads and sends. `Some(true)`: there may be more to read; `None`: the link is gone.
    fn pump(&mut self, link: &mut Link) -> Option<bool> {
        let mut more = true;
        let mut gone = false;
        for _ in 0..READS_PER_TURN {
            let begun = self.plan.clock.mono_ns();
            match link.read_into(&mut self.conn) {
                ReadOutcome::Bytes(_) => gone |= !self.take(begun),
                ReadOutcome::WouldBlock => {
                    more = false;
                    break;
                }
                ReadOutcome::Eof
                | ReadOutcome::Truncated
                | ReadOutcome::Lost(_)
                | ReadOutcome::Tls => return None,
            }
        }
        let now = self.plan.clock.now();
        while let Some(text) = self.turn.next_send(now) {
            if self.conn.send_text(text).is_err() {
                return None;
            }
        }
        match link.flush(&mut self.conn) {
            FlushOutcome::Lost(_) => None,
            _ if gone => None,
            _ => Some(more),
        }
    }

    /// The messages of one read that began at `begun`; false where the link is to be closed.
    fn take(&mut self, begun: u64) -> bool {
        let clock = self.plan.clock;
        let read = clock.mono_ns();
        let now = clock.at(read);
        self.turn.advance(now, &mut self.rings.records);
        loop {
            let started = clock.mono_ns();
            let message = match self.conn.poll() {
                Ok(Some(m)) => m,
                Ok(None) => return true,
                Err(_) => return false,
            };
            let text = match message {
                Message::Text(text) => text,
                Message::Close { .. } => return false,
                Message::Binary(_) | Message::Pong => continue,
            };
            let framed = clock.mono_ns();
            let mut parsed = framed;
            let mut staged = self.stage.before(&mut self.rings.records);
            self.turn.message_marked(now, text, &mut staged, || parsed = clock.mono_ns());
            let decided = clock.mono_ns();
            staged.flush();
            let published = clock.mono_ns();
            let short = |from: u64, to: u64| u32::try_from(to - from).unwrap_or(u32::MAX);
            self.rings.laps.push(Lap {
                read: short(begun, read),
                wait: short(read, started),
                frame: short(started, framed),
                parse: short(framed, parsed),
                engine: short(parsed, decided),
                publish: short(decided, published),
            });
            if let Some(raw) = &mut self.rings.raw {
                raw.offer(now, text);
            }
        }
    }
}
