//! What was learned of quotes beside what is true of them, where the market was simulated.
//!
//! In: the curve of a run, the truth that lies in its folder. Out: text, intervals for a chart. Cold path.

use serde::{Deserialize, Serialize};

use super::stats::Interval;
use crate::record::{Curve, Earns};
use crate::units::lines;

/// Independent fills from which a place has a say.
const SEEN: f64 = 2.0;
/// USD an hour of 1000 USD quoted, from bps of the size a second.
const USD_H: f64 = 1e3 * 1e-4 * 3_600.0;

/// What quotes really meet in a simulated market.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quotes {
    /// Market time it was found out in, h.
    pub hours: f64,
    /// By share of resting orders that are not post-only, and by mark; the world's own share first.
    pub curves: Vec<TrueCurve>,
}

/// One curve of [`Quotes`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrueCurve {
    /// Share of resting orders that are not post-only.
    pub share: f64,
    /// Time from a fill to its mark, s.
    pub mark_s: u8,
    /// By place.
    pub rows: Vec<TrueRow>,
}

/// One place of a curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrueRow {
    /// Its name.
    pub place: String,
    /// Fills a second in the book.
    pub rate: Figure,
    /// Fee and adverse move, bps.
    pub costs: Figure,
    /// What a fill earns, bps.
    pub edge: Figure,
    /// What a second and side earns, bps of the size.
    pub value: Figure,
}

/// A figure and half of its 95 % interval, where there are any.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    value: Option<f64>,
    ci95: Option<f64>,
}

impl Figure {
    fn text(self, by: f64, digits: usize) -> String {
        match (self.value, self.ci95) {
            (Some(v), Some(e)) => format!("{:.digits$} ±{:.digits$}", v * by, e * by),
            (Some(v), None) => format!("{:.digits$}", v * by),
            _ => "-".to_owned(),
        }
    }

    /// As an interval.
    pub fn interval(self) -> Option<Interval> {
        let value = self.value?;
        let end = |sign: f64| self.ci95.map(|e| value + sign * e);
        Some(Interval { value, lo: end(-1.0), hi: end(1.0) })
    }
}

impl Quotes {
    /// What is true of the place of a learned row, by the same marks and where everybody else is post-only.
    pub fn of(&self, row: &Curve) -> Option<&TrueRow> {
        let name = row.place_text();
        let curve = self.curves.iter().find(|c| c.mark_s == row.mark_s && c.share <= 0.0)?;
        curve.rows.iter().find(|r| r.place == name)
    }

