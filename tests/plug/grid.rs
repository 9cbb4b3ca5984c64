//! A grid of twenty orders, quoted again on every trade, as wide as the market is wild. It counts takers
//! by itself.

use papermaker::{
    Band, Bounds, Components, Decline, Estimates, Inputs, Ladder, Named, Ns, Paper, Sample, Side,
    Skellam, Stands, Strategy, StrategyInfo, settings,
};
use serde::{Deserialize, Serialize};

settings! {
    /// A grid.
    pub struct Settings: Copy {
        /// Orders a side.
        levels: usize = 10, 1..=20;
        /// Distance between two of them where the market is calm.
        step_bps: f64 = 1.0, 0.1..=100.0, "bps";
        /// Worth of an order.
        usd: f64 = 20.0, 10.0..=1e6, "USD";
        /// Volatility from which it does not quote, per square root of a second.
        sigma_most_bps: f64 = 50.0, 0.1..=1e3, "bps";
    }
}

/// It remembers how wild the market is, and how many takers there were.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grid {
    sigma_bps: f64,
    takers: u32,
}

/// The engine with it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WithGrid;

impl Components for WithGrid {
    type Strategy = Grid;
    type Fills = Skellam;
    type Executor = Paper<Skellam>;
}

impl Strategy for Grid {
    type Config = Settings;

    fn info(_: &Settings) -> StrategyInfo {
        const TERMS: &[Named] = &[
            Named { name: "step", unit: "bps", sentence: "Distance between two orders." },
            Named { name: "takers", unit: "", sentence: "Takers seen so far." },
        ];
        const REASONS: &[Named] =
            &[Named { name: "wild", unit: "", sentence: "The market moves too much." }];
        StrategyInfo { name: "grid", version: 1, terms: TERMS, reasons: REASONS }
    }

    fn new(_: &Settings, _: &Bounds, e: &Estimates) -> Grid {
        Grid { sigma_bps: e.sigma_bps, takers: 0 }
    }

    fn on_estimates(&mut self, _: &Settings, _: &Bounds, e: &Estimates) {
        self.sigma_bps = e.sigma_bps;
    }

    fn on_sample(&mut self, _: &Settings, _: Ns, sample: &Sample) {
        self.takers += u32::from(matches!(sample, Sample::Sweep(_)));
    }

    fn decline(&self, s: &Settings, _: &Inputs) -> Option<(Decline, Stands)> {
        let by_estimates = Stands { touch: Band::ALL, ..Stands::BY_ESTIMATES };
        (self.sigma_bps > s.sigma_most_bps).then_some((Decline::Own(1), by_estimates))
    }

    fn ladder(&self, s: &Settings, x: &Inputs, out: &mut Ladder) {
        let (mid, step) = (x.mid().to_f64(), s.step_bps.max(self.sigma_bps));
        let mut bps = step;
        for _ in 0..s.levels {
            out.push_bps(Side::Buy, mid, bps, s.usd);
            out.push_bps(Side::Sell, mid, bps, s.usd);
            bps += step;
        }
        (out.terms[0], out.terms[1]) = (step, self.takers.into());
        // It says nothing of how long it stands: it is asked on every trade, tick and change.
    }
}
