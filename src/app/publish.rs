//! The hot side of the three queues to the logging thread: records, raw frames, latency laps.
//!
//! In: records of the engine, received bytes, lap times. Out: fixed rings; counts of what did not
//! fit. Hot path: never waits, never allocates.
//!
//! ```text
//!  seq       7    8    9   10   11   12   13
//!  fate      in   full full full in   in   in
//!  ring      7 .................. Lost{first 8, count 3, seq 10} 11  12  13
//! ```
//! 1. `seq_next = first_seq + pushed + dropped`; every number was either pushed or belongs to one gap.
//! 2. A gap is closed by a `Lost` record before anything else is pushed. It takes a place in the
//!    ring but no number of its own: its `seq` is that of the last record it stands for. So
//!    numbers in the journal strictly grow and every jump is a `Lost` with `first` = the number
//!    before plus one and `first + count - 1` = its own.
//! 3. `Σ count of the pushed Lost + open gap = dropped`.
//! 4. The digest covers every record produced, dropped ones included, and no `Lost`.
//! 5. A raw frame is in the ring whole or not at all; frames that did not fit are counted and the
//!    count goes into the ring before the next frame.
//! 6. The rings' memory is resident from the start: their first round costs no page faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};

use super::intake::Intake;
use crate::engine::publish::Publish;
use crate::journal::{Digest, Digests};
use crate::limits::{
    BEHIND_PERCENT, DRAINED_PERCENT, QUEUE_LAPS, QUEUE_RAW_BYTES, QUEUE_RECORDS, queue_for,
};
use crate::record::{Body, Bytes, Lost, NO_COIN, RECORD_BYTES, Record};
use crate::telemetry::counters::Board;
use crate::telemetry::latency::Lap;
use crate::units::{CoinId, Ns};

/// Bytes before a frame in the raw ring: length (u32), session time (i64).
pub const RAW_HEADER: usize = 12;
/// In place of a length: the next eight bytes count frames that did not fit.
pub(super) const RAW_LOST: u32 = u32::MAX;

/// Numbers, hashes and queues the records of a run.
#[derive(Debug)]
pub struct Publisher {
    ring: Producer<Bytes>,
    digest: Digest,
    first: u64,
    next: u64,
    pushed: u64,
    dropped: u64,
    markers: u64,
    /// First lost number and how many, while the ring has been full.
    gap: Option<(u64, u64)>,
    newest: Ns,
    behind: bool,
    /// Set for good by the logging thread when the journal failed.
    failed: Arc<AtomicBool>,
}

/// The rings' hot ends.
#[derive(Debug)]
pub struct Rings {
    /// Records.
    pub records: Publisher,
    /// Raw frames, where they are recorded.
    pub raw: Option<RawTap>,
    /// Laps.
    pub laps: Laps,
    /// Counters, for the logging thread.
    pub board: Arc<Board>,
}

impl Rings {
    /// Rings with room for so many coins, and their cold ends. From which record the run goes on, and
    /// the digest of those before it; whether raw frames are recorded.
    pub fn new(coins: usize, (next, digest): (u64, Digest), raw: bool) -> (Rings, Intake) {
        let room = |base| queue_for(coins, base);
        let (records, taken) = Publisher::new(room(QUEUE_RECORDS), next, digest);
        let (laps, lapped) = Laps::new(room(QUEUE_LAPS));
        let (tap, raw) = raw.then(|| RawTap::new(room(QUEUE_RAW_BYTES))).unzip();
        let board = Arc::new(Board::default());
        let (failed, counters) = (records.failure_flag(), Arc::clone(&board));
        let intake = Intake { records: taken, raw, laps: Some(lapped), failed, counters };
        (Rings { records, raw: tap, laps, board }, intake)
    }

    /// Writes the pending notes of what was lost if the rings have room; `true` if none is pending.
    pub fn flush_lost_markers(&mut self) -> bool {
        let raw = self.raw.as_mut().is_none_or(RawTap::flush_lost_marker);
        self.records.flush_lost_marker() && raw
    }
}

