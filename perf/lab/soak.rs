//! A soak: the live loop and the logging thread at a steady rate for a chosen time.
//!
//! In: a length, a rate, the configuration. Out: a [`Row`] an interval, at the end a [`Report`] with a
//! verdict. Cold path around the hot one.
//!
//! 1. The frames are those of the embedded exchange, made while they are sent: what is sent takes no
//!    more memory after an hour than after a minute. Their own times run as fast as the rate has it.
//! 2. Time counts from the end of a warm-up, in which buffers and learners come to their full size.
//! 3. Memory, faults and descriptors are those of the whole process, the server's side included.
//! 4. Journal and recording are written as in a run, into a folder that is removed at the end.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hdrhistogram::Histogram;
use rtrb::Consumer;

use crate::app::config::Config;
use crate::app::status::StatusBoard;
use crate::app::writer::{Logger, Outlet};
use crate::bench::input::coins_of;
use crate::bench::path::histogram;
use crate::bench::rig::{Idling, Rig, Sender};
use crate::feed::CoinSpec;
use crate::folder::Folder;
use crate::folder::keep::Keeper;
use crate::folder::recording;
use crate::journal::Writer;
use crate::lab::process;
use crate::lab::scratch::Scratch;
use crate::lab::slope::slope;
use crate::sys::clock::SessionClock;
use crate::sys::machine;
use crate::sys::pin::Pinned;
use crate::sys::signal::Stop;
use crate::telemetry::counters::{Board, Counter};
use crate::telemetry::latency::{Lap, Percentiles, Stage};
use crate::venue::market::Market;

/// Frames of the warm-up.
const WARM: u64 = 10_000;
/// Frames a second of the warm-up, where the soak's own rate is not higher.
const WARM_RATE: u32 = 5_000;
/// How often the loop's laps are taken and the clock is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Shortest interval between two rows, ns.
const ROW_NS: u64 = 1_000_000_000;
/// Readings of the memory in the whole soak, about.
const READINGS: u64 = 120;
/// Disk for journal and recording where the configuration sets no bound.
const DISK: &str = "1GB";
/// What the line through the resident memory of the second half may rise over that half, kB. The
/// exchange's books grow once by several hundred when its regime changes; a leak goes on, so that
/// a longer soak sees a slower one.
pub const RISE_KB: f64 = 2_048.0;

/// How long, how fast.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Nanoseconds after the warm-up.
    pub length_ns: u64,
    /// Frames a second; 0 counts as 1.
    pub rate: u32,
    /// What the loop does while nothing comes.
    pub idling: Idling,
}

/// What found its queue full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// Records.
    pub records: u64,
    /// Raw frames.
    pub raw: u64,
    /// Laps: times that are missing in the percentiles.
    pub laps: u64,
}

/// What an interval was like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row {
    /// Nanoseconds since the end of the warm-up.
    pub elapsed_ns: u64,
    /// Frames taken so far, those of the warm-up included.
    pub frames: u64,
    /// Records produced so far.
    pub records: u64,
    /// Memory resident now, kB.
    pub resident_kb: u64,
    /// Page faults so far: minor, major.
    pub faults: (u64, u64),
    /// The longest turn in the interval, ns.
    pub longest_ns: u64,
    /// Start of the read to the last record in the queue, of the frames of the interval.
    pub whole: Percentiles,
    /// So far.
    pub dropped: Drops,
    /// Descriptors open now.
    pub descriptors: u64,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Report {
    /// The state at the end of the warm-up, then one row an interval.
    pub rows: Vec<Row>,
    /// Of all frames after the warm-up.
    pub whole: Percentiles,
    /// Slope of the resident memory over the second half, kB a minute, and the most it may be; `None`:
    /// too short to say.
    pub memory: Option<(f64, f64)>,
    /// Frames sent, and taken.
    pub frames: (u64, u64),
    /// Records produced.
    pub records: u64,
    /// What found its queue full.
    pub dropped: Drops,
    /// Times the link was lost.
    pub lost_links: u64,
    /// Bytes of the journal.
    pub journal_bytes: u64,
    /// Why journal or recording are not whole.
    pub failed: Option<String>,
    /// Ended by the wish to stop before its time.
    pub interrupted: bool,
    /// What came of the wish for a core.
    pub pinned: Pinned,
}

