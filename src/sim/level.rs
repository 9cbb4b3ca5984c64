//! One price as own orders there see it: what was displayed, what printed at it and beyond.
//!
//! In: displayed sizes, prints of a taker. Out: plain values. Hot path: integers.
//!
//! Sizes are in units of [`Sz`](crate::units::Sz), times on the venue's clock.

use serde::{Deserialize, Serialize};

use crate::event::Trade;
use crate::units::{Ns, Px, Side, add_volume};

/// What a level displayed last, and what happened since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Displayed size.
    pub size: i64,
    /// Mean size of an order there; the whole size where the number of orders is unknown.
    pub mean: i64,
    /// The block that showed it; just before the order's arrival until one did.
    pub at: Ns,
    /// Printed at the price since then, own fills included.
    pub traded: i64,
    /// No unseen change is possible before this time: without end while the level is the best one
    /// and every change of best prices is pushed.
    pub known_until: Ns,
}

impl Level {
    /// A level of a size and a number of orders, displayed at `at`.
    pub(super) fn new((size, orders): (i64, u32), at: Ns, known_until: Ns) -> Level {
        Level { size, mean: size / i64::from(orders.max(1)), at, traded: 0, known_until }
    }

    /// Size of the order that a unit of the queue belongs to: sizes are about exponential, so twice
    /// the mean (large orders hold more units).
    #[must_use]
    pub fn order_size(&self) -> i64 {
        self.mean.saturating_mul(2)
    }

    /// Time up to `t` in which the level may have changed unseen, ns.
    #[must_use]
    pub fn unobserved_ns(&self, t: Ns) -> i64 {
        t.since(self.known_until).max(0)
    }

    /// Whether what happened in block `t` is part of what is displayed.
    #[must_use]
    pub fn shows(&self, t: Ns) -> bool {
        t <= self.at
    }

    /// Adds less cancels since it was displayed, now that it displays `size`.
    #[must_use]
    pub fn net_change(&self, size: i64) -> i64 {
        size - self.size + self.traded
    }
}

/// A taker's printed volume as one price sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Printed at the price.
    pub at: i64,
    /// Printed strictly beyond it.
    pub beyond: i64,
    /// The taker traded through the price, whatever own orders took of it.
    pub through: bool,
}

impl Reach {
    /// What a taker's prints were at and beyond a price of the side they hit.
    pub(super) fn of(prints: &[Trade], side: Side, px: Px) -> Reach {
        let mut r = Reach::default();
        for p in prints {
            if p.px == px {
                r.at = add_volume(r.at, p.sz.0);
            } else if side.better(px, p.px) {
                r.beyond = add_volume(r.beyond, p.sz.0);
            }
        }
        r.through = r.beyond > 0;
        r
    }

    /// What is left when own orders took `used`: the prints furthest beyond would not have happened.
    pub(super) fn less(self, used: i64) -> Reach {
        let beyond = (self.beyond - used).max(0);
        let at = (self.at - (used - self.beyond).max(0)).max(0);
        Reach { at, beyond, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_pushed_changes_nothing_unseen() {
        let level = |known_until| Level { size: 100, mean: 10, known_until, ..Level::default() };
        assert_eq!(level(Ns(0)).unobserved_ns(Ns(7)), 7);
        assert_eq!(level(Ns(i64::MAX)).unobserved_ns(Ns(7)), 0);
    }

    #[test]
    fn what_own_orders_took_is_missing_furthest_out_first() {
        let r = Reach { at: 5, beyond: 3, through: true };
        let left = |used| (r.less(used).at, r.less(used).beyond);
        assert_eq!([0, 2, 3, 6, 9].map(left), [(5, 3), (5, 1), (5, 0), (2, 0), (0, 0)]);
        assert!(r.less(9).through);
    }
}
