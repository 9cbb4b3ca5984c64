//! Goes on with a run that ended or was killed: brings recording, journal and engine to one place.
//!
//! In: the run's folder, locked; its configuration and coins. Out: feed and engine as of the last
//! recorded line with the link down, the journal, and the file that the recording goes on in. Cold
//! path: before any thread of the run starts.
//!
//! 1. The recording decides: the state is that of a replay of its whole lines. Nothing is saved while
//!    a run goes on, so being able to resume costs the hot thread nothing.
//! 2. Records that the recording does not give (of frames that were not on disk yet, or of the end of
//!    a run that stopped) are taken back from the journal; records the journal lacks are added.
//! 3. Where both have a record and do not agree, nothing is changed.
//! 4. From the last recorded line on the link is down, in the recording too: own orders are out, and
//!    a replay passes over the pause as this did.
//! 5. Killed in here, the folder can be resumed again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use super::config::ConfigOf;
use super::past::{self, Past};
use super::replay::{Feeder, Tally};
use super::status::Status;
use super::turn::Turn;
use crate::engine::Components;
use crate::feed::{CoinSpec, Control};
use crate::folder::disk::class;
use crate::folder::recording::{self, Reader, RecordingError, Tail};
use crate::folder::{Folder, RunFolder};
use crate::journal::{self, Digest, Digests, DiskError, Failed, Found, Options, ReadError, Writer};
use crate::limits::SOCKETS_MAX;
use crate::record::{Bytes, Record};
use crate::units::Ns;

/// What a run goes on with.
#[derive(Debug)]
pub struct Resumed<C: Components> {
    /// Feed and engine.
    pub turn: Turn<C>,
    /// The journal, in a segment of its own.
    pub journal: Writer<Folder>,
    /// The file in which the recording goes on.
    pub recording: File,
    /// Its number: the journal may be further.
    pub segment: u64,
    /// Number of the next record.
    pub next: u64,
    /// Digest of all records before it.
    pub digest: Digest,
    /// How it stands.
    pub status: Status,
    /// What was done.
    pub summary: ResumeSummary,
}

/// What was done to resume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResumeSummary {
    /// Frames of the recording, control lines included.
    pub frames: u64,
    /// Stamp of the last one.
    pub last: Ns,
    /// Session time from it to now, ns.
    pub pause_ns: i64,
    /// Records taken back from the journal.
    pub taken_back: u64,
    /// Records added to it that it lacked.
    pub added: u64,
}

/// Why a run cannot be resumed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no recording, or its beginning was dropped.
    #[error(
        "its recording is not there from the start (--no-record leaves it out), and the state \
                 comes from a replay of it"
    )]
    NoBeginning,
    /// What its first segments came to cannot be used.
    #[error(transparent)]
    Past(past::Fault),
    /// There is no state of feed and engine after them; why.
    #[error("it cannot go on from its first segments: {0}")]
    NoState(String),
    /// Nothing was recorded.
    #[error("nothing was recorded yet; start a new run")]
    Empty,
    /// The recording cannot be read.
    #[error("its recording cannot be read: {0}")]
    Recording(#[from] RecordingError),
    /// The journal cannot be read.
    #[error("its journal cannot be read: {0}")]
    Journal(#[from] ReadError),
    /// So many places of the journal are damaged.
    #[error("its journal is damaged in {0} places; see `verify`")]
    Damaged(u64),
    /// The journal cannot be written.
    #[error("its journal cannot be written: {}", .0.error)]
    Failed(#[from] Failed),
    /// The journal was written under another configuration.
    #[error("its journal was written under another configuration")]
    Config,
    /// The recording does not give the records the journal has, up to this number.
    #[error(
        "its recording does not give the records that its journal has before number {0}: \
                 another program version, or frames are missing; see `verify`"
    )]
    Differs(u64),
    /// The disk refused.
    #[error("the disk refused: {0}")]
    Disk(DiskError),
}

impl From<io::Error> for Fault {
    fn from(e: io::Error) -> Fault {
        Fault::Disk(class(&e))
    }
}

