//! The profit taken apart, exactly.
//!
//! In: account records. Out: sums in the last unit of money, and their decimal text. Cold path.
//!
//! 1. Sums are integers in units of 5e-17 USD ([`Cash`]); nothing is rounded before it is shown.

use serde::{Deserialize, Serialize};
use std::ops::Add;

use serde_json::{Value, json};

use crate::record::Account;
use crate::units::Cash;

/// Decimals of the smallest unit of money.
pub const DECIMALS: u32 = 17;

/// Where a profit came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Distance from mid at which it was filled.
    pub spread: Cash,
    /// Move of the mid over the five seconds after each fill.
    pub adverse: Cash,
    /// Moves of the mid after that, on the position held.
    pub inventory: Cash,
    /// Fees, negative when paid.
    pub fees: Cash,
    /// Funding, negative when paid.
    pub funding: Cash,
}

impl Split {
    /// The parts of an account.
    pub fn of(a: &Account) -> Split {
        Split {
            spread: Cash(a.spread),
            adverse: Cash(a.adverse),
            inventory: Cash(a.inventory),
            fees: Cash(a.fees),
            funding: Cash(a.funding),
        }
    }

    /// The parts by name.
    pub fn parts(&self) -> [(&'static str, Cash); 5] {
        [
            ("spread", self.spread),
            ("adverse", self.adverse),
            ("inventory", self.inventory),
            ("fees", self.fees),
            ("funding", self.funding),
        ]
    }

    /// What fills were worth five seconds later, fees paid: what quoting itself earned.
    pub fn value(&self) -> Cash {
        self.spread + self.adverse + self.fees
    }

    /// Their sum.
    pub fn profit(&self) -> Cash {
        self.parts().into_iter().fold(Cash(0), |sum, (_, part)| sum + part)
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
        Split {
            spread: self.spread + o.spread,
            adverse: self.adverse + o.adverse,
            inventory: self.inventory + o.inventory,
            fees: self.fees + o.fees,
            funding: self.funding + o.funding,
        }
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
        let a = Split { spread: Cash(7), adverse: Cash(-3), fees: Cash(-1), ..Split::default() };
        assert_eq!(a.profit(), Cash(3));
        assert_eq!((a + a).profit(), Cash(6));
    }
}
