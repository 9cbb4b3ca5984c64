//! What the complete segments of a run came to: its sums, and feed and engine at their end.
//!
//! In: segments of journal and recording that are complete. Out: the file `past` in the run's folder,
//! after which they may be dropped. Cold path: a thread of its own beside the run, which puts the
//! recording through a second engine.
//!
//! ```text
//!  recording …N ──▶ feed, engine ──▶ records ─ same? ─┐
//!  journal   …J ──▶ report ───────────────────────────┴▶ past ──▶ report, explain, export, verify, resume
//! ```
//! 1. A run costs its hot thread nothing for it, and its recording is verified while it goes on.
//! 2. Every record in it is one that the recording before file `N` gives: segment `J` begins with none
//!    that could still be taken back. So a kill at any time leaves a past that fits what follows it.
//! 3. Where the recording does not give the journal's records, or there is none, the sums are kept and
//!    the run cannot go on from there; why is said.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};

use super::checkpoint::{self, Checkpoint, encoded, opened, put, sealed};
use super::config::ConfigOf;
use super::replay::{Feeder, Outcome, Tally};
use super::turn::Turn;
use crate::engine::Components;
use crate::feed::{CoinSpec, Control};
use crate::folder::keep::Needed;
use crate::folder::recording::{Reader, RecordingError, Tail, segment_name};
use crate::folder::{Folder, RunFolder, RunInfo, by_age};
use crate::journal::{self, Digest, Digests, Found, Front, ReadError, first_seq};
use crate::limits::{CHECKPOINT_STACK, PAST_LOOK, PAST_LOOKS};
use crate::record::{Body, Bytes, RECORD_BYTES, Record, StopReason};
use crate::report::Builder;

const MAGIC: &[u8; 8] = b"pmpast2\n";

/// Why there is no past.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file, or one that is to be written.
    #[error("what its first segments came to is not to be had: {0}")]
    File(#[from] checkpoint::Fault),
    /// The journal cannot be read.
    #[error("its journal cannot be read: {0}")]
    Journal(#[from] ReadError),
}

/// What the first segments of a run came to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Past {
    /// Where the journal goes on.
    pub journal: Front,
    /// Number of the file in which the recording goes on.
    pub recording: u64,
    /// The sums so far.
    pub report: Builder,
    /// The records that say what the run is, encoded one behind the other.
    head: Vec<u8>,
    /// Feed and engine where the recording goes on, as a checkpoint; or why there is none.
    state: State,
    /// Records that feed and engine had given by then.
    records: u64,
}

#[derive(Debug, Serialize, Deserialize)]
enum State {
    Checkpoint(Vec<u8>),
    None(String),
}

impl Default for State {
    fn default() -> State {
        State::None("nothing was put through yet".into())
    }
}

impl Past {
    /// The past of a run; that of no segment where it has none.
    ///
    /// # Errors
    /// [`Fault`] where there is one that cannot be used.
    pub fn of(run: &RunFolder) -> Result<Past, Fault> {
        let bytes = match std::fs::read(run.past()) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Past::default()),
            other => other.map_err(|e| checkpoint::Fault::Disk(e.kind()))?,
        };
        let state = opened(MAGIC, &bytes)?;
        Ok(postcard::from_bytes(state).map_err(|_| checkpoint::Fault::Damaged)?)
    }

    fn write(&self, run: &RunFolder) -> Result<(), Fault> {
        Ok(put(&run.past(), &sealed(MAGIC, self)?)?)
    }

    /// The run's journal from segment `first` on, the oldest that is kept, the records that say what the run
    /// is before it.
    ///
    /// # Errors
    /// As [`journal::Reader::open`].
    pub fn kept(
        &self,
        mut folder: Folder,
        first: u64,
    ) -> Result<journal::Reader<Folder>, ReadError> {
        let first = first.min(self.journal.segment);
        let from = first_seq(&mut folder, first).unwrap_or(self.journal.seq);
        let whole = self.head.chunks_exact(RECORD_BYTES);
        let head = whole.filter_map(|b| Record::decode(b.try_into().ok()?).ok());
        let head = head.filter(|r| r.seq < from).collect();
        Ok(journal::Reader::since(folder, first)?.after(head))
    }

    /// Records that the recording gave up to where it goes on; the journal goes on before them.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The run's journal from where this ends.
    ///
    /// # Errors
    /// As [`journal::Reader::open`].
    pub fn rest(&self, folder: Folder) -> Result<journal::Reader<Folder>, ReadError> {
        journal::Reader::since(folder, self.journal.segment)
    }

    /// Feed and engine at the end of this, with the records so far and their digest.
    ///
    /// # Errors
    /// Why there are none, in words.
    pub fn again<C: Components>(
        &self,
        config: &ConfigOf<C>,
        coins: &[CoinSpec],
    ) -> Result<(Feeder<C>, u64, Digest), String> {
        let turn = Turn::reading(config.run.feed(), &config.engine, coins, config.hash(coins));
        let mut feeder = Feeder::new(turn.map_err(|e| e.to_string())?);
        let bytes = match &self.state {
            State::None(_) if self.recording == 0 => return Ok((feeder, 0, Digest::default())),
            State::None(why) => return Err(why.clone()),
            State::Checkpoint(bytes) => bytes,
        };
        let from = Checkpoint::decode(bytes, config, coins).map_err(|e| e.to_string())?;
        let (records, digest) = (from.place.records, from.digest.clone());
        if !feeder.resume(from) {
            return Err("it is of other coins".into());
        }
        Ok((feeder, records, digest))
    }
}

