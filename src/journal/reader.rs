//! Reads a journal back: every record that is sound, and a name for everything that is not.
//!
//! In: a folder through [`Disk`]. Out: [`Found`] in file order. Cold path; memory is one buffer.
//!
//! 1. Nothing is skipped silently: between two records given out either the sequence numbers
//!    follow each other, or the second is a `Lost` that covers the jump, or a [`Damage`] stands
//!    between them.
//! 2. A [`Torn`] tail is unsound bytes at the end of the last segment with nothing sound after
//!    them; everything else unsound is damage.
//! 3. A record given out has a sound checksum, is known, and is exactly what the encoder makes.

use std::fmt;

use xxhash_rust::xxh3::Xxh3;

use super::disk::{Disk, DiskError};
use super::format::{self, HEADER_BYTES, Header, HeaderFault, LAYOUT_VERSION};
use crate::limits::JOURNAL_BATCH_BYTES;
use crate::record::{Body, Bytes, FORMAT_VERSION, RECORD_BYTES, Record};

/// What stands at one place of a journal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found {
    /// A sound record.
    Record(Record),
    /// Damage; reading goes on after it.
    Damage(Damage),
    /// The end, unfinished: what a crash leaves. Nothing follows.
    Torn(Torn),
}

/// Why bytes, or their absence, are damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// Checksums do not match.
    #[error("a checksum is wrong")]
    Checksum,
    /// The checksum matches, the content is no record of this version.
    #[error("the content is no record of this version")]
    Malformed,
    /// A segment that is not the last ends within a record.
    #[error("the segment ends within a record")]
    Partial,
    /// A record that does not follow the one before, and no `Lost` says why.
    #[error("record {found} stands where {expected} should")]
    Sequence {
        /// The number that should stand here.
        expected: u64,
        /// The number that does.
        found: u64,
    },
    /// A segment's header cannot be read.
    #[error(transparent)]
    Header(HeaderFault),
    /// A segment's header has another number than its file name.
    #[error("the header says segment {0}")]
    Number(u64),
    /// A segment belongs to another configuration.
    #[error("the segment belongs to another configuration")]
    Config,
    /// The file before is not the one this segment was written after.
    #[error("the segment before is not the one it was written after")]
    Chain,
    /// So many segments are missing from here on.
    #[error("{}", missing(*.0))]
    Missing(u64),
}

/// A damaged range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Number of the segment.
    pub segment: u64,
    /// First byte.
    pub from: u64,
    /// Byte after the last; equal to `from` where nothing is unsound but something is absent.
    pub to: u64,
    /// Sequence number that was expected at `from`.
    pub seq: u64,
    /// Why.
    pub cause: Cause,
}

/// An unfinished end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("segment {segment} ends unfinished: {cut} bytes after the {keep} that are sound")]
pub struct Torn {
    /// Number of the segment, the last.
    pub segment: u64,
    /// Bytes to keep: a whole number of records, or 0 where the header itself is unfinished.
    pub keep: u64,
    /// Bytes after them.
    pub cut: u64,
}

/// Why a journal cannot be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Written by another version of the program.
    #[error("{}", other_form(*layout, *alphabet))]
    Version {
        /// Version of the segments' layout.
        layout: u32,
        /// Version of the records.
        alphabet: u32,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage { segment, from, to, seq, cause } = self;
        match cause {
            Cause::Missing(_) => write!(f, "from segment {segment}, record {seq} on, {cause}"),
            _ => write!(
                f,
                "damage in segment {segment}, bytes {from} to {to}, from record {seq} on: {cause}"
            ),
        }
    }
}

/// Reads a journal from its beginning, or from the segment that a bound left as the first.
#[derive(Debug)]
pub struct Reader<D: Disk> {
    disk: D,
    numbers: Vec<u64>,
    at: usize,
    /// Number of the first segment.
    first: u64,
    /// Given out before anything that is read, last first.
    ahead: Vec<Record>,
    open: Option<Segment<D::File>>,
    buffer: Vec<u8>,
    /// Sequence number expected next; `None` before the first record.
    next: Option<u64>,
    /// Something is missing since the last sound record; so many numbers at least.
    gap: Option<u64>,
    config: Option<[u64; 2]>,
    /// Hash of the segment before, unless it was missing or damaged.
    previous: Option<u128>,
    pending: Option<Found>,
}

struct Segment<F> {
    number: u64,
    file: F,
    /// Bytes when it was opened; a journal being written grows behind the reader's back.
    size: u64,
    offset: u64,
    /// Place in the buffer, and its end.
    cursor: (usize, usize),
    last: bool,
    damaged: bool,
    bad: Option<Unsound>,
    hash: Xxh3,
}

/// A run of places without a usable record.
#[derive(Clone, Copy)]
struct Unsound {
    from: u64,
    cause: Cause,
    /// One of them holds a sound record out of its turn: no crash does that.
    out_of_turn: bool,
}

impl<F> fmt::Debug for Segment<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment {{ number: {}, offset: {} }}", self.number, self.offset)
    }
}

