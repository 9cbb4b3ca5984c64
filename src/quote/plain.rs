//! Strategies to compare with: a constant distance, the touch, a grid, and Avellaneda and Stoikov's.
//!
//! In: the market; for the last one the decay of the curve's rates. Out: a lot or a few a side, whatever
//! they earn. Hot path: a few operations.

use serde::{Deserialize, Serialize};

use super::rounding::to_units;
use super::strategy::{Bounds, Inputs, Ladder, Stands, Strategy};
use crate::event::shadow::{self, JOIN};
use crate::learn::Estimates;
use crate::learn::curve::{Curve, distance};
use crate::limits::DISTANCES;
use crate::math::det::ln;
use crate::record::{Named, StrategyInfo};
use crate::settings::settings;
use crate::units::{Px, Side, Sz};

const TERMS: &[Named] = &[
    Named { name: "half", unit: "bps", sentence: "Distance of both quotes without a position." },
    Named { name: "skew", unit: "bps", sentence: "How far the position moves the bid out." },
    Named { name: "lots", unit: "", sentence: "Position in lots of the quoting unit." },
];

/// One lot a side at `half` bps, the bid `skew` farther and the ask nearer.
fn quote(x: &Inputs, half: f64, skew: f64, out: &mut Ladder) {
    let mid = x.mid().to_f64();
    out.push_bps(Side::Buy, mid, half + skew, x.bounds.unit_usd);
    out.push_bps(Side::Sell, mid, half - skew, x.bounds.unit_usd);
    out.terms[..3].copy_from_slice(&[half, skew, x.lots()]);
    out.stands = Stands::FOLLOWS;
}

settings! {
    /// Both sides at a constant distance.
    pub struct FixedConfig: Copy {
        /// Distance from the mid.
        bps: f64 = 2.0, 0.0..=1e3, "bps";
    }
}

/// Both sides at a constant distance.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Fixed;

impl Strategy for Fixed {
    type Config = FixedConfig;

    fn info(_cfg: &FixedConfig) -> StrategyInfo {
        StrategyInfo { name: "fixed", version: 1, terms: TERMS, reasons: &[] }
    }

    fn new(_cfg: &FixedConfig, _bounds: &Bounds, _e: &Estimates) -> Fixed {
        Fixed
    }

    fn ladder(&self, cfg: &FixedConfig, x: &Inputs, out: &mut Ladder) {
        quote(x, cfg.bps, 0.0, out);
    }
}

settings! {
    /// Both sides at the touch.
    pub struct JoinConfig: Copy {
        /// Lots a side.
        lots_a_side: f64 = 1.0, 0.01..=100.0, "lots";
    }
}

/// Both sides at the touch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Join;

impl Strategy for Join {
    type Config = JoinConfig;

    fn info(_cfg: &JoinConfig) -> StrategyInfo {
        StrategyInfo { name: "join", version: 1, terms: TERMS, reasons: &[] }
    }

    fn new(_cfg: &JoinConfig, _bounds: &Bounds, _e: &Estimates) -> Join {
        Join
    }

    fn ladder(&self, cfg: &JoinConfig, x: &Inputs, out: &mut Ladder) {
        for side in Side::BOTH {
            let px = shadow::quote_px(x.bounds.rules, side, JOIN, x.bid, x.ask);
            let coins = cfg.lots_a_side * x.bounds.unit_usd / px.to_f64();
            out.push(side, px, Sz(to_units(coins).unwrap_or(0)));
        }
        out.terms[..3].copy_from_slice(&[x.half_spread_bps(), 0.0, x.lots()]);
        out.stands = Stands::FOLLOWS;
    }
}

settings! {
    /// Levels at equal distances on both sides, from the touch outward.
    pub struct GridConfig: Copy {
        /// Levels a side.
        levels: usize = 10, 1..=20;
        /// Distance between two levels; less than a price step counts as one.
        step_bps: f64 = 0.0, 0.0..=1e3, "bps";
        /// Lots a level.
        lots_a_level: f64 = 1.0, 0.01..=100.0, "lots";
    }
}

/// Levels at equal distances on both sides, the first at the touch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Grid;

impl Strategy for Grid {
    type Config = GridConfig;

    fn info(_cfg: &GridConfig) -> StrategyInfo {
        StrategyInfo { name: "grid", version: 1, terms: TERMS, reasons: &[] }
    }

    fn new(_cfg: &GridConfig, _bounds: &Bounds, _e: &Estimates) -> Grid {
        Grid
    }

