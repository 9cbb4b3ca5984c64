//! Configurations drawn inside the ranges, corners preferred, on a minute of a market: whatever the
//! table allows works.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;
use toml::{Table, Value};

use super::Config;
use crate::app::replay::Tally;
use crate::app::turn::Turn;
use crate::feed::{CoinSpec, Loss};
use crate::record::{self, Bytes, Record, StopReason};
use crate::settings::{ConfigError, Leaf, Room as _, Rule, Section, assignment, check, merge};
use crate::units::Ns;
use crate::venue;
use crate::venue::config::Regime;
use crate::venue::market::{Market, STREAMS};

/// A value of a leaf: mostly at the ends of its range.
fn draw(leaf: &Leaf, rng: &mut Rng) -> String {
    let number = |lo: f64, hi: f64, rng: &mut Rng| match rng.u8(0..4) {
        0 => lo,
        1 => hi,
        // Uniform in the logarithm as far as there is one.
        2 if lo > 0.0 => {
            let (a, b) = (crate::math::det::ln(lo), crate::math::det::ln(hi));
            crate::math::det::exp(a + rng.f64() * (b - a)).clamp(lo, hi)
        }
        _ => lo + rng.f64() * (hi - lo),
    };
    match &leaf.row.rule {
        Rule::Switch => rng.bool().to_string(),
        Rule::Whole(lo, hi) => match rng.u8(0..3) {
            0 => lo.to_string(),
            1 => hi.to_string(),
            _ => rng.i64(lo..=hi).to_string(),
        },
        Rule::OneOf(list) => list[rng.usize(..list.len())].to_string(),
        Rule::Number(lo, hi) => format!("{:?}", number(*lo, *hi, rng)),
        Rule::Numbers(ranges) => {
            let mut all: Vec<f64> = ranges.iter().map(|(a, b)| number(*a, *b, rng)).collect();
            if rng.bool() {
                all.sort_unstable_by(f64::total_cmp);
            }
            format!("{all:?}")
        }
        Rule::Choice(names) => names[rng.usize(..names.len())].0.to_owned(),
        Rule::Form(form) => form.inside[rng.usize(..form.inside.len())].to_owned(),
        Rule::Section(_) | Rule::Kinds(_) => unreachable!("no leaf"),
    }
}

