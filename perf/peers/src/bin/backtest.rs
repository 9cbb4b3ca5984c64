//! One recording through hftbacktest and through papermaker, in turns, each in a process of its own.
//!
//!     cargo run --release --manifest-path perf/peers/Cargo.toml --bin backtest -- RECORDING
//!         [--passes N] [--json]
//!
//! In: a recording of frames. Out: a table, or one JSON object: for each contender the median time of
//! a pass, orders, fills, allocations, peak memory; and the ratios.
//!
//! 1. `hftbacktest` gets rows made of the recording before the time: changes of levels, and prints. It
//!    keeps a grid of twenty post-only orders a coin, ten a side from the touch back, and looks once a
//!    frame: it moves them where the touch has changed or one was filled, as papermaker's `grid` does.
//! 2. Equal work: papermaker's strategy `grid` keeps the same orders from its file of events, with one fill
//!    model (`power` of exponent 3, as there), nothing learned and no records, in the venue's order (`grid`)
//!    and in that of arrival (`grid-arrival`). Its budget of requests does not ration it.
//! 3. All of papermaker: its default strategy, quoting where nothing pays, too, from its file of events
//!    (`events`) or from frames in memory (`frames`). It learns, and numbers, encodes and hashes every
//!    record. Both must give equal records.
//! 4. hftbacktest's orders fill whole: its exchange with partial fills leaves an order that is filled
//!    exactly in its lists, and ends with `InvalidOrderStatus`.
//! 5. Bots, engines and books are made outside the time. What is allocated is counted in a first pass
//!    without time; the timed ones count nothing. Peak memory is that after the preparations.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Command;

use allocation_counter::{measure, opt_out};
use hftbacktest::backtest::assettype::LinearAsset;
use hftbacktest::backtest::data::{Data, DataSource};
use hftbacktest::backtest::models::{
    CommonFees, ConstantLatency, PowerProbQueueFunc3, ProbQueueModel, TradingValueFeeModel,
};
use hftbacktest::backtest::{Backtest, ExchangeKind, L2AssetBuilder};
use hftbacktest::prelude::{
    BUY_EVENT, Bot, DEPTH_EVENT, EXCH_EVENT, ElapseResult, Event as Row, LOCAL_EVENT, MarketDepth,
    OrdType, Order, ROIVectorMarketDepth, SELL_EVENT, Side as GridSide, TRADE_EVENT, TimeInForce,
};
use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::convert::convert;
use papermaker::rooms::app::events::{Entry, Reader};
use papermaker::rooms::app::replay::{Feeder, Tally, play};
use papermaker::rooms::app::source::Item;
use papermaker::rooms::app::survey::survey;
use papermaker::rooms::app::turn::{Turn, engine};
use papermaker::rooms::bench::input::Frames;
use papermaker::rooms::bench::replay::{self, Passes};
use papermaker::rooms::event::{Event, Level};
use papermaker::rooms::folder::recording::Meter;
use papermaker::rooms::record::{Body, Lane, OrderState, Record, StopReason};
use papermaker::rooms::sim::config::Latency;
use papermaker::rooms::sys::clock::SessionClock;
use papermaker::rooms::units::rules::Billing;
use papermaker::rooms::units::{Ns, ONE, Side};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Orders a side of both grids.
const LEVELS: usize = 10;
/// Processes of each contender.
const TURNS: usize = 3;
/// Timed passes in each process, unless said otherwise.
const PASSES: usize = 5;
/// Contenders, in the order in which they take turns.
const CONTENDERS: [&str; 5] = ["hftbacktest", "grid", "grid-arrival", "events", "frames"];
/// Longer than any silence of a recording, ns.
const LONG: i64 = 86_400 * Ns::SEC;
/// A row that the venue and we see.
const SEEN: u64 = EXCH_EVENT | LOCAL_EVENT;

type Fallible<T> = Result<T, Box<dyn Error>>;

/// An error that can only be printed, with what was tried.
fn failed<E: Debug>(what: &str) -> impl Fn(E) -> Box<dyn Error> {
    move |e| format!("{what}: {e:?}").into()
}

