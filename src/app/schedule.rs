//! A fixed schedule of orders through the production decoding, book and fill model.
//!
//! In: a recording, a schedule (CSV). Out: the fills of each order. Cold path around the hot one.
//!
//! 1. An order is live from its `ts_live_ns`, placed against the book before an event of the same
//!    time, up to its `ts_cancel_ns`, exclusive; what it filled before stands.
//! 2. Each order is judged as if it were the only one: a schedule measures a model, it is no ladder.
//! 3. Prints that are older than the recording are history and fill nothing; a gap in the data ends
//!    every order that is live.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::book;
use crate::event::own::{Fill, FillReason, Lane, Late, OrderReason, OrderState};
use crate::event::{Bbo, Event, Joint, Snapshot, Trade};
use crate::feed::{self, CoinSpec, Control, Counters, Feed, Input, control, listed};
use crate::folder::recording::{LeftOut, Reader, RecordingError, Unit};
use crate::limits::UNIT_OFF_NS;
use crate::sim::config::{Config, Order};
use crate::sim::hold::Came;
use crate::sim::models::skellam::Skellam;
use crate::sim::orders::{NewOrder, Sim, SimEvent};
use crate::sim::paper::InOrder;
use crate::units::{Ns, Px, Side, Sz, decimal};

/// Frames looked at to tell how a tape is ordered.
const LOOK: usize = 4_000;

/// How the frames of a tape stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tape {
    /// A live feed's: the state after a block arrives before the block's prints, and events are
    /// stamped with block times. Times of the schedule are on the venue's clock.
    Block,
    /// Written in the order of matching: prints, then the state after them, each event with its
    /// own stamp. Times of the schedule are on the clock of the stamps.
    Matching,
}

/// One order of a schedule.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// Its name, as given.
    pub id: String,
    /// Which of the recording's coins.
    coin: usize,
    new: NewOrder,
    live: Ns,
    cancel: Option<Ns>,
}

/// A fill of a scheduled order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Place of the order in the schedule.
    pub order: usize,
    /// When.
    pub at: Ns,
    /// How much.
    pub sz: Sz,
    /// At its price.
    pub px: Px,
    /// Why.
    pub reason: FillReason,
}

/// What a schedule came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Fills in order of time.
    pub fills: Vec<Filled>,
    /// Places in the schedule of the orders refused on arrival: they would have crossed.
    pub refused: Vec<usize>,
    /// Orders that a gap in the data ended.
    pub ended: u64,
    /// What could not be taken in the venue's order.
    pub late: Late,
    /// Frames read.
    pub frames: u64,
    /// What the feed counted.
    pub counters: Counters,
    /// Lines and stamps of the recording that were not taken as they stand.
    pub left_out: LeftOut,
}

/// Why a schedule cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum BadSchedule {
    /// A line of the schedule, counted from 1 with the header, and what is wrong with it.
    #[error("line {0}: {1}")]
    Line(u64, String),
    /// The recording cannot be read.
    #[error("the recording: {0}")]
    Tape(#[from] RecordingError),
    /// The recording has no market data in its first frames.
    #[error("no market data in the recording's first frames")]
    NoCoin,
}

#[derive(Debug, Deserialize)]
struct Row {
    order_id: String,
    inst: String,
    side: String,
    px: String,
    sz: String,
    ts_live_ns: i64,
    ts_cancel_ns: Option<i64>,
    tif: String,
}

#[derive(Debug, Serialize)]
struct OutRow<'a> {
    order_id: &'a str,
    ts_ns: i64,
    sz: String,
    px: String,
    reason: &'static str,
}

