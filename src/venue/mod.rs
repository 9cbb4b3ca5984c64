//! The embedded venue.
//!
//! In: a configuration, a seed. Out: the feed in wire format, and the truth behind it. Cold path.

pub mod config;
pub mod draw;
pub mod grid;
pub mod flow;
pub mod makers;
pub mod matching;
pub mod truth;
