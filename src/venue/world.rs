//! All coins on one chain of blocks: what is published when.
//!
//! In: a configuration, the time of the start. Out: one block after the other, as frames by coin
//! and stream, and the state a new subscriber is sent. Cold path.
//!
//! 1. Block times are whole milliseconds and increase.
//! 2. A best bid and offer is published when its price, size or count changed; prints in one frame
//!    per coin and block; books and contexts by a timer that looks at every block, all coins in
//!    step.

use std::collections::VecDeque;
use std::sync::Arc;

use fastrand::Rng;

use super::coin::{self, Coin as Market, FILLS_S};
use super::config::{Config, Listing, Named};
use super::draw;
use super::feed::{Feed, Order};
use super::flow::Print;
use super::truth::{BlockTruth, Truth};
use super::wire::{self, CtxText, Stream};
use crate::event::Level;
use crate::limits::LEVELS_MAX;
use crate::math::counter::Draws;
use crate::math::{det, seed};
use crate::settings::{ConfigError, Room as _};
use crate::units::rules::Rules;
use crate::units::{Px, Side};

/// Prints a new subscriber of trades is sent.
const HISTORY: usize = 30;
/// Levels of the fast book.
const FAST_LEVELS: usize = 5;
/// Least time between two fast books, full books, contexts, in ms: sent at the first block after.
const TIMERS_MS: [i64; 3] = [500, 5_350, 1_000];
/// Spread of the logarithm of block times; with a median of 74 ms the mean is 79, p95 134 ms.
const BLOCK_SPREAD: f64 = 0.36;
/// What a draw of the feed is for.
const SKIP: u64 = 1;
const FAST: u64 = 2;
/// Time constants in seconds: of the oracle behind the efficient price, of the premium in funding.
const ORACLE_S: f64 = 20.0;
const PREMIUM_S: f64 = 3_600.0;

/// The frames of one coin of one block, as [`Stream`] counts.
pub type CoinFrames = [Option<String>; 5];

#[derive(Clone, Debug)]
struct Coin {
    name: String,
    listing: Listing,
    market: Market,
    history: VecDeque<(i64, Print)>,
    bbo: [Option<Level>; 2],
    oracle: f64,
    premium: f64,
    traded: [f64; 2],
    /// Prints of the block before, where they are sent late.
    late: Option<String>,
    /// Orders in the book that clients are not shown.
    #[cfg(feature = "lab")]
    hidden: Vec<super::matching::OrderId>,
}

/// The time to the next block, ms, where the median is `block_ms`.
pub fn gap_ms(block_ms: f64, clock: &mut Rng) -> i64 {
    let gap = block_ms * det::exp(BLOCK_SPREAD * draw::normal(clock));
    draw::floor(gap.clamp(0.3 * block_ms, 3.0 * block_ms) + 0.5).max(1)
}

/// How much later than by its timer the fast book after the one at `sent_ms` comes, ms.
fn fast_jitter(feed: &Feed, key: u64, sent_ms: i64) -> i64 {
    match feed.order {
        Order::Venue => 0,
        Order::Measured => {
            let mut draws = Draws::of(key, FAST, 0, sent_ms.unsigned_abs());
            draw::floor(feed.fast_jitter_ms * draws.normal())
        }
    }
}

/// The simulated venue without its sockets.
#[derive(Clone, Debug)]
pub struct World {
    block_ms: f64,
    feed: Feed,
    /// Of what the feed leaves out, apart from the market.
    key: u64,
    start_ms: i64,
    clock: Rng,
    time_ms: i64,
    next_ms: i64,
    sent_ms: [i64; 3],
    blocks: u64,
    coins: Vec<Coin>,
    last: Arc<BlockTruth>,
}

impl World {
    /// The venue at `now_ms` (unless the configuration fixes its time), its prerun behind it.
    ///
    /// # Errors
    /// The first field of the configuration that is out of range.
    pub fn new(config: &Config, now_ms: i64) -> Result<World, ConfigError> {
        config.check()?;
        let start_ms = config.epoch_ms.unwrap_or(now_ms);
        let first_ms = start_ms - draw::floor(World::prerun_s(config) * 1e3);
        let coin = |name: &String| Coin {
            name: name.clone(),
            listing: coin::listing(config, name),
            market: Market::new(config, name),
            history: VecDeque::with_capacity(HISTORY),
            bbo: [None, None],
            oracle: coin::listing(config, name).start.to_f64(),
            premium: 0.0,
            traded: [0.0; 2],
            late: None,
            #[cfg(feature = "lab")]
            hidden: Vec::new(),
        };
        let mut world = World {
            block_ms: config.block_ms,
            feed: config.feed.clone(),
            key: seed::named(config.seed, b"feed"),
            start_ms,
            clock: draw::stream(config.seed, "blocks", 0),
            time_ms: first_ms,
            next_ms: first_ms,
            sent_ms: [0; 3],
            blocks: 0,
            coins: config.coins.iter().map(coin).collect(),
            last: Arc::new(BlockTruth { time_ms: first_ms, coins: Vec::new() }),
        };
        world.next_ms = first_ms + world.gap_ms();
        while world.next_ms < start_ms {
            world.step();
        }
        // The first block is one gap after the last of the prerun; truth counts from here.
        world.blocks = 0;
        for coin in &mut world.coins {
            coin.market.reset_truth();
            coin.late = None;
            coin.bbo = Side::BOTH.map(|s| coin.market.book().best(s));
        }
        Ok(world)
    }

