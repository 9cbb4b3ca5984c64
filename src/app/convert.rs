//! A recording's frames read once, into a file of events.
//!
//! In: a recording. Out: the file, and what was seen. Cold path.
//!
//! 1. The feed reads the frames as in a run; what it tells the engine is written down instead of
//!    decided on. So a replay of the file gives the records of a replay of the frames.

use std::io::{self, Write};
use std::path::Path;

use super::events::{End, Entry, Writer};
use super::replay::{Lines, Outcome};
use super::source::{Item, Signal, Source};
use crate::feed::{CoinSpec, Parser};
use crate::folder::recording::{Fault, Reader, RecordingError};

/// Why a recording was not converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// It cannot be read, or its coins cannot be followed.
    #[error("the recording: {0}")]
    Recording(RecordingError),
    /// The file cannot be written.
    #[error("the file of events: {0}")]
    Output(io::Error),
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
    let mut to = Writer::new(out, coins).map_err(ConvertError::Output)?;
    let bad = |_| ConvertError::Recording(RecordingError { line: 0, fault: Fault::OtherCoins });
    let mut source = Source::new(parser, coins, 0).map_err(bad)?;
    let mut lines = Lines::default();
    let mut written = Ok(());
    let mut note = |at, item: Item<'_>| {
        if written.is_ok() {
            written = to.entry(at, &Entry::Item(item));
        }
    };
    while let Some(line) = reader.step().map_err(ConvertError::Recording)? {
        lines.read(line.at, line.bytes(), |at, signal| {
            source.take(at, signal, &mut note);
        });
    }
    let counters = source.feed().counters();
    let left_out = reader.left_out();
    let seen = Outcome { tail: reader.tail(), left_out, counters, ..lines.seen() };
    let end = End { frames: seen.frames, from: seen.from, to: seen.to, downs: seen.downs };
    let now = source.take(seen.to, Signal::Stop, &mut note);
    written.and_then(|()| to.entry(now, &Entry::End(end))).map_err(ConvertError::Output)?;
    Ok(seen)
}
