//! The named codes that stand in records: every reason, state and verdict the engine can give.
//!
//! In: nothing. Out: `u8` enums with names and sentences. Hot path: `Copy`.
//!
//! 1. A code's number never changes its meaning; new ones are appended.

use super::PAYLOAD_BYTES;
use super::field::{Field, Value};

macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident { $( $code:literal $variant:ident / $text:literal : $sentence:literal ),* $(,)? } )*) => { $(
        $(#[$doc])*
        #[derive(
            Clone,
            Copy,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
            serde::Serialize,
            serde::Deserialize,
        )]
        #[repr(u8)]
        pub enum $name {
            $( #[doc = $sentence] $variant = $code ),*
        }

        impl Default for $name {
            /// The code 0.
            fn default() -> $name { $name::ALL[0] }
        }

        impl $name {
            /// All codes in order.
            pub const ALL: &'static [$name] = &[ $( $name::$variant ),* ];

            /// The name in exports.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $( $name::$variant => $text ),* }
            }

            /// One sentence for people.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self { $( $name::$variant => $sentence ),* }
            }

            /// The code of a number.
            #[must_use]
            pub fn of(code: u8) -> Option<$name> {
                match code { $( $code => Some($name::$variant), )* _ => None }
            }
        }

        impl Field for $name {
            const SIZE: usize = 1;
            fn put(&self, out: &mut [u8; PAYLOAD_BYTES], at: usize) -> usize {
                (*self as u8).put(out, at)
            }
            fn take(from: &[u8; PAYLOAD_BYTES], at: usize) -> Option<(Self, usize)> {
                let (code, at) = u8::take(from, at)?;
                Some(($name::of(code)?, at))
            }
            fn value(&self) -> Value {
                Value::Text(self.text().into())
            }
        }
    )* };
}

codes! {
    /// Why a run ended.
    StopReason {
        0 Finished / "finished" : "The time asked for was over, or the recording ended.",
        1 Signal / "signal" : "A signal asked it to stop.",
        2 Venue / "venue" : "The venue ended for good.",
        3 Failed / "failed" : "Something it needs failed; the run's log says what.",
    }

    /// How a subscription's history joins what was seen.
    JointCode {
        0 First / "first" : "First subscription of the run.",
        1 Contiguous / "contiguous" : "The history overlaps what was seen: nothing was lost.",
        2 Gap / "gap" : "No overlap: trades in between may be lost, and nothing is filled across.",
    }

    /// Whether a coin's book can be traded on.
    Health {
        0 Empty / "empty" : "No book yet on this connection.",
        1 Fresh / "fresh" : "Two-sided, uncrossed, recent.",
        2 Stale / "stale" : "Older than its stream may be.",
        3 Crossed / "crossed" : "Bid at or above ask.",
        4 OneSided / "one_sided" : "A side is empty.",
        5 Down / "down" : "The link is down.",
        6 Gapped / "gapped" : "Back after a gap; waiting for book and history.",
    }

    /// Why a side is not quoted; the first obstacle in this order. `None` when it is quoted.
    Guard {
        0 None / "none" : "Quoted.",
        1 LinkDown / "link_down" : "The link is down.",
        2 NoBook / "no_book" : "No two-sided book yet.",
        3 BookStale / "book_stale" : "The book is older than allowed.",
        4 BookCrossed / "book_crossed" : "The book is crossed.",
        5 Gap / "gap" : "Trades were lost; waiting until book and tape are whole again.",
        6 JournalBehind / "journal_behind" : "The logging thread is behind, or its journal failed.",
        7 LossLimit / "loss_limit" : "The loss limit latched.",
        8 InventoryLimit / "inventory_limit" : "This side would grow the position beyond its limit.",
        9 NoEstimate / "no_estimate" : "An estimate the quote needs is not finite.",
        10 NoEdge / "no_edge" : "No level keeps an edge after costs.",
        11 TooSmall / "too_small" : "No level reaches the minimum order value.",
        12 Stopping / "stopping" : "The run is ending.",
        13 Gated / "gated" : "The fill predictions are worse than none; quoting is off.",
        14 Declined / "declined" : "The strategy declines, for a reason of its own.",
    }

    /// What a label is of.
    Labelled {
        0 Term / "term" : "A term of the strategy.",
        1 Reason / "reason" : "A reason of the strategy to decline.",
    }

    /// State of an own order.
    OrderState {
        0 Sent / "sent" : "On its way to the venue.",
        1 Live / "live" : "In the book.",
        2 Rejected / "rejected" : "Refused by the venue.",
        3 CancelSent / "cancel_sent" : "A cancel is on its way; fills before it stand.",
        4 Cancelled / "cancelled" : "Out of the book.",
        5 Filled / "filled" : "Completely filled.",
    }

    /// Why an own order was refused or taken out.
    OrderReason {
        0 None / "none" : "No reason needed.",
        1 Replaced / "replaced" : "The ladder moved.",
        2 Withdrawn / "withdrawn" : "A guard took the side down.",
        3 PostOnly / "post_only" : "Post only order would have immediately matched.",
        4 Tick / "tick" : "Price must be divisible by tick size.",
        5 Lot / "lot" : "Order has invalid size.",
        6 MinValue / "min_value" : "Order must have minimum value of $10.",
        7 TooFar / "too_far" : "Order price cannot be more than 95% away from the reference price.",
        8 LinkLost / "link_lost" : "The link went down; the venue cancels what is scheduled to.",
        9 Gone / "gone" : "Order was never placed, already canceled, or filled.",
    }

    /// Why a fill happened.
    FillReason {
        0 Queue / "queue" : "Volume printed at the price beyond the queue ahead.",
        1 Through / "through" : "A taker traded through the price.",
        2 Crossed / "crossed" : "The book moved onto the price from the other side.",
        3 Touch / "touch" : "The optimistic bracket: any print at the price.",
        4 Drawn / "drawn" : "The original model's draw came out.",
    }

    /// Which of the three results of one pass.
    Lane {
        0 Configured / "configured" : "The configured fill model; the one that decides and learns.",
        1 Pessimistic / "pessimistic" : "The pessimistic bracket on the same decisions.",
        2 Optimistic / "optimistic" : "The optimistic bracket on the same decisions.",
    }
}
