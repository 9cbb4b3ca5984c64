//! `papermaker doctor`: whether this machine suits a run, what each finding means, what to do.
//!
//! In: the machine, and the venue where it can be reached. Out: findings; exit code 1 where one
//! has to be mended. Cold path.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::Common;
use super::exit::{Failure, Result};
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::feed::meta;
use crate::limits::INFO_MS;
use crate::ops::doctor::{DiskFacts, Facts, Finding, Grade, Venue, examine, is_well};
use crate::sys::clock::{SessionClock, wall};
use crate::sys::pin::{Pin, pin};
use crate::sys::{info, machine, tls};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Venue to reach: `hyperliquid`, a `ws://` or `wss://` address, or `none`. Default:
    /// hyperliquid, and no fault where this machine is offline.
    #[arg(long, value_name = "VENUE")]
    venue: Option<String>,
}

pub(super) fn run<C: Components>(o: &Options, config: &ConfigOf<C>, common: &Common) -> Result {
    let facts = facts(o, Path::new(&config.run.folder))?;
    let findings = examine(&facts);
    let well = is_well(&findings);
    common.show(
        &serde_json::json!({ "ok": well, "findings": findings }),
        findings.iter().map(text).collect::<String>(),
    );
    if well {
        return Ok(());
    }
    let bad: Vec<&str> =
        findings.iter().filter(|f| f.grade == Grade::Bad).map(|f| f.check).collect();
    Err(Failure::check(format!("to be mended: {}", bad.join(", "))))
}

fn text(f: &Finding) -> String {
    let word = match f.grade {
        Grade::Ok => "ok",
        Grade::Note => "note",
        Grade::Bad => "BAD",
        Grade::Skipped => "skipped",
    };
    let mut out = format!("{word:<8} {:<10} {}\n{:20}{}\n", f.check, f.found, "", f.means);
    if !f.todo.is_empty() {
        out.push_str(&format!("{:20}to do: {}\n", "", f.todo));
    }
    out
}

fn facts(o: &Options, folder: &Path) -> Result<Facts> {
    // On a thread of its own: the pin must not stay with the probes.
    let pinned = std::thread::spawn(|| pin(Pin::Auto)).join();
    let pinned = pinned.map_err(|_| Failure::internal("a probe panicked"))?;
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    let core = format!("/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor", cores - 1);
    Ok(Facts {
        cores,
        isolated: machine::line("/sys/devices/system/cpu/isolated"),
        governor: machine::line(&core),
        pinned: (pinned.is_fulfilled(), pinned.to_string()),
        clock_source: machine::line(
            "/sys/devices/system/clocksource/clocksource0/current_clocksource",
        ),
        clock_read_ns: machine::clock_read_ns(),
        locked_bytes: Some(machine::locked_bytes()),
        swap_bytes: machine::swap_bytes(),
        open_files: Some(machine::open_files()),
        disk: disk(folder),
        venue: venue(o.venue.as_deref())?,
    })
}

/// Probes the nearest existing folder: runs make their own below it.
fn disk(folder: &Path) -> Result<DiskFacts, String> {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| PathBuf::from(folder));
    let there = whole.ancestors().find(|p| p.is_dir()).unwrap_or(&whole);
    let refused = |e: std::io::Error| format!("{}: {e}", there.display());
    let sync = machine::sync_time(there).map_err(refused)?;
    let free = machine::free_bytes(there).map_err(refused)?;
    Ok(DiskFacts { sync, free })
}

fn venue(wish: Option<&str>) -> Result<Venue> {
    let text = match wish {
        Some("none" | "embedded") => return Ok(Venue::NotAsked),
        None | Some("hyperliquid") => super::place::HYPERLIQUID,
        Some(other) => other,
    };
    let url = text.parse().map_err(|e| {
        Failure::usage(format!("--venue {text}: {e}; use hyperliquid, none or ws(s)://…"))
    })?;
    let tls = tls::client(None).map_err(|e| Failure::internal(format!("TLS: {e}")))?;
    let clock = SessionClock::start(1);
    let silent = |why: String| Venue::Silent(why, wish.is_some());
    Ok(match info::meta(&url, tls, INFO_MS, "") {
        Err(e) => silent(format!("no answer: {e}")),
        Ok(answer) => match meta::parse(answer.text.as_bytes()) {
            Err(e) => silent(format!("its list of coins cannot be read: {e}")),
            Ok(_) => {
                let took = Duration::from_nanos(clock.mono_ns());
                Venue::Answered { took, ahead_ns: answer.date.map(|date| wall().since(date)) }
            }
        },
    })
}
