//! A file that a command makes for its user: whole or not at all, and never over something else.
//!
//! In: a path, the command's inputs, whether to replace. Out: the file. Cold path.
//!
//! 1. It is written aside and renamed when it is whole: a failure leaves what was there before.
//! 2. Refused are: a file that the command reads, a file in a run's folder, what is no regular file,
//!    and, without `--force`, a file that is there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::RunFolder;

/// Files being written aside, for an end that comes before theirs.
static PARTS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes what is being written: the process ends before it is whole.
pub fn abandon() {
    let parts = PARTS.lock().map(|mut parts| std::mem::take(&mut *parts)).unwrap_or_default();
    for part in parts {
        let _ = fs::remove_file(part);
    }
}

/// Why a file is not made.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// It is one of the files that the command reads.
    #[error("{} is read by this command: name another file to write", .0.display())]
    Input(PathBuf),
    /// It stands in the folder of a run.
    #[error("{} stands in the folder of a run: write somewhere else", .0.display())]
    OfARun(PathBuf),
    /// A folder, a device, a pipe.
    #[error("{} is there and is no regular file: name another one", .0.display())]
    NotRegular(PathBuf),
    /// Its name says that it holds something else; how it should end.
    #[error("{file} is a name of something else: end it in {1}", file = .0.display())]
    Ending(PathBuf, &'static str),
    /// Another output of the command has this name.
    #[error("{} is named twice: name a file for each", .0.display())]
    Twice(PathBuf),
    /// What others take for standard output.
    #[error("this writes a file, which cannot be `-`: name one")]
    Dash,
    /// It is there already.
    #[error("{} exists already: name another file, or add --force", .0.display())]
    Exists(PathBuf),
    /// The disk refused.
    #[error("cannot write {file}: {1}", file = .0.display())]
    Disk(PathBuf, io::Error),
}

impl From<OutputError> for io::Error {
    fn from(e: OutputError) -> io::Error {
        match e {
            OutputError::Disk(_, e) => e,
            e => io::Error::other(e),
        }
    }
}

/// What a file holds: how its name ends, the usual way first.
#[derive(Clone, Copy, Debug)]
pub struct Holds(&'static [&'static str]);

impl Holds {
    /// Frames.
    pub const RECORDING: Holds = Holds(&[".frames.gz", ".gz", ".frames"]);
    /// Events.
    pub const EVENTS: Holds = Holds(&[".events"]);
    /// A table.
    pub const CSV: Holds = Holds(&[".csv"]);
    /// A page.
    pub const PAGE: Holds = Holds(&[".html", ".htm"]);
    /// A picture.
    pub const PICTURE: Holds = Holds(&[".svg"]);
    /// One object, or one a line.
    pub const JSON: Holds = Holds(&[".json", ".jsonl"]);
    /// Settings.
    pub const SETTINGS: Holds = Holds(&[".toml"]);
    /// A table in the format that its name says.
    pub const TABLE: Holds = Holds(&[".parquet", ".csv", ".jsonl"]);
    /// Endings of these and of others' formats. Any other says nothing.
    const KNOWN: &[&str] = &[
        "gz", "frames", "events", "csv", "html", "htm", "svg", "json", "jsonl", "toml", "parquet",
        "zip", "lz4", "zst", "xz", "bz2", "7z", "tar", "pdf", "png", "jpg", "jpeg", "xlsx", "npz",
    ];

    /// Refuses a name that says otherwise.
    ///
    /// # Errors
    /// [`OutputError::Ending`].
    pub fn named(self, to: &Path) -> Result<(), OutputError> {
        let name = to.to_string_lossy();
        let known = to.extension().is_some_and(|e| Holds::KNOWN.iter().any(|k| e == *k));
        match known && !self.0.iter().any(|end| name.ends_with(end)) {
            true => Err(OutputError::Ending(to.to_path_buf(), self.0[0])),
            false => Ok(()),
        }
    }
}

/// A file being written; without [`Output::finish`] nothing comes of it.
#[derive(Debug)]
pub struct Output {
    to: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
    done: bool,
}

