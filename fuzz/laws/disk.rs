//! A disk for tests that fails on demand and forgets what was not synced.
//! Cold path.
//!
//! In: a seed, a plan of faults. Out: the journal's [`Disk`] in memory.
//!
//! 1. Only what `sync` (bytes) and `sync_dir` (names) covered is sure to be there after
//!    [`FakeDisk::crash`]; any part of the rest may be, torn at sectors of 512 bytes.
//! 2. Names reach the disk in the order they were changed, as on a journaling file system.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::journal::{Disk, DiskError};

const SECTOR: usize = 512;

/// What the n-th operation does instead of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails.
    Error(DiskError),
    /// An append takes only half of the bytes; the next one is whole again. Else: no fault.
    Short,
    /// An append takes half of the bytes, and everything after it fails.
    ShortThenFull,
}

#[derive(Clone, Debug, Default)]
struct Inode {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Appends since the last sync, as (offset, length).
    unsynced: Vec<(usize, usize)>,
}

#[derive(Clone, Debug)]
enum Name {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
}

/// An in-memory disk.
#[derive(Clone, Debug, Default)]
pub struct FakeDisk {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    unsynced_names: Vec<Name>,
    /// Operations so far.
    pub operations: u64,
    /// Successful `fdatasync` so far.
    pub syncs: u64,
    /// Bytes of the largest append.
    pub largest: usize,
    /// Number of the operation to fail, from 0, and how.
    pub fault: Option<(u64, Fault)>,
    /// The disk reports as synced what it has not written: the negative control.
    pub lies: bool,
    /// Set by a fault that lasts.
    pub dead: Option<DiskError>,
}

/// An open file of a [`FakeDisk`].
#[derive(Clone, Copy, Debug)]
pub struct FakeFile(usize);

impl FakeDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> FakeDisk {
        FakeDisk::default()
    }

    /// A file's bytes, as a program sees them now. Empty where there is none.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.names.get(name).map(|i| self.inodes[*i].live.clone()).unwrap_or_default()
    }

    /// Puts a durable file in place.
    pub fn put(&mut self, name: &str, bytes: &[u8]) {
        let inode = Inode { live: bytes.to_vec(), durable: bytes.to_vec(), unsynced: Vec::new() };
        self.inodes.push(inode);
        self.names.insert(name.into(), self.inodes.len() - 1);
        self.durable_names.insert(name.into(), self.inodes.len() - 1);
    }

    /// Takes a file away, durably.
    pub fn take(&mut self, name: &str) {
        self.names.remove(name);
        self.durable_names.remove(name);
    }

    /// The disk as a killed process leaves it: everything written is there.
    #[must_use]
    pub fn killed(&self) -> FakeDisk {
        let mut after = FakeDisk::new();
        for (name, i) in &self.names {
            after.put(name, &self.inodes[*i].live);
        }
        after
    }

    /// The disk as a power loss may leave it, chosen by `rng`.
    #[must_use]
    pub fn crash(&self, rng: &mut Rng) -> FakeDisk {
        let mut names = self.durable_names.clone();
        let reached = rng.usize(..=self.unsynced_names.len());
        for change in &self.unsynced_names[..reached] {
            change.apply(&mut names);
        }
        let mut after = FakeDisk::new();
        for (name, i) in &names {
            after.put(name, &self.inodes[*i].survivor(rng));
        }
        after
    }

    /// Counts an operation; the fault that is due.
    fn operate(&mut self) -> Result<Option<Fault>, DiskError> {
        let n = self.operations;
        self.operations += 1;
        if let Some(error) = self.dead {
            return Err(error);
        }
        match self.fault {
            Some((at, Fault::Error(error))) if at == n => Err(error),
            Some((at, fault)) if at == n => Ok(Some(fault)),
            _ => Ok(None),
        }
    }

    fn inode(&self, name: &str) -> Result<usize, DiskError> {
        self.names.get(name).copied().ok_or(DiskError::Missing)
    }

    fn change(&mut self, name: Name) {
        name.apply(&mut self.names);
        self.unsynced_names.push(name);
    }
}

