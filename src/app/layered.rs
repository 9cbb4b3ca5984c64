//! Configuration in layers: defaults, then a TOML file, then `--set a.b=c`.
//!
//! In: the default configuration as a table, a file's text, assignments. Out: one merged table,
//! or a line that names the key and the nearest known one. Cold path.
//!
//! 1. A key that is not in the defaults is an error, wherever it stands.
//! 2. A table whose default has a `kind` (a choice with parameters) is replaced as a whole.

use toml::{Table, Value};

/// Why a configuration was refused: one line that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub String);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lays `over` onto `base`; `path` is where in the whole this is, for messages.
///
/// # Errors
/// An unknown key, with the nearest known one; a table where a value belongs, or the reverse.
pub fn merge(base: &mut Table, over: Table, path: &str) -> Result<(), ConfigError> {
    for (key, value) in over {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let Some(known) = base.get_mut(&key) else {
            return Err(unknown(&here, path, base));
        };
        match (known, value) {
            (Value::Table(t), Value::Table(o)) if !t.contains_key("kind") => merge(t, o, &here)?,
            (Value::Table(t), v @ Value::Table(_)) => {
                debug_assert!(t.contains_key("kind"));
                base.insert(key, v);
            }
            (Value::Table(t), _) if !t.contains_key("kind") => {
                return Err(ConfigError(format!(
                    "`{here}` is a section, not a value; its keys are {}",
                    t.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")
                )));
            }
            (Value::Float(_), Value::Integer(i)) => {
                #[expect(clippy::cast_precision_loss, reason = "a setting a person typed")]
                base.insert(key, Value::Float(i as f64));
            }
            (_, v) => {
                base.insert(key, v);
            }
        }
    }
    Ok(())
}

fn unknown(here: &str, path: &str, base: &Table) -> ConfigError {
    let last = here.rsplit('.').next().unwrap_or(here);
    let near = base
        .keys()
        .map(|k| (strsim::damerau_levenshtein(k, last), k))
        .min()
        .filter(|(d, k)| *d <= 1 + k.len() / 3);
    let hint = match near {
        Some((_, k)) if path.is_empty() => format!("did you mean `{k}`?"),
        Some((_, k)) => format!("did you mean `{path}.{k}`?"),
        None => format!(
            "known here: {}",
            base.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    ConfigError(format!("unknown configuration key `{here}`: {hint}"))
}

/// Parses one `--set` assignment `a.b.c=value` into a nested table. The value is TOML; what is no
/// TOML value is taken as a string, so that `--set run.coins=BTC` needs no quotes.
///
/// # Errors
/// No `=`, or an empty key.
pub fn assignment(text: &str) -> Result<Table, ConfigError> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| ConfigError(format!("`--set {text}`: write it as section.key=value")))?;
    let value = value.trim();
    let parsed = format!("v = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let mut out = parsed;
    for part in key.trim().rsplit('.') {
        if part.is_empty() {
            return Err(ConfigError(format!("`--set {text}`: write it as section.key=value")));
        }
        let mut t = Table::new();
        t.insert(part.to_owned(), out);
        out = Value::Table(t);
    }
    match out {
        Value::Table(t) => Ok(t),
        _ => Err(ConfigError(format!("`--set {text}`: write it as section.key=value"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Table {
        "[quote]\nlevels = 5\nfee_bps = 1.5\n[sim.latency]\nkind = \"constant\"\nms = 200"
            .parse()
            .expect("toml")
    }

    #[test]
    fn later_layers_win_and_integers_become_floats() {
        let mut b = base();
        merge(&mut b, "[quote]\nfee_bps = 2".parse().expect("toml"), "").expect("known");
        merge(&mut b, assignment("quote.levels=3").expect("set"), "").expect("known");
        assert_eq!(b["quote"]["fee_bps"].as_float(), Some(2.0));
        assert_eq!(b["quote"]["levels"].as_integer(), Some(3));
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let e = merge(&mut base(), assignment("quote.lvels=3").expect("set"), "").unwrap_err();
        assert_eq!(e.0, "unknown configuration key `quote.lvels`: did you mean `quote.levels`?");
        let e = merge(&mut base(), assignment("quite.levels=3").expect("set"), "").unwrap_err();
        assert_eq!(e.0, "unknown configuration key `quite`: did you mean `quote`?");
        let e = merge(&mut base(), assignment("zzz=3").expect("set"), "").unwrap_err();
        assert_eq!(e.0, "unknown configuration key `zzz`: known here: `quote`, `sim`");
    }

    #[test]
    fn a_choice_with_parameters_is_replaced_whole() {
        let mut b = base();
        merge(&mut b, assignment("sim.latency={kind=\"none\"}").expect("set"), "").expect("known");
        assert_eq!(b["sim"]["latency"].as_table().map(Table::len), Some(1));
    }

    #[test]
    fn sections_and_values_do_not_swap() {
        assert!(merge(&mut base(), assignment("quote=3").expect("set"), "").is_err());
        assert!(assignment("quote.levels").is_err());
        assert!(assignment(".=1").is_err());
    }
}
