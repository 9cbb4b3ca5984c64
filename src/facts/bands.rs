//! Bands: the range in which each fact of a kind of coin was found.
//!
//! In: a table of `fact = [lowest, highest]` (TOML), built in for four kinds of coins. Out: [`Bands`],
//! what lies outside. Cold path.

use std::collections::BTreeMap;
use std::fmt;

use super::found::Facts;

/// The kinds of coins whose bands are built in. Each range is that of the recordings at hand of
/// Hyperliquid in September and December 2025, a quarter wider at both ends; shares and correlations
/// are .05 wider. WLFI stands for thin coins.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("btc", include_str!("bands/btc.toml")),
    ("eth", include_str!("bands/eth.toml")),
    ("sol", include_str!("bands/sol.toml")),
    ("thin", include_str!("bands/thin.toml")),
];

/// The range of each fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Bands(BTreeMap<String, [f64; 2]>);

/// A fact that is not in its band.
#[derive(Clone, Debug, PartialEq)]
pub struct Outside {
    /// Which.
    pub fact: String,
    /// Its value; not a number where the recording gives none.
    pub value: f64,
    /// Where it should lie.
    pub band: [f64; 2],
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [lo, hi] = self.band.map(short);
        write!(f, "{} {} ({lo} to {hi})", self.fact, short(self.value))
    }
}

impl Bands {
    /// Reads a table of bands.
    ///
    /// # Errors
    /// What the text is instead, in one sentence.
    pub fn parse(text: &str) -> Result<Bands, String> {
        let all: BTreeMap<String, [f64; 2]> =
            toml::from_str(text).map_err(|e| e.message().to_owned())?;
        if let Some((name, _)) =
            all.iter().find(|(_, [lo, hi])| lo.is_nan() || hi.is_nan() || lo > hi)
        {
            return Err(format!("the band of {name} has its ends the wrong way round"));
        }
        if all.is_empty() {
            return Err("there is no band in it".to_owned());
        }
        Ok(Bands(all))
    }

    /// The built-in bands of a kind of coin.
    pub fn built_in(kind: &str) -> Option<Bands> {
        let found = BUILT_IN.iter().find(|(name, _)| *name == kind)?;
        Bands::parse(found.1).ok()
    }

    /// The band of a fact.
    pub fn get(&self, fact: &str) -> Option<[f64; 2]> {
        self.0.get(fact).copied()
    }

    /// How many facts have a band.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The facts that are outside, ends included inside; what a recording does not give is outside.
    pub fn outside(&self, facts: &Facts) -> Vec<Outside> {
        let all = self.0.iter().map(|(fact, band)| Outside {
            fact: fact.clone(),
            value: facts.get(fact),
            band: *band,
        });
        all.filter(|o| !(o.value >= o.band[0] && o.value <= o.band[1])).collect()
    }
}

/// Four figures of a number, or a dash where it is none.
pub fn short(x: f64) -> String {
    let size = x.abs();
    if x.is_nan() {
        "-".to_owned()
    } else if size >= 1e6 {
        format!("{:.2}M", x / 1e6)
    } else if size >= 1e4 {
        format!("{:.1}k", x / 1e3)
    } else if size >= 1e3 {
        format!("{x:.0}")
    } else if size >= 100.0 {
        format!("{x:.1}")
    } else if size >= 10.0 {
        format!("{x:.2}")
    } else if size >= 1e-3 || x == 0.0 {
        format!("{x:.4}")
    } else {
        format!("{x:.2e}")
    }
}
