//! What every command takes, and how it ends: common options, text on the terminal, exit codes.
//!
//! In: parsed arguments. Out: the configuration, text, an exit code. Cold path.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, OnceLock};

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::exit::{Code, Failure, Result};
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::folder::{Holds, Output, OutputError, abandon};
use crate::sys::jobs::cores;
use crate::sys::signal::{Stop, on_signals, raise};
use crate::sys::terminal;

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
    /// Quote where nothing seems to pay, too: for runs that compare.
    #[arg(long, global = true)]
    pub(crate) quote_anyway: bool,
    /// Print the result as one JSON object.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print the result alone: no head, no progress.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print what was learned behind the result, too, as `papermaker explain` does.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Colours of the full-screen view.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// When there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// Unless the environment has NO_COLOR.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether progress is left out.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Whether progress is left out.
pub(super) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// The file of settings that is read where none is named.
pub(super) const DEFAULT_FILE: &str = "papermaker.toml";

impl Common {
    /// What holds for the whole process: whether there is progress, whether there are colours.
    pub(super) fn announce(&self) {
        QUIET.store(self.quiet, Ordering::Relaxed);
        match self.color {
            Color::Auto => {}
            Color::Always => terminal::colour(true),
            Color::Never => terminal::colour(false),
        }
    }

    /// The file of settings: the one that was named, or the one that lies here, which is announced.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let here = || {
            let there = Path::new(DEFAULT_FILE).is_file();
            if there {
                tell(format!("papermaker: settings from ./{DEFAULT_FILE}"));
            }
            there.then(|| PathBuf::from(DEFAULT_FILE))
        };
        self.config.clone().or_else(here)
    }

    /// Prints what came of a command: one JSON object, or text for people.
    pub(crate) fn show(&self, json: &Value, text: impl Into<String>) {
        say(&if self.json { format!("{json}\n") } else { text.into() });
    }

    /// The settings named on the command line.
    pub(crate) fn sets(&self) -> Vec<String> {
        let anyway = self.quote_anyway.then(|| "engine.quote.anyway=true".to_owned());
        self.set.iter().cloned().chain(anyway).collect()
    }

    /// The configuration.
    pub(crate) fn load<C: Components>(&self) -> Result<ConfigOf<C>> {
        ConfigOf::load(self.file().as_deref(), &self.sets())
            .map_err(|e| Failure::usage(e.to_string()))
    }

    /// These options for the command `name`, which reads no configuration.
    pub(crate) fn unset(&self, name: &str) -> Result<&Common> {
        let given = self.config.is_some() || !self.set.is_empty() || self.quote_anyway;
        let text = format!(
            "`--config`, `--set` and `--quote-anyway` have no effect on `{name}`: leave them out"
        );
        if given { Err(Failure::usage(text)) } else { Ok(self) }
    }
}

/// A broken invariant ends the process with a line that names it and the exit code of its kind, on
/// whatever thread and however the program was built.
fn end_on_broken_invariants() {
    std::panic::set_hook(Box::new(|broken| {
        terminal::restore();
        let what = broken.payload_as_str().unwrap_or("no words");
        let place = broken.location().map_or_else(String::new, |at| format!(" at {at}"));
        tell(format!("papermaker: a broken invariant: {what}{place}; please report it"));
        std::process::exit(i32::from(Code::Internal as u8));
    }));
}

/// Runs what was parsed; its outcome as an exit code, its failure as a line.
pub(crate) fn end<C>(parsed: Result<C, clap::Error>, run: impl FnOnce(C) -> Result) -> ExitCode {
    ExitCode::from(code(parsed, run))
}

/// The same as a number.
pub(super) fn code<C>(parsed: Result<C, clap::Error>, run: impl FnOnce(C) -> Result) -> u8 {
    end_on_broken_invariants();
    let cli = match parsed {
        Ok(cli) => cli,
        Err(e) => {
            let code = if e.use_stderr() { Code::Usage as u8 } else { 0 };
            let _ = e.print();
            return code;
        }
    };
    code_of(end_on_signals().and_then(|()| run(cli)))
}

/// What a command ends with; its failure is a line.
fn code_of(ended: Result) -> u8 {
    let ended = ended.and_then(|()| match UNSAID.get() {
        Some(text) => Err(Failure::disk(text)),
        None => Ok(()),
    });
    match ended {
        Ok(()) => 0,
        Err(f) => {
            tell(format!("papermaker: {f}"));
            f.code as u8
        }
    }
}

/// What a signal asks of a command that can say what it knows so far.
static ASK: Mutex<Option<Box<dyn Fn() + Send>>> = Mutex::new(None);
/// The signal that asked, 0: none.
static ASKED: AtomicI32 = AtomicI32::new(0);

