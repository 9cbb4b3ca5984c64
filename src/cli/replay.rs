//! `papermaker replay FILE…`: recordings through the engine, each into a run folder.
//!
//! In: recordings. Out: a run folder each, with journal, configuration and `run.json`; a summary.
//! Cold path.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::common::{
    chosen_of_all, claim, coin_name, digests, least_fit, new_run, recording_failure, write_info,
};
use super::exit::{Failure, Result};
use super::options::{ask_at_signal, is_asked};
use super::progress::Progress;
use super::{Common, assumed, report, say, summary};
use crate::app::checkpoint::{Checkpoint, Fault};
use crate::app::compare;
use crate::app::config::ConfigOf;
use crate::app::replay::{Cut, Outcome, Tally, replay_files};
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::folder::recording::{self, Meter, Reader, Tail};
use crate::folder::{Came, Fitness, Folder, RunEnd, RunFolder, RunInfo};
use crate::journal::{Digests, Recovered, Writer, hex};
use crate::record::{Body, Lane, Record, StopReason};
use crate::report::count;
use crate::sys::clock::SessionClock;
use crate::units::Ns;
use crate::units::lines::labelled;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Recordings, plain or gzip: one line a frame, `<receive time, ns> <json>`; `-` is standard
    /// input, kept as `frames.gz` in the run folder. Several, in order of time, are one run: between
    /// them orders end, position and learning go on.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Coins to quote, comma separated; default: all of the recording.
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = coin_name)]
    coin: Vec<String>,
    /// Replay each of several recordings as a run of its own, from nothing.
    #[arg(long)]
    fresh: bool,
    /// Run folder; default: a new one under `run.folder`.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Write a checkpoint, `checkpoint` in the run folder, so many seconds into the recording.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    checkpoint_at: Option<u32>,
    /// Replay a recording that is not fit for it: without trades, with best prices less than once a
    /// second, with most frames rejected.
    #[arg(long)]
    accept_unfit: bool,
    /// Go on from a checkpoint of this recording instead of from its start.
    #[arg(long, value_name = "CHECKPOINT")]
    from: Option<PathBuf>,
    /// How many seeds of latencies and queues the result is of, from `engine.seed` on: the run is the
    /// first one's, its intervals hold the spread of all. Default: 8 for less than an hour, else 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    seeds: Option<u32>,
    /// Replay once: no other seeds, and not what the result would be at half and at twice the latency.
    #[arg(long, conflicts_with = "seeds")]
    once: bool,
    /// Keep no records and make no run folder: what came of it is shown, and nothing else. As fast as a
    /// replay gets, above all with `--set engine.learn.on=false --set engine.sim.brackets=false`.
    #[arg(long, conflicts_with_all = ["out", "checkpoint_at", "from", "once", "seeds"])]
    no_records: bool,
}

pub(super) fn run<C: Components>(o: &Options, config: &ConfigOf<C>, common: &Common) -> Result {
    let several = o.files.len() > 1;
    if o.from.is_some() && o.seeds.is_some() {
        return Err(Failure::usage("--from goes on with one seed: leave out --seeds"));
    }
    if several && (o.from.is_some() || o.checkpoint_at.is_some()) {
        return Err(Failure::usage("--from and --checkpoint-at take one recording"));
    }
    if several && o.fresh && o.out.is_some() {
        return Err(Failure::usage("--fresh makes a run of each: leave out --out"));
    }
    if several && o.files.iter().any(|f| f == Path::new("-")) {
        return Err(Failure::usage("standard input is one recording: leave out the others"));
    }
    if o.files == [Path::new("-")] {
        if o.no_records {
            return Err(Failure::usage(
                "standard input is kept in a run folder: leave out --no-records",
            ));
        }
        return from_standard_input(o, config, common);
    }
    let parts: Vec<&[PathBuf]> = if o.fresh { o.files.chunks(1).collect() } else { vec![&o.files] };
    for files in parts {
        let ready = ready(files, o, config)?;
        if o.no_records {
            without_records(files, &ready.0, config, common)?;
            continue;
        }
        let name = files[0].file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let stem = name.split('.').next().unwrap_or("run");
        let run = new_run(o.out.as_deref(), config, stem)?;
        one(files, ready, &run, o, config, common)?;
        if is_asked() {
            break;
        }
    }
    Ok(())
}

