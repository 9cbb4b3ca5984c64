//! The parameters of the worlds: one set per kind of coin.
//!
//! In: nothing. Out: [`Set`]s. Cold path.
//!
//! `btc`, `eth`, `sol` and `thin` were fitted to recordings of Hyperliquid of September and December 2025
//! (BTC, ETH, SOL, WLFI) by random search over the facts of `papermaker facts`; `paying` was made so that
//! a maker earns.

use crate::units::{ONE, Px};
use crate::venue::config::Listing;

/// Regimes of activity: quiet, normal, busy.
pub const REGIMES: usize = 3;

/// The latent price, in ticks and seconds: a random walk with jumps that excite each other.
#[derive(Clone, Copy, Debug)]
pub struct Price {
    /// Volatility of the walk, ticks per square root of a second.
    pub sigma: f64,
    /// Correlation of the walk with the one that all coins follow, and share of jumps drawn with theirs.
    pub market: f64,
    /// Jumps per second.
    pub jump_rate: f64,
    /// Scale of a jump, ticks, and the degrees of freedom of its Student law.
    pub jump: (f64, f64),
    /// Jumps that a jump causes (below 1), and how fast it forgets them, per second.
    pub excites: (f64, f64),
    /// Activity of each regime, a multiplier.
    pub activity: [f64; REGIMES],
    /// Mean stay in each, s.
    pub dwell_s: [f64; REGIMES],
    /// Margins of makers in each, a multiplier.
    pub widen: [f64; REGIMES],
    /// Impact of a taker of 100,000 USD, ticks; grows with the square root.
    pub impact: f64,
}

/// Takers.
#[derive(Clone, Copy, Debug)]
pub struct Takers {
    /// Per second and side, without excitement.
    pub rate: f64,
    /// Takers that a taker causes, by how fast it is forgotten: 5, .5, .05 per second.
    pub excites: [f64; 3],
    /// Share of those on the other side.
    pub cross: f64,
    /// Timing: how strongly takers follow the latent price, over how many ticks.
    pub informed: (f64, f64),
    /// Takers that a jump causes on its side, as many as `jump` takers would.
    pub jump: f64,
    /// Metaorders under way, their mean life (s), median and spread of a child (USD).
    pub twap: (f64, f64, f64, f64),
    /// Smallest takers: share, median, spread (USD).
    pub dust: (f64, f64, f64),
    /// Usual ones: median, spread (USD).
    pub body: (f64, f64),
    /// Largest ones: share, exponent, least, most (USD).
    pub tail: (f64, f64, f64, f64),
    /// Share with a limit some ticks behind the touch, and the mean of those ticks; of the others
    /// but the largest, the share without any limit.
    pub slip: (f64, f64, f64),
}

/// Makers of one kind: post-only, on both sides, around the latent price.
#[derive(Clone, Copy, Debug)]
pub struct Quoters {
    /// How many.
    pub n: usize,
    /// Slowest and fastest, visits per second.
    pub rate: (f64, f64),
    /// Least and greatest margin, ticks; negative would pay to be first.
    pub margin: (f64, f64),
    /// How margins lie between the two: 1 evenly, more at the least.
    pub margin_power: f64,
    /// Mean size, USD; spread of its logarithm between makers.
    pub usd: (f64, f64),
    /// Error about the latent price, ticks.
    pub noise: f64,
    /// How far an order may be behind its target, ticks, or a share of the margin.
    pub tolerance: f64,
}

/// Small limit orders of everyone else, per side.
#[derive(Clone, Copy, Debug)]
pub struct Retail {
    /// Per second and side.
    pub rate: f64,
    /// Median (USD), spread of the logarithm.
    pub usd: (f64, f64),
    /// Median life at the touch (s), spread, times so much behind the touch.
    pub life: (f64, f64, f64),
    /// Share inside a wide spread, share at the touch, exponent of the distance of the others.
    pub place: (f64, f64, f64),
    /// Hazard per second and tick of being cancelled when the price has passed it.
    pub reacts: f64,
    /// Orders of the least value, at most one a price: how many per second and side, over how many
    /// prices behind the touch, their mean life (s), how often per second all that the price has
    /// passed are withdrawn.
    pub least: (f64, f64, f64, f64),
}

/// A world.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// What the venue lists.
    pub listing: Listing,
    /// The latent price.
    pub price: Price,
    /// Takers.
    pub takers: Takers,
    /// Makers at the touch, who join it as long as their margin lets them.
    pub joiners: Quoters,
    /// Share of visits in which a joiner gives up its place for a new one at the back.
    pub churn: f64,
    /// Chance that a joiner whose margin is passed leaves instead of moving.
    pub leaves: f64,
    /// Makers behind it.
    pub deep: Quoters,
    /// Spread of the logarithm of a maker's size from order to order.
    pub resize: f64,
    /// Everyone else.
    pub retail: Retail,
}

/// A price in units of 1e-8 from hundred-thousandths.
const fn px(e5: i64) -> Px {
    Px(e5 * (ONE / 100_000))
}

