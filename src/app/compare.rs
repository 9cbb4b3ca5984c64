//! One market under several configurations: what each earns, quotes and learns.
//!
//! In: a recording or a simulated market, a configuration. Out: [`Outcome`] a coin. Cold path around
//! the hot one.
//!
//! 1. Every configuration sees the same messages: the recording, or the market of one seed.
//! 2. Seconds are counted at the records that come once a second.

use std::path::PathBuf;

use super::config::ConfigOf;
use super::replay::{self, Cut, Tally, replay_files};
use super::turn::Turn;
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::folder::recording::{Meter, RecordingError};
use crate::record::{
    Account, Body, Bytes, Estimates, Fill, Guard, Lane, Record, StopReason, StrategyNames,
};
use crate::settings::ConfigError;
use crate::units::{Cash, Ns};
use crate::venue::config::Config as MarketConfig;
use crate::venue::market::Market;

/// Delay of messages from the simulated market.
const DELAY_NS: i64 = 50 * Ns::MS;

/// What one configuration did on one coin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The account at the end, configured fill model.
    pub account: Option<Account>,
    /// Fills under the configured model.
    pub fills: u64,
    /// Value filled, USD.
    pub turnover_usd: f64,
    /// Mean half-spread wanted while at least one side was quoted, bps.
    pub half_bps: Option<f64>,
    /// What was learned at the end.
    pub estimates: Option<Estimates>,
    /// Seconds seen.
    pub seconds: u64,
    /// Side-seconds by guard, as [`Guard::ALL`] counts; `None` is quoted.
    pub guards: [u64; Guard::ALL.len()],
}

/// What an account has come to.
#[must_use]
pub fn profit(a: &Account) -> Cash {
    Cash(a.spread + a.adverse + a.inventory + a.fees + a.funding)
}

#[derive(Clone, Debug, Default)]
struct Watch {
    out: Outcome,
    half: f64,
    half_sum: f64,
    half_n: u64,
    guard: [Guard; 2],
}

impl Watch {
    fn take(&mut self, r: &Record, names: &StrategyNames) {
        let o = &mut self.out;
        match r.body {
            Body::Account(a) if a.lane == Lane::Configured => o.account = Some(a),
            Body::Fill(f) if f.lane == Lane::Configured => {
                o.fills += 1;
                o.turnover_usd += value_usd(&f);
            }
            Body::Terms(t) => self.half = names.value(&t, "half_bps").unwrap_or(f64::NAN),
            Body::Ladder(l) => self.guard[l.side.index()] = l.guard,
            Body::Estimates(e) => {
                o.estimates = Some(e);
                o.seconds += 1;
                for g in self.guard {
                    o.guards[g as usize] += 1;
                }
                if self.guard.contains(&Guard::None) && self.half > 0.0 {
                    self.half_sum += self.half;
                    self.half_n += 1;
                }
            }
            _ => {}
        }
    }

    fn finish(self) -> Outcome {
        #[expect(clippy::cast_precision_loss, reason = "a count of seconds")]
        let half = (self.half_n > 0).then(|| self.half_sum / self.half_n as f64);
        Outcome { half_bps: half, ..self.out }
    }
}

/// What one configuration did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// A result a coin.
    pub coins: Vec<Outcome>,
    /// Digest of its decisions: equal where another configuration decided the same throughout.
    pub decisions: u128,
}

/// All coins under one configuration.
#[derive(Clone, Debug)]
pub struct Watches {
    coins: Vec<Watch>,
    names: StrategyNames,
}

impl Watches {
    /// Watches of so many coins.
    #[must_use]
    pub fn new(coins: usize) -> Watches {
        Watches { coins: vec![Watch::default(); coins], names: StrategyNames::default() }
    }

    /// Takes the next record.
    pub fn take(&mut self, r: &Record) {
        self.names.take(&r.body);
        if let Some(w) = self.coins.get_mut(r.coin.index()) {
            w.take(r, &self.names);
        }
    }

    /// The results; `decisions` is the digest of what was taken.
    #[must_use]
    pub fn finish(self, decisions: u128) -> Compared {
        Compared { coins: self.coins.into_iter().map(Watch::finish).collect(), decisions }
    }
}

/// A simulated market: its law, its seed, how long it is watched.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// The law.
    pub law: MarketConfig,
    /// Seed.
    pub seed: u64,
    /// Market time, ns.
    pub length_ns: i64,
}

/// Runs recordings, in order of time, under a configuration.
///
/// # Errors
/// The recording that cannot be read, or whose coins cannot be followed.
pub fn on_tape<C: Components>(
    files: &[PathBuf],
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
) -> Result<Compared, (PathBuf, RecordingError)> {
    let mut watches = Watches::new(coins.len());
    let mut out = Tally::new(|r: &Record, _: &Bytes| watches.take(r));
    let end = (Some(StopReason::Finished), Cut::default());
    replay_files(files, config, coins, end, &mut out)?;
    let decisions = out.end().1.value().decisions;
    Ok(watches.finish(decisions))
}

