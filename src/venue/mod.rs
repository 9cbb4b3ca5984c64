//! The embedded venue.
//!
//! In: a configuration, a seed. Out: the feed in wire format, and the truth behind it. Cold path.

pub mod matching;
