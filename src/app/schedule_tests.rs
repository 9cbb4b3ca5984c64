//! Schedules: who fills when, on tapes of both orders, and what is no schedule.

use super::*;
use crate::venue;
use crate::venue::config::{Config as Law, Regime};
use crate::venue::market::Market;

const COIN: &str = "MBQ";

fn coins() -> Vec<CoinSpec> {
    vec![CoinSpec::new(COIN, 0).expect("a name")]
}

struct File(std::path::PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A tape of frames `(stamp ns, channel, data)`.
fn tape(name: &str, frames: &[(i64, &str, String)]) -> File {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("schedule-{name}-{}-{n}", std::process::id()));
    let lines: String = frames
        .iter()
        .map(|(at, channel, data)| format!("{at} {{\"channel\":\"{channel}\",\"data\":{data}}}\n"))
        .collect();
    std::fs::write(&path, lines).expect("written");
    File(path)
}

fn bbo(at: i64, bid: (i64, i64), ask: (i64, i64)) -> (i64, &'static str, String) {
    let level = |(px, sz)| format!("{{\"px\":\"{px}\",\"sz\":\"{sz}\",\"n\":1}}");
    let time = at / 1_000_000;
    let data =
        format!("{{\"coin\":\"{COIN}\",\"time\":{time},\"bbo\":[{},{}]}}", level(bid), level(ask));
    (at, "bbo", data)
}

fn sold(at: i64, px: i64, sz: i64, tid: u64) -> (i64, &'static str, String) {
    let time = at / 1_000_000;
    let data = format!(
        "[{{\"coin\":\"{COIN}\",\"side\":\"A\",\"px\":\"{px}\",\"sz\":\"{sz}\",\"time\":{time},\
         \"hash\":\"0x0\",\"tid\":{tid},\"users\":[\"0x0\",\"0x1\"]}}]"
    );
    (at, "trades", data)
}

fn schedule(rows: &str) -> Result<Vec<Scheduled>, BadSchedule> {
    let head = "order_id,inst,side,px,sz,ts_submit_ns,ts_live_ns,ts_cancel_ns,tif\n";
    let tape = (Ns(1_000_000_000), Ns(2_000_001_000));
    read(format!("{head}{rows}").as_bytes(), &coins(), tape)
}

fn fills(file: &File, rows: &str) -> Vec<(String, i64, i64)> {
    let orders = schedule(rows).expect("a schedule");
    let order = order_of(&file.0, &coins()).expect("a tape");
    assert_eq!(order, Tape::Matching);
    let done = run(&file.0, &coins(), &orders, order, &Config::default()).expect("runs");
    assert_eq!(done.counters.rejects(), 0);
    let one = 100_000_000;
    done.fills.iter().map(|f| (orders[f.order].id.clone(), f.at.0, f.sz.0 / one)).collect()
}

#[test]
fn a_print_later_than_the_wait_is_counted_though_no_later_block_was_taken() {
    for (late_ms, late) in [(499, 0), (501, 1)] {
        let came = |by_ms: i64, (at, channel, data): (i64, &'static str, String)| {
            (at + by_ms * 1_000_000, channel, data)
        };
        let mut frames = [
            bbo(1_000_000_000, (100, 10), (101, 5)),
            bbo(2_000_000_000, (100, 6), (101, 5)),
            // Time passes by what comes.
            came(500, bbo(2_000_000_000, (100, 6), (101, 5))),
            came(late_ms, sold(2_000_000_000, 100, 4, 1)),
            came(1_000, bbo(2_000_000_000, (100, 6), (101, 5))),
        ];
        frames.sort_by_key(|f| f.0);
        let file = tape("late", &frames);
        let config = Config::default();
        let done = run(&file.0, &coins(), &[], Tape::Block, &config).expect("runs");
        assert_eq!(done.late, Late { prints: late, ..Late::default() }, "{late_ms} ms");
    }
}

