//! A run whose first segments are dropped keeps its sums, is verified from what is left, and goes on.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::past::{Folding, Past};
use papermaker::rooms::folder::recording;
use papermaker::rooms::folder::{Folder, RunFolder, RunInfo};
use papermaker::rooms::journal::{self, Found};
use papermaker::rooms::record::{Lost, NO_COIN, Record};
use serde_json::Value;

use super::process::{
    Temporary, await_text, exchange, finish, lose_frames, papermaker, signal, start,
};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.metadata().expect("there").is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
}

/// Removes what the run's past holds, as its bound would, but for so many segments; gives how many files
/// that were.
fn drop_front(run: &Path, spared: u64) -> usize {
    let past = Past::of(&RunFolder::at(run)).expect("a past");
    let mut dropped = 0;
    for entry in std::fs::read_dir(run).expect("a folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let old = journal::segment_number(&name).is_some_and(|n| n + spared < past.journal.segment)
            || recording::segment_number(&name).is_some_and(|n| n + spared < past.recording);
        if old {
            std::fs::remove_file(run.join(&name)).expect("removed");
            dropped += 1;
        }
    }
    let info = run.join("run.json");
    let text = std::fs::read_to_string(&info).expect("there");
    let text = text.replace("\"bounded\": false", "\"bounded\": true");
    assert!(text.contains("\"bounded\": true"), "{text}");
    std::fs::write(&info, text).expect("written");
    dropped
}

fn json(dir: &Path, args: &[&str]) -> Value {
    papermaker(dir, args).assert_code(0).json()
}

/// The report as JSON without the name of its folder.
fn report(dir: &Path, run: &str) -> Value {
    let mut found = json(dir, &["report", run, "--json"]);
    let map = found.as_object_mut().expect("an object");
    map.remove("run");
    map.remove("name");
    found
}

/// A segment of the journal that is missing in the middle is named, also where its sums are kept.
fn holed_journals(dir: &Temporary) {
    for run in ["whole", "spared"] {
        let front = Past::of(&RunFolder::at(dir.join(run))).expect("a past").journal.segment;
        let [name, aside] =
            [dir.join(run).join(journal::segment_name(front - 1)), dir.join("aside")];
        std::fs::rename(&name, &aside).expect("moved");
        let says = format!("the journal is damaged: from segment {}, record ", front - 1);
        let export = ["export", run, "--format", "csv", "--out", &format!("{run}.holed")];
        for args in [&["verify", run][..], &export] {
            let said = papermaker(&dir.0, args);
            said.assert_code(1);
            assert!(said.err.contains(&says), "{said:?}");
            assert!(said.err.contains(" on, one segment is missing"), "{said:?}");
        }
        std::fs::rename(&aside, &name).expect("moved");
        papermaker(&dir.0, &["verify", run]).assert_code(0);
    }
}

/// The run again as `to`, with 50 records lost on the way to its journal and, where `frames` says so, ten
/// frames on the way to its recording; put through and dropped as far as the run did.
fn lossy(dir: &Temporary, to: &str, frames: bool) {
    let (whole, to) = (dir.join("whole"), dir.join(to));
    copy(&whole, &to);
    for number in 0.. {
        if std::fs::remove_file(to.join(journal::segment_name(number))).is_err() {
            break;
        }
    }
    let front = Past::of(&RunFolder::at(&whole)).expect("a past").recording;
    std::fs::remove_file(to.join("past")).expect("a past");
    let config = Config::load(Some(&to.join("config.toml")), &[]).expect("settings");
    let coins = RunInfo::read(&to.join("run.json")).expect("a run").specs().expect("coins");
    let mut writer = journal::Writer::create(
        Folder::open(&to).expect("a folder"),
        config.journal(config.hash(&coins)),
    )
    .expect("new");
    let mut reader =
        journal::Reader::open(Folder::open(&whole).expect("a folder")).expect("listed");
    while let Some(found) = reader.step().expect("readable") {
        let Found::Record(mut r) = found else { panic!("{found:?}") };
        match r.seq {
            2_000..2_049 => continue,
            2_049 => {
                let body = Lost { first: 2_000, count: 50 }.into();
                r = Record { coin: NO_COIN, body, ..r };
            }
            _ => {}
        }
        writer.append(&r.encode()).expect("room");
    }
    writer.finish().expect("written");
    if frames {
        lose_frames(&to.join(recording::segment_name(0)), 300..310);
    }
    let folding = Folding::new(RunFolder::at(&to), config, coins, true);
    let kept = folding.and_then(|mut f| f.fold(front, &AtomicBool::new(false)));
    assert!(kept.expect("readable").is_some(), "the journal is whole");
    assert!(drop_front(&to, 0) > 3);
}

