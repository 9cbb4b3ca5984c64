//! The path over a socket: the live loop against a server that sends on a fixed schedule.
//!
//! In: [`Frames`], a rate. Out: times by stage, and from the scheduled time to the last record in
//! the queue. Cold path around the hot one.
//!
//! 1. The loop is the live one, on its own core, polling without rest or waiting in the system.
//! 2. The schedule is the recording's, a whole number of times as fast. A frame that leaves late because
//!    the one before it was slow counts from the time it should have left: nothing is omitted.
//! 3. The market's time passes as fast as its frames come.
//! 4. Laps and raw frames come out of their rings in the same order, one of each a frame.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::input::Frames;
use super::rig::{Idling, Rig, Sender};
use crate::app::config::Config;
use crate::app::intake::Intake;
use crate::app::publish::RAW_HEADER;
use crate::feed;
use crate::record::{Body, Record};
use crate::sys::clock::SessionClock;
use crate::sys::pin::Pinned;
use crate::sys::signal::Stop;
use crate::telemetry::latency::{Lap, Latencies};
use crate::units::Ns;

/// How frames are sent and taken.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Frames a second on average; 0: as fast as the socket takes them.
    pub rate: u32,
    /// Frames in all.
    pub count: usize,
    /// What the loop does while nothing comes.
    pub idling: Idling,
}

impl Pace {
    /// How many times as fast as it was the market comes by, to the nearest whole number, at least once: as
    /// fast goes the loop's clock, so that the market's time passes between messages, too, as it does in life.
    fn speed(&self, frames: &Frames) -> u32 {
        let wanted = i128::from(frames.span_ns()) * i128::from(self.rate);
        let real = 1_000_000_000 * frames.len().max(1) as i128;
        u32::try_from(((wanted + real / 2) / real).max(1)).unwrap_or(u32::MAX)
    }
}

/// What was measured.
#[derive(Debug)]
pub struct Report {
    /// By stage.
    pub stages: Latencies,
    /// From the scheduled time to the last record in the queue, ns; empty without a schedule.
    pub scheduled: Histogram<u64>,
    /// Frames taken.
    pub frames: u64,
    /// Frames that were sent but not seen among those recorded: the rings were full.
    pub missed: u64,
    /// Real nanoseconds from the first frame to the last.
    pub span_ns: u64,
    /// Records published, and dropped.
    pub records: (u64, u64),
    /// How often the path was rehearsed meanwhile.
    pub rehearsed: u64,
    /// How many times as fast as it was the market came by, on a schedule.
    pub speed: Option<u32>,
    /// What came of the wish for a core.
    pub pinned: Pinned,
    /// Nanoseconds from the start of the loop, and from its first frame, to the first
    /// ladder with a level; `None`: none was made.
    pub first_quote: Option<(i64, i64)>,
}

impl Report {
    /// Writes the stages as one interval of a log that HdrHistogram's tools read.
    ///
    /// # Errors
    /// As `out` refuses.
    pub fn hlog(&mut self, out: &mut impl Write) -> io::Result<()> {
        let end = Ns(i64::try_from(self.span_ns).unwrap_or(i64::MAX));
        self.stages.log(end, out)
    }
}

/// Sends the frames of `frames`, from the first, over loopback to the live loop.
///
/// # Errors
/// Sockets, threads or trust roots are not given; the server's side failed.
pub fn run(frames: &Arc<Frames>, config: &Config, pace: Pace) -> io::Result<Report> {
    let sent = Arc::clone(frames);
    let send = move |sender: &mut Sender| serve(sender, &sent, pace);
    let how = (pace.idling, SessionClock::start(pace.speed(frames)));
    let (rig, intake) = Rig::start(config, &frames.coins, how, &Stop::default(), send)?;
    let mut taker = Taker {
        intake,
        frame: Vec::new(),
        seen: Vec::new(),
        laps: Vec::new(),
        offset: 0,
        quoted: None,
    };
    while rig.is_sending() {
        taker.drain();
        thread::sleep(Duration::from_micros(500));
    }
    let clock = rig.clock;
    let (schedule, end) = rig.end(|| taker.drain())?;
    let schedule =
        schedule.ok_or_else(|| io::Error::other("the loop ended before it was linked"))?;
    taker.drain();
    let published = end.rings.records.published();
    let mut report = taker.report(&clock, &schedule);
    report.records = (published.next_seq, published.dropped);
    report.pinned = end.pinned;
    report.rehearsed = end.rehearsed;
    report.speed = (pace.rate > 0).then(|| clock.speed());
    Ok(report)
}

/// When each frame should have left, by the shared clock; empty without a rate.
pub(super) struct Schedule {
    at: Vec<u64>,
}

/// Sends the frames on their schedule.
pub(super) fn serve(sender: &mut Sender, frames: &Frames, pace: Pace) -> io::Result<Schedule> {
    let begin = sender.soon();
    let mut schedule = Schedule { at: Vec::with_capacity(pace.count) };
    let (speed, first) = (i64::from(pace.speed(frames)), frames.iter().next().map(|(at, _)| at));
    for (at, text) in frames.iter().take(pace.count) {
        let ns = first.map_or(0, |first| at.since(first) / speed);
        let due = (pace.rate > 0).then(|| begin + ns.unsigned_abs());
        schedule.at.extend(due);
        sender.send(text, due)?;
    }
    Ok(schedule)
}

