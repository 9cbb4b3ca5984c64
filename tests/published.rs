//! Published numbers of quoting models, reproduced with the program's own formulas.

use papermaker::rooms::math::det::exp;
use papermaker::rooms::quote::glft::formula;
use papermaker::rooms::quote::glft::inventory::Lean;

/// Mean and standard deviation.
fn moments(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let var = x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    (mean, var.sqrt())
}

/// Profits of paths of Avellaneda and Stoikov (2008): s = 100, T = 1, sigma = 2, dt = .005, k = 1.5,
/// A = 140, the mid a walk of +-sigma sqrt(dt), fills with probability lambda dt.
fn profits(seed: u64, gamma: f64, inventory: bool, paths: usize, a: f64) -> Vec<f64> {
    let (sigma, dt, k) = (2.0f64, 0.005f64, 1.5);
    let c1 = formula::c1(k, gamma);
    let flat = gamma * sigma * sigma / 4.0 + c1;
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..paths)
        .map(|_| {
            let (mut s, mut q, mut x) = (100.0, 0.0, 0.0);
            for step in 0..200 {
                let left = 1.0 - f64::from(step) * dt;
                let risk = gamma * sigma * sigma * left;
                let (bid, ask) = if inventory {
                    (risk / 2.0 + c1 + q * risk, risk / 2.0 + c1 - q * risk)
                } else {
                    (flat, flat)
                };
                let hit = |d: f64| (a * exp(-k * d) * dt).min(1.0);
                if rng.f64() < hit(bid) {
                    x -= s - bid;
                    q += 1.0;
                }
                if rng.f64() < hit(ask) {
                    x += s + ask;
                    q -= 1.0;
                }
                s += if rng.bool() { 1.0 } else { -1.0 } * sigma * dt.sqrt();
            }
            x + q * s
        })
        .collect()
}

#[test]
fn avellaneda_and_stoikovs_six_profits() {
    // gamma, whether inventory moves the quotes, mean profit and its standard deviation in print.
    let rows = [
        (0.1, true, 65.0, 6.6),
        (0.1, false, 68.4, 12.7),
        (0.01, true, 68.6, 8.7),
        (0.01, false, 68.8, 12.8),
        (1.0, true, 31.4, 5.0),
        (1.0, false, 44.0, 11.0),
    ];
    let paths = 3_000;
    for (i, (gamma, inventory, mean, sd)) in rows.into_iter().enumerate() {
        let z = |a: f64| {
            let (m, s) = moments(&profits(7 + i as u64, gamma, inventory, paths, a));
            let se = (sd * sd / 1_000.0 + s * s / paths as f64).sqrt();
            ((m - mean) / se, s)
        };
        let (right, s) = z(140.0);
        println!("gamma {gamma} inventory {inventory}: z {right:+.2}, sd {s:.2} for {sd}");
        assert!(right.abs() < 3.5, "gamma {gamma} inventory {inventory}: z {right}");
        assert!((s / sd - 1.0).abs() < 0.12, "sd {s} for {sd}");
        assert!(z(110.0).0.abs() > 3.5, "control: a fifth fewer takers are distinguished");
    }
}

#[test]
fn hftbacktests_tutorial_to_twelve_digits() {
    let (a, k, gamma) = (2.986_162_360_812_285, 0.042_357_411_150_840_49, 0.05);
    let (c1, skew) = (formula::c1(k, gamma), formula::theta(10.69, a, k, gamma));
    let near = |x: f64, want: f64| assert!((x / want - 1.0).abs() < 1e-12, "{x} for {want}");
    near(c1 + 0.5 * skew, 20.472_085_338_443_71);
    near(skew, 9.763_268_650_292_27);
    assert!((c1 - 15.590_451_013_298).abs() < 1e-11);
    assert!((formula::theta(1.0, a, k, gamma) - 0.913_308_573_460).abs() < 1e-11);
    let (bid, ask) = formula::closed_form(c1, skew, 1.0);
    near(bid + ask, 2.0 * 20.472_085_338_443_71);
}

#[test]
fn cartea_and_jaimungals_penalised_inventory_far_from_the_end() {
    // lambda 1, kappa 100, running penalty 1e-4, bound 5; at T = 60 the end is 15 relaxation times
    // away, and the table of the bounded problem is the answer: its (k theta)^2 is phi kappa e.
    let (kappa, phi) = (100.0, 1e-4f64);
    let lean = Lean::new((phi * kappa * std::f64::consts::E).sqrt(), 5.0);
    let bid = |q: i32| (1.0 + lean.bid(q)) / kappa;
    let ask = |q: i32| (1.0 - lean.bid(q - 1)) / kappa;
    for (q, a, b) in [
        (0, 0.010_863_36, 0.010_863_36),
        (2, 0.007_406_89, 0.014_349_97),
        (4, 0.003_731_27, 0.019_219_32),
    ] {
        assert!(
            (ask(q) - a).abs() < 3e-8 && (bid(q) - b).abs() < 3e-8,
            "{q}: {} {}",
            ask(q),
            bid(q)
        );
    }
    let loose = Lean::new((phi * kappa * std::f64::consts::E).sqrt(), 30.0);
    assert!(((1.0 + loose.bid(4)) / kappa - 0.019_219_32).abs() > 1e-3, "control: the bound tells");
}

/// P(the ask side's queue is gone first) for queues of `n` bids and `m` asks of birth rate `l`, death
/// rate `d` per order plus `mu`: value iteration on the absorbing walk.
fn mid_up(size: usize, l: f64, mu: f64, theta: f64) -> Vec<Vec<f64>> {
    let mut p = vec![vec![0.0; size]; size];
    for row in p.iter_mut() {
        row[0] = 1.0;
    }
    p[0][0] = 0.5;
    for _ in 0..4_000 {
        for n in 1..size {
            for m in 1..size {
                let (dn, dm) = (mu + theta * n as f64, mu + theta * m as f64);
                let up = |i: usize| (i + 1).min(size - 1);
                let top = l * (p[up(n)][m] + p[n][up(m)]) + dn * p[n - 1][m] + dm * p[n][m - 1];
                p[n][m] = top / (2.0 * l + dn + dm);
            }
        }
        p[0][1..].fill(0.0);
    }
    p
}

#[test]
fn cont_stoikov_and_talrejas_third_table() {
    // Rates at the touch: limit 1.85, market .94, cancel .71 per order. Rows: bids, columns: asks.
    let p = mid_up(40, 1.85, 0.94, 0.71);
    let table = [
        [0.500, 0.336, 0.259, 0.216, 0.188],
        [0.664, 0.500, 0.407, 0.348, 0.307],
        [0.741, 0.593, 0.500, 0.437, 0.391],
        [0.784, 0.652, 0.563, 0.500, 0.452],
        [0.812, 0.693, 0.609, 0.548, 0.500],
    ];
    let mut worst = 0.0f64;
    for (i, row) in table.iter().enumerate() {
        for (j, want) in row.iter().enumerate() {
            worst = worst.max((p[i + 1][j + 1] - want).abs());
        }
    }
    assert!(worst < 1e-3, "{worst}");
    let other = mid_up(40, 1.85, 0.94, 0.5);
    assert!((other[1][5] - 0.188).abs() > 1e-3, "control: another cancel rate");
}
