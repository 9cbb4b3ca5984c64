//! A run that is killed anywhere, after any pause, with segments of any size, bounded or not: it goes on
//! as one run, is verified, and its sums are those of the records that its recording gives.
//!
//! The same market, clock and kills by seed, without threads: what a kill costs is cut from the newest
//! files. The pauses are the clock's. `cargo test --test it -- --ignored kills` has 200 kills, and a day
//! that is stopped and gone on with each hour.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Receiver;

use fastrand::Rng;
use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::intake::Intake;
use papermaker::rooms::app::past::{Folding, Past};
use papermaker::rooms::app::publish::{Laps, Publisher, RawTap};
use papermaker::rooms::app::resume::resume;
use papermaker::rooms::app::status::StatusBoard;
use papermaker::rooms::app::turn::Turn;
use papermaker::rooms::app::writer::{Logger, Outlet};
use papermaker::rooms::engine::Shipped;
use papermaker::rooms::feed::{self, CoinSpec, Control, Loss};
use papermaker::rooms::folder::keep::{Keeper, Needed};
use papermaker::rooms::folder::{Folder, RunFolder, recording};
use papermaker::rooms::journal::{self, Digest, Found, Writer};
use papermaker::rooms::record::{StopReason, StrategyNames};
use papermaker::rooms::report::export::{Export, Format, tables};
use papermaker::rooms::sys::machine;
use papermaker::rooms::units::Ns;
use papermaker::rooms::venue::config::{self, Regime};
use papermaker::rooms::venue::market::Market;

use super::process::Temporary;
use super::server::later;

/// How a run is treated.
#[derive(Clone, Copy, Debug)]
struct Case {
    seed: u64,
    kills: usize,
    segment_bytes: u64,
    keep: bool,
}

/// A market whose time also passes while nobody looks.
struct Clocked {
    market: Market,
    /// How much later its blocks are than it says, ms.
    late_ms: i64,
}

/// A life of the run: from its start, or its resumption, to its kill or end.
struct Life {
    path: PathBuf,
    turn: Turn<Shipped>,
    records: Publisher,
    raw: RawTap,
    logger: Logger<Folder>,
    folding: Folding<Shipped>,
    numbers: Receiver<u64>,
    needed: Arc<Needed>,
    now: Ns,
    /// The newest file of the journal and its bytes when the past was last made, which syncs it.
    synced: Option<(PathBuf, u64)>,
}

fn coins() -> Vec<CoinSpec> {
    vec![CoinSpec::new("BTC", 5).expect("a coin")]
}

fn settings(case: Case) -> Config {
    let mut config = Config::quoting();
    config.run.segment_bytes = case.segment_bytes;
    config.run.keep_mb = u64::from(case.keep);
    config
}

impl Life {
    fn new(path: &Path, case: Case, from: Option<Ns>) -> Life {
        let (config, coins) = (settings(case), coins());
        let hash = config.hash(&coins);
        let folder = Folder::create(path).expect("locked");
        let mut bound = config.run.bound();
        // Four segments, or as good as none.
        bound.bytes = bound.bytes.map(|_| 4 * case.segment_bytes);
        let keeper = Keeper::new(path, bound);
        let (turn, journal, file, keeper, next, digest) = match from {
            None => {
                let turn = Turn::new(&config.engine, &coins, hash).expect("coins");
                let journal = Writer::create(folder, config.journal(hash)).expect("a journal");
                let name = RunFolder::at(path).recording();
                let file = std::fs::File::create(name).expect("a file");
                (turn, journal, file, keeper, 0, Digest::default())
            }
            Some(now) => {
                let r = resume(folder, config.journal(hash), &config, &coins, |_| now)
                    .unwrap_or_else(|e| panic!("{case:?}: {e}"));
                (r.turn, r.journal, r.recording, keeper.at(r.segment), r.next, r.digest)
            }
        };
        let (records, taken) = Publisher::new(1 << 14, next, digest);
        let (raw, frames) = RawTap::new(4 << 20);
        let (_, laps) = Laps::new(16);
        let intake = Intake {
            records: taken,
            raw: Some(frames),
            laps: Some(laps),
            failed: records.failure_flag(),
            counters: Arc::default(),
        };
        let (to, numbers) = std::sync::mpsc::channel();
        let needed = Arc::new(Needed::default());
        let boxed: Box<dyn std::io::Write + Send> = Box::new(file);
        let outlet = Outlet {
            journal: Some(journal),
            recording: Some(recording::Writer::new(boxed)),
            latency_log: None,
            keeper: Some(keeper.with_past(to, Arc::clone(&needed))),
            board: StatusBoard::default(),
        };
        let run = RunFolder::at(path);
        let folding = Folding::new(run, config, coins, true).expect("a past");
        let logger = Logger::new(intake, outlet);
        let now = from.unwrap_or_default();
        Life {
            path: path.to_path_buf(),
            turn,
            records,
            raw,
            logger,
            folding,
            numbers,
            needed,
            now,
            synced: None,
        }
    }

