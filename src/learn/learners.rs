//! The facade: every learner of one coin, driven by plain values.
//!
//! In: mids, sweeps, seconds, own quotes and fills, gaps. Out: [`Estimates`] refreshed once a
//! second, events as they come due. Hot path: no allocation after `new`.
//!
//! 1. `now` never goes back; a step back counts as no time.
//! 2. Every event first lets the time since the last one pass, under the regime probabilities and
//!    predictions that were in force.
//! 3. Values that are not finite, not positive where they must be, or of a size that nothing has,
//!    are refused and counted.

mod readout;
mod state;
#[cfg(test)]
mod tests;

use super::calibration::{Calibration, Closed, Quoted};
use super::config::Config;
use super::drift::Drift;
use super::estimates::{Estimates, own_rate};
use super::fill_rate::FillRate;
use super::gating;
use super::inputs::{BookSample, FillSample, LearnEvent, QuoteSample, Sweep, Touch};
use super::kappa::book::Book;
use super::kappa::own::{Adf, Thinning};
use super::kappa::regime::{Priors, estimate};
use super::kappa::tape::{Gamma, Tape};
use super::markout::{Due, HORIZONS, Mark, Markout, PRIMARY, Reading};
use super::original::Original;
use super::reference::Reference;
use super::regime::{Filter, NORMAL, REGIMES, only};
use super::sigma::Sigma;
use super::signal::Signal;
use super::warmup::{Evidence, Warmup};
use crate::math::ewma::Ewma;
use crate::units::{Ns, Side};
use arrayvec::ArrayVec;
use readout::shares;
pub use state::Learners;

/// Memory of the half-spread, seconds.
const TOUCH_S: f64 = 600.0;
/// What a fill may cost, bps: beyond it nothing real lies, and far beyond it exponentials overflow.
const COST_BPS: [f64; 2] = [-60.0, 600.0];

/// A learner that is notified of own fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FillListener {
    Calibration,
    FillRate,
    Markout,
    Original,
}

/// The order in which they are notified: first the prediction that was in force is scored, then what
/// it was scored with may change.
const FILL_ORDER: [FillListener; 4] = [
    FillListener::Calibration,
    FillListener::FillRate,
    FillListener::Markout,
    FillListener::Original,
];

impl Learners {
    /// Learners that know their priors, of an account that pays `fee_bps` to make (negative: a
    /// rebate). Nothing is learned until [`Learners::on_resume`].
    #[must_use]
    pub fn new(cfg: &Config, fee_bps: f64) -> Learners {
        let tape = Tape::default();
        let cost = [fee_bps + cfg.markout.mean * cfg.sigma.prior_bps; REGIMES];
        let start = cost[0] + 1e4 / cfg.tape.kappa;
        let filter = Filter::new(&cfg.filter);
        let p = if cfg.on.regimes { filter.p() } else { only(NORMAL) };
        let mixture = estimate(&tape, &p, &cost, start, priors(cfg, 0.0), &cfg.regimes);
        let mut x = Learners {
            tape,
            filter,
            sigma: Sigma::new(&cfg.sigma),
            reference: Reference::default(),
            drift: Drift::default(),
            signal: Signal::new(&cfg.signal),
            half_spread: Ewma::default(),
            markout: Markout::new(&cfg.markout),
            level: Thinning::new(&cfg.own),
            through: Thinning::new(&cfg.own),
            adf: Adf::new(&cfg.own),
            book: Book::default(),
            fill_rate: FillRate::default(),
            calibration: Calibration::default(),
            gate: gating::Gate::default(),
            warmup: Warmup::default(),
            original: Original::new(&cfg.original),
            estimates: readout::blank(&mixture),
            mixture,
            live: false,
            last: Ns(i64::MIN),
            known: None,
            mid: None,
            second: None,
            sweeps: 0.0,
            half_tick_bps: 0.0,
            touch: None,
            refused: 0,
            judged: false,
            waiting: ArrayVec::new(),
            waiting_s: 0.0,
        };
        x.publish(cfg, fee_bps, Ns(0));
        x
    }

