//! What decides whether an own order fills: named cases, and the brackets as a property.

#[path = "cross_tests.rs"]
mod cross;
#[path = "late_tests.rs"]
mod late;
#[path = "lots_tests.rs"]
mod lots;
#[path = "pinned_tests.rs"]
mod pinned;
#[path = "referee_tests.rs"]
mod referee;
#[path = "requests_tests.rs"]
mod requests;

use super::*;
use crate::book;
use crate::event::own::{FillReason, Lane};
use crate::event::{self, Bbo, Snapshot};
use crate::sim::config::{Config, Crossing, Latency, Model};
use crate::sim::models::AnyQueues;
use crate::sim::models::rates::Rates;
use crate::units::rules::{Billing, Rules};
use crate::units::{Px, Sz};
use proptest::prelude::*;

const MS: i64 = Ns::MS;
/// Sizes in steps of one unit: the numbers of a test are small.
const RULES: Rules = Rules { sz_decimals: 8, min_value_usd: 10, billing: Billing::Venue };

struct World {
    cfg: Config,
    sim: Sim,
    book: Book,
    log: Vec<SimEvent>,
    tid: u64,
}

impl World {
    fn open(&self) -> impl Iterator<Item = View> + '_ {
        Side::BOTH.into_iter().flat_map(|side| self.sim.open(side))
    }

    fn new(model: Model) -> World {
        let cfg = Config {
            model,
            entry: Latency::Constant { ms: 100 },
            cancel: Latency::Constant { ms: 100 },
            ping_ms: 0,
            crossing: Crossing::Displayed,
            crossing_pessimistic: Crossing::Displayed,
            venue_rules: false,
            ..Config::default()
        };
        let mut book = Book::default();
        book.on_up();
        let sim = Sim::new(cfg.shipped(&book::Config::default()), RULES, 64, 1);
        World { cfg, sim, book, log: Vec::new(), tid: 0 }
    }

    fn place(&mut self, at: i64, side: Side, px: i64, sz: i64) -> u64 {
        let new = NewOrder { side, px: Px(px), sz: Sz(sz), level: 0 };
        let log = &mut self.log;
        self.sim
            .submit(self.cfg.shipped(&book::Config::default()), Ns(at * MS), new, &mut |e| {
                log.push(e)
            })
            .expect("room")
    }

    fn book(&mut self, at: i64, bids: &[(i64, i64)], asks: &[(i64, i64)]) {
        let levels = |l: &[(i64, i64)]| {
            l.iter().map(|(p, s)| event::Level { px: Px(*p), sz: Sz(*s), n: 1 }).collect()
        };
        let s = Snapshot { time: Ns(at * MS), fast: true, bids: levels(bids), asks: levels(asks) };
        let log = &mut self.log;
        self.sim.before(self.cfg.shipped(&book::Config::default()), s.time, &self.book, &mut |e| {
            log.push(e)
        });
        self.book.on_snapshot(s.time, &s);
        self.sim.after(self.cfg.shipped(&book::Config::default()), s.time, &self.book, &mut |e| {
            log.push(e)
        });
    }

    fn bbo(&mut self, at: i64, bid: (i64, i64), ask: (i64, i64)) {
        let level = |(p, s)| Some(event::Level { px: Px(p), sz: Sz(s), n: 1 });
        let b = Bbo { time: Ns(at * MS), bid: level(bid), ask: level(ask) };
        let log = &mut self.log;
        self.sim.before(self.cfg.shipped(&book::Config::default()), b.time, &self.book, &mut |e| {
            log.push(e)
        });
        self.book.on_bbo(b.time, &b);
        self.sim.after(self.cfg.shipped(&book::Config::default()), b.time, &self.book, &mut |e| {
            log.push(e)
        });
    }

    fn sell(&mut self, at: i64, taker: u64, prints: &[(i64, i64)]) {
        self.take(Side::Sell, at, taker, prints);
    }

    fn buy(&mut self, at: i64, taker: u64, prints: &[(i64, i64)]) {
        self.take(Side::Buy, at, taker, prints);
    }

    fn take(&mut self, aggressor: Side, at: i64, taker: u64, prints: &[(i64, i64)]) {
        let time = Ns(at * MS);
        let prints: Vec<Trade> = prints
            .iter()
            .map(|(px, sz)| {
                self.tid += 1;
                Trade { aggressor, px: Px(*px), sz: Sz(*sz), time, taker, tid: self.tid }
            })
            .collect();
        let log = &mut self.log;
        self.sim.on_prints(
            self.cfg.shipped(&book::Config::default()),
            &prints,
            &self.book,
            &mut |e| log.push(e),
        );
    }

    fn cancel(&mut self, at: i64, id: u64) {
        let log = &mut self.log;
        self.sim.cancel(
            self.cfg.shipped(&book::Config::default()),
            Ns(at * MS),
            id,
            OrderReason::Replaced,
            &mut |e| log.push(e),
        );
    }

    fn modify(&mut self, at: i64, id: u64, px: i64, sz: i64) -> u64 {
        let new = NewOrder { side: Side::Buy, px: Px(px), sz: Sz(sz), level: 0 };
        let log = &mut self.log;
        self.sim
            .modify(self.cfg.shipped(&book::Config::default()), Ns(at * MS), id, new, &mut |e| {
                log.push(e)
            })
            .expect("room")
    }

    /// Sets the volume ahead of the first order under the risk-averse model.
    fn front_of_first(&mut self, front: i64) {
        let AnyQueues::RiskAverse(q) = &mut self.sim.lanes[0] else { panic!("risk-averse") };
        q.queues[0].front = front;
    }

    fn filled(&self, id: u64, lane: Lane) -> i64 {
        self.log
            .iter()
            .map(|e| match e {
                SimEvent::Fill(f) if f.id == id && f.lane == lane => f.sz.0,
                _ => 0,
            })
            .sum()
    }

    fn states(&self, id: u64) -> Vec<(OrderState, OrderReason)> {
        self.log
            .iter()
            .filter_map(|e| match e {
                SimEvent::Order(o) if o.id == id => Some((o.state, o.reason)),
                _ => None,
            })
            .collect()
    }
}

