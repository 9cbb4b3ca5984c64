//! `papermaker replay FILE…`: recordings through the engine, each into a run folder.
//!
//! In: recordings. Out: a run folder each, with journal, configuration and `run.json`; a summary.
//! Cold path.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::common::digests;
use super::exit::Failure;
use super::{Common, report, say, summary};
use crate::app::checkpoint::{Checkpoint, Fault};
use crate::app::config::Config;
use crate::app::folder::{Folder, FolderError};
use crate::app::recording::{self, Reader, RecordingError};
use crate::app::replay::{Cut, Outcome, Tally, coins_of, replay_cut};
use crate::feed::CoinSpec;
use crate::journal::{Digests, Recovered, Writer, hex, segment_name};
use crate::record::StopReason;
use crate::report::Ping;
use crate::sys::clock::SessionClock;
use crate::units::Ns;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Recordings, plain or gzip: one line a frame, `<receive time, ns> <json>`; `-` is standard
    /// input, kept as `frames.gz` in the run folder.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Coins to quote, comma separated; default: all of the recording.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    coin: Vec<String>,
    /// Run folder; default: a new one under `run.folder`.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Write a checkpoint, `checkpoint` in the run folder, so many seconds into the recording.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    checkpoint_at: Option<u32>,
    /// Go on from a checkpoint of this recording instead of from its start.
    #[arg(long, value_name = "CHECKPOINT")]
    from: Option<PathBuf>,
}

/// What a run folder says of its run, in `run.json`: written when it begins and when it ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RunInfo {
    /// Program version.
    pub version: String,
    /// The recording.
    pub source: PathBuf,
    /// Coins with their size decimals.
    pub coins: Vec<(String, u8)>,
    /// The venue as it was named; `None` of a replay.
    #[serde(default)]
    pub venue: Option<String>,
    /// How it ended; `None` while it runs, and of a run that was killed.
    pub end: Option<RunEnd>,
}

/// How a run ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RunEnd {
    /// Why: the code of the `stop` record.
    pub reason: u8,
    /// Records published.
    pub records: u64,
    /// Digest of the records published, those lost in the queue included; hexadecimal.
    pub digest: String,
    /// Digest of the decisions among them.
    #[serde(default)]
    pub decisions: String,
    /// Round trips of the heartbeats, where the run was live.
    #[serde(default)]
    pub ping: Option<Ping>,
}

impl RunEnd {
    /// The end of a run that published so many records with these digests.
    pub(super) fn new(reason: StopReason, records: u64, d: &Digests) -> RunEnd {
        let reason = reason as u8;
        RunEnd { reason, records, digest: hex(d.run), decisions: hex(d.decisions), ping: None }
    }
}

