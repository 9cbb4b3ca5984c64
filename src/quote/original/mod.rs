//! The strategy of the original paper trader and of its analysis's advice: for comparison.
//!
//! In: own fills, regimes, the market. Out: three equal levels a side around the mid, no
//! matter what the position is. Hot path: a few operations.
//!
//! 1. Nothing here is read by another strategy.

pub mod model;
mod spread;

use serde::{Deserialize, Serialize};

pub use spread::{Beliefs, Policy, half_bps, level_bps};

use self::model::{Known, Model};
use super::rounding::{self, clamp};
use super::strategy::{Bounds, Decline, Inputs, Ladder, OwnFill, Stands, Strategy};
use crate::learn::Estimates;
use crate::learn::regime::REGIMES;
use crate::record::{Named, StrategyInfo};
use crate::settings::settings;
use crate::units::{Px, Side, Sz};

settings! {
    /// The original paper trader's own pipeline, or the advice of its analysis.
    pub struct Config: Copy {
        /// How the half-spread is made.
        policy: Policy = Policy::Original;
        /// Levels a side.
        levels: usize = 3, 1..=3;
        /// Largest distance from mid.
        d_max_bps: f64 = 60.0, 0.1..=1e3, "bps";
        /// How far a working order may be from where it is wanted before it is changed, as a share
        /// of 1/kappa, its own blended one.
        requote_share: f64 = 0.5, 0.0..=100.0;
        /// What it learns by.
        learn: model::Config = model::Config::default();
    }
}

/// The original, for one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Original {
    model: Model,
    known: Known,
    /// Regimes' probabilities.
    p: [f64; REGIMES],
    /// Half-spread, bps.
    half_bps: f64,
    /// 1/kappa, its own blended one, bps: what orders may stand off by is a share of it.
    reach_bps: f64,
}

const fn term(name: &'static str, unit: &'static str, sentence: &'static str) -> Named {
    Named { name, unit, sentence }
}

const TERMS: &[Named] = &[
    term("half", "bps", "Half-spread of the policy, fee included."),
    term("matched", "", "Mean level that its calibration cycle matched fills to, 0 nearest."),
    term("lots", "", "Position in lots of the quoting unit."),
    term("clamp_bid", "bps", "How much clamps and rounding move the first bid."),
    term("clamp_ask", "bps", "How much clamps and rounding move the first ask."),
    term("kappa_own", "", "Kappa from distances of own fills, per unit of price."),
    term("kappa_blended", "", "After the blend with the regimes' kappas."),
    term("kappa_floor", "", "Floor on kappa: a cap on the spread."),
    term("confidence", "", "1 over 1 and the coefficient of variation of kappa."),
    term("warmup", "", "Warm-up: .4 markouts, .4 fills, .2 time; it can fall."),
    term("gate", "", "Weight of its gate: a fill within 10 bps is right. No quote goes by it."),
    term("warmed_up", "", "1: as many own fills as it asks for, whatever they came to."),
];

impl Strategy for Original {
    type Config = Config;

    fn info(_cfg: &Config) -> StrategyInfo {
        StrategyInfo { name: "original", version: 3, terms: TERMS, reasons: &[] }
    }

    fn new(cfg: &Config, bounds: &Bounds, e: &Estimates) -> Original {
        let (model, p) = (Model::new(&cfg.learn), e.p());
        let known = Known::default();
        let mut o = Original { model, known, p, half_bps: 0.0, reach_bps: 0.0 };
        o.on_estimates(cfg, bounds, e);
        o
    }

    fn on_estimates(&mut self, cfg: &Config, bounds: &Bounds, e: &Estimates) {
        self.model.second(e.at);
        self.p = e.p();
        self.known = self.model.known(&cfg.learn, &self.p);
        let k = &self.known;
        let b = Beliefs {
            half_bps: k.half_spread_bps,
            kappa: k.kappa_blended,
            confidence: k.confidence,
            fills_per_min: k.fills_per_min,
        };
        self.half_bps = half_bps(cfg.policy, &b, bounds.fee_bps);
        self.reach_bps = 1e4 / k.kappa_blended;
        self.model.cycle(std::array::from_fn(|i| level_bps(self.half_bps, i)));
    }

