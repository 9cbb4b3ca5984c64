//! What a recording is fit for: which streams it has, how regular, how fresh, with which holes.
//!
//! In: what a feed makes of the recording's messages, and when. Out: [`Fitness`], reasons against it.
//! Cold path, beside a feed.
//!
//! 1. [`DEFINITIONS`] is the one table of what the figures mean.
//! 2. Gaps and ages are receive times within one link; block times serve the offset and late prints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Event, Joint, Link};
use crate::feed::{CoinSpec, Counters, Stream};
use crate::limits::{FIT_SPAN_NS, FIT_TOUCH_NS, OFFSETS_MAX, STALE_BBO_NS};
use crate::units::Ns;

/// What each figure is: key, unit, sentence.
pub const DEFINITIONS: &[(&str, &str, &str)] = &[
    ("span_s", "s", "from the first line to the last"),
    ("frames", "frames", "the venue's messages, those turned away included"),
    ("rejected", "frames", "turned away, by reason"),
    ("holes", "times", "the link was down, or nothing came for 10 s"),
    ("hole_s", "s", "all holes together, each from when the link counts as down"),
    ("offset_min_s", "s", "receive time less block time of books and best prices, the least"),
    ("offset_s", "s", "the same, the median"),
    ("messages", "messages", "of a stream of a coin"),
    ("gap_s", "s", "mean time between two messages of a stream within one link"),
    ("touch_s", "s", "the same of all that shows the best prices: bbo and books"),
    ("fresh", "share", "of the span in which the best prices were at most 2 s old"),
    ("prints", "prints", "live ones; history is none"),
    ("late", "share", "of live prints that came after the state of a later block"),
    ("gaps", "times", "trades may be missing after a reconnection"),
    ("simulated", "yes or no", "the recording says that its market is simulated"),
    ("left_out", "text", "what of the recording cannot be read; none of a whole one"),
    ("imported", "text", "what the sources of an import do not say; none of a recording"),
];

/// Names of the streams, as [`CoinFitness::streams`] counts.
pub const STREAMS: [&str; Stream::ALL.len()] =
    ["bbo", "fast book", "full book", "trades", "context"];

/// A stream of a coin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamFitness {
    /// See [`DEFINITIONS`].
    pub messages: u64,
    /// See [`DEFINITIONS`]; zero before the second message.
    pub gap_s: f64,
}

/// A coin. For the figures see [`DEFINITIONS`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "lab",
    expect(missing_docs, reason = "the table of definitions says what each is")
)]
pub struct CoinFitness {
    pub coin: String,
    /// As [`STREAMS`] counts.
    pub streams: [StreamFitness; Stream::ALL.len()],
    pub touch_s: f64,
    pub fresh: f64,
    pub prints: u64,
    pub late: f64,
    pub gaps: u64,
}

/// A recording. For the figures see [`DEFINITIONS`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "lab",
    expect(missing_docs, reason = "the table of definitions says what each is")
)]
pub struct Fitness {
    pub span_s: f64,
    pub frames: u64,
    pub rejected: BTreeMap<String, u64>,
    pub holes: u64,
    pub hole_s: f64,
    /// `None`: no book and no best price came.
    pub offset_min_s: Option<f64>,
    pub offset_s: Option<f64>,
    pub coins: Vec<CoinFitness>,
    #[serde(default)]
    pub simulated: bool,
    #[serde(default)]
    pub left_out: Option<String>,
    #[serde(default)]
    pub imported: Option<String>,
}

/// Why a recording, or one coin of it, is not fit for a replay.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Most frames are turned away; the commonest reason and how many.
    #[error(
        "most frames are rejected, {1} of {2} as {0}{hint}",
        hint = if .0 == "out_of_range" { ": most are dated far ahead of their receipt" } else { "" }
    )]
    Rejected(String, u64, u64),
    /// No live print of a coin.
    #[error("{0} has no trades")]
    NoTrades(String),
    /// Best prices of a coin come too seldom; mean gap, s. Zero: never.
    #[error("{}", slow(.0, *.1))]
    SlowTouch(String, f64),
}

