use super::*;

const BLOCK_S: f64 = 0.08;

/// Runs one coin in one regime for `seconds`; calls `see` with each block and its prints.
fn run(config: &Config, seconds: f64, mut see: impl FnMut(&CoinBlock, &Flow)) -> Flow {
    let mut flow = Flow::new(config, &config.coins[0]);
    for _ in 0..draw::floor(seconds / BLOCK_S) {
        let block = flow.step(BLOCK_S);
        see(&block, &flow);
    }
    flow
}

/// A sweep's distances from the mid before its block, in bps.
struct Sweep {
    touch: f64,
    worst: f64,
    /// The first valid price it did not reach.
    unreached: f64,
}

/// Kolmogorov-Smirnov distance, times sqrt(n), of penetrations from the law of reach: a taker that
/// trades at all reaches d or more with probability e^(-k (d - touch)) wherever d is the distance
/// of a valid price. Exact on the grid: a sweep stands for a uniform point between the law's
/// values at its worst price and at the next.
fn ks(sweeps: &[Sweep], decay_per_bps: f64) -> f64 {
    let mut rng = draw::stream(1, "ks", 0);
    let law = |d: f64| -det::exp_m1(-decay_per_bps * d);
    let mut u: Vec<f64> = sweeps
        .iter()
        .map(|s| {
            let (a, b) = (law(s.worst - s.touch), law(s.unreached - s.touch));
            a + (b - a) * rng.f64()
        })
        .collect();
    u.sort_by(f64::total_cmp);
    let n = draw::float(u.len().try_into().expect("small"));
    let mut sup: f64 = 0.0;
    let mut below = 0.0;
    for u in u {
        sup = sup.max((below / n - u).abs()).max(((below + 1.0) / n - u).abs());
        below += 1.0;
    }
    sup * n.sqrt()
}

/// All sweeps of a run.
fn sweeps(config: &Config, seconds: f64) -> Vec<Sweep> {
    let mut seen = Vec::new();
    run(config, seconds, |block, flow| {
        let mid = draw::float(block.mid_before.0);
        let from_mid = |px: Px| (2.0 * draw::float(px.0) - mid).abs() / mid * 1e4;
        let grid = flow.makers().grid();
        for taker in &block.takers {
            let best = flow.prints().iter().filter(|p| p.aggressor == taker.side);
            let best = best.map(|p| p.px).min_by_key(|p| taker.side.sign() * p.0);
            if let (Some(worst), Some(touch)) = (taker.worst, best) {
                let next = grid.px(grid.floor(worst) + taker.side.sign());
                seen.push(Sweep {
                    touch: from_mid(touch),
                    worst: from_mid(worst),
                    unreached: from_mid(next),
                });
            }
        }
    });
    seen
}

#[test]
fn penetration_is_exponential_on_the_grid() {
    for (coin, regime) in
        [("ETH", Regime::Normal), ("BTC", Regime::Volatile), ("SOL", Regime::Normal)]
    {
        let config = Config::stationary(coin, regime);
        let seen = sweeps(&config, 3_000.0);
        assert!(seen.len() > 800);
        let k = config.law(regime).decay_per_bps;
        // p = 1.2e-4 at 2.2 and 7e-6 at 2.5.
        assert!(ks(&seen, k) < 2.2, "{coin} {regime:?}: {}", ks(&seen, k));
        assert!(ks(&seen, 1.25 * k) > 2.5, "a wrong decay is noticed: {}", ks(&seen, 1.25 * k));
        assert!(ks(&seen, 0.8 * k) > 2.5, "a wrong decay is noticed: {}", ks(&seen, 0.8 * k));
    }
}

#[test]
fn takers_come_at_the_configured_rate() {
    for regime in [Regime::Normal, Regime::Cascade] {
        let config = Config::stationary("ETH", regime);
        let seconds = 2_000.0;
        let flow = run(&config, seconds, |_, _| {});
        let truth = flow.truth().averaged();
        let r = truth.regimes[regime.index()];
        assert!((r.seconds - seconds).abs() < 1.0);
        let half = r.half_spread_bps;
        for side in 0..2 {
            for (count, rate) in [
                (r.arrivals[side], r.rate_per_s),
                (r.sweeps[side], r.rate_per_s * det::exp(-r.decay_per_bps * half)),
            ] {
                let (count, want) = (draw::float(count.cast_signed()), rate * r.seconds);
                assert!((count - want).abs() < 4.0 * want.sqrt(), "{regime:?}: {count} for {want}");
                assert!((count - 1.2 * want).abs() > 4.0 * want.sqrt(), "a wrong rate is noticed");
            }
        }
    }
}

