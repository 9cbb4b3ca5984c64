//! What a run says of itself, in `run.json`: written when it begins and when it ends.
//!
//! In: facts of a run. Out: the file, and back. Cold path.
//!
//! 1. It is written aside and put in its place in one step: whoever reads finds a whole one.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fitness::Fitness;
use crate::feed::{BadCoin, CoinSpec};
use crate::journal::{Digests, hex};
use crate::record::StopReason;
use crate::units::rules::Billing;

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Program version.
    pub version: String,
    /// Hash of the program's sources.
    #[serde(default)]
    pub program: Option<String>,
    /// The recording.
    pub source: Named,
    /// Recordings that follow it.
    #[serde(default)]
    pub more: Vec<Named>,
    /// Coins with their size decimals.
    pub coins: Vec<(String, u8)>,
    /// Terms of builders' coins among them, where a list gave them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builders: Vec<(String, Billing)>,
    /// The venue as it was named; `None` of a replay.
    #[serde(default)]
    pub venue: Option<String>,
    /// Whether old segments of journal and recording may be dropped.
    #[serde(default)]
    pub bounded: bool,
    /// What is assumed of the way to the venue.
    #[serde(default)]
    pub latency: Option<Assumed>,
    /// What other seeds came to, where they were tried.
    #[serde(default)]
    pub seeds: Option<Seeds>,
    /// How it ended; `None` while it runs, and of a run that was killed.
    pub end: Option<RunEnd>,
}

/// A path: text where it is, else its bytes. Not every name of a file is UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Named {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl From<PathBuf> for Named {
    fn from(path: PathBuf) -> Named {
        match path.into_os_string().into_string() {
            Ok(text) => Named::Text(text),
            Err(other) => Named::Bytes(other.into_vec()),
        }
    }
}

impl Named {
    /// The path.
    pub fn path(&self) -> PathBuf {
        match self {
            Named::Text(text) => text.into(),
            Named::Bytes(bytes) => OsString::from_vec(bytes.clone()).into(),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
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
    /// What the recording is fit for; `None` of a file of events.
    #[serde(default)]
    pub fitness: Option<Fitness>,
}

/// How long own orders were taken to be under way, and what the run earned by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assumed {
    /// Delay of orders at the venue, in words.
    pub orders: String,
    /// The same of cancels.
    pub cancels: String,
    /// Round trip to the venue, ns: half of it comes on top.
    pub ping_ns: i64,
    /// Round trips that were timed; 0: the one that is set.
    pub timed: u64,
    /// Scale of it all, percent.
    pub pct: u32,
    /// Result of all coins, USD, with half of it all, as it was, and with twice as much; `None`
    /// where the other two were not tried.
    pub profit_usd: Option<[f64; 3]>,
}

/// What a coin came to under one seed of latencies and queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Came {
    /// What fills were worth five seconds later, fees paid, USD.
    pub value_usd: f64,
    /// The account, USD.
    pub profit_usd: f64,
    /// Fills.
    pub fills: u64,
}

/// What a recording came to under several seeds, all else the same; the first is the run's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seeds {
    /// By coin, by seed.
    pub coins: Vec<(String, Vec<Came>)>,
}

impl Seeds {
    /// A coin, by seed; empty where it is not among them.
    pub fn of(&self, coin: &str) -> &[Came] {
        self.coins.iter().find(|(name, _)| name == coin).map_or(&[], |(_, came)| came)
    }

    /// All coins together, by seed.
    pub fn all(&self) -> Vec<Came> {
        let seeds = self.coins.iter().map(|(_, came)| came.len()).max().unwrap_or(0);
        let sum = |i: usize| {
            let each = self.coins.iter().filter_map(|(_, came)| came.get(i));
            each.fold(Came::default(), |s, c| Came {
                value_usd: s.value_usd + c.value_usd,
                profit_usd: s.profit_usd + c.profit_usd,
                fills: s.fills + c.fills,
            })
        };
        (0..seeds).map(sum).collect()
    }
}

/// Round trips of a run's heartbeats, by the session's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// Heartbeats answered.
    pub answered: u64,
    /// The last one, ns.
    pub last_ns: u64,
    /// Mean, ns.
    pub mean_ns: u64,
    /// The longest, ns.
    pub longest_ns: u64,
}

