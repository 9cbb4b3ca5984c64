//! A value over time in a bounded number of columns, each with its first, last, least and greatest.
//!
//! In: values with their times, in order of time. Out: columns of one width. Cold path.
//!
//! 1. A value holds until the next one; `None` ends it.
//! 2. Between [`COLUMNS_MIN`] and twice as many columns after a long run: where the run outgrows
//!    them, neighbours merge. No extreme is lost.
//! 3. Two series with the same start, finished at the same end, have the same columns.

use super::stats::Blocks;
use crate::units::Ns;
use serde::{Deserialize, Serialize};

/// Fewest columns of a run long enough to fill them.
pub const COLUMNS_MIN: usize = 600;
/// Width of a column at first, ns.
const WIDTH_NS: i64 = 100 * Ns::MS;

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Value it begins with.
    pub first: f64,
    /// Value it ends with.
    pub last: f64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// Whether the least value came before the greatest.
    pub falls_first: bool,
    /// Whether the value still holds at the end of the column.
    pub holds: bool,
}

/// Columns of one value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    start: Ns,
    width: i64,
    columns: Vec<Option<Column>>,
}

impl Column {
    fn of(v: f64) -> Column {
        Column { first: v, last: v, min: v, max: v, falls_first: true, holds: true }
    }

    fn take(&mut self, v: f64) {
        if v < self.min {
            (self.min, self.falls_first) = (v, false);
        }
        if v > self.max {
            (self.max, self.falls_first) = (v, true);
        }
        (self.last, self.holds) = (v, true);
    }

    fn join(a: Option<Column>, b: Option<Column>) -> Option<Column> {
        let (Some(a), Some(b)) = (a, b) else { return a.map(|c| c.broken(b.is_none())).or(b) };
        let falls_first = match (b.min < a.min, b.max > a.max) {
            (true, true) => b.falls_first,
            (true, false) => false,
            (false, true) => true,
            (false, false) => a.falls_first,
        };
        Some(Column {
            first: a.first,
            last: b.last,
            min: a.min.min(b.min),
            max: a.max.max(b.max),
            falls_first,
            holds: b.holds,
        })
    }

    fn broken(mut self, broken: bool) -> Column {
        self.holds &= !broken;
        self
    }
}

impl Series {
    /// An empty series of a run that begins at `start`.
    pub fn new(start: Ns) -> Series {
        Series { start, width: WIDTH_NS, columns: Vec::new() }
    }

    /// The value from `at` on; `None`: there is none. Values that are not finite count as none.
    pub fn push(&mut self, at: Ns, value: Option<f64>) {
        let i = self.reach(at);
        match (value.filter(|v| v.is_finite()), &mut self.columns[i]) {
            (Some(v), Some(c)) => c.take(v),
            (Some(v), empty) => *empty = Some(Column::of(v)),
            (None, Some(c)) => c.holds = false,
            (None, None) => {}
        }
    }

    /// Holds the last value to the end of the run.
    pub fn finish(&mut self, end: Ns) {
        self.reach(end);
    }

    /// The columns.
    pub fn columns(&self) -> &[Option<Column>] {
        &self.columns
    }

    /// Width of a column, ns.
    pub fn width(&self) -> i64 {
        self.width
    }

    /// Whether no value was ever taken.
    pub fn is_empty(&self) -> bool {
        self.columns.iter().all(Option::is_none)
    }

    /// Least and greatest value.
    pub fn range(&self) -> Option<(f64, f64)> {
        let all = self.columns.iter().flatten();
        all.fold(None, |r: Option<(f64, f64)>, c| {
            Some(r.map_or((c.min, c.max), |(lo, hi)| (lo.min(c.min), hi.max(c.max))))
        })
    }

    /// The value in force at the end of column `i`.
    pub fn at(&self, i: usize) -> Option<f64> {
        self.columns.get(i).copied().flatten().map(|c| c.last)
    }

    /// How much the value moved in each block, from 0 at the start.
    pub fn steps(&self, blocks: &Blocks) -> Vec<[f64; 1]> {
        let mut before = 0.0;
        (0..blocks.count)
            .map(|b| {
                let i = (blocks.end(b).since(self.start) - 1) / self.width;
                let i = usize::try_from(i).unwrap_or(0).min(self.columns.len().saturating_sub(1));
                let now = self.at(i).unwrap_or(before);
                [now - std::mem::replace(&mut before, now)]
            })
            .collect()
    }