/// The recording, put through feed and engine once more.
struct Again<C: Components> {
    feeder: Feeder<C>,
    tally: (u64, Digest),
    /// Digest of the records before `from`.
    before: Digest,
    /// The records from `from` on.
    rest: Vec<Bytes>,
}

/// Brings a run to where it can go on. `clock` gives the session time from the last stamp.
///
/// # Errors
/// See [`Fault`].
pub fn resume<C: Components>(
    mut folder: Folder,
    options: Options,
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
    clock: impl FnOnce(Ns) -> Ns,
) -> Result<Resumed<C>, Fault> {
    let path = folder.path().to_path_buf();
    let past = Past::of(&RunFolder::at(&path)).map_err(Fault::Past)?;
    let newest = mend(&path, past.recording)?;
    let found = journal::inspect_since(&mut folder, &past.journal)?;
    if found.damages > 0 {
        return Err(Fault::Damaged(found.damages));
    }
    if found.config.is_some_and(|c| c != options.config) {
        return Err(Fault::Config);
    }
    let mut again = Again::new(&path, &past, config, coins, found.next_seq)?;
    let both = found.next_seq.min(again.tally.0);
    if past.report.lost() + found.lost == 0 && prefix(&path, &past, both)? != again.before.value() {
        return Err(Fault::Differs(both));
    }
    let (had, mut found) = (found.next_seq, journal::repair(&mut folder, &found)?);
    if again.tally.0 < had {
        found = journal::cut(&mut folder, &found, again.tally.0)?;
        if found.next_seq < again.tally.0 {
            again = Again::new(&path, &past, config, coins, found.next_seq)?;
        }
    }
    let mut journal = Writer::resume(folder, options, &found)?;
    for record in &again.rest {
        journal.append(record)?;
    }
    while journal.segment() <= newest {
        journal.next_segment()?;
    }
    let segment = journal.segment();
    let recording = begin(&path, segment)?;
    let Again { mut feeder, tally, rest, .. } = again;
    let seen = feeder.seen();
    let mut out = Tally::from(tally.0, &tally.1, |_: &Record, bytes: &Bytes| {
        // A failed journal remembers its failure; `sync` tells it.
        let _ = journal.append(bytes);
    });
    let mut lines = recording::Writer::new(&recording);
    let open = (1..SOCKETS_MAX).filter(|s| feeder.turn().feed().is_open((*s).into()));
    let downs = std::iter::once(0).chain(open).map(|s| (Control::Down, s));
    for (what, socket) in downs.chain([(Control::Drained, 0)]).collect::<Vec<_>>() {
        let line: Vec<u8> = what.line_of(socket).collect();
        lines.frame(seen.to, &line)?;
        feeder.take(seen.to, &line, &mut out);
    }
    lines.finish()?;
    drop(lines);
    recording.sync_data()?;
    let now = clock(seen.to);
    let mut turn = feeder.into_turn();
    turn.advance(now, &mut out);
    let (next, digest) = out.end();
    journal.sync()?;
    let summary = ResumeSummary {
        frames: seen.frames,
        last: seen.to,
        pause_ns: now.since(seen.to),
        taken_back: had.saturating_sub(tally.0),
        added: rest.len() as u64,
    };
    let status = status(&path, &past)?;
    Ok(Resumed { turn, journal, recording, segment, next, digest, status, summary })
}

