//! The regime filter: is the market quiet, normal, volatile or in a cascade?
//!
//! In: once a second the return and the number of sweeps. Out: four probabilities. Hot path at
//! 1 Hz: sixteen products, no allocation.
//!
//! 1. Forward filter of a hidden Markov chain: p' is proportional to (p P) l, with l a Student-t
//!    of the return times a negative binomial of the count (design: HMM with dwell 600 s).
//! 2. Until [`Config::anchor_s`] seconds of data have been seen, everything is `Normal`. Then what
//!    was seen is named: the regime whose levels are likeliest to be off by that much, the error of
//!    a level being log-normal. All levels are scaled so that its own are what was seen.
//! 3. Levels follow the data that their regime is responsible for (score steps, robust by the
//!    t law), and stay in order with a least ratio between neighbours.
//! 4. Probabilities are at least 1e-6 and sum to 1.

use serde::{Deserialize, Serialize};

use crate::math::det;
use crate::settings::{rising, settings};

/// Regimes: quiet, normal, volatile, cascade.
pub const REGIMES: usize = 4;
/// The regime that everything belongs to while nothing is known.
pub const NORMAL: usize = 1;

/// Degrees of freedom of the return's law.
const NU: f64 = 4.0;
/// Shape of the count's law.
const SHAPE: f64 = 4.0;
/// Standard deviation of the logarithm of a level before any data: how well a coin is known.
const LEVEL_LN_SD: f64 = 0.6;
/// How often a market is in each regime when watching begins.
const FIRST: [f64; REGIMES] = [0.3, 0.5, 0.15, 0.05];
/// Least probability of a regime.
const FLOOR: f64 = 1e-6;

settings! {
    /// Settings of the filter.
    pub struct Config: Copy {
        /// Volatility of each regime before any data.
        sigma_bps: [f64; REGIMES] = [0.4, 1.0, 2.5, 6.0], 1e-3..=1e3,
            "bps per square root of a second";
        /// Sweeps, both sides, of each regime before any data.
        sweeps: [f64; REGIMES] = [0.3, 1.0, 4.0, 12.0], 1e-3..=1e3, "per second";
        /// Mean stay in a regime.
        dwell_s: f64 = 600.0, 2.0..=1e9, "s";
        /// Time with data after which the levels are scaled to it; 0: never.
        anchor_s: f64 = 60.0, 0.0..=1e6, "s";
        /// Memory of the levels, in time of their regime; 0: they do not follow.
        memory_s: f64 = 3_600.0, 0.0..=1e9, "s";
        /// Least ratio of neighbouring volatilities and counts.
        ratio_min: f64 = 1.5, 1.01..=10.0;
    }
    where {
        [sigma_bps] |c| rising(&c.sigma_bps), "`sigma_bps` must rise from regime to regime";
        [sweeps] |c| rising(&c.sweeps), "`sweeps` must rise from regime to regime";
    }
}

/// One regime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regime {
    /// Probability.
    pub p: f64,
    /// Volatility the filter ascribes to it, bps per square root of a second.
    pub sigma_bps: f64,
}

/// The filter's state.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Filter {
    p: [f64; REGIMES],
    ln_sigma: [f64; REGIMES],
    ln_sweeps: [f64; REGIMES],
    seconds: f64,
    abs_return: f64,
    sweeps: f64,
    anchored: bool,
}

/// A regime's levels over a step: one over the variance, and the mean count.
struct Level {
    inverse: f64,
    mean: f64,
}

impl Filter {
    /// A filter that knows its settings only.
    #[must_use]
    pub fn new(cfg: &Config) -> Filter {
        Filter {
            p: if cfg.anchor_s > 0.0 { only(NORMAL) } else { [0.25; REGIMES] },
            ln_sigma: cfg.sigma_bps.map(det::ln),
            ln_sweeps: cfg.sweeps.map(det::ln),
            seconds: 0.0,
            abs_return: 0.0,
            sweeps: 0.0,
            anchored: cfg.anchor_s <= 0.0,
        }
    }

    /// The probabilities; they sum to 1.
    #[must_use]
    pub fn p(&self) -> [f64; REGIMES] {
        self.p
    }

    /// The regimes' volatilities, bps per square root of a second.
    #[must_use]
    pub fn sigma_bps(&self) -> [f64; REGIMES] {
        self.ln_sigma.map(det::exp)
    }

