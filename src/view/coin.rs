//! A coin in detail: ladder at the left, what it earns and knows at the right, obstacles below.
//!
//! In: a coin's status, a rectangle. Out: characters on a [`Canvas`]. Cold path.
//!
//! 1. A row of the ladder is a price: what is wanted there, what rests there, and in which state.
//! 2. `queue` is the volume before the order when it went live, in coins.

use super::canvas::{Canvas, Ink};
use super::parts::{gain, rule, span};
use crate::app::status::CoinStatus;
use crate::ops::snapshot::Snapshot;
use crate::record::{Guard, Health, Lane, OrderState, REGIMES, StrategyNames};
use crate::units::{Cash, Ns, Px, Side, Sz, decimal};

/// Prices of a side, where there is little room and where there is much.
pub(super) const ROWS: [usize; 2] = [5, 20];

/// Lines with so many prices of a side: title, head, asks, market, bids, two obstacles.
pub(super) fn height(rows: usize) -> usize {
    1 + 1 + rows + 1 + rows + 2
}

/// Columns of a price, with the blank before it, where there is room.
const PRICE: usize = 10;
/// Columns of the ladder beside the price.
const LADDER: usize = 33;
/// Columns of a label and of the longest fact that is not shortened.
const LABEL: usize = 11;
const FACT: usize = 17;

/// Left, top, the column after the right edge.
type Place = (usize, usize, usize);

/// One price of the ladder.
struct Row {
    px: Px,
    asked: Option<Sz>,
    works: Option<(Sz, OrderState, Sz)>,
}

/// Columns that a coin in detail needs at least: its prices may be short.
pub(super) fn least_width(coin: &CoinStatus) -> usize {
    longest_price(coin) + 1 + LADDER + 1 + LABEL + FACT
}

/// Prices of a coin's longer side.
pub(super) fn rows_of(coin: &CoinStatus) -> usize {
    [Side::Sell, Side::Buy].into_iter().map(|side| rows(coin, side).len()).max().unwrap_or(0)
}

/// Characters of the longest price shown, of the head's word at least.
fn longest_price(coin: &CoinStatus) -> usize {
    let rows = [Side::Sell, Side::Buy].into_iter().flat_map(|side| rows(coin, side));
    let longest = rows.map(|r| decimal::format(r.px.0, 0).chars().count()).max();
    longest.unwrap_or(0).max("price".len())
}

/// Draws a coin with so many prices of a side.
pub(super) fn draw(c: &mut Canvas, s: &Snapshot, coin: &CoinStatus, at: Place, deep: usize) {
    let (x, y, end) = at;
    let name = coin.name().unwrap_or_else(|| "?".into());
    let [fills, low, high] = coin.fills;
    rule(c, y, x, end, &format!("{name}  {fills} fills ({low} to {high})"));
    let held = span(Ns::seconds(s.now.since(coin.health.at)));
    let text = format!("{} book {} for {held} ", feed(coin), coin.health.value.text());
    let from = end.saturating_sub(text.chars().count() + 1).max(x);
    c.put_within(from, y, end, health_ink(coin), &text);
    let spare = (end - x).saturating_sub(least_width(coin));
    let price = (longest_price(coin) + 1 + spare).min(PRICE);
    ladder(c, coin, (price, deep), (x, y + 1, end.min(x + price + LADDER)));
    facts(c, coin, &s.status.strategy, (x + price + LADDER + 1, y + 1, end));
    for (i, side) in [Side::Sell, Side::Buy].into_iter().enumerate() {
        obstacle(c, s, coin, side, (x, y + height(deep) - 2 + i, end));
    }
}

pub(super) fn health_ink(coin: &CoinStatus) -> Ink {
    match coin.health.value {
        Health::Fresh => Ink::Good,
        Health::Empty => Ink::Warn,
        _ => Ink::Bad,
    }
}

