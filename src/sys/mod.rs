//! The operating system and nothing else: clock, cores, threads, signals, sockets.
//!
//! In: addresses, wishes. Out: time, links, bytes. Hot path: [`clock`] and [`link`]. Cold path: the
//! rest; [`connector`] does all that may block or allocate on a thread of its own.
//!
//! 1. The clock is read in [`clock`] only.
//! 2. The hot thread neither opens nor drops a connection: both happen on the connector's thread.

pub mod clock;
pub mod connector;
pub mod dial;
pub mod info;
pub mod jobs;
pub mod link;
#[cfg(test)]
mod loopback;
pub mod machine;
pub mod pin;
pub mod signal;
pub mod terminal;
pub mod tls;
pub mod url;
