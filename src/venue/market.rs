//! The venue in process: the frames a client would receive, block by block, without a socket.
//!
//! In: a configuration, a seed. Out: blocks of frames with their truth. Cold path.
//!
//! 1. The frames are those the served venue sends, in its order.
//! 2. Equal configuration and seed give equal frames.

use std::sync::Arc;

use super::config::Config;
use super::session::Session;
use super::truth::BlockTruth;
use super::wire::Stream;
use super::world::World;
use crate::settings::ConfigError;
use crate::units::Ns;

/// Time of the first block where the configuration fixes none: 2026-01-01, 00:00:00 UTC.
pub const EPOCH_MS: i64 = 1_767_225_600_000;

/// The streams papermaker subscribes to, in its order.
pub const STREAMS: [Stream; 5] =
    [Stream::Bbo, Stream::FastBook, Stream::Book, Stream::Trades, Stream::Ctx];

/// What one block brings one client.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Block time on the venue's clock.
    pub time: Ns,
    /// Texts, in order of arrival.
    pub frames: Vec<String>,
    /// What really happened.
    pub truth: Arc<BlockTruth>,
}

/// A venue and its one client.
#[derive(Clone, Debug)]
pub struct Market {
    world: World,
    session: Session,
    waiting: Vec<String>,
}

impl Market {
    /// A market whose client has subscribed to all [`STREAMS`] of all coins; the answers come with
    /// the first block. `seed` replaces the configuration's.
    ///
    /// # Errors
    /// The first field of the configuration that is out of range.
    pub fn new(config: &Config, seed: u64) -> Result<Market, ConfigError> {
        let mut market = Market::silent(config, seed)?;
        let (session, replies) = Session::of_all(&STREAMS, &market.world);
        market.session = session;
        market.waiting = replies.into_iter().flat_map(|r| r.frames).collect();
        Ok(market)
    }

    /// A market whose client has subscribed to nothing yet.
    ///
    /// # Errors
    /// The first field of the configuration that is out of range.
    pub fn silent(config: &Config, seed: u64) -> Result<Market, ConfigError> {
        let config = Config { seed, ..config.clone() };
        let world = World::new(&config, EPOCH_MS)?;
        Ok(Market { world, session: Session::default(), waiting: Vec::new() })
    }

    /// Lets the client say something; the frames of the answer come at once.
    #[cfg(any(test, feature = "lab"))]
    pub fn say(&mut self, text: &str) -> super::session::Reply {
        self.session.hear(text, &self.world)
    }

    /// The connection breaks and opens again: subscriptions are gone, so are frames not fetched.
    #[cfg(any(test, feature = "lab"))]
    pub fn reconnect(&mut self) {
        self.session = Session::default();
        self.waiting.clear();
    }

    /// The next block.
    pub fn next_block(&mut self) -> Block {
        let mut frames = std::mem::take(&mut self.waiting);
        let block = self.world.step();
        frames.extend(self.session.frames(&block).map(|(_, _, text)| text.to_owned()));
        Block { time: Ns::from_ms(self.world.time_ms()), frames, truth: self.world.last() }
    }

    /// Law and record so far.
    #[cfg(any(test, feature = "lab"))]
    pub fn truth(&self) -> super::truth::Truth {
        self.world.truth()
    }
}

#[cfg(test)]
#[path = "market_tests.rs"]
mod tests;