/// What one process measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Measured {
    /// Rows, events or frames of one pass.
    units: u64,
    /// Real time of each pass, ns.
    ns: Vec<u64>,
    /// Orders sent in one pass.
    sent: u64,
    /// Orders filled, whole or in part, in one pass.
    fills: u64,
    /// Allocations of one pass.
    allocations: u64,
    /// Peak resident memory after the preparations, kB.
    peak_kb: u64,
    /// papermaker's records in one pass.
    records: u64,
    /// Their digest.
    digest: String,
}

impl Measured {
    /// Median time of a pass.
    fn median_ns(&self) -> f64 {
        let mut ns = self.ns.clone();
        ns.sort_unstable();
        ns.get(ns.len() / 2).map_or(f64::NAN, |ns| *ns as f64)
    }

    /// Median time of a row, event or frame.
    fn unit_ns(&self) -> f64 {
        self.median_ns() / self.units.max(1) as f64
    }
}

/// A coin's tape as it is made: rows, and the levels that they have told of.
#[derive(Default)]
struct Tape {
    rows: Vec<Row>,
    /// Sizes by price, 1e-8.
    told: [BTreeMap<i64, i64>; 2],
    /// Block time of the newest level.
    newest: Ns,
    /// Venue's time of the last row: a tape may not go back in it.
    last: i64,
    /// Greatest common divisor of all prices.
    tick: i64,
    /// Lowest and highest price.
    range: Option<(i64, i64)>,
}

impl Tape {
    /// Adds a row of block time `time`, known at `now`.
    fn row(&mut self, kind: u64, side: Side, (time, now): (Ns, Ns), px: i64, sz: i64) {
        self.last = self.last.max(time.0.min(now.0));
        self.tick = gcd(self.tick, px);
        self.range = Some(self.range.map_or((px, px), |(lo, hi)| (lo.min(px), hi.max(px))));
        let flag = if side == Side::Buy { BUY_EVENT } else { SELL_EVENT };
        self.rows.push(Row {
            ev: kind | flag | SEEN,
            exch_ts: self.last,
            local_ts: now.0,
            px: price(px),
            qty: price(sz),
            order_id: 0,
            ival: 0,
            fval: 0.0,
        });
    }

    /// Adds what changes when the best levels of both sides are these; what lies behind them stays.
    fn levels(&mut self, at: (Ns, Ns), sides: [&[Level]; 2]) {
        if at.0 < self.newest {
            return;
        }
        self.newest = at.0;
        for (side, levels) in Side::BOTH.into_iter().zip(sides) {
            let seen = |px: i64| levels.last().is_none_or(|l| side.sign() * (px - l.px.0) >= 0);
            let gone: Vec<i64> = self.told[side.index()]
                .keys()
                .copied()
                .filter(|px| seen(*px) && levels.iter().all(|l| l.px.0 != *px))
                .collect();
            for px in gone {
                self.told[side.index()].remove(&px);
                self.row(DEPTH_EVENT, side, at, px, 0);
            }
            for l in levels {
                if self.told[side.index()].insert(l.px.0, l.sz.0) != Some(l.sz.0) {
                    self.row(DEPTH_EVENT, side, at, l.px.0, l.sz.0);
                }
            }
        }
    }
}

/// Greatest common divisor.
fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A price or size in 1e-8 as a float.
fn price(x: i64) -> f64 {
    x as f64 / ONE as f64
}

/// A coin as hftbacktest gets it.
struct Asset {
    data: Data<Row>,
    tick: f64,
    lot: f64,
    /// Size of an order.
    size: f64,
    /// Lowest and highest price that anything happens at.
    range: (f64, f64),
}

