//! Appends records to the segments and knows which of them are durable.
//!
//! In: encoded records in the order of the queue, the time. Out: bytes on a [`Disk`],
//! `durable_seq`, or the first failure. Cold path: the logging thread.
//!
//! 1. Every record below `durable` was covered by an `fdatasync` that returned success.
//! 2. A segment has its final name only when its header is durable; the one before is complete
//!    and durable by then.
//! 3. The first failure is final: nothing is tried again, every later call gives the same answer.
//! 4. One write has at most [`JOURNAL_BATCH_BYTES`].

use std::fmt;

use xxhash_rust::xxh3::Xxh3;

use super::disk::{Disk, DiskError};
use super::format::{self, HEADER_BYTES, Header};
use super::{Digest, Digests, Recovered};
use crate::limits::{JOURNAL_BATCH_BYTES, JOURNAL_SEGMENT_BYTES, JOURNAL_SYNC_NS};
use crate::record::{Bytes, RECORD_BYTES};
use crate::units::Ns;

/// How a journal is written.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Hash of the decision-relevant configuration.
    pub config: [u64; 2],
    /// Bytes after which a new segment begins; at least one record fits in any case.
    pub segment_bytes: u64,
    /// Nanoseconds between two `fdatasync` while records arrive.
    pub sync_ns: i64,
}

/// What was being done when the disk failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Step {
    /// Listing or clearing the folder.
    #[error("clearing the folder")]
    Open,
    /// Creating a segment.
    #[error("creating a segment")]
    Create,
    /// Appending records.
    #[error("appending records")]
    Append,
    /// Making records durable.
    #[error("making records durable")]
    Sync,
    /// Giving a segment its name.
    #[error("naming a segment")]
    Rename,
    /// Making the name durable.
    #[error("making a segment's name durable")]
    Directory,
    /// Looking at the finished segment: it was removed, renamed, cut or grown by somebody else.
    #[error("looking at the finished segment")]
    Check,
}

/// The end of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal failed at record {at}, {step}: {error}")]
pub struct Failed {
    /// First sequence number that is not durable; every one below it is.
    pub at: u64,
    /// What was being done.
    pub step: Step,
    /// What the disk said.
    pub error: DiskError,
}

/// An open journal.
#[derive(Debug)]
pub struct Writer<D: Disk> {
    disk: D,
    file: D::File,
    options: Options,
    number: u64,
    size: u64,
    hash: SegmentHash,
    batch: Vec<u8>,
    digest: Digest,
    /// The sequence number after the newest record taken.
    next: u64,
    durable: u64,
    durable_records: u64,
    synced_at: Option<Ns>,
    failed: Option<Failed>,
    records: u64,
    bytes: u64,
}

impl Options {
    /// The usual sizes and intervals.
    pub fn new(config: [u64; 2]) -> Options {
        Options { config, segment_bytes: JOURNAL_SEGMENT_BYTES, sync_ns: JOURNAL_SYNC_NS }
    }
}

impl<D: Disk> Writer<D> {
    /// Begins a journal in a folder that has none.
    ///
    /// # Errors
    /// [`Failed`] with [`DiskError::Exists`] where there is one already; else as the disk says.
    pub fn create(mut disk: D, options: Options) -> Result<Writer<D>, Failed> {
        let fail = |error| Failed { at: 0, step: Step::Open, error };
        let names = disk.names().map_err(fail)?;
        if names.iter().any(|n| format::segment_number(n).is_some()) {
            return Err(fail(DiskError::Exists));
        }
        for name in names.iter().filter(|n| format::is_temporary(n)) {
            disk.remove(name).map_err(fail)?;
        }
        Self::begin(disk, options, &Recovered::default())
    }

