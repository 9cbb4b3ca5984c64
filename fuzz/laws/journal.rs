//! A journal written, cut off, damaged, read, repaired and gone on with.
//!
//! In: bytes. Out: a panic that says which law broke. Cold path.
//!
//! Laws:
//! 1. Whatever is on the disk, reading it ends, and names what is wrong.
//! 2. What is read up to the first damage is a prefix of what was written; what is sound after it
//!    was written, too.
//! 3. A killed process loses nothing it flushed, a power loss nothing that was durable.
//! 4. A repaired journal is clean, keeps its records, and goes on where they end.

use fastrand::Rng;

use super::bytes::Bytes;
use crate::journal::{
    Digest, DiskError, Found, Options, Reader, Recovered, Writer, inspect, repair, segment_name,
};
use crate::laws::disk::{FakeDisk, Fault};
use crate::record::{Lost, NO_COIN, RECORD_BYTES, Record, Regimes, Stop, StopReason};
use crate::units::Ns;

/// The configuration all journals here are written under.
pub const CONFIG: [u64; 2] = [11, 22];

/// `n` records with sequence numbers from `first`; now and then one that stands for lost ones.
#[must_use]
pub fn records(first: u64, n: usize) -> Vec<Record> {
    let mut seq = first;
    let mut out = Vec::new();
    for i in (0u32..).take(n) {
        let body = if i % 17 == 16 {
            let count = 1 + u64::from(i) % 5;
            seq += count - 1;
            Lost { first: seq + 1 - count, count }.into()
        } else if i % 5 == 0 {
            Stop { reason: StopReason::Signal, frames: seq, records: 3 }.into()
        } else {
            Regimes { p: [f64::from(i), -f64::from(i), 0.0, 1.0], sigma_bps: [0.0; 4] }.into()
        };
        let at = Ns(i64::try_from(seq).unwrap_or(i64::MAX).saturating_mul(Ns::MS));
        out.push(Record { seq, at, coin: NO_COIN, body });
        seq += 1;
    }
    out
}

/// Options with small segments.
#[must_use]
pub fn options(segment_bytes: u64) -> Options {
    Options { config: CONFIG, segment_bytes, sync_ns: 10 }
}

/// The records before the first damage are a prefix of `list`; their number.
///
/// # Panics
/// If they are not.
pub fn assert_prefix(disk: &mut FakeDisk, list: &[Record]) -> usize {
    let mut reader = Reader::open(disk).expect("listed");
    let mut n = 0;
    while let Some(Found::Record(r)) = reader.step().expect("readable") {
        assert_eq!(Some(&r), list.get(n), "record {n}");
        n += 1;
    }
    n
}

/// How many of `list` stand below a sequence number.
#[must_use]
pub fn below(list: &[Record], seq: u64) -> usize {
    list.iter().filter(|r| r.seq < seq).count()
}

/// A journal as it was written, and how much of it must be there.
struct Written {
    disk: FakeDisk,
    list: Vec<Record>,
    kept: usize,
}

/// Writes records and ends: finished, killed, without power, or on a disk that failed.
fn write(bytes: &mut Bytes<'_>) -> Written {
    let segment = 128 * (2 + u64::from(bytes.below(12)));
    let list = records(0, 1 + usize::from(bytes.below(48)));
    let mut disk = FakeDisk::new();
    if bytes.below(4) == 0 {
        let fault = bytes.of(&[
            Fault::Short,
            Fault::ShortThenFull,
            Fault::Error(DiskError::Full),
            Fault::Error(DiskError::Io),
        ]);
        disk.fault = Some((u64::from(bytes.byte()), fault));
    }
    let (mut flushed, mut durable) = (0, None);
    let Ok(mut w) = Writer::create(&mut disk, options(segment)) else {
        return Written { disk: disk.killed(), list, kept: 0 };
    };
    for (n, r) in (1..).zip(&list) {
        let healthy = w.append(&r.encode()).is_ok()
            && match bytes.below(4) {
                0 => w.flush().map(|()| flushed = n).is_ok(),
                1 => w.sync().map(|()| flushed = n).is_ok(),
                _ => true,
            };
        durable = w.durable_seq();
        if !healthy {
            assert!(w.failed().is_some() && w.append(&r.encode()).is_err(), "the first is final");
            break;
        }
    }
    let ending = bytes.below(3);
    if ending == 0 && w.finish().is_ok() {
        (flushed, durable) = (list.len(), w.durable_seq());
        assert_eq!(durable, list.last().map(|r| r.seq));
    }
    drop(w);
    let sure = below(&list, durable.map_or(0, |s| s + 1));
    let mut rng = Rng::with_seed(bytes.word());
    let (disk, kept) =
        if ending == 1 { (disk.crash(&mut rng), sure) } else { (disk.killed(), flushed.max(sure)) };
    Written { disk, list, kept }
}

