//! The original model's numbers, and its flaws as demonstrations.

#![expect(clippy::float_arithmetic, reason = "shares of draws, compared with tolerances")]

use super::*;
use crate::units::Sz;

fn print(aggressor: Side, px: i64, sz: i64) -> Trade {
    Trade { aggressor, px: Px(px), sz: Sz(sz), time: Ns(0), taker: 1, tid: 1 }
}

fn bid(open: i64, age_s: i64) -> Resting {
    Resting { side: Side::Buy, px: Px(100), open, age: age_s * Ns::SEC }
}

fn in_1e4(p: u128) -> u128 {
    (p * 10_000 + ONE / 2) / ONE
}

#[test]
fn probabilities_are_the_published_table() {
    let at = |preset, o: Resting, px, sz| in_1e4(chance(preset, &o, &print(Side::Sell, px, sz)));
    let (paper, default, hot) = (Preset::Paper, Preset::Default, Preset::Aggressive);
    // At the price: fresh and small, ordinary, old.
    assert_eq!(at(paper, bid(100, 1), 100, 10), 1050);
    assert_eq!(at(paper, bid(100, 1), 100, 100), 2100);
    assert_eq!(at(paper, bid(100, 5), 100, 100), 3000);
    assert_eq!(at(paper, bid(100, 11), 100, 100), 3900);
    assert_eq!(at(default, bid(100, 1), 100, 10), 525);
    assert_eq!(at(default, bid(100, 5), 100, 100), 1500);
    assert_eq!(at(hot, bid(100, 5), 100, 100), 8100);
    // Through it: twice the size or more, and the cap.
    assert_eq!(at(paper, bid(100, 1), 99, 10), 1575);
    assert_eq!(at(paper, bid(100, 5), 99, 100), 4500);
    assert_eq!(at(paper, bid(100, 1), 99, 200), 6300);
    assert_eq!(at(paper, bid(100, 5), 99, 200), 9000);
    assert_eq!(at(paper, bid(100, 11), 99, 200), 9500, "1.17 before the cap");
    // Not reached.
    assert_eq!(at(paper, bid(100, 5), 101, 100), 0);
}

#[test]
fn the_wrong_aggressor_fills_and_for_small_takers_more_often_than_the_right_one() {
    let wrong = |preset| in_1e4(chance(preset, &bid(100, 1), &print(Side::Buy, 100, 10)));
    assert_eq!(wrong(Preset::Paper), 1500);
    assert_eq!(wrong(Preset::Default), 900);
    assert_eq!(wrong(Preset::Aggressive), 2700);
    let right = in_1e4(chance(Preset::Paper, &bid(100, 1), &print(Side::Sell, 100, 10)));
    assert!(wrong(Preset::Paper) > right, "{right}");
}

/// Share of 20,000 one-lot orders, 5 s old, that a taker of 20 lots fills when printed in parts.
fn filled_by(parts: i64) -> f64 {
    let mut m = Original::new(&Factors::default(), 7);
    let n = 20_000;
    let hit = (0..n)
        .filter(|_| {
            (0..parts).any(|_| {
                m.filled(Preset::Paper, &bid(1, 5), &print(Side::Sell, 100, 20 / parts)) > 0
            })
        })
        .count();
    hit as f64 / f64::from(n)
}

#[test]
fn splitting_a_taker_into_prints_fills_what_one_print_does_not() {
    // Size factor 2 each time: 0.60, then 1 - 0.4^n. Four standard errors are 0.014.
    for (parts, want) in [(1, 0.60), (2, 0.84), (5, 0.99), (10, 1.00)] {
        let got = filled_by(parts);
        assert!((got - want).abs() < 0.014, "{parts} prints: {got}");
    }
}

#[test]
fn ten_orders_take_three_times_what_was_printed() {
    let mut m = Original::new(&Factors::default(), 7);
    let n = 20_000;
    let lot = 100;
    // Orders of half the print each: p is 0.6, and each fill is whole.
    let own: i64 = (0..n)
        .flat_map(|_| 0..10)
        .map(|_| m.filled(Preset::Paper, &bid(lot / 2, 5), &print(Side::Sell, 100, lot)))
        .sum();
    let times = own as f64 / f64::from(n) / lot as f64;
    assert!((times - 3.0).abs() < 0.03, "{times} times the printed volume");
}

#[test]
fn a_trade_through_is_never_certain() {
    let mut m = Original::new(&Factors::default(), 7);
    let missed = (0..20_000)
        .filter(|_| m.filled(Preset::Paper, &bid(1, 60), &print(Side::Sell, 90, 1_000)) == 0);
    let share = missed.count() as f64 / 20_000.0;
    assert!((share - 0.05).abs() < 0.007, "{share}");
}
