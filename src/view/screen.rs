//! The whole screen: head, coins, fills, foot.
//!
//! In: a [`Snapshot`], a size, which coin comes first. Out: a [`Canvas`]. Cold path.
//!
//! ```text
//!  head      two lines: run and time; feed, hot thread, journal
//!  coins     as many in detail as fit, from the chosen one on; the others a line each
//!  fills     newest first, in what is left
//!  foot      keys, or what is wrong
//! ```

use super::canvas::{Canvas, Ink};
use super::coin;
use super::parts::{gain, profit, rule, span};
use crate::app::status::{CoinStatus, LastFill};
use crate::ops::health;
use crate::ops::snapshot::Snapshot;
use crate::telemetry::counters::Counter;
use crate::telemetry::latency::Stage;
use crate::units::{Mid2, Ns, Side, decimal};

/// Lines of the head and of the foot.
const HEAD: usize = 2;
const FOOT: usize = 1;
/// Lines kept for fills, with their title.
const FILLS: usize = 2;

/// What the person chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The coin that comes first; counts on beyond the last one.
    pub first: usize,
    /// What the keys do.
    pub keys: String,
}

/// Draws a snapshot.
#[must_use]
pub fn draw(s: &Snapshot, choice: &Choice, width: usize, height: usize) -> Canvas {
    let mut c = Canvas::new(width, height);
    head(&mut c, s);
    let coins = &s.status.coins;
    // A blank stands between two columns.
    let widest = coins.iter().map(coin::least_width).max().unwrap_or(width);
    let columns = ((width + 1) / (widest + 1)).max(1);
    let room = height.saturating_sub(HEAD + FOOT + FILLS);
    let detailed = fit(coins.len(), columns, room);
    let order: Vec<&CoinStatus> =
        (0..coins.len()).map(|i| &coins[(choice.first + i) % coins.len()]).collect();
    let mut y = HEAD;
    for row in order[..detailed].chunks(columns) {
        let wide = width / row.len();
        for (i, coin) in row.iter().enumerate() {
            let end = if i + 1 == row.len() { width } else { (i + 1) * wide - 1 };
            coin::draw(&mut c, s, coin, (i * wide, y, end));
        }
        y += coin::HEIGHT;
    }
    for coin in &order[detailed..] {
        line(&mut c, y, coin);
        y += 1;
    }
    fills(&mut c, s, y);
    foot(&mut c, s, choice);
    c
}

/// How many of `n` coins fit in detail into `room` lines, the others taking a line each.
fn fit(n: usize, columns: usize, room: usize) -> usize {
    let lines = |detailed: usize| detailed.div_ceil(columns) * coin::HEIGHT + (n - detailed);
    (1..=n).rev().find(|d| lines(*d) <= room).unwrap_or(n.min(1))
}

fn head(c: &mut Canvas, s: &Snapshot) {
    let (st, session) = (&s.status, &s.session);
    let x = c.put(0, 0, Ink::Bold, "papermaker");
    let speed = if session.speed > 1 { format!(" ×{}", session.speed) } else { String::new() };
    let text = format!(" {}  {}  {}{speed}", session.version, session.run, session.venue);
    c.put(x, 0, Ink::Dim, &text);
    let up = st.link.is_some_and(|l| l.value.up);
    let (ink, word) = match (st.ended, up, st.link) {
        (true, ..) => (Ink::Warn, "ended".to_owned()),
        (_, true, _) => (Ink::Good, "link up".to_owned()),
        (_, false, Some(l)) => (Ink::Bad, format!("link down {}", span(s.age_s(l.at)))),
        (_, false, None) => (Ink::Warn, "connecting".to_owned()),
    };
    let length = session.length_ns.map(|ns| format!(" of {}", clock(s.real_s(ns))));
    let time = format!("{}{}  ", clock(s.uptime_s()), length.unwrap_or_default());
    let right = time.chars().count() + word.chars().count();
    let x = c.put(c.width().saturating_sub(right), 0, Ink::Plain, &time);
    c.put(x, 0, ink, &word);
    let n = |counter| st.counters.value(counter);
    let whole = st.latency[Stage::Whole as usize];
    let rejects =
        [Counter::RejectsJson, Counter::RejectsShape, Counter::RejectsValue, Counter::RejectsOther];
    let rejects: u64 = rejects.into_iter().map(n).sum();
    let dropped = n(Counter::RecordsDropped) + n(Counter::RawDropped);
    let queue = st.queue.0 * 100 / crate::limits::QUEUE_RECORDS;
    let mut x = 0;
    for (ink, text) in [
        (Ink::Plain, format!("{} frames", n(Counter::Frames))),
        (alarm(rejects), format!("{rejects} rejected")),
        (Ink::Plain, format!("{} reconnects", n(Counter::LinkUp).saturating_sub(1))),
        (Ink::Plain, format!("hot p50 {} p99 {}", short_ns(whole.p50), short_ns(whole.p99))),
        (alarm(dropped), format!("{dropped} dropped")),
        (alarm(u64::from(queue > 25)), format!("queue {queue} %")),
        (Ink::Plain, ping(n(Counter::PingNsLast))),
        (Ink::Plain, format!("max {}", short_ns(whole.max))),
        (Ink::Plain, format!("journal {} KB", st.journal_bytes / 1000)),
        (Ink::Plain, format!("{} records", st.records)),
    ] {
        if x + text.chars().count() > c.width() {
            break;
        }
        x = c.put(x, 1, ink, &text) + 2;
    }
}

