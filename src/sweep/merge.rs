//! All rows of a plan as one table: a row a coin of a job, in the order of the plan.
//!
//! In: a plan and its folder. Out: a file whose bytes depend on plan and rows alone. Cold path.

use std::path::Path;

use toml::Value;

use super::SweepError;
use super::job::read;
use super::plan::Plan;
use super::row::{CoinRow, Row};
use crate::folder::Output;
use crate::report::export::{Cell, Cells, Format, Table, write_table};

/// All rows in the order of the plan.
///
/// # Errors
/// [`SweepError::Missing`] says how many are missing.
pub fn table(plan: &Plan, dir: &Path) -> Result<Vec<Row>, SweepError> {
    all(dir, (0..plan.jobs.len()).map(|job| read(plan, dir, job)).collect())
}

/// What can be ranked of the rows that are there: all of the plan; or its files that are whole; or, of all
/// files, the configurations that are, which the list names.
///
/// # Errors
/// [`SweepError::Missing`] where there are not two configurations, the first among them.
pub fn known(plan: &Plan, dir: &Path) -> Result<(Plan, Vec<Row>, Vec<usize>), SweepError> {
    let rows: Vec<Option<Row>> = (0..plan.jobs.len()).map(|job| read(plan, dir, job)).collect();
    let is_whole = |file: usize, config: usize| {
        let mut of =
            (0..rows.len()).filter(|j| (plan.place(*j).0, plan.place(*j).1) == (file, config));
        of.all(|j| rows[j].is_some())
    };
    let (files, configs) = (0..plan.files.len(), 0..plan.configs.len());
    let mut kept: Vec<usize> =
        files.clone().filter(|f| configs.clone().all(|c| is_whole(*f, c))).collect();
    if kept.is_empty() {
        kept = files.collect();
    }
    let configs: Vec<usize> = configs.filter(|c| kept.iter().all(|f| is_whole(*f, *c))).collect();
    if configs.first() != Some(&0) || (configs.len() < 2 && plan.configs.len() > 1) {
        return all(dir, rows).map(|rows| (plan.clone(), rows, configs));
    }
    let part = Plan {
        files: kept.iter().map(|f| plan.files[*f].clone()).collect(),
        configs: configs.iter().map(|c| plan.configs[*c].clone()).collect(),
        ..plan.clone()
    };
    let places = (0..rows.len()).map(|j| plan.place(j));
    let of = rows.into_iter().zip(places);
    let of = of.filter(|(_, (f, c, _))| kept.contains(f) && configs.contains(c));
    Ok((part, of.filter_map(|(row, _)| row).collect(), configs))
}

fn all(dir: &Path, rows: Vec<Option<Row>>) -> Result<Vec<Row>, SweepError> {
    let missing = rows.iter().filter(|r| r.is_none()).count();
    if missing > 0 {
        return Err(SweepError::Missing(format!(
            "{missing} of {} jobs are missing: do them with `papermaker sweep run {}`",
            rows.len(),
            dir.display()
        )));
    }
    Ok(rows.into_iter().flatten().collect())
}

/// Writes the table, whole or not at all; gives its lines.
///
/// # Errors
/// A row is missing, or the disk refuses.
pub fn write(plan: &Plan, dir: &Path, to: Output, format: Format) -> Result<usize, SweepError> {
    let rows = table(plan, dir)?;
    let kinds: Vec<Kind> = (0..plan.keys.len()).map(|i| Kind::of(plan, i)).collect();
    let lines: Vec<Cells> = rows
        .iter()
        .enumerate()
        .flat_map(|(job, row)| row.coins.iter().map(move |c| (job, row, c)))
        .map(|(job, row, coin)| cells(plan, &kinds, job, row, coin))
        .collect();
    let columns = lines.first().cloned().unwrap_or_default();
    let table = Table { name: "sweep", record: 0, columns };
    let (n, path) = (lines.len(), to.path().to_path_buf());
    write_table(to, format, &table, lines)
        .map_err(|e| SweepError::Disk(format!("cannot write {}: {e}", path.display())))?;
    Ok(n)
}

/// What the column of a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int,
    Float,
    Text,
}

impl Kind {
    fn of(plan: &Plan, key: usize) -> Kind {
        let all = || plan.configs.iter().map(|c| parsed(&c[key]));
        if all().all(|v| v.is_integer()) {
            Kind::Int
        } else if all().all(|v| v.is_integer() || v.is_float()) {
            Kind::Float
        } else {
            Kind::Text
        }
    }

    fn cell(self, text: &str) -> Cell {
        let value = parsed(text);
        #[expect(clippy::cast_precision_loss, reason = "a setting as a float")]
        let float = || value.as_float().or(value.as_integer().map(|n| n as f64));
        match self {
            Kind::Int => Cell::Int(value.as_integer().unwrap_or(0)),
            Kind::Float => Cell::Float(float().unwrap_or(f64::NAN)),
            Kind::Text => Cell::Text(value.as_str().map_or_else(|| text.to_owned(), str::to_owned)),
        }
    }
}

fn parsed(text: &str) -> Value {
    let table = format!("v = {text}").parse::<toml::Table>().ok();
    table.and_then(|mut t| t.remove("v")).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn cells(plan: &Plan, kinds: &[Kind], job: usize, row: &Row, c: &CoinRow) -> Cells {
    let (file, config, seed) = plan.place(job);
    let money = |text: &str| Cell::Money(text.parse().unwrap_or(0));
    let float = |x: Option<f64>| Cell::Float(x.unwrap_or(f64::NAN));
    let mut out = vec![
        ("job".to_owned(), Cell::Text(row.job.clone())),
        ("file".to_owned(), Cell::Text(plan.files[file].name.clone())),
        ("configuration".to_owned(), Cell::UInt(config as u64)),
        ("seed".to_owned(), Cell::UInt(plan.seeds[seed])),
        ("coin".to_owned(), Cell::Text(c.coin.clone())),
    ];
    let settings = plan.keys.iter().zip(&plan.configs[config]).zip(kinds);
    out.extend(settings.map(|((key, value), kind)| (key.clone(), kind.cell(value))));
    for (lane, (fills, profit)) in
        ["configured", "pessimistic", "optimistic"].iter().zip(c.fills.iter().zip(&c.profit))
    {
        out.push((format!("fills_{lane}"), Cell::UInt(*fills)));
        out.push((format!("profit_{lane}_usd"), money(profit)));
    }
    for (part, text) in ["spread", "adverse", "inventory", "fees", "funding"].iter().zip(&c.parts) {
        out.push((format!("{part}_usd"), money(text)));
    }
    out.extend([
        ("turnover_usd".to_owned(), Cell::Float(c.turnover_usd)),
        ("drawdown_usd".to_owned(), Cell::Float(c.drawdown_usd)),
        ("half_spread_bps".to_owned(), float(c.half_bps)),
        ("kappa_per_unit".to_owned(), float(c.kappa)),
        ("seconds".to_owned(), Cell::UInt(c.seconds)),
        ("quoted_side_seconds".to_owned(), Cell::UInt(c.quoted)),
        ("from_utc".to_owned(), Cell::Time(row.from_ns)),
        ("to_utc".to_owned(), Cell::Time(row.to_ns)),
        ("block_ns".to_owned(), Cell::Int(plan.block_ns)),
        ("profit_by_block_usd".to_owned(), Cell::List(c.blocks_usd.clone())),
        ("records".to_owned(), Cell::UInt(row.records)),
        ("digest".to_owned(), Cell::Text(row.digest.clone())),
        ("decisions".to_owned(), Cell::Text(row.decisions.clone())),
    ]);
    out
}
