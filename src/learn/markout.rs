//! Adverse selection: what the mid does after a fill, by horizon and depth.
//!
//! In: own fills, sweeps (fills of virtual orders at every depth they reached), mids. Out: signed
//! markouts of own fills, and the expected adverse move with its error. Hot path: amortised one
//! mark per horizon and fill; a burst evaluates at most the ring.
//!
//! 1. Signed: y = s (m(t+h) - m(t)) / m(t) in bps, s = +1 for a bought fill; adverse is -y.
//! 2. The mid of a horizon is the one in force at exactly t + h, not the next update's.
//! 3. Shadow fills are the main source: the noise of one markout is sigma sqrt(h), far above the
//!    mean that is sought, and own fills are few. Own fills learn a correction to the shadows.
//! 4. Each depth bucket is a scalar Kalman filter around an Ornstein-Uhlenbeck mean; windows that
//!    overlap share their noise, so its variance is raised by 1 + rho rate h, rho the correlation
//!    of successive fills' sides: on opposite sides the shared noise cancels.
//! 5. Everything is learned in units of sigma: a market ten times as wild has ten times the adverse
//!    move before anything is known of it, and as much noise.
//! 6. A mark that comes due while nothing is known of the market is dropped and counted.

use serde::{Deserialize, Serialize};

use crate::learn::regime::REGIMES;
use crate::math::{det, ewma::Ewma};
use crate::settings::settings;
use crate::units::{Ns, Side};

/// Horizons, nanoseconds.
pub const HORIZONS: [i64; 4] = [500 * Ns::MS, Ns::SEC, 5 * Ns::SEC, 30 * Ns::SEC];
/// Index of the primary horizon, 5 s.
pub const PRIMARY: usize = 2;
/// Depth buckets: virtual orders at 0.25 * 2^k bps.
pub const BUCKETS: usize = 8;
/// Depth of the first bucket, bps.
const BUCKET_MIN_BPS: f64 = 0.25;
/// Strength, in fills, of the belief that fills keep to one side.
const SIDES_STRENGTH: f64 = 10.0;
/// Least volatility that moves are measured in, bps per square root of a second.
const SIGMA_MIN_BPS: f64 = 0.02;
/// Shadow marks on their way.
const SHADOWS: usize = 1024;
/// Own marks on their way.
const OWN: usize = 1024;

settings! {
    /// Settings of the adverse moves.
    pub struct Config: Copy {
        /// Mean adverse move without data; a sigma is the move of one second.
        mean: f64 = 0.5, -100.0..=100.0, "sigmas";
        /// Standard deviation of the adverse move around that mean over time.
        sd: f64 = 0.6, 1e-3..=100.0, "sigmas";
        /// Memory.
        memory_s: f64 = 1_800.0, 1.0..=1e9, "s";
        /// Standard deviation of the own fills' difference from virtual ones; 0: none.
        own_sd: f64 = 0.3, 0.0..=100.0, "sigmas";
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

/// A fill whose markouts are not due yet.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Mark {
    /// Own order; 0 for a shadow.
    pub id: u64,
    /// When it was filled.
    pub at: Ns,
    /// Own side, or that of the virtual orders.
    pub side: Side,
    /// Depth, bps.
    pub depth_bps: f64,
    /// Mid before the fill.
    pub mid: f64,
    /// Regime probabilities then.
    pub p: [f64; REGIMES],
}

/// A markout that came due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    /// Own order number.
    pub id: u64,
    /// Side of the own order.
    pub side: Side,
    /// Index into [`HORIZONS`].
    pub horizon: usize,
    /// Move in our favour, bps.
    pub bps: f64,
    /// Depth of the order, bps.
    pub depth_bps: f64,
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

/// Marks in order of time, with one cursor per horizon.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ring {
    marks: Box<[Mark]>,
    pushed: usize,
    evaluated: [usize; HORIZONS.len()],
}

impl Ring {
    fn new(capacity: usize) -> Ring {
        Ring {
            marks: vec![Mark::default(); capacity].into_boxed_slice(),
            pushed: 0,
            evaluated: [0; HORIZONS.len()],
        }
    }

    /// False when it is full: the mark is not taken.
    fn push(&mut self, mark: Mark) -> bool {
        let oldest = self.evaluated.iter().copied().min().unwrap_or(0);
        if self.pushed - oldest >= self.marks.len() {
            return false;
        }
        let at = self.pushed % self.marks.len();
        self.marks[at] = mark;
        self.pushed += 1;
        true
    }

    /// When the next mark of any horizon is due.
    fn next(&self) -> Ns {
        let mut next = NEVER;
        for (i, h) in self.evaluated.iter().zip(HORIZONS) {
            if *i < self.pushed {
                next = next.min(self.marks[i % self.marks.len()].at.plus(h));
            }
        }
        next
    }

