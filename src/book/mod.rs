//! What is known of one coin's book, merged from three streams of different depth and rhythm.
//!
//! In: best bid and offer of each block, five-level and twenty-level snapshots, the link's state.
//! Out: best prices, mid, health, and for any price what is shown there: a size, nothing, or
//! "not visible". Hot path: fixed arrays, no allocation, integers.
//!
//! 1. A level outside the visible depth is [`Shown::Unknown`], never empty.
//! 2. Newer block time wins; a snapshot older than the best prices may still tell of levels
//!    behind them, never of the best prices themselves.
//! 3. Levels of a side are strictly ordered, best first, and none is beyond [`Side`]'s reach.
//! 4. Ages are judged on the session clock, from the time of receipt.

#![deny(clippy::float_arithmetic)]

mod side;

use serde::{Deserialize, Serialize};

use crate::event::{Bbo, Level, Snapshot};
use crate::record::Health;
use crate::units::{Mid2, Ns, Px, Side, Sz, add_volume};

use crate::settings::settings;
use side::SideBook;
pub use side::{Known, Shown};

settings! {
    /// When a book counts as too old.
    pub struct Config: Copy, Eq {
        /// Age at which the best prices and the five-level book together count as silent: the book
        /// is stale when neither came for this long. The five-level book comes every half second.
        touch_stale_ms: i64 = 2_000, 1..=3_600_000, "ms";
        /// Age of the twenty-level book, sent every five to six seconds, beyond which levels that
        /// only it has shown count as unknown.
        depth_stale_ms: i64 = 15_000, 1..=3_600_000, "ms";
    }
}

/// One coin's book.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Book {
    sides: [SideBook; 2],
    /// Block time of the newest best prices.
    time: Ns,
    /// Receipt of the newest message of each stream: bbo, fast, full.
    heard: [Option<Ns>; 3],
    /// The newest of them; the least time there is before the first.
    newest: Ns,
    up: bool,
    gapped: bool,
}

const BBO: usize = 0;
const FAST: usize = 1;
const FULL: usize = 2;

impl Default for Book {
    /// An empty book on a link that is down.
    fn default() -> Book {
        Book {
            sides: [SideBook::new(Side::Buy), SideBook::new(Side::Sell)],
            time: Ns(i64::MIN),
            heard: [None; 3],
            newest: Ns(i64::MIN),
            up: false,
            gapped: false,
        }
    }
}

impl Book {
    /// The link came up; nothing is known yet on it.
    pub fn on_up(&mut self) {
        self.clear();
        self.up = true;
    }

    /// The link went down; everything known is void.
    pub fn on_down(&mut self) {
        self.clear();
        self.up = false;
    }

    /// Trades may have been lost (`true`), or book and tape are whole again (`false`).
    pub fn set_gapped(&mut self, gapped: bool) {
        self.gapped = gapped;
    }

    /// Best prices after a block, and whether they were taken: older ones than known are not.
    pub fn on_bbo(&mut self, now: Ns, bbo: &Bbo) -> bool {
        if bbo.time < self.time {
            return false;
        }
        (self.heard[BBO], self.newest) = (Some(now), now);
        self.time = bbo.time;
        self.sides[0].set_best(bbo.bid, bbo.time);
        self.sides[1].set_best(bbo.ask, bbo.time);
        true
    }

    /// A snapshot after a block. One older than the best prices adds depth and keeps nothing fresh.
    pub fn on_snapshot(&mut self, now: Ns, book: &Snapshot) {
        let whole = book.time >= self.time;
        let full = !book.fast;
        if whole {
            (self.heard[if full { FULL } else { FAST }], self.newest) = (Some(now), now);
            self.time = book.time;
            self.sides[0].replace(&book.bids, book.time, full);
            self.sides[1].replace(&book.asks, book.time, full);
        } else {
            self.sides[0].deepen(&book.bids, book.time, full);
            self.sides[1].deepen(&book.asks, book.time, full);
        }
    }

    /// Best bid.
    #[must_use]
    pub fn best_bid(&self) -> Option<Level> {
        self.best(Side::Buy)
    }

    /// Best ask.
    #[must_use]
    pub fn best_ask(&self) -> Option<Level> {
        self.best(Side::Sell)
    }

