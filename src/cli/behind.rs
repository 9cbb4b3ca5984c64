//! The truth of the embedded exchange's coins, found out behind a run: the same worlds, simulated apart.
//!
//! In: the configuration of the run. Out: the truth of each coin, as far as time allowed. Cold path, on a
//! thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::truth::plan;
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::truth::{Sample, Truth};
use crate::units::lines::labelled;
use crate::venue;

/// What only a coin with a law has.
const LAW: [&str; 3] = ["kappa", "rate_per_s", "impact_tau_s"];
/// Half hours of a coin after which enough is known.
const ENOUGH: usize = 8;
/// Value of the orders that are tried, USD.
const ORDER_USD: f64 = 500.0;

/// Finds out the truth until it is asked for.
#[derive(Debug)]
pub(super) struct Behind {
    coins: Vec<String>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Truth>>>,
}

impl Behind {
    /// Starts with the coins of `exchange`; those of the world `simple` have closed forms and no sample.
    pub(super) fn start<C: Components>(config: &ConfigOf<C>) -> Behind {
        let ended = Arc::new(AtomicBool::new(false));
        let e = &config.exchange;
        let plans = e.coins.iter().filter_map(|coin| plan(config, e.world, coin, ORDER_USD));
        let plans: Vec<_> = plans.collect();
        let coins = plans.iter().map(|p| p.coin.clone()).collect();
        let mut samples: Vec<Sample> = plans.into_iter().map(Sample::new).collect();
        let asked = Arc::clone(&ended);
        let find = move || {
            let goes_on = || !asked.load(Ordering::Relaxed);
            for _ in 0..ENOUGH {
                samples.iter_mut().filter(|_| goes_on()).for_each(|s| s.grow(&goes_on));
            }
            samples.iter().filter_map(Sample::truth).collect()
        };
        let thread = std::thread::Builder::new().name("truth".into()).spawn(find);
        Behind { coins, ended, thread: thread.ok() }
    }

    /// What the exchange knows of itself, and what was found out: in the place of a law, which these coins
    /// do not have, what quotes really meet. The coins that have a law stay in `known`.
    pub(super) fn end(mut self, known: &mut venue::truth::Truth) -> serde_json::Value {
        self.ended.store(true, Ordering::Relaxed);
        let found = self.thread.take().and_then(|t| t.join().ok()).unwrap_or_default();
        let mut all = serde_json::json!(known);
        for coin in all["coins"].as_array_mut().into_iter().flatten() {
            let is = |name: &String| coin["coin"] == *name;
            if self.coins.iter().any(is) {
                let quotes = found.iter().find(|t| is(&t.coin));
                let quotes = quotes.map_or(serde_json::Value::Null, |t| serde_json::json!(t));
                let of = coin.as_object_mut().into_iter();
                of.for_each(|of| {
                    of.retain(|name, _| !LAW.contains(&name.as_str()));
                    of.insert("quotes".to_owned(), quotes.clone());
                });
            }
        }
        known.coins.retain(|c| !self.coins.contains(&c.coin));
        all
    }
}

/// The coins of a run too short to find out anything, a line each.
pub(super) fn unknown(all: &serde_json::Value) -> String {
    let coins = all["coins"].as_array().into_iter().flatten();
    let short = coins.filter(|c| c.get("quotes").is_some_and(serde_json::Value::is_null));
    let line = |c: &serde_json::Value| {
        let coin = c["coin"].as_str().unwrap_or_default();
        let text = "the run was too short to find it out beside; papermaker truth says it";
        labelled("truth", &format!("{coin}: {text}"))
    };
    short.map(line).collect()
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}
