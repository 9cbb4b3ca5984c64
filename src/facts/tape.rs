//! What a recording showed of one coin, in rows.
//!
//! In: the feed's events with their receive stamps. Out: [`Tape`]. Cold path. A best price costs 48
//! bytes and a print 40, some 2 MB an hour of a busy coin; the rest is sums and counts.

use std::collections::{BTreeSet, VecDeque};

use super::stats::Durations;
use crate::event::{Bbo, Event, Snapshot, Trade};
use crate::limits::FACTS_STATES;
use crate::math::det;
use crate::units::rules::Rules;
use crate::units::{Ns, Px, Side, Sz};

/// Levels of which a book must have so many a side for its shape to be taken.
pub(super) const SHAPE: usize = 10;
/// Frames between two delays whose logarithms are correlated, beside neighbours.
const APART: usize = 50;

/// Best bid and offer after a block, bid first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touch {
    pub ms: i64,
    pub px: [Px; 2],
    pub sz: [Sz; 2],
    pub n: [u32; 2],
}

/// One print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub ms: i64,
    pub taker: Side,
    pub px: Px,
    pub sz: Sz,
}

/// Sums over the sides of books that are deep enough.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    pub sides: u64,
    /// Value at each of the first levels, USD.
    pub usd: [f64; SHAPE],
    /// Distance from the first to the last of them, divided by their gaps, price units.
    pub gap: f64,
    pub orders: f64,
    /// Value within 5 bps of the best price, USD.
    pub near_usd: f64,
}

/// Sums of the logarithms of delays, so that their spread and memory are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pub n: f64,
    pub sums: [f64; 2],
    last: VecDeque<f64>,
    /// Products of neighbours and of those [`APART`], with their number and both sums.
    pub pairs: [[f64; 4]; 2],
}

/// Delays, cadences and late prints.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
    /// Frames: best prices, fast books, full books, trades.
    pub frames: [u64; 4],
    pub bbo_delay: Durations,
    pub book_delay: Durations,
    pub print_delay: Durations,
    pub memory: Memory,
    /// Trades after the best prices of the same block.
    pub trades_lag: Durations,
    pub gaps: [Durations; 2],
    last_book: [Option<i64>; 2],
    /// Receipt of the first state of each block that was the newest; the last ones.
    states: VecDeque<(i64, Ns)>,
    /// Receipt of the last best prices by block; the last ones.
    bbos: VecDeque<(i64, Ns)>,
    /// Prints behind a state of a later block, in the order of the frames. On real tapes they are 12 to 31 % of
    /// the prints; 5 to 11 % of the frames of trades have a later stamp, too, the others come in one burst.
    pub late: Durations,
    pub prints: u64,
    pub many_blocks: u64,
}

/// One coin of a recording.
#[derive(Clone, Debug)]
pub struct Tape {
    pub(super) rules: Rules,
    pub(super) touches: Vec<Touch>,
    pub(super) prints: Vec<Print>,
    pub(super) shape: Shape,
    pub(super) arrivals: Arrivals,
}

impl Tape {
    /// Nothing was shown yet.
    pub fn new(rules: Rules) -> Tape {
        Tape {
            rules,
            touches: Vec::new(),
            prints: Vec::new(),
            shape: Shape::default(),
            arrivals: Arrivals::default(),
        }
    }

    /// Takes an event of its coin, received at `stamp`, but for histories and what has no block.
    pub fn take(&mut self, stamp: Ns, event: &Event<'_>) {
        match event {
            Event::Bbo { bbo, .. } => self.bbo(stamp, bbo),
            Event::Book { book, .. } => self.book(stamp, book),
            Event::Trades { prints, .. } => self.trades(stamp, prints),
            _ => {}
        }
    }

    fn bbo(&mut self, stamp: Ns, bbo: &Bbo) {
        let ms = ms(bbo.time);
        let a = &mut self.arrivals;
        a.frames[0] += 1;
        let delay = stamp.since(bbo.time);
        a.bbo_delay.take(delay);
        a.memory.take(delay);
        a.state(ms, stamp);
        keep(&mut a.bbos, (ms, stamp));
        if let (Some(bid), Some(ask)) = (bbo.bid, bbo.ask) {
            let (px, sz, n) = ([bid.px, ask.px], [bid.sz, ask.sz], [bid.n, ask.n]);
            self.touches.push(Touch { ms, px, sz, n });
        }
    }

