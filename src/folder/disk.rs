//! A run's folder on the real file system: the journal's disk, and the lock of its one writer.
//!
//! In: names and bytes. Out: files; failures as [`DiskError`]. Cold path.
//!
//! 1. One process writes a folder at a time: the writer holds an exclusive advisory lock on the
//!    file `lock` from `create` to drop; the system releases it when the process dies.
//! 2. Readers take no lock and may look on while a run is written.
//! 3. Interrupted calls are tried again; nothing else is.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::journal::{Disk, DiskError, FOLDER_LOCK};

/// Writes a file aside, flushes it, and puts it in its place, whole.
///
/// # Errors
/// As the disk refuses; what was there before stays.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_added_extension("part");
    let whole = File::create(&aside).and_then(|mut file| {
        file.write_all(bytes).and_then(|()| file.sync_all())?;
        std::fs::rename(&aside, path)
    });
    whole.inspect_err(|_| _ = std::fs::remove_file(&aside))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// A folder of a run.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held while it is written: closing the file gives the lock up.
    _lock: Option<File>,
}

/// Why a folder cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// Another process writes it.
    #[error("it is being written by another process")]
    Busy,
    /// The disk refused.
    #[error("{}", if *.0 == DiskError::Missing { "there is no such folder".into() } else { .0.to_string() })]
    Disk(DiskError),
}

impl Folder {
    /// Opens a folder for writing, creating it where it is missing, and locks it.
    ///
    /// # Errors
    /// [`FolderError::Busy`] while another process holds the lock; else as the disk says.
    pub fn create(path: &Path) -> Result<Folder, FolderError> {
        let refused = |e: io::Error| FolderError::Disk(class(&e));
        std::fs::create_dir_all(path).map_err(refused)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(FOLDER_LOCK))
            .map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => Ok(Folder { path: path.to_path_buf(), _lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Busy),
            Err(TryLockError::Error(e)) => Err(refused(e)),
        }
    }

    /// Opens a folder for reading.
    ///
    /// # Errors
    /// [`FolderError::Disk`] with [`DiskError::Missing`] where there is none.
    pub fn open(path: &Path) -> Result<Folder, FolderError> {
        match std::fs::metadata(path) {
            Ok(m) if m.is_dir() => Ok(Folder { path: path.to_path_buf(), _lock: None }),
            Ok(_) => Err(FolderError::Disk(DiskError::Missing)),
            Err(e) => Err(FolderError::Disk(class(&e))),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Disk for Folder {
    type File = File;

    fn names(&mut self) -> Result<Vec<String>, DiskError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path).map_err(|e| class(&e))? {
            let name = entry.map_err(|e| class(&e))?.file_name();
            names.extend(name.into_string().ok());
        }
        Ok(names)
    }

    fn create(&mut self, name: &str) -> Result<File, DiskError> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true).open(self.at(name)).map_err(|e| class(&e))
    }

    fn open(&mut self, name: &str) -> Result<File, DiskError> {
        File::open(self.at(name)).map_err(|e| class(&e))
    }

    fn size(&mut self, name: &str) -> Result<u64, DiskError> {
        std::fs::metadata(self.at(name)).map(|m| m.len()).map_err(|e| class(&e))
    }

    fn append(&mut self, file: &mut File, bytes: &[u8]) -> Result<usize, DiskError> {
        loop {
            match file.write(bytes) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                other => return other.map_err(|e| class(&e)),
            }
        }
    }

    fn read(&mut self, file: &mut File, at: u64, out: &mut [u8]) -> Result<usize, DiskError> {
        file.seek(SeekFrom::Start(at)).map_err(|e| class(&e))?;
        let mut got = 0;
        while got < out.len() {
            match file.read(&mut out[got..]) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(class(&e)),
            }
        }
        Ok(got)
    }

    fn sync(&mut self, file: &mut File) -> Result<(), DiskError> {
        file.sync_data().map_err(|e| class(&e))
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        std::fs::rename(self.at(from), self.at(to)).map_err(|e| class(&e))
    }

    fn sync_dir(&mut self) -> Result<(), DiskError> {
        File::open(&self.path).and_then(|d| d.sync_all()).map_err(|e| class(&e))
    }

    fn truncate(&mut self, name: &str, bytes: u64) -> Result<(), DiskError> {
        let open = OpenOptions::new().write(true).open(self.at(name));
        open.and_then(|f| f.set_len(bytes).and_then(|()| f.sync_all())).map_err(|e| class(&e))
    }

    fn remove(&mut self, name: &str) -> Result<(), DiskError> {
        std::fs::remove_file(self.at(name)).map_err(|e| class(&e))
    }
}

/// The class of a system error.
pub(crate) fn class(e: &io::Error) -> DiskError {
    match e.kind() {
        ErrorKind::StorageFull | ErrorKind::WriteZero => DiskError::Full,
        ErrorKind::QuotaExceeded => DiskError::Quota,
        ErrorKind::FileTooLarge => DiskError::TooLarge,
        ErrorKind::ReadOnlyFilesystem => DiskError::ReadOnly,
        ErrorKind::PermissionDenied => DiskError::Denied,
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::StaleNetworkFileHandle => {
            DiskError::Missing
        }
        ErrorKind::AlreadyExists => DiskError::Exists,
        _ => match e.raw_os_error() {
            Some(EIO) => DiskError::Io,
            other => DiskError::Other(other.unwrap_or(0)),
        },
    }
}

/// Linux: input/output error. The standard library has no kind for it.
const EIO: i32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_by_class() {
        for (code, want) in [
            (5, DiskError::Io),
            (28, DiskError::Full),
            (122, DiskError::Quota),
            (27, DiskError::TooLarge),
            (30, DiskError::ReadOnly),
            (13, DiskError::Denied),
            (1, DiskError::Denied),
            (2, DiskError::Missing),
            (17, DiskError::Exists),
            (95, DiskError::Other(95)),
        ] {
            assert_eq!(class(&io::Error::from_raw_os_error(code)), want, "{code}");
        }
    }
}
