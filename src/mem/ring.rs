//! A ring of fixed capacity: a queue that refuses when full, or a window that overwrites its
//! oldest element.
//!
//! In: `Copy` values. Out: the same, oldest first. Hot path: no allocation after construction; every
//! operation is constant time.
//!
//! 1. `len <= capacity`, and `head < capacity`.
//! 2. Index 0 is the oldest element, `len - 1` the newest.

use serde::{Deserialize, Serialize};

/// The ring holds as many elements as it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A fixed-capacity ring of `Copy` values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ring<T> {
    buf: Box<[T]>,
    /// Index of the oldest element.
    head: usize,
    len: usize,
}

impl<T: Copy + Default> Ring<T> {
    /// An empty ring of `capacity` elements; the storage is filled with defaults, so its pages are
    /// touched here and not later.
    ///
    /// # Panics
    /// If `capacity` is 0.
    #[must_use]
    pub fn new(capacity: usize) -> Ring<T> {
        assert!(capacity > 0, "a ring holds at least one element");
        Ring { buf: vec![T::default(); capacity].into_boxed_slice(), head: 0, len: 0 }
    }
}

impl<T: Copy> Ring<T> {
    /// Appends `value` as the newest element.
    ///
    /// # Errors
    /// [`Full`]; nothing was changed.
    pub fn push(&mut self, value: T) -> Result<(), Full> {
        if self.is_full() {
            return Err(Full);
        }
        let at = self.at(self.len);
        self.buf[at] = value;
        self.len += 1;
        Ok(())
    }

    /// Appends `value` as the newest element; when the ring is full, the oldest makes room and is
    /// returned.
    pub fn push_over(&mut self, value: T) -> Option<T> {
        let evicted = if self.is_full() { self.pop() } else { None };
        let at = self.at(self.len);
        self.buf[at] = value;
        self.len += 1;
        evicted
    }

    /// Removes and returns the oldest element.
    pub fn pop(&mut self) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        let value = self.buf[self.head];
        self.head = self.at(1);
        self.len -= 1;
        Some(value)
    }

    /// Removes and returns the newest element.
    pub fn pop_newest(&mut self) -> Option<T> {
        let value = *self.newest()?;
        self.len -= 1;
        Some(value)
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.head = 0;
        self.len = 0;
    }

    /// Keeps the elements for which `keep` says so, in their order. Linear in `len`.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let mut kept = 0;
        for i in 0..self.len {
            let value = self.buf[self.at(i)];
            if keep(&value) {
                let to = self.at(kept);
                self.buf[to] = value;
                kept += 1;
            }
        }
        self.len = kept;
    }

    /// The element at `index`, counted from the oldest.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index >= self.len {
            return None;
        }
        let at = self.at(index);
        self.buf.get_mut(at)
    }

    /// The newest element.
    pub fn newest_mut(&mut self) -> Option<&mut T> {
        self.get_mut(self.len.checked_sub(1)?)
    }

    /// The element at `index`, counted from the oldest.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        if index >= self.len {
            return None;
        }
        self.buf.get(self.at(index))
    }

    /// The oldest element.
    #[must_use]
    pub fn oldest(&self) -> Option<&T> {
        self.get(0)
    }

    /// The newest element.
    #[must_use]
    pub fn newest(&self) -> Option<&T> {
        self.get(self.len.checked_sub(1)?)
    }

    /// The elements, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        let first = self.len.min(self.buf.len() - self.head);
        let (wrapped, straight) = (&self.buf[..self.len - first], &self.buf[self.head..][..first]);
        straight.iter().chain(wrapped)
    }

    /// Number of elements held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the next [`Ring::push`] would be refused.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len == self.buf.len()
    }

    /// Elements the ring can hold.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buf.len()
    }

    /// Place in the storage of the element `index` after the oldest, `index <= capacity`.
    fn at(&self, index: usize) -> usize {
        let at = self.head + index;
        if at >= self.buf.len() { at - self.buf.len() } else { at }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn a_full_queue_refuses_and_keeps_what_it_has() {
        let mut r = Ring::new(2);
        assert_eq!(r.push(1), Ok(()));
        assert_eq!(r.push(2), Ok(()));
        assert_eq!(r.push(3), Err(Full));
        assert_eq!((r.pop(), r.pop(), r.pop()), (Some(1), Some(2), None));
    }

    #[test]
    fn a_full_window_gives_up_its_oldest() {
        let mut r = Ring::new(3);
        let gone: Vec<_> = (0..5).map(|i| r.push_over(i)).collect();
        assert_eq!(gone, [None, None, None, Some(0), Some(1)]);
        assert_eq!(r.iter().copied().collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(r.iter().rev().copied().collect::<Vec<_>>(), [4, 3, 2]);
    }

    /// Every sequence of operations up to length 8 on capacities 1 to 3, against `VecDeque`.
    #[test]
    fn agrees_with_a_deque_on_every_short_history() {
        const OPS: usize = 5;
        for capacity in 1..=3usize {
            for mut code in 0..OPS.pow(8) {
                let (mut ring, mut model) = (Ring::new(capacity), VecDeque::new());
                for step in 0..8usize {
                    match code % OPS {
                        0 => {
                            let fits = model.len() < capacity;
                            assert_eq!(ring.push(step).is_ok(), fits);
                            if fits {
                                model.push_back(step);
                            }
                        }
                        1 => {
                            let full = model.len() == capacity;
                            let gone = if full { model.pop_front() } else { None };
                            assert_eq!(ring.push_over(step), gone);
                            model.push_back(step);
                        }
                        2 => assert_eq!(ring.pop(), model.pop_front()),
                        3 => assert_eq!(ring.pop_newest(), model.pop_back()),
                        _ => {
                            ring.retain(|v| v % 2 == 0);
                            model.retain(|v| v % 2 == 0);
                        }
                    }
                    code /= OPS;
                }
                assert_eq!(ring.len(), model.len());
                assert!(ring.iter().eq(model.iter()));
                assert_eq!(ring.oldest(), model.front());
                assert_eq!(ring.newest(), model.back());
            }
        }
    }

    #[test]
    fn elements_can_be_changed_in_place() {
        let mut r = Ring::new(2);
        for v in 1..=3 {
            r.push_over(v);
        }
        *r.get_mut(0).expect("held") += 10;
        *r.newest_mut().expect("held") += 20;
        assert_eq!(r.get(0), Some(&12));
        assert_eq!(r.get(1), Some(&23));
        assert_eq!(r.get_mut(2), None);
        r.clear();
        assert!(r.is_empty() && r.newest().is_none());
    }
}
