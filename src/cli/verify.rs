//! `papermaker verify RUN`: the journal is intact and a fresh replay gives the same digest.
//!
//! In: a run folder and the recording it names. Out: verdicts, exit code 1 when one fails. Cold.
//!
//! 1. A run that was killed is verified as far as journal and recording both reach.
//! 2. What a disk bound dropped was verified before it went; the rest is, from its end on.
//! 3. A file of the recording that is missing ends it: what came before is verified, and that is said.

use std::path::{Path, PathBuf};

use clap::Args;

use super::common::{
    each_record, info, intact, journal, opened, past, recording_failure, settings, specs,
    unreadable,
};
use super::exit::{Failure, Result};
use super::{Common, report, say};
use crate::app::config::ConfigOf;
use crate::app::past::Past;
use crate::app::replay::{Cut, Outcome, Tally, replay_files};
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::folder::recording::Fault;
use crate::folder::{Folder, Named, RunEnd, RunFolder, RunInfo, keep};
use crate::journal::{Digest, Digests, Found, Reader, hex};
use crate::record::{Body, Bytes, Record, StopReason};
use crate::report::Model;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run folder.
    run: PathBuf,
}

pub(super) fn run<C: Components>(o: &Options, common: &Common) -> Result {
    let mut read = report::read(&o.run)?;
    // Sums of the past hide what became of its segments.
    for fault in each_record(&o.run, journal(&o.run)?, |_| Ok(()))? {
        if !read.faults.contains(&fault) {
            read.faults.push(fault);
        }
    }
    let info = info(&o.run)?;
    let config = settings::<C>(&o.run)?;
    let coins = specs(&info)?;
    let reason = info.end.as_ref().map(|end| StopReason::of(end.reason).unwrap_or_default());
    let run = RunFolder::at(&o.run);
    let dropped = run.dropped();
    let from = if dropped > 0 { past(&o.run)? } else { Past::default() };
    if !common.json {
        say(&keep::dropped_text(dropped));
    }
    let mut beside = Beside::open(&o.run, &from)?;
    // A run's own recording moves with its folder.
    let again = if run.recording().exists() && info.more.is_empty() || dropped > 0 {
        let take = |record: &Record, _: &Bytes| beside.take(record);
        let cannot = |why: &dyn std::fmt::Display| {
            format!("{}: it cannot be replayed: {why}", o.run.display())
        };
        // Frames that are missing fail the check wherever they are missing.
        let again = from.again(&config, &coins);
        let again = again.map_err(|why| Failure::check(cannot(&why)))?;
        from.replay(&run, again, reason, take).map_err(|e| Failure::input(cannot(&e)))?
    } else {
        whole(&info, (&config, &coins), reason, &mut beside)?
    };
    let (replayed, digest, seen) = again;
    let again = digest.value();
    let verdict = match &info.end {
        _ if let Some(hole) = seen.left_out.hole() => {
            killed(&read, &beside, replayed, common).and_then(|()| Err(holed(hole, replayed)))
        }
        Some(end) => ended(&read, &beside, (end, &again), common),
        None => killed(&read, &beside, replayed, common),
    };
    verdict.map_err(|f| {
        let why = match (seen.missing, info.other_program()) {
            (0, None) => return f,
            (0, Some(made)) if read.faults.is_empty() => format!(
                "nothing is damaged, but {made} made this run, and this is another program, which may \
                 decide otherwise; only the one that made it can verify it: {f}"
            ),
            (0, Some(_)) => return f,
            (n, _) => format!("the recording misses {n} frames, the disk having fallen behind: {f}"),
        };
        Failure::check(why)
    })?;
    intact(&read.faults)
}

/// Replays the recordings of a run that has none of its own.
fn whole<C: Components>(
    info: &RunInfo,
    (config, coins): (&ConfigOf<C>, &[CoinSpec]),
    reason: Option<StopReason>,
    beside: &mut Beside,
) -> Result<(u64, Digest, Outcome)> {
    let mut tally = Tally::new(|record: &Record, _: &Bytes| beside.take(record));
    let first = info.source.path();
    let files: Vec<PathBuf> =
        [first].into_iter().chain(info.more.iter().map(Named::path)).collect();
    if let Some(source) = files.iter().find(|f| !f.exists()) {
        let text = format!(
            "{} is not there; a run is verified from its recording, which --no-record leaves out",
            source.display()
        );
        return Err(Failure::input(text));
    }
    let seen = replay_files(&files, config, coins, (reason, Cut::default()), &mut tally)
        .map_err(|(file, e)| recording_failure(&file, &e))?;
    let (replayed, digest) = tally.end();
    Ok((replayed, digest, seen))
}

/// `ok` or what shouts.
fn word(ok: bool) -> &'static str {
    if ok { "ok" } else { "FAILED" }
}

