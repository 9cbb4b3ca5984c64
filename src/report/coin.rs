//! One coin of a run as the report sees it.
//!
//! In: this coin's records in order. Out: series, sums, counts. Cold path.
//!
//! 1. The last record of a kind decides what holds at the end.
//! 2. Of fills only the configured model's are listed; accounts are kept for all three.

use super::markouts::{Markouts, Summary};
use super::money::Split;
use super::orders::{Orders, halve};
use super::path::Path;
use super::reasons::Reasons;
use super::series::Series;
use super::states::States;
use super::stats::{Blocks, Interval, bootstrap, total, with_seeds};
use crate::folder::Came;
use crate::limits::SAMPLES_MAX;
use crate::record::{
    Account, Body, Coin, DataGap, Earns, Estimates, FeedState, Fill, FillReason, Guard, Health,
    Ladder, Lane, Latch, Late, Market, Outlook, Regimes,
};
use crate::units::{Ns, Px, Side, Sz};
use serde::{Deserialize, Serialize};

/// A value per side, bid first.
pub type Sides<T> = [T; 2];

/// Everything drawn over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    /// Best prices of the market.
    pub market: Sides<Series>,
    /// Own first level.
    pub own: Sides<Series>,
    /// Profit by fill model, USD.
    pub equity: [Series; 3],
    /// Position, coins.
    pub position: Series,
    /// Value traded, USD.
    pub traded: Series,
    /// Intensity decay: mean, lower, upper.
    pub kappa: [Series; 3],
    /// Volatility, bps per square root of a second.
    pub sigma: Series,
    /// Regime probabilities.
    pub regimes: [Series; 4],
    /// Half-spread of the market, bps.
    pub touch: Series,
    /// Age of the quoted market state at its use, ms.
    pub age: Series,
    /// Receive time less block time of the newest message, ms.
    pub lag: Series,
}

/// A fill as a mark on the price chart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Ns,
    /// Side of the own order.
    pub side: Side,
    /// Price.
    pub px: Px,
    /// Size.
    pub sz: Sz,
    /// Why it filled.
    pub reason: FillReason,
    /// Distance from the mid before it, in our favour, bps.
    pub bps: f64,
}

/// One fill model's result.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaneResult {
    /// Last account.
    pub account: Account,
    /// Its parts.
    pub split: Split,
    /// Profit, USD.
    pub profit: Interval,
}

/// All coins together under one fill model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TotalLane {
    /// Parts, added as integers.
    pub split: Split,
    /// Profit, USD.
    pub profit: Interval,
    /// Fills.
    pub fills: u64,
}

impl LaneResult {
    /// As of all coins.
    pub fn total(&self) -> TotalLane {
        let (split, profit) = (self.split, self.profit);
        TotalLane { split, profit, fills: u64::from(self.account.fills) }
    }
}

/// One coin.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CoinModel {
    /// Name; empty where the journal does not say.
    pub name: String,
    /// Decimals of a size.
    pub sz_decimals: u8,
    /// What the account pays to make, of the value in 1e-8; `None` where the journal does not say.
    pub fee_e8: Option<i64>,
    /// Results as [`Lane`] counts.
    pub results: [Option<LaneResult>; 3],
    /// Everything over time.
    pub lines: Lines,
    /// Drawdown and largest position, configured.
    pub path: Path,
    /// When it was first known whether a quote earns, and the result then, USD.
    pub known: Option<(Ns, f64)>,
    /// Configured fills.
    pub marks: Vec<Mark>,
    /// Obstacle of each side.
    pub guards: Sides<States<Guard>>,
    /// Health of the book.
    pub health: States<Health>,
    /// How subscriptions joined.
    pub gaps: Vec<(Ns, DataGap)>,
    /// Limits that latched.
    pub latches: Vec<(Ns, Latch)>,
    /// What was learned last.
    pub estimates: Option<Estimates>,
    /// Regimes at the end.
    pub regimes: Option<Regimes>,
    /// The feed at the end.
    pub feed: Option<FeedState>,
    /// What could not be taken in the venue's order.
    pub late: Option<Late>,
    /// Live prints.
    pub prints: u64,
    /// Orders.
    pub orders: Orders,
    /// Fills by model and reason.
    pub reasons: Reasons,
    /// What the market did after fills.
    #[serde(skip)]
    pub markouts: Summary,
    /// What fills of the configured model were worth five seconds later, fees paid, USD.
    #[serde(skip)]
    pub value: Interval,
    /// Whether quoting would earn, and how good forecasts of fills were, at the end.
    pub earns: Earns,
    samples: Markouts,
}

