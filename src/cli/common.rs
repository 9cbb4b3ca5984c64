//! What several subcommands do alike: run folders made, locked and read, coins chosen, digests shown.
//!
//! In: paths, names. Out: folders, readers, text, or a failure with its exit code. Cold path.

use std::path::Path;

use super::exit::Failure;
use crate::app::config::ConfigOf;
use crate::app::replay::coins_of;
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::folder::recording::RecordingError;
use crate::folder::{Folder, FolderError, NoFolder, RunFolder, RunInfo};
use crate::journal::{Digests, ReadError, Reader, hex};

/// The journal of a run folder, from its beginning.
pub(super) fn journal(run: &Path) -> Result<Reader<Folder>, Failure> {
    let folder = RunFolder::at(run)
        .open()
        .map_err(|e| Failure::input(format!("no run folder `{}`: {e}", run.display())))?;
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

/// The coins of a recording that are asked for; all where none is named.
pub(super) fn chosen(file: &Path, wanted: &[String]) -> Result<Vec<CoinSpec>, Failure> {
    let all = coins_of(file).map_err(|e| recording_failure(file, &e))?;
    let names = || all.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
    if all.is_empty() {
        let text = format!("{}: no market data of any coin in its first frames", file.display());
        return Err(Failure::input(text));
    }
    if wanted.is_empty() {
        return Ok(all);
    }
    wanted
        .iter()
        .map(|w| {
            all.iter().find(|c| c.name.as_str() == w).copied().ok_or_else(|| {
                Failure::usage(format!("no coin `{w}` in {}; it has {}", file.display(), names()))
            })
        })
        .collect()
}

/// The failure of reading a recording.
pub(super) fn recording_failure(file: &Path, e: &RecordingError) -> Failure {
    let line = if e.line > 0 { format!(", line {}", e.line) } else { String::new() };
    Failure::input(format!("cannot read {}{line}: {}", file.display(), e.fault))
}

/// The folder of a new run, made and still empty: the one asked for, or the first free one under
/// `run.folder`.
pub(super) fn new_run<C: Components>(
    asked: Option<&Path>,
    config: &ConfigOf<C>,
    stem: &str,
) -> Result<RunFolder, Failure> {
    let made = match asked {
        Some(path) => RunFolder::create(path),
        None => RunFolder::create_under(Path::new(&config.run.folder), stem),
    };
    made.map_err(|e| match e {
        NoFolder::Taken(_) => Failure::usage(e.to_string()),
        NoFolder::Refused(..) | NoFolder::TooMany(..) => Failure::disk(e.to_string()),
    })
}

/// Locks a run folder, made where it is not there.
pub(super) fn lock(run: &RunFolder) -> Result<Folder, Failure> {
    let name = run.path().display();
    run.lock().map_err(|e| match e {
        FolderError::Busy => Failure::usage(format!("{name} is being written by another process")),
        FolderError::Disk(d) => Failure::disk(format!("cannot write the run folder {name}: {d}")),
    })
}

/// Locks the folder of a new run and writes the configuration in force into it.
pub(super) fn claim<C: Components>(
    run: &RunFolder,
    config: &ConfigOf<C>,
) -> Result<Folder, Failure> {
    let folder = lock(run)?;
    let toml = config.to_toml().map_err(|e| Failure::usage(e.to_string()))?;
    let path = run.settings();
    std::fs::write(&path, toml)
        .map_err(|e| Failure::disk(format!("cannot write {}: {e}", path.display())))?;
    Ok(folder)
}

/// Writes what a run says of itself.
pub(super) fn write_info(run: &RunFolder, info: &RunInfo) -> Result<(), Failure> {
    let path = run.info();
    info.write(&path).map_err(|e| Failure::disk(format!("cannot write {}: {e}", path.display())))
}

/// What a run says of itself.
pub(super) fn info(run: &Path) -> Result<RunInfo, Failure> {
    let path = RunFolder::at(run).info();
    RunInfo::read(&path).map_err(|e| Failure::input(format!("{}: {e}", path.display())))
}

/// The coins of a run as they are followed.
pub(super) fn specs(info: &RunInfo) -> Result<Vec<CoinSpec>, Failure> {
    info.specs().map_err(|e| Failure::input(format!("run.json: {e}")))
}

/// The configuration a run was made under.
pub(super) fn settings<C: Components>(run: &Path) -> Result<ConfigOf<C>, Failure> {
    ConfigOf::load(Some(&RunFolder::at(run).settings()), &[])
        .map_err(|e| Failure::input(format!("the run's configuration: {e}")))
}
