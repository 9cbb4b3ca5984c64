//! What tests, fuzz targets and benches share: naive second implementations, and drivers that put
//! arbitrary bytes through both.
//!
//! In: bytes. Out: nothing, or a panic that says which law broke. Cold path: never compiled into the
//! product.

pub mod oracle;
pub mod script;
