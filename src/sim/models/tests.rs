//! The shipped models side by side: whom each credits a cancel to, what a bias does, and one number
//! for each over a long walk, which must not change by accident.

use super::front::Front;
use super::linear::Linear;
use super::log::Log;
use super::power::{Exponent, Power};
use super::rates::Rates;
use super::risk_averse::RiskAverse;
use super::skellam::{Drawn, Skellam};
use super::through::Through;
use super::touch::Touch;
use super::*;
use crate::sim::fees::Fees;
use crate::sim::level::Reach;
use crate::sim::model::{Bias, NoSettings};
use crate::sim::order::{Cause, NEVER, NewOrder, SimOrder};
use crate::sim::queue::QueuePos;
use crate::units::rules::Billing;
use crate::units::{Mid2, Ns, Px, Side, Sz};

/// A state of an order in which there may be a position.
trait Positioned {
    fn pos(&mut self) -> Option<&mut QueuePos>;
}

impl Positioned for () {
    fn pos(&mut self) -> Option<&mut QueuePos> {
        None
    }
}

impl Positioned for QueuePos {
    fn pos(&mut self) -> Option<&mut QueuePos> {
        Some(self)
    }
}

impl Positioned for Drawn {
    fn pos(&mut self) -> Option<&mut QueuePos> {
        Some(&mut self.pos)
    }
}

/// One live order under one model.
struct One<F: FillModel> {
    cfg: F::Config,
    lane: Queues<F>,
    orders: [SimOrder; 1],
    at: Moment,
}

impl<F: FillModel<Queue: Positioned>> One<F> {
    /// `open` of it, behind `level`, sizes in steps of `lot`.
    fn new(cfg: F::Config, lot: i64, open: i64, level: Level) -> One<F> {
        let mut lane = Queues::new(&cfg, 1, 1);
        lane.put(0);
        let req = NewOrder { side: Side::Buy, px: Px(1), sz: Sz(open), level: 0 };
        let order = SimOrder { live: true, level, ..SimOrder::new(1, req, Ns(0), Ns(0)) };
        let at = Moment { side: Side::Buy, time: Ns(0), lot, bias: Bias::NONE };
        lane.on_live(&cfg, &at, 0, (1, &level));
        One { cfg, lane, orders: [order], at }
    }

    /// The same with `front` ahead, of which `printed` has traded.
    fn ahead(mut self, front: i64, printed: i64) -> One<F> {
        if let Some(pos) = self.pos() {
            *pos = QueuePos { front, printed, unexplained: 0 };
        }
        self
    }

    fn pos(&mut self) -> Option<&mut QueuePos> {
        self.lane.queues[0].pos()
    }

    /// The level displays `size` at `time`; gives the volume ahead then.
    fn displays(&mut self, size: i64, time: Ns) -> Option<i64> {
        self.at.time = time;
        let run = Run { lane: 0, time: NEVER, order: &[0], rows: &mut self.orders };
        self.lane.on_level(&self.cfg, &self.at, run, size);
        self.pos().map(|p| p.front)
    }

    /// A taker comes `unseen` ns after all was known, own orders having taken `used` of it: what
    /// it fills.
    fn fills(&mut self, reach: Reach, used: i64, unseen: i64) -> i64 {
        self.at.time = self.orders[0].level.known_until.plus(unseen);
        let mut taker = Taker::new(false, 100, 1);
        (taker.reach, taker.used) = (reach, used);
        let run = Run { lane: 0, time: NEVER, order: &[0], rows: &mut self.orders };
        self.lane.on_taker(&self.cfg, &self.at, run, &mut taker);
        let before = self.orders[0].lanes[0].open;
        let by =
            Cause { time: Ns(0), tid: 0, mid: Mid2(0), fees: (&Fees::default(), Billing::Venue) };
        self.orders[0].book(0, &by, &mut |_| {});
        before - self.orders[0].lanes[0].open
    }
}

const HUNDRED: Level = Level { size: 100, mean: 10, at: Ns(0), traded: 0, known_until: Ns(0) };

/// What is left of 60 ahead when a level of 100 displays 80, in lots of one.
fn left<F: FillModel<Queue: Positioned>>(cfg: F::Config, bias: Bias) -> i64 {
    let mut one = One::<F>::new(cfg, 1, 1, HUNDRED).ahead(60, 0);
    one.at.bias = bias;
    one.displays(80, Ns(Ns::SEC)).expect("a position")
}

