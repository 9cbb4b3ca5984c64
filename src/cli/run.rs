//! `papermaker run`: a live run on the venue, on any look-alike, or on the embedded exchange.
//!
//! In: options and configuration. Out: a run folder with journal, recording, latency log; progress
//! and a summary. Cold path: it starts the threads and waits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::behind::{Behind, unknown};
use super::common::{claim, digests, new_run, write_info};
use super::exit::{Code, Failure, Result};
use super::place::{Place, Where};
use super::threads::{Ended, Files, Prepared, Threads, idle, keeper};
use super::watch::{self, Watcher, Way};
use super::{Common, assumed, report, resume, say, stop_at_signal, summary, tell};
use crate::app::config::ConfigOf;
use crate::app::past::{Beside, Past};
use crate::app::status::Status;
use crate::app::survey::fitness;
use crate::app::turn::Turn;
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::folder::recording::segment_name;
use crate::folder::{Output, RunEnd, RunFolder, RunInfo, by_age};
use crate::journal::{Writer, hex};
use crate::ops::snapshot::{Session, Snapshot};
use crate::record::StopReason;
use crate::report::Model;
use crate::settings::Choice as _;
use crate::units::Ns;
use crate::units::lines::labelled;
use crate::venue::coin;
use crate::venue::config::Named;
use crate::venue::serve::Handle;
use crate::venue::truth::Truth;

#[derive(Debug, Default, Args)]
pub(super) struct Options {
    #[command(flatten)]
    place: Where,
    /// Go on with the run in this folder, which was killed or ended: on its venue, with its coins
    /// and its configuration. Its recording is replayed; since its last frame the link counts as
    /// down.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "no_record", "coin", "keep"])]
    resume: Option<PathBuf>,
    /// Go on with the newest run of this venue under `run.folder`, as --resume does, if it can; else begin
    /// a new one. For services: the same line starts and restarts them.
    #[arg(long = "continue", conflicts_with_all = ["resume", "out"])]
    again: bool,
    /// Do not record the raw frames; the run can then not be verified by replay.
    #[arg(long)]
    no_record: bool,
    /// Serve metrics (Prometheus text format), `/healthz` and `/status` here, e.g.
    /// `127.0.0.1:9464`.
    #[arg(long, value_name = "ADDR")]
    metrics: Option<String>,
    /// Most disk for journals, recordings and latencies of all bounded runs of the folder, e.g. `500MB`,
    /// `20GB`: beyond it the oldest segments are dropped; sums stay.
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    keep: Option<String>,
    /// Lines of progress instead of the full-screen view.
    #[arg(long)]
    plain: bool,
    /// Run folder; default: a new one under `run.folder`.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) fn run<C: Components>(o: &Options, common: &Common) -> Result {
    let metrics = watch::listen(o.metrics.as_deref())?;
    let prepared = prepared::<C>(o, common)?;
    let Prepared { run, mut place, coins, mut files, turn, idle, mut info, .. } = prepared;
    let Prepared { config, behind, note, stop, .. } = prepared;
    let tell = |text: &str| {
        if !common.json && !common.quiet {
            say(text);
        }
    };
    let path = run.path().to_path_buf();
    tell(&head(&place, &coins, &path, note.as_deref()));
    if let Some(at) = metrics.as_ref().and_then(|l| l.local_addr().ok()) {
        tell(&format!("metrics  http://{at}/metrics, /healthz and /status\n"));
    }
    let (recorded, sockets) = (files.recording.is_some(), files.sockets);
    let goes_on = files.goes_on.is_some();
    let (past, to, needed) = Beside::start(run.clone(), config, coins.clone(), recorded)
        .map_err(|e| Failure::internal(format!("no thread: {e}")))?;
    files.keeper = files.keeper.map(|k| k.with_past(to, needed));
    let threads = Threads::start(&place, turn, files, idle, &stop)?;
    let (session, board, clock) =
        (session(&path, &place, sockets), threads.board().clone(), place.clock);
    let newest = move || Snapshot::new(session.clone(), clock.now(), board.read());
    let (way, newest) = (Way::of(o.plain, common.json), Arc::new(newest));
    let watcher = Watcher::new(way, (&path, metrics), newest);
    let mut warned = false;
    let look = |s: &Status| {
        if s.recording_failed && !warned {
            warned = true;
            watcher.say("the raw frames cannot be recorded any more; the journal goes on\n");
        }
        if let Some(why) = past.failure() {
            watcher.say(&format!("no segment is dropped any more: {why}\n"));
        }
        watcher.look(s);
    };
    threads.watch(look, journal_failure, |text| watcher.say(text));
    drop(watcher);
    let ended = threads.join();
    past.end();
    let none = ended.as_ref().map_or_else(|e| e.code == Code::Venue, |e| !e.began);
    if none && !goes_on {
        // Of a restart that finds no venue nothing is left, however often it comes.
        run.discard();
        return ended.map(|e| nothing(e.reason, common));
    }
    let ended = ended?;
    let mut truth = place.exchange.take().map(Handle::stop);
    let known = truth.as_mut().zip(behind).map(|(truth, behind)| behind.end(truth));
    let records = ended.published.first_seq + ended.ending.status.records;
    let end = RunEnd::new(ended.reason, records, &ended.published.digest);
    // Of the newest segment, so that a long run ends as soon as a short one; none without a recording.
    let newest = Past::of(&run).map_or(0, |past| past.recording);
    let fitness = fitness(&path.join(segment_name(newest)), &coins).ok().flatten();
    info.end = Some(RunEnd { ping: ended.ping, fitness, ..end });
    if let Some(latency) = &mut info.latency {
        assumed::timed(latency, &ended.counters);
    }
    let written = write_info(&run, &info).and_then(|()| match &known {
        Some(t) => write_truth(Output::own(&run.truth())?, t),
        None => Ok(()),
    });
    // What is known is shown whatever the disk does.
    let (model, page) = report::shown(&path).unwrap_or_else(|e| (Model::empty(), Err(e)));
    show(&path, &ended, (&model, page), truth.as_ref().zip(known.as_ref()), common);
    outcome(&ended)?;
    written
}

