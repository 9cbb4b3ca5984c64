//! Several runs as one answer: sums over runs and days, with intervals over all of their blocks.
//!
//! In: models of runs that share no stretch of a coin's market. Out: text, JSON. Cold path.
//!
//! 1. Sums are exact. The blocks of all runs have one length, that of the longest run, and are resampled
//!    together.
//! 2. Each run began without a position and without knowledge: they are added, not joined.
//! 3. Runs of simulated, recorded and live markets stand apart; their sum is of money, and says so.

use serde_json::{Value, json};

use super::coin::{TotalLane, spread_of};
use super::days::{self, Day};
use super::json::results;
use super::model::Model;
use super::series::Series;
use super::sources::Market;
use super::stats::Blocks;
use super::time::{stamp, utc};
use crate::journal::hex;
use crate::record::Lane;
use crate::units::Ns;

/// Stands below a sum over markets of several kinds.
pub const UNLIKE: &str =
    "The last sum adds money of markets of several kinds: it is a result of none of them.";

/// A result under the configured model: of a run or of all of a kind, of a coin or of all.
#[derive(Clone, Debug)]
pub struct Row {
    /// The run, or which runs.
    pub runs: String,
    /// Whether it is one run.
    pub is_one: bool,
    /// Coin; `None`: all of them.
    pub coin: Option<String>,
    /// Beginning.
    pub from: Ns,
    /// Length.
    pub hours: f64,
    /// What it came to.
    pub lane: TotalLane,
}

/// What kind of market a run saw.
fn kind(m: &Model) -> &'static str {
    m.sources.market.as_ref().map_or("unknown", Market::word)
}

/// Runs as one.
#[derive(Debug)]
pub struct Together<'a> {
    runs: &'a [(String, Model)],
    width_ns: i64,
    days: Vec<Day>,
}

impl<'a> Together<'a> {
    /// Runs by name, put in order of time.
    ///
    /// # Errors
    /// Two that hold the same stretch of a coin's market: it would count twice.
    pub fn of(runs: &'a mut [(String, Model)]) -> Result<Together<'a>, String> {
        runs.sort_by_key(|(_, m)| m.from);
        for (i, (name, m)) in runs.iter().enumerate() {
            let same = |(_, o): &&(String, Model)| {
                m.from < o.to
                    && kind(m) == kind(o)
                    && m.coins.iter().any(|c| o.coins.iter().any(|x| x.name == c.name))
            };
            if let Some((before, _)) = runs[..i].iter().find(same) {
                return Err(format!(
                    "{before} and {name} are of the same hours of the same coin, which would count twice: \
                     leave one out"
                ));
            }
        }
        let width_ns = runs.iter().map(|(_, m)| m.blocks.width_ns).max().unwrap_or(1);
        let mut days: Vec<Day> = Vec::new();
        for day in runs.iter().flat_map(|(_, m)| &m.days) {
            match days.iter_mut().find(|d| d.from == day.from) {
                Some(d) => d.add(day),
                None => days.push(*day),
            }
        }
        days.sort_by_key(|d| d.from);
        Ok(Together { runs, width_ns, days })
    }

    /// A sum over runs of what `of` takes from each.
    fn sum<'m>(
        &'m self,
        of: impl Fn(&'m Model) -> Option<(TotalLane, &'m Series)>,
    ) -> Option<TotalLane> {
        let (mut sum, mut steps, mut some) = (TotalLane::default(), Vec::new(), false);
        for (_, m) in self.runs {
            let blocks = Blocks::wide((m.from, m.to), &m.holes, self.width_ns);
            let Some((t, series)) = of(m) else { continue };
            some = true;
            sum.split = sum.split + t.split;
            sum.fills += t.fills;
            steps.extend(series.steps(&blocks));
        }
        sum.profit = spread_of(&steps, sum.split.profit().to_f64());
        some.then_some(sum)
    }

    /// All coins of all runs, or of those of a kind.
    fn total(&self, of: Option<&str>, lane: Lane) -> Option<TotalLane> {
        let i = lane as usize;
        let is_of = |m: &Model| of.is_none_or(|of| kind(m) == of);
        self.sum(|m| m.total[i].filter(|_| is_of(m)).map(|t| (t, &m.equity[i])))
    }

    fn coin(&self, (of, name): (&str, &str), lane: Lane) -> Option<TotalLane> {
        let i = lane as usize;
        self.sum(|m| {
            let c = m.coins.iter().find(|c| c.name == name && kind(m) == of)?;
            let r = c.results[i].as_ref()?;
            Some((r.total(), &c.lines.equity[i]))
        })
    }

