//! Which coins there are, and how fine their sizes are.
//!
//! In: the venue's `meta` answer, or a recording's frames, or nothing. Out: [`Universe`],
//! [`CoinSpec`]s, and for an unknown name those nearest to it. Cold path: before a run.
//!
//! 1. A subscription to a coin the venue does not know drops the whole socket without a word, so
//!    names are checked here first.
//! 2. The built-in table holds only what was read from the venue; it is a fallback for recordings
//!    and machines without network, not a list of what is listed.

use arrayvec::ArrayVec;
use memchr::memmem;
use serde::Deserialize;

use super::coins::{CoinName, CoinSpec};
use super::control::listed;
use crate::limits::{DECIMALS_MAX, NAMES_MAX};
use crate::units::rules::Billing;

/// Size decimals of well-known coins, as the venue's `meta` gave them in 2026-10.
const KNOWN: [(&str, u8); 6] =
    [("BTC", 5), ("ETH", 4), ("SOL", 2), ("HYPE", 2), ("kPEPE", 0), ("WLFI", 0)];

/// Largest fee scale of a builder that is believed; the venue allows 3.
const SCALE_MAX: f64 = 100.0;

/// Names suggested for an unknown one.
pub const NEAREST_MAX: usize = 3;

/// A coin of the venue's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Name and size decimals.
    pub spec: CoinSpec,
    /// The coin is no longer traded; its place in the list stays.
    pub delisted: bool,
}

/// The venue's list of coins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Universe {
    coins: Vec<Listed>,
    /// Entries whose name or decimals cannot be a coin's.
    unusable: usize,
}

/// Why a `meta` answer cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMeta {
    /// Not JSON, or not an object with a list `universe` of named coins with `szDecimals`.
    #[error("it is no list of named coins")]
    Shape,
    /// The list holds no usable coin.
    #[error("it holds no coin that can be followed")]
    Empty,
}

/// Why a name is not a coin to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// The venue's list does not have it. Those nearest to it, best first.
    Unknown {
        /// Up to [`NEAREST_MAX`] names that could be meant.
        nearest: ArrayVec<CoinName, NEAREST_MAX>,
    },
    /// The coin is no longer traded.
    Delisted,
}

#[derive(Deserialize)]
struct Meta {
    universe: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: String,
    sz_decimals: u8,
    #[serde(default)]
    is_delisted: bool,
    deployer_fee_scale: Option<String>,
    growth_mode: Option<String>,
}

impl Entry {
    /// The terms of a builder's coin, where they are given.
    #[expect(clippy::float_arithmetic, reason = "read once, before a run")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in a small range")]
    fn builder(&self) -> Option<Billing> {
        let scale = self.deployer_fee_scale.as_ref()?.parse::<f64>().ok()?;
        let growth = self.growth_mode.as_deref() == Some("enabled");
        let scale_e4 = (scale * 1e4).round() as u32;
        (0.0..=SCALE_MAX).contains(&scale).then_some(Billing::Builder { scale_e4, growth })
    }
}

/// Both forms of the answer: `meta`, and `metaAndAssetCtxs` with the contexts after it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Meta(Meta),
    WithContexts(Meta, serde::de::IgnoredAny),
}

/// Reads the answer to `{"type":"meta"}` or `{"type":"metaAndAssetCtxs"}`.
///
/// # Errors
/// [`BadMeta`] when the text is not such an answer.
pub fn parse(json: &[u8]) -> Result<Universe, BadMeta> {
    let answer: Answer = serde_json::from_slice(json).map_err(|_| BadMeta::Shape)?;
    let (Answer::Meta(meta) | Answer::WithContexts(meta, _)) = answer;
    let mut universe = Universe { coins: Vec::new(), unusable: 0 };
    for entry in meta.universe {
        // An odd entry loses itself.
        let entry = serde_json::from_value::<Entry>(entry).ok();
        let listed = entry.and_then(|e| {
            let spec = CoinSpec::new(&e.name, e.sz_decimals).ok()?;
            let billing = e.builder().unwrap_or(spec.billing);
            let spec = CoinSpec { billing, ..spec };
            Some(Listed { spec, delisted: e.is_delisted })
        });
        match listed {
            Some(listed) => universe.coins.push(listed),
            None => universe.unusable += 1,
        }
    }
    if universe.coins.is_empty() { Err(BadMeta::Empty) } else { Ok(universe) }
}

