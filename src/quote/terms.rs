//! The terms that glft publishes with a quote: their names, units and order stand here once.
//!
//! In: numbers of one quote. Out: the values for the record, and the table that names them. Hot
//! path: a copy.

use crate::record::{Named, StrategyInfo, TERMS_MAX};

macro_rules! terms {
    ($( $field:ident = $name:literal $unit:literal : $sentence:literal ),* $(,)?) => {
        /// What a quote is made of.
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct Terms { $( #[doc = $sentence] pub $field: f64 ),* }

        impl Terms {
            /// What the records say of them.
            pub const NAMES: &'static [Named] =
                &[ $( Named { name: $name, unit: $unit, sentence: $sentence } ),* ];

            /// The values in the order of the names.
            #[must_use]
            pub fn values(&self) -> [f64; TERMS_MAX] {
                [ $( self.$field ),* ]
            }
        }
    };
}

terms! {
    half_bps = "half" "bps": "Half-spread wanted at the first level, all terms.",
    c1_bps = "c1" "bps": "The closed form's distance beyond the costs at the local kappa.",
    fee_bps = "fee" "bps": "Fee per side.",
    markout_bps = "markout" "bps": "Expected adverse move.",
    theta_bps = "theta" "bps": "Inventory term per lot.",
    lots = "lots" "": "Position in lots of the quoting unit.",
    skew_bps = "skew" "bps": "Shift of the bid by inventory; negative is closer.",
    explore_bps = "explore" "bps": "How much exploration moves the first level; negative is closer.",
    clamp_bid_bps = "clamp_bid" "bps": "How much clamps and rounding move the first bid.",
    clamp_ask_bps = "clamp_ask" "bps": "How much clamps and rounding move the first ask.",
    // The first level is this, its share of 1/kappa, a floor's lift, exploration.
    cost_bps = "cost" "bps": "Distance at which a fill just pays: fee and adverse move.",
    signal_bps = "signal" "bps": "Shift of both sides by the signals; positive is up.",
}

/// How glft presents itself.
pub const GLFT: StrategyInfo =
    StrategyInfo { name: "glft", version: 1, terms: Terms::NAMES, reasons: &[] };
