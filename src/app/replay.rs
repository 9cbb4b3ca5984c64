//! Recordings through the same feed and engine as a live run; through many engines at once, read and
//! decoded once a thread.
//!
//! In: recordings in order of time, the configuration. Out: records to a publisher, and what was seen.
//! Cold path around the hot one.
//!
//! 1. One engine alone is given what another thread reads and decodes, as from a file of events, where there are
//!    two cores; the records are the same.
//! 2. Each of many engines is given what it would be given alone: its digest is that of its own replay.
//!    Memory is one feed and the engines.

use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use xxhash_rust::xxh3::xxh3_64;

use super::checkpoint::{Checkpoint, Place, encoded, put};
use super::config::ConfigOf;
use super::convert::{ConvertError, convert};
use super::events::{self, Entry, is_events};
use super::lines::{Lines, read};
pub use super::lines::{Outcome, Unread};
use super::source::{Signal, Source};
use super::turn::{Turn, engine, give};
use crate::engine::publish::Publish;
use crate::engine::{Components, Engine, Shipped};
use crate::feed::{CoinSpec, Parser};
use crate::folder::ahead::Ahead;
use crate::folder::disk::class;
use crate::folder::recording::{Fault, Meter, Reader, RecordingError};
use crate::journal::Digest;
use crate::record::{Bytes, Record, StopReason};
use crate::sys::jobs::cores;
use crate::units::{CoinId, Ns};

/// Where a tally hands records on.
enum Sink<'a> {
    /// Nowhere: they are counted and nothing else.
    Nowhere,
    /// As they are: they are neither encoded nor hashed.
    Seen(Box<dyn FnMut(&Record) + 'a>),
    /// With their bytes.
    Kept(Keep<'a>),
}

/// Takes a record and its bytes.
type Keep<'a> = Box<dyn FnMut(&Record, &Bytes) + 'a>;

/// Counts and digests what is published, and hands it on.
pub struct Tally<'a> {
    /// Next sequence number, which is the number of records so far.
    pub next: u64,
    /// Running digest.
    pub digest: Digest,
    // Not a parameter: the engine would be compiled again for each closure.
    sink: Sink<'a>,
}

impl std::fmt::Debug for Tally<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tally {{ next: {} }}", self.next)
    }
}

impl Publish for Tally<'_> {
    fn publish(&mut self, at: Ns, coin: CoinId, body: impl Into<crate::record::Body>) {
        let seq = self.next;
        self.next += 1;
        let record = || Record { seq, at, coin, body: body.into() };
        match &mut self.sink {
            Sink::Nowhere => {}
            Sink::Seen(sink) => sink(&record()),
            Sink::Kept(sink) => {
                let record = record();
                let bytes = record.encode();
                self.digest.update(&bytes);
                sink(&record, &bytes);
            }
        }
    }
}

impl<'a> Tally<'a> {
    /// A tally that goes on from so many records with their digest; `sink` is where each record goes.
    pub fn from(next: u64, digest: &Digest, sink: impl FnMut(&Record, &Bytes) + 'a) -> Tally<'a> {
        Tally { next, digest: digest.clone(), sink: Sink::Kept(Box::new(sink)) }
    }

    /// A tally that only counts: records are neither encoded nor hashed.
    pub fn counting() -> Tally<'a> {
        Tally { next: 0, digest: Digest::default(), sink: Sink::Nowhere }
    }

