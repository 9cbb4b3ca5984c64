//! One table of everything that is counted.
//!
//! In: increments by the hot thread, which owns [`Counters`]. Out: [`Board`], which any thread
//! reads. Hot path: an increment is an addition to an array; showing them on the board is one
//! relaxed store each.
//!
//! 1. Numbers and names are only ever appended.
//! 2. The board is written by one thread. A reader sees each counter whole, not all of one moment.
//! 3. A counter whose name ends in `_max` keeps the largest value since a reader last asked for a new
//!    one, one in `_last` the newest value; all others only grow.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam::utils::CachePadded;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! counters {
    ($( $id:literal $variant:ident / $name:literal $unit:literal : $sentence:literal ),* $(,)?) => {
        /// A counter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Counter {
            $( #[doc = $sentence] $variant = $id ),*
        }

        impl Counter {
            /// All counters in order.
            pub const ALL: &'static [Counter] = &[ $( Counter::$variant ),* ];

            /// The name in exports.
            pub fn name(self) -> &'static str {
                match self { $( Counter::$variant => $name ),* }
            }

            /// What is counted.
            pub fn unit(self) -> &'static str {
                match self { $( Counter::$variant => $unit ),* }
            }

            /// One sentence for people.
            pub fn sentence(self) -> &'static str {
                match self { $( Counter::$variant => $sentence ),* }
            }
        }
    };
}

counters! {
    0 Turns / "turns" "turns" : "Turns of the hot loop.",
    1 TurnsBusy / "turns_busy" "turns" : "Turns that found something to do.",
    2 TurnNsMax / "turn_ns_max" "ns" : "The longest turn.",
    3 TurnsSlow / "turns_slow" "turns" : "Turns longer than a tick of the engine.",
    4 Ticks / "ticks" "ticks" : "Ticks of the engine's own clock.",
    5 Reads / "reads" "reads" : "Reads from the socket.",
    6 ReadBytes / "read_bytes" "bytes" : "Bytes read from the socket.",
    7 Frames / "frames" "frames" : "Messages received.",
    8 Trades / "trades" "prints" : "Live prints handed to the engine.",
    9 Books / "books" "snapshots" : "Book snapshots handed to the engine.",
    10 Bbos / "bbos" "updates" : "Best bids and offers handed to the engine.",
    11 Duplicates / "duplicates" "prints" : "Prints seen before and removed.",
    12 RejectsJson / "rejects_json" "frames" : "Frames that are no JSON.",
    13 RejectsShape / "rejects_shape" "frames" : "Frames of a shape the feed does not know.",
    14 RejectsValue / "rejects_value" "frames" : "Frames with a price, size or time out of range.",
    15 RejectsOther / "rejects_other" "frames" : "Frames refused for another reason.",
    16 VenueErrors / "venue_errors" "frames" : "Error messages of the venue.",
    17 LinkUp / "link_up" "times" : "Connections opened.",
    18 LinkDown / "link_down" "times" : "Connections ended, for any reason.",
    19 ConnectFailed / "connect_failed" "times" : "Attempts to connect that failed.",
    20 ClosedByVenue / "closed_by_venue" "times" : "Connections ended by a close frame.",
    21 EndedUncleanly / "ended_uncleanly" "times" : "Connections that ended without a close frame.",
    22 Reset / "reset" "times" : "Connections reset.",
    23 ProtocolErrors / "protocol_errors" "times" : "Connections given up for a breach of RFC 6455, or a message above 1 MiB.",
    24 TimedOut / "timed_out" "times" : "Connections given up for silence.",
    25 PingsSent / "pings_sent" "pings" : "Heartbeats sent.",
    26 Pongs / "pongs" "pongs" : "Heartbeats answered.",
    27 Gaps / "gaps" "gaps" : "Reconnections after which trades may be missing.",
    28 Recovered / "recovered" "prints" : "Prints recovered from the history of a reconnection.",
    29 Records / "records" "records" : "Records produced.",
    30 RecordsDropped / "records_dropped" "records" : "Records that found their queue full.",
    31 RawDropped / "raw_dropped" "frames" : "Raw frames that found their queue full.",
    32 LapsDropped / "laps_dropped" "laps" : "Latency laps that found their queue full.",
    33 Behind / "behind" "times" : "Times the logging thread fell behind and quoting stopped.",
    34 Refused / "refused" "orders" : "Own orders refused by the venue's rules.",
    35 Orders / "orders" "orders" : "Own orders sent.",
    36 Cancels / "cancels" "cancels" : "Cancels sent.",
    37 Fills / "fills" "fills" : "Fills under the configured model.",
    38 PingNs / "ping_ns" "ns" : "Round trips of answered heartbeats, added up.",
    39 PingNsLast / "ping_ns_last" "ns" : "Round trip of the newest answered heartbeat.",
    40 PingsTimed / "pings_timed" "pings" : "Heartbeats whose round trip was measured.",
    41 RejectTooLarge / "reject_too_large" "frames" : "Frames longer than a message may be.",
    42 RejectTooDense / "reject_too_dense" "frames" : "Frames with more JSON tokens than a message may have.",
    43 RejectNotUtf8 / "reject_not_utf8" "frames" : "Frames that are not UTF-8.",
    44 RejectNotJson / "reject_not_json" "frames" : "Frames that are not one JSON text.",
    45 RejectTooDeep / "reject_too_deep" "frames" : "Frames nested too deep.",
    46 RejectWrongType / "reject_wrong_type" "frames" : "Frames with a field of another JSON type than documented.",
    47 RejectMissingField / "reject_missing_field" "frames" : "Frames without a field that is needed.",
    48 RejectDuplicateField / "reject_duplicate_field" "frames" : "Frames with a field twice.",
    49 RejectNumberGrammar / "reject_number_grammar" "frames" : "Frames with a decimal that is none.",
    50 RejectNumberTooLong / "reject_number_too_long" "frames" : "Frames with a decimal of too many digits.",
    51 RejectNumberTooFine / "reject_number_too_fine" "frames" : "Frames with a decimal finer than eight places.",
    52 RejectNumberTooLarge / "reject_number_too_large" "frames" : "Frames with a decimal out of range.",
    53 RejectNotPositive / "reject_not_positive" "frames" : "Frames with a price or size of zero.",
    54 RejectOutOfRange / "reject_out_of_range" "frames" : "Frames with an integer or a time out of range.",
    55 RejectBadSide / "reject_bad_side" "frames" : "Frames with a trade's side that is neither.",
    56 RejectTooManyPrints / "reject_too_many_prints" "frames" : "Frames with too many trades.",
    57 RejectMixedCoins / "reject_mixed_coins" "frames" : "Frames with trades of several coins.",
    58 RejectUnsortedLevels / "reject_unsorted_levels" "frames" : "Frames with a book out of order.",
    59 RejectNotTwoSides / "reject_not_two_sides" "frames" : "Frames with a book that has not two sides.",
    60 ClosedNoData / "closed_no_data" "times" : "Connections given up for bringing no market data.",
    61 ClosedNoAck / "closed_no_ack" "times" : "Connections given up for a subscription without an answer.",
    62 ClosedRejects / "closed_rejects" "times" : "Connections given up for too many rejected frames.",
    63 ClosedByPolicy / "closed_by_policy" "times" : "Connections ended by the venue's policy: a close code that asks to stay away.",
    64 ConnectRefused / "connect_refused" "times" : "Attempts to connect that the venue's policy refused.",
    65 Binary / "binary" "messages" : "Binary messages, which mean nothing at this venue.",
}

