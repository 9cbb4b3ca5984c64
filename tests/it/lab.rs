//! `papermaker-lab soak` and `growth` as processes.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::process::{Ended, Temporary, await_text, finish, signal};

/// A soak whose temporary files go to `dir`; what stands there afterwards is left over.
fn soak(dir: &Temporary, args: &[&str]) -> Command {
    command(dir, &[&["soak", "--wait"], args].concat())
}

/// The laboratory's command, its temporary files in `dir`.
fn command(dir: &Temporary, args: &[&str]) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_papermaker-lab"));
    c.current_dir(&dir.0).args(args).env("TMPDIR", &dir.0);
    c.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    c
}

/// Runs it to its end.
fn lab(dir: &Temporary, args: &[&str]) -> Ended {
    finish(command(dir, args).spawn().expect("started"))
}

fn assert_empty(dir: &Temporary) {
    let left: Vec<_> = std::fs::read_dir(&dir.0).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_short_soak_loses_nothing_and_leaves_nothing() {
    let dir = Temporary::new();
    let child = soak(&dir, &["--minutes", "0.05", "--json"]).spawn().expect("started");
    let ended = finish(child);
    let v = ended.assert_code(0).json();
    assert_eq!((&v["ok"], &v["interrupted"]), (&true.into(), &false.into()), "{v}");
    assert!(v["taken"] == v["sent"] && v["taken"].as_u64() > Some(10_000), "{v}");
    let rows = v["rows"].as_array().expect("rows");
    // The warm-up, and one a second.
    assert!((3..=4).contains(&rows.len()), "{v}");
    assert!(rows.iter().all(|r| r["turn_ns_max"].as_u64() > Some(0)), "{v}");
    assert!(rows.iter().all(|r| r["whole_ns"]["p99"].as_u64() > Some(0)), "{v}");
    // Every record is in the journal: 128 bytes each, and its header.
    assert!(v["journal_bytes"].as_u64() > v["records"].as_u64().map(|n| 128 * n), "{v}");
    assert_empty(&dir);
}

#[test]
fn a_soak_that_is_interrupted_says_what_it_has() {
    let dir = Temporary::new();
    let mut child = soak(&dir, &["--minutes", "60"]).spawn().expect("started");
    await_text(&mut child, "\n      0.0 ");
    signal(&child, "INT");
    let ended = finish(child);
    ended.assert_code(0);
    assert!(ended.out.contains("before its time") && ended.out.contains("soak: ok"), "{ended:?}");
    assert_empty(&dir);
}

#[test]
fn a_soak_whose_journal_fails_is_not_ok() {
    let dir = Temporary::new();
    let program = env!("CARGO_BIN_EXE_papermaker-lab");
    let script = "ulimit -f 400; exec \"$0\" soak --minutes 0.02 --wait --json";
    let child = Command::new("sh")
        .args(["-c", script, program])
        .env("TMPDIR", &dir.0)
        .current_dir(&dir.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let ended = finish(child);
    let v = ended.assert_code(1).json();
    assert!(v["exceeded"].to_string().contains("the journal failed"), "{v}");
    assert!(ended.err.contains("the journal failed"), "{}", ended.err);
}

#[test]
fn growth_measures_what_is_asked_for() {
    let dir = Temporary::new();
    let args = ["growth", "--only", "levels", "--json", "--csv", "x.csv", "--plot", "x.svg"];
    let v = lab(&dir, &args).assert_code(0).json();
    let curves = v["curves"].as_array().expect("curves");
    assert_eq!((curves.len(), &curves[0]["subject"]), (1, &"levels".into()), "{v}");
    let points = curves[0]["points"].as_array().expect("points");
    assert_eq!(points.len(), 8);
    assert!(points.iter().all(|p| p["median"].as_f64() > Some(0.0)), "{v}");
    // Eight levels cost more than one, whatever the machine does; how much more is the verdict's.
    assert!(points[7]["median"].as_f64() > points[0]["median"].as_f64(), "{v}");
    assert!(curves[0]["exponent"].as_f64() > Some(0.0), "{v}");
    assert_eq!(curves[0]["stated"], "linear");
    let text = |name| std::fs::read_to_string(dir.join(name)).expect("written");
    assert_eq!(text("x.csv").lines().count(), 9);
    assert!(text("x.svg").contains("levels a side"));
    // Two subjects are measured in a process each, which gives the same curves.
    let both = ["growth", "--only", "orders,levels", "--json"];
    let both = lab(&dir, &both).assert_code(0).json();
    let titles = |v: &Value| -> Vec<Value> {
        v["curves"].as_array().expect("curves").iter().map(|c| c["title"].clone()).collect()
    };
    assert_eq!(titles(&both).len(), 3, "{both}");
    assert_eq!(titles(&both)[2..], titles(&v));
    assert!(both["missing"].as_array().is_some_and(Vec::is_empty), "{both}");
    lab(&dir, &["growth", "--only", "leaves"]).assert_code(2);
    lab(&dir, &["soak", "--minutes", "nan"]).assert_code(2);
}
