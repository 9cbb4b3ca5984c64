//! When the frames of a block reach a client: the feed's delays as they were measured.
//!
//! In: block times. Out: receive times. Cold path.
//!
//! Measured at Hyperliquid in September and December 2025: best prices 234/358/522/950 ms after their
//! block (1st, 50th, 90th, 99th percentile), alike from frame to frame, silences of more than half a
//! second followed by everything at once, prints 0/4 to 13/22 to 41/95 to 211 ms after the best prices
//! of their block (10th, 50th, 90th, 99th percentile).
//!
//! 1. Frames of one stream keep their order, frames of two streams need not.
//! 2. Draws are named by the block: delays do not change the market.

use crate::math::counter::Draws;
use crate::math::det;
use crate::units::Ns;

/// Least delay, and the median of what comes on top, ms; spread of its logarithm.
const DELAY: (f64, f64, f64) = (232.0, 126.0, 0.72);
/// Memory of the delay, s.
const MEMORY_S: f64 = 0.3;
/// Silences an hour and their mean, s.
const STALLS: (f64, f64) = (15.0, 0.6);
/// Prints after the best prices of the block: median ms, spread of the logarithm; share of a long tail
/// and its mean, ms.
const LAG: (f64, f64, f64, f64) = (8.0, 1.1, 0.025, 250.0);

/// What a draw is for.
const BLOCK: u64 = 1;
const TRADES: u64 = 2;

/// The delays of one connection.
#[derive(Clone, Debug)]
pub struct Delays {
    key: u64,
    blocks: u64,
    /// Standard normal with memory.
    level: f64,
    silent_until: Ns,
}

impl Delays {
    /// Delays drawn under `key`.
    #[must_use]
    pub fn new(key: u64) -> Delays {
        Delays { key, blocks: 0, level: 0.0, silent_until: Ns(0) }
    }

    /// When the best prices of the next block, `dt` seconds after the last, are received.
    pub fn block(&mut self, time: Ns, dt: f64) -> Ns {
        self.blocks += 1;
        let mut draws = Draws::of(self.key, BLOCK, 0, self.blocks);
        let stays = det::exp(-dt / MEMORY_S);
        self.level = stays * self.level + (1.0 - stays * stays).sqrt() * draws.normal();
        let (least, more, spread) = DELAY;
        let at = time.plus(ms(least + more * det::exp(spread * self.level)));
        if draws.event(STALLS.0 / 3_600.0 * dt) {
            self.silent_until = at.plus(ms(1e3 * draws.exponential(STALLS.1)));
        }
        at.max(self.silent_until)
    }

    /// When the prints of the same block are, of the coin numbered `coin`; the best prices came `at`.
    #[must_use]
    pub fn trades(&self, at: Ns, coin: u64) -> Ns {
        let mut draws = Draws::of(self.key, TRADES, coin, self.blocks);
        let (median, spread, share, tail) = LAG;
        let tail = if draws.chance(share) { draws.exponential(tail) } else { 0.0 };
        at.plus(ms(draws.log_normal(median, spread) + tail)).max(self.silent_until)
    }
}

fn ms(x: f64) -> i64 {
    super::draw::floor(x * 1e6)
}
