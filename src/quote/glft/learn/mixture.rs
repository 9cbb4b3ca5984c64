//! Kappa and rate per regime, and the depth that is best for the mixture of regimes.
//!
//! In: the tape, regime probabilities, cost per regime. Out: [`Mixture`]: the local kappa at the
//! optimum with its interval, rates, the reach table. Hot path at 1 Hz: bounded loops.
//!
//! 1. A regime borrows from the others: kappa_r has a gamma prior around base * m_r whose
//!    strength is at most `borrow` sweeps and weaker while the base itself is uncertain. The base
//!    leaves out the regime's own data, so nothing is counted twice and the posterior stays gamma.
//! 2. So does the window: sweeps that ended nearer than its foot, yet beyond the touch, tell of the
//!    decay there, which is near the one in the window but not the same. They count, discounted to
//!    at most `near` sweeps. Takers that stop at the touch tell nothing of the decay behind it and
//!    are left out: their rate is in the reach table.
//! 3. Nothing is clamped after inference, and kappas are not averaged: the depth is the optimum
//!    of the mixture intensity L(d) = sum p_r M_r e^(-kappa_r d), by
//!    d = (sum w_r + sum w_r kappa_r c_r) / sum w_r kappa_r, w_r = p_r M_r e^(-kappa_r d), by
//!    Newton steps where they contract and steps damped by one half where not, 25 at most.
//! 4. The window [d/2, 2d] follows the optimum, 8 iterations: takers' depths are not exponential
//!    from the touch to the far tail, but nearly so around one depth.
//! 5. The one kappa that quotes is the slope -L'/L at that depth, so c + 1/kappa is the optimum.

use serde::{Deserialize, Serialize};

use super::tape::{EDGES, Gamma, Tally, Tape, Window};
use crate::learn::regime::REGIMES;
use crate::math::det;
use crate::settings::settings;
use crate::units::Side;

const WINDOW_STEPS: u32 = 8;
const DEPTH_STEPS: u32 = 25;
/// Strength, in events, of the fitted rate where the reach table has few sweeps of its own.
const REACH_STRENGTH: f64 = 3.0;

settings! {
    /// Settings of kappa by regime.
    pub struct Config: Copy {
        /// Kappa of each regime relative to the base, a priori.
        multiplier: [f64; REGIMES] = [2.0, 1.0, 0.42, 0.13], 0.01..=100.0;
        /// Strength with which a regime believes the other regimes' base.
        borrow: f64 = 20.0, 1e-3..=1e9, "sweeps";
        /// Strength that depths between the touch and the window have together.
        near: f64 = 6.0, 0.0..=1e9, "sweeps";
        /// Nearest depth a window is centred on.
        depth_min_bps: f64 = 0.5, 0.01..=60.0, "bps";
        /// Farthest depth a window is centred on.
        depth_max_bps: f64 = 60.0, 1.0..=1e3, "bps";
    }
    where {
        [depth_min_bps, depth_max_bps] |c| c.depth_min_bps < c.depth_max_bps,
            "`depth_min_bps` must be below `depth_max_bps`";
    }
}

/// One regime's estimate in the quoting window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regime {
    /// Posterior of kappa per bps.
    pub kappa: Gamma,
    /// Posterior of the rate of sweeps per second that reach the window's foot, by book side.
    pub reach: [Gamma; 2],
    /// Sweeps inside the window, and what those nearer count for.
    pub n: f64,
    /// Of these, what those nearer count for.
    pub near: f64,
}

/// What the tape says about the depth that is best now.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mixture {
    /// Probabilities used.
    pub p: [f64; REGIMES],
    /// Best depth from the mid without inventory, bps.
    pub depth_bps: f64,
    /// The window around it.
    pub window: Window,
    /// Depth of the window's foot, bps.
    pub foot_bps: f64,
    /// Per regime.
    pub regime: [Regime; REGIMES],
    /// Local slope of the mixture at the depth, per bps, as a gamma law.
    pub kappa: Gamma,
    /// Effective sweeps behind it.
    pub n_eff: f64,
    /// Logarithm of the rate at each edge of the depth grid, by book side.
    pub table: Reach,
}

/// Rate of sweeps by depth: what the tape counted, smoothed where it counted little.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    ln_rate: [[f64; EDGES]; 2],
    edge: [f64; EDGES],
}