impl Report {
    /// The longest turn after the warm-up, ns.
    #[must_use]
    pub fn longest_ns(&self) -> u64 {
        self.rows.iter().skip(1).map(|r| r.longest_ns).max().unwrap_or(0)
    }

    /// Page faults after the warm-up: minor, major.
    #[must_use]
    pub fn faults(&self) -> (u64, u64) {
        self.ends().map_or((0, 0), |(a, b)| {
            (b.faults.0.saturating_sub(a.faults.0), b.faults.1.saturating_sub(a.faults.1))
        })
    }

    /// Descriptors open after the warm-up and at the end.
    #[must_use]
    pub fn descriptors(&self) -> (u64, u64) {
        self.ends().map_or((0, 0), |(a, b)| (a.descriptors, b.descriptors))
    }

    fn ends(&self) -> Option<(&Row, &Row)> {
        self.rows.first().zip(self.rows.last())
    }

    /// The bounds that were exceeded, in words; empty: none.
    #[must_use]
    pub fn exceeded(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut bound = |is: bool, text: String| out.extend(is.then_some(text));
        let d = self.dropped;
        bound(d.records > 0, format!("{} records were dropped", d.records));
        bound(d.raw > 0, format!("{} raw frames were dropped", d.raw));
        if let Some((slope, most)) = self.memory {
            let text =
                format!("resident memory grew by {slope:.0} kB a minute, more than {most:.0}");
            bound(slope > most, text);
        }
        let (before, after) = self.descriptors();
        bound(after > before, format!("open descriptors grew from {before} to {after}"));
        let (sent, taken) = self.frames;
        let missed = sent.saturating_sub(taken);
        // What is on its way when a soak is ended early is nobody's fault.
        bound(missed > 0 && !self.interrupted, format!("{missed} frames sent were not taken"));
        bound(self.lost_links > 0, "the link was lost".into());
        out.extend(self.failed.clone());
        out
    }
}

/// The slope of the readings (ns, kB) of the second half in kB a minute, and the most it may be.
/// `None` where there are fewer than three readings.
fn memory(readings: &[(u64, u64)]) -> Option<(f64, f64)> {
    let half = readings.last()?.0 / 2;
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of days, kB of a process")]
    let points: Vec<(f64, f64)> = readings
        .iter()
        .filter(|r| r.0 >= half)
        .map(|&(ns, kb)| (ns as f64 / 60e9, kb as f64))
        .collect();
    let minutes = points.last()?.0 - points.first()?.0;
    (points.len() >= 3).then_some(())?;
    Some((slope(&points)?, RISE_KB / minutes))
}

/// Runs to the end of the time, or to the wish to stop; `tell` gets each row as it is made.
///
/// # Errors
/// Sockets, threads, trust roots or a folder are not given; the exchange's configuration is out of
/// range.
pub fn run(
    config: &Config,
    wanted: Wanted,
    stop: &Stop,
    tell: impl FnMut(&Row),
) -> io::Result<Report> {
    let other = |e: String| io::Error::other(e);
    let config = match config.run.keep_mb {
        0 => config.clone().keeping(DISK).map_err(|e| other(e.to_string()))?,
        _ => config.clone(),
    };
    let market = Market::new(&config.exchange, config.exchange.seed)
        .map_err(|e| other(format!("the exchange's configuration: {e}")))?;
    let coins =
        coins_of(&config.exchange).map_err(|e| other(format!("the exchange's coins: {e}")))?;
    let scratch = Scratch::new("soak")?;
    let enough = Stop::default();
    let (theirs, asked) = (enough.clone(), stop.clone());
    let send = move |sender: &mut Sender| {
        Ok(serve(sender, market, wanted.rate.max(1), || theirs.is_asked() || asked.is_asked()))
    };
    let (rig, mut intake) =
        Rig::start(&config, &coins, (wanted.idling, SessionClock::start(1)), stop, send)?;
    let mut watch = Watch {
        board: Arc::clone(&intake.counters),
        // Times are taken here, by interval.
        laps: intake.laps.take(),
        interval: histogram(),
        all: histogram(),
        rows: Vec::new(),
        readings: Vec::new(),
    };
    let logger = Logger::new(intake, outlet(&scratch, &config, &coins)?).relayed()?;
    let clock = rig.clock;
    let logging = thread::Builder::new()
        .name("logging".into())
        .spawn(move || logger.run(move || clock.now()))?;
    let going = || !stop.is_asked() && rig.is_looping() && rig.is_sending();
    watch.through(wanted.length_ns, &clock, going, tell);
    let interrupted = stop.is_asked();
    enough.ask();
    let (sent, end) = rig.end(|| watch.take())?;
    let (published, taken) = (end.rings.records.published(), end.turn.feed().counters().messages);
    let dropped = Drops {
        records: published.dropped,
        raw: end.rings.raw.as_ref().map_or(0, |r| r.dropped()),
        laps: end.rings.laps.dropped(),
    };
    // The logging thread ends when the hot ends of its rings are gone.
    drop(end.rings);
    let ending = logging.join().map_err(|_| other("the logging thread ended early".into()))?;
    let journal = ending.status.failed.map(|f| format!("the journal failed: {}", f.error));
    let recording = ending.status.recording_failed.then(|| "the recording failed".to_owned());
    Ok(Report {
        whole: Percentiles::of(&watch.all),
        memory: memory(&watch.readings),
        rows: watch.rows,
        frames: (sent.unwrap_or(0), taken),
        records: published.next_seq,
        dropped,
        lost_links: end.lost,
        journal_bytes: ending.status.journal_bytes,
        failed: journal.or(recording),
        interrupted,
        pinned: end.pinned,
    })
}

