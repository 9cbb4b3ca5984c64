//! The whole configuration: one TOML file, defaults for everything, overrides from the command line.
//!
//! In: a file, assignments. Out: [`Config`], and the hash of the part that decides. Cold path.

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Table;
use xxhash_rust::xxh3::xxh3_128;

use super::layered::{ConfigError, assignment, merge};
use super::profile;
use crate::engine;
use crate::feed::{CoinSpec, Parser};
use crate::journal::Options;
use crate::units::Ns;
use crate::venue;

/// Where a run writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Run {
    /// Folder under which each run makes its own.
    pub folder: String,
    /// Bytes of a journal segment.
    pub segment_bytes: u64,
    /// Hours after which a segment of journal and recording ends even if it is not full; 0: never.
    pub segment_hours: u32,
    /// Megabytes that journal and recording of a run may take; beyond it the oldest segments are
    /// dropped. 0: no bound.
    pub keep_mb: u64,
    /// Milliseconds between two syncs of the journal.
    pub sync_ms: i64,
    /// Parser that reads messages first: `scanner` for the venue's usual shapes (what it does not
    /// know it hands over), `simd-json` for everything. Both give the same events.
    pub parser: Parser,
}

impl Default for Run {
    fn default() -> Run {
        Run {
            folder: "runs".into(),
            segment_bytes: 64 << 20,
            segment_hours: 24,
            keep_mb: 0,
            sync_ms: 1_000,
            parser: Parser::default(),
        }
    }
}

/// Everything that can be set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Profile that the settings start from.
    pub profile: String,
    /// Where a run writes.
    pub run: Run,
    /// What decides.
    pub engine: engine::Config,
    /// The embedded exchange, where a run uses it.
    pub exchange: venue::config::Config,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            profile: "default".into(),
            run: Run::default(),
            engine: engine::Config::default(),
            exchange: venue::config::Config::default(),
        }
    }
}

impl Config {
    /// Defaults, then the profile, then the file, then the assignments.
    ///
    /// # Errors
    /// One line that says what is wrong and what to do.
    pub fn load(file: Option<&Path>, sets: &[String]) -> Result<Config, ConfigError> {
        let fault = |e: &dyn std::fmt::Display| ConfigError(e.to_string());
        let mut table = Table::try_from(Config::default()).map_err(|e| fault(&e))?;
        let over = match file {
            Some(path) => {
                let name = path.display();
                let text = std::fs::read_to_string(path)
                    .map_err(|e| ConfigError(format!("cannot read {name}: {e}")))?;
                let over = text
                    .parse::<Table>()
                    .map_err(|e| ConfigError(format!("{name}: {}", e.to_string().trim_end())))?;
                Some((name.to_string(), over))
            }
            None => None,
        };
        let sets: Vec<Table> = sets.iter().map(|s| assignment(s)).collect::<Result<_, _>>()?;
        let mut named = over.iter().map(|(_, t)| t).chain(&sets).filter_map(|t| t.get("profile"));
        if let Some(name) = named.next_back().and_then(toml::Value::as_str) {
            let p = profile::of(name).ok_or_else(|| {
                ConfigError(format!("no profile `{name}`; there are {}", profile::names()))
            })?;
            for set in p.sets {
                merge(&mut table, assignment(set)?, "")?;
            }
        }
        if let Some((name, over)) = over {
            merge(&mut table, over, "").map_err(|e| ConfigError(format!("{name}: {e}")))?;
        }
        for set in sets {
            merge(&mut table, set, "")?;
        }
        let config: Config = table.try_into().map_err(|e| fault(&e))?;
        config.check()?;
        Ok(config)
    }

