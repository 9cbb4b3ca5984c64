use super::*;
use crate::units::{Px, Side};
use crate::venue::cst::SCENARIOS;

/// A hundred orders, order i filled after i x 0.1 s, and a model that says `f(i)` tenths.
fn outcome(f: impl Fn(i64) -> Option<i64>) -> Outcome {
    let tenth = |i: i64| Ns(i * Ns::SEC / 10);
    let shadow = |i: i64| Shadow {
        id: 0,
        placed: Ns(0),
        side: Side::Buy,
        px: Px(1),
        sz: Sz(LOT),
        queue: Sz(i * LOT),
        first_fill: Some(tenth(i)),
        filled: Some(tenth(i)),
    };
    // Spread over the groups, so that each sees the same.
    let order = (0..100).map(|i| (i % 5) * 20 + i / 5);
    Outcome {
        scenario: SCENARIOS[0],
        truth: order.clone().map(shadow).collect(),
        filled: vec![order.map(|i| f(i).map(tenth)).collect()],
        refused: vec![0],
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn a_perfect_model_is_off_by_nothing() {
    let s = score(&[outcome(Some)], 0);
    assert!(near(s.rms.value, 0.0) && near(s.ks.value, 0.0) && near(s.disagreement.value, 0.0));
    assert!(near(s.rms.ci95, 0.0) && near(s.max, 0.0));
    assert!(near(s.rows[0].truth[2], 21.0), "0 to 20 tenths within two seconds");
}

#[test]
fn a_model_that_is_late_has_the_bias_one_counts_by_hand() {
    // A second late: 10 orders fewer at every horizon from 1 s on, 6 at half a second, none at 10 s
    // but the 90 that fit.
    let s = score(&[outcome(|i| Some(i + 10))], 0);
    let bias = s.rows[0].bias.map(|b| b.value);
    let want = [-6.0, -10.0, -10.0, -10.0, -9.0];
    assert!(bias.iter().zip(want).all(|(a, b)| near(*a, b)), "{bias:?}");
    let rms = (want.iter().map(|x| x * x).sum::<f64>() / 5.0).sqrt();
    assert!(near(s.rms.value, rms) && near(s.max.abs(), 10.0));
    assert!(near(s.ks.value, 10.0), "{}", s.ks.value);
    assert!(near(s.disagreement.value, 9.0), "{}", s.disagreement.value);
    assert!(s.by_horizon.iter().zip(want).all(|(a, b)| near(*a, b.abs())));
}

#[test]
fn a_model_that_confuses_orders_disagrees_without_a_bias() {
    let s = score(&[outcome(|i| Some(99 - i))], 0);
    assert!(near(s.rms.value, 0.0) && near(s.ks.value, 0.0));
    // 12, 22, 42, 98 and none of a hundred at the five horizons.
    assert!(near(s.disagreement.value, 34.8), "{}", s.disagreement.value);
}

#[test]
fn a_model_that_never_fills_is_off_by_the_whole_probability() {
    let s = score(&[outcome(|_| None)], 0);
    for h in 0..5 {
        assert!(near(s.rows[0].bias[h].value, -s.rows[0].truth[h]));
    }
    assert!(near(s.ks.value, 100.0));
}

#[test]
fn bins_hold_equal_numbers_in_order_of_the_queue() {
    let bins = calibration(&outcome(|i| Some(i + 10)));
    let n: Vec<usize> = bins.iter().map(|b| b.n).collect();
    assert_eq!(n, [20; 5]);
    assert!(
        near(bins[0].queue.0, 0.0) && near(bins[0].queue.2, 19.0) && near(bins[4].queue.1, 89.5)
    );
    assert!(near(bins[0].truth.value, 100.0) && near(bins[0].models[0].value, 55.0));
    assert!(near(bins[1].truth.value, 5.0) && near(bins[2].truth.value, 0.0));
}

/// The intervals cover the true value about as often as they say, for dependent orders too.
#[test]
fn intervals_cover_what_they_promise() {
    let mut rng = fastrand::Rng::with_seed(4);
    let (mut hit, mut naive, n) = (0, 0, 400);
    for _ in 0..n {
        // Runs of five orders share their fate; the model misses every other fill of the truth,
        // all five together: a bias of -25 points.
        let mut o = outcome(Some);
        let mut many = Vec::new();
        let mut filled = Vec::new();
        for _ in 0..100 {
            let (fill, miss) = (rng.bool(), rng.bool());
            for _ in 0..5 {
                let at = fill.then_some(Ns(1));
                many.push(Shadow { filled: at, ..o.truth[0] });
                filled.push(at.filter(|_| !miss));
            }
        }
        o.truth = many;
        o.filled = vec![filled];
        let b = score(&[o], 0).rows[0].bias[0];
        hit += i32::from((b.value + 25.0).abs() <= b.ci95);
        // What counting orders would give: the root of p (1 - p) / 500.
        naive +=
            i32::from((b.value + 25.0).abs() <= 100.0 * 1.96 * (0.25f64 * 0.75 / 500.0).sqrt());
    }
    assert!((360..=396).contains(&hit), "{hit} of {n}");
    assert!(naive < 330, "control: {naive} of {n} by counting orders");
}
