//! Ctrl-C, SIGTERM and SIGHUP: the end within two seconds, in every state, with everything written.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use super::process::{Ended, Temporary, Watch, await_text, finish, papermaker, signal, start};
use super::sweep::recording;

/// Many configurations of one recording.
const SWEEP: &str = "files = [\"t.frames.gz\"]\n[grid]\nengine.quote.max_lots = [3, 4, 5, 6, 7, 8, 9, 10]\n\
                     engine.quote.requote_ms = [100, 200, 300, 400, 500, 600]\n";
/// Longest time from the signal to the end.
const AT_MOST: Duration = Duration::from_secs(2);

#[test]
fn a_running_run_ends_with_its_summary_and_a_whole_journal() {
    std::thread::scope(|all| {
        for (name, twice) in [("INT", false), ("TERM", false), ("HUP", false), ("TERM", true)] {
            all.spawn(move || {
                let dir = Temporary::new();
                let mut child = start(&dir.0, &["run", "--for", "2h"]);
                await_text(&mut child, "fills");
                let begun = Watch::start();
                signal(&child, name);
                if twice {
                    // To the process and to its group, as process managers do.
                    signal(&child, name);
                }
                let ended = finish(child);
                assert!(begun.elapsed() < AT_MOST, "{name}: {:?}", begun.elapsed());
                ended.assert_code(0);
                assert!(ended.out.contains("A signal asked it to stop"), "{}", ended.out);
                papermaker(&dir.0, &["verify", "runs/embedded"]).assert_code(0);
            });
        }
    });
}

#[test]
fn a_killed_run_is_verified_as_far_as_it_was_written() {
    let dir = Temporary::new();
    let mut child = start(&dir.0, &["run", "--for", "2h"]);
    await_text(&mut child, "fills");
    signal(&child, "KILL");
    assert_eq!(finish(child).code, None);
    let verify = papermaker(&dir.0, &["verify", "runs/embedded", "--json"]);
    let verify = verify.assert_code(0).json();
    assert_eq!((&verify["killed"], &verify["equal"]), (&true.into(), &true.into()), "{verify}");
    // Journal and recording are each flushed at least every quarter of a second of the five.
    let number = |name: &str| verify[name].as_u64().expect("a number");
    assert!(number("same") * 10 > number("records") * 8, "{verify}");
    // Another configuration decides otherwise.
    let config = dir.join("runs/embedded/config.toml");
    let text = std::fs::read_to_string(&config).expect("settings");
    std::fs::write(&config, text.replace("max_lots = 10.0", "max_lots = 3.0")).expect("written");
    papermaker(&dir.0, &["verify", "runs/embedded"]).assert_code(1);
    papermaker(&dir.0, &["report", "runs/embedded"]).assert_code(0);
}

#[test]
fn a_run_without_a_link_ends_too() {
    // Nothing listens; something listens and says nothing to the upgrade, or not even to the
    // question for the coins.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let closed = {
        let gone = TcpListener::bind("127.0.0.1:0").expect("a port");
        gone.local_addr().expect("bound").port()
    };
    let refusing = TcpListener::bind("127.0.0.1:0").expect("a port");
    let half = refusing.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        // The first connection asks for the coins and is closed; later ones are left open.
        let mut kept = Vec::new();
        for (i, stream) in refusing.incoming().enumerate() {
            let mut stream = stream.expect("a client");
            if i == 0 {
                let _ = stream.read(&mut [0; 2048]);
            } else {
                kept.push(stream);
            }
        }
    });
    for (port, wait) in [(closed, "no link after"), (half, "note"), (port, "")] {
        let dir = Temporary::new();
        let venue = format!("ws://127.0.0.1:{port}/ws");
        let mut child = start(&dir.0, &["run", "--venue", &venue]);
        if wait.is_empty() {
            std::thread::sleep(Duration::from_millis(500));
        } else {
            await_text(&mut child, wait);
            std::thread::sleep(Duration::from_millis(300));
        }
        let begun = Watch::start();
        signal(&child, "TERM");
        let ended = finish(child);
        assert!(begun.elapsed() < AT_MOST, "{wait:?}: {:?}", begun.elapsed());
        // Waiting for the list of coins nothing has begun: there is nothing to sum up.
        ended.assert_code(if wait.is_empty() { 143 } else { 0 });
    }
}