    /// Goes on where a recovered journal ends, in a new segment. `from` comes from
    /// [`super::inspect`], and from [`super::repair`] where the tail was torn.
    ///
    /// # Errors
    /// [`Failed`] at [`Step::Open`] with [`DiskError::Exists`] where `from` has an unrepaired
    /// tail, damage, or another configuration; else as the disk says.
    pub fn resume(disk: D, options: Options, from: &Recovered) -> Result<Writer<D>, Failed> {
        let other = from.config.is_some_and(|c| c != options.config);
        if from.torn.is_some() || from.damages > 0 || other {
            return Err(Failed { at: from.next_seq, step: Step::Open, error: DiskError::Exists });
        }
        Self::begin(disk, options, from)
    }

    fn begin(mut disk: D, options: Options, from: &Recovered) -> Result<Writer<D>, Failed> {
        let header = Header {
            number: from.segments,
            first_seq: from.next_seq,
            config: options.config,
            previous: from.last_hash,
        };
        let (file, hash) = new_segment(&mut disk, &header).map_err(|(step, error)| Failed {
            at: from.next_seq,
            step,
            error,
        })?;
        Ok(Writer {
            disk,
            file,
            options,
            number: header.number,
            size: HEADER_BYTES as u64,
            hash,
            batch: Vec::with_capacity(JOURNAL_BATCH_BYTES),
            digest: from.digest.clone(),
            next: from.next_seq,
            durable: from.next_seq,
            durable_records: 0,
            synced_at: None,
            failed: None,
            records: 0,
            bytes: HEADER_BYTES as u64,
        })
    }

    /// Takes a record: seals it and writes it out when a batch is full.
    ///
    /// # Errors
    /// [`Failed`], from the first failure on always the same.
    pub fn append(&mut self, record: &Bytes) -> Result<(), Failed> {
        self.standing()?;
        debug_assert!(format::seq_of(record) >= self.next, "sequence numbers only grow");
        let full = self.size + self.batch.len() as u64 + RECORD_BYTES as u64;
        if full > self.options.segment_bytes && full > (HEADER_BYTES + RECORD_BYTES) as u64 {
            self.rotate()?;
        }
        self.digest.update(record);
        let mut sealed = *record;
        format::seal(&mut sealed);
        self.batch.extend_from_slice(&sealed);
        self.next = format::seq_of(record).saturating_add(1);
        self.records += 1;
        if self.batch.len() >= JOURNAL_BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    /// Hands everything taken to the operating system: from here it survives a kill of the
    /// process, though not yet a power loss.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn flush(&mut self) -> Result<(), Failed> {
        self.standing()?;
        let mut from = 0;
        while from < self.batch.len() {
            match self.disk.append(&mut self.file, &self.batch[from..]) {
                Ok(0) => return Err(self.fail(Step::Append, DiskError::Full)),
                Ok(n) => from += n,
                Err(error) => return Err(self.fail(Step::Append, error)),
            }
        }
        self.hash.0.update(&self.batch);
        self.size += self.batch.len() as u64;
        self.bytes += self.batch.len() as u64;
        self.batch.clear();
        Ok(())
    }

    /// Makes everything taken durable.
    ///
    /// # Errors
    /// [`Failed`]; a failed `fdatasync` is not tried again.
    pub fn sync(&mut self) -> Result<(), Failed> {
        self.flush()?;
        if self.durable < self.next {
            if let Err(error) = self.disk.sync(&mut self.file) {
                return Err(self.fail(Step::Sync, error));
            }
            self.durable = self.next;
            self.durable_records = self.records;
        }
        Ok(())
    }

