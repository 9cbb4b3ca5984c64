//! What the subcommands share: a bar of progress, files.
//!
//! In: counts, texts. Out: the terminal, files. Cold path.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::exit::{Code, Failure};

/// A bar on the terminal's error output, of so many things; silent where that is no terminal.
pub(super) fn progress(count: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX)).with_message(what);
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

/// Writes a file.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text)
        .map_err(|e| Failure::disk(format!("cannot write {}: {e}", path.display())))
}

/// A drawing that failed.
pub(super) fn undrawn(e: String) -> Failure {
    Failure::new(Code::Internal, e)
}
