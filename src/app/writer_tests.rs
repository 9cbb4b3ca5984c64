//! The logging thread against exact counts: on a fake disk turn by turn, and as a real thread.

use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use super::super::publish::{Laps, Published, Publisher, RawTap};
use super::*;
use crate::app::config::Run;
use crate::engine::publish::Publish;
use crate::folder::{Folder, FolderError};
use crate::journal::reader::{Cause, Damage};
use crate::journal::{DiskError, Found, Options, Reader, inspect};
use crate::laws::disk::{FakeDisk, Fault};
use crate::limits::{JOURNAL_SYNC_NS, QUEUE_RECORDS};
use crate::record::{
    Body, Coin, Fill, FillReason, Guard, Lane, NO_COIN, Regimes, Start, Stop, StopReason,
    ladder_records,
};
use crate::sys::clock::SessionClock;
use crate::telemetry::latency::Lap;
use crate::units::{CoinId, Mid2, Px, Side, Sz};

const CONFIG: [u64; 2] = [1, 2];

/// A file in memory that several hold.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("whole").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("whole").clone()
    }
}

/// A file that is full from the start.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn warmup(n: u32) -> Regimes {
    Regimes { p: [f64::from(n), 0.0, 0.0, 0.0], sigma_bps: [0.0; 4] }
}

fn intake(capacity: usize) -> (Publisher, Intake) {
    let (publisher, records) = Publisher::new(capacity, 0, Digest::default());
    let failed = publisher.failure_flag();
    (publisher, Intake { records, raw: None, laps: None, failed, counters: Arc::default() })
}

fn outlet<D: Disk>(disk: D) -> Outlet<D> {
    let journal = Writer::create(disk, Options::new(CONFIG)).expect("new");
    Outlet {
        journal: Some(journal),
        recording: None,
        latency_log: None,
        keeper: None,
        board: StatusBoard::default(),
    }
}

/// The identities between both sides, and what the journal says.
fn assert_exact<D: Disk>(hot: &Published, cold: &Ending, disk: D) {
    assert_eq!(hot.next_seq - hot.first_seq, hot.pushed + hot.dropped);
    assert_eq!(cold.status.records, hot.pushed + hot.markers);
    assert_eq!(cold.status.lost + hot.open_gap, hot.dropped);
    assert_eq!((cold.unwritten, cold.status.failed), (0, None));
    let mut reader = Reader::open(disk).expect("listed");
    let (mut records, mut lost) = (0, 0);
    while let Some(found) = reader.step().expect("readable") {
        let Found::Record(r) = found else { panic!("{found:?}") };
        match r.body {
            Body::Lost(l) => lost += l.count,
            _ => records += 1,
        }
    }
    assert_eq!((records, lost), (hot.pushed, cold.status.lost));
    assert_eq!(cold.status.durable_seq.map_or(0, |s| s + 1), hot.next_seq - hot.open_gap);
    assert_eq!(hot.digest == cold.digest, hot.dropped == 0);
}

#[test]
fn counts_are_exact_under_stalls_by_seed() {
    let (mut with_loss, mut without) = (0, 0);
    for seed in 0..300 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut hot, intake) = intake(1 << rng.u32(1..7));
        let mut disk = FakeDisk::new();
        let mut logger = Logger::new(intake, outlet(&mut disk));
        let pace = rng.u32(2..60);
        for n in 0..rng.u32(10..2000) {
            hot.publish(Ns(i64::from(n)), NO_COIN, warmup(n));
            if rng.u32(..pace) == 0 {
                logger.turn(Ns(i64::from(n) * JOURNAL_SYNC_NS / 50));
            }
            if n % 64 == 0 {
                let _ = hot.behind();
            }
        }
        if rng.bool() {
            logger.turn(Ns(1));
            assert!(hot.flush_lost_marker());
        }
        let published = hot.published();
        drop(hot);
        assert!(matches!(&logger.source, Source::Rings(rings) if rings.is_abandoned()));
        let ending = logger.finish(Ns(0));
        assert_exact(&published, &ending, &mut disk);
        if published.dropped > 0 { with_loss += 1 } else { without += 1 }
    }
    assert!(with_loss > 50 && without > 20, "{with_loss} {without}");
}

