//! What quoting at each distance would earn: the curve of the shadow ladder.
//!
//! In: what shadow quotes met. Out: readings by distance, once a window. Hot path: fixed capacity; the
//! readings are made when a window of evidence closes, not between.
//!
//! 1. Nothing of it comes from own orders: the curve is a function of the tape and of the settings.
//! 2. There is one of a 5 s mark, which decides, and one of a 30 s mark, which expects what it came to.

mod forecast;
mod marks;
#[cfg(test)]
pub(crate) mod null_tests;
pub mod stats;
pub mod verdict;
mod window;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use self::forecast::Forecast;
pub use self::forecast::Rates;
use self::marks::Marks;
pub use self::marks::WINDOW_NS;
use self::stats::{Reading, Stats};
use self::verdict::Verdict;
pub use self::window::distance;
use super::score::Rating;
use crate::event::shadow::Seen;
use crate::limits::CURVE;
use crate::math::det;
use crate::settings::settings;
use crate::units::{Mid2, Ns, Side};

/// Horizons of the marks, s: the one that decides, the one beside it.
pub const MARK_S: [u8; 2] = [5, 30];

settings! {
    /// What the curve of the shadow ladder remembers.
    pub struct Config: Copy {
        /// Whether there is a shadow ladder and a curve; without them strategy `earn` quotes nothing, and
        /// others cost less.
        on: bool = true;
        /// Memory of rates, costs and their errors.
        memory_s: f64 = 1_800.0, 10.0..=1e7, "s";
        /// Memory of the fast layer of rates.
        fast_s: f64 = 60.0, 1.0..=1e6, "s";
    }
}

/// One horizon's.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Horizon {
    marks: Marks,
    stats: Stats,
    /// Number of the newest window taken.
    newest: Option<i64>,
    readings: [Reading; CURVE],
    verdict: Verdict,
}

/// The same quotes through decisions of one window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Stood {
    places: u32,
    ns: i64,
    /// Block times of the window.
    window: Range<Ns>,
}

/// The curve of one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Curve {
    horizons: [Horizon; 2],
    forecast: Forecast,
    /// Of each side what stood last, where it is not counted yet.
    stood: [Stood; 2],
    /// The newest mid.
    mid: Mid2,
    /// Windows closed so far.
    windows: u64,
}

impl Curve {
    /// A curve of what was known before anything was seen; `fee_bps` is the maker's.
    #[must_use]
    pub fn new(fee_bps: f64) -> Curve {
        Curve::early(fee_bps, 0)
    }

    /// The same with windows that begin `early_ns` before what is seen first, and so on.
    #[must_use]
    pub fn early(fee_bps: f64, early_ns: i64) -> Curve {
        let horizons = MARK_S.map(|s| {
            let mut stats = Stats::new();
            let readings = stats.read(fee_bps);
            let marks = Marks::new(i64::from(s) * Ns::SEC, early_ns);
            Horizon { marks, stats, newest: None, readings, verdict: Verdict::default() }
        });
        let rates = |f: fn(&Reading) -> f64| horizons[0].readings.each_ref().map(f);
        let (slow, fast) = (rates(|r| r.rate), rates(|r| r.fast));
        let forecast = Forecast::new([slow, fast, fast]);
        Curve { horizons, forecast, stood: <_>::default(), mid: Mid2(0), windows: 0 }
    }

