//! `papermaker run`: a live run on the venue, on any look-alike, or on the embedded exchange.
//!
//! In: options and configuration. Out: a run folder with journal, recording, latency log; progress
//! and a summary. Cold path: it starts the threads and waits.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::exit::{Code, Failure};
use super::replay::{RunInfo, folder_failure, fresh_folder};
use super::{Common, say, summary};
use crate::app::config::Config;
use crate::app::folder::Folder;
use crate::app::live::{self, LiveEnd, Plan, Rings};
use crate::app::publish::{Laps, Publisher, RawTap};
use crate::app::recording;
use crate::app::status::{Status, StatusBoard};
use crate::app::turn::Turn;
use crate::app::writer::{Ending, Intake, Logger, Outlet};
use crate::feed::{CoinSpec, meta};
use crate::journal::{Digest, Options as JournalOptions, Writer};
use crate::limits::{INFO_MS, QUEUE_LAPS, QUEUE_RAW_BYTES, QUEUE_RECORDS};
use crate::record::StopReason;
use crate::sys::clock::{SessionClock, wall};
use crate::sys::pin::{Pin, pin};
use crate::sys::signal::Stop;
use crate::sys::url::Url;
use crate::sys::{info, tls};
use crate::units::Ns;
use crate::venue::serve::{Exchange, Handle, Service};
use crate::venue::truth::Truth;

/// The venue's public feed.
const HYPERLIQUID: &str = "wss://api.hyperliquid.xyz/ws";
/// Market seconds per second of a run on the embedded exchange.
const SPEED: u32 = 10;
/// Market time of a run on the embedded exchange, when none is given: 60 s at the default speed.
const LENGTH_S: f64 = 600.0;

