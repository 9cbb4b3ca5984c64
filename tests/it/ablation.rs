//! Every component moves something: switched off, quotes, sizes or refusals change by a stated amount
//! on a fixed market; a setting that decides nothing changes nothing.

use std::path::Path;

use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::replay::{Tally, replay};
use papermaker::rooms::app::survey::coins_of;
use papermaker::rooms::app::turn::Turn;
use papermaker::rooms::feed::CoinSpec;
use papermaker::rooms::record::{Body, Bytes, Guard, Record, StopReason, StrategyNames};
use papermaker::rooms::units::Ns;
use papermaker::rooms::venue;
use papermaker::rooms::venue::config::Regime;
use papermaker::rooms::venue::market::Market;

/// What was shown at the end of a second: distance of the first level wanted, skew, first prices, sum
/// of sizes, guards.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    half: f64,
    first: [f64; 2],
    size: f64,
    guard: [Guard; 2],
}

#[derive(Clone, Debug, Default)]
struct Watch {
    now: [Second; 16],
    all: Vec<Second>,
    names: StrategyNames,
}

impl Watch {
    fn take(&mut self, r: &Record) {
        self.names.take(&r.body);
        let Some(s) = self.now.get_mut(r.coin.index()) else { return };
        match r.body {
            Body::Terms(t) => s.half = self.names.value(&t, "half_bps").expect("glft"),
            Body::Ladder(l) => {
                s.guard[l.side.index()] = l.guard;
                s.first[l.side.index()] = l.px[0].to_f64();
                s.size = l.sz.iter().map(|z| z.to_f64()).sum();
            }
            Body::Estimates(_) => self.all.push(*s),
            _ => {}
        }
    }
}

fn config(set: &str) -> Config {
    let sets: Vec<String> = format!("engine.strategy.name=glft {set}")
        .split(' ')
        .filter(|s| !s.is_empty())
        .map(str::to_owned)
        .collect();
    Config::load(None, &sets).expect("a setting that exists")
}

/// A market that goes through all regimes, wild at first.
fn wild() -> venue::config::Config {
    let law = venue::config::Config::switching("BTC", 60.0);
    venue::config::Config { start: Regime::Volatile, ..law }
}

/// Eleven minutes of a market.
fn market(law: &venue::config::Config, set: &str) -> Vec<Second> {
    let mut world = Market::new(law, 11).expect("a sound law");
    let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
    let c = config(set);
    let mut turn = Turn::new(&c.engine, &coins, c.hash(&coins)).expect("coins");
    let mut watch = Watch::default();
    let mut out = Tally::new(|r: &Record, _: &Bytes| watch.take(r));
    let mut start = None;
    loop {
        let block = world.next_block();
        let now = block.time.plus(50 * Ns::MS);
        let begun = *start.get_or_insert_with(|| {
            turn.up(now, &mut out);
            now
        });
        if now.since(begun) > 660 * Ns::SEC {
            break;
        }
        for frame in &block.frames {
            turn.message(now, frame.as_bytes(), &mut out);
        }
    }
    drop(out);
    watch.all
}

/// Mean change of the first distance (bps), of first prices (bps), of sizes (share), and the share of
/// side-seconds with another guard.
fn change(a: &[Second], b: &[Second]) -> [f64; 4] {
    let n = a.len().min(b.len()) as f64;
    let mut sum = [0.0; 4];
    for (x, y) in a.iter().zip(b) {
        sum[0] += (x.half - y.half).abs();
        for s in 0..2 {
            if x.first[s] > 0.0 && y.first[s] > 0.0 {
                sum[1] += 0.5e4 * (x.first[s] / y.first[s] - 1.0).abs();
            }
            sum[3] += 0.5 * f64::from(u8::from(x.guard[s] != y.guard[s]));
        }
        if x.size > 0.0 && y.size > 0.0 {
            sum[2] += (x.size / y.size - 1.0).abs();
        }
    }
    sum.map(|s| s / n)
}

