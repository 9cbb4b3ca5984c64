//! A run's orders and fills in the venue's own account shapes, for tools that read those.
//!
//! In: records of a journal, in order. Out: JSON objects as the venue's `userFills` and
//! `orderUpdates` carry them, one a record that has one. Cold path.
//!
//! 1. The configured model's fills only: they are the ones that decided.
//! 2. A refused order also says `error`: the venue's sentence, which its own stream leaves to the
//!    answer to the order.
//! 3. Order numbers are unique over the coins of a run; a fill's `tid` is its record's number, since
//!    one print of the tape may have filled several own orders.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::record::{Body, Fill, Lane, Order, OrderReason, OrderState, Record};
use crate::sim::ledger::{Booking, Ledger};
use crate::units::{Cash, Ns, Px, Side, decimal};

/// Which of the venue's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// Fills, as in `userFills`.
    UserFills,
    /// Order states, as in `orderUpdates`.
    OrderUpdates,
}

#[derive(Debug)]
struct Coin {
    name: String,
    ledger: Ledger,
    /// Best bid and ask, as they were last.
    bbo: Option<[Px; 2]>,
    /// When each order went live, ms.
    placed: BTreeMap<u64, i64>,
}

/// Turns records into the venue's objects.
#[derive(Debug)]
pub struct Shaper {
    shape: Shape,
    coins: BTreeMap<u8, Coin>,
}

impl Shaper {
    /// For the records of one run, from its first.
    pub fn new(shape: Shape) -> Shaper {
        Shaper { shape, coins: BTreeMap::new() }
    }

    /// The object of the next record, if it has one of this shape.
    pub fn take(&mut self, record: &Record) -> Option<Value> {
        let coin = record.coin.0;
        match (&record.body, self.shape) {
            (Body::Coin(c), _) => {
                let (name, ledger) = (c.text(), Ledger::new(0));
                self.coins.insert(coin, Coin { name, ledger, bbo: None, placed: BTreeMap::new() });
                None
            }
            (Body::Market(m), _) => {
                self.coins.get_mut(&coin)?.bbo = Some([m.bid, m.ask]);
                None
            }
            (Body::Fill(f), Shape::UserFills) if f.lane == Lane::Configured => {
                Some(self.coins.get_mut(&coin)?.fill(f, oid(f.id, coin), record.seq))
            }
            (Body::Order(o), Shape::OrderUpdates) => {
                self.coins.get_mut(&coin)?.update(o, oid(o.id, coin))
            }
            _ => None,
        }
    }
}

fn oid(id: u64, coin: u8) -> u64 {
    id << u8::BITS | u64::from(coin)
}

fn ms(at: Ns) -> i64 {
    at.0.div_euclid(Ns::MS)
}

fn side(side: Side) -> &'static str {
    if side == Side::Buy { "B" } else { "A" }
}

impl Coin {
    fn fill(&mut self, f: &Fill, oid: u64, tid: u64) -> Value {
        let (start, realised) = (self.ledger.position(), self.ledger.realised());
        self.ledger.on_fill(&Booking::of(f.time, f));
        let closed = self.ledger.realised().0 - realised.0;
        let closed = i64::try_from(closed / (Cash::USD / 100_000_000)).unwrap_or(i64::MAX);
        json!({
            "coin": self.name,
            "px": decimal::format(f.px.0, 1),
            "sz": decimal::format(f.sz.0, 1),
            "side": side(f.side),
            "time": ms(f.time),
            "startPosition": decimal::format(start.0, 1),
            "dir": direction(start.0, f.side.sign() * f.sz.0),
            "closedPnl": decimal::format(closed, 1),
            "hash": format!("0x{:064x}", 0),
            "oid": oid,
            "crossed": false,
            "fee": decimal::format(f.fee_e8, 1),
            "tid": tid,
            "feeToken": "USDC",
        })
    }

    fn update(&mut self, o: &Order, oid: u64) -> Option<Value> {
        let status = match (o.state, o.reason) {
            (OrderState::Sent | OrderState::CancelSent, _) => return None,
            (OrderState::Live, _) => {
                self.placed.insert(o.id, ms(o.effective));
                "open"
            }
            (OrderState::Filled, _) => "filled",
            (OrderState::Cancelled, OrderReason::LinkLost) => "scheduledCancel",
            (OrderState::Cancelled, _) => "canceled",
            (OrderState::Rejected, OrderReason::PostOnly) => "badAloPxRejected",
            (OrderState::Rejected, OrderReason::Tick) => "tickRejected",
            (OrderState::Rejected, OrderReason::MinValue) => "minTradeNtlRejected",
            (OrderState::Rejected, _) => "rejected",
        };
        let at = ms(o.effective);
        let placed = match o.state {
            OrderState::Live => at,
            _ => self.placed.remove(&o.id).unwrap_or(at),
        };
        let mut update = json!({
            "order": {
                "coin": self.name,
                "side": side(o.side),
                "limitPx": decimal::format(o.px.0, 1),
                "sz": decimal::format(o.open.0, 1),
                "oid": oid,
                "timestamp": placed,
                "origSz": decimal::format(o.sz.0, 1),
            },
            "status": status,
            "statusTimestamp": at,
        });
        if o.state == OrderState::Rejected {
            update["error"] = json!(self.refusal(o.reason));
        }
        Some(update)
    }

