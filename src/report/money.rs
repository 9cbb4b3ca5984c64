//! The profit taken apart, exactly.
//!
//! In: account records. Out: sums in the last unit of money, and their decimal text. Cold path.
//!
//! 1. Sums are integers in units of 5e-17 USD ([`Cash`]); nothing is rounded before it is shown.

use serde::{Deserialize, Serialize};
use std::ops::Add;

use serde_json::{Value, json};

use crate::record::{Account, PARTS};
use crate::units::Cash;

/// Decimals of the smallest unit of money.
pub const DECIMALS: u32 = 17;

/// Where a profit came from: an amount for each of [`PARTS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split(pub [Cash; PARTS.len()]);

impl Split {
    /// The parts of an account.
    pub fn of(a: &Account) -> Split {
        Split(a.parts())
    }

    /// The parts by name.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, Cash)> {
        PARTS.into_iter().zip(self.0)
    }

    /// Their sum.
    pub fn profit(&self) -> Cash {
        self.0.into_iter().fold(Cash(0), |sum, part| sum + part)
    }

    /// The exact decimals in USD, as text.
    pub fn exact(&self) -> Value {
        let mut out = json!({ "profit": exact(self.profit()) });
        for (name, part) in self.parts() {
            out[name] = json!(exact(part));
        }
        out
    }
}

impl Add for Split {
    type Output = Split;
    fn add(self, o: Split) -> Split {
        Split(std::array::from_fn(|i| self.0[i] + o.0[i]))
    }
}

/// An amount in USD with all its decimals.
pub fn exact(c: Cash) -> String {
    decimal(units(c))
}

/// An amount as a count of the last decimal: a unit of money is five of the seventeenth.
pub fn units(c: Cash) -> i128 {
    c.0.saturating_mul(5)
}

/// The decimal text of a count of the last decimal.
pub fn decimal(units: i128) -> String {
    let one = 10u128.pow(DECIMALS);
    let n = units.unsigned_abs();
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{}.{:017}", n / one, n % one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_shows() {
        assert_eq!(exact(Cash(1)), "0.00000000000000005");
        assert_eq!(exact(Cash(-Cash::USD - 1)), "-1.00000000000000005");
        assert_eq!(exact(Cash(3 * Cash::USD / 2)), "1.50000000000000000");
    }

    #[test]
    fn parts_and_sums_agree() {
        let a = Split([7, -3, 0, -1, 0].map(Cash));
        assert_eq!(a.profit(), Cash(3));
        assert_eq!((a + a).profit(), Cash(6));
    }
}
