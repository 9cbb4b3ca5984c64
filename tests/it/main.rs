//! Whole processes and whole paths, in one binary: each further one would cost a link.

mod bounded;
mod clocks;
mod days;
mod kills;
mod lab;
mod extremes;
mod faults;
mod fill_model;
mod market;
mod mistakes;
mod no_alloc;
mod odd_recordings;
mod outputs;
mod pipeline;
#[path = "../plug/mod.rs"]
mod plug;
mod process;
mod promises;
mod recordings;
mod refusals;
mod report;
mod resume;
mod rules;
mod run_folder;
mod server;
mod signals;
mod sockets;
mod sweep;
mod world;
