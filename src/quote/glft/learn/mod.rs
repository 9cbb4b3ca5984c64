//! What glft believes of the market: its own estimator, which runs where it is the strategy.
//!
//! In: samples of the market, once a second what is known of regimes and volatility. Out: [`Beliefs`].
//! Hot path: a few bins a taker, the rest once a second.
//!
//! ```text
//!  taker ──┬─▶ tape, drift ──┐
//!          └─▶ markout ◀ mid ├─▶ once a second: mixture, cost ─▶ Beliefs
//! ```
//! 1. Nothing else reads it: what quotes earn by distance is the curve's to say.
//! 2. A taker is booked on the regimes when its second is over: the first of a flood would be booked
//!    on the quiet regime before it.

pub mod drift;
pub mod markout;
pub mod mixture;
pub mod tape;

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use self::drift::Drift;
use self::markout::{Mark, Markout, Reading};
use self::mixture::{Mixture, Priors, efold, estimate};
use self::tape::{Gamma, Tape};
use super::beliefs::Beliefs;
use crate::learn::regime::{NORMAL, REGIMES, only};
use crate::learn::{Estimates, Sample, Sweep};
use crate::math::ewma::Ewma;
use crate::settings::settings;
use crate::units::{Ns, Side};

/// Memory of the half-spread, seconds.
const TOUCH_S: f64 = 600.0;
/// What a fill may cost, bps: beyond it nothing real lies, and far beyond it exponentials overflow.
const COST_BPS: [f64; 2] = [-60.0, 600.0];
/// Slopes are taken between a depth over this factor and a depth times it.
const SLOPE_SPAN: f64 = 1.5;
/// Bounds of the adverse move's slope: a quote farther out is never worth less for being farther,
/// and its edge is never taken to grow more than half again as fast as its distance.
const SLOPE: [f64; 2] = [-0.5, 0.8];
/// Share of the takers who reach a price that fill an order there: others are in the queue, too.
const FILLS: f64 = 0.5;
/// Shortest and longest time a position is taken to be held, seconds.
const HOLD_S: [f64; 2] = [5.0, 600.0];
/// Takers that wait for the end of their second; more than the busiest second has had (185).
const WAITING: usize = 256;

settings! {
    /// What glft estimates for itself.
    pub struct Config: Copy {
        /// Kappa from the tape.
        tape: tape::Config = tape::Config::default();
        /// Kappa by regime, and the mixture's depth.
        regimes: mixture::Config = mixture::Config::default();
        /// Adverse moves.
        markout: markout::Config = markout::Config::default();
        /// Moves of the mid before fills.
        drift: drift::Config = drift::Config::default();
    }
}

/// The estimator of one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Model {
    tape: Tape,
    drift: Drift,
    markout: Markout,
    half_spread: Ewma,
    mixture: Mixture,
    p: [f64; REGIMES],
    sigma_bps: [f64; REGIMES],
    sigma: f64,
    live: bool,
    last: Ns,
    mid: Option<f64>,
    half_tick_bps: f64,
    /// Half the spread now, and when it was last remembered.
    touch: Option<f64>,
    second: Option<Ns>,
    /// Takers, and seconds, that are not yet booked on a regime.
    waiting: ArrayVec<(Side, f64), WAITING>,
    waiting_s: f64,
}

impl Model {
    /// One that knows its priors, of an account that pays `fee_bps` to make.
    #[must_use]
    pub fn new(cfg: &Config, fee_bps: f64, e: &Estimates) -> Model {
        let tape = Tape::default();
        let cost = [fee_bps + cfg.markout.mean * e.sigma_bps; REGIMES];
        let start = cost[0] + 1e4 / cfg.tape.kappa;
        let mixture = estimate(&tape, &e.p(), &cost, start, priors(cfg, 0.0), &cfg.regimes);
        Model {
            tape,
            drift: Drift::default(),
            markout: Markout::new(&cfg.markout),
            half_spread: Ewma::default(),
            mixture,
            p: e.p(),
            sigma_bps: e.regime.map(|r| r.sigma_bps),
            sigma: e.sigma_bps,
            live: false,
            last: Ns(i64::MIN),
            mid: None,
            half_tick_bps: 0.0,
            touch: None,
            second: None,
            waiting: ArrayVec::new(),
            waiting_s: 0.0,
        }
    }

    /// Something of the market.
    pub fn on_sample(&mut self, cfg: &Config, now: Ns, sample: &Sample) {
        match *sample {
            Sample::Seen => (self.live, self.last, self.mid, self.second) = (true, now, None, None),
            Sample::Lost if self.live => {
                self.advance(cfg, now);
                self.evaluate(cfg, now, true);
                self.markout.forget_pending();
                self.attribute(cfg, self.p);
                self.live = false;
            }
            Sample::Lost => {}
            Sample::Mid(mid) => {
                if self.live {
                    self.evaluate(cfg, now, false);
                }
                self.mid = Some(mid);
                if self.live {
                    self.evaluate(cfg, now, true);
                }
            }
            Sample::HalfSpread(bps) if self.live && (0.0..1e4).contains(&bps) => {
                self.touch = Some(bps);
            }
            Sample::HalfSpread(_) => {}
            Sample::Sweep(s) if self.live && s.sound() => self.sweep(cfg, now, &s),
            Sample::Sweep(_) => {}
        }
    }

