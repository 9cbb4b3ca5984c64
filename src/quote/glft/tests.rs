//! A quote as a whole.

use super::*;
use crate::quote::{SideQuote, Strategy, fit};
use crate::record::Guard;
use crate::units::rules::Rules;
use crate::units::{Ns, ONE};
use proptest::prelude::*;

/// What came of it.
struct Quote {
    sides: [SideQuote; 2],
    terms: [f64; crate::record::TERMS_MAX],
}

impl Quote {
    fn term(&self, name: &str) -> f64 {
        self.terms[TERMS.iter().position(|t| t.name == name).expect("a term")]
    }
}

fn beliefs(kappa: f64) -> Beliefs {
    Beliefs { confidence: 0.95, ..Beliefs::known(kappa, 0.3, 0.5, 1.5, 1.0) }
}

fn bounds() -> Bounds {
    Bounds { rules: Rules::perp(5), fee_bps: 1.5, unit_usd: 250.0, max_lots: 10.0, anyway: false }
}

fn inputs() -> Inputs {
    Inputs {
        now: Ns(1_000 * Ns::SEC),
        bid: Px(97_123 * ONE),
        bid_sz: Sz(ONE),
        ask: Px(97_124 * ONE),
        ask_sz: Sz(ONE),
        position: Sz(0),
        last_fill: Ns(1_000 * Ns::SEC),
        held: [false; 2],
        bounds: bounds(),
    }
}

fn quoted(g: &Glft, cfg: &Config, x: &Inputs) -> Quote {
    let mut ladder = Ladder::default();
    g.ladder(cfg, x, &mut ladder);
    let why = g.decline(cfg, x).map_or((Guard::None, 0), |(why, _)| why.guard());
    Quote { sides: fit(&ladder, x, [why; 2]), terms: ladder.terms }
}

fn made(x: &Inputs, b: &Beliefs) -> Quote {
    let cfg = Config::default();
    quoted(&Glft::believing(b, &cfg, &x.bounds), &cfg, x)
}

#[test]
fn five_levels_a_side_at_the_optimal_distances() {
    let q = made(&inputs(), &beliefs(6_000.0));
    assert_eq!(q.sides.each_ref().map(|s| s.levels.len()), [5, 5]);
    // c = 1.5 + 0.5; first level c + 1.2704/0.6 = 4.117 bps.
    assert!((q.term("half") - 4.117).abs() < 2e-3, "{}", q.term("half"));
    assert!((q.term("c1") * 0.6 - 1.0).abs() < 1e-3);
    assert!((q.term("cost") - 2.0).abs() < 1e-9);
    // Inventory term 1.5 / (kappa N).
    assert!((q.term("theta") - 0.25).abs() < 1e-9, "{}", q.term("theta"));
}

#[test]
fn sizes_are_the_universal_ones_where_prices_are() {
    // A price grid a thousand times finer: .90 1.10 1.41 1.98 3.33 lots at full confidence.
    let rules = Rules::perp(0);
    let bounds = Bounds { rules, ..bounds() };
    let x = Inputs { bid: Px(9_999_900), ask: Px(10_000_100), bounds, ..inputs() };
    let q = made(&x, &Beliefs { confidence: 1.0, ..beliefs(2_000.0) });
    let mid = 0.1;
    for (level, want) in q.sides[0].levels.iter().zip([0.90, 1.10, 1.41, 1.98, 3.33]) {
        let lots = level.1.to_f64() * mid / 250.0;
        assert!((lots / want - 1.0).abs() < 0.06, "{lots} for {want}");
    }
}

#[test]
fn a_larger_kappa_quotes_tighter() {
    let half = |k| made(&inputs(), &beliefs(k)).term("half");
    assert!(half(8_000.0) < half(6_000.0) && half(6_000.0) < half(3_000.0));
}

#[test]
fn costs_that_grow_with_distance_push_out_and_shrink() {
    // fee + alpha0 + alpha1 d: c = (1.5 + .3) / (1 - .4) = 3 bps.
    let b = beliefs(6_000.0);
    let grows = Beliefs { alpha1: 0.4, depth_bps: 3.0 + 1.0 / 0.6, ..b };
    let (flat, out) = (made(&inputs(), &b), made(&inputs(), &grows));
    assert!((out.term("half") - flat.term("half") - 1.0).abs() < 1e-9);
    let last = |q: &Quote| q.sides[0].levels.last().expect("levels").1;
    assert!(last(&out) < last(&flat));
}

