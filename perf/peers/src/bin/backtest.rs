//! The same recording through hftbacktest and through papermaker, a process each, in turns.
//!
//!     cargo run --release --manifest-path perf/peers/Cargo.toml --bin backtest -- RECORDING [PASSES]
//!
//! In: a recording. Out: time, rows, allocations and peak memory of each, and the ratios. What is not
//! equal:
//! 1. hftbacktest gets changes of levels and prints as rows, converted before the time; its orders are
//!    a grid behind the touch, eight a side, looked at whenever a print arrives. It learns nothing and
//!    keeps no records. Orders fill whole: its exchange with partial fills ends with
//!    `InvalidOrderStatus` on such rows.
//! 2. papermaker gets its file of events, quotes eight levels a side as it decides, sends orders with
//!    two latencies, fills them under three models at once, learns everything, and numbers, encodes and
//!    hashes every record.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use hftbacktest::backtest::assettype::LinearAsset;
use hftbacktest::backtest::data::{Data, DataSource};
use hftbacktest::backtest::models::{
    CommonFees, ConstantLatency, PowerProbQueueFunc3, ProbQueueModel, TradingValueFeeModel,
};
use hftbacktest::backtest::{Backtest, ExchangeKind, L2AssetBuilder};
use hftbacktest::prelude::{
    BUY_EVENT, Bot, DEPTH_EVENT, EXCH_EVENT, ElapseResult, Event as Row, HashMapMarketDepth,
    LOCAL_EVENT, MarketDepth, OrdType, SELL_EVENT, Side as HftSide, TRADE_EVENT, TimeInForce,
};
use papermaker::app::config::Config;
use papermaker::app::convert::convert;
use papermaker::app::events::{Item, Reader};
use papermaker::app::replay::coins_of;
use papermaker::bench::input::Frames;
use papermaker::bench::replay;
use papermaker::event::{Event, Level};
use papermaker::units::{CoinId, Ns, Side};
use serde::{Deserialize, Serialize};

/// Orders a side.
const GRID: usize = 8;
/// To the exchange and back, ns.
const LATENCY_NS: i64 = 100_000_000;
/// A row that both the exchange and we see.
const SEEN: u64 = EXCH_EVENT | LOCAL_EVENT;

/// Counts what the process allocates.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

type Anyhow<T> = Result<T, Box<dyn Error>>;

/// An error of either side as text: not all of them are errors to the standard library.
fn failed(e: impl std::fmt::Debug) -> String {
    format!("{e:?}")
}

/// What one process measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Measured {
    /// Rows or events of one pass.
    rows: u64,
    /// Real time of the fastest pass, ns.
    ns: u64,
    /// Orders sent, or records written: what shows that work was done.
    done: u64,
    /// Allocations of one pass.
    allocations: u64,
    /// Peak resident memory, kB.
    peak_kb: u64,
}

/// Levels of a coin as hftbacktest has been told, by price in ticks.
#[derive(Default)]
struct Told([BTreeMap<i64, i64>; 2]);

impl Told {
    /// Rows that bring a side to `levels`. What lies beyond the last of them stays as it was.
    fn change(&mut self, side: Side, levels: &[Level], at: (i64, i64), rows: &mut Vec<Row>) {
        let flag = if side == Side::Buy { BUY_EVENT } else { SELL_EVENT };
        let mut put = |px: i64, sz: i64| rows.push(row(DEPTH_EVENT | flag | SEEN, at, px, sz));
        let told = &mut self.0[side.index()];
        let Some(last) = levels.last() else { return };
        let within = |px: i64| side.sign() * (px - last.px.0) >= 0;
        let gone: Vec<i64> = told
            .keys()
            .filter(|px| within(**px) && levels.iter().all(|l| l.px.0 != **px))
            .copied()
            .collect();
        for px in gone {
            told.remove(&px);
            put(px, 0);
        }
        for l in levels {
            if told.insert(l.px.0, l.sz.0) != Some(l.sz.0) {
                put(l.px.0, l.sz.0);
            }
        }
    }
}

/// A row; `at` is the venue's time and ours, prices and sizes in 1e-8.
fn row(ev: u64, at: (i64, i64), px: i64, sz: i64) -> Row {
    let [px, qty] = [px, sz].map(|x| x as f64 * 1e-8);
    Row { ev, exch_ts: at.0, local_ts: at.1, px, qty, order_id: 0, ival: 0, fval: 0.0 }
}

