//! A run summed up as text, a block a coin.
//!
//! In: the model. Out: lines for a terminal. Cold path.

use super::coin::CoinModel;
use super::model::Model;
use super::stats::{Interval, count, float};
use crate::folder::Came;
use crate::record::{Guard, Lane};
use crate::telemetry::clocks;
use crate::units::{Ns, decimal};

/// The summary.
#[must_use]
pub fn summary(m: &Model) -> String {
    let mut out: String = m.coins.iter().map(|c| coin(c, m)).collect();
    let aside: Vec<&str> =
        m.coins.iter().filter(|c| c.is_set_aside()).map(|c| c.name.as_str()).collect();
    if !aside.is_empty() {
        out.push_str(&format!(
            "\nset aside  {}: the subscription ended link after link\n",
            aside.join(", ")
        ));
    }
    for note in m.clocks.iter().flat_map(clocks::notes) {
        out.push_str(&format!("\nclock      {note}\n"));
    }
    if let Some(f) = &m.sources.fitness {
        out.push_str(&format!("\nrecording  {}; {}\n", f.verdict(), f.text()));
    }
    if let Some(ping) = &m.sources.ping {
        out.push_str(&format!("\n{}", ping.text()));
    }
    if let Some(requests) = &m.requests {
        out.push_str(&format!("\n{}\n", requests.text()));
    }
    if let Some(assumed) = &m.sources.assumed {
        out.push_str(&format!("\n{}", assumed.text()));
    }
    if let (Some(t), true) = (&m.total[0], m.coins.len() > 1) {
        let (profit, n) = (t.profit, t.fills);
        out.push_str(&format!(
            "\nall coins\n{}  result     {:+.4} USD{}, {n} fills\n{}",
            value(&m.value, n),
            profit.value,
            between(&profit, 4),
            seeds(&m.sources.seeds.all()),
        ));
    }
    out.push_str(&super::days::text(&m.days));
    out
}

fn between(i: &Interval, decimals: usize) -> String {
    match (i.lo, i.hi) {
        (Some(lo), Some(hi)) => format!(" [{lo:+.decimals$}, {hi:+.decimals$}]"),
        _ => String::new(),
    }
}

/// What fills were worth, which is known sooner than what the position comes to; nothing without fills.
fn value(v: &Interval, fills: u64) -> String {
    if fills == 0 {
        return String::new();
    }
    let ends = between(v, 4);
    format!("  value      {:+.4} USD{ends} by marks 5 s after fills, fees paid\n", v.value)
}

/// What other seeds came to, where some were tried and something was filled.
fn seeds(all: &[Came]) -> String {
    if all.len() < 2 || all.iter().all(|c| c.fills == 0) {
        return String::new();
    }
    let of = |f: fn(&Came) -> f64| {
        let x: Vec<f64> = all.iter().map(f).collect();
        let (least, most) = x.iter().fold((x[0], x[0]), |(a, b), x| (a.min(*x), b.max(*x)));
        (x.iter().sum::<f64>() / float(x.len()), least, most)
    };
    let usd = |f| {
        let (mean, least, most) = of(f);
        format!("{mean:+.4} USD ({least:+.4} to {most:+.4})")
    };
    let (mean, least, most) = of(|c| count(c.fills));
    format!(
        "  seeds      {}, of which this is the first: value {}, result {}, fills {mean:.1} ({least} to \
         {most}); the intervals hold their spread\n",
        all.len(),
        usd(|c| c.value_usd),
        usd(|c| c.profit_usd),
    )
}

/// What was learned of quotes beside what is true, where that is known.
fn quotes(c: &CoinModel, m: &Model) -> String {
    m.sources.quotes_of(&c.name).map_or_else(String::new, |q| q.text(&c.earns))
}

