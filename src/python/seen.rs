//! What a strategy in Python sees: the market at a quote decision, and what is known of the coin.
//!
//! In: the engine's inputs, estimates, curve. Out: plain numbers. Cold path.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::learn;
use crate::learn::curve::verdict::Verdict;
use crate::learn::curve::{Curve, distance};
use crate::limits::DISTANCES;
use crate::quote::Inputs;

/// The market at a quote decision. Prices in USD, sizes in coins.
#[pyclass(frozen, get_all, module = "papermaker")]
#[derive(Debug)]
pub(super) struct Market {
    /// Coin.
    coin: Py<PyString>,
    /// Session time, ns since 1970.
    time_ns: i64,
    /// Best bid, USD.
    bid: f64,
    /// Size there, coins.
    bid_size: f64,
    /// Best ask, USD.
    ask: f64,
    /// Size there, coins.
    ask_size: f64,
    /// Mean of the best prices, USD.
    mid: f64,
    /// What a maker pays, bps.
    fee_bps: f64,
    /// Value of one lot of the quoting unit, USD.
    lot_usd: f64,
    /// Largest position either way, lots.
    max_lots: f64,
    /// Position in lots at the mid, signed.
    lots: f64,
}

impl Market {
    pub(super) fn new(coin: Py<PyString>, x: &Inputs) -> Market {
        Market {
            coin,
            time_ns: x.now.0,
            bid: x.bid.to_f64(),
            bid_size: x.bid_sz.to_f64(),
            ask: x.ask.to_f64(),
            ask_size: x.ask_sz.to_f64(),
            mid: x.mid().to_f64(),
            fee_bps: x.bounds.fee_bps,
            lot_usd: x.bounds.unit_usd,
            max_lots: x.bounds.max_lots,
            lots: x.lots(),
        }
    }
}

/// What quotes at each distance of the shadow ladder meet, as of the newest window of evidence.
#[derive(Clone, Debug)]
pub(super) struct Readings {
    verdict: &'static str,
    rate: [f64; DISTANCES],
    /// What a fill earns, bps: mean, ends of its 95 % interval.
    edge: [[f64; DISTANCES]; 3],
}

impl Default for Readings {
    fn default() -> Readings {
        let verdict = Verdict::default().word().text();
        Readings { verdict, rate: [0.0; DISTANCES], edge: [[0.0; DISTANCES]; 3] }
    }
}

impl Readings {
    pub(super) fn of(c: &Curve) -> Readings {
        let at = &c.at(0)[..DISTANCES];
        let each = |f: &dyn Fn(usize) -> f64| std::array::from_fn(f);
        Readings {
            verdict: c.verdict(0).word().text(),
            rate: each(&|j| at[j].rate),
            edge: [
                each(&|j| at[j].edge()),
                each(&|j| at[j].edge_ends()[0]),
                each(&|j| at[j].edge_ends()[1]),
            ],
        }
    }
}

/// What is known of a coin, as of the last second.
#[pyclass(frozen, get_all, module = "papermaker")]
#[derive(Debug)]
pub(super) struct Estimates {
    /// Decay of takers with depth, per unit of relative price (8000 is 0.8 a bps).
    kappa: f64,
    /// Lower end of its 95 % interval.
    kappa_lo: f64,
    /// Upper end.
    kappa_hi: f64,
    /// Volatility, bps per square root of a second.
    sigma_bps: f64,
    /// Probabilities of the regimes: quiet, normal, volatile, cascade.
    regimes: [f64; 4],
    /// Whether quoting would earn, as records say it.
    verdict: &'static str,
    /// Distances of the shadow ladder, bps from the mid.
    distance_bps: [f64; DISTANCES],
    /// Fills a second and side of a quote there; 0 before the first window of evidence.
    fill_rate_per_s: [f64; DISTANCES],
    /// What a fill there earns after fee and adverse move, bps.
    edge_bps: [f64; DISTANCES],
    /// Lower end of its 95 % interval.
    edge_lo_bps: [f64; DISTANCES],
    /// Upper end.
    edge_hi_bps: [f64; DISTANCES],
}

impl Estimates {
    pub(super) fn new(e: &learn::Estimates, r: &Readings) -> Estimates {
        let [edge_bps, edge_lo_bps, edge_hi_bps] = r.edge;
        Estimates {
            kappa: e.kappa.mean,
            kappa_lo: e.kappa.lo,
            kappa_hi: e.kappa.hi,
            sigma_bps: e.sigma_bps,
            regimes: e.p(),
            verdict: r.verdict,
            distance_bps: std::array::from_fn(distance),
            fill_rate_per_s: r.rate,
            edge_bps,
            edge_lo_bps,
            edge_hi_bps,
        }
    }
}
