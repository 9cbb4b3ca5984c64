//! The running digest of a run's records: equal digests, equal records.
//!
//! In: encoded records in order of their sequence numbers. Out: 128 bits. Hot path: the publisher
//! folds every record it produces; no allocation.
//!
//! 1. A chain: from 0, each record makes the xxh3-128 (seed 0) of the 16 bytes so far, low ones
//!    first, and its own bytes 4..128; the checksum is left out because the logging thread writes it
//!    later. Sixteen bytes are all there is to carry from one process to the next.
//! 2. The publisher folds dropped records too and never a `Lost`, so its digest is that of a
//!    replay; it equals the digest of the journal exactly when nothing was lost.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::record::{Bytes, RECORD_BYTES};

/// Bytes of the digest so far.
const SO_FAR: usize = 16;
/// Bytes of a record that do not count.
const CHECKSUM: usize = 4;

/// A running xxh3-128 over records.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    value: u128,
}

impl Digest {
    /// The digest of no records.
    #[must_use]
    pub fn new() -> Digest {
        Digest::default()
    }

    /// Folds a record; its checksum bytes do not count.
    ///
    /// # Cost
    /// See `benches/queue.rs`, `digest`.
    pub fn update(&mut self, record: &Bytes) {
        let mut link = [0; SO_FAR + RECORD_BYTES - CHECKSUM];
        link[..SO_FAR].copy_from_slice(&self.value.to_le_bytes());
        link[SO_FAR..].copy_from_slice(&record[CHECKSUM..]);
        self.value = xxh3_128(&link);
    }

    /// The digest so far.
    #[must_use]
    pub fn value(&self) -> u128 {
        self.value
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({:032x})", self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_left_out_and_everything_else_counts() {
        let of = |b: &Bytes| {
            let mut d = Digest::new();
            d.update(b);
            d.value()
        };
        let zero = [0u8; 128];
        for i in 0..128 {
            let mut b = zero;
            b[i] = 1;
            assert_eq!(of(&b) == of(&zero), i < 4, "byte {i}");
        }
    }

    #[test]
    fn is_a_chain_of_plain_hashes() {
        let (a, b) = ([7u8; 128], [9u8; 128]);
        let mut d = Digest::new();
        d.update(&a);
        let first = xxh3_128(&[&[0; 16], &a[4..]].concat());
        assert_eq!(d.value(), first);
        d.update(&b);
        assert_eq!(d.value(), xxh3_128(&[&first.to_le_bytes(), &b[4..]].concat()));
        let mut other = Digest::new();
        other.update(&b);
        other.update(&a);
        assert_ne!(d.value(), other.value(), "order counts");
    }
}
