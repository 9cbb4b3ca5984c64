//! How far fill models are off the truth.
//!
//! In: outcomes, order by order. Out: bias at five horizons, disagreement, distance of the times
//! to fill, calibration by queue ahead, each with its uncertainty. Cold path.
//!
//! 1. Model and truth are compared on the same orders, so that the uncertainty is that of the
//!    difference.
//! 2. Orders watched at the same time are dependent: uncertainty comes from leaving out one of
//!    [`GROUPS`] stretches of time after the other (the jackknife), not from counting orders.

use super::Outcome;
use crate::truth::Estimate;
use crate::units::{Ns, Sz};
use crate::venue::cst::{HORIZONS_S, LOT, Shadow, WATCH_NS};
use crate::venue::draw::{float, floor};

/// Stretches of time left out in turn.
pub const GROUPS: usize = 20;
/// Two-sided 95 % quantile of Student's t with `GROUPS - 1` degrees of freedom.
const T95: f64 = 2.093;
/// Bins of the queue ahead, of equal numbers of orders.
const BINS: usize = 5;
/// The horizon of the calibration by queue, as an index of [`HORIZONS_S`]: two seconds.
pub const CALIBRATED: usize = 2;

/// One model over all scenarios. Percentage points, except where named otherwise.
#[derive(Clone, Debug)]
pub struct Score {
    /// Root mean square over scenarios and horizons of the bias of the fill probability.
    pub rms: Estimate,
    /// The bias of the largest size, signed: positive is too many fills.
    pub max: f64,
    /// The scenario it belongs to, and its horizon as an index of [`HORIZONS_S`].
    pub max_at: (u8, usize),
    /// Orders of which model and truth say different things about a horizon, per cent.
    pub disagreement: Estimate,
    /// Largest distance of the distributions of time to fill, mean over scenarios.
    pub ks: Estimate,
    /// Root mean square over scenarios of the bias at each horizon.
    pub by_horizon: [f64; 5],
    /// Orders refused.
    pub refused: u32,
    /// By scenario.
    pub rows: Vec<Row>,
}

/// One model in one scenario.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The scenario.
    pub scenario: u8,
    /// True probability of a fill within each horizon, per cent.
    pub truth: [f64; 5],
    /// Model's minus true probability.
    pub bias: [Estimate; 5],
    /// Orders of which the two say different things, per cent, mean over horizons.
    pub disagreement: Estimate,
    /// Largest distance of the distributions of time to fill.
    pub ks: Estimate,
}

/// Orders of one scenario with about the same queue ahead.
#[derive(Clone, Debug)]
pub struct Bin {
    /// The scenario.
    pub scenario: u8,
    /// Queue ahead in lots: least, mean, largest.
    pub queue: (f64, f64, f64),
    /// Orders.
    pub n: usize,
    /// True probability of a fill within the calibrated horizon, per cent.
    pub truth: Estimate,
    /// By model: probability, with the interval of its difference from the truth.
    pub models: Vec<Estimate>,
}

/// Counts of one model in one scenario, by group.
struct Counts {
    scenario: u8,
    n: [f64; GROUPS],
    truth: [[f64; 5]; GROUPS],
    model: [[f64; 5]; GROUPS],
    differ: [[f64; 5]; GROUPS],
    /// Times to fill with their groups, sorted: of the truth, of the model.
    times: [Vec<(i64, usize)>; 2],
}

/// Figures of one model in one scenario.
struct Figures {
    truth: [f64; 5],
    bias: [f64; 5],
    disagreement: f64,
    ks: f64,
}

fn within(s: &Shadow, filled: Option<Ns>, h: usize) -> f64 {
    let limit = floor(HORIZONS_S[h] * 1e9);
    f64::from(u8::from(filled.is_some_and(|t| t.since(s.placed) <= limit)))
}

impl Counts {
    fn new(o: &Outcome, model: usize) -> Counts {
        let mut c = Counts {
            scenario: o.scenario.number,
            n: [0.0; GROUPS],
            truth: [[0.0; 5]; GROUPS],
            model: [[0.0; 5]; GROUPS],
            differ: [[0.0; 5]; GROUPS],
            times: [Vec::new(), Vec::new()],
        };
        for (i, (s, filled)) in o.truth.iter().zip(&o.filled[model]).enumerate() {
            let g = i * GROUPS / o.truth.len();
            c.n[g] += 1.0;
            for h in 0..5 {
                let (a, b) = (within(s, s.filled, h), within(s, *filled, h));
                c.truth[g][h] += a;
                c.model[g][h] += b;
                c.differ[g][h] += (a - b).abs();
            }
            for (times, t) in c.times.iter_mut().zip([s.filled, *filled]) {
                times.extend(
                    t.map(|t| t.since(s.placed)).filter(|t| *t <= WATCH_NS).map(|t| (t, g)),
                );
            }
        }
        c.times.iter_mut().for_each(|t| t.sort_unstable());
        c
    }

    /// The figures without group `skip`.
    fn figures(&self, skip: Option<usize>) -> Figures {
        let kept = |g: &usize| Some(*g) != skip;
        let n: f64 = (0..GROUPS).filter(kept).map(|g| self.n[g]).sum::<f64>().max(1.0);
        let share = |of: &[[f64; 5]; GROUPS]| {
            std::array::from_fn(|h| {
                100.0 * (0..GROUPS).filter(kept).map(|g| of[g][h]).sum::<f64>() / n
            })
        };
        let (truth, model): ([f64; 5], [f64; 5]) = (share(&self.truth), share(&self.model));
        let differ: [f64; 5] = share(&self.differ);
        Figures {
            truth,
            bias: std::array::from_fn(|h| model[h] - truth[h]),
            disagreement: differ.iter().sum::<f64>() / 5.0,
            ks: 100.0 * self.distance(skip) / n,
        }
    }

