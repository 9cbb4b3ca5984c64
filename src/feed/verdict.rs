//! What a message was to the engine, what the feed thinks of the link, and how a link ends.
//!
//! In: nothing. Out: plain values. Hot path.

use serde::{Deserialize, Serialize};

use super::outcome::Decoded;
use super::reject::Reject;
use crate::event::Event;

/// Whether to go on with the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Go on.
    Keep,
    /// Close it and connect again.
    Close(Close),
    /// End the run: the venue refuses a stream that a coin cannot be followed without.
    Refused,
}

/// Why a link is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Close {
    /// No message for `MESSAGE_SILENCE_NS`.
    Silent,
    /// No market data for `DATA_SILENCE_NS`, though other messages come.
    NoData,
    /// A subscription was not answered for `ACK_NS`.
    NoAck,
    /// More than `REJECTS_PER_MIN_MAX` messages turned away in a minute.
    Rejects,
}

/// How a link ended, or why none came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Anything ordinary: closed, reset, refused by the network, given up by us.
    Lost,
    /// The venue refused by policy: close 1008, HTTP 429. The next attempt waits in the slow lane.
    Refused,
}

/// What a message was to the engine.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// An event.
    Event(Event<'a>),
    /// Nothing the engine needs to know.
    Nothing(Decoded),
    /// Turned away.
    #[cfg_attr(
        not(any(test, feature = "lab")),
        expect(dead_code, reason = "counters tell a run, this tells a test")
    )]
    Rejected(Reject),
}
