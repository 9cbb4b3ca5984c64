//! `papermaker config init|check|print`.
//!
//! In: configuration layers. Out: TOML text, or what is wrong. Cold path.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit::Failure;
use super::say;
use crate::app::config::Config;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a file with every setting at its default.
    Init {
        /// Where to; must not exist yet.
        #[arg(default_value = "papermaker.toml")]
        file: PathBuf,
    },
    /// Check file and overrides; say nothing but `ok`.
    Check,
    /// Print the configuration in force.
    Print,
}

pub(super) fn run(o: &Options, load: &dyn Fn() -> Result<Config, Failure>) -> Result<(), Failure> {
    let text = |c: &Config| c.to_toml().map_err(|e| Failure::usage(e.to_string()));
    match &o.what {
        What::Init { file } => {
            use std::io::Write as _;
            let text = text(&Config::default())?;
            let name = file.display();
            let mut f = std::fs::File::create_new(file)
                .map_err(|e| Failure::disk(format!("cannot create {name}: {e}")))?;
            f.write_all(text.as_bytes())
                .map_err(|e| Failure::disk(format!("cannot write {name}: {e}")))?;
            say(&format!("wrote {name}; use it with --config {name}\n"));
        }
        What::Check => {
            load()?;
            say("ok\n");
        }
        What::Print => say(&text(&load()?)?),
    }
    Ok(())
}
