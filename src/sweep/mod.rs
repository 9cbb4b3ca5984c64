//! Many configurations on many recordings, in pieces that any number of processes may do.
//!
//! In: a TOML with files, grids and seeds. Out: a plan, a row a job, one table of all rows, a ranking.
//! Cold path around the hot one.
//!
//! ```text
//!  spec.toml ──▶ spec ──▶ plan ──▶ run: one pass a file, many engines ──▶ row a job ──▶ merge ──▶ table
//!                                                                                  └──▶ rank
//! ```
//! 1. A row is addressed by the hash of program, recording, settings and seed: it is done once, by
//!    whoever comes first, and a row that is there is the row.
//! 2. Nothing in a row depends on the machine, the time or the order in which rows are made.

mod job;
mod merge;
mod plan;
mod rank;
mod row;
mod spec;

#[cfg(feature = "python")]
pub use job::Pass;
pub use job::{Around, Unit, alone, run_unit, units};
pub use merge::{known, table, write};
#[cfg(feature = "python")]
pub use plan::PYTHON;
pub use plan::{FilePlan, Plan, SOURCES, Shard};
pub use rank::{Ranked, Ranking, rank};
pub use spec::Spec;

/// Why a sweep, or a part of it, was refused: one line that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub enum SweepError {
    /// What was asked for is wrong.
    Asked(String),
    /// A file is not what it should be.
    Input(String),
    /// The disk refused.
    Disk(String),
    /// Rows are missing.
    Missing(String),
}
