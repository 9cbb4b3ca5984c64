//! What tests, fuzz targets and benches share: naive second implementations, and drivers that put
//! arbitrary bytes through both.
//!
//! In: bytes. Out: nothing, or a panic that says which law broke. Cold path: never compiled into the
//! product.

pub mod book;
pub mod bytes;
#[cfg(test)]
pub mod cst;
pub mod decimal;
pub mod decode;
pub mod dedup;
pub mod disk;
pub mod engine;
pub mod hostile;
pub mod http;
pub mod journal;
pub mod oracle;
pub mod script;
#[cfg(test)]
mod seeds;
pub mod ws;

/// Puts one input through the laws of a target.
pub type Driver = fn(&[u8]);

/// The fuzz targets: file name in `fuzz/fuzz_targets`, and what each runs.
pub const TARGETS: [(&str, Driver); 10] = [
    ("book", book::messages),
    ("decimal", decimal::text),
    ("decode", decode::message),
    ("dedup", dedup::prints),
    ("engine", engine::events),
    ("http", http::head_and_pieces),
    ("journal", journal::recovery),
    ("sim_oracle", script::run),
    ("ws_conn", ws::conversation),
    ("ws_frame", ws::header),
];