    /// The shadow ladder saw something; the maker's fee, bps, is asked for where a window closes.
    pub fn on_seen(&mut self, cfg: &Config, fee_bps: impl Fn() -> f64, seen: Seen) {
        if let Seen::Live { side, until, places, ns } = seen {
            return self.on_live(side, until, places, ns);
        }
        // A mid that stays marks whatever it is due for later, too.
        if let Seen::State { time, mid } = seen
            && std::mem::replace(&mut self.mid, mid) == mid
            && self.is_quiet(time)
        {
            return;
        }
        let counts = match seen {
            Seen::State { time, .. } => !self.is_quiet(time),
            Seen::Fill { .. } => self.horizons.iter().any(|h| h.marks.is_full()),
            Seen::Live { .. } | Seen::Hole { .. } => true,
        };
        if counts {
            Side::BOTH.into_iter().for_each(|side| self.count(side));
        }
        let Curve { horizons, forecast, windows, .. } = self;
        let mut sooner: Option<&Stats> = None;
        for (i, h) in horizons.iter_mut().enumerate() {
            match seen {
                Seen::Live { .. } => {}
                Seen::Fill { side, place, px, from, time, .. } => {
                    h.marks.on_fill(side, place, px, from, time);
                }
                Seen::State { time, mid } => {
                    let Horizon { marks, stats, newest, readings, verdict } = h;
                    let mut closed = 0;
                    marks.on_state(time, mid, &mut |number, w| {
                        let passed = newest.replace(number).map_or(1, |last| number - last);
                        let keep = |memory_s: f64| {
                            #[expect(clippy::cast_precision_loss, reason = "a count of windows")]
                            let passed_s = passed as f64 * Ns::seconds(WINDOW_NS);
                            det::exp(-passed_s / memory_s)
                        };
                        if i == 0 {
                            forecast.judge(w);
                        }
                        stats.take(w, keep(cfg.memory_s), keep(cfg.fast_s));
                        closed += 1;
                    });
                    if closed > 0 {
                        if let Some(sooner) = sooner {
                            stats.expect(sooner);
                        }
                        let fee_bps = fee_bps();
                        *readings = stats.read(fee_bps);
                        verdict.take(fee_bps, readings);
                        if i == 0 {
                            let rates = |f: fn(&Reading) -> f64| readings.each_ref().map(f);
                            let used = forecast.renew(rates(|r| r.rate), rates(|r| r.fast));
                            readings.iter_mut().zip(used).for_each(|(r, x)| r.fast = x);
                            *windows += closed;
                        }
                    }
                }
                Seen::Hole { from } => {
                    h.marks.mark(from);
                    h.marks.on_hole();
                }
            }
            sooner = Some(&h.stats);
        }
    }

    /// Whether a state of block `t` neither closes a window nor drops any.
    fn is_quiet(&self, t: Ns) -> bool {
        self.horizons.iter().all(|h| h.marks.is_quiet(t))
    }

    /// Quotes stood: a decision that changed none of them adds to what waits to be counted.
    fn on_live(&mut self, side: Side, until: Ns, places: u32, ns: i64) {
        let stood = &mut self.stood[side.index()];
        if places == 0 {
            return;
        }
        if stood.places == places && stood.window.contains(&until) {
            stood.ns += ns;
        } else if places.count_ones() == 1 {
            self.horizons.iter_mut().for_each(|h| h.marks.on_live(until, places, ns));
        } else if let Some(window) = self.horizons[0].marks.span(until) {
            self.count(side);
            self.stood[side.index()] = Stood { places, ns, window };
        }
    }

    /// Counts what stood at a side.
    fn count(&mut self, side: Side) {
        let Stood { places, ns, window } = std::mem::take(&mut self.stood[side.index()]);
        if places != 0 {
            self.horizons.iter_mut().for_each(|h| h.marks.on_live(window.start, places, ns));
        }
    }

    /// What is read by distance, at each of 5 and 30 s; the first decides.
    #[must_use]
    pub fn at(&self, horizon: usize) -> &[Reading; CURVE] {
        &self.horizons[horizon.min(1)].readings
    }

    /// Whether quoting would earn, by the marks after 5 and 30 s.
    #[must_use]
    pub fn verdict(&self, horizon: usize) -> &Verdict {
        &self.horizons[horizon.min(1)].verdict
    }

    /// What own orders' fills are forecast by.
    #[must_use]
    pub fn rates(&self) -> Rates {
        Rates::new(&self.at(0).each_ref().map(|r| r.quoted), self.forecast.rates())
    }

    /// How good forecasts of shadow fills were at a place; `None`: at all within a basis point.
    #[must_use]
    pub fn rating(&self, place: Option<usize>) -> Rating {
        place.map_or_else(|| self.forecast.near(), |j| self.forecast.place(j))
    }

    /// Whether quotes go by the fast layer of rates.
    #[must_use]
    pub fn fast(&self) -> bool {
        self.forecast.fast()
    }

    /// How many windows of evidence were closed.
    #[must_use]
    pub fn windows(&self) -> u64 {
        self.windows
    }

    /// Shadow fills that a hole in the data left without a mark.
    #[must_use]
    pub fn dropped(&self, horizon: usize) -> u64 {
        self.horizons[horizon.min(1)].marks.dropped()
    }
}

#[cfg(test)]
mod tests;
