//! One side of the book: ordered levels, each with the block time it was last seen at.
//!
//! In: best levels and snapshots of this side. Out: the merged levels. Hot path: fixed arrays.
//!
//! 1. Levels are strictly ordered, best first.
//! 2. `reach` is the worst price down to which the levels are complete as of some snapshot;
//!    beyond it a price is unknown.

use serde::{Deserialize, Serialize};

use arrayvec::ArrayVec;

use crate::event::{Level, Levels};
use crate::limits::LEVELS_MAX;
use crate::units::{Ns, Px, Side, Sz};

/// What is shown at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// This much, in so many orders (0: the number is not known).
    Size(Level),
    /// The price is inside the visible depth and nobody is there.
    Empty,
    /// The price is outside the visible depth, or what was seen there is too old.
    Unknown {
        /// The size last seen there, if ever since the link came up.
        last: Option<Sz>,
        /// Age of that sight on the venue's clock, ns; 0 without one.
        age_ns: i64,
    },
}

/// A level and when it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The level.
    pub level: Level,
    /// Block time of the message that showed it last.
    pub seen: Ns,
}

/// One side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SideBook {
    side: Side,
    levels: ArrayVec<Known, LEVELS_MAX>,
    /// Worst price that the newest snapshot reached, with its time; everything up to it is known.
    reach: Option<(Px, Ns)>,
    /// The same of the newest twenty-level snapshot: deeper, older.
    deep: Option<(Px, Ns)>,
}

impl SideBook {
    pub(super) fn new(side: Side) -> SideBook {
        SideBook { side, levels: ArrayVec::new(), reach: None, deep: None }
    }

    pub(super) fn clear(&mut self) {
        self.levels.clear();
        self.reach = None;
        self.deep = None;
    }

    pub(super) fn best(&self) -> Option<Level> {
        self.levels.first().map(|k| k.level)
    }

    pub(super) fn levels(&self) -> &[Known] {
        &self.levels
    }

    /// The best level is `best`; better ones are gone. `None`: the side is empty.
    pub(super) fn set_best(&mut self, best: Option<Level>, seen: Ns) {
        let Some(level) = best else {
            self.clear();
            return;
        };
        let (side, known) = (self.side, Known { level, seen });
        // Most messages change the size of one best level.
        if let Some(first) = self.levels.first_mut().filter(|k| k.level.px == level.px) {
            *first = known;
            return;
        }
        let gone = self.levels.iter().take_while(|k| side.better(k.level.px, level.px)).count();
        let same = self.levels.get(gone).is_some_and(|k| k.level.px == level.px);
        // The level itself, or the last of those that are gone, is the place of the new one.
        let before = if same { gone } else { gone.saturating_sub(1) };
        if before > 0 {
            self.levels.drain(..before);
        }
        match self.levels.first_mut() {
            Some(first) if gone > 0 => *first = known,
            _ => {
                if self.levels.is_full() {
                    self.levels.pop();
                }
                self.levels.insert(0, known);
            }
        }
        if self.reach.is_none_or(|(px, _)| side.better(px, level.px)) {
            self.reach = Some((level.px, seen));
        }
    }

    /// A snapshot no older than the best level: replaces everything down to its depth.
    pub(super) fn replace(&mut self, new: &Levels, seen: Ns, full: bool) {
        let Some(last) = new.last() else {
            self.clear();
            return;
        };
        // What is behind the snapshot stays behind it, as far as there is room.
        let (side, n) = (self.side, new.len());
        let covered = self.levels.iter().take_while(|k| !side.better(last.px, k.level.px)).count();
        let behind = (self.levels.len() - covered).min(LEVELS_MAX - n);
        self.levels.truncate(covered + behind);
        if covered > n {
            self.levels.drain(n..covered);
        } else {
            let known = Known { level: *last, seen };
            (covered..n).for_each(|_| self.levels.push(known));
            self.levels.copy_within(covered..covered + behind, n);
        }
        self.levels.iter_mut().zip(new).for_each(|(k, l)| *k = Known { level: *l, seen });
        self.note_reach(last.px, seen, full);
    }