impl Past {
    /// Replays the recording from where this ends, which is what [`Past::again`] gave, as
    /// [`replay`](super::replay) does a whole one, but only to the first file that is missing: what the run
    /// did behind it is not to be had again. `take` is given each record. Gives how many there are in all,
    /// their digest, and what was seen.
    ///
    /// # Errors
    /// Why it cannot be, in words.
    pub fn replay<C: Components>(
        &self,
        run: &RunFolder,
        (mut feeder, records, digest): (Feeder<C>, u64, Digest),
        reason: Option<StopReason>,
        take: impl FnMut(&Record, &Bytes),
    ) -> Result<(u64, Digest, Outcome), RecordingError> {
        let mut tally = Tally::from(records, &digest, take);
        let mut reader = Reader::open(&run.path().join(segment_name(self.recording)))?;
        while let Some(line) = reader.step()?
            && line.bytes() != Control::Hole.line()
        {
            feeder.take(line.at, line.bytes(), &mut tally);
        }
        let left_out = reader.left_out();
        let seen = Outcome { left_out, ..feeder.seen() };
        feeder.end_run(reason.filter(|_| left_out.hole().is_none()), &mut tally);
        let (records, digest) = tally.end();
        Ok((records, digest, seen))
    }
}

/// The bounded runs beside one that have ended, oldest first, with the numbers of the first segments of
/// journal and recording that their pasts do not hold.
pub fn ended_beside(run: &RunFolder) -> Vec<(PathBuf, [u64; 2])> {
    let Some(under) = run.path().parent() else { return Vec::new() };
    let own = std::fs::canonicalize(run.path()).ok();
    let ended = |other: &RunFolder| {
        let bounded = RunInfo::read(&other.info()).is_ok_and(|i| i.bounded);
        bounded && std::fs::canonicalize(other.path()).ok() != own && other.lock().is_ok()
    };
    let runs = by_age(under, RunFolder::info).into_iter().filter(ended);
    let past = |other: RunFolder| {
        let past = Past::of(&other).ok()?;
        Some((other.path().to_path_buf(), [past.journal.segment, past.recording]))
    };
    runs.filter_map(past).collect()
}

/// Makes the past of a run that goes on.
#[derive(Debug)]
pub struct Folding<C: Components> {
    run: RunFolder,
    config: ConfigOf<C>,
    coins: Vec<CoinSpec>,
    past: Past,
    /// Feed and engine where file `fed` of the recording begins; or why there are none.
    again: Result<(Feeder<C>, u64, Digest), String>,
    fed: u64,
}

/// What a journal has of the records that its recording gives.
enum Seen {
    All(Digests),
    /// Some were lost on the way to it: there is nothing to compare.
    Lost,
    /// Not yet all of them.
    Short,
}

impl<C: Components> Folding<C> {
    /// Goes on from the past that the run has. `recorded`: it has a recording.
    ///
    /// # Errors
    /// [`Fault`] where there is one that cannot be used.
    pub fn new(
        run: RunFolder,
        config: ConfigOf<C>,
        coins: Vec<CoinSpec>,
        recorded: bool,
    ) -> Result<Folding<C>, Fault> {
        let past = Past::of(&run)?;
        let again = if recorded {
            past.again(&config, &coins)
        } else {
            Err("the run has no recording".into())
        };
        Ok(Folding { fed: past.recording, run, config, coins, past, again })
    }

