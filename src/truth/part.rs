//! One part of the time: the market, its shadows, and what became of them by stretch.
//!
//! In: a plan, the number of the part. Out: [`Part`]. Cold path.

use super::course::{Course, Path};
use super::ladder::{Fill, Ladder};
use super::plan::{PLACES, Plan, SHARES};
use super::stretch::STRETCH_NS;
use super::tried::{Schedule, Tried, WATCHED_NS};
use crate::limits::TICK_NS;
use crate::math::seed;
use crate::units::rules::Rules;
use crate::units::{Ns, Side};

/// Time before anything is counted: the book fills, metaorders come.
const BEFORE_NS: i64 = 10 * Ns::MINUTE;
/// Time after it in which marks become due and orders are watched.
const AFTER_NS: i64 = WATCHED_NS + Ns::SEC;
/// Fewest stretches of a part, which are shorter then.
const STRETCHES: usize = 6;
/// Blocks between two reports of progress.
const REPORT: u64 = 256;

/// A taker that traded.
#[derive(Clone, Copy, Debug)]
pub struct Swept {
    /// Block time.
    pub time: Ns,
    /// Its side.
    pub side: Side,
    /// How far it reached from the mid before the block, bps.
    pub depth_bps: f64,
    /// That mid.
    pub mid: f64,
}

/// What was seen of a part.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Start of what counts.
    pub from: Ns,
    /// Stretches that count.
    pub stretches: usize,
    /// Length of one, ns.
    pub stretch_ns: i64,
    /// Prices.
    pub path: Path,
    /// Takers that traded.
    pub takers: Vec<Swept>,
    /// By share of [`SHARES`]: by stretch and place the time of quotes in the book, s.
    pub live_s: Vec<Vec<[f64; PLACES]>>,
    /// By share: fills of quotes.
    pub fills: Vec<Vec<Fill>>,
    /// Orders that were tried.
    pub orders: Vec<Tried>,
    /// Blocks that count.
    pub blocks: u64,
}

impl Part {
    /// The stretch of a time that counts.
    pub fn stretch(&self, t: Ns) -> Option<usize> {
        let i = t.since(self.from).div_euclid(self.stretch_ns);
        usize::try_from(i).ok().filter(|i| *i < self.stretches)
    }

    /// Keeps the stretches that are known by now; `None` where that is none.
    fn end_at(&mut self, now: Ns) -> Option<()> {
        let known = (now.since(self.from) - AFTER_NS) / self.stretch_ns;
        self.stretches = usize::try_from(known).ok().filter(|n| *n > 0)?.min(self.stretches);
        self.live_s.iter_mut().for_each(|l| l.truncate(self.stretches));
        Some(())
    }
}

/// Runs part `number` of the plan, `length_ns` of market time. `tell` hears how much more of it is done; where
/// it says no, the part ends with the stretches that are known, if there is one.
pub fn run(
    plan: &Plan,
    number: u64,
    length_ns: i64,
    tell: &mut impl FnMut(i64) -> bool,
) -> Option<Part> {
    let named = seed::named(plan.seed.wrapping_add(number << 32), plan.coin.as_bytes());
    let mut course = Course::new(&plan.set, plan.block_ms, named, &plan.coin);
    let rules = Rules::perp(plan.set.listing.sz_decimals);
    let stretches = usize::try_from(length_ns / STRETCH_NS).unwrap_or(0).max(STRETCHES);
    let stretch_ns = length_ns / i64::try_from(stretches).unwrap_or(1);
    let from = Ns(BEFORE_NS);
    let until = from.plus(length_ns);
    let mut part = Part { from, stretches, stretch_ns, ..Part::default() };
    let mut ladders = SHARES.map(|g| Ladder::new(rules, named, g));
    part.live_s = SHARES.map(|_| vec![[0.0; PLACES]; stretches]).to_vec();
    let mut schedule = Schedule::new(plan.order_usd, named, from);
    let pace = plan.pace;
    let every = pace.every_ns.max(TICK_NS / 100);
    let mut decision = from.plus(-Ns::MINUTE);
    let (mut blocks, mut reported) = (0u64, 0);
    while course.time() < until.plus(AFTER_NS) {
        while decision.plus(pace.latency_ns) <= course.next() {
            let arrive = decision.plus(pace.latency_ns);
            if let Some(touch) = part.path.touch(decision.plus(-pace.feed_ns)) {
                ladders.iter_mut().for_each(|l| l.decide(&pace, arrive, touch, course.book()));
            }
            decision = decision.plus(every);
        }
        let time = course.next();
        if course.time() >= from && time < until {
            schedule.place(course.time(), rules, course.book(), None);
        }
        let block = course.step();
        part.path.push(&course);
        let stretch = part.stretch(time);
        for (g, ladder) in ladders.iter_mut().enumerate() {
            ladder.on_block(time, course.log());
            let live = ladder.live_ns();
            if let Some(i) = stretch {
                part.live_s[g][i].iter_mut().zip(live).for_each(|(s, ns)| *s += Ns::seconds(ns));
            }
        }
        schedule.on_block(time, course.log());
        if stretch.is_some() {
            part.blocks += 1;
            let mid = block.mid_before.to_f64();
            let swept = block.takers.iter().filter(|t| t.worst.is_some());
            part.takers.extend(swept.map(|t| Swept {
                time,
                side: t.side,
                depth_bps: t.depth_bps,
                mid,
            }));
        }
        blocks += 1;
        if blocks.is_multiple_of(REPORT) {
            let done = time.since(from).clamp(0, length_ns);
            if !tell(done - reported) {
                part.end_at(time)?;
                break;
            }
            reported = done;
        }
    }
    tell(length_ns - reported);
    part.fills = ladders.iter().map(|l| l.fills().to_vec()).collect();
    part.orders = schedule.orders().to_vec();
    Some(part)
}
