//! Best prices and snapshots into a coin's book, and what is asked of it.
//!
//! `cargo bench --bench book` (`-- --quick` for a short pass). Before it measures, the best prices
//! after each message must be those of the message; their digest is printed.

#![expect(clippy::print_stdout, reason = "a bench says what it verified")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use papermaker::rooms::bench::input::Frames;
use papermaker::rooms::book::{Book, Config};
use papermaker::rooms::event::{Bbo, Level, Snapshot};
use papermaker::rooms::feed::{Coins, Decoded, Decoder, Parser};
use papermaker::rooms::units::{CoinId, Ns, Px, Side};
use xxhash_rust::xxh3::xxh3_64_with_seed;

enum Change {
    Bbo(Bbo),
    Book(Box<Snapshot>),
}

/// The messages of the first coin.
fn changes() -> Vec<(Ns, Change)> {
    let frames = Frames::embedded(7, 20_000, 50 * Ns::MS);
    let mut d = Decoder::new(Coins::new(&frames.coins).expect("coins"), Parser::Scanner);
    let mut out = Vec::new();
    for (at, text) in frames.iter() {
        match d.decode(text) {
            Ok(Decoded::Bbo { coin: CoinId(0) }) => out.push((at, Change::Bbo(*d.bbo()))),
            Ok(Decoded::Book { coin: CoinId(0) }) => {
                out.push((at, Change::Book(Box::new(d.book().clone()))));
            }
            _ => {}
        }
    }
    out
}

fn apply(book: &mut Book, at: Ns, change: &Change) {
    match change {
        Change::Bbo(bbo) => {
            book.on_bbo(at, bbo);
        }
        Change::Book(snapshot) => book.on_snapshot(at, snapshot),
    }
}

fn touch(book: &Book) -> [Option<Level>; 2] {
    [book.best_bid(), book.best_ask()]
}

fn book(c: &mut Criterion) {
    let changes = changes();
    let mut book = Book::default();
    book.on_up();
    let mut digest = 0;
    for (at, change) in &changes {
        apply(&mut book, *at, change);
        if let Change::Bbo(bbo) = change {
            assert_eq!(touch(&book), [bbo.bid, bbo.ask], "newest best prices stand");
        }
        digest = xxh3_64_with_seed(format!("{:?}", touch(&book)).as_bytes(), digest);
    }
    println!("{} changes, digest {digest:016x}", changes.len());
    let mut group = c.benchmark_group("book");
    group.throughput(Throughput::Elements(changes.len() as u64));
    group.bench_function("apply", |b| {
        b.iter(|| {
            let mut book = Book::default();
            book.on_up();
            changes.iter().for_each(|(at, change)| apply(&mut book, *at, black_box(change)));
            book.mid()
        });
    });
    group.throughput(Throughput::Elements(20));
    let best = book.best_bid().map_or(Px(0), |l| l.px);
    group.bench_function("shown_at_20_prices", |b| {
        b.iter(|| {
            (0..20).for_each(|i| {
                black_box(book.shown(
                    &Config::default(),
                    Side::Buy,
                    black_box(Px(best.0 - i * 10_000_000)),
                ));
            })
        });
    });
    group.finish();
}

criterion_group!(benches, book);
criterion_main!(benches);
