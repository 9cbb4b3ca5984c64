//! The whole screen: head, coins, fills, foot.
//!
//! In: a [`Snapshot`], a size, which coin comes first. Out: a [`Canvas`]. Cold path.
//!
//! ```text
//!  head      three lines: run and time; feed, hot thread, journal; all coins together
//!  coins     as many in detail as fit, from the chosen one on; the others a line each
//!  fills     newest first, in what is left
//!  foot      keys, or what is wrong
//! ```
//! 1. Every time on it is the market's.

use super::canvas::{Canvas, Ink};
use super::coin;
use super::parts::{gain, rule, span};
use crate::app::status::{CoinStatus, LastFill};
use crate::limits::{QUEUE_RECORDS, TRENDS_MAX, queue_for};
use crate::ops::health;
use crate::ops::snapshot::Snapshot;
use crate::record::Account;
use crate::telemetry::counters::Counter;
use crate::telemetry::latency::Stage;
use crate::units::{Mid2, Ns, Side, decimal};

/// Lines of the head and of the foot.
const HEAD: usize = 3;
const FOOT: usize = 1;
/// Lines kept for fills, with their title.
const FILLS: usize = 2;
/// Least and most columns of a trend.
const TRENDS: [usize; 2] = [6, 24];

/// What the person chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The coin that comes first; counts on beyond the last one.
    pub first: usize,
    /// That coin alone.
    pub alone: bool,
    /// What the keys do, in full, instead of the fills.
    pub help: bool,
    /// The foot asks whether to do what `q` does.
    pub asks: bool,
    /// What `q` does.
    pub end: String,
}

/// What the result and the positions were, oldest first: of the pictures so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// Result of all coins, USD.
    pub result: Vec<f64>,
    /// Value of all positions, signs kept, USD.
    pub position: Vec<f64>,
}

impl Trend {
    /// Takes a picture's state; of many, every second one goes.
    pub fn take(&mut self, s: &Snapshot) {
        let (result, position) = sums(s);
        for (all, x) in [(&mut self.result, result), (&mut self.position, position)] {
            if all.len() >= TRENDS_MAX {
                let mut keep = false;
                all.retain(|_| {
                    keep = !keep;
                    keep
                });
            }
            all.push(x);
        }
    }
}

/// Result and value of the positions of all coins, USD.
fn sums(s: &Snapshot) -> (f64, f64) {
    let accounts = || s.status.coins.iter().filter_map(|c| c.account[0].as_ref());
    let held = |a: &Account| a.position.to_f64() * a.mark.to_f64();
    (accounts().map(|a| a.profit().to_f64()).sum(), accounts().map(held).sum())
}

/// Draws a snapshot.
pub fn draw(s: &Snapshot, trend: &Trend, choice: &Choice, width: usize, height: usize) -> Canvas {
    let mut c = Canvas::new(width, height);
    head(&mut c, s);
    totals(&mut c, s, trend);
    let coins = &s.status.coins;
    // A blank stands between two columns.
    let widest = coins.iter().map(coin::least_width).max().unwrap_or(width);
    let columns = if choice.alone { 1 } else { ((width + 1) / (widest + 1)).max(1) };
    let room = height.saturating_sub(HEAD + FOOT + FILLS);
    let shown = if choice.alone { coins.len().min(1) } else { coins.len() };
    let detailed = fit(shown, columns, room);
    let order: Vec<&CoinStatus> =
        (0..shown).map(|i| &coins[(choice.first + i) % coins.len()]).collect();
    let rows = order[..detailed].iter().map(|c| coin::rows_of(c)).max().unwrap_or(0);
    let deep = deepest(shown, detailed, columns, room).min(rows.max(coin::ROWS[0]));
    let mut y = HEAD;
    for row in order[..detailed].chunks(columns) {
        let wide = width / row.len();
        for (i, coin) in row.iter().enumerate() {
            let end = if i + 1 == row.len() { width } else { (i + 1) * wide - 1 };
            coin::draw(&mut c, s, coin, (i * wide, y, end), deep);
        }
        y += coin::height(deep);
    }
    let lines = &order[detailed..];
    let fitting = (HEAD + room).saturating_sub(y);
    let listed = if lines.len() > fitting { fitting.saturating_sub(1) } else { lines.len() };
    for coin in &lines[..listed] {
        line(&mut c, y, coin);
        y += 1;
    }
    if listed < lines.len() {
        let text = format!("+{} more: tab shows the next one first", lines.len() - listed);
        c.put(1, y, Ink::Warn, &text);
        y += 1;
    }
    if choice.help {
        help(&mut c, y)
    } else {
        fills(&mut c, s, y)
    }
    foot(&mut c, s, choice);
    c
}

/// How many of `n` coins fit in detail into `room` lines, the others taking a line each.
fn fit(n: usize, columns: usize, room: usize) -> usize {
    let one = coin::height(coin::ROWS[0]);
    let lines = |detailed: usize| detailed.div_ceil(columns) * one + (n - detailed);
    (1..=n).rev().find(|d| lines(*d) <= room).unwrap_or(n.min(1))
}

/// Prices of a side for which there is room; half of what is left stays for fills.
fn deepest(n: usize, detailed: usize, columns: usize, room: usize) -> usize {
    let rows = detailed.div_ceil(columns).max(1);
    let [least, most] = coin::ROWS;
    let left = room.saturating_sub(rows * coin::height(least) + (n - detailed));
    (least + left / 2 / rows / 2).min(most)
}

