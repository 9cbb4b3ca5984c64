//! `papermaker compare`: profiles side by side on recordings or simulated markets, over many seeds.
//!
//! In: recordings or a market, profiles. Out: a table, JSON, a page, CSV. Cold path, as many threads as cores.
//!
//! 1. A signal ends every profile of a recording at one time; of a simulated market the seeds are shown that
//!    were done.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::common::{chosen_of, coin_name, judged, recording_failure, surveyed, twice};
use super::exit::{Failure, Result};
use super::options::{INTERRUPTED, Jobs, ask_at_signal, end_if_asked, is_asked};
use super::place::parse_length;
use super::{Common, Force, tell};
use crate::app::compare::{Compared, Outcome, default_seeds, on_market, on_tape};
use crate::app::config::ConfigOf;
use crate::app::profile;
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::folder::recording::Meter;
use crate::folder::{Holds, Output};
use crate::journal::hex;
use crate::record::{Account, Guard, PARTS};
use crate::report::paired::{Beside, FIGURES, Seeds, less, over_seeds, whole};
use crate::report::{BLOCK_NS, Interval, Market, count, paired_page};
use crate::settings::{Choice as _, Room as _};
use crate::sys::jobs::done;
use crate::units::lines::{below, paragraph};
use crate::units::{Cash, Ns};
use crate::venue::coin::listing;
use crate::venue::config::{Config as MarketConfig, Named};

#[derive(Debug, Args)]
#[command(after_help = profiles_help())]
pub(super) struct Options {
    /// Recordings (`*.frames`, `*.frames.gz`), each from nothing.
    #[arg(required_unless_present = "world", conflicts_with = "world")]
    files: Vec<PathBuf>,
    /// A simulated market in place of a recording, as `run` has it; `[exchange]` says more of it.
    #[arg(long)]
    world: Option<Named>,
    /// Length of the simulated market: `90s`, `10m`, `2h`.
    #[arg(
        long = "for",
        value_name = "TIME",
        allow_hyphen_values = true,
        default_value = "30m",
        conflicts_with = "files"
    )]
    length: String,
    /// How many seeds of latencies and queues, from `engine.seed` on; of a simulated market each is a
    /// market of its own, from `exchange.seed` on. Default: 8 for less than an hour, else 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    seeds: Option<u32>,
    /// Coins, comma separated; default: all of a recording, those of `exchange.coins` of a market.
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = coin_name)]
    coin: Vec<String>,
    /// Compare on recordings that are not fit for a replay, too.
    #[arg(long, requires = "files")]
    accept_unfit: bool,
    /// Profiles, comma separated; the others are held against the first.
    #[arg(long, value_delimiter = ',', default_value = "default,original")]
    profiles: Vec<String>,
    #[command(flatten)]
    jobs: Jobs,
    /// Write the comparison here, as a page.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write every row here, as CSV.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
}

/// Where profiles are compared: a recording or a simulated market, and its coins.
struct Ground {
    name: String,
    of: Kinds,
    coins: Vec<CoinSpec>,
    simulated: bool,
    seeds: u32,
    /// What came of each profile, by seed.
    came: Vec<Vec<Compared>>,
}

enum Kinds {
    Tape(PathBuf),
    /// Its law, and how long it is watched, ns.
    Market(Box<MarketConfig>, i64),
}

fn profiles_help() -> String {
    let rows: Vec<String> =
        profile::ALL.iter().map(|p| format!("  {:<22} {}", p.name, p.about)).collect();
    format!(
        "Profiles:\n{}\n\nExample: papermaker compare --world thin --for 1h --profiles \
         default,floor-8000-realised",
        rows.join("\n")
    )
}

