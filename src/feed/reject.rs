//! What the wall turns away, and what it counts.
//!
//! In: outcomes of the decoder and the session. Out: [`Reject`], [`Counters`]. Hot path: plain
//! additions.
//!
//! 1. Every message is counted once in `messages` and once in the counter of its outcome.

use crate::units::decimal::Bad;

/// The reasons, each with the name of its counter.
macro_rules! rejects {
    ($( $variant:ident / $name:literal : $sentence:literal ),* $(,)?) => {
        /// Why a message was turned away. Nothing of it had an effect.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reject { $( #[doc = $sentence] $variant ),* }

        impl Reject {
            /// Names of the counters, by [`Reject::index`].
            pub const NAMES: [&'static str; Reject::COUNT] = [ $( $name ),* ];

            /// Number of counters of rejections.
            pub const COUNT: usize = [ $( Reject::$variant ),* ].len();

            /// Place in [`Reject::NAMES`] and [`Counters::rejected`].
            pub fn index(self) -> usize {
                self as usize
            }
        }
    };
}

rejects! {
    TooLarge / "too_large" : "More than `MESSAGE_MAX` bytes.",
    TooDense / "too_dense" : "More than `TOKENS_MAX` JSON tokens.",
    NotUtf8 / "not_utf8" : "Not UTF-8.",
    NotJson / "not_json" : "Not one JSON text.",
    TooDeep / "too_deep" : "Nested deeper than `JSON_DEPTH_MAX`.",
    WrongType / "wrong_type" : "A field has another JSON type than documented.",
    MissingField / "missing_field" : "A field that is needed is missing.",
    DuplicateField / "duplicate_field" : "A field that is needed stands twice in its object.",
    NumberGrammar / "number_grammar" : "A decimal string is no price or size: its grammar.",
    NumberTooLong / "number_too_long" : "The same: its length.",
    NumberTooFine / "number_too_fine" : "The same: its decimals.",
    NumberTooLarge / "number_too_large" : "The same: its size.",
    NotPositive / "not_positive" : "A price or a size is zero.",
    OutOfRange / "out_of_range" : "An integer is negative or too large for its field.",
    BadSide / "bad_side" : "A trade's side is neither `A` nor `B`.",
    TooManyPrints / "too_many_prints" : "More than `PRINTS_MAX` trades in one message.",
    MixedCoins / "mixed_coins" : "Trades of several coins in one message.",
    UnsortedLevels / "unsorted_levels" : "A side of a book is not ordered from its best price outward.",
    NotTwoSides / "not_two_sides" : "A best bid and offer, or a book, does not have two sides.",
}

impl From<Bad> for Reject {
    fn from(bad: Bad) -> Reject {
        match bad {
            Bad::Grammar => Reject::NumberGrammar,
            Bad::TooLong => Reject::NumberTooLong,
            Bad::TooFine => Reject::NumberTooFine,
            Bad::TooLarge => Reject::NumberTooLarge,
        }
    }
}

macro_rules! counters {
    ($( $(#[$doc:meta])* $name:ident ),* $(,)?) => {
        /// What the feed counts. All are counts since the start of the run.
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize,
        )]
        pub struct Counters {
            $( $(#[$doc])* pub $name: u64, )*
            /// Messages turned away, by [`Reject::index`].
            pub rejected: [u64; Reject::COUNT],
        }

        impl Counters {
            /// Names and values, rejections last.
            pub fn rows(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$( (stringify!($name), self.$name) ),*]
                    .into_iter()
                    .chain(Reject::NAMES.into_iter().zip(self.rejected))
            }
        }
    };
}

counters! {
    /// Messages received.
    messages,
    /// Bytes of messages received.
    bytes,
    /// Trades messages of the run's coins that are not history.
    trades,
    /// Prints delivered as events, history excluded.
    prints,
    /// Prints dropped because they were seen before.
    duplicates,
    /// Prints dropped because they are older than the window of seen prints reaches.
    too_old,
    /// Prints whose size is not on the coin's lot grid: the size decimals in use are wrong.
    off_lot,
    /// History messages: the first trades of a coin on a connection.
    histories,
    /// Prints of histories that had not been seen before.
    history_prints,
    /// Histories that overlap what was seen: nothing was lost.
    contiguous,
    /// Histories without overlap: trades may be lost.
    gaps,
    /// Best bids and offers.
    bbos,
    /// Five-level books.
    fast_books,
    /// Full books.
    slow_books,
    /// Contexts.
    ctxs,
    /// Acknowledgements of subscriptions.
    acks,
    /// Pongs.
    pongs,
    /// Error messages of the venue.
    venue_errors,
    /// Texts that are not JSON and greet.
    greetings,
    /// Books put together by significant figures, which are no books of a coin.
    aggregated,
    /// Histories that nothing announced: known by the age of their prints.
    unannounced,
    /// Messages on channels not followed.
    unknown,
    /// Messages of coins not followed.
    foreign,
    /// Empty trades messages that are no history.
    empty_trades,
    /// Messages the scanner handed to the general parser.
    handed_over,
    /// Times the link came up.
    ups,
    /// Times the link went down.
    downs,
    /// Subscriptions sent.
    subscribes,
    /// Pings sent.
    pings,
    /// Pings whose answer was timed.
    timed_pings,
    /// Their round trips added up, ns.
    ping_ns,
    /// The longest of them, ns.
    ping_ns_longest,
}

impl Counters {
    /// The reasons for which messages were turned away, and how many each.
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Reject::NAMES.into_iter().zip(self.rejected).filter(|(_, n)| *n > 0)
    }

    /// Messages turned away, all reasons together.
    pub fn rejects(&self) -> u64 {
        self.rejected.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_name() {
        let mut names: Vec<_> = Counters::default().rows().map(|(n, _)| n).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "no counter name stands twice");
    }
}
