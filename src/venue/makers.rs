//! The background makers of one coin: a two-sided book around the efficient price, with churn.
//!
//! In: where the efficient price is, how far a taker reaches. Out: a [`Matching`] book without
//! holes, the fills of takers. Cold path.
//!
//! 1. At the end of every block the best bid and ask enclose the efficient price, exactly the
//!    configured number of ticks apart, and [`DEPTH`] consecutive prices of each side have orders.
//! 2. Churn adds to levels and cancels from them; it neither makes nor empties a level, so the
//!    touch moves only with the efficient price.
//! 3. A taker's reach has orders at every valid price: deeper levels, which nobody saw, get an
//!    order when a taker comes that far. Hence the worst price of a sweep is the last valid price
//!    within its reach.

use fastrand::Rng;

use super::config::Config;
use super::draw;
use super::grid::Grid;
use super::matching::{Fill, Matching, OrderId, Tif};
use crate::math::det;
use crate::units::rules::Rules;
use crate::units::{Mid2, ONE, Px, Side, Sz};

/// Consecutive prices with orders on each side: more than the venue shows.
pub const DEPTH: i64 = 24;
/// Farthest level of a sweep behind the touch; bounds the prints of one taker.
pub const REACH_MAX: i64 = 1000;
/// Decay, in levels, of the number of orders behind the touch.
const THINNING: f64 = 6.0;

/// The makers and their book.
#[derive(Clone, Debug)]
pub struct Makers {
    grid: Grid,
    rules: Rules,
    book: Matching,
    /// Every order placed, dead ones among them until they are stumbled upon.
    live: Vec<OrderId>,
    bid: i64,
    ask: i64,
    touch_orders: f64,
    order_usd: f64,
    churn_per_s: f64,
    rng: Rng,
    fills: Vec<Fill>,
}

impl Makers {
    /// A full book of `spread` ticks around index `x` of the price grid.
    pub fn new(config: &Config, rules: Rules, rng: Rng, x: f64, spread: i64) -> Makers {
        let mut makers = Makers {
            grid: Grid::new(rules),
            rules,
            book: Matching::default(),
            live: Vec::new(),
            bid: 0,
            ask: 0,
            touch_orders: config.touch_orders,
            order_usd: config.order_usd,
            churn_per_s: config.churn_per_s,
            rng,
            fills: Vec::new(),
        };
        makers.aim(x, spread);
        makers.fill_holes(1.0);
        makers
    }

    /// The book.
    pub fn book(&self) -> &Matching {
        &self.book
    }

    /// Twice the mid of the book.
    pub fn mid2(&self) -> Mid2 {
        Mid2(self.grid.px(self.bid).0 + self.grid.px(self.ask).0)
    }

    /// The price grid.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The touch a taker of `side` meets, as an index of the grid.
    pub fn touch(&self, side: Side) -> i64 {
        match side {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        }
    }

    /// `dt` seconds of cancels and post-only arrivals.
    pub fn churn(&mut self, dt: f64) {
        let rate = self.churn_per_s * dt;
        let orders = draw::float(i64::try_from(self.book.resting()).unwrap_or(i64::MAX));
        for _ in 0..draw::poisson(&mut self.rng, rate * orders) {
            self.cancel_one();
        }
        let target: f64 = (0..DEPTH).map(|i| self.orders_at(i)).sum();
        for side in Side::BOTH {
            for _ in 0..draw::poisson(&mut self.rng, rate * target) {
                let mut left = self.rng.f64() * target;
                let level = (0..DEPTH - 1).find(|i| {
                    left -= self.orders_at(*i);
                    left < 0.0
                });
                self.add(side, level.unwrap_or(DEPTH - 1), 1.0);
            }
        }
        if self.live.len() > 2 * self.book.resting() + 64 {
            let book = &self.book;
            self.live.retain(|id| book.order(*id).is_some());
        }
    }

    /// A taker of `side` that reaches the price of index `k` (at or beyond the touch): all volume
    /// before it and the share `share` (in (0, 1]) of the size there. The fills in match order.
    pub fn take(&mut self, side: Side, k: i64, share: f64) -> &[Fill] {
        let makers = side.opposite();
        let last = k.abs_diff(self.touch(side)).cast_signed();
        let mut size = 0;
        for i in 0..=last {
            let px = self.level_px(makers, i);
            if self.book.level(makers, px).is_none() {
                self.add(makers, i, 2.0);
            }
            let there = self.book.level(makers, px).map_or(0, |l| l.sz.0);
            let lot = self.rules.lot();
            let lots = draw::floor(share * draw::float(there / lot)) + 1;
            size += if i < last { there } else { there.min(lots * lot) };
        }
        self.fills.clear();
        self.book.ioc(side, self.grid.px(k), Sz(size), &mut self.fills);
        &self.fills
    }

    /// Puts orders where a taker emptied a level near the touch.
    pub fn refill(&mut self) {
        self.fill_holes(0.5);
    }

    /// Moves the book so that it encloses index `x`, `spread` ticks wide.
    pub fn recentre(&mut self, x: f64, spread: i64) {
        let inside = draw::float(self.bid) <= x && x <= draw::float(self.ask);
        if inside && self.ask - self.bid == spread {
            return;
        }
        self.aim(x, spread);
        for side in Side::BOTH {
            let touch = self.level_px(side, 0);
            while let Some(best) = self.book.best(side)
                && side.better(best.px, touch)
            {
                let gone: Vec<OrderId> = self.book.queue(side, best.px).collect();
                for id in gone {
                    self.book.cancel(id);
                }
            }
        }
        self.fill_holes(0.5);
    }

