//! The page in a real browser, and the exported tables, against the journal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use papermaker::rooms::folder::Folder;
use papermaker::rooms::journal::{Found, Reader};
use papermaker::rooms::record::{Body, Lane, Record};
use serde_json::Value;

use super::process::{Temporary, papermaker};

const RUN: [&str; 14] = [
    "run",
    "--world",
    "simple",
    "--coin",
    "BTC,ETH",
    "--for",
    "120s",
    "--speed",
    "50",
    "--pin",
    "off",
    "--json",
    "--set",
    "engine.strategy.name=glft",
];

/// A browser that shows a page without a screen, where one is installed.
fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        let tried = Command::new(name).arg("--version").stdout(Stdio::null()).status();
        tried.is_ok_and(|s| s.success())
    })
}

/// The page as the browser has it after its scripts ran, and what it logged.
fn dom(browser: &str, dir: &Path, page: &Path) -> (String, String) {
    let out = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("a browser");
    let text = |b: Vec<u8>| String::from_utf8_lossy(&b).into_owned();
    (text(out.stdout), text(out.stderr))
}

fn at<'a>(json: &'a Value, path: &str) -> &'a Value {
    json.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null)
}

/// Every `<data data-k=… value=…>` of a page.
fn figures(page: &str) -> Vec<(String, f64)> {
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split(&format!("{name}=\"")).nth(1).expect("an attribute");
        rest.split('"').next().expect("its end").to_owned()
    };
    page.split("<data ")
        .skip(1)
        .map(|t| {
            let tag = t.split('>').next().expect("a tag");
            (attribute(tag, "data-k"), attribute(tag, "value").parse().expect("a number"))
        })
        .collect()
}

/// The page without what stands between these two.
fn without(page: &str, from: &str, to: &str) -> String {
    let mut parts = page.split(from);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + " " + part.split_once(to).map_or("", |(_, rest)| rest))
}

/// Numbers that people read in texts and tables besides [`figures`], as they are written, with their texts and
/// the next ones; times, dates and the labels of axes left out.
fn numbers(page: &str) -> Vec<(String, [String; 2])> {
    let gone = ["script", "style", "svg", "title", "data"];
    let page = gone.iter().fold(page.to_owned(), |page, tag| {
        without(&page, &format!("<{tag}"), &format!("</{tag}>"))
    });
    let texts: Vec<(&str, &str)> = page.split('<').filter_map(|p| p.split_once('>')).collect();
    let mut out = Vec::new();
    for (i, (tag, text)) in texts.iter().enumerate() {
        let is_time = |w: &str| w.contains(':') || w.matches('-').count() > 1;
        let words = text.split([' ', '(', ')', '[', ']', '\n', '\u{a0}']).filter(|w| !is_time(w));
        let read = |w: &str| {
            w.trim_end_matches(['.', ',', ';', '%', 'x']).replace('−', "-").replace(',', "")
        };
        let next = texts.get(i + 1).map_or("", |(_, text)| *text);
        let number = words.map(read).filter(|w| w.parse::<f64>().is_ok_and(f64::is_finite));
        out.extend(
            number
                .filter(|_| !tag.contains("style="))
                .map(|w| (w, [*text, next].map(str::to_owned))),
        );
    }
    out
}

/// All numbers of a JSON value, and all its texts in one.
fn contents(json: &Value, numbers: &mut Vec<f64>, texts: &mut String) {
    match json {
        Value::Number(x) => numbers.extend(x.as_f64()),
        Value::String(s) => texts.extend([s.as_str(), " "]),
        Value::Array(all) => all.iter().for_each(|v| contents(v, numbers, texts)),
        Value::Object(all) => all.values().for_each(|v| contents(v, numbers, texts)),
        Value::Bool(_) | Value::Null => {}
    }
}

