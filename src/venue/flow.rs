//! The order flow of one coin, with known truth: regimes, takers, the efficient price.
//!
//! In: a configuration and its seed; the time passed. Out: prints, the book after the block, and
//! what an estimator should have found ([`super::truth`]). Cold path.
//!
//! Takers arrive per side as a Poisson process of rate A; each reaches D ~ Exp(k_b) bps from the
//! mid of the book published before its block, is limited at mid (1 +- D), takes all volume before
//! the last price it reaches and a uniform share in (0, 1] of the size there.
//!
//! 1. A taker's worst price is the last valid price within its reach, so a valid price at d bps
//!    is reached with probability e^(-k_b d) exactly; at rate A e^(-k_b h) a taker trades at all,
//!    h the half-spread. One that reaches no order leaves no trace in the feed.
//! 2. Order within a block, as the venue sorts it: cancels and post-only orders, then takers; what
//!    is left of the book is refilled between takers and moved to the efficient price after them.
//! 3. The efficient price is a random walk on the half-tick grid: news, and of every taker that
//!    traded the impact, spread over the time constant.
//! 4. Takers beyond [`PRINTS_SOFT_MAX`] prints of a block wait for the next.

use fastrand::Rng;

use super::config::{Config, Law, Listing, Regime};
use super::draw;
use super::makers::{Makers, REACH_MAX};
use super::truth::{CoinBlock, CoinTruth, Taker};
use crate::math::det;
use crate::units::rules::Rules;
use crate::units::{Mid2, Px, Side, Sz};

/// Prints after which no further taker is let into a block.
pub const PRINTS_SOFT_MAX: usize = 2000;
/// Lowest and highest index of the grid the efficient price may reach.
const INDEX: (f64, f64) = (4_000.0, 50_000_000.0);

/// One print, as the wire will show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// The taker's side.
    pub aggressor: Side,
    /// Price.
    pub px: Px,
    /// Size.
    pub sz: Sz,
    /// The taker's transaction: 256 bits, all zero where the venue hides it.
    pub hash: [u64; 4],
    /// Trade id, below 2^50, unique in the coin's run.
    pub tid: u64,
    /// Number of the buying and of the selling user.
    pub users: [u64; 2],
}

/// The simulated market of one coin.
#[derive(Clone, Debug)]
pub struct Flow {
    laws: [Law; 4],
    zero_hash_share: f64,
    impact_tau_s: f64,
    regime: Regime,
    /// Seconds left in the regime; infinite where it never ends.
    stay_s: f64,
    /// Efficient price as an index of the grid.
    x: f64,
    /// Impact not yet in the price, bps.
    pending_bps: f64,
    waiting: Vec<(Side, f64)>,
    makers: Makers,
    regimes: Rng,
    takers: Rng,
    news: Rng,
    names: Rng,
    tids: u64,
    prints: Vec<Print>,
    truth: CoinTruth,
}

impl Flow {
    /// The market of `coin` at its start.
    pub fn new(config: &Config, coin: &str) -> Flow {
        let listing = Listing::of(coin);
        let rules = Rules::perp(listing.sz_decimals);
        let laws = Regime::ALL.map(|r| config.law(r));
        let spread = laws[config.start.index()].spread_ticks;
        let stream = |number| draw::stream(config.seed, coin, number);
        let x = draw::float(super::grid::Grid::new(rules).floor(listing.start)) + 0.5;
        let half_tick_bps =
            0.5e4 * draw::float(rules.tick(listing.start)) / draw::float(listing.start.0);
        let half_spread = laws.map(|l| f64::from(l.spread_ticks) * half_tick_bps);
        let mut flow = Flow {
            laws,
            zero_hash_share: config.zero_hash_share,
            impact_tau_s: config.impact_tau_s,
            regime: config.start,
            stay_s: 0.0,
            x,
            pending_bps: 0.0,
            waiting: Vec::new(),
            makers: Makers::new(config, rules, stream(0), x, i64::from(spread)),
            regimes: stream(1),
            takers: stream(2),
            news: stream(3),
            names: stream(4),
            tids: 0,
            prints: Vec::new(),
            truth: CoinTruth::new(coin, config, half_spread),
        };
        flow.stay_s = flow.draw_stay();
        flow
    }

    /// One block, `dt` seconds after the last. The prints and the book are those of the block.
    pub fn step(&mut self, dt: f64) -> CoinBlock {
        self.pass_regime(dt);
        let (regime, law) = (self.regime, self.laws[self.regime.index()]);
        let mid_before = self.makers.mid2();
        let spread = self.makers.touch(Side::Buy) - self.makers.touch(Side::Sell);
        let tick_bps = 2e4 * self.tick() / draw::float(mid_before.0);
        self.truth.pass(regime, dt, 0.5 * draw::float(spread) * tick_bps);
        self.makers.churn(dt);
        self.prints.clear();
        let mut takers = Vec::new();
        let impact_bps = self.truth.regimes[regime.index()].impact_bps;
        for (side, depth_bps) in self.arrivals(law, dt) {
            if self.prints.len() >= PRINTS_SOFT_MAX {
                self.waiting.push((side, depth_bps));
                continue;
            }
            let before = self.prints.len();
            let taker = self.take(side, depth_bps, mid_before);
            self.truth.count(regime, &taker, self.prints.len() - before);
            if taker.worst.is_some() {
                self.pending_bps += draw::float(side.sign()) * impact_bps;
            }
            takers.push(taker);
        }
        self.move_price(law, dt);
        CoinBlock {
            regime,
            mid_before,
            mid_after: self.makers.mid2(),
            efficient: self.efficient(),
            takers,
        }
    }

