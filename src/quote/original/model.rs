//! The original paper trader's learning, faults included.
//!
//! In: own fills, seconds, regime probabilities. Out: [`Known`]. Hot path: O(1) a fill.
//!
//! The faults are kept on purpose, as its analysis describes them:
//! 1. Kappa from distances of own fills, from the mid at the fill, without exposure: it converges to one over the quoted
//!    distance. Shape and rate grow with *volume*, so the unit of size changes the result.
//! 2. Confidence 1 / (1 + cv) with cv that of the posterior, 1 / sqrt(alpha): .69 with no data.
//! 3. A floor of 8000 on kappa, which caps the spread, after the 70/30 regime blend.
//! 4. Warm-up 40/40/20 with targets that depend on the fill rate, not latched: it can fall.
//! 5. A gate that calls a fill within 10 bps "predicted right", judged on fills only, with a
//!    constant forecast, by an "information ratio" that cannot reach its threshold. No quote goes by it.
//! 6. A calibration cycle a second, whose predictions are of the newest levels: a fill is matched to the
//!    closest of them, wherever its order stood.

use serde::{Deserialize, Serialize};

use crate::learn::regime::REGIMES;
use crate::limits::PENDING_MAX;
use crate::math::det;
use crate::settings::settings;
use crate::units::Ns;

/// Levels a side.
pub const LEVELS: usize = 3;
/// When the adverse move of a fill is read, ns after it.
const MARK_NS: i64 = 5 * Ns::SEC;

settings! {
    /// What the original learns by.
    pub struct Config: Copy {
        /// Prior mean of kappa.
        kappa: f64 = 2_500.0, 1.0..=1e6, "per unit of relative price";
        /// Strength of that prior.
        strength: f64 = 5.0, 1e-3..=1e9, "units of volume";
        /// Own fills from which it calls its kappa warmed up.
        fills_min: f64 = 10.0, 0.0..=1e9, "fills";
        /// Prior means of kappa by regime.
        regime_kappa: [f64; REGIMES] = [3_000.0, 2_000.0, 1_000.0, 500.0], 1.0..=1e6,
            "per unit of relative price";
        /// Strength of the priors by regime.
        regime_strength: f64 = 10.0, 1e-3..=1e9, "fills";
        /// Fills before a regime's own mean replaces its prior.
        regime_fills_min: f64 = 10.0, 0.0..=1e9, "fills";
        /// Weight of the regime mixture in the blend.
        regime_weight: f64 = 0.3, 0.0..=1.0;
        /// Floor on kappa while confidence is low.
        kappa_floor: f64 = 8_000.0, 1.0..=1e6, "per unit of relative price";
        /// The floor comes before the regime blend, as its notes say, not after it, as its analysis.
        floor_first: bool = false;
        /// Confidence from which the floor slides to the learned value.
        confidence_min: f64 = 0.75, 0.0..=1.0;
        /// Least floor after that.
        kappa_floor_min: f64 = 2_000.0, 1.0..=1e6, "per unit of relative price";
        /// Fee that it adds.
        fee_bps: f64 = 1.5, -100.0..=100.0, "bps";
        /// Distance below which a fill counts as predicted.
        good_fill_bps: f64 = 10.0, 0.0..=1e4, "bps";
    }
}

/// What it believes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Kappa learned from own fills, per unit of relative price.
    pub kappa_learned: f64,
    /// After the regime blend.
    pub kappa_blended: f64,
    /// Floor in force.
    pub kappa_floor: f64,
    /// Kappa used: floor and blend in the configured order.
    pub kappa: f64,
    /// 1 / kappa + fee, bps.
    pub half_spread_bps: f64,
    /// 1 / (1 + cv).
    pub confidence: f64,
    /// Warm-up, 0..1, not latched.
    pub warmup: f64,
    /// Whether own fills are as many as it asks for.
    pub warmed_up: bool,
    /// Mean of the levels that the calibration cycle matched fills to, 0 the nearest.
    pub matched: f64,
    /// Share of its fills within 10 bps: what its gate takes for right predictions.
    pub good_fills: f64,
    /// Information ratio of its gate: a constant forecast has one bin and resolves nothing.
    pub information: f64,
    /// Weight of its gate.
    pub gate: f64,
    /// Own fills per minute since the start.
    pub fills_per_min: f64,
}

/// An own fill as its components get it.
#[derive(Clone, Copy, Debug)]
struct Own<'a> {
    now: Ns,
    /// Relative distance from the mid at the fill, at least a tenth of a basis point.
    distance: f64,
    coins: f64,
    p: &'a [f64; REGIMES],
}