    /// Takes in the segments before number `number`, and gives the numbers of the first ones of journal
    /// and recording that are still needed. `None`: not yet, the journal lacks records of them or `stop`
    /// was set.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn fold(&mut self, number: u64, stop: &AtomicBool) -> Result<Option<[u64; 2]>, Fault> {
        let Folding { run, past, again, fed, .. } = self;
        let numbers = std::mem::replace(fed, number)..number;
        if let Ok((feeder, records, digest)) = again {
            match put_through(run.path(), numbers, (feeder, *records, digest), stop) {
                Ok(None) => return Ok(None),
                Ok(Some(done)) => (*records, *digest) = done,
                Err(why) => *again = Err(why),
            }
        }
        let given = again.as_ref().map_or(u64::MAX, |a| a.1);
        let mut folder = open(run)?;
        let mut front = past.journal.clone();
        while front.segment < number {
            let next = first_seq(&mut folder, front.segment + 1)?;
            if next > given {
                break;
            }
            (front.segment, front.seq) = (front.segment + 1, next);
        }
        self.sum_up(front.seq)?;
        self.past.journal = Front { digest: self.past.report.digest().clone(), ..front };
        if let Ok((feeder, records, own)) = &self.again {
            let missing = feeder.seen().missing;
            let parted = match self.seen(*records, stop)? {
                Seen::All(digests) => digests != own.value(),
                Seen::Short if stop.load(Ordering::Relaxed) => return Ok(None),
                // Where frames are missing, what cannot be compared is not believed: it may have more
                // records than the journal ever will.
                Seen::Lost | Seen::Short if missing > 0 => true,
                Seen::Lost => false,
                Seen::Short => return Ok(None),
            };
            if parted {
                self.again = Err(match missing {
                    0 => "its recording does not give the records of its journal".into(),
                    n => format!("its recording misses {n} frames, the disk having fallen behind"),
                });
            }
        }
        let Folding { run, config, coins, past, again, .. } = self;
        past.state = match again {
            Err(why) => State::None(why.clone()),
            Ok((feeder, records, digest)) => {
                let (hash, place) = (config.hash(coins), feeder.end(*records));
                State::Checkpoint(encoded(hash, place, digest, feeder.turn())?)
            }
        };
        (past.recording, past.records) = (number, again.as_ref().map_or(0, |a| a.1));
        sync(run, past.journal.segment)?;
        past.write(run)?;
        Ok(Some([past.journal.segment, number]))
    }

    /// Adds the journal's records before number `to` to the sums.
    fn sum_up(&mut self, to: u64) -> Result<(), Fault> {
        let past = &mut self.past;
        let mut reader = past.rest(open(&self.run)?)?;
        while let Some(found) = reader.step()? {
            match found {
                Found::Record(r) if r.seq < to => {
                    let is_head = matches!(
                        r.body,
                        Body::Start(_) | Body::Coin(_) | Body::Strategy(_) | Body::Label(_)
                    );
                    if is_head {
                        past.head.extend_from_slice(&r.encode());
                    }
                    past.report.take(&r);
                }
                Found::Damage(d) => past.report.fault(d.to_string()),
                Found::Record(_) | Found::Torn(_) => break,
            }
        }
        Ok(())
    }

    /// What the journal has of the records before number `upto`.
    fn seen(&self, upto: u64, stop: &AtomicBool) -> Result<Seen, Fault> {
        // The newest may still be on their way to the disk.
        for _ in 0..PAST_LOOKS {
            let Front { mut digest, seq: mut next, .. } = self.past.journal.clone();
            let mut lost = self.past.report.lost() > 0;
            let mut reader = self.past.rest(open(&self.run)?)?;
            while next < upto
                && let Some(Found::Record(r)) = reader.step()?
            {
                lost |= matches!(r.body, Body::Lost(_));
                digest.update(&r.encode());
                next = r.seq + 1;
            }
            match next >= upto {
                true if lost => return Ok(Seen::Lost),
                true => return Ok(Seen::All(digest.value())),
                false if stop.load(Ordering::Relaxed) => break,
                false => std::thread::sleep(PAST_LOOK),
            }
        }
        Ok(Seen::Short)
    }
}