impl Default for Reach {
    fn default() -> Reach {
        Reach { ln_rate: [[f64::NEG_INFINITY; EDGES]; 2], edge: [0.0; EDGES] }
    }
}

impl Reach {
    /// Sweeps per second that reach `depth_bps` on book side `side`: log-linear between edges and
    /// beyond the last one. Not increasing in depth. 0 for a depth that is not finite.
    #[must_use]
    pub fn at(&self, side: Side, depth_bps: f64) -> f64 {
        self.place(depth_bps).map_or(0.0, |p| self.read(side, p))
    }

    /// The edge before a depth and how far it is to the next one; `None` if it is not finite.
    fn place(&self, depth_bps: f64) -> Option<(usize, f64)> {
        if !depth_bps.is_finite() {
            return None;
        }
        // All edges are looked at: in wide registers that is less than a search with its misses.
        let below = self.edge.iter().fold(0, |n, e| n + u64::from(*e <= depth_bps));
        let i = usize::try_from(below).unwrap_or(EDGES).clamp(1, EDGES - 1);
        let (a, b) = (self.edge[i - 1], self.edge[i]);
        Some((i, ((depth_bps - a) / (b - a)).max(0.0)))
    }

    fn read(&self, side: Side, (i, t): (usize, f64)) -> f64 {
        let ln = &self.ln_rate[side.index()];
        det::exp(ln[i - 1] + t * (ln[i] - ln[i - 1]))
    }
}

/// Priors that the estimate starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priors {
    /// Of kappa, per bps.
    pub kappa: Gamma,
    /// Of the rate of one side, per second.
    pub rate: Gamma,
    /// Depth up to which takers only meet the touch, bps.
    pub touch_bps: f64,
    /// Memory of the tape, seconds of regime time.
    pub memory_s: f64,
}

/// Reads the tape at the depth that is best for regime probabilities `p` and costs `cost_bps`
/// (fee plus expected adverse move, by regime), starting from `depth_bps`.
#[must_use]
pub fn estimate(
    tape: &Tape,
    p: &[f64; REGIMES],
    cost_bps: &[f64; REGIMES],
    depth_bps: f64,
    priors: Priors,
    cfg: &Config,
) -> Mixture {
    // Where the weights of all regimes vanish there is no best depth: the last one stays.
    let clamp = |d: f64, last: f64| {
        let d = if d.is_finite() { d } else { last };
        d.clamp(cfg.depth_min_bps, cfg.depth_max_bps)
    };
    let mut d = clamp(depth_bps, cfg.depth_max_bps);
    let mut window = tape.window(d);
    let mut regime = read(tape, window, priors, cfg);
    for _ in 0..WINDOW_STEPS {
        d = clamp(best_depth(&regime, p, cost_bps, tape.edge(window.lo), d), d);
        let next = tape.window(d);
        if next == window {
            break;
        }
        window = next;
        regime = read(tape, window, priors, cfg);
    }
    let foot = tape.edge(window.lo);
    d = clamp(best_depth(&regime, p, cost_bps, foot, d), d);
    let w: [f64; REGIMES] = std::array::from_fn(|r| weight(&regime[r], p[r], d - foot));
    let all: f64 = w.iter().sum();
    let share = w.map(|x| if all > 0.0 { x / all } else { 0.0 });
    let (mut mean, mut var, mut n_eff) = (0.0, 0.0, 0.0);
    for r in 0..REGIMES {
        let k = regime[r].kappa;
        mean += share[r] * k.mean();
        var += share[r] * share[r] * k.shape / (k.rate * k.rate);
        n_eff += share[r] * regime[r].n;
    }
    Mixture {
        p: *p,
        depth_bps: d,
        window,
        foot_bps: foot,
        kappa: Gamma::matching(mean.max(1e-9), var.max(1e-18)),
        n_eff,
        table: table(tape, &regime, p, foot),
        regime,
    }
}

/// Most e-folds over which a rate is extrapolated, and the largest error of its logarithm.
const EFOLDS_MOST: f64 = 200.0;

/// e to the `x`, an exponent of depth times slope, bounded by [`EFOLDS_MOST`] either way: sums and
/// products of what stands farther off stay finite.
#[must_use]
pub fn efold(x: f64) -> f64 {
    det::exp(x.clamp(-EFOLDS_MOST, EFOLDS_MOST))
}

