//! The sixteen ways in which fill simulators are known to go wrong, one test each, as the referee
//! of `queuetruth` 0.2.0 names them.

use super::*;

/// Behind ten lots at 99 with five of our own, live from 200 ms on.
fn behind_ten(model: Model) -> (World, u64) {
    joined(model, 10)
}

#[test]
fn class_01_a_delete_at_another_level_keeps_the_position() {
    for model in [Model::RiskAverse, Model::Front, Model::Power, Model::Skellam] {
        let (mut w, id) = behind_ten(model);
        w.book(250, &[(99, 10), (97, 1)], ASK);
        w.sell(300, 1, &[(99, 10)]);
        assert_eq!(w.filled(id, C), 0, "{model:?}");
        w.sell(301, 2, &[(99, 1)]);
        assert_eq!(w.filled(id, C), 1, "{model:?}");
    }
}

#[test]
fn class_02_a_level_that_shrinks_caps_the_queue() {
    let (mut w, id) = behind_ten(Model::RiskAverse);
    w.book(250, &[(99, 4), (98, 7)], ASK);
    w.sell(300, 1, &[(99, 4)]);
    assert_eq!(w.filled(id, C), 0);
    w.sell(301, 2, &[(99, 1)]);
    assert_eq!(w.filled(id, C), 1);
}

#[test]
fn class_03_distinct_trades_each_consume() {
    let (mut w, id) = behind_ten(Model::RiskAverse);
    // The same price, size, block and taker; only the trade ids differ.
    w.sell(300, 1, &[(99, 6), (99, 6)]);
    assert_eq!(w.filled(id, C), 2);
    w.sell(300, 1, &[(99, 2)]);
    assert_eq!(w.filled(id, C), 4);
}

#[test]
fn class_04_the_book_after_the_trade_decides() {
    // Four print, and the level shows three: three more left with the block, so three are ahead.
    let (mut w, id) = behind_ten(Model::RiskAverse);
    w.bbo(300, (99, 3), (101, 50));
    w.sell(300, 1, &[(99, 4)]);
    w.sell(400, 2, &[(99, 4)]);
    assert_eq!(w.filled(id, C), 1);
}

#[test]
fn class_05_partial_fills_add_up() {
    let (mut w, id) = behind_ten(Model::RiskAverse);
    w.sell(300, 1, &[(99, 12)]);
    w.sell(400, 2, &[(99, 1)]);
    w.sell(500, 3, &[(99, 40)]);
    let fills: Vec<(i64, i64)> = w
        .log
        .iter()
        .filter_map(|e| match e {
            SimEvent::Fill(f) if f.id == id && f.lane == C => Some((f.sz.0, f.open.0)),
            _ => None,
        })
        .collect();
    assert_eq!(fills, [(2, 3), (1, 2), (2, 0)]);
}

#[test]
fn class_06_a_fill_of_what_is_left_completes_the_order() {
    let (mut w, id) = behind_ten(Model::RiskAverse);
    w.sell(300, 1, &[(99, 15)]);
    assert_eq!(w.filled(id, C), 5);
    assert_eq!(w.states(id).last(), Some(&(OrderState::Filled, OrderReason::None)));
    assert_eq!(w.open().count(), 0);
}

/// Behind ten, then changed to `px` and `sz`; the level grew to sixteen meanwhile.
fn changed(px: i64, sz: i64) -> (World, u64, u64) {
    let (mut w, old) = behind_ten(Model::RiskAverse);
    w.book(250, &[(99, 16), (98, 7)], ASK);
    let new = w.modify(250, old, px, sz);
    w.book(400, &[(99, 16), (98, 7)], ASK);
    assert_eq!(w.states(old).last(), Some(&(OrderState::Cancelled, OrderReason::Replaced)));
    (w, old, new)
}

#[test]
fn class_07_a_size_increase_loses_the_place() {
    let (mut w, old, new) = changed(99, 8);
    w.sell(500, 1, &[(99, 16)]);
    assert_eq!((w.filled(old, C), w.filled(new, C)), (0, 0), "all sixteen are ahead now");
    w.sell(501, 2, &[(99, 9)]);
    assert_eq!(w.filled(new, C), 8);
}

#[test]
fn class_08_a_price_change_loses_the_place() {
    let (mut w, old, new) = changed(98, 5);
    w.sell(500, 1, &[(99, 16), (98, 7)]);
    assert_eq!((w.filled(old, C), w.filled(new, C)), (0, 0));
    w.sell(501, 2, &[(98, 2)]);
    assert_eq!(w.filled(new, C), 2);
}

#[test]
fn class_09_a_print_inside_the_spread_takes_nothing_of_our_queue() {
    let (mut w, id) = behind_ten(Model::RiskAverse);
    w.sell(300, 1, &[(100, 40)]);
    w.sell(301, 2, &[(99, 10)]);
    assert_eq!(w.filled(id, C), 0);
}

#[test]
fn class_10_a_trade_through_fills() {
    for model in [Model::RiskAverse, Model::Front, Model::Power, Model::Skellam, Model::Through] {
        let (mut w, id) = behind_ten(model);
        w.sell(300, 1, &[(98, 7)]);
        assert_eq!(w.filled(id, C), 5, "{model:?}");
    }
}

#[test]
fn class_11_a_fill_before_the_cancel_takes_effect_stands() {
    let (mut w, id) = behind_ten(Model::RiskAverse);
    w.cancel(300, id);
    w.sell(399, 1, &[(99, 12)]);
    w.sell(400, 2, &[(99, 9)]);
    assert_eq!(w.filled(id, C), 2, "and nothing from the time of the cancel on");
    assert_eq!(w.states(id).last(), Some(&(OrderState::Cancelled, OrderReason::Replaced)));
}

#[test]
fn class_12_an_execution_after_the_queue_is_ours_though_nothing_is_displayed() {
    let (mut w, id) = behind_ten(Model::RiskAverse);
    w.book(250, &[(98, 7)], ASK);
    w.sell(300, 1, &[(99, 3)]);
    assert_eq!(w.filled(id, C), 3);
}

#[test]
fn class_13_a_queue_that_vanishes_without_a_print_fills_nothing() {
    for model in [Model::RiskAverse, Model::Front, Model::Skellam, Model::Touch] {
        let (mut w, id) = behind_ten(model);
        w.book(250, &[(98, 7)], ASK);
        w.book(300, &[(97, 7)], ASK);
        assert_eq!(w.filled(id, C), 0, "{model:?}");
    }
}

#[test]
fn class_14_a_print_off_our_side_is_no_trade_through() {
    let (mut w, id) = behind_ten(Model::Touch);
    w.buy(300, 1, &[(98, 50)]);
    w.buy(301, 2, &[(99, 50)]);
    assert_eq!(w.filled(id, C), 0, "a buyer cannot fill a bid");
}

#[test]
fn class_15_a_change_to_the_same_size_loses_the_place() {
    let (mut w, _, new) = changed(99, 5);
    w.sell(500, 1, &[(99, 16)]);
    assert_eq!(w.filled(new, C), 0);
}

#[test]
fn class_16_an_order_that_crosses_when_it_goes_live_is_refused() {
    let mut w = World::new(Model::Touch);
    w.book(0, &[(99, 1)], ASK);
    let id = w.place(0, Side::Buy, 101, 5);
    w.book(200, &[(99, 1)], ASK);
    assert_eq!(w.states(id).last(), Some(&(OrderState::Rejected, OrderReason::PostOnly)));
    assert_eq!(w.filled(id, C), 0);
}
