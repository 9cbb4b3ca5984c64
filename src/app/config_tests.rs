//! The table of settings drives these tests: no row can be added that they do not look at.

use super::Config;
use crate::settings::{Leaf, Relation, Room as _, Rule, Section};
use toml::{Table, Value};

fn leaves() -> Vec<Leaf> {
    Config::section().leaves("", &Config::defaults().expect("written as TOML"))
}

/// What must be set so that a leaf exists.
fn needs(leaf: &Leaf) -> Vec<String> {
    leaf.needs.iter().map(|(kind, name)| format!("{kind}={name}")).collect()
}

fn load(leaf: &Leaf, value: &str) -> Result<Config, String> {
    let mut sets = needs(leaf);
    sets.push(format!("{}={value}", leaf.path));
    Config::load(None, &sets).map_err(|e| e.0)
}

/// A float as TOML takes it.
fn toml(x: f64) -> String {
    format!("{x:?}")
}

/// Lists that reach the end `end` of what the `i`th element may be.
fn lists(ranges: &[(f64, f64)], default: &[f64], i: usize, end: f64) -> Vec<String> {
    let list = |of: &dyn Fn(usize) -> f64| {
        let all: Vec<String> = (0..ranges.len()).map(|j| toml(of(j))).collect();
        format!("[{}]", all.join(", "))
    };
    let (lo, hi) = ranges[i];
    let step = (hi - lo) / (ranges.len() - 1) as f64;
    vec![
        list(&|j| if j == i { end } else { default[j] }),
        list(&|_| end),
        // Rising from end to end.
        list(&|j| if j + 1 == ranges.len() { hi } else { lo + step * j as f64 }),
    ]
}

fn floats(value: Option<&Value>) -> Vec<f64> {
    let list = value.and_then(Value::as_array).expect("a list");
    list.iter().map(|v| v.as_float().expect("a float")).collect()
}

/// Values at the ends of what is allowed: of each group at least one must be accepted.
fn inside(leaf: &Leaf) -> Vec<Vec<String>> {
    let one = |x: String| vec![x];
    match &leaf.row.rule {
        Rule::Switch => ["true", "false"].map(|x| one(x.into())).to_vec(),
        Rule::Whole(lo, hi) => [lo, hi].map(|x| one(x.to_string())).to_vec(),
        Rule::OneOf(list) => list.iter().map(|x| one(x.to_string())).collect(),
        Rule::Number(lo, hi) => [lo, hi].map(|x| one(toml(*x))).to_vec(),
        Rule::Numbers(ranges) => {
            let default = floats(leaf.default.as_ref());
            let ends = ranges.iter().enumerate().flat_map(|(i, r)| [(i, r.0), (i, r.1)]);
            ends.map(|(i, end)| lists(ranges, &default, i, end)).collect()
        }
        Rule::Choice(names) => names.iter().map(|(name, _)| one((*name).into())).collect(),
        Rule::Form(form) => form.inside.iter().map(|x| one((*x).into())).collect(),
        Rule::Section(_) | Rule::Kinds(_) => unreachable!("no leaf"),
    }
}

/// Values just beyond what is allowed, no numbers at all, and things of another type.
fn beyond(leaf: &Leaf) -> Vec<String> {
    let mut out: Vec<String> =
        ["nan", "inf", "-inf", "{ a = 1 }", "[[true]]", "1979-05-27"].map(String::from).to_vec();
    let other: &[&str] = match &leaf.row.rule {
        Rule::Switch => &["1", "1.0", "yes", "[true]"],
        Rule::Choice(_) => &["7", "1.5", "no-such-name", "true"],
        Rule::Form(_) => &["1.5", "true"],
        Rule::Whole(..) | Rule::OneOf(_) => &["true", "many", "[1]", "0.5", "1e3"],
        _ => &["true", "many", "[true]"],
    };
    out.extend(other.iter().map(|x| (*x).to_owned()));
    match &leaf.row.rule {
        Rule::Whole(lo, hi) => {
            let next = [lo.checked_sub(1), hi.checked_add(1)];
            out.extend(next.into_iter().flatten().map(|x| x.to_string()));
        }
        Rule::OneOf(list) => {
            let near = list.iter().flat_map(|x| [x - 1, x + 1]).filter(|x| !list.contains(x));
            out.extend(near.map(|x| x.to_string()));
        }
        Rule::Number(lo, hi) => out.extend([toml(lo.next_down()), toml(hi.next_up())]),
        Rule::Numbers(ranges) => {
            let default = floats(leaf.default.as_ref());
            for (i, (lo, hi)) in ranges.iter().enumerate() {
                for x in [lo.next_down(), hi.next_up(), f64::NAN, f64::INFINITY] {
                    out.push(lists(ranges, &default, i, x).swap_remove(0));
                }
            }
            out.push("[]".into());
            out.push(format!("[{}]", vec![toml(ranges[0].0); ranges.len() + 1].join(", ")));
        }
        Rule::Form(form) => out.extend(form.beyond.iter().map(|x| (*x).to_owned())),
        _ => {}
    }
    out
}

