//! `skellam`: gross cancels are estimated from net changes, and go on between displays.
//!
//! In: displayed sizes with their times, prints. Out: the volume that reaches an order. Hot path:
//! integers, O(1) per event and order.
//!
//! 1. The best level of a side shows how fast orders are added and cancelled there.
//! 2. The net change of a level in a time is a difference of two Poisson counts (Skellam), which
//!    gives the gross cancels behind it; any order of the level is as likely theirs as any other.
//! 3. Where few orders are ahead, cancels are drawn order by order (seeded by the run's seed, the
//!    coin's name and what the order answers):
//!    half an order does not cancel, and the mean of the queue would fill too late.

use serde::{Deserialize, Serialize};

use super::rates::Rates;
use crate::math::fixed::{Q32, isqrt, mul_div, scale};
use crate::math::seed::mix;
use crate::sim::level::Level;
use crate::sim::model::{Bias, FillModel, Moment, NoSettings, Orders, Taker};
use crate::sim::queue::{QueuePos, cancelled};

/// Orders ahead up to which cancels are drawn order by order; a longer queue takes the mean.
const DRAWN_MAX: i64 = 16;

/// The rates of both sides' best levels, and the seed of what is drawn.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Skellam {
    pub(in crate::sim) rates: [Rates; 2],
    pub(in crate::sim) seed: u64,
}

/// Position of an order, and what draws the cancels ahead of it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Drawn {
    /// Position as of the last display.
    pub pos: QueuePos,
    /// Size of the order that a unit of the queue ahead belongs to.
    pub order_size: i64,
    /// Decides which orders ahead cancel, until the level is displayed again.
    pub seed: u64,
}

impl FillModel for Skellam {
    const NAME: &'static str = "skellam";
    const VERSION: u32 = 2;
    type Config = NoSettings;
    type Queue = Drawn;

    fn new(_: &NoSettings, seed: u64) -> Skellam {
        Skellam { seed: mix(seed), ..Skellam::default() }
    }

    fn on_live(&mut self, _: &NoSettings, _: &Moment, name: u64, level: &Level) -> Drawn {
        let seed = mix(self.seed ^ name);
        Drawn { pos: QueuePos::behind(level), order_size: level.order_size(), seed }
    }

    fn on_level(&mut self, _: &NoSettings, at: &Moment, orders: &mut Orders<'_, Drawn>, size: i64) {
        let rates = &mut self.rates[at.side.index()];
        orders.each(|o| {
            let d = &mut *o.queue;
            let model = |_| {
                let unseen = o.level.unobserved_ns(at.time);
                let net = o.level.net_change(size);
                let gross = gross_cancels(o.level, net, unseen, rates).min(o.level.size);
                if rates.known() {
                    d.cancels(gross, o.level.size)
                } else {
                    mul_div(d.pos.front, gross, o.level.size.max(1))
                }
            };
            let gone = cancelled(&d.pos, o.level, size, at.bias, model);
            d.pos.displayed(gone, size);
            d.order_size = o.level.order_size();
            d.seed = mix(d.seed);
        });
    }

    fn on_taker(
        &mut self,
        _: &NoSettings,
        at: &Moment,
        orders: &mut Orders<'_, Drawn>,
        taker: &mut Taker,
    ) {
        let rates = &mut self.rates[at.side.index()];
        taker.share(orders, |o, left| {
            let front = match o.queue.pos.front {
                0 => 0,
                _ => o.queue.left(survives(rates, at.bias, o.level.unobserved_ns(at.time))),
            };
            o.queue.pos.advance(left, front, o.level.shows(at.time))
        });
    }

    fn on_best(&mut self, _: &NoSettings, at: &Moment, was: &Level, size: i64) {
        let rates = &mut self.rates[at.side.index()];
        rates.observe(was.size, size, was.traded, at.time.since(was.at));
    }
}

/// The share of the queue that is still there after `unseen` ns, Q32: cancels are assumed in
/// between, the less the more the lane departs from the model.
fn survives(rates: &mut Rates, bias: Bias, unseen: i64) -> u64 {
    Q32 - (rates.cancelled(unseen) >> 15) * bias.weight_q15()
}

impl Drawn {
    /// Volume ahead that is left when each order ahead is still there with the chance `share`,
    /// Q32. The same orders go first whatever the share, so that it falls as the share does.
    fn left(&self, share: u64) -> i64 {
        let (front, one) = (self.pos.front, self.order_size.max(1));
        let n = (front.saturating_add(one / 2) / one).max(1);
        if share >= Q32 || n > DRAWN_MAX {
            return scale(front, share);
        }
        let left = (0..n).filter(|i| self.chance(*i) < share).count();
        mul_div(front, i64::try_from(left).unwrap_or(n), n)
    }

    /// Volume ahead that is gone when `gross` of the level's `size` cancelled, any order alike.
    fn cancels(&self, gross: i64, size: i64) -> i64 {
        let (front, one) = (self.pos.front, self.order_size.max(1));
        if front.max(gross / 2) > one.saturating_mul(DRAWN_MAX) {
            return mul_div(front, gross, size.max(1));
        }
        let (mut ahead, mut all, mut rest, mut i) = (front, size, gross, DRAWN_MAX);
        while rest > 0 && ahead > 0 {
            let part = rest.min(one);
            if u128::from(self.chance(i)) * u128::from(all.unsigned_abs())
                < u128::from(ahead.unsigned_abs()) << 32
            {
                ahead -= part.min(ahead);
            }
            all -= part;
            rest -= part;
            i += 1;
        }
        front - ahead
    }

    /// A number below 2^32, equally likely each, for draw `i` since the level was displayed.
    fn chance(&self, i: i64) -> u64 {
        mix(self.seed ^ i.unsigned_abs()) >> 32
    }
}

/// Expected gross cancels in `unseen` ns given the net change: E[C | A - C = N] of two Poisson
/// counts, with the Amos bound for the ratio of Bessel functions, in size units.
fn gross_cancels(level: &Level, net: i64, unseen: i64, rates: &mut Rates) -> i64 {
    let adds = i128::from(rates.added(unseen));
    let cancels = i128::from(scale(level.size, rates.cancelled(unseen)));
    let mean = i128::from(level.order_size().max(1));
    let n = i128::from(net.unsigned_abs());
    let four_ac = 4 * adds * cancels;
    let root = {
        let m = n + 3 * mean / 2;
        i128::try_from(isqrt((four_ac + m * m).unsigned_abs())).unwrap_or(i128::MAX)
    };
    let paired = (four_ac / 2) / (n + mean / 2 + root).max(1);
    let gross = paired + i128::from((-net).max(0));
    i64::try_from(gross).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "skellam_tests.rs"]
mod tests;
