//! Records into a journal on a real disk, without waiting for it to be durable.
//!
//! `cargo bench --bench journal` (`-- --quick` for a short pass). Before it measures, what was written
//! must be read back; its digest is printed.

#![expect(clippy::print_stdout, reason = "a bench says what it verified")]

use std::path::PathBuf;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use papermaker::rooms::folder::Folder;
use papermaker::rooms::journal::{Digest, Options, Writer, inspect};
use papermaker::rooms::record::{Bytes, NO_COIN, Record, Regimes};
use papermaker::rooms::units::Ns;

const COUNT: u64 = 8_192;

fn records() -> Vec<Bytes> {
    (0..COUNT)
        .map(|seq| {
            let body = Regimes { p: [0.5, 0.25, 0.125, 1.0], sigma_bps: [0.0; 4] }.into();
            Record { seq, at: Ns(2), coin: NO_COIN, body }.encode()
        })
        .collect()
}

fn place(n: u32) -> PathBuf {
    std::env::temp_dir().join(format!("papermaker-bench-{}-{n}", std::process::id()))
}

fn journal(c: &mut Criterion) {
    let records = records();
    let begin = |n| {
        let folder = Folder::create(&place(n)).expect("a folder");
        Writer::create(folder, Options::new([1, 2])).expect("a journal")
    };
    let mut all = Digest::default();
    records.iter().for_each(|r| all.update(r));
    let mut writer = begin(0);
    records.iter().for_each(|r| writer.append(r).expect("room"));
    writer.finish().expect("room");
    drop(writer);
    let mut folder = Folder::open(&place(0)).expect("a folder");
    let back = inspect(&mut folder).expect("readable");
    assert_eq!((back.records, back.digest.value()), (COUNT, all.value()));
    println!("{COUNT} records, digest {:032x}", all.value().run);
    let mut group = c.benchmark_group("journal");
    group.throughput(Throughput::Elements(COUNT));
    group.sample_size(20);
    let mut n = 0;
    group.bench_function("append", |b| {
        b.iter_batched_ref(
            || {
                n += 1;
                begin(n)
            },
            |writer| {
                records.iter().for_each(|r| writer.append(r).expect("room"));
                writer.flush().expect("room");
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
    (0..=n).for_each(|n| {
        let _ = std::fs::remove_dir_all(place(n));
    });
}

criterion_group!(benches, journal);
criterion_main!(benches);
