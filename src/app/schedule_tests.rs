//! Schedules: who fills when, on tapes of both orders, and what is no schedule.

use super::*;

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
