//! The named codes that stand in records: every reason, state and verdict the engine can give.
//!
//! In: nothing. Out: `u8` enums with names and sentences. Hot path: `Copy`.
//!
//! 1. A code's number never changes its meaning; new ones are appended.

use super::field::{Field, PAYLOAD_BYTES, Value};
pub use crate::event::own::{FillReason, Lane, OrderReason, OrderState};
use crate::units::words::words;

/// Names of the regimes, calm to wild, as arrays of four are laid out.
pub const REGIMES: [&str; 4] = ["quiet", "normal", "volatile", "cascade"];

/// The numbers of enums that are defined elsewhere.
macro_rules! numbers {
    ($( $name:ident { $( $code:literal $variant:ident ),* $(,)? } )*) => { $(
        impl $name {
            /// The case of a number.
            pub fn of(code: u8) -> Option<$name> {
                match code { $( $code => Some($name::$variant), )* _ => None }
            }
        }

        impl Field for $name {
            const SIZE: usize = 1;
            #[inline(always)]
            fn put(&self, out: &mut [u8; PAYLOAD_BYTES], at: usize) -> usize {
                let code: u8 = match self { $( $name::$variant => $code ),* };
                code.put(out, at)
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

/// Enums that only records speak of, with their numbers.
macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident { $( $code:literal $variant:ident / $text:literal : $sentence:literal ),* $(,)? } )*) => { $(
        words! { $(#[$doc])* $name { $( $variant / $text : $sentence ),* } }
        numbers! { $name { $( $code $variant ),* } }
    )* };
}

numbers! {
    OrderState { 0 Sent, 1 Live, 2 Rejected, 3 CancelSent, 4 Cancelled, 5 Filled }
    OrderReason {
        0 None, 1 Replaced, 2 Withdrawn, 3 PostOnly, 4 Tick, 5 Lot, 6 MinValue, 7 TooFar,
        8 LinkLost, 9 Gone, 10 Requests,
    }
    FillReason { 0 Queue, 1 Through, 2 Crossed, 3 Touch, 4 Drawn }
    Lane { 0 Configured, 1 Pessimistic, 2 Optimistic }
}

codes! {
    /// Whether small quotes would earn, at the distances seen often enough.
    Outlook {
        0 Unknown / "UNKNOWN" : "No distance has two independent fills yet.",
        1 Loses / "LOSES" : "Every distance seen often enough loses.",
        2 LikelyLoses / "LIKELY LOSES" : "None seems to pay, but one may.",
        3 LikelyPays / "LIKELY PAYS" : "One seems to pay, but may not.",
        4 Pays / "PAYS" : "One pays.",
    }

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
        9 NoEstimate / "no_estimate" : "Still learning: an estimate that the quote needs is not there yet.",
        10 NoEdge / "no_edge" : "No level keeps an edge after costs.",
        11 TooSmall / "too_small" : "No level reaches the minimum order value.",
        12 Stopping / "stopping" : "The run is ending.",
        14 Declined / "declined" : "The strategy declines, for a reason of its own.",
        15 Requests / "requests" : "The account's budget of requests has to last: waiting for more.",
    }

    /// What a label is of.
    Labelled {
        0 Term / "term" : "A term of the strategy.",
        1 Reason / "reason" : "A reason of the strategy to decline.",
    }
}

impl StopReason {
    /// Why a run ended, in a sentence; a live run has no recording that could end.
    pub fn of_run(self, live: bool) -> &'static str {
        match (self, live) {
            (StopReason::Finished, true) => "The time asked for was over.",
            (StopReason::Finished, false) => "The recording ended.",
            _ => self.sentence(),
        }
    }
}
