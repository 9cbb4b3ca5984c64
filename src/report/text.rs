//! A run summed up as text: the answer, the table of figures, then a few lines a coin.
//!
//! In: the model. Out: lines for a terminal, of at most 100 columns. Cold path.
//!
//! 1. What the learners think is `papermaker explain`'s to say.

use super::coin::CoinModel;
use super::model::Model;
use super::{answer, figures};
use crate::record::{Guard, Lane};
use crate::telemetry::clocks;
use crate::units::lines::{below, labelled, paragraph};
use crate::units::{Ns, decimal};

/// The summary.
pub fn summary(m: &Model) -> String {
    let mut out = String::from("\n");
    for sentence in answer::sentences(m) {
        out.push_str(&paragraph(&sentence));
    }
    let mut scopes: Vec<_> =
        m.coins.iter().map(|c| (c.name.clone(), figures::of_coin(c, m))).collect();
    if m.coins.len() > 1 {
        scopes.push(("all".to_owned(), figures::of_all(m)));
    }
    out.push('\n');
    out.push_str(&figures::text(&scopes));
    out.extend(m.coins.iter().map(|c| coin(c, m)));
    let coins = out.len();
    let aside: Vec<&str> =
        m.coins.iter().filter(|c| c.is_set_aside()).map(|c| c.name.as_str()).collect();
    if !aside.is_empty() {
        let text = format!("{}: the subscription ended link after link", aside.join(", "));
        out.push_str(&labelled("set aside", &text));
    }
    for note in m.clocks.iter().flat_map(clocks::notes) {
        out.push_str(&labelled("clock", &note));
    }
    if let Some(f) = &m.sources.fitness {
        out.push_str(&labelled("recording", &format!("{}; {}", f.verdict(), f.text())));
    }
    let more = [
        m.sources.ping.map(|p| p.text()),
        m.requests.as_ref().map(|r| r.text()),
        m.sources.assumed.as_ref().map(|a| a.text()),
    ];
    for text in more.into_iter().flatten() {
        let (label, text) = text.split_once(' ').unwrap_or(("", &text));
        out.push_str(&labelled(label, text));
    }
    if out.len() > coins {
        out.insert(coins, '\n');
    }
    out.push_str(&super::days::text(&m.days));
    out
}

fn coin(c: &CoinModel, m: &Model) -> String {
    let mut out = format!("\n{}\n{}", c.name, c.earns.text());
    if let Some(quotes) = m.sources.quotes_of(&c.name) {
        out.push_str(&quotes.text(&c.earns));
    }
    if let Some(r) = c.result() {
        let held = decimal::format(r.account.position.0, 1);
        let fee = c.maker_fee_bps().map(|bps| format!("; maker fee {bps:.2} bps"));
        let text = format!("{held} {}{}", c.name, fee.unwrap_or_default());
        out.push_str(&below("position", &text));
    }
    if c.reasons.of_lane(Lane::Configured).next().is_some() {
        out.push_str(&below("fills by", &c.reasons.text()));
    }
    let mut feed = Vec::new();
    if let Some(f) = &c.feed {
        feed.extend((f.lag >= 0).then(|| format!("{:.3} s behind", Ns::seconds(f.lag))));
        let stale = c.stale().unwrap_or_default();
        feed.extend((!stale.is_empty()).then(|| format!("stale at the end: {}", stale.join(", "))));
    }
    if let Some(l) = &c.late {
        feed.push(format!(
            "{} of {} prints came after a state of their block was taken, {} blocks were taken early for want \
             of room, {} fills were marked at a hole",
            l.prints, c.prints, l.blocks, l.cut,
        ));
    }
    out.push_str(&below("feed", &feed.join("; ")));
    out.push_str(&below("not quoted", &why_not(c)));
    out
}

/// Why sides were not quoted, the longest first.
fn why_not(c: &CoinModel) -> String {
    let seconds = c.guards.each_ref().map(|g| g.seconds(Guard::ALL));
    let all: f64 = seconds.iter().flatten().sum();
    let mut reasons: Vec<(f64, &Guard)> = Guard::ALL
        .iter()
        .enumerate()
        .filter(|(_, g)| **g != Guard::None)
        .map(|(i, g)| ((seconds[0][i] + seconds[1][i]) / all.max(1e-9), g))
        .filter(|(share, _)| *share >= 0.001)
        .collect();
    reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
    let each = reasons.iter().map(|(share, g)| {
        format!("{:.1} % of the time: {}", share * 100.0, g.sentence().trim_end_matches('.'))
    });
    each.collect::<Vec<_>>().join("; ")
}
