//! `papermaker sweep`: many configurations on many recordings, in one process or many.
//!
//! In: a TOML, a folder. Out: a plan, rows, one table, a ranking. Cold path, one pass a thread.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Subcommand, ValueEnum as _};
use serde_json::json;

use super::common::{chosen, judged};
use super::exit::{Code, Failure, Result};
use super::export::built;
use super::options::{Jobs, ask_at_signal, end_if_asked, is_asked};
use super::progress::Progress;
use super::{Common, Force, tell};
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::folder::recording::{Meter, fingerprint};
use crate::folder::{Folder, FolderError, Holds, Output, RunFolder};
use crate::journal::hex;
use crate::report::export::Format;
use crate::report::{Interval, float};
use crate::sweep::{
    self, Around, FilePlan, Plan, Ranked, Ranking, SOURCES, Shard, Spec, SweepError, Unit,
    run_unit, units,
};
use crate::sys::clock::SessionClock;
use crate::sys::jobs::done;
use crate::units::Ns;

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a plan: which jobs there are, by what they are made of.
    Plan {
        /// What to do, see below.
        spec: PathBuf,
        /// Folder for plan and rows; a plan that is there is replaced, rows that still hold are kept.
        #[arg(short, long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Do the jobs whose rows are missing.
    Run {
        /// Folder of the plan.
        dir: PathBuf,
        /// Only this part of the jobs, as 0/4 to 3/4.
        #[arg(long, value_name = "I/N", default_value = "0/1")]
        shard: String,
        #[command(flatten)]
        jobs: Jobs,
    },
    /// Put all rows into one table; refused while rows are missing.
    Merge {
        /// Folder of the plan.
        dir: PathBuf,
        /// The file, by its ending `.parquet`, `.csv` or `.jsonl`; default: `sweep.parquet` in the
        /// folder, or `sweep.csv` of a program that was built without Parquet.
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        force: Force,
    },
    /// Rank the configurations against the first one; of a sweep that is not whole, those whose rows are there.
    Show {
        /// Folder of the plan.
        dir: PathBuf,
    },
}

