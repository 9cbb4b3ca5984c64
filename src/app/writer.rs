//! The logging thread: everything that takes time, so that the hot thread need not.
//!
//! In: blocks of what the three rings held. Out: journal, recording, latency log, status, and at the
//! end an [`Ending`]. Cold path.
//!
//! ```text
//!                   ┌ records ──▶ Status, journal::Writer ──▶ fdatasync by interval
//!  Intake ─ blocks ─┼ raw     ──▶ recording::Writer (gzip) ──▶ sync flush by interval
//!                   └ laps    ──▶ Latencies ──▶ .hlog by interval
//! ```
//! 1. It ends by itself when the hot ends are gone and the rings are empty: nothing queued is
//!    left behind.
//! 2. A failed journal or recording does not stop the draining: what can no longer be written is
//!    counted, and the hot side reads the flag.
//! 3. `records = durable + unwritten` at the end; without a failure `unwritten` is 0.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::intake::{Block, Intake, Source};
use super::publish::{RAW_HEADER, RAW_LOST};
use super::status::{Status, StatusBoard};
use crate::folder::keep::Keeper;
use crate::folder::recording;
use crate::journal::{Digest, Digests, Disk, Writer};
use crate::limits::{LATENCY_LOG_NS, STATUS_NS, WRITER_WAIT};
use crate::record::{Bytes, Record};
use crate::sys::machine;
use crate::telemetry::counters::Board;
use crate::telemetry::latency::Latencies;
use crate::telemetry::recent::Window;
use crate::units::Ns;

/// Where everything goes. Parts that are `None` are drained and counted all the same.
pub struct Outlet<D: Disk> {
    /// The journal.
    pub journal: Option<Writer<D>>,
    /// The recording.
    pub recording: Option<recording::Writer<Box<dyn Write + Send>>>,
    /// The latency log.
    pub latency_log: Option<Box<dyn Write + Send>>,
    /// What begins segments and drops old ones, where there are files.
    pub keeper: Option<Keeper>,
    /// The status for other threads.
    pub board: StatusBoard,
}

/// What became of a run on the cold side.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// Its newest state: records drained, frames recorded, and what failed.
    pub status: Status,
    /// Records drained that are not durable: the journal failed.
    pub unwritten: u64,
    /// Digest of the journal's records; equals the publisher's where nothing was lost.
    pub digest: Digests,
}

/// The logging thread's work.
pub struct Logger<D: Disk> {
    source: Source,
    failed: Arc<AtomicBool>,
    counters: Arc<Board>,
    out: Outlet<D>,
    latencies: Latencies,
    recent: Window,
    status: Status,
    /// Digest where there is no journal.
    digest: Digest,
    /// Records the journal had taken before: of a run that goes on.
    before: u64,
    frames_unwritten: u64,
    shown_at: Option<Ns>,
    logged_at: Option<Ns>,
    #[cfg(test)]
    stall: Option<(u64, std::time::Duration)>,
}

impl<D: Disk> std::fmt::Debug for Logger<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Logger {{ records: {} }}", self.status.records)
    }
}

impl<D: Disk> std::fmt::Debug for Outlet<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (journal, recording) = (self.journal.is_some(), self.recording.is_some());
        write!(f, "Outlet {{ journal: {journal}, recording: {recording} }}")
    }
}

impl<D: Disk> Logger<D> {
    /// A logger between rings and files.
    pub fn new(intake: Intake, out: Outlet<D>) -> Logger<D> {
        Logger {
            before: out.journal.as_ref().map_or(0, Writer::records),
            failed: Arc::clone(&intake.failed),
            counters: Arc::clone(&intake.counters),
            source: Source::Rings(intake),
            out,
            latencies: Latencies::default(),
            recent: Window::default(),
            status: Status::default(),
            digest: Digest::default(),
            frames_unwritten: 0,
            shown_at: None,
            logged_at: None,
            #[cfg(test)]
            stall: None,
        }
    }

    /// Goes on from how a run stood.
    pub fn with(self, status: Status) -> Logger<D> {
        Logger { status, ..self }
    }

