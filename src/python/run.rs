//! `replay` and `load`, and what they give: a run with its tables.
//!
//! In: files, settings. Out: [`Run`], [`Table`]. Cold path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow_array::ffi::FFI_ArrowSchema;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchIterator};
use pyo3::exceptions::{PyKeyError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::arrow::Tables;
use super::error::exception;
use super::strategy::{Asked, Described, Hook, Hooked};
use super::work::beside;
use crate::app::config::ConfigOf;
use crate::app::replay::{Cut, Tally, replay_files};
use crate::cli::common::{chosen_of_all, journal, least_fit, recording_failure, unreadable};
use crate::cli::exit::Failure;
use crate::cli::report::{changed, read as report_of};
use crate::engine::{Components, Shipped};
use crate::folder::recording::Meter;
use crate::journal::{Found, hex};
use crate::record::{Bytes, Record, StopReason};
use crate::report::{self, Builder, Model, Sources};

/// A run: its digests, its summary and its tables.
#[pyclass(frozen, module = "papermaker")]
pub(super) struct Run {
    /// Hash of all records, 32 hexadecimal digits: equal digests mean equal runs.
    #[pyo3(get)]
    digest: String,
    /// Hash of what was seen, decided and learned, whatever the settings are called.
    #[pyo3(get)]
    decisions: String,
    /// How many records there are.
    #[pyo3(get)]
    records: u64,
    /// Frames read; 0 of a run that was loaded.
    #[pyo3(get)]
    frames: u64,
    /// What asking the Python strategy came to; None without one.
    #[pyo3(get)]
    strategy: Option<Asked>,
    summary: serde_json::Value,
    tables: BTreeMap<String, RecordBatch>,
}

#[pymethods]
impl Run {
    /// The summary as a dict: the keys of `papermaker report --json`.
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("json")?.call_method1("loads", (self.summary.to_string(),))
    }

    /// Names of the tables that were kept.
    #[getter]
    fn tables(&self) -> Vec<&str> {
        self.tables.keys().map(String::as_str).collect()
    }

    fn __getitem__(&self, name: &str) -> PyResult<Table> {
        let batch = self.tables.get(name).cloned().ok_or_else(|| {
            let kept = self.tables().join(", ");
            let kept = if kept.is_empty() { "none" } else { &kept };
            PyKeyError::new_err(format!(
                "no table `{name}` was kept (kept: {kept}): name it in tables=[...]"
            ))
        })?;
        Ok(Table { name: name.to_owned(), batch })
    }

    fn __repr__(&self) -> String {
        format!("<papermaker.Run {} of {} records>", self.digest, self.records)
    }
}

impl Run {
    fn of(model: &Model, frames: u64, tables: Tables) -> Result<Run, Failure> {
        Ok(Run {
            digest: hex(model.digest.run),
            decisions: hex(model.digest.decisions),
            records: model.records,
            frames,
            strategy: None,
            summary: report::json(model),
            tables: tables.finish()?,
        })
    }
}

/// A table in memory; pyarrow, polars, pandas, DuckDB and nanoarrow read it in place.
#[pyclass(frozen, module = "papermaker")]
pub(super) struct Table {
    /// Name.
    #[pyo3(get)]
    name: String,
    batch: RecordBatch,
}

#[pymethods]
impl Table {
    /// Names of the columns, with their units.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.batch.schema().fields().iter().map(|f| f.name().clone()).collect()
    }

    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    /// The schema, by the Arrow PyCapsule interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.batch.schema().as_ref())
            .map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// The rows, by the Arrow PyCapsule interface. No copy is made: the types are what they are, and a
    /// wish for others is left to whoever reads.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let batches = vec![Ok(self.batch.clone())];
        let reader = RecordBatchIterator::new(batches, self.batch.schema());
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    fn __repr__(&self) -> String {
        let (rows, columns) = (self.batch.num_rows(), self.batch.num_columns());
        format!("<papermaker.Table {} of {rows} rows, {columns} columns>", self.name)
    }
}

/// Paths as they come from Python: one, or several.
#[derive(Debug, FromPyObject)]
enum Files {
    One(PathBuf),
    Many(Vec<PathBuf>),
}

impl Files {
    fn all(self) -> Vec<PathBuf> {
        match self {
            Files::One(path) => vec![path],
            Files::Many(all) => all,
        }
    }
}

/// What one replay is made of.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Job {
    files: Files,
    sets: Vec<String>,
    config: Option<PathBuf>,
    coins: Vec<String>,
    accept_unfit: bool,
}

/// Replays recordings as one run.
#[pyfunction]
#[pyo3(signature = (job, tables, strategy))]
pub(super) fn replay(
    py: Python<'_>,
    job: Job,
    tables: Option<Vec<String>>,
    strategy: Option<Described>,
) -> PyResult<Run> {
    let tables = Tables::new(tables).map_err(|f| exception(&f))?;
    let meter = Meter::default();
    let read = meter.clone();
    let Some(strategy) = strategy else {
        let made = beside(py, &meter, move || run::<Shipped>(job, tables, &read))?;
        return made.map_err(|f| exception(&f));
    };
    let hook = Hook::new(strategy, meter.clone())?;
    let (made, asked) = beside(py, &meter, move || {
        hook.install();
        let made = run::<Hooked>(job, tables, &read);
        (made, Hook::remove())
    })?;
    let asked = asked?;
    let mut run = made.map_err(|f| exception(&f))?;
    run.summary["python_strategy"] = asked.json();
    Ok(Run { strategy: Some(asked), ..run })
}

fn run<C: Components>(job: Job, mut tables: Tables, meter: &Meter) -> Result<Run, Failure> {
    let config = ConfigOf::<C>::load(job.config.as_deref(), &job.sets)
        .map_err(|e| Failure::usage(e.to_string()))?;
    let files = job.files.all();
    let coins = chosen_of_all(&files, &job.coins)?;
    let fitness = least_fit(&files, &coins, job.accept_unfit)?;
    Hook::follow(&coins);
    let mut builder = Builder::default();
    let mut out = Tally::new(|r: &Record, _: &Bytes| {
        builder.take(r);
        tables.take(r);
    });
    let cut = Cut { meter: meter.clone(), ..Cut::default() };
    let end = (Some(StopReason::Finished), cut);
    let seen = replay_files(&files, &config, &coins, end, &mut out)
        .map_err(|(file, e)| recording_failure(&file, &e))?;
    drop(out);
    let sources = Sources {
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        settings: config.to_toml().ok().and_then(|text| changed(&text)),
        fitness,
        ..Sources::default()
    };
    Run::of(&builder.finish(sources), seen.frames, tables)
}

/// The run of a folder, from its journal.
#[pyfunction]
#[pyo3(signature = (folder, tables))]
pub(super) fn load(py: Python<'_>, folder: PathBuf, tables: Option<Vec<String>>) -> PyResult<Run> {
    let tables = Tables::new(tables).map_err(|f| exception(&f))?;
    let meter = Meter::default();
    let stopped = meter.clone();
    let made = beside(py, &meter, move || read(&folder, tables, &stopped))?;
    made.map_err(|f| exception(&f))
}

fn read(folder: &Path, mut tables: Tables, meter: &Meter) -> Result<Run, Failure> {
    let model = report_of(folder)?;
    let mut reader = journal(folder)?;
    while !meter.is_stopped()
        && let Some(found) = reader.step().map_err(|e| unreadable(folder, e))?
    {
        if let Found::Record(r) = found {
            tables.take(&r);
        }
    }
    Run::of(&model, 0, tables)
}
