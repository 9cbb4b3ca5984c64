//! The market of one coin under the world that the configuration names.
//!
//! In: a configuration, a coin; the time passed. Out: the book, prints, truth. Cold path.

use super::agents::Agents;
use super::agents::sets::{self, Set};
use super::config::{Config, Listing, Named};
use super::flow::{Flow, Print};
use super::matching::Matching;
use super::truth::{CoinBlock, CoinTruth};
use crate::units::Mid2;

/// Venue time that a market of agents needs until its book is full, s.
pub const FILLS_S: f64 = 60.0;

/// A coin's market.
#[derive(Clone, Debug)]
pub enum Coin {
    /// Regimes of known laws.
    Simple(Box<Flow>),
    /// Agents around a latent price.
    Agents(Box<Agents>, Box<CoinTruth>),
}

/// The world that a coin has: its own where the world goes by coins.
pub fn own(world: Named, coin: &str) -> Named {
    match (world, coin) {
        (Named::ByCoin, "BTC") => Named::Btc,
        (Named::ByCoin, "ETH") => Named::Eth,
        (Named::ByCoin, "SOL") => Named::Sol,
        (Named::ByCoin, "PAYS") => Named::Paying,
        (Named::ByCoin, _) => Named::Thin,
        (named, _) => named,
    }
}

/// The set of parameters that a coin has; `None` under `simple`.
pub fn set(world: Named, coin: &str) -> Option<&'static Set> {
    match own(world, coin) {
        Named::Simple => None,
        Named::Btc => Some(&sets::BTC),
        Named::Eth => Some(&sets::ETH),
        Named::Sol => Some(&sets::SOL),
        Named::Paying => Some(&sets::PAYING),
        Named::Thin | Named::ByCoin => Some(&sets::THIN),
    }
}

/// What the venue lists of a coin.
pub fn listing(config: &Config, coin: &str) -> Listing {
    set(config.world, coin).map_or_else(|| Listing::of(coin), |s| s.listing)
}

impl Coin {
    /// The market at its start.
    pub fn new(config: &Config, coin: &str) -> Coin {
        match set(config.world, coin) {
            None => Coin::Simple(Box::new(Flow::new(config, coin))),
            Some(set) => {
                let agents = Agents::new(*set, config.seed, coin);
                Coin::Agents(Box::new(agents), Box::new(CoinTruth::counted(coin)))
            }
        }
    }

    /// One block, `dt` seconds after the last.
    pub fn step(&mut self, dt: f64) -> CoinBlock {
        match self {
            Coin::Simple(flow) => flow.step(dt),
            Coin::Agents(agents, truth) => {
                let before = agents.latent();
                let block = agents.step(dt);
                truth.pass(block.regime, dt, agents.half_spread_bps());
                for taker in block.takers.iter().filter(|t| t.worst.is_some()) {
                    truth.count(block.regime, taker, 1);
                }
                let moved_bps = (agents.latent() - before) * agents.tick_bps();
                truth.measure(block.regime, dt, moved_bps);
                block
            }
        }
    }

    /// The prints of the last block, in match order.
    pub fn prints(&self) -> &[Print] {
        match self {
            Coin::Simple(flow) => flow.prints(),
            Coin::Agents(agents, _) => agents.prints(),
        }
    }

    /// The book after the last block.
    pub fn book(&self) -> &Matching {
        match self {
            Coin::Simple(flow) => flow.makers().book(),
            Coin::Agents(agents, _) => agents.book().matching(),
        }
    }

    /// Twice the mid of the book.
    pub fn mid2(&self) -> Mid2 {
        match self {
            Coin::Simple(flow) => flow.makers().mid2(),
            Coin::Agents(agents, _) => agents.mid2(),
        }
    }

    /// Twice the price that the market follows.
    pub fn efficient(&self) -> Mid2 {
        match self {
            Coin::Simple(flow) => flow.efficient(),
            Coin::Agents(agents, _) => agents.efficient(),
        }
    }

    /// Law and record so far.
    pub fn truth(&self) -> &CoinTruth {
        match self {
            Coin::Simple(flow) => flow.truth(),
            Coin::Agents(_, truth) => truth,
        }
    }

    /// Forgets what the truth has counted.
    pub fn reset_truth(&mut self) {
        match self {
            Coin::Simple(flow) => flow.reset_truth(),
            Coin::Agents(_, truth) => truth.reset(),
        }
    }
}