/// Where the logging thread writes: all that a run keeps.
fn outlet(scratch: &Scratch, config: &Config, coins: &[CoinSpec]) -> io::Result<Outlet<Folder>> {
    let other = |e: String| io::Error::other(e);
    let folder = Folder::create(scratch.path()).map_err(io::Error::other)?;
    let journal = Writer::create(folder, config.journal(config.hash(coins)))
        .map_err(|f| other(format!("cannot start a journal: {}", f.error)))?;
    let file = File::create(scratch.path().join(recording::segment_name(0)))?;
    Ok(Outlet {
        journal: Some(journal),
        recording: Some(recording::Writer::new(Box::new(file))),
        latency_log: None,
        keeper: Some(Keeper::new(scratch.path(), config.run.bound())),
        board: StatusBoard::default(),
    })
}

/// Sends blocks of the market, the warm-up faster, until there is enough or the client has gone; gives
/// how many frames.
fn serve(sender: &mut Sender, mut market: Market, rate: u32, is_enough: impl Fn() -> bool) -> u64 {
    let (warm, steady) = (period(rate.max(WARM_RATE)), period(rate));
    let (mut sent, mut due) = (0, sender.soon());
    loop {
        for text in &market.next_block().frames {
            if is_enough() || sender.send(text.as_bytes(), Some(due)).is_err() {
                return sent;
            }
            sent += 1;
            due += if sent < WARM { warm } else { steady };
        }
    }
}

/// Nanoseconds between two frames.
fn period(rate: u32) -> u64 {
    1_000_000_000 / u64::from(rate)
}

/// The other end of what the loop tells of itself.
struct Watch {
    board: Arc<Board>,
    laps: Option<Consumer<Lap>>,
    interval: Histogram<u64>,
    all: Histogram<u64>,
    rows: Vec<Row>,
    /// Resident memory: nanoseconds since the warm-up, kB.
    readings: Vec<(u64, u64)>,
}

impl Watch {
    /// Waits for the warm-up, then watches for `length_ns`, or as long as it is `going`.
    fn through(
        &mut self,
        length_ns: u64,
        clock: &SessionClock,
        going: impl Fn() -> bool,
        mut tell: impl FnMut(&Row),
    ) {
        while going() && self.board.read().value(Counter::Frames) < WARM {
            thread::sleep(LOOK);
            self.take();
        }
        let from = clock.mono_ns();
        self.all.reset();
        let interval = (length_ns / 10).max(ROW_NS);
        let (mut next_row, mut next_reading) = (0, 0);
        loop {
            let elapsed = clock.mono_ns() - from;
            let over = elapsed >= length_ns || !going();
            if elapsed >= next_reading {
                next_reading = elapsed + length_ns / READINGS;
                let resident = machine::resident_now();
                self.readings.extend(resident.map(|bytes| (elapsed, bytes / 1024)));
            }
            if elapsed >= next_row || over {
                next_row += interval;
                let row = self.row(elapsed);
                tell(&row);
                self.rows.push(row);
            }
            if over {
                return;
            }
            thread::sleep(LOOK);
            self.take();
        }
    }

