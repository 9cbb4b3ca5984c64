//! Arbitrary bytes as a market with own orders, put through the executor and the oracle at once.
//!
//! In: bytes. Out: a panic that says which law broke. Cold path.
//!
//! Laws, at every fill or after a few messages:
//! 1. The executor's fills in all three lanes are the oracle's, order by order, and so are the
//!    orders that are not out.
//! 2. Own orders take no more than a taker printed, each fill from a print of the other side that
//!    reached it.
//! 3. No fill before an order arrives, none once its cancel is effective.
//! 4. Order by order: touch fills no less than the configured model, that no less than through.
//! 5. Profit is equity in the ledger of every lane.

use std::collections::BTreeMap;

use super::bytes::Bytes;
use super::oracle::{Fills, Oracle};
use crate::book::{self, Book};
use crate::event::own::{Fill, FillReason, LANES, Lane, OrderReason};
use crate::event::{Bbo, Level, Levels, Snapshot, Trade};
use crate::sim::config::{Config, Model, Order};
use crate::sim::ledger::{Booking, Ledger};
use crate::sim::models::ModelConfigs;
use crate::sim::models::power::Exponent;
use crate::sim::orders::{NewOrder, Sim, SimEvent};
use crate::units::rules::Rules;
use crate::units::{Ns, Px, Side, Sz};

/// Prices of a side that may have orders.
const DEPTH: usize = 8;
/// Own orders at a time.
const ROOM: usize = 12;
/// One millisecond; all times are multiples.
const MS: i64 = Ns::MS;
/// Models whose every fill the oracle tells; the others are held to the laws alone.
const IN_THE_ORACLE: [Model; 5] =
    [Model::RiskAverse, Model::Front, Model::Linear, Model::Power, Model::Skellam];

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

/// Executor and oracle side by side.
struct Twins {
    cfg: Config,
    sim: Sim,
    oracle: Option<Oracle>,
    book: Book,
    market: Market,
    now: Ns,
    takers: u64,
    sent: u64,
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
    let mut t = Twins::new(&mut bytes);
    let mut steps = 0u32;
    while !bytes.is_empty() {
        steps += 1;
        match bytes.below(8) {
            0 | 1 => t.books(&mut bytes),
            2 | 3 => {
                t.tick(&mut bytes);
                t.print(&mut bytes);
            }
            4 => t.block(&mut bytes),
            5 | 6 => t.send(&mut bytes),
            _ => t.cancel(&mut bytes),
        }
        // Sums over everything so far: not after every message, or the machine does nothing else.
        if steps.is_multiple_of(16) {
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
            venue_rules: false,
            participation_pct: [100, 100, 50, 20][usize::from(bytes.below(4))],
            ..Config::default()
        };
        let mut book = Book::default();
        book.on_up();
        // Lots of one unit or of ten: sizes need be no whole number of them.
        let rules = Rules { sz_decimals: 7 + bytes.below(2), min_value_usd: 10 };
        let mut sizes = [[0; DEPTH]; 2];
        sizes.iter_mut().flatten().for_each(|s| *s = bytes.number(60));
        let mut twins = Twins {
            cfg,
            sim: Sim::new(cfg.shipped(&book::Config::default()), rules, ROOM, 1),
            oracle: IN_THE_ORACLE.contains(&model).then(|| Oracle::new(cfg, rules.lot())),
            book,
            market: Market { bid: 1_000, ask: 1_001, sizes },
            now: Ns(1_000 * Ns::SEC),
            takers: 0,
            sent: 0,
            cancels: BTreeMap::new(),
            fills: Vec::new(),
            sums: Fills::new(),
            ledgers: [0; 3].map(|_| Ledger::new(5 * Ns::SEC)),
        };
        twins.book(2, twins.now);
        twins
    }

    fn tick(&mut self, bytes: &mut Bytes<'_>) {
        self.now = self.now.plus(MS * (1 + bytes.number(200)));
    }

    /// A message of the book: best prices, five levels or all, as of block `at`.
    fn book(&mut self, kind: u8, at: Ns) {
        let mut said = Vec::new();
        self.sim.before(self.cfg.shipped(&book::Config::default()), at, &self.book, &mut |e| {
            said.push(e)
        });
        self.oracle.iter_mut().for_each(|o| o.before(at, &self.book));
        self.hear(said, None);
        let most = [1, 5, DEPTH][usize::from(kind)];
        let [bids, asks] = Side::BOTH.map(|s| self.market.levels(s, most));
        if kind == 0 {
            let bbo = Bbo { time: at, bid: bids.first().copied(), ask: asks.first().copied() };
            self.book.on_bbo(at, &bbo);
        } else {
            let fast = kind == 1;
            self.book.on_snapshot(at, &Snapshot { time: at, fast, bids, asks });
        }
        let mut said = Vec::new();
        self.sim.after(self.cfg.shipped(&book::Config::default()), at, &self.book, &mut |e| {
            said.push(e)
        });
        self.oracle.iter_mut().for_each(|o| o.after(at, &self.book));
        self.hear(said, None);
    }

