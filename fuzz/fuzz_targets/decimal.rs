//! Decimal texts, prices and sizes against slow readings of the same rules.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papermaker::laws::decimal::text(bytes));