/// An empty ring every place of which was written once.
fn resident<T: Copy>(capacity: usize, with: T) -> (Producer<T>, Consumer<T>) {
    let (mut producer, mut consumer) = RingBuffer::new(capacity);
    if let Ok(room) = producer.write_chunk_uninit(capacity) {
        room.fill_from_iter(std::iter::repeat_n(with, capacity));
    }
    if let Ok(all) = consumer.read_chunk(consumer.slots()) {
        all.commit_all();
    }
    (producer, consumer)
}

/// What became of a run's records on the hot side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The number of the first record.
    pub first_seq: u64,
    /// The number after the last record.
    pub next_seq: u64,
    /// Records pushed, `Lost` not among them.
    pub pushed: u64,
    /// Records that found the ring full.
    pub dropped: u64,
    /// `Lost` records pushed.
    pub markers: u64,
    /// Dropped records no `Lost` speaks of yet.
    pub open_gap: u64,
    /// Digests of all records produced.
    pub digest: Digests,
}

impl Publisher {
    /// A publisher and the end of its ring, with room for `capacity` records. Numbering begins at
    /// `first_seq` and the digest goes on from `digest` (`0` and a new one for a new run).
    pub fn new(capacity: usize, first_seq: u64, digest: Digest) -> (Publisher, Consumer<Bytes>) {
        let (ring, consumer) = resident(capacity, [0; RECORD_BYTES]);
        let publisher = Publisher {
            ring,
            digest,
            first: first_seq,
            next: first_seq,
            pushed: 0,
            dropped: 0,
            markers: 0,
            gap: None,
            newest: Ns(0),
            behind: false,
            failed: Arc::default(),
        };
        (publisher, consumer)
    }

    /// The flag by which the logging thread says that the journal failed; from then on the engine
    /// sees that it is behind, permanently. An atomic load a turn, no lock.
    pub fn failure_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.failed)
    }

    /// Whether the journal failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Whether the state of the queue changed for the engine: `Some(true)` from 75 % full or with
    /// the first dropped record on, or when the journal failed; `Some(false)` when less than 25 %
    /// is used and no lost record is unreported. The caller makes it `Event::Behind`. Ask once a turn.
    pub fn behind(&mut self) -> Option<bool> {
        self.flush_lost_marker();
        let capacity = self.ring.buffer().capacity();
        let used = capacity - self.ring.slots();
        let bound = if self.behind { DRAINED_PERCENT } else { BEHIND_PERCENT };
        let behind = self.gap.is_some() || used * 100 >= capacity * bound || self.has_failed();
        let changed = behind != self.behind;
        self.behind = behind;
        changed.then_some(behind)
    }

    /// Writes the pending `Lost` record if the ring has room; `true` if none is pending.
    pub fn flush_lost_marker(&mut self) -> bool {
        let Some((first, count)) = self.gap else { return true };
        let seq = first + (count - 1);
        let body = Lost { first, count }.into();
        let marker = Record { seq, at: self.newest, coin: NO_COIN, body };
        if self.ring.push(marker.encode()).is_err() {
            return false;
        }
        self.markers += 1;
        self.gap = None;
        true
    }

    /// The counts so far.
    pub fn published(&self) -> Published {
        Published {
            first_seq: self.first,
            next_seq: self.next,
            pushed: self.pushed,
            dropped: self.dropped,
            markers: self.markers,
            open_gap: self.gap.map_or(0, |g| g.1),
            digest: self.digest.value(),
        }
    }

    /// The number the next record gets.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    #[cold]
    #[inline(never)]
    fn drop_one(&mut self, seq: u64) {
        self.dropped += 1;
        self.gap = match self.gap {
            None => Some((seq, 1)),
            Some((first, count)) => Some((first, count + 1)),
        };
    }
}

