//! A scanner of exactly the venue's wire shapes: trades, best bids and offers, books.
//!
//! In: the text of a message. Out: the same outcome simd-json gives, or nothing. Hot path: one pass
//! in safe Rust, no allocation.
//!
//! 1. It answers only for a message it has read to the last byte, in the one key order the venue
//!    has sent since 2024; every other order, key, escape, blank, number form, coin, reason to
//!    refuse and every other channel is handed over by answering `None`.
//! 2. What is skipped is still checked: hashes and users are hexadecimal digits of the known
//!    length, so nothing is accepted that is not JSON or not UTF-8.

use super::coins::Coins;
use super::fields;
use super::outcome::{Decoded, Output};
use crate::event::{Bbo, Level, Levels, Trade};
use crate::limits::{MESSAGE_MAX, PRINTS_MAX};
use crate::units::{CoinId, Ns, Px, SCALE, Side, Sz};

/// Reads one message, or hands it over.
#[inline]
pub(super) fn decode(message: &[u8], coins: &Coins, out: &mut Output) -> Option<Decoded> {
    if message.len() > MESSAGE_MAX {
        return None;
    }
    let mut scan = Scan { rest: message };
    scan.literal(b"{\"channel\":\"")?;
    match scan.rest.first()? {
        b'b' => bbo(scan, coins, out),
        b't' => trades(scan, coins, out),
        b'l' => book(scan, coins, out),
        _ => None,
    }
}

fn bbo(mut scan: Scan<'_>, coins: &Coins, out: &mut Output) -> Option<Decoded> {
    scan.literal(b"bbo\",\"data\":{\"coin\":\"")?;
    let coin = scan.coin(coins)?;
    scan.literal(b",\"time\":")?;
    let time = scan.time()?;
    scan.literal(b",\"bbo\":[")?;
    let bid = scan.optional_level()?;
    scan.literal(b",")?;
    let ask = scan.optional_level()?;
    scan.end(b"]}}")?;
    out.bbo = Bbo { time, bid, ask };
    Some(Decoded::Bbo { coin })
}

fn book(mut scan: Scan<'_>, coins: &Coins, out: &mut Output) -> Option<Decoded> {
    scan.literal(b"l2Book\",\"data\":{\"coin\":\"")?;
    let coin = scan.coin(coins)?;
    scan.literal(b",\"time\":")?;
    out.book.time = scan.time()?;
    scan.literal(b",\"levels\":[[")?;
    scan.levels(Side::Buy, &mut out.book.bids)?;
    scan.literal(b",[")?;
    scan.levels(Side::Sell, &mut out.book.asks)?;
    out.book.fast = match scan.rest {
        b"]}}" | b"],\"fast\":false}}" => false,
        b"],\"fast\":true}}" => true,
        _ => return None,
    };
    Some(Decoded::Book { coin })
}

fn trades(mut scan: Scan<'_>, coins: &Coins, out: &mut Output) -> Option<Decoded> {
    out.prints.clear();
    scan.literal(b"trades\",\"data\":[{\"coin\":\"")?;
    let name = scan.rest;
    let coin = scan.coin(coins)?;
    let name = &name[..name.len() - scan.rest.len()];
    loop {
        if out.prints.len() == PRINTS_MAX {
            return None;
        }
        out.prints.push(scan.trade()?);
        if scan.literal(b",{\"coin\":\"").is_none() {
            break;
        }
        scan.rest = scan.rest.strip_prefix(name)?;
    }
    scan.end(b"]}")?;
    Some(Decoded::Trades { coin })
}

/// What is left of the message.
struct Scan<'a> {
    rest: &'a [u8],
}

