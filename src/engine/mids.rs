//! The mid before a block.
//!
//! In: the book's mid after each block. Out: the mid before one. Hot path: plain values.

use serde::{Deserialize, Serialize};

use crate::units::{Mid2, Ns};

/// The newest mids by block time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Mids {
    newest: (Ns, Option<Mid2>),
    before: Option<Mid2>,
}

impl Mids {
    /// No block was seen.
    pub(super) const fn new() -> Mids {
        Mids { newest: (Ns(i64::MIN), None), before: None }
    }

    /// The book has the mid `mid` after a message of block `t`. One of an older block says nothing.
    pub(super) fn see(&mut self, t: Ns, mid: Option<Mid2>) {
        if t > self.newest.0 {
            self.before = self.newest.1;
        }
        if t >= self.newest.0 {
            self.newest = (t, mid);
        }
    }

    /// The mid before block `t`, as far as it is known; 0 before the first.
    pub(super) fn before(&self, t: Ns) -> Mid2 {
        let known = if self.newest.0 >= t { self.before.or(self.newest.1) } else { self.newest.1 };
        known.unwrap_or_default()
    }

    /// The newest one; 0 before the first.
    pub(super) fn newest(&self) -> Mid2 {
        self.newest.1.unwrap_or_default()
    }
}
