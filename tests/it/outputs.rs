//! What a command writes never costs its user a file: every path argument of every command.

use std::path::Path;

use super::process::{Temporary, papermaker};
use super::sweep::recording;

/// Options that take a path to read, or a folder that the program makes itself and refuses where a
/// run is there; of the others [`WALK`] has a line each.
const INPUTS: [&str; 13] = [
    "--config",
    "--ca",
    "facts --against",
    "fills --tape",
    "fills --orders",
    "fills --run",
    "import --fills",
    "replay --from",
    "replay --out",
    "run --resume",
    "run --out",
    "sweep plan --out",
    "top --run",
];

/// Commands that write a file: the option, the command line before it, what it reads.
const WALK: [(&str, &str, &[&str]); 15] = [
    ("convert --out", "convert t.frames.gz --out", &["t.frames.gz"]),
    ("fills --out", "fills --tape t.frames.gz --orders o.csv --out", &["t.frames.gz", "o.csv"]),
    ("facts --plot", "facts t.frames.gz --against b.toml --plot", &["t.frames.gz", "b.toml"]),
    ("compare --out", "compare t.frames.gz --out", &["t.frames.gz"]),
    ("compare --csv", "compare t.frames.gz --csv", &["t.frames.gz"]),
    ("audit fills --csv", "audit fills --csv", &[]),
    ("venue --tape", "venue --for 1s --tape", &[]),
    ("venue --truth", "venue --for 1s --truth", &[]),
    ("venue --blocks", "venue --for 1s --tape new.frames --blocks", &[]),
    ("report --out", "report run --out", &[]),
    ("report --csv", "report run --csv", &[]),
    ("import --out", "import book.lz4 --out", &["book.lz4"]),
    ("bench frames --out", "bench frames --count 10 --out", &[]),
    ("sweep merge --out", "sweep merge plan --out", &["t.frames.gz"]),
    ("record", "record", &[]),
];

/// Options of one help text that take a path.
fn paths(help: &str) -> impl Iterator<Item = &str> {
    help.lines().filter_map(|line| {
        let line = line.trim_start();
        line.starts_with('-').then_some(())?;
        let takes = ["<FILE", "<FOLDER", "<DIR", "<RUN", "<CHECKPOINT", "<PEM"];
        let option = line.split([' ', ',']).find(|word| word.starts_with("--"))?;
        takes.iter().any(|t| line.contains(t)).then_some(option)
    })
}

/// Names of the commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let list = help.split("Commands:\n").nth(1).unwrap_or_default();
    let names = list.lines().take_while(|l| l.starts_with("  "));
    let names = names.filter_map(|l| l.split_whitespace().next().map(str::to_owned));
    names.filter(|n| n != "help").collect()
}

