//! `papermaker verify RUN`: the journal is intact and a fresh replay gives the same digest.
//!
//! In: a run folder and the recording it names. Out: verdicts, exit code 1 when one fails. Cold.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Code, Failure};
use super::replay::{RunInfo, recording_failure};
use super::{Common, report, say};
use crate::app::config::Config;
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
