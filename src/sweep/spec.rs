//! What a sweep is asked to do, as its TOML says.
//!
//! In: the text. Out: [`Spec`]: files, and the settings of each configuration. Cold path.
//!
//! ```text
//!  files = ["one.frames.gz", "two.frames.gz"]
//!  coins = ["ETH"]                  # default: all of each file
//!  block = "30s"                    # results are kept by stretches of this length
//!  seeds = [1, 2, 3]                # engine.seed
//!  strategies = ["glft", "original"]
//!  profiles = ["default"]
//!  [grid]
//!  engine.quote.max_lots = [2, 5]   # any setting: all combinations
//!  [windows]                        # walk forward: choose on `train`, count on `test`
//!  train = "1h"
//!  test = "30m"
//! ```
//! 1. An unknown key is refused with the nearest known one, here and in the grid.
//! 2. Configurations count with the last key of the grid running fastest, seeds within each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::SweepError;
use crate::limits::SWEEP_CONFIGS_MAX;
use crate::units::Ns;

/// Keys of the file.
const KEYS: [&str; 9] = [
    "files",
    "coins",
    "block",
    "seeds",
    "strategies",
    "profiles",
    "accept_unfit",
    "grid",
    "windows",
];

/// A setting and the values it takes, as text of TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Key of the setting.
    pub key: String,
    /// Values.
    pub values: Vec<String>,
}

/// Windows of a walk forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Length on which a configuration is chosen, in blocks.
    pub train: usize,
    /// Length on which it is counted, in blocks; the windows advance by it.
    pub test: usize,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Recordings.
    pub files: Vec<PathBuf>,
    /// Coins; none: all of each file.
    pub coins: Vec<String>,
    /// Length of a block, ns.
    pub block_ns: i64,
    /// Seeds; at least one.
    pub seeds: Vec<u64>,
    /// Settings that vary.
    pub axes: Vec<Axis>,
    /// Windows of a walk forward.
    pub windows: Option<Windows>,
    /// Take recordings that are not fit, too.
    pub accept_unfit: bool,
}

fn asked(text: impl Into<String>) -> SweepError {
    SweepError::Asked(text.into())
}

impl Spec {
    /// Reads the text; relative paths of files are left as they are.
    ///
    /// # Errors
    /// [`SweepError::Asked`] names the key and what it should be.
    pub fn parse(text: &str) -> Result<Spec, SweepError> {
        let table: Table = text
            .parse()
            .map_err(|e: toml::de::Error| asked(e.to_string().trim_end().to_owned()))?;
        if let Some(key) = table.keys().find(|k| !KEYS.contains(&k.as_str())) {
            return Err(asked(unknown("", key, &KEYS)));
        }
        let files: Vec<PathBuf> = texts(&table, "files")?.into_iter().map(PathBuf::from).collect();
        if files.is_empty() {
            return Err(asked(
                "`files` must be a list of recordings, as in files = [\"a.frames.gz\"]",
            ));
        }
        if let Some((_, file)) = files.iter().enumerate().find(|(i, f)| files[..*i].contains(f)) {
            return Err(asked(format!(
                "`files` names {} twice, which would count twice",
                file.display()
            )));
        }
        let block_ns = length(&table, "block")?.unwrap_or(30 * Ns::SEC);
        let mut axes = Vec::new();
        for (key, name) in [("profile", "profiles"), ("engine.strategy.name", "strategies")] {
            let values = texts(&table, name)?;
            if !values.is_empty() {
                let values = values.into_iter().map(|v| Value::String(v).to_string()).collect();
                axes.push(Axis { key: key.to_owned(), values });
            }
        }
        match table.get("grid") {
            None => {}
            Some(Value::Table(grid)) => flatten("", grid, &mut axes)?,
            Some(_) => {
                return Err(asked("`grid` is a table of settings, each with a list of values"));
            }
        }
        let spec = Spec {
            files,
            coins: texts(&table, "coins")?,
            block_ns,
            seeds: seeds(&table)?,
            axes,
            windows: windows(&table, block_ns)?,
            accept_unfit: switch(&table, "accept_unfit")?,
        };
        spec.count()?;
        Ok(spec)
    }

    /// How many configurations there are, seeds not counted.
    fn count(&self) -> Result<usize, SweepError> {
        let all = self.axes.iter().map(|a| a.values.len()).chain([self.seeds.len()]);
        let n = all.fold(1usize, usize::saturating_mul);
        if n > SWEEP_CONFIGS_MAX {
            let text = format!("{n} configurations with their seeds, at most {SWEEP_CONFIGS_MAX}");
            return Err(asked(text));
        }
        Ok(n / self.seeds.len().max(1))
    }

    /// The values of each configuration, one of each axis.
    pub fn combinations(&self) -> Vec<Vec<String>> {
        let mut out = vec![Vec::new()];
        for axis in &self.axes {
            out = out
                .into_iter()
                .flat_map(|head: Vec<String>| {
                    let with =
                        move |v: &String| [head.as_slice(), std::slice::from_ref(v)].concat();
                    axis.values.iter().map(with).collect::<Vec<_>>()
                })
                .collect();
        }
        out
    }
}

/// The settings of a grid, with dots for tables within.
fn flatten(path: &str, table: &Table, out: &mut Vec<Axis>) -> Result<(), SweepError> {
    for (key, value) in table {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Table(t) => flatten(&here, t, out)?,
            Value::Array(list) if !list.is_empty() => {
                let values = list.iter().map(ToString::to_string).collect();
                out.push(Axis { key: here, values });
            }
            _ => {
                let text = format!("`grid.{here}` must be a list of values, as in {key} = [1, 2]");
                return Err(asked(text));
            }
        }
    }
    Ok(())
}

