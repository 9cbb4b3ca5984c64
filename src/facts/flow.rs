//! Facts of takers: prints, sweeps, their clustering, how far they reach, how the mid answers.
//!
//! In: the prints in order of blocks, the best prices. Out: named figures. Cold path.

use super::found::Facts;
use super::stats::{bps, deviation, index, mean, quantile, share, sorted};
use super::tape::Print;
use super::touch::Series;
use crate::math::{det, seed};
use crate::units::Side;

/// Decay of the kernels of the Hawkes process, per second.
const BETAS: [f64; 3] = [5.0, 0.5, 0.05];
/// Steps of expectation and maximisation.
const STEPS: usize = 80;
/// Takers of one block are spread over this much of it, s, so that they have an order.
const BLOCK_S: f64 = 0.07;

/// All prints of one side in one block.
struct Sweep {
    ms: i64,
    sign: f64,
    usd: f64,
    prints: f64,
    levels: f64,
    worst: f64,
}

/// All facts of takers; `prints` in order of blocks, those within stretches.
pub(super) fn facts(s: &Series, prints: &[Print], out: &mut Facts) {
    let usd: Vec<f64> = prints.iter().map(|p| p.px.to_f64() * p.sz.to_f64()).collect();
    let flow = usd.iter().sum::<f64>() / s.seconds / 2.0;
    out.add("prints_s", prints.len() as f64 / s.seconds);
    out.add("flow_usd_s_side", flow);
    let queue = out.get("best_usd_p50") / flow;
    out.add("queue_over_flow_s", queue);
    if usd.len() > 20 {
        sizes(sorted(usd), out);
    }
    let sweeps = sweeps(prints);
    out.add("sweeps_s_side", sweeps.len() as f64 / s.seconds / 2.0);
    let mut blocks: Vec<i64> = sweeps.iter().map(|w| w.ms).collect();
    let all = blocks.len();
    blocks.dedup();
    out.add("two_sided_blocks", (all - blocks.len()) as f64 / blocks.len().max(1) as f64);
    let shown = blocks.iter().filter(|ms| s.at(**ms).is_some_and(|t| t.ms == **ms)).count();
    out.add("trade_block_has_bbo", shown as f64 / blocks.len().max(1) as f64);
    if sweeps.len() > 30 {
        shapes(&sweeps, out);
        clusters(s, &sweeps, out);
        responses(s, &sweeps, out);
        reach(s, &sweeps, out);
    }
}

fn sizes(usd: Vec<f64>, out: &mut Facts) {
    for (q, name) in [(0.5, "print_usd_p50"), (0.9, "print_usd_p90"), (0.99, "print_usd_p99")] {
        out.add(name, quantile(&usd, q));
    }
    out.add("print_p99_med", out.get("print_usd_p99") / out.get("print_usd_p50"));
    out.add("print_max_usd", usd[usd.len() - 1]);
    // Hill's estimate of the tail from the largest twentieth.
    let n = index(0.05 * usd.len() as f64).max(10);
    let (rest, tail) = usd.split_at(usd.len() - n);
    let from = rest.last().copied().unwrap_or(f64::NAN);
    out.add("print_hill5", 1.0 / mean(&tail.iter().map(|u| det::ln(u / from)).collect::<Vec<_>>()));
}

/// By block, sells before buys.
fn sweeps(prints: &[Print]) -> Vec<Sweep> {
    let mut order: Vec<&Print> = prints.iter().collect();
    let key = |p: &&Print| (p.ms, p.taker == Side::Buy);
    order.sort_by_key(key);
    let one = |all: &[&Print]| {
        let buys = all[0].taker == Side::Buy;
        let mut prices: Vec<_> = all.iter().map(|p| p.px).collect();
        prices.sort_unstable();
        prices.dedup();
        let worst = if buys { prices[prices.len() - 1] } else { prices[0] };
        Sweep {
            ms: all[0].ms,
            sign: if buys { 1.0 } else { -1.0 },
            usd: all.iter().map(|p| p.px.to_f64() * p.sz.to_f64()).sum(),
            prints: all.len() as f64,
            levels: prices.len() as f64,
            worst: worst.to_f64(),
        }
    };
    order.chunk_by(|a, b| key(a) == key(b)).map(one).collect()
}

