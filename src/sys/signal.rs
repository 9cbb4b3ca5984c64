//! The wish to stop: SIGINT, SIGTERM and SIGHUP; and signals that must not kill.
//!
//! In: signals. Out: a flag, and what a signal does. Hot path: reading the flag is one relaxed load.
//!
//! 1. Signals within half a second are one wish: process managers and shells send it twice, to the
//!    process and to its group.
//! 2. A file over the size limit (SIGXFSZ) is an error of the write, as a full disk is.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use crate::limits::LOOK;

/// The wish to stop, shared by its clones.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether the run should end.
    #[inline]
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks for the end.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Gives a signal (SIGHUP unless `nohup` or the like had it ignored) to `ask`, and to `end` where that
/// says no.
///
/// # Errors
/// If the operating system gives no handler or no thread.
pub fn on_signals(ask: fn(i32) -> bool, end: fn(i32) -> !) -> io::Result<()> {
    let ends = [SIGINT, SIGTERM, SIGHUP].into_iter();
    let mut signals = Signals::new(ends.filter(|s| *s != SIGHUP || !is_ignored(SIGHUP)))?;
    // A handler, whatever it does, lets the write return its error.
    flag::register(SIGXFSZ, Arc::default())?;
    let look = move || {
        loop {
            let Some(signal) = signals.wait().next() else { continue };
            if !ask(signal) {
                end(signal);
            }
            std::thread::sleep(10 * LOOK);
            signals.pending().for_each(drop);
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(look).map(|_| ())
}

/// Does what SIGINT does.
pub fn raise() {
    let _ = low_level::raise(SIGINT);
}

/// Whether this process was started with a signal ignored; where the system does not say, it was not.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}
