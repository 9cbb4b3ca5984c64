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
    let mut world = World::new(config, EPOCH_MS).map_err(Failed::Config)?;
    let from = Ns::from_ms(world.time_ms());
    let feed = config.feed.clone();
    let lasts = draw::floor(feed.drop_every_s * 1e9);
    let (mut links, mut link, mut session) = (0, None::<Link>, Session::new());
    let (mut opened, mut cut) = (from, None::<Ns>);
    let until = from.plus(length_ns);
    while Ns::from_ms(world.next_ms()) < until {
        let now = Ns::from_ms(world.time_ms());
        if lasts > 0 && link.is_some() && now.since(opened) >= lasts {
            (link, cut) = (None, Some(now));
        }
        let gap = draw::floor(feed.gap_s * 1e9);
        if link.is_none() && cut.is_none_or(|cut| now.since(cut) >= gap) {
            links += 1;
            let mut new = Link::new(&feed, link_key(config.seed, links));
            session = subscribe(&world, now, &mut new, &mut to).map_err(Failed::Write)?;
            (link, opened) = (Some(new), now);
        }
        let block = world.step();
        did(&world.last()).map_err(Failed::Write)?;
        let time = Ns::from_ms(world.time_ms());
        if let Some(link) = &mut link {
            deliver(link, time, &mut to).map_err(Failed::Write)?;
            link.block(time, session.frames(&block));
        }
    }
    link.iter_mut().try_for_each(|l| deliver(l, Ns(i64::MAX), &mut to)).map_err(Failed::Write)?;
    Ok(world.truth())
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