/// Lost records of a bounded run are given again by its recording; lost frames are not, and the verdict
/// says so, also where records were lost with them.
fn lossy_pasts(dir: &Temporary) {
    lossy(dir, "records", false);
    let verify = json(&dir.0, &["verify", "records", "--json"]);
    assert_eq!((&verify["lost"], &verify["equal"]), (&50.into(), &true.into()), "{verify}");
    lossy(dir, "frames", true);
    let refused = papermaker(&dir.0, &["verify", "frames"]);
    let says = "cannot be replayed: its recording misses 10 frames, the disk having fallen behind";
    assert!(refused.assert_code(1).err.contains(says), "{refused:?}");
}

#[test]
fn sums_tables_and_verdicts_are_those_of_the_whole_run() {
    let dir = Temporary::new();
    let world = ["run", "--world", "simple", "--speed", "50", "--for", "120s", "--out", "whole"];
    let sets = ["--set", "run.segment_bytes=200000", "--set", "engine.strategy.name=glft"];
    papermaker(&dir.0, &[&world[..], &sets].concat()).assert_code(0);
    copy(&dir.join("whole"), &dir.join("plain"));
    std::fs::remove_file(dir.join("plain/past")).expect("several segments make a past");
    for (run, spared, least) in [("kept", 0, 4), ("spared", 2, 1)] {
        copy(&dir.join("whole"), &dir.join(run));
        let dropped = drop_front(&dir.join(run), spared);
        assert!(dropped >= least, "{dropped} files");
    }
    let want = report(&dir.0, "plain");
    let fills = &want["coins"][0]["orders"]["fills"]["configured"];
    assert!(fills.as_object().is_some_and(|f| !f.is_empty()), "{want}");
    assert_eq!(report(&dir.0, "whole"), want, "with the past");
    // A file of the recording that is missing is named, and ends nothing.
    copy(&dir.join("whole"), &dir.join("holed"));
    std::fs::remove_file(dir.join("holed/frames.00000002.gz")).expect("a file in the middle");
    let holed = papermaker(&dir.0, &["verify", "holed"]);
    let says = "its file frames.00000002.gz is missing: the ";
    assert!(holed.assert_code(1).err.contains(says), "{holed:?}");
    assert!(holed.err.contains(" records before it are verified"), "{holed:?}");
    let again = papermaker(&dir.0, &["replay", "holed/frames.gz", "--once", "--json"]);
    let again = again.assert_code(0).json();
    assert_eq!(again["left_out"]["files_missing"], 1, "{again}");
    let records = |v: &Value| v["records"].as_u64().expect("a count");
    assert!(records(&again) > records(&want) / 2 && records(&again) < records(&want));
    assert_eq!(report(&dir.0, "holed"), want, "sums are the journal's");
    assert_eq!(report(&dir.0, "kept"), want, "without what it holds");
    let [a, b] = ["plain", "kept"].map(|run| json(&dir.0, &["verify", run, "--json"]));
    assert_eq!((&a["digest"], &a["decisions"]), (&b["digest"], &b["decisions"]));
    // Tables begin with the oldest segment, and know their coins and when.
    let [a, b, c] = ["plain", "kept", "spared"].map(|run| {
        let to = format!("{run}.csv");
        papermaker(&dir.0, &["export", run, "--format", "csv", "--out", &to]).assert_code(0);
        let read = |t: &str| std::fs::read_to_string(dir.join(&format!("{to}/{t}.csv")));
        ["coins", "fills"].map(|t| read(t).expect("a table"))
    });
    assert_eq!([&b[0], &c[0]], [&a[0]; 2], "coins");
    let [all, few, more] = [&a, &b, &c].map(|t| t[1].lines().skip(1).collect::<Vec<_>>());
    let counts = [0, few.len(), more.len(), all.len()];
    assert!(counts.is_sorted_by(|a, b| a < b), "{counts:?}");
    assert!(all.ends_with(&few) && all.ends_with(&more));
    holed_journals(&dir);
    lossy_pasts(&dir);
    let shown = papermaker(&dir.0, &["report", "kept"]);
    assert!(shown.out.contains("dropped  the first"), "{}", shown.out);
    let why = papermaker(&dir.0, &["explain", "kept", "guard"]);
    assert!(why.assert_code(0).out.contains("quoted since"), "{}", why.out);
    assert!(!why.out.contains("The run is ending"), "{}", why.out);
    // A past that cannot be read is no loss while everything is there, and is named once it is.
    for run in ["whole", "kept"] {
        std::fs::write(dir.join(&format!("{run}/past")), b"pmpast2\nnonsense").expect("written");
    }
    assert_eq!(report(&dir.0, "whole"), want);
    let refused = papermaker(&dir.0, &["report", "kept"]);
    refused.assert_code(5);
    assert!(refused.err.contains("what its first segments came to"), "{}", refused.err);
}

