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

/// What a run folder says besides its journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// Name of the run: its folder.
    pub name: String,
    /// Version of the program that wrote it.
    pub version: Option<String>,
    /// Where the frames came from.
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
    #[must_use]
    pub fn quotes_of(&self, coin: &str) -> Option<&Quotes> {
        self.quotes.iter().find(|q| q.0 == coin).map(|q| &q.1)
    }

    /// The truth of a coin.
    #[must_use]
    pub fn truth_of(&self, coin: &str) -> Option<&Truth> {
        self.truth.iter().find(|t| t.coin == coin)
    }
}