/// Commands whose result comes at their end; `pipe` gives nothing for ever.
const WITHOUT_A_RESULT: [&str; 12] = [
    "audit fills --hours 900 --csv g.csv",
    "compare --world simple --for 900h",
    "convert pipe -o e.events",
    "verify again",
    "export torn --format csv --out tables",
    "bench replay pipe",
    "bench frames --count 50000000 --out frames",
    "facts pipe",
    "fills --tape t.frames.gz --orders pipe --out f.csv",
    "import pipe -o i.frames.gz",
    "sweep run plan",
    "venue --for 900h --tape v.frames.gz",
];

#[test]
fn every_command_ends_at_once_and_leaves_nothing_half_made() {
    let dir = Temporary::new();
    assert!(Command::new("mkfifo").arg(dir.join("pipe")).status().expect("mkfifo").success());
    recording(&dir.join("t.frames.gz"), 1, 3_000);
    std::fs::write(dir.join("s.toml"), SWEEP).expect("written");
    papermaker(&dir.0, &["sweep", "plan", "s.toml", "-o", "plan"]).assert_code(0);
    // A run whose recording gives nothing for ever, and one whose journal does.
    for (run, file) in [("torn", "torn/00000000.journal"), ("again", "u.frames.gz")] {
        let _ = std::fs::remove_file(dir.join("u.frames.gz"));
        recording(&dir.join("u.frames.gz"), 1, 20);
        papermaker(&dir.0, &["replay", "u.frames.gz", "--once", "--out", run]).assert_code(0);
        std::fs::remove_file(dir.join(file)).expect("there");
        assert!(Command::new("mkfifo").arg(dir.join(file)).status().expect("mkfifo").success());
    }
    let listed = || {
        let names = std::fs::read_dir(&dir.0).expect("there").map(|e| e.expect("one").file_name());
        names.collect::<BTreeSet<_>>()
    };
    let before = listed();
    for (i, line) in WITHOUT_A_RESULT.iter().enumerate() {
        let child = start(&dir.0, &line.split(' ').collect::<Vec<_>>());
        std::thread::sleep(Duration::from_millis(700));
        let (name, code) = if i % 2 == 0 { ("INT", 130) } else { ("TERM", 143) };
        let begun = Watch::start();
        signal(&child, name);
        let ended = finish(child);
        assert!(begun.elapsed() < AT_MOST, "{line}: {:?}", begun.elapsed());
        assert!(ended.err.contains("nothing half-made is left"), "{line}: {}", ended.err);
        assert_eq!(ended.code, Some(code), "{line}: {}", ended.err);
        assert_eq!(listed(), before, "{line}");
    }
    // What a sweep had done stays done.
    papermaker(&dir.0, &["sweep", "run", "plan"]).assert_code(0);
}

/// Starts a command again and again, each time with a longer wait before the signal, until it knows
/// something; before that it must end with 130.
fn interrupted(dir: &Temporary, line: &str, knows: impl Fn(&Ended) -> bool) -> Ended {
    for wait in (0..14).map(|i| Duration::from_millis(200 << (i / 2)) * (2 + i % 2) / 2) {
        let child = start(&dir.0, &line.split(' ').collect::<Vec<_>>());
        std::thread::sleep(wait);
        let begun = Watch::start();
        signal(&child, "INT");
        let ended = finish(child);
        assert!(begun.elapsed() < AT_MOST, "{line}: {:?}", begun.elapsed());
        if knows(&ended) {
            return ended;
        }
        ended.assert_code(130);
    }
    panic!("{line}: nothing was known, ever");
}