    /// Rows that were learned from often enough, each with what is true.
    fn pairs<'a>(&'a self, earns: &'a Earns) -> impl Iterator<Item = (&'a Curve, &'a TrueRow)> {
        earns.rows().filter(|r| r.n_eff >= SEEN).filter_map(|r| Some((r, self.of(r)?)))
    }

    /// At how many places the intervals of learned and true value overlap, and of how many.
    pub fn agree(&self, earns: &Earns) -> (usize, usize) {
        let agrees = |(l, t): &(&Curve, &TrueRow)| {
            let Some(t) = t.value.interval() else { return false };
            l.value_lo <= t.hi.unwrap_or(t.value) && t.lo.unwrap_or(t.value) <= l.value_hi
        };
        (self.pairs(earns).filter(agrees).count(), self.pairs(earns).count())
    }

    /// Learned and true side by side, at the places seen often enough; empty where there is none.
    pub fn text(&self, earns: &Earns) -> String {
        let (agree, all) = self.agree(earns);
        if all == 0 {
            return String::new();
        }
        let text = format!(
            "against true: values agree at {agree} of {all} places seen often enough; what is true was \
             found in {:.1} h of the same world, simulated apart. ± 95 %.",
            self.hours
        );
        let mut out = lines::below("learned", &text);
        let row = |cells: [&str; 7]| {
            let [place, rate, rate_true, cost, cost_true, value, value_true] = cells;
            let line = format!(
                " {place:>7} {rate:>19} {rate_true:>12} {cost:>12} {cost_true:>11} \
                 {value:>21} {value_true:>11}"
            );
            format!("{}\n", line.trim_end())
        };
        out.push_str(&row(["", "fills a second", "", "cost, bps", "", "USD/h, 1000 one side", ""]));
        let (l, t) = ("learned", "true");
        out.push_str(&row(["bps", l, t, l, t, l, t]));
        for (l, t) in self.pairs(earns) {
            let rate = format!("{:.3} [{:.3},{:.3}]", l.rate, l.rate_lo, l.rate_hi);
            let cost = format!("{:.2} ±{:.2}", l.cost_bps, l.error_bps);
            let [v, lo, hi] = [l.value, l.value_lo, l.value_hi].map(|x| x * USD_H);
            let value = format!("{v:+.1} [{lo:+.1},{hi:+.1}]");
            let truth = [t.rate.text(1.0, 3), t.costs.text(1.0, 2), t.value.text(USD_H, 1)];
            let place = l.place_text();
            out.push_str(&row([&place, &rate, &truth[0], &cost, &truth[1], &value, &truth[2]]));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Body;
    use crate::report::sources::Sources;

    const TRUTH: &str = r#"{"coins":[{"coin":"A","kappa":5.0,"rate_per_s":0.1},{"coin":"B","quotes":null},
        {"coin":"C","quotes":{"hours":2.0,"curves":[
        {"share":0.0,"mark_s":5,"rows":[{"place":"1","rate":{"value":0.1,"ci95":0.01},
        "costs":{"value":2.0,"ci95":null},"edge":{"value":-1.0,"ci95":0.5},"value":{"value":-0.1,"ci95":0.02}},
        {"place":"join","rate":{"value":0.0,"ci95":0.0},"costs":{"value":null,"ci95":null},
        "edge":{"value":null,"ci95":null},"value":{"value":0.0,"ci95":0.0}}]}]}}]}"#;

    fn earns(value: [f64; 3]) -> Earns {
        let mut all = Earns::default();
        for (place, distance_e2, n_eff) in [(4, 100, 9.0), (17, u16::MAX, 1.0)] {
            all.take(&Body::from(Curve {
                place,
                mark_s: 5,
                distance_e2,
                live_s: 600.0,
                fills: 9.0,
                n_eff,
                rate: 0.09,
                rate_lo: 0.05,
                rate_hi: 0.2,
                quoted_bps: 1.0,
                cost_bps: 2.1,
                error_bps: 0.3,
                value: value[0],
                value_lo: value[1],
                value_hi: value[2],
            }));
        }
        all
    }

    #[test]
    fn learned_stands_beside_true_where_it_was_seen_often_enough() {
        let mut sources = Sources::default();
        sources.take(None, Some(TRUTH));
        assert!(sources.truth_of("A").is_some() && sources.quotes_of("A").is_none());
        assert!(sources.truth_of("C").is_none() && sources.quotes_of("B").is_none());
        let q = sources.quotes_of("C").expect("quotes");
        let near = earns([-0.09, -0.2, -0.05]);
        assert_eq!(q.agree(&near), (1, 1));
        assert_eq!(q.agree(&earns([0.05, 0.01, 0.2])), (0, 1));
        let text = q.text(&near);
        assert!(text.contains("agree at 1 of 1 places") && text.contains("2.0 h of the"), "{text}");
        let row = text.lines().last().expect("a row");
        assert!(row.contains("0.090 [0.050,0.200]") && row.contains("0.100 ±0.010"), "{row}");
        assert!(row.ends_with("-36.0 ±7.2") && row.contains("2.10 ±0.30        2.00"), "{row}");
        assert!(text.lines().all(|l| l.chars().count() <= lines::WIDTH), "{text}");
        assert_eq!(q.text(&Earns::default()), "");
    }
}
