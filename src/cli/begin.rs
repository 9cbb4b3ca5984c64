//! A run that is ready to start, new or resumed.
//!
//! In: where it runs, its coins, its files. Out: what the threads of a run need. Cold path.

use super::behind::Behind;
use super::place::Place;
use super::threads::Files;
use crate::app::config::ConfigOf;
use crate::app::live::Idle;
use crate::app::past::ended_beside;
use crate::app::turn::Turn;
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::folder::keep::Keeper;
use crate::folder::{RunFolder, RunInfo};

/// A run about to begin, or to go on.
pub(super) struct Prepared<C: Components> {
    pub run: RunFolder,
    pub place: Place,
    pub coins: Vec<CoinSpec>,
    pub files: Files,
    pub turn: Turn<C>,
    pub idle: Idle<C>,
    pub info: RunInfo,
    pub config: ConfigOf<C>,
    /// Finds out the truth of the embedded exchange's coins meanwhile.
    pub behind: Option<Behind>,
    /// For people.
    pub note: Option<String>,
}

/// How the loop waits. A list of coins that cannot be rehearsed with could not be run either.
pub(super) fn idle<C: Components>(
    polls: bool,
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
) -> Idle<C> {
    let turn = || Turn::reading(config.run.parser, &config.engine, coins, config.hash(coins)).ok();
    match polls {
        false => Idle::Sleeps,
        true => turn().map_or(Idle::Polls(None), Idle::rehearsing),
    }
}

/// What bounds a run, and those before it where it is bounded.
pub(super) fn keeper<C: Components>(run: &RunFolder, config: &ConfigOf<C>) -> Keeper {
    let bound = config.run.bound();
    let others = bound.bytes.map_or_else(Vec::new, |_| ended_beside(run));
    Keeper::new(run.path(), bound).beside(&others)
}
