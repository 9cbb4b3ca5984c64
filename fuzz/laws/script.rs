//! Arbitrary bytes as a market with own orders, put through the executor and the oracle.
//!
//! Messages reach the executor in any order that keeps each stream's own and delays none beyond the
//! wait; the oracle takes them in the venue's.
//!
//! In: bytes. Out: a panic that says which law broke. Cold path.
//!
//! Laws, at every fill or after a few messages:
//! 1. The executor's fills in all three lanes are the oracle's, order by order, and so are the
//!    orders that are not out; nothing was late.
//! 2. Own orders take no more than a taker printed, each fill from a print of the other side that
//!    reached it.
//! 3. No fill before an order arrives, none once its cancel is effective.
//! 4. Order by order: touch fills no less than the configured model, that no less than through.
//! 5. Profit is equity in the ledger of every lane.

use std::collections::{BTreeMap, VecDeque};

use super::bytes::Bytes;
use super::oracle::{Fills, Oracle};
use crate::book::{self, Book};
use crate::event::own::{Fill, FillReason, LANES, Lane, Late, OrderReason};
use crate::event::{Bbo, Level, Levels, Snapshot, Trade};
use crate::sim::config::{Config, Crossing, Model, Order};
use crate::sim::executor::Executor;
use crate::sim::hold::Came;
use crate::sim::ledger::{Booking, Ledger};
use crate::sim::models::ModelConfigs;
use crate::sim::models::power::Exponent;
use crate::sim::models::skellam::Skellam;
use crate::sim::orders::{NewOrder, Sim, SimEvent};
use crate::sim::paper::InOrder;
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side, Sz};

/// Prices of a side that may have orders.
const DEPTH: usize = 8;
/// Own orders at a time.
const ROOM: usize = 12;
/// One millisecond; all times are multiples.
const MS: i64 = Ns::MS;
/// Models whose every fill the oracle tells; the others are held to the laws alone.
const IN_THE_ORACLE: [Model; 5] =
    [Model::RiskAverse, Model::Front, Model::Linear, Model::Power, Model::Skellam];
/// States of the book from which on the `skellam` model may know rates.
const RATES_FROM: usize = 200;

/// The market as it is: sizes from the best price on, 0 where nobody is.
struct Market {
    bid: i64,
    ask: i64,
    sizes: [[i64; DEPTH]; 2],
}

impl Market {
    fn best(&self, side: Side) -> i64 {
        if side == Side::Buy { self.bid } else { self.ask }
    }

    fn levels(&self, side: Side, most: usize) -> Levels {
        let at = |(i, sz): (i64, &i64)| Level {
            px: Px(self.best(side) - side.sign() * i),
            sz: Sz(*sz),
            n: u32::try_from(1 + sz / 5).unwrap_or(1),
        };
        let all = (0..).zip(&self.sizes[side.index()]).map(at);
        all.filter(|l| l.sz.0 > 0).take(most).collect()
    }

    fn change(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(6) {
            0 => self.bid = (self.bid + bytes.number(3) - 1).min(self.ask - 1),
            1 => self.ask = (self.ask + bytes.number(3) - 1).max(self.bid + 1),
            2 => {
                let step = bytes.number(5) - 2;
                (self.bid, self.ask) = (self.bid + step, self.ask + step);
            }
            _ => {}
        }
        for _ in 0..bytes.below(4) {
            let at = usize::from(bytes.below(u8::try_from(DEPTH).unwrap_or(1)));
            self.sizes[usize::from(bytes.below(2))][at] = bytes.number(60);
        }
    }
}

/// What a message says.
#[derive(Clone)]
enum Content {
    Prints(Vec<Trade>),
    Bbo(Bbo),
    Book(Box<Snapshot>),
}

/// A message of a block.
#[derive(Clone)]
struct Message {
    block: Ns,
    content: Content,
}

impl Message {
    /// Place within its block: prints, best prices, five levels, all levels.
    fn stream(&self) -> usize {
        match &self.content {
            Content::Prints(_) => 0,
            Content::Bbo(_) => 1,
            Content::Book(book) => 2 + usize::from(!book.fast),
        }
    }
}

