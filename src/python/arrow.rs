//! Tables in memory, as Arrow has them.
//!
//! In: records. Out: one record batch a table, with the columns and types of the Parquet export. Cold
//! path.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt64Array,
};

use crate::cli::exit::{Code, Failure};
use crate::record::{Record, StrategyNames};
use crate::report::export::{Cell, Rows, Table, tables};

/// A column in the making.
enum Values {
    Int(Vec<i64>),
    UInt(Vec<u64>),
    Float(Vec<f64>),
    Text(Vec<String>),
    Bool(Vec<bool>),
    Time(Vec<i64>),
    Money(Vec<i128>),
}

impl Values {
    /// `None` of lists, which no record has.
    fn of(cell: &Cell) -> Option<Values> {
        Some(match cell {
            Cell::Int(_) => Values::Int(Vec::new()),
            Cell::UInt(_) => Values::UInt(Vec::new()),
            Cell::Float(_) => Values::Float(Vec::new()),
            Cell::Text(_) => Values::Text(Vec::new()),
            Cell::Bool(_) => Values::Bool(Vec::new()),
            Cell::Time(_) => Values::Time(Vec::new()),
            Cell::Money(_) => Values::Money(Vec::new()),
            Cell::List(_) => return None,
        })
    }

    /// A cell of another type leaves the column short, which [`Open::batch`] refuses.
    fn push(&mut self, cell: Cell) {
        match (self, cell) {
            (Values::Int(v), Cell::Int(x)) | (Values::Time(v), Cell::Time(x)) => v.push(x),
            (Values::UInt(v), Cell::UInt(x)) => v.push(x),
            (Values::Float(v), Cell::Float(x)) => v.push(x),
            (Values::Text(v), Cell::Text(x)) => v.push(x),
            (Values::Bool(v), Cell::Bool(x)) => v.push(x),
            (Values::Money(v), Cell::Money(x)) => v.push(x),
            _ => {}
        }
    }

    fn array(self) -> Result<ArrayRef, String> {
        Ok(match self {
            Values::Int(v) => Arc::new(Int64Array::from(v)),
            Values::UInt(v) => Arc::new(UInt64Array::from(v)),
            Values::Float(v) => Arc::new(Float64Array::from(v)),
            Values::Text(v) => Arc::new(StringArray::from_iter_values(v)),
            Values::Bool(v) => Arc::new(BooleanArray::from(v)),
            Values::Time(v) => Arc::new(TimestampNanosecondArray::from(v).with_timezone("UTC")),
            Values::Money(v) => {
                let exact = Decimal128Array::from(v).with_precision_and_scale(38, 17);
                Arc::new(exact.map_err(|e| e.to_string())?)
            }
        })
    }
}

/// A table in the making.
struct Open {
    name: &'static str,
    columns: Vec<(String, Values)>,
}

impl Open {
    fn of(table: &Table) -> Open {
        let columns = table.columns.iter();
        let columns = columns.filter_map(|(name, cell)| Some((name.clone(), Values::of(cell)?)));
        Open { name: table.name, columns: columns.collect() }
    }

    fn batch(self) -> Result<RecordBatch, String> {
        let column = |(name, values): (String, Values)| Ok((name, values.array()?, false));
        let columns: Result<Vec<_>, String> = self.columns.into_iter().map(column).collect();
        RecordBatch::try_from_iter_with_nullable(columns?).map_err(|e| e.to_string())
    }
}

/// Tables in the making.
pub(super) struct Tables {
    /// Which; all where none is named.
    wanted: Option<Vec<String>>,
    rows: Rows,
    /// By kind of record; `None` where it is not wanted.
    open: BTreeMap<u8, Option<Open>>,
}

impl Tables {
    /// Tables of these names; all where it is `None`.
    ///
    /// # Errors
    /// A name that no table has, with those there are.
    pub(super) fn new(wanted: Option<Vec<String>>) -> Result<Tables, Failure> {
        let known: Vec<&str> = tables(&StrategyNames::default()).iter().map(|t| t.name).collect();
        if let Some(odd) = wanted.iter().flatten().find(|w| !known.contains(&w.as_str())) {
            let text = format!("no table `{odd}`; there are {}", known.join(", "));
            return Err(Failure::usage(text));
        }
        Ok(Tables { wanted, rows: Rows::default(), open: BTreeMap::new() })
    }

    fn opened(&self, table: &Table) -> Option<Open> {
        let wanted = self.wanted.as_ref().is_none_or(|w| w.iter().any(|n| n == table.name));
        wanted.then(|| Open::of(table))
    }

    pub(super) fn take(&mut self, r: &Record) {
        self.rows.names.take(&r.body);
        let kind = r.body.kind();
        if !self.open.contains_key(&kind) {
            // Terms have the columns that the strategy names, which it does before the first.
            let all = tables(&self.rows.names);
            let table = all.iter().find(|t| t.record == kind);
            self.open.insert(kind, table.and_then(|t| self.opened(t)));
        }
        let open = self.open.get_mut(&kind).and_then(Option::as_mut);
        let row = self.rows.take(r, open.is_some());
        if let Some((open, row)) = open.zip(row) {
            open.columns.iter_mut().zip(row).for_each(|((_, values), (_, cell))| values.push(cell));
        }
    }

    /// The tables by name, those without a row as well.
    ///
    /// # Errors
    /// A table's rows are not alike.
    pub(super) fn finish(mut self) -> Result<BTreeMap<String, RecordBatch>, Failure> {
        for table in tables(&self.rows.names) {
            if !self.open.contains_key(&table.record) {
                self.open.insert(table.record, self.opened(&table));
            }
        }
        let all = self.open.into_values().flatten().map(|open| {
            let name = open.name;
            let odd = |e: String| Failure::new(Code::Internal, format!("table `{name}`: {e}"));
            Ok((name.to_owned(), open.batch().map_err(odd)?))
        });
        all.collect()
    }
}
