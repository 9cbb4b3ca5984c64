//! `papermaker bench`: how fast it is on this machine.
//!
//! In: what to measure, a recording or nothing. Out: tables, histograms, a verdict. Cold path.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::common::recording_failure;
use super::exit::{Failure, Result};
use super::options::frames;
use super::{Common, Force, say};
use crate::app::config::Config;
use crate::app::events::is_events;
use crate::bench::bare;
use crate::bench::input::Frames;
use crate::bench::path::{self, Kind};
use crate::bench::replay::{self, Passes};
use crate::bench::rig::Idling;
use crate::bench::wire::{self, Pace};
use crate::feed::Parser;
use crate::folder::{Holds, Output};
use crate::report::utc;
use crate::sys::clock::wall;
use crate::sys::machine;
use crate::telemetry::latency::{Percentiles, Stage};
use crate::units::Ns;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    what: Option<What>,
}

/// What a replay can do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Records are counted, not encoded and hashed.
    Records,
    /// No shadow ladder and no curve (`engine.learn.curve.on`).
    Shadow,
    /// Nothing is learned (`engine.learn.on`).
    Learning,
    /// No brackets beside the configured fill model (`engine.sim.brackets`).
    Brackets,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Frames (or a file of events) in memory through feed and engine, as fast as it goes.
    Replay {
        /// A recording, or a file of events; default: frames of the embedded exchange.
        file: Option<PathBuf>,
        /// Times to put it through.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
        passes: u16,
        /// Leave parts out, comma separated: what a pass takes less is what they cost.
        #[arg(long, value_delimiter = ',', value_name = "PARTS")]
        without: Vec<Part>,
    },
    /// Write frames of the embedded exchange as a recording, for measurements that need a file.
    Frames {
        /// File to write.
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        force: Force,
        /// Frames, about.
        #[arg(long, default_value_t = 50_000, value_parser = frames)]
        count: usize,
        /// Seed of the market.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Message in memory to last record in the queue, by kind, beside a lower bound.
    Path {
        /// A recording; default: frames of the embedded exchange.
        file: Option<PathBuf>,
    },
    /// The live loop over loopback against a server that sends on a fixed schedule.
    Wire {
        /// A recording; default: frames of the embedded exchange.
        file: Option<PathBuf>,
        /// Frames a second on average, comma separated: the market comes by in its own rhythm, a whole number
        /// of times as fast as it was; 0: as fast as the socket takes them.
        #[arg(long, value_delimiter = ',', default_value = "10,100,1000,0")]
        rates: Vec<u32>,
        /// Frames at each rate, at most; a rate is held for ten seconds at most.
        #[arg(long, default_value_t = 20_000, value_parser = frames)]
        count: usize,
        /// Wait in the system for the next frame instead of polling without rest.
        #[arg(long)]
        wait: bool,
        /// Do not go through the last messages again and again while polling finds nothing.
        #[arg(long, conflicts_with = "wait")]
        cold: bool,
        /// After each rate, send the same once more to a loop that polls and reads and does nothing else:
        /// what a read takes on this machine whatever reads.
        #[arg(long)]
        bare: bool,
        /// Folder for one `.hlog` a rate (HdrHistogram, V2).
        #[arg(long, value_name = "FOLDER")]
        hlog: Option<PathBuf>,
        #[command(flatten)]
        force: Force,
    },
}

/// Frames of the embedded exchange where no recording is given, its seed, and their delay.
const EMBEDDED: (u64, usize, i64) = (1, 50_000, 50 * Ns::MS);
/// Frames that warm the path before it is timed.
const WARM: usize = 5_000;
/// What whole path over lower bound may be: p50, p99.
const RATIOS: (f64, f64) = (2.0, 2.5);
/// Longest time at one rate, seconds.
const RATE_S: usize = 10;

