//! A run summed up, as text and as JSON.
//!
//! In: the newest state of every coin. Out: text. Cold path.

use serde_json::{Value, json};

use crate::app::status::{CoinStatus, Status};
use crate::record::{Account, Coin, FeedState, Guard, Health, Lane};
use crate::telemetry::latency::{Percentiles, STAGES, Stage};
use crate::units::{Cash, decimal};

fn name(c: &Coin) -> String {
    let end = c.name.iter().position(|b| *b == 0).unwrap_or(c.name.len());
    String::from_utf8_lossy(&c.name[..end]).into_owned()
}

fn quoted(guard: Guard) -> &'static str {
    if guard == Guard::None { "quoted" } else { guard.text() }
}

fn profit(a: &Account) -> Cash {
    Cash(a.spread + a.adverse + a.inventory + a.fees + a.funding)
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
pub(super) fn float(n: u64) -> f64 {
    n as f64
}

/// The summary as text: a block a coin.
pub(super) fn text(status: &Status) -> String {
    let mut out = String::new();
    for c in &status.coins {
        let Some(coin) = &c.coin else { continue };
        let whole = status.at.since(status.began);
        out.push_str(&coin_text(&name(coin), c, whole));
    }
    out
}

fn coin_text(name: &str, c: &CoinStatus, whole: i64) -> String {
    let mut out = format!("\n{name}\n");
    if let Some(a) = &c.account[0] {
        out.push_str(&format!(
            "  result     {:+.4} USD = spread {:+.4} adverse {:+.4} inventory {:+.4} fees {:+.4} \
             funding {:+.4}\n",
            profit(a).to_f64(),
            Cash(a.spread).to_f64(),
            Cash(a.adverse).to_f64(),
            Cash(a.inventory).to_f64(),
            Cash(a.fees).to_f64(),
            Cash(a.funding).to_f64(),
        ));
        out.push_str(&format!("  position   {} {name}\n", decimal::format(a.position.0, 1)));
    }
    let lanes: Vec<String> = Lane::ALL
        .iter()
        .zip(&c.account)
        .filter_map(|(l, a)| a.as_ref().map(|a| (l, a)))
        .map(|(l, a)| format!("{} {} ({:+.4} USD)", l.text(), a.fills, profit(a).to_f64()))
        .collect();
    out.push_str(&format!("  fills      {}\n", lanes.join(", ")));
    if let Some(e) = &c.estimates {
        out.push_str(&format!(
            "  kappa      {:.0} [{:.0}, {:.0}] per unit, {:.0} effective sweeps; rate {:.3} \
             [{:.3}, {:.3}] /s and side\n  market     sigma {:.2} bps/sqrt s, adverse move {:+.2} \
             bps; warm-up {:.0} %, confidence {:.2}\n",
            e.kappa,
            e.kappa_lo,
            e.kappa_hi,
            e.n_eff,
            e.rate,
            e.rate_lo,
            e.rate_hi,
            e.sigma_bps,
            e.markout_bps,
            e.warmup * 100.0,
            e.confidence,
        ));
    }
    if let Some(l) = &c.learned {
        out.push_str(&format!(
            "  learned    floor {:.2} bps, inventory {:.3} (target) {:.3} (Kelly) bps a lot, sizes \
             x {:.2}; fills over predicted {:.2}, skill {:+.3} [{:+.3}, {:+.3}], gate {:.2}; \
             explored {:.4} USD\n",
            l.floor_bps,
            l.theta_target_bps,
            l.theta_kelly_bps,
            l.size_factor,
            l.calibration,
            l.skill,
            l.skill_lo,
            l.skill_hi,
            l.gate,
            l.explored_usd,
        ));
    }
    if let Some(f) = &c.feed {
        out.push_str(&format!("  feed       {}\n", feed_text(f)));
    }
    let share = c.quoted_ns.map(|ns| 100.0 * seconds(ns) / seconds(whole.max(1)));
    out.push_str(&format!(
        "  quoted     bid {:.1} %, ask {:.1} % of the time; at the end {}, {}; book {}\n",
        share[0],
        share[1],
        quoted(c.guard[0].value),
        quoted(c.guard[1].value),
        c.health.value.text(),
    ));
    out
}

/// Lag and what is stale of a coin's streams.
fn feed_text(f: &FeedState) -> String {
    let stale = stale(f);
    let stale = if stale.is_empty() { "nothing".to_owned() } else { stale.join(", ") };
    let lag = if f.lag < 0 { "-".to_owned() } else { format!("{:.3} s", seconds(f.lag)) };
    format!("lag {lag}; stale at the end: {stale}")
}

/// The streams that are older than they may be.
fn stale(f: &FeedState) -> Vec<&'static str> {
    [
        (f.stale_bbo, "bbo"),
        (f.stale_fast, "fast book"),
        (f.stale_slow, "full book"),
        (f.stale_ctx, "context"),
        (f.silent, "everything"),
    ]
    .into_iter()
    .filter_map(|(is, name)| is.then_some(name))
    .collect()
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
pub(super) fn seconds(ns: i64) -> f64 {
    ns as f64 * 1e-9
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

/// The same for machines.
pub(super) fn latency_json(latency: &[Percentiles; STAGES]) -> Value {
    let stages = Stage::ALL.iter().zip(latency).map(|(stage, p)| {
        let v = json!({
            "count": p.count, "p50": p.p50, "p90": p.p90, "p99": p.p99, "p999": p.p999,
            "max": p.max,
        });
        (stage.name().to_owned(), v)
    });
    Value::Object(stages.collect())
}

/// The summary as JSON.
pub(super) fn json(status: &Status) -> Value {
    let coins: Vec<Value> = status
        .coins
        .iter()
        .filter_map(|c| c.coin.as_ref().map(|k| (k, c)))
        .map(|(k, c)| {
            let lanes: Vec<Value> = Lane::ALL
                .iter()
                .zip(&c.account)
                .filter_map(|(l, a)| a.as_ref().map(|a| (l, a)))
                .map(|(l, a)| {
                    json!({
                        "lane": l.text(),
                        "fills": a.fills,
                        "profit_usd": profit(a).to_f64(),
                        "spread_usd": Cash(a.spread).to_f64(),
                        "adverse_usd": Cash(a.adverse).to_f64(),
                        "inventory_usd": Cash(a.inventory).to_f64(),
                        "fees_usd": Cash(a.fees).to_f64(),
                        "funding_usd": Cash(a.funding).to_f64(),
                        "position": decimal::format(a.position.0, 1),
                    })
                })
                .collect();
            let e = c.estimates.as_ref();
            json!({
                "coin": name(k),
                "results": lanes,
                "kappa": e.map(|e| e.kappa),
                "kappa_lo": e.map(|e| e.kappa_lo),
                "kappa_hi": e.map(|e| e.kappa_hi),
                "rate_per_s": e.map(|e| e.rate),
                "sigma_bps": e.map(|e| e.sigma_bps),
                "adverse_bps": e.map(|e| e.markout_bps),
                "warmup": e.map(|e| e.warmup),
                "confidence": e.map(|e| e.confidence),
                "quoted_s": c.quoted_ns.map(seconds),
                "health": c.health.value.text(),
                "floor_bps": c.learned.map(|l| l.floor_bps),
                "size_factor": c.learned.map(|l| l.size_factor),
                "gate": c.learned.map(|l| l.gate),
                "skill": c.learned.map(|l| [l.skill_lo, l.skill, l.skill_hi]),
                "fills_over_predicted": c.learned.map(|l| l.calibration),
                "explored_usd": c.learned.map(|l| l.explored_usd),
                "stale": c.feed.as_ref().map(stale),
                "lag_s": c.feed.filter(|f| f.lag >= 0).map(|f| seconds(f.lag)),
            })
        })
        .collect();
    json!({ "coins": coins })
}

/// A line of progress a coin.
pub(super) fn progress(s: &Status) -> String {
    let at = seconds(s.at.since(s.began));
    s.coins.iter().filter_map(|c| Some(line(at, c.coin.as_ref()?, c))).collect()
}

/// The streams of any coin that are older than they may be, as an addition to a line.
pub(super) fn stale_anywhere(s: &Status) -> String {
    let mut names: Vec<_> =
        s.coins.iter().filter_map(|c| c.feed.as_ref()).flat_map(stale).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { String::new() } else { format!(", stale: {}", names.join(", ")) }
}

fn line(at: f64, coin: &Coin, c: &CoinStatus) -> String {
    let best = |i: usize| {
        c.ladder[i].as_ref().filter(|l| l.levels > 0).map_or_else(
            || c.guard[i].value.text().to_owned(),
            |l| format!("{} x{}", decimal::format(l.px[0].0, 0), l.levels),
        )
    };
    let (profit, fills, position) =
        c.account[0].as_ref().map_or((0.0, 0, 0), |a| (profit(a).to_f64(), a.fills, a.position.0));
    let e = c.estimates.as_ref();
    let book = if c.health.value == Health::Fresh { "" } else { c.health.value.text() };
    format!(
        "{at:>7.0} s  {:<5} bid {}  ask {}  position {}  fills {fills}  result {profit:+.2} USD  \
         kappa {:.0} [{:.0}, {:.0}]  warm-up {:.0} %  {book}\n",
        name(coin),
        best(0),
        best(1),
        decimal::format(position, 0),
        e.map_or(0.0, |e| e.kappa),
        e.map_or(0.0, |e| e.kappa_lo),
        e.map_or(0.0, |e| e.kappa_hi),
        e.map_or(0.0, |e| e.warmup * 100.0),
    )
}
