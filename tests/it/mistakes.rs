//! Slips of the hand over every command: each ends with a sentence that says what to do, and its code.

use std::collections::BTreeSet;
use std::path::Path;

use super::process::{Temporary, papermaker};
use super::sweep::recording;

/// What was typed, the exit code, words of the answer. `_` stands for an empty argument.
const MISTAKES: &[(&str, i32, &str)] = &[
    ("replay", 2, "<FILES>"),
    ("replay nofile", 5, "there is no such file or folder"),
    ("replay adir", 5, "is a folder; name the recording in it"),
    ("replay x.csv", 5, "does not begin with a time and a blank"),
    ("replay x.lz4", 5, "this file is compressed"),
    ("replay x.npz", 5, "this file is compressed"),
    ("replay x.parquet", 5, "<receive time, ns since 1970>"),
    ("replay raw.jsonl", 5, "put the time before it at which it was received"),
    ("replay fifo", 5, "as in `zstdcat F | papermaker replay -`"),
    ("replay twice.gz", 5, "name the parts in order of time, each time once"),
    ("replay nothing", 5, "no market data of any coin"),
    ("replay t.frames.gz --coin NOPE", 2, "no coin `NOPE`"),
    ("replay t.frames.gz --coin _", 2, "name at least one coin"),
    ("replay t.frames.gz --coin PURR/USDC", 2, "perpetuals only"),
    ("replay t.frames.gz --out run", 2, "holds a run already; name another"),
    (
        "replay t.frames.gz --out x.csv",
        4,
        "cannot make the run folder x.csv: a file of that name is there",
    ),
    ("replay t.frames.gz --from nofile", 5, "there is no such file or folder"),
    ("replay t.frames.gz --from x.csv", 5, "this is no checkpoint"),
    ("replay t.frames.gz --checkpoint-at 0", 2, "0 is not in"),
    ("replay t.frames.gz --checkpoint-at 9999 --out far", 2, "ends before --checkpoint-at"),
    ("replay t.frames.gz t.frames.gz", 2, "name recordings in order of time, each time once"),
    ("replay t.frames.gz -", 2, "standard input is one recording"),
    ("replay t.frames.gz --set engine.quote.max_lots=-3", 2, "it must be 1 to 10000 lots"),
    ("replay t.frames.gz --set engine.quote.max_lots=nan", 2, "it must be 1 to 10000 lots"),
    ("replay t.frames.gz --set engine.quote.max_lots=three", 2, "it must be 1 to 10000 lots"),
    ("replay t.frames.gz --set engine.quote.max_lot=3", 2, "did you mean `engine.quote.max_lots`"),
    ("replay t.frames.gz --set engine.quote.max_lots", 2, "write it as section.key=value"),
    ("replay t.frames.gz --set engine.strategy.name=foo", 2, "it must be one of"),
    ("replay t.frames.gz --set profile=nope", 2, "it must be one of default"),
    ("replay t.frames.gz --config nofile.toml", 2, "there is no such file or folder"),
    ("replay t.frames.gz --config bad.toml", 2, "it must be one of default"),
    ("replay t.frames.gz --config worse.toml", 2, "unquoted keys cannot be empty"),
    ("run --for 10", 2, "write it as 90s, 10m or 2h"),
    ("run --for -10m", 2, "write it as 90s, 10m or 2h"),
    ("run --for 0s", 2, "write it as 90s, 10m or 2h"),
    ("run --speed 99", 2, "it must be 1 to 50"),
    ("run --speed -3", 2, "it must be 1 to 50"),
    ("run --coin _", 2, "name at least one coin"),
    ("run --coin BTC,BTC", 2, "BTC is named twice"),
    ("run --coin BTC,A:9", 3, "the venue has no coin `A:9`"),
    ("run --venue binance", 2, "use embedded, hyperliquid or ws(s)://"),
    ("run --venue http://x", 2, "an address begins with ws:// or wss://"),
    ("run --venue ws://127.0.0.1:1/ws --for 1s --coin ETH:4", 3, "nothing listens there"),
    ("run --pin 9999", 2, "may not use that core"),
    ("run --pin x", 2, "use auto, off or the number of a core"),
    ("run --keep x", 2, "write it as 500MB or 20GB"),
    ("run --resume nofolder", 5, "no run folder `nofolder`: there is no such folder"),
    ("run --resume run", 2, "is a replay"),
    ("run --metrics nonsense", 2, "use host:port or a port"),
    ("run --world nope", 2, "there are simple"),
    ("run --ca nofile", 2, "it takes a PEM file"),
    ("run --out run", 2, "holds a run already"),
    ("run --resume run --out y", 2, "cannot be used with"),
    ("run --continue --out y", 2, "cannot be used with"),
    ("record", 2, "<FILE>"),
    ("record adir --venue embedded --for 1s", 2, "no regular file: name another one"),
    ("record t.frames.gz --venue embedded --for 1s", 2, "exists already: name another file"),
    ("record y.gz --speed 3 --venue hyperliquid", 2, "for the embedded exchange only"),
    ("report", 2, "<RUNS>"),
    ("report nofolder", 5, "there is no such folder"),
    ("report x.csv", 5, "it is a file; give the folder of a run"),
    ("report adir", 5, "holds no journal; give it a run folder"),
    ("report damaged", 1, "the journal is damaged: damage in segment 0"),
    ("report run --out nofolder/x.html", 4, "there is no such file or folder"),
    ("report run run", 2, "which would count twice: leave one out"),
    ("report run --set a=b", 2, "leave them out"),
    ("export run --format xml", 2, "possible values: parquet, csv, jsonl"),
    ("export run --format csv --table nope", 2, "no table `nope`; there are"),
    ("export nofolder --format csv", 5, "there is no such folder"),
    ("top nofolder", 5, "no run folder nofolder"),
    ("top 127.0.0.1:1", 5, "no engine answers at 127.0.0.1:1"),
    ("verify nofolder", 5, "there is no such folder"),
    ("verify adir", 5, "give it a run folder"),
    ("verify damaged", 1, "the file is no segment of a journal"),
    ("venue --addr nonsense", 2, "invalid socket address"),
    ("venue --for x", 2, "write it as 90s, 10m or 2h"),
    ("venue --speed 0", 2, "it must be 1 to 50"),
    ("truth --hours 0", 2, "--hours must be 0.1 to 10000"),
    ("truth --world nope", 2, "there are simple"),
    ("audit fills --hours 0", 2, "--hours must be 0.1 to 1000"),
    ("compare", 2, "<FILES>"),
    ("compare nofile", 5, "there is no such file or folder"),
    ("compare t.frames.gz --profiles nope", 2, "it must be one of default"),
    ("compare t.frames.gz --world simple", 2, "cannot be used with"),
    ("compare --world simple --for x", 2, "write it as 90s, 10m or 2h"),
    ("sweep plan nofile -o p", 5, "there is no such file or folder"),
    ("sweep run adir", 5, "make one with `papermaker sweep plan"),
    ("sweep merge adir -o m.parquet", 5, "make one with `papermaker sweep plan"),
    ("sweep show nofile", 5, "make one with `papermaker sweep plan"),
    ("explain run nope", 2, "possible values: kappa, quote, guard, curve"),
    ("explain nofolder", 5, "there is no such folder"),
    ("explain run --at x", 2, "write it as 90s, 10m or 2h"),
    ("explain run --coin NOPE", 2, "no coin NOPE then; there are"),
    ("fills --tape nofile --orders x.csv --out f.csv", 5, "there is no such file or folder"),
    ("fills --tape t.frames.gz --orders x.csv --out f.csv", 5, "missing field `order_id`"),
    ("fills --tape t.frames.gz --orders nothing --out f.csv", 5, "missing field `order_id`"),
    ("facts nofile", 5, "there is no such file or folder"),
    ("facts t.frames.gz --against nope", 5, "built in are btc, eth, sol, thin"),
    ("import x.csv -o y.frames.gz", 5, "as no known source does"),
    ("import nofile -o y.frames.gz", 5, "there is no such file or folder"),
    ("import x.lz4 --from nope -o y.frames.gz", 2, "possible values: hl-s3"),
    ("convert nofile -o y.events", 5, "there is no such file or folder"),
    ("convert t.frames.gz -o t.frames.gz", 2, "name another file to write"),
    ("protocol nofile", 5, "there is no such file or folder"),
    ("protocol adir", 5, "no coin in it"),
    ("bench nope", 2, "unrecognized subcommand 'nope'"),
    ("config explain nope.key", 2, "known here: `profile`, `run`, `engine`, `exchange`"),
    ("config check --set a.b=1", 2, "unknown configuration key `a`"),
    ("doctor --nope", 2, "unexpected argument '--nope'"),
    ("rerport run", 2, "'report'"),
    ("--plain --nope", 2, "unexpected argument"),
    ("--coin DOGE --speed 99", 2, "it must be 1 to 50"),
    ("--for", 2, "a value is required for '--for"),
    ("run --config adir", 2, "cannot read adir: it is a folder"),
    ("run --config t.frames.gz", 2, "cannot read t.frames.gz: it is no text"),
    ("replay t.frames.gz --out nothing/x", 4, "a part of the path is a file"),
    ("protocol run --coin NOPE", 2, "no coin `NOPE` in run; it has ETH"),
    ("compare t.frames.gz --out t.frames.gz", 2, "is read by this command"),
    ("compare t.frames.gz --csv", 2, "a value is required for '--csv"),
    ("facts t.frames.gz --against x.csv", 5, "no bands x.csv: key with no value"),
    ("help nope", 2, "no topic and no command `nope`"),
    ("replay t.frames.gz --seeds -1", 2, "-1 is not in 1..=1000"),
    ("replay t.frames.gz --coin BTC,BTC", 2, "BTC is named twice"),
    ("run --keep -5GB", 2, "write it as 500MB or 20GB"),
    ("run --coin A\tB", 2, "no coin has such a name"),
    (
        "record y.zip --venue embedded --for 1s",
        2,
        "is a name of something else: end it in .frames.gz",
    ),
    ("record - --venue embedded --for 1s", 2, "which cannot be `-`"),
    ("report run --out y.pdf", 2, "end it in .html"),
    ("report run --csv y --out y", 2, "y is named twice"),
    ("venue --for 1s --tape y.gz --truth y.gz", 2, "end it in .json"),
    ("truth --coin NOPE", 2, "one of BTC, ETH, SOL, PAYS"),
    ("truth --coin _", 2, "name at least one coin"),
    ("truth --jobs 0", 2, "it must be 1 to 1024"),
    ("compare t.frames.gz t.frames.gz", 2, "is named twice"),
    ("compare t.frames.gz --for 10m", 2, "cannot be used with"),
    ("compare t.frames.gz --profiles fixed,fixed", 2, "fixed is named twice"),
    ("sweep plan nofile -o run", 2, "run is the folder of a run"),
    ("bench frames --count 0 -o y.gz", 2, "it must be 1 to 100000000"),
    ("facts t.frames.gz --coin ETH --against btc --plot y.png", 2, "end it in .svg"),
    ("protocol run run", 2, "one run folder, or recordings"),
    ("explain run --at -5s", 2, "write it as 90s, 10m or 2h"),
    ("completions cmd", 2, "possible values: bash"),
];