/// Ten lots at the bid; four are sold, then eight, a microsecond apart.
fn two_sales() -> File {
    tape(
        "sales",
        &[
            bbo(1_000_000_000, (100, 10), (101, 5)),
            sold(2_000_000_000, 100, 4, 1),
            bbo(2_000_000_000, (100, 6), (101, 5)),
            sold(2_000_001_000, 100, 8, 2),
            bbo(2_000_001_000, (99, 7), (101, 5)),
        ],
    )
}

#[test]
fn an_order_waits_behind_what_was_displayed_and_fills_at_the_stamp_of_the_print() {
    let all = fills(&two_sales(), "a,1,B,100,1,0,1500000000,3000000000,Alo\n");
    // 10 ahead, 4 and 8 sold: the second sale has 2 left for it.
    assert_eq!(all, [("a".to_owned(), 2_000_001_000, 1)]);
}

#[test]
fn an_order_is_live_before_an_event_of_its_own_time_and_not_at_that_of_its_cancel() {
    // Live with the second sale: against the 6 left before it, so 2 remain.
    let all = fills(&two_sales(), "a,1,B,100,5,0,2000001000,,Alo\n");
    assert_eq!(all, [("a".to_owned(), 2_000_001_000, 2)]);
    assert!(fills(&two_sales(), "a,1,B,100,5,0,1500000000,2000001000,Alo\n").is_empty());
    let all = fills(&two_sales(), "a,1,B,100,5,0,1500000000,2000001001,Alo\n");
    assert_eq!(all, [("a".to_owned(), 2_000_001_000, 2)]);
}

#[test]
fn a_connection_that_is_lost_ends_the_orders_of_its_own_coins() {
    let line = String::from_utf8(feed::coin_line(&coins()[0], 1)).expect("text");
    let (_, data) = line.split_once("\"data\":").expect("data");
    let data = data.strip_suffix('}').expect("an object").to_owned();
    for (lost, ended) in [(0, 0), (1, 1)] {
        let down = String::from_utf8(Control::Down.line_of(lost).collect()).expect("text");
        let (_, down) = down.split_once("\"data\":").expect("data");
        let down = down.strip_suffix('}').expect("an object").to_owned();
        let frames = [
            (900_000_000, "papermaker", data.clone()),
            bbo(1_000_000_000, (100, 10), (101, 5)),
            bbo(1_600_000_000, (100, 10), (101, 5)),
            (1_700_000_000, "papermaker", down),
            bbo(1_800_000_000, (100, 10), (101, 5)),
        ];
        let orders = schedule("a,1,B,100,1,0,1500000000,,Alo\n").expect("a schedule");
        let file = tape("sockets", &frames);
        let done = run(&file.0, &coins(), &orders, Tape::Matching, &Config::default());
        assert_eq!(done.expect("runs").ended, ended, "connection {lost}");
    }
}

#[test]
fn each_order_is_judged_alone() {
    let rows = "a,1,B,100,2,0,1500000000,,Alo\nb,1,B,100,2,0,1500000000,,Alo\n";
    let all = fills(&two_sales(), rows);
    let want = |id: &str| (id.to_owned(), 2_000_001_000, 2);
    assert_eq!(all, [want("a"), want("b")]);
}

#[test]
fn prints_older_than_the_tape_are_history() {
    let old = tape(
        "history",
        &[
            bbo(5_000_000_000, (100, 10), (101, 5)),
            sold(4_000_000_000, 99, 50, 1),
            bbo(4_000_000_000, (100, 10), (101, 5)),
        ],
    );
    assert!(fills(&old, "a,1,B,100,1,0,0,,Alo\n").is_empty());
}