const C: Lane = Lane::Configured;
const ASK: &[(i64, i64)] = &[(101, 50)];

fn joined(model: Model, ahead: i64) -> (World, u64) {
    let mut w = World::new(model);
    w.book(0, &[(99, ahead), (98, 7)], ASK);
    let id = w.place(0, Side::Buy, 99, 5);
    w.book(200, &[(99, ahead), (98, 7)], ASK);
    (w, id)
}

#[test]
fn an_order_waits_for_the_volume_ahead_and_fills_in_parts() {
    let (mut w, id) = joined(Model::RiskAverse, 10);
    w.sell(300, 1, &[(99, 8)]);
    assert_eq!(w.filled(id, C), 0);
    w.sell(400, 2, &[(99, 4)]);
    assert_eq!(w.filled(id, C), 2);
    w.sell(500, 3, &[(99, 9)]);
    assert_eq!(w.filled(id, C), 5);
    assert_eq!(w.states(id).last(), Some(&(OrderState::Filled, OrderReason::None)));
}

#[test]
fn best_prices_that_arrive_before_their_own_prints_are_not_counted_twice() {
    let (mut w, id) = joined(Model::Front, 10);
    // Block 300: six lots traded, so the level shows four; the message order is bbo, trades.
    w.bbo(300, (99, 4), (101, 50));
    w.sell(300, 1, &[(99, 6)]);
    w.sell(400, 2, &[(99, 4)]);
    assert_eq!(w.filled(id, C), 0, "four are still ahead");
    w.sell(500, 3, &[(99, 1)]);
    assert_eq!(w.filled(id, C), 1);
}

#[test]
fn no_fill_before_arrival_or_after_a_cancel_took_effect() {
    let (mut w, id) = joined(Model::RiskAverse, 0);
    let late = w.place(250, Side::Buy, 99, 5);
    w.sell(340, 1, &[(99, 7)]);
    assert_eq!((w.filled(id, C), w.filled(late, C)), (5, 0), "arrives at 350");
    let log = &mut w.log;
    w.sim.cancel(
        w.cfg.shipped(&book::Config::default()),
        Ns(400 * MS),
        late,
        OrderReason::Replaced,
        &mut |e| log.push(e),
    );
    w.sell(450, 2, &[(99, 2)]);
    assert_eq!(w.filled(late, C), 2, "the cancel is still on its way");
    w.sell(500, 3, &[(99, 9)]);
    assert_eq!(w.filled(late, C), 2, "a cancel of the same block goes first");
    assert_eq!(w.states(late).last(), Some(&(OrderState::Cancelled, OrderReason::Replaced)));
}