    /// What is known, as of the last second.
    #[must_use]
    pub fn estimates(&self) -> &Estimates {
        &self.estimates
    }

    /// The market is seen from here on.
    pub fn on_resume(&mut self, cfg: &Config, now: Ns) {
        if !self.live {
            self.live = true;
            if self.last.0 != i64::MIN {
                self.filter.idle(&cfg.filter, Ns::seconds(now.since(self.last).max(0)));
            }
            self.last = now;
            self.mid = None;
            self.second = None;
            self.sweeps = 0.0;
        }
    }

    /// What happened to own orders is known up to block `t`: those that are live were so until then.
    /// Blocks that the market was not seen in do not count.
    pub fn on_known(&mut self, cfg: &Config, t: Ns, out: &mut impl FnMut(LearnEvent)) {
        let Learners { calibration, adf, fill_rate, known, .. } = self;
        match *known {
            _ if !self.live => {}
            None => {
                *known = Some(t);
                calibration.resume(&cfg.calibration, t);
            }
            Some(was) if t > was => {
                *known = Some(t);
                let dt = Ns::seconds(t.since(was));
                let out = &mut |c| closed(cfg, c, adf, fill_rate, out);
                calibration.advance(&cfg.calibration, t, dt, out);
            }
            Some(_) => {}
        }
    }

    /// The market is lost from sight: time stops for the learners, markouts not yet due are lost.
    pub fn on_gap(&mut self, cfg: &Config, now: Ns, out: &mut impl FnMut(LearnEvent)) {
        if !self.live {
            return;
        }
        self.advance(cfg, now);
        self.evaluate_markouts(cfg, now, true, out);
        self.markout.forget_pending();
        self.attribute(cfg, self.p(cfg));
        self.signal.on_gap();
        self.reference.clear();
        let Learners { calibration, adf, fill_rate, known, .. } = self;
        if let Some(t) = known.take() {
            calibration.pause(&cfg.calibration, t, &mut |c| closed(cfg, c, adf, fill_rate, out));
        }
        self.live = false;
    }

    /// The mid is `mid` USD from now on.
    pub fn on_mid(&mut self, cfg: &Config, now: Ns, mid: f64, out: &mut impl FnMut(LearnEvent)) {
        if !positive(mid) {
            self.refused += 1;
            return;
        }
        if self.live {
            self.evaluate_markouts(cfg, now, false, out);
        }
        self.mid = Some(mid);
        self.reference.on_mid(now, mid);
        if self.live {
            self.evaluate_markouts(cfg, now, true, out);
            if self.second.is_none() {
                self.second = Some((now, mid));
            }
        }
    }

    /// A taker order came.
    pub fn on_sweep(&mut self, cfg: &Config, now: Ns, s: Sweep) {
        if !self.live {
            return;
        }
        let known = distance(s.depth_bps) && (0.0..=1e4).contains(&s.half_tick_bps);
        if !known || !distance(s.drift_bps) || !positive(s.size) || !positive(s.mid) {
            self.refused += 1;
            return;
        }
        self.advance(cfg, now);
        self.sweeps += 1.0;
        self.half_tick_bps = s.half_tick_bps;
        self.book.on_sweep(s.size);
        self.signal.on_sweep(if s.side == Side::Buy { 1.0 } else { -1.0 });
        let step = if cfg.tape.half_tick { s.half_tick_bps } else { 0.0 };
        let depth_bps = s.depth_bps + step;
        if depth_bps < 0.0 {
            return;
        }
        let (side, p) = (s.side.opposite(), self.p(cfg));
        if self.waiting.is_full() {
            self.attribute(cfg, p);
        }
        self.waiting.push((side, depth_bps));
        self.drift.sweep(depth_bps, s.drift_bps, &p);
        if cfg.on.shadows {
            self.markout.shadow(Mark { id: 0, at: now, side, depth_bps, mid: s.mid, p });
        }
    }

