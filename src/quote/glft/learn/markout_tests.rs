//! Tests of the markouts.

use super::*;
use crate::math::draw::{Draw, uniform_p};
use crate::math::normal;

fn mark(at: i64, side: Side, depth_bps: f64, mid: f64) -> Mark {
    Mark { at: Ns(at), side, depth_bps, mid, p: [0.0, 1.0, 0.0, 0.0] }
}

fn reading(until: i64, inclusive: bool, mid: f64, sigma_bps: f64) -> Reading {
    Reading { until: Ns(until), inclusive, mid, sigma_bps }
}

#[test]
fn measured_with_the_mid_in_force_and_lost_in_a_gap() {
    let cfg = Config::default();
    let at = |m: &mut Markout, t: i64, inclusive: bool, mid: f64| {
        m.evaluate(&cfg, reading(t, inclusive, mid, 1.0));
        m.adverse(2.0).0
    };
    let mut m = Markout::new(&cfg);
    m.shadow(mark(0, Side::Buy, 3.0, 100.0));
    let prior = at(&mut m, 5 * Ns::SEC, false, 90.0);
    assert!((prior - cfg.mean).abs() < 1e-12, "due exactly then: the next mid");
    assert!(at(&mut m, 5 * Ns::SEC, true, 99.0) > 1.0, "a buyer loses where the mid falls");
    let known = at(&mut m, 9 * Ns::SEC, true, 99.0);
    m.shadow(mark(9 * Ns::SEC, Side::Sell, 3.0, 100.0));
    m.forget_pending();
    assert!((at(&mut m, 60 * Ns::SEC, true, 90.0) - known).abs() < 1e-12);
    (0..2_000).for_each(|i| m.shadow(mark(i, Side::Buy, 3.0, 100.0)));
    assert_eq!(m.pushed - m.evaluated, MARKS, "a full ring takes no more");
}

/// An hour in which takers, one a second, move the mid by `impact` bps for good; with `drift`
/// the impact wanders as the prior has it. The estimate at 2 bps, its sd, and the truth.
fn market(seed: u64, mut impact: f64, drift: bool) -> (f64, f64, f64) {
    let sigma = 1.0;
    let phi = det::exp(-0.1 / 1_800.0);
    let mut d = Draw::new(seed);
    if drift {
        impact = 0.5 + 0.6 * d.normal();
    }
    let cfg = Config::default();
    let mut m = Markout::new(&cfg);
    let (mut mid, mut t) = (100.0f64, 0i64);
    let mut next = 0;
    for step in 0..36_000 {
        t += 100 * Ns::MS;
        if drift {
            impact = 0.5 + phi * (impact - 0.5) + 0.6 * (1.0 - phi * phi).sqrt() * d.normal();
        }
        m.evaluate(&cfg, reading(t, false, mid, sigma));
        mid *= 1.0 + 1e-4 * sigma * f64::sqrt(0.1) * d.normal();
        m.evaluate(&cfg, reading(t, true, mid, sigma));
        if step == next {
            let side = if d.chance(0.5) { Side::Buy } else { Side::Sell };
            m.shadow(mark(t, side, d.exp(0.6), mid));
            mid *= if side == Side::Buy { 1.0 - 1e-4 * impact } else { 1.0 + 1e-4 * impact };
            #[expect(clippy::cast_possible_truncation, reason = "a small count")]
            let gap = (d.exp(0.1) as i32).max(1);
            next += gap;
        }
    }
    let (mean, sd) = m.adverse(2.0);
    (mean, sd, impact)
}

#[test]
fn finds_the_impact_and_a_random_walk_has_none() {
    let mean = |impact: f64| (0..40).fold(0.0, |s, seed| s + market(seed, impact, false).0 / 40.0);
    let (none, some) = (mean(0.0), mean(1.5));
    // The prior (.5) keeps a tenth of the weight at .3 fills per second beyond 2 bps.
    assert!((none - 0.05).abs() < 0.15 && (some - 1.4).abs() < 0.2, "{none} {some}");
    assert!(mean(-1.0) < -0.7, "control: the sign");
}

