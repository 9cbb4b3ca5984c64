//! `papermaker fills`: a fixed schedule of orders through the production fill model, and a run's
//! orders and fills in the venue's own shapes.
//!
//! In: a recording and a schedule, or a run folder. Out: a CSV of fills, or JSON lines. Cold path.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::common::{chosen_of, each_record, intact, journal, recording_failure, surveyed};
use super::exit::{Failure, Result};
use super::summary::{feed_json, left_out, left_out_json, reasons};
use super::{Common, Force, say};
use crate::app::config::ConfigOf;
use crate::app::schedule::{self, BadSchedule, Outcome, Scheduled, Tape};
use crate::app::shapes::{Shape, Shaper};
use crate::engine::Components;
use crate::folder::{Holds, Output};
use crate::settings::{Choice as _, Room as _};
use crate::sim::config::{Crossing, Model};

/// Refused orders that are named; `--json` names all.
const LISTED: usize = 20;

#[derive(Debug, Args)]
#[command(after_help = "\
The schedule has the columns order_id,inst,side,px,sz,ts_submit_ns,ts_live_ns,ts_cancel_ns,tif:
side B (bid) or A (ask); an order is live from ts_live_ns, placed against the book before an event
of the same time, up to ts_cancel_ns, exclusive (empty: to the end); tif Alo. Each order is judged
as if it were the only one. The fills are order_id,ts_ns,sz,px,reason.

With --run, the orders or fills of a run are written as the venue's own account messages carry them,
one JSON object a line, so that tools which read a venue account read a paper one.

Examples:
  papermaker fills --tape T.frames.gz --orders O.csv --out F.csv --conservatism 1
  papermaker fills --run runs/paper --format user-fills --out fills.jsonl")]
pub(super) struct Options {
    /// Recording, plain or gzip: one line a frame, `<receive time, ns> <json>`.
    #[arg(long, value_name = "FILE", required_unless_present = "run", requires_all = ["orders", "out"])]
    tape: Option<PathBuf>,
    /// Schedule of orders (CSV).
    #[arg(long, value_name = "FILE", requires = "tape")]
    orders: Option<PathBuf>,
    /// Where the result goes, in place of a table of fills that is there; with --run the default is the
    /// terminal.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
    /// Export the orders or fills of this run instead.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["tape", "orders", "model", "conservatism", "crossing"])]
    run: Option<PathBuf>,
    /// Shape of the export.
    #[arg(long, value_enum, default_value_t = Shape::UserFills, requires = "run")]
    format: Shape,
    /// Fill model; default: `engine.sim.model` of the configuration.
    #[arg(long)]
    model: Option<Model>,
    /// Where the model stands between its brackets: 1 pessimistic (every cancel is behind the
    /// order), 0.5 the model itself, 0 optimistic (every cancel is ahead of it).
    #[arg(long, value_name = "0..1")]
    conservatism: Option<f64>,
    /// What fills where the other side is displayed at an order's price or better: `displayed`
    /// (what the tape shows counts, as if nobody were post-only), `until-print`, `mixed` or `none`,
    /// as in `engine.sim.crossing`, which is for runs.
    #[arg(long, default_value = "displayed")]
    crossing: Crossing,
    /// How the frames of the tape stand to each other.
    #[arg(long, value_enum, default_value_t = Order::Auto)]
    order: Order,
}

/// How the frames of a tape stand to each other.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    /// Looked up in the tape: the same stamp on a print and the state after it means `matching`.
    Auto,
    /// A live feed's: states arrive before the prints of their block; times are the venue's.
    Block,
    /// Prints, then the state after them; times are the stamps of the lines.
    Matching,
}

/// The files of a schedule.
struct Files<'a> {
    tape: &'a Path,
    orders: &'a Path,
    out: &'a Path,
}

pub(super) fn run<C: Components>(o: &Options, config: &ConfigOf<C>, common: &Common) -> Result {
    if let Some(folder) = &o.run {
        return export(folder, o);
    }
    let (Some(tape), Some(orders), Some(out)) = (&o.tape, &o.orders, &o.out) else {
        return Err(Failure::usage("give --tape, --orders and --out, or --run"));
    };
    judge(o, &Files { tape, orders, out }, config, common)
}

/// Writes a run's orders or fills.
fn export(folder: &Path, o: &Options) -> Result {
    let reader = journal(folder)?;
    let cannot = |e| Failure::disk(format!("cannot write the export: {e}"));
    let mut file = o.force.maybe(o.out.as_ref(), &[], Holds::JSON)?;
    let mut terminal = BufWriter::new(std::io::stdout());
    let target: &mut dyn Write = match &mut file {
        Some(file) => file,
        None => &mut terminal,
    };
    let mut shaper = Shaper::new(o.format);
    let faults = each_record(folder, reader, |record| match shaper.take(record) {
        Some(line) => writeln!(target, "{line}").map_err(cannot),
        None => Ok(()),
    })?;
    target.flush().map_err(cannot)?;
    file.map(Output::finish).transpose()?;
    intact(&faults)
}

