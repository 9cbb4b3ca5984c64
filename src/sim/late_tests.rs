//! What comes after what is newer: snapshots, and prints of a block that was displayed.

use super::*;

#[test]
fn a_print_after_the_display_of_its_block_is_not_counted_twice() {
    for (behind, late) in [(0, true), (0, false), (20, true), (20, false)] {
        let (mut w, id) = joined(Model::RiskAverse, 10);
        w.book(250, &[(99, 10 + behind)], ASK);
        let prints: &[(i64, i64)] = &[(99, 4)];
        if !late {
            w.sell(300, 1, prints);
        }
        w.book(300, &[(99, 6 + behind)], ASK);
        w.book(350, &[(99, 6 + behind)], ASK);
        if late {
            w.sell(300, 1, prints);
        }
        w.book(360, &[(99, 6 + behind)], ASK);
        w.sell(400, 2, &[(99, 6)]);
        assert_eq!(w.filled(id, C), 0, "six were ahead: {behind} {late}");
        w.sell(500, 3, &[(99, 5)]);
        assert_eq!(w.filled(id, C), 5, "{behind} {late}");
    }
}

#[test]
fn a_late_snapshot_shows_nothing_of_what_was_shown_since() {
    let (mut w, id) = joined(Model::RiskAverse, 10);
    w.bbo(300, (99, 8), (101, 5));
    w.book(290, &[(99, 1)], ASK);
    w.sell(400, 1, &[(99, 8)]);
    assert_eq!(w.filled(id, C), 0, "eight were ahead, not one");
}

#[test]
fn a_snapshot_that_comes_late_leaves_the_mid_before_a_block() {
    let mut w = World::new(Model::Skellam);
    w.bbo(1_000, (100, 5), (102, 5));
    w.bbo(1_100, (104, 5), (106, 5));
    let before = w.sim.mid_for(w.cfg.shipped(&book::Config::default()), Ns(1_100 * MS));
    assert_eq!(before, Mid2(202));
    w.book(1_050, &[(101, 5), (99, 5)], &[(103, 5), (110, 5)]);
    assert_eq!(
        w.sim.mid_for(w.cfg.shipped(&book::Config::default()), Ns(1_100 * MS)),
        before,
        "what prints of the newest block count from"
    );
    assert_eq!(w.sim.mid_for(w.cfg.shipped(&book::Config::default()), Ns(1_200 * MS)), Mid2(210));
    // Nor is what was seen at the best price dated back.
    assert_eq!(w.sim.best[0].px, Px(104));
    assert_eq!(w.sim.best[0].level.at, Ns(1_100 * MS));
}
