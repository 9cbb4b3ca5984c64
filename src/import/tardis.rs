//! Tables of tardis.dev: trades, quotes, book snapshots of Hyperliquid.
//!
//! In: rows of CSV. Out: frames as the venue sends them, with when they were received. Cold path.
//!
//! 1. Columns are found by their names. Rows of one message share their receive time.
//! 2. tardis writes symbols in capitals: those that the venue writes as `kPEPE` are written so again.
//! 3. Numbers may have exponents; they are written out digit by digit, never through a float.

use super::kind::Kind;
use super::piece::{Piece, Rank, positive};
use crate::limits::LEVELS_MAX;
use crate::units::Ns;

/// Coins that the venue counts in thousands, by tardis's capitals.
const THOUSANDS: [&str; 7] = ["KPEPE", "KSHIB", "KBONK", "KFLOKI", "KLUNC", "KDOGS", "KNEIRO"];
/// 2015 and 2100, us.
const US_FROM: i64 = 1_420_070_400_000_000;
const US_TO: i64 = 4_102_444_800_000_000;
/// Prices of successive trades that lie further apart are no prices.
const FAR: i64 = 10;

/// Where the columns of a table are.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    kind: Kind,
    exchange: usize,
    symbol: usize,
    timestamp: usize,
    local: usize,
    /// Trades: id, side, price, amount. Quotes: bid price and amount, ask price and amount.
    rest: [usize; 4],
    /// Price and amount of each level, bids first.
    levels: [Vec<(usize, usize)>; 2],
}

/// One row, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) at: Ns,
    pub(super) coin: String,
    /// Price of a trade, 1e-8.
    px: Option<i64>,
    /// A trade without a number.
    numberless: bool,
    /// Content of the frame.
    body: String,
}

impl Columns {
    /// Columns by the head of a table.
    pub(super) fn of(kind: Kind, head: &[u8]) -> Result<Columns, String> {
        let head = String::from_utf8_lossy(head);
        let names: Vec<&str> = head.split(',').collect();
        let at = |name: &str| {
            let place = names.iter().position(|n| *n == name);
            place.ok_or_else(|| format!("the table has no column `{name}`"))
        };
        let rest = match kind {
            Kind::TardisTrades => [at("id")?, at("side")?, at("price")?, at("amount")?],
            Kind::TardisQuotes => {
                [at("bid_price")?, at("bid_amount")?, at("ask_price")?, at("ask_amount")?]
            }
            _ => [0; 4],
        };
        let side = |name: &str| {
            let level = |i: usize| {
                Some((
                    at(&format!("{name}[{i}].price")).ok()?,
                    at(&format!("{name}[{i}].amount")).ok()?,
                ))
            };
            (0..LEVELS_MAX).map_while(level).collect()
        };
        Ok(Columns {
            kind,
            exchange: at("exchange")?,
            symbol: at("symbol")?,
            timestamp: at("timestamp")?,
            local: at("local_timestamp")?,
            rest,
            levels: [side("bids"), side("asks")],
        })
    }

    /// Reads a row. `number` counts trades that have none; `last` is the price of the one before.
    pub(super) fn read(&self, line: &[u8], number: u64, last: Option<i64>) -> Result<Row, String> {
        let line = std::str::from_utf8(line).map_err(|_| "it is not text".to_owned())?;
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |i: usize| cell(&cells, i);
        let exchange = cell(self.exchange)?;
        if exchange != "hyperliquid" {
            return Err(format!("of exchange `{exchange}`: only `hyperliquid` is read"));
        }
        let symbol = cell(self.symbol)?;
        let named = |c: u8| c.is_ascii_alphanumeric() || c == b':' || c == b'-';
        if symbol.is_empty()
            || !symbol.bytes().all(named)
            || symbol.bytes().all(|c| c.is_ascii_digit())
        {
            return Err(format!("`{symbol}` is no symbol"));
        }
        let coin = match THOUSANDS.contains(&symbol) {
            true => format!("k{}", &symbol[1..]),
            false => symbol.to_owned(),
        };
        let time = micros("timestamp", cell(self.timestamp)?)?;
        let at = Ns(micros("local_timestamp", cell(self.local)?)? * 1_000);
        let ms = time / 1_000;
        let row = Row { at, coin, px: None, numberless: false, body: String::new() };
        match self.kind {
            Kind::TardisTrades => self.trade(&cells, row, ms, (number, last)),
            Kind::TardisQuotes => self.quote(&cells, row, ms),
            _ => self.book(&cells, row, ms),
        }
    }

