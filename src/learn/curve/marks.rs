//! Shadow fills until their mark is due, and the windows they belong to.
//!
//! In: what the shadow ladder saw. Out: closed windows. Hot path: fixed rings.
//!
//! 1. The mark of a fill is the mid in force a horizon after its block.
//! 2. A window is closed when all its marks are due. Where a hole comes first, or a silence longer than
//!    windows are kept for, it is dropped whole, fills and seconds together, so that nothing depends on how
//!    a fill turned out.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::window::{Window, distance};
use crate::event::shadow::{JOIN, places};
use crate::limits::{CURVE, SHADOW_PENDING_MAX, WINDOWS_MAX};
use crate::units::{Mid2, Ns, Px, Side};

/// Length of a window.
pub const WINDOW_NS: i64 = 10 * Ns::SEC;

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Mark {
    time: Ns,
    ask: bool,
    place: u8,
    quoted: f64,
    from: f64,
}

/// One horizon's marks and windows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Marks {
    horizon_ns: i64,
    early_ns: i64,
    ring: Box<[Mark]>,
    head: usize,
    len: usize,
    mid: f64,
    /// From when windows are counted.
    first: Option<Ns>,
    windows: [Window; WINDOWS_MAX],
    /// Number of the oldest open window.
    open: i64,
    /// Blocks at which no window closes and none is out of reach.
    quiet: Range<Ns>,
    /// Fills that were dropped with their window.
    dropped: u64,
}

impl Marks {
    /// Windows begin `early_ns` before the first state, and so on.
    pub(super) fn new(horizon_ns: i64, early_ns: i64) -> Marks {
        Marks {
            horizon_ns,
            early_ns,
            ring: vec![Mark::default(); SHADOW_PENDING_MAX].into_boxed_slice(),
            ..Marks::default()
        }
    }

    /// The open window of a time; `None` where it is closed or too far ahead.
    fn window(&mut self, t: Ns) -> Option<&mut Window> {
        let i = t.since(self.first?).div_euclid(WINDOW_NS);
        let ahead = usize::try_from(i - self.open).ok().filter(|n| *n < WINDOWS_MAX);
        ahead.map(|_| &mut self.windows[slot(i)])
    }

    /// The blocks of a time's window; none before the first state.
    pub(super) fn span(&self, t: Ns) -> Option<Range<Ns>> {
        let from = t.plus(-t.since(self.first?).rem_euclid(WINDOW_NS));
        Some(from..from.plus(WINDOW_NS))
    }

    /// The quotes of `set`, a bit for each place, stood so long up to `until`.
    pub(super) fn on_live(&mut self, until: Ns, set: u32, ns: i64) {
        let seconds = Ns::seconds(ns);
        if let Some(w) = self.window(until) {
            places(set).for_each(|place| w.live[place] += seconds);
        }
    }

    pub(super) fn on_fill(&mut self, side: Side, place: usize, px: Px, from: Mid2, time: Ns) {
        if self.is_full() {
            // Its window would miss a fill: it goes with all that is open.
            self.on_hole();
        }
        let (px, from) = (px.to_f64(), from.to_f64());
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        self.ring[(self.head + self.len) % self.ring.len()] = Mark {
            time,
            ask: side == Side::Sell,
            place: u8::try_from(place).unwrap_or(u8::MAX),
            quoted: sign * (from - px) / from * 1e4,
            from,
        };
        self.len += 1;
    }

    /// The mid is `mid` from block `time` on. Closed windows go to `out` with their number.
    pub(super) fn on_state(&mut self, time: Ns, mid: Mid2, out: &mut impl FnMut(i64, &Window)) {
        let start = *self.first.get_or_insert(time.plus(-self.early_ns));
        let quiet = self.is_quiet(time);
        if !quiet && self.window(time).is_none() {
            self.on_hole();
        }
        self.mark(time);
        self.mid = mid.to_f64();
        if quiet {
            return;
        }
        let over = time.since(start).saturating_sub(self.horizon_ns + 1).div_euclid(WINDOW_NS);
        while self.open < over {
            let w = std::mem::take(&mut self.windows[slot(self.open)]);
            if w.live.iter().any(|s| *s > 0.0) {
                out(self.open, &w);
                self.open += 1;
            } else {
                // Nothing was quoted for a while: on to where something may be.
                let empty = self.windows.iter().all(|w| *w == Window::default()) && self.len == 0;
                self.open = if empty { over } else { self.open + 1 };
            }
        }
        let window = |n: i64| start.plus((self.open + n) * WINDOW_NS);
        let closes = window(1).plus(self.horizon_ns + 1);
        self.quiet = window(0)..closes.min(window(WINDOWS_MAX as i64));
    }

    /// Whether a state of block `t` neither closes a window nor drops any.
    pub(super) fn is_quiet(&self, t: Ns) -> bool {
        self.quiet.contains(&t)
    }

    /// Whether another fill has no room.
    pub(super) fn is_full(&self) -> bool {
        self.len == self.ring.len()
    }

    /// Marks the fills that are due before block `time` at the mid in force.
    pub(super) fn mark(&mut self, time: Ns) {
        while self.len > 0 && self.ring[self.head].time.plus(self.horizon_ns) < time {
            self.resolve();
        }
    }

    /// Marks the oldest fill and all of its block at the mid in force.
    fn resolve(&mut self) {
        let at = |i: usize, z: &Marks| z.ring[(z.head + i) % z.ring.len()];
        let time = at(0, self).time;
        let n = (0..self.len).take_while(|i| at(*i, self).time == time).count();
        let swept = |ask: bool, z: &Marks| {
            (0..n).filter(|i| at(*i, z).ask == ask && usize::from(at(*i, z).place) < JOIN).count()
        };
        let levels = [swept(false, self), swept(true, self)];
        for i in 0..n {
            let m = at(i, self);
            let sign = if m.ask { -1.0 } else { 1.0 };
            let moved = -sign * (self.mid - m.from) / m.from * 1e4;
            let Some(w) = self.window(m.time) else { continue };
            let place = usize::from(m.place).min(CURVE - 1);
            w.fills[place] += 1.0;
            w.quoted[place] += m.quoted;
            w.moved[place] += moved;
            if place < JOIN {
                #[expect(clippy::cast_precision_loss, reason = "a few levels")]
                let (weight, d) = (1.0 / levels[usize::from(m.ask)] as f64, distance(place));
                let row = [1.0, d, d * d, moved, d * moved, moved * moved];
                w.line.iter_mut().zip(row).for_each(|(t, x)| *t += weight * x);
            }
        }
        self.head = (self.head + n) % self.ring.len();
        self.len -= n;
    }

    /// The market was lost from sight: what is open is dropped.
    pub(super) fn on_hole(&mut self) {
        self.dropped += self.len as u64;
        (self.head, self.len) = (0, 0);
        self.windows = [Window::default(); WINDOWS_MAX];
    }

    /// Fills that were dropped because their mark never came.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}

fn slot(window: i64) -> usize {
    usize::try_from(window.rem_euclid(WINDOWS_MAX as i64)).unwrap_or(0)
}