    /// Venue time before anybody is served, s.
    pub fn prerun_s(config: &Config) -> f64 {
        let least_s = if config.world == Named::Simple { 0.0 } else { FILLS_S };
        config.prerun_s.max(least_s)
    }

    /// Its present becomes `now_ms`, and its past moves with it.
    pub fn move_to(&mut self, now_ms: i64) {
        let later = now_ms - self.start_ms;
        let own = [&mut self.start_ms, &mut self.time_ms, &mut self.next_ms];
        let prints = self.coins.iter_mut().flat_map(|c| &mut c.history).map(|(at, _)| at);
        own.into_iter().chain(&mut self.sent_ms).chain(prints).for_each(|t| *t += later);
    }

    /// The next block; one set of frames per coin, in the configured order.
    pub fn step(&mut self) -> Vec<CoinFrames> {
        let dt_ms = self.next_ms - self.time_ms;
        self.time_ms = self.next_ms;
        self.next_ms += self.gap_ms();
        self.blocks += 1;
        let mut due = [false; 3];
        for (i, sent_ms) in self.sent_ms.iter_mut().enumerate() {
            let jitter = if i == 0 { fast_jitter(&self.feed, self.key, *sent_ms) } else { 0 };
            due[i] = self.time_ms - *sent_ms >= TIMERS_MS[i] + jitter;
            if due[i] {
                *sent_ms = self.time_ms;
            }
        }
        let (time_ms, shown_ms) = (self.time_ms, self.shown_ms());
        let mut truths = Vec::with_capacity(self.coins.len());
        let mut out = Vec::with_capacity(self.coins.len());
        for (i, coin) in self.coins.iter_mut().enumerate() {
            truths.push(coin.market.step(draw::float(dt_ms) / 1e3));
            let skips = self.feed.order == Order::Measured
                && Draws::of(self.key, SKIP, i as u64, time_ms.unsigned_abs())
                    .chance(self.feed.skip);
            let mut frames = coin.publish(shown_ms, draw::float(dt_ms) / 1e3, (due, skips));
            if self.feed.late_prints {
                std::mem::swap(&mut frames[Stream::Trades as usize], &mut coin.late);
            }
            out.push(frames);
        }
        self.last = Arc::new(BlockTruth { time_ms, coins: truths });
        out
    }

    /// Time of the last block in ms.
    pub fn time_ms(&self) -> i64 {
        self.time_ms
    }

    /// How the feed is.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// What the venue's clock shows at the last block, ms.
    fn shown_ms(&self) -> i64 {
        self.feed.shown(self.time_ms, self.time_ms - self.start_ms)
    }

    /// Time of the next block in ms.
    pub fn next_ms(&self) -> i64 {
        self.next_ms
    }

    /// Number of the coin of this name.
    pub fn coin(&self, name: &str) -> Option<usize> {
        self.coins.iter().position(|c| c.name == name)
    }

    /// Names of the coins in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.coins.iter().map(|c| c.name.as_str())
    }

    /// What a new subscriber of a stream is sent at once: the state after the last block, the
    /// history of trades. Nothing for a coin that is not there.
    pub fn state(&self, coin: usize, stream: Stream) -> Option<String> {
        let coin = self.coins.get(coin)?;
        let shown_ms = self.shown_ms();
        Some(match stream {
            Stream::Bbo => wire::bbo(&coin.name, shown_ms, coin.bbo),
            Stream::Trades => wire::trades(&coin.name, &coin.history),
            Stream::FastBook => coin.book(shown_ms, true),
            Stream::Book => coin.book(shown_ms, false),
            Stream::Ctx => coin.ctx(),
        })
    }

    /// What the venue lists of each coin, in order.
    pub fn listings(&self) -> impl Iterator<Item = (&str, Listing)> {
        self.coins.iter().map(|c| (c.name.as_str(), c.listing))
    }

    /// The agents of a coin; `None` under `simple`.
    #[cfg(feature = "lab")]
    pub fn agents(&mut self, coin: usize) -> Option<&mut super::agents::Agents> {
        match &mut self.coins.get_mut(coin)?.market {
            Market::Agents(agents, _) => Some(agents),
            Market::Simple(_) => None,
        }
    }

    /// Keeps these orders out of what clients see of a coin's book: for one who knows his own.
    #[cfg(feature = "lab")]
    pub fn hide(&mut self, coin: usize, orders: impl Iterator<Item = super::matching::OrderId>) {
        self.coins[coin].hidden.clear();
        self.coins[coin].hidden.extend(orders);
    }

    /// Law and record of all coins so far.
    pub fn truth(&self) -> Truth {
        Truth {
            time_ms: self.time_ms,
            blocks: self.blocks,
            coins: self.coins.iter().map(|c| c.market.truth().averaged()).collect(),
        }
    }

    /// The truth of the last block.
    pub fn last(&self) -> Arc<BlockTruth> {
        Arc::clone(&self.last)
    }

    fn gap_ms(&mut self) -> i64 {
        gap_ms(self.block_ms, &mut self.clock)
    }
}

