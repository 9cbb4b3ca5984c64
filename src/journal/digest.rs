//! The running digest of a run's records: equal digests, equal records.
//!
//! In: encoded records in order of their sequence numbers. Out: 128 bits. Hot path: the publisher
//! folds every record it produces; no allocation.
//!
//! 1. xxh3-128, seed 0, over bytes 4..128 of every record, one after the other: the checksum is
//!    left out because the logging thread writes it later.
//! 2. The publisher folds dropped records too and never a `Lost`, so its digest is that of a
//!    replay; it equals the digest of the journal exactly when nothing was lost.

use std::fmt;

use xxhash_rust::xxh3::Xxh3;

use crate::record::Bytes;

/// A running xxh3-128 over records.
#[derive(Clone, Default)]
pub struct Digest {
    state: Xxh3,
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
        self.state.update(&record[4..]);
    }

    /// The digest so far.
    #[must_use]
    pub fn value(&self) -> u128 {
        self.state.digest128()
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
    fn is_the_plain_hash_of_the_concatenation() {
        let (a, b) = ([7u8; 128], [9u8; 128]);
        let mut d = Digest::new();
        d.update(&a);
        d.update(&b);
        let whole: Vec<u8> = [&a[4..], &b[4..]].concat();
        assert_eq!(d.value(), xxhash_rust::xxh3::xxh3_128(&whole));
    }
}