/// What a replay begins with: coins, a checkpoint, what the recordings are fit for.
type Ready<C> = (Vec<CoinSpec>, Option<Checkpoint<C>>, Option<Fitness>);

/// Looks through the recordings. Of several, what the least fresh of them is fit for.
fn ready<C: Components>(files: &[PathBuf], o: &Options, config: &ConfigOf<C>) -> Result<Ready<C>> {
    let coins = chosen_of_all(files, &o.coin)?;
    let from = o.from.as_deref().map(|path| checkpoint(path, config, &coins)).transpose()?;
    let fitness = least_fit(files, &coins, o.accept_unfit)?;
    Ok((coins, from, fitness))
}

/// Keeps what comes on standard input as the run's own recording, and replays that.
fn from_standard_input<C: Components>(
    o: &Options,
    config: &ConfigOf<C>,
    common: &Common,
) -> Result {
    let run = new_run(o.out.as_deref(), config, "stdin")?;
    let file = run.recording();
    let files = [file.clone()];
    let ready = keep_standard_input(&file).and_then(|()| ready(&files, o, config));
    let ready = ready.inspect_err(|_| {
        // Nothing came of it: no folder stays behind.
        let _ = std::fs::remove_file(&file).and_then(|()| std::fs::remove_dir(run.path()));
    })?;
    one(&files, ready, &run, o, config, common)
}

/// Writes standard input, plain or gzip, into a recording.
fn keep_standard_input(to: &Path) -> Result {
    let unreadable = |e| recording_failure(Path::new("standard input"), &e);
    let refused = |e| Failure::unwritten(to, e);
    let mut reader = Reader::stdin().map_err(unreadable)?;
    let file = std::io::BufWriter::new(std::fs::File::create(to).map_err(refused)?);
    let mut out = recording::Writer::new(file);
    // Ctrl-C ends what is kept; it is replayed as far as it came.
    ask_at_signal(|| ());
    while let Some(line) = reader.step().map_err(unreadable)? {
        if is_asked() {
            break;
        }
        out.frame(line.stamp, line.bytes()).map_err(refused)?;
    }
    out.finish().map_err(refused)
}

/// The journal of a replay, and where it begins: at a checkpoint, where there is one.
fn journal<C: Components>(
    run: &RunFolder,
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
    from: Option<&Checkpoint<C>>,
) -> Result<(Writer<Folder>, Recovered)> {
    let folder = claim(run, config)?;
    let options = config.journal(config.hash(coins));
    let mut begins = Recovered::default();
    if let Some(c) = from {
        (begins.next_seq, begins.digest) = (c.place.records, c.digest.clone());
    }
    let journal = Writer::resume(folder, options, &begins).map_err(|f| {
        let name = run.path().display();
        Failure::disk(format!("cannot start a journal in {name}: {}", f.error))
    })?;
    Ok((journal, begins))
}