/// The cold ends of the rings, and what came out of them.
struct Taker {
    intake: Intake,
    frame: Vec<u8>,
    /// Session stamps of the frames taken.
    seen: Vec<Ns>,
    laps: Vec<Lap>,
    /// The clocks' offset, as recorded last.
    offset: i64,
    /// Receive stamp of the first ladder with a level.
    quoted: Option<Ns>,
}

impl Taker {
    fn drain(&mut self) {
        while let Ok(bytes) = self.intake.records.pop() {
            if self.quoted.is_some() {
                continue;
            }
            match Record::decode(&bytes) {
                Ok(Record { body: Body::Clocks(clocks), .. }) => self.offset = clocks.offset,
                Ok(Record { at, body: Body::Ladder(ladder), .. }) if ladder.levels > 0 => {
                    self.quoted = Some(at.plus(self.offset));
                }
                _ => {}
            }
        }
        while let Some(Ok(lap)) = self.intake.laps.as_mut().map(|ring| ring.pop()) {
            self.laps.push(lap);
        }
        let Some(raw) = &mut self.intake.raw else { return };
        let mut head = [0u8; RAW_HEADER];
        while raw.slots() >= RAW_HEADER && raw.pop_entire_slice(&mut head).is_ok() {
            let length = head.first_chunk().map_or(0, |b| u32::from_le_bytes(*b)) as usize;
            let at = head.last_chunk().map_or(0, |b| i64::from_le_bytes(*b));
            if length > raw.buffer().capacity() {
                // The note of frames that did not fit.
                continue;
            }
            self.frame.resize(length, 0);
            // Our own lines (the link came up) have no lap.
            let whole = raw.pop_entire_slice(&mut self.frame).is_ok();
            if whole && !feed::is_ours(&self.frame) {
                self.seen.push(Ns(at));
            }
        }
    }

    fn report(&self, clock: &SessionClock, schedule: &Schedule) -> Report {
        let mut stages = Latencies::default();
        // Writing to memory does not fail.
        let _ = stages.begin_log(Ns(0), &mut Vec::new());
        let mut scheduled = Histogram::new_with_bounds(1, 1 << 36, 3)
            .expect("constant bounds that the crate accepts");
        let (seen, real) = (&self.seen, |ns: i64| ns / i64::from(clock.speed()));
        for (i, (lap, at)) in self.laps.iter().zip(seen).enumerate() {
            stages.record(lap);
            if let Some(due) = schedule.at.get(i) {
                let taken =
                    real(at.since(clock.started())) - i64::try_from(*due).unwrap_or(i64::MAX);
                let work = lap.wait + lap.frame + lap.parse + lap.engine + lap.publish;
                let ns = taken.max(0).saturating_add(i64::from(work));
                scheduled.saturating_record(ns.unsigned_abs().max(1));
            }
        }
        let span = seen.first().zip(seen.last()).map_or(0, |(a, b)| real(b.since(*a)));
        // The offset is recorded in steps: a ladder is not before the first frame.
        let first = seen.first().and_then(|f| Some((self.quoted?.max(*f), f)));
        Report {
            frames: self.laps.len() as u64,
            missed: (seen.len() as u64).abs_diff(self.laps.len() as u64),
            stages,
            scheduled,
            span_ns: span.unsigned_abs(),
            records: (0, 0),
            rehearsed: 0,
            speed: None,
            pinned: Pinned::Off,
            first_quote: first.map(|(q, f)| (real(q.since(clock.started())), real(q.since(*f)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_sent_is_timed_from_its_schedule() {
        let frames = Arc::new(Frames::embedded(2, 300, 0));
        let pace = Pace { rate: 2_000, count: 300, idling: Idling::Sleeps };
        let r = run(&frames, &Config::quoting(), pace).expect("loopback");
        assert_eq!((r.frames, r.missed), (300, 0));
        assert_eq!(r.scheduled.len(), 300);
        let whole = r.stages.histogram(crate::telemetry::latency::Stage::Whole);
        assert_eq!(whole.len(), 300);
        assert!(r.records.0 > 0 && r.records.1 == 0, "{:?}", r.records);
        assert_eq!(r.rehearsed, 0, "who sleeps does not rehearse");
        let (start, frame) = r.first_quote.expect("a ladder");
        assert!(frame >= 0 && start > frame, "{start} {frame}");
    }

    #[test]
    fn a_loop_that_polls_rehearses_unless_switched_off() {
        let frames = Arc::new(Frames::embedded(2, 200, 0));
        let pace = Pace { rate: 2_000, count: 200, idling: Idling::Rehearses };
        let r = run(&frames, &Config::quoting(), pace).expect("loopback");
        assert_eq!((r.frames, r.missed, r.records.1), (200, 0, 0));
        assert!(r.rehearsed > 200, "{}", r.rehearsed);
        let cold = run(&frames, &Config::quoting(), Pace { idling: Idling::Polls, ..pace });
        assert_eq!(cold.expect("loopback").rehearsed, 0);
    }
}