/// A large coin with a spread of one tick: BTC.
pub const BTC: Set = Set {
    listing: Listing { start: px(10_980_000_000), sz_decimals: 5, max_leverage: 40 },
    price: Price {
        sigma: 3.0188,
        market: 0.95,
        jump_rate: 0.257_82,
        jump: (6.886, 4.3342),
        excites: (0.634_68, 1.1661),
        activity: [0.666_65, 1.0, 1.6],
        dwell_s: [120.29, 120.29, 30.07],
        widen: [1.0, 1.0, 1.5],
        impact: 0.436_42,
    },
    takers: Takers {
        rate: 0.19,
        excites: [0.013_677, 0.136_77, 0.11],
        cross: 0.4,
        informed: (0.274_84, 1.8757),
        jump: 0.65,
        twap: (7.6295, 600.0, 405.48, 1.3),
        dust: (0.368_15, 25.0, 1.0),
        body: (509.27, 1.7),
        tail: (0.2628, 0.487_31, 8_000.0, 1.5e6),
        slip: (0.9, 7.3319, 0.3),
    },
    joiners: Quoters {
        n: 22,
        rate: (0.246_24, 2.4624),
        margin: (-0.923_48, 1.0913),
        margin_power: 1.0,
        usd: (51_500.0, 1.6951),
        noise: 0.488_64,
        tolerance: 0.0,
    },
    churn: 0.215,
    leaves: 0.298_38,
    deep: Quoters {
        n: 118,
        rate: (0.319_92, 2.1328),
        margin: (0.952_78, 100.0),
        margin_power: 1.0,
        usd: (81_000.0, 1.6),
        noise: 0.664_68,
        tolerance: 0.137_57,
    },
    resize: 1.2307,
    retail: Retail {
        rate: 1.5,
        usd: (110.0, 2.2374),
        life: (2.3993, 1.4, 120.0),
        place: (0.090_394, 0.319_77, 0.8),
        reacts: 0.12,
        least: (10.0, 20.0, 60.0, 0.9),
    },
};

/// A large coin of a wider tick: ETH.
pub const ETH: Set = Set {
    listing: Listing { start: px(426_900_000), sz_decimals: 4, max_leverage: 25 },
    price: Price {
        sigma: 1.267,
        market: 0.95,
        jump_rate: 0.4066,
        jump: (4.247, 5.469),
        excites: (0.647, 3.01),
        activity: [0.7412, 1.0, 1.564],
        dwell_s: [58.02, 58.02, 14.51],
        widen: [1.0, 1.0, 1.232],
        impact: 0.2075,
    },
    takers: Takers {
        rate: 0.187,
        excites: [0.059_72, 0.2024, 0.3178],
        cross: 0.3745,
        informed: (0.2872, 1.62),
        jump: 0.3779,
        twap: (5.663, 1_092.0, 580.4, 1.505),
        dust: (0.3681, 50.48, 1.111),
        body: (451.3, 1.359),
        tail: (0.35, 0.5823, 5_346.0, 1_500_000.0),
        slip: (1.0, 3.422, 0.2318),
    },
    joiners: Quoters {
        n: 8,
        rate: (0.43, 5.835),
        margin: (-1.044, 2.419),
        margin_power: 1.329,
        usd: (43_000.0, 1.587),
        noise: 0.6162,
        tolerance: 0.1357,
    },
    churn: 0.5642,
    leaves: 0.2483,
    deep: Quoters {
        n: 34,
        rate: (0.1358, 1.082),
        margin: (7.182, 49.96),
        margin_power: 1.895,
        usd: (111_800.0, 3.514),
        noise: 0.6338,
        tolerance: 0.061_83,
    },
    resize: 1.743,
    retail: Retail {
        rate: 0.8566,
        usd: (125.7, 3.417),
        life: (1.842, 1.013, 324.0),
        place: (0.081_62, 0.2742, 1.03),
        reacts: 0.2347,
        least: (0.0, 0.0, 0.0, 0.0),
    },
};

