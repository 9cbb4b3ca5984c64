//! The first screen: what came out, how sure that is, and where it came from.
//!
//! In: the model. Out: HTML. Cold path.

use super::dist::{self, Bar};
use super::figure::{equity, figure, missing};
use super::fmt::{between, count, data, decimals_for, esc, number, signed};
use super::time_chart::Axis;
use crate::record::{Health, Lane};
use crate::report::coin::CoinModel;
use crate::report::markouts::PRIMARY_MS;
use crate::report::model::{Model, TotalLane};
use crate::report::money::exact;
use crate::report::stats::Interval;
use crate::units::Ns;

/// Summary, profit split, and the profit of all coins over time.
pub fn section(m: &Model, axis: &Axis) -> String {
    let mut out = String::from("<section id=summary>");
    out.push_str(&cards(m));
    out.push_str(&coins(m));
    out.push_str("<div class=two>");
    out.push_str(&split(m));
    out.push_str(&equity("Profit of all coins, marked at mid", &m.equity, axis));
    out.push_str("</div>");
    out.push_str(&exact_table(m));
    out.push_str("</section>");
    out
}

fn card(name: &str, value: &str, note: &str) -> String {
    format!("<div class=card><span>{name}</span><b>{value}</b><small>{note}</small></div>")
}

fn cards(m: &Model) -> String {
    let mut out = String::from("<div class=cards>");
    if let Some(t) = &m.total[0] {
        let d = money_decimals(m);
        let text = format!("{} USD", signed(m.value.value, d));
        let seeds = m.sources.seeds.all().len();
        let held = if seeds > 1 { format!(", of {seeds} seeds") } else { String::new() };
        let note =
            format!("{}<br>fills 5 s later, fees paid{held}", interval_words(&m.value, "value", d));
        out.push_str(&card("value", &data("value_usd", m.value.value, &text), &note));
        let text = format!("{} USD", signed(t.profit.value, d));
        let words = interval_words(&t.profit, "total.0.profit", d);
        let note = format!("{words}<br>{}{held}", verdict(&t.profit, m));
        out.push_str(&card(
            "net result",
            &data("total.0.profit_usd", t.profit.value, &text),
            &note,
        ));
        let others: Vec<String> =
            m.total.iter().skip(1).flatten().map(|t| count(t.fills)).collect();
        if !others.is_empty() {
            let both = "pessimistic to optimistic";
            out.push_str(&card("between fill models", &brackets(m, d), both));
        }
        let fills = data("total.0.fills", crate::report::stats::count(t.fills), &count(t.fills));
        let note = match others.is_empty() {
            true => "without brackets".to_owned(),
            false => format!("brackets {}", others.join(" and ")),
        };
        out.push_str(&card("fills", &fills, &note));
    } else {
        out.push_str(&card("net result", "none", "the journal holds no account"));
    }
    let known: Vec<&CoinModel> =
        m.coins.iter().filter(|c| m.sources.truth_of(&c.name).is_some()).collect();
    let quotes = m.coins.iter().filter_map(|c| Some(m.sources.quotes_of(&c.name)?.agree(&c.earns)));
    let (agree, places) = quotes.fold((0, 0), |s, x| (s.0 + x.0, s.1 + x.1));
    let (word, note) = if places > 0 {
        let note = "places where the learned value of a quote agrees with the true one".to_owned();
        (format!("{agree} of {places}"), note)
    } else if known.is_empty() {
        ("unknown".to_owned(), "a real market tells no truth; see the intervals".to_owned())
    } else {
        let inside = known.iter().filter(|c| holds_truth(c, m)).count();
        (format!("{inside} of {}", known.len()), "95 % intervals that hold the true κ".to_owned())
    };
    let title = if places > 0 { "curve against truth" } else { "κ against truth" };
    out.push_str(&card(title, &word, &note));
    let fresh: f64 = m.coins.iter().map(|c| c.health.share(Health::Fresh)).sum::<f64>()
        / crate::report::stats::float(m.coins.len().max(1));
    let gaps: usize = m.coins.iter().map(gaps).sum();
    let downs = m.links.iter().filter(|l| !l.1.up).count();
    let note = format!(
        "of the time books were fresh; {}, link lost {}",
        counted(gaps, "gap"),
        counted(downs, "time")
    );
    out.push_str(&card("feed", &format!("{} %", number(fresh * 100.0, 1)), &note));
    out.push_str("</div>");
    out
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn gaps(c: &CoinModel) -> usize {
    c.gaps.iter().filter(|g| g.1.joint == crate::record::JointCode::Gap).count()
}

fn holds_truth(c: &CoinModel, m: &Model) -> bool {
    let (Some(e), Some(t)) = (&c.estimates, m.sources.truth_of(&c.name)) else { return false };
    e.kappa_lo <= t.kappa && t.kappa <= e.kappa_hi
}

fn money_decimals(m: &Model) -> usize {
    let size = m.total[0].map_or(0.0, |t| t.profit.value.abs());
    decimals_for(size).clamp(2, 4)
}

/// Words of an interval whose ends are `KEY_lo_usd` and `KEY_hi_usd` in JSON.
fn interval_words(i: &Interval, key: &str, d: usize) -> String {
    match (i.lo, i.hi) {
        (Some(lo), Some(hi)) => format!(
            "95 %: {} to {}",
            data(&format!("{key}_lo_usd"), lo, &signed(lo, d)),
            data(&format!("{key}_hi_usd"), hi, &signed(hi, d))
        ),
        _ => "no interval: the run is too short".into(),
    }
}

fn verdict(i: &Interval, m: &Model) -> &'static str {
    let signs: Vec<bool> = m.total.iter().flatten().map(|t| t.profit.value > 0.0).collect();
    let split = signs.iter().any(|s| *s != signs[0]);
    match (i.lo, i.hi) {
        _ if split => "the fill models disagree on its sign",
        (Some(lo), Some(hi)) if lo <= 0.0 && hi >= 0.0 => "not distinguishable from zero",
        (Some(lo), _) if lo > 0.0 => "above zero",
        (Some(_), Some(_)) => "below zero",
        _ => "",
    }
}

