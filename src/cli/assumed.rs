//! What a run assumes of the way to the venue, and what it earns where that is half or twice as long.
//!
//! In: the configuration, what the feed timed, a recording. Out: what `run.json` says of it. Cold path.
//!
//! 1. Two more replays answer the second question, at the same time, on threads of their own: half
//!    as long again on two cores.

use std::path::PathBuf;

use crate::app::compare::{self, profit};
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::feed::{CoinSpec, Counters};
use crate::folder::Assumed;
use crate::folder::recording::Meter;
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

/// The result of all coins, USD, of a recording with half and with twice the latency; `None` where it
/// cannot be replayed.
pub(super) fn results<C: Components>(
    files: &[PathBuf],
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
) -> [Option<f64>; 2] {
    let at = |(times, over): (u32, u32)| {
        let mut config = config.clone();
        let pct = &mut config.engine.sim.latency_pct;
        *pct = *pct * times / over;
        let (done, _) = compare::results(files, &config, coins, Meter::default()).ok()?;
        Some(done.iter().filter_map(|c| c.account.as_ref()).map(|a| profit(a).to_f64()).sum())
    };
    std::thread::scope(|threads| {
        let all = [(1, 2), (2, 1)].map(|scale| threads.spawn(move || at(scale)));
        all.map(|one| one.join().ok().flatten())
    })
}
