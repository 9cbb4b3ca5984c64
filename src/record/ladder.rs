//! A ladder in parts: one side of up to `LADDER_MAX` levels as records, and back.
//!
//! In: levels and the guard, or records of one side in order. Out: records, or the whole ladder.
//! Hot path for [`ladder_records`]: no allocation.
//!
//! 1. Every part says how many levels the whole ladder has and which is its first.
//! 2. A ladder without levels is one part: its guard is the news.
//! 3. A part that does not continue the one before (a record was lost) starts a ladder that is never
//!    whole; the next first part makes it good.

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use super::field::LADDER_PART;
use super::{Guard, Ladder};
use crate::limits::LADDER_MAX;
use crate::units::{Px, Side, Sz};

/// One side of a ladder, put together from its records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholeLadder {
    /// Levels, nearest first.
    pub levels: ArrayVec<(Px, Sz), LADDER_MAX>,
    /// First obstacle; `None` where there are levels.
    pub guard: Guard,
    /// Where the guard is `Declined`: the strategy's own reason.
    pub declined: u8,
}

/// The records of one side: at least one.
pub fn ladder_records(
    side: Side,
    guard: Guard,
    declined: u8,
    levels: &[(Px, Sz)],
) -> impl Iterator<Item = Ladder> {
    let count = u8::try_from(levels.len()).unwrap_or(u8::MAX);
    let parts = levels.len().div_ceil(LADDER_PART).max(1);
    (0..parts).map(move |part| {
        let from = part * LADDER_PART;
        let mut body = Ladder {
            side,
            levels: count,
            guard,
            px: [Px(0); LADDER_PART],
            sz: [Sz(0); LADDER_PART],
            first: u8::try_from(from).unwrap_or(u8::MAX),
            declined,
        };
        let here = levels.get(from..).unwrap_or_default();
        for ((px, sz), level) in body.px.iter_mut().zip(&mut body.sz).zip(here) {
            (*px, *sz) = *level;
        }
        body
    })
}

impl Ladder {
    /// The levels in this record, nearest first.
    pub fn here(&self) -> impl Iterator<Item = (Px, Sz)> + Clone {
        let n = usize::from(self.levels.saturating_sub(self.first)).min(LADDER_PART);
        self.px.into_iter().zip(self.sz).take(n)
    }

    /// Whether this is the last part of its ladder.
    pub fn is_last(&self) -> bool {
        usize::from(self.levels) <= usize::from(self.first) + LADDER_PART
    }
}

impl WholeLadder {
    /// Takes the next record of the side. True: the ladder is whole.
    pub fn take(&mut self, part: &Ladder) -> bool {
        if part.first == 0 {
            self.levels.clear();
        }
        let follows = self.levels.len() == usize::from(part.first);
        (self.guard, self.declined) = (part.guard, part.declined);
        if !follows {
            self.levels.clear();
            return false;
        }
        for level in part.here() {
            let _ = self.levels.try_push(level);
        }
        part.is_last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(n: usize) -> Vec<(Px, Sz)> {
        (1i64..).take(n).map(|i| (Px(1_000 - i), Sz(i))).collect()
    }

    #[test]
    fn every_length_comes_apart_and_together_again() {
        for n in 0..=LADDER_MAX {
            let all = levels(n);
            let guard = if n == 0 { Guard::Declined } else { Guard::None };
            let parts: Vec<Ladder> = ladder_records(Side::Buy, guard, 3, &all).collect();
            assert_eq!(parts.len(), n.div_ceil(LADDER_PART).max(1));
            let mut whole = WholeLadder::default();
            // What stood before is gone.
            whole.levels.push((Px(5), Sz(5)));
            for (i, part) in parts.iter().enumerate() {
                assert_eq!(whole.take(part), i + 1 == parts.len(), "{n} levels, part {i}");
            }
            assert_eq!(
                (whole.levels.as_slice(), whole.guard, whole.declined),
                (&all[..], guard, 3)
            );
            let again = ladder_records(Side::Buy, whole.guard, whole.declined, &whole.levels);
            assert_eq!(again.collect::<Vec<_>>(), parts);
        }
    }

    #[test]
    fn a_lost_part_is_never_taken_for_a_whole_ladder() {
        let all = levels(LADDER_MAX);
        for lost in 0..LADDER_MAX / LADDER_PART {
            let mut whole = WholeLadder::default();
            let parts = ladder_records(Side::Sell, Guard::None, 0, &all).enumerate();
            assert!(!parts.filter(|(i, _)| *i != lost).any(|(_, p)| whole.take(&p)), "{lost}");
            let again: Vec<bool> =
                ladder_records(Side::Sell, Guard::None, 0, &all).map(|p| whole.take(&p)).collect();
            assert_eq!(again, [false, false, false, true]);
            assert_eq!(whole.levels.as_slice(), &all[..]);
        }
    }
}
