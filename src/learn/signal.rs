//! Where the mid goes next: imbalance at the touch and the flow of takers, as far as they have
//! proved to tell.
//!
//! In: sizes at the touch, sides of takers, returns. Out: the expected move of the mid in the next
//! second, bps, weighted by what earlier forecasts were worth. Hot path: two features.
//!
//! 1. Bayesian regression of the next second's return in units of sigma on two features, both in
//!    [-1, 1], frozen when the forecast was made. Prior: no effect.
//! 2. A forecast is judged on the return it was made for before it is learned from. Its weight is
//!    clip(lower end of the skill / `skill_full`, 0, 1): signals that tell nothing move nothing.

use serde::{Deserialize, Serialize};

use crate::math::{det, ewma::Ewma};
use crate::settings::settings;

settings! {
    /// Settings of the signals.
    pub struct Config: Copy {
        /// Memory of takers' sides.
        flow_s: f64 = 2.0, 0.01..=1e6, "s";
        /// Memory of the regression and of its skill.
        memory_s: f64 = 1_800.0, 1.0..=1e9, "s";
        /// Standard deviation of a coefficient without data.
        prior_sd: f64 = 0.3, 1e-3..=100.0, "sigmas";
        /// Skill (lower end) that earns full weight.
        skill_full: f64 = 0.02, 1e-6..=1.0;
        /// Forecasts before any weight.
        forecasts_min: f64 = 60.0, 0.0..=1e9, "forecasts";
    }
}

/// The integrator.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Signal {
    imbalance: f64,
    flow: f64,
    /// Information matrix (xx, xy, yy) and vector.
    info: [f64; 3],
    score: [f64; 2],
    /// Features and forecast of the second that is under way.
    frozen: Option<([f64; 2], f64)>,
    /// Gain y^2 - (y - forecast)^2, its square, and y^2.
    gain: Ewma,
    gain2: Ewma,
    y2: Ewma,
    /// What follows from these three, as of the last second.
    weight: f64,
}

impl Signal {
    /// Knows nothing.
    #[must_use]
    pub fn new(cfg: &Config) -> Signal {
        let prior = 1.0 / (cfg.prior_sd * cfg.prior_sd);
        Signal {
            imbalance: 0.0,
            flow: 0.0,
            info: [prior, 0.0, prior],
            score: [0.0; 2],
            frozen: None,
            gain: Ewma::default(),
            gain2: Ewma::default(),
            y2: Ewma::default(),
            weight: 0.0,
        }
    }

    /// Sizes at the best bid and ask, coins (>= 0).
    pub fn on_touch(&mut self, bid: f64, ask: f64) {
        let sum = bid + ask;
        self.imbalance = if sum > 0.0 { (bid - ask) / sum } else { 0.0 };
    }

    /// A taker bought (`sign` 1) or sold (-1), `dt_s` after the last one.
    pub fn on_sweep(&mut self, sign: f64) {
        self.flow += sign;
    }

    /// `dt_s` (>= 0) seconds pass.
    pub fn advance(&mut self, cfg: &Config, dt_s: f64) {
        self.flow *= det::exp(-dt_s / cfg.flow_s);
    }

    /// A second of `dt_s` (> 0) is over in which the mid returned `bps`, sigma being `sigma_bps`
    /// (> 0): the forecast made for it is judged, then learned from; the next one is frozen.
    pub fn on_second(&mut self, cfg: &Config, bps: f64, dt_s: f64, sigma_bps: f64) {
        let y = (bps / (sigma_bps * dt_s.sqrt())).clamp(-5.0, 5.0);
        if let Some((x, forecast)) = self.frozen.take() {
            let keep = det::exp(-dt_s / cfg.memory_s);
            let gain = y * y - (y - forecast) * (y - forecast);
            for (e, v) in [(&mut self.gain, gain), (&mut self.gain2, gain * gain)] {
                e.scale(keep);
                e.add(v, 1.0);
            }
            self.y2.scale(keep);
            self.y2.add(y * y, 1.0);
            let prior = (1.0 - keep) / (cfg.prior_sd * cfg.prior_sd);
            self.info = [
                keep * self.info[0] + prior + x[0] * x[0],
                keep * self.info[1] + x[0] * x[1],
                keep * self.info[2] + prior + x[1] * x[1],
            ];
            self.score = [keep * self.score[0] + x[0] * y, keep * self.score[1] + x[1] * y];
            self.weight = self.earned(cfg);
        }
        let x = self.features();
        self.frozen = Some((x, self.forecast(x)));
    }

