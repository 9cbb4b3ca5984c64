//! Bytes to WebSocket messages: one frame a read, and sixty-four.
//!
//! `cargo bench --bench ws` (`-- --quick` for a short pass). Before it measures, the messages must be
//! those that were framed; their digest is printed.

#![expect(clippy::print_stdout, reason = "a bench says what it verified")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use papermaker::rooms::bench::input::Frames;
use papermaker::rooms::units::Ns;
use papermaker::rooms::ws::conn::{Conn, Message};
use papermaker::rooms::ws::frame::Opcode;
use papermaker::rooms::ws::server;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const COUNT: usize = 1_024;

/// Puts one read's bytes in and hands out the messages.
fn read(conn: &mut Conn, bytes: &[u8], mut take: impl FnMut(&[u8])) {
    conn.space()[..bytes.len()].copy_from_slice(bytes);
    conn.filled(bytes.len());
    while let Some(message) = conn.poll().expect("sound frames") {
        if let Message::Text(text) = message {
            take(text);
        }
    }
}

fn ws(c: &mut Criterion) {
    let frames = Frames::embedded(7, COUNT, 50 * Ns::MS);
    let texts: Vec<&[u8]> = frames.iter().map(|(_, t)| t).take(COUNT).collect();
    let mut group = c.benchmark_group("ws");
    group.throughput(Throughput::Elements(COUNT as u64));
    for per_read in [1, 64] {
        let reads: Vec<Vec<u8>> = texts
            .chunks(per_read)
            .map(|texts| {
                let mut wire = Vec::new();
                texts.iter().for_each(|t| server::frame(&mut wire, Opcode::Text, t));
                wire
            })
            .collect();
        let mut conn = Conn::new(1);
        let (mut n, mut digest) = (0, 0);
        for bytes in &reads {
            read(&mut conn, bytes, |text| {
                assert_eq!(text, texts[n]);
                (n, digest) = (n + 1, xxh3_64_with_seed(text, digest));
            });
        }
        assert_eq!(n, COUNT);
        println!("{per_read} a read: {n} messages, digest {digest:016x}");
        group.bench_function(format!("{per_read}_a_read"), |b| {
            b.iter(|| {
                let mut bytes = 0;
                for r in &reads {
                    read(&mut conn, black_box(r), |text| bytes += text.len());
                }
                bytes
            });
        });
    }
    group.finish();
}

criterion_group!(benches, ws);
criterion_main!(benches);