/// The built-in table, for recordings and machines without network.
pub fn fallback() -> Universe {
    let listed = |(name, decimals)| {
        CoinSpec::new(name, decimals).ok().map(|spec| Listed { spec, delisted: false })
    };
    Universe { coins: KNOWN.into_iter().filter_map(listed).collect(), unusable: 0 }
}

/// The coins of recorded frames in order of appearance, for recordings without a `meta` answer. The
/// size decimals are the built-in ones, or the most seen in the frames where those are more.
///
/// Only the JSON of each frame is given, without its time. Frames need not be well-formed.
pub fn infer<F: AsRef<[u8]>>(frames: impl IntoIterator<Item = F>) -> Vec<CoinSpec> {
    let mut finder = Finder::default();
    frames.into_iter().for_each(|f| finder.take(f.as_ref()));
    finder.coins()
}

/// Finds the coins of a recording, frame by frame.
#[derive(Debug, Default)]
pub struct Finder {
    keys: Keys,
    found: Vec<CoinSpec>,
    /// Place of the coin found last: frames of one coin come together.
    last: usize,
    /// Coins of which the recording says what the venue's list said.
    listed: Vec<CoinSpec>,
}

impl Finder {
    /// Looks at one frame. Sizes of more than six decimals are noise and say nothing of the coin;
    /// aggregated books add sizes up and say nothing either. Of more than `NAMES_MAX` names, those
    /// that come later are left out.
    pub fn take(&mut self, frame: &[u8]) {
        let Some((name, decimals)) = self.keys.sizes(frame) else {
            if let Some((spec, _)) = listed(frame) {
                self.listed.retain(|c| c.name != spec.name);
                self.listed.truncate(NAMES_MAX - 1);
                self.listed.push(spec);
            }
            return;
        };
        let is = |c: &CoinSpec| c.name.as_bytes() == name;
        if !self.found.get(self.last).is_some_and(is) {
            self.last = self.found.iter().position(is).unwrap_or(self.found.len());
        }
        if let Some(coin) = self.found.get_mut(self.last) {
            coin.sz_decimals = coin.sz_decimals.max(decimals);
        } else if self.found.len() < NAMES_MAX {
            let name = std::str::from_utf8(name).ok();
            self.found.extend(name.and_then(|n| CoinSpec::new(n, decimals).ok()));
        }
    }

    /// The coins found, in order of appearance.
    pub fn coins(self) -> Vec<CoinSpec> {
        let mut found = self.found;
        for coin in &mut found {
            let known = KNOWN.iter().find(|(name, _)| *name == coin.name.as_str());
            coin.sz_decimals = coin.sz_decimals.max(known.map_or(0, |k| k.1));
            let said = self.listed.iter().find(|c| c.name == coin.name);
            *coin = said.copied().unwrap_or(*coin);
        }
        found
    }
}

impl Universe {
    /// The coins that are traded, in the order of the list.
    pub fn traded(&self) -> Vec<CoinSpec> {
        self.coins.iter().filter(|c| !c.delisted).map(|c| c.spec).collect()
    }

    /// The coin of this name, if it is listed and traded.
    ///
    /// # Errors
    /// [`Unlisted`], with the nearest names that are.
    pub fn find(&self, name: &str) -> Result<CoinSpec, Unlisted> {
        match self.coins.iter().find(|c| c.spec.name.as_str() == name) {
            Some(Listed { spec, delisted: false }) => Ok(*spec),
            Some(_) => Err(Unlisted::Delisted),
            None => Err(Unlisted::Unknown { nearest: self.nearest(name) }),
        }
    }

