//! How old and how regular each stream of each coin is.
//!
//! In: the receive time of each message. Out: [`Ages`], [`Stale`], [`Cadence`]. Hot path: one
//! histogram step a message; reading is cold.
//!
//! 1. Ages are judged from the receive time; block times of the venue play no part.
//! 2. Only gaps within one connection are measured.
//! 3. The trades stream is never stale: silence is a quiet market.

use serde::{Deserialize, Serialize};
use serde_big_array::BigArray;

use super::outcome::Stream;
use crate::limits::{MESSAGE_SILENCE_NS, STALE_BBO_NS, STALE_CTX_NS, STALE_FAST_NS, STALE_SLOW_NS};
use crate::units::Ns;

/// Nanoseconds since the last message of each stream of a coin; `None` before the first one on
/// this connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ages {
    /// Best bid and offer.
    pub bbo_ns: Option<i64>,
    /// Fast book.
    pub fast_ns: Option<i64>,
    /// Full book.
    pub slow_ns: Option<i64>,
    /// Trades.
    pub trades_ns: Option<i64>,
    /// Context.
    pub ctx_ns: Option<i64>,
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
    /// Median gap in nanoseconds, to a fifth of its value.
    pub p50_ns: i64,
    /// 95th percentile of the gap in nanoseconds, to a fifth of its value.
    pub p95_ns: i64,
}

/// Four buckets an octave from 1 ms to over a minute, and one below.
const BUCKETS: usize = 1 + 4 * 17;

/// Width of the lowest bucket: 2^20 ns.
const LOWEST: u32 = 20;

/// Receive times of one stream of one coin.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Pace {
    last: Option<Ns>,
    heard: bool,
    gaps: u64,
    sum_ns: i64,
    #[serde(with = "BigArray")]
    buckets: [u32; BUCKETS],
}

impl Pace {
    pub(super) fn new() -> Pace {
        Pace { last: None, heard: false, gaps: 0, sum_ns: 0, buckets: [0; BUCKETS] }
    }

    /// A message came at `now`.
    #[inline]
    pub(super) fn note(&mut self, now: Ns) {
        if let Some(last) = self.last {
            let gap = now.since(last).max(0);
            self.gaps += 1;
            self.sum_ns = self.sum_ns.saturating_add(gap);
            let count = &mut self.buckets[bucket(gap)];
            *count = count.saturating_add(1);
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
        let Some(mean_ns) = i64::try_from(self.gaps).ok().and_then(|n| self.sum_ns.checked_div(n))
        else {
            return Cadence::default();
        };
        Cadence { gaps: self.gaps, mean_ns, p50_ns: self.quantile(50), p95_ns: self.quantile(95) }
    }

    fn quantile(&self, percent: u64) -> i64 {
        let rank = self.gaps * percent / 100;
        let mut below = 0;
        for (i, &count) in self.buckets.iter().enumerate() {
            below += u64::from(count);
            if below > rank {
                return middle(i);
            }
        }
        middle(BUCKETS - 1)
    }
}

/// Index of the bucket of a gap of `ns >= 0`.
fn bucket(ns: i64) -> usize {
    let ns = ns.unsigned_abs();
    if ns >> LOWEST == 0 {
        return 0;
    }
    let power = ns.ilog2();
    let bit = |at: u32| usize::from((ns >> at) & 1 != 0);
    let (octave, quarter) = ((power - LOWEST) as usize, 2 * bit(power - 1) + bit(power - 2));
    (1 + 4 * octave + quarter).min(BUCKETS - 1)
}

/// Middle of a bucket in nanoseconds.
fn middle(index: usize) -> i64 {
    let Some(index) = index.checked_sub(1) else {
        return 1 << (LOWEST - 1);
    };
    let (octave, quarter) = (index / 4, index % 4);
    let eighths = i64::try_from(2 * quarter + 9).unwrap_or(i64::MAX);
    (eighths << LOWEST << octave) >> 3
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
    fn a_gap_falls_into_a_bucket_whose_middle_is_near() {
        for exponent in 0..36 {
            for quarter in 0..4 {
                let gap = (1i64 << exponent) + (quarter << exponent >> 2);
                let got = middle(bucket(gap));
                assert!(got >= 1 << (LOWEST - 1));
                if gap >= 1 << LOWEST {
                    assert!((got - gap).abs() * 5 <= gap, "{gap} in a bucket around {got}");
                }
            }
        }
        assert_eq!(bucket(i64::MAX), BUCKETS - 1);
        assert_eq!(bucket(0), 0);
    }

    #[test]
    fn the_cadence_of_a_regular_stream_is_its_period() {
        let mut pace = Pace::new();
        assert_eq!(pace.cadence(), Cadence::default());
        for i in 0..100 {
            pace.note(Ns(i * 540 * Ns::MS));
        }
        let c = pace.cadence();
        assert_eq!((c.gaps, c.mean_ns), (99, 540 * Ns::MS));
        assert!((c.p50_ns - 540 * Ns::MS).abs() < 108 * Ns::MS, "{c:?}");
        assert_eq!(c.p50_ns, c.p95_ns);
    }

    #[test]
    fn a_hole_between_connections_is_no_gap() {
        let mut pace = Pace::new();
        pace.note(Ns(0));
        pace.note(Ns(10));
        pace.cut();
        assert_eq!(pace.age(Ns(20)), None);
        pace.note(Ns(1_000_000));
        assert_eq!(pace.cadence().gaps, 1);
        assert_eq!(pace.age(Ns(1_000_005)), Some(5));
    }
}
