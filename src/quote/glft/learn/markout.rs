//! Adverse selection: what the mid does in the five seconds after a fill, by depth.
//!
//! In: sweeps (fills of virtual orders at every depth they reached), mids. Out: the expected adverse
//! move with its error. Hot path: amortised one mark a sweep; a burst evaluates at most the ring.
//!
//! 1. Signed: y = s (m(t+h) - m(t)) / m(t) in bps, s = +1 for a bought fill; adverse is -y.
//! 2. The mid of a horizon is the one in force at exactly t + h, not the next update's.
//! 3. Each depth bucket is a scalar Kalman filter around an Ornstein-Uhlenbeck mean; windows that
//!    overlap share their noise, so its variance is raised by 1 + rho rate h, rho the correlation
//!    of successive fills' sides: on opposite sides the shared noise cancels.
//! 4. Everything is learned in units of sigma: a market ten times as wild has ten times the adverse
//!    move before anything is known of it, and as much noise.
//! 5. A mark that comes due while nothing is known of the market is dropped and counted.

use serde::{Deserialize, Serialize};

use crate::learn::regime::REGIMES;
use crate::math::{det, ewma::Ewma};
use crate::settings::settings;
use crate::units::{Ns, Side};

/// The horizon, ns.
const HORIZON: i64 = 5 * Ns::SEC;
/// Depth buckets: virtual orders at 0.25 * 2^k bps.
pub const BUCKETS: usize = 8;
/// Depth of the first bucket, bps.
const BUCKET_MIN_BPS: f64 = 0.25;
/// Strength, in fills, of the belief that fills keep to one side.
const SIDES_STRENGTH: f64 = 10.0;
/// Least volatility that moves are measured in, bps per square root of a second.
const SIGMA_MIN_BPS: f64 = 0.02;
/// Marks on their way.
const MARKS: usize = 1024;

settings! {
    /// Settings of the adverse moves.
    pub struct Config: Copy {
        /// Mean adverse move without data; a sigma is the move of one second.
        mean: f64 = 0.5, -100.0..=100.0, "sigmas";
        /// Standard deviation of the adverse move around that mean over time.
        sd: f64 = 0.6, 1e-3..=100.0, "sigmas";
        /// Memory.
        memory_s: f64 = 1_800.0, 1.0..=1e9, "s";
        /// Standard deviation of the change of the adverse move with depth.
        slope_sd: f64 = 0.1, 0.0..=10.0, "sigmas per bps";
        /// Least strength with which a regime believes the mean over regimes.
        borrow: f64 = 10.0, 0.0..=1e9, "markouts";
    }
}

/// A scalar Kalman filter with an Ornstein-Uhlenbeck prior.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kalman {
    mean: f64,
    var: f64,
}

impl Kalman {
    /// The stationary prior.
    #[must_use]
    pub fn new(mean: f64, sd: f64) -> Kalman {
        Kalman { mean, var: sd * sd }
    }

    /// Time passes: `phi` = e^(-dt/tau); pulls back to `mean` and widens to `sd`.
    pub fn drift(&mut self, phi: f64, mean: f64, sd: f64) {
        self.mean = mean + phi * (self.mean - mean);
        self.var = phi * phi * self.var + sd * sd * (1.0 - phi * phi);
    }

    /// Takes in an observation with noise variance `noise` (> 0).
    pub fn observe(&mut self, x: f64, noise: f64) {
        let gain = self.var / (self.var + noise);
        self.mean += gain * (x - self.mean);
        self.var *= 1.0 - gain;
    }

    /// Mean and standard deviation.
    #[must_use]
    pub fn estimate(&self) -> (f64, f64) {
        (self.mean, self.var.sqrt())
    }
}

/// Virtual orders that a sweep filled, whose markout is not due yet.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Ns,
    /// Side of the orders.
    pub side: Side,
    /// Depth, bps.
    pub depth_bps: f64,
    /// Mid before the fill.
    pub mid: f64,
    /// Regime probabilities then.
    pub p: [f64; REGIMES],
}

/// The market when markouts are looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Marks that were due before this time are taken in.
    pub until: Ns,
    /// Those due at it, too.
    pub inclusive: bool,
    /// Mid in force.
    pub mid: f64,
    /// Volatility, bps per square root of a second.
    pub sigma_bps: f64,
}

/// The learner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Markout {
    marks: Box<[Mark]>,
    pushed: usize,
    evaluated: usize,
    bucket: [Kalman; BUCKETS],
    rate: [Ewma; BUCKETS],
    seen_s: f64,
    last: Option<Ns>,
    regime: [Ewma; REGIMES],
    /// Products of successive fills' signs.
    sides: Ewma,
    side: Option<Side>,
    /// Volatility last heard of, bps per square root of a second.
    sigma: f64,
}

impl Markout {
    /// Allocates the ring.
    #[must_use]
    pub fn new(cfg: &Config) -> Markout {
        Markout {
            marks: vec![Mark::default(); MARKS].into_boxed_slice(),
            pushed: 0,
            evaluated: 0,
            bucket: [Kalman::new(cfg.mean, cfg.sd); BUCKETS],
            rate: [Ewma::default(); BUCKETS],
            seen_s: 0.0,
            last: None,
            regime: [Ewma::default(); REGIMES],
            sides: Ewma::default(),
            side: None,
            sigma: 1.0,
        }
    }

    /// A sweep of that depth happened: virtual orders on the other side of the taker, `mark.side`,
    /// were filled down to it. What a full ring does not hold is left out.
    pub fn shadow(&mut self, mark: Mark) {
        if self.pushed - self.evaluated < MARKS {
            self.marks[self.pushed % MARKS] = mark;
            self.pushed += 1;
        }
    }