    /// The next mark of a horizon that is due before `until`, or at it when `inclusive`.
    fn pop(&mut self, horizon: usize, until: Ns, inclusive: bool) -> Option<Mark> {
        let i = self.evaluated[horizon];
        if i == self.pushed {
            return None;
        }
        let mark = &self.marks[i % self.marks.len()];
        let due = mark.at.plus(HORIZONS[horizon]);
        if due < until || (inclusive && due == until) {
            self.evaluated[horizon] = i + 1;
            Some(*mark)
        } else {
            None
        }
    }

    /// Forgets what is not evaluated; gives how many horizons that were.
    fn clear(&mut self) -> u64 {
        let lost: usize = self.evaluated.iter().map(|s| self.pushed - s).sum();
        self.evaluated = [self.pushed; HORIZONS.len()];
        lost as u64
    }
}

/// The learner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Markout {
    shadows: Ring,
    own: Ring,
    bucket: [[Kalman; BUCKETS]; HORIZONS.len()],
    rate: [[Ewma; BUCKETS]; HORIZONS.len()],
    seen_s: [f64; HORIZONS.len()],
    last: [Option<Ns>; HORIZONS.len()],
    offset: Kalman,
    regime: [Ewma; REGIMES],
    /// Products of successive fills' signs, one memory for all horizons.
    sides: Ewma,
    side: Option<Side>,
    /// No mark is due before.
    next: Ns,
    /// Volatility last heard of, bps per square root of a second.
    sigma: f64,
    evaluated: u64,
    dropped: u64,
}

const NEVER: Ns = Ns(i64::MAX);

impl Markout {
    /// Allocates the rings.
    #[must_use]
    pub fn new(cfg: &Config) -> Markout {
        let prior = Kalman::new(cfg.mean, cfg.sd);
        Markout {
            shadows: Ring::new(SHADOWS),
            own: Ring::new(OWN),
            bucket: [[prior; BUCKETS]; HORIZONS.len()],
            rate: [[Ewma::default(); BUCKETS]; HORIZONS.len()],
            seen_s: [0.0; HORIZONS.len()],
            last: [None; HORIZONS.len()],
            offset: Kalman::new(0.0, cfg.own_sd),
            regime: [Ewma::default(); REGIMES],
            sides: Ewma::default(),
            side: None,
            next: NEVER,
            sigma: 1.0,
            evaluated: 0,
            dropped: 0,
        }
    }

    /// A sweep of that depth happened: virtual orders on the other side of the taker, `mark.side`,
    /// were filled down to it.
    pub fn shadow(&mut self, mark: Mark) {
        self.next = self.next.min(mark.at.plus(HORIZONS[0]));
        if !self.shadows.push(Mark { id: 0, ..mark }) {
            self.dropped += 1;
        }
    }

    /// An own order was filled.
    pub fn own(&mut self, mark: Mark) {
        self.next = self.next.min(mark.at.plus(HORIZONS[0]));
        if !self.own.push(mark) {
            self.dropped += 1;
        }
    }

    /// Takes in what was due before `at.until` (or at it, when `at.inclusive`) with the mid in force.
    /// With `own_only` own fills take the place of shadows.
    pub fn evaluate(
        &mut self,
        cfg: &Config,
        own_only: bool,
        at: Reading,
        out: &mut impl FnMut(Due),
    ) {
        let Reading { until, inclusive, mid, sigma_bps } = at;
        // What is read off in between is in the sigma of now.
        self.sigma = sigma_bps.max(SIGMA_MIN_BPS);
        if until < self.next || (until == self.next && !inclusive) {
            return;
        }
        for h in 0..HORIZONS.len() {
            while let Some(m) = self.shadows.pop(h, until, inclusive) {
                self.learn_shadow(cfg, h, &m, favour(&m, mid) / self.sigma);
            }
            while let Some(m) = self.own.pop(h, until, inclusive) {
                let bps = favour(&m, mid);
                if own_only {
                    self.learn_shadow(cfg, h, &m, bps / self.sigma);
                } else {
                    self.learn_own(cfg, h, &m, bps / self.sigma);
                }
                out(Due { id: m.id, side: m.side, horizon: h, bps, depth_bps: m.depth_bps });
            }
        }
        self.next = self.shadows.next().min(self.own.next());
    }

    /// The market was lost from sight: whatever is not due has no mid any more.
    pub fn forget_pending(&mut self) {
        self.dropped += self.shadows.clear() + self.own.clear();
        self.next = NEVER;
    }

    /// Expected adverse move after a fill at a depth, bps, and its standard deviation, at horizon
    /// `h`.
    #[must_use]
    pub fn adverse(&self, h: usize, depth_bps: f64) -> (f64, f64) {
        let (mean, sd) = self.standard(h, depth_bps);
        (mean * self.sigma, sd * self.sigma)
    }

