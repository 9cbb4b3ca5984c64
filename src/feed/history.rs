//! The trades of one coin across connections: what is history, what is new, what may be missing.
//!
//! In: decoded prints of the coin. Out: the prints not seen before, and the [`Joint`] of a history.
//! Hot path: one window lookup a print.
//!
//! 1. The first trades message of a coin on a connection is history, whatever its length: the venue
//!    flags nothing, and thirty trades can be live too.
//! 2. The window outlives connections and histories: a history may cut through a block, and the
//!    next message sends that block again in full.
//! 3. A history that shares a print with the window proves that nothing was lost; one that shares
//!    none proves nothing, so the time between is a gap.

use serde::{Deserialize, Serialize};

use crate::event::{Joint, Trade};
use crate::limits::SEEN_MAX;
use crate::mem::{Seen, Sight};
use crate::units::Ns;

/// Prints dropped from a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) duplicates: u64,
    pub(super) too_old: u64,
}

/// The trades stream of one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Joiner {
    seen: Seen,
    /// Newest block time seen, or the arrival of an empty history before any print.
    last: Option<Ns>,
    /// The next trades message is history.
    waiting: bool,
    /// Place of this coin's acknowledgement among those of the connection.
    acked: Option<u32>,
}

impl Joiner {
    pub(super) fn new(seed: u64) -> Joiner {
        Joiner { seen: Seen::new(SEEN_MAX, seed), last: None, waiting: true, acked: None }
    }

    /// Another connection, on which this coin is subscribed again.
    pub(super) fn renew(&mut self) {
        self.waiting = true;
        self.acked = None;
    }

    /// The subscription was acknowledged, as the `place`-th of the connection. A second time on one
    /// connection means a resubscription: a history follows.
    pub(super) fn acknowledge(&mut self, place: u32) {
        self.waiting |= self.acked.is_some();
        self.acked = Some(place);
    }

    /// Whether the next trades message is history.
    pub(super) fn waiting(&self) -> bool {
        self.waiting
    }

    /// Place in the queue for an empty history, which names no coin: those acknowledged first are
    /// first, those not acknowledged yet last. `None` when no history is due.
    pub(super) fn turn(&self) -> Option<u32> {
        self.waiting.then(|| self.acked.unwrap_or(u32::MAX))
    }

    /// Keeps the prints of a live message that are new.
    #[inline]
    pub(super) fn live(&mut self, prints: &mut Vec<Trade>) -> Dropped {
        let mut dropped = Dropped::default();
        prints.retain(|p| match self.seen.insert(p.time, p.tid) {
            Sight::New => {
                self.last = self.last.max(Some(p.time));
                true
            }
            Sight::Known => {
                dropped.duplicates += 1;
                false
            }
            Sight::TooOld => {
                dropped.too_old += 1;
                false
            }
        });
        dropped
    }

