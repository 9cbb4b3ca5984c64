//! Would quoting earn: the newest verdict, curve and scores of forecasts, for people and programs.
//!
//! In: the records of them. Out: lines, a table, JSON. Cold path.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Body, Curve, NEAR_PLACES, OWN_ORDERS, Outlook, Score, Verdict};
use crate::units::lines;

/// USD an hour and side of 1000 USD quoted, from bps of the size a second.
const USD_H: f64 = 1e3 * 1e-4 * 3600.0;
/// Horizon by whose marks quoting goes, s.
const DECIDES_S: u8 = 5;
/// Independent fills from which a place has a say.
const SEEN: f64 = 2.0;

/// Hours of data after which an estimate of this size, whose interval from `lo` to `hi` comes of
/// `seconds`, could be distinguished from zero: intervals shrink as the root of the time. `None` where it can be
/// now, or is zero.
pub fn hours_needed(value: f64, lo: f64, hi: f64, seconds: f64) -> Option<f64> {
    let reach = if value < 0.0 { hi - value } else { value - lo };
    let unclear = lo <= 0.0 && hi >= 0.0 && value != 0.0 && reach.is_finite();
    let ratio = reach / value;
    unclear.then(|| seconds / 3_600.0 * ratio * ratio)
}

/// So many hours, as precisely as they are known.
pub fn hours_text(hours: f64) -> String {
    match hours {
        h if h < 1.5 => format!("{:.0} minutes", (h * 60.0).max(1.0)),
        h if h < 10.0 => format!("{h:.1} hours"),
        h if h < 100.0 => format!("{h:.0} hours"),
        h if h < 24_000.0 => format!("{:.0} days", h / 24.0),
        _ => "years".to_owned(),
    }
}

/// What was said last of one coin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Earns {
    verdicts: Vec<Verdict>,
    rows: Vec<Curve>,
    scores: Vec<Score>,
}

impl Curve {
    /// The place in words: a distance in bps, `join` or `improve`.
    pub fn place_text(&self) -> String {
        match self.distance_e2 {
            u16::MAX if self.place == 17 => "join".to_owned(),
            u16::MAX => "improve".to_owned(),
            d => format!("{}", f64::from(d) / 100.0),
        }
    }

    /// The place for a sentence.
    fn place_words(&self) -> String {
        match self.place_text().as_str() {
            "join" => "at the touch".to_owned(),
            "improve" => "a tick inside the touch".to_owned(),
            bps => format!("{bps} bps from the mid"),
        }
    }

    /// What 1000 USD on one side would make here.
    fn value_words(&self) -> String {
        let [value, lo, hi] = [self.value, self.value_lo, self.value_hi].map(|x| x * USD_H);
        format!("1000 USD on one side would make {value:+.2} USD an hour [{lo:+.2}, {hi:+.2}]")
    }

    /// Hours of such data after which the value could be distinguished from zero; `None` where it can be now.
    /// Both sides are in the book at once.
    pub fn hours(&self) -> Option<f64> {
        hours_needed(self.value, self.value_lo, self.value_hi, self.live_s / 2.0)
    }

    /// What a fill earns, bps.
    pub fn edge_bps(&self) -> f64 {
        self.quoted_bps - self.cost_bps
    }
}

impl Score {
    /// Fills over expected; `None` where none was expected.
    pub fn ratio(&self) -> Option<f64> {
        (self.expected > 0.0).then(|| self.fills / self.expected)
    }

    /// One line for people.
    pub fn text(&self) -> String {
        let Some(ratio) = self.ratio() else { return "none was in the book yet".to_owned() };
        let slow = if self.fast { "" } else { "; by slow rates, which tell fills apart better" };
        format!(
            "fills {:.0}, expected {:.1}, ratio {ratio:.2} [{:.2}, {:.2}] in {:.0} independent \
             bursts; timing better than a constant rate: {:+.3} +-{:.3} nats a fill{slow}",
            self.fills,
            self.expected,
            self.ratio_lo,
            self.ratio_hi,
            self.bursts,
            self.gain,
            self.gain_se,
        )
    }

