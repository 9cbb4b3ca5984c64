//! Tests of the facade: order, gaps, determinism, switches, and closed loops on known markets.

use super::*;
use crate::learn::config::{Profile, Use};
use crate::learn::regime;
use crate::math::det;
use crate::math::draw::{Draw, ks_uniform};

const A: [f64; 4] = [0.15, 0.5, 2.0, 6.0];
const K: [f64; 4] = [1.2, 0.6, 0.25, 0.08];
const SIGMA: [f64; 4] = [0.3, 0.8, 2.0, 5.0];

/// A market of known truth: sweeps of exponential depth, each moving the mid by `.25 / k` for good.
struct World {
    draw: Draw,
    at: i64,
    mid: f64,
    state: usize,
    dwell_s: f64,
    impact: f64,
    /// The next second's return in sigmas; the touch leans towards its sign.
    ahead: f64,
}

impl World {
    fn new(seed: u64, state: usize, dwell_s: f64) -> World {
        World { draw: Draw::new(seed), at: 0, mid: 100.0, state, dwell_s, impact: 0.25, ahead: 0.0 }
    }

    /// One second into `x`: sweeps at random moments, then the tick of the second.
    fn second(&mut self, x: &mut Run, out: &mut impl FnMut(LearnEvent)) {
        if self.draw.chance(1.0 / self.dwell_s) {
            self.state = (self.state + 1 + self.draw.below(3)) % 4;
        }
        let (a, k, s) = (A[self.state], K[self.state], SIGMA[self.state]);
        let n = self.draw.poisson(2.0 * a);
        for i in 0..n {
            let at = Ns(self.at + i64::from(i + 1) * Ns::SEC / i64::from(n + 2));
            let side = if self.draw.chance(0.5) { Side::Buy } else { Side::Sell };
            let sweep = Sweep {
                side,
                depth_bps: self.draw.exp(k),
                drift_bps: 0.0,
                half_tick_bps: 0.0,
                size: self.draw.exp(0.2),
                notional: 500.0,
                prints: 1,
                mid: self.mid,
            };
            x.on_sweep(at, sweep);
            self.mid *= 1.0 + 1e-4 * self.impact / k * if side == Side::Buy { 1.0 } else { -1.0 };
            x.on_mid(at.plus(1), self.mid, out);
        }
        self.mid *= 1.0 + 1e-4 * s * self.ahead;
        self.ahead = self.draw.normal();
        self.at += Ns::SEC;
        x.on_mid(Ns(self.at - 1_000), self.mid, out);
        let bid = if self.ahead > 0.0 { 0.8 } else { 0.2 };
        x.of.on_touch(Touch { half_spread_bps: 0.1, bid, ask: 1.0 - bid });
        x.on_second(Ns(self.at), out);
    }
}

/// Learners with the settings that go into each call, of an account that pays 1.5 bps.
struct Run {
    of: Learners,
    cfg: Config,
}

impl Run {
    fn new(cfg: &Config) -> Run {
        Run { of: Learners::new(cfg, 1.5), cfg: *cfg }
    }

    fn estimates(&self) -> &Estimates {
        self.of.estimates()
    }

    fn on_resume(&mut self, now: Ns) {
        self.of.on_resume(&self.cfg, now);
    }

    fn on_gap(&mut self, now: Ns, out: &mut impl FnMut(LearnEvent)) {
        self.of.on_gap(&self.cfg, now, out);
    }

    fn on_mid(&mut self, now: Ns, mid: f64, out: &mut impl FnMut(LearnEvent)) {
        self.of.on_mid(&self.cfg, now, mid, out);
    }

    fn on_sweep(&mut self, now: Ns, s: Sweep) {
        self.of.on_sweep(&self.cfg, now, s);
    }

    fn on_quote(&mut self, now: Ns, q: QuoteSample, out: &mut impl FnMut(LearnEvent)) {
        self.of.on_quote(&self.cfg, now, q, out);
    }

    fn on_quote_end(&mut self, now: Ns, id: u64, filled: bool, out: &mut impl FnMut(LearnEvent)) {
        self.of.on_quote_end(&self.cfg, now, id, filled, out);
    }

    fn on_reached(&mut self, depth_bps: f64, filled: bool, through: bool) {
        self.of.on_reached(&self.cfg, depth_bps, filled, through);
    }