/// The journal's segments from number `from` on are on the disk to stay: the past must not outlive them.
fn sync(run: &RunFolder, from: u64) -> Result<(), Fault> {
    let disk = |e: std::io::Error| checkpoint::Fault::Disk(e.kind());
    for entry in std::fs::read_dir(run.path()).map_err(disk)? {
        let entry = entry.map_err(disk)?;
        let number = entry.file_name().to_str().and_then(journal::segment_number);
        if number.is_some_and(|n| n >= from) {
            std::fs::File::open(entry.path()).and_then(|f| f.sync_data()).map_err(disk)?;
        }
    }
    Ok(())
}

/// The thread that makes the past beside a run.
#[derive(Debug)]
pub struct Beside {
    thread: JoinHandle<()>,
    stop: Arc<AtomicBool>,
    failed: Arc<Mutex<Option<String>>>,
}

impl Beside {
    /// Starts it: it waits for numbers of new segments until their sender is gone. Nothing is made before
    /// the first. `needed` hears what may be dropped.
    ///
    /// # Errors
    /// As the system refuses a thread.
    pub fn start<C: Components>(
        run: RunFolder,
        config: ConfigOf<C>,
        coins: Vec<CoinSpec>,
        recorded: bool,
    ) -> std::io::Result<(Beside, Sender<u64>, Arc<Needed>)> {
        let (to, from) = std::sync::mpsc::channel();
        let (stop, needed) = (Arc::new(AtomicBool::new(false)), Arc::new(Needed::default()));
        let failed = Arc::new(Mutex::new(None));
        let (stopped, known, why) = (Arc::clone(&stop), Arc::clone(&needed), Arc::clone(&failed));
        let work = move || {
            let done = Folding::new(run, config, coins, recorded).and_then(|mut folding| {
                known.from([folding.past.journal.segment, folding.past.recording]);
                folding.follow(&from, &stopped, &known)
            });
            if let (Err(e), Ok(mut failed)) = (done, why.lock()) {
                *failed = Some(e.to_string());
            }
        };
        let thread = std::thread::Builder::new()
            .name("past".into())
            .stack_size(CHECKPOINT_STACK)
            .spawn(work)?;
        Ok((Beside { thread, stop, failed }, to, needed))
    }

    /// Why it ended before the run, said once.
    pub fn failure(&self) -> Option<String> {
        self.failed.lock().ok().and_then(|mut f| f.take())
    }

    /// Ends it, whatever it is at: the past it wrote last stands.
    pub fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

impl<C: Components> Folding<C> {
    fn follow(
        &mut self,
        from: &Receiver<u64>,
        stop: &AtomicBool,
        needed: &Needed,
    ) -> Result<(), Fault> {
        while let Ok(number) = from.recv() {
            let newest = from.try_iter().last().unwrap_or(number);
            if let Some(numbers) = self.fold(newest, stop)? {
                needed.from(numbers);
            }
            if stop.load(Ordering::Relaxed) {
                break;
            }
        }
        Ok(())
    }
}

fn open(run: &RunFolder) -> Result<Folder, Fault> {
    run.open().map_err(|_| checkpoint::Fault::Disk(std::io::ErrorKind::NotFound).into())
}

/// Lines of the recording's files with these numbers go through feed and engine. Gives the number of
/// records and their digest; `None`: it was stopped.
fn put_through<C: Components>(
    folder: &Path,
    numbers: std::ops::Range<u64>,
    (feeder, records, digest): (&mut Feeder<C>, u64, &Digest),
    stop: &AtomicBool,
) -> Result<Option<(u64, Digest)>, String> {
    let mut tally = Tally::from(records, digest, |_: &Record, _: &Bytes| ());
    if numbers.is_empty() {
        return Ok(Some(tally.end()));
    }
    let why = |e: RecordingError| e.to_string();
    let mut reader = Reader::of_run(folder, numbers.start..=numbers.end - 1).map_err(why)?;
    while let Some(line) = reader.step().map_err(why)? {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        feeder.take(line.at, line.bytes(), &mut tally);
    }
    match (reader.left_out().hole(), reader.tail()) {
        (None, Tail::Whole) => Ok(Some(tally.end())),
        (Some(hole), _) => Err(format!("of its recording, {hole}")),
        _ => Err("its recording is damaged".into()),
    }
}
