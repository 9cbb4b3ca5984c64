//! Curves of one box at a time: prints against own orders, quotes by levels.
//!
//! In: nothing. Out: curves. Cold path around the hot one.

use std::hint::black_box;
use std::io;

use super::curve::{Curve, Shape, Step, Subject, each, each_ns};
use crate::lab::scene::{self, Scene};
use crate::quote::glft::Config;
use crate::quote::glft::optimal::DEPTHS;
use crate::quote::{Glft, Ladder, Strategy, fit};
use crate::record::Guard;
use crate::sim::config::Model;
use crate::sys::clock::SessionClock;

/// Own orders, both sides together.
const ORDERS: [u32; 8] = [1, 2, 5, 10, 20, 50, 100, 200];
/// Repetitions of each n.
const ROUNDS: usize = 9;
/// Prints, and quotes, of one repetition.
const PRINTS: u32 = 10_000;
const QUOTES: u32 = 4_000;
/// Prints before the first repetition.
const WARM: u32 = 2_000;

/// Calls of `step` by [`orders`] and by [`levels`].
pub(super) const ORDERS_STEPS: usize = 2 * ROUNDS;
pub(super) const LEVELS_STEPS: usize = ROUNDS;

/// A print at the best price: all own orders there, so that it meets all of its side; and each order
/// at a price of its own, so that it meets one.
pub(super) fn orders(step: &mut Step<'_>) -> io::Result<Vec<Curve>> {
    let titles = [
        ("a print that meets all own orders of its side", Shape::Linear),
        ("a print that meets one own order, the others behind it", Shape::Flat),
    ];
    let mut out = Vec::new();
    for ((title, stated), apart) in titles.into_iter().zip([false, true]) {
        let mut scenes: Vec<Scene> = ORDERS
            .iter()
            .map(|n| {
                let n = *n as usize;
                let mut s = Scene::new(Model::default(), n, if apart { n } else { 1 });
                (0..WARM).for_each(|_| _ = s.trade());
                s
            })
            .collect();
        let mut costs = each(&ORDERS);
        for _ in 0..ROUNDS {
            for (scene, (_, costs)) in scenes.iter_mut().zip(&mut costs) {
                costs.push(timed(PRINTS, |_| _ = scene.trade()));
            }
            step()?;
        }
        out.push(Curve::new(Subject::Orders, (title, "own orders", "ns a print"), stated, costs));
    }
    Ok(out)
}

/// A quote of both sides, by levels a side.
pub(super) fn levels(step: &mut Step<'_>) -> io::Result<Vec<Curve>> {
    let most = u32::try_from(DEPTHS.len()).unwrap_or(u32::MAX);
    let n: Vec<u32> = (1..=most).collect();
    let (beliefs, bounds) = (scene::beliefs(), scene::bounds());
    let strategies: Vec<_> = n
        .iter()
        .map(|n| {
            let config = Config { levels: *n as usize, ..Config::default() };
            (config, Glft::believing(&beliefs, &config, &bounds))
        })
        .collect();
    let mut costs = each(&n);
    for _ in 0..ROUNDS {
        for ((config, glft), (_, costs)) in strategies.iter().zip(&mut costs) {
            costs.push(timed(QUOTES, |i| {
                let inputs = scene::inputs(i64::from(i));
                let mut ladder = Ladder::default();
                glft.ladder(config, black_box(&inputs), &mut ladder);
                black_box(fit(&ladder, &inputs, [(Guard::None, 0); 2]));
            }));
        }
        step()?;
    }
    let names = ("a quote of both sides", "levels a side", "ns a quote");
    Ok(vec![Curve::new(Subject::Levels, names, Shape::Linear, costs)])
}

/// Nanoseconds of one of so many calls.
fn timed(count: u32, mut call: impl FnMut(u32)) -> f64 {
    let clock = SessionClock::start(1);
    (0..count).for_each(&mut call);
    each_ns(clock.mono_ns(), u64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_is_measured_and_costs_something() {
        let mut steps = 0;
        let step = &mut || {
            steps += 1;
            Ok(())
        };
        let curves = levels(step).expect("nothing fails");
        assert_eq!((steps, curves.len()), (LEVELS_STEPS, 1));
        let n: Vec<f64> = curves[0].points.iter().map(|p| p.n).collect();
        assert_eq!(n, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert!(curves[0].points.iter().all(|p| p.lo > 0.0 && p.lo <= p.at && p.at <= p.hi));
        let stopped = levels(&mut || Err(io::ErrorKind::Interrupted.into()));
        assert!(stopped.is_err_and(|e| e.kind() == io::ErrorKind::Interrupted));
    }
}
