//! Messages to events, by parser and kind of message.
//!
//! `cargo bench --bench feed` (`-- --quick` for a short pass). Before it measures, both parsers read
//! every message and must agree; the digest of what they gave is printed.

#![expect(clippy::print_stdout, reason = "a bench says what it verified")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use papermaker::rooms::bench::input::Frames;
use papermaker::rooms::bench::path::Kind;
use papermaker::rooms::feed::{Coins, Decoded, Decoder, Parser};
use papermaker::rooms::units::Ns;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const KINDS: [Kind; 5] = [Kind::Trade, Kind::Trades, Kind::Bbo, Kind::Book, Kind::Other];

fn decoder(frames: &Frames, parser: Parser) -> Decoder {
    Decoder::new(Coins::new(&frames.coins).expect("coins"), parser)
}

/// What a message gave, as text.
fn content(d: &mut Decoder, text: &[u8]) -> String {
    match d.decode(text) {
        Ok(Decoded::Trades { coin }) => format!("{coin:?} {:?}", d.prints()),
        Ok(Decoded::Book { coin }) => format!("{coin:?} {:?}", d.book()),
        Ok(Decoded::Bbo { coin }) => format!("{coin:?} {:?}", d.bbo()),
        Ok(Decoded::Ctx { coin }) => format!("{coin:?} {:?}", d.ctx()),
        other => format!("{other:?}"),
    }
}

fn feed(c: &mut Criterion) {
    let frames = Frames::embedded(7, 20_000, 50 * Ns::MS);
    for kind in KINDS {
        let texts: Vec<&[u8]> =
            frames.iter().map(|(_, t)| t).filter(|t| Kind::of(t) == kind).take(2_000).collect();
        if texts.is_empty() {
            continue;
        }
        let (mut a, mut b) =
            (decoder(&frames, Parser::Scanner), decoder(&frames, Parser::SimdJson));
        let digest = texts.iter().fold(0, |h, text| {
            let (x, y) = (content(&mut a, text), content(&mut b, text));
            assert_eq!(x, y, "the parsers differ on {}", String::from_utf8_lossy(text));
            xxh3_64_with_seed(x.as_bytes(), h)
        });
        let bytes: usize = texts.iter().map(|t| t.len()).sum();
        println!("{}: {} messages, {bytes} bytes, digest {digest:016x}", kind.name(), texts.len());
        let mut group = c.benchmark_group(format!("feed/{}", kind.name()));
        group.throughput(Throughput::Elements(texts.len() as u64));
        for (name, mut d) in [("scanner", a), ("simd-json", b)] {
            group.bench_function(name, |bench| {
                bench.iter(|| {
                    texts.iter().filter(|t| black_box(d.decode(black_box(t))).is_ok()).count()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, feed);
criterion_main!(benches);