pub(super) fn run<C: Components>(o: &Options, common: &Common) -> Result {
    let file = common.file();
    let load = |profile: &String| {
        // The profile named here stands in for one in a file or on the command line.
        let mut sets = vec![format!("profile={profile}")];
        sets.extend(common.sets().into_iter().filter(|s| !s.starts_with("profile=")));
        ConfigOf::load(file.as_deref(), &sets).map_err(|e| Failure::usage(e.to_string()))
    };
    twice("--profiles", &o.profiles)?;
    let paths = o.files.iter().map(|f| std::fs::canonicalize(f).unwrap_or_else(|_| f.clone()));
    twice("a recording", &paths.map(|f| f.display().to_string()).collect::<Vec<_>>())?;
    let configs = o.profiles.iter().map(load).collect::<Result<Vec<ConfigOf<C>>, _>>()?;
    let inputs: Vec<&Path> = o.files.iter().map(PathBuf::as_path).collect();
    let page = o.force.maybe(o.out.as_ref(), &inputs, Holds::PAGE)?;
    let csv = o.force.maybe(o.csv.as_ref(), &inputs, Holds::CSV)?;
    let mut grounds = match o.world {
        Some(world) => vec![market(world, &configs[0].exchange, o)?],
        None => o.files.iter().map(|f| tape(f, o)).collect::<Result<_>>()?,
    };
    let count = grounds.len();
    let meter = Meter::default();
    let theirs = meter.clone();
    ask_at_signal(move || theirs.end_together(BLOCK_NS));
    for (i, ground) in grounds.iter_mut().enumerate() {
        if !common.json && !common.quiet {
            let (n, seeds) = (configs.len(), ground.seeds);
            tell(format!("{} of {count}: {}, {n} profiles, {seeds} seeds", i + 1, ground.name));
        }
        work(ground, &configs, (o.jobs.count(), &meter))?;
    }
    grounds.retain(|g| g.seeds > 0);
    if grounds.is_empty() {
        end_if_asked(|| None);
    }
    shown(&grounds, o, common, (page, csv))
}

/// Shows what came of it.
fn shown(
    grounds: &[Ground],
    o: &Options,
    common: &Common,
    (page, csv): (Option<Output>, Option<Output>),
) -> Result {
    let rows = rows(grounds, &o.profiles);
    let values: Vec<Value> = rows.iter().map(|r| r.json(grounds, &o.profiles)).collect();
    let beside: Vec<Beside> = rows.iter().map(|r| r.beside(grounds, &o.profiles)).collect();
    let heads = heads(grounds);
    if let Some(csv) = csv {
        csv.put(&as_csv(&values))?;
    }
    if let Some(page) = page {
        page.put(paired_page(&heads, &beside).as_bytes())?;
    }
    let json = json!({ "rows": values, "interrupted": is_asked() });
    common.show(&json, text(&rows, &heads, grounds, &beside));
    Ok(())
}

/// What was compared on: what kind of market, and whether all of it.
fn heads(grounds: &[Ground]) -> Vec<String> {
    let mut out = Vec::new();
    if is_asked() {
        out.push(format!("{INTERRUPTED}."));
    }
    if grounds.iter().any(|g| g.simulated) {
        out.push(Market::Simulated.sentence());
    }
    let recorded = grounds.iter().filter(|g| !g.simulated).map(|g| g.name.clone());
    let recorded: Vec<String> = recorded.collect();
    if !recorded.is_empty() {
        out.push(Market::Recording(recorded).sentence());
    }
    out
}

fn market(world: Named, exchange: &MarketConfig, o: &Options) -> Result<Ground> {
    let mut law = MarketConfig { world, ..exchange.clone() };
    if !o.coin.is_empty() {
        law.coins.clone_from(&o.coin);
    }
    law.check().map_err(|e| Failure::usage(format!("--coin: {e}")))?;
    let length_ns = parse_length(&o.length)?;
    let spec = |coin: &String| {
        CoinSpec::new(coin, listing(&law, coin).sz_decimals)
            .map_err(|e| Failure::usage(format!("--coin {coin}: {e}")))
    };
    let coins = law.coins.iter().map(spec).collect::<Result<_, _>>()?;
    Ok(Ground {
        name: format!("market {}, seed {}, {}", world.name(), law.seed, o.length),
        of: Kinds::Market(Box::new(law), length_ns),
        coins,
        simulated: true,
        seeds: o.seeds.unwrap_or_else(|| default_seeds(length_ns)),
        came: Vec::new(),
    })
}

fn tape(file: &Path, o: &Options) -> Result<Ground> {
    let seen = surveyed(file)?;
    let coins = chosen_of(file, &seen, &o.coin)?;
    let fitness = judged(file, &coins, o.accept_unfit)?;
    Ok(Ground {
        name: file.display().to_string(),
        of: Kinds::Tape(file.to_path_buf()),
        coins,
        simulated: fitness.is_some_and(|f| f.simulated),
        seeds: o.seeds.unwrap_or_else(|| default_seeds(seen.to.since(seen.from))),
        came: Vec::new(),
    })
}

