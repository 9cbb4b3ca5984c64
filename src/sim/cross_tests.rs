//! A book that crosses own orders, under each assumption.

use super::*;

/// A bid of 20 at 99 behind nothing, under one assumption in the configured lane.
fn crossed(crossing: Crossing, gtc_share: f64) -> (World, u64) {
    let mut w = World::new(Model::RiskAverse);
    (w.cfg.crossing, w.cfg.gtc_share) = (crossing, gtc_share);
    w.cfg.crossing_pessimistic = Crossing::None;
    w.book(0, &[(98, 7)], ASK);
    let id = w.place(0, Side::Buy, 99, 20);
    w.book(200, &[(98, 7)], ASK);
    w.book(300, &[(97, 7)], &[(99, 6), (100, 9)]);
    w.book(400, &[(97, 7)], &[(99, 6), (100, 9)]);
    (w, id)
}

#[test]
fn what_is_displayed_fills_at_once_or_when_a_print_says_so_or_never() {
    use Crossing::{Displayed, Mixed, None, UntilPrint};
    for (how, share, shown) in [
        (Displayed, 0.0, 6),
        (UntilPrint, 0.0, 0),
        (None, 0.0, 0),
        (Mixed, 1.0, 6),
        (Mixed, 0.0, 0),
    ] {
        let (mut w, id) = crossed(how, share);
        assert_eq!(w.filled(id, C), shown, "{how:?} {share}");
        // Somebody buys what is offered there: five, and at a worse price for us nothing.
        w.buy(1_000, 1, &[(99, 5), (100, 4)]);
        let by_print = if matches!(how, None | Displayed) { 0 } else { 5 };
        assert_eq!(w.filled(id, C), shown + by_print, "{how:?} {share}");
        // Sellers there fill by their own right; what they confirm is counted once.
        w.sell(1_100, 2, &[(99, 4)]);
        assert_eq!(w.filled(id, C), shown + by_print + 4, "{how:?} {share}");
        // Too late to confirm.
        w.buy(6_000, 3, &[(98, 5)]);
        assert_eq!(w.filled(id, C), shown + by_print + 4, "{how:?} {share}");
        assert_eq!(w.filled(id, Lane::Pessimistic), 0, "none, and none went through");
        assert_eq!(w.filled(id, Lane::Optimistic), 10);
    }
}

#[test]
fn a_print_of_before_the_crossing_or_the_order_confirms_nothing_however_late_it_comes() {
    for at in [50, 250] {
        let (mut w, id) = crossed(Crossing::UntilPrint, 0.0);
        w.buy(at, 1, &[(99, 5)]);
        assert_eq!(w.filled(id, C), 0, "{at}");
        w.buy(450, 2, &[(99, 5)]);
        assert_eq!(w.filled(id, C), 5, "{at}");
    }
}

/// What a bid of 5 got that is displayed across twice, where three in ten are not post-only; between the
/// two the state may be written and read back.
fn got(seed: u64, read_back: bool) -> i64 {
    let mut w = World::new(Model::RiskAverse);
    (w.cfg.crossing, w.cfg.gtc_share) = (Crossing::Mixed, 0.3);
    w.sim = Sim::new(w.cfg.shipped(&book::Config::default()), RULES, 64, seed);
    w.book(0, &[(98, 7)], ASK);
    let id = w.place(0, Side::Buy, 99, 5);
    w.book(200, &[(98, 7)], ASK);
    for at in [300, 400, 500] {
        w.book(at, &[(97, 7)], &[(99, 6)]);
        if read_back {
            let bytes = postcard::to_stdvec(&w.sim).expect("a state");
            w.sim = postcard::from_bytes(&bytes).expect("the same");
        }
    }
    w.filled(id, C)
}

#[test]
fn the_share_of_orders_that_are_not_post_only_decides_how_often() {
    let filled: i64 = (0..400).map(|seed| i64::from(got(seed, false) == 5)).sum();
    // 120 of 400; four standard errors are 37.
    assert!((83..=157).contains(&filled), "{filled}");
}

#[test]
fn a_state_that_is_read_back_knows_since_when_the_book_crosses_an_order() {
    assert!((0..100).all(|seed| got(seed, true) == got(seed, false)));
}

#[test]
fn a_book_that_crosses_two_own_orders_fills_its_size_once() {
    let (mut w, a) = joined(Model::Skellam, 10);
    let b = w.place(200, Side::Buy, 99, 5);
    w.book(310, &[(99, 10)], ASK);
    for at in [400, 500, 600] {
        w.book(at, &[(98, 7)], &[(99, 7)]);
    }
    assert_eq!((w.filled(a, C), w.filled(b, C)), (5, 2));
}
