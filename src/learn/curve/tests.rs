//! Windows and estimates on shadow fills of a few events.

use super::window::Window;
use super::*;
use crate::event::shadow::{ALL, JOIN};
use crate::math::draw::Draw;
use crate::units::{Mid2, ONE, Px, Side};

const FEE_BPS: f64 = 1.5;

/// The five places nearest to the mid.
const NEAR: [usize; 5] = [0, 1, 2, 3, 4];

/// Shadow quotes at the mid of ten thousand, a fill of each place in `fills` every ten seconds, after
/// which the mid moves against them by `bps`.
fn watch(seconds: i64, fills: &[usize], bps: i64) -> Curve {
    watch_every(10, seconds, fills, bps)
}

fn watch_every(every: i64, seconds: i64, fills: &[usize], bps: i64) -> Curve {
    let (cfg, mut c) = (Config::default(), Curve::new(FEE_BPS));
    let mid = |x: i64| Mid2(2 * (10_000 + x) * ONE);
    for s in 0..seconds {
        let time = Ns(s * Ns::SEC);
        let down = if s % 10 >= 2 && s % 10 < 8 { -bps } else { 0 };
        c.on_seen(&cfg, || FEE_BPS, Seen::State { time, mid: mid(down) });
        let live = Seen::Live { side: Side::Buy, until: time, places: ALL, ns: Ns::SEC };
        c.on_seen(&cfg, || FEE_BPS, live);
        for place in fills.iter().filter(|_| s % every == 1) {
            let px = Px(10_000 * ONE - ONE * [0, 1][usize::from(*place == 4)]);
            let (side, from) = (Side::Buy, mid(0));
            let fill = Seen::Fill { side, place: *place, px, from, mid: from, time };
            c.on_seen(&cfg, || FEE_BPS, fill);
        }
    }
    c
}

/// The ends of the interval of the rate at a place.
fn ends(c: &Curve, place: usize) -> [f64; 2] {
    stats::rate_ends(c.at(0), place..=place).next().expect("one")
}

#[test]
fn a_fill_costs_fee_and_move_from_the_mid_it_was_quoted_at() {
    let c = watch(1_200, &NEAR, 3);
    let r = &c.at(0)[4];
    assert!((r.cost - 4.5).abs() < 0.3, "{r:?}");
    assert!((r.edge() - (1.0 - 4.5)).abs() < 0.3, "{r:?}");
    assert!((r.rate - 0.1).abs() < 0.01, "{r:?}");
    let [lo, hi] = r.value_ends(ends(&c, 4));
    assert!(lo < r.value() && r.value() < hi && hi < 0.0, "{lo} {hi}");
    // After half a minute the mid is back: the fee alone is paid.
    assert!((c.at(1)[4].cost - 1.5).abs() < 0.5, "{:?}", c.at(1)[4]);
}

#[test]
fn what_never_filled_is_known_by_the_nearer_ones_alone() {
    let c = watch(600, &NEAR, 3);
    let far = &c.at(0)[16];
    assert_eq!((far.fills, far.n_eff), (0.0, 0.0));
    assert!(far.rate <= c.at(0)[4].rate && ends(&c, 16)[1] < 0.02, "{far:?}");
    let [lo, hi] = far.edge_ends();
    assert!(hi - lo > 10.0, "fifteen basis points out nothing is known of the cost: {far:?}");
}

#[test]
fn bursts_count_as_one_and_widen_the_intervals() {
    let even = watch(1_200, &[JOIN; 4], 3);
    let burst = watch_every(60, 1_200, &[JOIN; 24], 3);
    let [wide, narrow] = [&burst, &even].map(|c| ends(c, JOIN)).map(|[lo, hi]| hi - lo);
    let (even, burst) = (&even.at(0)[JOIN], &burst.at(0)[JOIN]);
    assert!((burst.fills / even.fills - 1.0).abs() < 0.1, "as many fills");
    assert!(burst.n_eff < 0.1 * even.n_eff, "{burst:?} {even:?}");
    assert!(wide > 3.0 * narrow, "{wide} {narrow}");
}

