//! Replay as fast as it goes: frames in memory through feed and engine.
//!
//! In: [`Frames`], passes. Out: [`Passes`]: the time of each, records, digest. Cold path around the
//! hot one.
//!
//! 1. Each pass begins with a new feed and engine, made outside the time.
//! 2. Records are numbered, encoded and hashed as in a run; what a journal costs is the journal's.

use std::path::Path;

use super::input::Frames;
use super::law::median;
use crate::app::config::Config;
use crate::app::events::Reader;
use crate::app::replay::{Feeder, Tally, play};
use crate::app::turn::{Turn, engine};
use crate::feed::{BadCoin, CoinSpec};
use crate::folder::recording::{Meter, RecordingError};
use crate::record::StopReason;
use crate::sys::clock::SessionClock;
use crate::sys::machine;
use crate::units::Ns;

/// What the passes took.
#[derive(Clone, Debug, Default)]
pub struct Passes {
    /// Frames of one pass.
    pub frames: u64,
    /// Records of one pass.
    pub records: u64,
    /// Digest of each pass: all equal.
    pub digest: u128,
    /// Real nanoseconds of each pass.
    pub ns: Vec<u64>,
    /// Memory resident at the end of the last pass, feed and engine still there, bytes.
    pub resident: Option<u64>,
}

impl Passes {
    /// Nanoseconds a frame of the fastest pass.
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub fn best_ns(&self) -> f64 {
        self.ns.iter().min().map_or(0.0, |ns| *ns as f64 / self.frames.max(1) as f64)
    }

    /// Nanoseconds a frame of the median pass.
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub fn median_ns(&self) -> f64 {
        median(&mut self.ns.clone()).map_or(0.0, |ns| ns as f64 / self.frames.max(1) as f64)
    }
}

/// Puts the frames through `passes` times; without `records` they are counted, not encoded and hashed.
///
/// # Errors
/// The coins of the frames cannot be followed.
///
/// # Panics
/// If two passes differ in their digest.
pub fn run(
    frames: &Frames,
    config: &Config,
    passes: usize,
    records: bool,
) -> Result<Passes, BadCoin> {
    let mut out = Passes { frames: frames.len() as u64, ..Passes::default() };
    for n in 0..passes {
        let p = pass(frames.iter(), &frames.coins, config, records)?;
        out.ns.push(p.ns);
        assert!(n == 0 || p.digest == out.digest, "equal passes have equal digests");
        (out.digest, out.records, out.resident) = (p.digest, p.records, p.resident);
    }
    Ok(out)
}

fn tally<'a>(records: bool) -> Tally<'a> {
    if records { Tally::new(|_: &_, _: &_| {}) } else { Tally::counting() }
}

/// What one pass took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    /// Real nanoseconds.
    pub(crate) ns: u64,
    pub(crate) records: u64,
    pub(crate) digest: u128,
    /// Memory resident at its end, feed and engine still there, bytes.
    pub(crate) resident: Option<u64>,
}

/// Puts frames of these coins through a new feed and engine; records as in [`run`].
///
/// # Errors
/// The coins cannot be followed.
pub(crate) fn pass<'a>(
    frames: impl Iterator<Item = (Ns, &'a [u8])>,
    coins: &[CoinSpec],
    config: &Config,
    records: bool,
) -> Result<Pass, BadCoin> {
    let mut tally = tally(records);
    let turn = Turn::reading(config.run.parser, &config.engine, coins, config.hash(coins))?;
    let mut feeder = Feeder::new(turn);
    let clock = SessionClock::start(1);
    for (at, text) in frames {
        feeder.take(at, text, &mut tally);
    }
    let engine = feeder.end_run(Some(StopReason::Finished), &mut tally);
    let ns = clock.mono_ns();
    let resident = machine::resident_now();
    drop(engine);
    Ok(Pass { ns, records: tally.next, digest: tally.digest.value().run, resident })
}

/// As [`run`] for a file of events; it is read from the disk, or its cache, each time.
///
/// # Errors
/// The file cannot be read or is damaged.
///
/// # Panics
/// If two passes differ in their digest.
pub fn run_events(
    path: &Path,
    config: &Config,
    passes: usize,
    records: bool,
) -> Result<Passes, RecordingError> {
    let clock = SessionClock::start(1);
    let mut out = Passes::default();
    for pass in 0..passes {
        let mut tally = tally(records);
        let reader = Reader::open(path)?;
        let engine = engine(&config.engine, reader.coins(), config.hash(reader.coins()));
        let mut runs = [(engine, &mut tally)];
        let started = clock.mono_ns();
        let seen = play(reader, &mut runs, (Some(StopReason::Finished), &Meter::default()))?;
        out.ns.push(clock.mono_ns() - started);
        out.resident = machine::resident_now();
        let digest = tally.digest.value().run;
        assert!(pass == 0 || digest == out.digest, "equal passes have equal digests");
        (out.digest, out.records, out.frames) = (digest, tally.next, seen.frames);
    }
    Ok(out)
}
