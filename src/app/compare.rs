//! One market under several configurations: what each earns, quotes and learns.
//!
//! In: recordings or a simulated market, configurations. Out: [`Outcome`] a coin. Cold path around the
//! hot one.
//!
//! 1. Every configuration sees the same messages: the recording, or the market of one seed, made once.
//! 2. Seconds are counted at the records that come once a second.
//! 3. What came of a configuration is the same on any number of threads.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::config::ConfigOf;
use super::replay::{self, Cut, Run, Tally, Unread, replay_files, replay_made, replay_many};
use super::source::Source;
use super::turn::engine;
use crate::engine::Components;
use crate::feed::{BadCoin, CoinSpec, Parser};
use crate::folder::recording::Meter;
use crate::journal::{Digest, Digests};
use crate::limits::SWEEP_ENGINES_MAX;
use crate::record::{
    Account, Body, Budget, Bytes, Estimates, Guard, Lane, NO_COIN, OrderState, Record, StopReason,
    StrategyNames,
};
use crate::report::BLOCK_NS;
use crate::settings::ConfigError;
use crate::sys::jobs::done;
use crate::units::{Cash, Ns};
use crate::venue::config::Config as MarketConfig;
use crate::venue::tape::{Failed, record};

/// How many seeds are tried of so long a recording, ns, where nothing else is asked for.
pub fn default_seeds(length_ns: i64) -> u32 {
    if length_ns < Ns::HOUR { 8 } else { 1 }
}

/// What one configuration did on one coin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The account at the end under each fill model, as [`Lane::ALL`] counts.
    pub accounts: [Option<Account>; 3],
    /// Largest fall from a peak of the profit, configured fill model.
    pub drawdown: Cash,
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
    /// Orders sent, those that change another one included.
    pub orders: u64,
    /// Value and profit at the end of each block of time with a link that was reached.
    pub ends: Vec<[Cash; 2]>,
}

impl Outcome {
    /// The account at the end, configured fill model.
    pub fn account(&self) -> Option<&Account> {
        self.accounts[Lane::Configured as usize].as_ref()
    }

    /// Value and profit of each of so many blocks, USD.
    pub fn blocks(&self, count: usize) -> Vec<[f64; 2]> {
        let last = self.ends.last().copied().unwrap_or_default();
        let ends = (0..count).map(|i| self.ends.get(i).copied().unwrap_or(last));
        let mut before = [Cash(0); 2];
        let steps = ends.map(|end| {
            let was = std::mem::replace(&mut before, end);
            [0, 1].map(|i| Cash(end[i].0 - was[i].0).to_f64())
        });
        steps.collect()
    }
}

#[derive(Clone, Debug, Default)]
struct Watch {
    out: Outcome,
    peak: Cash,
    half: f64,
    half_sum: f64,
    half_n: u64,
    guard: [Guard; 2],
}