#[test]
fn a_hole_drops_fills_and_seconds_together() {
    let cfg = Config::default();
    let mut c = watch(95, &[0], 0);
    let (before, windows) = (c.at(0)[0], c.windows());
    c.on_seen(&cfg, || FEE_BPS, Seen::Hole { from: Ns(94 * Ns::SEC) });
    for s in 600..640 {
        let state = Seen::State { time: Ns(s * Ns::SEC), mid: Mid2(20_000 * ONE) };
        c.on_seen(&cfg, || FEE_BPS, state);
    }
    assert_eq!((c.at(0)[0], c.windows()), (before, windows), "nothing came of the hole");
    assert_eq!(c.dropped(0), 1);
}

/// Half a minute of the market, then a silence on a link that is up, again and again. A taker comes in every
/// silence, too. Gives seconds and fills at both horizons.
fn silent_for(silence_s: i64) -> [[f64; 2]; 2] {
    let (cfg, mut c) = (Config { memory_s: 1e7, ..Config::default() }, Curve::new(FEE_BPS));
    let mid = Mid2(20_000 * ONE);
    for s in 0..3_000 {
        let time = Ns(s * Ns::SEC);
        let phase = s % (30 + silence_s);
        if phase < 30 {
            c.on_seen(&cfg, || FEE_BPS, Seen::State { time, mid });
        }
        let live = Seen::Live { side: Side::Buy, until: time, places: ALL, ns: Ns::SEC };
        c.on_seen(&cfg, || FEE_BPS, live);
        if s % 5 == 1 {
            let (side, px) = (Side::Buy, Px(10_000 * ONE));
            let fill = Seen::Fill { side, place: 0, px, from: mid, mid, time };
            c.on_seen(&cfg, || FEE_BPS, fill);
        }
    }
    [0, 1].map(|h| [c.at(h)[0].live_s, c.at(h)[0].fills])
}

#[test]
fn a_silence_is_part_of_the_market_at_both_horizons() {
    for (silence_s, least) in [(7, 2_900.0), (20, 2_900.0), (60, 0.0), (300, 0.0)] {
        let seen = silent_for(silence_s);
        println!("{silence_s} s: {seen:?}");
        for [live, fills] in seen {
            assert!(live >= least, "{silence_s} s: {seen:?}");
            // What a long one drops it drops of both.
            assert!((5.0 * fills - live).abs() <= 0.05 * live, "{silence_s} s: {seen:?}");
        }
    }
}

/// Truths drawn from the priors themselves: where estimates are high and where they are low, the truth is
/// on average what is estimated. What is seen alone, without the prior, is not.
#[test]
fn on_truths_of_the_prior_estimates_are_right_on_average() {
    let mut draw = Draw::new(3);
    let mut all: Vec<[f64; 3]> = (0..600)
        .map(|_| {
            // The prior of the rate at the mid: an exponential law with a mean of a tenth a second.
            let truth = 0.1 * draw.exp(1.0);
            let (cfg, mut c) = (Config::default(), Curve::new(FEE_BPS));
            let (mut n, mid) = (0.0, Mid2(20_000 * ONE));
            for s in 0..40 {
                let time = Ns(s * Ns::SEC);
                c.on_seen(&cfg, || FEE_BPS, Seen::State { time, mid });
                let live = Seen::Live { side: Side::Buy, until: time, places: ALL, ns: Ns::SEC };
                c.on_seen(&cfg, || FEE_BPS, live);
                for _ in 0..draw.poisson(truth) {
                    let fill = Seen::Fill {
                        side: Side::Buy,
                        place: 0,
                        px: Px(10_000 * ONE),
                        from: mid,
                        mid,
                        time,
                    };
                    c.on_seen(&cfg, || FEE_BPS, fill);
                    // Windows of the last ten seconds are still open.
                    n += f64::from(u8::from(s < 30));
                }
            }
            [c.at(0)[0].rate, n / 30.0, truth]
        })
        .collect();
    let mut off = |which: usize| {
        all.sort_by(|a, b| a[which].total_cmp(&b[which]));
        let of = |part: &[[f64; 3]]| {
            let mean = |i: usize| part.iter().map(|x| x[i]).sum::<f64>() / part.len() as f64;
            mean(which) / mean(2) - 1.0
        };
        [of(&all[..300]), of(&all[300..])]
    };
    let (posterior, seen) = (off(0), off(1));
    println!("estimate over truth, low and high half: {posterior:?}; seen alone {seen:?}");
    assert!(posterior.iter().all(|x| x.abs() < 0.12), "{posterior:?}");
    assert!(seen[0] < -0.2 && seen[1] > 0.05, "control: {seen:?}");
}