/// Posteriors of all regimes in a window.
fn read(tape: &Tape, w: Window, priors: Priors, cfg: &Config) -> [Regime; REGIMES] {
    let sides: [[Tally; 2]; REGIMES] =
        std::array::from_fn(|r| Side::BOTH.map(|s| tape.tally(priors.memory_s, s, r, w)));
    let joint: [Tally; REGIMES] = std::array::from_fn(|r| sides[r][0].join(sides[r][1]));
    let m = &cfg.multiplier;
    let near = near(tape, w, priors, cfg);
    let total =
        joint.iter().zip(m).fold((0.0, 0.0), |(a, b), (t, m)| (a + t.inside, b + t.excess * m));
    std::array::from_fn(|r| {
        let own = joint[r];
        // The base of the other regimes, and how much it is worth.
        let shape = priors.kappa.shape + (total.0 - own.inside).max(0.0);
        let rate = priors.kappa.rate + (total.1 - own.excess * m[r]).max(0.0);
        let strength = shape * cfg.borrow / (cfg.borrow + shape - priors.kappa.shape);
        let prior = Gamma { shape: strength, rate: strength * rate / (shape * m[r]) };
        let local = Tally { excess: own.excess + near[r].excess, ..own };
        let kappa = Tally { inside: own.inside + near[r].inside, ..local }.kappa(prior);
        Regime {
            kappa,
            reach: sides[r].map(|t| t.reach(priors.rate)),
            n: own.inside + near[r].inside,
            near: near[r].inside,
        }
    })
}

/// What sweeps between the touch and a window's foot count for, by regime: their likelihood of kappa,
/// censored at the foot, to a power that leaves them `cfg.near` sweeps at most.
fn near(tape: &Tape, w: Window, priors: Priors, cfg: &Config) -> [Tally; REGIMES] {
    let lo = (1..w.lo).find(|i| tape.edge(*i) > priors.touch_bps).unwrap_or(w.lo);
    if lo >= w.lo || cfg.near <= 0.0 {
        return [Tally::default(); REGIMES];
    }
    let w = Window { lo, hi: w.lo };
    std::array::from_fn(|r| {
        let [bids, asks] = Side::BOTH.map(|s| tape.tally(priors.memory_s, s, r, w));
        let t = bids.join(asks);
        let share = cfg.near / (cfg.near + t.inside);
        Tally { inside: share * t.inside, excess: share * t.excess, ..Tally::default() }
    })
}

/// p M e^(-kappa x) with x the depth above the window's foot.
fn weight(r: &Regime, p: f64, x: f64) -> f64 {
    p * (r.reach[0].mean() + r.reach[1].mean()) * efold(-r.kappa.mean() * x)
}

/// Fixed point of the mixture optimum, from `start`.
fn best_depth(
    regime: &[Regime; REGIMES],
    p: &[f64; REGIMES],
    cost: &[f64; REGIMES],
    foot: f64,
    start: f64,
) -> f64 {
    let k = regime.each_ref().map(|r| r.kappa.mean());
    let reach = regime.each_ref().map(|r| r.reach[0].mean() + r.reach[1].mean());
    let mut d = start;
    for _ in 0..DEPTH_STEPS {
        // The fixed-point map top / bottom, and the derivatives of both in d.
        let (mut top, mut bottom, mut dtop, mut dbottom) = (0.0, 0.0, 0.0, 0.0);
        for r in 0..REGIMES {
            let w = p[r] * reach[r] * efold(-k[r] * (d - foot));
            let (a, b) = (w * (1.0 + k[r] * cost[r]), w * k[r]);
            top += a;
            bottom += b;
            dtop -= k[r] * a;
            dbottom -= k[r] * b;
        }
        if bottom <= 0.0 {
            break;
        }
        let next = top / bottom;
        let slope = (dtop - next * dbottom) / bottom;
        let step = (next - d) * if slope < 0.5 { 1.0 / (1.0 - slope) } else { 0.5 };
        d += step;
        if step.abs() <= 1e-12 * d.abs() {
            break;
        }
    }
    d
}