fn texts(table: &Table, key: &str) -> Result<Vec<String>, SweepError> {
    let wrong = || asked(format!("`{key}` must be a list of texts, as in {key} = [\"a\", \"b\"]"));
    match table.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|v| v.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn switch(table: &Table, key: &str) -> Result<bool, SweepError> {
    let value = table.get(key).unwrap_or(&Value::Boolean(false));
    value.as_bool().ok_or_else(|| asked(format!("`{key}` must be true or false")))
}

fn seeds(table: &Table) -> Result<Vec<u64>, SweepError> {
    let wrong = || asked("`seeds` must be a list of whole numbers from 0, as in seeds = [1, 2, 3]");
    let list = match table.get("seeds") {
        None => return Ok(vec![0]),
        Some(Value::Array(list)) if !list.is_empty() => list,
        Some(_) => return Err(wrong()),
    };
    let one = |v: &Value| v.as_integer().and_then(|n| u64::try_from(n).ok()).ok_or_else(wrong);
    list.iter().map(one).collect()
}

/// A length of time such as `30s`, `10m`, `2h`; ns.
fn length(table: &Table, key: &str) -> Result<Option<i64>, SweepError> {
    let wrong =
        || asked(format!("`{key}` must be a length of time from 1s, as in \"30s\" or \"2h\""));
    let Some(value) = table.get(key) else { return Ok(None) };
    let text = value.as_str().ok_or_else(wrong)?;
    let ns = humantime::parse_duration(text).ok().and_then(|d| i64::try_from(d.as_nanos()).ok());
    ns.filter(|ns| *ns >= Ns::SEC).map(Some).ok_or_else(wrong)
}

fn windows(table: &Table, block_ns: i64) -> Result<Option<Windows>, SweepError> {
    let windows = match table.get("windows") {
        None => return Ok(None),
        Some(Value::Table(t)) => t,
        Some(_) => return Err(asked("`windows` is a table with `train` and `test`")),
    };
    if let Some(key) = windows.keys().find(|k| !["train", "test"].contains(&k.as_str())) {
        return Err(asked(unknown("windows.", key, &["train", "test"])));
    }
    let blocks = |key: &str| {
        let ns = length(windows, key)?
            .ok_or_else(|| asked(format!("`windows.{key}` is missing, as in {key} = \"10m\"")))?;
        if ns % block_ns != 0 {
            let text = format!(
                "`windows.{key}` must be a multiple of `block`, which is {} s",
                Ns::seconds(block_ns)
            );
            return Err(asked(text));
        }
        usize::try_from(ns / block_ns).map_err(|_| asked(format!("`windows.{key}` is too long")))
    };
    Ok(Some(Windows { train: blocks("train")?, test: blocks("test")? }))
}

/// That a key is not known, with the nearest one.
fn unknown(path: &str, key: &str, known: &[&str]) -> String {
    let near = known.iter().min_by_key(|k| strsim::damerau_levenshtein(k, key));
    let near = near.filter(|k| strsim::damerau_levenshtein(k, key) <= 1 + k.len() / 3);
    match near {
        Some(k) => format!("unknown key `{path}{key}`: did you mean `{path}{k}`?"),
        None => format!("unknown key `{path}{key}`: known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_combinations_in_the_order_of_the_grid() {
        let text = "files = [\"a\"]\nseeds = [4, 5]\nblock = \"1m\"\nstrategies = [\"glft\"]\n\
                    [grid]\nengine.x = [1, 2]\n\"engine.a.b\" = [\"u\", \"v\"]\n\
                    [windows]\ntrain = \"1h\"\ntest = \"5m\"\n";
        let spec = Spec::parse(text).expect("a sweep");
        let keys: Vec<&str> = spec.axes.iter().map(|a| a.key.as_str()).collect();
        assert_eq!(keys, ["engine.strategy.name", "engine.x", "engine.a.b"]);
        let all = spec.combinations();
        let row = |i: usize| all[i].join(" ");
        assert_eq!(all.len(), 4);
        assert_eq!((row(0), row(1)), ("\"glft\" 1 \"u\"".into(), "\"glft\" 1 \"v\"".into()));
        assert_eq!(spec.windows, Some(Windows { train: 60, test: 5 }));
        assert_eq!((spec.seeds, spec.block_ns), (vec![4, 5], 60 * Ns::SEC));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, says) in [
            ("", "`files` must be"),
            ("files = 1", "`files` must be"),
            ("fils = [\"a\"]", "did you mean `files`"),
            ("files = [\"a\"]\nblock = \"10ms\"", "`block` must be"),
            ("files = [\"a\"]\nseeds = [-1]", "`seeds` must be"),
            ("files = [\"a\"]\n[grid]\nengine.seed = 3", "`grid.engine.seed` must be a list"),
            ("files = [\"a\"]\n[grid]\nx = []", "`grid.x` must be a list"),
            ("files = [\"a\"]\n[windows]\ntrain = \"45s\"\ntest = \"30s\"", "multiple of `block`"),
            ("files = [\"a\"]\n[windows]\ntrain = \"1h\"", "`windows.test` is missing"),
            ("files = [\"a\"]\n[windows]\ntrian = \"1h\"", "did you mean `windows.train`"),
            ("files = [\"a\"", "TOML"),
        ] {
            let e = Spec::parse(text).expect_err(text).to_string();
            assert!(e.contains(says), "{text}: {e}");
        }
        let many = format!("files = [\"a\"]\n[grid]\nx = {:?}\ny = {:?}", [1; 400], [1; 400]);
        let e = Spec::parse(&many).expect_err("too many").to_string();
        assert!(e.contains("160000 configurations"), "{e}");
    }
}
