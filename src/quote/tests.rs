//! A quote as a whole.

use super::*;
use crate::record::Health;
use crate::units::ONE;
use proptest::prelude::*;

fn beliefs(kappa: f64) -> Beliefs {
    Beliefs {
        p: [0.0, 1.0, 0.0, 0.0],
        kappa: [kappa; 4],
        rate: [0.5; 4],
        sigma_bps: 1.0,
        adverse_bps: [0.5; 4],
        phi: 0.6,
        confidence: 0.9,
        warmup: 1.0,
        recent_fills: 50.0,
        gate: 1.0,
        floor_bps: 0.0,
        theta_kelly_bps: 0.0,
    }
}

/// Beliefs and everything else.
struct Case {
    beliefs: Beliefs,
    x: Inputs,
}

fn inputs(kappa: f64) -> Case {
    let x = Inputs {
        now: Ns(1_000 * Ns::SEC),
        bid: Px(97_123 * ONE),
        ask: Px(97_124 * ONE),
        position: Sz(0),
        last_fill: Ns(1_000 * Ns::SEC),
        state: State { health: Health::Fresh, behind: false, loss: false, stopping: false },
    };
    Case { beliefs: beliefs(kappa), x }
}

fn quote(q: &Quoter, case: &Case) -> Quote {
    q.quote(&case.x, &q.curve(&case.beliefs))
}

fn quoter() -> Quoter {
    Quoter::new(Config::default(), Rules::perp(5))
}

#[test]
fn five_levels_a_side_at_the_optimal_distances() {
    let q = quote(&quoter(), &inputs(6_000.0));
    assert_eq!(q.sides.each_ref().map(|s| s.levels.len()), [5, 5]);
    // c = 1.5 + 0.5; first level c + 1.2704/0.6 = 4.117 bps.
    assert!((q.terms.half_bps - 4.117).abs() < 1e-3, "{}", q.terms.half_bps);
    assert!((q.terms.c1_bps - 1.0 / 0.6).abs() < 1e-9);
    // Inventory term 1.5 / (kappa N).
    assert!((q.terms.theta_bps - 0.25).abs() < 1e-9, "{}", q.terms.theta_bps);
}

#[test]
fn a_larger_kappa_quotes_tighter() {
    let half = |k| quote(&quoter(), &inputs(k)).terms.half_bps;
    assert!(half(8_000.0) < half(6_000.0) && half(6_000.0) < half(3_000.0));
}

#[test]
fn inventory_moves_both_sides_and_the_limit_takes_one_down() {
    let mut x = inputs(6_000.0);
    let flat = quote(&quoter(), &x);
    x.x.position = Sz(ONE / 100);
    let long = quote(&quoter(), &x);
    assert!(long.sides[0].levels[0].0 < flat.sides[0].levels[0].0);
    assert!(long.sides[1].levels[0].0 < flat.sides[1].levels[0].0);
    x.x.position = Sz(ONE);
    let full = quote(&quoter(), &x);
    assert_eq!(full.sides[0].guard, Guard::InventoryLimit);
    assert_eq!(full.sides[1].guard, Guard::None);
    assert!(!full.sides[1].levels.is_empty(), "the side that reduces stays");
}

#[test]
fn exploration_comes_closer_until_warm_within_its_budget() {
    let mut x = inputs(12_000.0);
    x.beliefs.rate = [0.02; 4];
    let wanted = quote(&quoter(), &x).terms.half_bps;
    x.beliefs.warmup = 0.1;
    let q = quote(&quoter(), &x);
    assert!(q.terms.half_bps < wanted && q.terms.explore_bps < 0.0);
    x.x.last_fill = Ns(0);
    let ramped = quote(&quoter(), &x);
    assert!(ramped.terms.half_bps <= q.terms.half_bps);
    let mut spent = quoter();
    spent.on_fill(-9_999.0, 1_000.0, 1.0);
    assert!((quote(&spent, &x).terms.half_bps - wanted).abs() < 1e-12, "the budget is spent");
}

#[test]
fn what_is_not_finite_is_named_and_not_quoted() {
    let mut x = inputs(f64::NAN);
    assert_eq!(quote(&quoter(), &x).sides[0].guard, Guard::NoEstimate);
    x = inputs(6_000.0);
    x.beliefs.gate = 0.0;
    assert_eq!(quote(&quoter(), &x).sides[1].guard, Guard::Gated);
    x.x.state.health = Health::Stale;
    assert_eq!(quote(&quoter(), &x).sides[1].guard, Guard::BookStale);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn prices_are_valid_ordered_and_never_cross(
        kappa in 100.0f64..60_000.0, bid in 1i64..90_000_000_000_000, spread in 1i64..50,
        position in -40.0f64..40.0, decimals in 0u8..6, warmup in 0.0f64..1.0, conf in 0.0f64..1.0,
    ) {
        let rules = Rules::perp(decimals);
        let bid = rules.round_outward(Side::Buy, Px(bid));
        prop_assume!(bid.0 > 0);
        let ask = (0..spread).fold(bid, |p, _| rules.next_up(p));
        let mut x = inputs(kappa);
        x.x.bid = bid;
        x.x.ask = ask;
        x.beliefs.warmup = warmup;
        x.beliefs.confidence = conf;
        let coins = position * 250.0 / bid.to_f64() * 1e8;
        prop_assume!(coins.abs() < 9e18);
        #[expect(clippy::cast_possible_truncation, reason = "assumed above")]
        { x.x.position = Sz(coins as i64); }
        let q = quote(&Quoter::new(Config::default(), rules), &x);
        for side in Side::BOTH {
            let s = &q.sides[side.index()];
            let other = if side == Side::Buy { ask } else { bid };
            for (px, sz) in &s.levels {
                prop_assert!(rules.valid_px(*px) && rules.valid_sz(*sz) && rules.valid_value(*px, *sz));
                let passive = match side { Side::Buy => *px < other, Side::Sell => *px > other };
                prop_assert!(passive);
            }
            for w in s.levels.windows(2) {
                prop_assert!(side.better(w[0].0, w[1].0));
            }
            prop_assert!(s.levels.is_empty() == (s.guard != Guard::None));
        }
        if let (Some(b), Some(a)) = (q.sides[0].levels.first(), q.sides[1].levels.first()) {
            prop_assert!(b.0 < a.0);
        }
    }
}
