//! A list with a fixed number of places.
//!
//! In: elements at places. Out: the same. Hot path: room is made once, when a list is made or read
//! from a checkpoint; what follows allocates nothing.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

/// No room for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A list with a fixed number of places.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Stored<T>")]
pub(super) struct Room<T> {
    places: usize,
    list: Vec<T>,
}

/// What a checkpoint holds of a list.
#[derive(Deserialize)]
struct Stored<T> {
    places: usize,
    list: Vec<T>,
}

impl<T> From<Stored<T>> for Room<T> {
    fn from(s: Stored<T>) -> Room<T> {
        let Stored { places, mut list } = s;
        list.reserve_exact(places.saturating_sub(list.len()));
        Room { places, list }
    }
}

impl<T: Clone> Clone for Room<T> {
    fn clone(&self) -> Room<T> {
        let mut list = Vec::with_capacity(self.places);
        list.extend_from_slice(&self.list);
        Room { places: self.places, list }
    }
}

impl<T> Room<T> {
    pub(super) fn new(places: usize) -> Room<T> {
        Room { places, list: Vec::with_capacity(places) }
    }

    /// Whether every place is taken.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= self.places
    }

    /// Puts `x` at place `i`, at most the length; those from there on move up.
    pub(super) fn insert(&mut self, i: usize, x: T) -> Result<(), Full> {
        if self.is_full() {
            return Err(Full);
        }
        self.list.insert(i, x);
        Ok(())
    }

    /// Takes the one at place `i` out; those behind it move down.
    pub(super) fn remove(&mut self, i: usize) -> T {
        self.list.remove(i)
    }
}

impl<T> Deref for Room<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.list
    }
}

impl<T> DerefMut for Room<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_read_from_a_checkpoint_has_its_room_and_no_more() {
        let mut list = Room::new(3);
        for x in [1u8, 2] {
            list.insert(0, x).expect("room");
        }
        let bytes = postcard::to_stdvec(&list).expect("plain");
        let mut read: Room<u8> = postcard::from_bytes(&bytes).expect("the same");
        assert_eq!((&*read, read.list.capacity()), (&[2, 1][..], 3));
        assert_eq!((read.insert(1, 9), read.insert(0, 8)), (Ok(()), Err(Full)));
        assert_eq!((&*read, read.clone().list.capacity()), (&[2, 9, 1][..], 3));
    }
}
