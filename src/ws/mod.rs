//! Bytes to messages and back: the WebSocket protocol of RFC 6455, without any input or output of
//! its own.
//!
//! In: bytes of a connection. Out: messages, bytes to send, named violations. Hot path: [`frame`]
//! and [`conn`]. Cold path: [`handshake`] (the upgrade of a client) and [`server`] (the other end,
//! for the embedded venue and the tests).
//!
//! 1. Nothing here owns a socket, reads a clock or waits.
//! 2. Any division of the same bytes into pieces gives the same messages.
//! 3. No extension is offered, so a reserved bit is always a violation.

pub mod frame;
pub mod server;
