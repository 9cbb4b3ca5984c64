//! Real recordings through the engine. They are read from the directory in `PAPERMAKER_DATA`, or
//! from `../shared/data`; without them each test says so in a line and passes.

use std::path::PathBuf;

use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::replay::{Feeder, Outcome, Tally, replay};
use papermaker::rooms::app::survey::survey;
use papermaker::rooms::app::turn::Turn;
use papermaker::rooms::folder::recording::Reader;
use papermaker::rooms::record::{
    Body, Bytes, FillReason, Guard, Health, JointCode, Lane, Record, StopReason,
};
use papermaker::rooms::units::{CoinId, Ns, Side};

const NINE: &str = "hl_20250903_9m_ALL4.frames.gz";
const TWELVE: &str = "hl_20250904_12m_ALL4.frames.gz";
const TWENTY_FOUR: &str = "hl_20251210_24m_ETH.frames.gz";

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn recording(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PAPERMAKER_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")),
        PathBuf::from,
    );
    let path = root.join("hyperliquid").join(name);
    if !path.exists() {
        println!("skipped: no recording {}", path.display());
        return None;
    }
    Some(path)
}

struct Run {
    coins: usize,
    seen: Outcome,
    records: Vec<Record>,
    digest: u128,
}

fn run(name: &str) -> Option<Run> {
    let path = recording(name)?;
    let coins = survey(&path).expect("readable").coins;
    let mut records = Vec::new();
    let mut out = Tally::new(|r: &Record, _: &Bytes| records.push(*r));
    let config = Config::quoting();
    let seen =
        replay(&path, &config, &coins, Some(StopReason::Finished), &mut out).expect("readable");
    let digest = out.end().1.value().run;
    Some(Run { coins: coins.len(), seen, records, digest })
}

impl Run {
    /// Every coin quoted on both sides, some filled; nothing rejected; whatever the fill's lane, it
    /// happened while the book was whole and on a print that was not history.
    fn assert_sound(&self) {
        assert_eq!(self.seen.counters.rejects(), 0);
        for coin in (0..self.coins).map(|i| CoinId(u8::try_from(i).expect("few"))) {
            let of = |f: &dyn Fn(&Body) -> bool| {
                self.records.iter().filter(|r| r.coin == coin && f(&r.body)).count()
            };
            for side in Side::BOTH {
                let quoted = |b: &Body| {
                    matches!(b, Body::Ladder(l) if l.side == side && l.levels >= 2
                        && l.guard == Guard::None)
                };
                assert!(of(&quoted) > 10, "coin {coin:?} {side:?}: {}", of(&quoted));
            }
        }
        let filled = |b: &Body| matches!(b, Body::Fill(f) if f.lane == Lane::Configured);
        assert!(self.records.iter().any(|r| filled(&r.body)), "never filled");
        let mut health = vec![Health::Down; self.coins];
        let mut live = std::collections::BTreeSet::new();
        let mut fills = 0;
        for r in &self.records {
            match r.body {
                Body::HealthChange(h) => health[r.coin.index()] = h.now,
                Body::Print(p) => {
                    live.insert((r.coin.0, p.tid));
                }
                Body::Fill(f) => {
                    fills += 1;
                    let h = health[r.coin.index()];
                    assert!(matches!(h, Health::Fresh | Health::Stale), "{f:?} while {h:?}");
                    let known = f.tid == 0 || live.contains(&(r.coin.0, f.tid));
                    assert!(known, "{f:?} on a print that is history or was never seen");
                }
                _ => {}
            }
        }
        assert!(fills > 3 * self.coins, "{fills}");
    }

    fn gaps(&self) -> Vec<(u8, Ns, Ns)> {
        let gap = |r: &Record| match r.body {
            Body::DataGap(g) if g.joint == JointCode::Gap => Some((r.coin.0, g.from, g.to)),
            _ => None,
        };
        self.records.iter().filter_map(gap).collect()
    }

    /// No fill by prints lies in a gap of its coin: a book may have been seen after the last print before it.
    fn assert_gaps_empty(&self) {
        for (coin, from, to) in self.gaps() {
            for r in self.records.iter().filter(|r| r.coin.0 == coin) {
                if let Body::Fill(f) = r.body
                    && f.reason != FillReason::Crossed
                {
                    assert!(f.time <= from || f.time >= to, "{f:?} in a gap");
                }
            }
        }
    }
}

