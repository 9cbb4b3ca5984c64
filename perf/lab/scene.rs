//! Scenes for one box at a time: own orders against prints, a quoter with what it believes.
//!
//! In: how many orders at how many prices, a model; a number. Out: a [`Scene`] to trade in, inputs of
//! a quote. Cold path around the hot one. The benches and the growth curves share them.

use std::hint::black_box;

use crate::book::{self, Book};
use crate::event::{Level, Levels, Snapshot, Trade};
use crate::quote::glft::Beliefs;
use crate::quote::{Bounds, Inputs};
use crate::sim::config::{Config, Model};
use crate::sim::orders::{NewOrder, Sim, SimEvent};
use crate::units::rules::Rules;
use crate::units::{Ns, ONE, Px, Side, Sz};

const TICK: i64 = ONE;
const BID: i64 = 50_000 * ONE;
/// Maker fee of the quotes, bps.
const FEE_BPS: f64 = 1.5;

/// A simulator with own orders too large to be filled, its rates learned.
#[derive(Debug)]
pub struct Scene {
    cfg: Config,
    sim: Sim,
    book: Book,
    now: Ns,
    rng: fastrand::Rng,
    /// Filled under the configured model, in units of size.
    pub filled: i64,
    /// Digest of all fills under all models.
    pub digest: u64,
}

impl Scene {
    /// `orders` own orders on both sides in turns, each side's at `prices` neighbouring prices from
    /// the best one on.
    ///
    /// # Panics
    /// If `prices` is 0.
    #[must_use]
    pub fn new(model: Model, orders: usize, prices: usize) -> Scene {
        let cfg = Config { model, venue_rules: false, ..Config::default() };
        let mut book = Book::default();
        book.on_up();
        let sim =
            Sim::new(cfg.shipped(&book::Config::default()), Rules::perp(5), orders.max(64), 1);
        let rng = fastrand::Rng::with_seed(5);
        let mut s = Scene { cfg, sim, book, now: Ns(Ns::SEC), rng, filled: 0, digest: 0 };
        for _ in 0..600 {
            s.snapshot();
        }
        for i in 0..orders {
            let side = Side::BOTH[i % 2];
            let depth = i64::try_from(i / 2 % prices).expect("few orders");
            let px = Px(touch(side).0 - side.sign() * depth * TICK);
            let new = NewOrder { side, px, sz: Sz(1_000_000 * ONE), level: 0 };
            s.sim.submit_at(i as u64 + 1, new, s.now).expect("room for all");
        }
        s.snapshot();
        s
    }

    /// Own orders that rest.
    #[must_use]
    pub fn live(&self) -> usize {
        Side::BOTH.into_iter().flat_map(|side| self.sim.open(side)).filter(|o| o.live).count()
    }

    /// Half a second later a full book comes.
    pub fn snapshot(&mut self) {
        self.now = self.now.plus(500 * Ns::MS);
        let [bids, asks] = Side::BOTH.map(|side| {
            let level = |i: i64| Level {
                px: Px(touch(side).0 - side.sign() * i * TICK),
                sz: Sz(self.rng.i64(1..200) * ONE / 10),
                n: 12,
            };
            (0..20).map(level).collect::<Levels>()
        });
        let seen = Snapshot { time: self.now, fast: false, bids, asks };
        self.sim.before(
            self.cfg.shipped(&book::Config::default()),
            self.now,
            &self.book,
            &mut |_| {},
        );
        self.book.on_snapshot(self.now, &seen);
        self.sim.after(
            self.cfg.shipped(&book::Config::default()),
            self.now,
            &self.book,
            &mut |_| {},
        );
    }

    /// A millisecond later a taker of one print at the best price; gives its size.
    pub fn trade(&mut self) -> i64 {
        self.now = self.now.plus(Ns::MS);
        let aggressor = Side::BOTH[self.rng.usize(..2)];
        let sz = Sz(self.rng.i64(1..100) * ONE / 1_000);
        let taker = self.now.0.unsigned_abs();
        let px = touch(aggressor.opposite());
        let print = Trade { aggressor, px, sz, time: self.now, taker, tid: taker };
        let (filled, digest) = (&mut self.filled, &mut self.digest);
        self.sim.on_prints(
            self.cfg.shipped(&book::Config::default()),
            black_box(&[print]),
            &self.book,
            &mut |e| {
                if let SimEvent::Fill(f) = e {
                    *filled += if f.lane as u8 == 0 { f.sz.0 } else { 0 };
                    let word = f.id ^ ((f.lane as u64) << 8) ^ (f.sz.0.unsigned_abs() << 16);
                    *digest = (digest.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
                }
            },
        );
        sz.0
    }
}

fn touch(side: Side) -> Px {
    Px(if side == Side::Buy { BID } else { BID + TICK })
}

/// Inputs of the `i`-th quote: touch and position change from each to the next.
#[must_use]
pub fn inputs(i: i64) -> Inputs {
    let bid = 97_000 + i % 50;
    Inputs {
        now: Ns(1_000 * Ns::SEC + i * 250 * Ns::MS),
        bid: Px(bid * ONE),
        bid_sz: Sz(ONE),
        ask: Px((bid + 1) * ONE),
        ask_sz: Sz(ONE),
        position: Sz((i % 21 - 10) * ONE / 500),
        last_fill: Ns(1_000 * Ns::SEC),
        held: [false; 2],
        bounds: bounds(),
    }
}

/// Rules and limits of the quotes.
#[must_use]
pub fn bounds() -> Bounds {
    Bounds {
        rules: Rules::perp(5),
        fee_bps: FEE_BPS,
        unit_usd: 250.0,
        max_lots: 10.0,
        anyway: false,
    }
}

/// What is believed of a market that has been watched for a while.
#[must_use]
pub fn beliefs() -> Beliefs {
    Beliefs {
        confidence: 0.9,
        adverse_sd: 0.3,
        alpha1: 0.2,
        ..Beliefs::known(6_000.0, 0.3, 0.8, FEE_BPS, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_rests_and_none_is_filled_up() {
        for (orders, prices) in [(1, 1), (20, 10), (200, 1)] {
            let mut s = Scene::new(Model::default(), orders, prices);
            let printed: i64 = (0..500).map(|_| s.trade()).sum();
            assert_eq!(s.live(), orders);
            assert!(s.filled <= printed, "{} of {printed}", s.filled);
        }
    }
}
