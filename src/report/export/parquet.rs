//! Tables as Parquet: typed columns, exact money, times that programs know as times.
//!
//! In: rows. Out: row groups, Snappy. Cold path.
//!
//! 1. Every column is required; money is DECIMAL(38, 17) in 16 bytes, big-endian; a list is a LIST of
//!    required doubles.

use std::io;
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    Int64Type,
};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::{Type as Schema, TypePtr};

use super::table::{Cell, Cells, Table};
use crate::folder::Output;
use crate::report::money::DECIMALS;

/// Rows of a row group.
const GROUP: usize = 1 << 16;

/// A column of the group at hand.
enum Values {
    Int(Vec<i64>),
    Float(Vec<f64>),
    Text(Vec<ByteArray>),
    Bool(Vec<bool>),
    Money(Vec<FixedLenByteArray>),
    /// Values, and the length of each list.
    List(Vec<f64>, Vec<usize>),
}

pub(super) struct Parquet {
    out: SerializedFileWriter<Output>,
    columns: Cells,
    values: Vec<Values>,
    rows: usize,
}

fn fault(e: ParquetError) -> io::Error {
    io::Error::other(e)
}

fn schema((name, cell): &(String, Cell)) -> Result<TypePtr, ParquetError> {
    if matches!(cell, Cell::List(_)) {
        let element = Schema::primitive_type_builder("element", Physical::DOUBLE)
            .with_repetition(Repetition::REQUIRED)
            .build()?;
        let list = Schema::group_type_builder("list")
            .with_repetition(Repetition::REPEATED)
            .with_fields(vec![Arc::new(element)])
            .build()?;
        let column = Schema::group_type_builder(name)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(Some(LogicalType::List))
            .with_fields(vec![Arc::new(list)]);
        return column.build().map(Arc::new);
    }
    let decimals = i32::try_from(DECIMALS).unwrap_or(0);
    let (physical, logical) = match cell {
        Cell::Int(_) => (Physical::INT64, Some(LogicalType::integer(64, true))),
        Cell::UInt(_) => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Cell::Float(_) | Cell::List(_) => (Physical::DOUBLE, None),
        Cell::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Cell::Bool(_) => (Physical::BOOLEAN, None),
        Cell::Time(_) => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::NANOS))),
        Cell::Money(_) => {
            (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::decimal(decimals, 38)))
        }
    };
    let mut column = Schema::primitive_type_builder(name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(logical);
    if matches!(cell, Cell::Money(_)) {
        column = column.with_length(16).with_precision(38).with_scale(decimals);
    }
    column.build().map(Arc::new)
}

fn empty((_, cell): &(String, Cell)) -> Values {
    match cell {
        Cell::Int(_) | Cell::UInt(_) | Cell::Time(_) => Values::Int(Vec::new()),
        Cell::Float(_) => Values::Float(Vec::new()),
        Cell::Text(_) => Values::Text(Vec::new()),
        Cell::Bool(_) => Values::Bool(Vec::new()),
        Cell::Money(_) => Values::Money(Vec::new()),
        Cell::List(_) => Values::List(Vec::new(), Vec::new()),
    }
}

impl Parquet {
    pub(super) fn new(file: Output, table: &Table) -> io::Result<Parquet> {
        let columns =
            table.columns.iter().map(schema).collect::<Result<Vec<_>, _>>().map_err(fault)?;
        let root =
            Schema::group_type_builder(table.name).with_fields(columns).build().map_err(fault)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let out =
            SerializedFileWriter::new(file, Arc::new(root), Arc::new(properties)).map_err(fault)?;
        let (columns, values) = (table.columns.clone(), table.columns.iter().map(empty).collect());
        Ok(Parquet { out, columns, values, rows: 0 })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.rows > 0 {
            let mut group = self.out.next_row_group().map_err(fault)?;
            for (values, column) in self.values.iter_mut().zip(&self.columns) {
                write(&mut group, values).map_err(fault)?;
                *values = empty(column);
            }
            group.close().map_err(fault)?;
            self.rows = 0;
        }
        Ok(())
    }

    pub(super) fn row(&mut self, cells: &[(String, Cell)]) -> io::Result<()> {
        for (values, (name, cell)) in self.values.iter_mut().zip(cells) {
            match (values, cell) {
                (Values::Int(v), Cell::Int(n) | Cell::Time(n)) => v.push(*n),
                // The column's type says that the bits are unsigned.
                (Values::Int(v), Cell::UInt(n)) => v.push(n.cast_signed()),
                (Values::Float(v), Cell::Float(x)) => v.push(*x),
                (Values::Text(v), Cell::Text(t)) => v.push(t.as_str().into()),
                (Values::Bool(v), Cell::Bool(b)) => v.push(*b),
                (Values::Money(v), Cell::Money(n)) => v.push(n.to_be_bytes().to_vec().into()),
                (Values::List(v, lengths), Cell::List(list)) => {
                    v.extend(list);
                    lengths.push(list.len());
                }
                _ => return Err(io::Error::other(format!("column {name} changed its type"))),
            }
        }
        self.rows += 1;
        if self.rows == GROUP { self.flush() } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> io::Result<Output> {
        self.flush()?;
        self.out.into_inner().map_err(fault)
    }
}

/// Writes one column of a row group.
fn write(
    group: &mut SerializedRowGroupWriter<'_, Output>,
    values: &Values,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("a column too many".into()));
    };
    match values {
        Values::Int(v) => column.typed::<Int64Type>().write_batch(v, None, None)?,
        Values::Float(v) => column.typed::<DoubleType>().write_batch(v, None, None)?,
        Values::Text(v) => column.typed::<ByteArrayType>().write_batch(v, None, None)?,
        Values::Bool(v) => column.typed::<BoolType>().write_batch(v, None, None)?,
        Values::Money(v) => column.typed::<FixedLenByteArrayType>().write_batch(v, None, None)?,
        Values::List(v, lengths) => {
            // A list's first value starts a row, an empty list is a row without a value.
            let of = |n: &usize| {
                let there = i16::from(*n > 0);
                (0..(*n).max(1)).map(move |i| (there, i16::from(i > 0)))
            };
            let (there, goes_on): (Vec<i16>, Vec<i16>) = lengths.iter().flat_map(of).unzip();
            column.typed::<DoubleType>().write_batch(v, Some(&there), Some(&goes_on))?
        }
    };
    column.close()
}
