//! What a fill does: one fill reaches account, learners and strategy here, in this order.
//!
//! In: events of the simulator. Out: records, changed accounts and learners. Hot path.
//!
//! 1. Fills of the two brackets reach their accounts only; the configured one decides and learns.

use serde::{Deserialize, Serialize};

use super::components::Components;
use super::convert::{account, depth_bps, depth_of, e8};
use super::cx::Cx;
use super::marks::Marks;
use super::mids::Mids;
use super::publish::Publish;
use crate::event::own::{Fill, LANES, Lane, Met, OrderReason, OrderState, OrderUpdate};
use crate::learn::curve::Curve;
use crate::learn::estimates::Span;
use crate::learn::{Estimates, FillSample, Learners, QuoteSample};
use crate::quote::{OwnFill, Strategy};
use crate::record;
use crate::sim::ledger::{Booking, Ledger};
use crate::sim::orders::SimEvent;
use crate::units::rules::Rules;
use crate::units::{Cash, Mid2, Ns};

/// Accounts, learners and strategy of one coin.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Account<C: Components> {
    pub rules: Rules,
    pub ledgers: [Ledger; 3],
    pub learners: Learners,
    pub strategy: C::Strategy,
    /// Fills that wait for what they came to.
    pub marks: Marks,
    /// Mids of the newest blocks.
    pub mids: Mids,
    pub last_fill: Ns,
    /// Times own orders changed in a way that may change what is wanted of them.
    pub moves: u64,
}

impl<C: Components> Account<C> {
    pub(super) fn on_sim(&mut self, cx: &mut Cx<'_, C, impl Publish>, event: SimEvent) {
        match event {
            SimEvent::Fill(f) => {
                self.moves += 1;
                self.on_fill(cx, &f);
            }
            SimEvent::Met(m) => self.on_met(cx, &m),
            SimEvent::Known(t) => {
                self.learners.on_known(&cx.cfg.learn, t, &mut |e| cx.learned(e));
            }
            SimEvent::Order(o) => {
                // Neither what was asked for is news nor that it came about.
                let expected = match o.state {
                    OrderState::Sent | OrderState::CancelSent => true,
                    // A refused cancel leaves its order where it is.
                    OrderState::Live => o.reason == OrderReason::None,
                    OrderState::Cancelled => o.reason != OrderReason::LinkLost,
                    OrderState::Rejected | OrderState::Filled => false,
                };
                self.moves += u64::from(!expected);
                cx.publish(o);
                self.expose(cx, &o);
            }
        }
    }

    /// What is predicted of an order's fills counts from when it is in the book until it is not, on
    /// the venue's clock.
    fn expose(&mut self, cx: &mut Cx<'_, C, impl Publish>, o: &OrderUpdate) {
        let (cfg, t) = (&cx.cfg.learn, o.effective);
        match o.state {
            OrderState::Live => {
                let mid = self.mids.before(t);
                if mid.0 > 0 {
                    let depth_bps = depth_bps(o.side, o.px, mid);
                    let q = QuoteSample { id: o.id, side: o.side, depth_bps, level: o.level };
                    self.learners.on_quote(cfg, t, q, &mut |e| cx.learned(e));
                }
            }
            OrderState::Cancelled | OrderState::Rejected | OrderState::Filled => {
                let filled = o.state == OrderState::Filled;
                self.learners.on_quote_end(cfg, t, o.id, filled, &mut |e| cx.learned(e));
            }
            OrderState::Sent | OrderState::CancelSent => {}
        }
    }

    /// The market was lost from sight.
    pub(super) fn on_hole(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        self.mids = Mids::new();
        self.marks.on_hole(&mut |e| cx.publish(e));
        self.ledgers.iter_mut().for_each(Ledger::on_gap);
    }

    /// A taker that came to an own order is a trial of the places in queues.
    fn on_met(&mut self, cx: &Cx<'_, C, impl Publish>, m: &Met) {
        let cfg = &cx.cfg.learn;
        if let Some(from) = self.learners.reference(cfg, m.time) {
            let depth = depth_of(m.side, m.px, from);
            self.learners.on_reached(cfg, depth, m.filled, m.through);
        }
    }

    fn on_fill(&mut self, cx: &mut Cx<'_, C, impl Publish>, f: &Fill) {
        cx.publish(*f);
        let now = cx.now;
        self.ledgers[f.lane as usize].on_fill(&Booking::of(f.time, f));
        if f.lane != Lane::Configured {
            return;
        }
        cx.requests.trade(f.px, f.sz);
        self.last_fill = now;
        let mid = f.mid.to_f64();
        let sign = if f.side.sign() > 0 { 1.0 } else { -1.0 };
        // Distance from the mid it was quoted from, as depths of takers are counted.
        let from = self.learners.reference(&cx.cfg.learn, f.time).unwrap_or(mid);
        let depth_bps = sign * (from - f.px.to_f64()) / from * 1e4;
        self.marks.on_fill(f, Mid2(e8(2.0 * from)), &mut |e| cx.publish(e));
        let sample = FillSample {
            id: f.id,
            side: f.side,
            depth_bps,
            mid,
            sz_usd: f.px.to_f64() * f.sz.to_f64(),
            level: f.level,
            age: f.age,
            at: f.time,
        };
        self.learners.on_fill(&cx.cfg.learn, now, sample, &mut |e| cx.learned(e));
        let (side, px, sz, level) = (f.side, f.px, f.sz, f.level);
        let fill = OwnFill { now, side, px, sz, level, depth_bps };
        self.strategy.on_fill(&cx.cfg.strategy, &cx.bounds(self.rules), &fill);
    }