/// Rows of each coin, and the steps of its prices and sizes.
fn rows(file: &Path) -> Anyhow<Vec<(Vec<Row>, f64, f64)>> {
    let mut reader = Reader::open(file).map_err(failed)?;
    let decimals: Vec<u32> = reader.coins().iter().map(|c| u32::from(c.sz_decimals)).collect();
    let mut coins: Vec<(Told, Vec<Row>)> = decimals.iter().map(|_| Default::default()).collect();
    let mut times = vec![(i64::MIN, i64::MIN); coins.len()];
    while let Some((now, item)) = reader.step().map_err(failed)? {
        let Item::Event(event) = item else { continue };
        // hftbacktest wants both times to rise from row to row.
        let mut at = |coin: CoinId, time: Ns| {
            let (venue, ours) = &mut times[coin.index()];
            *venue = time.0.max(*venue);
            *ours = now.0.max(*venue).max(*ours);
            (*venue, *ours)
        };
        match event {
            Event::Trades { coin, prints } => {
                for p in prints {
                    let side = if p.aggressor == Side::Buy { BUY_EVENT } else { SELL_EVENT };
                    let ev = TRADE_EVENT | side | SEEN;
                    coins[coin.index()].1.push(row(ev, at(coin, p.time), p.px.0, p.sz.0));
                }
            }
            Event::Bbo { coin, bbo } => {
                let (told, rows) = &mut coins[coin.index()];
                for (side, level) in Side::BOTH.into_iter().zip([bbo.bid, bbo.ask]) {
                    told.change(side, level.as_slice(), at(coin, bbo.time), rows);
                }
            }
            Event::Book { coin, book } => {
                let (told, rows) = &mut coins[coin.index()];
                for (side, levels) in Side::BOTH.into_iter().zip([&book.bids, &book.asks]) {
                    told.change(side, levels, at(coin, book.time), rows);
                }
            }
            _ => {}
        }
    }
    Ok(coins.into_iter().zip(decimals).map(|((_, rows), d)| (rows, step(6 - d), step(d))).collect())
}

/// One over ten to a power.
fn step(decimals: u32) -> f64 {
    1.0 / f64::from(10u32.pow(decimals))
}

/// The tick of the five significant figures that prices of a coin have now.
fn tick(rows: &[Row], finest: f64) -> f64 {
    let px = rows.first().map_or(1.0, |r| r.px);
    let mut tick = finest;
    while px > 1e5 * tick && tick < 1.0 {
        tick *= 10.0;
    }
    tick
}

/// One pass of hftbacktest over all coins, one after the other; gives time and orders sent.
fn hft(coins: &[(Vec<Row>, f64, f64)]) -> Anyhow<(u64, u64)> {
    let (mut ns, mut sent) = (0, 0);
    for (rows, finest, lot) in coins {
        let (tick, lot) = (tick(rows, *finest), *lot);
        let mut bot = Backtest::builder()
            .add_asset(
                L2AssetBuilder::new()
                    .data(vec![DataSource::Data(Data::from_data(rows))])
                    .latency_model(ConstantLatency::new(LATENCY_NS, LATENCY_NS))
                    .asset_type(LinearAsset::new(1.0))
                    .fee_model(TradingValueFeeModel::new(CommonFees::new(0.00015, 0.00045)))
                    .exchange(ExchangeKind::NoPartialFillExchange)
                    .queue_model(ProbQueueModel::new(PowerProbQueueFunc3::new(3.0)))
                    .last_trades_capacity(1_000)
                    .depth(move || HashMapMarketDepth::new(tick, lot))
                    .build()
                    .map_err(failed)?,
            )
            .build()
            .map_err(failed)?;
        let begun = Instant::now();
        sent += trade(&mut bot, tick, lot * 10.0)?;
        ns += begun.elapsed().as_nanos() as u64;
    }
    Ok((ns, sent))
}

/// Keeps a grid around the touch until the data ends; gives the orders sent.
fn trade(bot: &mut Backtest<HashMapMarketDepth>, tick: f64, size: f64) -> Anyhow<u64> {
    let mut sent = 0u64;
    let mut wanted: BTreeMap<u64, (HftSide, f64)> = BTreeMap::new();
    let mut leaving: Vec<u64> = Vec::new();
    loop {
        if bot.wait_next_feed(false, 3_600_000_000_000).map_err(failed)? == ElapseResult::EndOfData
        {
            return Ok(sent);
        }
        if bot.last_trades(0).is_empty() {
            continue;
        }
        bot.clear_last_trades(Some(0));
        bot.clear_inactive_orders(Some(0));
        let depth = bot.depth(0);
        let (bid, ask) = (depth.best_bid_tick(), depth.best_ask_tick());
        if bid <= 0 || ask <= bid || ask == i64::MAX {
            continue;
        }
        wanted.clear();
        for i in 0..GRID as i64 {
            for (side, at) in [(HftSide::Buy, bid - i), (HftSide::Sell, ask + i)] {
                wanted.insert(at.cast_unsigned(), (side, at as f64 * tick));
            }
        }
        leaving.clear();
        let orders = bot.orders(0);
        leaving.extend(
            orders
                .values()
                .filter(|o| o.cancellable() && !wanted.contains_key(&o.order_id))
                .map(|o| o.order_id),
        );
        wanted.retain(|id, _| !orders.contains_key(id));
        for id in &leaving {
            bot.cancel(0, *id, false).map_err(failed)?;
        }
        for (id, (side, px)) in &wanted {
            let (gtx, limit) = (TimeInForce::GTX, OrdType::Limit);
            match side {
                HftSide::Buy => bot.submit_buy_order(0, *id, *px, size, gtx, limit, false),
                _ => bot.submit_sell_order(0, *id, *px, size, gtx, limit, false),
            }
            .map_err(failed)?;
            sent += 1;
        }
    }
}

