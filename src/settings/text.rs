//! The table of settings for people: a commented file, and what one key is.
//!
//! In: a [`Section`] and its default. Out: text. Cold path.

use toml::{Table, Value};

use super::check::{ConfigError, range, shown};
use super::layers::unknown;
use super::schema::{Row, Rule, Section, Variant, join, kind_row};

/// Columns of a comment.
const COLUMNS: usize = 98;

/// A file with every row, commented out at its default, with its sentence, range and unit.
pub fn commented(section: &Section, default: &Table) -> String {
    let mut out = String::new();
    comment(
        "Settings of papermaker. Every key stands here at its default, commented out: remove the \
         `#` before a key to change it. What stays commented out follows the profile.",
        &mut out,
    );
    table(section, default, "", &mut out);
    out
}

fn table(section: &Section, default: &Table, path: &str, out: &mut String) {
    if !path.is_empty() {
        out.push('\n');
        comment(&section.about, out);
        out.push_str(&format!("[{path}]\n"));
    }
    let nested = |r: &&Row| matches!(r.rule, Rule::Section(_) | Rule::Kinds(_));
    for row in section.rows.iter().filter(|r| !nested(r)) {
        assignment(row, default.get(row.key), out);
    }
    for row in section.rows.iter().filter(nested) {
        let here = join(path, row.key);
        match (&row.rule, default.get(row.key)) {
            (Rule::Section(s), Some(Value::Table(t))) => {
                let about = row.about.clone();
                table(&Section { about, ..s.clone() }, t, &here, out);
            }
            (Rule::Kinds(variants), Some(Value::Table(t))) => {
                out.push('\n');
                comment(&row.about, out);
                out.push_str(&format!("[{here}]\n"));
                kinds(variants, t, out);
            }
            _ => {}
        }
    }
}

fn kinds(variants: &[Variant], default: &Table, out: &mut String) {
    assignment(&kind_row(variants), default.get("kind"), out);
    for v in variants {
        let from = default_of(v, default);
        comment(&format!("With kind = \"{}\":", v.name), out);
        for row in &v.section.rows {
            assignment(row, from.get(row.key), out);
        }
    }
}

fn assignment(row: &Row, default: Option<&Value>, out: &mut String) {
    let from = match default {
        Some(_) => "",
        None => "; no default",
    };
    comment(&format!("{} Must be {}{from}.", row.about, range(row)), out);
    out.push_str(&match default {
        Some(v) => format!("#{} = {}\n", row.key, shown(v)),
        None => format!("#{} =\n", row.key),
    });
}

/// A text as comment lines.
fn comment(text: &str, out: &mut String) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > COLUMNS {
            out.push_str(&line);
            out.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}

/// What a key is: a row with its range, unit and default, or a table with its keys.
///
/// # Errors
/// An unknown key, with the nearest known one.
pub fn explain(section: &Section, default: &Table, key: &str) -> Result<String, ConfigError> {
    let mut at = At { section, default, path: String::new() };
    if key.is_empty() {
        return Ok(listed("", &section.about, &section.rows, default));
    }
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        let Some(row) = at.section.row(part) else {
            return Err(unknown(&at.path, part, at.section.rows.iter().map(|r| r.key)));
        };
        let here = join(&at.path, part);
        let value = at.default.get(part);
        let rest: Vec<&str> = parts.clone().collect();
        match (&row.rule, value) {
            (Rule::Section(s), Some(Value::Table(t))) if rest.is_empty() => {
                return Ok(listed(&here, &row.about, &s.rows, t));
            }
            (Rule::Section(s), Some(Value::Table(t))) => {
                at = At { section: s, default: t, path: here };
            }
            (Rule::Kinds(variants), Some(Value::Table(t))) => {
                return match rest.first() {
                    Some(key) => explain_variant(variants, t, &here, key),
                    None => Ok(list_kinds(variants, t, &here, &row.about)),
                };
            }
            (_, value) if rest.is_empty() => return Ok(described(&here, row, value)),
            _ => {
                return Err(ConfigError(format!("`{here}` is a value; there is nothing below it")));
            }
        }
    }
    Ok(listed("", &at.section.about, &at.section.rows, at.default))
}

struct At<'a> {
    section: &'a Section,
    default: &'a Table,
    path: String,
}

/// The default of a table that is this variant.
fn default_of(v: &Variant, default: &Table) -> Table {
    let is_default = default.get("kind").and_then(Value::as_str) == Some(v.name);
    if is_default { default.clone() } else { v.default.clone() }
}

fn list_kinds(variants: &[Variant], default: &Table, path: &str, about: &str) -> String {
    let kind = kind_row(variants);
    let mut out = listed(path, about, std::slice::from_ref(&kind), default);
    for v in variants {
        out.push_str(&format!("  with kind = \"{}\":\n", v.name));
        out.push_str(&listed_rows(&v.section.rows, &default_of(v, default)));
    }
    out
}

fn explain_variant(
    variants: &[Variant],
    default: &Table,
    path: &str,
    key: &str,
) -> Result<String, ConfigError> {
    let kind = kind_row(variants);
    if key == "kind" {
        return Ok(described(&join(path, key), &kind, default.get(key)));
    }
    let with = |v: &Variant| {
        let row = v.section.row(key)?;
        let text = described(&join(path, key), row, default_of(v, default).get(key));
        Some(format!("{text}  only with `{path}.kind` = \"{}\"\n", v.name))
    };
    let found: Vec<String> = variants.iter().filter_map(with).collect();
    if found.is_empty() {
        let keys = variants.iter().flat_map(|v| v.section.rows.iter().map(|r| r.key));
        return Err(unknown(path, key, ["kind"].into_iter().chain(keys)));
    }
    Ok(found.concat())
}

fn described(path: &str, row: &Row, default: Option<&Value>) -> String {
    let default = default.map_or_else(|| "none; it may be left out".into(), shown);
    let mut out = format!("{path}\n  {}\n  must be {}\n", row.about, range(row));
    if let Rule::Choice(names) = &row.rule {
        for (name, about) in names {
            out.push_str(&format!("    {name}: {about}\n"));
        }
    }
    out.push_str(&format!("  default {default}\n"));
    out
}

fn listed(path: &str, about: &str, rows: &[Row], default: &Table) -> String {
    let head = if path.is_empty() { String::new() } else { format!("{path}\n") };
    format!("{head}  {about}\n{}", listed_rows(rows, default))
}

fn listed_rows(rows: &[Row], default: &Table) -> String {
    let mut out = String::new();
    for row in rows {
        let value = match (&row.rule, default.get(row.key)) {
            (Rule::Section(_) | Rule::Kinds(_), _) => " (a table)".to_owned(),
            (_, Some(v)) => format!(" = {}; {}", shown(v), range(row)),
            (_, None) => format!("; {}", range(row)),
        };
        out.push_str(&format!("    {}{value}\n      {}\n", row.key, row.about));
    }
    out
}
