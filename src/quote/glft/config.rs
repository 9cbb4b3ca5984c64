//! Settings of glft.
//!
//! In: the configuration file. Out: plain values. Cold path.

use super::optimal::DEPTHS;
use crate::settings::settings;

settings! {
    /// The optimal ladder of the closed form at what the curve says, for comparison.
    pub struct Config: Copy {
        /// Levels a side.
        levels: usize = 5, 1..=5;
        /// Target standard deviation of the position as a share of the largest.
        std_share: f64 = 1.0 / 3.0, 1e-3..=1.0;
        /// Scale of the ladder's sizes against the optimal one: smaller fills, steadier inventory.
        phi: f64 = 0.25, 1e-3..=1.0;
        /// Wealth that Kelly fractions are of.
        wealth_usd: f64 = 2_500.0, 1.0..=1e12, "USD";
        /// Fraction of the Kelly bet; 0: none is asked for.
        kelly_fraction: f64 = 0.25, 0.0..=1.0;
        /// Largest distance from mid.
        d_max_bps: f64 = 60.0, 0.1..=1e3, "bps";
        /// How far a working order may be from where it is wanted before it is changed, as a share
        /// of 1/kappa. Keeping it keeps its place in the queue and saves requests, which the venue
        /// rations. On the simulated markets half earns 3 to 8 % more than a fifth, with half the
        /// requests.
        requote_share: f64 = 0.5, 0.0..=100.0;
    }
}

impl Config {
    /// Levels in use, at least 1.
    #[must_use]
    pub fn levels_used(&self) -> usize {
        self.levels.clamp(1, DEPTHS.len())
    }
}
