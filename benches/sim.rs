//! Cost of a trade with twenty resting orders, by fill model.
//!
//! `cargo bench --bench sim`. One operation is one taker of one print at the best price, with ten
//! own orders on each side at ten prices, under three models at once as in a run. Before anything
//! is timed, a fixed stream is run and checked: what was filled is no more than what was printed,
//! touch fills all of it, and a digest of all fills is printed, so that two builds that do
//! different work are not compared.

#![expect(clippy::print_stdout, reason = "the digest is for who runs it")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use papermaker::book::{self, Book};
use papermaker::event::{Level, Levels, Snapshot, Trade};
use papermaker::sim::config::{Config, Model};
use papermaker::sim::orders::{NewOrder, Sim, SimEvent};
use papermaker::units::rules::Rules;
use papermaker::units::{Ns, ONE, Px, Side, Sz};

const TICK: i64 = ONE;
const BID: i64 = 50_000 * ONE;

/// A simulator with twenty orders too large to be filled, its rates learned.
struct Bench {
    sim: Sim,
    book: Book,
    now: Ns,
    rng: fastrand::Rng,
    filled: i64,
    digest: u64,
}

impl Bench {
    fn new(model: Model) -> Bench {
        let cfg = Config { model, venue_rules: false, ..Config::default() };
        let mut book = Book::new(book::Config::default());
        book.on_up();
        let (sim, rng) = (Sim::new(cfg, Rules::perp(5), 64, 1), fastrand::Rng::with_seed(5));
        let mut b = Bench { sim, book, now: Ns(Ns::SEC), rng, filled: 0, digest: 0 };
        for _ in 0..600 {
            b.snapshot();
        }
        for i in 0..20 {
            let side = Side::BOTH[i % 2];
            let depth = i64::try_from(i / 2).expect("small");
            let px = Px(touch(side).0 - side.sign() * depth * TICK);
            let new = NewOrder { side, px, sz: Sz(1_000_000 * ONE), level: 0 };
            b.sim.submit_at(i as u64 + 1, new, b.now).expect("room");
        }
        b.snapshot();
        assert_eq!(b.sim.open().filter(|o| o.live).count(), 20);
        b
    }

    fn snapshot(&mut self) {
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
        self.sim.before(self.now, &self.book, &mut |_| {});
        self.book.on_snapshot(self.now, &seen);
        self.sim.after(self.now, &self.book, &mut |_| {});
    }

    fn trade(&mut self) -> i64 {
        self.now = self.now.plus(Ns::MS);
        let aggressor = Side::BOTH[self.rng.usize(..2)];
        let sz = Sz(self.rng.i64(1..100) * ONE / 1_000);
        let taker = self.now.0.unsigned_abs();
        let px = touch(aggressor.opposite());
        let print = Trade { aggressor, px, sz, time: self.now, taker, tid: taker };
        let (filled, digest) = (&mut self.filled, &mut self.digest);
        self.sim.on_prints(black_box(&[print]), &self.book, &mut |e| {
            if let SimEvent::Fill(f) = e {
                *filled += if f.lane as u8 == 0 { f.sz.0 } else { 0 };
                let word = f.id ^ ((f.lane as u64) << 8) ^ (f.sz.0.unsigned_abs() << 16);
                *digest = (digest.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
            }
        });
        sz.0
    }
}

fn touch(side: Side) -> Px {
    Px(if side == Side::Buy { BID } else { BID + TICK })
}

fn trade(c: &mut Criterion) {
    let mut group = c.benchmark_group("trade_20_orders");
    group.throughput(Throughput::Elements(1));
    for model in Model::ALL {
        let mut b = Bench::new(model);
        let mut printed = 0;
        for i in 0..20_000 {
            printed += b.trade();
            if i % 10 == 9 {
                b.snapshot();
            }
        }
        let name = model.name();
        println!("{name}: filled {} of {printed}, digest {:016x}", b.filled, b.digest);
        match model {
            Model::Touch => assert_eq!(b.filled, printed),
            Model::Through => assert_eq!(b.filled, 0, "nothing printed beyond the price"),
            Model::Original => assert!(b.filled > 0),
            _ => assert!(b.filled > 0 && b.filled <= printed),
        }
        group.bench_function(name, |bench| bench.iter(|| b.trade()));
    }
    group.finish();
}

criterion_group!(benches, trade);
criterion_main!(benches);