    /// The mid that quotes in the book at venue time `t` were made from; `None` before any.
    #[must_use]
    pub fn reference(&self, cfg: &Config, t: Ns) -> Option<f64> {
        self.reference.at(t.plus(-i64::from(cfg.drift.lag_ms) * Ns::MS))
    }

    /// The best bid and ask changed.
    pub fn on_touch(&mut self, t: Touch) {
        if self.live && (0.0..1e4).contains(&t.half_spread_bps) && t.bid >= 0.0 && t.ask >= 0.0 {
            self.signal.on_touch(t.bid, t.ask);
            self.touch = Some(t.half_spread_bps);
        }
    }

    /// Displayed size near the mid; at most once a second is enough.
    pub fn on_book(&mut self, b: BookSample) {
        if positive(b.within_bps) && positive(b.size) {
            self.book.on_book(b.within_bps, b.size);
        }
    }

    /// An own order went live at `t` on the venue's clock, or its distance changed.
    pub fn on_quote(
        &mut self,
        cfg: &Config,
        t: Ns,
        q: QuoteSample,
        out: &mut impl FnMut(LearnEvent),
    ) {
        if !distance(q.depth_bps) || q.id == 0 {
            self.refused += 1;
            return;
        }
        self.on_known(cfg, t, out);
        let QuoteSample { id, side, depth_bps, .. } = q;
        let rate = self.predicted(cfg, side, depth_bps);
        let quoted = Quoted { id, side, depth_bps, rate };
        self.calibration.quote(&cfg.calibration, t, quoted);
    }

    /// The distance of an own order just before [`Learners::on_second`], which works out what
    /// follows from it.
    pub fn on_distance(&mut self, cfg: &Config, q: QuoteSample, out: &mut impl FnMut(LearnEvent)) {
        let Some(known) = self.known else { return };
        if !(distance(q.depth_bps) && self.calibration.moved(q.id, q.depth_bps)) {
            self.on_quote(cfg, known, q, out);
        }
    }

    /// An own order is gone from `t` on the venue's clock on: filled, cancelled or rejected.
    pub fn on_quote_end(
        &mut self,
        cfg: &Config,
        t: Ns,
        id: u64,
        filled: bool,
        out: &mut impl FnMut(LearnEvent),
    ) {
        self.on_known(cfg, t, out);
        let Learners { calibration, adf, fill_rate, .. } = self;
        calibration
            .end(&cfg.calibration, t, id, filled, &mut |c| closed(cfg, c, adf, fill_rate, out));
    }

    /// A sweep reached the price of an own order at `depth_bps`, and went through it or ended there:
    /// did the order fill, whole or in part?
    pub fn on_reached(&mut self, cfg: &Config, depth_bps: f64, filled: bool, through: bool) {
        if !self.live {
            return;
        }
        if !distance(depth_bps) {
            self.refused += 1;
        } else if through {
            self.through.trial(&cfg.own, filled);
        } else {
            self.level.trial(&cfg.own, filled);
        }
    }

    /// An own order was filled, whole or in part.
    pub fn on_fill(
        &mut self,
        cfg: &Config,
        now: Ns,
        f: FillSample,
        out: &mut impl FnMut(LearnEvent),
    ) {
        if !distance(f.depth_bps) || !positive(f.mid) || !positive(f.sz_usd) {
            self.refused += 1;
            return;
        }
        self.advance(cfg, now);
        self.on_known(cfg, f.at, out);
        for listener in FILL_ORDER {
            self.notify(cfg, listener, now, &f, out);
        }
    }

