//! The two running digests of a run's records: equal digests, equal records.
//!
//! In: encoded records in order of their sequence numbers. Out: [`Digests`]. Hot path: the publisher
//! folds every record it produces, one hash each; no allocation.
//!
//! ```text
//!  Start Coin Strategy Label Clocks Stop ──▶ chain `frame` ─┐
//!                                                    ├─▶ run = xxh3-128(frame, decisions)
//!  every other record, number aside ─▶ decisions ────┘
//! ```
//! 1. `decisions` covers what was seen, decided and learned: every record but those that say what the
//!    run is, how its clocks stood and how it ended ([`frames_the_run`]). It is free of the configuration's hash, of
//!    sequence numbers (the order counts, not the number), and of how the run was ended. So the same
//!    market under settings that decide the same gives the same `decisions`, whatever the settings
//!    are called.
//! 2. `run` covers all records.
//! 3. A chain: from 0, each record makes the xxh3-128 (seed 0) of the 16 bytes so far, low ones
//!    first, and its own bytes 4..8 and 16..128. Checksum (written later, by the logging thread) and
//!    number are left out. Two times sixteen bytes are all there is to carry from one process to the
//!    next.
//! 4. The publisher folds dropped records too and never a `Lost`, so its digests are those of a
//!    replay; they equal those of the journal exactly when nothing was lost.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::record::{Bytes, Clocks, Coin, Label, RECORD_BYTES, Start, Stop, Strategy};

/// Bytes of a chain so far.
const SO_FAR: usize = 16;
/// Place of a record's kind.
const KIND: usize = 4;
/// Bytes of a record that count: kind, coin, flags; time and payload.
const HEAD: std::ops::Range<usize> = 4..8;
const REST: std::ops::RangeFrom<usize> = 16..;
const LINK: usize = SO_FAR + 4 + RECORD_BYTES - 16;

/// The digests of a run so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// What was seen, decided and learned.
    pub decisions: u128,
    /// All records.
    pub run: u128,
}

/// A digest as people and files have it: 32 hexadecimal digits.
pub fn hex(digest: u128) -> String {
    format!("{digest:032x}")
}

/// Two running chains of xxh3-128 over records.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    frame: u128,
    decisions: u128,
}

/// Whether records of a kind say what the run is, by which clock it was stamped and how it ended,
/// and nothing of what it decided.
pub const fn frames_the_run(of: u8) -> bool {
    matches!(
        of,
        Start::KIND | Coin::KIND | Strategy::KIND | Label::KIND | Stop::KIND | Clocks::KIND
    )
}

impl Digest {
    /// The digest of no records.
    pub fn new() -> Digest {
        Digest::default()
    }

    /// Folds a record.
    ///
    /// # Cost
    /// See `benches/queue.rs`, `digest`.
    pub fn update(&mut self, record: &Bytes) {
        let chain =
            if frames_the_run(record[KIND]) { &mut self.frame } else { &mut self.decisions };
        let mut link = [0; LINK];
        link[..SO_FAR].copy_from_slice(&chain.to_le_bytes());
        link[SO_FAR..SO_FAR + 4].copy_from_slice(&record[HEAD]);
        link[SO_FAR + 4..].copy_from_slice(&record[REST]);
        *chain = xxh3_128(&link);
    }

    /// The digests so far.
    pub fn value(&self) -> Digests {
        let mut both = [0; 2 * SO_FAR];
        both[..SO_FAR].copy_from_slice(&self.frame.to_le_bytes());
        both[SO_FAR..].copy_from_slice(&self.decisions.to_le_bytes());
        Digests { decisions: self.decisions, run: xxh3_128(&both) }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let d = self.value();
        write!(f, "Digest(decisions {:032x}, run {:032x})", d.decisions, d.run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(records: &[Bytes]) -> Digests {
        let mut d = Digest::new();
        records.iter().for_each(|b| d.update(b));
        d.value()
    }

    fn filled(kind: u8, with: u8) -> Bytes {
        let mut b = [with; RECORD_BYTES];
        b[KIND] = kind;
        b
    }

    #[test]
    fn checksum_and_number_are_left_out_and_everything_else_counts() {
        let zero = [0u8; RECORD_BYTES];
        for i in 0..RECORD_BYTES {
            let mut b = zero;
            b[i] = 99;
            let aside = i < 4 || (8..16).contains(&i);
            assert_eq!(of(&[b]) == of(&[zero]), aside, "byte {i}");
        }
    }

    #[test]
    fn what_frames_the_run_is_in_one_of_them_only() {
        let (a, b) = (filled(9, 1), filled(9, 2));
        let plain = of(&[a, b]);
        for kind in [Start::KIND, Coin::KIND, Strategy::KIND, Label::KIND, Stop::KIND] {
            let framed = of(&[filled(kind, 5), a, b]);
            assert_eq!(framed.decisions, plain.decisions, "kind {kind}");
            assert_ne!(framed.run, plain.run, "kind {kind}");
            assert_ne!(framed.run, of(&[filled(kind, 6), a, b]).run, "kind {kind}");
        }
        assert_ne!(of(&[b, a]).decisions, plain.decisions, "order counts");
        assert_ne!(of(&[b, a]).run, plain.run, "order counts");
    }

    #[test]
    fn is_a_chain_of_plain_hashes() {
        let (a, b) = (filled(9, 7), filled(9, 8));
        let bytes = |r: &Bytes| [&r[4..8], &r[16..]].concat();
        let first = xxh3_128(&[&[0; 16], &bytes(&a)[..]].concat());
        assert_eq!(of(&[a]).decisions, first);
        let second = xxh3_128(&[&first.to_le_bytes()[..], &bytes(&b)].concat());
        assert_eq!(of(&[a, b]).decisions, second);
        let both = [[0; 16], second.to_le_bytes()].concat();
        assert_eq!(of(&[a, b]).run, xxh3_128(&both));
    }
}