/// The numbers on a page that its JSON does not have, rounded as they are written; as a share of a hundred,
/// in bps, thousands or millions, too.
fn strange(page: &str, json: &Value) -> Vec<String> {
    let (mut all, mut texts) = (Vec::new(), String::new());
    contents(json, &mut all, &mut texts);
    let is_known = |(word, [text, next]): &(String, [String; 2])| {
        let decimals = word.split_once('.').map_or(0, |(_, d)| d.len());
        let half = (0..decimals).fold(0.500_001, |half, _| half / 10.0);
        let x: f64 = word.parse().expect("a number");
        let near = |y: f64| (x.abs() - y.abs()).abs() <= half;
        // "9 of 17" beside a share.
        let share = next.split_once(" of ").and_then(|(a, b)| {
            Some(100.0 * a.trim().parse::<f64>().ok()? / b.trim().parse::<f64>().ok()?)
        });
        let scaled = |y: &f64| [1.0, 100.0, 1e4, 1e-3, 1e-6].iter().any(|k| near(k * y));
        // How wide a chart was drawn.
        text.contains(" columns of ")
            || all.iter().any(scaled)
            || share.is_some_and(near)
            || texts.contains(word.trim_start_matches('+'))
    };
    let strange = numbers(page).into_iter().filter(|number| !is_known(number));
    strange.map(|(word, [text, _])| format!("{word} in {text:?}")).collect()
}

#[test]
fn the_page_shows_the_journals_figures_and_zooms_without_an_error() {
    let dir = Temporary::new();
    papermaker(&dir.0, &RUN).assert_code(0);
    let page = dir.join("runs/embedded/report.html");
    let text = std::fs::read_to_string(&page).expect("written at the end of the run");
    let json = papermaker(&dir.0, &["report", "runs/embedded", "--json"]).assert_code(0).json();
    let check = |text: &str| {
        let figures = figures(text);
        assert!(figures.len() > 25, "{} figures", figures.len());
        for (path, shown) in figures {
            let known = at(&json, &path).as_f64();
            assert_eq!(known.map(f64::to_bits), Some(shown.to_bits()), "{path}: {shown}");
        }
    };
    check(&text);
    assert!(numbers(&text).len() > 200, "{}", numbers(&text).len());
    assert_eq!(strange(&text, &json), Vec::<String>::new());
    let wrong = text.replacen("<td class=n>", "<td class=n>31337.25 ", 3);
    assert_eq!(strange(&wrong, &json).len(), 3, "the control");
    assert!(!text.contains("http://") && !text.contains("https://"), "it needs the network");
    let Some(browser) = browser() else {
        println!("skipped: no chromium is installed, the page was not rendered");
        return;
    };
    // A copy that zooms by itself and says what came of it.
    let probe = "<script>papermaker.zoom(.25,.5);const all=[...document.querySelectorAll(\
                 '.plot[data-lo] svg')];document.title=all.filter(s=>s.viewBox.baseVal.x>0&&\
                 s.viewBox.baseVal.height>0).length+' zoomed of '+all.length;</script></body>";
    let copy = dir.join("copy.html");
    std::fs::write(&copy, text.replace("</body>", probe)).expect("written");
    let (shown, log) = dom(browser, &dir.0, &copy);
    assert!(!log.contains("CONSOLE"), "{log}");
    check(&shown);
    let title = shown.split("<title>").nth(1).and_then(|t| t.split('<').next()).expect("a title");
    let (zoomed, all) = title.split_once(" zoomed of ").expect("counts");
    assert!(zoomed == all && all.parse::<u32>().is_ok_and(|n| n >= 10), "{title}");
    // Every chart has a name for those who do not see it.
    assert_eq!(
        shown.matches("role=\"img\"").count(),
        shown.matches("role=\"img\" aria-label=").count()
    );
    // The control: a page whose script fails says so.
    let broken = dir.join("broken.html");
    let bad = text.replace("</body>", "<script>nothing()</script></body>");
    std::fs::write(&broken, bad).expect("written");
    assert!(dom(browser, &dir.0, &broken).1.contains("CONSOLE"));
}

