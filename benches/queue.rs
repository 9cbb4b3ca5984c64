//! The queue between the threads, the digest, and the publisher in front of it.
//!
//! `cargo bench --bench queue`. The consumer keeps up on the other core, as the logging thread
//! does; `full` is a push that finds no room. One operation is one 128-byte record.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use crossbeam::queue::ArrayQueue;
use papermaker::rooms::app::publish::Publisher;
use papermaker::rooms::engine::publish::Publish;
use papermaker::rooms::journal::Digest;
use papermaker::rooms::record::{Bytes, NO_COIN, Record, Regimes};
use papermaker::rooms::units::Ns;

const PLACES: usize = 1 << 16;

fn record() -> Bytes {
    let body = Regimes { p: [0.5, 0.25, 0.125, 1.0], sigma_bps: [0.0; 4] }.into();
    Record { seq: 1, at: Ns(2), coin: NO_COIN, body }.encode()
}

/// Runs `pop` on another thread until the guard goes away.
struct Consumer {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Consumer {
    fn start(mut pop: impl FnMut() -> bool + Send + 'static) -> Consumer {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let work = move || {
            while !flag.load(Ordering::Relaxed) {
                if !pop() {
                    std::hint::spin_loop();
                }
            }
        };
        Consumer { stop, thread: Some(std::thread::spawn(work)) }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(t) = self.thread.take() {
            let _ = t.join();
        }
    }
}

fn push(c: &mut Criterion) {
    let mut group = c.benchmark_group("push");
    group.throughput(Throughput::Elements(1));
    let r = record();
    group.bench_function("rtrb", |b| {
        let (mut tx, mut rx) = rtrb::RingBuffer::<Bytes>::new(PLACES);
        let _consumer = Consumer::start(move || rx.pop().map(black_box).is_ok());
        b.iter(|| while tx.push(black_box(r)).is_err() {});
    });
    group.bench_function("crossbeam_array_queue", |b| {
        let tx = Arc::new(ArrayQueue::<Bytes>::new(PLACES));
        let rx = Arc::clone(&tx);
        let _consumer = Consumer::start(move || rx.pop().map(black_box).is_some());
        b.iter(|| while tx.push(black_box(r)).is_err() {});
    });
    group.bench_function("crossbeam_channel", |b| {
        let (tx, rx) = crossbeam::channel::bounded::<Bytes>(PLACES);
        let _consumer = Consumer::start(move || rx.try_recv().map(black_box).is_ok());
        b.iter(|| while tx.try_send(black_box(r)).is_err() {});
    });
    group.finish();
}

fn push_and_pop(c: &mut Criterion) {
    let mut group = c.benchmark_group("push_and_pop_one_thread");
    let r = record();
    let (mut tx, mut rx) = rtrb::RingBuffer::<Bytes>::new(PLACES);
    group.bench_function("rtrb", |b| {
        b.iter(|| (tx.push(black_box(r)).is_ok(), rx.pop().map(|x| x[9])));
    });
    let q = ArrayQueue::<Bytes>::new(PLACES);
    group.bench_function("crossbeam_array_queue", |b| {
        b.iter(|| (q.push(black_box(r)).is_ok(), q.pop().map(|x| x[9])));
    });
    let (tx, rx) = crossbeam::channel::bounded::<Bytes>(PLACES);
    group.bench_function("crossbeam_channel", |b| {
        b.iter(|| (tx.try_send(black_box(r)).is_ok(), rx.try_recv().map(|x| x[9])));
    });
    group.finish();
}

fn full(c: &mut Criterion) {
    let mut group = c.benchmark_group("full");
    let r = record();
    let (mut tx, _rx) = rtrb::RingBuffer::<Bytes>::new(1);
    let _ = tx.push(r);
    group.bench_function("rtrb", |b| b.iter(|| tx.push(black_box(r)).is_err()));
    let q = ArrayQueue::<Bytes>::new(1);
    let _ = q.push(r);
    group.bench_function("crossbeam_array_queue", |b| b.iter(|| q.push(black_box(r)).is_err()));
    let (tx, _rx) = crossbeam::channel::bounded::<Bytes>(1);
    let _ = tx.try_send(r);
    group.bench_function("crossbeam_channel", |b| b.iter(|| tx.try_send(black_box(r)).is_err()));
    group.finish();
}

fn publish(c: &mut Criterion) {
    let mut group = c.benchmark_group("publish");
    let r = record();
    let mut digest = Digest::default();
    group.bench_function("digest", |b| b.iter(|| digest.update(black_box(&r))));
    group.bench_function("encode", |b| b.iter(|| black_box(record())));
    let (mut publisher, mut ring) = Publisher::new(PLACES, 0, Digest::default());
    let mut room = PLACES;
    group.bench_function("whole_one_thread", |b| {
        b.iter(|| {
            let body = Regimes { p: [black_box(0.5), 0.25, 0.125, 1.0], sigma_bps: [0.0; 4] };
            publisher.publish(Ns(2), NO_COIN, body);
            room -= 1;
            if room == 0 {
                while ring.pop().is_ok() {}
                room = PLACES;
            }
        });
    });
    group.finish();
}

criterion_group!(benches, push, push_and_pop, full, publish);
criterion_main!(benches);
