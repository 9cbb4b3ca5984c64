//! An order's place in its queue under one fill model.
//!
//! In: prints at and beyond the price, displayed sizes with their times. Out: the volume that
//! reaches the order. Hot path: integers, O(1) per event and order.
//!
//! 1. The volume ahead never grows and is never more than what is displayed.
//! 2. Prints advance every model alike; models differ in whom a cancel is credited to.
//! 3. Printed volume is counted once: what an own order took, nobody behind it gets.

use serde::{Deserialize, Serialize};

use super::config::{Config, Model};
use super::rates::Rates;
use crate::math::fixed::{Q32, log2, mul_div, scale};
use crate::units::Ns;

/// A taker's printed volume as one price sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Printed at the price.
    pub at: i64,
    /// Printed strictly beyond it.
    pub beyond: i64,
}

/// State of one order under one model.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Place {
    /// Volume ahead as of the last sight of the level.
    pub front: i64,
    /// Volume printed at the price since then, less what own orders before us took.
    pub printed: i64,
    /// Size still open.
    pub open: i64,
    /// Taken from the crossing side since the book crossed us.
    pub crossed: i64,
}

/// What the level showed last, shared by the models of one order.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sight {
    /// Displayed size.
    pub size: i64,
    /// Mean order size at the level.
    pub mean: i64,
    /// Venue time.
    pub at: Ns,
    /// Volume printed at the price since, own orders not deducted.
    pub traded: i64,
}

/// Even lean, Q16.
const EVEN: i64 = 1 << 15;

/// A model with its parameters, as one lane runs it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Rule {
    pub model: Model,
    /// Exponent of the power model.
    n: u32,
    /// Conservatism, Q16: 0 front, `EVEN` the model itself, twice that risk-averse.
    lean: i64,
    /// The lot, the unit of the log model.
    lot: i64,
}

impl Rule {
    /// A model as it is.
    pub(super) fn plain(model: Model, lot: i64) -> Rule {
        Rule { model, n: 3, lean: EVEN, lot }
    }

    /// The configured model.
    #[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "once, 0 to 1")]
    pub(super) fn configured(cfg: &Config, lot: i64) -> Rule {
        let lean = (cfg.conservatism.clamp(0.0, 1.0) * 2.0 * 32_768.0).round() as i64;
        Rule { model: cfg.model, n: u32::from(cfg.power_n.clamp(1, 8)), lean, lot }
    }

    /// Volume that cancelled ahead when the level went from `was` to `new`.
    fn gone(&self, place: &Place, was: &Sight, new: i64, at: Ns, rates: &Rates) -> i64 {
        let net = new - was.size + was.traded;
        let drop = (-net).max(0);
        let even = match self.model {
            Model::Touch | Model::Through | Model::RiskAverse | Model::Original => 0,
            Model::Front => drop,
            Model::Linear | Model::Power | Model::Log => self.share(place, was, drop),
            Model::Skellam => {
                let gross = gross_cancels(was, net, at, rates);
                mul_div(place.front, gross.min(was.size), was.size.max(1))
            }
        };
        if self.lean >= EVEN {
            even - mul_div(even, self.lean - EVEN, EVEN)
        } else {
            even + mul_div(drop - even, EVEN - self.lean, EVEN)
        }
    }

    /// The part of a net decrease that happened ahead, in the ratio of a function of the volumes
    /// ahead and behind (the hftbacktest family of queue models).
    fn share(&self, place: &Place, was: &Sight, drop: i64) -> i64 {
        let ahead = (place.front - place.printed).max(0);
        let back = (was.size - was.traded - ahead).max(0);
        if drop == 0 || ahead == 0 {
            return 0;
        }
        let (a, b) = match self.model {
            Model::Power => self.powers(ahead.unsigned_abs(), back.unsigned_abs()),
            Model::Log => [ahead, back].map(|x| log2((1 + x / self.lot).unsigned_abs())).into(),
            _ => (ahead.unsigned_abs(), back.unsigned_abs()),
        };
        let part = u128::from(drop.unsigned_abs()) * u128::from(a) / u128::from(a + b).max(1);
        i64::try_from(part).unwrap_or(ahead).min(ahead)
    }

    /// The n-th powers of two sizes, in a common scale below 2^60.
    fn powers(&self, a: u64, b: u64) -> (u64, u64) {
        let bits = 64 - a.max(b).leading_zeros();
        let shift = bits.saturating_sub(60 / self.n);
        ((a >> shift).pow(self.n), (b >> shift).pow(self.n))
    }

    /// The share of the queue that is still there since the last sight, Q32: cancels are assumed
    /// in between by the Skellam model, the less the more it leans to a bracket.
    fn survives(&self, rates: &Rates, since: i64) -> u64 {
        if self.model != Model::Skellam {
            return Q32;
        }
        let weight = (EVEN - (self.lean - EVEN).abs()).unsigned_abs();
        Q32 - (rates.cancelled(since) >> 15) * weight
    }
}

