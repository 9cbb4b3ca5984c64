//! A run that was killed or ended goes on in its folder, and is one run.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::process::{Temporary, await_text, exchange, finish, papermaker, signal, start};

fn json(dir: &Path, args: &[&str]) -> Value {
    papermaker(dir, args).assert_code(0).json()
}

#[test]
fn killed_twice_and_stopped_once_it_is_one_run_that_verifies() {
    let dir = Temporary::new();
    let (mut venue, address) = exchange(&dir.0, &[]);
    // One that quotes from the first second.
    let glft = "engine.strategy.name=glft";
    let args =
        ["run", "--venue", &address, "--coin", "BTC", "--out", "r", "--plain", "--set", glft];
    let again = ["run", "--resume", "r", "--plain", "--set", "run.sync_ms=500"];
    let mut last = 0;
    for (i, (args, with)) in
        [(&args[..], "KILL"), (&again, "KILL"), (&again, "INT")].into_iter().enumerate()
    {
        let mut child = start(&dir.0, args);
        await_text(&mut child, if i > 0 { "`run.sync_ms` 1000 → 500" } else { "length" });
        std::thread::sleep(Duration::from_secs(3));
        signal(&child, with);
        let ended = finish(child);
        let at = json(&dir.0, &["verify", "r", "--json"]);
        let sound = ["intact", "equal", "killed"].map(|k| at[k] == true);
        assert_eq!(sound, [true, true, with == "KILL"], "{ended:?} {at}");
        let records = at["records"].as_u64().expect("a count");
        assert!(records > last + 50, "{i}: {records} after {last}");
        last = records;
    }
    // Stopped is not the end, either; and with time given it ends by itself.
    let end = papermaker(&dir.0, &["run", "--resume", "r", "--plain", "--for", "2s"]);
    end.assert_code(0);
    assert!(end.out.contains("resumed after"), "{}", end.out);
    let at = json(&dir.0, &["verify", "r", "--json"]);
    assert_eq!(
        (&at["intact"], &at["equal"], &at["killed"]),
        (&true.into(), &true.into(), &false.into())
    );
    assert!(at["records"].as_u64().expect("a count") > last);
    let report = json(&dir.0, &["report", "r", "--json"]);
    assert!(report["faults"].as_array().is_none_or(Vec::is_empty), "{report}");
    let _ = venue.kill();
    let _ = venue.wait();
}

#[test]
fn one_line_starts_and_restarts_a_service() {
    let dir = Temporary::new();
    // Killed before its first link, a run is in nobody's way.
    let unlinked = ["run", "--continue", "--venue", "ws://127.0.0.1:9/ws", "--coin", "BTC"];
    let mut child = start(&dir.0, &[&unlinked[..], &["--plain"]].concat());
    await_text(&mut child, "length");
    signal(&child, "KILL");
    finish(child);
    assert!(dir.join("runs/live/run.json").exists());
    let void = papermaker(&dir.0, &[&unlinked[..], &["--for", "1s"]].concat());
    assert!(void.err.contains("runs/live was killed before its first link"), "{void:?}");
    assert_eq!(std::fs::read_dir(dir.join("runs")).expect("a folder").count(), 0);
    let (mut venue, address) = exchange(&dir.0, &[]);
    let line =
        ["run", "--continue", "--venue", &address, "--coin", "BTC", "--plain", "--for", "3s"];
    let first = papermaker(&dir.0, &line);
    first.assert_code(0);
    assert!(first.out.contains("runs/live\n") && !first.out.contains("resumed"), "{}", first.out);
    let again = papermaker(&dir.0, &[&line[..8], &["7s"]].concat());
    again.assert_code(0);
    // The coins are shown, on the run's own clock.
    let shown = |l: &&str| l.split_whitespace().nth(2) == Some("BTC");
    let progress = again.out.lines().find(shown).unwrap_or_else(|| panic!("{}", again.out));
    assert!(progress.trim_start().find(' ') < Some(5), "{progress}");
    assert!(again.out.contains("resumed after") && again.out.contains("runs/live\n"), "{again:?}");
    let at = json(&dir.0, &["verify", "runs/live", "--json"]);
    assert_eq!(["intact", "equal"].map(|k| at[k] == true), [true; 2], "{at}");
    // Other coins are another run; settings that decide begin one, too, and are named.
    let other =
        papermaker(&dir.0, &[&line[..4], &["--coin", "PAYS", "--plain", "--for", "1s"]].concat());
    assert!(other.assert_code(0).out.contains("runs/live-2\n"), "{}", other.out);
    let seed = [&line[..], &["--set", "engine.seed=9"]].concat();
    let seed = papermaker(&dir.0, &seed);
    assert!(seed.assert_code(0).out.contains("runs/live-3\n"), "{}", seed.out);
    assert!(
        seed.err.contains("`engine.seed` 0 → 9") && seed.err.contains("a new run"),
        "{}",
        seed.err
    );
    let _ = venue.kill();
    let _ = venue.wait();
}

#[test]
fn what_cannot_go_on_says_why() {
    let dir = Temporary::new();
    papermaker(
        &dir.0,
        &["run", "--world", "simple", "--for", "20s", "--speed", "50", "--out", "e"],
    )
    .assert_code(0);
    let refused = |args: &[&str], code: i32, text: &str| {
        let e = papermaker(&dir.0, args);
        e.assert_code(code);
        assert!(e.err.contains(text), "{}", e.err);
    };
    refused(&["run", "--resume", "e"], 2, "embedded exchange");
    refused(&["run", "--resume", "none"], 5, "no run folder `none`");
    let venue = "ws://127.0.0.1:9/ws";
    refused(&["run", "--resume", "e", "--out", "x"], 2, "--out");
    let seed = ["--set", "engine.seed=9"];
    let lots = ["--set", "engine.quote.max_lots=3", "--set", "run.sync_ms=200"];
    let other = [&["run", "--resume", "e", "--venue", venue][..], &seed, &lots].concat();
    refused(&other, 2, "`engine.quote.max_lots` 10 → 3, `engine.seed` 0 → 9; start a new run");
    // Frames that are not the journal's: nothing is changed.
    std::fs::write(dir.join("e/frames.gz"), b"").expect("written");
    refused(&["run", "--resume", "e", "--venue", venue], 2, "nothing was recorded");
    papermaker(&dir.0, &["report", "e"]).assert_code(0);
    std::fs::remove_file(dir.join("e/frames.gz")).expect("removed");
    refused(&["run", "--resume", "e", "--venue", venue], 2, "--no-record");
}
