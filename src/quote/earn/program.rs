//! Which distance to quote at with which position: value iteration on the venue's price grid.
//!
//! In: what a fill at each place earns and how often it comes. Out: for every position the place to buy
//! at; to sell is its mirror. Hot path: fixed arrays, once a window of evidence.
//!
//! 1. h(n) is what a position of n steps is worth against none, bps of a step. A fill at place j is worth
//!    its edge and the change of h; a place is worth its rate times that, less what its messages cost.
//!    u(n) = max_j (buy) + max_j (sell) - penalty n^2, and h <- h + u / (2 max rate), less h(0).
//! 2. Both sides have one curve, so h is even.

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};
use serde_big_array::BigArray;

use crate::limits::{CURVE, INVENTORY_STEPS_MAX};

/// Positions.
const POSITIONS: usize = 2 * INVENTORY_STEPS_MAX + 1;
/// No place.
const NONE: u8 = u8::MAX;
/// Sweeps from no values at all, and from those of the window before, from which rates and edges differ
/// little.
const SWEEPS: [usize; 2] = [40, 8];

/// What a place offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Fills per second.
    pub rate: f64,
    /// What one earns, bps.
    pub edge: f64,
    /// What its messages cost, bps a second.
    pub messages: f64,
}

/// What positions are worth, and what follows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Program {
    /// Steps to the largest position.
    steps: usize,
    /// It goes on from values of other places than these.
    warm: bool,
    #[serde(with = "BigArray")]
    worth: [f64; POSITIONS],
    #[serde(with = "BigArray")]
    best: [u8; POSITIONS],
}

impl Program {
    pub(super) fn new(steps: usize) -> Program {
        let steps = steps.clamp(1, INVENTORY_STEPS_MAX);
        Program { steps, warm: false, worth: [0.0; POSITIONS], best: [NONE; POSITIONS] }
    }

    /// Goes on from what was worth what so far; a position of n steps costs `penalty` n^2 bps a second.
    pub(super) fn improve(&mut self, places: &[Place; CURVE], penalty: f64) {
        self.sweep(places, penalty, SWEEPS[usize::from(self.warm)]);
        self.warm = true;
    }

    /// So many sweeps.
    ///
    /// # Cost
    /// Half of the positions are looked at: h is even, to the bit.
    fn sweep(&mut self, places: &[Place; CURVE], penalty: f64, sweeps: usize) {
        let often = places.iter().fold(0.0, |m, p: &Place| p.rate.max(m));
        let (last, pace) = (2 * self.steps, 2.0 * often + 1e-9);
        let fills = envelope(places);
        for sweep in 1..=sweeps {
            let mut before = 0.0;
            for i in 0..=self.steps {
                let (was, after) = (self.worth[i], self.worth[(i + 1).min(last)]);
                // A mirror of what is behind the middle was changed already: it is what was before.
                let after = if i == self.steps { before } else { after };
                // Which places those are is asked at the end alone.
                let of = |gain| {
                    if sweep < sweeps { (NONE, most(&fills, gain)) } else { best(&fills, gain) }
                };
                let buy = of(after - was);
                let sell = if i > 0 { of(before - was) } else { (NONE, 0.0) };
                (self.best[i], self.best[last - i]) = (buy.0, sell.0);
                #[expect(clippy::cast_precision_loss, reason = "a few dozen")]
                let n = i as f64 - self.steps as f64;
                let worth = was + (buy.1 + sell.1 - penalty * n * n) / pace;
                (self.worth[i], self.worth[last - i], before) = (worth, worth, was);
            }
            // At no position both are the same place.
            let flat = self.worth[self.steps];
            self.worth[..=last].iter_mut().for_each(|w| *w -= flat);
        }
    }

    /// The place to buy at with `n` steps, negative ones sold; none where no fill is worth it.
    pub(super) fn place(&self, n: i64) -> Option<usize> {
        let steps = i64::try_from(self.steps).unwrap_or(0);
        let at = usize::try_from(n.clamp(-steps, steps) + steps).unwrap_or(0);
        let place = self.best.get(at).copied().filter(|p| *p != NONE && n < steps);
        place.map(usize::from)
    }

    /// Steps to the largest position.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }
}

/// The places that are the best for some change of the position's worth: what a place is worth is a line
/// in it, and these lines make the upper envelope. Where nothing fills nothing is earned.
fn envelope(places: &[Place; CURVE]) -> ArrayVec<(u8, Place), CURVE> {
    let fills = (0u8..).zip(places).filter(|(_, p)| p.rate > 0.0);
    let mut lines: ArrayVec<(u8, Place), CURVE> = fills.map(|(j, p)| (j, *p)).collect();
    let at_none = |p: &Place| p.rate * p.edge - p.messages;
    let steeper = |a: &Place, b: &Place| a.rate.total_cmp(&b.rate);
    lines.sort_unstable_by(|(i, a), (j, b)| {
        steeper(a, b).then(at_none(a).total_cmp(&at_none(b))).then(j.cmp(i))
    });
    let mut n = 0;
    for at in 0..lines.len() {
        let new = lines[at];
        let (rate, none) = (new.1.rate, at_none(&new.1));
        while n > 0 {
            let last = &lines[n - 1].1;
            let over = n < 2 && last.rate < rate
                || n > 1 && {
                    let first = &lines[n - 2].1;
                    (none - at_none(first)) * (last.rate - first.rate)
                        < (at_none(last) - at_none(first)) * (rate - first.rate)
                };
            if over {
                break;
            }
            n -= 1;
        }
        lines[n] = new;
        n += 1;
    }
    lines.truncate(n);
    lines
}

