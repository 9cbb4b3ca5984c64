//! `papermaker run --resume RUN`: a run that ended or was killed goes on in its folder.
//!
//! In: the run's folder. Out: what the threads of a run need, as if it had never ended. Cold path.
//!
//! 1. Coins are the run's own, and so are the settings, with a named file and assignments laid over
//!    them: what decides cannot be changed on the way, what does not takes effect.

use std::path::Path;

use super::common::{info, lock, specs, write_info};
use super::exit::{Failure, Result};
use super::place::Where;
use super::threads::{Files, Prepared, idle, keeper};
use super::{Common, say, stop_at_signal};
use crate::app::config::{Change, ConfigOf};
use crate::app::resume::{Fault, ResumeSummary, Resumed, resume};
use crate::engine::Components;
use crate::folder::RunFolder;
use crate::settings::ConfigError;
use crate::sys::clock::SessionClock;
use crate::units::Ns;

/// Brings the run in `path` to where it goes on, under `whole` settings or its own and those given.
pub(super) fn begin<C: Components>(
    path: &Path,
    to: &Where,
    common: &Common,
    whole: Option<ConfigOf<C>>,
) -> Result<Prepared<C>> {
    let name = path.display();
    let run = RunFolder::at(path);
    let mut info = info(path)?;
    if info.version != env!("CARGO_PKG_VERSION") {
        let text = format!("{name} was written by version {}; resume it with that", info.version);
        return Err(Failure::usage(text));
    }
    let (mut config, changed) = settings::<C>(&run, common, whole)?;
    let coins = specs(&info)?;
    let venue = info.venue.clone().ok_or_else(|| {
        Failure::usage(format!("{name} is a replay; it has its end, and cannot be resumed"))
    })?;
    let mut place = to.place(&mut config, &venue)?;
    if place.exchange.is_some() {
        let text = "the embedded exchange ended with the run that started it: only a run on a venue can \
                    be resumed, also on one of `papermaker venue`";
        return Err(Failure::usage(text));
    }
    let folder = lock(&run)?;
    let options = config.journal(config.hash(&coins));
    if !common.json {
        say(&format!("resuming {name}: its recording goes through the engine once more\n"));
    }
    let started = place.clock.mono_ns();
    // A wall clock that was set back must not take the session's time with it.
    let clock = |last: Ns| {
        if place.clock.now() < last {
            place.clock = SessionClock::start_at(last, 1);
        }
        place.clock.now()
    };
    let again = resume(folder, options, &config, &coins, clock).map_err(|e| refused(path, &e))?;
    let Resumed { turn, journal, recording, segment, next, digest, status, summary } = again;
    let took = place.clock.mono_ns().saturating_sub(started);
    info.end = None;
    info.bounded = config.run.bound().bytes.is_some();
    write_info(&run, &info)?;
    let log = run.latencies(segment);
    let log = (std::fs::File::options().append(true).create(true).open(&log))
        .map_err(|e| Failure::unwritten(&log, e))?;
    let files = Files {
        keeper: Some(keeper(&run, &config).at(segment)),
        journal: Some(journal),
        recording: Some(recording),
        latency_log: Some(log),
        sockets: config.run.connections(coins.len()),
        goes_on: Some((next, digest, status)),
    };
    let idle = idle(to.busy_poll, &config, &coins);
    Ok(Prepared {
        behind: None,
        run,
        place,
        coins,
        files,
        turn,
        idle,
        info,
        config,
        note: Some(note(&summary, took, &changed)),
        stop: stop_at_signal(),
    })
}

/// The settings of the run with what is given now laid over them, and what differs from before.
fn settings<C: Components>(
    run: &RunFolder,
    common: &Common,
    whole: Option<ConfigOf<C>>,
) -> Result<(ConfigOf<C>, Vec<Change>)> {
    let usage = |e: ConfigError| Failure::usage(e.to_string());
    let was = ConfigOf::<C>::load(Some(&run.settings()), &[]).map_err(usage)?;
    let now = match whole {
        Some(config) => config,
        None => was.with(common.config.as_deref(), &common.sets()).map_err(usage)?,
    };
    let changes = was.changes(&now).map_err(usage)?;
    let (deciding, others): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|c| c.decides);
    if !deciding.is_empty() {
        return Err(Failure::usage(format!(
            "cannot resume {}: its decisions depend on what was changed: {}; start a new run for that",
            run.path().display(),
            listed(&deciding)
        )));
    }
    Ok((now, others))
}

fn listed(changes: &[Change]) -> String {
    changes.iter().map(Change::to_string).collect::<Vec<_>>().join(", ")
}

/// What was done to resume, as a line.
fn note(t: &ResumeSummary, took_ns: u64, changed: &[Change]) -> String {
    let s = |ns: u64| std::time::Duration::from_millis(ns / 1_000_000).as_secs_f64();
    let pause = s(t.pause_ns.unsigned_abs());
    let mut out = format!(
        "resumed after {pause:.0} s without a link: {} frames replayed in {:.1} s",
        t.frames,
        s(took_ns)
    );
    if t.taken_back > 0 {
        out.push_str(&format!("; {} records of frames not recorded taken back", t.taken_back));
    }
    if t.added > 0 {
        out.push_str(&format!("; {} records added that the journal lacked", t.added));
    }
    if !changed.is_empty() {
        out.push_str(&format!("; changed settings: {}", listed(changed)));
    }
    out
}

fn refused(path: &Path, fault: &Fault) -> Failure {
    let text = format!("cannot resume {}: {fault}", path.display());
    match fault {
        Fault::Disk(_) | Fault::Failed(_) => Failure::disk(text),
        Fault::Config | Fault::NoBeginning | Fault::NoState(_) | Fault::Empty => {
            Failure::usage(text)
        }
        _ => Failure::input(text),
    }
}
