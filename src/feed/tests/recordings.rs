//! Real recordings through both parsers and the state machine. They are read from the directory in
//! `PAPERMAKER_DATA`, or from `../shared/data`; without them each test says so in a line and passes.

use std::io::Read as _;
use std::path::PathBuf;

use super::*;

fn directory() -> PathBuf {
    let root = std::env::var_os("PAPERMAKER_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")),
        PathBuf::from,
    );
    root.join("hyperliquid")
}

/// Receive times and texts of a recording's frames.
fn frames(name: &str) -> Option<Vec<(Ns, Vec<u8>)>> {
    let path = directory().join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        println!("skipped: no recording {}", path.display());
        return None;
    };
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut text).expect("gzip");
    let lines = text.split(|&b| b == b'\n').filter(|l| !l.is_empty());
    let frames = lines.map(|line| {
        let space = line.iter().position(|&b| b == b' ').expect("a time");
        let time = std::str::from_utf8(&line[..space]).expect("ascii").parse().expect("ns");
        (Ns(time), line[space + 1..].to_vec())
    });
    Some(frames.collect())
}

/// Whether the connection starts again at a frame that comes `gap` after the one before.
fn reconnects(gap: i64) -> bool {
    gap >= 10 * Ns::SEC
}

/// All outcomes of a recording, read by a feed as a replay does.
fn replay(frames: &[(Ns, Vec<u8>)], parser: Parser) -> (Vec<Out>, Feed) {
    let coins = meta::infer(frames.iter().map(|(_, f)| f));
    let config = Config { parser, ..Config::default() };
    let mut feed = Feed::new(&config, &coins, 1).expect("coins");
    feed.connected(0, frames[0].0);
    let mut last = frames[0].0;
    let mut outs = Vec::new();
    for (now, frame) in frames {
        if reconnects(now.since(last)) {
            feed.resubscribed(*now);
        }
        last = *now;
        outs.push(Out::of(&feed.message(*now, frame)));
    }
    (outs, feed)
}

/// Replays with both parsers, expects the same, and gives the outcomes and the scanner's counters.
fn both(name: &str) -> Option<(Vec<Out>, Feed)> {
    let frames = frames(name)?;
    let (outs, feed) = replay(&frames, Parser::Scanner);
    let (general, other) = replay(&frames, Parser::SimdJson);
    for ((a, b), (_, frame)) in outs.iter().zip(&general).zip(&frames) {
        assert_eq!(a, b, "{}", String::from_utf8_lossy(frame));
    }
    let (a, b) = (feed.counters(), other.counters());
    assert_eq!(Counters { handed_over: 0, ..a }, b);
    assert_eq!(a.rejects(), 0, "a real frame was turned away");
    assert_eq!(a.messages, frames.len() as u64);
    assert_eq!((a.unknown, a.foreign, a.venue_errors, a.off_lot), (0, 0, 0, 0));
    Some((outs, feed))
}

/// The histories of a recording: coin, number of prints that are new, and how they join.
fn histories(outs: &[Out], feed: &Feed) -> Vec<(String, usize, Joint)> {
    let history = |out: &Out| match out {
        Out::History(coin, prints, joint) => {
            let name = feed.coins().get(*coin).expect("a coin").name.to_string();
            Some((name, prints.len(), *joint))
        }
        _ => None,
    };
    outs.iter().filter_map(history).collect()
}

/// The table's verdict: nothing before, nothing lost, or trades lost over so many seconds.
#[derive(Debug, PartialEq)]
enum Join {
    First,
    Nothing,
    Lost(i64),
}

fn verdicts(histories: &[(String, usize, Joint)]) -> Vec<(&str, usize, Join)> {
    let verdict = |joint| match joint {
        Joint::First => First,
        Joint::Contiguous { .. } => Nothing,
        Joint::Gap { from, to } => Lost(to.since(from) / Ns::SEC),
    };
    histories.iter().map(|(coin, n, joint)| (coin.as_str(), *n, verdict(*joint))).collect()
}

use Join::{First, Lost, Nothing};

#[test]
fn twelve_minutes_as_the_feed_looks_today_with_a_hole_of_17_s() {
    let Some((outs, feed)) = both("hl_20250904_12m_ALL4.frames.gz") else {
        return;
    };
    let c = feed.counters();
    assert_eq!((c.bbos, c.acks, c.pongs), (17_652, 32, 22));
    assert_eq!(c.fast_books + c.slow_books, 5_644);
    assert_eq!((c.trades, c.histories), (2_119, 8));
    assert_eq!(c.handed_over, c.acks + c.pongs, "only what the scanner is not for");
    // In the quieter coins the thirty trades reach back over the hole; in BTC they do not.
    let found = histories(&outs, &feed);
    let want = [
        ("BTC", 30, First),
        ("ETH", 30, First),
        ("SOL", 30, First),
        ("WLFI", 30, First),
        ("BTC", 30, Lost(2)),
        ("ETH", 13, Nothing),
        ("SOL", 20, Nothing),
        ("WLFI", 22, Nothing),
    ];
    assert_eq!(verdicts(&found), want);
    let lost =
        Joint::Gap { from: Ns::from_ms(1_757_015_891_087), to: Ns::from_ms(1_757_015_893_170) };
    assert_eq!(found[4].2, lost);
    assert_eq!(c.duplicates, 17 + 10 + 8, "all of them in histories");
    let ms = |stream| feed.cadence(CoinId(0), stream).mean_ns / Ns::MS;
    assert_eq!((ms(Stream::Bbo), ms(Stream::Fast), ms(Stream::Slow)), (145, 546, 5_636));
}

