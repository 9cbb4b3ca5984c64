//! Decimal texts, prices and sizes against slow readings of the same rules.
//!
//! In: bytes. Out: a panic that says which law broke. Cold path.
//!
//! Laws:
//! 1. A text is read exactly as its grammar and integers of 128 bits say, or refused by name.
//! 2. What is read, written and read again is the same.
//! 3. A rounded price is valid, outward, within a tick, and stays where it is; so are neighbours.

use super::bytes::Bytes;
use crate::units::decimal::{self, Bad, DIGITS_MAX};
use crate::units::rules::Rules;
use crate::units::{Cash, ONE, Px, SCALE, Side, Sz};

/// What `text` says, read slowly.
#[must_use]
pub fn read(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok().filter(|t| t.len() <= DIGITS_MAX)?;
    let (whole, frac) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |p: &str| !p.is_empty() && p.bytes().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(frac) {
        return None;
    }
    let frac = frac.trim_end_matches('0');
    let scale = usize::try_from(SCALE).unwrap_or(0);
    if frac.len() > scale {
        return None;
    }
    format!("{whole}{frac:0<scale$}").parse::<i128>().ok()?.try_into().ok()
}

/// Puts a text, and a price with a coin's rules, through the laws.
///
/// # Panics
/// When a law breaks.
pub fn text(bytes: &[u8]) {
    let mut rest = Bytes(bytes);
    let raw = rest.below(2) == 0;
    let symbols = b"0123456789012345678900..-+e ";
    let text: Vec<u8> = if raw {
        rest.0.to_vec()
    } else {
        rest.0.iter().map(|b| symbols[usize::from(*b) % 28]).collect()
    };
    let got = decimal::parse(&text);
    assert_eq!(got.ok(), read(&text), "{:?}", String::from_utf8_lossy(&text));
    assert_eq!(got == Err(Bad::TooLong), text.len() > DIGITS_MAX);
    if let Ok(v) = got {
        for least in [0, 1, 8] {
            assert_eq!(decimal::parse(decimal::format(v, least).as_bytes()), Ok(v));
        }
        price(rest.below(8), v);
    }
    let (decimals, value) = (rest.below(8), rest.word().cast_signed());
    price(decimals, value);
    let back = decimal::format(value, 1);
    assert_eq!(decimal::parse(back.trim_start_matches('-').as_bytes()).ok(), value.checked_abs());
}

/// The laws of rounding, for prices that leave room for a tick.
fn price(decimals: u8, value: i64) {
    let (rules, px) = (Rules::perp(decimals), Px(value));
    if !(1..=i64::MAX / 4).contains(&value) {
        return;
    }
    let [bid, ask] = Side::BOTH.map(|side| rules.round_outward(side, px));
    let tick = rules.tick(px);
    assert!(bid <= px && px <= ask, "{bid:?} {px:?} {ask:?}");
    assert!(px.0 - bid.0 < tick && ask.0 - px.0 < tick);
    assert!(rules.valid_px(ask), "{rules:?} {px:?} up to {ask:?}");
    assert!(bid.0 == 0 || rules.valid_px(bid), "{rules:?} {px:?} down to {bid:?}");
    assert_eq!(rules.valid_px(px), bid == px && ask == px);
    let (up, down) = (rules.next_up(ask), rules.next_down(ask));
    assert!(rules.valid_px(up) && (down.0 == 0 || rules.valid_px(down)), "{down:?} {ask:?} {up:?}");
    assert_eq!(rules.next_down(up), ask, "up and down again");
    let least = rules.min_size(ask);
    if least.0 < i64::MAX {
        assert!(rules.valid_sz(least) && rules.valid_value(ask, least));
        assert!(!rules.valid_value(ask, Sz(least.0 - rules.lot())) || least.0 == rules.lot());
    }
    assert!(Cash::of(px, Sz(ONE)).0 == 2 * i128::from(value) * i128::from(ONE));
}