fn fixtures(dir: &Path) {
    recording(&dir.join("t.frames.gz"), 1, 20);
    let once = std::fs::read(dir.join("t.frames.gz")).expect("there");
    std::fs::write(dir.join("twice.gz"), once.repeat(2)).expect("written");
    let fifo = std::process::Command::new("mkfifo").arg(dir.join("fifo")).status();
    assert!(fifo.expect("mkfifo").success());
    std::fs::create_dir(dir.join("adir")).expect("made");
    for (file, bytes) in [
        ("x.csv", &b"a,b\n1,2\n"[..]),
        ("x.lz4", b"\x04\x22\x4d\x18abc"),
        ("x.npz", b"PK\x03\x04"),
        ("x.parquet", b"PAR1"),
        ("raw.jsonl", b"{\"channel\":\"l2Book\",\"data\":{}}\n"),
        ("nothing", b""),
        ("bad.toml", b"profile = \"x\"\n"),
        ("worse.toml", b"[[[\n"),
    ] {
        std::fs::write(dir.join(file), bytes).expect("written");
    }
    papermaker(dir, &["replay", "t.frames.gz", "--once", "--out", "run"]).assert_code(0);
    papermaker(dir, &["replay", "t.frames.gz", "--once", "--out", "damaged"]).assert_code(0);
    let journal = dir.join("damaged/00000000.journal");
    let mut bytes = std::fs::read(&journal).expect("a journal");
    bytes[..64].fill(b'X');
    std::fs::write(&journal, bytes).expect("written");
}