/// Lets the first signal end the process, and nothing half-made stays; once a command has said by
/// [`ask_at_signal`] what to do, the first one does that, and the next one ends it.
fn end_on_signals() -> Result {
    let ask = |signal| match ASK.lock().ok().as_deref() {
        Some(Some(ask)) if ASKED.swap(signal, Ordering::Relaxed) == 0 => {
            ask();
            true
        }
        _ => false,
    };
    let end = |signal| match is_asked() {
        true => end_now(signal, "ended at once"),
        false => end_without_result(signal),
    };
    on_signals(ask, end).map_err(|e| Failure::internal(format!("no signal handler: {e}")))
}

/// From now on there may be something to say: the next signal does this instead of ending the process.
pub(super) fn ask_at_signal(ask: impl Fn() + Send + 'static) {
    if let Ok(mut to) = ASK.lock() {
        *to = Some(Box::new(ask));
        ASKED.store(0, Ordering::Relaxed);
    }
}

/// A flag that the next signal raises.
pub(crate) fn stop_at_signal() -> Stop {
    let stop = Stop::default();
    let theirs = stop.clone();
    ask_at_signal(move || theirs.ask());
    stop
}

/// Asks as a signal does, where none has.
pub(super) fn ask() {
    if !is_asked() {
        raise();
    }
}

/// Whether a signal has asked for what is known.
pub(super) fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed) > 0
}

/// What stands above a result that is not whole.
pub(super) const INTERRUPTED: &str = "interrupted: what is known so far";

/// Ends the process if a signal has asked: with what `known` says, or without a word where it has nothing.
pub(super) fn end_if_asked(known: impl FnOnce() -> Option<Result>) {
    let signal = ASKED.load(Ordering::Relaxed);
    if signal > 0 {
        let known = known().unwrap_or_else(|| end_without_result(signal));
        std::process::exit(i32::from(code_of(known)));
    }
}

fn end_without_result(signal: i32) -> ! {
    end_now(signal, "interrupted before there was a result; nothing half-made is left")
}

fn end_now(signal: i32, how: &str) -> ! {
    terminal::restore();
    abandon();
    tell(format!("\npapermaker: {how}"));
    std::process::exit(128 + signal)
}

/// Why standard output took no more, once it did not.
static UNSAID: OnceLock<String> = OnceLock::new();

/// A line beside the result; whether anybody reads it changes nothing.
pub(crate) fn tell(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints text; a reader that went away is no failure, any other is shown when the command ends.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            let _ = UNSAID.set(format!("cannot write to standard output: {e}"));
        }
        _ => {}
    }
}

/// Whether a file that is there may be replaced.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Force {
    /// Replace files that are there; those that the command reads, and those of runs, never.
    #[arg(long)]
    pub(crate) force: bool,
}

impl Force {
    /// Begins the file `to` of a command that reads `inputs`, see [`Output::may`].
    pub(crate) fn output(self, to: &Path, inputs: &[&Path], holds: Holds) -> Result<Output> {
        Output::may(to, inputs, self.force)?;
        holds.named(to)?;
        Ok(Output::own(to)?)
    }

    /// The same of a file that is made where it was named.
    pub(crate) fn maybe(
        self,
        to: Option<&PathBuf>,
        inputs: &[&Path],
        holds: Holds,
    ) -> Result<Option<Output>> {
        to.map(|to| self.output(to, inputs, holds)).transpose()
    }
}

impl From<OutputError> for Failure {
    fn from(e: OutputError) -> Failure {
        match e {
            OutputError::Disk(..) => Failure::disk(e.to_string()),
            _ => Failure::usage(e.to_string()),
        }
    }
}

/// How many threads work.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Jobs {
    /// Threads; default: one a core. The result is the same.
    #[arg(long, value_parser = threads)]
    jobs: Option<usize>,
}

impl Jobs {
    /// As many as were asked for.
    pub(crate) fn count(self) -> usize {
        self.jobs.unwrap_or_else(cores)
    }
}

fn threads(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|n| (1..=1_024).contains(n)).ok_or("it must be 1 to 1024")
}

/// A number of frames.
pub(super) fn frames(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|n| (1..=100_000_000).contains(n)).ok_or("it must be 1 to 100000000")
}

pub(crate) fn exit_codes() -> String {
    let rows: Vec<String> =
        Code::TABLE.iter().map(|(code, text)| format!("  {code:>3}  {text}")).collect();
    format!("Exit codes:\n{}", rows.join("\n"))
}
