//! What a feed may say and no market says: the largest numbers, times that cannot be.

use papermaker::app::config::Config;
use papermaker::app::publish::Publisher;
use papermaker::app::turn::Turn;
use papermaker::feed::CoinSpec;
use papermaker::journal::Digest;
use papermaker::record::{Body, Health, Record};
use papermaker::units::Ns;

/// A session's first millisecond, and how long the venue takes.
const BEGIN_MS: i64 = 1_757_015_216_000;
const DELAY_MS: i64 = 300;

/// Puts messages through feed and engine, a list every 100 ms of `rounds`; gives the bodies published.
fn told(rounds: i64, say: impl Fn(i64, i64) -> Vec<String>) -> Vec<Body> {
    let config = Config::default();
    let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
    let mut turn = Turn::new(&config.engine, &coins, config.hash(&coins)).expect("coins");
    let (mut out, mut end) = Publisher::new(1 << 14, 0, Digest::new());
    let mut bodies = Vec::new();
    for round in 0..rounds {
        let block = BEGIN_MS + round * 100;
        let now = Ns((block + DELAY_MS) * Ns::MS);
        if round == 0 {
            turn.start(now, &mut out);
            turn.up(now, &mut out);
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

fn bbo(ms: i64, bid: &str, ask: &str, sz: &str) -> String {
    let level = |px: &str| format!(r#"{{"px":"{px}","sz":"{sz}","n":1}}"#);
    let levels = [bid, ask].map(level).join(",");
    format!(r#"{{"channel":"bbo","data":{{"coin":"BTC","time":{ms},"bbo":[{levels}]}}}}"#)
}

fn book(ms: i64, levels: &[Vec<String>; 2], sz: &str) -> String {
    let side = |px: &Vec<String>| {
        let level = |px: &String| format!(r#"{{"px":"{px}","sz":"{sz}","n":3}}"#);
        format!("[{}]", px.iter().map(level).collect::<Vec<_>>().join(","))
    };
    let levels = levels.each_ref().map(side).join(",");
    format!(r#"{{"channel":"l2Book","data":{{"coin":"BTC","time":{ms},"levels":[{levels}]}}}}"#)
}

fn trades(ms: i64, first: i64, n: i64, side: char, px: &str, sz: &str) -> String {
    let print = |tid| {
        format!(
            r#"{{"coin":"BTC","side":"{side}","px":"{px}","sz":"{sz}","time":{ms},"hash":"0x{:064x}","tid":{tid},"users":["0x1","0x2"]}}"#,
            7u128 << 100
        )
    };
    let prints = (first..first + n).map(print).collect::<Vec<_>>().join(",");
    format!(r#"{{"channel":"trades","data":[{prints}]}}"#)
}

fn count(bodies: &[Body], which: fn(&Body) -> bool) -> usize {
    bodies.iter().filter(|b| which(b)).count()
}

/// A market in which everything is near the largest number that is read.
fn largest(sz: &'static str) -> impl Fn(i64, i64) -> Vec<String> {
    move |round, ms| {
        let (bid, ask) = ["9999000000", "9999100000"].map(str::to_owned).into();
        let up = |n: i64| (0..20).map(|i| (9_999_100_000 + n * i).to_string()).collect();
        let down = |n: i64| (0..20).map(|i| (9_999_000_000 - n * i).to_string()).collect();
        let (px, side) = if round % 2 == 0 { (&ask, 'B') } else { (&bid, 'A') };
        vec![
            book(ms, &[down(100_000), up(100_000)], sz),
            trades(ms, round * 100, if round == 0 { 0 } else { 40 }, side, px, sz),
            bbo(ms, &bid, &ask, sz),
        ]
    }
}

/// Release builds check their arithmetic, too: an overflow would end the run.
#[test]
fn the_largest_numbers_that_are_read_overflow_nothing() {
    for sz in ["9999999999", "0.00000001", "1"] {
        let bodies = told(600, largest(sz));
        assert!(count(&bodies, |b| matches!(b, Body::Print(_))) > 10_000);
        assert!(count(&bodies, |b| matches!(b, Body::Estimates(_))) > 30, "it learned");
    }
}

#[test]
fn numbers_beyond_are_turned_away() {
    let fresh = |b: &Body| matches!(b, Body::HealthChange(h) if h.now == Health::Fresh);
    let quoted = |bid, ask| count(&told(3, |_, ms| vec![bbo(ms, bid, ask, "1")]), fresh);
    assert_eq!(quoted("9999999998", "9999999999"), 1);
    assert_eq!(quoted("50000000000", "50000000001"), 0);
}

fn market(round: i64, ms: i64) -> Vec<String> {
    let bid = 90_000 + round % 3;
    let mut said = vec![
        bbo(ms, &bid.to_string(), &(bid + 1).to_string(), "2"),
        trades(ms, round * 10, 2, 'B', &(bid + 1).to_string(), "0.5"),
    ];
    if round == 0 {
        said.insert(0, trades(ms, 0, 0, 'B', "1", "1"));
    }
    said
}

#[test]
fn a_time_that_cannot_be_shuts_out_nothing_that_follows() {
    let plain = told(200, market);
    let prints = count(&plain, |b| matches!(b, Body::Print(_)));
    assert!(prints > 300);
    // Microseconds, a year ahead, and the largest number.
    for ms in [BEGIN_MS * 1_000, BEGIN_MS + 31_536_000_000, 999_999_999_999_999_999] {
        let bodies = told(200, |round, now| {
            let mut said = market(round, now);
            if round == 50 {
                said.push(bbo(ms, "80000", "80001", "1"));
                said.push(trades(ms, 9_999_999, 1, 'A', "80000", "1"));
                said.push(book(ms, &[vec!["80000".into()], vec!["80001".into()]], "1"));
            }
            said
        });
        assert_eq!(count(&bodies, |b| matches!(b, Body::Print(_))), prints);
        let (a, b) = (plain.len().abs_diff(bodies.len()), plain.len());
        assert!(a < 20, "{a} of {b}: only the count of what was turned away differs");
    }
}