fn one<C: Components>(
    files: &[PathBuf],
    (coins, from, fitness): Ready<C>,
    run: &RunFolder,
    o: &Options,
    config: &ConfigOf<C>,
    common: &Common,
) -> Result {
    let coins = &coins[..];
    let meter = Meter::default();
    let theirs = meter.clone();
    ask_at_signal(move || theirs.stop());
    let (mut journal, begins) = journal(run, config, coins, from.as_ref())?;
    let mut info = RunInfo::of_all(files, coins);
    write_info(run, &info)?;
    let clock = SessionClock::start(1);
    let started = clock.mono_ns();
    let mut earned = vec![Came::default(); coins.len()];
    let mut tally = Tally::from(begins.next_seq, &begins.digest, |r: &Record, bytes: &_| {
        if let Body::Account(a) = &r.body
            && a.lane == Lane::Configured
        {
            earned[r.coin.index()] = assumed::came(a);
        }
        // A failed journal remembers its failure; it is reported by `finish`.
        let _ = journal.append(bytes);
    });
    let left = run.checkpoint();
    let at = o.checkpoint_at.map(|s| (i64::from(s) * Ns::SEC, left.clone()));
    let total = files.iter().map(|f| recording::size(f)).sum();
    let progress = Progress::of("replay", total, &meter);
    let end = (Some(StopReason::Finished), Cut { from, at, meter: meter.clone() });
    let seen = match replay_files(files, config, coins, end, &mut tally) {
        Ok(seen) => Some(seen),
        Err(_) if meter.is_stopped() => None,
        Err((file, e)) => return Err(recording_failure(&file, &e)),
    };
    drop(progress);
    if seen.is_some() && o.checkpoint_at.is_some() && !left.exists() {
        let text = format!("{} ends before --checkpoint-at; none was written", files[0].display());
        return Err(Failure::usage(text));
    }
    let (records, digest) = tally.end();
    journal.finish().map_err(|f| {
        Failure::disk(format!("the journal failed at record {}: {}", f.at, f.error))
    })?;
    let Some(seen) = seen else {
        return interrupted(run, (meter.bytes(), total), o, common);
    };
    let took = i64::try_from(clock.mono_ns() - started).unwrap_or(i64::MAX);
    let digest = digest.value();
    let mut latency = assumed::of(config);
    assumed::timed(&mut latency, &seen.counters);
    if !o.once && o.from.is_none() {
        let seeds = o.seeds.unwrap_or_else(|| compare::default_seeds(seen.to.since(seen.from)));
        let (own, seeds) = (earned.clone(), (seeds, &meter));
        if let Some((seeds, [half, twice])) = assumed::others(files, config, coins, seeds, own) {
            let one = earned.iter().map(|c| c.profit_usd).sum();
            latency.profit_usd = Some([half, one, twice]);
            info.seeds = Some(seeds);
        }
    }
    info.latency = Some(latency);
    let end = RunEnd::new(StopReason::Finished, records, &digest);
    info.end = Some(RunEnd { fitness, ..end });
    write_info(run, &info)?;
    show(files, run.path(), (&seen, took), (records, &digest), common)
}

/// A replay that leaves nothing behind: what came of it, a line a coin.
fn without_records<C: Components>(
    files: &[PathBuf],
    coins: &[CoinSpec],
    config: &ConfigOf<C>,
    common: &Common,
) -> Result {
    let clock = SessionClock::start(1);
    let started = clock.mono_ns();
    let (results, seen) = compare::results(files, config, coins, Meter::default())
        .map_err(|(file, e)| recording_failure(&file, &e))?;
    let took = i64::try_from(clock.mono_ns() - started).unwrap_or(i64::MAX);
    let line = |(coin, r): (&CoinSpec, &compare::Outcome)| {
        let account = r.account();
        let usd = account.map_or(0.0, |a| a.profit().to_f64());
        let position = account.map_or(0.0, |a| a.position.to_f64());
        (coin.name, usd, r.fills, r.turnover_usd, position)
    };
    let lines: Vec<_> = coins.iter().zip(&results).map(line).collect();
    if common.json {
        let coins: Vec<_> = lines
            .iter()
            .map(|(coin, usd, fills, turnover, position)| {
                json!({
                    "coin": coin, "profit_usd": usd, "fills": fills, "turnover_usd": turnover,
                    "position": position,
                })
            })
            .collect();
        let v = json!({
            "coins": coins,
            "frames": seen.frames,
            "took_s": Ns::seconds(took),
        });
        say(&format!("{v}\n"));
        return Ok(());
    }
    say(&head(files, &seen, took));
    say(&format!(
        "{:<12} {:>14} {:>8} {:>16} {:>16}\n",
        "coin", "result, USD", "fills", "turnover, USD", "position"
    ));
    for (coin, usd, fills, turnover, position) in lines {
        say(&format!("{coin:<12} {usd:>+14.4} {fills:>8} {turnover:>16.2} {position:>16}\n"));
    }
    Ok(())
}

