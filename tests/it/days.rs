//! Several recordings as one run.

use papermaker::rooms::folder::recording::Writer;
use papermaker::rooms::units::Ns;
use papermaker::rooms::venue::config::{Config as MarketConfig, Regime};
use papermaker::rooms::venue::market::Market;

use super::process::{Temporary, papermaker};

const DAY_MS: i64 = 86_400_000;

/// A frame with its block times moved by so many milliseconds.
fn moved(frame: &str, by: i64) -> String {
    let mut parts = frame.split("\"time\":");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let time: i64 = part[..digits].parse().expect("a time");
        out.push_str(&format!("\"time\":{}{}", time + by, &part[digits..]));
    }
    out
}

/// One market cut into two recordings, the second of which is a day later.
fn two_days(dir: &Temporary) {
    let mut world =
        Market::new(&MarketConfig::stationary("ETH", Regime::Normal), 7).expect("a market");
    let file = |name: &str| Writer::new(std::fs::File::create(dir.join(name)).expect("a file"));
    let mut out = [file("a.frames.gz"), file("b.frames.gz")];
    let mut first = None;
    loop {
        let block = world.next_block();
        let at = block.time.plus(50 * Ns::MS);
        let since = at.since(*first.get_or_insert(at));
        if since >= 240 * Ns::SEC {
            break;
        }
        let day = i64::from(since >= 120 * Ns::SEC);
        for frame in &block.frames {
            let frame = moved(frame, day * DAY_MS);
            let to = &mut out[usize::from(day > 0)];
            to.frame(at.plus(day * DAY_MS * Ns::MS), frame.as_bytes()).expect("written");
        }
    }
    out.iter_mut().for_each(|o| o.finish().expect("written"));
    // The settings of the folder: one that quotes from the first second.
    std::fs::write(dir.join("papermaker.toml"), "[engine.strategy]\nname = \"glft\"\n")
        .expect("written");
}

#[test]
fn several_recordings_are_one_run_with_a_hole_between_them() {
    let dir = Temporary::new();
    two_days(&dir);
    let args = ["replay", "a.frames.gz", "b.frames.gz", "--once", "--json", "--out", "both"];
    let both = papermaker(&dir.0, &args).assert_code(0).json();
    let days = both["by_day"]["days"].as_array().expect("days").clone();
    assert_eq!(days.len(), 2, "{days:?}");
    let usd = |v: &serde_json::Value| v["profit_usd"].as_f64().expect("a figure");
    let sum: f64 = days.iter().map(|d| usd(&d["results"][0])).sum();
    assert!((sum - usd(&both["total"][0])).abs() < 1e-9, "{sum}");
    let fills = |d: &serde_json::Value| d["results"][0]["fills"].as_u64().expect("a count");
    assert!(days.iter().all(|d| fills(d) > 0), "{days:?}");
    assert_eq!(both["links"], 1, "the hole");
    let seconds = both["seconds"].as_f64().expect("a figure");
    assert!((235.0..245.0).contains(&seconds), "{seconds}: without the hole");
    papermaker(&dir.0, &["verify", "both"]).assert_code(0);
    let text = papermaker(&dir.0, &["report", "both"]);
    assert!(text.assert_code(0).out.contains("days       2"), "{text:?}");
    // The first day is that of its own run; the second is not: what was learned went on.
    let fresh = ["replay", "a.frames.gz", "b.frames.gz", "--once", "--fresh", "--json"];
    let fresh = papermaker(&dir.0, &fresh);
    let alone: Vec<serde_json::Value> =
        fresh.assert_code(0).out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(alone.len(), 2);
    assert_eq!(fills(&days[0]), fills(&alone[0]["by_day"]["days"][0]));
    reported_together(&dir, &alone);
    let known = |v: &serde_json::Value| v["coins"][0]["kappa_n_eff"].as_f64().expect("a figure");
    assert!(known(&both) > known(&alone[1]), "{} {}", known(&both), known(&alone[1]));
    let swapped = papermaker(&dir.0, &["replay", "b.frames.gz", "a.frames.gz"]);
    assert!(swapped.assert_code(2).err.contains("in order of time"), "{swapped:?}");
    papermaker(&dir.0, &["convert", "a.frames.gz", "-o", "a.events"]).assert_code(0);
    let joined = papermaker(&dir.0, &["replay", "a.events", "b.frames.gz"]);
    assert!(joined.assert_code(5).err.contains("cannot be joined"), "{joined:?}");
}

/// The runs of two days as one answer: exact sums, a line a day; no hour counts twice.
fn reported_together(dir: &Temporary, alone: &[serde_json::Value]) {
    let runs: Vec<&str> = alone.iter().map(|v| v["run"].as_str().expect("a folder")).collect();
    let all = papermaker(&dir.0, &["report", runs[1], runs[0], "--json"]).assert_code(0).json();
    let usd = |v: &serde_json::Value| v["total"][0]["profit_usd"].as_f64().expect("a figure");
    let fills = |v: &serde_json::Value| v["total"][0]["fills"].as_u64().expect("a count");
    assert!((usd(&all) - usd(&alone[0]) - usd(&alone[1])).abs() < 1e-9, "{all}");
    assert_eq!(fills(&all), fills(&alone[0]) + fills(&alone[1]));
    assert_eq!(all["coins"][0]["results"][0], all["total"][0], "one coin");
    assert_eq!(all["runs"][0]["digest"], alone[0]["digest"], "in order of time");
    assert_eq!(all["by_day"]["days"].as_array().map(Vec::len), Some(2));
    assert_eq!(all["configurations"], 1);
    let text = papermaker(&dir.0, &["report", runs[0], runs[1]]).assert_code(0).out.clone();
    assert!(
        text.contains("2 runs, each from no position") && text.contains("days       2"),
        "{text}"
    );
    let twice = papermaker(&dir.0, &["report", runs[0], runs[0]]);
    assert!(twice.assert_code(2).err.contains("would count twice"), "{twice:?}");
    let both = papermaker(&dir.0, &["report", runs[0], "both"]);
    assert!(both.assert_code(2).err.contains("would count twice"), "{both:?}");
}
