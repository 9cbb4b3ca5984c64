//! The window of seen trades against a set and a queue.
//!
//! In: bytes. Out: a panic that says which law broke. Cold path.
//!
//! Laws:
//! 1. Every answer is the model's: new, known, or too old to tell.
//! 2. No key is new twice.
//! 3. What is held is found, and its number is right; a window read back from bytes is the same.

use std::collections::{BTreeSet, VecDeque};

use super::bytes::Bytes;
use crate::mem::{Seen, Sight};
use crate::units::Ns;

/// The window said slowly.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Keys held, oldest first.
    pub order: VecDeque<(i64, u64)>,
    held: BTreeSet<(i64, u64)>,
    horizon: Option<i64>,
}

impl Model {
    /// What a window of `capacity` keys says of a print.
    pub fn insert(&mut self, capacity: usize, time: i64, tid: u64) -> Sight {
        if self.held.contains(&(time, tid)) {
            return Sight::Known;
        }
        if self.horizon.is_some_and(|h| time <= h) {
            return Sight::TooOld;
        }
        if self.order.len() == capacity
            && let Some(old) = self.order.pop_front()
        {
            self.held.remove(&old);
            self.horizon = self.horizon.max(Some(old.0));
        }
        self.order.push_back((time, tid));
        self.held.insert((time, tid));
        Sight::New
    }
}

/// Puts a stream of prints through the laws.
///
/// # Panics
/// When a law breaks.
pub fn prints(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let capacity = 1usize << bytes.below(8);
    let spread = bytes.of(&[1u64, 1, 0x1_0000_0001, 0x8000_0000_0000_0000]);
    let (mut seen, mut model) = (Seen::new(capacity, bytes.word()), Model::default());
    let (mut new, mut now) = (BTreeSet::new(), 0i64);
    while !bytes.is_empty() {
        let step = bytes.byte();
        now += i64::from(step & 3);
        let time = now - i64::from(step >> 2 & 31);
        let tid = u64::from(bytes.byte()).wrapping_mul(spread);
        let sight = seen.insert(Ns(time), tid);
        assert_eq!(sight, model.insert(capacity, time, tid), "{time} {tid}");
        assert!(sight != Sight::New || new.insert((time, tid)), "{time} {tid} is new again");
        assert!(seen.contains(Ns(time), tid) != (sight == Sight::TooOld));
        if step >> 7 == 1 && bytes.below(16) == 0 {
            let stored = postcard::to_stdvec(&seen).expect("room");
            seen = postcard::from_bytes(&stored).expect("what was written");
        }
    }
    assert_eq!((seen.len(), seen.is_empty()), (model.order.len(), model.order.is_empty()));
    assert_eq!(seen.horizon(), model.horizon.map(Ns));
    for &(time, tid) in &model.order {
        assert!(seen.contains(Ns(time), tid));
    }
}
