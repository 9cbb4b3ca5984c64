//! `papermaker audit fills`: the fill models in worlds of agents, in which the fate of every order is known.
//!
//! In: a length, a seed. Out: tables, JSON, CSV; exit code 1 where the bound is missed. Cold path.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::common::none;
use super::exit::{Failure, Result};
use super::options::{INTERRUPTED, Jobs, ask_at_signal, end_if_asked};
use super::progress::Progress;
use super::{Common, Force};
use crate::app::config::Config;
use crate::audit::{self, BOUND_PP, Cell, HORIZONS_S, WAYS};
use crate::folder::Holds;
use crate::truth::{Estimate, SHARES};
use crate::units::Ns;

/// Share of resting orders that are not post-only for which the bound is stated.
const BOUND_SHARE: f64 = 0.05;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Judge every fill model in worlds of agents, where the fate of every order is known.
    ///
    /// Cells are world (btc, eth, sol, thin) x what is changed of it x size x latency x share of resting orders
    /// that are not post-only; in each, orders exact in the queue stand beside what the models make of the
    /// feed. The exit code is 1 where, with orders of 500 USD, 5 per cent not post-only and nothing changed, the
    /// configured model misses the truth by more than 4 points at 1 s or 2 at 10 and 60 s.
    #[command(visible_alias = "grid")]
    Fills(Fills),
}

#[derive(Debug, Args)]
struct Fills {
    /// Market time of each world with each change and size, hours.
    #[arg(long, default_value_t = 1.0)]
    hours: f64,
    /// Seed of the worlds.
    #[arg(long, default_value_t = 11)]
    seed: u64,
    #[command(flatten)]
    jobs: Jobs,
    /// Print every cell, too.
    #[arg(long)]
    cells: bool,
    /// Write every cell to this CSV file.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
}

pub(super) fn run(o: &Options, config: &Config, common: &Common) -> Result {
    let What::Fills(o) = &o.what;
    if !(0.1..=1_000.0).contains(&o.hours) {
        return Err(Failure::usage("--hours must be 0.1 to 1000"));
    }
    let mut file = o.force.maybe(o.csv.as_ref(), &[], Holds::CSV)?;
    let contenders = audit::contenders(&config.engine.sim);
    let length_ns = crate::venue::draw::floor(o.hours * 3_600.0) * Ns::SEC;
    let names: Vec<&str> = contenders.iter().map(|c| c.name.as_str()).collect();
    let mut show = |cells: &[Cell], whole: bool| {
        let head = if whole { String::new() } else { format!("{INTERRUPTED}\n") };
        let mut v = as_json(&names, cells);
        v["interrupted"] = json!(!whole);
        common.show(&v, head + &text(&names, cells, o));
        file.take().map_or(Ok(()), |file| Ok(file.put(csv(&names, cells).as_bytes())?))
    };
    let progress = Progress::counted("audit fills", "worlds with their changes and sizes");
    ask_at_signal(|| ());
    let cells =
        audit::run(&contenders, (length_ns, o.seed), o.jobs.count(), &mut |[done, of], known| {
            progress.at(done as u64, of as u64);
            end_if_asked(|| (!known.is_empty()).then(|| show(known, false)));
        });
    drop(progress);
    show(&cells, true)?;
    none("the bound is missed: ", &missed(&cells))
}

/// What a cell is but for its share, and the cell whole.
fn place(c: &Cell) -> String {
    let late = if c.late { ", 250 ms late" } else { "" };
    format!("{} {}, {:.0} USD{late}", c.world, c.scenario, c.usd)
}

fn name(c: &Cell) -> String {
    format!("{}, {:.0} % not post-only", place(c), 100.0 * c.share)
}

/// Whether the bound is stated for a cell.
fn is_stated(c: &Cell) -> bool {
    c.scenario == "base" && c.usd <= 500.0 && !c.late && (c.share - BOUND_SHARE).abs() < 1e-9
}

/// Root mean square of one way's bias over cells and horizons, less the simulation's error.
fn rms<'a>(cells: impl Iterator<Item = &'a Cell>, way: usize) -> f64 {
    let squares = |e: &Estimate| e.value * e.value - (e.ci95 / 1.96) * (e.ci95 / 1.96);
    let all: Vec<f64> = cells.flat_map(|c| c.bias[way].iter().map(squares)).collect();
    let n = crate::venue::draw::float(i64::try_from(all.len().max(1)).unwrap_or(1));
    (all.iter().sum::<f64>() / n).max(0.0).sqrt()
}

fn worst(cells: &[Cell], way: usize) -> Option<(&Cell, usize)> {
    let all = cells.iter().flat_map(|c| (0..HORIZONS_S.len()).map(move |h| (c, h)));
    let size = |(c, h): &(&Cell, usize)| c.bias[way][*h].value.abs();
    all.max_by(|a, b| size(a).total_cmp(&size(b)))
}

/// Where the configured model is off by more than the bound and the error of the simulation.
fn missed(cells: &[Cell]) -> Vec<String> {
    let of = |c: &Cell| -> Vec<String> {
        let over = |h: &usize| c.bias[0][*h].value.abs() - c.bias[0][*h].ci95 > BOUND_PP[*h];
        let line = |h| format!("{} within {} s {}", c.world, HORIZONS_S[h], pm(c.bias[0][h]));
        (0..HORIZONS_S.len()).filter(over).map(line).collect()
    };
    cells.iter().filter(|c| is_stated(c)).flat_map(of).collect()
}

