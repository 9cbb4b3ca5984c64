//! Everyone else's limit orders: small, many, some far behind the touch.
//!
//! In: a set, the book, draws by order. Out: orders in the book and their cancels. Cold path.

use super::book::Book;
use super::sets::Retail;
use crate::math::counter::Draws;
use crate::units::Side;
use crate::venue::draw::{float, floor};
use crate::venue::matching::OrderId;

/// Furthest place of a new order behind the touch, ticks.
const BEHIND: f64 = 300.0;
/// An order so many ticks behind the touch is cancelled.
const FAR: i64 = 2_000;
/// Ticks by which the price may have passed an order before it matters no more.
const PASSED: f64 = 4.0;

/// A resting order.
#[derive(Clone, Copy, Debug)]
struct Order {
    id: OrderId,
    side: Side,
    at: i64,
    until_s: f64,
    /// Its name in draws.
    name: u64,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    orders: Vec<Order>,
    names: u64,
}

impl Crowd {
    /// New orders of `dt` seconds.
    pub fn arrive(
        &mut self,
        set: &Retail,
        activity: f64,
        (now_s, dt): (f64, f64),
        book: &mut Book,
        mut draws: Draws,
    ) {
        for side in Side::BOTH {
            for _ in 0..draws.poisson(set.rate * activity * dt) {
                let (best, sign) = (book.touch()[side.index()], side.sign());
                let room = book.touch()[1] - book.touch()[0];
                let (improves, joins, decay) = set.place;
                let better = if room > 1 && draws.chance(improves) {
                    let inside = u64::try_from(room - 1).unwrap_or(0);
                    1 + i64::try_from(draws.below(inside)).unwrap_or(0)
                } else if draws.chance(joins) {
                    0
                } else {
                    -floor(draws.pareto(decay).min(BEHIND))
                };
                let at = best + sign * better;
                let usd = draws.log_normal(set.usd.0, set.usd.1);
                let stays = if better >= 0 { 1.0 } else { set.life.2 };
                let until_s = now_s + draws.log_normal(set.life.0, set.life.1) * stays;
                self.names += 1;
                if let Some(id) = book.place(side, at, usd) {
                    self.orders.push(Order { id, side, at, until_s, name: self.names });
                }
            }
        }
    }

    /// Cancels what is due: its time is over, the price has passed it, it is far away.
    pub fn leave(
        &mut self,
        set: &Retail,
        (now_s, dt): (f64, f64),
        latent: f64,
        book: &mut Book,
        draws: impl Fn(u64) -> Draws,
    ) {
        let mut i = 0;
        while i < self.orders.len() {
            let o = self.orders[i];
            let sign = o.side.sign();
            let far = sign * (book.touch()[o.side.index()] - o.at) > FAR;
            let passed = float(sign) * (float(o.at) - latent);
            let hazard = set.reacts * passed.clamp(0.0, PASSED) * dt;
            let gone = book.ticks(o.id).is_none();
            if gone || far || o.until_s <= now_s || draws(o.name).event(hazard) {
                book.cancel(o.id);
                self.orders.swap_remove(i);
            } else {
                i += 1;
            }
        }
    }
}
