//! What a run assumes of the way to the venue, and what it comes to where chance or that way is another.
//!
//! In: the configuration, what the feed timed, a recording. Out: what `run.json` says of it. Cold path.
//!
//! 1. Other seeds, half and twice the latency are replayed together: a thread reads the recording once for
//!    several of them.

use std::path::PathBuf;

use crate::app::compare::{Compared, on_tape};
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::feed::{CoinSpec, Counters};
use crate::folder::recording::Meter;
use crate::folder::{Assumed, Came, Seeds};
use crate::record::Account;
use crate::sys::jobs::cores;
use crate::units::Ns;

/// What `config` assumes.
pub(super) fn of<C: Components>(config: &ConfigOf<C>) -> Assumed {
    let sim = &config.engine.sim;
    Assumed {
        orders: sim.entry.to_string(),
        cancels: sim.cancel.to_string(),
        ping_ns: i64::from(sim.ping_ms) * Ns::MS,
        timed: 0,
        pct: sim.latency_pct,
        profit_usd: None,
    }
}

/// The round trips that the feed timed in place of the one that is set.
pub(super) fn timed(assumed: &mut Assumed, feed: &Counters) {
    if let Some(ns) = feed.ping_ns.checked_div(feed.timed_pings) {
        assumed.ping_ns = i64::try_from(ns).unwrap_or(i64::MAX);
        assumed.timed = feed.timed_pings;
    }
}

/// Account of a coin as what it came to.
pub(super) fn came(a: &Account) -> Came {
    let (value_usd, profit_usd) = (a.value().to_f64(), a.profit().to_f64());
    Came { value_usd, profit_usd, fills: u64::from(a.fills) }
}

/// What a recording comes to, coin by coin, under `seeds` seeds, of which `own` is the first, and the
/// result of all coins, USD, with half and with twice the latency. `None` where it cannot be read.
pub(super) fn others<C: Components>(
    files: &[PathBuf],
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
    (seeds, meter): (u32, &Meter),
    own: Vec<Came>,
) -> Option<(Seeds, [f64; 2])> {
    let scaled = |(times, over): (u32, u32)| {
        let mut config = config.clone();
        let pct = &mut config.engine.sim.latency_pct;
        *pct = *pct * times / over;
        config
    };
    let mut all: Vec<ConfigOf<C>> = [(1, 2), (2, 1)].map(scaled).into();
    all.extend((1..seeds).map(|i| config.of_seed(i)));
    let done = on_tape(files, &all, coins, (cores(), meter)).ok()?;
    let each = |c: &Compared| -> Vec<Came> {
        c.coins.iter().map(|o| o.account().map_or_else(Came::default, came)).collect()
    };
    let usd = |c: &Compared| each(c).iter().map(|c| c.profit_usd).sum();
    let (scales, seeds) = done.split_at(2);
    let by_seed: Vec<Vec<Came>> = std::iter::once(own).chain(seeds.iter().map(each)).collect();
    let of = |i: usize| by_seed.iter().map(|s| s.get(i).copied().unwrap_or_default()).collect();
    let named = coins.iter().enumerate().map(|(i, c)| (c.name.to_string(), of(i)));
    Some((Seeds { coins: named.collect() }, [usd(&scales[0]), usd(&scales[1])]))
}