    /// A snapshot older than the best level: only levels strictly behind the best, and only where
    /// they are newer than what is known.
    pub(super) fn deepen(&mut self, new: &Levels, seen: Ns, full: bool) {
        let (Some(best), Some(last)) = (self.best(), new.last()) else { return };
        let side = self.side;
        if !side.better(best.px, last.px) {
            return;
        }
        let old = std::mem::take(&mut self.levels);
        let mut fresh = new.iter().filter(|l| side.better(best.px, l.px)).peekable();
        let mut kept = old.iter().peekable();
        while !self.levels.is_full() {
            match (kept.peek(), fresh.peek()) {
                (Some(k), Some(f)) if k.level.px == f.px => {
                    let newer = k.seen >= seen;
                    self.levels.push(if newer { **k } else { Known { level: **f, seen } });
                    kept.next();
                    fresh.next();
                }
                (Some(k), Some(f)) if side.better(k.level.px, f.px) => {
                    // The older snapshot did not show it: keep it only if seen later.
                    if k.seen >= seen {
                        self.levels.push(**k);
                    }
                    kept.next();
                }
                (_, Some(f)) => {
                    self.levels.push(Known { level: **f, seen });
                    fresh.next();
                }
                (Some(k), None) => {
                    self.levels.push(**k);
                    kept.next();
                }
                (None, None) => break,
            }
        }
        self.note_reach(last.px, seen, full);
    }

    pub(super) fn shown(&self, px: Px, now: Ns, depth_ns: i64) -> Shown {
        let found = self.levels.iter().find(|k| !self.side.better(k.level.px, px));
        match found {
            Some(k) if k.level.px == px => {
                let age = now.since(k.seen);
                if age <= depth_ns {
                    Shown::Size(k.level)
                } else {
                    Shown::Unknown { last: Some(k.level.sz), age_ns: age }
                }
            }
            // Better than a level that is known: nobody is there, provided it was in sight.
            Some(_) if self.covers(px, now, depth_ns) => Shown::Empty,
            _ => Shown::Unknown { last: None, age_ns: 0 },
        }
    }

    /// The worst price down to which the message of block `at` showed everything.
    pub(super) fn complete_to(&self, at: Ns) -> Option<Px> {
        let best = self.levels.first().map(|k| (k.level.px, k.seen));
        let mut worst = best.filter(|(_, seen)| *seen == at).map(|(px, _)| px);
        let mut deepen = |mark: Option<(Px, Ns)>| {
            if let Some((px, seen)) = mark
                && seen == at
                && worst.is_none_or(|worst| self.side.better(worst, px))
            {
                worst = Some(px);
            }
        };
        deepen(self.reach);
        deepen(self.deep);
        worst
    }

    fn covers(&self, px: Px, now: Ns, depth_ns: i64) -> bool {
        let best = self.best().is_some_and(|b| self.side.better(px, b.px));
        let within = |mark: Option<(Px, Ns)>| {
            mark.is_some_and(|(worst, seen)| {
                !self.side.better(worst, px) && now.since(seen) <= depth_ns
            })
        };
        // Of prices out of the newest message's reach, half to nine of ten that were empty a few seconds
        // before are not when they come in sight again (Hyperliquid, September 2025).
        let newest = |a: (Px, Ns)| self.reach.is_none_or(|b| a.1 >= b.1);
        best || within(self.reach) || within(self.deep.filter(|a| newest(*a)))
    }

    fn note_reach(&mut self, px: Px, seen: Ns, full: bool) {
        if full && self.deep.is_none_or(|(_, t)| t <= seen) {
            self.deep = Some((px, seen));
        }
        if self.reach.is_none_or(|(_, t)| t <= seen) {
            self.reach = Some((px, seen));
        }
    }
}