/// Finds what came of each profile, by seed; seeds that were interrupted are left out.
fn work<C: Components>(
    ground: &mut Ground,
    configs: &[ConfigOf<C>],
    (threads, meter): (usize, &Meter),
) -> Result {
    // A seed of all profiles after the other: what is done when a signal comes can be compared.
    let seeds = 0..ground.seeds;
    let all: Vec<ConfigOf<C>> =
        seeds.flat_map(|i| configs.iter().map(move |c| c.of_seed(i))).collect();
    let came: Vec<Compared> = match &ground.of {
        Kinds::Tape(file) => {
            on_tape(std::slice::from_ref(file), &all, &ground.coins, (threads, meter))
                .map_err(|(file, e)| recording_failure(&file, &e))?
        }
        Kinds::Market(law, length_ns) => {
            let seeds: Vec<&[ConfigOf<C>]> = all.chunks(configs.len()).collect();
            let each = done(&seeds, threads, |i, configs| {
                let seed = law.seed.wrapping_add(i as u64);
                let law = MarketConfig { seed, ..law.as_ref().clone() };
                on_market((&law, *length_ns), configs, &ground.coins, meter)
            });
            let each: Result<Vec<_>, _> = each.into_iter().collect();
            each.map_err(|e| Failure::usage(format!("the simulated market: {e}")))?.concat()
        }
    };
    let whole = came.chunks(configs.len()).filter(|seed| seed.iter().all(|c| c.blocks > 0));
    let whole: Vec<&[Compared]> = whole.collect();
    ground.seeds = u32::try_from(whole.len()).unwrap_or(0);
    ground.came =
        (0..configs.len()).map(|p| whole.iter().map(|s| s[p].clone()).collect()).collect();
    Ok(())
}

/// What a profile came to: of a coin of a recording, of all its coins, of all recordings.
struct Row {
    /// `None`: all recordings.
    ground: Option<usize>,
    /// `None`: all coins.
    coin: Option<usize>,
    profile: usize,
    /// Value and result, and each less that of the first profile, USD.
    figures: [[Interval; 2]; 2],
}

impl Row {
    /// What came of it, a seed after the other; of all coins and recordings everything.
    fn outcomes<'a>(&self, grounds: &'a [Ground]) -> Vec<&'a Outcome> {
        let of = |g: &'a Ground| {
            g.came[self.profile].iter().flat_map(|c| match self.coin {
                Some(i) => &c.coins[i..=i],
                None => &c.coins[..],
            })
        };
        self.grounds(grounds).iter().flat_map(of).collect()
    }

    fn grounds<'a>(&self, grounds: &'a [Ground]) -> &'a [Ground] {
        self.ground.map_or(grounds, |g| &grounds[g..=g])
    }

    /// The mean over seeds of a sum over coins and recordings.
    fn mean(&self, grounds: &[Ground], of: impl Fn(&Outcome) -> f64) -> f64 {
        let one = |g: &Ground| {
            let coins = |c: &Compared| match self.coin {
                Some(i) => of(&c.coins[i]),
                None => c.coins.iter().map(&of).sum(),
            };
            let sum: f64 = g.came[self.profile].iter().map(coins).sum();
            sum / f64::from(g.seeds)
        };
        self.grounds(grounds).iter().map(one).sum()
    }

    /// The same of the account: orders and changes, cancels, requests that were refused.
    fn requests(&self, grounds: &[Ground]) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for g in self.grounds(grounds) {
            for sent in g.came[self.profile].iter().filter_map(|c| c.requests).map(|b| b.sent()) {
                sum.iter_mut().zip(sent).for_each(|(s, x)| *s += count(x) / f64::from(g.seeds));
            }
        }
        sum
    }
}

/// A row a coin, one of all coins where there are several, one of all recordings.
fn rows(grounds: &[Ground], profiles: &[String]) -> Vec<Row> {
    let mut out = Vec::new();
    let mut add = |ground: Option<usize>, coin: Option<usize>| {
        let of = ground.map_or(grounds, |g| &grounds[g..=g]);
        let all: Vec<[Vec<Seeds>; 2]> = (0..profiles.len()).map(|p| blocks(of, coin, p)).collect();
        for (profile, came) in all.iter().enumerate() {
            let figures = [0, 1].map(|i| {
                let over = less(&came[i], &all[0][i]);
                [over_seeds(&came[i]), over_seeds(&over)]
            });
            out.push(Row { ground, coin, profile, figures });
        }
    };
    for (g, ground) in grounds.iter().enumerate() {
        (0..ground.coins.len()).for_each(|c| add(Some(g), Some(c)));
        if ground.coins.len() > 1 {
            add(Some(g), None);
        }
    }
    if grounds.len() > 1 {
        add(None, None);
    }
    out
}