/// The tapes of a file of events, one a coin.
fn assets(file: &Path, unit_usd: f64) -> Fallible<Vec<Asset>> {
    let read = failed("reading events");
    let mut reader = Reader::open(file).map_err(&read)?;
    let decimals: Vec<u32> = reader.coins().iter().map(|c| u32::from(c.sz_decimals)).collect();
    let mut tapes: Vec<Tape> = decimals.iter().map(|_| Tape::default()).collect();
    while let Some((now, item)) = reader.step().map_err(&read)? {
        match item {
            Entry::Item(Item::Event(Event::Trades { coin, prints })) => {
                for p in prints {
                    let at = (p.time, now);
                    tapes[coin.index()].row(TRADE_EVENT, p.aggressor, at, p.px.0, p.sz.0);
                }
            }
            Entry::Item(Item::Event(Event::Bbo { coin, bbo })) => {
                let sides = [bbo.bid.as_slice(), bbo.ask.as_slice()];
                tapes[coin.index()].levels((bbo.time, now), sides);
            }
            Entry::Item(Item::Event(Event::Book { coin, book })) => {
                tapes[coin.index()].levels((book.time, now), [&book.bids, &book.asks]);
            }
            _ => {}
        }
    }
    let asset = |(tape, decimals): (Tape, u32)| {
        let (low, high) = tape.range.ok_or("a coin without prices")?;
        let (lot, room) = (1.0 / f64::from(10u32.pow(decimals)), LEVELS as i64 * tape.tick);
        Ok(Asset {
            data: Data::from_data(&tape.rows),
            tick: price(tape.tick),
            lot,
            size: (unit_usd / price(low) / lot).round().max(1.0) * lot,
            range: (price(low - room), price(high + room)),
        })
    };
    tapes.into_iter().zip(decimals).map(asset).collect()
}

/// Mean of a delay, ns.
fn mean_ns(latency: &Latency) -> Fallible<i64> {
    match latency {
        Latency::Constant { ms } => Ok(i64::from(*ms) * Ns::MS),
        Latency::ShiftedExponential { base_ms, mean_ms } => {
            Ok((i64::from(*base_ms) + i64::from(*mean_ms)) * Ns::MS)
        }
        Latency::Table { .. } => Err("no mean of a table".into()),
    }
}

type Bots = Backtest<ROIVectorMarketDepth>;

/// A backtest of all coins, at its beginning.
fn bots(assets: &[Asset], config: &Config) -> Fallible<Bots> {
    let delay = mean_ns(&config.engine.sim.entry)?;
    let fee = config.engine.sim.fees.maker(Billing::Venue).0 as f64 / 1e8;
    let mut all = Backtest::builder();
    for a in assets {
        let (tick, lot, (low, high)) = (a.tick, a.lot, a.range);
        let asset = L2AssetBuilder::new()
            .data(vec![DataSource::Data(a.data.clone())])
            // papermaker has no delay on the way back: the frame that decides tells it.
            .latency_model(ConstantLatency::new(delay, 0))
            .asset_type(LinearAsset::new(1.0))
            .fee_model(TradingValueFeeModel::new(CommonFees::new(fee, fee)))
            .exchange(ExchangeKind::NoPartialFillExchange)
            .queue_model(ProbQueueModel::new(PowerProbQueueFunc3::new(3.0)))
            .last_trades_capacity(0)
            .depth(move || ROIVectorMarketDepth::new(tick, lot, low, high))
            .build()
            .map_err(failed("an asset"))?;
        all = all.add_asset(asset);
    }
    all.build().map_err(failed("a backtest"))
}

/// Runs a backtest to its end, looking once a frame; gives orders sent and fills.
fn run(bot: &mut Bots, assets: &[Asset], frames: &[i64]) -> Fallible<(u64, u64)> {
    let mut sent = 0;
    let mut leaving = Vec::with_capacity(4 * LEVELS);
    let mut quoted = vec![None; assets.len()];
    bot.wait_next_feed(false, LONG).map_err(failed("the first frame"))?;
    for frame in frames {
        let ahead = frame - bot.current_timestamp();
        if bot.elapse(ahead.max(0)).map_err(failed("the next frame"))? == ElapseResult::EndOfData {
            break;
        }
        for (no, asset) in assets.iter().enumerate() {
            let (depth, fills) = (bot.depth(no), bot.state_values(no).num_trades);
            let now = Some((depth.best_bid_tick(), depth.best_ask_tick(), fills));
            if now != quoted[no] {
                quoted[no] = now;
                sent += requote(bot, no, asset, &mut leaving)?;
            }
        }
    }
    let fills: i64 = (0..assets.len()).map(|no| bot.state_values(no).num_trades).sum();
    Ok((sent, u64::try_from(fills)?))
}

