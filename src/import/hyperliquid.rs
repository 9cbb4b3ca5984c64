//! The venue's own history: books of its archive, fills of a node.
//!
//! In: a line of JSON. Out: frames as the venue sends them, with when they were received. Cold path.
//!
//! 1. A book's `raw` is a frame and is handed on byte for byte, once it was seen to be one.
//! 2. A trade stands twice among the fills, once for each of its parties: the one that crossed is the
//!    aggressor. Where only the other one is there, it is the opposite of that one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::piece::{Piece, Rank, in_ms, positive};
use crate::feed::is_perpetual;
use crate::units::Ns;

/// Prints of one frame, at most.
const PRINTS: usize = 500;

#[derive(Deserialize)]
struct S3<'a> {
    time: &'a str,
    #[serde(borrow)]
    raw: &'a RawValue,
}

#[derive(Deserialize)]
struct Frame<'a> {
    channel: &'a str,
    #[serde(borrow)]
    data: Book<'a>,
}

#[derive(Deserialize)]
struct Book<'a> {
    #[serde(borrow)]
    coin: Cow<'a, str>,
    time: i64,
    #[serde(borrow)]
    levels: [Vec<Level<'a>>; 2],
}

#[derive(Deserialize)]
struct Level<'a> {
    px: &'a str,
    sz: &'a str,
}

/// Receive time and coin of a line of the archive, without looking further.
pub(super) fn peek_book(line: &[u8]) -> Result<(Ns, String), String> {
    let (at, book, _) = read_book(line)?;
    Ok((at, book.coin.into_owned()))
}

fn read_book(line: &[u8]) -> Result<(Ns, Book<'_>, &[u8]), String> {
    let row: S3<'_> = serde_json::from_slice(line).map_err(|e| no_row(&e))?;
    let frame: Frame<'_> = serde_json::from_str(row.raw.get()).map_err(|e| no_row(&e))?;
    if frame.channel != "l2Book" {
        return Err(format!("a frame of `{}`, not of l2Book", frame.channel));
    }
    Ok((iso(row.time)?, frame.data, row.raw.get().as_bytes()))
}

/// A line of the archive as a frame.
pub(super) fn book(line: &[u8]) -> Result<Piece, String> {
    let (at, book, raw) = read_book(line)?;
    in_ms(book.time)?;
    let mut best = [None; 2];
    for (side, levels) in book.levels.iter().enumerate() {
        let mut last: Option<i64> = None;
        for l in levels {
            let px = positive("px", l.px)?;
            positive("sz", l.sz)?;
            if last.is_some_and(|last| if side == 0 { px >= last } else { px <= last }) {
                return Err(format!("levels out of order at {}", l.px));
            }
            last = Some(px);
            best[side] = best[side].or(last);
        }
    }
    if let [Some(bid), Some(ask)] = best
        && bid >= ask
    {
        return Err("the best bid is not below the best ask".to_owned());
    }
    Ok(Piece { at, rank: Rank::Book, coin: book.coin.into_owned(), frame: raw.to_vec() })
}

#[derive(Deserialize)]
struct Block<'a> {
    local_time: &'a str,
    #[serde(borrow)]
    events: Vec<(&'a str, Fill<'a>)>,
}

#[derive(Deserialize)]
struct Fill<'a> {
    #[serde(borrow)]
    coin: Cow<'a, str>,
    px: &'a str,
    sz: &'a str,
    side: &'a str,
    time: i64,
    hash: &'a str,
    tid: u64,
    crossed: bool,
}

/// Receive time of a block of fills.
pub(super) fn peek_fills(line: &[u8]) -> Result<Ns, String> {
    let row: Block<'_> = serde_json::from_slice(line).map_err(|e| no_row(&e))?;
    iso(row.local_time)
}

/// What one trade's fills say together.
struct Both<'a> {
    fill: Fill<'a>,
    /// Users by side, buyer first.
    users: [&'a str; 2],
    fills: u32,
}

