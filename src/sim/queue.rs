//! An order's place in its queue under one fill model.
//!
//! In: prints at and beyond the price, displayed sizes with their times. Out: the volume that
//! reaches the order. Hot path: integers, O(1) per event and order.
//!
//! 1. The volume ahead never grows and is never more than what is displayed.
//! 2. Prints advance every model alike; models differ in whom a cancel is credited to.
//! 3. Printed volume is counted once: what an own order took, nobody behind it gets.
//! 4. Where few orders are ahead, Skellam cancels are drawn order by order (seeded): half an order
//!    does not cancel, and the mean of the queue would fill too late.

use serde::{Deserialize, Serialize};

use super::config::{Config, Model};
use super::rates::Rates;
use crate::event::Trade;
use crate::math::fixed::{Q32, log2, mul_div, scale};
use crate::units::{Ns, Px, Side, add_volume};

/// A taker's printed volume as one price sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Printed at the price.
    pub at: i64,
    /// Printed strictly beyond it.
    pub beyond: i64,
}

impl Reach {
    /// What a taker's prints were at and beyond a price of the side they hit.
    pub(super) fn of(prints: &[Trade], side: Side, px: Px) -> Reach {
        let mut r = Reach::default();
        for p in prints {
            if p.px == px {
                r.at = add_volume(r.at, p.sz.0);
            } else if side.better(px, p.px) {
                r.beyond = add_volume(r.beyond, p.sz.0);
            }
        }
        r
    }
}

/// Orders ahead up to which cancels are drawn order by order; a longer queue takes the mean.
const DRAWN_MAX: i64 = 16;

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
    /// Size of the order that a unit of the queue ahead belongs to.
    pub lump: i64,
    /// Decides which orders ahead cancel, until the level is seen again.
    pub seed: u64,
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
    /// Up to when nothing can have changed untold: without end while the level is the best one and
    /// every change of best prices is pushed.
    pub still: Ns,
}

impl Sight {
    /// A level of a size and a number of orders, seen at `at`.
    pub(super) fn new((size, n): (i64, u32), at: Ns, still: Ns) -> Sight {
        Sight { size, mean: size / i64::from(n.max(1)), at, traded: 0, still }
    }

    /// Size of the order a unit of the queue belongs to: sizes are about exponential, so twice the
    /// mean (large orders hold more units).
    pub(super) fn lump(&self) -> i64 {
        self.mean.saturating_mul(2)
    }

    /// Time up to `t` in which the level may have changed untold, ns.
    pub(super) fn untold(&self, t: Ns) -> i64 {
        t.since(self.still).max(0)
    }
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
                let gross = gross_cancels(was, net, at, rates).min(was.size);
                if rates.known() {
                    place.drawn_cancels(gross, was.size)
                } else {
                    mul_div(place.front, gross, was.size.max(1))
                }
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
    /// `since` is the time in which the level may have changed untold.
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
                self.printed = add_volume(self.printed, at);
                let front = match self.front {
                    0 => 0,
                    _ => self.drawn_left(rule.survives(rates, since)),
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
        self.lump = was.lump();
        self.seed = mix(self.seed);
    }

    /// Volume ahead that is left when each order ahead is still there with the chance `share`,
    /// Q32. The same orders go first whatever the share, so that it falls as the share does.
    fn drawn_left(&self, share: u64) -> i64 {
        let lump = self.lump.max(1);
        let n = (self.front.saturating_add(lump / 2) / lump).max(1);
        if share >= Q32 || n > DRAWN_MAX {
            return scale(self.front, share);
        }
        let left = (0..n).filter(|i| self.chance(*i) < share).count();
        mul_div(self.front, i64::try_from(left).unwrap_or(n), n)
    }

    /// Volume ahead that is gone when `gross` of the level's `size` cancelled, any order alike.
    fn drawn_cancels(&self, gross: i64, size: i64) -> i64 {
        let lump = self.lump.max(1);
        if self.front.max(gross / 2) > lump.saturating_mul(DRAWN_MAX) {
            return mul_div(self.front, gross, size.max(1));
        }
        let (mut ahead, mut all, mut rest, mut i) = (self.front, size, gross, DRAWN_MAX);
        while rest > 0 && ahead > 0 {
            let one = rest.min(lump);
            if u128::from(self.chance(i)) * u128::from(all.unsigned_abs())
                < u128::from(ahead.unsigned_abs()) << 32
            {
                ahead -= one.min(ahead);
            }
            all -= one;
            rest -= one;
            i += 1;
        }
        self.front - ahead
    }

