//! Messages of the venue, whole and damaged, through both parsers and a model on serde_json.
//!
//! In: bytes, as a message or as choices of a grammar. Out: a panic that says which law broke. Cold.
//!
//! Laws:
//! 1. Both parsers say the same of any bytes, whatever they read before.
//! 2. What is accepted is JSON, and serde_json reads the same from it.
//! 3. Accepted prices and sizes are positive, sides of a book in order.

use std::cell::RefCell;

use serde_json::Value;

use super::bytes::Bytes;
use crate::event::{Bbo, Ctx, Level, Levels, Snapshot, Trade};
use crate::feed::{CoinSpec, Coins, Decoded, Decoder, Parser, Reject};
use crate::limits::LEVELS_MAX;
use crate::units::{CoinId, Ns, Px, Side, Sz};

/// Everything a decoder says of one message.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A message without content of its own.
    Plain(Decoded),
    /// Trades.
    Trades(CoinId, Vec<Trade>),
    /// A book.
    Book(CoinId, Box<Snapshot>),
    /// Best bid and offer.
    Bbo(CoinId, Bbo),
    /// A context.
    Ctx(CoinId, Ctx),
    /// Turned away.
    Rejected(Reject),
}

/// One decoder of each parser, kept across messages as in life: what one leaves behind must not
/// show in the next.
#[derive(Debug)]
pub struct Pair {
    general: Decoder,
    scanner: Decoder,
    /// Messages the scanner read itself.
    pub scanned: u64,
}

impl Default for Pair {
    fn default() -> Pair {
        Pair::new()
    }
}

impl Pair {
    /// Both decoders, for the coins `BTC`, `kPEPE` and `@107`.
    ///
    /// # Panics
    /// Never: the coins are sound.
    #[must_use]
    pub fn new() -> Pair {
        let coins = || {
            let specs = [("BTC", 5), ("kPEPE", 0), ("@107", 2)];
            let specs = specs.map(|(n, d)| CoinSpec::new(n, d).expect("a coin"));
            Coins::new(&specs).expect("coins")
        };
        Pair {
            general: Decoder::new(coins(), Parser::SimdJson),
            scanner: Decoder::new(coins(), Parser::Scanner),
            scanned: 0,
        }
    }

    /// What both say of a message.
    ///
    /// # Panics
    /// If they differ.
    pub fn says(&mut self, message: &[u8]) -> Said {
        let before = self.scanner.handed_over();
        let (a, b) = (say(&mut self.general, message), say(&mut self.scanner, message));
        assert_eq!(a, b, "{}", String::from_utf8_lossy(message));
        self.scanned += u64::from(self.scanner.handed_over() == before);
        a
    }

    /// The same, held against serde_json where it is content.
    ///
    /// # Panics
    /// When a law breaks.
    pub fn judge(&mut self, message: &[u8]) -> Said {
        let said = self.says(message);
        if !matches!(said, Said::Plain(_) | Said::Rejected(_)) {
            let text = String::from_utf8_lossy(message);
            let value: Value = serde_json::from_slice(message).expect("accepted, so it is JSON");
            assert_eq!(self.model(&value).as_ref(), Some(&said), "{text}");
            sound(&said);
        }
        said
    }

    /// What serde_json makes of an accepted message, in the decoder's words.
    fn model(&self, value: &Value) -> Option<Said> {
        let data = &value["data"];
        let coin = |v: &Value| self.general.coins().find(v["coin"].as_str()?.as_bytes());
        match value["channel"].as_str()? {
            "trades" => {
                let prints = data.as_array()?.iter().map(trade).collect::<Option<Vec<_>>>()?;
                Some(Said::Trades(coin(&data[0])?, prints))
            }
            "bbo" => {
                let side = |v: &Value| if v.is_null() { Some(None) } else { level(v).map(Some) };
                let (bid, ask) = (side(&data["bbo"][0])?, side(&data["bbo"][1])?);
                Some(Said::Bbo(coin(data)?, Bbo { time: time(data)?, bid, ask }))
            }
            "l2Book" => {
                let side = |v: &Value| match v.as_array() {
                    Some(all) => all.iter().take(LEVELS_MAX).map(level).collect(),
                    None => v.is_null().then(Levels::new),
                };
                let (bids, asks) = (side(&data["levels"][0])?, side(&data["levels"][1])?);
                let fast = data["fast"] == true;
                let book = Snapshot { time: time(data)?, fast, bids, asks };
                Some(Said::Book(coin(data)?, Box::new(book)))
            }
            "activeAssetCtx" => {
                let ctx = &data["ctx"];
                let funding_e10 = number(&ctx["funding"], 10)?;
                let oracle = Px(number(&ctx["oraclePx"], 8)?);
                Some(Said::Ctx(coin(data)?, Ctx { funding_e10, oracle }))
            }
            _ => None,
        }
    }
}

