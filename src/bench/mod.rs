//! How fast it is, measured where it runs: replay, the path in memory, the path over a socket; how its
//! costs grow; how it lasts.
//!
//! In: frames of a recording or of the embedded exchange. Out: times, percentiles, digests, verdicts.
//! Cold path around the hot one.
//!
//! 1. Every measurement says what it did: its records and their digest, so that a faster wrong
//!    result is seen.
//! 2. Nothing here is on the hot path; the code that is measured is the one that runs.

pub mod bare;
pub mod bound;
pub mod input;
pub(crate) mod law;
pub mod path;
pub mod replay;
pub mod rig;
pub mod wire;
