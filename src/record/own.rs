//! What happened to own orders, as records.
//!
//! In: states and fills. Out: their records, and fills back from them. Hot path: plain values.

use super::{Body, Fill, Order};
use crate::event::own;

impl From<own::OrderUpdate> for Body {
    fn from(o: own::OrderUpdate) -> Body {
        let own::OrderUpdate { id, state, reason, side, level, px, sz, open, ahead, effective } = o;
        Order { id, state, reason, side, level, px, sz, open, ahead, effective }.into()
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
