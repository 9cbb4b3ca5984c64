//! `papermaker record`: the raw feed into a `.frames.gz`, without quoting.
//!
//! In: options. Out: a recording, progress, a count. Cold path: it starts the threads and waits.
//!
//! 1. Connection, subscriptions and heartbeats are those of a run; the engine has no coins.

use std::path::PathBuf;

use clap::Args;

use super::common::names;
use super::exit::{Failure, Result};
use super::place::Where;
use super::threads::{Ended, Files, Threads};
use super::{Common, say, stop_at_signal, summary, threads};
use crate::app::config::ConfigOf;
use crate::app::live::Idle;
use crate::app::status::Status;
use crate::app::turn::Turn;
use crate::engine::Components;
use crate::folder::{Holds, Output};
use crate::record::StopReason;
use crate::units::Ns;

/// Looks at the status between two lines of progress: five seconds.
const LOOKS_PER_LINE: u32 = 100;

#[derive(Debug, Default, Args)]
pub(super) struct Options {
    /// The recording to write, mostly `*.frames.gz`; must not exist yet.
    file: PathBuf,
    #[command(flatten)]
    place: Where,
}

pub(super) fn run<C: Components>(o: &Options, mut config: ConfigOf<C>, common: &Common) -> Result {
    Output::may(&o.file, &[], false)?;
    Holds::RECORDING.named(&o.file)?;
    let place = o.place.place(&mut config, "hyperliquid")?;
    let (coins, note) = o.place.coins(&config, &place)?;
    let stop = stop_at_signal();
    let name = o.file.display();
    // Not aside: what a killed recorder leaves is worth having.
    let file = std::fs::File::create_new(&o.file)
        .map_err(|e| Failure::disk(format!("cannot create {name}: {e}")))?;
    let turn = Turn::listening(config.run.feed(), &config.engine, &coins)
        .map_err(|e| Failure::usage(format!("the list of coins: {e}")))?;
    let tell = |text: &str| {
        if !common.json {
            say(text);
        }
    };
    let length = place.length_ns.map_or("until Ctrl-C or SIGTERM".to_owned(), |ns| {
        format!("{} s of the market, or until Ctrl-C", ns / Ns::SEC)
    });
    tell(&format!(
        "papermaker {} records {} from {}\nfile     {name}\nlength   {length}\n",
        env!("CARGO_PKG_VERSION"),
        names(&coins),
        place.url
    ));
    tell(&note.map_or(String::new(), |n| format!("note     {n}\n")));
    let files = Files {
        journal: None,
        recording: Some(file),
        latency_log: None,
        keeper: None,
        sockets: config.run.connections(coins.len()),
        goes_on: None,
    };
    let idle = if o.place.busy_poll { Idle::Polls(None) } else { Idle::Sleeps };
    let threads = Threads::start(&place, turn, files, idle, &stop)?;
    let mut looks = 0u32;
    let progress = |s: &Status| {
        looks += 1;
        if looks.is_multiple_of(LOOKS_PER_LINE) {
            tell(&line(s));
        }
    };
    let void = |s: &Status| {
        s.recording_failed.then(|| "the recording cannot be written any more, ending".to_owned())
    };
    threads.watch(progress, void, tell);
    let ended = threads.join()?;
    show(o, &ended, common);
    if let Some(why) = ended.refused {
        return Err(Failure::venue(why));
    }
    if ended.ending.status.recording_failed {
        return Err(Failure::disk(format!("{name} could not be written to its end; is it full?")));
    }
    Ok(())
}

fn line(s: &Status) -> String {
    let seconds = Ns::seconds(s.at.since(s.began));
    let up = s.link.is_some_and(|l| l.value.up);
    let stale = summary::stale_anywhere(s);
    format!(
        "{seconds:>7.0} s  {} frames, link {}{stale}\n",
        s.frames.0,
        if up { "up" } else { "down" }
    )
}

fn show(o: &Options, e: &Ended, common: &Common) {
    let c = &e.counters;
    let reason = if e.ending.status.recording_failed { StopReason::Failed } else { e.reason };
    if common.json {
        let v = serde_json::json!({
            "file": o.file.display().to_string(), "frames": e.ending.status.frames.0, "frames_lost": e.ending.status.frames.1,
            "lost_links": e.lost_links, "prints": c.prints, "histories": c.histories,
            "gaps": c.gaps, "rejected": c.rejects(), "feed": summary::feed_json(c), "ping": e.ping,
            "set_aside": e.set_aside, "given_up": e.given_up, "ended": reason.text(),
        });
        say(&format!("{v}\n"));
        return;
    }
    say(&format!(
        "frames   {} recorded, {} lost\nfeed     {} prints, {} histories ({} with a gap), {} \
         rejected{}, {} links lost\n{}{}{}{}ended    {}\nfile     {}; put it through the engine with: \
         papermaker replay {}\n",
        e.ending.status.frames.0,
        e.ending.status.frames.1,
        c.prints,
        c.histories,
        c.gaps,
        c.rejects(),
        summary::reasons(c),
        e.lost_links,
        e.given_up.concat(),
        e.set_aside.iter().map(|c| threads::set_aside(c)).collect::<String>(),
        e.ping.map_or_else(String::new, |p| p.text()),
        e.cadence,
        reason.of_run(true),
        o.file.display(),
        o.file.display(),
    ));
}
