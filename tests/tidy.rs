//! The layout's rules as tests: who may use whom, how files open, how long they get, what words
//! stay out. Reads the sources as text; needs nothing but the standard library.

use std::fs;
use std::path::{Path, PathBuf};

/// For each top-level module, the modules its non-test code may name after `crate::`.
const LAYERS: &[(&str, &[&str])] = &[
    ("limits", &[]),
    ("units", &["limits", "units"]),
    ("math", &["limits", "math"]),
    ("mem", &["units", "limits", "mem"]),
    ("event", &["units", "limits"]),
    ("record", &["event", "units", "limits", "record"]),
    ("settings", &["settings"]),
    ("ws", &["mem", "limits", "ws"]),
    ("feed", &["settings", "event", "mem", "units", "limits", "feed"]),
    ("book", &["settings", "event", "record", "units", "limits", "book"]),
    ("sim", &["settings", "book", "event", "units", "limits", "math", "sim"]),
    ("learn", &["settings", "event", "record", "units", "math", "limits", "mem", "learn"]),
    ("quote", &["settings", "record", "units", "math", "limits", "quote"]),
    (
        "engine",
        &[
            "settings", "book", "sim", "learn", "quote", "event", "record", "units", "math",
            "limits", "mem", "engine",
        ],
    ),
    ("journal", &["record", "units", "limits", "journal"]),
    ("telemetry", &["limits", "record", "units", "telemetry"]),
    ("venue", &["settings", "units", "math", "limits", "ws", "record", "event", "venue"]),
    ("sys", &["ws", "limits", "units", "sys"]),
    (
        "app",
        &[
            "settings",
            "limits",
            "units",
            "math",
            "mem",
            "event",
            "record",
            "ws",
            "feed",
            "book",
            "sim",
            "learn",
            "quote",
            "engine",
            "journal",
            "telemetry",
            "venue",
            "sys",
            "app",
        ],
    ),
    ("report", &["journal", "record", "units", "math", "telemetry", "report"]),
    ("chart", &["chart"]),
    (
        "study",
        &[
            "chart", "engine", "learn", "quote", "record", "units", "math", "limits", "venue",
            "study",
        ],
    ),
    (
        "bench",
        &[
            "chart",
            "app",
            "limits",
            "units",
            "math",
            "event",
            "record",
            "ws",
            "feed",
            "book",
            "sim",
            "quote",
            "engine",
            "journal",
            "telemetry",
            "venue",
            "sys",
            "bench",
        ],
    ),
    ("audit", &["venue", "book", "sim", "event", "record", "units", "limits", "math", "audit"]),
    ("ops", &["app", "telemetry", "record", "units", "limits", "sys", "ops"]),
    ("view", &["ops", "app", "telemetry", "record", "units", "limits", "view"]),
    (
        "cli",
        &[
            "settings",
            "ops",
            "view",
            "app",
            "sim",
            "audit",
            "bench",
            "report",
            "study",
            "journal",
            "record",
            "units",
            "venue",
            "sys",
            "telemetry",
            "limits",
            "feed",
            "cli",
        ],
    ),
];

/// Lines a file may have.
const LINES_MAX: usize = 600;

fn sources() -> Vec<PathBuf> {
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

fn rust_files(root: &Path) -> Vec<PathBuf> {
    fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
        let mut entries: Vec<_> =
            fs::read_dir(dir).expect("a folder").map(|e| e.expect("an entry").path()).collect();
        entries.sort();
        for p in entries {
            if p.is_dir() {
                walk(&p, out);
            } else if p.extension().is_some_and(|e| e == "rs") {
                out.push(p);
            }
        }
    }
    let mut out = Vec::new();
    walk(root, &mut out);
    out
}

fn module_of(path: &Path) -> String {
    let rel = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("in src");
    let first = rel.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// A file of tests alone.
fn is_test_file(path: &Path) -> bool {
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    name == "tests.rs"
        || name.ends_with("_tests.rs")
        || path.components().any(|c| c.as_os_str() == "tests")
}

/// The part of a file before its tests.
fn production(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn modules_use_only_what_lies_before_them() {
    let mut wrong = Vec::new();
    let mut edges = 0;
    for path in sources().iter().filter(|p| !is_test_file(p)) {
        let module = module_of(path);
        let Some((_, allowed)) = LAYERS.iter().find(|(m, _)| *m == module) else { continue };
        let text = fs::read_to_string(path).expect("readable");
        for (number, line) in production(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            for part in code.split("crate::").skip(1) {
                let used: String =
                    part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                edges += 1;
                if !used.is_empty() && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("{}:{}: {module} uses {used}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(edges > 3, "the parser found no use at all");
    assert!(wrong.is_empty(), "edges that are not in the table:\n{}", wrong.join("\n"));
}

#[test]
fn files_open_with_what_goes_in_and_out_and_stay_short() {
    let mut wrong = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).expect("readable");
        let name = path.display();
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{name}: {lines} lines, more than {LINES_MAX}: split it"));
        }
        let is_root = path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
        if is_root || is_test_file(&path) {
            continue;
        }
        let head: String = text.lines().take_while(|l| l.starts_with("//!")).collect();
        for word in ["In:", "Out:"] {
            if !head.contains(word) {
                wrong.push(format!("{name}: the header does not say `{word}`"));
            }
        }
        if !head.to_lowercase().contains("hot") && !head.to_lowercase().contains("cold") {
            wrong.push(format!("{name}: the header does not say whether it is hot or cold"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_tabs_no_trailing_blanks_no_left_over_marks() {
    let mut wrong = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).expect("readable");
        for (number, line) in text.lines().enumerate() {
            let mark = ["TODO", "FIXME", "XXX", "HACK"].iter().any(|m| line.contains(m));
            if line.contains('\t') || line.ends_with(' ') || mark {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every test that RELIABILITY.md rests a promise on exists.
#[test]
fn every_promise_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code: String =
        sources().iter().map(|p| fs::read_to_string(p).expect("readable")).collect();
    for path in rust_files(&root.join("tests")) {
        code.push_str(&fs::read_to_string(path).expect("readable"));
    }
    let text = fs::read_to_string(root.join("RELIABILITY.md")).expect("readable");
    let mut named = 0;
    let mut missing = Vec::new();
    for row in text.lines().filter(|l| l.starts_with("| **")) {
        let tests = row.trim_end_matches('|').rsplit('|').next().unwrap_or("");
        let before = named;
        for test in tests.split('`').skip(1).step_by(2) {
            named += 1;
            if !code.contains(&format!("fn {test}(")) {
                missing.push(test);
            }
        }
        assert!(named > before, "a promise without a test: {row}");
    }
    assert!(named > 0, "no promise found");
    assert!(missing.is_empty(), "tests that do not exist: {missing:?}");
}