    /// The same in units of sigma.
    fn standard(&self, h: usize, depth_bps: f64) -> (f64, f64) {
        let (i, t) = bucket_of(depth_bps);
        let ((a, sa), (b, sb)) = (self.bucket[h][i].estimate(), self.bucket[h][i + 1].estimate());
        let (o, so) = if h == PRIMARY { self.offset.estimate() } else { (0.0, 0.0) };
        let sd = sa + t * (sb - sa);
        (a + t * (b - a) + o, (sd * sd + so * so).sqrt())
    }

    /// Local slope of the primary adverse move around a depth, bps per bps. Weighted least squares
    /// over buckets within a factor of 2.8, with a prior on the slope.
    #[must_use]
    pub fn slope(&self, cfg: &Config, depth_bps: f64) -> f64 {
        let (level, _) = self.standard(PRIMARY, depth_bps);
        let prior = 1.0 / (cfg.slope_sd * cfg.slope_sd).max(1e-12);
        let (mut xx, mut xy) = (prior, 0.0);
        let mut at = BUCKET_MIN_BPS;
        for k in &self.bucket[PRIMARY] {
            let (mean, sd) = k.estimate();
            if at > depth_bps / 2.83 && at < depth_bps * 2.83 {
                let (x, w) = (at - depth_bps, 1.0 / (sd * sd));
                xx += w * x * x;
                xy += w * x * (mean + self.offset.mean - level);
            }
            at *= 2.0;
        }
        xy / xx * self.sigma
    }

    /// Primary adverse move by regime at a depth: the mean, and each regime's shrunken departure.
    #[must_use]
    pub fn by_regime(&self, cfg: &Config, depth_bps: f64) -> [f64; REGIMES] {
        let (level, _) = self.standard(PRIMARY, depth_bps);
        let noise = horizon_s(PRIMARY);
        let strength = (noise / (cfg.sd * cfg.sd)).max(cfg.borrow);
        self.regime.map(|r| (level + r.mean(0.0, strength)) * self.sigma)
    }

    /// Markouts at the primary horizon so far, own and shadow.
    #[must_use]
    pub fn evaluated(&self) -> u64 {
        self.evaluated
    }

    /// Marks refused by a full ring, or lost in a gap.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// `y`: move in our favour, sigmas.
    fn learn_shadow(&mut self, cfg: &Config, h: usize, m: &Mark, y: f64) {
        let due = m.at.plus(HORIZONS[h]);
        let dt = self.last[h].map_or(0.0, |l| Ns::seconds(due.since(l)));
        self.last[h] = Some(due);
        self.seen_s[h] += dt;
        let tau = cfg.memory_s;
        let phi = det::exp(-dt / tau);
        let span = tau * -det::exp_m1(-self.seen_s[h] / tau);
        let hs = horizon_s(h);
        let before = self.bucket[h];
        let rho = self.sides.mean(1.0, SIDES_STRENGTH).clamp(0.0, 1.0);
        let mut at = BUCKET_MIN_BPS;
        for b in 0..BUCKETS {
            let (k, r) = (&mut self.bucket[h][b], &mut self.rate[h][b]);
            k.drift(phi, cfg.mean, cfg.sd);
            r.scale(phi);
            if m.depth_bps >= at {
                r.add(1.0, 1.0);
                let per_s = r.weight() / (span + hs);
                k.observe(-y, hs * (1.0 + rho * per_s * hs));
            }
            at *= 2.0;
        }
        if h == PRIMARY {
            if let Some(side) = self.side.replace(m.side) {
                self.sides.scale(phi);
                self.sides.add(if side == m.side { 1.0 } else { -1.0 }, 1.0);
            }
            self.evaluated += 1;
            self.offset.drift(phi, 0.0, cfg.own_sd);
            let b = before.iter().zip(0..).take_while(|(_, k)| m.depth_bps >= deep(*k)).last();
            if let Some((k, _)) = b {
                for (r, p) in self.regime.iter_mut().zip(m.p) {
                    r.scale(det::exp(-p * dt / tau));
                    r.add(-y - k.mean, p);
                }
            }
        }
    }

    fn learn_own(&mut self, cfg: &Config, h: usize, m: &Mark, y: f64) {
        if h != PRIMARY {
            return;
        }
        self.evaluated += 1;
        if cfg.own_sd > 0.0 {
            let (shadow, sd) = self.standard(PRIMARY, m.depth_bps);
            // Levels of one ladder fill together: two fills say about as much as one.
            let noise = 2.0 * (horizon_s(PRIMARY) + sd * sd);
            self.offset.observe(-y - (shadow - self.offset.mean), noise);
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

fn horizon_s(h: usize) -> f64 {
    Ns::seconds(HORIZONS[h])
}

#[cfg(test)]
#[path = "markout_tests.rs"]
mod tests;