#[test]
fn a_bounded_run_that_is_killed_again_and_again_stays_bounded_and_one_run() {
    let dir = Temporary::new();
    let coins = ["--coin", "BTC,ETH,SOL,HYPE,A,B"];
    let lively = ["--world", "simple", "--set", "exchange.start=volatile"];
    let (mut venue, address) = exchange(&dir.0, &[&coins[..], &lively].concat());
    let sets = ["--set", "run.segment_bytes=100000", "--set", "engine.strategy.name=glft"];
    let first = ["run", "--venue", &address, "--out", "r", "--plain", "--keep", "1MB"];
    let first = [&first[..], &coins, &sets].concat();
    let again = ["run", "--resume", "r", "--plain"];
    for (i, seconds) in [14, 1, 3, 12].into_iter().enumerate() {
        let mut child = start(&dir.0, if i == 0 { &first } else { &again });
        await_text(&mut child, "length");
        std::thread::sleep(Duration::from_secs(seconds));
        signal(&child, "KILL");
        let ended = finish(child);
        let at = json(&dir.0, &["verify", "r", "--json"]);
        assert_eq!(["intact", "equal"].map(|k| at[k] == true), [true; 2], "{i}: {ended:?} {at}");
    }
    let end = papermaker(&dir.0, &[&again[..], &["--for", "2s"]].concat());
    end.assert_code(0);
    assert!(!dir.join("r/00000000.journal").exists() && !dir.join("r/frames.gz").exists());
    let size: u64 = std::fs::read_dir(dir.join("r"))
        .expect("a folder")
        .map(|e| e.expect("an entry"))
        .filter(|e| {
            e.file_name().to_str().is_some_and(|n| n.contains("journal") || n.contains("gz"))
        })
        .map(|e| e.metadata().expect("there").len())
        .sum();
    // The bound, and what comes until the next look, ten seconds later.
    assert!(size < 4_000_000, "{size} bytes");
    let report = json(&dir.0, &["report", "r", "--json"]);
    let coin = &report["coins"][0];
    assert_eq!(coin["coin"], "BTC", "{coin}");
    assert!(coin["prints"].as_u64().expect("a count") > 10, "{coin}");
    let at = json(&dir.0, &["verify", "r", "--json"]);
    assert_eq!(["intact", "equal", "killed"].map(|k| at[k] == true), [true, true, false], "{at}");
    let _ = venue.kill();
    let _ = venue.wait();
}