#[test]
fn own_orders_share_one_taker_and_earlier_ones_come_first() {
    let (mut w, a) = joined(Model::RiskAverse, 2);
    let b = w.place(200, Side::Buy, 99, 5);
    w.book(310, &[(99, 2), (98, 7)], ASK);
    w.sell(400, 1, &[(99, 9)]);
    assert_eq!((w.filled(a, C), w.filled(b, C)), (5, 2));
    assert_eq!((w.filled(a, Lane::Optimistic), w.filled(b, Lane::Optimistic)), (5, 4));
}

#[test]
fn a_trade_through_empties_the_queue_but_fills_no_more_than_was_printed() {
    let (mut w, id) = joined(Model::RiskAverse, 100);
    w.sell(300, 1, &[(99, 2), (98, 3)]);
    assert_eq!(w.filled(id, C), 3);
    assert_eq!(w.filled(id, Lane::Pessimistic), 3);
}

#[test]
fn splitting_a_taker_into_prints_changes_nothing() {
    let fills = |prints: &[(i64, i64)]| {
        let (mut w, id) = joined(Model::Skellam, 10);
        w.sell(300, 1, prints);
        w.filled(id, C)
    };
    assert_eq!(fills(&[(99, 13)]), fills(&[(99, 1); 13]));
    assert_eq!(fills(&[(99, 13)]), 3);
}

#[test]
fn own_orders_ahead_count_as_volume_ahead() {
    let (mut w, _) = joined(Model::RiskAverse, 10);
    let b = w.place(200, Side::Buy, 99, 4);
    w.book(310, &[(99, 10)], ASK);
    w.sell(400, 1, &[(99, 16)]);
    let fill = w.log.iter().find_map(|e| match e {
        SimEvent::Fill(f) if f.id == b && f.lane == C => Some(*f),
        _ => None,
    });
    let fill = fill.expect("ten of others, five of ours, one for it");
    assert_eq!((fill.sz, fill.ahead, fill.tid), (Sz(1), Sz(15), 1));
}

#[test]
fn a_change_concerns_its_order_alone() {
    let (mut w, old) = joined(Model::RiskAverse, 0);
    let other = w.place(200, Side::Buy, 97, 5);
    let new = w.modify(250, old, 98, 5);
    let leaving =
        |w: &World| -> Vec<(u64, bool)> { w.open().map(|v| (v.id, v.cancelling)).collect() };
    assert!(leaving(&w).contains(&(old, true)) && leaving(&w).contains(&(other, false)));
    w.book(400, &[(98, 7)], ASK);
    let left = leaving(&w);
    assert!(left.len() == 2 && left.contains(&(other, false)) && left.contains(&(new, false)));
}

#[test]
fn a_fill_is_held_against_the_mid_before_its_block() {
    let (mut w, id) = joined(Model::RiskAverse, 10);
    let mids = |w: &World| -> Vec<i64> {
        let fill = |e: &SimEvent| match e {
            SimEvent::Fill(f) if f.id == id && f.lane == C => Some(f.mid.0),
            _ => None,
        };
        w.log.iter().filter_map(fill).collect()
    };
    // The same block is shown twice before its takers are: 99 to 101 was before it.
    w.book(300, &[(98, 5)], &[(100, 50)]);
    w.book(300, &[(98, 5)], &[(104, 50)]);
    w.sell(300, 1, &[(98, 2)]);
    assert_eq!(mids(&w), [200]);
    w.sell(400, 2, &[(98, 3)]);
    assert_eq!(mids(&w), [200, 202]);
}

