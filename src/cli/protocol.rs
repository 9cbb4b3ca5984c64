//! `papermaker protocol RUN|FILE`: the acceptance test of the analysis that the project began with.
//!
//! In: a run folder, or recordings that are replayed. Out: a line a demand, passed or failed, with its
//! numbers; exit code 1 where one failed. Cold path.
//!
//! 1. Warm-up and confidence are the analysis's own arithmetic on the run's own fills, whatever strategy
//!    made them: a profile that learns otherwise is judged by the same formulas.
//! 2. The first 500 s are judged: the analysis asks for sessions of 300 to 500 s.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::common::{chosen_of_all, coin_name, each_record, journal, least_fit, recording_failure};
use super::exit::{Failure, Result};
use super::progress::Progress;
use super::{Common, say};
use crate::app::config::ConfigOf;
use crate::app::replay::{Cut, Tally, replay_files};
use crate::engine::Components;
use crate::folder::recording::{self, Meter};
use crate::quote::original::model::{Config as Formulas, Known, Model};
use crate::record::{Body, Lane, REGIMES, Record, StopReason};
use crate::units::lines::labelled;
use crate::units::{Cash, Mid2, Ns, Px};

/// Length of a session, s.
const SESSION_S: [f64; 2] = [300.0, 500.0];
/// Fills of a session.
const FILLS: [u64; 2] = [50, 200];
/// Warm-up that is to be reached by this fill.
const WARM: (u64, f64) = (20, 0.5);
/// Confidence at the end.
const CONFIDENCE: f64 = 0.7;
/// Least difference of two distances that shows, bps.
const SHOWN_BPS: f64 = 0.005;
/// Least edge, bps of the value traded.
const EDGE_BPS: f64 = 1.0;

#[derive(Debug, Args)]
#[command(after_help = "\
The demands, for each coin, of the first 500 s:
  length      the session has at least 300 s
  fills       50 to 200
  warm-up     at least 50 % by fill 20: 40 % fills with a move after 5 s, 40 % fills, 20 % time
  confidence  at least 0.7 at the end: 1 / (1 + cv) of a gamma posterior. It begins at 0.69 and counts
              coins, not fills: one fill of a coin passes, which says little
  spreads     nearer to the mid in the last third than in the first
  edge        (spread + adverse move + fees) / traded at least +1 bps

Example: papermaker protocol FILE --set profile=original")]
pub(super) struct Options {
    /// A run folder, or recordings, in order of time, to be replayed for it.
    #[arg(required = true, value_name = "RUN|FILE")]
    what: Vec<PathBuf>,
    /// Coins, of recordings those to quote; default: all.
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = coin_name)]
    coin: Vec<String>,
    /// Replay recordings that are not fit for it, too.
    #[arg(long)]
    accept_unfit: bool,
}

/// One coin while the records are gone through.
struct Watch {
    name: String,
    model: Model,
    regimes: [f64; REGIMES.len()],
    mid: Option<Mid2>,
    fills: u64,
    traded: Cash,
    earned: Cash,
    warm: Option<f64>,
    /// Distance of the nearest quote from the mid, when it was made, bps.
    quoted: Vec<(Ns, f64)>,
    known: Known,
}

/// A demand: its name, whether it is met, the numbers.
struct Line {
    name: &'static str,
    passed: bool,
    numbers: String,
}

#[derive(Default)]
struct Judge {
    from: Option<Ns>,
    to: Ns,
    coins: Vec<Watch>,
}

impl Watch {
    fn new() -> Watch {
        let formulas = Formulas::default();
        let model = Model::new(&formulas);
        let regimes = [0.0, 1.0, 0.0, 0.0];
        let known = model.known(&formulas, &regimes);
        Watch {
            name: String::new(),
            quoted: Vec::new(),
            traded: Cash(0),
            earned: Cash(0),
            mid: None,
            fills: 0,
            warm: None,
            model,
            regimes,
            known,
        }
    }

