//! A part of a sweep, done in this process: it dies with its worker.
//!
//! In: the folder of a plan, the strategies in Python that it asks. Out: rows in it. Cold path.
//!
//! 1. Where no strategy in Python is asked, the engine is the one that ships.
//! 2. Each job asks a copy of its strategy: rows are the same in whatever order, and beside whatever
//!    others, they are made.

use std::path::PathBuf;
use std::sync::Mutex;

use pyo3::prelude::*;

use super::error::exception;
use super::strategy::{Asked, Described, Hook, Hooked};
use super::work::beside;
use crate::cli::sweep::part;
use crate::engine::Shipped;
use crate::folder::recording::Meter;
use crate::sweep::{Pass, SweepError};
use crate::sys::jobs::cores;

/// What the passes of a part that ask Python share.
struct Asking {
    strategies: Vec<(String, Described)>,
    meter: Meter,
    /// What asking came to, and the first exception.
    came: Mutex<(Vec<Asked>, Option<PyErr>)>,
}

impl Asking {
    fn pass(&self, python: Option<&str>, pass: &mut Pass<'_>) -> Result<(), SweepError> {
        let Some(label) = python else { return pass() };
        let Some((_, described)) = self.strategies.iter().find(|(l, _)| l == label) else {
            let text = format!("the plan asks `{label}`: hand it over in strategies=[...]");
            return Err(SweepError::Asked(text));
        };
        let copied = Python::attach(|py| described.copied(py));
        let hook = copied.and_then(|d| Hook::new(d, self.meter.clone()));
        hook.map_err(|e| self.raise(e))?.install();
        let made = pass();
        self.count(&Hook::remove().map_err(|e| self.raise(e))?);
        made
    }

    fn raise(&self, e: PyErr) -> SweepError {
        if let Ok(mut came) = self.came.lock() {
            came.1.get_or_insert(e);
        }
        SweepError::Asked("a strategy in Python failed".to_owned())
    }

    fn count(&self, asked: &Asked) {
        if let Ok(mut came) = self.came.lock() {
            match came.0.iter_mut().find(|a| a.is_of(asked)) {
                Some(sum) => sum.add(asked),
                None => came.0.push(asked.clone()),
            }
        }
    }
}

/// The name of a strategy in the plan of a sweep.
#[pyfunction]
pub(super) fn label(strategy: Described) -> String {
    strategy.label()
}

/// Does what is missing of the part `shard` ("0/4" to "3/4") of a plan, on `jobs` threads; gives how many
/// jobs were done, how many rows were there, and what asking each of the strategies came to.
#[pyfunction]
#[pyo3(signature = (folder, shard, jobs, strategies))]
pub(super) fn sweep_part(
    py: Python<'_>,
    folder: PathBuf,
    shard: String,
    jobs: Option<usize>,
    strategies: Vec<Described>,
) -> PyResult<(usize, usize, Vec<Asked>)> {
    let meter = Meter::default();
    let strategies: Vec<_> = strategies.into_iter().map(|s| (s.label(), s)).collect();
    let asking = Asking { strategies, meter: meter.clone(), came: Mutex::default() };
    let (done, (asked, raised)) = beside(py, &meter, move || {
        let around = |python: Option<&str>, pass: &mut Pass<'_>| asking.pass(python, pass);
        let threads = jobs.unwrap_or_else(cores).max(1);
        let (what, meter) = ((&*shard, threads), &asking.meter);
        let done = if asking.strategies.is_empty() {
            part::<Shipped>(&folder, what, &around, meter)
        } else {
            part::<Hooked>(&folder, what, &around, meter)
        };
        (done, asking.came.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()))
    })?;
    if let Some(e) = raised {
        return Err(e);
    }
    done.map(|d| (d.done, d.were_there, asked)).map_err(|f| exception(&f))
}