    fn on_fill(&mut self, now: Ns, f: FillSample, out: &mut impl FnMut(LearnEvent)) {
        self.of.on_fill(&self.cfg, now, FillSample { at: now, ..f }, out);
    }

    fn on_second(&mut self, now: Ns, out: &mut impl FnMut(LearnEvent)) {
        self.of.on_known(&self.cfg, now, out);
        self.of.on_second(&self.cfg, 1.5, now, out);
    }
}

fn started(cfg: &Config) -> Run {
    let mut x = Run::new(cfg);
    x.on_resume(Ns(0));
    x.on_mid(Ns(0), 100.0, &mut |_| {});
    x
}

fn known_levels() -> Config {
    Config {
        filter: regime::Config {
            sigma_bps: SIGMA,
            sweeps: A.map(|a| 2.0 * a),
            anchor_s: 0.0,
            ..regime::Config::default()
        },
        ..Config::default()
    }
}

fn run(cfg: &Config, seed: u64, seconds: u32) -> Run {
    let mut x = started(cfg);
    let mut w = World::new(seed, NORMAL, 1e18);
    let mut id = 0;
    for s in 0..seconds {
        trade(&mut x, &mut w, s, &mut id);
        w.second(&mut x, &mut |_| {});
    }
    x
}

/// One own bid at 2 bps for ten seconds at a time; it fills at the rate .1 / s.
fn trade(x: &mut Run, w: &mut World, s: u32, id: &mut u64) {
    let now = Ns(w.at);
    let fill = w.draw.chance(0.1);
    if s.is_multiple_of(10) {
        x.on_quote_end(now, *id, false, &mut |_| {});
        *id += 1;
        let q = QuoteSample { id: *id, side: Side::Buy, depth_bps: 2.0, level: 0 };
        x.on_quote(now, q, &mut |_| {});
    }
    if fill {
        x.on_reached(2.0, true, s.is_multiple_of(2));
        x.on_fill(now, fill_of(*id, w.mid, 2.0), &mut |_| {});
        x.on_quote_end(now, *id, true, &mut |_| {});
    } else {
        x.on_reached(2.0, false, false);
    }
    x.of.on_book(BookSample { within_bps: 5.0, size: 15.0 });
}

fn fill_of(id: u64, mid: f64, depth_bps: f64) -> FillSample {
    FillSample { id, side: Side::Buy, depth_bps, mid, sz_usd: 20.0, level: 0, age: 0, at: Ns(0) }
}

#[test]
fn a_fill_reaches_every_learner_once_in_order() {
    // The forecast is scored before anything it was made from changes.
    assert_eq!(
        FILL_ORDER,
        [
            FillListener::Calibration,
            FillListener::FillRate,
            FillListener::Markout,
            FillListener::Original
        ]
    );
    let mut x = started(&Config { profile: Profile::Original, ..Config::default() });
    let mut events = vec![];
    let q = QuoteSample { id: 9, side: Side::Buy, depth_bps: 2.0, level: 0 };
    x.on_quote(Ns(0), q, &mut |e| events.push(e));
    x.on_fill(Ns(Ns::SEC), fill_of(9, 100.0, 2.0), &mut |e| events.push(e));
    x.on_quote_end(Ns(Ns::SEC), 9, true, &mut |e| events.push(e));
    assert!(matches!(events[..], [LearnEvent::Outcome { id: 9, filled: true, .. }]));
    x.on_mid(Ns(40 * Ns::SEC), 100.0, &mut |e| events.push(e));
    let marks = events.iter().filter(|e| matches!(e, LearnEvent::Markout { id: 9, .. })).count();
    assert_eq!(marks, 4);
    x.on_second(Ns(41 * Ns::SEC), &mut |e| events.push(e));
    let e = x.estimates();
    assert_eq!((e.fills, e.fills_30m, e.calibration.blocks), (1, 1, 1));
    assert!((e.since_fill_s - 40.0).abs() < 1e-9);
    assert!(e.original.kappa_learned > 0.0 && e.original.warmup > 0.1);
}

#[test]
fn equal_inputs_give_equal_bits() {
    let text = |seed| format!("{:?}", run(&Config::default(), seed, 600).estimates());
    assert_eq!(text(1), text(1));
    assert_ne!(text(1), text(2), "control");
}