#[test]
fn four_coins_twelve_minutes_a_hole_of_17_s() {
    let Some(run) = run(TWELVE) else { return };
    assert_eq!((run.coins, run.seen.frames, run.seen.downs), (4, 25_477, 1));
    run.assert_sound();
    run.assert_gaps_empty();
    // In BTC trades were lost; in the others the history reaches back over the hole.
    let gaps = run.gaps();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].1, Ns::from_ms(1_757_015_891_087));
    // The hole itself: the link is down from ten seconds into it, and orders are out by then.
    let downs: Vec<Ns> = run
        .records
        .iter()
        .filter(|r| matches!(r.body, Body::LinkChange(l) if !l.up))
        .map(|r| r.at)
        .collect();
    let ups: Vec<Ns> = run
        .records
        .iter()
        .filter(|r| matches!(r.body, Body::LinkChange(l) if l.up))
        .map(|r| r.at)
        .collect();
    assert_eq!((downs.len(), ups.len()), (1, 2));
    let hole = ups[1].since(downs[0].plus(-10 * Ns::SEC));
    // The first message after it is of a block a second and a half before its receipt.
    assert!((15 * Ns::SEC..18 * Ns::SEC).contains(&hole), "{hole}");
    for r in &run.records {
        if let Body::Fill(_) = r.body {
            assert!(r.at <= downs[0] || r.at >= ups[1]);
        }
    }
    let again = self::run(TWELVE).expect("still there");
    assert_eq!((again.digest, again.records.len()), (run.digest, run.records.len()));
}

#[test]
fn nine_minutes_with_holes_of_250_s_and_50_s() {
    let Some(run) = run(NINE) else { return };
    assert_eq!((run.coins, run.seen.downs, run.gaps().len()), (4, 2, 7));
    run.assert_sound();
    run.assert_gaps_empty();
}

#[test]
fn twenty_four_minutes_of_one_coin_with_two_holes() {
    let Some(run) = run(TWENTY_FOUR) else { return };
    assert_eq!((run.coins, run.seen.downs, run.gaps().len()), (1, 2, 2));
    run.assert_sound();
    run.assert_gaps_empty();
}

#[test]
fn twenty_five_seconds_as_received_with_sorted_keys() {
    let Some(run) = run("hl_20250126_25s_BTC_raw.frames.gz") else { return };
    assert_eq!((run.coins, run.seen.counters.rejects()), (1, 0));
    assert!(run.records.iter().any(|r| matches!(r.body, Body::Ladder(l) if l.levels > 0)));
}

/// The halves of a recording, in time, each put through an engine that knows nothing: the interval of
/// kappa at the end, by coin.
fn halves(name: &str) -> Option<[Vec<[f64; 2]>; 2]> {
    let path = recording(name)?;
    let coins = survey(&path).expect("readable").coins;
    let config = Config::quoting();
    let mut ends = (None, Ns(0));
    let mut reader = Reader::open(&path).expect("readable");
    while let Some(line) = reader.step().expect("readable") {
        ends = (ends.0.or(Some(line.at)), line.at);
    }
    let from = ends.0.expect("a frame");
    let middle = from.plus(ends.1.since(from) / 2);
    Some([true, false].map(|first| {
        let mut said = vec![[0.0; 2]; coins.len()];
        let mut out = Tally::new(|r: &Record, _: &Bytes| {
            if let Body::Estimates(x) = r.body {
                said[r.coin.index()] = [x.kappa_lo, x.kappa_hi];
            }
        });
        let turn = Turn::new(&config.engine, &coins, config.hash(&coins)).expect("coins");
        let mut feeder = Feeder::new(turn);
        let mut reader = Reader::open(&path).expect("readable");
        while let Some(line) = reader.step().expect("readable") {
            if (line.at < middle) == first {
                feeder.take(line.at, line.bytes(), &mut out);
            }
        }
        drop(out);
        said
    }))
}

#[test]
fn halves_of_a_recording_agree_on_kappa() {
    for name in [NINE, TWELVE, TWENTY_FOUR] {
        let Some([first, second]) = halves(name) else { continue };
        for (coin, (a, b)) in first.iter().zip(&second).enumerate() {
            let (common, all) = (a[1].min(b[1]) - a[0].max(b[0]), a[1].max(b[1]) - a[0].min(b[0]));
            assert!(common > 0.0 && common < all, "{name} coin {coin}: {a:?} {b:?}");
        }
    }
}

#[test]
fn no_component_ends_where_it_began() {
    for name in [NINE, TWELVE, TWENTY_FOUR] {
        let Some(run) = run(name) else { continue };
        for coin in (0..run.coins).map(|i| CoinId(u8::try_from(i).expect("few"))) {
            let of = || run.records.iter().filter(|r| r.coin == coin);
            let values = |b: &Body| -> Option<(&'static str, Vec<f64>)> {
                Some(match b {
                    Body::Regimes(x) => ("regimes", x.sigma_bps.to_vec()),
                    Body::Estimates(x) => ("estimates", vec![x.kappa, x.sigma_bps]),
                    _ => return None,
                })
            };
            for kind in ["regimes", "estimates"] {
                let mut all = of().filter_map(|r| values(&r.body)).filter(|(k, _)| *k == kind);
                let (_, first) = all.next().expect("said");
                let (_, last) = all.next_back().expect("said again");
                for (i, (a, b)) in first.iter().zip(&last).enumerate() {
                    assert!((a - b).abs() > 1e-9, "{name} {coin:?}: {kind} value {i} stays {a}");
                }
            }
        }
    }
}