    /// A step of `dt_s` (about 1) seconds: the mid returned `bps` and `count` sweeps came. Gives
    /// the regime that what was seen as `Normal` so far is named, once.
    pub fn step(&mut self, cfg: &Config, dt_s: f64, bps: f64, count: f64) -> Option<usize> {
        if dt_s <= 0.0 {
            return None;
        }
        let scaled = bps / dt_s.sqrt();
        if !self.anchored {
            return self.collect(cfg, dt_s, scaled, count);
        }
        let levels: [Level; REGIMES] = std::array::from_fn(|j| Level {
            inverse: det::exp(-2.0 * self.ln_sigma[j]),
            mean: det::exp(self.ln_sweeps[j]) * dt_s,
        });
        let ln_dt = det::ln(dt_s);
        let ln_like: [f64; REGIMES] =
            std::array::from_fn(|j| self.ln_like(j, &levels[j], scaled, count, ln_dt));
        let best = ln_like.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let prior = self.ahead(cfg, dt_s);
        let mut next = [0.0; REGIMES];
        let mut sum = 0.0;
        for j in 0..REGIMES {
            next[j] = prior[j] * det::exp((ln_like[j] - best).max(-30.0));
            sum += next[j];
        }
        let norm = next.iter().fold(0.0, |s, x| s + (x / sum).max(FLOOR));
        self.p = next.map(|x| (x / sum).max(FLOOR) / norm);
        if cfg.memory_s > 0.0 {
            self.follow(cfg, &levels, dt_s, scaled, count);
        }
        None
    }

    /// `dt_s` (>= 0) seconds passed unseen: the regime may have changed meanwhile.
    pub fn idle(&mut self, cfg: &Config, dt_s: f64) {
        if self.anchored && dt_s > 0.0 {
            self.p = self.ahead(cfg, dt_s);
        }
    }

    /// Probabilities `dt_s` seconds ahead.
    fn ahead(&self, cfg: &Config, dt_s: f64) -> [f64; REGIMES] {
        // Four states that leave at 1/dwell: everything relaxes to 1/4 at the rate 4/(3 dwell).
        let keep = det::exp(-dt_s / cfg.dwell_s * 4.0 / 3.0);
        self.p.map(|p| 0.25 + keep * (p - 0.25))
    }

    /// Log-likelihood of a second under regime `j`, up to a constant.
    fn ln_like(&self, j: usize, level: &Level, scaled: f64, count: f64, ln_dt: f64) -> f64 {
        let per_scale2 = level.inverse / (NU - 2.0);
        let t = -self.ln_sigma[j] - 0.5 * (NU + 1.0) * det::ln(1.0 + scaled * scaled * per_scale2);
        let ln_mean = self.ln_sweeps[j] + ln_dt;
        let all = det::ln(level.mean + SHAPE);
        t + count * (ln_mean - all) - SHAPE * all
    }

    /// Score steps of the levels, each weighted by its regime's probability. The score of the t
    /// law saturates, so one outlier moves a level by a bounded amount.
    fn follow(
        &mut self,
        cfg: &Config,
        levels: &[Level; REGIMES],
        dt_s: f64,
        scaled: f64,
        count: f64,
    ) {
        let info = 2.0 * NU / (NU + 3.0);
        for (j, level) in levels.iter().enumerate() {
            let rate = self.p[j] * dt_s / cfg.memory_s;
            let z2 = scaled * scaled * NU / (NU - 2.0) * level.inverse;
            let score = (NU + 1.0) * z2 / (NU + z2) - 1.0;
            self.ln_sigma[j] += rate * score / info;
            self.ln_sweeps[j] += rate * (count / level.mean - 1.0).clamp(-1.0, 3.0);
        }
        let gap = det::ln(cfg.ratio_min);
        keep_order(&mut self.ln_sigma, gap);
        keep_order(&mut self.ln_sweeps, gap);
    }

