//! How the simulated feed is on its way to clients, and what is wrong with it on purpose.
//!
//! In: a configuration file or defaults. Out: plain values. Cold path.
//!
//! The defaults were measured at Hyperliquid in September and December 2025: best prices 234/358/522/950 ms
//! after their block (1st, 50th, 90th, 99th percentile), alike from frame to frame; silences of more than
//! half a second followed by everything at once; prints 0/4 to 13/22 to 41/95 to 211 ms after the best
//! prices of their block (10th, 50th, 90th, 99th percentile); 6 to 14 % of blocks with trades without best
//! prices; fast books 418/541/683 ms apart (5th, 50th, 95th percentile).

use crate::settings::{Form, choices, settings};

choices! {
    /// When frames reach a client.
    pub enum Order = Measured {
        /// With delays as measured: each stream in order, streams not.
        Measured = "measured",
        /// At once, in the order in which things happened: for referees.
        Venue = "venue",
    }
}

settings! {
    /// The feed: delays as measured, and faults, none unless asked for.
    pub struct Feed {
        /// When frames reach a client.
        order: Order = Order::Measured;
        /// Least time from a block to its receipt.
        least_ms: f64 = 232.0, 0.0..=1e5, "ms";
        /// Median of what comes on top, log-normal.
        more_ms: f64 = 126.0, 0.0..=1e5, "ms";
        /// Spread of its logarithm.
        more_log_sd: f64 = 0.72, 0.0..=3.0;
        /// How long a delay resembles those before.
        memory_s: f64 = 0.3, 0.001..=1e3, "s";
        /// Silences after which everything comes at once.
        stalls_per_h: f64 = 15.0, 0.0..=1e4, "per hour";
        /// Their mean length.
        stall_s: f64 = 0.6, 0.0..=60.0, "s";
        /// Median time from the best prices of a block to its prints, log-normal.
        trades_ms: f64 = 8.0, 0.0..=1e5, "ms";
        /// Spread of its logarithm.
        trades_log_sd: f64 = 1.1, 0.0..=3.0;
        /// Share of prints that come later still.
        trades_tail: f64 = 0.025, 0.0..=1.0;
        /// How much later, mean of an exponential.
        trades_tail_ms: f64 = 150.0, 0.0..=1e5, "ms";
        /// Share of blocks with trades whose best prices come with a later block's.
        skip: f64 = 0.12, 0.0..=1.0;
        /// Spread of the time between fast books.
        fast_jitter_ms: f64 = 75.0, 0.0..=200.0, "ms";
        /// Fault: the prints of a block are sent with the block after it, behind its best prices.
        late_prints: bool = false;
        /// Fault: every connection is cut after so much venue time; 0 never.
        drop_every_s: f64 = 0.0, 0.0..=1e9, "s";
        /// Fault: no connection is accepted so long after one was cut.
        gap_s: f64 = 0.0, 0.0..=1e9, "s";
        /// Fault: the venue's clock is ahead of this one's by so much.
        clock_offset_ms: f64 = 0.0, -1e8..=1e8, "ms";
        /// Fault: the venue's clock runs faster by so much.
        clock_drift_ppm: f64 = 0.0, -1e4..=1e4, "ppm";
        /// Fault: the venue's clock jumps by so much.
        clock_step_ms: f64 = 0.0, -1e8..=1e8, "ms";
        /// When it jumps, after the start.
        clock_step_at_s: f64 = 60.0, 0.0..=1e9, "s";
        /// Fault: subscriptions that are refused with an error, `stream` or `stream:coin`.
        refuse: Vec<String> = Vec::new(), STREAMS;
        /// Fault: subscriptions that are never answered, `stream` or `stream:coin`.
        ignore: Vec<String> = Vec::new(), STREAMS;
        /// Fault: a connection stays open, but nothing is sent on it after so long; 0 never.
        freeze_after_s: f64 = 0.0, 0.0..=1e9, "s";
        /// Fault: a connection is closed with code 1000 after so long; 0 never.
        close_after_s: f64 = 0.0, 0.0..=1e9, "s";
        /// Fault: a frame that is no JSON this often; 0 never.
        garbage_every_s: f64 = 0.0, 0.0..=1e9, "s";
    }
}

