//! Fields of the venue's messages as typed values: the meaning both parsers share.
//!
//! In: the bytes inside a JSON string. Out: sides, prices, sizes, takers, rates. Hot path: no
//! allocation, integers only.
//!
//! 1. A price or a size is positive and below [`NUMBER_MAX`]; nothing about it is rounded.
//! 2. A rate may carry float noise: decimals beyond the kept ones are cut off, toward zero.

use super::reject::Reject;
use crate::event::Level;
use crate::limits::{NUMBER_MAX, RATE_TEXT_MAX};
use crate::units::decimal::{self, Bad};
use crate::units::{Px, SCALE, Side, Sz};

/// A price: a positive decimal.
pub(super) fn px(text: &[u8]) -> Result<Px, Reject> {
    positive(text).map(Px)
}

/// A size: a positive decimal.
pub(super) fn sz(text: &[u8]) -> Result<Sz, Reject> {
    positive(text).map(Sz)
}

/// The aggressor's side: `B` bought, `A` sold.
pub(super) fn side(text: &[u8]) -> Result<Side, Reject> {
    match text {
        b"B" => Ok(Side::Buy),
        b"A" => Ok(Side::Sell),
        _ => Err(Reject::BadSide),
    }
}

/// The taker behind a transaction hash: its first 64 bits. 0, "unknown", for the all-zero hash and
/// for a text that is no hash: the identity only groups prints, a frame is not lost for it.
pub(super) fn taker(hash: &[u8]) -> u64 {
    let Some(digits) = hash.strip_prefix(b"0x").and_then(|d| d.first_chunk::<16>()) else {
        return 0;
    };
    let mut value = 0;
    for d in digits {
        let nibble = match d {
            b'0'..=b'9' => d - b'0',
            b'a'..=b'f' => d - b'a' + 10,
            b'A'..=b'F' => d - b'A' + 10,
            _ => return 0,
        };
        value = value << 4 | u64::from(nibble);
    }
    value
}

/// A signed decimal in units of `10^-decimals`, further decimals cut off toward zero.
pub(super) fn rate(text: &[u8], decimals: u32) -> Result<i64, Reject> {
    if text.len() > RATE_TEXT_MAX {
        return Err(Reject::NumberTooLong);
    }
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let bad = Reject::NumberGrammar;
    let mut value: i64 = 0;
    let mut kept = 0;
    let mut point = false;
    let mut previous = None;
    for &c in digits {
        match c {
            b'0'..=b'9' if !point || kept < decimals => {
                kept += u32::from(point);
                value = push(value, c - b'0')?;
            }
            b'0'..=b'9' => {}
            b'.' if !point && previous.is_some() => point = true,
            _ => return Err(bad),
        }
        previous = Some(c);
    }
    if previous.is_none_or(|c| c == b'.') {
        return Err(bad);
    }
    for _ in kept..decimals {
        value = push(value, 0)?;
    }
    Ok(if negative { -value } else { value })
}

/// An oracle price: positive; float noise beyond eight decimals is cut off.
pub(super) fn oracle(text: &[u8]) -> Result<Px, Reject> {
    match rate(text, SCALE)? {
        value @ 1..NUMBER_MAX => Ok(Px(value)),
        NUMBER_MAX.. => Err(Reject::NumberTooLarge),
        _ => Err(Reject::NotPositive),
    }
}

/// Whether `next` may follow `last` on a side: strictly worse.
pub(super) fn outward(side: Side, last: Option<&Level>, next: Px) -> Result<(), Reject> {
    match last {
        Some(last) if !side.better(last.px, next) => Err(Reject::UnsortedLevels),
        _ => Ok(()),
    }
}

fn positive(text: &[u8]) -> Result<i64, Reject> {
    match decimal::parse(text) {
        Ok(0) => Err(Reject::NotPositive),
        Ok(value @ ..NUMBER_MAX) => Ok(value),
        Ok(_) => Err(Reject::NumberTooLarge),
        // A negative number deserves its own name.
        Err(Bad::Grammar) if negative(text) => Err(Reject::NotPositive),
        Err(bad) => Err(bad.into()),
    }
}

#[cold]
fn negative(text: &[u8]) -> bool {
    text.strip_prefix(b"-").is_some_and(|rest| decimal::parse(rest).is_ok())
}

fn push(value: i64, digit: u8) -> Result<i64, Reject> {
    value
        .checked_mul(10)
        .and_then(|v| v.checked_add(i64::from(digit)))
        .ok_or(Reject::NumberTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_negative_prices_and_sizes_are_named() {
        assert_eq!(px(b"80459.0"), Ok(Px(8_045_900_000_000)));
        assert_eq!(sz(b"0.00001"), Ok(Sz(1_000)));
        for t in ["0", "0.0", "0.00000000", "-1.0", "-0.0"] {
            assert_eq!(px(t.as_bytes()), Err(Reject::NotPositive), "{t}");
            assert_eq!(sz(t.as_bytes()), Err(Reject::NotPositive), "{t}");
        }
        for t in ["1e-05", "NaN", "", "--1", "-", "inf", "+1"] {
            assert_eq!(px(t.as_bytes()), Err(Reject::NumberGrammar), "{t}");
        }
        assert_eq!(sz(b"0.000000001"), Err(Reject::NumberTooFine));
    }

    #[test]
    fn a_taker_is_the_head_of_the_hash() {
        assert_eq!(taker(b"0xc5f5fba369499d57c76f044143696101e7001389044c"), 0xc5f5_fba3_6949_9d57);
        assert_eq!(taker(b"0x0000000000000000000000000000000000000000000"), 0);
        assert_eq!(taker(b"0xC5F5FBA369499D57"), 0xc5f5_fba3_6949_9d57);
        for t in ["", "0x", "0xc5f5", "c5f5fba369499d57c76f044143696101", "0xg5f5fba369499d57"] {
            assert_eq!(taker(t.as_bytes()), 0, "{t:?}");
        }
    }

    #[test]
    fn rates_keep_their_decimals_and_lose_their_noise() {
        for (t, v) in [
            ("0.0000125", 125_000),
            ("0.0000078567", 78_567),
            ("-0.0003826472", -3_826_472),
            ("0.0", 0),
            ("-0.0", 0),
            ("0.00001250000000000001", 125_000),
            ("-0.00000000009", 0),
            ("1", 10_000_000_000),
        ] {
            assert_eq!(rate(t.as_bytes(), 10), Ok(v), "{t}");
        }
        assert_eq!(rate(b"605822.2557999999", 8), Ok(60_582_225_579_999));
        for t in ["", "-", ".", "1.", ".5", "1e5", "1.2.3", "--1", "+1", " 1"] {
            assert_eq!(rate(t.as_bytes(), 10), Err(Reject::NumberGrammar), "{t:?}");
        }
        assert_eq!(oracle(b"80491.9"), Ok(Px(8_049_190_000_000)));
        assert_eq!(oracle(b"605822.2557999999"), Ok(Px(60_582_225_579_999)));
        assert_eq!(oracle(b"0.0"), Err(Reject::NotPositive));
        assert_eq!(oracle(b"-1.0"), Err(Reject::NotPositive));
        assert_eq!(rate(&[b'1'; 41], 10), Err(Reject::NumberTooLong));
        assert_eq!(rate(b"99999999999999999999", 10), Err(Reject::NumberTooLarge));
    }
}
