//! The figures of a result: one table for text, JSON and page.
//!
//! In: the model. Out: [`Figure`]s of a coin, and of all coins together. Cold path.
//!
//! 1. A figure's key, words, unit and decimals stand here and nowhere else.

use serde_json::{Value, json};

use super::coin::{CoinModel, LaneResult, TotalLane};
use super::model::Model;
use super::path::Path;
use super::stats::{Interval, bootstrap, count};
use crate::record::hours_needed;

/// What a figure is.
#[derive(Debug, PartialEq)]
pub struct About {
    /// Name for programs.
    pub key: &'static str,
    /// Name for people; two blanks before it where it is part of the one above.
    pub label: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Decimals shown.
    pub digits: usize,
    /// Whether its sign is always shown.
    pub signed: bool,
    /// What it is, in a sentence.
    pub sentence: &'static str,
}

/// A figure.
#[derive(Debug)]
pub struct Figure {
    /// What it is.
    pub about: &'static About,
    /// Its value, and its interval where it has one.
    pub value: Interval,
}

macro_rules! table {
    ($($key:ident $label:literal $unit:literal $digits:literal $signed:literal : $sentence:literal)*) => {
        /// All of them, in the order in which they are shown.
        pub const TABLE: &[About] = &[$(About {
            key: stringify!($key),
            label: $label,
            unit: $unit,
            digits: $digits,
            signed: $signed,
            sentence: $sentence,
        }),*];
    };
}

table! {
    value_usd "value of fills" "USD" 4 true: "What fills were worth five seconds later, fees paid: known sooner than the result."
    result_usd "result" "USD" 4 true: "Profit after fees, the position marked at mid."
    spread_usd "  spread captured" "USD" 4 true: "Distance of each fill from the mid before it."
    adverse_usd "  adverse move, 5 s" "USD" 4 true: "What the mid did in the five seconds after each fill."
    inventory_usd "  inventory" "USD" 4 true: "What the mid did after that, on the position kept."
    fees_usd "  fees" "USD" 4 true: "Maker fees; negative: paid."
    funding_usd "  funding" "USD" 4 true: "Funding; negative: paid."
    result_bps "result of value traded" "bps" 2 true: "The result as a share of the value traded."
    result_usd_h "result an hour" "USD" 2 true: "The result over the hours of the run."
    return_pct "return on capital" "%" 3 true: "The result as a share of the largest position held: what it takes without leverage."
    before_usd "while it learned" "USD" 4 true: "Result until it was first known whether a quote earns: the warm-up."
    after_usd "after that" "USD" 4 true: "Result since."
    drawdown_usd "largest drawdown" "USD" 4 false: "The most that was lost from a high, marked at mid."
    position_usd "largest position" "USD" 2 false: "Largest value held at once; of all coins, their values together."
    traded_usd "traded" "USD" 0 false: "Value of all fills."
    turnover "turnover, of capital" "×" 1 false: "Value traded over the largest position."
    fills "fills" "" 0 false: "Fills, parts of orders included."
    fewest_fills "  fewest" "" 0 false: "Fills where only trades beyond the price of an order fill it."
    fewest_usd "  result with those" "USD" 4 true: "The result by them: fewer fills, not less money."
    most_fills "  most" "" 0 false: "Fills where any trade at the price of an order fills it."
    most_usd "  result with those" "USD" 4 true: "The result by them: more fills, not more money."
    edge_bps "a fill, after 5 s" "bps" 2 true: "Spread, adverse move and fee of fills, as a share of their value."
    quoted_pct "time quoted" "%" 1 false: "Share of the time in which a side was quoted, mean of both."
    hours_needed "hours of data needed" "h" 1 false: "Hours after which a result of this size could be distinguished from zero."
}

/// What figures are made of.
struct Scope {
    value: Interval,
    lanes: [Option<TotalLane>; 3],
    /// Result and value traded by block.
    steps: Vec<[f64; 2]>,
    path: Path,
    before: f64,
    edge: Option<Interval>,
    quoted: Option<f64>,
    seconds: f64,
}

/// The figures of one coin.
pub fn of_coin(c: &CoinModel, m: &Model) -> Vec<Figure> {
    let [bid, ask] = c.quoted_share();
    Scope {
        value: c.value,
        lanes: c.results.each_ref().map(|r| r.as_ref().map(LaneResult::total)),
        steps: c.steps(&m.blocks),
        path: c.path,
        before: c.before(),
        edge: c.markouts.primary().map(|h| h.all.edge_bps),
        quoted: Some(f64::midpoint(bid, ask) * 100.0),
        seconds: m.seconds(),
    }
    .figures()
}

/// The figures of all coins together.
pub fn of_all(m: &Model) -> Vec<Figure> {
    let mut steps = vec![[0.0; 2]; m.blocks.count];
    for c in &m.coins {
        for (sum, step) in steps.iter_mut().zip(c.steps(&m.blocks)) {
            sum.iter_mut().zip(step).for_each(|(s, x)| *s += x);
        }
    }
    Scope {
        value: m.value,
        lanes: m.total,
        steps,
        path: m.path,
        before: m.coins.iter().map(CoinModel::before).sum(),
        edge: None,
        quoted: None,
        seconds: m.seconds(),
    }
    .figures()
}