/// Components, and which of the four changes must reach which amount.
const SWITCHES: [(&str, usize, f64); 20] = [
    ("engine.learn.use.regimes=false", 0, 0.2),
    ("engine.learn.use.markout=false", 0, 0.1),
    ("engine.learn.use.shadows=false", 0, 0.05),
    ("engine.learn.use.markout_by_regime=false", 0, 0.02),
    ("engine.learn.use.markout_by_depth=false", 0, 0.05),
    ("engine.learn.use.sigma=false", 0, 0.02),
    ("engine.learn.use.confidence=false", 2, 0.01),
    ("engine.learn.use.drift=false", 0, 0.1),
    ("engine.learn.use.near=false", 0, 0.01),
    ("engine.learn.use.signal=false", 1, 0.001),
    ("engine.learn.use.counted=false", 0, 0.001),
    ("engine.learn.use.controller=false", 0, 0.001),
    ("engine.learn.estimator=own", 0, 0.2),
    ("engine.learn.estimator=book", 0, 0.2),
    ("engine.learn.estimator=blend", 0, 0.01),
    ("engine.strategy.glft.use.table=false", 1, 0.01),
    ("engine.strategy.glft.use.sizes=false", 2, 0.01),
    ("engine.strategy.glft.use.certainty=false", 2, 0.01),
    ("engine.strategy.glft.use.kelly=false", 2, 0.01),
    ("engine.strategy.glft.use.signal=false", 1, 0.001),
];

/// The same for what works while fills are rare.
const RARE: [(&str, usize, f64); 3] = [
    ("engine.learn.use.thinning=false", 0, 0.005),
    ("engine.learn.use.gating=false", 0, 0.003),
    ("engine.strategy.glft.explore.on=false", 0, 0.3),
];

/// Components that only a real market's errors and pauses call on.
const REAL: [&str; 3] = [
    "engine.learn.use.floor=false",
    "engine.strategy.glft.use.floor=false",
    "engine.learn.use.warmup=false",
];

#[test]
fn every_component_moves_a_quote_a_size_or_a_gate_by_a_stated_amount() {
    let calm = venue::config::Config::stationary("BTC", Regime::Quiet);
    let base = market(&wild(), "");
    assert!(base.len() > 600);
    let same = change(&base, &market(&wild(), "run.folder=elsewhere"));
    assert!(same.iter().all(|x| *x < 1e-300), "control: what decides nothing moves nothing");
    let calm_base = market(&calm, "");
    let rows: Vec<_> = SWITCHES
        .iter()
        .map(|row| (wild(), &base, row))
        .chain(RARE.iter().map(|row| (calm.clone(), &calm_base, row)))
        .collect();
    let look = |(law, base, (set, which, least)): &(_, &Vec<Second>, &(&str, usize, f64))| {
        let c = change(base, &market(law, set));
        println!(
            "{set:<44} distance {:.4} bps, prices {:.4} bps, sizes {:.4}, guards {:.4}",
            c[0], c[1], c[2], c[3]
        );
        (c[*which] < *least).then(|| format!("{set}: {c:?}, less than {least} at {which}"))
    };
    let short: Vec<String> = std::thread::scope(|all| {
        // More threads than cores: other tests of this binary mostly wait.
        let parts: Vec<_> = rows
            .chunks(rows.len().div_ceil(4))
            .map(|part| all.spawn(|| part.iter().filter_map(look).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|p| p.join().expect("looked at")).collect()
    });
    assert!(short.is_empty(), "{}", short.join("\n"));
}

#[test]
fn on_a_recording_too() {
    let file = Path::new("../shared/data/hyperliquid/hl_20250903_9m_ALL4.frames.gz");
    if !file.exists() {
        println!("no recording at {}: nothing looked at", file.display());
        return;
    }
    let coins = coins_of(file).expect("a recording");
    let run = |set: &str| {
        let c = config(set);
        let mut watch = Watch::default();
        let mut out = Tally::new(|r: &Record, _: &Bytes| watch.take(r));
        replay(file, &c, &coins, Some(StopReason::Finished), &mut out).expect("a recording");
        drop(out);
        watch.all
    };
    let base = run("");
    let mut still = vec![];
    let synthetic = SWITCHES.iter().chain(&RARE).map(|(set, ..)| *set);
    for set in synthetic.chain(REAL) {
        let c = change(&base, &run(set));
        println!(
            "{set:<44} distance {:.4} bps, prices {:.4} bps, sizes {:.4}, guards {:.4}",
            c[0], c[1], c[2], c[3]
        );
        if c.iter().all(|x| *x < 1e-9) {
            still.push(set);
        }
    }
    assert!(still.is_empty(), "these move nothing: {still:?}");
}
