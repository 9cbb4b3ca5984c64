use super::*;
use crate::laws::cst::{self, Scenario};
use crate::venue::draw;

/// What nobody knows of the real venue decides what is right: where everybody is post-only, a display at a
/// quote's price is no trade, and `displayed` fills too much; where nobody is, `until-print` too little. The
/// truth lies between the fewest fills and the most.
#[test]
fn crossing_by_display_is_right_where_nobody_is_post_only_and_wrong_where_all_are() {
    let all = contenders(&Config::default());
    let seen = watch(&all[..5], &sets::BTC, 500.0, (20 * Ns::MINUTE, 4));
    assert!(seen.orders.len() > 500 && seen.orders.iter().any(|o| o.late));
    let [free, some, taken] =
        [0, 1, 2].map(|g| [false, true].map(|late| cell(&seen, ("btc", "base", 500.0), late, g)));
    let mean = |cells: &[Cell; 2], way: usize, h: usize| {
        let [a, b] = cells.each_ref().map(|c| (c.bias[way][h].value, c.orders));
        let n = |k: usize| draw::float(i64::try_from(k).unwrap_or(1));
        (a.0 * n(a.1) + b.0 * n(b.1)) / n(a.1 + b.1)
    };
    for h in 0..HORIZONS_S.len() {
        for cells in [&free, &some, &taken] {
            assert!(mean(cells, 1, h) < 0.0 && mean(cells, 2, h) > 0.0, "{cells:?}");
            assert!(mean(cells, 3, h) < mean(cells, 4, h), "{cells:?}");
        }
        assert!(free[0].truth[h] <= some[0].truth[h] && some[0].truth[h] <= taken[0].truth[h]);
    }
    // Points within 1 and 10 s.
    let (displayed, until) = ([mean(&free, 4, 0), mean(&taken, 4, 0)], mean(&taken, 3, 1));
    assert!(displayed[0] > 2.0, "control: {displayed:?}");
    assert!(displayed[1].abs() < 2.0, "{displayed:?}");
    assert!(until < -1.5, "control: {until}");
}

/// Shadows of a book watched at the same time.
const WATCHED: usize = 6;
const _: () = assert!(cst::WATCH_NS < cst::EVERY_NS * 6);

/// Per cent filled whole within each horizon less the true ones, by book: what `model` makes of books of known
/// law ([`cst`]) where it sees prints, snapshots and the queue displayed when an order is placed, or besides
/// those every change of best prices. In these books nobody is post-only.
fn biases(model: Model, shadows: u32, sees_best: bool) -> Vec<[f64; 5]> {
    let cfg =
        contenders(&Config { crossing: Crossing::Displayed, model, ..Config::default() })[0].cfg;
    let book = |scenario: &Scenario| {
        let mut filled: Filled = vec![vec![None; shadows as usize]];
        let mut slots: Vec<Slot> =
            (0..WATCHED).map(|_| Slot::new(&[cfg], Rules::perp(2), 7)).collect();
        let truth = cst::run(scenario, 7, shadows, sees_best, &mut |now, seen| match seen {
            cst::Seen::Prints(prints) => {
                slots.iter_mut().for_each(|s| s.prints(prints, &mut filled))
            }
            cst::Seen::Book(book) => {
                let see = |s: &mut Slot| s.change(now, &mut filled, |b| b.on_snapshot(now, book));
                slots.iter_mut().for_each(see);
            }
            cst::Seen::Bbo(bbo) => {
                let see = |s: &mut Slot| s.change(now, &mut filled, |b| _ = b.on_bbo(now, bbo));
                slots.iter_mut().for_each(see);
            }
            cst::Seen::Placed(s, book) => {
                let slot = &mut slots[s.id as usize % WATCHED];
                if !sees_best {
                    slot.change(now, &mut filled, |b| b.on_snapshot(now, book));
                }
                let new = NewOrder { side: s.side, px: s.px, sz: s.sz, level: 0 };
                slot.place((s.id.into(), new), s.placed, cst::WATCH_NS);
            }
            cst::Seen::Done(_) => {}
        });
        cst::HORIZONS_S.map(|h| {
            let within = |t: &Option<Ns>, s: &cst::Shadow| {
                t.is_some_and(|t| draw::float(t.since(s.placed)) <= h * 1e9)
            };
            let more = truth
                .iter()
                .zip(&filled[0])
                .map(|(s, f)| i64::from(within(f, s)) - i64::from(within(&s.filled, s)));
            100.0 * draw::float(more.sum()) / f64::from(shadows)
        })
    };
    cst::SCENARIOS.iter().map(book).collect()
}

fn rms(biases: &[[f64; 5]]) -> f64 {
    let squares = biases.as_flattened().iter().map(|b| b * b);
    (squares.sum::<f64>() / draw::float(biases.len() as i64 * 5)).sqrt()
}

/// The default model is off by two points in books of known law, root mean square over books and horizons;
/// models that are wrong on purpose are off by more, each bracket on its side of the truth.
#[test]
fn in_twelve_books_of_known_law_the_default_is_within_two_points_and_brackets_enclose_the_truth() {
    let skellam = biases(Model::Skellam, 4_000, false);
    assert!(rms(&skellam) < 2.0, "{skellam:?}");
    let models = [Model::RiskAverse, Model::Through, Model::Touch];
    let [averse, through, touch] = models.map(|m| biases(m, 300, false));
    assert!(3.0 < rms(&averse) && rms(&averse) < rms(&through) && rms(&through) < rms(&touch));
    for (low, high) in through.as_flattened().iter().zip(touch.as_flattened()) {
        assert!(*low <= 0.0 && *high >= 0.0, "{low} {high}");
    }
    assert!(rms(&biases(Model::RiskAverse, 300, true)) < rms(&averse), "best prices help");
}
