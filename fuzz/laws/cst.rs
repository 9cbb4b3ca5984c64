//! A second world with known truth: the Poisson limit order book of Cont, Stoikov and Talreja, and
//! shadow orders whose first-in-first-out outcome is known. It judges fill models.
//!
//! In: a scenario, a seed, a number of shadows. Out: what a model may see (prints as they happen,
//! snapshots at an interval, optionally best bid and offer), and what really became of each shadow.
//! Cold path.
//!
//! The book (Cont, Stoikov, Talreja 2010, extended to sizes, ten distances and heavy market
//! orders): limit orders arrive at distance i = 1...10 ticks from the opposite best at rate
//! lambda_i per side, each resting order is cancelled at rate theta_i by its distance (the tenth
//! beyond), market orders come at rate mu per side. All events are Poisson.
//!
//! 1. A shadow has no impact: the book evolves as if it were not there.
//! 2. It stands behind all orders displayed at its price when placed, before all later ones. It is
//!    filled by what a market order has left after the better prices and the orders ahead, and
//!    by a limit order of the other side that arrives at its price or through it.
//! 3. It is watched for [`WATCH_NS`]; one is placed every [`EVERY_NS`].

use std::collections::VecDeque;

use fastrand::Rng;

use crate::event::{Bbo, Level, Levels, Snapshot, Trade};
use crate::limits::LEVELS_MAX;
use crate::math::det;
use crate::units::{Ns, Px, Side, Sz};
use crate::venue::draw;

/// Time between two shadows.
pub const EVERY_NS: i64 = 1_700_000_000;
/// How long a shadow is watched.
pub const WATCH_NS: i64 = 10 * Ns::SEC;
/// One tick: 0.01 USD, the venue's around 500 USD for a coin of two size decimals.
pub const TICK: i64 = 1_000_000;
/// One unit of size: the lot of such a coin, 0.01.
pub const LOT: i64 = 1_000_000;
/// Horizons of the published fill probabilities, in seconds.
pub const HORIZONS_S: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];

const LAMBDA: [f64; 10] = [1.85, 1.51, 1.09, 0.88, 0.77, 0.70, 0.64, 0.60, 0.56, 0.53];
const THETA: [f64; 10] = [0.71, 0.81, 0.68, 0.56, 0.47, 0.42, 0.38, 0.35, 0.33, 0.31];
const MU: f64 = 0.94;
/// Mean sizes: limit orders, and market orders with their shares.
const LIMIT_SIZE: f64 = 4.0;
const MARKET_SIZES: [(f64, f64); 2] = [(0.8, 3.0), (0.2, 20.0)];
/// Seconds before the first shadow.
const BURN_S: f64 = 60.0;

/// The two books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Rates as published: about nine units at the best.
    Shallow,
    /// Four times the arrivals, about a third of the cancels, three times the market orders.
    Deep,
}

/// Which order of a level a cancel hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancels {
    /// Any with equal chance.
    Uniform,
    /// The later of two random positions.
    BackBiased,
}

/// One world, and what was published of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// Number, `1..=12`.
    pub number: u8,
    /// The book.
    pub depth: Depth,
    /// Ticks behind the best where shadows are placed.
    pub behind: i64,
    /// Size of a shadow in lots.
    pub size: i64,
    /// Cancels.
    pub cancels: Cancels,
    /// Time between two snapshots.
    pub snapshot_ns: i64,
    /// Published: mean size ahead of a shadow, in lots.
    pub queue: f64,
    /// Published: per cent filled within each of [`HORIZONS_S`].
    pub filled: [f64; 5],
}

const fn row(
    number: u8,
    depth: Depth,
    place: (i64, i64),
    seen: (Cancels, i64),
    queue: f64,
    filled: [f64; 5],
) -> Scenario {
    let ((behind, size), (cancels, ms)) = (place, seen);
    Scenario { number, depth, behind, size, cancels, snapshot_ns: ms * Ns::MS, queue, filled }
}