    fn collect(&mut self, cfg: &Config, dt_s: f64, scaled: f64, count: f64) -> Option<usize> {
        self.seconds += dt_s;
        self.abs_return += dt_s * scaled.abs();
        self.sweeps += count;
        if self.seconds < cfg.anchor_s {
            return None;
        }
        // E|r| of a normal is sigma sqrt(2/pi). Pseudo-data keep a silent start finite.
        let sigma = det::ln((1.253_314 * self.abs_return / self.seconds).max(0.02));
        let sweeps = det::ln((self.sweeps + 0.5) / (self.seconds + 1.0));
        let off = |j: usize| (sigma - self.ln_sigma[j], sweeps - self.ln_sweeps[j]);
        let ln_p = |j: usize| {
            let (a, b) = off(j);
            det::ln(FIRST[j]) - 0.5 * (a * a + b * b) / (LEVEL_LN_SD * LEVEL_LN_SD)
        };
        let named = (0..REGIMES).fold(0, |best, j| if ln_p(j) > ln_p(best) { j } else { best });
        let (a, b) = off(named);
        self.ln_sigma.iter_mut().for_each(|x| *x += a.clamp(-5.0, 5.0));
        self.ln_sweeps.iter_mut().for_each(|x| *x += b.clamp(-5.0, 5.0));
        self.p = only(named);
        self.anchored = true;
        Some(named)
    }
}

/// Certainty of one regime.
#[must_use]
pub fn only(regime: usize) -> [f64; REGIMES] {
    std::array::from_fn(|j| if j == regime { 1.0 } else { 0.0 })
}