/// What a refusal has to name of a row: the ends of its range, its names.
fn named(leaf: &Leaf) -> Vec<String> {
    let figure = |x: f64| {
        let plain = x == 0.0 || (1e-3..1e6).contains(&x.abs());
        if plain { x.to_string() } else { format!("{x:e}") }
    };
    match &leaf.row.rule {
        Rule::Switch => vec!["true or false".into()],
        Rule::Whole(lo, hi) => vec![format!("{lo} to {hi}")],
        Rule::OneOf(list) => list.iter().map(i64::to_string).collect(),
        Rule::Number(lo, hi) => vec![format!("{} to {}", figure(*lo), figure(*hi))],
        Rule::Numbers(ranges) => ranges
            .iter()
            .map(|(lo, hi)| format!("{} to {}", figure(*lo), figure(*hi)))
            .chain([format!("{} numbers", ranges.len())])
            .collect(),
        Rule::Choice(names) => names.iter().map(|(name, _)| (*name).to_owned()).collect(),
        Rule::Form(form) => vec![form.text.into()],
        Rule::Section(_) | Rule::Kinds(_) => unreachable!("no leaf"),
    }
}

/// Every relation with the path of its table.
fn relations(section: &Section, path: &str, out: &mut Vec<(String, Relation, Section)>) {
    out.extend(section.relations.iter().map(|r| (path.to_owned(), *r, section.clone())));
    for row in &section.rows {
        if let Rule::Section(s) = &row.rule {
            let here = if path.is_empty() { row.key.into() } else { format!("{path}.{}", row.key) };
            relations(s, &here, out);
        }
    }
}

/// Every combination of ends of the rows of a relation, as assignments.
fn combinations(path: &str, relation: &Relation) -> Vec<Vec<String>> {
    let all = leaves();
    relation.keys.iter().fold(vec![Vec::new()], |done, key| {
        let path = format!("{path}.{key}");
        let leaf = all.iter().find(|l| l.path == path).expect("a relation is between leaves");
        let mut values: Vec<String> = inside(leaf).concat();
        if let Rule::Whole(lo, _) = leaf.row.rule {
            values.push((lo + 1).to_string());
        }
        done.iter()
            .flat_map(|sets: &Vec<String>| {
                values.iter().map(|v| [&sets[..], &[format!("{path}={v}")]].concat())
            })
            .collect()
    })
}

#[test]
fn both_ends_of_every_range_are_accepted() {
    let mut related = Vec::new();
    relations(&Config::section(), "", &mut related);
    for leaf in leaves() {
        for group in inside(&leaf) {
            let refused: Vec<String> =
                group.iter().filter_map(|value| load(&leaf, value).err()).collect();
            if refused.len() < group.len() {
                continue;
            }
            // It may be that another row has to follow.
            let of = |(path, r, _): &&(String, Relation, Section)| {
                r.keys.iter().any(|k| format!("{path}.{k}") == leaf.path)
            };
            let some = related.iter().filter(of).any(|(path, r, _)| {
                combinations(path, r).iter().any(|sets| {
                    let has = group.iter().any(|v| sets.contains(&format!("{}={v}", leaf.path)));
                    has && Config::load(None, sets).is_ok()
                })
            });
            assert!(some, "{}: {refused:?}", leaf.path);
        }
    }
}

