//! One map from receive stamps to the venue's time.
//!
//! In: the receive stamp of each signal, the newest block time of each message. Out: session time,
//! which is the venue's: a stamp less the offset of the two clocks. Hot path: integers, no history.
//!
//! The offset is a line below all of receive stamp less block time on this link ([`Envelope`]): level
//! at first, later as steep as the clocks drift apart; late messages do not raise it. It holds the
//! least delay of the network too, which no feed alone can tell apart: who sends an order adds it
//! again (`engine.sim.feed_ms`).
//!
//! 1. Session time never goes back. It stands still while there is no link, and follows the stamps
//!    alone until the link's first block.
//! 2. A constant added to all stamps, or to all stamps of a link, changes nothing.
//! 3. Where stamps and blocks contradict each other, blocks decide: a stamp that went back or leapt
//!    counts as no time of its own. Blocks that leap are turned away, or pass as old ones, until
//!    [`JUMP_MESSAGES`] in a row agree: then the clocks have jumped. So they have where all are late by the
//!    same seconds for [`STEP_AFTER_NS`].

use serde::{Deserialize, Serialize};

use super::envelope::{Envelope, Line};
use crate::limits::{
    BLOCK_AHEAD_NS, BLOCK_BEHIND_NS, CLOCK_YOUNG_AHEAD_NS, CLOCK_YOUNG_NS, JUMP_AFTER_NS,
    JUMP_MESSAGES, STAMP_BACK_NS, STAMP_LEAP_NS, STEP_AFTER_NS,
};
use crate::units::Ns;

/// What a block says of the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// They stand as they did.
    Known,
    /// It is too far ahead to be believed: its message is to be turned away.
    Ahead,
    /// They have jumped against each other: what was open is no longer known.
    Jump,
}

/// Messages in a row that contradict the map, and agree with each other.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Doubt {
    /// Receive stamp less block time, of the first.
    by: i64,
    since: Ns,
    messages: u32,
}

/// See the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClockMap {
    /// Receive stamp less session time; none until the first block of a link.
    offset: Option<Line>,
    envelope: Envelope,
    /// Added to block times: by so much the venue's clock went back.
    shift: i64,
    /// Session time; none before the first link.
    now: Option<Ns>,
    /// Receive stamp up to which session time has passed.
    stamp: Ns,
    /// Newest block, shifted.
    newest: Ns,
    /// Receive stamp of the link's first block.
    first: Ns,
    doubt: Option<Doubt>,
    steps: u32,
    jumps: u32,
}

impl Default for ClockMap {
    fn default() -> ClockMap {
        ClockMap {
            offset: None,
            envelope: Envelope::default(),
            shift: 0,
            now: None,
            stamp: Ns(i64::MIN),
            newest: Ns(i64::MIN),
            first: Ns(i64::MIN),
            doubt: None,
            steps: 0,
            jumps: 0,
        }
    }
}

impl ClockMap {
    /// Session time at the receive stamp `stamp`; nothing changes.
    pub fn at(&self, stamp: Ns) -> Ns {
        let Some(now) = self.now else { return stamp };
        let past = stamp.since(self.stamp);
        if !(0..=STAMP_LEAP_NS).contains(&past) {
            return now;
        }
        match self.offset {
            Some(offset) => now.max(stamp.plus(-offset.value(stamp))),
            None => now.plus(past),
        }
    }

    /// Time passes up to the receive stamp `stamp`, without a block; gives session time.
    pub fn pass(&mut self, stamp: Ns) -> Ns {
        let now = self.at(stamp);
        let past = stamp.since(self.stamp);
        if self.now.is_some() && (0..=STAMP_LEAP_NS).contains(&past) {
            (self.now, self.stamp) = (Some(now), stamp);
        }
        now
    }

    /// The link came up at `stamp`: its first block says how the clocks stand. Gives session time.
    pub fn link(&mut self, stamp: Ns) -> Ns {
        (self.offset, self.doubt, self.stamp) = (None, None, stamp);
        *self.now.get_or_insert(stamp)
    }

    /// The link went down at `stamp`: time stands still from here on. Gives session time.
    pub fn unlink(&mut self, stamp: Ns) -> Ns {
        let now = self.pass(stamp);
        (self.offset, self.doubt, self.stamp) = (None, None, Ns(i64::MIN));
        now
    }