#[test]
fn exposure_stops_in_a_gap() {
    let plain = run(&Config::default(), 3, 900);
    let mut gapped = started(&Config::default());
    let mut w = World::new(3, NORMAL, 1e18);
    let mut id = 0;
    for s in 0..900 {
        if s == 450 {
            gapped.on_gap(Ns(w.at), &mut |_| {});
            // Whatever arrives meanwhile is not learned from.
            gapped.on_second(Ns(w.at + 5), &mut |_| {});
            w.at += 7_200 * Ns::SEC;
            gapped.on_resume(Ns(w.at));
            gapped.on_mid(Ns(w.at), w.mid, &mut |_| {});
        }
        trade(&mut gapped, &mut w, s, &mut id);
        w.second(&mut gapped, &mut |_| {});
    }
    let (a, b) = (plain.estimates(), gapped.estimates());
    for s in Side::BOTH {
        let ratio = a.reach_at(s, 3.0) / b.reach_at(s, 3.0);
        assert!((ratio - 1.0).abs() < 0.02, "{ratio}");
    }
    assert!(b.refused > 0, "markouts not due at the gap are dropped and counted");
    let one = Config { on: Use { regimes: false, ..Use::default() }, ..Config::default() };
    let mut blind = started(&one);
    let mut w = World::new(3, NORMAL, 1e18);
    (0..450).for_each(|_| w.second(&mut blind, &mut |_| {}));
    let before = blind.estimates().reach_at(Side::Buy, 3.0);
    w.at += 7_200 * Ns::SEC;
    w.second(&mut blind, &mut |_| {});
    let after = blind.estimates().reach_at(Side::Buy, 3.0);
    assert!(after < 0.5 * before, "control: unannounced, two silent hours count as silence");
}

