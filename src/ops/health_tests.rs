use super::*;
use crate::app::status::{Since, Status};
use crate::ops::snapshot::Session;
use crate::ops::testing::full_status;
use crate::record::{Budget, Clocks, FeedState, Latch, Late, LinkChange, Requests};
use crate::telemetry::recent::Recent;
use crate::units::Ns;

/// A run whose link has been up since its start, its newest record at second 100.
fn status() -> Status {
    let mut s = full_status();
    let whole = FeedState { ages: [0; 4], stale_fast: false, ..s.coins[0].feed.expect("a feed") };
    for c in &mut s.coins {
        (c.feed, c.idle, c.late) = (Some(whole), None, None);
    }
    s.link = Some(Since { value: LinkChange { up: true, opened: 1 }, at: Ns(0) });
    s.clocks = None;
    s.recent = Recent { span_ns: 600 * Ns::SEC, frames: 10_000, ..Recent::default() };
    s.at = Ns(100 * Ns::SEC);
    s
}

fn at(now_s: i64, edit: impl Fn(&mut Status)) -> Snapshot {
    let mut status = status();
    edit(&mut status);
    let session = Session { speed: 1, ..Session::default() };
    Snapshot::new(session, Ns(now_s * Ns::SEC), status)
}

fn spent(used: u64) -> Option<Budget> {
    let x = Requests {
        used,
        limit: 10_000,
        cancels: 0,
        cancel_limit: 20_000,
        refused: 0,
        traded: 0,
        patience: 1.0,
    };
    Some(Budget::with(None, Ns(0), x))
}

