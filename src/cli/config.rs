//! `papermaker config init|check|print|explain`.
//!
//! In: configuration layers, the table of settings. Out: TOML text, what a key is, or what is wrong.
//! Cold path.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::{Failure, Result};
use super::options::{Common, DEFAULT_FILE, say};
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::folder::{Holds, Output};
use crate::settings::{ConfigError, Room as _, commented, explain};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a file with every setting, what it is, its range, unit and default.
    Init {
        /// Where to; must not exist yet. `-` prints it.
        #[arg(default_value = DEFAULT_FILE)]
        file: PathBuf,
    },
    /// Check file and overrides; say nothing but `ok`.
    Check,
    /// Print the configuration in force.
    Print,
    /// Say what a setting is, or which settings a table has.
    Explain {
        /// A key such as `engine.quote.max_lots`, or a table such as `engine.quote`; without one, the
        /// tables there are.
        #[arg(default_value = "")]
        key: String,
    },
}

pub(super) fn run<C: Components>(o: &Options, common: &Common) -> Result {
    let usage = |e: ConfigError| Failure::usage(e.to_string());
    match &o.what {
        What::Init { file } => {
            let text =
                commented(&ConfigOf::<C>::section(), &ConfigOf::<C>::defaults().map_err(usage)?);
            if file.as_os_str() == "-" {
                say(&text);
                return Ok(());
            }
            init(file, &text)?;
        }
        What::Check => {
            common.load::<C>()?;
            common.show(&json!({ "ok": true }), "ok\n");
        }
        What::Print => {
            let all = common.load::<C>()?;
            common.show(&json!(all), all.to_toml().map_err(usage)?);
        }
        What::Explain { key } => {
            let default = ConfigOf::<C>::defaults().map_err(usage)?;
            say(&explain(&ConfigOf::<C>::section(), &default, key).map_err(usage)?);
        }
    }
    Ok(())
}

fn init(file: &std::path::Path, text: &str) -> Result {
    let name = file.display();
    Holds::SETTINGS.named(file)?;
    Output::may(file, &[], false).and_then(|()| Output::own(file))?.put(text.as_bytes())?;
    let found = file.as_os_str() == DEFAULT_FILE;
    let how = if found {
        "it is read by every command that is started here".to_owned()
    } else {
        format!("use it with --config {name}")
    };
    say(&format!("wrote {name}; {how}\n"));
    Ok(())
}