#[derive(Debug, Default, Args)]
pub(super) struct Options {
    /// `embedded` (default), `hyperliquid`, or a `ws://` or `wss://` address.
    #[arg(long, value_name = "VENUE")]
    venue: Option<String>,
    /// Coins, comma separated; default: those of the embedded exchange, else ETH.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    coin: Vec<String>,
    /// How long, in market time: `90s`, `10m`, `2h`. Default: 10m on the embedded exchange, else
    /// until Ctrl-C.
    #[arg(long = "for", value_name = "TIME")]
    length: Option<String>,
    /// Market seconds per second on the embedded exchange, 1 to 50.
    #[arg(long, value_name = "N")]
    speed: Option<u32>,
    /// Do not record the raw frames; the run can then not be verified by replay.
    #[arg(long)]
    no_record: bool,
    /// PEM file with a certificate to trust besides the public ones.
    #[arg(long, value_name = "PEM")]
    ca: Option<PathBuf>,
    /// Core of the hot thread: `auto`, `off` or a number.
    #[arg(long, value_name = "CORE")]
    pin: Option<String>,
    /// Spin instead of waiting for the socket.
    #[arg(long)]
    busy_poll: bool,
    /// Run folder; default: a new one under `run.folder`.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

struct Place {
    url: Url,
    clock: SessionClock,
    length_ns: Option<i64>,
    exchange: Option<Handle>,
    stem: &'static str,
}

pub(super) fn run(o: &Options, mut config: Config, common: &Common) -> Result<(), Failure> {
    let pinning = parse_pin(o.pin.as_deref())?;
    let place = place(o, &mut config)?;
    let tls = tls::client(o.ca.as_deref())
        .map_err(|e| Failure::usage(format!("--ca: {e:?}; it takes a PEM file")))?;
    let coins = coins(o, &config, &place, &tls, common)?;
    let path = match &o.out {
        Some(p) => p.clone(),
        None => fresh_folder(Path::new(&config.run.folder), place.stem)?,
    };
    let hash = config.hash(&coins);
    let (board, logger, rings) = logging(&path, &config, hash, !o.no_record)?;
    let turn = Turn::new(&config.engine, &coins, hash)
        .map_err(|e| Failure::usage(format!("the list of coins: {e:?}")))?;
    let stop = Stop::on_signals()
        .map_err(|e| Failure::new(Code::Internal, format!("no signal handler: {e}")))?;
    let plan = Plan {
        url: Arc::new(place.url),
        tls,
        clock: place.clock,
        length_ns: place.length_ns,
        busy: o.busy_poll,
        mask_seed: u64::from_le_bytes(tls::entropy::<8>()),
    };
    let clock = place.clock;
    let logging = std::thread::spawn(move || logger.run(move || clock.now()));
    let hot = std::thread::spawn(move || {
        let pinned = pin(pinning);
        (pinned.to_string(), live::run(plan, turn, rings, &stop))
    });
    watch(&board, &hot, common);
    let broken = |what: &str| Failure::new(Code::Internal, format!("the {what} thread panicked"));
    let (pinned, end) = hot.join().map_err(|_| broken("hot"))?;
    let end = end.map_err(|e| Failure::new(Code::Internal, format!("the hot thread: {e}")))?;
    if let Some(e) = end.refused {
        return Err(Failure::new(Code::Venue, format!("cannot connect: {e}")));
    }
    let LiveEnd { reason, lost, rings, turn, .. } = end;
    let counters = turn.feed().counters();
    let published = rings.records.published();
    drop(rings);
    let ending = logging.join().map_err(|_| broken("logging"))?;
    write_info(&path, &coins, reason, &ending)?;
    let status = board.read();
    let truth = place.exchange.map(Handle::stop);
    if let Some(t) = &truth {
        let text = serde_json::to_string_pretty(t).unwrap_or_default();
        std::fs::write(path.join("truth.json"), text)
            .map_err(|e| Failure::disk(format!("cannot write truth.json: {e}")))?;
    }
    let truths = truth.as_ref().map(truth_text).unwrap_or_default();
    let footer = Footer { path: &path, pinned: &pinned, lost_links: lost, reason };
    if common.json {
        let mut v = summary::json(&status);
        v["truth"] = serde_json::json!(truth);
        v["run"] = serde_json::json!(path);
        v["digest"] = serde_json::json!(format!("{:032x}", ending.digest));
        v["records"] = serde_json::json!(ending.records);
        v["dropped"] = serde_json::json!(published.dropped);
        v["latency_ns"] = summary::latency_json(&ending.latency);
        v["messages"] = serde_json::json!(counters.messages);
        say(&format!("{v}\n"));
    } else {
        say(&summary::text(&status));
        say(&truths);
        say(&format!(
            "\nfeed     {} messages, {} rejected, {} duplicates\n",
            counters.messages,
            counters.rejects(),
            counters.duplicates
        ));
        say(&footer.text(&ending, published.dropped));
    }
    match ending.failed {
        Some(f) => Err(Failure::disk(format!("the journal failed: {f:?}"))),
        None => Ok(()),
    }
}

/// What the embedded exchange knows of itself, averaged over the time spent in each regime.
fn truth_text(t: &Truth) -> String {
    t.coins
        .iter()
        .map(|c| {
            let mean = c.averaged();
            let (kappa, rate) = (mean.kappa, mean.rate_per_s);
            format!("\ntruth    {}: kappa {kappa:.0}, rate {rate:.3} /s and side\n", c.coin)
        })
        .collect()
}

struct Footer<'a> {
    path: &'a Path,
    pinned: &'a str,
    lost_links: u64,
    reason: StopReason,
}

impl Footer<'_> {
    fn text(&self, e: &Ending, dropped: u64) -> String {
        format!(
            "{}hot      {}\nrecords  {}, {dropped} dropped, {} \
             frames recorded\nlinks    lost {} times; ended: {}\nrun      {}\ndigest   {:032x}\n",
            summary::latency_text(&e.latency),
            self.pinned,
            e.records,
            e.frames,
            self.lost_links,
            self.reason.sentence(),
            self.path.display(),
            e.digest,
        )
    }
}