impl RunInfo {
    /// A run that begins.
    pub(super) fn begins(source: &Path, coins: &[CoinSpec]) -> RunInfo {
        RunInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            source: std::fs::canonicalize(source).unwrap_or_else(|_| source.to_path_buf()),
            coins: coins.iter().map(|c| (c.name.to_string(), c.sz_decimals)).collect(),
            venue: None,
            end: None,
        }
    }

    /// The coins as they are followed.
    pub(super) fn specs(&self) -> Result<Vec<CoinSpec>, Failure> {
        let coins = self.coins.iter().map(|(n, d)| CoinSpec::new(n, *d));
        coins.collect::<Result<_, _>>().map_err(|e| Failure::input(format!("run.json: {e:?}")))
    }

    /// Writes it into a run folder, aside and then in one step: whoever reads finds a whole one.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        let (path, aside) = (folder.join("run.json"), folder.join("run.json.new"));
        std::fs::write(&aside, json).and_then(|()| std::fs::rename(&aside, &path)).map_err(|e| {
            let _ = std::fs::remove_file(&aside);
            Failure::disk(format!("cannot write {}: {e}", path.display()))
        })
    }

    /// Reads it from a run folder.
    pub(super) fn read(folder: &Path) -> Result<RunInfo, Failure> {
        let path = folder.join("run.json");
        let fault = |e: &dyn std::fmt::Display| Failure::input(format!("{}: {e}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|e| fault(&e))?;
        serde_json::from_str(&text).map_err(|e| fault(&e))
    }
}

pub(super) fn run(o: &Options, config: &Config, common: &Common) -> Result<(), Failure> {
    if (o.out.is_some() || o.from.is_some()) && o.files.len() > 1 {
        let text = "--out and --from take one recording; leave them out for several";
        return Err(Failure::usage(text));
    }
    for file in &o.files {
        if file == Path::new("-") {
            from_standard_input(o, config, common)?;
            continue;
        }
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = name.split('.').next().unwrap_or("run");
        let coins = chosen(file, &o.coin)?;
        let from = o.from.as_deref().map(|path| checkpoint(path, config, &coins)).transpose()?;
        let path = run_folder(o.out.as_deref(), config, stem)?;
        one(file, (&coins, from), &path, o, config, common)?;
    }
    Ok(())
}

/// Keeps what comes on standard input as the run's own recording, and replays that.
fn from_standard_input(o: &Options, config: &Config, common: &Common) -> Result<(), Failure> {
    let path = run_folder(o.out.as_deref(), config, "stdin")?;
    let file = path.join("frames.gz");
    let ready = keep_standard_input(&file).and_then(|()| {
        let coins = chosen(&file, &o.coin)?;
        let from = o.from.as_deref().map(|path| checkpoint(path, config, &coins)).transpose()?;
        Ok((coins, from))
    });
    let (coins, from) = ready.inspect_err(|_| {
        // Nothing came of it: no folder stays behind.
        let _ = std::fs::remove_file(&file).and_then(|()| std::fs::remove_dir(&path));
    })?;
    one(&file, (&coins, from), &path, o, config, common)
}

/// Writes standard input, plain or gzip, into a recording.
fn keep_standard_input(to: &Path) -> Result<(), Failure> {
    let unreadable = |e| recording_failure(Path::new("standard input"), &e);
    let refused = |e| Failure::disk(format!("cannot write {}: {e}", to.display()));
    let mut reader = Reader::stdin().map_err(unreadable)?;
    let file = std::io::BufWriter::new(std::fs::File::create(to).map_err(refused)?);
    let mut out = recording::Writer::new(file);
    while let Some(line) = reader.step().map_err(unreadable)? {
        out.frame(line.at, line.bytes()).map_err(refused)?;
    }
    out.finish().map_err(refused)
}

fn one(
    file: &Path,
    (coins, from): (&[CoinSpec], Option<Checkpoint>),
    path: &Path,
    o: &Options,
    config: &Config,
    common: &Common,
) -> Result<(), Failure> {
    let folder = claim(path, config)?;
    let disk = |text: String| Failure::disk(text);
    let options = config.journal(config.hash(coins));
    let mut begins = Recovered::default();
    if let Some(c) = &from {
        (begins.next_seq, begins.digest) = (c.place.records, c.digest.clone());
    }
    let mut journal = Writer::resume(folder, options, &begins)
        .map_err(|f| disk(format!("cannot start a journal in {}: {}", path.display(), f.error)))?;
    let mut info = RunInfo::begins(file, coins);
    info.write(path)?;
    let clock = SessionClock::start(1);
    let begun = clock.mono_ns();
    let mut tally = Tally::from(begins.next_seq, &begins.digest, |_: &_, bytes: &_| {
        // A failed journal remembers its failure; it is reported by `finish`.
        let _ = journal.append(bytes);
    });
    let left = path.join("checkpoint");
    let at = o.checkpoint_at.map(|s| (i64::from(s) * Ns::SEC, left.clone()));
    let end = (Some(StopReason::Finished), Cut { from, at });
    let seen = replay_cut(file, config, coins, end, &mut tally)
        .map_err(|e| recording_failure(file, &e))?;
    if o.checkpoint_at.is_some() && !left.exists() {
        let text = format!("{} ends before --checkpoint-at; none was written", file.display());
        return Err(Failure::usage(text));
    }
    let (records, digest) = tally.end();
    journal
        .finish()
        .map_err(|f| disk(format!("the journal failed at record {}: {}", f.at, f.error)))?;
    let took = i64::try_from(clock.mono_ns() - begun).unwrap_or(i64::MAX);
    let digest = digest.value();
    info.end = Some(RunEnd::new(StopReason::Finished, records, &digest));
    info.write(path)?;
    show(file, path, (&seen, took), (records, &digest), common)
}

/// The replay summed up.
fn show(
    file: &Path,
    path: &Path,
    (seen, took): (&Outcome, i64),
    (records, digest): (u64, &Digests),
    common: &Common,
) -> Result<(), Failure> {
    let (model, page) = report::shown(path)?;
    if common.json {
        let mut v = crate::report::json(&model);
        v["report"] = serde_json::json!(page.ok());
        v["run"] = serde_json::json!(path);
        v["digest"] = serde_json::json!(hex(digest.run));
        v["decisions"] = serde_json::json!(hex(digest.decisions));
        v["records"] = serde_json::json!(records);
        v["frames"] = serde_json::json!(seen.frames);
        v["feed"] = summary::feed_json(&seen.counters);
        v["took_s"] = serde_json::json!(Ns::seconds(took));
        say(&format!("{v}\n"));
    } else {
        say(&head(file, seen, took));
        say(&crate::report::text(&model));
        say(&format!(
            "\nrun      {}\nrecords  {records}, none lost\n{}",
            path.display(),
            digests(digest)
        ));
        say(&report::line(&page));
    }
    Ok(())
}

fn head(file: &Path, seen: &Outcome, took: i64) -> String {
    let c = &seen.counters;
    let span = Ns::seconds(seen.to.since(seen.from));
    let spent = Ns::seconds(took);
    let rate = if spent > 0.0 { summary::float(seen.frames) / spent } else { 0.0 };
    format!(
        "replay   {}\nframes   {} over {span:.1} s, in {spent:.3} s ({rate:.0} frames/s)\n\
         feed     {} rejected{}, {} duplicates, {} histories ({} contiguous, {} with a gap), {} \
         silences, tail {:?}\n",
        file.display(),
        seen.frames,
        c.rejects(),
        summary::reasons(c),
        c.duplicates,
        c.histories,
        c.contiguous,
        c.gaps,
        seen.downs,
        seen.tail,
    )
}

fn checkpoint(path: &Path, config: &Config, coins: &[CoinSpec]) -> Result<Checkpoint, Failure> {
    Checkpoint::read(path, config, coins).map_err(|fault| {
        let text = format!("cannot go on from {}: {fault}", path.display());
        if fault == Fault::Config { Failure::usage(text) } else { Failure::input(text) }
    })
}

pub(super) fn chosen(file: &Path, wanted: &[String]) -> Result<Vec<CoinSpec>, Failure> {
    let all = coins_of(file).map_err(|e| recording_failure(file, &e))?;
    let names = || all.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
    if all.is_empty() {
        let text = format!("{}: no market data of any coin in its first frames", file.display());
        return Err(Failure::input(text));
    }
    if wanted.is_empty() {
        return Ok(all);
    }
    wanted
        .iter()
        .map(|w| {
            all.iter().find(|c| c.name.as_str() == w).copied().ok_or_else(|| {
                Failure::usage(format!("no coin `{w}` in {}; it has {}", file.display(), names()))
            })
        })
        .collect()
}

pub(super) fn recording_failure(file: &Path, e: &RecordingError) -> Failure {
    let line = if e.line > 0 { format!(", line {}", e.line) } else { String::new() };
    Failure::input(format!("cannot read {}{line}: {:?}", file.display(), e.fault))
}

/// The folder of a new run, made and still empty: the one asked for, or the first free one of
/// `<run.folder>/<stem>`, `<stem>-2`, …
pub(super) fn run_folder(
    asked: Option<&Path>,
    config: &Config,
    stem: &str,
) -> Result<PathBuf, Failure> {
    let refused = |path: &Path, e: std::io::Error| {
        Failure::disk(format!("cannot make the run folder {}: {e}", path.display()))
    };
    if let Some(path) = asked {
        let has = |name: &str| path.join(name).exists();
        if has("run.json") || has("config.toml") || has(&segment_name(0)) {
            let name = path.display();
            let text = format!("{name} holds a run already; name another or leave out --out");
            return Err(Failure::usage(text));
        }
        std::fs::create_dir_all(path).map_err(|e| refused(path, e))?;
        return Ok(path.to_path_buf());
    }
    let under = Path::new(&config.run.folder);
    std::fs::create_dir_all(under).map_err(|e| refused(under, e))?;
    for n in 1..100_000 {
        let path = under.join(if n == 1 { stem.to_owned() } else { format!("{stem}-{n}") });
        // Made, not looked for: two runs that start together get two folders.
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(refused(&path, e)),
        }
    }
    Err(Failure::disk(format!("too many runs of {stem} under {}; remove some", under.display())))
}

/// Locks a run folder, made where it is not there.
pub(super) fn lock(path: &Path) -> Result<Folder, Failure> {
    let name = path.display();
    Folder::create(path).map_err(|e| match e {
        FolderError::Busy => Failure::usage(format!("{name} is being written by another process")),
        FolderError::Disk(d) => Failure::disk(format!("cannot write the run folder {name}: {d}")),
    })
}

/// Locks the folder of a new run and writes the configuration in force into it.
pub(super) fn claim(path: &Path, config: &Config) -> Result<Folder, Failure> {
    let name = path.display();
    let folder = lock(path)?;
    let toml = config.to_toml().map_err(|e| Failure::usage(e.to_string()))?;
    std::fs::write(path.join("config.toml"), toml)
        .map_err(|e| Failure::disk(format!("cannot write {name}/config.toml: {e}")))?;
    Ok(folder)
}