    fn json(&self, rows: &[Curve]) -> Value {
        let place = match self.place {
            OWN_ORDERS => "own orders".to_owned(),
            NEAR_PLACES => "shadow quotes to 1 bps".to_owned(),
            p => {
                rows.iter().find(|r| r.place == p).map_or_else(|| p.to_string(), Curve::place_text)
            }
        };
        json!({
            "place": place, "fast": self.fast, "fills": self.fills, "live_s": self.live_s, "expected": self.expected,
            "ratio": self.ratio(), "ratio_lo": self.ratio_lo, "ratio_hi": self.ratio_hi,
            "bursts": self.bursts, "gain_nats": self.gain, "gain_se_nats": self.gain_se,
        })
    }
}

impl Earns {
    /// Takes a record; others than those of the curve change nothing.
    pub fn take(&mut self, body: &Body) {
        match body {
            Body::Verdict(v) => {
                self.verdicts.retain(|o| o.mark_s != v.mark_s);
                self.verdicts.push(*v);
            }
            Body::Curve(c) => {
                let same = |o: &&mut Curve| (o.mark_s, o.place) == (c.mark_s, c.place);
                match self.rows.iter_mut().find(same) {
                    Some(row) => *row = *c,
                    None => self.rows.push(*c),
                }
            }
            Body::Score(s) => match self.scores.iter_mut().find(|o| o.place == s.place) {
                Some(score) => *score = *s,
                None => self.scores.push(*s),
            },
            _ => {}
        }
    }

    /// The verdict by the marks that decide, or by those after `mark_s` seconds.
    pub fn verdict(&self, mark_s: Option<u8>) -> Option<&Verdict> {
        self.verdicts.iter().find(|v| v.mark_s == mark_s.unwrap_or(DECIDES_S))
    }

    /// The row of the place that a verdict calls best.
    pub fn best(&self, mark_s: Option<u8>) -> Option<&Curve> {
        let v = self.verdict(mark_s)?;
        self.rows.iter().find(|r| (r.mark_s, r.place) == (v.mark_s, v.best))
    }

    /// The curve by the marks that decide, nearest place first.
    pub fn rows(&self) -> impl Iterator<Item = &Curve> {
        self.rows.iter().filter(|r| r.mark_s == DECIDES_S)
    }

    /// How good forecasts of own orders' fills were.
    pub fn own(&self) -> Option<&Score> {
        self.score(OWN_ORDERS)
    }

    /// The same of all shadow quotes within a basis point.
    pub fn near(&self) -> Option<&Score> {
        self.score(NEAR_PLACES)
    }

    fn score(&self, place: u8) -> Option<&Score> {
        self.scores.iter().find(|s| s.place == place)
    }

    /// The range of distances seen often enough.
    fn range(&self) -> Option<(f64, f64)> {
        let seen = || self.rows().filter(|r| r.n_eff >= SEEN && r.distance_e2 != u16::MAX);
        let bps = |r: &Curve| f64::from(r.distance_e2) / 100.0;
        Some((seen().map(bps).next()?, seen().map(bps).last()?))
    }

    /// Lines for people: the verdict, once there is one.
    pub fn text(&self) -> String {
        let Some(v) = self.verdict(None) else { return String::new() };
        let mut out = format!("{}. {}", v.word.text(), v.word.sentence());
        if let Some((near, far)) = self.range() {
            let span = if near < far { format!("{near} to {far}") } else { near.to_string() };
            out.push_str(&format!(
                " Seen often enough: {span} bps from the mid; no word on others."
            ));
        }
        if let Some(o) = self.verdict(Some(30)).filter(|o| o.word != v.word) {
            out.push_str(&format!(" By prices 30 s after a fill: {}.", o.word.text()));
        }
        let Some(r) = self.best(None).filter(|_| v.word != Outlook::Unknown) else {
            return lines::below("would earn", &out);
        };
        out.push_str(&format!(
            " Best {}: {}; a fill gets {:.2} and costs {:.2} ±{:.2} bps, fee included. Would pay below \
             a maker fee of {:+.2} bps, lose everywhere above {:+.2}.",
            r.place_words(),
            r.value_words(),
            r.quoted_bps,
            r.cost_bps,
            r.error_bps,
            v.pays_below_bps,
            v.loses_above_bps,
        ));
        lines::below("would earn", &out)
    }

