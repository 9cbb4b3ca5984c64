//! Reads the estimates off the learners, once a second.
//!
//! In: the learners' state. Out: [`Estimates`]. Hot path at 1 Hz: no allocation.

use super::state::{Learners, dot};
use crate::learn::config::{Config, Estimator, Profile};
use crate::learn::estimates::{Adverse, Estimates, Gate, Kappa, Regime, Span};
use crate::learn::fill_rate::Counted;
use crate::learn::kappa::blended::{Belief, blend, per_unit};
use crate::learn::kappa::own::Thinning;
use crate::learn::kappa::regime::{Mixture, efold, rate_at_zero};
use crate::learn::markout::{HORIZONS, PRIMARY};
use crate::learn::regime::REGIMES;
use crate::learn::warmup::Score;
use crate::learn::{floor, original, skill};
use crate::math::gamma::interval95;
use crate::units::Ns;

impl Learners {
    pub(super) fn publish(&mut self, cfg: &Config, fee_bps: f64, now: Ns) {
        let m = self.mixture;
        let sigma = self.sigma_bps(cfg);
        let tape = Belief::of(m.kappa, m.n_eff);
        let own = Belief::normal(self.adf.kappa(), self.adf.fills());
        let own = own.filter(|_| self.adf.fills() > 0.0);
        let book = self.book.belief(&cfg.book);
        let all = blend(&[Some(tape), own, book]);
        let chosen = match cfg.estimator {
            Estimator::Tape => None,
            Estimator::Own => own,
            Estimator::Book => book,
            Estimator::Blend => all,
        };
        let shares = shares(&m);
        let (after, before) =
            (self.after_by_regime(cfg, m.depth_bps), self.drift_by_regime(cfg, m.depth_bps));
        let drift_bps = dot(&before, &shares);
        let adverse_bps = dot(&after, &shares) + drift_bps;
        let by_regime = std::array::from_fn(|r| after[r] + before[r]);
        let kappa = chosen.map_or(m.kappa, Belief::gamma);
        let depth_bps = match chosen {
            Some(b) => m.depth_bps - 1.0 / m.kappa.mean() + 1.0 / b.kappa,
            None => m.depth_bps,
        };
        let mut e = Estimates {
            at: now,
            kappa: Kappa { span: per_unit(kappa).into(), n_eff: chosen.map_or(m.n_eff, |b| b.n) },
            kappa_tape: of_belief(Some(tape)),
            kappa_own: of_belief(own),
            kappa_book: of_belief(book),
            kappa_blend: of_belief(all),
            depth_bps,
            reach: m.reach.map(|g| interval95(g.shape, g.rate).into()),
            rate: m.reach.map(|g| rate_at_zero(g, kappa, m.depth_bps).into()),
            table: m.table,
            regime: self.regimes(&m, by_regime),
            sigma_bps: sigma,
            adverse_bps,
            drift_bps,
            near: m.regime.iter().zip(shares).map(|(r, s)| r.near * s).sum(),
            window_bps: [m.foot_bps, self.tape.edge(m.window.hi)],
            touch_bps: self.half_spread.mean(0.0, 0.0) + self.half_tick_bps,
            half_tick_bps: self.half_tick_bps,
            calibration: self.calibration.skill().cached(),
            scale: self.calibration.scale(),
            fills_30m: self.fill_rate.last_half_hour(),
            fills: self.fill_rate.total(),
            since_fill_s: self.fill_rate.since_s(),
            refused: self.refused + self.markout.dropped() + self.calibration.refused(),
            ..self.estimates
        };
        self.adverse(cfg, fee_bps, &mut e, &shares);
        self.fills(cfg, &mut e);
        self.progress(cfg, &mut e);
        self.estimates = e;
    }

    fn regimes(&self, m: &Mixture, adverse: [f64; REGIMES]) -> [Regime; REGIMES] {
        let sigma = self.filter.sigma_bps();
        std::array::from_fn(|r| {
            let x = &m.regime[r];
            let k = x.kappa.mean();
            let reach = 0.5 * (x.reach[0].mean() + x.reach[1].mean());
            Regime {
                p: m.p[r],
                kappa: k * 1e4,
                rate: reach * efold(k * m.foot_bps),
                adverse_bps: adverse[r],
                sigma_bps: sigma[r],
            }
        })
    }

