//! Size decimals of coins where the venue's own list is not at hand.
//!
//! In: a coin's name, or recorded frames. Out: [`CoinSpec`]s. Cold path.
//!
//! 1. A recording shows sizes; the most decimals seen are the decimals taken, unless the coin is a
//!    well-known one. A coin with too few trades may then get too few decimals: its ladder is
//!    coarser than it could be, never invalid.

use std::collections::BTreeMap;

use super::coins::CoinSpec;
use crate::limits::COINS_MAX;

/// Size decimals of well-known perpetuals, from the venue's list.
const KNOWN: [(&str, u8); 6] =
    [("BTC", 5), ("ETH", 4), ("SOL", 2), ("HYPE", 2), ("kPEPE", 0), ("WLFI", 0)];

/// Size decimals of a well-known coin.
#[must_use]
pub fn known(name: &str) -> Option<u8> {
    KNOWN.iter().find(|(n, _)| *n == name).map(|(_, d)| *d)
}

/// The coins of a recording in order of appearance, from its frames' texts. Frames that are not
/// JSON are passed over; coins beyond `COINS_MAX` are left out.
#[must_use]
pub fn infer<'a>(frames: impl Iterator<Item = &'a [u8]>) -> Vec<CoinSpec> {
    let mut order: Vec<String> = Vec::new();
    let mut decimals: BTreeMap<String, u8> = BTreeMap::new();
    for frame in frames {
        let Ok(v) = serde_json::from_slice::<serde_json::Value>(frame) else { continue };
        let data = &v["data"];
        let mut take = |coin: Option<&str>, sz: Option<&str>| {
            let Some(coin) = coin else { return };
            if !decimals.contains_key(coin) {
                order.push(coin.to_owned());
            }
            let seen = decimals.entry(coin.to_owned()).or_insert(0);
            let places = sz
                .and_then(|s| s.split_once('.'))
                .map_or(0, |(_, f)| u8::try_from(f.trim_end_matches('0').len()).unwrap_or(u8::MAX));
            *seen = places.max(*seen);
        };
        match v["channel"].as_str() {
            Some("trades") => {
                for t in data.as_array().into_iter().flatten() {
                    take(t["coin"].as_str(), t["sz"].as_str());
                }
            }
            Some("bbo") => {
                for l in data["bbo"].as_array().into_iter().flatten() {
                    take(data["coin"].as_str(), l["sz"].as_str());
                }
            }
            Some("l2Book") => {
                for l in data["levels"].as_array().into_iter().flatten() {
                    for l in l.as_array().into_iter().flatten() {
                        take(data["coin"].as_str(), l["sz"].as_str());
                    }
                }
            }
            _ => {}
        }
    }
    order
        .iter()
        .filter_map(|name| {
            let seen = decimals.get(name).copied().unwrap_or(0).min(6);
            CoinSpec::new(name, known(name).unwrap_or(seen)).ok()
        })
        .take(COINS_MAX)
        .collect()
}

#[cfg(test)]
mod meta_tests {
    use super::*;

    #[test]
    fn coins_and_decimals_come_from_what_is_seen() {
        let frames: [&[u8]; 4] = [
            br#"{"channel":"trades","data":[{"coin":"XYZ","sz":"1.250"}]}"#,
            br#"{"channel":"bbo","data":{"coin":"BTC","bbo":[{"sz":"1.0"},null]}}"#,
            b"Websocket connection established.",
            br#"{"channel":"l2Book","data":{"coin":"XYZ","levels":[[{"sz":"0.125"}],[]]}}"#,
        ];
        let coins = infer(frames.into_iter());
        let got: Vec<_> = coins.iter().map(|c| (c.name.as_str(), c.sz_decimals)).collect();
        assert_eq!(got, [("XYZ", 3), ("BTC", 5)]);
    }
}
