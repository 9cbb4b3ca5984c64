//! Work beside the interpreter: on a thread of its own, ended by Ctrl-C.
//!
//! In: work that looks at a meter. Out: what it came to, or KeyboardInterrupt. Cold path.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::folder::recording::Meter;
use crate::limits::PROGRESS_EVERY_MS;

/// Runs `work` without the interpreter's lock. A signal that Python raises an exception for (Ctrl-C)
/// stops what is read by `meter` and is raised at once: nobody waits for the thread.
///
/// # Errors
/// The exception of the signal; RuntimeError where no thread can be had.
///
/// # Panics
/// As `work` does.
pub(super) fn beside<T: Send + 'static>(
    py: Python<'_>,
    meter: &Meter,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (done, mut end) = mpsc::sync_channel(1);
    let run = move || {
        // Known to the interpreter for as long as it lives: calls of Python from here cost less.
        let result = Python::attach(|py| py.detach(work));
        // Nobody waits where a signal came.
        let _ = done.send(result);
    };
    let thread = std::thread::Builder::new().name("papermaker".into()).spawn(run);
    let thread = thread.map_err(|e| PyRuntimeError::new_err(format!("no thread: {e}")))?;
    let every = Duration::from_millis(PROGRESS_EVERY_MS);
    loop {
        let came;
        (came, end) = py.detach(move || (end.recv_timeout(every), end));
        match came {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => {
                if let Err(e) = py.check_signals() {
                    meter.stop();
                    return Err(e);
                }
            }
            Err(RecvTimeoutError::Disconnected) => match py.detach(|| thread.join()) {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => return Err(PyRuntimeError::new_err("the work gave nothing")),
            },
        }
    }
}