#[test]
fn a_best_price_that_moves_trains_no_rate() {
    let mut w = World::new(Model::Skellam);
    for i in 0..300 {
        let best = 98 + i % 2;
        w.book(i * 500, &[(best, 10 + 7 * (i % 2)), (97, 7)], ASK);
    }
    let AnyQueues::Skellam(q) = &w.sim.lanes[0] else { panic!("the configured model") };
    let none = format!("{:?}", Rates::default());
    assert_eq!(format!("{:?}", q.model.rates[0]), none);
    // The asks stood still, and their rates were looked at.
    assert_ne!(format!("{:?}", q.model.rates[1]), none);
}

#[test]
fn a_change_of_an_order_that_is_gone_is_refused() {
    let (mut w, old) = joined(Model::RiskAverse, 0);
    let new = w.modify(250, old, 98, 5);
    w.sell(300, 1, &[(99, 5)]);
    w.book(400, &[(98, 7)], ASK);
    assert_eq!(w.filled(old, C), 5, "the fill came first");
    assert_eq!(w.states(new).last(), Some(&(OrderState::Rejected, OrderReason::Gone)));
}

#[test]
fn a_change_never_overtakes_its_order() {
    let mut w = World::new(Model::RiskAverse);
    w.book(0, &[(99, 10), (98, 7)], ASK);
    let old = w.place(0, Side::Buy, 99, 5);
    // Sent so that it would arrive before its order does.
    let new = w.modify(-60, old, 98, 5);
    w.book(200, &[(99, 10), (98, 7)], ASK);
    let is = |id| w.states(id).last().copied();
    assert_eq!(is(old), Some((OrderState::Cancelled, OrderReason::Replaced)));
    assert_eq!(is(new), Some((OrderState::Live, OrderReason::None)));
    assert_eq!(w.open().count(), 1);
}

#[test]
fn a_cap_on_participation_holds_over_all_own_orders_of_a_taker() {
    let mut w = World::new(Model::RiskAverse);
    w.cfg.participation_pct = 20;
    w.book(0, &[(98, 7)], ASK);
    let (a, b) = (w.place(0, Side::Buy, 99, 150), w.place(0, Side::Buy, 99, 500));
    w.book(200, &[(98, 7)], ASK);
    w.sell(300, 1, &[(99, 1_000)]);
    assert_eq!((w.filled(a, C), w.filled(b, C)), (150, 50));
    assert_eq!(w.filled(a, Lane::Optimistic) + w.filled(b, Lane::Optimistic), 200);
}

#[test]
fn an_order_judged_alone_shares_nothing() {
    let mut w = World::new(Model::RiskAverse);
    w.sim = w.sim.clone().each_alone();
    w.book(0, &[(99, 2)], ASK);
    let (a, b) = (w.place(0, Side::Buy, 99, 5), w.place(0, Side::Buy, 99, 5));
    w.book(200, &[(99, 2)], ASK);
    w.sell(300, 1, &[(99, 6)]);
    assert_eq!((w.filled(a, C), w.filled(b, C)), (4, 4));
    let (c, d) = (w.place(300, Side::Buy, 98, 5), w.place(300, Side::Buy, 98, 5));
    w.book(450, &[(98, 7)], ASK);
    // What crosses is there for each of them, and once however often it is shown.
    for at in [500, 600, 700] {
        w.book(at, &[(97, 7)], &[(98, 3)]);
    }
    assert_eq!((w.filled(c, C), w.filled(d, C)), (3, 3));
}

#[test]
fn draws_of_the_original_model_leave_latencies_and_repeat() {
    let run = |model| {
        let (mut w, _) = joined(model, 10);
        w.cfg.entry = Latency::ShiftedExponential { base_ms: 10, mean_ms: 10 };
        for i in 0..20 {
            w.sim.hear();
            w.place(300 + 100 * i, Side::Buy, 99, 5);
            w.sell(350 + 100 * i, 1, &[(99, 3)]);
        }
        w.log
    };
    let live = |log: &[SimEvent]| -> Vec<Ns> {
        let at = |e: &SimEvent| match e {
            SimEvent::Order(o) if o.state == OrderState::Live => Some(o.effective),
            _ => None,
        };
        log.iter().filter_map(at).collect()
    };
    let (a, b) = (run(Model::Original), run(Model::Original));
    assert_eq!(a, b);
    assert_eq!(live(&a), live(&run(Model::RiskAverse)));
    let drawn = a.iter().any(|e| matches!(e, SimEvent::Fill(f) if f.reason == FillReason::Drawn));
    assert!(drawn);
}

