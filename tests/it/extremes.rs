//! What a feed may say and no market says: the largest numbers, times that cannot be.

use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::publish::Publisher;
use papermaker::rooms::app::turn::Turn;
use papermaker::rooms::event::Level;
use papermaker::rooms::feed::CoinSpec;
use papermaker::rooms::journal::Digest;
use papermaker::rooms::record::{Body, Health, Record};
use papermaker::rooms::units::{Ns, ONE, Px, Side, Sz, decimal};
use papermaker::rooms::venue::flow::Print;
use papermaker::rooms::venue::wire;

/// A session's first millisecond, and how long the venue takes.
const BEGIN_MS: i64 = 1_757_015_216_000;
const DELAY_MS: i64 = 300;

/// Puts messages through feed and engine, a list every 100 ms of `rounds`; gives the bodies published.
fn decided(rounds: u64, say: impl Fn(u64, i64) -> Vec<String>) -> Vec<Body> {
    let config = Config::quoting();
    let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
    let mut turn = Turn::new(&config.engine, &coins, config.hash(&coins)).expect("coins");
    let (mut out, mut end) = Publisher::new(1 << 14, 0, Digest::default());
    let mut bodies = Vec::new();
    for (round, block) in (0..rounds).zip((BEGIN_MS..).step_by(100)) {
        let now = Ns((block + DELAY_MS) * Ns::MS);
        if round == 0 {
            turn.up(0, now, &mut out);
        }
        turn.advance(now, &mut out);
        for text in say(round, block) {
            turn.message(now, text.as_bytes(), &mut out);
        }
        while let Ok(bytes) = end.pop() {
            bodies.push(Record::decode(&bytes).expect("a record").body);
        }
    }
    bodies
}

/// A level at a price in USD.
fn level(usd: i64, sz: &str) -> Level {
    Level { px: Px(usd * ONE), sz: coins(sz), n: 3 }
}

fn coins(sz: &str) -> Sz {
    Sz(decimal::parse(sz.as_bytes()).expect("a size"))
}

fn bbo(ms: i64, bid: i64, ask: i64, sz: &str) -> String {
    wire::bbo("BTC", ms, [bid, ask].map(|usd| Some(level(usd, sz))))
}

/// `n` prints of one taker, numbered from `first`.
fn trades(ms: i64, first: u64, n: u64, aggressor: Side, usd: i64, sz: &str) -> String {
    let print = |tid| {
        let (px, sz) = (Px(usd * ONE), coins(sz));
        (ms, Print { aggressor, px, sz, hash: [7; 4], tid, users: [1, 2] })
    };
    wire::trades("BTC", &(first..first + n).map(print).collect::<Vec<_>>())
}

fn count(bodies: &[Body], which: fn(&Body) -> bool) -> usize {
    bodies.iter().filter(|b| which(b)).count()
}

/// A market in which everything is near the largest number that is read.
fn largest(sz: &'static str) -> impl Fn(u64, i64) -> Vec<String> {
    move |round, ms| {
        let (bid, ask) = (9_999_000_000, 9_999_100_000);
        let side =
            |best: i64, step: i64| (0..20).map(|i| level(best + step * i, sz)).collect::<Vec<_>>();
        let (bids, asks) = (side(bid, -100_000), side(ask, 100_000));
        let (usd, aggressor) = if round % 2 == 0 { (ask, Side::Buy) } else { (bid, Side::Sell) };
        let n = if round == 0 { 0 } else { 40 };
        vec![
            wire::book("BTC", ms, [&bids, &asks], false),
            trades(ms, round * 100, n, aggressor, usd, sz),
            bbo(ms, bid, ask, sz),
        ]
    }
}

/// Release builds check their arithmetic, too: an overflow would end the run.
#[test]
fn the_largest_numbers_that_are_read_overflow_nothing() {
    for sz in ["9999999999", "0.00000001", "1"] {
        let bodies = decided(600, largest(sz));
        assert!(count(&bodies, |b| matches!(b, Body::Print(_))) > 10_000);
        assert!(count(&bodies, |b| matches!(b, Body::Estimates(_))) > 30, "it learned");
    }
}

#[test]
fn numbers_beyond_are_turned_away() {
    let fresh = |b: &Body| matches!(b, Body::HealthChange(h) if h.now == Health::Fresh);
    let quoted = |bid, ask| count(&decided(3, |_, ms| vec![bbo(ms, bid, ask, "1")]), fresh);
    assert_eq!(quoted(9_999_999_998, 9_999_999_999), 1);
    assert_eq!(quoted(50_000_000_000, 50_000_000_001), 0);
}

fn market(round: u64, ms: i64) -> Vec<String> {
    let ask = [90_001, 90_002, 90_003][(round % 3) as usize];
    let mut said =
        vec![bbo(ms, ask - 1, ask, "2"), trades(ms, round * 10, 2, Side::Buy, ask, "0.5")];
    if round == 0 {
        said.insert(0, trades(ms, 0, 0, Side::Buy, ask, "1"));
    }
    said
}

#[test]
fn a_time_that_cannot_be_shuts_out_nothing_that_follows() {
    let plain = decided(200, market);
    let prints = count(&plain, |b| matches!(b, Body::Print(_)));
    assert!(prints > 300);
    // Microseconds, a year ahead, and the largest number.
    for ms in [BEGIN_MS * 1_000, BEGIN_MS + 31_536_000_000, 999_999_999_999_999_999] {
        let bodies = decided(200, |round, now| {
            let mut said = market(round, now);
            if round == 50 {
                let sides = [80_000, 80_001].map(|usd| [level(usd, "1")]);
                said.push(bbo(ms, 80_000, 80_001, "1"));
                said.push(trades(ms, 9_999_999, 1, Side::Sell, 80_000, "1"));
                said.push(wire::book("BTC", ms, [&sides[0], &sides[1]], false));
            }
            said
        });
        assert_eq!(count(&bodies, |b| matches!(b, Body::Print(_))), prints);
        let (a, b) = (plain.len().abs_diff(bodies.len()), plain.len());
        assert!(a < 20, "{a} of {b}: only the count of what was turned away differs");
    }
}
