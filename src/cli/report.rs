//! `papermaker report RUN`: a run summed up from its journal alone.
//!
//! In: a run folder. Out: text or JSON; damage found is named. Cold path.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Code, Failure};
use super::{Common, say, summary};
use crate::app::folder::Folder;
use crate::app::status::Status;
use crate::journal::{Digest, Found, Reader};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run folder.
    run: PathBuf,
}

/// What a journal holds.
pub(super) struct Read {
    pub status: Status,
    pub records: u64,
    pub digest: u128,
    /// Damage and torn tails, a line each.
    pub faults: Vec<String>,
}

/// Reads a whole journal.
pub(super) fn read(path: &Path) -> Result<Read, Failure> {
    let name = path.display();
    let folder =
        Folder::open(path).map_err(|e| Failure::input(format!("no run folder {name}: {e:?}")))?;
    let fault = |e| Failure::input(format!("cannot read the journal in {name}: {e:?}"));
    let mut reader = Reader::open(folder).map_err(fault)?;
    let mut out = Read { status: Status::default(), records: 0, digest: 0, faults: Vec::new() };
    let mut digest = Digest::new();
    while let Some(found) = reader.step().map_err(fault)? {
        match found {
            Found::Record(record) => {
                digest.update(&record.encode());
                out.records += 1;
                out.status.take(&record);
            }
            other => out.faults.push(format!("{other:?}")),
        }
    }
    out.digest = digest.value();
    Ok(out)
}

pub(super) fn run(o: &Options, common: &Common) -> Result<(), Failure> {
    let read = read(&o.run)?;
    if common.json {
        let mut v = summary::json(&read.status);
        v["records"] = serde_json::json!(read.records);
        v["digest"] = serde_json::json!(format!("{:032x}", read.digest));
        v["faults"] = serde_json::json!(read.faults);
        say(&format!("{v}\n"));
    } else {
        say(&summary::text(&read.status));
        say(&format!("\nrecords  {}\ndigest   {:032x}\n", read.records, read.digest));
    }
    if read.faults.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Code::Check, format!("the journal is damaged: {}", read.faults.join("; "))))
}
