//! How long the account's budget of requests lasts.
//!
//! In: the records of it. Out: figures and a line for people. Cold path.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Requests;
use crate::units::{Cash, Ns};

/// The first and the newest record of the budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    first: (Ns, Requests),
    /// The newest one.
    pub last: Requests,
    at: Ns,
}

impl Budget {
    /// Takes a record into what was known before.
    pub fn with(known: Option<Budget>, at: Ns, x: Requests) -> Budget {
        Budget { first: known.map_or((at, x), |b| b.first), last: x, at }
    }

    /// Orders and changes, cancels, and requests that were refused, of the run.
    pub fn sent(&self) -> [u64; 3] {
        let (was, now) = (self.first.1, self.last);
        [now.used - was.used, now.cancels - was.cancels, now.refused - was.refused]
    }

    /// Requests a USD traded, cancels included; `None` before the first trade.
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub fn a_usd(&self) -> Option<f64> {
        let [orders, cancels, _] = self.sent();
        let usd = Cash(self.last.traded).to_f64();
        (usd > 0.0).then(|| (orders + cancels) as f64 / usd)
    }

    /// Hours until no order is left at the rate so far; `None` where trading earns back as much.
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub fn hours(&self) -> Option<f64> {
        let (was, now) = (self.first.1, self.last);
        let left = now.limit.saturating_sub(now.used) as f64;
        let spent = (now.used - was.used) as f64 - now.limit.saturating_sub(was.limit) as f64;
        let hours = Ns::seconds(self.at.since(self.first.0)) / 3_600.0;
        (spent > 0.0).then(|| left * hours / spent)
    }

    /// Whether fewer than one of twenty are left, or, seen for ten minutes, not an hour's.
    pub fn is_nearly_spent(&self) -> bool {
        let seen = self.at.since(self.first.0) >= Ns::HOUR / 6;
        self.last.used.saturating_mul(20) >= self.last.limit.saturating_mul(19)
            || (seen && self.hours().is_some_and(|h| h < 1.0))
    }

    /// A line for people.
    pub fn text(&self) -> String {
        let x = &self.last;
        let usd = self.a_usd().map_or_else(String::new, |r| format!(", {r:.2} a USD traded"));
        let lasts = self.lasts();
        let refused =
            if x.refused == 0 { String::new() } else { format!(", {} refused", x.refused) };
        format!(
            "requests {} of {} used{usd}, {} of {} cancels{refused}; {lasts}",
            x.used, x.limit, x.cancels, x.cancel_limit
        )
    }

    /// A few words for people.
    pub fn short(&self) -> String {
        format!("requests {} of {}, {}", self.last.used, self.last.limit, self.lasts())
    }

    fn lasts(&self) -> String {
        match self.hours() {
            _ if self.last.used >= self.last.limit => "spent: one in ten seconds".to_owned(),
            Some(hours) => format!("spent in {hours:.1} h at this rate"),
            None => "not spent at this rate".to_owned(),
        }
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let x = &self.last;
        json!({
            "used": x.used, "limit": x.limit, "cancels": x.cancels, "cancel_limit": x.cancel_limit,
            "refused": x.refused, "traded_usd": Cash(x.traded).to_f64(), "patience": x.patience,
            "a_usd": self.a_usd(), "hours_left": self.hours(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_lasts_as_long_as_it_is_spent_faster_than_it_is_earned() {
        let at = |used, limit, usd: i128| Requests {
            used,
            limit,
            cancels: 0,
            cancel_limit: 2 * limit,
            refused: 0,
            traded: usd * Cash::USD,
            patience: 1.0,
        };
        let first = Budget::with(None, Ns(0), at(0, 10_000, 0));
        assert_eq!((first.a_usd(), first.hours()), (None, None));
        // 2,000 sent and 1,000 earned in an hour: 9,000 are left, 1,000 an hour fewer.
        let later = Budget::with(Some(first), Ns(Ns::HOUR), at(2_000, 11_000, 1_000));
        assert_eq!((later.a_usd(), later.hours()), (Some(2.0), Some(9.0)));
        let text = later.text();
        assert!(text.contains("2000 of 11000 used, 2.00 a USD traded"), "{text}");
        assert!(text.ends_with("spent in 9.0 h at this rate"), "{text}");
        let earns = Budget::with(Some(first), Ns(Ns::HOUR), at(2_000, 12_500, 2_500));
        assert!(earns.text().ends_with("not spent at this rate"));
        let spent = Budget::with(Some(first), Ns(Ns::HOUR), at(10_000, 10_000, 0));
        assert!(spent.text().ends_with("spent: one in ten seconds"));
    }
}