    fn on_fill(&mut self, cfg: &Config, _bounds: &Bounds, f: &OwnFill) {
        let mid = f.mid.to_f64();
        let distance = (f.px.to_f64() - mid) / mid;
        self.model.fill(&cfg.learn, f.now, distance, f.sz.to_f64(), &self.p);
    }

    fn ladder(&self, cfg: &Config, x: &Inputs, out: &mut Ladder) {
        let mid = x.mid().to_f64();
        if !(self.half_bps.is_finite() && mid > 0.0) {
            out.decline(Side::Buy, Decline::NoEstimate);
            out.decline(Side::Sell, Decline::NoEstimate);
            return;
        }
        let rules = x.bounds.rules;
        let lot = Sz(rounding::to_units(x.bounds.unit_usd / mid).unwrap_or(0));
        let mut clamp_bps = [0.0; 2];
        for side in Side::BOTH.into_iter().filter(|side| !x.held[side.index()]) {
            let other = if side == Side::Buy { x.ask } else { x.bid };
            let edge = rounding::edge(rules, side, other);
            let mut last: Option<Px> = None;
            for i in 0..cfg.levels {
                let d = clamp(level_bps(self.half_bps, i), -cfg.d_max_bps, cfg.d_max_bps);
                let Some(px) = rounding::price(rules, side, mid, d, edge) else { continue };
                if last.is_some_and(|last| !side.better(last, px)) {
                    continue;
                }
                if last.is_none() {
                    let sign = if side == Side::Buy { 1.0 } else { -1.0 };
                    let at = sign * (mid - px.to_f64()) / mid * 1e4;
                    clamp_bps[side.index()] = at - self.half_bps;
                }
                last = Some(px);
                out.push(side, px, lot);
            }
        }
        let k = &self.known;
        out.terms = [
            self.half_bps,
            k.matched,
            x.lots(),
            clamp_bps[0],
            clamp_bps[1],
            k.kappa_learned,
            k.kappa_blended,
            k.kappa_floor,
            k.confidence,
            k.warmup,
            k.gate,
            f64::from(u8::from(k.warmed_up)),
        ];
        out.tolerance_bps = cfg.requote_share * self.reach_bps;
        out.stands = Stands::BY_ESTIMATES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::curve::Curve;
    use crate::learn::{self, Learners};
    use crate::quote::fit;
    use crate::record::Guard;
    use crate::units::ONE;
    use crate::units::rules::Rules;

    #[test]
    fn three_equal_levels_around_the_mid() {
        let rules = Rules::perp(5);
        let bounds = Bounds { rules, fee_bps: 1.5, unit_usd: 250.0, max_lots: 10.0, anyway: false };
        let x = Inputs::at([Px(97_123 * ONE), Px(97_124 * ONE)], bounds);
        let learners = Learners::new(&learn::Config::default(), Curve::new(1.5).rates());
        let of = |policy| {
            let cfg = Config { policy, ..Config::default() };
            let mut ladder = Ladder::default();
            Original::new(&cfg, &bounds, learners.estimates()).ladder(&cfg, &x, &mut ladder);
            ladder
        };
        let q = of(Policy::Floor8000);
        assert!((q.terms[0] - 2.75).abs() < 1e-9);
        let sides = fit(&q, &x, [(Guard::None, 0); 2]);
        assert!(sides.iter().all(|s| s.levels.len() == 3));
        assert!(sides[0].levels.windows(2).all(|w| w[0].1 == w[1].1));
        assert!((of(Policy::Floor8000Realised).terms[0] - 5.0).abs() < 1e-9);
    }
}
