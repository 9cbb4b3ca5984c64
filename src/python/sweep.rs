//! A part of a sweep, done in this process: it dies with its worker.
//!
//! In: the folder of a plan. Out: rows in it. Cold path.

use std::path::PathBuf;

use pyo3::prelude::*;

use super::error::exception;
use super::work::beside;
use crate::cli::sweep::part;
use crate::engine::Shipped;
use crate::folder::recording::Meter;

/// Does what is missing of the part `shard` ("0/4" to "3/4") of a plan, on `jobs` threads; gives how many
/// jobs were done, and how many rows were there.
#[pyfunction]
#[pyo3(signature = (folder, shard, jobs))]
pub(super) fn sweep_part(
    py: Python<'_>,
    folder: PathBuf,
    shard: String,
    jobs: Option<usize>,
) -> PyResult<(usize, usize)> {
    let meter = Meter::default();
    let read = meter.clone();
    let done = beside(py, &meter, move || part::<Shipped>(&folder, &shard, jobs, &read))?;
    done.map(|d| (d.done, d.were_there)).map_err(|f| exception(&f))
}
