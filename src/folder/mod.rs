//! The folder of a run: every file name in it, its lock, its recording, its bound.
//!
//! In: a path. Out: paths of its files, the run's own account of itself, readers and writers of its
//! recording. Cold path.
//!
//! ```text
//!  runs/NAME/  run.json        what the run is and how it ended      info
//!              config.toml     settings in force
//!              *.journal       records, in segments                  journal, through disk
//!              frames.gz …     received frames, in as many segments  recording
//!              latency.hlog    latencies of the hot thread
//!              truth.json      what an embedded exchange knows of itself
//!              report.html     the page
//!              checkpoint      state of a replay between two frames
//!              past            what the segments before the newest came to
//!              export/         tables for other programs
//!              status.sock     the run's state, while it runs
//!              lock            held by the one process that writes
//! ```
//! 1. Names of files in a run's folder stand here, in `journal` (segments, lock) and in
//!    [`recording`] (segments), and nowhere else.
//! 2. A new run's folder is made, not looked for: two runs that start together get two folders.

pub mod ahead;
mod chain;
pub mod disk;
mod fault;
pub mod fitness;
pub mod info;
pub mod keep;
mod output;
pub mod recording;

use std::path::{Path, PathBuf};
use std::{fs, io};

pub use disk::{Folder, FolderError, put};
pub use fitness::Fitness;
pub use info::{Assumed, Came, Named, Ping, RunEnd, RunInfo, Seeds};
pub use output::{Holds, Output, OutputError, abandon};

use crate::journal::{self, segment_name};
use crate::limits::RUNS_MAX;

/// A run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

/// Why there is no folder for a new run.
#[derive(Debug, thiserror::Error)]
pub enum NoFolder {
    /// The folder asked for holds a run already.
    #[error("{} holds a run already; name another or leave out --out", .0.display())]
    Taken(PathBuf),
    /// This folder cannot be made.
    #[error("cannot make the run folder {path}: {1}", path = .0.display())]
    Refused(PathBuf, io::Error),
    /// So many runs of this name stand under the folder already.
    #[error("too many runs of {0} under {path}; remove some", path = .1.display())]
    TooMany(String, PathBuf),
}

/// Runs under a folder by the age of one of their files, oldest first; those without it are left out.
pub fn by_age(under: &Path, file: fn(&RunFolder) -> PathBuf) -> Vec<RunFolder> {
    let entries = fs::read_dir(under).into_iter().flatten().flatten();
    let aged = |run: RunFolder| Some((file(&run).metadata().ok()?.modified().ok()?, run.path));
    let mut all: Vec<_> = entries.filter_map(|e| aged(RunFolder::at(e.path()))).collect();
    all.sort();
    all.into_iter().map(|(_, path)| RunFolder { path }).collect()
}

impl RunFolder {
    /// The folder at a path; it need not be there.
    pub fn at(path: impl Into<PathBuf>) -> RunFolder {
        RunFolder { path: path.into() }
    }

    /// Makes the folder asked for.
    ///
    /// # Errors
    /// [`NoFolder::Taken`] where it holds a run, [`NoFolder::Refused`] where it cannot be made.
    pub fn create(path: &Path) -> Result<RunFolder, NoFolder> {
        let run = RunFolder::at(path);
        if run.is_one() || run.settings().exists() {
            return Err(NoFolder::Taken(run.path));
        }
        match fs::create_dir_all(path) {
            Ok(()) => Ok(run),
            Err(e) => Err(NoFolder::Refused(run.path, e)),
        }
    }

    /// Makes the first free one of `under/stem`, `under/stem-2`, …
    ///
    /// # Errors
    /// [`NoFolder::Refused`], [`NoFolder::TooMany`].
    pub fn create_under(under: &Path, stem: &str) -> Result<RunFolder, NoFolder> {
        let refused = |path: &Path, e| NoFolder::Refused(path.to_path_buf(), e);
        fs::create_dir_all(under).map_err(|e| refused(under, e))?;
        for n in 1..RUNS_MAX {
            let path = under.join(if n == 1 { stem.to_owned() } else { format!("{stem}-{n}") });
            match fs::create_dir(&path) {
                Ok(()) => return Ok(RunFolder { path }),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(refused(&path, e)),
            }
        }
        Err(NoFolder::TooMany(stem.to_owned(), under.to_path_buf()))
    }