    fn trade(
        &self,
        cells: &[&str],
        row: Row,
        ms: i64,
        (number, last): (u64, Option<i64>),
    ) -> Result<Row, String> {
        let [id, side, price, amount] = self.rest.map(|i| cell(cells, i));
        let side = match side? {
            "buy" => "B",
            "sell" => "A",
            "unknown" => "",
            other => return Err(format!("side `{other}` is none of buy, sell, unknown")),
        };
        let (price, amount) = (plain(price?)?, plain(amount?)?);
        let px = positive("price", &price)?;
        positive("amount", &amount)?;
        if last.is_some_and(|l| px / FAR > l || l / FAR > px) {
            let far = "far from the trade before: are columns swapped?";
            return Err(format!("a price of {price}, {far}"));
        }
        let tid: Option<u64> = id?.parse().ok();
        let coin = &row.coin;
        let body = match side {
            "" => String::new(),
            side => format!(
                "{{\"coin\":\"{coin}\",\"side\":\"{side}\",\"px\":\"{price}\",\"sz\":\"{amount}\",\
                 \"time\":{ms},\"tid\":{}}}",
                tid.unwrap_or(number)
            ),
        };
        Ok(Row { px: Some(px), numberless: tid.is_none(), body, ..row })
    }

    fn quote(&self, cells: &[&str], row: Row, ms: i64) -> Result<Row, String> {
        let [bid, bid_sz, ask, ask_sz] = self.rest.map(|i| cell(cells, i));
        let (bid, ask) = (level(bid?, bid_sz?)?, level(ask?, ask_sz?)?);
        crossed(bid.as_ref(), ask.as_ref())?;
        let side = |l: Option<(i64, String)>| l.map_or("null".to_owned(), |(_, text)| text);
        let (bid, ask, coin) = (side(bid), side(ask), &row.coin);
        let body = format!("\"coin\":\"{coin}\",\"time\":{ms},\"bbo\":[{bid},{ask}]");
        Ok(Row { body, ..row })
    }

    fn book(&self, cells: &[&str], row: Row, ms: i64) -> Result<Row, String> {
        let side = |i: usize| {
            let place = |(px, sz): &(usize, usize)| level(cell(cells, *px)?, cell(cells, *sz)?);
            let all = self.levels[i].iter().map(place);
            all.map_while(Result::transpose).collect::<Result<Vec<_>, String>>()
        };
        let (bids, asks) = (side(0)?, side(1)?);
        ordered(&bids, |a, b| a > b)?;
        ordered(&asks, |a, b| a < b)?;
        crossed(bids.first(), asks.first())?;
        let text = |side: &[(i64, String)]| {
            side.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(",")
        };
        let (bids, asks, coin) = (text(&bids), text(&asks), &row.coin);
        let body = format!("\"coin\":\"{coin}\",\"time\":{ms},\"levels\":[[{bids}],[{asks}]]");
        Ok(Row { body, ..row })
    }

    /// The frame of the rows of one message.
    pub(super) fn piece(&self, rows: &[Row]) -> Option<Piece> {
        let first = rows.first()?;
        let bodies: Vec<&str> =
            rows.iter().map(|r| r.body.as_str()).filter(|b| !b.is_empty()).collect();
        let last = bodies.last()?;
        let (rank, frame) = match self.kind {
            Kind::TardisTrades => {
                let text = format!("{{\"channel\":\"trades\",\"data\":[{}]}}", bodies.join(","));
                (Rank::Trades, text)
            }
            Kind::TardisQuotes => {
                (Rank::Bbo, format!("{{\"channel\":\"bbo\",\"data\":{{{last}}}}}"))
            }
            _ => (Rank::Book, format!("{{\"channel\":\"l2Book\",\"data\":{{{last}}}}}")),
        };
        Some(Piece { at: first.at, rank, coin: first.coin.clone(), frame: frame.into_bytes() })
    }