fn missing(segments: u64) -> String {
    if segments == 1 {
        "one segment is missing".into()
    } else {
        format!("{segments} segments are missing")
    }
}

fn other_form(layout: u32, alphabet: u32) -> String {
    let what = if layout == LAYOUT_VERSION {
        format!("it has record format {alphabet} and this program reads format {FORMAT_VERSION}")
    } else {
        format!("its segments have layout {layout} and this program reads layout {LAYOUT_VERSION}")
    };
    format!(
        "{what}; read it with the version of papermaker that run.json names, or replay its recording with \
         this one"
    )
}

impl<D: Disk> Reader<D> {
    /// Opens the journal in a folder; an empty folder is an empty journal.
    ///
    /// # Errors
    /// [`ReadError::Disk`] where the folder cannot be listed.
    pub fn open(disk: D) -> Result<Reader<D>, ReadError> {
        Self::since(disk, 0)
    }

    /// Opens it at segment number `first`: what came before is nobody's concern.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn since(mut disk: D, first: u64) -> Result<Reader<D>, ReadError> {
        let names = disk.names()?;
        let numbers = names.iter().filter_map(|n| format::segment_number(n));
        let mut numbers: Vec<u64> = numbers.filter(|n| *n >= first).collect();
        numbers.sort_unstable();
        Ok(Reader {
            disk,
            numbers,
            at: 0,
            first,
            ahead: Vec::new(),
            open: None,
            buffer: vec![0; JOURNAL_BATCH_BYTES],
            next: None,
            gap: None,
            config: None,
            previous: (first == 0).then_some(0),
            pending: None,
        })
    }

    /// Gives these records out first: those that say what the run is, where its beginning was dropped.
    pub fn after(self, mut head: Vec<Record>) -> Reader<D> {
        head.reverse();
        Reader { ahead: head, ..self }
    }

    /// What comes next; `None` at the end.
    ///
    /// # Errors
    /// [`ReadError`]; there is no point in going on.
    pub fn step(&mut self) -> Result<Option<Found>, ReadError> {
        if let Some(record) = self.ahead.pop() {
            return Ok(Some(Found::Record(record)));
        }
        loop {
            if let Some(found) = self.pending.take() {
                return Ok(Some(found));
            }
            if self.open.is_none() {
                match self.advance()? {
                    Some(found) => return Ok(Some(found)),
                    None if self.open.is_none() => return Ok(None),
                    None => {}
                }
            }
            if let Some(found) = self.slot()? {
                return Ok(Some(found));
            }
        }
    }

    /// Hash of the configuration the journal was written under; `None` before the first header.
    pub fn config(&self) -> Option<[u64; 2]> {
        self.config
    }

    /// Sequence number expected next; `None` before the first sound header.
    pub fn next_seq(&self) -> Option<u64> {
        self.next
    }

    /// Number of segments, by the highest number.
    pub fn segments(&self) -> u64 {
        self.numbers.last().map_or(self.first, |n| n + 1)
    }

    /// Hash of the sound bytes of the segment read last.
    pub(super) fn last_hash(&self) -> u128 {
        self.previous.unwrap_or(0)
    }

    /// Opens the next segment and judges its header. `Some`: report this first.
    fn advance(&mut self) -> Result<Option<Found>, ReadError> {
        let Some(&number) = self.numbers.get(self.at) else { return Ok(None) };
        let want = if self.at == 0 { self.first } else { self.numbers[self.at - 1] + 1 };
        let seq = self.next.unwrap_or(0);
        let mut report = None;
        if number != want {
            self.previous = None;
            self.gap.get_or_insert(0);
            let cause = Cause::Missing(number - want);
            report = Some(Damage { segment: want, from: 0, to: 0, seq, cause });
        }
        self.at += 1;
        let name = format::segment_name(number);
        let mut file = self.disk.open(&name)?;
        let size = self.disk.size(&name)?;
        let mut head = [0u8; HEADER_BYTES];
        let got = self.disk.read(&mut file, 0, &mut head)?;
        let last = self.at == self.numbers.len();
        if got < HEADER_BYTES && last && report.is_none() {
            let torn = Torn { segment: number, keep: 0, cut: got as u64 };
            return Ok(Some(Found::Torn(torn)));
        }
        let fault = self.judge_header(number, &head[..got])?;
        let mut hash = Xxh3::new();
        hash.update(&head[..got]);
        self.open = Some(Segment {
            number,
            file,
            size,
            offset: HEADER_BYTES as u64,
            cursor: (0, 0),
            last,
            damaged: fault.is_some(),
            bad: None,
            hash,
        });
        let to = got as u64;
        let fault = fault.map(|cause| Damage { segment: number, from: 0, to, seq, cause });
        if report.is_some() {
            self.pending = fault.map(Found::Damage);
            return Ok(report.map(Found::Damage));
        }
        Ok(fault.map(Found::Damage))
    }

    fn judge_header(&mut self, number: u64, head: &[u8]) -> Result<Option<Cause>, ReadError> {
        let header = match Header::decode(head) {
            Ok(h) => h,
            Err(HeaderFault::Version { layout, alphabet }) => {
                return Err(ReadError::Version { layout, alphabet });
            }
            Err(fault) => return Ok(Some(Cause::Header(fault))),
        };
        let cause = if header.number != number {
            Cause::Number(header.number)
        } else if *self.config.get_or_insert(header.config) != header.config {
            Cause::Config
        } else if self.previous.is_some_and(|p| p != header.previous) {
            Cause::Chain
        } else {
            let expected = *self.next.get_or_insert(header.first_seq);
            let found = header.first_seq;
            let whole = self.gap.is_none() && self.previous.is_some();
            let follows = found == expected || !whole;
            return Ok((!follows).then_some(Cause::Sequence { expected, found }));
        };
        self.gap.get_or_insert(0);
        Ok(Some(cause))
    }

    /// Reads one record's place. `None`: nothing to report yet.
    fn slot(&mut self) -> Result<Option<Found>, ReadError> {
        let Some(mut s) = self.open.take() else { return Ok(None) };
        let left = s.size.saturating_sub(s.offset);
        if left < RECORD_BYTES as u64 {
            return Ok(self.close(s, left));
        }
        if s.cursor.1 - s.cursor.0 < RECORD_BYTES {
            let n = self.disk.read(&mut s.file, s.offset, &mut self.buffer)?;
            s.cursor = (0, n);
            if n < RECORD_BYTES {
                return Ok(self.close(s, n as u64));
            }
        }
        let mut bytes: Bytes = [0; RECORD_BYTES];
        bytes.copy_from_slice(&self.buffer[s.cursor.0..s.cursor.0 + RECORD_BYTES]);
        s.cursor.0 += RECORD_BYTES;
        let from = s.offset;
        s.offset += RECORD_BYTES as u64;
        let found = match sound(&bytes) {
            Err(cause) => {
                s.bad.get_or_insert(Unsound { from, cause, out_of_turn: false });
                self.gap = Some(self.gap.unwrap_or(0) + 1);
                None
            }
            Ok(record) => {
                s.hash.update(&bytes);
                self.place(&mut s, from, record)
            }
        };
        self.open = Some(s);
        Ok(found)
    }

    /// Puts a sound record in its place among the others.
    fn place(&mut self, s: &mut Segment<D::File>, from: u64, record: Record) -> Option<Found> {
        let expected = self.next.unwrap_or(record.seq);
        let cause = Cause::Sequence { expected, found: record.seq };
        if record.seq < expected.saturating_add(self.gap.unwrap_or(0)) {
            s.bad.get_or_insert(Unsound { from, cause, out_of_turn: true }).out_of_turn = true;
            return None;
        }
        let follows = match record.body {
            Body::Lost(l) => {
                let last = l.count.checked_sub(1).and_then(|n| l.first.checked_add(n));
                l.first == expected && last == Some(record.seq)
            }
            _ => record.seq == expected,
        };
        let range = self.end_range(s, from);
        let jump = (self.gap.is_none() && range.is_none() && !follows).then(|| {
            s.damaged = true;
            Damage { segment: s.number, from, to: from, seq: expected, cause }
        });
        self.gap = None;
        self.next = Some(record.seq.saturating_add(1));
        match range.or(jump) {
            Some(damage) => {
                self.pending = Some(Found::Record(record));
                Some(Found::Damage(damage))
            }
            None => Some(Found::Record(record)),
        }
    }

    /// Ends a run of unsound places at `to`.
    fn end_range(&mut self, s: &mut Segment<D::File>, to: u64) -> Option<Damage> {
        let Unsound { from, cause, .. } = s.bad.take()?;
        s.damaged = true;
        Some(Damage { segment: s.number, from, to, seq: self.next.unwrap_or(0), cause })
    }

    /// Ends a segment, `rest` bytes before its end.
    fn close(&mut self, mut s: Segment<D::File>, rest: u64) -> Option<Found> {
        let end = s.offset + rest;
        if rest > 0 {
            let bad = Unsound { from: s.offset, cause: Cause::Partial, out_of_turn: false };
            s.bad.get_or_insert(bad);
            self.gap = Some(self.gap.unwrap_or(0) + 1);
        }
        let torn = s
            .bad
            .filter(|b| s.last && !b.out_of_turn)
            .map(|b| Found::Torn(Torn { segment: s.number, keep: b.from, cut: end - b.from }));
        let range = if torn.is_some() { None } else { self.end_range(&mut s, end) };
        self.previous = (!s.damaged).then(|| s.hash.digest128());
        torn.or(range.map(Found::Damage))
    }
}

/// The record in sound bytes.
fn sound(bytes: &Bytes) -> Result<Record, Cause> {
    if !format::is_sealed(bytes) {
        return Err(Cause::Checksum);
    }
    let record = Record::decode(bytes).map_err(|_| Cause::Malformed)?;
    if record.encode()[4..] == bytes[4..] { Ok(record) } else { Err(Cause::Malformed) }
}
