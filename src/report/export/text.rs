//! Tables as text: CSV with a head, JSON one object a line.
//!
//! In: rows. Out: lines. Cold path.
//!
//! 1. A float is written with the fewest digits that give it back; none is `NaN` in CSV and null in
//!    JSON. Money is written with all its decimals, in JSON as text.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::sink::Sink;
use super::table::{Cell, Table};
use crate::folder::Output;
use crate::report::money::decimal;
use crate::report::time::utc;
use crate::units::Ns;

pub(super) struct Csv {
    out: csv::Writer<Output>,
}

impl Csv {
    pub(super) fn new(file: Output, table: &Table) -> io::Result<Csv> {
        let mut out = csv::Writer::from_writer(file);
        out.write_record(table.columns.iter().map(|c| c.name.as_str()))?;
        Ok(Csv { out })
    }
}

impl Sink for Csv {
    fn row(&mut self, cells: &[(String, Cell)]) -> io::Result<()> {
        self.out.write_record(cells.iter().map(|(_, cell)| match cell {
            Cell::Int(n) => n.to_string(),
            Cell::UInt(n) => n.to_string(),
            Cell::Float(x) => x.to_string(),
            Cell::Text(t) => t.clone(),
            Cell::Bool(b) => b.to_string(),
            Cell::Time(ns) => utc(Ns(*ns)),
            Cell::Money(units) => decimal(*units),
            Cell::List(list) => json!(list).to_string(),
        }))?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<Output> {
        self.out.into_inner().map_err(|e| io::Error::other(e.to_string()))
    }
}

pub(super) struct Jsonl {
    out: Output,
}

impl Jsonl {
    pub(super) fn new(out: Output) -> Jsonl {
        Jsonl { out }
    }
}

impl Sink for Jsonl {
    fn row(&mut self, cells: &[(String, Cell)]) -> io::Result<()> {
        let object: Map<String, Value> = cells
            .iter()
            .map(|(name, cell)| {
                let value = match cell {
                    Cell::Int(n) => json!(n),
                    Cell::UInt(n) => json!(n),
                    Cell::Float(x) => json!(x),
                    Cell::Text(t) => json!(t),
                    Cell::Bool(b) => json!(b),
                    Cell::Time(ns) => json!(utc(Ns(*ns))),
                    Cell::Money(units) => json!(decimal(*units)),
                    Cell::List(list) => json!(list),
                };
                (name.clone(), value)
            })
            .collect();
        serde_json::to_writer(&mut self.out, &object)?;
        self.out.write_all(b"\n")
    }

    fn finish(self: Box<Self>) -> io::Result<Output> {
        Ok(self.out)
    }
}