/// Both ends of a leaf alone.
fn ends(leaf: &Leaf) -> Vec<String> {
    match &leaf.row.rule {
        Rule::Switch => vec!["true".into(), "false".into()],
        Rule::Whole(lo, hi) => vec![lo.to_string(), hi.to_string()],
        Rule::Number(lo, hi) => vec![format!("{lo:?}"), format!("{hi:?}")],
        Rule::Choice(names) => names.iter().map(|(n, _)| (*n).to_owned()).collect(),
        Rule::Form(form) => form.inside.iter().map(|x| (*x).to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// Lays assignments of leaves over the default, leaving out what a relation does not allow.
fn set(section: &Section, default: &Table, leaf: &[(&Leaf, String)]) -> (Table, Vec<String>) {
    let (mut table, mut sets) = (default.clone(), Vec::new());
    for (leaf, value) in leaf {
        let mut with = table.clone();
        let mut lay = |text: String| -> Result<(), ConfigError> {
            merge(section, &mut with, assignment(&text)?, "")?;
            sets.push(text);
            Ok(())
        };
        let kind = leaf.needs.as_ref().map(|(kind, name)| format!("{kind}={name}"));
        let laid =
            kind.map_or(Ok(()), &mut lay).and_then(|()| lay(format!("{}={value}", leaf.path)));
        if laid.is_ok() && check(section, &with, "").is_ok() {
            table = with;
        } else {
            sets.truncate(sets.len().saturating_sub(1));
        }
    }
    (table, sets)
}

/// A minute of a market with everything in it, as a feed gives it; without a text the link is lost
/// and comes back.
fn minute() -> Vec<(Ns, Option<String>)> {
    let law = venue::config::Config::switching("BTC", 20.0);
    let law = venue::config::Config { start: Regime::Volatile, prerun_s: 5.0, ..law };
    let mut market = Market::new(&law, 7).expect("a market");
    let (mut out, mut first, mut lost) = (Vec::new(), None, false);
    loop {
        let block = market.next_block();
        let now = block.time.plus(50 * Ns::MS);
        let since = now.since(*first.get_or_insert(now));
        if since >= 60 * Ns::SEC {
            return out;
        }
        out.extend(block.frames.into_iter().map(|f| (now, Some(f))));
        if since > 40 * Ns::SEC && !lost {
            lost = true;
            out.push((now, None));
            market.reconnect();
            for stream in STREAMS {
                let wanted = stream.subscription("BTC");
                let ask = format!(r#"{{"method":"subscribe","subscription":{wanted}}}"#);
                out.extend(market.say(&ask).frames.into_iter().map(|f| (now, Some(f))));
            }
        }
    }
}

/// The first record with a field that is no number.
fn no_number(r: &Record) -> Option<String> {
    fn nan(v: &record::Value) -> bool {
        match v {
            record::Value::Float(x) => x.is_nan(),
            record::Value::List(all) => all.iter().any(nan),
            _ => false,
        }
    }
    let at = r.body.fields().into_iter().find(|(_, v)| nan(v))?;
    Some(format!("record {} {}: {}", r.seq, r.body.name(), at.0))
}

/// Puts the feed through.
fn run(turn: &mut Turn, frames: &[(Ns, Option<String>)], out: &mut Tally<'_>) {
    let (first, last) = (frames[0].0, frames[frames.len() - 1].0);
    turn.up(0, first, out);
    for (now, text) in frames {
        match text {
            Some(text) => turn.message(*now, text.as_bytes(), out),
            None => {
                turn.down(0, *now, Loss::Lost, out);
                turn.up(0, *now, out);
            }
        }
    }
    turn.stopping(last, out);
    let records = out.next;
    turn.stop(last, StopReason::Finished, records, out);
}

/// Puts the feed through an engine; how many records, or what went wrong.
fn replay(config: &Config, frames: &[(Ns, Option<String>)]) -> Result<u64, String> {
    let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
    let mut wrong = None;
    let mut out = Tally::new(|r: &Record, _: &Bytes| {
        if wrong.is_none() {
            wrong = no_number(r);
        }
    });
    let mut turn = Turn::new(&config.engine, &coins, [0; 2]).expect("a coin");
    run(&mut turn, frames, &mut out);
    let records = out.next;
    let state = format!("{:?}", turn.state().1);
    drop(out);
    match wrong {
        Some(text) => Err(text),
        None if state.contains("NaN") => {
            let at = state.find("NaN").unwrap_or(0);
            Err(format!("state: {}", &state[at.saturating_sub(160)..at + 3]))
        }
        None => Ok(records),
    }
}

/// The names of fields anywhere in a value.
fn field_names(v: &serde_json::Value, out: &mut BTreeSet<String>) {
    match v {
        serde_json::Value::Object(all) => {
            for (name, v) in all {
                out.insert(name.clone());
                field_names(v, out);
            }
        }
        serde_json::Value::Array(all) => all.iter().for_each(|v| field_names(v, out)),
        _ => {}
    }
}

/// The names of fields as they are written where names are written.
fn written_names(v: &impl serde::Serialize) -> BTreeSet<String> {
    let text = serde_json::to_string(v).expect("state is written");
    let mut out = BTreeSet::new();
    field_names(&serde_json::from_str(&text).expect("JSON"), &mut out);
    out
}

/// Does the jobs on all processors; the first few failures.
fn all<T: Sync>(jobs: &[T], work: impl Fn(&T) -> Result<(), String> + Sync) -> Vec<String> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = catch_unwind(AssertUnwindSafe(|| work(job)));
                    let fault = match done {
                        Ok(Ok(())) => continue,
                        Ok(Err(e)) => e,
                        Err(_) => "a panic".into(),
                    };
                    failed.lock().expect("no panic holds it").push(fault);
                }
            });
        }
    });
    failed.into_inner().expect("no panic holds it")
}

