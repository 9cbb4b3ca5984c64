//! How long frames take, stage by stage.
//!
//! In: one [`Lap`] a frame. Out: percentiles, and an interval log in the form that the
//! HdrHistogram tools read (`.hlog`, V2). Cold path: the logging thread.
//!
//! 1. Fixed bounds 1 ns to 2^32 ns, two significant digits: a value is off by less than 1 %.
//! 2. The whole is the sum of the stages: from the start of the read that brought a frame until its
//!    last record is in the queue. Nothing on the way is left out.

use std::io::Write;
use std::time::Duration;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use serde::{Deserialize, Serialize};

use crate::units::Ns;

/// How long one frame took, stage by stage, in nanoseconds; saturated at 4.3 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lap {
    /// Bytes from the socket.
    pub read: u32,
    /// Ticks that were due, and frames of the same read before this one.
    pub wait: u32,
    /// Bytes to a WebSocket message.
    pub frame: u32,
    /// Message to event.
    pub parse: u32,
    /// Event to decision.
    pub engine: u32,
    /// Decision to records in the queue.
    pub publish: u32,
}

/// A stage of the path, or the whole of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    /// Bytes from the socket.
    Read,
    /// Ticks that were due, and frames of the same read before this one.
    Wait,
    /// Bytes to a WebSocket message.
    Frame,
    /// Message to event.
    Parse,
    /// Event to decision.
    Engine,
    /// Decision to records in the queue.
    Publish,
    /// All of it.
    Whole,
}

/// Number of stages, the whole included.
pub const STAGES: usize = Stage::ALL.len();

/// What a histogram says, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Frames measured.
    pub count: u64,
    /// Smallest.
    pub min: u64,
    /// Half of the frames were faster.
    pub p50: u64,
    /// 90 % were.
    pub p90: u64,
    /// 99 % were.
    pub p99: u64,
    /// 99.9 % were.
    pub p999: u64,
    /// Largest.
    pub max: u64,
}

/// Upper bounds of the buckets that monitors get, in nanoseconds.
pub const BOUNDS_NS: [u64; 16] = [
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    5_000_000,
    25_000_000,
    100_000_000,
    1_000_000_000,
];

/// A histogram in the few buckets that monitors get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buckets {
    /// Frames at or below each of [`BOUNDS_NS`], cumulative, to the precision of the histogram.
    pub upto: [u64; BOUNDS_NS.len()],
    /// All frames.
    pub count: u64,
    /// Sum of their times, ns, to the precision of the histogram.
    pub sum_ns: u64,
}

/// One histogram a stage, for the run and for the interval at hand.
#[derive(Clone, Debug)]
pub struct Latencies {
    run: [Histogram<u64>; STAGES],
    interval: [Histogram<u64>; STAGES],
    since: Ns,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Stage; 7] = {
        use Stage::*;
        [Read, Wait, Frame, Parse, Engine, Publish, Whole]
    };

    /// The name in logs and tables.
    pub fn name(self) -> &'static str {
        ["read", "wait", "frame", "parse", "engine", "publish", "whole"][self as usize]
    }
}

impl Lap {
    /// The six stages and the whole, as [`Stage`] counts them.
    pub fn stages(&self) -> [u64; STAGES] {
        let stages = [self.read, self.wait, self.frame, self.parse, self.engine, self.publish];
        let [a, b, c, d, e, f] = stages.map(u64::from);
        [a, b, c, d, e, f, a + b + c + d + e + f]
    }
}

impl Percentiles {
    /// The percentiles of a histogram.
    pub fn of(h: &Histogram<u64>) -> Percentiles {
        Percentiles {
            count: h.len(),
            min: h.min(),
            p50: h.value_at_quantile(0.5),
            p90: h.value_at_quantile(0.9),
            p99: h.value_at_quantile(0.99),
            p999: h.value_at_quantile(0.999),
            max: h.max(),
        }
    }
}

impl Buckets {
    /// The buckets of a histogram.
    pub fn of(h: &Histogram<u64>) -> Buckets {
        let mut out = Buckets { count: h.len(), ..Buckets::default() };
        for step in h.iter_recorded() {
            let (value, n) = (step.value_iterated_to(), step.count_at_value());
            out.sum_ns = out.sum_ns.saturating_add(value.saturating_mul(n));
            // A value stands for a range of under 1 %: its lower end decides.
            let low = h.lowest_equivalent(value);
            for (upto, bound) in out.upto.iter_mut().zip(BOUNDS_NS) {
                *upto += if low <= bound { n } else { 0 };
            }
        }
        out
    }
}

impl Default for Latencies {
    fn default() -> Latencies {
        let set = || std::array::from_fn(|_| histogram());
        Latencies { run: set(), interval: set(), since: Ns(0) }
    }
}

impl Latencies {
    /// Takes one frame.
    pub fn record(&mut self, lap: &Lap) {
        for ((run, interval), ns) in self.run.iter_mut().zip(&mut self.interval).zip(lap.stages()) {
            run.saturating_record(ns);
            interval.saturating_record(ns);
        }
    }