impl Scan<'_> {
    #[inline]
    fn literal<const N: usize>(&mut self, expected: &[u8; N]) -> Option<()> {
        let (head, tail) = self.rest.split_first_chunk::<N>()?;
        if head != expected {
            return None;
        }
        self.rest = tail;
        Some(())
    }

    #[inline]
    fn end(&mut self, expected: &[u8]) -> Option<()> {
        (self.rest == expected).then_some(())
    }

    /// Reads a coin's name and the quote after it.
    #[inline]
    fn coin(&mut self, coins: &Coins) -> Option<CoinId> {
        let end = self.rest.iter().position(|&b| b == b'"')?;
        let coin = coins.find(&self.rest[..end])?;
        self.rest = &self.rest[end + 1..];
        Some(coin)
    }

    /// Reads a trade from behind its coin to its closing brace.
    #[inline]
    fn trade(&mut self) -> Option<Trade> {
        self.literal(b",\"side\":\"")?;
        let aggressor = match self.rest.first()? {
            b'A' => Side::Sell,
            b'B' => Side::Buy,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        self.literal(b"\",\"px\":\"")?;
        let px = Px(self.positive()?);
        self.literal(b",\"sz\":\"")?;
        let sz = Sz(self.positive()?);
        self.literal(b",\"time\":")?;
        let time = self.time()?;
        self.literal(b",\"hash\":\"")?;
        let (hash, tail) = self.rest.split_first_chunk::<66>()?;
        if !hexadecimal(hash) {
            return None;
        }
        let taker = fields::taker(hash);
        self.rest = tail;
        self.literal(b"\",\"tid\":")?;
        let tid = self.integer()?;
        self.literal(b",\"users\":[\"")?;
        self.user()?;
        self.literal(b"\",\"")?;
        self.user()?;
        self.literal(b"\"]}")?;
        Some(Trade { aggressor, px, sz, time, taker, tid })
    }

    #[inline]
    fn user(&mut self) -> Option<()> {
        let (user, tail) = self.rest.split_first_chunk::<42>()?;
        self.rest = tail;
        hexadecimal(user).then_some(())
    }

    /// Reads a side's levels and the bracket that ends them.
    #[inline]
    fn levels(&mut self, side: Side, to: &mut Levels) -> Option<()> {
        to.clear();
        if self.literal(b"]").is_some() {
            return Some(());
        }
        loop {
            let level = self.level()?;
            fields::outward(side, to.last(), level.px).ok()?;
            to.try_push(level).ok()?;
            let (&byte, tail) = self.rest.split_first()?;
            self.rest = tail;
            match byte {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    #[inline]
    fn optional_level(&mut self) -> Option<Option<Level>> {
        if self.literal(b"null").is_some() { Some(None) } else { self.level().map(Some) }
    }

    #[inline]
    fn level(&mut self) -> Option<Level> {
        self.literal(b"{\"px\":\"")?;
        let px = Px(self.positive()?);
        self.literal(b",\"sz\":\"")?;
        let sz = Sz(self.positive()?);
        self.literal(b",\"n\":")?;
        let n = u32::try_from(self.integer()?).ok()?;
        self.literal(b"}")?;
        Some(Level { px, sz, n })
    }

    #[inline]
    fn time(&mut self) -> Option<Ns> {
        self.integer().and_then(|ms| i64::try_from(ms).ok()).map(Ns::from_ms)
    }

    /// Reads an integer of up to 18 digits without leading zeros.
    #[inline]
    fn integer(&mut self) -> Option<u64> {
        let (value, digits) = self.digits::<18>();
        if digits == 0 || (digits > 1 && self.rest[0] == b'0') {
            return None;
        }
        self.rest = &self.rest[digits..];
        Some(value)
    }

    /// Reads a positive decimal of up to ten digits and eight decimals, and the quote after it.
    #[inline]
    fn positive(&mut self) -> Option<i64> {
        let (whole, digits) = self.digits::<10>();
        if digits == 0 {
            return None;
        }
        self.rest = &self.rest[digits..];
        let (mut frac, mut decimals) = (0, 0);
        if self.literal(b".").is_some() {
            (frac, decimals) = self.digits::<{ SCALE as usize }>();
            if decimals == 0 {
                return None;
            }
            self.rest = &self.rest[decimals..];
        }
        self.literal(b"\"")?;
        // Below 10^18 + 10^8: in range.
        let value = whole * POW10[SCALE as usize] + frac * POW10[SCALE as usize - decimals];
        i64::try_from(value).ok().filter(|&v| v > 0)
    }

    /// Value and number of the leading digits, at most `MAX` of them. A digit beyond is left to
    /// fail whatever is expected after the number.
    #[inline]
    fn digits<const MAX: usize>(&self) -> (u64, usize) {
        let mut value = 0;
        let mut count = 0;
        for &byte in self.rest.iter().take(MAX) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value * 10 + u64::from(digit);
            count += 1;
        }
        (value, count)
    }
}

const POW10: [u64; SCALE as usize + 1] = {
    let mut table = [1; SCALE as usize + 1];
    let mut i = 1;
    while i < table.len() {
        table[i] = table[i - 1] * 10;
        i += 1;
    }
    table
};

/// Whether the text is `0x` and hexadecimal digits; without branches, for wide registers.
#[inline]
fn hexadecimal<const N: usize>(text: &[u8; N]) -> bool {
    let mut good = true;
    for &byte in &text[2..] {
        let digit = byte.wrapping_sub(b'0') < 10;
        let letter = (byte | 0x20).wrapping_sub(b'a') < 6;
        good &= digit | letter;
    }
    good & (text[0] == b'0') & (text[1] == b'x')
}
