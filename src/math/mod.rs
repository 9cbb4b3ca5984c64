//! Transcendental functions with pinned bits, and the special functions of the learners.
//!
//! In: floats. Out: floats, the same bits on every machine. Hot path: no allocation.

pub mod beta;
pub mod counter;
pub mod det;
#[cfg(test)]
pub mod draw;
pub mod ewma;
pub mod fixed;
pub mod gamma;
pub mod normal;
pub mod seed;
