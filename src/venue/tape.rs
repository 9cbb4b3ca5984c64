//! A recording of the simulated market, made without waiting for its time to pass.
//!
//! In: a configuration, a length. Out: frames with receive stamps, in the order of receipt, and the
//! truth. Cold path.
//!
//! 1. A client that subscribed to everything before the first block would record the same frames.

use std::collections::BTreeMap;
use std::{fmt, io};

use super::config::Config;
use super::delay::Delays;
use super::market::{EPOCH_MS, STREAMS};
use super::truth::Truth;
use super::wire::{self, Stream};
use super::world::World;
use crate::math::seed;
use crate::settings::ConfigError;
use crate::units::Ns;

/// Frames on their way, by receipt and by when they were sent.
#[derive(Debug, Default)]
struct Wire {
    frames: BTreeMap<(Ns, u64), String>,
    sent: u64,
    /// Receipt of the last frame of each stream.
    last: BTreeMap<Stream, Ns>,
}

impl Wire {
    fn send(&mut self, stream: Stream, at: Ns, text: &str) {
        let last = self.last.entry(stream).or_default();
        *last = at.max(*last);
        self.sent += 1;
        self.frames.insert((*last, self.sent), text.to_owned());
    }

    /// Hands over what is received before `until`.
    fn receive(
        &mut self,
        until: Ns,
        to: &mut impl FnMut(Ns, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        let later = self.frames.split_off(&(until, 0));
        for ((at, _), text) in std::mem::replace(&mut self.frames, later) {
            to(at, &text)?;
        }
        Ok(())
    }
}

/// Why there is no recording, or no whole one.
#[derive(Debug)]
pub enum Failed {
    /// The configuration is out of range.
    Config(ConfigError),
    /// A frame could not be written.
    Write(io::Error),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Config(e) => e.fmt(f),
            Failed::Write(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for Failed {}

/// Records `length_ns` of the market and hands each frame over with its receive stamp.
///
/// # Errors
/// [`Failed`]: what was handed over until then stands.
pub fn record(
    config: &Config,
    length_ns: i64,
    mut to: impl FnMut(Ns, &str) -> io::Result<()>,
) -> Result<Truth, Failed> {
    let mut world = World::new(config, EPOCH_MS).map_err(Failed::Config)?;
    let from = Ns::from_ms(world.time_ms());
    let names: Vec<String> = world.names().map(str::to_owned).collect();
    let mut frames = Wire::default();
    for (coin, name) in names.iter().enumerate() {
        for stream in STREAMS {
            frames.send(stream, from, &wire::ack(true, stream, name));
            let state = world.state(coin, stream).unwrap_or_default();
            frames.send(stream, from, &state);
        }
    }
    let mut delays = Delays::new(seed::named(config.seed, b"delays"));
    let until = from.plus(length_ns);
    let mut before = from;
    while Ns::from_ms(world.next_ms()) < until {
        let block = world.step();
        let time = Ns::from_ms(world.time_ms());
        frames.receive(time, &mut to).map_err(Failed::Write)?;
        let at = delays.block(time, Ns::seconds(time.since(before)));
        before = time;
        for (coin, of) in block.iter().enumerate() {
            for stream in STREAMS {
                let Some(text) = of.of(stream) else { continue };
                let trades = stream == Stream::Trades;
                let at = if trades { delays.trades(at, coin as u64) } else { at };
                frames.send(stream, at, text);
            }
        }
    }
    frames.receive(Ns(i64::MAX), &mut to).map_err(Failed::Write)?;
    Ok(world.truth())
}
