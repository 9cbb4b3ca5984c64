//! A run, its folder, and everything that can be wrong with what was asked for.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use papermaker::rooms::folder::Folder;

use super::process::{Temporary, command, finish, lose_frames, papermaker, start};

/// A short run on the embedded exchange, at twenty times real time, in the world of closed forms.
const SHORT: [&str; 11] = [
    "run", "--for", "60s", "--speed", "20", "--pin", "off", "--world", "simple", "--coin",
    "BTC,ETH",
];

#[test]
fn a_run_reports_verifies_and_replays_to_the_same_digest() {
    let dir = Temporary::new();
    // The settings of the folder: a strategy that quotes from the first second.
    std::fs::write(dir.join("papermaker.toml"), "[engine.strategy]\nname = \"glft\"\n")
        .expect("written");
    let run = papermaker(&dir.0, &[&SHORT[..], &["--json"]].concat());
    let run = run.assert_code(0).json();
    assert_eq!((&run["dropped"], &run["frames_lost"]), (&0.into(), &0.into()), "{run}");
    assert_eq!(run["records"], run["durable"]);
    let stages = run["latency"].as_array().expect("stages");
    let whole = stages.iter().find(|s| s["stage"] == "whole").expect("the whole path");
    assert!(whole["count"].as_u64() > Some(100), "{run}");
    let mut fills = 0;
    for (coin, truth) in run["coins"]
        .as_array()
        .expect("coins")
        .iter()
        .zip(run["truth"]["coins"].as_array().expect("the exchange's truth"))
    {
        assert_eq!(coin["coin"], truth["coin"]);
        fills += coin["results"][0]["fills"].as_u64().expect("a number");
        for side in 0..2 {
            assert!(coin["quoted_s"][side].as_f64() > Some(40.0), "{coin}");
        }
        let parts = ["spread", "adverse", "inventory", "fees", "funding"];
        let sum: f64 = parts
            .iter()
            .map(|p| coin["results"][0][format!("{p}_usd")].as_f64().expect("a number"))
            .sum();
        let whole = coin["results"][0]["profit_usd"].as_f64().expect("a number");
        assert!((sum - whole).abs() < 1e-9, "{sum} {whole}");
    }
    assert!(fills >= 5, "{run}");
    let verify = papermaker(&dir.0, &["verify", "runs/embedded", "--json"]);
    let verify = verify.assert_code(0).json();
    assert_eq!((&verify["digest"], &verify["equal"]), (&run["digest"], &true.into()));
    let report = papermaker(&dir.0, &["report", "runs/embedded", "--json"]);
    assert_eq!(report.assert_code(0).json()["digest"], run["digest"]);
    // A replay ends as finished, and so did the run: every record is the same.
    let replay = papermaker(&dir.0, &["replay", "runs/embedded/frames.gz", "--json"]);
    assert_eq!(replay.assert_code(0).json()["digest"], run["digest"]);
    // Another configuration is another run: the first record says so.
    let config = dir.join("runs/embedded/config.toml");
    let text = std::fs::read_to_string(&config).expect("settings");
    std::fs::write(&config, text.replace("max_lots = 10.0", "max_lots = 3.0")).expect("written");
    let other = papermaker(&dir.0, &["verify", "runs/embedded"]);
    assert!(other.assert_code(1).err.contains("record 0 differs"), "{other:?}");
    std::fs::write(&config, text).expect("written");
    // A frame that was too much for a slow disk is named as the reason.
    let frames = dir.join("runs/embedded/frames.gz");
    let whole = std::fs::read(&frames).expect("a recording");
    lose_frames(&frames, 500..501);
    let verify = papermaker(&dir.0, &["verify", "runs/embedded"]);
    assert!(verify.assert_code(1).err.contains("misses 1 frames"), "{verify:?}");
    std::fs::write(&frames, whole).expect("written");
    // What would do nothing is refused.
    let set =
        papermaker(&dir.0, &["verify", "runs/embedded", "--set", "engine.strategy.glft.levels=3"]);
    assert!(set.assert_code(2).err.contains("no effect on `verify`"), "{set:?}");
    // A second run takes another folder, and damage in the first is found.
    let again = papermaker(&dir.0, &["run", "--for", "10s", "--speed", "20", "--json"]);
    assert_eq!(again.assert_code(0).json()["run"], "runs/embedded-2");
    let journal = dir.join("runs/embedded/00000000.journal");
    let mut bytes = std::fs::read(&journal).expect("a journal");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&journal, bytes).expect("written");
    let verify = papermaker(&dir.0, &["verify", "runs/embedded"]);
    assert!(verify.assert_code(1).err.contains("damage in segment 0"), "{verify:?}");
}