/// The run to start: the one asked for, the newest one, or a new one.
fn prepared<C: Components>(o: &Options, common: &Common) -> Result<Prepared<C>> {
    match &o.resume {
        Some(run) => resume::begin(run, &o.place, common, None),
        None if o.again => go_on(o, common),
        None => begin(o, common.load()?),
    }
}

/// The newest run of the venue, or a new one where there is none, or where it cannot go on. Those that were
/// killed before their first link hold nothing, and go.
fn go_on<C: Components>(o: &Options, common: &Common) -> Result<Prepared<C>> {
    let config: ConfigOf<C> = common.load()?;
    let config = keeping(config, o)?;
    let mut runs = runs(Path::new(&config.run.folder), o);
    while let Some(void) = runs.pop_if(|run| run.discard_void()) {
        let path = void.path().display();
        tell(format!("papermaker: {path} was killed before its first link; removed"));
    }
    let Some(newest) = runs.pop() else {
        return begin(o, config);
    };
    let resumed = resume::begin(newest.path(), &o.place, common, Some(config.clone()));
    resumed.or_else(|why| {
        tell(format!("papermaker: {why}; beginning a new run"));
        begin(o, config)
    })
}

/// The runs under `folder` of the venue and the coins that are asked for, the newest last.
fn runs(folder: &Path, o: &Options) -> Vec<RunFolder> {
    let venue = o.place.named("embedded");
    let asked = o.place.asked();
    let fits = |info: &RunInfo| {
        let names = info.coins.iter().map(|c| c.0.as_str());
        info.venue.as_deref() == Some(venue)
            && (asked.is_empty() || names.eq(asked.iter().map(|a| a.name.as_str())))
    };
    let mut runs = by_age(folder, RunFolder::info);
    runs.retain(|run| RunInfo::read(&run.info()).is_ok_and(|i| fits(&i)));
    runs
}

fn keeping<C: Components>(config: ConfigOf<C>, o: &Options) -> Result<ConfigOf<C>> {
    match &o.keep {
        None => Ok(config),
        Some(text) => {
            config.keeping(text).map_err(|e| Failure::usage(format!("--keep {text}: {e}")))
        }
    }
}

