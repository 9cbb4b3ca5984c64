//! Bounds what a run holds on disk: segments by size and age, the oldest dropped.
//!
//! In: the folder, the time. Out: new files for the recording, removals, [`Kept`]. Cold path: the
//! logging thread.
//!
//! 1. Journal, recording and the log of latencies begin their segments together: a number is a stretch of
//!    time, and the lowest number is dropped first, of all.
//! 2. The newest segment is never dropped, whatever the bound.
//! 3. Nothing is dropped that the run's past does not hold ([`Needed`]).
//! 4. The bound is for all bounded runs under one folder: those that have ended give way first, down to
//!    their newest segments, which hold what their pasts do not.
//! 5. What was dropped is counted; a reader sees it by the numbers that are missing at the front.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;

use serde::{Deserialize, Serialize};

use super::recording;
use crate::journal;
use crate::limits::KEEP_NS;
use crate::units::Ns;

/// What is held, and what was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Bytes in segments of journal and recording.
    pub bytes: u64,
    /// Segments dropped, of both kinds.
    pub segments_dropped: u64,
    /// Their bytes.
    pub bytes_dropped: u64,
}

/// Looks after a run's folder.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    bound: Bound,
    /// The segment at hand, and when it began.
    segment: (u64, Option<Ns>),
    looked: Option<Ns>,
    kept: Kept,
    /// What other runs could drop, oldest first, and the bytes of the rest of them.
    others: Vec<Entry>,
    others_rest: u64,
    /// Who hears of complete segments, and which ones are still needed.
    past: Option<(Sender<u64>, Arc<Needed>)>,
    /// Those at the last look.
    needed: [u64; 2],
}

/// A segment's file: its number, what it is of, path, bytes.
type Entry = (u64, Kind, PathBuf, u64);

/// What a segment's file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Journal,
    Recording,
    Latencies,
}

impl Kind {
    /// What the file of this name holds, and of which segment.
    fn of(name: &str) -> Option<(Kind, u64)> {
        let is = |kind: Kind| move |number: u64| (kind, number);
        let journal = journal::segment_number(name).map(is(Kind::Journal));
        journal
            .or_else(|| recording::segment_number(name).map(is(Kind::Recording)))
            .or_else(|| latency_number(name).map(is(Kind::Latencies)))
    }
}

/// Name of the log of latencies of segment `number`.
pub(super) fn latency_name(number: u64) -> String {
    match number {
        0 => "latency.hlog".into(),
        n => format!("latency.{n:08}.hlog"),
    }
}

/// The segment of the log of latencies of this name.
pub(super) fn latency_number(name: &str) -> Option<u64> {
    match name.strip_prefix("latency.")?.strip_suffix("hlog")? {
        "" => Some(0),
        rest => rest.strip_suffix('.')?.parse().ok().filter(|n| latency_name(*n) == name),
    }
}

/// The first segments of journal and recording that no past holds: none from there on may go.
#[derive(Debug, Default)]
pub struct Needed([AtomicU64; 2]);

impl Needed {
    /// They are these from now on: of the journal, of the recording.
    pub fn from(&self, numbers: [u64; 2]) {
        self.0.iter().zip(numbers).for_each(|(a, n)| a.store(n, Ordering::Release));
    }

    fn numbers(&self) -> [u64; 2] {
        self.0.each_ref().map(|a| a.load(Ordering::Acquire))
    }
}

/// How much a run may hold, and how long its segments get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Bytes of all segments; `None`: no bound.
    pub bytes: Option<u64>,
    /// Bytes of a segment.
    pub segment_bytes: u64,
    /// Age at which a segment ends even if it is not full, ns; `None`: never.
    pub segment_ns: Option<i64>,
}

/// The lowest number of a journal segment in `folder`.
pub(super) fn first_segment(folder: &Path) -> u64 {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.file_name());
    let numbers = names.filter_map(|n| journal::segment_number(n.to_str()?));
    numbers.min().unwrap_or(0)
}

/// That so many segments were dropped at the front, as a line for people; empty for 0.
pub fn dropped_text(segments: u64) -> String {
    match segments {
        0 => String::new(),
        n => format!(
            "dropped  the first {n} segments, by the run's disk bound: sums hold them, tables and prices \
             begin after them\n"
        ),
    }
}

impl Keeper {
    /// Looks after `folder`.
    pub fn new(folder: &Path, bound: Bound) -> Keeper {
        Keeper {
            folder: folder.to_path_buf(),
            bound,
            segment: (0, None),
            looked: None,
            kept: Kept::default(),
            others: Vec::new(),
            others_rest: 0,
            past: None,
            needed: [u64::MAX; 2],
        }
    }

    /// Tells `to` the number of each new segment, and drops none that is needed.
    pub fn with_past(self, to: Sender<u64>, needed: Arc<Needed>) -> Keeper {
        Keeper { past: Some((to, needed)), ..self }
    }