    /// Runs of points `(column, value)` without a hole: least and greatest of every column in the
    /// order they came; columns that say nothing new are left out.
    pub fn runs(&self) -> Vec<Vec<(usize, f64)>> {
        let mut runs = Vec::new();
        let mut run: Vec<(usize, f64)> = Vec::new();
        for (i, column) in self.columns.iter().enumerate() {
            let Some(c) = column else {
                end(&mut run, &mut runs);
                continue;
            };
            let (a, b) = if c.falls_first { (c.min, c.max) } else { (c.max, c.min) };
            push(&mut run, i, a);
            push(&mut run, i, b);
            push(&mut run, i, c.last);
            if !c.holds {
                end(&mut run, &mut runs);
            }
        }
        end(&mut run, &mut runs);
        runs
    }

    /// The column of a time, made where it is missing.
    fn reach(&mut self, at: Ns) -> usize {
        let since = at.since(self.start).max(0);
        while since / self.width >= 2 * i64::try_from(COLUMNS_MIN).unwrap_or(i64::MAX) {
            self.width *= 2;
            let pairs = self.columns.chunks(2);
            self.columns =
                pairs.map(|p| if let [a, b] = p { Column::join(*a, *b) } else { p[0] }).collect();
        }
        let i = usize::try_from(since / self.width).unwrap_or(0);
        while self.columns.len() <= i {
            let held = self.columns.last().copied().flatten().filter(|c| c.holds);
            self.columns.push(held.map(|c| Column::of(c.last)));
        }
        i
    }
}

/// Adds a point; of a level stretch only its two ends stay.
pub(super) fn push(run: &mut Vec<(usize, f64)>, i: usize, v: f64) {
    let same = |p: &(usize, f64)| p.1.total_cmp(&v).is_eq();
    if let [.., a, b] = &mut run[..]
        && same(a)
        && same(b)
    {
        b.0 = i;
    } else if run.last().is_none_or(|l| l.0 != i || !same(l)) {
        run.push((i, v));
    }
}

fn end(run: &mut Vec<(usize, f64)>, runs: &mut Vec<Vec<(usize, f64)>>) {
    if !run.is_empty() {
        runs.push(std::mem::take(run));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: i64) -> Ns {
        Ns(n * Ns::MS)
    }

    #[test]
    fn a_value_holds_and_a_hole_stays_a_hole() {
        let mut s = Series::new(ms(0));
        s.push(ms(0), Some(1.0));
        s.push(ms(310), Some(2.0));
        s.push(ms(520), None);
        s.push(ms(910), Some(5.0));
        s.finish(ms(1_150));
        assert_eq!(s.columns().len(), 12);
        assert_eq!(s.at(2), Some(1.0));
        assert_eq!(s.at(3), Some(2.0));
        assert!(s.columns()[6..9].iter().all(Option::is_none));
        let runs = s.runs();
        assert_eq!(
            runs,
            vec![vec![(0, 1.0), (3, 1.0), (3, 2.0), (5, 2.0)], vec![(9, 5.0), (11, 5.0)]]
        );
    }

    #[test]
    fn merging_keeps_every_extreme_and_their_order() {
        let mut s = Series::new(ms(0));
        let mut rng = fastrand::Rng::with_seed(4);
        let mut all = Vec::new();
        for t in 0..100_000i64 {
            let v = f64::from(rng.i32(-1_000..1_000));
            all.push((t * 20, v));
            s.push(ms(t * 20), Some(v));
        }
        let n = s.columns().len();
        assert!((COLUMNS_MIN..=2 * COLUMNS_MIN).contains(&n), "{n}");
        let width = s.width() / Ns::MS;
        for (i, c) in s.columns().iter().enumerate() {
            let c = c.expect("filled");
            let i = i64::try_from(i).expect("small");
            // The value in force when the column begins counts, too.
            let held = all.iter().rfind(|(t, _)| t / width < i);
            let inside = held.into_iter().chain(all.iter().filter(|(t, _)| t / width == i));
            let inside = inside.map(|p| p.1);
            let (mut lo, mut hi) = (f64::MAX, f64::MIN);
            let mut falls_first = true;
            for v in inside {
                if v < lo {
                    (lo, falls_first) = (v, false);
                }
                if v > hi {
                    (hi, falls_first) = (v, true);
                }
            }
            assert_eq!((c.min, c.max), (lo, hi));
            assert_eq!(c.falls_first, falls_first, "column {i}");
        }
    }

    #[test]
    fn series_of_one_run_share_their_columns() {
        let (mut a, mut b) = (Series::new(ms(0)), Series::new(ms(0)));
        for t in 0..7_000 {
            a.push(ms(t * 1_000), Some(1.0));
        }
        b.push(ms(12), Some(1.0));
        for s in [&mut a, &mut b] {
            s.finish(ms(7_000_000));
        }
        assert_eq!((a.width(), a.columns().len()), (b.width(), b.columns().len()));
        assert_eq!(b.runs(), vec![vec![(0, 1.0), (b.columns().len() - 1, 1.0)]]);
    }
}
