//! Cost of a trade with twenty resting orders, by fill model.
//!
//! `cargo bench --bench sim`. One operation is one taker of one print at the best price, with ten
//! own orders on each side at ten prices, under three models at once as in a run. Before anything
//! is timed, a fixed stream is run and checked: what was filled is no more than what was printed,
//! touch fills all of it, and a digest of all fills is printed, so that two builds that do
//! different work are not compared.

#![expect(clippy::print_stdout, reason = "the digest is for who runs it")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use papermaker::lab::scene::Scene;
use papermaker::rooms::sim::config::Model;

fn trade(c: &mut Criterion) {
    let mut group = c.benchmark_group("trade_20_orders");
    group.throughput(Throughput::Elements(1));
    for model in Model::ALL {
        let mut b = Scene::new(model, 20, 10);
        assert_eq!(b.live(), 20);
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
