//! What several subcommands do alike: run folders made, locked and read, coins chosen, digests shown.
//!
//! In: paths, names. Out: folders, readers, text, or a failure with its exit code. Cold path.

use std::path::{Path, PathBuf};

use super::exit::{Failure, Result};
use crate::app::config::ConfigOf;
use crate::app::past::Past;
use crate::app::survey::{Survey, fitness, survey};
use crate::engine::Components;
use crate::feed::{BadCoin, CoinSpec, is_perpetual};
use crate::folder::recording::RecordingError;
use crate::folder::{Fitness, Folder, FolderError, NoFolder, RunFolder, RunInfo};
use crate::journal::{Digests, Found, ReadError, Reader, hex};
use crate::limits::{COINS_MAX, DECIMALS_MAX};
use crate::record::Record;

/// The journal of a run folder, from its beginning; where that was dropped, the records that say what
/// the run is and those of the segments kept.
pub(crate) fn journal(run: &Path) -> Result<Reader<Folder>> {
    let folder = opened(run)?;
    match RunFolder::at(run).dropped() {
        0 => Reader::open(folder),
        first => past(run)?.kept(folder, first),
    }
    .map_err(|e| unreadable(run, e))
}

/// Gives each record that `reader` finds in the journal of `run` to `take`; damage found, a line each.
pub(super) fn each_record(
    run: &Path,
    mut reader: Reader<Folder>,
    mut take: impl FnMut(&Record) -> Result,
) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    while let Some(found) = reader.step().map_err(|e| unreadable(run, e))? {
        match found {
            Found::Record(record) => take(&record)?,
            Found::Damage(damage) => faults.push(damage.to_string()),
            Found::Torn(torn) => faults.push(torn.to_string()),
        }
    }
    Ok(faults)
}

/// The failure of a command whose journal is damaged.
pub(super) fn intact(faults: &[String]) -> Result {
    none("the journal is damaged: ", faults)
}

/// Passes where there are no faults; else a check failed, `what` and each of them.
pub(super) fn none(what: &str, faults: &[impl AsRef<str>]) -> Result {
    let each: Vec<&str> = faults.iter().map(AsRef::as_ref).collect();
    if each.is_empty() { Ok(()) } else { Err(Failure::check(what.to_owned() + &each.join("; "))) }
}

/// What the first segments of a run came to.
pub(super) fn past(run: &Path) -> Result<Past> {
    Past::of(&RunFolder::at(run)).map_err(|e| Failure::input(format!("{}: {e}", run.display())))
}

/// A run folder, opened for reading.
pub(super) fn opened(run: &Path) -> Result<Folder> {
    let why = |e: FolderError| match run.is_file() {
        true => "it is a file; give the folder of a run".to_owned(),
        false => e.to_string(),
    };
    RunFolder::at(run)
        .open()
        .map_err(|e| Failure::input(format!("no run folder `{}`: {}", run.display(), why(e))))
}

/// The failure of reading a journal.
pub(crate) fn unreadable(run: &Path, e: ReadError) -> Failure {
    Failure::input(format!("cannot read the journal in {}: {e}", run.display()))
}

/// The digests of a run, two lines.
pub(super) fn digests(d: &Digests) -> String {
    format!(
        "digest     {} of all records\n           {} of the decisions alone\n",
        hex(d.run),
        hex(d.decisions)
    )
}

/// Coins by name, and decimals of their sizes where given: `ETH`, `DOGE:0`, `xyz:XYZ100:2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub name: String,
    pub decimals: Option<u8>,
}

impl Asked {
    /// Reads a name as it was given. Coins of other kinds than perpetuals are refused.
    pub(super) fn parse(text: &str) -> Result<Asked> {
        let with = text.rsplit_once(':').and_then(|(name, digit)| {
            let decimals = digit.parse().ok().filter(|d| *d <= DECIMALS_MAX && digit.len() == 1)?;
            Some(Asked { name: name.to_owned(), decimals: Some(decimals) })
        });
        let asked = with.unwrap_or_else(|| Asked { name: text.to_owned(), decimals: None });
        if !is_perpetual(&asked.name) {
            let text = format!("--coin {text}: spot or an outcome; perpetuals only");
            return Err(Failure::usage(text));
        }
        Ok(asked)
    }
}

