//! Heads of HTTP in every division, as an answer to an upgrade and as a request.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papermaker::laws::http::head_and_pieces(bytes));
