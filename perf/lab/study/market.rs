//! A synthetic market whose truth is known: takers, their depths, a mid that moves with them.
//!
//! In: a scenario and a seed. Out: takers, mids and seconds, in order. Cold path.
//!
//! 1. Takers of each side come as a Poisson process of rate A, and reach an exponential depth of
//!    decay kappa from the mid.
//! 2. Each taker moves the mid its way, for good, by `adverse` (a quarter of 1/kappa): that is what
//!    a fill loses afterwards. Noise fills the volatility up to what the regime has.
//! 3. The switching market leaves its regime once in ten minutes on average, for any other.
//! 4. Nothing depends on what is quoted: all policies see the same market for the same seed.

use fastrand::Rng;

use crate::learn::regime::REGIMES;
use crate::math::det;
use crate::units::{Ns, Side};
use crate::venue::draw;

/// Probability that a taker who reaches our price fills us: others are in the queue, too.
pub const PHI: f64 = 0.6;
/// Mean stay in a regime of the switching market, seconds.
const DWELL_S: f64 = 600.0;
/// Mid at the start, USD.
const MID_USD: f64 = 90_000.0;

/// The truth of one regime.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// Takers per second and side.
    pub rate: f64,
    /// Decay of their depth, 1/bps.
    pub kappa: f64,
    /// Volatility in all, bps per square root of a second.
    pub sigma: f64,
}

impl Truth {
    /// What a fill loses to the move that follows it, bps.
    #[must_use]
    pub fn adverse(&self) -> f64 {
        0.25 / self.kappa
    }

    /// Noise of the mid beyond what takers move, bps per square root of a second.
    fn noise(&self) -> f64 {
        let moved = 2.0 * self.rate * self.adverse() * self.adverse();
        (self.sigma * self.sigma - moved).max(0.0).sqrt()
    }
}

const QUIET: Truth = Truth { rate: 0.15, kappa: 1.2, sigma: 0.4 };
const NORMAL: Truth = Truth { rate: 0.5, kappa: 0.6, sigma: 1.0 };
const VOLATILE: Truth = Truth { rate: 2.0, kappa: 0.25, sigma: 2.5 };
const CASCADE: Truth = Truth { rate: 6.0, kappa: 0.08, sigma: 12.0 };
const DEAD: Truth = Truth { rate: 0.02, kappa: 0.6, sigma: 0.6 };

/// A kind of market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Few takers, shallow.
    Quiet,
    /// A taker a second, both sides together.
    Normal,
    /// Many, deep.
    Volatile,
    /// A flood.
    Cascade,
    /// A taker in 25 seconds.
    Dead,
    /// All but dead, by turns.
    Switching,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Scenario; 6] = [
        Scenario::Quiet,
        Scenario::Normal,
        Scenario::Volatile,
        Scenario::Cascade,
        Scenario::Dead,
        Scenario::Switching,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scenario::Quiet => "quiet",
            Scenario::Normal => "normal",
            Scenario::Volatile => "volatile",
            Scenario::Cascade => "cascade",
            Scenario::Dead => "dead",
            Scenario::Switching => "switching",
        }
    }

    /// The truth of each regime the market can be in.
    #[must_use]
    pub fn truths(self) -> [Truth; REGIMES] {
        match self {
            Scenario::Dead => [DEAD; REGIMES],
            _ => [QUIET, NORMAL, VOLATILE, CASCADE],
        }
    }

    fn start(self, rng: &mut Rng) -> usize {
        match self {
            Scenario::Quiet => 0,
            Scenario::Normal | Scenario::Dead => 1,
            Scenario::Volatile => 2,
            Scenario::Cascade => 3,
            Scenario::Switching => rng.usize(0..REGIMES),
        }
    }
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// A taker came.
    Taker {
        /// Its side.
        side: Side,
        /// How far it reached from the mid, bps.
        depth_bps: f64,
        /// Whether it fills what it reaches of ours.
        ours: bool,
        /// Mid before it, USD.
        mid: f64,
    },
    /// The mid is this from now on, USD.
    Mid(f64),
}

/// The market.
#[derive(Clone, Debug)]
pub struct Market {
    scenario: Scenario,
    truths: [Truth; REGIMES],
    regime: usize,
    seconds: i64,
    mid: f64,
    /// What is left of the unit exponential until the next taker.
    left: f64,
    regimes: Rng,
    takers: Rng,
    noise: Rng,
}

