//! Settings of the learners: one table per component.
//!
//! In: the configuration file's `[engine.learn]` table. Out: [`Config`]. Cold path.

use super::{curve, kappa, regime, sigma};
use crate::settings::settings;

settings! {
    /// Settings of the learners of one coin.
    pub struct Config: Copy {
        /// Whether anything is learned: estimates, the curve of the shadow ladder, forecasts and their
        /// scores. Without it `earn` quotes nothing, other strategies go by what they begin with, and a
        /// backtest of a strategy of one's own is as fast as it gets.
        on: bool = true;
        /// How old the mid is that quotes in the book were made from: the delay to the venue plus
        /// the pause between two quotes; 0: no older than the book.
        lag_ms: u32 = 500, 0..=1_900, "ms";
        /// The regime filter.
        filter: regime::Config = regime::Config::default();
        /// Volatility.
        sigma: sigma::Config = sigma::Config::default();
        /// How deep takers reach, for display.
        kappa: kappa::Config = kappa::Config::default();
        /// The curve of the shadow ladder.
        curve: curve::Config = curve::Config::default();
    }
}
