//! `papermaker convert`: a recording's frames read once, into a file of events.
//!
//! In: a recording. Out: the file. Cold path.

use std::path::PathBuf;

use clap::Args;

use super::common::{chosen, coin_name, recording_failure};
use super::exit::{Failure, Result};
use super::progress::Progress;
use super::{Common, Force, summary};
use crate::app::config::ConfigOf;
use crate::app::convert::{ConvertError, convert};
use crate::app::events::is_events;
use crate::engine::Components;
use crate::folder::Holds;
use crate::folder::recording::{self, Meter};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A recording, plain or gzip.
    file: PathBuf,
    /// The file of events to write; `papermaker replay` takes it like a recording and gives the
    /// same records, without reading the messages again.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    force: Force,
    /// Coins to keep, comma separated; default: all of the recording.
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = coin_name)]
    coin: Vec<String>,
}

pub(super) fn run<C: Components>(o: &Options, config: &ConfigOf<C>, common: &Common) -> Result {
    if is_events(&o.file) {
        let text = format!("{} is a file of events already", o.file.display());
        return Err(Failure::usage(text));
    }
    let coins = chosen(&o.file, &o.coin)?;
    let mut out = o.force.output(&o.out, &[&o.file], Holds::EVENTS)?;
    let (meter, files) = (Meter::default(), [o.file.clone()]);
    let progress = Progress::of("convert", recording::size(&o.file), &meter);
    let seen = convert(&files, &coins, config.run.parser, (true, &meter), &mut out);
    drop(progress);
    let seen = seen.map_err(|e| match e {
        ConvertError::Recording((file, e)) => recording_failure(&file, &e),
        ConvertError::Output(e) => Failure::unwritten(&o.out, e),
    })?;
    out.finish()?;
    let bytes = std::fs::metadata(&o.out).map_or(0, |m| m.len());
    let v = serde_json::json!({
        "out": o.out, "frames": seen.frames, "bytes": bytes,
        "rejects": seen.counters.rejects(), "duplicates": seen.counters.duplicates,
        "left_out": summary::left_out_json(&seen.left_out), "tail": seen.tail.to_string(),
    });
    common.show(
        &v,
        format!(
            "convert  {}\nframes   {}, {} rejected{}, {} duplicate prints, tail {}\n{}events   \
             {}, {bytes} bytes\n",
            o.file.display(),
            seen.frames,
            seen.counters.rejects(),
            summary::reasons(&seen.counters),
            seen.counters.duplicates,
            seen.tail,
            summary::left_out(&seen.left_out, &seen.counters),
            o.out.display(),
        ),
    );
    Ok(())
}
