//! The counters that others keep, brought into the one table.
//!
//! In: feed, engine, rings. Out: [`Counters`]. Hot path, ten times a second: copies of integers.

use super::live::Rings;
use super::turn::Turn;
use crate::feed::Reject;
use crate::telemetry::counters::{Counter, Counters};

/// Brings feed, engine and rings into the table.
pub fn gather(out: &mut Counters, turn: &Turn, rings: &Rings) {
    let feed = turn.feed().counters();
    let mut rejects = [0; 4];
    for (i, count) in feed.rejected.into_iter().enumerate() {
        rejects[class(i)] += count;
    }
    let published = rings.records.published();
    for (counter, value) in [
        (Counter::Ticks, turn.ticks()),
        (Counter::Frames, feed.messages),
        (Counter::Trades, feed.prints),
        (Counter::Books, feed.fast_books + feed.slow_books),
        (Counter::Bbos, feed.bbos),
        (Counter::Duplicates, feed.duplicates),
        (Counter::RejectsJson, rejects[0]),
        (Counter::RejectsShape, rejects[1]),
        (Counter::RejectsValue, rejects[2]),
        (Counter::RejectsOther, rejects[3]),
        (Counter::VenueErrors, feed.venue_errors),
        (Counter::LinkUp, feed.ups),
        (Counter::LinkDown, feed.downs),
        (Counter::PingsSent, feed.pings),
        (Counter::Pongs, feed.pongs),
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

/// Which of the table's four counters of rejected frames a reason of the feed belongs to, by its
/// index: no JSON, shape, value, other.
fn class(reason: usize) -> usize {
    match Reject::NAMES.get(reason).copied().unwrap_or_default() {
        "not_utf8" | "not_json" => 0,
        "too_large" | "too_dense" | "too_deep" => 3,
        "number_grammar" | "number_too_long" | "number_too_fine" | "number_too_large"
        | "not_positive" | "out_of_range" => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_class() {
        let of = |class_: usize| -> Vec<&str> {
            let all = Reject::NAMES.iter().enumerate();
            all.filter(|(i, _)| class(*i) == class_).map(|(_, n)| *n).collect()
        };
        assert_eq!(of(0), ["not_utf8", "not_json"]);
        assert_eq!(of(3), ["too_large", "too_dense", "too_deep"]);
        assert_eq!(of(2).len(), 6);
        assert_eq!(of(1).len(), Reject::COUNT - 2 - 3 - 6);
    }
}
