//! What the wall turns away, and what it counts.
//!
//! In: outcomes of the decoder and the session. Out: [`Reject`], [`Counters`]. Hot path: plain
//! additions.
//!
//! 1. Every message is counted once in `messages` and once in the counter of its outcome.

use crate::units::decimal::Bad;

/// Why a message was turned away. Nothing of it had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// More than `MESSAGE_MAX` bytes.
    TooLarge,
    /// More than `TOKENS_MAX` JSON tokens.
    TooDense,
    /// Not UTF-8.
    NotUtf8,
    /// Not one JSON text.
    NotJson,
    /// Nested deeper than `JSON_DEPTH_MAX`.
    TooDeep,
    /// A field has another JSON type than the venue documents; a number where a decimal string is
    /// due is one of these.
    WrongType,
    /// A field that is needed is missing.
    MissingField,
    /// A field that is needed stands twice in its object.
    DuplicateField,
    /// A decimal string is not a price or a size.
    Number(Bad),
    /// A price or a size is zero.
    NotPositive,
    /// An integer is negative or too large for its field.
    OutOfRange,
    /// A trade's side is neither `A` nor `B`.
    BadSide,
    /// More than `PRINTS_MAX` trades in one message.
    TooManyPrints,
    /// Trades of several coins in one message.
    MixedCoins,
    /// A side of a book is not strictly ordered from its best price outward.
    UnsortedLevels,
    /// A best bid and offer, or a book, does not have two sides.
    NotTwoSides,
}

impl Reject {
    /// Number of counters of rejections.
    pub const COUNT: usize = 19;

    /// Names of the counters, by [`Reject::index`].
    pub const NAMES: [&'static str; Reject::COUNT] = [
        "too_large",
        "too_dense",
        "not_utf8",
        "not_json",
        "too_deep",
        "wrong_type",
        "missing_field",
        "duplicate_field",
        "number_grammar",
        "number_too_long",
        "number_too_fine",
        "number_too_large",
        "not_positive",
        "out_of_range",
        "bad_side",
        "too_many_prints",
        "mixed_coins",
        "unsorted_levels",
        "not_two_sides",
    ];

    /// Place in [`Reject::NAMES`] and [`Counters::rejected`].
    pub fn index(self) -> usize {
        match self {
            Reject::TooLarge => 0,
            Reject::TooDense => 1,
            Reject::NotUtf8 => 2,
            Reject::NotJson => 3,
            Reject::TooDeep => 4,
            Reject::WrongType => 5,
            Reject::MissingField => 6,
            Reject::DuplicateField => 7,
            Reject::Number(Bad::Grammar) => 8,
            Reject::Number(Bad::TooLong) => 9,
            Reject::Number(Bad::TooFine) => 10,
            Reject::Number(Bad::TooLarge) => 11,
            Reject::NotPositive => 12,
            Reject::OutOfRange => 13,
            Reject::BadSide => 14,
            Reject::TooManyPrints => 15,
            Reject::MixedCoins => 16,
            Reject::UnsortedLevels => 17,
            Reject::NotTwoSides => 18,
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
        let all = [
            Reject::TooLarge,
            Reject::TooDense,
            Reject::NotUtf8,
            Reject::NotJson,
            Reject::TooDeep,
            Reject::WrongType,
            Reject::MissingField,
            Reject::DuplicateField,
            Reject::Number(Bad::Grammar),
            Reject::Number(Bad::TooLong),
            Reject::Number(Bad::TooFine),
            Reject::Number(Bad::TooLarge),
            Reject::NotPositive,
            Reject::OutOfRange,
            Reject::BadSide,
            Reject::TooManyPrints,
            Reject::MixedCoins,
            Reject::UnsortedLevels,
            Reject::NotTwoSides,
        ];
        assert_eq!(all.len(), Reject::COUNT);
        for (i, r) in all.into_iter().enumerate() {
            assert_eq!(r.index(), i);
        }
        let mut names: Vec<_> = Counters::default().rows().map(|(n, _)| n).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "no counter name stands twice");
    }
}