#[test]
fn what_a_stranger_sees_first() {
    let dir = Temporary::new();
    let run = papermaker(&dir.0, &SHORT);
    let first: Vec<&str> = run.assert_code(0).out.lines().take(4).collect();
    assert!(first[0].contains("on paper: no real orders"), "{first:?}");
    assert!(first[1].contains("ws://127.0.0.1:"), "{first:?}");
    assert!(first[2].ends_with("runs/embedded"), "{first:?}");
    assert!(first[3].contains("about 3 s; Ctrl-C ends it sooner"), "{first:?}");
    assert!(run.out.contains("the interval of kappa"), "{}", run.out);
    assert!(run.out.contains("digest   "), "{}", run.out);
}

/// The default run names its market simulated in every line of its head, and has two unlike coins.
#[test]
fn the_default_run_has_a_coin_like_btc_and_one_that_pays() {
    let dir = Temporary::new();
    let run = papermaker(&dir.0, &["run", "--for", "20s", "--speed", "50", "--pin", "off"]);
    let head: Vec<&str> = run.assert_code(0).out.lines().take(6).collect();
    assert!(head.iter().all(|line| line.contains("simulated")), "{head:?}");
    assert!(head[4].contains("BTC, btc: As BTC at the venue"), "{head:?}");
    assert!(head[5].contains("PAYS, paying: ") && head[5].contains("a maker earns"), "{head:?}");
    let truth = std::fs::read_to_string(dir.join("runs/embedded/truth.json")).expect("the truth");
    let truth: serde_json::Value = serde_json::from_str(&truth).expect("JSON");
    let coin = &truth["coins"][1];
    assert!(coin.get("quotes").is_some() && coin.get("kappa").is_none(), "{truth}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let dir = Temporary::new();
    let mut child = start(&dir.0, &["run", "--for", "20s", "--speed", "20"]);
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    out.read_line(&mut line).expect("a line");
    drop(out);
    finish(child).assert_code(0);
    papermaker(&dir.0, &["verify", "runs/embedded"]).assert_code(0);
}

#[test]
fn what_is_wrong_is_said_in_a_line_with_the_right_code() {
    let dir = Temporary::new();
    std::fs::write(dir.join("file"), b"not a recording\n").expect("written");
    std::fs::write(dir.join("bad.toml"), b"[engine.strategy.glft]\nlevles = 3\n").expect("written");
    std::fs::create_dir(dir.join("taken")).expect("made");
    std::fs::write(dir.join("taken/run.json"), b"{}").expect("written");
    let cases: [(&[&str], i32, &str); 23] = [
        (&["run", "--nonsense"], 2, "--nonsense"),
        (&["run", "--for", "soon"], 2, "write it as 90s"),
        (&["run", "--speed", "0"], 2, "1 to 50"),
        (&["run", "--speed", "-3"], 2, "1 to 50"),
        (&["run", "--for", "-10m"], 2, "write it as 90s"),
        (&["run", "--coin", ""], 2, "name at least one coin"),
        (&["run", "--coin", "BTC, BTC"], 2, "BTC is named twice"),
        (&["run", "--pin", "left"], 2, "auto, off or the number"),
        (&["run", "--pin", "100000"], 2, "this process may not use that core"),
        (&["report", "file"], 5, "it is a file; give the folder of a run"),
        (&["verify", "bad.toml"], 5, "it is a file; give the folder of a run"),
        (&["run", "--venue", "http://x"], 2, "ws(s)://"),
        (&["run", "--ca", "none.pem"], 2, "--ca"),
        (&["run", "--config", "none.toml"], 2, "none.toml"),
        (&["run", "--config", "bad.toml"], 2, "did you mean `engine.strategy.glft.levels`"),
        (&["run", "--set", "engine.strategy.glft.levels=99"], 2, "1 to 5"),
        (&["run", "--out", "taken"], 2, "holds a run already"),
        (&["run", "--set", "run.folder=\"file/runs\""], 4, "cannot make the run folder"),
        (&["run", "--set", "exchange.coins=[\"BTC\",\"BTC\"]"], 2, "exchange"),
        (&["replay", "none.frames"], 5, "none.frames"),
        (&["replay", "file"], 5, "file"),
        (&["report", "none"], 5, "no run folder `none`: there is no such folder"),
        (&["record", "file", "--venue", "embedded"], 2, "exists already"),
    ];
    for (args, code, text) in cases {
        let ended = papermaker(&dir.0, args);
        ended.assert_code(code);
        assert!(ended.err.contains(text), "{args:?}: {}", ended.err);
        let lines = ended.err.lines().count();
        assert!(lines == 1 || ended.err.starts_with("error: "), "{ended:?}");
    }
}

#[test]
fn a_folder_that_another_process_writes_is_refused() {
    let dir = Temporary::new();
    let held = Folder::create(&dir.join("mine")).expect("a folder");
    let ended = papermaker(&dir.0, &["run", "--out", "mine", "--for", "5s"]);
    assert!(ended.assert_code(2).err.contains("written by another process"), "{ended:?}");
    drop(held);
    papermaker(&dir.0, &["run", "--out", "mine", "--for", "5s"]).assert_code(0);
}

#[test]
fn a_full_disk_withdraws_the_quotes_ends_the_run_and_keeps_what_was_acknowledged() {
    let dir = Temporary::new();
    // A file may grow to some 100 to 200 KB here: the journal fails a second or two into the run.
    let mut shell = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_papermaker");
    let line = format!("ulimit -f 200; exec {program} run --for 100m --no-record");
    shell.current_dir(&dir.0).args(["-c", &line]).stdin(Stdio::null());
    let child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a shell");
    let ended = finish(child);
    ended.assert_code(4);
    let said = &ended.out;
    assert!(said.contains("the journal failed at record"), "{said}");
    assert!(said.contains("quotes withdrawn"), "{said}");
    // The last ladder taken down says why.
    assert!(said.contains("at the end journal_behind, journal_behind"), "{said}");
    let durable: u64 = ended
        .err
        .split_whitespace()
        .zip(ended.err.split_whitespace().skip(1))
        .find(|(_, next)| *next == "of")
        .and_then(|(n, _)| n.parse().ok())
        .expect("how many are durable");
    let verify = papermaker(&dir.0, &["verify", "runs/embedded"]);
    assert!(verify.assert_code(5).err.contains("--no-record"), "{verify:?}");
    let report = papermaker(&dir.0, &["report", "runs/embedded", "--json"]);
    let records = report.json()["records"].as_u64().expect("a number");
    // How often it was synced by then is the machine's business.
    assert!(records >= durable && durable > 10, "{records} {durable}");
    assert!(records < 3_000, "{records}: the limit was reached");
}

#[test]
fn a_recorder_on_a_full_disk_says_so() {
    let dir = Temporary::new();
    let mut shell = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_papermaker");
    let to = "record a.frames.gz --venue embedded --for 100m --json";
    shell.current_dir(&dir.0).args(["-c", &format!("ulimit -f 16; exec {program} {to}")]);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = finish(shell.spawn().expect("a shell"));
    assert_eq!(ended.assert_code(4).json()["ended"], "failed");
}

#[test]
fn a_recorder_writes_what_a_replay_reads_and_the_venue_serves_both() {
    let dir = Temporary::new();
    let mut venue = command(
        &dir.0,
        &[
            "venue",
            "--world",
            "simple",
            "--coin",
            "BTC,ETH",
            "--json",
            "--for",
            "6s",
            "--truth",
            "truth.json",
        ],
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("started");
    let head = super::process::await_text(&mut venue, "\n");
    let head: serde_json::Value = serde_json::from_str(&head).expect("addresses");
    let ws = head["ws"].as_str().expect("an address");
    let asked = ["record", "a.frames.gz", "--venue", ws, "--coin", "BTC,ETH", "--for", "3s"];
    let record = papermaker(&dir.0, &[&asked[..], &["--json"]].concat());
    let record = record.assert_code(0).json();
    assert!(record["frames"].as_u64() > Some(50), "{record}");
    assert_eq!((&record["frames_lost"], &record["rejected"]), (&0.into(), &0.into()));
    let replay = papermaker(&dir.0, &["replay", "a.frames.gz", "--json"]).assert_code(0).json();
    assert_eq!(replay["frames"], record["frames"]);
    assert_eq!(replay["coins"].as_array().map(Vec::len), Some(2));
    let unknown = papermaker(&dir.0, &["run", "--venue", ws, "--coin", "BTK"]);
    assert!(unknown.assert_code(3).err.contains("did you mean BTC"), "{unknown:?}");
    finish(venue).assert_code(0);
    let truth = std::fs::read_to_string(dir.join("truth.json")).expect("the truth");
    assert!(truth.contains("\"kappa\""));
}

#[test]
fn a_folder_whose_path_is_long_and_no_text_is_one_as_any() {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = Temporary::new();
    let odd = [&b"\xff\xfe "[..], &[b'x'; 120]].concat();
    let inside = dir.0.join(std::ffi::OsStr::from_bytes(&odd));
    std::fs::create_dir(&inside).expect("a folder");
    let run = ["run", "--for", "120s", "--speed", "50", "--out", "r", "--coin", "BTC", "--json"];
    let ended = papermaker(&inside, &run).assert_code(0).json();
    assert!(ended["run"] == "r" && ended["records"].as_u64() > Some(100), "{ended}");
    papermaker(&inside, &["verify", "r"]).assert_code(0);
    let info = std::fs::read_to_string(inside.join("r/run.json")).expect("written");
    assert!(info.contains("\"version\""), "{info}");
    let again = ["replay", "r/frames.gz", "--coin", "BTC:5", "--out", "s", "--json"];
    let again = papermaker(&inside, &again).assert_code(0).json();
    assert!(again["run"] == "s", "{again}");
    papermaker(&inside, &["report", "s", "--json"]).assert_code(0);
}

#[test]
fn a_replay_from_a_checkpoint_names_its_coins_and_is_verified() {
    let dir = Temporary::new();
    let tape = ["venue", "--tape", "t.frames.gz", "--for", "2m", "--world", "simple"];
    papermaker(&dir.0, &[&tape[..], &["--coin", "BTC"]].concat()).assert_code(0);
    let half = ["replay", "t.frames.gz", "--once", "--checkpoint-at", "60", "--out", "half"];
    papermaker(&dir.0, &half).assert_code(0);
    let rest = ["replay", "t.frames.gz", "--from", "half/checkpoint", "--out", "rest", "--json"];
    let rest = papermaker(&dir.0, &rest).assert_code(0).json();
    assert!(rest["answer"][1].as_str().is_some_and(|a| a.contains(" on BTC for ")), "{rest}");
    assert_eq!(
        (&rest["coins"][0]["coin"], &rest["coins"][0]["maker_fee_bps"]),
        (&"BTC".into(), &serde_json::Value::Null)
    );
    papermaker(&dir.0, &["verify", "rest"]).assert_code(0);
    // A journal that lacks its end is still one that failed.
    let records = "\"records\": ";
    let info = std::fs::read_to_string(dir.join("rest/run.json")).expect("there");
    std::fs::write(dir.join("rest/run.json"), info.replacen(records, "\"records\": 1", 1))
        .expect("written");
    let lacks = papermaker(&dir.0, &["verify", "rest"]);
    assert!(lacks.assert_code(1).err.contains("lacks the last"), "{lacks:?}");
}