pub(super) fn run(o: &Options, config: &Config, common: &Common) -> Result {
    // What does not quote measures nothing of quoting.
    let config = &mut config.clone();
    config.engine.quote.anyway = true;
    if !common.json && !matches!(o.what, Some(What::Frames { .. })) {
        say(&place(config));
    }
    match &o.what {
        None => {
            let frames = Arc::new(load(None)?);
            say(&paths(&frames, config, common)?);
            let pace = Pace { rate: 0, count: 5_000, idling: Idling::Rehearses };
            let show = Show { bare: false, hlog: None, json: common.json };
            say(&wires(&frames, config, &[1_000, 10_000], pace, show)?);
        }
        Some(What::Replay { file, passes, without }) => {
            let (n, records) = (usize::from(*passes), !without.contains(&Part::Records));
            config.engine.learn.curve.on &= !without.contains(&Part::Shadow);
            config.engine.learn.on &= !without.contains(&Part::Learning);
            config.engine.sim.brackets &= !without.contains(&Part::Brackets);
            let passes = match file {
                Some(path) if is_events(path) => replay::run_events(path, config, n, records)
                    .map_err(|e| recording_failure(path, &e))?,
                _ => replay::run(&load(file.as_deref())?, config, n, records)
                    .map_err(|e| Failure::input(format!("the frames' coins: {e}")))?,
            };
            say(&if common.json { json(&passes) } else { text(&passes, records) });
        }
        Some(What::Frames { out, force, count, seed }) => {
            let mut file = force.output(out, &[], Holds::RECORDING)?;
            let frames = Frames::embedded(*seed, *count, EMBEDDED.2);
            frames.write(&mut file).map_err(|e| Failure::unwritten(out, e))?;
            file.finish()?;
            say(&format!("{} frames to {}\n", frames.len(), out.display()));
        }
        Some(What::Path { file }) => say(&paths(&load(file.as_deref())?, config, common)?),
        Some(What::Wire { file, rates, count, wait, cold, bare, hlog, force }) => {
            let mut logs = hlog.iter().flat_map(|to| rates.iter().map(|rate| log_name(to, *rate)));
            logs.try_for_each(|to| Output::may(&to, &[], force.force))?;
            let frames = Arc::new(load(file.as_deref())?);
            let idling = match (wait, cold) {
                (true, _) => Idling::Sleeps,
                (false, true) => Idling::Polls,
                (false, false) => Idling::Rehearses,
            };
            let pace = Pace { rate: 0, count: *count, idling };
            let show = Show { bare: *bare, hlog: hlog.as_deref(), json: common.json };
            say(&wires(&frames, config, rates, pace, show)?);
        }
    }
    Ok(())
}

/// Where and when, of what.
fn place(config: &Config) -> String {
    let about = machine::line("/proc/cpuinfo").unwrap_or_default();
    let cpu = about.lines().find_map(|l| l.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "papermaker {}, {}, {cores} cores of {}; strategy {}, quoting anyway\n",
        env!("CARGO_PKG_VERSION"),
        utc(wall()),
        cpu.map_or("an unknown processor", |(_, name)| name),
        config.engine.identities()[0].0,
    )
}

fn load(file: Option<&Path>) -> Result<Frames> {
    match file {
        Some(path) => Frames::load(path).map_err(|e| recording_failure(path, &e)),
        None => Ok(Frames::embedded(EMBEDDED.0, EMBEDDED.1, EMBEDDED.2)),
    }
}

/// The path in memory under both parsers.
fn paths(frames: &Frames, config: &Config, common: &Common) -> Result<String> {
    let mut out = String::new();
    for (parser, name) in [(Parser::Scanner, "scanner"), (Parser::SimdJson, "simd-json")] {
        let r = path::run(frames, config, parser, WARM.min(frames.len() / 2))
            .map_err(|e| Failure::input(format!("the frames' coins: {e}")))?;
        if common.json {
            let kinds: Value =
                Kind::ALL.iter().map(|k| (k.name(), json!(r.percentiles(*k)))).collect();
            let v = json!({
                "measured": "path", "parser": parser, "ns": kinds, "clock_ns": r.clock_ns,
                "records": r.records, "digest": format!("{:032x}", r.digest),
                "over_bound": r.ratios(),
            });
            let _ = writeln!(out, "{v}");
            continue;
        }
        let _ = writeln!(
            out,
            "path in memory, message to last record in the queue, {name}, ns (clock's {} taken off)\n{}",
            r.clock_ns, HEAD
        );
        for k in Kind::ALL {
            out.push_str(&row(k.name(), &r.percentiles(k)));
        }
        if let Some((p50, p99)) = r.ratios() {
            let good = p50 <= RATIOS.0 && p99 <= RATIOS.1;
            let n = r.percentiles(Kind::Trade).count;
            let enough = n >= path::VERDICT_FROM;
            let _ = writeln!(
                out,
                "one trade over its lower bound: p50 {p50:.2} (aim {:.1}), p99 {p99:.2} (aim {:.1}): {}",
                RATIOS.0,
                RATIOS.1,
                match (enough, good) {
                    (false, _) => format!("{n} messages are too few for a verdict"),
                    (true, true) => "reached".into(),
                    (true, false) => "not reached".into(),
                }
            );
        }
        let _ = writeln!(out, "records {}, digest {:032x}\n", r.records, r.digest);
    }
    Ok(out)
}

/// What is shown of the path over a socket.
#[derive(Clone, Copy)]
struct Show<'a> {
    /// Beside a loop that only reads.
    bare: bool,
    /// Folder of the logs.
    hlog: Option<&'a Path>,
    json: bool,
}

