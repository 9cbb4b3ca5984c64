//! One recording through many engines: it is read and decoded once.
//!
//! In: a recording, engines that follow the same coins, a tally each. Out: their records. Cold path
//! around the hot one.
//!
//! 1. Each engine is given what it would be given alone: its digest is that of its own replay.
//! 2. Memory is one feed and the engines.

use std::path::Path;

use super::events::{self, Entry, is_events};
use super::replay::{Lines, Outcome, Tally};
use super::source::{Signal, Source};
use super::turn::give;
use crate::engine::{Components, Engine};
use crate::feed::{CoinSpec, Parser};
use crate::folder::recording::{Fault, Meter, Reader, RecordingError};
use crate::record::StopReason;

/// Replays a recording, frames or a file of events, through each of the engines; they must follow
/// `coins`, which are the file's where it is one of events. `meter` counts the bytes read.
///
/// # Errors
/// The recording cannot be read, or its coins cannot be followed.
pub fn replay_many<C: Components>(
    path: &Path,
    coins: &[CoinSpec],
    parser: Parser,
    runs: &mut [(Engine<C>, Tally<'_>)],
    meter: &Meter,
) -> Result<Outcome, RecordingError> {
    let fault = |fault| RecordingError { line: 0, fault };
    if is_events(path) {
        let reader = events::Reader::open_metered(path, meter)?;
        if reader.coins() != coins {
            return Err(fault(Fault::OtherCoins));
        }
        return events_to_many(reader, runs);
    }
    let mut reader = Reader::open_metered(path, meter)?;
    let mut source = Source::new(parser, coins, 0).map_err(|_| fault(Fault::Coins))?;
    let mut lines = Lines::default();
    while let Some(line) = reader.step()? {
        lines.read(line.at, line.bytes(), |at, signal| take(&mut source, runs, at, signal));
    }
    let seen = lines.seen();
    take(&mut source, runs, seen.to, Signal::Stop);
    let end = source.time(seen.to);
    for (engine, out) in runs {
        engine.stopping(end, out);
        let before = out.next;
        engine.stop(end, StopReason::Finished, before, out);
    }
    let (tail, left_out) = (reader.tail(), reader.left_out());
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