    fn note(&mut self, line: &[u8]) {
        assert!(self.raw.offer(self.now, line));
    }

    fn up(&mut self, venue: &mut Clocked) {
        self.now = self.now.max(venue.block(self).plus(20 * Ns::MS));
        self.note(Control::Up.line());
        let line = feed::coin_line(&coins()[0], 0);
        self.note(&line);
        self.turn.up(0, self.now, &mut self.records);
        venue.market.reconnect();
        for stream in
            ["bbo\"", "l2Book\",\"fast\":true", "l2Book\"", "trades\"", "activeAssetCtx\""]
        {
            let ask = format!(
                "{{\"method\":\"subscribe\",\"subscription\":{{\"type\":\"{stream},\"coin\":\"BTC\"}}}}"
            );
            for frame in venue.market.say(&ask).frames {
                self.message(&later(&frame, venue.late_ms));
            }
        }
    }

    fn message(&mut self, text: &str) {
        self.turn.advance(self.now, &mut self.records);
        self.turn.message(self.now, text.as_bytes(), &mut self.records);
        self.note(text.as_bytes());
    }

    /// So many blocks of the market; the past is made when `folds` says so.
    fn live(&mut self, venue: &mut Clocked, blocks: u64, rng: &mut Rng) {
        for _ in 0..blocks {
            let block = venue.market.next_block();
            self.now = self.now.max(block.time.plus(venue.late_ms * Ns::MS + 20 * Ns::MS));
            for frame in &block.frames {
                self.message(&later(frame, venue.late_ms));
            }
            self.logger.turn(self.now);
            if rng.u64(..4) > 0
                && let Some(number) = self.numbers.try_iter().last()
            {
                let stop = AtomicBool::new(false);
                if let Some(numbers) = self.folding.fold(number, &stop).expect("folds") {
                    self.needed.from(numbers);
                    self.synced = Some(newest(&self.path, journal::segment_number));
                }
            }
        }
    }

    /// Ends it as a signal does.
    fn end(mut self, case: Case) {
        self.turn.stopping(self.now, &mut self.records);
        self.note(Control::Stop.line());
        let next = self.records.next_seq();
        self.turn.stop(self.now, StopReason::Signal, next, &mut self.records);
        let digest = self.records.published().digest;
        let ended = self.logger.finish(self.now);
        assert_eq!((ended.digest, ended.status.lost, ended.unwritten), (digest, 0, 0), "{case:?}");
    }
}

impl Clocked {
    /// When its next block is.
    fn block(&mut self, life: &Life) -> Ns {
        let block = self.market.next_block();
        let at = block.time.plus(self.late_ms * Ns::MS);
        // A pause: the market went on without being watched.
        self.late_ms += (life.now.since(at) / Ns::MS).max(0);
        block.time.plus(self.late_ms * Ns::MS)
    }
}

/// The files of a kind, with their numbers.
fn numbered(
    path: &Path,
    number: fn(&str) -> Option<u64>,
) -> impl Iterator<Item = (u64, PathBuf)> + use<> {
    let names = std::fs::read_dir(path).expect("a folder").flatten();
    names.filter_map(move |e| Some((number(e.file_name().to_str()?)?, e.path())))
}

/// The newest file of a kind, and its bytes.
fn newest(path: &Path, number: fn(&str) -> Option<u64>) -> (PathBuf, u64) {
    let file = numbered(path, number).max().expect("a file").1;
    let bytes = file.metadata().expect("there").len();
    (file, bytes)
}

/// Cuts some bytes from the newest file of each kind: what was on its way to the disk, which what was
/// synced is not.
fn cut(path: &Path, synced: Option<(PathBuf, u64)>, rng: &mut Rng) {
    for number in [journal::segment_number, recording::segment_number] {
        let (file, bytes) = newest(path, number);
        let least = synced.as_ref().filter(|s| s.0 == file).map_or(0, |s| s.1);
        let left = bytes.saturating_sub(rng.u64(..1_500)).max(least);
        let file = OpenOptions::new().write(true).open(file).expect("there");
        file.set_len(left).expect("cut");
    }
}