impl Coin {
    /// `skips`: best prices of a block with trades come with a later block's.
    fn publish(&mut self, time_ms: i64, dt: f64, (due, skips): ([bool; 3], bool)) -> CoinFrames {
        let bbo = Side::BOTH.map(|s| self.levels(s).next());
        let left_out = skips && !self.market.prints().is_empty();
        let changed = bbo != self.bbo && !left_out;
        if changed {
            self.bbo = bbo;
        }
        let fresh: Vec<_> = self.market.prints().iter().map(|p| (time_ms, *p)).collect();
        let trades = (!fresh.is_empty()).then(|| wire::trades(&self.name, &fresh));
        for (_, print) in &fresh {
            self.traded[0] += print.sz.to_f64();
            self.traded[1] += print.sz.to_f64() * print.px.to_f64();
        }
        self.history.extend(fresh);
        self.history.drain(..self.history.len().saturating_sub(HISTORY));
        self.follow(dt);
        [
            changed.then(|| wire::bbo(&self.name, time_ms, bbo)),
            trades,
            due[0].then(|| self.book(time_ms, true)),
            due[1].then(|| self.book(time_ms, false)),
            due[2].then(|| self.ctx()),
        ]
    }

    /// The levels of a side as clients see them.
    fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        let book = self.market.book();
        let levels = book.levels(side);
        #[cfg(feature = "lab")]
        let levels = levels.filter_map(move |mut l| {
            let own = self.hidden.iter().filter_map(|id| book.order(*id));
            for o in own.filter(|o| (o.side, o.px) == (side, l.px)) {
                (l.sz.0, l.n) = (l.sz.0 - o.sz.0, l.n - 1);
            }
            (l.n > 0).then_some(l)
        });
        levels
    }

    /// Moves the oracle after the efficient price, and the premium.
    fn follow(&mut self, dt: f64) {
        let efficient = self.market.efficient().to_f64();
        self.oracle -= (efficient - self.oracle) * det::exp_m1(-dt / ORACLE_S);
        let premium = efficient / self.oracle - 1.0;
        self.premium -= (premium - self.premium) * det::exp_m1(-dt / PREMIUM_S);
    }

    fn book(&self, time_ms: i64, fast: bool) -> String {
        let depth = if fast { FAST_LEVELS } else { LEVELS_MAX };
        let sides = Side::BOTH.map(|s| self.levels(s).take(depth).collect::<Vec<_>>());
        wire::book(&self.name, time_ms, [&sides[0], &sides[1]], fast)
    }

    /// Funding is the venue's formula: premium + clamp(0.01 % - premium, +-0.05 %), an eighth of it
    /// each hour. Oracle prices have one figure more than the tick.
    fn ctx(&self) -> String {
        let listing = self.listing;
        let rules = Rules::perp(listing.sz_decimals);
        let eight_hours = self.premium + (1e-4 - self.premium).clamp(-5e-4, 5e-4);
        let oracle = draw::floor(self.oracle * 1e8);
        let fine = (rules.tick(Px(oracle.max(1))) / 10).max(1);
        let mid = self.market.mid2().0 / 2;
        let best = self.bbo.map(|l| l.map_or(mid, |l| l.px.0));
        let c = CtxText {
            funding_e10: draw::floor(eight_hours / 8.0 * 1e10 + 0.5),
            open_interest: draw::floor(4e8 / listing.start.to_f64()) * 100_000_000,
            prev_day: listing.start.0,
            day_value: draw::floor(self.traded[1] * 1e8),
            premium_e10: draw::floor((draw::float(mid) / (self.oracle * 1e8) - 1.0) * 1e10),
            oracle: oracle - oracle.rem_euclid(fine),
            mark: rules.round_outward(Side::Buy, Px(mid)).0,
            mid,
            impact: best,
            day_base: draw::floor(self.traded[0] * 1e8),
        };
        wire::ctx(&self.name, &c)
    }
}