fn slow(coin: &str, s: f64) -> String {
    match s > 0.0 {
        true => format!("best prices of {coin} come every {s:.1} s, at most 1 s is needed"),
        false => format!("{coin} has no best prices"),
    }
}

/// One coin while the recording is gone through.
#[derive(Debug, Default)]
struct Coin {
    messages: [u64; Stream::ALL.len()],
    gaps: [(u64, i64); Stream::ALL.len()],
    last: [Option<Ns>; Stream::ALL.len()],
    touch: (u64, i64),
    touched: Option<Ns>,
    fresh_ns: i64,
    /// Block of the newest state.
    shown: Option<Ns>,
    prints: u64,
    late: u64,
    lost: u64,
}

/// Judges a recording, message by message.
#[derive(Debug)]
pub struct Judge {
    coins: Vec<Coin>,
    offsets: BTreeMap<i64, u64>,
    down: Option<Ns>,
    holes: u64,
    hole_ns: i64,
}

impl Judge {
    /// A judge of so many coins.
    pub fn new(coins: usize) -> Judge {
        let coins = (0..coins).map(|_| Coin::default()).collect();
        Judge { coins, offsets: BTreeMap::new(), down: None, holes: 0, hole_ns: 0 }
    }

    /// The link came up.
    fn up(&mut self, now: Ns) {
        if let Some(down) = self.down.take() {
            self.hole_ns = self.hole_ns.saturating_add(now.since(down).max(0));
        }
    }

    /// The link went down: the next gap is not one of a stream.
    fn down(&mut self, now: Ns) {
        if self.down.is_none() {
            self.down = Some(now);
            self.holes += 1;
        }
        for c in &mut self.coins {
            c.cut(now);
        }
    }

    /// What a message received at `now` was.
    pub fn take(&mut self, now: Ns, event: &Event<'_>) {
        let (coin, stream, block) = match event {
            Event::Bbo { coin, bbo } => (coin, Stream::Bbo, Some(bbo.time)),
            Event::Book { coin, book } => (coin, Stream::book(book.fast), Some(book.time)),
            Event::Trades { coin, .. } | Event::History { coin, .. } => {
                (coin, Stream::Trades, None)
            }
            Event::Ctx { coin, .. } => (coin, Stream::Ctx, None),
            Event::Link(Link::Up) => return self.up(now),
            Event::Link(Link::Down) => return self.down(now),
            Event::Line { coin, link: Link::Down } => {
                if let Some(c) = self.coins.get_mut(coin.index()) {
                    c.cut(now);
                }
                return;
            }
            Event::Line { .. } | Event::Behind(_) | Event::Ping(_) => return,
        };
        if let Some(block) = block {
            let ms = now.since(block).div_euclid(Ns::MS);
            let known = self.offsets.len() < OFFSETS_MAX || self.offsets.contains_key(&ms);
            if known {
                *self.offsets.entry(ms).or_default() += 1;
            }
        }
        let Some(c) = self.coins.get_mut(coin.index()) else {
            return;
        };
        c.take(now, stream, block);
        match event {
            Event::Trades { prints, .. } => {
                c.prints += prints.len() as u64;
                let late = prints.iter().filter(|p| c.shown.is_some_and(|s| p.time < s));
                c.late += late.count() as u64;
            }
            Event::History { joint: Joint::Gap { .. }, .. } => c.lost += 1,
            _ => {}
        }
    }

