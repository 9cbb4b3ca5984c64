//! What a strategy says of itself: name, version, what its numbers and its reasons mean.
//!
//! In: a [`StrategyInfo`], written down once beside the strategy. Out: its records; and from them
//! [`StrategyNames`], by which readers find a term. Cold path.
//!
//! 1. A term's column is its name and its unit: `half` in `bps` is `half_bps`. Readers ask for terms
//!    by column, never by place: places are the strategy's own.

use super::field::{TERMS_MAX, padded, unpadded};
use super::{Body, Label, Labelled, Strategy, Terms};
use serde::{Deserialize, Serialize};

/// A number of a strategy. Names have at most 24 bytes, units 8, sentences 70; more is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Name, without the unit.
    pub name: &'static str,
    /// Unit; empty where it has none, or where the name says it.
    pub unit: &'static str,
    /// One sentence for people.
    pub sentence: &'static str,
}

/// How a strategy presents itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrategyInfo {
    /// Name, at most 24 bytes.
    pub name: &'static str,
    /// Version: a strategy that decides otherwise under the same settings takes another.
    pub version: u32,
    /// Terms, at most twelve; more are left out.
    pub terms: &'static [Named],
    /// Own reasons to decline, at most 255; the first has code 1.
    pub reasons: &'static [Named],
}

impl StrategyInfo {
    /// The records that say so, in order.
    pub fn records(&self) -> impl Iterator<Item = Body> {
        let count = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
        let terms = &self.terms[..self.terms.len().min(TERMS_MAX)];
        let head = Strategy {
            name: padded(self.name),
            version: self.version,
            terms: count(terms.len()),
            reasons: count(self.reasons.len()),
        };
        let label = |of: Labelled| {
            move |(code, n): (u8, &Named)| -> Body {
                let (name, unit) = (padded(n.name), padded(n.unit));
                Label { of, code, name, unit, sentence: padded(n.sentence) }.into()
            }
        };
        let terms = (0u8..).zip(terms).map(label(Labelled::Term));
        let reasons = (1u8..=u8::MAX).zip(self.reasons).map(label(Labelled::Reason));
        std::iter::once(head.into()).chain(terms).chain(reasons)
    }
}

/// The strategy of a run, put together from its records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StrategyNames {
    strategy: Option<Strategy>,
    labels: Vec<Label>,
    /// Columns of the terms by place; empty where a label is missing.
    columns: Vec<String>,
}

impl StrategyNames {
    /// Takes the next record; those of other kinds say nothing.
    pub fn take(&mut self, body: &Body) {
        match body {
            Body::Strategy(x) => *self = StrategyNames { strategy: Some(*x), ..Self::default() },
            Body::Label(x) => {
                self.labels.push(*x);
                let place = usize::from(x.code);
                if x.of == Labelled::Term && place < TERMS_MAX {
                    self.columns.resize(self.columns.len().max(place + 1), String::new());
                    self.columns[place] = x.column();
                }
            }
            _ => {}
        }
    }

    /// Name and version; `None` before the record.
    pub fn name(&self) -> Option<(String, u32)> {
        self.strategy.map(|s| (unpadded(&s.name), s.version))
    }

    /// The term of a column; `None` where the strategy has no such term.
    pub fn value(&self, t: &Terms, column: &str) -> Option<f64> {
        let place = self.columns.iter().position(|c| c == column)?;
        t.value.get(place).copied()
    }

    /// Columns of the terms in their order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The sentence of a term's place.
    pub fn sentence(&self, place: usize) -> String {
        self.label(Labelled::Term, place).map_or_else(String::new, |l| unpadded(&l.sentence))
    }

    /// Name and sentence of an own reason to decline.
    pub fn reason(&self, code: u8) -> Option<(String, String)> {
        let label = self.label(Labelled::Reason, usize::from(code))?;
        Some((unpadded(&label.name), unpadded(&label.sentence)))
    }

    fn label(&self, of: Labelled, code: usize) -> Option<&Label> {
        self.labels.iter().find(|l| l.of == of && usize::from(l.code) == code)
    }
}

impl Label {
    /// Name and unit as a column has them.
    pub fn column(&self) -> String {
        let (name, unit) = (unpadded(&self.name), unpadded(&self.unit));
        if unit.is_empty() { name } else { format!("{name}_{unit}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: StrategyInfo = StrategyInfo {
        name: "grid",
        version: 7,
        terms: &[
            Named { name: "step", unit: "bps", sentence: "Between two levels." },
            Named { name: "lots", unit: "", sentence: "Position in lots." },
        ],
        reasons: &[Named { name: "asleep", unit: "", sentence: "It is night." }],
    };

    #[test]
    fn names_come_back_from_records() {
        let mut names = StrategyNames::default();
        INFO.records().for_each(|b| names.take(&b));
        assert_eq!(names.name(), Some(("grid".into(), 7)));
        assert_eq!(names.columns(), ["step_bps", "lots"]);
        let mut t = Terms { mid: 1.0, value: [0.0; TERMS_MAX] };
        (t.value[0], t.value[1]) = (2.5, -3.0);
        assert_eq!(names.value(&t, "step_bps"), Some(2.5));
        assert_eq!(names.value(&t, "lots"), Some(-3.0));
        assert_eq!(names.value(&t, "half_bps"), None);
        assert_eq!(names.sentence(1), "Position in lots.");
        assert_eq!(names.reason(1), Some(("asleep".into(), "It is night.".into())));
        assert_eq!(names.reason(2), None);
        let labels = names.labels.iter().map(|l| Body::from(*l));
        let again: Vec<Body> = names.strategy.map(Body::from).into_iter().chain(labels).collect();
        assert_eq!(again, INFO.records().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(unpadded(&padded::<4>("aσσ")), "aσ");
        assert_eq!(unpadded(&padded::<4>("abcd")), "abcd");
        assert_eq!(unpadded(&padded::<4>("")), "");
    }
}
