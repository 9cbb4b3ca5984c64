//! `papermaker compare`: profiles side by side on one recording or one simulated market.
//!
//! In: recordings or a market, profiles. Out: a table or JSON. Cold path, one job a core.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::common::{chosen, coin_name, judged, recording_failure};
use super::exit::{Code, Failure};
use super::place::parse_length;
use super::{Common, say};
use crate::app::compare::{Compared, Outcome, Simulated, on_market, on_tape, profit};
use crate::app::config::ConfigOf;
use crate::app::profile;
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::journal::hex;
use crate::record::{Account, Guard};
use crate::settings::Room as _;
use crate::units::Cash;
use crate::venue::coin::listing;
use crate::venue::config::{Config as MarketConfig, Regime};

#[derive(Debug, Args)]
#[command(after_help = profiles_help())]
pub(super) struct Options {
    /// Recordings (`*.frames`, `*.frames.gz`).
    #[arg(required_unless_present = "market", conflicts_with = "market")]
    files: Vec<PathBuf>,
    /// A simulated market in place of a recording.
    #[arg(long, value_enum)]
    market: Option<Kind>,
    /// Length of the simulated market: `90s`, `10m`, `2h`.
    #[arg(
        long = "for",
        value_name = "TIME",
        allow_hyphen_values = true,
        default_value = "30m",
        requires = "market"
    )]
    length: String,
    /// Seed of the simulated market.
    #[arg(long, default_value_t = 1, requires = "market")]
    seed: u64,
    /// Coins, comma separated; default: all of a recording, BTC on a market.
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = coin_name)]
    coin: Vec<String>,
    /// Compare on recordings that are not fit for a replay, too.
    #[arg(long, requires = "files")]
    accept_unfit: bool,
    /// Profiles, comma separated.
    #[arg(long, value_delimiter = ',', default_value = "default,original")]
    profiles: Vec<String>,
    /// Jobs at a time; default: one a core.
    #[arg(long)]
    jobs: Option<usize>,
}

/// A simulated market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Few takers, shallow reach, for ever.
    Quiet,
    /// The usual, for ever.
    Normal,
    /// Many takers, deep reach, for ever.
    Volatile,
    /// A rush, for ever.
    Cascade,
    /// Every regime for ten minutes on average.
    Switching,
}

/// Where profiles are compared.
#[derive(Clone, Debug)]
enum Ground {
    Tape(PathBuf),
    Market(Box<Simulated>),
}

struct Job<C: Components> {
    ground: usize,
    profile: String,
    config: ConfigOf<C>,
}

fn profiles_help() -> String {
    let rows: Vec<String> =
        profile::ALL.iter().map(|p| format!("  {:<22} {}", p.name, p.about)).collect();
    format!(
        "Profiles:\n{}\n\nExample: papermaker compare --market quiet --for 1h --profiles \
         default,floor-8000-realised",
        rows.join("\n")
    )
}

