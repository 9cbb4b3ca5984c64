//! The venue's JSON, byte for byte in shape and key order, as recorded in 2026-10.
//!
//! In: prints, levels, requests of clients. Out: text frames. Cold path.
//!
//! 1. Prices and sizes are strings, plain decimals with at least one decimal; times, ids and
//!    counts are integers.
//! 2. A left-out option of a subscription is filled in by its default, as the venue echoes it.

use std::fmt::Write;

use serde_json::Value;

use super::config::Listing;
use super::flow::Print;
use crate::event::Level;
use crate::units::{Side, decimal};

/// What a subscription delivers of one coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Best bid and offer, when changed.
    Bbo,
    /// Prints.
    Trades,
    /// Five levels each half second.
    FastBook,
    /// Twenty levels each five seconds.
    Book,
    /// Funding, oracle and mark price each second.
    Ctx,
}

/// What a client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A sign of life, to be answered by [`PONG`].
    Ping,
    /// To begin (`true`) or end a subscription.
    Subscribe(bool, Stream, String),
    /// Nothing this venue serves.
    Unknown,
}

/// The answer to a ping.
pub const PONG: &str = r#"{"channel":"pong"}"#;

impl Stream {
    /// All of them, in the order a block's frames are sent.
    pub const ALL: [Stream; 5] =
        [Stream::Bbo, Stream::Trades, Stream::FastBook, Stream::Book, Stream::Ctx];

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Stream::Bbo => "bbo",
            Stream::Trades => "trades",
            Stream::FastBook => "fast-book",
            Stream::Book => "book",
            Stream::Ctx => "ctx",
        }
    }

    /// The subscription of this stream of `coin`, options filled in.
    pub fn subscription(self, coin: &str) -> String {
        let coin = Value::from(coin);
        match self {
            Stream::Bbo => format!(r#"{{"type":"bbo","coin":{coin}}}"#),
            Stream::Trades => format!(r#"{{"type":"trades","coin":{coin}}}"#),
            Stream::Ctx => format!(r#"{{"type":"activeAssetCtx","coin":{coin}}}"#),
            Stream::FastBook | Stream::Book => format!(
                r#"{{"type":"l2Book","coin":{coin},"nSigFigs":null,"mantissa":null,"fast":{}}}"#,
                self == Stream::FastBook
            ),
        }
    }
}

/// Reads a client's text.
pub fn ask(text: &str) -> Ask {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Ask::Unknown };
    let begin = match value["method"].as_str() {
        Some("ping") => return Ask::Ping,
        Some("subscribe") => true,
        Some("unsubscribe") => false,
        _ => return Ask::Unknown,
    };
    let wanted = &value["subscription"];
    let (Some(kind), Some(coin)) = (wanted["type"].as_str(), wanted["coin"].as_str()) else {
        return Ask::Unknown;
    };
    let plain = wanted["nSigFigs"].is_null() && wanted["mantissa"].is_null();
    let stream = match (kind, &wanted["fast"]) {
        ("bbo", _) => Stream::Bbo,
        ("trades", _) => Stream::Trades,
        ("activeAssetCtx", _) => Stream::Ctx,
        ("l2Book", Value::Bool(true)) if plain => Stream::FastBook,
        ("l2Book", Value::Null | Value::Bool(false)) if plain => Stream::Book,
        _ => return Ask::Unknown,
    };
    Ask::Subscribe(begin, stream, coin.to_owned())
}

/// The acknowledgement of a subscription's beginning or end.
pub fn ack(begin: bool, stream: Stream, coin: &str) -> String {
    let method = if begin { "subscribe" } else { "unsubscribe" };
    let subscription = stream.subscription(coin);
    format!(
        r#"{{"channel":"subscriptionResponse","data":{{"method":"{method}","subscription":{subscription}}}}}"#
    )
}

/// An error frame.
pub fn error(text: &str) -> String {
    format!(r#"{{"channel":"error","data":{}}}"#, Value::from(text))
}

/// The error for a subscription started or ended twice.
pub fn already(begin: bool, stream: Stream, coin: &str) -> String {
    let what = if begin { "subscribed" } else { "unsubscribed" };
    error(&format!("Already {what}: {}", stream.subscription(coin)))
}

/// The error for a subscription that is not served.
pub fn refused(stream: Stream, coin: &str) -> String {
    error(&format!("Invalid subscription {}", stream.subscription(coin)))
}

/// The error for a text that is no request this venue serves.
pub fn unreadable(text: &str) -> String {
    error(&format!("Error parsing JSON into valid websocket request: {text}"))
}

/// A trades frame; prints with their block time in ms, oldest first. May be empty.
pub fn trades<'a>(coin: &str, prints: impl IntoIterator<Item = &'a (i64, Print)>) -> String {
    let mut out = String::from(r#"{"channel":"trades","data":["#);
    for (i, (time_ms, print)) in prints.into_iter().enumerate() {
        let side = match print.aggressor {
            Side::Buy => 'B',
            Side::Sell => 'A',
        };
        let [a, b, c, d] = print.hash;
        let _ = write!(
            out,
            "{}{{\"coin\":{},\"side\":\"{side}\",\"px\":\"{}\",\"sz\":\"{}\",\"time\":{time_ms},\
             \"hash\":\"0x{a:016x}{b:016x}{c:016x}{d:016x}\",\"tid\":{},\
             \"users\":[\"{}\",\"{}\"]}}",
            if i == 0 { "" } else { "," },
            Value::from(coin),
            decimal::format(print.px.0, 1),
            decimal::format(print.sz.0, 1),
            print.tid,
            address(print.users[0]),
            address(print.users[1]),
        );
    }
    out.push_str("]}");
    out
}

/// Puts the prints of a later frame of the same coin behind those of `frame`.
pub(super) fn join_trades(frame: &mut String, later: &str) {
    let body = |text: &str| text.find('[').map(|i| text[i + 1..].to_owned());
    if let Some(body) = body(later)
        && frame.ends_with("]}")
    {
        frame.truncate(frame.len() - 2);
        frame.push_str(if frame.ends_with('[') { "" } else { "," });
        frame.push_str(&body);
    }
}

/// A best-bid-and-offer frame; a side without orders is null.
pub fn bbo(coin: &str, time_ms: i64, sides: [Option<Level>; 2]) -> String {
    let text = sides.map(|l| l.map_or_else(|| "null".to_owned(), level));
    format!(
        r#"{{"channel":"bbo","data":{{"coin":{},"time":{time_ms},"bbo":[{},{}]}}}}"#,
        Value::from(coin),
        text[0],
        text[1]
    )
}

/// A book frame; bids highest first, asks lowest first.
pub fn book(coin: &str, time_ms: i64, sides: [&[Level]; 2], fast: bool) -> String {
    let text = sides.map(|side| side.iter().map(|l| level(*l)).collect::<Vec<_>>().join(","));
    format!(
        r#"{{"channel":"l2Book","data":{{"coin":{},"time":{time_ms},"levels":[[{}],[{}]]{}}}}}"#,
        Value::from(coin),
        text[0],
        text[1],
        if fast { r#","fast":true"# } else { "" }
    )
}

fn level(level: Level) -> String {
    let (px, sz) = (decimal::format(level.px.0, 1), decimal::format(level.sz.0, 1));
    format!(r#"{{"px":"{px}","sz":"{sz}","n":{}}}"#, level.n)
}

/// A coin's context. Prices and volumes in units of 1e-8, rates in units of 1e-10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CtxText {
    /// Hourly funding rate.
    pub funding_e10: i64,
    /// Open interest in coins.
    pub open_interest: i64,
    /// Price a day ago.
    pub prev_day: i64,
    /// Value traded in a day, USD.
    pub day_value: i64,
    /// Premium of the impact prices over the oracle.
    pub premium_e10: i64,
    /// Oracle price.
    pub oracle: i64,
    /// Mark price.
    pub mark: i64,
    /// Mid price.
    pub mid: i64,
    /// Price a standard taker sells and buys at.
    pub impact: [i64; 2],
    /// Coins traded in a day.
    pub day_base: i64,
}

/// A context frame.
pub fn ctx(coin: &str, c: &CtxText) -> String {
    let e8 = |v| decimal::format(v, 1);
    format!(
        "{{\"channel\":\"activeAssetCtx\",\"data\":{{\"coin\":{},\"ctx\":{{\"funding\":\"{}\",\
         \"openInterest\":\"{}\",\"prevDayPx\":\"{}\",\"dayNtlVlm\":\"{}\",\"premium\":\"{}\",\
         \"oraclePx\":\"{}\",\"markPx\":\"{}\",\"midPx\":\"{}\",\"impactPxs\":[\"{}\",\"{}\"],\
         \"dayBaseVlm\":\"{}\"}}}}}}",
        Value::from(coin),
        rate(c.funding_e10),
        e8(c.open_interest),
        e8(c.prev_day),
        e8(c.day_value),
        rate(c.premium_e10),
        e8(c.oracle),
        e8(c.mark),
        e8(c.mid),
        e8(c.impact[0]),
        e8(c.impact[1]),
        e8(c.day_base),
    )
}

/// A number of units of 1e-10 as a plain decimal.
fn rate(v: i64) -> String {
    const UNIT: u64 = 10_000_000_000;
    let sign = if v < 0 { "-" } else { "" };
    let a = v.unsigned_abs();
    let text = format!("{sign}{}.{:010}", a / UNIT, a % UNIT);
    let cut = text.trim_end_matches('0');
    if cut.ends_with('.') { format!("{cut}0") } else { cut.to_owned() }
}

/// The address of a user by number: twenty bytes that look hashed.
fn address(user: u64) -> String {
    let a = user.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let b = (a ^ (a >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    format!("0x{a:016x}{b:016x}{:08x}", (a ^ b) >> 32)
}

/// The answer to `{"type":"meta"}`: the venue's universe.
pub fn meta<'a>(coins: impl Iterator<Item = (&'a str, Listing)>) -> String {
    let rows: Vec<String> = coins
        .enumerate()
        .map(|(i, (coin, Listing { sz_decimals, max_leverage, .. }))| {
            format!(
                r#"{{"szDecimals":{sz_decimals},"name":{},"maxLeverage":{max_leverage},"marginTableId":{}}}"#,
                Value::from(coin),
                50 + i
            )
        })
        .collect();
    format!(r#"{{"universe":[{}],"marginTables":[],"collateralToken":0}}"#, rows.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{ONE, Px, Sz};

    fn d(s: &str) -> i64 {
        decimal::parse(s.as_bytes()).expect("a decimal")
    }

    fn lvl(px: &str, sz: &str, n: u32) -> Level {
        Level { px: Px(d(px)), sz: Sz(d(sz)), n }
    }

    // The texts below are recorded frames of the venue, shortened only in their number of rows.

    #[test]
    fn frames_are_the_recorded_ones() {
        assert_eq!(
            bbo(
                "BTC",
                1_791_480_444_656,
                [Some(lvl("80459.0", "18.36712", 48)), Some(lvl("80460.0", "1.59648", 9))]
            ),
            r#"{"channel":"bbo","data":{"coin":"BTC","time":1791480444656,"bbo":[{"px":"80459.0","sz":"18.36712","n":48},{"px":"80460.0","sz":"1.59648","n":9}]}}"#
        );
        assert_eq!(
            bbo("X", 1, [None, None]),
            r#"{"channel":"bbo","data":{"coin":"X","time":1,"bbo":[null,null]}}"#
        );
        assert_eq!(
            book("BTC", 1_791_480_444_439, [&[lvl("80459.0", "16.87185", 49)], &[]], false),
            r#"{"channel":"l2Book","data":{"coin":"BTC","time":1791480444439,"levels":[[{"px":"80459.0","sz":"16.87185","n":49}],[]]}}"#
        );
        assert_eq!(
            book("SOL", 1_791_480_679_642, [&[], &[]], true),
            r#"{"channel":"l2Book","data":{"coin":"SOL","time":1791480679642,"levels":[[],[]],"fast":true}}"#
        );
    }

    #[test]
    fn trades_have_the_recorded_keys_in_order() {
        let print = Print {
            aggressor: Side::Sell,
            px: Px(80_600 * ONE),
            sz: Sz(d("0.16")),
            hash: [0x3306_2daa_0000_0001, 2, 3, 0xe9b7],
            tid: 717_978_735_161_105,
            users: [1, 2],
        };
        let text = trades("BTC", &[(1_791_480_516_231, print)]);
        let start = r#"{"channel":"trades","data":[{"coin":"BTC","side":"A","px":"80600.0","sz":"0.16","time":1791480516231,"hash":"0x33062daa00000001000000000000000200000000000000030000"#;
        assert!(text.starts_with(start), "{text}");
        let (_, end) =
            text.split_once(r#"00e9b7","tid":717978735161105,"users":["0x"#).expect(&text);
        assert_eq!(end.len(), 40 + r#"","0x"#.len() + 40 + r#""]}]}"#.len());
        assert_eq!(trades("BTC", &[]), r#"{"channel":"trades","data":[]}"#);
    }

    #[test]
    fn answers_are_the_recorded_ones() {
        assert_eq!(
            ack(true, Stream::Trades, "BTC"),
            r#"{"channel":"subscriptionResponse","data":{"method":"subscribe","subscription":{"type":"trades","coin":"BTC"}}}"#
        );
        assert_eq!(
            ack(true, Stream::FastBook, "SOL"),
            r#"{"channel":"subscriptionResponse","data":{"method":"subscribe","subscription":{"type":"l2Book","coin":"SOL","nSigFigs":null,"mantissa":null,"fast":true}}}"#
        );
        assert_eq!(
            already(true, Stream::Trades, "BTC"),
            r#"{"channel":"error","data":"Already subscribed: {\"type\":\"trades\",\"coin\":\"BTC\"}"}"#
        );
        assert_eq!(
            already(false, Stream::Book, "SOL"),
            r#"{"channel":"error","data":"Already unsubscribed: {\"type\":\"l2Book\",\"coin\":\"SOL\",\"nSigFigs\":null,\"mantissa\":null,\"fast\":false}"}"#
        );
        assert_eq!(
            unreadable(r#"{"method":"subscribe","subscription":{"type":"l2Book"}}"#),
            r#"{"channel":"error","data":"Error parsing JSON into valid websocket request: {\"method\":\"subscribe\",\"subscription\":{\"type\":\"l2Book\"}}"}"#
        );
        assert_eq!(
            unreadable("not json"),
            r#"{"channel":"error","data":"Error parsing JSON into valid websocket request: not json"}"#
        );
    }

    #[test]
    fn requests_are_read_in_any_key_order() {
        let sub = |s, stream| Ask::Subscribe(s, stream, "SOL".to_owned());
        for (text, want) in [
            (r#"{"method":"ping"}"#, Ask::Ping),
            (
                r#"{"subscription":{"coin":"SOL","fast":true,"type":"l2Book"},"method":"subscribe"}"#,
                sub(true, Stream::FastBook),
            ),
            (
                r#"{"method":"unsubscribe","subscription":{"type":"l2Book","coin":"SOL","nSigFigs":null}}"#,
                sub(false, Stream::Book),
            ),
            (
                r#"{"method":"subscribe","subscription":{"type":"activeAssetCtx","coin":"SOL"}}"#,
                sub(true, Stream::Ctx),
            ),
            (
                r#"{"method":"subscribe","subscription":{"type":"webData2","coin":"SOL"}}"#,
                Ask::Unknown,
            ),
            (r#"{"method":"subscribe","subscription":{"type":"trades"}}"#, Ask::Unknown),
            (r#"{"method":"subscribe"}"#, Ask::Unknown),
            ("[]", Ask::Unknown),
            ("", Ask::Unknown),
        ] {
            assert_eq!(ask(text), want, "{text}");
        }
    }

    #[test]
    fn context_and_universe_have_the_recorded_shape() {
        let c = CtxText {
            funding_e10: 78_567,
            open_interest: d("39907.5661399"),
            prev_day: d("83180.0"),
            day_value: d("3316947851.69904422"),
            premium_e10: -3_826_472,
            oracle: d("80491.9"),
            mark: d("80454.0"),
            mid: d("80459.5"),
            impact: [d("80459.0"), d("80461.1")],
            day_base: d("40000"),
        };
        assert_eq!(
            ctx("BTC", &c),
            r#"{"channel":"activeAssetCtx","data":{"coin":"BTC","ctx":{"funding":"0.0000078567","openInterest":"39907.5661399","prevDayPx":"83180.0","dayNtlVlm":"3316947851.69904422","premium":"-0.0003826472","oraclePx":"80491.9","markPx":"80454.0","midPx":"80459.5","impactPxs":["80459.0","80461.1"],"dayBaseVlm":"40000.0"}}}"#
        );
        assert_eq!((rate(0), rate(125_000)), ("0.0".to_owned(), "0.0000125".to_owned()));
        assert_eq!(
            meta(std::iter::once(("BTC", Listing::of("BTC")))),
            r#"{"universe":[{"szDecimals":5,"name":"BTC","maxLeverage":40,"marginTableId":50}],"marginTables":[],"collateralToken":0}"#
        );
    }
}
