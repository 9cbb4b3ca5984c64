//! Curves of the whole engine: by coins, by frames of a replay, by hours.
//!
//! In: the configuration. Out: curves. Cold path around the hot one.
//!
//! 1. The market is the embedded exchange's, in one regime that never ends: what changes from one
//!    stretch to the next is the work done before, not the market.

use std::io;

use hdrhistogram::Histogram;

use super::curve::{Curve, Shape, Step, Subject, each, each_ns};
use crate::app::config::Config;
use crate::app::replay::{Feeder, Tally};
use crate::app::turn::Turn;
use crate::bench::input::{Frames, coins_of};
use crate::bench::path::{self, Kind, Report, histogram};
use crate::bench::replay::pass;
use crate::sys::clock::SessionClock;
use crate::sys::machine;
use crate::units::Ns;
use crate::venue::config::{Config as Law, Regime};
use crate::venue::market::Market;

/// Coins, up to as many as the venue trades.
const COINS: [u32; 7] = [1, 2, 4, 8, 16, 60, 180];
const COIN_ROUNDS: usize = 5;
/// Session time that is not timed, in which all coins are heard of; and all of it, ns.
const TALK_NS: i64 = 30 * Ns::SEC;
const SPAN_NS: i64 = 150 * Ns::SEC;
/// Frames of a replay.
const FRAMES: [u32; 5] = [5_000, 10_000, 20_000, 40_000, 80_000];
const REPLAY_ROUNDS: usize = 5;
/// The hours of the long run, stretches an hour that are made and timed at once, and their length.
const HOURS: [u32; 4] = [1, 2, 3, 4];
const STRETCHES: usize = 60;
const STRETCH_NS: i64 = 60 * Ns::SEC;
/// Seed of the markets, and what a block is late by, ns.
const SEED: u64 = 1;
const DELAY_NS: i64 = 50 * Ns::MS;

/// Calls of `step` by each.
pub(super) const COINS_STEPS: usize = COINS.len() * (1 + COIN_ROUNDS);
pub(super) const REPLAY_STEPS: usize = 1 + REPLAY_ROUNDS;
pub(super) const HOURS_STEPS: usize = HOURS.len();

/// A market of so many coins whose regime does not change.
fn law(coins: usize) -> Law {
    let known = ["BTC", "ETH", "SOL", "HYPE"].map(str::to_owned);
    let more = (known.len()..coins).map(|i| format!("COIN{i}"));
    let coins = known.into_iter().chain(more).take(coins).collect();
    Law { coins, ..Law::stationary("BTC", Regime::Normal) }
}

/// Frames, and how many of them belong to the time that is not timed.
type Scene = (Frames, usize);

fn scene(frames: Frames) -> Scene {
    let first = frames.iter().next().map_or(Ns(0), |f| f.0);
    let warm = frames.iter().take_while(|(at, _)| at.since(first) < TALK_NS).count();
    (frames, warm)
}

/// All frames of the one coin, and those of the others until they fall silent.
fn quiet(one: &Frames, all: &Frames) -> Scene {
    let first = one.iter().next().map_or(Ns(0), |f| f.0);
    let others = |(at, text): &(Ns, &[u8])| {
        at.since(first) < TALK_NS && memchr::memmem::find(text, b"\"BTC\"").is_none()
    };
    let (mut ours, mut theirs) = (one.iter().peekable(), all.iter().filter(others).peekable());
    let mut out = Frames::default();
    out.coins.clone_from(&all.coins);
    while let Some(&(at, _)) = ours.peek() {
        let next = theirs.next_if(|t| t.0 < at).or_else(|| ours.next());
        next.into_iter().for_each(|(at, text)| out.push(at, text));
    }
    scene(out)
}