#[test]
fn every_switch_changes_something() {
    let cfg = known_levels();
    let base = format!("{:?}", run(&cfg, 5, 900).estimates());
    type Switch = (&'static str, fn(&mut Use));
    let all: [Switch; 16] = [
        ("regimes", |u| u.regimes = false),
        ("markout", |u| u.markout = false),
        ("shadows", |u| u.shadows = false),
        ("markout_by_regime", |u| u.markout_by_regime = false),
        ("markout_by_depth", |u| u.markout_by_depth = false),
        ("sigma", |u| u.sigma = false),
        ("thinning", |u| u.thinning = false),
        ("confidence", |u| u.confidence = false),
        ("drift", |u| u.drift = false),
        ("near", |u| u.near = false),
        ("signal", |u| u.signal = false),
        ("counted", |u| u.counted = false),
        ("floor", |u| u.floor = false),
        ("controller", |u| u.controller = false),
        ("gating", |u| u.gating = false),
        ("warmup", |u| u.warmup = false),
    ];
    let mut same = vec![];
    for (name, off) in all {
        let mut c = cfg;
        off(&mut c.on);
        let seconds = if name == "warmup" { 20 } else { 900 };
        let base = if name == "warmup" {
            format!("{:?}", run(&cfg, 5, seconds).estimates())
        } else {
            base.clone()
        };
        if format!("{:?}", run(&c, 5, seconds).estimates()) == base {
            same.push(name);
        }
    }
    assert!(same.is_empty(), "these change nothing: {same:?}");
}

#[test]
fn the_original_never_leaks_into_the_default_path() {
    let mut a = *run(&Config::default(), 6, 600).estimates();
    let b = *run(&Config { profile: Profile::Original, ..Config::default() }, 6, 600).estimates();
    // The profile reports the original's kappa, confidence and warm-up in place of ours.
    assert!((b.kappa.span.mean - a.kappa.span.mean).abs() > 1.0);
    assert!((b.confidence - b.original.confidence).abs() < 1e-12);
    (a.kappa, a.confidence, a.warmup) = (b.kappa, b.confidence, b.warmup);
    assert_eq!(format!("{a:?}"), format!("{b:?}"), "and touches nothing else");
}

#[test]
fn finds_the_optimum_where_the_original_spirals_away() {
    // Normal market, no impact: the best depth is fee + 1/kappa = 3.17 bps.
    let best = 1.5 + 1.0 / 0.6;
    let mut x = started(&Config::default());
    let mut w = World { impact: 0.0, ..World::new(7, NORMAL, 1e18) };
    (0..7_200).for_each(|_| w.second(&mut x, &mut |_| {}));
    let e = x.estimates();
    let cost_free = e.depth_bps - e.adverse_bps;
    assert!((cost_free / best - 1.0).abs() < 0.1, "{cost_free} {best}");
    assert!(e.kappa.span.lo < 6_000.0 && 6_000.0 < e.kappa.span.hi, "{:?}", e.kappa);
    assert!((e.rate[0].mean / 0.5 - 1.0).abs() < 0.3, "{:?}", e.rate);
    // The original's estimator, closed loop: quote, be filled there, learn that distance.
    let cfg = super::super::original::Config::default();
    let mut o = Original::new(&cfg);
    let mut d = 2.75;
    for _ in 0..1_000 {
        o.fill(&cfg, d * 1e-4, 1.0, &only(NORMAL));
        d = 1e4 / o.estimates(&cfg, &only(NORMAL)).kappa_learned + 1.5;
    }
    assert!(d > 2.0 * best, "{d}");
}

/// Share of the profit of an oracle that knows the regime, fee 1.5, adverse .25/k, over the hours.
fn share(cfg: &Config, seed: u64, dwell_s: f64, hours: u32) -> f64 {
    let mut x = started(cfg);
    let mut w = World::new(seed, NORMAL, dwell_s);
    let (mut got, mut oracle) = (0.0, 0.0);
    for _ in 0..hours * 3_600 {
        let d = x.estimates().depth_bps;
        w.second(&mut x, &mut |_| {});
        let (a, k) = (A[w.state], K[w.state]);
        let cost = 1.5 + w.impact / k;
        let pnl = |d: f64| a * det::exp(-k * d) * (d - cost);
        got += pnl(d);
        oracle += pnl(cost + 1.0 / k);
    }
    got / oracle
}

#[test]
fn earns_nearly_what_an_oracle_earns() {
    let switching = (0..2).map(|s| share(&known_levels(), 40 + s, 600.0, 4)).sum::<f64>() / 2.0;
    let steady = share(&Config::default(), 50, 1e18, 3);
    let blind = Config { on: Use { regimes: false, ..Use::default() }, ..known_levels() };
    let global = (0..2).map(|s| share(&blind, 40 + s, 600.0, 4)).sum::<f64>() / 2.0;
    println!("switching {switching:.3} steady {steady:.3} without regimes {global:.3}");
    assert!(switching > 0.95 && steady > 0.95);
    assert!(global < switching - 0.03, "control: without regimes");
}

#[test]
fn warms_up_from_the_tape_alone() {
    for (state, most_s) in [(1, 600), (2, 120), (3, 75)] {
        let mut x = started(&Config::default());
        let mut w = World::new(60 + state as u64, state, 1e18);
        let mut took = 0;
        while x.estimates().warmup.score < 1.0 && took < 3_000 {
            w.second(&mut x, &mut |_| {});
            took += 1;
        }
        assert!(took <= most_s, "regime {state}: {took} s");
        assert!(x.estimates().confidence > 0.85 && x.estimates().fills == 0);
    }
}

#[test]
fn starts_unsure_and_finite() {
    let e = *Run::new(&Config::default()).estimates();
    assert!(e.confidence.abs() < 1e-12 && (e.warmup.score - 0.1).abs() < 1e-9);
    assert!((e.kappa.span.mean - 6_000.0).abs() < 60.0, "{:?}", e.kappa);
    assert!((e.depth_bps - (1.5 + 0.5 + 1.0 / 0.6)).abs() < 0.02, "{}", e.depth_bps);
    assert!(e.gate.open && (e.scale - 1.0).abs() < 1e-12);
    assert!(!format!("{e:?}").contains("NaN"));
}

#[test]
fn nonsense_is_refused_and_estimates_stay_finite() {
    let mut d = Draw::new(13);
    let mut x = started(&Config { profile: Profile::Original, ..Config::default() });
    let wild = [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e-300, 1e300, 1e6, 3.0, 0.1];
    let mut at = 0i64;
    for i in 0..20_000u64 {
        at += i64::try_from(d.below(400_000_000)).unwrap() - 50_000_000;
        let now = Ns(at);
        let mut v = || wild[d.below(wild.len())];
        let s = Sweep {
            side: Side::Buy,
            depth_bps: v(),
            drift_bps: v(),
            half_tick_bps: v(),
            size: v(),
            notional: v(),
            prints: 1,
            mid: v(),
        };
        let (depth_bps, mid, usd, pick) = (v(), v(), v(), d.below(9));
        let out = &mut |_| {};
        match pick {
            0 | 1 => x.on_sweep(now, s),
            2 => x.on_mid(now, mid, out),
            3 => x.on_second(now, out),
            4 => {
                let q = QuoteSample { id: i % 90, side: Side::Sell, depth_bps, level: 0 };
                x.on_quote(now, q, out);
            }
            5 => {
                let f = FillSample { sz_usd: usd, ..fill_of(i % 90, mid, depth_bps) };
                x.on_fill(now, f, out);
            }
            6 => x.on_quote_end(now, i % 90, i % 2 == 0, out),
            7 => x.on_reached(depth_bps, i % 3 == 0, i % 2 == 0),
            _ if i % 50 == 0 => x.on_gap(now, out),
            _ => x.on_resume(now),
        }
    }
    x.on_resume(Ns(at));
    x.on_second(Ns(at + Ns::SEC), &mut |_| {});
    let e = x.estimates();
    let text = format!("{e:?}");
    assert!(!text.contains("NaN"), "{text}");
    assert!(e.depth_bps.is_finite() && e.kappa.span.mean > 0.0 && e.sigma_bps.is_finite());
    assert!(e.refused > 0);
}

#[test]
fn settings_refuse_what_they_do_not_know() {
    let ok: Config =
        toml::from_str("[use]\nregimes = false\n[tape]\nkappa = 5000.0").expect("known keys");
    assert!(!ok.on.regimes && ok.on.markout);
    assert!(toml::from_str::<Config>("[use]\nregime = false").is_err());
    assert!(toml::from_str::<Config>("kappa_floor = 8000.0").is_err());
    let round = toml::to_string(&Config::default()).expect("a table");
    assert_eq!(toml::from_str::<Config>(&round).expect("itself"), Config::default());
}

/// Compensator between own fills (both sides at `d` bps, a sweep beyond fills with .6), after half
/// an hour; the prediction multiplied by `wrong`.
fn rescaled(seed: u64, wrong: f64) -> Vec<f64> {
    let mut x = started(&Config::default());
    let mut w = World { impact: 0.0, ..World::new(seed, NORMAL, 1e18) };
    let mut d = Draw::new(seed + 1_000);
    let (depth, mut grown, mut out) = (1.5, 0.0, vec![]);
    for s in 0..14_400 {
        let e = x.estimates();
        let rate: f64 = Side::BOTH.iter().map(|s| e.fill_rate(*s, depth)).sum();
        // The truth: 2 A e^(-k d) .6 per second, thinned from the tape's own intensity.
        let truth = 2.0 * A[1] * det::exp(-K[1] * depth) * 0.6;
        let mut left = 1.0;
        loop {
            let wait = d.exp(truth);
            if wait > left {
                grown += left * rate * wrong;
                break;
            }
            left -= wait;
            grown += wait * rate * wrong;
            if s > 1_800 {
                out.push(1.0 - det::exp(-grown));
            }
            grown = 0.0;
            x.on_reached(depth, true, true);
        }
        for _ in 0..d.poisson(truth / 0.6 * 0.4) {
            x.on_reached(depth, false, true);
        }
        w.second(&mut x, &mut |_| {});
    }
    out
}

#[test]
fn fills_are_poisson_in_predicted_time() {
    let mut u = rescaled(70, 1.0);
    assert!(u.len() > 500);
    // Kolmogorov: sqrt(n) D beyond 2.2 has probability 1e-4; the prediction is itself estimated.
    let (right, wrong) = (ks_uniform(&mut u), ks_uniform(&mut rescaled(70, 1.4)));
    assert!(right < 2.2, "{right}");
    assert!(wrong > 3.0, "control: {wrong}");
}

#[test]
fn a_gap_blurs_the_regime() {
    let cfg = known_levels().filter;
    let mut f = Filter::new(&cfg);
    (0..60).for_each(|_| _ = f.step(&cfg, 1.0, 8.0, 12.0));
    let sure = f.p()[3];
    f.idle(&cfg, 600.0);
    assert!(sure > 0.99 && f.p()[3] < 0.6 && f.p()[3] > 0.4, "{:?}", f.p());
}
