//! A recording's frames read once, into a file of events.
//!
//! In: a recording. Out: the file, and what was seen. Cold path.
//!
//! 1. The feed reads the frames as in a run; what it tells the engine is written down instead of
//!    decided on. So a replay of the file gives the records of a replay of the frames.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use super::events::{End, Item, Writer};
use super::replay::{Feeder, Outcome};
use super::turn::{Decide, Turn};
use crate::engine::Grid;
use crate::engine::publish::Publish;
use crate::event::Event;
use crate::feed::{CoinSpec, Parser};
use crate::folder::recording::{Fault, Reader, RecordingError};
use crate::record::{Body, FeedState, StopReason};
use crate::units::{CoinId, Ns};

/// Why a recording was not converted.
#[derive(Debug)]
pub enum ConvertError {
    /// It cannot be read, or its coins cannot be followed.
    Recording(RecordingError),
    /// The file cannot be written.
    Output(io::Error),
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConvertError::Recording(e) => write!(f, "the recording: {e}"),
            ConvertError::Output(e) => write!(f, "the file of events: {e}"),
        }
    }
}

impl std::error::Error for ConvertError {}

/// Notes what the engine would be given.
struct Recorder<W: Write> {
    to: Writer<W>,
    grid: Grid,
    failed: Option<io::Error>,
}

impl<W: Write> Recorder<W> {
    fn note(&mut self, at: Ns, item: &Item<'_>) {
        if self.failed.is_none() {
            self.failed = self.to.item(at, item).err();
        }
    }
}

impl<W: Write> Decide for Recorder<W> {
    fn start(&mut self, now: Ns, _: &mut impl Publish) {
        self.note(now, &Item::Start);
    }
    fn due(&mut self, now: Ns) -> Option<Ns> {
        self.grid.due(now)
    }
    fn step(&mut self, now: Ns, event: Event<'_>, _: &mut impl Publish) {
        if !matches!(event, Event::Tick) {
            self.note(now, &Item::Event(event));
        }
    }
    fn feed(&mut self, now: Ns, coin: CoinId, state: FeedState, _: &mut impl Publish) {
        self.note(now, &Item::Feed(coin, state));
    }
    fn stopping(&mut self, _: Ns, _: &mut impl Publish) {}
    fn stop(&mut self, _: Ns, _: StopReason, _: u64, _: &mut impl Publish) {}
}

/// Takes no records: a recorder makes none.
struct Nowhere;

impl Publish for Nowhere {
    fn publish(&mut self, _: Ns, _: CoinId, _: impl Into<Body>) {}
}

/// Writes the events of the recording at `path`, of the given coins, to `out`.
///
/// # Errors
/// [`ConvertError`].
pub fn convert<W: Write>(
    path: &Path,
    coins: &[CoinSpec],
    parser: Parser,
    out: W,
) -> Result<Outcome, ConvertError> {
    let mut reader = Reader::open(path).map_err(ConvertError::Recording)?;
    let to = Writer::new(out, coins).map_err(ConvertError::Output)?;
    let recorder = Recorder { to, grid: Grid::default(), failed: None };
    let bad = |_| ConvertError::Recording(RecordingError { line: 0, fault: Fault::OtherCoins });
    let mut feeder = Feeder::new(Turn::with(recorder, parser, coins, 0).map_err(bad)?);
    while let Some(line) = reader.step().map_err(ConvertError::Recording)? {
        feeder.take(line.at, line.bytes(), &mut Nowhere);
    }
    let seen = Outcome { tail: reader.tail(), ..feeder.seen() };
    feeder.stopping(&mut Nowhere);
    let mut recorder = feeder.finish(StopReason::Finished, 0, &mut Nowhere);
    let end = End { frames: seen.frames, from: seen.from, downs: seen.downs };
    recorder.note(seen.to, &Item::End(end));
    match recorder.failed {
        Some(e) => Err(ConvertError::Output(e)),
        None => Ok(seen),
    }
}
