//! The command line: one file per subcommand, exit codes in one table.
//!
//! In: arguments. Out: text on the terminal and an exit code. Cold path.

mod assumed;
mod audit;
pub(crate) mod bench;
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
mod help;
mod import;
mod options;
mod place;
mod progress;
mod protocol;
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

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::engine::{Components, Shipped};
use crate::record::FORMAT_VERSION;
use exit::{Failure, Result};
pub(crate) use options::{Common, Force, end, exit_codes, say, stop_at_signal, tell};

/// A paper-trading engine for market makers: quotes a ladder on Hyperliquid perpetuals on public
/// data, simulates which orders would have filled, learns how takers reach into the book, and
/// writes everything down.
#[derive(Debug, Parser)]
#[command(name = "papermaker", version = version(), after_help = after_help())]
#[command(disable_help_subcommand = true)]
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
    /// Measure how fast it is on this machine.
    Bench(bench::Options),
    /// Write, check or print the configuration.
    Config(config::Options),
    /// Play the acceptance test of the analysis that the project began with, on a run or a recording.
    Protocol(protocol::Options),
    /// Pages on what to do and what things mean; the help of a command.
    Help(help::Options),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// Which program this is: version, commit where one is known, sources, record format.
fn version() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let commit = match env!("PAPERMAKER_COMMIT") {
            "" => String::new(),
            commit => format!("{commit}; "),
        };
        format!(
            "{} ({commit}sources {:.8}; records format {FORMAT_VERSION})",
            env!("CARGO_PKG_VERSION"),
            env!("PAPERMAKER_SOURCES"),
        )
    })
}

fn after_help() -> String {
    format!("{}\n{}", help::topics(), exit_codes())
}

/// What bare `papermaker` says first.
const DEMONSTRATION: &str = "\
A demonstration on a SIMULATED market, about a minute; it writes a new folder below runs/.
`papermaker help` has everything else, `papermaker help start` the way to an answer.

";

/// Runs the command line of the program as it ships.
pub fn main() -> ExitCode {
    main_with::<Shipped>()
}

/// Runs the command line of a program that brings parts of its own: live runs, replays, journals,
/// reports, checks and checkpoints with them.
pub fn main_with<C: Components>() -> ExitCode {
    end(parsed(std::env::args_os().collect()), |cli| run::<C>(&cli))
}

/// The command line. A number below zero is a value out of range, no option.
fn numbers(command: clap::Command) -> clap::Command {
    let value = |a: clap::Arg| match a.get_action().takes_values() {
        true => a.allow_negative_numbers(true),
        false => a,
    };
    command.mut_args(value).mut_subcommands(numbers)
}

fn typed(args: &[OsString]) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&numbers(Cli::command()).try_get_matches_from(args)?)
}

/// What was typed. Options without a command are those of the demonstration.
fn parsed(args: Vec<OsString>) -> Result<Cli, clap::Error> {
    typed(&args).or_else(|e| {
        let names: Vec<String> =
            Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
        let named = args.iter().any(|a| names.iter().any(|n| a.to_str() == Some(n.as_str())));
        if named || e.kind() != clap::error::ErrorKind::UnknownArgument {
            return Err(e);
        }
        let (program, rest) = args.split_at(1.min(args.len()));
        let run = [program, &[OsString::from("run")], rest].concat();
        let of = |more: clap::Error| if more.kind() == e.kind() { e } else { more };
        typed(&run).map_err(of)
    })
}

/// Runs the command line of these arguments, the program's name first; gives the exit code.
#[cfg(feature = "python")]
pub(crate) fn main_of(args: Vec<String>) -> u8 {
    options::code(parsed(args.into_iter().map(Into::into).collect()), |cli| run::<Shipped>(&cli))
}

fn run<C: Components>(cli: &Cli) -> Result {
    let common = &cli.common;
    let load = || common.load::<C>();
    let unset = |name| common.unset(name);
    let default = Command::Run(run::Options::default());
    let command = cli.command.as_ref().unwrap_or(&default);
    common.announce();
    if cli.command.is_none() && !common.json && !common.quiet {
        say(DEMONSTRATION);
    }
    match command {
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
        Command::Bench(o) => bench::run(o, &common.load()?, common),
        Command::Config(o) => config::run::<C>(o, common),
        Command::Protocol(o) => protocol::run(o, &load()?, common),
        Command::Help(o) => help::run(o, Cli::command()),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "papermaker", &mut text);
            say(&String::from_utf8_lossy(&text));
            Ok(())
        }
        Command::Man => {
            let mut text = Vec::new();
            let written = clap_mangen::Man::new(Cli::command()).render(&mut text);
            written.map_err(|e| Failure::internal(format!("the page: {e}")))?;
            say(&String::from_utf8_lossy(&text));
            Ok(())
        }
    }
}
