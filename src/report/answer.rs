//! The answer: what a run says of its question, in sentences that come before every figure.
//!
//! In: the model. Out: sentences. Cold path.
//!
//! 1. The first one says where the market came from, so that none is taken for another.
//! 2. What an interval leaves out is said beside it.

use super::figures;
use super::model::Model;
use super::sources::Market;
use super::stats::{Interval, count};
use super::time::stamp;
use crate::folder::Came;
use crate::record::hours_text;

/// Coins that are named one by one.
const NAMED: usize = 6;
/// USD traded for one more request, as the venue grants them.
const GRANTED_A_USD: f64 = 1.0;

/// The sentences, in order.
pub fn sentences(m: &Model) -> Vec<String> {
    let mut out: Vec<String> = m.sources.market.iter().map(Market::sentence).collect();
    out.push(what(m));
    out.push(result(m));
    out.extend(m.coins.iter().take(NAMED).map(|c| c.earns.sentence(&c.name)));
    if m.total[0].is_some_and(|t| t.fills > 0) {
        out.push(left_out(m));
    }
    out.extend(requests(m));
    out
}

/// How long, on what, by what.
fn what(m: &Model) -> String {
    let names: Vec<&str> = m.coins.iter().take(NAMED).map(|c| c.name.as_str()).collect();
    let more = match m.coins.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let strategy = m.strategy.name().map_or_else(
        || "A strategy (its name stands in records before these)".to_owned(),
        |(name, version)| format!("Strategy {name} {version}"),
    );
    format!(
        "{strategy} on {}{more} for {}, from {} UTC.",
        if names.is_empty() { "no coin".to_owned() } else { names.join(", ") },
        span(m.seconds()),
        stamp(m.from),
    )
}

/// The result and whether it can be distinguished from zero.
fn result(m: &Model) -> String {
    let Some(t) = m.total[0] else {
        return "The journal holds no account: there is no result.".to_owned();
    };
    if t.fills == 0 {
        return "No fill, so no result: see below why nothing was quoted, or nothing filled."
            .to_owned();
    }
    let p = &t.profit;
    let (word, size) = if p.value < 0.0 { ("Lost", -p.value) } else { ("Made", p.value) };
    let all = figures::of_all(m);
    let of = |key: &str| all.iter().find(|f| f.about.key == key).map(|f| f.value.value);
    let share = of("result_bps").map_or_else(String::new, |bps| format!(", {bps:+.2} bps of it"));
    format!(
        "{word} {size:.2} USD on {:.0} USD traded{share}: {}",
        of("traded_usd").unwrap_or(0.0),
        verdict(p, m.seconds()),
    )
}

/// What an interval says of a result, in a sentence.
pub fn verdict(i: &Interval, seconds: f64) -> String {
    let (Some(lo), Some(hi)) = (i.lo, i.hi) else {
        return "too short for an interval, so it says nothing yet; five minutes with fills give one."
            .to_owned();
    };
    let range = format!("95 % interval {lo:+.2} to {hi:+.2} USD");
    if lo > 0.0 {
        return format!("above zero, {range}.");
    }
    if hi < 0.0 {
        return format!("below zero, {range}.");
    }
    let needed = figures::hours(i, seconds).map_or_else(String::new, |hours| {
        format!("; about {} of such data are needed", hours_text(hours))
    });
    format!("cannot be distinguished from zero, {range}{needed}.")
}

/// What the interval does not hold.
fn left_out(m: &Model) -> String {
    let seeds = m.sources.seeds.all();
    let mut out = match seeds.len() {
        0 | 1 => "The interval is over stretches of this run's time.".to_owned(),
        n => format!(
            "The interval is over stretches of this run's time and {n} draws of latency and queue{}.",
            drawn(&seeds)
        ),
    };
    let lanes: Vec<f64> = m.total.iter().flatten().map(|t| t.profit.value).collect();
    let (lo, hi) = range(&lanes);
    if lanes.len() > 1 {
        out.push_str(&format!(
            " Beside it: {lo:+.2} to {hi:+.2} USD over three assumptions about the queue"
        ));
    } else {
        out.push_str(" Beside it: one assumption about the queue");
    }
    if let Some(all) = m.sources.assumed.as_ref().and_then(|a| a.profit_usd) {
        let (lo, hi) = range(&all);
        out.push_str(&format!(", {lo:+.2} to {hi:+.2} from half to twice the latency"));
    }
    if seeds.len() < 2 {
        out.push_str("; other draws of latencies and queues are left out");
        out.push_str(match m.sources.market {
            Some(Market::Live(_)) => " until the recording is replayed, with --seeds",
            _ => ": see replay --seeds",
        });
    }
    out.push('.');
    out
}

/// What several draws came to; this run is the first of them.
fn drawn(all: &[Came]) -> String {
    let of = |f: fn(&Came) -> f64| range(&all.iter().map(f).collect::<Vec<f64>>());
    let (lo, hi) = of(|c| c.profit_usd);
    let (least, most) = of(|c| count(c.fills));
    format!(
        ", of which this run is the first ({lo:+.2} to {hi:+.2} USD with {least} to {most} fills)"
    )
}

fn range(all: &[f64]) -> (f64, f64) {
    all.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (lo.min(*x), hi.max(*x)))
}

/// Whether the venue would have granted the requests.
fn requests(m: &Model) -> Option<String> {
    let budget = m.requests.as_ref()?;
    let a_usd = budget.a_usd()?;
    let enough = match budget.hours() {
        _ if a_usd <= GRANTED_A_USD => "the venue grants 1: enough".to_owned(),
        Some(hours) => format!("the venue grants 1: spent after {}", hours_text(hours)),
        None => "the venue grants 1".to_owned(),
    };
    Some(format!("{a_usd:.2} requests a USD traded; {enough}."))
}

/// A length of time, in the unit that suits it.
pub fn span(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.1} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} d", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_read_and_says_how_long_it_takes() {
        let i = |value, lo, hi| Interval { value, lo, hi };
        let said = |v: f64, lo: f64, hi: f64| verdict(&i(v, Some(lo), Some(hi)), 3_600.0);
        assert_eq!(said(2.0, 1.0, 3.0), "above zero, 95 % interval +1.00 to +3.00 USD.");
        assert_eq!(said(-2.0, -3.0, -1.0), "below zero, 95 % interval -3.00 to -1.00 USD.");
        assert!(said(1.0, -1.0, 3.0).ends_with("about 4.0 hours of such data are needed."));
        assert!(said(-1.0, -9.0, 2.0).ends_with("about 9.0 hours of such data are needed."));
        assert!(verdict(&i(1.0, None, None), 60.0).starts_with("too short"));
    }

    #[test]
    fn a_run_of_nothing_says_so() {
        let all = sentences(&Model::empty());
        assert_eq!(all.len(), 2);
        assert!(all[0].contains("no coin") && all[1].contains("no account"), "{all:?}");
    }
}