    /// Sets the touch around `x`, moving no farther than needed.
    fn aim(&mut self, x: f64, spread: i64) {
        let (bid, ask) = (draw::float(self.bid), draw::float(self.ask));
        if self.ask - self.bid == spread && x > ask {
            self.ask = -draw::floor(-x);
            self.bid = self.ask - spread;
        } else if self.ask - self.bid == spread && x < bid {
            self.bid = draw::floor(x);
            self.ask = self.bid + spread;
        } else {
            self.bid = draw::floor(x) - (spread - 1) / 2;
            self.ask = self.bid + spread;
        }
    }

    /// Price of level `i` behind the touch of the makers' side `side`.
    fn level_px(&self, side: Side, i: i64) -> Px {
        self.grid.px(match side {
            Side::Buy => self.bid - i,
            Side::Sell => self.ask + i,
        })
    }

    /// Mean number of orders at level `i`.
    fn orders_at(&self, i: i64) -> f64 {
        let far = self.touch_orders.min(2.0);
        far + (self.touch_orders - far) * det::exp(-draw::float(i) / THINNING)
    }

    /// Orders on every empty price near the touch: one, and more up to `share` of the mean.
    fn fill_holes(&mut self, share: f64) {
        for side in Side::BOTH {
            for i in 0..DEPTH {
                if self.book.level(side, self.level_px(side, i)).is_none() {
                    let more = share * (self.orders_at(i) - 1.0);
                    for _ in 0..=draw::poisson(&mut self.rng, more) {
                        self.add(side, i, 1.0);
                    }
                }
            }
        }
    }

    /// One order at level `i`, exponential in value with `scale` times the usual mean.
    fn add(&mut self, side: Side, i: i64, scale: f64) {
        let px = self.level_px(side, i);
        let usd = draw::exponential(&mut self.rng, self.order_usd * scale);
        let coins = Sz(draw::floor(usd / px.to_f64() * draw::float(ONE)));
        let sz = Sz(self.rules.floor_lot(coins).0.max(self.rules.min_size(px).0));
        let placed = self.book.limit(side, px, sz, Tif::PostOnly, &mut self.fills);
        debug_assert!(placed.is_ok(), "makers do not cross: {placed:?}");
        self.live.extend(placed.ok().and_then(|p| p.resting));
    }

    /// Cancels one order, any with equal chance, unless it is the last of a level near the touch.
    fn cancel_one(&mut self) {
        while !self.live.is_empty() {
            let at = self.rng.usize(..self.live.len());
            let id = self.live[at];
            let Some(order) = self.book.order(id) else {
                self.live.swap_remove(at);
                continue;
            };
            let alone = self.book.level(order.side, order.px).is_some_and(|l| l.n == 1);
            let edge = self.level_px(order.side, DEPTH - 1);
            if !alone || order.side.better(edge, order.px) {
                self.book.cancel(id);
                self.live.swap_remove(at);
            }
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn makers(seed: u64) -> Makers {
        let rules = Rules::perp(4);
        let x = draw::float(Grid::new(rules).floor(Px(3_400 * ONE)));
        Makers::new(&Config::simple(), rules, draw::stream(seed, "ETH", 0), x + 0.5, 1)
    }

    fn check(m: &Makers) {
        for side in Side::BOTH {
            let got: Vec<Px> = m.book.levels(side).take(20).map(|l| l.px).collect();
            let want: Vec<Px> = (0..20).map(|i| m.level_px(side, i)).collect();
            assert_eq!(got, want, "no holes");
        }
    }

    #[test]
    fn book_has_no_holes_whatever_happens() {
        let mut m = makers(3);
        let mut rng = draw::stream(9, "walk", 0);
        let mut x = draw::float(m.bid);
        for i in 0..3_000 {
            m.churn(0.08);
            check(&m);
            if i % 3 == 0 {
                let side = if rng.bool() { Side::Buy } else { Side::Sell };
                let depth = draw::floor(draw::exponential(&mut rng, 12.0));
                let k = m.touch(side) + side.sign() * depth;
                let worst = m.grid.px(k);
                let fills = m.take(side, k, draw::unit(&mut rng)).to_vec();
                assert_eq!(fills.last().map(|f| f.px), Some(worst));
                assert!(fills.is_sorted_by_key(|f| side.sign() * f.px.0), "best price first");
                m.refill();
                check(&m);
            }
            x += 0.8 * draw::normal(&mut rng);
            let spread = 1 + i / 1000;
            m.recentre(x, spread);
            check(&m);
            assert!(draw::float(m.bid) <= x && x <= draw::float(m.ask) && m.ask - m.bid == spread);
        }
        assert!(m.book.resting() < 1_000 && m.live.len() < 3_000, "nothing piles up");
    }

    #[test]
    fn stationary_number_of_orders_is_the_configured_mean() {
        let mut m = makers(4);
        let (mut sum, mut blocks) = (0.0, 0.0);
        for i in 0..100_000 {
            m.churn(0.1);
            if i > 500 {
                sum += f64::from(m.book.best(Side::Buy).map_or(0, |l| l.n));
                blocks += 1.0;
            }
        }
        // Poisson of mean 5 given that it is not 0, since the last order never goes.
        let want = 5.0 / (1.0 - det::exp(-5.0));
        assert!((sum / blocks - want).abs() < 0.2, "{} orders at the touch", sum / blocks);
    }
}