    /// The verdict on a recording of these coins between two times, with what its feed counted.
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    pub fn end(mut self, coins: &[CoinSpec], (from, to): (Ns, Ns), c: &Counters) -> Fitness {
        self.up(to);
        let span = to.since(from).max(1);
        let all: u64 = self.offsets.values().sum();
        let mut below = 0;
        let median = self.offsets.iter().find(|(_, n)| {
            below += **n;
            below * 2 >= all
        });
        let seconds = |ms: i64| ms as f64 * 1e-3;
        let mean = |(n, ns): (u64, i64)| {
            Ns::seconds(i64::try_from(n).ok().and_then(|n| ns.checked_div(n)).unwrap_or(0))
        };
        let one = |(spec, mut c): (&CoinSpec, Coin)| {
            c.cut(to);
            let stream =
                |i: usize| StreamFitness { messages: c.messages[i], gap_s: mean(c.gaps[i]) };
            CoinFitness {
                coin: spec.name.to_string(),
                streams: std::array::from_fn(stream),
                touch_s: mean(c.touch),
                fresh: (c.fresh_ns as f64 / span as f64).min(1.0),
                prints: c.prints,
                late: if c.prints == 0 { 0.0 } else { c.late as f64 / c.prints as f64 },
                gaps: c.lost,
            }
        };
        Fitness {
            span_s: Ns::seconds(to.since(from)),
            frames: c.messages,
            rejected: c.reasons().map(|(name, n)| (name.to_owned(), n)).collect(),
            holes: self.holes,
            hole_s: Ns::seconds(self.hole_ns),
            offset_min_s: self.offsets.keys().next().copied().map(seconds),
            offset_s: median.map(|(ms, _)| seconds(*ms)),
            coins: coins.iter().zip(self.coins).map(one).collect(),
            ..Fitness::default()
        }
    }
}

impl Coin {
    fn take(&mut self, now: Ns, stream: Stream, block: Option<Ns>) {
        let i = stream.index();
        self.messages[i] += 1;
        if let Some(last) = self.last[i].replace(now) {
            self.gaps[i].0 += 1;
            self.gaps[i].1 = self.gaps[i].1.saturating_add(now.since(last).max(0));
        }
        if block.is_some() {
            self.shown = block;
            if let Some(last) = self.touched {
                self.touch.0 += 1;
                self.touch.1 = self.touch.1.saturating_add(now.since(last).max(0));
            }
            self.refresh(now);
            self.touched = Some(now);
        }
    }

    /// Counts the time up to `now` in which the best prices were fresh.
    fn refresh(&mut self, now: Ns) {
        if let Some(last) = self.touched {
            let fresh = now.since(last).clamp(0, STALE_BBO_NS);
            self.fresh_ns = self.fresh_ns.saturating_add(fresh);
        }
    }

    fn cut(&mut self, now: Ns) {
        self.refresh(now);
        (self.last, self.touched, self.shown) = ([None; Stream::ALL.len()], None, None);
    }
}