impl Output {
    /// Whether the file `to` of a command that reads `inputs` may be made, before the work for it begins;
    /// `force` replaces one that is there.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn may(to: &Path, inputs: &[&Path], force: bool) -> Result<(), OutputError> {
        let path = || to.to_path_buf();
        if to.as_os_str() == "-" {
            return Err(OutputError::Dash);
        }
        if inputs.iter().any(|i| same(i, to)) {
            return Err(OutputError::Input(path()));
        }
        let folder = to.parent().filter(|p| !p.as_os_str().is_empty());
        if RunFolder::at(folder.unwrap_or(Path::new("."))).is_one() {
            return Err(OutputError::OfARun(path()));
        }
        match fs::symlink_metadata(to).and_then(|_| fs::metadata(to)) {
            Ok(m) if !m.is_file() => Err(OutputError::NotRegular(path())),
            Ok(_) if !force => Err(OutputError::Exists(path())),
            Ok(_) => Ok(()),
            // A link that leads nowhere is no regular file either.
            Err(_) if fs::symlink_metadata(to).is_ok() => Err(OutputError::NotRegular(path())),
            Err(_) => Ok(()),
        }
    }

    /// Begins a file of the program's own, in a place that it chose: it is replaced.
    ///
    /// # Errors
    /// [`OutputError::Disk`].
    pub fn own(to: &Path) -> Result<Output, OutputError> {
        let disk = |e| OutputError::Disk(to.to_path_buf(), e);
        let Some(name) = to.file_name() else {
            return Err(disk(io::Error::from(io::ErrorKind::InvalidInput)));
        };
        // A link stays a link: what it leads to is replaced.
        let to = fs::canonicalize(to).unwrap_or_else(|_| to.to_path_buf());
        let mut part = name.to_os_string();
        part.push(format!(".{}.part", std::process::id()));
        let part = to.with_file_name(part);
        if PARTS.lock().is_ok_and(|parts| parts.contains(&part)) {
            return Err(OutputError::Twice(to));
        }
        let file = BufWriter::new(File::create(&part).map_err(disk)?);
        if let Ok(mut parts) = PARTS.lock() {
            parts.push(part.clone());
        }
        Ok(Output { to, part, file, done: false })
    }

    /// Where it goes.
    pub fn path(&self) -> &Path {
        &self.to
    }

    /// The file is whole: it takes its name.
    ///
    /// # Errors
    /// [`OutputError::Disk`]; nothing is left of it.
    pub fn finish(mut self) -> Result<(), OutputError> {
        let whole = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        let kept = whole.and_then(|()| fs::rename(&self.part, &self.to));
        self.done = kept.is_ok();
        kept.map_err(|e| OutputError::Disk(self.to.clone(), e))
    }

    /// The whole of a file at once, see [`Output::own`].
    ///
    /// # Errors
    /// [`OutputError::Disk`].
    pub fn put(mut self, bytes: &[u8]) -> Result<(), OutputError> {
        self.write_all(bytes).map_err(|e| OutputError::Disk(self.to.clone(), e))?;
        self.finish()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Ok(mut parts) = PARTS.lock() {
            parts.retain(|part| *part != self.part);
        }
        if !self.done {
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// Whether two paths lead to one file, by another name or link as well.
fn same(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if let (Ok(a), Ok(b)) = (fs::metadata(a), fs::metadata(b)) {
            return (a.dev(), a.ino()) == (b.dev(), b.ino());
        }
    }
    fs::canonicalize(a).ok().is_some_and(|a| fs::canonicalize(b).is_ok_and(|b| a == b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(to: &Path, inputs: &[&Path], force: bool) -> Result<Output, OutputError> {
        Output::may(to, inputs, force).and_then(|()| Output::own(to))
    }

    #[test]
    fn nothing_is_written_over_unless_it_is_asked_for_and_never_an_input_or_a_run() {
        let dir = std::env::temp_dir().join(format!("papermaker-output-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        let run = dir.join("run");
        fs::create_dir_all(&run).expect("made");
        let (a, b, link) = (dir.join("a"), dir.join("b"), dir.join("link"));
        fs::write(&a, "kept").expect("written");
        fs::hard_link(&a, &b).expect("linked");
        std::os::unix::fs::symlink(dir.join("nowhere"), &link).expect("linked");
        fs::write(run.join("run.json"), "{}").expect("written");
        let refused = |to: &Path, inputs: &[&Path], force| {
            create(to, inputs, force).expect_err("refused").to_string()
        };
        for force in [false, true] {
            assert!(refused(&a, &[&a], force).contains("is read by this command"));
            assert!(refused(&a, &[&b], force).contains("is read by this command"));
            assert!(refused(&run.join("new"), &[], force).contains("folder of a run"));
            for what in [Path::new("/dev/null"), &dir, &link] {
                assert!(
                    refused(what, &[], force).contains("no regular file"),
                    "{}",
                    what.display()
                );
            }
        }
        assert!(refused(&a, &[], false).contains("--force"));
        assert!(refused(Path::new("-"), &[], true).contains("cannot be `-`"));
        let held = create(&dir.join("c"), &[], false).expect("made");
        assert!(refused(&dir.join("c"), &[], true).contains("named twice"));
        drop(held);
        let ends = |holds: Holds, name: &str| holds.named(Path::new(name)).is_ok();
        assert!(
            ends(Holds::RECORDING, "a.b.gz") && ends(Holds::CSV, "a") && ends(Holds::CSV, "a.b")
        );
        assert!(!ends(Holds::RECORDING, "a.zip") && !ends(Holds::PICTURE, "frames.gz/a.png"));
        assert!(refused(&dir.join("no/folder"), &[], false).contains("cannot write"));
        let mut half = create(&a, &[], true).expect("replaces");
        half.write_all(b"half").expect("written");
        drop(half);
        assert_eq!(fs::read_to_string(&a).expect("there"), "kept");
        create(&a, &[], true).and_then(|o| o.put(b"new")).expect("written");
        assert_eq!(fs::read_to_string(&a).expect("there"), "new");
        let names = fs::read_dir(&dir).expect("there").count();
        assert_eq!(names, 4, "no part stays behind");
        fs::remove_dir_all(&dir).expect("ours");
    }
}