fn place(o: &Options, config: &mut Config) -> Result<Place, Failure> {
    let length = o.length.as_deref().map(parse_length).transpose()?;
    let venue = o.venue.as_deref().unwrap_or("embedded");
    if venue != "embedded" {
        let text = if venue == "hyperliquid" { HYPERLIQUID } else { venue };
        let url = text.parse::<Url>().map_err(|e| {
            Failure::usage(format!("--venue {venue}: {e}; use embedded, hyperliquid or ws(s)://…"))
        })?;
        let clock = SessionClock::start(1);
        let stem = if venue == "hyperliquid" { "hyperliquid" } else { "live" };
        return Ok(Place { url, clock, length_ns: length, exchange: None, stem });
    }
    let speed = o.speed.unwrap_or(SPEED);
    if !(1..=50).contains(&speed) {
        return Err(Failure::usage("--speed must be 1 to 50"));
    }
    if !o.coin.is_empty() {
        config.exchange.coins.clone_from(&o.coin);
    }
    let before = wall();
    let service = Service { port: 0, speed: f64::from(speed), clock: wall };
    let exchange = Exchange::start(&config.exchange, service)
        .map_err(|e| Failure::usage(format!("the embedded exchange: {e:?}")))?;
    // Both clocks run at the same speed from the same instant.
    let ahead = wall().since(before) * i64::from(speed);
    let clock = SessionClock::start_at(before.plus(ahead), speed);
    let url = format!("ws://{}/ws", exchange.addr())
        .parse()
        .map_err(|e| Failure::new(Code::Internal, format!("own address: {e}")))?;
    #[expect(clippy::cast_possible_truncation, reason = "a constant of some minutes")]
    let default = (LENGTH_S * 1e9) as i64;
    let length_ns = Some(length.unwrap_or(default));
    Ok(Place { url, clock, length_ns, exchange: Some(exchange), stem: "embedded" })
}

/// Names and size decimals from the venue's own list; where it has none to give, from the table.
fn coins(
    o: &Options,
    config: &Config,
    place: &Place,
    tls: &Arc<rustls::ClientConfig>,
    common: &Common,
) -> Result<Vec<CoinSpec>, Failure> {
    let wanted = match (&o.coin[..], &place.exchange) {
        ([], Some(_)) => config.exchange.coins.clone(),
        ([], None) => vec!["ETH".to_owned()],
        (names, _) => names.to_vec(),
    };
    let universe = match info::meta(&place.url, Arc::clone(tls), INFO_MS) {
        Ok(text) => meta::parse(text.as_bytes())
            .map_err(|e| Failure::new(Code::Venue, format!("the venue's list of coins: {e:?}")))?,
        Err(e) if place.stem == "live" => {
            if !common.json {
                say(&format!("no list of coins from the venue ({e}); using the built-in one\n"));
            }
            meta::fallback()
        }
        Err(e) => {
            return Err(Failure::new(Code::Venue, format!("no list of coins from the venue: {e}")));
        }
    };
    wanted.iter().map(|n| universe.find(n).map_err(|e| unlisted(n, &e))).collect()
}

fn unlisted(name: &str, e: &meta::Unlisted) -> Failure {
    let text = match e {
        meta::Unlisted::Delisted => format!("{name} is no longer traded"),
        meta::Unlisted::Unknown { nearest } if nearest.is_empty() => {
            format!("the venue has no coin `{name}`; names are case-sensitive")
        }
        meta::Unlisted::Unknown { nearest } => {
            let near: Vec<&str> = nearest.iter().map(|n| n.as_str()).collect();
            format!("the venue has no coin `{name}`; did you mean {}?", near.join(", "))
        }
    };
    Failure::new(Code::Venue, text)
}

type Logging = (StatusBoard, Logger<Folder>, Rings);