    /// Whether a run stands there.
    pub fn is_one(&self) -> bool {
        self.info().exists() || self.path.join(segment_name(0)).exists()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the run: that of its folder.
    pub fn name(&self) -> String {
        let whole = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        whole.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// What the run says of itself, see [`RunInfo`].
    pub fn info(&self) -> PathBuf {
        self.path.join("run.json")
    }

    /// Settings in force.
    pub fn settings(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// The first file of the recording; those that follow are found from it.
    pub fn recording(&self) -> PathBuf {
        self.path.join(recording::segment_name(0))
    }

    /// Latencies of the hot thread during segment `number`.
    pub fn latencies(&self, number: u64) -> PathBuf {
        self.path.join(keep::latency_name(number))
    }

    /// All logs of latencies that are there, in order, one behind the other.
    pub fn latency_log(&self) -> Vec<u8> {
        let names = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let number = |e: fs::DirEntry| keep::latency_number(e.file_name().to_str()?);
        let mut numbers: Vec<u64> = names.filter_map(number).collect();
        numbers.sort_unstable();
        let read = |n: u64| fs::read(self.latencies(n)).unwrap_or_default();
        numbers.into_iter().flat_map(read).collect()
    }

    /// What an embedded exchange knows of itself.
    pub fn truth(&self) -> PathBuf {
        self.path.join("truth.json")
    }

    /// The page.
    pub fn page(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// State of a replay between two frames.
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint")
    }

    /// What the complete segments came to; whole sums and a restart are made from it.
    pub fn past(&self) -> PathBuf {
        self.path.join("past")
    }

    /// Folder of tables for other programs.
    pub fn export(&self) -> PathBuf {
        self.path.join("export")
    }

    /// Socket that tells the run's state while it runs.
    pub fn socket(&self) -> PathBuf {
        self.path.join("status.sock")
    }

    /// Removes a run that nobody writes and that recorded nothing; gives whether it was one.
    pub fn discard_void(&self) -> bool {
        let lines = recording::Reader::open(&self.recording())
            .and_then(|mut reader| Ok(reader.step()?.is_some()));
        let records = || journal::Reader::open(self.open().ok()?).ok()?.step().ok();
        let void = lines == Ok(false) && records() == Some(None) && self.lock().is_ok();
        if void {
            self.discard();
        }
        void
    }

    /// Removes what a run made here, and the folder where it is empty then, as the disk lets it.
    pub fn discard(&self) {
        let lock = self.path.join(journal::FOLDER_LOCK);
        let own = [self.info(), self.settings(), self.past(), self.socket(), lock];
        for file in own.into_iter().chain(keep::segments(&self.path)) {
            let _ = fs::remove_file(file);
        }
        let _ = fs::remove_dir(&self.path);
    }

    /// Opens it for writing and locks it.
    ///
    /// # Errors
    /// As [`Folder::create`].
    pub fn lock(&self) -> Result<Folder, FolderError> {
        Folder::create(&self.path)
    }

    /// Opens it for reading.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn open(&self) -> Result<Folder, FolderError> {
        Folder::open(&self.path)
    }

    /// Segments that the run's disk bound dropped at the front of its journal; 0 where it has no bound,
    /// or nothing is missing there.
    pub fn dropped(&self) -> u64 {
        let bounded = RunInfo::read(&self.info()).is_ok_and(|i| i.bounded);
        if bounded && self.past().exists() { keep::first_segment(&self.path) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_run_gets_a_folder_of_its_own() {
        let under = std::env::temp_dir().join(format!("papermaker-folder-{}", std::process::id()));
        let _ = fs::remove_dir_all(&under);
        let a = RunFolder::create_under(&under, "run").expect("made");
        let b = RunFolder::create_under(&under, "run").expect("made");
        assert_eq!((a.name(), b.name()), ("run".into(), "run-2".into()));
        assert_eq!(RunFolder::create(a.path()).expect("empty"), a);
        fs::write(a.info(), "{}").expect("written");
        let taken = RunFolder::create(a.path()).expect_err("taken").to_string();
        assert!(taken.contains("holds a run already"), "{taken}");
        fs::write(under.join("file"), "").expect("written");
        let refused = RunFolder::create_under(&under.join("file"), "run").expect_err("a file");
        assert!(refused.to_string().contains("cannot make the run folder"), "{refused}");
        fs::remove_dir_all(&under).expect("ours");
    }
}