impl Market {
    /// A market at time zero.
    #[must_use]
    pub fn new(scenario: Scenario, seed: u64) -> Market {
        let mut regimes = draw::stream(seed, "study regimes", 0);
        let mut takers = draw::stream(seed, "study takers", 0);
        Market {
            truths: scenario.truths(),
            regime: scenario.start(&mut regimes),
            scenario,
            seconds: 0,
            mid: MID_USD,
            left: draw::exponential(&mut takers, 1.0),
            regimes,
            takers,
            noise: draw::stream(seed, "study noise", 0),
        }
    }

    /// The regime it is in.
    #[must_use]
    pub fn regime(&self) -> usize {
        self.regime
    }

    /// The truth of each regime it can be in.
    #[must_use]
    pub fn truths(&self) -> [Truth; REGIMES] {
        self.truths
    }

    /// The truth now.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.truths[self.regime]
    }

    /// Time.
    #[must_use]
    pub fn now(&self) -> Ns {
        Ns(self.seconds * Ns::SEC)
    }

    /// Mid, USD.
    #[must_use]
    pub fn mid(&self) -> f64 {
        self.mid
    }

    /// A second passes.
    pub fn second(&mut self, out: &mut impl FnMut(Ns, Step)) {
        let truth = self.truth();
        let rate = 2.0 * truth.rate;
        let start = self.now();
        let mut at = self.left / rate;
        while at < 1.0 {
            let now = start.plus(draw::floor(at * 1e9));
            let side = if self.takers.bool() { Side::Buy } else { Side::Sell };
            let depth_bps = draw::exponential(&mut self.takers, 1.0 / truth.kappa);
            let ours = self.takers.f64() < PHI;
            out(now, Step::Taker { side, depth_bps, ours, mid: self.mid });
            let sign = if side == Side::Buy { 1e-4 } else { -1e-4 };
            self.mid *= 1.0 + sign * truth.adverse();
            out(now, Step::Mid(self.mid));
            at += draw::exponential(&mut self.takers, 1.0) / rate;
        }
        self.left = (at - 1.0) * rate;
        self.seconds += 1;
        self.mid *= det::exp(1e-4 * truth.noise() * draw::normal(&mut self.noise));
        out(self.now(), Step::Mid(self.mid));
        if self.scenario == Scenario::Switching && self.regimes.f64() * DWELL_S < 1.0 {
            self.regime = (self.regime + 1 + self.regimes.usize(0..REGIMES - 1)) % REGIMES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takers per second and side, mean depth, squared returns per second, share that is ours.
    fn moments(scenario: Scenario, hours: i64) -> [f64; 4] {
        let mut m = Market::new(scenario, 5);
        let (mut n, mut depth, mut ours, mut square) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..hours * 3_600 {
            let before = m.mid();
            m.second(&mut |_, s| {
                if let Step::Taker { depth_bps, ours: o, .. } = s {
                    n += 1.0;
                    depth += depth_bps;
                    ours += f64::from(u8::from(o));
                }
            });
            let r = (m.mid() / before - 1.0) * 1e4;
            square += r * r;
        }
        let s = draw::float(hours) * 3_600.0;
        [n / s / 2.0, depth / n, square / s, ours / n]
    }

    #[test]
    fn the_market_is_what_it_says() {
        for scenario in &Scenario::ALL[..5] {
            let t = Market::new(*scenario, 5).truth();
            let [rate, depth, var, ours] = moments(*scenario, 12);
            let name = scenario.name();
            assert!((rate / t.rate - 1.0).abs() < 0.08, "{name}: {rate}");
            assert!((depth * t.kappa - 1.0).abs() < 0.08, "{name}: {depth}");
            assert!((var / t.sigma / t.sigma - 1.0).abs() < 0.05, "{name}: {var}");
            assert!((ours - PHI).abs() < 0.05, "{name}: {ours}");
        }
    }

    #[test]
    fn switching_visits_all_and_stays_ten_minutes() {
        let mut m = Market::new(Scenario::Switching, 1);
        let (mut seen, mut changes) = ([0.0; REGIMES], 0.0);
        for _ in 0..100_000 {
            let before = m.regime();
            m.second(&mut |_, _| {});
            seen[before] += 1e-5;
            changes += f64::from(u8::from(before != m.regime()));
        }
        assert!(seen.iter().all(|s| (0.12..0.4).contains(s)), "{seen:?}");
        assert!((changes / (1e5 / DWELL_S) - 1.0f64).abs() < 0.25, "{changes}");
    }
}