    /// The configuration as TOML.
    ///
    /// # Errors
    /// When a value cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(self).map_err(|e| ConfigError(e.to_string()))
    }

    /// Hash of everything that decides: engine settings and coins.
    #[must_use]
    pub fn hash(&self, coins: &[CoinSpec]) -> [u64; 2] {
        let mut text = toml::to_string(&self.engine).unwrap_or_default();
        for c in coins {
            text.push_str(&format!("\n{} {}", c.name, c.sz_decimals));
        }
        let h = xxh3_128(text.as_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        let halves = [(h >> 64) as u64, h as u64];
        halves
    }

    /// How a run's journal is written, under the configuration whose hash is `hash`.
    #[must_use]
    pub fn journal(&self, hash: [u64; 2]) -> Options {
        Options {
            segment_bytes: self.run.segment_bytes,
            sync_ns: self.run.sync_ms * Ns::MS,
            ..Options::new(hash)
        }
    }

    /// The configuration with a disk bound such as `500MB` or `20GB`, and segments that fit it.
    ///
    /// # Errors
    /// It is not such a size, or so small that a run could not be kept in it.
    pub fn keeping(mut self, text: &str) -> Result<Config, ConfigError> {
        let wrong = || ConfigError("write it as 500MB or 20GB".into());
        let (digits, unit) = match (text.strip_suffix("MB"), text.strip_suffix("GB")) {
            (Some(t), _) => (t, 1),
            (_, Some(t)) => (t, 1_000),
            _ => return Err(wrong()),
        };
        let n: u64 = digits.parse().map_err(|_| wrong())?;
        self.run.keep_mb = n.checked_mul(unit).filter(|n| *n > 0).ok_or_else(wrong)?;
        let most = self.run.keep_mb.saturating_mul(1_000_000) / 8;
        self.run.segment_bytes = self.run.segment_bytes.min(most);
        self.check().map(|()| self)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let q = &self.engine.quote;
        let rule = |ok: bool, text: &str| if ok { Ok(()) } else { Err(ConfigError(text.into())) };
        rule((1..=5).contains(&q.levels), "`engine.quote.levels` must be 1 to 5")?;
        rule(q.unit_usd >= 10.0, "`engine.quote.unit_usd` must be at least 10, the least order")?;
        rule(q.max_lots >= 1.0, "`engine.quote.max_lots` must be at least 1")?;
        rule(
            q.std_share > 0.0 && q.std_share <= 1.0,
            "`engine.quote.std_share` must be in (0, 1]",
        )?;
        rule(q.phi > 0.0 && q.phi <= 1.0, "`engine.quote.phi` must be in (0, 1]")?;
        rule(q.loss_limit_usd > 0.0, "`engine.quote.loss_limit_usd` must be positive")?;
        let sim = self.engine.sim.check();
        sim.map_err(|e| ConfigError(e.replacen('`', "`engine.sim.", 1)))?;
        rule(self.run.segment_bytes >= 4096, "`run.segment_bytes` must be at least 4096")?;
        let room = self.run.keep_mb.saturating_mul(1_000_000) / 4 >= self.run.segment_bytes;
        rule(
            self.run.keep_mb == 0 || room,
            "`run.keep_mb` must be 0 or hold four segments of `run.segment_bytes`",
        )?;
        rule(self.run.sync_ms > 0, "`run.sync_ms` must be positive")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_their_own_text_and_overrides_reach_them() {
        let c = Config::load(None, &[]).expect("defaults");
        assert_eq!(c.engine, Config::default().engine);
        assert_eq!(c.run, Config::default().run);
        let c = Config::load(None, &["engine.quote.levels=3".into()]).expect("known");
        assert_eq!(c.engine.quote.levels, 3);
        let e = Config::load(None, &["engine.quote.level=3".into()]).unwrap_err();
        assert!(e.0.contains("did you mean `engine.quote.levels`"), "{e}");
        let e = Config::load(None, &["engine.quote.levels=9".into()]).unwrap_err();
        assert!(e.0.contains("1 to 5"), "{e}");
    }

    #[test]
    fn the_hash_is_of_what_decides() {
        let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
        let a = Config::default();
        let mut b = a.clone();
        b.run.folder = "elsewhere".into();
        assert_eq!(a.hash(&coins), b.hash(&coins));
        b.engine.quote.levels = 3;
        assert_ne!(a.hash(&coins), b.hash(&coins));
        assert_ne!(a.hash(&coins), a.hash(&[CoinSpec::new("BTC", 4).expect("a coin")]));
    }
}