fn logging(path: &Path, config: &Config, hash: [u64; 2], record: bool) -> Result<Logging, Failure> {
    let name = path.display();
    let folder = Folder::create(path).map_err(|e| folder_failure(path, e))?;
    let toml = config.to_toml().map_err(|e| Failure::usage(e.to_string()))?;
    std::fs::write(path.join("config.toml"), toml)
        .map_err(|e| Failure::disk(format!("cannot write in {name}: {e}")))?;
    let options = JournalOptions {
        segment_bytes: config.run.segment_bytes,
        sync_ns: config.run.sync_ms * Ns::MS,
        ..JournalOptions::new(hash)
    };
    let journal = Writer::create(folder, options)
        .map_err(|f| Failure::disk(format!("cannot start a journal in {name}: {f:?}")))?;
    let (records, taken) = Publisher::new(QUEUE_RECORDS, 0, Digest::new());
    let (tap, raw) = RawTap::new(QUEUE_RAW_BYTES);
    let (laps, lapped) = Laps::new(QUEUE_LAPS);
    let file = |n: &str| {
        std::fs::File::create(path.join(n))
            .map_err(|e| Failure::disk(format!("cannot create {name}/{n}: {e}")))
    };
    let recording = if record {
        let out: Box<dyn std::io::Write + Send> = Box::new(file("frames.gz")?);
        Some(recording::Writer::new(out))
    } else {
        None
    };
    let board = StatusBoard::new();
    let outlet = Outlet {
        journal: Some(journal),
        recording,
        latency_log: Some(Box::new(file("latency.hlog")?)),
        board: board.clone(),
    };
    let intake = Intake {
        records: taken,
        raw: record.then_some(raw),
        laps: Some(lapped),
        failed: records.failure_flag(),
    };
    let rings = Rings { records, raw: record.then_some(tap), laps };
    Ok((board, Logger::new(intake, outlet), rings))
}

fn write_info(
    path: &Path,
    coins: &[CoinSpec],
    reason: StopReason,
    ending: &Ending,
) -> Result<(), Failure> {
    let source = path.join("frames.gz");
    let info = RunInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        source: std::fs::canonicalize(&source).unwrap_or(source),
        coins: coins.iter().map(|c| (c.name.to_string(), c.sz_decimals)).collect(),
        reason: reason as u8,
        records: ending.records,
        digest: format!("{:032x}", ending.digest),
    };
    let json = serde_json::to_string_pretty(&info).unwrap_or_default();
    std::fs::write(path.join("run.json"), json)
        .map_err(|e| Failure::disk(format!("cannot write run.json: {e}")))
}

/// A line a second while the hot thread runs.
fn watch<T>(board: &StatusBoard, hot: &std::thread::JoinHandle<T>, common: &Common) {
    let mut turns = 0u32;
    while !hot.is_finished() {
        std::thread::sleep(Duration::from_millis(50));
        turns += 1;
        if turns.is_multiple_of(100) && !common.json {
            say(&progress(&board.read()));
        }
    }
}

fn progress(s: &Status) -> String {
    let mut out = String::new();
    for c in &s.coins {
        out.push_str(&summary::line(c));
    }
    out
}

fn parse_pin(text: Option<&str>) -> Result<Pin, Failure> {
    match text.unwrap_or("auto") {
        "auto" => Ok(Pin::Auto),
        "off" => Ok(Pin::Off),
        n => n
            .parse()
            .map(Pin::Core)
            .map_err(|_| Failure::usage(format!("--pin {n}: use auto, off or a core's number"))),
    }
}

/// `90s`, `10m`, `2h` in nanoseconds.
fn parse_length(text: &str) -> Result<i64, Failure> {
    let wrong = || Failure::usage(format!("--for {text}: write it as 90s, 10m or 2h"));
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        _ => return Err(wrong()),
    };
    let n: i64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    if n <= 0 {
        return Err(wrong());
    }
    n.checked_mul(unit).and_then(|s| s.checked_mul(Ns::SEC)).ok_or_else(wrong)
}