    fn sweep(&mut self, cfg: &Config, now: Ns, s: &Sweep) {
        self.advance(cfg, now);
        self.half_tick_bps = s.half_tick_bps;
        let step = if cfg.tape.half_tick { s.half_tick_bps } else { 0.0 };
        let depth_bps = s.depth_bps + step;
        if depth_bps < 0.0 {
            return;
        }
        let (side, p) = (s.side.opposite(), self.p);
        if self.waiting.is_full() {
            self.attribute(cfg, p);
        }
        self.waiting.push((side, depth_bps));
        self.drift.sweep(depth_bps, s.drift_bps, &p);
        self.markout.shadow(Mark { at: now, side, depth_bps, mid: s.mid, p });
    }

    /// Once a second: what is believed for an account that pays `fee_bps` to make.
    pub fn on_second(&mut self, cfg: &Config, fee_bps: f64, e: &Estimates) -> Beliefs {
        if self.live {
            self.advance(cfg, e.at);
            self.evaluate(cfg, e.at, true);
            if let Some(named) = e.named {
                self.attribute(cfg, only(NORMAL));
                self.tape.swap(NORMAL, named);
            }
            (self.p, self.sigma) = (e.p(), e.sigma_bps);
            self.sigma_bps = e.regime.map(|r| r.sigma_bps);
            let was = self.second.replace(e.at);
            if let Some(h) = self.touch {
                let dt = was.map_or(0.0, |was| Ns::seconds(e.at.since(was)));
                self.half_spread.decay(dt, TOUCH_S);
                self.half_spread.add(h, 1.0);
            }
            self.read_tape(cfg, fee_bps);
        }
        self.beliefs(cfg, fee_bps)
    }

    /// Lets session time pass.
    fn advance(&mut self, cfg: &Config, now: Ns) {
        let dt = Ns::seconds(now.since(self.last).max(0));
        if dt > 0.0 {
            self.last = now;
            self.waiting_s += dt;
            self.drift.advance(&cfg.drift, dt);
        }
    }

    fn evaluate(&mut self, cfg: &Config, now: Ns, inclusive: bool) {
        if let Some(mid) = self.mid {
            let at = Reading { until: now, inclusive, mid, sigma_bps: self.sigma };
            self.markout.evaluate(&cfg.markout, at);
        }
    }

    /// Books what waits on the regimes.
    fn attribute(&mut self, cfg: &Config, p: [f64; REGIMES]) {
        self.tape.advance(cfg.tape.memory_s, self.waiting_s, &p);
        for (side, depth_bps) in self.waiting.drain(..) {
            self.tape.sweep(side, depth_bps, &p);
        }
        self.waiting_s = 0.0;
    }

    /// A quote at d costs fee + alpha0 + alpha1 d: it earns (1 - alpha1) (d - c) with
    /// c = (fee + alpha0) / (1 - alpha1), so c takes the place of the cost.
    fn read_tape(&mut self, cfg: &Config, fee_bps: f64) {
        let p = self.p;
        self.attribute(cfg, p);
        let d = self.mixture.depth_bps;
        let slope = self.slope(cfg, d, &shares(&self.mixture));
        let moves = self.moves(cfg, d);
        let cost = moves.map(|m| {
            let c = (fee_bps + m - slope * d) / (1.0 - slope);
            c.clamp(COST_BPS[0], COST_BPS[1])
        });
        let half = self.half_spread.mean(0.0, 0.0);
        // Depth up to which takers only meet the touch: half the usual spread and a step.
        let touch_bps = if half > 0.0 { half + 2.0 * self.half_tick_bps } else { f64::INFINITY };
        self.mixture = estimate(&self.tape, &p, &cost, d, priors(cfg, touch_bps), &cfg.regimes);
    }

    /// Expected move against a quote at a depth by regime: before its fill and after it.
    fn moves(&self, cfg: &Config, depth_bps: f64) -> [f64; REGIMES] {
        let after = self.markout.by_regime(&cfg.markout, depth_bps);
        let before = self.before(cfg, depth_bps);
        std::array::from_fn(|r| after[r] + before[r])
    }

    fn before(&self, cfg: &Config, depth_bps: f64) -> [f64; REGIMES] {
        let kappa = self.mixture.regime.map(|r| r.kappa.mean());
        self.drift.against(&cfg.drift, depth_bps, &kappa, &self.sigma_bps)
    }

