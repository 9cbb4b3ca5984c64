//! What several subcommands do alike: the journal of a run folder, its digests for people.
//!
//! In: paths, numbers. Out: readers and text, or a failure with its exit code. Cold path.

use std::path::Path;

use super::exit::Failure;
use crate::app::folder::{Folder, FolderError};
use crate::journal::{Digests, ReadError, Reader, hex};

/// The journal of a run folder, from its beginning.
pub(super) fn journal(run: &Path) -> Result<Reader<Folder>, Failure> {
    let folder = Folder::open(run).map_err(|e| {
        let why = match e {
            FolderError::Busy => "it is being written by another process".to_owned(),
            FolderError::Disk(d) => d.to_string(),
        };
        Failure::input(format!("no run folder {}: {why}", run.display()))
    })?;
    Reader::open(folder).map_err(|e| unreadable(run, e))
}

/// The failure of reading a journal.
pub(super) fn unreadable(run: &Path, e: ReadError) -> Failure {
    Failure::input(format!("cannot read the journal in {}: {e}", run.display()))
}

/// The digests of a run, two lines.
pub(super) fn digests(d: &Digests) -> String {
    format!(
        "digest   {} of all records\n         {} of the decisions alone\n",
        hex(d.run),
        hex(d.decisions)
    )
}
