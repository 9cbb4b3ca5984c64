//! Cells as text: of a CSV, and as a line of JSON.
//!
//! In: rows. Out: text. Cold path.
//!
//! 1. A float is written with the fewest digits that give it back; none is `NaN` in CSV and null in
//!    JSON. Money is written with all its decimals, in JSON as text.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::table::Cell;
use crate::report::money::decimal;
use crate::report::time::utc;
use crate::units::Ns;

/// A cell of a CSV.
pub(super) fn csv(cell: &Cell) -> String {
    match cell {
        Cell::Float(x) => x.to_string(),
        Cell::Text(t) => t.clone(),
        Cell::Time(ns) => utc(Ns(*ns)),
        Cell::Money(units) => decimal(*units),
        Cell::Int(_) | Cell::UInt(_) | Cell::Bool(_) | Cell::List(_) => json(cell).to_string(),
    }
}

fn json(cell: &Cell) -> Value {
    match cell {
        Cell::Int(n) => json!(n),
        Cell::UInt(n) => json!(n),
        Cell::Float(x) => json!(x),
        Cell::Bool(b) => json!(b),
        Cell::List(list) => json!(list),
        Cell::Text(_) | Cell::Time(_) | Cell::Money(_) => json!(csv(cell)),
    }
}

/// Writes a row as an object in a line.
pub(super) fn json_line(cells: &[(String, Cell)], out: &mut impl Write) -> io::Result<()> {
    let object: Value = cells.iter().map(|(name, cell)| (name.as_str(), json(cell))).collect();
    serde_json::to_writer(&mut *out, &object)?;
    out.write_all(b"\n")
}