/// Cancels what is not in the grid any more and sends what is missing; gives the orders sent.
fn requote(bot: &mut Bots, no: usize, asset: &Asset, leaving: &mut Vec<u64>) -> Fallible<u64> {
    bot.clear_inactive_orders(Some(no));
    let depth = bot.depth(no);
    if !depth.best_bid().is_finite() || !depth.best_ask().is_finite() {
        return Ok(0);
    }
    let (bid, ask) = (depth.best_bid_tick(), depth.best_ask_tick());
    let levels = LEVELS as i64;
    let (bids, asks) = (bid - levels + 1..=bid, ask..=ask + levels - 1);
    let wanted = |o: &Order| {
        let side = if o.side == GridSide::Buy { &bids } else { &asks };
        side.contains(&o.price_tick)
    };
    leaving.clear();
    let stray = bot.orders(no).values().filter(|o| o.cancellable() && !wanted(o));
    leaving.extend(stray.map(|o| o.order_id));
    for id in leaving.drain(..) {
        bot.cancel(no, id, false).map_err(failed("a cancel"))?;
    }
    let mut sent = 0;
    let (limit, post) = (OrdType::Limit, TimeInForce::GTX);
    for tick in bids {
        let (id, px) = (u64::try_from(2 * tick)?, tick as f64 * asset.tick);
        if !bot.orders(no).contains_key(&id) {
            bot.submit_buy_order(no, id, px, asset.size, post, limit, false)
                .map_err(failed("a bid"))?;
            sent += 1;
        }
    }
    for tick in asks {
        let (id, px) = (u64::try_from(2 * tick + 1)?, tick as f64 * asset.tick);
        if !bot.orders(no).contains_key(&id) {
            bot.submit_sell_order(no, id, px, asset.size, post, limit, false)
                .map_err(failed("an ask"))?;
            sent += 1;
        }
    }
    Ok(sent)
}

/// Measures hftbacktest.
fn hftbacktest(file: &Path, config: &Config, passes: usize) -> Fallible<Measured> {
    let assets = assets(file, config.engine.quote.unit_usd)?;
    let mut frames: Vec<i64> =
        assets.iter().flat_map(|a| (0..a.data.len()).map(|i| a.data[i].local_ts)).collect();
    frames.sort_unstable();
    frames.dedup();
    forget_peak()?;
    let mut m = Measured::default();
    m.units = assets.iter().map(|a| a.data.len() as u64).sum();
    let mut bot = bots(&assets, config)?;
    let mut done = Ok((0, 0));
    m.allocations = measure(|| done = run(&mut bot, &assets, &frames)).count_total;
    drop(bot);
    (m.sent, m.fills) = done?;
    let clock = SessionClock::start(1);
    for _ in 0..passes {
        let mut bot = bots(&assets, config)?;
        let mut done = Ok((0, 0));
        opt_out(|| {
            let begun = clock.mono_ns();
            done = run(&mut bot, &assets, &frames);
            m.ns.push(clock.mono_ns() - begun);
        });
        let (sent, fills) = done?;
        if (sent, fills) != (m.sent, m.fills) {
            return Err("the passes differ".into());
        }
    }
    Ok(m)
}

/// Orders and fills of papermaker's records.
#[derive(Default)]
struct Seen {
    sent: u64,
    fills: u64,
}

impl Seen {
    fn note(&mut self, record: &Record) {
        match record.body {
            Body::Order(o) if o.state == OrderState::Sent => self.sent += 1,
            Body::Fill(f) if f.lane == Lane::Configured => self.fills += 1,
            _ => {}
        }
    }
}

/// Measures papermaker from its file of events; without `records` they are counted only.
fn events(file: &Path, config: &Config, passes: usize, records: bool) -> Fallible<Measured> {
    let read = failed("reading events");
    let mut m = Measured::default();
    let mut reader = Reader::open(file).map_err(&read)?;
    while let Some((_, item)) = reader.step().map_err(&read)? {
        m.units += u64::from(matches!(item, Entry::Item(Item::Event(_))));
    }
    forget_peak()?;
    let mut seen = Seen::default();
    let mut tally = if records {
        Tally::new(|r: &_, _: &_| seen.note(r))
    } else {
        Tally::seeing(|r| seen.note(r))
    };
    let reader = Reader::open(file).map_err(&read)?;
    let hash = config.hash(reader.coins());
    let engine = engine(&config.engine, reader.coins(), hash);
    let mut done = None;
    let counted = measure(|| {
        let end = (Some(StopReason::Finished), &Meter::default());
        done = Some(play(reader, &mut [(engine, &mut tally)], end));
    });
    done.transpose().map_err(&read)?;
    let digest = tally.digest.value().run;
    drop(tally);
    (m.sent, m.fills, m.allocations) = (seen.sent, seen.fills, counted.count_total);
    let mut timed = Ok(Passes::default());
    opt_out(|| timed = replay::run_events(file, config, passes, records));
    m.timed(timed.map_err(&read)?, digest)
}