    fn book(&mut self, stamp: Ns, book: &Snapshot) {
        let ms = ms(book.time);
        let (a, full) = (&mut self.arrivals, usize::from(!book.fast));
        a.frames[1 + full] += 1;
        a.book_delay.take(stamp.since(book.time));
        a.state(ms, stamp);
        if let Some(last) = a.last_book[full].replace(ms)
            && (1..20_000).contains(&(ms - last))
        {
            a.gaps[full].take((ms - last) * Ns::MS);
        }
        if book.bids.len() < SHAPE || book.asks.len() < SHAPE {
            return;
        }
        for side in [&book.bids, &book.asks] {
            let best = side[0].px.to_f64();
            let s = &mut self.shape;
            s.sides += 1;
            for (sum, l) in s.usd.iter_mut().zip(side) {
                *sum += l.px.to_f64() * l.sz.to_f64();
            }
            s.gap += (side[SHAPE - 1].px.to_f64() - best).abs() / (SHAPE - 1) as f64;
            s.orders += side.iter().take(SHAPE).map(|l| f64::from(l.n)).sum::<f64>();
            let near = side.iter().filter(|l| (l.px.to_f64() / best - 1.0).abs() < 5e-4);
            s.near_usd += near.map(|l| l.px.to_f64() * l.sz.to_f64()).sum::<f64>();
        }
    }

    fn trades(&mut self, stamp: Ns, prints: &[Trade]) {
        let a = &mut self.arrivals;
        a.frames[3] += 1;
        let Some(last) = prints.last() else { return };
        a.many_blocks += u64::from(prints.iter().any(|p| p.time != last.time));
        if let Some((_, at)) = a.bbos.iter().rev().find(|(block, _)| *block == ms(last.time)) {
            a.trades_lag.take(stamp.since(*at));
        }
        for p in prints {
            a.print(stamp, p.time);
            self.prints.push(Print { ms: ms(p.time), taker: p.aggressor, px: p.px, sz: p.sz });
        }
    }
}

impl Arrivals {
    /// A state of a block came: remembered where none newer came before.
    fn state(&mut self, block: i64, stamp: Ns) {
        if self.states.back().is_none_or(|(newest, _)| block > *newest) {
            keep(&mut self.states, (block, stamp));
        }
    }

    fn print(&mut self, stamp: Ns, block: Ns) {
        self.prints += 1;
        self.print_delay.take(stamp.since(block));
        let later = self.states.iter().rev().take_while(|(b, _)| *b > ms(block));
        if let Some((_, at)) = later.last() {
            self.late.take(stamp.since(*at));
        }
    }
}

impl Memory {
    fn take(&mut self, delay: i64) {
        let x = det::ln((delay as f64 / 1e6).max(1e-3));
        self.n += 1.0;
        self.sums[0] += x;
        self.sums[1] += x * x;
        for (pairs, back) in self.pairs.iter_mut().zip([1, APART]) {
            if let Some(y) = self.last.len().checked_sub(back).map(|i| self.last[i]) {
                for (sum, more) in pairs.iter_mut().zip([1.0, x, y, x * y]) {
                    *sum += more;
                }
            }
        }
        self.last.push_back(x);
        if self.last.len() > APART {
            self.last.pop_front();
        }
    }

    /// Standard deviation of the logarithm.
    pub(super) fn spread(&self) -> f64 {
        let mean = self.sums[0] / self.n;
        (self.sums[1] / self.n - mean * mean).max(0.0).sqrt()
    }

    /// Autocorrelation: of neighbours, of those [`APART`].
    pub(super) fn correlations(&self) -> [f64; 2] {
        let variance = self.spread() * self.spread();
        self.pairs.map(|[n, x, y, xy]| (xy / n - x / n * (y / n)) / variance)
    }
}

/// Times of blocks of all coins, in order, from which their gaps follow.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    /// The newest ones; late ones find their place among them.
    recent: BTreeSet<i64>,
    last: Option<i64>,
    gaps: Durations,
}

impl Blocks {
    /// Takes the block time of an event.
    pub fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Bbo { bbo, .. } => self.block(bbo.time),
            Event::Book { book, .. } => self.block(book.time),
            Event::Trades { prints, .. } => prints.iter().for_each(|p| self.block(p.time)),
            _ => {}
        }
    }

    fn block(&mut self, time: Ns) {
        self.recent.insert(ms(time));
        if self.recent.len() > FACTS_STATES
            && let Some(oldest) = self.recent.pop_first()
        {
            self.pass(oldest);
        }
    }

    fn pass(&mut self, ms: i64) {
        let gap = self.last.map_or(0, |last| ms - last);
        if (1..2_000).contains(&gap) {
            self.gaps.take(gap * Ns::MS);
        }
        self.last = self.last.max(Some(ms));
    }

    /// Gaps between blocks, of those below 2 s: median, mean, 95th percentile, ms.
    pub fn gaps_ms(&self) -> [f64; 3] {
        let mut all = self.clone();
        while let Some(oldest) = all.recent.pop_first() {
            all.pass(oldest);
        }
        [all.gaps.quantile_ms(0.5), all.gaps.mean_ms(), all.gaps.quantile_ms(0.95)]
    }
}

fn ms(time: Ns) -> i64 {
    time.0.div_euclid(Ns::MS)
}

fn keep(ring: &mut VecDeque<(i64, Ns)>, new: (i64, Ns)) {
    if ring.len() == FACTS_STATES {
        ring.pop_front();
    }
    ring.push_back(new);
}