    /// The strategy hears of the newest estimates.
    pub(super) fn on_estimates(&mut self, cx: &Cx<'_, C, impl Publish>) {
        let bounds = cx.bounds(self.rules);
        self.strategy.on_estimates(&cx.cfg.strategy, &bounds, self.learners.estimates());
    }

    /// The strategy hears of the newest window of evidence.
    pub(super) fn on_curve(&mut self, cx: &Cx<'_, C, impl Publish>, curve: &Curve) {
        self.strategy.on_curve(&cx.cfg.strategy, &cx.bounds(self.rules), curve);
    }

    /// The mid is `mid`. What a fill came to is read off on the venue's clock, on which it was filled.
    pub(super) fn on_mid(&mut self, cx: &mut Cx<'_, C, impl Publish>, mid: Mid2) {
        let block = self.mids.block();
        for l in &mut self.ledgers {
            l.on_mid(block, mid);
        }
        self.marks.on_mid(block, mid, &mut |e| cx.publish(e));
        self.learners.on_mid(&cx.cfg.learn, cx.now, mid.to_f64(), &mut |e| cx.learned(e));
    }

    pub(super) fn publish(&self, cx: &mut Cx<'_, C, impl Publish>) {
        for (l, lane) in self.ledgers.iter().zip(LANES) {
            cx.publish(account(lane, l));
        }
    }

    /// What is learned and what is in force.
    pub(super) fn publish_estimates(&self, cx: &mut Cx<'_, C, impl Publish>) {
        let e = self.learners.estimates();
        let both = |f: fn(&Span) -> f64| e.rate.iter().map(f).sum::<f64>() / 2.0;
        cx.publish(record::Estimates {
            kappa: e.kappa.span.mean,
            kappa_lo: e.kappa.span.lo,
            kappa_hi: e.kappa.span.hi,
            n_eff: e.kappa.n_eff,
            rate: both(|s| s.mean),
            rate_lo: both(|s| s.lo),
            rate_hi: both(|s| s.hi),
            sigma_bps: e.sigma_bps,
            markout_bps: e.adverse_bps,
            markout_sd: e.adverse_sd,
            confidence: e.confidence,
            warmup: e.warmup.score,
        });
        let regimes = record::Regimes {
            p: e.regime.map(|r| r.p),
            kappa: e.regime.map(|r| r.kappa),
            rate: e.regime.map(|r| r.rate),
        };
        cx.publish(regimes);
        let w = e.warmup;
        let warmup =
            record::Warmup { score: w.score, floor: w.floor, kappa: w.kappa, gamma: w.gamma };
        cx.publish(warmup);
        cx.publish(self.learned(e));
        cx.publish(why(e));
    }

    /// The components in force.
    fn learned(&self, e: &Estimates) -> record::Learned {
        let sizing = self.strategy.sizing();
        record::Learned {
            floor_bps: e.floor_bps,
            theta_target_bps: sizing.theta_target_bps,
            theta_kelly_bps: sizing.theta_kelly_bps,
            kelly: sizing.kelly,
            gate: e.gate.weight,
            skill: e.calibration.skill,
            skill_lo: e.calibration.skill_lo,
            skill_hi: e.calibration.skill_hi,
            calibration: e.calibration.ratio,
            phi_level: e.phi_level.mean,
            phi_through: e.phi_through.mean,
            explored_usd: sizing.explored_usd,
            size_factor: sizing.size_factor,
        }
    }

    /// Whether the configured account lost more than `limit_usd`.
    pub(super) fn lost(&self, limit_usd: f64) -> Option<Cash> {
        let p = self.ledgers[0].profit();
        (p.to_f64() < -limit_usd).then_some(p)
    }
}

/// Why kappa and the cost are what they are.
fn why(e: &Estimates) -> record::Why {
    record::Why {
        window_lo: e.window_bps[0],
        window_hi: e.window_bps[1],
        depth_bps: e.depth_bps,
        near: e.near,
        kappa_tape: e.kappa_tape.span.mean,
        kappa_own: e.kappa_own.span.mean,
        kappa_book: e.kappa_book.span.mean,
        touch_bps: e.touch_bps,
        drift_bps: e.drift_bps,
        alpha0: e.alpha0,
        alpha1: e.alpha1,
        signal_weight: e.signal_weight,
        trust: e.trust,
    }
}
