//! The command line: one file per subcommand, exit codes in one table.
//!
//! In: arguments. Out: text on the terminal and an exit code. Cold path.

#![expect(clippy::print_stderr, reason = "the terminal is this module's job")]

pub(crate) mod audit;
pub(crate) mod bench;
mod common;
mod compare;
mod config;
mod doctor;
mod convert;
pub mod exit;
mod explain;
mod export;
mod fills;
mod place;
mod record;
mod replay;
mod report;
mod resume;
mod run;
mod summary;
mod threads;
mod top;
mod venue;
mod verify;
mod watch;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::app::config::Config;
use crate::sys::signal::Stop;
use exit::{Code, Failure};

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

/// Options of every command; those of the configuration are refused where they would do nothing.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Configuration file (TOML); see `papermaker config init`. Without it `papermaker.toml` is read
    /// if there is one here.
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Override one setting, e.g. `--set engine.strategy.glft.levels=3`; may be repeated.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Print the result as one JSON object.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Paper-trade on a live feed, or on the embedded exchange (the default).
    Run(run::Options),
    /// Put recordings (`*.frames`, `*.frames.gz`) through the engine.
    Replay(replay::Options),
    /// Write the raw feed to a file, without quoting.
    Record(record::Options),
    /// Sum up a run from its journal: `report.html`, and a summary as text or JSON.
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
    /// Judge the fill models against worlds in which every order's fate is known.
    Audit(audit::Options),
    /// Run profiles side by side on one recording or one simulated market.
    Compare(compare::Options),
    /// Say why kappa, the quote, the warm-up and the refusals of a run are what they are.
    Explain(explain::Options),
    /// Put a fixed schedule of orders through the fill model, or export a run's orders and fills.
    Fills(fills::Options),
    /// Read a recording once, into a file of events that replays faster.
    Convert(convert::Options),
    /// Measure how fast it is on this machine.
    Bench(bench::Options),
    /// Write, check or print the configuration.
    Config(config::Options),
}

/// The file of settings that is read where none is named.
const DEFAULT_FILE: &str = "papermaker.toml";

impl Common {
    /// The file of settings: the one that was named, or the one that lies here, which is announced.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let here = || {
            let there = std::path::Path::new(DEFAULT_FILE).is_file();
            if there {
                eprintln!("papermaker: settings from ./{DEFAULT_FILE}");
            }
            there.then(|| PathBuf::from(DEFAULT_FILE))
        };
        self.config.clone().or_else(here)
    }

    /// The configuration.
    pub(crate) fn load(&self) -> Result<Config, Failure> {
        Config::load(self.file().as_deref(), &self.set).map_err(|e| Failure::usage(e.to_string()))
    }

    /// These options for the command `name`, which reads no configuration.
    pub(crate) fn unset(&self, name: &str) -> Result<&Common, Failure> {
        let given = self.config.is_some() || !self.set.is_empty();
        let text = format!("`--config` and `--set` have no effect on `{name}`: leave them out");
        if given { Err(Failure::usage(text)) } else { Ok(self) }
    }
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    end(Cli::try_parse(), |cli| run(&cli))
}

/// Runs what was parsed; its outcome as an exit code, its failure as a line.
pub(crate) fn end<C>(
    parsed: Result<C, clap::Error>,
    run: impl FnOnce(C) -> Result<(), Failure>,
) -> ExitCode {
    let cli = match parsed {
        Ok(cli) => cli,
        Err(e) => {
            let code = if e.use_stderr() { Code::Usage as u8 } else { 0 };
            let _ = e.print();
            return ExitCode::from(code);
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(f) => {
            eprintln!("papermaker: {f}");
            ExitCode::from(f.code as u8)
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let common = &cli.common;
    let load = || common.load();
    let unset = |name| common.unset(name);
    let default = Command::Run(run::Options::default());
    match cli.command.as_ref().unwrap_or(&default) {
        Command::Run(o) => run::run(o, common),
        Command::Replay(o) => replay::run(o, &load()?, common),
        Command::Record(o) => record::run(o, load()?, common),
        Command::Report(o) => report::run(o, unset("report")?),
        Command::Export(o) => export::run(o, unset("export")?),
        Command::Top(o) => top::run(o, &load()?, common),
        Command::Doctor(o) => doctor::run(o, &load()?, common),
        Command::Verify(o) => verify::run(o, unset("verify")?),
        Command::Venue(o) => venue::run(o, load()?, common),
        Command::Audit(o) => audit::run(o, &load()?, common),
        Command::Compare(o) => compare::run(o, common),
        Command::Explain(o) => explain::run(o, unset("explain")?),
        Command::Fills(o) => fills::run(o, &load()?, common),
        Command::Convert(o) => convert::run(o, &load()?, common),
        Command::Bench(o) => bench::run(o, &load()?, common),
        Command::Config(o) => config::run(o, &load),
    }
}

/// Lets SIGINT and SIGTERM ask for the end. To be called before anything takes time.
pub(crate) fn stop_on_signals() -> Result<Stop, Failure> {
    Stop::on_signals().map_err(|e| Failure::new(Code::Internal, format!("no signal handler: {e}")))
}

/// Prints text; a reader that went away is no failure.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

pub(crate) fn exit_codes() -> String {
    let rows: Vec<String> =
        Code::TABLE.iter().map(|(code, text)| format!("  {code:>3}  {text}")).collect();
    format!("Exit codes:\n{}", rows.join("\n"))
}
