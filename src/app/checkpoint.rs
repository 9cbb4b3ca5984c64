//! A checkpoint: everything a replay knows between two frames, as a file.
//!
//! In: a replay under way, or a file. Out: a file, or a replay that goes on. Cold path: the hot
//! thread makes none; a live run's are made from its recording, in another process.
//!
//! ```text
//! | magic    | layout  | length  | xxh3-128 of the body | body: postcard               |
//! | 8 bytes  | u32     | u64     | u128                 | program, place, feed, engine |
//! ```
//! 1. Numbers are little endian; floats keep their bits. What stands in the body are the state types
//!    themselves, so a body is read by the program version that wrote it, and refused by others.
//! 2. A file is written aside, flushed and renamed: there is a whole one or none.
//! 3. Checkpoint plus the rest of the recording gives the records and the digest of the whole.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::config::ConfigOf;
use super::source::SourceState;
use super::turn::Turn;
use crate::engine::{Components, EngineState, Shipped};
use crate::feed::CoinSpec;
use crate::folder;
use crate::journal::Digest;
use crate::limits::{CHECKPOINT_MAX, CHECKPOINT_STACK};
use crate::units::Ns;

const MAGIC: &[u8; 8] = b"pmstate\n";
/// Layout of this file; the body's is the program's version.
const LAYOUT: u32 = 5;
const HEADER: usize = 8 + 4 + 8 + 16;

/// Where in a recording a replay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Frames taken, control lines included.
    pub frames: u64,
    /// Stamp of the first frame.
    pub from: Ns,
    /// Stamp of the last one taken.
    pub last: Ns,
    /// Times the link went down.
    pub downs: u64,
    /// The recording says itself when the link changed.
    pub ours: bool,
    /// Records so far.
    pub records: u64,
    /// xxh3-64 of the last frame taken: tells whether it is the same recording.
    pub frame: u64,
}

/// A checkpoint that was read.
#[derive(Debug, Deserialize)]
#[serde(bound = "")]
pub struct Checkpoint<C: Components = Shipped> {
    /// Hash of the deciding configuration and the coins.
    pub config: [u64; 2],
    /// Where in the recording.
    pub place: Place,
    /// Digest of the records so far.
    pub digest: Digest,
    /// What the feed knows.
    pub source: SourceState,
    /// The engine.
    pub engine: EngineState<C>,
}

/// Why a checkpoint cannot be written or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The disk refused.
    #[error("the disk refused: {0}")]
    Disk(io::ErrorKind),
    /// It does not begin as a checkpoint does.
    #[error("this is no checkpoint")]
    NotOne,
    /// Written in another layout.
    #[error("its layout is number {0}, not {LAYOUT}")]
    Layout(u32),
    /// Written by another version of the program.
    #[error("it was written by version {0}; this is {this}", this = env!("CARGO_PKG_VERSION"))]
    Program(String),
    /// It ends early, or goes on too long.
    #[error("it is cut, or has something behind its end")]
    Length,
    /// Its checksum is wrong, or its body makes no sense.
    #[error("it is damaged: its checksum is wrong")]
    Damaged,
    /// Made under another configuration, or for other coins.
    #[error("it was made under another configuration or for other coins")]
    Config,
}

/// What a replay knows at `place`, under the configuration with this hash: the fields of [`Checkpoint`] in
/// order, as the bytes of a file.
pub(super) fn encoded<C: Components>(
    config: [u64; 2],
    place: Place,
    digest: &Digest,
    turn: &Turn<C>,
) -> Result<Vec<u8>, Fault> {
    let (source, engine) = turn.state();
    sealed(MAGIC, &(config, place, digest, source, engine))
}

/// Puts a file in its place, whole.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    folder::put(path, bytes).map_err(|e| Fault::Disk(e.kind()))
}

impl<C: Components> Checkpoint<C> {
    /// A checkpoint from the file's bytes, for a run of these coins under this configuration.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn decode(
        bytes: &[u8],
        cfg: &ConfigOf<C>,
        coins: &[CoinSpec],
    ) -> Result<Checkpoint<C>, Fault> {
        let state = opened(MAGIC, bytes)?;
        let found = thread::scope(|s| {
            let read = || postcard::from_bytes::<Checkpoint<C>>(state).map(Box::new);
            let reader = thread::Builder::new().stack_size(CHECKPOINT_STACK).spawn_scoped(s, read);
            reader.map(thread::ScopedJoinHandle::join)
        });
        let found = found.map_err(|e| Fault::Disk(e.kind()))?;
        let Ok(Ok(found)) = found else { return Err(Fault::Damaged) };
        if found.config != cfg.hash(coins) {
            return Err(Fault::Config);
        }
        Ok(*found)
    }

    /// Reads one.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn read(
        path: &Path,
        cfg: &ConfigOf<C>,
        coins: &[CoinSpec],
    ) -> Result<Checkpoint<C>, Fault> {
        let bytes = fs::read(path).map_err(|e| Fault::Disk(e.kind()))?;
        Checkpoint::decode(&bytes, cfg, coins)
    }
}

/// A state behind the program's version, with the header in front.
pub(super) fn sealed(magic: &[u8; 8], state: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let (state, damaged) = ((env!("CARGO_PKG_VERSION"), state), |_| Fault::Damaged);
    // Room for it and no more: a run that is bounded makes one for each segment.
    let size = postcard::experimental::serialized_size(&state).map_err(damaged)?;
    let mut out = Vec::with_capacity(HEADER + size);
    out.extend_from_slice(magic);
    out.extend_from_slice(&LAYOUT.to_le_bytes());
    out.extend_from_slice(&(size as u64).to_le_bytes());
    let at = out.len();
    out.resize(HEADER, 0);
    let mut out = postcard::to_extend(&state, out).map_err(damaged)?;
    let hash = xxh3_128(&out[HEADER..]).to_le_bytes();
    out[at..HEADER].copy_from_slice(&hash);
    Ok(out)
}

/// The state behind a sound header and this program's version.
pub(super) fn opened<'a>(magic: &[u8; 8], bytes: &'a [u8]) -> Result<&'a [u8], Fault> {
    let Some((head, body)) = bytes.split_at_checked(HEADER) else {
        let begins = magic.starts_with(&bytes[..bytes.len().min(8)]) || bytes.starts_with(magic);
        return Err(if begins && !bytes.is_empty() { Fault::Length } else { Fault::NotOne });
    };
    if !head.starts_with(magic) {
        return Err(Fault::NotOne);
    }
    let number = |from: usize, to: usize| {
        head[from..to].iter().rev().fold(0u128, |n, b| n << 8 | u128::from(*b))
    };
    let layout = u32::try_from(number(8, 12)).unwrap_or(u32::MAX);
    if layout != LAYOUT {
        return Err(Fault::Layout(layout));
    }
    if number(12, 20) != body.len() as u128 || body.len() > CHECKPOINT_MAX {
        return Err(Fault::Length);
    }
    if number(20, HEADER) != xxh3_128(body) {
        return Err(Fault::Damaged);
    }
    // The version stands first: of another one, nothing else is looked at.
    let (program, state) = postcard::take_from_bytes::<String>(body).map_err(|_| Fault::Damaged)?;
    if program == env!("CARGO_PKG_VERSION") { Ok(state) } else { Err(Fault::Program(program)) }
}

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