/// How far the feed lags, and which of its streams are stale.
fn feed(coin: &CoinStatus) -> String {
    let Some(f) = &coin.feed else { return String::new() };
    let lag =
        if f.lag >= 0 { format!(" lag {},", span(Ns::seconds(f.lag))) } else { String::new() };
    let stale = [
        (f.stale_bbo, " bbo stale,"),
        (f.stale_fast, " fast stale,"),
        (f.stale_slow, " full stale,"),
    ];
    let stale: String = stale.iter().filter(|s| s.0).map(|s| s.1).collect();
    lag + &stale
}

fn ladder(c: &mut Canvas, coin: &CoinStatus, (price, deep): (usize, usize), (x, y, end): Place) {
    let head = format!("{:>price$}    want resting state   queue", "price");
    c.put_within(x, y, end, Ink::Dim, &head);
    let (asks, bids) = (rows(coin, Side::Sell), rows(coin, Side::Buy));
    for (i, row) in asks.iter().take(deep).enumerate() {
        one_row(c, row, Ink::Ask, price, (x, y + deep - i, end));
    }
    market(c, coin, (x, y + deep + 1, end));
    for (i, row) in bids.iter().take(deep).enumerate() {
        one_row(c, row, Ink::Bid, price, (x, y + deep + 2 + i, end));
    }
}

/// The prices of a side where something is asked or works, nearest first.
fn rows(coin: &CoinStatus, side: Side) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    if let Some(l) = &coin.ladder[side.index()] {
        for (px, sz) in &l.levels {
            rows.push(Row { px: *px, asked: Some(*sz), works: None });
        }
    }
    for o in coin.orders.iter().map(|o| o.value).filter(|o| o.side == side) {
        let works = Some((o.open, o.state, o.ahead));
        match rows.iter_mut().find(|r| r.px == o.px && r.works.is_none()) {
            Some(row) => row.works = works,
            None => rows.push(Row { px: o.px, asked: None, works }),
        }
    }
    rows.sort_by_key(|r| if side == Side::Sell { r.px.0 } else { -r.px.0 });
    rows
}

fn one_row(c: &mut Canvas, row: &Row, ink: Ink, price: usize, (x, y, end): Place) {
    let size = |s: Option<Sz>| s.map_or_else(|| "·".into(), |s| size(s, 7));
    let x = c.put_within(x, y, end, ink, &format!("{:>price$}", decimal::format(row.px.0, 0)));
    let x = c.put_within(x, y, end, Ink::Plain, &format!(" {:>7}", size(row.asked)));
    let works = size(row.works.map(|w| w.0));
    let (word, ahead) = match row.works {
        None => ("none", String::new()),
        Some((_, OrderState::Sent, _)) => ("sent", String::new()),
        Some((_, OrderState::Live, ahead)) => ("live", self::size(ahead, 7)),
        Some((_, OrderState::CancelSent, ahead)) => ("cancel", self::size(ahead, 7)),
        Some((_, state, _)) => (state.text(), String::new()),
    };
    let agrees = row.asked == row.works.map(|w| w.0) && word == "live";
    let mark = if agrees { Ink::Good } else { Ink::Warn };
    let x = c.put_within(x, y, end, Ink::Plain, &format!(" {works:>7} "));
    let x = c.put_within(x, y, end, mark, &format!("{word:<7}"));
    c.put_within(x, y, end, Ink::Dim, &format!(" {ahead:>7}"));
}

/// A size in at most `width` columns.
fn size(s: Sz, width: usize) -> String {
    let text = decimal::format(s.0, 0);
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width).collect::<String>().trim_end_matches('.').to_owned()
}

fn market(c: &mut Canvas, coin: &CoinStatus, (x, y, end): Place) {
    let Some(m) = &coin.market else { return };
    let x = c.put_within(x, y, end, Ink::Dim, "──");
    let (bid, ask) = (decimal::format(m.bid.0, 0), decimal::format(m.ask.0, 0));
    let x = c.put_within(x, y, end, Ink::Bid, &format!(" {bid}"));
    let x = c.put_within(x, y, end, Ink::Dim, " market ");
    let x = c.put_within(x, y, end, Ink::Ask, &format!("{ask} "));
    let mid = (m.bid.to_f64() + m.ask.to_f64()) / 2.0;
    if mid > 0.0 {
        let wide = (m.ask.to_f64() - m.bid.to_f64()) / mid * 1e4;
        c.put_within(x, y, end, Ink::Dim, &format!("{wide:.2} bps "));
    }
}

