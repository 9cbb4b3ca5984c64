//! Gross cancels, the decay between displays, and the draws, each against a reference.

use super::*;
use crate::math::det::exp;
use crate::sim::models::tests::learned;
use crate::units::Ns;

#[test]
fn between_displays_the_queue_decays_by_the_learned_rate_and_less_at_the_limits() {
    let mut rates = learned(40e6, 0.4);
    let own = Q32 - rates.cancelled(Ns::SEC);
    let mut share = |conservatism| survives(&mut rates, Bias::of(conservatism), Ns::SEC);
    // exp(-0.4) = 0.67032.
    assert!(own.abs_diff(Q32 / 100_000 * 67_032) < Q32 / 500, "{own}");
    assert_eq!((share(0.0), share(1.0)), (Q32, Q32));
    assert!(share(0.5).abs_diff(own) < 1 << 16);
    assert!(share(0.25).abs_diff((Q32 + own) / 2) < 1 << 16);
    assert_eq!(share(0.25), share(0.75));
}

#[test]
fn gross_cancels_are_those_of_two_poisson_counts() {
    let (order, dt) = (5_000_000i64, Ns::SEC / 2);
    let (adds, theta) = (40e6, 0.4);
    let mut rates = learned(adds, theta);
    assert!(rates.known());
    let level = Level { size: 100_000_000, mean: order / 2, ..Level::default() };
    // Mean counts of orders in half a second.
    let a = adds * 0.5 / order as f64;
    let c = level.size as f64 * (1.0 - exp(-theta * 0.5)) / order as f64;
    for n in [-6i32, -3, -1, 0, 1, 3, 6] {
        let (mut all, mut sum) = (0.0, 0.0);
        let poisson = |m: f64, k: i32| (1..=k).fold(exp(-m), |p, i| p * m / f64::from(i));
        for k in (-n).max(0)..60 {
            let p = poisson(c, k) * poisson(a, k + n);
            all += p;
            sum += p * f64::from(k);
        }
        let exact = sum / all;
        let net = i64::from(n) * order;
        let got = gross_cancels(&level, net, dt, &mut rates) as f64 / order as f64;
        assert!((got - exact).abs() < 0.05 * exact.max(1.0), "{n}: {got} for {exact}");
    }
}

/// Twelve orders of ten units, six ahead; a position for each of many seeds.
fn positions(n: u64) -> impl Iterator<Item = Drawn> {
    let pos = QueuePos { front: 60, ..QueuePos::default() };
    (0..n).map(move |s| Drawn { pos, order_size: 10, seed: mix(s) })
}

#[test]
fn drawn_cancels_take_whole_orders_and_the_mean_of_them_is_the_share() {
    let n = 20_000;
    let gone: Vec<i64> = positions(n).map(|p| p.cancels(30, 120)).collect();
    assert!(gone.iter().all(|g| [0, 10, 20, 30].contains(g)));
    // Half the queue is ahead: 15 of 30, standard error 0.06.
    let mean = gone.iter().sum::<i64>() * 100 / i64::try_from(n).expect("small");
    assert!((1_475..=1_525).contains(&mean), "{mean}");
    let left: Vec<i64> = positions(n).map(|p| p.left(Q32 / 4)).collect();
    let mean = left.iter().sum::<i64>() * 100 / i64::try_from(n).expect("small");
    assert!((1_460..=1_540).contains(&mean), "{mean} of 60 at a share of a quarter");
    assert!(left.iter().all(|l| l % 10 == 0), "whole orders");
}

#[test]
fn what_cannot_be_drawn_is_the_mean_and_the_bounds_hold() {
    let pos = QueuePos { front: 1_000, ..QueuePos::default() };
    let p = Drawn { pos, order_size: 10, seed: 1 };
    assert_eq!((p.cancels(100, 2_000), p.left(Q32 / 2)), (50, 500));
    // Nor are ten thousand orders drawn for six ahead.
    assert!(positions(20).all(|p| p.cancels(100_000, 200_000) == 30));
    for p in positions(500) {
        assert_eq!(p.cancels(120, 120), 60, "all cancelled");
        assert_eq!(p.cancels(0, 120), 0);
        assert_eq!((p.left(Q32), p.left(0)), (60, 0));
        let falling: Vec<i64> = (0..=20).map(|i| p.left(Q32 / 20 * (20 - i))).collect();
        assert!(falling.is_sorted_by(|a, b| a >= b), "{falling:?}");
        assert!((80..=120).all(|g| (g - 60..=60).contains(&p.cancels(g, 120))));
    }
}