#[test]
fn models_order_by_whom_a_cancel_is_credited_to() {
    let none = NoSettings {};
    assert_eq!(left::<RiskAverse>(none, Bias::NONE), 60);
    assert_eq!(left::<Linear>(none, Bias::NONE), 48);
    assert_eq!(left::<Skellam>(none, Bias::NONE), 48, "net only, before any rate is known");
    assert_eq!(left::<Front>(none, Bias::NONE), 40);
    let power = left::<Power>(Exponent::default(), Bias::NONE);
    assert!(power < 48 && power > 40);
    // 20 x log2(61) / (log2(61) + log2(41)) = 10.51.
    assert_eq!(left::<Log>(none, Bias::NONE), 50);
}

#[test]
fn the_power_model_takes_any_exponent_and_any_size() {
    // 20 x 60^n / (60^n + 40^n), towards zero.
    let all: Vec<i64> = (1..=8).map(|n| left::<Power>(Exponent { n }, Bias::NONE)).collect();
    assert_eq!(all, [48, 47, 45, 44, 43, 42, 42, 41]);
    let huge = Level { size: i64::MAX / 2, mean: 1, ..HUNDRED };
    let mut one = One::<Power>::new(Exponent { n: 8 }, 1, 1, huge).ahead(i64::MAX / 4, 0);
    let front = one.displays(i64::MAX / 4, Ns(1)).expect("a position");
    assert!((0..=i64::MAX / 4).contains(&front));
    // The scale of sizes changes nothing: 60 - 15.4 of a hundred, as above.
    let unit = 1i64 << 50;
    let level = Level { size: 100 << 50, ..HUNDRED };
    let mut one = One::<Power>::new(Exponent { n: 3 }, 1, 1, level).ahead(60 * unit, 0);
    assert_eq!(one.displays(80 * unit, Ns(1)).map(|f| f * 10 / unit), Some(445));
}

fn goes_from_front_to_risk_averse<F: FillModel<Queue: Positioned>>(cfg: F::Config) {
    let own = left::<F>(cfg, Bias::NONE);
    let at = |c| left::<F>(cfg, Bias::of(c));
    assert_eq!((at(0.0), at(0.5), at(1.0)), (40, own, 60), "{}", F::NAME);
    assert!(at(0.25) < own && at(0.25) > 40 && at(0.75) > own && at(0.75) < 60, "{}", F::NAME);
}

#[test]
fn conservatism_goes_from_front_over_the_model_to_risk_averse() {
    goes_from_front_to_risk_averse::<Linear>(NoSettings {});
    goes_from_front_to_risk_averse::<Power>(Exponent::default());
    goes_from_front_to_risk_averse::<Log>(NoSettings {});
    goes_from_front_to_risk_averse::<Skellam>(NoSettings {});
}

/// Of 100, 10 printed and 20 cancelled: 50 were still ahead and 40 behind.
fn left_of_printed<F: FillModel<Queue: Positioned>>(cfg: F::Config) -> i64 {
    let level = Level { traded: 10, ..HUNDRED };
    let mut one = One::<F>::new(cfg, 5, 1, level).ahead(60, 10);
    let front = one.displays(70, Ns(Ns::SEC)).expect("a position");
    assert_eq!(one.pos().map(|p| p.printed), Some(0));
    front
}

#[test]
fn what_printed_is_neither_ahead_nor_cancelled() {
    let none = NoSettings {};
    assert_eq!((left_of_printed::<RiskAverse>(none), left_of_printed::<Front>(none)), (50, 30));
    assert_eq!(left_of_printed::<Linear>(none), 39, "20 x 50 / 90");
    // 20 x log2(11) / (log2(11) + log2(9)) = 10.44, in lots of five.
    assert_eq!(left_of_printed::<Log>(none), 40);
    // 20 x 50^3 / (50^3 + 40^3) = 13.2.
    assert_eq!(left_of_printed::<Power>(Exponent::default()), 37);
    let mut one = One::<Skellam>::new(none, 5, 1, HUNDRED);
    one.displays(70, Ns(Ns::SEC));
    assert_eq!(one.lane.queues[0].order_size, 20, "orders of twice the mean hold a unit");
}

#[test]
fn the_displayed_size_caps_the_volume_ahead() {
    let mut one = One::<RiskAverse>::new(NoSettings {}, 1, 1, HUNDRED).ahead(60, 0);
    assert_eq!(one.displays(5, Ns(Ns::SEC)), Some(5));
}

#[test]
fn a_trade_through_empties_the_queue() {
    let through = Reach { at: 0, beyond: 5, through: true };
    let at = |at| Reach { at, beyond: 0, through: false };
    for (first, got) in [(through, 5), (at(12), 2)] {
        let mut one = One::<RiskAverse>::new(NoSettings {}, 1, 20, HUNDRED).ahead(10, 0);
        assert_eq!(one.fills(first, 0, 0), got);
        assert_eq!(one.fills(at(3), 0, 0), 3, "nobody is ahead any more");
        assert_eq!(one.fills(at(3), 1, 0), 2, "of which an own order took one");
    }
}