fn facts(c: &mut Canvas, coin: &CoinStatus, names: &StrategyNames, (x, y, end): Place) {
    let mut line = 0;
    let mut put = |c: &mut Canvas, label: &str, ink: Ink, text: &str| {
        c.put_within(x, y + line, end, Ink::Dim, label);
        c.put_within(x + LABEL, y + line, end, ink, text);
        line += 1;
    };
    let zero = 0.0;
    let a = coin.account[0].as_ref();
    let position = a.map_or(Sz(0), |a| a.position);
    let term = |column| coin.terms.as_ref().and_then(|t| names.value(t, column));
    let lots = term("lots").unwrap_or(zero);
    let text = decimal::format(position.0, 0);
    let short = format!("{text} ({lots:+.1})");
    let long = format!("{text} ({lots:+.1} lots)");
    let text = if x + LABEL + long.chars().count() <= end { long } else { short };
    put(c, "position", gain_of(position), &text);
    let total = a.map_or(zero, |a| a.profit().to_f64());
    put(c, "result", gain(total), &format!("{total:+.4} USD"));
    for (label, part) in [
        (" spread", a.map(|a| a.spread)),
        (" adverse", a.map(|a| a.adverse)),
        (" inventory", a.map(|a| a.inventory)),
        (" fees", a.map(|a| a.fees + a.funding)),
    ] {
        let usd = part.map_or(zero, |p| Cash(p).to_f64());
        put(c, label, Ink::Plain, &format!("{usd:+10.4}"));
    }
    let of =
        |lane: Lane| coin.account[lane as usize].as_ref().map_or(zero, |a| a.profit().to_f64());
    let (low, high) = (of(Lane::Pessimistic), of(Lane::Optimistic));
    put(c, "few/most", Ink::Plain, &format!("{low:+.2} / {high:+.2}"));
    if let Some(half) = term("half_bps") {
        let sigma = coin.estimates.as_ref().map_or(zero, |e| e.sigma_bps);
        put(c, "half sigma", Ink::Plain, &format!("{half:.2}, {sigma:.2} bps"));
    }
    if let Some(r) = &coin.regimes {
        let first = REGIMES.iter().zip(r.p).max_by(|a, b| a.1.total_cmp(&b.1));
        let (name, p) = first.unwrap_or((&"?", zero));
        let ink = if matches!(*name, "volatile" | "cascade") { Ink::Warn } else { Ink::Plain };
        put(c, "regime", ink, &format!("{name} {:.0} %", p * 100.0));
    }
    let word = coin.earns.verdict(None).map_or("UNKNOWN", |v| v.word.text());
    let ink = if word.ends_with("PAYS") { Ink::Good } else { Ink::Warn };
    put(c, "would earn", ink, word);
}

fn gain_of(position: Sz) -> Ink {
    match position.0 {
        0 => Ink::Plain,
        1.. => Ink::Bid,
        _ => Ink::Ask,
    }
}

/// The first obstacle of a side, how long it holds, and its sentence where there is room.
fn obstacle(c: &mut Canvas, s: &Snapshot, coin: &CoinStatus, side: Side, (x, y, end): Place) {
    let (ink, word) = if side == Side::Sell { (Ink::Ask, "ask ") } else { (Ink::Bid, "bid ") };
    let x = c.put_within(x, y, end, ink, word);
    if coin.ladder[side.index()].is_none() {
        c.put_within(x, y, end, Ink::Dim, "not asked yet");
        return;
    }
    let guard = coin.guard[side.index()];
    let held = span(s.market_age_s(guard.at));
    if guard.value == Guard::None {
        c.put_within(x, y, end, Ink::Good, &format!("quoted for {held}"));
        return;
    }
    let x = c.put_within(
        x,
        y,
        end,
        Ink::Warn,
        &format!("{} for {held}", guard.value.text().replace('_', " ")),
    );
    c.put_within(x, y, end, Ink::Dim, &format!(": {}", guard.value.sentence()));
}
