//! Recordings through many engines: they are read and decoded once a thread.
//!
//! In: recordings in order of time, engines that follow the same coins, a tally each. Out: their records.
//! Cold path around the hot one.
//!
//! 1. Each engine is given what it would be given alone: its digest is that of its own replay.
//! 2. Memory is one feed and the engines.

use std::path::{Path, PathBuf};

use super::events::{self, Entry, is_events};
use super::replay::{Lines, Outcome, Tally};
use super::source::{Signal, Source};
use super::turn::give;
use crate::engine::{Components, Engine};
use crate::feed::{CoinSpec, Parser};
use crate::folder::recording::{Fault, LeftOut, Meter, Reader, RecordingError, Tail};
use crate::record::StopReason;

/// Why recordings could not be replayed: which one, and the fault.
pub type Unread = (PathBuf, RecordingError);

/// Replays recordings, in order of time, as one run through each of the engines; they must follow
/// `coins`. One of events stands alone, and its coins are `coins`. `meter` counts the bytes read.
///
/// # Errors
/// A recording cannot be read or joined, or its coins cannot be followed.
pub fn replay_many<C: Components>(
    files: &[PathBuf],
    coins: &[CoinSpec],
    parser: Parser,
    runs: &mut [(Engine<C>, Tally<'_>)],
    meter: &Meter,
) -> Result<Outcome, Unread> {
    let fault = |fault| RecordingError { line: 0, fault };
    let named = |path: &Path| path.to_path_buf();
    let first = files.first().map_or(Path::new(""), PathBuf::as_path);
    if let [path] = files
        && is_events(path)
    {
        let read = events::Reader::open_metered(path, meter).and_then(|reader| {
            let same = reader.coins() == coins;
            if same { events_to_many(reader, runs) } else { Err(fault(Fault::OtherCoins)) }
        });
        return read.map_err(|e| (named(path), e));
    }
    let source = Source::new(parser, coins, 0).map_err(|_| (named(first), fault(Fault::Coins)));
    let (mut source, mut lines) = (source?, Lines::default());
    let (mut left_out, mut tail) = (LeftOut::default(), Tail::Whole);
    for (i, path) in files.iter().enumerate() {
        let mut one = || {
            if is_events(path) {
                return Err(fault(Fault::NotJoined));
            }
            let mut reader = Reader::open_metered(path, meter)?;
            if i > 0 {
                lines.next_file(|at, signal| take(&mut source, runs, at, signal));
            }
            while let Some(line) = reader.step()? {
                lines.read(line.at, line.bytes(), |at, signal| take(&mut source, runs, at, signal));
            }
            left_out = left_out.and(reader.left_out());
            tail = reader.tail();
            Ok(())
        };
        one().map_err(|e| (named(path), e))?;
    }
    let seen = lines.seen();
    take(&mut source, runs, seen.to, Signal::Stop);
    let end = source.time(seen.to);
    for (engine, out) in runs {
        engine.stopping(end, out);
        let before = out.next;
        engine.stop(end, StopReason::Finished, before, out);
    }
    Ok(Outcome { tail, left_out, counters: source.feed().counters(), ..seen })
}

/// One signal, as [`super::turn::Turn`] gives it to one engine.
fn take<C: Components>(
    source: &mut Source,
    runs: &mut [(Engine<C>, Tally<'_>)],
    at: crate::units::Ns,
    signal: Signal<'_>,
) {
    let now = source.take(at, signal, &mut |at, item| {
        for (engine, out) in runs.iter_mut() {
            give(engine, at, item, out);
        }
    });
    if source.is_linked() {
        for (engine, out) in runs {
            engine.advance(now, out);
        }
    }
}

fn events_to_many<C: Components>(
    mut reader: events::Reader,
    runs: &mut [(Engine<C>, Tally<'_>)],
) -> Result<Outcome, RecordingError> {
    let mut seen = Outcome::default();
    while let Some((at, entry)) = reader.step()? {
        for (engine, out) in runs.iter_mut() {
            match entry {
                Entry::Item(item) => give(engine, at, item, out),
                Entry::End(e) => {
                    (seen.frames, seen.from, seen.to, seen.downs) =
                        (e.frames, e.from, e.to, e.downs);
                    engine.advance(at, out);
                    engine.stopping(at, out);
                    let before = out.next;
                    engine.stop(at, StopReason::Finished, before, out);
                }
            }
        }
    }
    Ok(seen)
}