    /// The market was lost from sight: the forecast under way has no outcome.
    pub fn on_gap(&mut self) {
        self.frozen = None;
        self.flow = 0.0;
    }

    /// Weight of the forecasts, 0..1.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The weight that past forecasts earned.
    fn earned(&self, cfg: &Config) -> f64 {
        let n = self.gain.weight();
        let y2 = self.y2.mean(1.0, 0.0);
        if n < cfg.forecasts_min || y2 <= 0.0 {
            return 0.0;
        }
        let mean = self.gain.mean(0.0, 0.0);
        let var = (self.gain2.mean(0.0, 0.0) - mean * mean).max(0.0);
        let low = mean - 1.645 * (var / n).sqrt();
        (low / y2 / cfg.skill_full).clamp(0.0, 1.0)
    }

    /// Expected move of the mid, bps, at volatility `sigma_bps`; at most one sigma either way.
    #[must_use]
    pub fn move_bps(&self, sigma_bps: f64) -> f64 {
        let w = self.weight;
        if w > 0.0 { w * sigma_bps * self.forecast(self.features()).clamp(-1.0, 1.0) } else { 0.0 }
    }

    fn features(&self) -> [f64; 2] {
        [self.imbalance, self.flow / (1.0 + self.flow.abs())]
    }

    fn forecast(&self, x: [f64; 2]) -> f64 {
        let [a, b, c] = self.info;
        let det = a * c - b * b;
        let beta = [
            (c * self.score[0] - b * self.score[1]) / det,
            (a * self.score[1] - b * self.score[0]) / det,
        ];
        beta[0] * x[0] + beta[1] * x[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::draw::Draw;

    /// An hour in which the imbalance tells `effect` sigmas of the next second.
    fn hour(seed: u64, effect: f64) -> Signal {
        let mut d = Draw::new(seed);
        let mut s = Signal::new(&Config::default());
        let mut last = 0.0;
        for _ in 0..3_600 {
            s.on_sweep(if d.chance(0.5) { 1.0 } else { -1.0 });
            s.advance(&Config::default(), 1.0);
            let y = 2.0 * (effect * last + d.normal());
            let bid = d.unit();
            s.on_touch(bid, 1.0 - bid);
            last = 2.0 * bid - 1.0;
            s.on_second(&Config::default(), y, 1.0, 2.0);
        }
        s.on_touch(1.0, 0.0);
        s
    }

    #[test]
    fn a_signal_that_tells_moves_the_quote_and_noise_does_not() {
        let trained = hour(1, 0.5);
        assert!(trained.weight() > 0.9, "{}", trained.weight());
        let m = trained.move_bps(2.0);
        assert!((m / 1.0 - 1.0).abs() < 0.35, "half a sigma of 2 bps: {m}");
        let mut shut = 0;
        for seed in 10..40 {
            shut += u32::from(hour(seed, 0.0).weight() < 0.05);
        }
        assert!(shut >= 28, "control: noise earns no weight, {shut} of 30");
        assert!(Signal::new(&Config::default()).move_bps(2.0).abs() < 1e-12);
    }

    #[test]
    fn a_gap_has_no_outcome() {
        let mut s = hour(2, 0.5);
        let before = s.gain.weight();
        s.on_gap();
        s.on_second(&Config::default(), 50.0, 1.0, 2.0);
        assert!((s.gain.weight() - before).abs() < 1e-12);
    }
}
