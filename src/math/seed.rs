//! A random generator's state, written and read as one number.
//!
//! In: a generator. Out: its seed, which is its whole state; used by `#[serde(with)]`. Cold path.

use fastrand::Rng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
