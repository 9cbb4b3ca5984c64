//! The two running digests of a run's records: equal digests, equal records.
//!
//! In: encoded records in order of their sequence numbers. Out: [`Digests`]. Hot path: the publisher
//! folds every record it produces, a hash each sixteen; no allocation.
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
//! 3. A chain: from 0, each sixteen records, and the fewer at its end, make the xxh3-128 (seed 0) of the
//!    16 bytes so far, low ones first, and of the records' bytes 4..8 and 16..128. Checksum (written
//!    later, by the logging thread) and number are left out. A long input costs a third of what short
//!    ones do. What was not hashed yet is carried from one process to the next.
//! 4. The publisher folds dropped records too and never a `Lost`, so its digests are those of a
//!    replay; they equal those of the journal exactly when nothing was lost.

use std::fmt;

use arrayvec::ArrayVec;
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
/// Bytes that are hashed at once: those so far, and sixteen records.
const BLOCK: usize = SO_FAR + 16 * (4 + RECORD_BYTES - 16);

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
    frame: Chain,
    decisions: Chain,
}

/// A chain: the bytes so far and the records behind them; nothing before the first one.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Chain(ArrayVec<u8, BLOCK>);

impl Chain {
    #[inline]
    fn update(&mut self, record: &Bytes) {
        if self.0.is_empty() {
            self.0.extend([0; SO_FAR]);
        } else if self.0.is_full() {
            let so_far = xxh3_128(&self.0).to_le_bytes();
            self.0.clear();
            self.0.extend(so_far);
        }
        // A block has room for whole records.
        let _ = self.0.try_extend_from_slice(&record[HEAD]);
        let _ = self.0.try_extend_from_slice(&record[REST]);
    }

    fn value(&self) -> u128 {
        if self.0.is_empty() { 0 } else { xxh3_128(&self.0) }
    }
}

/// Whether records of a kind say what the run is, by which clock and how it ended: no decisions.
pub const fn frames_the_run(of: u8) -> bool {
    matches!(
        of,
        Start::KIND | Coin::KIND | Strategy::KIND | Label::KIND | Stop::KIND | Clocks::KIND
    )
}

impl Digest {
    /// Folds a record.
    ///
    /// # Cost
    /// See `benches/queue.rs`, `digest`.
    pub fn update(&mut self, record: &Bytes) {
        let chain =
            if frames_the_run(record[KIND]) { &mut self.frame } else { &mut self.decisions };
        chain.update(record);
    }

    /// The digests so far.
    pub fn value(&self) -> Digests {
        let [frame, decisions] = [&self.frame, &self.decisions].map(Chain::value);
        let mut both = [0; 2 * SO_FAR];
        both[..SO_FAR].copy_from_slice(&frame.to_le_bytes());
        both[SO_FAR..].copy_from_slice(&decisions.to_le_bytes());
        Digests { decisions, run: xxh3_128(&both) }
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
        let mut d = Digest::default();
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
        let all: Vec<Bytes> = (0..40).map(|i| filled(9, i)).collect();
        let link = |so_far: u128, records: &[Bytes]| {
            let mut bytes = so_far.to_le_bytes().to_vec();
            records.iter().for_each(|r| bytes.extend([&r[4..8], &r[16..]].concat()));
            xxh3_128(&bytes)
        };
        assert_eq!(of(&[]).decisions, 0);
        assert_eq!(of(&all[..1]).decisions, link(0, &all[..1]));
        assert_eq!(of(&all[..16]).decisions, link(0, &all[..16]));
        let third = link(link(link(0, &all[..16]), &all[16..32]), &all[32..]);
        assert_eq!(of(&all).decisions, third);
        let both = [[0; 16], third.to_le_bytes()].concat();
        assert_eq!(of(&all).run, xxh3_128(&both));
    }

    #[test]
    fn goes_on_where_it_was_left() {
        let all: Vec<Bytes> = (0..40).map(|i| filled(9, i)).collect();
        for left in 0..all.len() {
            let mut d = Digest::default();
            all[..left].iter().for_each(|b| d.update(b));
            let bytes = postcard::to_stdvec(&d).expect("bytes");
            let mut d: Digest = postcard::from_bytes(&bytes).expect("a digest");
            all[left..].iter().for_each(|b| d.update(b));
            assert_eq!(d.value(), of(&all), "left after {left}");
        }
    }
}
