//! How far a command has come: done, rate and time left, on standard error.
//!
//! In: a meter of bytes read or what is counted, and how many there are. Out: a line that is written over on a terminal,
//! one every ten seconds elsewhere. Cold path, on a thread of its own.
//!
//! 1. Nothing is shown of what ends within two seconds.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use super::options::is_quiet;
use crate::folder::recording::Meter;
use crate::limits::{PROGRESS_AFTER_NS, PROGRESS_EVERY_MS, PROGRESS_LINE_NS};
use crate::sys::clock::SessionClock;
use crate::units::Ns;

/// Shows progress until it is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    thread: Option<(Sender<()>, JoinHandle<()>)>,
    /// Done, and how much there is, where it is counted here.
    counted: Arc<[AtomicU64; 2]>,
}

impl Progress {
    /// Shows how much of `total` bytes `meter` has counted.
    pub(super) fn of(what: &str, total: u64, meter: &Meter) -> Progress {
        let meter = meter.clone();
        Progress::start(what, "MB", move |_| (meter.bytes(), total))
    }

    /// Shows what [`Progress::at`] says, in this unit.
    pub(super) fn counted(what: &str, unit: &'static str) -> Progress {
        Progress::start(what, unit, |c| (c[0].load(Relaxed), c[1].load(Relaxed)))
    }

    /// So much is done, of so much.
    pub(super) fn at(&self, done: u64, of: u64) {
        self.counted[1].store(of, Relaxed);
        self.counted[0].store(done, Relaxed);
    }

    fn start(
        what: &str,
        unit: &'static str,
        read: impl Fn(&[AtomicU64; 2]) -> (u64, u64) + Send + 'static,
    ) -> Progress {
        let (end, ended) = mpsc::channel::<()>();
        let what = what.to_owned();
        let counted: Arc<[AtomicU64; 2]> = Arc::default();
        let theirs = Arc::clone(&counted);
        let show = move || {
            let clock = SessionClock::start(1);
            let terminal = std::io::stderr().is_terminal();
            let every = Duration::from_millis(PROGRESS_EVERY_MS);
            let (mut shown, mut last) = (false, 0);
            while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let now = i64::try_from(clock.mono_ns()).unwrap_or(i64::MAX);
                if now < PROGRESS_AFTER_NS || (!terminal && shown && now - last < PROGRESS_LINE_NS)
                {
                    continue;
                }
                (shown, last) = (true, now);
                let line = line(&what, unit, read(&theirs), now);
                let (before, after) = if terminal { ("\r\x1b[K", "") } else { ("", "\n") };
                let mut err = std::io::stderr().lock();
                let _ = write!(err, "{before}{line}{after}").and_then(|()| err.flush());
            }
            if shown && terminal {
                let _ = write!(std::io::stderr(), "\r\x1b[K");
            }
        };
        let thread = (!is_quiet())
            .then(|| std::thread::Builder::new().name("progress".into()).spawn(show).ok());
        Progress { thread: thread.flatten().map(|t| (end, t)), counted }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.thread.take() {
            drop(end);
            let _ = thread.join();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn line(what: &str, unit: &str, (done, total): (u64, u64), took_ns: i64) -> String {
    let share = (done as f64 / total.max(1) as f64).clamp(0.0, 1.0);
    let took = Ns::seconds(took_ns);
    let far = match unit {
        "MB" => format!("{:.1} MB/s", done as f64 * 1e-6 / took),
        unit => format!("{done} of {total} {unit}"),
    };
    let left = if share > 0.0 { took / share - took } else { f64::INFINITY };
    let left = match left {
        s if s.is_infinite() => "time left unknown".to_owned(),
        s if s >= 5_400.0 => format!("{:.1} h left", s / 3_600.0),
        s if s >= 90.0 => format!("{:.0} min left", s / 60.0),
        s => format!("{s:.0} s left"),
    };
    format!("papermaker: {what}: {:.0} %, {far}, {left}", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_how_fast_and_how_long() {
        let of = |unit, done, s: i64| line("sweep", unit, (done, 100_000_000), s * Ns::SEC);
        let line = |done, s| of("MB", done, s);
        assert_eq!(line(25_000_000, 10), "papermaker: sweep: 25 %, 2.5 MB/s, 30 s left");
        assert_eq!(line(1_000_000, 10), "papermaker: sweep: 1 %, 0.1 MB/s, 16 min left");
        assert_eq!(line(0, 10), "papermaker: sweep: 0 %, 0.0 MB/s, time left unknown");
        let books = "papermaker: sweep: 50 %, 50000000 of 100000000 books, 9 s left";
        assert_eq!(of("books", 50_000_000, 9), books);
    }
}
