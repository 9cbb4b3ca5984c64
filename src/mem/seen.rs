//! A window of the trades last seen: whether a print is new, a repetition, or too old to tell.
//!
//! In: (block time, trade id) of each print of one coin. Out: [`Sight`]. Hot path: constant expected
//! time, no allocation after construction, no hash map.
//!
//! 1. Among the last `capacity` distinct keys, each is `New` exactly once.
//! 2. A key that was forgotten is never `New` again: a print not newer than the newest forgotten
//!    one, and not held, is `TooOld`. So a print has at most one effect, whatever is sent again.
//! 3. Keys are found through an open-addressed table of twice the capacity with linear probing and
//!    backward-shift deletion (Knuth, TAOCP vol. 3, section 6.4, algorithm R), so no tombstones
//!    gather and lookups stay as fast after months as at the start.

use serde::{Deserialize, Serialize};

use crate::units::Ns;

/// What the window knows of a print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Never seen; it is remembered now.
    New,
    /// Seen before.
    Known,
    /// Not held, but not newer than what has been forgotten: it may have been seen.
    TooOld,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    time: Ns,
    tid: u64,
}

/// Window of the last trades seen of one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Keys in order of arrival; slot `next` is the oldest once the window is full.
    keys: Box<[Key]>,
    next: usize,
    len: usize,
    /// 0 = empty, else (16 bits of hash) << 16 | (slot + 1).
    table: Box<[u32]>,
    /// Newest block time among the forgotten.
    horizon: Option<Ns>,
    seed: u64,
}

/// Largest window: slots and home positions have 15 and 16 bits in a table entry.
pub const CAPACITY_MAX: usize = 1 << 15;

impl Seen {
    /// An empty window of `capacity` keys. `seed` spreads the table and changes no answer.
    ///
    /// # Panics
    /// If `capacity` is not a power of two up to [`CAPACITY_MAX`].
    pub fn new(capacity: usize, seed: u64) -> Seen {
        assert!(capacity.is_power_of_two() && capacity <= CAPACITY_MAX, "a power of two <= 32768");
        Seen {
            keys: vec![Key::default(); capacity].into_boxed_slice(),
            next: 0,
            len: 0,
            table: vec![0; capacity * 2].into_boxed_slice(),
            horizon: None,
            seed,
        }
    }

    /// Looks a print up, and remembers it if it is new; the oldest key makes room.
    pub fn insert(&mut self, time: Ns, tid: u64) -> Sight {
        let key = Key { time, tid };
        let hash = self.hash(key);
        let mut at = usize::from(hash) & self.mask();
        while self.table[at] != 0 {
            if self.is(self.table[at], hash, key) {
                return Sight::Known;
            }
            at = (at + 1) & self.mask();
        }
        if self.horizon.is_some_and(|h| time <= h) {
            return Sight::TooOld;
        }
        if self.len == self.keys.len() {
            self.forget_oldest();
            // The deletion may have moved entries: find the free place again.
            at = usize::from(hash) & self.mask();
            while self.table[at] != 0 {
                at = (at + 1) & self.mask();
            }
        } else {
            self.len += 1;
        }
        let slot = self.next;
        self.keys[slot] = key;
        self.table[at] = entry(hash, slot);
        self.next = (slot + 1) & (self.keys.len() - 1);
        Sight::New
    }

    /// Whether a print is held.
    pub fn contains(&self, time: Ns, tid: u64) -> bool {
        let key = Key { time, tid };
        let hash = self.hash(key);
        let mut at = usize::from(hash) & self.mask();
        while self.table[at] != 0 {
            if self.is(self.table[at], hash, key) {
                return true;
            }
            at = (at + 1) & self.mask();
        }
        false
    }

    /// Keys held.
    #[cfg(any(test, feature = "lab"))]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing has been seen.
    #[cfg(any(test, feature = "lab"))]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Newest block time among the keys forgotten, if any.
    #[cfg(any(test, feature = "lab"))]
    pub fn horizon(&self) -> Option<Ns> {
        self.horizon
    }

