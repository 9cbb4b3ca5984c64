//! Records as tables in files that other programs read.
//!
//! In: a run's records. Out: one file a table, as CSV, JSON lines or Parquet. Cold path.
//!
//! 1. A table's file exists even when it has no rows; its columns depend on the run's strategy (terms
//!    are named by it) and on nothing else of the run.
//! 2. Rows stand in the order of the journal.

#[cfg(feature = "parquet")]
mod parquet;
mod table;
mod text;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

pub use table::{Cell, Cells, Rows, Table, tables};

use crate::folder::{Output, OutputError};
use crate::record::{Record, StrategyNames};

/// What the files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Columns with types; opens in pyarrow, polars, DuckDB. Needs a program built with the feature
    /// `parquet`. Money is DECIMAL(38, 17), times are TIMESTAMP(NANOS, UTC).
    Parquet,
    /// Comma-separated values with a head.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// Writes one table: its rows in order, each with the cells of its columns.
///
/// # Errors
/// As the disk refuses.
pub fn write_table(
    to: Output,
    format: Format,
    table: &Table,
    rows: impl IntoIterator<Item = Cells>,
) -> io::Result<()> {
    let mut sink = format.sink(to, table)?;
    rows.into_iter().try_for_each(|row| sink.row(&row))?;
    sink.finish()
}

/// A table being written.
struct Open {
    name: &'static str,
    path: PathBuf,
    rows: u64,
    sink: Sink,
}

/// The file of a table.
enum Sink {
    Csv(Box<csv::Writer<Output>>),
    Jsonl(Output),
    #[cfg(feature = "parquet")]
    Parquet(Box<parquet::Parquet>),
}

impl Sink {
    fn row(&mut self, cells: &[(String, Cell)]) -> io::Result<()> {
        match self {
            Sink::Csv(out) => Ok(out.write_record(cells.iter().map(|(_, c)| text::csv(c)))?),
            Sink::Jsonl(out) => text::json_line(cells, out),
            #[cfg(feature = "parquet")]
            Sink::Parquet(out) => out.row(cells),
        }
    }

    fn finish(self) -> io::Result<()> {
        let out = match self {
            Sink::Csv(out) => out.into_inner().map_err(|e| io::Error::other(e.to_string()))?,
            Sink::Jsonl(out) => out,
            #[cfg(feature = "parquet")]
            Sink::Parquet(out) => out.finish()?,
        };
        Ok(out.finish()?)
    }
}

/// A table that was written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    /// Table.
    pub table: &'static str,
    /// Rows.
    pub rows: u64,
    /// File.
    pub file: PathBuf,
}

/// Writes the tables of a run.
pub struct Export {
    /// By record kind.
    open: BTreeMap<u8, Open>,
    rows: Rows,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Export({} tables)", self.open.len())
    }
}

impl Format {
    /// Ending of the file names.
    pub fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            Format::Parquet => "parquet",
        }
    }

    /// Whether this program can write it.
    pub fn is_built(self) -> bool {
        self != Format::Parquet || cfg!(feature = "parquet")
    }

    fn sink(self, file: Output, table: &Table) -> io::Result<Sink> {
        Ok(match self {
            Format::Csv => {
                let mut out = csv::Writer::from_writer(file);
                out.write_record(table.columns.iter().map(|c| c.0.as_str()))?;
                Sink::Csv(Box::new(out))
            }
            Format::Jsonl => Sink::Jsonl(file),
            #[cfg(feature = "parquet")]
            Format::Parquet => Sink::Parquet(Box::new(parquet::Parquet::new(file, table)?)),
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => return Err(io::ErrorKind::Unsupported.into()),
        })
    }
}

impl Export {
    /// Creates the files of `tables` in the folder `to`; files of the same names are replaced where
    /// `replace`. `names` are those that the tables were made with.
    ///
    /// # Errors
    /// As the disk refuses, and as [`Output::may`].
    pub fn create(
        to: &Path,
        format: Format,
        tables: &[Table],
        names: StrategyNames,
        replace: bool,
    ) -> Result<Export, OutputError> {
        let disk = |e| OutputError::Disk(to.to_path_buf(), e);
        std::fs::create_dir_all(to).map_err(disk)?;
        let path = |t: &Table| to.join(format!("{}.{}", t.name, format.ending()));
        tables.iter().try_for_each(|t| Output::may(&path(t), &[], replace))?;
        let mut open = BTreeMap::new();
        for t in tables {
            let path = path(t);
            let sink = format.sink(Output::own(&path)?, t).map_err(disk)?;
            open.insert(t.record, Open { name: t.name, path, rows: 0, sink });
        }
        Ok(Export { open, rows: Rows { names, ..Rows::default() } })
    }

    /// Writes a record's row, where its table is wanted.
    ///
    /// # Errors
    /// As the disk refuses.
    pub fn take(&mut self, r: &Record) -> io::Result<()> {
        let open = self.open.get_mut(&r.body.kind());
        let row = self.rows.take(r, open.is_some());
        open.zip(row).map_or(Ok(()), |(open, row)| {
            open.rows += 1;
            open.sink.row(&row)
        })
    }

    /// Completes the files.
    ///
    /// # Errors
    /// As the disk refuses.
    pub fn finish(self) -> io::Result<Vec<Written>> {
        self.open
            .into_values()
            .map(|o| {
                o.sink.finish()?;
                Ok(Written { table: o.name, rows: o.rows, file: o.path })
            })
            .collect()
    }
}