    /// All coins, in the venue's order.
    #[cfg(any(test, feature = "lab"))]
    pub fn coins(&self) -> &[Listed] {
        &self.coins
    }

    /// Traded names at most half their length of edits away, case aside, nearest first.
    fn nearest(&self, name: &str) -> ArrayVec<CoinName, NEAREST_MAX> {
        let wanted = name.to_ascii_lowercase();
        let mut near: Vec<_> = self
            .coins
            .iter()
            .filter(|c| !c.delisted)
            .map(|c| {
                let other = c.spec.name.to_ascii_lowercase();
                (strsim::damerau_levenshtein(&wanted, &other), c.spec.name)
            })
            .filter(|(edits, other)| edits * 2 <= other.len().max(wanted.len()))
            .collect();
        near.sort_by_key(|(edits, _)| *edits);
        near.into_iter().map(|(_, name)| name).take(NEAREST_MAX).collect()
    }
}

/// The keys of a frame that say what it is of, ready to be searched for.
#[derive(Debug)]
struct Keys([memmem::Finder<'static>; 4]);

impl Default for Keys {
    fn default() -> Keys {
        Keys(["\"channel\"", "\"coin\"", "\"sz\"", "\"spread\""].map(memmem::Finder::new))
    }
}

impl Keys {
    /// The coin of a market-data frame and the most decimals of its sizes.
    fn sizes<'a>(&self, frame: &'a [u8]) -> Option<(&'a [u8], u8)> {
        let Keys([channel, coin, sz, spread]) = self;
        let behind =
            |at: usize, key: &memmem::Finder<'_>| strings(&frame[at + key.needle().len()..]).next();
        let value = |key: &memmem::Finder<'_>| behind(key.find(frame)?, key);
        let market = matches!(value(channel)?, b"trades" | b"bbo" | b"l2Book");
        let coin = value(coin).filter(|_| market)?;
        if spread.find(frame).is_some() {
            return None;
        }
        let shown = sz.find_iter(frame).filter_map(|at| behind(at, sz)).map(decimals);
        Some((coin, shown.filter(|n| *n <= DECIMALS_MAX).max().unwrap_or(0)))
    }
}

/// Decimals of a number text that matter.
fn decimals(text: &[u8]) -> u8 {
    let Some(point) = text.iter().position(|&b| b == b'.') else {
        return 0;
    };
    let last = text.iter().rposition(|&b| b != b'0').unwrap_or(0);
    u8::try_from(last.saturating_sub(point)).unwrap_or(u8::MAX)
}

/// The contents of the quoted strings of a text, in order.
fn strings(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = memchr::memchr(b'"', rest)? + 1;
        let mut end = start;
        while *rest.get(end)? != b'"' {
            end += if rest[end] == b'\\' { 2 } else { 1 };
        }
        let content = &rest[start..end];
        rest = &rest[end + 1..];
        Some(content)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const META: &str = r#"{"universe":[
        {"szDecimals":5,"name":"BTC","maxLeverage":40,"marginTableId":56},
        {"szDecimals":4,"name":"ETH","maxLeverage":25,"marginTableId":55},
        {"szDecimals":1,"name":"MATIC","maxLeverage":20,"marginTableId":20,"isDelisted":true},
        {"szDecimals":0,"name":"kPEPE","maxLeverage":10,"marginTableId":10,"onlyIsolated":true},
        {"szDecimals":0,"name":"no coin","maxLeverage":10}],
        "marginTables":[[50,{"description":"","marginTiers":[]}]],"collateralToken":0}"#;

    #[test]
    fn the_venues_list_is_read_with_its_delistings() {
        for json in [META.to_string(), format!("[{META},[{{\"funding\":\"0.0\"}}]]")] {
            let u = parse(json.as_bytes()).expect("a list");
            assert_eq!(u.find("BTC").expect("listed").sz_decimals, 5);
            assert_eq!(u.find("kPEPE").expect("listed").sz_decimals, 0);
            assert_eq!(u.find("MATIC"), Err(Unlisted::Delisted));
            assert_eq!((u.coins().len(), u.unusable), (4, 1));
        }
        for json in ["", "null", "[]", "{}", r#"{"universe":{}}"#] {
            assert_eq!(parse(json.as_bytes()), Err(BadMeta::Shape), "{json}");
        }
        for json in [r#"{"universe":[]}"#, r#"{"universe":[{"name":"A"},7,null]}"#] {
            assert_eq!(parse(json.as_bytes()), Err(BadMeta::Empty));
        }
        // An odd entry loses itself.
        let odd = META
            .replace("\"szDecimals\":1,", "")
            .replace(":0,\"name\":\"kPEPE", ":300,\"name\":\"k");
        let u = parse(odd.as_bytes()).expect("a list");
        assert_eq!((u.coins().len(), u.unusable), (2, 3));
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest_ones() {
        let u = parse(META.as_bytes()).expect("a list");
        let nearest = |name: &str| match u.find(name) {
            Err(Unlisted::Unknown { nearest }) => {
                nearest.iter().map(|n| n.to_string()).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(nearest("KPEPE"), ["kPEPE"]);
        assert_eq!(nearest("btc"), ["BTC"]);
        assert_eq!(nearest("PEPE"), ["kPEPE"]);
        assert_eq!(nearest("EHT"), ["ETH"]);
        assert!(nearest("MATICC").is_empty(), "a delisted coin is not suggested");
        assert!(nearest("WIF").is_empty());
    }

    #[test]
    fn the_built_in_table_is_what_the_venue_said() {
        let u = fallback();
        for (name, decimals) in KNOWN {
            assert_eq!(u.find(name).expect(name).sz_decimals, decimals);
        }
        assert_eq!(u.coins().len(), KNOWN.len());
    }

    #[test]
    fn coins_and_decimals_are_inferred_from_frames() {
        let frames = [
            r#"{"channel":"subscriptionResponse","data":{"method":"subscribe","subscription":{"type":"trades","coin":"ACK"}}}"#,
            r#"{"channel":"l2Book","data":{"coin":"XYZ","levels":[[{"n":5,"px":"1.0","sz":"3.036"}],[]],"time":1}}"#,
            r#"{"channel":"bbo","data":{"coin":"BTC","time":1,"bbo":[null,{"px":"1.0","sz":"12.0","n":9}]}}"#,
            r#"{"channel":"trades","data":[{"sz":"0.5","px":"1.123456","coin":"XYZ"},{"sz":"1.00010","coin":"XYZ"}]}"#,
            r#"{"channel":"allMids","data":{"mids":{"coin":"5.0"}}}"#,
            r#"{"channel":"error","data":"\"coin\":\"BAD\""}"#,
            r#"{"channel":"trades","data":[{"coin":"CUT","sz":"1.0"#,
            "garbage",
        ];
        // Noise, and levels added up, say nothing of a coin.
        let frames = frames.into_iter().chain([
            r#"{"channel":"bbo","data":{"coin":"BTC","bbo":[{"sz":"0.30000000000000004"},null]}}"#,
            r#"{"channel":"l2Book","data":{"coin":"XYZ","levels":[[{"sz":"1.00001"}],[]],"spread":"1"}}"#,
        ]);
        let found: Vec<_> =
            infer(frames).into_iter().map(|c| (c.name.to_string(), c.sz_decimals)).collect();
        let want = [("XYZ", 4), ("BTC", 5), ("CUT", 0)];
        assert_eq!(found, want.map(|(n, d)| (n.to_string(), d)));
    }
}
