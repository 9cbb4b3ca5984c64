//! Random books, prints, orders, cancels and latencies through the executor and the naive oracle.
//!
//! `cargo +nightly fuzz run sim_oracle --sanitizer none` from the root of the repository. The code
//! under test is safe Rust, so a sanitizer would only cost speed. A crash is a file in
//! `fuzz/artifacts/sim_oracle`; the laws are those of `papermaker::testing::script`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| papermaker::testing::script::run(bytes));
