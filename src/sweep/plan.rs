//! The plan of a sweep: its files with their hashes, its configurations, and the name of each job.
//!
//! In: a [`Spec`](super::Spec), what the files hold. Out: `plan.json` and back. Cold path.
//!
//! 1. Jobs are numbered file by file, configuration by configuration, seed by seed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::SweepError;
use super::spec::Windows;
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::folder::Output;
use crate::journal::hex;

/// Hash of the sources that this program was built from.
pub const SOURCES: &str = env!("PAPERMAKER_SOURCES");
const PLAN: &str = "plan.json";
const BASE: &str = "config.toml";
const ROWS: &str = "rows";
/// What the names of strategies in Python begin with.
pub const PYTHON: &str = "python:";

/// A recording of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePlan {
    /// Where it was when the plan was made.
    pub path: PathBuf,
    /// Its name in the table: as it was written.
    pub name: String,
    /// Bytes, with the files that follow it.
    pub bytes: u64,
    /// xxh3-128 of them.
    pub hash: String,
    /// Coins with their size decimals.
    pub coins: Vec<(String, u8)>,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the program.
    pub version: String,
    /// Hash of its sources.
    pub program: String,
    /// Length of a block, ns.
    pub block_ns: i64,
    /// Windows of a walk forward.
    pub windows: Option<Windows>,
    /// Keys of the settings that vary.
    pub keys: Vec<String>,
    /// The values of each configuration, text of TOML, in the order of the keys.
    pub configs: Vec<Vec<String>>,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Recordings.
    pub files: Vec<FilePlan>,
    /// Name of each job.
    pub jobs: Vec<String>,
}

/// A part of a plan: the `index`th of `of` parts, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part.
    pub index: usize,
    /// How many there are.
    pub of: usize,
}

impl std::str::FromStr for Shard {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Shard, SweepError> {
        let wrong = || {
            let text = format!("--shard {text}: write it as 0/4 to 3/4, the part and how many");
            SweepError::Asked(text)
        };
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let (index, of) = (index.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?);
        if index < of { Ok(Shard { index, of }) } else { Err(wrong()) }
    }
}

impl Shard {
    /// The jobs of this part, of so many.
    pub fn range(self, jobs: usize) -> std::ops::Range<usize> {
        let cut = |i: usize| i * jobs / self.of.max(1);
        cut(self.index)..cut(self.index + 1)
    }
}

impl Plan {
    /// Names the jobs: all settings are checked.
    ///
    /// # Errors
    /// [`SweepError::Asked`] with the configuration that is refused, and why.
    pub fn name_jobs<C: Components>(&mut self, base: &ConfigOf<C>) -> Result<(), SweepError> {
        let mut jobs = Vec::with_capacity(self.files.len() * self.configs.len() * self.seeds.len());
        for f in &self.files {
            let coins = f.specs()?;
            for job in 0..self.configs.len() * self.seeds.len() {
                let config = self.config(base, job)?;
                let [a, b] = config.hash(&coins);
                let asks = self.python(job).unwrap_or_default();
                let text =
                    format!("{} {} {a:016x}{b:016x} {}{asks}", self.program, f.hash, self.block_ns);
                jobs.push(hex(xxh3_128(text.as_bytes())));
            }
        }
        self.jobs = jobs;
        Ok(())
    }

    /// The settings of a job.
    ///
    /// # Errors
    /// [`SweepError::Asked`] where they are refused.
    pub fn config<C: Components>(
        &self,
        base: &ConfigOf<C>,
        job: usize,
    ) -> Result<ConfigOf<C>, SweepError> {
        let (_, config, seed) = self.place(job);
        let values = self.keys.iter().zip(&self.configs[config]);
        let settings = values.filter(|(_, v)| python(v).is_none());
        let mut sets: Vec<String> = settings.map(|(k, v)| format!("{k}={v}")).collect();
        if !self.keys.iter().any(|k| k == "engine.seed") {
            sets.push(format!("engine.seed={}", self.seeds[seed]));
        }
        base.with(None, &sets).map_err(|e| SweepError::Asked(format!("the grid: {e}")))
    }

    /// The strategy in Python that decides in a job, by name, version and hash; `None`: one that ships.
    pub fn python(&self, job: usize) -> Option<String> {
        let (_, config, _) = self.place(job);
        self.configs[config].iter().find_map(|v| python(v))
    }