/// Executor and market, and everything that was said and sent.
struct Twins {
    cfg: Config,
    rules: Rules,
    tape: InOrder<Skellam>,
    market: Market,
    now: Ns,
    /// No message is longer under way, ns.
    delay: i64,
    takers: u64,
    /// Everything the venue did.
    done: Vec<Message>,
    /// What has not reached the executor yet, by stream.
    under_way: [VecDeque<Message>; 4],
    /// Printed by each taker.
    printed: BTreeMap<u64, i64>,
    /// Taken of it in each lane.
    took: BTreeMap<(usize, u64), i64>,
    sent: Vec<(u64, NewOrder, Ns)>,
    cancels: BTreeMap<u64, (Ns, Ns)>,
    fills: Vec<Fill>,
    sums: Fills,
    ledgers: [Ledger; 3],
}

/// Runs `bytes`.
///
/// # Panics
/// When a law breaks.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let t = Twins::new(&mut bytes);
    go(t, bytes);
}

fn go(mut t: Twins, mut bytes: Bytes<'_>) {
    let mut steps = 0u32;
    while !bytes.is_empty() {
        steps += 1;
        t.step(&mut bytes);
        // Sums over everything so far: not after every message, or the machine does nothing else.
        if steps.is_multiple_of(64) {
            t.check();
        }
    }
    t.check();
}

impl Twins {
    fn new(bytes: &mut Bytes<'_>) -> Twins {
        let all = [IN_THE_ORACLE.as_slice(), &[Model::Log]].concat();
        let model = all[usize::from(bytes.below(6))];
        let arrival = bytes.below(4) == 0;
        let cfg = Config {
            model,
            models: ModelConfigs {
                power: Exponent { n: 1 + bytes.below(8) },
                ..ModelConfigs::default()
            },
            order: if arrival { Order::Arrival } else { Order::Block },
            hold_ms: [500, 300, 150, 2_000][usize::from(bytes.below(4))],
            // The assumption that the oracle makes.
            crossing: Crossing::Displayed,
            crossing_pessimistic: Crossing::Displayed,
            venue_rules: false,
            participation_pct: [100, 100, 50, 20][usize::from(bytes.below(4))],
            ..Config::default()
        };
        // Lots of one unit or of ten: sizes need be no whole number of them.
        let rules = Rules { sz_decimals: 7 + bytes.below(2), ..Rules::perp(0) };
        let mut sizes = [[0; DEPTH]; 2];
        sizes.iter_mut().flatten().for_each(|s| *s = bytes.number(60));
        let sim = Sim::new(cfg.shipped(&book::Config::default()), rules, ROOM, 1);
        let mut twins = Twins {
            cfg,
            rules,
            tape: InOrder::around(sim),
            market: Market { bid: 1_000, ask: 1_001, sizes },
            now: Ns(1_000 * Ns::SEC),
            delay: (cfg.hold_ms - 1) * MS,
            takers: 0,
            done: Vec::new(),
            under_way: [0; 4].map(|_| VecDeque::new()),
            printed: BTreeMap::new(),
            took: BTreeMap::new(),
            sent: Vec::new(),
            cancels: BTreeMap::new(),
            fills: Vec::new(),
            sums: Fills::new(),
            ledgers: [0; 3].map(|_| Ledger::new(5 * Ns::SEC)),
        };
        twins.book(2, twins.now);
        twins
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(8) {
            0 | 1 => self.books(bytes),
            2 | 3 => {
                self.tick(bytes);
                self.print(bytes);
            }
            4 => self.block(bytes),
            5 | 6 => self.send(bytes),
            _ => self.cancel(bytes),
        }
        for _ in 0..bytes.below(4) {
            self.deliver(usize::from(bytes.below(4)));
        }
    }

    /// Time goes on; what may wait no longer arrives before.
    fn tick(&mut self, bytes: &mut Bytes<'_>) {
        let next = self.now.plus(MS * (1 + bytes.number(200)));
        for stream in 0..4 {
            while self.under_way[stream].front().is_some_and(|m| next.since(m.block) > self.delay) {
                self.deliver(stream);
            }
        }
        self.now = next;
        let (set, mut events) = (book::Config::default(), Vec::new());
        self.tape.on_time(self.cfg.shipped(&set), next, &mut |e| events.push(e));
        self.hear(&events);
    }

