//! What a ladder costs: two sides of five levels from a curve, and the curve once a second.
//!
//! Prints a digest of the ladders, so that figures of different programs are not compared.

#![expect(clippy::print_stdout, reason = "the digest is for people")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use papermaker::lab::scene::{FEE_BPS, beliefs, inputs};
use papermaker::rooms::quote::{Config, Curve, Quoter};
use papermaker::rooms::units::rules::Rules;
use xxhash_rust::xxh3::xxh3_128;

fn quotes(c: &mut Criterion) {
    let (cfg, quoter) = (Config::default(), Quoter::new(Rules::perp(5)));
    let beliefs = beliefs();
    let curve = Curve::new(&beliefs, &cfg, FEE_BPS);
    let ladders: String =
        (0..1_000).map(|i| format!("{:?}", quoter.quote(&cfg, &inputs(i), &curve))).collect();
    println!("digest of a thousand ladders: {:032x}", xxh3_128(ladders.as_bytes()));
    let mut i = 0;
    c.bench_function("ladder, two sides of five levels", |b| {
        b.iter(|| {
            i += 1;
            black_box(quoter.quote(&cfg, black_box(&inputs(i)), black_box(&curve)))
        });
    });
    c.bench_function("curve, once a second", |b| {
        b.iter(|| black_box(Curve::new(black_box(&beliefs), &cfg, FEE_BPS)));
    });
}

criterion_group!(benches, quotes);
criterion_main!(benches);