fn judge<C: Components>(
    o: &Options,
    f: &Files<'_>,
    config: &ConfigOf<C>,
    common: &Common,
) -> Result {
    let mut cfg = config.engine.sim;
    cfg.model = o.model.unwrap_or(cfg.model);
    cfg.crossing = o.crossing;
    cfg.conservatism = o.conservatism.unwrap_or(cfg.conservatism);
    cfg.check().map_err(|e| Failure::usage(format!("[engine.sim]: {e}")))?;
    let seen = surveyed(f.tape)?;
    let coins = chosen_of(f.tape, &seen, &[])?;
    let source = File::open(f.orders).map_err(|e| Failure::unread(f.orders, e))?;
    let refuse = |e| refusal(f, e);
    let orders = schedule::read(source, &coins, (seen.from, seen.to)).map_err(refuse)?;
    let tape = match o.order {
        Order::Auto => schedule::order_of(f.tape, &coins).map_err(refuse)?,
        Order::Block => Tape::Block,
        Order::Matching => Tape::Matching,
    };
    // Before the work: a target that cannot be written is said at once. A table of its own makes room.
    let force = Force { force: o.force.force || schedule::is_table(f.out) };
    let mut target = force.output(f.out, &[f.tape, f.orders], Holds::CSV)?;
    let done = schedule::run(f.tape, &coins, &orders, tape, &cfg).map_err(refuse)?;
    schedule::write(&mut target, &orders, &done.fills).map_err(|e| Failure::unwritten(f.out, e))?;
    target.finish()?;
    say(&summary(f, common, &orders, &done, (cfg.model, cfg.crossing), tape));
    Ok(())
}

fn refusal(f: &Files<'_>, e: BadSchedule) -> Failure {
    match e {
        BadSchedule::Tape(e) => recording_failure(f.tape, &e),
        BadSchedule::NoCoin => {
            Failure::input(format!("{}: no market data of any coin", f.tape.display()))
        }
        BadSchedule::Line(line, text) => {
            Failure::input(format!("{}, line {line}: {text}", f.orders.display()))
        }
    }
}

fn summary(
    f: &Files<'_>,
    common: &Common,
    orders: &[Scheduled],
    done: &Outcome,
    (model, crossing): (Model, Crossing),
    tape: Tape,
) -> String {
    let mut filled: Vec<usize> = done.fills.iter().map(|f| f.order).collect();
    filled.sort_unstable();
    filled.dedup();
    let order = if tape == Tape::Block { "block" } else { "matching" };
    let refused: Vec<&str> = done.refused.iter().map(|i| orders[*i].id.as_str()).collect();
    if common.json {
        let v = serde_json::json!({
            "model": model.name(), "crossing": crossing.name(), "order": order, "orders": orders.len(),
            "filled": filled.len(), "fills": done.fills.len(), "refused": refused.len(),
            "refused_orders": refused, "ended_by_gap": done.ended, "frames": done.frames,
            "rejected": done.counters.rejects(), "feed": feed_json(&done.counters),
            "left_out": left_out_json(&done.left_out),
            "late_prints": done.late.prints, "early_blocks": done.late.blocks,
            "out": f.out,
        });
        return format!("{v}\n");
    }
    let mut text = format!(
        "model    {}, crossings {}, tape in {order} order, {} frames, {} rejected{}\n{}\
         orders   {}, of which {} filled in {} fills\n",
        model.name(),
        crossing.name(),
        done.frames,
        done.counters.rejects(),
        reasons(&done.counters),
        left_out(&done.left_out, &done.counters),
        orders.len(),
        filled.len(),
        done.fills.len(),
    );
    if !refused.is_empty() {
        let more = if refused.len() > LISTED { ", …" } else { "" };
        text += &format!(
            "refused  {} would have crossed the book on arrival: {}{more}\n",
            refused.len(),
            refused[..refused.len().min(LISTED)].join(", "),
        );
    }
    if done.ended > 0 {
        text += &format!("ended    {} by a gap in the data\n", done.ended);
    }
    if done.late.prints + done.late.blocks > 0 {
        text += &format!(
            "late     {} prints came after a state of their block was taken, {} blocks were taken early\n",
            done.late.prints, done.late.blocks,
        );
    }
    text + &format!("fills    {}\n", f.out.display())
}