/// As [`on_tape`] without a digest, which costs less; with what the replay went through.
///
/// # Errors
/// As [`on_tape`].
pub fn results<C: Components>(
    files: &[PathBuf],
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
    meter: Meter,
) -> Result<(Vec<Outcome>, replay::Outcome), (PathBuf, RecordingError)> {
    let mut watches = Watches::new(coins.len());
    let mut out = Tally::seeing(|r: &Record| watches.take(r));
    let end = (Some(StopReason::Finished), Cut { meter, ..Cut::default() });
    let seen = replay_files(files, config, coins, end, &mut out)?;
    drop(out);
    Ok((watches.finish(0).coins, seen))
}

/// Runs a simulated market under a configuration.
///
/// # Errors
/// The market's law is out of range, or its coins cannot be followed.
pub fn on_market<C: Components>(
    market: &Simulated,
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
) -> Result<Compared, ConfigError> {
    let mut world = Market::new(&market.law, market.seed)?;
    let hash = config.hash(coins);
    let refused = |_| ConfigError("more coins than an engine holds, or a name it cannot".into());
    let mut turn = Turn::new(&config.engine, coins, hash).map_err(refused)?;
    let mut watches = Watches::new(coins.len());
    let mut out = Tally::new(|r: &Record, _: &Bytes| watches.take(r));
    let mut started: Option<Ns> = None;
    let mut now = Ns(0);
    loop {
        let block = world.next_block();
        now = now.max(block.time.plus(DELAY_NS));
        let start = *started.get_or_insert_with(|| {
            turn.up(now, &mut out);
            now
        });
        if now.since(start) >= market.length_ns {
            break;
        }
        for frame in &block.frames {
            turn.message(now, frame.as_bytes(), &mut out);
        }
    }
    let before = out.next;
    turn.stop(now, StopReason::Finished, before, &mut out);
    let decisions = out.end().1.value().decisions;
    Ok(watches.finish(decisions))
}

fn value_usd(f: &Fill) -> f64 {
    f.px.to_f64() * f.sz.to_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::Config;
    use crate::venue::config::Regime;

    #[test]
    fn a_coin_fills_the_same_wherever_it_stands_in_the_list() {
        let law = MarketConfig::simple();
        let market = Simulated { law, seed: 4, length_ns: 120 * Ns::SEC };
        let run = |names: [&str; 2], seed: u64| {
            let c = Config::load(
                None,
                &[
                    format!("engine.seed={seed}"),
                    "profile=glft".to_owned(),
                    // The account's requests are shared, in the order of the list.
                    "engine.requests.spread_min=0".to_owned(),
                ],
            )
            .expect("in range");
            let coins =
                names.map(|n| CoinSpec::new(n, if n == "BTC" { 5 } else { 4 }).expect("a coin"));
            let done = on_market(&market, &c, &coins).expect("a market").coins;
            done.into_iter().map(|o| (o.fills, o.turnover_usd)).collect::<Vec<_>>()
        };
        let (one, other) = (run(["BTC", "ETH"], 1), run(["ETH", "BTC"], 1));
        assert!(one[0].0 > 0 && one[1].0 > 0, "{one:?}");
        assert_eq!((one[0], one[1]), (other[1], other[0]));
        assert_ne!(one, run(["BTC", "ETH"], 2), "the control: another seed");
    }

    #[test]
    fn what_is_left_out_changes_nothing_of_what_a_grid_earns() {
        let law = MarketConfig::stationary("BTC", Regime::Normal);
        let market = Simulated { law, seed: 4, length_ns: 120 * Ns::SEC };
        let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
        let run = |sets: &[&str]| {
            let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
            let c = Config::load(None, &sets).expect("in range");
            on_market(&market, &c, &coins).expect("a market").coins.remove(0)
        };
        let grid = "engine.strategy.name=grid";
        let (all, bare) =
            (run(&[grid]), run(&[grid, "engine.learn.on=false", "engine.sim.brackets=false"]));
        assert!(all.fills > 0 && all.estimates.is_some(), "{all:?}");
        assert_eq!((bare.fills, bare.account), (all.fills, all.account));
        assert_eq!(bare.estimates, None, "nothing was learned");
        assert_ne!(run(&[grid, "engine.strategy.grid.levels=1"]).account, all.account, "control");
        let earn = ["engine.quote.anyway=true", "engine.learn.on=false"];
        assert_eq!(run(&earn).fills, 0, "earn goes by what is learned alone");
    }

    #[test]
    fn a_profile_of_the_original_quotes_what_it_says_and_results_split_exactly() {
        let market = Simulated {
            law: MarketConfig::stationary("BTC", Regime::Normal),
            seed: 4,
            length_ns: 120 * Ns::SEC,
        };
        let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
        let run = |profile: &str| {
            let c = Config::load(None, &[format!("profile={profile}")]).expect("a profile");
            on_market(&market, &c, &coins).expect("a market").coins.remove(0)
        };
        let (ours, floor) = (run("glft"), run("floor-8000"));
        assert!((floor.half_bps.expect("quoted") - 2.75).abs() < 1e-9);
        assert!((ours.half_bps.expect("quoted") - 2.75).abs() > 1e-3);
        assert_eq!(ours.seconds, floor.seconds, "the same market");
        assert_eq!(ours, run("glft"), "again the same");
    }
}