    /// File, configuration and seed of a job.
    pub fn place(&self, job: usize) -> (usize, usize, usize) {
        let (seeds, configs) = (self.seeds.len(), self.configs.len());
        (job / seeds / configs, job / seeds % configs, job % seeds)
    }

    /// Writes plan and settings into the folder.
    ///
    /// # Errors
    /// As the disk refuses.
    pub fn write<C: Components>(&self, dir: &Path, base: &ConfigOf<C>) -> Result<(), SweepError> {
        let toml = base.to_toml().map_err(|e| SweepError::Asked(e.to_string()))?;
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        let rows = dir.join(ROWS);
        std::fs::create_dir_all(&rows)
            .map_err(|e| SweepError::Disk(format!("cannot make {}: {e}", rows.display())))?;
        put(&dir.join(BASE), toml.as_bytes())?;
        put(&dir.join(PLAN), json.as_bytes())
    }

    /// Reads the plan in a folder, and the settings that its grid starts from.
    ///
    /// # Errors
    /// There is none, or it is of another program.
    pub fn read<C: Components>(dir: &Path) -> Result<(Plan, ConfigOf<C>), SweepError> {
        let path = dir.join(PLAN);
        let text = std::fs::read_to_string(&path).map_err(|e| {
            let make = "make one with `papermaker sweep plan SPEC.toml -o DIR`";
            SweepError::Input(format!("no plan in {}: {e}; {make}", dir.display()))
        })?;
        let plan: Plan = serde_json::from_str(&text)
            .map_err(|e| SweepError::Input(format!("{}: {e}; plan again", path.display())))?;
        if plan.program != SOURCES {
            return Err(SweepError::Input(format!(
                "{} was made by another program ({}, sources {}; this is {}, {SOURCES}): plan again \
                 into the same folder, rows that still hold are kept",
                path.display(),
                plan.version,
                plan.program,
                env!("CARGO_PKG_VERSION"),
            )));
        }
        let base = ConfigOf::load(Some(&dir.join(BASE)), &[])
            .map_err(|e| SweepError::Input(e.to_string()))?;
        Ok((plan, base))
    }

    /// The file of a job's row.
    pub fn row(&self, dir: &Path, job: usize) -> PathBuf {
        dir.join(ROWS).join(format!("{}.json", self.jobs[job]))
    }
}

impl FilePlan {
    /// Its coins as they are followed.
    ///
    /// # Errors
    /// A name or its decimals cannot be.
    pub fn specs(&self) -> Result<Vec<CoinSpec>, SweepError> {
        let spec = |(n, d): &(String, u8)| CoinSpec::new(n, *d);
        let coins: Result<_, _> = self.coins.iter().map(spec).collect();
        coins.map_err(|e| SweepError::Input(format!("{}: {e}", self.name)))
    }

    /// Where it is now: where it was, or beside the plan under its name.
    ///
    /// # Errors
    /// It is in neither place.
    pub fn find(&self, dir: &Path) -> Result<PathBuf, SweepError> {
        let beside = self.path.file_name().map(|n| dir.join(n)).unwrap_or_default();
        let there = [self.path.clone(), beside].into_iter().find(|p| p.is_file());
        there.ok_or_else(|| {
            let (path, dir) = (self.path.display(), dir.display());
            SweepError::Input(format!("{path} is not there; put it back, or into {dir}"))
        })
    }
}

/// The strategy in Python that a value names, text of TOML.
fn python(value: &str) -> Option<String> {
    // Behind its quote; other values need no parser.
    value.get(1..)?.strip_prefix(PYTHON)?;
    let value = toml::from_str::<toml::Table>(&format!("v = {value}")).ok()?.remove("v")?;
    value.as_str().map(str::to_owned)
}

/// Writes a file whole or not at all, and through to the disk.
pub(super) fn put(to: &Path, bytes: &[u8]) -> Result<(), SweepError> {
    Output::own(to).and_then(|out| out.put(bytes)).map_err(|e| SweepError::Disk(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_the_jobs_once() {
        for (jobs, of) in [(144, 7), (3, 5), (0, 2), (12, 1)] {
            let all: Vec<usize> =
                (0..of).flat_map(|index| Shard { index, of }.range(jobs)).collect();
            assert_eq!(all, (0..jobs).collect::<Vec<_>>());
        }
        assert_eq!("3/7".parse(), Ok(Shard { index: 3, of: 7 }));
        for text in ["7/7", "1", "a/b", "-1/3", "0/0"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