    /// Has the rings emptied on a thread of its own: a disk that stands still no longer fills them.
    ///
    /// # Errors
    /// As the system refuses a thread.
    pub fn relayed(self) -> std::io::Result<Logger<D>> {
        let waiting = Arc::clone(&self.out.board.backlog);
        Ok(Logger { source: self.source.relayed(waiting)?, ..self })
    }

    /// Stops for `length` before the `record`-th record is written: a disk that hangs.
    #[cfg(test)]
    fn stall(&mut self, record: u64, length: std::time::Duration) {
        self.stall = Some((record, length));
    }

    /// Works until the hot ends are gone and everything is drained. `clock` is the session clock.
    pub fn run(self, clock: impl FnMut() -> Ns) -> Ending {
        self.run_and_keep(clock).0
    }

    /// As [`Logger::run`], and gives the journal's disk back.
    pub fn run_and_keep(mut self, mut clock: impl FnMut() -> Ns) -> (Ending, Option<D>) {
        while let Some(block) = self.source.next(WRITER_WAIT) {
            self.write(&block, clock());
        }
        self.finish_and_keep(clock())
    }

    /// One look at every ring. `true`: there was something.
    #[cfg(any(test, feature = "lab"))]
    pub fn turn(&mut self, now: Ns) -> bool {
        let block = self.source.next(std::time::Duration::ZERO).unwrap_or_default();
        self.write(&block, now);
        !block.is_empty()
    }

    fn write(&mut self, block: &Block, now: Ns) {
        self.status.queue = (block.queue, self.status.queue.1.max(block.queue));
        self.write_records(&block.records);
        self.write_raw(&block.raw);
        block.laps.iter().for_each(|lap| self.latencies.record(lap));
        self.housekeeping(now);
    }

    /// Ends all files and gives the result. What is still queued is drained first.
    #[cfg(any(test, feature = "lab"))]
    pub fn finish(mut self, now: Ns) -> Ending {
        while self.turn(now) {}
        self.finish_and_keep(now).0
    }

    fn finish_and_keep(mut self, now: Ns) -> (Ending, Option<D>) {
        if let Some(journal) = &mut self.out.journal {
            let _ = journal.finish();
        }
        if let Some(recording) = &mut self.out.recording {
            self.status.recording_failed |= recording.finish().is_err();
        }
        self.log_latencies(now);
        self.status.ended = true;
        self.show(now);
        let (journal, records) = (&self.out.journal, self.status.records + self.before);
        let unwritten = |j: &Writer<D>| records.saturating_sub(j.durable_records());
        let ending = Ending {
            unwritten: journal.as_ref().map_or(0, unwritten),
            digest: journal.as_ref().map_or(self.digest.value(), Writer::digest),
            status: self.status,
        };
        (ending, self.out.journal.map(Writer::into_disk))
    }

    fn write_records(&mut self, records: &[Bytes]) {
        for bytes in records {
            #[cfg(test)]
            self.stall_here();
            self.record(bytes);
        }
        if !records.is_empty()
            && let Some(journal) = &mut self.out.journal
        {
            let _ = journal.flush();
        }
    }

    fn record(&mut self, bytes: &Bytes) {
        match Record::decode(bytes) {
            Ok(record) => self.status.take(&record),
            Err(_) => self.status.records += 1,
        }
        match &mut self.out.journal {
            None => self.digest.update(bytes),
            Some(journal) => {
                let _ = journal.append(bytes);
            }
        }
        debug_assert!(Record::decode(bytes).is_ok(), "the publisher encodes known records");
    }