#[test]
fn what_comes_after_half_a_minute_is_expected_to_be_what_came_after_five_seconds() {
    // Nothing moves against them: what 5 s marks say is known long before marks of half a minute say it.
    let early = watch(60, &NEAR, 0);
    let [soon, late] = [0, 1].map(|h| early.at(h)[4].cost);
    println!("{soon} {late}");
    assert!(early.at(1)[4].fills < 0.5 * early.at(0)[4].fills);
    assert!((soon - late).abs() < 0.25 && late < FEE_BPS + 1.2, "{soon} {late}");
    // It moves after the 5 s marks: half a minute is believed where it was seen.
    let (cfg, mut c) = (Config::default(), Curve::new(FEE_BPS));
    for s in 0..1_200 {
        let (time, below) = (Ns(s * Ns::SEC), s / 60 * 6 + if s % 60 >= 20 { 6 } else { 0 });
        let mid = |x: i64| Mid2(2 * (10_000 - x) * ONE);
        c.on_seen(&cfg, || FEE_BPS, Seen::State { time, mid: mid(below) });
        let live = Seen::Live { side: Side::Buy, until: time, places: ALL, ns: Ns::SEC };
        c.on_seen(&cfg, || FEE_BPS, live);
        if s % 60 == 10 {
            let (side, px, from) = (Side::Buy, Px((10_000 - below - 2) * ONE), mid(below));
            let fill = Seen::Fill { side, place: 6, px, from, mid: from, time };
            c.on_seen(&cfg, || FEE_BPS, fill);
        }
    }
    let [soon, late] = [0, 1].map(|h| c.at(h)[6].edge());
    println!("{soon} {late}");
    assert!(soon > 0.0 && late < -2.0, "{soon} {late}");
}

/// Truths drawn from the priors of costs, with slopes around `slope`, and fills of them: by place shares of
/// truths above what is read, within the middle half of it, and within its 95 %.
fn ranks(slope: f64) -> [[f64; 3]; 3] {
    let draw = &mut Draw::new(5);
    let mut shares = [[0.0; 3]; 3];
    for _ in 0..500 {
        let (a, b) = (1.2 + draw.normal(), slope + 0.3 * draw.normal());
        let truth: [f64; CURVE] = std::array::from_fn(|j| {
            let d = distance(j);
            a + b * d + (0.5 + 0.25 * d) * draw.normal()
        });
        let mut stats = Stats::new();
        for _ in 0..20 {
            let mut w = Window::default();
            for (j, mean) in [(0, 1.0), (4, 0.6), (9, 0.2)] {
                let d = distance(j);
                w.live[j] = 10.0;
                for _ in 0..draw.poisson(mean) {
                    let moved = truth[j] + (3.0 + 0.5 * d) * draw.normal();
                    (w.fills[j], w.moved[j]) = (w.fills[j] + 1.0, w.moved[j] + moved);
                    let row = [1.0, d, d * d, moved, d * moved, moved * moved];
                    w.line.iter_mut().zip(row).for_each(|(t, x)| *t += x);
                }
            }
            stats.take(&w, 1.0, 1.0);
        }
        let read = stats.read(0.0);
        // Where fills are many, few, none.
        for (share, j) in shares.iter_mut().zip([0, 9, 14]) {
            let r = &read[j];
            let z = (truth[j] - r.cost) / r.deviation;
            let holds = [z > 0.0, z.abs() < 0.674, z.abs() < r.t];
            share.iter_mut().zip(holds).for_each(|(s, h)| *s += f64::from(u8::from(h)) / 500.0);
        }
    }
    shares
}

#[test]
fn truths_of_the_prior_are_spread_over_what_is_read_of_costs() {
    let (own, flat) = (ranks(1.0), ranks(0.0));
    println!("{own:?}; control {flat:?}");
    for [above, middle, inside] in own {
        assert!((above - 0.5).abs() < 0.08, "{own:?}");
        assert!((0.42..0.65).contains(&middle), "{own:?}");
        assert!(inside > 0.93, "{own:?}");
    }
    assert!(flat[2][0] < 0.2, "control, slopes of another prior: {flat:?}");
}
