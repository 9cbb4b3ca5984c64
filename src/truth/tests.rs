mod naive;

use self::naive::Naive;
use super::course::Course;
use super::queue::Place;
use super::*;
use crate::math::counter::Draws;
use crate::units::rules::Rules;
use crate::units::{ONE, Side};
use crate::venue::agents::Agents;
use crate::venue::agents::book::{Book, Did};
use crate::venue::agents::sets::{self, Set};

/// Shadows by [`Place`] beside those by [`Naive`].
#[derive(Default)]
struct Pair {
    places: Vec<(Place, i64)>,
    naive: Naive,
    gtc: bool,
}

impl Pair {
    fn add(&mut self, book: &Book, side: Side, at: i64, sz: i64) {
        self.places.push((Place::last(book, side, at), sz));
        self.naive.shadow(side, at, sz);
    }

    fn replay(&mut self, log: &[Did]) {
        for (place, left) in &mut self.places {
            for i in 0..log.len() {
                let reached = place.step(1, log, i).filter(|r| r.above < 0.0 || self.gtc);
                *left -= reached.map_or(0, |r| r.sz.min(*left));
            }
        }
        self.naive.replay(log, self.gtc);
    }

    /// How many shadows, how many of them differ, how many were filled in part or whole.
    fn compare(&self, sz: i64) -> [usize; 3] {
        let pairs = || self.places.iter().map(|p| p.1).zip(&self.naive.left);
        let differ = pairs().filter(|(a, b)| a != *b).count();
        [self.places.len(), differ, pairs().filter(|(_, b)| **b < sz).count()]
    }
}

/// A hundred thousand shadows in small books where orders come, leave and trade at random: the place in
/// the queue says of every one what a replay of all orders does.
#[test]
fn places_agree_with_a_naive_replay_of_the_orders() {
    let (mut all, mut differ, mut filled) = (0, 0, 0);
    for world in 0..1_000 {
        let mut draws = Draws::of(3, 1, world, 0);
        let mut book = Book::new(Rules::perp(2), 1_000);
        let (mut log, mut ids, mut pair) = (Vec::new(), Vec::new(), Pair::default());
        pair.gtc = world % 2 == 1;
        book.log(&mut log);
        for _ in 0..100 {
            let side = if draws.chance(0.5) { Side::Buy } else { Side::Sell };
            let at = 1_000 + draws.below(8) as i64;
            let usd = 20.0 + 80.0 * draws.unit();
            match draws.below(4) {
                0 | 1 => ids.extend(book.place(side, at, usd)),
                2 if !ids.is_empty() => {
                    let i = usize::try_from(draws.below(ids.len() as u64)).expect("small");
                    book.cancel(ids.swap_remove(i));
                }
                _ => drop(book.take(side, at, 4.0 * usd).to_vec()),
            }
            book.log(&mut log);
            pair.replay(&log);
            let side = if draws.chance(0.5) { Side::Buy } else { Side::Sell };
            let at = 1_000 + draws.below(8) as i64;
            if !book.matching().crosses(side, book.grid().px(at)) {
                pair.add(&book, side, at, 50 * ONE);
            }
        }
        let [n, d, f] = pair.compare(50 * ONE);
        (all, differ, filled) = (all + n, differ + d, filled + f);
    }
    assert_eq!(differ, 0, "of {all}");
    assert!(all > 50_000 && filled > all / 3, "{filled} of {all}");
}

/// The same in a world of agents; and watching changes nothing there.
#[test]
fn shadows_move_nothing_and_agree_with_a_naive_replay_of_a_world() {
    let mut course = Course::new(&sets::THIN, 74.0, 5, "T");
    let mut bare = Agents::new(sets::THIN, 5, "T");
    let (mut pair, mut draws, mut last) = (Pair::default(), Draws::of(4, 1, 0, 0), course.time());
    for block in 0..2_500 {
        let seen = course.step();
        assert_eq!(seen, bare.step(Ns::seconds(course.time().since(last))));
        last = course.time();
        pair.replay(course.log());
        if block > 800 && block % 3 == 0 {
            let side = if draws.chance(0.5) { Side::Buy } else { Side::Sell };
            let back = side.sign() * (draws.below(6) as i64 - 1);
            let at = course.book().touch()[side.index()] - back;
            if !course.book().matching().crosses(side, course.book().grid().px(at)) {
                pair.add(course.book(), side, at, 1_000 * ONE);
            }
        }
    }
    let [n, differ, filled] = pair.compare(1_000 * ONE);
    assert_eq!(differ, 0, "of {n}");
    assert!(n > 300 && filled > n / 4, "{filled} of {n}");
}

