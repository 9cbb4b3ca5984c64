//! The coins of a run: names as the venue spells them, and their numbers.
//!
//! In: names and size decimals from the venue's list. Out: [`CoinSpec`], and [`CoinId`]s for the
//! names on the wire. Hot path: a lookup hashes a short name, and compares it with one or two.
//!
//! 1. A name is 1 to `COIN_NAME_MAX` printable ASCII characters without blank, quote or backslash:
//!    it can stand in a JSON string as it is.
//! 2. Names are case-sensitive, and each stands once.

use arrayvec::ArrayString;

use crate::limits::{COIN_NAME_MAX, COINS_MAX, DECIMALS_MAX};
use crate::units::CoinId;
use crate::units::rules::{Billing, Rules};

/// A coin's name as the venue spells it: `BTC`, `kPEPE`, `@107`, `xyz:XYZ100`.
pub type CoinName = ArrayString<COIN_NAME_MAX>;

/// Whether a name is a perpetual's: spot pairs are `@107` or `PURR/USDC`, outcomes `#14720`. Their
/// prices, fees and positions follow other rules.
pub fn is_perpetual(name: &str) -> bool {
    !name.starts_with(['@', '#']) && !name.contains('/')
}

/// One coin to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoinSpec {
    /// Name as the venue spells it.
    pub name: CoinName,
    /// Decimal places of a size, `0..=6`.
    pub sz_decimals: u8,
    /// How its fees follow from the account's.
    pub billing: Billing,
}

/// Why a list of coins is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCoin {
    /// The name is empty.
    #[error("a name is empty")]
    Empty,
    /// The name has more than `COIN_NAME_MAX` bytes.
    #[error("a name is too long")]
    TooLong,
    /// The name has a character other than printable ASCII, or a blank, a quote or a backslash.
    #[error("a name has a character that no coin has")]
    Character,
    /// More than six size decimals.
    #[error("sizes have at most six decimals")]
    Decimals,
    /// The name stands twice in the list.
    #[error("a name stands twice")]
    Twice,
    /// More than `COINS_MAX` coins.
    #[error("too many coins")]
    TooMany,
    /// No coin at all.
    #[error("no coin at all")]
    None,
}

impl CoinSpec {
    /// A coin of the given name with sizes of `sz_decimals` decimal places; where the name says that it
    /// is a builder's (`dex:COIN`), its terms are not known.
    ///
    /// # Errors
    /// [`BadCoin`] when the name or the decimals cannot be a coin's.
    pub fn new(name: &str, sz_decimals: u8) -> Result<CoinSpec, BadCoin> {
        if name.is_empty() {
            return Err(BadCoin::Empty);
        }
        if !name.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
            return Err(BadCoin::Character);
        }
        if sz_decimals > DECIMALS_MAX {
            return Err(BadCoin::Decimals);
        }
        let name = CoinName::from(name).map_err(|_| BadCoin::TooLong)?;
        let billing = if name.contains(':') { Billing::Unlisted } else { Billing::Venue };
        Ok(CoinSpec { name, sz_decimals, billing })
    }

    /// The venue's price and size rules for this coin.
    pub fn rules(&self) -> Rules {
        Rules { billing: self.billing, ..Rules::perp(self.sz_decimals) }
    }
}

/// The coins of a run, in the order of their numbers.
#[derive(Clone, Debug)]
pub struct Coins {
    list: Box<[CoinSpec]>,
    /// Numbers by the hash of the name, at the first free place from there on: at least half are free.
    table: Box<[Option<CoinId>]>,
}

/// Where the search for a name begins in a table of `places`, a power of two: FNV-1a.
#[inline]
fn place(name: &[u8], places: usize) -> usize {
    let fold = |h: u32, b: &u8| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193);
    let hash = name.iter().fold(0x811c_9dc5, fold);
    (hash ^ hash >> 15) as usize & (places - 1)
}

