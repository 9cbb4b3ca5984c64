//! A run day by day: what each day of UTC added.
//!
//! In: account records in order. Out: [`Day`]s, and the interval of a day's result. Cold path.
//!
//! 1. A day's figures are the account's at its end less those at its beginning: they add up to the run.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::money::{Split, exact};
use super::stats::{Interval, bootstrap, mean};
use super::time::stamp;
use crate::record::{Account, Lane};
use crate::units::lines::labelled;
use crate::units::{Cash, CoinId, Ns};

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Its beginning.
    pub from: Ns,
    /// Profit of all coins by fill model.
    pub profit: [Cash; 3],
    /// Fills by fill model.
    pub fills: [u64; 3],
}

impl Day {
    /// Adds another run's figures of the same day.
    pub(super) fn add(&mut self, other: &Day) {
        self.profit.iter_mut().zip(other.profit).for_each(|(p, x)| *p += x);
        self.fills.iter_mut().zip(other.fills).for_each(|(n, x)| *n += x);
    }
}

type Sums = [(i128, u64); 3];

/// Days in the making.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Days {
    done: Vec<Day>,
    open: Option<i64>,
    /// Profit and fills so far by coin and fill model.
    now: Vec<Sums>,
    /// Their sums at the end of the day before.
    before: Sums,
}

impl Days {
    pub(super) fn take(&mut self, at: Ns, coin: CoinId, a: &Account) {
        let day = at.0.div_euclid(24 * Ns::HOUR);
        if let Some(open) = self.open.replace(day).filter(|open| *open != day) {
            self.end(open);
        }
        let i = coin.index();
        self.now.resize(self.now.len().max(i + 1), Sums::default());
        self.now[i][a.lane as usize] = (Split::of(a).profit().0, u64::from(a.fills));
    }

    fn end(&mut self, day: i64) {
        let mut sums = Sums::default();
        for coin in &self.now {
            sums.iter_mut().zip(coin).for_each(|(s, x)| *s = (s.0 + x.0, s.1 + x.1));
        }
        let lanes = || sums.iter().zip(&self.before);
        let mut made = Day { from: Ns(day * 24 * Ns::HOUR), profit: [Cash(0); 3], fills: [0; 3] };
        for (i, (now, before)) in lanes().enumerate() {
            made.profit[i] = Cash(now.0 - before.0);
            made.fills[i] = now.1 - before.1;
        }
        self.done.push(made);
        self.before = sums;
    }

    pub(super) fn finish(mut self) -> Vec<Day> {
        if let Some(open) = self.open.take() {
            self.end(open);
        }
        self.done
    }
}

/// Mean result of a day under the configured model, USD; with an interval from ten days on.
pub(super) fn per_day(days: &[Day]) -> Interval {
    let blocks: Vec<[f64; 2]> = days.iter().map(|d| [d.profit[0].to_f64(), 1.0]).collect();
    bootstrap(&blocks, mean).unwrap_or_default()
}

/// The days as JSON.
pub(super) fn as_json(days: &[Day]) -> Value {
    let one = |d: &Day| {
        let lanes = Lane::ALL.iter().zip(d.profit.iter().zip(d.fills));
        let lanes: Vec<Value> = lanes
            .map(|(lane, (profit, fills))| {
                json!({ "lane": lane.text(), "profit_usd": profit.to_f64(),
                    "exact_usd": exact(*profit), "fills": fills })
            })
            .collect();
        json!({ "day": &stamp(d.from)[..10], "results": lanes })
    };
    let all: Vec<Value> = days.iter().map(one).collect();
    json!({ "days": all, "mean_usd": per_day(days) })
}

/// The days as lines for people; none of a single one.
pub(super) fn text(days: &[Day]) -> String {
    if days.len() < 2 {
        return String::new();
    }
    let mean = per_day(days);
    let interval = match (mean.lo, mean.hi) {
        (Some(lo), Some(hi)) => format!("[{lo:+.4}, {hi:+.4}]"),
        _ => "(an interval from ten days on)".to_owned(),
    };
    let head = format!(
        "{}, {:+.4} USD a day {interval}; all coins, {}",
        days.len(),
        mean.value,
        Lane::ALL.iter().map(|l| l.text()).collect::<Vec<_>>().join(", ")
    );
    let mut out = format!("\n{}", labelled("days", &head));
    let mut sum = 0.0;
    for d in days {
        sum += d.profit[0].to_f64();
        let [a, b, c] = d.profit.map(Cash::to_f64);
        out.push_str(&format!(
            "  {}  {a:+10.4} {b:+10.4} {c:+10.4} USD, {:>5} fills; so far {sum:+.4}\n",
            &stamp(d.from)[..10],
            d.fills[0]
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Lane;
    use crate::units::{Mid2, Sz};

    fn account(spread: i128, fills: u32, lane: Lane) -> Account {
        let (adverse, inventory, fees, funding) = (0, 0, 0, 0);
        let (position, mark) = (Sz(0), Mid2(0));
        Account { spread, adverse, inventory, fees, funding, position, mark, fills, lane }
    }

    #[test]
    fn days_add_up_to_the_run_whatever_coin_ends_them() {
        let mut days = Days::default();
        let hour = |h: i64| Ns(h * Ns::HOUR);
        let lane = Lane::Configured;
        days.take(hour(22), CoinId(0), &account(5, 1, lane));
        days.take(hour(23), CoinId(1), &account(7, 2, lane));
        days.take(hour(25), CoinId(1), &account(4, 3, lane));
        days.take(hour(26), CoinId(1), &account(9, 9, Lane::Pessimistic));
        days.take(hour(80), CoinId(0), &account(6, 2, lane));
        let all = days.finish();
        let figures: Vec<_> = all.iter().map(|d| (d.from, d.profit[0].0, d.fills[0])).collect();
        assert_eq!(figures, [(hour(0), 12, 3), (hour(24), -3, 1), (hour(72), 1, 1)]);
        assert_eq!(all[1].profit[1], Cash(9));
        assert!(text(&all).contains("1970-01-04"), "{}", text(&all));
        assert_eq!(text(&all[..1]), "");
        assert_eq!(as_json(&all)["days"].as_array().map(Vec::len), Some(3));
    }
}
