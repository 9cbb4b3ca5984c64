//! Laws of the journal under faults. See `fake` for the disk.

use fastrand::Rng;

use super::fake::{FakeDisk, Fault};
use super::*;
use crate::record::{Bytes, Lost, NO_COIN, RECORD_BYTES, Record, Stop, StopReason, Warmup};
use crate::units::Ns;

const CONFIG: [u64; 2] = [11, 22];

/// `n` records with sequence numbers from `first`; now and then one that stands for lost ones.
fn records(first: u64, n: usize) -> Vec<Record> {
    let mut seq = first;
    let mut out = Vec::new();
    for i in 0..n {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let part = i as f64 / 7.0;
        let body = if i % 17 == 16 {
            let count = 1 + i as u64 % 5;
            seq += count - 1;
            Lost { first: seq + 1 - count, count }.into()
        } else if i % 5 == 0 {
            Stop { reason: StopReason::Signal, frames: seq, records: 3 }.into()
        } else {
            Warmup { score: part, floor: -part, kappa: 0.0, gamma: 1.0 }.into()
        };
        let at = Ns(1_000_000 * i64::try_from(seq).expect("small"));
        out.push(Record { seq, at, coin: NO_COIN, body });
        seq += 1;
    }
    out
}

fn options(segment_bytes: u64) -> Options {
    Options { config: CONFIG, segment_bytes, sync_ns: 10 }
}

/// Writes all of it; one record a write, so that many operations happen.
fn write(disk: &mut FakeDisk, list: &[Record], segment_bytes: u64) {
    let mut w = Writer::create(disk, options(segment_bytes)).expect("empty folder");
    for r in list {
        w.append(&r.encode()).expect("healthy disk");
        w.flush().expect("healthy disk");
    }
    w.finish().expect("healthy disk");
}

/// Everything that can be read, with the damage.
fn read(disk: &mut FakeDisk) -> (Vec<Record>, Vec<Damage>, Option<Torn>) {
    let mut reader = Reader::open(disk).expect("listed");
    let (mut list, mut damage, mut torn) = (Vec::new(), Vec::new(), None);
    while let Some(found) = reader.step().expect("readable") {
        match found {
            Found::Record(r) => list.push(r),
            Found::Damage(d) => damage.push(d),
            Found::Torn(t) => torn = Some(t),
        }
    }
    (list, damage, torn)
}

#[test]
fn recovery_of_what_was_written_is_the_identity() {
    for n in [0usize, 1, 2, 31, 32, 33, 600, 1500] {
        for segment_bytes in [256, 128 * 33, 1 << 20] {
            let list = records(0, n);
            let mut disk = FakeDisk::new();
            write(&mut disk, &list, segment_bytes);
            let (back, damage, torn) = read(&mut disk);
            assert_eq!(back, list);
            assert_eq!((damage, torn), (vec![], None));
            let found = inspect(&mut disk).expect("readable");
            assert!(found.is_clean());
            assert_eq!(found.records, n as u64);
            assert_eq!(found.next_seq, list.last().map_or(0, |r| r.seq + 1));
            let mut digest = Digest::new();
            list.iter().for_each(|r| digest.update(&r.encode()));
            assert_eq!(found.digest.value(), digest.value());
        }
    }
}
