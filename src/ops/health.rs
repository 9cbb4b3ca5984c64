//! Whether a run is well: what a supervisor asks.
//!
//! In: a [`Snapshot`]. Out: [`Verdict`]. Cold path.
//!
//! 1. A guard that holds the ladder back does its job, and a strategy that declines decides: neither is
//!    ill, however long. Ill is what a person or a restart has to mend.
//! 2. Each [`Cause`] has a rule in `alerts.yml`.

use super::snapshot::Snapshot;
use crate::app::status::CoinStatus;
use crate::limits::DISK_LOW;
use crate::record::Guard;
use crate::telemetry::clocks;
use crate::telemetry::counters::Counter;
use crate::units::words::words;

/// Real seconds without a record after which the run counts as stuck: one comes every second.
const SILENT_S: f64 = 10.0;
/// Real seconds a link may be down: the ordinary reconnects are over by then.
const DOWN_S: f64 = 60.0;
/// Real seconds without best prices and books of a coin: the full book comes every five and a half.
const NO_DATA_S: f64 = 60.0;
/// Real seconds without a quote for want of data or estimates; and with it by decision, for a note.
const IDLE_S: (f64, f64) = (600.0, 3_600.0);
/// Links lost of late that are too many: a venue that restarts costs one or two.
const LOST_OFTEN: u64 = 5;
/// Rejected frames of late that are too many where they are more than one of a hundred.
const REJECTS_OF: (u64, u64) = (10, 100);

/// Prints from which on late ones are judged: more than one of a hundred is too many.
const LATE_OF: u64 = 1_000;

words! {
    /// What can be wrong with a run.
    Cause {
        Journal / "journal" : "The journal failed: its disk is full or gone, or its folder was removed.",
        Recording / "recording" : "The raw frames are not recorded: the run cannot be verified by replay.",
        Disk / "disk" : "The disk is nearly full.",
        Dropped / "dropped" : "Records or frames found their queue full of late: the disk is too slow.",
        Ended / "ended" : "The run has ended.",
        Connect / "connect" : "There was no connection to the venue yet.",
        Stuck / "stuck" : "No records come: a thread is stuck.",
        Slow / "slow" : "The disk stands still: what comes waits in memory.",
        Link / "link" : "The link to the venue is down.",
        Relinks / "relinks" : "The link was lost too often of late.",
        Rejects / "rejects" : "Too many frames were rejected of late.",
        NoData / "no_data" : "A coin gets no best prices and no books.",
        SetAside / "set_aside" : "A coin is not subscribed: its subscription ended link after link.",
        NoQuote / "no_quote" : "A coin was not quoted for long, for want of a book, estimates or requests.",
        Late / "late" : "Too many prints came later than fills wait for.",
        Latched / "latched" : "A limit of a coin latched: quoting it stays off.",
        Budget / "budget" : "The account's budget of requests is nearly spent.",
        Clock / "clock" : "This machine's clock is more than a second off the venue's.",
    }
}

/// The answer: empty is well, else every reason why not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Reasons: the cause, and a line.
    pub reasons: Vec<(Cause, String)>,
    /// What is worth knowing and hurts nothing, a line each.
    pub notes: Vec<String>,
}

