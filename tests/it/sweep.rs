//! Sweeps as processes: any number of parts, one killed, give one table.

use std::path::Path;

use papermaker::rooms::folder::recording::Writer;
use papermaker::rooms::units::Ns;
use papermaker::rooms::venue::config::{Config as MarketConfig, Regime};
use papermaker::rooms::venue::market::Market;

use super::process::{Temporary, finish, papermaker, signal, start};

/// A recording of a simulated market, so many seconds long.
pub fn recording(to: &Path, seed: u64, seconds: i64) {
    let mut world =
        Market::new(&MarketConfig::stationary("ETH", Regime::Normal), seed).expect("a market");
    let mut out = Writer::new(std::fs::File::create(to).expect("a file"));
    let mut first = None;
    loop {
        let block = world.next_block();
        let at = block.time.plus(50 * Ns::MS);
        if at.since(*first.get_or_insert(at)) >= seconds * Ns::SEC {
            break;
        }
        for frame in &block.frames {
            out.frame(at, frame.as_bytes()).expect("written");
        }
    }
    out.finish().expect("written");
}

const SPEC: &str = "files = [\"a.frames.gz\", \"b.frames.gz\"]\nseeds = [1, 2]\nblock = \"5s\"\n\
                    [grid]\nengine.quote.max_lots = [3, 8]\n\
                    engine.strategy.glft.levels = [1, 2, 3]\n\
                    [windows]\ntrain = \"30s\"\ntest = \"10s\"\n";

fn world() -> Temporary {
    let dir = Temporary::new();
    recording(&dir.join("a.frames.gz"), 1, 90);
    recording(&dir.join("b.frames.gz"), 2, 80);
    std::fs::write(dir.join("s.toml"), SPEC).expect("written");
    dir
}

#[test]
fn one_part_or_many_in_any_order_with_one_killed_give_one_table() {
    let dir = world();
    for to in ["one", "many"] {
        let made = papermaker(&dir.0, &["sweep", "plan", "s.toml", "-o", to, "--json"]);
        assert_eq!(made.assert_code(0).json()["jobs"], 24);
    }
    papermaker(&dir.0, &["sweep", "run", "one", "--jobs", "1"]).assert_code(0);
    let mut killed = start(&dir.0, &["sweep", "run", "many", "--jobs", "1"]);
    let is_row = |name: std::ffi::OsString| name.to_string_lossy().ends_with(".json");
    let written = || -> std::io::Result<bool> {
        let mut rows = dir.join("many/rows").read_dir()?;
        Ok(rows.any(|row| row.is_ok_and(|row| is_row(row.file_name()))))
    };
    while !written().expect("a folder") {
        assert!(killed.try_wait().expect("a process").is_none(), "{:?}", finish(killed));
        std::thread::yield_now();
    }
    signal(&killed, "KILL");
    finish(killed);
    let gap = papermaker(&dir.0, &["sweep", "merge", "many"]);
    assert!(gap.assert_code(1).err.contains("of 24 jobs are missing"), "{gap:?}");
    let parts = ["3/7", "6/7", "0/7", "2/7", "5/7", "1/7", "4/7"];
    let mut there = 0;
    for part in parts {
        let done = papermaker(&dir.0, &["sweep", "run", "many", "--shard", part, "--json"]);
        there += done.assert_code(0).json()["were_there"].as_u64().expect("a count");
    }
    assert!((1..24).contains(&there), "{there}");
    for kind in ["parquet", "csv"] {
        let merged = ["one", "many"].map(|d| {
            let to = format!("{d}.{kind}");
            papermaker(&dir.0, &["sweep", "merge", d, "-o", &to]).assert_code(0);
            std::fs::read(dir.join(&to)).expect("a table")
        });
        assert!(merged[0] == merged[1] && merged[0].len() > 1_000, "{kind}");
    }
    // A job's digest is that of its own replay, and its blocks add up to its profit.
    let sets = ["--set", "engine.seed=2", "--set", "engine.quote.max_lots=8"];
    let args =
        ["replay", "b.frames.gz", "--once", "--json", "--set", "engine.strategy.glft.levels=3"];
    let alone = papermaker(&dir.0, &[&args[..], &sets[..]].concat());
    let digest = alone.assert_code(0).json()["digest"].as_str().expect("a digest").to_owned();
    let table = std::fs::read_to_string(dir.join("one.csv")).expect("a table");
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let head = rows.headers().expect("a head").clone();
    let place = |name: &str| head.iter().position(|h| h == name).expect(name);
    let all: Vec<csv::StringRecord> = rows.records().map(|r| r.expect("a row")).collect();
    assert_eq!(all.len(), 24);
    for row in &all {
        let cell = |name: &str| row.get(place(name)).expect(name);
        let blocks: Vec<f64> = serde_json::from_str(cell("profit_by_block_usd")).expect("a list");
        let profit: f64 = cell("profit_configured_usd").parse().expect("a number");
        assert!((blocks.iter().sum::<f64>() - profit).abs() < 1e-9 && blocks.len() >= 16);
        let named = cell("file") == "b.frames.gz"
            && (cell("seed"), cell("engine.quote.max_lots")) == ("2", "8")
            && cell("engine.strategy.glft.levels") == "3";
        assert_eq!(cell("digest") == digest, named, "{row:?}");
    }
    let shown = papermaker(&dir.0, &["sweep", "show", "one", "--json"]);
    let shown = shown.assert_code(0).json();
    assert_eq!((&shown["tried"], &shown["seeds"]), (&6.into(), &2.into()));
    assert_eq!(shown["ranked"].as_array().map(Vec::len), Some(6));
    assert!(shown["forward"]["windows"].as_u64().is_some_and(|n| n > 6), "{shown}");
}

#[test]
fn what_is_wrong_with_a_sweep_is_named() {
    let dir = world();
    let plan = |text: &str| {
        std::fs::write(dir.join("bad.toml"), text).expect("written");
        papermaker(&dir.0, &["sweep", "plan", "bad.toml", "-o", "bad"])
    };
    let unknown = plan(&SPEC.replace("glft.levels", "glft.levles"));
    assert!(unknown.assert_code(2).err.contains("did you mean"), "{unknown:?}");
    let range = plan(&SPEC.replace("[1, 2, 3]", "[1, 99]"));
    assert!(range.assert_code(2).err.contains("engine.strategy.glft.levels"), "{range:?}");
    let long = plan(&SPEC.replace("train = \"30s\"", "train = \"90s\""));
    assert!(long.assert_code(2).err.contains("less than one window"), "{long:?}");
    let same = plan(&SPEC.replace("[3, 8]", "[3, 3]"));
    assert!(same.assert_code(2).err.contains("are the same"), "{same:?}");
    let gone = plan(&SPEC.replace("b.frames", "c.frames"));
    assert!(gone.assert_code(5).err.contains("c.frames.gz"), "{gone:?}");
    papermaker(&dir.0, &["sweep", "plan", "s.toml", "-o", "s"]).assert_code(0);
    let part = papermaker(&dir.0, &["sweep", "run", "s", "--shard", "7/7"]);
    assert!(part.assert_code(2).err.contains("0/4 to 3/4"), "{part:?}");
    recording(&dir.join("b.frames.gz"), 3, 80);
    let changed = papermaker(&dir.0, &["sweep", "run", "s", "--shard", "1/2"]);
    assert!(changed.assert_code(5).err.contains("has changed since"), "{changed:?}");
    let none = papermaker(&dir.0, &["sweep", "show", "nowhere"]);
    assert!(none.assert_code(5).err.contains("no plan in nowhere"), "{none:?}");
}