    /// The venue did something; on a tape in the order of matching it is known at once.
    fn happen(&mut self, message: Message) {
        let stream = message.stream();
        self.done.push(message.clone());
        self.under_way[stream].push_back(message);
        if self.cfg.order == Order::Arrival {
            self.deliver(stream);
        }
    }

    /// The oldest message of a stream reaches the executor.
    fn deliver(&mut self, stream: usize) {
        let Some(message) = self.under_way[stream].pop_front() else { return };
        let (set, mut events) = (book::Config::default(), Vec::new());
        let (set, now, out) = (self.cfg.shipped(&set), self.now, &mut |e| events.push(e));
        match &message.content {
            Content::Prints(prints) => self.tape.on(set, now, Came::Prints(prints), out),
            Content::Bbo(bbo) => self.tape.on(set, now, Came::Bbo(bbo), out),
            Content::Book(book) => self.tape.on(set, now, Came::Book(book), out),
        }
        self.hear(&events);
    }

    /// A message of the book: best prices, five levels or all, as of block `at`.
    fn book(&mut self, kind: u8, at: Ns) {
        let most = [1, 5, DEPTH][usize::from(kind)];
        let [bids, asks] = Side::BOTH.map(|s| self.market.levels(s, most));
        let content = if kind == 0 {
            let (bid, ask) = (bids.first().copied(), asks.first().copied());
            Content::Bbo(Bbo { time: at, bid, ask })
        } else {
            Content::Book(Box::new(Snapshot { time: at, fast: kind == 1, bids, asks }))
        };
        self.happen(Message { block: at, content });
    }

    fn books(&mut self, bytes: &mut Bytes<'_>) {
        self.tick(bytes);
        self.market.change(bytes);
        self.book(bytes.below(3), self.now);
        // On a tape in the order of arrival a snapshot may be of a block before the newest best prices.
        if bytes.below(8) == 0 && self.cfg.order == Order::Arrival {
            let late = MS * bytes.number(50);
            self.book(1 + bytes.below(2), self.now.plus(-late));
        }
    }

    /// A block whose messages come in any order.
    fn block(&mut self, bytes: &mut Bytes<'_>) {
        self.tick(bytes);
        self.market.change(bytes);
        let first = bytes.below(3);
        for i in 0..3 {
            match (first + i) % 3 {
                0 => self.book(0, self.now),
                1 => self.print(bytes),
                _ => self.book(1 + bytes.below(2), self.now),
            }
        }
    }

    /// A frame of one to three takers.
    fn print(&mut self, bytes: &mut Bytes<'_>) {
        let mut prints = Vec::new();
        for _ in 0..=bytes.below(3) {
            let aggressor = bytes.side();
            self.takers += 1;
            let best = self.market.best(aggressor.opposite());
            let mut px = best + aggressor.sign() * (bytes.number(4) - 1);
            for _ in 0..=bytes.below(3) {
                let (sz, tid) =
                    (Sz(1 + bytes.number(40)), u64::try_from(prints.len()).unwrap_or(0));
                let (time, taker) = (self.now, self.takers);
                prints.push(Trade { aggressor, px: Px(px), sz, time, taker, tid });
                *self.printed.entry(taker).or_default() += sz.0;
                px += aggressor.sign() * bytes.number(3);
            }
        }
        self.happen(Message { block: self.now, content: Content::Prints(prints) });
    }

    fn send(&mut self, bytes: &mut Bytes<'_>) {
        let side = bytes.side();
        let px = Px(self.market.best(side) - side.sign() * (bytes.number(8) - 2));
        let new = NewOrder { side, px, sz: Sz(1 + bytes.number(30)), level: 0 };
        let arrive = self.now.plus(MS * (1 + bytes.number(250)));
        let id = self.sent.len() as u64 + 1;
        if self.tape.paper.sim().submit_at(id, new, arrive).is_ok() {
            self.cancels.insert(id, (arrive, Ns(i64::MAX)));
            self.sent.push((id, new, arrive));
        }
    }

