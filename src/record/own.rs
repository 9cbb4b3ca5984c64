//! What an account came to, and what of a feed is stale.
//!
//! In: records. Out: sums, words. Cold path.

use super::{Account, FeedState};
use crate::units::Cash;

/// Names of the parts of a result, in the order of [`Account::parts`].
pub const PARTS: [&str; 5] = ["spread", "adverse", "inventory", "fees", "funding"];

impl Account {
    /// The parts of the result, which sum to it exactly.
    pub fn parts(&self) -> [Cash; 5] {
        [self.spread, self.adverse, self.inventory, self.fees, self.funding].map(Cash)
    }

    /// What it has come to.
    pub fn profit(&self) -> Cash {
        self.parts().into_iter().fold(Cash(0), |sum, part| sum + part)
    }

    /// What its fills were worth five seconds later, fees paid: what quoting itself earned.
    pub fn value(&self) -> Cash {
        Cash(self.spread + self.adverse + self.fees)
    }
}

impl FeedState {
    /// The streams that are older than they may be, for people.
    pub fn stale(&self) -> Vec<&'static str> {
        let all = [
            (self.stale_bbo, "bbo"),
            (self.stale_fast, "fast book"),
            (self.stale_slow, "full book"),
            (self.stale_ctx, "context"),
            (self.silent, "everything"),
        ];
        all.into_iter().filter_map(|(is, name)| is.then_some(name)).collect()
    }
}
