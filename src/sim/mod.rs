//! Own orders against the market: what would have been filled, and what it earned.
//!
//! In: the book, prints, the ladder wanted. Out: fills, order states, the account. Hot path:
//! fixed arrays, integers only.

#![deny(clippy::float_arithmetic)]

pub mod config;
pub mod executor;
pub mod fees;
pub mod hold;
pub mod latency;
pub mod level;
pub mod ledger;
pub mod model;
pub mod models;
mod order;
pub mod orders;
pub mod paper;
pub mod queue;
mod queues;
mod refusal;
mod room;
pub mod shadow;
