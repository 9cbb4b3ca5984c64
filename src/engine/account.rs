//! What a fill does: one fill reaches account, learners and strategy here, in this order.
//!
//! In: events of the simulator. Out: records, changed accounts and learners. Hot path.
//!
//! 1. Fills of the two brackets reach their accounts only; the configured one decides and learns.

use serde::{Deserialize, Serialize};

use super::components::Components;
use super::convert::{account, e8};
use super::cx::Cx;
use super::marks::Marks;
use super::mids::Mids;
use super::publish::Publish;
use crate::event::own::{Fill, LANES, Lane, OrderReason, OrderState, OrderUpdate};
use crate::learn::curve::Curve;
use crate::learn::score::Rating;
use crate::learn::{self, Learners, QuoteSample, Sample};
use crate::quote::{OwnFill, Strategy};
use crate::record;
use crate::sim::ledger::{Booking, Ledger};
use crate::sim::orders::SimEvent;
use crate::units::rules::Rules;
use crate::units::{Cash, Mid2, Ns, ONE};

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
            SimEvent::Known(t) => self.learners.on_known(&cx.cfg.learn, t),
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
                if cx.cfg.learn.on {
                    self.expose(&cx.cfg.learn, &o);
                }
            }
        }
    }

    /// What is forecast of an order's fills counts from when it is in the book until it is not, on
    /// the venue's clock.
    fn expose(&mut self, cfg: &learn::Config, o: &OrderUpdate) {
        let t = o.effective;
        match o.state {
            OrderState::Live => {
                self.learners.on_quote(cfg, t, QuoteSample { id: o.id, side: o.side, px: o.px });
            }
            OrderState::Cancelled | OrderState::Rejected | OrderState::Filled => {
                self.learners.on_quote_end(cfg, t, o.id);
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

    fn on_fill(&mut self, cx: &mut Cx<'_, C, impl Publish>, f: &Fill) {
        cx.publish(*f);
        let now = cx.now;
        self.ledgers[f.lane as usize].on_fill(&Booking::of(f.time, f));
        if f.lane != Lane::Configured {
            return;
        }
        cx.requests.trade(&cx.cfg.requests, cx.now, (f.px, f.sz));
        self.last_fill = now;
        let mid = f.mid.to_f64();
        let sign = if f.side.sign() > 0 { 1.0 } else { -1.0 };
        // Distance from the mid it was quoted from, as depths of takers are counted.
        let from = self.learners.reference(&cx.cfg.learn, f.time).unwrap_or(mid);
        let depth_bps = sign * (from - f.px.to_f64()) / from * 1e4;
        self.marks.on_fill(f, Mid2(e8(2.0 * from)), &mut |e| cx.publish(e));
        self.learners.on_fill(&cx.cfg.learn, f.time, f.id);
        let (side, px, sz, level) = (f.side, f.px, f.sz, f.level);
        let fill = OwnFill { now, side, px, sz, level, depth_bps, mid: f.mid };
        self.strategy.on_fill(&cx.cfg.strategy, &cx.bounds(self.rules), &fill);
    }

    /// The strategy hears of the newest estimates.
    pub(super) fn on_estimates(&mut self, cx: &Cx<'_, C, impl Publish>) {
        let bounds = cx.bounds(self.rules);
        self.strategy.on_estimates(&cx.cfg.strategy, &bounds, self.learners.estimates());
    }

    /// The strategy hears of the newest window of evidence.
    pub(super) fn on_curve(&mut self, cx: &Cx<'_, C, impl Publish>, curve: &Curve) {
        self.learners.on_rates(curve.rates());
        self.strategy.on_curve(&cx.cfg.strategy, &cx.bounds(self.rules), curve);
    }

    /// A strategy that estimates by itself hears of the market.
    pub(super) fn sample<P>(&mut self, cx: &Cx<'_, C, P>, sample: &Sample) {
        self.strategy.on_sample(&cx.cfg.strategy, cx.now, sample);
    }

    /// The mid is `mid`. What a fill came to is read off on the venue's clock, on which it was filled.
    pub(super) fn on_mid(&mut self, cx: &mut Cx<'_, C, impl Publish>, mid: Mid2) {
        let block = self.mids.block();
        for l in self.ledgers.iter_mut().take(cx.cfg.sim.lanes()) {
            l.on_mid(block, mid);
        }
        self.marks.on_mid(block, mid, &mut |e| cx.publish(e));
        if cx.cfg.learn.on && self.learners.on_mid(cx.now, mid.to_f64()) {
            self.sample(cx, &Sample::Mid(mid.to_f64()));
        }
    }

    pub(super) fn publish(&self, cx: &mut Cx<'_, C, impl Publish>) {
        for (l, lane) in self.ledgers.iter().zip(LANES).take(cx.cfg.sim.lanes()) {
            cx.publish(account(lane, l));
        }
    }

    /// What is learned beside the curve.
    pub(super) fn publish_estimates(&self, cx: &mut Cx<'_, C, impl Publish>) {
        let e = self.learners.estimates();
        cx.publish(record::Estimates {
            kappa: e.kappa.mean,
            kappa_lo: e.kappa.lo,
            kappa_hi: e.kappa.hi,
            n_eff: e.kappa.n_eff,
            sigma_bps: e.sigma_bps,
        });
        let sigma_bps = e.regime.map(|r| r.sigma_bps);
        cx.publish(record::Regimes { p: e.p(), sigma_bps });
    }

    /// Fills of own orders against what was forecast of them.
    pub(super) fn publish_score(&self, cx: &mut Cx<'_, C, impl Publish>, fast: bool) {
        cx.publish(score(record::OWN_ORDERS, fast, &self.learners.score().rating()));
    }

    /// Whether the configured account lost more than `limit_usd`.
    pub(super) fn lost(&self, limit_usd: f64) -> Option<Cash> {
        let p = self.ledgers[0].profit();
        let limit = i128::from(e8(limit_usd)) * (Cash::USD / i128::from(ONE));
        (p.0 < -limit).then_some(p)
    }
}

/// The record of a score.
pub(super) fn score(place: u8, fast: bool, r: &Rating) -> record::Score {
    let [ratio_lo, ratio_hi] = r.ratio;
    record::Score {
        place,
        fast,
        fills: r.fills,
        live_s: r.live_s,
        expected: r.expected,
        ratio_lo,
        ratio_hi,
        bursts: r.bursts,
        gain: r.gain,
        gain_se: r.gain_se,
    }
}