#[test]
fn what_is_no_schedule_is_named_with_its_line() {
    let line = |rows: &str| match schedule(rows) {
        Err(BadSchedule::Line(n, text)) => (n, text),
        other => panic!("{other:?}"),
    };
    let good = "a,1,B,100,1,0,1,2,Alo\n";
    for (bad, what) in [
        ("a,1,X,100,1,0,1,2,Alo", "neither B"),
        ("a,1,B,1e2,1,0,1,2,Alo", "no price or size"),
        ("a,1,B,100,0,0,1,2,Alo", "sz is zero"),
        ("a,1,B,100,1,0,1,2,Ioc", "post-only"),
        ("a,1,B,100,1,0,5,2,Alo", "before"),
        ("a,1,B,100,1,0,x,2,Alo", "invalid digit"),
        ("a,1,B,100", "4 columns"),
        ("a,1,B,99,1,0,1,2,Alo", "stands twice"),
        ("b,BTC,B,100,1,0,1,2,Alo", "it has MBQ"),
    ] {
        let (n, text) = line(&format!("{good}{bad}\n"));
        assert_eq!(n, 3, "{bad}");
        assert!(text.contains(what), "{bad}: {text}");
    }
}

#[test]
fn times_in_another_unit_are_refused_and_times_before_the_tape_are_not() {
    let now: i64 = 1_790_000_000_000_000_000;
    let at = |live: i64| {
        let text = format!(
            "order_id,inst,side,px,sz,ts_submit_ns,ts_live_ns,ts_cancel_ns,tif\n\
             a,MBQ,B,100,1,0,{live},,Alo\n"
        );
        read(text.as_bytes(), &coins(), (Ns(now), Ns(now + Ns::HOUR)))
    };
    for (unit, name) in [(1_000_000_000, "seconds"), (1_000_000, "milli"), (1_000, "micro")] {
        let e = at(now / unit).expect_err(name).to_string();
        assert!(e.contains(name) && e.starts_with("line 2"), "{e}");
    }
    for live in [0, now - 48 * Ns::HOUR, now, now + 48 * Ns::HOUR] {
        assert!(at(live).is_ok(), "{live}");
    }
}

#[test]
fn orders_refused_on_arrival_are_named() {
    let orders = schedule("a,1,B,102,1,0,1500000000,,Alo\nb,1,B,100,1,0,1500000000,,Alo\n");
    let orders = orders.expect("a schedule");
    let done = run(&two_sales().0, &coins(), &orders, Tape::Matching, &Config::default());
    assert_eq!(done.expect("runs").refused, [0]);
}

#[test]
fn fills_are_written_as_plain_decimals() {
    let orders = schedule("a,1,B,100.5,1,0,1,2,Alo\n").expect("a schedule");
    let fill = Filled {
        order: 0,
        at: Ns(7),
        sz: Sz(50_000_000),
        px: Px(10_050_000_000),
        reason: FillReason::Queue,
    };
    let mut text = Vec::new();
    write(&mut text, &orders, &[fill]).expect("a vector takes all");
    let text = String::from_utf8(text).expect("text");
    assert_eq!(text, "order_id,ts_ns,sz,px,reason\na,7,0.5,100.5,queue\n");
}

/// A frame of a live market: block time, stream, text.
type Framed = (i64, usize, String);

/// Three quarters of a minute of the embedded exchange, block by block, and orders at its touch.
fn lively(late_prints: bool) -> (Vec<Framed>, String) {
    let feed = venue::feed::Feed { late_prints, ..venue::feed::Feed::venue() };
    let law = Law { feed, ..Law::stationary(COIN, Regime::Volatile) };
    let mut market = Market::new(&law, 5).expect("a sound market");
    let (mut frames, mut rows, mut rng) = (Vec::new(), String::new(), fastrand::Rng::with_seed(9));
    for n in 0..600 {
        let block = market.next_block();
        // The first one has what a subscription begins with.
        for text in block.frames.into_iter().filter(|_| n > 0) {
            let v: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let stream = match v["channel"].as_str() {
                Some("trades") => 0,
                Some("bbo") => 1,
                Some("l2Book") if v["data"]["fast"] == true => 2,
                Some("l2Book") => 3,
                _ => continue,
            };
            if stream == 1 && n > 20 && n < 500 {
                let (side, i) = if rng.bool() { ("B", 0) } else { ("A", 1) };
                let px = v["data"]["bbo"][i]["px"].as_str().expect("a price");
                let live = block.time.0 + rng.i64(0..400) * Ns::MS;
                let (cancel, sz) = (live + rng.i64(100..9_000) * Ns::MS, rng.i64(1..40));
                rows += &format!("{n},{COIN},{side},{px},{sz},0,{live},{cancel},Alo\n");
            }
            frames.push((block.time.0, stream, text));
        }
    }
    (frames, rows)
}