/// What names of streams must be.
const STREAMS: Form = Form {
    text: "bbo, trades, fast-book, book or ctx, each with or without `:COIN`",
    holds: |v| {
        v.clone()
            .try_into::<Vec<String>>()
            .is_ok_and(|list| list.iter().all(|s| names(s).is_some()))
    },
    inside: &["[]", "[\"ctx\"]", "[\"fast-book:BTC\", \"trades:PAYS\"]"],
    beyond: &["[\"\"]", "[\"l2\"]", "[\"bbo:\"]", "[1]"],
};

/// The stream that a fault names, and the coin, if it names one; `None`: it names no stream.
fn names(text: &str) -> Option<(&str, Option<&str>)> {
    let (stream, coin) = match text.split_once(':') {
        Some((_, "")) => return None,
        Some((stream, coin)) => (stream, Some(coin)),
        None => (text, None),
    };
    ["bbo", "trades", "fast-book", "book", "ctx"].contains(&stream).then_some((stream, coin))
}

/// Whether one of the `faults` names this stream of this coin.
pub(super) fn named(faults: &[String], stream: &str, coin: &str) -> bool {
    let hit = |(s, c): (&str, Option<&str>)| s == stream && c.is_none_or(|c| c == coin);
    faults.iter().filter_map(|f| names(f)).any(hit)
}

impl Feed {
    /// Everything at once and in order.
    pub fn venue() -> Feed {
        Feed { order: Order::Venue, ..Feed::default() }
    }

    /// Median of what a delay is above the least, ns.
    pub fn above_least_ns(&self) -> i64 {
        if self.order == Order::Measured { super::draw::floor(self.more_ms * 1e6) } else { 0 }
    }

    /// What the venue's clock shows `elapsed_ms` after the start, where it should show `time_ms`.
    pub(super) fn shown(&self, time_ms: i64, elapsed_ms: i64) -> i64 {
        let elapsed = super::draw::float(elapsed_ms);
        let drift = self.clock_drift_ppm * 1e-6 * elapsed;
        let jumped = elapsed >= self.clock_step_at_s * 1e3;
        let step = if jumped { self.clock_step_ms } else { 0.0 };
        time_ms + super::draw::floor(self.clock_offset_ms + drift + step)
    }
}

/// What is wrong with a connection, by the time since it was upgraded, ns; `i64::MAX` never.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faults {
    pub drop_ns: i64,
    pub close_ns: i64,
    pub freeze_ns: i64,
    pub garbage_ns: i64,
    /// When the next frame is garbage.
    pub garbage: i64,
}

impl Faults {
    pub fn of(feed: &Feed) -> Faults {
        let after = |s: f64| if s > 0.0 { super::draw::floor(s * 1e9) } else { i64::MAX };
        let garbage_ns = after(feed.garbage_every_s);
        Faults {
            drop_ns: after(feed.drop_every_s),
            close_ns: after(feed.close_after_s),
            freeze_ns: after(feed.freeze_after_s),
            garbage_ns,
            garbage: garbage_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_a_stream_of_one_coin_or_of_all() {
        let faults = ["ctx".to_owned(), "trades:BTC".to_owned()];
        let hit = |stream, coin| named(&faults, stream, coin);
        assert!(hit("ctx", "ETH") && hit("trades", "BTC"));
        assert!(!hit("trades", "ETH") && !hit("bbo", "BTC"));
    }

    #[test]
    fn the_clock_is_ahead_drifts_and_jumps_by_what_is_set() {
        let feed = Feed {
            clock_offset_ms: -1_500.0,
            clock_drift_ppm: 200.0,
            clock_step_ms: 120_000.0,
            clock_step_at_s: 60.0,
            ..Feed::venue()
        };
        assert_eq!(feed.shown(5_000, 0), 3_500);
        assert_eq!(feed.shown(55_000, 50_000), 55_000 - 1_500 + 10);
        assert_eq!(feed.shown(65_000, 60_000), 65_000 - 1_500 + 12 + 120_000);
        assert_eq!(Feed::default().shown(65_000, 60_000), 65_000);
    }
}
