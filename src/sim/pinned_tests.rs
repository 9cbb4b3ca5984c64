//! Results that must not change by accident: one number for each model over a long market.
//!
//! Laws are elsewhere. A change of a model changes its number here, on purpose, with a new audit.

use super::*;

/// Smallest size step of the rules used.
const LOT: i64 = 1_000_000;

/// Takes a number into a sum that depends on the order.
fn fold(sum: &mut u64, x: i64) {
    *sum = sum.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ x.cast_unsigned();
}

/// Orders, prints and books at random: the sum of what came of it, and how many fills.
fn market(model: Model, participation_pct: u8) -> (u64, u32) {
    let mut w = World::new(model);
    let mut rng = fastrand::Rng::with_seed(5);
    let cfg = Config { model, participation_pct, venue_rules: false, ..Config::default() };
    w.cfg = Config { crossing_pessimistic: Crossing::UntilPrint, ..cfg };
    w.sim = Sim::new(cfg.shipped(&book::Config::default()), Rules::perp(2), 64, 1);
    let mut best = 1_000;
    for step in 0..12_000i64 {
        let at = step * 40;
        w.sim.hear();
        match rng.u8(..10) {
            0..=2 => {
                best += rng.i64(-1..=1);
                let mut side = |sign: i64| -> Vec<(i64, i64)> {
                    let first = best + i64::from(sign > 0);
                    (0..5).map(|i| (first + sign * i, rng.i64(1..90) * LOT)).collect()
                };
                let (bids, asks) = (side(-1), side(1));
                w.book(at, &bids, &asks);
            }
            3 => w.bbo(at, (best, rng.i64(1..90) * LOT), (best + 1, rng.i64(1..90) * LOT)),
            4..=6 => {
                let aggressor = if rng.bool() { Side::Buy } else { Side::Sell };
                let from = best + i64::from(aggressor == Side::Buy);
                let mut prints = Vec::new();
                for (tid, taker) in (0..rng.u64(1..4)).flat_map(|k| [(2 * k, k), (2 * k + 1, k)]) {
                    let px = Px(from + aggressor.sign() * rng.i64(0..2));
                    // The third taker of a frame may be of the next block.
                    let block = if taker == 2 { rng.i64(0..2) } else { 0 };
                    let (time, sz) = (Ns((at + block) * MS), Sz(rng.i64(1..60) * LOT));
                    let (tid, taker) = (tid + 10 * step.cast_unsigned(), taker + 1);
                    prints.push(Trade { aggressor, px, sz, time, taker, tid });
                }
                let log = &mut w.log;
                w.sim.on_prints(
                    w.cfg.shipped(&book::Config::default()),
                    &prints,
                    &w.book,
                    &mut |e| log.push(e),
                );
            }
            7 | 8 => {
                let side = if rng.bool() { Side::Buy } else { Side::Sell };
                let px = best + i64::from(side == Side::Sell) - side.sign() * rng.i64(0..3);
                if w.open().count() < 40 {
                    w.place(at, side, px, rng.i64(1..40) * LOT);
                }
            }
            _ => {
                let open: Vec<u64> = w.open().map(|o| o.id).collect();
                if let Some(id) = rng.choice(open) {
                    w.cancel(at, id);
                }
            }
        }
    }
    let (mut sum, mut fills) = (0, 0);
    for event in &w.log {
        match event {
            SimEvent::Fill(f) => {
                fills += 1;
                for x in [f.lane as i64, f.time.0, f.px.0, f.sz.0, f.open.0, f.reason as i64] {
                    fold(&mut sum, x);
                }
                fold(&mut sum, f.id.cast_signed());
                fold(&mut sum, f.tid.cast_signed());
            }
            SimEvent::Order(o) => {
                fold(&mut sum, o.state as i64 * 100 + o.reason as i64);
                fold(&mut sum, o.effective.0);
                fold(&mut sum, o.ahead.0);
            }
            SimEvent::Known(_) => {}
        }
    }
    (sum, fills)
}

#[test]
fn every_models_fills_are_what_they_were() {
    let got = Model::ALL.map(|m| {
        let [(whole, fills), (part, _)] = [100, 30].map(|pct| market(m, pct));
        (m.name(), fills, whole ^ part.rotate_left(1))
    });
    let want = [
        ("touch", 3665, 0x6ad5_bd40_de03_a782),
        ("through", 4322, 0x7d2f_3a79_3f78_be9b),
        ("risk-averse", 3794, 0x8716_e4ad_48d8_dfca),
        ("front", 3759, 0x58fc_43d9_10c8_efc8),
        ("linear", 3773, 0x0601_a083_7110_ab30),
        ("power", 3779, 0xe94c_efab_a9ac_7888),
        ("log", 3772, 0x184d_0e49_37e4_26dd),
        ("skellam", 3775, 0x7952_c524_25d1_65c7),
        ("original", 4234, 0x82b0_a545_af22_190a),
    ];
    assert_eq!(got, want, "{got:#x?}");
}

#[test]
fn a_calm_side_hears_of_its_orders_from_a_late_book() {
    let run = |calm: bool| {
        let mut w = World::new(Model::Skellam);
        w.book(1_000, &[(100, 5), (98, 5), (96, 5)], &[(102, 5)]);
        w.place(1_000, Side::Buy, 94, 3);
        w.bbo(1_200, (100, 5), (102, 5));
        w.bbo(1_300, (95, 5), (102, 5));
        w.bbo(1_400, (95, 4), (102, 5));
        assert!(w.sim.calm[0] && w.sim.orders[0].live);
        w.sim.calm[0] = calm;
        w.book(1_250, &[(97, 5), (96, 5), (95, 5), (94, 9), (93, 5)], &[(102, 5)]);
        w.bbo(1_500, (95, 4), (102, 5));
        w.sim.orders[0].level.size
    };
    assert_eq!((run(true), run(false)), (9, 9), "the shortcut leaves nothing out");
}