    /// Takes in what was due before `at.until` (or at it, when `at.inclusive`) with the mid in force.
    pub fn evaluate(&mut self, cfg: &Config, at: Reading) {
        // What is read off in between is in the sigma of now.
        self.sigma = at.sigma_bps.max(SIGMA_MIN_BPS);
        while self.evaluated < self.pushed {
            let m = self.marks[self.evaluated % MARKS];
            let due = m.at.plus(HORIZON);
            if due > at.until || (due == at.until && !at.inclusive) {
                break;
            }
            self.evaluated += 1;
            self.learn(cfg, &m, favour(&m, at.mid) / self.sigma);
        }
    }

    /// The market was lost from sight: whatever is not due has no mid any more.
    pub fn forget_pending(&mut self) {
        self.evaluated = self.pushed;
    }

    /// Expected adverse move after a fill at a depth, bps, and its standard deviation.
    #[must_use]
    pub fn adverse(&self, depth_bps: f64) -> (f64, f64) {
        let (mean, sd) = self.standard(depth_bps);
        (mean * self.sigma, sd * self.sigma)
    }

    /// The same in units of sigma.
    fn standard(&self, depth_bps: f64) -> (f64, f64) {
        let (i, t) = bucket_of(depth_bps);
        let ((a, sa), (b, sb)) = (self.bucket[i].estimate(), self.bucket[i + 1].estimate());
        (a + t * (b - a), sa + t * (sb - sa))
    }

    /// Local slope of the adverse move around a depth, bps per bps. Weighted least squares
    /// over buckets within a factor of 2.8, with a prior on the slope.
    #[must_use]
    pub fn slope(&self, cfg: &Config, depth_bps: f64) -> f64 {
        let (level, _) = self.standard(depth_bps);
        let prior = 1.0 / (cfg.slope_sd * cfg.slope_sd).max(1e-12);
        let (mut xx, mut xy) = (prior, 0.0);
        let mut at = BUCKET_MIN_BPS;
        for k in &self.bucket {
            let (mean, sd) = k.estimate();
            if at > depth_bps / 2.83 && at < depth_bps * 2.83 {
                let (x, w) = (at - depth_bps, 1.0 / (sd * sd));
                xx += w * x * x;
                xy += w * x * (mean - level);
            }
            at *= 2.0;
        }
        xy / xx * self.sigma
    }

    /// Adverse move by regime at a depth: the mean, and each regime's shrunken departure.
    #[must_use]
    pub fn by_regime(&self, cfg: &Config, depth_bps: f64) -> [f64; REGIMES] {
        let (level, _) = self.standard(depth_bps);
        let noise = Ns::seconds(HORIZON);
        let strength = (noise / (cfg.sd * cfg.sd)).max(cfg.borrow);
        self.regime.map(|r| (level + r.mean(0.0, strength)) * self.sigma)
    }

    /// `y`: move in favour of the virtual orders, sigmas.
    fn learn(&mut self, cfg: &Config, m: &Mark, y: f64) {
        let due = m.at.plus(HORIZON);
        let dt = self.last.map_or(0.0, |l| Ns::seconds(due.since(l)));
        self.last = Some(due);
        self.seen_s += dt;
        let tau = cfg.memory_s;
        let phi = det::exp(-dt / tau);
        let span = tau * -det::exp_m1(-self.seen_s / tau);
        let hs = Ns::seconds(HORIZON);
        let before = self.bucket;
        let rho = self.sides.mean(1.0, SIDES_STRENGTH).clamp(0.0, 1.0);
        let mut at = BUCKET_MIN_BPS;
        for (k, r) in self.bucket.iter_mut().zip(&mut self.rate) {
            k.drift(phi, cfg.mean, cfg.sd);
            r.scale(phi);
            if m.depth_bps >= at {
                r.add(1.0, 1.0);
                let per_s = r.weight() / (span + hs);
                k.observe(-y, hs * (1.0 + rho * per_s * hs));
            }
            at *= 2.0;
        }
        if let Some(side) = self.side.replace(m.side) {
            self.sides.scale(phi);
            self.sides.add(if side == m.side { 1.0 } else { -1.0 }, 1.0);
        }
        let b = before.iter().zip(0..).take_while(|(_, k)| m.depth_bps >= deep(*k)).last();
        if let Some((k, _)) = b {
            for (r, p) in self.regime.iter_mut().zip(m.p) {
                r.scale(det::exp(-p * dt / tau));
                r.add(-y - k.mean, p);
            }
        }
    }
}

fn favour(m: &Mark, mid: f64) -> f64 {
    let s = if m.side == Side::Buy { 1e4 } else { -1e4 };
    (s * (mid - m.mid) / m.mid).clamp(-1e4, 1e4)
}

/// Depth of bucket `b`, bps.
pub(super) fn deep(b: usize) -> f64 {
    BUCKET_MIN_BPS * f64::from(1u32 << b.min(20))
}

/// The bucket below a depth (at most the last but one), and how far it lies towards the next, 0..1.
pub(super) fn bucket_of(depth_bps: f64) -> (usize, f64) {
    let x = (det::ln((depth_bps / BUCKET_MIN_BPS).max(1.0)) * std::f64::consts::LOG2_E)
        .min((BUCKETS - 1) as f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=7")]
    let i = (x as usize).min(BUCKETS - 2);
    (i, x - i as f64)
}

#[cfg(test)]
#[path = "markout_tests.rs"]
mod tests;