impl Publish for Publisher {
    fn publish(&mut self, at: Ns, coin: CoinId, body: impl Into<Body>) {
        let seq = self.next;
        self.next += 1;
        self.newest = at;
        let bytes = Record { seq, at, coin, body: body.into() }.encode();
        self.digest.update(&bytes);
        let pending = self.gap.is_some() && !self.flush_lost_marker();
        if pending || self.ring.push(bytes).is_err() {
            self.drop_one(seq);
        } else {
            self.pushed += 1;
        }
        debug_assert_eq!(self.next - self.first, self.pushed + self.dropped);
    }
}

/// The hot end of the ring of raw frames.
#[derive(Debug)]
pub struct RawTap {
    ring: Producer<u8>,
    /// Frames dropped that the ring does not mention yet.
    unreported: u64,
    dropped: u64,
}

impl RawTap {
    /// A tap and the end of its ring, `bytes` long.
    pub fn new(bytes: usize) -> (RawTap, Consumer<u8>) {
        let (ring, consumer) = resident(bytes, 0);
        (RawTap { ring, unreported: 0, dropped: 0 }, consumer)
    }

    /// Offers one frame. `false`: it did not fit and was counted.
    pub fn offer(&mut self, at: Ns, frame: &[u8]) -> bool {
        let reported = self.flush_lost_marker();
        let length = u32::try_from(frame.len()).ok().filter(|n| *n != RAW_LOST);
        let (Some(length), true) = (length, reported) else { return self.drop_one() };
        let Ok(mut room) = self.ring.write_chunk(RAW_HEADER + frame.len()) else {
            return self.drop_one();
        };
        let (a, b) = room.as_mut_slices();
        let rest = fill(a, b, 0, &length.to_le_bytes());
        let rest = fill(a, b, rest, &at.0.to_le_bytes());
        fill(a, b, rest, frame);
        room.commit_all();
        true
    }

    /// Writes the pending count of dropped frames if the ring has room; `true` if none is pending.
    pub fn flush_lost_marker(&mut self) -> bool {
        if self.unreported == 0 {
            return true;
        }
        let mut note = [0u8; RAW_HEADER];
        note[..4].copy_from_slice(&RAW_LOST.to_le_bytes());
        note[4..].copy_from_slice(&self.unreported.to_le_bytes());
        if self.ring.push_entire_slice(&note).is_err() {
            return false;
        }
        self.unreported = 0;
        true
    }

    /// Frames dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    #[cold]
    #[inline(never)]
    fn drop_one(&mut self) -> bool {
        self.unreported += 1;
        self.dropped += 1;
        false
    }
}

/// Copies `from` to position `at` of two slices laid end to end; gives the position after it.
fn fill(a: &mut [u8], b: &mut [u8], at: usize, from: &[u8]) -> usize {
    let in_a = a.len().saturating_sub(at).min(from.len());
    let (head, tail) = from.split_at(in_a);
    if in_a > 0 {
        a[at..at + in_a].copy_from_slice(head);
    }
    if !tail.is_empty() {
        let at = (at + in_a) - a.len();
        b[at..at + tail.len()].copy_from_slice(tail);
    }
    at + from.len()
}

/// The hot end of the ring of laps.
#[derive(Debug)]
pub struct Laps {
    ring: Producer<Lap>,
    dropped: u64,
}

impl Laps {
    /// A lap counter and the end of its ring, with room for `capacity` laps.
    pub fn new(capacity: usize) -> (Laps, Consumer<Lap>) {
        let (ring, consumer) = resident(capacity, Lap::default());
        (Laps { ring, dropped: 0 }, consumer)
    }

    /// Sends one lap; drops it where the ring is full.
    pub fn push(&mut self, lap: Lap) {
        if self.ring.push(lap).is_err() {
            self.dropped += 1;
        }
    }

    /// Laps dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use fastrand::Rng;

    use super::*;
    use crate::record::Regimes;

