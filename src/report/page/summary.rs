//! The first screen: the answer, the figures, what was tested.
//!
//! In: the model. Out: HTML. Cold path.

use super::dist::{self, Bar};
use super::figure::{equity, figure, missing};
use super::fmt::{count, data, esc, number, signed};
use super::time_chart::Axis;
use crate::report::answer;
use crate::report::coin::CoinModel;
use crate::report::figures::{self, About, Figure, TABLE};
use crate::report::model::Model;
use crate::report::money::exact;
use crate::report::stats::RESAMPLES;
use crate::units::Ns;

/// Answer, figures, what was tested, profit split, and the profit of all coins over time.
pub fn section(m: &Model, axis: &Axis) -> String {
    let mut out = String::from("<section id=summary><h2>Answer</h2><div class=answer>");
    for sentence in answer::sentences(m) {
        out.push_str(&format!("<p>{}</p>", esc(&sentence)));
    }
    out.push_str("</div>");
    out.push_str(&tested(m));
    out.push_str(&coins(m));
    out.push_str("<div class=two>");
    out.push_str(&split(m));
    out.push_str(&equity("Profit of all coins, marked at mid", &m.equity, axis));
    out.push_str("</div>");
    out.push_str(&exact_table(m));
    out.push_str("</section>");
    out
}

/// What was tested, in a few rows: all that a reader needs to know which run this is.
fn tested(m: &Model) -> String {
    let fee = |c: &CoinModel| Some(format!("{} {} bps", c.name, number(c.maker_fee_bps()?, 2)));
    let fees: Vec<String> = m.coins.iter().filter_map(fee).collect();
    let plain = |text: String, label: &str| {
        let text = text.trim_start_matches(label);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut rows = vec![
        ("strategy", m.strategy.name().map(|(name, version)| format!("{name} {version}"))),
        ("maker fee", Some(fees.join(", "))),
        ("latency", m.sources.assumed.as_ref().map(|a| plain(a.text(), "latency"))),
    ];
    let settings: Vec<String> = m
        .sources
        .settings
        .iter()
        .flatten()
        .map(|s| format!("{} = {} (default {})", s.key, s.value, s.default))
        .collect();
    let all = "every setting at its default".to_owned();
    let changed = if settings.is_empty() { all } else { settings.join("; ") };
    rows.push(("changed", m.sources.settings.as_ref().map(|_| changed)));
    rows.push(("program", m.sources.version.clone()));
    let rows: String = rows
        .into_iter()
        .filter_map(|(name, text)| Some(format!("<tr><td>{name}<td>{}", esc(&text?))))
        .collect();
    format!("<h3>What was tested</h3><div class=scroll><table class=tested>{rows}</table></div>")
}

/// The figures: a row each, a column a coin.
fn coins(m: &Model) -> String {
    let mut scopes: Vec<(String, String, Vec<Figure>)> = Vec::new();
    for (i, c) in m.coins.iter().enumerate() {
        let name = format!("<a href=\"#{0}\">{0}</a>", esc(&c.name));
        scopes.push((name, format!("coins.{i}.figures"), figures::of_coin(c, m)));
    }
    if m.coins.len() > 1 {
        scopes.push(("all".to_owned(), "figures".to_owned(), figures::of_all(m)));
    }
    let head: String = scopes.iter().map(|s| format!("<th>{}", s.0)).collect();
    let mut rows = String::new();
    for about in TABLE {
        let find = |all: &[Figure]| all.iter().position(|f| f.about == about);
        if scopes.iter().all(|s| find(&s.2).is_none()) {
            continue;
        }
        let cells: String = scopes
            .iter()
            .map(|(_, key, all)| {
                find(all).map_or_else(|| "<td class=n>–".to_owned(), |i| cell(key, &all[i]))
            })
            .collect();
        let part = if about.label.starts_with(' ') { " class=part" } else { "" };
        let unit = if about.unit.is_empty() { String::new() } else { format!(", {}", about.unit) };
        rows.push_str(&format!(
            "<tr title=\"{}\"><td{part}>{}{unit}{cells}",
            esc(about.sentence),
            esc(about.label.trim())
        ));
    }
    let blocks = &m.blocks;
    format!(
        "<div class=scroll><table class=coins><tr><th>{head}{rows}</table></div><p class=how>In \
         brackets: 95 % intervals. The run is cut into {} stretches of {} s, which are drawn again {} \
         times with what happened in them (block bootstrap, widened for their number and by the spread of seeds): how far such \
         a run scatters, not how wrong an assumption about the queue is. For that, compare the \
         fewest and the most fills. Pointing at a row says what it is.</p>",
        blocks.count,
        number(Ns::seconds(blocks.width_ns), 0),
        count(RESAMPLES as u64),
    )
}

fn cell(key: &str, f: &Figure) -> String {
    let About { key: name, digits, signed: sign, .. } = f.about;
    let show = |v: f64| if *sign { signed(v, *digits) } else { number(v, *digits) };
    let at = |end: &str, v: f64| data(&format!("{key}.{name}.{end}"), v, &show(v));
    let ends = f
        .value
        .lo
        .zip(f.value.hi)
        .map(|(lo, hi)| format!(" <span class=ci>[{}, {}]</span>", at("lo", lo), at("hi", hi)));
    let class = match f.value.value {
        v if *sign && v < 0.0 => "n neg",
        v if *sign && v > 0.0 => "n pos",
        _ => "n",
    };
    format!("<td class=\"{class}\">{}{}", at("value", f.value.value), ends.unwrap_or_default())
}

/// Where the profit of all coins came from.
fn split(m: &Model) -> String {
    let Some(t) = &m.total[0] else {
        return missing("Where the profit came from", "the journal holds no account");
    };
    let mut list: Vec<Bar> = t
        .split
        .parts()
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
    for (k, (name, part)) in total.split.parts().enumerate() {
        let cells: String =
            all.iter().map(|(_, s)| format!("<td class=n>{}", exact(s.0[k]))).collect();
        rows.push_str(&format!("<tr><td>{}{cells}<td class=n>{}", part_words(name), exact(part)));
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