#[test]
fn a_comparison_an_audit_a_truth_and_a_sweep_end_with_what_is_known() {
    let dir = Temporary::new();
    recording(&dir.join("t.frames.gz"), 1, 7_200);
    let done = |e: &Ended| e.code == Some(0);
    let compare = interrupted(&dir, "compare t.frames.gz --seeds 2 --json", done).json();
    assert_eq!(compare["interrupted"], true);
    let rows = compare["rows"].as_array().expect("rows");
    assert!(rows.len() == 2 && rows[0]["seconds"].as_f64() < Some(7_000.0), "{compare}");
    assert_eq!(rows[0]["seconds"], rows[1]["seconds"], "both up to one time");
    let audit = interrupted(&dir, "audit fills --hours 0.1 --jobs 2 --json", done).json();
    let cells = audit["cells"].as_array().map_or(0, Vec::len);
    assert!(audit["interrupted"] == true && (1..192).contains(&cells), "{audit}");
    let truth = interrupted(&dir, "truth --hours 5000 --json", done).json();
    assert!(truth["interrupted"] == true && truth["hours"].as_f64() < Some(24.0), "{truth}");
    assert!(truth["hours"].as_f64() > Some(0.1) && truth["blocks"].as_u64() > Some(5_000));
    recording(&dir.join("u.frames.gz"), 1, 1_800);
    let toml = SWEEP.replace("t.frames", "u.frames").replace("[grid]", "block = \"30s\"\n[grid]");
    std::fs::write(dir.join("s.toml"), toml).expect("written");
    papermaker(&dir.0, &["sweep", "plan", "s.toml", "-o", "plan"]).assert_code(0);
    interrupted(&dir, "sweep run plan", |e| {
        e.assert_code(130);
        papermaker(&dir.0, &["sweep", "show", "plan"]).code == Some(0)
    });
    let show = papermaker(&dir.0, &["sweep", "show", "plan", "--json"]).assert_code(0).json();
    let ranked = show["ranked"].as_array().map_or(0, Vec::len);
    assert_eq!(show["configurations"], serde_json::json!([ranked, 48]));
    assert!((2..48).contains(&ranked), "{show}");
    papermaker(&dir.0, &["sweep", "merge", "plan"]).assert_code(1);
}

#[test]
fn a_replay_ends_with_what_it_came_to_and_makes_room() {
    let dir = Temporary::new();
    recording(&dir.join("t.frames.gz"), 1, 1_800);
    let child = start(&dir.0, &["replay", "t.frames.gz", "--once", "--out", "mine"]);
    let written = |run: &str| {
        let journal = dir.join(run).join("00000000.journal");
        std::fs::metadata(journal).map_or(0, |m| m.len())
    };
    while written("mine") < 4_096 {
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "INT");
    let ended = finish(child);
    ended.assert_code(0);
    assert!(ended.out.contains("by a signal, with"), "{}", ended.out);
    papermaker(&dir.0, &["report", "mine.interrupted-1"]).assert_code(0);
    papermaker(&dir.0, &["verify", "mine.interrupted-1"]).assert_code(0);
    papermaker(&dir.0, &["replay", "t.frames.gz", "--once", "--out", "mine"]).assert_code(0);
    // Of many seeds, the first one is a result.
    let child = start(&dir.0, &["replay", "t.frames.gz", "--seeds", "1000", "--out", "seeds"]);
    let mut before = 0;
    while before < 4_096 || before != written("seeds") {
        before = written("seeds");
        std::thread::sleep(Duration::from_millis(500));
    }
    signal(&child, "TERM");
    let ended = finish(child);
    ended.assert_code(0);
    assert!(ended.out.contains("latencies and queues are left out"), "{}", ended.out);
    papermaker(&dir.0, &["verify", "seeds"]).assert_code(0);
}

#[test]
fn a_recorder_ends_with_a_whole_file() {
    let dir = Temporary::new();
    let mut child = start(&dir.0, &["record", "x.frames.gz", "--venue", "embedded"]);
    await_text(&mut child, "link up");
    signal(&child, "INT");
    let ended = finish(child);
    ended.assert_code(0);
    assert!(ended.out.contains("papermaker replay x.frames.gz"), "{}", ended.out);
    papermaker(&dir.0, &["replay", "x.frames.gz"]).assert_code(0);
}