#[test]
fn every_option_that_takes_a_path_is_walked_or_read() {
    let dir = Temporary::new();
    let help = |path: &[&str]| papermaker(&dir.0, &[path, &["--help"]].concat()).out;
    let mut seen = 0;
    for name in commands(&help(&[])) {
        let subs = commands(&help(&[&name]));
        let all = subs.iter().map(|s| vec![name.as_str(), s.as_str()]);
        for path in std::iter::once(vec![name.as_str()]).chain(all) {
            for option in paths(&help(&path)) {
                let whole = format!("{} {option}", path.join(" "));
                let known = INPUTS.contains(&option)
                    || INPUTS.contains(&whole.as_str())
                    || ["bench wire --hlog", "export --out"].contains(&whole.as_str())
                    || WALK.iter().any(|w| w.0 == whole);
                assert!(known, "{whole} takes a path: a line in WALK, or among INPUTS");
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "{seen}: the help texts are no longer understood");
}

/// Runs a line with a path at its end; the exit code must be 2 and the sentence say `why`.
fn refused(dir: &Path, line: &str, to: &str, force: bool, why: &str) {
    let mut args: Vec<&str> = line.split(' ').chain([to]).collect();
    args.extend(force.then_some("--force"));
    let ended = papermaker(dir, &args);
    let says = ended.assert_code(2).err.contains(why);
    assert!(says, "{line} {to}: {}", ended.err);
}

#[test]
fn no_output_costs_a_file() {
    let dir = Temporary::new();
    recording(&dir.join("t.frames.gz"), 1, 20);
    for (file, text) in [
        ("o.csv", "order_id,inst,side,px,sz,ts_submit_ns,ts_live_ns,ts_cancel_ns,tif\n"),
        ("b.toml", ""),
        ("book.lz4", "no book"),
        ("s.toml", "files = [\"t.frames.gz\"]\n[grid]\nengine.quote.max_lots = [3, 4]\n"),
    ] {
        std::fs::write(dir.join(file), text).expect("written");
    }
    papermaker(&dir.0, &["replay", "t.frames.gz", "--once", "--out", "run"]).assert_code(0);
    papermaker(&dir.0, &["sweep", "plan", "s.toml", "-o", "plan"]).assert_code(0);
    let kept = ["run/00000000.journal", "run/config.toml", "t.frames.gz", "o.csv"];
    let bytes = |name: &str| std::fs::read(dir.join(name)).expect("still there");
    let before = kept.map(bytes);
    std::fs::write(dir.join("mine"), "mine").expect("written");
    for (name, line, inputs) in WALK {
        refused(&dir.0, line, "mine", false, "exists already");
        let forces: &[bool] = if name == "record" { &[false] } else { &[false, true] };
        for &force in forces {
            for of_a_run in ["run/00000000.journal", "run/config.toml", "run/new"] {
                refused(&dir.0, line, of_a_run, force, "the folder of a run");
            }
            refused(&dir.0, line, "/dev/full", force, "no regular file");
            refused(&dir.0, line, "run", force, "no regular file");
            for input in inputs {
                refused(&dir.0, line, input, force, "is read by this command");
            }
        }
    }
    refused(&dir.0, "export run --format csv --out", "run", true, "the folder of a run");
    assert_eq!(before, kept.map(bytes));
    assert_eq!(std::fs::read(dir.join("mine")).expect("there"), b"mine");
    papermaker(&dir.0, &["convert", "t.frames.gz", "-o", "mine", "--force"]).assert_code(0);
    assert_ne!(std::fs::read(dir.join("mine")).expect("there"), b"mine");
}

#[test]
fn a_schedule_without_an_order_gives_a_table_without_a_fill() {
    let dir = Temporary::new();
    recording(&dir.join("t.frames.gz"), 1, 20);
    let head = "order_id,inst,side,px,sz,ts_submit_ns,ts_live_ns,ts_cancel_ns,tif\n";
    std::fs::write(dir.join("o.csv"), head).expect("written");
    let line = ["fills", "--tape", "t.frames.gz", "--orders", "o.csv", "--out", "f.csv"];
    papermaker(&dir.0, &line).assert_code(0);
    let table = std::fs::read_to_string(dir.join("f.csv")).expect("a table");
    assert_eq!(table, "order_id,ts_ns,sz,px,reason\n");
    // Another run's table makes room, what is anything else does not.
    std::fs::write(dir.join("f.csv"), table + "7,1,1.0,1.0,queue\n").expect("written");
    papermaker(&dir.0, &line).assert_code(0);
    assert!(!std::fs::read_to_string(dir.join("f.csv")).expect("a table").contains("queue"));
    std::fs::write(dir.join("f.csv"), "order_id,ts_ns,sz\n7,1,1.0\n").expect("written");
    papermaker(&dir.0, &line).assert_code(2);
    // Nor does a pipe, which nobody fills.
    std::fs::remove_file(dir.join("f.csv")).expect("there");
    let pipe = std::process::Command::new("mkfifo").arg(dir.join("f.csv")).status();
    assert!(pipe.expect("mkfifo").success());
    papermaker(&dir.0, &line).assert_code(2);
}

#[test]
fn settings_are_an_object_to_programs() {
    let dir = Temporary::new();
    let args = ["config", "print", "--json", "--set", "engine.quote.max_lots=3"];
    let all = papermaker(&dir.0, &args).assert_code(0).json();
    assert_eq!(all["engine"]["quote"]["max_lots"], 3.0);
    assert_eq!(papermaker(&dir.0, &["config", "check", "--json"]).json()["ok"], true);
}

#[test]
fn messages_that_nobody_reads_change_no_exit_code() {
    let dir = Temporary::new();
    for args in [&["verify", "nofolder"][..], &["replay"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut told = super::process::command(&dir.0, args);
        let code = told.stderr(writer).status().expect("a process").code();
        assert_eq!(code, Some(if args.len() == 2 { 5 } else { 2 }), "{args:?}");
    }
}

#[test]
fn what_standard_output_does_not_take_is_told() {
    let dir = Temporary::new();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
    let mut told = super::process::command(&dir.0, &["config", "print"]);
    let ended = told.stdout(full).output().expect("a process");
    let err = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(4), "{err}");
    assert!(err.contains("cannot write to standard output"), "{err}");
}
