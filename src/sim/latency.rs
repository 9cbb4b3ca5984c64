//! Delays between a decision and its effect at the venue, drawn from a seeded source.
//!
//! In: random bits. Out: nanoseconds. Hot path: integers but for one pinned logarithm.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::math::fixed::{exponential, mul_div};
use crate::settings::{Form, Rule, Setting, settings};
use crate::units::Ns;

/// Points of an empirical table, at most.
const POINTS_MAX: usize = 16;
/// Longest delay, ms.
const DELAY_MAX: i64 = 60_000;

settings! {
    /// A delay between decision and effect.
    pub enum Latency: Copy {
        /// Always the same.
        Constant = "constant" {
            /// Delay.
            ms: u32 = 200, 0..=DELAY_MAX, "ms";
        }
        /// A floor plus an exponential tail.
        ShiftedExponential = "shifted-exponential" {
            /// Floor.
            base_ms: u32 = 150, 0..=DELAY_MAX, "ms";
            /// Mean of the tail.
            mean_ms: u32 = 100, 0..=DELAY_MAX, "ms";
        }
        /// Measured quantiles, straight lines between them.
        Table = "table" {
            /// Pairs of percent and milliseconds, from `[0, least]` to `[100, largest]`.
            points: Quantiles = Quantiles::default(), QUANTILES, "ms";
        }
    }
}

/// What the points of a table must be.
const QUANTILES: Form = Form {
    text: "2 to 16 pairs [percent, ms] from 0 to 100 percent, rising, of 0 to 60000",
    holds: |v| v.clone().try_into::<Quantiles>().is_ok(),
    inside: &["[[0, 0], [100, 0]]", "[[0, 30], [50, 80], [90, 200], [99, 500], [100, 60000]]"],
    beyond: &["[[0, 0]]", "[[1, 0], [100, 5]]", "[[0, 0], [100, 60001]]", "[[0, 5], [100, 4]]"],
};

impl Latency {
    /// A delay in nanoseconds.
    pub fn draw(&self, bits: u64) -> i64 {
        match self {
            Latency::Constant { ms } => i64::from(*ms) * Ns::MS,
            Latency::ShiftedExponential { base_ms, mean_ms } => {
                let tail = exponential(bits, i64::from(*mean_ms) * Ns::MS);
                i64::from(*base_ms) * Ns::MS + tail
            }
            Latency::Table { points } => points.at(u32::try_from(bits >> 32).unwrap_or(u32::MAX)),
        }
    }
}

impl Latency {
    /// The mean delay, ns.
    #[must_use]
    pub fn mean_ns(&self) -> i64 {
        match self {
            Latency::Constant { ms } => i64::from(*ms) * Ns::MS,
            Latency::ShiftedExponential { base_ms, mean_ms } => {
                (i64::from(*base_ms) + i64::from(*mean_ms)) * Ns::MS
            }
            Latency::Table { points } => {
                let middles = (0..64).map(|i| points.at((2 * i + 1) << 25));
                middles.sum::<i64>() / 64
            }
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Latency::Constant { ms } => write!(f, "{ms} ms"),
            Latency::ShiftedExponential { base_ms, mean_ms } => {
                write!(f, "{base_ms} ms and an exponential {mean_ms} ms")
            }
            Latency::Table { points } => {
                let (least, most) = (points.at(0), points.at(u32::MAX));
                let middle = points.at(1 << 31);
                let ms = |ns: i64| ns / Ns::MS;
                write!(f, "{} to {} ms (median {})", ms(least), ms(most), ms(middle))
            }
        }
    }
}

/// What an action waits for besides the draw: the way to the venue, and the scale of it all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Round trip, ns.
    pub ping: i64,
    /// Scale of the whole, percent.
    pub pct: u32,
}

/// The draw of the newest action of a kind: what is sent at one time is one action.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Action {
    at: Ns,
    delay: i64,
}

impl Action {
    /// Nothing was sent.
    pub(super) const NONE: Action = Action { at: Ns(i64::MIN), delay: 0 };

    /// The delay of what is sent at `now`, ns; drawn by `bits` where it is another action than the last.
    pub(super) fn delay(&mut self, now: Ns, latency: Latency, way: Way, bits: u64) -> i64 {
        if self.at != now {
            let whole = latency.draw(bits).saturating_add(way.ping / 2);
            *self = Action { at: now, delay: mul_div(whole, i64::from(way.pct), 100) };
        }
        self.delay
    }
}

/// An empirical distribution: its quantiles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u8, u32)>", into = "Vec<(u8, u32)>")]
pub struct Quantiles {
    len: u8,
    points: [(u8, u32); POINTS_MAX],
}