/// The twelve scenarios, with the numbers published for 5000 shadows each.
pub const SCENARIOS: [Scenario; 12] = {
    use Cancels::{BackBiased, Uniform};
    use Depth::{Deep, Shallow};
    [
        row(1, Shallow, (0, 1), (Uniform, 500), 8.6, [19.2, 35.2, 58.5, 83.3, 90.3]),
        row(2, Shallow, (0, 1), (BackBiased, 500), 8.4, [18.9, 34.7, 55.8, 80.9, 89.7]),
        row(3, Shallow, (0, 1), (Uniform, 2000), 8.6, [17.7, 33.5, 56.5, 81.9, 90.3]),
        row(4, Shallow, (0, 1), (Uniform, 50), 8.5, [18.3, 34.3, 57.7, 83.2, 90.2]),
        row(5, Shallow, (2, 1), (Uniform, 500), 5.8, [5.8, 11.4, 21.7, 45.1, 64.7]),
        row(6, Shallow, (0, 8), (Uniform, 500), 8.5, [8.7, 18.9, 38.3, 69.2, 82.3]),
        row(7, Deep, (0, 1), (Uniform, 500), 56.1, [6.7, 15.8, 38.3, 87.1, 94.8]),
        row(8, Deep, (0, 1), (BackBiased, 500), 55.2, [6.9, 15.9, 35.7, 80.6, 93.7]),
        row(9, Deep, (0, 1), (Uniform, 2000), 55.6, [6.8, 16.0, 38.3, 86.2, 94.5]),
        row(10, Deep, (0, 1), (Uniform, 50), 56.0, [7.3, 16.3, 37.7, 85.4, 94.2]),
        row(11, Deep, (2, 1), (Uniform, 500), 74.7, [0.0, 0.0, 0.2, 2.0, 7.8]),
        row(12, Deep, (0, 8), (Uniform, 500), 55.3, [5.1, 12.6, 31.3, 81.0, 93.7]),
    ]
};

/// An order that is only imagined, and its fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// Number, from 0.
    pub id: u32,
    /// When it was placed.
    pub placed: Ns,
    /// Side.
    pub side: Side,
    /// Price.
    pub px: Px,
    /// Size.
    pub sz: Sz,
    /// Size displayed at its price when placed: all of it trades first.
    pub queue: Sz,
    /// When it traded first; `None` if not while watched, or not yet.
    pub first_fill: Option<Ns>,
    /// When it was filled completely.
    pub filled: Option<Ns>,
}

