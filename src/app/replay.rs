//! A recording through the same feed and engine as a live run.
//!
//! In: a recording, the configuration. Out: records to a publisher, and what was seen. Cold path
//! around the hot one.
//!
//! 1. Our own recordings say when the link came up and went down. Others do not: their first frame
//!    means up, and a silence of `MESSAGE_SILENCE_NS` means down, as a live link would have been
//!    given up then, and up again at the next frame.
//! 2. The end of the recording is the time of its last line.

use std::path::Path;

use super::config::Config;
use super::recording::{Fault, Reader, RecordingError, Tail};
use super::turn::Turn;
use crate::engine::publish::Publish;
use crate::feed::{CoinSpec, Control, Counters, Loss, control, meta};
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
    pub digest: crate::journal::Digest,
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
    /// A tally from sequence number 0.
    pub fn new(sink: S) -> Tally<S> {
        Tally { next: 0, digest: crate::journal::Digest::new(), sink }
    }
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
    let mut reader = Reader::open(path)?;
    let hash = config.hash(coins);
    let bad = |_| RecordingError { line: 0, fault: Fault::Stamp };
    let mut turn = Turn::new(&config.engine, coins, hash).map_err(bad)?;
    let mut seen = Outcome::default();
    let mut ours = false;
    let mut last: Option<Ns> = None;
    while let Some(line) = reader.step()? {
        let at = last.map_or(line.at, |l| l.max(line.at));
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
