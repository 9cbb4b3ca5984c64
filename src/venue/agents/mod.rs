//! A market of agents around a latent price: makers, small orders, takers, on the matching engine.
//!
//! In: a set of parameters, a seed, the time passed. Out: the book after each block, its prints, and
//! what happened. Cold path.
//!
//! Within a block, in this order: regime and latent price, makers' orders, small orders, cancels,
//! takers. A cancel beats a taker of the same block, as at the venue.
//!
//! 1. Every draw is named by its purpose, who draws, and the block: an order more or less changes
//!    nothing but by its consequences.

pub mod book;
pub mod latent;
pub mod quoters;
pub mod retail;
pub mod sets;
pub mod takers;

use book::Book;
use latent::Latent;
use quoters::{Quoter, Sight};
use retail::Crowd;
use sets::Set;
use takers::{Flow, Rows, Whose, Wish};

use super::config::Regime;
use super::draw::{float, floor};
use super::flow::{Print, tid};
use super::matching::Fill;
use super::truth::{CoinBlock, Taker};
use crate::math::counter::Draws;
use crate::math::seed;
use crate::units::rules::Rules;
use crate::units::{Mid2, Px, Side, Sz};

/// What a draw is for.
const SETTING_UP: u64 = 0;
const PRICE: u64 = 1;
const ORDER: u64 = 2;
const MAKER: u64 = 3;
const SMALL: u64 = 4;
const CANCEL: u64 = 5;
const ARRIVALS: u64 = 6;
const TAKER: u64 = 7;
const META: u64 = 8;
const NAMES: u64 = 9;
const MARKET: u64 = 10;

/// The market of one coin.
#[derive(Clone, Debug)]
pub struct Agents {
    set: Set,
    key: u64,
    /// Of the draws that all coins share.
    market: u64,
    block: u64,
    now_s: f64,
    latent: Latent,
    makers: Vec<Quoter>,
    crowd: Crowd,
    flow: Flow,
    book: Book,
    prints: Vec<Print>,
    tids: u64,
}

impl Agents {
    /// The market at its start: an empty book.
    pub fn new(set: Set, seed: u64, coin: &str) -> Agents {
        let key = seed::named(seed, coin.as_bytes());
        let rules = Rules::perp(set.listing.sz_decimals);
        let at = super::grid::Grid::new(rules).floor(set.listing.start);
        let mut first = Draws::of(key, SETTING_UP, 0, 0);
        Agents {
            set,
            key,
            market: seed::named(seed, b""),
            block: 0,
            now_s: 0.0,
            latent: Latent::new(float(at) + 0.5, first.exponential(set.price.dwell_s[1])),
            makers: quoters::all(&set),
            crowd: Crowd::default(),
            flow: Flow::default(),
            book: Book::new(rules, at),
            prints: Vec::new(),
            tids: 0,
        }
    }

    /// One block, `dt` seconds after the last.
    pub fn step(&mut self, dt: f64) -> CoinBlock {
        self.block += 1;
        self.now_s += dt;
        let mid_before = self.mid2();
        let price = self.set.price;
        let market = Draws::of(self.market, MARKET, 0, self.block);
        if let Some(ticks) = self.latent.step(&price, dt, market, &mut self.row(PRICE, 0)) {
            self.flow.jump(&self.set.takers, ticks, price.jump.0);
        }
        let activity = price.activity[self.latent.regime];
        self.quote(dt, activity);
        let takers = self.take(dt, activity, mid_before);
        CoinBlock {
            regime: [Regime::Quiet, Regime::Normal, Regime::Volatile][self.latent.regime],
            mid_before,
            mid_after: self.mid2(),
            efficient: self.efficient(),
            takers,
        }
    }

    /// The book after the last block.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The book, for orders of one's own before the next block.
    #[cfg(any(test, feature = "lab"))]
    pub fn book_mut(&mut self) -> &mut Book {
        &mut self.book
    }

    /// Its parameters; what is changed holds from the next block on, but for the makers that there are.
    #[cfg(feature = "lab")]
    pub fn set_mut(&mut self) -> &mut Set {
        &mut self.set
    }

    /// Writes down what happens to orders, and hands out what did since the last time.
    pub fn log(&mut self, into: &mut Vec<book::Did>) {
        self.book.log(into);
    }

    /// The prints of the last block, in match order.
    pub fn prints(&self) -> &[Print] {
        &self.prints
    }

    /// Twice the mid of the touch.
    pub fn mid2(&self) -> Mid2 {
        let [bid, ask] = self.book.touch().map(|at| self.book.grid().px(at));
        Mid2(bid.0 + ask.0)
    }

    /// Twice the latent price, on the half-tick grid.
    pub fn efficient(&self) -> Mid2 {
        let half = floor(2.0 * self.latent.ticks() + 0.5);
        let grid = self.book.grid();
        Mid2(grid.px(half.div_euclid(2)).0 + grid.px((half + 1).div_euclid(2)).0)
    }

    /// The latent price, ticks.
    pub fn latent(&self) -> f64 {
        self.latent.ticks()
    }

