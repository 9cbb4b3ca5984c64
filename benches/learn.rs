//! What learning costs: all learners together per taker order, and once a second.
//!
//! Prints a digest of what was learned, so that figures of different programs are not compared.

#![expect(clippy::print_stdout, reason = "the digest is for people")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use papermaker::rooms::learn::curve::Curve;
use papermaker::rooms::learn::{Config, Learners, Sweep};
use papermaker::rooms::math::det::ln;
use papermaker::rooms::units::{Ns, Side};
use xxhash_rust::xxh3::xxh3_128;

/// Taker orders of a market of known truth, 100 ms apart: depths, sides, mids.
fn sweeps(n: u32) -> Vec<(Ns, Sweep)> {
    let mut rng = fastrand::Rng::with_seed(5);
    let mut mid = 97_000.0;
    (0..n)
        .map(|i| {
            mid *= 1.0 + 3e-5 * (rng.f64() - 0.5);
            let side = if rng.bool() { Side::Buy } else { Side::Sell };
            let depth_bps = -ln(1.0 - rng.f64()) / 0.6;
            let s = Sweep { side, depth_bps, half_tick_bps: 0.05, mid };
            (Ns(i64::from(i) * 100 * Ns::MS), s)
        })
        .collect()
}

fn tell(x: &mut Learners, now: Ns, s: Sweep) {
    x.on_mid(now, s.mid);
    x.on_sweep(&Config::default(), &s);
}

fn learned(input: &[(Ns, Sweep)]) -> Learners {
    let mut x = Learners::new(&Config::default(), Curve::new(1.5).rates());
    x.on_resume(&Config::default(), Ns(0));
    for (i, (now, s)) in input.iter().enumerate() {
        tell(&mut x, *now, *s);
        if i % 10 == 9 {
            x.on_second(&Config::default(), *now);
        }
    }
    x
}

fn learners(c: &mut Criterion) {
    let input = sweeps(50_000);
    let warm = learned(&input[..20_000]);
    let text = format!("{:?}", learned(&input).estimates());
    println!("digest of what was learned: {:032x}", xxh3_128(text.as_bytes()));
    let mut x = warm.clone();
    let mut at = 20_000;
    c.bench_function("all learners, one taker order", |b| {
        b.iter(|| {
            let (now, s) = input[at];
            tell(black_box(&mut x), now, s);
            at = if at + 1 < input.len() { at + 1 } else { 20_000 };
        });
    });
    let mut x = warm;
    let mut now = input[20_000].0;
    c.bench_function("all learners, once a second", |b| {
        b.iter(|| {
            now = now.plus(Ns::SEC);
            black_box(&mut x).on_second(&Config::default(), now);
        });
    });
}

criterion_group!(benches, learners);
criterion_main!(benches);
