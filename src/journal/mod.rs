//! Records on disk: an append-only log in checksummed segments, its recovery and its reader.
//!
//! In: encoded records in the order of the queue; a [`Disk`]. Out: bytes that survive; and back,
//! the records with every damage named. Cold path: the logging thread and the commands. Sans-io:
//! files are reached through the trait only, so that tests bring a disk that fails and forgets.
//!
//! ```text
//!  Bytes ──▶ Writer ── write ≤ 64 KiB ──▶ 00000000.journal, 00000001.journal, …
//!                └──── fdatasync ───────▶ durable_seq
//!  folder ──▶ Reader ──▶ Record | Damage | Torn          inspect ──▶ Recovered ──repair──▶ Writer
//! ```
//! 1. What is called durable survives a kill, and a power loss on a disk that keeps what it
//!    reports as synced.
//! 2. What is read back is an exact prefix of what was written, or the damage is named.
//! 3. A failed `fdatasync` is never tried again: the pages it could not write may be gone.

#![deny(clippy::float_arithmetic)]

mod digest;
mod disk;
pub mod format;
pub mod reader;
mod recovery;
mod writer;

#[cfg(test)]
mod tests;

pub use digest::{Digest, Digests, frames_the_run, hex};
pub use disk::{Disk, DiskError};
pub use format::{FOLDER_LOCK, segment_name, segment_number};
pub use reader::{Found, ReadError, Reader};
#[cfg(any(test, feature = "lab"))]
pub use recovery::inspect;
pub use recovery::{Front, Recovered, cut, first_seq, inspect_since, repair};
pub use writer::{Failed, Options, Writer};