    /// Forgets what the truth has counted.
    pub fn reset_truth(&mut self) {
        self.truth.reset();
    }

    /// The prints of the last block, in match order.
    pub fn prints(&self) -> &[Print] {
        &self.prints
    }

    /// The book after the last block.
    pub fn makers(&self) -> &Makers {
        &self.makers
    }

    /// Law and record so far.
    pub fn truth(&self) -> &CoinTruth {
        &self.truth
    }

    /// Twice the efficient price, on the half-tick grid.
    pub fn efficient(&self) -> Mid2 {
        let half = draw::floor(2.0 * self.x + 0.5);
        let grid = self.makers.grid();
        Mid2(grid.px(half.div_euclid(2)).0 + grid.px((half + 1).div_euclid(2)).0)
    }

    /// The takers of this block: those that waited, then `dt` seconds of both sides, shuffled.
    fn arrivals(&mut self, law: Law, dt: f64) -> Vec<(Side, f64)> {
        let mut fresh = Vec::new();
        for side in Side::BOTH {
            for _ in 0..draw::poisson(&mut self.takers, law.rate_per_s * dt) {
                fresh.push((side, draw::exponential(&mut self.takers, 1.0 / law.decay_per_bps)));
            }
        }
        self.takers.shuffle(&mut fresh);
        let mut all = std::mem::take(&mut self.waiting);
        all.append(&mut fresh);
        all
    }

    fn take(&mut self, side: Side, depth_bps: f64, mid: Mid2) -> Taker {
        let share = draw::unit(&mut self.takers);
        let limit = draw::float(mid.0) / 2.0 * (1.0 + draw::float(side.sign()) * depth_bps * 1e-4);
        let (grid, touch) = (self.makers.grid(), self.makers.touch(side));
        let k = match side {
            Side::Buy => grid.floor(Px(draw::floor(limit))).min(touch + REACH_MAX),
            Side::Sell => grid.ceil(Px(-draw::floor(-limit))).max(touch - REACH_MAX),
        };
        let mut taker = Taker { side, depth_bps, worst: None, sz: Sz(0) };
        if side.sign() * (k - touch) < 0 {
            return taker;
        }
        let hidden = self.names.f64() < self.zero_hash_share;
        let hash = if hidden { [0; 4] } else { [(); 4].map(|()| self.names.u64(..)) };
        let user = self.names.u64(1_000..2_000);
        for fill in self.makers.take(side, k, share) {
            let maker = self.names.u64(..50);
            let users = if side == Side::Buy { [user, maker] } else { [maker, user] };
            self.tids += 1;
            let tid = tid(self.tids);
            self.prints.push(Print { aggressor: side, px: fill.px, sz: fill.sz, hash, tid, users });
            taker.sz.0 += fill.sz.0;
            taker.worst = Some(fill.px);
        }
        self.makers.refill();
        taker
    }

    /// Size of the tick at the efficient price, in price units.
    fn tick(&self) -> f64 {
        let k = draw::floor(self.x);
        draw::float(self.makers.grid().px(k + 1).0 - self.makers.grid().px(k).0)
    }

    fn move_price(&mut self, law: Law, dt: f64) {
        let released = if self.impact_tau_s > 0.0 {
            -self.pending_bps * det::exp_m1(-dt / self.impact_tau_s)
        } else {
            self.pending_bps
        };
        self.pending_bps -= released;
        let news = self.truth.regimes[self.regime.index()].sigma_news_bps;
        let bps = news * dt.sqrt() * draw::normal(&mut self.news) + released;
        let ticks_per_bps = 1e-4 * draw::float(self.efficient().0) / 2.0 / self.tick();
        self.x = (self.x + bps * ticks_per_bps).clamp(INDEX.0, INDEX.1);
        let half = draw::float(draw::floor(2.0 * self.x + 0.5)) / 2.0;
        self.makers.recentre(half, i64::from(law.spread_ticks));
    }

    fn pass_regime(&mut self, dt: f64) {
        self.stay_s -= dt;
        if self.stay_s > 0.0 {
            return;
        }
        let mut weights = self.laws[self.regime.index()].next;
        weights[self.regime.index()] = 0.0;
        let total: f64 = weights.iter().sum();
        let mut left = self.regimes.f64() * total;
        for next in Regime::ALL {
            left -= weights[next.index()];
            if left < 0.0 {
                self.regime = next;
                break;
            }
        }
        self.stay_s = self.draw_stay();
    }

    fn draw_stay(&mut self) -> f64 {
        let dwell_s = self.laws[self.regime.index()].dwell_s;
        if dwell_s > 0.0 { draw::exponential(&mut self.regimes, dwell_s) } else { f64::INFINITY }
    }
}

/// The `count`-th trade id: a permutation of 50-bit numbers, so ids look hashed, never repeat.
pub fn tid(count: u64) -> u64 {
    const MASK: u64 = (1 << 50) - 1;
    let mut z = count & MASK;
    for factor in [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9] {
        z = z.wrapping_mul(factor) & MASK;
        z ^= z >> 27;
    }
    z
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