/// Reads a schedule for a recording of `coins` with these stamps of its first and last line.
///
/// # Errors
/// [`BadSchedule::Line`] for the first line that is none.
pub fn read(
    source: impl Read,
    coins: &[CoinSpec],
    (from, to): (Ns, Ns),
) -> Result<Vec<Scheduled>, BadSchedule> {
    let mut names = BTreeSet::new();
    let mut csv = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
    let head = csv.headers().map_err(|e| BadSchedule::Line(1, plain(&e)))?;
    if head.iter().all(|name| name != "order_id") {
        return Err(BadSchedule::Line(1, "missing field `order_id`".to_owned()));
    }
    let mut orders = Vec::new();
    for (row, line) in csv.deserialize::<Row>().zip(2u64..) {
        let row = row.map_err(|e| BadSchedule::Line(line, plain(&e)))?;
        let bad = |text| BadSchedule::Line(line, text);
        let order = order(row, coins).map_err(bad)?;
        if let Some(unit) = in_unit(order.live, (from, to)) {
            let text = format!("ts_live_ns looks like {}; nanoseconds are needed", unit.name);
            return Err(bad(text));
        }
        if !names.insert(order.id.clone()) {
            return Err(bad(format!("order_id `{}` stands twice", order.id)));
        }
        orders.push(order);
    }
    Ok(orders)
}

/// The unit that puts a time beside the recording, where nanoseconds are far before it.
fn in_unit(at: Ns, (from, to): (Ns, Ns)) -> Option<Unit> {
    let near = |ns: i64| ns > from.0.saturating_sub(UNIT_OFF_NS) && ns < to.plus(UNIT_OFF_NS).0;
    let scaled = |u: &Unit| near(at.0.saturating_mul(u.ns));
    if near(at.0) { None } else { Unit::ALL.into_iter().find(scaled) }
}

fn plain(e: &csv::Error) -> String {
    match e.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} columns, the header has {expected_len}")
        }
        _ => e.to_string(),
    }
}

fn order(row: Row, coins: &[CoinSpec]) -> Result<Scheduled, String> {
    let coin = match coins.iter().position(|c| c.name.as_str() == row.inst) {
        Some(i) => i,
        // A number is an instrument of somebody's own list, no coin.
        None if coins.len() == 1 && row.inst.bytes().all(|b| b.is_ascii_digit()) => 0,
        None => {
            let names: Vec<&str> = coins.iter().map(|c| c.name.as_str()).collect();
            return Err(format!("no `{}` in the recording; it has {}", row.inst, names.join(", ")));
        }
    };
    let side = match row.side.as_str() {
        "B" => Side::Buy,
        "A" => Side::Sell,
        other => return Err(format!("side `{other}` is neither B (bid) nor A (ask)")),
    };
    if !row.tif.eq_ignore_ascii_case("alo") {
        return Err(format!("tif `{}`: only post-only orders (Alo) are simulated", row.tif));
    }
    let number = |name: &str, text: &str| match decimal::parse(text.as_bytes()) {
        Ok(0) => Err(format!("{name} is zero")),
        Ok(v) => Ok(v),
        Err(bad) => Err(format!("{name} `{text}` is no price or size: {bad}")),
    };
    let (px, sz) = (Px(number("px", &row.px)?), Sz(number("sz", &row.sz)?));
    let (live, cancel) = (Ns(row.ts_live_ns), row.ts_cancel_ns.map(Ns));
    if cancel.is_some_and(|c| c < live) {
        return Err("ts_cancel_ns lies before ts_live_ns".into());
    }
    Ok(Scheduled { id: row.order_id, coin, new: NewOrder { side, px, sz, level: 0 }, live, cancel })
}

/// Columns of a table of fills.
const COLUMNS: [&str; 5] = ["order_id", "ts_ns", "sz", "px", "reason"];

/// Whether a path is of a table that [`write`] wrote; of a pipe, which may never end, it is not.
pub fn is_table(path: &Path) -> bool {
    let head = COLUMNS.join(",") + "\n";
    let mut read = vec![0; head.len()];
    let mut look = || std::fs::File::open(path)?.read_exact(&mut read);
    path.is_file() && look().is_ok() && read == head.as_bytes()
}

/// Writes fills: `order_id,ts_ns,sz,px,reason`.
///
/// # Errors
/// The target cannot be written.
pub fn write(target: impl Write, orders: &[Scheduled], fills: &[Filled]) -> std::io::Result<()> {
    let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(target);
    csv.write_record(COLUMNS)?;
    for f in fills {
        let row = OutRow {
            order_id: &orders[f.order].id,
            ts_ns: f.at.0,
            sz: decimal::format(f.sz.0, 0),
            px: decimal::format(f.px.0, 0),
            reason: f.reason.text(),
        };
        csv.serialize(row)?;
    }
    csv.flush()
}

