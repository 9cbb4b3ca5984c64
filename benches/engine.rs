//! Feed and engine together: messages in memory to records, encoded and hashed, by parser.
//!
//! `cargo bench --bench engine` (`-- --quick` for a short pass). Before it measures, both parsers must
//! give the same records; their digest is printed.

#![expect(clippy::print_stdout, reason = "a bench says what it verified")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use papermaker::rooms::app::config::Config;
use papermaker::rooms::bench::input::Frames;
use papermaker::rooms::bench::replay;
use papermaker::rooms::feed::Parser;
use papermaker::rooms::units::Ns;

const COUNT: usize = 5_000;

fn engine(c: &mut Criterion) {
    let frames = Frames::embedded(7, COUNT, 50 * Ns::MS);
    let config = |parser| {
        let mut config = Config::quoting();
        config.run.parser = parser;
        config
    };
    let [a, b] = [Parser::Scanner, Parser::SimdJson]
        .map(|parser| replay::run(&frames, &config(parser), 1, true).expect("coins"));
    assert_eq!((a.digest, a.records), (b.digest, b.records), "the parsers agree");
    println!("{} messages, {} records, digest {:032x}", a.frames, a.records, a.digest);
    let mut group = c.benchmark_group("engine");
    group.throughput(Throughput::Elements(a.frames));
    group.sample_size(10);
    for (name, parser) in [("scanner", Parser::Scanner), ("simd-json", Parser::SimdJson)] {
        let config = config(parser);
        group.bench_function(name, |bench| {
            // The pass times itself: making feed and engine is outside of it.
            bench.iter_custom(|n| {
                let passes = replay::run(&frames, &config, usize::try_from(n).expect("few"), true);
                let ns = passes.expect("coins").ns.iter().sum();
                std::time::Duration::from_nanos(ns)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
