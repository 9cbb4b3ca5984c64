//! Makers: post-only orders on both sides, pegged to the touch as far as the latent price lets them.
//!
//! In: a set, the latent price with each maker's own lag and error, draws. Out: orders in the book, and
//! those to be cancelled later in the block. Cold path.
//!
//! 1. Each visits its orders at its own pace; a bid's target is the lower of the latent price less the
//!    margin and the tick before the ask it saw: that cap is the peg which builds the wall.
//! 2. An order moves, to the back of its new place, when it is more aggressive than its target, or less
//!    by more than the tolerance, or for no reason in a share of the visits.
//! 3. An order that would trade is refused, as post-only orders are; its maker tries again at the next
//!    visit.

use super::book::Book;
use super::sets::{Quoters, Set};
use crate::math::counter::Draws;
use crate::math::{det, normal};
use crate::units::Side;
use crate::venue::draw::{float, floor};
use crate::venue::matching::OrderId;

/// Memory of a maker's error from visit to visit, and the share of the new one that keeps its size.
const MEMORY: (f64, f64) = (0.7, 0.714);
/// Steps of the sequence that spreads paces, sizes and lags over makers in order of their margins: powers
/// of the reciprocal root of x^4 = x + 1, which leave no two of the four alike (Roberts 2018).
const EVENLY: [f64; 3] =
    [0.819_172_513_396_164_4, 0.671_043_606_703_789_2, 0.549_700_477_901_970_2];
/// Least and greatest time that a maker is behind the latent price, s.
const LAG_S: (f64, f64) = (0.1, 0.6);

/// One maker.
#[derive(Clone, Debug)]
pub struct Quoter {
    joins: bool,
    rate: f64,
    margin: f64,
    usd: f64,
    noise: f64,
    tolerance: f64,
    lag_s: f64,
    error: f64,
    orders: [Option<OrderId>; 2],
}

/// What a maker knows at its visit.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// The latent price as it was one lag ago, ticks.
    pub latent: f64,
    /// The touch before the block.
    pub touch: [i64; 2],
    /// Multiplier of margins.
    pub widen: f64,
}

/// All makers of a set, the same under every seed: seeds differ by what happens, not by who.
pub fn all(set: &Set) -> Vec<Quoter> {
    let mut out = Vec::with_capacity(set.joiners.n + set.deep.n);
    for (kind, joins) in [(&set.joiners, true), (&set.deep, false)] {
        let from = out.len();
        out.extend((0..kind.n).map(|i| one(kind, joins, i as f64)));
        // Sizes have the mean of the kind.
        let sum: f64 = out[from..].iter().map(|q: &Quoter| q.usd).sum();
        let scale = kind.usd.0 * kind.n as f64 / sum;
        out[from..].iter_mut().for_each(|q| q.usd *= scale);
    }
    out
}

fn one(kind: &Quoters, joins: bool, i: f64) -> Quoter {
    let (slow, fast) = kind.rate;
    let (least, most) = kind.margin;
    let place = (i + 0.5) / kind.n as f64;
    let margin = least + (most - least) * det::pow(place, kind.margin_power);
    let [pace, size, lag] = EVENLY.map(|step| (0.5 + i * step).fract());
    Quoter {
        joins,
        rate: slow * det::pow(fast / slow, pace),
        margin,
        usd: det::exp(kind.usd.1 * normal::quantile(size)),
        noise: kind.noise,
        tolerance: if joins { kind.tolerance } else { kind.tolerance * margin },
        lag_s: LAG_S.0 + (LAG_S.1 - LAG_S.0) * lag,
        error: 0.0,
        orders: [None; 2],
    }
}

impl Quoter {
    /// Visits per second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// How far it is behind the latent price, s.
    pub fn lag_s(&self) -> f64 {
        self.lag_s
    }

    /// One visit to both of its orders. Those it gives up are cancelled with the block's cancels.
    pub fn visit(
        &mut self,
        set: &Set,
        sight: &Sight,
        book: &mut Book,
        gone: &mut Vec<OrderId>,
        draws: &mut Draws,
    ) {
        self.error = MEMORY.0 * self.error + MEMORY.1 * self.noise * draws.normal();
        let margin = if self.margin > 0.0 { self.margin * sight.widen } else { self.margin };
        for side in Side::BOTH {
            let sign = side.sign();
            // Where its margin ends: a bid's highest, an ask's lowest price.
            let bound = sight.latent + self.error - float(sign) * margin;
            let own = if sign > 0 { floor(bound) } else { -floor(-bound) };
            let other = sight.touch[side.opposite().index()];
            let target = if sign > 0 { own.min(other - 1) } else { own.max(other + 1) };
            let passed = float(sign) * (float(sight.touch[side.index()]) - bound) > 0.0;
            let leaves = self.joins && passed && draws.chance(set.leaves);
            let held = self.orders[side.index()].and_then(|id| Some((id, book.ticks(id)?)));
            if let Some((id, at)) = held {
                let eager = sign * (at - target);
                let moves = leaves
                    || (eager > 0 && (self.joins || float(eager) > 0.5 * self.tolerance))
                    || float(-eager) > self.tolerance.max(0.0)
                    || (self.joins && draws.chance(set.churn));
                if !moves {
                    continue;
                }
                self.orders[side.index()] = None;
                if leaves {
                    gone.push(id);
                    continue;
                }
                book.cancel(id);
            } else if leaves {
                continue;
            }
            let usd = draws.log_normal(self.usd, set.resize);
            self.orders[side.index()] = book.place(side, target, usd);
        }
    }
}