/// A message of one coin while the others only tick, a message while all trade, a tick.
pub(super) fn coins(config: &Config, step: &mut Step<'_>) -> io::Result<Vec<Curve>> {
    let market = |n| Frames::of(&law(n), SEED, DELAY_NS, |f| f.span_ns() >= SPAN_NS);
    let one = market(1);
    let mut scenes = Vec::new();
    for n in COINS {
        let all = market(n as usize);
        scenes.push([quiet(&one, &all), scene(all)]);
        step()?;
    }
    let (mut alone, mut all, mut ticks) = (each(&COINS), each(&COINS), each(&COINS));
    for _ in 0..COIN_ROUNDS {
        for (i, scenes) in scenes.iter().enumerate() {
            let [a, b] = scenes.each_ref().map(|(frames, warm)| {
                path::run(frames, config, config.run.parser, *warm)
                    .expect("coins of our own making can be followed")
            });
            alone[i].1.push(message_ns(&a));
            all[i].1.push(message_ns(&b));
            ticks[i].1.push(undisturbed_ns(&b.kinds[Kind::Tick as usize]));
            step()?;
        }
    }
    let curve = |title, unit, stated, costs| {
        Curve::new(Subject::Coins, (title, "coins", unit), stated, costs)
    };
    Ok(vec![
        curve("a message of one coin, the others silent", "ns a message", Shape::Flat, alone),
        curve("a message while all coins trade", "ns a message", Shape::Flat, all),
        curve("a tick of all coins", "ns a tick", Shape::Linear, ticks),
    ])
}

/// A frame of a replay, and what memory it ends with, by its length.
pub(super) fn replay(config: &Config, step: &mut Step<'_>) -> io::Result<Vec<Curve>> {
    let most = FRAMES.iter().max().map_or(0, |n| *n as usize);
    let frames = Frames::of(&law(2), SEED, DELAY_NS, |f| f.len() >= most);
    let replay = |n: u32| {
        pass(frames.iter().take(n as usize), &frames.coins, config, true)
            .expect("coins of our own making can be followed")
    };
    let before = machine::resident_now().unwrap_or(0);
    // What the making of the frames gave back is taken by the first pass, whatever its length.
    replay(FRAMES[0]);
    step()?;
    let (mut costs, mut memory) = (each(&FRAMES), each(&FRAMES));
    for round in 0..REPLAY_ROUNDS {
        for (i, n) in FRAMES.iter().enumerate() {
            let p = replay(*n);
            costs[i].1.push(each_ns(p.ns, u64::from(*n)));
            // Later rounds are given what the longest of the first has left.
            if round == 0 {
                memory[i].1.extend(beyond(before, p.resident));
            }
        }
        step()?;
    }
    let curve = |(title, unit), costs| {
        Curve::new(Subject::Replay, (title, "frames", unit), Shape::Flat, costs)
    };
    Ok(vec![
        curve(("a frame of a replay", "ns a frame"), costs),
        curve(("memory at the end of a replay, its frames apart", "kB"), memory),
    ])
}

/// A frame, and the memory, by the hours a run has lasted. The market is made a minute at a time.
pub(super) fn hours(config: &Config, step: &mut Step<'_>) -> io::Result<Vec<Curve>> {
    let law = law(2);
    let coins = coins_of(&law).expect("coins of our own making");
    let mut market = Market::new(&law, SEED).expect("a law within its ranges");
    let before = machine::resident_now().unwrap_or(0);
    let turn = Turn::reading(config.run.parser, &config.engine, &coins, config.hash(&coins))
        .expect("coins of our own making can be followed");
    let (mut feeder, mut tally) = (Feeder::new(turn), Tally::new(|_: &_, _: &_| {}));
    let (mut costs, mut memory) = (each(&HOURS), each(&HOURS));
    let clock = SessionClock::start(1);
    let mut stretch = Frames::default();
    for hour in 0..HOURS.len() {
        for _ in 0..STRETCHES {
            stretch.clear();
            while stretch.span_ns() < STRETCH_NS {
                stretch.block(&market.next_block(), DELAY_NS);
            }
            let started = clock.mono_ns();
            for (at, text) in stretch.iter() {
                feeder.take(at, text, &mut tally);
            }
            costs[hour].1.push(each_ns(clock.mono_ns() - started, stretch.len() as u64));
        }
        memory[hour].1.extend(beyond(before, machine::resident_now()));
        step()?;
    }
    let curve = |(title, unit), costs| {
        Curve::new(Subject::Hours, (title, "hours", unit), Shape::Flat, costs)
    };
    Ok(vec![
        curve(("a frame of a long run", "ns a frame"), costs),
        curve(("memory of a long run, its market included", "kB"), memory),
    ])
}

