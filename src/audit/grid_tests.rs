use super::*;

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
        let n = |k: usize| crate::venue::draw::float(i64::try_from(k).unwrap_or(1));
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