/// A component by name, and what it does with a fill.
type Step = (&'static str, fn(&mut Model, &Config, &Own<'_>));

/// Whom a fill reaches after the account, in this order.
const FLOW: [Step; 7] = [
    ("depths of fills", Model::observe),
    ("own kappa", Model::learn_kappa),
    ("warm-up", Model::count),
    ("kappa of the regime", Model::learn_regime),
    ("gate", Model::judge),
    ("adverse selection, five seconds later", Model::wait),
    ("calibration cycle", Model::attach),
];

/// Its state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Model {
    /// Sum of depths of fills, bps.
    depths: f64,
    /// Distances of the levels that the cycle predicts, and the sum of the levels matched.
    levels: [f64; LEVELS],
    matched: f64,
    alpha: f64,
    beta: f64,
    regime: [(f64, f64); REGIMES],
    fills: f64,
    seconds: f64,
    good: f64,
    markouts: f64,
    /// When fills were made whose adverse move is to come: a ring.
    waiting: Box<[Ns]>,
    pushed: usize,
    /// The newest second.
    last: Option<Ns>,
}

impl Model {
    /// The prior.
    #[must_use]
    pub fn new(cfg: &Config) -> Model {
        Model {
            depths: 0.0,
            levels: [0.0; LEVELS],
            matched: 0.0,
            alpha: cfg.strength,
            beta: cfg.strength / cfg.kappa,
            regime: [(0.0, 0.0); REGIMES],
            fills: 0.0,
            seconds: 0.0,
            good: 0.0,
            markouts: 0.0,
            waiting: vec![Ns(0); PENDING_MAX].into_boxed_slice(),
            pushed: 0,
            last: None,
        }
    }

