//! `papermaker verify RUN`: the journal is intact and a fresh replay gives the same digest.
//!
//! In: a run folder and the recording it names. Out: verdicts, exit code 1 when one fails. Cold.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Code, Failure};
use super::replay::{RunInfo, recording_failure};
use super::{Common, report, say};
use crate::app::config::Config;
use crate::app::keep;
use crate::app::replay::{Tally, replay};
use crate::feed::CoinSpec;
use crate::record::StopReason;

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
    let mut tally = Tally::new(|_: &_, _: &_| {});
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
    let equal = journal == again && journal == info.digest;
    if common.json {
        let v = serde_json::json!({
            "records": read.records, "intact": intact, "faults": read.faults,
            "digest": journal, "replay": again, "equal": equal,
        });
        say(&format!("{v}\n"));
    } else {
        let word = |ok: bool| if ok { "ok" } else { "FAILED" };
        say(&format!(
            "journal  {} records, {}\ndigest   {journal}\nreplay   {again}, {}\n",
            read.records,
            word(intact),
            word(equal),
        ));
    }
    if intact && equal {
        return Ok(());
    }
    let why = if intact { "the digests differ".into() } else { read.faults.join("; ") };
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
