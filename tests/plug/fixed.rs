//! A fixed half-spread that leans against the position: a whole strategy of one's own.

use papermaker::{
    Bounds, Components, Estimates, Inputs, Ladder, Named, Paper, Side, Skellam, Stands, Strategy,
    StrategyInfo, settings,
};
use serde::{Deserialize, Serialize};

settings! {
    /// A fixed half-spread with a skew.
    pub struct Settings: Copy {
        /// Distance of both quotes from the mid.
        half_bps: f64 = 3.0, 0.1..=1e3, "bps";
        /// Shift of both against the position, per lot.
        skew_bps: f64 = 0.5, 0.0..=100.0, "bps";
        /// Worth of an order.
        usd: f64 = 100.0, 10.0..=1e6, "USD";
    }
}

/// It remembers nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fixed;

/// The engine with it: `papermaker::main_with::<WithFixed>()` is the whole program.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WithFixed;

impl Components for WithFixed {
    type Strategy = Fixed;
    type Fills = Skellam;
    type Executor = Paper<Skellam>;
}

impl Strategy for Fixed {
    type Config = Settings;

    fn info(_: &Settings) -> StrategyInfo {
        const TERMS: &[Named] = &[
            Named { name: "half", unit: "bps", sentence: "Distance of both quotes from the mid." },
            Named { name: "skew", unit: "bps", sentence: "Shift of the bid by inventory." },
        ];
        StrategyInfo { name: "fixed", version: 1, terms: TERMS, reasons: &[] }
    }

    fn new(_: &Settings, _: &Bounds, _: &Estimates) -> Fixed {
        Fixed
    }

    fn ladder(&self, s: &Settings, x: &Inputs, out: &mut Ladder) {
        let (mid, skew) = (x.mid().to_f64(), s.skew_bps * x.lots());
        out.push_bps(Side::Buy, mid, s.half_bps + skew, s.usd);
        out.push_bps(Side::Sell, mid, s.half_bps - skew, s.usd);
        (out.terms[0], out.terms[1]) = (s.half_bps, skew);
        // A quote may stand off by a tenth of its distance, and moves with the market alone.
        out.tolerance_bps = s.half_bps / 10.0;
        out.stands = Stands::FOLLOWS;
    }
}
