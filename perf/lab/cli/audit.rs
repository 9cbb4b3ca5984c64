//! `papermaker-lab audit`: the audit of the fill models as one picture.
//!
//! In: the options of `papermaker audit fills`, a file name. Out: an SVG file. Cold path.

use std::path::PathBuf;

use clap::Args;

use super::common::write;
use crate::app::config::Config;
use crate::cli::audit::{Fills, Findings};
use crate::cli::exit::Failure;
use crate::lab::plot::audit::svg;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    fills: Fills,
    /// File to draw calibration and bias into (SVG).
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(o: &Options, config: &Config) -> Result<(), Failure> {
    let found = Findings::make(&o.fills, config, |_| Ok(()));
    let names: Vec<&str> = found.plan.contenders.iter().map(|c| c.name.as_str()).collect();
    write(&o.out, &svg(&names, &found.scores, &found.bins))
}