impl Scope {
    fn figures(&self) -> Vec<Figure> {
        TABLE
            .iter()
            .filter_map(|about| Some(Figure { about, value: self.value(about.key)? }))
            .filter(|f| f.value.value.is_finite())
            .collect()
    }

    fn value(&self, key: &str) -> Option<Interval> {
        let one = Interval::one;
        let some = |value: f64| Some(one(value));
        let t = self.lanes[0]?;
        let traded: f64 = self.steps.iter().map(|s| s[1]).sum();
        let of = |by: f64| (by > 0.0).then(|| t.profit.times(1.0 / by));
        let lane = |i: usize| self.lanes[i];
        let part = |name: &str| t.split.parts().find(|p| p.0 == name);
        match key {
            "value_usd" => (t.fills > 0).then_some(self.value),
            "result_usd" => Some(t.profit),
            "result_bps" => bootstrap(&self.steps, |s| (s[1] > 0.0).then(|| s[0] / s[1] * 1e4)),
            "result_usd_h" => of(self.seconds / 3_600.0),
            "return_pct" => of(self.path.largest_usd / 100.0),
            "before_usd" => some(self.before),
            "after_usd" => some(t.profit.value - self.before),
            "drawdown_usd" => some(self.path.drawdown_usd),
            "position_usd" => some(self.path.largest_usd),
            "traded_usd" => some(traded),
            "turnover" => {
                (self.path.largest_usd > 0.0).then(|| one(traded / self.path.largest_usd))
            }
            "fills" => some(count(t.fills)),
            "fewest_fills" => lane(1).map(|t| one(count(t.fills))),
            "fewest_usd" => lane(1).map(|t| t.profit),
            "most_fills" => lane(2).map(|t| one(count(t.fills))),
            "most_usd" => lane(2).map(|t| t.profit),
            "edge_bps" => self.edge,
            "quoted_pct" => self.quoted.map(one),
            "hours_needed" => hours(&t.profit, self.seconds).map(one),
            name => part(name.trim_end_matches("_usd")).map(|p| one(p.1.to_f64())),
        }
    }
}

/// Hours of such data after which the result could be distinguished from zero.
pub(super) fn hours(i: &Interval, seconds: f64) -> Option<f64> {
    hours_needed(i.value, i.lo?, i.hi?, seconds)
}

impl CoinModel {
    /// The result until it was known whether a quote earns.
    fn before(&self) -> f64 {
        self.known.map_or_else(|| self.result().map_or(0.0, |r| r.profit.value), |known| known.1)
    }

    /// Result and value traded by block.
    fn steps(&self, blocks: &super::stats::Blocks) -> Vec<[f64; 2]> {
        let (profit, traded) =
            (self.lines.equity[0].steps(blocks), self.lines.traded.steps(blocks));
        profit.iter().zip(traded).map(|(p, t)| [p[0], t[0]]).collect()
    }
}

/// Figures for programs, by key.
pub(super) fn as_json(all: &[Figure]) -> Value {
    all.iter().map(|f| (f.about.key, json!(f.value))).collect()
}

/// What the keys mean, for programs and those who write them.
pub(super) fn about() -> Value {
    let one = |a: &About| {
        (a.key, json!({ "label": a.label.trim(), "unit": a.unit, "about": a.sentence }))
    };
    TABLE.iter().map(one).collect()
}

/// Columns of a table for terminals.
const COLUMNS: usize = 5;

/// A table for terminals: a row a figure, a column each of `scopes`, as many beside each other as fit.
pub(super) fn text(scopes: &[(String, Vec<Figure>)]) -> String {
    scopes.chunks(COLUMNS).map(table).collect::<Vec<_>>().join("\n")
}

fn table(scopes: &[(String, Vec<Figure>)]) -> String {
    let row = |label: String, cell: &dyn Fn(&[Figure]) -> String| {
        let cells: String = scopes.iter().map(|(_, all)| format!("{:>13}", cell(all))).collect();
        let line = format!("{label:<30}{cells}");
        format!("{}\n", line.trim_end())
    };
    let names: String = scopes.iter().map(|(name, _)| format!("{name:>13}")).collect();
    let mut out = format!("{:<30}{names}\n", "");
    for a in TABLE {
        let find = |all: &[Figure]| all.iter().find(|f| f.about == a).map(|f| f.value);
        let values: Vec<Interval> = scopes.iter().filter_map(|s| find(&s.1)).collect();
        let shown = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| a.text(v));
        if values.iter().all(|v| v.value == 0.0 && a.label.starts_with("  ")) {
            continue;
        }
        let label =
            if a.unit.is_empty() { a.label.to_owned() } else { format!("{}, {}", a.label, a.unit) };
        out.push_str(&row(label, &|all| shown(find(all).map(|v| v.value))));
        if values.iter().any(|v| v.lo.is_some()) {
            out.push_str(&row("    95 % from".into(), &|all| shown(find(all).and_then(|v| v.lo))));
            out.push_str(&row("         to".into(), &|all| shown(find(all).and_then(|v| v.hi))));
        }
    }
    out
}

impl About {
    /// A value of it.
    pub fn text(&self, value: f64) -> String {
        let digits = self.digits;
        // What rounds to nothing has no sign.
        let none = format!("{:.digits$}", value.abs()).parse() == Ok(0.0);
        let value = if none { 0.0 } else { value };
        if self.signed { format!("{value:+.digits$}") } else { format!("{value:.digits$}") }
    }
}