/// The frames as they come when no message is longer under way than `most_ms` and each stream keeps
/// its order, on a tape.
fn arriving(frames: &[Framed], most_ms: i64, seed: u64) -> File {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut newest = [0; 4];
    let mut lines: Vec<(i64, &str)> = frames
        .iter()
        .map(|(block, stream, text)| {
            let at = block + rng.i64(0..=most_ms) * Ns::MS;
            newest[*stream] = at.max(newest[*stream]);
            (newest[*stream], text.as_str())
        })
        .collect();
    lines.sort_by_key(|(at, _)| *at);
    let ack = |(i, kind): (i64, &str)| {
        let at = frames[0].0 - 10 + i;
        format!(
            "{at} {{\"channel\":\"subscriptionResponse\",\"data\":{{\"method\":\"subscribe\",\
             \"subscription\":{{\"type\":\"{kind}\",\"coin\":\"{COIN}\"}}}}}}\n"
        )
    };
    let mut text: String = (0..).zip(["trades", "bbo", "l2Book"]).map(ack).collect();
    // The history of an empty past: what follows is live.
    let old = sold(frames[0].0 - 60 * Ns::SEC, 1, 1, 1).2;
    text += &format!("{} {{\"channel\":\"trades\",\"data\":{old}}}\n", frames[0].0 - 1);
    text.extend(lines.iter().map(|(at, t)| format!("{at} {t}\n")));
    let file = tape("arriving", &[]);
    std::fs::write(&file.0, text).expect("written");
    file
}

#[test]
fn the_order_of_arrival_within_the_wait_changes_no_fill() {
    let (frames, rows) = lively(false);
    let orders = schedule(&rows).expect("a schedule");
    let outcome = |most_ms: i64, seed: u64, hold_ms: i64| {
        let (file, cfg) =
            (arriving(&frames, most_ms, seed), Config { hold_ms, ..Config::default() });
        run(&file.0, &coins(), &orders, Tape::Block, &cfg).expect("runs")
    };
    let fills = |o: &Outcome| o.fills.clone();
    let sorted = outcome(0, 0, 500);
    assert!(sorted.fills.len() > 100 && !sorted.refused.is_empty(), "{} fills", sorted.fills.len());
    for seed in 1..9 {
        let mixed = outcome(499, seed, 500);
        assert_eq!(fills(&mixed), fills(&sorted), "seed {seed}");
        assert_eq!((&mixed.refused, mixed.late), (&sorted.refused, Late::default()));
    }
    // The exchange at fault: prints a block late.
    let of = |hold_ms: i64| {
        let (file, cfg) =
            (arriving(&lively(true).0, 0, 0), Config { hold_ms, ..Config::default() });
        run(&file.0, &coins(), &orders, Tape::Block, &cfg).expect("runs").fills
    };
    assert!(of(500) == sorted.fills && of(0) != sorted.fills);
    // Without the wait, or with messages that take longer, it does.
    assert_ne!(fills(&outcome(499, 1, 0)), fills(&sorted));
    let longer = outcome(2_000, 1, 500);
    assert!(fills(&longer) != fills(&sorted) && longer.late.prints > 0, "{:?}", longer.late);
}