    /// Once a second: returns, regimes, and everything that is read off them, for an account that
    /// pays `fee_bps` to make.
    pub fn on_second(
        &mut self,
        cfg: &Config,
        fee_bps: f64,
        now: Ns,
        out: &mut impl FnMut(LearnEvent),
    ) {
        if !self.live {
            return;
        }
        self.advance(cfg, now);
        self.evaluate_markouts(cfg, now, true, out);
        let dt = match (self.second, self.mid) {
            (Some((then, was)), Some(mid)) => {
                let dt = Ns::seconds(now.since(then));
                self.on_return(cfg, ((mid / was - 1.0) * 1e4).clamp(-1e4, 1e4), dt);
                self.second = Some((now, mid));
                dt
            }
            (None, Some(mid)) => {
                self.second = Some((now, mid));
                0.0
            }
            _ => 0.0,
        };
        self.level.refresh();
        self.through.refresh();
        if let Some(h) = self.touch {
            self.half_spread.decay(dt, TOUCH_S);
            self.half_spread.add(h, 1.0);
        }
        self.read_tape(cfg, fee_bps);
        self.judge(cfg, dt);
        self.publish(cfg, fee_bps, now);
    }

    fn notify(
        &mut self,
        cfg: &Config,
        listener: FillListener,
        now: Ns,
        f: &FillSample,
        out: &mut impl FnMut(LearnEvent),
    ) {
        match listener {
            FillListener::Calibration => {
                let Learners { calibration, adf, fill_rate, .. } = self;
                calibration.fill(&cfg.calibration, f.at, f.id, &mut |c| {
                    closed(cfg, c, adf, fill_rate, out)
                });
            }
            FillListener::FillRate => self.fill_rate.fill(),
            FillListener::Markout if self.live => {
                let (side, p) = (f.side, self.p(cfg));
                let mark = Mark { id: f.id, at: now, side, depth_bps: f.depth_bps, mid: f.mid, p };
                self.markout.own(mark);
            }
            FillListener::Markout => {}
            FillListener::Original => {
                let p = self.p(cfg);
                self.original.fill(&cfg.original, f.depth_bps * 1e-4, f.sz_usd / f.mid, &p);
            }
        }
    }

    /// Predicted fill intensity of an own quote before correction.
    fn predicted(&self, cfg: &Config, side: Side, depth_bps: f64) -> f64 {
        own_rate(&self.mixture.table, side, depth_bps, self.half_tick_bps, self.phi(cfg))
    }

    /// Lets session time pass.
    fn advance(&mut self, cfg: &Config, now: Ns) {
        if !self.live {
            return;
        }
        let dt = Ns::seconds(now.since(self.last).max(0));
        if dt <= 0.0 {
            return;
        }
        self.last = now;
        self.waiting_s += dt;
        self.book.advance(&cfg.book, dt);
        self.signal.advance(&cfg.signal, dt);
        self.drift.advance(&cfg.drift, dt);
        self.fill_rate.advance(&cfg.fill_rate, dt);
        self.original.advance(dt);
    }

    fn evaluate_markouts(
        &mut self,
        cfg: &Config,
        now: Ns,
        inclusive: bool,
        out: &mut impl FnMut(LearnEvent),
    ) {
        let Some(mid) = self.mid else { return };
        let at = Reading { until: now, inclusive, mid, sigma_bps: self.sigma_bps(cfg) };
        let Learners { markout, original, .. } = self;
        markout.evaluate(&cfg.markout, !cfg.on.shadows, at, &mut |d: Due| {
            if d.horizon == PRIMARY {
                original.markout();
            }
            let ms = u32::try_from(HORIZONS[d.horizon] / Ns::MS).unwrap_or(u32::MAX);
            out(LearnEvent::Markout {
                id: d.id,
                side: d.side,
                horizon_ms: ms,
                bps: d.bps,
                depth_bps: d.depth_bps,
            });
        });
    }

