//! Latencies of the hot thread as its log tells them.
//!
//! In: the text of an interval log (`.hlog`). Out: percentiles of the whole run by stage, and of
//! each interval. Cold path.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde::Serialize;

use crate::telemetry::latency::Percentiles;
use crate::units::Ns;

/// Percentiles of one stage, ns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageLatency {
    /// Name of the stage.
    pub stage: String,
    /// Frames.
    pub count: u64,
    /// Median.
    pub p50_ns: u64,
    /// 90 %.
    pub p90_ns: u64,
    /// 99 %.
    pub p99_ns: u64,
    /// 99.9 %.
    pub p999_ns: u64,
    /// Longest.
    pub max_ns: u64,
}

/// Latencies of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latency {
    /// By stage, in the order of the log. A stage that was never timed is left out.
    pub stages: Vec<StageLatency>,
    /// Of the whole path by interval: its end, median, 99 %.
    pub whole: Vec<(Ns, u64, u64)>,
}

/// Reads an interval log; lines that are damaged are left out.
pub fn parse(log: &[u8]) -> Latency {
    let mut sums: Vec<(String, Histogram<u64>)> = Vec::new();
    let mut out = Latency::default();
    let mut reader = Deserializer::new();
    for entry in IntervalLogIterator::new(log) {
        let Ok(LogEntry::Interval(i)) = entry else { continue };
        let Ok(bytes) = STANDARD.decode(i.encoded_histogram()) else { continue };
        let Ok(h) = reader.deserialize::<u64, _>(&mut &bytes[..]) else { continue };
        let name = i.tag().map_or("", |t| t.as_str());
        if name == "whole" && !h.is_empty() {
            let end = i.start_timestamp() + i.duration();
            let end = i64::try_from(end.as_nanos()).unwrap_or(i64::MAX);
            let p = Percentiles::of(&h);
            out.whole.push((Ns(end), p.p50, p.p99));
        }
        match sums.iter_mut().find(|s| s.0 == name) {
            Some((_, sum)) => sum.add(&h).unwrap_or_default(),
            None => sums.push((name.to_owned(), h)),
        }
    }
    let timed = sums.into_iter().filter(|(_, h)| h.max() > 1);
    out.stages = timed
        .map(|(stage, h)| {
            let p = Percentiles::of(&h);
            StageLatency {
                stage,
                count: p.count,
                p50_ns: p.p50,
                p90_ns: p.p90,
                p99_ns: p.p99,
                p999_ns: p.p999,
                max_ns: p.max,
            }
        })
        .collect();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::latency::{Lap, Latencies, Stage};

    #[test]
    fn the_sum_of_the_intervals_is_the_run() {
        let mut l = Latencies::default();
        let mut log = Vec::new();
        l.begin_log(Ns(Ns::SEC), &mut log).expect("head");
        for part in 0..3u32 {
            for n in 1..=100 {
                l.record(&Lap { read: n, engine: 1_000 * (part + 1), ..Lap::default() });
            }
            l.log(Ns(Ns::SEC * i64::from(part + 2)), &mut log).expect("an interval");
        }
        let got = parse(&log);
        let want = l.percentiles();
        let names: Vec<&str> = got.stages.iter().map(|s| s.stage.as_str()).collect();
        assert_eq!(names, ["read", "engine", "whole"], "stages never timed are left out");
        assert_eq!(
            (got.stages[2].count, got.stages[2].p99_ns),
            (300, want[Stage::Whole as usize].p99)
        );
        assert_eq!(got.whole.len(), 3);
        assert_eq!(got.whole[2].0, Ns(4 * Ns::SEC));
        assert_eq!(parse(b"no log at all"), Latency::default());
    }
}
