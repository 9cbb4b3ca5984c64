//! Laws of the journal under faults. See `fake` for the disk.

use fastrand::Rng;

use super::format::HeaderFault;
use super::reader::{Cause, Damage, Torn};
use super::writer::Step;
use super::*;
use crate::laws::disk::{FakeDisk, Fault};
use crate::laws::journal::{assert_prefix, below, options, records};
use crate::record::{RECORD_BYTES, Record};
use crate::units::Ns;

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
            let mut digest = Digest::default();
            list.iter().for_each(|r| digest.update(&r.encode()));
            assert_eq!(found.digest.value(), digest.value());
        }
    }
}

/// The file of one segment with these records.
fn file(list: &[Record]) -> Vec<u8> {
    let mut disk = FakeDisk::new();
    write(&mut disk, list, 1 << 30);
    disk.bytes(&segment_name(0))
}

#[test]
fn a_file_cut_at_any_byte_gives_the_floor_prefix() {
    let list = records(0, 200);
    let whole = file(&list);
    assert_eq!(whole.len(), 201 * RECORD_BYTES);
    for cut in 0..=whole.len() {
        let mut disk = FakeDisk::new();
        disk.put(&segment_name(0), &whole[..cut]);
        let (back, damage, torn) = read(&mut disk);
        let full = (cut / RECORD_BYTES).saturating_sub(1);
        assert_eq!(back, list[..full], "cut at {cut}");
        assert_eq!(damage, vec![], "cut at {cut}");
        let keep = if cut < RECORD_BYTES { 0 } else { cut - cut % RECORD_BYTES } as u64;
        let rest = cut as u64 - keep;
        let want = (rest > 0 || cut == 0).then_some(Torn { segment: 0, keep, cut: rest });
        assert_eq!(torn, want, "cut at {cut}");
    }
}

#[test]
fn a_repaired_tail_goes_on_where_the_prefix_ends() {
    let list = records(0, 40);
    let whole = file(&list);
    for cut in (0..whole.len()).step_by(37) {
        let mut disk = FakeDisk::new();
        disk.put(&segment_name(0), &whole[..cut]);
        disk.put("00000001.tmp", b"unfinished");
        let found = inspect(&mut disk).expect("readable");
        if found.torn.is_some() {
            assert!(Writer::resume(&mut disk, options(1 << 20), &found).is_err());
        }
        let found = repair(&mut disk, &found).expect("repaired");
        assert!(found.is_clean());
        let kept = usize::try_from(found.records).expect("small");
        let more = records(found.next_seq, 9);
        let mut w = Writer::resume(&mut disk, options(1 << 20), &found).expect("resumed");
        more.iter().for_each(|r| w.append(&r.encode()).expect("healthy"));
        w.finish().expect("healthy");
        let (back, damage, torn) = read(&mut disk);
        assert_eq!(back, [&list[..kept], &more].concat(), "cut at {cut}");
        assert_eq!((damage, torn), (vec![], None));
    }
}

