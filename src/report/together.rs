//! Several runs as one answer: sums over runs and days, with intervals over all of their blocks.
//!
//! In: models of runs that share no stretch of a coin's market. Out: text, JSON. Cold path.
//!
//! 1. Sums are exact. The blocks of all runs have one length, that of the longest run, and are resampled
//!    together.
//! 2. Each run began without a position and without knowledge: they are added, not joined.

use serde_json::{Value, json};

use super::coin::spread_of;
use super::days::{self, Day};
use super::json::result;
use super::model::{Model, TotalLane};
use super::series::Series;
use super::stats::Blocks;
use super::time::{stamp, utc};
use crate::journal::hex;
use crate::record::Lane;
use crate::units::Ns;

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
                m.from < o.to && m.coins.iter().any(|c| o.coins.iter().any(|x| x.name == c.name))
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
            let blocks = Blocks::wide(m.from, m.to, self.width_ns);
            let Some((t, series)) = of(m) else { continue };
            some = true;
            sum.split = sum.split + t.split;
            sum.fills += t.fills;
            steps.extend(series.steps(&blocks));
        }
        sum.profit = spread_of(&steps, sum.split.profit().to_f64());
        some.then_some(sum)
    }

    fn total(&self, lane: Lane) -> Option<TotalLane> {
        let i = lane as usize;
        self.sum(|m| m.total[i].map(|t| (t, &m.equity[i])))
    }

    fn coin(&self, name: &str, lane: Lane) -> Option<TotalLane> {
        let i = lane as usize;
        self.sum(|m| {
            let c = m.coins.iter().find(|c| c.name == name)?;
            let r = c.results[i].as_ref()?;
            let (split, fills) = (r.split, u64::from(r.account.fills));
            Some((TotalLane { split, fills, ..TotalLane::default() }, &c.lines.equity[i]))
        })
    }

    fn coins(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.runs.iter().flat_map(|(_, m)| m.coins.iter().map(|c| c.name.as_str())) {
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
        let lanes = |of: &dyn Fn(Lane) -> Option<TotalLane>| {
            let all = Lane::ALL.iter().filter_map(|lane| of(*lane).map(|t| (*lane, t)));
            all.map(|(lane, t)| result(lane, &t.split, &t.profit, t.fills)).collect::<Vec<_>>()
        };
        let coin =
            |name: &&str| json!({ "coin": name, "results": lanes(&|lane| self.coin(name, lane)) });
        let run = |(name, m): &(String, Model)| {
            let of = |lane: Lane| m.total[lane as usize];
            json!({ "run": name, "from": utc(m.from), "to": utc(m.to), "records": m.records,
                "digest": hex(m.digest.run), "faults": m.faults, "total": lanes(&of) })
        };
        json!({
            "runs": self.runs.iter().map(run).collect::<Vec<_>>(),
            "configurations": self.configurations(),
            "seconds": self.runs.iter().map(|(_, m)| m.seconds()).sum::<f64>(),
            "total": lanes(&|lane| self.total(lane)),
            "coins": self.coins().iter().map(coin).collect::<Vec<_>>(),
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

    /// Results under the configured model, a row a run and coin, one of each run and one of all: run, coin
    /// (empty: all of them), beginning, hours, result.
    pub fn rows(&self) -> Vec<(&str, &str, Ns, f64, TotalLane)> {
        let mut out = Vec::new();
        for (name, m) in self.runs {
            let hours = m.seconds() / 3_600.0;
            for c in &m.coins {
                let Some(r) = c.result() else { continue };
                let (split, profit) = (r.split, r.profit);
                let t = TotalLane { split, profit, fills: u64::from(r.account.fills) };
                out.push((name.as_str(), c.name.as_str(), m.from, hours, t));
            }
            out.extend(m.total[0].map(|t| (name.as_str(), "", m.from, hours, t)));
        }
        let hours = self.runs.iter().map(|(_, m)| m.seconds()).sum::<f64>() / 3_600.0;
        let from = self.runs.first().map_or(Ns(0), |(_, m)| m.from);
        for name in self.coins() {
            out.extend(self.coin(name, Lane::Configured).map(|t| ("", name, from, hours, t)));
        }
        out.extend(self.total(Lane::Configured).map(|t| ("", "", from, hours, t)));
        out
    }

    /// The rows as CSV; `all` stands for all runs, all coins.
    pub fn csv(&self) -> String {
        let mut out = String::from(
            "run,coin,from,hours,fills,result_usd,result_lo_usd,result_hi_usd,spread_usd,adverse_usd,\
             inventory_usd,fees_usd,funding_usd\n",
        );
        let or_all =
            |name: &str| if name.is_empty() { "all" } else { name }.replace(['"', ','], " ");
        for (run, coin, from, hours, t) in self.rows() {
            let end = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
            let parts: Vec<String> = t.split.0.iter().map(|p| p.to_f64().to_string()).collect();
            out.push_str(&format!(
                "{},{},{},{hours},{},{},{},{},{}\n",
                or_all(run),
                or_all(coin),
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
        let shown = |t: &TotalLane| {
            let p = &t.profit;
            let ends = p.lo.zip(p.hi).map(|(lo, hi)| format!(" [{lo:+.4}, {hi:+.4}]"));
            format!("{:>6}  {:+.4}{}", t.fills, p.value, ends.unwrap_or_default())
        };
        for (name, m) in self.runs {
            let result = m.total[0].as_ref().map_or_else(|| "     -  -".to_owned(), shown);
            let hours = m.seconds() / 3_600.0;
            out.push_str(&format!("{name:<28} {} {hours:>9.2} {result}\n", stamp(m.from)));
        }
        out.push('\n');
        for name in self.coins() {
            let result = self.coin(name, Lane::Configured);
            let result = result.as_ref().map_or_else(|| "     -  -".to_owned(), shown);
            out.push_str(&format!("{name:<58} {result}\n"));
        }
        for lane in Lane::ALL {
            if let Some(t) = self.total(*lane) {
                out.push_str(&format!("{:<58} {}\n", format!("all, {}", lane.text()), shown(&t)));
            }
        }
        out.push_str(&days::text(&self.days));
        out
    }
}
