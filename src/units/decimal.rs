//! ASCII decimal text to fixed point: the only number parser for prices and sizes.
//!
//! In: the bytes of a JSON string. Out: an integer count of 1e-8, or a named reason why not.
//! Hot path: no allocation, one pass, no floats.
//!
//! 1. Grammar: digits, optionally a point and digits; at least one digit before a point and one
//!    after it; no sign, exponent, blank or separator; at most [`DIGITS_MAX`] bytes.
//! 2. Nothing is rounded: a digit that is not zero beyond the eighth decimal is `TooFine`.

use super::{ONE, SCALE};

/// Longest accepted text, in bytes. Prices and sizes on the wire have at most 14.
pub const DIGITS_MAX: usize = 24;

/// Why a text is not a price or a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// Not in the grammar: empty, sign, exponent, letter, two points, no digit beside the point.
    #[error("digits with at most one point are needed")]
    Grammar,
    /// More than [`DIGITS_MAX`] bytes.
    #[error("the text is too long")]
    TooLong,
    /// More than eight decimals that matter.
    #[error("it has more than eight decimals")]
    TooFine,
    /// Does not fit in 63 bits at eight decimals.
    #[error("the number is too large")]
    TooLarge,
}

/// Parses a decimal text into units of 1e-8.
///
/// # Errors
/// [`Bad`] names the reason; nothing is rounded or clamped.
pub fn parse(text: &[u8]) -> Result<i64, Bad> {
    if text.len() > DIGITS_MAX {
        return Err(Bad::TooLong);
    }
    let mut whole: i64 = 0;
    let mut rest = text;
    let mut any = false;
    while let [d @ b'0'..=b'9', tail @ ..] = rest {
        whole = whole
            .checked_mul(10)
            .and_then(|w| w.checked_add(i64::from(d - b'0')))
            .ok_or(Bad::TooLarge)?;
        rest = tail;
        any = true;
    }
    if !any {
        return Err(Bad::Grammar);
    }
    let mut frac: i64 = 0;
    if let [b'.', tail @ ..] = rest {
        rest = tail;
        let mut left = SCALE;
        let mut any = false;
        while let [d @ b'0'..=b'9', tail @ ..] = rest {
            if left > 0 {
                frac = frac * 10 + i64::from(d - b'0');
                left -= 1;
            } else if *d != b'0' {
                return Err(Bad::TooFine);
            }
            rest = tail;
            any = true;
        }
        if !any {
            return Err(Bad::Grammar);
        }
        frac *= 10i64.pow(left);
    }
    if !rest.is_empty() {
        return Err(Bad::Grammar);
    }
    whole.checked_mul(ONE).and_then(|w| w.checked_add(frac)).ok_or(Bad::TooLarge)
}

/// Writes `v` (units of 1e-8) as a plain decimal: no exponent, no trailing zeros, at least
/// `min_decimals` decimals. Cold path.
#[must_use]
pub fn format(v: i64, min_decimals: usize) -> String {
    let sign = if v < 0 { "-" } else { "" };
    let a = v.unsigned_abs();
    let mut f = format!("{:08}", a % ONE.unsigned_abs());
    while f.len() > min_decimals && f.ends_with('0') {
        f.pop();
    }
    let dot = if f.is_empty() { "" } else { "." };
    format!("{sign}{}{dot}{f}", a / ONE.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::decimal::read;

    #[test]
    fn accepts_what_the_wire_sends() {
        for (t, v) in [
            ("80459.0", 8_045_900_000_000),
            ("0.00000008", 8),
            ("105055", 10_505_500_000_000),
            ("0", 0),
            ("0.0", 0),
            ("16.8718500000", 1_687_185_000),
        ] {
            assert_eq!(parse(t.as_bytes()), Ok(v), "{t}");
        }
    }

    #[test]
    fn names_the_reason_for_a_refusal() {
        for t in [
            "", ".", ".5", "5.", "-1", "+1", "1e5", "1e-05", "NaN", "Infinity", " 1", "1 ", "0x1",
            "1_000", "1.2.3", "1,5", "\u{ff11}",
        ] {
            assert_eq!(parse(t.as_bytes()), Err(Bad::Grammar), "{t:?}");
        }
        assert_eq!(parse(b"0.000000001"), Err(Bad::TooFine));
        assert_eq!(parse(b"92233720368.54775808"), Err(Bad::TooLarge));
        assert_eq!(parse(b"92233720368.54775807"), Ok(i64::MAX));
        assert_eq!(parse(b"99999999999999999999"), Err(Bad::TooLarge));
        assert_eq!(parse(&[b'0'; 25]), Err(Bad::TooLong));
    }

    #[test]
    fn every_short_text_agrees_with_a_grammar_oracle() {
        // All texts of up to four characters over fourteen symbols, against a slow reading.
        let symbols = b"0159.-+eEnNx_ ";
        let mut count = 0;
        for len in 0..=4usize {
            for mut code in 0..symbols.len().pow(u32::try_from(len).expect("small")) {
                let mut text = Vec::new();
                for _ in 0..len {
                    text.push(symbols[code % symbols.len()]);
                    code /= symbols.len();
                }
                assert_eq!(parse(&text).ok(), read(&text), "{:?}", String::from_utf8_lossy(&text));
                count += 1;
            }
        }
        assert_eq!(count, 1 + 14 + 196 + 2_744 + 38_416);
    }

    #[test]
    fn formats_back() {
        assert_eq!(format(8_045_900_000_000, 1), "80459.0");
        assert_eq!(format(8, 1), "0.00000008");
        assert_eq!(format(-150_000_000, 0), "-1.5");
        assert_eq!(format(200_000_000, 0), "2");
    }
}