/// The newest round trip of a heartbeat.
fn ping(ns: u64) -> String {
    if ns == 0 { "ping -".into() } else { format!("ping {}", short_ns(ns)) }
}

/// A coin that is not shown in detail.
fn line(c: &mut Canvas, y: usize, coin: &CoinStatus) {
    let best = |side: Side| {
        let ladder = coin.ladder[side.index()].as_ref().and_then(|l| l.levels.first());
        ladder.map_or_else(|| "-".into(), |(px, _)| decimal::format(px.0, 0))
    };
    let name = coin.name().unwrap_or_default();
    let x = c.put(1, y, Ink::Bold, &format!("{name:<6}"));
    let (bid, ask) = (best(Side::Buy), best(Side::Sell));
    let x = c.put(x, y, Ink::Bid, &format!("{bid:>9}"));
    let x = c.put(x, y, Ink::Plain, " ");
    let x = c.put(x, y, Ink::Ask, &format!("{ask:<9}"));
    let result = coin.account[0].as_ref().map_or(0.0, |a| profit(a).to_f64());
    let x = c.put(x, y, gain(result), &format!(" {result:>+10.4} USD"));
    let word = coin.earns.verdict(None).map_or("UNKNOWN", |v| v.word.text());
    let text = format!(" {:>4} fills {word:<12} ", coin.fills[0]);
    let x = c.put(x, y, Ink::Plain, &text);
    c.put(x, y, coin::health_ink(coin), coin.health.value.text());
}

fn fills(c: &mut Canvas, s: &Snapshot, y: usize) {
    let bottom = c.height().saturating_sub(FOOT);
    if y >= bottom {
        return;
    }
    rule(c, y, 0, c.width(), "fills");
    if s.status.fills.is_empty() {
        c.put(1, y + 1, Ink::Dim, "none yet");
    }
    for (fill, y) in s.status.fills.iter().rev().zip(y + 1..bottom) {
        one_fill(c, y, s, fill);
    }
}

fn one_fill(c: &mut Canvas, y: usize, s: &Snapshot, f: &LastFill) {
    let name = s.status.coins.get(f.coin.index()).and_then(CoinStatus::name).unwrap_or_default();
    let (ink, word) = match f.fill.side {
        Side::Buy => (Ink::Bid, "bought"),
        Side::Sell => (Ink::Ask, "sold"),
    };
    let x = c.put(1, y, Ink::Dim, &time(f.at));
    let x = c.put(x, y, Ink::Plain, &format!("  {name:<6}"));
    let x = c.put(x, y, ink, &format!(" {word:<6}"));
    let (px, sz) = (decimal::format(f.fill.px.0, 0), decimal::format(f.fill.sz.0, 0));
    let x = c.put(x, y, Ink::Plain, &format!(" {sz:>10} at {px:<10}"));
    let edge = edge_bps(&f.fill);
    let x = c.put(x, y, gain(edge), &format!(" {edge:>+6.2} bps"));
    let age = span(Ns::seconds(f.fill.age));
    c.put(
        x,
        y,
        Ink::Dim,
        &format!("  {}, level {}, {age} old", f.fill.reason.text(), f.fill.level),
    );
}

/// Distance to mid at the fill, basis points, in our favour.
fn edge_bps(f: &crate::record::Fill) -> f64 {
    let mid = f.mid.to_f64();
    if mid <= 0.0 {
        return 0.0;
    }
    let sign = if f.side == Side::Buy { 1.0 } else { -1.0 };
    sign * (f.mid.to_f64() - Mid2::of(f.px).to_f64()) / mid * 1e4
}

fn foot(c: &mut Canvas, s: &Snapshot, choice: &Choice) {
    let Some(y) = c.height().checked_sub(1) else { return };
    let verdict = health::judge(s);
    let blank = " ".repeat(c.width());
    c.put(0, y, Ink::Plain, &blank);
    let end = match verdict.reasons.first() {
        Some((_, why)) => c.put(0, y, Ink::Bad, why),
        None => c.put(0, y, Ink::Dim, &choice.keys),
    };
    let requests = s.status.requests.map_or_else(String::new, |r| r.short());
    if let Some(x) = c.width().checked_sub(requests.chars().count()).filter(|x| *x > end + 1) {
        c.put(x, y, Ink::Dim, &requests);
    }
}

fn alarm(n: u64) -> Ink {
    if n == 0 { Ink::Plain } else { Ink::Warn }
}

/// `mm:ss`, or `h:mm:ss`.
fn clock(s: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "for display; saturates")]
    let s = s.max(0.0) as i64;
    if s < 3_600 {
        format!("{:02}:{:02}", s / 60, s % 60)
    } else {
        format!("{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
    }
}

/// The time of day, UTC.
fn time(at: Ns) -> String {
    let ms = at.0.div_euclid(1_000_000).rem_euclid(86_400_000);
    let s = ms / 1_000;
    format!("{:02}:{:02}:{:02}.{:03}", s / 3_600, s / 60 % 60, s % 60, ms % 1_000)
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn short_ns(ns: u64) -> String {
    match ns {
        0..=999 => format!("{ns} ns"),
        1_000..=999_999 => format!("{:.1} µs", ns as f64 / 1e3),
        _ => format!("{:.1} ms", ns as f64 / 1e6),
    }
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
