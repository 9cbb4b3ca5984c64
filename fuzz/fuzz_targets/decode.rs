//! Messages of the venue, whole and damaged, through both parsers and a model on serde_json.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papermaker::laws::decode::message(bytes));
