//! Whole lots: whatever a queue is thought to be, what fills of an order and what rests of it can be.

use super::*;
use crate::units::ONE;

/// A world with lots of `decimals`.
fn world(model: Model, decimals: u8, participation_pct: u8) -> World {
    let mut w = World::new(model);
    w.cfg.participation_pct = participation_pct;
    w.sim = Sim::new(w.cfg.shipped(&book::Config::default()), Rules::perp(decimals), 64, 1);
    w
}

fn of(w: &World) -> impl Iterator<Item = &event::own::Fill> {
    w.log.iter().filter_map(|e| if let SimEvent::Fill(f) = e { Some(f) } else { None })
}

#[test]
fn a_share_of_a_cancel_fills_no_part_of_a_lot() {
    for model in [Model::Skellam, Model::Linear] {
        let mut w = world(model, 4, 100);
        let at = |tenths: i64| (100 * ONE, tenths * ONE / 10);
        let ask = (101 * ONE, 10 * ONE);
        w.bbo(0, at(100), ask);
        let id = w.place(0, Side::Buy, 100 * ONE, ONE);
        for (ms, tenths) in [(1_000, 100), (2_000, 130), (3_000, 120)] {
            w.bbo(ms, at(tenths), ask);
        }
        // One of thirteen left, ten of them ahead: 9.5 less 9.230769 reach the order.
        w.sell(4_000, 1, &[at(95)]);
        assert_eq!(w.filled(id, C), 26_920_000, "{model:?}");
        // Nobody is ahead any more; what was less than a lot is not lost from the order.
        w.sell(5_000, 2, &[at(5)]);
        assert_eq!(w.filled(id, C), 76_920_000, "{model:?}");
        w.sell(6_000, 3, &[at(5)]);
        assert_eq!((w.filled(id, C), w.open().count()), (ONE, 0), "{model:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    /// In every lane, under every model and cap, whatever sizes are displayed and printed.
    #[test]
    fn what_fills_and_what_rests_is_a_whole_number_of_lots(
        model in prop::sample::select(Model::ALL.to_vec()),
        decimals in 0u8..6,
        participation_pct in 1u8..=100,
        ops in prop::collection::vec((0u8..6, 996i64..1_000, 1i64..40_000, 1i64..40_000), 1..60),
    ) {
        let mut w = world(model, decimals, participation_pct);
        let lot = Rules::perp(decimals).lot();
        let ask: &[(i64, i64)] = &[(1_001 * ONE, 50 * ONE)];
        for (i, (kind, usd, a, b)) in (1i64..).zip(ops) {
            let (at, px) = (100 * i, usd * ONE);
            match kind {
                0 if w.open().count() < 8 => {
                    w.place(at, Side::Buy, px, lot * (1 + a % 4_000));
                }
                1 => w.sell(at, i.unsigned_abs(), &[(999 * ONE, a * lot), (px, b * lot)]),
                // Finer than the lot: what a recording says where its decimals were guessed.
                2 => w.sell(at, i.unsigned_abs(), &[(px, a * lot / 7 + 1)]),
                3 => w.book(at, &[(999 * ONE, a * lot), (998 * ONE, b)], ask),
                4 => w.book(at, &[(995 * ONE, b)], &[(px, a * lot / 3 + 1)]),
                _ => w.bbo(at, (px, a * lot), ask[0]),
            }
        }
        for f in of(&w) {
            prop_assert!(f.sz.0 > 0 && f.sz.0 % lot == 0 && f.open.0 % lot == 0, "{f:?}");
        }
        for o in w.sim.orders.iter() {
            prop_assert!(o.lanes.iter().all(|l| l.open % lot == 0 && l.open >= 0), "{o:?}");
        }
    }
}
