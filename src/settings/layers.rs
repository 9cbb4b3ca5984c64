//! Configuration in layers: defaults, then a profile, a TOML file, `--set a.b=c`.
//!
//! In: a table with a value for each row, tables that change some. Out: the merged table, or a line
//! that names the key and the nearest known one. Cold path.
//!
//! 1. A key that is no row is an error, wherever it stands.
//! 2. A table with a `kind` merges over what it was; over the new kind's default when `kind` changes.

use toml::{Table, Value};

use super::check::ConfigError;
use super::schema::{Row, Rule, Section, Variant, join, kind_row};

/// Keys that were, and what there is instead.
const GONE: &[(&str, &str)] = &[
    ("engine.learn.profile", "`engine.strategy.name = \"original\"` learns as the original does"),
    ("engine.learn.estimator", "kappa is shown and quotes nothing; what pays is read of the curve"),
    ("engine.learn.use", "each quantity has one estimator, and nothing to switch off"),
    ("engine.learn.tape", "what quotes earn by distance is the curve's, see `engine.learn.curve`"),
    ("engine.learn.regimes", "regimes tell volatility, see `engine.learn.filter`"),
    ("engine.learn.markout", "adverse moves are read of the curve, see `engine.learn.curve`"),
    ("engine.learn.drift", "how old the mid of a quote in the book is, is `engine.learn.lag_ms`"),
    ("engine.learn.own", "kappa from own fills is no longer estimated"),
    ("engine.learn.book", "kappa from the book's shape is no longer estimated"),
    ("engine.learn.signal", "short-term signals moved no quote that paid"),
    ("engine.learn.fill_rate", "fills are forecast by the curve's rates"),
    ("engine.learn.floor", "the curve says where a fill loses; glft keeps its own floor"),
    ("engine.learn.warmup", "the verdict says UNKNOWN until enough was seen"),
    ("engine.learn.calibration", "forecasts are scored, see `papermaker explain RUN curve`"),
    ("engine.learn.gating", "the score chooses between fast and slow rates; it shuts nothing"),
    ("engine.learn.original", "what the original learns by is `engine.strategy.original.learn`"),
    ("engine.strategy.glft.explore", "the shadow ladder sees every distance at no cost"),
    ("engine.strategy.glft.use", "glft has no parts to switch off"),
    ("engine.strategy.glft.learn", "glft goes by the curve, see `engine.learn.curve`"),
];

/// Lays `over` onto `base`, a table of `section`; `path` is where in the whole it stands.
///
/// # Errors
/// An unknown key, with the nearest known one; a value where a table belongs.
pub fn merge(
    section: &Section,
    base: &mut Table,
    over: Table,
    path: &str,
) -> Result<(), ConfigError> {
    for (key, value) in over {
        let here = join(path, &key);
        let Some(row) = section.row(&key) else {
            return Err(unknown(path, &key, section.rows.iter().map(|r| r.key)));
        };
        match (&row.rule, value) {
            (Rule::Section(s), Value::Table(o)) => merge(s, below(base, &key), o, &here)?,
            (Rule::Kinds(v), Value::Table(o)) => merge_kind(v, below(base, &key), o, &here)?,
            (Rule::Section(_) | Rule::Kinds(_), _) => return Err(no_value(row, &here)),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
    Ok(())
}

/// The table below a key, made if there is none.
fn below<'a>(base: &'a mut Table, key: &str) -> &'a mut Table {
    let at = base.entry(key).or_insert_with(|| Value::Table(Table::new()));
    if !at.is_table() {
        *at = Value::Table(Table::new());
    }
    match at {
        Value::Table(t) => t,
        _ => unreachable!("it was made a table above"),
    }
}

fn merge_kind(
    variants: &[Variant],
    base: &mut Table,
    mut over: Table,
    path: &str,
) -> Result<(), ConfigError> {
    if let Some(kind) = over.remove("kind") {
        let of = |v: &&Variant| kind.as_str() == Some(v.name);
        match variants.iter().find(of) {
            Some(v) if base.get("kind") != Some(&kind) => *base = v.default.clone(),
            Some(_) => {}
            None => {
                let row = kind_row(variants);
                return Err(super::check::refused(&join(path, "kind"), &kind, &row));
            }
        }
    }
    let kind = base.get("kind").and_then(Value::as_str);
    let Some(variant) = variants.iter().find(|v| Some(v.name) == kind) else {
        return Err(no_value(&kind_row(variants), path));
    };
    if let Some(key) = over.keys().find(|k| variant.section.row(k).is_none())
        && let Some(other) = variants.iter().find(|v| v.section.row(key).is_some())
    {
        return Err(ConfigError(format!(
            "`{path}.{key}` belongs to kind `{}`, and `{path}.kind` is `{}`: set the kind too",
            other.name, variant.name
        )));
    }
    merge(&variant.section, base, over, path)
}

fn no_value(row: &Row, path: &str) -> ConfigError {
    let keys: Vec<String> = match &row.rule {
        Rule::Section(s) => s.rows.iter().map(|r| format!("`{}`", r.key)).collect(),
        _ => vec!["`kind`".into()],
    };
    ConfigError(format!("`{path}` is a table, not a value; its keys are {}", keys.join(", ")))
}

/// That a key is not known, and which is meant.
pub(super) fn unknown(
    path: &str,
    key: &str,
    known: impl Iterator<Item = &'static str>,
) -> ConfigError {
    let whole = join(path, key);
    if let Some((_, instead)) = GONE.iter().find(|(k, _)| *k == whole) {
        return ConfigError(format!("configuration key `{whole}` is gone: {instead}"));
    }
    let known: Vec<&str> = known.collect();
    let near = known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(k, key), *k))
        .min()
        .filter(|(d, k)| *d <= 1 + k.len() / 3);
    let hint = match near {
        Some((_, k)) => format!("did you mean `{}`?", join(path, k)),
        None => {
            let known: Vec<String> = known.iter().map(|k| format!("`{k}`")).collect();
            format!("known here: {}", known.join(", "))
        }
    };
    ConfigError(format!("unknown configuration key `{whole}`: {hint}"))
}

/// Parses one `--set` assignment `a.b.c=value` into a nested table. The value is TOML; what is no
/// TOML value is taken as a string, so that `--set engine.sim.model=touch` needs no quotes.
///
/// # Errors
/// No `=`, or an empty key.
pub fn assignment(text: &str) -> Result<Table, ConfigError> {
    let wrong = || ConfigError(format!("`--set {text}`: write it as section.key=value"));
    let (key, value) = text.split_once('=').ok_or_else(wrong)?;
    let value = value.trim();
    let parsed = format!("v = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let mut parts = key.trim().rsplit('.');
    if key.trim().split('.').any(str::is_empty) {
        return Err(wrong());
    }
    let leaf = parts.next().unwrap_or_default();
    let mut out = Table::from_iter([(leaf.to_owned(), parsed)]);
    for part in parts {
        out = Table::from_iter([(part.to_owned(), Value::Table(out))]);
    }
    Ok(out)
}
