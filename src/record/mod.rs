//! The output alphabet: everything the engine publishes, and its 128-byte form.
//!
//! In: plain values from the engine. Out: `Record`, encoded little-endian into 128 bytes on the
//! hot thread (constant offsets, no allocation), decoded on the cold side.
//!
//! ```text
//!  0        4      5      6       8                16               24                     128
//!  | crc32c | kind | coin | flags | seq (u64)      | at (i64, ns)   | payload, zero filled |
//! ```
//! 1. `crc32c` covers bytes 4..128; it is written by the logging thread, zero on the way.
//! 2. `seq` counts every record produced from 0 without holes, dropped ones included.
//! 3. `at` is the session clock. Unused payload bytes are zero, so equal records are equal bytes.
//! 4. Within a format kinds, fields and codes are only ever appended; a change of meaning is a new
//!    kind. A change of the layout of a kind is a new [`FORMAT_VERSION`].

mod budget;
mod bytes;
mod codes;
mod curve;
mod field;
#[macro_use]
mod kinds;
mod ladder;
mod own;
mod strategy;

pub use budget::Budget;
pub use codes::*;
pub use curve::{Earns, hours_needed, hours_text};
pub use field::{Field, LADDER_PART, Malformed, PAYLOAD_BYTES, RECORD_BYTES, TERMS_MAX, Value};
pub use ladder::{WholeLadder, ladder_records};
pub use own::PARTS;
pub use strategy::{Named, StrategyInfo, StrategyNames};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::{CoinId, Mid2, Ns, Px, Side, Sz};

/// Version of this alphabet, in the `Start` record and in every segment header. Format 3: forecasts are
/// scored, and what only one strategy knows is in its terms.
pub const FORMAT_VERSION: u32 = 3;
/// `place` of a score of all places of the shadow ladder within a basis point.
pub const NEAR_PLACES: u8 = 254;
/// `place` of the score of own orders.
pub const OWN_ORDERS: u8 = 255;
/// `coin` of a record that concerns no single coin.
pub const NO_COIN: CoinId = CoinId(255);

/// An encoded record.
pub type Bytes = [u8; RECORD_BYTES];

/// A record with its header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// Position in the run, from 0.
    pub seq: u64,
    /// Session clock, ns since the epoch.
    pub at: Ns,
    /// The coin, or [`NO_COIN`].
    pub coin: CoinId,
    /// Content.
    pub body: Body,
}

