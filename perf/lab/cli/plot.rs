//! `papermaker-lab plot`: latency logs (`bench wire --hlog`, a run's `latency.hlog`) as percentiles.
//!
//! In: `.hlog` files. Out: an SVG file. Cold path.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

use super::common::{undrawn, write};
use crate::cli::exit::Failure;
use crate::cli::{Common, say};
use crate::lab::plot::percentiles::{Series, percentiles};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Latency logs; each has a colour.
    #[arg(required = true, value_name = "HLOG")]
    logs: Vec<PathBuf>,
    /// Stages to draw, comma separated; `all` for every one.
    #[arg(long, value_delimiter = ',', default_value = "whole", value_name = "A,B")]
    stages: Vec<String>,
    /// Line above the plot.
    #[arg(long, default_value = "time by percentile")]
    title: String,
    /// File to draw into (SVG).
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(o: &Options, common: &Common) -> Result<(), Failure> {
    let mut curves = Vec::new();
    for (group, path) in o.logs.iter().enumerate() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for (stage, times) in stages(path)? {
            if o.stages.iter().any(|s| *s == stage || s == "all") {
                curves.push((format!("{stage}, {name}"), group, times));
            }
        }
    }
    let series: Vec<Series<'_>> = curves
        .iter()
        .map(|(name, group, times)| Series { name: name.clone(), group: *group, times })
        .collect();
    let svg = percentiles(&o.title, &series).map_err(undrawn)?;
    write(&o.out, &svg)?;
    let n = series.len();
    say(&if common.json {
        format!("{}\n", serde_json::json!({ "plot": o.out, "curves": n }))
    } else {
        format!("{n} curves in {}\n", o.out.display())
    });
    Ok(())
}

/// The histograms of a log by stage, summed over its intervals, in order of appearance.
fn stages(path: &Path) -> Result<Vec<(String, Histogram<u64>)>, Failure> {
    let name = path.display();
    let bytes =
        std::fs::read(path).map_err(|e| Failure::input(format!("cannot read {name}: {e}")))?;
    let mut out: Vec<(String, Histogram<u64>)> = Vec::new();
    for entry in IntervalLogIterator::new(&bytes) {
        let Ok(LogEntry::Interval(interval)) = entry else {
            if entry.is_err() {
                return Err(Failure::input(format!("{name} is no latency log (.hlog)")));
            }
            continue;
        };
        let damaged = || Failure::input(format!("{name} holds a damaged histogram"));
        let packed = STANDARD.decode(interval.encoded_histogram()).map_err(|_| damaged())?;
        let times: Histogram<u64> =
            Deserializer::new().deserialize(&mut packed.as_slice()).map_err(|_| damaged())?;
        let stage = interval.tag().map_or("", |t| t.as_str());
        match out.iter_mut().find(|(s, _)| s == stage) {
            Some((_, sum)) => sum.add(&times).map_err(|_| damaged())?,
            None => out.push((stage.to_owned(), times)),
        }
    }
    Ok(out)
}