#[test]
fn a_thousand_configurations_inside_the_ranges_run_without_a_panic_or_a_nan() {
    let (section, default) = (Config::section(), Config::defaults().expect("TOML"));
    let all_leaves = section.leaves("", &default);
    let leaves: Vec<&Leaf> = all_leaves.iter().filter(|l| l.path.starts_with("engine.")).collect();
    let mut drawn: Vec<Vec<(&Leaf, String)>> = Vec::new();
    for leaf in &leaves {
        drawn.extend(ends(leaf).into_iter().map(|v| vec![(*leaf, v)]));
    }
    let mut rng = Rng::with_seed(15);
    let alone = drawn.len();
    while drawn.len() < 1_000 {
        // From a few rows to all of them.
        let share = [0.03, 0.1, 0.3, 1.0][drawn.len() % 4];
        let some = leaves.iter().filter(|_| rng.f64() < share).collect::<Vec<_>>();
        drawn.push(some.into_iter().map(|l| (*l, draw(l, &mut rng))).collect());
    }
    assert!(alone > 150 && alone < 500, "{alone}");
    let frames = minute();
    let quoted = AtomicUsize::new(0);
    let failed = all(&drawn, |job| {
        let (table, sets) = set(&section, &default, job);
        let config: Config = table.try_into().expect("what was checked fits");
        let done = catch_unwind(AssertUnwindSafe(|| replay(&config, &frames)));
        match done {
            Ok(Ok(records)) => {
                quoted.fetch_add(usize::from(records > 2_000), Ordering::Relaxed);
                Ok(())
            }
            Ok(Err(e)) => Err(format!("{e}\n    {}", sets.join("\n    "))),
            Err(_) => Err(format!("a panic\n    {}", sets.join("\n    "))),
        }
    });

    let shown = failed.len().min(6);
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed[..shown].join("\n"));
    let quoted = quoted.into_inner();
    assert!(quoted > 300, "{quoted} had more than a few records");
}

#[test]
fn markets_inside_the_ranges_run_without_a_panic() {
    let section = venue::config::Config::section();
    let default = Table::try_from(venue::config::Config::default()).expect("TOML");
    let leaves = section.leaves("", &default);
    let mut rng = Rng::with_seed(16);
    let fixed = ["prerun_s", "coins", "seed"];
    let mut drawn: Vec<Vec<(&Leaf, String)>> = Vec::new();
    for leaf in leaves.iter().filter(|l| !fixed.contains(&l.path.as_str())) {
        drawn.extend(ends(leaf).into_iter().map(|v| vec![(leaf, v)]));
    }
    while drawn.len() < 120 {
        let share = [0.1, 0.5][drawn.len() % 2];
        let some = leaves.iter().filter(|l| !fixed.contains(&l.path.as_str()));
        let some: Vec<&Leaf> = some.filter(|_| rng.f64() < share).collect();
        drawn.push(some.into_iter().map(|l| (l, draw(l, &mut rng))).collect());
    }
    let failed = all(&drawn, |job| {
        let (mut table, sets) = set(&section, &default, job);
        table.insert("prerun_s".into(), Value::Float(1.0));
        table.insert("coins".into(), Value::Array(vec![Value::String("BTC".into())]));
        let law: venue::config::Config = table.try_into().expect("what was checked fits");
        let done = catch_unwind(AssertUnwindSafe(|| {
            let mut market = Market::new(&law, 3).expect("in range");
            let mut frames = 0;
            for _ in 0..60 {
                frames += market.next_block().frames.len();
            }
            assert!(frames > 10, "{frames} frames");
        }));
        done.map_err(|_| format!("a panic\n    {}", sets.join("\n    ")))
    });
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn no_setting_is_in_anything_that_a_checkpoint_holds() {
    let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
    let mut turn = Turn::new(&Config::default().engine, &coins, [0; 2]).expect("a coin");
    run(&mut turn, &minute(), &mut Tally::new(|_, _| {}));
    let (feed, engine) = turn.state();
    let mut held = written_names(engine);
    assert!(held.len() > 100, "the state is there: {}", held.len());
    held.append(&mut written_names(&feed));
    let rows = Config::section().leaves("", &Config::defaults().expect("TOML"));
    let keys: BTreeSet<String> =
        rows.iter().filter_map(|l| l.path.rsplit('.').next()).map(str::to_owned).collect();
    let found = |held: &BTreeSet<String>| -> Vec<String> {
        let settings = ["cfg", "config", "settings"];
        held.iter()
            .filter(|n| settings.contains(&n.as_str()) || keys.contains(*n))
            .cloned()
            .collect()
    };
    // What is learned may have the name of its prior.
    assert_eq!(found(&held), SHARED, "settings, or names that they share");
    // A learner that kept its settings would be found.
    held.append(&mut written_names(&crate::learn::sigma::Config::default()));
    assert!(found(&held).contains(&"prior_bps".to_owned()));
}

/// Fields of the state with the name of a setting, none of which is one.
const SHARED: [&str; 11] = [
    "kappa",
    "levels",
    "model",
    "n",
    "name",
    "next",
    "order",
    "seed",
    "sigma_bps",
    "start",
    "sweeps",
];