    /// Best level of a side.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Level> {
        self.sides[side.index()].best()
    }

    /// Best bid and best ask, where both sides are there.
    #[must_use]
    pub fn touch(&self) -> Option<[&Level; 2]> {
        match [self.sides[0].levels(), self.sides[1].levels()] {
            [[bid, ..], [ask, ..]] => Some([&bid.level, &ask.level]),
            _ => None,
        }
    }

    /// Twice the mid, where both sides are there.
    #[must_use]
    pub fn mid(&self) -> Option<Mid2> {
        self.touch().map(|[bid, ask]| Mid2(bid.px.0 + ask.px.0))
    }

    /// Block time of the newest best prices; `None` before the first on this link.
    #[must_use]
    pub fn time(&self) -> Option<Ns> {
        (self.time.0 != i64::MIN).then_some(self.time)
    }

    /// The price of a side at which every change is shown: the best one, where best prices come.
    #[must_use]
    pub fn pushed(&self, side: Side) -> Option<Px> {
        self.heard[BBO].and(self.best(side)).map(|l| l.px)
    }

    /// The levels of a side that are known, best first, each with the block time it was seen at.
    #[must_use]
    pub fn levels(&self, side: Side) -> &[Known] {
        self.sides[side.index()].levels()
    }

    /// What is shown at a price of a side.
    #[must_use]
    pub fn shown(&self, cfg: &Config, side: Side, px: Px) -> Shown {
        let depth_ns = cfg.depth_stale_ms.saturating_mul(Ns::MS);
        self.sides[side.index()].shown(px, self.time, depth_ns)
    }

    /// The worst price down to which the newest message of block `at` showed a side whole; `None`
    /// where no message of that block did.
    #[must_use]
    pub fn complete_to(&self, side: Side, at: Ns) -> Option<Px> {
        self.sides[side.index()].complete_to(at)
    }

    /// Displayed size of a side at `px` and better: what an order of the other side at `px` would
    /// meet.
    #[must_use]
    pub fn size_to(&self, side: Side, px: Px) -> Sz {
        let meets = |k: &&Known| !side.better(px, k.level.px);
        let levels = self.levels(side).iter().take_while(meets);
        Sz(levels.fold(0, |sum, k| add_volume(sum, k.level.sz.0)))
    }

    /// Orders displayed on a side at `px` and better, where their number is unknown one a price.
    #[must_use]
    pub fn orders_to(&self, side: Side, px: Px) -> u32 {
        let meets = |k: &&Known| !side.better(px, k.level.px);
        let levels = self.levels(side).iter().take_while(meets);
        levels.fold(0, |sum: u32, k| sum.saturating_add(k.level.n.max(1)))
    }

    /// Age of the newest message of each stream (bbo, fast, full) at `now`, ns; -1: none yet.
    #[must_use]
    #[cfg(any(test, feature = "lab"))]
    pub fn ages(&self, now: Ns) -> [i64; 3] {
        self.heard.map(|h| h.map_or(-1, |h| now.since(h)))
    }

    /// Whether the book can be traded on at `now`.
    #[must_use]
    pub fn health(&self, cfg: &Config, now: Ns) -> Health {
        if !self.up {
            return Health::Down;
        }
        if self.gapped {
            return Health::Gapped;
        }
        match self.touch() {
            Some([bid, ask]) if bid.px >= ask.px => Health::Crossed,
            Some(_) if self.is_stale(cfg, now) => Health::Stale,
            Some(_) => Health::Fresh,
            None if self.best_bid().or(self.best_ask()).is_none() => Health::Empty,
            None => Health::OneSided,
        }
    }

    /// Whether no message kept it fresh for as long as is set.
    #[must_use]
    pub fn is_stale(&self, cfg: &Config, now: Ns) -> bool {
        let limit = cfg.touch_stale_ms.saturating_mul(Ns::MS);
        self.newest.0 == i64::MIN || now.since(self.newest) > limit
    }

    fn clear(&mut self) {
        for s in &mut self.sides {
            s.clear();
        }
        self.time = Ns(i64::MIN);
        (self.heard, self.newest) = ([None; 3], Ns(i64::MIN));
        self.gapped = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(px: i64, sz: i64) -> Level {
        Level { px: Px(px), sz: Sz(sz), n: 1 }
    }

    fn snapshot(time: i64, fast: bool, bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Snapshot {
        Snapshot {
            time: Ns(time),
            fast,
            bids: bids.iter().map(|(p, s)| level(*p, *s)).collect(),
            asks: asks.iter().map(|(p, s)| level(*p, *s)).collect(),
        }
    }

    fn up() -> Book {
        let mut b = Book::default();
        b.on_up();
        b
    }

    #[test]
    fn outside_the_visible_depth_is_unknown_and_inside_it_is_empty() {
        let mut b = up();
        b.on_snapshot(Ns(1), &snapshot(10, true, &[(99, 5), (97, 7)], &[(101, 5), (103, 7)]));
        assert_eq!(b.shown(&Config::default(), Side::Buy, Px(99)), Shown::Size(level(99, 5)));
        assert_eq!(b.shown(&Config::default(), Side::Buy, Px(98)), Shown::Empty);
        assert_eq!(
            b.shown(&Config::default(), Side::Buy, Px(100)),
            Shown::Empty,
            "inside the spread"
        );
        assert_eq!(
            b.shown(&Config::default(), Side::Buy, Px(96)),
            Shown::Unknown { last: None, age_ns: 0 }
        );
        assert_eq!(
            b.shown(&Config::default(), Side::Sell, Px(104)),
            Shown::Unknown { last: None, age_ns: 0 }
        );
    }

    #[test]
    fn a_fast_book_keeps_what_the_full_one_showed_behind_it() {
        let mut b = up();
        let full = [(99, 5), (98, 6), (97, 7), (96, 8)];
        b.on_snapshot(Ns(1), &snapshot(10, false, &full, &[(101, 5)]));
        b.on_snapshot(Ns(2), &snapshot(20, true, &[(100, 1), (99, 4)], &[(101, 5)]));
        assert_eq!(b.shown(&Config::default(), Side::Buy, Px(99)), Shown::Size(level(99, 4)));
        assert_eq!(b.shown(&Config::default(), Side::Buy, Px(98)), Shown::Size(level(98, 6)));
        let later = Ns(20 + 16_000 * Ns::MS);
        b.on_snapshot(Ns(3), &snapshot(later.0, true, &[(100, 1), (99, 4)], &[(101, 5)]));
        let age = later.since(Ns(10));
        assert_eq!(
            b.shown(&Config::default(), Side::Buy, Px(98)),
            Shown::Unknown { last: Some(Sz(6)), age_ns: age }
        );
    }

    #[test]
    fn best_prices_cap_the_snapshot_and_an_older_snapshot_only_deepens() {
        let mut b = up();
        b.on_snapshot(Ns(1), &snapshot(10, false, &[(99, 5), (98, 6)], &[(101, 5), (102, 6)]));
        let bbo = Bbo { time: Ns(20), bid: Some(level(98, 2)), ask: Some(level(100, 3)) };
        assert!(b.on_bbo(Ns(2), &bbo));
        assert_eq!(b.mid(), Some(Mid2(198)));
        assert_eq!(b.shown(&Config::default(), Side::Buy, Px(99)), Shown::Empty);
        b.on_snapshot(Ns(3), &snapshot(15, false, &[(99, 9), (98, 9), (97, 9)], &[(101, 9)]));
        assert_eq!(b.best_bid(), Some(level(98, 2)), "an older snapshot leaves the best");
        assert_eq!(b.ages(Ns(3)), [1, -1, 2], "and keeps nothing fresh");
        assert_eq!(b.shown(&Config::default(), Side::Buy, Px(97)), Shown::Size(level(97, 9)));
        assert!(!b.on_bbo(Ns(4), &Bbo { time: Ns(19), ..bbo }), "older best prices are ignored");
    }

    #[test]
    fn health_names_what_is_wrong() {
        let mut b = Book::default();
        assert_eq!(b.health(&Config::default(), Ns(0)), Health::Down);
        b.on_up();
        assert_eq!(b.health(&Config::default(), Ns(0)), Health::Empty);
        b.on_bbo(Ns(0), &Bbo { time: Ns(1), bid: Some(level(99, 1)), ask: None });
        assert_eq!(b.health(&Config::default(), Ns(0)), Health::OneSided);
        b.on_bbo(Ns(0), &Bbo { time: Ns(2), bid: Some(level(99, 1)), ask: Some(level(99, 1)) });
        assert_eq!(b.health(&Config::default(), Ns(0)), Health::Crossed);
        b.on_bbo(Ns(0), &Bbo { time: Ns(3), bid: Some(level(99, 1)), ask: Some(level(100, 1)) });
        assert_eq!(b.health(&Config::default(), Ns(0)), Health::Fresh);
        assert_eq!(b.health(&Config::default(), Ns(2_000 * Ns::MS)), Health::Fresh);
        assert_eq!(b.health(&Config::default(), Ns(2_000 * Ns::MS + 1)), Health::Stale);
        b.set_gapped(true);
        assert_eq!(b.health(&Config::default(), Ns(0)), Health::Gapped);
        b.on_down();
        assert_eq!(b.health(&Config::default(), Ns(0)), Health::Down);
        assert_eq!(b.mid(), None);
    }
}
