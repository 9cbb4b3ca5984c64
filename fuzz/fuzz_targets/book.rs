//! A stream of best prices and snapshots through the book and a model of maps by price.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papermaker::laws::book::messages(bytes));