impl Name {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Name::Create(name, i) => {
                names.insert(name.clone(), *i);
            }
            Name::Rename(from, to) => {
                if let Some(i) = names.remove(from) {
                    names.insert(to.clone(), i);
                }
            }
            Name::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

impl Inode {
    /// Durable bytes, and of each later append any set of sectors; the file is as long as the
    /// farthest sector that arrived, or longer.
    fn survivor(&self, rng: &mut Rng) -> Vec<u8> {
        let mut out = self.durable.clone();
        let style = rng.u8(..4);
        for &(offset, length) in &self.unsynced {
            let mut at = offset;
            while at < offset + length {
                let end = ((at / SECTOR + 1) * SECTOR).min(offset + length);
                let arrives = match style {
                    0 => false,
                    1 => true,
                    2 => rng.bool(),
                    _ => rng.u8(..8) != 0,
                };
                if arrives {
                    if out.len() < end {
                        out.resize(end, 0);
                    }
                    out[at..end].copy_from_slice(&self.live[at..end]);
                }
                at = end;
            }
        }
        if rng.u8(..8) == 0 && out.len() < self.live.len() {
            out.resize(self.live.len(), 0);
        }
        out
    }
}

impl Disk for FakeDisk {
    type File = FakeFile;

    fn names(&mut self) -> Result<Vec<String>, DiskError> {
        self.operate()?;
        Ok(self.names.keys().cloned().collect())
    }

    fn create(&mut self, name: &str) -> Result<FakeFile, DiskError> {
        self.operate()?;
        if self.names.contains_key(name) {
            return Err(DiskError::Exists);
        }
        self.inodes.push(Inode::default());
        let i = self.inodes.len() - 1;
        self.change(Name::Create(name.into(), i));
        Ok(FakeFile(i))
    }

    fn open(&mut self, name: &str) -> Result<FakeFile, DiskError> {
        self.operate()?;
        self.inode(name).map(FakeFile)
    }

    fn size(&mut self, name: &str) -> Result<u64, DiskError> {
        self.operate()?;
        Ok(self.inodes[self.inode(name)?].live.len() as u64)
    }

    fn append(&mut self, file: &mut FakeFile, bytes: &[u8]) -> Result<usize, DiskError> {
        let fault = self.operate()?;
        let n = if fault.is_some() { bytes.len() / 2 } else { bytes.len() };
        if fault == Some(Fault::ShortThenFull) {
            self.dead = Some(DiskError::Full);
        }
        self.largest = self.largest.max(bytes.len());
        let inode = &mut self.inodes[file.0];
        inode.unsynced.push((inode.live.len(), n));
        inode.live.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn read(&mut self, file: &mut FakeFile, at: u64, out: &mut [u8]) -> Result<usize, DiskError> {
        self.operate()?;
        let live = &self.inodes[file.0].live;
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(live.len());
        let n = out.len().min(live.len() - from);
        out[..n].copy_from_slice(&live[from..from + n]);
        Ok(n)
    }

    fn sync(&mut self, file: &mut FakeFile) -> Result<(), DiskError> {
        if let Err(error) = self.operate() {
            // The pages that could not be written are marked clean: they will never be.
            self.inodes[file.0].unsynced.clear();
            return Err(error);
        }
        self.syncs += 1;
        if self.lies {
            return Ok(());
        }
        let inode = &mut self.inodes[file.0];
        inode.durable.clone_from(&inode.live);
        inode.unsynced.clear();
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        self.operate()?;
        self.inode(from)?;
        self.change(Name::Rename(from.into(), to.into()));
        Ok(())
    }

    fn sync_dir(&mut self) -> Result<(), DiskError> {
        self.operate()?;
        self.durable_names.clone_from(&self.names);
        self.unsynced_names.clear();
        Ok(())
    }

    fn truncate(&mut self, name: &str, bytes: u64) -> Result<(), DiskError> {
        self.operate()?;
        let i = self.inode(name)?;
        let inode = &mut self.inodes[i];
        inode.live.truncate(usize::try_from(bytes).unwrap_or(usize::MAX));
        inode.durable.clone_from(&inode.live);
        inode.unsynced.clear();
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), DiskError> {
        self.operate()?;
        self.inode(name)?;
        self.change(Name::Remove(name.into()));
        Ok(())
    }
}
