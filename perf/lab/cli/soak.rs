//! `papermaker-lab soak`: a line an interval, a summary, a verdict.
//!
//! In: options. Out: text or one JSON object; exit code 1 where a bound was exceeded. Cold path.

use clap::Args;

use crate::app::config::Config;
use crate::bench::rig::Idling;
use crate::cli::bench::seconds;
use crate::cli::exit::{Code, Failure};
use crate::cli::{Common, say, stop_at_signal};
use crate::lab::soak::{self, Drops, Report, Row, Wanted};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// How long, in minutes; fractions are allowed.
    #[arg(long, value_name = "M", default_value = "1", value_parser = length)]
    minutes: u64,
    /// Frames a second. A feed of four coins brings about 35.
    #[arg(long, value_name = "FRAMES_PER_S", default_value_t = 350)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Wait in the system for the next frame instead of polling without rest.
    #[arg(long)]
    wait: bool,
}

/// Longest soak, minutes: a month.
const MOST_MINUTES: f64 = 43_200.0;

/// Minutes as nanoseconds.
fn length(text: &str) -> Result<u64, String> {
    let minutes: f64 = text.parse().map_err(|_| "write minutes as a number".to_owned())?;
    if !(0.01..=MOST_MINUTES).contains(&minutes) {
        return Err(format!("0.01 to {MOST_MINUTES} minutes"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds")]
    let ns = (minutes * 60e9) as u64;
    Ok(ns)
}

pub(super) fn run(o: &Options, config: &Config, common: &Common) -> Result<(), Failure> {
    let stop = stop_at_signal();
    let idling = if o.wait { Idling::Sleeps } else { Idling::Rehearses };
    let wanted = Wanted { length_ns: o.minutes, rate: o.rate, idling };
    let tell = |text: &str| {
        if !common.json {
            say(text);
        }
    };
    tell(&format!(
        "soak of {:.1} s at {} frames a second, {}, after a warm-up; Ctrl-C ends it sooner\n{HEAD}\n",
        seconds(wanted.length_ns),
        wanted.rate,
        wanted.idling.name(),
    ));
    let report = soak::run(config, wanted, &stop, |row| tell(&line(row)))
        .map_err(|e| Failure::disk(format!("the soak failed: {e}")))?;
    let exceeded = report.exceeded();
    say(&if common.json {
        format!("{}\n", json(&report, wanted, &exceeded))
    } else {
        text(&report, &exceeded)
    });
    if exceeded.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(Code::Check, format!("the soak: {}", exceeded.join("; "))))
    }
}

const HEAD: &str =
    "     time     frames    records  resident   minor  major  max turn      p50      p99  dropped   open
        s                              kB  faults faults        µs       µs       µs           files";

fn micros(ns: u64) -> f64 {
    seconds(ns) * 1e6
}

fn line(r: &Row) -> String {
    let Drops { records, raw, .. } = r.dropped;
    format!(
        "{:>9.1} {:>10} {:>10} {:>9} {:>7} {:>6} {:>9.1} {:>8.1} {:>8.1} {:>8} {:>6}\n",
        seconds(r.elapsed_ns),
        r.frames,
        r.records,
        r.resident_kb,
        r.faults.0,
        r.faults.1,
        micros(r.longest_ns),
        micros(r.whole.p50),
        micros(r.whole.p99),
        records + raw,
        r.descriptors,
    )
}

fn text(r: &Report, exceeded: &[String]) -> String {
    let (minor, major) = r.faults();
    let (before, after) = r.descriptors();
    let Drops { records, raw, laps } = r.dropped;
    let memory = r.memory.map_or("too short to say".to_owned(), |(slope, most)| {
        format!("{slope:+.0} kB a minute over the second half, at most {most:.0}")
    });
    let verdict = if exceeded.is_empty() { "ok".to_owned() } else { exceeded.join("; ") };
    format!(
        "\n{}frames   {} sent, {} taken; {} records, {:.1} MB of journal; {} links lost\n\
         dropped  {records} records, {raw} raw frames, {laps} laps\n\
         turns    longest {:.1} µs after the warm-up; hot {}\n\
         whole    p50 {:.1}, p99 {:.1}, p99.9 {:.1} µs\n\
         memory   {memory}; {minor} minor and {major} major faults\n\
         files    {before} open after the warm-up, {after} at the end\n\
         soak: {verdict}\n",
        if r.interrupted { "ended    before its time, as asked\n" } else { "" },
        r.frames.0,
        r.frames.1,
        r.records,
        seconds(r.journal_bytes) * 1e3,
        r.lost_links,
        micros(r.longest_ns()),
        r.pinned,
        micros(r.whole.p50),
        micros(r.whole.p99),
        micros(r.whole.p999),
    )
}

fn json(r: &Report, wanted: Wanted, exceeded: &[String]) -> serde_json::Value {
    let dropped =
        |d: Drops| serde_json::json!({ "records": d.records, "raw": d.raw, "laps": d.laps });
    let rows: Vec<_> = r
        .rows
        .iter()
        .map(|r| {
            serde_json::json!({
                "elapsed_ns": r.elapsed_ns, "frames": r.frames, "records": r.records,
                "resident_kb": r.resident_kb, "minor_faults": r.faults.0,
                "major_faults": r.faults.1, "turn_ns_max": r.longest_ns,
                "whole_ns": r.whole, "dropped": dropped(r.dropped),
                "descriptors": r.descriptors,
            })
        })
        .collect();
    let (before, after) = r.descriptors();
    serde_json::json!({
        "measured": "soak", "length_ns": wanted.length_ns, "rate": wanted.rate,
        "idling": wanted.idling.name(), "interrupted": r.interrupted, "rows": rows,
        "sent": r.frames.0, "taken": r.frames.1, "records": r.records,
        "dropped": dropped(r.dropped), "lost_links": r.lost_links,
        "journal_bytes": r.journal_bytes, "turn_ns_max": r.longest_ns(),
        "whole_ns": r.whole,
        "resident_kb_per_minute": r.memory.map(|m| m.0),
        "resident_kb_per_minute_most": r.memory.map(|m| m.1),
        "minor_faults": r.faults().0, "major_faults": r.faults().1,
        "descriptors": [before, after], "exceeded": exceeded, "ok": exceeded.is_empty(),
    })
}
