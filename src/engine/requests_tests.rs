//! The venue's rule of requests, and how what is left is spread.

use super::*;

fn at(ms: i64) -> Ns {
    Ns(1_000 * Ns::SEC + ms * Ns::MS)
}

fn usd(r: &mut Requests, n: i64) {
    r.trade(&Config::default(), at(0), (Px(n * crate::units::ONE), Sz(crate::units::ONE)));
}

#[test]
fn a_new_account_sends_its_allowance_and_one_more_for_each_dollar() {
    let cfg = Config { allowance: 3, spread_min: 0.0, ..Config::default() };
    let mut r = Requests::new(16);
    let sent = |r: &mut Requests, ms, what| r.send(&cfg, at(ms), what);
    assert!((0..3).all(|_| sent(&mut r, 0, Request::Order)));
    // The limit is spent: one in ten seconds, and cancels by a limit of their own.
    assert!(sent(&mut r, 1, Request::Order) && !sent(&mut r, 2, Request::Order));
    assert!((0..6).all(|_| sent(&mut r, 3, Request::Cancel)));
    assert!(sent(&mut r, 4, Request::Cancel) && !sent(&mut r, 5, Request::Cancel));
    assert!(!sent(&mut r, 10_000, Request::Order) && sent(&mut r, 10_001, Request::Order));
    usd(&mut r, 4);
    assert_eq!(r.limits(&cfg), [7, 14]);
    assert!(sent(&mut r, 10_002, Request::Order) && sent(&mut r, 10_003, Request::Order));
    let pace = r.pace(&cfg, at(10_003));
    let now = r.record(&cfg, pace);
    assert_eq!((now.used, now.cancels, now.refused), (7, 7, 3));
    let more = Config { allowance: 1_000_000, ..cfg };
    assert_eq!(Requests::new(16).limits(&more), [1_000_000, 1_100_000]);
    let old = Config { traded_usd: 500, sent_before: 400, cancels_before: 9, ..cfg };
    let r = Requests::new(16);
    assert_eq!((r.limits(&old), r.sent(&old)), ([503, 1_006], [400, 9]));
}

#[test]
fn what_is_left_is_spread_and_never_spent() {
    let cfg = Config::default();
    let mut r = Requests::new(16);
    let (mut patient, mut sent) = (0.0f64, [0u64; 4]);
    // As much as is allowed, for a day: a new account of 10,000.
    for second in 0..86_400i64 {
        let pace = r.pace(&cfg, at(1_000 * second));
        patient = patient.max(pace.patience);
        for _ in 0..pace.room.min(50) {
            assert!(r.send(&cfg, at(1_000 * second), Request::Order), "{second}");
            sent[usize::try_from(second / 21_600).expect("small")] += 1;
        }
        r.message(pace.room.min(50));
        // It earns one request in a hundred seconds.
        if second % 100 == 0 {
            usd(&mut r, 1);
        }
    }
    assert!(patient > 0.9 * cfg.patience_most && patient <= cfg.patience_most);
    assert!(sent[0] > 10_000 && sent[1] > 1_900, "{sent:?}");
    // In the end it lives on the one in ten seconds that is always taken, and what it earns.
    assert!((1_900..2_500).contains(&sent[3]), "{sent:?}");
    let free = Config { spread_min: 0.0, ..cfg };
    assert!((Requests::new(16).pace(&free, at(0)).patience - 1.0).abs() < 1e-12);
}

#[test]
fn a_network_address_sends_no_more_than_its_weight() {
    let cfg = Config { weight_a_minute: 60, spread_min: 0.0, ..Config::default() };
    let mut r = Requests::new(16);
    let mut messages = 0;
    for ms in (0..60_000).step_by(10) {
        if r.pace(&cfg, at(ms)).room > 0 {
            r.message(5);
            messages += 1;
        }
    }
    // What was saved up, and one a second.
    assert!((105..=120).contains(&messages), "{messages}");
    r.message(200);
    assert_eq!(r.pace(&cfg, at(60_000)).room, 0);
}

#[test]
fn what_stands_is_taken_down_while_cancels_are_left_for_it() {
    let cfg = Config { allowance: 2_000, ..Config::default() };
    let mut r = Requests::new(16);
    assert!(!r.pace(&cfg, at(0)).down && r.pace(&cfg, at(0)).room > 0);
    r.cancels = 4_000 - 1_000;
    let pace = r.pace(&cfg, at(1));
    assert!(pace.down && pace.room == 0);
    assert!(r.send(&cfg, at(1), Request::Cancel));
}

#[test]
fn what_is_saved_up_does_not_hang_on_how_often_it_is_looked_at() {
    let cfg = Config::default();
    let (mut seldom, mut often) = (Requests::new(2), Requests::new(2));
    for second in 1..200 {
        for ms in 0..7 {
            often.pace(&cfg, at(1_000 * second + 133 * ms));
        }
        for r in [&mut seldom, &mut often] {
            let now = at(1_000 * second + 931);
            let worth = (Px(37 * crate::units::ONE), Sz(crate::units::ONE));
            r.trade(&cfg, now, worth);
            (0..second % 9).for_each(|_| assert!(r.send(&cfg, now, Request::Order)));
        }
        let now = at(1_000 * second + 977);
        assert_eq!(seldom.pace(&cfg, now), often.pace(&cfg, now), "{second}");
    }
    assert!(often.pace(&cfg, at(200_000)).patience > 1.0);
}
