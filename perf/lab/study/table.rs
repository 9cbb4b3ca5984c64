//! Results as a table: for people, as CSV, as JSON.
//!
//! In: columns and rows. Out: text. Cold path.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::stats::Estimate;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A name without comma or quote.
    Text(&'static str),
    /// A number with so many decimals for people.
    Number(f64, usize),
    /// An estimate with so many decimals for people; three columns for machines.
    Span(Estimate, usize),
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Names of the columns; with their unit, as machines read them.
    pub columns: Vec<&'static str>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// What to know when reading it, a line each.
    pub notes: Vec<String>,
}

impl Table {
    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let cell = |c: &Cell| match c {
            Cell::Text(s) => (*s).to_owned(),
            Cell::Number(x, d) => number(*x, *d),
            Cell::Span(e, d) if e.lo.is_nan() => number(e.at, *d),
            Cell::Span(e, d) => {
                format!("{} [{} {}]", number(e.at, *d), number(e.lo, *d), number(e.hi, *d))
            }
        };
        let head = self.columns.iter().map(|c| c.replace('_', " ")).collect();
        let mut grid: Vec<Vec<String>> = vec![head];
        grid.extend(self.rows.iter().map(|r| r.iter().map(cell).collect()));
        let mut out = format!("{}\n\n", self.title);
        let wide = |i: usize| grid.iter().map(|r| r[i].len()).max().unwrap_or(0);
        let width: Vec<usize> = (0..self.columns.len()).map(wide).collect();
        for row in &grid {
            for (i, (text, w)) in row.iter().zip(&width).enumerate() {
                let words = self.rows.first().is_some_and(|r| matches!(r[i], Cell::Text(_)));
                let gap = if i == 0 { "" } else { "  " };
                let _ = if words {
                    write!(out, "{gap}{text:<w$}")
                } else {
                    write!(out, "{gap}{text:>w$}")
                };
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        for note in &self.notes {
            let _ = write!(out, "\n{note}");
        }
        out.push('\n');
        out
    }

    /// For machines: a header, a line a row, every number in full.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out = String::new();
        for row in std::iter::once(None).chain(self.rows.iter().map(Some)) {
            let mut line: Vec<String> = Vec::new();
            for (i, name) in self.columns.iter().enumerate() {
                match (row, self.rows.first().map(|r| &r[i])) {
                    (None, Some(Cell::Span(..))) => {
                        line.extend(["", "_lo", "_hi"].map(|s| format!("{name}{s}")));
                    }
                    (None, _) => line.push((*name).to_owned()),
                    (Some(r), _) => match &r[i] {
                        Cell::Text(s) => line.push((*s).to_owned()),
                        Cell::Number(x, _) => line.push(x.to_string()),
                        Cell::Span(e, _) => {
                            line.extend([e.at, e.lo, e.hi].map(|x| x.to_string()));
                        }
                    },
                }
            }
            let _ = writeln!(out, "{}", line.join(","));
        }
        out
    }

    /// For machines: an array of objects.
    #[must_use]
    pub fn json(&self) -> Value {
        let row = |r: &Vec<Cell>| {
            let mut o = Map::new();
            for (name, cell) in self.columns.iter().zip(r) {
                match cell {
                    Cell::Text(s) => _ = o.insert((*name).into(), (*s).into()),
                    Cell::Number(x, _) => _ = o.insert((*name).into(), (*x).into()),
                    Cell::Span(e, _) => {
                        for (end, x) in [("", e.at), ("_lo", e.lo), ("_hi", e.hi)] {
                            o.insert(format!("{name}{end}"), x.into());
                        }
                    }
                }
            }
            Value::Object(o)
        };
        self.rows.iter().map(row).collect()
    }
}

fn number(x: f64, decimals: usize) -> String {
    if x.is_nan() { "-".into() } else { format!("{x:.decimals$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_table_three_ways() {
        let t = Table {
            title: "Example".into(),
            columns: vec!["who", "time_s", "share"],
            rows: vec![
                vec![
                    Cell::Text("a"),
                    Cell::Number(1.25, 1),
                    Cell::Span(Estimate { at: 0.5, lo: 0.25, hi: 0.75 }, 2),
                ],
                vec![
                    Cell::Text("long"),
                    Cell::Number(f64::NAN, 1),
                    Cell::Span(Estimate { at: 1.0, lo: f64::NAN, hi: f64::NAN }, 2),
                ],
            ],
            notes: vec!["Read me.".into()],
        };
        let text = "Example\n\n\
            who   time s             share\n\
            a        1.2  0.50 [0.25 0.75]\n\
            long       -              1.00\n\
            \nRead me.\n";
        assert_eq!(t.text(), text);
        let csv = "who,time_s,share,share_lo,share_hi\na,1.25,0.5,0.25,0.75\nlong,NaN,1,NaN,NaN\n";
        assert_eq!(t.csv(), csv);
        assert_eq!(t.json()[0]["share_hi"], 0.75);
        assert!(t.json()[1]["time_s"].is_null());
    }
}
