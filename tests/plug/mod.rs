//! Parts that a program brings along: whole examples, and proof that they replay, go on from a
//! checkpoint, are refused wrong settings, and allocate nothing.

mod asked;
mod executor;
mod fixed;
mod grid;
mod share;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use allocation_counter::measure;
use papermaker::rooms::app::checkpoint::Checkpoint;
use papermaker::rooms::app::config::ConfigOf;
use papermaker::rooms::app::replay::{Cut, Tally, replay_cut};
use papermaker::rooms::app::turn::Turn;
use papermaker::rooms::engine::publish::{Collector, Publish};
use papermaker::rooms::feed::{CoinSpec, Control, Loss};
use papermaker::rooms::journal::Digests;
use papermaker::rooms::record::{
    Body, Bytes, Guard, OWN_ORDERS, OrderState, Record, StopReason, WholeLadder,
};
use papermaker::rooms::units::{CoinId, Ns, Side};
use papermaker::rooms::venue::config::{Config as Law, Regime};
use papermaker::rooms::venue::market::Market;
use papermaker::{Components, Lane, SimEvent};

use asked::{ASKED, WithAsked};
use executor::{SCRIPT, Script, WithNoted, WithScripted};
use fixed::WithFixed;
use grid::WithGrid;
use share::WithShare;

const SEED: u64 = 11;

/// A place beside the venue, whose messages come in order: a minute has fills enough.
const NEAR: &[&str] = &["engine.sim.feed_ms=0", "engine.sim.ping_ms=0", "engine.sim.hold_ms=1"];

fn coins() -> [CoinSpec; 1] {
    [CoinSpec::new("BTC", 5).expect("a coin")]
}

/// Nothing is rationed, and what is displayed across an order fills it: plenty happens.
const PLAIN: &[&str] = &[
    "engine.requests.spread_min=0",
    "engine.sim.crossing=displayed",
    "engine.sim.crossing_pessimistic=displayed",
];

fn settings<C: Components>(sets: &[&str]) -> Result<ConfigOf<C>, String> {
    let sets = PLAIN.iter().chain(sets).map(|s| (*s).to_owned()).collect::<Vec<String>>();
    ConfigOf::load(None, &sets).map_err(|e| e.0)
}

/// Every frame of so many seconds of a lively market.
fn market(seconds: i64, mut each: impl FnMut(Ns, &[u8])) {
    let law = Law::stationary("BTC", Regime::Volatile);
    let mut market = Market::new(&law, SEED).expect("a sound market");
    let mut begun = None;
    loop {
        let block = market.next_block();
        let now = block.time.plus(50 * Ns::MS);
        if now.since(*begun.get_or_insert(now)) >= seconds * Ns::SEC {
            return;
        }
        block.frames.iter().for_each(|f| each(now, f.as_bytes()));
    }
}

