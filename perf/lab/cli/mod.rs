//! The command line of the laboratory: one file a subcommand; options and exit codes are the
//! product's.
//!
//! In: arguments. Out: text on the terminal, files, an exit code. Cold path.

mod common;
mod experiment;
mod growth;
mod plot;
mod soak;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cli::exit::Failure;
use crate::cli::{Common, end, exit_codes};

/// Measures papermaker: experiments in markets of known truth, how costs grow, whether a long run
/// lasts, plots.
#[derive(Debug, Parser)]
#[command(name = "papermaker-lab", version, after_help = exit_codes())]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put learners and quotes into synthetic markets whose truth is known.
    Experiment(experiment::Options),
    /// How costs grow: with own orders, levels, coins, frames, hours, the size of the journal.
    ///
    /// A table a question. The cost is fitted as n to a power, by least squares on logarithms: over all
    /// points, and over those within a factor of four of the largest n, where growth behind a fixed
    /// cost shows first. The larger exponent decides: below 0.15 flat, below 1.25 linear, else
    /// more than linear. Beside it stands what the cost should be at most. Noise moves exponents:
    /// on a busy machine a surprise is worth a second run. The exit code does not depend on it.
    ///
    /// Takes about a minute and up to 400 MB of temporary files (under TMPDIR); each subject has a
    /// process of its own. Ctrl-C ends it sooner, with what was measured.
    Growth(growth::Options),
    /// The live loop and the logging thread at a steady rate for a chosen time: does anything grow?
    ///
    /// Frames of the embedded exchange go over loopback into the live loop; journal and recording are
    /// written to a temporary folder (under TMPDIR) that is removed at the end. After a warm-up of
    /// 10,000 frames there is a line every tenth of the time.
    ///
    /// It fails (exit code 1) if a record or a raw frame was dropped, if a frame sent was not taken, if
    /// the link was lost or a file refused, if there are more open descriptors than after the warm-up,
    /// or if the line through the resident memory of the second half rises by more than 2 MB over that
    /// half. Ctrl-C ends it sooner, with the summary. Memory, faults and descriptors are those of the whole process, the
    /// server that sends included.
    Soak(soak::Options),
    /// Latency logs as a plot of percentiles.
    Plot(plot::Options),
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    end(Cli::try_parse(), |cli| run(&cli))
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let common = &cli.common;
    match &cli.command {
        Command::Experiment(o) => experiment::run(o, common.unset("experiment")?),
        Command::Growth(o) => growth::run(o, &common.load()?, common),
        Command::Soak(o) => soak::run(o, &common.load()?, common),
        Command::Plot(o) => plot::run(o, common.unset("plot")?),
    }
}
