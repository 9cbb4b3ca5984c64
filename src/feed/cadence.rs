//! How old and how regular each stream of each coin is.
//!
//! In: the receive time of each message. Out: [`Ages`], [`Stale`], [`Cadence`]. Hot path: a sum a
//! message; reading is cold.
//!
//! 1. Ages are judged from the receive time; block times of the venue play no part.
//! 2. Only gaps within one connection are measured.
//! 3. The trades stream is never stale: silence is a quiet market.

use serde::{Deserialize, Serialize};

use super::outcome::Stream;
use crate::limits::{MESSAGE_SILENCE_NS, STALE_BBO_NS, STALE_CTX_NS, STALE_FAST_NS, STALE_SLOW_NS};
use crate::units::Ns;

/// Nanoseconds since the last message of each stream on this connection; `None` before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ages {
    /// Best bid and offer.
    pub bbo_ns: Option<i64>,
    /// Fast book.
    pub fast_ns: Option<i64>,
    /// Full book.
    pub slow_ns: Option<i64>,
    /// Any message of the connection, pongs and acknowledgements included.
    pub any_ns: Option<i64>,
}

/// Which streams of a coin are older than their limit or have not come yet on this connection.
/// Streams that are not followed are not stale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one flag a stream, read by name")]
pub struct Stale {
    /// Best bid and offer: `STALE_BBO_NS`.
    pub bbo: bool,
    /// Fast book: `STALE_FAST_NS`.
    pub fast: bool,
    /// Full book: `STALE_SLOW_NS`.
    pub slow: bool,
    /// Context: `STALE_CTX_NS`.
    pub ctx: bool,
    /// Any message of the connection: `MESSAGE_SILENCE_NS`.
    pub any: bool,
}

/// Measured gaps between the messages of a stream. All zero before the second message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cadence {
    /// Gaps measured.
    pub gaps: u64,
    /// Mean gap in nanoseconds.
    pub mean_ns: i64,
}

/// Receive times of one stream of one coin.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Pace {
    last: Option<Ns>,
    heard: bool,
    gaps: u64,
    sum_ns: i64,
}

impl Pace {
    /// A message came at `now`.
    #[inline]
    pub(super) fn note(&mut self, now: Ns) {
        if let Some(last) = self.last {
            let gap = now.since(last).max(0);
            self.gaps += 1;
            self.sum_ns = self.sum_ns.saturating_add(gap);
        }
        self.last = Some(now);
        self.heard = true;
    }

    /// Another connection: the next gap is not one of the stream.
    pub(super) fn cut(&mut self) {
        self.last = None;
    }

    pub(super) fn age(&self, now: Ns) -> Option<i64> {
        self.last.map(|last| now.since(last))
    }

    /// Whether the stream has ever come.
    pub(super) fn heard(&self) -> bool {
        self.heard
    }

    pub(super) fn cadence(&self) -> Cadence {
        let mean = i64::try_from(self.gaps).ok().and_then(|n| self.sum_ns.checked_div(n));
        mean.map_or_else(Cadence::default, |mean_ns| Cadence { gaps: self.gaps, mean_ns })
    }
}

/// Whether a followed stream is stale: not come yet on this connection, or too old.
pub(super) fn stale(stream: Stream, age: Option<i64>) -> bool {
    let limit = match stream {
        Stream::Bbo => STALE_BBO_NS,
        Stream::Fast => STALE_FAST_NS,
        Stream::Slow => STALE_SLOW_NS,
        Stream::Ctx => STALE_CTX_NS,
        Stream::Trades => return false,
    };
    age.is_none_or(|age| age > limit)
}

/// Whether the whole connection is silent.
pub(super) fn silent(age: Option<i64>) -> bool {
    age.is_none_or(|age| age > MESSAGE_SILENCE_NS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cadence_of_a_regular_stream_is_its_period() {
        let mut pace = Pace::default();
        assert_eq!(pace.cadence(), Cadence::default());
        for i in 0..100 {
            pace.note(Ns(i * 540 * Ns::MS));
        }
        let c = pace.cadence();
        assert_eq!((c.gaps, c.mean_ns), (99, 540 * Ns::MS));
    }

    #[test]
    fn a_hole_between_connections_is_no_gap() {
        let mut pace = Pace::default();
        pace.note(Ns(0));
        pace.note(Ns(10));
        pace.cut();
        assert_eq!(pace.age(Ns(20)), None);
        pace.note(Ns(1_000_000));
        assert_eq!(pace.cadence().gaps, 1);
        assert_eq!(pace.age(Ns(1_000_005)), Some(5));
    }
}
