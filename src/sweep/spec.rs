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
//! 1. An unknown key is refused with the known ones, here and in the grid.
//! 2. Configurations count with the last key of the grid running fastest, seeds within each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::SweepError;
use crate::limits::SWEEP_CONFIGS_MAX;
use crate::units::Ns;

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

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    files: Vec<PathBuf>,
    coins: Vec<String>,
    block: Option<Length>,
    seeds: Option<Vec<u64>>,
    strategies: Vec<String>,
    profiles: Vec<String>,
    accept_unfit: bool,
    grid: Table,
    windows: Option<Walk>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Walk {
    train: Length,
    test: Length,
}

/// A length of time such as `30s`, `10m`, `2h`; ns.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Length(i64);

impl TryFrom<String> for Length {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Length, Self::Error> {
        let ns = humantime::parse_duration(&text).ok().map(|d| i64::try_from(d.as_nanos()));
        let ns = ns.and_then(Result::ok).filter(|ns| *ns >= Ns::SEC);
        ns.map(Length).ok_or("a length of time from 1s is needed, as in \"30s\" or \"2h\"")
    }
}

fn asked(text: impl Into<String>) -> SweepError {
    SweepError::Asked(text.into())
}

impl Spec {
    /// Reads the text; relative paths of files are left as they are.
    ///
    /// # Errors
    /// [`SweepError::Asked`] names the line or the key and what it should be.
    pub fn parse(text: &str) -> Result<Spec, SweepError> {
        let read: Written = toml::from_str(text).map_err(|e| {
            let line = e.span().map_or(0, |at| text[..at.start].matches('\n').count() + 1);
            asked(format!("line {line}: {}", e.message()))
        })?;
        let Written { files, coins, accept_unfit, .. } = read;
        let seeds = read.seeds.unwrap_or_else(|| vec![0]);
        if files.is_empty() || seeds.is_empty() {
            let text = "`files` must be a list of recordings, as in files = [\"a.frames.gz\"], `seeds`, \
                        where it is given, one of whole numbers";
            return Err(asked(text));
        }
        if let Some((_, file)) = files.iter().enumerate().find(|(i, f)| files[..*i].contains(f)) {
            let file = file.display();
            return Err(asked(format!("`files` names {file} twice, which would count twice")));
        }
        let block_ns = read.block.map_or(30 * Ns::SEC, |b| b.0);
        let mut axes = Vec::new();
        for (key, values) in [("profile", read.profiles), ("engine.strategy.name", read.strategies)]
        {
            if !values.is_empty() {
                let values = values.into_iter().map(|v| Value::String(v).to_string()).collect();
                axes.push(Axis { key: key.to_owned(), values });
            }
        }
        flatten("", &read.grid, &mut axes)?;
        let windows = read.windows.map(|w| w.in_blocks(block_ns)).transpose()?;
        let spec = Spec { files, coins, block_ns, seeds, axes, windows, accept_unfit };
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

impl Walk {
    fn in_blocks(&self, block_ns: i64) -> Result<Windows, SweepError> {
        let blocks = |key: &str, Length(ns): Length| {
            let whole = (ns % block_ns == 0).then(|| usize::try_from(ns / block_ns).ok()).flatten();
            whole.ok_or_else(|| {
                let block_s = Ns::seconds(block_ns);
                asked(format!(
                    "`windows.{key}` must be a multiple of `block`, which is {block_s} s"
                ))
            })
        };
        Ok(Windows { train: blocks("train", self.train)?, test: blocks("test", self.test)? })
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
            ("files = 1", "line 1: invalid type: integer `1`"),
            ("\nfils = [\"a\"]", "line 2: unknown field `fils`, expected one of `files`"),
            ("files = [\"a\"]\nblock = \"10ms\"", "line 2: a length of time from 1s"),
            ("files = [\"a\"]\nseeds = [-1]", "line 2: invalid value: integer `-1`"),
            ("files = [\"a\"]\nseeds = []", "`seeds`, where it is given"),
            ("files = [\"a\"]\n[grid]\nengine.seed = 3", "`grid.engine.seed` must be a list"),
            ("files = [\"a\"]\n[grid]\nx = []", "`grid.x` must be a list"),
            ("files = [\"a\"]\n[windows]\ntrain = \"45s\"\ntest = \"30s\"", "multiple of `block`"),
            ("files = [\"a\"]\n[windows]\ntrain = \"1h\"", "missing field `test`"),
            ("files = [\"a\"]\n[windows]\ntrian = \"1h\"", "unknown field `trian`"),
            ("files = [\"a\"", "line 1: unclosed array"),
        ] {
            let e = Spec::parse(text).expect_err(text).to_string();
            assert!(e.contains(says), "{text}: {e}");
        }
        let many = format!("files = [\"a\"]\n[grid]\nx = {:?}\ny = {:?}", [1; 400], [1; 400]);
        let e = Spec::parse(&many).expect_err("too many").to_string();
        assert!(e.contains("160000 configurations"), "{e}");
    }
}
