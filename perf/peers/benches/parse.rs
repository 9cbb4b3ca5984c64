//! The same messages through papermaker's two parsers, sonic-rs and serde_json (both into borrowed
//! structs with prices as text, then papermaker's decimal parser): what a program that uses those
//! would do. Every reader must find the same sum of prices first.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use papermaker::rooms::bench::input::Frames;
use papermaker::rooms::bench::path::Kind;
use papermaker::rooms::feed::{Coins, Decoded, Decoder, Parser};
use papermaker::rooms::units::{Ns, decimal};
use serde::Deserialize;

#[derive(Deserialize)]
struct Level<'a> {
    #[serde(borrow)]
    px: &'a str,
    #[serde(borrow)]
    sz: &'a str,
    n: u32,
}

#[derive(Deserialize)]
struct Trade<'a> {
    #[serde(borrow)]
    coin: &'a str,
    #[serde(borrow)]
    side: &'a str,
    #[serde(borrow)]
    px: &'a str,
    #[serde(borrow)]
    sz: &'a str,
    time: u64,
    #[serde(borrow)]
    hash: &'a str,
    tid: u64,
}

#[derive(Deserialize)]
struct Bbo<'a> {
    #[serde(borrow)]
    coin: &'a str,
    time: u64,
    #[serde(borrow)]
    bbo: [Option<Level<'a>>; 2],
}

#[derive(Deserialize)]
struct Book<'a> {
    #[serde(borrow)]
    coin: &'a str,
    time: u64,
    #[serde(borrow)]
    levels: [Vec<Level<'a>>; 2],
}

#[derive(Deserialize)]
#[serde(tag = "channel", content = "data")]
enum Message<'a> {
    #[serde(rename = "trades", borrow)]
    Trades(Vec<Trade<'a>>),
    #[serde(rename = "bbo", borrow)]
    Bbo(Bbo<'a>),
    #[serde(rename = "l2Book", borrow)]
    Book(Book<'a>),
}

fn px(text: &str, sz: &str) -> i64 {
    let value = |t: &str| decimal::parse(t.as_bytes()).expect("a decimal");
    black_box(value(sz));
    value(text)
}

fn sum(m: &Message<'_>) -> i64 {
    let level = |l: &Level<'_>| {
        black_box(l.n);
        px(l.px, l.sz)
    };
    match m {
        Message::Trades(t) => t
            .iter()
            .map(|t| {
                black_box((t.coin, t.side, t.time, t.hash, t.tid));
                px(t.px, t.sz)
            })
            .fold(0, i64::wrapping_add),
        Message::Bbo(b) => {
            black_box((b.coin, b.time));
            b.bbo.iter().flatten().map(level).fold(0, i64::wrapping_add)
        }
        Message::Book(b) => {
            black_box((b.coin, b.time));
            b.levels.iter().flatten().map(level).fold(0, i64::wrapping_add)
        }
    }
}

fn own(d: &mut Decoder, text: &[u8]) -> i64 {
    match d.decode(text) {
        Ok(Decoded::Trades { .. }) => d.prints().iter().map(|t| t.px.0).fold(0, i64::wrapping_add),
        Ok(Decoded::Bbo { .. }) => {
            let b = d.bbo();
            b.bid.iter().chain(&b.ask).map(|l| l.px.0).fold(0, i64::wrapping_add)
        }
        Ok(Decoded::Book { .. }) => {
            let b = d.book();
            b.bids.iter().chain(&b.asks).map(|l| l.px.0).fold(0, i64::wrapping_add)
        }
        other => panic!("{other:?}"),
    }
}

fn parse(c: &mut Criterion) {
    let frames = Frames::embedded(7, 20_000, 50 * Ns::MS);
    let coins = || Coins::new(&frames.coins).expect("coins");
    for kind in [Kind::Trade, Kind::Trades, Kind::Bbo, Kind::Book] {
        let texts: Vec<&[u8]> =
            frames.iter().map(|(_, t)| t).filter(|t| Kind::of(t) == kind).take(1_000).collect();
        let serde = |t: &[u8]| sum(&serde_json::from_slice(t).expect("known shape"));
        let sonic = |t: &[u8]| sum(&sonic_rs::from_slice(t).expect("known shape"));
        let mut scanner = Decoder::new(coins(), Parser::Scanner);
        let mut simd = Decoder::new(coins(), Parser::SimdJson);
        let mut total = 0i64;
        for t in &texts {
            let want = own(&mut scanner, t);
            assert_eq!([own(&mut simd, t), serde(t), sonic(t)], [want; 3]);
            total = total.wrapping_add(want);
        }
        println!("{}: {} messages, sum of prices {total}", kind.name(), texts.len());
        let mut group = c.benchmark_group(format!("parse/{}", kind.name()));
        group.throughput(Throughput::Elements(texts.len() as u64));
        let all = |f: &mut dyn FnMut(&[u8]) -> i64| {
            texts.iter().map(|t| f(black_box(t))).fold(0, i64::wrapping_add)
        };
        group.bench_function("scanner", |b| b.iter(|| all(&mut |t| own(&mut scanner, t))));
        group.bench_function("simd-json", |b| b.iter(|| all(&mut |t| own(&mut simd, t))));
        group.bench_function("sonic-rs", |b| b.iter(|| all(&mut |t| sonic(t))));
        group.bench_function("serde_json", |b| b.iter(|| all(&mut |t| serde(t))));
        group.finish();
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);
