//! The command line: one file per subcommand, exit codes in one table.
//!
//! In: arguments. Out: text on the terminal and an exit code. Cold path.

#![expect(clippy::print_stderr, reason = "the terminal is this module's job")]

mod assumed;
pub(crate) mod audit;
pub(crate) mod bench;
mod begin;
mod behind;
pub(crate) mod common;
mod compare;
mod config;
mod doctor;
mod convert;
pub mod exit;
mod explain;
mod export;
mod facts;
mod fills;
mod grid;
mod import;
mod options;
mod place;
mod progress;
mod record;
mod replay;
pub(crate) mod report;
mod resume;
mod run;
mod summary;
pub(crate) mod sweep;
mod threads;
mod top;
mod truth;
mod venue;
mod verify;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::engine::{Components, Shipped};
use exit::Failure;
pub(crate) use options::{Common, Force, end, exit_codes, say, stop_on_signals};

/// A paper-trading engine for market makers: quotes a ladder on Hyperliquid perpetuals on public
/// data, simulates which orders would have filled, learns how takers reach into the book, and
/// writes everything down.
#[derive(Debug, Parser)]
#[command(name = "papermaker", version, after_help = exit_codes())]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Paper-trade on a live feed, or on the embedded exchange (the default).
    Run(run::Options),
    /// Put recordings (`*.frames`, `*.frames.gz`) through the engine.
    Replay(replay::Options),
    /// Write the raw feed to a file, without quoting.
    Record(record::Options),
    /// Sum up a run from its journal: `report.html`, and a summary as text or JSON; several runs as one
    /// answer.
    Report(report::Options),
    /// Write a run's records as tables: Parquet, CSV or JSON lines.
    Export(export::Options),
    /// Watch a running engine from another terminal.
    Top(top::Options),
    /// Look at this machine: what suits a run, what does not, what to do.
    Doctor(doctor::Options),
    /// Check a run: journal intact, and digest equal to a fresh replay.
    Verify(verify::Options),
    /// Serve the embedded exchange alone, for other clients.
    Venue(venue::Options),
    /// Find out what quotes and orders really meet in a world of the embedded exchange.
    Truth(truth::Options),
    /// Judge the fill models against worlds in which every order's fate is known.
    Audit(audit::Options),
    /// Run profiles side by side on one recording or one simulated market.
    Compare(compare::Options),
    /// Run many configurations on many recordings, in one process or on many machines.
    Sweep(sweep::Options),
    /// Say why the verdict, the quote and the refusals of a run are what they are.
    Explain(explain::Options),
    /// Put a fixed schedule of orders through the fill model, or export a run's orders and fills.
    Fills(fills::Options),
    /// Measure the stylised facts of a recording, and hold them against bands.
    Facts(facts::Options),
    /// Write history of others (the venue's archive, a node's fills, tardis.dev, files of
    /// hftbacktest's collector) as a recording.
    Import(import::Options),
    /// Read a recording once, into a file of events that replays faster.
    Convert(convert::Options),
    /// Say how to use it from Python: replays, tables, strategies, sweeps, Ray.
    #[command(after_help = PYTHON)]
    Python,
    /// Measure how fast it is on this machine.
    Bench(bench::Options),
    /// Write, check or print the configuration.
    Config(config::Options),
}

const PYTHON: &str = "\
Install it in the folder of the sources (needs Rust and Python 3.10 or newer):
  pip install .            or  pip install '.[ray]'

  import papermaker, pyarrow as pa
  run = papermaker.replay([\"mon.frames.gz\", \"tue.frames.gz\"], config={\"engine.quote.max_lots\": 3})
  run.digest, run.summary(), run.tables
  fills = pa.table(run[\"fills\"])         # polars, pandas, DuckDB, numpy likewise: read in place
  run = papermaker.load(\"runs/mon\")       # the run of a folder

A strategy in Python is asked once a quote decision; the engine's guards, rounding and limits hold:
  class Three:
      def ladder(self, market, position, estimates):
          lot = market.lot_usd / market.mid
          return [(market.mid * 0.9997, lot)], [(market.mid * 1.0003, lot)]   # or None: the engine's
  papermaker.replay(\"mon.frames.gz\", strategy=Three()).strategy     # calls, time, what was left out
Such a run is a replay only: it cannot be resumed, verified or run live.

Sweeps, here or on a Ray cluster; the merged table has the same bytes:
  best = papermaker.sweep(files, {\"engine.quote.max_lots\": [2, 5]}, seeds=[1, 2], out=\"s\")
  papermaker.sweep(files, grid, out=\"s\", run=False); papermaker.ray_sweep(\"s\", address=\"auto\")

`help(papermaker.replay)` in Python has every argument; tests/python/example.py is a notebook with plots.";

/// Runs the command line of the program as it ships.
#[must_use]
pub fn main() -> ExitCode {
    main_with::<Shipped>()
}

/// Runs the command line of a program that brings parts of its own: live runs, replays, journals,
/// reports, checks and checkpoints with them.
#[must_use]
pub fn main_with<C: Components>() -> ExitCode {
    end(Cli::try_parse(), |cli| run::<C>(&cli))
}

/// Runs the command line of these arguments, the program's name first; gives the exit code.
#[cfg(feature = "python")]
pub(crate) fn main_of(args: Vec<String>) -> u8 {
    options::code(Cli::try_parse_from(args), |cli| run::<Shipped>(&cli))
}

fn run<C: Components>(cli: &Cli) -> Result<(), Failure> {
    let common = &cli.common;
    let load = || common.load::<C>();
    let unset = |name| common.unset(name);
    let default = Command::Run(run::Options::default());
    match cli.command.as_ref().unwrap_or(&default) {
        Command::Run(o) => run::run::<C>(o, common),
        Command::Replay(o) => replay::run(o, &load()?, common),
        Command::Record(o) => record::run(o, load()?, common),
        Command::Report(o) => report::run(o, unset("report")?),
        Command::Export(o) => export::run(o, unset("export")?),
        Command::Top(o) => top::run(o, &load()?, common),
        Command::Doctor(o) => doctor::run(o, &load()?, common),
        Command::Verify(o) => verify::run::<C>(o, unset("verify")?),
        Command::Venue(o) => venue::run(o, load()?, common),
        Command::Truth(o) => truth::run(o, &load()?, common),
        Command::Audit(o) => audit::run(o, &common.load()?, common),
        Command::Compare(o) => compare::run::<C>(o, common),
        Command::Sweep(o) => sweep::run(o, &load()?, common),
        Command::Explain(o) => explain::run(o, unset("explain")?),
        Command::Fills(o) => fills::run(o, &load()?, common),
        Command::Facts(o) => facts::run(o, unset("facts")?),
        Command::Import(o) => import::run(o, unset("import")?),
        Command::Convert(o) => convert::run(o, &load()?, common),
        Command::Python => {
            say(&format!("{PYTHON}\n"));
            Ok(())
        }
        Command::Bench(o) => bench::run(o, &common.load()?, common),
        Command::Config(o) => config::run(o, &load),
    }
}
