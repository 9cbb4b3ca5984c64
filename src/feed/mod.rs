//! Venue messages in, events out: the only wall between untrusted bytes and typed values.
//!
//! In: the text of WebSocket messages and the session clock. Out: [`crate::event::Event`]s,
//! subscriptions and pings to send, verdicts on the link. Hot path: after construction nothing here
//! allocates, locks, waits, or reads a clock; `meta` and `control` alone are cold.
//!
//! 1. Nothing behind this wall checks again: prices and sizes are positive, coins are known, sides
//!    of a book are sorted, prints of a frame belong to one coin and are new.
//! 2. Any bytes give a counted, named outcome: an event, a named quiet one, or a [`Reject`].
//! 3. The two parsers agree on every input; which one is used changes speed only.

#![deny(clippy::float_arithmetic)]

mod cadence;
mod clock;
mod coins;
mod control;
mod decode;
mod envelope;
mod fields;
mod history;
mod link;
pub mod meta;
mod outcome;
mod plan;
mod refusal;
mod reject;
mod retry;
mod scan;
mod session;
mod streams;
mod tape;
mod verdict;
#[cfg(test)]
mod tests;

pub use clock::{ClockMap, Seen};
pub use coins::{BadCoin, CoinSpec, Coins, is_perpetual};
pub use control::{
    Control, SIMULATED, aside_line, coin_line, control, import_line, imported, is_coin, is_ours,
    listed, lost_frames, lost_line, set_aside,
};
pub use decode::{Decoder, Parser};
pub use outcome::{Decoded, Stream};
pub use refusal::{Refusal, Words, printable};
pub use reject::{Counters, Reject};
pub use session::{Feed, PING, Read, SessionState};
pub use streams::{Config, Streams};
pub use verdict::{Close, Input, Loss, Verdict};