    /// The venue's sentence for a refusal, as its answer to the order would have it.
    fn refusal(&self, reason: OrderReason) -> String {
        let text = reason.sentence();
        match self.bbo.filter(|_| reason == OrderReason::PostOnly) {
            Some([bid, ask]) => {
                let (bid, ask) = (decimal::format(bid.0, 0), decimal::format(ask.0, 0));
                format!("{}, bbo was {bid}@{ask}.", text.trim_end_matches('.'))
            }
            None => text.into(),
        }
    }
}

/// The venue's word for what a fill does to a position.
fn direction(start: i64, signed: i64) -> &'static str {
    let end = start + signed;
    match (start.signum(), end.signum(), signed > 0) {
        (1, -1, _) => "Long > Short",
        (-1, 1, _) => "Short > Long",
        (0 | 1, _, true) => "Open Long",
        (0 | -1, _, false) => "Open Short",
        (1, ..) => "Close Long",
        _ => "Close Short",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record;
    use crate::units::{CoinId, Mid2, ONE, Px, Sz};

    fn record(seq: u64, body: impl Into<Body>) -> Record {
        Record { seq, at: Ns(0), coin: CoinId(1), body: body.into() }
    }

    fn named() -> record::Coin {
        let mut name = [0; 24];
        name[..3].copy_from_slice(b"BTC");
        record::Coin { name, sz_decimals: 5, fee_e8: 15_000 }
    }

    fn fill(side: Side, px: i64, sz: i64, lane: Lane) -> Fill {
        Fill {
            id: 7,
            lane,
            reason: record::FillReason::Queue,
            side,
            unknown_queue: false,
            level: 0,
            px: Px(px * ONE),
            sz: Sz(sz * ONE),
            open: Sz(0),
            ahead: Sz(0),
            age: 0,
            time: Ns(1_500_000),
            tid: 3,
            mid: Mid2(2 * px * ONE),
            fee_e8: -38_688_000,
            sight_age: 0,
        }
    }

    #[test]
    fn fills_carry_position_direction_and_closed_profit() {
        let mut s = Shaper::new(Shape::UserFills);
        assert_eq!(s.take(&record(0, named())), None);
        assert_eq!(s.take(&record(1, fill(Side::Buy, 90, 2, Lane::Optimistic))), None);
        let all: Vec<Value> = [(Side::Buy, 100, 2), (Side::Sell, 103, 1), (Side::Sell, 104, 3)]
            .into_iter()
            .filter_map(|(side, px, sz)| s.take(&record(9, fill(side, px, sz, Lane::Configured))))
            .collect();
        let of = |key: &str| all.iter().map(|v| v[key].as_str().expect("text")).collect::<Vec<_>>();
        assert_eq!(of("startPosition"), ["0.0", "2.0", "1.0"]);
        assert_eq!(of("dir"), ["Open Long", "Close Long", "Long > Short"]);
        assert_eq!(of("closedPnl"), ["0.0", "3.0", "4.0"]);
        assert_eq!(of("fee"), ["-0.38688"; 3]);
        assert_eq!(
            (&all[0]["oid"], &all[0]["time"], &all[0]["tid"]),
            (&json!(7 * 256 + 1), &json!(1), &json!(9))
        );
    }

    #[test]
    fn order_states_are_the_venue_s() {
        let mut s = Shaper::new(Shape::OrderUpdates);
        s.take(&record(0, named()));
        let [bid, ask] = [99, 100].map(|px| Px(px * ONE));
        let (bid_sz, ask_sz) = (Sz(ONE), Sz(ONE));
        s.take(&record(1, record::Market { bid, bid_sz, ask, ask_sz, time: Ns(0) }));
        let mut order = |state, reason, open: i64, at: i64| {
            s.take(&record(
                1,
                Order {
                    id: 1,
                    state,
                    reason,
                    side: Side::Sell,
                    level: 0,
                    px: Px(100 * ONE),
                    sz: Sz(2 * ONE),
                    open: Sz(open * ONE),
                    ahead: Sz(0),
                    effective: Ns(at * Ns::MS),
                },
            ))
        };
        assert_eq!(order(OrderState::Sent, OrderReason::None, 2, 5), None);
        let open = order(OrderState::Live, OrderReason::None, 2, 6).expect("shown");
        assert_eq!((&open["status"], &open["order"]["sz"]), (&json!("open"), &json!("2.0")));
        let gone = order(OrderState::Cancelled, OrderReason::Replaced, 1, 9).expect("shown");
        assert_eq!((&gone["status"], &gone["statusTimestamp"]), (&json!("canceled"), &json!(9)));
        assert_eq!(gone["order"]["timestamp"], json!(6));
        let bad = order(OrderState::Rejected, OrderReason::PostOnly, 2, 9).expect("shown");
        assert_eq!(bad["status"], json!("badAloPxRejected"));
        let text = "Post only order would have immediately matched, bbo was 99@100.";
        assert_eq!((&bad["error"], &open["error"]), (&json!(text), &Value::Null));
        let small = order(OrderState::Rejected, OrderReason::MinValue, 2, 9).expect("shown");
        assert_eq!(small["error"], json!("Order must have minimum value of $10."));
    }
}