impl Quantiles {
    /// The quantile of `u / 2^32`, ns.
    fn at(&self, u: u32) -> i64 {
        let u = i64::from(u);
        let place = |p: u8| (i64::from(p) << 32) / 100;
        for w in self.points[..usize::from(self.len)].windows(2) {
            let ((from, least), (to, most)) = (w[0], w[1]);
            if u < place(to) {
                let (span, rise) = (place(to) - place(from), i64::from(most) - i64::from(least));
                let part = i128::from(rise) * i128::from(Ns::MS) * i128::from(u - place(from));
                let part = i64::try_from(part / i128::from(span.max(1))).unwrap_or(0);
                return i64::from(least) * Ns::MS + part;
            }
        }
        self.points[..usize::from(self.len)].last().map_or(0, |(_, ms)| i64::from(*ms) * Ns::MS)
    }
}

impl Default for Quantiles {
    /// The venue's own figures, roughly: median 0.2 s, p99 0.9 s.
    fn default() -> Quantiles {
        let list = [(0, 100), (50, 200), (90, 500), (99, 900), (100, 2_000)];
        let mut points = [(0, 0); POINTS_MAX];
        points[..list.len()].copy_from_slice(&list);
        Quantiles { len: 5, points }
    }
}

impl Setting for Quantiles {
    type Limits = Form;
    fn rule(form: Form) -> Rule {
        Rule::Form(form)
    }
}

impl TryFrom<Vec<(u8, u32)>> for Quantiles {
    type Error = String;

    fn try_from(list: Vec<(u8, u32)>) -> Result<Quantiles, String> {
        if !(2..=POINTS_MAX).contains(&list.len()) {
            return Err(format!("a latency table has 2 to {POINTS_MAX} points [percent, ms]"));
        }
        let ends = list.first().map(|p| p.0) == Some(0) && list.last().map(|p| p.0) == Some(100);
        let rising = list.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
        let short = list.iter().all(|p| i64::from(p.1) <= DELAY_MAX);
        if !ends || !rising || !short {
            return Err("a latency table goes from 0 to 100 percent, both columns rising, to 60000 ms at most".into());
        }
        let mut points = [(0, 0); POINTS_MAX];
        points[..list.len()].copy_from_slice(&list);
        Ok(Quantiles { len: u8::try_from(list.len()).unwrap_or(0), points })
    }
}

impl From<Quantiles> for Vec<(u8, u32)> {
    fn from(q: Quantiles) -> Vec<(u8, u32)> {
        q.points[..usize::from(q.len)].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(latency: Latency, seed: u64) -> Vec<i64> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut all: Vec<i64> = (0..20_000).map(|_| latency.draw(rng.u64(..))).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_constant_is_constant() {
        let all = sorted(Latency::Constant { ms: 7 }, 1);
        assert_eq!((all[0], all[19_999]), (7 * Ns::MS, 7 * Ns::MS));
    }

    #[test]
    fn a_shifted_exponential_has_its_floor_its_median_and_its_seed() {
        let l = Latency::ShiftedExponential { base_ms: 150, mean_ms: 100 };
        let all = sorted(l, 1);
        assert!(all[0] >= 150 * Ns::MS);
        // 150 + 100 ln 2; four standard errors of a median of 20,000 are 2.8 ms.
        assert!((all[10_000] - 219_315_000).abs() < 2_900_000, "{}", all[10_000]);
        assert_eq!(all, sorted(l, 1));
        assert_ne!(all, sorted(l, 2));
    }

    #[test]
    fn what_is_sent_at_one_time_is_one_action_with_half_a_ping_on_top() {
        let latency = Latency::ShiftedExponential { base_ms: 150, mean_ms: 100 };
        let mut rng = fastrand::Rng::with_seed(1);
        let (mut orders, mut twice) = (Action::NONE, Action::NONE);
        let way = |pct| Way { ping: 80 * Ns::MS, pct };
        let mut first = rng.clone();
        let mut at = |ms| orders.delay(Ns(ms * Ns::MS), latency, way(100), rng.u64(..));
        let all = [at(1), at(1), at(2), at(2), at(1)];
        assert!(all[0] == all[1] && all[2] == all[3] && all[0] != all[2] && all[4] != all[0]);
        assert!(all.iter().all(|ns| *ns >= 190 * Ns::MS), "{all:?}");
        assert_eq!(twice.delay(Ns(5), latency, way(200), first.u64(..)), 2 * all[0]);
    }

    #[test]
    fn an_empirical_table_gives_back_its_quantiles() {
        let list = vec![(0, 30), (50, 80), (90, 200), (99, 500), (100, 900)];
        let points = Quantiles::try_from(list.clone()).expect("a table");
        assert_eq!(Vec::from(points), list);
        let all = sorted(Latency::Table { points }, 3);
        for (percent, ms) in [(0, 30), (25, 55), (50, 80), (70, 140), (90, 200), (99, 500)] {
            let got = all[20_000 * percent / 100];
            let off = (got - ms * Ns::MS).abs();
            assert!(off < (ms / 20 + 2) * Ns::MS, "{percent} %: {got}");
        }
        assert!(all[19_999] <= 900 * Ns::MS);
    }

    #[test]
    fn tables_that_are_none_say_so() {
        for bad in [vec![(0, 1)], vec![(0, 5), (100, 4)], vec![(1, 5), (100, 6)], vec![(0, 1); 17]]
        {
            assert!(Quantiles::try_from(bad).is_err());
        }
    }
}