/// A new run: its place, its coins, its folder.
fn begin<C: Components>(o: &Options, mut config: ConfigOf<C>) -> Result<Prepared<C>> {
    config = keeping(config, o)?;
    let place = o.place.place(&mut config, "embedded")?;
    let (coins, note) = o.place.coins(&config, &place)?;
    let stop = stop_at_signal();
    let run = new_run(o.out.as_deref(), &config, place.stem)?;
    let hash = config.hash(&coins);
    let sockets = config.run.connections(coins.len());
    let files = files(&run, &config, hash, (!o.no_record, sockets))?;
    let mut info = RunInfo::begins(&run.recording(), &coins);
    info.venue = Some(o.place.named("embedded").to_owned());
    info.bounded = config.run.bound().bytes.is_some();
    info.latency = Some(assumed::of(&config));
    write_info(&run, &info)?;
    let turn = Turn::reading(config.run.feed(), &config.engine, &coins, hash)
        .map_err(|e| Failure::usage(format!("the list of coins: {e}")))?;
    let idle = idle(o.place.busy_poll, &config, &coins);
    let behind = place.exchange.as_ref().map(|_| Behind::start(&config));
    Ok(Prepared { run, place, coins, files, turn, idle, info, config, behind, note, stop })
}

/// What is constant of the run, for those who watch it.
fn session(folder: &Path, place: &Place, sockets: u8) -> Session {
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    let embedded = place.exchange.is_some();
    Session {
        version: env!("CARGO_PKG_VERSION").into(),
        run: name.to_string_lossy().into_owned(),
        venue: if embedded { "embedded".into() } else { place.url.to_string() },
        speed: place.clock.speed(),
        length_ns: place.length_ns,
        started: place.clock.started(),
        sockets,
    }
}

/// What is running, where it writes, how long it takes and how to end it.
fn head(place: &Place, coins: &[CoinSpec], path: &Path, note: Option<&str>) -> String {
    let speed = place.clock.speed();
    let simulated = if place.world.is_some() { "simulated " } else { "" };
    let name = |c: &CoinSpec| format!("{simulated}{}", c.name.as_str());
    let names: Vec<String> = coins.iter().map(name).collect();
    let venue = match place.world {
        Some(_) => format!("the embedded exchange, simulated, {speed} market seconds a second"),
        None => "live public data".to_owned(),
    };
    let world = place.world.map_or_else(String::new, |world| worlds(world, coins));
    let length = place.length_ns.map_or_else(
        || "until Ctrl-C or SIGTERM, which end it with the summary".to_owned(),
        |ns| {
            let s = ns / Ns::SEC;
            let wall = s / i64::from(speed);
            format!(
                "{s} s of the {simulated}market, about {wall} s; Ctrl-C ends it sooner, with the \
                 summary"
            )
        },
    );
    let note = note.map_or(String::new(), |n| format!("note     {n}\n"));
    format!(
        "papermaker {} trades {} on paper: no real orders\nvenue    {venue}: {}\nfolder   {}{}\n\
         length   {length}\n{world}{note}",
        env!("CARGO_PKG_VERSION"),
        names.join(", "),
        place.url,
        if simulated.is_empty() { "" } else { "of a simulated run: " },
        path.display(),
    )
}

/// What market each simulated coin has, a line each.
fn worlds(world: Named, coins: &[CoinSpec]) -> String {
    let line = |c: &CoinSpec| {
        let own = coin::own(world, c.name.as_str());
        let about = Named::LIST.iter().find(|l| l.1 == own).map_or("", |l| l.2[0]);
        format!("world    simulated {}, {}:{about}\n", c.name.as_str(), own.name())
    };
    coins.iter().map(line).collect()
}

/// A run that ended before its first link.
fn nothing(reason: StopReason, common: &Common) {
    let v = json!({"run": null, "ended": reason.text(), "records": 0});
    common.show(
        &v,
        format!("ended    {} No link came about, and nothing is kept\n", reason.sentence()),
    );
}

/// Why the run has lost its purpose, if it has.
fn journal_failure(s: &Status) -> Option<String> {
    let f = s.failed?;
    Some(format!("the journal failed at record {}: {}; quotes withdrawn, ending", f.at, f.error))
}

