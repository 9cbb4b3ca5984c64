//! One policy in one market: the production learners and quotes without sockets and book.
//!
//! In: a market, a policy, settings. Out: fills, score, estimates. Cold path.
//!
//! 1. The order of calls is the engine's: fills, then the taker as a sample of depth, then the mid;
//!    once a second the estimates, then the quotes.
//! 2. Score of a taker who fills F lots at distances d: sum s (d - c) - F^2 / (2 kappa sqrt(phi) n),
//!    with the true cost c (fee and adverse move), the true kappa and the targeted spread n of the
//!    position: edge less what carrying it costs. The optimal ladder is the one with the best score.

use super::market::{Market, PHI, Step, Truth};
use super::policy::{self, FEE_BPS, Ladder, Policy, Settings};
use crate::learn::regime::REGIMES;
use crate::learn::{Estimates, Learners, Sample, Sweep};
use crate::limits::LADDER_MAX;
use crate::math::det::exp;
use crate::quote::OwnFill;
use crate::units::{Mid2, Ns, ONE, Px, Side, Sz};

/// What came of it so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Takers seen.
    pub sweeps: f64,
    /// Own fills.
    pub fills: f64,
    /// Sum of the fills' distances less true cost, bps.
    pub edge_bps: f64,
    /// Sum of the fills' distances, bps.
    pub depth_bps: f64,
    /// Score, bps times lots.
    pub score: f64,
    /// Sum over seconds of the expected score of the ladder that stood, bps times lots: the same
    /// without the chance of which takers came.
    pub expected: f64,
    /// The best that a ladder of as many levels can expect: that of the quoter that knows.
    pub expected_best: f64,
    /// The same of a single quote of no size, where the policy would put it, bps.
    pub single: f64,
    /// The best that a single quote of no size can expect, bps.
    pub single_best: f64,
    /// Sum over seconds of the single quote's distance, bps.
    pub single_bps: f64,
    /// Seconds with a quote.
    pub quoted_s: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Own {
    id: u64,
    depth_bps: f64,
    lots: f64,
}

/// A trial under way.
#[derive(Clone, Debug)]
pub struct Trial {
    cfg: Settings,
    market: Market,
    policy: Policy,
    learners: Option<Learners>,
    orders: Orders,
    /// Expected score of a second of the ladder that knows, by regime.
    best: [f64; REGIMES],
    totals: Totals,
}

#[derive(Clone, Debug)]
struct Orders {
    own: [[Own; LADDER_MAX]; 2],
    ids: u64,
    last_fill: Ns,
}

impl Trial {
    /// A trial at time zero.
    #[must_use]
    pub fn new(market: Market, policy: Policy, cfg: Settings) -> Trial {
        let mut learners = policy.learners(&cfg.learn);
        let now = market.now();
        if let Some(l) = &mut learners {
            l.on_resume(&cfg.learn, now);
            l.on_mid(now, market.mid());
        }
        let orders = Orders::new(now);
        let best = market.truths().map(|truth| {
            let mut knowing = Orders::new(now);
            knowing.work(&policy::knowing_ladder(now, &truth, &cfg));
            expected(&knowing.own, &truth, &cfg)
        });
        let totals = Totals::default();
        let mut t = Trial { cfg, market, policy, learners, orders, best, totals };
        t.quote();
        let (now, mid) = (t.market.now(), t.market.mid());
        for sample in [Sample::Seen, Sample::Mid(mid)] {
            t.policy.on_sample(now, &sample, &t.cfg);
        }
        t
    }

    /// A second passes.
    pub fn second(&mut self) {
        let Trial { cfg, market, policy, learners, orders, best, totals } = self;
        let truth = market.truth();
        totals.expected += expected(&orders.own, &truth, cfg);
        totals.expected_best += best[market.regime()];
        if let Some(d) = policy.single(orders.nearest(), &truth) {
            let cost = FEE_BPS + truth.adverse();
            let rate = |d: f64| 2.0 * PHI * truth.rate * exp(-truth.kappa * d);
            totals.single += rate(d) * (d - cost);
            totals.single_bps += d;
            totals.quoted_s += 1.0;
        }
        let best = policy::best(&truth);
        totals.single_best += 2.0 * PHI * truth.rate * exp(-truth.kappa * best) / truth.kappa;
        market.second(&mut |now, step| match step {
            Step::Taker { side, depth_bps, ours, mid } => {
                totals.sweeps += 1.0;
                let taker = Taker { now, side, depth_bps, ours, mid };
                orders.taker(&taker, policy, learners.as_mut(), totals, (&truth, cfg));
            }
            Step::Mid(mid) => {
                if let Some(l) = learners {
                    l.on_mid(now, mid);
                }
                policy.on_sample(now, &Sample::Mid(mid), cfg);
            }
        });
        if let Some(l) = learners {
            l.on_second(&cfg.learn, market.now());
        }
        policy.on_sample(market.now(), &Sample::HalfSpread(policy::HALF_SPREAD_BPS), cfg);
        self.quote();
    }

    /// What came of it so far.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The market.
    #[must_use]
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// What is learned; `None` for the oracle.
    #[must_use]
    pub fn estimates(&self) -> Option<&Estimates> {
        self.learners.as_ref().map(Learners::estimates)
    }

