//! Whole processes and whole paths, in one binary: each further one would cost a link.

mod faults;
mod market;
mod pipeline;
mod process;
mod recordings;
mod report;
mod rules;
mod run_folder;
mod server;
mod signals;
