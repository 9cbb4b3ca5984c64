//! What shadow quotes met within a window of time.
//!
//! In: nothing. Out: plain values by place. Hot path.

use serde::{Deserialize, Serialize};

use crate::event::shadow::DISTANCES_E2;
use crate::limits::CURVE;

/// A value by place.
pub type Places = [f64; CURVE];

/// What happened in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Window {
    pub(super) fills: Places,
    /// Seconds in the book.
    pub(super) live: Places,
    /// Distances quoted at and moves against the quote from the mid it was made at, bps.
    pub(super) quoted: Places,
    pub(super) moved: Places,
    /// Rows of the line: see `Stats`.
    pub(super) line: [f64; 6],
}

/// A distance, bps.
#[must_use]
pub fn distance(place: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "hundredths of 15")]
    DISTANCES_E2.get(place).map_or(0.0, |d| *d as f64 / 100.0)
}
