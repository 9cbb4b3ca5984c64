//! The facts of a small built tape against the same tape through the reference script.

use super::bands::{BUILT_IN, Bands};
use super::tape::Tape;
use super::*;
use crate::event::{Bbo, Event, Level, Levels, Snapshot, Trade};
use crate::units::rules::Rules;
use crate::units::{CoinId, ONE, Px, Side, Sz};

const COIN: CoinId = CoinId(0);

/// The generator of the built tape.
struct Next(i64);

impl Next {
    fn of(&mut self, n: i64) -> i64 {
        self.0 = (self.0 * 1_103_515_245 + 12_345) % (1 << 31);
        (self.0 >> 8) % n
    }
}

fn level(k: i64, sz_e4: i64) -> Level {
    Level { px: Px(k * ONE / 10), sz: Sz(sz_e4 * ONE / 10_000), n: 2 }
}

/// 700 blocks of a coin at 4,269 USD with a hole in the middle: the best price walks, takers come at
/// every third block, a book at every tenth.
fn built() -> Tape {
    let mut next = Next(12_345);
    let mut tape = Tape::new(Rules::perp(4));
    let (mut t, mut k) = (1_757_015_216_000, 42_690);
    for i in 0..700 {
        t += 40 + next.of(400) + if i == 350 { 8_000 } else { 0 };
        k += [-1, 1].get(usize::try_from(next.of(10)).expect("small")).unwrap_or(&0);
        let gap = 1 + i64::from(next.of(5) == 0);
        let (bid, ask) = ((1 + next.of(5_000)) * 100, (1 + next.of(5_000)) * 100);
        let (time, stamp) = (Ns::from_ms(t), Ns::from_ms(t + 300 + next.of(100)));
        let bbo = Bbo { time, bid: Some(level(k, bid)), ask: Some(level(k + gap, ask)) };
        tape.take(stamp, &Event::Bbo { coin: COIN, bbo: &bbo });
        if next.of(3) == 0 {
            let (buys, n) = (next.of(2) == 1, 1 + next.of(3));
            let mut print = |j: i64| {
                let at = if buys { k + gap + j } else { k - j };
                let Level { px, sz, .. } = level(at, (1 + next.of(2_000)) * 10);
                let aggressor = if buys { Side::Buy } else { Side::Sell };
                Trade { aggressor, px, sz, time, taker: 0, tid: 0 }
            };
            let prints: Vec<Trade> = (0..n).map(&mut print).collect();
            let later = stamp.plus(next.of(90) * Ns::MS);
            tape.take(later, &Event::Trades { coin: COIN, prints: &prints });
        }
        if i % 10 == 0 {
            let mut side = |from: i64, step: i64| -> Levels {
                (0..10).map(|j| level(from + step * j, (1 + next.of(9_000)) * 100)).collect()
            };
            let (bids, asks) = (side(k, -1), side(k + gap, 1));
            let book = Snapshot { time, fast: false, bids, asks };
            tape.take(stamp, &Event::Book { coin: COIN, book: &book });
        }
    }
    tape
}

/// What the reference script gives for the same tape, with whole milliseconds and the same order of
/// takers within a block.
const REFERENCE: &[(&str, f64)] = &[
    ("spread_ticks_mean", 1.203_621_507_677_436_6),
    ("spread_1tick_share", 0.796_378_492_322_437_2),
    ("touch_moves_s", 2.003_153_899_747_897_3),
    ("bid_life_med_s", 0.912),
    ("bid_life_mean_s", 1.127_234_481_944_630_6),
    ("bid_move_ticks_mean", 1.0),
    ("vol_0.1s", 0.262_027_573_406_656_33),
    ("vol_1s", 0.234_828_989_642_422_13),
    ("vol_5s", 0.208_107_191_112_869_38),
    ("vol_30s", 0.177_605_050_999_601_8),
    ("kurt_1s", 2.850_302_446_043_158),
    ("kurt_5s", 2.508_399_249_887_346),
    ("absret_ac_1s", 0.063_412_120_154_248_5),
    ("best_usd_p10", 20_189.532),
    ("best_usd_p50", 114_393.12),
    ("best_usd_p90", 190_568.16),
    ("shape_L2", 0.924_136_286_746_587_3),
    ("shape_L5", 0.972_883_077_736_657_3),
    ("shape_L10", 0.892_343_542_412_108_3),
    ("level_gap_ticks", 1.0),
    ("usd_5bps", 1_897_913.083_035_714_5),
    ("flow_usd_s_side", 6_277.090_067_939_923),
    ("queue_over_flow_s", 18.223_909_289_474_74),
    ("prints_s", 2.788_585_064_086_738_5),
    ("sweeps_s_side", 0.691_057_652_344_639_3),
    ("sweep_usd_p50", 8_412.819_3),
    ("sweep_usd_p90", 16_516.864_8),
    ("sweep_usd_p99", 20_267.787_848),
    ("print_p99_med", 1.821_180_534_402_282_2),
    ("print_hill5", 51.782_889_462_610_896),
    ("sweep_prints_mean", 2.017_621_145_374_449_5),
    ("sweep_levels_gt1", 0.674_008_810_572_687_2),
    ("sweep_levels_mean", 2.017_621_145_374_449_5),
    ("takes_whole_best", 0.017_621_145_374_449_34),
    ("inside_share", 0.035_242_290_748_898_68),
    ("fano_1s", 0.670_286_117_595_960_8),
    ("fano_10s", 0.659_665_144_596_651_5),
    ("fano_60s", f64::NAN),
    ("hawkes_n", 0.038_519_877_959_972_74),
    ("sign_ac1", 0.026_548_672_566_371_68),
    ("sign_ac5", 0.072_072_072_072_072_07),
    ("sign_ac20", 0.053_140_096_618_357_49),
    ("resp_0s", 0.002_579_252_477_888_316),
    ("resp_0.5s", 0.001_561_233_928_592_063_7),
    ("resp_1s", -0.007_808_092_637_308_781),
    ("resp_5s", -0.022_214_489_057_282_138),
    ("resp_30s", -0.082_175_315_188_502_73),
    ("resp_1s_big", -0.117_150_566_391_068_12),
    ("lam_0.25", 0.471_867_559_971_009_26),
    ("lam_0.5", 0.228_323_012_889_198_04),
    ("lam_1", 0.0),
    ("cancel_to_trade", 80.510_805_066_443_3),
    ("cancel_rate_of_best_s", 1.579_011_677_007_638_6),
    ("size_jump50_share", 0.530_031_612_223_393),
    ("retreats_s", 0.684_969_038_667_594_1),
    ("retreat_by_trade", 0.0),
    ("depletion_last_med", 1.109_913_378_248_315_5),
    ("pup_lo", 0.558_139_534_883_720_9),
    ("pup_mm", 0.558_704_453_441_295_6),
    ("pup_hi", 0.539_325_842_696_629_2),
    ("imb_auc", -0.033_808_551_086_657_354),
    ("rate_bbo", 4.262_029_573_931_697),
    ("rate_trades", 1.382_115_304_689_278_7),
    ("two_sided_blocks", 0.0),
];

