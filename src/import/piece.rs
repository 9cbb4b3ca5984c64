//! What every source is turned into: a frame, when it was received, and what comes first at one time.
//!
//! In: texts of numbers. Out: [`Piece`], checked numbers. Cold path.

use crate::units::Ns;
use crate::units::decimal::parse;

/// Which comes first at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Bbo,
    Trades,
    Book,
}

/// A frame, and when it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) at: Ns,
    pub(super) rank: Rank,
    pub(super) coin: String,
    pub(super) frame: Vec<u8>,
}

/// That a block time is in milliseconds.
pub(super) fn in_ms(time: i64) -> Result<(), String> {
    match time {
        MS_FROM..MS_TO => Ok(()),
        _ => Err(format!("a block time of {time}, not in milliseconds since 1970")),
    }
}

/// 2015 and 2100, ms.
const MS_FROM: i64 = 1_420_070_400_000;
const MS_TO: i64 = 4_102_444_800_000;

/// A positive decimal, in units of 1e-8.
pub(super) fn positive(what: &str, text: &str) -> Result<i64, String> {
    match parse(text.as_bytes()) {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(format!("{what} `{text}` is no positive number of at most 8 decimals")),
    }
}