/// What a replay came to until Ctrl-C. A folder that was asked for by name makes room for the next try.
fn interrupted(run: &RunFolder, (read, of): (u64, u64), o: &Options, common: &Common) -> Result {
    let (model, _) = report::shown(run.path())?;
    let mut path = run.path().to_path_buf();
    if let Some(out) = &o.out {
        let aside = |i: u32| PathBuf::from(format!("{}.interrupted-{i}", out.display()));
        let free = (1..1_000).map(aside).find(|p| !p.exists());
        if let Some(to) = free.filter(|to| std::fs::rename(&path, to).is_ok()) {
            path = to;
        }
    }
    if common.json {
        let mut v = crate::report::json(&model);
        v["run"] = json!(path);
        v["interrupted"] = json!(true);
        say(&format!("{v}\n"));
        return Ok(());
    }
    let share = 100.0 * count(read) / count(of.max(1));
    say(&report::text(&model, common));
    let text = format!(
        "by a signal, with {share:.0} % of the recording read: this is what it came to so far"
    );
    say(&format!("{}{}", labelled("stopped", &text), labelled("run", &path.display().to_string())));
    Ok(())
}

/// The replay summed up.
fn show(
    files: &[PathBuf],
    path: &Path,
    (seen, took): (&Outcome, i64),
    (records, digest): (u64, &Digests),
    common: &Common,
) -> Result {
    let (model, page) = report::shown(path)?;
    if common.json {
        let mut v = crate::report::json(&model);
        v["report"] = json!(page.ok().map(|p| p.display().to_string()));
        v["run"] = json!(path.display().to_string());
        v["digest"] = json!(hex(digest.run));
        v["decisions"] = json!(hex(digest.decisions));
        v["records"] = json!(records);
        v["frames"] = json!(seen.frames);
        v["left_out"] = summary::left_out_json(&seen.left_out);
        v["tail"] = json!(seen.tail.to_string());
        v["feed"] = summary::feed_json(&seen.counters);
        v["took_s"] = json!(Ns::seconds(took));
        say(&format!("{v}\n"));
    } else {
        if !common.quiet {
            say(&head(files, seen, took));
        }
        say(&report::text(&model, common));
        say(&format!(
            "\nrun        {}\nrecords    {records}, none lost\n{}{}",
            path.display(),
            digests(digest),
            report::line(&page),
        ));
    }
    Ok(())
}

fn head(files: &[PathBuf], seen: &Outcome, took: i64) -> String {
    let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    let c = &seen.counters;
    let span = Ns::seconds(seen.to.since(seen.from));
    let spent = Ns::seconds(took);
    let rate = if spent > 0.0 { count(seen.frames) / spent } else { 0.0 };
    let frames = format!("{} over {span:.1} s, in {spent:.3} s ({rate:.0} frames/s)", seen.frames);
    let n = |n: u64, what: &str| (n > 0).then(|| format!("{n} {what}"));
    let odd = [
        n(c.rejects(), "rejected").map(|text| text + &summary::reasons(c)),
        n(c.duplicates, "came twice"),
        n(c.gaps, "times trades are missing after a reconnection"),
        n(seen.downs, "silences or lost links"),
        (seen.tail != Tail::Whole).then(|| seen.tail.to_string()),
    ];
    let odd: Vec<String> = odd.into_iter().flatten().collect();
    format!(
        "{}{}{}{}",
        labelled("replay", &names.join(" ")),
        labelled("frames", &frames),
        labelled("feed", &odd.join("; ")),
        summary::left_out(&seen.left_out, c),
    )
}

fn checkpoint<C: Components>(
    path: &Path,
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
) -> Result<Checkpoint<C>> {
    Checkpoint::read(path, config, coins).map_err(|fault| {
        let text = format!("cannot go on from {}: {fault}", path.display());
        if fault == Fault::Config { Failure::usage(text) } else { Failure::input(text) }
    })
}