    /// Percentiles since the beginning, as [`Stage`] counts.
    pub fn percentiles(&self) -> [Percentiles; STAGES] {
        std::array::from_fn(|i| Percentiles::of(&self.run[i]))
    }

    /// Buckets since the beginning, as [`Stage`] counts.
    pub fn buckets(&self) -> [Buckets; STAGES] {
        std::array::from_fn(|i| Buckets::of(&self.run[i]))
    }

    /// The histogram of a stage since the beginning.
    #[cfg(test)]
    pub fn histogram(&self, stage: Stage) -> &Histogram<u64> {
        &self.run[stage as usize]
    }

    /// Begins the first interval of a log and writes the log's head.
    ///
    /// # Errors
    /// As `out` refuses.
    pub fn begin_log(&mut self, now: Ns, out: &mut impl Write) -> std::io::Result<()> {
        self.since = now;
        self.interval.iter_mut().for_each(Histogram::reset);
        out.write_all(b"#[papermaker: latencies in ns, one tag a stage]\n")
    }

    /// Writes the interval that ends `now`, one line a stage, and begins the next.
    ///
    /// # Errors
    /// As `out` refuses.
    pub fn log(&mut self, now: Ns, out: &mut impl Write) -> std::io::Result<()> {
        let mut serializer = V2DeflateSerializer::new();
        let builder = IntervalLogWriterBuilder::new();
        let mut log = builder.begin_log_with(out, &mut serializer)?;
        let since = std::mem::replace(&mut self.since, now);
        let start = Duration::from_nanos(u64::try_from(since.0).unwrap_or(0));
        let length = Duration::from_nanos(u64::try_from(now.since(since)).unwrap_or(0));
        for (stage, h) in Stage::ALL.into_iter().zip(&mut self.interval) {
            log.write_histogram(h, start, length, Tag::new(stage.name()))
                .map_err(|e| std::io::Error::other(e.to_string()))?;
            h.reset();
        }
        Ok(())
    }
}

/// 1 ns to 2^32 ns, two digits: 26 KB and no growth.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 1 << 32, 2).expect("constant bounds that the crate accepts")
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;

    fn lap(n: u32) -> Lap {
        Lap { read: n, wait: 0, frame: 2 * n, parse: 3 * n, engine: 4 * n, publish: u32::MAX }
    }

    #[test]
    fn percentiles_are_within_one_percent() {
        let mut l = Latencies::default();
        for n in 1..=1000 {
            l.record(&lap(n));
        }
        let p = l.percentiles();
        assert_eq!(p[Stage::Read as usize].count, 1000);
        let p99 = p[Stage::Engine as usize].p99;
        assert!((3960..=4000).contains(&p99), "{p99}");
        // The sum saturates at the histogram's bound instead of failing.
        assert!(p[Stage::Whole as usize].max >= u64::from(u32::MAX));
    }

    #[test]
    fn buckets_are_cumulative_and_add_up() {
        let mut l = Latencies::default();
        for n in [1, 250, 251, 999, 1_000, 40_000] {
            l.record(&Lap { read: n, ..Lap::default() });
        }
        let b = l.buckets()[Stage::Read as usize];
        assert_eq!(&b.upto[..4], &[2, 3, 5, 5], "251 shares a cell with 250 or not at all");
        assert_eq!((b.upto[7], b.upto[15], b.count), (6, 6, 6));
        assert!((42_000..43_000).contains(&b.sum_ns), "{}", b.sum_ns);
    }

    #[test]
    fn the_log_reads_back() {
        let mut l = Latencies::default();
        let mut out = Vec::new();
        l.begin_log(Ns(1_000_000_000), &mut out).expect("head");
        l.record(&lap(500));
        l.log(Ns(3_500_000_000), &mut out).expect("first");
        l.log(Ns(4_000_000_000), &mut out).expect("empty");
        let lines: Vec<_> = IntervalLogIterator::new(&out)
            .filter_map(|e| match e {
                Ok(LogEntry::Interval(i)) => Some(i),
                Ok(_) => None,
                Err(e) => panic!("{e:?}"),
            })
            .collect();
        assert_eq!(lines.len(), 2 * STAGES);
        let engine = Stage::Engine as usize;
        assert_eq!(lines[engine].tag().map(|t| t.as_str()), Some("engine"));
        assert_eq!(lines[engine].duration(), Duration::from_millis(2500));
        let bytes = base64::Engine::decode(
            &base64::engine::general_purpose::STANDARD,
            lines[engine].encoded_histogram(),
        )
        .expect("base64");
        let h: Histogram<u64> =
            Deserializer::new().deserialize(&mut &bytes[..]).expect("histogram");
        assert_eq!(h.len(), 1);
        assert!(h.equivalent(h.max(), 2000));
    }
}