    fn adverse(&self, c: &Config, fee_bps: f64, e: &mut Estimates, shares: &[f64; REGIMES]) {
        let s = e.sigma_bps;
        let prior = Adverse { mean: c.markout.mean * s, sd: c.markout.sd * s };
        let d = e.depth_bps;
        e.adverse = std::array::from_fn(|h| {
            let (mean, sd) = self.markout.adverse(h, d);
            if c.on.markout { Adverse { mean, sd } } else { prior }
        });
        e.adverse_sd = e.adverse[PRIMARY].sd;
        let slope = self.slope(c, d, shares);
        (e.alpha0, e.alpha1) = (e.adverse_bps - slope * d, slope);
        e.floor_bps = if c.on.floor {
            floor::floor_bps(fee_bps, (e.adverse_bps, e.adverse_sd), &c.floor)
        } else {
            fee_bps
        };
    }

    /// What the original would report of itself.
    fn as_the_original(&self, e: &mut Estimates) {
        let o = e.original;
        let law = self.original.posterior();
        let [_, lo, hi] = interval95(law.shape, law.rate);
        e.kappa = Kappa { span: Span { mean: o.kappa, lo, hi }, n_eff: e.fills as f64 };
        e.confidence = o.confidence;
        e.warmup = o.progress;
    }

    /// What is known of own fills.
    fn fills(&self, cfg: &Config, e: &mut Estimates) {
        let on = &cfg.on;
        let (level, through) = self.phi(cfg);
        let phi = |t: &Thinning, mean: f64| {
            let (lo, hi) = if on.thinning { t.interval95() } else { (1.0, 1.0) };
            Span { mean, lo, hi }
        };
        e.phi_level = phi(&self.level, level);
        e.phi_through = phi(&self.through, through);
        e.trust = cfg.fill_rate.strength(if on.gating { self.gate.weight() } else { 1.0 });
        e.counted = if on.counted { self.fill_rate.counted() } else { Counted::default() };
        let fills: f64 = e.fill_rates(e.depth_bps).iter().sum();
        e.hold_s = cfg.fill_rate.hold_s(fills);
        e.signal_bps = self.signal_bps(cfg);
        e.signal_weight = if on.signal { self.signal.weight() } else { 0.0 };
    }

    fn progress(&self, cfg: &Config, e: &mut Estimates) {
        let on = &cfg.on;
        let root = e.kappa.n_eff.max(0.0).sqrt();
        e.confidence = if on.confidence { root / (1.0 + root) } else { 1.0 };
        let done = Score { score: 1.0, floor: 1.0, kappa: 1.0, gamma: 1.0 };
        e.warmup = if on.warmup { self.warmup.score() } else { done };
        e.gate = if on.gating {
            Gate { weight: self.gate.weight(), open: self.gate.open() }
        } else {
            Gate { weight: 1.0, open: true }
        };
        e.original = self.original.estimates(&cfg.original, &self.p(cfg));
        if cfg.profile == Profile::Original {
            self.as_the_original(e);
        }
    }
}

/// How much each regime weighs at the mixture's depth.
pub(super) fn shares(m: &Mixture) -> [f64; REGIMES] {
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

fn of_belief(b: Option<Belief>) -> Kappa {
    b.map_or_else(Kappa::default, |b| Kappa {
        span: b.interval95().map(|x| x * 1e4).into(),
        n_eff: b.n,
    })
}

/// Estimates before anything was read.
pub(super) fn blank(m: &Mixture) -> Estimates {
    Estimates {
        at: Ns(0),
        kappa: Kappa::default(),
        kappa_tape: Kappa::default(),
        kappa_own: Kappa::default(),
        kappa_book: Kappa::default(),
        kappa_blend: Kappa::default(),
        depth_bps: m.depth_bps,
        reach: [Span::default(); 2],
        rate: [Span::default(); 2],
        table: m.table,
        regime: [Regime::default(); REGIMES],
        sigma_bps: 0.0,
        adverse: [Adverse::default(); HORIZONS.len()],
        adverse_bps: 0.0,
        drift_bps: 0.0,
        near: 0.0,
        window_bps: [0.0; 2],
        touch_bps: 0.0,
        hold_s: 0.0,
        signal_bps: 0.0,
        signal_weight: 0.0,
        counted: Counted::default(),
        trust: 1.0,
        adverse_sd: 0.0,
        alpha0: 0.0,
        alpha1: 0.0,
        confidence: 0.0,
        warmup: Score::default(),
        phi_level: Span::default(),
        phi_through: Span::default(),
        half_tick_bps: 0.0,
        floor_bps: 0.0,
        gate: Gate { weight: 0.0, open: true },
        calibration: skill::Metrics::default(),
        scale: 1.0,
        fills_30m: 0,
        fills: 0,
        since_fill_s: 0.0,
        refused: 0,
        original: original::Estimates::default(),
    }
}