#[test]
fn ranks_of_the_impact_are_uniform_where_it_wanders() {
    let z: Vec<f64> = (0..200)
        .map(|seed| {
            let (mean, sd, truth) = market(100 + seed, 0.0, true);
            (truth - mean) / sd
        })
        .collect();
    let square = z.iter().map(|z| z * z).sum::<f64>() / z.len() as f64;
    assert!((0.6..=1.5).contains(&square), "{square}");
    let p = |scale: f64| {
        let ranks: Vec<f64> = z.iter().map(|z| normal::lower(scale * z)).collect();
        uniform_p(&ranks, 10)
    };
    assert!(p(1.0) > 1e-4, "{}", p(1.0));
    // Control: twice as sure as it is.
    assert!(p(2.0) < 1e-6, "{}", p(2.0));
}

/// RMSE of raw last markout, EWMA(.1), running mean and Kalman for an OU mean (tau 30 min,
/// sd .6) seen through noise 2.24, one fill every `gap` seconds; and with five shadows a fill.
fn rmse(gap: f64) -> [f64; 5] {
    let mut d = Draw::new(17);
    let (mu, sd, tau, noise) = (0.5, 0.6, 1_800.0, 5.0f64);
    let phi = det::exp(-gap / tau);
    let mut truth = mu;
    let (mut k, mut k5) = (Kalman::new(mu, sd), Kalman::new(mu, sd));
    let (mut ewma, mut sum, mut se, mut n) = (mu, 0.0, [0.0; 5], 0.0);
    for i in 0..40_000 {
        truth = mu + phi * (truth - mu) + sd * (1.0 - phi * phi).sqrt() * d.normal();
        let y = truth + noise.sqrt() * d.normal();
        ewma += 0.1 * (y - ewma);
        sum += y;
        k.drift(phi, mu, sd);
        k.observe(y, noise);
        k5.drift(phi, mu, sd);
        k5.observe(y, noise);
        for _ in 0..5 {
            k5.observe(truth + noise.sqrt() * d.normal(), noise);
        }
        if i > 100 {
            n += 1.0;
            let all = [y, ewma, sum / f64::from(i + 1), k.mean, k5.mean];
            for (s, e) in se.iter_mut().zip(all) {
                *s += (e - truth) * (e - truth);
            }
        }
    }
    se.map(|s| (s / n).sqrt())
}

#[test]
fn kalman_beats_the_averages_and_shadows_beat_kalman() {
    for (gap, want) in
        [(20.0, [2.24, 0.54, 0.58, 0.38, 0.27]), (120.0, [2.23, 0.66, 0.58, 0.49, 0.37])]
    {
        let got = rmse(gap);
        assert!(got[4] < got[3] && got[3] < got[1].min(got[2]), "{got:?}");
        assert!(got[1].max(got[2]) < got[0], "{got:?}");
        for (g, w) in got.iter().zip(want) {
            assert!((g / w - 1.0f64).abs() < 0.15, "{got:?} {want:?}");
        }
    }
}

#[test]
fn regimes_and_depths_are_distinguished() {
    let cfg = Config { sd: 3.0, slope_sd: 0.5, ..Config::default() };
    let mut m = Markout::new(&cfg);
    let mut d = Draw::new(9);
    let mut t = 0;
    for i in 0..4_000 {
        t += 10 * Ns::SEC;
        let wild = i % 2 == 0;
        let depth = 0.3 + d.exp(0.3);
        let adverse = 0.2 + 0.15 * depth + if wild { 2.0 } else { 0.0 };
        let mut x = mark(t, Side::Buy, depth, 100.0);
        x.p = if wild { [0.0, 0.0, 1.0, 0.0] } else { [0.0, 1.0, 0.0, 0.0] };
        m.shadow(x);
        let mid = 100.0 * (1.0 - 1e-4 * (adverse + 0.5 * d.normal()));
        m.evaluate(&cfg, reading(t + 5 * Ns::SEC, true, mid, 1.0));
        m.evaluate(&cfg, reading(t + 9 * Ns::SEC, true, 100.0, 1.0));
    }
    let by = m.by_regime(&cfg, 3.0);
    assert!((by[2] - by[1] - 2.0).abs() < 0.5, "{by:?}");
    assert!((by[0] - m.adverse(3.0).0).abs() < 1e-9, "unseen: the mean");
    assert!(m.slope(&cfg, 3.0) > 0.05, "{}", m.slope(&cfg, 3.0));
}