    /// Bounds these other runs with it, oldest first, which have ended: their folders, and the first
    /// segments of journal and recording that their pasts do not hold.
    pub fn beside(mut self, runs: &[(PathBuf, [u64; 2])]) -> Keeper {
        for (folder, [journal, recording]) in runs {
            let mut entries = entries(folder);
            entries.sort();
            for e in entries {
                let first = if e.1 == Kind::Journal { journal } else { recording };
                if e.0 < *first {
                    self.others.push(e);
                } else {
                    self.others_rest += e.3;
                }
            }
        }
        self
    }

    /// Looks after a run that goes on in segment `number`.
    pub fn at(self, number: u64) -> Keeper {
        Keeper { segment: (number, None), ..self }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Number of the segment at hand.
    pub fn segment(&self) -> u64 {
        self.segment.0
    }

    /// Whether the segment at hand, `recorded` bytes of recording in it, is to end.
    pub fn is_due(&mut self, now: Ns, recorded: u64) -> bool {
        let began = *self.segment.1.get_or_insert(now);
        let old = self.bound.segment_ns.is_some_and(|age| now.since(began) >= age);
        let due = old || recorded >= self.bound.segment_bytes;
        if due {
            // Should the journal refuse, the question comes again after as long.
            self.segment.1 = Some(now);
        }
        due
    }

    /// The journal is at segment `number`; gives the recording's file where that is a new one.
    pub fn started(&mut self, number: u64, now: Ns) -> Option<io::Result<File>> {
        if number == self.segment.0 {
            return None;
        }
        // Small segments of the journal may end several at once: the recording has them all, so that the
        // chain of its files has no hole.
        let path = |n| self.folder.join(recording::segment_name(n));
        let mut passed = self.segment.0.saturating_add(1)..number;
        let made = passed.try_for_each(|n| File::create_new(path(n)).map(drop));
        let file = OpenOptions::new().append(true).create_new(true).open(path(number));
        self.segment = (number, Some(now));
        Some(made.and(file))
    }

    /// A new log of latencies, for the segment at hand.
    ///
    /// # Errors
    /// As the system refuses.
    pub fn latency_log(&self) -> io::Result<File> {
        let path = self.folder.join(latency_name(self.segment.0));
        OpenOptions::new().append(true).create(true).open(path)
    }

    /// The recording goes on in the newest segment: those before it are complete.
    pub fn turned(&self) {
        if let Some((to, _)) = &self.past {
            // Whoever makes the past may have ended, for a reason that it gave.
            let _ = to.send(self.segment.0);
        }
    }

    /// Whether [`Keeper::look`] has something to do.
    pub fn is_to_look(&self, now: Ns) -> bool {
        let more = self.past.as_ref().is_some_and(|(_, needed)| needed.numbers() != self.needed);
        more || self.looked.is_none_or(|at| now.since(at) >= KEEP_NS)
    }

    /// Adds up what is held and drops the oldest segments beyond the bound, now and then.
    pub fn look(&mut self, now: Ns) -> Kept {
        if !self.is_to_look(now) {
            return self.kept;
        }
        self.looked = Some(now);
        let mut entries = entries(&self.folder);
        entries.sort();
        let all = entries.iter().chain(&self.others).map(|e| e.3).sum::<u64>();
        let newest = self.segment.0;
        if let Some((_, needed)) = &self.past {
            self.needed = needed.numbers();
        }
        let [journal, recording] = self.needed;
        let needed = |e: &Entry| {
            let first = match e.1 {
                Kind::Journal => journal,
                Kind::Recording => recording,
                Kind::Latencies => newest,
            };
            e.0 >= first.min(newest)
        };
        entries.retain(|e| !needed(e));
        let (kept, bound) = (&mut self.kept, self.bound.bytes);
        kept.bytes = self.others_rest + all;
        let mut drop = |(_, _, path, size): &Entry| {
            let dropped = bound.is_some_and(|b| kept.bytes > b) && fs::remove_file(path).is_ok();
            if dropped {
                kept.bytes -= size;
                kept.segments_dropped += 1;
                kept.bytes_dropped += size;
            }
            dropped
        };
        // Runs that have ended first.
        self.others.retain(|e| !drop(e));
        entries.iter().for_each(|e| _ = drop(e));
        self.kept
    }
}

/// The files of segments in `folder`.
pub(super) fn segments(folder: &Path) -> impl Iterator<Item = PathBuf> {
    entries(folder).into_iter().map(|e| e.2)
}

/// The same with what they hold.
fn entries(folder: &Path) -> Vec<Entry> {
    let read = fs::read_dir(folder).into_iter().flatten().flatten();
    read.filter_map(|e| {
        let (kind, number) = Kind::of(e.file_name().to_str()?)?;
        Some((number, kind, e.path(), e.metadata().ok()?.len()))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Bound = Bound { bytes: None, segment_bytes: 64 << 20, segment_ns: None };

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("papermaker-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        path
    }

    fn fill(folder: &Path, numbers: std::ops::Range<u64>) {
        for n in numbers {
            for name in [journal::segment_name(n), recording::segment_name(n)] {
                fs::write(folder.join(name), vec![0; 300_000]).expect("written");
            }
        }
    }

    #[test]
    fn the_oldest_go_first_and_the_newest_stays() {
        let path = folder("keep");
        fill(&path, 0..4);
        fs::write(path.join("run.json"), vec![0; 5_000_000]).expect("written");
        let mut keeper = Keeper::new(&path, Bound { bytes: Some(1_000_000), ..BOUND });
        assert!(keeper.started(3, Ns(0)).expect("a new segment").is_err(), "the file is there");
        let kept = keeper.look(Ns(0));
        assert_eq!(kept, Kept { bytes: 900_000, segments_dropped: 5, bytes_dropped: 1_500_000 });
        let left: Vec<_> = entries(&path).into_iter().map(|e| e.0).collect();
        assert_eq!(left.iter().filter(|n| **n == 3).count(), 2);
        // Not before the interval is over; and never the segment at hand.
        fill(&path, 4..5);
        assert_eq!(keeper.look(Ns(KEEP_NS - 1)), kept);
        fs::write(path.join(journal::segment_name(3)), vec![0; 9_000_000]).expect("written");
        let kept = keeper.look(Ns(KEEP_NS));
        assert!(kept.bytes > 9_000_000 && kept.segments_dropped == 6, "{kept:?}");
        fs::remove_dir_all(&path).expect("removed");
    }

    #[test]
    fn runs_that_have_ended_give_way_first_and_latencies_count() {
        let (old, path) = (folder("keep-old"), folder("keep-new"));
        fill(&old, 0..4);
        fill(&path, 0..3);
        fs::write(path.join(latency_name(0)), vec![0; 100_000]).expect("written");
        let bound = |bytes| Bound { bytes: Some(bytes), ..BOUND };
        let keeper = |bytes| {
            let others = [(old.clone(), [3, 2])];
            Keeper { segment: (2, None), ..Keeper::new(&path, bound(bytes)).beside(&others) }
        };
        let count = |folder: &Path| entries(folder).len();
        // 2.4 MB and 1.9 MB: the five first files of the old run are held by its past.
        let kept = keeper(3_000_000).look(Ns(0));
        assert_eq!((kept.bytes, kept.segments_dropped), (2_800_000, 5));
        assert_eq!((count(&old), count(&path)), (3, 7));
        let mut keeper = keeper(1_000_000);
        keeper.look(Ns(0));
        assert_eq!((count(&old), count(&path)), (3, 2), "the newest stay");
        assert_eq!(keeper.look(Ns(KEEP_NS)).bytes, 1_500_000);
        for path in [old, path] {
            fs::remove_dir_all(&path).expect("removed");
        }
    }

    #[test]
    fn what_the_past_holds_is_dropped_as_soon_as_that_is_known() {
        let path = folder("keep-soon");
        fill(&path, 0..4);
        let (to, needed) = (std::sync::mpsc::channel().0, Arc::new(Needed::default()));
        let bound = Bound { bytes: Some(1_000_000), ..BOUND };
        let mut keeper = Keeper::new(&path, bound).at(3).with_past(to, Arc::clone(&needed));
        assert_eq!(keeper.look(Ns(0)).segments_dropped, 0);
        assert!(!keeper.is_to_look(Ns(1)));
        needed.from([2, 1]);
        assert!(keeper.is_to_look(Ns(1)));
        assert_eq!(keeper.look(Ns(1)).segments_dropped, 3, "two of the journal, one of the other");
        fs::remove_dir_all(&path).expect("removed");
    }

    #[test]
    fn logs_of_latencies_are_numbered_as_segments_are() {
        for n in [0, 1, 12_345_678_901] {
            assert_eq!(latency_number(&latency_name(n)), Some(n));
        }
        for name in ["latency.hlog.1", "latency.1.hlog", "latency.00000000.hlog", "latency.log"] {
            assert_eq!(latency_number(name), None, "{name}");
        }
    }

    #[test]
    fn a_recording_has_a_file_for_each_segment_that_was_started() {
        let path = folder("keeper-chain");
        let mut keeper = Keeper::new(&path, BOUND);
        for number in [1, 4] {
            let file = keeper.started(number, Ns(0)).expect("a new one").expect("made");
            assert_eq!(file.metadata().expect("a file").len(), 0);
        }
        let there = (1..=5).filter(|n| path.join(recording::segment_name(*n)).is_file());
        assert_eq!(there.collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(keeper.started(4, Ns(1)).is_none());
        fs::remove_dir_all(&path).expect("removed");
    }

    #[test]
    fn segments_end_by_size_and_by_age() {
        let hour = 3_600 * Ns::SEC;
        let bound = Bound { segment_ns: Some(hour), segment_bytes: 4096, ..BOUND };
        let mut keeper = Keeper::new(Path::new("/none"), bound);
        assert!(!keeper.is_due(Ns(0), 4095));
        assert!(keeper.is_due(Ns(1), 4096));
        assert!(!keeper.is_due(Ns(hour), 0));
        assert!(keeper.is_due(Ns(hour + 1), 0));
        assert!(keeper.started(0, Ns(0)).is_none());
        let forever = Bound { segment_ns: None, ..bound };
        assert!(!Keeper::new(Path::new("/none"), forever).is_due(Ns(i64::MAX), 0));
    }
}