/// A large coin of a tick of half a basis point: SOL.
pub const SOL: Set = Set {
    listing: Listing { start: px(20_300_000), sz_decimals: 2, max_leverage: 20 },
    price: Price {
        sigma: 1.677,
        market: 0.95,
        jump_rate: 0.18,
        jump: (3.033, 3.803),
        excites: (0.7127, 2.146),
        activity: [0.5435, 1.0, 1.564],
        dwell_s: [58.02, 58.02, 14.51],
        widen: [1.0, 1.0, 1.5],
        impact: 0.2366,
    },
    takers: Takers {
        rate: 0.187,
        excites: [0.019_11, 0.2125, 0.2009],
        cross: 0.2414,
        informed: (0.3706, 1.482),
        jump: 0.2895,
        twap: (8.231, 598.7, 366.7, 1.701),
        dust: (0.3681, 20.91, 0.2332),
        body: (233.6, 1.452),
        tail: (0.36, 0.6092, 6_600.0, 1_000_000.0),
        slip: (1.0, 4.599, 0.3),
    },
    joiners: Quoters {
        n: 8,
        rate: (0.43, 4.3),
        margin: (-1.49, 1.71),
        margin_power: 1.436,
        usd: (23_500.0, 2.07),
        noise: 0.6162,
        tolerance: 0.1175,
    },
    churn: 0.7,
    leaves: 0.1716,
    deep: Quoters {
        n: 70,
        rate: (0.3431, 1.53),
        margin: (5.0, 37.42),
        margin_power: 1.895,
        usd: (40_000.0, 1.2),
        noise: 0.6113,
        tolerance: 0.248,
    },
    resize: 1.422,
    retail: Retail {
        rate: 2.045,
        usd: (250.0, 2.2),
        life: (6.207, 1.139, 320.2),
        place: (0.2109, 0.2176, 0.8978),
        reacts: 0.38,
        least: (0.0, 0.0, 0.0, 0.0),
    },
};

/// A thin coin with a spread of several ticks: WLFI.
pub const THIN: Set = Set {
    listing: Listing { start: px(18_650), sz_decimals: 0, max_leverage: 5 },
    price: Price {
        sigma: 1.572,
        market: 0.1,
        jump_rate: 0.5931,
        jump: (8.176, 8.888),
        excites: (0.4849, 0.2217),
        activity: [0.4442, 1.0, 2.689],
        dwell_s: [93.49, 93.49, 37.92],
        widen: [1.0, 1.0, 1.383],
        impact: 3.186,
    },
    takers: Takers {
        rate: 0.05,
        excites: [0.013_36, 0.053_97, 0.041_24],
        cross: 0.060_13,
        informed: (0.1727, 8.448),
        jump: 0.2479,
        twap: (1.969, 2_333.0, 80.0, 2.054),
        dust: (0.1865, 42.16, 1.0),
        body: (950.0, 0.9683),
        tail: (0.2481, 0.6842, 2_522.0, 54_690.0),
        slip: (0.8, 6.222, 0.0),
    },
    joiners: Quoters {
        n: 3,
        rate: (1.758, 2.653),
        margin: (5.9, 4.3),
        margin_power: 4.136,
        usd: (2_400.0, 0.5258),
        noise: 2.61,
        tolerance: 0.3939,
    },
    churn: 0.5609,
    leaves: 0.0,
    deep: Quoters {
        n: 67,
        rate: (0.7704, 3.808),
        margin: (5.9, 43.22),
        margin_power: 0.377,
        usd: (4_800.0, 1.0),
        noise: 2.432,
        tolerance: 0.1971,
    },
    resize: 1.5,
    retail: Retail {
        rate: 0.2315,
        usd: (135.8, 1.284),
        life: (5.971, 1.813, 26.54),
        place: (0.1, 0.499, 0.9325),
        reacts: 0.3665,
        least: (0.0, 0.0, 0.0, 0.0),
    },
};

/// A thin coin whose takers know nothing and move nothing, and reach no further than the touch: a
/// maker who quotes inside the spread of 8 to 10 bps earns.
pub const PAYING: Set = Set {
    listing: Listing { start: px(3_500_000), sz_decimals: 2, max_leverage: 10 },
    price: Price {
        sigma: 2.0,
        market: 0.0,
        jump_rate: 0.0,
        jump: (1.0, 4.0),
        excites: (0.0, 1.0),
        activity: [1.0; REGIMES],
        dwell_s: [93.49, 93.49, 31.16],
        widen: [1.0; REGIMES],
        impact: 0.0,
    },
    takers: Takers {
        rate: 0.2,
        excites: [0.0; 3],
        cross: 0.0,
        informed: (0.0, 1.0),
        jump: 0.0,
        twap: (0.0, 600.0, 60.0, 1.3),
        dust: (0.1, 20.0, 1.0),
        body: (400.0, 1.0),
        tail: (0.0, 1.0, 2_500.0, 6e4),
        slip: (0.0, 0.0, 0.0),
    },
    joiners: Quoters {
        n: 3,
        rate: (0.563, 2.815),
        margin: (17.0, 19.0),
        margin_power: 1.0,
        usd: (4_000.0, 0.5),
        noise: 1.0,
        tolerance: 0.5,
    },
    churn: 0.5751,
    leaves: 0.049_48,
    deep: Quoters {
        n: 40,
        rate: (0.9464, 5.678),
        margin: (20.0, 60.0),
        margin_power: 0.377,
        usd: (4_791.0, 1.0),
        noise: 1.0,
        tolerance: 0.05,
    },
    resize: 0.5,
    retail: Retail {
        rate: 0.1,
        usd: (43.48, 0.6801),
        life: (6.098, 1.4, 26.54),
        place: (0.0, 0.3, 1.354),
        reacts: 0.2273,
        least: (0.0, 0.0, 0.0, 0.0),
    },
};