#[test]
fn a_built_tape_has_the_facts_of_the_reference() {
    let facts = Facts::of(&built()).expect("a stretch");
    for (name, want) in REFERENCE {
        let got = facts.get(name);
        // The reference adds in another order, and its seconds are floats.
        let near = (got - want).abs() <= 1e-7 * want.abs().max(1e-3);
        assert!(near || (got.is_nan() && want.is_nan()), "{name}: {got}, not {want}");
    }
}

#[test]
fn delays_and_late_prints_are_those_of_the_tape() {
    let facts = Facts::of(&built()).expect("a stretch");
    let within = |name: &str, lo: f64, hi: f64| {
        let x = facts.get(name);
        assert!(lo <= x && x <= hi, "{name}: {x}");
    };
    within("lat_bbo_p50", 340.0, 360.0);
    within("lat_bbo_max", 399.0, 399.0);
    within("lat_bbo_ac1", -0.1, 0.1);
    within("trades_lag_ms_p50", 35.0, 55.0);
    within("late_share", 0.0, 0.0);
    // The same prints a second later come after the states of later blocks.
    let mut late = Tape::new(Rules::perp(4));
    let mut bbo =
        Bbo { bid: Some(level(42_690, 1)), ask: Some(level(42_691, 1)), ..Bbo::default() };
    for i in 0..100 {
        bbo.time = Ns::from_ms(i * 100);
        late.take(bbo.time.plus(5 * Ns::MS), &Event::Bbo { coin: COIN, bbo: &bbo });
        if i % 4 == 3 {
            let (aggressor, px, sz) = (Side::Buy, Px(42_691 * ONE / 10), Sz(ONE));
            let time = Ns::from_ms((i - 3) * 100);
            let prints = [Trade { aggressor, px, sz, time, taker: 0, tid: 0 }];
            late.take(bbo.time.plus(6 * Ns::MS), &Event::Trades { coin: COIN, prints: &prints });
        }
    }
    let facts = Facts::of(&late).expect("a stretch");
    assert_eq!((facts.get("late_share"), facts.get("late_ms_p50")), (1.0, 201.0));
}

#[test]
fn bands_name_what_is_outside_and_what_is_not_there() {
    let facts = Facts::of(&built()).expect("a stretch");
    for (kind, _) in BUILT_IN {
        let bands = Bands::built_in(kind).expect("readable");
        assert_eq!(bands.count(), 66, "{kind}");
        let outside = bands.outside(&facts);
        assert!(outside.iter().any(|o| o.fact == "fano_60s" && o.value.is_nan()), "{kind}");
        assert!(outside.len() > 30 && outside.len() < 66, "{kind}: {}", outside.len());
    }
    let bands =
        Bands::parse("spread_ticks_mean = [1.2, 1.3]\nlam_1 = [0.1, 0.2]").expect("a table");
    let outside: Vec<String> = bands.outside(&facts).iter().map(ToString::to_string).collect();
    assert_eq!(outside, ["lam_1 0.0000 (0.1000 to 0.2000)"]);
    for bad in ["", "a = [2.0, 1.0]", "a = 1", "a = [nan, 1.0]", "a"] {
        assert!(Bands::parse(bad).is_err(), "{bad}");
    }
    let svg = plot::svg("a < b", &facts, &bands);
    assert_eq!((svg.matches("<circle").count(), svg.contains("a &lt; b")), (2, true));
}

#[test]
fn without_a_stretch_there_are_no_facts() {
    assert_eq!(Facts::of(&Tape::new(Rules::perp(4))), None);
}