    /// Slope of the whole adverse move in depth, mixed over regimes by `share`.
    fn slope(&self, cfg: &Config, depth_bps: f64, share: &[f64; REGIMES]) -> f64 {
        let after = self.markout.slope(&cfg.markout, depth_bps);
        let (near, far) = (depth_bps / SLOPE_SPAN, depth_bps * SLOPE_SPAN);
        let mixed = |d: f64| dot(&self.before(cfg, d), share);
        let before = (mixed(far) - mixed(near)) / (far - near).max(1e-9);
        (after + before).clamp(SLOPE[0], SLOPE[1])
    }

    fn beliefs(&self, cfg: &Config, fee_bps: f64) -> Beliefs {
        let m = &self.mixture;
        let (d, share) = (m.depth_bps, shares(m));
        let adverse_bps = dot(&self.moves(cfg, d), &share);
        let adverse_sd = self.markout.adverse(d).1;
        let rate = FILLS * Side::BOTH.map(|s| m.table.at(s, d)).iter().sum::<f64>();
        let root = m.n_eff.max(0.0).sqrt();
        Beliefs {
            kappa: m.kappa.mean() * 1e4,
            depth_bps: d,
            adverse_bps,
            adverse_sd,
            alpha1: self.slope(cfg, d, &share),
            fill_rate: rate / 2.0,
            sigma_bps: self.sigma,
            hold_s: (1.0 / rate.max(1e-9)).clamp(HOLD_S[0], HOLD_S[1]),
            confidence: root / (1.0 + root),
            floor_bps: fee_bps + adverse_bps.max(0.0) + adverse_sd,
        }
    }
}

/// How much each regime weighs at the mixture's depth.
fn shares(m: &Mixture) -> [f64; REGIMES] {
    let x = m.depth_bps - m.foot_bps;
    let w: [f64; REGIMES] = std::array::from_fn(|r| {
        let g = &m.regime[r];
        let reach = g.reach[0].mean() + g.reach[1].mean();
        let k = g.kappa.mean();
        m.p[r] * reach * k * efold(-k * x)
    });
    let all: f64 = w.iter().sum();
    if all > 0.0 { w.map(|v| v / all) } else { m.p }
}

/// Sum of products.
fn dot(a: &[f64; REGIMES], b: &[f64; REGIMES]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn priors(cfg: &Config, touch_bps: f64) -> Priors {
    let c = &cfg.tape;
    Priors {
        kappa: Gamma { shape: c.kappa_strength, rate: c.kappa_strength / (c.kappa * 1e-4) },
        rate: Gamma { shape: c.rate_shape, rate: c.rate_exposure_s },
        touch_bps,
        memory_s: c.memory_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::estimates::{Kappa, Regime};
    use crate::math::draw::Draw;

    fn estimates(at: Ns) -> Estimates {
        let kappa = Kappa { mean: 6e3, lo: 5e3, hi: 7e3, n_eff: 1.0 };
        let regime = only(NORMAL).map(|p| Regime { p, sigma_bps: 1.0 });
        Estimates { at, kappa, sigma_bps: 1.0, regime, named: None, refused: 0 }
    }

    /// What is believed after `seconds` in which a taker comes each second, reaches an exponential
    /// depth of decay `kappa` per bps, and moves the mid by `impact` bps for good.
    fn believed(seconds: i64, kappa: f64, impact: f64) -> Beliefs {
        let (cfg, d) = (Config::default(), &mut Draw::new(4));
        let mut m = Model::new(&cfg, 1.5, &estimates(Ns(0)));
        let mut mid = 100.0;
        m.on_sample(&cfg, Ns(0), &Sample::Seen);
        for s in 0..seconds {
            let now = Ns(s * Ns::SEC);
            m.on_sample(&cfg, now, &Sample::Mid(mid));
            let side = if d.chance(0.5) { Side::Buy } else { Side::Sell };
            let depth_bps = d.exp(kappa);
            let taker = Sweep { side, depth_bps, drift_bps: 0.0, half_tick_bps: 0.0, mid };
            m.on_sample(&cfg, now, &Sample::Sweep(taker));
            mid *= 1.0 + if side == Side::Buy { 1e-4 } else { -1e-4 } * impact;
            m.on_second(&cfg, 1.5, &estimates(now));
        }
        m.on_second(&cfg, 1.5, &estimates(Ns(seconds * Ns::SEC)))
    }

    #[test]
    fn finds_the_decay_the_impact_and_the_best_distance() {
        let b = believed(3_600, 0.5, 1.0);
        assert!((b.kappa / 5_000.0 - 1.0).abs() < 0.2, "{b:?}");
        assert!((b.adverse_bps - 1.0).abs() < 0.35 && b.confidence > 0.9, "{b:?}");
        assert!((b.depth_bps - (1.5 + 1.0 + 2.0)).abs() < 1.2, "{b:?}");
        assert!(b.fill_rate > 0.0 && (HOLD_S[0]..=HOLD_S[1]).contains(&b.hold_s));
        let calm = believed(3_600, 0.5, 0.0);
        assert!(calm.depth_bps < b.depth_bps - 0.4, "control: without impact {calm:?}");
        assert!(believed(0, 0.5, 0.0).confidence < 1e-9, "nothing seen: nothing trusted");
    }
}