    /// A number below 2^32, equally likely each, for draw `i` since the level was seen.
    fn chance(&self, i: i64) -> u64 {
        mix(self.seed ^ i.unsigned_abs()) >> 32
    }
}

/// Mixes the bits of a number (the finaliser of SplitMix64; Steele, Lea and Flood 2014).
pub(super) fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Expected gross cancels given the net change: E[C | A - C = N] of two Poisson counts, with the
/// Amos bound for the ratio of Bessel functions, in size units.
fn gross_cancels(was: &Sight, net: i64, at: Ns, rates: &Rates) -> i64 {
    let dt = was.untold(at);
    let adds = i128::from(rates.added(dt));
    let cancels = i128::from(scale(was.size, rates.cancelled(dt)));
    let mean = i128::from(was.lump().max(1));
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
    use crate::math::det::exp;

    fn left(rule: &Rule, front: i64, new: i64) -> i64 {
        let was = Sight { size: 100, mean: 10, at: Ns(0), traded: 0, still: Ns(0) };
        let mut p = Place { front, printed: 0, open: 1, ..Place::default() };
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
        let was = Sight { size: i64::MAX / 2, mean: 1, at: Ns(0), traded: 0, still: Ns(0) };
        let mut p = Place { front: i64::MAX / 4, printed: 0, open: 1, ..Place::default() };
        p.seen(&with(Model::Power, 8, 0.5), &was, i64::MAX / 4, Ns(1), &Rates::default());
        assert!(p.front >= 0 && p.front <= i64::MAX / 4);
        // The scale of sizes changes nothing: 60 - 15.4 of a hundred, as above.
        let (unit, was) = (1i64 << 50, Sight { size: 100 << 50, ..was });
        let mut p = Place { front: 60 * unit, open: 1, ..Place::default() };
        p.seen(&with(Model::Power, 3, 0.5), &was, 80 * unit, Ns(1), &Rates::default());
        assert_eq!(p.front * 10 / unit, 445);
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
    fn what_printed_is_neither_ahead_nor_cancelled() {
        // Of 100, 10 printed and 20 cancelled: 50 were still ahead and 40 behind.
        let left = |model| {
            let was = Sight { size: 100, mean: 10, at: Ns(0), traded: 10, still: Ns(0) };
            let mut p = Place { front: 60, printed: 10, open: 1, ..Place::default() };
            p.seen(&Rule::plain(model, 5), &was, 70, Ns(Ns::SEC), &Rates::default());
            assert_eq!((p.printed, p.lump), (0, 20), "orders of twice the mean hold a unit");
            p.front
        };
        assert_eq!((left(Model::RiskAverse), left(Model::Front)), (50, 30));
        assert_eq!(left(Model::Linear), 39, "20 x 50 / 90");
        // 20 x log2(11) / (log2(11) + log2(9)) = 10.44, in lots of five.
        assert_eq!(left(Model::Log), 40);
        // 20 x 50^3 / (50^3 + 40^3) = 13.2.
        assert_eq!(left(Model::Power), 37);
    }

    /// Rates of a level to which `adds` units come a second and that cancels at `theta` a second.
    #[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "a reference")]
    fn learned(adds: f64, theta: f64) -> Rates {
        let mut rates = Rates::default();
        for i in 0..2_000i64 {
            let was = 40_000_000 + (i * 7_919 % 121) * 1_000_000;
            let change = (adds - theta * was as f64) * 0.5;
            rates.observe(was, was + change as i64, 0, Ns::SEC / 2);
        }
        rates
    }

    #[test]
    fn between_sights_the_queue_decays_by_the_learned_rate_and_less_at_the_brackets() {
        let rates = learned(40e6, 0.4);
        let share = |rule: &Rule| rule.survives(&rates, Ns::SEC);
        let own = Q32 - rates.cancelled(Ns::SEC);
        // exp(-0.4) = 0.67032.
        assert!(own.abs_diff(Q32 / 100_000 * 67_032) < Q32 / 500, "{own}");
        let at = |c| share(&with(Model::Skellam, 3, c));
        assert_eq!((at(0.0), at(1.0)), (Q32, Q32));
        assert!(at(0.5).abs_diff(own) < 1 << 16);
        assert!(at(0.25).abs_diff((Q32 + own) / 2) < 1 << 16);
        assert_eq!(at(0.25), at(0.75));
        assert_eq!(share(&Rule::plain(Model::Power, 1)), Q32);
    }

    #[test]
    fn a_trade_through_empties_the_queue() {
        let rates = Rates::default();
        for (first, got) in [(Reach { at: 0, beyond: 5 }, 5), (Reach { at: 12, beyond: 0 }, 2)] {
            let rule = Rule::plain(Model::RiskAverse, 1);
            let mut p = Place { front: 10, open: 20, ..Place::default() };
            assert_eq!(p.reached(&rule, first, 0, &rates, 0), got);
            let next = Reach { at: 3, beyond: 0 };
            assert_eq!(p.reached(&rule, next, 0, &rates, 0), 3, "nobody is ahead any more");
            assert_eq!(p.reached(&rule, next, 1, &rates, 0), 2, "of which an own order took one");
        }
    }

    #[test]
    fn gross_cancels_are_those_of_two_poisson_counts() {
        let (order, dt) = (5_000_000i64, Ns::SEC / 2);
        let (adds, theta) = (40e6, 0.4);
        let rates = learned(adds, theta);
        assert!(rates.known());
        let was = Sight { size: 100_000_000, mean: order / 2, at: Ns(0), traded: 0, still: Ns(0) };
        // Mean counts of orders in half a second.
        let a = adds * 0.5 / order as f64;
        let c = was.size as f64 * (1.0 - exp(-theta * 0.5)) / order as f64;
        for n in [-6i32, -3, -1, 0, 1, 3, 6] {
            let (mut all, mut sum) = (0.0, 0.0);
            let poisson = |m: f64, k: i32| (1..=k).fold(exp(-m), |p, i| p * m / f64::from(i));
            for k in (-n).max(0)..60 {
                let p = poisson(c, k) * poisson(a, k + n);
                all += p;
                sum += p * f64::from(k);
            }
            let exact = sum / all;
            let net = i64::from(n) * order;
            let got = gross_cancels(&was, net, Ns(dt), &rates) as f64 / order as f64;
            assert!((got - exact).abs() < 0.05 * exact.max(1.0), "{n}: {got} for {exact}");
        }
    }

    #[test]
    fn the_displayed_size_caps_the_volume_ahead() {
        assert_eq!(left(&Rule::plain(Model::RiskAverse, 1), 60, 5), 5);
    }

    /// Twelve orders of ten units, six ahead; a place for each of many seeds.
    fn places(n: u64) -> impl Iterator<Item = Place> {
        (0..n).map(|s| Place { front: 60, open: 1, lump: 10, seed: mix(s), ..Place::default() })
    }

    #[test]
    fn drawn_cancels_take_whole_orders_and_the_mean_of_them_is_the_share() {
        let n = 20_000;
        let gone: Vec<i64> = places(n).map(|p| p.drawn_cancels(30, 120)).collect();
        assert!(gone.iter().all(|g| [0, 10, 20, 30].contains(g)));
        // Half the queue is ahead: 15 of 30, standard error 0.06.
        let mean = gone.iter().sum::<i64>() * 100 / i64::try_from(n).expect("small");
        assert!((1_475..=1_525).contains(&mean), "{mean}");
        let left: Vec<i64> = places(n).map(|p| p.drawn_left(Q32 / 4)).collect();
        let mean = left.iter().sum::<i64>() * 100 / i64::try_from(n).expect("small");
        assert!((1_460..=1_540).contains(&mean), "{mean} of 60 at a share of a quarter");
        assert!(left.iter().all(|l| l % 10 == 0), "whole orders");
    }

    #[test]
    fn what_cannot_be_drawn_is_the_mean_and_the_bounds_hold() {
        let p = Place { front: 1_000, open: 1, lump: 10, seed: 1, ..Place::default() };
        assert_eq!((p.drawn_cancels(100, 2_000), p.drawn_left(Q32 / 2)), (50, 500));
        // Nor are ten thousand orders drawn for six ahead.
        assert!(places(20).all(|p| p.drawn_cancels(100_000, 200_000) == 30));
        for p in places(500) {
            assert_eq!(p.drawn_cancels(120, 120), 60, "all cancelled");
            assert_eq!(p.drawn_cancels(0, 120), 0);
            assert_eq!((p.drawn_left(Q32), p.drawn_left(0)), (60, 0));
            let falling: Vec<i64> = (0..=20).map(|i| p.drawn_left(Q32 / 20 * (20 - i))).collect();
            assert!(falling.is_sorted_by(|a, b| a >= b), "{falling:?}");
            assert!((80..=120).all(|g| (g - 60..=60).contains(&p.drawn_cancels(g, 120))));
        }
    }

    #[test]
    fn a_pushed_level_cancels_nothing_untold() {
        let sight = |still| Sight { size: 100, mean: 10, at: Ns(0), traded: 0, still };
        assert_eq!(sight(Ns(0)).untold(Ns(7)), 7);
        assert_eq!(sight(Ns(i64::MAX)).untold(Ns(7)), 0);
    }
}
