//! The mid before a block.
//!
//! In: the book's mid after each block. Out: the mid before one. Hot path: a ring.

use serde::{Deserialize, Serialize};

use crate::limits::MIDS_MAX;
use crate::units::{Mid2, Ns};

/// Mids of the newest blocks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Mids {
    ring: [(Ns, Option<Mid2>); MIDS_MAX],
    /// Place of the newest.
    at: usize,
}

impl Mids {
    /// No block was seen.
    pub(super) const fn new() -> Mids {
        Mids { ring: [(Ns(i64::MIN), None); MIDS_MAX], at: 0 }
    }

    /// The book has the mid `mid` after a message of block `t`. One of an older block says nothing.
    pub(super) fn see(&mut self, t: Ns, mid: Option<Mid2>) {
        let newest = self.ring[self.at].0;
        if t > newest {
            self.at = (self.at + 1) % MIDS_MAX;
        }
        if t >= newest {
            self.ring[self.at] = (t, mid);
        }
    }

    /// The mid before block `t`; the oldest that is known where none is older, 0 before the first.
    pub(super) fn before(&self, t: Ns) -> Mid2 {
        let back = (0..MIDS_MAX).map(|i| self.ring[(self.at + MIDS_MAX - i) % MIDS_MAX]);
        let mut oldest = None;
        for (at, mid) in back.take_while(|(at, _)| at.0 != i64::MIN) {
            if at < t {
                return mid.unwrap_or_default();
            }
            oldest = mid;
        }
        oldest.unwrap_or_default()
    }

    /// The newest block that was seen; the earliest time there is before the first.
    pub(super) fn block(&self) -> Ns {
        self.ring[self.at].0
    }

    /// The newest one; 0 before the first.
    pub(super) fn newest(&self) -> Mid2 {
        self.ring[self.at].1.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mid_before_a_block_is_known_however_late_it_is_asked_for() {
        let mut m = Mids::new();
        assert_eq!(m.before(Ns(5)), Mid2(0));
        for t in 1..=3 * MIDS_MAX as i64 {
            m.see(Ns(10 * t), Some(Mid2(t)));
            m.see(Ns(10 * t - 15), Some(Mid2(0)));
        }
        let last = 3 * MIDS_MAX as i64;
        assert_eq!(m.before(Ns(10 * last + 1)), Mid2(last));
        assert_eq!(m.before(Ns(10 * last)), Mid2(last - 1));
        assert_eq!(m.before(Ns(10 * last - 35)), Mid2(last - 4));
        assert_eq!(m.before(Ns(0)), Mid2(2 * MIDS_MAX as i64 + 1), "the oldest that is known");
    }
}