/// Pushes neighbours apart, evenly, until each is at least `gap` above the one before.
fn keep_order(x: &mut [f64; REGIMES], gap: f64) {
    for j in 1..REGIMES {
        let short = x[j - 1] + gap - x[j];
        if short > 0.0 {
            x[j - 1] -= 0.5 * short;
            x[j] += 0.5 * short;
        }
    }
    for j in 1..REGIMES {
        x[j] = x[j].max(x[j - 1] + gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::draw::Draw;

    const SIGMA: [f64; 4] = [0.4, 1.0, 2.5, 6.0];
    const SWEEPS: [f64; 4] = [0.3, 1.0, 4.0, 12.0];

    struct Market {
        draw: Draw,
        state: usize,
    }

    impl Market {
        /// A second: the state, a return with t5 tails, an overdispersed count.
        fn second(&mut self) -> (usize, f64, f64) {
            if self.draw.chance(1.0 / 600.0) {
                self.state = (self.state + 1 + self.draw.below(3)) % 4;
            }
            let r = SIGMA[self.state] * self.draw.student(5.0) * f64::sqrt(3.0 / 5.0);
            let mean = SWEEPS[self.state] * self.draw.gamma(SHAPE) / SHAPE;
            (self.state, r, f64::from(self.draw.poisson(mean)))
        }
    }

    fn argmax(p: [f64; 4]) -> usize {
        (0..4).max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap_or(0)
    }

    /// Accuracy and mean log loss over `n` seconds; levels wrong by 20 % either way.
    fn score(seed: u64, n: usize, wrong: f64, blind: bool) -> (f64, f64) {
        let cfg = Config {
            sigma_bps: std::array::from_fn(|j| {
                SIGMA[j] * if j % 2 == 0 { 1.0 + wrong } else { 1.0 - wrong }
            }),
            sweeps: std::array::from_fn(|j| {
                SWEEPS[j] * if j % 2 == 0 { 1.0 - wrong } else { 1.0 + wrong }
            }),
            anchor_s: 0.0,
            ..Config::default()
        };
        let mut f = Filter::new(&cfg);
        let mut m = Market { draw: Draw::new(seed), state: 1 };
        let (mut right, mut loss) = (0.0, 0.0);
        for _ in 0..n {
            let (s, r, k) = m.second();
            if blind {
                f.step(&cfg, 1.0, 1.0, 1.0);
            } else {
                f.step(&cfg, 1.0, r, k);
            }
            right += f64::from(u8::from(argmax(f.p()) == s));
            loss -= det::ln(f.p()[s]);
        }
        (right / n as f64, loss / n as f64)
    }

    #[test]
    fn finds_the_regime_with_levels_twenty_percent_off() {
        for seed in [11, 12] {
            let (right, loss) = score(seed, 20_000, 0.2, false);
            assert!(right >= 0.95, "accuracy {right}");
            assert!(loss <= 0.2, "log loss {loss}");
        }
        assert!(score(11, 20_000, 0.2, true).0 < 0.5, "control: blind, it cannot know");
    }

    /// Largest difference between the probability given to a regime and how often it was that one,
    /// over tenths of probability; each raised to `power` first.
    fn unreliability(power: f64) -> f64 {
        let cfg = Config { sigma_bps: SIGMA, sweeps: SWEEPS, anchor_s: 0.0, ..Config::default() };
        let (mut f, mut m) = (Filter::new(&cfg), Market { draw: Draw::new(8), state: 1 });
        let mut bins = [[0.0f64; 3]; 10];
        for _ in 0..300_000 {
            let (s, r, k) = m.second();
            f.step(&cfg, 1.0, r, k);
            let p = f.p().map(|p| det::pow(p, power));
            let all: f64 = p.iter().sum();
            for (j, p) in p.iter().enumerate() {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "0..10"
                )]
                let bin = &mut bins[((p / all * 10.0) as usize).min(9)];
                *bin = [bin[0] + 1.0, bin[1] + p / all, bin[2] + f64::from(u8::from(j == s))];
            }
        }
        assert!(bins.iter().all(|b| b[0] > 100.0), "{bins:?}");
        bins.iter().fold(0.0, |most, [n, said, was]| f64::max(most, (said - was).abs() / n))
    }

    #[test]
    fn a_regime_is_as_likely_as_it_is_said_to_be() {
        let off = unreliability(1.0);
        assert!(off < 0.08, "{off}");
        assert!(unreliability(2.0) > 0.12, "control: surer than it is");
    }

    #[test]
    fn changes_are_seen_within_seconds() {
        let cfg = Config { anchor_s: 0.0, ..Config::default() };
        let mut f = Filter::new(&cfg);
        let mut m = Market { draw: Draw::new(3), state: 1 };
        let (mut last, mut since, mut delays) = (1, 0.0, vec![]);
        for _ in 0..40_000 {
            let (s, r, k) = m.second();
            f.step(&cfg, 1.0, r, k);
            if s != last {
                (last, since) = (s, 0.0);
            }
            if since >= 0.0 {
                since += 1.0;
                if argmax(f.p()) == s {
                    delays.push(since);
                    since = -1.0;
                }
            }
        }
        let mean = delays.iter().sum::<f64>() / delays.len() as f64;
        assert!(delays.len() > 30 && mean <= 10.0, "{mean} over {}", delays.len());
    }

    /// Ten minutes of a steady market: what it is named, and what it is taken for at the end.
    fn named(cfg: Config, sigma: f64, sweeps: f64) -> (Option<usize>, usize) {
        let mut f = Filter::new(&cfg);
        let mut d = Draw::new(4);
        let mut name = None;
        for _ in 0..600 {
            if f.seconds < cfg.anchor_s {
                assert!(f.p()[NORMAL] >= 1.0);
            }
            let seen = f.step(&cfg, 1.0, sigma * d.normal(), f64::from(d.poisson(sweeps)));
            assert!(name.is_none() || seen.is_none(), "named once");
            name = name.or(seen);
        }
        (name, argmax(f.p()))
    }

    #[test]
    fn the_first_minute_names_the_regime_and_sets_the_scale() {
        // A market between two levels is the normal one, and stays it.
        assert_eq!(named(Config::default(), 1.6, 1.6), (Some(1), 1));
        for j in 0..REGIMES {
            assert_eq!(named(Config::default(), SIGMA[j], SWEEPS[j]), (Some(j), j));
        }
        let fixed = Config { anchor_s: 0.0, ..Config::default() };
        assert_eq!(named(fixed, 1.7, 2.5).1, 2, "control: without the anchor");
        assert_eq!(named(Config::default(), 0.3, 2.5), (Some(1), 1), "as a whole");
    }

    #[test]
    fn probabilities_stay_probabilities_under_nonsense() {
        let mut f = Filter::new(&Config::default());
        let mut d = Draw::new(6);
        for i in 0..5_000 {
            let r = 1e6 * d.normal() * f64::from(u8::from(d.chance(0.1)));
            f.step(&Config::default(), 1.0, r, f64::from(d.poisson(3.0)) * 100.0);
            let p = f.p();
            if i < 60 {
                continue;
            }
            let sum: f64 = p.iter().sum();
            assert!((sum - 1.0).abs() < 1e-9 && p.iter().all(|x| *x >= 0.9 * FLOOR), "{p:?}");
            let s = f.sigma_bps();
            assert!(s.windows(2).all(|w| w[1] > w[0] * 1.49), "{s:?}");
        }
    }
}