    /// Takes the laps there are.
    fn take(&mut self) {
        let Some(ring) = &mut self.laps else { return };
        while let Ok(lap) = ring.pop() {
            let whole = lap.stages()[Stage::Whole as usize].max(1);
            self.interval.saturating_record(whole);
            self.all.saturating_record(whole);
        }
    }

    /// The interval that ends now; the next one begins.
    fn row(&mut self, elapsed_ns: u64) -> Row {
        let c = self.board.read();
        self.board.reset_largest();
        let whole = Percentiles::of(&self.interval);
        self.interval.reset();
        Row {
            elapsed_ns,
            frames: c.value(Counter::Frames),
            records: c.value(Counter::Records),
            resident_kb: machine::resident_now().unwrap_or(0) / 1024,
            faults: process::page_faults().unwrap_or((0, 0)),
            longest_ns: c.value(Counter::TurnNsMax),
            whole,
            dropped: Drops {
                records: c.value(Counter::RecordsDropped),
                raw: c.value(Counter::RawDropped),
                laps: c.value(Counter::LapsDropped),
            },
            descriptors: process::open_descriptors().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Ns;

    fn report() -> Report {
        let row = |longest_ns, descriptors| Row { longest_ns, descriptors, ..Row::default() };
        Report {
            rows: vec![row(9_000, 7), row(300, 8), row(500, 7)],
            whole: Percentiles::default(),
            memory: Some((100.0, 200.0)),
            frames: (50, 50),
            records: 400,
            dropped: Drops::default(),
            lost_links: 0,
            journal_bytes: 0,
            failed: None,
            interrupted: false,
            pinned: Pinned::Off,
        }
    }

    #[test]
    fn each_bound_is_named_when_exceeded() {
        let good = report();
        assert_eq!((good.exceeded().len(), good.longest_ns()), (0, 500), "the warm-up apart");
        let bad = |f: fn(&mut Report)| {
            let mut r = report();
            f(&mut r);
            r.exceeded().join("; ")
        };
        assert_eq!(bad(|r| r.dropped.records = 3), "3 records were dropped");
        assert_eq!(bad(|r| r.dropped.raw = 1), "1 raw frames were dropped");
        assert!(bad(|r| r.memory = Some((201.0, 200.0))).contains("201 kB a minute"));
        assert!(bad(|r| r.rows[2].descriptors = 9).contains("from 7 to 9"));
        assert_eq!(bad(|r| r.frames.1 = 48), "2 frames sent were not taken");
        assert_eq!(bad(|r| (r.frames.1, r.interrupted) = (48, true)), "");
        assert_eq!(bad(|r| r.lost_links = 1), "the link was lost");
        assert_eq!(bad(|r| r.failed = Some("no disk".into())), "no disk");
    }

    #[test]
    fn a_leak_shows_in_the_second_half_alone() {
        let minute = 60 * Ns::SEC.unsigned_abs();
        let all = |f: fn(u64) -> u64| -> Vec<_> {
            (0..=120).map(|i| (i * minute / 60, 40_000 + f(i))).collect()
        };
        // Two minutes: the first fills what was asked for.
        let filling = memory(&all(|i| i.min(50) * 400)).expect("enough readings");
        assert!(filling.0.abs() < 1e-9 && (filling.1 - RISE_KB).abs() < 1e-6, "{filling:?}");
        // Forty kB a second.
        let leak = memory(&all(|i| i * 40)).expect("enough readings");
        assert!((leak.0 - 2_400.0).abs() < 1e-6 && leak.0 > leak.1, "{leak:?}");
        assert_eq!(memory(&all(|i| i)[..1]), None);
    }

    #[test]
    fn a_soak_that_is_asked_to_stop_ends_with_what_it_has() {
        let stop = Stop::default();
        stop.ask();
        let wanted = Wanted { length_ns: u64::MAX, rate: 100, idling: Idling::Sleeps };
        let mut seen = 0;
        let r = run(&Config::default(), wanted, &stop, |_| seen += 1).expect("loopback");
        assert!(r.interrupted && r.exceeded().is_empty(), "{:?}", r.exceeded());
        assert_eq!((seen, r.rows.len()), (1, 1));
    }
}