/// Measures papermaker from frames.
fn frames(recording: &Path, config: &Config, passes: usize) -> Fallible<Measured> {
    let frames = Frames::load(recording).map_err(failed("reading frames"))?;
    let mut m = Measured::default();
    m.units = frames.len() as u64;
    forget_peak()?;
    let mut seen = Seen::default();
    let mut tally = Tally::new(|r: &_, _: &_| seen.note(r));
    let hash = config.hash(&frames.coins);
    let turn = Turn::reading(config.run.parser, &config.engine, &frames.coins, hash);
    let mut feeder = Feeder::new(turn.map_err(failed("coins"))?);
    let counted = measure(|| {
        for (at, text) in frames.iter() {
            feeder.take(at, text, &mut tally);
        }
        feeder.end_run(Some(StopReason::Finished), &mut tally);
    });
    let digest = tally.digest.value().run;
    drop(tally);
    (m.sent, m.fills, m.allocations) = (seen.sent, seen.fills, counted.count_total);
    let mut timed = Ok(Passes::default());
    opt_out(|| timed = replay::run(&frames, config, passes, true));
    m.timed(timed.map_err(failed("coins"))?, digest)
}

impl Measured {
    /// With papermaker's timed passes, whose records must be those of the counted one.
    fn timed(mut self, passes: Passes, digest: u128) -> Fallible<Measured> {
        if passes.digest != digest {
            return Err("the timed passes gave other records than the counted one".into());
        }
        (self.ns, self.records) = (passes.ns, passes.records);
        self.digest = format!("{digest:032x}");
        Ok(self)
    }
}

/// Lets the peak of this process begin anew at what it has now.
fn forget_peak() -> Fallible<()> {
    std::fs::write("/proc/self/clear_refs", "5").map_err(failed("clear_refs"))
}

/// Peak resident memory of this process, kB.
fn peak_kb() -> Fallible<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Papermaker's defaults, quoting in any case; with these settings besides.
fn configuration(sets: &[&str]) -> Fallible<Config> {
    let sets = ["engine.quote.anyway=true"].iter().chain(sets).map(ToString::to_string);
    Config::load(None, &sets.collect::<Vec<_>>()).map_err(failed("settings"))
}

/// What papermaker does for a grid of twenty.
const GRID: [&str; 6] = [
    "engine.strategy.name=grid",
    "engine.strategy.grid.levels=10",
    // The queue model of the other side.
    "engine.sim.model=power",
    "engine.learn.on=false",
    "engine.sim.brackets=false",
    "engine.requests.spread_min=0",
];

/// What the command line asks for.
struct Options {
    recording: PathBuf,
    passes: usize,
    json: bool,
    /// In a child: the contender.
    only: Option<String>,
    /// In a child: the file of events.
    events: PathBuf,
}

impl Options {
    fn read() -> Fallible<Options> {
        let usage = "usage: backtest RECORDING [--passes N] [--json]";
        let (mut recording, mut events, mut only) = (None, PathBuf::new(), None);
        let (mut passes, mut json) = (PASSES, false);
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--json" => json = true,
                "--passes" => passes = args.next().ok_or(usage)?.parse().map_err(|_| usage)?,
                "--only" => only = Some(args.next().ok_or(usage)?),
                "--events" => events = args.next().ok_or(usage)?.into(),
                _ if recording.is_none() && !arg.starts_with('-') => recording = Some(arg.into()),
                _ => return Err(usage.into()),
            }
        }
        if passes == 0 {
            return Err("at least one pass".into());
        }
        Ok(Options { recording: recording.ok_or(usage)?, passes, json, only, events })
    }
}

/// Measures one contender in this process.
fn child(who: &str, o: &Options) -> Fallible<Measured> {
    let config = configuration(&[])?;
    let m = match who {
        "hftbacktest" => hftbacktest(&o.events, &config, o.passes)?,
        "grid" => events(&o.events, &configuration(&GRID)?, o.passes, false)?,
        "grid-arrival" => {
            let sets = [&GRID[..], &["engine.sim.order=arrival"]].concat();
            events(&o.events, &configuration(&sets)?, o.passes, false)?
        }
        "events" => events(&o.events, &config, o.passes, true)?,
        "frames" => frames(&o.recording, &config, o.passes)?,
        _ => return Err(format!("no contender {who}").into()),
    };
    Ok(Measured { peak_kb: peak_kb()?, ..m })
}