impl CoinModel {
    /// An empty coin of a run that begins at `start`.
    pub fn new(start: Ns) -> CoinModel {
        let guard = || States::new(start, Guard::LinkDown);
        let health = States::new(start, Health::Down);
        let mut coin = CoinModel { guards: [guard(), guard()], health, ..CoinModel::default() };
        coin.lines.each(&mut |s| *s = Series::new(start));
        coin
    }

    pub(super) fn take(&mut self, at: Ns, body: &Body) {
        match body {
            Body::Coin(x) => self.on_coin(x),
            Body::HealthChange(x) => {
                self.health.push(at, x.now);
                if x.now != Health::Fresh && x.now != Health::Stale {
                    self.lines.market.iter_mut().for_each(|s| s.push(at, None));
                }
            }
            Body::Market(x) => self.on_market(at, x),
            Body::Ladder(x) => self.on_ladder(at, x),
            Body::Account(x) => self.on_account(at, x),
            Body::Estimates(x) => self.on_estimates(at, x),
            Body::Regimes(x) => {
                self.regimes = Some(*x);
                for (s, p) in self.lines.regimes.iter_mut().zip(x.p) {
                    s.push(at, Some(p));
                }
            }
            Body::FeedState(x) => self.on_feed(at, x),
            Body::Late(x) => self.late = Some(*x),
            Body::DataGap(x) => self.gaps.push((at, *x)),
            Body::Latch(x) => self.latches.push((at, *x)),
            Body::Print(_) => self.prints += 1,
            Body::Order(x) => self.orders.on_order(x),
            Body::Fill(x) => self.on_fill(at, x),
            Body::Curve(_) | Body::Verdict(_) | Body::Score(_) => self.on_earns(at, body),
            Body::Edge(x) => {
                self.samples.push(at, x);
                self.reasons.on_edge(x);
            }
            Body::Start(_)
            | Body::Stop(_)
            | Body::LinkChange(_)
            | Body::Clocks(_)
            | Body::Lost(_)
            | Body::Strategy(_)
            | Body::Label(_)
            | Body::Terms(_)
            | Body::Requests(_) => {}
        }
    }

    /// What the account pays to make, bps; negative is a rebate.
    #[expect(clippy::cast_precision_loss, reason = "a rate is small")]
    pub fn maker_fee_bps(&self) -> Option<f64> {
        self.fee_e8.map(|fee| fee as f64 / 1e4)
    }

    fn on_coin(&mut self, x: &Coin) {
        self.name = x.text();
        self.sz_decimals = x.sz_decimals;
        self.fee_e8 = Some(x.fee_e8);
    }

    fn on_market(&mut self, at: Ns, x: &Market) {
        let shown = |p: Px| (p.0 > 0).then(|| p.to_f64());
        self.lines.market[0].push(at, shown(x.bid));
        self.lines.market[1].push(at, shown(x.ask));
        let (bid, ask) = (x.bid.to_f64(), x.ask.to_f64());
        let half = (ask - bid) / (ask + bid) * 1e4;
        self.lines.touch.push(at, Some(half).filter(|_| x.bid.0 > 0 && x.ask.0 > 0));
        let age = Ns::seconds(at.since(x.time)) * 1e3;
        self.lines.age.push(at, Some(age).filter(|_| x.time.0 > 0));
    }

    fn on_ladder(&mut self, at: Ns, x: &Ladder) {
        if x.first > 0 {
            return;
        }
        let side = x.side.index();
        self.guards[side].push(at, x.guard);
        self.lines.own[side].push(at, (x.levels > 0).then(|| x.px[0].to_f64()));
    }

    fn on_account(&mut self, at: Ns, x: &Account) {
        let split = Split::of(x);
        let profit = split.profit().to_f64();
        let lane = x.lane as usize;
        self.lines.equity[lane].push(at, Some(profit));
        if x.lane == Lane::Configured {
            self.lines.position.push(at, Some(x.position.to_f64()));
            self.path.take(profit, x.position.to_f64().abs() * x.mark.to_f64());
        }
        self.results[lane] = Some(LaneResult { account: *x, split, profit: Interval::one(profit) });
    }

