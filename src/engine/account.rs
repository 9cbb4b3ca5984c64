//! What a fill does: one fill reaches account, learners and quoter here, in this order.
//!
//! In: events of the simulator. Out: records, changed accounts and learners. Hot path.
//!
//! 1. Fills of the two brackets reach their accounts only; the configured one decides and learns.

use serde::{Deserialize, Serialize};

use super::Config;
use super::publish::Publish;
use crate::learn::estimates::Span;
use crate::learn::{Estimates, FillSample, LearnEvent, Learners};
use crate::quote::{Curve, Quoter};
use crate::record::{self, Lane, OrderReason, OrderState};
use crate::sim::ledger::{Booking, Ledger};
use crate::sim::orders::{LANES, SimEvent};
use crate::units::{Cash, CoinId, Mid2, Ns};

/// Records that [`Account::publish_estimates`] makes.
pub(super) const ESTIMATE_RECORDS: u64 = 5;

/// Accounts, learners and quoter of one coin.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Account {
    pub coin: CoinId,
    pub ledgers: [Ledger; 3],
    pub learners: Learners,
    pub quoter: Quoter,
    pub last_fill: Ns,
    /// What follows from the newest estimates.
    pub curve: Curve,
    /// Times own orders changed in a way that may change what is wanted of them.
    pub moves: u64,
}

impl Account {
    pub(super) fn on_sim(
        &mut self,
        cfg: &Config,
        now: Ns,
        event: SimEvent,
        out: &mut impl Publish,
    ) {
        match event {
            SimEvent::Fill(f) => {
                self.moves += 1;
                self.on_fill(cfg, now, &f, out);
            }
            SimEvent::Order(o) => {
                // Neither what was asked for is news nor that it came about.
                let expected = match o.state {
                    OrderState::Sent | OrderState::CancelSent | OrderState::Live => true,
                    OrderState::Cancelled => o.reason != OrderReason::LinkLost,
                    OrderState::Rejected | OrderState::Filled => false,
                };
                self.moves += u64::from(!expected);
                out.publish(now, self.coin, o);
                let over = matches!(
                    o.state,
                    OrderState::Cancelled | OrderState::Rejected | OrderState::Filled
                );
                if over {
                    let filled = o.state == OrderState::Filled;
                    let coin = self.coin;
                    self.learners
                        .on_quote_end(now, o.id, filled, &mut |e| learned(now, coin, e, out));
                }
            }
        }
    }

    fn on_fill(&mut self, cfg: &Config, now: Ns, f: &record::Fill, out: &mut impl Publish) {
        out.publish(now, self.coin, *f);
        self.ledgers[f.lane as usize].on_fill(&Booking::of(now, f));
        if f.lane != Lane::Configured {
            return;
        }
        self.last_fill = now;
        let mid = f.mid.to_f64();
        let sign = if f.side.sign() > 0 { 1.0 } else { -1.0 };
        // Distance from the mid it was quoted from, as depths of takers are counted.
        let from = self.learners.reference(f.time).unwrap_or(mid);
        let depth_bps = sign * (from - f.px.to_f64()) / from * 1e4;
        let usd = f.px.to_f64() * f.sz.to_f64();
        let sample = FillSample {
            id: f.id,
            side: f.side,
            depth_bps,
            mid,
            sz_usd: usd,
            level: f.level,
            age: f.age,
        };
        let coin = self.coin;
        self.learners.on_fill(now, sample, &mut |e| learned(now, coin, e, out));
        self.quoter.on_fill(&cfg.quote, f.level, depth_bps, usd, &self.curve);
    }

    pub(super) fn on_mid(&mut self, now: Ns, mid: Mid2, out: &mut impl Publish) {
        for l in &mut self.ledgers {
            l.on_mid(now, mid);
        }
        let coin = self.coin;
        self.learners.on_mid(now, mid.to_f64(), &mut |e| learned(now, coin, e, out));
    }

    pub(super) fn publish(&self, now: Ns, out: &mut impl Publish) {
        for (l, lane) in self.ledgers.iter().zip(LANES) {
            out.publish(now, self.coin, l.account(lane));
        }
    }

    /// What is learned and what is in force.
    pub(super) fn publish_estimates(&self, now: Ns, out: &mut impl Publish) {
        let e = self.learners.estimates();
        let coin = self.coin;
        let both = |f: fn(&Span) -> f64| e.rate.iter().map(f).sum::<f64>() / 2.0;
        out.publish(
            now,
            coin,
            record::Estimates {
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
            },
        );
        let regimes = record::Regimes {
            p: e.regime.map(|r| r.p),
            kappa: e.regime.map(|r| r.kappa),
            rate: e.regime.map(|r| r.rate),
        };
        out.publish(now, coin, regimes);
        let w = e.warmup;
        let warmup =
            record::Warmup { score: w.score, floor: w.floor, kappa: w.kappa, gamma: w.gamma };
        out.publish(now, coin, warmup);
        out.publish(now, coin, self.learned(e));
        out.publish(now, coin, why(e));
    }

    /// The components in force.
    fn learned(&self, e: &Estimates) -> record::Learned {
        record::Learned {
            floor_bps: e.floor_bps,
            theta_target_bps: self.curve.theta_target,
            theta_kelly_bps: self.curve.theta_kelly,
            kelly: self.curve.kelly,
            gate: e.gate.weight,
            skill: e.calibration.skill,
            skill_lo: e.calibration.skill_lo,
            skill_hi: e.calibration.skill_hi,
            calibration: e.calibration.ratio,
            phi_level: e.phi_level.mean,
            phi_through: e.phi_through.mean,
            explored_usd: self.quoter.explored_usd(),
            size_factor: self.curve.size_factor,
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

/// Publishes what came due in the learners.
pub(super) fn learned(now: Ns, coin: CoinId, event: LearnEvent, out: &mut impl Publish) {
    match event {
        LearnEvent::Markout { id, side, horizon_ms, bps, depth_bps } => {
            out.publish(now, coin, record::Markout { id, horizon_ms, bps, depth_bps, side });
        }
        LearnEvent::Outcome { id, p, filled, depth_bps, span } => {
            out.publish(now, coin, record::Outcome { id, p, filled, depth_bps, span });
        }
    }
}
