//! A queue with a fixed number of places whose elements lie side by side.
//!
//! In: elements at the end. Out: the same, oldest first, as a slice. Hot path: room is made once, when a
//! queue is made or read from a checkpoint; what follows allocates nothing.
//!
//! 1. What was taken out stays where it was until the end of the room is reached; then what waits moves
//!    to the front, so that an element moves about once.

use std::ops::Deref;

use serde::{Deserialize, Serialize, Serializer};

use super::room::Full;

/// A queue with a fixed number of places.
#[derive(Debug, Deserialize)]
#[serde(from = "(usize, Vec<T>)", bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Fifo<T> {
    places: usize,
    list: Vec<T>,
    /// So many at the front were taken out.
    gone: usize,
}

impl<T: Serialize> Serialize for Fifo<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        (self.places, &**self).serialize(s)
    }
}

impl<T> From<(usize, Vec<T>)> for Fifo<T> {
    fn from((places, mut list): (usize, Vec<T>)) -> Fifo<T> {
        list.reserve_exact(places.saturating_sub(list.len()));
        Fifo { places, list, gone: 0 }
    }
}

impl<T: Clone> Clone for Fifo<T> {
    fn clone(&self) -> Fifo<T> {
        Fifo::from((self.places, self.to_vec()))
    }
}

impl<T> Fifo<T> {
    pub(super) fn new(places: usize) -> Fifo<T> {
        Fifo::from((places, Vec::new()))
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

impl<T> Deref for Fifo<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.list[self.gone..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_first_in_first_out_and_never_larger_than_its_places() {
        let (mut queue, mut naive) = (Fifo::new(5), std::collections::VecDeque::new());
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
}