/// In how many cells and horizons the fewest fills are not above the truth and the most not below by more than
/// `slack` points and the error of the simulation, and of how many.
fn bracketed(cells: &[Cell], slack: f64) -> (usize, usize) {
    let holds = |c: &Cell, h: usize| {
        let [_, low, high] = [0, 1, 2].map(|way| c.bias[way][h]);
        low.value <= low.ci95 + slack && high.value >= -high.ci95 - slack
    };
    let all = || cells.iter().flat_map(|c| (0..HORIZONS_S.len()).map(move |h| (c, h)));
    (all().filter(|(c, h)| holds(c, *h)).count(), all().count())
}

fn pm(e: Estimate) -> String {
    format!("{:+.1} ±{:.1}", e.value, e.ci95)
}

fn text(names: &[&str], cells: &[Cell], o: &Fills) -> String {
    let mut out = format!(
        "Fill models in worlds of agents, {} h each with every change and size, seed {}: points of orders filled\n\
         whole within 1, 10 and 60 s, less the true ones; + is too many fills.\n",
        o.hours, o.seed
    );
    models_text(names, cells, &mut out);
    out.push_str(
        "\nThe configured model, orders of 500 USD, nothing changed, 5 % not post-only; ± 95 %:\n",
    );
    cells_text(&cells.iter().filter(|c| is_stated(c)).collect::<Vec<_>>(), 0, &mut out);
    if o.cells {
        for (way, called) in names[..WAYS].iter().enumerate() {
            let _ = writeln!(out, "\nEvery cell, {called}:");
            cells_text(&cells.iter().collect::<Vec<_>>(), way, &mut out);
        }
    }
    let (held, all) = bracketed(cells, 0.0);
    let share = |n: usize| 100 * n / all.max(1);
    let near = share(bracketed(cells, 2.0).0);
    let verdict = if missed(cells).is_empty() { "ok" } else { "FAILED" };
    let _ = writeln!(
        out,
        "\nfewest <= truth <= most in {held} of {all} figures ({} %), within 2 points of it in {near} %\n\
         bound: the configured model, within 4 points at 1 s, 2 at 10 and 60 s: {verdict}",
        share(held)
    );
    out
}

/// Root mean square and worst cell of every model.
fn models_text(names: &[&str], cells: &[Cell], out: &mut String) {
    let _ = writeln!(out, "\n{:<13}{:^24}", "", "RMS, not post-only");
    let _ = write!(out, "{:<13}", "model");
    for share in SHARES {
        let _ = write!(out, "{:>8}", format!("{:.0} %", 100.0 * share));
    }
    out.push_str("   worst\n");
    for (way, called) in names.iter().enumerate() {
        let _ = write!(out, "{called:<13}");
        for share in SHARES {
            let of = cells.iter().filter(|c| (c.share - share).abs() < 1e-9);
            let _ = write!(out, "{:>8.1}", rms(of, way));
        }
        if let Some((c, h)) = worst(cells, way) {
            let _ = write!(out, "   {} in {} s, {}", pm(c.bias[way][h]), HORIZONS_S[h], name(c));
        }
        out.push('\n');
    }
}

/// One way's bias in each of the cells.
fn cells_text(cells: &[&Cell], way: usize, out: &mut String) {
    let _ = writeln!(
        out,
        "{:<36}{:>5}{:>8}{:>20}{:>12}{:>12}{:>12}",
        "cell", "share", "orders", "true %: 1 10 60 s", "1 s", "10 s", "60 s"
    );
    for c in cells {
        let [a, b, d] = c.truth;
        let (share, truth) = (format!("{:.0} %", 100.0 * c.share), format!("{a:.1} {b:.1} {d:.1}"));
        let _ = write!(out, "{:<36}{share:>5}{:>8}{truth:>20}", place(c), c.orders);
        c.bias[way].iter().for_each(|b| _ = write!(out, "{:>12}", pm(*b)));
        out.push('\n');
    }
}

fn as_json(names: &[&str], cells: &[Cell]) -> Value {
    let cell = |c: &Cell| {
        let ways: Value = names.iter().zip(&c.bias).map(|(way, b)| (*way, json!(b))).collect();
        json!({
            "world": c.world, "scenario": c.scenario, "order_usd": c.usd, "late": c.late,
            "share_not_post_only": c.share, "orders": c.orders, "true_pct": c.truth, "bias_pp": ways,
        })
    };
    let ((held, all), near) = (bracketed(cells, 0.0), bracketed(cells, 2.0).0);
    json!({
        "horizons_s": HORIZONS_S, "bound_pp": BOUND_PP, "missed": missed(cells),
        "bracket": { "held": held, "held_within_2_pp": near, "of": all }, "cells": cells.iter().map(cell).collect::<Vec<_>>(),
    })
}

fn csv(names: &[&str], cells: &[Cell]) -> String {
    let mut out = String::from(
        "world,scenario,order_usd,late,share_not_post_only,orders,horizon_s,true_pct,way,bias_pp,ci95\n",
    );
    for c in cells {
        for (h, horizon) in HORIZONS_S.iter().enumerate() {
            for (way, bias) in names.iter().zip(&c.bias) {
                let _ = writeln!(
                    out,
                    "{},{},{:.0},{},{},{},{horizon},{:.4},{way},{:.4},{:.4}",
                    c.world,
                    c.scenario,
                    c.usd,
                    c.late,
                    c.share,
                    c.orders,
                    c.truth[h],
                    bias[h].value,
                    bias[h].ci95
                );
            }
        }
    }
    out
}
