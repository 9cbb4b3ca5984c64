//! A strategy that wants whatever a strategy can want: crossed, doubled and unordered prices off the
//! tick, negative and monstrous sizes, hundreds of levels, numbers that are none.
//!
//! In: a seed in its settings. Out: ladders, each decided by seed and inputs alone. Cold path.

use serde::{Deserialize, Serialize};

use crate::engine::Components;
use crate::learn::Estimates;
use crate::quote::{Band, Bounds, Decline, Inputs, Ladder, OwnFill, Stands, Strategy};
use crate::record::{Named, StrategyInfo};
use crate::settings::settings;
use crate::sim::models::skellam::Skellam;
use crate::sim::paper::Paper;
use crate::units::{Ns, Px, Side, Sz};

settings! {
    /// What decides the nonsense.
    pub struct Config: Copy {
        /// Seed.
        seed: u64 = 0, 0..=i64::MAX;
    }
}

/// The strategy; it counts its fills.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hostile {
    fills: u64,
}

/// An engine with it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HostileEngine;

impl Components for HostileEngine {
    type Strategy = Hostile;
    type Fills = Skellam;
    type Executor = Paper<Skellam>;
}

const NUMBERS: [f64; 10] =
    [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e300, 1e300, 0.0, -1.0, 1e-300, 1.0, 250.0];

impl Hostile {
    fn draws(&self, cfg: &Config, x: &Inputs) -> fastrand::Rng {
        let parts = [x.now.0, x.bid.0, x.ask.0, x.position.0];
        let mixed = parts.iter().fold(cfg.seed ^ self.fills, |h, p| {
            (h ^ p.unsigned_abs()).rotate_left(17).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        fastrand::Rng::with_seed(mixed)
    }
}

fn of<T: Copy>(r: &mut fastrand::Rng, all: &[T]) -> T {
    all[r.usize(..all.len())]
}

fn level(r: &mut fastrand::Rng, x: &Inputs, out: &mut Ladder) {
    let side = of(r, &Side::BOTH);
    if r.u8(..4) == 0 {
        let mid = of(r, &[x.mid().to_f64(), f64::NAN, 0.0, -5.0]);
        let (bps, usd) = (of(r, &NUMBERS), of(r, &NUMBERS));
        out.push_bps(side, mid, bps, usd);
        return;
    }
    let near = r.i64(-300_000_000..300_000_000);
    let px =
        of(r, &[i64::MIN, i64::MAX, 0, -1, 1, x.bid.0, x.ask.0, x.bid.0 + near, x.ask.0 + near]);
    let any = r.i64(..1 << 40);
    let sz = of(r, &[i64::MIN, i64::MAX, -1, 0, 1, 100_000_000, 777_777_777, any]);
    out.push(side, Px(px), Sz(sz));
}

impl Strategy for Hostile {
    type Config = Config;

    fn info(_cfg: &Config) -> StrategyInfo {
        const REASONS: &[Named] =
            &[Named { name: "mood", unit: "", sentence: "No reason at all." }];
        StrategyInfo { name: "hostile", version: 1, terms: &[], reasons: REASONS }
    }

    fn new(_cfg: &Config, _bounds: &Bounds, _e: &Estimates) -> Hostile {
        Hostile { fills: 0 }
    }

    fn on_fill(&mut self, _cfg: &Config, _bounds: &Bounds, _fill: &OwnFill) {
        self.fills += 1;
    }

    fn decline(&self, cfg: &Config, x: &Inputs) -> Option<(Decline, Stands)> {
        let mut r = self.draws(cfg, x);
        let why = [Decline::NoEstimate, Decline::NoEdge, Decline::Own(255)];
        (r.u8(..16) == 0)
            .then(|| (of(&mut r, &why), of(&mut r, &[Stands::default(), Stands::BY_CURVE])))
    }

    fn ladder(&self, cfg: &Config, x: &Inputs, out: &mut Ladder) {
        let mut r = self.draws(cfg, x);
        for _ in 0..of(&mut r, &[0, 1, 5, 40, 1_000]) {
            level(&mut r, x, out);
        }
        if r.u8(..8) == 0 {
            let side = of(&mut r, &Side::BOTH);
            out.decline(side, Decline::Own(r.u8(..)));
        }
        out.terms = std::array::from_fn(|_| of(&mut r, &NUMBERS));
        out.tolerance_bps = of(&mut r, &NUMBERS);
        let value = of(&mut r, &NUMBERS);
        out.valued_at = r.bool().then_some(value);
        let bid = [x.bid, Px(i64::MAX)];
        let ask = [Px(i64::MIN), x.ask];
        out.stands = Stands {
            touch: of(&mut r, &[Band::Still, Band::Follows, Band::Within { bid, ask }]),
            until: Ns(of(&mut r, &[i64::MIN, i64::MAX, x.now.0, x.now.0 + 1])),
            estimates: r.bool(),
            prints: r.bool(),
            curve: r.bool(),
        };
    }
}
