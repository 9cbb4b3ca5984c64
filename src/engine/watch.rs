//! The shadow ladder at work: what quotes at every distance meet, and what is read of it.
//!
//! In: one coin's market, the settings of the run. Out: the curve and its records. Hot path: fixed
//! capacity.
//!
//! 1. Delay and pace are those of the run's own orders; of the delay its mean.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::account::score;
use super::components::Components;
use super::cx::Cx;
use super::grid::early_ns;
use super::publish::Publish;
use crate::event::shadow::{DISTANCES_E2, Seen};
use crate::learn::curve::stats::{Reading, rate_ends};
use crate::learn::curve::{Curve, MARK_S, WINDOW_NS};
use crate::limits::{CURVE, TICK_NS};
use crate::record;
use crate::sim::hold::{Batch, Came, Hold};
use crate::sim::shadow::{Pace, Shadow};
use crate::units::Ns;
use crate::units::rules::{Billing, Rules};

/// Ladder and curve of one coin.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Watch {
    shadow: Shadow,
    curve: Curve,
    billing: Billing,
    turn: i64,
    /// Windows of evidence that the newest verdict goes by.
    judged: u64,
    /// What the settings come to.
    #[serde(skip)]
    pace: Option<Pace>,
}

/// How the run's own orders are made.
fn paced<C: Components, P>(cx: &Cx<'_, C, P>) -> Pace {
    let (sim, requote_ns) = (&cx.cfg.sim, cx.cfg.quote.requote_ms * Ns::MS);
    let feed_ns = i64::from(sim.feed_ms) * Ns::MS;
    let whole = sim.entry.mean_ns() + i64::from(sim.ping_ms) * Ns::MS / 2;
    Pace {
        every_ns: requote_ns.max(TICK_NS),
        delay_ns: feed_ns + whole / 100 * i64::from(sim.latency_pct),
        feed_ns,
    }
}

impl Watch {
    /// Windows of evidence, and rows of a minute, come as early as it is the coin's `turn`.
    pub(super) fn new(rules: Rules, fee_bps: f64, turn: i64) -> Watch {
        let (shadow, curve) =
            (Shadow::new(rules), Curve::early(fee_bps, early_ns(turn, WINDOW_NS)));
        Watch { shadow, curve, billing: rules.billing, turn, judged: 0, pace: None }
    }