fn table(tape: &Tape, regime: &[Regime; REGIMES], p: &[f64; REGIMES], foot: f64) -> Reach {
    let mut out = Reach { edge: std::array::from_fn(|b| tape.edge(b)), ..Reach::default() };
    let mut rates = [[0.0; EDGES]; 2];
    for r in 0..REGIMES {
        let (k, exposure) = (regime[r].kappa.mean(), tape.exposure(r));
        let decay = out.edge.map(|e| if e > foot { efold(-k * (e - foot)) } else { 1.0 });
        for side in Side::BOTH {
            let seen = tape.survivors(side, r);
            let g = regime[r].reach[side.index()].mean();
            let rate = &mut rates[side.index()];
            for b in 0..EDGES {
                let fit = (g * decay[b]).max(1e-12);
                let n = REACH_STRENGTH;
                rate[b] += p[r] * fit * (n + seen[b]) / (n + exposure * fit);
            }
        }
    }
    for (ln_rate, mut rate) in out.ln_rate.iter_mut().zip(rates) {
        let mut least = f64::INFINITY;
        for x in &mut rate {
            least = least.min(*x);
            *x = least;
        }
        // On their own, so that one need not wait for another.
        *ln_rate = rate.map(|x| det::ln(x.max(1e-300)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::regime::{NORMAL, only};
    use crate::math::draw::Draw;

    const MEMORY_S: f64 = 1e9;
    const A: [f64; 4] = [0.15, 0.5, 2.0, 6.0];
    const K: [f64; 4] = [1.2, 0.6, 0.25, 0.08];
    const COST: [f64; 4] = [2.0, 2.0, 2.5, 4.5];

    fn priors() -> Priors {
        Priors {
            kappa: Gamma { shape: 1.0, rate: 1.0 / 0.6 },
            rate: Gamma { shape: 0.5, rate: 1.0 },
            touch_bps: f64::INFINITY,
            memory_s: MEMORY_S,
        }
    }

    /// `hours` of tape in each of the given regimes, known for sure.
    fn tape(seed: u64, hours: [f64; 4]) -> Tape {
        let mut t = Tape::default();
        let mut d = Draw::new(seed);
        for r in 0..REGIMES {
            let p = only(r);
            let mut left = hours[r] * 3_600.0;
            loop {
                let wait = d.exp(2.0 * A[r]);
                left -= wait;
                if left < 0.0 {
                    break;
                }
                t.advance(MEMORY_S, wait, &p);
                let side = if d.chance(0.5) { Side::Buy } else { Side::Sell };
                t.sweep(side, d.exp(K[r]), &p);
            }
        }
        t
    }

    fn pnl(p: &[f64; 4], d: f64) -> f64 {
        (0..4).map(|r| p[r] * A[r] * det::exp(-K[r] * d) * (d - COST[r])).sum()
    }

    fn best(p: &[f64; 4]) -> f64 {
        (5..600).map(|i| pnl(p, 0.1 * f64::from(i))).fold(f64::NEG_INFINITY, f64::max)
    }

    #[test]
    fn the_mixture_depth_earns_what_the_oracle_earns() {
        let t = tape(1, [8.0, 4.0, 1.0, 0.5]);
        for p in [
            only(0),
            only(1),
            only(2),
            only(3),
            [0.0, 0.9, 0.1, 0.0],
            [0.5, 0.4, 0.0, 0.1],
            [0.25, 0.25, 0.25, 0.25],
            [0.97, 0.02, 0.005, 0.005],
        ] {
            let m = estimate(&t, &p, &COST, 3.0, priors(), &Config::default());
            let share = pnl(&p, m.depth_bps) / best(&p);
            assert!(share > 0.97, "{p:?}: {share} at {}", m.depth_bps);
        }
        // Control: the depth of the averaged kappa loses where regimes differ.
        let p = [0.9, 0.0, 0.0, 0.1];
        let mean: f64 = (0..4).map(|r| p[r] * K[r]).sum();
        let m = estimate(&t, &p, &COST, 3.0, priors(), &Config::default());
        assert!(pnl(&p, 2.25 + 1.0 / mean) < 0.7 * pnl(&p, m.depth_bps));
    }

    #[test]
    fn the_slope_carries_the_mixture() {
        let t = tape(2, [2.0, 2.0, 0.5, 0.2]);
        let p = [0.2, 0.6, 0.15, 0.05];
        let flat = [2.0; 4];
        let m = estimate(&t, &p, &flat, 3.0, priors(), &Config::default());
        let d = 2.0 + 1.0 / m.kappa.mean();
        assert!((d - m.depth_bps).abs() < 0.01 * d, "{d} {}", m.depth_bps);
    }

    #[test]
    fn one_regime_alone_is_the_plain_conjugate_posterior() {
        let t = tape(3, [0.0, 1.0, 0.0, 0.0]);
        let m = estimate(&t, &only(NORMAL), &COST, 3.0, priors(), &Config::default());
        let joint = t.tally(MEMORY_S, Side::Buy, 1, m.window).join(t.tally(
            MEMORY_S,
            Side::Sell,
            1,
            m.window,
        ));
        let g = joint.kappa(priors().kappa);
        assert!((m.kappa.mean() / g.mean() - 1.0).abs() < 1e-9);
        assert!((m.kappa.shape / g.shape - 1.0).abs() < 1e-9);
        assert!((m.n_eff - joint.inside).abs() < 1e-9);
    }

    #[test]
    fn an_unseen_regime_borrows_and_stays_unsure() {
        let t = tape(4, [0.0, 20.0, 0.0, 0.0]);
        let seen = estimate(&t, &only(2), &COST, 6.0, priors(), &Config::default());
        let k = seen.regime[2].kappa;
        assert!((k.mean() / (0.6 * 0.42) - 1.0).abs() < 0.1, "{k:?}");
        assert!(k.shape < 21.0 && seen.n_eff < 1e-9);
        let none = estimate(&Tape::default(), &only(2), &COST, 6.0, priors(), &Config::default());
        assert!((none.regime[2].kappa.shape - 1.0).abs() < 1e-9, "no data anywhere: the prior");
    }

    #[test]
    fn raising_kappa_tightens_the_quote() {
        let mut last = f64::INFINITY;
        for k in [0.1, 0.3, 0.9, 2.7] {
            let mut t = Tape::default();
            let mut d = Draw::new(7);
            for _ in 0..3_000 {
                t.advance(MEMORY_S, 1.0, &only(1));
                t.sweep(Side::Buy, d.exp(k), &only(1));
            }
            let m = estimate(&t, &only(1), &COST, 3.0, priors(), &Config::default());
            assert!(m.depth_bps < last);
            last = m.depth_bps;
        }
    }

    #[test]
    fn a_local_fit_survives_an_atom_at_the_touch_and_a_heavy_tail() {
        // Half of all takers stop at the touch; the rest reach a Pareto depth, (1 + d/2)^-3.
        let mut d = Draw::new(8);
        let mut t = Tape::default();
        let n = 5_000;
        let (mut sum, mut count) = (0.0, 0.0);
        for _ in 0..n {
            let atom = d.chance(0.5);
            let depth = if atom { 0.3 } else { 2.0 * (det::pow(d.unit(), -1.0 / 3.0) - 1.0) };
            t.advance(MEMORY_S, 1.0, &only(1));
            t.sweep(Side::Buy, depth, &only(1));
            sum += depth;
            count += 1.0;
        }
        let value = |x: f64| 0.5 * det::pow(1.0 + 0.5 * x, -3.0) * (x - 2.0);
        let oracle = (20..400).map(|i| value(0.05 * f64::from(i))).fold(0.0, f64::max);
        let m = estimate(&t, &only(1), &[2.0; 4], 3.0, priors(), &Config::default());
        let share = value(m.depth_bps) / oracle;
        let global = value(2.0 + sum / count) / oracle;
        assert!(share > 0.97, "{share} at {}", m.depth_bps);
        assert!(global < share - 0.05, "control: one kappa for all depths, {global}");
    }

    #[test]
    fn depths_between_touch_and_window_help_a_thin_window() {
        // Nine takers of ten stop at the touch; the others' depths are exponential from there.
        let (mut plain, mut helped) = (0.0, 0.0);
        for seed in 0..40 {
            let mut d = Draw::new(seed);
            let mut t = Tape::default();
            for _ in 0..300 {
                t.advance(MEMORY_S, 2.0, &only(1));
                let depth = if d.chance(0.9) { 0.1 } else { 0.3 + d.exp(0.6) };
                t.sweep(Side::Buy, depth, &only(1));
            }
            let at = |touch_bps: f64| {
                let p = Priors { touch_bps, ..priors() };
                let m = estimate(&t, &only(1), &[3.0; 4], 4.5, p, &Config::default());
                assert!(m.regime[1].near < 6.0 && (touch_bps < 1.0) == (m.regime[1].near > 0.0));
                det::ln(m.kappa.mean() / 0.6)
            };
            let (a, b) = (at(f64::INFINITY), at(0.2));
            plain += a * a / 40.0;
            helped += b * b / 40.0;
        }
        assert!(helped < 0.8 * plain, "squared error {helped} against {plain}");
    }
}
