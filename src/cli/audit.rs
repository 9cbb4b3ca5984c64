//! `papermaker audit fills`: the fill models against worlds in which every order's fate is known.
//!
//! In: a number of orders, a seed. Out: a table, JSON, CSV; exit code 1 when the configured
//! model is off by more than its bound. Cold path.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::exit::{Failure, Result};
use super::options::{INTERRUPTED, Jobs, ask_at_signal, end_if_asked};
use super::progress::Progress;
use super::{Common, Force};
use crate::app::config::Config;
use crate::audit::score::{self, Bin, CALIBRATED, Score};
use crate::audit::{self, BOUND_PP, Contender, Outcome, Plan, SHADOWS, View};
use crate::folder::Holds;
use crate::truth::Estimate;
use crate::venue::cst::{Cancels, HORIZONS_S, SCENARIOS, Scenario};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Judge every fill model on simulated order-by-order books with known truth.
    ///
    /// Twelve books are simulated order by order. In each, shadow orders are placed whose fate is
    /// known exactly: first in, first out. Every fill model sees only what a venue publishes and
    /// says when it thinks each order was filled. The configured model must not be off by more
    /// than 2 percentage points (root mean square over books and horizons), or the exit code is 1.
    Fills(Fills),
    /// Judge the configured fill model in worlds of agents, cell by cell.
    ///
    /// Cells are world (btc, eth, thin) x scenario x size x latency x share of resting orders that are not
    /// post-only; in each, orders exact in the queue stand beside what the model makes of the feed. The exit
    /// code is 1 where, with 5 per cent not post-only and nothing changed, more than 4 points are missed at
    /// 1 s or 2 at 10 and 60 s.
    Grid(super::grid::Options),
}

#[derive(Debug, Args)]
pub(crate) struct Fills {
    /// Shadow orders in each of the twelve books; the bound is stated for the default.
    #[arg(long, default_value_t = SHADOWS, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    shadows: u32,
    /// Seed of the books.
    #[arg(long, default_value_t = 11)]
    seed: u64,
    #[command(flatten)]
    jobs: Jobs,
    /// Let the models see every change of best bid and offer too, as on the venue's own feed; an
    /// order's queue is then what the feed showed last, not what is displayed at that moment.
    #[arg(long)]
    bbo: bool,
    /// Print each model's bias in each book.
    #[arg(long)]
    scenarios: bool,
    /// Write every figure to this CSV file.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
}

/// Everything an audit found.
pub(crate) struct Findings {
    pub plan: Plan,
    pub scores: Vec<Score>,
    pub bins: Vec<Bin>,
}

impl Findings {
    /// Runs the audit, telling on stderr how far it is; `known` is given what is known at a signal.
    pub(crate) fn make(
        o: &Fills,
        config: &Config,
        mut known: impl FnMut(&Findings) -> Result,
    ) -> Findings {
        let plan = Plan {
            contenders: Contender::all(&config.engine.sim),
            shadows: o.shadows,
            seed: o.seed,
            view: if o.bbo { View::Bbo } else { View::Snapshots },
            jobs: o.jobs.count(),
        };
        let progress = Progress::counted("audit", "orders");
        let all = u64::from(o.shadows) * SCENARIOS.len() as u64;
        ask_at_signal(|| ());
        let outcomes = audit::run(&plan, &mut |shadows, outcomes| {
            progress.at(u64::from(shadows), all);
            let found = || Findings::of(plan.clone(), outcomes);
            end_if_asked(|| (!outcomes.is_empty()).then(|| known(&found())));
        });
        drop(progress);
        Findings::of(plan, &outcomes)
    }

    fn of(plan: Plan, outcomes: &[Outcome]) -> Findings {
        let scores = (0..plan.contenders.len()).map(|m| score::score(outcomes, m)).collect();
        let bins = outcomes.iter().flat_map(score::calibration).collect();
        Findings { plan, scores, bins }
    }

    fn ranked(&self) -> Vec<(&Contender, &Score)> {
        let mut all: Vec<_> = self.plan.contenders.iter().zip(&self.scores).collect();
        all.sort_by(|a, b| a.1.rms.value.total_cmp(&b.1.rms.value));
        all
    }

    /// The configured model.
    fn judged(&self) -> (&Contender, &Score) {
        (&self.plan.contenders[0], &self.scores[0])
    }

    /// The books with their places in the scores.
    fn books(&self) -> impl Iterator<Item = (usize, &Scenario)> {
        let known = |n: u8| self.scores[0].rows.iter().position(|r| r.scenario == n);
        SCENARIOS.iter().filter_map(move |s| Some((known(s.number)?, s)))
    }

    /// Whether no book is missing.
    fn is_whole(&self) -> bool {
        self.books().count() == SCENARIOS.len()
    }