    /// Keeps the prints of a history that are new, and says how it joins what was seen.
    pub(super) fn history(&mut self, now: Ns, prints: &mut Vec<Trade>) -> (Joint, Dropped) {
        self.waiting = false;
        let before = self.last;
        let overlap = prints.iter().any(|p| self.seen.contains(p.time, p.tid));
        let oldest = prints.iter().map(|p| p.time).min();
        let dropped = self.live(prints);
        if self.last.is_none() {
            self.last = Some(now);
        }
        let joint = match before {
            None => Joint::First,
            Some(_) if overlap => {
                Joint::Contiguous { recovered: u32::try_from(prints.len()).unwrap_or(u32::MAX) }
            }
            Some(from) => Joint::Gap { from, to: oldest.unwrap_or(now).max(from) },
        };
        (joint, dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Px, Side, Sz};

    fn trade(ms: i64, tid: u64) -> Trade {
        let time = Ns::from_ms(ms);
        Trade { aggressor: Side::Buy, px: Px(1), sz: Sz(1), time, taker: 0, tid }
    }

    fn trades(range: std::ops::Range<u64>) -> Vec<Trade> {
        range.map(|i| trade(i64::try_from(i).expect("small") * 100, i)).collect()
    }

    fn ids(prints: &[Trade]) -> Vec<u64> {
        prints.iter().map(|p| p.tid).collect()
    }

    #[test]
    fn overlap_proves_continuity_and_counts_what_was_recovered() {
        let mut j = Joiner::new(1);
        assert_eq!(j.history(Ns(0), &mut trades(0..30)).0, Joint::First);
        assert_eq!(j.live(&mut trades(30..40)), Dropped::default());
        j.renew();
        let mut h = trades(20..50);
        let (joint, dropped) = j.history(Ns(0), &mut h);
        assert_eq!(joint, Joint::Contiguous { recovered: 10 });
        assert_eq!(dropped.duplicates, 20);
        assert_eq!(ids(&h), (40..50).collect::<Vec<_>>());
    }

    #[test]
    fn no_overlap_is_a_gap_between_the_last_seen_and_the_oldest_sent() {
        let mut j = Joiner::new(1);
        j.history(Ns(0), &mut trades(0..30));
        j.renew();
        let mut h = trades(60..90);
        let (joint, _) = j.history(Ns(0), &mut h);
        assert_eq!(joint, Joint::Gap { from: Ns::from_ms(2_900), to: Ns::from_ms(6_000) });
        assert_eq!(h.len(), 30);
    }

    #[test]
    fn an_empty_history_after_prints_is_a_gap_to_its_arrival() {
        let mut j = Joiner::new(1);
        j.history(Ns(0), &mut trades(0..30));
        j.renew();
        let now = Ns::from_ms(9_000);
        let (joint, _) = j.history(now, &mut Vec::new());
        assert_eq!(joint, Joint::Gap { from: Ns::from_ms(2_900), to: now });
    }

    #[test]
    fn an_empty_first_history_dates_the_gap_of_the_next_one() {
        let mut j = Joiner::new(1);
        assert_eq!(j.history(Ns::from_ms(50), &mut Vec::new()).0, Joint::First);
        j.renew();
        let (joint, _) = j.history(Ns::from_ms(9_000), &mut trades(1..3));
        assert_eq!(joint, Joint::Gap { from: Ns::from_ms(50), to: Ns::from_ms(100) });
    }

    #[test]
    fn a_block_cut_by_the_history_is_completed_by_the_next_message() {
        let mut j = Joiner::new(1);
        let block: Vec<_> = (0..121).map(|tid| trade(500, tid)).collect();
        j.history(Ns(0), &mut block[..30].to_vec());
        let mut live = block.clone();
        let dropped = j.live(&mut live);
        assert_eq!(dropped, Dropped { duplicates: 30, too_old: 0 });
        assert_eq!(ids(&live), (30..121).collect::<Vec<_>>());
    }

    #[test]
    fn order_within_a_message_is_kept_and_never_sorted() {
        let mut j = Joiner::new(1);
        let mut live: Vec<_> = [9, 3, 7, 1].into_iter().map(|tid| trade(5, tid)).collect();
        j.live(&mut live);
        assert_eq!(ids(&live), [9, 3, 7, 1]);
    }

    #[test]
    fn a_second_acknowledgement_on_one_connection_announces_a_history() {
        let mut j = Joiner::new(1);
        j.acknowledge(1);
        assert_eq!(j.turn(), Some(1));
        j.history(Ns(0), &mut trades(0..3));
        assert_eq!(j.turn(), None);
        j.acknowledge(2);
        assert!(j.waiting());
        // Data that overtakes its own acknowledgement is not announced again by it.
        j.renew();
        assert_eq!(j.turn(), Some(u32::MAX));
        j.history(Ns(0), &mut trades(0..3));
        j.acknowledge(1);
        assert!(!j.waiting());
    }
}