fn say(decoder: &mut Decoder, message: &[u8]) -> Said {
    match decoder.decode(message) {
        Ok(Decoded::Trades { coin }) => Said::Trades(coin, decoder.prints().to_vec()),
        Ok(Decoded::Book { coin }) => Said::Book(coin, Box::new(decoder.book().clone())),
        Ok(Decoded::Bbo { coin }) => Said::Bbo(coin, *decoder.bbo()),
        Ok(Decoded::Ctx { coin }) => Said::Ctx(coin, *decoder.ctx()),
        Ok(decoded) => Said::Plain(decoded),
        Err(reject) => Said::Rejected(reject),
    }
}

/// A decimal string in units of `10^-decimals`; decimals beyond are cut off.
fn number(v: &Value, decimals: usize) -> Option<i64> {
    let text = v.as_str()?;
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, frac) = digits.split_once('.').unwrap_or((digits, "0"));
    let frac = format!("{frac:0<decimals$}");
    let all: i128 = format!("{whole}{}", &frac[..decimals]).parse().ok()?;
    i64::try_from(all).ok().map(|v| sign * v)
}

/// An integer; minus zero is one, though serde_json takes it for a float.
fn integer(v: &Value) -> Option<u64> {
    let minus_zero = |v: &f64| v.to_bits() == (-0.0f64).to_bits();
    v.as_u64().or_else(|| v.as_f64().filter(minus_zero).map(|_| 0))
}

fn time(v: &Value) -> Option<Ns> {
    Some(Ns::from_ms(i64::try_from(integer(&v["time"])?).ok()?))
}

fn level(v: &Value) -> Option<Level> {
    let n = if v.get("n").is_none() { 0 } else { integer(&v["n"])? };
    let (px, sz) = (Px(number(&v["px"], 8)?), Sz(number(&v["sz"], 8)?));
    Some(Level { px, sz, n: u32::try_from(n).ok()? })
}

fn trade(v: &Value) -> Option<Trade> {
    let head = v["hash"].as_str().and_then(|h| h.strip_prefix("0x")?.get(..16));
    let hex = head.filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
    Some(Trade {
        aggressor: if v["side"] == "B" { Side::Buy } else { Side::Sell },
        px: Px(number(&v["px"], 8)?),
        sz: Sz(number(&v["sz"], 8)?),
        time: time(v)?,
        taker: hex.and_then(|h| u64::from_str_radix(h, 16).ok()).unwrap_or(0),
        tid: integer(&v["tid"])?,
    })
}

/// What nobody behind the wall checks again.
fn sound(said: &Said) {
    let level = |l: &Level| l.px.0 > 0 && l.sz.0 > 0;
    let ok = match said {
        Said::Trades(_, prints) => {
            !prints.is_empty() && prints.iter().all(|p| p.px.0 > 0 && p.sz.0 > 0)
        }
        Said::Bbo(_, b) => b.bid.iter().chain(&b.ask).all(level),
        Said::Book(_, b) => {
            let ordered = |side: Side, l: &Levels| {
                l.iter().zip(l.iter().skip(1)).all(|(a, b)| side.better(a.px, b.px))
            };
            b.bids.iter().chain(&b.asks).all(level)
                && ordered(Side::Buy, &b.bids)
                && ordered(Side::Sell, &b.asks)
        }
        Said::Ctx(_, c) => c.oracle.0 > 0,
        Said::Plain(_) | Said::Rejected(_) => true,
    };
    assert!(ok, "{said:?}");
}

fn text(bytes: &mut Bytes<'_>, alphabet: &[u8], most: usize) -> String {
    let n = bytes.index(most + 1);
    (0..n).map(|_| char::from(bytes.of(alphabet))).collect()
}

fn decimal(bytes: &mut Bytes<'_>) -> String {
    match bytes.below(8) {
        0 => text(bytes, b"0123456789.-+eE", 12),
        1 => format!("{}.{}", bytes.word(), bytes.word()),
        2 => "92233720368.54775807".to_owned(),
        n => format!("{}.{}", bytes.index(40_000), bytes.index(10 + usize::from(n) * 1_000)),
    }
}

fn count(bytes: &mut Bytes<'_>) -> String {
    match bytes.below(8) {
        0 => text(bytes, b"0123456789.-e", 21),
        1 => bytes.word().to_string(),
        2 => bytes.below(9).to_string(),
        _ => format!("1791480{:06}", bytes.index(65_535)),
    }
}

fn coin(bytes: &mut Bytes<'_>) -> String {
    match bytes.below(8) {
        0 => text(bytes, b"BTCkPE@107\"\\u/", 6),
        1 => "DOGE".to_owned(),
        n => ["BTC", "kPEPE", "@107"][usize::from(n) % 3].to_owned(),
    }
}

fn hash(bytes: &mut Bytes<'_>, digits: usize) -> String {
    match bytes.below(6) {
        0 => text(bytes, b"0123456789abcdefABCDEFgx", digits + 3),
        1 => format!("0x{}", "0".repeat(digits)),
        _ => format!("0x{:016x}{}", bytes.word(), "c".repeat(digits - 16)),
    }
}

