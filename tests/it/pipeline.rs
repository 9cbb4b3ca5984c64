//! The whole path in process: a market with known truth, feed, engine, records. No sockets.

use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::replay::Tally;
use papermaker::rooms::app::turn::Turn;
use papermaker::rooms::feed::{CoinSpec, Loss};
use papermaker::rooms::record::{Body, Bytes, Health, Lane, OrderState, Record, StopReason};
use papermaker::rooms::units::Ns;
use papermaker::rooms::venue;
use papermaker::rooms::venue::config::Regime;
use papermaker::rooms::venue::market::Market;

/// Feed delay of the synthetic tape.
const DELAY_NS: i64 = 50 * Ns::MS;

struct Run {
    records: Vec<Record>,
    digest: u128,
    kappa: f64,
}

/// Runs `seconds` of market; the link is lost for 20 s at half time where `cut`.
fn run(seed: u64, seconds: i64, cut: bool) -> Run {
    let law = venue::config::Config::stationary("BTC", Regime::Normal);
    let mut market = Market::new(&law, seed).expect("a sound configuration");
    let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
    let config = Config::quoting();
    let hash = config.hash(&coins);
    let mut turn = Turn::new(&config.engine, &coins, hash).expect("coins");
    let mut records = Vec::new();
    let mut out = Tally::new(|r: &Record, _: &Bytes| records.push(*r));
    let mut begun: Option<Ns> = None;
    let mut now = Ns(0);
    let mut is_up = true;
    loop {
        let block = market.next_block();
        now = now.max(block.time.plus(DELAY_NS));
        let start = *begun.get_or_insert_with(|| {
            turn.up(0, now, &mut out);
            now
        });
        let at = now.since(start) / Ns::SEC;
        if at >= seconds {
            break;
        }
        let lost = cut && (seconds / 2..seconds / 2 + 20).contains(&at);
        if lost && is_up {
            turn.down(0, now, Loss::Lost, &mut out);
        } else if !lost && !is_up {
            turn.up(0, now, &mut out);
        }
        is_up = !lost;
        if lost {
            turn.advance(now, &mut out);
            continue;
        }
        for frame in &block.frames {
            turn.message(now, frame.as_bytes(), &mut out);
        }
    }
    let before = out.next;
    turn.stop(now, StopReason::Finished, before, &mut out);
    let digest = out.end().1.value().run;
    let kappa = market.truth().coins[0].averaged().kappa;
    Run { records, digest, kappa }
}

#[test]
fn the_truth_lies_in_the_interval_and_the_profit_sums_exactly() {
    let run = run(3, 300, false);
    let fills = run
        .records
        .iter()
        .filter(|r| matches!(r.body, Body::Fill(f) if f.lane == Lane::Configured))
        .count();
    assert!(fills >= 10, "{fills} fills");
    let e = run.records.iter().rev().find_map(|r| match r.body {
        Body::Estimates(e) => Some(e),
        _ => None,
    });
    let e = e.expect("estimates");
    assert!(
        e.kappa_lo < run.kappa && run.kappa < e.kappa_hi,
        "{} not in [{}, {}]",
        run.kappa,
        e.kappa_lo,
        e.kappa_hi
    );
    // The profit again, from the fills alone: cash plus position at the mark.
    let mut cash = 0i128;
    let mut position = 0i128;
    let mut account = None;
    for r in &run.records {
        match r.body {
            Body::Fill(f) if f.lane == Lane::Configured => {
                let z = i128::from(f.side.sign() * f.sz.0);
                cash -= 2 * i128::from(f.px.0) * z + i128::from(f.fee_e8) * 200_000_000;
                position += z;
            }
            Body::Account(a) if a.lane == Lane::Configured => account = Some(a),
            _ => {}
        }
    }
    let a = account.expect("an account");
    let parts = a.spread + a.adverse + a.inventory + a.fees + a.funding;
    assert_eq!(parts - a.funding, cash + position * i128::from(a.mark.0));
}

#[test]
fn every_kind_of_record_is_published_by_something() {
    use std::collections::BTreeMap;
    let run = run(11, 120, true);
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for r in &run.records {
        *kinds.entry(r.body.name()).or_default() += 1;
    }
    // Not here: `lost`, which the queue makes, and `latch`, which takes a loss.
    let expected = [
        "start",
        "coin",
        "stop",
        "link",
        "data_gap",
        "health",
        "trade",
        "market",
        "ladder",
        "terms",
        "order",
        "fill",
        "account",
        "estimates",
        "regimes",
        "feed",
        "edge",
        "score",
    ];
    let missing: Vec<_> = expected.iter().filter(|k| !kinds.contains_key(**k)).collect();
    assert!(missing.is_empty(), "never published: {missing:?}");
    // Once a second, and the estimates not while the link is down.
    assert!((119..=121).contains(&kinds["feed"]), "{kinds:?}");
    assert!((98..=104).contains(&kinds["estimates"]), "{kinds:?}");
    let feeds = run.records.iter().filter_map(|r| match r.body {
        Body::FeedState(f) => Some((r.at, f)),
        _ => None,
    });
    let down: Vec<_> = feeds.filter(|(_, f)| f.silent).collect();
    assert!((19..=21).contains(&down.len()), "{} silent", down.len());
    assert!(down.iter().all(|(_, f)| f.ages[3] == -1));
}

#[test]
fn the_same_market_gives_the_same_digest_and_another_one_does_not() {
    let (a, b, other) = (run(5, 60, true), run(5, 60, true), run(6, 60, true));
    assert_eq!((a.digest, a.records.len()), (b.digest, b.records.len()));
    assert_ne!(a.digest, other.digest);
    for (i, r) in a.records.iter().enumerate() {
        assert_eq!(r.seq, i as u64, "numbered without holes");
    }
}

#[test]
fn a_lost_link_takes_every_order_out_and_nothing_fills_until_it_is_whole_again() {
    let run = run(7, 120, true);
    let mut down = false;
    let mut open = 0i64;
    let mut downs = 0;
    for r in &run.records {
        match r.body {
            Body::HealthChange(h) => {
                down = matches!(h.now, Health::Down | Health::Gapped);
                downs += i32::from(h.now == Health::Down);
                if h.now == Health::Down {
                    assert_eq!(open, 0, "orders left when the link went down");
                }
            }
            Body::Order(o) => match o.state {
                OrderState::Sent => open += 1,
                OrderState::Cancelled | OrderState::Filled | OrderState::Rejected => open -= 1,
                _ => {}
            },
            Body::Fill(f) => assert!(!down, "filled while the link was down: {f:?}"),
            _ => {}
        }
    }
    assert_eq!(downs, 1);
    assert!(run.records.iter().any(|r| matches!(r.body, Body::DataGap(_))));
}
