//! `papermaker report RUN…`: a run summed up from its journal, as page, text or JSON; several as one answer.
//!
//! In: a run folder. Out: `report.html`, and a summary; damage found is named. Cold path.

use std::path::{Path, PathBuf};

use clap::Args;

use super::common::{digests, intact, none, opened, past, unreadable};
use super::exit::{Failure, Result};
use super::{Common, Force, say};
use crate::app::config::{Config, values};
use crate::folder::{Holds, Output, RunFolder, RunInfo, keep};
use crate::report::{self, Model, Setting, Sources, Together};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run folder. Several are one answer: sums over runs and days, with intervals over all of them; the
    /// page of each is in its folder.
    #[arg(required = true)]
    runs: Vec<PathBuf>,
    /// Where the page goes; default: `report.html` in the run folder, none of several runs.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write results by run and coin here, as CSV.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
    /// Show the page in the browser.
    #[arg(long)]
    open: bool,
}

/// Reads a run folder whole: the sums of its first segments, and the journal behind them.
pub(crate) fn read(path: &Path) -> Result<Model> {
    let name = path.display();
    let folder = opened(path)?;
    // One that cannot be used is no loss where every segment is there.
    let past = match past(path) {
        Err(e) if RunFolder::at(path).dropped() > 0 => return Err(e),
        past => past.unwrap_or_default(),
    };
    let mut rest = past.rest(folder).map_err(|e| unreadable(path, e))?;
    let read = report::read(&mut rest, past.report, sources(path));
    let model = read.map_err(|e| unreadable(path, e))?;
    if model.records == 0 && model.faults.is_empty() {
        return Err(Failure::input(format!("{name} holds no journal; give it a run folder")));
    }
    Ok(model)
}

/// Reads a run folder and writes its page into it. A page that cannot be written fails no run.
pub(super) fn shown(path: &Path) -> Result<(Model, Result<PathBuf, Failure>)> {
    let model = read(path)?;
    let page = RunFolder::at(path).page();
    let written = Output::own(&page).and_then(|to| to.put(report::page(&model).as_bytes()));
    let written = written.map(|()| page).map_err(Failure::from);
    Ok((model, written))
}

/// Where the page is, or why there is none.
pub(super) fn line(page: &Result<PathBuf>) -> String {
    match page {
        Ok(p) => format!("page       {}\n", p.display()),
        Err(e) => format!("page       none: {e}\n"),
    }
}

/// The summary, and what was learned behind it where that is asked for.
pub(super) fn text(model: &Model, common: &Common) -> String {
    let mut out = report::text(model);
    for c in model.coins.iter().filter(|_| common.verbose) {
        out.push_str(&format!("\n{}\n{}{}", c.name, c.earns.forecasts(), c.earns.table()));
    }
    out
}

fn sources(path: &Path) -> Sources {
    let run = RunFolder::at(path);
    let log = run.latency_log();
    let mut out = Sources {
        name: run.name(),
        settings: std::fs::read_to_string(run.settings()).ok().and_then(|text| changed(&text)),
        latency: report::latency_log(&log),
        ..Sources::default()
    };
    let truth = std::fs::read_to_string(run.truth()).ok();
    out.take(RunInfo::read(&run.info()).ok().as_ref(), truth.as_deref());
    out
}

/// What a configuration changes of the defaults; `None` where it is none.
pub(crate) fn changed(text: &str) -> Option<Vec<Setting>> {
    let flat = |text: &str| Some(values(&text.parse().ok()?, ""));
    let defaults = flat(&Config::default().to_toml().ok()?)?;
    let setting = |(key, value): (String, toml::Value)| {
        let default = defaults.get(&key).map_or_else(|| "not set".to_owned(), ToString::to_string);
        Setting { key, value: value.to_string(), default }
    };
    let all = flat(text)?.into_iter().map(setting);
    Some(all.filter(|s| s.value != s.default).collect())
}

pub(super) fn run(o: &Options, common: &Common) -> Result {
    let csv = o.force.maybe(o.csv.as_ref(), &[], Holds::CSV)?;
    match o.runs.as_slice() {
        [run] if csv.is_none() => one(run, o, common),
        _ if o.open && o.out.is_none() => {
            Err(Failure::usage("--open of several runs shows the page that --out names"))
        }
        several => together(several, o, csv, common),
    }
}

/// Several runs as one answer.
fn together(runs: &[PathBuf], o: &Options, csv: Option<Output>, common: &Common) -> Result {
    let page = o.force.maybe(o.out.as_ref(), &[], Holds::PAGE)?;
    let named = |run: &PathBuf| Ok::<_, Failure>((run.display().to_string(), shown(run)?.0));
    let mut runs = runs.iter().map(named).collect::<Result<Vec<_>, _>>()?;
    let together = Together::of(&mut runs).map_err(Failure::usage)?;
    let text = if common.json { format!("{}\n", together.json()) } else { together.text() };
    say(&text);
    if let Some(to) = csv {
        to.put(together.csv().as_bytes())?;
    }
    if let Some(to) = page {
        to.put(report::together_page(&together).as_bytes())?;
    }
    if let (true, Some(page)) = (o.open, &o.out) {
        open(page)?;
    }
    let damaged: Vec<String> = runs
        .iter()
        .filter(|(_, m)| !m.faults.is_empty())
        .map(|(name, m)| format!("the journal of {name} is damaged: {}", m.faults.join("; ")))
        .collect();
    none("", &damaged)
}

fn one(run: &Path, o: &Options, common: &Common) -> Result {
    let to = o.out.as_ref().filter(|to| **to != RunFolder::at(run).page());
    let (model, page) = match to {
        Some(to) => {
            let out = o.force.output(to, &[], Holds::PAGE)?;
            let model = read(run)?;
            let page = out.put(report::page(&model).as_bytes()).map(|()| to.clone());
            (model, page.map_err(Failure::from))
        }
        None => shown(run)?,
    };
    if common.json {
        say(&format!("{}\n", report::json(&model)));
    } else {
        say(&text(&model, common));
        let (records, digests) = (model.records, digests(&model.digest));
        say(&format!("\nrecords    {records}\n{digests}{}", line(&page)));
    }
    let page = page?;
    if o.open {
        open(&page)?;
    }
    let dropped = RunFolder::at(run).dropped();
    if !common.json {
        say(&keep::dropped_text(dropped));
    }
    intact(&model.faults)
}

/// Hands the page to whatever shows HTML here.
fn open(page: &Path) -> Result {
    let tool = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let shown = std::process::Command::new(tool)
        .arg(page)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    shown.map(|_| ()).map_err(|e| {
        Failure::internal(format!("cannot start {tool}: {e}; open {}", page.display()))
    })
}