/// Mean and standard error of paired differences, in points, of fills within `blocks` blocks: shadow less
/// real order, shadow at the front of the queue less real order.
fn against_real_orders(set: &Set, orders: u64, blocks: u32) -> [(f64, f64); 2] {
    let mut course = Course::new(set, 74.0, 8, "R");
    (0..1_500).for_each(|_| drop(course.step()));
    let mut differences = [Vec::new(), Vec::new()];
    for n in 0..orders {
        (0..13).for_each(|_| drop(course.step()));
        let side = [Side::Buy, Side::Sell][usize::from(n % 2 == 1)];
        let at = course.book().touch()[side.index()] - side.sign() * (n / 2 % 3) as i64;
        let (mut twin, mut alone) = (course.clone(), course.clone());
        let last = Place::last(course.book(), side, at);
        let mut left = [(last, 0i64), (last.first(), 0)];
        let Some(id) = twin.agents().book_mut().place(side, at, 500.0) else { continue };
        let sz = twin.book().matching().order(id).map_or(0, |o| o.sz.0);
        left.iter_mut().for_each(|l| l.1 = sz);
        for _ in 0..blocks {
            twin.step();
            alone.step();
            for (place, left) in &mut left {
                for i in 0..alone.log().len() {
                    let reached = place.step(1, alone.log(), i).filter(|r| r.above < 0.0);
                    *left -= reached.map_or(0, |r| r.sz.min(*left));
                }
            }
        }
        let real = f64::from(u8::from(twin.book().matching().order(id).is_none()));
        for (all, (_, left)) in differences.iter_mut().zip(left) {
            all.push(100.0 * (f64::from(u8::from(left == 0)) - real));
        }
    }
    differences.map(|d| {
        let n = d.len() as f64;
        let mean = d.iter().sum::<f64>() / n;
        let variance = d.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        (mean, (variance / n).sqrt())
    })
}

/// Orders that are really in the book, each in a twin of the world, are filled as often as shadows are;
/// shadows that would stand before everybody are filled too often.
#[test]
fn orders_really_in_the_book_agree_with_shadows() {
    let [(shadow, error), (front, _)] = against_real_orders(&sets::BTC, 120, 60);
    assert!(shadow.abs() <= 3.0 + 2.0 * error, "{shadow} +- {error} points");
    assert!(front > 6.0, "control: {front} points at the front");
}

/// The same at the size that tells one point, and for every set.
#[test]
#[ignore = "a quarter of an hour in a debug build"]
fn many_orders_really_in_the_book_agree_with_shadows() {
    for (name, set) in [("btc", sets::BTC), ("eth", sets::ETH), ("thin", sets::THIN)] {
        for (blocks, s) in [(13, 1), (127, 10), (760, 60)] {
            let [(shadow, error), (front, _)] = against_real_orders(&set, 1_500, blocks);
            println!("{name} {s} s: {shadow:+.2} +- {error:.2} points; at the front {front:+.2}");
            assert!(shadow.abs() <= 3.0 + 2.0 * error, "{name}, {s} s: {shadow} +- {error}");
        }
    }
}

fn small(set: Set, jobs: usize) -> Plan {
    Plan {
        world: "small".into(),
        coin: "S".into(),
        set,
        block_ms: 74.0,
        length_ns: Ns::HOUR / 3,
        seed: 2,
        pace: Pace { every_ns: Ns::SEC / 2, latency_ns: Ns::SEC / 10, feed_ns: Ns::SEC / 5 },
        order_usd: 500.0,
        fee_bps: 1.5,
        jobs,
    }
}

/// In the world made for it a maker earns inside the spread, and the more of the others are not post-only,
/// the more is filled.
#[test]
fn the_paying_world_pays_and_says_how_much() {
    let (mut done, plan) = (0, small(sets::PAYING, 2));
    let truth = run(&plan, &|| true, &mut |ns| done = ns).expect("hours");
    assert_eq!(done, plan.length_ns);
    assert_eq!(truth.curves.len(), 6);
    let five = |g: usize| &truth.curves[2 * g].rows;
    let best = five(0).iter().max_by(|a, b| a.value.value.total_cmp(&b.value.value)).expect("rows");
    assert!(best.value.value - best.value.ci95 > 0.0 && best.fills > 20, "{best:?}");
    for (free, all) in five(0).iter().zip(five(2)) {
        assert!(all.rate.value >= 0.9 * free.rate.value || free.fills < 30, "{free:?} {all:?}");
    }
    let filled = |g: usize| truth.orders[4 * g].filled_pct[2].value;
    assert!(filled(0) > 5.0 && filled(0) <= filled(1) && filled(1) <= filled(2));
    assert!(truth.sigma.iter().all(|(_, mid, latent)| mid.value > 0.0 && latent.ci95 > 0.0));
}
