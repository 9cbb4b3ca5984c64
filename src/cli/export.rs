//! `papermaker export RUN`: a run's records as tables for other programs.
//!
//! In: a run folder. Out: one file a table; damage found is named. Cold path.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::{Code, Failure};
use super::{Common, say};
use crate::app::folder::Folder;
use crate::journal::{Found, Reader};
use crate::report::export::{Export, Format, Table, Written, tables};

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Columns with types; opens in pyarrow, polars, DuckDB. Needs a program built with the feature
    /// `parquet`.
    Parquet,
    /// Comma-separated values with a head.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

#[derive(Debug, Args)]
#[command(after_help = notes())]
pub(super) struct Options {
    /// Run folder.
    run: PathBuf,
    /// What the files are.
    #[arg(long, value_enum)]
    format: Kind,
    /// Folder for the files; default: `export` in the run folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Tables, comma separated; default: all.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    table: Vec<String>,
}

fn notes() -> String {
    let names: Vec<&str> = tables().iter().map(|t| t.name).collect();
    format!(
        "Tables: {}.\nColumns end in their unit. Prices and sizes stand twice, as a float (_usd, \
         _coin) and as\nthe exact integer (_e8: units of 1e-8); money of accounts is exact, with 17 \
         decimals. Times are UTC\non the session clock (at) or the venue's (time, effective); the \
         epoch means there is none.",
        names.join(", ")
    )
}

pub(super) fn run(o: &Options, common: &Common) -> Result<(), Failure> {
    let wanted = chosen(&o.table)?;
    let kind = format(o.format)?;
    let name = o.run.display();
    let folder =
        Folder::open(&o.run).map_err(|e| Failure::input(format!("no run folder {name}: {e:?}")))?;
    let fault = |e| Failure::input(format!("cannot read the journal in {name}: {e:?}"));
    let mut reader = Reader::open(folder).map_err(fault)?;
    if reader.segments() == 0 {
        return Err(Failure::input(format!("{name} holds no journal; give it a run folder")));
    }
    let to = o.out.clone().unwrap_or_else(|| o.run.join("export"));
    let refused = |e| Failure::disk(format!("cannot write in {}: {e}", to.display()));
    let mut export = Export::create(&to, kind, &wanted).map_err(refused)?;
    let mut faults = Vec::new();
    while let Some(found) = reader.step().map_err(fault)? {
        match found {
            Found::Record(r) => export.take(&r).map_err(refused)?,
            other => faults.push(format!("{other:?}")),
        }
    }
    let written = export.finish().map_err(refused)?;
    if common.json {
        say(&format!("{}\n", serde_json::json!({ "tables": written, "faults": faults })));
    } else {
        say(&listing(&written));
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Code::Check, format!("the journal is damaged: {}", faults.join("; "))))
}

fn listing(written: &[Written]) -> String {
    let line = |w: &Written| format!("{:>10}  {}\n", w.rows, w.file.display());
    written.iter().map(line).collect()
}

fn format(kind: Kind) -> Result<Format, Failure> {
    match kind {
        #[cfg(feature = "parquet")]
        Kind::Parquet => Ok(Format::Parquet),
        #[cfg(not(feature = "parquet"))]
        Kind::Parquet => Err(Failure::usage(
            "this program was built without Parquet: build it with `cargo build --profile max \
             --features parquet`, or use `--format csv`",
        )),
        Kind::Csv => Ok(Format::Csv),
        Kind::Jsonl => Ok(Format::Jsonl),
    }
}

fn chosen(names: &[String]) -> Result<Vec<Table>, Failure> {
    let all = tables();
    if names.is_empty() {
        return Ok(all);
    }
    names
        .iter()
        .map(|n| {
            all.iter().find(|t| t.name == n).cloned().ok_or_else(|| {
                let known: Vec<&str> = all.iter().map(|t| t.name).collect();
                Failure::usage(format!("no table `{n}`; there are {}", known.join(", ")))
            })
        })
        .collect()
}
