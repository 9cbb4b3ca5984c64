//! What a run folder says besides its journal: program, settings, truth, latencies.
//!
//! In: texts of `run.json`, `truth.json`, `latency.hlog`; settings that differ. Out: plain values.
//! Cold path.
//!
//! 1. A file that is missing or cannot be read leaves its part empty; nothing is made up for it.

use serde::{Deserialize, Serialize};

use super::latency::Latency;
use super::truth::Quotes;
use crate::folder::{Assumed, Fitness, Ping, RunInfo, Seeds};

/// A setting that is not at its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Key.
    pub key: String,
    /// Value in force.
    pub value: String,
    /// Default.
    pub default: String,
}

/// What the venue knows of a coin.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Name.
    pub coin: String,
    /// Intensity decay, averaged over the run.
    pub kappa: f64,
    /// Taker rate per side, averaged over the run, 1/s.
    pub rate_per_s: f64,
}

#[derive(Deserialize)]
struct Truths {
    coins: Vec<Known>,
}

/// A coin of a market with a law has its figures, one of agents what quotes meet there.
#[derive(Deserialize)]
struct Known {
    coin: String,
    kappa: Option<f64>,
    rate_per_s: Option<f64>,
    quotes: Option<Quotes>,
}

/// Where a run's market came from: one is never to be taken for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Market {
    /// The embedded exchange, or a recording of one.
    Simulated,
    /// A recording of these files.
    Recording(Vec<String>),
    /// A live feed at this address.
    Live(String),
}

impl Market {
    /// The kind, in a word.
    pub fn word(&self) -> &'static str {
        match self {
            Market::Simulated => "simulated",
            Market::Recording(_) => "recording",
            Market::Live(_) => "live",
        }
    }

    /// What it is, for the head of everything that people read.
    pub fn sentence(&self) -> String {
        match self {
            Market::Simulated => {
                "SIMULATED MARKET: these prices are made up, and no result here is \
                                  one of a real market."
                    .to_owned()
            }
            Market::Recording(files) => {
                let name = |f: &String| f.rsplit('/').next().unwrap_or(f).to_owned();
                let names: Vec<String> = files.iter().take(4).map(name).collect();
                let more = match files.len().saturating_sub(4) {
                    0 => String::new(),
                    n => format!(" and {n} more"),
                };
                format!("RECORDING, replayed: {}{more}.", names.join(", "))
            }
            Market::Live(at) if at == "hyperliquid" => {
                "LIVE public data of Hyperliquid; orders are on paper.".to_owned()
            }
            Market::Live(at) => {
                format!("LIVE data of {at}, whatever that is; orders are on paper.")
            }
        }
    }

    fn of(run: &RunInfo) -> Market {
        let says = run.end.as_ref().and_then(|e| e.fitness.as_ref()).is_some_and(|f| f.simulated);
        match run.venue.as_deref() {
            Some("embedded") => Market::Simulated,
            _ if says => Market::Simulated,
            Some(at) => Market::Live(at.to_owned()),
            None => {
                let files = std::iter::once(&run.source).chain(&run.more);
                Market::Recording(files.map(|f| f.path().display().to_string()).collect())
            }
        }
    }
}

/// What a run folder says besides its journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// Name of the run: its folder.
    pub name: String,
    /// Version of the program that wrote it.
    pub version: Option<String>,
    /// Names of the coins, as they are counted: a journal that goes on from a checkpoint has none.
    pub coins: Vec<String>,
    /// Where the market's data came from.
    pub market: Option<Market>,
    /// Where the frames are.
    pub source: Option<String>,
    /// Round trips of the heartbeats; `None` of a replay and of a run that was killed.
    pub ping: Option<Ping>,
    /// What was assumed of the way to the venue.
    pub assumed: Option<Assumed>,
    /// What other seeds came to; none where none was tried.
    pub seeds: Seeds,
    /// What the recording is fit for.
    pub fitness: Option<Fitness>,
    /// Settings that differ from the default; `None`: the run's configuration is not there.
    pub settings: Option<Vec<Setting>>,
    /// Truth by coin, where the market has a law.
    pub truth: Vec<Truth>,
    /// What quotes really meet, by coin.
    pub quotes: Vec<(String, Quotes)>,
    /// Latencies by stage.
    pub latency: Latency,
}

impl Sources {
    /// Takes what the run says of itself, and the text of its `truth.json`.
    pub fn take(&mut self, run: Option<&RunInfo>, truth: Option<&str>) {
        if let Some(info) = run {
            self.version = Some(info.version.clone());
            self.coins = info.coins.iter().map(|(name, _)| name.clone()).collect();
            self.market = Some(Market::of(info));
            self.source = Some(info.source.path().display().to_string());
            self.ping = info.end.as_ref().and_then(|e| e.ping);
            self.assumed = info.latency.clone();
            self.seeds = info.seeds.clone().unwrap_or_default();
            self.fitness = info.end.as_ref().and_then(|e| e.fitness.clone());
        }
        if let Some(t) = truth.and_then(|t| serde_json::from_str::<Truths>(t).ok()) {
            for Known { coin, kappa, rate_per_s, quotes } in t.coins {
                self.quotes.extend(quotes.map(|q| (coin.clone(), q)));
                let law = kappa.zip(rate_per_s);
                self.truth.extend(law.map(|(kappa, rate_per_s)| Truth { coin, kappa, rate_per_s }));
            }
        }
    }

    /// What quotes of a coin really meet.
    pub fn quotes_of(&self, coin: &str) -> Option<&Quotes> {
        self.quotes.iter().find(|q| q.0 == coin).map(|q| &q.1)
    }

    /// The truth of a coin.
    pub fn truth_of(&self, coin: &str) -> Option<&Truth> {
        self.truth.iter().find(|t| t.coin == coin)
    }
}