    fn on_return(&mut self, cfg: &Config, bps: f64, dt_s: f64) {
        if dt_s > 0.0 {
            self.signal.on_second(&cfg.signal, bps, dt_s, self.sigma_bps(cfg));
            self.sigma.on_return(&cfg.sigma, bps, dt_s);
            let named = self.filter.step(&cfg.filter, dt_s, bps, self.sweeps);
            if let Some(named) = named.filter(|_| cfg.on.regimes) {
                self.attribute(cfg, only(NORMAL));
                self.tape.swap(NORMAL, named);
            }
            self.sweeps = 0.0;
        }
    }

    /// Books the last second's sweeps and its time on the regimes. They wait for the filter to see
    /// that second: the first of a flood would be booked on the quiet regime before it.
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
        let p = self.p(cfg);
        self.attribute(cfg, p);
        let d = self.mixture.depth_bps;
        let slope = self.slope(cfg, d, &shares(&self.mixture));
        let (after, before) = (self.after_by_regime(cfg, d), self.drift_by_regime(cfg, d));
        let cost = std::array::from_fn(|r| {
            let c = (fee_bps + after[r] + before[r] - slope * d) / (1.0 - slope);
            c.clamp(COST_BPS[0], COST_BPS[1])
        });
        let priors = priors(cfg, self.touch_bps(cfg));
        self.mixture = estimate(&self.tape, &p, &cost, d, priors, &cfg.regimes);
        let (phi, half, table) = (self.phi(cfg), self.half_tick_bps, &self.mixture.table);
        self.calibration.predict(|side, depth| own_rate(table, side, depth, half, phi));
    }

    /// Depth up to which takers only meet the touch: half the usual spread and a step.
    fn touch_bps(&self, cfg: &Config) -> f64 {
        let half = self.half_spread.mean(0.0, 0.0);
        if cfg.on.near && half > 0.0 { half + 2.0 * self.half_tick_bps } else { f64::INFINITY }
    }

    fn judge(&mut self, cfg: &Config, dt_s: f64) {
        // What was predicted from priors says nothing of the model: it is judged from warm-up on.
        let warm = self.warmup.score().score >= 1.0;
        if warm && !self.judged {
            self.judged = true;
            self.calibration.restart();
        }
        let m = self.calibration.refresh(&cfg.calibration, cfg.on.controller);
        let verdict = self.gate.judge(
            &cfg.gating,
            dt_s,
            gating::Evidence {
                blocks: if warm { m.blocks } else { 0 },
                expected: m.predicted / m.dispersion,
                skill_lo: m.skill_lo,
                skill_hi: m.skill_hi,
                z: m.z,
            },
        );
        if verdict == gating::Verdict::Reopen {
            self.calibration.restart();
        }
        #[expect(clippy::cast_precision_loss, reason = "counts")]
        self.warmup.update(
            &cfg.warmup,
            Evidence {
                markouts: self.markout.evaluated() as f64,
                fills: self.fill_rate.total() as f64,
                sweeps: self.mixture.n_eff,
                seconds: self.sigma.seconds(),
            },
        );
    }
}

/// A closed block is a sample for the learners of own quotes, too, and goes to the records.
fn closed(
    cfg: &Config,
    c: Closed,
    adf: &mut Adf,
    rate: &mut FillRate,
    out: &mut impl FnMut(LearnEvent),
) {
    let span = Ns::seconds(c.span);
    adf.observe(&cfg.own, c.depth_bps, span, f64::from(u8::from(c.filled)));
    rate.exposed(c.depth_bps, span, c.filled);
    out(LearnEvent::Outcome {
        id: c.id,
        p: c.p,
        filled: c.filled,
        depth_bps: c.depth_bps,
        span: c.span,
    });
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

/// Positive, and of a magnitude that prices, sizes and values have.
fn positive(x: f64) -> bool {
    (1e-12..1e15).contains(&x)
}

/// A distance that can be: at most all of the price.
fn distance(bps: f64) -> bool {
    (-1e4..=1e4).contains(&bps)
}
