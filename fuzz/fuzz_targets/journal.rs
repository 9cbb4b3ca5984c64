//! A journal written, cut off, damaged, read, repaired and gone on with.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papermaker::laws::journal::recovery(bytes));
