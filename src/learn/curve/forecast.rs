//! How good the curve's rates are as forecasts of the shadow ladder's own fills.
//!
//! In: windows, rates. Out: scores, which layer of rates is used. Hot path: once a window.
//!
//! 1. A window is judged by the rates that were known when it began: those read after the window
//!    two before it.
//! 2. The fast layer is used unless it tells fills apart worse than the slow one ([`Score::fast`]).

use serde::{Deserialize, Serialize};

use super::window::{Places, Window, distance};
use crate::learn::score::{LAYERS, Rating, Score, Tally};
use crate::limits::{CURVE, DISTANCES};
use crate::math::det;

/// Rates of fills by place, 1/s: slow, fast, the ones used.
type Layers = [Places; LAYERS];

/// What is forecast of quotes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Distances at which the places stood, rounded to the venue's prices, bps; nearest first.
    pub stood: [f64; DISTANCES],
    /// Fills by place, 1/s: slow, fast, the ones used.
    pub by_layer: [[f64; DISTANCES]; LAYERS],
}

impl Rates {
    /// Of places that stood at `stood`, bps.
    pub(super) fn new(stood: &Places, layers: &Layers) -> Rates {
        let mut out = Rates {
            stood: std::array::from_fn(|j| stood[j]),
            by_layer: layers.each_ref().map(|r| std::array::from_fn(|j| r[j])),
        };
        for j in 1..DISTANCES {
            out.stood[j] = out.stood[j].max(out.stood[j - 1]);
        }
        out
    }

    /// Those of a quote at `depth_bps`: of the nearest places, log-linear between them.
    #[must_use]
    pub fn at(&self, depth_bps: f64) -> [f64; LAYERS] {
        let above = (1..DISTANCES).find(|j| self.stood[*j] > depth_bps);
        let j = above.unwrap_or(DISTANCES - 1);
        let (near, far) = (self.stood[j - 1], self.stood[j]);
        let t = ((depth_bps - near) / (far - near).max(1e-9)).clamp(0.0, 1.0);
        self.by_layer.each_ref().map(|r| r[j - 1] * det::exp(t * det::ln(r[j] / r[j - 1])))
    }
}

/// Places within this of the mid are summed up, bps: where takers come often enough to judge.
const NEAR_BPS: f64 = 1.0;

/// Forecasts of one coin's shadow ladder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Forecast {
    /// In force for the window that closes next, and for the one after it.
    rates: [Layers; 2],
    places: [Score; CURVE],
    near: Score,
    all: Score,
    /// The fast rates are used.
    fast: bool,
}

impl Forecast {
    pub(super) fn new(rates: Layers) -> Forecast {
        Forecast {
            rates: [rates; 2],
            places: [Score::default(); CURVE],
            near: Score::default(),
            all: Score::default(),
            fast: true,
        }
    }

    /// A window closed.
    pub(super) fn judge(&mut self, w: &Window) {
        let rates = &self.rates[0];
        let (mut near, mut all) = (Tally::default(), Tally::default());
        for j in 0..CURVE {
            let mut one = Tally::default();
            one.add(w.live[j], w.fills[j], rates.each_ref().map(|r| r[j]));
            self.places[j].take(&one);
            all.join(&one);
            if j < DISTANCES && distance(j) <= NEAR_BPS {
                near.join(&one);
            }
        }
        self.near.take(&near);
        self.all.take(&all);
    }

    /// New rates, slow and fast; gives the ones to use.
    pub(super) fn renew(&mut self, slow: Places, fast: Places) -> Places {
        self.fast = self.all.fast();
        let used = if self.fast { fast } else { slow };
        self.rates = [self.rates[1], [slow, fast, used]];
        used
    }

    /// The newest rates.
    pub(super) fn rates(&self) -> &Layers {
        &self.rates[1]
    }

    /// A place's.
    pub(super) fn place(&self, j: usize) -> Rating {
        self.places[j.min(CURVE - 1)].rating()
    }

    /// Those of all places within a basis point together. How well they tell fills apart is
    /// asked within each place: that nearer quotes fill more often is no knowledge.
    pub(super) fn near(&self) -> Rating {
        let (mut fills, mut gain, mut error) = (0.0, 0.0, 0.0);
        let near = (0..DISTANCES).filter(|j| distance(*j) <= NEAR_BPS);
        for place in near.map(|j| &self.places[j]) {
            let (n, (of, se)) = (place.fills(), place.gain());
            fills += n;
            gain += n * of;
            error += n * se;
        }
        let of = |x: f64| if fills > 0.0 { x / fills } else { 0.0 };
        Rating { gain: of(gain), gain_se: of(error), ..self.near.rating() }
    }

    /// Whether the fast rates are used.
    pub(super) fn fast(&self) -> bool {
        self.fast
    }
}