    fn passed(&self) -> bool {
        self.judged().1.rms.value <= BOUND_PP && self.scores.iter().all(|s| s.refused == 0)
    }
}

pub(super) fn run(o: &Options, config: &Config, common: &Common) -> Result {
    let o = match &o.what {
        What::Fills(o) => o,
        What::Grid(o) => return super::grid::run(o, config, common),
    };
    let mut csv = o.force.maybe(o.csv.as_ref(), &[], Holds::CSV)?;
    let mut show = |found: &Findings| {
        common.show(&as_json(found), as_text(found, o.scenarios));
        csv.take().map_or(Ok(()), |csv| Ok(csv.put(as_csv(found).as_bytes())?))
    };
    let found = Findings::make(o, config, &mut show);
    show(&found)?;
    if found.passed() {
        return Ok(());
    }
    let (contender, s) = found.judged();
    let text = format!(
        "the fill model `{}` is off by {:.2} percentage points (root mean square), more than the \
         bound of {BOUND_PP:.1}",
        contender.name, s.rms.value
    );
    Err(Failure::check(text))
}

fn pm(e: Estimate) -> String {
    format!("{:.2} ± {:.2}", e.value, e.ci95)
}

fn as_text(f: &Findings, scenarios: bool) -> String {
    let view = match f.plan.view {
        View::Snapshots => "prints, snapshots, and the queue displayed when an order is placed",
        View::Bbo => "prints, snapshots, and every change of best bid and offer",
    };
    let mut out = if f.is_whole() { String::new() } else { format!("{INTERRUPTED}\n") };
    let _ = writeln!(
        out,
        "Fill models against known truth: {} books x {} orders, seed {}.\nThe models see {view}.\n",
        f.scores[0].rows.len(),
        f.plan.shadows,
        f.plan.seed,
    );
    let (judged, _) = f.judged();
    let _ = writeln!(
        out,
        "{:<14}{:>16}{:>24}{:>16}{:>16}",
        "model", "RMS bias pp", "largest bias pp", "disagreement %", "KS time pp"
    );
    for (c, s) in f.ranked() {
        let at = format!("{:+.1} (book {}, {} s)", s.max, s.max_at.0, HORIZONS_S[s.max_at.1]);
        let name = format!("{}{}", c.name, if c.name == judged.name { " *" } else { "" });
        let _ = writeln!(
            out,
            "{name:<14}{:>16}{at:>24}{:>16}{:>16}",
            pm(s.rms),
            pm(s.disagreement),
            pm(s.ks)
        );
    }
    out.push_str("* the configured model. ± is the half-width of a 95 % interval.\n");
    calibration_text(f, &mut out);
    back_text(f, &mut out);
    if scenarios {
        scenarios_text(f, &mut out);
    }
    let (c, s) = f.judged();
    let verdict = if f.passed() { "ok" } else { "FAILED" };
    let _ = writeln!(
        out,
        "\nbound: RMS bias of {} {:.2} pp, at most {BOUND_PP:.1}: {verdict}",
        c.name, s.rms.value
    );
    out
}

/// Calibration by queue ahead, of the books with orders of one lot at the best price, snapshots
/// every half second and uniform cancels.
fn calibration_text(f: &Findings, out: &mut String) {
    let _ = writeln!(
        out,
        "\nProbability of a fill within {} s by queue ahead, per cent; the truth ± 95 %:",
        HORIZONS_S[CALIBRATED]
    );
    let _ = write!(out, "{:<8}{:>12}{:>13}", "book", "queue, lots", "truth");
    f.plan.contenders.iter().for_each(|c| {
        let _ = write!(out, "{:>12}", c.name);
    });
    out.push('\n');
    for b in f.bins.iter().filter(|b| matches!(b.scenario, 1 | 7)) {
        let range = format!("{:.0} to {:.0}", b.queue.0, b.queue.2);
        let truth = format!("{:.1} ± {:.1}", b.truth.value, b.truth.ci95);
        let _ = write!(out, "{:<8}{range:>12}{truth:>13}", audit::depth(b.scenario));
        for m in &b.models {
            let _ = write!(out, "{:>12.1}", m.value);
        }
        out.push('\n');
    }
}

fn horizons() -> String {
    HORIZONS_S.iter().map(|h| format!("{:>16}", format!("{h} s"))).collect()
}

/// The weak spot: books in which cancels concentrate at the back of the queue.
fn back_text(f: &Findings, out: &mut String) {
    out.push_str(
        "\nWhere cancels concentrate at the back of the queue, bias in pp (+ is too many fills):\n",
    );
    let _ = writeln!(out, "{:<6}{:<14}{}", "book", "model", horizons());
    for (i, _) in f.books().filter(|(_, s)| s.cancels == Cancels::BackBiased) {
        for (c, s) in f.ranked() {
            row_text(out, &c.name, &s.rows[i]);
        }
    }
}