/// A block of fills as frames of trades, one a coin that is wanted; and how many trades lack a party.
pub(super) fn fills(
    line: &[u8],
    wanted: impl Fn(&str) -> bool,
) -> Result<(Vec<Piece>, u64), String> {
    let row: Block<'_> = serde_json::from_slice(line).map_err(|e| no_row(&e))?;
    let at = iso(row.local_time)?;
    let mut trades: Vec<Both<'_>> = Vec::new();
    let mut known: BTreeMap<(String, u64), usize> = BTreeMap::new();
    for (user, fill) in row.events {
        if !is_perpetual(&fill.coin) || !wanted(&fill.coin) {
            continue;
        }
        let side = match fill.side {
            "B" => 0,
            "A" => 1,
            other => return Err(format!("a side `{other}`, neither B nor A")),
        };
        positive("px", fill.px)?;
        positive("sz", fill.sz)?;
        in_ms(fill.time)?;
        let key = (fill.coin.clone().into_owned(), fill.tid);
        let i = *known.entry(key).or_insert(trades.len());
        if i == trades.len() {
            let mut users = [NOBODY; 2];
            users[side] = user;
            trades.push(Both { fill, users, fills: 1 });
            continue;
        }
        let both = &mut trades[i];
        if (both.fill.px, both.fill.sz) != (fill.px, fill.sz) || both.fills > 1 {
            return Err(format!("the fills of trade {} of {} differ", fill.tid, fill.coin));
        }
        both.users[side] = user;
        both.fills += 1;
        if fill.crossed {
            both.fill = fill;
        }
    }
    let alone = trades.iter().filter(|t| t.fills == 1).count() as u64;
    let mut out: Vec<(Piece, usize)> = Vec::new();
    for t in &trades {
        let coin = &*t.fill.coin;
        let open = out.iter_mut().rev().find(|(p, n)| p.coin == coin && *n < PRINTS);
        match open {
            Some((piece, n)) => {
                piece.frame.push(b',');
                piece.frame.extend(print(t).into_bytes());
                *n += 1;
            }
            None => {
                let frame = [HEAD, print(t).as_bytes()].concat();
                let piece = Piece { at, rank: Rank::Trades, coin: coin.to_owned(), frame };
                out.push((piece, 1));
            }
        }
    }
    let end = |(mut piece, _): (Piece, usize)| {
        piece.frame.extend(b"]}");
        piece
    };
    Ok((out.into_iter().map(end).collect(), alone))
}

const HEAD: &[u8] = b"{\"channel\":\"trades\",\"data\":[";
const NOBODY: &str = "0x0000000000000000000000000000000000000000";

fn print(t: &Both<'_>) -> String {
    let Fill { coin, px, sz, side, time, hash, tid, crossed } = &t.fill;
    let side = match (*side, *crossed) {
        ("B", true) | ("A", false) => "B",
        _ => "A",
    };
    let [buyer, seller] = t.users;
    format!(
        "{{\"coin\":\"{coin}\",\"side\":\"{side}\",\"px\":\"{px}\",\"sz\":\"{sz}\",\"time\":{time},\
         \"hash\":\"{hash}\",\"tid\":{tid},\"users\":[\"{buyer}\",\"{seller}\"]}}"
    )
}

/// A time such as `2026-04-01T01:00:02.126609288`, UTC.
fn iso(text: &str) -> Result<Ns, String> {
    let wrong = || format!("a time `{text}`, not as in 2026-04-01T01:00:02.126609288");
    let time = humantime::parse_rfc3339_weak(text).map_err(|_| wrong())?;
    let since = time.duration_since(std::time::UNIX_EPOCH).map_err(|_| wrong())?;
    i64::try_from(since.as_nanos()).map(Ns).map_err(|_| wrong())
}

fn no_row(e: &serde_json::Error) -> String {
    format!("it is not what a row of this source is ({e})")
}