fn wire_level(bytes: &mut Bytes<'_>, px: &str) -> String {
    format!("{{\"px\":\"{px}\",\"sz\":\"{}\",\"n\":{}}}", decimal(bytes), count(bytes))
}

fn wire_side(bytes: &mut Bytes<'_>, step: i64) -> String {
    let from = 100_000 + bytes.number(100);
    let at = |bytes: &mut Bytes<'_>, i: i64| {
        let odd = if bytes.below(16) == 0 { decimal(bytes) } else { String::new() };
        let px = if odd.is_empty() { format!("{}.5", from + step * i) } else { odd };
        wire_level(bytes, &px)
    };
    let n = bytes.number(23);
    (0..n).map(|i| at(bytes, i)).collect::<Vec<_>>().join(",")
}

fn trades(bytes: &mut Bytes<'_>) -> String {
    let coin = coin(bytes);
    let one = |bytes: &mut Bytes<'_>| {
        let side = bytes.of(b"AABBabC");
        format!(
            "{{\"coin\":\"{coin}\",\"side\":\"{}\",\"px\":\"{}\",\"sz\":\"{}\",\"time\":{},\
             \"hash\":\"{}\",\"tid\":{},\"users\":[\"{}\",\"{}\"]}}",
            char::from(side),
            decimal(bytes),
            decimal(bytes),
            count(bytes),
            hash(bytes, 64),
            count(bytes),
            hash(bytes, 40),
            hash(bytes, 40),
        )
    };
    let n = bytes.below(5);
    let all: Vec<String> = (0..n).map(|_| one(bytes)).collect();
    format!("{{\"channel\":\"trades\",\"data\":[{}]}}", all.join(","))
}

/// A message in the venue's shapes.
fn wire(bytes: &mut Bytes<'_>) -> String {
    let kind = bytes.below(8);
    if kind < 3 {
        return trades(bytes);
    }
    let (coin, time) = (coin(bytes), count(bytes));
    match kind {
        3 | 4 => {
            let (bids, asks) = (wire_side(bytes, -1), wire_side(bytes, 1));
            let tails =
                ["", ",\"fast\":true", ",\"fast\":false", ",\"fast\":null", ",\"spread\":\"1\""];
            let tail = bytes.of(&tails);
            format!(
                "{{\"channel\":\"l2Book\",\"data\":{{\"coin\":\"{coin}\",\"time\":{time},\
                 \"levels\":[[{bids}],[{asks}]]{tail}}}}}"
            )
        }
        5 | 6 => {
            let side = |bytes: &mut Bytes<'_>| {
                let px = decimal(bytes);
                if bytes.below(6) == 0 { "null".to_owned() } else { wire_level(bytes, &px) }
            };
            let (bid, ask) = (side(bytes), side(bytes));
            format!(
                "{{\"channel\":\"bbo\",\"data\":{{\"coin\":\"{coin}\",\"time\":{time},\
                 \"bbo\":[{bid},{ask}]}}}}"
            )
        }
        _ => {
            let (sign, oracle) = (bytes.of(&["", "", "-"]), decimal(bytes));
            let funding = decimal(bytes);
            format!(
                "{{\"channel\":\"activeAssetCtx\",\"data\":{{\"coin\":\"{coin}\",\"ctx\":\
                 {{\"funding\":\"{sign}{funding}\",\"oraclePx\":\"{oracle}\"}}}}}}"
            )
        }
    }
}

/// Damages a text in a few places.
fn damage(bytes: &mut Bytes<'_>, text: &mut Vec<u8>) {
    for _ in 0..bytes.below(4) {
        let at = bytes.index(text.len().max(1));
        let symbols = b"{}[]:,\"\\ \n0123456789.-+eEnulltrueABx";
        let byte = if bytes.below(4) == 0 { bytes.byte() } else { bytes.of(symbols) };
        match bytes.below(6) {
            0 | 1 => text.get_mut(at).into_iter().for_each(|b| *b = byte),
            2 => text.insert(at, byte),
            3 if at < text.len() => drop(text.remove(at)),
            4 => {
                let again = text[at..(at + 20).min(text.len())].to_vec();
                text.splice(at..at, again);
            }
            _ => text.truncate(at.max(text.len() - text.len().min(40))),
        }
    }
}

thread_local! {
    static PAIR: RefCell<Pair> = RefCell::new(Pair::new());
}

/// Puts one message through the laws: `bytes` themselves, or, where the first is beyond ASCII,
/// what the rest choose of the venue's grammar, damaged or not.
///
/// # Panics
/// When a law breaks.
pub fn message(bytes: &[u8]) {
    PAIR.with_borrow_mut(|pair| match bytes {
        [0xff, raw @ ..] => drop(pair.judge(raw)),
        [0x80..=0xfe, choices @ ..] => {
            let mut choices = Bytes(choices);
            let mut text = wire(&mut choices).into_bytes();
            damage(&mut choices, &mut text);
            pair.judge(&text);
        }
        raw => drop(pair.judge(raw)),
    });
}