fn show(
    path: &Path,
    e: &Ended,
    (model, page): (&Model, Result<PathBuf>),
    truth: Option<(&Truth, &serde_json::Value)>,
    common: &Common,
) {
    let dropped = e.published.dropped;
    if common.json {
        let mut v = crate::report::json(model);
        v["report"] = json!(page.ok().map(|p| p.display().to_string()));
        v["truth"] = json!(truth.map(|t| t.1));
        v["run"] = json!(path.display().to_string());
        v["ended"] = json!(e.reason.text());
        v["digest"] = json!(hex(e.published.digest.run));
        v["decisions"] = json!(hex(e.published.digest.decisions));
        v["records"] = json!(e.ending.status.records);
        v["durable"] = json!(e.ending.status.durable());
        v["dropped"] = json!(dropped);
        v["frames_lost"] = json!(e.ending.status.frames.1);
        v["lost_links"] = json!(e.lost_links);
        v["feed"] = summary::feed_json(&e.counters);
        v["given_up"] = json!(e.given_up);
        v["rejected"] = json!(e.counters.rejects());
        v["messages"] = json!(e.counters.messages);
        say(&format!("{v}\n"));
        return;
    }
    say(&report::text(model, common));
    if e.ending.status.failed.is_some() {
        say(&summary::unwritten(&e.ending.status));
    }
    let known = |(law, all)| truth_text(law, Some(model)) + &unknown(all);
    if let Some(text) = truth.map(known).filter(|text| !text.is_empty()) {
        say(&format!("\n{text}"));
    }
    let c = &e.counters;
    let feed = format!(
        "{} messages, {} rejected{}, {} duplicates, {} links lost",
        c.messages,
        c.rejects(),
        summary::reasons(c),
        c.duplicates,
        e.lost_links,
    );
    let records = format!(
        "{}, {dropped} dropped, {} durable; {} frames recorded, {} lost",
        e.ending.status.records,
        e.ending.status.durable(),
        e.ending.status.frames.0,
        e.ending.status.frames.1,
    );
    say(&format!(
        "\n{}{}{}{}{}{}{}run        {}\n{}{}",
        labelled("feed", &feed),
        e.given_up.concat(),
        e.cadence,
        labelled("hot thread", &e.pinned.to_string()),
        summary::latency_text(&e.ending.status.latency),
        labelled("records", &records),
        labelled("ended", e.reason.of_run(true)),
        path.display(),
        digests(&e.published.digest),
        report::line(&page),
    ));
}

/// Whether everything was written, and the venue did not end it.
fn outcome(e: &Ended) -> Result {
    if let Some(why) = &e.refused {
        return Err(Failure::venue(why.clone()));
    }
    match e.ending.status.failed {
        Some(f) => Err(Failure::disk(format!(
            "the journal failed: {}; {} of {} records are durable",
            f.error,
            e.ending.status.durable(),
            e.ending.status.records
        ))),
        None if e.ending.status.recording_failed => Err(Failure::disk(
            "the journal is whole, but the raw frames could not all be recorded: the run cannot be \
             verified by replay",
        )),
        None => Ok(()),
    }
}

/// What the embedded exchange knows of itself, averaged over the time spent in each regime, and
/// whether the estimates found it.
pub(super) fn truth_text(t: &Truth, model: Option<&Model>) -> String {
    let mut out = String::new();
    for c in &t.coins {
        let mean = c.averaged();
        let (kappa, rate) = (mean.kappa, mean.rate_per_s);
        let found = model.and_then(|m| m.coins.iter().find(|k| k.name == c.coin));
        let e = found.and_then(|k| k.estimates);
        let found = e.map_or(String::new(), |e| {
            let is_in = |x: f64, lo: f64, hi: f64| if lo <= x && x <= hi { "in" } else { "NOT in" };
            format!("; {} the interval of kappa", is_in(kappa, e.kappa_lo, e.kappa_hi))
        });
        let text = format!("{}: kappa {kappa:.0}, rate {rate:.3} /s and side{found}", c.coin);
        out.push_str(&labelled("truth", &text));
    }
    out
}

/// Writes what the exchange knows of itself.
pub(super) fn write_truth(to: Output, truth: &impl Serialize) -> Result {
    let text = serde_json::to_string_pretty(truth).unwrap_or_default();
    Ok(to.put(text.as_bytes())?)
}

/// The files of a run folder, in the order in which a failure is cheapest.
fn files<C: Components>(
    run: &RunFolder,
    config: &ConfigOf<C>,
    hash: [u64; 2],
    (record, sockets): (bool, u8),
) -> Result<Files> {
    let name = run.path().display();
    let folder = claim(run, config)?;
    let options = config.journal(hash);
    let journal = Writer::create(folder, options)
        .map_err(|f| Failure::disk(format!("cannot start a journal in {name}: {}", f.error)))?;
    let file = |path: PathBuf| {
        std::fs::File::create(&path)
            .map_err(|e| Failure::disk(format!("cannot create {}: {e}", path.display())))
    };
    let recording = if record { Some(file(run.recording())?) } else { None };
    Ok(Files {
        journal: Some(journal),
        recording,
        latency_log: Some(file(run.latencies(0))?),
        keeper: Some(keeper(run, config)),
        sockets,
        goes_on: None,
    })
}
