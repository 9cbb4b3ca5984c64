//! Whether a merged table holds its ranges and relations, in one sentence if not.
//!
//! In: a [`Section`], a table with a value for each of its rows. Out: nothing, or what is wrong.
//! Cold path.

use serde::Serialize;
use toml::{Table, Value};

use super::schema::{Relation, Row, Rule, Section, join, kind_row};

/// Why a configuration was refused: one line that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// A table of settings as a type.
pub trait Room: Default + Serialize {
    /// Its rows.
    fn section() -> Section;

    /// Looks at every range and relation.
    ///
    /// # Errors
    /// The first row or relation that does not hold.
    fn check(&self) -> Result<(), ConfigError> {
        let table = Table::try_from(self).map_err(|e| ConfigError(e.to_string()))?;
        check(&Self::section(), &table, "")
    }
}

/// Looks at every row and relation of `table`; `path` is where in the whole it stands.
///
/// # Errors
/// The first row, then the first relation, that does not hold: keys, values, range and unit.
pub fn check(section: &Section, table: &Table, path: &str) -> Result<(), ConfigError> {
    for row in &section.rows {
        let here = join(path, row.key);
        match (table.get(row.key), &row.rule) {
            (None, _) if row.optional => {}
            (None, _) => return Err(ConfigError(format!("`{here}` has no value"))),
            (Some(Value::Table(t)), Rule::Section(s)) => check(s, t, &here)?,
            (Some(Value::Table(t)), Rule::Kinds(variants)) => {
                let kind = t.get("kind").and_then(Value::as_str);
                match variants.iter().find(|v| Some(v.name) == kind) {
                    Some(v) => check(&v.section, t, &here)?,
                    None => {
                        let kind = t.get("kind").cloned().unwrap_or(Value::String(String::new()));
                        return Err(refused(&join(&here, "kind"), &kind, &kind_row(variants)));
                    }
                }
            }
            (Some(value), _) if holds(&row.rule, value) => {}
            (Some(value), _) => return Err(refused(&here, value, row)),
        }
    }
    match section.relations.iter().find(|r| !(r.holds)(table)) {
        Some(r) => Err(unrelated(r, table, path)),
        None => Ok(()),
    }
}

/// Whether a value is what a rule says.
pub(super) fn holds(rule: &Rule, value: &Value) -> bool {
    match rule {
        Rule::Switch => value.is_bool(),
        Rule::Whole(least, most) => {
            value.as_integer().is_some_and(|x| (*least..=*most).contains(&x))
        }
        Rule::OneOf(list) => value.as_integer().is_some_and(|x| list.contains(&x)),
        Rule::Number(least, most) => number(value).is_some_and(|x| (*least..=*most).contains(&x)),
        Rule::Numbers(ranges) => value.as_array().is_some_and(|list| {
            let each = |(v, (least, most)): (&Value, &(f64, f64))| {
                number(v).is_some_and(|x| (*least..=*most).contains(&x))
            };
            list.len() == ranges.len() && list.iter().zip(ranges).all(each)
        }),
        Rule::Choice(names) => value.as_str().is_some_and(|x| names.iter().any(|(n, _)| *n == x)),
        Rule::Form(form) => (form.holds)(value),
        Rule::Section(_) | Rule::Kinds(_) => false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a setting a person typed")]
fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|i| i as f64))
}

pub(super) fn refused(path: &str, value: &Value, row: &Row) -> ConfigError {
    ConfigError(format!("`{path}` is {}; it must be {}", shown(value), range(row)))
}

fn unrelated(relation: &Relation, table: &Table, path: &str) -> ConfigError {
    let known = relation.keys.iter().filter_map(|k| Some((k, table.get(*k)?)));
    let known = known.map(|(k, v)| format!("`{}` is {}", join(path, k), shown(v)));
    ConfigError(format!("{}; {}", known.collect::<Vec<_>>().join(" and "), relation.text))
}

/// What a row's value must be, with its unit.
pub(super) fn range(row: &Row) -> String {
    let unit = if row.unit.is_empty() { String::new() } else { format!(" {}", row.unit) };
    let span = |(least, most): &(f64, f64)| format!("{} to {}", figure(*least), figure(*most));
    match &row.rule {
        Rule::Switch => "true or false".into(),
        Rule::Whole(least, most) => format!("a whole number {least} to {most}{unit}"),
        Rule::OneOf(list) => {
            let list: Vec<String> = list.iter().map(i64::to_string).collect();
            format!("one of {}{unit}", list.join(", "))
        }
        Rule::Number(least, most) => format!("{}{unit}", span(&(*least, *most))),
        Rule::Numbers(ranges) if ranges.windows(2).all(|w| w[0] == w[1]) => {
            let each = ranges.first().map(span).unwrap_or_default();
            format!("{} numbers, each {each}{unit}", ranges.len())
        }
        Rule::Numbers(ranges) => {
            let each: Vec<String> = ranges.iter().map(span).collect();
            format!("{} numbers, {}{unit}", ranges.len(), each.join(" and "))
        }
        Rule::Choice(names) => {
            let names: Vec<&str> = names.iter().map(|(n, _)| *n).collect();
            format!("one of {}", names.join(", "))
        }
        Rule::Form(form) => format!("{}{unit}", form.text),
        Rule::Section(_) | Rule::Kinds(_) => "a table".into(),
    }
}

/// A value as people write it.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Float(x) => figure(*x),
        Value::Array(list) => {
            format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string().trim_end().to_owned(),
    }
}

/// A number, short where it is very large or very small.
fn figure(x: f64) -> String {
    let plain = x == 0.0 || !x.is_finite() || (1e-3..1e6).contains(&x.abs());
    match () {
        () if x.is_nan() => "nan".into(),
        () if plain => x.to_string(),
        () => format!("{x:e}"),
    }
}
