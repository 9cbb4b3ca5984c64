//! Recordings' frames read once, into a file of events or for an engine on another thread.
//!
//! In: recordings. Out: their events, and what was seen. Cold path.
//!
//! 1. The feed reads the frames as in a run; what it tells the engine is written down instead of
//!    decided on. So a replay of the events gives the records of a replay of the frames.
//! 2. Where a recording cannot be read any further, what it brought until then is written.

use std::io::{self, Write};
use std::path::PathBuf;

use super::events::{End, Entry, Writer};
use super::lines::{Outcome, Unread, read};
use super::source::{Item, Signal};
use crate::feed::{CoinSpec, Parser};
use crate::folder::recording::Meter;
use crate::units::Ns;

/// Why a recording was not converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// One cannot be read, or its coins cannot be followed.
    #[error("the recording: {}", .0.1)]
    Recording(Unread),
    /// The events cannot be written.
    #[error("the file of events: {0}")]
    Output(#[from] io::Error),
}

/// Writes the events of the recordings, of the given coins, to `out`. Where the run is not said to end with
/// them, no time passes after their last line.
///
/// # Errors
/// [`ConvertError`].
pub fn convert<W: Write>(
    files: &[PathBuf],
    coins: &[CoinSpec],
    parser: Parser,
    (ends, meter): (bool, &Meter),
    out: W,
) -> Result<Outcome, ConvertError> {
    let mut to = Writer::new(out, coins)?;
    let (mut written, mut reached) = (Ok(()), Ns(i64::MIN));
    let mut note = |at, item: Item<'_>| {
        if written.is_ok() {
            written = to.entry(at, &Entry::Item(item));
        }
    };
    let done = read(files, coins, parser, meter, |source, at, signal| {
        let now = source.take(at, signal, &mut note);
        if source.is_linked() {
            reached = now;
        }
    });
    let done = done.map(|(mut source, seen)| {
        if ends {
            reached = source.take(seen.to, Signal::Stop, &mut note);
        }
        seen
    });
    written?;
    let seen = match done {
        Ok(seen) => seen,
        Err(unread) => {
            to.flush()?;
            return Err(ConvertError::Recording(unread));
        }
    };
    let end = End { frames: seen.frames, from: seen.from, to: seen.to, downs: seen.downs };
    to.entry(reached, &Entry::End(end))?;
    Ok(seen)
}