    /// The price step at the touch, bps.
    pub fn tick_bps(&self) -> f64 {
        let [bid, _] = self.book.touch();
        let [from, to] = [bid, bid + 1].map(|at| float(self.book.grid().px(at).0));
        1e4 * (to - from) / from
    }

    /// Half the distance of the best prices, bps of the mid.
    pub fn half_spread_bps(&self) -> f64 {
        let [bid, ask] = self.book.touch().map(|at| float(self.book.grid().px(at).0));
        1e4 * (ask - bid) / (ask + bid)
    }

    fn row(&self, purpose: u64, who: u64) -> Draws {
        Draws::of(self.key, purpose, who, self.block)
    }

    /// Makers' visits in random order, small orders, cancels.
    fn quote(&mut self, dt: f64, activity: f64) {
        let n = self.makers.len() as u64;
        let mut order = self.row(ORDER, 0);
        let (start, stride) = (order.below(n), coprime(n, 1 + 2 * order.below(n)));
        let touch = self.book.touch();
        let widen = self.set.price.widen[self.latent.regime];
        let mut gone = Vec::new();
        for i in 0..n {
            let who = (start + i * stride) % n;
            let mut draws = Draws::of(self.key, MAKER, who, self.block);
            let maker = &mut self.makers[usize::try_from(who).unwrap_or(0)];
            if draws.event(maker.rate() * dt * f64::midpoint(1.0, activity)) {
                let latent = self.latent.ago(maker.lag_s());
                let sight = Sight { latent, touch, widen };
                maker.visit(&self.set, &sight, &mut self.book, &mut gone, &mut draws);
            }
        }
        let times = (self.now_s, dt);
        let draws = [0, 1].map(|who| self.row(SMALL, who));
        self.crowd.arrive(&self.set.retail, activity, times, &mut self.book, draws);
        gone.into_iter().for_each(|id| self.book.cancel(id));
        let (key, block, latent) = (self.key, self.block, self.latent.ticks());
        let row = |name| Draws::of(key, CANCEL, name, block);
        self.crowd.leave(&self.set.retail, times, latent, &mut self.book, row);
    }

    /// The takers of the block, and what they move.
    fn take(&mut self, dt: f64, activity: f64, mid_before: Mid2) -> Vec<Taker> {
        let (key, block) = (self.key, self.block);
        let lead = takers::lead(&self.set.takers, self.latent.ticks() - self.book.mid());
        let of = |whose: Whose, who| {
            let purpose = if matches!(whose, Whose::Taker) { TAKER } else { META };
            Draws::of(key, purpose, who, block)
        };
        let mut rows = Rows { arrivals: self.row(ARRIVALS, 0), of };
        let times = (self.now_s, dt);
        let wishes = self.flow.arrive(&self.set.takers, (activity, lead), times, &mut rows);
        self.prints.clear();
        let takers = wishes.into_iter().enumerate();
        takers.map(|(i, wish)| self.match_one(i as u64, wish, (lead, mid_before))).collect()
    }

    fn match_one(&mut self, who: u64, wish: Wish, (lead, mid_before): (f64, Mid2)) -> Taker {
        let Wish { side, usd, slip, child } = wish;
        let sign = side.sign();
        let limit = self.book.touch()[side.opposite().index()] + sign * slip;
        let fills = self.book.take(side, limit, usd).to_vec();
        let done: f64 = fills.iter().map(|f| f.px.to_f64() * f.sz.to_f64()).sum();
        let mid = float(mid_before.0) / 2.0;
        let reach = |px: Px| float(sign) * (float(px.0) - mid) / mid * 1e4;
        let worst = fills.last().map(|f| f.px);
        if worst.is_some() {
            // Informed flow reveals the price, it does not move it.
            let uninformed = 1.0 - (float(sign) * takers::tanh(lead)).max(0.0);
            let ticks = self.set.price.impact * (done / 1e5).sqrt() * float(sign) * uninformed;
            self.latent.hit(ticks);
        }
        let sz = Sz(fills.iter().map(|f| f.sz.0).sum());
        let depth_bps = reach(worst.unwrap_or(self.book.grid().px(limit)));
        self.print(side, &fills, child, self.row(NAMES, who));
        Taker { side, depth_bps, worst, sz }
    }

    /// The fills of one taker as prints. Children of metaorders have no hash, as at the venue.
    fn print(&mut self, side: Side, fills: &[Fill], child: bool, mut names: Draws) {
        let hash = if child { [0; 4] } else { [(); 4].map(|()| names.bits()) };
        let user = 1_000 + names.below(1_000);
        for fill in fills {
            let maker = names.below(50);
            let users = if side == Side::Buy { [user, maker] } else { [maker, user] };
            self.tids += 1;
            let tid = tid(self.tids);
            self.prints.push(Print { aggressor: side, px: fill.px, sz: fill.sz, hash, tid, users });
        }
    }
}

/// The first number from `from` on that has no factor in common with `n`.
fn coprime(n: u64, from: u64) -> u64 {
    let divisor = |mut a: u64, mut b: u64| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    (from..).find(|s| divisor(*s, n) == 1).unwrap_or(1)
}
