//! Whether a run is well: what a supervisor asks.
//!
//! In: a [`Snapshot`]. Out: [`Verdict`]. Cold path.
//!
//! 1. Not quoting is not ill: a guard that holds the ladder back does its job. Ill is what a
//!    person or a restart has to mend.

use super::snapshot::Snapshot;
use crate::telemetry::clocks;
use crate::telemetry::counters::Counter;

/// Real seconds without a record after which the run counts as stuck: one comes every second.
const SILENT_S: f64 = 10.0;
/// Real seconds a link may be down: the ordinary reconnects are over by then.
const DOWN_S: f64 = 60.0;

/// Prints from which on late ones are judged: more than one of a hundred is too many.
const LATE_OF: u64 = 1_000;

/// The answer: empty is well, else every reason why not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Reasons, a line each.
    pub reasons: Vec<String>,
    /// What is worth knowing and hurts nothing, a line each.
    pub notes: Vec<String>,
}

impl Verdict {
    /// Whether all is well.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The answer's text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text: String = self.reasons.iter().map(|r| format!("degraded: {r}\n")).collect();
        if self.is_ok() {
            text.push_str("ok\n");
        }
        self.notes.iter().for_each(|n| text.push_str(&format!("note: {n}\n")));
        text
    }
}

/// Judges a run.
#[must_use]
pub fn judge(s: &Snapshot) -> Verdict {
    let st = &s.status;
    let mut reasons = Vec::new();
    if let Some(why) = &s.failed {
        reasons.push(format!("the journal failed ({why}); free the disk and restart"));
    }
    if st.recording_failed {
        reasons.push("recording raw frames failed; this run cannot be replayed".into());
    }
    if st.ended {
        reasons.push("the run has ended".into());
    } else if st.start.is_none() {
        if s.uptime_s() > DOWN_S {
            let tries = st.counters.value(Counter::ConnectFailed);
            reasons.push(format!("no connection to the venue yet, {tries} attempts failed"));
        }
    } else {
        let silent = s.age_s(st.at);
        // While the link is down, no time passes for the engine.
        if silent > SILENT_S && st.link.is_some_and(|l| l.value.up) {
            reasons.push(format!("no record for {silent:.0} s: a thread is stuck"));
        }
        if let Some(link) = st.link.filter(|l| !l.value.up) {
            let down = s.age_s(link.at);
            if down > DOWN_S {
                reasons.push(format!("the link is down for {down:.0} s"));
            }
        }
    }
    for c in &st.coins {
        if let (true, Some(name)) = (c.is_set_aside(), c.name()) {
            reasons.push(format!("{name}: set aside, its subscription ended link after link"));
        }
        if let (Some(late), Some(name)) = (c.late, c.name())
            && c.prints >= LATE_OF
            && late.prints * 100 > c.prints
        {
            let (late, all) = (late.prints, c.prints);
            reasons.push(format!(
                "{name}: {late} of {all} prints came later than fills wait for; see engine.sim.hold_ms"
            ));
        }
        if let (Some(latch), Some(name)) = (c.latch, c.name()) {
            reasons.push(format!("{name}: {}; quoting stays off", latch.value.guard.sentence()));
        }
    }
    let notes = st.clocks.as_ref().map(clocks::notes).unwrap_or_default();
    Verdict { reasons, notes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::status::{Since, Status};
    use crate::ops::snapshot::Session;
    use crate::record::{LinkChange, Start};
    use crate::units::Ns;

    fn snapshot(now_s: i64, edit: impl Fn(&mut Status)) -> Snapshot {
        let start = Start { format: 2, config: [0; 2], seed: 0, coins: 0 };
        let link = Since { value: LinkChange { up: true, opened: 1 }, at: Ns(0) };
        let mut status = Status {
            start: Some(start),
            link: Some(link),
            at: Ns(100 * Ns::SEC),
            ..Status::default()
        };
        edit(&mut status);
        let session = Session { speed: 1, ..Session::default() };
        Snapshot::new(session, Ns(now_s * Ns::SEC), status)
    }

    #[test]
    fn each_illness_has_its_reason() {
        assert!(judge(&snapshot(101, |_| {})).is_ok());
        let of = |s: Snapshot| judge(&s).text();
        assert!(of(snapshot(120, |_| {})).contains("no record for 20 s"));
        let down = |s: &mut Status| {
            s.link = Some(Since { value: LinkChange { up: false, opened: 1 }, at: Ns(0) });
        };
        assert!(of(snapshot(101, down)).contains("link is down for 101 s"));
        assert!(of(snapshot(101, |s| s.ended = true)).contains("ended"));
        assert!(of(snapshot(101, |s| s.recording_failed = true)).contains("recording"));
        assert_eq!(of(snapshot(30, |s| s.start = None)), "ok\n");
        assert!(of(snapshot(61, |s| s.start = None)).contains("no connection"));
    }
}