    fn take(&mut self, r: &Record) {
        let formulas = Formulas::default();
        match r.body {
            Body::Coin(x) => self.name = x.text(),
            Body::Market(x) if x.bid.0 > 0 && x.ask.0 > 0 => {
                self.mid = Some(Mid2(x.bid.0 + x.ask.0))
            }
            Body::Regimes(x) => self.regimes = x.p,
            Body::Estimates(_) => self.model.second(r.at),
            Body::Ladder(l) if l.first == 0 && l.levels > 0 => {
                self.quoted.extend(self.mid.map(|mid| (r.at, distance(l.px[0], mid) * 1e4)));
            }
            Body::Account(a) if a.lane == Lane::Configured => {
                self.earned = a.value();
            }
            Body::Fill(f) if f.lane == Lane::Configured => {
                self.fills += 1;
                self.traded += Cash::of(f.px, f.sz);
                let at = distance(f.px, f.mid);
                self.model.fill(&formulas, r.at, at, f.sz.to_f64(), &self.regimes);
            }
            _ => {}
        }
        self.known = self.model.known(&formulas, &self.regimes);
        if self.fills >= WARM.0 {
            self.warm.get_or_insert(self.known.warmup);
        }
    }

    fn lines(&self, seconds: f64) -> Vec<Line> {
        let line = |name, passed, numbers| Line { name, passed, numbers };
        let warm = self.warm.map_or_else(
            || {
                format!(
                    "fill {} did not come; {:.0} % at the end",
                    WARM.0,
                    100.0 * self.known.warmup
                )
            },
            |w| format!("{:.0} % at fill {}", 100.0 * w, WARM.0),
        );
        let third = |of: usize| {
            let of = &self.quoted[of * self.quoted.len() / 3..(of + 1) * self.quoted.len() / 3];
            let n = crate::report::float(of.len());
            (n > 0.0).then(|| of.iter().map(|q| q.1).sum::<f64>() / n)
        };
        let spreads = third(0).zip(third(2));
        let edge = (self.traded.0 > 0).then(|| self.earned.to_f64() / self.traded.to_f64() * 1e4);
        vec![
            line("length", seconds >= SESSION_S[0], format!("{seconds:.0} s of 300 to 500")),
            line(
                "fills",
                (FILLS[0]..=FILLS[1]).contains(&self.fills),
                format!("{} of {} to {}", self.fills, FILLS[0], FILLS[1]),
            ),
            line("warm-up", self.warm.is_some_and(|w| w >= WARM.1), warm),
            line(
                "confidence",
                self.known.confidence >= CONFIDENCE && self.fills > 0,
                format!("{:.3}, at least {CONFIDENCE}", self.known.confidence),
            ),
            line(
                "spreads",
                spreads.is_some_and(|(first, last)| first - last >= SHOWN_BPS),
                spreads.map_or_else(
                    || "nothing was quoted".to_owned(),
                    |(a, b)| {
                        format!("{a:.2} bps from the mid in the first third, {b:.2} in the last")
                    },
                ),
            ),
            line(
                "edge",
                edge.is_some_and(|e| e >= EDGE_BPS),
                edge.map_or_else(
                    || "nothing was traded".to_owned(),
                    |e| format!("{e:+.2} bps of {:.0} USD, at least +1", self.traded.to_f64()),
                ),
            ),
        ]
    }
}

/// Distance of a price from a mid, relative to it.
fn distance(px: Px, mid: Mid2) -> f64 {
    let mid = mid.to_f64();
    if mid > 0.0 { (px.to_f64() - mid).abs() / mid } else { 0.0 }
}

