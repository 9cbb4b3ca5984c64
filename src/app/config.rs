//! The whole configuration: one TOML file, defaults for everything, overrides from the command line.
//!
//! In: a file, assignments. Out: [`Config`], and the hash of the part that decides. Cold path.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};
use xxhash_rust::xxh3::xxh3_128;

use super::profile;
use crate::engine::{self, Components, Shipped};
use crate::feed::{self, CoinSpec, Parser, Streams};
use crate::folder::keep::Bound;
use crate::journal::Options;
use crate::limits::{SOCKET_COINS, SOCKETS_MAX};
use crate::settings::{ConfigError, Form, Room, assignment, check, join, merge, settings, shown};
use crate::units::Ns;
use crate::venue;

settings! {
    /// Where a run writes, and what it reads with.
    pub struct Run: Eq {
        /// Folder under which each run makes its own.
        folder: String = "runs".into(), PATH;
        /// Size of a journal segment.
        segment_bytes: u64 = 64 << 20, 4_096..=1_099_511_627_776, "bytes";
        /// Time after which a segment of journal and recording ends even if it is not full; 0:
        /// never.
        segment_hours: u32 = 24, 0..=8_760, "hours";
        /// What journals, recordings and latencies of all bounded runs of a folder may take; beyond it
        /// the oldest segments are dropped, of runs that have ended first. 0: no bound.
        keep_mb: u64 = 0, 0..=1_000_000_000, "MB";
        /// Time between two syncs of the journal.
        sync_ms: i64 = 1_000, 1..=3_600_000, "ms";
        /// Parser that reads messages first: `scanner` for the venue's usual shapes (what it does
        /// not know it hands over), `simd-json` for everything. Both give the same events.
        parser: Parser = Parser::default();
        /// Connections that the coins are shared out over; 0: one for each 25 coins. The venue allows an
        /// address ten.
        sockets: u8 = 0, 0..=8;
        /// Subscriptions that the run may take of the 1,000 that the venue allows an address. Where they
        /// are too few, full books, then contexts, then fast books of the last coins are left out.
        subscriptions: u32 = 1_000, 2..=1_000;
        /// Streams that a run subscribes to.
        streams: Streams = Streams::default();
    }
    where {
        [keep_mb, segment_bytes]
            |r| r.keep_mb == 0 || r.keep_mb.saturating_mul(1_000_000) / 4 >= r.segment_bytes,
            "`keep_mb` must be 0 or hold four segments of `segment_bytes`";
    }
}

impl Run {
    /// What a live run's feed follows, and how it reads.
    pub fn feed(&self) -> feed::Config {
        let most = Some(usize::try_from(self.subscriptions).unwrap_or(usize::MAX));
        feed::Config { parser: self.parser, streams: self.streams, most }
    }

    /// How many connections a run of so many coins makes.
    pub fn connections(&self, coins: usize) -> u8 {
        let (most, each) = match self.sockets {
            0 => (SOCKETS_MAX, SOCKET_COINS),
            n => (n, 1),
        };
        u8::try_from(coins.div_ceil(each)).map_or(most, |wanted| wanted.clamp(1, most))
    }

    /// What bounds the run's folder.
    pub fn bound(&self) -> Bound {
        Bound {
            bytes: (self.keep_mb > 0).then(|| self.keep_mb.saturating_mul(1_000_000)),
            segment_bytes: self.segment_bytes,
            segment_ns: (self.segment_hours > 0)
                .then(|| i64::from(self.segment_hours) * 3_600 * Ns::SEC),
        }
    }
}

/// What a folder must be.
const PATH: Form = Form {
    text: "text of 1 to 4096 bytes",
    holds: |v| v.as_str().is_some_and(|s| (1..=4_096).contains(&s.len())),
    inside: &["\"a\"", "\"/var/lib/papermaker/runs\""],
    beyond: &["\"\"", "7"],
};

