//! Experiments: the product in simulated markets whose truth is known.
//!
//! In: worlds, seeds. Out: tables, CSV, plots. Cold path.

mod inbook;
pub mod profit;
pub mod stats;
pub mod table;

/// How much of an experiment to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Runs of each cell, at least 1.
    pub seeds: usize,
    /// Hours of a run, where the experiment does not end by itself.
    pub hours: f64,
    /// Threads.
    pub jobs: usize,
}

impl Effort {
    /// The seed of run `i`: the same for every cell, so that policies see the same markets.
    #[must_use]
    pub fn seed(&self, i: usize) -> u64 {
        1 + (i % self.seeds.max(1)) as u64
    }
}

/// What an experiment found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// As a table.
    pub table: table::Table,
    /// As a plot.
    pub chart: super::plot::study::Chart,
}