/// An edit that brings a cause about, one that just does not, and words of its line.
type Row = (Cause, fn(&mut Status), fn(&mut Status), &'static str);

const ROWS: &[Row] = &[
    (Cause::Recording, |s| s.recording_failed = true, |_| {}, "recording raw frames failed"),
    (
        Cause::Disk,
        |s| s.free = Some(DISK_LOW - 1),
        |s| s.free = Some(DISK_LOW),
        "has 1073 MB left; see --keep",
    ),
    (Cause::Dropped, |s| s.recent.dropped = 1, |_| {}, "1 records or frames"),
    (Cause::Ended, |s| s.ended = true, |_| {}, "the run has ended"),
    (Cause::Connect, |s| s.start = None, |_| {}, "no connection to the venue yet"),
    (Cause::Stuck, |s| s.at = Ns(89 * Ns::SEC), |s| s.at = Ns(91 * Ns::SEC), "no record for 11 s"),
    (
        Cause::Slow,
        |s| (s.at, s.backlog) = (Ns(89 * Ns::SEC), 5_000),
        |s| (s.at, s.backlog) = (Ns(91 * Ns::SEC), 5_000),
        "no record for 11 s: the disk stands still, 5 kB wait in memory",
    ),
    (Cause::Link, |s| down(s, 0), |s| down(s, 50), "the link is down for 100 s"),
    (Cause::Relinks, |s| s.recent.lost = 6, |s| s.recent.lost = 5, "was lost 6 times in 10 min"),
    (
        Cause::Rejects,
        |s| s.recent.rejects = 101,
        |s| s.recent.rejects = 100,
        "101 of 10000 frames were rejected in 10 min",
    ),
    (Cause::NoData, |s| ages(s, 61), |s| ages(s, 59), "BTC: no best prices and no books for 61 s"),
    (Cause::NoData, |s| feed(s).ages = [-1; 4], |s| feed(s).ages = [-1, 5, -1, 5], "for 100 s"),
    (Cause::SetAside, |s| feed(s).set_aside = true, |_| {}, "BTC: set aside"),
    (
        Cause::NoQuote,
        |s| idle(s, Guard::BookStale, 601),
        |s| idle(s, Guard::BookStale, 599),
        "BTC: not quoted for 601 s; The book is older than allowed.",
    ),
    (
        Cause::Late,
        |s| late(s, 11),
        |s| late(s, 10),
        "BTC: 11 of 1000 prints came later than fills wait for",
    ),
    (
        Cause::Latched,
        |s| {
            let value = Latch { guard: Guard::LossLimit, value: 1, limit: 1 };
            s.coins[0].latch = Some(Since { value, at: Ns(0) });
        },
        |_| {},
        "BTC: The loss limit latched.; quoting stays off",
    ),
    (
        Cause::Budget,
        |s| s.requests = spent(9_500),
        |s| s.requests = spent(9_499),
        "requests 9500 of 10000",
    ),
    (Cause::Clock, |s| offset(s, -1_001), |s| offset(s, -999), "clock is 1.001 s behind"),
    (Cause::Clock, |s| offset(s, 1_001), |s| offset(s, 1_000), "clock is 1.001 s ahead of"),
];

fn down(s: &mut Status, since: i64) {
    s.link = Some(Since { value: LinkChange { up: false, opened: 1 }, at: Ns(since * Ns::SEC) });
}

fn feed(s: &mut Status) -> &mut FeedState {
    s.coins[0].feed.as_mut().expect("a feed")
}

fn ages(s: &mut Status, seconds: i64) {
    feed(s).ages = [-1, seconds * Ns::SEC, -1, 0];
}

/// Neither side of the first coin is quoted for so many seconds.
fn idle(s: &mut Status, guard: Guard, seconds: i64) {
    s.coins[0].guard = [Since { value: guard, at: Ns(0) }; 2];
    s.coins[0].idle = Some(Ns((100 - seconds) * Ns::SEC));
}

fn late(s: &mut Status, prints: u64) {
    s.coins[0].prints = 1_000;
    s.coins[0].late = Some(Late { prints, blocks: 0, cut: 0 });
}

fn offset(s: &mut Status, ms: i64) {
    s.at = Ns(100 * Ns::SEC).plus(-ms * Ns::MS);
    s.clocks = Some(Clocks { offset: ms * Ns::MS, steps: 0, jumps: 0 });
}

#[test]
fn each_cause_comes_about_at_its_limit_and_alone() {
    assert_eq!(judge(&at(100, |_| {})).text(), "ok\n");
    let seen = |wanted: Cause, v: &Verdict| {
        let causes: Vec<Cause> = v.reasons.iter().map(|r| r.0).collect();
        assert_eq!(causes, [wanted], "{}", v.text());
    };
    for (cause, ill, well, words) in ROWS {
        let v = judge(&at(100, ill));
        seen(*cause, &v);
        assert!(v.text().contains(words), "{}", v.text());
        let v = judge(&at(100, well));
        assert!(v.is_ok(), "{cause:?}: {}", v.text());
    }
    let journal = Snapshot { failed: Some("the disk is full".into()), ..at(100, |_| {}) };
    seen(Cause::Journal, &judge(&journal));
    for cause in Cause::ALL {
        assert!(*cause == Cause::Journal || ROWS.iter().any(|r| r.0 == *cause), "{cause:?}");
    }
    assert!(judge(&at(59, |s| s.start = None)).is_ok(), "a minute to connect");
}

#[test]
fn a_strategy_that_declines_is_noted_and_not_ill() {
    let declines = |s: &mut Status| idle(s, Guard::Declined, 7_200);
    let v = judge(&at(100, declines));
    assert!(v.is_ok());
    assert!(v.text().contains("note: BTC: not quoted for 2.0 h, by decision"), "{}", v.text());
    let short = |s: &mut Status| idle(s, Guard::Declined, 3_599);
    assert!(judge(&at(100, short)).notes.is_empty());
}

#[test]
fn a_budget_that_lasts_less_than_an_hour_is_nearly_spent() {
    let at = |s: i64, used| {
        let mut budget = spent(0);
        let last = spent(used).expect("a budget").last;
        budget = Some(Budget::with(budget, Ns(s * Ns::SEC), last));
        budget.expect("a budget").is_nearly_spent()
    };
    // 2,000 in ten minutes: 8,000 last 40 min; 1,000: 90 min.
    assert!(at(600, 2_000) && !at(600, 1_000));
    assert!(!at(599, 2_000), "too early to tell");
}

#[test]
fn every_cause_has_one_rule_that_alerts_and_one_case_that_proves_it() {
    let rules = include_str!("alerts.yml");
    let cases = include_str!("alerts_test.yml");
    for cause in Cause::ALL {
        let expr = format!("papermaker_degraded{{cause=\"{}\"}} == 1", cause.text());
        assert_eq!(rules.matches(&expr).count(), 1, "{expr}");
        let fired = format!("cause: {}\n", cause.text());
        assert!(cases.contains(&fired), "no case for {cause:?}");
    }
    let named = rules.matches("cause=\"").count();
    assert_eq!(named, Cause::ALL.len(), "a rule for a cause that does not exist");
}