/// How a tape is ordered: one written in the order of matching gives a print and the state after
/// it the same stamp, a feed never does.
///
/// # Errors
/// The recording cannot be read.
pub fn order_of(path: &Path, coins: &[CoinSpec]) -> Result<Tape, BadSchedule> {
    let mut feed = open(coins)?;
    let mut reader = Reader::open(path)?;
    let (mut prints, mut followed) = (0u64, 0u64);
    let mut last = None;
    for _ in 0..LOOK {
        let Some(line) = reader.step()? else { break };
        let (at, print) = match feed.message(line.at, line.bytes()) {
            Input::Event(Event::Trades { .. } | Event::History { .. }) => (line.at, true),
            _ => (line.at, false),
        };
        followed += u64::from(last == Some(at) && !print);
        prints += u64::from(print);
        last = print.then_some(at);
    }
    Ok(if prints > 0 && followed * 2 > prints { Tape::Matching } else { Tape::Block })
}

fn open(coins: &[CoinSpec]) -> Result<Feed, BadSchedule> {
    let mut feed =
        Feed::new(&feed::Config::default(), coins, 0).map_err(|_| BadSchedule::NoCoin)?;
    feed.connected(0, Ns(0));
    Ok(feed)
}

/// One coin: its book, its orders.
struct Bench {
    cfg: Config,
    tape: InOrder<Skellam>,
    /// Places in the schedule, next to go live last.
    waiting: Vec<usize>,
}

/// Puts a schedule through the fill model.
///
/// # Errors
/// The recording cannot be read.
pub fn run(
    path: &Path,
    coins: &[CoinSpec],
    orders: &[Scheduled],
    tape: Tape,
    cfg: &Config,
) -> Result<Outcome, BadSchedule> {
    let order = if tape == Tape::Block { Order::Block } else { Order::Arrival };
    // Whether an order meets the venue's rules is the schedule's business.
    let cfg = Config { order, venue_rules: false, ..*cfg };
    let mut benches: Vec<Bench> = (0..coins.len())
        .map(|coin| {
            let mut waiting: Vec<usize> =
                (0..orders.len()).filter(|i| orders[*i].coin == coin).collect();
            waiting.sort_by_key(|i| std::cmp::Reverse((orders[*i].live, *i)));
            let sim = Sim::new(
                cfg.shipped(&book::Config::default()),
                coins[coin].rules(),
                waiting.len().max(1),
                0,
            )
            .each_alone();
            Bench { cfg, tape: InOrder::around(sim), waiting }
        })
        .collect();
    let mut feed = open(coins)?;
    let mut reader = Reader::open(path)?;
    let mut seen = Outcome::default();
    let mut since: Option<Ns> = None;
    let mut last = Ns(i64::MIN);
    // Whose connection is lost, loses its orders; the others go on.
    let mut on = vec![0; coins.len()];
    while let Some(line) = reader.step()? {
        seen.frames += 1;
        let at = last.max(line.at);
        last = at;
        let since = *since.get_or_insert(at);
        if let Some((what, socket)) = control(line.bytes()) {
            let lost = |on: u8| what == Control::Hole || (what == Control::Down && on == socket);
            let lost = benches.iter_mut().zip(&on).filter(|(_, on)| lost(**on));
            lost.for_each(|(b, _)| b.gap(Ns(i64::MAX), &mut seen));
            continue;
        }
        if let Some((coin, socket)) = listed(line.bytes()) {
            let own = coins.iter().position(|c| c.name == coin.name);
            own.into_iter().for_each(|i| on[i] = socket);
            continue;
        }
        if let Input::Event(event) = feed.message(at, line.bytes()) {
            let stamp = (tape == Tape::Matching).then_some(at);
            take((at, stamp, since), &event, orders, &mut benches, &mut seen);
        }
    }
    for b in &mut benches {
        b.tape.on_end(b.cfg.shipped(&book::Config::default()), &mut |e| seen.note(e));
        seen.late += b.tape.late();
    }
    seen.counters = feed.counters();
    seen.left_out = reader.left_out();
    seen.fills.sort_by_key(|f| (f.at, f.order));
    Ok(seen)
}

