//! The merged book against maps by price, written rule by rule.
//!
//! In: bytes. Out: a panic that says which law broke. Cold path.
//!
//! Laws:
//! 1. After every message each side's levels, what is shown at any price, and how far a message is
//!    complete are the model's.
//! 2. Levels are strictly ordered, at most `LEVELS_MAX`, of positive size.
//! 3. Health names what is wrong; a book read back from bytes goes on the same.

use std::collections::BTreeMap;

use super::bytes::Bytes;
use crate::book::{Book, Config, Known, Shown};
use crate::event::{Bbo, Level, Levels, Snapshot};
use crate::limits::LEVELS_MAX;
use crate::record::Health;
use crate::units::{Mid2, Ns, Px, Side, Sz};

/// Bounds that little time exceeds.
const CONFIG: Config = Config { touch_stale_ms: 20, depth_stale_ms: 60 };

/// One side: levels by distance from the best price outward.
struct Half {
    side: Side,
    levels: BTreeMap<i64, (Level, Ns)>,
    /// Price and time of the newest snapshot's end, and of the newest full one's.
    reach: Option<(i64, Ns)>,
    deep: Option<(i64, Ns)>,
}

impl Half {
    fn new(side: Side) -> Half {
        Half { side, levels: BTreeMap::new(), reach: None, deep: None }
    }

    /// Prices as keys that grow outward.
    fn key(&self, px: Px) -> i64 {
        -self.side.sign() * px.0
    }

    fn clear(&mut self) {
        *self = Half::new(self.side);
    }

    fn best(&self) -> Option<i64> {
        self.levels.keys().next().copied()
    }

    fn cut(&mut self) {
        while self.levels.len() > LEVELS_MAX {
            self.levels.pop_last();
        }
    }

    fn set_best(&mut self, best: Option<Level>, at: Ns) {
        let Some(level) = best else { return self.clear() };
        let key = self.key(level.px);
        self.levels.retain(|k, _| *k >= key);
        self.levels.insert(key, (level, at));
        self.cut();
        if self.reach.is_none_or(|(k, _)| k < key) {
            self.reach = Some((key, at));
        }
    }

    fn snapshot(&mut self, new: &Levels, at: Ns, full: bool, newest: bool) {
        let new: BTreeMap<i64, (Level, Ns)> =
            new.iter().map(|l| (self.key(l.px), (*l, at))).collect();
        let Some(end) = new.keys().last().copied() else {
            if newest {
                self.clear();
            }
            return;
        };
        if newest {
            self.levels.retain(|k, _| *k > end);
            self.levels.extend(new);
        } else {
            // Only behind the best, and only what is news there.
            let Some(best) = self.best().filter(|b| *b < end) else { return };
            self.levels
                .retain(|k, old| *k > end || old.1 >= at || (*k > best && new.contains_key(k)));
            for (k, l) in new.into_iter().filter(|(k, _)| *k > best) {
                let old = self.levels.entry(k).or_insert(l);
                if old.1 < at {
                    *old = l;
                }
            }
        }
        self.cut();
        let newer = |mark: Option<(i64, Ns)>| mark.is_none_or(|(_, t)| t <= at);
        if full && newer(self.deep) {
            self.deep = Some((end, at));
        }
        if newer(self.reach) {
            self.reach = Some((end, at));
        }
    }

    fn shown(&self, px: Px, now: Ns) -> Shown {
        let (key, most) = (self.key(px), CONFIG.depth_stale_ms * Ns::MS);
        if let Some((level, seen)) = self.levels.get(&key) {
            let age_ns = now.since(*seen);
            return if age_ns <= most {
                Shown::Size(*level)
            } else {
                Shown::Unknown { last: Some(level.sz), age_ns }
            };
        }
        let inside = self.best().is_some_and(|b| key < b);
        let within = |m: Option<(i64, Ns)>| m.is_some_and(|m| key <= m.0 && now.since(m.1) <= most);
        // Where a newer one reached less far, what was empty may not be any more.
        let deep = self.deep.filter(|deep| self.reach.is_none_or(|reach| deep.1 >= reach.1));
        let sight = inside || within(self.reach) || within(deep);
        if sight && self.levels.range(key..).next().is_some() {
            Shown::Empty
        } else {
            Shown::Unknown { last: None, age_ns: 0 }
        }
    }

    fn complete_to(&self, at: Ns) -> Option<Px> {
        let best = self.levels.iter().next().map(|(k, l)| (*k, l.1));
        let marks = [best, self.reach, self.deep].into_iter().flatten();
        marks.filter(|m| m.1 == at).map(|m| m.0).max().map(|k| Px(-self.side.sign() * k))
    }
}

/// Book and model side by side.
struct Twins {
    book: Book,
    halves: [Half; 2],
    /// Block time of the newest best prices.
    time: Option<Ns>,
    up: bool,
    gapped: bool,
    heard: Option<Ns>,
    now: Ns,
}

/// Puts a stream of messages through the laws.
///
/// # Panics
/// When a law breaks.
pub fn messages(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let mut t = Twins {
        book: Book::default(),
        halves: Side::BOTH.map(Half::new),
        time: None,
        up: false,
        gapped: false,
        heard: None,
        now: Ns(0),
    };
    t.link(true);
    while !bytes.is_empty() {
        t.now = t.now.plus(Ns::MS * bytes.number(12));
        match bytes.below(16) {
            0 => t.link(bytes.below(4) > 0),
            1 => {
                t.gapped = bytes.below(2) > 0;
                t.book.set_gapped(t.gapped);
            }
            2 => {
                let stored = postcard::to_stdvec(&t.book).expect("room");
                t.book = postcard::from_bytes(&stored).expect("what was written");
            }
            3..=8 => t.bbo(&mut bytes),
            _ => t.snapshot(&mut bytes),
        }
        t.check(Px(1_000 + bytes.number(60) - 30));
    }
}