    fn open(&self) -> Vec<u64> {
        let open = Side::BOTH.into_iter().flat_map(|side| self.tape.paper.open(side));
        open.map(|v| v.id).collect()
    }

    fn cancel(&mut self, bytes: &mut Bytes<'_>) {
        let open = self.open();
        let Some(id) = open.get(usize::from(bytes.below(12)) % open.len().max(1)).copied() else {
            return;
        };
        let at = self.now.plus(MS * (1 + bytes.number(250)));
        self.tape.paper.sim().cancel_at(self.now, id, at, OrderReason::Replaced, &mut |_| {});
        if let Some((arrive, cancel)) = self.cancels.get_mut(&id) {
            *cancel =
                (*cancel).min(if *cancel == Ns(i64::MAX) { at.max(*arrive) } else { *cancel });
        }
    }

    /// The print that made a fill.
    fn print_of(&self, f: &Fill) -> Option<&Trade> {
        let prints =
            self.done.iter().filter(|m| m.block == f.time).filter_map(|m| match &m.content {
                Content::Prints(prints) => Some(prints),
                _ => None,
            });
        prints.flatten().find(|p| p.tid == f.tid)
    }

    /// Takes fills in, holding each to the laws of its own.
    fn hear(&mut self, events: &[SimEvent]) {
        for event in events {
            let SimEvent::Fill(f) = event else { continue };
            let (arrive, cancel) = self.cancels[&f.id];
            assert!(f.time >= arrive && f.time < cancel, "{f:?} outside {arrive:?} to {cancel:?}");
            assert!(f.sz.0 > 0 && f.open.0 >= 0, "{f:?}");
            let lane = f.lane as usize;
            if f.reason != FillReason::Crossed {
                let p = *self.print_of(f).expect("the print that made it");
                assert!(p.aggressor != f.side && !f.side.better(p.px, f.px), "{f:?} by {p:?}");
                let (took, printed) =
                    (self.took.entry((lane, p.taker)).or_default(), self.printed[&p.taker]);
                *took += f.sz.0;
                assert!(*took <= printed, "lane {lane}: took {took} of {printed}");
            }
            *self.sums.entry((f.id, lane, f.time)).or_default() += f.sz.0;
            self.ledgers[lane].on_fill(&Booking::of(f.time, f));
            self.fills.push(*f);
        }
        let mid = Mid2(self.market.bid + self.market.ask);
        self.ledgers.iter_mut().for_each(|l| l.on_mid(self.now, mid));
    }

    /// Nothing waits any more; the state before it comes back.
    fn finish(&mut self) -> InOrder<Skellam> {
        let before = self.tape.clone();
        let (set, mut events) = (book::Config::default(), Vec::new());
        self.tape.on_end(self.cfg.shipped(&set), &mut |e| events.push(e));
        self.hear(&events);
        before
    }

    /// What the oracle makes of all that happened, in the venue's order.
    fn oracle(&self) -> Oracle {
        let mut oracle = Oracle::new(self.cfg, self.rules.lot());
        for (id, new, arrive) in &self.sent {
            oracle.send(*id, *new, *arrive);
        }
        for (id, (_, cancel)) in self.cancels.iter().filter(|(_, c)| c.1 < Ns(i64::MAX)) {
            oracle.cancel(*id, *cancel);
        }
        let mut all: Vec<&Message> = self.done.iter().collect();
        if self.cfg.order == Order::Block {
            all.sort_by_key(|m| (m.block, m.stream()));
        }
        let mut book = Book::default();
        book.on_up();
        for (i, m) in all.iter().enumerate() {
            if let Content::Prints(prints) = &m.content {
                oracle.prints(prints, &book);
            } else {
                oracle.before(m.block, &book);
                match &m.content {
                    Content::Bbo(bbo) => drop(book.on_bbo(m.block, bbo)),
                    Content::Book(snapshot) => book.on_snapshot(m.block, snapshot),
                    Content::Prints(_) => {}
                }
                oracle.after(m.block, &book);
            }
            if all.get(i + 1).is_none_or(|next| next.block > m.block) {
                oracle.over(m.block);
            }
        }
        oracle
    }

