//! A run summed up, as text and as JSON.
//!
//! In: the newest state of every coin. Out: text. Cold path.

use serde_json::{Value, json};

use crate::app::status::{CoinStatus, Status};
use crate::record::{Account, Coin, Guard, Lane};
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
        out.push_str(&coin_text(&name(coin), c));
    }
    out
}

fn coin_text(name: &str, c: &CoinStatus) -> String {
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
    out.push_str(&format!(
        "  book       {} at the end; quotes: bid {}, ask {}\n",
        c.health.value.text(),
        quoted(c.guard[0].value),
        quoted(c.guard[1].value),
    ));
    out
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
                "health": c.health.value.text(),
            })
        })
        .collect();
    json!({ "coins": coins })
}

/// One line of progress of a coin.
pub(super) fn line(c: &CoinStatus) -> String {
    let Some(coin) = &c.coin else { return String::new() };
    let best = |i: usize| {
        c.ladder[i]
            .as_ref()
            .filter(|l| l.levels > 0)
            .map_or_else(|| "-".to_owned(), |l| decimal::format(l.px[0].0, 0))
    };
    let (profit, fills) = c.account[0].as_ref().map_or((0.0, 0), |a| (profit(a).to_f64(), a.fills));
    let e = c.estimates.as_ref();
    format!(
        "{:<6} {} / {}  fills {fills}  result {profit:+.2}  kappa {:.0} [{:.0}, {:.0}]  warm-up \
         {:.0} %  {}\n",
        name(coin),
        best(0),
        best(1),
        e.map_or(0.0, |e| e.kappa),
        e.map_or(0.0, |e| e.kappa_lo),
        e.map_or(0.0, |e| e.kappa_hi),
        e.map_or(0.0, |e| e.warmup * 100.0),
        c.health.value.text(),
    )
}