impl Twins {
    fn link(&mut self, up: bool) {
        if up {
            self.book.on_up();
        } else {
            self.book.on_down();
        }
        self.halves.iter_mut().for_each(Half::clear);
        (self.up, self.gapped, self.heard, self.time) = (up, false, None, None);
    }

    /// The block of a message: a few ms before or after the newest.
    fn block(&self, bytes: &mut Bytes<'_>) -> Ns {
        let newest = self.time.unwrap_or(self.now);
        newest.plus(Ns::MS * (bytes.number(24) - 6))
    }

    fn bbo(&mut self, bytes: &mut Bytes<'_>) {
        let time = self.block(bytes);
        let mid = 1_000 + bytes.number(9) - 4;
        let [bid, ask] = Side::BOTH.map(|side| {
            let away = bytes.number(8);
            let level = Level {
                px: Px(mid - side.sign() * (away - 1)),
                sz: Sz(1 + bytes.number(50)),
                n: u32::from(bytes.below(3)),
            };
            (bytes.below(16) > 0).then_some(level)
        });
        let taken = self.book.on_bbo(self.now, &Bbo { time, bid, ask });
        assert_eq!(taken, self.time.is_none_or(|t| t <= time));
        if !taken {
            return;
        }
        self.heard = Some(self.now);
        self.time = Some(time);
        self.halves[0].set_best(bid, time);
        self.halves[1].set_best(ask, time);
        if let [Some(b), Some(a)] = [0, 1].map(|i: usize| self.halves[i].best())
            && -b < a
        {
            self.halves[0].levels.retain(|k, _| -*k < a);
            self.halves[1].levels.retain(|k, _| *k > -b);
        }
    }

    fn snapshot(&mut self, bytes: &mut Bytes<'_>) {
        let (time, fast) = (self.block(bytes), bytes.below(2) > 0);
        let mid = 1_000 + bytes.number(9) - 4;
        let [bids, asks] = Side::BOTH.map(|side| {
            let mut px = mid - side.sign() * (bytes.number(4) - 1);
            let most = if fast { 5 } else { LEVELS_MAX };
            let n = if bytes.below(4) > 0 { most } else { bytes.index(most + 1) };
            let dense = bytes.below(2) > 0;
            let level = |_| {
                px -= side.sign() * if dense { 1 } else { 1 + bytes.number(3) };
                Level { px: Px(px), sz: Sz(1 + bytes.number(50)), n: 1 }
            };
            (0..n).map(level).collect::<Levels>()
        });
        let newest = self.time.is_none_or(|t| t <= time);
        self.book.on_snapshot(
            self.now,
            &Snapshot { time, fast, bids: bids.clone(), asks: asks.clone() },
        );
        if newest {
            // A late one keeps nothing fresh.
            (self.heard, self.time) = (Some(self.now), Some(time));
        }
        self.halves[0].snapshot(&bids, time, !fast, newest);
        self.halves[1].snapshot(&asks, time, !fast, newest);
    }

    fn check(&self, px: Px) {
        assert_eq!(self.book.time(), self.time);
        for (side, half) in Side::BOTH.into_iter().zip(&self.halves) {
            let known = |(_, l): (&i64, &(Level, Ns))| Known { level: l.0, seen: l.1 };
            let levels: Vec<Known> = half.levels.iter().map(known).collect();
            assert_eq!(self.book.levels(side), levels, "{side:?}");
            assert!(levels.len() <= LEVELS_MAX);
            let time = self.time.unwrap_or(Ns(i64::MIN));
            for px in [Px(px.0 - 1), px, Px(px.0 + 1)] {
                assert_eq!(
                    self.book.shown(&CONFIG, side, px),
                    half.shown(px, time),
                    "{side:?} {px:?}"
                );
            }
            let sum: i64 = half.levels.range(..=half.key(px)).map(|(_, l)| l.0.sz.0).sum();
            assert_eq!(self.book.size_to(side, px), Sz(sum));
            for back in 0..3 {
                let at = time.plus(-back * Ns::MS);
                assert_eq!(
                    self.book.complete_to(side, at),
                    half.complete_to(at),
                    "{side:?} {at:?}"
                );
            }
        }
        let best = |i: usize| self.halves[i].levels.values().next().map(|l| l.0.px.0);
        let stale = self.heard.is_none_or(|h| self.now.since(h) > CONFIG.touch_stale_ms * Ns::MS);
        let health = match (best(0), best(1)) {
            _ if !self.up => Health::Down,
            _ if self.gapped => Health::Gapped,
            (None, None) => Health::Empty,
            (Some(b), Some(a)) if b >= a => Health::Crossed,
            (Some(_), Some(_)) if stale => Health::Stale,
            (Some(_), Some(_)) => Health::Fresh,
            _ => Health::OneSided,
        };
        assert_eq!(self.book.health(&CONFIG, self.now), health);
        assert_eq!(self.book.mid(), best(0).zip(best(1)).map(|(b, a)| Mid2(b + a)));
    }
}
