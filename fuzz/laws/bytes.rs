//! Arbitrary bytes read as choices: what turns a fuzzer's input into a structured one.
//!
//! In: bytes. Out: numbers, slices, sides; zeros when the bytes are used up. Cold path.

use crate::units::Side;

/// Bytes, taken from the front.
#[derive(Clone, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// Whether all are used up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `n`, from one byte.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: u8) -> u8 {
        self.byte() % n
    }

    /// The same as `i64`.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn number(&mut self, n: u8) -> i64 {
        i64::from(self.below(n))
    }

    /// A number below `n`, from two bytes, as an index.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn index(&mut self, n: usize) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()])) % n
    }

    /// One of `all`.
    ///
    /// # Panics
    /// If there is none.
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.byte()) % all.len()]
    }

    /// Eight bytes as a number.
    pub fn word(&mut self) -> u64 {
        u64::from_le_bytes([0; 8].map(|_: u8| self.byte()))
    }

    /// The next `n` bytes, or as many as there are.
    pub fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A side.
    pub fn side(&mut self) -> Side {
        Side::BOTH[usize::from(self.below(2))]
    }
}
