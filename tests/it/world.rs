//! How like real markets the worlds of the embedded exchange are, by the facts of 35 minutes.
//!
//! In: recordings of the simulated market. Out: facts against bands. Cold path.

use papermaker::rooms::app::measured::measure;
use papermaker::rooms::app::survey::survey;
use papermaker::rooms::facts::Facts;
use papermaker::rooms::facts::bands::Bands;
use papermaker::rooms::folder::recording::Writer;
use papermaker::rooms::units::Ns;
use papermaker::rooms::venue::config::{Config, Named};
use papermaker::rooms::venue::market::Market;
use papermaker::rooms::venue::tape;
use serde_json::Value;

use super::process::{Temporary, papermaker};

/// Seeds that no parameter was fitted on.
const SEEDS: [u64; 6] = [301, 302, 303, 304, 305, 306];

fn facts(world: Named, minutes: i64, seed: u64) -> Facts {
    let name = format!("world-{}-{world:?}-{minutes}-{seed}.frames.gz", std::process::id());
    let path = std::env::temp_dir().join(name);
    let config = Config { coins: vec!["X".to_owned()], world, seed, ..Config::default() };
    let mut out = Writer::new(std::fs::File::create(&path).expect("a file"));
    let length_ns = minutes * 60 * Ns::SEC;
    tape::record(&config, length_ns, |at, text| out.frame(at, text.as_bytes()), |_| Ok(()))
        .expect("recorded");
    out.finish().expect("written");
    let coins = survey(&path).expect("readable").coins;
    let mut found = measure(&path, &coins).expect("readable");
    std::fs::remove_file(&path).expect("there");
    assert_eq!(found.seen.counters.rejects(), 0, "{world:?}");
    found.coins.pop().and_then(|c| c.1).expect("facts")
}

/// Facts that lie in their bands under every seed: of BTC, and of all others.
const BTC_ALWAYS: [&str; 20] = [
    "spread_1tick_share",
    "touch_moves_s",
    "vol_0.1s",
    "vol_1s",
    "vol_5s",
    "vol_30s",
    "best_usd_p50",
    "best_usd_p90",
    "queue_over_flow_s",
    "sweeps_s_side",
    "sweep_usd_p50",
    "sweep_usd_p99",
    "fano_1s",
    "fano_10s",
    "fano_60s",
    "retreat_by_trade",
    "imb_auc",
    "resp_1s",
    "resp_5s",
    "cancel_rate_of_best_s",
];
const ALWAYS: [&str; 5] =
    ["spread_ticks_mean", "touch_moves_s", "vol_1s", "best_usd_p50", "queue_over_flow_s"];

fn holds(bands: &Bands, name: &str, value: f64) -> bool {
    bands.get(name).is_some_and(|[lo, hi]| lo <= value && value <= hi)
}

/// How many facts lie in their band, each the median of six seeds.
fn inside(runs: &[Facts; SEEDS.len()], bands: &Bands) -> usize {
    let holds = |name: &&str| {
        let mut all = runs.each_ref().map(|f| f.get(name));
        all.sort_by(f64::total_cmp);
        holds(bands, name, f64::midpoint(all[2], all[3]))
    };
    runs[0].iter().map(|(name, _)| name).filter(holds).count()
}

/// Which of `always` lie outside their band, with the seed.
fn missed(runs: &[Facts; SEEDS.len()], bands: &Bands, always: &[&str]) -> Vec<String> {
    let of = |(seed, f): (u64, &Facts)| -> Vec<String> {
        let out = always.iter().filter(|name| !holds(bands, name, f.get(name)));
        out.map(|name| format!("{name} {} under {seed}", f.get(name))).collect()
    };
    SEEDS.into_iter().zip(runs).flat_map(of).collect()
}

/// Negative control: the simple market is like none of them.
#[test]
fn worlds_lie_in_the_bands_of_their_coins_and_the_simple_market_does_not() {
    let of = |world| SEEDS.map(|seed| facts(world, 35, seed));
    let simple = of(Named::Simple);
    for (world, kind, least, always) in [
        (Named::Btc, "btc", 62, &BTC_ALWAYS[..]),
        (Named::Eth, "eth", 54, &ALWAYS[..]),
        (Named::Sol, "sol", 54, &ALWAYS[..]),
        (Named::Thin, "thin", 57, &ALWAYS[..]),
    ] {
        let bands = Bands::built_in(kind).expect("built in");
        let runs = of(world);
        let (n, missed_by_world) = (inside(&runs, &bands), missed(&runs, &bands, always));
        println!("{world:?}: {n} of 66");
        assert!(n >= least, "{world:?}: {n} of 66");
        assert!(missed_by_world.is_empty(), "{world:?}: {}", missed_by_world.join(", "));
        let n = inside(&simple, &bands);
        assert!(n <= 36, "simple against {kind}: {n} of 66");
        assert!(missed(&simple, &bands, always).len() > 2 * SEEDS.len(), "simple against {kind}");
    }
}

/// In the paying world the spread is 8 to 10 bps, takers come .1 to .3 a second and side, reach no
/// further than the touch and move nothing.
#[test]
fn the_paying_world_pays() {
    let f = facts(Named::Paying, 60, SEEDS[0]);
    let within = |name: &str, lo: f64, hi: f64| {
        let x = f.get(name);
        assert!(lo <= x && x <= hi, "{name}: {x}");
    };
    within("spread_bps_mean", 8.0, 10.0);
    within("sweeps_s_side", 0.1, 0.3);
    within("sweep_levels_gt1", 0.0, 0.02);
    within("resp_5s", -0.3, 0.3);
}

