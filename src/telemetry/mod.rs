//! What the process knows of itself: counters and latencies.
//!
//! In: increments on the hot thread, lap times on the logging thread. Out: snapshots that cold
//! threads read. Hot path: `counters` (an array of integers); cold path: the others.
//!
//! 1. Nothing here decides anything.

pub mod clocks;
pub mod counters;
pub mod latency;
pub mod recent;
