//! What the learners of one coin are given.
//!
//! In: plain values from the engine. Out: the same. Hot path: `Copy`.

use serde::{Deserialize, Serialize};

use crate::units::{Px, Side};

/// One taker order: the prints of one taker in one block, joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sweep {
    /// The taker's side; a buyer reaches asks.
    pub side: Side,
    /// How far it reached from the reference mid, s (worst price - mid) / mid, bps; negative when
    /// it ended inside the reference mid. The reference is the mid that quotes in the book were
    /// made from, see `learn::reference`.
    pub depth_bps: f64,
    /// Half a price step there, bps: depths are floored to the price grid.
    pub half_tick_bps: f64,
    /// Mid before it, USD; > 0.
    pub mid: f64,
}

/// Something of the market as it happens, for strategies that estimate by themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// The market is seen from here on.
    Seen,
    /// It is lost from sight.
    Lost,
    /// The mid, USD; > 0.
    Mid(f64),
    /// A taker.
    Sweep(Sweep),
}

/// An own order in the book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QuoteSample {
    /// Own order number; > 0.
    pub id: u64,
    /// Side.
    pub side: Side,
    /// Price.
    pub px: Px,
}

impl QuoteSample {
    /// Distance from a mid (> 0, USD), bps; positive: behind it.
    #[must_use]
    pub fn depth_bps(&self, mid: f64) -> f64 {
        let away =
            if self.side == Side::Buy { mid - self.px.to_f64() } else { self.px.to_f64() - mid };
        away / mid * 1e4
    }
}

impl Sweep {
    /// All of it can be.
    #[must_use]
    pub fn sound(&self) -> bool {
        let step = (0.0..=1e4).contains(&self.half_tick_bps);
        step && distance(self.depth_bps) && positive(self.mid)
    }
}

/// Positive, and of a magnitude that prices, sizes and values have.
pub(super) fn positive(x: f64) -> bool {
    (1e-12..1e15).contains(&x)
}

/// A distance that can be: at most all of the price.
pub(super) fn distance(bps: f64) -> bool {
    (-1e4..=1e4).contains(&bps)
}
