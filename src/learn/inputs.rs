//! What the learners of one coin are given, and the events they give back.
//!
//! In: plain values from the engine. Out: [`LearnEvent`]. Hot path: `Copy`.

use crate::units::{Ns, Side};

/// One taker order: the prints of one taker in one block, joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sweep {
    /// The taker's side; a buyer reaches asks.
    pub side: Side,
    /// How far it reached from the reference mid, s (worst price - mid) / mid, bps; negative when
    /// it ended inside the reference mid. The reference is the mid that quotes in the book were
    /// made from, see [`super::reference`].
    pub depth_bps: f64,
    /// How far the mid had moved towards the taker's direction since the reference, s (mid -
    /// reference) / reference, bps: what quotes in the book had already lost.
    pub drift_bps: f64,
    /// Half a price step there, bps: depths are floored to the price grid.
    pub half_tick_bps: f64,
    /// Size, coins; > 0.
    pub size: f64,
    /// Value, USD.
    pub notional: f64,
    /// Prints it made; >= 1.
    pub prints: u32,
    /// Mid before it, USD; > 0.
    pub mid: f64,
}

/// An own order went live, or its distance changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuoteSample {
    /// Own order number; > 0.
    pub id: u64,
    /// Side of the order.
    pub side: Side,
    /// Distance from the reference mid, bps.
    pub depth_bps: f64,
    /// Level in the ladder, 0 nearest.
    pub level: u8,
}

/// An own order was filled, whole or in part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FillSample {
    /// Own order number.
    pub id: u64,
    /// Side of the own order.
    pub side: Side,
    /// Distance of its price from the reference mid, bps.
    pub depth_bps: f64,
    /// Mid before the fill, USD; > 0.
    pub mid: f64,
    /// Value filled, USD.
    pub sz_usd: f64,
    /// Level in the ladder, 0 nearest.
    pub level: u8,
    /// Age of the order, ns.
    pub age: i64,
    /// When, on the venue's clock.
    pub at: Ns,
}

/// What is displayed near the mid on one side of the book.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BookSample {
    /// Distance from the mid up to which `size` was counted, bps; > 0.
    pub within_bps: f64,
    /// Displayed size, coins.
    pub size: f64,
}

/// The best bid and ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    /// Half the distance between them, bps of the mid; >= 0.
    pub half_spread_bps: f64,
    /// Size at the best bid, coins.
    pub bid: f64,
    /// Size at the best ask, coins.
    pub ask: f64,
}

/// Something that came due, for the records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LearnEvent {
    /// An own fill's markout.
    Markout {
        /// Own order number.
        id: u64,
        /// Side of the own order.
        side: Side,
        /// Horizon, ms.
        horizon_ms: u32,
        /// Move in our favour, bps; negative: adverse.
        bps: f64,
        /// Distance quoted at, bps.
        depth_bps: f64,
    },
    /// A block of a fill prediction closed.
    Outcome {
        /// Own order number.
        id: u64,
        /// Probability given when the block opened.
        p: f64,
        /// Whether it filled.
        filled: bool,
        /// Distance, bps.
        depth_bps: f64,
        /// Length of the block, ns.
        span: i64,
    },
}
