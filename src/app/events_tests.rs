//! Files of events: what is written is read, what was cut or damaged is named.

use std::io::Cursor;

use super::*;
use crate::app::config::Config;
use crate::app::convert::convert;
use crate::app::replay::{Tally, piped, replay, replay_many};
use crate::app::survey::survey;
use crate::app::turn::engine;
use crate::bench::input::Frames;
use crate::feed::{Control, Parser};
use crate::record::FeedState;
use crate::record::StopReason;

fn coins() -> Vec<CoinSpec> {
    ["BTC", "kPEPE"].map(|n| CoinSpec::new(n, 3).expect("a coin")).to_vec()
}

fn level(px: i64) -> Level {
    Level { px: Px(px), sz: Sz(px + 1), n: 7 }
}

fn trade(tid: u64) -> Trade {
    let (px, sz, time) = (Px(5), Sz(6), Ns(7));
    Trade { aggressor: Side::Sell, px, sz, time, taker: u64::MAX, tid }
}

/// One of each kind.
fn file() -> Vec<u8> {
    let mut out = Vec::new();
    let mut w = Writer::new(&mut out, &coins()).expect("a list");
    let book = Snapshot {
        time: Ns(9),
        fast: true,
        bids: (0..5).map(level).collect(),
        asks: (0..20).map(level).collect(),
    };
    let bbo = Bbo { time: Ns(8), bid: None, ask: Some(level(3)) };
    let ctx = Ctx { funding_e10: -5, oracle: Px(4) };
    let coin = CoinId(1);
    let prints = [trade(1), trade(2)];
    let joint = Joint::Gap { from: Ns(1), to: Ns(2) };
    let state = FeedState {
        frames: 1,
        rejects: 2,
        ages: [-1, 2, 3, 4],
        duplicates: 3,
        lag: -1,
        stale_bbo: true,
        stale_fast: false,
        stale_slow: true,
        stale_ctx: false,
        silent: true,
        set_aside: true,
    };
    for item in [
        Entry::Item(Item::Start),
        Entry::Item(Item::Event(Event::Link(Link::Up))),
        Entry::Item(Item::Event(Event::History { coin, prints: &prints[..1], joint })),
        Entry::Item(Item::Event(Event::Trades { coin, prints: &prints })),
        Entry::Item(Item::Event(Event::Bbo { coin, bbo: &bbo })),
        Entry::Item(Item::Event(Event::Book { coin, book: &book })),
        Entry::Item(Item::Event(Event::Ctx { coin, ctx: &ctx })),
        Entry::Item(Item::Feed(coin, state)),
        Entry::Item(Item::Event(Event::Behind(true))),
        Entry::Item(Item::Event(Event::Link(Link::Down))),
        Entry::End(End { frames: 8, from: Ns(100), to: Ns(107), downs: 2 }),
    ] {
        w.entry(Ns(100), &item).expect("a list");
    }
    out
}

fn read(bytes: &[u8]) -> Result<Vec<String>, RecordingError> {
    let mut r = Reader::over(Box::new(Cursor::new(bytes.to_vec())))?;
    assert_eq!(r.coins(), coins());
    let mut items = Vec::new();
    while let Some((at, item)) = r.step()? {
        assert_eq!(at, Ns(100));
        items.push(format!("{item:?}"));
    }
    Ok(items)
}

#[test]
fn every_kind_reads_back() {
    let items = read(&file()).expect("whole");
    assert_eq!(items.len(), 11);
    assert!(items[2].contains("Gap { from: Ns(1), to: Ns(2) }") && items[2].contains("tid: 1"));
    assert!(items[3].contains("tid: 2") && items[3].contains("taker: 18446744073709551615"));
    assert!(items[4].contains("bid: None, ask: Some(Level { px: Px(3), sz: Sz(4), n: 7 })"));
    assert!(items[5].contains("fast: true") && items[5].matches("Level").count() == 25);
    assert!(items[7].contains("ages: [-1, 2, 3, 4]") && items[7].contains("silent: true"));
    assert!(items[10].contains("frames: 8"));
}

#[test]
fn damage_cuts_and_other_versions_are_named() {
    let good = file();
    let fault = |bytes: &[u8]| read(bytes).map_err(|e| e.fault);
    for i in 0..good.len() {
        let mut bad = good.clone();
        bad[i] ^= 1;
        let got = fault(&bad);
        let version = (8..12).contains(&i);
        assert!(matches!(got, Err(Fault::Version(_))) == version && got.is_err(), "byte {i}");
        assert!(fault(&good[..i]).is_err(), "cut at {i}");
    }
    assert_eq!(fault(&good[..good.len() - 1]), Err(Fault::Cut));
}

