//! A recording of the simulated market, made without waiting for its time to pass.
//!
//! In: a configuration, a length. Out: frames with receive stamps, in the order of receipt, and the
//! truth. Cold path.
//!
//! 1. A client that subscribed to everything before the first block would record the same frames.

use std::io;

use super::config::Config;
use super::draw;
use super::link::{Link, link_key};
use super::market::{EPOCH_MS, STREAMS};
use super::session::Session;
use super::truth::{BlockTruth, Truth};
use super::world::World;
use crate::settings::ConfigError;
use crate::units::Ns;

/// Why there is no recording, or no whole one.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The configuration is out of range.
    #[error(transparent)]
    Config(ConfigError),
    /// A frame could not be written.
    #[error(transparent)]
    Write(io::Error),
}

/// Records `length_ns` of the market and hands each frame over with its receive stamp, and to `did` what
/// really happened in each block.
///
/// # Errors
/// [`Failed`]: what was handed over until then stands.
pub fn record(
    config: &Config,
    length_ns: i64,
    mut to: impl FnMut(Ns, &str) -> io::Result<()>,
    mut did: impl FnMut(&BlockTruth) -> io::Result<()>,
) -> Result<Truth, Failed> {
    let mut recorder = Recorder::new(config).map_err(Failed::Config)?;
    let until = recorder.time().plus(length_ns);
    while recorder.next() < until {
        recorder.hear(&mut to).map_err(Failed::Write)?;
        recorder.step();
        did(&recorder.world.last()).map_err(Failed::Write)?;
    }
    recorder.end(&mut to).map_err(Failed::Write)?;
    Ok(recorder.world.truth())
}

/// A market and the one client that records it, block by block.
#[derive(Debug)]
pub struct Recorder {
    world: World,
    seed: u64,
    session: Session,
    links: usize,
    /// The connection, and when it was opened.
    link: Option<(Link, Ns)>,
    /// When it broke last.
    cut: Option<Ns>,
}

impl Recorder {
    /// A market at its start, and nobody who is connected to it.
    ///
    /// # Errors
    /// The first field of the configuration that is out of range.
    pub fn new(config: &Config) -> Result<Recorder, ConfigError> {
        let (world, session) = (World::new(config, EPOCH_MS)?, Session::default());
        Ok(Recorder { world, seed: config.seed, session, links: 0, link: None, cut: None })
    }

    /// The market.
    #[cfg(feature = "lab")]
    pub fn world(&mut self) -> &mut World {
        &mut self.world
    }

    /// Time of the last block.
    pub fn time(&self) -> Ns {
        Ns::from_ms(self.world.time_ms())
    }

    /// Time of the next block.
    pub fn next(&self) -> Ns {
        Ns::from_ms(self.world.next_ms())
    }

    /// Hands over what is received until the next block.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn hear(&mut self, to: &mut impl FnMut(Ns, &str) -> io::Result<()>) -> io::Result<()> {
        let (now, feed) = (self.time(), self.world.feed());
        let [lasts, gap] = [feed.drop_every_s, feed.gap_s].map(|s| draw::floor(s * 1e9));
        if lasts > 0 && self.link.as_ref().is_some_and(|(_, opened)| now.since(*opened) >= lasts) {
            (self.link, self.cut) = (None, Some(now));
        }
        if self.link.is_none() && self.cut.is_none_or(|cut| now.since(cut) >= gap) {
            self.links += 1;
            let mut link = Link::new(feed, link_key(self.seed, self.links));
            self.session = subscribe(&self.world, now, &mut link, to)?;
            self.link = Some((link, now));
        }
        let until = self.next();
        self.link.iter_mut().try_for_each(|(link, _)| deliver(link, until, to))
    }

    /// The next block.
    pub fn step(&mut self) {
        let block = self.world.step();
        let time = self.time();
        if let Some((link, _)) = &mut self.link {
            link.block(time, self.session.frames(&block));
        }
    }

    /// Hands over what is still on its way.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn end(&mut self, to: &mut impl FnMut(Ns, &str) -> io::Result<()>) -> io::Result<()> {
        self.link.iter_mut().try_for_each(|(link, _)| deliver(link, Ns(i64::MAX), to))
    }
}

/// Subscribes to everything: acknowledgements at once, states on their way.
fn subscribe(
    world: &World,
    now: Ns,
    link: &mut Link,
    to: &mut impl FnMut(Ns, &str) -> io::Result<()>,
) -> io::Result<Session> {
    let (session, replies) = Session::of_all(&STREAMS, world);
    for reply in replies {
        let mut frames = reply.frames.into_iter();
        frames.next().iter().try_for_each(|first| to(now, first))?;
        if let Some((stream, _)) = reply.state {
            frames.for_each(|text| link.state(stream, now, text));
        }
    }
    Ok(session)
}

/// Hands over what is received until `until`.
fn deliver(
    link: &mut Link,
    until: Ns,
    to: &mut impl FnMut(Ns, &str) -> io::Result<()>,
) -> io::Result<()> {
    while let Some((at, text)) = link.receive(until) {
        to(at, &text)?;
    }
    Ok(())
}
