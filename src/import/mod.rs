//! History of others as a recording: the venue's archive, a node's fills, tardis.dev, hftbacktest's
//! collector.
//!
//! In: files, plain, gzip or lz4. Out: a recording, merged by time. Cold path.
//!
//! ```text
//!  file ──▶ rows: lines with their numbers ──▶ hyperliquid, tardis, collector: frames as the venue sends them
//!       ──▶ merge: one stream by receive time ──▶ recording, with a head that says what is not known
//! ```
//! 1. What a file is is seen by its first line, not by its name. A row that is not what its file should
//!    hold ends the import with file and row: nothing is guessed over.
//! 2. Memory is one row, or one block of fills, for each file that is open; files are opened when their
//!    time comes.
//! 3. What a source does not say is not made up: the head of the recording says it.

mod collector;
mod hyperliquid;
mod kind;
mod merge;
mod piece;
mod rows;
mod tardis;

use std::path::{Path, PathBuf};

pub use merge::{Seen, import};

/// Why an import ended: file, row, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// The file.
    pub file: PathBuf,
    /// Row from 1, the head of a table counted; 0: the whole file.
    pub row: u64,
    /// What is wrong.
    pub what: String,
    /// Whether it is the output that cannot be written.
    pub output: bool,
}

impl ImportError {
    fn new(file: &Path, row: u64, what: impl Into<String>) -> ImportError {
        ImportError { file: file.to_path_buf(), row, what: what.into(), output: false }
    }
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = self.file.display();
        match (self.output, self.row) {
            (true, _) => write!(f, "cannot write {file}: {}", self.what),
            (false, 0) => write!(f, "cannot import {file}: {}", self.what),
            (false, row) => write!(f, "cannot import {file}, row {row}: {}", self.what),
        }
    }
}

impl std::error::Error for ImportError {}

#[cfg(test)]
mod tests;