settings! {
    /// Settings of papermaker.
    pub struct ConfigOf<C: Components> {
        /// Profile: the settings that all others start from.
        profile: String = "default".into(), profile::rule();
        /// Where a run writes, and what it reads with.
        run: Run = Run::default();
        /// What decides.
        engine: engine::ConfigOf<C> = engine::ConfigOf::<C>::default();
        /// The embedded exchange, where a run uses it.
        exchange: venue::config::Config = venue::config::Config::default();
    }
}

/// Settings of the program as it ships.
pub type Config = ConfigOf<Shipped>;

#[cfg(any(test, feature = "lab"))]
impl Config {
    /// The defaults with a strategy that quotes from the first second, whether it pays or not.
    pub fn quoting() -> Config {
        let mut config = Config::default();
        config.engine.strategy.name = crate::quote::Name::Glft;
        config
    }
}

impl<C: Components> ConfigOf<C> {
    /// Defaults, then the profile, then the file, then the assignments.
    ///
    /// # Errors
    /// One line that says what is wrong and what to do.
    pub fn load(file: Option<&Path>, sets: &[String]) -> Result<ConfigOf<C>, ConfigError> {
        ConfigOf::default().with(file, sets)
    }

    /// These settings, then the profile that is named, then the file, then the assignments.
    ///
    /// # Errors
    /// As [`ConfigOf::load`].
    pub fn with(&self, file: Option<&Path>, sets: &[String]) -> Result<ConfigOf<C>, ConfigError> {
        let section = ConfigOf::<C>::section();
        let mut table = self.table()?;
        let over = file.map(read).transpose()?;
        let sets: Vec<Table> = sets.iter().map(|s| assignment(s)).collect::<Result<_, _>>()?;
        let mut named = over.iter().map(|(_, t)| t).chain(&sets).filter_map(|t| t.get("profile"));
        let name = named.next_back().and_then(Value::as_str);
        for set in name.and_then(profile::of).map_or(&[][..], |p| p.sets) {
            merge(&section, &mut table, assignment(set)?, "")?;
        }
        if let Some((name, over)) = over {
            let named = |e| ConfigError(format!("{name}: {e}"));
            merge(&section, &mut table, over, "").map_err(named)?;
        }
        for set in sets {
            merge(&section, &mut table, set, "")?;
        }
        check(&section, &table, "")?;
        table.try_into().map_err(|e: toml::de::Error| ConfigError(e.to_string()))
    }

    /// The defaults as a table.
    ///
    /// # Errors
    /// When a default cannot be written as TOML.
    pub fn defaults() -> Result<Table, ConfigError> {
        ConfigOf::<C>::default().table()
    }

    /// The settings in which `new` differs, in order of their keys.
    ///
    /// # Errors
    /// When a value cannot be written as TOML.
    pub fn changes(&self, new: &ConfigOf<C>) -> Result<Vec<Change>, ConfigError> {
        let (was, now) = (values(&self.table()?, ""), values(&new.table()?, ""));
        let keys: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
        let text = |v: Option<&Value>| v.map_or_else(|| "none".into(), shown);
        let changed = keys.into_iter().filter(|k| was.get(*k) != now.get(*k));
        Ok(changed
            .map(|key| Change {
                key: key.clone(),
                old: text(was.get(key)),
                new: text(now.get(key)),
                decides: key.starts_with("engine."),
            })
            .collect())
    }

    fn table(&self) -> Result<Table, ConfigError> {
        Table::try_from(self).map_err(|e| ConfigError(e.to_string()))
    }