    /// A message received at `stamp` holds `block` as its newest block. Gives session time and what
    /// the block says.
    pub fn see(&mut self, stamp: Ns, block: Ns) -> (Ns, Seen) {
        let past = stamp.since(self.stamp);
        // By the old line first: a live run has looked at the time on the way to this message, a
        // replay has not, and both are to come to the same.
        self.pass(stamp);
        let (block, now) = (block.plus(self.shift), self.now.unwrap_or(block));
        let Some(line) = self.offset else {
            // Before the first link's first block, time has only been waiting for it.
            let first = self.newest.0 == i64::MIN;
            self.first = stamp;
            return (self.anchor(stamp, if first { block } else { now.max(block) }), Seen::Known);
        };
        let leapt = past > STAMP_LEAP_NS && block.since(self.newest) < past / 2;
        if past < -STAMP_BACK_NS || leapt {
            self.steps = self.steps.saturating_add(1);
            return (self.anchor(stamp, now.max(block)), Seen::Known);
        }
        let by = stamp.since(block);
        let ahead = line.value(stamp).saturating_sub(by);
        let young = stamp.since(self.first) <= CLOCK_YOUNG_NS;
        if ahead > if young { CLOCK_YOUNG_AHEAD_NS } else { BLOCK_AHEAD_NS } {
            if !self.confirmed(stamp, by, JUMP_AFTER_NS) {
                return (self.pass(stamp), Seen::Ahead);
            }
            self.jumps = self.jumps.saturating_add(1);
            return (self.anchor(stamp, block), Seen::Jump);
        }
        if ahead < -BLOCK_BEHIND_NS {
            if !self.confirmed(stamp, by, JUMP_AFTER_NS) {
                return (self.pass(stamp), Seen::Known);
            }
            self.jumps = self.jumps.saturating_add(1);
            let now = self.pass(stamp);
            self.shift = self.shift.saturating_add(now.since(block));
            return (self.anchor(stamp, now), Seen::Jump);
        }
        if ahead >= -BLOCK_AHEAD_NS {
            self.doubt = None;
        } else if self.confirmed(stamp, by, STEP_AFTER_NS) {
            // The receiver's clock was set: time stands still until the blocks are where it is.
            self.jumps = self.jumps.saturating_add(1);
            let now = self.pass(stamp);
            self.envelope.clear();
            (self.offset, self.doubt) = (Some(Line::level(stamp, by)), None);
            return (now, Seen::Jump);
        }
        self.newest = self.newest.max(block);
        let line = self.envelope.push(stamp, by).unwrap_or(line);
        let line = if by < line.value(stamp) { line.through(stamp, by) } else { line };
        let now = now.max(stamp.plus(-line.value(stamp)));
        (self.offset, self.stamp, self.now) = (Some(line), self.stamp.max(stamp), Some(now));
        (now, Seen::Known)
    }

    /// Session time is `now` at `stamp`, from here on.
    fn anchor(&mut self, stamp: Ns, now: Ns) -> Ns {
        self.envelope.clear();
        let line = Line::level(stamp, stamp.since(now));
        (self.offset, self.now, self.stamp) = (Some(line), Some(now), stamp);
        (self.newest, self.doubt) = (self.newest.max(now), None);
        now
    }

    /// Whether enough messages in a row have contradicted the map in the same way, for so long.
    fn confirmed(&mut self, stamp: Ns, by: i64, after: i64) -> bool {
        let new = Doubt { by, since: stamp, messages: 0 };
        let doubt = self.doubt.get_or_insert(new);
        if by.abs_diff(doubt.by) > BLOCK_AHEAD_NS.unsigned_abs() {
            *doubt = new;
        }
        doubt.messages = doubt.messages.saturating_add(1);
        doubt.messages >= JUMP_MESSAGES && stamp.since(doubt.since) >= after
    }

    /// What block times are shifted by: 0 unless the venue's clock went back.
    pub fn shift(&self) -> i64 {
        self.shift
    }

    /// By how much the receiver's clock is ahead of the venue's at session time `now`, the least delay
    /// of the network included, ns; none before the first block of a link.
    pub fn offset_ns(&self, now: Ns) -> Option<i64> {
        let line = self.offset?;
        Some(line.value(now.plus(line.base())).saturating_add(self.shift))
    }

