//! The laboratory: what measures the engine and its learners, and is no part of the product.
//!
//! In: synthetic markets, the embedded exchange, recordings. Out: tables, plots, verdicts of the
//! command `papermaker-lab`. Cold path. Compiled with the feature `lab` only.

pub mod cli;
pub mod growth;
pub mod plot;
mod process;
pub mod scene;
mod scratch;
mod slope;
pub mod soak;
pub mod study;