/// All coins together: result, an hour, positions, fills, and how the first two went.
fn totals(c: &mut Canvas, s: &Snapshot, trend: &Trend) {
    let (result, position) = sums(s);
    let fills: u64 = s.status.coins.iter().map(|c| c.fills[0]).sum();
    let hours = Ns::seconds(s.now.since(s.session.started)) / 3_600.0;
    let x = c.put(0, 2, Ink::Bold, "all");
    let x = c.put(x, 2, gain(result), &format!(" {result:+.2} USD"));
    let hourly = if hours > 0.01 { format!(" {:+.2}/h", result / hours) } else { String::new() };
    let x = c.put(x, 2, Ink::Dim, &format!("{hourly}  {fills} fills  position {position:+.0} USD"));
    let mut x = x + 2;
    // Both where there is room for a few bars of each, else the result alone.
    let room = c.width().saturating_sub(x);
    let both = room.saturating_sub(18) / 2 >= TRENDS[0];
    let bars = if both { room.saturating_sub(18) / 2 } else { room.saturating_sub(7) };
    let trends = [("result ", &trend.result), ("position ", &trend.position)];
    for (name, all) in trends.into_iter().take(if both { 2 } else { 1 }) {
        if bars < TRENDS[0] || all.len() < 2 {
            break;
        }
        x = c.put(x, 2, Ink::Dim, name);
        x = c.put(x, 2, Ink::Plain, &spark(all, bars.min(TRENDS[1]))) + 2;
    }
}

/// Values as a row of so many bars at most, oldest first.
fn spark(all: &[f64], bars: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (lo, hi) =
        all.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
    let n = all.len().min(bars);
    let bar = |i: usize| {
        let x = all[(i * all.len() + all.len() - 1) / n.max(1)];
        let share = if hi > lo { (x - lo) / (hi - lo) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 7")]
        let at = (share * 7.0).round() as usize;
        BARS[at.min(7)]
    };
    (0..n).map(bar).collect()
}

/// What the keys do, in the place of the fills, and of what is above them where that is too little.
fn help(c: &mut Canvas, y: usize) {
    let rows = [
        "tab, right  the next coin first     left      the one before",
        "1 to 9      that coin first         enter, f  that coin alone, and back",
        "?, h        these keys, and back    q         asks, then ends",
        "want, resting: sizes wanted, and in the book. queue: coins before an order",
        "few/most: result with the fewest and the most fills. Times: the market's",
    ];
    let bottom = c.height().saturating_sub(FOOT);
    let y = y.min(bottom.saturating_sub(rows.len() + 1));
    rule(c, y, 0, c.width(), "keys");
    for (text, y) in rows.iter().zip(y + 1..bottom) {
        c.put(0, y, Ink::Plain, &format!(" {text:<0$}", c.width()));
    }
}

fn head(c: &mut Canvas, s: &Snapshot) {
    let (st, session) = (&s.status, &s.session);
    let x = c.put(0, 0, Ink::Bold, "papermaker");
    let speed = if session.speed > 1 { format!(" ×{}", session.speed) } else { String::new() };
    let text = format!(" {}  {}  ", session.version, session.run);
    let x = c.put(x, 0, Ink::Dim, &text);
    let (ink, venue) = match session.venue.as_str() {
        "embedded" => (Ink::Warn, "SIMULATED"),
        venue => (Ink::Dim, venue),
    };
    let x = c.put(x, 0, ink, venue);
    c.put(x, 0, Ink::Dim, &speed);
    let up = st.link.is_some_and(|l| l.value.up);
    let (ink, word) = match (st.ended, up, st.link) {
        (true, ..) => (Ink::Warn, "ended".to_owned()),
        (_, true, _) => (Ink::Good, "link up".to_owned()),
        (_, false, Some(l)) => (Ink::Bad, format!("link down {}", span(s.market_age_s(l.at)))),
        (_, false, None) => (Ink::Warn, "connecting".to_owned()),
    };
    let length = session.length_ns.map(|ns| format!(" of {}", clock(Ns::seconds(ns))));
    let time = format!(
        "{}{}  ",
        clock(Ns::seconds(s.now.since(s.session.started))),
        length.unwrap_or_default()
    );
    let right = time.chars().count() + word.chars().count();
    let x = c.put(c.width().saturating_sub(right), 0, Ink::Plain, &time);
    c.put(x, 0, ink, &word);
    let n = |counter| st.counters.value(counter);
    let whole = st.latency[Stage::Whole as usize];
    let rejects =
        [Counter::RejectsJson, Counter::RejectsShape, Counter::RejectsValue, Counter::RejectsOther];
    let rejects: u64 = rejects.into_iter().map(n).sum();
    let dropped = n(Counter::RecordsDropped) + n(Counter::RawDropped);
    let room = queue_for(st.coins.len().max(1), QUEUE_RECORDS);
    let queue = st.queue.0 * 100 / room;
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
    let result = coin.account[0].as_ref().map_or(0.0, |a| a.profit().to_f64());
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
        _ if choice.asks => {
            c.put(0, y, Ink::Warn, &format!("{}? y: yes, any other key: no", choice.end))
        }
        Some((_, why)) => c.put(0, y, Ink::Bad, why),
        // One picture, which no key changes.
        None if choice.end.is_empty() => 0,
        None => {
            c.put(0, y, Ink::Dim, &format!("tab: next coin  f: alone  ?: help  q: {}", choice.end))
        }
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
