//! A conversation of frames in every division, against a reader that keeps everything.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papermaker::laws::ws::conversation(bytes));