/// Number of counters.
pub const COUNTERS: usize = Counter::ALL.len();

/// The counters as the hot thread keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    values: [u64; COUNTERS],
}

/// The counters as other threads see them.
#[derive(Debug)]
pub struct Board {
    values: CachePadded<[AtomicU64; COUNTERS]>,
    /// A reader wants the largest values to start from zero.
    reset: AtomicBool,
}

impl Default for Counters {
    fn default() -> Counters {
        Counters { values: [0; COUNTERS] }
    }
}

impl Counters {
    /// One more.
    pub fn bump(&mut self, counter: Counter) {
        self.add(counter, 1);
    }

    /// So many more.
    pub fn add(&mut self, counter: Counter, n: u64) {
        let slot = &mut self.values[counter as usize];
        *slot = slot.wrapping_add(n);
    }

    /// Sets a counter that somebody else keeps.
    pub fn set(&mut self, counter: Counter, value: u64) {
        self.values[counter as usize] = value;
    }

    /// Keeps the larger value.
    pub fn max(&mut self, counter: Counter, value: u64) {
        let slot = &mut self.values[counter as usize];
        *slot = (*slot).max(value);
    }

    /// The value.
    pub fn value(&self, counter: Counter) -> u64 {
        self.values[counter as usize]
    }

    /// Puts all values on the board.
    pub fn show(&self, board: &Board) {
        for (slot, value) in board.values.iter().zip(&self.values) {
            slot.store(*value, Ordering::Relaxed);
        }
    }
}

impl Serialize for Counters {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(Counter::ALL.iter().map(|c| (c.name(), self.value(*c))))
    }
}

impl<'de> Deserialize<'de> for Counters {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Counters, D::Error> {
        let named = BTreeMap::<String, u64>::deserialize(from)?;
        let mut out = Counters::default();
        for c in Counter::ALL {
            out.set(*c, named.get(c.name()).copied().unwrap_or(0));
        }
        Ok(out)
    }
}

impl Default for Board {
    fn default() -> Board {
        Board {
            values: CachePadded::new([const { AtomicU64::new(0) }; COUNTERS]),
            reset: AtomicBool::new(false),
        }
    }
}

impl Board {
    /// The values as last shown.
    pub fn read(&self) -> Counters {
        let mut out = Counters::default();
        for (value, slot) in out.values.iter_mut().zip(self.values.iter()) {
            *value = slot.load(Ordering::Relaxed);
        }
        out
    }

    /// A reader has noted the largest values: they start from zero with what is shown next.
    #[cfg(any(test, feature = "lab"))]
    pub fn reset_largest(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    /// Whether a reader asked since the last look. For the thread that writes the board.
    pub fn was_reset(&self) -> bool {
        self.reset.load(Ordering::Relaxed) && self.reset.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_dense_and_named_once() {
        let mut names: Vec<&str> = Counter::ALL.iter().map(|c| c.name()).collect();
        for (i, c) in Counter::ALL.iter().enumerate() {
            assert_eq!(*c as usize, i);
            assert!(!c.unit().is_empty() && c.sentence().ends_with('.'), "{c:?}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COUNTERS);
    }

    #[test]
    fn board_shows_what_was_counted() {
        let (mut c, board) = (Counters::default(), Board::default());
        c.bump(Counter::Frames);
        c.add(Counter::ReadBytes, 300);
        c.max(Counter::TurnNsMax, 9);
        c.max(Counter::TurnNsMax, 5);
        assert_eq!(board.read().value(Counter::Frames), 0);
        c.show(&board);
        assert_eq!(board.read(), c);
        assert_eq!(c.value(Counter::TurnNsMax), 9);
        assert!(!board.was_reset());
        board.reset_largest();
        assert!(board.was_reset() && !board.was_reset(), "once for each wish");
    }
}