pub(super) fn run<C: Components>(o: &Options, common: &Common) -> Result<(), Failure> {
    let grounds = grounds(o)?;
    let coins = grounds
        .iter()
        .map(|(_, g)| match g {
            Ground::Tape(file) => {
                let coins = chosen(file, &o.coin)?;
                judged(file, &coins, o.accept_unfit)?;
                Ok(coins)
            }
            Ground::Market(m) => m.law.coins.iter().map(|c| spec(&m.law, c)).collect(),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut jobs: Vec<Job<C>> = Vec::new();
    let file = common.file();
    for ground in 0..grounds.len() {
        for profile in &o.profiles {
            // The profile named here stands in for one in a file or on the command line.
            let mut sets = vec![format!("profile={profile}")];
            sets.extend(common.sets().into_iter().filter(|s| !s.starts_with("profile=")));
            let config = ConfigOf::load(file.as_deref(), &sets)
                .map_err(|e| Failure::usage(e.to_string()))?;
            jobs.push(Job { ground, profile: profile.clone(), config });
        }
    }
    let results = work(&jobs, &grounds, &coins, o, common)?;
    if common.json {
        let rows: Vec<Value> = jobs
            .iter()
            .zip(&results)
            .flat_map(|(job, result)| {
                let ground = &grounds[job.ground].0;
                let coins = coins[job.ground].iter().zip(&result.coins);
                coins.map(move |(c, x)| {
                    let mut row = row_json(ground, &job.profile, c, x);
                    row["decisions"] = json!(hex(result.decisions));
                    row
                })
            })
            .collect();
        say(&format!("{}\n", json!({ "rows": rows })));
    } else {
        for (i, (name, _)) in grounds.iter().enumerate() {
            say(&table(name, i, &jobs, &results, &coins[i]));
        }
    }
    Ok(())
}

fn grounds(o: &Options) -> Result<Vec<(String, Ground)>, Failure> {
    let Some(kind) = o.market else {
        return Ok(o
            .files
            .iter()
            .map(|f| (f.display().to_string(), Ground::Tape(f.clone())))
            .collect());
    };
    let coin = o.coin.first().map_or("BTC", String::as_str);
    let mut law = match kind {
        Kind::Quiet => MarketConfig::stationary(coin, Regime::Quiet),
        Kind::Normal => MarketConfig::stationary(coin, Regime::Normal),
        Kind::Volatile => MarketConfig::stationary(coin, Regime::Volatile),
        Kind::Cascade => MarketConfig::stationary(coin, Regime::Cascade),
        Kind::Switching => MarketConfig::switching(coin, 600.0),
    };
    if !o.coin.is_empty() {
        law.coins.clone_from(&o.coin);
    }
    law.check().map_err(|e| Failure::usage(format!("--coin: {e}")))?;
    let length_ns = parse_length(&o.length)?;
    let kind = kind.to_possible_value();
    let kind = kind.as_ref().map_or("", |k| k.get_name());
    let name = format!("{kind} market, seed {}, {}", o.seed, o.length);
    Ok(vec![(name, Ground::Market(Box::new(Simulated { law, seed: o.seed, length_ns })))])
}

fn spec(law: &MarketConfig, coin: &str) -> Result<CoinSpec, Failure> {
    CoinSpec::new(coin, listing(law, coin).sz_decimals)
        .map_err(|e| Failure::usage(format!("--coin {coin}: {e}")))
}

/// All jobs, as many at a time as there are cores; the first failure ends it.
fn work<C: Components>(
    jobs: &[Job<C>],
    grounds: &[(String, Ground)],
    coins: &[Vec<CoinSpec>],
    o: &Options,
    common: &Common,
) -> Result<Vec<Compared>, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = o.jobs.unwrap_or(cores).clamp(1, jobs.len().max(1));
    let next = AtomicUsize::new(0);
    type Slot = Mutex<Option<Result<Compared, Failure>>>;
    let slots: Vec<Slot> = jobs.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(|| {
                while let Some((i, job)) = take(&next, jobs) {
                    let result = one(&grounds[job.ground].1, &job.config, &coins[job.ground]);
                    if !common.json {
                        eprintln!("{} of {}: {}", i + 1, jobs.len(), job.profile);
                    }
                    if let Ok(mut slot) = slots[i].lock() {
                        *slot = Some(result);
                    }
                }
            });
        }
    });
    let lost = || Failure::new(Code::Internal, "a comparison did not finish");
    slots
        .into_iter()
        .map(|s| s.into_inner().ok().flatten().unwrap_or_else(|| Err(lost())))
        .collect()
}

fn take<'a, C: Components>(next: &AtomicUsize, jobs: &'a [Job<C>]) -> Option<(usize, &'a Job<C>)> {
    let i = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(i).map(|j| (i, j))
}

fn one<C: Components>(
    ground: &Ground,
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
) -> Result<Compared, Failure> {
    match ground {
        Ground::Tape(file) => on_tape(std::slice::from_ref(file), config, coins)
            .map_err(|(file, e)| recording_failure(&file, &e)),
        Ground::Market(m) => on_market(m, config, coins)
            .map_err(|e| Failure::usage(format!("the simulated market: {e}"))),
    }
}