/// The path over a socket at each rate, otherwise as `pace` says.
fn wires(
    frames: &Arc<Frames>,
    config: &Config,
    rates: &[u32],
    pace: Pace,
    show: Show<'_>,
) -> Result<String> {
    let failed = |e| Failure::disk(format!("the measurement over loopback failed: {e}"));
    let mut out = String::new();
    for &rate in rates {
        let most = if rate == 0 { pace.count } else { pace.count.min(rate as usize * RATE_S) };
        let pace = Pace { rate, count: most.min(frames.len()), ..pace };
        let mut r = wire::run(frames, config, pace).map_err(failed)?;
        let bare = show.bare.then(|| bare::run(frames, pace)).transpose().map_err(failed)?;
        let bare = bare.as_ref().map(Percentiles::of);
        if let Some(folder) = show.hlog {
            let refused = |e| Failure::disk(format!("cannot write to {}: {e}", folder.display()));
            std::fs::create_dir_all(folder).map_err(refused)?;
            let mut file = Output::own(&log_name(folder, rate))?;
            r.hlog(&mut file).map_err(refused)?;
            file.finish()?;
        }
        if show.json {
            let _ = writeln!(out, "{}", wire_json(&r, bare.as_ref(), pace));
        } else {
            out.push_str(&wire_text(&r, bare.as_ref(), pace));
        }
    }
    if !show.json
        && let Some(bytes) = machine::resident_bytes()
    {
        let _ = writeln!(
            out,
            "resident {:.1} MB at most, the server, the frames and what was measured included\n",
            megabytes(bytes)
        );
    }
    Ok(out)
}

fn rate_text(rate: u32) -> String {
    if rate == 0 { "as fast as it goes".into() } else { format!("{rate}/s") }
}

fn wire_json(r: &wire::Report, bare: Option<&Percentiles>, pace: Pace) -> Value {
    let stages = Stage::ALL.iter().zip(r.stages.percentiles());
    let stages: Value = stages.map(|(s, p)| (s.name(), json!(p))).collect();
    json!({
        "measured": "wire", "rate": pace.rate, "speed": r.speed, "idling": pace.idling.name(), "rehearsed": r.rehearsed, "frames": r.frames,
        "missed": r.missed, "span_ns": r.span_ns, "records": r.records.0,
        "dropped": r.records.1, "ns": stages,
        "bare_read": bare,
        "scheduled": Percentiles::of(&r.scheduled),
        "first_quote_ns": r.first_quote.map(|(start, frame)| {
            json!({ "from_start": start, "from_first_frame": frame })
        }),
        "resident_bytes": machine::resident_bytes(),
    })
}

fn wire_text(r: &wire::Report, bare: Option<&Percentiles>, pace: Pace) -> String {
    let mut out = format!(
        "wire to record over loopback, {}, {}, loop {}, ns\n{HEAD}\n",
        rate_text(pace.rate),
        pace.idling.name(),
        r.pinned
    );
    for (s, p) in Stage::ALL.iter().zip(r.stages.percentiles()) {
        out.push_str(&row(s.name(), &p));
    }
    if pace.rate > 0 {
        out.push_str(&row("from schedule", &Percentiles::of(&r.scheduled)));
    }
    if let Some(bare) = bare {
        out.push_str(&row("bare read", bare));
    }
    let _ = writeln!(
        out,
        "{} frames in {:.3} s{}, {} missed; {} records, {} dropped",
        r.frames,
        seconds(r.span_ns),
        r.speed.map_or_else(String::new, |n| format!(", {n} times as fast as they came")),
        r.missed,
        r.records.0,
        r.records.1
    );
    if let Some((start, frame)) = r.first_quote {
        let ms = |ns: i64| seconds(ns.unsigned_abs()) * 1e3;
        let _ = writeln!(
            out,
            "first quote {:.1} ms after the start, {:.2} ms after the first frame",
            ms(start),
            ms(frame)
        );
    }
    out.push('\n');
    out
}

const HEAD: &str =
    "                           count       p50       p90       p99     p99.9       max";

fn row(name: &str, p: &Percentiles) -> String {
    format!(
        "  {name:<22} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
        p.count, p.p50, p.p90, p.p99, p.p999, p.max
    )
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
pub(crate) fn seconds(ns: u64) -> f64 {
    ns as f64 * 1e-9
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 * 1e-6
}

fn text(p: &Passes, records: bool) -> String {
    let digest = if records { format!("digest {:032x}", p.digest) } else { "counted only".into() };

    format!(
        "replay   {} frames\n\
         passes   {}: best {:.0} ns a frame ({:.0} frames/s), median {:.0} ns\n\
         records  {}, {digest}\n\
         resident {}\n",
        p.frames,
        p.ns.len(),
        p.best_ns(),
        1e9 / p.best_ns().max(1e-9),
        p.median_ns(),
        p.records,
        p.resident.map_or("not known".into(), |b| format!("{:.1} MB", megabytes(b))),
    )
}

fn json(p: &Passes) -> String {
    let v = json!({
        "measured": "replay",
        "frames": p.frames,
        "records": p.records,
        "digest": format!("{:032x}", p.digest),
        "resident_bytes": p.resident,
        "ns": p.ns,
        "best_ns_per_frame": p.best_ns(),
        "median_ns_per_frame": p.median_ns(),
    });
    format!("{v}\n")
}

/// Where the latencies of a rate go.
fn log_name(folder: &Path, rate: u32) -> PathBuf {
    folder.join(format!("wire-{rate}.hlog"))
}
