//! What happened to own orders, as records; what an account came to, what of a feed is stale.
//!
//! In: states and fills. Out: their records, and fills back from them. Hot path: plain values.

use super::{Account, Body, FeedState, Fill, Order};
use crate::event::own;
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

impl From<own::OrderUpdate> for Body {
    fn from(o: own::OrderUpdate) -> Body {
        let own::OrderUpdate { id, state, reason, side, level, px, sz, open, ahead, effective } = o;
        Order { id, state, reason, side, level, px, sz, open, ahead, effective }.into()
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

/// Both ways, field by field.
macro_rules! same {
    ($from:path, $to:path { $($field:ident),* }) => {
        impl From<$from> for $to {
            fn from(x: $from) -> $to {
                Self { $($field: x.$field),* }
            }
        }

        impl From<$to> for $from {
            fn from(x: $to) -> $from {
                Self { $($field: x.$field),* }
            }
        }
    };
}

same!(
    own::Fill,
    Fill {
        id,
        lane,
        reason,
        side,
        unknown_queue,
        level,
        px,
        sz,
        open,
        ahead,
        age,
        time,
        tid,
        mid,
        fee_e8,
        sight_age
    }
);

impl From<own::Fill> for Body {
    fn from(f: own::Fill) -> Body {
        Fill::from(f).into()
    }
}