/// Value and result of a profile by recording, seed and block.
fn blocks(grounds: &[Ground], coin: Option<usize>, profile: usize) -> [Vec<Seeds>; 2] {
    let of = |which: usize| {
        let one = |c: &Compared| {
            let mut sum = vec![0.0; c.blocks];
            let coins = coin.map_or(&c.coins[..], |i| &c.coins[i..=i]);
            for o in coins {
                sum.iter_mut().zip(o.blocks(c.blocks)).for_each(|(s, x)| *s += x[which]);
            }
            sum
        };
        grounds.iter().map(|g| g.came[profile].iter().map(one).collect()).collect()
    };
    [of(0), of(1)]
}

/// Side-seconds of each guard that held a side back, largest first, of all seeds together.
fn refusals(all: &[&Outcome]) -> Vec<(&'static str, u64)> {
    let sum = |g: Guard| all.iter().map(|x| x.guards[g as usize]).sum::<u64>();
    let guards = Guard::ALL.iter().filter(|g| **g != Guard::None);
    let mut out: Vec<_> = guards.map(|g| (g.text(), sum(*g))).filter(|(_, n)| *n > 0).collect();
    out.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    out
}

fn text(rows: &[Row], heads: &[String], grounds: &[Ground], beside: &[Beside]) -> String {
    let said = heads.iter().cloned().chain(whole(beside).iter().map(Beside::sentence));
    let mut out: String = said.map(|s| paragraph(&s)).collect();
    for (row, b) in rows.iter().zip(beside) {
        if row.profile == 0 {
            let seeds = row.ground.map(|g| format!(", {} seeds", grounds[g].seeds));
            out.push_str(&format!(
                "\n{}, {}{}\n{:<22}{:<8}{:>32}{:>34}\n",
                b.market,
                b.coin,
                seeds.unwrap_or_default(),
                "profile",
                "",
                "USD, 95 % interval",
                format!("less {}", b.first)
            ));
        }
        for (name, [own, less]) in FIGURES.iter().zip(b.figures) {
            let first = if *name == FIGURES[0] { b.policy.as_str() } else { "" };
            let less = match row.profile {
                0 => String::new(),
                _ => format!("{:>34}", less.text()),
            };
            out.push_str(&format!("{first:<22}{name:<8}{:>32}{less}\n", own.text()));
        }
        out.push_str(&line(row, grounds));
    }
    out.push('\n');
    out.push_str(&paragraph(
        "Means over seeds, with 95 % intervals over seeds and time. Value: what fills were worth 5 s later, \
         fees paid. Result: the account, whatever the position came to. Half-spread: mean of what was \
         wanted, bps. Requests: orders and changes, cancels, refused, of all coins. Decisions: the beginning \
         of the digest of the first seed. Not quoted: share of side-seconds by reason.",
    ));
    out
}

fn coin<'a>(row: &Row, grounds: &'a [Ground]) -> &'a str {
    row.coin.zip(row.ground).map_or("all coins", |(c, g)| grounds[g].coins[c].name.as_str())
}

/// Market time of a ground.
fn seconds(g: &Ground) -> f64 {
    let blocks = g.came.iter().flatten().map(|c| c.blocks as u64).max();
    count(blocks.unwrap_or(0)) * Ns::seconds(BLOCK_NS)
}

/// What a profile did, and why it did not quote.
fn line(row: &Row, grounds: &[Ground]) -> String {
    let all = row.outcomes(grounds);
    let seconds = 2 * all.iter().map(|o| o.seconds).sum::<u64>().max(1);
    let share = |n: u64| 100.0 * count(n) / count(seconds);
    let mean = |of: fn(&Outcome) -> f64| row.mean(grounds, of);
    let [sent, cancels, refused] = row.requests(grounds);
    let mut did = vec![
        format!("fills {:.1}", mean(|o| count(o.fills))),
        format!("{:.0} USD traded", mean(|o| o.turnover_usd)),
        format!("orders {:.0}", mean(|o| count(o.orders))),
        format!("requests {sent:.0} {cancels:.0} {refused:.0}"),
    ];
    did.extend(half(&all).map(|h| format!("half-spread {h:.3}")));
    did.extend(row.ground.map(|g| {
        format!("decisions {}", &hex(grounds[g].came[row.profile][0].digest.decisions)[..8])
    }));
    let why = refusals(&all);
    let why: Vec<String> = why.iter().map(|(g, n)| format!("{g} {:.1} %", share(*n))).collect();
    let why = why.join(", ").replace('_', " ");
    format!("{}{}", below("did", &did.join(", ")), below("not quoted", &why))
}