#[test]
fn equal_seeds_give_equal_markets_and_others_do_not() {
    let [a, b, c] = [1, 1, 2].map(|seed| facts(Named::Thin, 3, seed));
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
    assert_ne!(format!("{a:?}"), format!("{c:?}"));
}

/// Value by place with its interval: of what a replay learned from 20 minutes of a coin, where seen often
/// enough, and its verdict; of the truth.
type Values = Vec<(String, [f64; 2])>;

fn learned(dir: &Temporary, coin: &str) -> (Values, String) {
    let config = Config { coins: vec![coin.to_owned()], ..Config::default() };
    let mut market = Market::new(&config, 3).expect("a market");
    let tape = format!("{coin}.frames.gz");
    let mut out = Writer::new(std::fs::File::create(dir.join(&tape)).expect("a file"));
    for _ in 0..15_000 {
        let block = market.next_block();
        for frame in &block.frames {
            out.frame(block.time.plus(50 * Ns::MS), frame.as_bytes()).expect("written");
        }
    }
    out.finish().expect("written");
    let replay = papermaker(&dir.0, &["replay", &tape, "--once", "--json"]).assert_code(0).json();
    let earns = &replay["coins"][0]["earns"];
    let rows = earns["curve"].as_array().expect("a curve").iter();
    let f = |r: &Value, name: &str| r[name].as_f64().expect("a figure");
    let seen = rows.filter(|r| r["mark_s"] == 5 && f(r, "n_eff") >= 2.0);
    let ends = |r: &Value| ["value_lo_bps_per_s", "value_hi_bps_per_s"].map(|name| f(r, name));
    let values = seen.map(|r| (r["place"].as_str().expect("a name").to_owned(), ends(r)));
    (values.collect(), earns["verdicts"][0]["word"].as_str().expect("a word").to_owned())
}

fn true_values(dir: &Temporary, coin: &str) -> Values {
    let args = ["truth", "--world", "by-coin", "--coin", coin, "--hours", "0.5", "--json"];
    let truth = papermaker(&dir.0, &args).assert_code(0).json();
    assert_eq!((&truth["hours"], &truth["curves"][0]["mark_s"]), (&0.5.into(), &5.into()));
    let rows = truth["curves"][0]["rows"].as_array().expect("rows").iter();
    let ends = |r: &Value| {
        let [value, half] = ["value", "ci95"].map(|name| r["value"][name].as_f64().unwrap_or(0.0));
        [value - half, value + half]
    };
    rows.map(|r| (r["place"].as_str().expect("a name").to_owned(), ends(r))).collect()
}

/// At how many of the places that were seen often enough the intervals of the learned value and of the true
/// one overlap.
fn agree(learned: &Values, truth: &Values) -> usize {
    let with = |(place, [lo, hi]): &&(String, [f64; 2])| {
        truth.iter().any(|(p, [l, h])| p == place && l <= hi && lo <= h)
    };
    learned.iter().filter(with).count()
}

/// What the feed of the default run gives to learn is true: in the world in which a maker earns and in that
/// like BTC. Negative control: it is not true of the other world.
#[test]
fn what_is_learned_agrees_with_the_truth() {
    let dir = Temporary::new();
    let ((pays, word), (btc, other)) = (learned(&dir, "PAYS"), learned(&dir, "BTC"));
    assert_eq!((word.as_str(), pays.len() >= 8), ("PAYS", true), "{pays:?}");
    assert!(other.contains("LOSES") && btc.len() >= 4, "{other}: {btc:?}");
    let [truth_pays, truth_btc] = ["PAYS", "BTC"].map(|coin| true_values(&dir, coin));
    for (learned, truth, wrong) in
        [(&pays, &truth_pays, &truth_btc), (&btc, &truth_btc, &truth_pays)]
    {
        let (n, all) = (agree(learned, truth), learned.len());
        assert!(4 * n >= 3 * all, "{n} of {all}: {learned:?} {truth:?}");
        assert!(2 * agree(learned, wrong) < all, "control: {learned:?} {wrong:?}");
    }
}

/// Prints that are sent with the block after theirs, behind its best prices, change no fill: they come
/// within the wait. After a short one they are counted as late.
#[test]
fn prints_that_come_late_are_waited_for_and_counted_where_they_are_not() {
    let dir = Temporary::new();
    let tape = ["venue", "--tape", "late.gz", "--for", "60s", "--world", "simple"];
    papermaker(&dir.0, &[&tape[..], &["--set", "exchange.feed.late_prints=true"]].concat())
        .assert_code(0);
    let replay = |hold: &str| {
        let hold = format!("engine.sim.hold_ms={hold}");
        let glft = "engine.strategy.name=glft";
        let args = ["replay", "late.gz", "--once", "--json", "--set", &hold, "--set", glft];
        let coin = papermaker(&dir.0, &args).assert_code(0).json()["coins"][0].clone();
        (coin["late_prints"].as_u64().expect("a count"), coin["prints"].as_u64().expect("a count"))
    };
    let (late, prints) = replay("500");
    assert!(late == 0 && prints > 100, "{late} of {prints} with a wait");
    let (late, prints) = replay("1");
    assert!(late * 10 > prints, "{late} of {prints} with a short one");
}