/// As far as both reach, the recording gives the journal's records.
fn verify(path: &Path, case: Case, reason: Option<StopReason>) -> u64 {
    let run = RunFolder::at(path);
    let past = Past::of(&run).expect("a past");
    let mut held = Vec::new();
    let mut reader = past.rest(run.open().expect("a folder")).expect("readable");
    while let Some(found) = reader.step().expect("readable") {
        match found {
            Found::Record(r) => held.push(r),
            Found::Torn(_) if reason.is_none() => {}
            other => panic!("{case:?}: {other:?}"),
        }
    }
    let first = held.first().map_or(0, |r| r.seq);
    let (mut same, mut all) = (0u64, 0);
    let again = past.again(&settings(case), &coins()).unwrap_or_else(|e| panic!("{case:?}: {e}"));
    let (records, ..) = past
        .replay(&run, again, reason, |r, bytes| {
            all += 1;
            let own = r.seq.checked_sub(first).and_then(|i| held.get(usize::try_from(i).ok()?));
            if let Some(own) = own {
                assert_eq!(own.encode(), *bytes, "{case:?}: record {}", r.seq);
                same += 1;
            }
        })
        .unwrap_or_else(|e| panic!("{case:?}: {e}"));
    assert!(same > 0 || all == 0, "{case:?}");
    if reason.is_some() {
        let last = held.last().map(|r| r.seq + 1);
        assert_eq!(last, Some(records), "{case:?}");
    }
    records
}

/// The sums of the whole run as JSON.
fn report(path: &Path) -> serde_json::Value {
    let run = RunFolder::at(path);
    let past = Past::of(&run).expect("a past");
    let mut reader = past.rest(run.open().expect("a folder")).expect("readable");
    let mut builder = past.report;
    while let Some(Found::Record(r)) = reader.step().expect("readable") {
        builder.take(&r);
    }
    let model = builder.finish(papermaker::rooms::report::Sources::default());
    papermaker::rooms::report::json(&model)
}

/// The rows of three tables of the segments that are kept, of which only the end may be unfinished.
fn export(path: &Path, case: Case, reason: Option<StopReason>) -> [Vec<String>; 3] {
    let run = RunFolder::at(path);
    let folder = run.open().expect("a folder");
    let mut reader = match numbered(path, journal::segment_number).min().expect("a file").0 {
        0 => journal::Reader::open(folder),
        first => Past::of(&run).expect("a past").kept(folder, first),
    }
    .expect("readable");
    let names = StrategyNames::default();
    let to = Temporary::new();
    let mut out = Export::create(&to.0, Format::Csv, &tables(&names), names, true).expect("made");
    while let Some(found) = reader.step().expect("readable") {
        match found {
            Found::Record(r) => out.take(&r).expect("written"),
            Found::Torn(_) if reason.is_none() => {}
            other => panic!("{case:?}: {other:?}"),
        }
    }
    let written = out.finish().expect("written");
    assert!(written.iter().any(|w| w.table == "coins" && w.rows == 1), "{case:?}");
    let rows = |name: &str| std::fs::read_to_string(to.join(name)).expect("a table");
    let all = ["orders.csv", "fills.csv", "accounts.csv"].map(rows);
    all.map(|t| t.lines().skip(1).map(str::to_owned).collect())
}

/// A folder for the run of a case, and its market.
fn scene(case: Case, regime: Regime) -> (Temporary, PathBuf, Clocked) {
    let dir = Temporary::new();
    let path = dir.join("r");
    std::fs::create_dir(&path).expect("a folder");
    let law = config::Config {
        epoch_ms: Some(1_790_000_000_000),
        ..config::Config::stationary("BTC", regime)
    };
    let market = Market::new(&law, case.seed).expect("sound");
    (dir, path, Clocked { market, late_ms: 0 })
}