fn brackets(m: &Model, d: usize) -> String {
    let value = |i: usize| {
        let t: Option<TotalLane> = m.total[i];
        t.map_or_else(String::new, |t| {
            data(&format!("total.{i}.profit_usd"), t.profit.value, &signed(t.profit.value, d))
        })
    };
    format!("{} … {}", value(1), value(2))
}

/// The table of coins: a row each.
fn coins(m: &Model) -> String {
    let mut rows = String::new();
    for (i, c) in m.coins.iter().enumerate() {
        rows.push_str(&coin_row(c, m, &format!("coins.{i}")));
    }
    if m.coins.len() > 1 {
        rows.push_str("<tr class=sum><td>all");
        for (lane, t) in m.total.iter().enumerate() {
            rows.push_str(&result_cell(
                t.as_ref().map(|t| t.profit),
                &format!("total.{lane}.profit_usd"),
            ));
        }
        rows.push_str("<td colspan=8>");
    }
    let blocks = &m.blocks;
    format!(
        "<div class=scroll><table class=coins><tr><th>coin<th>result, USD<th>pessimistic<th>\
         optimistic<th>fills<th>edge a fill, bps<th>position<th>κ, 1 per unit<th>true κ<th>would earn\
         <th>quoted, bid · ask<th>fresh book{rows}</table></div><p class=how>Brackets are 95 % \
         intervals: the run is cut into {} blocks of {} s, which are drawn again {} times with what \
         happened in them (block bootstrap, widened for the number of blocks and by the spread of \
         seeds, where several were tried). They say how far \
         such a run scatters, not how wrong a fill model is: for that, compare the three models. \
         Edge: captured against the mid before \
         the fill, plus the move of the mid over 5 s, less the fee, as a share of the value.</p>",
        blocks.count,
        number(Ns::seconds(blocks.width_ns), 0),
        count(crate::report::stats::RESAMPLES as u64),
    )
}

fn result_cell(profit: Option<Interval>, key: &str) -> String {
    let Some(p) = profit else { return "<td class=n>–".into() };
    let d = decimals_for(p.value).clamp(2, 4);
    let class = if p.value < 0.0 { "n neg" } else { "n pos" };
    format!(
        "<td class=\"{class}\">{}{}",
        data(key, p.value, &signed(p.value, d)),
        between(&p, |v| signed(v, d.min(2)))
    )
}

