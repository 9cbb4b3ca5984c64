//! Lists with a fixed number of places, whose elements lie side by side.
//!
//! In: elements. Out: the same, in order, as a slice. Hot path: room is made once, when a list is made or
//! read from a checkpoint; what follows allocates nothing.
//!
//! 1. What was taken out at the front stays where it was until the end of the room is reached; then what is
//!    left moves to the front, so that an element of a queue moves about once.
//! 2. An element in a slot stays there while others come and go.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize, Serializer};

/// No room for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A list with a fixed number of places.
#[derive(Debug, Deserialize)]
#[serde(from = "(usize, Vec<T>)", bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct List<T> {
    places: usize,
    list: Vec<T>,
    /// So many at the front were taken out.
    gone: usize,
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        (self.places, &**self).serialize(s)
    }
}

impl<T> From<(usize, Vec<T>)> for List<T> {
    fn from((places, mut list): (usize, Vec<T>)) -> List<T> {
        list.reserve_exact(places.saturating_sub(list.len()));
        List { places, list, gone: 0 }
    }
}

impl<T: Clone> Clone for List<T> {
    fn clone(&self) -> List<T> {
        List::from((self.places, self.to_vec()))
    }
}

impl<T> List<T> {
    pub(super) fn new(places: usize) -> List<T> {
        List::from((places, Vec::new()))
    }

    /// Puts `x` at the end.
    pub(super) fn push(&mut self, x: T) -> Result<(), Full> {
        if self.list.len() == self.places {
            if self.gone == 0 {
                return Err(Full);
            }
            self.list.drain(..self.gone);
            self.gone = 0;
        }
        self.list.push(x);
        Ok(())
    }

    /// Puts `x` at place `i`, at most the length, where there is room; those from there on move up.
    pub(super) fn insert(&mut self, i: usize, x: T)
    where
        T: Copy,
    {
        if self.push(x).is_ok() {
            let last = self.len() - 1;
            self.copy_within(i..last, i + 1);
            self[i] = x;
        }
    }

    /// Takes the first out that `is` says, where there is one; those behind it move down.
    pub(super) fn take(&mut self, is: impl FnMut(&T) -> bool) {
        match self.iter().position(is) {
            Some(0) => self.remove_first(1),
            Some(i) => {
                self.list.remove(self.gone + i);
            }
            None => {}
        }
    }

    /// Free places.
    pub(super) fn free(&self) -> usize {
        self.places - self.len()
    }

    /// Takes the first `n` out, at most all.
    pub(super) fn remove_first(&mut self, n: usize) {
        self.gone += n;
        if self.gone >= self.list.len() {
            self.clear();
        }
    }

    /// Takes all out.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.gone = 0;
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.list[self.gone..]
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.list[self.gone..]
    }
}

/// Elements each in a slot where it stays while others come and go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Slots<T> {
    rows: Vec<T>,
    /// From `taken` on, the slots that are free.
    free: Vec<usize>,
    taken: usize,
}

impl<T: Copy> Slots<T> {
    /// No elements; `x` is what free slots hold.
    pub(super) fn new(places: usize, x: T) -> Slots<T> {
        Slots { rows: vec![x; places], free: (0..places).collect(), taken: 0 }
    }

    /// Whether every slot is taken.
    pub(super) fn is_full(&self) -> bool {
        self.taken >= self.rows.len()
    }

    /// Puts `x` into a free slot. Gives the slot.
    pub(super) fn insert(&mut self, x: T) -> Result<usize, Full> {
        let slot = *self.free.get(self.taken).ok_or(Full)?;
        self.taken += 1;
        self.rows[slot] = x;
        Ok(slot)
    }

    /// Takes the one in a slot out, which is free then.
    pub(super) fn remove(&mut self, slot: usize) -> &T {
        self.taken -= 1;
        self.free[self.taken] = slot;
        &self.rows[slot]
    }
}

/// All slots, free ones too.
impl<T> Deref for Slots<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<T> DerefMut for Slots<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_first_in_first_out_and_never_larger_than_its_places() {
        let (mut queue, mut naive) = (List::new(5), std::collections::VecDeque::new());
        let mut rng = fastrand::Rng::with_seed(1);
        for x in 0..2_000u32 {
            if rng.bool() || naive.is_empty() {
                let full = naive.len() == 5;
                assert_eq!(queue.push(x), if full { Err(Full) } else { Ok(()) });
                naive.extend((!full).then_some(x));
            } else {
                let n = rng.usize(..=naive.len());
                queue.remove_first(n);
                naive.drain(..n);
            }
            assert_eq!(queue.free(), 5 - naive.len());
            assert_eq!(&*queue, naive.make_contiguous());
            assert_eq!(queue.list.capacity(), 5);
            if x % 7 == 0 {
                let bytes = postcard::to_stdvec(&queue).expect("plain");
                queue = postcard::from_bytes(&bytes).expect("the same");
            }
        }
    }

    #[test]
    fn elements_keep_their_slots_in_a_checkpoint_too() {
        let (mut slots, mut naive) = (Slots::new(5, 0), Vec::new());
        let mut rng = fastrand::Rng::with_seed(1);
        for x in 0..2_000u32 {
            if rng.bool() || naive.is_empty() {
                match slots.insert(x) {
                    Ok(slot) => naive.push((slot, x)),
                    Err(Full) => assert_eq!(naive.len(), 5),
                }
            } else {
                let (slot, was) = naive.swap_remove(rng.usize(..naive.len()));
                assert_eq!(*slots.remove(slot), was);
            }
            assert_eq!(slots.is_full(), naive.len() == 5);
            assert!(naive.iter().all(|(slot, x)| slots[*slot] == *x));
            if x % 7 == 0 {
                let bytes = postcard::to_stdvec(&slots).expect("plain");
                slots = postcard::from_bytes(&bytes).expect("the same");
            }
        }
    }
}