    fn body(n: u64) -> Regimes {
        let score = f64::from(u32::try_from(n).expect("small"));
        Regimes { p: [score, 0.0, 0.0, 0.0], sigma_bps: [0.0; 4] }
    }

    /// The reader's law on what came out of the ring: `Ok(lost)`, or the number that breaks it.
    fn law(first: u64, records: &[Record]) -> Result<u64, u64> {
        let (mut next, mut lost) = (first, 0);
        for r in records {
            match r.body {
                Body::Lost(l) if l.first == next && l.count > 0 && r.seq == next + l.count - 1 => {
                    lost += l.count;
                }
                Body::Lost(_) => return Err(r.seq),
                _ if r.seq == next => {}
                _ => return Err(r.seq),
            }
            next = r.seq + 1;
        }
        Ok(lost)
    }

    fn identities(p: &Publisher, popped: &[Record], queued: usize) {
        let c = p.published();
        assert_eq!(c.next_seq - c.first_seq, c.pushed + c.dropped);
        assert_eq!(popped.len() as u64 + queued as u64, c.pushed + c.markers);
    }

    /// Every string of operations up to a length, on rings of 1 to 4 places.
    #[test]
    fn small_scope_is_exact() {
        const LENGTH: u32 = 9;
        for capacity in 1..=4 {
            for first in [0, 1000] {
                for string in 0..3u32.pow(LENGTH) {
                    let (mut p, mut c) = Publisher::new(capacity, first, Digest::default());
                    let (mut popped, mut all) = (Vec::new(), Digest::default());
                    let mut digits = string;
                    for _ in 0..LENGTH {
                        match digits % 3 {
                            0 => {
                                let (seq, body) = (p.next_seq(), body(p.next_seq()));
                                p.publish(Ns(5), CoinId(1), body);
                                let body = body.into();
                                let r = Record { seq, at: Ns(5), coin: CoinId(1), body };
                                all.update(&r.encode());
                            }
                            1 => popped
                                .extend(c.pop().ok().map(|b| Record::decode(&b).expect("known"))),
                            _ => {
                                p.flush_lost_marker();
                            }
                        }
                        digits /= 3;
                        identities(&p, &popped, c.slots());
                    }
                    let mut queued = popped.clone();
                    while let Ok(b) = c.pop() {
                        queued.push(Record::decode(&b).expect("known"));
                    }
                    let lost = law(first, &queued);
                    assert_eq!(lost, Ok(p.published().dropped - p.published().open_gap));
                    // Room again: nothing stays unreported, and then the counts are whole.
                    assert!(p.flush_lost_marker());
                    while let Ok(b) = c.pop() {
                        queued.push(Record::decode(&b).expect("known"));
                    }
                    assert_eq!(law(first, &queued), Ok(p.published().dropped));
                    assert_eq!(p.published().digest, all.value());
                }
            }
        }
    }