impl Verdict {
    /// Whether all is well.
    pub fn is_ok(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Whether this is among the reasons.
    pub fn has(&self, cause: Cause) -> bool {
        self.reasons.iter().any(|r| r.0 == cause)
    }

    /// The answer's text.
    pub fn text(&self) -> String {
        let mut text: String =
            self.reasons.iter().map(|(_, r)| format!("degraded: {r}\n")).collect();
        if self.is_ok() {
            text.push_str("ok\n");
        }
        self.notes.iter().for_each(|n| text.push_str(&format!("note: {n}\n")));
        text
    }

    fn add(&mut self, cause: Cause, why: impl Into<String>) {
        self.reasons.push((cause, why.into()));
    }
}

/// Judges a run.
pub fn judge(s: &Snapshot) -> Verdict {
    let mut v = Verdict::default();
    files(&mut v, s);
    link(&mut v, s);
    for (c, name) in s.status.coins.iter().filter_map(|c| Some((c, c.name()?))) {
        coin(&mut v, s, c, &name);
    }
    if let Some(b) = s.status.requests.filter(|b| b.is_nearly_spent()) {
        v.add(Cause::Budget, b.short());
    }
    if let Some(c) = &s.status.clocks {
        if s.real_s(c.offset).abs() > clocks::SAID_S {
            v.add(Cause::Clock, clocks::offset(c, "this machine's"));
        }
        v.notes.extend(clocks::breaks(c));
    }
    v
}

/// What is written.
fn files(v: &mut Verdict, s: &Snapshot) {
    let st = &s.status;
    if let Some(why) = &s.failed {
        v.add(Cause::Journal, format!("the journal failed ({why}); free the disk and restart"));
    }
    if st.recording_failed {
        v.add(Cause::Recording, "recording raw frames failed; this run cannot be replayed");
    }
    if let Some(free) = st.free.filter(|f| *f < DISK_LOW) {
        v.add(Cause::Disk, format!("the disk has {} MB left; see --keep", free / 1_000_000));
    }
    if st.recent.dropped > 0 {
        let n = st.recent.dropped;
        v.add(
            Cause::Dropped,
            format!("{n} records or frames of late found their queue full: the disk is too slow"),
        );
    }
}

/// Threads and link.
fn link(v: &mut Verdict, s: &Snapshot) {
    let st = &s.status;
    if st.ended {
        return v.add(Cause::Ended, "the run has ended");
    }
    if st.start.is_none() {
        if s.uptime_s() > DOWN_S {
            let tries = st.counters.value(Counter::ConnectFailed);
            let why = format!("no connection to the venue yet, {tries} attempts failed");
            v.add(Cause::Connect, why);
        }
        return;
    }
    // While the link is down, no time passes for the engine.
    let silent = s.age_s(st.at);
    if silent > SILENT_S && st.link.is_some_and(|l| l.value.up) {
        match st.backlog {
            0 => v.add(Cause::Stuck, format!("no record for {silent:.0} s: a thread is stuck")),
            n => v.add(
                Cause::Slow,
                format!(
                    "no record for {silent:.0} s: the disk stands still, {} kB wait in memory and are lost with \
                     the process",
                    n / 1_000
                ),
            ),
        }
    }
    if let Some(link) = st.link.filter(|l| !l.value.up) {
        let down = s.age_s(link.at);
        if down > DOWN_S {
            v.add(Cause::Link, format!("the link is down for {down:.0} s"));
        }
    }
    let r = st.recent;
    let minutes = (s.real_s(r.span_ns) / 60.0).ceil();
    if r.lost > LOST_OFTEN {
        v.add(Cause::Relinks, format!("the link was lost {} times in {minutes} min", r.lost));
    }
    if r.rejects > REJECTS_OF.0 && r.rejects * REJECTS_OF.1 > r.frames {
        let (n, all) = (r.rejects, r.frames);
        let why = format!("{n} of {all} frames were rejected in {minutes} min; see the counters");
        v.add(Cause::Rejects, why);
    }
}

fn coin(v: &mut Verdict, s: &Snapshot, c: &CoinStatus, name: &str) {
    if let Some(x) = c.latch {
        let why = format!("{name}: {}; quoting stays off", x.value.guard.sentence());
        v.add(Cause::Latched, why);
    }
    if let Some(late) = c.late
        && c.prints >= LATE_OF
        && late.prints * 100 > c.prints
    {
        let (late, all) = (late.prints, c.prints);
        v.add(
            Cause::Late,
            format!(
                "{name}: {late} of {all} prints came later than fills wait for; see \
                 engine.sim.hold_ms"
            ),
        );
    }
    if c.is_set_aside() {
        let why = format!("{name}: set aside, its subscription ended link after link");
        return v.add(Cause::SetAside, why);
    }
    let Some(link) = s.status.link.filter(|l| l.value.up) else { return };
    let newest = c.feed.and_then(|f| f.ages[..3].iter().copied().filter(|a| *a >= 0).min());
    let silent = newest.map_or_else(|| s.age_s(link.at), |age| s.real_s(age));
    if c.feed.is_some() && silent > NO_DATA_S {
        v.add(Cause::NoData, format!("{name}: no best prices and no books for {silent:.0} s"));
    }
    let Some(idle) = c.idle.map(|at| s.age_s(at)) else { return };
    let lacking = c.guard.iter().find(|g| lacks(g.value)).map(|g| g.value);
    match lacking {
        Some(g) if idle > IDLE_S.0 => {
            let why = format!("{name}: not quoted for {idle:.0} s; {}", g.sentence());
            v.add(Cause::NoQuote, why);
        }
        None if idle > IDLE_S.1 => {
            let (hours, why) = (idle / 3_600.0, c.guard[0].value.sentence());
            v.notes.push(format!("{name}: not quoted for {hours:.1} h, by decision; {why}"));
        }
        _ => {}
    }
}

/// Whether what a quote needs is missing; else nobody wants one.
fn lacks(g: Guard) -> bool {
    matches!(
        g,
        Guard::NoBook
            | Guard::BookStale
            | Guard::BookCrossed
            | Guard::Gap
            | Guard::JournalBehind
            | Guard::NoEstimate
            | Guard::Requests
    )
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