    /// The configuration as TOML.
    ///
    /// # Errors
    /// When a value cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(self).map_err(|e| ConfigError(e.to_string()))
    }

    /// Hash of everything that decides: engine settings, what they choose with its version, coins.
    pub fn hash(&self, coins: &[CoinSpec]) -> [u64; 2] {
        let mut text = toml::to_string(&self.engine).unwrap_or_default();
        for (name, version) in self.engine.identities() {
            text.push_str(&format!("\n{name} {version}"));
        }
        for c in coins {
            text.push_str(&format!("\n{} {}", c.name, c.sz_decimals));
        }
        let h = xxh3_128(text.as_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        let halves = [(h >> 64) as u64, h as u64];
        halves
    }

    /// The same with its `nth` seed of latencies and queues; that of 0 is its own.
    pub fn of_seed(&self, nth: u32) -> ConfigOf<C> {
        let mut config = self.clone();
        let seed = &mut config.engine.seed;
        *seed = seed.wrapping_add(u64::from(nth)) & i64::MAX.cast_unsigned();
        config
    }

    /// How a run's journal is written, under the configuration whose hash is `hash`.
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
    pub fn keeping(mut self, text: &str) -> Result<ConfigOf<C>, ConfigError> {
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
}

/// A setting that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its key.
    pub key: String,
    /// What it was.
    pub old: String,
    /// What it is now.
    pub new: String,
    /// Whether records depend on it.
    pub decides: bool,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` {} → {}", self.key, self.old, self.new)
    }
}

/// Every value of a table by its key from the root, which `path` is before.
pub fn values(table: &Table, path: &str) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    for (key, value) in table {
        let here = join(path, key);
        match value {
            Value::Table(t) => out.append(&mut values(t, &here)),
            other => {
                out.insert(here, other.clone());
            }
        }
    }
    out
}

/// A file's name and what it sets.
fn read(path: &Path) -> Result<(String, Table), ConfigError> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|e| ConfigError(format!("cannot read {name}: {e}")))?;
    let over = text
        .parse::<Table>()
        .map_err(|e| ConfigError(format!("{name}: {}", e.to_string().trim_end())))?;
    Ok((name.to_string(), over))
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod table_tests;

#[cfg(test)]
#[path = "drawn_tests.rs"]
mod drawn_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_their_own_text_and_overrides_reach_them() {
        let c = Config::load(None, &[]).expect("defaults");
        assert_eq!(c.engine, Config::default().engine);
        assert_eq!(c.run, Config::default().run);
        let c = Config::load(None, &["engine.strategy.glft.levels=3".into()]).expect("known");
        assert_eq!(c.engine.strategy.glft.levels, 3);
        let e = Config::load(None, &["engine.strategy.glft.level=3".into()]).unwrap_err();
        assert!(e.0.contains("did you mean `engine.strategy.glft.levels`"), "{e}");
        let e = Config::load(None, &["engine.strategy.glft.levels=9".into()]).unwrap_err();
        assert!(e.0.contains("1 to 5"), "{e}");
    }

    #[test]
    fn changed_settings_are_named_with_both_values() {
        let was = Config::load(None, &["engine.quote.max_lots=5".into()]).expect("in range");
        let sets = ["engine.sim.entry={kind=\"constant\"}", "run.sync_ms=500", "engine.seed=3"];
        let now = was.with(None, &sets.map(String::from)).expect("in range");
        assert!((now.engine.quote.max_lots - 5.0).abs() < 1e-12, "what was set stays");
        let all = was.changes(&now).expect("TOML");
        let said: Vec<String> = all.iter().map(Change::to_string).collect();
        assert_eq!(
            said,
            [
                "`engine.seed` 0 → 3",
                "`engine.sim.entry.base_ms` 150 → none",
                "`engine.sim.entry.kind` \"shifted-exponential\" → \"constant\"",
                "`engine.sim.entry.mean_ms` 100 → none",
                "`engine.sim.entry.ms` none → 200",
                "`run.sync_ms` 1000 → 500",
            ]
        );
        let deciding: Vec<bool> = all.iter().map(|c| c.decides).collect();
        assert_eq!(deciding, [true, true, true, true, true, false]);
        assert_eq!(was.changes(&was), Ok(vec![]));
    }

    #[test]
    fn the_hash_is_of_what_decides() {
        let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
        let a = Config::default();
        let mut b = a.clone();
        b.run.folder = "elsewhere".into();
        assert_eq!(a.hash(&coins), b.hash(&coins));
        b.engine.strategy.glft.levels = 3;
        assert_ne!(a.hash(&coins), b.hash(&coins));
        assert_ne!(a.hash(&coins), a.hash(&[CoinSpec::new("BTC", 4).expect("a coin")]));
    }
}