    /// Whether a quote would earn and where, in a sentence; `name` is the coin's.
    pub fn sentence(&self, name: &str) -> String {
        let Some(v) = self.verdict(None).filter(|v| v.word != Outlook::Unknown) else {
            return format!("{name}: too little seen to say whether a quote earns.");
        };
        let best = self.best(None).map_or_else(String::new, |r| {
            let hours = r.hours().map_or_else(String::new, |h| {
                format!(", to be distinguished from zero in about {} of such data", hours_text(h))
            });
            format!("; best {}: {}{hours}", r.place_words(), r.value_words())
        });
        format!("{name}: {}{best}.", v.word.text())
    }

    /// Forecasts of fills against fills: of own orders, of shadow quotes within a basis point.
    pub fn forecasts(&self) -> String {
        if self.scores.is_empty() {
            return lines::below("forecasts", "of fills: none yet");
        }
        let both = [("own orders", self.own()), ("shadow quotes to 1 bps", self.near())];
        let some = both.into_iter().filter_map(|(what, s)| Some((what, s?)));
        some.map(|(what, s)| lines::below("forecasts", &format!("{what}: {}", s.text()))).collect()
    }

    /// The curve as a table, nearest place first.
    pub fn table(&self) -> String {
        let mut out = String::new();
        for mark_s in [DECIDES_S, 30] {
            out.push_str(&format!(
                "  by prices {mark_s} s after a fill; *: seen too seldom\n  {:>8} {:>7} {:>6} {:>5} {:>22} \
                 {:>6} {:>12} {:>22}\n",
                "bps",
                "live s",
                "fills",
                "indep",
                "fills/s",
                "gets",
                "costs",
                "USD/h, 1000 one side",
            ));
            for r in self.rows.iter().filter(|r| r.mark_s == mark_s) {
                let [value, lo, hi] = [r.value, r.value_lo, r.value_hi].map(|x| x * USD_H);
                let few = if r.n_eff < SEEN { "*" } else { "" };
                let rate = format!("{:.4} [{:.4},{:.4}]", r.rate, r.rate_lo, r.rate_hi);
                let cost = format!("{:.2} +-{:.2}", r.cost_bps, r.error_bps);
                let usd = format!("{value:+.1} [{lo:+.1},{hi:+.1}]");
                out.push_str(&format!(
                    "  {:>8} {:>7.0} {:>6.1} {:>5.1} {rate:>22} {:>6.2} {cost:>12} {usd:>22}\n",
                    format!("{few}{}", r.place_text()),
                    r.live_s,
                    r.fills,
                    r.n_eff,
                    r.quoted_bps,
                ));
            }
        }
        out.push_str("  forecasts of fills, by place\n");
        for s in self.scores.iter().filter(|s| s.place < NEAR_PLACES) {
            let place = self.rows.iter().find(|r| r.place == s.place);
            let name = place.map_or_else(|| s.place.to_string(), Curve::place_text);
            out.push_str(&lines::below(&format!("{name:>9}"), &s.text()));
        }
        out
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let verdict = |v: &Verdict| {
            json!({
                "mark_s": v.mark_s, "word": v.word.text(), "places_seen": v.seen,
                "pays_below_fee_bps": v.pays_below_bps, "loses_above_fee_bps": v.loses_above_bps,
                "certainty": v.certainty,
                "best": self.best(Some(v.mark_s)).map(Curve::place_text),
            })
        };
        let row = |r: &Curve| {
            json!({
                "mark_s": r.mark_s, "place": r.place_text(), "live_s": r.live_s, "fills": r.fills,
                "n_eff": r.n_eff, "rate_per_s": r.rate, "rate_lo_per_s": r.rate_lo,
                "rate_hi_per_s": r.rate_hi, "gets_bps": r.quoted_bps, "costs_bps": r.cost_bps,
                "error_bps": r.error_bps, "edge_bps": r.edge_bps(), "value_bps_per_s": r.value,
                "value_lo_bps_per_s": r.value_lo, "value_hi_bps_per_s": r.value_hi,
            })
        };
        json!({
            "verdicts": self.verdicts.iter().map(verdict).collect::<Vec<_>>(),
            "curve": self.rows.iter().map(row).collect::<Vec<_>>(),
            "forecasts": self.scores.iter().map(|s| s.json(&self.rows)).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(place: u8, distance_e2: u16, n_eff: f64) -> Curve {
        Curve {
            place,
            mark_s: 5,
            distance_e2,
            live_s: 600.0,
            fills: 9.0,
            n_eff,
            rate: 0.01,
            rate_lo: 0.005,
            rate_hi: 0.02,
            quoted_bps: 2.2,
            cost_bps: 5.0,
            error_bps: 1.0,
            value: -0.028,
            value_lo: -0.076,
            value_hi: -0.009,
        }
    }

    fn verdict(word: Outlook, mark_s: u8) -> Verdict {
        Verdict {
            word,
            mark_s,
            best: 6,
            seen: 2,
            pays_below_bps: -2.3,
            loses_above_bps: -0.3,
            certainty: 0.9,
            dropped: 0,
        }
    }

    #[test]
    fn the_newest_is_said_of_places_seen_often_enough_alone() {
        let mut e = Earns::default();
        assert_eq!((e.text(), e.rows().count()), (String::new(), 0));
        assert!(e.forecasts().contains("none yet"));
        for (place, d, n) in [(4, 100, 9.0), (6, 200, 3.0), (16, 1_500, 1.0), (17, u16::MAX, 9.0)] {
            e.take(&row(place, d, 1.0).into());
            e.take(&row(place, d, n).into());
        }
        e.take(&verdict(Outlook::Unknown, 5).into());
        assert!(!e.text().contains("Best"), "{}", e.text());
        assert!(e.sentence("X").starts_with("X: too little seen"));
        e.take(&verdict(Outlook::Loses, 5).into());
        e.take(&verdict(Outlook::LikelyLoses, 30).into());
        let text = e.text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.starts_with("would earn LOSES. ") && text.contains(" 1 to 2 bps from"),
            "{text}"
        );
        assert!(text.contains("30 s after a fill: LIKELY LOSES."), "{text}");
        assert!(
            text.contains("Best 2 bps from the mid: 1000 USD on one side would make -10.08 USD an")
        );
        assert!(text.contains("a maker fee of -2.30 bps, lose everywhere above -0.30"), "{text}");
        let sentence = "X: LOSES; best 2 bps from the mid: 1000 USD on one side would make -10.08 USD an hour \
                        [-27.36, -3.24].";
        assert_eq!(e.sentence("X"), sentence);
        assert_eq!(e.table().matches("  *15 ").count(), 1);
        assert!(e.table().contains("    join ") && e.json()["curve"][3]["place"] == "join");
        let score = |place, fills, expected| Score {
            place,
            fast: true,
            fills,
            live_s: 99.0,
            expected,
            ratio_lo: 0.6,
            ratio_hi: 1.4,
            bursts: 9.0,
            gain: 0.03,
            gain_se: 0.02,
        };
        e.take(&score(OWN_ORDERS, 0.0, 0.0).into());
        e.take(&score(NEAR_PLACES, 12.0, 12.6).into());
        let text = e.forecasts().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("own orders: none was in the book yet"), "{text}");
        assert!(text.contains("fills 12, expected 12.6, ratio 0.95 [0.60, 1.40]"), "{text}");
        assert_eq!(e.json()["forecasts"][0]["ratio"], Value::Null);
        let close = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-9);
        assert!(
            close(hours_needed(-1.0, -4.0, 1.0, 3_600.0), 4.0) && hours_text(4.0) == "4.0 hours"
        );
        assert!(
            close(hours_needed(2.0, -2.0, 3.0, 1_800.0), 2.0) && hours_text(0.5) == "30 minutes"
        );
        let of = Curve { value: -1.0, value_lo: -4.0, value_hi: 1.0, ..row(4, 100, 9.0) };
        assert!(close(Curve { live_s: 7_200.0, ..of }.hours(), 4.0), "an hour of both sides");
        assert_eq!(
            (hours_needed(1.0, 0.5, 2.0, 9.0), hours_needed(0.0, -1.0, 1.0, 9.0)),
            (None, None)
        );
        let mut again = Earns::default();
        let verdicts = e.verdicts.iter().map(|v| Body::from(*v));
        let rows = e.rows.iter().map(|r| Body::from(*r));
        let bodies = verdicts.chain(rows).chain(e.scores.iter().map(|s| Body::from(*s)));
        bodies.for_each(|b| again.take(&b));
        assert_eq!(again, e);
    }
}