    /// Makes everything taken durable when the interval is over.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn tick(&mut self, now: Ns) -> Result<(), Failed> {
        let since = self.synced_at.get_or_insert(now);
        if now.since(*since) >= self.options.sync_ns {
            *since = now;
            self.sync()?;
        }
        self.standing()
    }

    /// Ends the segment and begins the next one, before it is full.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn next_segment(&mut self) -> Result<(), Failed> {
        self.standing()?;
        self.rotate()
    }

    /// Number of the segment at hand.
    pub fn segment(&self) -> u64 {
        self.number
    }

    /// Makes everything durable and looks once more at the last segment.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn finish(&mut self) -> Result<(), Failed> {
        self.sync()?;
        self.check()
    }

    /// Gives the disk back. What was taken and not synced is not durable.
    pub fn into_disk(self) -> D {
        self.disk
    }

    /// The first failure, if there was one.
    pub fn failed(&self) -> Option<Failed> {
        self.failed
    }

    /// The newest record that is durable; `None` before the first.
    pub fn durable_seq(&self) -> Option<u64> {
        self.durable.checked_sub(1)
    }

    /// Sequence number expected next.
    #[cfg(any(test, feature = "lab"))]
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// Records taken since the journal was opened, `Lost` included.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Records of those that are durable.
    pub fn durable_records(&self) -> u64 {
        self.durable_records
    }

    /// Bytes written since the journal was opened, headers included.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Digest of all records of the run taken so far.
    pub fn digest(&self) -> Digests {
        self.digest.value()
    }

    /// The disk, for tests that change it behind the journal's back.
    #[cfg(test)]
    pub(crate) fn disk_mut(&mut self) -> &mut D {
        &mut self.disk
    }

    fn standing(&self) -> Result<(), Failed> {
        self.failed.map_or(Ok(()), Err)
    }

    #[cold]
    fn fail(&mut self, step: Step, error: DiskError) -> Failed {
        let failed = Failed { at: self.durable, step, error };
        self.failed = Some(failed);
        failed
    }

    /// Ends the segment and begins the next one.
    fn rotate(&mut self) -> Result<(), Failed> {
        self.sync()?;
        self.check()?;
        let header = Header {
            number: self.number + 1,
            first_seq: self.next,
            config: self.options.config,
            previous: self.hash.0.digest128(),
        };
        match new_segment(&mut self.disk, &header) {
            Ok((file, hash)) => {
                (self.file, self.hash) = (file, hash);
                self.number = header.number;
                self.size = HEADER_BYTES as u64;
                self.bytes += HEADER_BYTES as u64;
                Ok(())
            }
            Err((step, error)) => Err(self.fail(step, error)),
        }
    }

    /// Whether the segment is still where it was written.
    ///
    /// # Errors
    /// [`Failed`] at [`Step::Check`] where it was removed, renamed, cut or grown by somebody else.
    pub fn look(&mut self) -> Result<(), Failed> {
        self.flush()?;
        self.check()
    }

    /// Whether the segment's name still leads to a file of the size written.
    fn check(&mut self) -> Result<(), Failed> {
        match self.disk.size(&format::segment_name(self.number)) {
            Ok(size) if size == self.size => Ok(()),
            Ok(_) => Err(self.fail(Step::Check, DiskError::Missing)),
            Err(error) => Err(self.fail(Step::Check, error)),
        }
    }
}

/// The hash of the segment being written; hides 600 bytes of state from `Debug`.
#[derive(Clone)]
struct SegmentHash(Xxh3);

impl fmt::Debug for SegmentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0.digest128())
    }
}

/// write tmp → fdatasync → rename → fsync(dir).
fn new_segment<D: Disk>(
    disk: &mut D,
    header: &Header,
) -> Result<(D::File, SegmentHash), (Step, DiskError)> {
    let (tmp, name) = (format::temporary_name(header.number), format::segment_name(header.number));
    let bytes = header.encode();
    let mut file = disk.create(&tmp).map_err(|e| (Step::Create, e))?;
    let mut from = 0;
    while from < bytes.len() {
        match disk.append(&mut file, &bytes[from..]) {
            Ok(0) => return Err((Step::Create, DiskError::Full)),
            Ok(n) => from += n,
            Err(e) => return Err((Step::Create, e)),
        }
    }
    disk.sync(&mut file).map_err(|e| (Step::Sync, e))?;
    disk.rename(&tmp, &name).map_err(|e| (Step::Rename, e))?;
    disk.sync_dir().map_err(|e| (Step::Directory, e))?;
    let mut hash = Xxh3::new();
    hash.update(&bytes);
    Ok((file, SegmentHash(hash)))
}
