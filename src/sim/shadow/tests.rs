//! The rules of the ladder on tapes of a few events.

use super::*;
use crate::event::Level;
use crate::event::shadow::{IMPROVE, JOIN};
use crate::sim::hold::{Batch, Hold};
use crate::units::{Mid2, ONE, Side, Sz};

/// A decision every half second from 1.25 s on; nothing waits.
const PACE: Pace = Pace { every_ns: Ns::SEC / 2, delay_ns: Ns::SEC / 4, feed_ns: 0 };

struct World {
    shadow: Shadow,
    seen: Vec<Seen>,
}

fn at(ms: i64) -> Ns {
    Ns::from_ms(1_000_000 + ms)
}

fn level(px: i64, sz: i64) -> Level {
    Level { px: Px(px * ONE), sz: Sz(sz * ONE), n: 1 }
}

impl World {
    /// A coin of whole prices near ten thousand; the first message comes at 0.
    fn new() -> World {
        let mut w = World { shadow: Shadow::new(Rules::perp(6)), seen: Vec::new() };
        w.bbo(0, 9_999, 10_001);
        w
    }

    fn bbo(&mut self, ms: i64, bid: i64, ask: i64) {
        let bbo = Bbo { time: at(ms), bid: Some(level(bid, 3)), ask: Some(level(ask, 3)) };
        self.on(ms, Came::Bbo(&bbo));
    }

    fn on(&mut self, ms: i64, came: Came<'_>) {
        self.shadow.on(&PACE, at(ms), came, &mut |s| self.seen.push(s));
        let mut takes = self.shadow.takes(|s| self.seen.push(s));
        Hold::default().show(Batch::One(came), &mut takes);
    }

    fn time(&mut self, ms: i64) {
        self.shadow.on_time(&PACE, at(ms), &mut |s| self.seen.push(s));
    }

    fn book(&mut self, ms: i64, bids: &[(i64, i64)], ask: i64) {
        let mut book = Snapshot { time: at(ms), ..Snapshot::default() };
        bids.iter().for_each(|(px, sz)| book.bids.push(level(*px, *sz)));
        book.asks.push(level(ask, 3));
        self.on(ms, Came::Book(&book));
    }

    fn print(&mut self, ms: i64, aggressor: Side, px: i64, sz: i64) {
        let (time, px, sz) = (at(ms), Px(px * ONE), Sz(sz * ONE));
        let print = Trade { aggressor, px, sz, time, taker: 1, tid: 1 };
        self.on(ms, Came::Prints(&[print]));
    }

    /// Places of the bids, or asks, that filled.
    fn filled(&self, of: Side) -> Vec<usize> {
        let fill = |s: &Seen| match s {
            Seen::Fill { side, place, .. } if *side == of => Some(*place),
            _ => None,
        };
        self.seen.iter().filter_map(fill).collect()
    }

    /// Seconds that the bid of a place was in the book.
    fn live(&self, of: usize) -> f64 {
        let ns = |s: &Seen| match s {
            Seen::Live { side: Side::Buy, places, ns, .. } => i64::from(places >> of & 1) * ns,
            _ => 0,
        };
        Ns::seconds(self.seen.iter().map(ns).sum())
    }
}

#[test]
fn a_taker_fills_what_it_goes_through_and_what_is_not_behind_others() {
    let mut w = World::new();
    w.book(1_000, &[(9_999, 3), (9_995, 2)], 10_001);
    w.time(1_300);
    // Bids: 10000 at the mid, 9999 up to 1 bps, 9998 at 1.5 and 2, and so on.
    w.print(1_400, Side::Sell, 9_999, 3);
    assert_eq!(w.filled(Side::Buy), [0, IMPROVE], "three were ahead at the touch");
    w.print(1_450, Side::Sell, 9_999, 1);
    assert_eq!(w.filled(Side::Buy)[2..], [1, 2, 3, 4, JOIN]);
    w.print(1_460, Side::Sell, 9_998, 1);
    assert_eq!(w.filled(Side::Buy)[7..], [5, 6], "nothing is displayed at 9998");
    assert!(w.filled(Side::Sell).is_empty());
    let fill = w.seen.iter().find(|s| matches!(s, Seen::Fill { place: 5, .. }));
    let (mid, px) = (Mid2(20_000 * ONE), Px(9_998 * ONE));
    let want = Seen::Fill { side: Side::Buy, place: 5, px, from: mid, mid, time: at(1_460) };
    assert_eq!(fill, Some(&want));
    assert!((w.live(0) - 0.15).abs() < 1e-9 && (w.live(5) - 0.21).abs() < 1e-9, "from 1.25 s on");
}