/// One name of a list of coins on the command line.
pub(super) fn coin_name(text: &str) -> Result<String, &'static str> {
    let name = text.trim();
    match CoinSpec::new(name, 0) {
        Err(BadCoin::Empty) => Err("name at least one coin, as in BTC,ETH"),
        Err(BadCoin::Character) => Err("no coin has such a name; commas stand between coins"),
        _ => Ok(name.to_owned()),
    }
}

/// Refuses a list that names one twice.
pub(super) fn twice(what: &str, names: &[String]) -> Result {
    match names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
        Some((_, name)) => Err(Failure::usage(format!("{what}: {name} is named twice"))),
        None => Ok(()),
    }
}

/// Names, in a list for people.
pub(super) fn names(coins: &[CoinSpec]) -> String {
    coins.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The first pass over a recording.
pub(super) fn surveyed(file: &Path) -> Result<Survey> {
    survey(file).map_err(|e| recording_failure(file, &e))
}

/// The coins of a recording that are asked for, or all; those of other kinds are named.
pub(super) fn chosen(file: &Path, wanted: &[String]) -> Result<Vec<CoinSpec>> {
    chosen_of(file, &surveyed(file)?, wanted)
}

/// The same of several recordings, which must be in order of time, each time once.
pub(crate) fn chosen_of_all(files: &[PathBuf], wanted: &[String]) -> Result<Vec<CoinSpec>> {
    let [first, rest @ ..] = files else {
        return Err(Failure::usage("no recording is named"));
    };
    let mut all = surveyed(first)?;
    for (file, before) in rest.iter().zip(files) {
        let next = surveyed(file)?;
        if next.from < all.to {
            return Err(Failure::usage(format!(
                "{} begins before {} ends: name recordings in order of time, each time \
                 once (files of a coin each become one with `papermaker import`)",
                file.display(),
                before.display()
            )));
        }
        all.to = next.to;
        for (known, more) in [(&mut all.coins, next.coins), (&mut all.others, next.others)] {
            for coin in more {
                match known.iter_mut().find(|c| c.name == coin.name) {
                    Some(c) => c.sz_decimals = c.sz_decimals.max(coin.sz_decimals),
                    None => known.push(coin),
                }
            }
        }
    }
    chosen_of(first, &all, wanted)
}

/// The same after the first pass.
pub(super) fn chosen_of(file: &Path, seen: &Survey, wanted: &[String]) -> Result<Vec<CoinSpec>> {
    twice("--coin", wanted)?;
    let wanted = wanted.iter().map(|w| Asked::parse(w)).collect::<Result<Vec<_>, _>>()?;
    let Survey { coins: all, others, .. } = seen;
    let shown = file.display();
    if all.is_empty() && others.is_empty() {
        let text = format!("{shown}: no market data of any coin in it");
        return Err(Failure::input(text));
    }
    if all.is_empty() {
        let text = format!("{shown} has {}: spot or outcomes; perpetuals only", names(others));
        return Err(Failure::input(text));
    }
    if !others.is_empty() && wanted.is_empty() {
        super::tell(format!(
            "papermaker: {shown}: left out {}: spot or outcomes; perpetuals only",
            names(others)
        ));
    }
    let coins = wanted.iter().map(|w| {
        let found = all.iter().find(|c| c.name.as_str() == w.name).copied();
        let coin = found.ok_or_else(|| {
            let (name, has) = (&w.name, names(all));
            Failure::usage(format!("no coin `{name}` in {shown}; it has {has}"))
        })?;
        Ok::<_, Failure>(CoinSpec { sz_decimals: w.decimals.unwrap_or(coin.sz_decimals), ..coin })
    });
    let coins = if wanted.is_empty() { all.clone() } else { coins.collect::<Result<_, _>>()? };
    if coins.len() > COINS_MAX {
        return Err(Failure::usage(format!(
            "{} coins in {shown}, at most {COINS_MAX} at a time: choose with --coin; it has {}",
            coins.len(),
            names(all)
        )));
    }
    Ok(coins)
}

/// What a recording is fit for; refused where it is not, unless that is accepted.
pub(crate) fn judged(file: &Path, coins: &[CoinSpec], accept: bool) -> Result<Option<Fitness>> {
    let fitness = fitness(file, coins).map_err(|e| recording_failure(file, &e))?;
    match &fitness {
        Some(f) if !f.unfit().is_empty() && !accept => Err(Failure::input(format!(
            "{}: {}; --accept-unfit goes on all the same",
            file.display(),
            f.verdict()
        ))),
        _ => Ok(fitness),
    }
}

/// The same of several recordings: what the least fresh of them is fit for.
pub(crate) fn least_fit(
    files: &[PathBuf],
    coins: &[CoinSpec],
    accept: bool,
) -> Result<Option<Fitness>> {
    let all: Result<Vec<_>, _> = files.iter().map(|file| judged(file, coins, accept)).collect();
    let fresh = |f: &Fitness| f.coins.iter().map(|c| c.fresh).fold(1.0, f64::min);
    Ok(all?.into_iter().flatten().min_by(|a, b| fresh(a).total_cmp(&fresh(b))))
}

/// The failure of reading a recording.
pub(crate) fn recording_failure(file: &Path, e: &RecordingError) -> Failure {
    let line = if e.line > 0 { format!(", line {}", e.line) } else { String::new() };
    let shown = file.display();
    if file.is_dir() {
        let inside = RunFolder::at(file).recording();
        let what = if inside.exists() {
            format!("its recording is {}", inside.display())
        } else {
            "name the recording in it".to_owned()
        };
        return Failure::input(format!("{shown} is a folder; {what}"));
    }
    Failure::input(format!("cannot read {shown}{line}: {}", e.fault))
}

/// The folder of a new run, made and empty: the one asked for, or a free one under `run.folder`.
pub(super) fn new_run<C: Components>(
    asked: Option<&Path>,
    config: &ConfigOf<C>,
    stem: &str,
) -> Result<RunFolder> {
    let made = match asked {
        Some(path) => RunFolder::create(path),
        None => RunFolder::create_under(Path::new(&config.run.folder), stem),
    };
    made.map_err(|e| match e {
        NoFolder::Taken(_) => Failure::usage(e.to_string()),
        NoFolder::Refused(..) | NoFolder::TooMany(..) => Failure::disk(e.to_string()),
    })
}

/// Locks a run folder, made where it is not there.
pub(super) fn lock(run: &RunFolder) -> Result<Folder> {
    let name = run.path().display();
    run.lock().map_err(|e| match e {
        FolderError::Busy => Failure::usage(format!("{name} is being written by another process")),
        FolderError::Disk(d) => Failure::disk(format!("cannot write the run folder {name}: {d}")),
    })
}

/// Locks the folder of a new run and writes the configuration in force into it.
pub(super) fn claim<C: Components>(run: &RunFolder, config: &ConfigOf<C>) -> Result<Folder> {
    let folder = lock(run)?;
    let toml = config.to_toml().map_err(|e| Failure::usage(e.to_string()))?;
    let path = run.settings();
    std::fs::write(&path, toml).map_err(|e| Failure::unwritten(&path, e))?;
    Ok(folder)
}

/// Writes what a run says of itself.
pub(super) fn write_info(run: &RunFolder, info: &RunInfo) -> Result {
    let path = run.info();
    info.write(&path).map_err(|e| Failure::unwritten(&path, e))
}

/// What a run says of itself.
pub(super) fn info(run: &Path) -> Result<RunInfo> {
    opened(run)?;
    let path = RunFolder::at(run).info();
    RunInfo::read(&path).map_err(|e| Failure::input(format!("{}: {e}", path.display())))
}

/// The coins of a run as they are followed.
pub(super) fn specs(info: &RunInfo) -> Result<Vec<CoinSpec>> {
    info.specs().map_err(|e| Failure::input(format!("run.json: {e}")))
}

/// The configuration a run was made under.
pub(super) fn settings<C: Components>(run: &Path) -> Result<ConfigOf<C>> {
    ConfigOf::load(Some(&RunFolder::at(run).settings()), &[])
        .map_err(|e| Failure::input(format!("the run's configuration: {e}")))
}
