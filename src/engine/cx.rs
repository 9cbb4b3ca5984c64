//! What every step of one coin gets: settings, the time, and where records go.
//!
//! In: the engine's settings, lent. Out: records of one coin at one time. Hot path.

use super::components::Components;
use super::config::ConfigOf;
use super::publish::Publish;
use super::requests::Requests;
use crate::quote::Bounds;
use crate::record::Body;
use crate::sim::config::Settings;
use crate::units::rules::Rules;
use crate::units::{CoinId, Ns};

/// One step of one coin.
#[derive(Debug)]
pub(super) struct Cx<'a, C: Components, P> {
    pub cfg: &'a ConfigOf<C>,
    pub now: Ns,
    pub coin: CoinId,
    /// The account's budget of requests.
    pub requests: &'a mut Requests,
    pub out: &'a mut P,
}

impl<C: Components, P: Publish> Cx<'_, C, P> {
    pub(super) fn publish(&mut self, body: impl Into<Body>) {
        self.out.publish(self.now, self.coin, body);
    }
}

impl<'a, C: Components, P> Cx<'a, C, P> {
    /// When what is decided now leaves, on the venue's clock.
    pub(super) fn leaves(&self) -> Ns {
        self.now.plus(i64::from(self.cfg.sim.feed_ms) * Ns::MS)
    }

    /// Settings of the simulator.
    pub(super) fn sim(&self) -> Settings<'a, C::Fills> {
        Settings { sim: &self.cfg.sim, book: &self.cfg.book, own: &self.cfg.fills }
    }

    pub(super) fn bounds(&self, rules: Rules) -> Bounds {
        self.cfg.bounds(rules)
    }
}
