//! Facts and rules of the venue that are not the feed's alone; the others are in `feed/tests`.

use std::io::Read as _;
use std::sync::{Arc, Mutex};

use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::replay::{Tally, replay};
use papermaker::rooms::book::{self, Book};
use papermaker::rooms::event::{Bbo, Level, Snapshot, Trade};
use papermaker::rooms::feed::CoinSpec;
use papermaker::rooms::folder::recording;
use papermaker::rooms::record::{Bytes, Lane, OrderReason, Record, StopReason};
use papermaker::rooms::sim;
use papermaker::rooms::sim::config::Latency;
use papermaker::rooms::sim::orders::{NewOrder, Sim, SimEvent};
use papermaker::rooms::units::rules::Rules;
use papermaker::rooms::units::{Ns, ONE, Px, Side, Sz};

use super::process::Temporary;

/// A book 100 / 101 with ten on each side, and an own bid of one at 100 that is live behind them.
struct Bench {
    cfg: sim::config::Config,
    sim: Sim,
    book: Book,
    log: Vec<SimEvent>,
    id: u64,
}

fn level(px: i64, sz: i64) -> Level {
    Level { px: Px(px * ONE), sz: Sz(sz * ONE), n: 1 }
}

impl Bench {
    fn new() -> Bench {
        let cfg = sim::config::Config {
            entry: Latency::Constant { ms: 100 },
            cancel: Latency::Constant { ms: 100 },
            ping_ms: 0,
            venue_rules: false,
            ..sim::config::Config::default()
        };
        let mut book = Book::default();
        book.on_up();
        let sim = Sim::new(cfg.shipped(&book::Config::default()), Rules::perp(2), 64, 1);
        let mut bench = Bench { cfg, sim, book, log: Vec::new(), id: 0 };
        bench.snapshot(0);
        let new = NewOrder { side: Side::Buy, px: Px(100 * ONE), sz: Sz(ONE), level: 0 };
        let log = &mut bench.log;
        bench.id = bench
            .sim
            .submit(cfg.shipped(&book::Config::default()), Ns(0), new, &mut |e| log.push(e))
            .expect("room");
        bench.snapshot(1_000);
        bench
    }

    fn snapshot(&mut self, ms: i64) {
        let s = Snapshot {
            time: Ns::from_ms(ms),
            fast: true,
            bids: [level(100, 10), level(99, 50)].into_iter().collect(),
            asks: [level(101, 10), level(102, 50)].into_iter().collect(),
        };
        let log = &mut self.log;
        self.sim.before(self.cfg.shipped(&book::Config::default()), s.time, &self.book, &mut |e| {
            log.push(e)
        });
        self.book.on_snapshot(s.time, &s);
        self.sim.after(self.cfg.shipped(&book::Config::default()), s.time, &self.book, &mut |e| {
            log.push(e)
        });
    }

    /// The best prices after a block that took the whole level.
    fn bbo(&mut self, ms: i64) {
        let bbo =
            Bbo { time: Ns::from_ms(ms), bid: Some(level(99, 50)), ask: Some(level(101, 10)) };
        let log = &mut self.log;
        self.sim.before(
            self.cfg.shipped(&book::Config::default()),
            bbo.time,
            &self.book,
            &mut |e| log.push(e),
        );
        self.book.on_bbo(bbo.time, &bbo);
        self.sim.after(
            self.cfg.shipped(&book::Config::default()),
            bbo.time,
            &self.book,
            &mut |e| log.push(e),
        );
    }

    fn sold(&mut self, ms: i64, sz: i64) {
        let (aggressor, time) = (Side::Sell, Ns::from_ms(ms));
        let (px, sz) = (Px(100 * ONE), Sz(sz * ONE));
        let print = Trade { aggressor, px, sz, time, taker: 7, tid: 7 };
        let log = &mut self.log;
        self.sim.on_prints(
            self.cfg.shipped(&book::Config::default()),
            &[print],
            &self.book,
            &mut |e| log.push(e),
        );
    }

