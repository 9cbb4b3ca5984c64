//! Files of hftbacktest's collector: one coin each, a line `receive time, message`.
//!
//! In: a line. Out: the message as the venue sent it, with when it was received. Cold path.
//!
//! 1. A message is handed on byte for byte; whether it is sound, the feed judges when it is replayed.

use super::piece::{Piece, Rank};
use crate::feed::is_ours;
use crate::units::Ns;

/// 2015 and 2100, ns.
const NS_FROM: i64 = 1_420_070_400_000_000_000;
const NS_TO: i64 = 4_102_444_800_000_000_000;
/// What stands before the name of a coin.
const COIN: &[u8] = b"\"coin\":\"";

/// A line's receive time and message.
///
/// # Errors
/// What the line is instead.
pub(super) fn received(line: &[u8]) -> Result<(Ns, &[u8]), String> {
    let end = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
    let time = std::str::from_utf8(&line[..end]).ok().and_then(|t| t.parse().ok());
    let message = line[end..].trim_ascii();
    match time {
        Some(_) if is_ours(message) => {
            Err("it is a recording of papermaker's own, with its links: \
                                            `papermaker replay FILE`"
                .to_owned())
        }
        Some(at @ NS_FROM..NS_TO) if message.starts_with(b"{") => Ok((Ns(at), message)),
        Some(at @ ..NS_FROM) if message.starts_with(b"{") => {
            Err(format!("a receive time of {at}, not in nanoseconds since 1970"))
        }
        _ => Err("it is no line of a collector: a receive time in nanoseconds, a space, a message"
            .to_owned()),
    }
}

/// A line as a frame.
pub(super) fn frame(line: &[u8]) -> Result<Piece, String> {
    let (at, message) = received(line)?;
    let has = |what: &[u8]| memchr::memmem::find(&message[..message.len().min(40)], what).is_some();
    let rank = match () {
        () if has(b"\"bbo\"") => Rank::Bbo,
        () if has(b"\"trades\"") => Rank::Trades,
        () => Rank::Book,
    };
    let coin = memchr::memmem::find(message, COIN).map_or(&[][..], |i| {
        let rest = &message[i + COIN.len()..];
        &rest[..rest.iter().position(|b| *b == b'"').unwrap_or(0)]
    });
    let coin = String::from_utf8_lossy(coin).into_owned();
    Ok(Piece { at, rank, coin, frame: message.to_vec() })
}