    /// A second later; an adverse move that came due is an "observation" of its floor.
    pub fn second(&mut self, now: Ns) {
        let dt = self.last.replace(now).map_or(0, |last| now.since(last));
        self.seconds += Ns::seconds(dt.clamp(0, 2 * Ns::SEC));
        let due = |n: &f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            let i = *n as usize;
            i < self.pushed && self.waiting[i % PENDING_MAX].plus(MARK_NS) <= now
        };
        let mut n = self.markouts;
        while due(&n) {
            n += 1.0;
        }
        self.markouts = n;
    }

    /// A cycle begins: its predictions are of levels at these distances, bps.
    pub fn cycle(&mut self, levels: [f64; LEVELS]) {
        self.levels = levels;
    }

    /// A fill of `coins` at a relative `distance` from the mid then, of the likeliest regime.
    pub fn fill(&mut self, cfg: &Config, now: Ns, distance: f64, coins: f64, p: &[f64; REGIMES]) {
        let own = Own { now, distance: distance.abs().max(1e-5), coins, p };
        FLOW.iter().for_each(|(_, step)| step(self, cfg, &own));
    }

    fn observe(&mut self, _: &Config, f: &Own<'_>) {
        self.depths += f.distance * 1e4;
    }

    fn learn_kappa(&mut self, _: &Config, f: &Own<'_>) {
        self.alpha += f.coins;
        self.beta += f.coins * f.distance;
    }

    fn count(&mut self, _: &Config, _: &Own<'_>) {
        self.fills += 1.0;
    }

    fn learn_regime(&mut self, _: &Config, f: &Own<'_>) {
        let likely = (1..REGIMES).fold(0, |best, r| if f.p[r] > f.p[best] { r } else { best });
        self.regime[likely].0 += 1.0;
        self.regime[likely].1 += f.distance;
    }

    fn judge(&mut self, cfg: &Config, f: &Own<'_>) {
        self.good += f64::from(u8::from(f.distance * 1e4 < cfg.good_fill_bps));
    }

    fn wait(&mut self, _: &Config, f: &Own<'_>) {
        self.waiting[self.pushed % PENDING_MAX] = f.now;
        self.pushed += 1;
    }

    fn attach(&mut self, _: &Config, f: &Own<'_>) {
        let off = |level: f64| (level - f.distance * 1e4).abs();
        let mut best = (0.0, f64::INFINITY);
        for (i, level) in (0u8..).zip(self.levels) {
            if off(level) < best.1 {
                best = (f64::from(i), off(level));
            }
        }
        self.matched += best.0;
    }

    /// 1 / (1 + cv) of the gamma posterior.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        1.0 / (1.0 + 1.0 / self.alpha.sqrt())
    }

    /// What it believes.
    #[must_use]
    pub fn known(&self, c: &Config, p: &[f64; REGIMES]) -> Known {
        let learned = self.alpha / self.beta;
        let mixed: f64 = (0..REGIMES)
            .map(|r| {
                let (n, sum) = self.regime[r];
                let prior = c.regime_kappa[r];
                let own = (c.regime_strength + n) / (c.regime_strength / prior + sum);
                p[r] * if n >= c.regime_fills_min { own } else { prior }
            })
            .sum();
        let blended = (1.0 - c.regime_weight) * learned + c.regime_weight * mixed;
        let confidence = self.confidence();
        let floor = if confidence < c.confidence_min {
            c.kappa_floor
        } else {
            let slide = c.kappa_floor * (1.0 - confidence) + learned * confidence;
            slide.max(c.kappa_floor_min)
        };
        let w = c.regime_weight;
        let kappa = if c.floor_first {
            (1.0 - w) * learned.max(floor) + w * mixed
        } else {
            blended.max(floor)
        };
        let information = 0.0;
        Known {
            kappa_learned: learned,
            kappa_blended: blended,
            kappa_floor: floor,
            kappa,
            half_spread_bps: 1e4 / kappa + c.fee_bps,
            confidence,
            warmup: self.warmup(),
            warmed_up: self.fills >= c.fills_min,
            matched: if self.fills > 0.0 { self.matched / self.fills } else { 0.0 },
            good_fills: if self.fills > 0.0 { self.good / self.fills } else { 0.0 },
            information,
            gate: self.gate(information),
            fills_per_min: if self.seconds > 0.0 { 60.0 * self.fills / self.seconds } else { 0.0 },
        }
    }

    fn warmup(&self) -> f64 {
        let rate = if self.seconds > 0.0 { self.fills / self.seconds } else { 0.0 };
        let (floor, kappa) = if rate < 0.005 { (10.0, 5.0) } else { (20.0, 10.0) };
        let gamma = if self.seconds >= 60.0 { 1.0 } else { 0.5 };
        let part = |x: f64, of: f64| x.min(of) / of;
        let (floor, kappa) = (part(self.markouts, floor), part(self.fills, kappa));
        0.4 * floor + 0.4 * kappa + 0.2 * gamma
    }

    /// 1 until 100 updates, then by the probability that the ratio exceeds one half: a cliff.
    fn gate(&self, information: f64) -> f64 {
        if self.fills < 100.0 {
            return 1.0;
        }
        let n = self.fills + 10.0;
        let mean = (10.0 * 0.5 + self.fills * information) / n;
        let sd = ((1.0 + 0.5 * mean * mean) / n).sqrt();
        let p = 0.5 * det::erfc(-((mean - 0.5) / sd) * std::f64::consts::FRAC_1_SQRT_2);
        match p {
            p if p >= 0.7 => 1.0,
            p if p >= 0.3 => 0.7,
            _ => 0.3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::regime::only;
    use crate::units::Ns;

    /// Section 2 of its analysis, line by line: each component gets the fill, in the named order.
    #[test]
    fn a_fill_reaches_every_component_in_the_order_of_the_analysis() {
        let names = FLOW.map(|(name, _)| name);
        assert_eq!(
            names,
            [
                "depths of fills",                       // strategy.record_fill_observation
                "own kappa",                             // estimator.on_own_fill
                "warm-up",                               // calibration_controller.record_fill
                "kappa of the regime",                   // signal_integrator: regime_kappa.on_fill
                "gate", // signal_integrator: model_gating.update_kappa
                "adverse selection, five seconds later", // adverse_selection.record_fill, pending outcome
                "calibration cycle",                     // cycle_fills.push
            ]
        );
        let (cfg, p) = (Config::default(), only(2));
        let mut m = Model::new(&cfg);
        m.cycle([2.75, 4.125, 6.1875]);
        let own = Own { now: Ns(7), distance: 4e-4, coins: 2.0, p: &p };
        let parts = |m: &Model| {
            let kappa = (m.alpha.to_bits(), m.beta.to_bits());
            [
                format!("{}", m.depths),
                format!("{kappa:?}"),
                format!("{}", m.fills),
                format!("{:?}", m.regime),
                format!("{}", m.good),
                format!("{} {:?}", m.pushed, m.waiting[0]),
                format!("{}", m.matched),
            ]
        };
        for (i, (name, step)) in FLOW.iter().enumerate() {
            let before = parts(&m);
            step(&mut m, &cfg, &own);
            let after = parts(&m);
            for (j, (b, a)) in before.iter().zip(&after).enumerate() {
                assert_eq!(b != a, i == j, "{name} changes its own part alone: {b} {a}");
            }
        }
        let k = m.known(&cfg, &p);
        assert_eq!((m.depths, m.fills, m.good), (4.0, 1.0, 1.0));
        assert!((k.kappa_learned - 7.0 / (5.0 / 2_500.0 + 2.0 * 4e-4)).abs() < 1e-9);
        assert!((k.matched - 1.0).abs() < 1e-12, "the closest level is the second");
        assert!(!k.warmed_up);
        m.second(Ns(7).plus(4 * Ns::SEC));
        assert!(m.markouts < 1.0);
        m.second(Ns(7).plus(5 * Ns::SEC));
        assert!((m.markouts - 1.0).abs() < 1e-12, "its outcome is read five seconds later");
        (0..9).for_each(|_| m.fill(&cfg, Ns(9), 4e-4, 0.01, &p));
        assert!(m.known(&cfg, &p).warmed_up, "ten own fills, whatever they came to");
    }

    #[test]
    fn believes_in_itself_with_no_data() {
        let o = Model::new(&Config::default());
        let e = o.known(&Config::default(), &only(1));
        assert!((e.confidence - 0.691).abs() < 1e-3);
        assert!((e.kappa_blended - (0.7 * 2_500.0 + 0.3 * 2_000.0)).abs() < 1e-9);
        assert!((e.half_spread_bps - 2.75).abs() < 1e-9, "1/8000 + 1.5, floor after the blend");
        assert!((e.warmup - 0.1).abs() < 1e-12);
    }

    #[test]
    fn the_two_orders_it_claims_give_two_quotes() {
        // Floor 8000, regime kappa 2000: 8000 after the blend, .7 8000 + .3 2000 = 6200 before it.
        let at = |floor_first| {
            let cfg = Config { floor_first, ..Config::default() };
            Model::new(&cfg).known(&cfg, &only(1)).kappa
        };
        assert!((at(false) - 8_000.0).abs() < 1e-9 && (at(true) - 6_200.0).abs() < 1e-9);
    }

    #[test]
    fn the_floor_is_a_cap_on_the_spread() {
        // Four fills of one coin lift confidence to .75, and the quote widens at once.
        let mut o = Model::new(&Config::default());
        let before = o.known(&Config::default(), &only(1)).half_spread_bps;
        for _ in 0..4 {
            o.fill(&Config::default(), Ns(0), 4e-4, 1.0, &only(1));
        }
        let e = o.known(&Config::default(), &only(1));
        assert!((e.confidence - 0.75).abs() < 1e-9);
        assert!(e.half_spread_bps > before + 1.0, "{e:?}");
    }

    #[test]
    fn the_unit_of_size_changes_what_it_learns() {
        let run = |coins: f64| {
            let mut o = Model::new(&Config::default());
            (0..1_000).for_each(|_| o.fill(&Config::default(), Ns(0), 4e-4, coins, &only(1)));
            o.confidence()
        };
        assert!((run(0.01) - 0.795).abs() < 1e-3 && run(1_000.0) > 0.99);
    }

    #[test]
    fn warm_up_falls_when_fills_come() {
        let mut o = Model::new(&Config::default());
        (0..=2_001).for_each(|s| o.second(Ns(s * Ns::SEC)));
        for _ in 0..10 {
            o.fill(&Config::default(), Ns(0), 4e-4, 1.0, &only(1));
        }
        o.second(Ns(2_002 * Ns::SEC));
        assert!((o.known(&Config::default(), &only(1)).warmup - 1.0).abs() < 1e-9);
        o.fill(&Config::default(), Ns(0), 4e-4, 1.0, &only(1));
        o.second(Ns(2_003 * Ns::SEC));
        let after = o.known(&Config::default(), &only(1)).warmup;
        assert!((after - 0.82).abs() < 1e-9, "{after}");
    }

    #[test]
    fn converges_to_its_own_quote_whatever_the_market() {
        let mut o = Model::new(&Config::default());
        (0..200).for_each(|_| o.fill(&Config::default(), Ns(0), 2.75e-4, 1.0, &only(1)));
        let k = o.known(&Config::default(), &only(1)).kappa_learned;
        assert!((k / (1e4 / 2.75) - 1.0).abs() < 0.02, "one over the distance: {k}");
    }
}
