//! The line below all delays: how two clocks stand to each other, and how fast they drift apart.
//!
//! In: receive stamps, and receive stamp less block time at each. Out: a line that lies below all of
//! the last minutes. Hot path: integers; once in [`ENVELOPE_STEP_NS`] a pass over the lows.
//!
//! The line is the edge of the lows' lower hull under their mean time: of all lines below the
//! lows the one with the least sum of distances (Moon, Skelly, Towsley: Estimation and removal of
//! clock skew from network delay measurements, INFOCOM 1999). A drift of one clock tilts lows and
//! line alike, so what is left above the line stays; late messages do not touch it.

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use crate::limits::{DRIFT_AFTER_NS, DRIFT_PPB_MAX, ENVELOPE_POINTS, ENVELOPE_STEP_NS};
use crate::units::Ns;

/// A line over receive time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    at: Ns,
    value: i64,
    /// Its slope, parts of a billion.
    ppb: i64,
}

impl Line {
    /// The level line through a point.
    pub(super) fn level(at: Ns, value: i64) -> Line {
        Line { at, value, ppb: 0 }
    }

    /// The parallel line through a point.
    pub(super) fn through(self, at: Ns, value: i64) -> Line {
        Line { at, value, ..self }
    }

    /// Its value where it was drawn.
    pub(super) fn base(&self) -> i64 {
        self.value
    }

    /// Its value at `t`.
    pub(super) fn value(&self, t: Ns) -> i64 {
        self.value.saturating_add(rise(t.since(self.at), self.ppb))
    }
}

/// The lowest point of each step of time, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Envelope {
    lows: ArrayVec<(Ns, i64), ENVELOPE_POINTS>,
    /// When the newest point's step began.
    step: Ns,
}

impl Envelope {
    pub(super) fn clear(&mut self) {
        self.lows.clear();
    }

    /// Takes a point, later than all before; gives the line where a new step of time begins.
    pub(super) fn push(&mut self, t: Ns, value: i64) -> Option<Line> {
        let line = match self.lows.last_mut() {
            Some(newest) if t.since(self.step) < ENVELOPE_STEP_NS => {
                if value < newest.1 {
                    *newest = (t.max(newest.0), value);
                }
                return None;
            }
            Some(_) => self.line(),
            None => None,
        };
        if self.lows.is_full() {
            self.lows.remove(0);
        }
        self.lows.push((t, value));
        self.step = t;
        line
    }

    /// The line below the lows; a level one before their slope stands out.
    fn line(&self) -> Option<Line> {
        let (first, last) = (self.lows.first()?.0, self.lows.last()?.0);
        if last.since(first) < DRIFT_AFTER_NS {
            return Some(Line::level(last, self.lows.iter().map(|p| p.1).min()?));
        }
        let mut hull: ArrayVec<(Ns, i64), ENVELOPE_POINTS> = ArrayVec::new();
        let mut sum = 0i128;
        for p in &self.lows {
            sum += i128::from(p.0.since(first));
            while let [.., a, b] = hull.as_slice()
                && cross(*a, *b, *p) <= 0
            {
                hull.pop();
            }
            hull.push(*p);
        }
        let mean = first.plus(i64::try_from(sum / self.lows.len().max(1) as i128).ok()?);
        let [a, b] = *hull.windows(2).find(|e| e[1].0 > mean)? else { return None };
        let slope = i128::from(b.1 - a.1) * 1_000_000_000 / i128::from(b.0.since(a.0).max(1));
        let ppb = i64::try_from(slope).unwrap_or(0).clamp(-DRIFT_PPB_MAX, DRIFT_PPB_MAX);
        // Of a slope that was bounded, the highest line below all lows.
        let above = |p: &(Ns, i64)| p.1.saturating_sub(rise(p.0.since(last), ppb));
        Some(Line { at: last, value: self.lows.iter().map(above).min()?, ppb })
    }
}

/// Twice the area on the left of a, b, c: positive where b lies below the line from a to c.
fn cross(a: (Ns, i64), b: (Ns, i64), c: (Ns, i64)) -> i128 {
    let by = |p: (Ns, i64)| (i128::from(p.0.since(a.0)), i128::from(p.1) - i128::from(a.1));
    let ((bx, bv), (cx, cv)) = (by(b), by(c));
    bx * cv - bv * cx
}

fn rise(past: i64, ppb: i64) -> i64 {
    // A division of 64 bits is a tenth of one of 128, and what is usual fits.
    let wide = || i64::try_from(i128::from(past) * i128::from(ppb) / 1_000_000_000).unwrap_or(0);
    past.checked_mul(ppb).map_or_else(wide, |rise| rise / 1_000_000_000)
}