fn scenarios_text(f: &Findings, out: &mut String) {
    for (i, scenario) in f.books() {
        let _ = writeln!(out, "\nbook {}: {}", scenario.number, audit::describe(scenario));
        let _ = writeln!(out, "{:<6}{:<14}{}", "", "bias, pp", horizons());
        let truth: String = f.scores[0].rows[i]
            .truth
            .iter()
            .map(|t| format!("{:>16}", format!("{t:.1} %")))
            .collect();
        let _ = writeln!(out, "{:<6}{:<14}{truth}", "", "truth");
        for (c, s) in f.ranked() {
            row_text(out, &c.name, &s.rows[i]);
        }
    }
}

fn row_text(out: &mut String, name: &str, row: &score::Row) {
    let cell = |b: &Estimate| format!("{:>16}", format!("{:+.1} ± {:.1}", b.value, b.ci95));
    let cells: String = row.bias.iter().map(cell).collect();
    let _ = writeln!(out, "{:<6}{name:<14}{cells}", row.scenario);
}

fn as_json(f: &Findings) -> Value {
    let row = |r: &score::Row| {
        json!({ "book": r.scenario, "true_pct": r.truth, "bias_pp": r.bias,
            "disagreement_pct": r.disagreement, "ks_pp": r.ks })
    };
    let model = |(c, s): &(&Contender, &Score)| {
        json!({
            "model": c.name,
            "rms_bias_pp": s.rms,
            "max_bias_pp": s.max,
            "max_book": s.max_at.0,
            "max_horizon_s": HORIZONS_S[s.max_at.1],
            "disagreement_pct": s.disagreement,
            "ks_pp": s.ks,
            "rms_by_horizon_pp": s.by_horizon,
            "refused": s.refused,
            "books": s.rows.iter().map(row).collect::<Vec<_>>(),
        })
    };
    let bin = |b: &Bin| {
        let models = f.plan.contenders.iter().zip(&b.models);
        let models =
            models.map(|(c, m)| (c.name.clone(), json!({ "pct": m.value, "bias_ci95": m.ci95 })));
        json!({ "book": b.scenario, "queue_lots": [b.queue.0, b.queue.1, b.queue.2], "orders": b.n,
            "true_pct": b.truth, "models": models.collect::<Value>() })
    };
    let models: Vec<Value> = f.ranked().iter().map(model).collect();
    let bins: Vec<Value> = f.bins.iter().map(bin).collect();
    let books: Vec<Value> =
        f.books().map(|(_, s)| json!({"book": s.number, "what": audit::describe(s)})).collect();
    json!({
        "orders_per_book": f.plan.shadows,
        "seed": f.plan.seed,
        "best_prices_seen": f.plan.view == View::Bbo,
        "horizons_s": HORIZONS_S,
        "judged": f.judged().0.name,
        "bound_pp": BOUND_PP,
        "passed": f.passed(),
        "interrupted": !f.is_whole(),
        "models": models,
        "calibration_at_s": HORIZONS_S[CALIBRATED],
        "calibration": bins,
        "books": books,
    })
}

/// Every figure, one a line.
fn as_csv(f: &Findings) -> String {
    let mut out = String::from("measure,model,book,horizon_s,queue_lots,true_pct,value,ci95\n");
    let mut line = |measure: &str, model: &str, at: [String; 4], e: Estimate| {
        let [book, horizon, queue, truth] = at;
        let _ = writeln!(
            out,
            "{measure},{model},{book},{horizon},{queue},{truth},{:.4},{:.4}",
            e.value, e.ci95
        );
    };
    let none = String::new;
    for (c, s) in f.ranked() {
        line("rms_bias_pp", &c.name, [none(), none(), none(), none()], s.rms);
        line("disagreement_pct", &c.name, [none(), none(), none(), none()], s.disagreement);
        line("ks_time_to_fill_pp", &c.name, [none(), none(), none(), none()], s.ks);
        for r in &s.rows {
            let book = r.scenario.to_string();
            for (h, bias) in r.bias.iter().enumerate() {
                let at =
                    [book.clone(), HORIZONS_S[h].to_string(), none(), format!("{:.4}", r.truth[h])];
                line("bias_pp", &c.name, at, *bias);
            }
            line(
                "disagreement_pct",
                &c.name,
                [book.clone(), none(), none(), none()],
                r.disagreement,
            );
            line("ks_time_to_fill_pp", &c.name, [book, none(), none(), none()], r.ks);
        }
    }
    for b in &f.bins {
        for (c, m) in f.plan.contenders.iter().zip(&b.models) {
            let at = [
                b.scenario.to_string(),
                HORIZONS_S[CALIBRATED].to_string(),
                format!("{:.2}", b.queue.1),
                format!("{:.4}", b.truth.value),
            ];
            line("fill_pct_by_queue", &c.name, at, *m);
        }
    }
    out
}
