use std::collections::BTreeMap;

use super::*;
use crate::app::status::Status;
use crate::ops::snapshot::Session;
use crate::ops::testing::full_status;
use crate::units::Ns;

struct Parsed {
    /// Type by family.
    types: BTreeMap<String, String>,
    helps: BTreeMap<String, String>,
    /// Value by name and labels as written.
    samples: BTreeMap<String, f64>,
}

/// Reads the text back by the format's own grammar.
fn parse(text: &str) -> Parsed {
    let mut out =
        Parsed { types: BTreeMap::new(), helps: BTreeMap::new(), samples: BTreeMap::new() };
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help");
            assert!(out.helps.insert(name.into(), help.into()).is_none(), "twice: {name}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(out.types.insert(name.into(), kind.into()).is_none(), "twice: {name}");
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a sample");
            let name = series.split('{').next().unwrap_or("");
            let stem = ["_bucket", "_sum", "_count"].iter().find_map(|s| name.strip_suffix(s));
            let family = if out.types.contains_key(name) { name } else { stem.unwrap_or(name) };
            assert!(out.types.contains_key(family), "not announced: {name}");
            let value = value.parse().expect("a number");
            assert!(out.samples.insert(series.into(), value).is_none(), "twice: {series}");
        }
    }
    out
}

fn snapshot() -> Snapshot {
    let session = Session { version: "1".into(), speed: 10, ..Session::default() };
    Snapshot::new(session, Ns(60 * Ns::SEC), full_status())
}

#[test]
fn every_counter_comes_back_with_its_value_and_sentence() {
    let s = snapshot();
    let parsed = parse(&text(&s));
    for c in Counter::ALL {
        let (name, grows) = counter_name(*c);
        let want = s.status.counters.value(*c);
        if let Some(reason) = reason(*c) {
            let series = format!("papermaker_rejected_frames_total{{reason=\"{reason}\"}}");
            assert!((parsed.samples[&series] - want as f64).abs() < 1e-12, "{series}");
            continue;
        }
        let name = format!("papermaker_{name}");
        let got = parsed.samples[&name];
        let want = if c.unit() == "ns" { want as f64 / 1e9 } else { want as f64 };
        assert!((got - want).abs() < 1e-12, "{name}: {got} {want}");
        assert!(want > 0.0, "the test's status counts everything");
        assert!(parsed.helps[&name].starts_with(c.sentence()));
        assert_eq!(parsed.types[&name], if grows { "counter" } else { "gauge" });
    }
}

#[test]
fn names_do_not_depend_on_the_state() {
    let full = parse(&text(&snapshot()));
    let empty = parse(&text(&Snapshot::new(Session::default(), Ns(0), Status::default())));
    assert_eq!(full.types, empty.types);
    assert!(full.samples.len() > empty.samples.len() + 100);
    for name in full.types.keys() {
        let seen = full.samples.keys().any(|s| s.starts_with(name.as_str()));
        assert!(seen, "no sample of {name} although the status is full");
    }
}

#[test]
fn histograms_are_cumulative_and_end_in_their_count() {
    let parsed = parse(&text(&snapshot()));
    for stage in Stage::ALL {
        let of = |le: &str| {
            let series = format!(
                "papermaker_latency_seconds_bucket{{stage=\"{}\",le=\"{le}\"}}",
                stage.name()
            );
            parsed.samples[&series]
        };
        let mut last = 0.0;
        for bound in BOUNDS_NS {
            let n = of(&seconds(bound).to_string());
            assert!(n >= last);
            last = n;
        }
        assert!(of("+Inf") >= last);
        let count = format!("papermaker_latency_seconds_count{{stage=\"{}\"}}", stage.name());
        assert_eq!(of("+Inf").to_bits(), parsed.samples[&count].to_bits());
    }
}

#[test]
fn labels_are_escaped_and_odd_floats_are_written_as_the_format_wants() {
    let mut s = snapshot();
    s.session.run = "a\"b\\c\nd".into();
    let text = text(&s);
    assert!(text.contains(r#"run="a\"b\\c\nd""#), "{text}");
    assert_eq!(number(f64::INFINITY), "+Inf");
    assert_eq!(number(f64::NAN), "NaN");
}

#[test]
fn the_dashboard_names_what_exists_and_all_of_it() {
    let parsed = parse(&text(&snapshot()));
    let dashboard = include_str!("dashboard.json");
    serde_json::from_str::<serde_json::Value>(dashboard).expect("JSON");
    let mut used: Vec<&str> = dashboard
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|w| w.starts_with("papermaker_"))
        .map(|w| match w.strip_suffix("_bucket") {
            Some(stem) => stem,
            None => w,
        })
        .collect();
    used.sort_unstable();
    used.dedup();
    let missing: Vec<_> = used.iter().filter(|n| !parsed.types.contains_key(**n)).collect();
    assert!(missing.is_empty(), "the dashboard uses names that do not exist: {missing:?}");
    let unused: Vec<_> = parsed.types.keys().filter(|n| !used.contains(&n.as_str())).collect();
    assert!(unused.is_empty(), "names the dashboard does not show: {unused:?}");
}