#[test]
fn the_wrong_aggressor_never_fills() {
    let (mut w, _) = joined(Model::Touch, 0);
    let ask = w.place(200, Side::Sell, 101, 5);
    w.book(310, &[(99, 10)], ASK);
    w.sell(400, 1, &[(101, 50)]);
    assert_eq!(w.filled(ask, C), 0);
}

#[test]
fn post_only_is_judged_against_the_book_at_arrival() {
    let mut w = World::new(Model::Skellam);
    w.book(0, &[(99, 1)], ASK);
    let id = w.place(0, Side::Buy, 100, 5);
    w.book(50, &[(98, 1)], &[(100, 1)]);
    w.book(200, &[(98, 1)], &[(100, 1)]);
    assert_eq!(w.states(id).last(), Some(&(OrderState::Rejected, OrderReason::PostOnly)));
}

#[test]
fn a_book_that_moves_onto_the_order_fills_it_once() {
    let (mut w, id) = joined(Model::Skellam, 10);
    w.book(300, &[(98, 7)], &[(99, 3)]);
    w.book(400, &[(98, 7)], &[(99, 3)]);
    w.book(500, &[(98, 7)], &[(99, 3)]);
    assert_eq!(w.filled(id, C), 3, "the same three lots do not fill twice");
}

#[test]
fn an_order_out_of_sight_starts_behind_a_stated_default_and_is_marked() {
    let mut w = World::new(Model::RiskAverse);
    w.book(0, &[(99, 10), (98, 7)], ASK);
    let id = w.place(0, Side::Buy, 90, 5);
    w.book(200, &[(99, 10), (98, 7)], ASK);
    w.sell(300, 1, &[(99, 10), (98, 7), (90, 12)]);
    let fill = w.log.iter().find_map(|e| match e {
        SimEvent::Fill(f) if f.id == id && f.lane == C => Some(*f),
        _ => None,
    });
    let fill = fill.expect("twelve printed, ten ahead");
    assert_eq!((fill.sz, fill.ahead, fill.unknown_queue), (Sz(2), Sz(10), true));
    assert_eq!(fill.sight_age, -1, "never seen");
}

#[test]
fn a_lost_link_takes_every_order_out_and_fills_nothing_across() {
    let (mut w, id) = joined(Model::Touch, 0);
    let log = &mut w.log;
    w.sim.void(Ns(300 * MS), NEVER, &mut |e| log.push(e));
    w.sell(400, 1, &[(99, 9)]);
    assert_eq!(w.filled(id, C), 0);
    assert_eq!(w.states(id).last(), Some(&(OrderState::Cancelled, OrderReason::LinkLost)));
}

#[test]
fn venue_rules_refuse_with_their_own_reasons() {
    let mut w = World::new(Model::Skellam);
    w.cfg.venue_rules = true;
    w.sim = Sim::new(w.cfg.shipped(&book::Config::default()), Rules::perp(2), 64, 1);
    let one = crate::units::ONE;
    w.book(0, &[(100 * one, 1)], &[(101 * one, 1)]);
    let bad_tick = w.place(0, Side::Buy, 99 * one + 1, one);
    let bad_lot = w.place(0, Side::Buy, 99 * one, one + 1);
    let small = w.place(0, Side::Buy, 99 * one, one / 100);
    let far = w.place(0, Side::Buy, one, 100 * one);
    let good = w.place(0, Side::Buy, 99 * one, one);
    w.book(200, &[(100 * one, 1)], &[(101 * one, 1)]);
    for (id, why) in [
        (bad_tick, OrderReason::Tick),
        (bad_lot, OrderReason::Lot),
        (small, OrderReason::MinValue),
        (far, OrderReason::TooFar),
    ] {
        assert_eq!(w.states(id).last(), Some(&(OrderState::Rejected, why)));
    }
    assert_eq!(w.states(good).last(), Some(&(OrderState::Live, OrderReason::None)));
}