    /// Lets all that waits for its block's end take effect; gives what was filled.
    fn filled(mut self) -> i64 {
        self.snapshot(9_000);
        let filled = |e: &SimEvent| match e {
            SimEvent::Fill(f) if f.id == self.id && f.lane == Lane::Configured => f.sz.0,
            _ => 0,
        };
        self.log.iter().map(filled).sum()
    }
}

#[test]
fn fact_13_a_cancel_in_the_block_of_a_taker_comes_first() {
    let run = |cancelled: bool| {
        let mut b = Bench::new();
        if cancelled {
            let (id, log) = (b.id, &mut b.log);
            // It arrives in the very millisecond of the block.
            b.sim.cancel(
                b.cfg.shipped(&book::Config::default()),
                Ns::from_ms(1_900),
                id,
                OrderReason::Replaced,
                &mut |e| log.push(e),
            );
        }
        b.bbo(2_000);
        b.sold(2_000, 15);
        b.filled()
    };
    assert_eq!((run(false), run(true)), (ONE, 0));
}

#[test]
fn rule_5_trades_meet_the_queue_before_their_block_though_its_best_prices_arrive_first() {
    // Ten were ahead. Had the vanished level counted as well as the prints, ten would fill us.
    for (sold, filled) in [(10, 0), (11, ONE), (5, 0)] {
        let mut best_first = Bench::new();
        best_first.bbo(2_000);
        best_first.sold(2_000, sold);
        let mut trades_first = Bench::new();
        trades_first.sold(2_000, sold);
        trades_first.bbo(2_000);
        let both = (best_first.filled(), trades_first.filled());
        assert_eq!(both, (filled, filled), "{sold} sold");
    }
}

/// The digest of lines put through a replay.
fn digest(dir: &Temporary, lines: &[String]) -> u128 {
    let path = dir.join("lines.frames");
    std::fs::write(&path, lines.concat()).expect("written");
    let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
    let mut out = Tally::new(|_: &Record, _: &Bytes| {});
    replay(&path, &Config::quoting(), &coins, Some(StopReason::Finished), &mut out)
        .expect("readable");
    out.digest.value().run
}

#[test]
fn rule_6_a_replay_takes_messages_in_the_order_they_arrived() {
    let print = |tid: u64, px: &str| {
        format!(
            "{} {{\"channel\":\"trades\",\"data\":[{{\"coin\":\"BTC\",\"side\":\"B\",\"px\":\"{px}\",\
             \"sz\":\"0.1\",\"time\":{},\"hash\":\"0x1\",\"tid\":{tid},\"users\":[\"a\",\"b\"]}}]}}\n",
            5_000_000_000u64,
            4_000 + tid
        )
    };
    let dir = Temporary::new();
    let (history, a, b) = (print(1, "100.0"), print(2, "101.0"), print(3, "102.0"));
    let straight = digest(&dir, &[history.clone(), a.clone(), b.clone()]);
    assert_eq!(straight, digest(&dir, &[history.clone(), a.clone(), b.clone()]));
    // One stamp, other order, other records.
    assert_ne!(straight, digest(&dir, &[history, b, a]));
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("whole").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn rule_8_a_recording_is_the_receive_time_and_the_text_a_line() {
    let file = Shared::default();
    let mut writer =
        recording::Writer::new(Box::new(file.clone()) as Box<dyn std::io::Write + Send>);
    writer.frame(Ns(1_757_015_216_673_878_000), b"{\"channel\":\"pong\"}").expect("written");
    writer.frame(Ns(1_757_015_216_673_878_001), b"[ 1, 2 ]").expect("written");
    writer.finish().expect("ended");
    let bytes = file.0.lock().expect("whole").clone();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, "1757015216673878000 {\"channel\":\"pong\"}\n1757015216673878001 [ 1, 2 ]\n");
}