impl Place {
    /// Volume of a taker that reaches the order; `used` is what own orders before this one took of
    /// the same taker, deducted from the prints furthest beyond, for those would not have happened.
    /// `since` is the time since the last sight of the level.
    pub(super) fn reached(
        &mut self,
        rule: &Rule,
        r: Reach,
        used: i64,
        rates: &Rates,
        since: i64,
    ) -> i64 {
        if self.open == 0 {
            return 0;
        }
        let beyond = (r.beyond - used).max(0);
        let at = (r.at - (used - r.beyond).max(0)).max(0);
        let volume = match rule.model {
            Model::Original => 0,
            Model::Touch => at + beyond,
            Model::Through => beyond,
            _ => {
                self.printed += at;
                let front = match self.front {
                    0 => 0,
                    f => scale(f, rule.survives(rates, since)),
                };
                let past = (self.printed - front).max(0);
                if r.beyond > 0 || past > 0 {
                    self.front = 0;
                    self.printed = 0;
                }
                past.min(at) + beyond
            }
        };
        volume.min(self.open)
    }

    /// The level shows `new` at `at`: cancels are credited, the volume ahead capped.
    pub(super) fn seen(&mut self, rule: &Rule, was: &Sight, new: i64, at: Ns, rates: &Rates) {
        let gone = if self.front == 0 { 0 } else { rule.gone(self, was, new, at, rates) };
        self.front = (self.front - gone - self.printed).clamp(0, new.max(0));
        self.printed = 0;
    }
}

/// Expected gross cancels given the net change: E[C | A - C = N] of two Poisson counts, with the
/// Amos bound for the ratio of Bessel functions, in size units.
fn gross_cancels(was: &Sight, net: i64, at: Ns, rates: &Rates) -> i64 {
    let dt = at.since(was.at).max(0);
    let adds = i128::from(rates.added(dt));
    let cancels = i128::from(scale(was.size, rates.cancelled(dt)));
    let mean = i128::from(was.mean.max(1));
    let n = i128::from(net.unsigned_abs());
    let four_ac = 4 * adds * cancels;
    let root = {
        let m = n + 3 * mean / 2;
        i128::try_from((four_ac + m * m).unsigned_abs().isqrt()).unwrap_or(i128::MAX)
    };
    let paired = (four_ac / 2) / (n + mean / 2 + root).max(1);
    let gross = paired + i128::from((-net).max(0));
    i64::try_from(gross).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(rule: &Rule, front: i64, new: i64) -> i64 {
        let was = Sight { size: 100, mean: 10, at: Ns(0), traded: 0 };
        let mut p = Place { front, printed: 0, open: 1, crossed: 0 };
        p.seen(rule, &was, new, Ns(Ns::SEC), &Rates::default());
        p.front
    }

    fn with(model: Model, power_n: u8, conservatism: f64) -> Rule {
        Rule::configured(&Config { model, power_n, conservatism, ..Config::default() }, 1)
    }

    #[test]
    fn models_order_by_whom_a_cancel_is_credited_to() {
        let of = |m| left(&Rule::plain(m, 1), 60, 80);
        assert_eq!(of(Model::RiskAverse), 60);
        assert_eq!(of(Model::Linear), 48);
        assert_eq!(of(Model::Skellam), 48, "net only, before any rate is known");
        assert_eq!(of(Model::Front), 40);
        assert!(of(Model::Power) < 48 && of(Model::Power) > 40);
        // 20 x log2(61) / (log2(61) + log2(41)) = 10.51.
        assert_eq!(of(Model::Log), 50);
    }

    #[test]
    fn the_power_model_takes_any_exponent_and_any_size() {
        // 20 x 60^n / (60^n + 40^n), towards zero.
        let all: Vec<i64> = (1..=8).map(|n| left(&with(Model::Power, n, 0.5), 60, 80)).collect();
        assert_eq!(all, [48, 47, 45, 44, 43, 42, 42, 41]);
        let was = Sight { size: i64::MAX / 2, mean: 1, at: Ns(0), traded: 0 };
        let mut p = Place { front: i64::MAX / 4, printed: 0, open: 1, crossed: 0 };
        p.seen(&with(Model::Power, 8, 0.5), &was, i64::MAX / 4, Ns(1), &Rates::default());
        assert!(p.front >= 0 && p.front <= i64::MAX / 4);
    }

    #[test]
    fn conservatism_goes_from_front_over_the_model_to_risk_averse() {
        for m in [Model::Linear, Model::Power, Model::Log, Model::Skellam] {
            let own = left(&Rule::plain(m, 1), 60, 80);
            let at = |c| left(&with(m, 3, c), 60, 80);
            assert_eq!((at(0.0), at(0.5), at(1.0)), (40, own, 60), "{m:?}");
            assert!(at(0.25) < own && at(0.25) > 40 && at(0.75) > own && at(0.75) < 60, "{m:?}");
        }
    }

    #[test]
    fn the_displayed_size_caps_the_volume_ahead() {
        assert_eq!(left(&Rule::plain(Model::RiskAverse, 1), 60, 5), 5);
    }
}
