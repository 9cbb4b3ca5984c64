//! A run's progress, a line a coin, and its latencies.
//!
//! In: the newest state of every coin. Out: text. Cold path.

use crate::app::status::{CoinStatus, Status};
use crate::feed::{Counters, Feed, Stream};
use crate::folder::Ping;
use crate::folder::recording::LeftOut;
use crate::record::{Coin, FeedState, Health};
use crate::report::count;
use crate::telemetry::counters::Counter;
use crate::telemetry::latency::{Percentiles, STAGES, Stage};
use crate::units::lines::labelled;
use crate::units::{Ns, decimal};

/// How often each stream came, as measured: the mean gap, a line a coin.
pub(super) fn cadence_text(feed: &Feed) -> String {
    let names = ["bbo", "fast book", "full book", "trades", "context"];
    let line = |id| {
        let coin = feed.coins().get(id)?;
        let streams: Vec<String> = Stream::ALL
            .iter()
            .zip(names)
            .map(|(stream, name)| (feed.cadence(id, *stream), name))
            .filter(|(c, _)| c.gaps > 0)
            .map(|(c, name)| format!("{name} {:.2} s", Ns::seconds(c.mean_ns)))
            .collect();
        Some(labelled("cadence", &format!("{}: {}", coin.name, streams.join(", "))))
    };
    feed.ids().filter_map(line).collect()
}

/// The reasons for which frames were turned away, after their number; empty where none was.
pub(super) fn reasons(c: &Counters) -> String {
    let each: Vec<String> = c.reasons().map(|(name, n)| format!("{n} {name}")).collect();
    if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) }
}

/// Lines and books of a recording that were not taken as they stand, a line; empty where none was.
pub(super) fn left_out(l: &LeftOut, c: &Counters) -> String {
    let mut parts = Vec::new();
    if *l != LeftOut::default() {
        parts.push(l.to_string());
    }
    if c.aggregated > 0 {
        parts.push(format!("{} aggregated books are another stream and ignored", c.aggregated));
    }
    if c.unannounced > 0 {
        parts.push(format!("{} messages of old trades: history, no fills", c.unannounced));
    }
    labelled("lines", &parts.join("; "))
}

/// The same as numbers.
pub(super) fn left_out_json(l: &LeftOut) -> serde_json::Value {
    serde_json::json!({
        "lines": l.lines(), "no_lines": l.no_lines, "too_long": l.long, "stamps": l.stamps,
        "first_line": l.first, "stamps_back": l.back, "clock_set_back": l.set_back,
        "files_missing": l.files,
    })
}

/// Everything the feed counted, by name.
pub(super) fn feed_json(c: &Counters) -> serde_json::Value {
    c.rows().collect()
}

/// The round trips of the heartbeats; `None` where no answer was timed.
pub(super) fn ping(feed: &Feed) -> Option<Ping> {
    let (c, last) = (feed.counters(), feed.rtt_ns()?);
    let mean_ns = c.ping_ns.checked_div(c.timed_pings)?;
    let last_ns = last.unsigned_abs();
    Some(Ping { answered: c.timed_pings, last_ns, mean_ns, longest_ns: c.ping_ns_longest })
}

/// Percentiles of every stage of the hot thread, a line each.
pub(super) fn latency_text(latency: &[Percentiles; STAGES]) -> String {
    let mut out = String::from("latency    ns       p50      p90      p99     p999      max\n");
    for (stage, p) in Stage::ALL.iter().zip(latency) {
        out.push_str(&format!(
            "  {:<8} {:>9} {:>8} {:>8} {:>8} {:>8}\n",
            stage.name(),
            p.p50,
            p.p90,
            p.p99,
            p.p999,
            p.max
        ));
    }
    out
}

/// What the quotes came to after the journal had failed, which it cannot tell any more.
pub(super) fn unwritten(s: &Status) -> String {
    let line = |c: &CoinStatus| {
        let [bid, ask] = c.guard.map(|g| g.value.text());
        let name = c.name()?;
        Some(format!("{name:<8} after the journal failed: at the end {bid}, {ask}\n"))
    };
    s.coins.iter().filter_map(line).collect()
}

/// A line of progress a coin.
pub(super) fn progress(s: &Status) -> String {
    let at = Ns::seconds(s.at.since(s.began));
    let ping = match s.counters.value(Counter::PingNsLast) {
        0 => String::new(),
        ns => format!("  ping {:.1} ms", count(ns) * 1e-6),
    };
    let mut out: String =
        s.coins.iter().filter_map(|c| Some(line(at, c.coin.as_ref()?, c))).collect();
    // Once, behind the first coin.
    if let Some(end) = out.find('\n') {
        out.insert_str(end, &ping);
    }
    if let Some(requests) = &s.requests {
        out.push_str(&format!("{at:7.0} s  {}\n", requests.text()));
    }
    out
}

/// The streams of any coin that are older than they may be, as an addition to a line.
pub(super) fn stale_anywhere(s: &Status) -> String {
    let mut names: Vec<_> =
        s.coins.iter().filter_map(|c| c.feed.as_ref()).flat_map(FeedState::stale).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { String::new() } else { format!(", stale: {}", names.join(", ")) }
}

fn line(at: f64, coin: &Coin, c: &CoinStatus) -> String {
    let best = |i: usize| {
        let levels = c.ladder[i].as_ref().map_or(&[][..], |l| &l.levels);
        levels.first().map_or_else(
            || c.guard[i].value.text().replace('_', " "),
            |(px, _)| decimal::format(px.0, 0),
        )
    };
    let (profit, fills, position) =
        c.account[0].as_ref().map_or((0.0, 0, 0), |a| (a.profit().to_f64(), a.fills, a.position.0));
    let book = Some(c.health.value).filter(|h| *h != Health::Fresh);
    let book = book.map_or_else(String::new, |h| format!("  {}", h.text()));
    format!(
        "{at:>7.0} s  {:<5} bid {}  ask {}  position {}  {fills} fills  {profit:+.2} USD  {}{book}\n",
        coin.text(),
        best(0),
        best(1),
        decimal::format(position, 0),
        c.earns.verdict(None).map_or("UNKNOWN", |v| v.word.text()),
    )
}