    fn on_earns(&mut self, at: Ns, body: &Body) {
        self.earns.take(body);
        let word = self.earns.verdict(None).map(|v| v.word);
        if self.known.is_none() && word.is_some_and(|w| w != Outlook::Unknown) {
            self.known = Some((at, self.result().map_or(0.0, |r| r.split.profit().to_f64())));
        }
    }

    fn on_estimates(&mut self, at: Ns, x: &Estimates) {
        self.estimates = Some(*x);
        let l = &mut self.lines;
        for (s, v) in l.kappa.iter_mut().zip([x.kappa, x.kappa_lo, x.kappa_hi]) {
            s.push(at, Some(v));
        }
        l.sigma.push(at, Some(x.sigma_bps));
    }

    fn on_feed(&mut self, at: Ns, x: &FeedState) {
        self.feed = Some(*x);
        let ms = |ns: i64| (ns >= 0).then(|| Ns::seconds(ns) * 1e3);
        self.lines.lag.push(at, ms(x.lag));
    }

    fn on_fill(&mut self, at: Ns, x: &Fill) {
        self.orders.on_fill(x);
        self.reasons.on_fill(x);
        if x.lane == Lane::Configured {
            let (mid, sign) = (x.mid.to_f64(), if x.side == Side::Buy { 1.0 } else { -1.0 });
            let bps = if mid > 0.0 { sign * (mid - x.px.to_f64()) / mid * 1e4 } else { 0.0 };
            self.marks.push(Mark { at, side: x.side, px: x.px, sz: x.sz, reason: x.reason, bps });
            if self.marks.len() >= SAMPLES_MAX {
                halve(&mut self.marks);
            }
            self.lines.traded.push(at, Some(self.orders.traded_usd));
        }
    }

    /// What fills were worth, by block, USD.
    pub(super) fn value_steps(&self, blocks: &Blocks) -> Vec<[f64; 1]> {
        self.samples.value(blocks)
    }

    /// `seeds` is what the coin came to under several seeds.
    pub(super) fn finish(&mut self, end: Ns, blocks: &Blocks, seeds: &[Came]) {
        self.lines.each(&mut |s| s.finish(end));
        self.guards.iter_mut().for_each(|g| g.finish(end));
        self.health.finish(end);
        self.orders.finish();
        self.markouts = self.samples.summary(blocks);
        let steps = self.value_steps(blocks);
        let value = self.result().map_or(0.0, |r| r.account.value().to_f64());
        self.value = over(spread_of(&steps, value), seeds, |c| c.value_usd);
        for (lane, result) in self.results.iter_mut().enumerate() {
            if let Some(r) = result {
                r.profit = spread_of(&self.lines.equity[lane].steps(blocks), r.profit.value);
                if lane == Lane::Configured as usize {
                    r.profit = over(r.profit, seeds, |c| c.profit_usd);
                }
            }
        }
    }

    /// The configured result.
    pub fn result(&self) -> Option<&LaneResult> {
        self.results[Lane::Configured as usize].as_ref()
    }

    /// Whether the coin was no longer subscribed when the run ended.
    pub fn is_set_aside(&self) -> bool {
        self.feed.is_some_and(|f| f.set_aside)
    }

    /// Streams that were older than they may be when the run ended.
    pub fn stale(&self) -> Option<Vec<&'static str>> {
        Some(self.feed?.stale())
    }

    /// Share of the time in which each side was quoted.
    pub fn quoted_share(&self) -> Sides<f64> {
        [0, 1].map(|i| self.guards[i].share(Guard::None))
    }
}

/// The interval of a profit made of steps by block, around its exact value.
pub(super) fn spread_of(steps: &[[f64; 1]], value: f64) -> Interval {
    let i = bootstrap(steps, total).unwrap_or_default();
    Interval { value, ..i }
}

/// An interval that holds the spread of seeds, too.
pub(super) fn over(i: Interval, seeds: &[Came], of: impl Fn(&Came) -> f64) -> Interval {
    with_seeds(i, &seeds.iter().map(of).collect::<Vec<_>>())
}

impl Lines {
    fn each(&mut self, f: &mut impl FnMut(&mut Series)) {
        let l = self;
        let pairs = l.market.iter_mut().chain(&mut l.own);
        let threes = l.equity.iter_mut().chain(&mut l.kappa);
        let single =
            [&mut l.position, &mut l.traded, &mut l.sigma, &mut l.touch, &mut l.age, &mut l.lag];
        pairs.chain(threes).chain(&mut l.regimes).chain(single).for_each(f);
    }
}
