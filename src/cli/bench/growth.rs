//! `papermaker bench growth`: a table a curve, with its verdict; CSV, a plot, JSON.
//!
//! In: options. Out: text, files. Cold path.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use crate::app::config::Config;
use crate::bench::growth::{self, BOUNDS, Curve, Fit, Subject};
use crate::cli::exit::{Code, Failure};
use crate::cli::experiment::{progress, write};
use crate::cli::{Common, say};

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
    let subjects = if o.only.is_empty() { &Subject::ALL[..] } else { &o.only };
    let bar = progress(growth::steps(subjects), "parts");
    let curves = growth::run(subjects, config, &mut || bar.inc(1));
    bar.finish_and_clear();
    let curves = curves.map_err(|e| Failure::disk(format!("the measurement failed: {e}")))?;
    say(&if common.json { format!("{}\n", json(&curves)) } else { text(&curves) });
    if let Some(path) = &o.csv {
        write(path, &csv(&curves))?;
    }
    if let Some(path) = &o.plot {
        let svg = growth::plot::svg(&curves).map_err(|e| Failure::new(Code::Internal, e))?;
        write(path, &svg)?;
    }
    Ok(())
}

/// Whether the shape is the one it should have, or better.
fn is_as_stated(curve: &Curve, fit: &Fit) -> bool {
    fit.shape() <= curve.stated
}

fn text(curves: &[Curve]) -> String {
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

fn json(curves: &[Curve]) -> serde_json::Value {
    let curve = |c: &Curve| {
        let (fit, points) = (c.fit(), c.points.iter());
        let points: Vec<_> = points
            .map(|p| serde_json::json!({ "n": p.n, "median": p.at, "lowest": p.lo, "highest": p.hi }))
            .collect();
        serde_json::json!({
            "subject": c.subject.name(), "title": c.title, "of": c.of, "unit": c.unit,
            "stated": c.stated.name(), "verdict": fit.map(|f| f.shape().name()),
            "exponent": fit.map(|f| f.all), "exponent_at_the_end": fit.map(|f| f.end),
            "as_stated": fit.map(|f| is_as_stated(c, &f)), "points": points,
        })
    };
    serde_json::json!({
        "measured": "growth", "flat_below": BOUNDS.0, "linear_below": BOUNDS.1,
        "curves": curves.iter().map(curve).collect::<Vec<_>>(),
    })
}
