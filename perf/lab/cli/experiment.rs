//! `papermaker-lab experiment`: does learning converge, and what is it worth?
//!
//! In: which experiment, how much of it. Out: a table, CSV, a plot, JSON. Cold path.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::common::{progress, undrawn, write};
use crate::cli::exit::Failure;
use crate::cli::{Common, say};
use crate::lab::study::{Effort, Outcome, profit};
use crate::sys::jobs;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Profit as a share of what a quoter earns that knows the market's regime and its kappa.
    Profit,
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Which experiment.
    what: What,
    /// Runs of each cell of the table; more make the intervals narrower.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    seeds: Option<u32>,
    /// Hours of each run of `profit`; 6 unless given.
    #[arg(long, value_name = "H", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    hours: Option<u32>,
    /// Threads; all cores unless given. The results do not depend on it.
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u32).range(1..=1024))]
    jobs: Option<u32>,
    /// As many and as long runs as the published tables have: takes tens of minutes.
    #[arg(long)]
    full: bool,
    /// Write the table as CSV.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a plot as SVG.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

pub(super) fn run(o: &Options, common: &Common) -> Result<(), Failure> {
    let (seeds, hours) = match (o.what, o.full) {
        (What::Profit, false) => (6, 6.0),
        (What::Profit, true) => (60, 6.0),
    };
    let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let effort = Effort {
        seeds: o.seeds.map_or(seeds, number),
        hours: o.hours.map_or(hours, f64::from),
        jobs: o.jobs.map_or_else(jobs::cores, number),
    };
    type Experiment = (fn(&Effort) -> usize, fn(&Effort, &(dyn Fn() + Sync)) -> Outcome);
    let (runs, experiment): Experiment = match o.what {
        What::Profit => (profit::runs, profit::run),
    };
    let bar = progress(runs(&effort), "runs");
    let outcome = experiment(&effort, &|| bar.inc(1));
    bar.finish_and_clear();
    if common.json {
        say(&format!("{}\n", outcome.table.json()));
    } else {
        say(&outcome.table.text());
    }
    if let Some(path) = &o.csv {
        write(path, &outcome.table.csv())?;
    }
    if let Some(path) = &o.plot {
        let svg = outcome.chart.svg().map_err(undrawn)?;
        write(path, &svg)?;
    }
    Ok(())
}