impl RunInfo {
    /// A run that begins.
    pub fn begins(source: &Path, coins: &[CoinSpec]) -> RunInfo {
        RunInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            program: Some(env!("PAPERMAKER_SOURCES").into()),
            source: whole(source).into(),
            more: Vec::new(),
            coins: coins.iter().map(|c| (c.name.to_string(), c.sz_decimals)).collect(),
            builders: coins
                .iter()
                .filter(|c| matches!(c.billing, Billing::Builder { .. }))
                .map(|c| (c.name.to_string(), c.billing))
                .collect(),
            venue: None,
            bounded: false,
            latency: None,
            seeds: None,
            end: None,
        }
    }

    /// A replay of these recordings, one after the other.
    pub fn of_all(files: &[PathBuf], coins: &[CoinSpec]) -> RunInfo {
        let first = files.first().map_or(Path::new(""), PathBuf::as_path);
        let more = files.iter().skip(1).map(|f| whole(f).into()).collect();
        RunInfo { more, ..RunInfo::begins(first, coins) }
    }

    /// The coins as they are followed.
    ///
    /// # Errors
    /// [`BadCoin`] where a name or its decimals cannot be.
    pub fn specs(&self) -> Result<Vec<CoinSpec>, BadCoin> {
        let coin = |(name, decimals): &(String, u8)| {
            let spec = CoinSpec::new(name, *decimals)?;
            let listed = self.builders.iter().find(|(n, _)| n == name);
            Ok(CoinSpec { billing: listed.map_or(spec.billing, |(_, terms)| *terms), ..spec })
        };
        self.coins.iter().map(coin).collect()
    }

    /// What made the run, where that was another program than this one.
    pub fn other_program(&self) -> Option<String> {
        let same = self.program.as_deref() == Some(env!("PAPERMAKER_SOURCES"));
        (!same).then(|| match &self.program {
            Some(hash) => format!("papermaker {} (sources {:.8})", self.version, hash),
            None => format!("papermaker {}", self.version),
        })
    }

    /// Writes it to `path`.
    ///
    /// # Errors
    /// As the disk refuses; nothing is left beside.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        super::disk::put(path, &serde_json::to_vec_pretty(self)?)
    }

    /// Reads it from `path`.
    ///
    /// # Errors
    /// As the disk refuses, or [`io::ErrorKind::InvalidData`] with the parser's text.
    pub fn read(path: &Path) -> io::Result<RunInfo> {
        let text = std::fs::read_to_string(path)?;
        serde_json::from_str(&text).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    }
}

/// The path from the root, where the file is there.
fn whole(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

impl RunEnd {
    /// The end of a run that published so many records with these digests.
    pub fn new(reason: StopReason, records: u64, d: &Digests) -> RunEnd {
        RunEnd {
            reason: reason as u8,
            records,
            digest: hex(d.run),
            decisions: hex(d.decisions),
            ping: None,
            fitness: None,
        }
    }
}

impl Assumed {
    /// Lines for people.
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub fn text(&self) -> String {
        let from = match self.timed {
            0 => "as set: none was timed".to_owned(),
            n => format!("{n} were timed"),
        };
        let scale = if self.pct == 100 { String::new() } else { format!(", at {} %", self.pct) };
        let mut out = format!(
            "latency  orders {}, cancels {}, and half a ping of {:.1} ms ({from}){scale}.\n",
            self.orders,
            self.cancels,
            self.ping_ns as f64 * 1e-6,
        );
        if let Some([half, one, twice]) = self.profit_usd {
            out.push_str(&format!(
                "         Result {half:+.4} USD at half of it, {one:+.4} as it is, {twice:+.4} at twice.\n"
            ));
        }
        out
    }
}

impl Ping {
    /// A line for people.
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub fn text(&self) -> String {
        let ms = |ns: u64| ns as f64 * 1e-6;
        format!(
            "ping     {} answered: {:.1} ms the last, {:.1} ms mean, {:.1} ms the longest\n",
            self.answered,
            ms(self.last_ns),
            ms(self.mean_ns),
            ms(self.longest_ns)
        )
    }
}
