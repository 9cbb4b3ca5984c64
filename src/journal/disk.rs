//! What the journal needs of a disk, and the classes of its failures.
//!
//! In: names and bytes. Out: bytes, or a [`DiskError`]. Cold path.
//!
//! 1. Names are plain file names in one folder.
//! 2. After `sync` returned, the file's bytes survive a power loss; after `sync_dir`, its name.

/// Why the disk refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    /// No space left (ENOSPC), or a write that took nothing.
    #[error("no space is left; free some")]
    Full,
    /// Over the quota (EDQUOT).
    #[error("the quota is used up")]
    Quota,
    /// Larger than a file may be (EFBIG).
    #[error("a file would be larger than allowed (see ulimit -f)")]
    TooLarge,
    /// The device failed (EIO).
    #[error("the device failed")]
    Io,
    /// The file system is read-only (EROFS).
    #[error("the file system is read-only")]
    ReadOnly,
    /// Not permitted (EACCES, EPERM).
    #[error("not permitted; check its owner and mode")]
    Denied,
    /// No such file or folder (ENOENT, ENOTDIR, ESTALE).
    #[error("there is no such file or folder")]
    Missing,
    /// The name is taken (EEXIST).
    #[error("the name is taken")]
    Exists,
    /// Anything else, by its number; 0 where there is none.
    #[error("{}", std::io::Error::from_raw_os_error(*.0))]
    Other(i32),
}

/// A folder of append-only files.
pub trait Disk {
    /// An open file.
    type File;

    /// Names in the folder, in any order.
    ///
    /// # Errors
    /// As the folder cannot be read.
    fn names(&mut self) -> Result<Vec<String>, DiskError>;

    /// Creates an empty file for appending.
    ///
    /// # Errors
    /// [`DiskError::Exists`] where the name is taken; else as the disk says.
    fn create(&mut self, name: &str) -> Result<Self::File, DiskError>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`DiskError::Missing`] where there is none; else as the disk says.
    fn open(&mut self, name: &str) -> Result<Self::File, DiskError>;

    /// Bytes of the file that now has this name.
    ///
    /// # Errors
    /// [`DiskError::Missing`] where there is none; else as the disk says.
    fn size(&mut self, name: &str) -> Result<u64, DiskError>;

    /// Appends and gives how many bytes were taken, which may be fewer than given.
    ///
    /// # Errors
    /// As the disk says; then nothing of this call was taken.
    fn append(&mut self, file: &mut Self::File, bytes: &[u8]) -> Result<usize, DiskError>;

    /// Reads from an offset; fewer bytes than asked for only at the end of the file.
    ///
    /// # Errors
    /// As the disk says.
    fn read(&mut self, file: &mut Self::File, at: u64, out: &mut [u8]) -> Result<usize, DiskError>;

    /// Makes the file's bytes durable (`fdatasync`).
    ///
    /// # Errors
    /// As the disk says; what was not durable before may be gone.
    fn sync(&mut self, file: &mut Self::File) -> Result<(), DiskError>;

    /// Renames a file. Durable after [`Disk::sync_dir`].
    ///
    /// # Errors
    /// As the disk says.
    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError>;

    /// Makes the folder's names durable.
    ///
    /// # Errors
    /// As the disk says.
    fn sync_dir(&mut self) -> Result<(), DiskError>;

    /// Cuts a file to a length and makes that durable.
    ///
    /// # Errors
    /// As the disk says.
    fn truncate(&mut self, name: &str, bytes: u64) -> Result<(), DiskError>;

    /// Removes a file. Durable after [`Disk::sync_dir`].
    ///
    /// # Errors
    /// As the disk says.
    fn remove(&mut self, name: &str) -> Result<(), DiskError>;
}

impl<D: Disk> Disk for &mut D {
    type File = D::File;
    fn names(&mut self) -> Result<Vec<String>, DiskError> {
        (**self).names()
    }
    fn create(&mut self, name: &str) -> Result<Self::File, DiskError> {
        (**self).create(name)
    }
    fn open(&mut self, name: &str) -> Result<Self::File, DiskError> {
        (**self).open(name)
    }
    fn size(&mut self, name: &str) -> Result<u64, DiskError> {
        (**self).size(name)
    }
    fn append(&mut self, file: &mut Self::File, bytes: &[u8]) -> Result<usize, DiskError> {
        (**self).append(file, bytes)
    }
    fn read(&mut self, file: &mut Self::File, at: u64, out: &mut [u8]) -> Result<usize, DiskError> {
        (**self).read(file, at, out)
    }
    fn sync(&mut self, file: &mut Self::File) -> Result<(), DiskError> {
        (**self).sync(file)
    }
    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        (**self).rename(from, to)
    }
    fn sync_dir(&mut self) -> Result<(), DiskError> {
        (**self).sync_dir()
    }
    fn truncate(&mut self, name: &str, bytes: u64) -> Result<(), DiskError> {
        (**self).truncate(name, bytes)
    }
    fn remove(&mut self, name: &str) -> Result<(), DiskError> {
        (**self).remove(name)
    }
}
