//! Transcendental functions with pinned bits, and the special functions of the learners.
//!
//! In: floats. Out: floats, the same bits on every machine. Hot path: no allocation.

pub mod det;
pub mod fixed;