#[test]
fn whatever_lies_beyond_a_range_is_refused_with_key_value_range_and_unit() {
    let all = leaves();
    assert!(all.len() > 150, "{} leaves", all.len());
    let units = all.iter().filter(|l| !l.row.unit.is_empty()).count();
    assert!(units > 90, "{units} rows with a unit");
    for leaf in all {
        for value in beyond(&leaf) {
            let Err(said) = load(&leaf, &value) else {
                panic!("{} = {value} was accepted", leaf.path)
            };
            let head = format!("`{}` is ", leaf.path);
            let Some((value_said, range)) =
                said.strip_prefix(&head).and_then(|t| t.split_once("; it must be "))
            else {
                panic!("{} = {value}: {said}", leaf.path)
            };
            assert!(!value_said.is_empty(), "{said}");
            if let Ok(x) = value.parse::<f64>().map(|x| x.to_string())
                && x.len() < 8
            {
                assert_eq!(value_said.trim_end_matches(".0").to_lowercase(), x.to_lowercase());
            }
            assert!(range.ends_with(leaf.row.unit), "{said}");
            for part in named(&leaf) {
                assert!(range.contains(&part), "{said}: {part}");
            }
        }
    }
}

#[test]
fn every_relation_is_kept_and_named() {
    let mut all = Vec::new();
    relations(&Config::section(), "", &mut all);
    assert!(all.len() >= 5, "{} relations", all.len());
    for (path, relation, _) in all {
        let (mut kept, mut broken) = (0, 0);
        for sets in combinations(&path, &relation) {
            match Config::load(None, &sets) {
                Ok(_) => kept += 1,
                Err(e) if e.0.ends_with(relation.text) => {
                    broken += 1;
                    for key in relation.keys {
                        assert!(e.0.contains(&format!("`{path}.{key}` is ")), "{e}");
                    }
                }
                Err(e) => assert!(e.0.contains("; it must be "), "{e}"),
            }
        }
        assert!(kept > 0 && broken > 0, "{path} {:?}: {kept} {broken}", relation.keys);
    }
}

#[test]
fn every_leaf_of_the_defaults_is_a_row_and_every_row_explains_itself() {
    fn paths(table: &Table, path: &str, out: &mut Vec<String>) {
        for (key, value) in table {
            let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match value {
                Value::Table(t) => paths(t, &here, out),
                _ => out.push(here),
            }
        }
    }
    let (mut written, default) = (Vec::new(), Config::defaults().expect("written as TOML"));
    paths(&default, "", &mut written);
    let rows = leaves();
    for path in &written {
        assert!(rows.iter().any(|l| l.path == *path), "{path}");
    }
    for leaf in rows {
        let text = crate::settings::explain(&Config::section(), &default, &leaf.path);
        let text = text.expect("known");
        assert!(text.starts_with(&format!("{}\n  {}\n", leaf.path, leaf.row.about)), "{text}");
        assert!(leaf.row.about.ends_with(['.', ')']), "{}: {}", leaf.path, leaf.row.about);
        assert_eq!(leaf.default.is_none(), leaf.row.optional, "{}", leaf.path);
    }
}

#[test]
fn the_commented_file_sets_nothing_until_a_mark_is_taken_away() {
    let text = crate::settings::commented(&Config::section(), &Config::defaults().expect("TOML"));
    let path = std::env::temp_dir().join(format!("papermaker-init-{}.toml", std::process::id()));
    let loaded = |text: &str| {
        std::fs::write(&path, text).expect("written");
        let loaded = Config::load(Some(&path), &[]);
        std::fs::remove_file(&path).expect("removed");
        loaded.expect("loads")
    };
    let same = |a: &Config, b: &Config| assert_eq!(a.to_toml(), b.to_toml());
    same(&loaded(&text), &Config::default());
    same(&loaded(&text.replace("\n#phi = 0.25\n", "\nphi = 0.25\n")), &Config::default());
    let changed = loaded(&text.replace("\n#max_lots = 10\n", "\nmax_lots = 3.0\n"));
    assert!((changed.engine.quote.max_lots - 3.0).abs() < 1e-12);
    assert!(text.lines().all(|l| l.len() <= 100 || l.starts_with('#') && !l.starts_with("# ")));
}

#[test]
fn a_key_that_went_says_what_there_is_instead() {
    for (set, instead) in [
        ("engine.learn.tape.memory_s=60", "`engine.learn.curve`"),
        ("engine.learn.drift.lag_ms=0", "`engine.learn.lag_ms`"),
        ("engine.learn.gating.hold_s=60", "the score chooses between fast and slow rates"),
        ("engine.learn.original.kappa=1", "`engine.strategy.original.learn`"),
        ("engine.strategy.glft.explore.on=false", "at no cost"),
    ] {
        let e = Config::load(None, &[set.into()]).unwrap_err().0;
        assert!(e.contains("is gone: ") && e.contains(instead), "{set}: {e}");
    }
}