/// Memory now beyond that before, kB; at least 1, for its logarithm.
#[expect(clippy::cast_precision_loss, reason = "kB of a process")]
fn beyond(before: u64, now: Option<u64>) -> Option<f64> {
    now.map(|now| (now.saturating_sub(before) / 1024).max(1) as f64)
}

/// Nanoseconds of a message of any kind, in the mean of the undisturbed.
fn message_ns(report: &Report) -> f64 {
    let mut all = histogram();
    for kind in Kind::ALL {
        if !matches!(kind, Kind::Tick | Kind::Bound) {
            all.add(&report.kinds[kind as usize]).expect("equal bounds");
        }
    }
    undisturbed_ns(&all)
}

/// The mean of all but the slowest percent, in which the machine did something else as a rule; 0 of
/// none.
#[expect(clippy::cast_precision_loss, reason = "times and counts of a measurement")]
fn undisturbed_ns(h: &Histogram<u64>) -> f64 {
    let most = h.value_at_quantile(0.99);
    let (mut sum, mut count) = (0.0, 0);
    for step in h.iter_recorded().take_while(|s| s.value_iterated_to() <= most) {
        sum += step.value_iterated_to() as f64 * step.count_at_value() as f64;
        count += step.count_at_value();
    }
    if count == 0 { 0.0 } else { sum / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Parser;

    #[test]
    fn an_interruption_does_not_count() {
        let mut h = histogram();
        (0..200).for_each(|i| h.saturating_record(if i == 7 { 4_000_000 } else { 100 }));
        assert!((undisturbed_ns(&h) - 100.0).abs() < 1e-9 && h.mean() > 20_000.0);
        assert!(undisturbed_ns(&histogram()).abs() < 1e-9);
    }

    #[test]
    fn a_message_of_any_kind_costs_no_more_than_the_slowest_kind() {
        let frames = Frames::embedded(3, 400, 50 * Ns::MS);
        let r = path::run(&frames, &Config::default(), Parser::Scanner, 100).expect("coins");
        let most = r.kinds[..5].iter().map(|h| h.mean()).fold(0.0, f64::max);
        assert!(message_ns(&r) > 1.0 && message_ns(&r) <= most, "{} {most}", message_ns(&r));
    }

    #[test]
    fn the_others_fall_silent_and_the_one_goes_on() {
        let market =
            |n| Frames::of(&law(n), SEED, DELAY_NS, |f| f.span_ns() >= TALK_NS + 5 * Ns::SEC);
        let (one, all) = (market(1), market(3));
        let (frames, warm) = quiet(&one, &all);
        assert_eq!(frames.coins.len(), 3);
        let btc = |text: &[u8]| memchr::memmem::find(text, b"\"BTC\"").is_some();
        let ours = frames.iter().filter(|f| btc(f.1)).count();
        assert_eq!(ours, one.iter().filter(|f| btc(f.1)).count(), "none of the one is missing");
        assert!(
            frames.iter().skip(warm).count() > 50 && frames.iter().skip(warm).all(|f| btc(f.1))
        );
        assert!(frames.iter().take(warm).filter(|f| !btc(f.1)).count() > 500);
        let stamps: Vec<Ns> = frames.iter().map(|f| f.0).collect();
        assert!(stamps.is_sorted());
    }
}
