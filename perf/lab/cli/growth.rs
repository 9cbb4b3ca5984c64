//! `papermaker-lab growth`: a table a curve, with its verdict; CSV, a plot, JSON.
//!
//! In: options. Out: text, files. Cold path.
//!
//! 1. Several subjects are measured in a process each, one after the other: what one leaves in heap and
//!    caches is not the next one's.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::common::{progress, undrawn, write};
use crate::app::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::{Common, say, stop_at_signal};
use crate::lab::growth::{self, BOUNDS, Curve, Fit, Subject};
use crate::lab::plot;
use crate::sys::signal::Stop;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only these, comma separated.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    #[arg(value_parser = PossibleValuesParser::new(Subject::ALL.map(Subject::name))
        .map(|name| Subject::of(&name).unwrap_or(Subject::Orders)))]
    only: Vec<Subject>,
    /// Write all curves as a plot (SVG), both axes logarithmic.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Write all points as CSV.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

pub(super) fn run(o: &Options, config: &Config, common: &Common) -> Result<(), Failure> {
    let stop = stop_at_signal();
    let subjects = if o.only.is_empty() { &Subject::ALL[..] } else { &o.only };
    let mut curves = Vec::new();
    for subject in subjects {
        if !stop.is_asked() {
            curves.extend(match subjects.len() {
                1 => here(*subject, config, &stop)?,
                _ => apart(*subject, common)?,
            });
        }
    }
    let missing: Vec<&str> = subjects
        .iter()
        .filter(|s| curves.iter().all(|c: &Curve| c.subject != **s))
        .map(|s| s.name())
        .collect();
    say(&if common.json {
        format!("{}\n", json(&curves, &missing))
    } else {
        text(&curves, &missing)
    });
    if let Some(path) = &o.csv {
        write(path, &csv(&curves))?;
    }
    if let Some(path) = &o.plot
        && !curves.is_empty()
    {
        let svg = plot::growth::svg(&curves).map_err(undrawn)?;
        write(path, &svg)?;
    }
    Ok(())
}

/// Measures in this process; nothing where the wish to stop came first.
fn here(subject: Subject, config: &Config, stop: &Stop) -> Result<Vec<Curve>, Failure> {
    let bar = progress(growth::steps(subject), subject.name());
    let curves = growth::run(subject, config, &mut || {
        bar.inc(1);
        if stop.is_asked() { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
    });
    bar.finish_and_clear();
    match curves {
        Err(e) if e.kind() == ErrorKind::Interrupted => Ok(Vec::new()),
        other => other.map_err(|e| Failure::disk(format!("the measurement failed: {e}"))),
    }
}

/// Measures in a process of its own, under the same configuration.
fn apart(subject: Subject, common: &Common) -> Result<Vec<Curve>, Failure> {
    let internal = |what: &dyn std::fmt::Display| {
        Failure::new(Code::Internal, format!("cannot measure {}: {what}", subject.name()))
    };
    let program = std::env::current_exe().map_err(|e| internal(&e))?;
    let mut c = Command::new(program);
    c.args(["growth", "--json", "--only", subject.name()]);
    if let Some(path) = &common.config {
        c.arg("--config").arg(path);
    }
    for set in &common.set {
        c.args(["--set", set]);
    }
    let ended = c.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let ended = ended.map_err(|e| internal(&e))?;
    if !ended.status.success() {
        return Err(Failure::disk(format!("measuring {} failed, see above", subject.name())));
    }
    let mut v: serde_json::Value =
        serde_json::from_slice(&ended.stdout).map_err(|e| internal(&e))?;
    serde_json::from_value(v["curves"].take()).map_err(|e| internal(&e))
}

/// Whether the shape is the one it should have, or better.
fn is_as_stated(curve: &Curve, fit: &Fit) -> bool {
    fit.shape() <= curve.stated
}

fn text(curves: &[Curve], missing: &[&str]) -> String {
    let mut out = String::new();
    for c in curves {
        let _ = writeln!(
            out,
            "{}: {}\n{:>16} {:>14} {:>14} {:>14}",
            c.subject.name(),
            c.title,
            c.of,
            c.unit,
            "lowest",
            "highest"
        );
        for p in &c.points {
            let _ = writeln!(out, "{:>16} {:>14.1} {:>14.1} {:>14.1}", p.n, p.at, p.lo, p.hi);
        }
        let verdict = c.fit().map_or("too few points to say".to_owned(), |fit| {
            format!(
                "{}: exponent {:.2}, at the end {:.2}; stated: {}{}",
                fit.shape().name(),
                fit.all,
                fit.end,
                c.stated.name(),
                if is_as_stated(c, &fit) { "" } else { ", NOT so here" }
            )
        });
        let _ = writeln!(out, "  {verdict}\n");
    }
    let _ = writeln!(
        out,
        "cost ~ n^exponent; the larger of the two below {}: flat, below {}: linear",
        BOUNDS.0, BOUNDS.1
    );
    if !missing.is_empty() {
        let _ =
            writeln!(out, "ended before its time, as asked; not measured: {}", missing.join(", "));
    }
    out
}

fn csv(curves: &[Curve]) -> String {
    let mut out = "subject,title,of,n,unit,median,lowest,highest\n".to_owned();
    for c in curves {
        for p in &c.points {
            let _ = writeln!(
                out,
                "{},\"{}\",{},{},{},{},{},{}",
                c.subject.name(),
                c.title,
                c.of,
                p.n,
                c.unit,
                p.at,
                p.lo,
                p.hi
            );
        }
    }
    out
}

fn json(curves: &[Curve], missing: &[&str]) -> serde_json::Value {
    let curve = |c: &Curve| {
        let fit = c.fit();
        let mut v = serde_json::json!(c);
        v["verdict"] = serde_json::json!(fit.map(|f| f.shape()));
        v["exponent"] = serde_json::json!(fit.map(|f| f.all));
        v["exponent_at_the_end"] = serde_json::json!(fit.map(|f| f.end));
        v["as_stated"] = serde_json::json!(fit.map(|f| is_as_stated(c, &f)));
        v
    };
    serde_json::json!({
        "measured": "growth", "flat_below": BOUNDS.0, "linear_below": BOUNDS.1,
        "curves": curves.iter().map(curve).collect::<Vec<_>>(), "missing": missing,
    })
}
