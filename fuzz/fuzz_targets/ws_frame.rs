//! The header of a frame, as sent by either end; masks; bodies of close frames.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papermaker::laws::ws::header(bytes));