const HELP: &str = "\
A sweep in TOML:
  files = [\"one.frames.gz\", \"two.frames.gz\"]   # relative to this file
  coins = [\"ETH\"]                  # default: all of each file
  block = \"30s\"                    # results are kept by stretches of this length
  seeds = [1, 2, 3]                # of orders' latencies
  strategies = [\"glft\", \"original\"]
  profiles = [\"default\"]           # see `papermaker compare --help`
  [grid]                           # any setting: all combinations
  engine.quote.max_lots = [2, 5]
  [windows]                        # choose on `train`, count on the `test` that follows
  train = \"1h\"
  test = \"30m\"
The first configuration, the first value of each list, is what the others are held against.

Several machines: share the folder, or copy the plan and bring the rows together.
  Slurm       sbatch --array=0-63 --wrap 'papermaker sweep run DIR --shard $SLURM_ARRAY_TASK_ID/64'
  Kubernetes  completionMode: Indexed, restartPolicy: Never, and
              papermaker sweep run DIR --shard $JOB_COMPLETION_INDEX/64
A killed part is run again: what is done stays done. The table is the same for any number of parts.";

pub(super) fn run<C: Components>(o: &Options, config: &ConfigOf<C>, common: &Common) -> Result {
    match &o.what {
        What::Plan { spec, out } => plan(spec, out, config, common),
        What::Run { dir, shard, jobs } => work::<C>(dir, shard, *jobs, common),
        What::Merge { dir, out, force } => merge::<C>(dir, (out.as_deref(), *force), common),
        What::Show { dir } => show::<C>(dir, common),
    }
}

fn failure(e: SweepError) -> Failure {
    let code = match e {
        SweepError::Asked(_) => Code::Usage,
        SweepError::Input(_) => Code::Input,
        SweepError::Disk(_) => Code::Disk,
        SweepError::Missing(_) => Code::Check,
    };
    Failure::new(code, e.to_string())
}

/// Reads the spec and its files, and writes the plan.
fn plan<C: Components>(path: &Path, dir: &Path, config: &ConfigOf<C>, common: &Common) -> Result {
    let shown = path.display();
    if RunFolder::at(dir).is_one() {
        let text = format!("{} is the folder of a run: name another one", dir.display());
        return Err(Failure::usage(text));
    }
    let text = std::fs::read_to_string(path).map_err(|e| Failure::unread(path, e))?;
    let spec = Spec::parse(&text).map_err(|e| Failure::usage(format!("{shown}: {e}")))?;
    let beside = path.parent().unwrap_or(Path::new(""));
    let mut plan = Plan {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        program: SOURCES.to_owned(),
        block_ns: spec.block_ns,
        windows: spec.windows,
        keys: spec.axes.iter().map(|a| a.key.clone()).collect(),
        configs: spec.combinations(),
        seeds: spec.seeds.clone(),
        files: spec.files.iter().map(|f| file(beside, f, &spec)).collect::<Result<_, _>>()?,
        jobs: Vec::new(),
    };
    plan.name_jobs(config).map_err(|e| Failure::usage(format!("{shown}: {e}")))?;
    let (mut names, all) = (plan.jobs.clone(), plan.jobs.len());
    names.sort_unstable();
    names.dedup();
    if names.len() < all {
        let text = "two configurations, or two files, are the same: leave one out";
        return Err(Failure::usage(format!("{shown}: {text}")));
    }
    plan.write(dir, config).map_err(failure)?;
    let (files, configs, seeds) = (plan.files.len(), plan.configs.len(), plan.seeds.len());
    let v = json!({ "plan": dir.display().to_string(), "jobs": all, "files": files, "configurations": configs,
            "seeds": seeds, "program": SOURCES });
    common.show(
        &v,
        format!(
            "plan     {all} jobs: {files} files, {configs} configurations, {seeds} seeds\nnext     \
             papermaker sweep run {}\n",
            dir.display()
        ),
    );
    Ok(())
}

/// What the plan says of a file.
fn file(beside: &Path, named: &Path, spec: &Spec) -> Result<FilePlan> {
    let path = beside.join(named);
    let refused = |e| Failure::unread(&path, e);
    let coins = chosen(&path, &spec.coins)?;
    if let Some(f) = judged(&path, &coins, spec.accept_unfit)?
        && let Some(w) = spec.windows
        && f.span_s < float(w.train + w.test) * Ns::seconds(spec.block_ns)
    {
        return Err(Failure::usage(format!(
            "{} has {:.0} s, less than one window of `train` and `test`",
            path.display(),
            f.span_s
        )));
    }
    let (bytes, hash) = fingerprint(&path).map_err(refused)?;
    Ok(FilePlan {
        path: std::fs::canonicalize(&path).map_err(refused)?,
        name: named.display().to_string(),
        bytes,
        hash: hex(hash),
        coins: coins.iter().map(|c| (c.name.to_string(), c.sz_decimals)).collect(),
    })
}

/// What became of a part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    /// Jobs that were done.
    pub(crate) done: usize,
    /// Jobs whose rows were there.
    pub(crate) were_there: usize,
    /// How long it took.
    pub(crate) took_s: f64,
}

fn work<C: Components>(dir: &Path, shard: &str, jobs: Jobs, common: &Common) -> Result {
    let meter = Meter::default();
    let theirs = meter.clone();
    ask_at_signal(move || theirs.stop());
    let ended = part::<C>(dir, (shard, jobs.count()), &sweep::alone, &meter);
    if is_asked() {
        let (plan, _) = Plan::read::<C>(dir).map_err(failure)?;
        let missing = sweep::table(&plan, dir).err().map_or_else(String::new, |e| format!("{e}; "));
        tell(format!(
            "papermaker: interrupted: {missing}`papermaker sweep show {}` has what is known so far",
            dir.display()
        ));
    }
    end_if_asked(|| None);
    let Done { done, were_there, took_s } = ended?;
    let v = json!({ "done": done, "were_there": were_there, "took_s": took_s });
    common.show(&v, format!("done     {done} jobs in {took_s:.1} s; {were_there} were there\n"));
    Ok(())
}

/// Does what is missing of a part; `around` makes each pass.
pub(crate) fn part<C: Components>(
    dir: &Path,
    (shard, threads): (&str, usize),
    around: &Around<'_>,
    meter: &Meter,
) -> Result<Done> {
    let shard: Shard = shard.parse().map_err(failure)?;
    let (plan, base) = Plan::read::<C>(dir).map_err(failure)?;
    let _lock = locked(dir, shard)?;
    let todo = units(&plan, dir, shard, threads);
    let count: usize = todo.iter().map(|u| u.jobs.len()).sum();
    let paths = checked(&plan, dir, &todo)?;
    let clock = SessionClock::start(1);
    let total = todo.iter().map(|u| plan.files[u.file].bytes).sum();
    let progress = Progress::of("sweep", total, meter);
    // After a failure the rest is left out.
    let failed = AtomicBool::new(false);
    let ended = done(&todo, threads, |_, unit| {
        if failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let path = paths[unit.file].as_deref().unwrap_or(Path::new(""));
        let python = plan.python(unit.jobs[0]);
        let mut pass = || run_unit((&plan, dir), &base, unit, path, meter);
        let ended = around(python.as_deref(), &mut pass);
        failed.fetch_or(ended.is_err(), Ordering::Relaxed);
        ended
    });
    drop(progress);
    ended.into_iter().collect::<Result<(), _>>().map_err(failure)?;
    let took_s = Ns::seconds(i64::try_from(clock.mono_ns()).unwrap_or(i64::MAX));
    let were_there = shard.range(plan.jobs.len()).len() - count;
    Ok(Done { done: count, were_there, took_s })
}

/// One process does a part at a time, where the file system knows of locks.
fn locked(dir: &Path, shard: Shard) -> Result<Folder> {
    let name = format!("{}-of-{}", shard.index, shard.of);
    Folder::create(&dir.join("parts").join(&name)).map_err(|e| match e {
        FolderError::Busy => Failure::usage(format!(
            "part {}/{} of {} is being done by another process",
            shard.index,
            shard.of,
            dir.display()
        )),
        FolderError::Disk(e) => Failure::disk(format!("cannot write in {}: {e}", dir.display())),
    })
}

/// Where each file is whose jobs are missing; refused where it is not what the plan was made of.
fn checked(plan: &Plan, dir: &Path, todo: &[Unit]) -> Result<Vec<Option<PathBuf>>> {
    let one = |(i, file): (usize, &FilePlan)| {
        if !todo.iter().any(|u| u.file == i) {
            return Ok(None);
        }
        let path = file.find(dir).map_err(failure)?;
        let (_, hash) = fingerprint(&path).map_err(|e| Failure::unread(&path, e))?;
        if hex(hash) != file.hash {
            return Err(Failure::input(format!(
                "{} has changed since the plan was made: plan again into the same folder",
                path.display()
            )));
        }
        Ok(Some(path))
    };
    plan.files.iter().enumerate().map(one).collect()
}

fn merge<C: Components>(
    dir: &Path,
    (out, force): (Option<&Path>, Force),
    common: &Common,
) -> Result {
    let (plan, _) = Plan::read::<C>(dir).map_err(failure)?;
    let format_here = if Format::Parquet.is_built() { Format::Parquet } else { Format::Csv };
    let named = dir.join(format!("sweep.{}", format_here.ending()));
    let to = out.unwrap_or(&named);
    let target = match out {
        Some(to) => {
            let inputs: Vec<&Path> = plan.files.iter().map(|f| f.path.as_path()).collect();
            force.output(to, &inputs, Holds::TABLE)?
        }
        None => Output::own(to)?,
    };
    let lines = sweep::write(&plan, dir, target, format(to)?).map_err(failure)?;
    let (bytes, hash) = fingerprint(to)
        .map_err(|e| Failure::disk(format!("cannot read {} again: {e}", to.display())))?;
    let v = json!({ "out": to, "rows": lines, "bytes": bytes, "hash": hex(hash),
            "jobs": plan.jobs.len() });
    common.show(
        &v,
        format!(
            "merged   {} jobs into {}, {lines} rows\nhash     {}\n",
            plan.jobs.len(),
            to.display(),
            hex(hash)
        ),
    );
    Ok(())
}

/// The format of a file by its ending.
fn format(to: &Path) -> Result<Format> {
    let shown = to.display();
    let ending = to.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let format = Format::value_variants().iter().copied().find(|f| f.ending() == ending);
    let format = format.ok_or_else(|| {
        Failure::usage(format!("{shown}: its name must end in .parquet, .csv or .jsonl"))
    })?;
    let named = |f: Failure| Failure::usage(format!("{shown}: {}", f.text));
    built(format, "name a file that ends in .csv").map_err(named).map(|()| format)
}

fn show<C: Components>(dir: &Path, common: &Common) -> Result {
    let (plan, _) = Plan::read::<C>(dir).map_err(failure)?;
    let (known, rows, configs) = sweep::known(&plan, dir).map_err(failure)?;
    let mut ranking = sweep::rank(&known, &rows);
    ranking.ranked.iter_mut().for_each(|r| r.config = configs[r.config]);
    let of = [(known.files.len(), plan.files.len()), (configs.len(), plan.configs.len())];
    let mut v = json!(ranking);
    v["files"] = json!(of[0]);
    v["configurations"] = json!(of[1]);
    let so_far = match of {
        [(a, b), (c, d)] if (a, c) != (b, d) => {
            format!("so far   {c} of {d} configurations, on {a} of {b} files\n")
        }
        _ => String::new(),
    };
    common.show(&v, so_far + &text(&ranking));
    Ok(())
}

fn text(r: &Ranking) -> String {
    let mut out = format!(
        "tried    {} configurations, {} seeds each, on {} blocks\n",
        r.tried, r.seeds, r.blocks
    );
    match r.chance {
        Some(p) => out.push_str(&format!(
            "chance   the best of so many leads the first by as much in {:.1} % of resamples in which \
             none is better\n",
            p * 100.0
        )),
        None => out.push_str("chance   not known: too few blocks, or a single configuration\n"),
    }
    if let Some(f) = &r.forward {
        out.push_str(&format!(
            "forward  chosen on what came before, counted on {} windows: {:+.4} USD, the first {:+.4}; \
             {}\n",
            f.windows,
            f.chosen_usd,
            f.first_usd,
            interval(&f.over_first)
        ));
    }
    out.push_str(&format!(
        "\n{:>4} {:>5} {:>11} {:>11} {:>8}  {:<34} settings\n",
        "rank", "conf", "result", "fewest", "fills", "over the first [95 %]"
    ));
    for (i, x) in r.ranked.iter().enumerate() {
        out.push_str(&line(i + 1, x));
    }
    out.push_str(
        "\nresult in USD, mean over seeds, as set and with the fewest fills; ranked by the lower end of the \
         paired\ninterval over the first configuration, block by block of the same market\n",
    );
    out
}

fn line(rank: usize, x: &Ranked) -> String {
    let settings: Vec<String> = x.settings.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let over = if x.config == 0 { "the first".to_owned() } else { interval(&x.over_first) };
    format!(
        "{rank:>4} {:>5} {:>11.4} {:>11.4} {:>8.1}  {over:<34} {}\n",
        x.config,
        x.profit_usd,
        x.pessimistic_usd,
        x.fills,
        settings.join(" ")
    )
}

fn interval(i: &Interval) -> String {
    match (i.lo, i.hi) {
        (Some(lo), Some(hi)) => format!("{:+.4} [{lo:+.4}, {hi:+.4}]", i.value),
        _ => format!("{:+.4} (too few blocks)", i.value),
    }
}