/// A folder that goes with the test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Temporary {
        let path = std::env::temp_dir().join(format!("pm-plug-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn recording(to: &Path, seconds: i64) {
    let mut text: Vec<u8> = Vec::new();
    market(seconds, |now, frame| {
        let line = |l: &[u8]| [now.0.to_string().as_bytes(), b" ", l, b"\n"].concat();
        if text.is_empty() {
            text.extend(line(Control::Up.line()));
        }
        text.extend(line(frame));
    });
    std::fs::write(to, text).expect("written");
}

fn replayed<C: Components>(
    path: &Path,
    config: &ConfigOf<C>,
    cut: Cut<C>,
    mut each: impl FnMut(&Record),
) -> (Digests, u64) {
    let take = |r: &Record, _: &Bytes| each(r);
    let mut out = match &cut.from {
        Some(c) => Tally::from(c.place.records, &c.digest, take),
        None => Tally::new(take),
    };
    let end = (Some(StopReason::Finished), cut);
    replay_cut(path, config, &coins(), end, &mut out).expect("a recording");
    (out.digest.value(), out.next)
}

/// A second replay gives the same bytes, and so does one that goes on from a checkpoint.
fn repeats<C: Components>(name: &str, config: &ConfigOf<C>) -> Vec<Record> {
    let dir = Temporary::new(name);
    let (path, file) = (dir.0.join("a.frames"), dir.0.join("checkpoint"));
    recording(&path, 60);
    let mut records = Vec::new();
    let whole = replayed(&path, config, Cut::default(), |r| records.push(*r));
    let half = Cut { at: Some((30 * Ns::SEC, file.clone())), ..Cut::default() };
    assert_eq!(replayed(&path, config, half, |_| {}), whole, "{name}: a second time");
    let from = Some(Checkpoint::read(&file, config, &coins()).expect("a checkpoint"));
    let rest = replayed(&path, config, Cut { from, ..Cut::default() }, |_| {});
    assert_eq!(rest, whole, "{name}: from a checkpoint");
    records
}

/// The whole ladders of a side, in order.
fn ladders(records: &[Record], side: Side) -> Vec<WholeLadder> {
    let (mut out, mut ladder) = (Vec::new(), WholeLadder::default());
    for r in records {
        if let Body::Ladder(part) = &r.body
            && part.side == side
            && ladder.take(part)
        {
            out.push(ladder.clone());
        }
    }
    out
}

fn strategy(records: &[Record]) -> (String, u32) {
    let mut names = papermaker::rooms::record::StrategyNames::default();
    records.iter().for_each(|r| names.take(&r.body));
    names.name().expect("a strategy record")
}

#[test]
fn a_fixed_half_spread_quotes_fills_and_repeats() {
    let config =
        settings::<WithFixed>(&[&["engine.strategy.half_bps=2"], NEAR].concat()).expect("settings");
    let records = repeats("fixed", &config);
    assert_eq!(strategy(&records), ("fixed".to_owned(), 1));
    let fills = records.iter().filter(|r| matches!(r.body, Body::Fill(_))).count();
    let quoted = ladders(&records, Side::Buy);
    let one = |l: &&WholeLadder| l.guard == Guard::None;
    assert!(fills > 10, "{fills}");
    assert!(quoted.iter().filter(one).count() > 20);
    assert!(quoted.iter().filter(one).all(|l| l.levels.len() == 1));
}

#[test]
fn a_grid_of_twenty_orders_is_quoted_on_every_trade_and_repeats() {
    let sets = ["engine.quote.requote_ms=0", "engine.strategy.step_bps=0.5"];
    let config = settings::<WithGrid>(&sets).expect("settings");
    let records = repeats("grid", &config);
    for side in Side::BOTH {
        let whole = ladders(&records, side).iter().filter(|l| l.levels.len() == 10).count();
        assert!(whole > 50, "{side:?}: {whole}");
    }
    // It hears of the market as it happens: of takers, whose prints the journal has, too.
    let takers = |r: &Record| match &r.body {
        Body::Terms(t) => Some(t.value[1]),
        _ => None,
    };
    let (first, last) = (records.iter().find_map(takers), records.iter().rev().find_map(takers));
    let prints = records.iter().filter(|r| matches!(r.body, Body::Print(_))).count();
    let (first, last) = (first.expect("terms"), last.expect("terms"));
    assert!(first < 5.0 && last > 20.0 && last <= prints as f64, "{first} {last} of {prints}");
    // A grid that is wild from the start says why it does not quote.
    let shy = settings::<WithGrid>(&["engine.strategy.sigma_most_bps=0.1"]).expect("settings");
    let declined = ladders(&repeats("shy", &shy), Side::Sell);
    assert!(declined.iter().any(|l| l.guard == Guard::Declined && l.declined == 1));
    assert!(declined.iter().all(|l| l.levels.is_empty()));
}

#[test]
fn a_reason_that_says_how_long_it_stands_is_asked_for_less_and_decides_the_same() {
    fn decided<const ALWAYS: bool>(path: &Path) -> (u128, [usize; 2]) {
        let sets = ["engine.strategy.sigma_most_bps=3", "engine.quote.requote_ms=0"];
        let config = settings::<WithAsked<ALWAYS>>(&sets).expect("settings");
        let mut records = Vec::new();
        let (digests, _) = replayed(path, &config, Cut::default(), |r| records.push(*r));
        let declined = |l: &WholeLadder| l.guard == Guard::Declined;
        let (no, yes): (Vec<_>, Vec<_>) =
            ladders(&records, Side::Buy).into_iter().partition(declined);
        (digests.decisions, [no.len(), yes.len()])
    }
    let dir = Temporary::new("asked");
    let path = dir.0.join("a.frames");
    recording(&path, 60);
    let (seldom, always) = (decided::<false>(&path), decided::<true>(&path));
    assert_eq!(seldom, always);
    assert!(seldom.1.iter().all(|n| *n > 3), "it declines now and then: {:?}", seldom.1);
    let [seldom, always] = ASKED.each_ref().map(|n| n.load(Ordering::Relaxed));
    assert!(seldom * 4 < always * 3, "{seldom} times of {always}");
}

#[test]
fn an_own_fill_model_decides_the_fills_and_repeats() {
    let config = settings::<WithShare>(
        &[&["engine.sim.model=own", "engine.strategy.half_bps=1"], NEAR].concat(),
    );
    let records = repeats("share", &config.expect("settings"));
    let fills = |lane| {
        let of = |r: &&Record| matches!(&r.body, Body::Fill(f) if f.lane == lane);
        records.iter().filter(of).count()
    };
    let (own, least, most) =
        (fills(Lane::Configured), fills(Lane::Pessimistic), fills(Lane::Optimistic));
    assert!(own > 5 && least <= own && own <= most, "between the brackets: {least} {own} {most}");
    let e = settings::<WithShare>(&["engine.fills.ahead_pct=101"]).expect_err("refused");
    assert!(e.contains("engine.fills.ahead_pct") && e.contains("0 to 100"), "{e}");
}

#[test]
fn wrong_settings_are_refused_and_right_ones_decide_the_hash() {
    let refused = |set: &str| settings::<WithFixed>(&[set]).expect_err("refused");
    let e = refused("engine.strategy.half_bps=-1");
    assert!(e.contains("engine.strategy.half_bps") && e.contains("0.1 to 1000 bps"), "{e}");
    let e = refused("engine.strategy.half_bp=1");
    assert!(e.contains("did you mean `engine.strategy.half_bps`"), "{e}");
    let hash = |sets: &[&str]| settings::<WithFixed>(sets).expect("settings").hash(&coins());
    assert_ne!(hash(&[]), hash(&["engine.strategy.half_bps=2"]));
    let other = settings::<WithGrid>(&[]).expect("settings").hash(&coins());
    assert_ne!(hash(&[]), other);
}

/// The records of a minute and a half with a loss of the link in the middle, and what was learned.
fn executed<C: Components>() -> (Vec<Record>, Vec<u8>) {
    let config = settings::<C>(&["engine.quote.unit_usd=2000", "engine.strategy.name=glft"])
        .expect("settings");
    let mut turn = Turn::new(&config.engine, &coins(), [0; 2]).expect("coins");
    let (mut out, mut up, mut lost, mut first) = (Collector::default(), false, false, Ns(0));
    market(90, |now, frame| {
        if !up {
            turn.up(0, now, &mut out);
            (up, first) = (true, now);
        }
        if !lost && now.since(first) > 45 * Ns::SEC {
            lost = true;
            turn.down(0, now, Loss::Lost, &mut out);
            turn.up(0, now.plus(10 * Ns::MS), &mut out);
        }
        turn.message(now.plus(20 * Ns::MS), frame, &mut out);
    });
    let learned = postcard::to_stdvec(&turn.state().1.learned()).expect("plain");
    (out.records, learned)
}

#[test]
fn the_same_market_and_fills_decide_alike_whoever_executes() {
    let (paper, learned) = executed::<WithNoted>();
    let script: Script = SCRIPT.with_borrow(Vec::clone);
    let filled =
        |(_, e): &&(u64, SimEvent)| matches!(e, SimEvent::Fill(f) if f.lane == Lane::Configured);
    let fills = script.iter().filter(filled).count();
    assert!(fills > 10, "{fills}");
    let decided =
        |r: &&Record| matches!(r.body, Body::Ladder(_) | Body::Terms(_) | Body::Estimates(_));
    let bytes = |r: &[Record]| r.iter().filter(decided).map(Record::encode).collect::<Vec<_>>();
    assert!(executed::<WithScripted>() == (paper.clone(), learned.clone()), "parity");

    // One fill a few messages earlier, or none of it: no parity. A millisecond is in its record.
    let old =
        |x: &&(u64, SimEvent)| filled(x) && matches!(x.1, SimEvent::Fill(f) if f.age > Ns::SEC);
    let at = script.iter().position(|x| old(&x)).expect("a fill");
    let mut dropped = script.clone();
    let (call, fill) = dropped.remove(at);
    let mut moved = dropped.clone();
    let to = moved.partition_point(|(c, _)| *c < call - 30);
    moved.insert(to, (call - 30, fill));
    for (what, script) in [("moved", moved), ("dropped", dropped)] {
        SCRIPT.set(script);
        let (other, otherwise) = executed::<WithScripted>();
        assert!(otherwise != learned, "{what}: learned the same");
        assert!(bytes(&other) != bytes(&paper), "{what}: decided the same");
    }
    let mut later = script;
    if let SimEvent::Fill(f) = &mut later[at].1 {
        f.time = f.time.plus(Ns::MS);
    }
    SCRIPT.set(later);
    assert!(executed::<WithScripted>().0 != paper, "a millisecond later");
}

/// What is forecast of an order's fills counts while the order is in the book, on the venue's clock,
/// until its first fill, and not a nanosecond more.
#[test]
fn exposure_is_live_time() {
    let (records, _) = executed::<WithNoted>();
    let (mut sent, mut live) = (BTreeMap::new(), BTreeMap::new());
    let (mut lived, mut waited, mut orders, mut close) = (0, 0, 0, 0);
    for r in &records {
        match &r.body {
            Body::Order(o) if o.state == OrderState::Sent => {
                sent.insert(o.id, o.effective);
            }
            Body::Order(o) if o.state == OrderState::Live => {
                waited += sent.remove(&o.id).map_or(0, |t| o.effective.since(t));
                live.insert(o.id, o.effective);
                orders += 1;
            }
            Body::Order(o) if matches!(o.state, OrderState::Cancelled | OrderState::Filled) => {
                lived += live.remove(&o.id).map_or(0, |from| o.effective.since(from));
            }
            Body::Fill(f) if f.lane == Lane::Configured => {
                lived += live.remove(&f.id).map_or(0, |from| f.time.since(from));
            }
            Body::Score(s) if s.place == OWN_ORDERS => {
                let rest: i64 = live.values().map(|from| r.at.since(*from)).sum();
                let (least, most) = (Ns::seconds(lived), Ns::seconds(lived + rest));
                assert!(
                    s.live_s >= least - 1e-6 && s.live_s <= most + 1e-6,
                    "{least} {s:?} {most}"
                );
                close += i32::from(s.live_s + Ns::seconds(waited) > most);
            }
            _ => {}
        }
    }
    assert!(orders > 200 && Ns::seconds(lived) > 60.0, "{orders} {lived}");
    assert!(close > 3, "control: time from sending shows");
}

/// Counts and forgets.
#[derive(Default)]
struct Count(u64);

impl Publish for Count {
    fn publish(&mut self, _at: Ns, _coin: CoinId, body: impl Into<Body>) {
        self.0 += u64::from(matches!(body.into(), Body::Ladder(_)));
    }
}

#[test]
fn a_grid_allocates_nothing() {
    let config = settings::<WithGrid>(&["engine.quote.requote_ms=0"]).expect("settings");
    let mut turn = Turn::new(&config.engine, &coins(), [0; 2]).expect("coins");
    let (mut out, mut up, mut n) = (Count::default(), false, 0u64);
    let mut allocated = 0;
    market(120, |now, frame| {
        if !up {
            turn.up(0, now, &mut out);
            up = true;
        }
        let seen = measure(|| turn.message(now, frame, &mut out));
        n += 1;
        if n > 500 {
            allocated += seen.count_total;
        }
    });
    assert!(n > 2_000 && out.0 > 500, "{n} messages, {} ladder records", out.0);
    assert_eq!(allocated, 0);
}