/// The verdict on a run that ended: all its records came again, and the digest is the same.
fn ended(
    read: &Model,
    beside: &Beside,
    (end, again): (&RunEnd, &Digests),
    common: &Common,
) -> Result {
    let journal = &read.digest;
    let (intact, lost) = (read.faults.is_empty(), read.lost);
    // Records lost in the queue were decided all the same, and a replay gives them again.
    let same = hex(again.run) == end.digest && beside.differs.is_none();
    // A journal that failed lacks the last ones: the replay is none the worse for it.
    let complete = journal == again || lost > 0 || beside.has(end.records);
    let equal = same && complete;
    let decisions = hex(again.decisions) == end.decisions;
    let v = serde_json::json!({
        "records": read.records, "lost": lost, "intact": intact, "faults": read.faults,
        "digest": hex(journal.run), "replay": hex(again.run), "equal": equal,
        "decisions": end.decisions, "decisions_replay": hex(again.decisions),
        "decisions_equal": decisions, "complete": complete, "killed": false,
    });
    common.show(
        &v,
        format!(
            "journal  {} records, {}; {lost} were lost in the queue\ndigest   {} of all records\n\
             replay   {}, {}\ndecides  {}\nreplay   {}, {}\n",
            read.records,
            word(intact),
            end.digest,
            hex(again.run),
            word(same),
            end.decisions,
            hex(again.decisions),
            word(decisions),
        ),
    );
    match &beside.differs {
        _ if equal || !intact => Ok(()),
        Some(d) => Err(differing(d)),
        None if same => Err(Failure::check(format!(
            "the replay is equal, but the journal lacks the last of its {} records: it failed, and has \
                 {}",
            end.records, read.records
        ))),
        None => Err(Failure::check("the digests differ")),
    }
}

/// The verdict on a run that was killed, or still runs: its journal and its recording were cut at
/// different places, and as far as both reach every record came again.
fn killed(read: &Model, beside: &Beside, replayed: u64, common: &Common) -> Result {
    let (intact, equal) = (read.faults.is_empty(), beside.differs.is_none());
    let v = serde_json::json!({
        "records": read.records, "lost": read.lost, "intact": intact, "faults": read.faults,
        "replayed": replayed, "same": beside.same, "equal": equal, "killed": true,
    });
    common.show(&v, format!(
            "run      did not end by itself: it was killed, or still runs\njournal  {} records, {}; {} \
             were lost in the queue\nreplay   {replayed} records from the recording as far as it \
             reaches; {} of both are the same, {}\n",
            read.records,
            word(intact),
            read.lost,
            beside.same,
            word(equal),
        ));
    beside.differs.as_ref().map_or(Ok(()), |d| Err(differing(d)))
}

/// The verdict where a file of the recording is missing behind so many records.
fn holed(hole: Fault, before: u64) -> Failure {
    let text =
        format!("{hole}: the {before} records before it are verified, those behind it cannot be");
    Failure::check(text)
}

fn differing((held, fresh): &(Record, Record)) -> Failure {
    let seq = fresh.seq;
    let [was, is] = [(held, fresh), (fresh, held)].map(|(r, other)| shown(&r.body, &other.body));
    let text = format!("record {seq} differs: the journal has {was}, the replay gives {is}");
    Failure::check(text)
}

/// The kind of a record and the fields that differ from another.
fn shown(body: &Body, other: &Body) -> String {
    let others = other.fields();
    let fields = body.fields().into_iter().filter(|f| !others.contains(f));
    let fields: Vec<String> = fields.map(|(name, value)| format!("{name} {value}")).collect();
    format!(
        "`{}` with {}",
        body.name(),
        if fields.is_empty() { "the same".into() } else { fields.join(", ") }
    )
}

/// The journal, read beside a replay to find where they part.
struct Beside {
    reader: Reader<Folder>,
    /// The next record of the journal.
    held: Option<Record>,
    /// Number of its first record: above 0 where the run went on from a checkpoint.
    first: u64,
    /// Records that came again the same.
    same: u64,
    /// The first that differs, as the journal has it and as it came again.
    differs: Option<(Record, Record)>,
}

impl Beside {
    /// At the first record that a replay from the end of `past` gives.
    fn open(run: &Path, past: &Past) -> Result<Beside> {
        let reader = past.rest(opened(run)?).map_err(|e| unreadable(run, e))?;
        let mut beside = Beside { reader, held: None, first: 0, same: 0, differs: None };
        beside.first = beside.next().map_or(0, |r| r.seq);
        while beside.next().is_some_and(|r| r.seq < past.records()) {
            beside.held = None;
        }
        Ok(beside)
    }

    /// Whether it has all of so many records from its first on.
    fn has(&self, records: u64) -> bool {
        self.first + self.same == records
    }

    fn take(&mut self, fresh: &Record) {
        if self.differs.is_some() {
            return;
        }
        while let Some(held) = self.next() {
            if matches!(held.body, Body::Lost(_)) {
                self.held = None;
                continue;
            }
            // A later one: this one was lost in the queue.
            if held.seq > fresh.seq {
                return;
            }
            self.held = None;
            if held.encode() != fresh.encode() {
                self.differs = Some((held, *fresh));
            } else {
                self.same += 1;
            }
            return;
        }
    }

    fn next(&mut self) -> Option<Record> {
        while self.held.is_none() {
            match self.reader.step() {
                Ok(Some(Found::Record(record))) => self.held = Some(record),
                // Damage is reported elsewhere.
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return None,
            }
        }
        self.held
    }
}
