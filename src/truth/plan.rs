//! What is to be found out of a simulated market.
//!
//! In: nothing. Out: plain values. Cold path.

use super::ladder::Pace;
use crate::limits::CURVE;
use crate::venue::agents::sets::Set;

/// Shares of resting orders that are not post-only for which the truth is known. Nobody knows the real
/// venue's; the first is the world's own.
pub const SHARES: [f64; 3] = [0.0, 0.05, 1.0];
/// Places of the ladder.
pub const PLACES: usize = CURVE;
/// What is to be found out.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The world, by its name.
    pub world: String,
    /// The coin's name: it names the draws.
    pub coin: String,
    /// Its parameters.
    pub set: Set,
    /// Median time between blocks, ms.
    pub block_ms: f64,
    /// How much market time, ns.
    pub length_ns: i64,
    /// Seed of everything random.
    pub seed: u64,
    /// How quotes are made.
    pub pace: Pace,
    /// Value of an order that is tried, USD.
    pub order_usd: f64,
    /// The maker fee, bps.
    pub fee_bps: f64,
    /// Threads.
    pub jobs: usize,
}