/// Changes files behind the journal's back.
fn damage(bytes: &mut Bytes<'_>, disk: &mut FakeDisk) {
    let name = segment_name(u64::from(bytes.below(6)));
    let mut file = disk.bytes(&name);
    let at = bytes.index(file.len().max(1));
    match bytes.below(8) {
        0 => file.truncate(at),
        1 | 2 => file.get_mut(at).into_iter().for_each(|b| *b ^= 1 << bytes.below(8)),
        3 => file.extend_from_slice(bytes.take(200)),
        4 => {
            // A record's place filled with another record.
            let (from, to) = (at / RECORD_BYTES, usize::from(bytes.below(16)));
            let whole = file.len() / RECORD_BYTES;
            if whole > 0 {
                let (from, to) = (from % whole * RECORD_BYTES, to % whole * RECORD_BYTES);
                file.copy_within(from..from + RECORD_BYTES, to);
            }
        }
        5 => return disk.take(&name),
        6 => file = disk.bytes(&segment_name(u64::from(bytes.below(6)))),
        _ => return disk.put(&format!("{:08}.tmp", bytes.below(6)), &file),
    }
    disk.put(&name, &file);
}

/// Puts a journal made of `bytes` through the laws.
///
/// # Panics
/// When a law breaks.
pub fn recovery(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    if bytes.below(8) == 0 {
        return raw(&mut bytes);
    }
    let Written { mut disk, list, kept } = write(&mut bytes);
    let damages = bytes.below(4);
    (0..damages).for_each(|_| damage(&mut bytes, &mut disk));
    let found = inspect(&mut disk).expect("readable");
    let n = assert_prefix(&mut disk, &list);
    assert_eq!(found.records, n as u64);
    let mut digest = Digest::default();
    list[..n].iter().for_each(|r| digest.update(&r.encode()));
    assert_eq!(found.digest.value(), digest.value());
    let mut reader = Reader::open(&mut disk).expect("listed");
    while let Some(item) = reader.step().expect("readable") {
        if let Found::Record(r) = item {
            assert!(list.contains(&r), "a record that never was: {r:?}");
        }
    }
    if damages == 0 {
        assert!(n >= kept, "{n} of {kept} are there");
    }
    go_on(&mut disk, &list[..n], &found);
}

/// Repairs, writes some more, and reads everything back.
fn go_on(disk: &mut FakeDisk, list: &[Record], found: &Recovered) {
    let repaired = repair(disk, found);
    if found.damages > 0 {
        assert!(repaired.is_err(), "damage is not for guesses");
        return;
    }
    let found = repaired.expect("a healthy disk");
    assert!(found.is_clean() && found.records == list.len() as u64);
    let more = records(found.next_seq, 7);
    let mut w = Writer::resume(&mut *disk, options(512), &found).expect("clean");
    more.iter().for_each(|r| w.append(&r.encode()).expect("a healthy disk"));
    w.finish().expect("a healthy disk");
    drop(w);
    let all = [list, &more].concat();
    assert_eq!(assert_prefix(disk, &all), all.len());
    assert!(inspect(disk).expect("readable").is_clean());
}

/// Bytes as a segment, after a sound header or as they are: never a record that is not sealed.
fn raw(bytes: &mut Bytes<'_>) {
    let header =
        crate::journal::format::Header { number: 0, first_seq: 0, config: CONFIG, previous: 0 };
    let head = if bytes.below(2) > 0 { header.encode().to_vec() } else { Vec::new() };
    let file = [&head[..], bytes.0].concat();
    let mut disk = FakeDisk::new();
    disk.put(&segment_name(0), &file);
    let Ok(found) = inspect(&mut disk) else { return };
    assert!(found.records <= (file.len() / RECORD_BYTES) as u64);
    assert!(file.len() == RECORD_BYTES || found.records > 0 || !found.is_clean());
}
