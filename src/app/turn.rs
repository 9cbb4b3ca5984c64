//! One message through feed and engine, with the clock's grid: what live, replay and tests share.
//!
//! In: stamped messages and link changes. Out: records. Hot path: no I/O, no clock.
//!
//! 1. Points of the tick grid up to `now` are stepped before anything stamped `now`, whoever
//!    drives; so a replay steps exactly as the run did.

use crate::engine::publish::Publish;
use crate::engine::{Coin, Config, Engine};
use crate::event::{Event, Link};
use crate::feed::{self, BadCoin, CoinSpec, Feed, Input, Loss, Verdict};
use crate::limits::COIN_NAME_MAX;
use crate::record::StopReason;
use crate::units::Ns;

/// Feed and engine, joined.
#[derive(Debug)]
pub struct Turn {
    feed: Feed,
    engine: Engine,
    verdict: Verdict,
}

impl Turn {
    /// Feed and engine for the given coins.
    ///
    /// # Errors
    /// [`BadCoin`] where the list of coins cannot be followed.
    pub fn new(cfg: &Config, coins: &[CoinSpec], hash: [u64; 2]) -> Result<Turn, BadCoin> {
        let feed = Feed::new(&feed::Config::default(), coins, cfg.seed)?;
        let coins: Vec<Coin> = coins.iter().map(coin).collect();
        let engine = Engine::new(cfg, &coins, hash);
        Ok(Turn { feed, engine, verdict: Verdict::Keep })
    }

    /// The run begins.
    pub fn start(&mut self, now: Ns, out: &mut impl Publish) {
        self.engine.start(now, out);
    }

    /// The clock is at `now`: every point of the grid up to it is stepped.
    pub fn advance(&mut self, now: Ns, out: &mut impl Publish) {
        while let Some(tick) = self.engine.due(now) {
            if self.feed.is_up() {
                self.verdict = self.feed.tick(tick);
            }
            self.engine.step(tick, Event::Tick, out);
        }
    }

    /// The link came up.
    pub fn up(&mut self, now: Ns, out: &mut impl Publish) {
        self.advance(now, out);
        self.feed.connected(now);
        self.verdict = Verdict::Keep;
        self.engine.step(now, Event::Link(Link::Up), out);
    }

    /// The link went down.
    pub fn down(&mut self, now: Ns, loss: Loss, out: &mut impl Publish) {
        self.advance(now, out);
        self.feed.disconnected(now, loss);
        self.engine.step(now, Event::Link(Link::Down), out);
    }

    /// One message.
    pub fn message(&mut self, now: Ns, text: &[u8], out: &mut impl Publish) {
        self.advance(now, out);
        if let Input::Event(event) = self.feed.message(now, text) {
            self.engine.step(now, event, out);
        }
    }

    /// The logging thread fell behind or caught up.
    pub fn behind(&mut self, now: Ns, behind: bool, out: &mut impl Publish) {
        self.advance(now, out);
        self.engine.step(now, Event::Behind(behind), out);
    }

    /// The run ends; `records` were produced so far.
    pub fn stop(&mut self, now: Ns, why: StopReason, records: u64, out: &mut impl Publish) {
        self.engine.stop(now, why, records, out);
    }

    /// What the feed thinks of the link since the last point of the grid.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The next text to send at `now`, if one is due.
    pub fn next_send(&mut self, now: Ns) -> Option<&[u8]> {
        self.feed.next_send(now)
    }

    /// Nanoseconds of session time to wait before the next attempt to connect.
    pub fn retry_delay(&mut self) -> i64 {
        self.feed.retry_delay()
    }

    /// An attempt to connect failed.
    pub fn failed(&mut self, now: Ns, loss: Loss) {
        self.feed.disconnected(now, loss);
    }

    /// The feed: its counters, ages and cadences.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }
}

fn coin(spec: &CoinSpec) -> Coin {
    let mut name = [0u8; COIN_NAME_MAX];
    for (to, from) in name.iter_mut().zip(spec.name.bytes()) {
        *to = from;
    }
    Coin { name, rules: spec.rules() }
}