#[test]
fn the_page_of_a_comparison_shows_its_rows() {
    let dir = Temporary::new();
    let line = "compare --world simple --coin BTC --for 6m --seeds 2 --profiles default,original --out c.html --csv c.csv \
                --json";
    let json = papermaker(&dir.0, &line.split(' ').collect::<Vec<_>>()).assert_code(0).json();
    let page = std::fs::read_to_string(dir.join("c.html")).expect("a page");
    let shown = figures(&page);
    // Value, result and both differences with their ends, fills, turnover.
    assert_eq!(shown.len(), 2 * (2 * 3 + 2) + 2 * 3, "{shown:?}");
    for (path, shown) in shown {
        assert_eq!(at(&json, &path).as_f64().map(f64::to_bits), Some(shown.to_bits()), "{path}");
    }
    assert!(page.contains("SIMULATED MARKET") && page.contains("USD more than default:"), "{page}");
    let csv = std::fs::read_to_string(dir.join("c.csv")).expect("rows");
    assert_eq!(csv.lines().count(), 3, "{csv}");
    if let Some(browser) = browser() {
        let (dom, log) = dom(browser, &dir.0, &dir.join("c.html"));
        assert!(!log.contains("CONSOLE") && dom.matches("aria-label=").count() == 2, "{log}");
    }
}

#[test]
fn runs_of_unlike_markets_stand_apart() {
    let dir = Temporary::new();
    papermaker(&dir.0, &RUN).assert_code(0);
    super::sweep::recording(&dir.join("t.frames.gz"), 1, 120);
    papermaker(&dir.0, &["replay", "t.frames.gz", "--once", "--out", "tape"]).assert_code(0);
    let both = ["report", "runs/embedded", "tape"];
    let json = papermaker(&dir.0, &[&both[..], &["--json"]].concat()).assert_code(0).json();
    assert_eq!(json["unlike_markets"], true);
    let coins = json["coins"].as_array().expect("coins");
    let of = |market: &str| coins.iter().filter(|c| c["market"] == market).count();
    assert_eq!((of("simulated"), of("recording")), (coins.len() - 1, 1), "{json}");
    let ended = papermaker(&dir.0, &[&both[..], &["--out", "p.html"]].concat());
    let text = &ended.assert_code(0).out;
    let page = std::fs::read_to_string(dir.join("p.html")).expect("a page");
    for text in [text, &page] {
        assert!(text.contains("a result of none of them"), "{text}");
    }
    // The control, markets of one kind, is in `days.rs`.
}

/// What the journal says, counted without the exporter.
#[derive(Debug, Default, PartialEq)]
struct Known {
    rows: BTreeMap<&'static str, u64>,
    /// Signed size of the configured fills, 1e-8.
    bought: i128,
    /// Sum of the inventory parts of all accounts, 1e-17 USD.
    inventory: i128,
    prints: i128,
}

fn journal(run: &Path) -> Vec<Record> {
    let mut reader = Reader::open(Folder::open(run).expect("a folder")).expect("a journal");
    let mut out = Vec::new();
    while let Some(found) = reader.step().expect("readable") {
        match found {
            Found::Record(r) => out.push(r),
            other => panic!("{other:?}"),
        }
    }
    out
}

fn known(records: &[Record]) -> Known {
    let mut k = Known::default();
    for r in records {
        match r.body {
            Body::Fill(f) => {
                *k.rows.entry("fills").or_default() += 1;
                if f.lane == Lane::Configured {
                    k.bought += i128::from(f.side.sign() * f.sz.0);
                }
            }
            Body::Account(a) => {
                *k.rows.entry("accounts").or_default() += 1;
                k.inventory += a.inventory * 5;
            }
            Body::Print(p) => {
                *k.rows.entry("trades").or_default() += 1;
                k.prints += i128::from(p.sz.0);
            }
            _ => {}
        }
    }
    k
}

/// The exact units of a decimal text with 17 places.
fn units(text: &str) -> i128 {
    let (whole, part) = text.split_once('.').expect("a point");
    assert_eq!(part.len(), 17, "{text}");
    format!("{whole}{part}").parse().expect("digits")
}