/// Side-seconds of each guard that held a side back, largest first.
fn refusals(x: &Outcome) -> Vec<(&'static str, u64)> {
    let mut out: Vec<(&'static str, u64)> = Guard::ALL
        .iter()
        .filter(|g| **g != Guard::None)
        .map(|g| (g.text(), x.guards[*g as usize]))
        .filter(|(_, n)| *n > 0)
        .collect();
    out.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    out
}

fn table<C: Components>(
    name: &str,
    ground: usize,
    jobs: &[Job<C>],
    results: &[Compared],
    coins: &[CoinSpec],
) -> String {
    let mut out = format!("\n{name}\n");
    for (c, coin) in coins.iter().enumerate() {
        out.push_str(&format!(
            "\n{:<22} {:>9} {:>9} {:>9} {:>9} {:>8} {:>6} {:>9} {:>7} {:>24} {:>9}  not quoted\n",
            coin.name.as_str(),
            "result",
            "spread",
            "adverse",
            "inventory",
            "fees",
            "fills",
            "turnover",
            "half",
            "kappa [95 %]",
            "decisions",
        ));
        for (job, x) in jobs.iter().zip(results).filter(|(j, _)| j.ground == ground) {
            if let Some(o) = x.coins.get(c) {
                out.push_str(&row(&job.profile, o, &hex(x.decisions)));
            }
        }
    }
    out.push_str(
        "\nresult and its parts in USD (funding in the result), half: mean half-spread wanted, bps; \
         decisions: the beginning of their digest over all coins; not \
         quoted: share of side-seconds by reason\n",
    );
    out
}

fn row(profile: &str, x: &Outcome, decisions: &str) -> String {
    let money = |f: fn(&Account) -> i128| x.account.as_ref().map_or(0.0, |a| Cash(f(a)).to_f64());
    let kappa = x.estimates.as_ref().map_or_else(
        || "-".to_owned(),
        |e| format!("{:.0} [{:.0}, {:.0}]", e.kappa, e.kappa_lo, e.kappa_hi),
    );
    let all = 2 * x.seconds.max(1);
    let why: Vec<String> =
        refusals(x).iter().map(|(g, n)| format!("{g} {:.1} %", 100.0 * share(*n, all))).collect();
    let or_never = |v: Option<f64>, digits: usize| {
        v.map_or_else(|| "never".to_owned(), |v| format!("{v:.digits$}"))
    };
    format!(
        "{profile:<22} {:>9.4} {:>9.4} {:>9.4} {:>9.4} {:>8.4} {:>6} {:>9.0} {:>7} {kappa:>24} \
         {:>9}  {}\n",
        x.account.as_ref().map_or(0.0, |a| profit(a).to_f64()),
        money(|a| a.spread),
        money(|a| a.adverse),
        money(|a| a.inventory),
        money(|a| a.fees),
        x.fills,
        x.turnover_usd,
        or_never(x.half_bps, 3),
        &decisions[..8],
        if why.is_empty() { "-".to_owned() } else { why.join(", ") },
    )
}

#[expect(clippy::cast_precision_loss, reason = "counts of seconds")]
fn share(n: u64, all: u64) -> f64 {
    n as f64 / all as f64
}

fn row_json(ground: &str, profile: &str, coin: &CoinSpec, x: &Outcome) -> Value {
    let a = x.account.as_ref();
    let usd = |f: fn(&Account) -> i128| a.map(|a| Cash(f(a)).to_f64());
    let e = x.estimates.as_ref();
    let refused: serde_json::Map<String, Value> =
        refusals(x).into_iter().map(|(g, n)| (g.to_owned(), json!(n))).collect();
    json!({
        "market": ground,
        "coin": coin.name.as_str(),
        "profile": profile,
        "profit_usd": a.map(|a| profit(a).to_f64()),
        "spread_usd": usd(|a| a.spread),
        "adverse_usd": usd(|a| a.adverse),
        "inventory_usd": usd(|a| a.inventory),
        "fees_usd": usd(|a| a.fees),
        "funding_usd": usd(|a| a.funding),
        "fills": x.fills,
        "turnover_usd": x.turnover_usd,
        "half_spread_bps": x.half_bps,
        "kappa": e.map(|e| e.kappa),
        "kappa_lo": e.map(|e| e.kappa_lo),
        "kappa_hi": e.map(|e| e.kappa_hi),
        "n_eff": e.map(|e| e.n_eff),
        "seconds": x.seconds,
        "not_quoted_side_seconds": refused,
    })
}