    /// A tally that shows records to `sink`, and neither encodes nor hashes them: the digest stays that
    /// of none.
    pub fn seeing(sink: impl FnMut(&Record) + 'a) -> Tally<'a> {
        Tally { next: 0, digest: Digest::default(), sink: Sink::Seen(Box::new(sink)) }
    }

    /// A tally from sequence number 0.
    pub fn new(sink: impl FnMut(&Record, &Bytes) + 'a) -> Tally<'a> {
        Tally::from(0, &Digest::default(), sink)
    }

    /// How many records there were, and their digest; the sink is dropped.
    pub fn end(self) -> (u64, Digest) {
        (self.next, self.digest)
    }
}

/// Where a replay begins, and where it leaves a checkpoint.
#[derive(Debug, Default)]
pub struct Cut<C: Components = Shipped> {
    /// Begin here instead of at the start. The tally must be [`Tally::from`] the same.
    pub from: Option<Checkpoint<C>>,
    /// Before the first frame so many nanoseconds after the first one, write a checkpoint there.
    pub at: Option<(i64, PathBuf)>,
    /// Counts what is read.
    pub meter: Meter,
}

/// Puts the lines of a recording through feed and engine.
#[derive(Debug)]
pub struct Feeder<C: Components = Shipped> {
    turn: Turn<C>,
    lines: Lines,
}

impl<C: Components> Feeder<C> {
    /// Nothing was put through yet.
    pub fn new(turn: Turn<C>) -> Feeder<C> {
        Feeder { turn, lines: Lines::default() }
    }

    /// Goes on where a checkpoint was made; `false` where it does not fit.
    pub fn resume(&mut self, from: Checkpoint<C>) -> bool {
        let Place { frames, from: first, last, downs, ours, .. } = from.place;
        let seen = Outcome { frames, from: first, to: last, downs, ..Outcome::default() };
        let fits = self.turn.restore(from.source, from.engine);
        let open = std::array::from_fn(|s| self.turn.feed().is_open(s));
        self.lines = Lines::behind(seen, (ours, last), open);
        fits
    }

    /// Where a checkpoint is made, behind the frame stamped `last` whose hash is `frame`.
    fn place(&self, last: Ns, records: u64, frame: u64) -> Place {
        let Outcome { frames, from, downs, .. } = self.lines.seen;
        Place { frames, from, last, downs, ours: self.lines.ours, records, frame }
    }

    /// The place behind the last line of a file, after so many records.
    pub fn end(&self, records: u64) -> Place {
        self.place(self.lines.seen.to, records, 0)
    }

    /// Feed and engine.
    pub fn turn(&self) -> &Turn<C> {
        &self.turn
    }

    /// One line, stamped `at`.
    pub fn take(&mut self, at: Ns, line: &[u8], out: &mut impl Publish) {
        let Feeder { turn, lines } = self;
        lines.read(at, line, |at, signal| turn.take(at, signal, out));
    }

    /// What was seen so far, but for the recording's tail.
    pub fn seen(&self) -> Outcome {
        Outcome { counters: self.turn.feed().counters(), ..self.lines.seen() }
    }

    /// Feed and engine, as they stand.
    pub fn into_turn(self) -> Turn<C> {
        self.turn
    }

    /// The run ends for this reason, its quotes taken down before; `None`: it was killed.
    pub fn end_run(mut self, reason: Option<StopReason>, out: &mut Tally<'_>) -> Engine<C> {
        if let Some(reason) = reason {
            let end = self.lines.seen().to;
            self.turn.stopping(end, out);
            let before = out.next;
            self.turn.stop(end, reason, before, out);
        }
        self.turn.into_engine()
    }
}

/// Replays a recording, frames or a file of events; `reason` is why the run ended that it repeats,
/// `None` of one that was killed: its quotes stand, and nothing says that it stopped.
/// A file of events holds its own coins: it is replayed for all of them.
///
/// # Errors
/// The recording cannot be read, or its coins cannot be followed.
#[cfg(any(test, feature = "lab"))]
pub fn replay<C: Components>(
    path: &Path,
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
    reason: Option<StopReason>,
    out: &mut Tally<'_>,
) -> Result<Outcome, RecordingError> {
    let seen = replay_files(&[path.to_path_buf()], config, coins, (reason, Cut::default()), out);
    seen.map_err(|(_, e)| e)
}

/// The same of frames from a checkpoint on, or leaving one; a file of events has no checkpoints.
///
/// # Errors
/// As [`replay_files`]; also where the recording is not the checkpoint's, or a checkpoint cannot be written.
pub fn replay_cut<C: Components>(
    path: &Path,
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
    (reason, mut cut): (Option<StopReason>, Cut<C>),
    out: &mut Tally<'_>,
) -> Result<Outcome, RecordingError> {
    let hash = config.hash(coins);
    let fault = |fault| RecordingError { line: 0, fault };
    if is_events(path) {
        return Err(fault(Fault::Checkpoint));
    }
    let mut reader = Reader::open_metered(path, &cut.meter)?;
    let bad = |_| fault(Fault::Coins);
    let turn = Turn::reading(config.run.parser, &config.engine, coins, hash).map_err(bad)?;
    let mut feeder = Feeder::new(turn);
    let mut frame = 0;
    if let Some(c) = cut.from.take() {
        skip(&mut reader, &c.place)?;
        frame = c.place.frame;
        if !feeder.resume(c) {
            return Err(fault(Fault::NotThatOne));
        }
    }
    while let Some(line) = reader.step()? {
        if let (Some(last), Some((after, file))) = (feeder.lines.last, &cut.at)
            && line.at.max(last).since(feeder.lines.seen.from) >= *after
        {
            let place = feeder.place(last, out.next, frame);
            let bytes = encoded(hash, place, &out.digest, &feeder.turn);
            let written = bytes.and_then(|bytes| put(file, &bytes));
            let line = line.number;
            written.map_err(|_| RecordingError { line, fault: Fault::Checkpoint })?;
            cut.at = None;
        }
        if cut.at.is_some() {
            frame = xxh3_64(line.bytes());
        }
        feeder.take(line.at, line.bytes(), out);
    }
    let seen = Outcome { tail: reader.tail(), left_out: reader.left_out(), ..feeder.seen() };
    feeder.end_run(reason, out);
    Ok(seen)
}

/// Replays recordings, in order of time, as one run: between two of them orders end, position and
/// learning go on. Files of events cannot be joined.
///
/// # Errors
/// The file that cannot be read, and why; as [`replay_cut`].
pub fn replay_files<C: Components>(
    files: &[PathBuf],
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
    (reason, cut): (Option<StopReason>, Cut<C>),
    out: &mut Tally<'_>,
) -> Result<Outcome, (PathBuf, RecordingError)> {
    match files {
        [path] if cut.from.is_some() || cut.at.is_some() => {
            let seen = replay_cut(path, config, coins, (reason, cut), out);
            seen.map_err(|e| (path.clone(), e))
        }
        _ => {
            let run = &mut [(engine(&config.engine, coins, config.hash(coins)), out)];
            let (parser, end) = (config.run.parser, (reason, &cut.meter));
            let alone = cores() < 2 || files.iter().any(|f| is_events(f));
            let replay = if alone { replay_many } else { piped };
            replay(files, coins, parser, run, end)
        }
    }
}

/// An engine, and where its records go.
pub type Run<'r, 'a, C> = (Engine<C>, &'r mut Tally<'a>);

/// Replays recordings, in order of time, as one run through each of the engines, which must follow
/// `coins`; a file of events stands alone, and its coins are `coins`. `reason` as for one engine, the meter
/// counts the bytes read.
///
/// # Errors
/// A recording cannot be read or joined, or its coins cannot be followed.
pub fn replay_many<C: Components>(
    files: &[PathBuf],
    coins: &[CoinSpec],
    parser: Parser,
    runs: &mut [Run<'_, '_, C>],
    (reason, meter): (Option<StopReason>, &Meter),
) -> Result<Outcome, Unread> {
    let fault = |fault| RecordingError { line: 0, fault };
    if let [path] = files
        && is_events(path)
    {
        let read = events::Reader::open_metered(path, meter).and_then(|reader| {
            let same = reader.coins() == coins;
            if same { play(reader, runs, (reason, meter)) } else { Err(fault(Fault::OtherCoins)) }
        });
        return read.map_err(|e| (path.clone(), e));
    }
    let to = |source: &mut Source, at, signal: Signal<'_>| take(source, runs, at, signal);
    let (source, seen) = read(files, coins, parser, meter, to)?;
    end(source, runs, seen.to, reason);
    Ok(seen)
}

/// As [`replay_many`] of lines that `make` hands over as it makes them.
///
/// # Errors
/// Those of `make`: then no engine is stopped.
pub(super) fn replay_made<C: Components, E>(
    mut source: Source,
    runs: &mut [Run<'_, '_, C>],
    make: impl FnOnce(&mut dyn FnMut(Ns, &str) -> io::Result<()>) -> Result<(), E>,
) -> Result<(), E> {
    let mut lines = Lines::default();
    make(&mut |at, line| {
        lines.read(at, line.as_bytes(), |at, signal| take(&mut source, runs, at, signal));
        Ok(())
    })?;
    end(source, runs, lines.seen().to, Some(StopReason::Finished));
    Ok(())
}

/// As [`replay_many`] of frames, which another thread reads.
pub(super) fn piped<C: Components>(
    files: &[PathBuf],
    coins: &[CoinSpec],
    parser: Parser,
    runs: &mut [Run<'_, '_, C>],
    (reason, meter): (Option<StopReason>, &Meter),
) -> Result<Outcome, Unread> {
    let of_first =
        |fault| (files.first().cloned().unwrap_or_default(), RecordingError { line: 0, fault });
    let (to, ahead) = Ahead::pipe();
    thread::scope(|threads| {
        let feed = move || convert(files, coins, parser, (reason.is_some(), meter), to);
        let feed = thread::Builder::new().name("feed".into()).spawn_scoped(threads, feed);
        let feed = feed.map_err(|e| of_first(Fault::Disk(class(&e))))?;
        let events = events::Reader::over(Box::new(ahead));
        let played = events.and_then(|events| play(events, runs, (reason, &Meter::default())));
        match feed.join().unwrap_or_else(|panic| resume_unwind(panic)) {
            Ok(seen) if played.is_ok() => Ok(seen),
            Err(ConvertError::Recording(unread)) => Err(unread),
            _ => Err(of_first(Fault::Damaged)),
        }
    })
}

/// One signal, as [`Turn`] gives it to one engine.
fn take<C: Components>(
    source: &mut Source,
    runs: &mut [Run<'_, '_, C>],
    at: Ns,
    signal: Signal<'_>,
) {
    let now = source.take(at, signal, &mut |at, item| {
        for (engine, out) in runs.iter_mut() {
            give(engine, at, item, *out);
        }
    });
    if source.is_linked() {
        for (engine, out) in runs {
            engine.advance(now, *out);
        }
    }
}

/// The last line has come.
fn end<C: Components>(
    mut source: Source,
    runs: &mut [Run<'_, '_, C>],
    to: Ns,
    reason: Option<StopReason>,
) {
    if reason.is_some() {
        take(&mut source, runs, to, Signal::Stop);
    }
    let end = source.time(to);
    runs.iter_mut().for_each(|run| stop(run, end, reason));
}

fn stop<C: Components>((engine, out): &mut Run<'_, '_, C>, at: Ns, reason: Option<StopReason>) {
    if let Some(reason) = reason {
        engine.stopping(at, *out);
        let before = out.next;
        engine.stop(at, reason, before, *out);
    }
}

/// Replays a file of events: the same records as from the frames it was made of.
///
/// # Errors
/// The file is cut or damaged. The engines' coins must be the file's.
pub fn play<C: Components>(
    mut reader: events::Reader,
    runs: &mut [Run<'_, '_, C>],
    (reason, meter): (Option<StopReason>, &Meter),
) -> Result<Outcome, RecordingError> {
    let mut seen = Outcome::default();
    while let Some((at, entry)) = reader.step()? {
        if !meter.goes_on(at) {
            runs.iter_mut().for_each(|run| stop(run, at, reason));
            break;
        }
        for run in runs.iter_mut() {
            match entry {
                Entry::Item(item) => give(&mut run.0, at, item, run.1),
                Entry::End(e) => {
                    (seen.frames, seen.from, seen.to, seen.downs) =
                        (e.frames, e.from, e.to, e.downs);
                    run.0.advance(at, run.1);
                    stop(run, at, reason);
                }
            }
        }
    }
    Ok(seen)
}

/// Passes over the frames that a checkpoint has taken.
fn skip(reader: &mut Reader, to: &Place) -> Result<(), RecordingError> {
    let mut found = None;
    for _ in 0..to.frames {
        let Some(line) = reader.step()? else { break };
        found = Some((line.number, xxh3_64(line.bytes())));
    }
    match found {
        Some((_, frame)) if frame == to.frame => Ok(()),
        _ => {
            let line = found.map_or(0, |(line, _)| line);
            Err(RecordingError { line, fault: Fault::NotThatOne })
        }
    }
}