impl Watch {
    fn take(&mut self, r: &Record, block: usize, names: &StrategyNames) {
        let o = &mut self.out;
        match r.body {
            Body::Account(a) => {
                o.accounts[a.lane as usize] = Some(a);
                if a.lane != Lane::Configured {
                    return;
                }
                self.peak = self.peak.max(a.profit());
                o.drawdown = o.drawdown.max(Cash(self.peak.0 - a.profit().0));
                if o.ends.len() <= block {
                    o.ends.resize(block + 1, o.ends.last().copied().unwrap_or_default());
                }
                o.ends[block] = [a.value(), a.profit()];
            }
            Body::Order(x) if x.state == OrderState::Sent => o.orders += 1,
            Body::Fill(f) if f.lane == Lane::Configured => {
                o.fills += 1;
                o.turnover_usd += f.px.to_f64() * f.sz.to_f64();
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
    /// Blocks of time with a link that were reached; 0 of one that was interrupted before it began.
    pub blocks: usize,
    /// Session time of the first record and of the last.
    pub span: [Ns; 2],
    /// The account's requests.
    pub requests: Option<Budget>,
    /// Records.
    pub records: u64,
    /// Their digests: that of decisions is equal where another configuration decided the same throughout.
    pub digest: Digests,
}

/// All coins under one configuration.
#[derive(Clone, Debug)]
struct Watches {
    coins: Vec<Watch>,
    names: StrategyNames,
    block_ns: i64,
    span: Option<[Ns; 2]>,
    /// Since when there is no link, and how long there was none before.
    down: Option<Ns>,
    gone_ns: i64,
    requests: Option<Budget>,
}

impl Watches {
    /// Watches of so many coins; blocks of time with a link are `block_ns` long.
    fn new(coins: usize, block_ns: i64) -> Watches {
        let (coins, names) = (vec![Watch::default(); coins], StrategyNames::default());
        Watches { coins, names, block_ns, span: None, down: None, gone_ns: 0, requests: None }
    }

    /// The block of now.
    fn block(&self) -> usize {
        let [from, to] = self.span.unwrap_or_default();
        let seen = self.down.unwrap_or(to).since(from) - self.gone_ns;
        usize::try_from(seen.max(0) / self.block_ns.max(1)).unwrap_or(0)
    }

    /// Takes the next record.
    fn take(&mut self, r: &Record) {
        self.names.take(&r.body);
        let [_, to] = self.span.get_or_insert([r.at; 2]);
        *to = r.at.max(*to);
        if let (Body::LinkChange(x), NO_COIN) = (r.body, r.coin) {
            let since = std::mem::replace(&mut self.down, (!x.up).then_some(r.at));
            self.gone_ns += since.map_or(0, |down| r.at.since(down));
        }
        let block = self.block();
        if let Body::Requests(x) = r.body {
            self.requests = Some(Budget::with(self.requests, r.at, x));
        }
        if let Some(w) = self.coins.get_mut(r.coin.index()) {
            w.take(r, block, &self.names);
        }
    }

    /// The results; `records` and `digest` are of what was taken.
    fn finish(self, (records, digest): (u64, Digest)) -> Compared {
        let blocks = self.span.map_or(0, |_| self.block() + 1);
        let (span, digest) = (self.span.unwrap_or_default(), digest.value());
        let coins = self.coins.into_iter().map(Watch::finish).collect();
        Compared { coins, blocks, span, requests: self.requests, records, digest }
    }
}

/// Runs recordings, in order of time, under each of the configurations, on so many threads; a thread
/// reads them once for several. Where `meter` ends it, all end at one time.
///
/// # Errors
/// The recording that cannot be read, or whose coins cannot be followed.
pub fn on_tape<C: Components>(
    files: &[PathBuf],
    configs: &[ConfigOf<C>],
    coins: &[CoinSpec],
    (threads, meter): (usize, &Meter),
) -> Result<Vec<Compared>, Unread> {
    let share = configs.len().div_ceil(threads.max(1)).clamp(1, SWEEP_ENGINES_MAX);
    let parts: Vec<&[ConfigOf<C>]> = configs.chunks(share).collect();
    let pass = |_, part: &&[ConfigOf<C>]| match meter.is_ending() {
        true => Ok(vec![Compared::default(); part.len()]),
        false => side_by_side(files, coins, part, BLOCK_NS, meter),
    };
    let all: Result<Vec<_>, _> = done(&parts, threads, pass).into_iter().collect();
    Ok(all?.into_iter().flatten().collect())
}

/// Replays recordings under each configuration in one pass; blocks are `block_ns` of session time.
///
/// # Errors
/// As [`replay_many`].
pub fn side_by_side<C: Components>(
    files: &[PathBuf],
    coins: &[CoinSpec],
    configs: &[ConfigOf<C>],
    block_ns: i64,
    meter: &Meter,
) -> Result<Vec<Compared>, Unread> {
    watched(coins, configs, block_ns, |parser, runs| {
        replay_many(files, coins, parser, runs, (Some(StopReason::Finished), meter)).map(|_| ())
    })
}

/// Runs a market of the embedded exchange, as who records it would receive it, for `length_ns` under each
/// configuration. Where `meter` ends it, there is nothing to show.
///
/// # Errors
/// The market's law is out of range, or its coins cannot be followed.
pub fn on_market<C: Components>(
    (law, length_ns): (&MarketConfig, i64),
    configs: &[ConfigOf<C>],
    coins: &[CoinSpec],
    meter: &Meter,
) -> Result<Vec<Compared>, ConfigError> {
    let all = watched(coins, configs, BLOCK_NS, |parser, runs| {
        let refused = |e: BadCoin| Failed::Config(ConfigError(e.to_string()));
        let source = Source::new(parser, coins, 0).map_err(refused)?;
        replay_made(source, runs, |to| {
            let frame = |at, text: &str| match meter.is_ending() {
                true => Err(ErrorKind::Interrupted.into()),
                false => to(at, text),
            };
            record(law, length_ns, frame, |_| Ok(())).map(|_| ())
        })
    });
    match all {
        Err(Failed::Write(_)) => Ok(vec![Compared::default(); configs.len()]),
        Err(Failed::Config(e)) => Err(e),
        Ok(all) => Ok(all),
    }
}

/// What each of the configurations came to, by what `play` gives their engines.
fn watched<C: Components, E>(
    coins: &[CoinSpec],
    configs: &[ConfigOf<C>],
    block_ns: i64,
    play: impl FnOnce(Parser, &mut [Run<'_, '_, C>]) -> Result<(), E>,
) -> Result<Vec<Compared>, E> {
    let Some(parser) = configs.first().map(|c| c.run.parser) else { return Ok(Vec::new()) };
    let mut watches = vec![Watches::new(coins.len(), block_ns); configs.len()];
    let sinks = watches.iter_mut().map(|watch| |r: &Record, _: &Bytes| watch.take(r));
    let mut tallies: Vec<_> = sinks.map(Tally::new).collect();
    let engines = configs.iter().map(|c| engine(&c.engine, coins, c.hash(coins)));
    let mut runs: Vec<_> = engines.zip(&mut tallies).collect();
    play(parser, &mut runs)?;
    let ends: Vec<_> = tallies.into_iter().map(Tally::end).collect();
    Ok(watches.into_iter().zip(ends).map(|(watch, end)| watch.finish(end)).collect())
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
) -> Result<(Vec<Outcome>, replay::Outcome), Unread> {
    let mut watches = Watches::new(coins.len(), BLOCK_NS);
    let mut out = Tally::seeing(|r: &Record| watches.take(r));
    let end = (Some(StopReason::Finished), Cut { meter, ..Cut::default() });
    let seen = replay_files(files, config, coins, end, &mut out)?;
    let end = out.end();
    Ok((watches.finish(end).coins, seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::Config;
    use crate::record::{LinkChange, Lost};
    use crate::venue::config::Regime;
    use crate::venue::market::Market;

    #[test]
    fn time_without_a_link_makes_no_block() {
        let mut w = Watches::new(1, BLOCK_NS);
        let link = |up| Body::LinkChange(LinkChange { up, opened: 1 });
        let (lost, day) = (Body::Lost(Lost { first: 0, count: 0 }), 86_400);
        let came = [
            (0, link(true)),
            (100, link(false)),
            (3_600, lost),
            (day, link(true)),
            (day + 40, lost),
        ];
        for (s, body) in came {
            w.take(&Record { seq: 0, at: Ns(s * Ns::SEC), coin: NO_COIN, body });
        }
        assert_eq!(w.finish((0, Digest::default())).blocks, 5, "of 140 s");
    }

    /// What two minutes of a market came to.
    fn came(law: &MarketConfig, c: Config, coins: &[CoinSpec]) -> Vec<Outcome> {
        let all = on_market((law, 120 * Ns::SEC), &[c], coins, &Meter::default());
        all.expect("a market").remove(0).coins
    }

    #[test]
    fn a_coin_fills_the_same_wherever_it_stands_in_the_list() {
        let law = MarketConfig { seed: 4, ..MarketConfig::simple() };
        let run = |names: [&str; 2], seed: u64| {
            let c = Config::load(
                None,
                &[
                    format!("engine.seed={seed}"),
                    "profile=join".to_owned(),
                    // The account's requests are shared, in the order of the list.
                    "engine.requests.spread_min=0".to_owned(),
                ],
            )
            .expect("in range");
            let coins =
                names.map(|n| CoinSpec::new(n, if n == "BTC" { 5 } else { 4 }).expect("a coin"));
            came(&law, c, &coins).into_iter().map(|o| (o.fills, o.turnover_usd)).collect::<Vec<_>>()
        };
        let (one, other) = (run(["BTC", "ETH"], 1), run(["ETH", "BTC"], 1));
        assert!(one[0].0 > 0 && one[1].0 > 0, "{one:?}");
        assert_eq!((one[0], one[1]), (other[1], other[0]));
        assert_ne!(one, run(["BTC", "ETH"], 2), "the control: another seed");
    }

    #[test]
    fn what_is_left_out_changes_nothing_of_what_a_grid_earns() {
        let law = MarketConfig { seed: 4, ..MarketConfig::stationary("BTC", Regime::Normal) };
        let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
        let run = |sets: &[&str]| {
            let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
            let c = Config::load(None, &sets).expect("in range");
            came(&law, c, &coins).remove(0)
        };
        let grid = "engine.strategy.name=grid";
        let (all, bare) =
            (run(&[grid]), run(&[grid, "engine.learn.on=false", "engine.sim.brackets=false"]));
        assert!(all.fills > 0 && all.estimates.is_some(), "{all:?}");
        assert_eq!((bare.fills, bare.account()), (all.fills, all.account()));
        assert_eq!(bare.estimates, None, "nothing was learned");
        assert_ne!(
            run(&[grid, "engine.strategy.grid.levels=1"]).account(),
            all.account(),
            "control"
        );
        let earn = ["engine.quote.anyway=true", "engine.learn.on=false"];
        assert_eq!(run(&earn).fills, 0, "earn goes by what is learned alone");
    }

    #[test]
    fn seeds_of_a_recording_are_the_same_on_any_number_of_threads_and_each_is_its_own() {
        use crate::app::replay::replay;
        let mut world = Market::new(&MarketConfig::simple(), 4).expect("a market");
        let dir = std::env::temp_dir().join(format!("papermaker-seeds-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        let file = dir.join("r.frames");
        let mut text = Vec::new();
        while text.len() < 2_000_000 {
            let block = world.next_block();
            for frame in &block.frames {
                text.extend(format!("{} {frame}\n", block.time.0 + 50 * Ns::MS).into_bytes());
            }
        }
        std::fs::write(&file, text).expect("a recording");
        let base = Config::load(None, &["profile=glft".into()]).expect("a profile");
        let configs: Vec<Config> = (0..5).map(|i| base.of_seed(i)).collect();
        let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
        let on = |threads| {
            on_tape(std::slice::from_ref(&file), &configs, &coins, (threads, &Meter::default()))
        };
        let one = on(1).expect("a recording");
        assert_eq!(one, on(2).expect("a recording"));
        let mut digests: Vec<u128> = one.iter().map(|c| c.digest.decisions).collect();
        for (config, came) in configs.iter().zip(&one) {
            let mut alone = Tally::new(|_: &Record, _: &Bytes| {});
            replay(&file, config, &coins, Some(StopReason::Finished), &mut alone).expect("read");
            assert_eq!(
                alone.end().1.value().decisions,
                came.digest.decisions,
                "as a replay of its own"
            );
            let sum = |which: usize| {
                came.coins[0].blocks(came.blocks).iter().map(|b| b[which]).sum::<f64>()
            };
            let a = came.coins[0].account().expect("an account");
            assert!((sum(0) - a.value().to_f64()).abs() < 1e-9, "blocks add up");
            assert!((sum(1) - a.profit().to_f64()).abs() < 1e-9);
        }
        digests.dedup();
        assert_eq!(digests.len(), 5, "seeds differ");
        std::fs::remove_dir_all(&dir).expect("removed");
    }

    #[test]
    fn a_profile_of_the_original_quotes_what_it_says_and_results_split_exactly() {
        let law = MarketConfig { seed: 4, ..MarketConfig::stationary("BTC", Regime::Normal) };
        let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
        let run = |profile: &str| {
            let c = Config::load(None, &[format!("profile={profile}")]).expect("a profile");
            came(&law, c, &coins).remove(0)
        };
        let (ours, floor) = (run("glft"), run("floor-8000"));
        assert!((floor.half_bps.expect("quoted") - 2.75).abs() < 1e-9);
        assert!((ours.half_bps.expect("quoted") - 2.75).abs() > 1e-3);
        assert_eq!(ours.seconds, floor.seconds, "the same market");
        assert_eq!(ours, run("glft"), "again the same");
    }
}