    /// Stamps that contradicted their blocks, and jumps of one clock against the other.
    pub fn breaks(&self) -> [u32; 2] {
        [self.steps, self.jumps]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = Ns::SEC;
    const BASE: i64 = 1_700_000_000 * S;

    /// Blocks ten a second, received after a delay that varies, under a clock of the receiver that
    /// is `clock(block)` ahead; gives session time less block time, of each.
    fn lags(map: &mut ClockMap, from: i64, n: i64, clock: impl Fn(i64) -> i64) -> Vec<i64> {
        let one = |i: i64| {
            let block = from + i * S / 10;
            let delay = (200 + (i * 7_919) % 97 + if i % 50 == 49 { 900 } else { 0 }) * Ns::MS;
            let (now, seen) = map.see(Ns(block + delay + clock(block)), Ns(block));
            assert_eq!(seen, Seen::Known, "block {i}");
            now.0 - block
        };
        (0..n).map(one).collect()
    }

    fn linked(stamp: i64) -> ClockMap {
        let mut map = ClockMap::default();
        map.link(Ns(stamp));
        map
    }

    #[test]
    fn a_constant_of_the_clock_or_of_a_link_changes_nothing() {
        let run = |a: i64, b: i64| {
            let mut map = linked(BASE + a);
            let mut out = lags(&mut map, BASE, 600, |_| a);
            map.unlink(Ns(BASE + 61 * S + a));
            map.link(Ns(BASE + 90 * S + b));
            out.extend(lags(&mut map, BASE + 91 * S, 600, |_| b));
            (out, map.breaks())
        };
        let right = run(0, 0);
        assert!(right.0.iter().all(|lag| (0..1_100 * Ns::MS).contains(lag)));
        for by in [-3_600 * S, -5 * S, -1, 37_123_456, 61 * S, 3_600 * S] {
            assert_eq!(run(by, by), right, "{by}");
            assert_eq!(run(0, by), right, "a step of {by} at the reconnect");
        }
    }

    #[test]
    fn drift_is_followed_and_a_congestion_is_not() {
        let still = lags(&mut linked(BASE), BASE, 36_000, |_| 0);
        for ppm in [-200, 200] {
            let out = lags(&mut linked(BASE), BASE, 36_000, |t| (t - BASE) / 1_000_000 * ppm);
            let off = |(a, b): (&i64, &i64)| (a - b).abs();
            let most = out.iter().zip(&still).skip(1_200).map(off).max();
            assert!(most < Some(2 * Ns::MS), "{ppm} ppm: {most:?}");
            let first = out.iter().zip(&still).map(off).max();
            assert!(first < Some(30 * Ns::MS), "{ppm} ppm: {first:?}");
        }
        let mut map = linked(BASE);
        lags(&mut map, BASE, 600, |_| 0);
        let congested = lags(&mut map, BASE + 60 * S, 1_190, |_| 500 * Ns::MS);
        assert!(*congested.iter().min().unwrap() > 400 * Ns::MS, "half a second late is seen");
        let after = lags(&mut map, BASE + 180 * S, 600, |_| 0);
        assert!(*after.iter().min().unwrap() < 20 * Ns::MS);
    }

    #[test]
    fn time_never_goes_back_and_a_wild_stamp_costs_its_line() {
        let mut map = linked(BASE);
        lags(&mut map, BASE, 600, |_| 0);
        let mut last = map.at(Ns(BASE + 60 * S));
        for (i, wild) in [0, i64::MAX / 4, BASE - 86_400 * S, BASE + 86_400 * S].iter().enumerate()
        {
            let block = BASE + (61 + i as i64) * S;
            let (now, seen) = map.see(Ns(*wild), Ns(block));
            assert!(now >= last && now.0 - last.0 < 2 * S && seen == Seen::Known, "{now:?}");
            let (now, seen) = map.see(Ns(block + 300 * Ns::MS), Ns(block + 50 * Ns::MS));
            assert!(now >= last && now.0 - last.0 < 2 * S && seen == Seen::Known, "{now:?}");
            last = now;
        }
        assert_eq!(map.breaks(), [8, 0]);
        assert_eq!(map.pass(Ns(BASE + 86_400 * S)), last, "a leap without a block is no time");
    }

    #[test]
    fn a_jump_is_found_by_messages_that_agree() {
        for by in [120 * S, 7_200 * S, -300 * S] {
            let mut map = linked(BASE);
            lags(&mut map, BASE, 600, |_| 0);
            let (mut at, mut jumped, mut last) = (BASE + 60 * S, 0, Ns(0));
            for i in 0..200 {
                at += S / 10;
                let (now, seen) = map.see(Ns(at + 300 * Ns::MS), Ns(at + by));
                assert!(now >= last, "time went back");
                last = now;
                match seen {
                    Seen::Jump => jumped = i,
                    seen => assert_eq!(seen == Seen::Ahead, by > 0 && jumped == 0, "{i}"),
                }
            }
            assert_eq!((jumped, map.breaks()), (19, [0, 1]), "a jump of {by}");
            let lag = map.at(Ns(at + 300 * Ns::MS)).0 - (at + by + map.shift());
            assert!((0..400 * Ns::MS).contains(&lag), "{lag}");
        }
        // Set forward by a little, the clock is believed after half a minute; a congestion never.
        for (set, late, jumps) in [(5 * S, 0, 1), (0, 5 * S, 0)] {
            let mut map = linked(BASE);
            lags(&mut map, BASE, 600, |_| 0);
            for i in 0..600 {
                let at = BASE + 60 * S + i * S / 10;
                let stamp = at + set + late * (900 - i) / 600 + 300 * Ns::MS;
                let lag = map.see(Ns(stamp), Ns(at)).0.0 - at;
                assert!(i < 400 || jumps == 0 || (0..400 * Ns::MS).contains(&lag), "{i}: {lag}");
            }
            assert_eq!(map.breaks(), [0, jumps], "{set} {late}");
        }
        // Control: one coin's old snapshots, or one wrong date, are no jump.
        let mut map = linked(BASE);
        lags(&mut map, BASE, 600, |_| 0);
        let at = BASE + 60 * S;
        for i in 0..100 {
            let stamp = Ns(at + i * S / 10 + 300 * Ns::MS);
            map.see(stamp, Ns(at + i * S / 10));
            let odd = if i % 2 == 0 { BASE - 600 * S } else { at + 999 * S };
            map.see(stamp, Ns(odd));
        }
        assert_eq!(map.breaks(), [0, 0]);
    }
}