/// Rates of a level to which `adds` units come a second and that cancels at `theta` a second.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a reference"
)]
pub(super) fn learned(adds: f64, theta: f64) -> Rates {
    let mut rates = Rates::default();
    for i in 0..2_000i64 {
        let was = 40_000_000 + (i * 7_919 % 121) * 1_000_000;
        let change = (adds - theta * was as f64) * 0.5;
        rates.observe(was, was + change as i64, 0, Ns::SEC / 2);
    }
    rates
}

/// Takes a number into a sum that depends on the order.
fn fold(sum: &mut u64, x: i64) {
    *sum = sum.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ x.cast_unsigned();
}

/// Orders of all kinds, displayed and reached, under one model; goes on with `sum`.
fn walk<F: FillModel<Queue: Positioned>>(
    cfg: F::Config,
    model: &F,
    conservatism: f64,
    mut sum: u64,
) -> u64 {
    let mut rng = fastrand::Rng::with_seed(3);
    for n in 0..4_000u64 {
        let unit = [1, 1_000, 1_000_000][rng.usize(..3)];
        let size = unit * rng.i64(0..200);
        let level = Level {
            size,
            mean: size / rng.i64(1..40),
            at: Ns(0),
            traded: if rng.bool() { 0 } else { unit * rng.i64(0..40) },
            known_until: Ns(rng.i64(0..2) * Ns::SEC),
        };
        let front = size * rng.i64(0..=4) / 4;
        let mut one = One::<F>::new(cfg, 1_000, unit * rng.i64(1..30), level);
        one.at.bias = Bias::of(conservatism);
        one.lane.model = model.clone();
        one.lane.on_live(&cfg, &one.at, 0, (n, &level));
        one = one.ahead(front, 0);
        for t in 1..4 {
            let at = unit * rng.i64(0..60);
            let beyond = if rng.u8(..6) > 0 { 0 } else { unit * rng.i64(0..20) };
            let used = if rng.bool() { 0 } else { unit * rng.i64(0..30) };
            let reach = Reach { at, beyond, through: beyond > 0 };
            fold(&mut sum, one.fills(reach, used, t * Ns::SEC / 4));
            let new = (size + unit * rng.i64(-60..40)).max(0);
            one.displays(new, Ns(t * Ns::SEC));
            if let Some(pos) = one.pos() {
                fold(&mut sum, pos.front);
                fold(&mut sum, pos.printed);
            }
        }
    }
    sum
}

/// The walk under four departures from the model, for the first as `fresh`, then as `learned`.
fn walks<F: FillModel<Queue: Positioned>>(
    cfg: F::Config,
    fresh: &F,
    learned: &F,
) -> (&'static str, u64) {
    let all = [(0.5, fresh), (0.5, learned), (0.2, learned), (0.9, learned)];
    (F::NAME, all.iter().fold(0, |sum, (lean, model)| walk(cfg, *model, *lean, sum)))
}

#[test]
fn every_models_queue_is_what_it_was() {
    let mut rates = Rates::default();
    for i in 0..2_000i64 {
        let was = 40_000_000 + (i * 7_919 % 121) * 1_000_000;
        rates.observe(was, was + 20_000_000 - was / 5, 0, Ns::SEC / 2);
    }
    assert!(rates.known());
    let (fresh, learned) = (Skellam::default(), Skellam { rates: [rates.clone(), rates], seed: 0 });
    let none = NoSettings {};
    let got = [
        walks(none, &Touch, &Touch),
        walks(none, &Through, &Through),
        walks(none, &RiskAverse, &RiskAverse),
        walks(none, &Front, &Front),
        walks(none, &Linear, &Linear),
        walks(Exponent::default(), &Power, &Power),
        walks(none, &Log, &Log),
        walks(none, &fresh, &learned),
    ];
    let want = [
        ("touch", 0xc3f3_8b1b_ed13_cd9e),
        ("through", 0xff36_c7d9_16b9_63eb),
        ("risk-averse", 0x72f1_bfcd_4737_afb2),
        ("front", 0x4f6c_e3f7_baec_c8cf),
        ("linear", 0xbeb5_e1e4_1bff_0989),
        ("power", 0x1a07_dbb6_7199_e1fe),
        ("log", 0xee37_2034_843d_d935),
        ("skellam", 0xbe91_4290_ec4b_25a7),
    ];
    assert_eq!(got, want, "{got:#x?}");
}