    /// Kinds of markets, each once.
    fn kinds(&self) -> Vec<&'static str> {
        let mut all: Vec<&str> = Vec::new();
        for word in self.runs.iter().map(|(_, m)| kind(m)) {
            if !all.contains(&word) {
                all.push(word);
            }
        }
        all
    }

    /// Whether the runs are of markets of several kinds.
    pub fn is_unlike(&self) -> bool {
        self.kinds().len() > 1
    }

    fn coins(&self, of: &str) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let all = self.runs.iter().filter(|(_, m)| kind(m) == of).flat_map(|(_, m)| &m.coins);
        for name in all.map(|c| c.name.as_str()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// How many configurations the runs were made under.
    fn configurations(&self) -> usize {
        let mut all: Vec<_> = self.runs.iter().filter_map(|(_, m)| Some(m.start?.config)).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    /// As JSON: `total` and `coins` have results as of a single run, `by_day` as well.
    pub fn json(&self) -> Value {
        let coin = |of: (&str, &str)| json!({ "market": of.0, "coin": of.1, "results": results(|lane| self.coin(of, lane)) });
        let coins =
            self.kinds().into_iter().flat_map(|k| self.coins(k).into_iter().map(move |c| (k, c)));
        let run = |(name, m): &(String, Model)| {
            json!({ "run": name, "market": kind(m), "from": utc(m.from), "to": utc(m.to), "records": m.records,
                "digest": hex(m.digest.run), "faults": m.faults, "total": results(|lane| m.total[lane as usize]) })
        };
        json!({
            "runs": self.runs.iter().map(run).collect::<Vec<_>>(),
            "configurations": self.configurations(),
            "seconds": self.runs.iter().map(|(_, m)| m.seconds()).sum::<f64>(),
            "unlike_markets": self.is_unlike(),
            "total": results(|lane| self.total(None, lane)),
            "coins": coins.map(coin).collect::<Vec<_>>(),
            "by_day": days::as_json(&self.days),
            "block_s": Ns::seconds(self.width_ns),
        })
    }

    /// How many runs.
    pub fn count(&self) -> usize {
        self.runs.len()
    }

    /// Their models, in order of time.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.runs.iter().map(|(_, m)| m)
    }

    /// Results under the configured model: of each run, of each kind of market, of all, with coins.
    pub fn rows(&self) -> Vec<Row> {
        let mut out = Vec::new();
        for (name, m) in self.runs {
            let mut add = |coin: Option<String>, lane| {
                let (runs, hours) = (name.clone(), m.seconds() / 3_600.0);
                out.push(Row { runs, is_one: true, coin, from: m.from, hours, lane });
            };
            for c in &m.coins {
                c.result().into_iter().for_each(|r| add(Some(c.name.clone()), r.total()));
            }
            m.total[0].into_iter().for_each(|lane| add(None, lane));
        }
        let mut add =
            |of: Option<&str>, runs: &str, coin: Option<&str>, lane: Option<TotalLane>| {
                let all =
                    || self.runs.iter().map(|(_, m)| m).filter(|m| of.is_none_or(|k| kind(m) == k));
                let hours = all().map(Model::seconds).sum::<f64>() / 3_600.0;
                let from = all().next().map_or(Ns(0), |m| m.from);
                let (runs, coin) = (runs.to_owned(), coin.map(str::to_owned));
                out.extend(lane.map(|lane| Row { runs, is_one: false, coin, from, hours, lane }));
            };
        for k in self.kinds() {
            let runs = if self.is_unlike() { format!("all {k}") } else { "all".to_owned() };
            for name in self.coins(k) {
                add(Some(k), &runs, Some(name), self.coin((k, name), Lane::Configured));
            }
            if self.is_unlike() {
                add(Some(k), &runs, None, self.total(Some(k), Lane::Configured));
            }
        }
        add(None, "all", None, self.total(None, Lane::Configured));
        out
    }

    /// The rows as CSV; `all` stands for all runs, all coins.
    pub fn csv(&self) -> String {
        let mut out = String::from(
            "run,coin,from,hours,fills,result_usd,result_lo_usd,result_hi_usd,spread_usd,adverse_usd,\
             inventory_usd,fees_usd,funding_usd\n",
        );
        let plain = |name: &str| name.replace(['"', ','], " ");
        for Row { runs, coin, from, hours, lane: t, .. } in self.rows() {
            let end = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
            let parts: Vec<String> = t.split.0.iter().map(|p| p.to_f64().to_string()).collect();
            out.push_str(&format!(
                "{},{},{},{hours},{},{},{},{},{}\n",
                plain(&runs),
                plain(coin.as_deref().unwrap_or("all")),
                utc(from),
                t.fills,
                t.profit.value,
                end(t.profit.lo),
                end(t.profit.hi),
                parts.join(","),
            ));
        }
        out
    }

    /// As lines for people.
    pub fn text(&self) -> String {
        let of = self.configurations();
        let made = if of > 1 { format!(", made under {of} configurations") } else { String::new() };
        let mut out = format!(
            "{} runs{made}, each from no position\n{:<28} {:<19} {:>9} {:>6}  result, USD\n",
            self.runs.len(),
            "run",
            "from",
            "hours",
            "fills"
        );
        let shown = |t: &TotalLane| format!("{:>6}  {}", t.fills, t.profit.text());
        for (name, m) in self.runs {
            let result = m.total[0].as_ref().map_or_else(|| "     -  -".to_owned(), shown);
            let hours = m.seconds() / 3_600.0;
            out.push_str(&format!("{name:<28} {} {hours:>9.2} {result}\n", stamp(m.from)));
        }
        out.push('\n');
        for row in
            self.rows().iter().filter(|r| !r.is_one && (r.coin.is_some() || self.is_unlike()))
        {
            let name = format!("{}, {}", row.coin.as_deref().unwrap_or("all coins"), row.runs);
            out.push_str(&format!("{name:<58} {}\n", shown(&row.lane)));
        }
        for (lane, name) in Lane::ALL.iter().zip(["all", "all, fewest fills", "all, most fills"]) {
            if let Some(t) = self.total(None, *lane) {
                out.push_str(&format!("{name:<58} {}\n", shown(&t)));
            }
        }
        if self.is_unlike() {
            out.push_str(&format!("{UNLIKE}\n"));
        }
        out.push_str(&days::text(&self.days));
        out
    }
}
