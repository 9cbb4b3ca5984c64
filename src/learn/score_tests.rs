//! Controls of the scores: each fails where its fault is put in.

use super::*;
use crate::math::draw::Draw;

/// A market of two states of .01 and .1 fills a second, dwelling 120 s: the rate, second by second.
fn market(d: &mut Draw, seconds: usize) -> Vec<f64> {
    let mut busy = false;
    (0..seconds)
        .map(|_| {
            busy ^= d.chance(1.0 / 120.0);
            if busy { 0.1 } else { 0.01 }
        })
        .collect()
}

/// The score of `forecast`, given the seconds' true rates, in windows of ten seconds.
fn score(d: &mut Draw, rates: &[f64], mut forecast: impl FnMut(&mut Draw, f64) -> f64) -> Score {
    let mut s = Score::default();
    for ten in rates.chunks(10) {
        let mut w = Tally::default();
        for rate in ten {
            let fills = f64::from(d.poisson(*rate));
            w.add(1.0, fills, [forecast(d, *rate); LAYERS]);
        }
        s.take(&w);
    }
    s
}

/// Mean discrimination and ratio over seeds.
fn mean(forecast: impl Fn(&mut Draw, f64) -> f64) -> (f64, f64) {
    let (mut gain, mut ratio) = (0.0, 0.0);
    for seed in 0..20 {
        let d = &mut Draw::new(seed);
        let rates = market(d, 20_000);
        let s = score(d, &rates, &forecast);
        gain += s.rating().gain / 20.0;
        ratio += s.all().fills / s.all().expected[USED] / 20.0;
    }
    (gain, ratio)
}

#[test]
fn a_constant_tells_nothing_apart_however_wrong_it_is() {
    for c in [0.05, 7.0] {
        let (gain, _) = mean(|_, _| c);
        assert!(gain.abs() < 1e-10, "{c}: {gain}");
    }
    // The Brier rule calls the same constant skilled: an order that fills is judged over its short
    // life, by a probability that depends on how long it lived.
    let d = &mut Draw::new(3);
    let (mut brier, mut flat, mut filled, mut n) = (0.0, 0.0, 0.0, 0.0);
    let mut lives = Vec::new();
    for _ in 0..20_000 {
        let (fill, end) = (d.exp(0.05), d.exp(0.6));
        let p = -det::exp_m1(-0.05 * fill.min(end));
        let y = f64::from(u8::from(fill < end));
        brier += (p - y) * (p - y);
        filled += y;
        n += 1.0;
        lives.push(y);
    }
    for y in lives {
        flat += (y - filled / n) * (y - filled / n);
    }
    assert!((1.0 - brier / flat).abs() > 0.01, "control: {}", 1.0 - brier / flat);
}

#[test]
fn who_knows_gains_and_a_scale_changes_the_ratio_alone() {
    let (knows, right) = mean(|_, rate| rate);
    let (scaled, third) = mean(|_, rate| 3.0 * rate);
    let (noise, _) = mean(|d, _| 0.05 * det::exp(0.7 * d.normal()));
    assert!((0.34..0.46).contains(&knows), "clairvoyant {knows}");
    assert!((scaled - knows).abs() < 1e-9 && (right - 1.0).abs() < 0.05, "{scaled} {right}");
    assert!((third - 1.0 / 3.0).abs() < 0.02, "{third}");
    assert!((-0.30..-0.20).contains(&noise), "noise loses: {noise}");
}

/// Share of runs of 600 s whose interval of the ratio holds 1: bursts of `size` fills, the interval as
/// it is or that of single fills.
fn coverage(size: f64, single: bool) -> f64 {
    let d = &mut Draw::new(11);
    let inside = (0..600).filter(|_| {
        let mut s = Score::default();
        for _ in 0..60 {
            let mut w = Tally::default();
            let bursts = f64::from(d.poisson(0.6));
            w.add(10.0, bursts * size, [0.06 * size; LAYERS]);
            s.take(&w);
        }
        let r = s.rating();
        let [lo, hi] = if single {
            let n = r.fills;
            [gamma::quantile(0.025, n + 0.5), gamma::quantile(0.975, n + 1.0)]
                .map(|x| x / r.expected)
        } else {
            r.ratio
        };
        (lo..=hi).contains(&1.0)
    });
    inside.count() as f64 / 600.0
}

#[test]
fn the_interval_of_the_ratio_counts_a_burst_once() {
    let (clustered, alone) = (coverage(5.0, false), coverage(1.0, false));
    assert!((0.90..=1.0).contains(&clustered) && alone > 0.93, "{clustered} {alone}");
    let poisson = coverage(5.0, true);
    assert!(poisson < 0.75, "control: a fill is no observation of its own: {poisson}");
}

#[test]
fn without_a_fill_it_says_what_was_expected_from_the_first_second() {
    let mut s = Score::default();
    assert!(s.rating().ratio[0] == 0.0 && s.rating().ratio[1].is_infinite());
    let mut w = Tally::default();
    w.add(1.0, 0.0, [0.5; LAYERS]);
    s.take(&w);
    let r = s.rating();
    assert!((r.expected - 0.5).abs() < 1e-12 && r.ratio[0] == 0.0 && r.ratio[1] > 5.0, "{r:?}");
}

#[test]
fn the_gate_leaves_a_fast_forecast_that_is_worse_by_more_than_chance() {
    let of = |noise: f64, knows: bool| {
        let d = &mut Draw::new(5);
        let rates = market(d, 20_000);
        let mut s = Score::default();
        for ten in rates.chunks(10) {
            let (mut w, wrong) = (Tally::default(), det::exp(noise * d.normal()));
            for rate in ten {
                let fast = if knows { *rate } else { 0.05 * wrong };
                let fills = f64::from(d.poisson(*rate));
                w.add(1.0, fills, [0.05, fast, fast]);
            }
            s.take(&w);
        }
        s.fast()
    };
    assert!(of(0.0, false) && of(0.0, true), "as good, or better");
    assert!(!of(0.7, false), "noise is left");
    assert!(Score::default().fast(), "before anything was seen");
}