    /// Largest difference of the numbers filled up to a time.
    fn distance(&self, skip: Option<usize>) -> f64 {
        let [mut a, mut b] = self.times.each_ref().map(|t| t.iter().peekable());
        let (mut gap, mut largest) = (0.0f64, 0.0f64);
        while let Some(t) = a.peek().map(|x| x.0).into_iter().chain(b.peek().map(|x| x.0)).min() {
            for (list, sign) in [(&mut a, 1.0), (&mut b, -1.0)] {
                while let Some((_, g)) = list.next_if(|x| x.0 == t) {
                    gap += if Some(*g) == skip { 0.0 } else { sign };
                }
            }
            largest = largest.max(gap.abs());
        }
        largest
    }
}

/// A figure with its interval, by leaving out one group after the other.
fn jackknife(of: impl Fn(Option<usize>) -> f64) -> Estimate {
    let without: Vec<f64> = (0..GROUPS).map(|g| of(Some(g))).collect();
    let groups = float(i64::try_from(GROUPS).unwrap_or(1));
    let mean = without.iter().sum::<f64>() / groups;
    let spread: f64 = without.iter().map(|x| (x - mean) * (x - mean)).sum();
    Estimate { value: of(None), ci95: T95 * (spread * (groups - 1.0) / groups).sqrt() }
}

fn rms(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(s, n), x| (s + x * x, n + 1.0));
    if n > 0.0 { f64::sqrt(sum / n) } else { 0.0 }
}

/// The score of model number `model`.
pub fn score(outcomes: &[Outcome], model: usize) -> Score {
    let counts: Vec<Counts> = outcomes.iter().map(|o| Counts::new(o, model)).collect();
    // Without group g of every scenario: worlds are independent, so any pairing would do.
    let all =
        |skip: Option<usize>| -> Vec<Figures> { counts.iter().map(|c| c.figures(skip)).collect() };
    let cases: Vec<Vec<Figures>> =
        std::iter::once(None).chain((0..GROUPS).map(Some)).map(all).collect();
    let case = |skip: Option<usize>| &cases[skip.map_or(0, |g| g + 1)];
    let mean = |skip, of: fn(&Figures) -> f64| {
        let figures = case(skip);
        figures.iter().map(of).sum::<f64>()
            / float(i64::try_from(figures.len().max(1)).unwrap_or(1))
    };
    let row = |(i, c): (usize, &Counts)| Row {
        scenario: c.scenario,
        truth: case(None)[i].truth,
        bias: std::array::from_fn(|h| jackknife(|skip| case(skip)[i].bias[h])),
        disagreement: jackknife(|skip| case(skip)[i].disagreement),
        ks: jackknife(|skip| case(skip)[i].ks),
    };
    let rows: Vec<Row> = counts.iter().enumerate().map(row).collect();
    let cells = rows.iter().flat_map(|r| (0..5).map(move |h| (r.bias[h].value, (r.scenario, h))));
    let (max, max_at) = cells.max_by(|a, b| a.0.abs().total_cmp(&b.0.abs())).unwrap_or_default();
    Score {
        rms: jackknife(|skip| rms(case(skip).iter().flat_map(|f| f.bias))),
        max,
        max_at,
        disagreement: jackknife(|skip| mean(skip, |f| f.disagreement)),
        ks: jackknife(|skip| mean(skip, |f| f.ks)),
        by_horizon: std::array::from_fn(|h| rms(case(None).iter().map(|f| f.bias[h]))),
        refused: outcomes.iter().map(|o| o.refused[model]).sum(),
        rows,
    }
}

/// The calibration by queue ahead of one scenario, at [`CALIBRATED`].
pub fn calibration(o: &Outcome) -> Vec<Bin> {
    let mut order: Vec<usize> = (0..o.truth.len()).collect();
    order.sort_by_key(|i| (o.truth[*i].queue, *i));
    let bin = |b: usize| {
        let of = &order[b * order.len() / BINS..(b + 1) * order.len() / BINS];
        let queue = |i: usize| lots(o.truth[i].queue);
        let share = |f: &dyn Fn(usize) -> f64| {
            jackknife(|skip| {
                let kept = of.iter().filter(|i| Some(**i * GROUPS / o.truth.len()) != skip);
                let (sum, n) = kept.fold((0.0, 0.0), |(s, n), i| (s + f(*i), n + 1.0));
                if n > 0.0 { 100.0 * sum / n } else { 0.0 }
            })
        };
        let truth = |i: usize| within(&o.truth[i], o.truth[i].filled, CALIBRATED);
        let model = |m: usize| {
            let at = |i: usize| within(&o.truth[i], o.filled[m][i], CALIBRATED);
            let (value, bias) = (share(&at).value, share(&|i| at(i) - truth(i)));
            Estimate { value, ci95: bias.ci95 }
        };
        let n = float(i64::try_from(of.len().max(1)).unwrap_or(1));
        Bin {
            scenario: o.scenario.number,
            queue: (
                of.first().map_or(0.0, |i| queue(*i)),
                of.iter().map(|i| queue(*i)).sum::<f64>() / n,
                of.last().map_or(0.0, |i| queue(*i)),
            ),
            n: of.len(),
            truth: share(&truth),
            models: (0..o.filled.len()).map(model).collect(),
        }
    };
    (0..BINS).map(bin).collect()
}

fn lots(sz: Sz) -> f64 {
    float(sz.0 / LOT)
}

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;