impl<C: Components> Again<C> {
    /// Puts the recording through from where the past ends, and keeps the records from number `from` on.
    fn new(
        path: &Path,
        past: &Past,
        config: &ConfigOf<C>,
        coins: &[CoinSpec],
        from: u64,
    ) -> Result<Again<C>, Fault> {
        let (mut feeder, records, digest) = past.again(config, coins).map_err(Fault::NoState)?;
        if from < records {
            return Err(Fault::NoState("its journal ends before them".into()));
        }
        let (mut before, mut rest) = (digest.clone(), Vec::new());
        let mut tally = Tally::from(records, &digest, |record: &Record, bytes: &Bytes| {
            if record.seq < from {
                before.update(bytes);
            } else {
                rest.push(*bytes);
            }
        });
        let mut reader = Reader::open(&path.join(recording::segment_name(past.recording)))?;
        while let Some(line) = reader.step()? {
            feeder.take(line.at, line.bytes(), &mut tally);
        }
        if let Some(fault) = reader.left_out().hole() {
            return Err(RecordingError { line: 0, fault }.into());
        }
        if reader.tail() == Tail::Corrupt {
            return Err(corrupt());
        }
        if feeder.seen().frames == 0 {
            return Err(Fault::Empty);
        }
        let tally = tally.end();
        Ok(Again { feeder, tally, before, rest })
    }
}

/// How a run stands by its records; counts are of the process that goes on.
fn status(path: &Path, past: &Past) -> Result<Status, Fault> {
    let folder = Folder::open(path).map_err(|_| Fault::Disk(DiskError::Missing))?;
    let mut reader = past.kept(folder, past.journal.segment)?;
    let mut status = Status::default();
    while let Some(found) = reader.step()? {
        if let Found::Record(record) = found {
            status.take(&record);
        }
    }
    let (counters, link, stop) = Default::default();
    Ok(Status { records: 0, lost: 0, counters, link, stop, ..status })
}

/// Digest of the journal's records before number `seq`.
fn prefix(path: &Path, past: &Past, seq: u64) -> Result<Digests, Fault> {
    let folder = Folder::open(path).map_err(|_| Fault::Disk(DiskError::Missing))?;
    let mut reader = past.rest(folder)?;
    let mut digest = past.journal.digest.clone();
    while let Some(found) = reader.step()? {
        match found {
            Found::Record(r) if r.seq < seq => digest.update(&r.encode()),
            _ => break,
        }
    }
    Ok(digest.value())
}

/// What follows a damage would be lost, and the run would go on without it.
fn corrupt() -> Fault {
    Fault::Recording(RecordingError { line: 0, fault: recording::Fault::Gzip })
}

/// Cuts what a kill left unfinished at the end of the recording, whose first file has number `first`,
/// and gives the number of its newest file.
fn mend(path: &Path, first: u64) -> Result<u64, Fault> {
    let names = fs::read_dir(path)?.filter_map(|e| e.ok()?.file_name().into_string().ok());
    let numbers: Vec<u64> = names.filter_map(|n| recording::segment_number(&n)).collect();
    let newest = *numbers.iter().max().ok_or(Fault::NoBeginning)?;
    if !numbers.contains(&first) {
        return Err(Fault::NoBeginning);
    }
    let file = path.join(recording::segment_name(newest));
    let mut reader = Reader::detect(File::open(&file)?)?;
    while reader.step()?.is_some() {}
    match reader.tail() {
        Tail::Whole => return Ok(newest),
        Tail::Corrupt => return Err(corrupt()),
        Tail::Unfinished(_) | Tail::Truncated(_) => {}
    }
    let aside = file.with_extension("part");
    let mut out = recording::Writer::new(BufWriter::new(File::create(&aside)?));
    let mut reader = Reader::detect(File::open(&file)?)?;
    while let Some(line) = reader.step()? {
        out.frame(line.at, line.bytes())?;
    }
    out.finish()?;
    drop(out);
    File::open(&aside)?.sync_all()?;
    fs::rename(&aside, &file)?;
    File::open(path)?.sync_all()?;
    Ok(newest)
}

/// The recording's file with this number, new; those missing before it are made, empty.
fn begin(path: &Path, number: u64) -> Result<File, Fault> {
    let file = |n: u64| {
        let name = path.join(recording::segment_name(n));
        OpenOptions::new().append(true).create(true).open(name)
    };
    for n in (1..number).rev() {
        if path.join(recording::segment_name(n)).exists() {
            break;
        }
        file(n)?.flush()?;
    }
    let file = file(number)?;
    File::open(path)?.sync_all()?;
    Ok(file)
}
