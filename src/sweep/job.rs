//! Jobs: those of a plan that are not done, in units of one pass over a file, and a unit's pass.
//!
//! In: a plan and its folder. Out: a row a job, in a file of its own. Cold path around the hot one.
//!
//! 1. A row is written aside and put in its place in one step: a killed process leaves whole rows.

use std::path::Path;

use super::plan::{Plan, put};
use super::row::Row;
use super::{Shard, SweepError};
use crate::app::compare::side_by_side;
use crate::app::config::ConfigOf;
use crate::app::replay::Unread;
use crate::engine::Components;
use crate::folder::recording::Meter;
use crate::limits::SWEEP_ENGINES_MAX;

/// Jobs of one file that one pass does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Which file of the plan.
    pub file: usize,
    /// Its jobs.
    pub jobs: Vec<usize>,
}

/// A pass that is about to be made.
pub type Pass<'a> = dyn FnMut() -> Result<(), SweepError> + 'a;

/// Makes a pass in which this strategy in Python decides, or one that ships.
pub type Around<'a> = dyn Fn(Option<&str>, &mut Pass<'_>) -> Result<(), SweepError> + Sync + 'a;

/// Passes without Python.
///
/// # Errors
/// [`SweepError::Asked`] for one that asks it, or as the pass.
pub fn alone(python: Option<&str>, pass: &mut Pass<'_>) -> Result<(), SweepError> {
    match python {
        None => pass(),
        Some(name) => Err(SweepError::Asked(format!(
            "the plan asks `{name}`, a strategy in Python: run it by papermaker.sweep or \
             papermaker.ray_sweep, see `papermaker help python`"
        ))),
    }
}

/// The jobs of a shard without rows, as units for so many threads; one of Python stands alone.
pub fn units(plan: &Plan, dir: &Path, shard: Shard, threads: usize) -> Vec<Unit> {
    let missing: Vec<usize> =
        shard.range(plan.jobs.len()).filter(|job| read(plan, dir, *job).is_none()).collect();
    let share = missing.len().div_ceil(threads.max(1)).clamp(1, SWEEP_ENGINES_MAX);
    let asks = |job| plan.python(job).is_some();
    let mut out: Vec<Unit> = Vec::new();
    for job in missing {
        let (file, ..) = plan.place(job);
        match out.last_mut() {
            Some(u)
                if u.file == file && u.jobs.len() < share && !(asks(job) || asks(u.jobs[0])) =>
            {
                u.jobs.push(job);
            }
            _ => out.push(Unit { file, jobs: vec![job] }),
        }
    }
    out
}

/// The row of a job; `None` where there is none, or not a whole one.
pub(super) fn read(plan: &Plan, dir: &Path, job: usize) -> Option<Row> {
    let text = std::fs::read_to_string(plan.row(dir, job)).ok()?;
    let row: Row = serde_json::from_str(&text).ok()?;
    (row.job == plan.jobs[job]).then_some(row)
}

/// Does the jobs of a unit in one pass over the recording at `path`, and writes their rows.
///
/// # Errors
/// [`SweepError`] with the file, or the row that cannot be written; rows written before stay.
pub fn run_unit<C: Components>(
    (plan, dir): (&Plan, &Path),
    base: &ConfigOf<C>,
    unit: &Unit,
    path: &Path,
    meter: &Meter,
) -> Result<(), SweepError> {
    let file = &plan.files[unit.file];
    let coins = file.specs()?;
    let names: Vec<String> = file.coins.iter().map(|(n, _)| n.clone()).collect();
    let configs: Result<Vec<_>, _> = unit.jobs.iter().map(|j| plan.config(base, *j)).collect();
    let configs = configs?;
    let failed =
        |(path, e): Unread| SweepError::Input(format!("cannot read {}: {e}", path.display()));
    let files = [path.to_path_buf()];
    let came = side_by_side(&files, &coins, &configs, plan.block_ns, meter).map_err(failed)?;
    for (job, came) in unit.jobs.iter().zip(&came) {
        let row = Row::of(plan.jobs[*job].clone(), &names, came);
        put(&plan.row(dir, *job), serde_json::to_string(&row).unwrap_or_default().as_bytes())?;
    }
    Ok(())
}
