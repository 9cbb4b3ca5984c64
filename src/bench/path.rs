//! The whole path in memory: message in, last record in the queue, beside a lower bound.
//!
//! In: [`Frames`], a parser. Out: times by kind of message, and those of the [`Bound`] on the same
//! messages of one trade. Cold path around the hot one.
//!
//! 1. Real path and bound take turns on the same message: whatever the machine does meanwhile
//!    happens to both. The bound is run several times in a row and the least counts: the first time its
//!    code is cold, which is no bound of code that runs with every message.
//! 2. Ticks that are due are stepped before the time begins; they are reported by themselves.
//! 3. What reading the clock costs is measured in the same loop and taken off.

use hdrhistogram::Histogram;

use super::bound::Bound;
use super::input::Frames;
use super::law::median;
use crate::app::config::Config;
use crate::app::publish::Publisher;
use crate::app::turn::Turn;
use crate::feed::{BadCoin, Parser};
use crate::journal::Digest;
use crate::limits::QUEUE_RECORDS;
use crate::sys::clock::SessionClock;
use crate::telemetry::latency::Percentiles;

/// What a message is, for a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Kind {
    /// Trades, one print.
    Trade,
    /// Trades, several prints.
    Trades,
    /// Best bid and offer.
    Bbo,
    /// A book.
    Book,
    /// Anything else.
    Other,
    /// A point of the tick grid, all coins.
    Tick,
    /// The bound on the messages of one trade.
    Bound,
}

/// Runs of the bound on a message.
const BOUND_RUNS: usize = 3;
/// Messages of one trade that a verdict takes: the p99 of fewer is that of a handful.
pub const VERDICT_FROM: u64 = 1_000;

/// Number of kinds.
pub const KINDS: usize = 7;

impl Kind {
    /// All kinds in order.
    pub const ALL: [Kind; KINDS] =
        [Kind::Trade, Kind::Trades, Kind::Bbo, Kind::Book, Kind::Other, Kind::Tick, Kind::Bound];

    /// The kind of a message, by its text.
    pub fn of(text: &[u8]) -> Kind {
        let starts = |head: &str| text.starts_with(format!("{{\"channel\":\"{head}\"").as_bytes());
        if starts("trades") {
            match memchr::memmem::find_iter(text, b"\"tid\"").count() {
                1 => Kind::Trade,
                _ => Kind::Trades,
            }
        } else if starts("bbo") {
            Kind::Bbo
        } else if starts("l2Book") {
            Kind::Book
        } else {
            Kind::Other
        }
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        ["one trade", "trades", "bbo", "book", "other", "tick", "lower bound, one trade"]
            [self as usize]
    }
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Report {
    /// Times by kind, as [`Kind`] counts, without the clock's cost.
    pub kinds: [Histogram<u64>; KINDS],
    /// Cost of reading the clock, ns, taken off.
    pub clock_ns: u64,
    /// Records published.
    pub records: u64,
    /// Their digest.
    pub digest: u128,
}

impl Report {
    /// The percentiles of a kind.
    pub fn percentiles(&self, kind: Kind) -> Percentiles {
        Percentiles::of(&self.kinds[kind as usize])
    }

    /// Real path over bound on messages of one trade: p50 and p99. `None` without such messages.
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub fn ratios(&self) -> Option<(f64, f64)> {
        let (path, bound) = (self.percentiles(Kind::Trade), self.percentiles(Kind::Bound));
        let ratio = |a: u64, b: u64| a as f64 / b.max(1) as f64;
        (path.count > 0).then(|| (ratio(path.p50, bound.p50), ratio(path.p99, bound.p99)))
    }
}

/// Puts the frames through once, timing all after the first `warm`.
///
/// # Errors
/// The coins of the frames cannot be followed.
pub fn run(
    frames: &Frames,
    config: &Config,
    parser: Parser,
    warm: usize,
) -> Result<Report, BadCoin> {
    let hash = config.hash(&frames.coins);
    let mut turn = Turn::reading(parser, &config.engine, &frames.coins, hash)?;
    let (mut bound, mut bound_end) = Bound::new(&frames.coins, parser, QUEUE_RECORDS)?;
    let (mut out, mut end) = Publisher::new(QUEUE_RECORDS, 0, Digest::default());
    let clock = SessionClock::start(1);
    let clock_ns = clock_cost(&clock);
    let mut kinds = std::array::from_fn(|_| histogram());
    let mut note = |kind: Kind, ns: u64| {
        let h: &mut Histogram<u64> = &mut kinds[kind as usize];
        h.saturating_record(ns.saturating_sub(clock_ns).max(1));
    };
    for (i, (at, text)) in frames.iter().enumerate() {
        if i == 0 {
            turn.up(0, at, &mut out);
        }
        let kind = Kind::of(text);
        let before = out.next_seq();
        let a = clock.mono_ns();
        turn.advance(at, &mut out);
        let b = clock.mono_ns();
        let ticked = out.next_seq() > before;
        let c = clock.mono_ns();
        turn.message(at, text, &mut out);
        let d = clock.mono_ns();
        let least = (0..BOUND_RUNS).filter(|_| kind == Kind::Trade).filter_map(|_| {
            let from = clock.mono_ns();
            bound.take(text).then(|| clock.mono_ns() - from)
        });
        let least = least.min();
        while end.pop().is_ok() {}
        while bound_end.pop().is_ok() {}
        if i < warm {
            continue;
        }
        if ticked {
            note(Kind::Tick, b - a);
        }
        note(kind, d - c);
        if let Some(ns) = least {
            note(Kind::Bound, ns);
        }
    }
    let published = out.published();
    Ok(Report { kinds, clock_ns, records: published.next_seq, digest: published.digest.run })
}

/// The median of what two readings of the clock are apart.
fn clock_cost(clock: &SessionClock) -> u64 {
    let mut apart: Vec<u64> = (0..1_001)
        .map(|_| {
            let a = clock.mono_ns();
            clock.mono_ns() - a
        })
        .collect();
    median(&mut apart).unwrap_or(0)
}

/// 1 ns to 2^32 ns, three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 1 << 32, 3).expect("constant bounds that the crate accepts")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Ns;

    #[test]
    fn every_message_is_timed_once_and_the_bound_only_on_single_trades() {
        let frames = Frames::embedded(3, 400, 50 * Ns::MS);
        let config = Config::default();
        let by = |parser| run(&frames, &config, parser, 100).expect("coins");
        let (a, b) = (by(Parser::Scanner), by(Parser::SimdJson));
        assert_eq!((a.digest, a.records), (b.digest, b.records), "the parsers agree");
        let count = |r: &Report, k: Kind| r.percentiles(k).count;
        let messages: u64 = Kind::ALL[..5].iter().map(|k| count(&a, *k)).sum();
        assert_eq!(messages, frames.len() as u64 - 100);
        assert_eq!(count(&a, Kind::Bound), count(&a, Kind::Trade));
        assert!(count(&a, Kind::Bbo) > 0 && count(&a, Kind::Tick) > 0);
    }
}