/// Plays a case; gives the run's report, how many files it has in the end, and its tables.
fn play(case: Case) -> (serde_json::Value, usize, [Vec<String>; 3]) {
    let (_dir, path, mut venue) = scene(case, Regime::Volatile);
    let mut rng = Rng::with_seed(case.seed);
    let mut now = None;
    for kill in 0..=case.kills {
        let mut life = Life::new(&path, case, now);
        life.up(&mut venue);
        // The last one sees the bound at work, which is looked at every ten seconds.
        let least = if kill == case.kills { 280 } else { 20 };
        life.live(&mut venue, least + rng.u64(..120), &mut rng);
        if rng.u64(..4) == 0 {
            life.note(Control::Down.line());
            life.turn.down(0, life.now, Loss::Lost, &mut life.records);
            life.up(&mut venue);
            life.live(&mut venue, 1 + rng.u64(..60), &mut rng);
        }
        if kill == case.kills {
            life.end(case);
            break;
        }
        let pause = [0, 1, 61, 3_600, 36_000][usize::try_from(rng.u64(..5)).expect("small")];
        now = Some(life.now.plus(pause * Ns::SEC));
        let synced = life.synced.take();
        drop(life);
        cut(&path, synced, &mut rng);
        verify(&path, case, None);
        export(&path, case, None);
        assert_eq!(report(&path)["coins"][0]["coin"], "BTC", "{case:?}");
    }
    let reason = Some(StopReason::Signal);
    assert!(verify(&path, case, reason) > 100, "{case:?}");
    let files = std::fs::read_dir(&path).expect("a folder").count();
    (report(&path), files, export(&path, case, reason))
}

/// A day of the market, stopped and gone on with each hour: the run's report, and at each stop the bytes of
/// its folder, the memory of this process and its open files.
fn day(case: Case) -> (serde_json::Value, Vec<[u64; 3]>) {
    let (_dir, path, mut venue) = scene(case, Regime::Normal);
    let mut rng = Rng::with_seed(case.seed);
    let (mut now, mut held) = (None, Vec::new());
    for _ in 0..24 {
        let mut life = Life::new(&path, case, now);
        life.up(&mut venue);
        let began = life.now;
        while life.now.since(began) < 3_600 * Ns::SEC {
            life.live(&mut venue, 100, &mut rng);
        }
        now = Some(life.now.plus(10 * Ns::SEC));
        life.end(case);
        let files = std::fs::read_dir(&path).expect("a folder").flatten();
        let bytes = files.filter_map(|e| Some(e.metadata().ok()?.len())).sum();
        let open = std::fs::read_dir("/proc/self/fd").expect("Linux").count() as u64;
        held.push([bytes, machine::resident_now().expect("Linux"), open]);
    }
    assert!(verify(&path, case, Some(StopReason::Signal)) > 1_000_000);
    (report(&path), held)
}

fn all(kills: usize, seeds: u64) {
    for seed in 0..seeds {
        for segment_bytes in [8_192, 60_000] {
            // The bound changes what is kept, not what is decided or added up.
            let [(kept, few, tail), (whole, many, all)] =
                [true, false].map(|keep| play(Case { seed, kills, segment_bytes, keep }));
            assert_eq!(kept, whole, "seed {seed}, segments of {segment_bytes}");
            assert!(2 * few < many, "{few} files of {many}, seed {seed}, {segment_bytes}");
            for (tail, all) in tail.iter().zip(&all) {
                assert!(
                    all.ends_with(tail) && tail.len() < all.len(),
                    "seed {seed}, {segment_bytes}"
                );
            }
            let fills = &kept["coins"][0]["orders"]["fills"];
            assert!(fills.is_object(), "{kept}");
        }
    }
}

#[test]
fn kills_anywhere_with_any_pause_segment_and_bound_leave_one_run() {
    all(3, 1);
}

#[test]
#[ignore = "200 kills: minutes"]
fn two_hundred_kills_leave_one_run_too() {
    all(25, 2);
}

#[test]
#[ignore = "two market days: minutes"]
fn a_bounded_day_with_a_restart_each_hour_is_that_of_an_unbounded_one() {
    let case = |keep| Case { seed: 3, kills: 0, segment_bytes: 16_000_000, keep };
    let [(kept, held), (whole, grown)] = [true, false].map(|keep| day(case(keep)));
    assert_eq!(kept, whole);
    // From the fourth hour on nothing grows; the control grows by all that was dropped.
    for (what, slack) in [(0, 32_000_000), (1, 32_000_000), (2, 0)] {
        let most = |hours: &[[u64; 3]]| hours.iter().map(|h| h[what]).max().expect("hours");
        let [early, late] = [&held[3..12], &held[12..]].map(most);
        assert!(late <= early + slack, "{what}: {late} after {early}: {held:?}");
    }
    assert!(grown[23][0] > 8 * held[23][0], "{grown:?}");
}
