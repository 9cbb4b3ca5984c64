//! The grid, counting how often it is asked whether it declines: as seldom as it says, or always.

use std::sync::atomic::{AtomicU64, Ordering};

use papermaker::{
    Bounds, Components, Decline, Estimates, Inputs, Ladder, Ns, Paper, Sample, Skellam, Stands,
    Strategy, StrategyInfo,
};
use serde::{Deserialize, Serialize};

use super::grid::{Grid, Settings};

/// How often it was asked: by one that says how long its reason stands, and by one that does not.
pub static ASKED: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// The grid; with `ALWAYS` its reasons do not say how long they stand.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked<const ALWAYS: bool>(Grid);

/// The engine with it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WithAsked<const ALWAYS: bool>;

impl<const ALWAYS: bool> Components for WithAsked<ALWAYS> {
    type Strategy = Asked<ALWAYS>;
    type Fills = Skellam;
    type Executor = Paper<Skellam>;
}

impl<const ALWAYS: bool> Strategy for Asked<ALWAYS> {
    type Config = Settings;

    fn info(s: &Settings) -> StrategyInfo {
        Grid::info(s)
    }

    fn new(s: &Settings, bounds: &Bounds, e: &Estimates) -> Self {
        Asked(Grid::new(s, bounds, e))
    }

    fn on_estimates(&mut self, s: &Settings, bounds: &Bounds, e: &Estimates) {
        self.0.on_estimates(s, bounds, e);
    }

    fn on_sample(&mut self, s: &Settings, now: Ns, sample: &Sample) {
        self.0.on_sample(s, now, sample);
    }

    fn decline(&self, s: &Settings, x: &Inputs) -> Option<(Decline, Stands)> {
        ASKED[usize::from(ALWAYS)].fetch_add(1, Ordering::Relaxed);
        let (why, stands) = self.0.decline(s, x)?;
        Some((why, if ALWAYS { Stands::default() } else { stands }))
    }

    fn ladder(&self, s: &Settings, x: &Inputs, out: &mut Ladder) {
        self.0.ladder(s, x, out);
    }
}