    fn books(&mut self, bytes: &mut Bytes<'_>) {
        self.tick(bytes);
        self.market.change(bytes);
        self.book(bytes.below(3), self.now);
        // A snapshot may be late: of a block before the newest best prices.
        if bytes.below(8) == 0 {
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
                px += aggressor.sign() * bytes.number(3);
            }
        }
        let mut said = Vec::new();
        self.sim.on_prints(
            self.cfg.shipped(&book::Config::default()),
            &prints,
            &self.book,
            &mut |e| said.push(e),
        );
        self.oracle.iter_mut().for_each(|o| o.prints(&prints, &self.book));
        self.hear(said, Some(&prints));
    }

    fn send(&mut self, bytes: &mut Bytes<'_>) {
        let side = bytes.side();
        let px = Px(self.market.best(side) - side.sign() * (bytes.number(8) - 2));
        let new = NewOrder { side, px, sz: Sz(1 + bytes.number(30)), level: 0 };
        let arrive = self.now.plus(MS * (1 + bytes.number(250)));
        self.sent += 1;
        let id = self.sent;
        if self.sim.submit_at(id, new, arrive).is_ok() {
            self.cancels.insert(id, (arrive, Ns(i64::MAX)));
            self.oracle.iter_mut().for_each(|o| o.send(id, new, arrive));
        }
    }

    fn cancel(&mut self, bytes: &mut Bytes<'_>) {
        let open: Vec<u64> = self.sim.open().map(|v| v.id).collect();
        let Some(id) = open.get(usize::from(bytes.below(12)) % open.len().max(1)).copied() else {
            return;
        };
        let at = self.now.plus(MS * (1 + bytes.number(250)));
        self.sim.cancel_at(self.now, id, at, OrderReason::Replaced, &mut |_| {});
        self.oracle.iter_mut().for_each(|o| o.cancel(id, at));
        if let Some((arrive, cancel)) = self.cancels.get_mut(&id) {
            *cancel =
                (*cancel).min(if *cancel == Ns(i64::MAX) { at.max(*arrive) } else { *cancel });
        }
    }

    /// Takes fills in, holding each to the laws of its own.
    fn hear(&mut self, said: Vec<SimEvent>, prints: Option<&[Trade]>) {
        let mut volume: BTreeMap<(usize, u64), i64> = BTreeMap::new();
        for event in said {
            let SimEvent::Fill(f) = event else { continue };
            let (arrive, cancel) = self.cancels[&f.id];
            assert!(f.time >= arrive && f.time < cancel, "{f:?} outside {arrive:?} to {cancel:?}");
            assert!(f.sz.0 > 0 && f.open.0 >= 0, "{f:?}");
            let lane = f.lane as usize;
            if f.reason != FillReason::Crossed {
                let p = prints.into_iter().flatten().find(|p| p.tid == f.tid && p.time == f.time);
                let p = p.expect("the print that made it");
                assert!(p.aggressor != f.side && !f.side.better(p.px, f.px), "{f:?} by {p:?}");
                *volume.entry((lane, p.taker)).or_default() += f.sz.0;
            }
            *self.sums.entry((f.id, lane, f.time)).or_default() += f.sz.0;
            self.ledgers[lane].on_fill(&Booking::of(f.time, &f));
            self.fills.push(f);
        }
        for ((lane, taker), took) in volume {
            let of = prints.into_iter().flatten().filter(|p| p.taker == taker);
            let printed: i64 = of.map(|p| p.sz.0).sum();
            assert!(took <= printed, "lane {lane}: took {took} of {printed}");
        }
        if let Some(mid) = self.book.mid() {
            self.ledgers.iter_mut().for_each(|l| l.on_mid(self.now, mid));
        }
    }

    fn check(&self) {
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
            assert!(
                p <= c && c <= o,
                "order {id}: through {p}, {:?} {c}, touch {o}",
                self.cfg.model
            );
        }
        if let Some(oracle) = &self.oracle {
            assert_eq!(self.sums, oracle.fills, "{:?}", self.cfg);
            let mut open: Vec<u64> = self.sim.open().map(|v| v.id).collect();
            open.sort_unstable();
            assert_eq!(open, oracle.open());
        }
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