/// Runs the contenders in turns, each time in a new process.
fn turns(o: &Options, events: &Path) -> Fallible<Vec<Measured>> {
    let coins = survey(&o.recording).map_err(failed("reading the recording"))?.coins;
    let to = BufWriter::new(File::create(events)?);
    convert(&[o.recording.clone()], &coins, configuration(&[])?.run.parser, (true, &Meter::default()), to)
        .map_err(failed("converting"))?;
    let mut all = vec![Measured::default(); CONTENDERS.len()];
    for _ in 0..TURNS {
        for (who, sum) in CONTENDERS.iter().zip(&mut all) {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg(&o.recording).args(["--passes", &o.passes.to_string(), "--only", who]);
            let out = command.arg("--events").arg(events).output()?;
            if !out.status.success() {
                let said = String::from_utf8_lossy(&out.stderr);
                return Err(format!("{who}: {}", said.trim()).into());
            }
            let mut m: Measured = serde_json::from_slice(&out.stdout)?;
            m.ns.append(&mut sum.ns);
            m.peak_kb = m.peak_kb.max(sum.peak_kb);
            *sum = m;
        }
    }
    let [.., a, b] = &all[..] else {
        return Err("no contenders".into());
    };
    if a.digest != b.digest {
        return Err("events and frames gave other records".into());
    }
    Ok(all)
}

/// What a contender of others takes over what papermaker takes.
#[derive(Serialize)]
struct Ratio {
    of: &'static str,
    over: &'static str,
    time: f64,
    memory: f64,
}

/// Each of the others over each of papermaker's.
fn ratios(all: &[Measured]) -> Vec<Ratio> {
    let named = || CONTENDERS.into_iter().zip(all);
    let pairs = named().take(1).flat_map(|other| named().skip(1).map(move |own| (other, own)));
    pairs
        .map(|((of, other), (over, own))| Ratio {
            of,
            over,
            time: other.median_ns() / own.median_ns(),
            memory: other.peak_kb as f64 / own.peak_kb as f64,
        })
        .collect()
}

fn main() -> Fallible<()> {
    let o = Options::read()?;
    if let Some(who) = &o.only {
        println!("{}", serde_json::to_string(&child(who, &o)?)?);
        return Ok(());
    }
    let file = std::env::temp_dir().join(format!("backtest-{}.events", std::process::id()));
    let all = turns(&o, &file);
    // Where it was never made there is nothing to remove, and `all` says why.
    let _ = std::fs::remove_file(&file);
    let all = all?;
    if o.json {
        let entry = |(who, m): (&&str, &Measured)| {
            let mut v = json!(m);
            v["median_ns"] = json!(m.median_ns());
            v["unit_ns"] = json!(m.unit_ns());
            ((*who).to_string(), v)
        };
        let contenders: BTreeMap<String, Value> = CONTENDERS.iter().zip(&all).map(entry).collect();
        println!("{}", json!({ "contenders": contenders, "ratios": ratios(&all) }));
        return Ok(());
    }
    println!(
        "{:<17} {:>9} {:>9} {:>9} {:>8} {:>7} {:>12} {:>8}",
        "", "units", "ms", "ns a unit", "sent", "fills", "allocations", "peak MB"
    );
    for (who, m) in CONTENDERS.iter().zip(&all) {
        println!(
            "{who:<17} {:>9} {:>9.2} {:>9.0} {:>8} {:>7} {:>12} {:>8.1}",
            m.units,
            m.median_ns() / 1e6,
            m.unit_ns(),
            m.sent,
            m.fills,
            m.allocations,
            m.peak_kb as f64 / 1024.0,
        );
    }
    println!("units: rows, events, events, events, frames.");
    let records = all.last().map_or(0, |m| m.records);
    println!("papermaker also wrote {records} records; events and frames gave the same.");
    for r in ratios(&all) {
        println!("{} / {}: time {:.2}, memory {:.2}", r.of, r.over, r.time, r.memory);
    }
    Ok(())
}