impl Fitness {
    /// Frames turned away.
    pub fn rejects(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// What stands against a replay of it: most frames rejected, or no coin at all with trades and
    /// best prices at least every second. Of less than a minute only the first is judged.
    pub fn unfit(&self) -> Vec<Unfit> {
        let most = self.rejected.iter().max_by_key(|(_, n)| **n);
        if let Some((reason, n)) = most
            && self.rejects() * 2 > self.frames
        {
            return vec![Unfit::Rejected(reason.clone(), *n, self.frames)];
        }
        if self.span_s < Ns::seconds(FIT_SPAN_NS) {
            return Vec::new();
        }
        let of = |c: &CoinFitness| {
            let never = c.streams[..Stream::Trades.index()].iter().all(|s| s.messages < 2);
            let slow = never || c.touch_s > Ns::seconds(FIT_TOUCH_NS);
            let touch = slow.then(|| Unfit::SlowTouch(c.coin.clone(), c.touch_s));
            let trades = (c.prints == 0).then(|| Unfit::NoTrades(c.coin.clone()));
            trades.into_iter().chain(touch).collect::<Vec<_>>()
        };
        let reasons: Vec<Vec<Unfit>> = self.coins.iter().map(of).collect();
        if reasons.iter().any(Vec::is_empty) { Vec::new() } else { reasons.concat() }
    }

    /// Fit, not fit and why, or too short to judge.
    pub fn verdict(&self) -> String {
        let reasons: Vec<String> = self.unfit().iter().map(ToString::to_string).collect();
        match reasons.as_slice() {
            [] if self.span_s < Ns::seconds(FIT_SPAN_NS) => "too short to judge".to_owned(),
            [] => "fit".to_owned(),
            reasons => format!("NOT fit: {}", reasons.join("; ")),
        }
    }

    /// A line for people.
    pub fn text(&self) -> String {
        let worst = |of: fn(&CoinFitness) -> f64| self.coins.iter().map(of).fold(0.0, f64::max);
        let least = self.coins.iter().map(|c| c.fresh).fold(1.0, f64::min);
        let offset = match (self.offset_min_s, self.offset_s) {
            (Some(min), Some(p50)) => {
                format!("received {p50:.2} s after the block (least {min:.2})")
            }
            _ => "no block times".to_owned(),
        };
        let imported =
            self.imported.as_ref().map(|i| format!("; imported: {i}")).unwrap_or_default();
        let left_out =
            self.left_out.as_ref().map(|l| format!("NOT WHOLE: {l}; ")).unwrap_or_default();
        format!(
            "{left_out}best prices every {:.2} s, fresh {:.1} % of the time; {offset}; {} holes, {:.0} s; \
             {:.1} % of prints late{imported}",
            worst(|c| c.touch_s),
            least * 100.0,
            self.holes,
            self.hole_s,
            worst(|c| c.late) * 100.0,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Bbo, Trade};
    use crate::units::{CoinId, Px, Side, Sz};

    const COIN: CoinId = CoinId(0);

    fn coins() -> Vec<CoinSpec> {
        vec![CoinSpec::new("ETH", 4).expect("a coin")]
    }

    fn state(judge: &mut Judge, now: Ns, block: Ns) {
        let bbo = Bbo { time: block, ..Bbo::default() };
        judge.take(now, &Event::Bbo { coin: COIN, bbo: &bbo });
    }

    fn print(judge: &mut Judge, now: Ns, block: Ns) {
        let (px, sz, aggressor) = (Px(1), Sz(1), Side::Buy);
        let prints = [Trade { aggressor, px, sz, time: block, taker: 0, tid: 0 }];
        judge.take(now, &Event::Trades { coin: COIN, prints: &prints });
    }

    #[test]
    fn every_figure_is_what_the_table_says() {
        let s = |n: i64| Ns(n * Ns::SEC);
        let mut j = Judge::new(1);
        // Best prices each second for a minute, blocks 300 ms before; every tenth print late.
        for i in 0..=60 {
            let block = s(i).plus(-300 * Ns::MS);
            state(&mut j, s(i), block);
            print(&mut j, s(i), if i % 10 == 0 { block.plus(-1) } else { block });
        }
        j.down(s(70));
        j.up(s(100));
        state(&mut j, s(100), s(100).plus(-100 * Ns::MS));
        let counters = Counters { messages: 123, ..Counters::default() };
        let f = j.end(&coins(), (s(0), s(101)), &counters);
        let c = &f.coins[0];
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(f.span_s, 101.0) && near(f.hole_s, 30.0), "{f:?}");
        assert_eq!((f.frames, f.holes), (123, 1));
        assert!(
            near(f.offset_min_s.unwrap_or(0.0), 0.1) && near(f.offset_s.unwrap_or(0.0), 0.3),
            "{f:?}"
        );
        assert!(near(c.streams[0].gap_s, 1.0) && near(c.touch_s, 1.0), "{c:?}");
        assert_eq!((c.streams[0].messages, c.prints), (62, 61));
        // A minute, two seconds behind its end, one at the end.
        assert!((c.fresh - 63.0 / 101.0).abs() < 1e-9, "{}", c.fresh);
        assert!(near(c.late, 7.0 / 61.0), "{}", c.late);
        assert_eq!(f.unfit(), []);
    }

    #[test]
    fn what_stands_against_a_recording_is_named() {
        let s = |n: i64| Ns(n * Ns::SEC);
        let judged = |every: i64, prints: bool, length: i64, rejected: u64| {
            let mut j = Judge::new(1);
            for i in (0..length).filter(|i| i % every == 0) {
                state(&mut j, s(i), s(i));
                if prints {
                    print(&mut j, s(i), s(i));
                }
            }
            let mut counters = Counters { messages: 100, ..Counters::default() };
            counters.rejected[13] = rejected;
            let f = j.end(&coins(), (s(0), s(length)), &counters);
            f.unfit().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(judged(1, true, 60, 50), "");
        assert_eq!(judged(1, false, 60, 0), "ETH has no trades");
        assert_eq!(judged(1, false, 59, 0), "", "too short to judge");
        assert!(judged(2, true, 60, 0).contains("every 2.0 s"));
        assert!(judged(1, true, 10, 51).contains("51 of 100 as out_of_range: most are dated"));
    }
}
