//! What each fill came to at each horizon.
//!
//! In: fills of the configured model, mids, holes. Out: an [`Edge`] a fill and horizon. Hot path: fixed
//! ring, integers.
//!
//! 1. Horizons close as the account's do ([`crate::sim::ledger`]): at the first mid at or after fill
//!    time plus horizon, at the mid there was where a hole or the end comes first, and early where more
//!    fills wait than the ring holds. So at the primary horizon the edges sum to the account's spread,
//!    adverse move and fees.

use serde::{Deserialize, Serialize};

use crate::event::own::{Fill, FillReason};
use crate::limits::PENDING_MAX;
use crate::record::Edge;
use crate::units::{Mid2, Ns, Px, Side, Sz};

/// Horizons, ns.
pub(super) const HORIZONS: [i64; 4] = [500 * Ns::MS, Ns::SEC, 5 * Ns::SEC, 30 * Ns::SEC];
/// Index of the primary one: that of the account's adverse move.
pub(super) const PRIMARY: usize = 2;

/// A fill that waits for its horizons.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Waiting {
    id: u64,
    reason: u8,
    ask: bool,
    px: Px,
    sz: Sz,
    fee_e8: i64,
    time: Ns,
    from: Mid2,
    mid: Mid2,
}

/// Fills whose horizons are to come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Marks {
    ring: Box<[Waiting]>,
    /// Fills so far.
    pushed: usize,
    /// How many of them each horizon was closed for.
    closed: [usize; HORIZONS.len()],
    mark: Option<Mid2>,
    /// Before this nothing is to be closed.
    due: Ns,
}

impl Marks {
    pub(super) fn new() -> Marks {
        let ring = vec![Waiting::default(); PENDING_MAX].into_boxed_slice();
        Marks { ring, pushed: 0, closed: [0; HORIZONS.len()], mark: None, due: Ns(i64::MAX) }
    }

    /// A fill of a quote that was made at the mid `from`.
    pub(super) fn on_fill(&mut self, f: &Fill, from: Mid2, out: &mut impl FnMut(Edge)) {
        self.mark.get_or_insert(f.mid);
        for h in 0..HORIZONS.len() {
            if self.pushed - self.closed[h] == PENDING_MAX {
                self.close(h, out);
            }
        }
        self.ring[self.pushed % PENDING_MAX] = Waiting {
            id: f.id,
            reason: f.reason as u8,
            ask: f.side == Side::Sell,
            px: f.px,
            sz: f.sz,
            fee_e8: f.fee_e8,
            time: f.time,
            from,
            mid: f.mid,
        };
        self.pushed += 1;
        self.due = self.due.min(f.time.plus(HORIZONS[0]));
    }

    /// The mid is `mid` at `now`.
    pub(super) fn on_mid(&mut self, now: Ns, mid: Mid2, out: &mut impl FnMut(Edge)) {
        self.mark = Some(mid);
        if now < self.due {
            return;
        }
        self.due = Ns(i64::MAX);
        for (h, horizon) in HORIZONS.into_iter().enumerate() {
            while self.closed[h] < self.pushed {
                let due = self.ring[self.closed[h] % PENDING_MAX].time.plus(horizon);
                if due > now {
                    self.due = self.due.min(due);
                    break;
                }
                self.close(h, out);
            }
        }
    }

    /// No mid is to come for a while, or none at all.
    pub(super) fn on_hole(&mut self, out: &mut impl FnMut(Edge)) {
        for h in 0..HORIZONS.len() {
            while self.closed[h] < self.pushed {
                self.close(h, out);
            }
        }
    }

    /// Closes horizon `h` of the oldest fill that waits for it, at the newest mid.
    fn close(&mut self, h: usize, out: &mut impl FnMut(Edge)) {
        let w = self.ring[self.closed[h] % PENDING_MAX];
        self.closed[h] += 1;
        out(Edge {
            id: w.id,
            horizon_ms: u32::try_from(HORIZONS[h] / Ns::MS).unwrap_or(u32::MAX),
            reason: FillReason::of(w.reason).unwrap_or_default(),
            side: if w.ask { Side::Sell } else { Side::Buy },
            px: w.px,
            sz: w.sz,
            fee_e8: w.fee_e8,
            time: w.time,
            from: w.from,
            mid: w.mid,
            after: self.mark.unwrap_or(w.mid),
        });
    }
}
