//! The market of one coin by itself, block by block, with everything that happens to its orders.
//!
//! In: a set of parameters, a seed. Out: blocks, the log of orders; what was seen of prices. Cold path.

use fastrand::Rng;

use crate::event::{Bbo, Levels, Snapshot, Trade};
use crate::limits::LEVELS_MAX;
use crate::units::{Mid2, Ns, Px, Side};
use crate::venue::agents::Agents;
use crate::venue::agents::book::{Book, Did};
use crate::venue::agents::sets::Set;
use crate::venue::draw::stream;
use crate::venue::truth::CoinBlock;
use crate::venue::world::gap_ms;

/// A market under way.
#[derive(Clone, Debug)]
pub struct Course {
    agents: Agents,
    clock: Rng,
    block_ms: f64,
    time: Ns,
    next: Ns,
    log: Vec<Did>,
}

/// Prices of blocks that passed.
#[derive(Clone, Debug, Default)]
pub struct Path {
    times: Vec<Ns>,
    mids: Vec<f64>,
    latents: Vec<f64>,
    touches: Vec<[Px; 2]>,
}

impl Course {
    /// A market at its start, an empty book; the median time between blocks is `block_ms`.
    pub fn new(set: &Set, block_ms: f64, seed: u64, coin: &str) -> Course {
        let mut agents = Agents::new(*set, seed, coin);
        let (mut clock, mut log) = (stream(seed, "blocks", 0), Vec::new());
        agents.log(&mut log);
        let next = Ns::from_ms(gap_ms(block_ms, &mut clock));
        Course { agents, clock, block_ms, time: Ns(0), next, log }
    }

    /// The next block.
    pub fn step(&mut self) -> CoinBlock {
        let dt = Ns::seconds(self.next.since(self.time));
        self.time = self.next;
        self.next = self.time.plus(gap_ms(self.block_ms, &mut self.clock) * Ns::MS);
        let block = self.agents.step(dt);
        self.agents.log(&mut self.log);
        block
    }

    /// Time of the last block; the first comes after 0.
    pub fn time(&self) -> Ns {
        self.time
    }

    /// Time of the next block.
    pub fn next(&self) -> Ns {
        self.next
    }

    /// What happened to orders in the last block.
    pub fn log(&self) -> &[Did] {
        &self.log
    }

    /// The prints of the last block, in match order.
    pub fn prints(&self) -> impl Iterator<Item = Trade> {
        let time = self.time;
        self.agents.prints().iter().map(move |p| Trade {
            aggressor: p.aggressor,
            px: p.px,
            sz: p.sz,
            time,
            taker: p.hash[0],
            tid: p.tid,
        })
    }

    /// The best prices after it, as they are published.
    pub fn bbo(&self) -> Bbo {
        let [bid, ask] = Side::BOTH.map(|s| self.book().matching().best(s));
        Bbo { time: self.time, bid, ask }
    }

    /// The book after it as it is published, five levels or all.
    pub fn snapshot(&self, fast: bool) -> Snapshot {
        let depth = if fast { 5 } else { LEVELS_MAX };
        let side = |s| {
            let mut out = Levels::new();
            self.book().matching().levels(s).take(depth).for_each(|l| out.push(l));
            out
        };
        Snapshot { time: self.time, fast, bids: side(Side::Buy), asks: side(Side::Sell) }
    }

    /// The book after the last block.
    pub fn book(&self) -> &Book {
        self.agents.book()
    }

    /// The agents.
    #[cfg(test)]
    pub fn agents(&mut self) -> &mut Agents {
        &mut self.agents
    }

    /// Twice the price that the market follows.
    pub fn efficient(&self) -> Mid2 {
        self.agents.efficient()
    }
}

impl Path {
    /// Adds the last block.
    pub fn push(&mut self, course: &Course) {
        let book = course.book();
        let touch = Side::BOTH.map(|s| book.grid().px(book.touch()[s.index()]));
        self.times.push(course.time());
        self.mids.push(Mid2(touch[0].0 + touch[1].0).to_f64());
        self.latents.push(course.efficient().to_f64());
        self.touches.push(touch);
    }

    fn index(&self, at: Ns) -> Option<usize> {
        self.times.partition_point(|t| *t <= at).checked_sub(1)
    }

    /// The mid in force at a time; 0 before the first block.
    pub fn mid(&self, at: Ns) -> f64 {
        self.index(at).map_or(0.0, |i| self.mids[i])
    }

    /// The latent price in force at a time; 0 before the first block.
    pub fn latent(&self, at: Ns) -> f64 {
        self.index(at).map_or(0.0, |i| self.latents[i])
    }

    /// Best bid and ask of the newest block at a time.
    pub fn touch(&self, at: Ns) -> Option<[Px; 2]> {
        self.index(at).map(|i| self.touches[i])
    }
}
