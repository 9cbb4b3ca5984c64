//! A run summed up as JSON: the stable form for machines, and what the page's figures are checked
//! against.
//!
//! In: the model. Out: one object. Cold path.
//!
//! 1. A figure that does not exist is null.
//! 2. Amounts of money are floats in `*_usd` and exact decimal text in `exact_usd`.

use serde_json::{Value, json};

use super::coin::{CoinModel, TotalLane};
use super::model::Model;
use super::states::States;
use super::stats::RESAMPLES;
use super::time::utc;
use super::{answer, figures};
use crate::journal::hex;
use crate::record::{DataGap, FillReason, Guard, Health, Lane, OrderReason, OrderState};
use crate::units::{Ns, decimal};

/// The summary.
pub fn summary(m: &Model) -> Value {
    let coins: Vec<Value> = m.coins.iter().map(|c| coin(c, m)).collect();
    let s = &m.sources;
    json!({
        "market": s.market.as_ref().map(super::sources::Market::word),
        "answer": answer::sentences(m),
        "figures": figures::as_json(&figures::of_all(m)),
        "about_figures": figures::about(),
        "coins": coins,
        "total": results(|lane| m.total[lane as usize]),
        "value_usd": m.value.value,
        "value_lo_usd": m.value.lo,
        "value_hi_usd": m.value.hi,
        "seeds": s.seeds.all(),
        "by_day": super::days::as_json(&m.days),
        "records": m.records,
        "lost": m.lost,
        "digest": hex(m.digest.run),
        "decisions": hex(m.digest.decisions),
        "strategy": m.strategy.name().map(|(name, version)| json!({ "name": name, "version": version })),
        "faults": m.faults,
        "from": utc(m.from),
        "to": utc(m.to),
        "seconds": m.seconds(),
        "ended": m.stop.map(|x| x.reason.text()),
        "links": m.links.iter().filter(|l| !l.1.up).count(),
        "clock": m.clocks.map(|c| json!({
            "offset_s": Ns::seconds(c.offset),
            "steps": c.steps,
            "jumps": c.jumps,
        })),
        "seed": m.start.map(|x| x.seed),
        "config": m.start.map(|x| format!("{:016x}{:016x}", x.config[0], x.config[1])),
        "version": s.version,
        "settings": s.settings,
        "latency": s.latency.stages,
        "ping": s.ping,
        "requests": m.requests.map(|r| r.json()),
        "assumed_latency": s.assumed,
        "fitness": s.fitness,
        "unfit": s.fitness.as_ref().map(|f| {
            f.unfit().iter().map(ToString::to_string).collect::<Vec<_>>()
        }),
        "intervals": {
            "level": 0.95,
            "method": "block bootstrap",
            "block_s": Ns::seconds(m.blocks.width_ns),
            "blocks": m.blocks.count,
            "resamples": RESAMPLES,
        },
    })
}

/// What came of each fill model.
pub(super) fn results(of: impl Fn(Lane) -> Option<TotalLane>) -> Vec<Value> {
    let result = |lane: &Lane| {
        let t = of(*lane)?;
        let mut out = json!({
            "lane": lane.text(),
            "fills": t.fills,
            "profit_usd": t.profit.value,
            "profit_lo_usd": t.profit.lo,
            "profit_hi_usd": t.profit.hi,
            "exact_usd": t.split.exact(),
        });
        for (name, part) in t.split.parts() {
            out[format!("{name}_usd")] = json!(part.to_f64());
        }
        Some(out)
    };
    Lane::ALL.iter().filter_map(result).collect()
}

fn gaps(c: &CoinModel) -> Vec<Value> {
    let gap = |(at, g): &(Ns, DataGap)| {
        json!({
            "at": utc(*at), "joint": g.joint.text(), "from": utc(g.from), "to": utc(g.to),
            "news": g.news,
        })
    };
    c.gaps.iter().map(gap).collect()
}

fn coin(c: &CoinModel, m: &Model) -> Value {
    let mut results = results(|lane| Some(c.results[lane as usize]?.total()));
    for (v, r) in results.iter_mut().zip(c.results.iter().flatten()) {
        v["position"] = json!(decimal::format(r.account.position.0, 1));
    }
    let e = c.estimates.as_ref();
    let truth = m.sources.truth_of(&c.name);
    json!({
        "coin": c.name,
        "figures": figures::as_json(&figures::of_coin(c, m)),
        "maker_fee_bps": c.maker_fee_bps(),
        "results": results,
        "value_usd": c.value.value,
        "value_lo_usd": c.value.lo,
        "value_hi_usd": c.value.hi,
        "seeds": m.sources.seeds.of(&c.name),
        "earns": c.earns.json(),
        "earns_truth": m.sources.quotes_of(&c.name),
        "kappa": e.map(|e| e.kappa),
        "kappa_lo": e.map(|e| e.kappa_lo),
        "kappa_hi": e.map(|e| e.kappa_hi),
        "kappa_truth": truth.map(|t| t.kappa),
        "kappa_n_eff": e.map(|e| e.n_eff),
        "sigma_bps": e.map(|e| e.sigma_bps),
        "regimes": c.regimes.map(|r| r.p),
        "health": c.health.last().map(Health::text),
        "health_s": held(&c.health, Health::ALL, Health::text),
        "bid_s": held(&c.guards[0], Guard::ALL, Guard::text),
        "ask_s": held(&c.guards[1], Guard::ALL, Guard::text),
        "quoted_s": c.guards.each_ref().map(|g| g.seconds(&[Guard::None])[0]),
        "stale": c.stale(),
        "lag_s": c.feed.filter(|f| f.lag >= 0).map(|f| Ns::seconds(f.lag)),
        "prints": c.prints,
        "late_prints": c.late.map_or(0, |l| l.prints),
        "early_blocks": c.late.map_or(0, |l| l.blocks),
        "horizons_cut": c.late.map_or(0, |l| l.cut),
        "gaps": gaps(c),
        "orders": orders(c),
        "reasons": c.reasons.json(),
        "markouts": c.markouts,
    })
}

/// Seconds in each state that was held at all.
fn held<T: Copy + PartialEq>(s: &States<T>, all: &[T], text: fn(T) -> &'static str) -> Value {
    let seconds = s.seconds(all);
    let held = all.iter().zip(seconds).filter(|(_, s)| *s > 0.0);
    held.map(|(t, s)| (text(*t), s)).collect()
}

/// The counts that are not zero, by name.
fn counts<T: Copy>(all: &[T], counts: &[u64], text: fn(T) -> &'static str) -> Value {
    let some = all.iter().zip(counts).filter(|(_, n)| **n > 0);
    some.map(|(t, n)| (text(*t), *n)).collect()
}

fn orders(c: &CoinModel) -> Value {
    let o = &c.orders;
    let of = |(l, n): (&Lane, &[u64; 5])| (l.text(), counts(FillReason::ALL, n, FillReason::text));
    let fills: Value = Lane::ALL.iter().zip(&o.fills).map(of).collect();
    json!({
        "states": counts(OrderState::ALL, &o.states, OrderState::text),
        "reasons": counts(OrderReason::ALL, &o.reasons, OrderReason::text),
        "fills": fills,
        "live_by_ahead": o.live_by_ahead,
        "filled_by_ahead": o.filled_by_ahead,
        "fills_by_age": o.fills_by_age,
        "unknown_queue": o.unknown_queue,
        "traded_usd": o.traded_usd,
        "fee_bps": o.fee_bps,
        "median_age_s": o.median_age_s,
    })
}