    fn quote(&mut self) {
        let now = self.market.now();
        let known = self.estimates().copied();
        let truth = self.market.truth();
        let last = self.orders.last_fill;
        let ladder = self.policy.ladder(now, last, known.as_ref(), &truth, &self.cfg);
        self.orders.work(&ladder);
    }
}

#[derive(Clone, Copy, Debug)]
struct Taker {
    now: Ns,
    side: Side,
    depth_bps: f64,
    ours: bool,
    mid: f64,
}

impl Orders {
    fn new(now: Ns) -> Orders {
        Orders { own: [[Own::default(); LADDER_MAX]; 2], ids: 0, last_fill: now }
    }

    /// Mean distance of the nearest orders of the two sides.
    fn nearest(&self) -> Option<f64> {
        let near = self.own.iter().map(|s| s[0]).filter(|o| o.id > 0);
        let (n, sum) = near.fold((0.0, 0.0), |(n, d), o| (n + 1.0, d + o.depth_bps));
        (n > 0.0).then(|| sum / n)
    }

    fn taker(
        &mut self,
        t: &Taker,
        policy: &mut Policy,
        learners: Option<&mut Learners>,
        totals: &mut Totals,
        (truth, cfg): (&Truth, &Settings),
    ) {
        let side = t.side.opposite();
        let reached = |o: &Own| o.id > 0 && o.depth_bps <= t.depth_bps;
        let cost = FEE_BPS + truth.adverse();
        let (mut lots, mut edge) = (0.0, 0.0);
        let was = self.own[side.index()];
        for (level, own) in was.iter().enumerate().filter(|(_, o)| reached(o) && t.ours) {
            totals.fills += 1.0;
            totals.depth_bps += own.depth_bps;
            totals.edge_bps += own.depth_bps - cost;
            edge += own.lots * (own.depth_bps - cost);
            lots += own.lots;
            self.last_fill = t.now;
            // A size in USD, at a price of one.
            let (px, sz) = (Px(ONE), Sz(units(own.lots * cfg.bounds.unit_usd / t.mid)));
            let level = u8::try_from(level).unwrap_or(u8::MAX);
            let depth_bps = own.depth_bps;
            let mid = mid_of(side, px, depth_bps);
            policy.on_fill(&OwnFill { now: t.now, side, px, sz, level, depth_bps, mid }, cfg);
            // The next one stands in its place at once.
            self.ids += 1;
            self.own[side.index()][level as usize].id = self.ids;
        }
        totals.score += edge - 0.5 * carrying(truth, cfg) * lots * lots;
        let Taker { now, side, depth_bps, mid, .. } = *t;
        let sweep = Sweep { side, depth_bps, drift_bps: 0.0, half_tick_bps: 0.0, mid };
        if let Some(l) = learners {
            l.on_sweep(&cfg.learn, &sweep);
        }
        policy.on_sample(now, &Sample::Sweep(sweep), cfg);
    }

    /// Moves the orders to where they are wanted.
    fn work(&mut self, ladder: &Ladder) {
        for side in Side::BOTH {
            let wanted = &ladder[side.index()];
            for (level, own) in self.own[side.index()].iter_mut().enumerate() {
                let Some((depth_bps, lots)) = wanted.get(level).copied() else {
                    *own = Own::default();
                    continue;
                };
                if own.id == 0 {
                    self.ids += 1;
                    own.id = self.ids;
                }
                (own.depth_bps, own.lots) = (depth_bps, lots);
            }
        }
    }
}

/// The mid that a price is `depth_bps` away from.
#[expect(clippy::cast_possible_truncation, reason = "about a price of one")]
fn mid_of(side: Side, px: Px, depth_bps: f64) -> Mid2 {
    let sign = if side == Side::Buy { 1.0 } else { -1.0 };
    Mid2((2.0 * px.to_f64() / (1.0 - sign * depth_bps * 1e-4) * 1e8) as i64)
}

#[expect(clippy::cast_possible_truncation, reason = "a few million at most")]
fn units(usd: f64) -> i64 {
    (usd * 1e8) as i64
}

/// Cost of carrying a squared lot, bps per lot: see invariant 2.
fn carrying(t: &Truth, cfg: &Settings) -> f64 {
    1.0 / (t.kappa
        * cfg.strategy.glft.phi.sqrt()
        * cfg.bounds.max_lots
        * cfg.strategy.glft.std_share)
}

/// Expected score of a second with these orders.
fn expected(own: &[[Own; LADDER_MAX]; 2], t: &Truth, cfg: &Settings) -> f64 {
    let (cost, theta) = (FEE_BPS + t.adverse(), carrying(t, cfg));
    let mut sum = 0.0;
    for side in own {
        let mut before = 0.0f64;
        for o in side.iter().filter(|o| o.id > 0) {
            let p = exp(-t.kappa * o.depth_bps.max(0.0));
            let after = before + o.lots;
            sum += p
                * (o.lots * (o.depth_bps - cost) - 0.5 * theta * (after * after - before * before));
            before = after;
        }
    }
    sum * t.rate * PHI
}
