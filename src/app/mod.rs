//! The rim: configuration, the loops that drive the engine, the logging thread.
//!
//! In: command-line choices, files, sockets. Out: runs. Cold path, except where a file says hot.

pub mod checkpoint;
pub mod compare;
pub mod config;
mod count;
pub mod convert;
pub mod events;
pub mod intake;
pub mod lines;
pub mod live;
pub mod measured;
pub mod notes;
pub mod past;
pub mod profile;
pub mod publish;
pub mod rehearsal;
pub mod replay;
pub mod resume;
pub mod schedule;
pub mod shapes;
pub mod source;
pub mod staged;
pub mod status;
mod sockets;
mod step;
pub mod survey;
pub mod turn;
pub mod writer;

#[cfg(test)]
mod curve_tests;
