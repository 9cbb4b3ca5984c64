//! Failures as exceptions.
//!
//! In: a failure of a command. Out: an exception with its sentence. Cold path.

use pyo3::create_exception;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::cli::exit::{Code, Failure};

create_exception!(
    papermaker,
    InputError,
    PyValueError,
    "A file cannot be read, or is not what it should be."
);

/// The exception of a failure.
pub(super) fn exception(f: &Failure) -> PyErr {
    let text = f.to_string();
    match f.code {
        Code::Input => InputError::new_err(text),
        Code::Disk => PyOSError::new_err(text),
        Code::Internal => PyRuntimeError::new_err(text),
        Code::Usage | Code::Venue | Code::Check => PyValueError::new_err(text),
    }
}