    fn ladder(&self, cfg: &GridConfig, x: &Inputs, out: &mut Ladder) {
        let rules = x.bounds.rules;
        let mut steps = rules.steps();
        let usd = cfg.lots_a_level * x.bounds.unit_usd;
        let step = to_units(x.mid().to_f64() * cfg.step_bps * 1e-4).unwrap_or(0);
        for side in Side::BOTH.into_iter().filter(|side| !x.held[side.index()]) {
            let mut px = shadow::quote_px(rules, side, JOIN, x.bid, x.ask);
            let sz = Sz(to_units(usd / px.to_f64()).unwrap_or(0));
            for _ in 0..cfg.levels {
                out.push(side, px, sz);
                let next = match side {
                    Side::Buy => Px(px.0 - steps.tick(Px(px.0 - 1))),
                    Side::Sell => Px(px.0 + steps.tick(px)),
                };
                let far = Px(px.0 - side.sign() * step);
                let beyond = side.better(next, far);
                px = if beyond { rules.round_outward(side, far) } else { next };
            }
        }
        out.terms[..3].copy_from_slice(&[x.half_spread_bps(), 0.0, x.lots()]);
        out.stands = Stands::FOLLOWS;
    }
}

settings! {
    /// Avellaneda and Stoikov's quotes with kappa from the tape.
    pub struct AvellanedaConfig: Copy {
        /// Half-spreads by which the largest position skews.
        lean_most: f64 = 1.0, 0.0..=100.0;
    }
}

/// Avellaneda and Stoikov's quotes: half 1/kappa + gamma sigma^2 T / 2, skew gamma sigma^2 T a lot, with
/// gamma such that the largest position skews by `lean_most` times 1/kappa.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Avellaneda {
    /// Decay of the rate of fills, 1/bps.
    kappa: f64,
}

impl Strategy for Avellaneda {
    type Config = AvellanedaConfig;

    fn info(_cfg: &AvellanedaConfig) -> StrategyInfo {
        StrategyInfo { name: "avellaneda", version: 1, terms: TERMS, reasons: &[] }
    }

    fn new(_cfg: &AvellanedaConfig, _bounds: &Bounds, _e: &Estimates) -> Avellaneda {
        Avellaneda { kappa: 0.7 }
    }

    /// The slope of the logarithm of the rates, each weighed by its rate.
    fn on_curve(&mut self, _cfg: &AvellanedaConfig, _bounds: &Bounds, c: &Curve) {
        let points = || c.at(0)[..DISTANCES].iter().enumerate().map(|(j, r)| (r.rate, distance(j)));
        let all: f64 = points().map(|(w, _)| w).sum();
        let mean = |f: fn(f64, f64) -> f64| points().map(|(w, d)| w * f(w, d)).sum::<f64>() / all;
        let (d, l) = (mean(|_, d| d), mean(|w, _| ln(w)));
        let slope = (mean(|w, d| d * ln(w)) - d * l) / (mean(|_, d| d * d) - d * d);
        if slope.is_finite() {
            self.kappa = (-slope).clamp(0.05, 3.0);
        }
    }

    fn ladder(&self, cfg: &AvellanedaConfig, x: &Inputs, out: &mut Ladder) {
        let lot = cfg.lean_most / self.kappa / x.bounds.max_lots;
        quote(x, 1.0 / self.kappa + 0.5 * lot, lot * x.lots(), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::fit;
    use crate::record::Guard;
    use crate::units::ONE;
    use crate::units::rules::Rules;

    #[test]
    fn a_grid_goes_outward_in_equal_steps_and_through_the_fit_as_it_is() {
        let rules = Rules::perp(5);
        let bounds = Bounds { rules, fee_bps: 1.5, unit_usd: 250.0, max_lots: 40.0, anyway: false };
        let x = Inputs::at([Px(10_001 * ONE), Px(10_003 * ONE)], bounds);
        let prices = |levels: usize, step_bps: f64| {
            let mut out = Ladder::default();
            Grid.ladder(&GridConfig { levels, step_bps, lots_a_level: 1.0 }, &x, &mut out);
            let both = fit(&out, &x, [(Guard::None, 0); 2]);
            both.map(|q| q.levels.iter().map(|(px, _)| px.0 / (ONE / 10)).collect::<Vec<_>>())
        };
        // The price step is 1 above ten thousand, .1 below.
        let [bids, asks] = prices(4, 0.0);
        assert_eq!(bids, [100_010, 100_000, 99_999, 99_998]);
        assert_eq!(asks, [100_030, 100_040, 100_050, 100_060]);
        let [bids, asks] = prices(3, 2.5);
        assert_eq!(bids, [100_010, 99_984, 99_958], "2.5005 outward");
        assert_eq!(asks, [100_030, 100_060, 100_090], "to whole ones");
        assert_eq!(prices(20, 0.0).map(|side| side.len()), [20, 20]);
    }
}