/// What the best place is worth a second: that of [`best`].
fn most(places: &[(u8, Place)], gain: f64) -> f64 {
    places.iter().fold(0.0, |most, (_, p)| {
        let worth = p.rate * (p.edge + gain) - p.messages;
        if worth > most { worth } else { most }
    })
}

/// The best place where a fill changes the worth of the position by `gain`, and what it is worth a second.
fn best(places: &[(u8, Place)], gain: f64) -> (u8, f64) {
    let mut found = (NONE, 0.0);
    for (j, p) in places {
        let worth = p.rate * (p.edge + gain) - p.messages;
        if worth > found.1 {
            found = (*j, worth);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two places that pay: often and little, seldom and much.
    fn places() -> [Place; CURVE] {
        let mut all = [Place::default(); CURVE];
        all[2] = Place { rate: 0.5, edge: 1.0, messages: 0.0 };
        all[9] = Place { rate: 0.1, edge: 4.0, messages: 0.0 };
        all
    }

    #[test]
    fn the_best_place_is_quoted_flat_and_the_position_leans_on_it() {
        let mut p = Program::new(10);
        p.sweep(&places(), 0.01, 400);
        assert_eq!(p.place(0), Some(2), "half a bps a second against .4");
        assert_eq!(p.place(8), Some(9), "with eight bought a ninth is bought far out alone");
        assert_eq!((p.place(10), p.place(11)), (None, None));
        assert_eq!(p.place(-10), Some(2));
        let w = |n: usize| p.worth[n];
        assert!((0..=10).all(|n| (w(10 + n) - w(10 - n)).abs() < 1e-9), "even");
        assert!((0..10).all(|n| w(10 + n) > w(11 + n)), "less the more is held");
    }

    #[test]
    fn nothing_is_quoted_where_nothing_pays_or_messages_cost_more() {
        let mut p = Program::new(4);
        p.improve(&[Place { rate: 1.0, edge: -0.1, messages: 0.0 }; CURVE], 0.0);
        assert!((-4..=4).all(|n| p.place(n).is_none()));
        let mut dear = places();
        dear[2].messages = 0.2;
        p.improve(&dear, 0.001);
        assert_eq!(p.place(0), Some(9), "its messages leave .3 of the near place's half");
        dear[2].messages = 1.0;
        dear[9].messages = 1.0;
        let mut p = Program::new(4);
        p.improve(&dear, 0.0);
        assert_eq!(p.place(0), None);
    }

    #[test]
    fn no_place_is_better_than_those_of_the_envelope() {
        let mut rng = fastrand::Rng::with_seed(5);
        let mut kept = 0;
        for _ in 0..2_000 {
            let mut all = [Place::default(); CURVE];
            for place in &mut all {
                let rate = [0.0, 0.1, rng.f64()][rng.usize(..3)];
                *place = Place { rate, edge: rng.f64() * 4.0 - 1.0, messages: 0.1 * rng.f64() };
            }
            let every: Vec<_> = (0u8..).zip(all).filter(|(_, p)| p.rate > 0.0).collect();
            let few = envelope(&all);
            assert!(few.len() <= every.len());
            kept += few.len();
            for gain in (-60..60).map(|g| f64::from(g) * 0.2) {
                let (want, got) = (most(&every, gain), most(&few, gain));
                assert!((want - got).abs() < 1e-12, "{gain}: {want} {got} {all:?}");
            }
        }
        assert!(kept < 2_000 * 6, "control: most places are left out: {kept}");
    }

    /// Share of positions and windows at which the place is that of values swept to rest, while rates and
    /// edges wander as fills come: `sweeps` a window, from the values of the window before or from none.
    fn agrees(sweeps: usize, warm: bool) -> f64 {
        let mut rng = fastrand::Rng::with_seed(8);
        let (mut all, mut rest, mut p) = (places(), Program::new(10), Program::new(10));
        for (j, place) in all.iter_mut().enumerate() {
            let d = j as f64 * 0.5;
            *place = Place {
                rate: 0.3 * crate::math::det::exp(-0.4 * d),
                edge: 0.2 + 0.5 * d,
                messages: 0.0,
            };
        }
        let penalty =
            |all: &[Place; CURVE]| 0.01 * all.iter().map(|p| p.rate * p.edge).fold(0.0, f64::max);
        p.sweep(&all, penalty(&all), SWEEPS[0]);
        let (mut same, mut of) = (0.0, 0.0);
        for _ in 0..200 {
            for place in &mut all {
                place.rate *= 1.0 + 0.06 * (rng.f64() - 0.5);
                place.edge += 0.06 * (rng.f64() - 0.5);
            }
            if !warm {
                p = Program::new(10);
            }
            p.sweep(&all, penalty(&all), sweeps);
            rest.sweep(&all, penalty(&all), 2_000);
            same += (-10..=10).filter(|n| p.place(*n) == rest.place(*n)).count() as f64;
            of += 21.0;
        }
        same / of
    }

    #[test]
    fn eight_sweeps_a_window_quote_as_forty_do() {
        let [eight, forty, cold] = [agrees(8, true), agrees(40, true), agrees(8, false)];
        println!("of places swept to rest: {eight} {forty}, from nothing {cold}");
        assert!(eight > 0.95 && eight > forty - 0.02, "{eight} {forty}");
        assert!(cold < 0.8, "control: from nothing they do not: {cold}");
    }
}