/// Mean half-spread wanted, where one was.
fn half(all: &[&Outcome]) -> Option<f64> {
    let some: Vec<f64> = all.iter().filter_map(|o| o.half_bps).collect();
    (!some.is_empty()).then(|| some.iter().sum::<f64>() / count(some.len() as u64))
}

impl Row {
    /// For sentences and the page.
    fn beside(&self, grounds: &[Ground], profiles: &[String]) -> Beside {
        Beside {
            market: self.ground.map_or("all recordings", |g| &grounds[g].name).to_owned(),
            coin: coin(self, grounds).to_owned(),
            policy: profiles[self.profile].clone(),
            first: profiles[0].clone(),
            seconds: self.grounds(grounds).iter().map(seconds).sum(),
            fills: self.mean(grounds, |o| count(o.fills)),
            traded_usd: self.mean(grounds, |o| o.turnover_usd),
            figures: self.figures,
        }
    }

    /// As JSON; what is of one recording and coin alone has a list by seed, too.
    fn json(&self, grounds: &[Ground], profiles: &[String]) -> Value {
        let all = self.outcomes(grounds);
        let mean = |of: fn(&Outcome) -> f64| self.mean(grounds, of);
        let [sent, cancels, refused] = self.requests(grounds);
        let quoted: Value = refusals(&all).into_iter().collect();
        let mut row = json!({
            "market": self.ground.map_or("all", |g| &grounds[g].name),
            "coin": coin(self, grounds),
            "profile": profiles[self.profile],
            "seeds": self.ground.map(|g| grounds[g].seeds),
            "fills": mean(|o| count(o.fills)),
            "orders": mean(|o| count(o.orders)),
            "account_requests": sent,
            "account_cancels": cancels,
            "account_refused": refused,
            "turnover_usd": mean(|o| o.turnover_usd),
            "half_spread_bps": half(&all),
            "seconds": mean(|o| count(o.seconds)),
            "not_quoted_side_seconds": quoted,
        });
        for (i, part) in PARTS.iter().enumerate() {
            let usd = |o: &Outcome| o.account().map_or(0.0, |a| a.parts()[i].to_f64());
            row[format!("{part}_usd")] = json!(self.mean(grounds, usd));
        }
        for (name, [own, over]) in ["value", "profit"].iter().zip(self.figures) {
            for (name, i) in [(name.to_string(), own), (format!("{name}_less_first"), over)] {
                row[format!("{name}_usd")] = json!(i.value);
                row[format!("{name}_lo_usd")] = json!(i.lo);
                row[format!("{name}_hi_usd")] = json!(i.hi);
            }
        }
        let Some((g, c)) = self.ground.zip(self.coin) else { return row };
        let came = &grounds[g].came[self.profile];
        row["decisions"] = json!(hex(came[0].digest.decisions));
        let e = came[0].coins[c].estimates.as_ref();
        row["kappa"] = json!(e.map(|e| e.kappa));
        row["kappa_lo"] = json!(e.map(|e| e.kappa_lo));
        row["kappa_hi"] = json!(e.map(|e| e.kappa_hi));
        row["n_eff"] = json!(e.map(|e| e.n_eff));
        let seed = |(i, x): (usize, &Compared)| {
            let o = &x.coins[c];
            let usd = |f: fn(&Account) -> Cash| o.account().map(|a| f(a).to_f64());
            json!({ "nth": i, "value_usd": usd(Account::value), "profit_usd": usd(Account::profit), "fills": o.fills,
                "orders": o.orders, "decisions": hex(x.digest.decisions) })
        };
        row["by_seed"] = json!(came.iter().enumerate().map(seed).collect::<Vec<_>>());
        row
    }
}

/// Rows of plain figures as CSV, one column a key.
fn as_csv(rows: &[Value]) -> Vec<u8> {
    let plain = |v: &Value| !v.is_object() && !v.is_array();
    let mut keys: Vec<&String> = Vec::new();
    for (key, v) in rows.iter().filter_map(Value::as_object).flatten() {
        if plain(v) && !keys.contains(&key) {
            keys.push(key);
        }
    }
    let cell = |v: &Value| match v {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        other => other.to_string(),
    };
    let mut out = csv::Writer::from_writer(Vec::new());
    let _ = out.write_record(&keys);
    for r in rows {
        let _ = out.write_record(keys.iter().map(|k| cell(&r[k.as_str()])));
    }
    out.into_inner().unwrap_or_default()
}