#[test]
fn long_run_volatility_and_markout_are_the_configured() {
    let mut config = Config::stationary("ETH", Regime::Normal);
    config.seed = 5;
    let every = 250; // 20 s
    let (mut last, mut count, mut squares, mut n) = (0.0, 0, 0.0, 0.0);
    let mut mids: Vec<f64> = Vec::new();
    let mut takers: Vec<(usize, f64)> = Vec::new();
    let flow = run(&config, 40_000.0, |block, _| {
        let mid = draw::float(block.mid_before.0);
        for t in block.takers.iter().filter(|t| t.worst.is_some()) {
            takers.push((mids.len(), draw::float(t.side.sign())));
        }
        mids.push(mid);
        if count % every == 0 {
            if count > 0 {
                let bps = det::ln(mid / last) * 1e4;
                squares += bps * bps;
                n += 1.0;
            }
            last = mid;
        }
        count += 1;
    });
    let sigma = (squares / n / 20.0f64).sqrt();
    let want = flow.truth().regimes[1].sigma_bps;
    assert!((sigma / want - 1.0).abs() < 3.5 / (2.0 * n).sqrt(), "sigma {sigma}, want {want}");
    // Five seconds after a taker the mid has moved with it by the known share of the impact.
    let lag = 63;
    let (mut sum, mut m) = (0.0, 0.0);
    for (at, sign) in takers {
        if let Some(later) = mids.get(at + lag) {
            sum += sign * det::ln(later / mids[at]) * 1e4;
            m += 1.0;
        }
    }
    let (got, want) = (sum / m, flow.truth().markout_bps(Regime::Normal, 5.0));
    let se = sigma * 5.0f64.sqrt() / f64::sqrt(m);
    assert!((got - want).abs() < 4.0 * se, "markout {got}, want {want}, se {se}");
    assert!(got > 4.0 * se, "not zero");
}

#[test]
fn the_same_seed_gives_the_same_market_and_another_seed_another() {
    let collect = |seed| {
        let config = Config { seed, ..Config::switching("SOL", 20.0) };
        let mut all = Vec::new();
        run(&config, 60.0, |block, flow| all.push((block.clone(), flow.prints().to_vec())));
        all
    };
    assert_eq!(collect(7), collect(7));
    assert_ne!(collect(7), collect(8));
}

#[test]
fn volume_and_order_of_prints() {
    let config = Config::stationary("BTC", Regime::Cascade);
    let rules = Rules::perp(5);
    let mut tids = std::collections::BTreeSet::new();
    run(&config, 120.0, |block, flow| {
        let taken: i64 = block.takers.iter().map(|t| t.sz.0).sum();
        assert_eq!(taken, flow.prints().iter().map(|p| p.sz.0).sum::<i64>());
        assert!(flow.prints().len() <= crate::limits::PRINTS_MAX);
        for p in flow.prints() {
            assert!(rules.valid_px(p.px) && rules.valid_sz(p.sz) && p.tid < 1 << 50);
            assert!(tids.insert(p.tid), "ids do not repeat");
        }
    });
}

#[test]
fn regimes_last_as_configured_and_all_are_visited() {
    let config = Config::switching("HYPE", 30.0);
    let flow = run(&config, 6_000.0, |_, _| {});
    let truth = flow.truth().averaged();
    for r in truth.regimes {
        assert!((r.seconds / truth.seconds - 0.25).abs() < 0.15, "{r:?}");
    }
    let still = run(&Config::stationary("HYPE", Regime::Quiet), 600.0, |block, _| {
        assert_eq!(block.regime, Regime::Quiet);
    });
    assert!((still.truth().averaged().kappa - 12_000.0).abs() < 1e-6);
}

#[test]
fn a_power_of_ten_in_the_price_is_no_obstacle() {
    // Starts at 100.00, below which the tick is ten times finer.
    let config = Config::stationary("X", Regime::Volatile);
    let rules = Rules::perp(2);
    let (mut above, mut below) = (0, 0);
    run(&config, 300.0, |_, flow| {
        let book = flow.makers().book();
        let (bid, ask) = (book.best(Side::Buy).expect("bid"), book.best(Side::Sell).expect("ask"));
        assert!(bid.px < ask.px && rules.valid_px(bid.px) && rules.valid_px(ask.px));
        above += i32::from(bid.px.to_f64() > 100.0);
        below += i32::from(bid.px.to_f64() < 100.0);
    });
    assert!(above > 0 && below > 0);
}
