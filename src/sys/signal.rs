//! The wish to stop: SIGINT, SIGTERM and SIGHUP; and signals that must not kill.
//!
//! In: signals. Out: a flag. Hot path: reading the flag is one relaxed load.
//!
//! 1. The first signal raises the flag; the run then ends in order.
//! 2. A further one, once the flag is armed, ends the process at once, with status 128 plus its
//!    number. It is armed a moment after the first signal: process managers and shells send one
//!    wish twice, to the process and to its group.
//! 3. A file over the size limit (SIGXFSZ) is an error of the write, as a full disk is.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::limits::LOOK;

/// In place of a signal's number: the wish came from within.
const WITHIN: usize = usize::MAX;

/// The flag that a signal raises; the default one is raised by none, for runs that end by themselves.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// The signal, 0: none.
    asked: Arc<AtomicUsize>,
    armed: Arc<AtomicBool>,
}

impl Stop {
    /// A flag raised by SIGINT, SIGTERM and, unless `nohup` or the like had it ignored, SIGHUP.
    ///
    /// # Errors
    /// If the operating system does not let the handlers be installed.
    pub fn on_signals() -> io::Result<Stop> {
        let stop = Stop::default();
        let ends = [SIGINT, SIGTERM, SIGHUP];
        for signal in ends.into_iter().filter(|s| *s != SIGHUP || !is_ignored(SIGHUP)) {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop.armed))?;
            let number = usize::try_from(signal).unwrap_or(WITHIN);
            flag::register_usize(signal, Arc::clone(&stop.asked), number)?;
        }
        // A handler, whatever it does, lets the write return its error.
        flag::register(SIGXFSZ, Arc::default())?;
        Ok(stop)
    }

    /// Gives the first signal to `ask`, and to `end` where that says no, as every further one.
    ///
    /// # Errors
    /// If the operating system gives no handler or no thread.
    pub fn end_on_signals(ask: fn(i32) -> bool, end: fn(i32) -> !) -> io::Result<()> {
        let ends = [SIGINT, SIGTERM, SIGHUP].into_iter();
        let mut signals = Signals::new(ends.filter(|s| *s != SIGHUP || !is_ignored(SIGHUP)))?;
        flag::register(SIGXFSZ, Arc::default())?;
        let look = move || {
            loop {
                let Some(signal) = signals.wait().next() else { continue };
                if !ask(signal) {
                    end(signal);
                }
                // One wish that was sent twice.
                std::thread::sleep(2 * LOOK);
                signals.pending().for_each(drop);
            }
        };
        std::thread::Builder::new().name("signals".into()).spawn(look).map(|_| ())
    }

    /// Whether the run should end.
    #[inline]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) != 0
    }

    /// The signal that asked last; none where it was asked from within.
    pub fn signal(&self) -> Option<i32> {
        i32::try_from(self.asked.load(Ordering::Relaxed)).ok().filter(|signal| *signal > 0)
    }

    /// From now on a signal ends the process at once.
    pub fn arm(&self) {
        self.armed.store(true, Ordering::Relaxed);
    }

    /// Raises the flag from within.
    pub fn ask(&self) {
        self.asked.store(WITHIN, Ordering::Relaxed);
    }
}

/// Whether this process was started with a signal ignored; where the system does not say, it was not.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_raises_the_flag() {
        let stop = Stop::on_signals().unwrap();
        assert!(!stop.is_asked());
        signal_hook::low_level::raise(SIGTERM).unwrap();
        signal_hook::low_level::raise(SIGTERM).unwrap();
        assert!(stop.is_asked(), "and this process still lives");
        assert_eq!(stop.signal(), Some(SIGTERM));
        let other = Stop::default();
        assert!(!other.is_asked());
        other.clone().ask();
        assert!(other.is_asked() && other.signal().is_none());
    }
}
