//! Empties the rings of the hot thread into blocks on the heap, whatever the disk does.
//!
//! In: the cold ends of the three rings. Out: [`Block`]s in the order of the rings. Cold path.
//!
//! ```text
//!  rings ──▶ Intake, a thread that touches no disk ── blocks, at most 64 MB ──▶ Logger
//! ```
//! 1. A write or `fdatasync` that takes seconds holds up the logging thread alone: what comes
//!    meanwhile waits on the heap, not in the rings.
//! 2. Beyond the bound the rings fill, and what does not fit is counted there.
//! 3. It ends when the hot ends are gone and the rings are empty.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rtrb::Consumer;

use crate::limits::{BACKLOG_BYTES, LAPS_PER_TURN, RECORDS_PER_TURN, WRITER_SLEEP};
use crate::record::Bytes;
use crate::telemetry::counters::Board;
use crate::telemetry::latency::Lap;

/// The cold ends of the rings.
#[derive(Debug)]
pub struct Intake {
    /// Records.
    pub records: Consumer<Bytes>,
    /// Raw frames, where they are recorded.
    pub raw: Option<Consumer<u8>>,
    /// Laps, where they are measured.
    pub laps: Option<Consumer<Lap>>,
    /// See `Publisher::failure_flag`.
    pub failed: Arc<AtomicBool>,
    /// Counters of the hot thread.
    pub counters: Arc<Board>,
}

/// What one look at the rings gave.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Records.
    pub records: Vec<Bytes>,
    /// Whole entries of the raw ring.
    pub raw: Vec<u8>,
    /// Laps.
    pub laps: Vec<Lap>,
    /// Records that were in the ring.
    pub queue: usize,
}

impl Block {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes() == 0
    }

    /// Bytes on the heap.
    fn bytes(&self) -> usize {
        size_of_val(self.records.as_slice()) + self.raw.len() + size_of_val(self.laps.as_slice())
    }
}

impl Intake {
    /// Whether the hot ends are gone.
    pub(super) fn is_abandoned(&self) -> bool {
        self.records.is_abandoned()
            && self.raw.as_ref().is_none_or(Consumer::is_abandoned)
            && self.laps.as_ref().is_none_or(Consumer::is_abandoned)
    }

    /// What the rings hold, up to a bound of each.
    fn take(&mut self) -> Block {
        let queue = self.records.slots();
        // Entries of the raw ring are committed whole, so that all of it is whole entries.
        Block {
            records: taken(&mut self.records, RECORDS_PER_TURN),
            raw: self.raw.as_mut().map(|r| taken(r, usize::MAX)).unwrap_or_default(),
            laps: self.laps.as_mut().map(|r| taken(r, LAPS_PER_TURN)).unwrap_or_default(),
            queue,
        }
    }

    /// Hands blocks on until the hot ends are gone and everything is taken. `waiting`: their bytes.
    fn relay(mut self, to: &Sender<Block>, waiting: &AtomicUsize) {
        let mut sleep = WRITER_SLEEP.0;
        loop {
            let last = self.is_abandoned();
            let is_full = waiting.load(Ordering::Relaxed) >= BACKLOG_BYTES;
            let block = if is_full { Block::default() } else { self.take() };
            if !block.is_empty() {
                sleep = WRITER_SLEEP.0;
                waiting.fetch_add(block.bytes(), Ordering::Relaxed);
                if to.send(block).is_err() {
                    return;
                }
            } else if last && !is_full {
                return;
            } else {
                thread::sleep(sleep);
                sleep = (sleep * 2).min(WRITER_SLEEP.1);
            }
        }
    }
}

/// Up to `most` of what a ring holds.
fn taken<T: Copy>(ring: &mut Consumer<T>, most: usize) -> Vec<T> {
    let Ok(chunk) = ring.read_chunk(ring.slots().min(most)) else { return Vec::new() };
    let (first, second) = chunk.as_slices();
    let out = [first, second].concat();
    chunk.commit_all();
    out
}

/// Where the logging thread has its blocks from.
#[derive(Debug)]
pub(super) enum Source {
    Rings(Intake),
    /// The thread that empties the rings, and the bytes that wait.
    Relay(Receiver<Block>, Arc<AtomicUsize>),
}

impl Source {
    /// The same from a thread that empties the rings; `waiting` counts the bytes in between.
    pub(super) fn relayed(self, waiting: Arc<AtomicUsize>) -> io::Result<Source> {
        let Source::Rings(intake) = self else { return Ok(self) };
        let (to, blocks) = channel();
        let counted = Arc::clone(&waiting);
        let work = move || intake.relay(&to, &counted);
        thread::Builder::new().name("intake".into()).spawn(work)?;
        Ok(Source::Relay(blocks, waiting))
    }

    /// The next block, an empty one if none comes within `wait`; `None`: there will be no more.
    pub(super) fn next(&mut self, wait: Duration) -> Option<Block> {
        match self {
            Source::Rings(intake) => {
                let last = intake.is_abandoned();
                let block = intake.take();
                match block.is_empty() {
                    true if last => return None,
                    true => thread::sleep(wait),
                    false => {}
                }
                Some(block)
            }
            Source::Relay(blocks, waiting) => match blocks.recv_timeout(wait) {
                Ok(block) => {
                    waiting.fetch_sub(block.bytes(), Ordering::Relaxed);
                    Some(block)
                }
                Err(RecvTimeoutError::Timeout) => Some(Block::default()),
                Err(RecvTimeoutError::Disconnected) => None,
            },
        }
    }
}
