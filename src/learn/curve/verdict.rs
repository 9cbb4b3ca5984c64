//! Would quoting earn: the word, and the fee at which it would change.
//!
//! In: readings by distance. Out: [`Verdict`]. Hot path: once a window of evidence.
//!
//! 1. Only places with at least two independent fills have a say: of others nothing is claimed.
//! 2. The word changes when another one has held for three closed windows.
//! 3. "Pays" asks for more than the interval: many distances are looked at, many times.
//! 4. The fee enters a cost by itself alone: it pays below fee plus the best lower end of an edge, and
//!    loses above fee plus the best upper end.

use serde::{Deserialize, Serialize};

use super::stats::Reading;
use crate::limits::CURVE;
use crate::record::Outlook;

/// Independent fills from which a place has a say.
pub const SEEN: f64 = 2.0;
/// Factor on the interval where "pays" is said.
const CAREFUL: f64 = 1.35;
/// Windows for which another word has to hold.
const HOLDS: u8 = 3;

/// What the curve comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The word, as [`Outlook`] counts.
    word: u8,
    /// Another word, and for how many windows it has held.
    other: (u8, u8),
    /// The place with the largest value of those seen often enough.
    pub best: Option<usize>,
    /// Number of places seen often enough.
    pub seen: usize,
    /// A lower maker fee than this pays, bps.
    pub pays_below: f64,
    /// A higher one loses at every place seen, bps.
    pub loses_above: f64,
    /// How sure the best edge's sign is, 0 to 1: its square over that plus its variance.
    pub sureness: f64,
}

impl Default for Verdict {
    fn default() -> Verdict {
        Verdict {
            word: Outlook::Unknown as u8,
            other: (Outlook::Unknown as u8, 0),
            best: None,
            seen: 0,
            pays_below: 0.0,
            loses_above: 0.0,
            sureness: 0.0,
        }
    }
}

impl Verdict {
    /// The word.
    #[must_use]
    pub fn word(&self) -> Outlook {
        Outlook::of(self.word).unwrap_or(Outlook::Unknown)
    }

    /// A window closed: `readings` are the newest.
    pub(super) fn take(&mut self, fee_bps: f64, readings: &[Reading; CURVE]) {
        let seen = || readings.iter().enumerate().filter(|(_, r)| r.n_eff >= SEEN);
        let most = |f: &dyn Fn(&Reading) -> f64| seen().map(|(_, r)| f(r)).fold(f64::MIN, f64::max);
        self.seen = seen().count();
        self.best = seen().max_by(|a, b| a.1.value().total_cmp(&b.1.value())).map(|(j, _)| j);
        let Some(best) = self.best.map(|j| &readings[j]) else {
            return self.say(Outlook::Unknown);
        };
        self.pays_below = fee_bps + most(&|r| r.edge_ends()[0]);
        let upper = most(&|r| r.edge_ends()[1]);
        self.loses_above = fee_bps + upper;
        let (square, variance) = (best.edge() * best.edge(), best.deviation * best.deviation);
        self.sureness = square / (square + variance);
        let sure = most(&|r| r.edge() - CAREFUL * r.t * r.deviation) > 0.0;
        self.say(if sure {
            Outlook::Pays
        } else if best.value() > 0.0 {
            Outlook::LikelyPays
        } else if upper > 0.0 {
            Outlook::LikelyLoses
        } else {
            Outlook::Loses
        });
    }

    fn say(&mut self, word: Outlook) {
        let word = word as u8;
        let held = if self.other.0 == word { self.other.1.saturating_add(1) } else { 1 };
        self.other = (word, held);
        if held >= HOLDS {
            self.word = word;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place where a fill earns `edge` give or take `half`.
    fn place(n_eff: f64, edge: f64, half: f64) -> Reading {
        Reading {
            n_eff,
            rate: 0.1,
            quoted: 2.0 + edge,
            cost: 2.0,
            deviation: half / 2.0,
            t: 2.0,
            ..Reading::default()
        }
    }

    fn after(windows: usize, v: &mut Verdict, some: &[Reading]) -> Outlook {
        let mut all = [Reading::default(); CURVE];
        all[..some.len()].copy_from_slice(some);
        (0..windows).for_each(|_| v.take(1.5, &all));
        v.word()
    }

    #[test]
    fn each_word_has_its_rule_and_holds_three_windows_first() {
        let mut v = Verdict::default();
        assert_eq!(after(3, &mut v, &[place(1.9, 9.0, 0.1)]), Outlook::Unknown, "seen too seldom");
        assert_eq!(v.best, None);
        let pays = [place(5.0, -1.0, 0.1), place(3.0, 2.0, 1.4), place(1.0, 9.0, 0.1)];
        assert_eq!(after(2, &mut v, &pays), Outlook::Unknown);
        assert_eq!(after(1, &mut v, &pays), Outlook::Pays);
        assert_eq!((v.best, v.seen), (Some(1), 2));
        assert!((v.pays_below - 2.1).abs() < 1e-12 && (v.loses_above - 4.9).abs() < 1e-12);
        // Within its own interval, but not with 1.35 of it.
        assert_eq!(after(3, &mut v, &[place(3.0, 2.0, 1.6)]), Outlook::LikelyPays);
        assert_eq!(after(3, &mut v, &[place(3.0, -0.1, 1.6)]), Outlook::LikelyLoses);
        let loses = [place(3.0, -2.0, 1.6), place(9.0, -1.0, 0.5), place(1.0, 9.0, 0.1)];
        assert_eq!(after(2, &mut v, &loses), Outlook::LikelyLoses);
        assert_eq!(after(1, &mut v, &loses), Outlook::Loses);
        assert!((v.pays_below - 0.0).abs() < 1e-12 && (v.loses_above - 1.1).abs() < 1e-12);
        // Two of three windows change nothing.
        for _ in 0..5 {
            assert_eq!(after(2, &mut v, &pays), Outlook::Loses);
            assert_eq!(after(1, &mut v, &loses), Outlook::Loses);
        }
    }
}