    /// The ladder with what it is run by, and where what it sees goes; none where nothing is learned.
    fn ladder<'a, C: Components, P>(
        &'a mut self,
        cx: &'a Cx<'_, C, P>,
    ) -> Option<(&'a mut Shadow, &'a Pace, impl FnMut(Seen) + use<'a, C, P>)> {
        if !(cx.cfg.learn.on && cx.cfg.learn.curve.on) {
            return None;
        }
        let Watch { shadow, curve, billing, pace, .. } = self;
        let pace = &*pace.get_or_insert_with(|| paced(cx));
        let billing = *billing;
        let fee = move || cx.cfg.maker_fee_bps(billing);
        Some((shadow, pace, move |s| curve.on_seen(&cx.cfg.learn.curve, fee, s)))
    }

    /// A message of the market came.
    pub(super) fn on<C: Components, P>(&mut self, cx: &Cx<'_, C, P>, came: Came<'_>) {
        if let Some((shadow, pace, mut out)) = self.ladder(cx) {
            shadow.on(pace, cx.now, came, &mut out);
        }
    }

    /// Messages are let go in the venue's order.
    pub(super) fn take<C: Components, P>(
        &mut self,
        cx: &Cx<'_, C, P>,
        hold: &Hold,
        batch: Batch<'_>,
    ) {
        if let Some((shadow, _, out)) = self.ladder(cx) {
            hold.show(batch, &mut shadow.takes(out));
        }
    }

    /// The market was lost from sight.
    pub(super) fn on_hole<C: Components, P>(&mut self, cx: &Cx<'_, C, P>) {
        if let Some((shadow, _, mut out)) = self.ladder(cx) {
            shadow.on_hole(&mut out);
        }
    }

    /// What would be earned by distance.
    pub(super) fn curve(&self) -> &Curve {
        &self.curve
    }

    /// A point of the tick grid, once a second the coin's `turn`, at which messages are let go; gives whether a
    /// window of evidence closed since the last.
    pub(super) fn on_time<C: Components>(
        &mut self,
        cx: &mut Cx<'_, C, impl Publish>,
        turn: bool,
        (hold, batch): (&Hold, Batch<'_>),
    ) -> bool {
        if let Some((shadow, pace, mut out)) = self.ladder(cx) {
            shadow.on_time(pace, cx.now, &mut out);
            hold.show(batch, &mut shadow.takes(out));
        }
        let closed = self.judged != self.curve.windows();
        if closed {
            self.judged = self.curve.windows();
            self.publish_verdict(cx);
        }
        let early = early_ns(self.turn, Ns::SEC) + early_ns(self.turn, Ns::MINUTE);
        if turn && cx.now.plus(early).0 % Ns::MINUTE == 0 {
            self.publish(cx);
        }
        closed
    }

    /// The curve as it stands, once there is one.
    pub(super) fn publish<C: Components>(&self, cx: &mut Cx<'_, C, impl Publish>) {
        if self.curve.windows() == 0 {
            return;
        }
        for (horizon, mark_s) in MARK_S.into_iter().enumerate() {
            rows(self.curve.at(horizon), 0..=CURVE - 1, mark_s).for_each(|r| cx.publish(r));
        }
        for place in 0..CURVE {
            let rating = self.curve.rating(Some(place));
            cx.publish(score(code(place), self.curve.fast(), &rating));
        }
    }

    /// How good forecasts of shadow fills were at the places where takers come often.
    pub(super) fn publish_score<C: Components>(&self, cx: &mut Cx<'_, C, impl Publish>) {
        cx.publish(score(record::NEAR_PLACES, self.curve.fast(), &self.curve.rating(None)));
    }

    /// The verdicts, and the place that each calls best.
    fn publish_verdict<C: Components>(&self, cx: &mut Cx<'_, C, impl Publish>) {
        for (horizon, mark_s) in MARK_S.into_iter().enumerate() {
            let v = self.curve.verdict(horizon);
            cx.publish(record::Verdict {
                word: v.word(),
                mark_s,
                best: v.best.map_or(u8::MAX, code),
                seen: code(v.seen),
                pays_below_bps: v.pays_below,
                loses_above_bps: v.loses_above,
                certainty: v.sureness,
                dropped: self.curve.dropped(horizon),
            });
            if let Some(j) = v.best {
                rows(self.curve.at(horizon), j..=j, mark_s).for_each(|r| cx.publish(r));
            }
        }
    }
}

fn code(n: usize) -> u8 {
    u8::try_from(n).unwrap_or(u8::MAX)
}

/// The records of places.
fn rows(
    all: &[Reading; CURVE],
    of: RangeInclusive<usize>,
    mark_s: u8,
) -> impl Iterator<Item = record::Curve> {
    let ends = rate_ends(all, of.clone());
    of.zip(ends).map(move |(place, ends)| row(place, mark_s, &all[place], ends))
}

fn row(place: usize, mark_s: u8, r: &Reading, ends: [f64; 2]) -> record::Curve {
    let ([rate_lo, rate_hi], [value_lo, value_hi]) = (ends, r.value_ends(ends));
    let distance = DISTANCES_E2.get(place).and_then(|d| u16::try_from(*d).ok());
    record::Curve {
        place: code(place),
        mark_s,
        distance_e2: distance.unwrap_or(u16::MAX),
        live_s: r.live_s,
        fills: r.fills,
        n_eff: r.n_eff,
        rate: r.rate,
        rate_lo,
        rate_hi,
        quoted_bps: r.quoted,
        cost_bps: r.cost,
        error_bps: r.t * r.deviation,
        value: r.value(),
        value_lo,
        value_hi,
    }
}