#[test]
fn a_display_through_a_quote_is_no_fill_but_a_print_of_either_side_there_is() {
    let mut w = World::new();
    w.time(1_300);
    w.bbo(1_400, 9_990, 9_992);
    assert!(w.filled(Side::Buy).is_empty(), "post-only: what stands there did not meet us");
    w.print(1_410, Side::Buy, 9_992, 1);
    // All bids at 9992 or better.
    assert_eq!(w.filled(Side::Buy), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, JOIN, IMPROVE]);
    assert!(w.filled(Side::Sell).is_empty());
}

#[test]
fn a_quote_out_of_sight_is_behind_everybody_and_one_at_an_empty_level_is_not() {
    let mut w = World::new();
    w.book(1_000, &[(9_999, 3), (9_995, 2)], 10_001);
    w.time(1_300);
    w.print(1_400, Side::Sell, 9_995, 2);
    assert!(!w.filled(Side::Buy).contains(&10), "two are ahead at 9995");
    w.print(1_410, Side::Sell, 9_995, 1);
    assert!(w.filled(Side::Buy).contains(&10));
    w.print(1_420, Side::Sell, 9_994, 1_000);
    assert!(!w.filled(Side::Buy).contains(&11), "behind the last level in sight");
    w.print(1_430, Side::Sell, 9_993, 1);
    assert!(w.filled(Side::Buy).contains(&11), "through it");
}

#[test]
fn the_same_price_keeps_its_place_and_takes_the_new_reference() {
    let mut w = World::new();
    w.time(1_300);
    w.print(1_400, Side::Sell, 9_999, 2);
    // The mid moves by half a tick: bids at a quarter to one basis point stay where they are.
    w.bbo(1_450, 9_999, 10_002);
    w.time(1_800);
    w.print(1_900, Side::Sell, 9_999, 1);
    let fills = w.filled(Side::Buy);
    assert!(!fills.contains(&JOIN), "one of three is left ahead, and one printed");
    w.print(1_910, Side::Sell, 9_999, 1);
    let from = w.seen.iter().find_map(|s| match s {
        Seen::Fill { place: JOIN, from, .. } => Some(*from),
        _ => None,
    });
    assert_eq!(from, Some(Mid2(20_001 * ONE)));
}

#[test]
fn a_fill_is_followed_by_the_first_decision_that_knows_of_it() {
    let mut w = World::new();
    w.shadow.lag = 600 * Ns::MS;
    w.time(1_300);
    w.print(1_400, Side::Sell, 9_990, 1);
    for ms in [1_800, 2_300] {
        w.bbo(ms, 9_999, 10_001);
        w.shadow.lag = 600 * Ns::MS;
    }
    w.print(2_310, Side::Sell, 9_990, 1);
    // Of the decisions at 1.75 and 2.25 s the second knows of the fill at 1.4 s.
    let second =
        |s: &&Seen| matches!(s, Seen::Live { side: Side::Buy, places, .. } if places & 1 > 0);
    let lives: Vec<&Seen> = w.seen.iter().filter(second).collect();
    assert_eq!(lives.len(), 2, "{lives:?}");
    assert!((w.live(0) - 0.15 - 0.06).abs() < 1e-9, "{}", w.live(0));
}

#[test]
fn a_silence_is_quiet_and_nothing_stands_across_a_hole() {
    let mut w = World::new();
    w.time(1_300);
    w.time(30_000);
    w.print(30_000, Side::Sell, 9_999, 4);
    assert!(w.live(JOIN) > 28.0, "what was displayed last still is: {}", w.live(JOIN));
    assert!(w.filled(Side::Buy).contains(&JOIN));
    w.bbo(30_500, 9_999, 10_001);
    assert!(!w.seen.iter().any(|s| matches!(s, Seen::Hole { .. })));
    let fills = w.filled(Side::Buy).len();
    w.shadow.on_hole(&mut |s| w.seen.push(s));
    assert!(w.seen.contains(&Seen::Hole { from: at(30_500) }));
    w.print(30_600, Side::Sell, 9_000, 1);
    assert_eq!(w.filled(Side::Buy).len(), fills, "lost from sight");
    w.bbo(36_000, 9_999, 10_001);
    w.time(36_900);
    w.print(36_950, Side::Sell, 9_000, 1);
    assert_eq!(w.filled(Side::Buy).len(), fills, "not in the first second after it");
    w.time(37_400);
    w.print(37_450, Side::Sell, 9_000, 1);
    assert!(w.filled(Side::Buy).len() > fills, "control: then it does");
}
