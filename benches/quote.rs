//! What a ladder costs: two sides of five levels from a curve, and the curve once a second.
//!
//! Prints a digest of the ladders, so that figures of different programs are not compared.

#![expect(clippy::print_stdout, reason = "the digest is for people")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use papermaker::lab::scene::{beliefs, bounds, inputs};
use papermaker::rooms::quote::glft::{Config, Curve};
use papermaker::rooms::quote::{Glft, Inputs, Ladder, SideQuote, Strategy, fit};
use papermaker::rooms::record::Guard;
use xxhash_rust::xxh3::xxh3_128;

fn quotes(c: &mut Criterion) {
    let (cfg, beliefs, bounds) = (Config::default(), beliefs(), bounds());
    let glft = Glft::believing(&beliefs, &cfg, &bounds);
    let quote = |x: &Inputs| -> [SideQuote; 2] {
        let mut ladder = Ladder::default();
        glft.ladder(&cfg, x, &mut ladder);
        fit(&ladder, x, [(Guard::None, 0); 2])
    };
    let ladders: String = (0..1_000).map(|i| format!("{:?}", quote(&inputs(i)))).collect();
    println!("digest of a thousand ladders: {:032x}", xxh3_128(ladders.as_bytes()));
    let mut i = 0;
    c.bench_function("ladder, two sides of five levels", |b| {
        b.iter(|| {
            i += 1;
            black_box(quote(black_box(&inputs(i))))
        });
    });
    c.bench_function("curve, once a second", |b| {
        b.iter(|| black_box(Curve::new(black_box(&beliefs), &cfg, &bounds)));
    });
}

criterion_group!(benches, quotes);
criterion_main!(benches);