/// One event that came at `at`; `stamp` takes the place of its block time on tapes in the order of
/// matching; the tape begins at `since`.
fn take(
    (at, stamp, since): (Ns, Option<Ns>, Ns),
    event: &Event<'_>,
    orders: &[Scheduled],
    benches: &mut [Bench],
    seen: &mut Outcome,
) {
    match *event {
        Event::Bbo { coin, bbo } => {
            let bbo = Bbo { time: stamp.unwrap_or(bbo.time), ..*bbo };
            benches[coin.index()].on((at, bbo.time), Came::Bbo(&bbo), orders, seen);
        }
        Event::Book { coin, book } => {
            let book = Snapshot { time: stamp.unwrap_or(book.time), ..book.clone() };
            benches[coin.index()].on((at, book.time), Came::Book(&book), orders, seen);
        }
        Event::Trades { coin, prints } => {
            benches[coin.index()].prints((at, stamp), prints, orders, seen);
        }
        Event::History { coin, prints, joint } => {
            let bench = &mut benches[coin.index()];
            match joint {
                Joint::Gap { to, .. } => bench.gap(prints.last().map_or(to, |p| p.time), seen),
                // What is younger than the recording itself happened in its sight.
                // Block times are whole milliseconds.
                Joint::First => {
                    let since = Ns(since.0 - since.0.rem_euclid(Ns::MS));
                    let old = prints.iter().take_while(|p| p.time < since).count();
                    bench.prints((at, stamp), &prints[old..], orders, seen);
                }
                // Nothing was lost: what happened meanwhile happened to the orders, too.
                Joint::Contiguous { .. } => bench.prints((at, stamp), prints, orders, seen),
            }
        }
        Event::Link(_)
        | Event::Line { .. }
        | Event::Ctx { .. }
        | Event::Behind(_)
        | Event::Ping(_) => {}
    }
}

impl Bench {
    fn prints(
        &mut self,
        (at, stamp): (Ns, Option<Ns>),
        prints: &[Trade],
        orders: &[Scheduled],
        seen: &mut Outcome,
    ) {
        let stamped: Vec<Trade> =
            prints.iter().map(|p| Trade { time: stamp.unwrap_or(p.time), ..*p }).collect();
        let Some(newest) = stamped.iter().map(|p| p.time).max() else { return };
        self.on((at, newest), Came::Prints(&stamped), orders, seen);
    }

    /// What came `at`, of the time `t`. What is live by then is sent before: it meets the book as it was.
    fn on(&mut self, (at, t): (Ns, Ns), came: Came<'_>, orders: &[Scheduled], seen: &mut Outcome) {
        while let Some(i) = self.waiting.last().copied().filter(|i| orders[*i].live <= t) {
            self.waiting.pop();
            let o = &orders[i];
            // Room was made for every order of the coin.
            if self.tape.paper.sim().submit_at(number(i), o.new, o.live).is_ok()
                && let Some(cancel) = o.cancel
            {
                let why = OrderReason::Withdrawn;
                self.tape
                    .paper
                    .sim()
                    .cancel_at(o.live, number(i), cancel, why, &mut |e| seen.note(e));
            }
        }
        let set = book::Config::default();
        self.tape.on(self.cfg.shipped(&set), at, came, &mut |e| seen.note(e));
    }

    fn gap(&mut self, upto: Ns, seen: &mut Outcome) {
        let set = book::Config::default();
        self.tape.on_gap(self.cfg.shipped(&set), upto, &mut |e| seen.note(e));
    }
}

/// The order's number in the executor.
fn number(place: usize) -> u64 {
    place as u64 + 1
}

impl Outcome {
    fn note(&mut self, event: SimEvent) {
        match event {
            SimEvent::Fill(Fill { lane: Lane::Configured, id, time, sz, px, reason, .. }) => {
                let order = usize::try_from(id - 1).unwrap_or(usize::MAX);
                self.fills.push(Filled { order, at: time, sz, px, reason });
            }
            SimEvent::Order(o) if o.state == OrderState::Rejected => {
                self.refused.push(usize::try_from(o.id - 1).unwrap_or(usize::MAX));
            }
            SimEvent::Order(o) if o.reason == OrderReason::LinkLost => self.ended += 1,
            _ => {}
        }
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