#[test]
fn inventory_moves_both_sides_and_no_order_goes_beyond_the_limit() {
    let (b, mut x) = (beliefs(6_000.0), inputs());
    let flat = made(&x, &b);
    x.position = Sz(ONE / 100);
    let long = made(&x, &b);
    assert!(long.sides[0].levels[0].0 < flat.sides[0].levels[0].0);
    assert!(long.sides[1].levels[0].0 < flat.sides[1].levels[0].0);
    // Just below the limit of ten lots there is no room for the least order.
    x.position = Sz(ONE / 100 * 257 / 100);
    let full = made(&x, &b);
    assert!((9.97..10.0).contains(&x.lots()), "{}", x.lots());
    assert_eq!(full.sides[0].guard, Guard::TooSmall);
    assert_eq!(full.sides[1].guard, Guard::None);
    assert!(!full.sides[1].levels.is_empty(), "the side that reduces stays");
}

#[test]
fn what_is_not_finite_is_named_and_not_quoted() {
    let x = inputs();
    assert_eq!(made(&x, &beliefs(f64::NAN)).sides[0].guard, Guard::NoEstimate);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn prices_are_valid_ordered_and_never_cross(
        kappa in 100.0f64..60_000.0, bid in 1i64..90_000_000_000_000, spread in 1i64..50,
        position in -40.0f64..40.0, decimals in 0u8..6, conf in 0.0f64..1.0,
    ) {
        let rules = Rules::perp(decimals);
        let bid = rules.round_outward(Side::Buy, Px(bid));
        prop_assume!(bid.0 > 0);
        let ask = (0..spread).fold(bid, |p, _| rules.next_up(p));
        let mut x = Inputs { bounds: Bounds { rules, ..bounds() }, ..inputs() };
        let b = Beliefs { confidence: conf, adverse_sd: 1.0 - conf, ..beliefs(kappa) };
        x.bid = bid;
        x.ask = ask;
        let coins = position * 250.0 / bid.to_f64() * 1e8;
        prop_assume!(coins.abs() < 9e18);
        #[expect(clippy::cast_possible_truncation, reason = "assumed above")]
        { x.position = Sz(coins as i64); }
        let q = made(&x, &b);
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

/// What is believed after an hour in which quotes fill as takers of decay `kappa` per bps would fill them, one
/// each tenth second: those of a distance and all nearer.
fn believed(kappa: f64) -> Beliefs {
    use crate::event::shadow::{ALL, Seen};
    use crate::learn::curve::{Config, Curve, distance};
    use crate::limits::DISTANCES;
    use crate::math::draw::Draw;
    use crate::units::Mid2;
    let (cfg, mut c, d) = (Config::default(), Curve::new(1.5), &mut Draw::new(4));
    let from = Mid2(200 * ONE);
    for s in 0..3_600 {
        let time = Ns(s * Ns::SEC);
        let side = if s / 10 % 2 == 0 { Side::Buy } else { Side::Sell };
        c.on_seen(&cfg, || 1.5, Seen::State { time, mid: from });
        for side in Side::BOTH {
            c.on_seen(&cfg, || 1.5, Seen::Live { side, until: time, places: ALL, ns: Ns::SEC });
        }
        let reach = if s % 10 == 0 { d.exp(kappa) } else { -1.0 };
        for place in (0..DISTANCES).filter(|j| distance(*j) <= reach) {
            let px = rounding::to_units(
                100.0
                    * (1.0
                        - f64::from(i8::try_from(side.sign()).expect("1"))
                            * distance(place)
                            * 1e-4),
            );
            let px = Px(px.expect("a price"));
            c.on_seen(&cfg, || 1.5, Seen::Fill { side, place, px, from, mid: from, time });
        }
    }
    Beliefs::of(&c, 1.5, 1.0)
}

#[test]
fn it_believes_the_intensity_of_the_curve() {
    for kappa in [0.3, 0.6] {
        let b = believed(kappa);
        assert!((b.kappa / (kappa * 1e4) - 1.0).abs() < 0.25, "{kappa}: {b:?}");
        assert!((b.depth_bps - 1.5 - 1e4 / b.kappa).abs() < 1e-9 && b.confidence > 0.8, "{b:?}");
        // A taker in ten seconds, half of them on each side.
        let want = 0.05 * exp(-kappa * b.depth_bps);
        assert!((b.fill_rate / want - 1.0).abs() < 0.4, "{kappa}: {b:?}, {want}");
    }
    let nothing = Beliefs::of(&learn::curve::Curve::new(1.5), 1.5, 1.0);
    assert!(nothing.confidence < 1e-9, "nothing seen: nothing trusted: {nothing:?}");
}