impl Judge {
    /// Takes the next record; those after the session change nothing.
    fn take(&mut self, r: &Record) {
        let from = *self.from.get_or_insert(r.at);
        if Ns::seconds(r.at.since(from)) > SESSION_S[1] {
            return;
        }
        self.to = self.to.max(r.at);
        if r.coin == crate::record::NO_COIN {
            return;
        }
        if self.coins.len() <= r.coin.index() {
            self.coins.resize_with(r.coin.index() + 1, Watch::new);
        }
        self.coins[r.coin.index()].take(r);
    }
}

pub(super) fn run<C: Components>(o: &Options, config: &ConfigOf<C>, common: &Common) -> Result {
    let mut judge = Judge::default();
    match o.what.as_slice() {
        // Damage is for `verify` to name.
        [run] if run.is_dir() => drop(each_record(run, journal(run)?, |r| {
            judge.take(r);
            Ok(())
        })?),
        several if several.len() > 1 && several.iter().any(|f| f.is_dir()) => {
            return Err(Failure::usage("one run folder, or recordings"));
        }
        files => of_files(files, o, config, &mut judge)?,
    }
    let seconds = judge.from.map_or(0.0, |from| Ns::seconds(judge.to.since(from)));
    let all: Vec<(&str, Vec<Line>)> = judge
        .coins
        .iter()
        .filter(|w| !w.name.is_empty() && (o.coin.is_empty() || o.coin.contains(&w.name)))
        .map(|w| (w.name.as_str(), w.lines(seconds)))
        .collect();
    let failed = all.iter().flat_map(|c| &c.1).filter(|l| !l.passed).count();
    let lines = all.iter().map(|c| c.1.len()).sum::<usize>();
    if common.json {
        let coin = |(name, lines): &(&str, Vec<Line>)| {
            let line =
                |l: &Line| json!({ "demand": l.name, "passed": l.passed, "numbers": l.numbers });
            json!({ "coin": name, "demands": lines.iter().map(line).collect::<Vec<_>>() })
        };
        let coins: Vec<_> = all.iter().map(coin).collect();
        say(&format!("{}\n", json!({ "coins": coins, "failed": failed })));
    } else {
        for (name, lines) in &all {
            say(&format!("\n{name}\n"));
            for l in lines {
                let word = if l.passed { "pass" } else { "FAIL" };
                say(&labelled(l.name, &format!("{word}  {}", l.numbers)));
            }
        }
    }
    if all.is_empty() && !judge.coins.is_empty() {
        let named: Vec<&str> = judge.coins.iter().map(|w| w.name.as_str()).collect();
        let (asked, run) = (o.coin.join(","), o.what[0].display());
        let text = format!("no coin `{asked}` in {run}; it has {}", named.join(", "));
        return Err(Failure::usage(text));
    }
    if all.is_empty() {
        return Err(Failure::input("no coin in it: give a run folder or recordings"));
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::check(format!("{failed} of {lines} demands of the protocol failed")))
}

fn of_files<C: Components>(
    files: &[PathBuf],
    o: &Options,
    config: &ConfigOf<C>,
    judge: &mut Judge,
) -> Result {
    let coins = chosen_of_all(files, &o.coin)?;
    least_fit(files, &coins, o.accept_unfit)?;
    let meter = Meter::default();
    let _shown = Progress::of("protocol", files.iter().map(|f| recording::size(f)).sum(), &meter);
    let mut tally = Tally::new(|r: &Record, _: &_| judge.take(r));
    let cut = Cut { meter, ..Cut::default() };
    replay_files(files, config, &coins, (Some(StopReason::Finished), cut), &mut tally)
        .map_err(|(file, e)| recording_failure(&file, &e))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coin_without_fills_fails_what_it_cannot_show() {
        let lines = Watch::new().lines(400.0);
        let passed: Vec<&str> = lines.iter().filter(|l| l.passed).map(|l| l.name).collect();
        assert_eq!(passed, ["length"]);
        assert!(lines.iter().all(|l| !l.numbers.is_empty()));
        assert!((distance(Px(101), Mid2(200)) - 0.01).abs() < 1e-12);
    }
}