    fn forget_oldest(&mut self) {
        let key = self.keys[self.next];
        let hash = self.hash(key);
        self.horizon = self.horizon.max(Some(key.time));
        let mask = self.mask();
        let mut hole = usize::from(hash) & mask;
        let victim = entry(hash, self.next);
        while self.table[hole] != victim {
            hole = (hole + 1) & mask;
        }
        // Shift back whatever would no longer be reachable across the hole.
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let e = self.table[at];
            if e == 0 {
                break;
            }
            let home = (e >> 16) as usize & mask;
            let reach = at.wrapping_sub(home) & mask;
            let gap = at.wrapping_sub(hole) & mask;
            if reach >= gap {
                self.table[hole] = e;
                hole = at;
            }
        }
        self.table[hole] = 0;
    }

    /// Whether table entry `e` (not empty) stands for `key`.
    fn is(&self, e: u32, hash: u16, key: Key) -> bool {
        e >> 16 == u32::from(hash) && self.keys[(e & 0xffff) as usize - 1] == key
    }

    fn mask(&self) -> usize {
        self.table.len() - 1
    }

    /// Sixteen well-mixed bits (the finalizer of MurmurHash3).
    fn hash(&self, key: Key) -> u16 {
        let mut h = key.tid ^ self.seed ^ key.time.0.cast_unsigned().rotate_left(32);
        h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        (h >> 48) as u16
    }
}

#[expect(clippy::cast_possible_truncation, reason = "slots are below CAPACITY_MAX = 2^15")]
fn entry(hash: u16, slot: usize) -> u32 {
    u32::from(hash) << 16 | (slot as u32 + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::laws::dedup::Model;

    #[test]
    fn agrees_with_a_set_model() {
        for capacity in [1, 2, 4, 16, 64] {
            let mut counts = [0; 3];
            for seed in 0..40 {
                let mut rng = fastrand::Rng::with_seed(seed);
                let (mut seen, mut model) = (Seen::new(capacity, seed), Model::default());
                let mut now = 0;
                for _ in 0..3_000 {
                    now += i64::from(rng.u8(..4) == 0);
                    let (time, tid) = (now - rng.i64(0..30), rng.u64(..12));
                    let got = seen.insert(Ns(time), tid);
                    assert_eq!(got, model.insert(capacity, time, tid));
                    assert_eq!(seen.len(), model.order.len());
                    counts[got as usize] += 1;
                }
                for &(time, tid) in &model.order {
                    assert!(seen.contains(Ns(time), tid));
                }
            }
            assert!(counts.iter().all(|&c| c > 0), "every answer occurs: {counts:?}");
        }
    }

    #[test]
    fn a_print_is_new_at_most_once_however_often_it_is_sent() {
        let mut seen = Seen::new(8, 1);
        let mut new = BTreeSet::new();
        for _ in 0..3 {
            for k in 0..100u64 {
                if seen.insert(Ns(i64::try_from(k).expect("small")), k) == Sight::New {
                    assert!(new.insert(k), "{k} twice");
                }
            }
        }
        assert_eq!(new.len(), 100);
    }

    #[test]
    fn the_same_id_at_another_time_is_another_print() {
        let mut seen = Seen::new(8, 1);
        assert_eq!(seen.insert(Ns(1), 7), Sight::New);
        assert_eq!(seen.insert(Ns(2), 7), Sight::New);
        assert_eq!(seen.insert(Ns(1), 7), Sight::Known);
        assert!(!seen.contains(Ns(3), 7));
    }

    #[test]
    fn the_largest_window_holds_all_its_keys() {
        let mut seen = Seen::new(CAPACITY_MAX, 3);
        for k in 0..CAPACITY_MAX as u64 + 1 {
            assert_eq!(seen.insert(Ns(i64::try_from(k).expect("small") + 1), k), Sight::New);
        }
        assert_eq!(seen.len(), CAPACITY_MAX);
        assert_eq!(seen.insert(Ns(1), 0), Sight::TooOld, "forgotten");
        assert!(
            (1..=CAPACITY_MAX as u64)
                .all(|k| seen.contains(Ns(i64::try_from(k).expect("small") + 1), k))
        );
        assert_eq!(seen.horizon(), Some(Ns(1)));
    }
}
