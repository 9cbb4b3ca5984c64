//! Fixed-capacity storage: what is allocated once and never grows.
//!
//! In: capacities, at construction. Out: a window of seen trade ids. Hot path: after
//! construction nothing here allocates, frees, locks or panics.
//!
//! 1. Storage is filled at construction, so that its pages are touched before the first message.
//! 2. Full is a value the caller gets, not a growth.

#![deny(clippy::float_arithmetic)]

pub mod seen;

pub use seen::{Seen, Sight};
