//! The embedded venue.
//!
//! In: a configuration, a seed. Out: the feed in wire format, and the truth behind it. Cold path.

pub mod agents;
pub mod coin;
pub mod config;
pub mod draw;
pub mod feed;
pub mod flow;
pub mod grid;
mod link;
pub mod makers;
pub mod market;
pub mod matching;
pub mod serve;
pub mod session;
pub mod tape;
pub mod truth;
pub mod wire;
pub mod world;