    /// Holds the sums to the laws once everything that happened is known, as if it ended here; then it goes on.
    fn check(&mut self) {
        for stream in 0..4 {
            while !self.under_way[stream].is_empty() {
                self.deliver(stream);
            }
        }
        let kept = (self.ledgers.clone(), self.fills.len(), self.sums.clone(), self.took.clone());
        let before = self.finish();
        for (l, lane) in self.ledgers.iter().zip(LANES) {
            assert_eq!(l.profit(), l.equity(), "{lane:?}");
            let signed = |f: &Fill| f.side.sign() * f.sz.0;
            let position: i64 = self.fills.iter().filter(|f| f.lane == lane).map(signed).sum();
            assert_eq!(l.position(), Sz(position), "{lane:?}");
        }
        let filled = |id: u64, lane: Lane| -> i64 {
            let of = self
                .sums
                .range((id, lane as usize, Ns(i64::MIN))..=(id, lane as usize, Ns(i64::MAX)));
            of.map(|(_, sz)| sz).sum()
        };
        for id in self.cancels.keys() {
            let [c, p, o] = LANES.map(|l| filled(*id, l));
            // An order that is no whole number of lots, which the venue refuses, ends with a rest that
            // only a whole fill takes: lanes may then differ the other way.
            assert!(
                self.rules.lot() > 1 || p <= c && c <= o,
                "order {id}: through {p}, {:?} {c}, touch {o}",
                self.cfg.model
            );
        }
        // A queue that was full applied its oldest state early, and counted it: the oracle has no bound.
        let full = self.tape.late().blocks > 0;
        // Nor does it know rates of cancels.
        let states = self.done.iter().filter(|m| m.stream() > 0).count();
        let known = IN_THE_ORACLE.contains(&self.cfg.model)
            && (self.cfg.model != Model::Skellam || states < RATES_FROM);
        if !full && known {
            let oracle = self.oracle();
            assert_eq!(self.sums, oracle.fills, "{:?}", self.cfg);
            let mut open = self.open();
            open.sort_unstable();
            assert_eq!(open, oracle.open());
        }
        assert!(full || self.tape.late() == Late::default(), "{:?}", self.tape.late());
        (self.tape, self.ledgers, self.sums, self.took) = (before, kept.0, kept.2, kept.3);
        self.fills.truncate(kept.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn the_executor_fills_what_the_naive_rules_fill(
            bytes in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            run(&bytes);
        }
    }

    /// Without the wait the order of arrival decides.
    #[test]
    fn without_the_wait_the_laws_break() {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut broken = 0;
        for _ in 0..400 {
            let all: Vec<u8> = (0..400).map(|_| rng.u8(..)).collect();
            let mut bytes = Bytes(&all);
            let mut t = Twins::new(&mut bytes);
            t.cfg.hold_ms = 0;
            broken += u32::from(std::panic::catch_unwind(move || go(t, bytes)).is_err());
        }
        assert!(broken > 10, "{broken}");
    }

    /// The scripts reach what they are about: every lane fills, by prints and by crossing.
    #[test]
    fn random_bytes_fill_orders_in_every_way() {
        let mut rng = fastrand::Rng::with_seed(8);
        let mut seen = BTreeMap::new();
        for _ in 0..300 {
            let all: Vec<u8> = (0..400).map(|_| rng.u8(..)).collect();
            let mut bytes = Bytes(&all);
            let mut t = Twins::new(&mut bytes);
            while !bytes.is_empty() {
                match bytes.below(8) {
                    0 | 1 => t.books(&mut bytes),
                    2..=4 => t.block(&mut bytes),
                    5 | 6 => t.send(&mut bytes),
                    _ => t.cancel(&mut bytes),
                }
            }
            t.finish();
            for f in &t.fills {
                *seen.entry((f.lane as usize, f.reason as u8)).or_insert(0) += 1;
            }
        }
        let ways = |lane: Lane| seen.keys().filter(|k| k.0 == lane as usize).count();
        assert_eq!(ways(Lane::Configured), 3, "{seen:?}");
        assert_eq!(ways(Lane::Pessimistic), 2, "{seen:?}");
        assert_eq!(ways(Lane::Optimistic), 2, "{seen:?}");
        assert!(seen.values().all(|n| *n > 50), "{seen:?}");
    }
}