/// What a fill model may see, and the shadows.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// One market order: a print per resting order, best price first.
    Prints(&'a [Trade]),
    /// The book at its interval, up to twenty levels with their number of orders.
    Book(&'a Snapshot),
    /// The best bid and offer after a change; only when asked for.
    Bbo(&'a Bbo),
    /// A shadow is placed behind the queue as displayed now, in this book.
    Placed(&'a Shadow, &'a Snapshot),
    /// A shadow is no longer watched: its outcome.
    Done(&'a Shadow),
}

/// Runs a scenario until `shadows` shadows are done; `see` gets everything in order of time.
/// Returns all shadows in order of placement.
pub fn run(
    scenario: &Scenario,
    seed: u64,
    shadows: u32,
    with_bbo: bool,
    see: &mut impl FnMut(Ns, Seen<'_>),
) -> Vec<Shadow> {
    let mut world = World::new(scenario, seed);
    world.run(shadows, with_bbo, see);
    world.done.sort_by_key(|s| s.id);
    world.done
}

#[derive(Clone, Copy, Debug)]
struct Order {
    number: u64,
    size: i64,
}

/// One side: `levels[j]` are the orders j ticks behind `best`, in order of time.
#[derive(Debug, Default)]
struct Queues {
    best: i64,
    levels: VecDeque<VecDeque<Order>>,
}

#[derive(Debug)]
struct Watched {
    shadow: Shadow,
    /// Price in ticks.
    price: i64,
    ahead: i64,
    left: i64,
    /// Orders with a smaller number stand before it.
    before: u64,
}

struct World {
    scenario: Scenario,
    lambda: [f64; 10],
    theta: [f64; 10],
    mu: f64,
    sides: [Queues; 2],
    rng: Rng,
    now: Ns,
    orders: u64,
    takers: u64,
    prints: Vec<Trade>,
    watched: Vec<Watched>,
    done: Vec<Shadow>,
    placed: u32,
}

impl World {
    fn new(scenario: &Scenario, seed: u64) -> World {
        let (ls, cs, q0, ms) = match scenario.depth {
            Depth::Shallow => (1.0, 1.0, 4.0, 1.0),
            Depth::Deep => (4.0, 0.35, 12.0, 3.0),
        };
        let mut world = World {
            scenario: *scenario,
            lambda: LAMBDA.map(|x| x * ls),
            theta: THETA.map(|x| x * cs),
            mu: MU * ms,
            sides: [Queues::default(), Queues::default()],
            rng: draw::stream(seed, "cst", u64::from(scenario.number)),
            now: Ns(1_767_225_600_000_000_000),
            orders: 0,
            takers: 0,
            prints: Vec::new(),
            watched: Vec::new(),
            done: Vec::new(),
            placed: 0,
        };
        world.sides[0].best = 50_000;
        world.sides[1].best = 50_001;
        for side in Side::BOTH {
            for i in 0..10 {
                for _ in 0..3 {
                    let px = world.sides[side.index()].best - side.sign() * i;
                    let size = geometric(&mut world.rng, q0);
                    world.rest(side, px, size);
                }
            }
        }
        world
    }

    fn run(&mut self, shadows: u32, with_bbo: bool, see: &mut impl FnMut(Ns, Seen<'_>)) {
        let mut next_shadow = self.now.plus(draw::floor(BURN_S * 1e9));
        let mut next_snapshot = self.now;
        let mut next_event = self.now.plus(self.draw_gap());
        let mut bbo = self.bbo();
        while u32::try_from(self.done.len()).is_ok_and(|n| n < shadows) {
            let end = self.watched.first().map_or(Ns(i64::MAX), |w| w.shadow.placed.plus(WATCH_NS));
            if self.placed == shadows {
                next_shadow = Ns(i64::MAX);
            }
            let next = next_event.min(next_shadow).min(next_snapshot).min(end);
            self.now = next;
            if next == end {
                let shadow = self.watched.remove(0).shadow;
                see(next, Seen::Done(&shadow));
                self.done.push(shadow);
            } else if next == next_snapshot {
                let snapshot = self.snapshot();
                see(next, Seen::Book(&snapshot));
                next_snapshot = next.plus(self.scenario.snapshot_ns);
            } else if next == next_shadow {
                self.place(see);
                next_shadow = next.plus(EVERY_NS);
            } else {
                self.event();
                if !self.prints.is_empty() {
                    see(next, Seen::Prints(&self.prints));
                }
                let after = self.bbo();
                if with_bbo && (after.bid, after.ask) != (bbo.bid, bbo.ask) {
                    see(next, Seen::Bbo(&after));
                }
                bbo = after;
                next_event = next.plus(self.draw_gap());
            }
        }
    }

    /// Total rate of events.
    fn rate(&self) -> f64 {
        let arrivals: f64 = self.lambda.iter().sum();
        2.0 * (arrivals + self.mu) + self.cancel_rate(Side::Buy) + self.cancel_rate(Side::Sell)
    }

    fn draw_gap(&mut self) -> i64 {
        let mean = 1.0 / self.rate();
        draw::floor(draw::exponential(&mut self.rng, mean) * 1e9).max(1)
    }

    /// Cancel rate of one order at level `j` of a side.
    fn theta_at(&self, j: usize) -> f64 {
        let spread = usize::try_from(self.sides[1].best - self.sides[0].best).unwrap_or(1);
        self.theta[(spread + j).clamp(1, 10) - 1]
    }

    fn cancel_rate(&self, side: Side) -> f64 {
        let levels = self.sides[side.index()].levels.iter().enumerate();
        levels.map(|(j, level)| self.theta_at(j) * count(level)).sum()
    }

    /// One event of the book, now.
    fn event(&mut self) {
        self.prints.clear();
        let mut left = self.rng.f64() * self.rate();
        for side in Side::BOTH {
            for i in 0..10usize {
                left -= self.lambda[i];
                if left < 0.0 {
                    let opposite = self.sides[side.opposite().index()].best;
                    let distance = i64::try_from(i + 1).unwrap_or(1);
                    let size = geometric(&mut self.rng, LIMIT_SIZE);
                    let px = opposite - side.sign() * distance;
                    self.meet_shadows(side, px, size);
                    return self.rest(side, px, size);
                }
            }
            left -= self.mu;
            if left < 0.0 {
                return self.market(side);
            }
            for j in 0..self.sides[side.index()].levels.len() {
                left -= self.theta_at(j) * count(&self.sides[side.index()].levels[j]);
                if left < 0.0 {
                    return self.cancel(side, j);
                }
            }
        }
    }

    fn rest(&mut self, side: Side, px: i64, size: i64) {
        self.orders += 1;
        let order = Order { number: self.orders, size };
        let queues = &mut self.sides[side.index()];
        if queues.levels.is_empty() {
            queues.best = px;
        }
        while side.sign() * (px - queues.best) > 0 {
            queues.levels.push_front(VecDeque::new());
            queues.best += side.sign();
        }
        let j = usize::try_from(side.sign() * (queues.best - px)).unwrap_or(0);
        while queues.levels.len() <= j {
            queues.levels.push_back(VecDeque::new());
        }
        queues.levels[j].push_back(order);
    }

    fn cancel(&mut self, side: Side, j: usize) {
        let queues = &mut self.sides[side.index()];
        let price = queues.best - side.sign() * i64::try_from(j).unwrap_or(0);
        let n = queues.levels[j].len();
        let mut at = self.rng.usize(..n);
        if self.scenario.cancels == Cancels::BackBiased {
            at = at.max(self.rng.usize(..n));
        }
        if let Some(order) = queues.levels[j].remove(at) {
            queues.trim(side);
            for w in &mut self.watched {
                if w.shadow.side == side && w.price == price && order.number < w.before {
                    w.ahead -= order.size;
                }
            }
        }
    }

    /// A market order of `side` takes the other side's orders.
    fn market(&mut self, side: Side) {
        self.takers += 1;
        let mut pick = self.rng.f64();
        let mean = MARKET_SIZES.iter().find(|(share, _)| {
            pick -= share;
            pick < 0.0
        });
        let size = geometric(&mut self.rng, mean.map_or(1.0, |m| m.1));
        let makers = side.opposite();
        // Shadows first: what is left for them counts the book as it stands.
        for k in 0..self.watched.len() {
            let w = &self.watched[k];
            if w.shadow.side == makers {
                let room = size - self.sides[makers.index()].better(makers, w.price) - w.ahead;
                self.fill_shadow(k, room);
            }
        }
        let queues = &mut self.sides[makers.index()];
        let mut left = size;
        while left > 0 {
            let price = queues.best;
            let Some(head) = queues.levels.front_mut().and_then(VecDeque::front_mut) else { break };
            let take = left.min(head.size);
            head.size -= take;
            left -= take;
            for w in &mut self.watched {
                if w.shadow.side == makers && w.price == price && head.number < w.before {
                    w.ahead -= take;
                }
            }
            self.prints.push(Trade {
                aggressor: side,
                px: Px(price * TICK),
                sz: Sz(take * LOT),
                time: self.now,
                taker: self.takers,
                tid: head.number,
            });
            if head.size == 0 {
                queues.levels[0].pop_front();
                queues.trim(makers);
            }
        }
    }

    /// A limit order that arrives at or through shadows of the other side meets them.
    fn meet_shadows(&mut self, side: Side, px: i64, size: i64) {
        for k in 0..self.watched.len() {
            let w = &self.watched[k];
            if w.shadow.side != side && side.sign() * (px - w.price) >= 0 {
                self.fill_shadow(k, size);
            }
        }
    }

    /// Gives shadow `k` up to `room`.
    fn fill_shadow(&mut self, k: usize, room: i64) {
        let w = &mut self.watched[k];
        if room <= 0 || w.left == 0 {
            return;
        }
        w.left -= room.min(w.left);
        w.shadow.first_fill.get_or_insert(self.now);
        if w.left == 0 {
            w.shadow.filled = Some(self.now);
        }
    }

    fn place(&mut self, see: &mut impl FnMut(Ns, Seen<'_>)) {
        let side = if self.rng.bool() { Side::Buy } else { Side::Sell };
        let queues = &self.sides[side.index()];
        let price = queues.best - side.sign() * self.scenario.behind;
        let behind = usize::try_from(self.scenario.behind).unwrap_or(0);
        let ahead = queues.levels.get(behind).map_or(0, size);
        let shadow = Shadow {
            id: self.placed,
            placed: self.now,
            side,
            px: Px(price * TICK),
            sz: Sz(self.scenario.size * LOT),
            queue: Sz(ahead * LOT),
            first_fill: None,
            filled: None,
        };
        self.placed += 1;
        see(self.now, Seen::Placed(&shadow, &self.snapshot()));
        let (left, before) = (self.scenario.size, self.orders + 1);
        self.watched.push(Watched { shadow, price, ahead, left, before });
    }

    fn snapshot(&self) -> Snapshot {
        let [bids, asks] = Side::BOTH.map(|s| self.sides[s.index()].shown(s));
        Snapshot { time: self.now, fast: false, bids, asks }
    }

    fn bbo(&self) -> Bbo {
        let [bid, ask] = Side::BOTH.map(|s| self.sides[s.index()].shown(s).first().copied());
        Bbo { time: self.now, bid, ask }
    }
}

impl Queues {
    /// Drops empty levels before the best; keeps the last price when nothing is left.
    fn trim(&mut self, side: Side) {
        if self.levels.iter().all(VecDeque::is_empty) {
            self.levels.clear();
        }
        while self.levels.front().is_some_and(VecDeque::is_empty) {
            self.levels.pop_front();
            self.best -= side.sign();
        }
        while self.levels.back().is_some_and(VecDeque::is_empty) {
            self.levels.pop_back();
        }
    }

    /// Size at prices strictly better than `price`.
    fn better(&self, side: Side, price: i64) -> i64 {
        let levels = usize::try_from(side.sign() * (self.best - price)).unwrap_or(0);
        self.levels.iter().take(levels).map(size).sum()
    }

    fn shown(&self, side: Side) -> Levels {
        let mut out = Levels::new();
        let mut px = self.best;
        for level in &self.levels {
            if !level.is_empty() && out.len() < LEVELS_MAX {
                let n = u32::try_from(level.len()).unwrap_or(u32::MAX);
                out.push(Level { px: Px(px * TICK), sz: Sz(size(level) * LOT), n });
            }
            px -= side.sign();
        }
        out
    }
}

/// Geometric on 1, 2, ... of the given mean (>= 1).
fn geometric(rng: &mut Rng, mean: f64) -> i64 {
    if mean <= 1.0 {
        return 1;
    }
    1 + draw::floor(det::ln(draw::unit(rng)) / det::ln_1p(-1.0 / mean))
}

fn size(level: &VecDeque<Order>) -> i64 {
    level.iter().map(|o| o.size).sum()
}

fn count(level: &VecDeque<Order>) -> f64 {
    f64::from(u32::try_from(level.len()).unwrap_or(u32::MAX))
}

#[cfg(test)]
#[path = "cst_tests.rs"]
mod tests;