fn coin_row(c: &CoinModel, m: &Model, key: &str) -> String {
    let name = esc(&c.name);
    let mut row = format!("<tr><td><a href=\"#{name}\">{name}</a>");
    for lane in Lane::ALL {
        let i = *lane as usize;
        row.push_str(&result_cell(
            c.results[i].map(|r| r.profit),
            &format!("{key}.results.{i}.profit_usd"),
        ));
    }
    let account = c.result().map(|r| r.account);
    let fills = account.map_or(0, |a| u64::from(a.fills));
    row.push_str(&format!(
        "<td class=n>{}",
        data(&format!("{key}.results.0.fills"), crate::report::stats::count(fills), &count(fills))
    ));
    let at = c.markouts.horizons.iter().position(|h| h.horizon_ms == PRIMARY_MS);
    row.push_str(&at.map_or_else(
        || "<td class=n>–".into(),
        |k| {
            let e = c.markouts.horizons[k].all.edge_bps;
            let path = format!("{key}.markouts.horizons.{k}.all.edge_bps.value");
            let text = data(&path, e.value, &signed(e.value, 2));
            format!("<td class=n>{text}{}", between(&e, |v| signed(v, 2)))
        },
    ));
    let position = account.map_or(0.0, |a| a.position.to_f64());
    row.push_str(&format!("<td class=n>{}", signed(position, usize::from(c.sz_decimals))));
    row.push_str(&kappa_cells(c, m, key));
    let word = c.earns.verdict(None).map_or("UNKNOWN", |v| v.word.text());
    let [bid, ask] = c.quoted_share();
    row.push_str(&format!(
        "<td>{}<td class=n>{} · {} %<td class=n>{} %",
        word,
        number(bid * 100.0, 0),
        number(ask * 100.0, 0),
        number(c.health.share(Health::Fresh) * 100.0, 1),
    ));
    row
}

fn kappa_cells(c: &CoinModel, m: &Model, key: &str) -> String {
    let Some(e) = &c.estimates else { return "<td class=n>–<td class=n>–".into() };
    let i = Interval { value: e.kappa, lo: Some(e.kappa_lo), hi: Some(e.kappa_hi) };
    let kappa = data(&format!("{key}.kappa"), e.kappa, &number(e.kappa, 0));
    let truth = m.sources.truth_of(&c.name).map_or_else(
        || "unknown".to_owned(),
        |t| {
            let mark = if holds_truth(c, m) { "✓" } else { "✗" };
            let path = format!("{key}.kappa_truth");
            format!("{} {mark}", data(&path, t.kappa, &number(t.kappa, 0)))
        },
    );
    format!("<td class=n>{kappa}{}<td class=n>{truth}", between(&i, |v| number(v, 0)))
}

/// Where the profit of all coins came from.
fn split(m: &Model) -> String {
    let Some(t) = &m.total[0] else {
        return missing("Where the profit came from", "the journal holds no account");
    };
    let mut list: Vec<Bar> = t
        .split
        .parts()
        .iter()
        .map(|(name, cash)| {
            let v = cash.to_f64();
            let path = format!("total.0.{name}_usd");
            let text = data(&path, v, &signed(v, 4));
            let label = part_words(name).into();
            Bar { label, value: v, text, class: if v < 0.0 { "neg" } else { "pos" } }
        })
        .collect();
    let v = t.split.profit().to_f64();
    list.push(Bar {
        label: "net result".into(),
        value: v,
        text: format!("<b>{}</b>", signed(v, 4)),
        class: "own",
    });
    let how = "Spread is earned at each fill; what the mid does in the next 5 s is adverse \
               selection; what it does after that, on the position kept, is inventory. The parts \
               add up to the result to the last unit.";
    figure("Where the profit came from, all coins", "USD", how, &dist::bars(&list))
}

fn part_words(name: &str) -> &str {
    match name {
        "spread" => "spread captured",
        "adverse" => "adverse selection, 5 s",
        other => other,
    }
}

/// Every part of every coin to the last unit.
fn exact_table(m: &Model) -> String {
    let Some(total) = &m.total[0] else { return String::new() };
    let all: Vec<_> =
        m.coins.iter().filter_map(|c| c.result().map(|r| (&c.name, r.split))).collect();
    let head: String = all.iter().map(|(n, _)| format!("<th>{}", esc(n))).collect();
    let mut rows = String::new();
    for (k, (name, part)) in total.split.parts().iter().enumerate() {
        let cells: String =
            all.iter().map(|(_, s)| format!("<td class=n>{}", exact(s.parts()[k].1))).collect();
        rows.push_str(&format!("<tr><td>{}{cells}<td class=n>{}", part_words(name), exact(*part)));
    }
    let cells: String =
        all.iter().map(|(_, s)| format!("<td class=n>{}", exact(s.profit()))).collect();
    let sums = all.iter().fold(0, |sum, (_, s)| sum + s.profit().0);
    let holds = if sums == total.split.profit().0 { "equal" } else { "NOT EQUAL" };
    format!(
        "<details><summary>The same by coin, to the last unit</summary><div class=scroll><table \
         class=exact><tr><th>USD{head}<th>all{rows}<tr class=sum><td>net result{cells}<td \
         class=n>{}</table></div><p class=how>Money is counted in integers of 5e-17 USD. Sum of the \
         coins and sum of the parts: {holds}.</p></details>",
        exact(total.split.profit())
    )
}