fn shapes(sweeps: &[Sweep], out: &mut Facts) {
    let of = |f: fn(&Sweep) -> f64| sweeps.iter().map(f).collect::<Vec<_>>();
    let usd = sorted(of(|w| w.usd));
    for (q, name) in [(0.5, "sweep_usd_p50"), (0.9, "sweep_usd_p90"), (0.99, "sweep_usd_p99")] {
        out.add(name, quantile(&usd, q));
    }
    out.add("sweep_usd_mean", mean(&of(|w| w.usd)));
    out.add("sweep_p99_med", out.get("sweep_usd_p99") / out.get("sweep_usd_p50"));
    out.add("sweep_prints_mean", mean(&of(|w| w.prints)));
    out.add("sweep_prints_p99", quantile(&sorted(of(|w| w.prints)), 0.99));
    out.add("sweep_levels_mean", mean(&of(|w| w.levels)));
    out.add("sweep_levels_gt1", share(sweeps, |w| w.levels > 1.0));
    out.add("sweep_levels_p99", quantile(&sorted(of(|w| w.levels)), 0.99));
}

fn clusters(s: &Series, sweeps: &[Sweep], out: &mut Facts) {
    let times: Vec<i64> = sweeps.iter().map(|w| w.ms).collect();
    for (window, name) in [(1_000, "fano_1s"), (10_000, "fano_10s"), (60_000, "fano_60s")] {
        out.add(name, fano(&times, &s.stretches, window));
    }
    let zero = s.rows[0].ms;
    // Takers of a block have no order of their own: they get one, the same in every run.
    let spread = |(i, ms): (usize, &i64)| {
        let u = (seed::mix(i as u64) >> 11) as f64 / (1u64 << 53) as f64;
        (ms - zero) as f64 / 1e3 + u * BLOCK_S
    };
    let jittered = sorted(times.iter().enumerate().map(spread).collect());
    let seconds = |ms: i64| (ms - zero) as f64 / 1e3;
    let spans: Vec<(f64, f64)> = s.stretches.iter().map(|v| (seconds(v.0), seconds(v.1))).collect();
    let n = hawkes(&jittered, &spans);
    out.add("hawkes_n", n.iter().sum());
    out.add("hawkes_n_fast", n[0]);
    out.add("hawkes_n_mid", n[1]);
    out.add("hawkes_n_slow", n[2]);
    let gaps: Vec<f64> = times.windows(2).map(|w| (w[1] - w[0]) as f64 / 1e3).collect();
    let gaps: Vec<f64> = gaps.into_iter().filter(|g| *g < 60.0).collect();
    out.add("gap_cv", deviation(&gaps, 0) / mean(&gaps));
    for lag in [1, 2, 5, 10, 20] {
        let pairs = sweeps.iter().zip(sweeps.iter().skip(lag));
        let products: Vec<f64> = pairs.map(|(a, b)| a.sign * b.sign).collect();
        out.add(&format!("sign_ac{lag}"), mean(&products));
    }
}

/// Variance over mean of the number of sweeps in windows.
fn fano(times: &[i64], stretches: &[(i64, i64)], window: i64) -> f64 {
    let mut counts = Vec::new();
    for (from, to) in stretches {
        for i in 0..(to - from) / window {
            let (a, b) = (from + i * window, from + (i + 1) * window);
            let inside = times.partition_point(|t| *t < b) - times.partition_point(|t| *t < a);
            counts.push(inside as f64);
        }
    }
    if counts.len() < 8 || counts.iter().all(|c| *c < 0.5) {
        return f64::NAN;
    }
    let d = deviation(&counts, 1);
    d * d / mean(&counts)
}