    #[test]
    fn the_law_notices_a_planted_fault() {
        let record = |seq, body| Record { seq, at: Ns(0), coin: NO_COIN, body };
        let lost = |first, count| Lost { first, count }.into();
        let x = body(0).into();
        assert_eq!(law(0, &[record(0, x), record(2, lost(1, 2)), record(3, x)]), Ok(2));
        for bad in [
            // The marker after the next record, too few, too many, with a number of its own, none.
            vec![record(0, x), record(3, x), record(2, lost(1, 2))],
            vec![record(0, x), record(1, lost(1, 1)), record(3, x)],
            vec![record(0, x), record(3, lost(1, 3)), record(3, x)],
            vec![record(0, x), record(3, lost(1, 2)), record(4, x)],
            vec![record(0, x), record(2, x)],
        ] {
            assert!(law(0, &bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn behind_and_drained_by_the_thresholds() {
        let (mut p, mut c) = Publisher::new(100, 0, Digest::default());
        for n in 0..100 {
            assert_eq!(p.behind(), (n == 75).then_some(true), "{n} queued");
            p.publish(Ns(1), NO_COIN, body(n));
        }
        p.publish(Ns(1), NO_COIN, body(100));
        assert_eq!((p.behind(), p.published().open_gap), (None, 1));
        // 101 produced; the first pop makes room for the marker, which `behind` writes.
        for left in (0..100).rev() {
            let _ = c.pop();
            let queued = c.slots();
            let change = p.behind();
            assert_eq!(p.published().open_gap, 0);
            assert_eq!(change, (queued == 24).then_some(false), "{left} left, {queued} queued");
        }
    }

    #[test]
    fn a_failed_journal_is_behind_for_good() {
        let (mut p, _c) = Publisher::new(8, 0, Digest::default());
        assert_eq!(p.behind(), None);
        p.failure_flag().store(true, Ordering::Relaxed);
        assert_eq!((p.behind(), p.behind()), (Some(true), None));
    }

    /// Frames come out whole, in order, with the count of the missing ones in its place.
    #[test]
    fn raw_ring_against_a_model() {
        for seed in 0..300 {
            let mut rng = Rng::with_seed(seed);
            let bytes = rng.usize(RAW_HEADER + 1..400);
            let (mut tap, mut ring) = RawTap::new(bytes);
            let mut model: VecDeque<Result<(i64, Vec<u8>), u64>> = VecDeque::new();
            let (mut offered, mut seen, mut missing) = (0u64, 0u64, 0u64);
            let mut take = |ring: &mut Consumer<u8>, model: &mut VecDeque<_>| {
                let mut head = [0u8; RAW_HEADER];
                if ring.pop_entire_slice(&mut head).is_err() {
                    return false;
                }
                let length = u32::from_le_bytes(head[..4].try_into().expect("four"));
                let eight: [u8; 8] = head[4..].try_into().expect("eight");
                let got = if length == RAW_LOST {
                    missing += u64::from_le_bytes(eight);
                    Err(u64::from_le_bytes(eight))
                } else {
                    let mut frame = vec![0; usize::try_from(length).expect("small")];
                    ring.pop_entire_slice(&mut frame).expect("whole");
                    seen += 1;
                    Ok((i64::from_le_bytes(eight), frame))
                };
                assert_eq!(model.pop_front(), Some(got), "seed {seed}");
                true
            };
            let mut unreported = 0;
            for at in 0..400 {
                if rng.u8(..3) > 0 {
                    let frame: Vec<u8> = (0..rng.usize(..120)).map(|_| rng.u8(..)).collect();
                    let (before, room) = (tap.dropped(), ring.buffer().capacity() - ring.slots());
                    let reported = unreported == 0 || room >= RAW_HEADER;
                    if reported && unreported > 0 {
                        model.push_back(Err(unreported));
                        unreported = 0;
                    }
                    let fits = tap.offer(Ns(at), &frame);
                    offered += 1;
                    if fits {
                        model.push_back(Ok((at, frame)));
                    } else {
                        unreported += 1;
                    }
                    assert_eq!(tap.dropped() - before, u64::from(!fits));
                } else {
                    take(&mut ring, &mut model);
                }
            }
            while take(&mut ring, &mut model) {}
            if unreported > 0 {
                assert!(tap.flush_lost_marker());
                model.push_back(Err(unreported));
                assert!(take(&mut ring, &mut model));
            }
            assert_eq!((model.len(), missing), (0, tap.dropped()));
            assert_eq!(offered, seen + missing);
        }
    }

    #[test]
    fn laps_are_counted_when_dropped() {
        let (mut laps, mut ring) = Laps::new(2);
        (0..5).for_each(|n| laps.push(Lap { read: n, ..Lap::default() }));
        assert_eq!(laps.dropped(), 3);
        assert_eq!((ring.pop().map(|l| l.read), ring.pop().map(|l| l.read)), (Ok(0), Ok(1)));
    }
}
