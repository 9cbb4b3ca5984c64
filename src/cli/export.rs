//! `papermaker export RUN`: a run's records as tables for other programs.
//!
//! In: a run folder. Out: one file a table; damage found is named. Cold path.

use std::path::{Path, PathBuf};

use clap::Args;

use super::common::{each_record, intact, journal, unreadable};
use super::exit::{Failure, Result};
use super::{Common, Force};
use crate::folder::RunFolder;
use crate::journal::{Found, frames_the_run};
use crate::record::StrategyNames;
use crate::report::export::{Export, Format, Table, Written, tables};

#[derive(Debug, Args)]
#[command(after_help = notes())]
pub(super) struct Options {
    /// Run folder.
    run: PathBuf,
    /// What the files are.
    #[arg(long, value_enum)]
    format: Format,
    /// Folder for the files; default: `export` in the run folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
    /// Tables, comma separated; default: all.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    table: Vec<String>,
}

fn notes() -> String {
    let names = tables(&StrategyNames::default());
    let names: Vec<&str> = names.iter().map(|t| t.name).collect();
    format!(
        "Tables: {}.\nColumns end in their unit. Prices and sizes stand twice, as a float (_usd, \
         _coin) and as\nthe exact integer (_e8: units of 1e-8); money of accounts is exact, with 17 \
         decimals. Times are UTC\non the session clock (at) or the venue's (time, effective); the \
         epoch means there is none.",
        names.join(", ")
    )
}

pub(super) fn run(o: &Options, common: &Common) -> Result {
    chosen(&o.table, &StrategyNames::default())?;
    built(o.format, "use `--format csv`")?;
    let name = o.run.display();
    let names = strategy(&o.run)?;
    let wanted = chosen(&o.table, &names)?;
    let reader = journal(&o.run)?;
    if reader.segments() == 0 {
        return Err(Failure::input(format!("{name} holds no journal; give it a run folder")));
    }
    let to = o.out.clone().unwrap_or_else(|| RunFolder::at(&o.run).export());
    let refused = |e| Failure::disk(format!("cannot write in {}: {e}", to.display()));
    let replace = o.out.is_none() || o.force.force;
    let mut export = Export::create(&to, o.format, &wanted, names, replace)?;
    let faults = each_record(&o.run, reader, |r| export.take(r).map_err(refused))?;
    let written = export.finish().map_err(refused)?;
    common.show(&serde_json::json!({ "tables": written, "faults": faults }), listing(&written));
    intact(&faults)
}

fn listing(written: &[Written]) -> String {
    let line = |w: &Written| format!("{:>10}  {}\n", w.rows, w.file.display());
    written.iter().map(line).collect()
}

/// Refuses a format that this program was built without; `or` is what else helps.
pub(super) fn built(format: Format, or: &str) -> Result {
    match format.is_built() {
        true => Ok(()),
        false => Err(Failure::usage(format!(
            "this program was built without Parquet: build it with `cargo build --profile max \
             --features parquet`, or {or}"
        ))),
    }
}

/// The strategy as the first records of a run name it.
fn strategy(run: &Path) -> Result<StrategyNames> {
    let (mut reader, mut names) = (journal(run)?, StrategyNames::default());
    while let Some(Found::Record(r)) = reader.step().map_err(|e| unreadable(run, e))? {
        if !frames_the_run(r.body.kind()) {
            break;
        }
        names.take(&r.body);
    }
    Ok(names)
}

fn chosen(names: &[String], strategy: &StrategyNames) -> Result<Vec<Table>> {
    let all = tables(strategy);
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