/// Branching ratio of a Hawkes process by decay of its kernel, by expectation and maximisation (Veen
/// and Schoenberg 2008); stretches are independent.
fn hawkes(times: &[f64], spans: &[(f64, f64)]) -> [f64; 3] {
    let inside = |s: &(f64, f64)| {
        let (a, b) = (times.partition_point(|t| *t < s.0), times.partition_point(|t| *t < s.1));
        &times[a..b]
    };
    let groups: Vec<&[f64]> = spans.iter().map(inside).collect();
    let total: f64 = spans.iter().map(|s| s.1 - s.0).sum();
    let n: usize = groups.iter().map(|g| g.len()).sum();
    if n < 60 {
        return [f64::NAN; 3];
    }
    let mut a = [0.1; 3];
    let mut mu = 0.5 * n as f64 / total;
    let mut weight = [0.0; 3];
    for (s, group) in spans.iter().zip(&groups) {
        for (w, beta) in weight.iter_mut().zip(BETAS) {
            *w += group.iter().map(|x| 1.0 - det::exp(-beta * (s.1 - x))).sum::<f64>();
        }
    }
    for _ in 0..STEPS {
        let (mut caused, mut own) = ([0.0; 3], 0.0);
        for group in &groups {
            let mut excited = [0.0; 3];
            let mut last = None;
            for x in *group {
                if let Some(last) = last.replace(*x) {
                    for (e, beta) in excited.iter_mut().zip(BETAS) {
                        *e = (*e + 1.0) * det::exp(-beta * (x - last));
                    }
                }
                let rate = std::array::from_fn::<f64, 3, _>(|k| a[k] * BETAS[k] * excited[k]);
                let all = mu + rate.iter().sum::<f64>();
                caused.iter_mut().zip(rate).for_each(|(c, r)| *c += r / all);
                own += mu / all;
            }
        }
        mu = own / total;
        a = std::array::from_fn(|k| caused[k] / weight[k].max(1e-9));
    }
    a
}

/// How the mid moves with a sweep, bps: from the state before its block.
fn responses(s: &Series, sweeps: &[Sweep], out: &mut Facts) {
    let usd = sorted(sweeps.iter().map(|w| w.usd).collect());
    let (half, most) = (quantile(&usd, 0.5), quantile(&usd, 0.9));
    for (ms, name) in [(0, "0"), (500, "0.5"), (1_000, "1"), (5_000, "5"), (30_000, "30")] {
        let moved = |w: &Sweep| {
            let before = s.at(w.ms - 1)?.mid();
            let after = s.at(w.ms + ms)?.mid();
            s.holds(w.ms, w.ms + ms).then(|| (w.usd, w.sign * bps(before, after)))
        };
        let all: Vec<(f64, f64)> = sweeps.iter().filter_map(moved).collect();
        let of = |holds: &dyn Fn(f64) -> bool| -> Vec<f64> {
            all.iter().filter(|v| holds(v.0)).map(|v| v.1).collect()
        };
        let r = of(&|_| true);
        out.add(&format!("resp_{name}s"), mean(&r));
        out.add(&format!("resp_{name}s_se"), deviation(&r, 0) / (r.len() as f64).sqrt());
        let parts: [(&str, &dyn Fn(f64) -> bool); 3] = [
            ("small", &|u| u <= half),
            ("mid", &|u| u > half && u <= most),
            ("big", &|u| u > most),
        ];
        for (part, holds) in parts {
            let r = of(holds);
            let m = if r.len() > 5 { mean(&r) } else { f64::NAN };
            out.add(&format!("resp_{name}s_{part}"), m);
        }
    }
}

/// What sweeps take, and how far beyond the mid they reach.
fn reach(s: &Series, sweeps: &[Sweep], out: &mut Facts) {
    let before = |w: &Sweep| s.at(w.ms - 1);
    let makers = |w: &Sweep| usize::from(w.sign > 0.0);
    let whole = |w: &Sweep| before(w).is_some_and(|t| w.usd >= 0.999 * t.usd(makers(w)));
    out.add("takes_whole_best", share(sweeps, whole));
    let depth = |w: &Sweep| {
        let mid = before(w)?.mid();
        Some(w.sign * (w.worst - mid) / mid * 1e4)
    };
    let depths: Vec<f64> = sweeps.iter().filter_map(depth).collect();
    for d in [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0] {
        let n = depths.iter().filter(|x| **x >= d).count();
        out.add(&format!("lam_{d}"), n as f64 / s.seconds / 2.0);
    }
    let deep: Vec<f64> = depths.into_iter().filter(|d| *d >= 0.0).collect();
    out.add("depth_mean_bps", mean(&deep));
    let beyond = |w: &Sweep| {
        let touch = before(w).map_or(f64::NAN, |t| t.px[makers(w)].to_f64());
        w.sign * (w.worst - touch) / s.tick
    };
    out.add("through_touch_share", share(sweeps, |w| beyond(w) > 0.5));
    out.add("inside_share", share(sweeps, |w| beyond(w) < -0.5));
}