#[test]
fn a_stalled_thread_loses_nothing_uncounted() {
    for capacity in [4, 256, 1 << 15] {
        let (mut hot, intake) = intake(capacity);
        let mut logger = Logger::new(intake, outlet(FakeDisk::new()));
        logger.stall(100, std::time::Duration::from_millis(20));
        let cold = std::thread::spawn(move || {
            let mut now = 0;
            logger.run_and_keep(move || {
                now += 1_000_000;
                Ns(now)
            })
        });
        for n in 0..20_000 {
            hot.publish(Ns(0), NO_COIN, warmup(n));
        }
        let published = hot.published();
        drop(hot);
        let (ending, disk) = cold.join().expect("ends by itself");
        assert_exact(&published, &ending, disk.expect("journal"));
        assert_eq!(published.dropped == 0, capacity == 1 << 15);
    }
}

#[test]
fn a_disk_that_hangs_fills_no_ring_that_is_emptied_beside_it() {
    for relayed in [true, false] {
        let (mut hot, intake) = intake(QUEUE_RECORDS);
        let mut logger = Logger::new(intake, outlet(FakeDisk::new()));
        logger.stall(100, std::time::Duration::from_secs(1));
        let logger = if relayed { logger.relayed().expect("a thread") } else { logger };
        let cold = std::thread::spawn(move || logger.run_and_keep(|| Ns(0)));
        let clock = SessionClock::start(1);
        let began = clock.now();
        for n in 0..2 * u32::try_from(QUEUE_RECORDS).expect("small") {
            if n % 1000 == 0 {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            hot.publish(Ns(0), NO_COIN, warmup(n));
        }
        let published = hot.published();
        drop(hot);
        let within = clock.now().since(began) < 9 * Ns::SEC / 10;
        let (ending, disk) = cold.join().expect("ends by itself");
        assert_exact(&published, &ending, disk.expect("journal"));
        assert!(published.dropped == 0 || !relayed, "{} lost", published.dropped);
        assert!(published.dropped > 10_000 || relayed || !within, "{} lost", published.dropped);
    }
}

#[test]
fn a_failed_journal_is_drained_on_and_said() {
    let mut failures = 0;
    for n in 0..40 {
        let (mut hot, intake) = intake(64);
        let mut disk = FakeDisk::new();
        let out = outlet(&mut disk);
        let board = out.board.clone();
        let mut logger = Logger::new(intake, out);
        logger.out.journal.as_mut().expect("journal").disk_mut().fault =
            Some((n, Fault::Error(DiskError::Io)));
        for i in 0..100 {
            hot.publish(Ns(0), NO_COIN, warmup(i));
            logger.turn(Ns(i64::from(i) * JOURNAL_SYNC_NS / 4));
            if i == 99 {
                hot.publish(
                    Ns(0),
                    NO_COIN,
                    Stop { reason: StopReason::Failed, frames: 0, records: 101 },
                );
            }
        }
        let behind = hot.behind();
        let published = hot.published();
        let ending = logger.finish(Ns(0));
        assert_eq!((ending.status.records, published.dropped), (101, 0));
        let durable = ending.status.durable_seq.map_or(0, |s| s + 1);
        assert_eq!(ending.status.records - ending.unwritten, durable, "operation {n}");
        if let Some(failed) = ending.status.failed {
            failures += 1;
            assert_eq!((failed.at, failed.error), (durable, DiskError::Io));
            // A failure of the very last sync comes after the last look at the flag.
            assert!(behind == Some(true) || durable > 90, "operation {n}");
        }
        assert_eq!(board.read().failed, ending.status.failed);
        assert!(board.read().ended && board.read().stop.is_some());
        let found = inspect(&mut disk.killed()).expect("readable");
        assert!(found.damages == 0 && found.records >= durable, "operation {n}");
    }
    assert!(failures > 30, "{failures}: the faults were within the run");
}

#[test]
fn frames_laps_and_lost_counts_arrive() {
    let (mut hot, records) = intake(64);
    let (mut tap, raw) = RawTap::new(400);
    let (mut laps, lap_ring) = Laps::new(8);
    let intake = Intake { raw: Some(raw), laps: Some(lap_ring), ..records };
    let (file, log) = (Shared::default(), Shared::default());
    let mut out = outlet(FakeDisk::new());
    out.recording = Some(recording::Writer::new(Box::new(file.clone())));
    out.latency_log = Some(Box::new(log.clone()));
    let mut logger = Logger::new(intake, out);
    let frame = [b'a'; 88];
    hot.publish(Ns(77), NO_COIN, warmup(0));
    logger.turn(Ns(0));
    for at in 0..6 {
        tap.offer(Ns(at), &frame);
        laps.push(Lap { read: 5, ..Lap::default() });
    }
    logger.turn(Ns(1));
    assert!(tap.offer(Ns(9), b"{}"));
    logger.turn(Ns(LATENCY_LOG_NS));
    drop((hot, tap, laps));
    let ending = logger.finish(Ns(LATENCY_LOG_NS + 5));
    assert_eq!(
        (ending.status.frames.0, ending.status.frames.1, ending.status.recording_failed),
        (5, 2, false)
    );
    assert_eq!((ending.status.latency[0].count, ending.status.latency[0].p50), (6, 5));
    let mut reader = recording::Reader::detect(io::Cursor::new(file.bytes())).expect("open");
    let mut got = Vec::new();
    while let Some(line) = reader.step().expect("whole") {
        got.push((line.at.0, line.bytes().len()));
    }
    let note = crate::feed::lost_line(2).count();
    assert_eq!(got, vec![(0, 88), (1, 88), (2, 88), (3, 88), (77, note), (9, 2)]);
    let log = String::from_utf8(log.bytes()).expect("text");
    assert_eq!(log.lines().filter(|l| l.starts_with("Tag=whole")).count(), 2);
}

#[test]
fn a_full_recording_does_not_hurt_the_journal() {
    let (mut hot, records) = intake(64);
    let (mut tap, raw) = RawTap::new(1 << 20);
    let mut disk = FakeDisk::new();
    let mut out = outlet(&mut disk);
    out.recording = Some(recording::Writer::new(Box::new(Full)));
    let mut logger = Logger::new(Intake { raw: Some(raw), ..records }, out);
    let mut rng = fastrand::Rng::with_seed(1);
    for n in 0..50 {
        hot.publish(Ns(0), NO_COIN, warmup(n));
        let frame: Vec<u8> = (0..5000).map(|_| rng.u8(b' '..b'~')).collect();
        tap.offer(Ns(i64::from(n)), &frame);
        logger.turn(Ns(i64::from(n) * Ns::SEC));
    }
    let published = hot.published();
    drop((hot, tap));
    let ending = logger.finish(Ns(0));
    assert!(ending.status.recording_failed);
    assert_eq!(ending.status.frames.0 + ending.status.frames.1, 50);
    assert_exact(&published, &ending, &mut disk);
}

#[test]
fn the_status_follows_the_records() {
    let (mut hot, intake) = intake(256);
    let out = Outlet::<FakeDisk> {
        journal: None,
        recording: None,
        latency_log: None,
        keeper: None,
        board: StatusBoard::default(),
    };
    let board = out.board.clone();
    let mut logger = Logger::new(intake, out);
    let eth = CoinId(1);
    let mut name = [0u8; 24];
    name[..3].copy_from_slice(b"ETH");
    hot.publish(Ns(1), NO_COIN, Start { format: 1, config: CONFIG, seed: 7, coins: 2 });
    hot.publish(Ns(1), eth, Coin { name, sz_decimals: 4, fee_e8: 15_000 });
    let ladder = |guard| ladder_records(Side::Sell, guard, 0, &[]).next().expect("one part");
    hot.publish(Ns(2), eth, ladder(Guard::NoBook));
    hot.publish(Ns(3), eth, ladder(Guard::NoBook));
    hot.publish(Ns(4), eth, ladder(Guard::None));
    hot.publish(Ns(5), eth, ladder(Guard::None));
    for n in 0..40 {
        for lane in [Lane::Configured, Lane::Pessimistic, Lane::Optimistic] {
            hot.publish(Ns(6), eth, fill(n, lane));
        }
    }
    logger.turn(Ns(0));
    assert_eq!(board.read().records, 0, "not shown yet");
    logger.turn(Ns(STATUS_NS));
    let s = board.read();
    assert_eq!((s.records, s.at, s.coins.len(), s.ended), (126, Ns(6), 2, false));
    assert_eq!((s.queue.0, s.queue.1), (0, 126));
    let coin = &s.coins[1];
    assert_eq!(coin.coin.map(|c| c.sz_decimals), Some(4));
    assert_eq!((coin.guard[1].value, coin.guard[1].at), (Guard::None, Ns(4)));
    assert_eq!((&coin.ladder[0], coin.fills), (&None, [40, 40, 40]));
    assert_eq!((s.fills.len(), s.fills[0].fill.id), (crate::limits::STATUS_FILLS, 8));
    let digest = hot.published().digest;
    let ending = logger.finish(Ns(0));
    assert_eq!((ending.digest, ending.status.durable_seq), (digest, None));
}

fn fill(id: u64, lane: Lane) -> Fill {
    Fill {
        id,
        lane,
        reason: FillReason::Queue,
        side: Side::Buy,
        unknown_queue: false,
        level: 0,
        px: Px(1),
        sz: Sz(1),
        open: Sz(0),
        ahead: Sz(0),
        age: 1,
        time: Ns(1),
        tid: 1,
        mid: Mid2(1),
        fee_e8: 0,
        sight_age: 0,
    }
}

/// A folder of its own that goes away again.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Temporary {
        let path = std::env::temp_dir().join(format!("papermaker-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_run_in_a_real_folder_reads_back_and_goes_on() {
    let temporary = Temporary::new("run");
    let path = &temporary.0;
    let (mut next, mut digest) = (0, Digest::default());
    for generation in 0..3u64 {
        let mut folder = Folder::create(path).expect("own folder");
        assert_eq!(Folder::create(path).map(drop), Err(FolderError::Busy));
        let found = inspect(&mut folder).expect("readable");
        assert!(found.is_clean());
        assert_eq!((found.next_seq, found.records, found.segments), (next, next, generation * 4));
        let options = Options { segment_bytes: 128 * 2000, ..Options::new(CONFIG) };
        let journal = Writer::resume(folder, options, &found).expect("resumed");
        let (mut hot, records) = Publisher::new(1 << 14, found.next_seq, found.digest.clone());
        let intake = Intake {
            records,
            raw: None,
            laps: None,
            failed: hot.failure_flag(),
            counters: Arc::default(),
        };
        let board = StatusBoard::default();
        let out = Outlet {
            journal: Some(journal),
            recording: None,
            latency_log: None,
            keeper: None,
            board,
        };
        let logger = Logger::new(intake, out);
        let cold = std::thread::spawn(move || logger.run(|| Ns(0)));
        for n in 0..7000 {
            let body: Body = warmup(n).into();
            let record = Record { seq: hot.next_seq(), at: Ns(5), coin: NO_COIN, body };
            digest.update(&record.encode());
            hot.publish(Ns(5), NO_COIN, body);
        }
        let published = hot.published();
        assert_eq!(published.dropped, 0);
        drop(hot);
        let ending = cold.join().expect("ends by itself");
        assert_eq!((ending.status.records, ending.unwritten), (7000, 0));
        assert_eq!((ending.digest, published.digest), (digest.value(), digest.value()));
        next = published.next_seq;
        assert_eq!(ending.status.durable_seq, Some(next - 1));
    }
    let mut folder = Folder::open(path).expect("there");
    let found = inspect(&mut folder).expect("readable");
    assert_eq!((found.records, found.digest.value()), (21_000, digest.value()));
    // A torn tail on the real file system.
    drop(folder);
    let last = path.join(crate::journal::segment_name(found.segments - 1));
    let size = std::fs::metadata(&last).expect("there").len();
    let file = std::fs::OpenOptions::new().write(true).open(&last).expect("there");
    file.set_len(size - 1).expect("cut");
    let mut folder = Folder::create(path).expect("own folder");
    let torn = inspect(&mut folder).expect("readable");
    assert_eq!((torn.torn.map(|t| t.cut), torn.records), (Some(127), 20_999));
    let whole = crate::journal::repair(&mut folder, &torn).expect("repaired");
    assert!(whole.is_clean());
}

#[test]
fn a_bounded_run_drops_its_oldest_segments_and_goes_on() {
    let temporary = Temporary::new("bounded");
    let path = &temporary.0;
    let folder = Folder::create(path).expect("own folder");
    let run = Run { keep_mb: 1, segment_bytes: 128 * 1000, ..Run::default() };
    let options = Options { segment_bytes: run.segment_bytes, ..Options::new(CONFIG) };
    let file = std::fs::File::create(path.join("frames.gz")).expect("a file");
    let (mut hot, records) = intake(1 << 12);
    let (mut tap, raw) = RawTap::new(1 << 20);
    let out = Outlet {
        journal: Some(Writer::create(folder, options).expect("new")),
        recording: Some(recording::Writer::new(Box::new(file))),
        latency_log: None,
        keeper: Some(Keeper::new(path, run.bound())),
        board: StatusBoard::default(),
    };
    let board = out.board.clone();
    let mut logger = Logger::new(Intake { raw: Some(raw), ..records }, out);
    for turn in 0..20 {
        (0..1000).for_each(|n| hot.publish(Ns(0), NO_COIN, warmup(n)));
        tap.offer(Ns(turn), b"{}");
        logger.turn(Ns(turn * 11 * Ns::SEC));
    }
    drop(hot);
    let ending = logger.finish(Ns(999 * Ns::SEC));
    assert_eq!((ending.status.records, ending.unwritten), (20_000, 0));
    assert!(!ending.status.recording_failed);
    let kept = board.read().kept;
    assert!(kept.segments_dropped > 10 && kept.bytes <= 1_000_000 + 2 * 128_000, "{kept:?}");
    assert!(!path.join("frames.gz").exists() && path.join("frames.00000020.gz").exists());
    // What is left is sound; only its beginning is missing, and that is named.
    let mut reader = Reader::open(Folder::open(path).expect("there")).expect("readable");
    let first = reader.step().expect("readable");
    let missing = matches!(
        first,
        Some(Found::Damage(Damage { segment: 0, cause: Cause::Missing(n), .. })) if n > 5
    );
    assert!(missing, "{first:?}");
    let mut left = 0;
    while let Some(found) = reader.step().expect("readable") {
        assert!(matches!(found, Found::Record(_)), "{found:?}");
        left += 1;
    }
    assert!((5_000..9_000).contains(&left), "{left}");
}

#[test]
fn folders_that_cannot_be() {
    let temporary = Temporary::new("refused");
    let missing = Folder::open(&temporary.0).map(drop);
    assert_eq!(missing, Err(FolderError::Disk(DiskError::Missing)));
    std::fs::write(&temporary.0, b"a file").expect("written");
    assert!(matches!(Folder::create(&temporary.0).map(drop), Err(FolderError::Disk(_))));
    assert_eq!(Folder::open(&temporary.0).map(drop), Err(FolderError::Disk(DiskError::Missing)));
    std::fs::remove_file(&temporary.0).expect("removed");
}