impl Coins {
    /// Numbers the coins in the order given.
    ///
    /// # Errors
    /// [`BadCoin`] when there are none or too many, or one stands twice.
    pub fn new(specs: &[CoinSpec]) -> Result<Coins, BadCoin> {
        if specs.is_empty() {
            return Err(BadCoin::None);
        }
        if specs.len() > COINS_MAX {
            return Err(BadCoin::TooMany);
        }
        let places = (2 * specs.len()).next_power_of_two();
        let mut coins = Coins { list: specs.into(), table: vec![None; places].into() };
        for (spec, id) in specs.iter().zip(0u8..) {
            CoinSpec::new(&spec.name, spec.sz_decimals)?;
            match coins.seek(spec.name.as_bytes()) {
                (_, Some(_)) => return Err(BadCoin::Twice),
                (at, None) => coins.table[at] = Some(CoinId(id)),
            }
        }
        Ok(coins)
    }

    /// The place of a name in the table, and the number there: none where it is not one of the run's.
    #[inline]
    fn seek(&self, name: &[u8]) -> (usize, Option<CoinId>) {
        let mut at = place(name, self.table.len());
        loop {
            match self.table[at] {
                Some(id) if self.list[id.index()].name.as_bytes() != name => {
                    at = (at + 1) & (self.table.len() - 1);
                }
                found => return (at, found),
            }
        }
    }

    /// The number of the coin with this name, if it is one of the run's.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<CoinId> {
        self.seek(name).1
    }

    /// The coin of a number.
    pub fn get(&self, coin: CoinId) -> Option<&CoinSpec> {
        self.list.get(coin.index())
    }

    /// The coins in the order of their numbers.
    pub fn as_slice(&self) -> &[CoinSpec] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_seen_on_the_venue_is_a_name() {
        for name in [
            "BTC",
            "kPEPE",
            "0G",
            "2Z",
            "@107",
            "PURR/USDC",
            "xyz:XYZ100",
            "#14720",
            "mkts:SMALL2000",
            "dex:STREAMABCD****",
        ] {
            assert_eq!(CoinSpec::new(name, 2).expect(name).name.as_str(), name);
        }
    }

    #[test]
    fn spot_and_outcomes_are_no_perpetuals() {
        for name in ["BTC", "kPEPE", "0G", "xyz:XYZ100", "dex:STREAMABCD****"] {
            assert!(is_perpetual(name), "{name}");
        }
        for name in ["@107", "PURR/USDC", "#14720"] {
            assert!(!is_perpetual(name), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_a_coin_is_refused_with_its_reason() {
        let bad = |name: &str, d| CoinSpec::new(name, d).expect_err(name);
        assert_eq!(bad("", 0), BadCoin::Empty);
        assert_eq!(bad("BTC\"", 0), BadCoin::Character);
        assert_eq!(bad("B\\TC", 0), BadCoin::Character);
        assert_eq!(bad("B TC", 0), BadCoin::Character);
        assert_eq!(bad("\u{20bf}", 0), BadCoin::Character);
        assert_eq!(bad(&"B".repeat(25), 0), BadCoin::TooLong);
        assert_eq!(bad("BTC", 7), BadCoin::Decimals);
        let btc = CoinSpec::new("BTC", 5).expect("a coin");
        assert_eq!(Coins::new(&[]).expect_err("none"), BadCoin::None);
        assert_eq!(Coins::new(&[btc, btc]).expect_err("twice"), BadCoin::Twice);
        let many: Vec<_> =
            (0..=COINS_MAX).map(|i| CoinSpec::new(&format!("C{i}"), 0).expect("a coin")).collect();
        assert_eq!(Coins::new(&many).expect_err("many"), BadCoin::TooMany);
        let coins = Coins::new(&many[1..]).expect("as many as there may be");
        for (i, spec) in (0..).zip(&many[1..]) {
            assert_eq!(coins.find(spec.name.as_bytes()), Some(CoinId(i)), "{}", spec.name);
        }
        assert_eq!(coins.find(b"C0"), None);
        assert_eq!(coins.find(b""), None);
    }

    #[test]
    fn names_are_case_sensitive_and_numbered_in_order() {
        let specs = ["BTC", "kPEPE"].map(|n| CoinSpec::new(n, 0).expect("a coin"));
        let coins = Coins::new(&specs).expect("coins");
        assert_eq!(coins.find(b"BTC"), Some(CoinId(0)));
        assert_eq!(coins.find(b"kPEPE"), Some(CoinId(1)));
        assert_eq!(coins.find(b"KPEPE"), None);
        assert_eq!(coins.get(CoinId(1)), Some(&specs[1]));
        assert_eq!(coins.get(CoinId(2)), None);
    }
}
