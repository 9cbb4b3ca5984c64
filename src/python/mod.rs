//! The Python module: replays, runs and sweeps as objects whose tables other programs read in place.
//!
//! In: calls of Python. Out: objects and exceptions. Cold path; compiled with the feature `python` only.
//!
//! ```text
//!  papermaker/__init__.py ─▶ run ─▶ app::replay on a thread of its own ─▶ arrow ─▶ __arrow_c_stream__
//!                                   work: the interpreter stays free, Ctrl-C ends it
//!                                   strategy: an object of Python that is asked for ladders
//! ```
//! 1. A failure is an exception with the sentence that the command line prints: ValueError for what was
//!    asked, InputError (a ValueError) for files, OSError for the disk.

mod arrow;
mod error;
mod run;
mod seen;
mod strategy;
mod sweep;
mod work;

use pyo3::prelude::*;

use error::InputError;

/// The command line of these arguments, the program's name first; gives the exit code.
#[pyfunction]
fn main(py: Python<'_>, args: Vec<String>) -> u8 {
    py.detach(|| crate::cli::main_of(args))
}

#[pymodule]
fn _papermaker(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("sources", crate::sweep::SOURCES)?;
    m.add("InputError", m.py().get_type::<InputError>())?;
    m.add_class::<run::Run>()?;
    m.add_class::<run::Table>()?;
    m.add_class::<seen::Market>()?;
    m.add_class::<seen::Estimates>()?;
    m.add_class::<strategy::Asked>()?;
    m.add_function(wrap_pyfunction!(run::replay, m)?)?;
    m.add_function(wrap_pyfunction!(run::load, m)?)?;
    m.add_function(wrap_pyfunction!(sweep::sweep_part, m)?)?;
    m.add_function(wrap_pyfunction!(sweep::label, m)?)?;
    m.add_function(wrap_pyfunction!(main, m)?)
}
