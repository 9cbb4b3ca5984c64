//! Seeds: of a name, and a random generator's state, written and read as one number.
//!
//! In: a generator, whose seed is its whole state; used by `#[serde(with)]`. Out: numbers. Cold path.

use fastrand::Rng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Mixes the bits of a number (the finaliser of SplitMix64; Steele, Lea and Flood 2014).
pub fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A run's seed for what has a name: the same wherever in a list it stands.
pub fn named(seed: u64, name: &[u8]) -> u64 {
    name.iter().fold(mix(seed), |sum, byte| mix(sum ^ u64::from(*byte)))
}

/// Writes the state.
///
/// # Errors
/// As the format says.
pub fn serialize<S: Serializer>(rng: &Rng, to: S) -> Result<S::Ok, S::Error> {
    rng.get_seed().serialize(to)
}

/// Reads it back: the next draws are those of the generator that was written.
///
/// # Errors
/// As the format says.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Rng, D::Error> {
    u64::deserialize(from).map(Rng::with_seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_of_the_run_and_the_name() {
        let all = [named(0, b"BTC"), named(1, b"BTC"), named(0, b"ETH"), named(0, b"CTB")];
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a.abs_diff(*b) > 1 << 32), "{all:?}");
        }
        assert_eq!(named(7, b"kPEPE"), named(7, b"kPEPE"));
    }
}