/// Peak resident memory of this process, kB.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Measures one contender in this process.
fn measure(who: &str, recording: &Path, file: &Path, passes: usize) -> Anyhow<Measured> {
    let mut config = Config::default();
    config.engine.quote.levels = GRID;
    let mut m = Measured { rows: 0, ns: u64::MAX, done: 0, allocations: 0, peak_kb: 0 };
    let coins = if who == "hftbacktest" { rows(file)? } else { Vec::new() };
    let frames =
        if who == "frames" { Some(Frames::load(recording).map_err(failed)?) } else { None };
    for _ in 0..passes {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        let (ns, rows, done) = match (who, &frames) {
            ("hftbacktest", _) => {
                let (ns, sent) = hft(&coins)?;
                (ns, coins.iter().map(|c| c.0.len() as u64).sum(), sent)
            }
            (_, Some(frames)) => {
                let p = replay::run(frames, &config, 1).map_err(failed)?;
                (p.ns[0], p.frames, p.records)
            }
            _ => {
                let p = replay::run_events(file, &config, 1).map_err(failed)?;
                (p.ns[0], p.frames, p.records)
            }
        };
        m.allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
        (m.ns, m.rows, m.done) = (m.ns.min(ns), rows, done);
    }
    m.peak_kb = peak_kb();
    Ok(m)
}

fn main() -> Anyhow<()> {
    let args: Vec<String> = std::env::args().collect();
    let usage = "backtest RECORDING [PASSES]";
    let recording = Path::new(args.get(1).ok_or(usage)?);
    let passes: usize = args.get(2).map_or(Ok(5), |n| n.parse()).map_err(|_| usage)?;
    if let [_, _, _, who, file] = &args[..] {
        let m = measure(who, recording, Path::new(file), passes)?;
        println!("{}", serde_json::to_string(&m)?);
        return Ok(());
    }
    let file = std::env::temp_dir().join(format!("backtest-{}.events", std::process::id()));
    let to = BufWriter::new(File::create(&file)?);
    convert(recording, &coins_of(recording).map_err(failed)?, Config::default().run.parser, to)
        .map_err(failed)?;
    let mut all: BTreeMap<&str, Vec<Measured>> = BTreeMap::new();
    for _ in 0..3 {
        for who in ["hftbacktest", "events", "frames"] {
            let mut child = Command::new(std::env::current_exe()?);
            child.arg(recording).arg(passes.to_string()).arg(who).arg(&file);
            let out = child.output()?;
            if !out.status.success() {
                let said = String::from_utf8_lossy(&out.stderr).into_owned();
                return Err(format!("{who}: {said}").into());
            }
            all.entry(who).or_default().push(serde_json::from_slice(&out.stdout)?);
        }
    }
    std::fs::remove_file(&file)?;
    println!(
        "{:<12} {:>9} {:>10} {:>10} {:>10} {:>12} {:>9}",
        "", "rows", "ms", "ns a row", "done", "allocations", "peak MB"
    );
    let mut best = BTreeMap::new();
    for (who, mut runs) in all {
        runs.sort_by_key(|m| m.ns);
        let m = runs[runs.len() / 2].clone();
        println!(
            "{who:<12} {:>9} {:>10.2} {:>10.0} {:>10} {:>12} {:>9.1}",
            m.rows,
            m.ns as f64 / 1e6,
            m.ns as f64 / m.rows.max(1) as f64,
            m.done,
            m.allocations,
            m.peak_kb as f64 / 1024.0
        );
        best.insert(who, m);
    }
    let ratio = |who: &str| best["hftbacktest"].ns as f64 / best[who].ns as f64;
    println!(
        "papermaker against hftbacktest on the whole recording: {:.2} from events, {:.2} from frames",
        ratio("events"),
        ratio("frames")
    );
    println!("done: orders sent (hftbacktest), records written (papermaker, all of its learning)");
    Ok(())
}