#[test]
fn an_order_filled_with_its_cancel_on_the_way_hastens_no_other() {
    let (mut w, first) = joined(Model::Touch, 0);
    w.cancel(210, first);
    w.sell(250, 1, &[(99, 5)]);
    assert_eq!(w.filled(first, C), 5);
    // Sent at 300, so it arrives at 400; the cancel of the filled one was due at 310.
    let late = w.place(300, Side::Buy, 99, 5);
    w.sell(320, 2, &[(99, 9)]);
    assert_eq!((w.filled(late, C), w.states(late).len()), (0, 1), "still on its way");
    w.sell(400, 3, &[(99, 9)]);
    assert_eq!(w.filled(late, C), 5);
}

#[test]
fn a_taker_goes_past_an_own_order_only_when_it_is_filled() {
    // The level is empty by a snapshot that is older than the first order's, so the second one
    // starts in front of it by the book, which cannot be: it came later.
    let (mut w, first) = joined(Model::RiskAverse, 4);
    w.book(300, &[(98, 1)], ASK);
    w.front_of_first(4);
    let second = w.place(300, Side::Buy, 99, 5);
    w.book(450, &[(99, 4), (98, 1)], ASK);
    w.front_of_first(4);
    w.sell(500, 1, &[(99, 3)]);
    assert_eq!((w.filled(first, C), w.filled(second, C)), (0, 0));
    w.sell(600, 2, &[(99, 8)]);
    assert_eq!((w.filled(first, C), w.filled(second, C)), (5, 3));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    /// For one order: touch fills no less than the configured model, which fills no less than
    /// through; no model fills more than was printed at the price or beyond.
    #[test]
    fn brackets_hold_and_volume_is_conserved(
        model in prop::sample::select(vec![Model::RiskAverse, Model::Front, Model::Linear, Model::Power, Model::Skellam]),
        ahead in 0i64..40,
        ops in prop::collection::vec((any::<bool>(), 97i64..100, 1i64..30, 1i64..30), 1..40),
    ) {
        let (mut w, id) = joined(model, ahead);
        let mut printed = 0;
        for (i, (trade, px, a, b)) in ops.into_iter().enumerate() {
            let at = 300 + 100 * i64::try_from(i).expect("small");
            if trade {
                w.sell(at, 1 + u64::try_from(i).expect("small"), &[(99, a), (px, b)]);
                printed += a + b;
            } else {
                w.book(at, &[(99, a), (98, b)], ASK);
            }
            let [c, p, o] = LANES.map(|l| w.filled(id, l));
            prop_assert!(p <= c && c <= o, "{p} {c} {o}");
            prop_assert!(o <= printed.min(5));
        }
    }

    /// The same order by order for a ladder that shares takers and the crossing side: touch fills
    /// no less than the configured model, which fills no less than through.
    #[test]
    fn brackets_hold_order_by_order_in_a_ladder(
        model in prop::sample::select(vec![Model::RiskAverse, Model::Front, Model::Linear, Model::Power, Model::Log, Model::Skellam]),
        ops in prop::collection::vec((0u8..5, 96i64..100, 1i64..30, 1i64..30), 1..60),
    ) {
        let mut w = World::new(model);
        w.book(0, &[(99, 9), (98, 9), (97, 9), (96, 9)], ASK);
        let mut ids = Vec::new();
        for (i, (kind, px, a, b)) in ops.into_iter().enumerate() {
            let at = 100 + 100 * i64::try_from(i).expect("small");
            let taker = 1 + u64::try_from(i).expect("small");
            match kind {
                0 if w.open().count() < 8 => ids.push(w.place(at, Side::Buy, px, 1 + a % 9)),
                1 => w.sell(at, taker, &[(99, a), (px, b)]),
                2 => w.book(at, &[(99, a), (98, b), (97, a), (96, b)], ASK),
                3 => w.book(at, &[(95, b)], &[(px, a)]),
                _ => if let Some(id) = ids.last() { w.cancel(at, *id) },
            }
            for id in &ids {
                let [c, p, o] = LANES.map(|l| w.filled(*id, l));
                prop_assert!(p <= c && c <= o, "order {id}: {p} {c} {o}");
            }
        }
    }
}