/// Frames, the link lost once and up again; where `down`, it is lost before the end, and time passes after.
fn lines(down: bool) -> Vec<u8> {
    let control = |at: Ns, what: Control| {
        let line: Vec<u8> = what.line_of(0).collect();
        format!("{} {}\n", at.0, String::from_utf8_lossy(&line))
    };
    let frames = Frames::embedded(7, 3_000, 2 * Ns::MS);
    let all: Vec<_> = frames.iter().collect();
    let (first, last) = (all[0].0, all[all.len() - 1].0);
    let mut text = control(first, Control::Up);
    for (i, (at, frame)) in all.iter().enumerate() {
        text += &format!("{} {}\n", at.0, String::from_utf8_lossy(frame));
        if i == all.len() / 2 {
            text += &(control(*at, Control::Down) + &control(*at, Control::Up));
        }
    }
    if down {
        text += &control(last, Control::Down);
        text += &control(last.plus(3 * Ns::SEC), Control::Still);
    }
    text.into_bytes()
}

#[test]
fn another_thread_that_reads_changes_no_record() {
    let (config, coins) = (Config::quoting(), Frames::embedded(7, 1, 0).coins);
    let to = std::env::temp_dir().join(format!("papermaker-piped-{}", std::process::id()));
    let missing = to.with_extension("missing");
    let mut all = Vec::new();
    for (down, files) in [(false, 1), (true, 1), (true, 2)] {
        std::fs::write(&to, lines(down)).expect("a file");
        let files = &[to.clone(), missing.clone()][..files];
        for reason in [Some(StopReason::Finished), None] {
            let run = |aside: bool| {
                let mut tally = Tally::new(|_: &_, _: &_| {});
                let engine = engine(&config.engine, &coins, config.hash(&coins));
                let (runs, end) = (&mut [(engine, &mut tally)], (reason, &Meter::default()));
                let replay = if aside { piped } else { replay_many };
                let seen = replay(files, &coins, Parser::Scanner, runs, end);
                (format!("{seen:?}"), tally.next, tally.digest.value())
            };
            let direct = run(false);
            assert_eq!(run(true), direct, "{down} {files:?} {reason:?}");
            assert_eq!(direct.0.starts_with("Err"), files.len() == 2, "{}", direct.0);
            assert!(direct.1 > 1_000, "{}", direct.1);
            all.push(direct.2.run);
        }
    }
    std::fs::remove_file(&to).expect("ours");
    all.dedup();
    assert_eq!(all.len(), 4, "one that cannot be read ends as one of a run that was killed");
}

#[test]
fn a_converted_recording_gives_the_digest_of_its_frames() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hyperliquid");
    let to = std::env::temp_dir().join(format!("papermaker-events-{}", std::process::id()));
    let mut tried = 0;
    for name in ["hl_20250903_9m_ALL4.frames.gz", "hl_20251210_24m_ETH.frames.gz"] {
        let path = folder.join(name);
        if !path.exists() {
            println!("no {name}: not tried");
            continue;
        }
        tried += 1;
        let config = Config::default();
        let coins = survey(&path).expect("readable").coins;
        let out = File::create(&to).expect("a file");
        let seen = convert(
            std::slice::from_ref(&path),
            &coins,
            Parser::Scanner,
            (true, &Meter::default()),
            out,
        )
        .expect("convertible");
        assert!(is_events(&to) && !is_events(&path));
        assert_eq!(survey(&to).expect("readable").coins, coins);
        let digest = |from: &Path| {
            let mut tally = Tally::new(|_: &_, _: &_| {});
            let run = (engine(&config.engine, &coins, config.hash(&coins)), &mut tally);
            let end = (Some(StopReason::Finished), &Meter::default());
            let files = &[from.to_path_buf()];
            let seen = replay_many(files, &coins, Parser::Scanner, &mut [run], end);
            let seen = seen.expect("readable");
            (seen.frames, seen.from, seen.to, seen.downs, tally.next, tally.digest.value())
        };
        let (frames, events) = (digest(&path), digest(&to));
        assert_eq!(frames, events, "{name}");
        assert_eq!(frames.0, seen.frames);
        let mut tally = Tally::new(|_: &_, _: &_| {});
        let other = replay(&to, &config, &coins[..0], Some(StopReason::Finished), &mut tally);
        assert_eq!(other.map(|o| o.frames).map_err(|e| e.fault), Err(Fault::OtherCoins));
    }
    if tried > 0 {
        std::fs::remove_file(&to).expect("ours");
    }
}