fn coin(c: &CoinModel, m: &Model) -> String {
    let name = &c.name;
    let mut out = format!("\n{name}\n{}{}", c.earns.text(), quotes(c, m));
    if let Some(r) = c.result() {
        let parts: Vec<String> = r
            .split
            .parts()
            .iter()
            .map(|(part, cash)| format!("{part} {:+.4}", cash.to_f64()))
            .collect();
        out.push_str(&format!(
            "{}  result     {:+.4} USD{} = {}\n{}  position   {} {name}; maker fee {:.2} bps\n",
            value(&c.value, u64::from(r.account.fills)),
            r.profit.value,
            between(&r.profit, 4),
            parts.join(" "),
            seeds(m.sources.seeds.of(name)),
            decimal::format(r.account.position.0, 1),
            c.maker_fee_bps(),
        ));
    }
    let lanes: Vec<String> = Lane::ALL
        .iter()
        .zip(&c.results)
        .filter_map(|(l, r)| r.as_ref().map(|r| (l, r)))
        .map(|(l, r)| format!("{} {} ({:+.4} USD)", l.text(), r.account.fills, r.profit.value))
        .collect();
    out.push_str(&format!("  fills      {}\n", lanes.join(", ")));
    if c.reasons.of_lane(Lane::Configured).next().is_some() {
        out.push_str(&format!("  by reason  {}\n", c.reasons.text()));
    }
    if let Some(h) = c.markouts.primary() {
        let g = &h.all;
        out.push_str(&format!(
            "  edge       {:+.2} bps{} of the value traded, {:+.4} USD, 5 s after fills: quoted at \
             {:.2}, {:.2} lost before the fill, {:+.2} after it, fee {:.2}\n",
            g.edge_bps.value,
            between(&g.edge_bps, 2),
            g.edge_usd,
            g.depth_bps,
            g.before_bps,
            g.move_bps.value,
            g.fee_bps,
        ));
    }
    if let Some(e) = &c.estimates {
        let truth = m.sources.truth_of(name).map(|t| format!(" (truth {:.0})", t.kappa));
        // Before the first independent taker there is nothing but the prior.
        let kappa = if e.n_eff < 1.0 {
            "no independent taker yet, so nothing of how they thin out".to_owned()
        } else {
            format!(
                "takers thin out by kappa {:.0} [{:.0}, {:.0}]{} per unit of price, {:.0} independent \
                 takers: no input of a quote",
                e.kappa,
                e.kappa_lo,
                e.kappa_hi,
                truth.unwrap_or_default(),
                e.n_eff,
            )
        };
        out.push_str(&format!("  market     sigma {:.2} bps/sqrt s; {kappa}\n", e.sigma_bps));
    }
    out.push_str(&quoted(c));
    out
}

/// How old the feed was, and which share of the time a quote stood.
fn quoted(c: &CoinModel) -> String {
    let mut out = String::new();
    if let (Some(f), Some(stale)) = (&c.feed, c.stale()) {
        let stale = if stale.is_empty() { "nothing".to_owned() } else { stale.join(", ") };
        let lag = (f.lag >= 0).then(|| format!("{:.3} s", Ns::seconds(f.lag)));
        let lag = lag.unwrap_or_else(|| "-".into());
        out.push_str(&format!("  feed       lag {lag}; stale at the end: {stale}\n"));
    }
    if let Some(l) = &c.late {
        out.push_str(&format!(
            "  late       {} of {} prints came after a later block was taken, {} blocks were taken \
             early for want of room; {} fills were marked at a hole\n",
            l.prints, c.prints, l.blocks, l.cut,
        ));
    }
    let side = |i: usize| match c.guards[i].last() {
        Some(Guard::None) | None => "quoted",
        Some(g) => g.text(),
    };
    let [bid, ask] = c.quoted_share().map(|s| s * 100.0);
    out.push_str(&format!(
        "  quoted     bid {bid:.1} %, ask {ask:.1} % of the time; at the end {}, {}; book {}\n",
        side(0),
        side(1),
        c.health.last().map_or("unknown", |h| h.text()),
    ));
    out
}