#[test]
fn every_slip_gets_a_sentence_and_its_code() {
    let dir = Temporary::new();
    fixtures(&dir.0);
    let wrong: Vec<String> = std::thread::scope(|all| {
        let parts = MISTAKES.chunks(MISTAKES.len().div_ceil(4));
        let threads: Vec<_> = parts
            .map(|part| {
                let dir = &dir.0;
                all.spawn(move || part.iter().filter_map(|m| tried(dir, m)).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|t| t.join().expect("tried")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let different: BTreeSet<&str> = MISTAKES.iter().map(|m| m.0).collect();
    assert!(different.len() == MISTAKES.len() && different.len() >= 80);
}

/// What is wrong with the answer to a mistake.
fn tried(dir: &Path, (line, code, words): &(&str, i32, &str)) -> Option<String> {
    let args: Vec<&str> = line.split(' ').map(|a| if a == "_" { "" } else { a }).collect();
    let ended = papermaker(dir, &args);
    let said = ended.err.split_whitespace().collect::<Vec<_>>().join(" ");
    let names = ["(os error", "Some(", "None)", "Err(", "panicked", "RUST_BACKTRACE", "{ "];
    let internal = names.into_iter().find(|n| said.contains(n));
    let right = ended.code == Some(*code) && said.contains(words) && internal.is_none();
    (!right).then(|| format!("{line}: {:?}, {internal:?}, {said}", ended.code))
}