/// The same from rows as text: table, then column, then value.
fn from_rows(table: &'static str, row: &BTreeMap<String, String>, k: &mut Known) {
    *k.rows.entry(table).or_default() += 1;
    let int = |name: &str| row[name].parse::<i128>().expect("an integer");
    match table {
        "fills" if row["lane"] == "configured" => {
            k.bought += int("sz_e8") * if row["side"] == "buy" { 1 } else { -1 };
        }
        "accounts" => k.inventory += units(&row["inventory_usd"]),
        "trades" => k.prints += int("sz_e8"),
        _ => {}
    }
    assert!(row["at_utc"].starts_with("20") && row["at_utc"].ends_with('Z'), "{row:?}");
    assert!(["BTC", "ETH"].contains(&row["coin"].as_str()), "{row:?}");
}

const TABLES: [&str; 3] = ["fills", "accounts", "trades"];

fn from_csv(dir: &Path) -> Known {
    let mut k = Known::default();
    for table in TABLES {
        let mut csv = csv::Reader::from_path(dir.join(format!("{table}.csv"))).expect("a file");
        for row in csv.deserialize() {
            from_rows(table, &row.expect("a row"), &mut k);
        }
    }
    k
}

fn from_jsonl(dir: &Path) -> Known {
    let mut k = Known::default();
    for table in TABLES {
        let path = dir.join(format!("{table}.jsonl"));
        for line in std::fs::read_to_string(path).expect("a file").lines() {
            let row: BTreeMap<String, Value> = serde_json::from_str(line).expect("an object");
            let text = |v: Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            from_rows(table, &row.into_iter().map(|(n, v)| (n, text(v))).collect(), &mut k);
        }
    }
    k
}

#[cfg(feature = "parquet")]
fn from_parquet(dir: &Path) -> Known {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;
    let mut k = Known::default();
    for table in TABLES {
        let file = std::fs::File::open(dir.join(format!("{table}.parquet"))).expect("a file");
        let file = SerializedFileReader::new(file).expect("Parquet");
        for row in file.get_row_iter(None).expect("rows") {
            *k.rows.entry(table).or_default() += 1;
            let row: BTreeMap<String, Field> =
                row.expect("a row").into_columns().into_iter().collect();
            let int = |name: &str| match &row[name] {
                Field::Long(n) => i128::from(*n),
                other => panic!("{name}: {other:?}"),
            };
            let text = |name: &str| row[name].to_string();
            match table {
                "fills" if text("lane").contains("configured") => {
                    k.bought += int("sz_e8") * if text("side").contains("buy") { 1 } else { -1 };
                }
                "accounts" => match &row["inventory_usd"] {
                    Field::Decimal(d) => {
                        let bytes: [u8; 16] = d.data().try_into().expect("16 bytes");
                        k.inventory += i128::from_be_bytes(bytes);
                    }
                    other => panic!("{other:?}"),
                },
                "trades" => k.prints += int("sz_e8"),
                _ => {}
            }
        }
    }
    k
}

#[test]
fn exports_hold_the_journals_counts_and_sums() {
    let dir = Temporary::new();
    papermaker(&dir.0, &RUN).assert_code(0);
    let run: PathBuf = dir.join("runs/embedded");
    let want = known(&journal(&run));
    assert!(want.rows["fills"] > 5 && want.inventory != 0, "{want:?}");
    let export = |format: &str| {
        let args = ["export", "runs/embedded", "--format", format, "--json"];
        let out = papermaker(&dir.0, &args).assert_code(0).json();
        let all: u64 = out["tables"]
            .as_array()
            .expect("tables")
            .iter()
            .map(|t| t["rows"].as_u64().expect("a count"))
            .sum();
        assert_eq!(all, journal(&run).len() as u64, "every record is a row of one table");
    };
    export("csv");
    assert_eq!(from_csv(&run.join("export")), want);
    export("jsonl");
    assert_eq!(from_jsonl(&run.join("export")), want);
    #[cfg(feature = "parquet")]
    {
        export("parquet");
        assert_eq!(from_parquet(&run.join("export")), want);
    }
    let wrong = papermaker(&dir.0, &["export", "runs/embedded", "--format", "csv", "--table", "x"]);
    assert!(wrong.assert_code(2).err.contains("there are starts"), "{wrong:?}");
}
