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
use super::config::Config;
use super::recording::{Fault, Reader, RecordingError, Tail};
use super::turn::Turn;
use crate::engine::publish::Publish;
use crate::feed::{CoinSpec, Control, Counters, Loss, control, meta};
use crate::journal::Digest;
use crate::limits::MESSAGE_SILENCE_NS;
use crate::record::{Record, StopReason};
use crate::units::{CoinId, Ns};

/// Frames looked at for the coins of a recording.
const LOOK: usize = 5_000;

/// Counts and digests what is published, and hands it on.
#[derive(Debug)]
pub struct Tally<S> {
    /// Next sequence number, which is the number of records so far.
    pub next: u64,
    /// Running digest.
    pub digest: Digest,
    /// Where each record goes.
    pub sink: S,
}

impl<S: FnMut(&Record, &crate::record::Bytes)> Publish for Tally<S> {
    fn publish(&mut self, at: Ns, coin: CoinId, body: impl Into<crate::record::Body>) {
        let record = Record { seq: self.next, at, coin, body: body.into() };
        self.next += 1;
        let bytes = record.encode();
        self.digest.update(&bytes);
        (self.sink)(&record, &bytes);
    }
}

impl<S: FnMut(&Record, &crate::record::Bytes)> Tally<S> {
    /// A tally that goes on from a checkpoint.
    pub fn from(place: &Place, digest: &Digest, sink: S) -> Tally<S> {
        Tally { next: place.records, digest: digest.clone(), sink }
    }

    /// A tally from sequence number 0.
    pub fn new(sink: S) -> Tally<S> {
        Tally { next: 0, digest: Digest::new(), sink }
    }
}

/// Where a replay begins, and where it leaves a checkpoint.
#[derive(Debug, Default)]
pub struct Cut {
    /// Begin here instead of at the start. The tally must be [`Tally::from`] the same.
    pub from: Option<Checkpoint>,
    /// Before the first frame so many nanoseconds after the first one, write a checkpoint there.
    pub at: Option<(i64, PathBuf)>,
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
    /// The feed's counters.
    pub counters: Counters,
    /// How the recording ends.
    pub tail: Tail,
}

/// The coins of a recording, from its first frames.
///
/// # Errors
/// The recording cannot be read.
pub fn coins_of(path: &Path) -> Result<Vec<CoinSpec>, RecordingError> {
    let mut reader = Reader::open(path)?;
    let mut frames: Vec<Vec<u8>> = Vec::new();
    while frames.len() < LOOK {
        let Some(line) = reader.step()? else { break };
        frames.push(line.bytes().to_vec());
    }
    Ok(meta::infer(frames.iter().map(Vec::as_slice)))
}

/// Replays a recording; `reason` is why the run ended that it repeats.
///
/// # Errors
/// The recording cannot be read, or its coins cannot be followed.
pub fn replay<S: FnMut(&Record, &crate::record::Bytes)>(
    path: &Path,
    config: &Config,
    coins: &[CoinSpec],
    reason: StopReason,
    out: &mut Tally<S>,
) -> Result<Outcome, RecordingError> {
    replay_cut(path, config, coins, (reason, Cut::default()), out)
}

/// The same from a checkpoint on, or leaving one.
///
/// # Errors
/// As [`replay`]; also where the recording is not the checkpoint's, or a checkpoint cannot be written.
pub fn replay_cut<S: FnMut(&Record, &crate::record::Bytes)>(
    path: &Path,
    config: &Config,
    coins: &[CoinSpec],
    (reason, mut cut): (StopReason, Cut),
    out: &mut Tally<S>,
) -> Result<Outcome, RecordingError> {
    let mut reader = Reader::open(path)?;
    let hash = config.hash(coins);
    let bad = |_| RecordingError { line: 0, fault: Fault::Stamp };
    let mut turn = Turn::new(&config.engine, coins, hash).map_err(bad)?;
    let mut seen = Outcome::default();
    let mut ours = false;
    let mut last: Option<Ns> = None;
    let mut resumed = 0;
    if let Some(c) = cut.from.take() {
        let p = c.place;
        skip(&mut reader, &p)?;
        if !turn.recall(c.feed, c.engine) {
            return Err(RecordingError { line: 0, fault: Fault::NotThatOne });
        }
        (seen.frames, seen.from, seen.downs) = (p.frames, p.from, p.downs);
        (ours, last, resumed) = (p.ours, Some(p.last), p.frame);
    }
    let mut frame = resumed;
    while let Some(line) = reader.step()? {
        let at = last.map_or(line.at, |l| l.max(line.at));
        if let (Some(l), Some((after, file))) = (last, &cut.at)
            && at.since(seen.from) >= *after
        {
            let (frames, from, downs) = (seen.frames, seen.from, seen.downs);
            let place = Place { frames, from, last: l, downs, ours, records: out.next, frame };
            let written = Written::new(hash, place, &out.digest, &turn).write(file);
            let number = line.number;
            written.map_err(|_| RecordingError { line: number, fault: Fault::Checkpoint })?;
            cut.at = None;
        }
        frame = xxh3_64(line.bytes());
        if last.is_none() {
            seen.from = at;
            turn.start(at, out);
        }
        seen.frames += 1;
        if let Some(what) = control(line.bytes()) {
            ours = true;
            match what {
                Control::Up => turn.up(at, out),
                Control::Down => turn.down(at, Loss::Lost, out),
                Control::Behind => turn.behind(at, true, out),
                Control::Drained => turn.behind(at, false, out),
                Control::Stop => turn.advance(at, out),
            }
            last = Some(at);
            continue;
        }
        if !ours {
            match last {
                None => turn.up(at, out),
                Some(l) if at.since(l) >= MESSAGE_SILENCE_NS => {
                    turn.down(l.plus(MESSAGE_SILENCE_NS), Loss::Lost, out);
                    turn.up(at, out);
                    seen.downs += 1;
                }
                Some(_) => {}
            }
        }
        turn.message(at, line.bytes(), out);
        last = Some(at);
    }
    seen.to = last.unwrap_or_default();
    seen.counters = turn.feed().counters();
    seen.tail = reader.tail();
    turn.stopping(seen.to, out);
    let before = out.next;
    turn.stop(seen.to, reason, before, out);
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