#[test]
fn nine_minutes_with_holes_of_250_s_and_50_s() {
    let Some((outs, feed)) = both("hl_20250903_9m_ALL4.frames.gz") else {
        return;
    };
    let want = [
        ("BTC", 30, First),
        ("ETH", 30, First),
        ("SOL", 30, First),
        ("WLFI", 30, First),
        ("BTC", 30, Lost(246)),
        ("ETH", 30, Lost(224)),
        ("SOL", 30, Lost(243)),
        ("WLFI", 30, Lost(67)),
        ("BTC", 30, Lost(50)),
        ("ETH", 30, Lost(37)),
        ("SOL", 30, Lost(44)),
        ("WLFI", 9, Nothing),
    ];
    assert_eq!(verdicts(&histories(&outs, &feed)), want);
    // 21 in WLFI's overlapping history; and three live messages after histories that cut through
    // a block: 30 of 121 in BTC, the only print in ETH and in SOL.
    let c = feed.counters();
    assert_eq!(c.duplicates, 21 + 30 + 1 + 1);
    let news_free = outs.iter().filter(|o| matches!(o, Out::Trades(_, p) if p.is_empty()));
    assert_eq!(news_free.count(), 2);
    assert!(outs.iter().any(|o| matches!(o, Out::Trades(_, p) if p.len() == 121 - 30)));
    assert_eq!(c.handed_over, 0);
}

#[test]
fn twenty_four_minutes_of_one_coin_with_two_holes() {
    let Some((outs, feed)) = both("hl_20251210_24m_ETH.frames.gz") else {
        return;
    };
    let want = [("ETH", 30, First), ("ETH", 30, Lost(235)), ("ETH", 30, Lost(32))];
    assert_eq!(verdicts(&histories(&outs, &feed)), want);
    let c = feed.counters();
    assert_eq!((c.duplicates, c.prints, c.handed_over), (0, 6_295, 0));
}

#[test]
fn frames_with_alphabetical_keys_are_handed_over_and_read_all_the_same() {
    let Some((outs, feed)) = both("hl_20250126_25s_BTC_raw.frames.gz") else {
        return;
    };
    let c = feed.counters();
    assert_eq!((c.handed_over, c.slow_books, c.histories, c.prints), (55, 46, 1, 34));
    // Real hashes name takers; the system's own have none.
    let all = outs.iter().flat_map(|o| match o {
        Out::Trades(_, p) | Out::History(_, p, _) => p.clone(),
        _ => Vec::new(),
    });
    let (known, none): (Vec<_>, Vec<_>) = all.partition(|t| t.taker != 0);
    assert!(!known.is_empty() && !none.is_empty());
}

#[test]
fn a_new_connection_inferred_where_there_was_none_turns_live_trades_into_history() {
    // The control: taking every pause of a second for a reconnect must change the outcome.
    let Some(frames) = frames("hl_20250904_12m_ALL4.frames.gz") else {
        return;
    };
    let coins = meta::infer(frames.iter().map(|(_, f)| f));
    let mut feed = Feed::new(&Config::default(), &coins, 1).expect("coins");
    let mut last = frames[0].0;
    feed.connected(0, last);
    for (now, frame) in &frames {
        if now.since(last) > Ns::SEC / 2 {
            feed.resubscribed(*now);
        }
        last = *now;
        feed.message(*now, frame);
    }
    assert!(feed.counters().histories > 8);
}

#[test]
fn coins_and_their_decimals_are_inferred_from_a_recording() {
    let Some(frames) = frames("hl_20250904_12m_ALL4.frames.gz") else {
        return;
    };
    let coins = meta::infer(frames.iter().map(|(_, f)| f));
    let found: Vec<_> = coins.iter().map(|c| (c.name.as_str(), c.sz_decimals)).collect();
    assert_eq!(found, [("BTC", 5), ("ETH", 4), ("SOL", 2), ("WLFI", 0)]);
    let universe = meta::fallback();
    assert!(coins.iter().all(|c| universe.find(&c.name) == Ok(*c)), "as the built-in table says");
}

/// After the blocks of all of them.
const NOW: Ns = Ns(1_900_000_000 * Ns::SEC);

#[test]
fn single_frames_as_received_from_other_clients() {
    let mut seen = 0;
    for name in ["raw_frames_BTC", "raw_frames_HYPE", "raw_subscribe_snapshot_HYPE"] {
        let path = directory().join(format!("{name}.jsonl"));
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("skipped: no recording {}", path.display());
            return;
        };
        for parser in PARSERS {
            let coins = specs(&[("BTC", 5), ("HYPE", 2)]);
            let config = Config { parser, ..Config::default() };
            let mut feed = Feed::new(&config, &coins, 1).expect("coins");
            feed.connected(0, Ns(0));
            let mut kinds = Vec::new();
            for line in text.lines() {
                let line: serde_json::Value = serde_json::from_str(line).expect("a line");
                let frame = line["raw"].as_str().expect("a frame").as_bytes();
                match Out::of(&feed.message(NOW, frame)) {
                    Out::Rejected(reject) => panic!("{reject:?}: {line}"),
                    Out::History(_, p, Joint::First) => kinds.push(p.len()),
                    _ => {}
                }
                seen += 1;
            }
            let want: &[usize] = match name {
                "raw_frames_BTC" => &[2],
                "raw_frames_HYPE" => &[1],
                _ => &[30],
            };
            assert_eq!(kinds, want, "{name}");
        }
    }
    assert!(seen > 2 * 20, "{seen} frames");
}
