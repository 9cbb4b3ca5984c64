//! The connections of a run: what each is at, and what all together may do to the venue.
//!
//! In: wishes of the hot loop, its clock. Out: wishes to the connector, closing handshakes. Within the hot
//! loop, where a connection is made or ends.
//!
//! 1. All together ask for no more connections a minute than [`CONNECTS_A_MINUTE`].

use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Poll};

use crate::feed::{Close, Loss};
use crate::limits::{CLOSE_MS, CONNECTS_A_MINUTE};
use crate::sys::clock::SessionClock;
use crate::sys::connector::{Answer, Connector};
use crate::sys::link::{FlushOutcome, Link, ReadOutcome};
use crate::sys::url::Url;
use crate::telemetry::counters::Counter;
use crate::units::Ns;
use crate::ws::conn::{Conn, Message};

/// What a connection is at.
pub(super) enum State {
    Wait(Ns),
    Asked,
    Up(Link),
}

/// One of the run's connections.
pub(super) struct Socket {
    pub state: State,
    pub conn: Conn,
    /// Number of the attempt to connect at hand.
    pub attempt: u64,
    /// There may be something to read.
    pub more: bool,
}

/// All of them.
pub(super) struct Sockets {
    pub each: Box<[Socket]>,
    /// Attempts to connect so far.
    attempts: u64,
    /// When the newest were made, by the clock of the laps, from the oldest on.
    made: [Option<u64>; CONNECTS_A_MINUTE],
}

impl Sockets {
    /// So many, to be made at once; `seed` draws their masking keys.
    pub(super) fn new(count: u8, seed: u64) -> Sockets {
        let socket = |i| Socket {
            state: State::Wait(Ns(i64::MIN)),
            conn: Conn::new(seed.wrapping_add(u64::from(i))),
            attempt: 0,
            more: false,
        };
        let each = (0..count).map(socket).collect();
        Sockets { each, attempts: 0, made: [None; CONNECTS_A_MINUTE] }
    }

    /// Asks for connection `i` at `mono` on the clock of the laps. `None`: not yet, the address made too
    /// many within the last minute, or the connector is busy.
    pub(super) fn ask(
        &mut self,
        i: usize,
        connector: &Connector,
        url: &Arc<Url>,
        mono: u64,
    ) -> Option<State> {
        let minute = Ns::MINUTE.unsigned_abs();
        let full = self.made[0].is_some_and(|m| mono.saturating_sub(m) < minute);
        if full || !connector.ask(url, self.attempts + 1) {
            return None;
        }
        self.made.rotate_left(1);
        self.made[CONNECTS_A_MINUTE - 1] = Some(mono);
        self.attempts += 1;
        self.each[i].attempt = self.attempts;
        Some(State::Asked)
    }

    /// The closing handshakes: a close frame on each connection, and a bounded wait for the venue's.
    pub(super) fn close(
        &mut self,
        connector: &Connector,
        clock: SessionClock,
        (poll, events): (&mut Poll, &mut Events),
    ) {
        let until = clock.mono_ns() + CLOSE_MS * 1_000_000;
        for Socket { state, conn, .. } in &mut self.each {
            if let State::Up(link) = state {
                conn.close(1000);
                let _ = link.flush(conn);
            }
        }
        for socket in &mut self.each {
            let state = std::mem::replace(&mut socket.state, State::Asked);
            if let State::Up(mut link) = state {
                socket.close(&mut link, clock, until, (poll, events));
                let attempt = socket.attempt;
                let _ = connector.give_back(Answer { attempt, result: Ok(link) });
            }
        }
    }
}

impl Socket {
    /// Waits for its close frame. The run is over; what arrives meanwhile is dropped.
    fn close(
        &mut self,
        link: &mut Link,
        clock: SessionClock,
        until: u64,
        (poll, events): (&mut Poll, &mut Events),
    ) {
        let conn = &mut self.conn;
        loop {
            if let FlushOutcome::Lost(_) = link.flush(conn) {
                return;
            }
            let wait = until.saturating_sub(clock.mono_ns());
            match link.read_into(conn) {
                _ if wait == 0 => return,
                ReadOutcome::Bytes(_) => link.acknowledge(),
                ReadOutcome::WouldBlock => {
                    let _ = poll.poll(events, Some(Duration::from_nanos(wait)));
                }
                ReadOutcome::Eof
                | ReadOutcome::Truncated
                | ReadOutcome::Lost(_)
                | ReadOutcome::Tls => return,
            }
            while let Ok(Some(message)) = conn.poll() {
                if matches!(message, Message::Close { .. }) {
                    let _ = link.flush(conn);
                    return;
                }
            }
        }
    }
}

/// A connection's number, as the feed counts them.
pub(super) fn number(i: usize) -> u8 {
    u8::try_from(i).unwrap_or(u8::MAX)
}

/// What counts the links that were given up for this.
pub(super) fn counter_of(close: Close) -> Counter {
    match close {
        Close::Silent => Counter::TimedOut,
        Close::NoData => Counter::ClosedNoData,
        Close::NoAck => Counter::ClosedNoAck,
        Close::Rejects => Counter::ClosedRejects,
    }
}

/// What a close code says of coming back: 1008, 1013 and private codes want to be left alone.
pub(super) fn loss_of(code: u16) -> Loss {
    match code {
        1008 | 1013 | 4000..=4999 => Loss::Refused,
        _ => Loss::Lost,
    }
}