records! {
    /// First record of a run.
    1 Start / "start" "starts" {
        /// [`FORMAT_VERSION`].
        format: u32,
        /// Hash (xxh3-128) of the decision-relevant configuration.
        config: [u64; 2],
        /// Seed of every random choice.
        seed: u64,
        /// Number of coins.
        coins: u8,
    }
    /// A coin of the run; one each, after `Start`.
    2 Coin / "coin" "coins" {
        /// Name, zero padded.
        name: [u8; 24],
        /// Decimals of a size.
        sz_decimals: u8,
        /// What the account pays to make, of the value in 1e-8; negative is a rebate.
        fee_e8: i64,
    }
    /// Last record of a run.
    3 Stop / "stop" "stops" {
        /// Why.
        reason: StopReason,
        /// Frames processed.
        frames: u64,
        /// Records produced, this one included.
        records: u64,
    }
    /// The link to the venue changed.
    4 LinkChange / "link" "links" {
        /// True: open.
        up: bool,
        /// How often it was opened, this time included.
        opened: u32,
    }
    /// How a (re)subscription's history joins what was seen.
    5 DataGap / "data_gap" "gaps" {
        /// Verdict.
        joint: JointCode,
        /// Last print known before (venue time).
        from: Ns,
        /// Oldest print known after (venue time).
        to: Ns,
        /// Prints in the history frame that were new.
        news: u32,
    }
    /// Records were lost between producer and journal: the queue was full.
    6 Lost / "lost" "lost" {
        /// First lost sequence number.
        first: u64,
        /// How many.
        count: u64,
    }
    /// A coin's book changed its health.
    7 HealthChange / "health" "health" {
        /// Before.
        was: Health,
        /// Now.
        now: Health,
    }
    /// A live print.
    8 Print / "trade" "trades" {
        /// The taker's side.
        aggressor: Side,
        /// Price.
        px: Px,
        /// Size.
        sz: Sz,
        /// Block time.
        time: Ns,
        /// Trade id.
        tid: u64,
        /// Taker's transaction, first 64 bits.
        taker: u64,
    }
    /// The market as quoted against; at most once a second and at each re-quote.
    9 Market / "market" "market" {
        /// Best bid price; 0: none.
        bid: Px,
        /// Size there.
        bid_sz: Sz,
        /// Best ask price; 0: none.
        ask: Px,
        /// Size there.
        ask_sz: Sz,
        /// Block time of the state.
        time: Ns,
    }
    /// A part of one side of the ladder wanted from now on: [`LADDER_PART`] levels at most, the parts
    /// of one ladder one after the other. One part without levels where a guard holds it back.
    10 Ladder / "ladder" "quotes" {
        /// Side.
        side: Side,
        /// Number of levels of the whole ladder.
        levels: u8,
        /// First obstacle, `None` when quoted.
        guard: Guard,
        /// Prices, nearest first.
        px: [Px; LADDER_PART],
        /// Sizes.
        sz: [Sz; LADDER_PART],
        /// Level of the first price here, from 0.
        first: u8,
        /// Where the guard is `Declined`: the strategy's own reason, see its `Label` records.
        declined: u8,
    }
    /// What a ladder is made of, in the strategy's own terms.
    11 Terms / "terms" "terms" {
        /// Mid price, USD.
        mid: f64,
        /// Terms in the order of the strategy's `Label` records; zero behind the last.
        value: [f64; TERMS_MAX],
    }
    /// An own order changed its state.
    12 Order = OrderUpdate / "order" "orders" {
        id: u64, state: OrderState, reason: OrderReason, side: Side, level: u8, px: Px, sz: Sz, open: Sz,
        ahead: Sz, effective: Ns,
    }
    /// An own order was filled, whole or in part, under one of the three fill models of the run.
    13 Fill = Fill / "fill" "fills" {
        id: u64, lane: Lane, reason: FillReason, side: Side, unknown_queue: bool, level: u8, px: Px, sz: Sz,
        open: Sz, ahead: Sz, age: i64, time: Ns, tid: u64, mid: Mid2, fee_e8: i64, sight_age: i64,
    }
    /// The account under one of the three fill models. Money in units of 0.5e-16 USD.
    14 Account / "account" "accounts" {
        /// Captured spread.
        spread: i128,
        /// Adverse selection to the primary horizon.
        adverse: i128,
        /// Inventory after it.
        inventory: i128,
        /// Fees, negative when paid.
        fees: i128,
        /// Funding.
        funding: i128,
        /// Position.
        position: Sz,
        /// Mark.
        mark: Mid2,
        /// Fills so far.
        fills: u32,
        /// Which result.
        lane: Lane,
    }
    /// How deep takers reach, and how volatile the market is; once a second. No input of a quote but
    /// the last.
    15 Estimates / "estimates" "estimates" {
        /// Decay of the rate of takers with depth, 1/unit of relative price.
        kappa: f64,
        /// 95 % interval, a burst counted as one taker.
        kappa_lo: f64,
        /// 95 % interval.
        kappa_hi: f64,
        /// Takers that count as independent.
        n_eff: f64,
        /// Volatility, bps per square root of a second.
        sigma_bps: f64,
    }
    /// Which regime the market is in: quiet, normal, volatile, cascade; once a second.
    16 Regimes / "regimes" "regimes" {
        /// Probabilities.
        p: [f64; 4],
        /// Volatilities, bps per square root of a second.
        sigma_bps: [f64; 4],
    }
    /// The feed at work, once a second.
    20 FeedState / "feed" "feed" {
        /// Frames so far, of all coins.
        frames: u64,
        /// Rejected frames so far.
        rejects: u64,
        /// Age of the newest bbo, fast book, full book, any message; ns, -1 never.
        ages: [i64; 4],
        /// Duplicate prints removed.
        duplicates: u64,
        /// Receive time less block time of the coin's newest message, ns; -1 never.
        lag: i64,
        /// The best bid and offer is older than it may be.
        stale_bbo: bool,
        /// The fast book is.
        stale_fast: bool,
        /// The full book is.
        stale_slow: bool,
        /// The context is.
        stale_ctx: bool,
        /// No message at all has come for too long, or the link is down.
        silent: bool,
        /// The coin is no longer subscribed: its subscription ended link after link.
        set_aside: bool,
    }
    /// A limit latched or was reset.
    22 Latch / "latch" "latches" {
        /// Which.
        guard: Guard,
        /// What it measured (USD or lots, 1e-8).
        value: i64,
        /// The limit.
        limit: i64,
    }
    /// The strategy of the run; after the coins. Its labels follow.
    24 Strategy / "strategy" "strategies" {
        /// Name, zero padded.
        name: [u8; 24],
        /// Version: another one may decide otherwise under the same settings.
        version: u32,
        /// Number of its terms.
        terms: u8,
        /// Number of its own reasons to decline.
        reasons: u8,
    }
    /// What a number of the strategy means.
    25 Label / "label" "labels" {
        /// What is labelled.
        of: Labelled,
        /// Place of the term, from 0; code of the reason, from 1.
        code: u8,
        /// Name, zero padded.
        name: [u8; 24],
        /// Unit, zero padded; empty: a number without one.
        unit: [u8; 8],
        /// One sentence for people, zero padded.
        sentence: [u8; 70],
    }
    /// How the receiver's clock stands to the venue's, when that changed.
    26 Clocks / "clocks" "clocks" {
        /// By how much the receiver's is ahead, the least delay of the network included, ns.
        offset: i64,
        /// Receive stamps that went back, or leapt against their blocks.
        steps: u32,
        /// Jumps of one clock against the other.
        jumps: u32,
    }
    /// What of a coin came too late to be taken in its place, so far; when it grew, at most once a
    /// second.
    27 Late / "late" "late" {
        /// Prints that came after a state of their block, or of a later one, had been taken.
        prints: u64,
        /// Blocks taken before their time, for want of room.
        blocks: u64,
        /// Fills of the configured model whose horizon of the account a hole in the data cut short.
        cut: u64,
    }
    /// The account's budget of requests, all coins together; once a second.
    28 Requests / "requests" "requests" {
        /// Orders and changes sent, what was sent before the run included.
        used: u64,
        /// How many may be sent in all.
        limit: u64,
        /// Cancels sent.
        cancels: u64,
        /// How many may be sent in all.
        cancel_limit: u64,
        /// Requests that the venue refused for want of budget.
        refused: u64,
        /// Value traded in the run, in units of 0.5e-16 USD.
        traded: i128,
        /// How many times wider tolerance and least time between changes are; 0: quoting waits.
        patience: f64,
    }
    /// What a fill of the configured model came to at a horizon. At the primary one the sum over all
    /// fills is the account's spread, adverse move and fees.
    29 Edge / "edge" "edges" {
        /// Own order number.
        id: u64,
        /// Horizon, ms.
        horizon_ms: u32,
        /// Why it filled.
        reason: FillReason,
        /// Side of the own order.
        side: Side,
        /// Price.
        px: Px,
        /// Size of this fill.
        sz: Sz,
        /// Fee in units of 1e-8 USD; negative: rebate.
        fee_e8: i64,
        /// Block time of the fill.
        time: Ns,
        /// Mid the quote was made at.
        from: Mid2,
        /// Mid before the block of the fill.
        mid: Mid2,
        /// Mid at the horizon, or the last before a hole or the end.
        after: Mid2,
    }
    /// What a small quote at one place of the shadow ladder would earn; once a minute, at the end,
    /// and behind a verdict that calls it the best. The intervals are about now, of 95 %, a burst counted as one fill.
    30 Curve / "curve" "curve" {
        /// Place, nearest first; then the touch, a tick inside it.
        place: u8,
        /// Horizon of the marks, s.
        mark_s: u8,
        /// Distance, hundredths of a basis point; 65535 for the last two places.
        distance_e2: u16,
        /// Seconds in the book, of both sides, older ones counting less.
        live_s: f64,
        /// Fills, the same way.
        fills: f64,
        /// Fills that count as independent.
        n_eff: f64,
        /// Fills per second and side.
        rate: f64,
        /// Lower end.
        rate_lo: f64,
        /// Upper end.
        rate_hi: f64,
        /// Distance as rounded to the venue's prices.
        quoted_bps: f64,
        /// Fee and adverse move of a fill.
        cost_bps: f64,
        /// Half of its interval.
        error_bps: f64,
        /// Earned per second and side, bps of the size quoted.
        value: f64,
        /// Lower end.
        value_lo: f64,
        /// Upper end.
        value_hi: f64,
    }
    /// Whether small quotes would earn, from the curve alone; when a window of evidence closed. The
    /// curve's row of the best place follows.
    31 Verdict / "verdict" "verdicts" {
        /// The word; another one has to hold for three windows.
        word: Outlook,
        /// Horizon of the marks, s: quoting goes by that of 5 s.
        mark_s: u8,
        /// Place of the largest value of those seen often enough; 255: none.
        best: u8,
        /// How many places were.
        seen: u8,
        /// A lower maker fee pays.
        pays_below_bps: f64,
        /// A higher one loses at every place seen.
        loses_above_bps: f64,
        /// How sure the sign of the best edge is, 0 to 1.
        certainty: f64,
        /// Shadow fills that a hole in the data left without a mark, so far.
        dropped: u64,
    }
    /// Forecasts of fills against fills, over the run so far; when a window of evidence closed, once a
    /// minute for each place, at the end.
    32 Score / "score" "scores" {
        /// Place of the shadow ladder as in its curve; [`NEAR_PLACES`], [`OWN_ORDERS`].
        place: u8,
        /// Forecasts are of the fast layer of rates; else the slow one tells fills apart better.
        fast: bool,
        /// Fills.
        fills: f64,
        /// Seconds in the book: of an order until its first fill or its end.
        live_s: f64,
        /// Fills expected in them, from rates known before.
        expected: f64,
        /// Fills over expected: lower end of the 95 % interval, a burst counted as one fill.
        ratio_lo: f64,
        /// Upper end; infinite where none was expected.
        ratio_hi: f64,
        /// Fills that count as independent.
        bursts: f64,
        /// How much better forecasts tell fills apart than a constant rate, nats a fill.
        gain: f64,
        /// Standard error of it.
        gain_se: f64,
    }
}

#[cfg(test)]
mod tests;
