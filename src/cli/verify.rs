//! `papermaker verify RUN`: the journal is intact and a fresh replay gives the same digest.
//!
//! In: a run folder and the recording it names. Out: verdicts, exit code 1 when one fails. Cold.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Code, Failure};
use super::replay::{RunInfo, recording_failure};
use super::{Common, report, say};
use crate::app::config::Config;
use crate::app::folder::Folder;
use crate::app::keep;
use crate::app::replay::{Tally, replay};
use crate::feed::CoinSpec;
use crate::journal::{Found, Reader};
use crate::record::{Body, Bytes, Record, StopReason};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run folder.
    run: PathBuf,
}

pub(super) fn run(o: &Options, common: &Common) -> Result<(), Failure> {
    let read = report::read(&o.run)?;
    let info = std::fs::read_to_string(o.run.join("run.json"))
        .map_err(|e| Failure::input(format!("{}: no run.json: {e}", o.run.display())))?;
    let info: RunInfo = serde_json::from_str(&info)
        .map_err(|e| Failure::input(format!("{}/run.json: {e}", o.run.display())))?;
    let config = Config::load(Some(&o.run.join("config.toml")), &[])
        .map_err(|e| Failure::input(e.to_string()))?;
    let coins = info
        .coins
        .iter()
        .map(|(n, d)| CoinSpec::new(n, *d))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| Failure::input(format!("run.json: {e:?}")))?;
    let dropped = keep::dropped(&o.run);
    if dropped > 0 {
        // The first fault is the missing front itself.
        let faults = read.faults.get(1..).unwrap_or_default();
        return bounded(dropped, read.records, faults, common);
    }
    let mut beside = Beside::open(&o.run)?;
    let mut tally = Tally::new(|record: &Record, _: &Bytes| beside.take(record));
    let reason = StopReason::of(info.reason).unwrap_or_default();
    // A run's own recording moves with its folder.
    let inside = o.run.join("frames.gz");
    let source = if inside.exists() { inside } else { info.source.clone() };
    if !source.exists() {
        let text = format!(
            "{} is not there; a run is verified from its recording, which --no-record leaves out",
            source.display()
        );
        return Err(Failure::input(text));
    }
    replay(&source, &config, &coins, reason, &mut tally)
        .map_err(|e| recording_failure(&source, &e))?;
    let fresh = tally.digest.value();
    let journal = format!("{:032x}", read.digest);
    let again = format!("{fresh:032x}");
    let intact = read.faults.is_empty();
    // Records lost in the queue were decided all the same, and a replay gives them again.
    let lost = read.lost;
    let equal = again == info.digest && beside.differs.is_none() && (journal == again || lost > 0);
    if common.json {
        let v = serde_json::json!({
            "records": read.records, "lost": lost, "intact": intact, "faults": read.faults,
            "digest": journal, "replay": again, "equal": equal,
        });
        say(&format!("{v}\n"));
    } else {
        let word = |ok: bool| if ok { "ok" } else { "FAILED" };
        say(&format!(
            "journal  {} records, {}; {lost} were lost in the queue\ndigest   {}\nreplay   {again}, \
             {}\n",
            read.records,
            word(intact),
            info.digest,
            word(equal),
        ));
    }
    if intact && equal {
        return Ok(());
    }
    let why = match (intact, &beside.differs) {
        (false, _) => read.faults.join("; "),
        (true, Some((held, fresh))) => format!(
            "record {} differs: the journal has {:?}, the replay gives {:?}",
            fresh.seq, held.body, fresh.body
        ),
        (true, None) => "the digests differ".into(),
    };
    Err(Failure::new(Code::Check, why))
}

/// The verdict on a run whose beginning its disk bound dropped: what is left can be intact, but
/// nothing can be replayed from the start.
fn bounded(dropped: u64, records: u64, faults: &[String], common: &Common) -> Result<(), Failure> {
    let intact = faults.is_empty();
    if common.json {
        let v = serde_json::json!({
            "records": records, "intact": intact, "faults": faults,
            "segments_dropped": dropped, "equal": null,
        });
        say(&format!("{v}\n"));
    } else {
        let word = if intact { "ok" } else { "FAILED" };
        say(&format!("journal  {records} records, {word}\n{}", keep::dropped_text(dropped)));
        say("replay   not possible without the beginning\n");
    }
    if intact { Ok(()) } else { Err(Failure::new(Code::Check, faults.join("; "))) }
}

/// The journal, read beside a replay to find where they part.
struct Beside {
    reader: Reader<Folder>,
    /// The next record of the journal.
    held: Option<Record>,
    /// The first that differs, as the journal has it and as it came again.
    differs: Option<(Record, Record)>,
}

impl Beside {
    fn open(run: &Path) -> Result<Beside, Failure> {
        let fault = |e: &dyn std::fmt::Debug| {
            Failure::input(format!("cannot read the journal in {}: {e:?}", run.display()))
        };
        let folder = Folder::open(run).map_err(|e| fault(&e))?;
        let reader = Reader::open(folder).map_err(|e| fault(&e))?;
        Ok(Beside { reader, held: None, differs: None })
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
