//! Settings of glft.
//!
//! In: the configuration file. Out: plain values. Cold path.

use super::optimal::DEPTHS;
use crate::settings::settings;

settings! {
    /// A switch per component, all on: its worth is measured by a run without it.
    pub struct Use: Copy, Eq {
        /// The exact table of the inventory term; off: linear in the position.
        table: bool = true;
        /// Sizes by the closed form at the prices really quoted; off: the universal ones.
        sizes: bool = true;
        /// Sizes shrink with the uncertainty of the cost; off: they do not.
        certainty: bool = true;
        /// Inventory term and largest size of a level from fractional Kelly; off: neither.
        kelly: bool = true;
        /// Learned floor; off: none.
        floor: bool = true;
        /// Shift of both sides by the signals; off: none.
        signal: bool = true;
    }
}

settings! {
    /// The optimal ladder at what was learned.
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
        /// Exploration: quoting closer than optimal to learn.
        explore: Explore = Explore::default();
        /// Switches of the components.
        on as "use": Use = Use::default();
    }
}

settings! {
    /// Exploration: quoting closer than optimal to learn.
    pub struct Explore: Copy {
        /// Whether at all.
        on: bool = true;
        /// Time per own fill to aim at, where break-even gives fills as often.
        seconds_per_fill: f64 = 30.0, 0.1..=1e6, "s";
        /// Longest time per own fill that is waited at break-even; where fills are rarer there, one
        /// is paid for.
        seconds_most: f64 = 120.0, 0.1..=1e6, "s";
        /// What it may cost in all.
        budget_usd: f64 = 1.0, 0.0..=1e9, "USD";
    }
    where {
        [seconds_per_fill, seconds_most] |c| c.seconds_per_fill <= c.seconds_most,
            "`seconds_per_fill` must be at most `seconds_most`";
    }
}

impl Config {
    /// Levels in use, at least 1.
    #[must_use]
    pub fn levels_used(&self) -> usize {
        self.levels.clamp(1, DEPTHS.len())
    }
}
