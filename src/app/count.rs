//! The counters that others keep, brought into the one table.
//!
//! In: feed, engine, rings. Out: [`Counters`]. Hot path, ten times a second: copies of integers.

use super::publish::Rings;
use super::turn::Turn;
use crate::engine::Components;
use crate::feed::Reject;
use crate::telemetry::counters::{Counter, Counters};

/// Brings feed, engine and rings into the table.
pub fn gather<C: Components>(out: &mut Counters, turn: &Turn<C>, rings: &Rings) {
    let feed = turn.feed().counters();
    for class in REJECTS.map(|r| r.1) {
        out.set(class, 0);
    }
    for ((reason, class), count) in REJECTS.into_iter().zip(feed.rejected) {
        out.set(reason, count);
        out.add(class, count);
    }
    let published = rings.records.published();
    for (counter, value) in [
        (Counter::Ticks, turn.ticks()),
        (Counter::Frames, feed.messages),
        (Counter::Trades, feed.prints),
        (Counter::Books, feed.fast_books + feed.slow_books),
        (Counter::Bbos, feed.bbos),
        (Counter::Duplicates, feed.duplicates),
        (Counter::VenueErrors, feed.venue_errors),
        (Counter::LinkUp, feed.ups),
        (Counter::LinkDown, feed.downs),
        (Counter::PingsSent, feed.pings),
        (Counter::Pongs, feed.pongs),
        (Counter::PingsTimed, feed.timed_pings),
        (Counter::PingNs, feed.ping_ns),
        (Counter::PingNsLast, turn.feed().rtt_ns().map_or(0, i64::unsigned_abs)),
        (Counter::Gaps, feed.gaps),
        (Counter::Recovered, feed.history_prints),
        (Counter::Records, published.next_seq - published.first_seq),
        (Counter::RecordsDropped, published.dropped),
        (Counter::RawDropped, rings.raw.as_ref().map_or(0, |r| r.dropped())),
        (Counter::LapsDropped, rings.laps.dropped()),
    ] {
        out.set(counter, value);
    }
}

/// The counter of each reason to reject a frame, and that of its class, by [`Reject::index`].
const REJECTS: [(Counter, Counter); Reject::COUNT] = [
    (Counter::RejectTooLarge, Counter::RejectsOther),
    (Counter::RejectTooDense, Counter::RejectsOther),
    (Counter::RejectNotUtf8, Counter::RejectsJson),
    (Counter::RejectNotJson, Counter::RejectsJson),
    (Counter::RejectTooDeep, Counter::RejectsOther),
    (Counter::RejectWrongType, Counter::RejectsShape),
    (Counter::RejectMissingField, Counter::RejectsShape),
    (Counter::RejectDuplicateField, Counter::RejectsShape),
    (Counter::RejectNumberGrammar, Counter::RejectsValue),
    (Counter::RejectNumberTooLong, Counter::RejectsValue),
    (Counter::RejectNumberTooFine, Counter::RejectsValue),
    (Counter::RejectNumberTooLarge, Counter::RejectsValue),
    (Counter::RejectNotPositive, Counter::RejectsValue),
    (Counter::RejectOutOfRange, Counter::RejectsValue),
    (Counter::RejectBadSide, Counter::RejectsShape),
    (Counter::RejectTooManyPrints, Counter::RejectsShape),
    (Counter::RejectMixedCoins, Counter::RejectsShape),
    (Counter::RejectUnsortedLevels, Counter::RejectsShape),
    (Counter::RejectNotTwoSides, Counter::RejectsShape),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_counter_and_a_class() {
        for (name, (reason, class)) in Reject::NAMES.iter().zip(REJECTS) {
            assert_eq!(reason.name().strip_prefix("reject_"), Some(*name));
            assert!(class.name().starts_with("rejects_"), "{name}");
        }
        let of = |class| REJECTS.iter().filter(|r| r.1 == class).count();
        assert_eq!(of(Counter::RejectsJson), 2);
        assert_eq!(of(Counter::RejectsOther), 3);
        assert_eq!(of(Counter::RejectsValue), 6);
    }
}
