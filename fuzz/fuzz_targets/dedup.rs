//! A stream of prints through the window of seen trades and a set.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papermaker::laws::dedup::prints(bytes));