/// What stands before the first damage must be a prefix, and what comes later one of the
/// originals in their order.
fn assert_honest(disk: &mut FakeDisk, list: &[Record], what: &str) -> bool {
    let mut reader = Reader::open(disk).expect("listed");
    let (mut clean, mut at) = (true, 0);
    loop {
        match reader.step() {
            Ok(Some(Found::Record(r))) => {
                let skip = list[at..].iter().position(|x| *x == r);
                let skip = skip.unwrap_or_else(|| panic!("{what}: a record that never was: {r:?}"));
                assert!(skip == 0 || !clean, "{what}: skipped silently before {}", r.seq);
                at += skip + 1;
            }
            Ok(Some(Found::Damage(_) | Found::Torn(_))) => clean = false,
            Ok(None) => return clean && at == list.len(),
            Err(e) => panic!("{what}: {e:?}"),
        }
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let list = records(0, 31);
    let whole = file(&list);
    assert_eq!(whole.len(), 4096);
    for bit in 0..whole.len() * 8 {
        let mut bad = whole.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let mut disk = FakeDisk::new();
        disk.put(&segment_name(0), &bad);
        assert!(!assert_honest(&mut disk, &list, &format!("bit {bit}")), "bit {bit}");
    }
    let mut disk = FakeDisk::new();
    disk.put(&segment_name(0), &whole);
    assert!(assert_honest(&mut disk, &list, "control"));
}

#[test]
fn every_flipped_bit_of_a_finished_segment_is_damage() {
    let list = records(0, 14);
    let mut good = FakeDisk::new();
    write(&mut good, &list, 128 * 8);
    let (first, second) = (good.bytes(&segment_name(0)), good.bytes(&segment_name(1)));
    assert_eq!((first.len(), second.len()), (1024, 1024));
    for bit in 0..first.len() * 8 {
        let mut bad = first.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let mut disk = FakeDisk::new();
        disk.put(&segment_name(0), &bad);
        disk.put(&segment_name(1), &second);
        let (back, damage, torn) = read(&mut disk);
        assert!(!damage.is_empty(), "bit {bit}");
        assert_eq!(torn, None, "bit {bit}");
        // Only the record hit is gone, and the range names it.
        let hit = bit / 8 / RECORD_BYTES;
        let want: Vec<Record> =
            (0..list.len()).filter(|i| hit == 0 || *i != hit - 1).map(|i| list[i]).collect();
        assert_eq!(back, want, "bit {bit}");
        let from = (hit * RECORD_BYTES) as u64;
        assert_eq!((damage[0].segment, damage[0].from, damage[0].to), (0, from, from + 128));
    }
}

#[test]
fn moved_records_are_damage() {
    let list = records(0, 16);
    let whole = file(&list);
    let slot = |i: usize| (i + 1) * RECORD_BYTES..(i + 2) * RECORD_BYTES;
    for i in 0..16 {
        for j in 0..16 {
            if i == j {
                continue;
            }
            let mut copied = whole.clone();
            copied[slot(j)].copy_from_slice(&whole[slot(i)]);
            let mut swapped = copied.clone();
            swapped[slot(i)].copy_from_slice(&whole[slot(j)]);
            for (name, bytes) in [("copied", copied), ("swapped", swapped)] {
                let mut disk = FakeDisk::new();
                disk.put(&segment_name(0), &bytes);
                let (back, damage, torn) = read(&mut disk);
                let what = format!("{name} {i} to {j}");
                assert!(!damage.is_empty() && torn.is_none(), "{what}");
                assert!(back.windows(2).all(|w| w[0].seq < w[1].seq), "{what}");
                // Up to the first place touched nothing may differ.
                let until = if name == "copied" { j } else { i.min(j) };
                assert_eq!(back[..until], list[..until], "{what}");
            }
        }
    }
    // A record taken out with everything after it moved up.
    for i in 0..15 {
        let mut bytes = whole.clone();
        bytes.drain(slot(i));
        let mut disk = FakeDisk::new();
        disk.put(&segment_name(0), &bytes);
        let (_, damage, _) = read(&mut disk);
        // The first record is held by the header's `first_seq`.
        assert_eq!(damage.len(), 1, "without {i}: {damage:?}");
        assert!(matches!(damage[0].cause, Cause::Sequence { .. }), "without {i}");
    }
}

#[test]
fn missing_exchanged_and_doubled_segments_are_damage() {
    let list = records(0, 4 * 7);
    let mut good = FakeDisk::new();
    write(&mut good, &list, 128 * 8);
    let name = segment_name;
    for i in 0..4 {
        let mut disk = good.clone();
        disk.take(&name(i));
        let (back, damage, _) = read(&mut disk);
        // The last one leaves no trace but the missing `Stop`: a kill looks the same.
        assert_eq!(damage.is_empty(), i == 3, "without {i}");
        assert_eq!(back.len(), 21);
        if i < 3 {
            assert_eq!(damage[0].cause, Cause::Missing(1));
            assert_eq!(damage[0].segment, i);
        }
        for j in 0..4 {
            if i == j {
                continue;
            }
            let mut swapped = good.clone();
            swapped.put(&name(i), &good.bytes(&name(j)));
            let mut doubled = swapped.clone();
            swapped.put(&name(j), &good.bytes(&name(i)));
            doubled.put(&name(4), &good.bytes(&name(3)));
            for (what, disk) in [("swapped", &mut swapped), ("doubled", &mut doubled)] {
                let (back, damage, _) = read(disk);
                assert!(!damage.is_empty(), "{what} {i} {j}");
                assert!(back.windows(2).all(|w| w[0].seq < w[1].seq), "{what} {i} {j}");
            }
        }
    }
    // Cut at a record's border: only the chain and the next header know.
    let mut disk = good.clone();
    disk.put(&name(1), &good.bytes(&name(1))[..128 * 5]);
    let (_, damage, torn) = read(&mut disk);
    assert_eq!((damage.len(), torn), (1, None));
    assert_eq!(damage[0].cause, Cause::Chain);
    // Within a record.
    disk.put(&name(1), &good.bytes(&name(1))[..128 * 5 + 1]);
    let (_, damage, torn) = read(&mut disk);
    assert_eq!((damage[0].cause, torn), (Cause::Partial, None));
    // A segment of another run under the same configuration.
    let mut other = FakeDisk::new();
    let mut list = list;
    list[0].at = Ns(1);
    write(&mut other, &list, 128 * 8);
    disk = good.clone();
    disk.put(&name(1), &other.bytes(&name(1)));
    let (_, damage, _) = read(&mut disk);
    assert_eq!(damage[0].cause, Cause::Chain);
}

#[test]
fn another_version_is_refused() {
    let mut bytes = file(&records(0, 3));
    bytes[8] = 2;
    let crc = crc32c::crc32c(&bytes[..124]);
    bytes[124..128].copy_from_slice(&crc.to_le_bytes());
    let mut disk = FakeDisk::new();
    disk.put(&segment_name(0), &bytes);
    let want = ReadError::Version { layout: 2, alphabet: crate::record::FORMAT_VERSION };
    assert_eq!(inspect(&mut disk).map(|r| r.records), Err(want));
}

#[test]
fn a_second_journal_and_another_configuration_are_refused() {
    let mut disk = FakeDisk::new();
    write(&mut disk, &records(0, 3), 1 << 20);
    let again = Writer::create(&mut disk, options(1 << 20)).map(|_| ());
    assert_eq!(again, Err(Failed { at: 0, step: Step::Open, error: DiskError::Exists }));
    let found = inspect(&mut disk).expect("readable");
    let other = Options { config: [1, 1], ..options(1 << 20) };
    assert!(Writer::resume(&mut disk, other, &found).is_err());
    assert!(Writer::resume(&mut disk, options(1 << 20), &found).is_ok());
}

#[test]
fn a_segment_removed_or_cut_while_open_fails_the_journal() {
    let list = records(0, 20);
    for cut in [false, true] {
        let mut disk = FakeDisk::new();
        let mut w = Writer::create(&mut disk, options(128 * 8)).expect("new");
        list[..5].iter().for_each(|r| w.append(&r.encode()).expect("healthy"));
        w.sync().expect("healthy");
        let disk = w.disk_mut();
        if cut {
            disk.truncate(&segment_name(0), 200).expect("healthy");
        } else {
            disk.take(&segment_name(0));
        }
        let failed = list[5..].iter().find_map(|r| w.append(&r.encode()).err()).expect("noticed");
        assert_eq!((failed.step, failed.error), (Step::Check, DiskError::Missing));
        assert_eq!(w.finish(), Err(failed));
    }
}

#[test]
fn batches_are_bounded_and_sync_follows_the_interval() {
    let list = records(0, 2000);
    let mut disk = FakeDisk::new();
    let mut w = Writer::create(&mut disk, options(1 << 30)).expect("new");
    w.tick(Ns(0)).expect("healthy");
    for r in &list {
        w.append(&r.encode()).expect("healthy");
    }
    assert_eq!(w.durable_seq(), None);
    w.tick(Ns(9)).expect("healthy");
    assert_eq!(w.durable_seq(), None);
    w.tick(Ns(10)).expect("healthy");
    assert_eq!(w.durable_seq(), list.last().map(|r| r.seq));
    w.tick(Ns(50)).expect("healthy");
    assert_eq!(w.disk_mut().largest, crate::limits::JOURNAL_BATCH_BYTES);
    // One for the header, one for the records; nothing new, nothing to sync.
    assert_eq!(w.disk_mut().syncs, 2);
}

/// Runs a journal under a fault; how far it was durable and where it failed.
fn run_with_fault(disk: &mut FakeDisk, list: &[Record]) -> (u64, Option<Failed>) {
    let mut w = match Writer::create(disk, options(128 * 9)) {
        Ok(w) => w,
        Err(failed) => return (0, Some(failed)),
    };
    for (i, r) in list.iter().enumerate() {
        let _ = w.append(&r.encode());
        if i % 3 == 0 {
            let _ = w.flush();
        }
        let _ = w.tick(Ns(i64::try_from(i).expect("small") * 2));
    }
    let end = w.finish();
    assert_eq!(end.err(), w.failed());
    let before = w.disk_mut().operations;
    if let Some(failed) = w.failed() {
        assert_eq!(w.append(&list[0].encode()), Err(failed), "final");
        assert_eq!(
            (w.flush(), w.sync(), w.tick(Ns(1 << 40))),
            (Err(failed), Err(failed), Err(failed))
        );
        assert_eq!(w.disk_mut().operations, before, "nothing is tried again");
        assert_eq!(failed.at, w.durable_seq().map_or(0, |s| s + 1));
    }
    (w.durable_seq().map_or(0, |s| s + 1), w.failed())
}

#[test]
fn the_nth_operation_fails_for_every_n() {
    let list = records(0, 60);
    let mut healthy = FakeDisk::new();
    assert_eq!(run_with_fault(&mut healthy, &list).1, None);
    let operations = healthy.operations;
    assert!(operations > 80, "{operations}");
    let mut rng = Rng::with_seed(3);
    for n in 0..operations {
        for fault in [
            Fault::Error(DiskError::Full),
            Fault::Error(DiskError::Io),
            Fault::Short,
            Fault::ShortThenFull,
        ] {
            let mut disk = FakeDisk::new();
            disk.fault = Some((n, fault));
            let (durable, failed) = run_with_fault(&mut disk, &list);
            let what = format!("operation {n}, {fault:?}");
            match fault {
                Fault::Short => assert_eq!(failed, None, "{what}"),
                Fault::Error(e) => assert_eq!(failed.expect(&what).error, e, "{what}"),
                Fault::ShortThenFull => {}
            }
            let after = [disk.killed(), disk.crash(&mut rng), disk.crash(&mut rng)];
            for (i, mut after) in after.into_iter().enumerate() {
                let found = inspect(&mut after).expect("readable");
                let kept = usize::try_from(found.records).expect("small");
                assert!(kept >= below(&list, durable), "{what}: durable records are gone");
                assert!(assert_prefix(&mut after, &list) >= kept, "{what}");
                if i == 0 {
                    assert_eq!(found.damages, 0, "{what}");
                    let found = repair(&mut after, &found).expect("repaired");
                    assert!(found.is_clean(), "{what}");
                }
            }
        }
    }
}

#[test]
fn reading_and_repairing_fail_cleanly_at_every_operation() {
    let list = records(0, 30);
    let mut torn = FakeDisk::new();
    write(&mut torn, &list, 128 * 8);
    let last = segment_name(4);
    let bytes = torn.bytes(&last);
    torn.put(&last, &bytes[..bytes.len() - 5]);
    torn.put("00000005.tmp", b"x");
    torn.operations = 0;
    for n in 0..200 {
        let mut disk = torn.clone();
        disk.fault = Some((n, Fault::Error(DiskError::Io)));
        let done = inspect(&mut disk).and_then(|found| repair(&mut disk, &found));
        let refused = done.as_ref().err().copied();
        disk.fault = None;
        let found = inspect(&mut disk).expect("readable");
        assert_eq!(found.records, 29, "operation {n}");
        if refused.is_none() {
            assert!(found.is_clean());
            assert!(n > 20, "every operation before was hit");
            return;
        }
        assert_eq!(refused, Some(ReadError::Disk(DiskError::Io)));
    }
    panic!("never got through");
}

/// A run of random writes, cut off by a power loss; `false` where a durable record is gone.
fn crash_once(seed: u64, lies: bool) -> bool {
    let mut rng = Rng::with_seed(seed);
    let list = records(rng.u64(..1000), rng.usize(1..400));
    let mut disk = FakeDisk::new();
    disk.lies = lies;
    let segment = 128 * rng.u64(2..60);
    let start = Recovered { next_seq: list[0].seq, ..Recovered::default() };
    let mut w = Writer::resume(&mut disk, options(segment), &start).expect("new");
    let (flush, sync) = (rng.usize(1..40), rng.usize(1..120));
    for r in &list {
        w.append(&r.encode()).expect("healthy");
        if rng.usize(..flush) == 0 {
            w.flush().expect("healthy");
        }
        if rng.usize(..sync) == 0 {
            w.sync().expect("healthy");
        }
    }
    let durable = w.durable_seq().map_or(0, |s| s + 1);
    let mut after = disk.crash(&mut rng);
    let found = inspect(&mut after).expect("readable");
    let kept = usize::try_from(found.records).expect("small");
    assert_eq!(assert_prefix(&mut after, &list), kept, "seed {seed}");
    if !lies {
        // What is not durable is all in the last segment, so only it may be hurt.
        assert!(found.damage.iter().all(|d| d.segment + 1 == found.segments), "seed {seed}");
    }
    kept >= below(&list, durable)
}

#[test]
fn a_power_loss_keeps_what_was_durable() {
    for seed in 0..3000 {
        assert!(crash_once(seed, false), "seed {seed}");
    }
    // Negative control: on a disk that lies the same check must fail.
    assert!((0..50).any(|seed| !crash_once(seed, true)));
}

#[test]
fn a_hundred_generations_in_one_folder() {
    let mut rng = Rng::with_seed(7);
    let mut disk = FakeDisk::new();
    let mut truth: Vec<Record> = Vec::new();
    let mut damaged = 0;
    for generation in 0..100 {
        let mut found = inspect(&mut disk).expect("readable");
        if found.damages > 0 {
            // Sectors of one batch came back in part: people decide; here, to cut.
            damaged += 1;
            let d = found.damage[0];
            disk.truncate(&segment_name(d.segment), d.from).expect("healthy");
            found = inspect(&mut disk).expect("readable");
        }
        let found = repair(&mut disk, &found).expect("repaired");
        let kept = usize::try_from(found.records).expect("small");
        truth.truncate(kept);
        assert_eq!(assert_prefix(&mut disk, &truth), kept, "generation {generation}");
        let more = records(found.next_seq, rng.usize(1..80));
        let mut w = Writer::resume(&mut disk, options(128 * 20), &found).expect("resumed");
        for r in &more {
            w.append(&r.encode()).expect("healthy");
            if rng.u8(..20) == 0 {
                w.sync().expect("healthy");
            }
            if rng.u8(..4) == 0 {
                w.flush().expect("healthy");
            }
        }
        let durable = w.durable_seq().map_or(0, |s| s + 1);
        truth.extend(more);
        disk = if rng.bool() { disk.killed() } else { disk.crash(&mut rng) };
        let after = inspect(&mut disk).expect("readable");
        assert!(after.records >= below(&truth, durable) as u64, "generation {generation}");
        assert!(after.records >= kept as u64, "generation {generation}");
    }
    assert!(truth.len() > 1000 && damaged > 0, "{} {damaged}", truth.len());
}

#[test]
fn arbitrary_bytes_never_read_as_records() {
    let mut rng = Rng::with_seed(11);
    let whole = file(&records(0, 20));
    for _ in 0..2000 {
        let n = rng.usize(..3000);
        let mut bytes: Vec<u8> = (0..n).map(|_| rng.u8(..)).collect();
        if rng.bool() {
            let head = bytes.len().min(128);
            bytes[..head].copy_from_slice(&whole[..head]);
        }
        let mut disk = FakeDisk::new();
        disk.put(&segment_name(0), &bytes);
        let (back, damage, torn) = read(&mut disk);
        assert_eq!(back, vec![]);
        assert!(n == 128 || !damage.is_empty() || torn.is_some());
    }
}

#[test]
fn damage_and_failures_are_sentences() {
    let damage = Damage { segment: 3, from: 128, to: 256, seq: 41, cause: Cause::Checksum };
    assert_eq!(
        damage.to_string(),
        "damage in segment 3, bytes 128 to 256, from record 41 on: a checksum is wrong"
    );
    let header = Cause::Header(HeaderFault::Magic);
    assert_eq!(header.to_string(), "the file is no segment of a journal");
    let failed = Failed { at: 7, step: Step::Sync, error: DiskError::Full };
    assert_eq!(
        failed.to_string(),
        "the journal failed at record 7, making records durable: no space is left; free some"
    );
}
