//! A recording through the same feed and engine as a live run.
//!
//! In: a recording, the configuration. Out: records to a publisher, and what was seen. Cold path
//! around the hot one.
//!
//! 1. Our own recordings say when the link came up and went down. Others do not: their first frame
//!    means up, and a silence of `MESSAGE_SILENCE_NS` means down, as a live link would have been
//!    given up then, and up again at the next frame.
//! 2. The end of the recording is the time of its last line.

use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::checkpoint::{Checkpoint, Place, Written};
use super::config::ConfigOf;
use super::events::{self, Entry, is_events};
use super::source::Signal;
use super::turn::{Turn, engine, give};
use crate::engine::publish::Publish;
use crate::engine::{Components, Engine, Shipped};
use crate::feed::{
    CoinSpec, Control, Counters, Loss, SIMULATED, control, imported, is_coin, is_taken_back,
    lost_frames, set_aside,
};
use crate::folder::recording::{Fault, LeftOut, Meter, Reader, RecordingError, Tail};
use crate::journal::Digest;
use crate::limits::MESSAGE_SILENCE_NS;
use crate::record::{Bytes, Record, StopReason};
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
        Tally { next: 0, digest: Digest::new(), sink: Sink::Nowhere }
    }

    /// A tally that shows records to `sink`, and neither encodes nor hashes them: the digest stays that
    /// of none.
    pub fn seeing(sink: impl FnMut(&Record) + 'a) -> Tally<'a> {
        Tally { next: 0, digest: Digest::new(), sink: Sink::Seen(Box::new(sink)) }
    }

    /// A tally from sequence number 0.
    pub fn new(sink: impl FnMut(&Record, &Bytes) + 'a) -> Tally<'a> {
        Tally::from(0, &Digest::new(), sink)
    }

    /// How many records there were, and their digest; the sink is dropped.
    #[must_use]
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

/// What a replay went through.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Frames read, control lines included.
    pub frames: u64,
    /// Stamp of the first line.
    pub from: Ns,
    /// Stamp of the last line.
    pub to: Ns,
    /// Times the link went down.
    pub downs: u64,
    /// Frames that the recording says it misses: the disk fell behind.
    pub missing: u64,
    /// The feed's counters.
    pub counters: Counters,
    /// How the recording ends.
    pub tail: Tail,
    /// Lines and stamps that were not taken as they stand.
    pub left_out: LeftOut,
}

/// What the lines of a recording mean: messages, and the link's ups and downs as recorded or implied.
#[derive(Debug, Default)]
pub struct Lines {
    seen: Outcome,
    /// The recording is our own: it says when the link changed.
    ours: bool,
    last: Option<Ns>,
}

impl Lines {
    /// One line, stamped `at`. `to` is given what it means.
    pub fn read(&mut self, at: Ns, line: &[u8], mut to: impl FnMut(Ns, Signal<'_>)) {
        if self.seen.frames == 0 {
            self.seen.from = at;
        }
        self.seen.frames += 1;
        self.seen.to = at;
        if let Some(what) = control(line) {
            self.ours = true;
            to(at, what.into());
        } else if let Some(coin) = set_aside(line) {
            to(at, Signal::Aside(coin, true));
        } else if let Some(coin) = is_taken_back(line) {
            to(at, Signal::Aside(coin, false));
        } else if let Some(missing) = lost_frames(line) {
            self.seen.missing = self.seen.missing.saturating_add(missing);
        } else if line == SIMULATED || imported(line).is_some() {
            // What a recording says of itself is no message: the link is up from the first on.
            self.last = None;
            return;
        } else if is_coin(line) {
            // Read before the replay, for its coins.
        } else {
            if !self.ours && self.last.is_none_or(|l| at.since(l) >= MESSAGE_SILENCE_NS) {
                self.imply(at, &mut to);
            }
            to(at, Signal::Message(line));
        }
        self.last = Some(at);
    }

    /// A recording ends and another one follows: what lies between them is a hole.
    pub fn next_file(&mut self, mut to: impl FnMut(Ns, Signal<'_>)) {
        if let Some(last) = self.last.take() {
            to(last, Signal::Down(Loss::Lost));
            self.seen.downs += 1;
        }
        self.ours = false;
    }

    /// A recording of somebody else: the first frame means up, silence means down and up again.
    #[cold]
    fn imply(&mut self, at: Ns, to: &mut impl FnMut(Ns, Signal<'_>)) {
        if let Some(last) = self.last {
            to(last.plus(MESSAGE_SILENCE_NS), Signal::Down(Loss::Lost));
            self.seen.downs += 1;
        }
        to(at, Signal::Up);
    }

    /// What was seen so far, but for the feed's counters and the recording's tail.
    #[must_use]
    pub fn seen(&self) -> Outcome {
        self.seen
    }
}

impl From<Control> for Signal<'_> {
    fn from(line: Control) -> Self {
        match line {
            Control::Up => Signal::Up,
            Control::Down => Signal::Down(Loss::Lost),
            Control::Behind => Signal::Behind(true),
            Control::Drained => Signal::Behind(false),
            Control::Stop => Signal::Time,
            Control::Ping => Signal::Pinged,
        }
    }
}

/// Puts the lines of a recording through feed and engine.
#[derive(Debug)]
pub struct Feeder<C: Components = Shipped> {
    turn: Turn<C>,
    lines: Lines,
}

impl<C: Components> Feeder<C> {
    /// Nothing was put through yet.
    #[must_use]
    pub fn new(turn: Turn<C>) -> Feeder<C> {
        Feeder { turn, lines: Lines::default() }
    }

    /// Goes on where a checkpoint was made; `false` where it does not fit.
    pub fn resume(&mut self, from: Checkpoint<C>) -> bool {
        let Place { frames, from: first, last, downs, ours, .. } = from.place;
        let seen = Outcome { frames, from: first, to: last, downs, ..Outcome::default() };
        self.lines = Lines { seen, ours, last: Some(last) };
        self.turn.restore(from.source, from.engine)
    }

    /// Where a checkpoint is made, behind the frame stamped `last` whose hash is `frame`.
    fn place(&self, last: Ns, records: u64, frame: u64) -> Place {
        let Outcome { frames, from, downs, .. } = self.lines.seen;
        Place { frames, from, last, downs, ours: self.lines.ours, records, frame }
    }

    /// The place behind the last line of a file, after so many records.
    #[must_use]
    pub fn end(&self, records: u64) -> Place {
        self.place(self.lines.seen.to, records, 0)
    }

    /// Feed and engine.
    #[must_use]
    pub fn turn(&self) -> &Turn<C> {
        &self.turn
    }

    /// One line, stamped `at`.
    pub fn take(&mut self, at: Ns, line: &[u8], out: &mut impl Publish) {
        let Feeder { turn, lines } = self;
        lines.read(at, line, |at, signal| turn.take(at, signal, out));
    }

    /// Another recording follows: the link is down until it begins.
    fn next_file(&mut self, out: &mut impl Publish) {
        let Feeder { turn, lines } = self;
        lines.next_file(|at, signal| turn.take(at, signal, out));
    }

    /// What was seen so far, but for the recording's tail.
    #[must_use]
    pub fn seen(&self) -> Outcome {
        Outcome { counters: self.turn.feed().counters(), ..self.lines.seen() }
    }

    /// Feed and engine, as they stand.
    #[must_use]
    pub fn into_turn(self) -> Turn<C> {
        self.turn
    }

    /// The end is near: quotes are taken down.
    pub fn stopping(&mut self, out: &mut impl Publish) {
        self.turn.stopping(self.lines.seen().to, out);
    }

    /// The run ends for this reason, its quotes taken down before; `None`: it was killed, and nothing
    /// says that it ended.
    pub fn end_run(mut self, reason: Option<StopReason>, out: &mut Tally<'_>) {
        if let Some(reason) = reason {
            self.stopping(out);
            let before = out.next;
            self.finish(reason, before, out);
        }
    }

    /// The end, after `records` records.
    pub fn finish(mut self, reason: StopReason, records: u64, out: &mut impl Publish) -> Engine<C> {
        self.turn.stop(self.lines.seen().to, reason, records, out);
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
    replay_cut(path, config, coins, (reason, Cut::default()), out)
}

/// The same from a checkpoint on, or leaving one; a file of events has no checkpoints.
///
/// # Errors
/// As [`replay`]; also where the recording is not the checkpoint's, or a checkpoint cannot be written.
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
        let reader = events::Reader::open_metered(path, &cut.meter)?;
        if reader.coins() != coins {
            return Err(fault(Fault::OtherCoins));
        }
        if cut.from.is_some() || cut.at.is_some() {
            return Err(fault(Fault::Checkpoint));
        }
        return play(reader, engine(&config.engine, coins, hash), reason, out);
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
            let written = Written::new(hash, place, &out.digest, &feeder.turn).write(file);
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
    if let [path] = files {
        let seen = replay_cut(path, config, coins, (reason, cut), out);
        return seen.map_err(|e| (path.clone(), e));
    }
    let fault = |fault| RecordingError { line: 0, fault };
    let turn = Turn::reading(config.run.parser, &config.engine, coins, config.hash(coins));
    let named = || files.first().cloned().unwrap_or_default();
    let mut feeder = Feeder::new(turn.map_err(|_| (named(), fault(Fault::Coins)))?);
    let mut left_out = LeftOut::default();
    let mut tail = Tail::Whole;
    for path in files {
        let mut one = || {
            if is_events(path) {
                return Err(fault(Fault::NotJoined));
            }
            let mut reader = Reader::open_metered(path, &cut.meter)?;
            feeder.next_file(out);
            while let Some(line) = reader.step()? {
                feeder.take(line.at, line.bytes(), out);
            }
            left_out = left_out.and(reader.left_out());
            tail = reader.tail();
            Ok(())
        };
        one().map_err(|e| (path.clone(), e))?;
    }
    let seen = Outcome { tail, left_out, ..feeder.seen() };
    feeder.end_run(reason, out);
    Ok(seen)
}

/// Replays a file of events: the same records as from the frames it was made of.
///
/// # Errors
/// The file is cut or damaged. The engine's coins must be the file's.
pub fn play<C: Components>(
    mut reader: events::Reader,
    mut engine: Engine<C>,
    reason: Option<StopReason>,
    out: &mut Tally<'_>,
) -> Result<Outcome, RecordingError> {
    let mut seen = Outcome::default();
    while let Some((at, entry)) = reader.step()? {
        match entry {
            Entry::Item(item) => give(&mut engine, at, item, out),
            Entry::End(e) => {
                (seen.frames, seen.from, seen.to, seen.downs) = (e.frames, e.from, e.to, e.downs);
                engine.advance(at, out);
                if let Some(reason) = reason {
                    engine.stopping(at, out);
                    let before = out.next;
                    engine.stop(at, reason, before, out);
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
