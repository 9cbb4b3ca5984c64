//! What a ladder costs: two sides of five levels from a curve, and the curve once a second.
//!
//! Prints a digest of the ladders, so that figures of different programs are not compared.

#![expect(clippy::print_stdout, reason = "the digest is for people")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use papermaker::quote::guard::State;
use papermaker::quote::{Beliefs, Config, Inputs, Quoter};
use papermaker::record::Health;
use papermaker::units::rules::Rules;
use papermaker::units::{Ns, ONE, Px, Sz};
use xxhash_rust::xxh3::xxh3_128;

fn inputs(i: i64) -> Inputs {
    let bid = 97_000 + i % 50;
    Inputs {
        now: Ns(1_000 * Ns::SEC + i * 250 * Ns::MS),
        bid: Px(bid * ONE),
        ask: Px((bid + 1) * ONE),
        position: Sz((i % 21 - 10) * ONE / 500),
        last_fill: Ns(1_000 * Ns::SEC),
        signal: 0,
        state: State { health: Health::Fresh, behind: false, loss: false, stopping: false },
    }
}

fn quotes(c: &mut Criterion) {
    let quoter = Quoter::new(Config::default(), Rules::perp(5));
    let beliefs = Beliefs {
        confidence: 0.9,
        adverse_sd: 0.3,
        alpha1: 0.2,
        ..Beliefs::known(6_000.0, 0.3, 0.8, 1.5, 1.0)
    };
    let curve = quoter.curve(&beliefs);
    let ladders: String =
        (0..1_000).map(|i| format!("{:?}", quoter.quote(&inputs(i), &curve))).collect();
    println!("digest of a thousand ladders: {:032x}", xxh3_128(ladders.as_bytes()));
    let mut i = 0;
    c.bench_function("ladder, two sides of five levels", |b| {
        b.iter(|| {
            i += 1;
            black_box(quoter.quote(black_box(&inputs(i)), black_box(&curve)))
        });
    });
    c.bench_function("curve, once a second", |b| {
        b.iter(|| black_box(quoter.curve(black_box(&beliefs))));
    });
}

criterion_group!(benches, quotes);
criterion_main!(benches);