    /// Writes the entries of the raw ring: frames with their stamps, and counts of those dropped.
    fn write_raw(&mut self, mut rest: &[u8]) {
        while let Some((head, behind)) = rest.split_first_chunk::<RAW_HEADER>() {
            let (length, eight) = head.split_at(4);
            let length = length.try_into().map_or(0, u32::from_le_bytes);
            let eight = eight.try_into().unwrap_or_default();
            let recording = self.out.recording.as_mut().filter(|_| !self.status.recording_failed);
            if length == RAW_LOST {
                let count = u64::from_le_bytes(eight);
                let written = recording.is_some_and(|r| r.lost(self.status.at, count).is_ok());
                if !written {
                    self.count_raw(count);
                }
                rest = behind;
                continue;
            }
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let Some((frame, behind)) = behind.split_at_checked(length) else { break };
            let at = Ns(i64::from_le_bytes(eight));
            let written = recording.is_some_and(|r| r.frame(at, frame).is_ok());
            if !written {
                self.count_raw(1);
            }
            rest = behind;
        }
        debug_assert!(rest.is_empty(), "entries are committed whole");
    }

    fn count_raw(&mut self, count: u64) {
        self.frames_unwritten += count;
        self.status.recording_failed |= self.out.recording.is_some();
    }

    /// What happens by the clock.
    fn housekeeping(&mut self, now: Ns) {
        if let Some(journal) = &mut self.out.journal
            && journal.tick(now).is_err()
        {
            self.failed.store(true, Ordering::Relaxed);
        }
        if let Some(recording) = &mut self.out.recording
            && !self.status.recording_failed
        {
            self.status.recording_failed = recording.tick(now).is_err();
        }
        self.keep(now);
        match self.logged_at {
            Some(at) if now.since(at) < LATENCY_LOG_NS => {}
            _ => self.log_latencies(now),
        }
        if now.since(*self.shown_at.get_or_insert(now)) >= STATUS_NS {
            self.shown_at = Some(now);
            self.show(now);
        }
    }

    /// Begins segments that are due and drops those beyond the bound.
    fn keep(&mut self, now: Ns) {
        let (Some(keeper), Some(journal)) = (&mut self.out.keeper, &mut self.out.journal) else {
            return;
        };
        let recorded = self.out.recording.as_ref().map_or(0, |r| r.segment_bytes());
        let began = keeper.segment();
        if keeper.is_due(now, recorded) {
            let _ = journal.next_segment();
        }
        if let (Some(file), Some(recording), false) = (
            keeper.started(journal.segment(), now),
            &mut self.out.recording,
            self.status.recording_failed,
        ) {
            let turned = file.and_then(|f| recording.turn(Box::new(f)));
            self.status.recording_failed = turned.is_err();
        }
        if began != keeper.segment() {
            keeper.turned();
            if self.out.latency_log.is_some() {
                self.out.latency_log = keeper.latency_log().ok().map(|f| Box::new(f) as Box<_>);
                self.logged_at = None;
            }
        }
        if keeper.is_to_look(now) {
            // A folder that was removed behind our back is a failure now, not at the segment's end.
            let _ = journal.look();
            self.status.free = machine::free_bytes(keeper.folder()).ok();
        }
        self.status.kept = keeper.look(now);
    }

    fn log_latencies(&mut self, now: Ns) {
        let Some(log) = &mut self.out.latency_log else { return };
        let done = match self.logged_at.replace(now) {
            None => self.latencies.begin_log(now, log),
            Some(_) => self.latencies.log(now, log),
        };
        if done.and_then(|()| log.flush()).is_err() {
            self.out.latency_log = None;
        }
    }

    fn show(&mut self, now: Ns) {
        if let Some(journal) = &self.out.journal {
            self.status.durable_seq = journal.durable_seq();
            self.status.failed = journal.failed();
            self.status.journal_bytes = journal.bytes();
        }
        let written = self.out.recording.as_ref();
        let (frames, lost) = written.map_or((0, 0), |r| (r.frames(), r.frames_lost()));
        self.status.frames = (frames, lost + self.frames_unwritten);
        self.status.take_counters(&self.counters.read());
        self.status.recent = self.recent.take(now, &self.status.counters);
        self.status.latency = self.latencies.percentiles();
        self.status.buckets = self.latencies.buckets();
        self.out.board.show(&self.status);
    }

    #[cfg(test)]
    fn stall_here(&mut self) {
        if let Some((record, length)) = self.stall
            && self.status.records >= record
        {
            self.stall = None;
            std::thread::sleep(length);
        }
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
