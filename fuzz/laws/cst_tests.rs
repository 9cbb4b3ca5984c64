use super::*;

/// Per cent filled within each horizon, and the mean queue ahead in lots.
fn summary(all: &[Shadow]) -> ([f64; 5], f64) {
    let n = draw::float(i64::try_from(all.len()).expect("small"));
    let within =
        |h: f64, s: &&Shadow| s.filled.is_some_and(|t| draw::float(t.since(s.placed)) <= h * 1e9);
    let filled = HORIZONS_S.map(|h| {
        let count = all.iter().filter(|s| within(h, s)).count();
        100.0 * draw::float(i64::try_from(count).expect("small")) / n
    });
    (filled, all.iter().map(|s| draw::float(s.queue.0 / LOT)).sum::<f64>() / n)
}

/// Largest distance from a published row in standard deviations. `sd` are those of 5000
/// shadows, measured over 16 seeds (the watches overlap, so binomial ones are too small); the
/// published row has the same.
fn distance(all: &[Shadow], published: &Scenario, sd: [f64; 6]) -> f64 {
    let (filled, queue) = summary(all);
    let n = draw::float(i64::try_from(all.len()).expect("small"));
    let scale = (1.0 + 5_000.0 / n).sqrt();
    let mut worst = (queue - published.queue).abs() / (sd[0] * scale);
    for i in 0..5 {
        worst = worst.max((filled[i] - published.filled[i]).abs() / (sd[i + 1] * scale));
    }
    worst
}

#[test]
fn fills_are_the_published_ones() {
    for (number, sd) in [
        (1, [0.09, 0.60, 0.77, 0.85, 0.55, 0.39]),
        (5, [0.11, 0.27, 0.50, 0.67, 1.13, 1.08]),
        (7, [0.72, 0.39, 0.59, 0.75, 0.69, 0.36]),
        (8, [0.72, 0.39, 0.59, 0.75, 0.69, 0.36]),
    ] {
        let scenario = &SCENARIOS[number - 1];
        let all = run(scenario, 11, 3_000, false, &mut |_, _| {});
        let z = distance(&all, scenario, sd);
        assert!(z < 3.5, "scenario {number} is {z} off: {:?}", summary(&all));
        // Controls: another size, another way of cancelling, another place.
        let other = &SCENARIOS[[5, 6, 0, 4, 6, 10, 7, 6][number - 1]];
        if number != 8 {
            let z = distance(&all, other, sd);
            assert!(z > 3.5, "scenario {number} differs from {}", other.number);
        }
    }
}

/// What the observable stream says of a shadow.
#[derive(Default)]
struct Signs {
    /// First print at a strictly worse price by the other side.
    through: Option<Ns>,
    /// Size printed at its price or worse up to its first fill, or at all.
    volume: i64,
    /// Whether the other side's best ever stood at its price or through it.
    crossed: bool,
}

#[test]
fn shadows_fill_when_and_only_when_first_in_first_out_lets_them() {
    for scenario in [&SCENARIOS[0], &SCENARIOS[5], &SCENARIOS[10]] {
        let mut live: Vec<Shadow> = Vec::new();
        let mut signs: Vec<Signs> = Vec::new();
        let all = run(scenario, 3, 600, true, &mut |now, seen| match seen {
            Seen::Placed(s, _) => {
                live.push(*s);
                signs.push(Signs::default());
            }
            Seen::Done(s) => live.retain(|l| l.id != s.id),
            Seen::Prints(prints) => {
                assert!(prints.is_sorted_by_key(|p| p.aggressor.sign() * p.px.0));
                for s in &live {
                    let sign = &mut signs[s.id as usize];
                    for p in prints.iter().filter(|p| p.aggressor != s.side) {
                        let worse = s.side.better(s.px, p.px);
                        if worse {
                            sign.through.get_or_insert(now);
                        }
                        sign.volume += if worse || p.px == s.px { p.sz.0 } else { 0 };
                    }
                }
            }
            Seen::Bbo(bbo) => {
                for s in &live {
                    let other = if s.side == Side::Buy { bbo.ask } else { bbo.bid };
                    let crossed = other.is_some_and(|l| l.px == s.px || s.side.better(s.px, l.px));
                    signs[s.id as usize].crossed |= crossed;
                }
            }
            Seen::Book(book) => {
                assert!(book.bids.is_sorted_by(|a, b| a.px > b.px));
                assert!(book.asks.is_sorted_by(|a, b| a.px < b.px));
                let touch = book.bids.first().zip(book.asks.first());
                assert!(touch.is_none_or(|(b, a)| b.px < a.px));
                let sizes = |l: &Level| l.n >= 1 && l.sz.0 >= i64::from(l.n) * LOT;
                assert!(book.bids.iter().chain(&book.asks).all(sizes));
            }
        });
        assert_eq!(all.len(), 600);
        let mut silent = 0;
        for (s, sign) in all.iter().zip(&signs) {
            assert!(s.filled.is_none_or(|at| s.first_fill.is_some_and(|f| f <= at)));
            assert!(s.first_fill.is_none_or(|f| f > s.placed && f <= s.placed.plus(WATCH_NS)));
            if let Some(at) = sign.through {
                assert!(s.first_fill.is_some_and(|f| f <= at), "traded through: {s:?}");
            }
            let explained = sign.volume > 0 || sign.crossed;
            silent += i32::from(s.first_fill.is_some() && !explained);
            // Size at or through the price beyond the whole queue must have reached it.
            if sign.volume > s.queue.0 {
                assert!(s.first_fill.is_some(), "{} printed: {s:?}", sign.volume);
            }
        }
        // Without a trace only where its side of the book was empty, a rare thing.
        assert!(silent <= 12, "{silent} fills without a trace");
    }
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let go = |seed| run(&SCENARIOS[1], seed, 50, true, &mut |_, _| {});
    assert_eq!(go(1), go(1));
    assert_ne!(go(1), go(2));
}
