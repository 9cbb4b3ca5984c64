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
    /// It is of the least value: withdrawn with others, not by itself.
    least: bool,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    orders: Vec<Order>,
    names: u64,
}

impl Crowd {
    /// New orders of `dt` seconds. Those of the least value come behind the touch, where none of the
    /// crowd's is: what is left of a side when its makers withdraw, a step at each price.
    pub fn arrive(
        &mut self,
        set: &Retail,
        activity: f64,
        (now_s, dt): (f64, f64),
        book: &mut Book,
        [mut draws, mut least]: [Draws; 2],
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
                self.rest(book, (side, at), usd, (until_s, false));
            }
        }
        let (rate, prices, life_s, _) = set.least;
        for side in Side::BOTH {
            for _ in 0..least.poisson(rate * dt) {
                let behind = 1 + floor(prices * least.unit());
                let at = book.touch()[side.index()] - side.sign() * behind;
                let until_s = now_s + least.exponential(life_s);
                if !self.orders.iter().any(|o| (o.side, o.at) == (side, at)) {
                    self.rest(book, (side, at), 0.0, (until_s, true));
                }
            }
        }
    }

    fn rest(&mut self, book: &mut Book, (side, at): (Side, i64), usd: f64, kind: (f64, bool)) {
        let (until_s, least) = kind;
        self.names += 1;
        if let Some(id) = book.place(side, at, usd) {
            self.orders.push(Order { id, side, at, until_s, name: self.names, least });
        }
    }

    /// Cancels what is due: its time is over, the price has passed it, it is far away. Orders of the
    /// least value that the price has passed go together.
    pub fn leave(
        &mut self,
        set: &Retail,
        (now_s, dt): (f64, f64),
        latent: f64,
        book: &mut Book,
        draws: impl Fn(u64) -> Draws,
    ) {
        let mut row = draws(0);
        let withdrawn = [(); 2].map(|()| row.event(set.least.3 * dt));
        let mut i = 0;
        while i < self.orders.len() {
            let o = self.orders[i];
            let sign = o.side.sign();
            let far = sign * (book.touch()[o.side.index()] - o.at) > FAR;
            let passed = float(sign) * (float(o.at) - latent);
            let reacts = if o.least {
                passed > 0.0 && withdrawn[o.side.index()]
            } else {
                draws(o.name).event(set.reacts * passed.clamp(0.0, PASSED) * dt)
            };
            let gone = book.ticks(o.id).is_none();
            if gone || far || o.until_s <= now_s || reacts {
                book.cancel(o.id);
                self.orders.swap_remove(i);
            } else {
                i += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::rules::Rules;
    use crate::venue::agents::sets;

    /// The crowd's orders of the least value underlie a side, one at each price, and those that the price
    /// has passed are withdrawn in one block.
    #[test]
    fn least_orders_underlie_the_book_and_leave_together() {
        let set = Retail { rate: 0.0, least: (10.0, 20.0, 1e9, 10.0), ..sets::BTC.retail };
        let (mut crowd, mut book) = (Crowd::default(), Book::new(Rules::perp(5), 100_000));
        book.place(Side::Buy, 100_000, 1e4).expect("rests");
        book.place(Side::Sell, 100_001, 1e4).expect("rests");
        for block in 0..600 {
            let draws = [0, 1].map(|who| Draws::of(1, 1, who, block));
            crowd.arrive(&set, 1.0, (0.0, 0.1), &mut book, draws);
        }
        let behind = |book: &Book, side: Side| {
            let levels: Vec<_> = book.matching().levels(side).skip(1).collect();
            assert!(levels.iter().all(|l| l.n == 1 && l.px.to_f64() * l.sz.to_f64() < 12.0));
            levels.len()
        };
        assert_eq!(Side::BOTH.map(|side| behind(&book, side)), [20, 20]);
        let still = crowd.orders.len();
        let row = |block: u64| move |name| Draws::of(1, 2, name, block);
        crowd.leave(&set, (0.0, 0.1), 100_000.5, &mut book, row(0));
        assert_eq!(crowd.orders.len(), still, "nothing was passed");
        // The price is above ten of the asks' prices.
        let went = (1..100).find(|block| {
            crowd.leave(&set, (0.0, 0.1), 100_011.5, &mut book, row(*block));
            crowd.orders.len() < still
        });
        assert!(went.is_some());
        assert_eq!(Side::BOTH.map(|side| behind(&book, side)), [20, 10]);
    }
}
