//! Random books, prints, orders, cancels and latencies through the executor and the naive oracle.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papermaker::laws::script::run(bytes));