    /// Whether a row belongs to the message of those before it: trades of one receive time.
    pub(super) fn joins(&self, rows: &[Row], next: &Row) -> bool {
        const MOST: usize = 500;
        self.kind == Kind::TardisTrades
            && rows.len() < MOST
            && rows.first().is_some_and(|r| (r.at, &r.coin) == (next.at, &next.coin))
    }
}

impl Row {
    pub(super) fn px(&self) -> Option<i64> {
        self.px
    }

    pub(super) fn numberless(&self) -> bool {
        self.numberless
    }

    /// A trade whose side is not known: it is left out.
    pub(super) fn sideless(&self) -> bool {
        self.body.is_empty()
    }
}

fn cell<'a>(cells: &[&'a str], i: usize) -> Result<&'a str, String> {
    cells.get(i).copied().ok_or_else(|| format!("{} columns only", cells.len()))
}

fn micros(what: &str, text: &str) -> Result<i64, String> {
    match text.parse() {
        Ok(us @ US_FROM..US_TO) => Ok(us),
        Ok(n) => Err(format!("{what} {n} is not in microseconds since 1970")),
        Err(_) => Err(format!("{what} `{text}` is no whole number of microseconds")),
    }
}

/// A level with its text; none where both cells are empty.
fn level(px: &str, sz: &str) -> Result<Option<(i64, String)>, String> {
    if px.is_empty() && sz.is_empty() {
        return Ok(None);
    }
    let (px, sz) = (plain(px)?, plain(sz)?);
    let at = positive("a price", &px)?;
    positive("an amount", &sz)?;
    Ok(Some((at, format!("{{\"px\":\"{px}\",\"sz\":\"{sz}\",\"n\":0}}"))))
}

fn ordered(side: &[(i64, String)], worse: fn(i64, i64) -> bool) -> Result<(), String> {
    match side.windows(2).find(|w| !worse(w[0].0, w[1].0)) {
        Some(w) => Err(format!("levels out of order at {}: are columns swapped?", w[1].1)),
        None => Ok(()),
    }
}

fn crossed(bid: Option<&(i64, String)>, ask: Option<&(i64, String)>) -> Result<(), String> {
    match (bid, ask) {
        (Some((bid, _)), Some((ask, _))) if bid >= ask => {
            Err("the best bid is not below the best ask: are columns swapped?".to_owned())
        }
        _ => Ok(()),
    }
}

/// A decimal without its exponent: `1.5e-05` is `0.000015`.
fn plain(text: &str) -> Result<String, String> {
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else { return Ok(text.to_owned()) };
    let wrong = || format!("`{text}` is no number");
    let exponent: i32 = exponent.parse().map_err(|_| wrong())?;
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part}");
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) || exponent.abs() > 30 {
        return Err(wrong());
    }
    let point = i32::try_from(whole.len()).unwrap_or(0) + exponent;
    let at = usize::try_from(point.max(0)).unwrap_or(0);
    let zeros = usize::try_from(-point.min(0)).unwrap_or(0);
    let all = format!("{}{all}", "0".repeat(zeros));
    let all = format!("{all}{}", "0".repeat(at.saturating_sub(all.len())));
    let (whole, part) = all.split_at(at);
    let whole = whole.trim_start_matches('0');
    let (whole, part) = (if whole.is_empty() { "0" } else { whole }, part.trim_end_matches('0'));
    Ok(if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_written_out() {
        for (text, want) in [
            ("1.5e-05", "0.000015"),
            ("1e-8", "0.00000001"),
            ("12.50", "12.50"),
            ("1.25e2", "125"),
            ("1.2345E2", "123.45"),
            ("0e-1", "0"),
        ] {
            assert_eq!(plain(text).as_deref(), Ok(want));
        }
        for text in ["e5", "1e", "1e99", "x1e2", "-1e2"] {
            assert!(plain(text).is_err(), "{text}");
        }
    }
}
